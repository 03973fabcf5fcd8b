//! What an index holds beside advisories, and everything it holds as records again.

use std::collections::BTreeSet;

use plimsoll_types::{Epss, Lifecycle};

use fst::Streamer as _;

use crate::fact::Facts;
use crate::format::{self, Section, i64_at, u32_at, u64_at};
use crate::model::{End, Extras, FactRecord, Interval, Record};
use crate::read::{Index, ReadError, hex};

impl Index {
    /// EPSS of a vulnerability; `None` when the index has none.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn epss(&self, cve: &str) -> Result<Option<Epss>, ReadError> {
        let Some(wanted) = format::cve_code(cve) else { return Ok(None) };
        let records = self.section(Section::Epss).as_chunks::<{ format::EPSS_LEN }>().0;
        let found = records.binary_search_by_key(&Some(wanted), |record| u64_at(record, 0));
        let Some(record) = found.ok().and_then(|place| records.get(place)) else { return Ok(None) };
        Ok(Some(Epss { score: self.field(u32_at(record, 8))?, percentile: self.field(u32_at(record, 12))? }))
    }

    /// How many vulnerabilities have an EPSS score.
    pub fn epss_count(&self) -> u64 {
        (self.section(Section::Epss).len() / format::EPSS_LEN) as u64
    }

    /// How long a release is supported: `ecosystem` as its advisories are filed, such as `Debian:11`. `None` when the
    /// index does not say.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn lifecycle(&self, ecosystem: &str) -> Result<Option<Lifecycle>, ReadError> {
        let records = self.section(Section::Lifecycles).chunks_exact(format::LIFECYCLE_LEN);
        for record in records {
            if self.string(self.field(u32_at(record, 0))?)? == ecosystem {
                return self.lifecycle_of(record).map(Some);
            }
        }
        Ok(None)
    }

    fn lifecycle_of(&self, record: &[u8]) -> Result<Lifecycle, ReadError> {
        let time = |at| Ok::<_, ReadError>(format::time_of(self.field(i64_at(record, at))?));
        Ok(Lifecycle {
            ecosystem: self.string(self.field(u32_at(record, 0))?)?.to_owned(),
            released: time(8)?,
            ends: time(16)?,
            extended_ends: time(24)?,
        })
    }

    /// The CPEs of the products to which a Red Hat repository (content set) belongs; empty when it is not known.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn repository_cpes(&self, repository: &str) -> Result<Vec<&str>, ReadError> {
        let records = self.section(Section::Repositories).as_chunks::<{ format::REPOSITORY_LEN }>().0;
        let (mut low, mut high) = (0, records.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let record = self.field(records.get(middle))?;
            match self.string(self.field(u32_at(record, 0))?)?.cmp(repository) {
                std::cmp::Ordering::Equal => return self.cpes_of(record),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        Ok(Vec::new())
    }

    fn cpes_of(&self, record: &[u8]) -> Result<Vec<&str>, ReadError> {
        let (start, count) = (self.field(u32_at(record, 4))?, self.field(u32_at(record, 8))?);
        self.words(start, u64::from(count))?.map(|number| self.string(number)).collect()
    }

    /// Everything beside advisories.
    ///
    /// # Errors
    ///
    /// When the index is damaged.
    pub fn extras(&self) -> Result<Extras, ReadError> {
        let mut extras = Extras::default();
        for record in self.section(Section::Epss).as_chunks::<{ format::EPSS_LEN }>().0 {
            let cve = format::cve_of(self.field(u64_at(record, 0))?);
            let epss =
                Epss { score: self.field(u32_at(record, 8))?, percentile: self.field(u32_at(record, 12))? };
            extras.epss.push((cve, epss));
        }
        for record in self.section(Section::Lifecycles).chunks_exact(format::LIFECYCLE_LEN) {
            extras.lifecycles.push(self.lifecycle_of(record)?);
        }
        for record in self.section(Section::Repositories).chunks_exact(format::REPOSITORY_LEN) {
            let name = self.string(self.field(u32_at(record, 0))?)?.to_owned();
            extras.repositories.push((name, self.cpes_of(record)?.into_iter().map(str::to_owned).collect()));
        }
        for record in self.section(Section::Sources).chunks_exact(format::SOURCE_LEN) {
            let digest = hex(self.field(record.get(24..56))?);
            if !digest.is_empty() {
                extras.source_digests.push((self.string(self.field(u32_at(record, 0))?)?.to_owned(), digest));
            }
        }
        Ok(extras)
    }

    /// Hands out every advisory as the record it was written from, ordered by source and id. Takes memory in proportion
    /// to the number of facts, and time in proportion to the size of the file.
    ///
    /// # Errors
    ///
    /// When the index is damaged, or `take` fails.
    pub fn records<E: From<ReadError>>(
        &self,
        mut take: impl FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        self.hand_out((0..self.advisory_count()).collect(), &self.by_advisory(None)?, &mut take)
    }

    /// Some advisories as the records they were written from, ordered by source and id. Takes time in proportion to the
    /// number of facts in the index.
    ///
    /// # Errors
    ///
    /// When the index is damaged, or there is no such advisory.
    pub fn records_of(&self, numbers: &[u32]) -> Result<Vec<Record>, ReadError> {
        let wanted: BTreeSet<u32> = numbers.iter().copied().collect();
        let facts = self.by_advisory(Some(&wanted))?;
        let mut records = Vec::with_capacity(wanted.len());
        self.hand_out(wanted.into_iter().collect(), &facts, &mut |record| -> Result<(), ReadError> {
            records.push(record);
            Ok(())
        })?;
        Ok(records)
    }

    fn hand_out<E: From<ReadError>>(
        &self,
        numbers: Vec<u32>,
        names: &ByAdvisory,
        take: &mut dyn FnMut(Record) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut order = Vec::with_capacity(numbers.len());
        for number in numbers {
            order.push((self.name_of(number)?, number));
        }
        order.sort_unstable();
        let mut prose = self.prose_reader();
        for (_, number) in order {
            let advisory = self.advisory(number)?;
            let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
            let first = names.facts.partition_point(|fact| fact.0 < number);
            let mut facts = Vec::new();
            for (_, place, key) in names.facts.iter().skip(first).take_while(|fact| fact.0 == number) {
                let key = self.field(names.keys.get(*key as usize))?;
                facts.push(self.fact_record(*place, key)?);
            }
            take(Record {
                id: advisory.id.to_owned(),
                source: advisory.source.to_owned(),
                cvss: advisory.cvss_vectors().collect(),
                aliases: owned(advisory.aliases),
                covers: owned(advisory.covers),
                severities: advisory
                    .severities
                    .into_iter()
                    .map(|(source, severity)| (source.to_owned(), severity))
                    .collect(),
                cwes: owned(advisory.cwes),
                published: advisory.published,
                modified: advisory.modified,
                known_exploited: advisory.known_exploited,
                public_exploit: advisory.public_exploit,
                prose: prose.read(number)?,
                facts,
            })?;
        }
        Ok(())
    }

    /// The source and the id of an advisory.
    fn name_of(&self, number: u32) -> Result<(&str, &str), ReadError> {
        let record = self.record(Section::Advisories, number)?;
        Ok((self.source_of(record)?, self.string(self.field(u32_at(record, 0))?)?))
    }

    /// All facts, or those of some advisories, ordered by advisory.
    fn by_advisory(&self, wanted: Option<&BTreeSet<u32>>) -> Result<ByAdvisory, ReadError> {
        let mut keys = Vec::new();
        let mut facts: Vec<(u32, u32, u32)> = Vec::new();
        let walked = crate::read::guarded(|| {
            let mut stream = self.keys.stream();
            while let Some((key, value)) = stream.next() {
                let (start, count) = format::unpack_slice(value);
                let records = self.records_at(Section::Facts, (start, count))?;
                let number = keys.len() as u32;
                let before = facts.len();
                for (place, record) in (start..).zip(records.chunks_exact(format::FACT_LEN)) {
                    let advisory = self.field(u32_at(record, 0))?;
                    if wanted.is_none_or(|wanted| wanted.contains(&advisory)) {
                        let place =
                            u32::try_from(place).map_err(|_| self.damaged("a fact cannot be read"))?;
                        facts.push((advisory, place, number));
                    }
                }
                if facts.len() > before {
                    keys.push(key.to_vec());
                }
            }
            Ok(())
        });
        walked.unwrap_or_else(|| Err(self.damaged("a key table cannot be read")))?;
        facts.sort_unstable();
        Ok(ByAdvisory { keys, facts })
    }

    fn fact_record(&self, place: u32, key: &[u8]) -> Result<FactRecord, ReadError> {
        let records = self.record(Section::Facts, place)?;
        let fact = Facts { index: self, records }.next();
        let fact = fact.unwrap_or_else(|| Err(self.damaged("a fact cannot be read")))?;
        let key = std::str::from_utf8(key).map_err(|_| self.damaged("a key cannot be read"))?;
        let (ecosystem, package) = self.field(key.split_once(char::from(format::SEPARATOR)))?;
        let owned = |list: Vec<&str>| list.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let qualifiers = fact.qualifiers()?;
        let mut intervals = Vec::new();
        for interval in fact.intervals()? {
            let Interval { introduced, end } = interval?;
            let end = match end {
                End::Open => End::Open,
                End::Fixed(version) => End::Fixed(version.to_owned()),
                End::LastAffected(version) => End::LastAffected(version.to_owned()),
                End::Limit(version) => End::Limit(version.to_owned()),
            };
            intervals.push(Interval { introduced: introduced.to_owned(), end });
        }
        Ok(FactRecord {
            ecosystem: ecosystem.to_owned(),
            package: package.to_owned(),
            status: fact.status,
            severity: fact.severity,
            intervals,
            versions: fact.versions()?.map(|version| version.map(str::to_owned)).collect::<Result<_, _>>()?,
            arches: owned(qualifiers.arches),
            modularity: qualifiers.modularity.to_owned(),
            oses: owned(qualifiers.oses),
            cpes: owned(qualifiers.cpes),
            symbols: owned(qualifiers.symbols),
            fix_date: fact.fix_date,
        })
    }
}

/// Keys, and facts as (advisory, place, number of the key), sorted.
struct ByAdvisory {
    keys: Vec<Vec<u8>>,
    facts: Vec<(u32, u32, u32)>,
}
