//! Vulnerabilities by whatever name: identifiers that all reports together know to be one are joined, and advisories
//! that speak of several vulnerabilities are taken apart.
//!
//! Two CVE identifiers are never one vulnerability, so nothing that would join them does.

use std::collections::{BTreeMap, BTreeSet};

/// Beginnings of the identifiers of bulletins: they announce updates, and one update may close many holes.
const BULLETINS: &[&str] = &[
    "ALAS",
    "ALBA-",
    "ALEA-",
    "ALSA-",
    "AZL-",
    "CGA-",
    "DLA-",
    "DSA-",
    "DTSA-",
    "ELBA-",
    "ELEA-",
    "ELSA-",
    "FEDORA-",
    "GLSA-",
    "MGASA-",
    "OPENSUSE-",
    "PHSA-",
    "RHBA-",
    "RHEA-",
    "RHSA-",
    "RLBA-",
    "RLSA-",
    "RXSA-",
    "SUSE-",
    "USN-",
];

/// The longest identifier that is told apart from others. A class may give its name to very many findings.
const MAX_LENGTH: usize = 256;

/// An identifier in the spelling by which it is compared. `DEBIAN-CVE-2024-1` and its like are that CVE.
pub(crate) fn canonical(id: &str) -> String {
    let mut id = id.trim().to_ascii_uppercase();
    if id.len() > MAX_LENGTH {
        id = id.chars().take(MAX_LENGTH).collect();
    }
    if let Some(at) = id.find("CVE-") {
        let (before, cve) = id.split_at(at);
        if (before.is_empty() || before.ends_with('-')) && is_cve(cve) {
            return cve.to_owned();
        }
    }
    match id.strip_prefix("GHSA-") {
        Some(rest) => format!("GHSA-{}", rest.to_ascii_lowercase()),
        None => id,
    }
}

/// Whether a canonical identifier is a CVE's: `CVE-YEAR-NUMBER`.
pub(crate) fn is_cve(id: &str) -> bool {
    let digits =
        |text: &str| (4..=19).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    id.strip_prefix("CVE-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(year, number)| year.len() == 4 && digits(year) && digits(number))
}

/// Identifiers of vulnerabilities in a text, such as a list of links.
pub(crate) fn mentioned(text: &str) -> Vec<String> {
    let inside = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut found: Vec<String> = text
        .split(|c: char| !inside(c))
        .filter(|word| word.len() <= 64)
        .map(canonical)
        .filter(|word| is_cve(word) || is_ghsa(word))
        .collect();
    found.sort();
    found.dedup();
    found
}

fn is_ghsa(id: &str) -> bool {
    id.len() == 19 && id.starts_with("GHSA-") && id.bytes().filter(|&byte| byte == b'-').count() == 3
}

/// What one finding says of identifiers: its own, and others for the same thing.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    pub(crate) id: &'a str,
    pub(crate) others: &'a [String],
}

/// The identifiers of all reports.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    numbers: BTreeMap<String, usize>,
    parents: Vec<usize>,
    /// How many identifiers lie below a root: the smaller class goes below the larger, so that ways stay short.
    sizes: Vec<usize>,
    /// The CVE of a root's class, if it has one.
    cves: Vec<Option<String>>,
    /// The name of a root's class.
    names: Vec<String>,
    /// Advisories that cover several vulnerabilities, and which.
    covers: BTreeMap<String, BTreeSet<String>>,
}

impl Identities {
    /// Joins what the statements join. Their order makes no difference.
    pub(crate) fn new<'a>(statements: impl Iterator<Item = Statement<'a>>) -> Identities {
        let mut edges: BTreeSet<(String, String)> = BTreeSet::new();
        let mut identities = Identities::default();
        for statement in statements {
            let id = canonical(statement.id);
            for other in statement.others.iter().take(crate::MAX_NAMES) {
                let other = canonical(other);
                if other != id && !other.is_empty() {
                    edges.insert(if id < other { (id.clone(), other) } else { (other, id.clone()) });
                }
            }
            identities.number(id);
        }
        let mut covers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (a, b) in &edges {
            match (is_cve(a), is_cve(b)) {
                (true, false) => covers.entry(b.clone()).or_default().insert(a.clone()),
                (false, true) => covers.entry(a.clone()).or_default().insert(b.clone()),
                _ => continue,
            };
        }
        covers.retain(|id, cves| is_bulletin(id) || cves.len() > 1);
        identities.covers = covers;
        for (a, b) in edges {
            let apart = |id: &str| is_bulletin(id) || identities.covers.contains_key(id);
            if !apart(&a) && !apart(&b) {
                identities.join(a, b);
            }
        }
        identities
    }

    fn number(&mut self, id: String) -> usize {
        if let Some(&number) = self.numbers.get(&id) {
            return number;
        }
        let number = self.parents.len();
        self.parents.push(number);
        self.sizes.push(1);
        self.cves.push(is_cve(&id).then(|| id.clone()));
        self.names.push(id.clone());
        self.numbers.insert(id, number);
        number
    }

    fn root(&self, mut number: usize) -> usize {
        // Every join puts a root below a root, so that this ends.
        while let Some(&parent) = self.parents.get(number) {
            if parent == number {
                break;
            }
            number = parent;
        }
        number
    }

    fn join(&mut self, a: String, b: String) {
        let (a, b) = (self.number(a), self.number(b));
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        let size = |root: usize| self.sizes.get(root).copied().unwrap_or(0);
        let sum = size(a).saturating_add(size(b));
        let (a, b) = if size(a) < size(b) { (b, a) } else { (a, b) };
        let (Some(first), Some(second)) = (self.cves.get(a).cloned(), self.cves.get(b).cloned()) else {
            return;
        };
        let (first, second) = match (first, second) {
            (Some(first), Some(second)) if first != second => return,
            other => other,
        };
        let names = self.names.get(a).cloned().zip(self.names.get(b).cloned());
        let name = names.map(|(a, b)| if rank(&a) <= rank(&b) { a } else { b }).unwrap_or_default();
        if let Some(parent) = self.parents.get_mut(b) {
            *parent = a;
        }
        if let Some(size) = self.sizes.get_mut(a) {
            *size = sum;
        }
        if let Some(cve) = self.cves.get_mut(a) {
            *cve = first.or(second);
        }
        if let Some(own) = self.names.get_mut(a) {
            *own = name;
        }
    }

    /// How many vulnerabilities an identifier is about.
    pub(crate) fn count(&self, id: &str) -> usize {
        self.covers.get(&canonical(id)).map_or(1, |cves| cves.len().min(crate::MAX_NAMES))
    }

    /// The vulnerabilities that an identifier is about, each by its class's name: the CVE where there is one.
    pub(crate) fn vulnerabilities(&self, id: &str) -> Vec<String> {
        let id = canonical(id);
        match self.covers.get(&id) {
            Some(cves) => cves.iter().take(crate::MAX_NAMES).map(|cve| self.name(cve)).collect(),
            None => vec![self.name(&id)],
        }
    }

    fn name(&self, id: &str) -> String {
        let number = self.numbers.get(id).map(|&number| self.root(number));
        number.and_then(|root| self.names.get(root)).cloned().unwrap_or_else(|| id.to_owned())
    }
}

