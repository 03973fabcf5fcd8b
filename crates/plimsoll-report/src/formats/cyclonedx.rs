//! CycloneDX 1.7 (ECMA-424, 2nd edition) and 1.6 as JSON: components, dependencies and vulnerabilities.
//!
//! The two versions differ only in how they name themselves: nothing is written that 1.6 does not know.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;

use plimsoll_types::{
    CvssVector, Digest, Distro, Finding, Package, PackageUrl, Report, Severity, Status, Suppressed,
    SuppressedBy, TargetKind, TargetReport, Vulnerability,
};
use serde::{Serialize, Serializer};

use super::Format;
use crate::identity::{Purls, UniqueNames, document_uuid};
use crate::license::{self, License, Licenses};
use crate::text::clean;
use crate::vulnerability::{cwe_number, is_web_address, justification, publisher};
use crate::{RenderError, RenderOptions, image, package_of, pretty_json};

/// The register's entry for the newest version.
pub(super) const FORMAT_1_7: Format = Format {
    id: "cyclonedx",
    title: "CycloneDX 1.7 JSON",
    media: "application/vnd.cyclonedx+json; version=1.7",
    aliases: &["cyclonedx-json", "cyclonedx-1.7"],
    render: |report, options, out| render("1.7", report, options, out),
};

/// The register's entry for the version that most readers know.
pub(super) const FORMAT_1_6: Format = Format {
    id: "cyclonedx-1.6",
    title: "CycloneDX 1.6 JSON",
    media: "application/vnd.cyclonedx+json; version=1.6",
    aliases: &["cyclonedx-json-1.6"],
    render: |report, options, out| render("1.6", report, options, out),
};

/// The longest version that the schema allows, in characters.
const LONGEST_VERSION: usize = 1024;

/// Identifiers of the SPDX list that CycloneDX's own copy of the list does not have yet. They are written as
/// expressions, which the schema does not hold against the list.
pub(super) const NOT_IN_CYCLONEDX_LIST: &[&str] = &[
    "BSD-2-Clause-pos-unchanged",
    "BSD-3-Clause-OpenWebUI",
    "BSD-Source-Code-no-disclaimer",
    "BSD-Source-alt-GPL",
    "BSD-ask-to-endorse",
    "Brian-Gladman-3-Clause-no-conversion",
    "Bugroff",
    "CC-BY-NC-3.0-IGO",
    "FDK-MPEG-H",
    "GFDL-1.1-invariants",
    "GFDL-1.1-no-invariants",
    "GFDL-1.2-invariants",
    "GFDL-1.2-no-invariants",
    "GFDL-1.3-invariants",
    "GFDL-1.3-no-invariants",
    "Hippocratic-3.0-core",
    "Informatica",
    "MVT-1.1",
    "atc-game",
];

fn render(
    version: &'static str,
    report: &Report,
    options: &RenderOptions,
    out: &mut dyn io::Write,
) -> Result<(), RenderError> {
    let purls = Purls::new(report);
    let references = References::new(report, &purls);
    pretty_json::write(&bom(version, report, options, &purls, &references)?, out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'a> {
    #[serde(rename = "$schema")]
    schema: String,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata<'a>,
    components: Components<'a>,
    dependencies: Vec<Dependency<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compositions: Vec<Composition<'a>>,
    vulnerabilities: Vulnerabilities<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    timestamp: String,
    tools: Tools<'a>,
    component: Component<'a>,
    properties: Vec<Property<'a>>,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: [Component<'a>; 1],
}

#[derive(Serialize, Default)]
struct Component<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "str::is_empty")]
    bom_ref: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    publisher: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    group: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: Cow<'a, str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<LicenseChoice>,
    #[serde(skip_serializing_if = "str::is_empty")]
    cpe: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<Value<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<Contents<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<Evidence<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum LicenseChoice {
    License { license: LicenseEntry },
    Expression { expression: String, acknowledgement: &'static str },
}

#[derive(Serialize)]
struct LicenseEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    acknowledgement: &'static str,
}

