//! The index of Java artifacts, made of a database with the published schema of trivy-java-db, and held against that database's own queries.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use plimsoll_db::{Gav, JarIndex, JarIndexBuilder, JarIndexError};
use plimsoll_dbimport::{ImportError, Kind, java_index, recognise};
use rusqlite::Connection;

const SCHEMA: &str = "
CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT, foreign key (artifact_id) references artifacts(id));
CREATE UNIQUE INDEX artifacts_idx ON artifacts(artifact_id, group_id);
CREATE INDEX indices_artifact_idx ON indices(artifact_id);
CREATE UNIQUE INDEX indices_sha1_idx ON indices(sha1);
";

/// A digest that is the same in every run.
fn digest(number: u32) -> [u8; 20] {
    let mut digest = [0; 20];
    for (at, byte) in digest.iter_mut().enumerate() {
        let mixed = (u64::from(number) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(at as u32 * 7);
        *byte = (mixed >> 24) as u8;
    }
    digest
}

/// A database of a few thousand jars: 40 artifact ids in 5 groups, some with one version under several groups.
fn database(path: &std::path::Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(SCHEMA).unwrap();
    connection.execute_batch("BEGIN").unwrap();
    for artifact in 0..200u32 {
        connection
            .execute(
                "INSERT INTO artifacts VALUES (?1, ?2, ?3)",
                (artifact, format!("org.group{}", artifact % 5), format!("artifact-{:02}", artifact / 5)),
            )
            .unwrap();
    }
    for number in 0..4_000u32 {
        let kind = if number % 17 == 0 { "aar" } else { "jar" };
        let version = format!("{}.{}", number % 7, number % 11 % (number % 3 + 2));
        connection
            .execute(
                "INSERT INTO indices VALUES (?1, ?2, ?3, ?4)",
                (number.wrapping_mul(2_654_435_761) % 200, version, digest(number), kind),
            )
            .unwrap();
    }
    connection.execute_batch("COMMIT").unwrap();
    connection
}

#[test]
fn answers_as_the_database_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trivy-java.db");
    let connection = database(&path);
    assert_eq!(recognise(&path), Some(Kind::JavaDb));
    let mut bytes = Vec::new();
    let counts = java_index(&path, &mut bytes).unwrap();
    assert_eq!(counts.read, counts.kept);
    let index = JarIndex::from_bytes(bytes).unwrap();
    assert!(index.verify());
    assert_eq!(index.len() as u64, counts.kept);
    assert!(!index.is_empty());

    let mut by_sha1 = connection
        .prepare(
            "SELECT a.group_id, a.artifact_id, i.version FROM indices i JOIN artifacts a ON a.id = i.artifact_id
             WHERE i.sha1 = ?1 AND i.archive_type = 'jar'",
        )
        .unwrap();
    let mut found = 0;
    for number in 0..4_100 {
        let expected = by_sha1
            .query_row([digest(number)], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })
            .ok();
        let gav = index.by_sha1(&digest(number));
        found += u32::from(gav.is_some());
        let gav = gav.map(|gav| (gav.group.to_owned(), gav.artifact.to_owned(), gav.version.to_owned()));
        assert_eq!(gav, expected, "{number}");
    }
    assert_eq!(u64::from(found), counts.kept);

    let mut group_of = connection
        .prepare(
            "SELECT min(a.group_id) FROM indices i JOIN artifacts a ON a.id = i.artifact_id
             WHERE a.artifact_id = ?1 AND i.version = ?2 AND i.archive_type = 'jar' GROUP BY a.artifact_id
             HAVING count(DISTINCT a.group_id) = 1",
        )
        .unwrap();
    let mut known = 0;
    for artifact in 0..41 {
        let artifact = format!("artifact-{artifact:02}");
        for major in 0..8 {
            for minor in 0..5 {
                let version = format!("{major}.{minor}");
                let expected = group_of.query_row([&artifact, &version], |row| row.get::<_, String>(0)).ok();
                known += u32::from(expected.is_some());
                assert_eq!(
                    index.group_of(&artifact, &version).map(str::to_owned),
                    expected,
                    "{artifact} {version}"
                );
            }
        }
    }
    assert!(known > 100, "{known}");
    assert!(index.has("org.group3", "artifact-07") && !index.has("org.group9", "artifact-07"));
    assert!(!index.has("org.group3", "artifact-99"));
}

const SOME: [(&str, &str, &str); 4] = [
    ("org.apache.logging.log4j", "log4j-core", "2.14.1"),
    ("log4j", "log4j", "1.2.17"),
    ("com.example", "log4j", "1.2.17"),
    ("log4j", "log4j", "1.2.16"),
];

fn small() -> Vec<u8> {
    let mut builder = JarIndexBuilder::default();
    for (number, (group, artifact, version)) in SOME.into_iter().enumerate() {
        assert!(builder.add(&digest(number as u32), Gav { group, artifact, version }));
    }
    write(builder)
}

fn write(builder: JarIndexBuilder) -> Vec<u8> {
    let mut bytes = Vec::new();
    builder.write(&mut bytes).unwrap();
    bytes
}

#[test]
fn the_same_jars_give_the_same_bytes() {
    let mut builder = JarIndexBuilder::default();
    for (number, (group, artifact, version)) in SOME.into_iter().enumerate().rev() {
        assert!(builder.add(&digest(number as u32), Gav { group, artifact, version }));
    }
    assert!(!builder.add(&[1; 19], Gav { group: "a", artifact: "b", version: "c" }));
    assert!(!builder.add(&[1; 20], Gav { group: "", artifact: "b", version: "c" }));
    assert!(!builder.add(&[1; 20], Gav { group: "a b", artifact: "b", version: "c" }));
    assert_eq!(write(builder), small());
    let empty = JarIndex::from_bytes(write(JarIndexBuilder::default())).unwrap();
    assert!(empty.verify() && empty.is_empty());
    assert_eq!((empty.by_sha1(&[0; 20]), empty.group_of("a", "1")), (None, None));
}

#[test]
fn damage_never_panics() {
    let bytes = small();
    for end in 0..bytes.len() {
        let error = JarIndex::from_bytes(bytes[..end].to_vec()).unwrap_err();
        assert_eq!(matches!(error, JarIndexError::NotAnIndex), end < 32, "{end}: {error}");
    }
    for at in 0..bytes.len() {
        for flip in [1u8, 0x80, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let Ok(index) = JarIndex::from_bytes(damaged) else { continue };
            assert!(!index.verify(), "{at}");
            for number in 0..4 {
                let _ = index.by_sha1(&digest(number));
            }
            for (group, artifact, version) in SOME {
                let _ = index.group_of(artifact, version);
                let _ = index.has(group, artifact);
            }
        }
    }
    assert!(matches!(
        java_index(std::path::Path::new("/nowhere/x.db"), &mut Vec::new()),
        Err(ImportError::Open { .. })
    ));
}
