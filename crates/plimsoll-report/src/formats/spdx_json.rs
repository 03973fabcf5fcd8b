//! SPDX 2.3 (ISO/IEC 5962's successor) as JSON: packages, what contains them, and their licences.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io;

use plimsoll_types::{Digest, Distro, Package, Report, TargetKind, TargetReport};
use serde::Serialize;

use super::Format;
use crate::identity::{UniqueNames, document_uuid};
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
    pretty_json::write(&document(report)?, out)
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
    relationships: Vec<Relationship>,
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
    id: String,
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
    license_declared: String,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
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
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

fn relationship(from: &str, kind: &'static str, to: &str) -> Relationship {
    Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type: kind,
        related_spdx_element: to.to_owned(),
    }
}

fn document(report: &Report) -> Result<Document<'_>, RenderError> {
    let name = match report.targets.as_slice() {
        [target] if !target.name.is_empty() => target.name.as_str(),
        _ => "plimsoll-scan",
    };
    let mut writer = Writer::default();
    writer.ids.claim(DOCUMENT, "-");
    for target in &report.targets {
        writer.target(target)?;
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
    let uuid = document_uuid(report, FORMAT.id)?;
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
    ids: UniqueNames,
    licenses: Licenses<'a>,
    extracted: Extracted,
    packages: Vec<PackageEntry<'a>>,
    relationships: Vec<Relationship>,
}

impl<'a> Writer<'a> {
    fn target(&mut self, target: &'a TargetReport) -> Result<(), RenderError> {
        let entry = self.target_entry(target);
        let target_id = entry.id.clone();
        self.packages.push(entry);
        self.relationships.push(relationship(DOCUMENT, "DESCRIBES", &target_id));
        if let Some(distro) = &target.distro {
            let entry = self.distro_entry(distro);
            self.relationships.push(relationship(&target_id, "CONTAINS", &entry.id));
            self.packages.push(entry);
        }
        let mut advisories = advisories(target)?;
        for (index, package) in target.packages.iter().enumerate() {
            let entry = self.package_entry(target, package, advisories.remove(&index).unwrap_or_default());
            self.relationships.push(relationship(&target_id, "CONTAINS", &entry.id));
            self.packages.push(entry);
        }
        Ok(())
    }

    fn target_entry(&mut self, target: &'a TargetReport) -> PackageEntry<'a> {
        let (prefix, purpose) = match target.kind {
            TargetKind::Image => ("SPDXRef-Image", "CONTAINER"),
            TargetKind::Filesystem => ("SPDXRef-Directory", "OTHER"),
        };
        let digest: Option<&Digest> =
            target.image.as_ref().and_then(|image| image.manifest.as_ref().or(image.id.as_ref()));
        let checksum = digest.map(|digest| Checksum {
            algorithm: match digest.algorithm() {
                plimsoll_types::Algorithm::Sha256 => "SHA256",
                plimsoll_types::Algorithm::Sha512 => "SHA512",
            },
            checksum_value: digest.hex(),
        });
        PackageEntry {
            id: self.ids.claim(&format!("{prefix}-{}", idstring(&target.name, 80)), "-"),
            name: &target.name,
            version_info: digest.map(ToString::to_string).unwrap_or_default().into(),
            supplier: None,
            download_location: NOASSERTION,
            files_analyzed: false,
            checksums: checksum.into_iter().collect(),
            source_info: String::new(),
            license_concluded: NOASSERTION,
            license_declared: NOASSERTION.to_owned(),
            copyright_text: NOASSERTION,
            summary: "",
            external_refs: target.image.as_ref().and_then(image::purl).map(purl_ref).into_iter().collect(),
            primary_package_purpose: purpose,
        }
    }

    fn distro_entry(&mut self, distro: &'a Distro) -> PackageEntry<'a> {
        let id =
            format!("SPDXRef-OperatingSystem-{}-{}", idstring(&distro.id, 40), idstring(&distro.version, 40));
        PackageEntry {
            id: self.ids.claim(&id, "-"),
            name: if distro.id.is_empty() { "unknown" } else { &distro.id },
            version_info: (&distro.version).into(),
            supplier: None,
            download_location: NOASSERTION,
            files_analyzed: false,
            checksums: Vec::new(),
            source_info: String::new(),
            license_concluded: NOASSERTION,
            license_declared: NOASSERTION.to_owned(),
            copyright_text: NOASSERTION,
            summary: &distro.pretty_name,
            external_refs: Vec::new(),
            primary_package_purpose: "OPERATING_SYSTEM",
        }
    }

    fn package_entry(
        &mut self,
        target: &'a TargetReport,
        package: &'a Package,
        advisories: Vec<ExternalRef>,
    ) -> PackageEntry<'a> {
        let id = format!(
            "SPDXRef-Package-{}-{}-{}",
            idstring(package.ecosystem.id, 20),
            idstring(&package.name, 80),
            idstring(&package.version, 40)
        );
        let mut external_refs = vec![purl_ref(package.purl.clone())];
        external_refs.extend(advisories);
        let supplier = package.vendor.split_whitespace().collect::<Vec<_>>().join(" ");
        PackageEntry {
            id: self.ids.claim(&id, "-"),
            name: &package.name,
            version_info: (&package.version).into(),
            supplier: (!supplier.is_empty()).then(|| format!("Organization: {supplier}")),
            download_location: NOASSERTION,
            files_analyzed: false,
            checksums: Vec::new(),
            source_info: source_info(target, package),
            license_concluded: NOASSERTION,
            license_declared: self.declared(package),
            copyright_text: NOASSERTION,
            summary: "",
            external_refs,
            primary_package_purpose: "LIBRARY",
        }
    }

    /// One valid licence expression for what the package declares.
    fn declared(&mut self, package: &'a Package) -> String {
        let licenses = self.licenses.of_package(&package.licenses);
        if licenses.is_empty() {
            return NOASSERTION.to_owned();
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
        license::joined(texts.iter().map(String::as_str))
    }
}

/// The advisories that speak of each package, by its index.
fn advisories(target: &TargetReport) -> Result<HashMap<usize, Vec<ExternalRef>>, RenderError> {
    let mut found: HashMap<usize, Vec<ExternalRef>> = HashMap::new();
    let mut seen: HashSet<(usize, &str)> = HashSet::new();
    for finding in &target.findings {
        package_of(target, finding)?;
        let Some(url) = page(&finding.vulnerability) else { continue };
        if finding.status == plimsoll_types::Status::NotAffected
            || !seen.insert((finding.package, &finding.vulnerability.id))
        {
            continue;
        }
        found.entry(finding.package).or_default().push(ExternalRef {
            reference_category: "SECURITY",
            reference_type: "advisory",
            reference_locator: url.into_owned(),
            comment: Some(finding.vulnerability.id.clone()),
        });
    }
    Ok(found)
}

fn purl_ref(purl: plimsoll_types::PackageUrl) -> ExternalRef {
    ExternalRef {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator: purl.to_string(),
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
