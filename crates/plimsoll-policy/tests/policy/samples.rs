//! An image with a few findings of different kinds.

use std::cmp::Ordering;

use plimsoll_policy::{Judge, Verdict};
use plimsoll_types::{
    DatabaseInfo, Distro, EcosystemSpec, Exposure, Finding, ImageMetadata, Lifecycle, Location, MatchReason,
    MatchedBy, Package, PackageUrl, Platform, Report, Severity, SourcePackage, Status, TargetReport,
    Timestamp, Vulnerability, keep_name, lower_name,
};
use plimsoll_version::{VersionError, VersionScheme};

/// Orders versions as text: policy never compares versions.
#[derive(Debug)]
struct AsText;

impl VersionScheme for AsText {
    fn id(&self) -> &'static str {
        "as-text"
    }

    fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
        Ok(a.cmp(b))
    }
}

const fn spec(id: &'static str, os: bool, normalize_name: fn(&str) -> String) -> EcosystemSpec {
    EcosystemSpec { id, title: id, purl_type: id, advisory_names: &[], versions: &AsText, normalize_name, os }
}

static DEB: EcosystemSpec = spec("deb", true, keep_name);
static PYPI: EcosystemSpec = spec("pypi", false, lower_name);
static GOLANG: EcosystemSpec = spec("golang", false, keep_name);

pub const NOW: &str = "2026-08-01T12:00:00Z";
/// The digest of the image's manifest.
pub const DIGEST: &str = "sha256:0404040404040404040404040404040404040404040404040404040404040404";

pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn package(
    ecosystem: &'static EcosystemSpec,
    namespace: &str,
    name: &str,
    version: &str,
    path: &str,
) -> Package {
    Package {
        ecosystem,
        name: if ecosystem.id == "golang" { format!("{namespace}/{name}") } else { name.into() },
        version: version.into(),
        arch: String::new(),
        source: None,
        licenses: Vec::new(),
        vendor: String::new(),
        modularity: String::new(),
        locations: vec![Location { path: path.into(), layer: Some(0) }],
        purl: PackageUrl {
            kind: ecosystem.purl_type.into(),
            namespace: namespace.into(),
            name: name.into(),
            version: version.into(),
            ..PackageUrl::default()
        },
        contains: Vec::new(),
        found_by: "test".into(),
        cpes: Vec::new(),
        exposure: Vec::new(),
        confidence: plimsoll_types::Confidence::High,
    }
}

pub fn finding(
    id: &str,
    alias: &str,
    severity: Severity,
    package: usize,
    status: Status,
    fixed: &str,
) -> Finding {
    Finding {
        vulnerability: Vulnerability {
            id: id.into(),
            aliases: if alias.is_empty() { Vec::new() } else { vec![alias.into()] },
            severity,
            ..Vulnerability::default()
        },
        package,
        status,
        fixed_versions: if fixed.is_empty() { Vec::new() } else { vec![fixed.into()] },
        reasons: vec![MatchReason {
            advisory: "TEST-1".into(),
            source: "test".into(),
            ecosystem: "Debian:12".into(),
            matched_by: if package == 0 { MatchedBy::SourceName } else { MatchedBy::Name },
            ..MatchReason::default()
        }],
        ..Finding::default()
    }
}

/// Four packages and five findings.
pub fn report() -> Report {
    let mut libssl = package(&DEB, "debian", "libssl3", "3.0.11-1~deb12u2", "var/lib/dpkg/status");
    libssl.source = Some(SourcePackage { name: "openssl".into(), version: "3.0.11-1~deb12u2".into() });
    libssl.purl.qualifiers = vec![("arch".into(), "amd64".into()), ("distro".into(), "debian-12".into())];
    libssl.exposure = vec![Exposure::EntryClosure];
    let setuptools = package(
        &PYPI,
        "",
        "setuptools",
        "58.1.0",
        "usr/local/lib/python3.9/site-packages/setuptools-58.1.0.dist-info/METADATA",
    );
    let mut server = package(&GOLANG, "example.org/shop", "server", "1.4.0", "app/server");
    server.exposure = vec![Exposure::EntryPoint];
    let net = package(&GOLANG, "golang.org/x", "net", "0.7.0", "app/server");
    let other_net = package(&GOLANG, "golang.org/x", "net", "0.7.0", "app/tool");
    let target = TargetReport {
        name: "registry.example.org/shop/web:1.4".into(),
        image: Some(ImageMetadata {
            manifest: Some(DIGEST.parse().unwrap()),
            tags: vec!["registry.example.org/shop/web:1.4".into()],
            platform: Platform { os: "linux".into(), architecture: "amd64".into(), variant: String::new() },
            created: Some(time("2026-05-01T00:00:00Z")),
            user: "1000:1000".into(),
            ..ImageMetadata::default()
        }),
        distro: Some(Distro { id: "debian".into(), version: "12".into(), ..Distro::default() }),
        distro_id: "debian".into(),
        packages: vec![libssl, setuptools, server, net, other_net],
        findings: vec![
            finding("CVE-2023-5363", "", Severity::High, 0, Status::Fixed, "3.0.11-1~deb12u3"),
            finding("CVE-2023-3817", "", Severity::Medium, 0, Status::WillNotFix, ""),
            finding("CVE-2022-40897", "GHSA-r9hx-vwmv-q579", Severity::Medium, 1, Status::Fixed, "65.5.1"),
            finding("CVE-2023-39325", "GHSA-4374-p667-p6c8", Severity::High, 3, Status::Fixed, "0.17.0"),
            finding("CVE-2023-39325", "GHSA-4374-p667-p6c8", Severity::High, 4, Status::Fixed, "0.17.0"),
        ],
        lifecycle: Some(Lifecycle {
            ecosystem: "Debian:12".into(),
            ends: Some(time("2026-06-10")),
            extended_ends: Some(time("2028-06-30")),
            ..Lifecycle::default()
        }),
        ..TargetReport::default()
    };
    Report {
        tool_version: "0.1.0".into(),
        created: time(NOW),
        database: DatabaseInfo::default(),
        targets: vec![target],
    }
}

pub fn judged(judge: &Judge) -> (TargetReport, Verdict) {
    let mut report = report();
    let verdict = judge.judge(&mut report, time(NOW));
    (report.targets.remove(0), verdict)
}

/// `id package-number` of what is shown, in the order of the packages.
pub fn shown(target: &TargetReport) -> Vec<String> {
    let mut lines: Vec<String> = target
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.vulnerability.id, finding.package))
        .collect();
    lines.sort();
    lines
}

/// `id package-number: by, origin, reason` of what is held back.
pub fn held(target: &TargetReport) -> Vec<String> {
    let line = |held: &plimsoll_types::Suppressed| {
        let id = &held.finding.vulnerability.id;
        format!("{id} {}: {}, {}, {}", held.finding.package, held.by.word(), held.origin, held.reason)
    };
    let mut lines: Vec<String> = target.suppressed.iter().map(line).collect();
    lines.sort();
    lines
}
