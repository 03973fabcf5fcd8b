//! `plimsoll compare`: scanners' reports of one image side by side, and a selection matrix beside what they show.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use plimsoll_compare::{Comparison, Input, MAX_REPORT_BYTES, MAX_REPORTS, Matrix, render};

use crate::exit::{Exit, message, usage};
use crate::output;

/// The largest matrix that is read.
const MAX_MATRIX_BYTES: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Reports of the same image: JSON of Plimsoll, Trivy, Grype or Clair, or CycloneDX with vulnerabilities
    #[arg(required_unless_present = "matrix", value_name = "REPORT")]
    reports: Vec<PathBuf>,

    /// The form of the output
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    format: Form,

    /// Leave out the findings on which all reports agree
    #[arg(long)]
    only_differences: bool,

    /// A selection matrix (YAML): criteria with weights, and the scores of each scanner
    #[arg(long, value_name = "FILE")]
    matrix: Option<PathBuf>,

    /// How long the scan of a report took (repeatable), such as trivy=12.5
    #[arg(long, value_name = "NAME=SECONDS", value_parser = time)]
    time: Vec<(String, f64)>,
}

/// The forms of the output.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Form {
    /// Text for people
    Table,
    /// JSON (docs/compare.md)
    Json,
}

fn time(text: &str) -> Result<(String, f64), String> {
    let (name, seconds) = text.rsplit_once('=').unwrap_or((text, ""));
    match seconds.trim_end_matches('s').parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds >= 0.0 && !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), seconds))
        }
        _ => Err("expected a report's name, = and seconds".to_owned()),
    }
}

/// Compares the reports.
pub(crate) fn run(arguments: &Compare) -> anyhow::Result<Exit> {
    if arguments.reports.len() == 1 && arguments.matrix.is_none() {
        return Err(usage("one report has nothing to be compared with; name two or more"));
    }
    if arguments.reports.len() > MAX_REPORTS {
        return Err(usage(format!("more than {MAX_REPORTS} reports")));
    }
    let matrix = arguments.matrix.as_deref().map(matrix).transpose()?;
    let files = arguments.reports.iter().map(|path| {
        let bytes = read(path, MAX_REPORT_BYTES)?;
        Ok((path.display().to_string(), bytes))
    });
    let files = files.collect::<anyhow::Result<Vec<_>>>()?;
    let inputs: Vec<_> = files.iter().map(|(name, bytes)| Input { name, bytes }).collect();
    let mut comparison = plimsoll_compare::compare(&inputs)?;
    for (name, seconds) in &arguments.time {
        if !comparison.set_time(name, *seconds) {
            return Err(usage(format!("--time names '{name}'; {}", known(&comparison))));
        }
    }
    for warning in &comparison.warnings {
        message("warning", warning);
    }
    let weighted = match (&matrix, &arguments.matrix) {
        (Some(matrix), Some(path)) => {
            Some(matrix.weigh(&comparison).map_err(|error| usage(format!("{}: {error}", path.display())))?)
        }
        _ => None,
    };
    let bytes = match arguments.format {
        Form::Table => {
            render::table::render(&comparison, weighted.as_ref(), arguments.only_differences).into_bytes()
        }
        Form::Json => {
            let mut bytes = Vec::new();
            render::json::render(&comparison, weighted.as_ref(), arguments.only_differences, &mut bytes)?;
            bytes
        }
    };
    output::standard(&bytes)?;
    Ok(Exit::Success)
}

fn known(comparison: &Comparison) -> String {
    let names: Vec<&str> = comparison.reports.iter().map(|report| report.name.as_str()).collect();
    if names.is_empty() {
        "there are no reports".to_owned()
    } else {
        format!("there is {}", names.join(", "))
    }
}

fn read(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    read.with_context(|| format!("cannot read {}", path.display()))?;
    anyhow::ensure!(bytes.len() as u64 <= limit, "{} is larger than {limit} bytes", path.display());
    Ok(bytes)
}

fn matrix(path: &Path) -> anyhow::Result<Matrix> {
    let bytes = read(path, MAX_MATRIX_BYTES)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| usage(format!("the matrix {} is not UTF-8", path.display())))?;
    plimsoll_yaml::parse(text)
        .map_err(|error| usage(format!("the matrix {} is not valid: {error}", path.display())))
}
