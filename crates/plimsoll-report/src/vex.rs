//! What a report has to say as VEX: one statement for what was waived, is not affected or is fixed. The formats that
//! write VEX share it.

use std::collections::BTreeMap;

use plimsoll_types::{Finding, Report, Status, Suppressed, SuppressedBy, TargetReport, Timestamp};

use crate::identity::Purls;
use crate::text::clean;
use crate::vulnerability::justification;
use crate::{RenderError, image, package_of};

/// The statuses of VEX that a report can state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    NotAffected,
    /// The risk is taken.
    Affected,
    Fixed,
}

/// What a statement says. Equal ones about one vulnerability are one statement with several products.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Claim {
    pub(crate) vulnerability: String,
    pub(crate) state: State,
    /// Empty where there is none.
    pub(crate) justification: &'static str,
    /// The impact statement of "not affected", the action statement of "affected", a note on "fixed"; never empty for the
    /// first where there is no justification, and for the second.
    pub(crate) text: String,
}

/// A package of a target, about which something is stated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subject {
    /// The number of the target.
    pub(crate) target: usize,
    /// The package's URL.
    pub(crate) purl: String,
}

/// All that a report states: claims, with the vulnerability's aliases and what they are about.
pub(crate) type Claims = BTreeMap<Claim, (Vec<String>, Vec<Subject>)>;

/// Collects the claims of a report.
pub(crate) fn claims(report: &Report, purls: &Purls) -> Result<Claims, RenderError> {
    let mut claims = Claims::new();
    for (number, (target, purls)) in purls.with(report).enumerate() {
        let open = target
            .findings
            .iter()
            .filter(|finding| finding.status == Status::NotAffected)
            .map(|finding| (finding, Some(not_affected(finding, ""))));
        let held = target.suppressed.iter().map(|held| (&held.finding, claim(held)));
        for (finding, claim) in open.chain(held) {
            package_of(target, finding)?;
            let (Some(claim), Some(purl)) = (claim, purls.get(finding.package)) else { continue };
            let aliases = || finding.vulnerability.aliases.clone();
            let (_, subjects) = claims.entry(claim).or_insert_with(|| (aliases(), Vec::new()));
            subjects.push(Subject { target: number, purl: purl.clone() });
        }
    }
    for (aliases, subjects) in claims.values_mut() {
        aliases.sort();
        aliases.dedup();
        subjects.sort();
        subjects.dedup();
    }
    Ok(claims)
}

fn claim(held: &Suppressed) -> Option<Claim> {
    let finding = &held.finding;
    Some(match held.by {
        // A waiver says that somebody lives with it, not that it does not matter.
        SuppressedBy::Waiver | SuppressedBy::Policy => {
            let reason = clean(&held.reason);
            let mut text = "The risk is accepted".to_owned();
            if let Some(end) = held.expires {
                text.push_str(&format!(" until {}", day(end)));
            }
            text.push_str(&if reason.is_empty() { ".".to_owned() } else { format!(": {reason}") });
            Claim {
                vulnerability: finding.vulnerability.id.clone(),
                state: State::Affected,
                justification: "",
                text,
            }
        }
        SuppressedBy::VexNotAffected | SuppressedBy::AdvisoryNotAffected | SuppressedBy::NotApplicable => {
            not_affected(finding, &held.reason)
        }
        SuppressedBy::VexFixed => Claim {
            vulnerability: finding.vulnerability.id.clone(),
            state: State::Fixed,
            justification: "",
            text: clean(&held.reason).into_owned(),
        },
        // Nobody has looked at it: there is nothing to state.
        SuppressedBy::ThirdParty => return None,
    })
}

fn not_affected(finding: &Finding, reason: &str) -> Claim {
    let (justification, text) = justification(reason);
    let mut text = clean(text).into_owned();
    if justification.is_empty() && text.is_empty() {
        text = match finding.reasons.first() {
            Some(reason) if !reason.advisory.is_empty() => {
                format!("{} says that the package is not affected.", clean(&reason.advisory))
            }
            _ => "The package is not affected.".to_owned(),
        };
    }
    Claim { vulnerability: finding.vulnerability.id.clone(), state: State::NotAffected, justification, text }
}

fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

/// The package URL of a target's image, where it has one.
pub(crate) fn image_purl(target: &TargetReport) -> Option<String> {
    target.image.as_ref().and_then(image::purl).map(|purl| purl.to_string())
}
