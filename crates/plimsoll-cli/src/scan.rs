//! `plimsoll scan`.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use plimsoll_cache::Cache;
use plimsoll_image::sources::Request;
use plimsoll_image::{Image, PlatformChoice};
use plimsoll_policy::Verdict;
use plimsoll_provenance::PublicKey;
use plimsoll_report::RenderOptions;
use plimsoll_scan::{DEFAULT_LAYER_LIMIT, MatchOptions, Options, Scanner, Skip};
use plimsoll_types::{Report, TargetReport};

use crate::args::{Color, Scan, Scanners};
use crate::attachments::Origin;
use crate::exit::{self, Exit, usage};
use crate::output::{self, Output};
use crate::progress::Display;
use crate::targets::{self, Target};
use crate::{attachments, db, judgement, registry, rules, vex};

/// The table's width where there is no terminal to ask.
const DEFAULT_WIDTH: usize = 120;

/// Scans the targets, writes the reports, and says how the run ends.
pub(crate) fn run(scan: &Scan) -> anyhow::Result<Exit> {
    if scan.download_db_only {
        return db::download(scan);
    }
    let outputs = output::outputs(scan.format.as_deref(), &scan.output)?;
    let Scanned { report, verdict, failed } = match scanned(scan)? {
        Ok(scanned) => scanned,
        Err(exit) => return Ok(exit),
    };
    write(scan, &outputs, &report)?;
    let ends = judgement::verdict(scan, &verdict);
    Ok(failed.unwrap_or(ends))
}

/// The targets of a scan, scanned and judged.
pub(crate) struct Scanned {
    pub(crate) report: Report,
    verdict: Verdict,
    /// How the run ends because a target could not be scanned.
    pub(crate) failed: Option<Exit>,
}

/// Scans the targets; how the run ends when none of them could be scanned, which was told.
pub(crate) fn scanned(scan: &Scan) -> anyhow::Result<Result<Scanned, Exit>> {
    let skip = Skip::new(&scan.skip_dirs, &scan.skip_files).map_err(|error| usage(error.to_string()))?;
    let mut names: Vec<String> =
        scan.input.iter().map(|path| format!("archive:{}", path.display())).collect();
    names.extend(scan.targets.iter().cloned());
    let cache_folder = db::cache_folder(scan.cache_dir.as_deref());
    let cache = if scan.no_cache { None } else { cache_folder.map(|folder| Cache::new(&folder)) };
    // What is wrong with the command line, or with what is allowed, is found before anything is fetched.
    let mut judge = judgement::judge(scan)?;
    let keys = attachments::keys(scan)?;
    let (own_analyzers, own_rules) = rules::own(scan)?;
    let registry = registry::Access::new(registry::network_of(scan))?;
    let (index, database) = db::for_scan(scan)?;
    let jars = db::jars_for_scan(scan);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let options = Options {
        threads: scan.parallel.filter(|&threads| threads > 0).unwrap_or(processors),
        skip,
        layer_limit: DEFAULT_LAYER_LIMIT,
        matching: MatchOptions {
            severity_sources: scan.vuln_severity_source.clone(),
            threads: scan.parallel.unwrap_or(processors).max(1),
        },
        scanners: Scanners::of(&scan.scanners),
        now: db::now(),
        settings: Vec::new(),
    };
    let stop = AtomicBool::new(false);
    let display = Display::new(!scan.quiet && !scan.no_progress);
    let scanner = Scanner::new(options, cache.clone(), &index, &stop, &display)
        .with_jars(jars.as_ref())
        .with_analyzers(own_analyzers)
        .with_image_rules(own_rules);

    let (found, failures) = with_timer(scan.timeout, &stop, || {
        let mut reports: Vec<(TargetReport, Origin)> = Vec::new();
        let mut failures: Vec<anyhow::Error> = Vec::new();
        for name in &names {
            // A target that cannot be scanned does not keep the others from it.
            match one_target(scan, &scanner, &registry, &keys, name) {
                Ok(more) => reports.extend(more),
                Err(error) => failures.push(error),
            }
        }
        (reports, failures)
    });
    display.clear();
    if let (Some(error), false) = (scanner.cache_failure(), scan.quiet) {
        exit::warn(&anyhow::Error::new(error).context("the next scan will not be faster"));
    }
    if let Some(cache) = &cache {
        // Already told above, or not worth a word: the cache can wait for a day with room.
        let _ = cache.prune(scan.cache_size.saturating_mul(1 << 20));
    }
    let failed = failures.iter().map(exit::report).max_by_key(|exit| *exit == Exit::Usage);
    let (mut targets, origins): (Vec<TargetReport>, Vec<Origin>) = found.into_iter().unzip();
    if targets.is_empty() && failed.is_some() {
        return Ok(Err(failed.unwrap_or(Exit::Unavailable)));
    }

    judge.vex = vex::documents(scan, &registry, &targets, &origins)?;
    attachments::add(scan, &registry, &keys, &mut targets, origins)?;
    let mut report =
        Report { tool_version: env!("CARGO_PKG_VERSION").to_owned(), created: db::now(), database, targets };
    let now = report.created;
    let verdict = judge.judge(&mut report, now);
    Ok(Ok(Scanned { report, verdict, failed }))
}

