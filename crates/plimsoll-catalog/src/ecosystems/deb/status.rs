//! dpkg's database of installed packages (deb-status in dpkg's `dpkg-query(1)`, control fields of Debian Policy 5.3):
//! `var/lib/dpkg/status`, the single files of distroless images in `status.d`, and the file lists in `info`.

use bstr::{BString, ByteSlice};
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, OwnedFiles, PackageFact};

use crate::limits;

/// `status`: all packages, with the state of each.
pub(super) struct Status;

impl Analyzer for Status {
    fn id(&self) -> &'static str {
        "deb/status"
    }

    fn version(&self) -> u32 {
        2
    }

    fn interest(&self) -> Interest {
        Interest { paths: &["var/lib/dpkg/status"], max_size: 256 << 20, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        paragraphs(&file.bytes()?, true, out);
        Ok(())
    }
}

/// `status.d`: one file a package, without a state: what is there is installed.
pub(super) struct StatusDirectory;

impl Analyzer for StatusDirectory {
    fn id(&self) -> &'static str {
        "deb/status-d"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            children_of: &["var/lib/dpkg/status.d"],
            // Beside each package lies its list of checksums.
            wants: |path| !path.ends_with(b".md5sums") && !path.ends_with(b".preinst"),
            max_size: 16 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        paragraphs(&file.bytes()?, false, out);
        Ok(())
    }
}

/// `info/NAME[:ARCH].list`: the files of one package. In distroless images the list of checksums stands for it.
pub(super) struct FileLists;

impl Analyzer for FileLists {
    fn id(&self) -> &'static str {
        "deb/file-lists"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            children_of: &["var/lib/dpkg/info", "var/lib/dpkg/status.d"],
            wants: |path| {
                path.ends_with(b".list")
                    || (path.ends_with(b".md5sums")
                        && plimsoll_archive::path::parent(path).ends_with(b"/status.d"))
            },
            max_size: 64 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let sums = file.name().ends_with(b".md5sums");
        let stem =
            file.name().strip_suffix(if sums { &b".md5sums"[..] } else { b".list" }).unwrap_or_default();
        let (name, arch) = match stem.split_once_str(":") {
            Some((name, arch)) => (name, arch),
            None => (stem, &b""[..]),
        };
        let paths = bytes
            .lines()
            .filter_map(|line| {
                // A line of checksums is 32 digits, two spaces and the path.
                let path = if sums { line.get(34..)? } else { line };
                let path = path.strip_prefix(b"./").unwrap_or(path);
                let path = path.strip_prefix(b"/").unwrap_or(path);
                (!path.is_empty() && path != b".").then(|| BString::from(path))
            })
            .collect();
        out.owned(OwnedFiles {
            ecosystem: "deb".to_owned(),
            name: name.to_str_lossy().into_owned(),
            arch: arch.to_str_lossy().into_owned(),
            paths,
        });
        Ok(())
    }
}

/// Reads the paragraphs of a status file. With `states`, a package counts only when its state says that its files are
/// unpacked: `Status: WANT FLAG STATE`, where `not-installed` and `config-files` have none.
fn paragraphs(bytes: &[u8], states: bool, out: &mut Output) {
    let mut paragraph = Paragraph::default();
    for line in bytes.lines() {
        if line.trim_ascii().is_empty() {
            std::mem::take(&mut paragraph).finish(states, out);
            continue;
        }
        paragraph.any = true;
        // A continuation line: none of the fields that matter has one.
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some((key, value)) = line.split_once_str(":") else {
            out.problem(format!(
                "a line of the package '{}' is not a field: '{}'",
                paragraph.package.name,
                line.get(..60).unwrap_or(line).to_str_lossy()
            ));
            continue;
        };
        let value = value.trim_ascii();
        let text = || value.to_str_lossy().into_owned();
        match key.to_ascii_lowercase().as_slice() {
            b"package" => paragraph.package.name = text(),
            b"version" => paragraph.package.version = text(),
            b"architecture" => paragraph.package.arch = text(),
            b"maintainer" => paragraph.package.vendor = text(),
            b"depends" | b"pre-depends" => paragraph.package.depends.extend(names(&text())),
            b"provides" => paragraph.package.provides.extend(names(&text())),
            b"status" => paragraph.state = text(),
            b"source" => match value.split_once_str("(") {
                Some((name, version)) => {
                    paragraph.package.source_name = name.trim_ascii().to_str_lossy().into_owned();
                    paragraph.package.source_version =
                        version.trim_end_with(|c| c == ')').to_str_lossy().into_owned();
                }
                None => paragraph.package.source_name = text(),
            },
            _ => {}
        }
    }
    paragraph.finish(states, out);
}

