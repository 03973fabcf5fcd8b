//! Holds one package's version against the facts that are filed under its name.

use std::cmp::Ordering;

use plimsoll_db::{AdvisoryRef, End, Fact, Facts, Index, Interval, ReadError};
use plimsoll_types::{Package, Status};
use plimsoll_version::{VersionError, VersionScheme};

/// A package with the name and version under which it is matched.
pub(crate) struct Subject<'a> {
    pub(crate) package: &'a Package,
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
}

impl Subject<'_> {
    pub(crate) fn versions(&self) -> &'static dyn VersionScheme {
        self.package.ecosystem.versions
    }
}

/// An advisory that holds for a package: all of its facts on the package that hold.
pub(crate) struct Hit<'a> {
    pub(crate) number: u32,
    pub(crate) advisory: AdvisoryRef<'a>,
    pub(crate) ecosystem: &'a str,
    pub(crate) facts: Vec<HeldFact<'a>>,
}

/// A fact that holds for a version, and which part of it does.
pub(crate) struct HeldFact<'a> {
    pub(crate) fact: Fact<'a>,
    pub(crate) held: Held<'a>,
}

/// The part of a fact that holds a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held<'a> {
    Always,
    Interval(Interval<&'a str>),
    Listed(&'a str),
}

impl Hit<'_> {
    /// Whether the advisory says that the package is not affected.
    pub(crate) fn not_affected(&self) -> bool {
        self.facts.iter().any(|held| held.fact.status == Status::NotAffected)
    }
}

