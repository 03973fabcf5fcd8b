//! Red Hat in trivy-db: products as numbers, and to which release a record belongs.
//!
//! A record names the products to which it applies by their places in a list of CPEs. The release (`enterprise_linux:9`) is not said beside them: it is
//! in the CPE's own version for the distribution, in its edition for products on top of it (`::el9`), else in the fixed version (`-1.el9`).

use std::collections::BTreeMap;

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Product {
    /// The CPE, in the URI form of CPE 2.2.
    pub(super) cpe: String,
    /// The release of Red Hat Enterprise Linux that it belongs to; `None` when it does not say.
    pub(super) release: Option<u32>,
}

/// The list of products.
#[derive(Debug, Default)]
pub(super) struct Products(Vec<Option<Product>>);

/// Above the number of products that there are, by far.
const MAX_PRODUCTS: usize = 100_000;

impl Products {
    /// Adds a product; false when its place is beyond all reason.
    pub(super) fn add(&mut self, place: usize, cpe: String) -> bool {
        if place >= MAX_PRODUCTS || cpe.len() > 512 {
            return false;
        }
        if self.0.len() <= place {
            self.0.resize(place + 1, None);
        }
        if let Some(slot) = self.0.get_mut(place) {
            *slot = Some(Product { release: release(&cpe), cpe });
        }
        true
    }

    /// The product at a place.
    pub(super) fn get(&self, place: i64) -> Option<&Product> {
        self.0.get(usize::try_from(place).ok()?)?.as_ref()
    }

    /// The CPEs at the given places, by release. Those that do not say their release go to the one of the fixed version or, when there is but one
    /// release, to that. Returns also how many were left over.
    pub(super) fn by_release(&self, places: &[i64], fixed: &str) -> (BTreeMap<u32, Vec<String>>, usize) {
        let mut found: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        let mut rest = Vec::new();
        let mut unknown = 0;
        for place in places {
            match self.get(*place) {
                Some(Product { cpe, release: Some(release) }) => {
                    found.entry(*release).or_default().push(cpe.clone());
                }
                Some(Product { cpe, release: None }) => rest.push(cpe.clone()),
                None => unknown += 1,
            }
        }
        let only = if found.len() == 1 { found.keys().next().copied() } else { None };
        match release_of_version(fixed).or(only) {
            Some(release) if !rest.is_empty() => found.entry(release).or_default().append(&mut rest),
            _ => unknown += rest.len(),
        }
        (found, unknown)
    }
}

/// Products whose version is the release of the distribution.
const DISTRIBUTION: &[&str] = &[
    "enterprise_linux",
    "rhel_atomic",
    "rhel_aus",
    "rhel_cluster",
    "rhel_e4s",
    "rhel_els",
    "rhel_eus",
    "rhel_extras",
    "rhel_mission_critical",
    "rhel_productivity",
    "rhel_tus",
    "rhel_virtualization",
];

/// The release that a CPE belongs to.
fn release(cpe: &str) -> Option<u32> {
    let mut parts = cpe.split(':').skip(3);
    let (product, version) = (parts.next()?, parts.next().unwrap_or_default());
    // After the version come the update and the edition.
    let edition = parts.nth(1).unwrap_or_default();
    if let Some(number) = edition.strip_prefix("el").and_then(leading_number) {
        return Some(number);
    }
    DISTRIBUTION.iter().any(|name| product.starts_with(name)).then(|| leading_number(version)).flatten()
}

/// The release in a version as `1.2-3.el9_4` or `1.2-3.module+el8.4.0+1234`.
fn release_of_version(version: &str) -> Option<u32> {
    version.match_indices("el").find_map(|(at, _)| {
        let before = version.get(..at)?.chars().next_back()?;
        matches!(before, '.' | '+' | '_').then(|| leading_number(version.get(at + 2..)?)).flatten()
    })
}

fn leading_number(text: &str) -> Option<u32> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..digits)?.parse().ok().filter(|number| (1..1_000).contains(number))
}

/// The module and stream, and the name, of a modular package (`nodejs:12::npm`).
pub(super) fn module(package: &str) -> (&str, &str) {
    match package.split_once("::") {
        Some((module, name)) if module.contains(':') && !name.is_empty() => (module, name),
        _ => ("", package),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases() {
        for (cpe, expected) in [
            ("cpe:/o:redhat:enterprise_linux:8::baseos", Some(8)),
            ("cpe:/a:redhat:enterprise_linux:9", Some(9)),
            ("cpe:/a:redhat:rhel_eus:8.4::appstream", Some(8)),
            ("cpe:/o:redhat:enterprise_linux_eus:10.0", Some(10)),
            ("cpe:/a:redhat:rhel_software_collections:3::el7", Some(7)),
            ("cpe:/a:redhat:ansible_automation_platform:2.1::el8", Some(8)),
            ("cpe:/a:redhat:openshift:4.6", None),
            ("cpe:/a:redhat:openshift:4.6::el8", Some(8)),
            ("cpe:/a:redhat:jboss_core_services:1", None),
            ("cpe:/o:redhat:enterprise_linux", None),
            ("cpe:/o:redhat:enterprise_linux:99999999999", None),
            ("", None),
        ] {
            assert_eq!(release(cpe), expected, "{cpe}");
        }
        for (version, expected) in [
            ("1:1.1.1k-9.el8_7", Some(8)),
            ("0:2.4.37-47.module+el8.6.0+15654+427eba2e.1", Some(8)),
            ("1.2-3.el10", Some(10)),
            ("1.2-3.fc38", None),
            ("0:gel8-1", None),
            ("", None),
        ] {
            assert_eq!(release_of_version(version), expected, "{version}");
        }
    }

    #[test]
    fn products_are_sorted_by_release() {
        let mut products = Products::default();
        for (place, cpe) in [
            (0, "cpe:/o:redhat:enterprise_linux:8::baseos"),
            (1, "cpe:/o:redhat:enterprise_linux:9::baseos"),
            (2, "cpe:/a:redhat:openshift:4.6"),
            (5, "cpe:/a:redhat:enterprise_linux:8::appstream"),
        ] {
            assert!(products.add(place, cpe.to_owned()));
        }
        assert!(!products.add(usize::MAX, String::new()));
        let show = |places: &[i64], fixed: &str| {
            let (found, unknown) = products.by_release(places, fixed);
            let found: Vec<String> =
                found.iter().map(|(release, cpes)| format!("{release}x{}", cpes.len())).collect();
            (found.join(" "), unknown)
        };
        assert_eq!(show(&[0, 1, 5], ""), ("8x2 9x1".to_owned(), 0));
        assert_eq!(show(&[0, 1, 2], ""), ("8x1 9x1".to_owned(), 1));
        assert_eq!(show(&[0, 2], ""), ("8x2".to_owned(), 0));
        assert_eq!(show(&[2], "0:4.6.1-1.el7"), ("7x1".to_owned(), 0));
        assert_eq!(show(&[3, -1, i64::MAX], ""), (String::new(), 3));
    }

    #[test]
    fn modules() {
        assert_eq!(module("nodejs:12::npm"), ("nodejs:12", "npm"));
        assert_eq!(module("npm"), ("", "npm"));
        assert_eq!(module("a::b"), ("", "a::b"));
        assert_eq!(module("nodejs:12::"), ("", "nodejs:12::"));
    }
}
