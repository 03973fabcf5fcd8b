//! Writes an index: the same records give the same bytes, whatever their order.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_types::Timestamp;
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use crate::format::{self, SECTION_COUNT, Section};
use crate::model::{End, FactRecord, Interval, Prose, Record};

/// Prose of less than this many bytes in all is stored as it is: setting up a compressor costs more than it saves.
const COMPRESS_FROM: usize = 512 << 10;
/// A block of prose is closed when it has reached this many bytes: a hit unpacks one block.
const BLOCK_TARGET: usize = 16 << 10;
/// Good ratio at a speed that does not dominate a build.
const LEVEL: i32 = 6;
/// Descriptions are cut at this many bytes; real ones stay far below.
const MAX_DESCRIPTION: usize = 1 << 20;
/// References beyond this many bytes are left out.
const MAX_REFERENCES: usize = 1 << 20;

/// What a writer must be told beside the advisories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriteOptions {
    /// When the index is built.
    pub built: Option<Timestamp>,
    /// Whether to compute the SHA-256 of the content, which names the index in reports. Leave it out for an index
    /// that lives in memory only.
    pub digest: bool,
}

/// Why an index cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// More of something than the format can count.
    #[error("too many {0} for one advisory database")]
    TooMany(&'static str),
    /// A name holds a character that the key uses as a separator.
    #[error("advisory '{advisory}': the package name {package:?} holds a control character")]
    BadName {
        /// The advisory's id.
        advisory: String,
        /// The name.
        package: String,
    },
    /// The key table could not be made.
    #[error("cannot write the key table of the advisory database")]
    Keys(#[from] fst::Error),
    /// Compression failed.
    #[error("cannot compress the text of the advisory database")]
    Compress(#[from] std::io::Error),
}

/// Compiles `records` to the bytes of an index.
///
/// Records are ordered by source and id; of two with the same source and id the caller should have made one.
///
/// # Errors
///
/// When a count is beyond the format's limits or a package name holds the key separator.
pub fn write(mut records: Vec<Record>, options: &WriteOptions) -> Result<Vec<u8>, WriteError> {
    records.sort_by(|a, b| (&a.source, &a.id).cmp(&(&b.source, &b.id)));
    let mut writer = Writer::default();
    writer.strings.intern("")?;
    writer.sections[Section::Qualifiers as usize].extend_from_slice(&[0; format::QUALIFIER_LEN]);
    let total: usize = records.iter().map(|record| prose_len(&record.prose)).sum();
    let mut prose = ProseWriter::new(total >= COMPRESS_FROM)?;
    for (number, record) in records.iter().enumerate() {
        let number = u32::try_from(number).map_err(|_| WriteError::TooMany("advisories"))?;
        writer.record(number, record, &mut prose)?;
    }
    writer.finish(prose, options)
}

/// Numbers strings in the order of their first use.
#[derive(Default)]
struct Strings<'a> {
    numbers: HashMap<&'a str, u32>,
    ends: Vec<u8>,
    bytes: Vec<u8>,
}

impl<'a> Strings<'a> {
    fn intern(&mut self, text: &'a str) -> Result<u32, WriteError> {
        if let Some(number) = self.numbers.get(text) {
            return Ok(*number);
        }
        let number = u32::try_from(self.numbers.len()).map_err(|_| WriteError::TooMany("strings"))?;
        self.bytes.extend_from_slice(text.as_bytes());
        let end = u32::try_from(self.bytes.len()).map_err(|_| WriteError::TooMany("bytes of strings"))?;
        self.ends.extend_from_slice(&end.to_le_bytes());
        self.numbers.insert(text, number);
        Ok(number)
    }
}

/// A source's line in the table of sources.
#[derive(Default)]
struct SourceCount {
    advisories: u64,
    newest: Option<Timestamp>,
}

#[derive(Default)]
struct Writer<'a> {
    strings: Strings<'a>,
    sections: [Vec<u8>; SECTION_COUNT],
    /// Keys in the order of their first use, and the facts as (key, bytes of the fact).
    keys: HashMap<(&'a str, &'a str), u32>,
    facts: Vec<(u32, [u8; format::FACT_LEN])>,
    identifiers: BTreeMap<&'a str, Vec<u32>>,
    interval_slices: HashMap<Vec<[u32; 3]>, u32>,
    list_slices: HashMap<Vec<u32>, u32>,
    qualifiers: HashMap<(u32, u32, u32), u32>,
    sources: BTreeMap<&'a str, SourceCount>,
}

