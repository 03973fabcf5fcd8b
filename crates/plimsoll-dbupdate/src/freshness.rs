//! When an index is to be asked about again, and how much its age can be trusted: a pure function of what is known.

use std::fmt;
use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::State;

/// How far clocks may differ without a word about it.
const TOLERANCE: i64 = 3_600;

/// No database is made for longer than this. One that says so has a wrong clock, or wants never to be asked about.
const LONGEST: i64 = 30 * 86_400;

/// The rules of keeping an index fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// An index that is older must be spoken of.
    pub max_age: Duration,
    /// The origin is not asked more often than this.
    pub min_interval: Duration,
    /// How long an index is good that does not say it itself.
    pub default_interval: Duration,
    /// After the time for the next update each machine waits for a part of this, so that not all come at once.
    pub jitter: Duration,
    /// Which part; a number that differs from machine to machine and stays the same on each.
    pub seed: u64,
    /// For how long nothing is tried after an update has failed.
    pub pause_after_failure: Duration,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules {
            max_age: Duration::from_secs(7 * 86_400),
            min_interval: Duration::from_secs(3_600),
            default_interval: Duration::from_secs(86_400),
            jitter: Duration::from_secs(1_800),
            seed: 0,
            pause_after_failure: Duration::from_secs(600),
        }
    }
}

/// The index in place, as its own header describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InPlace {
    /// The digest of its content.
    pub digest: String,
    /// When it was built.
    pub built: Option<Timestamp>,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// There is no index.
    Missing,
    /// It was built or imported by a person and is replaced only when asked for.
    Own,
    /// Nothing, until then.
    Fresh {
        /// When it is to be asked about.
        until: Timestamp,
    },
    /// An update has just failed and is not tried again until then.
    Waiting {
        /// When it is to be tried again.
        until: Timestamp,
    },
    /// It is time to ask for a newer one.
    Due,
}

/// Why a time cannot be what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// The index was made, or fetched, after now.
    Future {
        /// When.
        time: Timestamp,
        /// What this machine's clock says.
        now: Timestamp,
    },
    /// The next update is years away.
    NextUpdateFar {
        /// When it would be.
        next: Timestamp,
    },
    /// The next update lies before the index itself.
    NextUpdatePast {
        /// When it would have been.
        next: Timestamp,
    },
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::Future { time, now } => write!(
                f,
                "the advisory database is of {time}, but this machine's clock says {now}: one of them is wrong, so that \
                 its age is not known"
            ),
            Doubt::NextUpdateFar { next } => write!(
                f,
                "the advisory database says that it is good until {next}, which is not believed; it is asked about daily"
            ),
            Doubt::NextUpdatePast { next } => {
                write!(f, "the advisory database says that it was good until {next}, before it was made")
            }
        }
    }
}

/// What is to be done, and what can be said of the index's age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// What is to be done.
    pub decision: Decision,
    /// The index's age in seconds; `None` when there is no index or its age is not known.
    pub age: Option<u64>,
    /// True when it is older than the rules like.
    pub too_old: bool,
    /// Times that cannot be right.
    pub doubts: Vec<Doubt>,
}

impl Freshness {
    /// True when the index is known to be young enough.
    pub fn is_fresh(&self) -> bool {
        self.age.is_some() && !self.too_old
    }
}

/// Decides about the index in place, given what is known of it. `now` is this machine's clock, which may be wrong.
pub fn decide(in_place: Option<&InPlace>, state: Option<&State>, now: Timestamp, rules: &Rules) -> Freshness {
    let about = state.filter(|state| in_place.is_some_and(|found| state.is_about(&found.digest)));
    let mut doubts = Vec::new();
    let made = match about {
        Some(state) => state.updated_at.or(in_place.and_then(|found| found.built)),
        None => in_place.and_then(|found| found.built),
    };
    let age = made.and_then(|made| {
        let age = since(made, now);
        if age < -TOLERANCE {
            doubts.push(Doubt::Future { time: made, now });
            return None;
        }
        Some(u64::try_from(age).unwrap_or(0))
    });
    let too_old = age.is_some_and(|age| age > rules.max_age.as_secs());
    let decision = match (in_place, about) {
        (None, _) => Decision::Missing,
        (Some(_), None) => Decision::Own,
        (Some(_), Some(state)) if !state.automatic => Decision::Own,
        (Some(_), Some(state)) => {
            let until = due_at(state, now, rules, &mut doubts);
            if until.seconds() > now.seconds() { Decision::Fresh { until } } else { Decision::Due }
        }
    };
    let decision = match (decision, waiting(state, now, rules)) {
        (Decision::Missing | Decision::Due, Some(until)) => Decision::Waiting { until },
        (decision, _) => decision,
    };
    Freshness { decision, age, too_old, doubts }
}

