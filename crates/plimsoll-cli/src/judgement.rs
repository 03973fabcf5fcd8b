//! What is allowed, as files and flags say it, held against a report; and `plimsoll policy test`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use plimsoll_policy::waivers::{Form, Waivers};
use plimsoll_policy::{Check, Filter, Judge, Policy, Sort, Verdict};
use plimsoll_report::json_in::{self, Lookups};
use plimsoll_types::{Report, SuppressedBy, TargetReport};

use crate::args::{PolicyCommand, PolicyTest, Scan, SortBy};
use crate::exit::{self, Exit, usage};
use crate::{config, db, output};

/// The largest file of waivers or policy that is read.
const MAX_FILE: u64 = 4 << 20;
/// The largest report that is read back.
pub(crate) const MAX_REPORT: u64 = 1 << 30;

/// How many notes are told: an ignore file that many images share has many entries for other images.
const MOST_NOTES: usize = 20;

/// Plimsoll's own file: waivers and a policy.
const OWN_FILE: &str = ".plimsoll.yaml";
/// Files of waivers that are read where they are there and no other is named.
const WAIVER_FILES: &[&str] =
    &[".trivyignore", ".trivyignore.yaml", ".trivyignore.yml", ".grype.yaml", ".grype.yml", OWN_FILE];

/// Reads a file whole, within a limit. `None` when it is not there.
pub(crate) fn read(path: &Path, limit: u64) -> anyhow::Result<Option<Vec<u8>>> {
    let fail = |error: std::io::Error| usage(format!("cannot read {}: {error}", path.display()));
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.len() > limit => {
            Err(usage(format!("{} is larger than {limit} bytes", path.display())))
        }
        Ok(_) => std::fs::read(path).map(Some).map_err(fail),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fail(error)),
    }
}

/// Reads a file that was named.
fn named(path: &Path, limit: u64) -> anyhow::Result<Vec<u8>> {
    read(path, limit)?.ok_or_else(|| usage(format!("cannot read {}: no such file", path.display())))
}

fn read_waivers(waivers: &mut Waivers, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let name = path.display().to_string();
    waivers.read(Form::of(&name, bytes), &name, bytes).map_err(|error| usage(error.to_string()))
}

/// The waivers of the files named, or of those in the working directory, of which a note tells.
fn waivers(files: &[PathBuf], quiet: bool) -> anyhow::Result<Waivers> {
    let mut waivers = Waivers::default();
    for path in files {
        read_waivers(&mut waivers, path, &named(path, MAX_FILE)?)?;
    }
    if files.is_empty() {
        for path in WAIVER_FILES.iter().map(Path::new) {
            let Some(bytes) = read(path, MAX_FILE)? else { continue };
            let before = waivers.list().len();
            read_waivers(&mut waivers, path, &bytes)?;
            let added = waivers.list().len() - before;
            if added > 0 && !quiet {
                let word = if added == 1 { "waiver" } else { "waivers" };
                exit::message("note", &format!("{added} {word} from {}", path.display()));
            }
        }
    }
    Ok(waivers)
}

/// The policy of the file named, else of the working directory's own file, else of the configuration.
fn policy(scan: &Scan) -> anyhow::Result<Option<Policy>> {
    let wrong = |error: plimsoll_policy::PolicyError| usage(error.to_string());
    if let Some(path) = &scan.judgement.policy {
        return Policy::read(&path.display().to_string(), &named(path, MAX_FILE)?).map(Some).map_err(wrong);
    }
    let configuration = config::with_policy(scan.config.as_deref())?;
    for path in std::iter::once(PathBuf::from(OWN_FILE)).chain(configuration) {
        let Some(bytes) = read(&path, MAX_FILE)? else { continue };
        let found = Policy::read_wrapped(&path.display().to_string(), &bytes).map_err(wrong)?;
        if let Some(policy) = found {
            if !scan.quiet {
                exit::message("note", &format!("the policy is from {}", path.display()));
            }
            return Ok(Some(policy));
        }
    }
    Ok(None)
}

/// The judge of a scan, without VEX. What the command line says goes before what the policy says.
pub(crate) fn judge(scan: &Scan) -> anyhow::Result<Judge> {
    let flags = &scan.judgement;
    let found = policy(scan)?;
    // --exit-code alone is about any finding that is shown, as users of other scanners know it.
    let gated = found.is_some() || scan.fail_on.is_some() || flags.max_risk.is_some() || flags.fail_on_kev;
    let mut policy = found.unwrap_or_default();
    if !gated && scan.exit_code.is_some() {
        policy.any_finding = Some(Check::new(()));
    }
    if let Some(severity) = scan.fail_on {
        policy.severity = Some(Check::new(severity));
    }
    if let Some(risk) = flags.max_risk {
        policy.max_risk = Some(Check::new(risk));
    }
    if flags.fail_on_kev {
        policy.known_exploited = Some(Check::new(()));
    }
    match flags.exit_on_eol {
        // Zero means "never" where the flag comes from.
        None | Some(0) => {}
        code => policy.end_of_life = Some(Check { limit: false, exit_code: code }),
    }
    if scan.require_complete {
        policy.require_complete = Some(Check::new(()));
    }
    Ok(Judge {
        vex: Vec::new(),
        waivers: waivers(&flags.ignorefile, scan.quiet)?,
        policy,
        filter: Filter {
            severities: scan.severity.iter().copied().collect(),
            ignore_unfixed: scan.ignore_unfixed,
            ignore_statuses: flags.ignore_status.iter().copied().collect(),
        },
        sort: match flags.sort {
            SortBy::Risk => Sort::Risk,
            SortBy::Severity => Sort::Severity,
        },
    })
}

