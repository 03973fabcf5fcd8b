//! `plimsoll explain`: what a code means, and why a report has a finding.

use std::fmt::Write;
use std::path::Path;

use plimsoll_match::cvss;
use plimsoll_types::{
    Class, Confidence, Detection, Finding, MatchReason, MatchedBy, Package, ProblemCode, Suppressed,
    TargetReport, class,
};

use crate::args::Explain;
use crate::exit::{Exit, plain, usage};
use crate::{judgement, output};

/// How many places of a package are shown.
const MOST_PLACES: usize = 10;

/// Explains a code or a finding.
pub(crate) fn run(arguments: &Explain) -> anyhow::Result<Exit> {
    let problem =
        ProblemCode::ALL.iter().find(|problem| problem.code().eq_ignore_ascii_case(&arguments.code));
    // `SEC-TOKEN/github-pat` names a rule inside a class.
    let named = class(arguments.code.split('/').next().unwrap_or_default());
    if let (Some(class), None) = (named, &arguments.report) {
        output::standard(of_class(class)?.as_bytes())?;
        return Ok(Exit::Success);
    }
    let text = match (problem, &arguments.report) {
        (Some(problem), None) => code(*problem),
        (_, Some(report)) => findings(&arguments.code, report, arguments.package.as_deref())?,
        (None, None) if arguments.code.to_ascii_uppercase().starts_with("PRB-") => {
            return Err(usage(format!("there is no code '{}'", arguments.code)));
        }
        (None, None) => {
            return Err(usage(format!(
                "there is no code '{0}'; for a vulnerability name the report that has it (--report FILE), or look it up \
                 with `plimsoll db search {0}`",
                arguments.code
            )));
        }
    };
    output::standard(text.as_bytes())?;
    Ok(Exit::Success)
}

fn code(problem: ProblemCode) -> String {
    let consequence = if problem.incomplete() {
        "The scan is not complete: what it lists may not be all there is."
    } else {
        "The scan is complete all the same."
    };
    format!("{}: {}\n\n{}\n\n{consequence}\n", problem.code(), problem.title(), problem.explanation())
}

/// What a class of findings is, and what to do about one.
fn of_class(class: &Class) -> Result<String, std::fmt::Error> {
    let mut text = format!("{}: {}\n\n", class.code, class.title);
    let mut line = |word: &str, value: &str| {
        if value.is_empty() { Ok(()) } else { writeln!(text, "  {word:<14}{value}") }
    };
    line("severity", class.severity.word())?;
    line("found by", &format!("{} ({} analysis)", class.scanner.word(), class.method.word()))?;
    let cwes: Vec<String> = class.cwes.iter().map(|number| format!("CWE-{number}")).collect();
    line("weaknesses", &cwes.join(", "))?;
    line("also known as", &class.aliases.join(", "))?;
    if class.in_deleted_files {
        line(
            "deleted files",
            "it counts in files that a later layer deletes, too: they are still in the image",
        )?;
    }
    write!(text, "\n{}\n\nWhat to do: {}\n", class.explanation, class.remedy)?;
    Ok(text)
}

/// Explains a detection of a report.
fn explain_detection(text: &mut String, target: &TargetReport, detection: &Detection) -> std::fmt::Result {
    if !text.is_empty() {
        text.push('\n');
    }
    writeln!(text, "{} in {}", plain(&detection.id()), plain(&target.name))?;
    let mut line = |word: &str, value: &str| -> std::fmt::Result {
        if value.is_empty() { Ok(()) } else { writeln!(text, "  {word:<14}{}", plain(value)) }
    };
    line("what", &detection.message)?;
    let layer = detection.place.layer.map_or_else(String::new, |layer| format!(", layer {layer}"));
    line("where", &format!("{}{layer}", detection.place))?;
    line("object", &detection.place.resource)?;
    if let Some(layer) = detection.place.hidden_by {
        line("", &format!("layer {layer} deletes or replaces the file; it is still in the image"))?;
    }
    line("evidence", &detection.evidence)?;
    line("severity", detection.severity.word())?;
    line("confidence", detection.confidence.word())?;
    for note in &detection.notes {
        line("note", note)?;
    }
    line("means", detection.class.explanation)?;
    line("what to do", detection.remedy())
}

