//! The report for people, as text in columns. Whatever comes from an image is made safe to print, and nothing is said by
//! colour alone.

mod detections;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufWriter, Write};

use plimsoll_types::{
    Finding, ImageMetadata, Package, ProblemCode, Report, Scanner, Severity, Status, Suppressed,
    SuppressedBy, TargetKind, TargetReport, Timestamp,
};

use super::Format;
use crate::summary::Counts;
use crate::text::{clean, columns, counted, cut_end, cut_path, grouped, wrap};
use crate::vulnerability::headline;
use crate::{RenderError, RenderOptions, package_of, summary};

/// The register's entry.
pub(super) const FORMAT: Format = Format {
    id: "table",
    title: "Text for people",
    media: "text/plain; charset=utf-8",
    aliases: &["text"],
    render,
};

/// Text is laid out for at least this many columns.
const NARROWEST: usize = 40;
/// Titles get at least this many columns, or a line of their own.
const NARROWEST_TITLE: usize = 24;
/// The column in which a summary's values start.
const VALUES: usize = 16;
/// Risks are shown from this many columns on.
const NARROWEST_WITH_RISK: usize = 60;
/// EPSS probabilities are shown from this one on, in hundred-thousandths: most are far below it.
const LEAST_EPSS: u32 = 1_000;
/// How many problems of one kind are listed; the formats for tools have them all.
const MOST_PROBLEMS: usize = 10;

/// The name under which reports know the starter set.
const STARTER_SET: &str = "built-in";

const PLAIN: &str = "";
const BOLD: &str = "1";
const DIM: &str = "2";

fn severity_style(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "1;31",
        Severity::High => "31",
        Severity::Medium => "33",
        Severity::Low => "36",
        Severity::Negligible | Severity::Unknown => DIM,
    }
}

fn render(report: &Report, options: &RenderOptions, out: &mut dyn io::Write) -> Result<(), RenderError> {
    let mut page = Page {
        out: BufWriter::with_capacity(1 << 16, out),
        width: options.width.max(NARROWEST),
        color: options.color,
        line: String::new(),
        used: 0,
    };
    page.heading(report)?;
    let counts = summary(report);
    for (target, counts) in report.targets.iter().zip(&counts.targets) {
        page.target_summary(target, counts, report.created)?;
    }
    let several = report.targets.len() > 1;
    for (target, counts) in report.targets.iter().zip(&counts.targets) {
        page.findings(target, counts, several)?;
        page.detections(target, several)?;
        if options.show_suppressed {
            page.suppressed(target, several)?;
        }
        page.problems(target, several)?;
        if options.list_all_packages {
            page.packages(target, several)?;
        }
    }
    if report.targets.is_empty() {
        page.blank()?;
        page.paragraph(0, "Nothing was scanned.")?;
    }
    page.out.flush()?;
    Ok(())
}

/// Lines on their way out. A line is put together from pieces; `used` counts its columns without colour codes.
struct Page<'a> {
    out: BufWriter<&'a mut dyn io::Write>,
    width: usize,
    color: bool,
    line: String,
    used: usize,
}

