//! Text: which bytes are text, UTF-16 as UTF-8, and the line that shows a secret without showing it.

use std::ops::Range;

use plimsoll_types::Secret;

use crate::engine::rarity;

/// The most characters of evidence.
const MAX_EVIDENCE: usize = 200;

/// How much of a line is shown before and after a value, in bytes.
const BEFORE: usize = 80;
const AFTER: usize = 60;

/// How many of a file's first bytes say how it is to be read.
pub(crate) const HEAD: usize = 4096;

/// How bytes are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// ASCII, UTF-8, Latin-1: as they are.
    Plain,
    Utf16Le,
    Utf16Be,
    Binary,
}

/// Tells from a file's first bytes how it is to be read.
pub(crate) fn encoding(head: &[u8]) -> Encoding {
    match head {
        [0xff, 0xfe, 0, 0, ..] => return Encoding::Binary,
        [0xff, 0xfe, ..] => return Encoding::Utf16Le,
        [0xfe, 0xff, ..] => return Encoding::Utf16Be,
        _ => {}
    }
    if memchr::memchr(0, head).is_none() {
        // A format without zero bytes at its beginning still shows by its control characters.
        let strange: usize = head.chunks(128).map(strange).sum();
        return if strange * 20 > head.len() { Encoding::Binary } else { Encoding::Plain };
    }
    // UTF-16 of mostly ASCII letters: every second byte is zero, and the others are letters.
    if head.len() >= 8 {
        let pairs = head.chunks_exact(2);
        let count = pairs.len();
        let (mut little, mut big) = (0, 0);
        for pair in pairs {
            let text = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e);
            little += usize::from(pair[1] == 0 && text(pair[0]));
            big += usize::from(pair[0] == 0 && text(pair[1]));
        }
        if little * 10 > count * 9 {
            return Encoding::Utf16Le;
        }
        if big * 10 > count * 9 {
            return Encoding::Utf16Be;
        }
    }
    Encoding::Binary
}

/// How many bytes of a chunk of 255 bytes at most are control characters that no text has: written so that it is done for many bytes
/// at a time.
fn strange(chunk: &[u8]) -> usize {
    let strange = |byte: u8| (byte < 32) & (byte.wrapping_sub(9) > 4) & (byte != 27) | (byte == 127);
    usize::from(chunk.iter().fold(0u8, |count, &byte| count.wrapping_add(u8::from(strange(byte)))))
}

/// Turns UTF-16 into UTF-8, piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Utf16 {
    big: bool,
    odd: Option<u8>,
    high: Option<u16>,
}

impl Utf16 {
    pub(crate) fn new(big: bool) -> Utf16 {
        Utf16 { big, odd: None, high: None }
    }

    /// Appends what `bytes` mean to `out`.
    pub(crate) fn piece(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut bytes = bytes;
        if let (Some(odd), Some((first, rest))) = (self.odd, bytes.split_first()) {
            self.odd = None;
            self.unit([odd, *first], out);
            bytes = rest;
        }
        let pairs = bytes.chunks_exact(2);
        self.odd = self.odd.or_else(|| pairs.remainder().first().copied());
        for pair in pairs {
            self.unit([pair[0], pair[1]], out);
        }
    }

