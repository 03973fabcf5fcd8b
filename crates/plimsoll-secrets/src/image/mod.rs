//! Secrets in what an image says of itself: environment, labels, commands and history; and what only the whole image shows of
//! secrets in files.

mod command;
mod mask;
mod name;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_analysis::{ImageContext, ImageRules};
use plimsoll_image::{Config, HistoryStep};
use plimsoll_types::classes::secrets::{ENV, HISTORY, LABEL, PASSWORD, RESIDUE, SHELLHIST};
use plimsoll_types::{Class, Confidence, Detection, Place, PlaceKind, Scanner, Severity, class};

use crate::checks;
use crate::content::findings::title;
use crate::engine::Engine;
use crate::text;

pub(crate) use command::{Argument, arguments};
pub use mask::{mask_command, mask_value};

/// The most steps of a history that are looked at, and the most bytes of one.
const MAX_STEPS: usize = 2_000;
const MAX_STEP: usize = 256 << 10;

/// The most variables, labels and arguments.
const MAX_ENTRIES: usize = 5_000;

/// The rules.
pub(crate) struct SecretsInImage {
    /// With rules of the user; `None` for the built-in ones alone, which are compiled when they are first needed.
    own: Option<Arc<Engine>>,
}

impl SecretsInImage {
    pub(crate) fn new(own: Option<Arc<Engine>>) -> SecretsInImage {
        SecretsInImage { own }
    }
}

impl ImageRules for SecretsInImage {
    fn id(&self) -> &'static str {
        "secrets/image"
    }

    fn scanner(&self) -> Scanner {
        Scanner::Secret
    }

    fn check(&self, context: &ImageContext<'_>, out: &mut Vec<Detection>) {
        expired(context, out);
        histories(out);
        residue(out);
        if let Some(image) = context.image {
            let engine = match &self.own {
                Some(own) => &**own,
                None => Engine::built_in_ref(),
            };
            let mut seen = Seen::default();
            environment(engine, &image.config, &mut seen, out);
            labels(engine, &image.config, &mut seen, out);
            commands(engine, &image.config, &mut seen, out);
            history(engine, &image.config, &mut seen, out);
        }
    }
}

/// Where values were seen already, by their hash: the note at the second place names the first.
#[derive(Default)]
struct Seen(BTreeMap<u64, String>);

impl Seen {
    /// Notes where a value stands, and says where it was seen before.
    fn at(&mut self, value: &[u8], place: &str) -> Option<String> {
        let hash = xxhash_rust::xxh3::xxh3_64(value);
        match self.0.get(&hash) {
            Some(first) if first == place => None,
            Some(first) => Some(format!("The same value is in {first}.")),
            None => {
                self.0.insert(hash, place.to_owned());
                None
            }
        }
    }
}

/// What was found in a text.
struct Told {
    rule: String,
    /// The thing, such as `a GitHub personal access token`.
    what: String,
    value: std::ops::Range<usize>,
    severity: Severity,
    class: &'static Class,
    confidence: Confidence,
    notes: Vec<String>,
}

/// What rules say of a text.
fn told(engine: &Engine, text: &str) -> Vec<Told> {
    let found = engine.find(b"", text.as_bytes());
    found
        .into_iter()
        .filter_map(|found| {
            let class = class(found.class)?;
            Some(Told {
                severity: found.severity.unwrap_or(class.severity),
                rule: found.rule,
                what: match class.code {
                    "SEC-PASSWORD" => "a password".to_owned(),
                    "SEC-GENERIC" => "a random value under a name that speaks of a secret".to_owned(),
                    _ => title(&found.message),
                },
                value: found.value,
                class,
                confidence: found.confidence,
                notes: found.notes,
            })
        })
        .collect()
}

/// A name and its value, judged together: what rules know it to be, else what the name says it is.
fn pair(engine: &Engine, name: &str, value: &str) -> Option<Told> {
    let text = format!("{name}={value}");
    let known = told(engine, &text)
        .into_iter()
        .filter(|told| told.value.start > name.len())
        .min_by_key(|told| (matches!(told.class.code, "SEC-PASSWORD" | "SEC-GENERIC"), told.value.start));
    if name::names_no_secret(name)
        && known
            .as_ref()
            .is_none_or(|told| told.class.code == "SEC-GENERIC" || told.class.code == "SEC-PASSWORD")
    {
        return None;
    }
    if let Some(mut told) = known {
        let before = name.len() + 1;
        told.value = told.value.start - before..told.value.end.min(text.len()) - before;
        return Some(told);
    }
    let what = name::secret_of(name, value)?;
    Some(Told {
        rule: String::new(),
        what: what.to_owned(),
        value: 0..value.len(),
        severity: Severity::High,
        class: ENV,
        confidence: Confidence::Medium,
        notes: Vec::new(),
    })
}

