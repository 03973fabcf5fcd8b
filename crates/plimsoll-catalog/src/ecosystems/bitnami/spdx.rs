//! `opt/bitnami/NAME/.spdx-NAME.spdx`, where Bitnami's images say what they hold (SPDX 2.3 as JSON; Bitnami's vulndb
//! tells how they are meant to be read).
//!
//! Packages with a package URL of type `bitnami` are stated, under the name and version of that URL: advisories use this
//! name, and only this version has the revision. What else such a file lists is found by its own ecosystem.

use bstr::ByteSlice;
use plimsoll_analysis::{AnalyzeError, Analyzer, File, Interest, Output, PackageFact};
use serde::Deserialize;

use crate::json::Text;
use crate::limits;

pub(super) struct Spdx;

impl Analyzer for Spdx {
    fn id(&self) -> &'static str {
        "bitnami/spdx"
    }

    fn version(&self) -> u32 {
        1
    }

    fn interest(&self) -> Interest {
        Interest { suffixes: &[".spdx"], wants: is_of_bitnami, max_size: 64 << 20, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let text = bytes.to_str_lossy();
        let document: Document<'_> = serde_json::from_str(&text)
            .map_err(|error| AnalyzeError::malformed(format!("not an SPDX document: {error}")))?;
        for package in document.packages {
            let urls = package.external_refs.iter().filter(|reference| reference.kind.0 == "purl");
            let Some(component) = urls.filter_map(|reference| Component::read(&reference.locator.0)).next()
            else {
                continue;
            };
            let license = [package.license_declared.0, package.license_concluded.0]
                .into_iter()
                .find(|license| !matches!(&**license, "" | "NONE" | "NOASSERTION"));
            limits::state(
                PackageFact {
                    ecosystem: "bitnami".to_owned(),
                    name: component.name,
                    version: component.version,
                    arch: component.arch,
                    licenses: license.map(|license| license.into_owned()).into_iter().collect(),
                    ..PackageFact::default()
                },
                out,
            );
        }
        Ok(())
    }
}

/// `.spdx-*.spdx` anywhere below `opt/bitnami`.
fn is_of_bitnami(path: &[u8]) -> bool {
    let name = path.rsplit_once_str("/").map_or(path, |(_, name)| name);
    path.starts_with(b"opt/bitnami/") && name.starts_with(b".spdx-")
}

/// What a package URL of type `bitnami` says.
struct Component {
    name: String,
    version: String,
    arch: String,
}

impl Component {
    /// Reads `pkg:bitnami/NAME@VERSION?arch=ARCH&distro=…`; `None` for a URL of another type.
    fn read(url: &str) -> Option<Component> {
        let rest = url.strip_prefix("pkg:bitnami/")?;
        let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (name, version) = rest.rsplit_once('@').unwrap_or((rest, ""));
        let arch = qualifiers.split('&').find_map(|qualifier| qualifier.strip_prefix("arch="));
        Some(Component {
            name: decoded(name),
            version: decoded(version),
            arch: arch.map(decoded).unwrap_or_default(),
        })
    }
}

/// The text without its percent-encoding; a percent sign without two hexadecimal digits stands for itself.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    bytes.to_str_lossy().into_owned()
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    packages: Vec<Package<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(borrow, default)]
    license_declared: Text<'a>,
    #[serde(borrow, default)]
    license_concluded: Text<'a>,
    #[serde(borrow, default)]
    external_refs: Vec<Reference<'a>>,
}

#[derive(Deserialize)]
struct Reference<'a> {
    #[serde(borrow, default, rename = "referenceType")]
    kind: Text<'a>,
    #[serde(borrow, default, rename = "referenceLocator")]
    locator: Text<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, wants};

    // The fixture follows the excerpt in the documentation of Bitnami's vulndb; the package URL with its qualifiers
    // is of the form that Syft's tests of its Bitnami cataloger have.
    #[test]
    fn reads_components() {
        check(
            &Spdx,
            "opt/bitnami/postgresql/.spdx-postgresql.spdx",
            include_bytes!("../../../tests/fixtures/bitnami/spdx/postgresql.spdx"),
            &[
                "postgresql 15.3.0-4 [arch: amd64] [licenses: PostgreSQL]",
                "geos 3.8.3 [licenses: LGPL-2.1-only]",
            ],
        );
    }

    #[test]
    fn other_files_are_left() {
        for path in
            ["opt/bitnami/postgresql/postgresql.spdx", "opt/.spdx-a.spdx", "opt/bitnami/a/.spdx-a.json"]
        {
            assert!(!wants(&Spdx, path), "{path}");
        }
    }

    #[test]
    fn faults_are_reported() {
        let path = "opt/bitnami/a/.spdx-a.spdx";
        check(
            &Spdx,
            path,
            br#"{"packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:bitnami/a%2Bb%@"}]}]}"#,
            &["a+b% ", "problem: the package 'a+b%' has no version"],
        );
        check(
            &Spdx,
            path,
            b"{}",
            &["error: not an SPDX document: missing field `packages` at line 1 column 2"],
        );
    }
}
