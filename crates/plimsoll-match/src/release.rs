//! The release of a distribution: which advisories are its own, and which of its packages they do not speak of.

use std::collections::BTreeSet;

use plimsoll_db::{Index, ReadError};
use plimsoll_types::{Distro, DistroSpec, MatchedBy, Package, Problem, ProblemCode, SuppressedBy};

use crate::evaluate::{Lookup, Subject};
use crate::{HeldBack, Matched};

/// The architecture under which statements on source packages are filed where advisories are otherwise about binaries.
const SOURCE_ARCH: &str = "src";

/// The release whose advisories are used.
pub(crate) struct Release<'a> {
    pub(crate) spec: &'a DistroSpec,
    ecosystem: String,
    /// Where fixes are filed that only subscribers get.
    subscription: Option<String>,
    /// The CPEs of the products in the image; `None` when the image does not say.
    products: Option<BTreeSet<String>>,
}

impl<'a> Release<'a> {
    /// Finds the release's advisories; a release without any is a problem when there is a package to match.
    pub(crate) fn find(
        index: &Index,
        distro: &Distro,
        spec: &'a DistroSpec,
        packages: &[Package],
        matched: &mut Matched,
    ) -> Result<Option<Release<'a>>, ReadError> {
        let ecosystem = (spec.advisory_ecosystem)(distro);
        if let Some(ecosystem) = &ecosystem {
            matched.lifecycle = index.lifecycle(ecosystem)?;
        }
        if !packages.iter().any(|package| package.ecosystem.id == spec.package_ecosystem) {
            return Ok(None);
        }
        let message = match ecosystem {
            Some(ecosystem) if index.has_ecosystem(&ecosystem)? => {
                let subscription = (spec.subscription_ecosystem)(distro);
                let subscription = match subscription {
                    Some(name) if index.has_ecosystem(&name)? => Some(name),
                    _ => None,
                };
                let products = products(index, distro)?;
                return Ok(Some(Release { spec, ecosystem, subscription, products }));
            }
            Some(ecosystem) => format!("the advisory database has no advisories for {ecosystem}"),
            None if distro.version.is_empty() => {
                format!("which release of {} this is cannot be told", spec.title)
            }
            None => format!("there are no advisories for {} {}", spec.title, distro.version),
        };
        matched.problems.push(Problem {
            code: ProblemCode::NoAdvisories,
            analyzer: String::new(),
            path: String::new(),
            layer: None,
            message,
        });
        Ok(None)
    }

    /// Looks a package up among the release's advisories.
    pub(crate) fn look_up<'i>(
        &self,
        subject: &Subject<'_>,
        by_source: bool,
        lookup: &mut Lookup<'i>,
    ) -> Result<(), ReadError> {
        let normalize = subject.package.ecosystem.normalize_name;
        let name = normalize(subject.name);
        let named = if by_source && subject.package.name != subject.name {
            MatchedBy::SourceName
        } else {
            MatchedBy::Name
        };
        let ecosystem = match (self.spec.flavour)(subject.version) {
            Some(flavour) => &format!("{}:{flavour}", self.ecosystem),
            None => &self.ecosystem,
        };
        lookup.take(ecosystem, &name, subject, named)?;
        // Where advisories name binaries, some still speak of source packages: of what is not fixed, mostly.
        if !by_source {
            let (source, version) = subject.package.source_or_self();
            let version = if version.is_empty() { subject.version } else { version };
            let of_source = Subject { name: source, version, ..*subject };
            lookup.take_of_arch(ecosystem, &normalize(source), &of_source, SOURCE_ARCH)?;
        }
        if let Some(products) = &self.products {
            lookup.limit_to_products(products)?;
        }
        if let Some(subscription) = &self.subscription {
            self.subscribe(subscription, &name, subject, named, lookup)?;
        }
        Ok(())
    }

    /// Takes in what subscribers get: it says what would fix a package, and that a package is fixed that came from
    /// there.
    fn subscribe<'i>(
        &self,
        ecosystem: &str,
        name: &str,
        subject: &Subject<'_>,
        named: MatchedBy,
        lookup: &mut Lookup<'i>,
    ) -> Result<(), ReadError> {
        let mut theirs = Lookup { index: lookup.index, hits: Vec::new(), unorderable: None };
        theirs.take(ecosystem, name, subject, named)?;
        let holding: BTreeSet<u32> = theirs.hits.iter().map(|hit| hit.number).collect();
        let mut fixed: BTreeSet<&str> = BTreeSet::new();
        for fact in lookup.index.lookup(ecosystem, name)? {
            let fact = fact?;
            if !holding.contains(&fact.advisory) {
                let advisory = lookup.index.advisory(fact.advisory)?;
                fixed.insert(advisory.id);
                fixed.extend(advisory.aliases);
                fixed.extend(advisory.covers);
            }
        }
        let cleared = |hit: &crate::evaluate::Hit<'_>| {
            let ids =
                if hit.advisory.covers.is_empty() { &hit.advisory.aliases } else { &hit.advisory.covers };
            let all = |ids: &[&str]| !ids.is_empty() && ids.iter().all(|id| fixed.contains(id));
            fixed.contains(hit.advisory.id) || all(ids)
        };
        // A fix for subscribers that is installed also mends what the release's own advisories leave open.
        if subject.version.contains("esm") {
            lookup.hits.retain(|hit| !cleared(hit));
        }
        for mut hit in theirs.hits {
            hit.subscription = true;
            lookup.hits.push(hit);
        }
        Ok(())
    }

    /// Why nothing that the advisories say of a package is shown as a finding, if so.
    pub(crate) fn holds_back(&self, package: &Package, container: bool) -> Option<HeldBack> {
        if self.spec.is_foreign(&package.vendor, &package.version) {
            let reason = format!(
                "the package is from '{}': the advisories of {} do not speak of it",
                package.vendor, self.spec.title
            );
            return Some((SuppressedBy::ThirdParty, self.ecosystem.clone(), reason));
        }
        if container && (self.spec.kernel)(package.source_or_self().0) {
            let reason = "a container runs on its host's kernel, not on this one".to_owned();
            return Some((SuppressedBy::NotApplicable, self.ecosystem.clone(), reason));
        }
        None
    }
}

/// The CPEs of the products that the image's repositories belong to; `None` when it does not say or they are not known.
fn products(index: &Index, distro: &Distro) -> Result<Option<BTreeSet<String>>, ReadError> {
    let mut products = BTreeSet::new();
    for repository in &distro.content_sets {
        products.extend(index.repository_cpes(repository)?.into_iter().map(str::to_owned));
    }
    Ok((!products.is_empty()).then_some(products))
}
