//! SPDX 2.3 (ISO/IEC 5962's successor) as JSON: packages, what contains them, and their licences.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io;

use plimsoll_types::{Algorithm, Digest, Distro, Package, Report, Status, TargetKind, TargetReport};
use serde::Serialize;

use super::Format;
use crate::identity::{Purls, UniqueNames, document_uuid};
use crate::license::{self, License, Licenses};
use crate::vulnerability::page;
use crate::{RenderError, RenderOptions, image, package_of, pretty_json};

/// The register's entry.
pub(super) const FORMAT: Format = Format {
    id: "spdx-json",
    title: "SPDX 2.3 JSON",
    media: "application/spdx+json",
    aliases: &["spdx", "spdx-json-2.3"],
    render,
};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const NOASSERTION: &str = "NOASSERTION";

fn render(report: &Report, _: &RenderOptions, out: &mut dyn io::Write) -> Result<(), RenderError> {
    let purls = Purls::new(report);
    let ids = ids(report);
    pretty_json::write(&document(report, &purls, &ids)?, out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: &'a str,
    document_namespace: String,
    creation_info: CreationInfo,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<ExtractedLicense>,
    packages: Vec<PackageEntry<'a>>,
    relationships: Vec<Relationship<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationInfo {
    created: String,
    creators: [String; 1],
    license_list_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExtractedLicense {
    license_id: String,
    extracted_text: String,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageEntry<'a> {
    #[serde(rename = "SPDXID")]
    id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version_info: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<String>,
    download_location: &'static str,
    files_analyzed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum<'a>>,
    #[serde(skip_serializing_if = "String::is_empty")]
    source_info: String,
    license_concluded: &'static str,
    license_declared: Cow<'a, str>,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef<'a>>,
    primary_package_purpose: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum<'a> {
    algorithm: &'static str,
    checksum_value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef<'a> {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship<'a> {
    spdx_element_id: &'a str,
    relationship_type: &'static str,
    related_spdx_element: &'a str,
}

fn relationship<'a>(from: &'a str, kind: &'static str, to: &'a str) -> Relationship<'a> {
    Relationship { spdx_element_id: from, relationship_type: kind, related_spdx_element: to }
}

/// The identifiers of a target and of what it contains.
struct TargetIds {
    target: String,
    distro: Option<String>,
    /// By the package's index in the target.
    packages: Vec<String>,
}

fn ids(report: &Report) -> Vec<TargetIds> {
    let mut names = UniqueNames::default();
    names.claim(DOCUMENT, "-");
    let mut of_target = |target: &TargetReport| {
        let prefix = match target.kind {
            TargetKind::Image => "SPDXRef-Image",
            TargetKind::Filesystem => "SPDXRef-Directory",
        };
        let distro = |distro: &Distro| {
            format!("SPDXRef-OperatingSystem-{}-{}", idstring(&distro.id, 40), idstring(&distro.version, 40))
        };
        let package = |package: &Package| {
            format!(
                "SPDXRef-Package-{}-{}-{}",
                idstring(package.ecosystem.id, 20),
                idstring(&package.name, 80),
                idstring(&package.version, 40)
            )
        };
        TargetIds {
            target: names.claim(&format!("{prefix}-{}", idstring(&target.name, 80)), "-"),
            distro: target.distro.as_ref().map(|found| names.claim(&distro(found), "-")),
            packages: target.packages.iter().map(|found| names.claim(&package(found), "-")).collect(),
        }
    };
    report.targets.iter().map(&mut of_target).collect()
}

fn document<'a>(
    report: &'a Report,
    purls: &'a Purls,
    ids: &'a [TargetIds],
) -> Result<Document<'a>, RenderError> {
    let name = match report.targets.as_slice() {
        [target] if !target.name.is_empty() => target.name.as_str(),
        _ => "plimsoll-scan",
    };
    let mut writer = Writer::default();
    for ((target, purls), ids) in purls.with(report).zip(ids) {
        writer.target(target, purls, ids)?;
    }
    if report.targets.is_empty() {
        writer.relationships.push(relationship(DOCUMENT, "DESCRIBES", "NONE"));
    }
    let problems: usize = report.targets.iter().map(|target| target.problems.len()).sum();
    let complete = report.targets.iter().all(TargetReport::complete);
    let comment = (problems > 0).then(|| {
        let complete = if complete { "complete" } else { "not complete" };
        format!("The scan is {complete}: it met problems in {problems} places.")
    });
    let uuid = document_uuid(report, purls, FORMAT.id)?;
    Ok(Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name,
        // The namespace that the specification offers to those without a web site of their own.
        document_namespace: format!("https://spdx.org/spdxdocs/{}-{uuid}", idstring(name, 80)),
        creation_info: CreationInfo {
            created: report.created.to_string(),
            creators: [format!("Tool: plimsoll-{}", report.tool_version)],
            license_list_version: license::list_version(),
            comment,
        },
        has_extracted_licensing_infos: writer.extracted.into_entries(),
        packages: writer.packages,
        relationships: writer.relationships,
    })
}

