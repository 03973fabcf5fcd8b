//! Reads an index in place. Every offset and count of the file is checked where it is used.

use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use fst::Streamer as _;
use plimsoll_types::{Algorithm, CvssVector, DatabaseInfo, DatabaseSource, Digest, Severity, Timestamp};
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::data::{Data, Part};
use crate::fact::{Fact, Facts};
use crate::format::{self, SECTION_COUNT, Section, i64_at, u16_at, u32_at, u64_at};
use crate::header::{HeaderError, read_header, stored_checksum};
use crate::model::Prose;
use crate::write::key_bytes;

/// Why an index cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read.
    #[error("cannot open the advisory database '{name}'")]
    Io {
        /// The path.
        name: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("'{name}' is not an advisory database")]
    NotAnIndex {
        /// The path.
        name: String,
    },
    /// The file has another format version.
    #[error(
        "the advisory database '{name}' has format version {found}, this program reads version {}",
        format::FORMAT_VERSION
    )]
    Version {
        /// The path.
        name: String,
        /// The file's format version.
        found: u32,
    },
    /// The file is cut off or changed.
    #[error("the advisory database '{name}' is damaged: {what}")]
    Damaged {
        /// The path.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
}

/// A read that found the index damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the advisory database '{name}' is damaged: {what}")]
pub struct ReadError {
    /// The path.
    pub name: String,
    /// What is wrong.
    pub what: &'static str,
}

/// An opened index. Opening reads the header and the key tables; nothing else is touched before it is asked for.
#[derive(Debug)]
pub struct Index {
    name: String,
    data: Arc<Data>,
    sections: [Range<usize>; SECTION_COUNT],
    pub(crate) keys: fst::Map<Part>,
    identifiers: fst::Map<Part>,
}

/// An advisory as stored, without its prose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisoryRef<'a> {
    /// The source's own identifier.
    pub id: &'a str,
    /// The source's id.
    pub source: &'a str,
    /// Other identifiers of the same vulnerability.
    pub aliases: Vec<&'a str>,
    /// The vulnerabilities that an erratum fixes.
    pub covers: Vec<&'a str>,
    /// Weaknesses.
    pub cwes: Vec<&'a str>,
    /// CVSS vectors with the id of the source that states each.
    pub cvss: Vec<(&'a str, &'a str)>,
    /// Severities with the id of the source that states each.
    pub severities: Vec<(&'a str, Severity)>,
    /// First publication.
    pub published: Option<Timestamp>,
    /// Last change.
    pub modified: Option<Timestamp>,
    /// True when the source says that the vulnerability is being exploited.
    pub known_exploited: bool,
    /// True when the source names a public exploit.
    pub public_exploit: bool,
}

impl AdvisoryRef<'_> {
    /// Its CVSS vectors as owned values.
    pub fn cvss_vectors(&self) -> impl Iterator<Item = CvssVector> + '_ {
        self.cvss
            .iter()
            .map(|(source, vector)| CvssVector { source: (*source).to_owned(), vector: (*vector).to_owned() })
    }
}

/// Reads prose and keeps what it unpacked, up to a limit: advisories that were stored near each other share a block.
pub struct ProseReader<'a> {
    index: &'a Index,
    /// Unpacked blocks with their numbers, each in the place that its number gives it.
    blocks: Vec<(u32, Vec<u8>)>,
    /// Made when the first block is unpacked: it is large.
    decompressor: Option<zstd::bulk::Decompressor<'static>>,
}

impl fmt::Debug for ProseReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProseReader").field("index", &self.index.name).finish_non_exhaustive()
    }
}

/// How many unpacked blocks a reader keeps. Their memory is used again, so that a block costs no allocation.
const KEPT_BLOCKS: usize = 256;

/// A block larger than this, in bytes, is not kept. There is hardly any.
const LARGE_BLOCK: usize = 64 << 10;

impl Index {
    /// Maps the index at `path`.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is no index, has another format version, or its header or key tables are
    /// damaged.
    pub fn open(path: &Path) -> Result<Index, OpenError> {
        let name = path.display().to_string();
        match Data::map(path) {
            Ok(data) => Index::new(name, data),
            Err(source) => Err(OpenError::Io { name, source }),
        }
    }

