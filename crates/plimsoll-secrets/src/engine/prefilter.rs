//! Finds the keywords of all rules in one pass, whatever their number.
//!
//! Each keyword is known by four bytes in a row, the rarest that it has, without regard to case. A bit table says for three bytes
//! whether they are part of any keyword's four; looked at in every second place, it misses none. The few places where they are get
//! compared in full. An Aho-Corasick automaton walks from state to state, each step waiting for the last; here the places are
//! independent of each other.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::rarity;
use crate::rule::MAX_KEYWORD;

/// The bits of the table, as a power of two: 16 KiB, which stay in a core's first cache.
const TABLE_BITS: u32 = 17;

/// The slots of the table that leads from four bytes to keywords, as a power of two.
const SLOT_BITS: u32 = 13;

/// The most places among which four bytes lead to keywords; more of them would mean a table that is full.
const MAX_GRAMS: usize = 1 << (SLOT_BITS - 1);

/// Makes letters small. Other characters change too, but all alike.
const FOLD: u32 = 0x2020_2020;

/// A keyword and the rules that have it.
#[derive(Debug)]
pub(crate) struct Word {
    text: Vec<u8>,
    case_sensitive: bool,
    /// Where in the keyword its four bytes stand.
    anchor: usize,
    /// The numbers of the rules.
    pub(crate) rules: Vec<u16>,
}

impl Word {
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    fn stands_at(&self, text: &[u8]) -> bool {
        match text.get(..self.text.len()) {
            Some(found) if self.case_sensitive => found == self.text,
            Some(found) => found.eq_ignore_ascii_case(&self.text),
            None => false,
        }
    }
}

#[derive(Clone, Copy)]
struct Slot {
    gram: u32,
    /// The keywords that four bytes lead to, as a range of `lists`; empty for a free slot.
    start: u32,
    end: u32,
}

/// The places of a batch; half of them at most are kept of three bytes.
const BATCH: usize = 2048;

/// Places that are sifted together, from where the batch begins.
struct Batch {
    threes: [u16; BATCH],
    count: usize,
    fours: [u16; 2 * BATCH],
}

impl Default for Batch {
    fn default() -> Batch {
        Batch { threes: [0; BATCH], count: 0, fours: [0; 2 * BATCH] }
    }
}

/// Finds keywords.
pub(crate) struct Prefilter {
    table: Box<[u64; 1 << (TABLE_BITS - 6)]>,
    /// The same for all four bytes.
    grams: Box<[u64; 1 << (TABLE_BITS - 6)]>,
    slots: Box<[Slot]>,
    lists: Vec<u16>,
    words: Vec<Word>,
}

#[inline(always)]
fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}

/// Eight bytes, folded.
#[inline(always)]
fn load(text: &[u8], at: usize) -> Option<u64> {
    let bytes = text.get(at..at + 8)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*bytes) | 0x2020_2020_2020_2020)
}

#[inline(always)]
fn slot_hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x85eb_ca6b)
}

fn slot(gram: u32) -> usize {
    (slot_hash(gram) >> (32 - SLOT_BITS)) as usize
}

