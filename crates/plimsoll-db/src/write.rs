//! Writes an index. [`write`] takes all records at once: the same ones give the same bytes, whatever their order. A
//! [`Builder`] takes them one by one and holds what it must, no prose: it is for databases that are larger than memory
//! should be.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{Cursor, Seek, SeekFrom, Write};

use plimsoll_types::{CvssVector, Severity, Timestamp};
use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::format::{self, SECTION_COUNT, Section};
use crate::model::{End, Extras, FactRecord, Record};
use crate::pool::{self, Runs, Strings, Table};
use crate::prose::ProseWriter;

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
    /// Writing or compressing failed.
    #[error("cannot write the advisory database")]
    Io(#[from] std::io::Error),
}

/// Compiles `records` and `extras` to the bytes of an index.
///
/// Records are ordered by source and id; those with the same source and id become one.
///
/// # Errors
///
/// When a count is beyond the format's limits or a package name holds the key separator.
pub fn write(
    mut records: Vec<Record>,
    extras: Extras,
    options: &WriteOptions,
) -> Result<Vec<u8>, WriteError> {
    records.sort_by(|a, b| (&a.source, &a.id).cmp(&(&b.source, &b.id)));
    let mut builder = Builder::new(Cursor::new(Vec::new()), *options)?;
    for record in &records {
        builder.record(record)?;
    }
    Ok(builder.finish(extras)?.into_inner())
}

/// What is written, hashed on the way.
pub(crate) struct Output<W> {
    out: W,
    digest: Option<Sha256>,
    section: Xxh3,
    position: u64,
}

impl<W: Write> Output<W> {
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.section.update(bytes);
        self.raw(bytes)
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        if let Some(digest) = &mut self.digest {
            digest.update(bytes);
        }
        self.position += bytes.len() as u64;
        Ok(self.out.write_all(bytes)?)
    }
}

/// A fact that waits for its place among its package's others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pending {
    key: u32,
    advisory: u32,
    extent: u32,
    qualifier: u32,
    status: u8,
    severity: u8,
    day: u16,
}

/// An advisory as numbers.
#[derive(Clone, Copy)]
struct Head {
    id: u32,
    source: u32,
    /// Its place among the details; 0 for none.
    detail: u32,
    flags: u16,
}

/// What there is to say of an advisory beside its facts. Of most that come from a distribution there is nothing: their
/// vulnerability is another source's.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Detail {
    list: u32,
    counts: [u16; 5],
    published: i64,
    modified: i64,
    block: u32,
    offset: u32,
}

impl Detail {
    const NONE: Detail = Detail {
        list: 0,
        counts: [0; 5],
        published: i64::MIN,
        modified: i64::MIN,
        block: u32::MAX,
        offset: 0,
    };
}

/// Writes an index from records that come one by one.
///
/// Records with the same source and id are joined: lists are united, of texts the first one stands. The same records in
/// the same order give the same bytes.
pub struct Builder<W> {
    options: WriteOptions,
    out: Output<W>,
    prose: ProseWriter,
    strings: Strings,
    keys: Strings,
    key: Vec<u8>,
    facts: Vec<Pending>,
    heads: Vec<Head>,
    details: Vec<Detail>,
    by_name: Table,
    lists: Runs,
    intervals: Runs,
    extents: Runs,
    qualifiers: Runs,
}

impl<W: Write + Seek> Builder<W> {
    /// A builder that writes to `out`, from its beginning.
    ///
    /// # Errors
    ///
    /// When `out` cannot be written.
    pub fn new(mut out: W, options: WriteOptions) -> Result<Builder<W>, WriteError> {
        out.write_all(&[0; format::CONTENT_AT])?;
        let mut builder = Builder {
            options,
            out: Output {
                out,
                digest: options.digest.then(Sha256::new),
                section: Xxh3::new(),
                position: format::CONTENT_AT as u64,
            },
            prose: ProseWriter::new(),
            strings: Strings::default(),
            keys: Strings::default(),
            key: Vec::new(),
            facts: Vec::new(),
            heads: Vec::new(),
            details: vec![Detail::NONE],
            by_name: Table::default(),
            lists: Runs::default(),
            intervals: Runs::default(),
            extents: Runs::default(),
            qualifiers: Runs::default(),
        };
        builder.strings.intern(b"")?;
        builder.extents.intern(&[0; format::EXTENT_LEN / 4], "extents")?;
        builder.qualifiers.intern(&[0; format::QUALIFIER_LEN / 4], "qualifiers")?;
        Ok(builder)
    }

