//! The serial form of a chunk, version 1: zstd of a header and postcard values.
//!
//! ```text
//! header, 8 bytes: "PLMCHK" | version u8 | kind u8
//! kind 1, records:      records one after another, ordered by source and id
//! kind 2, EPSS:         of one year: the year, then three lists of equal length: steps from one CVE number to the next,
//!                       scores, percentiles
//! kind 3, side tables:  life cycles, repositories with their CPEs, digests of sources
//! ```
//!
//! postcard 1 is a stable wire format; the structures below are its schema, and whatever changes one of them takes a new
//! version.

use std::io::Read;

use plimsoll_db::{End, Extras, FactRecord, Interval, Prose, Record};
use plimsoll_types::{CvssVector, Epss, Lifecycle, Reference, Severity, Status, Timestamp};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use super::ChunkError;

/// The version of chunks.
pub(crate) const VERSION: u8 = 1;

const MAGIC: &[u8; 6] = b"PLMCHK";
const HEADER: usize = 8;

/// The largest chunk that is read, unpacked.
const MAX_RAW: u64 = 256 << 20;

/// A good ratio: a chunk is packed once and fetched many times.
const LEVEL: i32 = 9;

/// What a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Records,
    Epss,
    Tables,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Records, Kind::Epss, Kind::Tables];

    const fn code(self) -> u8 {
        match self {
            Kind::Records => 1,
            Kind::Epss => 2,
            Kind::Tables => 3,
        }
    }

    /// The media type of the layer.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Kind::Records => "application/vnd.plimsoll.advisories.records.v1+zstd",
            Kind::Epss => "application/vnd.plimsoll.advisories.epss.v1+zstd",
            Kind::Tables => "application/vnd.plimsoll.advisories.tables.v1+zstd",
        }
    }

    pub(crate) fn of_media_type(media_type: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }
}

#[derive(Serialize, Deserialize)]
struct WireRecord {
    source: String,
    id: String,
    aliases: Vec<String>,
    covers: Vec<String>,
    severities: Vec<(String, u8)>,
    cvss: Vec<(String, String)>,
    cwes: Vec<String>,
    published: Option<i64>,
    modified: Option<i64>,
    known_exploited: bool,
    public_exploit: bool,
    title: String,
    description: String,
    references: Vec<(String, String)>,
    facts: Vec<WireFact>,
}

#[derive(Serialize, Deserialize)]
struct WireFact {
    ecosystem: String,
    package: String,
    status: u8,
    /// 0 for none.
    severity: u8,
    /// Where it begins, the kind of its end, and the end.
    intervals: Vec<(String, u8, String)>,
    versions: Vec<String>,
    arches: Vec<String>,
    modularity: String,
    oses: Vec<String>,
    cpes: Vec<String>,
    symbols: Vec<String>,
    fix_date: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct WireEpss {
    year: u16,
    steps: Vec<u64>,
    scores: Vec<u32>,
    percentiles: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct WireLifecycle {
    ecosystem: String,
    released: Option<i64>,
    ends: Option<i64>,
    extended_ends: Option<i64>,
}

#[derive(Serialize, Deserialize)]
struct WireTables {
    lifecycles: Vec<WireLifecycle>,
    repositories: Vec<(String, Vec<String>)>,
    source_digests: Vec<(String, String)>,
}

/// The numbers of the wire are the places in these tables, from 1 on: only ever add at the end. They are not the types' own
/// `ALL`, whose order is that of showing and may change; what is on disk may not.
const STATUSES: [Status; 7] = [
    Status::Affected,
    Status::Fixed,
    Status::WillNotFix,
    Status::FixDeferred,
    Status::UnderInvestigation,
    Status::EndOfLife,
    Status::NotAffected,
];
const SEVERITIES: [Severity; 6] = [
    Severity::Unknown,
    Severity::Negligible,
    Severity::Low,
    Severity::Medium,
    Severity::High,
    Severity::Critical,
];

fn code<T: PartialEq>(table: &[T], value: &T) -> u8 {
    table.iter().position(|known| known == value).and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0)
}

fn of_code<T: Copy>(table: &[T], code: u8) -> Option<T> {
    table.get(usize::from(code).checked_sub(1)?).copied()
}

fn seconds(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::seconds)
}

