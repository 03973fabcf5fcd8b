//! Alpine Linux: `digit{.digit}{letter}{_suffix{number}}{~hash}{-rN}`, the grammar of apk-tools 3.
//!
//! apk-tools 2 orders a few strings otherwise that real repositories do not hold: after a leading
//! zero it compares the remaining digits as a number (`1.010 > 1.02`, and `1.0 > 1.00`), where
//! apk-tools 3 compares the whole component as text, as Gentoo does. It also lets pass some
//! strings that apk-tools 3 refuses, such as `1.0a1`.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Alpine packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apk;

/// The scheme as a value to refer to.
pub static APK: Apk = Apk;

/// What a piece of a version is. Where two versions go on differently after an equal beginning,
/// the one whose next piece stands earlier here is the later version, unless a pre-release
/// suffix decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    FirstNumber,
    Number,
    Letter,
    Suffix,
    SuffixNumber,
    CommitHash,
    Revision,
    End,
}

/// In the order of apk; those before `NO_SUFFIX` come before the release.
const SUFFIXES: [(&[u8], u8); 9] = [
    (b"alpha", 1),
    (b"beta", 2),
    (b"pre", 3),
    (b"rc", 4),
    (b"cvs", 6),
    (b"svn", 7),
    (b"git", 8),
    (b"hg", 9),
    (b"p", 10),
];
const NO_SUFFIX: u8 = 5;

#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    kind: Kind,
    text: &'a [u8],
    suffix: u8,
}

impl Token<'_> {
    fn is_prerelease(&self) -> bool {
        self.kind == Kind::Suffix && self.suffix < NO_SUFFIX
    }
}

#[derive(Debug)]
struct Tokens<'a> {
    rest: &'a [u8],
    last: Option<Kind>,
}

impl<'a> Tokens<'a> {
    fn new(version: &'a str) -> Tokens<'a> {
        Tokens { rest: version.as_bytes(), last: None }
    }

    fn next(&mut self) -> Result<Token<'a>, &'static str> {
        let Some(last) = self.last else {
            return self.number(Kind::FirstNumber, 0, "it does not start with a digit");
        };
        let Some(first) = self.rest.first() else {
            return Ok(Token { kind: Kind::End, text: &[], suffix: 0 });
        };
        match first {
            b'a'..=b'z' if last <= Kind::Number => Ok(self.take(Kind::Letter, 0, 1)),
            b'.' if last <= Kind::Number => self.number(Kind::Number, 1, "a dot without a number"),
            b'0'..=b'9' if last == Kind::Suffix => self.number(Kind::SuffixNumber, 0, "a suffix number"),
            b'_' if last <= Kind::SuffixNumber => {
                let name = self.rest.get(1..).unwrap_or_default();
                let length = name.iter().position(|c| !c.is_ascii_lowercase()).unwrap_or(name.len());
                let name = name.get(..length).unwrap_or_default();
                let Some((_, rank)) = SUFFIXES.iter().find(|(suffix, _)| *suffix == name) else {
                    return Err("unknown suffix");
                };
                let mut token = self.take(Kind::Suffix, 1, length);
                token.suffix = *rank;
                Ok(token)
            }
            b'~' if last < Kind::CommitHash => {
                let hash = self.rest.get(1..).unwrap_or_default();
                let hex = |c: &u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
                let length = hash.iter().position(|c| !hex(c)).unwrap_or(hash.len());
                if length == 0 {
                    return Err("a tilde without a commit hash");
                }
                Ok(self.take(Kind::CommitHash, 1, length))
            }
            b'-' if last < Kind::Revision && self.rest.get(1) == Some(&b'r') => {
                self.number(Kind::Revision, 2, "a revision without a number")
            }
            _ => Err("unexpected character"),
        }
    }

    fn number(&mut self, kind: Kind, skip: usize, reason: &'static str) -> Result<Token<'a>, &'static str> {
        match digits::leading(self.rest.get(skip..).unwrap_or_default()) {
            0 => Err(reason),
            length => Ok(self.take(kind, skip, length)),
        }
    }

    fn take(&mut self, kind: Kind, skip: usize, length: usize) -> Token<'a> {
        let (text, rest) = self.rest.get(skip..).unwrap_or_default().split_at(length);
        self.rest = rest;
        self.last = Some(kind);
        Token { kind, text, suffix: 0 }
    }

    /// Reads to the end, for the check that everything parses.
    fn finish(&mut self) -> Result<(), &'static str> {
        while self.next()?.kind != Kind::End {}
        Ok(())
    }
}

fn compare_same_kind(a: &Token<'_>, b: &Token<'_>) -> Ordering {
    match a.kind {
        // A leading zero makes a component a fraction: 1.05 is before 1.5, and 1.0 before 1.00.
        Kind::Number if a.text.first() == Some(&b'0') || b.text.first() == Some(&b'0') => a.text.cmp(b.text),
        Kind::FirstNumber | Kind::Number | Kind::SuffixNumber | Kind::Revision => {
            digits::compare(a.text, b.text)
        }
        Kind::Suffix => a.suffix.cmp(&b.suffix),
        Kind::Letter | Kind::CommitHash | Kind::End => a.text.cmp(b.text),
    }
}

fn compare_other_kind(a: &Token<'_>, b: &Token<'_>) -> Ordering {
    if a.is_prerelease() {
        Ordering::Less
    } else if b.is_prerelease() {
        Ordering::Greater
    } else {
        b.kind.cmp(&a.kind)
    }
}

impl VersionScheme for Apk {
    fn id(&self) -> &'static str {
        "apk"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let (mut left, mut right) = (Tokens::new(a), Tokens::new(b));
        let order = loop {
            let x = left.next().map_err(|reason| VersionError::new(self, a, reason))?;
            let y = right.next().map_err(|reason| VersionError::new(self, b, reason))?;
            if x.kind != y.kind {
                break compare_other_kind(&x, &y);
            }
            let order = compare_same_kind(&x, &y);
            if order != Ordering::Equal || x.kind == Kind::End {
                break order;
            }
        };
        left.finish().map_err(|reason| VersionError::new(self, a, reason))?;
        right.finish().map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_the_published_test_data_of_apk_tools_calls_invalid() {
        let invalid = [
            "0.1bc",
            "0.1bc1",
            "0.1a1",
            "0.1a.1",
            "0.1_pre2~",
            "0.1_pre2~1234xbcd",
            "0.1_pre2~1234abcd_pre1",
            "0.1_pre2-r1~1234xbcd",
            "0.1_foobar",
            "0.1_foobar1",
            "0.1-pre1.1",
            "0.1-r",
            "0.1-r2_pre1",
            "0.1-r2_p3_pre1",
            "0.1-r2-r3",
            "0.1-r2.1",
            ".1",
            "a",
            "_pre1",
            "-r1",
            "0.1_",
            "0.1_-r0",
            "0.1__alpha",
            "0.1_1_alpha",
        ];
        for version in invalid {
            assert!(APK.compare(version, "1").is_err(), "{version}");
            assert!(APK.compare("1", version).is_err(), "{version}");
        }
        let valid = [
            "1.2",
            "0.1_pre2",
            "0.1_pre2~1234abcd",
            "0.1_p1_pre2",
            "0.1_alpha1_pre2",
            "0.1_git20240101_pre1",
        ];
        for version in valid {
            assert_eq!(APK.compare(version, version), Ok(Ordering::Equal));
        }
    }
}
