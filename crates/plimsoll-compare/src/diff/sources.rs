//! Advisory sources by the words that every scanner has for them: Trivy's data source ids, Grype's namespaces, Clair's
//! updaters, Plimsoll's sources and ecosystems.

use std::collections::BTreeSet;

/// What a scanner's word for a source holds, and our word for the source.
const WORDS: &[(&str, &str)] = &[
    ("alas", "Amazon"),
    ("alma", "AlmaLinux"),
    ("alpine", "Alpine"),
    ("amazon", "Amazon"),
    ("bitnami", "Bitnami"),
    ("chainguard", "Chainguard"),
    ("debian", "Debian"),
    ("fedora", "Fedora"),
    ("ghsa", "GitHub"),
    ("github", "GitHub"),
    ("glad", "GitLab"),
    ("gitlab", "GitLab"),
    ("go-vuln", "Go"),
    ("govuln", "Go"),
    ("mariner", "Azure Linux"),
    ("azure", "Azure Linux"),
    ("nvd", "NVD"),
    ("oracle", "Oracle"),
    ("osv", "OSV"),
    ("photon", "Photon"),
    ("pypa", "PyPA"),
    ("pysec", "PyPA"),
    ("red hat", "Red Hat"),
    ("redhat", "Red Hat"),
    ("rhel", "Red Hat"),
    ("rhcc", "Red Hat"),
    ("rocky", "Rocky"),
    ("ruby-advisory", "Ruby"),
    ("rustsec", "RustSec"),
    ("suse", "SUSE"),
    ("ubuntu", "Ubuntu"),
    ("wolfi", "Wolfi"),
];

/// What identifiers begin with, and the source that gives them.
const IDENTIFIERS: &[(&str, &str)] = &[
    ("ALAS", "Amazon"),
    ("ALSA-", "AlmaLinux"),
    ("DLA-", "Debian"),
    ("DSA-", "Debian"),
    ("ELSA-", "Oracle"),
    ("GHSA-", "GitHub"),
    ("GO-", "Go"),
    ("PYSEC-", "PyPA"),
    ("RHSA-", "Red Hat"),
    ("RLSA-", "Rocky"),
    ("RUSTSEC-", "RustSec"),
    ("SUSE-", "SUSE"),
    ("USN-", "Ubuntu"),
];

/// Sources that OSV's database carries.
const OF_OSV: &[&str] = &["GitHub", "Go", "PyPA", "RustSec"];

/// The sources that a scanner's word names.
pub(super) fn words(text: &str) -> impl Iterator<Item = &'static str> {
    let lower: String = text.chars().take(200).flat_map(char::to_lowercase).collect();
    WORDS.iter().filter(move |(part, _)| lower.contains(part)).map(|(_, word)| *word).chain(words_of_id(text))
}

/// The source that gives an identifier.
pub(super) fn words_of_id(id: &str) -> impl Iterator<Item = &'static str> {
    let id: String = id.trim().chars().take(16).flat_map(char::to_uppercase).collect();
    IDENTIFIERS.iter().filter(move |(prefix, _)| id.starts_with(prefix)).map(|(_, word)| *word)
}

/// Whether nothing of `known` is among the sources `wanted`. What says nothing of its sources is given the benefit of the
/// doubt.
pub(super) fn unknown_to(known: &BTreeSet<&'static str>, wanted: &[&'static str]) -> bool {
    let osv = known.contains("OSV");
    let knows = |word: &&str| known.contains(*word) || (osv && OF_OSV.contains(word));
    // OSV passes on what others wrote; without a word of whom, nothing can be told.
    let wanted: Vec<&&str> = wanted.iter().filter(|word| **word != "OSV").collect();
    !known.is_empty() && !wanted.is_empty() && !wanted.into_iter().any(knows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scanners_words_meet() {
        for (text, expected) in [
            ("debian", "Debian"),
            ("debian:distro:debian:12", "Debian"),
            ("debian/updater", "Debian"),
            ("Debian:12", "Debian"),
            ("redhat-oval", "Red Hat"),
            ("rhel-vex", "Red Hat"),
            ("github:language:python", "GitHub"),
            ("ghsa", "GitHub"),
            ("GHSA-jfh8-c2jp-5v3q", "GitHub"),
            ("nvd:cpe", "NVD"),
            ("osv/pypi", "OSV"),
        ] {
            assert_eq!(words(text).next(), Some(expected), "{text}");
        }
        assert_eq!(words("something else").count(), 0);
    }

    #[test]
    fn silence_is_no_absence() {
        let known = |words: &[&'static str]| words.iter().copied().collect::<BTreeSet<_>>();
        assert!(unknown_to(&known(&["Debian"]), &["GitHub"]));
        assert!(!unknown_to(&known(&["Debian", "OSV"]), &["GitHub"]));
        assert!(!unknown_to(&known(&["Debian"]), &["GitHub", "Debian"]));
        assert!(!unknown_to(&known(&[]), &["GitHub"]));
        assert!(!unknown_to(&known(&["Debian"]), &[]));
        assert!(!unknown_to(&known(&["Debian"]), &["OSV"]));
        assert!(unknown_to(&known(&["Debian"]), &["Go", "OSV"]));
    }
}
