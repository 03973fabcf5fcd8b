//! CISA's catalogue of known exploited vulnerabilities, in its JSON form (catalogue schema of 2021 and later).
//!
//! It is no advisory source: it names no package. Its entries become records without packages, from which matching
//! learns that a vulnerability is being exploited, whoever's advisory found it.

use plimsoll_advisory::Advisory;
use plimsoll_advisory::sources::{RefusalReason, Sink};
use plimsoll_types::{Reference, Timestamp};
use serde::Deserialize;

/// The id of the source and of the form of the file.
pub(crate) const ID: &str = "cisa-kev";

/// Far above the number of entries that there are.
const MAX_ENTRIES: usize = 1_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    vulnerabilities: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "cveID")]
    cve_id: String,
    #[serde(default)]
    vulnerability_name: String,
    #[serde(default)]
    short_description: String,
    #[serde(default)]
    date_added: String,
}

/// Whether a file is the catalogue, from its first bytes.
pub(crate) fn recognises(path: &str, bytes: &[u8]) -> bool {
    let head = bytes.get(..1024).unwrap_or(bytes);
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    path.ends_with(".json") && has("\"catalogVersion\"") && has("\"vulnerabilities\"")
}

/// Reads the catalogue.
pub(crate) fn parse(path: &str, bytes: &[u8], out: &mut Sink) {
    let catalogue: Catalogue = match serde_json::from_slice(bytes) {
        Ok(catalogue) => catalogue,
        Err(error) => return out.refuse(path, "", RefusalReason::Malformed, &error.to_string()),
    };
    if catalogue.vulnerabilities.len() > MAX_ENTRIES {
        return out.refuse(path, "", RefusalReason::TooLarge, "too many entries");
    }
    for entry in catalogue.vulnerabilities {
        let id = entry.cve_id.trim();
        let number = id.strip_prefix("CVE-").unwrap_or_default();
        if number.is_empty() || number.len() > 32 || !number.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        {
            out.refuse(path, id, RefusalReason::Malformed, "not a CVE identifier");
            continue;
        }
        let added = entry.date_added.parse::<Timestamp>().ok();
        out.keep(Advisory {
            id: id.to_owned(),
            source: ID.to_owned(),
            title: entry.vulnerability_name.trim().to_owned(),
            description: entry.short_description.trim().to_owned(),
            references: vec![Reference {
                kind: "advisory".to_owned(),
                url: format!(
                    "https://www.cisa.gov/known-exploited-vulnerabilities-catalog?search_api_fulltext={id}"
                ),
            }],
            // The day on which it entered the catalogue, not that of the vulnerability's publication.
            modified: added,
            known_exploited: true,
            ..Advisory::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = r#"{
        "title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2025.08.25",
        "dateReleased": "2025-08-25T17:04:19.9796Z", "count": 2,
        "vulnerabilities": [
            {"cveID": "CVE-2025-48384", "vendorProject": "Git", "product": "Git",
             "vulnerabilityName": "Git Link Following Vulnerability", "dateAdded": "2025-08-25",
             "shortDescription": "Git contains a link following vulnerability.", "cwes": ["CWE-59"]},
            {"cveID": "none"}
        ]}"#;

    #[test]
    fn reads_the_catalogue() {
        assert!(recognises("known_exploited_vulnerabilities.json", CATALOGUE.as_bytes()));
        assert!(!recognises("x.json", b"{\"vulnerabilities\": []}"));
        let mut sink = Sink::new();
        parse("kev.json", CATALOGUE.as_bytes(), &mut sink);
        assert_eq!((sink.kept(), sink.refused()), (1, 1));
        let entry = &sink.advisories[0];
        assert_eq!((entry.id.as_str(), entry.known_exploited), ("CVE-2025-48384", true));
        assert_eq!(entry.title, "Git Link Following Vulnerability");
        assert_eq!(entry.modified, Some("2025-08-25".parse().unwrap()));
    }

    #[test]
    fn damage_is_refused() {
        for end in 0..CATALOGUE.len() {
            let mut sink = Sink::new();
            parse("kev.json", &CATALOGUE.as_bytes()[..end], &mut sink);
            assert_eq!((sink.kept(), sink.refused()), (0, 1));
        }
    }
}
