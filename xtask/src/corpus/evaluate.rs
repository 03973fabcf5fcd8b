//! Holds a report's findings against the labels. What counts is written in docs/secrets-corpus.md.

use std::collections::BTreeMap;

use serde_json::Value;

use super::roots::File;
use super::template::{Label, Role, Span};

/// What a scanner reports.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    /// Relative to the root; what is inside an archive comes after `!/`.
    pub(crate) path: String,
    pub(crate) rule: String,
    pub(crate) line: Option<u32>,
    pub(crate) end_line: Option<u32>,
    pub(crate) column: Option<u32>,
}

/// The findings of a report in Plimsoll's JSON. Those of no weight are no reports.
pub(crate) fn findings(report: &Value) -> Vec<Finding> {
    let targets = report["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let detections = targets.iter().filter_map(|target| target["detections"].as_array()).flatten();
    let number = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    detections
        .filter(|detection| !text(&detection["severity"]).eq_ignore_ascii_case("negligible"))
        .map(|detection| {
            let place = &detection["place"];
            let (class, rule) = (text(&detection["class"]), text(&detection["rule"]));
            Finding {
                path: text(&place["name"]).trim_start_matches("./").trim_start_matches('/').to_owned(),
                rule: if rule.is_empty() { class } else { rule },
                line: number(&place["line"]),
                end_line: number(&place["endLine"]),
                column: number(&place["column"]),
            }
        })
        .collect()
}

/// The counts of a kind of file, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) files: usize,
    pub(crate) secrets: usize,
    pub(crate) look_alikes: usize,
    pub(crate) found: usize,
    /// Findings where no secret is.
    pub(crate) wrong: usize,
}

impl Score {
    pub(crate) fn missed(self) -> usize {
        self.secrets.saturating_sub(self.found)
    }

    /// Part of the secrets that were found; 1 where there is none.
    pub(crate) fn recall(self) -> f64 {
        part(self.found, self.secrets)
    }

    /// Part of what was reported that is right; 1 where nothing was.
    pub(crate) fn precision(self) -> f64 {
        part(self.found, self.found + self.wrong)
    }

    pub(crate) fn add(&mut self, other: Score) {
        self.files += other.files;
        self.secrets += other.secrets;
        self.look_alikes += other.look_alikes;
        self.found += other.found;
        self.wrong += other.wrong;
    }
}

#[allow(clippy::cast_precision_loss)]
fn part(some: usize, all: usize) -> f64 {
    if all == 0 { 1.0 } else { some as f64 / all as f64 }
}

/// A secret that was not found, or a finding that is wrong, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Miss {
    pub(crate) kind: String,
    pub(crate) root: usize,
    pub(crate) place: String,
    pub(crate) what: String,
}

/// How a scanner did.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) kinds: BTreeMap<String, Score>,
    pub(crate) missed: Vec<Miss>,
    pub(crate) wrong: Vec<Miss>,
}

impl Outcome {
    pub(crate) fn total(&self) -> Score {
        self.kinds.values().fold(Score::default(), |mut total, score| {
            total.add(*score);
            total
        })
    }
}

/// The counts of the labels themselves.
pub(crate) fn labelled(file: &File) -> Score {
    Score {
        files: 1,
        secrets: secrets(file).len(),
        look_alikes: file.labels.iter().filter(|label| label.role == Role::LookAlike).count(),
        ..Score::default()
    }
}

/// The secrets of a file, each with its places.
fn secrets(file: &File) -> Vec<Vec<&Label>> {
    let mut grouped: BTreeMap<usize, Vec<&Label>> = BTreeMap::new();
    for label in file.labels.iter().filter(|label| label.role == Role::Secret) {
        grouped.entry(label.secret).or_default().push(label);
    }
    grouped.into_values().collect()
}

/// Compares. `findings` are those of each root.
pub(crate) fn compare(files: &[File], findings: &[Vec<Finding>]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut places: BTreeMap<(usize, &str), Vec<&Finding>> = BTreeMap::new();
    for (root, findings) in findings.iter().enumerate() {
        for finding in findings {
            let path = finding.path.split_once("!/").map_or(&*finding.path, |(path, _)| path);
            places.entry((root, path)).or_default().push(finding);
        }
    }
    for file in files {
        let here = places.remove(&(file.root, &*file.path)).unwrap_or_default();
        let mut score = labelled(file);
        compare_file(file, &here, &mut score, &mut outcome);
        outcome.kinds.entry(file.kind.clone()).or_default().add(score);
    }
    // What is left lies in no file of the corpus.
    for ((root, path), findings) in places {
        let score = outcome.kinds.entry("(elsewhere)".to_owned()).or_default();
        score.wrong += findings.len();
        outcome.wrong.extend(findings.iter().map(|finding| Miss {
            kind: "(elsewhere)".to_owned(),
            root,
            place: path.to_owned(),
            what: finding.rule.clone(),
        }));
    }
    outcome
}