    /// Reads an index that lies in memory; reports call it `built-in`.
    ///
    /// # Errors
    ///
    /// As for [`Index::open`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Index, OpenError> {
        Index::new("built-in".to_owned(), Data::Memory(bytes))
    }

    fn new(name: String, data: Data) -> Result<Index, OpenError> {
        let sections = match read_header(data.bytes()) {
            Ok(sections) => sections,
            Err(HeaderError::NotAnIndex) => return Err(OpenError::NotAnIndex { name }),
            Err(HeaderError::Version(found)) => return Err(OpenError::Version { name, found }),
            Err(HeaderError::Damaged(what)) => return Err(OpenError::Damaged { name, what }),
        };
        let data = Arc::new(data);
        let mut maps = Vec::with_capacity(2);
        for section in [Section::Keys, Section::Identifiers] {
            let range = sections[section as usize].clone();
            let part = Part { data: Arc::clone(&data), range };
            // `fst` trusts what it reads, so these two tables are checked here and not only at installation.
            let stored = stored_checksum(data.bytes(), section);
            if stored != Some(xxh3_64(part.as_ref())) {
                return Err(OpenError::Damaged { name, what: "a key table does not match its checksum" });
            }
            match guarded(|| fst::Map::new(part)) {
                Some(Ok(map)) => maps.push(map),
                _ => return Err(OpenError::Damaged { name, what: "a key table cannot be read" }),
            }
        }
        match (maps.pop(), maps.pop()) {
            (Some(identifiers), Some(keys)) => Ok(Index { name, data, sections, keys, identifiers }),
            _ => Err(OpenError::Damaged { name, what: "a key table is missing" }),
        }
    }

    /// The facts that are filed under a package: `ecosystem` as OSV spells it, `name` normalised by the ecosystem's
    /// rule. Empty when there are none.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn lookup(&self, ecosystem: &str, name: &str) -> Result<Facts<'_>, ReadError> {
        let mut key = Vec::with_capacity(ecosystem.len() + name.len() + 1);
        key_bytes(ecosystem, name, &mut key);
        let records = match self.get(&self.keys, &key)? {
            None => &[],
            Some(value) => self.records_at(Section::Facts, format::unpack_slice(value))?,
        };
        Ok(Facts { index: self, records })
    }

    /// The numbers of the advisories that have `identifier` as id or alias or cover it, in ascending order.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn by_identifier(&self, identifier: &str) -> Result<impl Iterator<Item = u32> + use<'_>, ReadError> {
        let records = match self.get(&self.identifiers, identifier.as_bytes())? {
            None => &[],
            Some(value) => self.records_at(Section::Lists, format::unpack_slice(value))?,
        };
        Ok(records.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word)))
    }

    /// The advisory with this number.
    ///
    /// # Errors
    ///
    /// When there is none or the index is damaged.
    pub fn advisory(&self, number: u32) -> Result<AdvisoryRef<'_>, ReadError> {
        let record = self.record(Section::Advisories, number)?;
        let detail = self.record(Section::Details, self.field(u32_at(record, 4))?)?;
        let mut counts = [0u64; 5];
        for (i, count) in counts.iter_mut().enumerate() {
            *count = u64::from(self.field(u16_at(detail, 4 + 2 * i))?);
        }
        let start = self.field(u32_at(detail, 0))?;
        let total = counts[0] + counts[1] + counts[2] + 2 * (counts[3] + counts[4]);
        let mut words = self.words(start, total)?;
        let mut texts = |count: u64| -> Result<Vec<&str>, ReadError> {
            words.by_ref().take(count as usize).map(|number| self.string(number)).collect()
        };
        let (aliases, covers, cwes) = (texts(counts[0])?, texts(counts[1])?, texts(counts[2])?);
        let mut cvss = Vec::new();
        for _ in 0..counts[3] {
            cvss.push((self.string(self.field(words.next())?)?, self.string(self.field(words.next())?)?));
        }
        let mut severities = Vec::new();
        for _ in 0..counts[4] {
            let source = self.string(self.field(words.next())?)?;
            let code = self.field(words.next())?;
            severities.push((source, self.field(u8::try_from(code).ok().and_then(format::severity_of))?));
        }
        Ok(AdvisoryRef {
            id: self.string(self.field(u32_at(record, 0))?)?,
            source: self.source_of(record)?,
            aliases,
            covers,
            cwes,
            cvss,
            severities,
            published: format::time_of(self.field(i64_at(detail, 16))?),
            modified: format::time_of(self.field(i64_at(detail, 24))?),
            known_exploited: self.field(u16_at(record, 10))? & format::FLAG_KNOWN_EXPLOITED != 0,
            public_exploit: self.field(u16_at(record, 10))? & format::FLAG_PUBLIC_EXPLOIT != 0,
        })
    }

    /// True when the index has nothing of an advisory but its name and its facts.
    ///
    /// # Errors
    ///
    /// When there is none or the index is damaged.
    pub fn is_bare(&self, number: u32) -> Result<bool, ReadError> {
        let record = self.record(Section::Advisories, number)?;
        Ok(self.field(u32_at(record, 4))? == 0 && self.field(u16_at(record, 10))? == 0)
    }

    /// The id of the source of an advisory's record.
    pub(crate) fn source_of(&self, record: &[u8]) -> Result<&str, ReadError> {
        let source = self.record(Section::Sources, u32::from(self.field(u16_at(record, 8))?))?;
        self.string(self.field(u32_at(source, 0))?)
    }

    /// How many advisories the index holds; their numbers are below.
    pub fn advisory_count(&self) -> u32 {
        u32::try_from(self.section(Section::Advisories).len() / format::ADVISORY_LEN).unwrap_or(u32::MAX)
    }

    /// The prose of the advisory with this number. For many, use a [`ProseReader`].
    ///
    /// # Errors
    ///
    /// As for [`Index::advisory`].
    pub fn prose(&self, number: u32) -> Result<Prose, ReadError> {
        self.prose_reader().read(number)
    }

    /// A reader of prose that keeps what it unpacked last.
    pub fn prose_reader(&self) -> ProseReader<'_> {
        ProseReader { index: self, blocks: Vec::new(), decompressor: None }
    }

    /// The ecosystems that the index has facts for, sorted.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn ecosystems(&self) -> Result<Vec<&str>, ReadError> {
        let words = self.section(Section::Ecosystems).as_chunks::<4>().0;
        words.iter().map(|word| self.string(u32::from_le_bytes(*word))).collect()
    }

    /// Whether the index has facts for this ecosystem, such as `Debian:12`.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn has_ecosystem(&self, ecosystem: &str) -> Result<bool, ReadError> {
        let words = self.section(Section::Ecosystems).as_chunks::<4>().0;
        let (mut low, mut high) = (0, words.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let word = self.field(words.get(middle))?;
            match self.string(u32::from_le_bytes(*word))?.cmp(ecosystem) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(false)
    }

    /// Which advisories these are and how old they are.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn info(&self) -> Result<DatabaseInfo, ReadError> {
        let header = self.data.bytes();
        let digest = self.field(header.get(32..64))?;
        let mut sources = Vec::new();
        for record in self.section(Section::Sources).chunks_exact(format::SOURCE_LEN) {
            sources.push(DatabaseSource {
                id: self.string(self.field(u32_at(record, 0))?)?.to_owned(),
                advisories: self.field(u64_at(record, 8))?,
                newest: format::time_of(self.field(i64_at(record, 16))?),
                digest: hex(self.field(record.get(24..56))?),
            });
        }
        Ok(DatabaseInfo {
            name: self.name.clone(),
            digest: if digest.iter().all(|byte| *byte == 0) {
                String::new()
            } else {
                Digest::from_bytes(Algorithm::Sha256, digest)
                    .map(|digest| digest.to_string())
                    .unwrap_or_default()
            },
            built: format::time_of(self.field(i64_at(header, 24))?),
            advisories: u64::from(self.advisory_count()),
            sources,
        })
    }

    /// Checks every byte: the checksum of each section, the digest, and that everything can be read. Takes time in
    /// proportion to the size of the file.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn verify(&self) -> Result<(), ReadError> {
        let bytes = self.data.bytes();
        for section in Section::ALL {
            if stored_checksum(bytes, section) != Some(xxh3_64(self.section(section))) {
                return Err(self.damaged("a section does not match its checksum"));
            }
        }
        let digest = self.field(bytes.get(32..64))?;
        if digest.iter().any(|byte| *byte != 0) {
            let found = Sha256::digest(self.field(bytes.get(format::CONTENT_AT..))?);
            if found.as_slice() != digest {
                return Err(self.damaged("the content does not match its digest"));
            }
        }
        let mut prose = self.prose_reader();
        let mut identifiers = 0usize;
        for number in 0..self.advisory_count() {
            let advisory = self.advisory(number)?;
            identifiers = identifiers.saturating_add(1 + advisory.aliases.len() + advisory.covers.len());
            prose.read(number)?;
        }
        self.verify_facts()?;
        self.ecosystems()?;
        self.info()?;
        self.extras()?;
        // No key table that was written has more keys than there are things to find by them: a made-up one with
        // shared nodes could otherwise hold more keys than anyone can walk.
        let facts = self.section(Section::Facts).len() / format::FACT_LEN;
        self.verify_keys(&self.keys, Section::Facts, facts)?;
        self.verify_keys(&self.identifiers, Section::Lists, identifiers)
    }

    /// Checks facts, and each extent and qualifier once, however many facts share it.
    fn verify_facts(&self) -> Result<(), ReadError> {
        let count = |section: Section| (self.section(section).len() / section.record_len()) as u64;
        let (extents, qualifiers) = (count(Section::Extents), count(Section::Qualifiers));
        for fact in (Facts { index: self, records: self.section(Section::Facts) }) {
            let fact = fact?;
            let there = fact.advisory < self.advisory_count()
                && u64::from(fact.extent) < extents
                && u64::from(fact.qualifier) < qualifiers;
            if !there {
                return Err(self.damaged("a fact names something that is not there"));
            }
        }
        // Runs that a writer made are stored once. Made-up ones could overlap without end.
        let mut budget = 64 * (count(Section::Lists) + count(Section::Intervals) + 1024);
        let mut spend = |count: usize| {
            budget = budget.checked_sub(count as u64)?;
            Some(())
        };
        let excess = || self.damaged("its lists overlap");
        for number in 0..extents.max(qualifiers) {
            let number = u32::try_from(number).map_err(|_| excess())?;
            let fact = Fact::probe(self, number, extents, qualifiers);
            let mut intervals = 0;
            for interval in fact.intervals()? {
                interval?;
                intervals += 1;
            }
            let versions = fact.versions()?;
            spend(intervals).and_then(|()| spend(versions.len())).ok_or_else(excess)?;
            versions.into_iter().try_for_each(|version| version.map(drop))?;
            let limits = fact.qualifiers()?;
            let named = limits.arches.len() + limits.oses.len() + limits.cpes.len() + limits.symbols.len();
            spend(named).ok_or_else(excess)?;
        }
        Ok(())
    }

    /// Walks a key table of at most `limit` keys: each value must name a slice of `target`.
    fn verify_keys(&self, map: &fst::Map<Part>, target: Section, limit: usize) -> Result<(), ReadError> {
        let walked = guarded(|| {
            let mut stream = map.stream();
            let mut count = 0;
            while let Some((_, value)) = stream.next() {
                count += 1;
                if count > limit {
                    return Err(self.damaged("a key table has too many keys"));
                }
                self.records_at(target, format::unpack_slice(value))?;
            }
            Ok(())
        });
        walked.unwrap_or_else(|| Err(self.damaged("a key table cannot be read")))
    }

    fn get(&self, map: &fst::Map<Part>, key: &[u8]) -> Result<Option<u64>, ReadError> {
        guarded(|| map.get(key)).ok_or_else(|| self.damaged("a key table cannot be read"))
    }

    pub(crate) fn damaged(&self, what: &'static str) -> ReadError {
        ReadError { name: self.name.clone(), what }
    }

    pub(crate) fn field<T>(&self, value: Option<T>) -> Result<T, ReadError> {
        value.ok_or_else(|| self.damaged("a record is not complete"))
    }

    pub(crate) fn section(&self, section: Section) -> &[u8] {
        self.data.bytes().get(self.sections[section as usize].clone()).unwrap_or_default()
    }

    /// A run of records of a section.
    pub(crate) fn records_at(
        &self,
        section: Section,
        (start, count): (u64, u64),
    ) -> Result<&[u8], ReadError> {
        let len = section.record_len() as u64;
        let range = || {
            let from = start.checked_mul(len)?;
            let to = start.checked_add(count)?.checked_mul(len)?;
            self.section(section).get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
        };
        range().ok_or_else(|| self.damaged("a reference leads out of its section"))
    }

    pub(crate) fn record(&self, section: Section, number: u32) -> Result<&[u8], ReadError> {
        self.records_at(section, (u64::from(number), 1))
    }

    /// A run of entries of the lists.
    pub(crate) fn words(
        &self,
        start: u32,
        count: u64,
    ) -> Result<impl Iterator<Item = u32> + use<'_>, ReadError> {
        let words = self.records_at(Section::Lists, (u64::from(start), count))?.as_chunks::<4>().0;
        Ok(words.iter().map(|word| u32::from_le_bytes(*word)))
    }

    pub(crate) fn string(&self, number: u32) -> Result<&str, ReadError> {
        let ends = self.section(Section::StringEnds);
        let text = || {
            let at = usize::try_from(number).ok()?.checked_mul(4)?;
            let start = if at == 0 { 0 } else { u32_at(ends, at - 4)? };
            let end = u32_at(ends, at)?;
            let bytes = self.section(Section::Strings).get(start as usize..end as usize)?;
            std::str::from_utf8(bytes).ok()
        };
        text().ok_or_else(|| self.damaged("a string cannot be read"))
    }
}

