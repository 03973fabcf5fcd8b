//! Plimsoll's own JSON: everything that a report holds. Described by `docs/schemas/report-v1.schema.json`.
//!
//! The version grows when a member is removed, renamed or changes its meaning. Members may be added within a version:
//! readers skip those they do not know.

mod detections;

use std::fmt::Display;
use std::io;

use plimsoll_types::{
    Confidence, CvssVector, DatabaseInfo, DatabaseSource, Distro, Epss, Finding, ImageMetadata, LayerInfo,
    Lifecycle, Location, MatchReason, Package, PackageUrl, Problem, Reference, Report, Risk, Severity,
    SourcePackage, Suppressed, TargetKind, TargetReport, Vulnerability,
};
use serde::{Serialize, Serializer};

use self::detections::{AttachedJson, DetectionJson, SuppressedDetectionJson};
use super::Format;
use crate::identity::Purls;
use crate::summary::{Counts, SeverityCounts};
use crate::{RenderError, RenderOptions, package_of, pretty_json, summary};

/// The version of the document's shape.
const SCHEMA_VERSION: u32 = 1;

/// The register's entry.
pub(super) const FORMAT: Format = Format {
    id: "json",
    title: "Plimsoll JSON, version 1",
    media: "application/vnd.plimsoll.report.v1+json",
    aliases: &["plimsoll-json"],
    render,
};

fn render(report: &Report, options: &RenderOptions, out: &mut dyn io::Write) -> Result<(), RenderError> {
    pretty_json::write(&Document::new(report, &Purls::new(report), options.show_suppressed)?, out)
}

/// Anything that prints itself, as a JSON string.
struct Text<T>(T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Text that is left out when it is empty.
fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Hundredths as a number with two decimals.
fn decimal(hundredths: u32) -> f64 {
    f64::from(hundredths) / 100.0
}

fn list<'a, T, U: From<&'a T>>(items: &'a [T]) -> Vec<U> {
    items.iter().map(U::from).collect()
}

/// The document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document<'a> {
    schema_version: u32,
    tool: Tool<'a>,
    created: Text<plimsoll_types::Timestamp>,
    complete: bool,
    summary: SummaryJson,
    database: DatabaseJson<'a>,
    targets: Vec<TargetJson<'a>>,
}

impl<'a> Document<'a> {
    /// The document of a report, with or without the findings that were held back.
    pub(crate) fn new(
        report: &'a Report,
        purls: &'a Purls,
        show_suppressed: bool,
    ) -> Result<Document<'a>, RenderError> {
        let counts = summary(report);
        let targets = purls.with(report).zip(&counts.targets);
        Ok(Document {
            schema_version: SCHEMA_VERSION,
            tool: Tool { name: "plimsoll", version: &report.tool_version },
            created: Text(report.created),
            complete: counts.total.complete,
            summary: (&counts.total).into(),
            database: (&report.database).into(),
            targets: targets
                .map(|((target, purls), counts)| TargetJson::new(target, purls, counts, show_suppressed))
                .collect::<Result<_, _>>()?,
        })
    }
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SummaryJson {
    packages: usize,
    findings: SeveritiesJson,
    fixable: usize,
    known_exploited: usize,
    not_affected: usize,
    suppressed: usize,
    detections: SeveritiesJson,
    suppressed_detections: usize,
    problems: usize,
}

impl From<&Counts> for SummaryJson {
    fn from(counts: &Counts) -> Self {
        SummaryJson {
            packages: counts.packages,
            findings: (&counts.findings).into(),
            fixable: counts.fixable,
            known_exploited: counts.known_exploited,
            not_affected: counts.not_affected,
            suppressed: counts.suppressed,
            detections: (&counts.detections).into(),
            suppressed_detections: counts.suppressed_detections,
            problems: counts.problems,
        }
    }
}

#[derive(Serialize)]
struct SeveritiesJson {
    total: usize,
    critical: usize,
    high: usize,
    medium: usize,
    low: usize,
    negligible: usize,
    unknown: usize,
}