impl<'a> Writer<'a> {
    fn record(&mut self, number: u32, record: &'a Record, prose: &mut ProseWriter) -> Result<(), WriteError> {
        let mut list = Vec::new();
        let mut counts = [0u16; 5];
        let texts = [&record.aliases, &record.covers, &record.cwes];
        for (count, texts) in counts.iter_mut().zip(texts) {
            *count = count_u16(texts.len(), "identifiers in one advisory")?;
            for text in texts {
                list.push(self.strings.intern(text)?);
            }
        }
        counts[3] = count_u16(record.cvss.len(), "CVSS vectors in one advisory")?;
        for cvss in &record.cvss {
            list.push(self.strings.intern(&cvss.source)?);
            list.push(self.strings.intern(&cvss.vector)?);
        }
        counts[4] = count_u16(record.severities.len(), "severities in one advisory")?;
        for (source, severity) in &record.severities {
            list.push(self.strings.intern(source)?);
            list.push(u32::from(format::severity_code(*severity)));
        }
        let list = self.list(list)?;
        let (block, offset) = prose.add(&record.prose)?;
        let id = self.strings.intern(&record.id)?;
        let source = self.strings.intern(&record.source)?;

        let out = &mut self.sections[Section::Advisories as usize];
        for value in [id, source, list] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        for count in counts {
            out.extend_from_slice(&count.to_le_bytes());
        }
        let flags = if record.known_exploited { format::FLAG_KNOWN_EXPLOITED } else { 0 };
        out.extend_from_slice(&flags.to_le_bytes());
        for time in [record.published, record.modified] {
            out.extend_from_slice(&format::time_code(time).to_le_bytes());
        }
        for value in [block, offset] {
            out.extend_from_slice(&value.to_le_bytes());
        }

        let source = self.sources.entry(&record.source).or_default();
        source.advisories += 1;
        source.newest = source.newest.max(record.modified.or(record.published));
        let names = std::iter::once(&record.id).chain(&record.aliases).chain(&record.covers);
        for name in names {
            let advisories = self.identifiers.entry(name).or_default();
            if advisories.last() != Some(&number) {
                advisories.push(number);
            }
        }
        for fact in &record.facts {
            self.fact(number, record, fact)?;
        }
        Ok(())
    }

    fn fact(&mut self, number: u32, record: &Record, fact: &'a FactRecord) -> Result<(), WriteError> {
        let separates = |text: &str| text.bytes().any(|byte| byte < 0x20);
        if separates(&fact.ecosystem) || separates(&fact.package) {
            return Err(WriteError::BadName { advisory: record.id.clone(), package: fact.package.clone() });
        }
        let next = u32::try_from(self.keys.len()).map_err(|_| WriteError::TooMany("packages"))?;
        let key = *self.keys.entry((&fact.ecosystem, &fact.package)).or_insert(next);
        let mut intervals = Vec::with_capacity(fact.intervals.len());
        for interval in &fact.intervals {
            intervals.push(self.interval(interval)?);
        }
        let mut versions = Vec::with_capacity(fact.versions.len());
        for version in &fact.versions {
            versions.push(self.strings.intern(version)?);
        }
        let qualifier = self.qualifier(fact)?;
        // The counts have 16 bits; a longer list becomes several facts of the same advisory.
        let limit = usize::from(u16::MAX);
        let parts = intervals.len().div_ceil(limit).max(versions.len().div_ceil(limit)).max(1);
        for part in 0..parts {
            let intervals = intervals.chunks(limit).nth(part).unwrap_or_default();
            let versions = versions.chunks(limit).nth(part).unwrap_or_default();
            let mut bytes = [0; format::FACT_LEN];
            let words = [number, self.intervals(intervals)?, self.list(versions.to_vec())?, qualifier];
            for (out, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
                *out = word.to_le_bytes();
            }
            bytes[16..18].copy_from_slice(&count_u16(intervals.len(), "intervals")?.to_le_bytes());
            bytes[18..20].copy_from_slice(&count_u16(versions.len(), "versions")?.to_le_bytes());
            bytes[20] = format::status_code(fact.status);
            bytes[21] = fact.severity.map_or(0, format::severity_code);
            self.facts.push((key, bytes));
        }
        Ok(())
    }

