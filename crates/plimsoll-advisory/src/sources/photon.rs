//! Photon OS (`cve_data_photon5.0.json` of photon_cve_metadata): one record for each vulnerability of a source package.
//!
//! The release stands in the file's name only. `aff_ver` says "all versions before X are vulnerable" where there is a
//! fix X in `res_ver`; both say `NA` where there is none, and `status` may then say that the package is not affected.

use plimsoll_types::{Severity, Status};
use serde::Deserialize;

use super::errata;
use super::{RefusalReason, Sink, SourceError, SourceSpec, records, text, utf8};
use crate::{Advisory, Affected};

/// Photon OS.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "photon",
    title: "Photon OS",
    description: "VMware's record of which package version of Photon OS fixed which vulnerability.",
    recognises,
    parse,
};

fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    super::has_extension(path, &["json"]) && has("\"cve_id\"") && has("\"aff_ver\"") && has("\"res_ver\"")
}

#[derive(Deserialize)]
struct Record {
    #[serde(default)]
    cve_id: String,
    #[serde(default)]
    pkg: String,
    #[serde(default)]
    cve_score: Option<Score>,
    #[serde(default)]
    aff_ver: Option<String>,
    #[serde(default)]
    res_ver: Option<String>,
    #[serde(default)]
    status: Option<String>,
}

/// A number, or a text where there is none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Score {
    Number(f64),
    Text(String),
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let document = utf8(path, bytes)?;
    let release = release(path).ok_or_else(|| SourceError::Shape {
        path: path.to_owned(),
        message: "the file's name does not say for which release it is (cve_data_photon5.0.json)".to_owned(),
    })?;
    records::each(path, document, "", out, &mut |path, record: Record, out| match convert(release, &record) {
        Ok(advisory) => out.keep(advisory),
        Err((reason, detail)) => out.refuse(path, &record.cve_id, reason, &detail),
    })
}

/// `5.0` of `cve_data_photon5.0.json`.
fn release(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next()?;
    let (_, rest) = name.split_once("photon")?;
    let release = rest.strip_suffix(".json")?;
    let (major, minor) = release.split_once('.')?;
    let number = |part: &str| matches!(part.len(), 1..=2) && part.bytes().all(|byte| byte.is_ascii_digit());
    (number(major) && number(minor)).then_some(release)
}

fn convert(release: &str, record: &Record) -> Result<Advisory, (RefusalReason, String)> {
    let (id, package) = (record.cve_id.trim(), record.pkg.trim());
    // `UNK-1` and the like stand for vulnerabilities without an identifier.
    if !text::is_id(id) || id.starts_with("UNK") {
        return Err((RefusalReason::Malformed, "no usable identifier".to_owned()));
    }
    if !text::is_name(package) {
        return Err((RefusalReason::Malformed, "the package's name is not a name".to_owned()));
    }
    let stated = |version: &Option<String>| {
        let version = version.as_deref().unwrap_or_default().trim();
        (!version.is_empty() && !version.eq_ignore_ascii_case("NA")).then(|| version.to_owned())
    };
    let status = record.status.as_deref().unwrap_or_default().trim();
    let (status, range) = match (stated(&record.res_ver), stated(&record.aff_ver)) {
        _ if status.eq_ignore_ascii_case("not affected") => (Status::NotAffected, errata::always()),
        (Some(fixed), _) => {
            let fixed = errata::without_zero_epoch(&fixed);
            if !text::is_name(fixed) {
                return Err((RefusalReason::Malformed, format!("{fixed} is no version")));
            }
            (Status::Fixed, errata::before(fixed))
        }
        (None, Some(_)) => (Status::Affected, errata::always()),
        (None, None) => {
            return Err((RefusalReason::NothingAffected, "neither affected nor fixed versions".to_owned()));
        }
    };
    let score = match &record.cve_score {
        Some(Score::Number(score)) => Some(*score),
        Some(Score::Text(text)) => text.trim().parse().ok(),
        None => None,
    };
    Ok(Advisory {
        id: id.to_owned(),
        source: "photon".to_owned(),
        affected: vec![Affected {
            ecosystem: format!("Photon OS:{release}"),
            package: package.to_owned(),
            status,
            ranges: vec![range],
            severity: score.filter(|score| (0.1..=10.0).contains(score)).map(Severity::from_cvss_score),
            ..Affected::default()
        }],
        ..Advisory::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases() {
        assert_eq!(release("photon/cve_data_photon5.0.json"), Some("5.0"));
        assert_eq!(release("cve_data_photon3.0_invalid.json"), None);
        assert_eq!(release("photon.json"), None);
    }
}
