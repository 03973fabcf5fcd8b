//! One text as it runs through the engine, in pieces of any size.
//!
//! A text is looked at in blocks that begin at fixed places, each with what lies before and after it, so that neither a block's
//! border nor a piece's changes what is found.

use std::ops::Range;

use regex_automata::{Anchored, Input};

use super::Engine;
use crate::filters::{self, Place, Verdict};
use crate::rule::{MAX_AFTER, MAX_BEFORE, Rule};
use crate::text;

/// The bytes of a block.
const BLOCK: usize = 256 << 10;

/// How far behind a keyword its separator may stand.
const SEPARATOR: usize = 40;

/// The most hits that are kept of one text.
const MAX_HITS: usize = 500;

/// The bytes of windows that expressions may look at, for each byte of a text and for any text: what asks for more is made to.
const WORK_PER_BYTE: u64 = 64;
const WORK_AT_LEAST: u64 = 64 << 20;

/// What kind of bytes a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Letters.
    Text,
    /// Anything: only rules for binary files apply.
    Binary,
}

/// A secret that was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    /// The rule's number.
    pub(crate) rule: u16,
    /// Where its value stands, from the beginning of the text.
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// The line, from 1; 0 in a binary file.
    pub(crate) line: u32,
    pub(crate) end_line: u32,
    /// The column of its first character, from 1; 0 in a binary file.
    pub(crate) column: u32,
    /// A number that stands for the value.
    pub(crate) value: u64,
    /// The line that shows it, masked.
    pub(crate) evidence: String,
    /// What was decided of it.
    pub(crate) verdict: Verdict,
}

/// A text that is being looked at.
pub(crate) struct Session<'e> {
    engine: &'e Engine,
    place: Place,
    mode: Mode,
    /// What is not done with: from `MAX_BEFORE` bytes before the next block.
    buffer: Vec<u8>,
    /// Where the buffer begins in the text.
    base: u64,
    /// Where the next block begins in the text.
    next: u64,
    /// For each rule that matched, where its last match ended.
    ends: Vec<(u16, u64)>,
    /// Lines that lie before `counted`, and where the last of them ended.
    lines: u32,
    line_start: u64,
    counted: u64,
    work: u64,
    /// Parts of the text that are not looked at, in order.
    without: Vec<Range<u64>>,
    /// Room for the groups of an expression.
    slots: Vec<Option<regex_automata::util::primitives::NonMaxUsize>>,
    pub(crate) hits: Vec<Hit>,
    /// True when a limit was reached.
    pub(crate) capped: bool,
}

impl<'e> Session<'e> {
    pub(crate) fn new(engine: &'e Engine, place: Place, mode: Mode) -> Session<'e> {
        Session {
            engine,
            place,
            mode,
            buffer: Vec::new(),
            base: 0,
            next: 0,
            ends: Vec::new(),
            lines: 0,
            line_start: 0,
            counted: 0,
            work: 0,
            without: Vec::new(),
            slots: Vec::new(),
            hits: Vec::new(),
            capped: false,
        }
    }

    /// Leaves out these parts of the text, which are in the order of their beginnings.
    pub(crate) fn without(self, parts: Vec<Range<u64>>) -> Session<'e> {
        Session { without: parts, ..self }
    }

