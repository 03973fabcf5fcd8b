//! `plimsoll db status`.

use std::fmt::Write;
use std::path::Path;

use plimsoll_db::JarIndex;
use plimsoll_dbupdate::{Decision, Freshness, InPlace, Rules, State, decide};
use plimsoll_types::DatabaseInfo;
use serde_json::{Value, json};

use super::fresh::days;
use crate::args::{Form, Which};
use crate::exit::Exit;
use crate::output;

/// Says what the database holds, where it came from and how old it is.
pub(super) fn status(which: &Which, form: Form) -> anyhow::Result<Exit> {
    let (_, info) = super::open_which(which)?;
    let jars = Jars::of(which.cache_dir.as_deref());
    // What is known of where it came from lies beside the index.
    let state =
        State::load(Path::new(&info.name)).unwrap_or_default().filter(|state| state.is_about(&info.digest));
    let found = InPlace { digest: info.digest.clone(), built: info.built };
    let freshness = decide(Some(&found), state.as_ref(), super::clock(), &Rules::default());
    let text = match form {
        Form::Table => table(&info, state.as_ref(), &freshness, jars.as_ref())?,
        Form::Json => format!("{:#}\n", json_of(&info, state.as_ref(), &freshness, jars.as_ref())),
    };
    output::standard(text.as_bytes())?;
    Ok(Exit::Success)
}

/// The installed index of jars: where it is, and how many it knows or what is wrong with it.
struct Jars {
    name: String,
    known: Result<usize, String>,
}

impl Jars {
    fn of(cache_dir: Option<&Path>) -> Option<Jars> {
        let (path, index) = super::jars::open(cache_dir)?;
        let known = index.as_ref().map(JarIndex::len).map_err(ToString::to_string);
        Some(Jars { name: path.display().to_string(), known })
    }
}

fn table(
    info: &DatabaseInfo,
    state: Option<&State>,
    freshness: &Freshness,
    jars: Option<&Jars>,
) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(text, "database    {}", info.name)?;
    if let Some(built) = info.built {
        writeln!(text, "built       {built}")?;
    }
    if !info.digest.is_empty() {
        writeln!(text, "digest      {}", info.digest)?;
    }
    if let Some(state) = state {
        writeln!(text, "origin      {} ({})", state.origin, state.form)?;
        let age = freshness.age.map_or_else(|| "not known".to_owned(), days);
        writeln!(text, "age         {age}{}", if freshness.too_old { ", too old" } else { "" })?;
        if let Some(time) = state.downloaded_at {
            writeln!(text, "fetched     {time}")?;
        }
        if let Some(time) = state.checked_at.filter(|time| Some(*time) != state.downloaded_at) {
            writeln!(text, "checked     {time}")?;
        }
        let next = match freshness.decision {
            Decision::Fresh { until } => Some(format!("{until}")),
            Decision::Waiting { until } => Some(format!("{until}, after a failure: {}", state.failure)),
            Decision::Due => Some("due".to_owned()),
            Decision::Own | Decision::Missing => None,
        };
        if let Some(next) = next {
            writeln!(text, "next update {next}")?;
        }
        for doubt in &freshness.doubts {
            writeln!(text, "doubtful    {doubt}")?;
        }
    }
    writeln!(text, "advisories  {}", info.advisories)?;
    for source in &info.sources {
        let newest = source.newest.map_or_else(String::new, |newest| format!(", newest {newest}"));
        writeln!(text, "  {:<20} {:>8}{newest}", source.id, source.advisories)?;
    }
    if let Some(jars) = jars {
        let known = jars.known.as_ref().map_or_else(Clone::clone, ToString::to_string);
        writeln!(text, "jars        {known}\n  {}", jars.name)?;
    }
    Ok(text)
}

fn json_of(info: &DatabaseInfo, state: Option<&State>, freshness: &Freshness, jars: Option<&Jars>) -> Value {
    let time = |time: Option<plimsoll_types::Timestamp>| time.map(|time| time.to_string());
    let sources = info.sources.iter().map(|source| {
        json!({
            "id": source.id,
            "advisories": source.advisories,
            "newest": time(source.newest),
            "digest": source.digest,
        })
    });
    let (decision, until) = match freshness.decision {
        Decision::Missing => ("missing", None),
        Decision::Own => ("own", None),
        Decision::Fresh { until } => ("fresh", Some(until)),
        Decision::Waiting { until } => ("waiting", Some(until)),
        Decision::Due => ("due", None),
    };
    json!({
        "schemaVersion": 1,
        "name": info.name,
        "digest": info.digest,
        "built": time(info.built),
        "advisories": info.advisories,
        "sources": sources.collect::<Value>(),
        "ageSeconds": freshness.age,
        "tooOld": freshness.too_old,
        "state": decision,
        "until": time(until),
        "doubts": freshness.doubts.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "origin": state.map(|state| json!({
            "name": state.origin,
            "form": state.form,
            "digest": state.digest,
            "updatedAt": time(state.updated_at),
            "nextUpdate": time(state.next_update),
            "downloadedAt": time(state.downloaded_at),
            "checkedAt": time(state.checked_at),
            "failedAt": time(state.failed_at),
            "failure": state.failure,
            "automatic": state.automatic,
        })),
        "jars": jars.map(|jars| json!({
            "name": jars.name,
            "known": jars.known.as_ref().ok(),
            "fault": jars.known.as_ref().err(),
        })),
    })
}