/// `text` in the characters of SPDX identifiers (letters, digits, `.` and `-`), others replaced with `-`.
fn idstring(text: &str, limit: usize) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
    text.chars().take(limit).map(fits).collect()
}

#[derive(Default)]
struct Writer<'a> {
    licenses: Licenses<'a>,
    extracted: Extracted,
    packages: Vec<PackageEntry<'a>>,
    relationships: Vec<Relationship<'a>>,
}

impl<'a> Writer<'a> {
    fn target(
        &mut self,
        target: &'a TargetReport,
        purls: &'a [String],
        ids: &'a TargetIds,
    ) -> Result<(), RenderError> {
        self.packages.push(target_entry(target, &ids.target));
        self.relationships.push(relationship(DOCUMENT, "DESCRIBES", &ids.target));
        for (distro, id) in target.distro.iter().zip(&ids.distro) {
            self.packages.push(distro_entry(distro, id));
            self.relationships.push(relationship(&ids.target, "CONTAINS", id));
        }
        let mut advisories = advisories(target)?;
        let ids_and_purls = ids.packages.iter().zip(purls);
        for (index, (package, (id, purl))) in target.packages.iter().zip(ids_and_purls).enumerate() {
            let license_declared = self.declared(package);
            let mut external_refs = vec![purl_ref(purl.into())];
            external_refs.extend(advisories.remove(&index).unwrap_or_default());
            self.packages.push(package_entry(target, package, id, license_declared, external_refs));
            self.relationships.push(relationship(&ids.target, "CONTAINS", id));
        }
        Ok(())
    }

    /// One valid licence expression for what the package declares.
    fn declared(&mut self, package: &'a Package) -> Cow<'a, str> {
        let licenses = self.licenses.of_package(&package.licenses);
        if licenses.is_empty() {
            return Cow::Borrowed(NOASSERTION);
        }
        let mut texts = Vec::with_capacity(licenses.len());
        for license in licenses {
            match license {
                License::Id(id) => texts.push(id.to_owned()),
                License::Expression { text, references } => {
                    references.iter().for_each(|reference| self.extracted.reference(reference));
                    texts.push(text);
                }
                License::Name(name) => texts.push(self.extracted.name(&name)),
            }
        }
        license::joined(texts.iter().map(String::as_str)).into()
    }
}

/// What every package says alike, since only its metadata was read.
fn entry<'a>(id: &'a str, name: &'a str, version: Cow<'a, str>, purpose: &'static str) -> PackageEntry<'a> {
    PackageEntry {
        id,
        name,
        version_info: version,
        supplier: None,
        download_location: NOASSERTION,
        files_analyzed: false,
        checksums: Vec::new(),
        source_info: String::new(),
        license_concluded: NOASSERTION,
        license_declared: Cow::Borrowed(NOASSERTION),
        copyright_text: NOASSERTION,
        summary: "",
        external_refs: Vec::new(),
        primary_package_purpose: purpose,
    }
}

fn target_entry<'a>(target: &'a TargetReport, id: &'a str) -> PackageEntry<'a> {
    let purpose = match target.kind {
        TargetKind::Image => "CONTAINER",
        TargetKind::Filesystem => "OTHER",
    };
    let digest: Option<&Digest> =
        target.image.as_ref().and_then(|image| image.manifest.as_ref().or(image.id.as_ref()));
    let checksum = digest.map(|digest| Checksum {
        algorithm: match digest.algorithm() {
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha512 => "SHA512",
        },
        checksum_value: digest.hex(),
    });
    let version = digest.map(ToString::to_string).unwrap_or_default();
    let purl = target.image.as_ref().and_then(image::purl);
    PackageEntry {
        checksums: checksum.into_iter().collect(),
        external_refs: purl.map(|purl| purl_ref(purl.to_string().into())).into_iter().collect(),
        ..entry(id, &target.name, version.into(), purpose)
    }
}

fn distro_entry<'a>(distro: &'a Distro, id: &'a str) -> PackageEntry<'a> {
    let name = if distro.id.is_empty() { "unknown" } else { &distro.id };
    PackageEntry {
        summary: &distro.pretty_name,
        ..entry(id, name, Cow::Borrowed(&distro.version), "OPERATING_SYSTEM")
    }
}

fn package_entry<'a>(
    target: &'a TargetReport,
    package: &'a Package,
    id: &'a str,
    license_declared: Cow<'a, str>,
    external_refs: Vec<ExternalRef<'a>>,
) -> PackageEntry<'a> {
    let supplier = package.vendor.split_whitespace().collect::<Vec<_>>().join(" ");
    PackageEntry {
        supplier: (!supplier.is_empty()).then(|| format!("Organization: {supplier}")),
        source_info: source_info(target, package),
        license_declared,
        external_refs,
        ..entry(id, &package.name, Cow::Borrowed(&package.version), "LIBRARY")
    }
}

