//! The judgement: from what was found and what is allowed to what is shown, what is held back, and why an image is not
//! within the policy. Every step is a pure function of its input and the time.

mod detections;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use plimsoll_types::{
    Detection, Finding, Report, Severity, Status, Suppressed, SuppressedBy, TargetReport, Timestamp,
};

use crate::policy::{Check, Policy};
use crate::risk::Hundredths;
use crate::rules::{self, Action, Held, Rule, RuleError, Subject, age_days, image_age};
use crate::vex::{Index, VexDocument};
use crate::waivers::{Coverage, VexMark, Waivers};
use crate::{Filter, Sort};

/// How many findings a violation names.
const MOST_NAMED: usize = 5;

/// What judges a report.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    /// VEX documents.
    pub vex: Vec<VexDocument>,
    /// Waivers.
    pub waivers: Waivers,
    /// What an image must keep to.
    pub policy: Policy,
    /// Which findings are shown, beside what the policy leaves out.
    pub filter: Filter,
    /// By what findings are sorted.
    pub sort: Sort,
}

/// Why an image is not within the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The target's name.
    pub target: String,
    /// Which check it is: a key of the policy, or `rules`.
    pub check: &'static str,
    /// What is wrong.
    pub message: String,
    /// The check's own exit code.
    pub exit_code: Option<u8>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.target, self.message)
    }
}

/// What was decided of one target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// The target's name.
    pub target: String,
    /// Why it is not within the policy; empty when it is.
    pub violations: Vec<Violation>,
    /// What rules warn of.
    pub warnings: Vec<String>,
    /// True when completeness is asked for and the scan is not complete.
    pub incomplete: bool,
}

/// What was decided of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// A decision for each target, in the report's order.
    pub decisions: Vec<Decision>,
    /// What is worth knowing of the waivers and the policy themselves.
    pub notes: Vec<String>,
}

impl Verdict {
    /// All violations.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.decisions.iter().flat_map(|decision| &decision.violations)
    }

    /// The exit code of the violations, `default` for those without one of their own: the highest. `None` without any.
    pub fn exit_code(&self, default: u8) -> Option<u8> {
        self.violations().map(|violation| violation.exit_code.unwrap_or(default)).max()
    }

    /// True when completeness is asked for and a scan is not complete.
    pub fn incomplete(&self) -> bool {
        self.decisions.iter().any(|decision| decision.incomplete)
    }
}

impl Judge {
    /// Judges `report` as of `now`: computes risks, holds back what VEX, waivers and rules take away, leaves out what is
    /// not to be shown, sorts, and decides.
    pub fn judge(&self, report: &mut Report, now: Timestamp) -> Verdict {
        let vex = Index::new(&self.vex);
        let mut verdict = Verdict::default();
        let mut used: BTreeSet<usize> = BTreeSet::new();
        for (number, target) in report.targets.iter_mut().enumerate() {
            let mut decision = Decision { target: target.name.clone(), ..Decision::default() };
            let marks = vex.apply(number, target);
            self.policy.risk.apply(target, now);
            self.waive(target, &marks, now, &mut used, &mut decision);
            self.waive_detections(target, now, &mut used, &mut decision);
            self.apply_rules(target, now, &mut decision);
            self.apply_detection_rules(target, now, &mut decision);
            target.risk = Some(self.policy.risk.image_risk(&target.findings));
            self.filter.apply(target);
            self.policy_filter().apply(target);
            self.sort.apply(target);
            self.check(target, now, &mut decision, &mut verdict.notes);
            verdict.decisions.push(decision);
        }
        for (number, waiver) in self.waivers.list().iter().enumerate() {
            if !used.contains(&number) {
                verdict
                    .notes
                    .push(format!("{}: the waiver for {} covers no finding", waiver.origin, waiver.title));
            }
        }
        verdict
    }

    fn policy_filter(&self) -> Filter {
        Filter {
            severities: BTreeSet::new(),
            ignore_unfixed: self.policy.ignore_unfixed,
            ignore_statuses: self.policy.ignore_statuses.clone(),
        }
    }

    fn waive(
        &self,
        target: &mut TargetReport,
        marks: &[Option<VexMark>],
        now: Timestamp,
        used: &mut BTreeSet<usize>,
        decision: &mut Decision,
    ) {
        if self.waivers.list().is_empty() {
            return;
        }
        let mut kept = Vec::with_capacity(target.findings.len());
        let mut expired: BTreeMap<usize, usize> = BTreeMap::new();
        for (place, finding) in std::mem::take(&mut target.findings).into_iter().enumerate() {
            let mark = marks.get(place).and_then(Option::as_ref);
            let coverage = match target.packages.get(finding.package) {
                Some(package) => self.waivers.cover(&finding, package, mark, now),
                None => Coverage::None,
            };
            match coverage {
                Coverage::Holds(number, waiver) => {
                    used.insert(number);
                    target.suppressed.push(Suppressed {
                        finding,
                        by: SuppressedBy::Waiver,
                        origin: waiver.origin.clone(),
                        reason: waiver.reason.clone(),
                        expires: waiver.expires,
                    });
                }
                Coverage::Expired(number) => {
                    used.insert(number);
                    *expired.entry(number).or_default() += 1;
                    kept.push(finding);
                }
                Coverage::None => kept.push(finding),
            }
        }
        target.findings = kept;
        self.tell_expired(expired, target, decision);
    }

