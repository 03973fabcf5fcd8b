//! Rows from reports: images with their layers, packages, findings and files.

use std::collections::BTreeMap;

use plimsoll_types::{
    Detection, Finding, ImageMetadata, Package, PlaceKind, Report, TargetKind, TargetReport, Timestamp,
};

use crate::inspect::{configured, is_root};
use crate::tables::{FileRow, FindingRow, ImageRow, LayerRow, PackageRow, ScanResultRow, Tables};

impl Tables {
    /// Adds the targets of a report. What was held back is left out: it is no finding any more.
    pub fn add_report(&mut self, report: &Report) {
        for target in &report.targets {
            self.add_target(target, report.created);
        }
    }

    /// Adds one target that was scanned at a time.
    pub fn add_target(&mut self, target: &TargetReport, scan_time: Timestamp) {
        let of = Of {
            name: &target.name,
            id: target.image.as_ref().and_then(|image| image.id.as_ref()).map(ToString::to_string),
            scan_time,
            target,
        };
        self.images.push(of.image());
        if let Some(image) = &target.image {
            self.layers.extend(of.layers(image));
            self.users.push(configured(&image.user, &target.name, None));
        }
        self.packages.extend(target.packages.iter().map(|package| of.package(package)));
        for finding in &target.findings {
            let package = target.packages.get(finding.package);
            self.findings.push(of.vulnerability(finding, package));
            if let Some(package) = package {
                self.scan_results.push(of.result(finding, package));
            }
        }
        self.findings.extend(target.detections.iter().map(|detection| of.detection(detection)));
        self.files.extend(of.files());
    }
}

/// The target that rows are about.
struct Of<'a> {
    name: &'a str,
    id: Option<String>,
    scan_time: Timestamp,
    target: &'a TargetReport,
}

