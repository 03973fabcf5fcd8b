//! `plimsoll db build`.

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context;
use plimsoll_dbbuild::{BuildOptions, BuildReport};

use crate::exit::{Exit, usage};
use crate::output;

/// Compiles feeds.
pub(super) fn build(
    from: &[PathBuf],
    output: Option<&Path>,
    cache_dir: Option<&Path>,
    quiet: bool,
) -> anyhow::Result<Exit> {
    let output = output.map(Path::to_owned).or_else(|| super::installed(cache_dir)).ok_or_else(|| {
        usage("there is no place for the database: neither --output nor --cache-dir nor HOME is set")
    })?;
    if let Some(folder) = output.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let options = BuildOptions { threads, ..BuildOptions::new(super::now()) };
    let report = plimsoll_dbbuild::build(from, &output, &options)?;
    output::standard(build_text(&report, &output, quiet)?.as_bytes())?;
    Ok(Exit::Success)
}

fn build_text(report: &BuildReport, output: &Path, quiet: bool) -> anyhow::Result<String> {
    let mut text = String::new();
    if !quiet {
        for form in &report.forms {
            writeln!(text, "{}: {} files, {} records, {} kept", form.id, form.files, form.read(), form.kept)?;
            for (reason, count) in &form.refused {
                writeln!(text, "  {count} refused: {reason}")?;
            }
        }
        for source in &report.sources {
            write!(text, "{}: {} read", source.id, source.read)?;
            if source.withdrawn > 0 {
                write!(text, ", {} withdrawn", source.withdrawn)?;
            }
            writeln!(text, ", {} in the database", source.advisories)?;
        }
        for dropped in &report.dropped {
            let plimsoll_dbbuild::Dropped { reason, ecosystem, count, example } = dropped;
            writeln!(text, "left out: {count} of {ecosystem}: {reason} (such as {example})")?;
        }
        if report.unrecognised > 0 {
            writeln!(text, "{} files are no advisories", report.unrecognised)?;
        }
    }
    writeln!(
        text,
        "{} advisories, {} facts, {} ecosystems, {} bytes: {}",
        report.advisories,
        report.facts,
        report.ecosystems.len(),
        report.bytes,
        output.display()
    )?;
    Ok(text)
}