impl Page<'_> {
    fn put(&mut self, style: &str, text: &str) {
        let styled = self.color && !style.is_empty() && !text.is_empty();
        if styled {
            self.line.push_str("\u{1b}[");
            self.line.push_str(style);
            self.line.push('m');
        }
        self.line.push_str(text);
        if styled {
            self.line.push_str("\u{1b}[0m");
        }
        self.used += columns(text);
    }

    /// Blanks up to column `column`.
    fn pad_to(&mut self, column: usize) {
        while self.used < column {
            self.line.push(' ');
            self.used += 1;
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.line.push('\n');
        self.out.write_all(self.line.as_bytes())?;
        self.line.clear();
        self.used = 0;
        Ok(())
    }

    fn blank(&mut self) -> io::Result<()> {
        self.end()
    }

    fn rest(&self) -> usize {
        self.width.saturating_sub(self.used)
    }

    fn paragraph(&mut self, indent: usize, text: &str) -> io::Result<()> {
        for line in wrap(text, self.width.saturating_sub(indent)) {
            self.pad_to(indent);
            self.put(PLAIN, &line);
            self.end()?;
        }
        Ok(())
    }

    /// A title over a section.
    fn section(&mut self, text: &str) -> io::Result<()> {
        self.blank()?;
        for line in wrap(text, self.width) {
            self.put(BOLD, &line);
            self.end()?;
        }
        Ok(())
    }

    fn row(&mut self, label: &str, value: &str) -> io::Result<()> {
        self.pad_to(2);
        self.put(DIM, label);
        for line in wrap(value, self.width.saturating_sub(VALUES)) {
            self.pad_to(VALUES);
            self.put(PLAIN, &line);
            self.end()?;
        }
        Ok(())
    }

    fn heading(&mut self, report: &Report) -> io::Result<()> {
        let title = format!("Plimsoll {}, {}", clean(&report.tool_version), report.created);
        let title = cut_end(&title, self.width);
        self.put(BOLD, &title);
        self.end()?;
        let database = &report.database;
        let age = age(database.built.map(|built| report.created.seconds().saturating_sub(built.seconds())));
        let name = if database.name.is_empty() { Cow::Borrowed("none") } else { clean(&database.name) };
        let advisories = if database.advisories == 1 {
            "1 advisory".into()
        } else {
            format!("{} advisories", grouped(database.advisories))
        };
        self.row("Database", &format!("{name}, {age}, {advisories}"))?;
        if database.name == STARTER_SET {
            self.hint(
                "the built-in starter set knows a small part of all vulnerabilities; use a full database for the rest.",
            )?;
        }
        Ok(())
    }

    fn target_summary(&mut self, target: &TargetReport, counts: &Counts, now: Timestamp) -> io::Result<()> {
        let name = clean(&target.name);
        let title = match (&target.image, target.kind) {
            (Some(image), _) => format!("{name} ({})", clean(&image.platform.to_string())),
            (None, TargetKind::Image) => name.into_owned(),
            (None, TargetKind::Filesystem) => format!("{name} (directory)"),
        };
        self.section(&title)?;
        if let Some(base) = target.image.as_ref().and_then(built_on) {
            self.row("Built on", &base)?;
        }
        self.row("Distribution", &distribution(target))?;
        if let Some(support) = support(target, now) {
            self.row("Support", &support)?;
        }
        self.row("Packages", &grouped(counts.packages as u64))?;
        self.finding_counts(counts)?;
        self.detection_counts(target)?;
        if !target.suppressed.is_empty() {
            self.row("Suppressed", &suppressed_counts(&target.suppressed))?;
        }
        if let Some(risk) = target.risk.filter(|_| counts.findings.total() > 0) {
            self.row("Risk", &hundredths(risk))?;
        }
        let problems = counted(counts.problems, "problem", "problems");
        self.row(
            "Complete",
            &match (counts.complete, counts.problems) {
                (true, 0) => "yes".to_owned(),
                (true, _) => format!("yes, with {problems}"),
                (false, _) => format!("no, {problems}"),
            },
        )
    }

    /// The line with the numbers of findings, each severity in its own colour.
    fn finding_counts(&mut self, counts: &Counts) -> io::Result<()> {
        let mut pieces: Vec<(&str, String, &str)> = Vec::new();
        for severity in Severity::ALL {
            let number = counts.findings.get(severity);
            let always = !matches!(severity, Severity::Negligible | Severity::Unknown);
            if counts.findings.total() > 0 && (always || number > 0) {
                let style = if number > 0 { severity_style(severity) } else { DIM };
                pieces.push((style, format!("{} {severity}", grouped(number as u64)), ", "));
            }
        }
        let fixable = Some(counts.fixable).filter(|_| counts.findings.total() > 0);
        let known = |number: usize| Some(number).filter(|number| *number > 0);
        for (number, word) in [
            (fixable, "fixable"),
            (known(counts.known_exploited), "known exploited"),
            (known(counts.not_affected), "not affected"),
        ] {
            if let Some(number) = number {
                if let Some((_, _, separator)) = pieces.last_mut() {
                    *separator = "; ";
                }
                pieces.push((PLAIN, format!("{} {word}", grouped(number as u64)), "; "));
            }
        }
        if let Some((_, _, separator)) = pieces.last_mut() {
            *separator = "";
        }
        self.pad_to(2);
        self.put(DIM, "Findings");
        self.pad_to(VALUES);
        self.put(PLAIN, &grouped(counts.findings.total() as u64));
        self.put(PLAIN, if pieces.is_empty() { "" } else { ": " });
        for (style, text, separator) in pieces {
            if self.used > VALUES && self.rest() < columns(&text) + separator.trim_end().len() {
                self.end_trimmed()?;
                self.pad_to(VALUES);
            }
            self.put(style, &text);
            self.put(PLAIN, separator);
        }
        self.end_trimmed()
    }

    fn end_trimmed(&mut self) -> io::Result<()> {
        let length = self.line.trim_end_matches(' ').len();
        self.line.truncate(length);
        self.end()
    }

    fn findings(&mut self, target: &TargetReport, counts: &Counts, several: bool) -> Result<(), RenderError> {
        if target.findings.is_empty() {
            self.blank()?;
            let mut text = match counts.packages {
                _ if !target.scanners.is_empty() && !target.scanners.contains(&Scanner::Vulnerability) => {
                    "Vulnerabilities were not looked for".to_owned()
                }
                0 => "No packages were found, so none could be held against advisories".to_owned(),
                number => format!("No vulnerabilities found in {}", counted(number, "package", "packages")),
            };
            if several {
                text.push_str(&format!(" of {}", clean(&target.name)));
            }
            text.push_str(if counts.complete { "." } else { ", but the scan is not complete." });
            self.paragraph(0, &text)?;
            return Ok(());
        }
        let title = "Findings";
        self.section(&if several {
            format!("{title} in {}", clean(&target.name))
        } else {
            title.to_owned()
        })?;
        let layout = Layout::new(self.width, &target.findings);
        for (package, findings) in by_package(target)? {
            self.blank()?;
            self.package_line(package)?;
            for finding in findings {
                self.finding(&layout, finding)?;
            }
        }
        Ok(())
    }

    fn package_line(&mut self, package: &Package) -> io::Result<()> {
        let version =
            if package.version.is_empty() { Cow::Borrowed("(no version)") } else { clean(&package.version) };
        let name = clean(&package.name);
        // A version is worth more than the end of a very long name.
        let for_version = columns(&version).min(self.width / 2);
        self.put(BOLD, &cut_end(&name, self.width.saturating_sub(for_version + 1)));
        self.put(PLAIN, " ");
        self.put(PLAIN, &cut_end(&version, self.rest()));

        let mut before = format!("{}, ", package.ecosystem.id);
        let first = package.locations.first();
        if let Some(layer) = first.and_then(|location| location.layer) {
            before.push_str(&format!("layer {layer}, "));
        }
        let more = package.locations.len().saturating_sub(1);
        let after = if more > 0 { format!(" and {} more", grouped(more as u64)) } else { String::new() };
        let path = clean(first.map_or("", |location| &location.path));
        let around = columns(&before) + columns(&after);
        let wanted = columns(&path).min(20);
        if self.rest() < 2 + around + wanted {
            self.end()?;
        }
        self.pad_to(self.used + 2);
        let path = cut_path(&path, self.rest().saturating_sub(around));
        let text = format!("{before}{path}{after}");
        self.put(DIM, &cut_end(&text, self.rest()));
        self.end()
    }

    fn finding(&mut self, layout: &Layout, finding: &Finding) -> io::Result<()> {
        let vulnerability = &finding.vulnerability;
        let severity = vulnerability.severity.word().to_ascii_uppercase();
        let fix = fix_text(finding);
        let title = clean(headline(vulnerability));
        let marks = marks(finding);

        self.pad_to(2);
        self.put(severity_style(vulnerability.severity), &severity);
        if let (Some(at), Some(risk)) = (layout.risk, &finding.risk) {
            let risk = hundredths(risk.score);
            self.pad_to(layout.id.saturating_sub(2 + risk.len()).max(at));
            self.put(PLAIN, &risk);
        }
        self.pad_to(layout.id);
        self.put(PLAIN, &cut_end(&clean(&vulnerability.id), self.rest()));
        let fits_on_line = layout.fix + columns(&fix) <= self.width && self.used + 2 <= layout.fix;
        let fits_in_column = fits_on_line && layout.fix + columns(&fix) + 2 <= layout.title;
        let mut title_at = layout.title;
        if fits_on_line {
            self.pad_to(layout.fix);
            self.put(PLAIN, &fix);
            if !fits_in_column {
                let roomy = self.width.saturating_sub(layout.fix) >= 2 * NARROWEST_TITLE;
                title_at = if roomy { layout.fix } else { layout.id };
            }
        } else {
            self.end()?;
            let fix = cut_end(&fix, 4 * self.width).into_owned();
            for line in wrap(&fix, self.width.saturating_sub(4)) {
                self.pad_to(4);
                self.put(PLAIN, &line);
                self.end()?;
            }
            title_at = 4;
        }
        if title.is_empty() && marks.is_empty() {
            return if self.used > 0 { self.end() } else { Ok(()) };
        }
        if !fits_in_column && self.used > 0 {
            self.end()?;
        }
        self.pad_to(title_at);
        if !marks.is_empty() {
            self.put(BOLD, &cut_end(&marks, self.rest()));
            if !title.is_empty() && self.rest() > 3 {
                self.put(PLAIN, ": ");
            }
        }
        if self.rest() > 1 {
            self.put(PLAIN, &cut_end(&title, self.rest()));
        }
        self.end_trimmed()
    }

    /// What was held back, by what and why.
    fn suppressed(&mut self, target: &TargetReport, several: bool) -> Result<(), RenderError> {
        if target.suppressed.is_empty() && target.suppressed_detections.is_empty() {
            return Ok(());
        }
        let of = if several { format!(" in {}", clean(&target.name)) } else { String::new() };
        self.section(&format!("Suppressed findings{of}"))?;
        self.blank()?;
        for held in &target.suppressed {
            let package = package_of(target, &held.finding)?;
            let vulnerability = &held.finding.vulnerability;
            self.pad_to(2);
            let severity = vulnerability.severity.word().to_ascii_uppercase();
            self.put(severity_style(vulnerability.severity), &severity);
            self.put(PLAIN, "  ");
            self.put(PLAIN, &cut_end(&clean(&vulnerability.id), self.rest()));
            let package = format!("  {} {}", clean(&package.name), clean(&package.version));
            self.put(PLAIN, &cut_end(package.trim_end(), self.rest()));
            self.end_trimmed()?;
            let mut text = format!("{}: {}", by_words(held.by), clean(&held.origin));
            if let Some(end) = held.expires {
                text.push_str(&format!(", until {}", day(end)));
            }
            if !held.reason.is_empty() {
                text.push_str(&format!(": {}", clean(&held.reason)));
            }
            let text = cut_end(&text, 4 * self.width).into_owned();
            self.paragraph(6, &text)?;
        }
        self.suppressed_detections(&target.suppressed_detections)?;
        Ok(())
    }

    fn problems(&mut self, target: &TargetReport, several: bool) -> io::Result<()> {
        if target.problems.is_empty() {
            return Ok(());
        }
        let number = counted(target.problems.len(), "problem", "problems");
        let of = if several { format!(" with {}", clean(&target.name)) } else { String::new() };
        let means = if target.complete() { "the scan is complete" } else { "the scan is not complete" };
        self.section(&format!("{number}{of}, {means}"))?;
        for code in ProblemCode::ALL {
            let count = target.problems.iter().filter(|problem| problem.code == code).count();
            if count == 0 {
                continue;
            }
            self.pad_to(2);
            self.put(BOLD, code.code());
            for (i, line) in wrap(code.title(), self.width.saturating_sub(12)).iter().enumerate() {
                self.pad_to(12);
                self.put(PLAIN, line);
                if i == 0 && count > 1 && self.rest() > 12 {
                    self.put(DIM, &format!(" ({})", grouped(count as u64)));
                }
                self.end()?;
            }
            for problem in target.problems.iter().filter(|problem| problem.code == code).take(MOST_PROBLEMS) {
                let mut about: Vec<String> = Vec::new();
                about.extend(problem.layer.map(|layer| format!("layer {layer}")));
                about.extend((!problem.analyzer.is_empty()).then(|| clean(&problem.analyzer).into_owned()));
                let path = clean(&problem.path);
                let mut text = path.into_owned();
                if !about.is_empty() {
                    let blank = if text.is_empty() { "" } else { " " };
                    text.push_str(&format!("{blank}({})", about.join(", ")));
                }
                let colon = if text.is_empty() { "" } else { ": " };
                text.push_str(&format!("{colon}{}", clean(&problem.message)));
                // A path may have thousands of bytes; the section stays short.
                self.paragraph(12, &cut_end(&text, 4 * self.width))?;
            }
            if count > MOST_PROBLEMS {
                self.paragraph(12, &format!("… and {} more", grouped((count - MOST_PROBLEMS) as u64)))?;
            }
            if let Some(hint) = hint_for(code) {
                self.hint(hint)?;
            }
        }
        Ok(())
    }

    fn hint(&mut self, text: &str) -> io::Result<()> {
        self.paragraph(2, &format!("Hint: {text}"))
    }

    fn packages(&mut self, target: &TargetReport, several: bool) -> io::Result<()> {
        if target.packages.is_empty() {
            return Ok(());
        }
        let of = if several { format!(" in {}", clean(&target.name)) } else { String::new() };
        self.section(&format!("Packages{of}"))?;
        self.blank()?;
        let widest = |text: &dyn Fn(&Package) -> usize, least: usize, most: usize| {
            target.packages.iter().map(text).max().unwrap_or(0).clamp(least, most.max(least))
        };
        let inner = self.width.saturating_sub(2);
        let name = widest(&|package| columns(&clean(&package.name)), 4, inner * 35 / 100);
        let version = widest(&|package| columns(&clean(&package.version)), 7, inner * 25 / 100);
        let ecosystem = widest(&|package| columns(package.ecosystem.id), 4, 12);
        let starts = [2, 4 + name, 6 + name + version, 8 + name + version + ecosystem];
        for (start, label) in starts.into_iter().zip(["Name", "Version", "Type", "Location"]) {
            self.pad_to(start);
            if self.rest() >= label.len() {
                self.put(DIM, label);
            }
        }
        self.end_trimmed()?;
        for package in &target.packages {
            let [_, at_version, at_ecosystem, at_path] = starts;
            self.pad_to(2);
            self.put(PLAIN, &cut_end(&clean(&package.name), name));
            self.pad_to(at_version);
            self.put(PLAIN, &cut_end(&clean(&package.version), version));
            self.pad_to(at_ecosystem);
            self.put(PLAIN, &cut_end(package.ecosystem.id, ecosystem));
            let path = clean(package.locations.first().map_or("", |location| &location.path));
            if at_path < self.width {
                self.pad_to(at_path);
                self.put(PLAIN, &cut_path(&path, self.rest()));
            }
            self.end_trimmed()?;
        }
        Ok(())
    }
}

