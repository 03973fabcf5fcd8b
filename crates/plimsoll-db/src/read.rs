//! Reads an index in place. Every offset and count of the file is checked where it is used.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use fst::Streamer as _;
use plimsoll_types::{
    Algorithm, CvssVector, DatabaseInfo, DatabaseSource, Digest, Reference, Severity, Status, Timestamp,
};
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::data::{Data, Part};
use crate::format::{self, SECTION_COUNT, Section, i64_at, u16_at, u32_at, u64_at};
use crate::model::{End, Interval, Prose};
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
    keys: fst::Map<Part>,
    identifiers: fst::Map<Part>,
}

/// What one advisory says of one package.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'a> {
    index: &'a Index,
    /// The advisory's number, for [`Index::advisory`].
    pub advisory: u32,
    /// What the source says of the package.
    pub status: Status,
    /// A severity that holds for this package only.
    pub severity: Option<Severity>,
    intervals: (u32, u16),
    versions: (u32, u16),
    qualifier: u32,
}

/// The facts on one package, ordered by advisory.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    index: &'a Index,
    records: &'a [u8],
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
#[derive(Debug)]
pub struct ProseReader<'a> {
    index: &'a Index,
    blocks: HashMap<u32, Vec<u8>>,
    kept: usize,
}

/// How many bytes of unpacked blocks a reader keeps.
const KEPT_BLOCKS: usize = 8 << 20;

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
        let records = match self.get(&self.keys, &key_bytes(ecosystem, name))? {
            None => &[],
            Some(value) => self.records(Section::Facts, format::unpack_slice(value))?,
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
            Some(value) => self.records(Section::Lists, format::unpack_slice(value))?,
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
        let mut counts = [0u64; 5];
        for (i, count) in counts.iter_mut().enumerate() {
            *count = u64::from(self.field(u16_at(record, 12 + 2 * i))?);
        }
        let start = self.field(u32_at(record, 8))?;
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
            source: self.string(self.field(u32_at(record, 4))?)?,
            aliases,
            covers,
            cwes,
            cvss,
            severities,
            published: format::time_of(self.field(i64_at(record, 24))?),
            modified: format::time_of(self.field(i64_at(record, 32))?),
            known_exploited: self.field(u16_at(record, 22))? & format::FLAG_KNOWN_EXPLOITED != 0,
        })
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
        ProseReader { index: self, blocks: HashMap::new(), kept: 0 }
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
                digest: String::new(),
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
            let content = format::HEADER_LEN + SECTION_COUNT * format::TABLE_ENTRY_LEN;
            let found = Sha256::digest(self.field(bytes.get(content..))?);
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
        let facts = Facts { index: self, records: self.section(Section::Facts) };
        for fact in facts {
            let fact = fact?;
            if fact.advisory >= self.advisory_count() {
                return Err(self.damaged("a fact names an advisory that is not there"));
            }
            fact.intervals()?.try_for_each(|interval| interval.map(drop))?;
            fact.versions()?.try_for_each(|version| version.map(drop))?;
            fact.arches()?.try_for_each(|arch| arch.map(drop))?;
            fact.modularity()?;
        }
        self.ecosystems()?;
        self.info()?;
        // No key table that was written has more keys than there are things to find by them: a made-up one with
        // shared nodes could otherwise hold more keys than anyone can walk.
        let facts = self.section(Section::Facts).len() / format::FACT_LEN;
        self.verify_keys(&self.keys, Section::Facts, facts)?;
        self.verify_keys(&self.identifiers, Section::Lists, identifiers)
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
                self.records(target, format::unpack_slice(value))?;
            }
            Ok(())
        });
        walked.unwrap_or_else(|| Err(self.damaged("a key table cannot be read")))
    }

    fn get(&self, map: &fst::Map<Part>, key: &[u8]) -> Result<Option<u64>, ReadError> {
        guarded(|| map.get(key)).ok_or_else(|| self.damaged("a key table cannot be read"))
    }

    fn damaged(&self, what: &'static str) -> ReadError {
        ReadError { name: self.name.clone(), what }
    }

    fn field<T>(&self, value: Option<T>) -> Result<T, ReadError> {
        value.ok_or_else(|| self.damaged("a record is not complete"))
    }

    fn section(&self, section: Section) -> &[u8] {
        self.data.bytes().get(self.sections[section as usize].clone()).unwrap_or_default()
    }

    /// A run of records of a section.
    fn records(&self, section: Section, (start, count): (u64, u64)) -> Result<&[u8], ReadError> {
        let len = section.record_len() as u64;
        let range = || {
            let from = start.checked_mul(len)?;
            let to = start.checked_add(count)?.checked_mul(len)?;
            self.section(section).get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
        };
        range().ok_or_else(|| self.damaged("a reference leads out of its section"))
    }

    fn record(&self, section: Section, number: u32) -> Result<&[u8], ReadError> {
        self.records(section, (u64::from(number), 1))
    }

    /// A run of entries of the lists.
    fn words(&self, start: u32, count: u64) -> Result<impl Iterator<Item = u32> + use<'_>, ReadError> {
        // An empty run has no start.
        let start = if count == 0 { 0 } else { start };
        let words = self.records(Section::Lists, (u64::from(start), count))?.as_chunks::<4>().0;
        Ok(words.iter().map(|word| u32::from_le_bytes(*word)))
    }

    fn string(&self, number: u32) -> Result<&str, ReadError> {
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

impl<'a> Iterator for Facts<'a> {
    type Item = Result<Fact<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (record, rest) = self.records.split_at_checked(format::FACT_LEN)?;
        self.records = rest;
        let index = self.index;
        let fact = || {
            Some(Fact {
                index,
                advisory: u32_at(record, 0)?,
                status: format::status_of(*record.get(20)?)?,
                severity: match *record.get(21)? {
                    0 => None,
                    code => Some(format::severity_of(code)?),
                },
                intervals: (u32_at(record, 4)?, u16_at(record, 16)?),
                versions: (u32_at(record, 8)?, u16_at(record, 18)?),
                qualifier: u32_at(record, 12)?,
            })
        };
        Some(fact().ok_or_else(|| index.damaged("a fact cannot be read")))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.records.len() / format::FACT_LEN;
        (count, Some(count))
    }
}