impl Prefilter {
    /// Builds it for keywords: the text, whether case counts, and the rule.
    pub(crate) fn new<'k>(keywords: impl Iterator<Item = (&'k [u8], bool, u16)>) -> Prefilter {
        let mut words: Vec<Word> = Vec::new();
        for (text, case_sensitive, rule) in keywords {
            let same = |word: &&mut Word| {
                word.case_sensitive == case_sensitive
                    && (word.text == text || !case_sensitive && word.text.eq_ignore_ascii_case(text))
            };
            match words.iter_mut().find(same) {
                Some(word) if word.rules.contains(&rule) => {}
                Some(word) => word.rules.push(rule),
                None => words.push(Word {
                    anchor: anchor(text),
                    text: text.to_vec(),
                    case_sensitive,
                    rules: vec![rule],
                }),
            }
        }
        let mut grams: Vec<(u32, u16)> = Vec::new();
        for (number, word) in (0u16..).zip(&words) {
            let at = |i: usize| u32::from(word.text.get(word.anchor + i).copied().unwrap_or(0));
            let three = at(0) | at(1) << 8 | at(2) << 16;
            if word.text.len() >= 4 {
                grams.push(((three | at(3) << 24) | FOLD, number));
            } else {
                // A keyword of three bytes is followed by anything.
                let mut last: Vec<u32> = (0..=255u32).map(|byte| byte | 0x20).collect();
                last.sort_unstable();
                last.dedup();
                grams.extend(last.into_iter().map(|byte| ((three | byte << 24) | FOLD, number)));
            }
        }
        grams.sort_unstable();
        grams.truncate(MAX_GRAMS * 4);
        let mut table = Box::new([0u64; 1 << (TABLE_BITS - 6)]);
        let mut known = Box::new([0u64; 1 << (TABLE_BITS - 6)]);
        let mut slots = vec![Slot { gram: 0, start: 0, end: 0 }; 1 << SLOT_BITS].into_boxed_slice();
        let mut lists = Vec::with_capacity(grams.len());
        for same in grams.chunk_by(|a, b| a.0 == b.0) {
            let Some((gram, _)) = same.first() else { continue };
            let bit = slot_hash(*gram) >> (32 - TABLE_BITS);
            if let Some(word) = known.get_mut((bit >> 6) as usize) {
                *word |= 1 << (bit & 63);
            }
            // Seen from its own place, and from the one before.
            for three in [*gram & !0xff, *gram << 8] {
                let bit = hash(three) >> (32 - TABLE_BITS);
                if let Some(word) = table.get_mut((bit >> 6) as usize) {
                    *word |= 1 << (bit & 63);
                }
            }
            let start = lists.len() as u32;
            lists.extend(same.iter().map(|(_, word)| *word));
            let mut at = slot(*gram);
            let free = (0..slots.len()).find_map(|_| {
                let found = at;
                at = (at + 1) & (slots.len() - 1);
                slots.get(found).filter(|slot| slot.start == slot.end).map(|_| found)
            });
            if let Some(slot) = free.and_then(|free| slots.get_mut(free)) {
                *slot = Slot { gram: *gram, start, end: lists.len() as u32 };
            }
        }
        Prefilter { table, grams: known, slots, lists, words }
    }

    /// True when so many keywords fit.
    pub(crate) fn fits(&self) -> bool {
        self.slots.iter().filter(|slot| slot.start != slot.end).count() <= MAX_GRAMS
            && self.words.len() <= MAX_GRAMS
    }

    /// Calls `hit` for each keyword that begins in `range` of `text`, in the order of their four bytes; it stops when `hit` says so.
    pub(crate) fn find(&self, text: &[u8], range: Range<usize>, mut hit: impl FnMut(usize, &Word) -> bool) {
        let end = text.len().min(range.end.saturating_add(MAX_KEYWORD));
        let mut at = range.start.min(end);
        let mut batch = Batch::default();
        loop {
            let base = at;
            at = self.fill(text, base, end, &mut batch);
            for place in self.sift(text, base, &mut batch) {
                if !self.look(text, &range, base + usize::from(*place), &mut hit) {
                    return;
                }
            }
            // It ends short of the end where little lies behind the places.
            if at >= end || at - base < BATCH {
                break;
            }
        }
        // The last places, with little behind them.
        while at < end {
            if !self.look(text, &range, at, &mut hit) {
                return;
            }
            at += 1;
        }
    }

    /// Collects the places from `base` where three bytes belong to a keyword, up to a batch of them; gives the place where it ended.
    ///
    /// A place is written whether it counts or not and the next over it when not: a branch on what the text holds would be guessed
    /// wrong too often.
    #[inline(always)]
    fn fill(&self, text: &[u8], base: usize, end: usize, batch: &mut Batch) -> usize {
        let (mut at, mut count) = (base, 0usize);
        // Eight places at a time, two by two: three bytes are common to the four at a place and the four at the next.
        while at < end && at - base < BATCH {
            let (Some(low), Some(high)) = (load(text, at), load(text, at + 4)) else { break };
            let place = (at - base) as u16;
            for (step, four) in [(0, low), (2, low >> 16), (4, low >> 32), (6, high >> 16)] {
                batch.threes[count & (BATCH - 1)] = place + step;
                count += (self.bit(four as u32 & !0xff) & 1) as usize;
            }
            at += 8;
        }
        batch.count = count;
        at
    }

    /// Of the places of a batch, and those behind each, the ones whose four bytes may be those of a keyword.
    #[inline(always)]
    fn sift<'b>(&self, text: &[u8], base: usize, batch: &'b mut Batch) -> &'b [u16] {
        let mut count = 0usize;
        for place in batch.threes.get(..batch.count).unwrap_or_default() {
            // All five bytes were there when the place was found.
            let at = base + usize::from(*place);
            let Some([a, b, c, d, e]) = text.get(at..at + 5).and_then(|five| five.first_chunk::<5>()) else {
                continue;
            };
            let first = u32::from_le_bytes([*a, *b, *c, *d]) | FOLD;
            let second = u32::from_le_bytes([*b, *c, *d, *e]) | FOLD;
            for (step, four) in [(0, first), (1, second)] {
                batch.fours[count & (2 * BATCH - 1)] = place + step;
                count += usize::from(self.known(four));
            }
        }
        batch.fours.get(..count).unwrap_or_default()
    }

    /// In its lowest bit: whether these three bytes (the upper ones of `three`) belong to a keyword.
    #[inline(always)]
    fn bit(&self, three: u32) -> u64 {
        let bit = hash(three) >> (32 - TABLE_BITS);
        self.table[(bit >> 6) as usize] >> (bit & 63)
    }

    /// Whether these four bytes may be those of a keyword.
    #[inline(always)]
    fn known(&self, gram: u32) -> bool {
        let bit = slot_hash(gram) >> (32 - TABLE_BITS);
        self.grams[(bit >> 6) as usize] >> (bit & 63) & 1 != 0
    }

    #[inline(never)]
    fn look(
        &self,
        text: &[u8],
        range: &Range<usize>,
        at: usize,
        hit: &mut impl FnMut(usize, &Word) -> bool,
    ) -> bool {
        let byte = |i: usize| u32::from(text.get(at + i).copied().unwrap_or(0));
        let gram = (byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24) | FOLD;
        let mut number = slot(gram);
        while let Some(slot) = self.slots.get(number).filter(|slot| slot.start != slot.end) {
            if slot.gram == gram {
                let list = self.lists.get(slot.start as usize..slot.end as usize).unwrap_or_default();
                for word in list.iter().filter_map(|word| self.words.get(usize::from(*word))) {
                    let Some(start) = at.checked_sub(word.anchor) else { continue };
                    if range.contains(&start)
                        && word.stands_at(text.get(start..).unwrap_or_default())
                        && !hit(start, word)
                    {
                        return false;
                    }
                }
                return true;
            }
            number = (number + 1) & (self.slots.len() - 1);
        }
        true
    }
}

