//! Python packages (PyPI).

mod core_metadata;

use plimsoll_types::EcosystemSpec;

use crate::ecosystems::Ecosystem;
use crate::schemes;

pub(super) static ECOSYSTEM: Ecosystem = Ecosystem {
    spec: &EcosystemSpec {
        id: "pypi",
        title: "Python packages",
        purl_type: "pypi",
        advisory_names: &["PyPI"],
        versions: schemes::PEP440,
        normalize_name,
        os: false,
    },
    analyzers: &[&core_metadata::CoreMetadata],
};

/// The normalised name of PEP 503: lower case, and each run of `-`, `_` and `.` is one `-`.
fn normalize_name(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    let mut separator = false;
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.') {
            if !separator {
                normal.push('-');
            }
            separator = true;
        } else {
            normal.extend(c.to_lowercase());
            separator = false;
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    // Expected: `packaging.utils.canonicalize_name` of Python's packaging library.
    #[test]
    fn names_are_normalised() {
        for (name, expected) in [
            ("Friendly-Bard", "friendly-bard"),
            ("FRIENDLY._.--bard", "friendly-bard"),
            ("zope.interface", "zope-interface"),
            ("_private", "-private"),
            ("ruamel.yaml.clib", "ruamel-yaml-clib"),
            ("", ""),
        ] {
            assert_eq!(super::normalize_name(name), expected);
        }
    }
}
