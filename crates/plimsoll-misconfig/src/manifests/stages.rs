//! What only a build file shows: what its stages are built on, and how the image of the last one runs (Dockerfile reference, "FROM",
//! "ARG", "Environment replacement").

use std::collections::BTreeMap;

use plimsoll_analysis::{DetectionFact, Output};
use plimsoll_types::classes::configuration::{HEALTH, LATEST, PORT, ROOT, TLSENV, UNVERIFIED, VOLUME};
use plimsoll_types::{Class, Confidence, Severity};

use super::dockerfile::span;
use super::shown;
use crate::build::{Build, Instruction, Keyword, Step};
use crate::evidence;
use crate::image::{latest, port, tls, volume};

/// The most bytes of a value in which variables were replaced.
const MAX_VALUE: usize = 4096;
/// The most characters of a name of a stage or an image in a message.
const MAX_NAME: usize = 200;

/// Variables whose values are known.
type Variables = BTreeMap<String, String>;

/// A stage.
struct Stage<'a> {
    /// Its `FROM` and what follows.
    steps: &'a [Step],
    /// Its name; empty when it has none.
    name: String,
    /// The number of the stage that it is built on, where that is one of this file.
    parent: Option<usize>,
    /// What it is built on with its variables replaced; `None` where not all are known.
    base: Option<String>,
}

/// Looks at the stages of `build`, whose file has these lines.
pub(super) fn check(build: &Build, lines: &[&str], out: &mut Output) {
    let globals = globals(build);
    let stages = stages(build, &globals);
    for (number, stage) in stages.iter().enumerate() {
        bases(&stages, number, stage, lines, out);
    }
    // From the last stage down to that on a base from outside.
    let mut chain: Vec<&Stage<'_>> = Vec::new();
    let mut next = stages.len().checked_sub(1);
    while let Some(stage) = next.and_then(|number| stages.get(number)) {
        chain.push(stage);
        next = stage.parent;
    }
    let Some(last) = chain.first() else { return };
    let from = last.steps.first().and_then(|step| span(&step.instruction)).map_or(1, |(line, _)| line);
    image(&chain, &globals, from, lines, out);
    for stage in &stages {
        let is_shipped = chain.iter().any(|link| std::ptr::eq(*link, stage));
        certificates(stage, is_shipped, lines, out);
    }
}

/// The build arguments before the first stage that have values.
fn globals(build: &Build) -> Variables {
    let mut scope = Scope::default();
    let before = build.steps.iter().take_while(|step| step.instruction.keyword != Keyword::From);
    before.for_each(|step| scope.apply(&step.instruction, &Variables::new()));
    scope.arguments
}

/// The variables whose values are known at a step.
#[derive(Default)]
struct Scope {
    environment: Variables,
    arguments: Variables,
}

impl Scope {
    /// The environment goes before an argument of the same name.
    fn get(&self, name: &str) -> Option<&str> {
        self.environment.get(name).or_else(|| self.arguments.get(name)).map(String::as_str)
    }

    /// Sets what an instruction sets. An argument without a value has that of `globals`.
    fn apply(&mut self, instruction: &Instruction, globals: &Variables) {
        if !matches!(instruction.keyword, Keyword::Env | Keyword::Arg) || instruction.trigger {
            return;
        }
        let is_argument = instruction.keyword == Keyword::Arg;
        // All variables of an instruction see what was set before it.
        let values = instruction.pairs().into_iter().zip(instruction.words()).map(|((name, value), word)| {
            let value = match is_argument && !word.contains('=') {
                true => globals.get(&name).cloned(),
                false => expand(&value, |name| self.get(name)),
            };
            (name, value)
        });
        let values: Vec<(String, Option<String>)> = values.collect();
        let target = if is_argument { &mut self.arguments } else { &mut self.environment };
        for (name, value) in values {
            match value {
                Some(value) => drop(target.insert(name, value)),
                None => drop(target.remove(&name)),
            }
        }
    }
}

fn stages<'a>(build: &'a Build, globals: &Variables) -> Vec<Stage<'a>> {
    let is_from = |step: &Step| step.instruction.keyword == Keyword::From;
    let mut stages: Vec<Stage<'a>> = Vec::new();
    let Some(first) = build.steps.iter().position(is_from) else { return stages };
    let mut rest = build.steps.get(first..).unwrap_or_default();
    while let Some(from) = rest.first() {
        let end = rest.iter().skip(1).position(is_from).map_or(rest.len(), |at| at + 1);
        let (steps, behind) = rest.split_at(end);
        rest = behind;
        let words = from.instruction.words();
        let written = words.first().map(String::as_str).unwrap_or_default();
        let base = expand(written, |name| globals.get(name).map(String::as_str));
        let parent = number_of(&stages, base.as_deref().unwrap_or(written));
        let name = match &words[..] {
            [_, word, name, ..] if word.eq_ignore_ascii_case("as") => name.clone(),
            _ => String::new(),
        };
        stages.push(Stage { steps, name, parent, base });
    }
    stages
}