impl ExactSizeIterator for Facts<'_> {}

impl<'a> Fact<'a> {
    /// The affected intervals, sorted.
    ///
    /// # Errors
    ///
    /// When the index is damaged; so for each item.
    pub fn intervals(
        &self,
    ) -> Result<impl Iterator<Item = Result<Interval<&'a str>, ReadError>> + use<'a>, ReadError> {
        let index = self.index;
        let (start, count) = self.intervals;
        let records = index.records(Section::Intervals, (u64::from(start), u64::from(count)))?;
        Ok(records.chunks_exact(format::INTERVAL_LEN).map(move |record| {
            let introduced = index.string(index.field(u32_at(record, 0))?)?;
            let end = index.string(index.field(u32_at(record, 4))?)?;
            let end = match index.field(u32_at(record, 8))? {
                format::END_OPEN => End::Open,
                format::END_FIXED => End::Fixed(end),
                format::END_LAST_AFFECTED => End::LastAffected(end),
                format::END_LIMIT => End::Limit(end),
                _ => return Err(index.damaged("an interval cannot be read")),
            };
            Ok(Interval { introduced, end })
        }))
    }

    /// The affected versions outside the intervals, sorted by the ecosystem's grammar.
    ///
    /// # Errors
    ///
    /// When the index is damaged; so for each item.
    pub fn versions(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = Result<&'a str, ReadError>> + use<'a>, ReadError> {
        let index = self.index;
        let (start, count) = self.versions;
        let start = if count == 0 { 0 } else { start };
        let words = index.records(Section::Lists, (u64::from(start), u64::from(count)))?.as_chunks::<4>().0;
        Ok(words.iter().map(move |word| index.string(u32::from_le_bytes(*word))))
    }

    /// The affected version with this place in [`Fact::versions`]; `None` behind the last.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn version(&self, place: usize) -> Result<Option<&'a str>, ReadError> {
        let (start, count) = self.versions;
        if place >= usize::from(count) {
            return Ok(None);
        }
        let record = self.index.records(Section::Lists, (u64::from(start) + place as u64, 1))?;
        self.index.string(self.index.field(u32_at(record, 0))?).map(Some)
    }

    /// True when it has neither intervals nor versions: it then holds for every version.
    pub fn holds_always(&self) -> bool {
        self.intervals.1 == 0 && self.versions.1 == 0
    }

    /// The architectures to which it is limited; empty for all.
    ///
    /// # Errors
    ///
    /// When the index is damaged; so for each item.
    pub fn arches(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = Result<&'a str, ReadError>> + use<'a>, ReadError> {
        let index = self.index;
        let record = index.record(Section::Qualifiers, self.qualifier)?;
        let (start, count) = (index.field(u32_at(record, 0))?, index.field(u32_at(record, 4))?);
        let words = index.records(Section::Lists, (u64::from(start), u64::from(count)))?.as_chunks::<4>().0;
        Ok(words.iter().map(move |word| index.string(u32::from_le_bytes(*word))))
    }

    /// The RPM module and stream to which it is limited; empty for none.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn modularity(&self) -> Result<&'a str, ReadError> {
        let record = self.index.record(Section::Qualifiers, self.qualifier)?;
        self.index.string(self.index.field(u32_at(record, 8))?)
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
        let (block, offset) = (index.field(u32_at(record, 40))?, index.field(u32_at(record, 44))?);
        if block == u32::MAX {
            return Ok(Prose::default());
        }
        let wrong = || index.damaged("a block of text cannot be read");
        if self.kept > KEPT_BLOCKS {
            self.blocks.clear();
            self.kept = 0;
        }
        let bytes = match self.blocks.entry(block) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let bytes = index.unpack(block)?.ok_or_else(wrong)?;
                self.kept += bytes.len();
                entry.insert(bytes)
            }
        };
        parse_prose(bytes.get(offset as usize..).ok_or_else(wrong)?).ok_or_else(wrong)
    }
}