#[derive(Serialize)]
struct Evidence<'a> {
    occurrences: Vec<Occurrence<'a>>,
}

#[derive(Serialize)]
struct Occurrence<'a> {
    location: &'a str,
}

#[derive(Serialize)]
struct Property<'a> {
    name: &'static str,
    value: Value<'a>,
}

/// A property's value, written without a copy where the report holds it.
enum Value<'a> {
    Text(&'a str),
    Owned(String),
    Digest(&'a Digest),
    Purl(&'a PackageUrl),
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Text(text) => serializer.serialize_str(text),
            Value::Owned(text) => serializer.serialize_str(text),
            Value::Digest(digest) => serializer.collect_str(digest),
            Value::Purl(purl) => serializer.collect_str(purl),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Value::Text(text)
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Value::Owned(text)
    }
}

impl<'a> From<&'a Digest> for Value<'a> {
    fn from(digest: &'a Digest) -> Self {
        Value::Digest(digest)
    }
}

impl<'a> From<&'a PackageUrl> for Value<'a> {
    fn from(purl: &'a PackageUrl) -> Self {
        Value::Purl(purl)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'a> {
    #[serde(rename = "ref")]
    of: &'a str,
    depends_on: Vec<&'a str>,
}

#[derive(Serialize)]
struct Composition<'a> {
    aggregate: &'static str,
    assemblies: [&'a str; 1],
}

#[derive(Serialize)]
struct VulnerabilityEntry<'a> {
    #[serde(rename = "bom-ref")]
    bom_ref: &'a str,
    id: &'a str,
    source: Source<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<Alias<'a>>,
    ratings: Vec<Rating<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cwes: Vec<u32>,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    recommendation: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    advisories: Vec<AdvisoryLink<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    updated: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    analysis: Option<Analysis>,
    affects: Vec<Affect<'a>>,
    properties: Vec<Property<'a>>,
}

#[derive(Serialize)]
struct Source<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

#[derive(Serialize)]
struct Alias<'a> {
    id: &'a str,
    source: Source<'a>,
}

#[derive(Serialize)]
struct Rating<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<&'a str>,
}

#[derive(Serialize)]
struct AdvisoryLink<'a> {
    url: &'a str,
}

#[derive(Serialize, Default)]
struct Analysis {
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

#[derive(Serialize)]
struct Affect<'a> {
    #[serde(rename = "ref")]
    to: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    versions: Vec<AffectedVersion<'a>>,
}

#[derive(Serialize)]
struct AffectedVersion<'a> {
    version: &'a str,
    status: &'static str,
}

fn property<'a>(name: &'static str, value: impl Into<Value<'a>>) -> Property<'a> {
    Property { name, value: value.into() }
}

/// Adds the property unless its value is empty.
fn add_known<'a>(properties: &mut Vec<Property<'a>>, name: &'static str, value: &'a str) {
    if !value.is_empty() {
        properties.push(property(name, value));
    }
}

fn cut_version(version: &str) -> &str {
    match version.char_indices().nth(LONGEST_VERSION) {
        Some((end, _)) => version.split_at(end).0,
        None => version,
    }
}

/// The `bom-ref` of everything in a report, given out before anything is written.
struct References<'a> {
    /// The scan's own, for a report over any number of targets but one.
    scan: Option<String>,
    targets: Vec<TargetReferences<'a>>,
}

struct TargetReferences<'a> {
    target: String,
    distro: Option<String>,
    /// By the package's index in the target.
    packages: Vec<String>,
    /// The package URLs from which those are made, likewise.
    purls: &'a [String],
}