/// The advisories that speak of each package, by its index.
fn advisories(target: &TargetReport) -> Result<HashMap<usize, Vec<ExternalRef<'_>>>, RenderError> {
    let mut found: HashMap<usize, Vec<ExternalRef<'_>>> = HashMap::new();
    let mut seen: HashSet<(usize, &str)> = HashSet::new();
    for finding in &target.findings {
        package_of(target, finding)?;
        let Some(url) = page(&finding.vulnerability) else { continue };
        if finding.status == Status::NotAffected || !seen.insert((finding.package, &finding.vulnerability.id))
        {
            continue;
        }
        found.entry(finding.package).or_default().push(ExternalRef {
            reference_category: "SECURITY",
            reference_type: "advisory",
            reference_locator: url,
            comment: Some(&finding.vulnerability.id),
        });
    }
    Ok(found)
}

fn purl_ref(purl: Cow<'_, str>) -> ExternalRef<'_> {
    ExternalRef {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: purl,
        comment: None,
    }
}

/// Where the package was found and from what it was built.
fn source_info(target: &TargetReport, package: &Package) -> String {
    let mut text = String::new();
    if let Some(source) = &package.source {
        text.push_str("built from source package ");
        text.push_str(&source.name);
        if !source.version.is_empty() {
            text.push(' ');
            text.push_str(&source.version);
        }
    }
    for location in &package.locations {
        text.push_str(if text.is_empty() { "found in " } else { "; found in " });
        text.push_str(&location.path);
        let layer = location.layer.and_then(|index| usize::try_from(index).ok());
        let layer = layer.and_then(|index| target.image.as_ref()?.layers.get(index));
        if let Some(layer) = layer {
            text.push_str(" of layer ");
            text.push_str(&layer.diff_id.to_string());
        }
    }
    text
}

/// Licences that are not on the SPDX list: each gets a `LicenseRef-` identifier, which the document explains.
#[derive(Default)]
struct Extracted {
    ids: UniqueNames,
    by_name: HashMap<String, String>,
    explained: HashMap<String, (String, String)>,
}

impl Extracted {
    /// The identifier for a licence known by name or text only.
    fn name(&mut self, name: &str) -> String {
        if let Some(id) = self.by_name.get(name) {
            return id.clone();
        }
        let id = self.ids.claim(&format!("LicenseRef-{}", idstring(name, 64)), "-");
        self.by_name.insert(name.to_owned(), id.clone());
        let title: String = name.chars().take(120).collect();
        self.explained.insert(id.clone(), (title, name.to_owned()));
        id
    }

    /// Takes up an identifier that a package uses in its own expression.
    ///
    /// When another licence's name was already given that identifier, the two are one: nothing tells them apart.
    fn reference(&mut self, id: &str) {
        if self.explained.contains_key(id) {
            return;
        }
        self.ids.claim(id, "-");
        let name = id.strip_prefix("LicenseRef-").unwrap_or(id).to_owned();
        let text = format!("The package declares {id} without its text.");
        self.explained.insert(id.to_owned(), (name, text));
    }

    fn into_entries(self) -> Vec<ExtractedLicense> {
        let entry =
            |(license_id, (name, extracted_text))| ExtractedLicense { license_id, extracted_text, name };
        let mut entries: Vec<_> = self.explained.into_iter().map(entry).collect();
        entries.sort_by(|a, b| a.license_id.cmp(&b.license_id));
        entries
    }
}
