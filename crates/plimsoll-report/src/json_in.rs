//! Reading a saved report: Plimsoll's own JSON (`docs/schemas/report-v1.schema.json`) back into plain data, so that a
//! policy can be tried on it.
//!
//! Members that are not known are skipped, as the schema's version has it. What a report does not hold is empty.

mod detections;

use plimsoll_types::{
    BaseImage, Confidence, CvssVector, DatabaseInfo, Digest, Distro, EcosystemSpec, Epss, Exposure, Finding,
    ImageMetadata, LayerInfo, Lifecycle, Location, MatchReason, MatchedBy, Package, PackageUrl, Platform,
    Problem, ProblemCode, Reference, Report, Risk, Scanner, Severity, SourcePackage, Status, Suppressed,
    SuppressedBy, TargetKind, TargetReport, Timestamp, Vulnerability,
};
use serde::Deserialize;

/// The version of the document's shape that is read.
const SCHEMA_VERSION: u64 = 1;

/// What a report names and does not hold.
#[derive(Clone, Copy)]
pub struct Lookups<'a> {
    /// The ecosystem with an id.
    pub ecosystem: &'a dyn Fn(&str) -> Option<&'static EcosystemSpec>,
    /// A package URL in its parts.
    pub purl: &'a dyn Fn(&str) -> Option<PackageUrl>,
}

/// Why a saved report cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not JSON, or not of this shape.
    #[error("not a report of Plimsoll: {0}")]
    Json(#[from] serde_json::Error),
    /// It is of another version.
    #[error("schema version {0} is not known; this release reads version {SCHEMA_VERSION}")]
    Version(u64),
    /// A word or a number is none that a report can have.
    #[error("{place}: '{value}' is no {what}")]
    Value {
        /// Where it is, as a JSON pointer.
        place: String,
        /// The beginning of it.
        value: String,
        /// What it should be.
        what: &'static str,
    },
}