/// How bad a secret is at a place whose class has its own severity: what rules know to be worse stays worse, and what they lowered stays
/// lower.
fn severity(told: &Told, class: &Class) -> Severity {
    let generic = matches!(told.class.code, "SEC-PASSWORD" | "SEC-GENERIC" | "SEC-ENV");
    if generic { class.severity } else { told.severity }
}

fn detection(
    class: &'static Class,
    place: Place,
    told: &Told,
    message: String,
    evidence: String,
) -> Detection {
    Detection {
        rule: told.rule.clone(),
        severity: severity(told, class),
        confidence: told.confidence,
        evidence,
        notes: told.notes.clone(),
        ..Detection::new(class, place, message)
    }
}

fn masked_pair(name: &str, value: &str, hidden: &std::ops::Range<usize>) -> String {
    let text = format!("{name}={value}");
    let start = name.len() + 1;
    text::evidence(text.as_bytes(), &(hidden.start + start..hidden.end + start), &[])
}

fn environment(engine: &Engine, config: &Config, seen: &mut Seen, out: &mut Vec<Detection>) {
    for entry in config.env.iter().take(MAX_ENTRIES) {
        let Some((name, value)) = entry.split_once('=') else { continue };
        let Some(told) = pair(engine, name, value) else { continue };
        let place = Place { kind: PlaceKind::Env, name: shown(name), ..Place::default() };
        let hidden = value.get(told.value.clone()).unwrap_or(value);
        let note = seen.at(hidden.as_bytes(), &format!("the variable {}", shown(name)));
        let message = format!("the variable {} holds {}", shown(name), told.what);
        let mut found = detection(ENV, place, &told, message, masked_pair(name, value, &told.value));
        found.notes.extend(note);
        out.push(found);
    }
}

fn labels(engine: &Engine, config: &Config, seen: &mut Seen, out: &mut Vec<Detection>) {
    for (key, value) in config.labels.iter().take(MAX_ENTRIES) {
        let Some(told) = pair(engine, key, value) else { continue };
        let place = Place { kind: PlaceKind::Label, name: shown(key), ..Place::default() };
        let hidden = value.get(told.value.clone()).unwrap_or(value);
        let note = seen.at(hidden.as_bytes(), &format!("the label {}", shown(key)));
        let message = format!("the label {} holds {}", shown(key), told.what);
        let mut found = detection(LABEL, place, &told, message, masked_pair(key, value, &told.value));
        found.notes.extend(note);
        out.push(found);
    }
}

/// What runs in the container: arguments of programs are seen by everyone on the machine.
fn commands(engine: &Engine, config: &Config, seen: &mut Seen, out: &mut Vec<Detection>) {
    let lists: [(&str, &[String]); 4] = [
        ("Entrypoint", &config.entrypoint),
        ("Cmd", &config.cmd),
        ("Healthcheck", config.healthcheck.as_deref().unwrap_or_default()),
        ("OnBuild", &config.on_build),
    ];
    for (member, words) in lists {
        if words.is_empty() {
            continue;
        }
        // A word with spaces is an argument of its own, or a whole command of a shell.
        let text = words.iter().take(MAX_ENTRIES).map(String::as_str).collect::<Vec<_>>().join(" ");
        let text = clip(&text);
        for (told, hidden) in in_command(engine, text) {
            let place = Place { kind: PlaceKind::Config, name: member.to_owned(), ..Place::default() };
            let value = text.get(hidden.clone()).unwrap_or_default();
            let note = seen.at(value.as_bytes(), &format!("the member {member} of the configuration"));
            let class = if told.class.code == "SEC-ENV" { PASSWORD } else { told.class };
            let message = format!("{member} names {}", told.what);
            let mut found =
                detection(class, place, &told, message, text::evidence(text.as_bytes(), &hidden, &[]));
            found.severity = told.severity;
            found.notes.extend(note);
            out.push(found);
        }
    }
}

/// Secrets in a command: what rules know, and arguments that are passwords by their place.
fn in_command(engine: &Engine, text: &str) -> Vec<(Told, std::ops::Range<usize>)> {
    let mut found: Vec<(Told, std::ops::Range<usize>)> = told(engine, text)
        .into_iter()
        .map(|told| {
            let value = told.value.clone();
            (told, value)
        })
        .collect();
    for Argument { what, value } in arguments(text) {
        let covered = |(told, _): &(Told, std::ops::Range<usize>)| {
            told.value.start < value.end && value.start < told.value.end
        };
        if let Some((known, _)) = found.iter_mut().find(|found| covered(found)) {
            // A rule that looks at any text cannot be as sure as the place in a command is.
            if matches!(known.class.code, "SEC-PASSWORD" | "SEC-GENERIC") {
                known.severity = known.severity.max(Severity::High);
            }
            continue;
        }
        let told = Told {
            rule: String::new(),
            what: what.to_owned(),
            value: value.clone(),
            severity: Severity::High,
            class: ENV,
            confidence: Confidence::Medium,
            notes: Vec::new(),
        };
        found.push((told, value));
    }
    found.sort_by_key(|(_, value)| value.start);
    found
}