impl From<&SeverityCounts> for SeveritiesJson {
    fn from(counts: &SeverityCounts) -> Self {
        SeveritiesJson {
            total: counts.total(),
            critical: counts.critical,
            high: counts.high,
            medium: counts.medium,
            low: counts.low,
            negligible: counts.negligible,
            unknown: counts.unknown,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DatabaseJson<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    built: Option<Text<plimsoll_types::Timestamp>>,
    advisories: u64,
    sources: Vec<DatabaseSourceJson<'a>>,
}

impl<'a> From<&'a DatabaseInfo> for DatabaseJson<'a> {
    fn from(database: &'a DatabaseInfo) -> Self {
        DatabaseJson {
            name: &database.name,
            digest: known(&database.digest),
            built: database.built.map(Text),
            advisories: database.advisories,
            sources: list(&database.sources),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DatabaseSourceJson<'a> {
    id: &'a str,
    advisories: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<Text<plimsoll_types::Timestamp>>,
}

impl<'a> From<&'a DatabaseSource> for DatabaseSourceJson<'a> {
    fn from(source: &'a DatabaseSource) -> Self {
        DatabaseSourceJson { id: &source.id, advisories: source.advisories, newest: source.newest.map(Text) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetJson<'a> {
    name: &'a str,
    kind: &'static str,
    complete: bool,
    summary: SummaryJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<ImageJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distro: Option<DistroJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distro_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lifecycle: Option<LifecycleJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scanners: Vec<&'static str>,
    packages: Vec<PackageJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<Vec<SuppressedJson<'a>>>,
    detections: Vec<DetectionJson<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attached: Vec<AttachedJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed_detections: Option<Vec<SuppressedDetectionJson<'a>>>,
    problems: Vec<ProblemJson<'a>>,
}

impl<'a> TargetJson<'a> {
    fn new(
        target: &'a TargetReport,
        purls: &'a [String],
        counts: &Counts,
        show_suppressed: bool,
    ) -> Result<Self, RenderError> {
        let purl = |index: usize| purls.get(index).map_or("", String::as_str);
        let finding = |finding: &'a Finding| {
            Ok(FindingJson::new(finding, package_of(target, finding)?, purl(finding.package)))
        };
        let suppressed = target
            .suppressed
            .iter()
            .map(|held| Ok(SuppressedJson::new(held, finding(&held.finding)?)))
            .collect::<Result<Vec<_>, RenderError>>();
        Ok(TargetJson {
            name: &target.name,
            kind: match target.kind {
                TargetKind::Image => "image",
                TargetKind::Filesystem => "filesystem",
            },
            complete: counts.complete,
            summary: counts.into(),
            image: target.image.as_ref().map(ImageJson::from),
            distro: target.distro.as_ref().map(DistroJson::from),
            distro_id: known(&target.distro_id),
            lifecycle: target.lifecycle.as_ref().map(LifecycleJson::from),
            risk: target.risk.map(decimal),
            scanners: target.scanners.iter().map(|scanner| scanner.word()).collect(),
            packages: target
                .packages
                .iter()
                .zip(purls)
                .map(|(package, purl)| PackageJson::new(package, purl))
                .collect(),
            findings: target.findings.iter().map(finding).collect::<Result<_, RenderError>>()?,
            suppressed: show_suppressed.then_some(suppressed).transpose()?,
            detections: list(&target.detections),
            attached: list(&target.attached),
            suppressed_detections: show_suppressed.then(|| list(&target.suppressed_detections)),
            problems: list(&target.problems),
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Text<&'a plimsoll_types::Digest>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest: Option<Text<&'a plimsoll_types::Digest>>,
    tags: &'a [String],
    platform: PlatformJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<Text<plimsoll_types::Timestamp>>,
    labels: Vec<LabelJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    exposed_ports: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    command: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<BaseJson<'a>>,
    layers: Vec<LayerJson<'a>>,
}

#[derive(Serialize)]
struct BaseJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Text<&'a plimsoll_types::Digest>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<u32>,
}

impl<'a> From<&'a ImageMetadata> for ImageJson<'a> {
    fn from(image: &'a ImageMetadata) -> Self {
        let platform = &image.platform;
        ImageJson {
            id: image.id.as_ref().map(Text),
            manifest: image.manifest.as_ref().map(Text),
            tags: &image.tags,
            platform: PlatformJson {
                os: &platform.os,
                architecture: &platform.architecture,
                variant: known(&platform.variant),
            },
            created: image.created.map(Text),
            labels: image.labels.iter().map(|(name, value)| LabelJson { name, value }).collect(),
            user: known(&image.user),
            exposed_ports: &image.exposed_ports,
            command: &image.command,
            base: image.base.as_ref().map(|base| BaseJson {
                name: known(&base.name),
                digest: base.digest.as_ref().map(Text),
                layers: base.layers,
            }),
            layers: list(&image.layers),
        }
    }
}

#[derive(Serialize)]
struct PlatformJson<'a> {
    os: &'a str,
    architecture: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
}

#[derive(Serialize)]
struct LabelJson<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LayerJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Text<&'a plimsoll_types::Digest>>,
    diff_id: Text<&'a plimsoll_types::Digest>,
    size: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<&'a str>,
}

impl<'a> From<&'a LayerInfo> for LayerJson<'a> {
    fn from(layer: &'a LayerInfo) -> Self {
        LayerJson {
            digest: layer.digest.as_ref().map(Text),
            diff_id: Text(&layer.diff_id),
            size: layer.size,
            created_by: known(&layer.created_by),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DistroJson<'a> {
    id: &'a str,
    id_like: &'a [String],
    name: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    codename: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pretty_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpe: Option<&'a str>,
}

impl<'a> From<&'a Distro> for DistroJson<'a> {
    fn from(distro: &'a Distro) -> Self {
        DistroJson {
            id: &distro.id,
            id_like: &distro.id_like,
            name: &distro.name,
            version: &distro.version,
            codename: known(&distro.codename),
            pretty_name: known(&distro.pretty_name),
            variant: known(&distro.variant),
            cpe: known(&distro.cpe),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageJson<'a> {
    ecosystem: &'static str,
    name: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    arch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceJson<'a>>,
    licenses: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modularity: Option<&'a str>,
    locations: Vec<LocationJson<'a>>,
    purl: &'a str,
    contains: Vec<Text<&'a PackageUrl>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    cpes: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    exposure: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<&'static str>,
    found_by: &'a str,
}

impl<'a> PackageJson<'a> {
    fn new(package: &'a Package, purl: &'a str) -> Self {
        PackageJson {
            ecosystem: package.ecosystem.id,
            name: &package.name,
            version: &package.version,
            arch: known(&package.arch),
            source: package.source.as_ref().map(SourceJson::from),
            licenses: &package.licenses,
            vendor: known(&package.vendor),
            modularity: known(&package.modularity),
            locations: list(&package.locations),
            purl,
            contains: package.contains.iter().map(Text).collect(),
            cpes: &package.cpes,
            exposure: package.exposure.iter().map(|exposure| exposure.word()).collect(),
            confidence: (package.confidence != Confidence::High).then(|| package.confidence.word()),
            found_by: &package.found_by,
        }
    }
}

#[derive(Serialize)]
struct SourceJson<'a> {
    name: &'a str,
    version: &'a str,
}

impl<'a> From<&'a SourcePackage> for SourceJson<'a> {
    fn from(source: &'a SourcePackage) -> Self {
        SourceJson { name: &source.name, version: &source.version }
    }
}

#[derive(Serialize)]
struct LocationJson<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<u32>,
}

impl<'a> From<&'a Location> for LocationJson<'a> {
    fn from(location: &'a Location) -> Self {
        LocationJson { path: &location.path, layer: location.layer }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingJson<'a> {
    package: PackageReferenceJson<'a>,
    status: &'static str,
    fixed_versions: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    fix_available: Option<Text<plimsoll_types::Timestamp>>,
    confidence: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<RiskJson<'a>>,
    vulnerability: VulnerabilityJson<'a>,
    reasons: Vec<ReasonJson<'a>>,
}

impl<'a> FindingJson<'a> {
    fn new(finding: &'a Finding, package: &'a Package, purl: &'a str) -> Self {
        FindingJson {
            package: PackageReferenceJson {
                index: finding.package,
                ecosystem: package.ecosystem.id,
                name: &package.name,
                version: &package.version,
                purl,
            },
            status: finding.status.word(),
            fixed_versions: &finding.fixed_versions,
            fix_available: finding.fix_available.map(Text),
            confidence: finding.confidence.word(),
            risk: finding.risk.as_ref().map(RiskJson::from),
            vulnerability: (&finding.vulnerability).into(),
            reasons: list(&finding.reasons),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RiskJson<'a> {
    score: f64,
    cvss: f64,
    exploitability: f64,
    patch_availability: f64,
    exposure: f64,
    reasons: &'a [String],
}

impl<'a> From<&'a Risk> for RiskJson<'a> {
    fn from(risk: &'a Risk) -> Self {
        RiskJson {
            score: decimal(risk.score),
            cvss: decimal(risk.cvss),
            exploitability: decimal(risk.exploitability),
            patch_availability: decimal(risk.patch_availability),
            exposure: decimal(risk.exposure),
            reasons: &risk.reasons,
        }
    }
}

/// A finding that was held back.
#[derive(Serialize)]
struct SuppressedJson<'a> {
    by: &'static str,
    origin: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Text<plimsoll_types::Timestamp>>,
    finding: FindingJson<'a>,
}

impl<'a> SuppressedJson<'a> {
    fn new(held: &'a Suppressed, finding: FindingJson<'a>) -> Self {
        SuppressedJson {
            by: held.by.word(),
            origin: &held.origin,
            reason: known(&held.reason),
            expires: held.expires.map(Text),
            finding,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LifecycleJson<'a> {
    ecosystem: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    released: Option<Text<plimsoll_types::Timestamp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<Text<plimsoll_types::Timestamp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extended_ends: Option<Text<plimsoll_types::Timestamp>>,
}

impl<'a> From<&'a Lifecycle> for LifecycleJson<'a> {
    fn from(lifecycle: &'a Lifecycle) -> Self {
        LifecycleJson {
            ecosystem: &lifecycle.ecosystem,
            released: lifecycle.released.map(Text),
            ends: lifecycle.ends.map(Text),
            extended_ends: lifecycle.extended_ends.map(Text),
        }
    }
}

#[derive(Serialize)]
struct PackageReferenceJson<'a> {
    index: usize,
    ecosystem: &'static str,
    name: &'a str,
    version: &'a str,
    purl: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VulnerabilityJson<'a> {
    id: &'a str,
    aliases: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity_source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    severities: Vec<SeverityJson<'a>>,
    cvss: Vec<CvssJson<'a>>,
    cwes: &'a [String],
    references: Vec<ReferenceJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<Text<plimsoll_types::Timestamp>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<Text<plimsoll_types::Timestamp>>,
    known_exploited: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    public_exploit: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<EpssJson>,
}

impl<'a> From<&'a Vulnerability> for VulnerabilityJson<'a> {
    fn from(vulnerability: &'a Vulnerability) -> Self {
        VulnerabilityJson {
            id: &vulnerability.id,
            aliases: &vulnerability.aliases,
            title: known(&vulnerability.title),
            description: known(&vulnerability.description),
            severity: vulnerability.severity.word(),
            severity_source: known(&vulnerability.severity_source),
            score: vulnerability.score_tenths.map(|tenths| f64::from(tenths) / 10.0),
            severities: list(&vulnerability.severities),
            cvss: list(&vulnerability.cvss),
            cwes: &vulnerability.cwes,
            references: list(&vulnerability.references),
            published: vulnerability.published.map(Text),
            modified: vulnerability.modified.map(Text),
            known_exploited: vulnerability.known_exploited,
            public_exploit: vulnerability.public_exploit,
            epss: vulnerability.epss.map(EpssJson::from),
        }
    }
}

