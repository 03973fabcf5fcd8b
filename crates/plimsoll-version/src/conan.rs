//! Conan 2: `conan.tools.scm.Version`, `items[-prerelease][+build]`.
//!
//! An item is a number when Python's `int` takes it. Zeros at the end do not count (`1.0 = 1`), a
//! pre-release is before the version without it, and build metadata counts, after the version without
//! it. A number is held against a word as text, and in that Conan goes in circles: `9 < 10` as
//! numbers, `10 < 5a < 9` as texts. It is followed there too; such items are rare.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Conan packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conan;

/// The scheme as a value to refer to.
pub static CONAN: Conan = Conan;

#[derive(Debug)]
struct Parsed<'a> {
    items: &'a [u8],
    prerelease: Option<&'a [u8]>,
    build: Option<&'a [u8]>,
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let text = version.as_bytes().trim_ascii();
    if text.is_empty() {
        return Err("it is empty");
    }
    if !text.iter().all(u8::is_ascii_graphic) {
        return Err("it holds a space or a character beyond ASCII");
    }
    let (text, build) = match text.iter().rposition(|byte| *byte == b'+') {
        None => (text, None),
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
    };
    let (items, prerelease) = match text.iter().position(|byte| *byte == b'-') {
        None => (text, None),
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
    };
    Ok(Parsed { items, prerelease, build })
}

/// A whole number as Python writes it: a sign, and digits that may have single underscores between.
#[derive(Debug, Clone, Copy)]
struct Number<'a> {
    is_negative: bool,
    run: &'a [u8],
}

impl<'a> Number<'a> {
    fn new(item: &'a [u8]) -> Option<Number<'a>> {
        let (is_negative, run) = match item {
            [b'-', run @ ..] => (true, run),
            [b'+', run @ ..] => (false, run),
            run => (false, run),
        };
        let is_number = digits::all(run) || run.split(|byte| *byte == b'_').all(digits::all);
        let is_zero = || run.iter().all(|byte| matches!(byte, b'0' | b'_'));
        is_number.then(|| Number { is_negative: is_negative && !is_zero(), run })
    }

    /// The digits that count.
    fn digits(self) -> impl Iterator<Item = &'a u8> + Clone {
        self.run.iter().filter(|byte| **byte != b'_').skip_while(|byte| **byte == b'0')
    }

    fn is_zero(self) -> bool {
        self.digits().next().is_none()
    }

    fn compare(self, other: Number<'_>) -> Ordering {
        let magnitude = || {
            self.digits().count().cmp(&other.digits().count()).then_with(|| self.digits().cmp(other.digits()))
        };
        match (self.is_negative, other.is_negative) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (self_is_negative, other_is_negative) => other_is_negative.cmp(&self_is_negative),
        }
    }

    /// The number as Python prints it against a word.
    fn compare_as_text(self, word: &[u8]) -> Ordering {
        let sign = self.is_negative.then_some(&b'-');
        let zero = self.is_zero().then_some(&b'0');
        sign.into_iter().chain(zero).chain(self.digits()).cmp(word)
    }
}

fn compare_item(a: &[u8], b: &[u8]) -> Ordering {
    match (Number::new(a), Number::new(b)) {
        (Some(a), Some(b)) => a.compare(b),
        (Some(a), None) => a.compare_as_text(b),
        (None, Some(b)) => b.compare_as_text(a).reverse(),
        (None, None) => a.cmp(b),
    }
}

/// The items without the zeros at their end; `None` when nothing is left.
fn without_zeros(mut items: &[u8]) -> Option<&[u8]> {
    loop {
        let dot = items.iter().rposition(|byte| *byte == b'.');
        let last = items.get(dot.map_or(0, |at| at + 1)..).unwrap_or_default();
        if !Number::new(last).is_some_and(Number::is_zero) {
            return Some(items);
        }
        items = items.get(..dot?)?;
    }
}

fn compare_items(a: &[u8], b: &[u8]) -> Ordering {
    let items = |text| without_zeros(text).into_iter().flat_map(|items| items.split(|byte| *byte == b'.'));
    let (mut a, mut b) = (items(a), items(b));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => compare_item(x, y),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl VersionScheme for Conan {
    fn id(&self) -> &'static str {
        "conan"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(compare_items(x.items, y.items)
            .then_with(|| match (x.prerelease, y.prerelease) {
                (Some(x), Some(y)) => compare_items(x, y),
                (x, y) => x.is_none().cmp(&y.is_none()),
            })
            .then_with(|| match (x.build, y.build) {
                (Some(x), Some(y)) => compare_items(x, y),
                (x, y) => x.is_some().cmp(&y.is_some()),
            }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_in_the_circles_of_conan() {
        // Version("9") < Version("10") < Version("5a") < Version("9") in Conan 2.34.0.
        for (a, b) in [("9", "10"), ("10", "5a"), ("5a", "9")] {
            assert_eq!(CONAN.compare(a, b), Ok(Ordering::Less), "{a} {b}");
        }
    }

    #[test]
    fn refuses_what_no_reference_can_hold() {
        for version in ["1 2", "1.é", "\u{7f}"] {
            assert!(CONAN.compare(version, "1.0").is_err(), "{version}");
        }
    }
}
