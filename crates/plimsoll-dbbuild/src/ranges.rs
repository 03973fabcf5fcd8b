//! Turns the events of a range into affected intervals, as the OSV schema evaluates them (OSV schema 1.7, "Evaluation").

use std::cmp::Ordering;

use plimsoll_advisory::Event;
use plimsoll_db::{End, Interval};
use plimsoll_version::{VersionError, VersionScheme};

/// The longest version, in bytes. There is none of a fifth of that.
const MAX_VERSION: usize = 1_024;

/// Whether the grammar has an order for a version.
fn usable(version: &str, versions: &dyn VersionScheme) -> Result<(), VersionError> {
    if version.len() > MAX_VERSION {
        return Err(VersionError {
            version: version.chars().take(100).collect(),
            scheme: versions.id(),
            reason: "it is too long",
        });
    }
    versions.compare(version, version).map(drop)
}

/// The affected intervals of one range, sorted.
///
/// The events are ordered by version first, sources need not do that. At the same version `introduced` comes before
/// the ends, so that `introduced 1, last_affected 1` is that one version, and `introduced 1, fixed 1` is nothing.
///
/// # Errors
///
/// When an event's version is not one in the grammar: the range then cannot be evaluated at all.
pub(crate) fn intervals(
    events: &[Event],
    versions: &dyn VersionScheme,
) -> Result<Vec<Interval<String>>, VersionError> {
    let mut limit: Option<&str> = None;
    let mut ordered = Vec::with_capacity(events.len());
    for event in events {
        match event {
            Event::Introduced(version) if version == "0" => ordered.push(("", event)),
            Event::Introduced(version) | Event::Fixed(version) | Event::LastAffected(version) => {
                usable(version, versions)?;
                ordered.push((version.as_str(), event));
            }
            Event::Limit(version) => {
                // A version counts when it lies before any of the limits, so before the last.
                usable(version, versions)?;
                let later = match limit {
                    Some(limit) => versions.compare(version, limit)? == Ordering::Greater,
                    None => true,
                };
                if later {
                    limit = Some(version);
                }
            }
        }
    }
    let ordered = sorted(ordered, &|a: &(&str, &Event), b: &(&str, &Event)| {
        order(a.0, b.0, versions).then_with(|| rank(a.1).cmp(&rank(b.1)))
    });

    let mut out = Vec::new();
    let mut open: Option<&str> = None;
    for (version, event) in ordered {
        match event {
            Event::Introduced(_) => open = open.or(Some(version)),
            Event::Fixed(_) => {
                if let Some(start) = open.take()
                    && order(start, version, versions) == Ordering::Less
                {
                    out.push((start, End::Fixed(version)));
                }
            }
            Event::LastAffected(_) => {
                out.extend(open.take().map(|start| (start, End::LastAffected(version))))
            }
            Event::Limit(_) => {}
        }
    }
    out.extend(open.map(|start| (start, End::Open)));

    let mut limited = Vec::with_capacity(out.len());
    for (start, end) in out {
        let Some(end) = clip(start, end, limit, versions) else { continue };
        let end = match end {
            End::Open => End::Open,
            End::Fixed(version) => End::Fixed(version.to_owned()),
            End::LastAffected(version) => End::LastAffected(version.to_owned()),
            End::Limit(version) => End::Limit(version.to_owned()),
        };
        limited.push(Interval { introduced: start.to_owned(), end });
    }
    Ok(limited)
}

/// Cuts an interval at the limit; `None` when nothing of it is left.
fn clip<'a>(
    start: &str,
    end: End<&'a str>,
    limit: Option<&'a str>,
    versions: &dyn VersionScheme,
) -> Option<End<&'a str>> {
    let Some(limit) = limit else { return Some(end) };
    if order(start, limit, versions) != Ordering::Less {
        return None;
    }
    let beyond = match end {
        End::Open | End::Limit(_) => true,
        End::Fixed(version) => order(version, limit, versions) == Ordering::Greater,
        End::LastAffected(version) => order(version, limit, versions) != Ordering::Less,
    };
    Some(if beyond { End::Limit(limit) } else { end })
}

fn rank(event: &Event) -> u8 {
    match event {
        Event::Introduced(_) => 0,
        Event::LastAffected(_) => 1,
        Event::Fixed(_) => 2,
        Event::Limit(_) => 3,
    }
}

/// Orders two versions that the grammar has accepted; the empty one stands before all.
fn order(a: &str, b: &str, versions: &dyn VersionScheme) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (false, false) => versions.compare(a, b).unwrap_or(Ordering::Equal),
        (a, b) => b.cmp(&a),
    }
}

/// Sorts the versions that the grammar accepts and drops those that are equal to another; returns how many it does
/// not accept.
pub(crate) fn sorted_versions<'a>(list: &'a [String], versions: &dyn VersionScheme) -> (Vec<&'a str>, u64) {
    let accepted: Vec<&str> =
        list.iter().map(String::as_str).filter(|version| usable(version, versions).is_ok()).collect();
    let refused = list.len() - accepted.len();
    let mut accepted = sorted(accepted, &|a: &&str, b: &&str| order(a, b, versions).then_with(|| a.cmp(b)));
    accepted.dedup_by(|a, b| order(a, b, versions) == Ordering::Equal);
    (accepted, refused as u64)
}