/// The base of an image in words, where something tells it from the image's own layers.
fn built_on(image: &ImageMetadata) -> Option<String> {
    let base = image.base.as_ref()?;
    let name = match (base.name.as_str(), &base.digest) {
        ("", None) => "another image".to_owned(),
        ("", Some(digest)) => digest.to_string(),
        (name, _) => clean(name).into_owned(),
    };
    Some(match base.layers {
        Some(layers) => format!("{name}: the lowest {layers} of {} layers", image.layers.len()),
        None => name,
    })
}

fn distribution(target: &TargetReport) -> String {
    let Some(distro) = &target.distro else { return "not recognised".to_owned() };
    let [pretty, name, id, version, codename] =
        [&distro.pretty_name, &distro.name, &distro.id, &distro.version, &distro.codename]
            .map(|text| clean(text));
    // A pretty name often stops at the release, where the version knows the point release.
    if !pretty.is_empty() && pretty.contains(&*version) {
        return pretty.into_owned();
    }
    let mut text =
        [name, pretty, id].into_iter().find(|name| !name.is_empty()).unwrap_or_default().into_owned();
    if !version.is_empty() {
        text.push_str(&format!(" {version}"));
    }
    if !codename.is_empty() {
        text.push_str(&format!(" ({codename})"));
    }
    text
}

