//! The metadata file of an installed Python distribution, in the e-mail header format of the "Core metadata
//! specifications" (Python Packaging User Guide): `*.dist-info/METADATA` of wheels, and what setuptools and distutils wrote
//! before: `*.egg-info/PKG-INFO`, `EGG-INFO/PKG-INFO` in an unpacked egg, or a single file `*.egg-info`.

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use plimsoll_archive::path::{file_name, parent};

use crate::limits;

pub(super) struct CoreMetadata;

impl Analyzer for CoreMetadata {
    fn id(&self) -> &'static str {
        "pypi/core-metadata"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            names: &["METADATA", "PKG-INFO"],
            suffixes: &[".egg-info"],
            wants,
            max_size: 32 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let headers = Headers::read(&bytes);
        // Debian's python2.7 has an egg-info for the interpreter itself, which is no distribution of PyPI.
        if headers.name == "Python" {
            return Ok(());
        }
        if headers.name.is_empty() {
            return Err(AnalyzeError::malformed("the metadata has no 'Name'"));
        }
        let vendor = [headers.author, headers.author_email, headers.maintainer, headers.maintainer_email];
        limits::state(
            PackageFact {
                ecosystem: "pypi".to_owned(),
                licenses: licenses(headers.license_expression, headers.license, headers.classifiers),
                name: headers.name,
                version: headers.version,
                vendor: vendor.into_iter().find(|text| !text.is_empty()).unwrap_or_default(),
                ..PackageFact::default()
            },
            out,
        );
        Ok(())
    }
}

/// A source tree has a `PKG-INFO` too (in an unpacked sdist), and other software files called `METADATA`: only those in
/// a directory of installed metadata count.
fn wants(path: &[u8]) -> bool {
    let directory = file_name(parent(path));
    match file_name(path) {
        b"METADATA" => directory.ends_with(b".dist-info"),
        b"PKG-INFO" => directory.ends_with(b".egg-info") || directory == b"EGG-INFO",
        _ => true,
    }
}

/// The headers that matter. Of a header given twice the first counts, as for `email.message.Message.get`.
#[derive(Default)]
struct Headers {
    name: String,
    version: String,
    author: String,
    author_email: String,
    maintainer: String,
    maintainer_email: String,
    license: String,
    license_expression: String,
    /// The last parts of the `License ::` classifiers.
    classifiers: Vec<String>,
}

impl Headers {
    /// Reads the headers up to the first empty line; after it comes the description.
    fn read(bytes: &[u8]) -> Headers {
        let mut headers = Headers::default();
        let mut begun = false;
        for line in bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).lines() {
            if line.is_empty() {
                if begun {
                    break;
                }
                continue;
            }
            // Only licence texts and descriptions are continued, and of a licence text the first line says enough.
            if matches!(line.first(), Some(b' ' | b'\t')) {
                continue;
            }
            let Some((key, value)) = line.split_once_str(":") else { continue };
            begun = true;
            let value = value.trim_ascii();
            // What distutils writes for a field that nobody filled in.
            if value.is_empty() || value == b"UNKNOWN" {
                continue;
            }
            let field = match key.trim_ascii().to_ascii_lowercase().as_slice() {
                b"name" => &mut headers.name,
                b"version" => &mut headers.version,
                b"author" => &mut headers.author,
                b"author-email" => &mut headers.author_email,
                b"maintainer" => &mut headers.maintainer,
                b"maintainer-email" => &mut headers.maintainer_email,
                b"license" => &mut headers.license,
                b"license-expression" => &mut headers.license_expression,
                b"classifier" => {
                    headers.classifier(&value.to_str_lossy());
                    continue;
                }
                _ => continue,
            };
            if field.is_empty() {
                *field = value.to_str_lossy().into_owned();
            }
        }
        headers
    }

    /// Takes `License :: OSI Approved :: MIT License`. The bare group `OSI Approved` names no licence.
    fn classifier(&mut self, value: &str) {
        let mut parts = value.split("::").map(str::trim);
        if parts.next() == Some("License") && self.classifiers.len() < 16 {
            self.classifiers.extend(parts.last().filter(|last| *last != "OSI Approved").map(str::to_owned));
        }
    }
}

/// The expression where there is one (PEP 639), else the `License` text where it reads like a name, else the
/// classifiers, else the beginning of the text.
fn licenses(expression: String, license: String, classifiers: Vec<String>) -> Vec<String> {
    /// The longest text that is a name of a licence: beyond that it is the licence itself.
    const NAME: usize = 64;
    if !expression.is_empty() {
        vec![expression]
    } else if license.is_empty() || (license.len() > NAME && !classifiers.is_empty()) {
        classifiers
    } else {
        vec![limits::shortened(&license, 2 * NAME).to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, told, wants};

    // Expected: `importlib.metadata` of CPython 3.11 for names and versions, and Syft 1.18.1 on the same files.
    #[test]
    fn reads_headers() {
        check(
            &CoreMetadata,
            "usr/lib/python3/site-packages/fast_thing_plugin-2.0.0rc1.dist-info/METADATA",
            include_bytes!("../../../tests/fixtures/pypi/core-metadata/METADATA"),
            &["Fast_Thing.plugin 2.0.0rc1+local.5 [licenses: MIT OR Apache-2.0] \
               [vendor: \"Ada Byron\" <ada@example.org>, Max <max@example.org>]"],
        );
        for path in [
            "site-packages/Old_Style-0.1-py3.9.egg-info/PKG-INFO",
            "Old_Style-0.1-py3.9.egg/EGG-INFO/PKG-INFO",
        ] {
            check(
                &CoreMetadata,
                path,
                include_bytes!("../../../tests/fixtures/pypi/core-metadata/PKG-INFO"),
                &["Old-Style 0.1 [licenses: GNU General Public License v2 (GPLv2); Public Domain] \
                   [vendor: José Müller]"],
            );
        }
        check(
            &CoreMetadata,
            "usr/lib/python2.7/dist-packages/single-1.2.3.egg-info",
            include_bytes!("../../../tests/fixtures/pypi/core-metadata/single-1.2.3.egg-info"),
            &["single 1.2.3 [licenses: Permission is hereby granted, free of charge,] [vendor: Some One]"],
        );
    }

    #[test]
    fn says_what_is_missing() {
        check(
            &CoreMetadata,
            "x.dist-info/METADATA",
            include_bytes!("../../../tests/fixtures/pypi/core-metadata/no-version"),
            &["nameonly ", "problem: the package 'nameonly' has no version"],
        );
        check(&CoreMetadata, "x.dist-info/METADATA", b"\n\n", &["error: the metadata has no 'Name'"]);
    }

    #[test]
    fn leaves_the_interpreter_out() {
        let path = "usr/lib/python2.7/lib-dynload/Python-2.7.egg-info";
        assert!(
            told(&CoreMetadata, path, b"Metadata-Version: 1.1\nName: Python\nVersion: 2.7.18\n").is_empty()
        );
    }

    #[test]
    fn wants_installed_metadata_only() {
        for path in [
            "opt/METADATA",
            "METADATA",
            "src/foo-1.0/PKG-INFO",
            "x.dist-info/PKG-INFO",
            "a.dist-info/x/METADATA",
        ] {
            assert!(!wants(&CoreMetadata, path), "{path}");
        }
    }
}