fn time(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.map(Timestamp::from_seconds)
}

impl From<Record> for WireRecord {
    fn from(record: Record) -> WireRecord {
        let severity = |(who, what): (String, Severity)| (who, code(&SEVERITIES, &what));
        WireRecord {
            source: record.source,
            id: record.id,
            aliases: record.aliases,
            covers: record.covers,
            severities: record.severities.into_iter().map(severity).collect(),
            cvss: record.cvss.into_iter().map(|cvss| (cvss.source, cvss.vector)).collect(),
            cwes: record.cwes,
            published: seconds(record.published),
            modified: seconds(record.modified),
            known_exploited: record.known_exploited,
            public_exploit: record.public_exploit,
            title: record.prose.title,
            description: record.prose.description,
            references: record.prose.references.into_iter().map(|link| (link.kind, link.url)).collect(),
            facts: record.facts.into_iter().map(WireFact::from).collect(),
        }
    }
}

impl WireRecord {
    fn into_record(self) -> Option<Record> {
        let severity = |(who, what): (String, u8)| Some((who, of_code(&SEVERITIES, what)?));
        let reference = |(kind, url): (String, String)| Reference { kind, url };
        let cvss = |(source, vector): (String, String)| CvssVector { source, vector };
        Some(Record {
            id: self.id,
            source: self.source,
            aliases: self.aliases,
            covers: self.covers,
            severities: self.severities.into_iter().map(severity).collect::<Option<_>>()?,
            cvss: self.cvss.into_iter().map(cvss).collect(),
            cwes: self.cwes,
            published: time(self.published),
            modified: time(self.modified),
            known_exploited: self.known_exploited,
            public_exploit: self.public_exploit,
            prose: Prose {
                title: self.title,
                description: self.description,
                references: self.references.into_iter().map(reference).collect(),
            },
            facts: self.facts.into_iter().map(WireFact::into_fact).collect::<Option<_>>()?,
        })
    }
}

impl From<FactRecord> for WireFact {
    fn from(fact: FactRecord) -> WireFact {
        let interval = |interval: Interval<String>| {
            let (kind, end) = match interval.end {
                End::Open => (0, String::new()),
                End::Fixed(end) => (1, end),
                End::LastAffected(end) => (2, end),
                End::Limit(end) => (3, end),
            };
            (interval.introduced, kind, end)
        };
        WireFact {
            ecosystem: fact.ecosystem,
            package: fact.package,
            status: code(&STATUSES, &fact.status),
            severity: fact.severity.map_or(0, |severity| code(&SEVERITIES, &severity)),
            intervals: fact.intervals.into_iter().map(interval).collect(),
            versions: fact.versions,
            arches: fact.arches,
            modularity: fact.modularity,
            oses: fact.oses,
            cpes: fact.cpes,
            symbols: fact.symbols,
            fix_date: seconds(fact.fix_date),
        }
    }
}

impl WireFact {
    fn into_fact(self) -> Option<FactRecord> {
        let interval = |(introduced, kind, end): (String, u8, String)| {
            let end = match kind {
                0 => End::Open,
                1 => End::Fixed(end),
                2 => End::LastAffected(end),
                3 => End::Limit(end),
                _ => return None,
            };
            Some(Interval { introduced, end })
        };
        Some(FactRecord {
            ecosystem: self.ecosystem,
            package: self.package,
            status: of_code(&STATUSES, self.status)?,
            severity: if self.severity == 0 { None } else { Some(of_code(&SEVERITIES, self.severity)?) },
            intervals: self.intervals.into_iter().map(interval).collect::<Option<_>>()?,
            versions: self.versions,
            arches: self.arches,
            modularity: self.modularity,
            oses: self.oses,
            cpes: self.cpes,
            symbols: self.symbols,
            fix_date: time(self.fix_date),
        })
    }
}