/// The results of a target, each with where it is from.
fn one_target(
    scan: &Scan,
    scanner: &Scanner<'_>,
    registry: &registry::Access,
    keys: &[PublicKey],
    name: &str,
) -> anyhow::Result<Vec<(TargetReport, Origin)>> {
    let machine = machine();
    let mut from_registry = None;
    let mut images: Vec<Image> = match targets::understand(name)? {
        Target::Directory(path) => return Ok(vec![(scanner.directory(name, &path)?, Origin::Files)]),
        Target::File(path) => return Ok(vec![(scanner.file(name, &path)?, Origin::Files)]),
        Target::Image { source, path, selector } => {
            let request = Request { path: &path, selector: &selector, platform: &scan.platform, machine };
            (source.open)(&request)?
        }
        Target::Registry(reference) => {
            let images = registry.open(&reference, &scan.platform, machine)?;
            from_registry = Some(reference);
            images
        }
    };
    let several = images.len() > 1;
    // Read now, and not kept while layers are read.
    let origins: Vec<Origin> = images
        .iter_mut()
        .map(|image| attachments::origin(scan, keys, image, from_registry.as_deref()))
        .collect();
    let mut reports = Vec::new();
    for (image, origin) in images.iter().zip(origins) {
        // Several results from one target need names of their own.
        let mut shown = name.to_owned();
        if several {
            let distinct_tags = images.iter().any(|other| other.metadata.tags != image.metadata.tags);
            match image.metadata.tags.first().filter(|_| distinct_tags) {
                Some(tag) => shown = format!("{shown} ({tag})"),
                None => shown = format!("{shown} ({})", image.metadata.platform),
            }
            if matches!(scan.platform, PlatformChoice::All) && distinct_tags {
                shown = format!("{shown} ({})", image.metadata.platform);
            }
        }
        reports.push((scanner.image(&shown, image)?, origin));
    }
    Ok(reports)
}

/// This machine's architecture as OCI spells it.
fn machine() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        other => other,
    }
}

/// Runs `work`, and sets `stop` when the time is over before it is done.
fn with_timer<T>(timeout: Option<Duration>, stop: &AtomicBool, work: impl FnOnce() -> T) -> T {
    let Some(timeout) = timeout else { return work() };
    let done = (Mutex::new(false), Condvar::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let guard = done.0.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = done.1.wait_timeout_while(guard, timeout, |done| !*done);
            if waited.is_ok_and(|(_, result)| result.timed_out()) {
                stop.store(true, Ordering::Relaxed);
            }
        });
        let result = work();
        *done.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        done.1.notify_all();
        result
    })
}

fn write(scan: &Scan, outputs: &[Output], report: &Report) -> anyhow::Result<()> {
    for output in outputs {
        let terminal = output.file.is_none() && std::io::stdout().is_terminal();
        let width = if terminal {
            terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
        } else {
            None
        };
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let options = RenderOptions {
            width: width.unwrap_or(DEFAULT_WIDTH),
            color: match scan.color {
                Color::Always => output.file.is_none(),
                Color::Never => false,
                Color::Auto => terminal && !no_color,
            },
            list_all_packages: scan.list_all_pkgs,
            show_suppressed: scan.judgement.show_suppressed,
        };
        // Rendered in memory first: a report that cannot be made whole is not begun.
        let mut bytes = Vec::new();
        (output.format.render)(report, &options, &mut bytes)
            .with_context(|| format!("cannot make the {} report", output.format.id))?;
        match &output.file {
            Some(path) => output::file(path, &bytes)?,
            None => output::standard(&bytes)?,
        }
    }
    Ok(())
}