/// Tells what was decided, and says how a scan that was done ends.
pub(crate) fn verdict(scan: &Scan, verdict: &Verdict) -> Exit {
    if !scan.quiet {
        for note in verdict.notes.iter().take(MOST_NOTES) {
            exit::message("note", note);
        }
        let more = verdict.notes.len().saturating_sub(MOST_NOTES);
        if more > 0 {
            exit::message("note", &format!("and {more} more such notes"));
        }
        for warning in verdict.decisions.iter().flat_map(|decision| &decision.warnings) {
            exit::message("warning", warning);
        }
        // Whoever asks for an exit code alone sees the findings in the report.
        for violation in verdict.violations().filter(|violation| violation.check != "findings") {
            exit::message("policy", &violation.to_string());
        }
    }
    ends(verdict, scan.exit_code.unwrap_or(1))
}

fn ends(verdict: &Verdict, default: u8) -> Exit {
    match verdict.exit_code(default) {
        Some(code) if code > 0 => Exit::Violation(code),
        _ if verdict.incomplete() => Exit::Incomplete,
        _ => Exit::Success,
    }
}

/// The `policy` commands.
pub(crate) fn run(command: &PolicyCommand) -> anyhow::Result<Exit> {
    let PolicyCommand::Test(test) = command;
    test_policy(test)
}

fn test_policy(test: &PolicyTest) -> anyhow::Result<Exit> {
    let origin = test.policy.display().to_string();
    let policy =
        Policy::read(&origin, &named(&test.policy, MAX_FILE)?).map_err(|error| usage(error.to_string()))?;
    let mut waivers = Waivers::default();
    for path in &test.ignorefile {
        read_waivers(&mut waivers, path, &named(path, MAX_FILE)?)?;
    }
    let mut report = saved(&test.report)?;
    let before: Vec<[usize; 3]> = report.targets.iter().map(held).collect();
    let verdict = Judge { policy, waivers, ..Judge::default() }.judge(&mut report, db::now());
    output::standard(decisions(&report, &verdict, &before)?.as_bytes())?;
    Ok(ends(&verdict, test.exit_code))
}

/// Reads a report that was saved as JSON.
pub(crate) fn saved(path: &Path) -> anyhow::Result<Report> {
    report(&named(path, MAX_REPORT)?, path)
}

/// Reads the bytes of a saved report.
pub(crate) fn report(bytes: &[u8], path: &Path) -> anyhow::Result<Report> {
    let ecosystem = |id: &str| plimsoll_catalog::ecosystem(id);
    let purl = |text: &str| text.parse().ok();
    let lookups = Lookups { ecosystem: &ecosystem, purl: &purl };
    json_in::read(bytes, lookups).with_context(|| format!("cannot read {}", path.display()))
}

/// How many findings are held back: by the policy, by waivers, and in all.
fn held(target: &TargetReport) -> [usize; 3] {
    let count = |by| target.suppressed.iter().filter(|held| held.by == by).count();
    [count(SuppressedBy::Policy), count(SuppressedBy::Waiver), target.suppressed.len()]
}

/// The decisions as text. `before` is what each target's report had held back already.
fn decisions(report: &Report, verdict: &Verdict, before: &[[usize; 3]]) -> anyhow::Result<String> {
    let mut text = String::new();
    for ((target, decision), before) in report.targets.iter().zip(&verdict.decisions).zip(before) {
        let word = match (decision.violations.is_empty(), decision.incomplete) {
            (false, _) => "denied",
            (true, true) => "incomplete",
            (true, false) => "allowed",
        };
        writeln!(text, "{}: {word}", exit::plain(&target.name))?;
        for violation in &decision.violations {
            let code = violation.exit_code.map_or_else(String::new, |code| format!(" (exit code {code})"));
            writeln!(text, "  {}: {}{code}", violation.check, exit::plain(&violation.message))?;
        }
        for warning in &decision.warnings {
            let warning = warning.strip_prefix(&format!("{}: ", target.name)).unwrap_or(warning);
            writeln!(text, "  warning: {}", exit::plain(warning))?;
        }
        let ([policy, waived, _], [policy_before, waived_before, before]) = (held(target), *before);
        writeln!(
            text,
            "  {} findings shown, {} held back by the policy, {} waived, {before} held back before",
            target.findings.len(),
            policy.saturating_sub(policy_before),
            waived.saturating_sub(waived_before),
        )?;
    }
    let notes: BTreeSet<&String> = verdict.notes.iter().collect();
    for note in notes {
        writeln!(text, "note: {}", exit::plain(note))?;
    }
    Ok(text)
}
