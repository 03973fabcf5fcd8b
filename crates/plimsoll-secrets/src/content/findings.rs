//! What was found in a file, put together: one finding for each value, and one for a pair of keys.

use std::ops::Range;

use plimsoll_analysis::Output;
use plimsoll_types::{Confidence, ProblemCode, Severity, class};

use crate::Found;
use crate::engine::{Engine, Hit, Mode};
use crate::filters::{Place, Verdict};
use crate::text;

/// The most findings of one file.
const MAX: usize = 200;

/// How many lines may lie between the two halves of a pair of keys.
const PAIR: u32 = 5;

/// A finding.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) class: &'static str,
    pub(crate) rule: String,
    pub(crate) message: String,
    pub(crate) verdict: Verdict,
    pub(crate) line: u32,
    pub(crate) end_line: u32,
    pub(crate) column: u32,
    pub(crate) evidence: String,
    pub(crate) inside: String,
    /// A number that stands for the value; 0 for a file as a whole.
    pub(crate) value: u64,
}

/// The findings of a file, those of members of an archive included.
#[derive(Default)]
pub(crate) struct Findings<'f> {
    list: Vec<Finding>,
    /// Where in the archive the file at hand is.
    pub(crate) inside: String,
    /// Where the archive is that holds the file at hand.
    pub(crate) outer: Option<Place>,
    problems: Vec<&'f str>,
}

/// Where a value stands that a file's grammar told.
struct Spot {
    line: u32,
    end_line: u32,
    column: u32,
    evidence: String,
}

impl<'f> Findings<'f> {
    /// Notes that a limit was reached.
    pub(crate) fn capped(&mut self, message: &'f str) {
        if !self.problems.contains(&message) {
            self.problems.push(message);
        }
    }

