//! `plimsoll db update` and `plimsoll db import`, and the update that a scan begins with.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use plimsoll_dbupdate::{Limits, Moved, Outcome, Request, Source, State, UpdateError};
use plimsoll_http::{ClientConfig, RetryPolicy, Timeouts};

use super::convert::convert;
use crate::args::{Network, Scan, Update};
use crate::exit::{Exit, usage};
use crate::registry::{self, Access};
use crate::{output, progress};

/// How long another process that is updating is waited for when there is nothing to go on with meanwhile.
pub(super) const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What to do.
pub(super) struct Job<'a> {
    /// Where the database is.
    pub(super) index: &'a Path,
    pub(super) sources: Vec<Source>,
    pub(super) network: Network,
    pub(super) patience: Duration,
    pub(super) force: bool,
    pub(super) automatic: bool,
    pub(super) progress: bool,
    /// After what time a download is put off; what has come of it is kept.
    pub(super) time_limit: Option<Duration>,
}

/// How long a server may take when there is another one to ask, or a database to go on with.
fn patience_with_servers() -> ClientConfig {
    let retry = RetryPolicy { attempts: 2, max: Duration::from_secs(5), ..RetryPolicy::default() };
    let timeouts = Timeouts {
        connect: Duration::from_secs(8),
        response: Duration::from_secs(30),
        ..Timeouts::default()
    };
    ClientConfig { retry, timeouts, ..ClientConfig::default() }
}

impl Job<'_> {
    pub(super) fn run(self) -> anyhow::Result<Result<Outcome, UpdateError>> {
        let access = Access::new(self.network)?;
        let client = access.client(patience_with_servers())?;
        let registry = access.registry_with(client.clone())?;
        let progress = progress::download(self.progress, self.time_limit);
        let request = Request {
            index: self.index,
            sources: &self.sources,
            registry: &registry,
            client: &client,
            now: super::clock(),
            patience: self.patience,
            force: self.force,
            automatic: self.automatic,
            limits: Limits::default(),
            progress: &progress,
        };
        Ok(plimsoll_dbupdate::update(&request, &mut convert))
    }
}

/// The sources that the user names, or else the usual ones.
pub(super) fn sources(named: &[String]) -> anyhow::Result<Vec<Source>> {
    let named = named.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    let sources: Vec<Source> = named
        .map(|text| text.parse::<Source>().map_err(|error| usage(error.to_string())))
        .collect::<anyhow::Result<_>>()?;
    Ok(if sources.is_empty() { Source::defaults() } else { sources })
}

/// `plimsoll db update`.
pub(super) fn update(arguments: &Update) -> anyhow::Result<Exit> {
    let index = super::place(arguments.cache_dir.as_deref())?;
    let job = Job {
        index: &index,
        sources: sources(&arguments.db_repository)?,
        network: arguments.network.clone(),
        patience: PATIENCE,
        force: arguments.force,
        automatic: true,
        progress: !arguments.quiet && !arguments.no_progress,
        time_limit: None,
    };
    tell(&job.run()?.context("the advisory database was not updated")?, arguments.quiet)
}

/// `plimsoll scan --download-db-only`.
pub(crate) fn download(scan: &Scan) -> anyhow::Result<Exit> {
    let index = super::place(scan.cache_dir.as_deref())?;
    let job = Job {
        index: &index,
        sources: sources(&scan.db_repository)?,
        network: registry::network_of(scan),
        patience: PATIENCE,
        force: false,
        automatic: true,
        progress: !scan.quiet && !scan.no_progress,
        time_limit: None,
    };
    tell(&job.run()?.context("the advisory database was not updated")?, scan.quiet)
}

/// `plimsoll db import`.
pub(super) fn import(path: &Path, cache_dir: Option<&Path>, quiet: bool) -> anyhow::Result<Exit> {
    if let Some(exit) = super::jars::import(path, cache_dir, quiet)? {
        return Ok(exit);
    }
    let index = super::place(cache_dir)?;
    // The state notes where it came from, which should not depend on where somebody stood.
    let path = std::path::absolute(path).with_context(|| format!("cannot find {}", path.display()))?;
    let job = Job {
        index: &index,
        sources: vec![Source::Disk(path)],
        network: Network { offline: true, ..Network::default() },
        patience: PATIENCE,
        force: true,
        automatic: false,
        progress: false,
        time_limit: None,
    };
    tell(&job.run()?.context("the advisory database was not imported")?, quiet)
}

fn tell(outcome: &Outcome, quiet: bool) -> anyhow::Result<Exit> {
    if !quiet {
        output::standard(text(outcome)?.as_bytes())?;
    }
    Ok(Exit::Success)
}

fn text(outcome: &Outcome) -> anyhow::Result<String> {
    let mut text = String::new();
    let state = match outcome {
        Outcome::Updated { state, moved } => {
            writeln!(text, "updated from {}", state.origin)?;
            if *moved != Moved::default() {
                write!(text, "fetched     {}", size(moved.bytes))?;
                if let Some(report) = moved.chunks {
                    let part = share(report.moved_bytes, report.bytes);
                    write!(
                        text,
                        ", {} of {} chunks, {part} % of {}",
                        report.moved_chunks,
                        report.chunks,
                        size(report.bytes)
                    )?;
                }
                writeln!(text)?;
            }
            state
        }
        Outcome::Unchanged { state } => {
            writeln!(text, "already the newest of {}", origin(state))?;
            state
        }
        Outcome::ByAnother { state } => {
            writeln!(text, "another process has just updated from {}", origin(state))?;
            state
        }
    };
    if let Some(made) = state.updated_at {
        writeln!(text, "made        {made}")?;
    }
    if let Some(next) = state.next_update {
        writeln!(text, "next update {next}")?;
    }
    Ok(text)
}

fn origin(state: &State) -> &str {
    if state.origin.is_empty() { "its source" } else { &state.origin }
}

/// A number of bytes for people.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

/// How many hundredths of `whole` a part is; 0 of nothing.
pub(super) fn share(part: u64, whole: u64) -> u64 {
    part.saturating_mul(100).checked_div(whole).unwrap_or(0)
}