/// Columns of the finding lines of one target, counted from 0.
struct Layout {
    /// `None` where there is no risk to show, or no room.
    risk: Option<usize>,
    id: usize,
    fix: usize,
    title: usize,
}

impl Layout {
    fn new(width: usize, findings: &[Finding]) -> Layout {
        let widest = |text: &dyn Fn(&Finding) -> usize| findings.iter().map(text).max().unwrap_or(0);
        let severity = widest(&|finding| finding.vulnerability.severity.word().len());
        let risk_at = 2 + severity + 2;
        let risk_width =
            widest(&|finding| finding.risk.as_ref().map_or(0, |risk| hundredths(risk.score).len()));
        let risk = Some(risk_at).filter(|_| risk_width > 0 && width >= NARROWEST_WITH_RISK);
        let id = risk_at + risk.map_or(0, |_| risk_width + 2);
        let fix = id + widest(&|finding| columns(&clean(&finding.vulnerability.id)).min(24)) + 2;
        // Where the longest fix leaves too little for titles, those with long ones put the title on a second line.
        let longest = widest(&|finding| columns(&fix_text(finding)));
        let most = width.saturating_sub(fix + 2 + NARROWEST_TITLE);
        Layout { risk, id, fix, title: fix + longest.min(most) + 2 }
    }
}

