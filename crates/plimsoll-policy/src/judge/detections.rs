//! Waivers and rules held against detections.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_types::{Detection, SuppressedBy, SuppressedDetection, TargetReport, Timestamp};

use super::{Decision, Judge, MOST_NAMED, Violation};
use crate::rules::{self, Action, Rule, Subject};
use crate::waivers::Coverage;

impl Judge {
    pub(super) fn waive_detections(
        &self,
        target: &mut TargetReport,
        now: Timestamp,
        used: &mut BTreeSet<usize>,
        decision: &mut Decision,
    ) {
        if self.waivers.list().is_empty() {
            return;
        }
        let mut kept = Vec::with_capacity(target.detections.len());
        let mut expired: BTreeMap<usize, usize> = BTreeMap::new();
        for detection in std::mem::take(&mut target.detections) {
            match self.waivers.cover_detection(&detection, &target.packages, now) {
                Coverage::Holds(number, waiver) => {
                    used.insert(number);
                    target.suppressed_detections.push(SuppressedDetection {
                        detection,
                        by: SuppressedBy::Waiver,
                        origin: waiver.origin.clone(),
                        reason: waiver.reason.clone(),
                        expires: waiver.expires,
                    });
                }
                Coverage::Expired(number) => {
                    used.insert(number);
                    *expired.entry(number).or_default() += 1;
                    kept.push(detection);
                }
                Coverage::None => kept.push(detection),
            }
        }
        target.detections = kept;
        self.tell_expired(expired, target, decision);
    }

    pub(super) fn apply_detection_rules(
        &self,
        target: &mut TargetReport,
        now: Timestamp,
        decision: &mut Decision,
    ) {
        let rules: Vec<&Rule> =
            self.policy.rules.iter().filter(|rule| rule.on == Subject::Detections).collect();
        if rules.is_empty() {
            return;
        }
        let fault = |message: String| Violation {
            target: target.name.clone(),
            check: "rules",
            message,
            // A rule that cannot be evaluated is a fault of the policy, not of the image.
            exit_code: Some(2),
        };
        let held = match rules::evaluate_detections(&rules, target, now) {
            Ok(held) => held,
            Err(error) => {
                decision.violations.push(fault(format!("the rules cannot be evaluated: {error}")));
                return;
            }
        };
        for (number, place, error) in &held.faults {
            let Some(rule) = rules.get(*number) else { continue };
            let about = target.detections.get(*place).map_or_else(String::new, Detection::id);
            let message = format!(
                "the rule '{}' ({}) cannot be evaluated for {about}: {error}",
                rule.name, rule.origin
            );
            decision.violations.push(fault(message));
        }
        let mut shown: Vec<Vec<usize>> = vec![Vec::new(); rules.len()];
        let mut kept = Vec::with_capacity(target.detections.len());
        for (detection, numbers) in std::mem::take(&mut target.detections).into_iter().zip(held.by_finding) {
            let ignoring = numbers
                .iter()
                .filter_map(|number| rules.get(*number))
                .find(|rule| rule.action == Action::Ignore);
            if let Some(rule) = ignoring {
                target.suppressed_detections.push(SuppressedDetection {
                    detection,
                    by: SuppressedBy::Policy,
                    origin: format!("{} ({})", rule.origin, rule.name),
                    reason: rule.reason.clone(),
                    expires: None,
                });
                continue;
            }
            // What is not shown does not fail.
            if self.filter.keeps_detection(&detection) {
                for number in &numbers {
                    shown.get_mut(*number).into_iter().for_each(|list| list.push(kept.len()));
                }
            }
            kept.push(detection);
        }
        target.detections = kept;
        for (rule, places) in rules.into_iter().zip(shown) {
            let found: Vec<&Detection> =
                places.iter().filter_map(|place| target.detections.get(*place)).collect();
            if found.is_empty() {
                continue;
            }
            let reason = if rule.reason.is_empty() { String::new() } else { format!(": {}", rule.reason) };
            let message = format!("rule '{}'{reason}: {}", rule.name, named(&found));
            match rule.action {
                Action::Deny => decision.violations.push(Violation {
                    target: target.name.clone(),
                    check: "rules",
                    message,
                    exit_code: rule.exit_code,
                }),
                Action::Warn => decision.warnings.push(format!("{}: {message}", target.name)),
                Action::Ignore => {}
            }
        }
    }
}

/// The first detections of a list by name and place, and how many there are more.
fn named(found: &[&Detection]) -> String {
    let shown: Vec<String> = found
        .iter()
        .take(MOST_NAMED)
        .map(|detection| format!("{} ({})", detection.id(), detection.place))
        .collect();
    let more = found.len().saturating_sub(MOST_NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}