impl Index {
    /// The content of a block of prose; `None` when it is damaged.
    fn unpack(&self, block: u32) -> Result<Option<Vec<u8>>, ReadError> {
        let record = self.record(Section::ProseBlocks, block)?;
        let unpack = || {
            let offset = usize::try_from(u64_at(record, 0)?).ok()?;
            let (stored, len) = (u32_at(record, 8)? as usize, u32_at(record, 12)? as usize);
            let bytes = self.section(Section::Prose).get(offset..offset.checked_add(stored)?)?;
            if stored == len {
                return Some(bytes.to_vec());
            }
            if len > format::MAX_BLOCK {
                return None;
            }
            let unpacked = zstd::bulk::decompress(bytes, len).ok()?;
            (unpacked.len() == len).then_some(unpacked)
        };
        Ok(unpack())
    }
}

fn parse_prose(mut bytes: &[u8]) -> Option<Prose> {
    let bytes = &mut bytes;
    let title = take_text(bytes)?;
    let description = take_text(bytes)?;
    let count = take_u32(bytes)?;
    let mut references = Vec::new();
    for _ in 0..count {
        references.push(Reference { kind: take_text(bytes)?, url: take_text(bytes)? });
    }
    Some(Prose { title, description, references })
}

fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (word, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*word))
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let len = take_u32(bytes)? as usize;
    let (text, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(std::str::from_utf8(text).ok()?.to_owned())
}

/// Runs a call into `fst`, which indexes without checks of its own: on bytes that were made to mislead it, it
/// panics (it has no unsafe code). The checksum keeps out accidents; this keeps out malice.
fn guarded<T>(call: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()
}

enum HeaderError {
    NotAnIndex,
    Version(u32),
    Damaged(&'static str),
}

/// Reads the header and the section table; returns where each section lies.
fn read_header(bytes: &[u8]) -> Result<[Range<usize>; SECTION_COUNT], HeaderError> {
    if !bytes.starts_with(&format::MAGIC) {
        return Err(HeaderError::NotAnIndex);
    }
    let cut_off = HeaderError::Damaged("its header is cut off");
    let Some(version) = u32_at(bytes, 8) else { return Err(cut_off) };
    if version != format::FORMAT_VERSION {
        return Err(HeaderError::Version(version));
    }
    let table_end = format::HEADER_LEN + SECTION_COUNT * format::TABLE_ENTRY_LEN;
    let Some(header) = bytes.get(..table_end) else { return Err(cut_off) };
    let mut unsigned = header.to_vec();
    if let Some(field) = unsigned.get_mut(format::CHECKSUM_AT..format::CHECKSUM_AT + 8) {
        field.fill(0);
    }
    if u64_at(header, format::CHECKSUM_AT) != Some(xxh3_64(&unsigned)) {
        return Err(HeaderError::Damaged("its header does not match its checksum"));
    }
    if u32_at(header, 12) != Some(SECTION_COUNT as u32) {
        return Err(HeaderError::Damaged("its header has another number of sections"));
    }
    if u64_at(header, 16) != Some(bytes.len() as u64) {
        return Err(HeaderError::Damaged("it is not as long as its header says"));
    }
    let mut ranges = [const { 0..0 }; SECTION_COUNT];
    let mut expected = table_end;
    for (section, range) in Section::ALL.into_iter().zip(&mut ranges) {
        *range = section_range(header, section)
            .filter(|range| range.start == expected && range.end <= bytes.len())
            .filter(|range| range.len().is_multiple_of(section.record_len()))
            .ok_or(HeaderError::Damaged("its section table is not valid"))?;
        expected = range.end.next_multiple_of(8);
    }
    if expected == bytes.len() {
        Ok(ranges)
    } else {
        Err(HeaderError::Damaged("it has bytes behind its sections"))
    }
}

fn table_entry(header: &[u8], section: Section) -> Option<&[u8]> {
    let at = format::HEADER_LEN + section as usize * format::TABLE_ENTRY_LEN;
    header.get(at..at + format::TABLE_ENTRY_LEN)
}

fn section_range(header: &[u8], section: Section) -> Option<Range<usize>> {
    let entry = table_entry(header, section)?;
    if u32_at(entry, 0)? != section.id() {
        return None;
    }
    let start = usize::try_from(u64_at(entry, 8)?).ok()?;
    let len = usize::try_from(u64_at(entry, 16)?).ok()?;
    Some(start..start.checked_add(len)?)
}

fn stored_checksum(header: &[u8], section: Section) -> Option<u64> {
    u64_at(table_entry(header, section)?, 24)
}
