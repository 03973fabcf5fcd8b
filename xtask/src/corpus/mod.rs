//! `cargo xtask secrets-corpus`: a labelled corpus of files with secrets and with what only looks like secrets, and how many
//! of them Plimsoll finds. docs/secrets-corpus.md says how it is made and what counts.

mod evaluate;
mod makers;
mod random;
mod roots;
mod template;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::Value;

use crate::note;
use evaluate::{Miss, Outcome};
use roots::File;

/// The templates.
const TEMPLATES: &str = "xtask/corpus";
/// What a scanner must find of the secrets.
const RECALL: f64 = 0.95;
/// What must be right of that which it reports.
const PRECISION: f64 = 0.95;

#[derive(Args)]
pub(crate) struct Options {
    /// Plimsoll, when it is not to be built
    #[arg(long, value_name = "PROGRAM")]
    plimsoll: Option<PathBuf>,
    /// Write the corpus, its labels and the reports here and keep them
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Name each secret that is missed and each finding that is wrong
    #[arg(long)]
    list_misses: bool,
    /// Write the corpus only; needs --keep
    #[arg(long, requires = "keep", conflicts_with_all = ["plimsoll", "report"])]
    no_scan: bool,
    /// Judge these reports in Plimsoll's JSON, one for each root in their order, instead of scanning
    #[arg(long, value_name = "FILE", conflicts_with = "plimsoll")]
    report: Vec<PathBuf>,
}

/// The files of the corpus.
fn corpus() -> anyhow::Result<Vec<File>> {
    roots::files(&template::read_all(&crate::root().join(TEMPLATES))?)
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let files = corpus()?;
    let temporary;
    let folder = match &options.keep {
        Some(folder) => folder.as_path(),
        None => {
            temporary = tempfile::tempdir().context("cannot make a temporary folder")?;
            temporary.path()
        }
    };
    roots::write(&files, folder)?;
    if options.no_scan {
        return Ok(ExitCode::SUCCESS);
    }
    let reports = if options.report.is_empty() {
        scan(options, folder, roots::count(&files))?
    } else {
        ensure!(options.report.len() == roots::count(&files), "there are {} roots", roots::count(&files));
        options.report.iter().map(|path| read(path)).collect::<anyhow::Result<_>>()?
    };
    let findings: Vec<_> = reports.iter().map(evaluate::findings).collect();
    let outcome = evaluate::compare(&files, &findings);
    let mut text = table(&outcome);
    if options.list_misses {
        list(&mut text, "missed", &outcome.missed);
        list(&mut text, "wrong", &outcome.wrong);
    }
    let total = outcome.total();
    let good = total.recall() >= RECALL && total.precision() >= PRECISION;
    if !good {
        writeln!(
            text,
            "\nbelow the bars: recall {:.0} %, precision {:.0} %",
            RECALL * 100.0,
            PRECISION * 100.0
        )?;
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Scans each root.
fn scan(options: &Options, folder: &Path, roots: usize) -> anyhow::Result<Vec<Value>> {
    let plimsoll = match &options.plimsoll {
        Some(path) => path.clone(),
        None => {
            note("building Plimsoll");
            crate::build("plimsoll-cli", "plimsoll", "release")?
        }
    };
    let mut reports = Vec::new();
    for root in (0..roots).map(roots::name) {
        let mut command = Command::new(&plimsoll);
        command.arg("scan").arg(folder.join(&root)).args(["--scanners", "secret", "--format", "json"]);
        command.args(["--no-cache", "--offline", "--quiet"]);
        let output = command
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("cannot run {}", plimsoll.display()))?;
        // Whatever it thinks of the findings: there has to be a report.
        let report = serde_json::from_slice(&output.stdout).with_context(|| {
            format!("{} gave no report for {root} ({})", plimsoll.display(), output.status)
        })?;
        if options.keep.is_some() {
            std::fs::write(folder.join(format!("{root}.json")), &output.stdout)?;
        }
        reports.push(report);
    }
    Ok(reports)
}

fn read(path: &Path) -> anyhow::Result<Value> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is no report", path.display()))
}

fn table(outcome: &Outcome) -> String {
    let mut text = String::new();
    let width = outcome.kinds.keys().map(|kind| kind.len()).max().unwrap_or_default();
    let _ = writeln!(
        text,
        "{:<width$}  {:>5}  {:>7}  {:>11}  {:>5}  {:>6}  {:>5}",
        "kind", "files", "secrets", "look-alikes", "found", "missed", "false"
    );
    for (kind, score) in &outcome.kinds {
        let _ = writeln!(
            text,
            "{kind:<width$}  {:>5}  {:>7}  {:>11}  {:>5}  {:>6}  {:>5}",
            score.files,
            score.secrets,
            score.look_alikes,
            score.found,
            score.missed(),
            score.wrong
        );
    }
    let total = outcome.total();
    let with = |count: fn(&evaluate::Score) -> usize| {
        outcome.kinds.values().filter(|score| count(score) > 0).count()
    };
    let _ = writeln!(
        text,
        "\n{} files, {} secrets in {} kinds of file, {} look-alikes in {} kinds of file\n{} found, {} missed, {} false\n\
         recall {:.1} %, precision {:.1} %",
        total.files,
        total.secrets,
        with(|score| score.secrets),
        total.look_alikes,
        with(|score| score.look_alikes),
        total.found,
        total.missed(),
        total.wrong,
        total.recall() * 100.0,
        total.precision() * 100.0
    );
    text
}

fn list(text: &mut String, title: &str, misses: &[Miss]) {
    let _ = writeln!(text, "\n{title}:");
    for miss in misses {
        let _ = writeln!(text, "  {}  {}/{}  {}", miss.kind, roots::name(miss.root), miss.place, miss.what);
    }
}