/// Explains what a report says of a vulnerability.
fn findings(id: &str, report: &Path, package: Option<&str>) -> anyhow::Result<String> {
    let report = judgement::saved(report)?;
    let mut text = String::new();
    for target in &report.targets {
        let about = |finding: &Finding| {
            let vulnerability = &finding.vulnerability;
            let mut names = std::iter::once(&vulnerability.id).chain(&vulnerability.aliases);
            let reasons = || finding.reasons.iter().any(|reason| reason.advisory.eq_ignore_ascii_case(id));
            let named = names.any(|name| name.eq_ignore_ascii_case(id)) || reasons();
            let found = target.packages.get(finding.package);
            named && package.is_none_or(|wanted| found.is_some_and(|found| is_named(found, wanted)))
        };
        for finding in target.findings.iter().filter(|finding| about(finding)) {
            explain(&mut text, target, finding, None)?;
        }
        for held in target.suppressed.iter().filter(|held| about(&held.finding)) {
            explain(&mut text, target, &held.finding, Some(held))?;
        }
    }
    let named = class(id.split('/').next().unwrap_or_default());
    for target in report.targets.iter().filter(|_| package.is_none()) {
        for detection in &target.detections {
            let whole = id.contains('/') && !detection.id().eq_ignore_ascii_case(id);
            let same = named.is_some_and(|class| class.code == detection.class.code);
            if (same && !whole) || detection.rule.eq_ignore_ascii_case(id) {
                explain_detection(&mut text, target, detection)?;
            }
        }
    }
    if text.is_empty() {
        let of = package.map_or_else(String::new, |package| format!(" in a package '{package}'"));
        return Err(usage(format!("the report has no finding '{id}'{of}")));
    }
    Ok(text)
}

fn is_named(package: &Package, wanted: &str) -> bool {
    package.name.eq_ignore_ascii_case(wanted)
        || package.source.as_ref().is_some_and(|source| source.name.eq_ignore_ascii_case(wanted))
}

