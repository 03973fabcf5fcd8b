//! apk's database of installed packages: records of `LETTER:VALUE` lines, separated by empty lines
//! (apk-tools, "apk-v2(5)": the index fields, and `F:`, `R:` for directories and files).

use bstr::{BString, ByteSlice};
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use plimsoll_types::ProblemCode;

use crate::limits;

/// The most bytes of paths that are taken from one file. A directory is named once for all its files, so a hostile
/// file could name far more than it holds itself.
const MAX_PATH_BYTES: usize = 256 << 20;

pub(super) struct InstalledDb;

impl Analyzer for InstalledDb {
    fn id(&self) -> &'static str {
        "apk/installed-db"
    }

    fn version(&self) -> u32 {
        2
    }

    fn interest(&self) -> Interest {
        Interest {
            paths: &["lib/apk/db/installed", "usr/lib/apk/db/installed"],
            max_size: 256 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let mut record = Record::default();
        let mut path_bytes = 0usize;
        for (number, line) in bytes.lines().enumerate() {
            if line.is_empty() {
                std::mem::take(&mut record).finish(out);
                continue;
            }
            let [letter, b':', value @ ..] = line else {
                out.problem(format!("line {} is not a field of an apk record", number + 1));
                continue;
            };
            record.any = true;
            let text = || value.to_str_lossy().into_owned();
            match letter {
                b'P' => record.package.name = text(),
                b'V' => record.package.version = text(),
                b'A' => record.package.arch = text(),
                b'o' => record.package.source_name = text(),
                b'L' => record.package.licenses = licenses(&text()),
                b'm' => record.package.vendor = text(),
                b'D' => record.package.depends = names(&text()),
                b'p' => record.package.provides = names(&text()),
                b'F' => record.directory = value.into(),
                b'R' => {
                    let before = path_bytes;
                    path_bytes =
                        path_bytes.saturating_add(record.directory.len()).saturating_add(value.len());
                    if path_bytes <= MAX_PATH_BYTES {
                        let mut path = record.directory.clone();
                        if !path.is_empty() {
                            path.push(b'/');
                        }
                        path.extend_from_slice(value);
                        record.package.owned.push(path);
                    } else if before <= MAX_PATH_BYTES {
                        out.problem_with(
                            ProblemCode::LimitReached,
                            format!("more than {MAX_PATH_BYTES} bytes of paths; the other files' owners are not known"),
                        );
                    }
                }
                _ => {}
            }
        }
        record.finish(out);
        Ok(())
    }
}

/// A record in the making.
#[derive(Default)]
struct Record {
    any: bool,
    package: PackageFact,
    directory: BString,
}

impl Record {
    fn finish(mut self, out: &mut Output) {
        if !self.any {
            return;
        }
        self.package.ecosystem = "apk".to_owned();
        // Every sub-package is built from one APKBUILD, so the version is the origin's too.
        if !self.package.source_name.is_empty() {
            self.package.source_version = self.package.version.clone();
        }
        limits::state(self.package, out);
    }
}

/// The names in a list of dependencies or provisions: `so:libc.musl-x86_64.so.1 busybox>=1.36 cmd:sh=1.2 !conflict`.
fn names(value: &str) -> Vec<String> {
    value
        .split_ascii_whitespace()
        .filter(|word| !word.starts_with('!'))
        .filter_map(|word| word.split(['<', '>', '=', '~', '@']).next())
        .filter(|name| !name.is_empty())
        .take(limits::MAX_DEPENDENCIES)
        .map(str::to_owned)
        .collect()
}

/// Alpine writes SPDX expressions; older releases separated several names by spaces. An expression stays whole.
fn licenses(value: &str) -> Vec<String> {
    let value = value.trim();
    let expression = value.split(' ').any(|word| matches!(word, "AND" | "OR" | "WITH"));
    if value.is_empty() {
        Vec::new()
    } else if expression {
        vec![value.to_owned()]
    } else {
        value.split_ascii_whitespace().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected: apk-package(5), "depend" and "provides".
    #[test]
    fn reads_dependencies() {
        assert_eq!(
            names("/bin/sh so:libc.musl-x86_64.so.1 busybox>=1.36 cmd:sh=1.2 !conflict foo~3 bar@edge"),
            ["/bin/sh", "so:libc.musl-x86_64.so.1", "busybox", "cmd:sh", "foo", "bar"]
        );
    }
    use crate::check::check;

    // Expected: Syft 1.18.1, which sorts licences.
    #[test]
    fn reads_records() {
        for path in ["lib/apk/db/installed", "usr/lib/apk/db/installed"] {
            check(
                &InstalledDb,
                path,
                include_bytes!("../../../tests/fixtures/apk/installed-db/installed"),
                &[
                    "musl 1.2.5-r0 [arch: x86_64] [source: musl 1.2.5-r0] [licenses: MIT] \
                     [vendor: Timo Teräs <timo.teras@iki.fi>] [owned: lib/ld-musl-x86_64.so.1 lib/libc.musl-x86_64.so.1]",
                    "ssl_client 1.36.1-r29 [arch: x86_64] [source: busybox 1.36.1-r29] [licenses: GPL-2.0-only] \
                     [vendor: Sören Tempel <soeren+alpine@soeren-tempel.net>] [owned: usr/bin/ssl_client]",
                    "zlib 1.2.11-r1 [arch: x86_64] [licenses: zlib; custom] [owned: rootfile]",
                    "lib 1-r0 [licenses: MIT AND (BSD-2-Clause OR GPL-2.0-or-later)]",
                ],
            );
        }
    }

    #[test]
    fn faults_are_reported_and_the_rest_is_read() {
        check(
            &InstalledDb,
            "lib/apk/db/installed",
            b"V:1\n\nP:a\nnonsense\nV:1\n\nP:b\n\n\n",
            &[
                "a 1",
                "b ",
                "problem: a package without a name (version '1')",
                "problem: line 4 is not a field of an apk record",
                "problem: the package 'b' has no version",
            ],
        );
    }

    #[test]
    fn paths_are_bounded() {
        // Each line of four bytes names a path of a megabyte.
        let mut bytes = [b"P:a\nV:1\nF:", &[b'd'; 1 << 20][..], b"\n"].concat();
        bytes.extend(b"R:f\n".repeat(1_000));
        let mut out = Output::default();
        InstalledDb.analyze(&File::new(b"lib/apk/db/installed", 0o644, &bytes), &mut out).unwrap();
        let [plimsoll_analysis::Fact::Package(package)] = &out.facts[..] else {
            panic!("{}", out.facts.len())
        };
        assert_eq!(package.owned.len(), 255);
        assert_eq!(out.problems.len(), 1);
        assert_eq!(out.problems[0].code, ProblemCode::LimitReached.code());
    }
}