fn wrong(place: &str, value: &str, what: &'static str) -> ReadError {
    ReadError::Value { place: place.to_owned(), value: value.chars().take(80).collect(), what }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawReport {
    schema_version: u64,
    tool: RawTool,
    created: String,
    #[serde(default)]
    database: RawDatabase,
    targets: Vec<RawTarget>,
}

#[derive(Deserialize)]
struct RawTool {
    name: String,
    #[serde(default)]
    version: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawDatabase {
    name: String,
    digest: String,
    built: Option<String>,
    advisories: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawTarget {
    name: String,
    kind: String,
    image: Option<RawImage>,
    distro: Option<RawDistro>,
    #[serde(default)]
    distro_id: String,
    lifecycle: Option<RawLifecycle>,
    risk: Option<f64>,
    #[serde(default)]
    scanners: Vec<String>,
    #[serde(default)]
    packages: Vec<RawPackage>,
    #[serde(default)]
    findings: Vec<RawFinding>,
    #[serde(default)]
    suppressed: Vec<RawSuppressed>,
    #[serde(default)]
    detections: Vec<detections::RawDetection>,
    #[serde(default)]
    attached: Vec<detections::RawAttached>,
    #[serde(default)]
    suppressed_detections: Vec<detections::RawSuppressedDetection>,
    #[serde(default)]
    problems: Vec<RawProblem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawImage {
    id: Option<String>,
    manifest: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    platform: RawPlatform,
    created: Option<String>,
    #[serde(default)]
    labels: Vec<RawLabel>,
    #[serde(default)]
    user: String,
    #[serde(default)]
    exposed_ports: Vec<String>,
    #[serde(default)]
    command: Vec<String>,
    base: Option<RawBase>,
    #[serde(default)]
    layers: Vec<RawLayer>,
}

#[derive(Deserialize)]
struct RawBase {
    #[serde(default)]
    name: String,
    digest: Option<String>,
    layers: Option<u32>,
}

#[derive(Deserialize)]
struct RawPlatform {
    os: String,
    architecture: String,
    #[serde(default)]
    variant: String,
}

#[derive(Deserialize)]
struct RawLabel {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLayer {
    digest: Option<String>,
    diff_id: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    created_by: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawDistro {
    id: String,
    id_like: Vec<String>,
    name: String,
    version: String,
    codename: String,
    pretty_name: String,
    variant: String,
    cpe: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLifecycle {
    ecosystem: String,
    released: Option<String>,
    ends: Option<String>,
    extended_ends: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPackage {
    ecosystem: String,
    name: String,
    version: String,
    #[serde(default)]
    arch: String,
    source: Option<RawSource>,
    #[serde(default)]
    licenses: Vec<String>,
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    modularity: String,
    #[serde(default)]
    locations: Vec<RawLocation>,
    purl: String,
    #[serde(default)]
    contains: Vec<String>,
    #[serde(default)]
    cpes: Vec<String>,
    #[serde(default)]
    exposure: Vec<String>,
    confidence: Option<String>,
    #[serde(default)]
    found_by: String,
}

#[derive(Deserialize)]
struct RawSource {
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct RawLocation {
    path: String,
    layer: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFinding {
    package: RawPackageReference,
    status: String,
    #[serde(default)]
    fixed_versions: Vec<String>,
    fix_available: Option<String>,
    confidence: Option<String>,
    risk: Option<RawRisk>,
    vulnerability: RawVulnerability,
    #[serde(default)]
    reasons: Vec<RawReason>,
}

#[derive(Deserialize)]
struct RawPackageReference {
    index: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRisk {
    score: f64,
    cvss: f64,
    exploitability: f64,
    patch_availability: f64,
    exposure: f64,
    #[serde(default)]
    reasons: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawVulnerability {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    severity: String,
    #[serde(default)]
    severity_source: String,
    score: Option<f64>,
    #[serde(default)]
    severities: Vec<RawSeverity>,
    #[serde(default)]
    cvss: Vec<RawCvss>,
    #[serde(default)]
    cwes: Vec<String>,
    #[serde(default)]
    references: Vec<RawReference>,
    published: Option<String>,
    modified: Option<String>,
    #[serde(default)]
    known_exploited: bool,
    #[serde(default)]
    public_exploit: bool,
    epss: Option<RawEpss>,
}

#[derive(Deserialize)]
struct RawSeverity {
    source: String,
    severity: String,
}

#[derive(Deserialize)]
struct RawCvss {
    source: String,
    vector: String,
}

#[derive(Deserialize)]
struct RawReference {
    #[serde(default)]
    kind: String,
    url: String,
}

#[derive(Deserialize)]
struct RawEpss {
    score: f64,
    percentile: f64,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawReason {
    advisory: String,
    source: String,
    ecosystem: String,
    name: String,
    version: String,
    range: String,
    matched_by: Option<String>,
    status: Option<String>,
    symbols: Vec<String>,
    note: String,
}

#[derive(Deserialize)]
struct RawSuppressed {
    by: String,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    reason: String,
    expires: Option<String>,
    finding: RawFinding,
}

#[derive(Deserialize)]
struct RawProblem {
    code: String,
    #[serde(default)]
    analyzer: String,
    #[serde(default)]
    path: String,
    layer: Option<u32>,
    #[serde(default)]
    message: String,
}

/// Reads a saved report.
///
/// # Errors
///
/// When the bytes are no report, or of a version that is not known, or name what there is not.
pub fn read(bytes: &[u8], lookups: Lookups<'_>) -> Result<Report, ReadError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Probe {
        schema_version: Option<u64>,
    }
    let probe: Probe = serde_json::from_slice(bytes)?;
    // The shape of another version may be any.
    if let Some(version) = probe.schema_version.filter(|version| *version != SCHEMA_VERSION) {
        return Err(ReadError::Version(version));
    }
    let raw: RawReport = serde_json::from_slice(bytes)?;
    if raw.tool.name != "plimsoll" || raw.schema_version != SCHEMA_VERSION {
        return Err(wrong("/tool/name", &raw.tool.name, "tool whose reports are read"));
    }
    let targets = raw
        .targets
        .into_iter()
        .enumerate()
        .map(|(number, target)| Reader { place: format!("/targets/{number}"), lookups }.target(target));
    Ok(Report {
        tool_version: raw.tool.version,
        created: time("/created", &raw.created)?,
        database: DatabaseInfo {
            name: raw.database.name,
            digest: raw.database.digest,
            built: optional_time("/database/built", raw.database.built.as_deref())?,
            advisories: raw.database.advisories,
            sources: Vec::new(),
        },
        targets: targets.collect::<Result<_, _>>()?,
    })
}

fn time(place: &str, text: &str) -> Result<Timestamp, ReadError> {
    text.parse().map_err(|_| wrong(place, text, "time"))
}

fn optional_time(place: &str, text: Option<&str>) -> Result<Option<Timestamp>, ReadError> {
    text.map(|text| time(place, text)).transpose()
}

fn digest(place: &str, text: &str) -> Result<Digest, ReadError> {
    text.parse().map_err(|_| wrong(place, text, "digest"))
}

/// A number with so many parts to one, within a limit.
fn parts(place: &str, value: f64, to_one: f64, limit: f64) -> Result<u32, ReadError> {
    if (0.0..=limit).contains(&value) {
        // The range makes the conversion exact.
        Ok((value * to_one).round() as u32)
    } else {
        Err(wrong(place, &value.to_string(), "number in its range"))
    }
}

/// The value of a list that has this word.
fn word<T: Copy>(
    place: &str,
    text: &str,
    all: &[T],
    of: fn(T) -> &'static str,
    what: &'static str,
) -> Result<T, ReadError> {
    all.iter().copied().find(|value| of(*value) == text).ok_or_else(|| wrong(place, text, what))
}

/// A confidence, which is high where nothing else is said.
fn confidence(place: &str, text: Option<&str>) -> Result<Confidence, ReadError> {
    let read = |text| word(place, text, &Confidence::ALL, Confidence::word, "confidence");
    text.map_or(Ok(Confidence::High), read)
}

struct Reader<'a> {
    place: String,
    lookups: Lookups<'a>,
}

impl Reader<'_> {
    fn at(&self, rest: &str) -> String {
        format!("{}/{rest}", self.place)
    }

    fn target(&self, raw: RawTarget) -> Result<TargetReport, ReadError> {
        let packages: Vec<Package> = raw
            .packages
            .into_iter()
            .enumerate()
            .map(|(number, package)| self.package(number, package))
            .collect::<Result<_, _>>()?;
        let findings = raw.findings.into_iter().enumerate();
        let findings: Vec<Finding> = findings
            .map(|(number, finding)| {
                self.finding(&self.at(&format!("findings/{number}")), finding, packages.len())
            })
            .collect::<Result<_, _>>()?;
        let suppressed = raw.suppressed.into_iter().enumerate();
        let suppressed: Vec<Suppressed> = suppressed
            .map(|(number, held)| {
                self.suppressed(&self.at(&format!("suppressed/{number}")), held, packages.len())
            })
            .collect::<Result<_, _>>()?;
        let detections = raw.detections.into_iter().enumerate();
        let detections = detections
            .map(|(number, found)| {
                detections::detection(&self.at(&format!("detections/{number}")), found, packages.len())
            })
            .collect::<Result<_, _>>()?;
        let scanners = raw.scanners.iter();
        let scanners = scanners
            .map(|text| word(&self.at("scanners"), text, &Scanner::ALL, Scanner::word, "scanner"))
            .collect::<Result<_, _>>()?;
        let held = raw.suppressed_detections.into_iter().enumerate();
        let suppressed_detections = held
            .map(|(number, held)| {
                let place = self.at(&format!("suppressedDetections/{number}"));
                detections::suppressed(&place, held, packages.len())
            })
            .collect::<Result<_, _>>()?;
        let lifecycle = raw.lifecycle.map(|lifecycle| {
            let place = self.at("lifecycle");
            Ok::<_, ReadError>(Lifecycle {
                released: optional_time(&place, lifecycle.released.as_deref())?,
                ends: optional_time(&place, lifecycle.ends.as_deref())?,
                extended_ends: optional_time(&place, lifecycle.extended_ends.as_deref())?,
                ecosystem: lifecycle.ecosystem,
            })
        });
        Ok(TargetReport {
            kind: match raw.kind.as_str() {
                "image" => TargetKind::Image,
                "filesystem" => TargetKind::Filesystem,
                other => return Err(wrong(&self.at("kind"), other, "kind of target")),
            },
            name: raw.name,
            image: raw.image.map(|image| self.image(image)).transpose()?,
            distro: raw.distro.map(|distro| Distro {
                id: distro.id,
                id_like: distro.id_like,
                name: distro.name,
                version: distro.version,
                codename: distro.codename,
                pretty_name: distro.pretty_name,
                variant: distro.variant,
                cpe: distro.cpe,
                ..Distro::default()
            }),
            distro_id: raw.distro_id,
            packages,
            findings,
            suppressed,
            detections,
            scanners,
            attached: raw.attached.into_iter().map(detections::attached).collect(),
            suppressed_detections,
            problems: raw
                .problems
                .into_iter()
                .map(|problem| self.problem(problem))
                .collect::<Result<_, _>>()?,
            lifecycle: lifecycle.transpose()?,
            risk: raw.risk.map(|risk| parts(&self.at("risk"), risk, 100.0, 10_000_000.0)).transpose()?,
        })
    }

    fn image(&self, raw: RawImage) -> Result<ImageMetadata, ReadError> {
        let place = self.at("image");
        let layers = raw.layers.into_iter().map(|layer| {
            Ok::<_, ReadError>(LayerInfo {
                digest: layer.digest.map(|text| digest(&place, &text)).transpose()?,
                diff_id: digest(&place, &layer.diff_id)?,
                size: layer.size,
                created_by: layer.created_by,
            })
        });
        let base = |raw: RawBase| {
            Ok::<_, ReadError>(BaseImage {
                name: raw.name,
                digest: raw.digest.map(|text| digest(&place, &text)).transpose()?,
                layers: raw.layers,
            })
        };
        Ok(ImageMetadata {
            layers: layers.collect::<Result<_, _>>()?,
            id: raw.id.map(|text| digest(&place, &text)).transpose()?,
            manifest: raw.manifest.map(|text| digest(&place, &text)).transpose()?,
            tags: raw.tags,
            platform: Platform {
                os: raw.platform.os,
                architecture: raw.platform.architecture,
                variant: raw.platform.variant,
            },
            created: optional_time(&place, raw.created.as_deref())?,
            labels: raw.labels.into_iter().map(|label| (label.name, label.value)).collect(),
            user: raw.user,
            exposed_ports: raw.exposed_ports,
            command: raw.command,
            base: raw.base.map(base).transpose()?,
        })
    }

    fn purl(&self, place: &str, text: &str) -> Result<PackageUrl, ReadError> {
        (self.lookups.purl)(text).ok_or_else(|| wrong(place, text, "package URL"))
    }

    fn package(&self, number: usize, raw: RawPackage) -> Result<Package, ReadError> {
        let place = self.at(&format!("packages/{number}"));
        let ecosystem = (self.lookups.ecosystem)(&raw.ecosystem);
        let exposures = [Exposure::EntryPoint, Exposure::EntryClosure, Exposure::SetUid];
        let exposure =
            raw.exposure.iter().map(|text| word(&place, text, &exposures, Exposure::word, "exposure"));
        Ok(Package {
            confidence: confidence(&place, raw.confidence.as_deref())?,
            ecosystem: ecosystem.ok_or_else(|| wrong(&place, &raw.ecosystem, "ecosystem"))?,
            exposure: exposure.collect::<Result<_, _>>()?,
            purl: self.purl(&place, &raw.purl)?,
            contains: raw.contains.iter().map(|text| self.purl(&place, text)).collect::<Result<_, _>>()?,
            name: raw.name,
            version: raw.version,
            arch: raw.arch,
            source: raw.source.map(|source| SourcePackage { name: source.name, version: source.version }),
            licenses: raw.licenses,
            vendor: raw.vendor,
            modularity: raw.modularity,
            locations: raw
                .locations
                .into_iter()
                .map(|location| Location { path: location.path, layer: location.layer })
                .collect(),
            found_by: raw.found_by,
            cpes: raw.cpes,
        })
    }

    fn finding(&self, place: &str, raw: RawFinding, packages: usize) -> Result<Finding, ReadError> {
        if raw.package.index >= packages {
            return Err(wrong(place, &raw.package.index.to_string(), "index of a package"));
        }
        let status = |text: &str| word(place, text, &Status::ALL, Status::word, "status");
        let risk = raw.risk.map(|risk| {
            let hundredths = |value| parts(place, value, 100.0, 10_000_000.0);
            Ok::<_, ReadError>(Risk {
                score: hundredths(risk.score)?,
                cvss: hundredths(risk.cvss)?,
                exploitability: hundredths(risk.exploitability)?,
                patch_availability: hundredths(risk.patch_availability)?,
                exposure: hundredths(risk.exposure)?,
                reasons: risk.reasons,
            })
        });
        let reasons = raw.reasons.into_iter().map(|reason| {
            let ways = [MatchedBy::Name, MatchedBy::SourceName, MatchedBy::Cpe];
            let matched_by =
                reason.matched_by.map(|text| word(place, &text, &ways, MatchedBy::word, "way of matching"));
            Ok::<_, ReadError>(MatchReason {
                matched_by: matched_by.transpose()?.unwrap_or_default(),
                status: reason.status.as_deref().map(status).transpose()?,
                advisory: reason.advisory,
                source: reason.source,
                ecosystem: reason.ecosystem,
                name: reason.name,
                version: reason.version,
                range: reason.range,
                symbols: reason.symbols,
                note: reason.note,
            })
        });
        Ok(Finding {
            reasons: reasons.collect::<Result<_, _>>()?,
            risk: risk.transpose()?,
            confidence: confidence(place, raw.confidence.as_deref())?,
            vulnerability: vulnerability(place, raw.vulnerability)?,
            package: raw.package.index,
            status: status(&raw.status)?,
            fixed_versions: raw.fixed_versions,
            fix_available: optional_time(place, raw.fix_available.as_deref())?,
        })
    }

    fn suppressed(&self, place: &str, raw: RawSuppressed, packages: usize) -> Result<Suppressed, ReadError> {
        Ok(Suppressed {
            by: word(place, &raw.by, &SuppressedBy::ALL, SuppressedBy::word, "way of holding back")?,
            origin: raw.origin,
            reason: raw.reason,
            expires: optional_time(place, raw.expires.as_deref())?,
            finding: self.finding(place, raw.finding, packages)?,
        })
    }

    fn problem(&self, raw: RawProblem) -> Result<Problem, ReadError> {
        let place = self.at("problems");
        Ok(Problem {
            code: word(&place, &raw.code, &ProblemCode::ALL, ProblemCode::code, "code of a problem")?,
            analyzer: raw.analyzer,
            path: raw.path,
            layer: raw.layer,
            message: raw.message,
        })
    }
}

fn vulnerability(place: &str, raw: RawVulnerability) -> Result<Vulnerability, ReadError> {
    let score = raw.score.map(|score| parts(place, score, 10.0, 10.0)).transpose()?;
    let epss = raw.epss.map(|epss| {
        let share = |value| parts(place, value, 100_000.0, 1.0);
        Ok::<_, ReadError>(Epss { score: share(epss.score)?, percentile: share(epss.percentile)? })
    });
    Ok(Vulnerability {
        severity: word(place, &raw.severity, &Severity::ALL, Severity::word, "severity")?,
        score_tenths: score.and_then(|tenths| u8::try_from(tenths).ok()),
        epss: epss.transpose()?,
        published: optional_time(place, raw.published.as_deref())?,
        modified: optional_time(place, raw.modified.as_deref())?,
        id: raw.id,
        aliases: raw.aliases,
        title: raw.title,
        description: raw.description,
        severity_source: raw.severity_source,
        cvss: raw
            .cvss
            .into_iter()
            .map(|cvss| CvssVector { source: cvss.source, vector: cvss.vector })
            .collect(),
        cwes: raw.cwes,
        references: raw
            .references
            .into_iter()
            .map(|reference| Reference { kind: reference.kind, url: reference.url })
            .collect(),
        known_exploited: raw.known_exploited,
        public_exploit: raw.public_exploit,
        severities: raw
            .severities
            .into_iter()
            .map(|stated| {
                let severity = word(place, &stated.severity, &Severity::ALL, Severity::word, "severity")?;
                Ok((stated.source, severity))
            })
            .collect::<Result<_, ReadError>>()?,
    })
}