    fn unit(&mut self, pair: [u8; 2], out: &mut Vec<u8>) {
        let unit = if self.big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
        if unit < 0x80 && self.high.is_none() {
            out.push(unit as u8);
            return;
        }
        let first_half = (0xd800..0xdc00).contains(&unit);
        let pair = [self.high.take(), Some(unit)];
        if first_half {
            // Its second half is yet to come; one that waited for its own is alone.
            self.high = Some(unit);
        }
        let units: &[Option<u16>] = match (pair[0], first_half) {
            (None, true) => return,
            (Some(_), true) => &pair[..1],
            (None, false) => &pair[1..],
            (Some(_), false) => &pair,
        };
        let mut buffer = [0; 4];
        for decoded in char::decode_utf16(units.iter().copied().flatten()) {
            let letter = decoded.unwrap_or(char::REPLACEMENT_CHARACTER);
            if letter != '\u{feff}' {
                out.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }
}

/// The number of characters of a text that should be UTF-8.
pub(crate) fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

/// The line of the value at `value`, with that and all other `values` masked, and what looks like one: at most 200 characters, none
/// of which controls a terminal.
pub(crate) fn evidence(text: &[u8], value: &Range<usize>, values: &[Range<usize>]) -> String {
    let ends = |byte: &u8| byte.is_ascii_control() && *byte != b'\t';
    let from = value.start.saturating_sub(BEFORE);
    let before = text.get(from..value.start).unwrap_or_default();
    let from = before.iter().rposition(ends).map_or(from, |line| from + line + 1);
    let after = text.get(value.end..text.len().min(value.end + AFTER)).unwrap_or_default();
    let to = value.end + after.iter().position(ends).unwrap_or(after.len());
    let mut out = String::new();
    let mut at = from;
    // Every value that reaches into the line, in order; overlapping ones are one.
    let mut parts: Vec<Range<usize>> =
        values.iter().chain([value]).filter(|part| part.start < to && part.end > from).cloned().collect();
    parts.sort_by_key(|part| (part.start, part.end));
    for part in parts {
        if part.end <= at {
            continue;
        }
        plain(text.get(at..part.start.max(at)).unwrap_or_default(), &mut out);
        let hidden = text.get(part.start..part.end).unwrap_or_default();
        out.push_str(&masked(hidden));
        at = part.end;
    }
    plain(text.get(at..to.max(at)).unwrap_or_default(), &mut out);
    let trimmed = out.trim();
    trimmed.chars().take(MAX_EVIDENCE).collect()
}

/// A value as it may be shown: a key's first line, else its mask.
pub(crate) fn masked(value: &[u8]) -> String {
    if value.starts_with(b"-----BEGIN ") {
        let end = value.iter().skip(11).position(|byte| *byte == b'-').map_or(value.len(), |end| end + 11);
        let label = String::from_utf8_lossy(value.get(..end.min(60)).unwrap_or_default());
        return format!("{label}----- ********");
    }
    Secret::new(String::from_utf8_lossy(value)).masked()
}

/// Copies what is no value: without control characters, and with the mask for any run that could be a secret that no rule knows.
fn plain(text: &[u8], out: &mut String) {
    let text = String::from_utf8_lossy(text);
    let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '_' | '-' | '=');
    let mut rest: &str = &text;
    while let Some(start) = rest.find(token) {
        let (head, tail) = rest.split_at(start);
        out.extend(head.chars().map(shown));
        let end = tail.find(|c| !token(c)).unwrap_or(tail.len());
        let (run, tail) = tail.split_at(end);
        let bare = run.rsplit('=').next().unwrap_or(run);
        if bare.len() >= 16 && rarity::is_random(bare.as_bytes()) {
            out.push_str(run.get(..run.len() - bare.len()).unwrap_or_default());
            out.push_str("********");
        } else {
            out.push_str(run);
        }
        rest = tail;
    }
    out.extend(rest.chars().map(shown));
}

fn shown(c: char) -> char {
    // Characters that turn the direction of text or hide are no part of evidence either.
    match c {
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => ' ',
        c if c.is_control() => ' ',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_apart() {
        let le: Vec<u8> = "password = x\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = "password = x\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(encoding(&le), Encoding::Utf16Le);
        assert_eq!(encoding(&be), Encoding::Utf16Be);
        assert_eq!(encoding(&[&[0xff, 0xfe], &le[..]].concat()), Encoding::Utf16Le);
        assert_eq!(encoding(b"password = x"), Encoding::Plain);
        assert_eq!(encoding("p\u{e4}ssword".as_bytes()), Encoding::Plain);
        assert_eq!(encoding(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0"), Encoding::Binary);
        assert_eq!(encoding(b""), Encoding::Plain);
        for byte in 1..=255u8 {
            let control = matches!(byte, 1..=8 | 14..=26 | 28..=31 | 127);
            assert_eq!(strange(&[byte; 128]), if control { 128 } else { 0 }, "{byte}");
        }
    }

    #[test]
    fn utf_16_in_pieces_of_any_size() {
        let text = "\u{feff}a\u{e4}\u{1f511}=\u{20ac}z";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for size in 1..=bytes.len() {
            let mut decoder = Utf16::new(false);
            let mut out = Vec::new();
            bytes.chunks(size).for_each(|piece| decoder.piece(piece, &mut out));
            assert_eq!(String::from_utf8(out).unwrap(), &text[3..], "pieces of {size}");
        }
        let mut out = Vec::new();
        // Halves without their other halves.
        Utf16::new(true).piece(&[0xd8, 0x00, 0xd8, 0x00, 0x00, 0x41, 0xdc, 0x00], &mut out);
        assert!(String::from_utf8(out).unwrap().contains('A'));
    }

    #[test]
    fn evidence_hides_every_value() {
        let text = b"x\nuser=ann token=s3cr3t-one other=s3cr3t-two\x1b[0m tail\n";
        let at = |part: &[u8]| {
            let start = memchr::memmem::find(text, part).unwrap();
            start..start + part.len()
        };
        let values = [at(b"s3cr3t-one"), at(b"s3cr3t-two")];
        assert_eq!(evidence(text, &values[0], &values), "user=ann token=******** other=********");
        let long = [&b"k=aaaa "[..], &b"b".repeat(5000)].concat();
        assert!(evidence(&long, &(2..6), &[]).chars().count() <= 200);
        let key = b"-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----";
        assert_eq!(evidence(key, &(0..key.len()), &[]), "-----BEGIN RSA PRIVATE KEY----- ********");
        let unknown = b"a=q8Zx2vKp9LmWt4RbTn7Yc3 b=word";
        assert_eq!(evidence(unknown, &(27..31), &[]), "a=******** b=********");
    }
}
