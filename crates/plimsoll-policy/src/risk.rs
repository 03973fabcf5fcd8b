//! The risk of findings and images: `CVSS × Exploitability / PatchAvailability + ExposureFactor`, in hundredths.
//! `docs/risk.md` defines the factors, their ranges and the reasons for them.

use std::fmt;

use plimsoll_types::{Exposure, Finding, Package, Risk, Severity, Status, TargetReport, Timestamp};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

/// A number with two decimals, as configuration files write it and [`Risk`] holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Hundredths(pub u32);

impl fmt::Display for Hundredths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Hundredths {
    /// The nearest one to `value`; `None` outside 0 to 1000.
    pub fn from_f64(value: f64) -> Option<Hundredths> {
        // The range makes the conversion exact; NaN is in no range.
        (0.0..=1000.0).contains(&value).then(|| Hundredths((value * 100.0).round() as u32))
    }
}

impl<'de> Deserialize<'de> for Hundredths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hundredths, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Hundredths;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 1000")
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Hundredths, E> {
                Hundredths::from_f64(value).ok_or_else(|| E::custom("expected a number from 0 to 1000"))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Hundredths, E> {
                let value = u32::try_from(value).ok().filter(|value| *value <= 1000);
                value
                    .map(|value| Hundredths(value * 100))
                    .ok_or_else(|| E::custom("expected a number from 0 to 1000"))
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Hundredths, E> {
                let value =
                    u64::try_from(value).map_err(|_| E::custom("expected a number from 0 to 1000"))?;
                self.visit_u64(value)
            }
        }
        deserializer.deserialize_f64(Number).map_err(D::Error::custom)
    }
}

/// The constants of the formula. A policy may change each of them; [`RiskModel::check`] holds what they must keep to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RiskModel {
    /// What stands in for a CVSS base score where no source gives a vector.
    pub severity_scores: SeverityScores,
    /// How likely exploitation is.
    pub exploitability: Exploitability,
    /// How much the state of the fix divides the risk by.
    pub patch_availability: PatchAvailability,
    /// What the image adds.
    pub exposure: ExposureModel,
    /// How findings add up to an image's risk.
    pub image: ImageModel,
}

/// CVSS base scores that stand in for severity words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct SeverityScores {
    /// For "critical".
    pub critical: Hundredths,
    /// For "high".
    pub high: Hundredths,
    /// For "medium".
    pub medium: Hundredths,
    /// For "low".
    pub low: Hundredths,
    /// For "negligible".
    pub negligible: Hundredths,
    /// Where no source says how bad it is.
    pub unknown: Hundredths,
}

impl Default for SeverityScores {
    fn default() -> SeverityScores {
        SeverityScores {
            critical: Hundredths(950),
            high: Hundredths(800),
            medium: Hundredths(550),
            low: Hundredths(200),
            negligible: Hundredths(10),
            unknown: Hundredths(400),
        }
    }
}

impl SeverityScores {
    fn of(&self, severity: Severity) -> Hundredths {
        match severity {
            Severity::Critical => self.critical,
            Severity::High => self.high,
            Severity::Medium => self.medium,
            Severity::Low => self.low,
            Severity::Negligible => self.negligible,
            Severity::Unknown => self.unknown,
        }
    }
}

/// The factor "Exploitability".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Exploitability {
    /// A source says that it is being exploited (CISA KEV).
    pub known_exploited: Hundredths,
    /// A public exploit exists: at least this.
    pub public_exploit: Hundredths,
    /// Nothing is known.
    pub unknown: Hundredths,
    /// An EPSS probability of 0.
    pub epss_floor: Hundredths,
    /// What an EPSS probability of 1 adds to `epss_floor`; others add their square root's share.
    pub epss_span: Hundredths,
}

impl Default for Exploitability {
    fn default() -> Exploitability {
        Exploitability {
            known_exploited: Hundredths(100),
            public_exploit: Hundredths(70),
            unknown: Hundredths(40),
            epss_floor: Hundredths(20),
            epss_span: Hundredths(75),
        }
    }
}

/// The factor "PatchAvailability", by which the risk is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PatchAvailability {
    /// A fixed version is there to be installed.
    pub fixed: Hundredths,
    /// A fixed version is there for those with a subscription.
    pub subscription: Hundredths,
    /// The vendor has promised a fix for later.
    pub deferred: Hundredths,
    /// No fix is known.
    pub none: Hundredths,
    /// The vendor will not fix it.
    pub will_not_fix: Hundredths,
    /// The release gets no fixes any more.
    pub end_of_life: Hundredths,
}