    /// Adds an advisory with its facts.
    ///
    /// # Errors
    ///
    /// When a count is beyond the format's limits, a package name holds the key separator, or the output cannot be
    /// written.
    pub fn record(&mut self, record: &Record) -> Result<(), WriteError> {
        let number = self.advisory(record)?;
        for fact in &record.facts {
            self.fact(number, &record.id, fact)?;
        }
        Ok(())
    }

    /// How many advisories there are by now.
    pub fn advisories(&self) -> u64 {
        self.heads.len() as u64
    }

    /// How many facts there are by now.
    pub fn facts(&self) -> u64 {
        self.facts.len() as u64
    }

    fn advisory(&mut self, record: &Record) -> Result<u32, WriteError> {
        let id = self.strings.intern(record.id.as_bytes())?;
        let source = self.strings.intern(record.source.as_bytes())?;
        let hash = xxh3_64(&(u64::from(source) << 32 | u64::from(id)).to_le_bytes()) as u32;
        let heads = &self.heads;
        let same = |number| {
            heads.get(number as usize).is_some_and(|head: &Head| (head.id, head.source) == (id, source))
        };
        if let Some(number) = self.by_name.find(hash, same) {
            self.join(number, record)?;
            return Ok(number);
        }
        let number = u32::try_from(self.heads.len()).map_err(|_| WriteError::TooMany("advisories"))?;
        let (list, counts) = self.list_of(record)?;
        let (block, offset) = self.prose.add(&record.prose, &mut self.out)?;
        let detail = Detail {
            list,
            counts,
            published: format::time_code(record.published),
            modified: format::time_code(record.modified),
            block,
            offset,
        };
        let detail = self.detail(0, detail)?;
        self.heads.push(Head { id, source, detail, flags: flags(record) });
        self.by_name.insert(hash, number);
        Ok(number)
    }

    /// The lists of an advisory, one behind the other.
    fn list_of(&mut self, record: &Record) -> Result<(u32, [u16; 5]), WriteError> {
        let mut list = Vec::new();
        let mut counts = [0u16; 5];
        let texts = [&record.aliases, &record.covers, &record.cwes];
        for (count, texts) in counts.iter_mut().zip(texts) {
            *count = count_u16(texts.len(), "identifiers in one advisory")?;
            for text in texts {
                list.push(self.strings.intern(text.as_bytes())?);
            }
        }
        counts[3] = count_u16(record.cvss.len(), "CVSS vectors in one advisory")?;
        for cvss in &record.cvss {
            list.push(self.strings.intern(cvss.source.as_bytes())?);
            list.push(self.strings.intern(cvss.vector.as_bytes())?);
        }
        counts[4] = count_u16(record.severities.len(), "severities in one advisory")?;
        for (source, severity) in &record.severities {
            list.push(self.strings.intern(source.as_bytes())?);
            list.push(u32::from(format::severity_code(*severity)));
        }
        Ok((self.lists.intern(&list, "list entries")?, counts))
    }

    /// Adds to an advisory what another record says of it.
    fn join(&mut self, number: u32, record: &Record) -> Result<(), WriteError> {
        let Some(head) = self.heads.get(number as usize).copied() else { return Ok(()) };
        let mut detail = self.details.get(head.detail as usize).copied().unwrap_or(Detail::NONE);
        let says_more = !(record.aliases.is_empty()
            && record.covers.is_empty()
            && record.cwes.is_empty()
            && record.cvss.is_empty()
            && record.severities.is_empty());
        if says_more {
            let mut both = self.lists_of(&detail);
            let texts = [&record.aliases, &record.covers, &record.cwes];
            for (into, from) in [&mut both.aliases, &mut both.covers, &mut both.cwes].into_iter().zip(texts) {
                unite(into, from);
            }
            unite(&mut both.cvss, &record.cvss);
            unite(&mut both.severities, &record.severities);
            (detail.list, detail.counts) = self.list_of(&both)?;
        }
        if detail.block == u32::MAX {
            (detail.block, detail.offset) = self.prose.add(&record.prose, &mut self.out)?;
        }
        let published = format::time_code(record.published);
        detail.published = match (detail.published, published) {
            (i64::MIN, other) | (other, i64::MIN) => other,
            (a, b) => a.min(b),
        };
        detail.modified = detail.modified.max(format::time_code(record.modified));
        let detail = self.detail(head.detail, detail)?;
        if let Some(head) = self.heads.get_mut(number as usize) {
            head.detail = detail;
            head.flags |= flags(record);
        }
        Ok(())
    }