impl<'a> References<'a> {
    fn new(report: &'a Report, purls: &'a Purls) -> References<'a> {
        let mut names = UniqueNames::default();
        let scan = (report.targets.len() != 1).then(|| names.claim("scan", "#"));
        let mut of_target = |(target, purls): (&TargetReport, &'a [String])| TargetReferences {
            target: match target.image.as_ref().and_then(image::purl) {
                Some(purl) => names.claim(&purl.to_string(), "#"),
                None => names.claim(&format!("target:{}", target.name), "#"),
            },
            distro: target
                .distro
                .as_ref()
                .map(|distro| names.claim(&format!("os:{}@{}", distro.id, distro.version), "#")),
            packages: purls.iter().map(|purl| names.claim(purl, "#")).collect(),
            purls,
        };
        let targets = purls.with(report).map(&mut of_target).collect();
        References { scan, targets }
    }
}

/// What a target contains. Components are made while they are written: a report may have very many.
struct Contents<'a> {
    target: &'a TargetReport,
    references: &'a TargetReferences<'a>,
}

impl Serialize for Contents<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut licenses = Licenses::default();
        let distro = self.target.distro.iter().zip(&self.references.distro);
        let references = self.references.packages.iter().zip(self.references.purls);
        let packages = self.target.packages.iter().zip(references);
        serializer.collect_seq(distro.map(|(distro, bom_ref)| distro_component(distro, bom_ref)).chain(
            packages.map(|(package, (bom_ref, purl))| {
                package_component(self.target, package, bom_ref, purl, &mut licenses)
            }),
        ))
    }
}

/// The document's components: what the only target contains, or all targets.
#[derive(Serialize)]
#[serde(untagged)]
enum Components<'a> {
    Contents(Contents<'a>),
    Targets(Vec<Component<'a>>),
}

fn bom<'a>(
    version: &'static str,
    report: &'a Report,
    options: &RenderOptions,
    purls: &Purls,
    references: &'a References<'a>,
) -> Result<Bom<'a>, RenderError> {
    let mut dependencies = Vec::new();
    let mut compositions = Vec::new();
    if let Some(scan) = &references.scan {
        let depends_on = references.targets.iter().map(|references| references.target.as_str()).collect();
        dependencies.push(Dependency { of: scan, depends_on });
    }
    let pairs = || report.targets.iter().zip(&references.targets);
    for (target, references) in pairs() {
        add_dependencies(target, references, &mut dependencies);
        if !target.complete() {
            compositions.push(Composition { aggregate: "incomplete", assemblies: [&references.target] });
        }
    }
    let contents = |(target, references)| Contents { target, references };
    let (component, components) = match (&references.scan, pairs().next()) {
        (None, Some(only)) => {
            (target_component(only.0, &only.1.target), Components::Contents(contents(only)))
        }
        (scan, _) => {
            let targets = pairs().map(|pair| Component {
                components: Some(contents(pair)),
                ..target_component(pair.0, &pair.1.target)
            });
            let scan = Component {
                kind: "application",
                bom_ref: scan.as_deref().unwrap_or_default(),
                name: "plimsoll-scan",
                ..Component::default()
            };
            (scan, Components::Targets(targets.collect()))
        }
    };

    let mut properties = vec![property("plimsoll:database", report.database.name.as_str())];
    add_known(&mut properties, "plimsoll:database:digest", &report.database.digest);
    if let Some(built) = report.database.built {
        properties.push(property("plimsoll:database:built", built.to_string()));
    }
    Ok(Bom {
        schema: format!("http://cyclonedx.org/schema/bom-{version}.schema.json"),
        bom_format: "CycloneDX",
        spec_version: version,
        serial_number: document_uuid(report, purls, version)?.urn().to_string(),
        version: 1,
        metadata: Metadata {
            timestamp: report.created.to_string(),
            tools: Tools {
                components: [Component {
                    kind: "application",
                    name: "plimsoll",
                    version: cut_version(&report.tool_version).into(),
                    ..Component::default()
                }],
            },
            component,
            properties,
        },
        components,
        dependencies,
        compositions,
        vulnerabilities: Vulnerabilities::new(report, options.show_suppressed, references)?,
    })
}