/// Adds the advisories among `facts` that hold for the package to `hits`. Returns why the package's version cannot be
/// compared, if so: it then matches nothing.
pub(crate) fn hits<'a>(
    index: &'a Index,
    facts: Facts<'a>,
    ecosystem: &'a str,
    subject: &Subject<'_>,
    hits: &mut Vec<Hit<'a>>,
) -> Result<Option<VersionError>, ReadError> {
    let first = hits.len();
    let mut unorderable = None;
    for fact in facts {
        let fact = fact?;
        if !applies(&fact, subject)? {
            continue;
        }
        let held = match held(&fact, subject.version, subject.versions())? {
            Ok(Some(held)) => HeldFact { fact, held },
            Ok(None) => continue,
            Err(error) => {
                unorderable = unorderable.or(Some(error));
                continue;
            }
        };
        // The facts come in the order of their advisories.
        match hits.get_mut(first..).and_then(<[Hit<'_>]>::last_mut) {
            Some(last) if last.number == fact.advisory => last.facts.push(held),
            _ => hits.push(Hit {
                number: fact.advisory,
                advisory: index.advisory(fact.advisory)?,
                ecosystem,
                facts: vec![held],
            }),
        }
    }
    Ok(unorderable)
}

/// Whether a fact's limits on architecture and module let it speak of the package.
fn applies(fact: &Fact<'_>, subject: &Subject<'_>) -> Result<bool, ReadError> {
    let package = subject.package;
    if !package.ecosystem.os {
        return Ok(true);
    }
    let limits = fact.qualifiers()?;
    let arches = &limits.arches;
    let any_arch = arches.is_empty() || package.arch.is_empty() || package.arch == "noarch";
    if !any_arch && !arches.contains(&package.arch.as_str()) {
        return Ok(false);
    }
    let limited_to = limits.modularity;
    let installed = module_and_stream(&package.modularity);
    if limited_to.is_empty() && installed.is_empty() && !is_modular(subject.version) {
        // By far the most common case: no module on either side, unless the fix is one.
        return Ok(!has_modular_fix(fact)?);
    }
    let package_is_modular = !installed.is_empty() || is_modular(subject.version);
    let fact_is_modular = !limited_to.is_empty() || has_modular_fix(fact)?;
    // A modular package without a label could be of any stream.
    let same_stream = limited_to.is_empty() || installed.is_empty() || limited_to == installed;
    Ok(package_is_modular == fact_is_modular && same_stream)
}

/// `nodejs:12` of the label `nodejs:12:8030020201124152102:229f0a1c`.
fn module_and_stream(label: &str) -> &str {
    match label.match_indices(':').nth(1) {
        Some((end, _)) => label.get(..end).unwrap_or(label),
        None => label,
    }
}

/// Whether a version is that of an RPM built in a module (`1.el8.module_el8.6.0+2739+efabdb8f`).
fn is_modular(version: &str) -> bool {
    version.contains(".module_") || version.contains(".module+")
}

fn has_modular_fix(fact: &Fact<'_>) -> Result<bool, ReadError> {
    for interval in fact.intervals()? {
        match interval?.end {
            End::Fixed(version) | End::LastAffected(version) | End::Limit(version) if is_modular(version) => {
                return Ok(true);
            }
            _ => {}
        }
    }
    Ok(false)
}

/// The part of a fact that holds `version`; the inner error when the version cannot be compared.
pub(crate) fn held<'a>(
    fact: &Fact<'a>,
    version: &str,
    versions: &dyn VersionScheme,
) -> Result<Result<Option<Held<'a>>, VersionError>, ReadError> {
    if fact.holds_always() {
        return Ok(Ok(Some(Held::Always)));
    }
    for interval in fact.intervals()? {
        let interval = interval?;
        match interval.contains(version, versions) {
            Ok(true) => return Ok(Ok(Some(Held::Interval(interval)))),
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    // The listed versions are sorted by the grammar.
    let (mut low, mut high) = (0, fact.versions()?.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(listed) = fact.version(middle)? else { break };
        match versions.compare(listed, version) {
            Ok(Ordering::Equal) => return Ok(Ok(Some(Held::Listed(listed)))),
            Ok(Ordering::Less) => low = middle + 1,
            Ok(Ordering::Greater) => high = middle,
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(None))
}

impl Held<'_> {
    /// The range in words, such as `>= 1.0, < 1.2.3`.
    pub(crate) fn range(&self) -> String {
        let interval = match self {
            Held::Always => return "all versions".to_owned(),
            Held::Listed(version) => return format!("= {version}"),
            Held::Interval(interval) => interval,
        };
        let end = match interval.end {
            End::Open => String::new(),
            End::Fixed(version) | End::Limit(version) => format!("< {version}"),
            End::LastAffected(version) => format!("<= {version}"),
        };
        match (interval.introduced, end.as_str()) {
            ("", "") => "all versions".to_owned(),
            ("", _) => end,
            (introduced, "") => format!(">= {introduced}"),
            (introduced, _) => format!(">= {introduced}, {end}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_in_words() {
        let range = |introduced, end| Held::Interval(Interval { introduced, end }).range();
        assert_eq!(range("", End::Open), "all versions");
        assert_eq!(range("", End::Fixed("1.2")), "< 1.2");
        assert_eq!(range("1.0", End::Fixed("1.2")), ">= 1.0, < 1.2");
        assert_eq!(range("1.0", End::LastAffected("1.2")), ">= 1.0, <= 1.2");
        assert_eq!(range("1.0", End::Limit("1.2")), ">= 1.0, < 1.2");
        assert_eq!(range("1.0", End::Open), ">= 1.0");
        assert_eq!(Held::Listed("1.1").range(), "= 1.1");
    }

    #[test]
    fn module_labels() {
        assert_eq!(module_and_stream("nodejs:12:8030020201124152102:229f0a1c"), "nodejs:12");
        assert_eq!(module_and_stream("nodejs:12"), "nodejs:12");
        assert_eq!(module_and_stream(""), "");
        assert!(is_modular("1:12.19.1-1.module_el8.3.0+2023+d7fde2ac"));
        assert!(is_modular("12.19.1-1.module+el8.3.0+8893"));
        assert!(!is_modular("1.2.3-4.el8"));
    }
}