    /// Stores a detail in its `place`, or in a new one when that is 0; returns where it is.
    fn detail(&mut self, place: u32, detail: Detail) -> Result<u32, WriteError> {
        if detail == Detail::NONE {
            return Ok(0);
        }
        match self.details.get_mut(place as usize).filter(|_| place != 0) {
            Some(old) => {
                *old = detail;
                Ok(place)
            }
            None => {
                self.details.push(detail);
                u32::try_from(self.details.len() - 1).map_err(|_| WriteError::TooMany("advisories"))
            }
        }
    }

    /// The lists of an advisory that was added before, as a record of nothing else.
    fn lists_of(&self, head: &Detail) -> Record {
        let [aliases, covers, cwes, cvss, severities] = head.counts.map(usize::from);
        let total = aliases + covers + cwes + 2 * (cvss + severities);
        let mut words = self.lists.get(head.list, total).iter().copied();
        let text = |number: u32| String::from_utf8_lossy(self.strings.get(number)).into_owned();
        let mut texts = |count: usize| words.by_ref().take(count).map(text).collect::<Vec<_>>();
        let (aliases, covers, cwes) = (texts(aliases), texts(covers), texts(cwes));
        let mut pairs = |count: usize| {
            (0..count).filter_map(|_| Some((words.next()?, words.next()?))).collect::<Vec<_>>()
        };
        let cvss = pairs(cvss)
            .into_iter()
            .map(|(source, vector)| CvssVector { source: text(source), vector: text(vector) })
            .collect();
        let severity =
            |code: u32| u8::try_from(code).ok().and_then(format::severity_of).unwrap_or(Severity::Unknown);
        let severities =
            pairs(severities).into_iter().map(|(source, code)| (text(source), severity(code))).collect();
        Record { aliases, covers, cwes, cvss, severities, ..Record::default() }
    }

    fn fact(&mut self, advisory: u32, id: &str, fact: &FactRecord) -> Result<(), WriteError> {
        let separates = |text: &str| text.bytes().any(|byte| byte < 0x20);
        if separates(&fact.ecosystem) || separates(&fact.package) {
            return Err(WriteError::BadName { advisory: id.to_owned(), package: fact.package.clone() });
        }
        let mut key = std::mem::take(&mut self.key);
        key_bytes(&fact.ecosystem, &fact.package, &mut key);
        let number = self.keys.intern(&key);
        self.key = key;
        let number = number?;
        let extent = self.extent(fact)?;
        let qualifier = self.qualifier(fact)?;
        self.facts.push(Pending {
            key: number,
            advisory,
            extent,
            qualifier,
            status: format::status_code(fact.status),
            severity: fact.severity.map_or(0, format::severity_code),
            day: format::day_code(fact.fix_date),
        });
        if self.facts.len() > u32::MAX as usize {
            return Err(WriteError::TooMany("facts"));
        }
        Ok(())
    }

    fn extent(&mut self, fact: &FactRecord) -> Result<u32, WriteError> {
        let mut intervals = Vec::with_capacity(fact.intervals.len() * 3);
        for interval in &fact.intervals {
            let introduced = self.strings.intern(interval.introduced.as_bytes())?;
            let (end, kind) = match &interval.end {
                End::Open => ("", format::END_OPEN),
                End::Fixed(version) => (version.as_str(), format::END_FIXED),
                End::LastAffected(version) => (version.as_str(), format::END_LAST_AFFECTED),
                End::Limit(version) => (version.as_str(), format::END_LIMIT),
            };
            intervals.extend([introduced, self.strings.intern(end.as_bytes())?, kind]);
        }
        let mut versions = Vec::with_capacity(fact.versions.len());
        for version in &fact.versions {
            versions.push(self.strings.intern(version.as_bytes())?);
        }
        let extent = [
            self.intervals.intern(&intervals, "intervals")? / 3,
            self.lists.intern(&versions, "list entries")?,
            count_u32(fact.intervals.len(), "intervals")?,
            count_u32(versions.len(), "versions")?,
        ];
        Ok(self.extents.intern(&extent, "extents")? / extent.len() as u32)
    }