/// The target leads to its distribution and language packages, the distribution to its own packages.
fn add_dependencies<'a>(
    target: &TargetReport,
    references: &'a TargetReferences<'a>,
    dependencies: &mut Vec<Dependency<'a>>,
) {
    let distro = references.distro.as_deref();
    let (mut of_target, mut of_distro) = (Vec::from_iter(distro), Vec::new());
    for (package, bom_ref) in target.packages.iter().zip(&references.packages) {
        let owner = if package.ecosystem.os && distro.is_some() { &mut of_distro } else { &mut of_target };
        owner.push(bom_ref.as_str());
    }
    dependencies.push(Dependency { of: &references.target, depends_on: of_target });
    dependencies.extend(distro.map(|of| Dependency { of, depends_on: of_distro }));
}

fn target_component<'a>(target: &'a TargetReport, bom_ref: &'a str) -> Component<'a> {
    let mut properties = Vec::new();
    let mut purl = None;
    let mut version = String::new();
    if let Some(image) = &target.image {
        purl = image::purl(image).map(|purl| Value::Owned(purl.to_string()));
        version = image.manifest.as_ref().or(image.id.as_ref()).map(ToString::to_string).unwrap_or_default();
        if let Some(id) = &image.id {
            properties.push(property("plimsoll:image_id", id));
        }
        if let Some(manifest) = &image.manifest {
            properties.push(property("plimsoll:manifest", manifest));
        }
        properties.push(property("plimsoll:platform", image.platform.to_string()));
        properties.extend(image.tags.iter().map(|tag| property("plimsoll:tag", tag.as_str())));
        for (name, value) in &image.labels {
            properties.push(property("plimsoll:label", format!("{name}={value}")));
        }
        for layer in &image.layers {
            properties.push(property("plimsoll:layer:diff_id", &layer.diff_id));
        }
    }
    properties.push(property("plimsoll:complete", if target.complete() { "true" } else { "false" }));
    for problem in &target.problems {
        let subject = if problem.path.is_empty() { problem.code.title() } else { &problem.path };
        let value = format!("{} {subject}: {}", problem.code.code(), problem.message);
        properties.push(property("plimsoll:problem", value));
    }
    Component {
        kind: match target.kind {
            TargetKind::Image => "container",
            TargetKind::Filesystem => "application",
        },
        bom_ref,
        name: &target.name,
        version: version.into(),
        purl,
        properties,
        ..Component::default()
    }
}

fn distro_component<'a>(distro: &'a Distro, bom_ref: &'a str) -> Component<'a> {
    let mut properties = Vec::new();
    add_known(&mut properties, "plimsoll:codename", &distro.codename);
    add_known(&mut properties, "plimsoll:variant", &distro.variant);
    Component {
        kind: "operating-system",
        bom_ref,
        name: if distro.id.is_empty() { "unknown" } else { &distro.id },
        version: cut_version(&distro.version).into(),
        description: if distro.pretty_name.is_empty() { &distro.name } else { &distro.pretty_name },
        cpe: if is_cpe(&distro.cpe) { &distro.cpe } else { "" },
        properties,
        ..Component::default()
    }
}