    /// Takes the next piece.
    pub(crate) fn piece(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        let end = self.base + self.buffer.len() as u64;
        if end - self.next < (BLOCK + MAX_AFTER) as u64 {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        while end - self.next >= (BLOCK + MAX_AFTER) as u64 {
            self.block(&buffer, self.base);
        }
        let keep = self.next.saturating_sub(MAX_BEFORE as u64).max(self.base);
        buffer.drain(..(keep - self.base) as usize);
        self.base = keep;
        self.buffer = buffer;
    }

    /// The text has ended.
    pub(crate) fn finish(mut self) -> (Vec<Hit>, bool) {
        let buffer = std::mem::take(&mut self.buffer);
        let end = self.base + buffer.len() as u64;
        while self.next < end {
            self.block(&buffer, self.base);
        }
        (self.hits, self.capped)
    }

    /// Looks at a whole text where it lies.
    pub(crate) fn whole(mut self, text: &[u8]) -> (Vec<Hit>, bool) {
        while self.next < text.len() as u64 {
            self.block(text, 0);
        }
        (self.hits, self.capped)
    }

    /// Looks at the next block of `buffer`, which begins at `base` in the text.
    fn block(&mut self, buffer: &[u8], base: u64) {
        let core = self.next;
        let from = core.saturating_sub(MAX_BEFORE as u64).max(base);
        let to = (core + (BLOCK + MAX_AFTER) as u64).min(base + buffer.len() as u64);
        let core_end = (core + BLOCK as u64).min(to);
        let view = buffer.get((from - base) as usize..(to - base) as usize).unwrap_or_default();
        let engine = self.engine;
        let filter = match self.mode {
            Mode::Text => &engine.text,
            Mode::Binary => &engine.binary,
        };
        let before = self.hits.len();
        let mut found: Vec<(usize, Range<usize>)> = Vec::new();
        let parts = outside(core..core_end, &self.without);
        for part in parts {
            let range = (part.start - from) as usize..(part.end - from) as usize;
            filter.find(view, range, |start, word| {
                let keyword = start..start + word.len();
                for number in &word.rules {
                    let Some(rule) = engine.rule(*number) else { continue };
                    if !self.keyword(view, from, *number, rule, &keyword, core, &mut found) {
                        return false;
                    }
                }
                true
            });
        }
        // Lines are counted only for what was found, and evidence is made when all values of the block are known.
        found.sort_by_key(|(_, value)| value.start);
        let values: Vec<Range<usize>> = found.iter().map(|(_, value)| value.clone()).collect();
        for (hit, value) in &found {
            let at = from + value.start as u64;
            if self.mode == Mode::Text {
                self.count(view, from, at);
                let line = self.lines.saturating_add(1);
                let column = at.saturating_sub(self.line_start);
                let line_from = (self.line_start.max(from) - from) as usize;
                let prefix = view.get(line_from..value.start).unwrap_or_default();
                let inner = view.get(value.clone()).unwrap_or_default();
                let more = memchr::memchr_iter(b'\n', inner.strip_suffix(b"\n").unwrap_or(inner)).count();
                if let Some(hit) = self.hits.get_mut(*hit) {
                    hit.line = line;
                    hit.end_line = line.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
                    // Characters where the line's beginning is at hand, bytes where the line is longer than that.
                    let characters = match self.line_start >= from {
                        true => text::characters(prefix) as u64,
                        false => column,
                    };
                    hit.column = u32::try_from(characters + 1).unwrap_or(u32::MAX);
                }
            }
            let evidence = text::evidence(view, value, &values);
            if let Some(hit) = self.hits.get_mut(*hit) {
                hit.evidence = evidence;
            }
        }
        if let Some(new) = self.hits.get_mut(before..) {
            new.sort_by_key(|hit| hit.start);
        }
        self.next = core_end;
        if self.mode == Mode::Text && core_end > self.counted && to > core_end {
            self.count(view, from, core_end);
        }
    }

    /// Counts lines up to `at`, which is not before what was counted last.
    fn count(&mut self, view: &[u8], base: u64, at: u64) {
        if at <= self.counted {
            // A value that begins in what the block before counted already: go back to the line's beginning.
            let upto = view.get(..(at - base) as usize).unwrap_or_default();
            let between = view.get((at - base) as usize..(self.counted.saturating_sub(base)) as usize);
            let back = memchr::memchr_iter(b'\n', between.unwrap_or_default()).count();
            if back > 0 {
                self.lines = self.lines.saturating_sub(u32::try_from(back).unwrap_or(u32::MAX));
                self.line_start = memchr::memrchr(b'\n', upto).map_or(base, |line| base + line as u64 + 1);
            }
            self.counted = at;
            return;
        }
        let start = (self.counted.max(base) - base) as usize;
        let part = view.get(start..(at - base) as usize).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', part).count();
        self.lines = self.lines.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        if let Some(last) = memchr::memrchr(b'\n', part) {
            self.line_start = base + (start + last) as u64 + 1;
        }
        self.counted = at;
    }

    /// A keyword of a rule stands at `keyword`. False when the block is to be left.
    #[expect(clippy::too_many_arguments, reason = "the parts of one place in one text")]
    fn keyword(
        &mut self,
        view: &[u8],
        base: u64,
        number: u16,
        rule: &Rule,
        keyword: &Range<usize>,
        core: u64,
        found: &mut Vec<(usize, Range<usize>)>,
    ) -> bool {
        if rule.context && !separator_follows(view, keyword.end) {
            return true;
        }
        let last = self.ends.iter().find(|(rule, _)| *rule == number).map(|(_, end)| *end);
        if last.is_some_and(|end| base + (keyword.start as u64) < end) {
            return true;
        }
        let Some(pattern) = &rule.pattern else { return true };
        if rule.paths.as_ref().is_some_and(|paths| !paths.is_match(&self.place.path)) {
            return true;
        }
        let Some(regex) = pattern.get() else { return true };
        let floor = last.map_or(0, |end| end.saturating_sub(base) as usize);
        let hints = pattern.hints(&rule.keywords);
        let begins = hints.begins && !rule.users;
        let (mut before, mut after) = (rule.before, rule.after);
        // Users' keywords need not be part of the match, and may stand on another line.
        if let Some(longest) = hints.longest.filter(|_| !rule.users) {
            before = before.min(longest.saturating_sub(keyword.len()));
            // What follows a match may be asked for.
            after = after.min(longest.saturating_sub(keyword.len()).saturating_add(1));
        }
        if begins {
            before = 0;
        }
        let mut from = keyword.start.saturating_sub(before).max(floor.min(keyword.start));
        let mut to = keyword.end.saturating_add(after).min(view.len());
        if hints.one_line && !rule.users {
            let before = view.get(from..keyword.start).unwrap_or_default();
            from = memchr::memrchr(b'\n', before).map_or(from, |line| from + line + 1);
            let after = view.get(keyword.end..to).unwrap_or_default();
            to = memchr::memchr(b'\n', after).map_or(to, |line| keyword.end + line);
        }
        if hints
            .byte
            .is_some_and(|byte| memchr::memchr(byte, view.get(from..to).unwrap_or_default()).is_none())
        {
            return true;
        }
        self.slots.clear();
        self.slots.resize(regex.group_info().slot_len(), None);
        loop {
            self.work += (to - from) as u64 + 64;
            if self.work > WORK_AT_LEAST && self.work / WORK_PER_BYTE > core + BLOCK as u64 {
                self.capped = true;
                return false;
            }
            let anchored = if begins { Anchored::Yes } else { Anchored::No };
            let input = Input::new(view).range(from..to).anchored(anchored);
            if regex.search_slots(&input, &mut self.slots).is_none() {
                return true;
            }
            let slots = std::mem::take(&mut self.slots);
            let group = |n: usize| -> Option<Range<usize>> {
                let start = (*slots.get(n * 2)?)?.get();
                Some(start..(*slots.get(n * 2 + 1)?)?.get())
            };
            let Some(whole) = group(0) else { return true };
            if whole.end <= keyword.start {
                // A match of something before the keyword.
                from = whole.end.max(from + 1);
                self.slots = slots;
                continue;
            }
            let end = base + whole.end as u64;
            match self.ends.iter_mut().find(|(rule, _)| *rule == number) {
                Some((_, last)) => *last = end,
                None => self.ends.push((number, end)),
            }
            let named = regex.group_info().to_index(regex_automata::PatternID::ZERO, "secret");
            let value = match (rule.group, named) {
                (Some(number), _) => group(number),
                (None, Some(number)) => group(number),
                (None, None) => (1..regex.captures_len()).find_map(group),
            };
            let value = value.filter(|value| !value.is_empty()).unwrap_or(whole);
            self.slots = slots;
            self.judge(view, base, number, rule, value, found);
            if self.hits.len() >= MAX_HITS {
                self.capped = true;
                return false;
            }
            return true;
        }
    }

    fn judge(
        &mut self,
        view: &[u8],
        base: u64,
        number: u16,
        rule: &Rule,
        value: Range<usize>,
        found: &mut Vec<(usize, Range<usize>)>,
    ) {
        let Some(secret) = view.get(value.clone()) else { return };
        let Some(verdict) = filters::judge(rule, &self.place, view, &value, self.mode) else { return };
        let hash = xxhash_rust::xxh3::xxh3_64(secret);
        // The same value once, whichever of its places came first; a rule that is sure wins over one that guesses.
        let same = self.hits.iter_mut().find(|hit| hit.value == hash);
        if let Some(same) = same {
            let old = self.engine.rule(same.rule).is_some_and(Rule::is_generic);
            if old && !rule.is_generic() {
                same.rule = number;
                same.verdict = verdict;
            }
            return;
        }
        found.push((self.hits.len(), value.clone()));
        self.hits.push(Hit {
            rule: number,
            start: base + value.start as u64,
            end: base + value.end as u64,
            line: 0,
            end_line: 0,
            column: 0,
            value: hash,
            evidence: String::new(),
            verdict,
        });
    }
}

/// What is left of `range` without `parts`, which are in the order of their beginnings.
fn outside(range: Range<u64>, parts: &[Range<u64>]) -> Vec<Range<u64>> {
    let mut left = Vec::with_capacity(parts.len() + 1);
    let mut at = range.start;
    for part in parts {
        if part.start.min(range.end) > at {
            left.push(at..part.start.min(range.end));
        }
        at = at.max(part.end);
    }
    if at < range.end {
        left.push(at..range.end);
    }
    left
}

/// True when one of `= : > , |` follows a keyword closely.
fn separator_follows(text: &[u8], end: usize) -> bool {
    let near = text.get(end..text.len().min(end + SEPARATOR)).unwrap_or_default();
    near.iter().any(|byte| matches!(byte, b'=' | b':' | b'>' | b',' | b'|'))
}

#[cfg(test)]
mod tests {
    use super::outside;

    #[test]
    fn parts_are_left_out() {
        let left = |parts: &[(u64, u64)]| -> Vec<(u64, u64)> {
            let parts: Vec<_> = parts.iter().map(|(start, end)| *start..*end).collect();
            outside(10..20, &parts).into_iter().map(|part| (part.start, part.end)).collect()
        };
        assert_eq!(left(&[]), [(10, 20)]);
        assert_eq!(left(&[(0, 5), (30, 40)]), [(10, 20)]);
        assert_eq!(left(&[(0, 12), (15, 16)]), [(12, 15), (16, 20)]);
        assert_eq!(left(&[(12, 18), (13, 14), (18, 25)]), [(10, 12)]);
        assert_eq!(left(&[(0, 99)]), []);
    }
}
