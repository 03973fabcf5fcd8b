//! The JSON of trivy-db's records (trivy-db, `pkg/types/types.go`, `pkg/vulnsrc/redhat-oval/types`).

use std::collections::BTreeMap;

use plimsoll_types::{Status, Timestamp};
use serde::Deserialize;

/// What a source says of one package and one vulnerability.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Record {
    #[serde(rename = "VendorIDs")]
    pub(super) vendor_ids: Option<Vec<String>>,
    pub(super) arches: Option<Vec<String>>,
    #[serde(rename = "OSes")]
    pub(super) oses: Option<Vec<String>>,
    pub(super) status: Option<i64>,
    pub(super) severity: Option<i64>,
    pub(super) fixed_version: Option<String>,
    pub(super) affected_version: Option<String>,
    pub(super) vulnerable_versions: Option<Vec<String>>,
    pub(super) patched_versions: Option<Vec<String>>,
    pub(super) unaffected_versions: Option<Vec<String>>,
    pub(super) entries: Option<Vec<EntryRecord>>,
}

/// One of several statements in a record, each for other architectures or products.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EntryRecord {
    #[serde(rename = "VendorIDs")]
    pub(super) vendor_ids: Option<Vec<String>>,
    pub(super) arches: Option<Vec<String>>,
    pub(super) status: Option<i64>,
    pub(super) severity: Option<i64>,
    pub(super) fixed_version: Option<String>,
    pub(super) affected_version: Option<String>,
    /// Red Hat: the vulnerabilities that an erratum fixes; for a record of a vulnerability one without a name.
    pub(super) cves: Option<Vec<CveRecord>>,
    /// Red Hat: the products, as places in the list of CPEs.
    pub(super) affected: Option<Vec<i64>>,
}

/// A vulnerability of an erratum.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CveRecord {
    #[serde(rename = "ID")]
    pub(super) id: Option<String>,
    pub(super) severity: Option<i64>,
}

/// What is known of a vulnerability, whoever is affected.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Detail {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    #[serde(rename = "CweIDs")]
    pub(super) cwe_ids: Option<Vec<String>>,
    pub(super) vendor_severity: Option<BTreeMap<String, i64>>,
    #[serde(rename = "CVSS")]
    pub(super) cvss: Option<BTreeMap<String, Vectors>>,
    pub(super) references: Option<Vec<String>>,
    pub(super) published_date: Option<String>,
    pub(super) last_modified_date: Option<String>,
}

/// One vendor's CVSS vectors.
#[derive(Debug, Deserialize)]
pub(super) struct Vectors {
    #[serde(rename = "V2Vector")]
    pub(super) v2: Option<String>,
    #[serde(rename = "V3Vector")]
    pub(super) v3: Option<String>,
    #[serde(rename = "V40Vector")]
    pub(super) v4: Option<String>,
}

/// Where a bucket's advisories come from.
#[derive(Debug, Deserialize)]
pub(super) struct DataSource {
    #[serde(rename = "ID", default)]
    pub(super) id: String,
}

/// The status of a record without a fix.
pub(super) fn status(number: Option<i64>) -> Status {
    match number {
        Some(1) => Status::NotAffected,
        Some(4) => Status::UnderInvestigation,
        Some(5) => Status::WillNotFix,
        Some(6) => Status::FixDeferred,
        Some(7) => Status::EndOfLife,
        // 0 is "unknown": the record is there, so that the package is affected. 3 is "fixed", but no version says where.
        _ => Status::Affected,
    }
}

/// The schema of the database that is read here.
pub const TRIVY_SCHEMA: u32 = 2;

/// `metadata.json`, which lies beside `trivy.db`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// The schema of the database; [`TRIVY_SCHEMA`] is the one that can be read.
    pub version: u32,
    /// When the database was built.
    pub updated_at: Option<Timestamp>,
    /// When the next one is due.
    pub next_update: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetadataRecord {
    version: u32,
    updated_at: Option<String>,
    next_update: Option<String>,
}

impl Metadata {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// When it is not JSON or states no version.
    pub fn parse(bytes: &[u8]) -> Result<Metadata, serde_json::Error> {
        let record: MetadataRecord = serde_json::from_slice(bytes)?;
        let time = |text: Option<String>| plimsoll_advisory::sources::text::date(text.as_deref());
        Ok(Metadata {
            version: record.version,
            updated_at: time(record.updated_at),
            next_update: time(record.next_update),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata() {
        let text = br#"{"Version":2,"NextUpdate":"2025-02-01T06:00:00.123456789Z","UpdatedAt":"2025-02-01T00:00:00Z","DownloadedAt":"0001-01-01T00:00:00Z"}"#;
        let metadata = Metadata::parse(text).unwrap();
        assert_eq!(
            (metadata.version, metadata.updated_at.unwrap().to_string()),
            (2, "2025-02-01T00:00:00Z".into())
        );
        assert_eq!(metadata.next_update.unwrap().to_string(), "2025-02-01T06:00:00Z");
        for end in 0..text.len() {
            assert!(Metadata::parse(&text[..end]).is_err());
        }
    }
}