/// True for names in one of the two bindings of CPE, without the escapes that no distribution uses.
fn is_cpe(cpe: &str) -> bool {
    let plain = |field: &str| {
        field.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    if let Some(rest) = cpe.strip_prefix("cpe:2.3:") {
        let fields: Vec<&str> = rest.split(':').collect();
        return fields.len() == 11
            && fields.first().is_some_and(|part| matches!(*part, "a" | "o" | "h"))
            && fields.iter().enumerate().all(|(i, field)| match i {
                6 => matches!(*field, "*" | "-") || matches!(field.len(), 2 | 3) && plain(field),
                _ => *field == "*" || !field.is_empty() && plain(field),
            });
    }
    let Some(rest) = cpe.strip_prefix("cpe:/") else { return false };
    let mut fields = rest.split(':');
    fields.next().is_some_and(|part| matches!(part, "a" | "o" | "h"))
        && rest.split(':').count() <= 7
        && fields.all(|field| field.bytes().all(|byte| matches!(byte, b'~' | b'%')) || plain(field))
}

/// The group and name of a package: what its package URL holds apart, in the package's own spelling.
fn group_and_name(package: &Package) -> (&str, &str) {
    let namespace = &package.purl.namespace;
    let apart = || {
        let (group, rest) = package.name.split_at_checked(namespace.len())?;
        let name = rest.strip_prefix(['/', ':'])?;
        (!name.is_empty() && group.eq_ignore_ascii_case(namespace)).then_some((group, name))
    };
    if package.ecosystem.os || namespace.is_empty() { None } else { apart() }.unwrap_or(("", &package.name))
}

fn package_component<'a>(
    target: &'a TargetReport,
    package: &'a Package,
    bom_ref: &'a str,
    purl: &'a str,
    licenses: &mut Licenses<'a>,
) -> Component<'a> {
    let (group, name) = group_and_name(package);
    let mut properties = Vec::new();
    add_known(&mut properties, "plimsoll:found_by", &package.found_by);
    add_known(&mut properties, "plimsoll:arch", &package.arch);
    add_known(&mut properties, "plimsoll:modularity", &package.modularity);
    if let Some(source) = &package.source {
        add_known(&mut properties, "plimsoll:source:name", &source.name);
        add_known(&mut properties, "plimsoll:source:version", &source.version);
    }
    let layers: BTreeSet<u32> = package.locations.iter().filter_map(|location| location.layer).collect();
    for index in layers {
        let layer = target.image.as_ref().zip(usize::try_from(index).ok());
        let Some(layer) = layer.and_then(|(image, index)| image.layers.get(index)) else { continue };
        if let Some(digest) = &layer.digest {
            properties.push(property("plimsoll:layer:digest", digest));
        }
        properties.push(property("plimsoll:layer:diff_id", &layer.diff_id));
    }
    properties.extend(package.contains.iter().map(|purl| property("plimsoll:contains", purl)));
    let occurrences: Vec<_> =
        package.locations.iter().map(|location| Occurrence { location: &location.path }).collect();
    Component {
        kind: "library",
        bom_ref,
        publisher: &package.vendor,
        group,
        name,
        version: cut_version(&package.version).into(),
        licenses: license_choices(licenses.of_package(&package.licenses)),
        purl: Some(purl.into()),
        evidence: (!occurrences.is_empty()).then_some(Evidence { occurrences }),
        properties,
        ..Component::default()
    }
}

/// Licences as the schema of 1.6 wants them: either a list of identifiers and names, or one expression.
fn license_choices(licenses: Vec<License>) -> Vec<LicenseChoice> {
    const ACKNOWLEDGEMENT: &str = "declared";
    let expression = |license: &License| match license {
        License::Id(id) => NOT_IN_CYCLONEDX_LIST.contains(id),
        License::Expression { .. } => true,
        License::Name(_) => false,
    };
    let named = |license: &License| matches!(license, License::Name(_));
    if licenses.iter().any(expression) && !licenses.iter().any(named) {
        let texts = licenses.iter().filter_map(|license| match license {
            License::Id(id) => Some(*id),
            License::Expression { text, .. } => Some(text.as_str()),
            License::Name(_) => None,
        });
        let expression = license::joined(texts);
        return vec![LicenseChoice::Expression { expression, acknowledgement: ACKNOWLEDGEMENT }];
    }
    let entry = |license| {
        let (id, name) = match license {
            License::Id(id) if NOT_IN_CYCLONEDX_LIST.contains(&id) => (None, Some(id.to_owned())),
            License::Id(id) => (Some(id), None),
            License::Expression { text, .. } => (None, Some(text)),
            License::Name(name) => (None, Some(name)),
        };
        LicenseChoice::License { license: LicenseEntry { id, name, acknowledgement: ACKNOWLEDGEMENT } }
    };
    licenses.into_iter().map(entry).collect()
}