/// Writes a paragraph for each thing there is to say, each under its word.
fn explain(
    text: &mut String,
    target: &TargetReport,
    finding: &Finding,
    held: Option<&Suppressed>,
) -> anyhow::Result<()> {
    let vulnerability = &finding.vulnerability;
    if !text.is_empty() {
        text.push('\n');
    }
    writeln!(text, "{} in {}", plain(&vulnerability.id), plain(&target.name))?;
    let mut line = |word: &str, value: &str| -> std::fmt::Result {
        // What comes from outside must not reach a terminal as anything but text.
        if value.is_empty() { Ok(()) } else { writeln!(text, "  {word:<14}{}", plain(value)) }
    };
    line("title", &vulnerability.title)?;
    line("also known as", &vulnerability.aliases.join(", "))?;
    if let Some(package) = target.packages.get(finding.package) {
        line("package", &format!("{} {} ({})", package.name, package.version, package.ecosystem.id))?;
        line("package URL", &package.purl.to_string())?;
        if let Some(source) = &package.source {
            line("built from", format!("{} {}", source.name, source.version).trim_end())?;
        }
        for location in package.locations.iter().take(MOST_PLACES) {
            let layer = location.layer.map_or_else(String::new, |layer| format!(", layer {layer}"));
            line("found in", &format!("{}{layer}, by {}", location.path, package.found_by))?;
        }
        if package.locations.len() > MOST_PLACES {
            line("", &format!("and in {} other places", package.locations.len() - MOST_PLACES))?;
        }
        line("exposed as", &package.exposure.iter().map(|e| e.word()).collect::<Vec<_>>().join(", "))?;
    }
    let fixed = match finding.fixed_versions.split_first() {
        None => String::new(),
        Some((first, [])) => format!(": {first}"),
        Some((first, others)) => format!(": {first} (also {})", others.join(", ")),
    };
    line("status", &format!("{}{fixed}", finding.status.word()))?;
    if let Some(since) = finding.fix_available {
        line("fix since", &since.to_string())?;
    }
    for reason in &finding.reasons {
        for sentence in because(reason) {
            line("because", &sentence)?;
        }
    }
    let package = target.packages.get(finding.package);
    let uncertain = package.is_some_and(|package| package.confidence == Confidence::Medium);
    let is_jar = package.is_some_and(|package| package.ecosystem.id == "maven");
    let sure = match finding.confidence {
        Confidence::High if is_jar => "its own coordinates, or those that its very file was published under",
        Confidence::High => "name and version are the package manager's or the package's own words",
        Confidence::Medium if uncertain => {
            "the package has no coordinates of its own: its file, its manifest or a table names it"
        }
        Confidence::Medium => "the version is that of a commit: which later fixes it holds is not certain",
        Confidence::Low => "the program was recognised by its content and matched by a CPE",
    };
    line("confidence", &format!("{}: {sure}", finding.confidence.word()))?;
    let by = if vulnerability.severity_source.is_empty() {
        String::new()
    } else {
        format!(", by {}", vulnerability.severity_source)
    };
    line("severity", &format!("{}{by}", vulnerability.severity.word()))?;
    let others =
        vulnerability.severities.iter().filter(|(source, _)| *source != vulnerability.severity_source);
    let others: Vec<_> = others.map(|(source, severity)| format!("{source} {}", severity.word())).collect();
    line("others say", &others.join(", "))?;
    for vector in &vulnerability.cvss {
        let tenths = |tenths: u8| format!("{}.{}", tenths / 10, tenths % 10);
        let scores = cvss::scores(&vector.vector).map_or_else(String::new, |found| {
            let mut text = format!(" = {}", tenths(found.base.tenths));
            if found.environmental != found.base.tenths {
                text += &format!(" ({} with all its metrics)", tenths(found.environmental));
            }
            text
        });
        line("CVSS", &format!("{}{scores}, by {}", vector.vector, vector.source))?;
    }
    if let Some(epss) = vulnerability.epss {
        let percent = |share: u32| format!("{}.{:02} %", share / 1_000, share % 1_000 / 10);
        line(
            "EPSS",
            &format!("{} in 30 days; higher than {} of all", percent(epss.score), percent(epss.percentile)),
        )?;
    }
    if vulnerability.known_exploited {
        line("exploited", "yes: it is among the known exploited vulnerabilities")?;
    } else if vulnerability.public_exploit {
        line("exploited", "an exploit is public")?;
    }
    if let Some(risk) = &finding.risk {
        let two = |hundredths: u32| format!("{}.{:02}", hundredths / 100, hundredths % 100);
        line(
            "risk",
            &format!(
                "{} = {} × {} / {} + {}",
                two(risk.score),
                two(risk.cvss),
                two(risk.exploitability),
                two(risk.patch_availability),
                two(risk.exposure)
            ),
        )?;
        for reason in &risk.reasons {
            line("", reason)?;
        }
    }
    if let Some(held) = held {
        let until = held.expires.map_or_else(String::new, |end| format!(", until {end}"));
        line("held back", &format!("{} ({}){until}", held.by.word().replace('_', " "), held.origin))?;
        line("", &held.reason)?;
    }
    line("weaknesses", &vulnerability.cwes.join(", "))?;
    for reference in vulnerability.references.iter().take(MOST_PLACES) {
        line("see", &reference.url)?;
    }
    Ok(())
}

/// Why an advisory holds for a package, in sentences.
fn because(reason: &MatchReason) -> Vec<String> {
    let by = match reason.matched_by {
        MatchedBy::Name => "the package",
        MatchedBy::SourceName => "the source package",
        MatchedBy::Cpe => "the product (CPE)",
    };
    let mut sentences = vec![format!(
        "{} of {} is about {by} '{}' in {}, {}: {} is in that range",
        reason.advisory, reason.source, reason.name, reason.ecosystem, reason.range, reason.version
    )];
    if !reason.symbols.is_empty() {
        sentences.push(format!("it affects only {}", reason.symbols.join(", ")));
    }
    if !reason.note.is_empty() {
        sentences.push(reason.note.clone());
    }
    sentences
}
