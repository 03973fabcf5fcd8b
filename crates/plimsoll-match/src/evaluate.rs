//! Holds one package's version against the facts that are filed under its name.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use plimsoll_db::{AdvisoryRef, End, Fact, Facts, Index, Interval, ReadError};
use plimsoll_types::{MatchedBy, Package};
use plimsoll_version::{VersionError, VersionScheme};

/// A package with the name and version under which it is matched.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) package: &'a Package,
    pub(crate) name: &'a str,
    pub(crate) version: &'a str,
    /// The operating system, as Go spells it.
    pub(crate) os: &'a str,
    /// The image's architecture, as Go spells it; empty when unknown.
    pub(crate) architecture: &'a str,
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
    pub(crate) ecosystem: String,
    pub(crate) matched_by: MatchedBy,
    /// The name and version that were compared.
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) facts: Vec<HeldFact<'a>>,
    /// Whether the fix is for subscribers only.
    pub(crate) subscription: bool,
}

/// A fact that holds for a version, and which part of it does.
pub(crate) struct HeldFact<'a> {
    pub(crate) fact: Fact<'a>,
    pub(crate) held: Held<'a>,
    /// Why the fact is not about this image all the same, if so.
    pub(crate) inapplicable: Option<String>,
}

/// The part of a fact that holds a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held<'a> {
    Always,
    Interval(Interval<&'a str>),
    Listed(&'a str),
}

/// Collects the advisories that hold for one package.
pub(crate) struct Lookup<'a> {
    pub(crate) index: &'a Index,
    pub(crate) hits: Vec<Hit<'a>>,
    /// Why the package's version cannot be compared, if so.
    pub(crate) unorderable: Option<VersionError>,
}

impl<'a> Lookup<'a> {
    /// Takes what is filed in `ecosystem` under `name`, which is in its normalised form.
    pub(crate) fn take(
        &mut self,
        ecosystem: &str,
        name: &str,
        subject: &Subject<'_>,
        matched_by: MatchedBy,
    ) -> Result<(), ReadError> {
        self.take_where(ecosystem, name, subject, matched_by, &|fact| applies(fact, subject))
    }

    /// Takes what is filed for `arch` alone, whatever the package's architecture.
    pub(crate) fn take_of_arch(
        &mut self,
        ecosystem: &str,
        name: &str,
        subject: &Subject<'_>,
        arch: &str,
    ) -> Result<(), ReadError> {
        self.take_where(ecosystem, name, subject, MatchedBy::SourceName, &|fact| {
            let limits = fact.qualifiers()?;
            if limits.arches != [arch] {
                return Ok(Applies::No);
            }
            same_module(fact, limits.modularity, subject)
        })
    }

