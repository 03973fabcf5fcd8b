//! RubyGems: `Gem::Version`.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Ruby gems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rubygems;

/// The scheme as a value to refer to.
pub static RUBYGEMS: Rubygems = Rubygems;

#[derive(Debug, Clone, Copy)]
enum Segment<'a> {
    Number(&'a [u8]),
    Word(&'a [u8]),
}

impl Segment<'_> {
    fn is_zero(&self) -> bool {
        matches!(self, Segment::Number(run) if digits::is_zero(run))
    }

    fn compare(&self, other: &Segment<'_>) -> Ordering {
        match (self, other) {
            (Segment::Number(a), Segment::Number(b)) => digits::compare(a, b),
            (Segment::Word(_), Segment::Number(_)) => Ordering::Less,
            (Segment::Number(_), Segment::Word(_)) => Ordering::Greater,
            (Segment::Word(a), Segment::Word(b)) => a.cmp(b),
        }
    }
}

/// The segments of a text, each with the offset behind it. A hyphen stands for `.pre.`.
#[derive(Debug, Clone)]
struct Segments<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Segments<'a> {
    type Item = (Segment<'a>, usize);

    fn next(&mut self) -> Option<(Segment<'a>, usize)> {
        loop {
            let rest = self.text.get(self.at..)?;
            let segment = match rest.first()? {
                b'-' => {
                    self.at += 1;
                    Segment::Word(b"pre")
                }
                b'0'..=b'9' => {
                    let (run, _) = digits::split(rest);
                    self.at += run.len();
                    Segment::Number(run)
                }
                letter if letter.is_ascii_alphabetic() => {
                    let length = rest.iter().position(|c| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
                    self.at += length;
                    Segment::Word(rest.get(..length)?)
                }
                _ => {
                    self.at += 1;
                    continue;
                }
            };
            return Some((segment, self.at));
        }
    }
}

/// A version without the zeros at the end of its numbers and at the end of what follows them.
#[derive(Debug)]
struct Parsed<'a> {
    numbers: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn segments(&self) -> impl Iterator<Item = Segment<'a>> + use<'a> {
        let of = |text| Segments { text, at: 0 }.map(|(segment, _)| segment);
        of(self.numbers).chain(of(self.rest))
    }
}

/// `[0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?`
fn check(text: &[u8]) -> Result<(), &'static str> {
    if text.first().is_none_or(|byte| !byte.is_ascii_digit()) {
        return Err("it does not start with a digit");
    }
    let hyphen = text.iter().position(|byte| *byte == b'-').unwrap_or(text.len());
    let (main, suffix) = text.split_at(hyphen);
    let mut parts = main.split(|byte| *byte == b'.');
    let first_is_number = parts.next().is_some_and(digits::all);
    let word = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_alphanumeric);
    let suffix_part =
        |part: &[u8]| !part.is_empty() && part.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'-');
    let suffix_is_fine =
        suffix.is_empty() || suffix.get(1..).unwrap_or_default().split(|byte| *byte == b'.').all(suffix_part);
    if first_is_number && parts.all(word) && suffix_is_fine {
        Ok(())
    } else {
        Err("a segment is empty or holds an unexpected character")
    }
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let text = version.trim_matches(|c: char| c.is_ascii_whitespace() || c == '\u{b}').as_bytes();
    check(text)?;
    let (mut numbers_end, mut words_start, mut end) = (0, None, text.len());
    let mut before = 0;
    for (segment, behind) in (Segments { text, at: 0 }) {
        match words_start {
            None if matches!(segment, Segment::Word(_)) => {
                words_start = Some(before);
                end = behind;
            }
            None if !segment.is_zero() => numbers_end = behind,
            Some(_) if !segment.is_zero() => end = behind,
            _ => {}
        }
        before = behind;
    }
    Ok(Parsed {
        numbers: text.get(..numbers_end).unwrap_or_default(),
        rest: words_start.and_then(|start| text.get(start..end)).unwrap_or_default(),
    })
}

impl VersionScheme for Rubygems {
    fn id(&self) -> &'static str {
        "rubygems"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        let (mut x, mut y) = (x.segments(), y.segments());
        const ZERO: Segment<'_> = Segment::Number(b"");
        loop {
            let order = match (x.next(), y.next()) {
                (None, None) => return Ok(Ordering::Equal),
                (x, y) => x.unwrap_or(ZERO).compare(&y.unwrap_or(ZERO)),
            };
            if order != Ordering::Equal {
                return Ok(order);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_rubygems_calls_malformed() {
        // Gem::Version.correct? says no to each.
        for version in ["a", "1..2", "1.", "1.2-", "1a", ".1", "1.2 3", "1.0-x_y", "1.é", "v1"] {
            assert!(RUBYGEMS.compare(version, "1").is_err(), "{version}");
        }
        for version in ["1", "1.0.a", " 1.2 ", "1--2", "1.0-x.y-z"] {
            assert_eq!(RUBYGEMS.compare(version, version), Ok(Ordering::Equal), "{version}");
        }
    }
}
