//! Facts: what an advisory says of a package, read in place.

use plimsoll_types::{Severity, Status, Timestamp};

use crate::format::{self, Section, u16_at, u32_at};
use crate::model::{End, Interval};
use crate::read::{Index, ReadError};

/// What one advisory says of one package.
#[derive(Debug, Clone, Copy)]
pub struct Fact<'a> {
    pub(crate) index: &'a Index,
    /// The advisory's number, for [`Index::advisory`].
    pub advisory: u32,
    /// What the source says of the package.
    pub status: Status,
    /// A severity that holds for this package only.
    pub severity: Option<Severity>,
    /// Since when a fix is available, to the day.
    pub fix_date: Option<Timestamp>,
    pub(crate) extent: u32,
    pub(crate) qualifier: u32,
}

/// The facts on one package, ordered by advisory.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub(crate) index: &'a Index,
    pub(crate) records: &'a [u8],
}

impl<'a> Iterator for Facts<'a> {
    type Item = Result<Fact<'a>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (record, rest) = self.records.split_at_checked(format::FACT_LEN)?;
        self.records = rest;
        let index = self.index;
        let fact = || {
            Some(Fact {
                index,
                advisory: u32_at(record, 0)?,
                status: format::status_of(*record.get(12)?)?,
                severity: match *record.get(13)? {
                    0 => None,
                    code => Some(format::severity_of(code)?),
                },
                fix_date: format::day_of(u16_at(record, 14)?),
                extent: u32_at(record, 4)?,
                qualifier: u32_at(record, 8)?,
            })
        };
        Some(fact().ok_or_else(|| index.damaged("a fact cannot be read")))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = self.records.len() / format::FACT_LEN;
        (count, Some(count))
    }
}

impl ExactSizeIterator for Facts<'_> {}

/// Where the parts of an extent lie.
#[derive(Debug, Clone, Copy)]
struct Extent {
    intervals: (u32, u32),
    versions: (u32, u32),
}

/// What a fact is limited to, and what it names beyond the package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Qualifiers<'a> {
    /// Architectures; empty for all.
    pub arches: Vec<&'a str>,
    /// Operating systems; empty for all.
    pub oses: Vec<&'a str>,
    /// CPEs of products; empty for all.
    pub cpes: Vec<&'a str>,
    /// Affected functions or import paths; empty when the source does not say.
    pub symbols: Vec<&'a str>,
    /// The RPM module and stream; empty for none.
    pub modularity: &'a str,
}

impl<'a> Fact<'a> {
    /// A fact made to look at the extent and the qualifier with this number, where there are that many.
    pub(crate) fn probe(index: &'a Index, number: u32, extents: u64, qualifiers: u64) -> Fact<'a> {
        let within = |count: u64| if u64::from(number) < count { number } else { 0 };
        Fact {
            index,
            advisory: 0,
            status: Status::Affected,
            severity: None,
            fix_date: None,
            extent: within(extents),
            qualifier: within(qualifiers),
        }
    }

    fn extent(&self) -> Result<Extent, ReadError> {
        let record = self.index.record(Section::Extents, self.extent)?;
        let word = |at| self.index.field(u32_at(record, at));
        Ok(Extent { intervals: (word(0)?, word(8)?), versions: (word(4)?, word(12)?) })
    }

    /// The affected intervals, sorted.
    ///
    /// # Errors
    ///
    /// When the index is damaged; so for each item.
    pub fn intervals(
        &self,
    ) -> Result<impl Iterator<Item = Result<Interval<&'a str>, ReadError>> + use<'a>, ReadError> {
        let index = self.index;
        let (start, count) = self.extent()?.intervals;
        let records = index.records_at(Section::Intervals, (u64::from(start), u64::from(count)))?;
        Ok(records.chunks_exact(format::INTERVAL_LEN).map(move |record| {
            let introduced = index.string(index.field(u32_at(record, 0))?)?;
            let end = index.string(index.field(u32_at(record, 4))?)?;
            let end = match index.field(u32_at(record, 8))? {
                format::END_OPEN => End::Open,
                format::END_FIXED => End::Fixed(end),
                format::END_LAST_AFFECTED => End::LastAffected(end),
                format::END_LIMIT => End::Limit(end),
                _ => return Err(index.damaged("an interval cannot be read")),
            };
            Ok(Interval { introduced, end })
        }))
    }

    /// The affected versions outside the intervals, sorted by the ecosystem's grammar.
    ///
    /// # Errors
    ///
    /// When the index is damaged; so for each item.
    pub fn versions(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = Result<&'a str, ReadError>> + use<'a>, ReadError> {
        let index = self.index;
        let (start, count) = self.extent()?.versions;
        let words =
            index.records_at(Section::Lists, (u64::from(start), u64::from(count)))?.as_chunks::<4>().0;
        Ok(words.iter().map(move |word| index.string(u32::from_le_bytes(*word))))
    }

    /// The affected version with this place in [`Fact::versions`]; `None` behind the last.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn version(&self, place: usize) -> Result<Option<&'a str>, ReadError> {
        let (start, count) = self.extent()?.versions;
        if place as u64 >= u64::from(count) {
            return Ok(None);
        }
        let record = self.index.records_at(Section::Lists, (u64::from(start) + place as u64, 1))?;
        self.index.string(self.index.field(u32_at(record, 0))?).map(Some)
    }

    /// True when it has neither intervals nor versions: it then holds for every version.
    pub fn holds_always(&self) -> bool {
        self.extent == 0
    }

    /// True when it is limited to nothing and names nothing beyond the package: then [`Fact::qualifiers`] is empty.
    pub fn is_unqualified(&self) -> bool {
        self.qualifier == 0
    }

    /// What it is limited to.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn qualifiers(&self) -> Result<Qualifiers<'a>, ReadError> {
        if self.qualifier == 0 {
            return Ok(Qualifiers::default());
        }
        let index = self.index;
        let record = index.record(Section::Qualifiers, self.qualifier)?;
        let word = |at| index.field(u32_at(record, at));
        let counts = [word(4)?, word(8)?, word(12)?, word(16)?].map(u64::from);
        let mut words = index.words(word(0)?, counts.iter().sum())?;
        let mut texts = |count: u64| -> Result<Vec<&'a str>, ReadError> {
            words.by_ref().take(count as usize).map(|number| index.string(number)).collect()
        };
        let [arches, oses, cpes, symbols] = counts;
        Ok(Qualifiers {
            arches: texts(arches)?,
            oses: texts(oses)?,
            cpes: texts(cpes)?,
            symbols: texts(symbols)?,
            modularity: index.string(word(20)?)?,
        })
    }
}
