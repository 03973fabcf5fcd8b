//! A comparison as JSON. Described by `docs/compare.md`; its version grows as that of the JSON report does.

use std::io;

use plimsoll_report::{RenderError, pretty_json};
use serde::Serialize;

use crate::matrix::Weighted;
use crate::{Cell, Comparison, Pair, ReportInfo};

/// The version of the document's shape.
const SCHEMA_VERSION: u32 = 1;

/// Writes the comparison and, where there is one, the weighted matrix. `only_differences` leaves out the pairs on which
/// all reports agree in everything; the counts are of all of them.
pub fn render(
    comparison: &Comparison,
    matrix: Option<&Weighted>,
    only_differences: bool,
    out: &mut dyn io::Write,
) -> Result<(), RenderError> {
    let names: Vec<&str> = comparison.reports.iter().map(|report| report.name.as_str()).collect();
    let shown = comparison.pairs.iter().filter(|pair| !only_differences || pair.differs());
    let document = Document {
        schema_version: SCHEMA_VERSION,
        warnings: &comparison.warnings,
        reports: comparison.reports.iter().map(ReportJson::new).collect(),
        agreement: Agreement::new(comparison, &names),
        pairs: shown.map(|pair| PairJson::new(pair, &names)).collect(),
        matrix: matrix.map(|weighted| MatrixJson::new(weighted, &names)),
    };
    pretty_json::write(&document, out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    warnings: &'a [String],
    reports: Vec<ReportJson<'a>>,
    agreement: Agreement<'a>,
    pairs: Vec<PairJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matrix: Option<MatrixJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportJson<'a> {
    name: &'a str,
    tool: &'a str,
    tool_version: &'a str,
    form: &'a str,
    file: &'a str,
    target: &'a str,
    packages: usize,
    complete_inventory: bool,
    found: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<f64>,
    unique: usize,
    false_alarm_candidates: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

impl<'a> ReportJson<'a> {
    fn new(report: &'a ReportInfo) -> Self {
        let measured = report.measured;
        ReportJson {
            name: &report.name,
            tool: &report.tool,
            tool_version: &report.tool_version,
            form: report.form,
            file: &report.file,
            target: &report.target,
            packages: report.packages,
            complete_inventory: report.complete_inventory,
            found: measured.found,
            coverage: measured.coverage().map(rounded),
            unique: measured.unique,
            false_alarm_candidates: measured.false_alarm_candidates,
            seconds: measured.seconds,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Agreement<'a> {
    findings: usize,
    found_by: Vec<FoundBy>,
    shared: Vec<Shared<'a>>,
}

#[derive(Serialize)]
struct FoundBy {
    reports: usize,
    findings: usize,
}

#[derive(Serialize)]
struct Shared<'a> {
    reports: [&'a str; 2],
    both: usize,
    either: usize,
}

impl<'a> Agreement<'a> {
    fn new(comparison: &'a Comparison, names: &[&'a str]) -> Self {
        let mut shared = Vec::new();
        for (place, name) in names.iter().enumerate() {
            for (other, second) in names.iter().enumerate().skip(place + 1) {
                let (both, either) = comparison.shared(place, other);
                shared.push(Shared { reports: [*name, *second], both, either });
            }
        }
        let found_by = (1..=names.len()).rev();
        Agreement {
            findings: comparison.pairs.iter().filter(|pair| pair.found_by() > 0).count(),
            found_by: found_by
                .map(|reports| FoundBy { reports, findings: comparison.found_by(reports) })
                .collect(),
            shared,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PairJson<'a> {
    vulnerability: &'a str,
    package: PackageJson<'a>,
    found_by: usize,
    differs: bool,
    cells: Vec<CellJson<'a>>,
    remarks: Vec<RemarkJson<'a>>,
}

#[derive(Serialize)]
struct PackageJson<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    name: &'a str,
    version: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CellJson<'a> {
    report: &'a str,
    found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    ids: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_versions: Option<&'a [String]>,
}

#[derive(Serialize)]
struct RemarkJson<'a> {
    kind: &'static str,
    text: &'a str,
}

impl<'a> PairJson<'a> {
    fn new(pair: &'a Pair, names: &[&'a str]) -> Self {
        let cell = |(report, cell): (&&'a str, &'a Cell)| CellJson {
            report,
            found: cell.found,
            reason: cell.reason.map(|reason| reason.word()),
            detail: &cell.detail,
            ids: &cell.ids,
            severity: cell.severity.map(|severity| severity.word()),
            fixed_versions: cell.fixed_versions.as_deref(),
        };
        PairJson {
            vulnerability: &pair.vulnerability,
            package: PackageJson {
                kind: &pair.package.kind,
                name: &pair.package.name,
                version: &pair.package.version,
            },
            found_by: pair.found_by(),
            differs: pair.differs(),
            cells: names.iter().zip(&pair.cells).map(cell).collect(),
            remarks: pair
                .remarks
                .iter()
                .map(|remark| RemarkJson { kind: remark.kind.word(), text: &remark.text })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct MatrixJson<'a> {
    scanners: Vec<ScannerJson<'a>>,
    criteria: Vec<CriterionJson<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct ScannerJson<'a> {
    name: &'a str,
    report: Option<&'a str>,
    total: Option<f64>,
    rank: Option<usize>,
    scored: f64,
}

#[derive(Serialize)]
struct CriterionJson<'a> {
    name: &'a str,
    weight: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    measurement: Option<&'static str>,
    scores: Vec<ScoreJson<'a>>,
}

#[derive(Serialize)]
struct ScoreJson<'a> {
    scanner: &'a str,
    score: Option<f64>,
    measured: Option<f64>,
}

impl<'a> MatrixJson<'a> {
    fn new(weighted: &'a Weighted, names: &[&'a str]) -> Self {
        let scanners = weighted.scanners.iter().map(|scanner| ScannerJson {
            name: &scanner.name,
            report: scanner.report.and_then(|place| names.get(place).copied()),
            total: scanner.total.map(rounded),
            rank: scanner.rank,
            scored: rounded(scanner.scored),
        });
        let criteria = weighted.criteria.iter().map(|row| CriterionJson {
            name: &row.name,
            weight: rounded(row.weight),
            measurement: row.measurement.map(|measurement| measurement.word()),
            scores: weighted
                .scanners
                .iter()
                .zip(row.scores.iter().zip(&row.measured))
                .map(|(scanner, (score, measured))| ScoreJson {
                    scanner: &scanner.name,
                    score: *score,
                    measured: measured.map(rounded),
                })
                .collect(),
        });
        MatrixJson { scanners: scanners.collect(), criteria: criteria.collect(), notes: &weighted.notes }
    }
}

/// Four decimals: enough for a share, and free of the noise of binary fractions.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
