//! Grype's database: made here with SQLite from the published schema (anchore/grype, `schema/grype/db/sql/schema-6.1.11.sql`), with blobs as the
//! published blob schema describes them.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use plimsoll_advisory::{Advisory, Event};
use plimsoll_dbimport::{Counts, ImportError, Item, Kind, Stop, grype_db, recognise};
use plimsoll_types::{Severity, Status};
use rusqlite::Connection;

const SCHEMA: &str = "
CREATE TABLE `blobs` (`id` integer PRIMARY KEY AUTOINCREMENT,`value` text NOT NULL);
CREATE TABLE `db_metadata` (`build_timestamp` datetime NOT NULL,`model` integer NOT NULL,`revision` integer NOT NULL,`addition` integer NOT NULL);
CREATE TABLE `providers` (`id` text,`version` text,`processor` text,`date_captured` datetime,`input_digest` text,PRIMARY KEY (`id`));
CREATE TABLE `vulnerability_handles` (`id` integer PRIMARY KEY AUTOINCREMENT,`name` text NOT NULL,`status` text NOT NULL,`published_date` datetime,`modified_date` datetime,`withdrawn_date` datetime,`provider_id` text NOT NULL,`blob_id` integer);
CREATE TABLE `packages` (`id` integer PRIMARY KEY AUTOINCREMENT,`ecosystem` text,`name` text);
CREATE TABLE `operating_systems` (`id` integer PRIMARY KEY AUTOINCREMENT,`name` text,`release_id` text,`major_version` text,`minor_version` text,`label_version` text,`codename` text,`channel` text,`eol_date` datetime,`eoas_date` datetime);
CREATE TABLE `affected_package_handles` (`id` integer PRIMARY KEY AUTOINCREMENT,`vulnerability_id` integer NOT NULL,`operating_system_id` integer,`package_id` integer,`blob_id` integer);
CREATE TABLE `unaffected_package_handles` (`id` integer PRIMARY KEY AUTOINCREMENT,`vulnerability_id` integer NOT NULL,`operating_system_id` integer,`package_id` integer,`blob_id` integer);
CREATE TABLE `known_exploited_vulnerability_handles` (`id` integer PRIMARY KEY AUTOINCREMENT,`cve` text NOT NULL,`blob_id` integer);
CREATE TABLE `epss_handles` (`id` integer PRIMARY KEY AUTOINCREMENT,`cve` text NOT NULL,`epss` real NOT NULL,`percentile` real NOT NULL);
CREATE TABLE `epss_metadata` (`date` datetime NOT NULL);
CREATE TABLE `cwe_handles` (`id` integer PRIMARY KEY AUTOINCREMENT,`cve` text NOT NULL,`cwe` text NOT NULL,`source` text,`type` text);
INSERT INTO db_metadata VALUES ('2026-08-01 00:00:00+00:00', 6, 1, 11);
";

/// Writes a database and tells where: name, status, withdrawn, provider, blob of vulnerabilities; then what is said of packages.
struct Database {
    _folder: tempfile::TempDir,
    path: PathBuf,
    connection: Connection,
}

