//! Groups the advisories that hold for one package by the vulnerability of which they speak.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use plimsoll_db::{Index, ReadError};

use crate::evaluate::Hit;

/// The advisories on one vulnerability.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group<'a> {
    /// All identifiers of the vulnerability.
    pub(crate) ids: BTreeSet<&'a str>,
    /// Places in the list of hits, ascending.
    pub(crate) hits: Vec<usize>,
}

/// How many advisories from elsewhere are asked for the aliases of one identifier.
const MAX_LINKS: usize = 16;
/// How many identifiers are asked about for one package; real ones have some hundred advisories.
const MAX_ASKED: usize = 20_000;

/// Groups hits by the closure over their identifiers and aliases. An erratum that covers several vulnerabilities is in
/// the group of each; its own identifier joins nothing.
///
/// An identifier that no CVE goes with is looked up in the whole index: two advisories on one package may be linked by a
/// third source's record alone.
pub(crate) fn groups<'a>(index: &'a Index, hits: &[Hit<'a>]) -> Result<Vec<Group<'a>>, ReadError> {
    let mut links = Vec::new();
    // Identifiers that name each other come up again and again; one look at each is enough.
    let mut asked: HashSet<&str> = HashSet::new();
    if hits.len() > 1 {
        for hit in hits.iter().filter(|hit| hit.advisory.covers.is_empty()) {
            let names = || std::iter::once(&hit.advisory.id).chain(&hit.advisory.aliases);
            if names().any(|name| name.starts_with("CVE-")) {
                continue;
            }
            for name in names().take(MAX_LINKS) {
                if asked.len() >= MAX_ASKED || !asked.insert(name) {
                    continue;
                }
                for number in index.by_identifier(name)?.take(MAX_LINKS) {
                    let advisory = index.advisory(number)?;
                    if advisory.covers.is_empty() {
                        links.push((*name, advisory.id));
                        links
                            .extend(advisory.aliases.into_iter().take(MAX_LINKS).map(|alias| (*name, alias)));
                    }
                }
            }
        }
    }
    Ok(grouped(hits, &links))
}

/// Groups hits by their own identifiers and by `links` between identifiers.
fn grouped<'a>(hits: &[Hit<'a>], links: &[(&'a str, &'a str)]) -> Vec<Group<'a>> {
    let mut sets = Sets::default();
    for (a, b) in links {
        let (a, b) = (sets.node(a), sets.node(b));
        sets.union(a, b);
    }
    for hit in hits {
        if hit.advisory.covers.is_empty() {
            let own = sets.node(hit.advisory.id);
            for alias in &hit.advisory.aliases {
                let alias = sets.node(alias);
                sets.union(own, alias);
            }
        } else {
            for covered in &hit.advisory.covers {
                sets.node(covered);
            }
        }
    }
    let mut groups: BTreeMap<usize, Group<'a>> = BTreeMap::new();
    for (place, hit) in hits.iter().enumerate() {
        let ids: &[&str] =
            if hit.advisory.covers.is_empty() { &[hit.advisory.id] } else { hit.advisory.covers.as_slice() };
        for id in ids {
            let node = sets.node(id);
            let root = sets.root(node);
            let group =
                groups.entry(root).or_insert_with(|| Group { ids: BTreeSet::new(), hits: Vec::new() });
            if group.hits.last() != Some(&place) {
                group.hits.push(place);
            }
        }
    }
    for node in 0..sets.names.len() {
        let root = sets.root(node);
        if let (Some(group), Some(name)) = (groups.get_mut(&root), sets.names.get(node)) {
            group.ids.insert(name);
        }
    }
    groups.into_values().collect()
}

/// Disjoint sets of identifiers.
#[derive(Default)]
struct Sets<'a> {
    nodes: HashMap<&'a str, usize>,
    names: Vec<&'a str>,
    parents: Vec<usize>,
}

impl<'a> Sets<'a> {
    fn node(&mut self, name: &'a str) -> usize {
        let next = self.names.len();
        let node = *self.nodes.entry(name).or_insert(next);
        if node == next {
            self.names.push(name);
            self.parents.push(node);
        }
        node
    }

    /// The set's representative: its oldest node, since [`Sets::union`] keeps the older one.
    fn root(&mut self, mut node: usize) -> usize {
        while let Some(&parent) = self.parents.get(node) {
            if parent == node {
                break;
            }
            // Halving the path keeps the sets flat.
            let grandparent = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(node) {
                *slot = grandparent;
            }
            node = grandparent;
        }
        node
    }

    fn union(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.parents.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_db::AdvisoryRef;

    use super::*;

    fn hit(id: &'static str, aliases: &[&'static str], covers: &[&'static str]) -> Hit<'static> {
        Hit {
            number: 0,
            advisory: AdvisoryRef {
                id,
                source: "s",
                aliases: aliases.to_vec(),
                covers: covers.to_vec(),
                cwes: vec![],
                cvss: vec![],
                severities: vec![],
                published: None,
                modified: None,
                known_exploited: false,
                public_exploit: false,
            },
            ecosystem: "e".to_owned(),
            matched_by: plimsoll_types::MatchedBy::Name,
            name: String::new(),
            version: String::new(),
            facts: vec![],
            subscription: false,
        }
    }

    fn show(hits: &[Hit<'static>]) -> Vec<(Vec<&'static str>, Vec<usize>)> {
        grouped(hits, &[]).into_iter().map(|group| (group.ids.into_iter().collect(), group.hits)).collect()
    }

    #[test]
    fn aliases_close_over_advisories() {
        let hits = [
            hit("PYSEC-1", &["GHSA-1"], &[]),
            hit("PYSEC-2", &[], &[]),
            hit("GHSA-1", &["CVE-1"], &[]),
            hit("BIT-1", &["CVE-1"], &[]),
        ];
        assert_eq!(
            show(&hits),
            [(vec!["BIT-1", "CVE-1", "GHSA-1", "PYSEC-1"], vec![0, 2, 3]), (vec!["PYSEC-2"], vec![1])]
        );
    }

    #[test]
    fn a_third_record_can_link_two() {
        let hits = [hit("PYSEC-1", &[], &[]), hit("GHSA-1", &[], &[]), hit("X-1", &[], &[])];
        let groups = grouped(&hits, &[("PYSEC-1", "CVE-1"), ("GHSA-1", "CVE-1")]);
        let places: Vec<_> = groups.into_iter().map(|group| group.hits).collect();
        assert_eq!(places, [vec![0, 1], vec![2]]);
    }

    #[test]
    fn errata_are_in_the_group_of_each_covered_vulnerability() {
        let hits = [
            hit("DSA-1-1", &[], &["CVE-1", "CVE-2"]),
            hit("DSA-1-2", &[], &["CVE-2"]),
            hit("DSA-2-1", &[], &[]),
            hit("DSA-3-1", &[], &["CVE-3", "CVE-3"]),
        ];
        assert_eq!(
            show(&hits),
            [
                (vec!["CVE-1"], vec![0]),
                (vec!["CVE-2"], vec![0, 1]),
                (vec!["DSA-2-1"], vec![2]),
                (vec!["CVE-3"], vec![3]),
            ]
        );
    }
}