fn compare_file(file: &File, findings: &[&Finding], score: &mut Score, outcome: &mut Outcome) {
    let secrets = secrets(file);
    let with = |role: Role| file.labels.iter().filter(move |label| label.role == role);
    let mut edges: Vec<Vec<usize>> = vec![Vec::new(); secrets.len()];
    for (index, finding) in findings.iter().enumerate() {
        let exactly = |label: &Label| touches(finding, label) && points_into(finding, label);
        let inside: Vec<usize> = matching(&secrets, exactly);
        let near = if inside.is_empty() {
            matching(&secrets, |label| touches(finding, label))
        } else {
            inside.clone()
        };
        let optional = with(Role::Optional).any(|label| touches(finding, label));
        let denied =
            inside.is_empty() && with(Role::LookAlike).any(exactly) && !with(Role::Optional).any(exactly);
        if denied || (near.is_empty() && !optional) {
            score.wrong += 1;
            let struck = with(Role::LookAlike).find(|label| touches(finding, label));
            let what = struck.map_or("plain text".to_owned(), |label| format!("look-alike {}", label.maker));
            outcome.wrong.push(Miss {
                kind: file.kind.clone(),
                root: file.root,
                place: format!("{}:{}", finding.path, finding.line.unwrap_or_default()),
                what: format!("{} at {what}", finding.rule),
            });
            continue;
        }
        for secret in near {
            if let Some(edges) = edges.get_mut(secret) {
                edges.push(index);
            }
        }
    }
    let matched = assign(&edges, findings.len());
    for (index, places) in secrets.iter().enumerate() {
        if matched.contains(&Some(index)) {
            score.found += 1;
        } else if let Some(label) = places.first() {
            let member = label.member.as_ref().map(|member| format!("!/{member}")).unwrap_or_default();
            let line = label.span.map_or(0, |span| span.line);
            outcome.missed.push(Miss {
                kind: file.kind.clone(),
                root: file.root,
                place: format!("{}{member}:{line}", file.path),
                what: format!("{} {}", label.maker, shortened(&label.value)),
            });
        }
    }
}

/// The beginning of a value, which is nobody's secret.
fn shortened(value: &str) -> String {
    let start: String = value.lines().next().unwrap_or_default().chars().take(32).collect();
    if start.len() < value.len() { format!("{start}…") } else { start }
}

/// The secrets one of whose places fulfils the condition.
fn matching(secrets: &[Vec<&Label>], condition: impl Fn(&Label) -> bool) -> Vec<usize> {
    let with = secrets.iter().enumerate().filter(|(_, places)| places.iter().any(|label| condition(label)));
    with.map(|(index, _)| index).collect()
}

/// Whether a finding is where the label is, by file and lines.
fn touches(finding: &Finding, label: &Label) -> bool {
    let member = finding.path.split_once("!/").map(|(_, member)| member);
    match (&label.member, member) {
        // It names the archive only.
        (Some(_), None) => return true,
        (Some(of_label), Some(of_finding)) if of_label != of_finding => return false,
        (None, Some(_)) if label.span.is_some() => return false,
        _ => {}
    }
    let (Some(span), Some(line)) = (label.span, finding.line) else { return true };
    let end = finding.end_line.unwrap_or(line).max(line);
    line <= span.end_line && end >= span.line
}

/// Whether a finding's first character lies in the label.
fn points_into(finding: &Finding, label: &Label) -> bool {
    let (Some(Span { line, end_line, column, end_column }), Some(at_line), Some(at)) =
        (label.span, finding.line, finding.column)
    else {
        return false;
    };
    (line..=end_line).contains(&at_line)
        && (at_line > line || at >= column)
        && (at_line < end_line || at <= end_column)
}

/// Gives as many secrets as possible a finding of their own (Kuhn, 1955). `edges` has the findings that each secret may
/// take; the answer has the secret of each finding.
fn assign(edges: &[Vec<usize>], findings: usize) -> Vec<Option<usize>> {
    fn take(secret: usize, edges: &[Vec<usize>], seen: &mut [bool], taken: &mut [Option<usize>]) -> bool {
        for &finding in edges.get(secret).map(Vec::as_slice).unwrap_or_default() {
            match seen.get_mut(finding) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            let owner = taken.get(finding).copied().flatten();
            if owner.is_none_or(|owner| take(owner, edges, seen, taken)) {
                if let Some(place) = taken.get_mut(finding) {
                    *place = Some(secret);
                }
                return true;
            }
        }
        false
    }
    let mut taken = vec![None; findings];
    for secret in 0..edges.len() {
        take(secret, edges, &mut vec![false; findings], &mut taken);
    }
    taken
}
