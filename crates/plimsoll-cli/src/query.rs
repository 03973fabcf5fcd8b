//! `plimsoll query`: SQL over reports, inspect output, manifests and a live engine.

mod engine;
mod manifests;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use plimsoll_query::inspect::{self, Origin};
use plimsoll_query::{Database, Limits, QueryError, Tables, render};

use crate::args::{AnswerForm, Query, QueryLimits, Sources};
use crate::exit::{Exit, message, usage};
use crate::{args, db, judgement, output, scan};

/// Answers the query.
pub(crate) fn run(arguments: &Query) -> anyhow::Result<Exit> {
    let database = database(&arguments.sources, &arguments.limits)?;
    let answer = database.query(&arguments.sql).map_err(told)?;
    if answer.truncated {
        message("warning", &format!("only the first {} rows are shown (--max-rows)", answer.rows.len()));
    }
    let bytes = match arguments.format {
        AnswerForm::Table => render::table(&answer).into_bytes(),
        AnswerForm::Json => render::json(&answer).into_bytes(),
        AnswerForm::Csv => render::csv(&answer)?,
    };
    output::standard(&bytes)?;
    Ok(Exit::Success)
}

/// What is wrong with the query itself is an error of the command line.
fn told(error: QueryError) -> anyhow::Error {
    match error {
        QueryError::Time(_) | QueryError::Memory(_) | QueryError::Stuck | QueryError::Engine(_) => {
            anyhow::Error::new(error)
        }
        error => usage(error.to_string()),
    }
}

/// The tables, filled from what was named.
pub(crate) fn database(sources: &Sources, limits: &QueryLimits) -> anyhow::Result<Database> {
    let files = [&sources.report, &sources.inspect, &sources.manifest];
    let images = &sources.image;
    if files.iter().all(|files| files.is_empty()) && images.is_empty() && sources.engine.is_none() {
        let flags = "--image, --report, --inspect, --manifest or --engine";
        message("warning", &format!("the tables are empty: name what fills them with {flags}"));
    }
    if sources.report.iter().chain(&sources.inspect).filter(|path| is_input(path)).count() > 1 {
        return Err(usage("standard input can be read once only"));
    }
    let mut tables = Tables::default();
    if !images.is_empty() {
        match scan::scanned(&args::scan_of(images)?)? {
            // An answer that leaves a target out would be wrong.
            Ok(scanned) if scanned.failed.is_none() => tables.add_report(&scanned.report),
            _ => anyhow::bail!("a target could not be scanned, so there is no answer"),
        }
    }
    for path in &sources.report {
        let report = if is_input(path) {
            judgement::report(&read(path, judgement::MAX_REPORT)?, path)?
        } else {
            judgement::saved(path)?
        };
        tables.add_report(&report);
    }
    for path in &sources.inspect {
        let bytes = read(path, inspect::MAX_BYTES)?;
        let name = path.display().to_string();
        inspect::read(&bytes, Origin::File(&name), &mut tables)
            .with_context(|| format!("cannot read {name}"))?;
    }
    for path in &sources.manifest {
        manifests::read(path, &mut tables)?;
    }
    if let Some(socket) = &sources.engine {
        engine::read(socket, &mut tables)?;
    }
    let limits = Limits {
        time: limits.timeout,
        rows: limits.max_rows,
        memory: limits.max_memory.saturating_mul(1 << 20),
    };
    Ok(Database::new(tables, db::now(), limits)?)
}

fn is_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Reads a file, or standard input, up to a limit.
pub(crate) fn read(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let named = if is_input(path) { "standard input".to_owned() } else { path.display().to_string() };
    let mut bytes = Vec::new();
    let mut take = |input: &mut dyn Read| input.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    let taken = if is_input(path) {
        take(&mut std::io::stdin().lock())
    } else {
        File::open(path).and_then(|mut file| take(&mut file))
    };
    taken.with_context(|| format!("cannot read {named}"))?;
    anyhow::ensure!(bytes.len() as u64 <= limit, "{named} is larger than {limit} bytes");
    Ok(bytes)
}