fn is_bulletin(id: &str) -> bool {
    BULLETINS.iter().any(|prefix| id.starts_with(prefix))
}

/// Which identifier names a class: CVE before GHSA before others, then by text.
fn rank(id: &str) -> (u8, &str) {
    let kind = match id {
        _ if is_cve(id) => 0,
        _ if is_ghsa(id) => 1,
        _ => 2,
    };
    (kind, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identities(statements: &[(&str, &[&str])]) -> Identities {
        let owned: Vec<(String, Vec<String>)> = statements
            .iter()
            .map(|(id, others)| ((*id).to_owned(), others.iter().map(|&other| other.to_owned()).collect()))
            .collect();
        Identities::new(owned.iter().map(|(id, others)| Statement { id, others }))
    }

    #[test]
    fn spellings() {
        assert_eq!(canonical(" cve-2021-44228"), "CVE-2021-44228");
        assert_eq!(canonical("DEBIAN-CVE-2024-5535"), "CVE-2024-5535");
        assert_eq!(canonical("GHSA-JFH8-C2JP-5V3Q"), "GHSA-jfh8-c2jp-5v3q");
        assert_eq!(canonical("RHSA-2024:1234"), "RHSA-2024:1234");
        assert!(is_cve("CVE-2021-44228") && !is_cve("CVE-2021-1") && !is_cve("CVE-20211-1234"));
        assert_eq!(
            mentioned(
                "https://nvd.nist.gov/vuln/detail/CVE-2021-44228 https://github.com/advisories/GHSA-jfh8-c2jp-5v3q?x"
            ),
            ["CVE-2021-44228", "GHSA-jfh8-c2jp-5v3q"]
        );
    }

    #[test]
    fn aliases_join_over_all_reports() {
        let identities = identities(&[
            ("PYSEC-2023-1", &["GHSA-aaaa-bbbb-cccc"]),
            ("GHSA-aaaa-bbbb-cccc", &["CVE-2023-1111"]),
            ("OSV-1", &["OSV-2"]),
        ]);
        assert_eq!(identities.vulnerabilities("PYSEC-2023-1"), ["CVE-2023-1111"]);
        assert_eq!(identities.vulnerabilities("cve-2023-1111"), ["CVE-2023-1111"]);
        assert_eq!(identities.vulnerabilities("OSV-2"), identities.vulnerabilities("OSV-1"));
        assert_eq!(identities.vulnerabilities("CVE-2023-9999"), ["CVE-2023-9999"]);
    }

    #[test]
    fn two_cves_never_become_one() {
        let identities = identities(&[
            ("CVE-2023-1111", &["CVE-2023-2222", "GHSA-aaaa-bbbb-cccc"]),
            ("CVE-2023-2222", &["GHSA-aaaa-bbbb-cccc", "GHSA-dddd-eeee-ffff"]),
            ("PYSEC-2023-1", &["GHSA-dddd-eeee-ffff", "CVE-2023-1111"]),
        ]);
        assert_eq!(identities.vulnerabilities("CVE-2023-1111"), ["CVE-2023-1111"]);
        assert_eq!(identities.vulnerabilities("CVE-2023-2222"), ["CVE-2023-2222"]);
        assert_eq!(identities.vulnerabilities("GHSA-aaaa-bbbb-cccc"), ["CVE-2023-1111", "CVE-2023-2222"]);
    }

    #[test]
    fn bulletins_are_taken_apart() {
        let identities = identities(&[
            ("CVE-2019-18224", &["DSA-4613-1"]),
            ("RHSA-2024:1", &["CVE-2024-1111", "CVE-2024-2222"]),
            ("RHSA-2024:2", &[]),
        ]);
        assert_eq!(identities.vulnerabilities("DSA-4613-1"), ["CVE-2019-18224"]);
        assert_eq!(identities.vulnerabilities("RHSA-2024:1"), ["CVE-2024-1111", "CVE-2024-2222"]);
        assert_eq!(identities.vulnerabilities("RHSA-2024:2"), ["RHSA-2024:2"]);
    }
}