    fn qualifier(&mut self, fact: &FactRecord) -> Result<u32, WriteError> {
        let lists = [&fact.arches, &fact.oses, &fact.cpes, &fact.symbols];
        if lists.iter().all(|list| list.is_empty()) && fact.modularity.is_empty() {
            return Ok(0);
        }
        let mut words = Vec::new();
        let mut counts = [0u32; 4];
        for (count, list) in counts.iter_mut().zip(lists) {
            let unique: BTreeSet<&String> = list.iter().collect();
            *count = count_u32(unique.len(), "qualifiers of a package")?;
            for text in unique {
                words.push(self.strings.intern(text.as_bytes())?);
            }
        }
        let start = self.lists.intern(&words, "list entries")?;
        let modularity = self.strings.intern(fact.modularity.as_bytes())?;
        let [arches, oses, cpes, symbols] = counts;
        let value = [start, arches, oses, cpes, symbols, modularity];
        Ok(self.qualifiers.intern(&value, "qualifiers")? / value.len() as u32)
    }

    /// Adds `extras` and finishes the index. The output is flushed, but not synchronised with a disk.
    ///
    /// # Errors
    ///
    /// When a count is beyond the format's limits or the output cannot be written.
    pub fn finish(mut self, extras: Extras) -> Result<W, WriteError> {
        let mut table = Vec::with_capacity(SECTION_COUNT);
        let prose_blocks = std::mem::replace(&mut self.prose, ProseWriter::new()).finish(&mut self.out)?;
        let prose_len = self.out.position - format::CONTENT_AT as u64;
        self.close(&mut table, format::CONTENT_AT as u64, prose_len)?;

        let keys = self.keys_and_facts()?;
        let identifiers = self.identifiers()?;
        let ecosystems = self.ecosystems()?;
        let sources = self.sources(&extras)?;
        let epss = epss(&extras);
        let lifecycles = self.lifecycles(&extras)?;
        let repositories = self.repositories(&extras)?;

        let word = |word: &u32| word.to_le_bytes();
        self.section(&mut table, &prose_blocks)?;
        drop(prose_blocks);
        let strings = std::mem::take(&mut self.strings);
        self.section(&mut table, &strings.bytes)?;
        self.records(&mut table, &strings.ends, word)?;
        drop(strings);
        self.section(&mut table, &keys)?;
        self.section(&mut table, &identifiers)?;
        let facts = std::mem::take(&mut self.facts);
        self.records(&mut table, &facts, fact_bytes)?;
        drop(facts);
        for runs in [
            std::mem::take(&mut self.extents),
            std::mem::take(&mut self.intervals),
            std::mem::take(&mut self.lists),
            std::mem::take(&mut self.qualifiers),
        ] {
            self.records(&mut table, &runs.words, word)?;
        }
        let heads = std::mem::take(&mut self.heads);
        self.records(&mut table, &heads, head_bytes)?;
        for bytes in [&ecosystems, &sources, &epss, &lifecycles, &repositories] {
            self.section(&mut table, bytes)?;
        }
        let details = std::mem::take(&mut self.details);
        self.records(&mut table, &details, detail_bytes)?;
        self.header(&table)
    }

    fn section(&mut self, table: &mut Vec<[u64; 3]>, bytes: &[u8]) -> Result<(), WriteError> {
        let start = self.out.position;
        self.out.put(bytes)?;
        self.close(table, start, bytes.len() as u64)
    }

    fn records<T, const N: usize>(
        &mut self,
        table: &mut Vec<[u64; 3]>,
        records: &[T],
        bytes: fn(&T) -> [u8; N],
    ) -> Result<(), WriteError> {
        let start = self.out.position;
        for records in records.chunks(4096) {
            let part: Vec<u8> = records.iter().flat_map(bytes).collect();
            self.out.put(&part)?;
        }
        self.close(table, start, (records.len() * N) as u64)
    }

    /// Ends a section: notes it in the table and fills up to a multiple of 8.
    fn close(&mut self, table: &mut Vec<[u64; 3]>, start: u64, len: u64) -> Result<(), WriteError> {
        table.push([start, len, self.out.section.digest()]);
        self.out.section.reset();
        let padding = self.out.position.next_multiple_of(8) - self.out.position;
        self.out.raw(&[0; 8][..padding as usize])
    }