    fn interval(&mut self, interval: &'a Interval<String>) -> Result<[u32; 3], WriteError> {
        let introduced = self.strings.intern(&interval.introduced)?;
        let (end, kind) = match &interval.end {
            End::Open => (0, format::END_OPEN),
            End::Fixed(version) => (self.strings.intern(version)?, format::END_FIXED),
            End::LastAffected(version) => (self.strings.intern(version)?, format::END_LAST_AFFECTED),
            End::Limit(version) => (self.strings.intern(version)?, format::END_LIMIT),
        };
        Ok([introduced, end, kind])
    }

    /// The number of the first of these intervals; equal slices are stored once.
    fn intervals(&mut self, slice: &[[u32; 3]]) -> Result<u32, WriteError> {
        if slice.is_empty() {
            return Ok(0);
        }
        if let Some(start) = self.interval_slices.get(slice) {
            return Ok(*start);
        }
        let out = &mut self.sections[Section::Intervals as usize];
        let start =
            u32::try_from(out.len() / format::INTERVAL_LEN).map_err(|_| WriteError::TooMany("intervals"))?;
        out.extend(slice.iter().flatten().flat_map(|word| word.to_le_bytes()));
        self.interval_slices.insert(slice.to_vec(), start);
        Ok(start)
    }

    /// The number of the first of these list entries; equal slices are stored once.
    fn list(&mut self, slice: Vec<u32>) -> Result<u32, WriteError> {
        if slice.is_empty() {
            return Ok(0);
        }
        if let Some(start) = self.list_slices.get(&slice) {
            return Ok(*start);
        }
        let out = &mut self.sections[Section::Lists as usize];
        let start = u32::try_from(out.len() / 4).map_err(|_| WriteError::TooMany("list entries"))?;
        out.extend(slice.iter().flat_map(|word| word.to_le_bytes()));
        self.list_slices.insert(slice, start);
        Ok(start)
    }

    fn qualifier(&mut self, fact: &'a FactRecord) -> Result<u32, WriteError> {
        if fact.arches.is_empty() && fact.modularity.is_empty() {
            return Ok(0);
        }
        let mut arches = Vec::with_capacity(fact.arches.len());
        for arch in fact.arches.iter().collect::<BTreeSet<_>>() {
            arches.push(self.strings.intern(arch)?);
        }
        let count = u32::try_from(arches.len()).map_err(|_| WriteError::TooMany("architectures"))?;
        let value = (self.list(arches)?, count, self.strings.intern(&fact.modularity)?);
        if let Some(number) = self.qualifiers.get(&value) {
            return Ok(*number);
        }
        let out = &mut self.sections[Section::Qualifiers as usize];
        let number = u32::try_from(out.len() / format::QUALIFIER_LEN)
            .map_err(|_| WriteError::TooMany("qualifiers"))?;
        out.extend([value.0, value.1, value.2].iter().flat_map(|word| word.to_le_bytes()));
        self.qualifiers.insert(value, number);
        Ok(number)
    }

