//! Databases that somebody has brought on a disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use plimsoll_db::Index;
use plimsoll_dbupdate::{Decision, Layout, Outcome, Rules, decide, in_place, push};

use crate::place::{Place, at, db_tar_gz, index_bytes, metadata, record, trivy_db, write};

fn import(place: &Place, name: &str) -> plimsoll_dbupdate::State {
    let source = format!("file:{}", place.path(name).display());
    place.updated(&[&source]).0
}

#[test]
fn every_form_is_taken() {
    let place = Place { automatic: false, ..Place::new() };
    let time = "2025-01-20T00:00:00Z";
    write(&place.path("db.tar.gz"), &db_tar_gz(&["CVE-1"], time));
    write(&place.path("folder/trivy.db"), &trivy_db(&["CVE-2"]));
    write(&place.path("folder/metadata.json"), &metadata(time));
    let index = index_bytes(vec![record("CVE-3", "")], Some(at(time)));
    write(&place.path("own.index"), &index);
    write(&place.path("own.index.zst"), &zstd::bulk::compress(&index, 1).unwrap());
    let chunks = index_bytes(vec![record("CVE-4", "")], Some(at(time)));
    push(&Index::from_bytes(chunks).unwrap(), None, &mut Layout::new(&place.path("chunks"))).unwrap();
    for (name, form, id) in [
        ("db.tar.gz", "trivy-db", "CVE-1"),
        ("folder", "trivy-db", "CVE-2"),
        ("folder/trivy.db", "trivy-db", "CVE-2"),
        ("own.index", "index", "CVE-3"),
        ("own.index.zst", "index", "CVE-3"),
        ("chunks", "chunks", "CVE-4"),
    ] {
        let state = import(&place, name);
        assert_eq!((state.form.as_str(), place.ids()), (form, vec![id.to_owned()]), "{name}");
        assert_eq!(state.updated_at, Some(at(time)), "{name}");
        assert!(state.origin.ends_with(name) && !state.automatic);
        // Nobody replaces it without being asked.
        let later = decide(
            in_place(&place.index()).as_ref(),
            Some(&state),
            at("2026-01-01T00:00:00Z"),
            &Rules::default(),
        );
        assert_eq!(later.decision, Decision::Own);
        assert!(later.too_old);
    }
    // What was brought is left as it is.
    assert_eq!(fs::read(place.path("own.index")).unwrap(), index);
    assert!(fs::metadata(place.path("own.index")).unwrap().permissions().mode() & 0o200 != 0);
    assert_eq!(place.leftovers(), Vec::<String>::new());
    let again = place.update(&[&format!("file:{}", place.path("chunks").display())]).unwrap();
    assert!(matches!(again, Outcome::Unchanged { .. }), "{again:?}");
}

#[test]
fn what_is_no_database() {
    let place = Place::new();
    write(&place.path("text"), b"hello");
    write(&place.path("empty"), b"");
    write(&place.path("other/readme"), b"hello");
    for (name, expected) in [
        ("missing", "cannot read"),
        ("text", "it is neither a trivy.db"),
        ("empty", "it is neither a trivy.db"),
        ("other", "the folder holds neither trivy.db"),
    ] {
        let message = place.failure(&[&format!("file:{}", place.path(name).display())]);
        assert!(message.contains(expected), "{name}: {message}");
    }
    // Every beginning of an index, and of a folder of chunks.
    let index = index_bytes(vec![record("CVE-3", "")], None);
    for len in (0..index.len()).step_by(61) {
        write(&place.path("cut.index"), &index[..len]);
        place.failure(&[&format!("file:{}", place.path("cut.index").display())]);
    }
    assert!(!place.index().exists());
}