fn stated(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn number(layer: Option<u32>) -> Option<i64> {
    layer.map(i64::from)
}

fn hundredths(value: u32) -> f64 {
    f64::from(value) / 100.0
}

impl Of<'_> {
    fn image(&self) -> ImageRow {
        let target = self.target;
        let mut row = ImageRow {
            id: self.id.clone(),
            name: self.name.to_owned(),
            source: "report".to_owned(),
            kind: match target.kind {
                TargetKind::Image => "image",
                TargetKind::Filesystem => "filesystem",
            }
            .to_owned(),
            scan_time: Some(self.scan_time),
            complete: Some(target.complete()),
            scanners: target.scanners.iter().map(|scanner| scanner.word().to_owned()).collect(),
            distro: target.distro.as_ref().and_then(|distro| stated(&distro.id)),
            distro_version: target.distro.as_ref().and_then(|distro| stated(&distro.version)),
            support_ends: target.lifecycle.as_ref().and_then(|lifecycle| lifecycle.ends),
            risk: target.risk.map(hundredths),
            ..ImageRow::default()
        };
        if let Some(image) = &target.image {
            row.tags = image.tags.clone();
            row.digest = image.manifest.as_ref().map(ToString::to_string);
            row.created = image.created;
            row.os = stated(&image.platform.os);
            row.architecture = stated(&image.platform.architecture);
            row.run_as = Some(image.user.clone());
            row.runs_as_root = Some(is_root(&image.user));
            row.command = image.command.clone();
            row.exposed_ports = image.exposed_ports.clone();
            row.labels = image.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            row.layers = i64::try_from(image.layers.len()).ok();
            if let Some(base) = &image.base {
                row.base_name = stated(&base.name);
                row.base_digest = base.digest.as_ref().map(ToString::to_string);
                row.base_layers = base.layers.map(i64::from);
            }
            let size = image.layers.iter().fold(0_u64, |size, layer| size.saturating_add(layer.size));
            row.size = i64::try_from(size).ok().filter(|size| *size > 0);
        }
        row
    }

    fn layers<'a>(&'a self, image: &'a ImageMetadata) -> impl Iterator<Item = LayerRow> + 'a {
        image.layers.iter().zip(0..).map(|(layer, position)| LayerRow {
            image_name: self.name.to_owned(),
            image_id: self.id.clone(),
            position,
            diff_id: layer.diff_id.to_string(),
            digest: layer.digest.as_ref().map(ToString::to_string),
            size: i64::try_from(layer.size).ok().filter(|size| *size > 0),
            created_by: stated(&layer.created_by),
        })
    }

    fn package(&self, package: &Package) -> PackageRow {
        PackageRow {
            image_name: self.name.to_owned(),
            image_id: self.id.clone(),
            name: package.name.clone(),
            version: package.version.clone(),
            ecosystem: package.ecosystem.id.to_owned(),
            architecture: stated(&package.arch),
            purl: package.purl.to_string(),
            source_name: package.source.as_ref().and_then(|source| stated(&source.name)),
            source_version: package.source.as_ref().and_then(|source| stated(&source.version)),
            licenses: package.licenses.clone(),
            vendor: stated(&package.vendor),
            path: package.locations.first().map(|location| location.path.clone()),
            layer: package.locations.first().and_then(|location| number(location.layer)),
            exposure: package.exposure.iter().map(|exposure| exposure.word().to_owned()).collect(),
            confidence: package.confidence.word().to_owned(),
        }
    }

    fn vulnerability(&self, finding: &Finding, package: Option<&Package>) -> FindingRow {
        let vulnerability = &finding.vulnerability;
        let location = package.and_then(|package| package.locations.first());
        FindingRow {
            image_name: self.name.to_owned(),
            image_id: self.id.clone(),
            scan_time: Some(self.scan_time),
            kind: "vulnerability".to_owned(),
            scanner: plimsoll_types::Scanner::Vulnerability.word().to_owned(),
            code: vulnerability.id.clone(),
            severity: vulnerability.severity,
            confidence: finding.confidence.word().to_owned(),
            title: if vulnerability.title.is_empty() {
                vulnerability.id.clone()
            } else {
                vulnerability.title.clone()
            },
            package: package.map(|package| package.name.clone()),
            package_version: package.map(|package| package.version.clone()),
            fixed_version: finding.fixed_versions.first().cloned(),
            status: Some(finding.status.word().to_owned()),
            place_kind: Some(PlaceKind::Package.word().to_owned()),
            place: location.map(|location| location.path.clone()),
            layer: location.and_then(|location| number(location.layer)),
            cwes: vulnerability.cwes.clone(),
            risk: finding.risk.as_ref().map(|risk| hundredths(risk.score)),
            ..FindingRow::default()
        }
    }

    fn detection(&self, detection: &Detection) -> FindingRow {
        let place = &detection.place;
        let package = detection.package.and_then(|index| self.target.packages.get(index));
        FindingRow {
            image_name: self.name.to_owned(),
            image_id: self.id.clone(),
            scan_time: Some(self.scan_time),
            kind: "detection".to_owned(),
            scanner: detection.class.scanner.word().to_owned(),
            code: detection.class.code.to_owned(),
            rule: stated(&detection.rule),
            severity: detection.severity,
            confidence: detection.confidence.word().to_owned(),
            title: detection.class.title.to_owned(),
            message: stated(&detection.message),
            package: package.map(|package| package.name.clone()),
            package_version: package.map(|package| package.version.clone()),
            place_kind: Some(place.kind.word().to_owned()),
            place: stated(&place.name),
            line: number(place.line),
            resource: stated(&place.resource),
            layer: number(place.layer),
            hidden_by: number(place.hidden_by),
            cwes: detection.class.cwes.iter().map(|cwe| format!("CWE-{cwe}")).collect(),
            remedy: stated(detection.remedy()),
            ..FindingRow::default()
        }
    }

    fn result(&self, finding: &Finding, package: &Package) -> ScanResultRow {
        let vulnerability = &finding.vulnerability;
        ScanResultRow {
            image_name: self.name.to_owned(),
            image_id: self.id.clone(),
            scan_time: Some(self.scan_time),
            id: vulnerability.id.clone(),
            aliases: vulnerability.aliases.clone(),
            severity: vulnerability.severity,
            score: vulnerability.score_tenths.map(|tenths| f64::from(tenths) / 10.0),
            package: package.name.clone(),
            version: package.version.clone(),
            ecosystem: package.ecosystem.id.to_owned(),
            purl: package.purl.to_string(),
            fixed_version: finding.fixed_versions.first().cloned(),
            status: finding.status.word().to_owned(),
            title: stated(&vulnerability.title),
            published: vulnerability.published,
            known_exploited: vulnerability.known_exploited,
            public_exploit: vulnerability.public_exploit,
            epss: vulnerability.epss.map(|epss| f64::from(epss.score) / 100_000.0),
            risk: finding.risk.as_ref().map(|risk| hundredths(risk.score)),
            confidence: finding.confidence.word().to_owned(),
            path: package.locations.first().map(|location| location.path.clone()),
            layer: package.locations.first().and_then(|location| number(location.layer)),
        }
    }

    /// Every file that packages and detections name, sorted.
    fn files(&self) -> impl Iterator<Item = FileRow> {
        let mut files: BTreeMap<(&str, Option<u32>), FileRow> = BTreeMap::new();
        let places = self.target.packages.iter().flat_map(|package| {
            package.locations.iter().map(|location| (location.path.as_str(), location.layer, None, true))
        });
        let detected = self.target.detections.iter().filter(|found| found.place.kind == PlaceKind::File);
        let detected = detected
            .map(|found| (found.place.name.as_str(), found.place.layer, found.place.hidden_by, false));
        for (path, layer, hidden_by, package) in places.chain(detected) {
            let row = files.entry((path, layer)).or_insert_with(|| FileRow {
                image_name: self.name.to_owned(),
                image_id: self.id.clone(),
                path: path.to_owned(),
                layer: number(layer),
                ..FileRow::default()
            });
            row.hidden_by = row.hidden_by.or(number(hidden_by));
            let count = if package { &mut row.packages } else { &mut row.findings };
            *count = count.saturating_add(1);
        }
        files.into_values()
    }
}
