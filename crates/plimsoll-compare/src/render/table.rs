//! A comparison as text for people: what was compared, how far the reports agree, every pair with what each report has
//! of it, and why they differ.

use std::fmt::Write;

use plimsoll_report::text::{clean, columns, counted};

use crate::matrix::{Measurement, Row, Weighted, number};
use crate::{Cell, Comparison, Pair, Reason, ReportInfo};

/// Rows of cells, each column as wide as its widest cell on a terminal, where a Chinese character takes two columns.
struct Grid {
    rows: Vec<Vec<String>>,
    /// Columns that are set to the right.
    right: Vec<usize>,
}

impl Grid {
    fn new(head: &[&str], right: &[usize]) -> Grid {
        Grid { rows: vec![head.iter().map(|text| (*text).to_owned()).collect()], right: right.to_vec() }
    }

    fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.iter().map(|cell| clean(cell).into_owned()).collect());
    }

    fn write(&self, out: &mut String) {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |at: usize| self.rows.iter().filter_map(|row| row.get(at)).map(|cell| columns(cell)).max();
        let widths: Vec<usize> = (0..count).map(|at| width(at).unwrap_or(0)).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let blanks = " ".repeat(width.saturating_sub(columns(cell)));
                if at > 0 {
                    line.push_str("  ");
                }
                if self.right.contains(&at) {
                    line.push_str(&blanks);
                    line.push_str(cell);
                } else {
                    line.push_str(cell);
                    line.push_str(&blanks);
                }
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
}

/// Writes the comparison and, where there is one, the weighted matrix. `only_differences` leaves out the pairs on which
/// all reports agree in everything.
pub fn render(comparison: &Comparison, matrix: Option<&Weighted>, only_differences: bool) -> String {
    let mut out = String::new();
    if !comparison.reports.is_empty() {
        reports(comparison, &mut out);
    }
    if comparison.reports.len() > 1 {
        agreement(comparison, &mut out);
        pairs(comparison, only_differences, &mut out);
    }
    if let Some(weighted) = matrix {
        if !out.is_empty() {
            out.push('\n');
        }
        weights(comparison, weighted, &mut out);
    }
    out
}

fn percent(part: usize, of: usize) -> String {
    if of == 0 { "-".to_owned() } else { share(part as f64 / of as f64) }
}

fn share(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}

fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{} s", number(value)))
}

fn reports(comparison: &Comparison, out: &mut String) {
    let head =
        ["REPORT", "VERSION", "TARGET", "PACKAGES", "FOUND", "COVERAGE", "UNIQUE", "FALSE ALARM?", "TIME"];
    let mut grid = Grid::new(&head, &[3, 4, 5, 6, 7, 8]);
    let several = comparison.reports.len() > 1;
    for report in &comparison.reports {
        let measured = report.measured;
        let alone = |text: String| if several { text } else { "-".to_owned() };
        grid.row(vec![
            report.name.clone(),
            report.tool_version.clone(),
            report.target.clone(),
            format!("{}{}", report.packages, if report.complete_inventory { "" } else { "+" }),
            measured.found.to_string(),
            alone(percent(measured.found, measured.union)),
            alone(measured.unique.to_string()),
            alone(measured.false_alarm_candidates.to_string()),
            seconds(measured.seconds),
        ]);
    }
    grid.write(out);
    if comparison.reports.iter().any(|report| !report.complete_inventory) {
        out.push_str("+ lists packages with findings only\n");
    }
}

fn agreement(comparison: &Comparison, out: &mut String) {
    let all = comparison.reports.len();
    let union = comparison.pairs.iter().filter(|pair| pair.found_by() > 0).count();
    let _ = writeln!(out, "\nAgreement over {}", counted(union, "finding", "findings"));
    let mut grid = Grid::new(&[], &[1, 2]);
    grid.rows.clear();
    for reports in (1..=all).rev() {
        let count = comparison.found_by(reports);
        let label = match reports {
            _ if reports == all => format!("by all {all}"),
            1 => "by one alone".to_owned(),
            _ => format!("by {reports}"),
        };
        grid.row(vec![label, count.to_string(), percent(count, union)]);
    }
    grid.write(out);
    if all > 2 {
        out.push_str("\nFound by both, of what either found\n");
        let mut head = vec![""];
        head.extend(comparison.reports.iter().map(|report| report.name.as_str()));
        let right: Vec<usize> = (1..=all).collect();
        let mut grid = Grid::new(&[], &right);
        grid.rows.clear();
        grid.row(head.into_iter().map(str::to_owned).collect());
        for (place, report) in comparison.reports.iter().enumerate() {
            let mut row = vec![report.name.clone()];
            for other in 0..all {
                let (both, either) = comparison.shared(place, other);
                row.push(if other == place { String::new() } else { percent(both, either) });
            }
            grid.row(row);
        }
        grid.write(out);
    }
}