/// What makes a finding stand out, before its title.
fn marks(finding: &Finding) -> String {
    let vulnerability = &finding.vulnerability;
    let mut marks: Vec<String> = Vec::new();
    if vulnerability.known_exploited {
        marks.push("exploited".to_owned());
    } else if vulnerability.public_exploit {
        marks.push("exploit public".to_owned());
    }
    if let Some(epss) = vulnerability.epss.filter(|epss| epss.score >= LEAST_EPSS) {
        marks.push(format!("EPSS {}.{} %", epss.score / 1_000, epss.score % 1_000 / 100));
    }
    marks.join(", ")
}

/// A number of hundredths, such as `8.17`.
fn hundredths(number: u32) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

/// The day of a time.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

fn by_words(by: SuppressedBy) -> &'static str {
    match by {
        SuppressedBy::Waiver => "waived",
        SuppressedBy::VexNotAffected => "not affected (VEX)",
        SuppressedBy::VexFixed => "fixed (VEX)",
        SuppressedBy::Policy => "ignored by policy",
        SuppressedBy::AdvisoryNotAffected => "not affected (advisory)",
        SuppressedBy::ThirdParty => "third-party package",
        SuppressedBy::NotApplicable => "not applicable",
    }
}

/// `3: 2 waived, 1 not affected (VEX)`.
fn suppressed_counts(held: &[Suppressed]) -> String {
    let pieces: Vec<String> = SuppressedBy::ALL
        .into_iter()
        .map(|by| (by, held.iter().filter(|held| held.by == by).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(by, count)| format!("{} {}", grouped(count as u64), by_words(by)))
        .collect();
    format!("{}: {}", grouped(held.len() as u64), pieces.join(", "))
}

/// How long the distribution's release is supported.
fn support(target: &TargetReport, now: Timestamp) -> Option<String> {
    let lifecycle = target.lifecycle.as_ref()?;
    let word = |end: Timestamp| if end <= now { "ended" } else { "until" };
    Some(match (lifecycle.ends, lifecycle.extended_ends) {
        (None, None) => return None,
        (Some(end), Some(extended)) if extended > end => {
            format!("{} {}, extended {} {}", word(end), day(end), word(extended), day(extended))
        }
        (Some(end), _) => format!("{} {}", word(end), day(end)),
        (None, Some(extended)) => format!("extended {} {}", word(extended), day(extended)),
    })
}

fn fix_text(finding: &Finding) -> String {
    let fixed = !finding.fixed_versions.is_empty() && finding.status != Status::NotAffected;
    if fixed {
        return format!("fixed in {}", clean(&finding.fixed_versions.join(", ")));
    }
    match finding.status {
        Status::Affected => "no fix known",
        Status::Fixed => "fixed, version not stated",
        Status::WillNotFix => "will not be fixed",
        Status::FixDeferred => "fix deferred",
        Status::UnderInvestigation => "under investigation",
        Status::EndOfLife => "end of life",
        Status::NotAffected => "not affected",
    }
    .to_owned()
}

type PackageFindings<'a> = Vec<(&'a Package, Vec<&'a Finding>)>;

/// Findings by package, in the order in which packages first appear: the worst first.
fn by_package(target: &TargetReport) -> Result<PackageFindings<'_>, RenderError> {
    let mut groups: PackageFindings<'_> = Vec::new();
    let mut place: HashMap<usize, usize> = HashMap::new();
    for finding in &target.findings {
        let package = package_of(target, finding)?;
        let at = *place.entry(finding.package).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, findings)) => findings.push(finding),
            None => groups.push((package, vec![finding])),
        }
    }
    Ok(groups)
}