    /// Orders the facts by key; returns the key table.
    fn keys_and_facts(&mut self) -> Result<Vec<u8>, WriteError> {
        self.by_name = Table::default();
        let keys = &self.keys;
        let order = key_order(keys);
        let mut ranks = vec![0u32; order.len()];
        for (rank, number) in (0..).zip(&order) {
            if let Some(slot) = ranks.get_mut(*number as usize) {
                *slot = rank;
            }
        }
        for fact in &mut self.facts {
            fact.key = ranks.get(fact.key as usize).copied().unwrap_or(u32::MAX);
        }
        drop(ranks);
        self.facts.sort_unstable();
        self.facts.dedup();
        let mut builder = fst::MapBuilder::memory();
        let mut start = 0;
        for chunk in self.facts.chunk_by(|a, b| a.key == b.key) {
            let Some(number) = chunk.first().and_then(|fact| order.get(fact.key as usize)) else { continue };
            let value = format::pack_slice(start, chunk.len()).ok_or(WriteError::TooMany("facts"))?;
            builder.insert(keys.get(*number), value)?;
            start += chunk.len();
        }
        Ok(builder.into_inner()?)
    }

    /// The table from identifiers to advisories.
    fn identifiers(&mut self) -> Result<Vec<u8>, WriteError> {
        let mut named: Vec<(u32, u32)> = Vec::with_capacity(self.heads.len() * 2);
        for (number, head) in (0..).zip(&self.heads) {
            named.push((head.id, number));
            if head.detail == 0 {
                continue;
            }
            if let Some(detail) = self.details.get(head.detail as usize) {
                let names = usize::from(detail.counts[0]) + usize::from(detail.counts[1]);
                named.extend(self.lists.get(detail.list, names).iter().map(|name| (*name, number)));
            }
        }
        named.sort_unstable();
        named.dedup();
        let strings = &self.strings;
        let runs: Vec<&[(u32, u32)]> = named.chunk_by(|a, b| a.0 == b.0).collect();
        let name = |run: &[(u32, u32)]| run.first().map_or(&[][..], |(name, _)| strings.get(*name));
        let mut ordered: Vec<(u128, &[(u32, u32)])> =
            runs.into_iter().map(|run| (pool::prefix(name(run)), run)).collect();
        ordered.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| name(a.1).cmp(name(b.1))));
        let mut builder = fst::MapBuilder::memory();
        let mut advisories = Vec::new();
        for (_, run) in ordered {
            advisories.clear();
            advisories.extend(run.iter().map(|(_, advisory)| *advisory));
            let start = self.lists.intern(&advisories, "list entries")?;
            let value = format::pack_slice(start as usize, advisories.len())
                .ok_or(WriteError::TooMany("identifiers"))?;
            builder.insert(name(run), value)?;
        }
        Ok(builder.into_inner()?)
    }

    fn ecosystems(&mut self) -> Result<Vec<u8>, WriteError> {
        let mut names: BTreeSet<Vec<u8>> = BTreeSet::new();
        for number in 0..self.keys.len() as u32 {
            let key = self.keys.get(number);
            let name = key.split(|byte| *byte == format::SEPARATOR).next().unwrap_or_default();
            if !names.contains(name) {
                names.insert(name.to_vec());
            }
        }
        self.keys = Strings::default();
        let mut out = Vec::new();
        for name in names {
            out.extend_from_slice(&self.strings.intern(&name)?.to_le_bytes());
        }
        Ok(out)
    }

    fn sources(&mut self, extras: &Extras) -> Result<Vec<u8>, WriteError> {
        let mut sources: BTreeMap<Vec<u8>, (u64, i64, [u8; 32])> = BTreeMap::new();
        let mut counts: BTreeMap<u32, (u64, i64)> = BTreeMap::new();
        for head in &self.heads {
            let entry = counts.entry(head.source).or_insert((0, i64::MIN));
            entry.0 += 1;
            if let Some(detail) = self.details.get(head.detail as usize) {
                let date = if detail.modified == i64::MIN { detail.published } else { detail.modified };
                entry.1 = entry.1.max(date);
            }
        }
        for (source, (count, newest)) in counts {
            sources.insert(self.strings.get(source).to_vec(), (count, newest, [0; 32]));
        }
        for (source, digest) in &extras.source_digests {
            let entry = sources.entry(source.as_bytes().to_vec()).or_insert((0, i64::MIN, [0; 32]));
            if let Some(digest) = bytes_of_hex(digest) {
                entry.2 = digest;
            }
        }
        let mut out = Vec::new();
        if sources.len() > usize::from(u16::MAX) {
            return Err(WriteError::TooMany("sources"));
        }
        let mut places = HashMap::new();
        for (place, (id, (count, newest, digest))) in sources.into_iter().enumerate() {
            let number = self.strings.intern(&id)?;
            places.insert(number, place as u32);
            out.extend_from_slice(&u64::from(number).to_le_bytes());
            out.extend_from_slice(&count.to_le_bytes());
            out.extend_from_slice(&newest.to_le_bytes());
            out.extend_from_slice(&digest);
        }
        // From here on an advisory names its source by its place in the table.
        for head in &mut self.heads {
            head.source = places.get(&head.source).copied().unwrap_or_default();
        }
        Ok(out)
    }

    fn lifecycles(&mut self, extras: &Extras) -> Result<Vec<u8>, WriteError> {
        let mut sorted = BTreeMap::new();
        for lifecycle in &extras.lifecycles {
            sorted.entry(lifecycle.ecosystem.as_str()).or_insert(lifecycle);
        }
        let mut out = Vec::new();
        for (ecosystem, lifecycle) in sorted {
            out.extend_from_slice(&u64::from(self.strings.intern(ecosystem.as_bytes())?).to_le_bytes());
            for time in [lifecycle.released, lifecycle.ends, lifecycle.extended_ends] {
                out.extend_from_slice(&format::time_code(time).to_le_bytes());
            }
        }
        Ok(out)
    }

    fn repositories(&mut self, extras: &Extras) -> Result<Vec<u8>, WriteError> {
        let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (repository, cpes) in &extras.repositories {
            sorted.entry(repository).or_default().extend(cpes.iter().map(String::as_str));
        }
        let mut out = Vec::new();
        for (repository, cpes) in sorted {
            let mut words = Vec::with_capacity(cpes.len());
            for cpe in cpes {
                words.push(self.strings.intern(cpe.as_bytes())?);
            }
            let start = self.lists.intern(&words, "list entries")?;
            let count = count_u32(words.len(), "products of a repository")?;
            for word in [self.strings.intern(repository.as_bytes())?, start, count] {
                out.extend_from_slice(&word.to_le_bytes());
            }
        }
        Ok(out)
    }

    fn header(mut self, sections: &[[u64; 3]]) -> Result<W, WriteError> {
        let mut header = Vec::with_capacity(format::CONTENT_AT);
        header.extend_from_slice(&format::MAGIC);
        header.extend_from_slice(&format::FORMAT_VERSION.to_le_bytes());
        header.extend_from_slice(&(SECTION_COUNT as u32).to_le_bytes());
        header.extend_from_slice(&self.out.position.to_le_bytes());
        header.extend_from_slice(&format::time_code(self.options.built).to_le_bytes());
        let digest: [u8; 32] = self.out.digest.take().map_or([0; 32], |digest| digest.finalize().into());
        header.extend_from_slice(&digest);
        header.resize(format::HEADER_LEN, 0);
        for (section, [start, len, checksum]) in Section::ALL.into_iter().zip(sections) {
            for word in [u64::from(section.id()), *start, *len, *checksum] {
                header.extend_from_slice(&word.to_le_bytes());
            }
        }
        let checksum = xxh3_64(&header).to_le_bytes();
        header[format::CHECKSUM_AT..format::CHECKSUM_AT + 8].copy_from_slice(&checksum);
        let mut out = self.out.out;
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&header)?;
        out.flush()?;
        Ok(out)
    }
}