fn serial(error: impl ToString) -> ChunkError {
    ChunkError::Serial(error.to_string())
}

/// Puts a record at the end of a chunk in the making.
pub(crate) fn put_record(out: Vec<u8>, record: Record) -> Result<Vec<u8>, ChunkError> {
    postcard::to_extend(&WireRecord::from(record), out).map_err(serial)
}

/// A number that two records share only when they are the same.
pub(crate) fn wire_hash(record: Record) -> Result<u128, ChunkError> {
    Ok(xxh3_128(&put_record(Vec::new(), record)?))
}

/// The beginning of a chunk.
pub(crate) fn begin(kind: Kind) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    out.extend([VERSION, kind.code()]);
    out
}

/// Packs a chunk.
pub(crate) fn seal(raw: &[u8]) -> Result<Vec<u8>, ChunkError> {
    zstd::bulk::compress(raw, LEVEL).map_err(serial)
}

/// A chunk of what an index holds beside records.
pub(crate) struct SideChunk {
    pub kind: Kind,
    /// What it is about.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The chunks of what an index holds beside records.
pub(crate) fn side_chunks(extras: Extras) -> Result<Vec<SideChunk>, ChunkError> {
    let mut chunks = Vec::new();
    let mut scores: Vec<(u16, u64, Epss)> = Vec::with_capacity(extras.epss.len());
    for (cve, epss) in extras.epss {
        let (year, number) =
            cve_parts(&cve).ok_or_else(|| serial(format!("'{cve}' is no CVE identifier")))?;
        scores.push((year, number, epss));
    }
    scores.sort_by_key(|(year, number, _)| (*year, *number));
    for of_year in scores.chunk_by(|a, b| a.0 == b.0) {
        let Some((year, ..)) = of_year.first() else { continue };
        let mut wire =
            WireEpss { year: *year, steps: Vec::new(), scores: Vec::new(), percentiles: Vec::new() };
        let mut last = 0;
        for (_, number, epss) in of_year {
            wire.steps.push(number.saturating_sub(last));
            wire.scores.push(epss.score);
            wire.percentiles.push(epss.percentile);
            last = *number;
        }
        let raw = postcard::to_extend(&wire, begin(Kind::Epss)).map_err(serial)?;
        chunks.push(SideChunk { kind: Kind::Epss, name: format!("CVE-{year}"), bytes: seal(&raw)? });
    }
    let lifecycle = |it: Lifecycle| WireLifecycle {
        ecosystem: it.ecosystem,
        released: seconds(it.released),
        ends: seconds(it.ends),
        extended_ends: seconds(it.extended_ends),
    };
    let tables = WireTables {
        lifecycles: extras.lifecycles.into_iter().map(lifecycle).collect(),
        repositories: extras.repositories,
        source_digests: extras.source_digests,
    };
    let raw = postcard::to_extend(&tables, begin(Kind::Tables)).map_err(serial)?;
    chunks.push(SideChunk { kind: Kind::Tables, name: "tables".to_owned(), bytes: seal(&raw)? });
    Ok(chunks)
}

/// The year and the number of a CVE identifier.
fn cve_parts(id: &str) -> Option<(u16, u64)> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let (year, number): (u16, u64) = (year.parse().ok()?, number.parse().ok()?);
    (cve(year, number) == id).then_some((year, number))
}

fn cve(year: u16, number: u64) -> String {
    format!("CVE-{year:04}-{number:04}")
}