    /// Waivers that have expired and whose findings are there: per number, how many.
    fn tell_expired(&self, expired: BTreeMap<usize, usize>, target: &TargetReport, decision: &mut Decision) {
        for (number, count) in expired {
            let Some(waiver) = self.waivers.list().get(number) else { continue };
            let since = waiver.expires.map_or_else(String::new, |end| format!(" on {}", date(end)));
            decision.violations.push(Violation {
                target: target.name.clone(),
                check: "expiredWaivers",
                message: format!(
                    "the waiver for {} ({}) expired{since}; {} here again",
                    waiver.title,
                    waiver.origin,
                    counted(count, "finding is", "findings are")
                ),
                exit_code: self.policy.expired_waivers,
            });
        }
    }

    fn apply_rules(&self, target: &mut TargetReport, now: Timestamp, decision: &mut Decision) {
        let rules: Vec<&Rule> =
            self.policy.rules.iter().filter(|rule| rule.on == Subject::Vulnerabilities).collect();
        if rules.is_empty() {
            return;
        }
        // What the findings come to before rules take some away.
        target.risk = Some(self.policy.risk.image_risk(&target.findings));
        let about =
            |place: usize| target.findings.get(place).map_or("", |found| &found.vulnerability.id).to_owned();
        let held = rules::evaluate(&rules, target, now);
        let Some(held) = tell_faults(&rules, held, about, &target.name, decision) else { return };
        let shows = |finding: &Finding| self.filter.keeps(finding) && self.policy_filter().keeps(finding);
        let sorted = sort_by_rules(&rules, std::mem::take(&mut target.findings), held, shows);
        target.suppressed.extend(sorted.ignored.into_iter().map(|(finding, rule)| Suppressed {
            finding,
            by: SuppressedBy::Policy,
            origin: format!("{} ({})", rule.origin, rule.name),
            reason: rule.reason.clone(),
            expires: None,
        }));
        target.findings = sorted.kept;
        for (rule, places) in rules.into_iter().zip(sorted.shown) {
            let findings: Vec<&Finding> =
                places.iter().filter_map(|place| target.findings.get(*place)).collect();
            if !findings.is_empty() {
                tell_rule(rule, &named(&findings, target), &target.name, decision);
            }
        }
    }

    fn check(&self, target: &TargetReport, now: Timestamp, decision: &mut Decision, notes: &mut Vec<String>) {
        let policy = &self.policy;
        let mut violated = |check: &'static str, exit_code: Option<u8>, message: String| {
            decision.violations.push(Violation { target: target.name.clone(), check, message, exit_code });
        };
        let affected = || target.findings.iter().filter(|finding| finding.status != Status::NotAffected);

        if let Some(Check { limit, exit_code }) = policy.severity {
            let detections = target.detections.iter().filter(|found| found.severity >= limit).count();
            match affected().filter(|finding| finding.vulnerability.severity >= limit).count() + detections {
                0 => {}
                // "unknown or worse" would read oddly for a threshold that takes everything.
                count if limit == Severity::Unknown => {
                    violated("severity", exit_code, format!("{count} findings"));
                }
                count => {
                    violated("severity", exit_code, format!("{count} findings of severity {limit} or worse"))
                }
            }
        }
        if let Some(Check { exit_code, .. }) = policy.any_finding {
            // What is of no consequence fails nobody who has not asked for it.
            let told = |found: &&Detection| found.severity > Severity::Negligible;
            let count = affected().count() + target.detections.iter().filter(told).count();
            if count > 0 {
                violated("findings", exit_code, format!("{count} findings"));
            }
        }
        if let Some(Check { exit_code, .. }) = policy.known_exploited {
            let found: Vec<&Finding> =
                affected().filter(|finding| finding.vulnerability.known_exploited).collect();
            if !found.is_empty() {
                violated(
                    "knownExploited",
                    exit_code,
                    format!("known to be exploited: {}", named(&found, target)),
                );
            }
        }
        let risk = |finding: &Finding| finding.risk.as_ref().map_or(0, |risk| risk.score);
        if let Some(Check { limit, exit_code }) = policy.max_risk {
            let found: Vec<&Finding> = affected().filter(|finding| risk(finding) > limit.0).collect();
            if !found.is_empty() {
                violated("maxRisk", exit_code, format!("risk above {limit}: {}", named(&found, target)));
            }
        }
        if let (Some(Check { limit, exit_code }), Some(risk)) = (policy.max_image_risk, target.risk)
            && risk > limit.0
        {
            let message = format!("the image's risk is {}, above {limit}", Hundredths(risk));
            violated("maxImageRisk", exit_code, message);
        }
        if let Some(Check { limit, exit_code }) = policy.fix_available_for_days {
            let late = |finding: &&Finding| {
                let since = finding.fix_available.map(|since| age_days(since, now));
                since.is_some_and(|days| days > i64::from(limit))
            };
            let found: Vec<&Finding> = affected().filter(late).collect();
            if !found.is_empty() {
                let message =
                    format!("a fix has been there for more than {limit} days: {}", named(&found, target));
                violated("fixAvailableForDays", exit_code, message);
            }
        }
        if let Some(Check { limit, exit_code }) = policy.max_image_age {
            match target.image.as_ref().map(|image| image_age(image.created, now)) {
                Some(Some(days)) if days > i64::from(limit) => {
                    let message = format!("the image is {days} days old, more than {limit}");
                    violated("maxImageAge", exit_code, message);
                }
                Some(None) => {
                    notes.push(format!("{}: the image does not say when it was built", target.name))
                }
                _ => {}
            }
        }
        if let Some(Check { limit: extended, exit_code }) = policy.end_of_life {
            match &target.lifecycle {
                Some(lifecycle) => {
                    let end =
                        if extended { lifecycle.ends.max(lifecycle.extended_ends) } else { lifecycle.ends };
                    if let Some(end) = end.filter(|end| *end <= now) {
                        let message =
                            format!("{} is past its end of life since {}", lifecycle.ecosystem, date(end));
                        violated("endOfLife", exit_code, message);
                    }
                }
                None if target.distro.is_some() => notes.push(format!(
                    "{}: the database does not say how long the distribution's release is supported",
                    target.name
                )),
                None => {}
            }
        }
        if let Some(Check { exit_code, .. }) = policy.require_complete
            && !target.complete()
        {
            match exit_code {
                Some(code) => violated("requireComplete", Some(code), "the scan is not complete".to_owned()),
                None => decision.incomplete = true,
            }
        }
    }
}

