//! Where parsers put what they read: advisories, and refusals with their reasons.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_types::Lifecycle;

use crate::{Advisory, EpssScore, RepositoryCpes};

/// Why a record was not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalReason {
    /// It cannot be read: broken syntax, a missing or impossible identifier.
    Malformed,
    /// It is over a limit.
    TooLarge,
    /// It announces a bug fix or an enhancement.
    NotSecurity,
    /// It is a notice, such as that a package is no longer maintained.
    Informational,
    /// It names no package with a range or a version that could be compared.
    NothingAffected,
    /// It speaks only of releases that are unknown or never installed from (`sid`).
    UnknownRelease,
}

impl RefusalReason {
    /// All of them.
    pub const ALL: [RefusalReason; 6] = [
        RefusalReason::Malformed,
        RefusalReason::TooLarge,
        RefusalReason::NotSecurity,
        RefusalReason::Informational,
        RefusalReason::NothingAffected,
        RefusalReason::UnknownRelease,
    ];

    /// The reason in words, such as `not a security advisory`.
    pub const fn words(self) -> &'static str {
        match self {
            RefusalReason::Malformed => "cannot be read",
            RefusalReason::TooLarge => "over a limit",
            RefusalReason::NotSecurity => "not a security advisory",
            RefusalReason::Informational => "a notice, not a vulnerability",
            RefusalReason::NothingAffected => "no affected package that can be compared",
            RefusalReason::UnknownRelease => "no known release",
        }
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// A record that was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file, as a path inside the feed.
    pub path: String,
    /// The record's id or its place in the file; empty for the file as a whole.
    pub record: String,
    /// Why.
    pub reason: RefusalReason,
    /// More on why; may be empty.
    pub detail: String,
}

/// Collects what parsers read. One sink may serve many files; sinks of several threads are joined with
/// [`Sink::append`].
#[derive(Debug, Default)]
pub struct Sink {
    /// The advisories kept, in the order read.
    pub advisories: Vec<Advisory>,
    /// EPSS scores, in the order read.
    pub epss: Vec<EpssScore>,
    /// Support periods of distributions' releases, in the order read.
    pub lifecycles: Vec<Lifecycle>,
    /// Which products Red Hat's repositories belong to, in the order read.
    pub repositories: Vec<RepositoryCpes>,
    kept: u64,
    refusals: Vec<Refusal>,
    refused: BTreeMap<RefusalReason, u64>,
}

impl Sink {
    /// How many refusals are kept word for word; all of them are counted.
    pub const MAX_LISTED: usize = 1_000;

    /// An empty sink.
    pub fn new() -> Sink {
        Sink::default()
    }

    /// Keeps an advisory.
    pub fn keep(&mut self, advisory: Advisory) {
        self.kept = self.kept.saturating_add(1);
        self.advisories.push(advisory);
    }

    /// Keeps an EPSS score.
    pub fn keep_epss(&mut self, score: EpssScore) {
        self.kept = self.kept.saturating_add(1);
        self.epss.push(score);
    }

    /// Keeps a release's support period.
    pub fn keep_lifecycle(&mut self, lifecycle: Lifecycle) {
        self.kept = self.kept.saturating_add(1);
        self.lifecycles.push(lifecycle);
    }

    /// Keeps the products of a repository.
    pub fn keep_repository(&mut self, repository: RepositoryCpes) {
        self.kept = self.kept.saturating_add(1);
        self.repositories.push(repository);
    }

    /// Counts a record that is not kept.
    pub fn refuse(&mut self, path: &str, record: &str, reason: RefusalReason, detail: &str) {
        let count = self.refused.entry(reason).or_default();
        *count = count.saturating_add(1);
        if self.refusals.len() < Sink::MAX_LISTED {
            let short = |text: &str| text.chars().take(300).collect::<String>();
            self.refusals.push(Refusal {
                path: short(path),
                record: short(record),
                reason,
                detail: short(detail),
            });
        }
    }

    /// How many records were read: kept and refused.
    pub fn read(&self) -> u64 {
        self.kept.saturating_add(self.refused())
    }

    /// How many records were kept, also when the advisories have been taken out since.
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// How many records were refused.
    pub fn refused(&self) -> u64 {
        self.refused.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// How many records were refused, by reason.
    pub fn refused_by_reason(&self) -> &BTreeMap<RefusalReason, u64> {
        &self.refused
    }

    /// The first thousand refusals, in the order met.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// Lets go of the refusals past the first `count`; they stay counted. Sinks of many small files would otherwise hold
    /// more of them than will ever be shown.
    pub fn list_at_most(&mut self, count: usize) {
        self.refusals.truncate(count);
        self.refusals.shrink_to_fit();
    }

    /// Adds what another sink holds.
    pub fn append(&mut self, mut other: Sink) {
        self.advisories.append(&mut other.advisories);
        self.epss.append(&mut other.epss);
        self.lifecycles.append(&mut other.lifecycles);
        self.repositories.append(&mut other.repositories);
        self.kept = self.kept.saturating_add(other.kept);
        for (reason, count) in other.refused {
            let sum = self.refused.entry(reason).or_default();
            *sum = sum.saturating_add(count);
        }
        let room = Sink::MAX_LISTED.saturating_sub(self.refusals.len());
        self.refusals.extend(other.refusals.into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_the_list_is_bounded() {
        let mut sink = Sink::new();
        sink.keep(Advisory::default());
        for i in 0..Sink::MAX_LISTED + 5 {
            sink.refuse("a.json", &i.to_string(), RefusalReason::Malformed, "x");
        }
        let mut other = Sink::new();
        other.keep(Advisory::default());
        other.refuse("b.json", "", RefusalReason::NotSecurity, "");
        sink.append(other);
        assert_eq!((sink.kept(), sink.refused(), sink.read()), (2, 1006, 1008));
        assert_eq!(sink.refusals().len(), Sink::MAX_LISTED);
        assert_eq!(sink.refused_by_reason()[&RefusalReason::NotSecurity], 1);
    }
}
