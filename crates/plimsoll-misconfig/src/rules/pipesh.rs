//! CFG-PIPESH: downloaded code is run without a check.

use plimsoll_types::classes::configuration::PIPESH;
use plimsoll_types::{Confidence, Severity};

use super::Fault;
use super::fetch::{Fetch, checks, fetch};
use crate::build::Build;
use crate::evidence;
use crate::shell::{Command, Feed, Input, Script, base_name, interpreter_input};

/// How downloaded code comes to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// The rule: `pipe`, `substitution`, `file`, `package`, `program`.
    pub(crate) rule: &'static str,
    /// The command that runs it.
    pub(crate) command: usize,
    /// What was fetched.
    pub(crate) fetch: Fetch,
    /// What was seen.
    pub(crate) message: String,
}

pub(super) fn check(build: &Build, faults: &mut Vec<Fault>) {
    for (number, step) in build.steps.iter().enumerate() {
        for run in runs(&step.script) {
            let Some(command) = step.script.commands.get(run.command) else { continue };
            let evidence = match run.rule {
                "pipe" => evidence::pipeline(&step.script, run.command),
                _ => evidence::command(command),
            };
            let mut fault = Fault::new(PIPESH, run.rule, number, run.message).at(command.line, evidence);
            fault = match run.rule {
                "package" => fault.severity(Severity::Medium),
                "program" => fault.severity(Severity::Low).confidence(Confidence::Medium),
                "file" => fault.confidence(Confidence::Medium),
                _ => fault,
            };
            if run.fetch.is_plain() {
                fault =
                    fault.note("The address is not encrypted, so anyone on the way can change what is run.");
            }
            faults.push(fault);
        }
    }
}

/// Where a script runs what it fetched.
pub(crate) fn runs(script: &Script) -> Vec<Run> {
    let fetches: Vec<Option<Fetch>> = script.commands.iter().map(fetch).collect();
    if fetches.iter().all(Option::is_none) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (number, command) in script.commands.iter().enumerate() {
        let straight = piped(script, &fetches, number, command)
            .map(|fetch| ("pipe", fetch))
            .or_else(|| substituted(script, &fetches, number, command).map(|fetch| ("substitution", fetch)));
        if let Some((rule, fetch)) = straight {
            let message = format!("what is fetched from {} is run by {}", fetch.shown(), command.program());
            found.push(Run { rule, command: number, fetch: fetch.clone(), message });
        }
    }
    if !script.commands.iter().any(checks) {
        saved(script, &fetches, &mut found);
    }
    found
}

/// What comes through the pipe to an interpreter.
fn piped<'a>(
    script: &Script,
    fetches: &'a [Option<Fetch>],
    number: usize,
    command: &Command,
) -> Option<&'a Fetch> {
    if !reads_code(command) {
        return None;
    }
    let before = script.commands.iter().zip(fetches).take(number);
    before
        .filter(|(before, _)| before.pipeline == command.pipeline)
        .find_map(|(_, fetch)| fetch.as_ref().filter(|fetch| fetch.file.is_none()))
}

/// True when what comes on the standard input is run.
fn reads_code(command: &Command) -> bool {
    let program = command.program();
    let input = match program {
        "source" | "." => {
            return command.arguments().first().is_some_and(|word| word == "/dev/stdin");
        }
        _ => interpreter_input(program, command.arguments()),
    };
    input == Input::Standard
        && command.heredoc.is_empty()
        && command.redirects.iter().all(|redirect| !redirect.operator.starts_with('<'))
}

/// What a substitution hands to an interpreter.
fn substituted<'a>(
    script: &Script,
    fetches: &'a [Option<Fetch>],
    number: usize,
    command: &Command,
) -> Option<&'a Fetch> {
    let program = command.program();
    let input = interpreter_input(program, command.arguments());
    let is_whole = |at: usize| {
        command.arguments().get(at).is_some_and(|word| word.starts_with("$(") && word.ends_with(')'))
    };
    let fed = script.commands.iter().zip(fetches).filter_map(|(inner, fetch)| match inner.feeds {
        Some((target, feed)) if target == number => Some((feed, fetch.as_ref()?)),
        _ => None,
    });
    fed.filter(|(feed, fetch)| {
        fetch.file.is_none()
            && match (feed, input) {
                (Feed::File, Input::File(_) | Input::Standard) => true,
                (Feed::Word, Input::Code(at)) => is_whole(at),
                (Feed::File, _) => matches!(program, "source" | "."),
                (Feed::Word | Feed::Part, _) => program == "eval",
            }
    })
    .map(|(_, fetch)| fetch)
    .next()
}

/// Files that are fetched and then run, installed or made executable.
fn saved(script: &Script, fetches: &[Option<Fetch>], found: &mut Vec<Run>) {
    for (number, fetch) in fetches.iter().enumerate() {
        let Some(fetch) = fetch else { continue };
        let Some(name) = fetch.file.as_deref().map(base_name).filter(|name| !name.is_empty()) else {
            continue;
        };
        let mut seen: Option<Run> = None;
        for (later, command) in script.commands.iter().enumerate().skip(number + 1) {
            let Some((rule, word)) = uses(command, name) else { continue };
            let message = format!(
                "'{}', fetched from {}, is {word} without a check",
                evidence::text(name),
                fetch.shown()
            );
            let run = Run { rule, command: later, fetch: fetch.clone(), message };
            if rule != "program" {
                seen = Some(run);
                break;
            }
            seen.get_or_insert(run);
        }
        found.extend(seen);
    }
}

/// How a command uses the file `name`.
fn uses(command: &Command, name: &str) -> Option<(&'static str, &'static str)> {
    let program = command.program();
    let arguments = command.arguments();
    let is_file = |word: &str| base_name(word) == name;
    let first = command.words.first().map(String::as_str).unwrap_or_default();
    if first.contains('/') && is_file(first) {
        return Some(("file", "run"));
    }
    match program {
        "source" | "." => arguments.first().filter(|word| is_file(word)).map(|_| ("file", "run")),
        "chmod" => {
            let makes = arguments.iter().any(|word| {
                word.contains('x') && word.contains('+')
                    || word.len() >= 3
                        && word.bytes().all(|byte| byte.is_ascii_digit())
                        && word.bytes().any(|byte| byte & 1 == 1)
            });
            (makes && arguments.iter().any(|word| is_file(word))).then_some(("program", "made executable"))
        }
        "install" => {
            let is_file = command.operands().any(is_file) && !command.has("-d");
            is_file.then_some(("program", "installed"))
        }
        "dpkg" | "rpm" | "apt" | "apt-get" | "yum" | "dnf" | "microdnf" | "zypper" | "gdebi" => {
            let installs = command.has("-i")
                || command.has("--install")
                || command.has("install")
                || command.has("localinstall")
                || program == "gdebi"
                || program == "rpm"
                    && arguments.iter().any(|word| word.starts_with("-U") || word.starts_with("-i"));
            let named = arguments.iter().any(|word| is_file(word));
            (installs && named).then_some(("package", "installed"))
        }
        "java" => {
            let jar =
                arguments.iter().position(|word| word == "-jar").and_then(|at| arguments.get(at + 1))?;
            is_file(jar).then_some(("file", "run"))
        }
        _ => match interpreter_input(program, arguments) {
            Input::File(at) if arguments.get(at).is_some_and(|word| is_file(word)) => Some(("file", "run")),
            Input::Standard => {
                let input = command.redirects.iter().find(|redirect| redirect.operator == "<")?;
                is_file(&input.target).then_some(("file", "run"))
            }
            _ => None,
        },
    }
}