/// What rules could be evaluated; those that could not become violations. `about` names the thing at a place.
fn tell_faults(
    rules: &[&Rule],
    held: Result<Held, RuleError>,
    about: impl Fn(usize) -> String,
    target: &str,
    decision: &mut Decision,
) -> Option<Held> {
    let mut fault = |message: String| {
        decision.violations.push(Violation {
            target: target.to_owned(),
            check: "rules",
            message,
            // A rule that cannot be evaluated is a fault of the policy, not of the image.
            exit_code: Some(2),
        });
    };
    let held = match held {
        Ok(held) => held,
        Err(error) => {
            fault(format!("the rules cannot be evaluated: {error}"));
            return None;
        }
    };
    for (number, place, error) in &held.faults {
        let Some(rule) = rules.get(*number) else { continue };
        let about = about(*place);
        fault(format!("the rule '{}' ({}) cannot be evaluated for {about}: {error}", rule.name, rule.origin));
    }
    Some(held)
}

/// What rules make of a list.
struct Sorted<'a, T> {
    kept: Vec<T>,
    /// What a rule takes away, with that rule.
    ignored: Vec<(T, &'a Rule)>,
    /// Per rule, the places among `kept` for which it holds and which are shown.
    shown: Vec<Vec<usize>>,
}

/// Takes out of `items` what rules ignore, and notes for which of the others each rule holds. What is not shown does not fail.
fn sort_by_rules<'a, T>(
    rules: &[&'a Rule],
    items: Vec<T>,
    held: Held,
    shows: impl Fn(&T) -> bool,
) -> Sorted<'a, T> {
    let mut sorted = Sorted {
        kept: Vec::with_capacity(items.len()),
        ignored: Vec::new(),
        shown: vec![Vec::new(); rules.len()],
    };
    for (item, numbers) in items.into_iter().zip(held.by_finding) {
        let mut holding = numbers.iter().filter_map(|number| rules.get(*number));
        if let Some(rule) = holding.find(|rule| rule.action == Action::Ignore) {
            sorted.ignored.push((item, rule));
            continue;
        }
        if shows(&item) {
            for number in &numbers {
                sorted.shown.get_mut(*number).into_iter().for_each(|list| list.push(sorted.kept.len()));
            }
        }
        sorted.kept.push(item);
    }
    sorted
}

/// Tells that a rule holds for what `found` names.
fn tell_rule(rule: &Rule, found: &str, target: &str, decision: &mut Decision) {
    let reason = if rule.reason.is_empty() { String::new() } else { format!(": {}", rule.reason) };
    let message = format!("rule '{}'{reason}: {found}", rule.name);
    match rule.action {
        Action::Deny => decision.violations.push(Violation {
            target: target.to_owned(),
            check: "rules",
            message,
            exit_code: rule.exit_code,
        }),
        Action::Warn => decision.warnings.push(format!("{target}: {message}")),
        Action::Ignore => {}
    }
}

/// The day of a time.
fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// The first findings of a list by name, and how many there are more.
fn named(findings: &[&Finding], target: &TargetReport) -> String {
    let mut text = String::new();
    for finding in findings.iter().take(MOST_NAMED) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&finding.vulnerability.id);
        if let Some(package) = target.packages.get(finding.package) {
            text.push_str(&format!(" in {} {}", package.name, package.version));
        }
    }
    let more = findings.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}
