//! What became of the records of a database: read = kept + refused.

use std::collections::BTreeMap;

use plimsoll_advisory::sources::{Refusal, RefusalReason};

/// How many refusals and unknown parts are kept word for word; all of them are counted.
const MAX_LISTED: usize = 200;

/// What became of the records of one part of a database: a top-level bucket or a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartCount {
    /// Its name.
    pub name: String,
    /// How many packages it speaks of, where it is ordered by packages.
    pub packages: u64,
    /// How many records were read.
    pub read: u64,
    /// How many of them were kept.
    pub kept: u64,
}

/// What became of the records of a database.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many records were read.
    pub read: u64,
    /// How many of them were handed out, in one piece or several.
    pub kept: u64,
    /// How many were refused, by reason.
    pub refused: BTreeMap<RefusalReason, u64>,
    /// The first refusals.
    pub refusals: Vec<Refusal>,
    /// The known parts, in the order read.
    pub parts: Vec<PartCount>,
    /// The first parts of which nobody here knows what they are; nothing of them was read.
    pub unknown: Vec<String>,
    /// How many of those there are.
    pub unknown_parts: u64,
}

/// A record that is not kept.
pub(crate) type Refused = (RefusalReason, String);

impl Counts {
    /// Begins a part.
    pub(crate) fn part(&mut self, name: &str) {
        self.parts.push(PartCount { name: name.to_owned(), ..PartCount::default() });
    }

    /// Counts a package of the current part.
    pub(crate) fn package(&mut self) {
        if let Some(part) = self.parts.last_mut() {
            part.packages = part.packages.saturating_add(1);
        }
    }

    /// Counts a record of the current part that was handed out.
    pub(crate) fn keep(&mut self) {
        self.read = self.read.saturating_add(1);
        self.kept = self.kept.saturating_add(1);
        if let Some(part) = self.parts.last_mut() {
            part.read = part.read.saturating_add(1);
            part.kept = part.kept.saturating_add(1);
        }
    }

    /// Counts a record of the current part that is not handed out.
    pub(crate) fn refuse(&mut self, record: &str, (reason, detail): Refused) {
        self.read = self.read.saturating_add(1);
        let count = self.refused.entry(reason).or_default();
        *count = count.saturating_add(1);
        if let Some(part) = self.parts.last_mut() {
            part.read = part.read.saturating_add(1);
        }
        if self.refusals.len() < MAX_LISTED {
            let short = |text: &str| text.chars().take(300).collect::<String>();
            let path = self.parts.last().map(|part| short(&part.name)).unwrap_or_default();
            self.refusals.push(Refusal { path, record: short(record), reason, detail: short(&detail) });
        }
    }

    /// Counts a part that is not known.
    pub(crate) fn unknown(&mut self, name: &str) {
        self.unknown_parts = self.unknown_parts.saturating_add(1);
        if self.unknown.len() < MAX_LISTED {
            self.unknown.push(name.chars().take(300).collect());
        }
    }

    /// How many records were refused.
    pub fn refused(&self) -> u64 {
        self.refused.values().fold(0, |sum, count| sum.saturating_add(*count))
    }
}
