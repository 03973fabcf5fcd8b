//! Portage's database of installed packages (`var/db/pkg`, portage(5)): a directory `CATEGORY/NAME-VERSION` for each
//! package, whose name says all that matters. `CONTENTS`, which is there even for a package without files, lists
//! what the package holds.

use bstr::{BStr, BString, ByteSlice};
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use plimsoll_version::{PORTAGE, VersionScheme};

use crate::limits;

pub(super) struct Contents;

impl Analyzer for Contents {
    fn id(&self) -> &'static str {
        "portage/contents"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            names: &["CONTENTS"],
            // `-MERGING-NAME` is a package that is being installed just now.
            wants: |path| directory(path).is_some_and(|(_, package)| !package.starts_with(b"-MERGING-")),
            max_size: 64 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let (category, package) = directory(file.path()).unwrap_or_default();
        let category = category.to_str_lossy();
        let text = package.to_str_lossy();
        let Some((name, version)) = split(&text) else {
            let name = BStr::new(package);
            return Err(AnalyzeError::malformed(format!("'{name}' is not a package's name and version")));
        };
        limits::state(
            PackageFact {
                ecosystem: "portage".to_owned(),
                name: format!("{category}/{name}"),
                version: version.to_owned(),
                owned: bytes.lines().filter_map(path).map(BString::from).collect(),
                ..PackageFact::default()
            },
            out,
        );
        Ok(())
    }
}

/// The category and the directory of the package whose `CONTENTS` lies at `path`.
fn directory(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let package = path.strip_prefix(b"var/db/pkg/")?.strip_suffix(b"/CONTENTS")?;
    let (category, package) = package.split_once_str("/")?;
    (!category.is_empty() && !package.is_empty() && !package.contains(&b'/')).then_some((category, package))
}

/// Cuts `-VERSION` or `-VERSION-rREVISION` off the end; `None` when neither is there.
fn cut(package: &str) -> Option<(&str, &str)> {
    let is_version = |text: &str| PORTAGE.compare(text, text).is_ok();
    let (before, last) = package.rsplit_once('-')?;
    let name = if is_version(last) { before } else { before.rsplit_once('-')?.0 };
    let version = package.get(name.len() + 1..)?;
    (!name.is_empty() && is_version(version)).then_some((name, version))
}

/// Splits `NAME-VERSION[-rREVISION]` as the Package Manager Specification does: a name is made of letters, digits and
/// `_+-`, begins with none of the last two, and never ends in a hyphen and what looks like a version.
fn split(package: &str) -> Option<(&str, &str)> {
    let (name, version) = cut(package)?;
    let is_name = !name.starts_with(['-', '+'])
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-'));
    (is_name && cut(name).is_none()).then_some((name, version))
}

/// The path of a line: `obj PATH MD5 TIME`, `sym PATH -> TARGET TIME`, or `fif PATH`, `dev PATH`. Directories are shared
/// by many packages and left out.
fn path(line: &[u8]) -> Option<&[u8]> {
    let (kind, rest) = line.split_once_str(" ")?;
    let path = match kind {
        // A path may hold spaces, the fields behind it do not.
        b"obj" => rest.rsplitn_str(3, " ").nth(2)?,
        b"sym" => rest.split_once_str(" -> ")?.0,
        b"fif" | b"dev" => rest,
        _ => return None,
    };
    path.strip_prefix(b"/").filter(|path| !path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, wants};

    // The fixture is what write_contents of portage 3.0.83 wrote of such files.
    #[test]
    fn reads_what_portage_installed() {
        check(
            &Contents,
            "var/db/pkg/dev-libs/demo-libs-1.0b_rc1-r2/CONTENTS",
            include_bytes!("../../../tests/fixtures/portage/contents/CONTENTS"),
            &["dev-libs/demo-libs 1.0b_rc1-r2 [owned: dev/fifo dev/null usr/bin/demo usr/bin/has space \
               usr/lib64/libdemo.so]"],
        );
        check(&Contents, "var/db/pkg/virtual/libc-1-r1/CONTENTS", b"", &["virtual/libc 1-r1"]);
    }

    // Expected: catpkgsplit of portage 3.0.83.
    #[test]
    fn splits_names_from_versions() {
        for (package, expected) in [
            ("foo-1", Some(("foo", "1"))),
            ("gtk+-2.24.33-r3", Some(("gtk+", "2.24.33-r3"))),
            ("font-misc-misc-1.1.3", Some(("font-misc-misc", "1.1.3"))),
            ("a-b2-9999", Some(("a-b2", "9999"))),
            ("zlib-ng-2.1.6", Some(("zlib-ng", "2.1.6"))),
            ("python-3.11.7_p1", Some(("python", "3.11.7_p1"))),
            ("demo-tools-2-1.0b_rc1-r2", None),
            ("foo-1.0-1", None),
            ("foo-1.0-r1-r2", None),
            ("foo-r1", None),
            ("a-1-2", None),
            ("1.0-gtk-1.0", None),
            ("-a-1.0", None),
            ("noversion", None),
        ] {
            assert_eq!(split(package), expected, "{package}");
        }
    }

    #[test]
    fn other_files_and_names_are_left() {
        for path in [
            "var/db/pkg/dev-libs/a-1/SLOT",
            "var/db/pkg/dev-libs/CONTENTS",
            "var/db/pkg/a/b/c-1/CONTENTS",
            "var/db/pkg/dev-libs/-MERGING-a-1/CONTENTS",
            "srv/var/db/pkg/dev-libs/a-1/CONTENTS",
        ] {
            assert!(!wants(&Contents, path), "{path}");
        }
        check(
            &Contents,
            "var/db/pkg/dev-libs/a/CONTENTS",
            b"obj /a\nobj\n\xff\n",
            &["error: 'a' is not a package's name and version"],
        );
        check(
            &Contents,
            "var/db/pkg/dev-libs/a-1/CONTENTS",
            b"obj /a\nobj\n\xff\nsym /b\ndir /c\nobj / 0 0\nfif x\n",
            &["dev-libs/a 1"],
        );
    }
}
