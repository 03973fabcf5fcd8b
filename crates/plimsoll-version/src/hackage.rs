//! Hackage: `Data.Version` and Cabal's `Version`, a list of whole numbers with dots between.
//!
//! A longer list is after its own beginning (`1.0 < 1.0.0`). Tags (`1.0-beta`), long deprecated, are
//! read and do not count. Cabal refuses leading zeros, which `Data.Version` takes; so does this.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of Haskell packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hackage;

/// The scheme as a value to refer to.
pub static HACKAGE: Hackage = Hackage;

fn numbers(version: &[u8]) -> impl Iterator<Item = &[u8]> {
    version.split(|byte| *byte == b'.')
}

fn parse(version: &str) -> Result<&[u8], &'static str> {
    let mut parts = version.trim().as_bytes().split(|byte| *byte == b'-');
    let branch = parts.next().unwrap_or_default();
    if !numbers(branch).all(digits::all) {
        return Err("a part is not a number");
    }
    if !parts.all(|tag| !tag.is_empty() && tag.iter().all(u8::is_ascii_alphanumeric)) {
        return Err("a tag is empty or holds an unexpected character");
    }
    Ok(branch)
}

impl VersionScheme for Hackage {
    fn id(&self) -> &'static str {
        "hackage"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        let (mut x, mut y) = (numbers(x), numbers(y));
        loop {
            let order = match (x.next(), y.next()) {
                (None, None) => return Ok(Ordering::Equal),
                (None, Some(_)) => Ordering::Less,
                (Some(_), None) => Ordering::Greater,
                (Some(x), Some(y)) => digits::compare(x, y),
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
    fn refuses_what_cabal_refuses() {
        // simpleParsec of Cabal 3.4.1 says Nothing to each.
        for version in
            ["a", "1.0a", "1..0", "1.0.", "-1.0", "1.0-", "1.0-a_b", "1.0 1", "v1.0", "1.é", "1-a.b"]
        {
            assert!(HACKAGE.compare(version, "1.0").is_err(), "{version}");
        }
        assert_eq!(HACKAGE.compare("1.0-a-b", "1.0"), Ok(Ordering::Equal));
    }
}