/// The number of the stage `name`; of several with one name, the last.
fn number_of(stages: &[Stage<'_>], name: &str) -> Option<usize> {
    stages.iter().rposition(|stage| !stage.name.is_empty() && stage.name.eq_ignore_ascii_case(name))
}

/// Images from outside without a fixed version: what a stage is built on, and what it copies from.
fn bases(stages: &[Stage<'_>], number: usize, stage: &Stage<'_>, lines: &[&str], out: &mut Output) {
    let Some(from) = stage.steps.first() else { return };
    let written = from.instruction.words().first().cloned().unwrap_or_default();
    let moves = match &stage.base {
        Some(base) => {
            stage.parent.is_none() && !base.is_empty() && base != "scratch" && latest::moves(base).is_some()
        }
        // Whatever the variable in front is.
        None => written.ends_with(":latest"),
    };
    if moves {
        let written = short(&written);
        let what = match &stage.base {
            Some(base) if *base != written => format!("'{}' ('{written}')", short(base)),
            _ => format!("'{written}'"),
        };
        let message = format!("the base {what} has no fixed version: a rebuild may bring another");
        add(out, LATEST, "base", &from.instruction, lines, message);
    }
    let known = stages.get(..number).unwrap_or_default();
    for step in stage.steps {
        for image in sources(&step.instruction) {
            let is_stage = number_of(known, image).is_some() || image.bytes().all(|b| b.is_ascii_digit());
            if is_stage || image.contains('$') || image == "scratch" || latest::moves(image).is_none() {
                continue;
            }
            let message = format!("the image '{}', from which is copied, has no fixed version", short(image));
            if let Some(fact) = add(out, LATEST, "copy", &step.instruction, lines, message)
                && !image.contains(['/', ':'])
            {
                fact.confidence = Confidence::Medium.word().to_owned();
                fact.notes.push(
                    "The name may also be that of a build context, which the call of the builder gives."
                        .to_owned(),
                );
            }
        }
    }
}

/// What `COPY --from` and `RUN --mount=from=` name.
fn sources(instruction: &Instruction) -> Vec<&str> {
    let flags = instruction.flags.iter();
    match instruction.keyword {
        Keyword::Copy | Keyword::Add => {
            flags.filter(|flag| flag.name == "from").map(|flag| flag.value.as_str()).collect()
        }
        Keyword::Run => flags
            .filter(|flag| flag.name == "mount")
            .flat_map(|flag| flag.value.split(','))
            .filter_map(|part| part.strip_prefix("from="))
            .filter(|image| !image.is_empty())
            .collect(),
        _ => Vec::new(),
    }
}

/// How the image runs: what the stages of `chain` say, that on a base from outside first. The last word counts.
fn image(chain: &[&Stage<'_>], globals: &Variables, from: u32, lines: &[&str], out: &mut Output) {
    let mut scope = Scope::default();
    let (mut user, mut health) = (None, None);
    for stage in chain.iter().rev() {
        scope.arguments.clear();
        for step in stage.steps.iter().filter(|step| !step.instruction.trigger) {
            let instruction = &step.instruction;
            match instruction.keyword {
                Keyword::Env | Keyword::Arg => scope.apply(instruction, globals),
                Keyword::User => {
                    let written = instruction.words().first().cloned().unwrap_or_default();
                    user = Some((instruction, expand(&written, |name| scope.get(name)), written));
                }
                Keyword::Healthcheck => health = Some(instruction),
                Keyword::Expose => expose(instruction, &scope, lines, out),
                Keyword::Volume => volumes(instruction, &scope, lines, out),
                _ => {}
            }
        }
    }
    match user {
        Some((instruction, value, written)) => {
            let value = value.unwrap_or_default();
            let name = value.split(':').next().unwrap_or_default().trim();
            if is_root(name) {
                let message = format!("the last USER is '{}'", short(name));
                if let Some(fact) = add(out, ROOT, "", instruction, lines, message)
                    && written != value
                {
                    let note = "The name comes from a variable, which the build may set to another.";
                    fact.notes.push(note.to_owned());
                    fact.confidence = Confidence::Medium.word().to_owned();
                }
            }
        }
        None => {
            let message = match chain {
                [_] => "no USER is named in the last stage, so the base image decides",
                _ => "no USER is named in the last stage or in those below it, so the base image decides",
            };
            absent(out, ROOT, message, from);
        }
    }
    match health {
        Some(instruction) if instruction.text().trim().eq_ignore_ascii_case("NONE") => {
            let message = "HEALTHCHECK NONE switches off that of the base image";
            add(out, HEALTH, "", instruction, lines, message);
        }
        Some(_) => {}
        None => absent(out, HEALTH, "the last stage has no HEALTHCHECK", from),
    }
}

/// States that something is missing, which the base image may have.
fn absent(out: &mut Output, class: &'static Class, message: &str, from: u32) {
    let fact = out.detect(class, message);
    fact.confidence = Confidence::Medium.word().to_owned();
    (fact.line, fact.end_line) = (from, from);
}

/// True for the names of those who may do everything. The last is that of Windows.
fn is_root(name: &str) -> bool {
    name == "root" || name.parse::<u64>() == Ok(0) || name.eq_ignore_ascii_case("ContainerAdministrator")
}

fn volumes(instruction: &Instruction, scope: &Scope, lines: &[&str], out: &mut Output) {
    for word in instruction.words().iter().filter_map(|word| expand(word, |name| scope.get(name))) {
        let Some((rule, severity)) = volume::judge(&word) else { continue };
        let message = match rule {
            "socket" => format!("the socket of the engine, {}, is a volume", short(&word)),
            _ => format!("the system directory {} is a volume", short(&word)),
        };
        worse(add(out, VOLUME, rule, instruction, lines, message), severity);
    }
}

fn expose(instruction: &Instruction, scope: &Scope, lines: &[&str], out: &mut Output) {
    let words = instruction.words();
    let words = words.iter().filter_map(|word| expand(word, |name| scope.get(name)));
    for number in words.flat_map(|word| port::ports(&word)) {
        if number == 22 {
            add(out, PORT, "ssh", instruction, lines, "port 22, of SSH, is exposed");
        } else if let Some((what, severity)) = port::administration(number) {
            let message = format!("port {number}, that of {what}, is exposed");
            worse(add(out, PORT, "administration", instruction, lines, message), severity);
        }
    }
}

/// Variables that switch off the checking of certificates: in the image, or in the build alone.
fn certificates(stage: &Stage<'_>, is_shipped: bool, lines: &[&str], out: &mut Output) {
    for step in stage.steps.iter().filter(|step| !step.instruction.trigger) {
        let instruction = &step.instruction;
        if !matches!(instruction.keyword, Keyword::Env | Keyword::Arg) {
            continue;
        }
        for (name, _) in instruction.pairs().iter().filter(|(name, value)| tls::switches_off(name, value)) {
            let name = short(name);
            if is_shipped && instruction.keyword == Keyword::Env {
                let message = format!(
                    "{name} switches off the checking of certificates for all that runs in the container"
                );
                add(out, TLSENV, "", instruction, lines, message);
            } else {
                let message =
                    format!("{name} switches off the checking of certificates for the steps that follow");
                add(out, UNVERIFIED, "variable", instruction, lines, message);
            }
        }
    }
}

/// `text` with its variables replaced: `$A`, `${A}`, `${A:-default}`, `${A-default}`, `${A:+value}`. `None` where one is not known, or is
/// used in another way.
fn expand<'a>(text: &str, value: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(rest.get(..at)?);
        rest = rest.get(at + 1..)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if let Some(inner) = rest.strip_prefix('{') {
            let end = inner.find('}')?;
            let (inner, behind) = (inner.get(..end)?, inner.get(end + 1..)?);
            let (name, operation) = inner.split_at(inner.find(|c| !is_name(c)).unwrap_or(inner.len()));
            let value = value(name);
            // A default that has a variable of its own would end at the wrong brace.
            if operation.contains('$') {
                return None;
            }
            if let Some(default) = operation.strip_prefix(":-") {
                out.push_str(value.filter(|value| !value.is_empty()).unwrap_or(default));
            } else if let Some(default) = operation.strip_prefix('-') {
                out.push_str(value.unwrap_or(default));
            } else if let Some(other) = operation.strip_prefix(":+") {
                out.push_str(value.filter(|value| !value.is_empty()).map_or("", |_| other));
            } else if operation.is_empty() {
                out.push_str(value?);
            } else {
                return None;
            }
            rest = behind;
        } else {
            let (name, behind) = rest.split_at(rest.find(|c| !is_name(c)).unwrap_or(rest.len()));
            out.push_str(value(name)?);
            rest = behind;
        }
        if out.len() > MAX_VALUE {
            return None;
        }
    }
    out.push_str(rest);
    (out.len() <= MAX_VALUE).then_some(out)
}

/// States a fault of an instruction.
fn add<'a>(
    out: &'a mut Output,
    class: &'static Class,
    rule: &str,
    instruction: &Instruction,
    lines: &[&str],
    message: impl Into<String>,
) -> Option<&'a mut DetectionFact> {
    let (line, _) = span(instruction)?;
    let fact = out.detect(class, message);
    fact.rule = rule.to_owned();
    (fact.line, fact.end_line) = (line, line);
    fact.evidence = evidence::text(&shown(lines, line));
    Some(fact)
}

fn worse(fact: Option<&mut DetectionFact>, severity: Severity) {
    if let Some(fact) = fact {
        fact.severity = severity.word().to_owned();
    }
}

/// A name as it may be shown.
fn short(name: &str) -> String {
    let name = evidence::text(name);
    name.chars().take(MAX_NAME).collect()
}