/// Until when nothing is tried because an update has just failed.
fn waiting(state: Option<&State>, now: Timestamp, rules: &Rules) -> Option<Timestamp> {
    let failed = state?.failed_at?;
    let until = later(failed, rules.pause_after_failure);
    // A failure in the future is one that a wrong clock has noted.
    (failed.seconds() <= now.seconds() && until.seconds() > now.seconds()).then_some(until)
}

/// When the origin is to be asked about a newer index.
fn due_at(state: &State, now: Timestamp, rules: &Rules, doubts: &mut Vec<Doubt>) -> Timestamp {
    let contact = state.checked_at.max(state.downloaded_at);
    let Some(contact) = contact else { return now };
    if since(contact, now) < -TOLERANCE {
        // Fetched in the future: nothing that was noted then can be relied on. Asking notes the time anew.
        if doubts.is_empty() {
            doubts.push(Doubt::Future { time: contact, now });
        }
        return now;
    }
    let by_default = later(contact, rules.default_interval);
    let clock_is_behind = doubts.iter().any(|doubt| matches!(doubt, Doubt::Future { .. }));
    let expected = match state.next_update {
        None => by_default,
        Some(_) if clock_is_behind => by_default,
        Some(next) if since(contact, next) > LONGEST => {
            doubts.push(Doubt::NextUpdateFar { next });
            by_default
        }
        Some(next) => {
            if state.updated_at.is_some_and(|made| since(made, next) < -TOLERANCE) {
                doubts.push(Doubt::NextUpdatePast { next });
            }
            later(next, jitter(rules))
        }
    };
    expected.max(later(contact, rules.min_interval))
}

/// The part of the jitter that this machine waits for.
fn jitter(rules: &Rules) -> Duration {
    // splitmix64: neighbouring seeds give numbers that are far apart.
    let mut z = rules.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    Duration::from_secs(z.checked_rem(rules.jitter.as_secs()).unwrap_or(0))
}

