//! The real OVAL files of Azure Linux 3.0 and CBL-Mariner 1.0 where `PLIMSOLL_TEST_DATA` has them: no definition is lost
//! without a count, and facts picked by hand from the files come out as they stand there.
//!
//! The numbers were counted with Python's `xml.etree`: 1,222 definitions with one criterion each for Azure Linux, one of
//! them "Not Applicable"; 2,252 for CBL-Mariner, of which 126 have no fix ("less than or equal") and 78 do not apply.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use plimsoll_advisory::sources::{self, Sink};
use plimsoll_advisory::{Advisory, Affected, Event};
use plimsoll_dbbuild::{BuildOptions, build};
use plimsoll_types::{Severity, Status, Timestamp};

/// A file of the folder of feeds: below `PLIMSOLL_TEST_DATA`, else beside the checkout.
fn feed(name: &str) -> Option<PathBuf> {
    let data = match std::env::var_os("PLIMSOLL_TEST_DATA") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let path = data.join("advisories").join(format!("{name}.zst"));
    let found = path.is_file();
    if !found {
        println!("skipped: {} is not there", path.display());
    }
    Some(path).filter(|_| found)
}

fn read(path: &Path, name: &str) -> (Sink, usize) {
    let bytes = zstd::stream::decode_all(std::fs::File::open(path).unwrap()).unwrap();
    // Independent of any XML parser.
    let text = std::str::from_utf8(&bytes).unwrap();
    let definitions = text.matches("<definition ").count();
    let mut sink = Sink::new();
    let start = std::time::Instant::now();
    let source = sources::read(name, &bytes, &mut sink).unwrap();
    println!("{name}: {} bytes in {:?}", bytes.len(), start.elapsed());
    assert_eq!(source.id, "azure-oval");
    assert_eq!(sink.read(), definitions as u64);
    (sink, definitions)
}

fn count(sink: &Sink, status: Status) -> usize {
    sink.advisories.iter().flat_map(|one| &one.affected).filter(|affected| affected.status == status).count()
}

/// What the file says of a CVE in a package.
fn fact<'a>(sink: &'a Sink, cve: &str, package: &str) -> (&'a Advisory, &'a Affected) {
    let of = |one: &'a Advisory| one.affected.iter().find(|affected| affected.package == package);
    sink.advisories.iter().filter(|one| one.id == cve).find_map(|one| Some((one, of(one)?))).unwrap()
}

fn end(affected: &Affected) -> Option<&Event> {
    affected.ranges[0].events.get(1)
}

#[test]
fn azure_linux_3() {
    let name = "azurelinux-3.0-oval.xml";
    let Some(path) = feed(name) else { return };
    let (sink, definitions) = read(&path, name);
    assert_eq!((definitions, sink.kept(), sink.refused()), (1_222, 1_222, 0), "{:?}", sink.refusals());
    assert_eq!((count(&sink, Status::Fixed), count(&sink, Status::NotAffected)), (1_221, 1));
    assert!(sink.advisories.iter().flat_map(|one| &one.affected).all(|one| one.ecosystem == "Azure Linux:3"));

    // oval:com.microsoft.azurelinux:def:50124
    let (advisory, oath) = fact(&sink, "CVE-2024-47191", "oath-toolkit");
    assert_eq!(end(oath), Some(&Event::Fixed("2.6.7-3.azl3".to_owned())));
    assert_eq!((oath.status, oath.severity), (Status::Fixed, Some(Severity::High)));
    assert_eq!(advisory.published.unwrap().to_string(), "2024-07-23T22:05:39Z");
    // oval:com.microsoft.azurelinux:def:34597, which is not applicable.
    let (_, hypervisor) = fact(&sink, "CVE-2023-45853", "cloud-hypervisor");
    assert_eq!((hypervisor.status, end(hypervisor)), (Status::NotAffected, None));
    // Written three times in the file, once with a space after the epoch: "0: 1.20.10-1.azl3".
    let wanted = Event::Fixed("1.20.10-1.azl3".to_owned());
    let affected = sink.advisories.iter().flat_map(|one| &one.affected);
    assert_eq!(affected.filter(|one| end(one) == Some(&wanted)).count(), 3);
}

#[test]
fn cbl_mariner_1() {
    let name = "cbl-mariner-1.0-oval.xml";
    let Some(path) = feed(name) else { return };
    let (sink, definitions) = read(&path, name);
    assert_eq!((definitions, sink.kept(), sink.refused()), (2_252, 2_252, 0), "{:?}", sink.refusals());
    assert_eq!(
        (count(&sink, Status::Fixed), count(&sink, Status::Affected), count(&sink, Status::NotAffected)),
        (2_048, 126, 78)
    );
    assert!(sink.advisories.iter().flat_map(|one| &one.affected).all(|one| one.ecosystem == "Azure Linux:1"));

    // oval:com.microsoft.cbl-mariner:def:27741
    let (_, kernel) = fact(&sink, "CVE-2023-3863", "kernel");
    assert_eq!(end(kernel), Some(&Event::Fixed("5.10.188.1-1.cm1".to_owned())));
    // oval:com.microsoft.cbl-mariner:def:13816, which has no fix.
    let (_, syslinux) = fact(&sink, "CVE-2022-3857", "syslinux");
    assert_eq!(end(syslinux), Some(&Event::LastAffected("6.04-9.cm1".to_owned())));
    assert_eq!(syslinux.status, Status::Affected);
    // oval:com.microsoft.cbl-mariner:def:13717, "Not Applicable".
    assert_eq!(fact(&sink, "CVE-2022-41725", "gcc").1.status, Status::NotAffected);
}

#[test]
fn both_go_into_the_index() {
    let names = ["azurelinux-3.0-oval.xml", "cbl-mariner-1.0-oval.xml"];
    let Some(paths) = names.iter().map(|name| feed(name)).collect::<Option<Vec<_>>>() else { return };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.db");
    let report = build(&paths, &output, &BuildOptions::new(Timestamp::from_seconds(1_700_000_000))).unwrap();
    assert!(report.dropped.is_empty(), "{:?}", report.dropped);
    let form = report.forms.iter().find(|form| form.id == "azure-oval").unwrap();
    assert_eq!((form.files, form.kept, form.read()), (2, 3_474, 3_474));
}
