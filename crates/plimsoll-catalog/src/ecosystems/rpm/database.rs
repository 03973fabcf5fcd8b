//! rpm's database of installed packages, in any of the forms that `plimsoll-rpmdb` reads.

use bstr::BString;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};

use crate::limits;

pub(super) struct Database;

impl Analyzer for Database {
    fn id(&self) -> &'static str {
        "rpm/database"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            paths: plimsoll_rpmdb::PATHS,
            companions: &[plimsoll_rpmdb::WRITE_AHEAD_LOG],
            max_size: 512 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        // rpm creates the database before it installs anything: an empty file holds no package.
        if file.size() == 0 {
            return Ok(());
        }
        let bytes = file.bytes()?;
        let database = plimsoll_rpmdb::read(&bytes, file.companion(plimsoll_rpmdb::WRITE_AHEAD_LOG))
            .map_err(|error| AnalyzeError::malformed(error.to_string()))?;
        for package in database.packages {
            let source = package.source();
            limits::state(
                PackageFact {
                    ecosystem: "rpm".to_owned(),
                    version: package.evr(),
                    source_name: source.map_or("", |source| source.name).to_owned(),
                    source_version: source.map_or("", |source| source.version_release).to_owned(),
                    owned: package.file_paths().into_iter().map(BString::from).collect(),
                    arch: package.arch.unwrap_or_default(),
                    licenses: package.license.into_iter().collect(),
                    vendor: package.vendor.unwrap_or_default(),
                    modularity: package.modularity_label.unwrap_or_default(),
                    name: package.name,
                    ..PackageFact::default()
                },
                out,
            );
        }
        for problem in database.problems {
            out.problem(format!("{}: {}", problem.entry, problem.reason));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, line, wants};

    // Expected: `rpm -qa --qf` of rpm 4.18 (see the README of plimsoll-rpmdb's fixtures).
    #[test]
    fn reads_databases() {
        for path in ["usr/lib/sysimage/rpm/Packages.db", "usr/share/rpm/rpmdb.sqlite", "var/lib/rpm/Packages"]
        {
            assert!(wants(&Database, path), "{path}");
        }
        check(
            &Database,
            "var/lib/rpm/Packages.db",
            include_bytes!("../../../tests/fixtures/rpm/database/Packages.db"),
            &[
                "anchor 2:1.4.0-7.el9 [arch: x86_64] [source: anchor 1.4.0-7.el9] [licenses: MIT AND Apache-2.0] \
                 [vendor: Example Vendor] [modularity: anchor:1.4:9020020240101:abcd1234] [owned: etc/anchor \
                 etc/anchor/anchor.conf usr/bin/anchor usr/bin/anchorctl usr/share/doc/anchor \
                 usr/share/doc/anchor/README usr/share/doc/anchor/café var/log/anchor.log]",
                "anchor-libs 2:1.4.0-7.el9 [arch: x86_64] [source: anchor 1.4.0-7.el9] [licenses: MIT AND Apache-2.0] \
                 [vendor: Example Vendor] [modularity: anchor:1.4:9020020240101:abcd1234] \
                 [owned: usr/lib64/libanchor.so.1]",
                "buoy-data 20240115-1 [arch: noarch] [source: buoy-data 20240115-1] [licenses: CC0-1.0]",
            ],
        );
        check(&Database, "var/lib/rpm/Packages", b"", &[]);
        check(
            &Database,
            "var/lib/rpm/Packages",
            b"not a database",
            &["error: not an rpm database: neither SQLite, NDB nor a Berkeley DB hash"],
        );
    }

    // Expected: as sqlite3 reads the two files together.
    #[test]
    fn the_write_ahead_log_counts() {
        let bytes = include_bytes!("../../../../plimsoll-rpmdb/tests/fixtures/small-pages.sqlite").to_vec();
        let log = include_bytes!("../../../../plimsoll-rpmdb/tests/fixtures/small-pages.sqlite-wal").to_vec();
        let companions = [(plimsoll_rpmdb::WRITE_AHEAD_LOG, log)];
        let names = |file: &File<'_>| {
            let mut out = Output::default();
            Database.analyze(file, &mut out).unwrap();
            out.facts.iter().map(|fact| line(fact).split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let file = File::new(b"var/lib/rpm/rpmdb.sqlite", 0o644, &bytes);
        assert_eq!(names(&file), ["anchor-libs", "buoy-data"]);
        assert_eq!(names(&file.with_companions(&companions)), ["anchor", "anchor-libs"]);
    }
}