    /// Where the file at hand is, with what its archive's place says of it.
    pub(crate) fn place(&self, path: &[u8]) -> Place {
        Place::new(path).within(self.outer.as_ref())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// Moves the lines of those from a place on.
    pub(crate) fn move_lines(&mut self, from: usize, to: impl Fn(u32) -> u32) {
        for finding in self.list.iter_mut().skip(from).filter(|finding| finding.line > 0) {
            finding.line = to(finding.line);
            finding.end_line = to(finding.end_line);
        }
    }

    /// Of those from a place on, keeps the ones that are new to `is_new`.
    pub(crate) fn keep_new(&mut self, from: usize, mut is_new: impl FnMut(&Finding) -> bool) {
        let mut at = 0;
        self.list.retain(|finding| {
            at += 1;
            at <= from || is_new(finding)
        });
    }

    /// Adds what is said of the file at hand as a whole.
    pub(crate) fn whole(&mut self, class: &'static str, rule: &str, message: String, verdict: Verdict) {
        self.list.push(Finding {
            class,
            rule: rule.to_owned(),
            message,
            verdict,
            line: 0,
            end_line: 0,
            column: 0,
            evidence: String::new(),
            inside: self.inside.clone(),
            value: 0,
        });
    }

    /// Adds what rules (`hits`) and the file's grammar (`structured`) found in `text`.
    pub(crate) fn add(
        &mut self,
        engine: &Engine,
        place: &Place,
        text: &[u8],
        mode: Mode,
        hits: Vec<Hit>,
        structured: Vec<Found>,
    ) {
        let mut new: Vec<Finding> = Vec::new();
        let mut taken: Vec<Range<u64>> = Vec::new();
        let values: Vec<Range<usize>> = structured
            .iter()
            .map(|found| found.value.clone())
            .chain(
                hits.iter()
                    .filter_map(|hit| Some(usize::try_from(hit.start).ok()?..usize::try_from(hit.end).ok()?)),
            )
            .collect();
        for found in structured {
            let Some(class) = class(found.class) else { continue };
            let Some(secret) = text.get(found.value.clone()) else { continue };
            let span = found.value.start as u64..found.value.end as u64;
            let overlaps = |hit: &&Hit| !secret.is_empty() && hit.start < span.end && span.start < hit.end;
            let hit = hits.iter().find(overlaps);
            let same = hit
                .and_then(|hit| Some((hit, engine.rule(hit.rule)?)))
                .filter(|(_, rule)| !rule.is_generic());
            let spot = spot(text, &found.value, &values, mode);
            let mut finding = Finding {
                class: class.code,
                rule: found.rule,
                message: found.message,
                verdict: Verdict {
                    severity: found.severity,
                    confidence: found.confidence,
                    notes: found.notes,
                },
                line: spot.line,
                end_line: spot.end_line,
                column: spot.column,
                evidence: spot.evidence,
                inside: self.inside.clone(),
                // A file as a whole has no value.
                value: if secret.is_empty() { 0 } else { xxhash_rust::xxh3::xxh3_64(secret) },
            };
            if let Some((hit, rule)) = same {
                if matches!(finding.class, "SEC-PASSWORD" | "SEC-GENERIC")
                    || finding.rule.starts_with("dotenv")
                {
                    // The file's grammar knows the value's name, the rule knows what it is.
                    finding.class = rule.class.code;
                    finding.rule = rule.id.clone();
                    finding.message = title(&rule.title);
                    finding.verdict = hit.verdict.clone();
                } else {
                    let own = finding.verdict.severity.unwrap_or(class.severity);
                    let other = hit.verdict.severity.unwrap_or(rule.class.severity);
                    finding.verdict.severity = Some(own.max(other));
                    // Of a key, both say the same.
                    if !matches!(finding.class, "SEC-PRIVKEY" | "SEC-HOSTKEY") {
                        finding
                            .verdict
                            .notes
                            .push(format!("The value has the form of {}.", title(&rule.title)));
                    }
                    let more = hit.verdict.notes.iter().filter(|note| !note.contains("passphrase"));
                    finding.verdict.notes.extend(more.cloned());
                }
            }
            if let Some((severity, why)) = sample(place) {
                // The rule's own verdict may say so already.
                finding.verdict.notes.retain(|note| note != why);
                finding.verdict.lower(class.severity, severity, why);
            }
            if !secret.is_empty() {
                taken.push(span);
            }
            new.push(finding);
        }
        for hit in hits {
            if taken.iter().any(|span| hit.start < span.end && span.start < hit.end) {
                continue;
            }
            let Some(rule) = engine.rule(hit.rule) else { continue };
            new.push(Finding {
                class: rule.class.code,
                rule: rule.id.clone(),
                message: title(&rule.title),
                verdict: hit.verdict,
                line: hit.line,
                end_line: hit.end_line,
                column: hit.column,
                evidence: hit.evidence,
                inside: self.inside.clone(),
                value: hit.value,
            });
        }
        // What a file's grammar says of the file as a whole, its name need not say again.
        let inside = &self.inside;
        self.list.retain(|old| {
            old.value != 0 || old.inside != *inside || new.iter().all(|new| new.class != old.class)
        });
        host_keys(&place.path, &mut new);
        pairs(engine, &mut new);
        for finding in new {
            // The same value once a file: what is decoded may stand there plainly as well.
            let twice = |old: &Finding| {
                finding.value != 0 && old.value == finding.value && old.inside == finding.inside
            };
            if !self.list.iter().any(twice) {
                self.list.push(finding);
            }
        }
    }

    /// Adds what was found in something decoded, at the place of what it was decoded from.
    pub(crate) fn add_decoded(&mut self, engine: &Engine, hits: Vec<Hit>, at: (u32, u32), note: &str) {
        for mut hit in hits {
            let Some(rule) = engine.rule(hit.rule) else { continue };
            hit.verdict.notes.push(note.to_owned());
            if self.list.iter().any(|old| old.value == hit.value && old.inside == self.inside) {
                continue;
            }
            self.list.push(Finding {
                class: rule.class.code,
                rule: rule.id.clone(),
                message: title(&rule.title),
                verdict: hit.verdict,
                line: at.0,
                end_line: at.0,
                column: at.1,
                evidence: hit.evidence,
                inside: self.inside.clone(),
                value: hit.value,
            });
        }
    }

    /// States them.
    pub(crate) fn write(mut self, _: &Engine, out: &mut Output) {
        self.list.sort_by(|a, b| {
            (&a.inside, a.line, a.column, a.class, &a.rule)
                .cmp(&(&b.inside, b.line, b.column, b.class, &b.rule))
        });
        if self.list.len() > MAX {
            self.list.truncate(MAX);
            self.capped("there is more in this file that looks like secrets than is looked at");
        }
        for finding in self.list {
            let Some(class) = class(finding.class) else { continue };
            let fact = out.detect(class, finding.message);
            fact.rule = finding.rule;
            fact.severity = finding
                .verdict
                .severity
                .filter(|severity| *severity != class.severity)
                .map_or_else(String::new, |severity| severity.word().to_owned());
            if finding.verdict.confidence != Confidence::High {
                fact.confidence = finding.verdict.confidence.word().to_owned();
            }
            fact.inside = finding.inside;
            fact.line = finding.line;
            fact.end_line = if finding.end_line > finding.line { finding.end_line } else { 0 };
            fact.column = finding.column;
            fact.evidence = finding.evidence;
            fact.notes = finding.verdict.notes;
        }
        for problem in self.problems {
            out.problem_with(ProblemCode::LimitReached, problem);
        }
    }
}

/// First words of titles that are no names.
const ORDINARY: &[&str] = &[
    "Access",
    "Basic",
    "Bearer",
    "Certificate",
    "Client",
    "Connection",
    "Credentials",
    "Database",
    "Elliptic",
    "Encrypted",
    "Encryption",
    "Generic",
    "Hard-coded",
    "Hashed",
    "Key",
    "Keystore",
    "Passphrase",
    "Password",
    "Private",
    "Random",
    "Secret",
    "Session",
    "Token",
    "Value",
    "Webhook",
];

/// A rule's title as a message: `an OpenAI key`, `a private key`.
pub(crate) fn title(title: &str) -> String {
    let first = title.split([' ', ',']).next().unwrap_or_default();
    let mut text = title.to_owned();
    if ORDINARY.contains(&first)
        && let Some(letter) = text.get_mut(..1)
    {
        letter.make_ascii_lowercase();
    }
    if first == "Credentials" {
        return text;
    }
    // Abbreviations are spelt out, and some begin with the sound of a vowel.
    let spelt = first.len() > 1 && first.bytes().take(2).all(|byte| byte.is_ascii_uppercase());
    let vowels = if spelt || first == "npm" || first == "xAI" || first == "ngrok" {
        "AEFHILMNORSXaeioxn"
    } else {
        "AEIOaeio"
    };
    let vowel = first.chars().next().is_some_and(|letter| vowels.contains(letter));
    format!("{} {text}", if vowel { "an" } else { "a" })
}

/// A private key of an SSH server is that, wherever else it was found by its form.
fn host_keys(path: &[u8], new: &mut [Finding]) {
    let name = plimsoll_archive::path::file_name(path);
    if name.starts_with(b"ssh_host_") && name.ends_with(b"_key") {
        for finding in new.iter_mut().filter(|finding| finding.class == "SEC-PRIVKEY") {
            finding.class = "SEC-HOSTKEY";
            finding.message = "a key of an SSH server".to_owned();
        }
    }
}

/// The id of a key and its secret, a few lines apart, are one finding, worse than the id alone.
fn pairs(engine: &Engine, new: &mut Vec<Finding>) {
    let is_id = |finding: &Finding| {
        let rule = engine.rules().iter().find(|rule| rule.id == finding.rule);
        rule.is_some_and(|rule| rule.check.as_ref().is_some_and(|check| check.name == "aws-key-id"))
    };
    let is_secret = |finding: &Finding| {
        finding.class == "SEC-CLOUD" && finding.rule.contains("aws") && finding.rule.contains("secret")
    };
    // Profiles stand close to each other: the nearest halves belong together, and each half to one pair.
    let mut near: Vec<(u32, usize, usize)> = Vec::new();
    for (at, id) in new.iter().enumerate().filter(|(_, finding)| is_id(finding)) {
        let secrets = new.iter().enumerate().filter(|(_, finding)| is_secret(finding));
        let with = |(other, secret): (usize, &Finding)| (secret.line.abs_diff(id.line), at, other);
        near.extend(secrets.map(with).filter(|(apart, ..)| *apart <= PAIR));
        if near.len() > MAX * 8 {
            break;
        }
    }
    near.sort_unstable();
    let mut paired: Vec<(usize, usize)> = Vec::new();
    for (_, at, other) in near {
        if paired.iter().all(|(id, secret)| *id != at && *secret != other) {
            paired.push((at, other));
        }
    }
    for (at, other) in &paired {
        let Some(secret) = new.get(*other).cloned() else { continue };
        if let Some(id) = new.get_mut(*at) {
            id.message = "an AWS access key with its secret".to_owned();
            // What lowered the secret lowers the pair.
            id.verdict.severity = secret.verdict.severity.filter(|severity| *severity < Severity::Critical);
            if id.verdict.severity.is_none() {
                id.verdict.severity = Some(Severity::Critical);
            }
            id.verdict.notes.push(match secret.line {
                0 => "The secret access key stands beside it.".to_owned(),
                line => format!("The secret access key stands on line {line}."),
            });
            id.end_line = secret.line.max(id.line);
            id.line = secret.line.min(id.line);
        }
    }
    let mut at = 0;
    new.retain(|_| {
        at += 1;
        paired.iter().all(|(_, secret)| *secret + 1 != at)
    });
}

/// What the place says of a value that a file's grammar told.
fn sample(place: &Place) -> Option<(Severity, &'static str)> {
    match (place.is_sample(), place.is_vendored()) {
        (true, true) => Some((
            Severity::Negligible,
            "The path is that of a package's tests, examples or documentation, so this is most likely sample data.",
        )),
        (true, false) => Some((
            Severity::Low,
            "The path is that of a test, an example or documentation, so this may be sample data.",
        )),
        _ => None,
    }
}

fn spot(text: &[u8], value: &Range<usize>, values: &[Range<usize>], mode: Mode) -> Spot {
    if value.is_empty() {
        return Spot { line: 0, end_line: 0, column: 0, evidence: String::new() };
    }
    let evidence = text::evidence(text, value, values);
    if mode == Mode::Binary {
        return Spot { line: 0, end_line: 0, column: 0, evidence };
    }
    let before = text.get(..value.start).unwrap_or_default();
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let start = memchr::memrchr(b'\n', before).map_or(0, |line| line + 1);
    let inner = text.get(value.clone()).unwrap_or_default();
    let more = memchr::memchr_iter(b'\n', inner.strip_suffix(b"\n").unwrap_or(inner)).count();
    let column = text::characters(before.get(start..).unwrap_or_default()) + 1;
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Spot { line: number(line), end_line: number(line + more), column: number(column), evidence }
}