    fn finish(mut self, prose: ProseWriter, options: &WriteOptions) -> Result<Vec<u8>, WriteError> {
        self.finish_keys()?;
        let mut identifiers = fst::MapBuilder::memory();
        for (identifier, advisories) in std::mem::take(&mut self.identifiers) {
            let count = advisories.len();
            let start = self.list(advisories)?;
            let value =
                format::pack_slice(start as usize, count).ok_or(WriteError::TooMany("identifiers"))?;
            identifiers.insert(identifier, value)?;
        }
        self.sections[Section::Identifiers as usize] = identifiers.into_inner()?;
        let ecosystems: BTreeSet<&str> = self.keys.keys().map(|(ecosystem, _)| *ecosystem).collect();
        for ecosystem in ecosystems {
            let number = self.strings.intern(ecosystem)?;
            self.sections[Section::Ecosystems as usize].extend_from_slice(&number.to_le_bytes());
        }
        for (id, count) in std::mem::take(&mut self.sources) {
            let id = self.strings.intern(id)?;
            let out = &mut self.sections[Section::Sources as usize];
            out.extend_from_slice(&u64::from(id).to_le_bytes());
            out.extend_from_slice(&count.advisories.to_le_bytes());
            out.extend_from_slice(&format::time_code(count.newest).to_le_bytes());
        }
        let (blocks, prose) = prose.finish()?;
        self.sections[Section::ProseBlocks as usize] = blocks;
        self.sections[Section::Prose as usize] = prose;
        self.sections[Section::StringEnds as usize] = self.strings.ends;
        self.sections[Section::Strings as usize] = self.strings.bytes;
        Ok(assemble(&self.sections, options))
    }

    /// Orders the facts by key and writes the key table.
    fn finish_keys(&mut self) -> Result<(), WriteError> {
        let mut keys: Vec<(Vec<u8>, u32)> = self
            .keys
            .iter()
            .map(|((ecosystem, package), number)| (key_bytes(ecosystem, package), *number))
            .collect();
        keys.sort_unstable();
        let mut ranks = vec![0u32; keys.len()];
        for (rank, (_, number)) in (0..).zip(&keys) {
            if let Some(slot) = ranks.get_mut(*number as usize) {
                *slot = rank;
            }
        }
        let rank = |key: u32| ranks.get(key as usize).copied().unwrap_or(u32::MAX);
        // By advisory within a key; the rest of a fact decides only between two facts of one advisory.
        let order = |fact: &(u32, [u8; format::FACT_LEN])| (rank(fact.0), format::u32_at(&fact.1, 0), fact.1);
        self.facts.sort_unstable_by_key(order);
        self.facts.dedup();
        let mut builder = fst::MapBuilder::memory();
        let mut start = 0;
        for chunk in self.facts.chunk_by(|a, b| a.0 == b.0) {
            let Some((key, _)) = chunk.first().and_then(|fact| keys.get(rank(fact.0) as usize)) else {
                continue;
            };
            builder
                .insert(key, format::pack_slice(start, chunk.len()).ok_or(WriteError::TooMany("facts"))?)?;
            start += chunk.len();
        }
        self.sections[Section::Keys as usize] = builder.into_inner()?;
        self.sections[Section::Facts as usize] = self.facts.iter().flat_map(|fact| fact.1).collect();
        Ok(())
    }
}

/// The key under which the facts on a package are found.
pub(crate) fn key_bytes(ecosystem: &str, package: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(ecosystem.len() + package.len() + 1);
    key.extend_from_slice(ecosystem.as_bytes());
    key.push(format::SEPARATOR);
    key.extend_from_slice(package.as_bytes());
    key
}

fn count_u16(count: usize, what: &'static str) -> Result<u16, WriteError> {
    u16::try_from(count).map_err(|_| WriteError::TooMany(what))
}

