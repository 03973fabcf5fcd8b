//! `package.json` of npm packages (npm's documentation, "package.json").
//!
//! Every such file with a name and a version states a package, wherever it lies, as Syft has it: in `node_modules`, in
//! an application's own directory, and nested in a package (bundled copies are often there without `node_modules`).
//! Files without a name or version are settings of Node.js (`{"type": "module"}`) or an application that is not
//! published; they state nothing.

use std::borrow::Cow;
use std::fmt;

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::json::{Names, Text};
use crate::limits;

pub(super) struct PackageJson;

impl Analyzer for PackageJson {
    fn id(&self) -> &'static str {
        "npm/package-json"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { names: &["package.json"], max_size: 16 << 20, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        // Node.js reads with replacement characters, and npm tolerates a byte order mark.
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes).to_str_lossy();
        let manifest: Manifest<'_> = match serde_json::from_str(&text) {
            Ok(manifest) => manifest,
            // Deeper inside a package lie the broken files of test suites, which Node.js never loads as a package.
            Err(_) if !is_package_root(file.path()) => return Ok(()),
            Err(error) => return Err(AnalyzeError::malformed(format!("not valid JSON: {error}"))),
        };
        if manifest.name.is_empty() || manifest.version.is_empty() {
            return Ok(());
        }
        limits::state(
            PackageFact {
                ecosystem: "npm".to_owned(),
                name: manifest.name.into_owned(),
                version: manifest.version.into_owned(),
                licenses: if manifest.license.is_empty() { manifest.licenses } else { manifest.license },
                vendor: person(&manifest.author).to_owned(),
                ..PackageFact::default()
            },
            out,
        );
        Ok(())
    }
}

/// Whether a package is installed in the file's directory: `…/node_modules/NAME` or `…/node_modules/@SCOPE/NAME`, or
/// it is outside of all `node_modules`.
fn is_package_root(path: &[u8]) -> bool {
    let inside = match path.rfind("/node_modules/") {
        Some(at) => path.get(at + "/node_modules/".len()..).unwrap_or_default(),
        None => match path.strip_prefix(b"node_modules/") {
            Some(inside) => inside,
            None => return true,
        },
    };
    inside.find_iter("/").count() == if inside.starts_with(b"@") { 2 } else { 1 }
}

/// The name in `Barney Rubble <b@example.org> (https://example.org)`.
fn person(author: &str) -> &str {
    author.split(['<', '(']).next().unwrap_or_default().trim()
}

/// What matters of a manifest. Written by hand, since a derived one refuses a key given twice (of which npm takes the
/// last) and a field of an unexpected type.
#[derive(Default)]
struct Manifest<'a> {
    name: Cow<'a, str>,
    version: Cow<'a, str>,
    author: String,
    license: Vec<String>,
    licenses: Vec<String>,
}

impl<'de> Deserialize<'de> for Manifest<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Manifest<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Manifest<'de>, A::Error> {
                let mut manifest = Manifest::default();
                while let Some(Text(key)) = map.next_key()? {
                    match &*key {
                        "name" => manifest.name = map.next_value::<Text<'de>>()?.0,
                        "version" => manifest.version = map.next_value::<Text<'de>>()?.0,
                        "author" => {
                            manifest.author = map.next_value::<Names<'de>>()?.into_strings().join(", ")
                        }
                        "license" => manifest.license = map.next_value::<Names<'de>>()?.into_strings(),
                        "licenses" => manifest.licenses = map.next_value::<Names<'de>>()?.into_strings(),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(manifest)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, told};

    /// A fixture, where npm installs a package.
    macro_rules! check_fixture {
        ($name:literal, $expected:expr) => {
            check(
                &PackageJson,
                concat!("app/node_modules/", $name, "/package.json"),
                include_bytes!(concat!("../../../tests/fixtures/npm/package-json/", $name)),
                &$expected,
            )
        };
    }

    // Expected: Syft 1.18.1 on an image with these files, but for arrays of licences, Latin-1 and files without a
    // version.
    #[test]
    fn reads_manifests() {
        check_fixture!("plain", ["left-pad 1.3.0 [licenses: WTFPL] [vendor: azer]"]);
        check_fixture!("objects", ["@scope/package 0.4.1-beta.2+build [licenses: ISC] [vendor: Zoë]"]);
        check_fixture!("array", ["array-of-licenses 2.0.0 [licenses: MIT; GPL-2.0] [vendor: x]"]);
        check_fixture!("bom-latin1", ["with-bom 1.0.0 [vendor: Andr\u{fffd}]"]);
        check_fixture!("twice", ["second 2.0.0"]);
    }

    #[test]
    fn settings_are_no_packages() {
        check_fixture!("no-name", []);
        check_fixture!("no-version", []);
        check_fixture!("wrong-types", []);
    }

    #[test]
    fn broken_packages_are_reported_and_broken_test_files_are_not() {
        let bytes = include_bytes!("../../../tests/fixtures/npm/package-json/malformed");
        for root in
            ["", "app/", "node_modules/a/", "app/node_modules/@s/a/", "app/node_modules/a/node_modules/b/"]
        {
            check(
                &PackageJson,
                &format!("{root}package.json"),
                bytes,
                &["error: not valid JSON: trailing comma at line 1 column 38"],
            );
        }
        for nested in
            ["app/node_modules/resolve/test/broken/", "node_modules/@s/a/fixtures/", "a/node_modules/"]
        {
            assert!(told(&PackageJson, &format!("{nested}package.json"), bytes).is_empty(), "{nested}");
        }
    }

    #[test]
    fn nested_packages_are_stated() {
        let bytes = br#"{"name":"n","version":"1.0.0"}"#;
        assert_eq!(told(&PackageJson, "app/node_modules/resolve/test/fix/package.json", bytes), ["n 1.0.0"]);
    }

    #[test]
    fn depth_of_what_is_not_read_does_not_matter() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let json = format!(r#"{{"x":{deep},"name":"n","version":"1.0.0"}}"#);
        assert_eq!(told(&PackageJson, "package.json", json.as_bytes()), ["n 1.0.0"]);
    }
}
