//! Which Maven artifact a jar is, by the SHA-1 of its bytes: an immutable index, and its builder from trivy-java-db (schema 1, SQLite: `artifacts`,
//! `indices`; github.com/aquasecurity/trivy-java-db, `pkg/db`).
//!
//! The index is one run of bytes that can be read where it lies, all numbers little-endian:
//!
//! ```text
//! header   magic "PLIMJAVA" | format u32 | jars u32 | artifacts u32 | strings u32 | length of the text u64
//! jars     sorted by digest: the first 10 bytes of the SHA-1 | artifact u32 | version u32     18 bytes each
//! places   artifact → its first version below, and one more for the end                      u32 each
//! versions of each artifact, sorted: one for each jar                                          u32 each
//! artifacts sorted by artifact id, group id: artifact id u32 | group id u32                    8 bytes each
//! strings  sorted: where each begins in the text, and one more for the end                   u32 each
//! text     UTF-8
//! checksum XXH3 of all before it, u64
//! ```
//!
//! Ten bytes of a digest tell jars apart: among 20 million, one is taken for another by chance once in some 10^16 lookups.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

use crate::{ImportError, sqlite};

const MAGIC: &[u8; 8] = b"PLIMJAVA";
/// The version of the form above.
pub const JAVA_INDEX_FORMAT: u32 = 1;
const HEADER: usize = 32;
const TRAILER: usize = 8;
/// How much of a digest is kept.
const PREFIX: usize = 10;
const JAR: usize = PREFIX + 8;
const ARTIFACT: usize = 8;

/// A Maven artifact: group, artifact and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gav<'a> {
    /// The group id, `org.apache.logging.log4j`.
    pub group: &'a str,
    /// The artifact id, `log4j-core`.
    pub artifact: &'a str,
    /// The version, `2.17.1`.
    pub version: &'a str,
}

/// Why bytes are no index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JavaIndexError {
    /// They begin otherwise.
    #[error("not an index of Java artifacts")]
    NotAnIndex,
    /// They are of a version that is not known here.
    #[error("the index of Java artifacts has the format {0}, not {JAVA_INDEX_FORMAT}")]
    Format(u32),
    /// They contradict themselves.
    #[error("the index of Java artifacts is damaged")]
    Damaged,
}

/// An index of Java artifacts over bytes that hold it, such as those of a mapped file.
#[derive(Debug, Clone)]
pub struct JavaIndex<B> {
    bytes: B,
    jars: Range<usize>,
    places: Range<usize>,
    versions: Range<usize>,
    artifacts: Range<usize>,
    strings: Range<usize>,
    text: Range<usize>,
}

impl<B: AsRef<[u8]>> JavaIndex<B> {
    /// Opens an index. This reads its header only; [`JavaIndex::verify`] looks at all of it, once after it was fetched.
    ///
    /// # Errors
    ///
    /// When the bytes are no such index or of another length than it says.
    pub fn open(bytes: B) -> Result<JavaIndex<B>, JavaIndexError> {
        let all = bytes.as_ref();
        if !all.starts_with(MAGIC) || all.len() < HEADER {
            return Err(JavaIndexError::NotAnIndex);
        }
        let number = |at: usize| u32_at(all, at).ok_or(JavaIndexError::Damaged);
        let format = number(8)?;
        if format != JAVA_INDEX_FORMAT {
            return Err(JavaIndexError::Format(format));
        }
        let (jars, artifacts, strings) = (number(12)? as usize, number(16)? as usize, number(20)? as usize);
        let text = all.get(24..).and_then(|rest| rest.first_chunk()).map(|bytes| u64::from_le_bytes(*bytes));
        let text = text.and_then(|text| usize::try_from(text).ok()).ok_or(JavaIndexError::Damaged)?;
        let mut end = HEADER;
        let mut section = |count: usize, more: usize, width: usize| {
            let start = end;
            let size = count.checked_add(more).and_then(|count| count.checked_mul(width));
            end = size.and_then(|size| start.checked_add(size)).ok_or(JavaIndexError::Damaged)?;
            Ok(start..end)
        };
        let jars_at = section(jars, 0, JAR)?;
        let places = section(artifacts, 1, 4)?;
        let versions = section(jars, 0, 4)?;
        let artifacts = section(artifacts, 0, ARTIFACT)?;
        let strings = section(strings, 1, 4)?;
        let text = section(text, 0, 1)?;
        if end.checked_add(TRAILER) != Some(all.len()) {
            return Err(JavaIndexError::Damaged);
        }
        Ok(JavaIndex { jars: jars_at, places, versions, artifacts, strings, text, bytes })
    }