/// Puts header, section table and sections together.
fn assemble(sections: &[Vec<u8>; SECTION_COUNT], options: &WriteOptions) -> Vec<u8> {
    let table_end = format::HEADER_LEN + SECTION_COUNT * format::TABLE_ENTRY_LEN;
    let total: usize = sections.iter().map(|section| section.len().next_multiple_of(8)).sum();
    let mut out = Vec::with_capacity(table_end + total);
    out.resize(table_end, 0);
    let mut table = Vec::with_capacity(SECTION_COUNT * format::TABLE_ENTRY_LEN);
    for (section, bytes) in Section::ALL.into_iter().zip(sections) {
        table.extend_from_slice(&u64::from(section.id()).to_le_bytes());
        table.extend_from_slice(&(out.len() as u64).to_le_bytes());
        table.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        table.extend_from_slice(&xxh3_64(bytes).to_le_bytes());
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(8), 0);
    }
    let mut header = Vec::with_capacity(table_end);
    header.extend_from_slice(&format::MAGIC);
    header.extend_from_slice(&format::FORMAT_VERSION.to_le_bytes());
    header.extend_from_slice(&(SECTION_COUNT as u32).to_le_bytes());
    header.extend_from_slice(&(out.len() as u64).to_le_bytes());
    header.extend_from_slice(&format::time_code(options.built).to_le_bytes());
    let digest: [u8; 32] = if options.digest {
        Sha256::digest(out.get(table_end..).unwrap_or_default()).into()
    } else {
        [0; 32]
    };
    header.extend_from_slice(&digest);
    header.resize(format::HEADER_LEN, 0);
    header.extend_from_slice(&table);
    let checksum = xxh3_64(&header).to_le_bytes();
    header[format::CHECKSUM_AT..format::CHECKSUM_AT + 8].copy_from_slice(&checksum);
    out[..table_end].copy_from_slice(&header);
    out
}

fn prose_len(prose: &Prose) -> usize {
    prose.title.len() + prose.description.len() + prose.references.iter().map(|r| r.url.len()).sum::<usize>()
}

/// Collects prose into blocks.
struct ProseWriter {
    compressor: Option<zstd::bulk::Compressor<'static>>,
    blocks: Vec<u8>,
    count: u32,
    stored: Vec<u8>,
    block: Vec<u8>,
}

impl ProseWriter {
    fn new(compress: bool) -> Result<ProseWriter, WriteError> {
        let compressor = if compress { Some(zstd::bulk::Compressor::new(LEVEL)?) } else { None };
        Ok(ProseWriter { compressor, blocks: Vec::new(), count: 0, stored: Vec::new(), block: Vec::new() })
    }

    /// Adds an entry; returns its block and its offset there. `u32::MAX` stands for no prose.
    fn add(&mut self, prose: &Prose) -> Result<(u32, u32), WriteError> {
        if *prose == Prose::default() {
            return Ok((u32::MAX, 0));
        }
        if self.block.len() >= BLOCK_TARGET {
            self.close()?;
        }
        let at = (self.count, self.block.len() as u32);
        put_text(&mut self.block, cut(&prose.title, MAX_DESCRIPTION));
        put_text(&mut self.block, cut(&prose.description, MAX_DESCRIPTION));
        let count_at = self.block.len();
        self.block.extend_from_slice(&[0; 4]);
        let mut count = 0u32;
        for reference in &prose.references {
            if self.block.len() - count_at + reference.url.len() + reference.kind.len() > MAX_REFERENCES {
                break;
            }
            put_text(&mut self.block, &reference.kind);
            put_text(&mut self.block, &reference.url);
            count += 1;
        }
        self.block[count_at..count_at + 4].copy_from_slice(&count.to_le_bytes());
        Ok(at)
    }

    fn close(&mut self) -> Result<(), WriteError> {
        let compressed = match &mut self.compressor {
            Some(compressor) => Some(compressor.compress(&self.block)?),
            None => None,
        };
        let stored =
            compressed.as_ref().filter(|bytes| bytes.len() < self.block.len()).unwrap_or(&self.block);
        self.blocks.extend_from_slice(&(self.stored.len() as u64).to_le_bytes());
        for len in [stored.len(), self.block.len()] {
            self.blocks.extend_from_slice(&(len as u32).to_le_bytes());
        }
        self.stored.extend_from_slice(stored);
        self.block.clear();
        self.count = self.count.checked_add(1).ok_or(WriteError::TooMany("blocks of text"))?;
        Ok(())
    }

    fn finish(mut self) -> Result<(Vec<u8>, Vec<u8>), WriteError> {
        if !self.block.is_empty() {
            self.close()?;
        }
        Ok((self.blocks, self.stored))
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The longest beginning of `text` that has at most `limit` bytes.
fn cut(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or_default()
}
