//! Tables in memory in which equal entries are stored once: strings, and runs of numbers.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use crate::write::WriteError;

/// Strings, numbered in the order of their first use.
#[derive(Default)]
pub(crate) struct Strings {
    table: HashTable<u32>,
    /// The number that was given out last: the same text often comes again at once.
    last: u32,
    pub(crate) ends: Vec<u32>,
    pub(crate) bytes: Vec<u8>,
}

impl Strings {
    pub(crate) fn intern(&mut self, text: &[u8]) -> Result<u32, WriteError> {
        if !self.ends.is_empty() && self.get(self.last) == text {
            return Ok(self.last);
        }
        let hash = xxh3_64(text);
        let (ends, bytes) = (&self.ends, &self.bytes);
        if let Some(number) = self.table.find(hash, |number| at(ends, bytes, *number) == text) {
            self.last = *number;
            return Ok(*number);
        }
        let number = u32::try_from(self.ends.len()).map_err(|_| WriteError::TooMany("strings"))?;
        self.bytes.extend_from_slice(text);
        let end = u32::try_from(self.bytes.len()).map_err(|_| WriteError::TooMany("bytes of strings"))?;
        self.ends.push(end);
        let (ends, bytes) = (&self.ends, &self.bytes);
        self.table.insert_unique(hash, number, |number| xxh3_64(at(ends, bytes, *number)));
        self.last = number;
        Ok(number)
    }

    pub(crate) fn get(&self, number: u32) -> &[u8] {
        at(&self.ends, &self.bytes, number)
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }
}

fn at<'a>(ends: &[u32], bytes: &'a [u8], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| *end as usize);
    ends.get(number).and_then(|end| bytes.get(start..*end as usize)).unwrap_or_default()
}

/// Runs of numbers; equal runs lie in the same place.
#[derive(Default)]
pub(crate) struct Runs {
    table: HashTable<(u32, u32)>,
    pub(crate) words: Vec<u32>,
}

impl Runs {
    /// Where `run` lies, in words. An empty run has no place: 0.
    pub(crate) fn intern(&mut self, run: &[u32], what: &'static str) -> Result<u32, WriteError> {
        if run.is_empty() {
            return Ok(0);
        }
        let hash = hash(run);
        let words = &self.words;
        let found = self.table.find(hash, |(start, len)| slice(words, *start, *len) == run);
        if let Some((start, _)) = found {
            return Ok(*start);
        }
        let start = u32::try_from(self.words.len()).map_err(|_| WriteError::TooMany(what))?;
        let len = u32::try_from(run.len()).map_err(|_| WriteError::TooMany(what))?;
        self.words.extend_from_slice(run);
        let words = &self.words;
        self.table.insert_unique(hash, (start, len), |(start, len)| self::hash(slice(words, *start, *len)));
        Ok(start)
    }

    pub(crate) fn get(&self, start: u32, len: usize) -> &[u32] {
        let start = start as usize;
        start.checked_add(len).and_then(|end| self.words.get(start..end)).unwrap_or_default()
    }
}

fn slice(words: &[u32], start: u32, len: u32) -> &[u32] {
    words.get(start as usize..(start as usize).saturating_add(len as usize)).unwrap_or_default()
}

fn hash(run: &[u32]) -> u64 {
    // Multiply and fold: runs are short, and nobody gains from a collision but a slower build of their own.
    let mut hash = run.len() as u64 ^ 0x9e37_79b9_7f4a_7c15;
    for word in run {
        let product = u128::from(hash ^ u64::from(*word)) * 0xa076_1d64_78bd_642f;
        hash = product as u64 ^ (product >> 64) as u64;
    }
    hash
}

/// The beginning of a text as a number that is ordered as the texts are, where they differ there: most comparisons of a sort
/// then need not look at the texts themselves, which lie all over the memory.
pub(crate) fn prefix(text: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(text) {
        *to = *from;
    }
    u128::from_be_bytes(bytes)
}