/// Findings that say the same of a vulnerability, over all packages and targets.
struct Group<'a> {
    bom_ref: String,
    first: &'a Finding,
    /// What held the findings back.
    held: Option<&'a Suppressed>,
    /// Each package once.
    affects: Vec<(&'a Finding, &'a Package, &'a str)>,
}

/// The vulnerabilities of a report; entries are made while they are written.
struct Vulnerabilities<'a>(Vec<Group<'a>>);

impl<'a> Vulnerabilities<'a> {
    fn new(
        report: &'a Report,
        show_suppressed: bool,
        references: &'a References<'a>,
    ) -> Result<Vulnerabilities<'a>, RenderError> {
        // No other bom-ref starts as these do.
        let mut names = UniqueNames::default();
        let mut groups: Vec<Group<'a>> = Vec::new();
        // The key is fine enough that the groups under one differ at most in what sources say of different releases.
        type Key<'a> = (&'a str, Severity, &'a str, Status, Option<(SuppressedBy, &'a str, &'a str)>);
        let mut by_key: HashMap<Key<'_>, Vec<usize>> = HashMap::new();
        let mut seen: HashSet<(usize, usize, usize)> = HashSet::new();
        for (number, (target, references)) in report.targets.iter().zip(&references.targets).enumerate() {
            let shown = target.findings.iter().map(|finding| (finding, None));
            let held = target.suppressed.iter().filter(|_| show_suppressed);
            for (finding, held) in shown.chain(held.map(|held| (&held.finding, Some(held)))) {
                let package = package_of(target, finding)?;
                let Some(bom_ref) = references.packages.get(finding.package) else { continue };
                let vulnerability = &finding.vulnerability;
                let key = (
                    vulnerability.id.as_str(),
                    vulnerability.severity,
                    vulnerability.severity_source.as_str(),
                    finding.status,
                    held.map(|held| (held.by, held.origin.as_str(), held.reason.as_str())),
                );
                let candidates = by_key.entry(key).or_default();
                let same = |index: &&usize| {
                    groups.get(**index).is_some_and(|group| group.first.vulnerability == *vulnerability)
                };
                let index = match candidates.iter().find(same) {
                    Some(index) => *index,
                    None => {
                        candidates.push(groups.len());
                        let bom_ref = names.claim(&format!("vulnerability:{}", vulnerability.id), "#");
                        groups.push(Group { bom_ref, first: finding, held, affects: Vec::new() });
                        groups.len() - 1
                    }
                };
                if let Some(group) = groups.get_mut(index)
                    && seen.insert((index, number, finding.package))
                {
                    group.affects.push((finding, package, bom_ref));
                }
            }
        }
        Ok(Vulnerabilities(groups))
    }
}

impl Serialize for Vulnerabilities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(vulnerability_entry))
    }
}

fn affect<'a>((finding, package, bom_ref): &(&'a Finding, &'a Package, &'a str)) -> Affect<'a> {
    let status = match finding.status {
        Status::NotAffected => "unaffected",
        Status::UnderInvestigation => "unknown",
        Status::Affected | Status::Fixed | Status::WillNotFix | Status::FixDeferred | Status::EndOfLife => {
            "affected"
        }
    };
    let installed = Some(package.version.as_str()).filter(|version| !version.is_empty());
    let fixed = finding.fixed_versions.iter().map(|version| (version.as_str(), "unaffected"));
    let versions = installed.map(|version| (version, status)).into_iter().chain(fixed);
    Affect {
        to: bom_ref,
        versions: versions
            .map(|(version, status)| AffectedVersion { version: cut_version(version), status })
            .collect(),
    }
}