/// A merge sort. The one of the standard library may panic when an order contradicts itself, and a grammar's order
/// over hostile versions is not proven not to.
fn sorted<T>(mut list: Vec<T>, compare: &dyn Fn(&T, &T) -> Ordering) -> Vec<T> {
    if list.len() < 2 {
        return list;
    }
    let right = list.split_off(list.len() / 2);
    let mut left = sorted(list, compare).into_iter().peekable();
    let mut right = sorted(right, compare).into_iter().peekable();
    let mut out = Vec::with_capacity(left.len() + right.len());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if compare(a, b) == Ordering::Greater { right.next() } else { left.next() };
        out.extend(next);
    }
    out.extend(left);
    out.extend(right);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dotted numbers, with the names of letters refused: the evaluation is what is tested here.
    #[derive(Debug)]
    struct Numbers;

    impl VersionScheme for Numbers {
        fn id(&self) -> &'static str {
            "numbers"
        }

        fn compare(&self, a: &str, b: &str) -> Result<Ordering, VersionError> {
            let parse = |s: &str| -> Result<Vec<u32>, VersionError> {
                s.split('.')
                    .map(|part| {
                        part.parse().map_err(|_| VersionError {
                            version: s.to_owned(),
                            scheme: "numbers",
                            reason: "not a number",
                        })
                    })
                    .collect()
            };
            Ok(parse(a)?.cmp(&parse(b)?))
        }
    }

    fn event(text: &str) -> Event {
        let (kind, version) = text.split_once(' ').unwrap();
        let version = version.to_owned();
        match kind {
            "i" => Event::Introduced(version),
            "f" => Event::Fixed(version),
            "la" => Event::LastAffected(version),
            _ => Event::Limit(version),
        }
    }

    fn show(events: &[&str]) -> String {
        let events: Vec<Event> = events.iter().map(|text| event(text)).collect();
        let show = |interval: &Interval<String>| {
            let end = match &interval.end {
                End::Open => "..".to_owned(),
                End::Fixed(v) => format!("..{v})"),
                End::LastAffected(v) => format!("..{v}]"),
                End::Limit(v) => format!("..{v}|"),
            };
            format!("{}{end}", interval.introduced)
        };
        match intervals(&events, &Numbers) {
            Ok(list) => list.iter().map(show).collect::<Vec<_>>().join(" "),
            Err(error) => error.version,
        }
    }

    #[test]
    fn events_become_intervals() {
        for (events, expected) in [
            (&["i 0", "f 1.2"][..], "..1.2)"),
            (&["i 0"], ".."),
            (&["i 1.0", "la 1.5"], "1.0..1.5]"),
            // Several pairs in one range, and out of order.
            (&["i 0", "f 1.2", "i 2.0", "f 2.3"], "..1.2) 2.0..2.3)"),
            (&["f 2.3", "i 2.0", "f 1.2", "i 0"], "..1.2) 2.0..2.3)"),
            // Introduced twice before a fix: the first one counts.
            (&["i 1", "i 2", "f 3"], "1..3)"),
            // A second fix changes nothing that is already closed.
            (&["i 0", "f 1", "f 2"], "..1)"),
            (&["i 1", "f 1"], ""),
            (&["i 1", "la 1"], "1..1]"),
            (&["i 1", "f 2", "i 2", "f 3"], "1..2)"),
            (&["f 1"], ""),
            (&[], ""),
            (&["i 0", "l 2"], "..2|"),
            (&["i 0", "l 2", "l 3"], "..3|"),
            (&["i 0", "f 1", "i 4", "f 5", "l 3"], "..1)"),
            (&["i 0", "f 5", "l 3"], "..3|"),
            (&["i 0", "la 3", "l 3"], "..3|"),
            (&["i 0", "f 3", "l 3"], "..3)"),
            (&["i 0", "f x"], "x"),
            (&["i x", "f 1"], "x"),
            (&["i 0", "l x"], "x"),
        ] {
            assert_eq!(show(events), expected, "{events:?}");
        }
    }

    /// The schema's own algorithm, version by version, against the intervals.
    #[test]
    fn intervals_agree_with_the_evaluation_of_the_schema() {
        let texts = ["i 0", "i 2", "f 2", "f 4", "la 3", "la 5", "i 6", "l 5", "l 7"];
        for mask in 0u32..1 << texts.len() {
            let chosen: Vec<Event> =
                texts.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, t)| event(t)).collect();
            let list = intervals(&chosen, &Numbers).unwrap();
            for version in 1u32..9 {
                let expected = schema_says(&chosen, version);
                let found = list.iter().any(|i| i.contains(&version.to_string(), &Numbers).unwrap());
                assert_eq!(found, expected, "{version} in {chosen:?}: {list:?}");
            }
        }
    }

    fn schema_says(events: &[Event], version: u32) -> bool {
        let number = |text: &str| text.parse::<u32>().unwrap();
        let limits: Vec<u32> = events
            .iter()
            .filter_map(|e| if let Event::Limit(v) = e { Some(number(v)) } else { None })
            .collect();
        if !limits.is_empty() && !limits.iter().any(|limit| version < *limit) {
            return false;
        }
        let value = |event: &Event| match event {
            Event::Introduced(v) | Event::Fixed(v) | Event::LastAffected(v) | Event::Limit(v) => number(v),
        };
        let mut sorted: Vec<&Event> = events.iter().collect();
        sorted.sort_by_key(|event| (value(event), rank(event)));
        let mut vulnerable = false;
        for event in sorted {
            match event {
                Event::Introduced(v) if version >= number(v) => vulnerable = true,
                Event::Fixed(v) if version >= number(v) => vulnerable = false,
                Event::LastAffected(v) if version > number(v) => vulnerable = false,
                _ => {}
            }
        }
        vulnerable
    }

    #[test]
    fn versions_are_sorted_and_unique() {
        let list: Vec<String> =
            ["1.10", "x", "1.2", "1.9", "1.2", "01.9"].iter().map(|s| (*s).to_owned()).collect();
        assert_eq!(sorted_versions(&list, &Numbers), (vec!["1.2", "01.9", "1.10"], 1));
        assert_eq!(sorted_versions(&[], &Numbers), (vec![], 0));
    }
}
