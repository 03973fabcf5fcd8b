//! Fedora's updates as Bodhi's interface gives them (`/updates/?type=security`): a page with `updates`, or one update.
//!
//! An update lists builds, which are source packages: `curl-8.6.0-8.fc40`. Binary packages mostly carry the same
//! version; what is said here is said of the source package (architecture `src`), and so of all its binaries. CVEs stand
//! in the titles of the bugs, in the update's title and in its notes. Updates that were never pushed to the stable
//! repository are refused.

use plimsoll_types::Status;
use serde::Deserialize;

use super::errata::{self, MAX_PACKAGES, Packages};
use super::{RefusalReason, Sink, SourceError, SourceSpec, records, text, utf8};
use crate::json;
use crate::{Advisory, Affected, SeverityStatement};

/// Bodhi updates.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "bodhi",
    title: "Fedora Bodhi",
    description: "Fedora's security updates, by build.",
    recognises,
    parse,
};

/// The id of the source.
const SOURCE: &str = "fedora";

fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    super::has_extension(path, &["json"])
        && (has("\"updates\"") || has("\"update\"") || has("FEDORA-"))
        && (has("\"builds\"") || has("\"nvr\"") || has("\"date_submitted\"") || has("\"close_bugs\""))
        && !has("\"schema_version\"")
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let document = utf8(path, bytes)?;
    if let Ok(update) = json::single::<Update>(path, document)
        && update.builds.is_some()
    {
        keep(path, update, out);
        return Ok(());
    }
    records::each(path, document, "updates", out, &mut keep)
}

fn keep(path: &str, update: Update, out: &mut Sink) {
    let id = update.alias.clone().or_else(|| update.updateid.clone()).unwrap_or_default();
    match convert(&id, update) {
        Ok(advisory) => out.keep(advisory),
        Err((reason, detail)) => out.refuse(path, &id, reason, &detail),
    }
}

#[derive(Deserialize)]
struct Update {
    #[serde(default)]
    alias: Option<String>,
    #[serde(default)]
    updateid: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    notes: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    date_submitted: Option<String>,
    #[serde(default)]
    date_stable: Option<String>,
    #[serde(default)]
    date_modified: Option<String>,
    #[serde(default)]
    release: Option<Release>,
    #[serde(default)]
    builds: Option<Vec<Build>>,
    #[serde(default)]
    bugs: Option<Vec<Bug>>,
    /// Of older versions.
    #[serde(default)]
    cves: Option<Vec<Cve>>,
}

#[derive(Deserialize)]
struct Release {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    id_prefix: Option<String>,
    #[serde(default)]
    long_name: Option<String>,
}

#[derive(Deserialize)]
struct Build {
    #[serde(default)]
    nvr: String,
    #[serde(default)]
    epoch: Option<u64>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Bug {
    #[serde(default)]
    bug_id: Option<u64>,
    #[serde(default)]
    title: Option<String>,
}

#[derive(Deserialize)]
struct Cve {
    #[serde(default)]
    cve_id: Option<String>,
}

fn convert(id: &str, update: Update) -> Result<Advisory, (RefusalReason, String)> {
    if !text::is_id(id) {
        return Err((RefusalReason::Malformed, "no usable id".to_owned()));
    }
    let kind = update.kind.as_deref().unwrap_or_default();
    if kind != "security" {
        return Err((RefusalReason::NotSecurity, kind.to_owned()));
    }
    match update.status.as_deref().unwrap_or_default() {
        "" | "stable" => {}
        status => {
            return Err((RefusalReason::NothingAffected, format!("the update is {status}, not stable")));
        }
    }
    let Some(release) = update.release.as_ref().and_then(release) else {
        let named = update.release.and_then(|release| release.long_name).unwrap_or_default();
        return Err((RefusalReason::UnknownRelease, named));
    };
    let builds = update.builds.unwrap_or_default();
    if builds.len() > MAX_PACKAGES {
        return Err((RefusalReason::TooLarge, format!("{} builds", builds.len())));
    }
    let stable = update.date_stable.as_deref().and_then(errata::date);
    let mut packages = Packages::default();
    // Containers, flatpaks and modules are built of packages that have builds of their own.
    for build in builds.iter().filter(|build| build.kind.as_deref().is_none_or(|kind| kind == "rpm")) {
        let Some((name, version)) = errata::nevr(&build.nvr) else {
            return Err((RefusalReason::Malformed, format!("{} is no build", build.nvr)));
        };
        let version = match build.epoch {
            None | Some(0) => version,
            Some(epoch) => format!("{epoch}:{version}"),
        };
        packages.add(Affected {
            ecosystem: format!("Fedora:{release}"),
            package: name.to_owned(),
            status: Status::Fixed,
            ranges: vec![errata::before(&version)],
            // Bodhi names source builds, where other statements on Fedora name binaries.
            arches: vec!["src".to_owned()],
            fix_date: stable,
            ..Affected::default()
        });
    }
    let name =
        update.display_name.filter(|name| !name.trim().is_empty()).or(update.title).unwrap_or_default();
    let mut advisory = Advisory {
        id: id.to_owned(),
        source: SOURCE.to_owned(),
        title: text::one_line(&name),
        description: update.notes.unwrap_or_default().trim().to_owned(),
        published: update.date_submitted.as_deref().and_then(errata::date),
        modified: update.date_modified.as_deref().and_then(errata::date).or(stable),
        affected: packages.into_list(),
        ..Advisory::default()
    };
    if advisory.affected.is_empty() {
        return Err((RefusalReason::NothingAffected, "no package was built".to_owned()));
    }
    if let Some(severity) = errata::severity(update.severity.as_deref().unwrap_or_default()) {
        advisory.severities.push(SeverityStatement { source: SOURCE.to_owned(), severity });
    }
    let mut covers = Vec::new();
    let own = format!("https://bodhi.fedoraproject.org/updates/{id}");
    advisory.references.extend(text::reference("advisory", update.url.as_deref().unwrap_or(&own)));
    for bug in update.bugs.unwrap_or_default() {
        covers.extend(errata::cves(bug.title.as_deref().unwrap_or_default()));
        if let Some(number) = bug.bug_id {
            let url = format!("https://bugzilla.redhat.com/show_bug.cgi?id={number}");
            advisory.references.extend(text::reference("report", &url));
        }
    }
    covers.extend(
        update
            .cves
            .unwrap_or_default()
            .iter()
            .filter_map(|cve| text::leading_cve(cve.cve_id.as_deref().unwrap_or_default())),
    );
    covers.extend(errata::cves(&advisory.title));
    covers.extend(errata::cves(&advisory.description));
    advisory.covers = text::unique(covers);
    Ok(advisory)
}

/// `40`; EPEL and ELN are no Fedora.
fn release(release: &Release) -> Option<String> {
    let version = release.version.as_deref()?.trim();
    let of_fedora = release.id_prefix.as_deref().is_none_or(|prefix| prefix == "FEDORA");
    let plausible = matches!(version.len(), 1..=3) && version.bytes().all(|byte| byte.is_ascii_digit());
    (of_fedora && plausible).then(|| version.to_owned())
}