fn vulnerability_entry<'a>(group: &'a Group<'a>) -> VulnerabilityEntry<'a> {
    let finding = group.first;
    let vulnerability = &finding.vulnerability;
    let source = match publisher(&vulnerability.id) {
        Some((name, url)) => Source { name, url: Some(url) },
        None => Source { name: finding.reasons.first().map_or("", |reason| &reason.source), url: None },
    };
    let references = vulnerability.aliases.iter().map(|id| {
        let source = match publisher(id) {
            Some((name, url)) => Source { name, url: Some(url) },
            None => Source { name: id.split_once('-').map_or(id.as_str(), |(prefix, _)| prefix), url: None },
        };
        Alias { id, source }
    });
    let mut links: Vec<&str> = Vec::new();
    for reference in &vulnerability.references {
        // Few enough for the plain search; past that many, a doubled link does no harm.
        if is_web_address(&reference.url) && (links.len() > 64 || !links.contains(&reference.url.as_str())) {
            links.push(&reference.url);
        }
    }
    let mut recommendations = BTreeSet::new();
    let mut advisories = BTreeSet::new();
    for (finding, package, _) in &group.affects {
        if !finding.fixed_versions.is_empty() && finding.status != Status::NotAffected {
            let versions = finding.fixed_versions.join(" or ");
            recommendations.insert(format!("Upgrade {} to {versions}", package.name));
        }
        advisories
            .extend(finding.reasons.iter().map(|reason| (reason.advisory.as_str(), reason.source.as_str())));
    }
    let mut properties = vec![property("plimsoll:status", finding.status.word())];
    if vulnerability.known_exploited {
        properties.push(property("plimsoll:known_exploited", "true"));
    }
    if let Some(epss) = vulnerability.epss {
        let score = format!("{}.{:05}", epss.score / 100_000, epss.score % 100_000);
        properties.push(property("plimsoll:epss", score));
    }
    let risks = group.affects.iter().filter_map(|(finding, ..)| finding.risk.as_ref());
    if let Some(risk) = risks.map(|risk| risk.score).max() {
        properties.push(property("plimsoll:risk", format!("{}.{:02}", risk / 100, risk % 100)));
    }
    if let Some(held) = group.held {
        properties.push(property("plimsoll:suppressed_by", held.by.word()));
    }
    let advisory = |(advisory, source)| property("plimsoll:advisory", format!("{advisory} ({source})"));
    properties.extend(advisories.into_iter().map(advisory));
    let description = Some(&vulnerability.description).filter(|text| !text.is_empty());
    VulnerabilityEntry {
        bom_ref: &group.bom_ref,
        id: &vulnerability.id,
        source,
        references: references.collect(),
        ratings: ratings(vulnerability),
        cwes: vulnerability.cwes.iter().filter_map(|cwe| cwe_number(cwe)).collect(),
        description: description.unwrap_or(&vulnerability.title),
        recommendation: Vec::from_iter(recommendations).join("; "),
        advisories: links.into_iter().map(|url| AdvisoryLink { url }).collect(),
        published: vulnerability.published.map(|time| time.to_string()),
        updated: vulnerability.modified.map(|time| time.to_string()),
        analysis: match group.held {
            Some(held) => Some(held_back(held)),
            None => analysis(finding.status),
        },
        affects: group.affects.iter().map(affect).collect(),
        properties,
    }
}

fn analysis(status: Status) -> Option<Analysis> {
    match status {
        Status::NotAffected => Some(Analysis { state: Some("not_affected"), ..Analysis::default() }),
        Status::UnderInvestigation => Some(Analysis { state: Some("in_triage"), ..Analysis::default() }),
        Status::WillNotFix => Some(Analysis { response: Some(["will_not_fix"]), ..Analysis::default() }),
        Status::Affected | Status::Fixed | Status::FixDeferred | Status::EndOfLife => None,
    }
}

