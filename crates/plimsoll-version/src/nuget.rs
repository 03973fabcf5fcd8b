//! NuGet: `NuGetVersion` with the default `VersionComparer`.
//!
//! One to four numbers, then pre-release labels that compare without regard to case; metadata
//! after `+` does not count. A label is a number only if a signed 32-bit integer can hold it.

use std::cmp::Ordering;

use crate::semver::check_identifiers;
use crate::{VersionError, VersionScheme, digits};

/// The versions of NuGet packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nuget;

/// The scheme as a value to refer to.
pub static NUGET: Nuget = Nuget;

#[derive(Debug)]
struct Parsed<'a> {
    /// A missing number is the empty run of digits, which has the value 0.
    numbers: [&'a [u8]; 4],
    labels: Option<&'a str>,
}

fn parse(version: &str) -> Result<Parsed<'_>, &'static str> {
    let text = version.trim();
    let (text, metadata) = match text.split_once('+') {
        Some((text, metadata)) => (text, Some(metadata)),
        None => (text, None),
    };
    let (text, labels) = match text.split_once('-') {
        Some((text, labels)) => (text, Some(labels)),
        None => (text, None),
    };
    if let Some(metadata) = metadata {
        check_identifiers(metadata.as_bytes())?;
    }
    if let Some(labels) = labels {
        check_identifiers(labels.as_bytes())?;
        let leading_zero =
            |label: &str| label.len() > 1 && label.starts_with('0') && digits::all(label.as_bytes());
        if labels.split('.').any(leading_zero) {
            return Err("a numeric label has a leading zero");
        }
    }
    let mut numbers: [&[u8]; 4] = [&[]; 4];
    let mut parts = text.as_bytes().split(|byte| *byte == b'.');
    for number in &mut numbers {
        match parts.next() {
            Some(part) if digits::all(part) => *number = part,
            Some(_) => return Err("a part is not a number"),
            None => break,
        }
    }
    if parts.next().is_some() {
        return Err("more than four numbers");
    }
    Ok(Parsed { numbers, labels })
}

fn compare_label(a: &str, b: &str) -> Ordering {
    match (a.parse::<i32>(), b.parse::<i32>()) {
        (Ok(a), Ok(b)) => a.cmp(&b),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => {
            let upper = |byte: u8| byte.to_ascii_uppercase();
            a.bytes().map(upper).cmp(b.bytes().map(upper))
        }
    }
}

fn compare_labels(a: Option<&str>, b: Option<&str>) -> Ordering {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (a, b) => return a.is_none().cmp(&b.is_none()),
    };
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(x), Some(y)) => compare_label(x, y),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl VersionScheme for Nuget {
    fn id(&self) -> &'static str {
        "nuget"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        let x = parse(a).map_err(|reason| VersionError::new(self, a, reason))?;
        let y = parse(b).map_err(|reason| VersionError::new(self, b, reason))?;
        Ok(x.numbers
            .iter()
            .zip(&y.numbers)
            .map(|(number_x, number_y)| digits::compare(number_x, number_y))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| compare_labels(x.labels, y.labels)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_the_tests_of_nuget_call_invalid() {
        for version in [
            "1beta",
            "$version$",
            "1.2Av^c",
            "1.2..",
            "1.2.3.4.5",
            "1.2.3.Beta",
            "1.2.3.4This version is full of awesomeness!!",
            "So.is.this",
            "1.34.2Alpha",
            "1.34.2Release Candidate",
            "1.4.7-",
            "1.4.7-*",
            "1.4.7+*",
            "1.4.7-AA.01^",
            "1.4.7-AA.0A^",
            "1.4.7-A^A",
            "1.4.7+AA.01^",
        ] {
            assert!(NUGET.compare(version, "1.0").is_err(), "{version}");
        }
    }
}