/// Reads a chunk: records are handed out, and what else it holds goes to `extras`. `damaged` makes an error of a reason.
pub(crate) fn open(
    sealed: &[u8],
    kind: Kind,
    extras: &mut Extras,
    take: &mut dyn FnMut(Record) -> Result<(), ChunkError>,
    damaged: &dyn Fn(String) -> ChunkError,
) -> Result<(), ChunkError> {
    let mut raw = Vec::new();
    let decoder =
        zstd::stream::read::Decoder::with_buffer(sealed).map_err(|error| damaged(error.to_string()))?;
    decoder.take(MAX_RAW + 1).read_to_end(&mut raw).map_err(|error| damaged(error.to_string()))?;
    if raw.len() as u64 > MAX_RAW {
        return Err(damaged(format!("it has more than {MAX_RAW} bytes")));
    }
    let Some((header, mut rest)) = raw.split_at_checked(HEADER) else {
        return Err(damaged("it is cut off".to_owned()));
    };
    match header {
        [magic @ .., version, code] if magic == MAGIC => {
            if *version != VERSION {
                return Err(ChunkError::Version { found: (*version).into(), known: VERSION.into() });
            }
            if *code != kind.code() {
                return Err(damaged("it holds something else than its media type says".to_owned()));
            }
        }
        _ => return Err(damaged("it does not begin as one".to_owned())),
    }
    let broken = |error: postcard::Error| damaged(error.to_string());
    let unknown = || damaged("it holds a value that is not known".to_owned());
    match kind {
        Kind::Records => {
            while !rest.is_empty() {
                let (wire, more) = postcard::take_from_bytes::<WireRecord>(rest).map_err(broken)?;
                rest = more;
                take(wire.into_record().ok_or_else(unknown)?)?;
            }
        }
        Kind::Epss => {
            let (wire, more) = postcard::take_from_bytes::<WireEpss>(rest).map_err(broken)?;
            rest = more;
            if wire.steps.len() != wire.scores.len() || wire.steps.len() != wire.percentiles.len() {
                return Err(damaged("its lists have different lengths".to_owned()));
            }
            let mut number = 0_u64;
            for ((step, score), percentile) in wire.steps.iter().zip(wire.scores).zip(wire.percentiles) {
                number = number.checked_add(*step).ok_or_else(unknown)?;
                extras.epss.push((cve(wire.year, number), Epss { score, percentile }));
            }
        }
        Kind::Tables => {
            let (wire, more) = postcard::take_from_bytes::<WireTables>(rest).map_err(broken)?;
            rest = more;
            extras.lifecycles.extend(wire.lifecycles.into_iter().map(|it| Lifecycle {
                ecosystem: it.ecosystem,
                released: time(it.released),
                ends: time(it.ends),
                extended_ends: time(it.extended_ends),
            }));
            extras.repositories.extend(wire.repositories);
            extras.source_digests.extend(wire.source_digests);
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(damaged("it has bytes behind its end".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(severity: Option<Severity>, status: Status) -> FactRecord {
        let interval = |introduced: &str, end| Interval { introduced: introduced.to_owned(), end };
        FactRecord {
            ecosystem: "Debian:12".into(),
            package: "zlib".into(),
            status,
            severity,
            intervals: vec![
                interval("", End::Fixed("1".into())),
                interval("2", End::LastAffected("3".into())),
                interval("4", End::Limit("5".into())),
                interval("6", End::Open),
            ],
            versions: vec!["7".into()],
            arches: vec!["amd64".into()],
            modularity: "nodejs:12".into(),
            oses: vec!["linux".into()],
            cpes: vec!["cpe:/o:redhat:enterprise_linux:8".into()],
            symbols: vec!["inflate".into()],
            fix_date: Some(Timestamp::from_seconds(86_400)),
        }
    }

    fn record() -> Record {
        let facts =
            Status::ALL.into_iter().zip(std::iter::once(None).chain(Severity::ALL.into_iter().map(Some)));
        Record {
            id: "CVE-2022-37434".into(),
            source: "debian".into(),
            aliases: vec!["GHSA-x".into()],
            covers: vec!["CVE-1".into()],
            severities: vec![("nvd".into(), Severity::Critical)],
            cvss: vec![CvssVector { source: "nvd".into(), vector: "CVSS:3.1/AV:N".into() }],
            cwes: vec!["CWE-787".into()],
            published: Some(Timestamp::from_seconds(-5)),
            modified: None,
            known_exploited: true,
            public_exploit: true,
            prose: Prose {
                title: "Heap overflow".into(),
                description: "in inflate\n".into(),
                references: vec![Reference { kind: "web".into(), url: "https://example.com".into() }],
            },
            facts: facts.map(|(status, severity)| fact(severity, status)).collect(),
        }
    }

    fn read(sealed: &[u8], kind: Kind) -> Result<(Vec<Record>, Extras), ChunkError> {
        let (mut records, mut extras) = (Vec::new(), Extras::default());
        let damaged = |reason| ChunkError::Chunk { digest: "x".into(), reason };
        let mut take = |record| {
            records.push(record);
            Ok(())
        };
        open(sealed, kind, &mut extras, &mut take, &damaged)?;
        Ok((records, extras))
    }

    #[test]
    fn records_come_out_as_they_went_in() {
        let raw = put_record(begin(Kind::Records), record()).unwrap();
        let raw = put_record(raw, Record::default()).unwrap();
        let (records, extras) = read(&seal(&raw).unwrap(), Kind::Records).unwrap();
        assert_eq!(records, [record(), Record::default()]);
        assert_eq!(extras, Extras::default());
        let other = Record { public_exploit: false, ..record() };
        assert_ne!(wire_hash(record()).unwrap(), wire_hash(other).unwrap());
        assert_eq!(wire_hash(record()).unwrap(), wire_hash(record()).unwrap());
    }

    fn extras() -> Extras {
        let time = |seconds| Some(Timestamp::from_seconds(seconds));
        let epss = |cve: &str, score| (cve.to_owned(), Epss { score, percentile: score + 1 });
        Extras {
            epss: vec![
                epss("CVE-1999-0001", 5),
                epss("CVE-2024-0009", 1),
                epss("CVE-2024-3094", 99_999),
                epss("CVE-2024-1234567", 7),
            ],
            lifecycles: vec![Lifecycle {
                ecosystem: "Debian:12".into(),
                released: time(1),
                ends: None,
                extended_ends: time(-3),
            }],
            repositories: vec![("rhel-8".into(), vec!["cpe:/a".into(), "cpe:/b".into()])],
            source_digests: vec![("debian".into(), "00".into())],
        }
    }

    #[test]
    fn side_tables_come_out_as_they_went_in() {
        let chunks = side_chunks(extras()).unwrap();
        let names: Vec<&str> = chunks.iter().map(|chunk| chunk.name.as_str()).collect();
        assert_eq!(names, ["CVE-1999", "CVE-2024", "tables"]);
        let mut all = Extras::default();
        for chunk in chunks {
            let (_, part) = read(&chunk.bytes, chunk.kind).unwrap();
            all.epss.extend(part.epss);
            all.lifecycles.extend(part.lifecycles);
            all.repositories.extend(part.repositories);
            all.source_digests.extend(part.source_digests);
        }
        assert_eq!(all, extras());
    }

    #[test]
    fn damage_is_no_panic() {
        let raw = put_record(begin(Kind::Records), record()).unwrap();
        let mut cases = vec![(Kind::Records, raw)];
        for chunk in side_chunks(extras()).unwrap() {
            cases.push((chunk.kind, zstd::stream::decode_all(chunk.bytes.as_slice()).unwrap()));
        }
        for (kind, raw) in cases {
            for len in 0..raw.len() {
                let cut = read(&seal(&raw[..len]).unwrap(), kind);
                assert!(cut.is_err() || (kind == Kind::Records && len == HEADER), "{kind:?} {len}");
                for flip in [1, 0x80, 0xff] {
                    let mut bytes = raw.clone();
                    bytes[len] ^= flip;
                    let _ = read(&seal(&bytes).unwrap(), kind);
                }
            }
            let sealed = seal(&raw).unwrap();
            for len in 0..sealed.len() {
                assert!(read(&sealed[..len], kind).is_err());
            }
            for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
                assert!(read(&sealed, other).unwrap_err().to_string().contains("media type"));
            }
            let mut newer = raw.clone();
            newer[6] = 2;
            assert!(matches!(
                read(&seal(&newer).unwrap(), kind),
                Err(ChunkError::Version { found: 2, known: 1 })
            ));
        }
    }
}