/// The analysis that holds findings back. A waiver says that a risk is taken, not that there is none.
fn held_back(held: &Suppressed) -> Analysis {
    let (state, response) = match held.by {
        SuppressedBy::Waiver | SuppressedBy::Policy => ("exploitable", Some(["will_not_fix"])),
        SuppressedBy::VexNotAffected | SuppressedBy::AdvisoryNotAffected | SuppressedBy::NotApplicable => {
            ("not_affected", None)
        }
        SuppressedBy::VexFixed => ("resolved", None),
        // Nobody has looked at it.
        SuppressedBy::ThirdParty => ("in_triage", None),
    };
    // CycloneDX has words of its own for what VEX says.
    let justification = match justification(&held.reason).0 {
        "component_not_present" | "vulnerable_code_not_present" => Some("code_not_present"),
        "vulnerable_code_not_in_execute_path" => Some("code_not_reachable"),
        "inline_mitigations_already_exist" => Some("protected_by_mitigating_control"),
        _ => None,
    };
    let (origin, reason) = (clean(&held.origin), clean(&held.reason));
    let detail = if reason.is_empty() { origin.into_owned() } else { format!("{origin}: {reason}") };
    Analysis {
        state: Some(state),
        justification: justification.filter(|_| state == "not_affected"),
        response,
        detail: Some(detail),
    }
}

/// One rating for the chosen severity, then one per further CVSS vector.
///
/// The score belongs to the severity's source. It is put beside that source's vector only where there is just one,
/// since with several nothing says which of them gave the score.
fn ratings(vulnerability: &Vulnerability) -> Vec<Rating<'_>> {
    let own = |cvss: &&CvssVector| {
        !vulnerability.severity_source.is_empty() && cvss.source == vulnerability.severity_source
    };
    let mut candidates = vulnerability.cvss.iter().filter(own);
    let deciding = match (candidates.next(), candidates.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    };
    let mut ratings = vec![Rating {
        source: named(&vulnerability.severity_source),
        score: vulnerability.score_tenths.map(|tenths| f64::from(tenths) / 10.0),
        severity: Some(match vulnerability.severity {
            Severity::Negligible => "info",
            severity => severity.word(),
        }),
        method: deciding.map(|cvss| method(&cvss.vector)),
        vector: deciding.map(|cvss| cvss.vector.as_str()),
    }];
    for cvss in &vulnerability.cvss {
        if deciding != Some(cvss) {
            ratings.push(Rating {
                source: named(&cvss.source),
                score: None,
                severity: None,
                method: Some(method(&cvss.vector)),
                vector: Some(&cvss.vector),
            });
        }
    }
    ratings
}

fn named(name: &str) -> Option<Source<'_>> {
    (!name.is_empty()).then_some(Source { name, url: None })
}

fn method(vector: &str) -> &'static str {
    match vector.split_once('/') {
        Some(("CVSS:4.0", _)) => "CVSSv4",
        Some(("CVSS:3.1", _)) => "CVSSv31",
        Some(("CVSS:3.0", _)) => "CVSSv3",
        Some((first, _)) if first.starts_with("AV:") => "CVSSv2",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpe_names_are_checked() {
        for good in [
            "cpe:/o:redhat:enterprise_linux:8::baseos",
            "cpe:/o:rocky:rocky:9::baseos",
            "cpe:2.3:o:amazon:amazon_linux:2023:*:*:*:*:*:*:*",
            "cpe:/o:centos:centos:7",
        ] {
            assert!(is_cpe(good), "{good}");
        }
        for bad in ["", "cpe:/", "cpe:/x:a", "cpe:2.3:o:a", "cpe:/o:a b", "cpe:/o:a:b:c:d:e:f:g"] {
            assert!(!is_cpe(bad), "{bad}");
        }
    }

    #[test]
    fn methods_come_from_the_vector() {
        assert_eq!(method("CVSS:3.1/AV:N/AC:L"), "CVSSv31");
        assert_eq!(method("CVSS:4.0/AV:N"), "CVSSv4");
        assert_eq!(method("AV:N/AC:L/Au:N/C:P/I:P/A:P"), "CVSSv2");
        assert_eq!(method("high"), "other");
    }

    #[test]
    fn long_versions_are_cut_to_what_the_schema_allows() {
        assert_eq!(cut_version(&"é".repeat(2000)).chars().count(), LONGEST_VERSION);
        assert_eq!(cut_version("1.0"), "1.0");
    }
}