impl ProseReader<'_> {
    /// The prose of the advisory with this number.
    ///
    /// # Errors
    ///
    /// When there is no such advisory or the index is damaged.
    pub fn read(&mut self, number: u32) -> Result<Prose, ReadError> {
        let index = self.index;
        let record = index.record(Section::Advisories, number)?;
        let detail = index.record(Section::Details, index.field(u32_at(record, 4))?)?;
        let (block, offset) = (index.field(u32_at(detail, 32))?, index.field(u32_at(detail, 36))?);
        if block == u32::MAX {
            return Ok(Prose::default());
        }
        let wrong = || index.damaged("a block of text cannot be read");
        if self.blocks.is_empty() {
            self.blocks.resize_with(KEPT_BLOCKS, || (u32::MAX, Vec::new()));
        }
        let slot = self.blocks.get_mut(block as usize % KEPT_BLOCKS).ok_or_else(wrong)?;
        if slot.0 != block {
            // Until it is unpacked it is no block's.
            slot.0 = u32::MAX;
            index.unpack(block, &mut self.decompressor, &mut slot.1)?.ok_or_else(wrong)?;
            slot.0 = block;
        }
        let prose = slot.1.get(offset as usize..).and_then(crate::prose::parse);
        if slot.1.len() > LARGE_BLOCK {
            *slot = (u32::MAX, Vec::new());
        }
        prose.ok_or_else(wrong)
    }
}

