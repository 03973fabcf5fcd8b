//! Puts records into an index one by one, and counts.

use std::collections::BTreeMap;
use std::io::{Seek, Write};

use plimsoll_db::{Builder, Extras, Record, WriteError, WriteOptions};

use crate::report::{BuildReport, Drops, SourceReport};

/// An index in the making.
pub(crate) struct Assembler<W> {
    builder: Builder<W>,
    sources: Vec<SourceReport>,
    /// The place of the source that was asked for last.
    last: usize,
    ecosystems: BTreeMap<String, u64>,
}

impl<W: Write + Seek> Assembler<W> {
    pub(crate) fn new(out: W, options: WriteOptions) -> Result<Assembler<W>, WriteError> {
        Ok(Assembler {
            builder: Builder::new(out, options)?,
            sources: Vec::new(),
            last: 0,
            ecosystems: BTreeMap::new(),
        })
    }

    /// Counts an advisory that was read, and whether its source took it back.
    pub(crate) fn read(&mut self, source: &str, withdrawn: bool) {
        let source = self.source(source);
        source.read += 1;
        source.withdrawn += u64::from(withdrawn);
    }

    /// The counts of a source. The same one is asked for over and over.
    fn source(&mut self, id: &str) -> &mut SourceReport {
        let known = match self.sources.get(self.last) {
            Some(source) if source.id == id => Some(self.last),
            _ => self.sources.iter().position(|source| source.id == id),
        };
        self.last = known.unwrap_or(self.sources.len());
        if known.is_none() {
            self.sources.push(SourceReport { id: id.to_owned(), ..SourceReport::default() });
        }
        &mut self.sources[self.last]
    }

    /// Adds what became of an advisory of `source`: a record, or nothing when nothing of it can be matched.
    pub(crate) fn record(&mut self, source: &str, record: Option<&Record>) -> Result<(), WriteError> {
        let Some(record) = record else {
            self.source(source).unmatchable += 1;
            return Ok(());
        };
        let before = self.builder.advisories();
        self.builder.record(record)?;
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
        report.sources = self.sources;
        report.sources.sort_by(|a, b| a.id.cmp(&b.id));
        report.advisories = self.builder.advisories();
        report.facts = report.ecosystems.iter().map(|(_, count)| count).sum();
        self.builder.finish(extras)
    }
}
