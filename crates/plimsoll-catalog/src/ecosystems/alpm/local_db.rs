//! pacman's database of installed packages (libalpm, "alpm-db"): a directory `NAME-VERSION-RELEASE` for each package in
//! `var/lib/pacman/local`, in it `desc` with what the package is and `files` with what it holds. Both are made of
//! sections, a line `%FIELD%` and values up to an empty line.

use bstr::{BStr, BString, ByteSlice};
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, OwnedFiles, PackageFact};

use crate::limits;

const ROOT: &[u8] = b"var/lib/pacman/local/";

/// The name of the package's directory, where `path` is a file right in one.
fn directory(path: &[u8]) -> Option<&[u8]> {
    let (directory, file) = path.strip_prefix(ROOT)?.split_once_str("/")?;
    (!directory.is_empty() && !file.contains(&b'/')).then_some(directory)
}

/// The values, each with the field that it belongs to. A value may look like a field (`%NAME% of a demo`), so a field
/// is only looked for where no section is open.
fn values(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut field: Option<&[u8]> = None;
    bytes.lines().filter_map(move |line| {
        if line.is_empty() {
            field = None;
            return None;
        }
        match field {
            Some(field) => Some((field, line)),
            None => {
                field = line.strip_prefix(b"%").and_then(|line| line.strip_suffix(b"%"));
                None
            }
        }
    })
}

/// `desc`: one package.
pub(super) struct LocalDb;

impl Analyzer for LocalDb {
    fn id(&self) -> &'static str {
        "alpm/local-db"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            names: &["desc"],
            wants: |path| directory(path).is_some(),
            max_size: 16 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let mut package = PackageFact { ecosystem: "alpm".to_owned(), ..PackageFact::default() };
        for (field, value) in values(&bytes) {
            let text = || value.to_str_lossy().into_owned();
            match field {
                b"NAME" => package.name = text(),
                b"VERSION" => package.version = text(),
                b"BASE" => package.source_name = text(),
                b"ARCH" => package.arch = text(),
                b"PACKAGER" => package.vendor = text(),
                b"LICENSE" => package.licenses.push(text()),
                _ => {}
            }
        }
        if package.name.is_empty() && package.version.is_empty() {
            return Err(AnalyzeError::malformed("the file names no package"));
        }
        // All packages of one PKGBUILD have its version.
        if !package.source_name.is_empty() {
            package.source_version = package.version.clone();
        }
        limits::state(package, out);
        Ok(())
    }
}

/// `files`: what the package of the directory holds.
pub(super) struct FileLists;

impl Analyzer for FileLists {
    fn id(&self) -> &'static str {
        "alpm/file-lists"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            names: &["files"],
            wants: |path| directory(path).is_some(),
            max_size: 64 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        // Neither a version nor a release holds a hyphen.
        let mut parts = directory(file.path()).unwrap_or_default().rsplitn_str(3, "-");
        let (Some(_), Some(_), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            let name = BStr::new(file.path());
            return Err(AnalyzeError::malformed(format!(
                "'{name}' does not name a package, version and release"
            )));
        };
        let paths = values(&bytes)
            .filter(|(field, path)| *field == b"FILES" && !path.ends_with(b"/"))
            .map(|(_, path)| BString::from(path))
            .collect();
        out.owned(OwnedFiles {
            ecosystem: "alpm".to_owned(),
            name: name.to_str_lossy().into_owned(),
            arch: String::new(),
            paths,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, wants};

    // The fixtures are what pacman 6.0.2 wrote when it installed two packages; expected: its `pacman -Qi`.
    #[test]
    fn reads_what_pacman_installed() {
        check(
            &LocalDb,
            "var/lib/pacman/local/demo-tools-1:2.4.19-1.1/desc",
            include_bytes!("../../../tests/fixtures/alpm/local-db/demo-tools.desc"),
            &["demo-tools 1:2.4.19-1.1 [arch: x86_64] [source: demo 1:2.4.19-1.1] \
               [licenses: GPL-2.0-or-later; custom:Demo] [vendor: Jane Doe <jane@example.org>]"],
        );
        check(
            &LocalDb,
            "var/lib/pacman/local/lib32-demo-20240101-3/desc",
            include_bytes!("../../../tests/fixtures/alpm/local-db/lib32-demo.desc"),
            &["lib32-demo 20240101-3 [arch: any]"],
        );
    }

    // Expected: `pacman -Ql`.
    #[test]
    fn reads_file_lists() {
        check(
            &FileLists,
            "var/lib/pacman/local/demo-tools-1:2.4.19-1.1/files",
            include_bytes!("../../../tests/fixtures/alpm/file-lists/demo-tools.files"),
            &["demo-tools: owns etc/demo.conf usr/bin/demo usr/bin/dé"],
        );
        check(
            &FileLists,
            "var/lib/pacman/local/demo-1/files",
            b"%FILES%\na\n",
            &["error: 'var/lib/pacman/local/demo-1/files' does not name a package, version and release"],
        );
    }

    #[test]
    fn only_the_files_of_the_database_are_wanted() {
        for path in [
            "var/lib/pacman/local/desc",
            "var/lib/pacman/local/a-1-1/b/desc",
            "var/lib/pacman/sync/a-1-1/desc",
            "srv/var/lib/pacman/local/a-1-1/desc",
            "var/lib/pacman/local/a-1-1/install",
        ] {
            assert!(!wants(&LocalDb, path), "{path}");
        }
    }

    #[test]
    fn a_file_without_a_package_is_refused() {
        for bytes in [&b""[..], b"NAME\nx\n", b"\0\xff"] {
            check(&LocalDb, "var/lib/pacman/local/a-1-1/desc", bytes, &["error: the file names no package"]);
        }
    }
}
