//! Intervals on a version line, for the sources that write requirements (`~> 1.2, >= 1.2.3`) and not ranges.

use std::cmp::Ordering;

use plimsoll_version::VersionScheme;

use crate::{Event, Range};

/// The most alternatives that one advisory may state.
pub const MAX_INTERVALS: usize = 1_000;

/// An end of an interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The version at the end.
    pub version: String,
    /// Whether it belongs to the interval.
    pub inclusive: bool,
}

/// An interval; an end that is missing is open.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interval {
    /// From here on.
    pub lower: Option<Bound>,
    /// Up to here.
    pub upper: Option<Bound>,
}

impl Interval {
    /// Moves the lower end up to `version`, unless it is there already.
    pub fn from(&mut self, scheme: &dyn VersionScheme, version: &str, inclusive: bool) {
        let tighter = self.lower.as_ref().is_none_or(|lower| match scheme.compare(version, &lower.version) {
            Ok(Ordering::Greater) => true,
            Ok(Ordering::Equal) => lower.inclusive && !inclusive,
            _ => false,
        });
        if tighter {
            self.lower = Some(Bound { version: version.to_owned(), inclusive });
        }
    }

    /// Moves the upper end down to `version`, unless it is there already.
    pub fn to(&mut self, scheme: &dyn VersionScheme, version: &str, inclusive: bool) {
        let tighter = self.upper.as_ref().is_none_or(|upper| match scheme.compare(version, &upper.version) {
            Ok(Ordering::Less) => true,
            Ok(Ordering::Equal) => upper.inclusive && !inclusive,
            _ => false,
        });
        if tighter {
            self.upper = Some(Bound { version: version.to_owned(), inclusive });
        }
    }

    /// Whether no version can be in it.
    pub fn is_empty(&self, scheme: &dyn VersionScheme) -> bool {
        let (Some(lower), Some(upper)) = (&self.lower, &self.upper) else { return false };
        match scheme.compare(&lower.version, &upper.version) {
            Ok(Ordering::Less) => false,
            Ok(Ordering::Equal) => !(lower.inclusive && upper.inclusive),
            Ok(Ordering::Greater) => true,
            // What cannot be ordered cannot be known to be empty.
            Err(_) => false,
        }
    }

    /// The single version that is in it, if it is written as one.
    pub fn single(&self) -> Option<&str> {
        match (&self.lower, &self.upper) {
            (Some(lower), Some(upper))
                if lower.inclusive && upper.inclusive && lower.version == upper.version =>
            {
                Some(&lower.version)
            }
            _ => None,
        }
    }

    /// As a range. `successor` gives the version right after another, since ranges have no exclusive lower end;
    /// `end` makes the event of an exclusive upper end.
    pub fn range(&self, successor: fn(&str) -> String, end: fn(String) -> Event) -> Range {
        let mut events = vec![Event::Introduced(match &self.lower {
            None => "0".to_owned(),
            Some(bound) if bound.inclusive => bound.version.clone(),
            Some(bound) => successor(&bound.version),
        })];
        if let Some(bound) = &self.upper {
            let version = bound.version.clone();
            events.push(if bound.inclusive { Event::LastAffected(version) } else { end(version) });
        }
        Range { events }
    }
}

/// What lies between `intervals`, each with the tag of the interval that ends it, if one does. Where intervals begin
/// at the same version, the first one's tag is taken.
pub fn between<T: Copy>(
    scheme: &dyn VersionScheme,
    mut intervals: Vec<(Interval, T)>,
) -> Vec<(Interval, Option<T>)> {
    intervals.retain(|(interval, _)| !interval.is_empty(scheme));
    // The sort is stable. Versions that cannot be ordered stay where they are; callers refuse them before.
    intervals.sort_by(|(a, _), (b, _)| match (&a.lower, &b.lower) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(a), Some(b)) => scheme
            .compare(&a.version, &b.version)
            .unwrap_or(Ordering::Equal)
            .then(b.inclusive.cmp(&a.inclusive)),
    });
    let mut gaps = Vec::new();
    // The lower end of the gap being looked for: none at the beginning of the line.
    let mut from: Option<Bound> = None;
    for (interval, tag) in intervals {
        if let Some(lower) = &interval.lower {
            let gap = Interval {
                lower: from.clone(),
                upper: Some(Bound { version: lower.version.clone(), inclusive: !lower.inclusive }),
            };
            if !gap.is_empty(scheme) {
                gaps.push((gap, Some(tag)));
            }
        }
        let Some(upper) = interval.upper else { return gaps };
        let next = Bound { version: upper.version, inclusive: !upper.inclusive };
        let further = from.as_ref().is_none_or(|from| match scheme.compare(&next.version, &from.version) {
            Ok(Ordering::Greater) => true,
            Ok(Ordering::Equal) => from.inclusive && !next.inclusive,
            _ => false,
        });
        if further {
            from = Some(next);
        }
    }
    gaps.push((Interval { lower: from, upper: None }, None));
    gaps
}

#[cfg(test)]
mod tests {
    use plimsoll_version::SEMVER;

    use super::*;

    fn interval(lower: Option<(&str, bool)>, upper: Option<(&str, bool)>) -> Interval {
        let bound = |(version, inclusive): (&str, bool)| Bound { version: version.to_owned(), inclusive };
        Interval { lower: lower.map(bound), upper: upper.map(bound) }
    }

    #[test]
    fn gaps() {
        let safe = vec![
            (interval(Some(("3.0.0", true)), None), 'd'),
            (interval(Some(("1.2.0", true)), Some(("2.0.0", false))), 'b'),
            (interval(None, Some(("1.0.0", true))), 'a'),
            (interval(Some(("1.5.0", true)), Some(("1.6.0", false))), 'c'),
        ];
        assert_eq!(
            between(&SEMVER, safe),
            [
                (interval(Some(("1.0.0", false)), Some(("1.2.0", false))), Some('b')),
                (interval(Some(("2.0.0", true)), Some(("3.0.0", false))), Some('d')),
            ]
        );
        assert_eq!(between::<char>(&SEMVER, Vec::new()), [(Interval::default(), None)]);
        assert_eq!(between(&SEMVER, vec![(Interval::default(), 'a')]), []);
    }

    #[test]
    fn ends_only_tighten() {
        let mut found = Interval::default();
        found.from(&SEMVER, "1.0.0", true);
        found.from(&SEMVER, "0.9.0", true);
        found.from(&SEMVER, "1.0.0", false);
        found.to(&SEMVER, "3.0.0", false);
        found.to(&SEMVER, "2.0.0", true);
        assert_eq!(found, interval(Some(("1.0.0", false)), Some(("2.0.0", true))));
        found.to(&SEMVER, "1.0.0", true);
        assert!(found.is_empty(&SEMVER));
    }
}
