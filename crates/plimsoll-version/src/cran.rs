//! CRAN: R's `package_version`, a list of whole numbers with dots or hyphens between.
//!
//! Both separators mean the same, and zeros at the end do not count: `1.0`, `1-0` and `1.0.0` are equal
//! to R's operators, by which dependencies are checked. (`utils::compareVersion`, an older function
//! of R, holds the longer one for the later.) A single number, where R wants two of a package, is
//! taken: OSV ranges begin with `0`.

use std::cmp::Ordering;

use crate::{VersionError, VersionScheme, digits};

/// The versions of R packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cran;

/// The scheme as a value to refer to.
pub static CRAN: Cran = Cran;

fn numbers(version: &[u8]) -> impl Iterator<Item = &[u8]> {
    version.split(|byte| matches!(byte, b'.' | b'-'))
}

fn parse(version: &str) -> Result<&[u8], &'static str> {
    let text = version.trim().as_bytes();
    if numbers(text).all(digits::all) { Ok(text) } else { Err("a part is not a number") }
}

impl VersionScheme for Cran {
    fn id(&self) -> &'static str {
        "cran"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        let (mut x, mut y) = (numbers(x), numbers(y));
        loop {
            // A missing number counts as zero, the value of the empty run.
            let order = match (x.next(), y.next()) {
                (None, None) => return Ok(Ordering::Equal),
                (x, y) => digits::compare(x.unwrap_or_default(), y.unwrap_or_default()),
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
    fn refuses_what_r_calls_invalid() {
        // package_version(version) of R 4.2.2 is an error for each.
        for version in ["a", "1.0a", "1..0", "1.0.", "-1.0", "1.0-", "1_0", "1.0 1", "1.0-rc1", "v1.0", "1.é"]
        {
            assert!(CRAN.compare(version, "1.0").is_err(), "{version}");
        }
    }
}