impl Default for PatchAvailability {
    fn default() -> PatchAvailability {
        PatchAvailability {
            fixed: Hundredths(150),
            subscription: Hundredths(120),
            deferred: Hundredths(105),
            none: Hundredths(100),
            will_not_fix: Hundredths(95),
            end_of_life: Hundredths(80),
        }
    }
}

/// The summand "ExposureFactor".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ExposureModel {
    /// The package is, or brings, the program that the image starts.
    pub entry_point: Hundredths,
    /// The program that the image starts needs the package.
    pub entry_closure: Hundredths,
    /// The package owns a set-uid or set-gid file.
    pub set_uid: Hundredths,
    /// The image runs as root.
    pub root: Hundredths,
    /// The image listens on ports.
    pub ports: Hundredths,
    /// The image listens on ports and the vulnerability is attacked over the network (CVSS `AV:N`).
    pub network: Hundredths,
    /// The most that they add together.
    pub limit: Hundredths,
}

impl Default for ExposureModel {
    fn default() -> ExposureModel {
        ExposureModel {
            entry_point: Hundredths(75),
            entry_closure: Hundredths(50),
            set_uid: Hundredths(50),
            root: Hundredths(25),
            ports: Hundredths(25),
            network: Hundredths(25),
            limit: Hundredths(200),
        }
    }
}

/// How an image's risk follows from its findings: the worst one, and a bounded share of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ImageModel {
    /// The share of every finding but the worst.
    pub tail_share: Hundredths,
    /// The most that the others add together.
    pub tail_limit: Hundredths,
}

impl Default for ImageModel {
    fn default() -> ImageModel {
        ImageModel { tail_share: Hundredths(2), tail_limit: Hundredths(300) }
    }
}

/// A constant of the model that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("risk.{key} is {value}: {reason}")]
pub struct RiskModelError {
    /// Which one, as configuration files name it.
    pub key: &'static str,
    /// What it is.
    pub value: Hundredths,
    /// What it must be.
    pub reason: &'static str,
}