    /// Whether the bytes are those that were written.
    pub fn verify(&self) -> bool {
        let all = self.bytes.as_ref();
        let Some((content, sum)) = all.split_last_chunk::<TRAILER>() else { return false };
        u64::from_le_bytes(*sum) == xxh3_64(content)
    }

    /// How many jars it knows.
    pub fn len(&self) -> usize {
        self.jars.len() / JAR
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The artifact whose file has this digest.
    pub fn by_sha1(&self, sha1: &[u8; 20]) -> Option<Gav<'_>> {
        let wanted = &sha1[..PREFIX];
        let jar = |number: usize| self.slice(&self.jars, number, JAR);
        let number = search(self.len(), |number| Some(jar(number)?.get(..PREFIX)?.cmp(wanted)))?;
        let found = jar(number)?;
        let artifact = u32_at(found, PREFIX)? as usize;
        let (artifact, group) = self.artifact(artifact)?;
        Some(Gav { group, artifact, version: self.string(u32_at(found, PREFIX + 4)?)? })
    }

    /// The group of an artifact of which only id and version are known: the one with the most jars of that version.
    pub fn group_of(&self, artifact: &str, version: &str) -> Option<&str> {
        let mut best: Option<(usize, &str)> = None;
        for number in self.named(artifact)? {
            let (_, group) = self.artifact(number)?;
            let jars = self.versions_of(number, version)?;
            // Of equals the first in alphabetical order.
            if jars > 0 && best.is_none_or(|(most, _)| jars > most) {
                best = Some((jars, group));
            }
        }
        best.map(|(_, group)| group)
    }

    /// Whether there is such an artifact, in any version.
    pub fn has(&self, group: &str, artifact: &str) -> bool {
        self.named(artifact).is_some_and(|mut numbers| {
            numbers.any(|number| self.artifact(number).is_some_and(|(_, found)| found == group))
        })
    }

