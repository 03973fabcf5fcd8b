//! A piece of a file that knows where it begins.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// The longest text that is decoded.
const MAX_DECODED: usize = 64 << 10;

/// The longest name that a message repeats.
const MAX_SHOWN: usize = 60;

/// A piece of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Text<'a> {
    bytes: &'a [u8],
    start: usize,
}

impl<'a> Text<'a> {
    /// A whole file, without a byte-order mark.
    pub(crate) fn whole(bytes: &'a [u8]) -> Text<'a> {
        let text = Text { bytes, start: 0 };
        text.strip_prefix("\u{feff}").unwrap_or(text)
    }

    /// Its bytes.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Where it stands in the file.
    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.start + self.bytes.len()
    }

    /// How long it is.
    pub(crate) fn len(self) -> usize {
        self.bytes.len()
    }

    /// True when there is nothing.
    pub(crate) fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The part from `from` up to `to`, counted from its own begin; what lies outside is cut off.
    pub(crate) fn part(self, from: usize, to: usize) -> Text<'a> {
        let to = to.min(self.bytes.len());
        let from = from.min(to);
        Text { bytes: self.bytes.get(from..to).unwrap_or_default(), start: self.start + from }
    }

    /// The rest from `from`.
    pub(crate) fn from(self, from: usize) -> Text<'a> {
        self.part(from, self.bytes.len())
    }

    /// Without white space at both ends.
    pub(crate) fn trim(self) -> Text<'a> {
        let end = self.bytes.iter().rposition(|b| !b.is_ascii_whitespace()).map_or(0, |at| at + 1);
        let start = self.bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(end);
        self.part(start, end)
    }

    /// Without a pair of quotes around it.
    pub(crate) fn unquote(self) -> Text<'a> {
        match self.bytes {
            [first @ (b'"' | b'\''), .., last] if first == last => self.part(1, self.len() - 1),
            _ => self,
        }
    }

    /// The parts before and after the first `byte`.
    pub(crate) fn split_once(self, byte: u8) -> Option<(Text<'a>, Text<'a>)> {
        let at = memchr::memchr(byte, self.bytes)?;
        Some((self.part(0, at), self.from(at + 1)))
    }

    /// The parts before and after the last `byte`.
    pub(crate) fn rsplit_once(self, byte: u8) -> Option<(Text<'a>, Text<'a>)> {
        let at = memchr::memrchr(byte, self.bytes)?;
        Some((self.part(0, at), self.from(at + 1)))
    }

    /// What follows `prefix`.
    pub(crate) fn strip_prefix(self, prefix: &str) -> Option<Text<'a>> {
        self.bytes.starts_with(prefix.as_bytes()).then(|| self.from(prefix.len()))
    }

    /// True when it is `word` in whatever case.
    pub(crate) fn is(self, word: &str) -> bool {
        self.bytes.eq_ignore_ascii_case(word.as_bytes())
    }

    /// True when it is one of `words` in whatever case.
    pub(crate) fn is_any(self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Where `needle` first stands.
    pub(crate) fn find(self, needle: &str) -> Option<usize> {
        memchr::memmem::find(self.bytes, needle.as_bytes())
    }

    /// True when `needle` stands in it.
    pub(crate) fn contains(self, needle: &str) -> bool {
        self.find(needle).is_some()
    }

    /// Its lines without their ends.
    pub(crate) fn lines(self) -> impl Iterator<Item = Text<'a>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let text = rest?;
            let (line, after) = match text.split_once(b'\n') {
                Some((line, after)) => (line, Some(after)),
                None => (text, None),
            };
            rest = after;
            let cut = line.len() - usize::from(line.bytes.last() == Some(&b'\r'));
            Some(line.part(0, cut))
        })
    }

    /// Its parts between each `byte`.
    pub(crate) fn split(self, byte: u8) -> impl Iterator<Item = Text<'a>> {
        let mut rest = Some(self);
        std::iter::from_fn(move || {
            let text = rest?;
            match text.split_once(byte) {
                Some((part, after)) => {
                    rest = Some(after);
                    Some(part)
                }
                None => {
                    rest = None;
                    Some(text)
                }
            }
        })
    }

    /// Its words, which white space parts. Quotes hold a word together and are taken off when they surround it.
    pub(crate) fn words(self) -> impl Iterator<Item = Text<'a>> {
        let mut rest = self;
        std::iter::from_fn(move || {
            let start = rest.bytes.iter().position(|b| !b.is_ascii_whitespace())?;
            rest = rest.from(start);
            let mut quote = None;
            let mut escaped = false;
            let mut end = rest.len();
            for (at, &byte) in rest.bytes.iter().enumerate() {
                match quote {
                    _ if escaped => escaped = false,
                    _ if byte == b'\\' && quote != Some(b'\'') => escaped = true,
                    Some(open) if byte == open => quote = None,
                    Some(_) => {}
                    None if byte == b'"' || byte == b'\'' => quote = Some(byte),
                    None if byte.is_ascii_whitespace() => {
                        end = at;
                        break;
                    }
                    None => {}
                }
            }
            let word = rest.part(0, end);
            rest = rest.from(end);
            Some(word.unquote())
        })
    }

    /// As a name in a message: readable characters, and not too many.
    pub(crate) fn shown(self) -> String {
        let text =
            String::from_utf8_lossy(self.bytes.get(..self.len().min(4 * MAX_SHOWN)).unwrap_or_default());
        let mut shown: String = text
            .chars()
            .map(|c| if c.is_control() || c == '\u{fffd}' { '?' } else { c })
            .take(MAX_SHOWN)
            .collect();
        if text.chars().count() > MAX_SHOWN {
            shown.push('…');
        }
        shown
    }

    /// As UTF-8 where it is.
    pub(crate) fn utf8(self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }

    /// What it is the base64 of, in the standard or the URL-safe alphabet, with or without padding.
    pub(crate) fn base64(self) -> Option<Vec<u8>> {
        if self.len() < 4 || self.len() > MAX_DECODED {
            return None;
        }
        let url = self.bytes.iter().any(|b| matches!(b, b'-' | b'_'));
        let plain: Cow<'_, [u8]> = if self.bytes.iter().any(u8::is_ascii_whitespace) {
            self.bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect()
        } else {
            self.bytes.into()
        };
        if url { BASE64_URL.decode(plain).ok() } else { BASE64.decode(plain).ok() }
    }

    /// The user and the password when it is the base64 of `user:password`.
    pub(crate) fn base64_pair(self) -> Option<(String, Vec<u8>)> {
        let plain = self.base64()?;
        let (user, password) = Text::whole(&plain).split_once(b':')?;
        std::str::from_utf8(user.bytes()).ok()?;
        Some((user.shown(), password.bytes().to_vec()))
    }
}