/// The numbers of the keys in the order of their bytes.
fn key_order(keys: &Strings) -> Vec<u32> {
    // By ecosystem first, of which there are few, so that the beginnings of the names can be compared as numbers.
    let ecosystem =
        |key: &[u8]| key.iter().position(|byte| *byte == format::SEPARATOR).map_or(0, |at| at + 1);
    let mut ranks: BTreeMap<&[u8], u16> = BTreeMap::new();
    for number in 0..keys.len() as u32 {
        let key = keys.get(number);
        let name = key.get(..ecosystem(key)).unwrap_or_default();
        if !ranks.contains_key(name) {
            ranks.insert(name, 0);
        }
    }
    let few = ranks.len() < usize::from(u16::MAX);
    for (rank, slot) in (0..).zip(ranks.values_mut()) {
        *slot = rank;
    }
    let mut order: Vec<(u16, u128, u32)> = (0..keys.len() as u32)
        .map(|number| {
            let key = keys.get(number);
            let (ecosystem, name) = key.split_at(ecosystem(key));
            // Of too many ecosystems none has a rank, and the keys themselves decide.
            if few {
                (ranks.get(ecosystem).copied().unwrap_or(0), pool::prefix(name), number)
            } else {
                (0, 0, number)
            }
        })
        .collect();
    order.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| keys.get(a.2).cmp(keys.get(b.2))));
    order.into_iter().map(|(_, _, number)| number).collect()
}