    /// The numbers of the artifacts with this id.
    fn named(&self, artifact: &str) -> Option<Range<usize>> {
        let count = self.artifacts.len() / ARTIFACT;
        let before = |past: bool| {
            let (mut low, mut high) = (0, count);
            while low < high {
                let middle = low + (high - low) / 2;
                let order = self.artifact(middle)?.0.cmp(artifact);
                if order == Ordering::Less || (past && order == Ordering::Equal) {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            Some(low)
        };
        Some(before(false)?..before(true)?)
    }

    /// The ids of an artifact and its group.
    fn artifact(&self, number: usize) -> Option<(&str, &str)> {
        let found = self.slice(&self.artifacts, number, ARTIFACT)?;
        Some((self.string(u32_at(found, 0)?)?, self.string(u32_at(found, 4)?)?))
    }

    /// How many jars of this version an artifact has.
    fn versions_of(&self, artifact: usize, version: &str) -> Option<usize> {
        let place = |number: usize| Some(u32_at(self.slice(&self.places, number, 4)?, 0)? as usize);
        let (start, end) = (place(artifact)?, place(artifact + 1)?);
        let at = |number: usize| u32_at(self.slice(&self.versions, start.checked_add(number)?, 4)?, 0);
        let count = end.checked_sub(start)?;
        // Strings are sorted, and so their numbers are in the order of the versions.
        let Some(wanted) = self.string_number(version) else { return Some(0) };
        let Some(found) = search(count, |number| Some(at(number)?.cmp(&wanted))) else { return Some(0) };
        let same = |number: &usize| at(*number) == Some(wanted);
        Some((0..found).rev().take_while(same).count() + (found..count).take_while(same).count())
    }

    fn string_number(&self, text: &str) -> Option<u32> {
        let count = self.strings.len() / 4 - 1;
        let number = search(count, |number| Some(self.string(u32::try_from(number).ok()?)?.cmp(text)))?;
        u32::try_from(number).ok()
    }

    fn string(&self, number: u32) -> Option<&str> {
        let number = number as usize;
        let place = |number: usize| Some(u32_at(self.slice(&self.strings, number, 4)?, 0)? as usize);
        let text = self.bytes.as_ref().get(self.text.clone())?;
        std::str::from_utf8(text.get(place(number)?..place(number.checked_add(1)?)?)?).ok()
    }

    fn slice(&self, section: &Range<usize>, number: usize, width: usize) -> Option<&[u8]> {
        let start = number.checked_mul(width)?;
        self.bytes.as_ref().get(section.clone())?.get(start..start.checked_add(width)?)
    }
}

/// Searches `count` sorted entries; `None` when none is equal or one cannot be read.
fn search(count: usize, order: impl Fn(usize) -> Option<Ordering>) -> Option<usize> {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        match order(middle)? {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => return Some(middle),
        }
    }
    None
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Collects jars for an index.
#[derive(Debug, Default)]
pub struct JavaIndexBuilder {
    strings: HashMap<String, u32>,
    /// Group and artifact, as numbers of strings in the order met.
    artifacts: HashMap<(u32, u32), u32>,
    /// Digest, artifact and version, in the order met.
    jars: Vec<([u8; PREFIX], u32, u32)>,
}

/// The most of anything in an index: numbers have 32 bits, and text is found by them.
const MAX_COUNT: usize = 1 << 28;
const MAX_STRING: usize = 1_024;
/// The most jars for which memory is taken on a database's word: more than Maven Central has.
const MAX_RESERVED: usize = 1 << 24;

fn usable(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_STRING && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

impl JavaIndexBuilder {
    /// An empty builder with room for so many jars.
    pub fn with_capacity(jars: usize) -> JavaIndexBuilder {
        JavaIndexBuilder { jars: Vec::with_capacity(jars.min(MAX_RESERVED)), ..JavaIndexBuilder::default() }
    }

    /// Adds a jar; false when it is none that can be kept.
    pub fn add(&mut self, sha1: &[u8], gav: Gav<'_>) -> bool {
        // What is not kept must leave no trace.
        sha1.len() == 20
            && usable(gav.version)
            && self
                .artifact(gav.group, gav.artifact)
                .is_some_and(|artifact| self.jar(sha1, artifact, gav.version))
    }

    /// The number of an artifact.
    fn artifact(&mut self, group: &str, artifact: &str) -> Option<u32> {
        if !usable(group) || !usable(artifact) || self.artifacts.len() >= MAX_COUNT {
            return None;
        }
        let key = (self.number(group), self.number(artifact));
        let next = self.artifacts.len() as u32;
        Some(*self.artifacts.entry(key).or_insert(next))
    }

    fn jar(&mut self, sha1: &[u8], artifact: u32, version: &str) -> bool {
        let Some(digest) = sha1.first_chunk::<PREFIX>().filter(|_| sha1.len() == 20) else { return false };
        if !usable(version) || self.jars.len() >= MAX_COUNT {
            return false;
        }
        let version = self.number(version);
        self.jars.push((*digest, artifact, version));
        true
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.strings.get(text) {
            return *number;
        }
        let number = self.strings.len() as u32;
        self.strings.insert(text.to_owned(), number);
        number
    }

    /// Writes the index. The same jars give the same bytes, in whatever order they came; of jars with the same digest one is
    /// kept.
    ///
    /// # Errors
    ///
    /// When `out` fails, or there is more text than an index can address.
    pub fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let JavaIndexBuilder { strings, artifacts, mut jars } = self;
        let too_much = || io::Error::new(io::ErrorKind::InvalidInput, "more text than an index can hold");
        // Numbers in the order met become numbers in the order of the strings.
        let mut strings: Vec<(String, u32)> = strings.into_iter().collect();
        strings.sort_unstable();
        let mut order = vec![0u32; strings.len()];
        let mut text = String::new();
        let mut places = Vec::with_capacity(strings.len().saturating_add(1));
        for (number, (string, met)) in strings.iter().enumerate() {
            if let Some(slot) = order.get_mut(*met as usize) {
                *slot = number as u32;
            }
            places.push(u32::try_from(text.len()).map_err(|_| too_much())?);
            text.push_str(string);
        }
        places.push(u32::try_from(text.len()).map_err(|_| too_much())?);
        drop(strings);
        let sorted_number = |met: u32| order.get(met as usize).copied().unwrap_or_default();
        let mut sorted: Vec<(u32, u32, u32)> = artifacts
            .into_iter()
            .map(|((group, artifact), met)| (sorted_number(artifact), sorted_number(group), met))
            .collect();
        sorted.sort_unstable();
        let mut artifact_order = vec![0u32; sorted.len()];
        for (number, (_, _, met)) in sorted.iter().enumerate() {
            if let Some(slot) = artifact_order.get_mut(*met as usize) {
                *slot = number as u32;
            }
        }
        for (_, artifact, version) in &mut jars {
            *artifact = artifact_order.get(*artifact as usize).copied().unwrap_or_default();
            *version = sorted_number(*version);
        }
        jars.sort_unstable();
        jars.dedup_by_key(|(digest, _, _)| *digest);

        let mut out = Summed { out, sum: Xxh3Default::new() };
        out.put(MAGIC)?;
        for count in [JAVA_INDEX_FORMAT, jars.len() as u32, sorted.len() as u32, order.len() as u32] {
            out.put(&count.to_le_bytes())?;
        }
        out.put(&(text.len() as u64).to_le_bytes())?;
        for (digest, artifact, version) in &jars {
            out.put(digest)?;
            out.put(&artifact.to_le_bytes())?;
            out.put(&version.to_le_bytes())?;
        }
        let mut versions: Vec<(u32, u32)> =
            jars.iter().map(|(_, artifact, version)| (*artifact, *version)).collect();
        drop(jars);
        versions.sort_unstable();
        let mut at = 0usize;
        for number in 0..=sorted.len() as u32 {
            while versions.get(at).is_some_and(|(artifact, _)| *artifact < number) {
                at += 1;
            }
            out.put(&(at as u32).to_le_bytes())?;
        }
        for (_, version) in &versions {
            out.put(&version.to_le_bytes())?;
        }
        for (artifact, group, _) in &sorted {
            out.put(&artifact.to_le_bytes())?;
            out.put(&group.to_le_bytes())?;
        }
        for place in places {
            out.put(&place.to_le_bytes())?;
        }
        out.put(text.as_bytes())?;
        let sum = out.sum.digest();
        out.out.write_all(&sum.to_le_bytes())
    }
}

/// Passes bytes on and sums them up.
struct Summed<'a> {
    out: &'a mut dyn Write,
    sum: Xxh3Default,
}

impl Summed<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }
}