fn history(engine: &Engine, config: &Config, seen: &mut Seen, out: &mut Vec<Detection>) {
    for (number, step) in config.history.iter().enumerate().take(MAX_STEPS) {
        let text = clip(&step.created_by);
        let mut taken: Vec<std::ops::Range<usize>> = Vec::new();
        let mut found: Vec<(Told, std::ops::Range<usize>, String)> = Vec::new();
        for (name, value, how) in command::pairs(text) {
            let (Some(name), Some(inner)) = (text.get(name), text.get(value.clone())) else { continue };
            if let Some(told) = pair(engine, name, inner) {
                let hidden = value.start + told.value.start..value.start + told.value.end;
                taken.push(hidden.clone());
                let message = format!("{how} {} holds {}", shown(name), told.what);
                found.push((told, hidden, message));
            } else {
                // A value that was judged with its name is not judged again without it.
                taken.push(value);
            }
        }
        for (told, hidden) in in_command(engine, text) {
            let covered = taken.iter().any(|old| old.start < hidden.end && hidden.start < old.end);
            if !covered {
                let message = format!("the command names {}", told.what);
                found.push((told, hidden, message));
            }
        }
        let all: Vec<_> = found.iter().map(|(_, hidden, _)| hidden.clone()).collect();
        for (told, hidden, message) in found {
            let value = text.get(hidden.clone()).unwrap_or_default();
            let note = seen.at(value.as_bytes(), &format!("step {} of the history", number + 1));
            let evidence = text::evidence(text.as_bytes(), &hidden, &all);
            let mut found = detection(HISTORY, place(number, step), &told, message, evidence);
            found.notes.extend(note);
            out.push(found);
        }
    }
}

fn place(number: usize, step: &HistoryStep) -> Place {
    Place {
        kind: PlaceKind::History,
        name: (number + 1).to_string(),
        layer: step.layer.and_then(|layer| u32::try_from(layer).ok()),
        ..Place::default()
    }
}

/// A text of at most [`MAX_STEP`] bytes.
fn clip(text: &str) -> &str {
    let mut end = text.len().min(MAX_STEP);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A name as it may be shown.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// Tokens that say themselves that they are no longer good.
fn expired(context: &ImageContext<'_>, out: &mut [Detection]) {
    for found in out.iter_mut().filter(|found| found.class.scanner == Scanner::Secret) {
        if checks::expiry(&found.notes).is_some_and(|end| end < context.now) {
            found.severity = found.severity.min(Severity::Low);
            found.notes.push("It has expired.".to_owned());
        }
    }
}

/// A history of commands with a secret in it is worse than one without.
fn histories(out: &mut [Detection]) {
    let with_secret: Vec<(String, Option<u32>)> = out
        .iter()
        .filter(|found| found.class.scanner == Scanner::Secret && found.class.code != SHELLHIST.code)
        .filter(|found| found.severity >= Severity::Medium)
        .map(|found| (found.place.name.clone(), found.place.layer))
        .collect();
    for found in out.iter_mut().filter(|found| found.class.code == SHELLHIST.code) {
        let here =
            |(name, layer): &(String, Option<u32>)| *name == found.place.name && *layer == found.place.layer;
        if with_secret.iter().any(here) {
            found.severity = Severity::High;
            found.notes.push("It holds a secret.".to_owned());
        }
    }
}

/// Secrets in files that a later layer deletes: one word for each such file.
fn residue(out: &mut Vec<Detection>) {
    let mut files: BTreeMap<(String, Option<u32>), (Place, usize)> = BTreeMap::new();
    for found in out.iter().filter(|found| found.class.scanner == Scanner::Secret) {
        if found.place.kind != PlaceKind::File
            || found.place.hidden_by.is_none()
            || matches!(found.severity, Severity::Negligible | Severity::Unknown)
        {
            continue;
        }
        let path = found.place.name.split("!/").next().unwrap_or_default().to_owned();
        let place =
            Place { line: None, end_line: None, column: None, name: path.clone(), ..found.place.clone() };
        files.entry((path, found.place.layer)).or_insert((place, 0)).1 += 1;
    }
    for (place, count) in files.into_values() {
        let by = place.hidden_by.unwrap_or_default();
        let secrets = if count == 1 { "a secret" } else { "secrets" };
        out.push(Detection::new(
            RESIDUE,
            place,
            format!("layer {by} deletes or replaces this file with {secrets}, which anyone can still read from the image"),
        ));
    }
}
