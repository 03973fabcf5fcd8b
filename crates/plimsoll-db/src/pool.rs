//! Tables in memory in which equal entries are stored once: strings, and runs of numbers.

use xxhash_rust::xxh3::xxh3_64;

use crate::write::WriteError;

/// A hash table of numbers whose keys lie elsewhere. Each slot holds a part of the hash beside the number: where tables are
/// larger than the processor's caches, the time goes into fetching memory, and a look-up fetches one slot, mostly.
#[derive(Default)]
pub(crate) struct Table {
    /// `hash << 32 | number`, or [`EMPTY`]; a power of two of them, half of them empty at least.
    slots: Vec<u64>,
    len: usize,
}

const EMPTY: u64 = u64::MAX;

impl Table {
    /// The number with this hash that `is` the wanted one.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.start(hash)?;
        loop {
            let slot = *self.slots.get(at)?;
            if slot == EMPTY {
                return None;
            }
            if (slot >> 32) as u32 == hash && is(slot as u32) {
                return Some(slot as u32);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Adds a number that is not there, below [`u32::MAX`].
    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if (self.len + 1) * 2 > self.slots.len() {
            let larger = vec![EMPTY; (self.slots.len() * 2).max(64)];
            for slot in std::mem::replace(&mut self.slots, larger) {
                if slot != EMPTY {
                    self.put(slot);
                }
            }
        }
        self.put(u64::from(hash) << 32 | u64::from(number));
        self.len += 1;
    }

    fn put(&mut self, slot: u64) {
        let Some(mut at) = self.start((slot >> 32) as u32) else { return };
        while self.slots.get(at).is_some_and(|found| *found != EMPTY) {
            at = (at + 1) & (self.slots.len() - 1);
        }
        if let Some(free) = self.slots.get_mut(at) {
            *free = slot;
        }
    }

    /// Where a hash is looked for first.
    fn start(&self, hash: u32) -> Option<usize> {
        // The upper bits of the product spread over any size of table.
        let bits = self.slots.len().checked_ilog2()?;
        let spread = hash.wrapping_mul(0x9e37_79b1);
        Some(if bits > 32 { spread as usize } else { (u64::from(spread) >> (32 - bits)) as usize })
    }
}

/// Strings, numbered in the order of their first use.
#[derive(Default)]
pub(crate) struct Strings {
    table: Table,
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
        let hash = xxh3_64(text) as u32;
        let (ends, bytes) = (&self.ends, &self.bytes);
        if let Some(number) = self.table.find(hash, |number| at(ends, bytes, number) == text) {
            self.last = number;
            return Ok(number);
        }
        let number = number_of(self.ends.len(), "strings")?;
        self.bytes.extend_from_slice(text);
        self.ends.push(number_of(self.bytes.len(), "bytes of strings")?);
        self.table.insert(hash, number);
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

/// A count as a number that a table can hold.
fn number_of(count: usize, what: &'static str) -> Result<u32, WriteError> {
    u32::try_from(count).ok().filter(|number| *number != u32::MAX).ok_or(WriteError::TooMany(what))
}

fn at<'a>(ends: &[u32], bytes: &'a [u8], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).and_then(|before| ends.get(before)).map_or(0, |end| *end as usize);
    ends.get(number).and_then(|end| bytes.get(start..*end as usize)).unwrap_or_default()
}

/// Runs of numbers; equal runs lie in the same place.
#[derive(Default)]
pub(crate) struct Runs {
    table: Table,
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
        // A longer run that begins with this one serves as well.
        let found =
            self.table.find(hash, |start| words.get(start as usize..).is_some_and(|at| at.starts_with(run)));
        if let Some(start) = found {
            return Ok(start);
        }
        let start = number_of(self.words.len(), what)?;
        number_of(self.words.len().saturating_add(run.len()), what)?;
        self.words.extend_from_slice(run);
        self.table.insert(hash, start);
        Ok(start)
    }

    pub(crate) fn get(&self, start: u32, len: usize) -> &[u32] {
        let start = start as usize;
        start.checked_add(len).and_then(|end| self.words.get(start..end)).unwrap_or_default()
    }
}

fn hash(run: &[u32]) -> u32 {
    // Multiply and fold: runs are short, and nobody gains from a collision but a slower build of their own.
    let mut hash = run.len() as u64 ^ 0x9e37_79b9_7f4a_7c15;
    for word in run {
        let product = u128::from(hash ^ u64::from(*word)) * 0xa076_1d64_78bd_642f;
        hash = product as u64 ^ (product >> 64) as u64;
    }
    hash as u32
}

/// The beginning of a text as a number that is ordered as the texts are, where they differ there: most comparisons of a
/// sort then need not look at the texts themselves, which lie all over the memory.
pub(crate) fn prefix(text: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(text) {
        *to = *from;
    }
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_entries_are_stored_once() {
        let mut strings = Strings::default();
        let texts: Vec<String> = (0..5_000).map(|i| format!("text {}", i % 1_700)).collect();
        let numbers: Vec<u32> = texts.iter().map(|text| strings.intern(text.as_bytes()).unwrap()).collect();
        assert_eq!(strings.len(), 1_700);
        for (text, number) in texts.iter().zip(numbers) {
            assert_eq!(strings.get(number), text.as_bytes());
        }
        let mut runs = Runs::default();
        for i in 0..5_000u32 {
            let run = [i % 90, i % 7, 3];
            let start = runs.intern(&run, "words").unwrap();
            assert_eq!(runs.get(start, 3), run);
        }
        assert_eq!(runs.words.len(), 630 * 3);
        assert_eq!(runs.intern(&[], "words").unwrap(), 0);
    }

    #[test]
    fn numbers_with_one_hash_are_told_apart() {
        let mut table = Table::default();
        assert_eq!(table.find(7, |_| true), None);
        for number in 0..1_000 {
            table.insert(7, number);
        }
        assert_eq!(table.find(7, |number| number == 999), Some(999));
        assert_eq!(table.find(8, |_| true), None);
    }

    #[test]
    fn prefixes_are_ordered_as_texts_are() {
        let mut texts =
            ["", "a", "ab", "CVE-2021-44228", "CVE-2021-44229", "\u{fc}", "a very long text indeed"];
        texts.sort_unstable();
        assert!(texts.is_sorted_by_key(|text| prefix(text.as_bytes())));
    }
}
