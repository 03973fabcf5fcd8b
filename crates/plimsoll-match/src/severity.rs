//! The severity of a vulnerability: what each source says of it, and whose word counts.
//!
//! The usual order: what a matching advisory says for this package; its word for the vulnerability; what another record
//! quotes its source as saying; the base score of a CVSS vector, a matching advisory's before another source's; another
//! source's word.

use std::collections::BTreeMap;

use plimsoll_db::AdvisoryRef;
use plimsoll_types::Severity;

use crate::cvss::{self, CvssScore};
use crate::evaluate::Hit;
use crate::severity_source_matches;

/// What sources state of a vulnerability, in the order in which they are believed.
pub(crate) struct Stated<'a> {
    /// For this package.
    for_package: Option<(&'a str, Severity)>,
    /// Words of matching advisories, then of others.
    words: Vec<(&'a str, Severity)>,
    /// How many of the words are matching advisories'.
    own_words: usize,
    /// Scores, matching advisories' first.
    scores: Vec<(&'a str, CvssScore)>,
}

impl<'a> Stated<'a> {
    pub(crate) fn of(hits: &[&'a Hit<'a>], others: &'a [(u32, AdvisoryRef<'a>)]) -> Stated<'a> {
        let known = |severity: &Severity| *severity != Severity::Unknown;
        let for_package = hits.iter().find_map(|hit| {
            let severities = hit.facts.iter().filter_map(|held| held.fact.severity);
            Some((hit.advisory.source, severities.filter(known).max()?))
        });
        let mut words = Vec::new();
        let mut scores = Vec::new();
        let mut take = |advisory: &'a AdvisoryRef<'a>, words: &mut Vec<(&'a str, Severity)>| {
            // Its own word before what it quotes from others.
            let own = advisory.severities.iter().filter(|(source, _)| *source == advisory.source);
            let quoted = advisory.severities.iter().filter(|(source, _)| *source != advisory.source);
            words.extend(own.chain(quoted).filter(|(_, severity)| known(severity)).copied());
            let mut vectors: Vec<_> = advisory
                .cvss
                .iter()
                .filter_map(|(source, vector)| Some((*source, cvss::score(vector)?)))
                .collect();
            // A newer version of CVSS supersedes an older one; of equals, the first.
            vectors.sort_by_key(|(_, score)| std::cmp::Reverse(score.version));
            scores.extend(vectors);
        };
        for hit in hits {
            take(&hit.advisory, &mut words);
        }
        let mut own_words = words.len();
        for (_, advisory) in others {
            take(advisory, &mut words);
        }
        // A database may keep the words of all sources with the vulnerability, apart from what it says of packages.
        let is_own = |source: &str| hits.iter().any(|hit| hit.advisory.source == source);
        let mut quoted = words.split_off(own_words);
        quoted.sort_by_key(|(source, _)| !is_own(source));
        own_words += quoted.iter().filter(|(source, _)| is_own(source)).count();
        words.extend(quoted);
        Stated { for_package, words, own_words, scores }
    }

    /// The severity, whose it is, and the base score that goes with it, in tenths. `order` names sources that are asked
    /// before the usual order.
    pub(crate) fn choose(&self, order: &[String]) -> (Severity, String, Option<u8>) {
        let wanted = order.iter().take_while(|source| *source != "auto").find_map(|source| {
            let is = |found: &str| severity_source_matches(source, found);
            let for_package = self.for_package.filter(|(found, _)| is(found));
            let word = || self.words.iter().find(|(found, _)| is(found)).copied();
            let score = || {
                self.scores
                    .iter()
                    .find(|(found, _)| is(found))
                    .map(|(found, score)| (*found, score.severity()))
            };
            for_package.or_else(word).or_else(score)
        });
        let chosen = wanted
            .or(self.for_package)
            .or_else(|| self.words.get(..self.own_words)?.first().copied())
            .or_else(|| self.scores.first().map(|(source, score)| (*source, score.severity())))
            .or_else(|| self.words.first().copied());
        let (source, severity) = chosen.unwrap_or_default();
        // The score of who states the severity, where there is one.
        let own = self.scores.iter().find(|(found, _)| *found == source);
        let score = own.or(self.scores.first()).map(|(_, score)| score.tenths);
        (severity, source.to_owned(), score)
    }

    /// What each source says, sorted: its word, or else what its vector amounts to.
    pub(crate) fn by_source(&self) -> Vec<(String, Severity)> {
        let mut by_source: BTreeMap<&str, Severity> = BTreeMap::new();
        let scored = self.scores.iter().map(|(source, score)| (*source, score.severity()));
        for (source, severity) in self.for_package.into_iter().chain(self.words.iter().copied()).chain(scored)
        {
            by_source.entry(source).or_insert(severity);
        }
        by_source.into_iter().map(|(source, severity)| (source.to_owned(), severity)).collect()
    }
}