fn pairs(comparison: &Comparison, only_differences: bool, out: &mut String) {
    let shown: Vec<&Pair> =
        comparison.pairs.iter().filter(|pair| !only_differences || pair.differs()).collect();
    if shown.is_empty() {
        let what = if comparison.pairs.is_empty() {
            "No report has findings"
        } else {
            "The reports agree in everything"
        };
        let _ = writeln!(out, "\n{what}");
        return;
    }
    out.push('\n');
    let mut grid = Grid::new(&["PACKAGE", "VERSION", "VULNERABILITY"], &[]);
    if let Some(head) = grid.rows.first_mut() {
        head.extend(comparison.reports.iter().map(|report| clean(&report.name).into_owned()));
    }
    for pair in &shown {
        let mut row =
            vec![pair.package.name.clone(), pair.package.version.clone(), pair.vulnerability.clone()];
        row.extend(pair.cells.iter().map(brief));
        grid.row(row);
    }
    grid.write(out);

    let mut used: Vec<Reason> =
        shown.iter().flat_map(|pair| &pair.cells).filter_map(|cell| cell.reason).collect();
    used.sort_unstable();
    used.dedup();
    if !used.is_empty() {
        out.push('\n');
        let mut grid = Grid::new(&[], &[]);
        grid.rows.clear();
        for reason in used {
            grid.row(vec![reason.word().to_owned(), reason.meaning().to_owned()]);
        }
        grid.write(out);
    }

    let different: Vec<&&Pair> = shown.iter().filter(|pair| pair.differs()).collect();
    if different.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nDifferences ({})", different.len());
    for pair in different {
        let title = format!("{} in {} {}", pair.vulnerability, pair.package.name, pair.package.version);
        let _ = writeln!(out, "{}", clean(&title));
        for (report, cell) in comparison.reports.iter().zip(&pair.cells) {
            if let Some(reason) = cell.reason {
                line(out, report, &format!("{}: {}", reason.word(), cell.detail));
            }
        }
        for remark in &pair.remarks {
            let _ = writeln!(out, "  {}: {}", remark.kind.word(), clean(&remark.text));
        }
    }
}

fn line(out: &mut String, report: &ReportInfo, text: &str) {
    let _ = writeln!(out, "  {}: {}", clean(&report.name), clean(text));
}

/// A cell in a word or two: the severity when it was found, a dash when it was not, and why.
fn brief(cell: &Cell) -> String {
    let word = match (cell.found, cell.severity) {
        (true, Some(severity)) => severity.word(),
        (true, None) => "found",
        (false, _) => "-",
    };
    cell.reason.map_or_else(|| word.to_owned(), |reason| format!("{word} ({})", reason.word()))
}

fn weights(comparison: &Comparison, weighted: &Weighted, out: &mut String) {
    out.push_str("Weighted comparison\n");
    let mut right = vec![1];
    let mut head = vec!["CRITERION".to_owned(), "WEIGHT".to_owned()];
    for (place, scanner) in weighted.scanners.iter().enumerate() {
        head.push(scanner.name.clone());
        head.push("measured".to_owned());
        right.extend([2 + 2 * place, 3 + 2 * place]);
    }
    let mut grid = Grid { rows: Vec::new(), right };
    grid.row(head);
    for row in &weighted.criteria {
        let mut cells = vec![row.name.clone(), format!("{:.2}", row.weight)];
        for place in 0..weighted.scanners.len() {
            cells.push(row.scores.get(place).copied().flatten().map_or_else(|| "-".to_owned(), number));
            cells.push(measured(row, place));
        }
        grid.row(cells);
    }
    let total = |value: &dyn Fn(usize) -> String, name: &str| {
        let mut cells = vec![name.to_owned(), String::new()];
        for place in 0..weighted.scanners.len() {
            cells.push(value(place));
            cells.push(String::new());
        }
        cells
    };
    let scanner = |place: usize| weighted.scanners.get(place);
    let dash = || "-".to_owned();
    grid.row(total(&|place| scanner(place).and_then(|s| s.total).map_or_else(dash, number), "TOTAL"));
    grid.row(total(
        &|place| scanner(place).and_then(|s| s.rank).map_or_else(dash, |r| r.to_string()),
        "RANK",
    ));
    grid.write(out);
    for note in &weighted.notes {
        let _ = writeln!(out, "note: {}", clean(note));
    }
    for scanner in &weighted.scanners {
        match scanner.report.and_then(|place| comparison.reports.get(place)) {
            None => {
                let _ = writeln!(
                    out,
                    "note: no report of {} was given, so nothing was measured",
                    clean(&scanner.name)
                );
            }
            Some(report) if !report.name.eq_ignore_ascii_case(scanner.name.trim()) => {
                let _ = writeln!(
                    out,
                    "note: {} was measured by the report of {}",
                    clean(&scanner.name),
                    clean(&report.name)
                );
            }
            Some(_) => {}
        }
    }
    let scored = |place: usize| weighted.scanners.iter().any(|scanner| scanner.report == Some(place));
    for (_, report) in comparison.reports.iter().enumerate().filter(|(place, _)| !scored(*place)) {
        let _ = writeln!(out, "note: {} has no scores in the matrix", clean(&report.name));
    }
}

fn measured(row: &Row, place: usize) -> String {
    match (row.measurement, row.measured.get(place).copied().flatten()) {
        (Some(Measurement::Coverage), Some(value)) => share(value),
        (Some(Measurement::Seconds), Some(value)) => seconds(Some(value)),
        (Some(_), Some(value)) => number(value),
        _ => "-".to_owned(),
    }
}