impl Database {
    fn new() -> Database {
        let folder = tempfile::tempdir().unwrap();
        // A name that must be escaped in the form in which SQLite takes it.
        let path = folder.path().join("vulner?ability %41#.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        Database { _folder: folder, path, connection }
    }

    fn blob(&self, json: &str) -> i64 {
        self.connection.execute("INSERT INTO blobs (value) VALUES (?1)", [json]).unwrap();
        self.connection.last_insert_rowid()
    }

    fn vulnerability(&self, name: &str, provider: &str, status: &str, json: &str) -> i64 {
        let blob = self.blob(json);
        self.connection
            .execute(
                "INSERT INTO vulnerability_handles (name, status, published_date, modified_date, provider_id, blob_id)
                 VALUES (?1, ?2, '2023-03-22 17:15:13.13+00:00', '2023-06-08 19:15:09+00:00', ?3, ?4)",
                (name, status, provider, blob),
            )
            .unwrap();
        self.connection.last_insert_rowid()
    }

    fn system(&self, name: &str, major: &str, minor: &str, channel: &str, ends: Option<&str>) -> i64 {
        self.connection
            .execute(
                "INSERT INTO operating_systems (name, major_version, minor_version, label_version, channel, eol_date)
                 VALUES (?1, ?2, ?3, '', ?4, ?5)",
                (name, major, minor, channel, ends),
            )
            .unwrap();
        self.connection.last_insert_rowid()
    }

    fn says(&self, table: &str, vulnerability: i64, system: Option<i64>, package: (&str, &str), json: &str) {
        self.connection.execute("INSERT INTO packages (ecosystem, name) VALUES (?1, ?2)", package).unwrap();
        let package = self.connection.last_insert_rowid();
        let blob = self.blob(json);
        self.connection
            .execute(
                &format!(
                    "INSERT INTO {table} (vulnerability_id, operating_system_id, package_id, blob_id) VALUES (?1, ?2, ?3, ?4)"
                ),
                (vulnerability, system, package, blob),
            )
            .unwrap();
    }
}

fn import(path: &Path) -> Result<(Vec<Item>, Counts), ImportError> {
    let mut items = Vec::new();
    let counts = grype_db(path, &mut |item| {
        items.push(item);
        Ok(())
    })?;
    Ok((items, counts))
}

fn sample() -> Database {
    let db = Database::new();
    let debian = db.system("debian", "12", "", "", Some("2028-06-30 00:00:00+00:00"));
    let rhel = db.system("redhat", "9", "", "", Some("2032-05-31 00:00:00+00:00"));
    let minor = db.system("redhat", "9", "2", "", None);
    let eus = db.system("redhat", "9", "2", "eus", Some("2025-05-31 00:00:00+00:00"));
    let alma = db.system("almalinux", "9", "", "", None);
    let windows = db.system("windows", "10", "", "", None);

    let cve = db.vulnerability(
        "CVE-2023-0464",
        "debian",
        "active",
        r#"{"id":"CVE-2023-0464","description":" A vulnerability. ","severities":[{"scheme":"CHMLN","value":"medium","rank":1}],
            "refs":[{"url":"https://security-tracker.debian.org/tracker/CVE-2023-0464"}]}"#,
    );
    db.says(
        "affected_package_handles",
        cve,
        Some(debian),
        ("deb", "openssl"),
        r#"{"ranges":[{"version":{"type":"dpkg","constraint":"< 3.0.9-1~deb12u1"},"fix":{"version":"3.0.9-1~deb12u1","state":"fixed",
            "detail":{"available":{"date":"2023-06-01T00:00:00Z","kind":"advisory"},
            "references":[{"id":"DSA-5417-1","url":"https://security-tracker.debian.org/tracker/DSA-5417-1","tags":["advisory"]}]}}}]}"#,
    );
    let nvd = db.vulnerability(
        "CVE-2023-0464",
        "nvd",
        "active",
        r#"{"id":"CVE-2023-0464","severities":[{"scheme":"CVSS","value":{"vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H","version":"3.1"},
            "source":"nvd@nist.gov","rank":1}]}"#,
    );
    assert!(nvd > cve);
    let red_hat = db.vulnerability("CVE-2023-0464", "rhel", "active", r#"{"id":"CVE-2023-0464"}"#);
    db.says("affected_package_handles", red_hat, Some(rhel), ("rpm", "openssl"),
        r#"{"qualifiers":{"rpm_modularity":""},"ranges":[{"version":{"type":"rpm","constraint":"< 1:3.0.7-16.el9_2"},"fix":{"version":"1:3.0.7-16.el9_2","state":"fixed"}}]}"#);
    db.says("affected_package_handles", red_hat, Some(minor), ("rpm", "openssl"),
        r#"{"ranges":[{"version":{"type":"rpm","constraint":"< 1:3.0.7-15.el9_2"},"fix":{"version":"1:3.0.7-15.el9_2","state":"fixed"}}]}"#);
    db.says("affected_package_handles", red_hat, Some(eus), ("rpm", "nodejs"),
        r#"{"qualifiers":{"rpm_modularity":"nodejs:18","architecture":"x86_64"},"ranges":[{"version":{"type":"rpm","constraint":""},"fix":{"state":"wont-fix"}}]}"#);
    db.says(
        "unaffected_package_handles",
        red_hat,
        Some(rhel),
        ("rpm", "compat-openssl11"),
        r#"{"ranges":[{"version":{"type":"rpm","constraint":""},"fix":{"state":"not-affected"}}]}"#,
    );
    let ghsa = db.vulnerability(
        "GHSA-2gwj-7jmv-h26r",
        "github",
        "active",
        r#"{"id":"GHSA-2gwj-7jmv-h26r","aliases":["CVE-2022-28346"],"severities":[{"scheme":"CHML","value":"critical"},
            {"scheme":"CVSS","value":{"vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]}"#,
    );
    db.says("affected_package_handles", ghsa, None, ("python", "django"),
        r#"{"cves":["CVE-2022-28346"],"ranges":[{"version":{"type":"python","constraint":">=2.2,<2.2.28"},"fix":{"version":"2.2.28","state":"fixed"}},
            {"version":{"type":"python","constraint":">=4.0,<4.0.4"},"fix":{"version":"4.0.4","state":"fixed"}}]}"#);
    let go = db.vulnerability("GO-2024-2687", "govulndb", "active", r#"{"id":"GO-2024-2687"}"#);
    db.says("affected_package_handles", go, None, ("go-module", "golang.org/x/net"),
        r#"{"qualifiers":{"go_imports":[{"path":"golang.org/x/net/http2","symbols":["Server.ServeConn","Transport.RoundTrip"]},{"path":"golang.org/x/net/html"}],
            "platform_cpes":["cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*"]},
            "ranges":[{"version":{"type":"go","constraint":"<0.23.0"},"fix":{"version":"0.23.0","state":"fixed"}}]}"#);
    let erratum = db.vulnerability(
        "ALSA-2023:3722",
        "alma",
        "active",
        r#"{"id":"ALSA-2023:3722","aliases":["CVE-2023-0464"]}"#,
    );
    db.says("unaffected_package_handles", erratum, Some(alma), ("rpm", "openssl"),
        r#"{"cves":["CVE-2023-0464"],"ranges":[{"version":{"type":"ecosystem","constraint":">= 1:3.0.7-16.el9_2"},"fix":{"version":"1:3.0.7-16.el9_2","state":"fixed"}}]}"#);
    let rejected = db.vulnerability("GHSA-xxxx-xxxx-xxxx", "github", "rejected", r#"{"id":"x"}"#);
    db.says(
        "affected_package_handles",
        rejected,
        None,
        ("npm", "left-pad"),
        r#"{"ranges":[{"version":{"constraint":"<1.0.0"}}]}"#,
    );
    // What cannot be kept.
    db.says(
        "affected_package_handles",
        cve,
        Some(windows),
        ("msrc-kb", "4562562"),
        r#"{"ranges":[{"version":{"constraint":""}}]}"#,
    );
    db.says(
        "affected_package_handles",
        cve,
        None,
        ("abacus", "beads"),
        r#"{"ranges":[{"version":{"constraint":""}}]}"#,
    );
    db.says("affected_package_handles", cve, None, ("npm", "broken"), r#"{"ranges":"#);
    db.says(
        "affected_package_handles",
        cve,
        None,
        ("npm", "odd"),
        r#"{"ranges":[{"version":{"constraint":"about 3"}}]}"#,
    );
    db.says("affected_package_handles", cve, None, ("npm", "nothing"), r#"{}"#);

    let kev = db.blob(r#"{"cve":"CVE-2021-44228","date_added":"2021-12-10T00:00:00Z","urls":["https://nvd.nist.gov/vuln/detail/CVE-2021-44228"]}"#);
    db.connection
        .execute(
            "INSERT INTO known_exploited_vulnerability_handles (cve, blob_id) VALUES ('cve-2021-44228', ?1)",
            [kev],
        )
        .unwrap();
    db.connection
        .execute_batch(
            "INSERT INTO epss_handles (cve, epss, percentile) VALUES ('CVE-2021-44228', 0.94358, 0.99957), ('CVE-2021-44229', 7.5, 1);
             INSERT INTO epss_metadata VALUES ('2026-07-31 00:00:00+00:00');
             INSERT INTO cwe_handles (cve, cwe, source, type) VALUES ('CVE-2021-44228', 'CWE-502', 'nvd', 'Primary'), ('CVE-2021-44228', 'NVD-CWE-Other', 'nvd', 'Primary');",
        )
        .unwrap();
    db
}

fn facts(items: &[Item]) -> Vec<String> {
    let mut lines = Vec::new();
    for item in items {
        let Item::Advisory(advisory) = item else { continue };
        for affected in &advisory.affected {
            let mut range = String::new();
            for event in affected.ranges.iter().flat_map(|range| &range.events) {
                range += &match event {
                    Event::Introduced(version) => format!(" i {version}"),
                    Event::Fixed(version) => format!(" f {version}"),
                    Event::LastAffected(version) => format!(" la {version}"),
                    Event::Limit(version) => format!(" l {version}"),
                };
            }
            lines.push(format!(
                "{} {} | {} {} | {}{range}",
                advisory.source,
                advisory.id,
                affected.ecosystem,
                affected.package,
                affected.status.word()
            ));
        }
    }
    lines.sort();
    lines
}

#[test]
fn what_is_said_of_packages() {
    let db = sample();
    let (items, counts) = import(&db.path).unwrap();
    assert_eq!(
        facts(&items),
        [
            "almalinux ALSA-2023:3722 | AlmaLinux:9 openssl | not_affected i 1:3.0.7-16.el9_2",
            "debian CVE-2023-0464 | Debian:12 openssl | fixed i 0 f 3.0.9-1~deb12u1",
            "ghsa GHSA-2gwj-7jmv-h26r | PyPI django | fixed i 2.2 f 2.2.28 i 4.0 f 4.0.4",
            "ghsa GHSA-xxxx-xxxx-xxxx | npm left-pad | fixed i 0 f 1.0.0",
            "go-vulndb GO-2024-2687 | Go golang.org/x/net | fixed i 0 f 0.23.0",
            "redhat CVE-2023-0464 | Red Hat:enterprise_linux:9 compat-openssl11 | not_affected",
            "redhat CVE-2023-0464 | Red Hat:enterprise_linux:9 nodejs | will_not_fix i 0",
            "redhat CVE-2023-0464 | Red Hat:enterprise_linux:9 openssl | fixed i 0 f 1:3.0.7-16.el9_2",
        ]
    );
    let find = |id: &str, package: &str| -> &Advisory {
        let found = items.iter().find_map(|item| match item {
            Item::Advisory(a) if a.id == id && a.affected.iter().any(|x| x.package == package) => Some(a),
            _ => None,
        });
        found.unwrap()
    };
    let debian = find("CVE-2023-0464", "openssl");
    assert_eq!(debian.affected[0].fix_date.unwrap().to_string(), "2023-06-01T00:00:00Z");
    assert_eq!(debian.references[0].url, "https://security-tracker.debian.org/tracker/DSA-5417-1");
    let eus = &find("CVE-2023-0464", "nodejs").affected[0];
    assert_eq!((eus.modularity.as_str(), eus.arches.as_slice()), ("nodejs:18", &["x86_64".to_owned()][..]));
    assert_eq!(eus.cpes[0], "cpe:/o:redhat:rhel_eus:9.2::baseos");
    let go = &find("GO-2024-2687", "golang.org/x/net").affected[0];
    assert_eq!(
        go.symbols,
        [
            "golang.org/x/net/http2.Server.ServeConn",
            "golang.org/x/net/http2.Transport.RoundTrip",
            "golang.org/x/net/html"
        ]
    );
    assert_eq!(go.cpes, ["cpe:2.3:o:linux:linux_kernel:-:*:*:*:*:*:*:*"]);
    assert_eq!(find("GHSA-2gwj-7jmv-h26r", "django").aliases, ["CVE-2022-28346"]);
    let erratum = find("ALSA-2023:3722", "openssl");
    assert!(erratum.aliases.is_empty());
    assert_eq!(erratum.covers, ["CVE-2023-0464"]);
    assert_eq!(erratum.affected[0].status, Status::NotAffected);
    assert!(find("GHSA-xxxx-xxxx-xxxx", "left-pad").withdrawn.is_some());

    assert_eq!(counts.read, counts.kept + counts.refused());
    let refused: Vec<_> =
        counts.refusals.iter().map(|refusal| refusal.detail.split(' ').next().unwrap()).collect();
    assert_eq!(refused, ["operating", "operating", "packages", "EOF", "not", "no", "not", "no"]);
    assert_eq!(counts.unknown, ["abacus"]);
}

#[test]
fn what_else_is_said() {
    let db = sample();
    let (items, _) = import(&db.path).unwrap();
    let texts: Vec<&Advisory> = items
        .iter()
        .filter_map(|item| if let Item::Advisory(a) = item { Some(a) } else { None })
        .filter(|advisory| advisory.affected.is_empty())
        .collect();
    let find = |source: &str, id: &str| *texts.iter().find(|a| a.source == source && a.id == id).unwrap();
    let debian = find("debian", "CVE-2023-0464");
    assert_eq!(debian.description, "A vulnerability.");
    assert_eq!(
        (debian.severities[0].source.as_str(), debian.severities[0].severity),
        ("debian", Severity::Medium)
    );
    assert_eq!(debian.published.unwrap().to_string(), "2023-03-22T17:15:13Z");
    assert_eq!(debian.modified.unwrap().to_string(), "2023-06-08T19:15:09Z");
    let nvd = find("nvd", "CVE-2023-0464");
    assert_eq!((nvd.cvss.len(), nvd.cvss[0].source.as_str()), (1, "nvd"));
    let ghsa = find("ghsa", "GHSA-2gwj-7jmv-h26r");
    assert_eq!((ghsa.severities[0].severity, ghsa.cvss.len()), (Severity::Critical, 1));
    assert!(ghsa.severities.len() == 1 && ghsa.withdrawn.is_none());
    let kev = find("cisa-kev", "CVE-2021-44228");
    assert!(kev.known_exploited && kev.references.len() == 1);
    assert_eq!(kev.modified.unwrap().to_string(), "2021-12-10T00:00:00Z");
    assert_eq!(find("nvd", "CVE-2021-44228").cwes, ["CWE-502"]);

    let scores: Vec<_> = items
        .iter()
        .filter_map(|item| if let Item::Epss(score) = item { Some(score) } else { None })
        .collect();
    assert_eq!(scores.len(), 1);
    assert_eq!((scores[0].epss.score, scores[0].epss.percentile), (94_358, 99_957));
    assert_eq!(scores[0].date.unwrap().to_string(), "2026-07-31T00:00:00Z");
    let lifecycles: Vec<_> = items
        .iter()
        .filter_map(|item| {
            if let Item::Lifecycle(l) = item {
                Some((l.ecosystem.as_str(), l.ends.unwrap().to_string()))
            } else {
                None
            }
        })
        .collect();
    assert_eq!(
        lifecycles,
        [
            ("Debian:12", "2028-06-30T00:00:00Z".to_owned()),
            ("Red Hat:enterprise_linux:9", "2032-05-31T00:00:00Z".to_owned())
        ]
    );
}

#[test]
fn an_older_database_lacks_tables_and_columns() {
    let db = sample();
    db.connection
        .execute_batch(
            "DROP TABLE cwe_handles; DROP TABLE epss_metadata; DROP TABLE unaffected_package_handles;
             ALTER TABLE operating_systems DROP COLUMN eol_date; ALTER TABLE operating_systems DROP COLUMN channel;",
        )
        .unwrap();
    let (items, _) = import(&db.path).unwrap();
    assert!(facts(&items).iter().any(|fact| fact.starts_with("debian CVE-2023-0464")));
    assert!(!items.iter().any(|item| matches!(item, Item::Lifecycle(_))));
}

#[test]
fn other_files_and_other_models() {
    let db = sample();
    assert_eq!(recognise(&db.path), Some(Kind::GrypeDb));
    db.connection.execute_batch("UPDATE db_metadata SET model = 7").unwrap();
    let Err(ImportError::Schema { message, .. }) = import(&db.path) else { panic!() };
    assert_eq!(message, "its model is 7, not 6");
    // A view in place of a table is not read.
    db.connection
        .execute_batch("UPDATE db_metadata SET model = 6; ALTER TABLE blobs RENAME TO b; CREATE VIEW blobs AS SELECT * FROM b;")
        .unwrap();
    assert!(matches!(import(&db.path), Err(ImportError::Schema { .. })));
    assert_eq!(recognise(&db.path), None);
    let stopped = grype_db(&sample().path, &mut |_| Err(Stop("enough".into())));
    assert!(matches!(stopped, Err(ImportError::Stopped(_))));
    assert!(matches!(import(Path::new("/nowhere/x.db")), Err(ImportError::Open { .. })));
}

#[test]
fn prefixes_and_damage() {
    let db = sample();
    let bytes = std::fs::read(&db.path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    for end in (0..bytes.len()).step_by(509) {
        std::fs::write(&path, &bytes[..end]).unwrap();
        let _ = import(&path);
        let _ = recognise(&path);
    }
    let mut state = 3u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((state >> 33) % below as u64).unwrap()
    };
    for _ in 0..300 {
        let mut damaged = bytes.clone();
        for _ in 0..=next(10) {
            let at = next(damaged.len());
            damaged[at] = u8::try_from(next(256)).unwrap();
        }
        std::fs::write(&path, &damaged).unwrap();
        if let Ok((_, counts)) = import(&path) {
            assert_eq!(counts.read, counts.kept + counts.refused());
        }
    }
}