/// How often runs of three and four bytes stand in a gigabyte of text, those that are common: counted by `examples/common.rs`.
static COMMON: LazyLock<HashMap<(usize, u32), u64>> = LazyLock::new(|| {
    let mut common = HashMap::new();
    for line in include_str!("common.txt").lines() {
        let mut parts = line.splitn(3, ' ');
        let mut number = || parts.next().and_then(|part| part.parse::<usize>().ok());
        let (Some(len @ 3..=4), Some(power @ 0..=40), Some(runs)) = (number(), number(), parts.next()) else {
            continue;
        };
        common.extend(runs.as_bytes().chunks_exact(len).map(|run| ((len, folded(run)), 1 << power)));
    }
    common
});

/// Up to four bytes as the filter compares them.
fn folded(run: &[u8]) -> u32 {
    run.iter().take(4).enumerate().fold(0, |all, (i, byte)| all | u32::from(byte | 0x20) << (8 * i))
}

/// Where the four bytes of a keyword begin that are found the least often.
fn anchor(text: &[u8]) -> usize {
    let common = |run: &[u8]| COMMON.get(&(run.len(), folded(run))).copied().unwrap_or(0);
    let cost = |start: &usize| -> (u64, u64) {
        let four = text.get(*start..*start + 4).unwrap_or_default();
        let threes: u64 = four.windows(3).map(common).sum();
        // What three bytes let pass costs a look at the table of fours, and what that lets pass a search for the keyword.
        let counted = threes.saturating_add(common(four).saturating_mul(4));
        (counted, four.windows(3).map(rarity::common).sum())
    };
    (0..text.len().saturating_sub(3)).min_by_key(cost).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[(&str, bool)], text: &str, range: Range<usize>) -> Vec<(usize, u16)> {
        let filter = Prefilter::new(
            (0u16..).zip(words).map(|(number, (word, case))| (word.as_bytes(), *case, number)),
        );
        let mut found = Vec::new();
        filter.find(text.as_bytes(), range, |start, word| {
            found.extend(word.rules.iter().map(|rule| (start, *rule)));
            true
        });
        found.sort_unstable();
        found
    }

    #[test]
    fn finds_what_a_plain_search_finds() {
        let words = [
            ("ghp_", true),
            ("password", false),
            ("eyJ", true),
            ("api_key", false),
            ("-----BEGIN", true),
            ("glpat-", true),
        ];
        let text = "GHP_ ghp_x PassWord=eyJhbGci API_KEY -----BEGIN glpat-\u{e9} passwordpassword eyJ";
        let mut expected = Vec::new();
        for (number, (word, case)) in (0u16..).zip(words) {
            for start in 0..text.len() {
                let part = text.as_bytes().get(start..start + word.len());
                let same = part.is_some_and(|part| {
                    if case { part == word.as_bytes() } else { part.eq_ignore_ascii_case(word.as_bytes()) }
                });
                if same {
                    expected.push((start, number));
                }
            }
        }
        expected.sort_unstable();
        assert_eq!(found(&words, text, 0..text.len()), expected);
        assert!(expected.len() > 8);
        // Every keyword is found once, wherever the text is cut into ranges.
        for cut in 0..=text.len() {
            let mut both = found(&words, text, 0..cut);
            both.extend(found(&words, text, cut..text.len()));
            assert_eq!(both, expected, "cut at {cut}");
        }
    }

    #[test]
    fn common_runs_are_no_anchors() {
        let four = |word: &str| word.get(anchor(word.as_bytes())..).unwrap()[..4].to_owned();
        for (word, common) in
            [("_PASS=", "ASS="), ("-----BEGIN RSA PRIVATE KEY-----", "----"), ("smtps://", "s://")]
        {
            assert_ne!(four(word), common, "{word}");
        }
        assert!(COMMON[&(4, folded(b"HTTP"))] > COMMON[&(4, folded(b"pass"))]);
    }

    #[test]
    fn finds_at_every_offset() {
        for offset in 0..40 {
            let text = format!("{}dop_v1_{}", "x".repeat(offset), "y".repeat(offset % 7));
            assert_eq!(found(&[("dop_v1_", true)], &text, 0..text.len()), [(offset, 0)]);
        }
    }
}
