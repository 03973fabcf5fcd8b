//! `vendor/composer/installed.json`, where Composer keeps what it installed: an array of packages in Composer 1, an
//! object with that array under `packages` in Composer 2 (Composer's `FilesystemRepository`).
//!
//! Packages for development (`dev-package-names`) are listed like all others: they are in the image.

use std::borrow::Cow;
use std::fmt;

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::json::{Names, Text};
use crate::limits;

pub(super) struct InstalledJson;

impl Analyzer for InstalledJson {
    fn id(&self) -> &'static str {
        "composer/installed-json"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest {
            names: &["installed.json"],
            // The directory above may have any name (`vendor-dir`).
            wants: |path| path == b"composer/installed.json" || path.ends_with(b"/composer/installed.json"),
            max_size: 64 << 20,
            ..Interest::NONE
        }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let text = bytes.to_str_lossy();
        let mut json = serde_json::Deserializer::from_str(&text);
        // Packages are stated one by one as they are read, so those before a fault are kept.
        Packages(out)
            .deserialize(&mut json)
            .and_then(|()| json.end())
            .map_err(|error| AnalyzeError::malformed(format!("not a list of installed packages: {error}")))
    }
}

/// The whole file, or the array of packages in it.
struct Packages<'o>(&'o mut Output);

impl<'de> DeserializeSeed<'de> for Packages<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Packages<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of packages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(package) = seq.next_element::<Package<'de>>()? {
            limits::state(
                PackageFact {
                    ecosystem: "composer".to_owned(),
                    name: package.name.into_owned(),
                    version: package.version.into_owned(),
                    licenses: package.license,
                    vendor: package.authors.join(", "),
                    ..PackageFact::default()
                },
                self.0,
            );
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(Text(key)) = map.next_key()? {
            if key == "packages" {
                found = true;
                map.next_value_seed(List(&mut *self.0))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if found { Ok(()) } else { Err(serde::de::Error::custom("there is no 'packages'")) }
    }
}

/// The array under `packages`, in which no other object with `packages` may lie.
struct List<'o>(&'o mut Output);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(Packages(self.0))
    }
}

/// What matters of a package.
#[derive(Default)]
struct Package<'a> {
    name: Cow<'a, str>,
    version: Cow<'a, str>,
    license: Vec<String>,
    authors: Vec<String>,
}

impl<'de> Deserialize<'de> for Package<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Package<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a package")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Package<'de>, A::Error> {
                let mut package = Package::default();
                while let Some(Text(key)) = map.next_key()? {
                    match &*key {
                        "name" => package.name = map.next_value::<Text<'de>>()?.0,
                        "version" => package.version = map.next_value::<Text<'de>>()?.0,
                        "license" => package.license = map.next_value::<Names<'de>>()?.into_strings(),
                        "authors" => package.authors = map.next_value::<Names<'de>>()?.into_strings(),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(package)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, wants};

    // Expected: Syft 1.18.1 for version 2; it refuses a file with a license that is not an array.
    #[test]
    fn reads_version_1() {
        check(
            &InstalledJson,
            "app/vendor/composer/installed.json",
            include_bytes!("../../../tests/fixtures/composer/installed-json/v1"),
            &[
                "Monolog/Monolog 1.25.1 [licenses: MIT] [vendor: Jordi Boggiano]",
                "psr/log v1.1.0 [licenses: MIT or later]",
                "acme/nothing ",
                "problem: the package 'acme/nothing' has no version",
            ],
        );
    }

    #[test]
    fn reads_version_2() {
        check(
            &InstalledJson,
            "app/vendor/composer/installed.json",
            include_bytes!("../../../tests/fixtures/composer/installed-json/v2"),
            &[
                "symfony/http-kernel v4.4.12 [licenses: MIT] [vendor: Fabien Potencier, Symfony Community]",
                "acme/app-bundle dev-main [licenses: LGPL-2.1-only; GPL-3.0-or-later]",
                "phpunit/phpunit 9.5.0",
            ],
        );
    }

    #[test]
    fn other_json_is_refused() {
        for (json, message) in [
            ("{}", "there is no 'packages' at line 1 column 2"),
            ("1", "invalid type: integer `1`, expected an array of packages at line 1 column 1"),
            (
                r#"{"packages":{"packages":[]}}"#,
                "invalid type: map, expected an array of packages at line 1 column 12",
            ),
            ("[]x", "trailing characters at line 1 column 3"),
        ] {
            let expected = format!("error: not a list of installed packages: {message}");
            check(&InstalledJson, "vendor/composer/installed.json", json.as_bytes(), &[expected.as_str()]);
        }
        assert!(!wants(&InstalledJson, "app/data/installed.json"));
    }
}