fn since(then: Timestamp, now: Timestamp) -> i64 {
    now.seconds().saturating_sub(then.seconds())
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_seconds(time.seconds().saturating_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        max_age: Duration::from_secs(7 * 86_400),
        min_interval: Duration::from_secs(3_600),
        default_interval: Duration::from_secs(86_400),
        jitter: Duration::ZERO,
        seed: 0,
        pause_after_failure: Duration::from_secs(600),
    };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn found() -> InPlace {
        InPlace { digest: "sha256:11".into(), built: Some(at("2025-02-01T00:00:00Z")) }
    }

    fn state() -> State {
        State {
            origin: "somewhere".into(),
            updated_at: Some(at("2025-02-01T00:00:00Z")),
            next_update: Some(at("2025-02-02T00:00:00Z")),
            downloaded_at: Some(at("2025-02-01T03:00:00Z")),
            index_digest: "sha256:11".into(),
            automatic: true,
            ..State::default()
        }
    }

    fn now(state: &State, time: &str) -> Freshness {
        decide(Some(&found()), Some(state), at(time), &RULES)
    }

    #[test]
    fn is_fresh_until_the_next_update() {
        let fresh = now(&state(), "2025-02-01T12:00:00Z");
        assert_eq!(fresh.decision, Decision::Fresh { until: at("2025-02-02T00:00:00Z") });
        assert_eq!((fresh.age, fresh.too_old, fresh.is_fresh()), (Some(43_200), false, true));
        assert_eq!(now(&state(), "2025-02-02T00:00:00Z").decision, Decision::Due);
        // A machine that asked an hour ago does not ask again, although the time has come.
        let asked = State { checked_at: Some(at("2025-02-02T05:00:00Z")), ..state() };
        let until = at("2025-02-02T06:00:00Z");
        assert_eq!(now(&asked, "2025-02-02T05:30:00Z").decision, Decision::Fresh { until });
        assert_eq!(now(&asked, "2025-02-02T06:00:00Z").decision, Decision::Due);
        let silent = State { next_update: None, ..state() };
        let until = at("2025-02-02T03:00:00Z");
        assert_eq!(now(&silent, "2025-02-01T12:00:00Z").decision, Decision::Fresh { until });
    }

    #[test]
    fn grows_old() {
        let old = now(&state(), "2025-02-08T00:00:00Z");
        assert!(!old.too_old && old.is_fresh());
        let old = now(&state(), "2025-02-08T00:00:01Z");
        assert!(old.too_old && !old.is_fresh());
        assert_eq!((old.decision, old.age), (Decision::Due, Some(7 * 86_400 + 1)));
    }

    #[test]
    fn what_people_made_is_left_alone() {
        let other = InPlace { digest: "sha256:22".into(), ..found() };
        let time = at("2025-03-01T00:00:00Z");
        for state in [None, Some(&state()), Some(&State::default())] {
            let own = decide(Some(&other), state, time, &RULES);
            assert_eq!((own.decision, own.age), (Decision::Own, Some(28 * 86_400)));
        }
        // An update that was cut off right after it had put the index in place.
        let cut_off = State { incoming: "sha256:22".into(), ..state() };
        assert_eq!(decide(Some(&other), Some(&cut_off), time, &RULES).decision, Decision::Due);
        let imported = State { automatic: false, ..state() };
        assert_eq!(now(&imported, "2025-03-01T00:00:00Z").decision, Decision::Own);
        let nothing = decide(None, Some(&state()), time, &RULES);
        assert_eq!((nothing.decision, nothing.age, nothing.is_fresh()), (Decision::Missing, None, false));
    }

    #[test]
    fn waits_after_a_failure() {
        let failed = State { failed_at: Some(at("2025-02-03T00:00:00Z")), ..state() };
        let until = at("2025-02-03T00:10:00Z");
        assert_eq!(now(&failed, "2025-02-03T00:09:59Z").decision, Decision::Waiting { until });
        assert_eq!(now(&failed, "2025-02-03T00:10:00Z").decision, Decision::Due);
        // With a clock that has gone back since, the failure counts for nothing.
        assert_eq!(now(&failed, "2025-02-02T23:00:00Z").decision, Decision::Due);
        // Nor does it matter before it is time to ask.
        let early = State { failed_at: Some(at("2025-02-01T12:00:00Z")), ..state() };
        assert!(matches!(now(&early, "2025-02-01T12:01:00Z").decision, Decision::Fresh { .. }));
        let none = decide(None, Some(&failed), at("2025-02-03T00:01:00Z"), &RULES);
        assert_eq!(none.decision, Decision::Waiting { until });
        let other = InPlace { digest: "sha256:22".into(), ..found() };
        let own = decide(Some(&other), Some(&failed), at("2025-02-03T00:01:00Z"), &RULES);
        assert_eq!(own.decision, Decision::Own);
    }

    #[test]
    fn a_clock_that_is_behind() {
        // The machine believes it is 1970: the age is unknown, and the origin is asked, once a day.
        let lost = now(&state(), "1970-01-01T00:05:00Z");
        assert_eq!((lost.decision, lost.age, lost.is_fresh()), (Decision::Due, None, false));
        let text = lost.doubts[0].to_string();
        assert!(text.contains("2025-02-01T00:00:00Z") && text.contains("1970-01-01T00:05:00Z"), "{text}");
        let (asked, downloaded_at) = (Some(at("1970-01-01T00:05:00Z")), Some(at("1970-01-01T00:05:00Z")));
        let asked = State { checked_at: asked, downloaded_at, ..state() };
        let until = at("1970-01-02T00:05:00Z");
        assert_eq!(now(&asked, "1970-01-01T05:00:00Z").decision, Decision::Fresh { until });
        assert_eq!(now(&asked, "1970-01-02T00:05:00Z").decision, Decision::Due);
        // An hour is nothing to speak of.
        let ahead = now(&state(), "2025-01-31T23:30:00Z");
        assert_eq!((ahead.age, ahead.doubts.len()), (Some(0), 1), "fetched in the future all the same");
    }

    #[test]
    fn a_next_update_that_cannot_be() {
        let far = State { next_update: Some(at("2099-01-01T00:00:00Z")), ..state() };
        let fresh = now(&far, "2025-02-01T12:00:00Z");
        assert_eq!(fresh.decision, Decision::Fresh { until: at("2025-02-02T03:00:00Z") });
        assert!(fresh.doubts[0].to_string().contains("2099"));
        assert_eq!(now(&far, "2025-02-02T03:00:00Z").decision, Decision::Due);
        let past = State { next_update: Some(at("1999-01-01T00:00:00Z")), ..state() };
        let fresh = now(&past, "2025-02-01T03:30:00Z");
        assert_eq!(fresh.decision, Decision::Fresh { until: at("2025-02-01T04:00:00Z") });
        assert!(fresh.doubts[0].to_string().contains("1999"));
        assert_eq!(now(&past, "2025-02-01T04:00:00Z").decision, Decision::Due);
        // The ends of time do not overflow.
        let ends = [at("0001-01-01T00:00:00Z"), at("9999-12-31T23:59:59Z")];
        for next in ends {
            for time in ends {
                let state = State { next_update: Some(next), checked_at: Some(next), ..state() };
                let _ = decide(Some(&found()), Some(&state), time, &RULES);
            }
        }
    }

    #[test]
    fn machines_do_not_come_at_once() {
        let until = |seed| {
            let rules = Rules { jitter: Duration::from_secs(1_800), seed, ..RULES };
            match decide(Some(&found()), Some(&state()), at("2025-02-01T12:00:00Z"), &rules).decision {
                Decision::Fresh { until } => until.seconds() - at("2025-02-02T00:00:00Z").seconds(),
                other => panic!("{other:?}"),
            }
        };
        let all: std::collections::BTreeSet<i64> = (0..100).map(until).collect();
        assert!(all.iter().all(|second| (0..1_800).contains(second)));
        assert!(all.len() > 80, "{} different ones", all.len());
        assert_eq!(until(7), until(7));
    }
}
