//! The advisory index: bytes that are no index, and an index in which bytes were changed and all checksums made good.
//!
//! The first byte chooses. A changed index is described by pairs: the place (three bytes, little-endian) and the byte that
//! goes there.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use plimsoll_db::{End, Extras, FactRecord, Index, Interval, Prose, ReadError, Record, WriteOptions, write};
use plimsoll_types::{CvssVector, Epss, Lifecycle, Reference, Severity, Status};
use xxhash_rust::xxh3::xxh3_64;

// As `plimsoll-db` describes its file.
const HEADER: usize = 80;
const CHECKSUM: usize = 64;
const SECTIONS: usize = 18;
const ENTRY: usize = 32;

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let records = (0..40).map(record).collect();
    let extras = Extras {
        epss: vec![("CVE-2024-0007".to_owned(), Epss { score: 1, percentile: 2 })],
        lifecycles: vec![Lifecycle { ecosystem: "Debian:12".to_owned(), ..Lifecycle::default() }],
        repositories: vec![("r".to_owned(), vec!["cpe:/o:a:b".to_owned()])],
        ..Extras::default()
    };
    write(records, extras, &WriteOptions::default()).expect("an index")
});

fn record(number: usize) -> Record {
    let fact = FactRecord {
        ecosystem: ["PyPI", "Debian:12", "AlmaLinux:8"][number % 3].to_owned(),
        package: format!("package-{}", number % 7),
        status: Status::Affected,
        severity: number.is_multiple_of(2).then_some(Severity::High),
        intervals: vec![Interval { introduced: String::new(), end: End::Fixed(format!("{number}.1")) }],
        versions: vec![format!("{number}.0"), format!("{number}.0.1")],
        arches: if number.is_multiple_of(4) { vec!["x86_64".to_owned()] } else { Vec::new() },
        modularity: if number.is_multiple_of(5) { "nodejs:12".to_owned() } else { String::new() },
        symbols: if number.is_multiple_of(6) { vec![format!("net/http.F{number}")] } else { Vec::new() },
        ..FactRecord::default()
    };
    Record {
        id: format!("TEST-{number:03}"),
        source: "test".to_owned(),
        aliases: vec![format!("CVE-2024-{number:04}")],
        cvss: vec![CvssVector { source: "test".to_owned(), vector: "CVSS:3.1/AV:N".to_owned() }],
        severities: vec![("test".to_owned(), Severity::Low)],
        cwes: vec!["CWE-79".to_owned()],
        prose: Prose {
            title: format!("title {number}"),
            description: "a description ".repeat(number + 1),
            references: vec![Reference { kind: "WEB".to_owned(), url: "https://example.com/".to_owned() }],
        },
        facts: vec![fact],
        ..Record::default()
    }
}

/// Makes all checksums good, as somebody who means harm would.
fn mend(bytes: &mut [u8]) -> Option<()> {
    for section in 0..SECTIONS {
        let entry = HEADER + section * ENTRY;
        let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let (start, len) = (word(entry + 8)?, word(entry + 16)?);
        let end = usize::try_from(start.checked_add(len)?).ok()?;
        let sum = xxh3_64(bytes.get(usize::try_from(start).ok()?..end)?);
        bytes.get_mut(entry + 24..entry + 32)?.copy_from_slice(&sum.to_le_bytes());
    }
    // A digest of zeros means that none was computed.
    bytes.get_mut(32..64)?.fill(0);
    bytes.get_mut(CHECKSUM..CHECKSUM + 8)?.fill(0);
    let sum = xxh3_64(bytes.get(..HEADER + SECTIONS * ENTRY)?);
    bytes.get_mut(CHECKSUM..CHECKSUM + 8)?.copy_from_slice(&sum.to_le_bytes());
    Some(())
}

/// Reads all that can be found.
fn walk(index: &Index) -> Result<(), ReadError> {
    let _ = index.verify();
    let _ = index.info();
    let _ = index.ecosystems();
    let _ = index.extras();
    let _ = index.records(|_| Ok::<(), ReadError>(()));
    for ecosystem in ["PyPI", "Debian:12", "AlmaLinux:8", ""] {
        let _ = index.has_ecosystem(ecosystem);
        for number in 0..7 {
            for fact in index.lookup(ecosystem, &format!("package-{number}"))?.take(8) {
                let fact = fact?;
                let _ = index.advisory(fact.advisory);
                let _ = index.prose(fact.advisory);
                fact.intervals()?.take(8).for_each(drop);
                fact.versions()?.take(8).for_each(drop);
                let _ = (fact.version(1), fact.qualifiers());
            }
        }
    }
    for identifier in ["TEST-001", "CVE-2024-0007", ""] {
        index.by_identifier(identifier)?.take(8).for_each(|number| drop(index.advisory(number)));
    }
    Ok(())
}

fuzz_target!(
    init: {
        // `fst` panics on tables that were made to mislead it; the index guards its calls and gives an error. Everybody
        // else's panic counts.
        std::panic::set_hook(Box::new(|info| {
            let guarded = info.location().is_some_and(|place| place.file().contains("/fst-"));
            if !guarded {
                eprintln!("{info}");
                std::process::abort();
            }
        }));
    },
    |data: &[u8]| {
        let Some((choice, rest)) = data.split_first() else { return };
        let mut bytes = if choice & 1 == 0 { rest.to_vec() } else { SOUND.clone() };
        if choice & 1 == 1 {
            let len = bytes.len();
            for patch in rest.chunks_exact(4) {
                let at = usize::from(patch[0]) | usize::from(patch[1]) << 8 | usize::from(patch[2]) << 16;
                bytes[at % len] = patch[3];
            }
        }
        if choice & 2 == 0 {
            let _ = mend(&mut bytes);
        }
        if let Ok(index) = Index::from_bytes(bytes) {
            let _ = walk(&index);
        }
    }
);
