//! Report forms: each reader knows its own by what stands at the top of the document, and turns it into the same data.

mod clair;
mod cyclonedx;
mod grype;
mod plimsoll;
mod trivy;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_types::Severity;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::normalise::Identity;
use crate::{CompareError, Input, MAX_ENTRIES, MAX_NAMES, MAX_REPORT_BYTES};

/// A report form.
#[derive(Debug)]
pub struct Reader {
    /// The form's name on the command line and in documents.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    recognises: fn(&Shape) -> bool,
    read: fn(&[u8]) -> Result<Document, String>,
}

/// Every reader, ordered by id.
pub const READERS: &[&Reader] =
    &[&clair::READER, &cyclonedx::READER, &grype::READER, &plimsoll::READER, &trivy::READER];

/// What stands at the top of a document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Shape {
    // Plimsoll
    #[serde(rename = "schemaVersion")]
    schema: Option<IgnoredAny>,
    targets: Option<IgnoredAny>,
    // Trivy
    #[serde(rename = "SchemaVersion")]
    trivy_schema: Option<IgnoredAny>,
    #[serde(rename = "Results")]
    results: Option<IgnoredAny>,
    // Grype
    matches: Option<IgnoredAny>,
    // Clair
    manifest_hash: Option<IgnoredAny>,
    package_vulnerabilities: Option<IgnoredAny>,
    vulnerabilities: Option<IgnoredAny>,
    // CycloneDX
    #[serde(rename = "bomFormat")]
    bom: Option<IgnoredAny>,
}

/// What a report says, in the words of no scanner.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// Who wrote it, as people write the name.
    pub(crate) tool: String,
    pub(crate) tool_version: String,
    /// What was scanned, by all names that the report has for it.
    pub(crate) targets: Vec<String>,
    /// Digests of image configurations (image IDs).
    pub(crate) image_ids: BTreeSet<String>,
    /// Digests of manifests and indexes.
    pub(crate) manifests: BTreeSet<String>,
    pub(crate) packages: Vec<Listed>,
    /// Whether all packages are listed, not only those with findings.
    pub(crate) complete_inventory: bool,
    pub(crate) findings: Vec<Found>,
    /// Advisory sources that its database is said to hold.
    pub(crate) sources: Vec<String>,
    /// What a reader of the comparison must know of this report.
    pub(crate) notes: Vec<String>,
}

/// A package of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) identity: Identity,
    /// The name of the source package, where the report says it.
    pub(crate) source: Option<String>,
}

/// A finding of a report.
#[derive(Debug)]
pub(crate) struct Found {
    /// The identifier as it stands in the report.
    pub(crate) id: String,
    /// Others that the report has for it.
    pub(crate) others: Vec<String>,
    /// Its package, by place in [`Document::packages`].
    pub(crate) package: usize,
    pub(crate) severity: Severity,
    /// The versions that fix it: none when there is none, `None` when the report does not speak of fixes.
    pub(crate) fixed: Option<Vec<String>>,
    /// Who said so, in the report's words.
    pub(crate) sources: Vec<String>,
    /// Why the report carries it only as set aside.
    pub(crate) suppressed: Option<String>,
}

/// Reads a report.
pub(crate) fn read(input: &Input<'_>) -> Result<(&'static Reader, Document), CompareError> {
    let name = || input.name.to_owned();
    if input.bytes.len() as u64 > MAX_REPORT_BYTES {
        return Err(CompareError::TooMany { name: name(), what: "bytes", limit: MAX_REPORT_BYTES });
    }
    let bytes = input.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input.bytes);
    // A map with keys that serve nobody, or no map at all: neither is a report.
    let shape: Result<Shape, _> = serde_json::from_slice(bytes);
    let shape = match shape {
        Ok(shape) => shape,
        Err(error) if error.is_data() => Shape::default(),
        Err(error) => return Err(CompareError::NotJson { name: name(), reason: error.to_string() }),
    };
    let Some(reader) = READERS.iter().find(|reader| (reader.recognises)(&shape)) else {
        let titles: Vec<_> = READERS.iter().map(|reader| reader.title).collect();
        return Err(CompareError::Unrecognised { name: name(), known: titles.join(", ") });
    };
    let malformed = |reason| CompareError::Malformed { name: name(), form: reader.title, reason };
    let document = (reader.read)(bytes).map_err(malformed)?;
    for (what, count) in [("packages", document.packages.len()), ("findings", document.findings.len())] {
        if count > MAX_ENTRIES {
            return Err(CompareError::TooMany { name: name(), what, limit: MAX_ENTRIES as u64 });
        }
    }
    Ok((reader, document))
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

/// The items of a list that may be missing or `null`, as Go writes an empty one.
fn each<T>(list: Option<Vec<T>>) -> impl Iterator<Item = T> {
    list.into_iter().flatten()
}

fn severity(word: Option<&str>) -> Severity {
    word.and_then(|word| word.parse().ok()).unwrap_or_default()
}

fn others(names: impl Iterator<Item = String>) -> Vec<String> {
    names.filter(|name| !name.trim().is_empty()).take(MAX_NAMES).collect()
}

/// The longest text that is kept once for each package that it is about.
const MAX_REPEATED: usize = 512;

/// A text that many findings share, short enough for each to have its own: a document of some megabytes could ask for
/// terabytes otherwise.
fn repeated(text: &str) -> String {
    text.chars().take(MAX_REPEATED).collect()
}

/// The packages of a report, each once.
#[derive(Debug, Default)]
struct Packages {
    list: Vec<Listed>,
    places: BTreeMap<Identity, usize>,
}

impl Packages {
    /// Takes up a package and gives its place. What a later mention adds is kept.
    fn place(&mut self, identity: Identity, source: Option<String>) -> usize {
        let source = source.map(|name| repeated(name.trim())).filter(|name| !name.is_empty());
        if let Some(&place) = self.places.get(&identity) {
            if let Some(listed) = self.list.get_mut(place).filter(|listed| listed.source.is_none()) {
                listed.source = source;
            }
            return place;
        }
        let place = self.list.len();
        self.places.insert(identity.clone(), place);
        self.list.push(Listed { identity, source });
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_register_is_sorted() {
        assert!(READERS.is_sorted_by(|a, b| a.id < b.id));
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for (bytes, expected) in [
            (&b""[..], "not JSON"),
            (b"{", "not JSON"),
            (b"\xff\xfe", "not JSON"),
            (b"{}", "not a report"),
            (b"[]", "not a report"),
            (b"null", "not a report"),
            (b"{\"matches\": 1}", "not a sound Grype JSON"),
            (b"{\"SchemaVersion\": 1, \"Results\": []}", "not a sound Trivy JSON"),
            (b"{\"schemaVersion\": 7, \"targets\": []}", "not a sound Plimsoll JSON"),
        ] {
            let error = read(&Input { name: "a.json", bytes }).unwrap_err().to_string();
            assert!(error.starts_with("a.json: ") && error.contains(expected), "{error}");
        }
        let deep = "[".repeat(100_000);
        assert!(read(&Input { name: "a", bytes: deep.as_bytes() }).is_err());
    }
}
