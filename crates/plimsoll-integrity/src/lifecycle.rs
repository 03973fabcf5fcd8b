//! `EOL`: bases and runtimes past their end, and images that nobody has built for long.

use plimsoll_analysis::{ImageContext, ImageRules};
use plimsoll_types::classes::lifecycle;
use plimsoll_types::{Detection, Package, Place, PlaceKind, Scanner, Severity, Timestamp};

/// Judges ages.
pub(crate) struct LifecycleRules;

/// The age of an image from which it is told, in days, unless the setting says otherwise.
const MAX_AGE: i64 = 365;
/// The setting: a number of days.
const MAX_AGE_SETTING: &str = "integrity/max-image-age-days";

const DAY: i64 = 86_400;

impl ImageRules for LifecycleRules {
    fn id(&self) -> &'static str {
        "integrity/lifecycle"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Integrity
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        out.extend(distribution(context));
        out.extend(age(context));
        out.extend(drift(context));
        for (number, package) in context.packages.iter().enumerate() {
            out.extend(runtime(number, package, context.now));
        }
    }
}

fn whole() -> Place {
    Place { kind: PlaceKind::Image, ..Place::default() }
}

/// The day of a time.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

fn distribution(context: &ImageContext<'_>) -> Option<Detection> {
    let lifecycle = context.lifecycle?;
    let end = lifecycle.ends.filter(|end| *end <= context.now)?;
    let mut found = Detection::new(
        lifecycle::OS,
        whole(),
        format!("security support for {} ended on {}", lifecycle.ecosystem, day(end)),
    );
    if let Some(extended) = lifecycle.extended_ends.filter(|extended| *extended > context.now) {
        found.severity = Severity::Low;
        found.notes.push(format!("Long-term or paid support goes on until {}.", day(extended)));
    }
    Some(found)
}

fn age(context: &ImageContext<'_>) -> Option<Detection> {
    let created = context.image?.metadata.created?;
    let limit = context
        .settings
        .iter()
        .find(|(name, _)| name == MAX_AGE_SETTING)
        .and_then(|(_, value)| value.parse().ok())
        .unwrap_or(MAX_AGE);
    // Builds that can be repeated state a fixed time, mostly one of these years'.
    const FIRST_TOLD: i64 = 1_356_998_400; // 2013-01-01, before the first image of this form
    let days = (context.now.seconds() - created.seconds()) / DAY;
    if created.seconds() < FIRST_TOLD || days <= limit {
        return None;
    }
    Some(Detection::new(
        lifecycle::AGE,
        whole(),
        format!("the image was built on {}, {days} days ago", day(created)),
    ))
}

/// How far the packages of the operating system are behind the patches that there are.
fn drift(context: &ImageContext<'_>) -> Option<Detection> {
    let os = |index: usize| context.packages.get(index).is_some_and(|package| package.ecosystem.os);
    let fixable = || {
        context.findings.iter().filter(|finding| os(finding.package) && !finding.fixed_versions.is_empty())
    };
    let mut packages: Vec<usize> = fixable().map(|finding| finding.package).collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return None;
    }
    let oldest = fixable().filter_map(|finding| finding.fix_available).min();
    let since = oldest.map_or_else(String::new, |since| format!("; the oldest fix is of {}", day(since)));
    let message = format!(
        "{} of the operating system in an older patch level than the distribution has, with {} fixed there{since}",
        counted(packages.len(), "package is", "packages are"),
        counted(fixable().count(), "finding", "findings"),
    );
    Some(Detection::new(lifecycle::DRIFT, whole(), message))
}

fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// A runtime's release line and the day on which its support ends.
type Cycle = (&'static str, &'static str);

/// Ends of support as the projects state them: Python's developer guide, the Node.js release schedule, the maintenance
/// branches of Ruby and PHP, the .NET support policy, and for Go the release that was two before.
const RUNTIMES: &[(&str, &[Cycle])] = &[
    (
        "python",
        &[
            ("2.7", "2020-01-01"),
            ("3.5", "2020-09-30"),
            ("3.6", "2021-12-23"),
            ("3.7", "2023-06-27"),
            ("3.8", "2024-10-07"),
            ("3.9", "2025-10-31"),
            ("3.10", "2026-10-31"),
            ("3.11", "2027-10-31"),
            ("3.12", "2028-10-31"),
        ],
    ),
    (
        "node",
        &[
            ("8", "2019-12-31"),
            ("10", "2021-04-30"),
            ("12", "2022-04-30"),
            ("14", "2023-04-30"),
            ("16", "2023-09-11"),
            ("17", "2022-06-01"),
            ("18", "2025-04-30"),
            ("19", "2023-06-01"),
            ("20", "2026-04-30"),
            ("21", "2024-06-01"),
            ("22", "2027-04-30"),
            ("23", "2025-06-01"),
        ],
    ),
    (
        "ruby",
        &[
            ("2.5", "2021-04-05"),
            ("2.6", "2022-04-12"),
            ("2.7", "2023-03-31"),
            ("3.0", "2024-04-23"),
            ("3.1", "2025-03-26"),
            ("3.2", "2026-03-31"),
        ],
    ),
    (
        "php",
        &[
            ("5.6", "2018-12-31"),
            ("7.0", "2019-01-10"),
            ("7.1", "2019-12-01"),
            ("7.2", "2020-11-30"),
            ("7.3", "2021-12-06"),
            ("7.4", "2022-11-28"),
            ("8.0", "2023-11-26"),
            ("8.1", "2025-12-31"),
            ("8.2", "2026-12-31"),
        ],
    ),
];

/// A runtime that no distribution looks after: those of packages are supported as long as the distribution says.
fn runtime(number: usize, package: &Package, now: Timestamp) -> Option<Detection> {
    if package.ecosystem.id != "binary" {
        return None;
    }
    let (_, cycles) = RUNTIMES.iter().find(|(name, _)| *name == package.name)?;
    let of_line = |line: &str| {
        package.version.strip_prefix(line).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let (line, end) = cycles.iter().find(|(line, _)| of_line(line))?;
    if end.parse::<Timestamp>().ok()? > now {
        return None;
    }
    let location = package.locations.first();
    let place = Place {
        kind: PlaceKind::Package,
        name: package.name.clone(),
        layer: location.and_then(|location| location.layer),
        ..Place::default()
    };
    let message =
        format!("{} {} is of the line {line}, whose support ended on {end}", package.name, package.version);
    let mut found = Detection::new(lifecycle::RUNTIME, place, message);
    found.evidence = location.map_or_else(String::new, |location| location.path.clone());
    found.package = Some(number);
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_is_a_date() {
        for (name, cycles) in RUNTIMES {
            for (line, end) in *cycles {
                assert!(end.parse::<Timestamp>().is_ok(), "{name} {line}");
            }
        }
    }
}