/// Probability and percentile, each from 0 to 1.
#[derive(Serialize)]
struct EpssJson {
    score: f64,
    percentile: f64,
}

impl From<Epss> for EpssJson {
    fn from(epss: Epss) -> Self {
        let share = |number: u32| f64::from(number) / 100_000.0;
        EpssJson { score: share(epss.score), percentile: share(epss.percentile) }
    }
}

#[derive(Serialize)]
struct SeverityJson<'a> {
    source: &'a str,
    severity: &'static str,
}

impl<'a> From<&'a (String, Severity)> for SeverityJson<'a> {
    fn from((source, severity): &'a (String, Severity)) -> Self {
        SeverityJson { source, severity: severity.word() }
    }
}

#[derive(Serialize)]
struct CvssJson<'a> {
    source: &'a str,
    vector: &'a str,
}

impl<'a> From<&'a CvssVector> for CvssJson<'a> {
    fn from(cvss: &'a CvssVector) -> Self {
        CvssJson { source: &cvss.source, vector: &cvss.vector }
    }
}

#[derive(Serialize)]
struct ReferenceJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    url: &'a str,
}

impl<'a> From<&'a Reference> for ReferenceJson<'a> {
    fn from(reference: &'a Reference) -> Self {
        ReferenceJson { kind: known(&reference.kind), url: &reference.url }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReasonJson<'a> {
    advisory: &'a str,
    source: &'a str,
    ecosystem: &'a str,
    name: &'a str,
    version: &'a str,
    range: &'a str,
    matched_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    symbols: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

impl<'a> From<&'a MatchReason> for ReasonJson<'a> {
    fn from(reason: &'a MatchReason) -> Self {
        ReasonJson {
            advisory: &reason.advisory,
            source: &reason.source,
            ecosystem: &reason.ecosystem,
            name: &reason.name,
            version: &reason.version,
            range: &reason.range,
            matched_by: reason.matched_by.word(),
            status: reason.status.map(plimsoll_types::Status::word),
            symbols: &reason.symbols,
            note: known(&reason.note),
        }
    }
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    code: &'static str,
    title: &'static str,
    incomplete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    analyzer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<u32>,
    message: &'a str,
}

impl<'a> From<&'a Problem> for ProblemJson<'a> {
    fn from(problem: &'a Problem) -> Self {
        ProblemJson {
            code: problem.code.code(),
            title: problem.code.title(),
            incomplete: problem.code.incomplete(),
            analyzer: known(&problem.analyzer),
            path: known(&problem.path),
            layer: problem.layer,
            message: &problem.message,
        }
    }
}