/// The age of the database when the report was made, from seconds.
fn age(seconds: Option<i64>) -> String {
    match seconds {
        None => "age unknown".to_owned(),
        Some(seconds) if seconds < 0 => "newer than this report".to_owned(),
        Some(seconds) if seconds < 3600 => "less than an hour old".to_owned(),
        Some(seconds) if seconds < 2 * 86_400 => {
            let hours = seconds / 3600;
            format!("{hours} {} old", if hours == 1 { "hour" } else { "hours" })
        }
        Some(seconds) => format!("{} days old", grouped(seconds.unsigned_abs() / 86_400)),
    }
}

fn hint_for(code: ProblemCode) -> Option<&'static str> {
    Some(match code {
        ProblemCode::NoPackageDatabase => {
            "packages of the distribution are missing from this report, and so are their vulnerabilities."
        }
        ProblemCode::UnknownDistribution => {
            "packages of the distribution were listed but could not be matched, since nothing says whose they are."
        }
        ProblemCode::NoAdvisories => {
            "that nothing was found for this distribution does not mean that there is nothing. Use a database that covers it."
        }
        ProblemCode::AnalyzerPanic => "this is a bug in Plimsoll; please report it.",
        ProblemCode::Timeout => {
            "what is listed here was found before the time ended. Allow more time for the rest."
        }
        ProblemCode::UnreadableFile
        | ProblemCode::FileTooLarge
        | ProblemCode::BrokenLink
        | ProblemCode::UnsafePath
        | ProblemCode::UnorderableVersion
        | ProblemCode::LimitReached => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_words() {
        for (seconds, words) in [
            (None, "age unknown"),
            (Some(-5), "newer than this report"),
            (Some(10), "less than an hour old"),
            (Some(3600), "1 hour old"),
            (Some(86_400 + 7200), "26 hours old"),
            (Some(40 * 86_400), "40 days old"),
        ] {
            assert_eq!(age(seconds), words);
        }
    }
}
