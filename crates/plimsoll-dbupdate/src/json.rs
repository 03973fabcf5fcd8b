//! A record as JSON, for people and scripts: what is empty is left out.

use plimsoll_db::{End, FactRecord, Record};
use plimsoll_types::Timestamp;
use serde_json::{Map, Value, json};

/// The record as a JSON object.
pub fn record_json(record: &Record) -> Value {
    let mut out = Map::new();
    put(&mut out, "id", json!(record.id));
    put(&mut out, "source", json!(record.source));
    put(&mut out, "aliases", json!(record.aliases));
    put(&mut out, "covers", json!(record.covers));
    let severities = record.severities.iter();
    let severities =
        severities.map(|(source, severity)| json!({"source": source, "severity": severity.word()}));
    put(&mut out, "severities", severities.collect());
    let cvss = record.cvss.iter().map(|cvss| json!({"source": cvss.source, "vector": cvss.vector}));
    put(&mut out, "cvss", cvss.collect());
    put(&mut out, "cwes", json!(record.cwes));
    put(&mut out, "published", time(record.published));
    put(&mut out, "modified", time(record.modified));
    put(&mut out, "knownExploited", flag(record.known_exploited));
    put(&mut out, "publicExploit", flag(record.public_exploit));
    put(&mut out, "title", json!(record.prose.title));
    put(&mut out, "description", json!(record.prose.description));
    let references = record.prose.references.iter().map(|link| json!({"kind": link.kind, "url": link.url}));
    put(&mut out, "references", references.collect());
    put(&mut out, "affected", record.facts.iter().map(fact_json).collect());
    Value::Object(out)
}

fn fact_json(fact: &FactRecord) -> Value {
    let mut out = Map::new();
    put(&mut out, "ecosystem", json!(fact.ecosystem));
    put(&mut out, "package", json!(fact.package));
    put(&mut out, "status", json!(fact.status.word()));
    put(&mut out, "severity", fact.severity.map_or(Value::Null, |severity| json!(severity.word())));
    let intervals = fact.intervals.iter().map(|interval| {
        let mut range = Map::new();
        put(&mut range, "introduced", json!(interval.introduced));
        match &interval.end {
            End::Open => {}
            End::Fixed(end) => put(&mut range, "fixed", json!(end)),
            End::LastAffected(end) => put(&mut range, "lastAffected", json!(end)),
            End::Limit(end) => put(&mut range, "limit", json!(end)),
        }
        Value::Object(range)
    });
    put(&mut out, "ranges", intervals.collect());
    put(&mut out, "versions", json!(fact.versions));
    put(&mut out, "architectures", json!(fact.arches));
    put(&mut out, "modularity", json!(fact.modularity));
    put(&mut out, "operatingSystems", json!(fact.oses));
    put(&mut out, "cpes", json!(fact.cpes));
    put(&mut out, "symbols", json!(fact.symbols));
    put(&mut out, "fixDate", time(fact.fix_date));
    Value::Object(out)
}

fn time(time: Option<Timestamp>) -> Value {
    time.map_or(Value::Null, |time| json!(time.to_string()))
}

fn flag(set: bool) -> Value {
    if set { json!(true) } else { Value::Null }
}

fn put(out: &mut Map<String, Value>, key: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    if !empty {
        out.insert(key.to_owned(), value);
    }
}
