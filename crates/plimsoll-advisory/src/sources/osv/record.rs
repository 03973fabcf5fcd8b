//! The parts of an OSV record that are read.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::loose::{Lenient, Loose, LooseList};
use crate::Event;

/// The most packages of one record. Empty entries take little room in a file and much in memory.
const MAX_AFFECTED: usize = 100_000;

#[derive(Deserialize)]
pub(super) struct Record {
    #[serde(default)]
    pub(super) id: String,
    pub(super) modified: Option<String>,
    pub(super) published: Option<String>,
    pub(super) withdrawn: Option<String>,
    pub(super) aliases: Option<Vec<String>>,
    pub(super) related: Option<Vec<String>>,
    pub(super) upstream: Option<Vec<String>>,
    pub(super) summary: Option<String>,
    pub(super) details: Option<String>,
    pub(super) severity: Option<Vec<SeverityEntry>>,
    pub(super) affected: Option<Packages>,
    pub(super) references: Option<Vec<ReferenceEntry>>,
    pub(super) database_specific: Option<DatabaseSpecific>,
}

/// The packages of a record, up to [`MAX_AFFECTED`].
#[derive(Default)]
pub(super) struct Packages(pub(super) Vec<AffectedEntry>);

impl<'de> Deserialize<'de> for Packages {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Packages, D::Error> {
        struct PackagesVisitor;
        impl<'de> Visitor<'de> for PackagesVisitor {
            type Value = Packages;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of affected packages")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Packages, A::Error> {
                let mut packages = Vec::new();
                while let Some(entry) = list.next_element()? {
                    if packages.len() >= MAX_AFFECTED {
                        return Err(A::Error::custom(format!("more than {MAX_AFFECTED} affected packages")));
                    }
                    packages.push(entry);
                }
                Ok(Packages(packages))
            }
        }
        deserializer.deserialize_seq(PackagesVisitor)
    }
}

/// The events of a range, in order. An entry has one key by the schema; unknown keys are left out.
#[derive(Default)]
pub(super) struct Events(pub(super) Vec<Event>);

impl<'de> Deserialize<'de> for Events {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Events, D::Error> {
        deserializer.deserialize_seq(EventsVisitor)
    }
}

struct EventsVisitor;

impl<'de> Visitor<'de> for EventsVisitor {
    type Value = Events;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Events, A::Error> {
        let mut events = Vec::new();
        while list.next_element_seed(EventSeed(&mut events))?.is_some() {}
        Ok(Events(events))
    }
}

/// Reads one event entry into a list.
struct EventSeed<'a>(&'a mut Vec<Event>);

impl<'de> DeserializeSeed<'de> for EventSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum EventKey {
    Introduced,
    Fixed,
    LastAffected,
    Limit,
    #[serde(other)]
    Other,
}

impl<'de> Visitor<'de> for EventSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<EventKey>()? {
            let make: fn(String) -> Event = match key {
                EventKey::Introduced => Event::Introduced,
                EventKey::Fixed => Event::Fixed,
                EventKey::LastAffected => Event::LastAffected,
                EventKey::Limit => Event::Limit,
                EventKey::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            // `*` is the schema's way to say "no limit".
            match map.next_value::<Option<String>>()?.map(make) {
                None => {}
                Some(Event::Limit(limit)) if limit == "*" => {}
                Some(event) => self.0.push(event),
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
pub(super) struct SeverityEntry {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) score: String,
}

#[derive(Deserialize)]
pub(super) struct AffectedEntry {
    pub(super) package: Option<PackageEntry>,
    pub(super) ranges: Option<Vec<RangeEntry>>,
    pub(super) versions: Option<Vec<String>>,
    pub(super) severity: Option<Vec<SeverityEntry>>,
    pub(super) database_specific: Option<DatabaseSpecific>,
    pub(super) ecosystem_specific: Option<EcosystemSpecific>,
}

#[derive(Deserialize)]
pub(super) struct PackageEntry {
    #[serde(default)]
    pub(super) ecosystem: String,
    #[serde(default)]
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct RangeEntry {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) events: Option<Events>,
    pub(super) database_specific: Option<Box<DatabaseSpecific>>,
}

#[derive(Deserialize)]
pub(super) struct ReferenceEntry {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) url: String,
}

/// What GitHub, RustSec and others add beyond the schema. The schema leaves the contents open, so that nothing in it
/// may make a record unreadable.
#[derive(Deserialize, Default)]
pub(super) struct DatabaseSpecific {
    #[serde(default)]
    pub(super) severity: Loose,
    #[serde(default)]
    pub(super) cwe_ids: LooseList,
    #[serde(default)]
    pub(super) informational: Loose,
    #[serde(default)]
    pub(super) cvss: Loose,
    #[serde(default)]
    pub(super) last_known_affected_version_range: Loose,
}

/// What Go, RustSec, Debian and Ubuntu add.
#[derive(Deserialize, Default)]
pub(super) struct EcosystemSpecific {
    pub(super) custom_ranges: Option<Vec<RangeEntry>>,
    #[serde(default)]
    pub(super) severity: Loose,
    #[serde(default)]
    pub(super) urgency: Loose,
    #[serde(default)]
    pub(super) ubuntu_priority: Loose,
    pub(super) imports: Option<Lenient<Vec<Import>>>,
    pub(super) affects: Option<Lenient<Affects>>,
}

/// A Go package with the symbols that are affected, and on which platforms.
#[derive(Deserialize)]
pub(super) struct Import {
    #[serde(default)]
    pub(super) path: Loose,
    #[serde(default)]
    pub(super) symbols: LooseList,
    #[serde(default)]
    pub(super) goos: LooseList,
    #[serde(default)]
    pub(super) goarch: LooseList,
}

/// The functions and platforms of a Rust crate that are affected.
#[derive(Deserialize)]
pub(super) struct Affects {
    #[serde(default)]
    pub(super) functions: LooseList,
    #[serde(default)]
    pub(super) os: LooseList,
    #[serde(default)]
    pub(super) arch: LooseList,
}
