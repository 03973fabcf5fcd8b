//! Python: PEP 440, in every spelling that the `packaging` library normalises.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Python packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pep440;

/// The scheme as a value to refer to.
pub static PEP440: Pep440 = Pep440;

/// A phase's number; an unwritten one is the empty run of digits, which has the value 0.
type Number<'a> = &'a [u8];

#[derive(Debug)]
struct Parsed<'a> {
    epoch: Number<'a>,
    /// Numbers with dots between.
    release: &'a [u8],
    /// The phase in its order (alpha, beta, candidate) and its number.
    pre: Option<(u8, Number<'a>)>,
    post: Option<Number<'a>>,
    dev: Option<Number<'a>>,
    local: Option<&'a [u8]>,
}

/// Longer spellings stand before their own beginnings.
const PRE: [(&[u8], u8); 8] =
    [(b"alpha", 0), (b"beta", 1), (b"preview", 2), (b"pre", 2), (b"rc", 2), (b"a", 0), (b"b", 1), (b"c", 2)];
const POST: [(&[u8], u8); 3] = [(b"post", 0), (b"rev", 0), (b"r", 0)];
const DEV: [(&[u8], u8); 1] = [(b"dev", 0)];

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b'.')
}

fn skip_separator(text: &[u8]) -> &[u8] {
    match text.split_first() {
        Some((first, rest)) if is_separator(*first) => rest,
        _ => text,
    }
}

/// Reads `[-_.]?name[-_.]?[0-9]*`. Returns the name's value, the number and what follows.
fn phase<'a>(text: &'a [u8], names: &[(&[u8], u8)]) -> Option<(u8, Number<'a>, &'a [u8])> {
    let start = skip_separator(text);
    let (name, value) = names
        .iter()
        .find(|(name, _)| start.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name)))?;
    let after_name = start.get(name.len()..)?;
    let (number, rest) = digits::split(skip_separator(after_name));
    Some((*value, number, rest))
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let mut rest = version.trim().as_bytes();
    if let Some((b'v' | b'V', after)) = rest.split_first() {
        rest = after;
    }
    let (first, after) = digits::split(rest);
    let epoch = match after.split_first() {
        Some((b'!', after)) if !first.is_empty() => {
            rest = after;
            first
        }
        _ => &[],
    };

    let release_and_rest = rest;
    let mut length = digits::leading(rest);
    if length == 0 {
        return Err("it does not start with a number");
    }
    loop {
        rest = release_and_rest.get(length..).unwrap_or_default();
        match rest.split_first() {
            Some((b'.', after)) if digits::leading(after) > 0 => length += 1 + digits::leading(after),
            _ => break,
        }
    }
    let release = release_and_rest.get(..length).unwrap_or_default();

    let mut pre = None;
    if let Some((value, number, after)) = phase(rest, &PRE) {
        pre = Some((value, number));
        rest = after;
    }
    let mut post = None;
    if let Some((b'-', after)) = rest.split_first()
        && digits::leading(after) > 0
    {
        let (number, after) = digits::split(after);
        post = Some(number);
        rest = after;
    } else if let Some((_, number, after)) = phase(rest, &POST) {
        post = Some(number);
        rest = after;
    }
    let mut dev = None;
    if let Some((_, number, after)) = phase(rest, &DEV) {
        dev = Some(number);
        rest = after;
    }
    let mut local = None;
    if let Some((b'+', after)) = rest.split_first() {
        let parts_are_fine = after
            .split(|byte| is_separator(*byte))
            .all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_alphanumeric));
        if !parts_are_fine {
            return Err("malformed local version");
        }
        local = Some(after);
        rest = &[];
    }
    if !rest.is_empty() {
        return Err("unexpected text after the version");
    }
    Ok(Parsed { epoch, release, pre, post, dev, local })
}

fn compare_release(a: &[u8], b: &[u8]) -> Ordering {
    let mut a = a.split(|byte| *byte == b'.');
    let mut b = b.split(|byte| *byte == b'.');
    loop {
        // A missing number counts as zero, the value of the empty run.
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) => digits::compare(x.unwrap_or_default(), y.unwrap_or_default()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Where the pre-release phase puts a version: 1.0.dev1 before 1.0a1, and 1.0 after 1.0rc1.
fn pre_rank<'a>(version: &Parsed<'a>) -> (u8, Number<'a>) {
    match version.pre {
        Some((phase, number)) => (1 + phase, number),
        None if version.post.is_none() && version.dev.is_some() => (0, &[]),
        None => (u8::MAX, &[]),
    }
}

fn compare_local(a: Option<&[u8]>, b: Option<&[u8]>) -> Ordering {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (a, b) => return a.is_some().cmp(&b.is_some()),
    };
    let mut a = a.split(|byte| is_separator(*byte));
    let mut b = b.split(|byte| is_separator(*byte));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => match (digits::all(x), digits::all(y)) {
                (true, true) => digits::compare(x, y),
                (false, false) => {
                    let lower = |byte: &u8| byte.to_ascii_lowercase();
                    x.iter().map(lower).cmp(y.iter().map(lower))
                }
                (x_is_number, y_is_number) => x_is_number.cmp(&y_is_number),
            },
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl VersionScheme for Pep440 {
    fn id(&self) -> &'static str {
        "pep440"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        let ((rank_x, number_x), (rank_y, number_y)) = (pre_rank(&x), pre_rank(&y));
        Ok(digits::compare(x.epoch, y.epoch)
            .then_with(|| compare_release(x.release, y.release))
            .then_with(|| rank_x.cmp(&rank_y))
            .then_with(|| digits::compare(number_x, number_y))
            .then_with(|| match (x.post, y.post) {
                (Some(post_x), Some(post_y)) => digits::compare(post_x, post_y),
                (post_x, post_y) => post_x.is_some().cmp(&post_y.is_some()),
            })
            .then_with(|| match (x.dev, y.dev) {
                (Some(dev_x), Some(dev_y)) => digits::compare(dev_x, dev_y),
                (dev_x, dev_y) => dev_x.is_none().cmp(&dev_y.is_none()),
            })
            .then_with(|| compare_local(x.local, y.local)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_legacy_versions() {
        // Each raises InvalidVersion in packaging 26.3.
        for version in [
            "1.0-",
            "1.0x",
            "a1",
            "1..2",
            "1.0+",
            "1.0+a..b",
            "1.0a1b2",
            "1.0.post1a1",
            "1!",
            "!1",
            "1.0dev1post1",
            "2004d-x",
            "1.0+é",
            "french toast",
            "1.0.",
            "vv1",
        ] {
            assert!(PEP440.compare(version, "1").is_err(), "{version}");
        }
    }
}