/// The names in a relationship field (Debian Policy 7.1): `libc6 (>= 2.36), default-mta | mail-transport-agent, perl:any`.
/// Of alternatives all count.
fn names(value: &str) -> Vec<String> {
    value
        .split([',', '|'])
        .filter_map(|part| part.trim().split([' ', '(', ':']).next())
        .filter(|name| !name.is_empty())
        .take(limits::MAX_DEPENDENCIES)
        .map(str::to_owned)
        .collect()
}

/// A paragraph in the making.
#[derive(Default)]
struct Paragraph {
    any: bool,
    package: PackageFact,
    state: String,
}

impl Paragraph {
    fn finish(mut self, states: bool, out: &mut Output) {
        if !self.any {
            return;
        }
        if states {
            let state = self.state.split_ascii_whitespace().nth(2).unwrap_or("");
            if matches!(state, "not-installed" | "config-files") {
                return;
            }
            if state.is_empty() {
                out.problem(format!("the package '{}' has no state", self.package.name));
                return;
            }
        }
        self.package.ecosystem = "deb".to_owned();
        if !self.package.source_name.is_empty() && self.package.source_version.is_empty() {
            self.package.source_version = self.package.version.clone();
        }
        limits::state(self.package, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, wants};

    // Expected: `dpkg-query -W` of dpkg 1.21 with this file as its database.
    #[test]
    fn reads_what_is_installed() {
        check(
            &Status,
            "var/lib/dpkg/status",
            include_bytes!("../../../tests/fixtures/deb/status/status"),
            &[
                "libstdc++6 12.2.0-14 [arch: amd64] [source: gcc-12 12.2.0-14] [vendor: Debian GCC Maintainers \
                 <debian-gcc@lists.debian.org>]",
                "bind9-host 1:9.18.1-1+b2 [arch: arm64] [source: bind9 1:9.18.1-1]",
                "half 1.0 [arch: all]",
                "problem: a line of the package 'half' is not a field: 'no field'",
                "problem: the package 'stateless' has no state",
                "problem: a package without a name (version '1')",
            ],
        );
    }

    // Expected: the names that `apt-cache depends` shows for such a field.
    #[test]
    fn reads_relationships() {
        assert_eq!(
            names("libc6 (>= 2.36), default-mta | mail-transport-agent, perl:any, libfoo (= 1:2-3)"),
            ["libc6", "default-mta", "mail-transport-agent", "perl", "libfoo"]
        );
        assert_eq!(names(" , "), [""; 0]);
    }

    #[test]
    fn reads_single_files() {
        let path = "var/lib/dpkg/status.d/base-files";
        check(
            &StatusDirectory,
            path,
            include_bytes!("../../../tests/fixtures/deb/status-d/base-files"),
            &["base-files 12.4+deb12u5 [arch: amd64] [vendor: Santiago Vila <sanvila@debian.org>]"],
        );
        assert!(!wants(&StatusDirectory, "var/lib/dpkg/status.d/base-files.md5sums"));
    }

    #[test]
    fn reads_file_lists() {
        check(
            &FileLists,
            "var/lib/dpkg/info/libc6:amd64.list",
            include_bytes!("../../../tests/fixtures/deb/file-lists/libc6.list"),
            &["libc6:amd64 owns lib lib/x86_64-linux-gnu lib/x86_64-linux-gnu/libc.so.6"],
        );
        check(
            &FileLists,
            "var/lib/dpkg/status.d/tzdata.md5sums",
            include_bytes!("../../../tests/fixtures/deb/file-lists/tzdata.md5sums"),
            &["tzdata: owns usr/share/zoneinfo/Africa/Abidjan usr/share/zoneinfo/UTC"],
        );
        for path in
            ["var/lib/dpkg/info/libc6:amd64.md5sums", "var/lib/dpkg/info/libc6.postinst", "etc/x.list"]
        {
            assert!(!wants(&FileLists, path), "{path}");
        }
    }
}