impl RiskModel {
    /// Checks the ranges, and that the order of the words keeps its sense.
    ///
    /// # Errors
    ///
    /// For the first constant that cannot be used.
    pub fn check(&self) -> Result<(), RiskModelError> {
        let at_most = |key, value: Hundredths, limit: u32, reason| {
            if value.0 <= limit { Ok(()) } else { Err(RiskModelError { key, value, reason }) }
        };
        let descending = |rows: &[(&'static str, Hundredths)], reason| match rows
            .windows(2)
            .find(|pair| pair[0].1 < pair[1].1)
        {
            Some(pair) => Err(RiskModelError { key: pair[1].0, value: pair[1].1, reason }),
            None => Ok(()),
        };
        let scores = &self.severity_scores;
        let words = [
            ("severityScores.critical", scores.critical),
            ("severityScores.high", scores.high),
            ("severityScores.medium", scores.medium),
            ("severityScores.low", scores.low),
            ("severityScores.negligible", scores.negligible),
        ];
        for (key, value) in words.into_iter().chain([("severityScores.unknown", scores.unknown)]) {
            at_most(key, value, 1000, "a CVSS score is from 0 to 10")?;
        }
        descending(&words, "a lesser severity has no higher score than a worse one")?;

        let exploit = &self.exploitability;
        let epss_ceiling = Hundredths(exploit.epss_floor.0.saturating_add(exploit.epss_span.0));
        for (key, value) in [
            ("exploitability.knownExploited", exploit.known_exploited),
            ("exploitability.publicExploit", exploit.public_exploit),
            ("exploitability.unknown", exploit.unknown),
            ("exploitability.epssFloor", exploit.epss_floor),
            ("exploitability.epssSpan", exploit.epss_span),
        ] {
            at_most(key, value, 1000, "the factor is from 0 to 10")?;
        }
        for (key, value) in [
            ("exploitability.publicExploit", exploit.public_exploit),
            ("exploitability.unknown", exploit.unknown),
            ("exploitability.epssSpan", epss_ceiling),
        ] {
            let reason = "nothing is above exploitability.knownExploited";
            at_most(key, value, exploit.known_exploited.0, reason)?;
        }

        let patch = &self.patch_availability;
        let states = [
            ("patchAvailability.fixed", patch.fixed),
            ("patchAvailability.subscription", patch.subscription),
            ("patchAvailability.deferred", patch.deferred),
            ("patchAvailability.none", patch.none),
            ("patchAvailability.willNotFix", patch.will_not_fix),
            ("patchAvailability.endOfLife", patch.end_of_life),
        ];
        for (key, value) in states {
            if !(10..=1000).contains(&value.0) {
                let reason = "the risk is divided by it: it is from 0.1 to 10";
                return Err(RiskModelError { key, value, reason });
            }
        }
        descending(&states, "the further away a fix is, the less it divides the risk by")?;

        let exposure = &self.exposure;
        for (key, value) in [
            ("exposure.entryPoint", exposure.entry_point),
            ("exposure.entryClosure", exposure.entry_closure),
            ("exposure.setUid", exposure.set_uid),
            ("exposure.root", exposure.root),
            ("exposure.ports", exposure.ports),
            ("exposure.network", exposure.network),
            ("exposure.limit", exposure.limit),
        ] {
            at_most(key, value, 1000, "what is added is from 0 to 10")?;
        }
        at_most("image.tailShare", self.image.tail_share, 100, "a share is from 0 to 1")?;
        at_most("image.tailLimit", self.image.tail_limit, 1000, "what is added is from 0 to 10")
    }

    /// Computes the risk of every finding of `target`, those held back included.
    pub fn apply(&self, target: &mut TargetReport, now: Timestamp) {
        let view = ImageView::of(target, now);
        let packages = &target.packages;
        let held = target.suppressed.iter_mut().map(|suppressed| &mut suppressed.finding);
        for finding in target.findings.iter_mut().chain(held) {
            finding.risk = Some(self.risk(finding, packages.get(finding.package), &view));
        }
    }

    /// The risk of an image: its worst finding, and a share of the others up to a limit. An image without findings has
    /// none.
    pub fn image_risk<'a>(&self, findings: impl IntoIterator<Item = &'a Finding>) -> u32 {
        let (mut worst, mut total) = (0u32, 0u64);
        for risk in findings.into_iter().filter_map(|finding| finding.risk.as_ref()) {
            worst = worst.max(risk.score);
            total += u64::from(risk.score);
        }
        let others = total - u64::from(worst);
        let tail =
            (others * u64::from(self.image.tail_share.0) / 100).min(u64::from(self.image.tail_limit.0));
        worst.saturating_add(u32::try_from(tail).unwrap_or(u32::MAX))
    }

    fn risk(&self, finding: &Finding, package: Option<&Package>, image: &ImageView) -> Risk {
        if finding.status == Status::NotAffected {
            let reasons = vec!["the package is not affected".to_owned()];
            return Risk { patch_availability: self.patch_availability.none.0, reasons, ..Risk::default() };
        }
        let (cvss, why_cvss) = self.cvss(finding);
        let (exploitability, why_exploitability) = self.exploitability(finding);
        let (patch, why_patch) = self.patch(finding, package, image);
        let (exposure, why_exposure) = self.exposure(finding, package, image);
        // A model that was not checked may hold a zero here.
        let divisor = u64::from(patch.0.max(1));
        let base = (u64::from(cvss.0) * u64::from(exploitability.0) + divisor / 2) / divisor;
        let score = u32::try_from(base).unwrap_or(u32::MAX).saturating_add(exposure.0);
        Risk {
            score,
            cvss: cvss.0,
            exploitability: exploitability.0,
            patch_availability: patch.0.max(1),
            exposure: exposure.0,
            reasons: vec![
                format!("CVSS {cvss}: {why_cvss}"),
                format!("exploitability {exploitability}: {why_exploitability}"),
                format!("patch availability {patch}: {why_patch}"),
                format!("exposure {exposure}: {why_exposure}"),
            ],
        }
    }

    fn cvss(&self, finding: &Finding) -> (Hundredths, String) {
        let vulnerability = &finding.vulnerability;
        match vulnerability.score_tenths {
            Some(tenths) if vulnerability.severity_source.is_empty() => {
                (Hundredths(u32::from(tenths) * 10), "the base score".to_owned())
            }
            Some(tenths) => (
                Hundredths(u32::from(tenths) * 10),
                format!("the base score of {}", vulnerability.severity_source),
            ),
            None => {
                let severity = vulnerability.severity;
                (self.severity_scores.of(severity), format!("stands in for the severity {severity}"))
            }
        }
    }

    fn exploitability(&self, finding: &Finding) -> (Hundredths, String) {
        let (model, vulnerability) = (&self.exploitability, &finding.vulnerability);
        if vulnerability.known_exploited {
            return (model.known_exploited, "known to be exploited".to_owned());
        }
        let (mut factor, mut why) = match vulnerability.epss {
            Some(epss) => {
                // The square root of the probability, in hundredths.
                let root = (epss.score.min(100_000) / 10).isqrt();
                let factor = model.epss_floor.0 + (model.epss_span.0 * root + 50) / 100;
                let percent = Hundredths(epss.score / 10);
                (Hundredths(factor), format!("EPSS {percent} %"))
            }
            None => (model.unknown, "nothing is known of exploitation".to_owned()),
        };
        if vulnerability.public_exploit && model.public_exploit >= factor {
            (factor, why) = (model.public_exploit, "an exploit is public".to_owned());
        }
        (factor, why)
    }

    fn patch(&self, finding: &Finding, package: Option<&Package>, image: &ImageView) -> (Hundredths, String) {
        let model = &self.patch_availability;
        let fixed = finding.fixed_versions.first();
        let subscription = finding.reasons.first().is_some_and(|reason| reason.note.contains("subscription"));
        match (finding.status, fixed) {
            (_, Some(version)) if subscription => {
                (model.subscription, format!("fixed in {version}, which needs a subscription"))
            }
            (_, Some(version)) => (model.fixed, format!("fixed in {version}")),
            (Status::Fixed, None) => (model.fixed, "fixed".to_owned()),
            (Status::WillNotFix, None) => (model.will_not_fix, "the vendor will not fix it".to_owned()),
            (Status::EndOfLife, None) => (model.end_of_life, "the release gets no fixes any more".to_owned()),
            _ if image.end_of_life && package.is_some_and(|package| package.ecosystem.os) => {
                (model.end_of_life, "the distribution's release gets no fixes any more".to_owned())
            }
            (Status::FixDeferred, None) => (model.deferred, "the vendor has put the fix off".to_owned()),
            _ => (model.none, "no fix is known".to_owned()),
        }
    }

    fn exposure(
        &self,
        finding: &Finding,
        package: Option<&Package>,
        image: &ImageView,
    ) -> (Hundredths, String) {
        let model = &self.exposure;
        let exposed = |exposure| package.is_some_and(|package| package.exposure.contains(&exposure));
        let mut parts: Vec<(Hundredths, &str)> = Vec::new();
        if exposed(Exposure::EntryPoint) {
            parts.push((model.entry_point, "the image starts it"));
        } else if exposed(Exposure::EntryClosure) {
            parts.push((model.entry_closure, "what the image starts needs it"));
        }
        if exposed(Exposure::SetUid) {
            parts.push((model.set_uid, "it has a set-uid file"));
        }
        if image.root {
            parts.push((model.root, "the image runs as root"));
        }
        if image.ports {
            parts.push((model.ports, "the image listens on ports"));
            if attacked_over_network(finding) {
                parts.push((model.network, "it is attacked over the network"));
            }
        }
        let sum = Hundredths(parts.iter().map(|(value, _)| value.0).sum::<u32>().min(model.limit.0));
        if parts.is_empty() {
            return (sum, "nothing in the image exposes it".to_owned());
        }
        let text: Vec<String> = parts.iter().map(|(value, why)| format!("{why} ({value})")).collect();
        (sum, text.join(", "))
    }
}

/// What of a target matters for all its findings.
struct ImageView {
    root: bool,
    ports: bool,
    end_of_life: bool,
}

impl ImageView {
    fn of(target: &TargetReport, now: Timestamp) -> ImageView {
        let image = target.image.as_ref();
        ImageView {
            root: image.is_some_and(|image| is_root(&image.user)),
            ports: image.is_some_and(|image| !image.exposed_ports.is_empty()),
            end_of_life: target.lifecycle.as_ref().is_some_and(|lifecycle| {
                lifecycle.ends.max(lifecycle.extended_ends).is_some_and(|end| end <= now)
            }),
        }
    }
}

/// True when the `User` of an image's configuration is root, which it is when nothing is said.
pub fn is_root(user: &str) -> bool {
    let name = user.split(':').next().unwrap_or_default();
    matches!(name, "" | "root" | "0" | "ContainerAdministrator")
}

/// True when a vector of the vulnerability says that it is attacked over the network.
fn attacked_over_network(finding: &Finding) -> bool {
    let of_source = |cvss: &&plimsoll_types::CvssVector| cvss.source == finding.vulnerability.severity_source;
    let vectors = &finding.vulnerability.cvss;
    let chosen = vectors.iter().find(of_source).or_else(|| vectors.first());
    chosen.is_some_and(|cvss| cvss.vector.split('/').any(|metric| metric == "AV:N"))
}
