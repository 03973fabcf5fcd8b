//! Databases of other scanners as indexes. The trivy.db is the one that the importer's tests hold against the real bbolt
//! library.

// Clippy does not take what tests share for tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use plimsoll_db::{End, Index};
use plimsoll_dbbuild::{ImportError, import};

fn small_db() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../plimsoll-dbimport/tests/fixtures/trivy/small.db")
}

#[test]
fn a_trivy_db_becomes_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.index");
    let built = "2025-02-01T00:00:00Z".parse().unwrap();
    let (report, counts) = import(&small_db(), &path, Some(built)).unwrap();
    let index = Index::open(&path).unwrap();
    index.verify().unwrap();
    let info = index.info().unwrap();
    assert_eq!((info.built, info.advisories), (Some(built), report.advisories));
    assert_eq!(report.bytes, fs::metadata(&path).unwrap().len());
    assert_eq!(counts.read, counts.kept + counts.refused());
    // None of the 62 entries of the bucket `alpine 3.20` is lost (`make.go` beside the file). All have a fixed version, and
    // one of those is 0, which says that no version is affected.
    let alpine: u64 =
        report.ecosystems.iter().filter(|(name, _)| name == "Alpine:v3.20").map(|(_, n)| *n).sum();
    assert_eq!(alpine, 62, "{:?}", report.ecosystems);
    let mut fixed = 0;
    index
        .records(|record| -> Result<(), plimsoll_db::ReadError> {
            let facts = record.facts.iter().filter(|fact| fact.ecosystem == "Alpine:v3.20");
            fixed +=
                facts.filter(|fact| fact.intervals.iter().any(|i| matches!(i.end, End::Fixed(_)))).count();
            Ok(())
        })
        .unwrap();
    assert_eq!(fixed, 61);
    // The same database, the same bytes.
    let again = folder.path().join("again.index");
    import(&small_db(), &again, Some(built)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), fs::read(&again).unwrap());
}

#[test]
fn what_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    fs::write(&input, "hello").unwrap();
    assert!(matches!(import(&input, &output, None), Err(ImportError::Unknown { .. })));
    assert!(matches!(
        import(&folder.path().join("missing"), &output, None),
        Err(ImportError::Unknown { .. })
    ));
    let whole = fs::read(small_db()).unwrap();
    fs::write(&input, &whole[..whole.len() / 2]).unwrap();
    assert!(import(&input, &output, None).is_err());
    let error = import(&small_db(), Path::new("/dev/full"), None).unwrap_err();
    assert!(
        error.to_string().contains("advisory database") || error.to_string().contains("/dev/full"),
        "{error}"
    );
}
