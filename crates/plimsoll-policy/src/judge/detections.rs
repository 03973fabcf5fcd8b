//! Waivers and rules held against detections.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_types::{Detection, SuppressedBy, SuppressedDetection, TargetReport, Timestamp};

use super::{Decision, Judge, MOST_NAMED, sort_by_rules, tell_faults, tell_rule};
use crate::rules::{self, Rule, Subject};
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
        let about = |place: usize| target.detections.get(place).map_or_else(String::new, Detection::id);
        let held = rules::evaluate_detections(&rules, target, now);
        let Some(held) = tell_faults(&rules, held, about, &target.name, decision) else { return };
        let shows = |detection: &Detection| self.filter.keeps_detection(detection);
        let sorted = sort_by_rules(&rules, std::mem::take(&mut target.detections), held, shows);
        target.suppressed_detections.extend(sorted.ignored.into_iter().map(|(detection, rule)| {
            SuppressedDetection {
                detection,
                by: SuppressedBy::Policy,
                origin: format!("{} ({})", rule.origin, rule.name),
                reason: rule.reason.clone(),
                expires: None,
            }
        }));
        target.detections = sorted.kept;
        for (rule, places) in rules.into_iter().zip(sorted.shown) {
            let found: Vec<&Detection> =
                places.iter().filter_map(|place| target.detections.get(*place)).collect();
            if !found.is_empty() {
                tell_rule(rule, &named(&found), &target.name, decision);
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
