//! Which Maven artifact a jar is, by the SHA-1 of its bytes: an immutable index that is mapped for reading, and its builder.
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

mod build;

use std::cmp::Ordering;
use std::ops::Range;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use crate::data::Data;

pub use build::JarIndexBuilder;

pub(crate) const MAGIC: &[u8; 8] = b"PLIMJAVA";
/// The version of the form above.
pub const JAR_INDEX_FORMAT: u32 = 1;
const HEADER: usize = 32;
const TRAILER: usize = 8;
/// How much of a digest is kept.
pub(crate) const PREFIX: usize = 10;
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

/// Why a file cannot be used as an index of jars.
#[derive(Debug, thiserror::Error)]
pub enum JarIndexError {
    /// The file cannot be read.
    #[error("cannot open the index of jars")]
    Io(#[source] std::io::Error),
    /// They begin otherwise.
    #[error("not an index of jars")]
    NotAnIndex,
    /// They are of a version that is not known here.
    #[error("the index of jars has the format {0}, not {JAR_INDEX_FORMAT}")]
    Format(u32),
    /// They contradict themselves.
    #[error("the index of jars is damaged")]
    Damaged,
}

/// An opened index of jars. Like [`Index`](crate::Index) it trusts nothing in the file: every offset and count is checked
/// where it is used, and what is damaged is not found.
#[derive(Debug)]
pub struct JarIndex {
    data: Data,
    jars: Range<usize>,
    places: Range<usize>,
    versions: Range<usize>,
    artifacts: Range<usize>,
    strings: Range<usize>,
    text: Range<usize>,
}

impl JarIndex {
    /// Maps the file at `path`. This reads its header only; [`JarIndex::verify`] looks at all of it, once when it is installed.
    ///
    /// # Errors
    ///
    /// When the file cannot be read, is no such index, or is of another length than it says.
    pub fn open(path: &Path) -> Result<JarIndex, JarIndexError> {
        JarIndex::new(Data::map(path).map_err(JarIndexError::Io)?)
    }

    /// Opens an index in memory.
    ///
    /// # Errors
    ///
    /// As [`JarIndex::open`].
    pub fn from_bytes(bytes: Vec<u8>) -> Result<JarIndex, JarIndexError> {
        JarIndex::new(Data::Memory(bytes))
    }

    fn new(data: Data) -> Result<JarIndex, JarIndexError> {
        let all = data.bytes();
        if !all.starts_with(MAGIC) || all.len() < HEADER {
            return Err(JarIndexError::NotAnIndex);
        }
        let number = |at: usize| u32_at(all, at).ok_or(JarIndexError::Damaged);
        let format = number(8)?;
        if format != JAR_INDEX_FORMAT {
            return Err(JarIndexError::Format(format));
        }
        let (jars, artifacts, strings) = (number(12)? as usize, number(16)? as usize, number(20)? as usize);
        let text = all.get(24..).and_then(|rest| rest.first_chunk()).map(|bytes| u64::from_le_bytes(*bytes));
        let text = text.and_then(|text| usize::try_from(text).ok()).ok_or(JarIndexError::Damaged)?;
        let mut end = HEADER;
        let mut section = |count: usize, more: usize, width: usize| {
            let start = end;
            let size = count.checked_add(more).and_then(|count| count.checked_mul(width));
            end = size.and_then(|size| start.checked_add(size)).ok_or(JarIndexError::Damaged)?;
            Ok(start..end)
        };
        let jars_at = section(jars, 0, JAR)?;
        let places = section(artifacts, 1, 4)?;
        let versions = section(jars, 0, 4)?;
        let artifacts = section(artifacts, 0, ARTIFACT)?;
        let strings = section(strings, 1, 4)?;
        let text = section(text, 0, 1)?;
        if end.checked_add(TRAILER) != Some(all.len()) {
            return Err(JarIndexError::Damaged);
        }
        Ok(JarIndex { jars: jars_at, places, versions, artifacts, strings, text, data })
    }

    /// Whether the bytes are those that were written.
    pub fn verify(&self) -> bool {
        let all = self.data.bytes();
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

    /// The group of an artifact of which only id and version are known; `None` also when more than one group has published
    /// that version of an artifact with this id.
    pub fn group_of(&self, artifact: &str, version: &str) -> Option<&str> {
        let mut only = None;
        for number in self.named(artifact)? {
            let (_, group) = self.artifact(number)?;
            if self.has_version(number, version)? && only.replace(group).is_some() {
                return None;
            }
        }
        only
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

    /// Whether an artifact has a jar of this version.
    fn has_version(&self, artifact: usize, version: &str) -> Option<bool> {
        let place = |number: usize| Some(u32_at(self.slice(&self.places, number, 4)?, 0)? as usize);
        let (start, end) = (place(artifact)?, place(artifact.checked_add(1)?)?);
        let at = |number: usize| u32_at(self.slice(&self.versions, start.checked_add(number)?, 4)?, 0);
        let count = end.checked_sub(start)?;
        // Strings are sorted, and so their numbers are in the order of the versions.
        let Some(wanted) = self.string_number(version) else { return Some(false) };
        Some(search(count, |number| Some(at(number)?.cmp(&wanted))).is_some())
    }

    fn string_number(&self, text: &str) -> Option<u32> {
        let count = (self.strings.len() / 4).saturating_sub(1);
        let number = search(count, |number| Some(self.string(u32::try_from(number).ok()?)?.cmp(text)))?;
        u32::try_from(number).ok()
    }

    fn string(&self, number: u32) -> Option<&str> {
        let number = number as usize;
        let place = |number: usize| Some(u32_at(self.slice(&self.strings, number, 4)?, 0)? as usize);
        let text = self.data.bytes().get(self.text.clone())?;
        std::str::from_utf8(text.get(place(number)?..place(number.checked_add(1)?)?)?).ok()
    }

    fn slice(&self, section: &Range<usize>, number: usize, width: usize) -> Option<&[u8]> {
        let start = number.checked_mul(width)?;
        self.data.bytes().get(section.clone())?.get(start..start.checked_add(width)?)
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
