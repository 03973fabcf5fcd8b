//! Puts records into an index one by one, and counts.

use std::collections::BTreeMap;
use std::io::{Seek, Write};

use plimsoll_advisory::Advisory;
use plimsoll_db::{Builder, Extras, Record, WriteError, WriteOptions};

use crate::report::{BuildReport, Drops, SourceReport};

/// An index in the making.
pub(crate) struct Assembler<W> {
    builder: Builder<W>,
    sources: BTreeMap<String, SourceReport>,
    ecosystems: BTreeMap<String, u64>,
}

impl<W: Write + Seek> Assembler<W> {
    pub(crate) fn new(out: W, options: WriteOptions) -> Result<Assembler<W>, WriteError> {
        Ok(Assembler {
            builder: Builder::new(out, options)?,
            sources: BTreeMap::new(),
            ecosystems: BTreeMap::new(),
        })
    }

    /// Counts an advisory that was read; false when its source took it back.
    pub(crate) fn admits(&mut self, advisory: &Advisory) -> bool {
        let source = self.source(&advisory.source);
        source.read += 1;
        let withdrawn = advisory.withdrawn.is_some();
        source.withdrawn += u64::from(withdrawn);
        !withdrawn
    }

    fn source(&mut self, id: &str) -> &mut SourceReport {
        // An entry would take a copy of the id for each of millions of records.
        if !self.sources.contains_key(id) {
            self.sources.insert(id.to_owned(), SourceReport { id: id.to_owned(), ..SourceReport::default() });
        }
        self.sources.entry(id.to_owned()).or_default()
    }

    /// Adds what became of an advisory of `source`: a record, or nothing when nothing of it can be matched.
    pub(crate) fn record(&mut self, source: &str, record: Option<Record>) -> Result<(), WriteError> {
        let Some(record) = record else {
            self.source(source).unmatchable += 1;
            return Ok(());
        };
        let before = self.builder.advisories();
        self.builder.record(&record)?;
        let new = self.builder.advisories() - before;
        let count = self.source(source);
        count.advisories += new;
        count.facts += record.facts.len() as u64;
        for fact in &record.facts {
            match self.ecosystems.get_mut(&fact.ecosystem) {
                Some(count) => *count += 1,
                None => {
                    self.ecosystems.insert(fact.ecosystem.clone(), 1);
                }
            }
        }
        Ok(())
    }

    /// Finishes the index and completes the report, but for the size of the file.
    pub(crate) fn finish(
        self,
        extras: Extras,
        drops: Drops,
        report: &mut BuildReport,
    ) -> Result<W, WriteError> {
        report.ecosystems = self.ecosystems.into_iter().collect();
        report.dropped = drops.finish();
        report.sources = self.sources.into_values().collect();
        report.advisories = self.builder.advisories();
        report.facts = report.ecosystems.iter().map(|(_, count)| count).sum();
        self.builder.finish(extras)
    }
}