impl Index {
    /// Puts the content of a block of prose into `out`; `None` when it is damaged.
    fn unpack(
        &self,
        block: u32,
        decompressor: &mut Option<zstd::bulk::Decompressor<'static>>,
        out: &mut Vec<u8>,
    ) -> Result<Option<()>, ReadError> {
        let record = self.record(Section::ProseBlocks, block)?;
        let mut unpack = || {
            let offset = usize::try_from(u64_at(record, 0)?).ok()?;
            let (stored, len) = (u32_at(record, 8)? as usize, u32_at(record, 12)? as usize);
            let bytes = self.section(Section::Prose).get(offset..offset.checked_add(stored)?)?;
            out.clear();
            if stored == len {
                out.extend_from_slice(bytes);
                return Some(());
            }
            if len > format::MAX_BLOCK {
                return None;
            }
            if decompressor.is_none() {
                *decompressor = zstd::bulk::Decompressor::new().ok();
            }
            out.reserve(len);
            let written = decompressor.as_mut()?.decompress_to_buffer(bytes, out).ok()?;
            (written == len).then_some(())
        };
        Ok(unpack())
    }
}

/// Runs a call into `fst`, which indexes without checks of its own: on bytes that were made to mislead it, it
/// panics (it has no unsafe code). The checksum keeps out accidents; this keeps out malice.
pub(crate) fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

/// A digest as hexadecimal digits; empty when it is all zeros.
pub(crate) fn hex(bytes: &[u8]) -> String {
    if bytes.iter().all(|byte| *byte == 0) {
        return String::new();
    }
    Digest::from_bytes(Algorithm::Sha256, bytes)
        .map(|digest| digest.to_string())
        .unwrap_or_default()
        .trim_start_matches("sha256:")
        .to_owned()
}
