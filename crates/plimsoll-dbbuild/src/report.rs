//! What a build read, kept and left out, with reasons: nothing is lost without a count.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_advisory::sources::{Refusal, RefusalReason};
use plimsoll_types::EcosystemSpec;

use crate::merge::Known;

/// How many distinct entries of left-out statements are kept; a feed could make up ecosystems without end.
const MAX_DROPPED: usize = 1_000;

/// What a build did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildReport {
    /// By form of the files, sorted by id.
    pub forms: Vec<FormReport>,
    /// By advisory source, sorted by id.
    pub sources: Vec<SourceReport>,
    /// Ecosystems in the index and how many facts each has, sorted.
    pub ecosystems: Vec<(String, u64)>,
    /// Statements of kept or dropped advisories that cannot be matched, sorted.
    pub dropped: Vec<Dropped>,
    /// The first records that no parser could keep, in the order of the input.
    pub refusals: Vec<Refusal>,
    /// Files that no source recognised: read-me files, licences, scripts.
    pub unrecognised: u64,
    /// Advisories in the index.
    pub advisories: u64,
    /// Facts (an advisory's statement on a package) in the index.
    pub facts: u64,
    /// The index's size in bytes.
    pub bytes: u64,
}

/// What was read from the files of one form; records read = kept + refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FormReport {
    /// The id of the parser, such as `osv`.
    pub id: String,
    /// Files.
    pub files: u64,
    /// Records kept.
    pub kept: u64,
    /// Records refused, by reason.
    pub refused: BTreeMap<RefusalReason, u64>,
}

impl FormReport {
    /// Records read.
    pub fn read(&self) -> u64 {
        self.refused.values().fold(self.kept, |sum, count| sum.saturating_add(*count))
    }
}

/// What became of one source's records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceReport {
    /// The source's id, such as `pypa`.
    pub id: String,
    /// Records that its parser kept.
    pub read: u64,
    /// Of these, taken back by the source.
    pub withdrawn: u64,
    /// Advisories in the index, after joining records with the same identifier.
    pub advisories: u64,
    /// Advisories of which no statement could be matched.
    pub unmatchable: u64,
    /// Facts in the index.
    pub facts: u64,
}

/// Why a statement of an advisory is not in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DropReason {
    /// Its ecosystem is not known: there is no grammar for its versions.
    UnknownEcosystem,
    /// A version of a range is not one in the ecosystem's grammar.
    UnorderableRange,
    /// A listed version is not one in the ecosystem's grammar.
    UnorderableVersion,
    /// It names no affected version.
    NoVersions,
    /// The package's name cannot be one.
    BadName,
    /// It says more than one statement or advisory may.
    TooLarge,
}

impl DropReason {
    /// The reason in words.
    pub const fn words(self) -> &'static str {
        match self {
            DropReason::UnknownEcosystem => "unknown ecosystem",
            DropReason::UnorderableRange => "a range with a version that cannot be ordered",
            DropReason::UnorderableVersion => "a listed version that cannot be ordered",
            DropReason::NoVersions => "no affected version",
            DropReason::BadName => "not a package name",
            DropReason::TooLarge => "over a limit",
        }
    }
}

impl fmt::Display for DropReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// Statements that are not in the index for one reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dropped {
    /// Why.
    pub reason: DropReason,
    /// The ecosystem that they name.
    pub ecosystem: String,
    /// How many.
    pub count: u64,
    /// One of them: the advisory's id, with the cause where there is more to say.
    pub example: String,
}

/// Counts what is dropped while records are made.
#[derive(Debug, Default)]
pub(crate) struct Drops {
    known: Known,
    counts: BTreeMap<(DropReason, String), (u64, String)>,
}

impl Drops {
    pub(crate) fn ecosystem(&mut self, name: &str) -> Option<&'static EcosystemSpec> {
        self.known.get(name)
    }

    pub(crate) fn count(&mut self, reason: DropReason, ecosystem: &str, example: &str) {
        self.count_many(reason, ecosystem, example, 1);
    }

    pub(crate) fn count_many(&mut self, reason: DropReason, ecosystem: &str, example: &str, count: u64) {
        let short: String = ecosystem.chars().take(80).collect();
        let mut key = (reason, short);
        if self.counts.len() >= MAX_DROPPED && !self.counts.contains_key(&key) {
            key.1 = "(others)".to_owned();
        }
        let entry = self.counts.entry(key).or_insert_with(|| (0, example.chars().take(300).collect()));
        entry.0 = entry.0.saturating_add(count);
    }

    /// Adds the counts of another thread that worked on what comes after.
    pub(crate) fn append(&mut self, other: Drops) {
        for ((reason, ecosystem), (count, example)) in other.counts {
            self.count_many(reason, &ecosystem, &example, count);
        }
    }

    pub(crate) fn finish(self) -> Vec<Dropped> {
        let entry = |((reason, ecosystem), (count, example))| Dropped { reason, ecosystem, count, example };
        self.counts.into_iter().map(entry).collect()
    }
}
