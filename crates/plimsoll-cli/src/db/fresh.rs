//! The database that a scan uses: updated when it is time, and spoken of when it is old.

use std::path::Path;
use std::time::Duration;

use plimsoll_db::Index;
use plimsoll_dbupdate::{Decision, Freshness, InPlace, Rules, State, UpdateError, decide, in_place};
use plimsoll_types::DatabaseInfo;

use super::update::{self, Job, PATIENCE};
use crate::args::{Network, Scan};
use crate::exit;
use crate::registry;

/// The hint that goes with a database that is old or missing.
const HINT: &str = "fetch a newer one with `plimsoll db update`, or bring one with `plimsoll db import`";

/// How long a scan that has a database waits for a newer one.
const BESIDE: Duration = Duration::from_secs(5 * 60);

/// Opens the database for a scan: the one that was asked for, else the installed one, which is updated first when it is
/// time and the network may be used, else the starter set.
pub(crate) fn for_scan(scan: &Scan) -> anyhow::Result<(Index, DatabaseInfo)> {
    let rules = Rules { max_age: scan.db_max_age, seed: seed(), ..Rules::default() };
    if scan.db.is_none()
        && let Some(path) = super::installed(scan.cache_dir.as_deref())
    {
        keep_fresh(scan, &path, &rules)?;
    }
    let (index, info) = super::open(scan.db.as_deref(), scan.cache_dir.as_deref())?;
    if scan.require_fresh_db {
        require_fresh(scan, &info, &rules)?;
    }
    Ok((index, info))
}

/// A number that differs from machine to machine and stays the same on each.
fn seed() -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for path in ["/etc/machine-id", "/etc/hostname"] {
        std::fs::read(path).unwrap_or_default().hash(&mut hasher);
    }
    hasher.finish()
}

/// What is known of the installed database.
struct Known {
    in_place: Option<InPlace>,
    freshness: Freshness,
    /// Whether an update or an import has put it there: what somebody has built is as old as they like.
    kept: bool,
    failure: String,
}

fn look(path: &Path, rules: &Rules) -> Known {
    // A state that cannot be understood says nothing; the next update writes it anew.
    let state = State::load(path).unwrap_or_default();
    let in_place = in_place(path);
    let freshness = decide(in_place.as_ref(), state.as_ref(), super::clock(), rules);
    let about = |found: &InPlace| state.as_ref().is_some_and(|state| state.is_about(&found.digest));
    let kept = in_place.as_ref().is_some_and(about);
    Known { in_place, freshness, kept, failure: state.map(|state| state.failure).unwrap_or_default() }
}

/// Updates the installed database when it is time. A failure ends no scan: it is told, and the scan goes on with what is at
/// hand.
fn keep_fresh(scan: &Scan, path: &Path, rules: &Rules) -> anyhow::Result<()> {
    let sources = update::sources(&scan.db_repository)?;
    let mut known = look(path, rules);
    let warn = |text: &str| {
        if !scan.quiet {
            exit::message("warning", text);
        }
    };
    let missing = known.in_place.is_none();
    if !scan.offline && !scan.skip_db_update {
        let instead = if missing { "the small built-in one is used" } else { "the one at hand is used" };
        match known.freshness.decision {
            Decision::Missing | Decision::Due => {
                let job = Job {
                    index: path,
                    sources,
                    // Who the user is in the registry of the image is nobody's business elsewhere.
                    network: Network {
                        username: None,
                        password: None,
                        password_stdin: false,
                        registry_token: None,
                        ..registry::network_of(scan)
                    },
                    patience: if missing { PATIENCE } else { Duration::ZERO },
                    force: false,
                    automatic: true,
                    progress: !scan.quiet && !scan.no_progress,
                    time_limit: Some(if missing { PATIENCE } else { BESIDE }),
                };
                match job.run()? {
                    Ok(_) => known = look(path, rules),
                    // Somebody else is doing it, and there is a database to go on with.
                    Err(UpdateError::Busy) if !missing => {}
                    Err(error) => {
                        let error = anyhow::Error::new(error);
                        warn(&format!(
                            "the advisory database was not updated, {instead}: {}",
                            exit::chain(&error)
                        ));
                    }
                }
            }
            Decision::Waiting { until } => warn(&format!(
                "the last update of the advisory database failed and is not tried again before {until}, {instead}: {}",
                known.failure
            )),
            Decision::Fresh { .. } | Decision::Own => {}
        }
    }
    if known.kept {
        for doubt in &known.freshness.doubts {
            warn(&doubt.to_string());
        }
        if let (true, Some(age)) = (known.freshness.too_old, known.freshness.age) {
            warn(&format!(
                "THE ADVISORY DATABASE IS {} OLD: vulnerabilities that became known since then are not found",
                days(age).to_uppercase()
            ));
            if !scan.quiet {
                exit::message("hint", HINT);
            }
        }
    }
    Ok(())
}

/// Refuses a database that is old, or of which nobody knows how old it is.
fn require_fresh(scan: &Scan, info: &DatabaseInfo, rules: &Rules) -> anyhow::Result<()> {
    let freshness = match (&scan.db, super::installed(scan.cache_dir.as_deref())) {
        (None, Some(path)) if path.exists() => look(&path, rules).freshness,
        (None, _) => {
            exit::message("hint", HINT);
            anyhow::bail!(
                "there is no advisory database but the built-in one, and --require-fresh-db is set"
            );
        }
        (Some(_), _) => {
            let found = InPlace { digest: info.digest.clone(), built: info.built };
            decide(Some(&found), None, super::clock(), rules)
        }
    };
    if freshness.is_fresh() {
        return Ok(());
    }
    match freshness.age {
        Some(age) => anyhow::bail!(
            "the advisory database is {} old, more than {}, and --require-fresh-db is set",
            days(age),
            days(rules.max_age.as_secs())
        ),
        None => anyhow::bail!("the age of the advisory database is not known, and --require-fresh-db is set"),
    }
}

/// A time for people.
pub(super) fn days(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..3_600 => (seconds / 60, "minute"),
        3_600..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}
