//! RPM: `[epoch:]version[-release]`, split and ordered as `rpmverCmp` and `rpmvercmp` do.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of RPM packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rpm;

/// The scheme as a value to refer to.
pub static RPM: Rpm = Rpm;

#[derive(Debug)]
struct Parsed<'a> {
    epoch: &'a [u8],
    version: &'a [u8],
    release: Option<&'a [u8]>,
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let evr = version.as_bytes().trim_ascii();
    if evr.is_empty() {
        return Err("it is empty");
    }
    let (digits, rest) = digits::split(evr);
    let (epoch, rest) = match rest.split_first() {
        Some((b':', rest)) => (digits, rest),
        // A missing epoch is epoch 0, and the empty run of digits has the value 0.
        _ => (&[][..], evr),
    };
    let (version, release) = match rest.iter().rposition(|byte| *byte == b'-') {
        None => (rest, None),
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
    };
    Ok(Parsed { epoch, version, release })
}

fn is_separator(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && byte != b'~' && byte != b'^'
}

fn skip_separators(bytes: &[u8]) -> &[u8] {
    let at = bytes.iter().position(|byte| !is_separator(*byte)).unwrap_or(bytes.len());
    bytes.get(at..).unwrap_or_default()
}

fn split_letters(bytes: &[u8]) -> (&[u8], &[u8]) {
    let at = bytes.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(bytes.len());
    bytes.split_at(at)
}

fn rpmvercmp(mut a: &[u8], mut b: &[u8]) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    while !a.is_empty() || !b.is_empty() {
        a = skip_separators(a);
        b = skip_separators(b);
        match (a.split_first(), b.split_first()) {
            // A tilde is before everything, even before the end.
            (Some((b'~', rest_a)), Some((b'~', rest_b))) => (a, b) = (rest_a, rest_b),
            (Some((b'~', _)), _) => return Ordering::Less,
            (_, Some((b'~', _))) => return Ordering::Greater,
            // A caret is after the end, but before everything else.
            (Some((b'^', rest_a)), Some((b'^', rest_b))) => (a, b) = (rest_a, rest_b),
            (Some((b'^', _)), None) => return Ordering::Greater,
            (None, Some((b'^', _))) => return Ordering::Less,
            (Some((b'^', _)), Some(_)) => return Ordering::Less,
            (Some(_), Some((b'^', _))) => return Ordering::Greater,
            (Some((first_a, _)), Some((first_b, _))) => {
                let order = match (first_a.is_ascii_digit(), first_b.is_ascii_digit()) {
                    (true, false) => Ordering::Greater,
                    (false, true) => Ordering::Less,
                    (true, true) => {
                        let (number_a, rest_a) = digits::split(a);
                        let (number_b, rest_b) = digits::split(b);
                        (a, b) = (rest_a, rest_b);
                        digits::compare(number_a, number_b)
                    }
                    (false, false) => {
                        let (word_a, rest_a) = split_letters(a);
                        let (word_b, rest_b) = split_letters(b);
                        (a, b) = (rest_a, rest_b);
                        word_a.cmp(word_b)
                    }
                };
                if order != Ordering::Equal {
                    return order;
                }
            }
            (None, _) | (_, None) => break,
        }
    }
    // Whichever has something left is the later one.
    (!a.is_empty()).cmp(&!b.is_empty())
}

impl VersionScheme for Rpm {
    fn id(&self) -> &'static str {
        "rpm"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(digits::compare(x.epoch, y.epoch).then_with(|| rpmvercmp(x.version, y.version)).then_with(
            || match (x.release, y.release) {
                (Some(release_x), Some(release_y)) => rpmvercmp(release_x, release_y),
                (release_x, release_y) => release_x.is_some().cmp(&release_y.is_some()),
            },
        ))
    }
}