    fn take_where(
        &mut self,
        ecosystem: &str,
        name: &str,
        subject: &Subject<'_>,
        matched_by: MatchedBy,
        applies: &dyn Fn(&Fact<'_>) -> Result<Applies, ReadError>,
    ) -> Result<(), ReadError> {
        let facts: Facts<'a> = self.index.lookup(ecosystem, name)?;
        let first = self.hits.len();
        for fact in facts {
            let fact = fact?;
            let held = match held(&fact, subject.version, subject.versions())? {
                Ok(Some(held)) => held,
                Ok(None) => continue,
                Err(error) => {
                    self.unorderable.get_or_insert(error);
                    continue;
                }
            };
            let inapplicable = match applies(&fact)? {
                Applies::Yes => None,
                Applies::No => continue,
                Applies::Elsewhere(reason) => Some(reason),
            };
            let held = HeldFact { fact, held, inapplicable };
            // The facts come in the order of their advisories.
            match self.hits.get_mut(first..).and_then(<[Hit<'_>]>::last_mut) {
                Some(last) if last.number == fact.advisory => last.facts.push(held),
                _ => self.hits.push(Hit {
                    number: fact.advisory,
                    advisory: self.index.advisory(fact.advisory)?,
                    ecosystem: ecosystem.to_owned(),
                    matched_by,
                    name: subject.name.to_owned(),
                    version: subject.version.to_owned(),
                    facts: vec![held],
                    subscription: false,
                }),
            }
        }
        Ok(())
    }

    /// Marks what is limited to products that are not among `products`.
    pub(crate) fn limit_to_products(&mut self, products: &BTreeSet<String>) -> Result<(), ReadError> {
        for held in self.hits.iter_mut().flat_map(|hit| &mut hit.facts) {
            if held.fact.is_unqualified() {
                continue;
            }
            let cpes = held.fact.qualifiers()?.cpes;
            let there = |cpe: &&str| products.iter().any(|product| same_product(product, cpe));
            if !cpes.is_empty() && !cpes.iter().any(there) {
                held.inapplicable = Some(format!("the image holds nothing of {}", cpes.join(", ")));
            }
        }
        Ok(())
    }
}

/// Whether two CPEs (2.2, URI) name the same product: one may say less than the other, such as no edition.
fn same_product(a: &str, b: &str) -> bool {
    let parts = |cpe: &str| -> Vec<String> {
        cpe.trim_start_matches("cpe:/").split(':').map(str::to_owned).collect()
    };
    let (a, b) = (parts(a), parts(b));
    a.iter().zip(&b).all(|(a, b)| a == b || a.is_empty() || b.is_empty())
        && a.len().min(b.len()) >= 4.min(a.len().max(b.len()))
}

/// Whether a fact is about a package.
enum Applies {
    Yes,
    No,
    /// It is about the same package on another platform.
    Elsewhere(String),
}

/// Whether a fact's limits on platform, architecture and module let it speak of the package.
fn applies(fact: &Fact<'_>, subject: &Subject<'_>) -> Result<Applies, ReadError> {
    let package = subject.package;
    if !package.ecosystem.os {
        if fact.is_unqualified() {
            return Ok(Applies::Yes);
        }
        let limits = fact.qualifiers()?;
        let elsewhere =
            |list: &[&str], own: &str| !list.is_empty() && !own.is_empty() && !list.contains(&own);
        if elsewhere(&limits.oses, subject.os) {
            return Ok(Applies::Elsewhere(format!("only {} is affected", limits.oses.join(", "))));
        }
        // A package that is built for a platform says so itself; a gem's may be `java`.
        if !limits.arches.contains(&package.arch.as_str()) && elsewhere(&limits.arches, subject.architecture)
        {
            return Ok(Applies::Elsewhere(format!("only {} is affected", limits.arches.join(", "))));
        }
        return Ok(Applies::Yes);
    }
    let limits = fact.qualifiers()?;
    let arches = &limits.arches;
    let any_arch = arches.is_empty() || package.arch.is_empty() || package.arch == "noarch";
    if (!any_arch && !arches.contains(&package.arch.as_str())) || arches == &["src"] {
        return Ok(Applies::No);
    }
    same_module(fact, limits.modularity, subject)
}

/// Whether a fact's limit on a module lets it speak of the package.
fn same_module(fact: &Fact<'_>, limited_to: &str, subject: &Subject<'_>) -> Result<Applies, ReadError> {
    let answer = |yes| if yes { Applies::Yes } else { Applies::No };
    let installed = module_and_stream(&subject.package.modularity);
    if limited_to.is_empty() && installed.is_empty() && !is_modular(subject.version) {
        // By far the most common case: no module on either side, unless the fix is one.
        return Ok(answer(!has_modular_fix(fact)?));
    }
    let package_is_modular = !installed.is_empty() || is_modular(subject.version);
    let fact_is_modular = !limited_to.is_empty() || has_modular_fix(fact)?;
    // A modular package without a label could be of any stream.
    let same_stream = limited_to.is_empty() || installed.is_empty() || limited_to == installed;
    Ok(answer(package_is_modular == fact_is_modular && same_stream))
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
    fn products() {
        let baseos = "cpe:/o:redhat:enterprise_linux:9::baseos";
        assert!(same_product(baseos, baseos));
        assert!(same_product(baseos, "cpe:/o:redhat:enterprise_linux:9"));
        assert!(!same_product(baseos, "cpe:/o:redhat:enterprise_linux:8::baseos"));
        assert!(!same_product(baseos, "cpe:/a:redhat:enterprise_linux:9::appstream"));
        assert!(!same_product(baseos, "cpe:/o:redhat"));
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