fn fact_bytes(fact: &Pending) -> [u8; format::FACT_LEN] {
    let mut bytes = [0; format::FACT_LEN];
    let words = [fact.advisory, fact.extent, fact.qualifier];
    for (out, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *out = word.to_le_bytes();
    }
    bytes[12] = fact.status;
    bytes[13] = fact.severity;
    bytes[14..].copy_from_slice(&fact.day.to_le_bytes());
    bytes
}

fn head_bytes(head: &Head) -> [u8; format::ADVISORY_LEN] {
    let mut bytes = [0; format::ADVISORY_LEN];
    let mut at = 0;
    let mut put = |part: &[u8]| {
        bytes[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    };
    put(&head.id.to_le_bytes());
    put(&head.detail.to_le_bytes());
    put(&(head.source as u16).to_le_bytes());
    put(&head.flags.to_le_bytes());
    bytes
}

fn detail_bytes(detail: &Detail) -> [u8; format::DETAIL_LEN] {
    let mut bytes = [0; format::DETAIL_LEN];
    let mut at = 0;
    let mut put = |part: &[u8]| {
        bytes[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    };
    put(&detail.list.to_le_bytes());
    for count in detail.counts {
        put(&count.to_le_bytes());
    }
    put(&[0; 2]);
    put(&detail.published.to_le_bytes());
    put(&detail.modified.to_le_bytes());
    put(&detail.block.to_le_bytes());
    put(&detail.offset.to_le_bytes());
    bytes
}

fn flags(record: &Record) -> u16 {
    let flag = |set: bool, flag: u16| if set { flag } else { 0 };
    flag(record.known_exploited, format::FLAG_KNOWN_EXPLOITED)
        | flag(record.public_exploit, format::FLAG_PUBLIC_EXPLOIT)
}

fn epss(extras: &Extras) -> Vec<u8> {
    let mut sorted: Vec<(u64, (u32, u32))> = extras
        .epss
        .iter()
        .filter_map(|(cve, epss)| Some((format::cve_code(cve)?, (epss.score, epss.percentile))))
        .collect();
    // Stable, so that of two on the same vulnerability the last one can be kept.
    sorted.sort_by_key(|(cve, _)| *cve);
    let mut out = Vec::with_capacity(sorted.len() * format::EPSS_LEN);
    for run in sorted.chunk_by(|a, b| a.0 == b.0) {
        let Some((cve, (score, percentile))) = run.last() else { continue };
        out.extend_from_slice(&cve.to_le_bytes());
        out.extend_from_slice(&score.to_le_bytes());
        out.extend_from_slice(&percentile.to_le_bytes());
    }
    out
}

fn unite<T: Ord + Clone>(into: &mut Vec<T>, from: &[T]) {
    into.extend_from_slice(from);
    into.sort();
    into.dedup();
}

fn bytes_of_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits = text.as_bytes().as_chunks::<2>().0;
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// The key under which the facts on a package are found.
pub(crate) fn key_bytes(ecosystem: &str, package: &str, key: &mut Vec<u8>) {
    key.clear();
    key.extend_from_slice(ecosystem.as_bytes());
    key.push(format::SEPARATOR);
    key.extend_from_slice(package.as_bytes());
}

fn count_u16(count: usize, what: &'static str) -> Result<u16, WriteError> {
    u16::try_from(count).map_err(|_| WriteError::TooMany(what))
}

fn count_u32(count: usize, what: &'static str) -> Result<u32, WriteError> {
    u32::try_from(count).map_err(|_| WriteError::TooMany(what))
}