/// What became of the rows of a trivy-java-db.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JavaCounts {
    /// How many files are in it.
    pub read: u64,
    /// How many of them are jars that can be kept.
    pub kept: u64,
}

/// Makes an index of a trivy-java-db file (`trivy-java.db`) and writes it to `out`, which should be buffered. What is held
/// meanwhile are 28 bytes for each jar, and each string once; 5 million jars take 290 MB and make an index of 141 MB.
///
/// # Errors
///
/// When the file is no such database or is damaged, or `out` fails.
pub fn java_index(path: &Path, out: &mut dyn Write) -> Result<JavaCounts, ImportError> {
    let failed =
        |source: rusqlite::Error| ImportError::Sqlite { path: path.to_owned(), source: Box::new(source) };
    std::fs::File::open(path).map_err(|source| ImportError::Open { path: path.to_owned(), source })?;
    let connection = sqlite::open(path).map_err(failed)?;
    let tables = sqlite::tables(&connection).map_err(failed)?;
    if !tables.contains("artifacts") || !tables.contains("indices") {
        let message = "it has no tables of artifacts".to_owned();
        return Err(ImportError::Schema { path: path.to_owned(), message });
    }
    let count =
        connection.query_row("SELECT max(rowid) FROM indices", [], |row| row.get::<_, Option<i64>>(0));
    let count = count.map_err(failed)?.and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let mut counts = JavaCounts::default();
    let mut builder = JavaIndexBuilder::with_capacity(count);
    let mut artifacts = HashMap::new();
    let mut statement =
        connection.prepare("SELECT id, group_id, artifact_id FROM artifacts").map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if let Ok(id) = row.get::<_, i64>(0)
            && let Some(number) = builder.artifact(sqlite::text(row, 1), sqlite::text(row, 2))
        {
            artifacts.insert(id, number);
        }
    }
    let mut statement = connection
        .prepare("SELECT sha1, artifact_id, version FROM indices WHERE archive_type = 'jar'")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        counts.read += 1;
        let sha1 = row.get_ref(0).ok().and_then(|value| value.as_blob().ok()).unwrap_or_default();
        let artifact = row.get::<_, i64>(1).ok().and_then(|id| artifacts.get(&id));
        let kept = artifact.is_some_and(|artifact| builder.jar(sha1, *artifact, sqlite::text(row, 2)));
        counts.kept += u64::from(kept);
    }
    builder.write(out).map_err(|source| ImportError::Write { path: path.to_owned(), source })?;
    Ok(counts)
}
