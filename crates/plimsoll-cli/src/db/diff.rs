//! `plimsoll db diff`.

use std::fmt::Write;
use std::path::Path;

use anyhow::Context;
use plimsoll_db::Index;
use plimsoll_dbupdate::DatabaseDiff;
use serde_json::{Value, json};

use crate::args::Form;
use crate::exit::{self, Exit};
use crate::output;

/// Says which advisories came, went and changed.
pub(super) fn diff(before: &Path, after: &Path, form: Form) -> anyhow::Result<Exit> {
    let open = |path: &Path| Index::open(path).context("the advisory database cannot be used");
    let found = plimsoll_dbupdate::diff(&open(before)?, &open(after)?)
        .context("the advisory databases cannot be compared")?;
    let text = match form {
        Form::Table => table(&found)?,
        Form::Json => format!("{:#}\n", json_of(&found)),
    };
    output::standard(text.as_bytes())?;
    Ok(Exit::Success)
}

fn table(found: &DatabaseDiff) -> anyhow::Result<String> {
    let mut text = String::new();
    for (source, diff) in &found.sources {
        let (added, removed, changed) = (diff.added.len(), diff.removed.len(), diff.changed.len());
        writeln!(text, "{}: {added} added, {removed} removed, {changed} changed", exit::plain(source))?;
        for (sign, ids) in [('+', &diff.added), ('-', &diff.removed), ('~', &diff.changed)] {
            for id in ids {
                writeln!(text, "  {sign} {}", exit::plain(id))?;
            }
        }
    }
    writeln!(text, "{} unchanged", found.unchanged)?;
    Ok(text)
}

fn json_of(found: &DatabaseDiff) -> Value {
    let sources = found.sources.iter().map(|(source, diff)| {
        json!({"id": source, "added": diff.added, "removed": diff.removed, "changed": diff.changed})
    });
    json!({"schemaVersion": 1, "sources": sources.collect::<Value>(), "unchanged": found.unchanged})
}
