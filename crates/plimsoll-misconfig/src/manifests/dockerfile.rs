//! Build files (Dockerfile reference, syntax 1.x) as targets: the rules over the steps of a build, and what only the file shows.

use plimsoll_analysis::{AnalyzeError, Analyzer, BStr, ByteSlice, File, Interest, Output, Targets};
use plimsoll_types::classes::configuration;
use plimsoll_types::{Confidence, Scanner};

use super::shown;
use crate::build::{Build, Form, Instruction, Keyword, Origin};
use crate::rules::check_build;

/// Looks at build files.
pub(crate) struct Dockerfiles;

/// The largest build file in bytes.
const MAX_SIZE: u64 = 1 << 20;
/// The most instructions of a file.
const MAX_INSTRUCTIONS: usize = 5_000;

impl Analyzer for Dockerfiles {
    fn id(&self) -> &'static str {
        "misconfig/dockerfile"
    }

    fn version(&self) -> u32 {
        1
    }

    fn scanner(&self) -> Scanner {
        Scanner::Misconfiguration
    }

    fn targets(&self) -> Targets {
        Targets::Directories
    }

    fn interest(&self) -> Interest {
        Interest { any: true, wants: is_named_so, max_size: MAX_SIZE, ..Interest::NONE }
    }

    fn analyze(&self, file: &File<'_>, out: &mut Output) -> Result<(), AnalyzeError> {
        let bytes = file.bytes()?;
        let Ok(text) = bytes.to_str() else {
            return Err(AnalyzeError::malformed("the build file is not UTF-8"));
        };
        let (instructions, faults) = instructions(text);
        faults.into_iter().for_each(|fault| out.problem(fault));
        if !instructions.iter().any(|instruction| instruction.keyword == Keyword::From) {
            // A file of another kind under the same name, or a part of a build file.
            return if instructions.is_empty() {
                Ok(())
            } else {
                Err(AnalyzeError::malformed("the build file has no FROM"))
            };
        }
        let lines: Vec<&str> = text.lines().collect();
        let build = Build::new(instructions);
        for fault in check_build(&build) {
            let Some((begin, end)) = build.steps.get(fault.step).and_then(|step| span(&step.instruction))
            else {
                continue;
            };
            let fact = out.detect(fault.class, fault.message);
            fact.rule = fault.rule.to_owned();
            fact.severity = fault.severity.word().to_owned();
            fact.confidence = fault.confidence.word().to_owned();
            fact.line = begin.saturating_add(fault.line).min(end);
            fact.end_line = fact.line;
            fact.evidence = fault.evidence;
            fact.notes = fault.notes;
        }
        file_rules(&build, &lines, out);
        Ok(())
    }
}

/// `Dockerfile`, `Containerfile`, these with an ending or a beginning: `Dockerfile.prod`, `web.dockerfile`.
fn is_named_so(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let name = name.to_ascii_lowercase();
    let name: &BStr = name.as_bstr();
    [&b"dockerfile"[..], b"containerfile"].iter().any(|word| {
        name.strip_prefix(*word)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(b".") || rest.starts_with(b"-"))
            || name.strip_suffix(*word).is_some_and(|rest| rest.ends_with(b".") || rest.ends_with(b"-"))
    }) && !name.ends_with(b".dockerignore")
}

fn span(instruction: &Instruction) -> Option<(u32, u32)> {
    match instruction.origin {
        Origin::File { line, end_line } => Some((line, end_line)),
        Origin::History { .. } => None,
    }
}

/// The instructions of a file, and what of it is none.
fn instructions(text: &str) -> (Vec<Instruction>, Vec<String>) {
    let mut found: Vec<Instruction> = Vec::new();
    let mut faults = Vec::new();
    let escape = escape(text);
    let mut shell: Vec<String> = Vec::new();
    let mut lines = (1u32..).zip(text.lines()).peekable();
    while let Some((first, line)) = lines.next() {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let mut whole = String::new();
        let mut last = first;
        let mut current = line;
        loop {
            // Comments and empty lines between joined lines do not end an instruction; a joined line in their place keeps count.
            let is_gap = last > first && (current.trim().is_empty() || current.trim_start().starts_with('#'));
            let joined = current.trim_end().strip_suffix(escape);
            if is_gap {
                whole.push_str("\\\n");
            } else {
                whole.push_str(joined.unwrap_or(current));
                if joined.is_some() {
                    whole.push_str("\\\n");
                }
            }
            if !is_gap && joined.is_none() {
                break;
            }
            match lines.next() {
                Some((number, next)) => (last, current) = (number, next),
                None => break,
            }
        }
        // The bodies of here-documents belong to the instruction that names them.
        for (end, strip) in heredocs(&whole) {
            let mut closed = false;
            for (number, body) in lines.by_ref() {
                last = number;
                whole.push('\n');
                whole.push_str(body);
                let body = if strip { body.trim_start_matches('\t') } else { body };
                if body == end {
                    closed = true;
                    break;
                }
            }
            if !closed {
                faults.push(format!("line {first}: the here-document '{end}' does not end"));
            }
        }
        let mut instruction = Instruction::parse(&whole, Origin::File { line: first, end_line: last });
        match (&instruction.form, instruction.keyword) {
            (_, Keyword::Other) => {
                let word: String =
                    trimmed.split_whitespace().next().unwrap_or_default().chars().take(40).collect();
                faults.push(format!("line {first}: '{word}' is no instruction"));
                continue;
            }
            (_, Keyword::From) => shell.clear(),
            (Form::Words(words), Keyword::Shell) => shell.clone_from(words),
            (_, Keyword::Run) if instruction.shell.is_empty() => instruction.shell.clone_from(&shell),
            _ => {}
        }
        found.push(instruction);
        if found.len() >= MAX_INSTRUCTIONS {
            faults.push(format!("more than {MAX_INSTRUCTIONS} instructions; the others are not looked at"));
            break;
        }
    }
    (found, faults)
}

/// The character that joins lines: a directive at the file's top can change it.
fn escape(text: &str) -> char {
    for line in text.lines() {
        let Some(directive) = line.trim().strip_prefix('#') else { break };
        let Some((name, value)) = directive.split_once('=') else { break };
        if name.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

/// The here-documents that an instruction opens: the line that ends each, and whether tabs before it are left out.
fn heredocs(text: &str) -> Vec<(String, bool)> {
    let keyword = text.split_whitespace().next().and_then(Keyword::of);
    if !matches!(keyword, Some(Keyword::Run | Keyword::Copy | Keyword::Add)) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("<<") {
        rest = rest.get(at + 2..).unwrap_or_default();
        // `<<<` is a string, not a document.
        if let Some(after) = rest.strip_prefix('<') {
            rest = after;
            continue;
        }
        let strip = rest.starts_with('-');
        let word = rest.strip_prefix('-').unwrap_or(rest).trim_start_matches(['"', '\'']);
        let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
        let word = word.get(..end).unwrap_or_default();
        if !word.is_empty() && !word.starts_with(|c: char| c.is_ascii_digit()) && found.len() < 16 {
            found.push((word.to_owned(), strip));
        }
    }
    found
}

/// What only the file shows: what stages are built on, and how the last one runs.
fn file_rules(build: &Build, lines: &[&str], out: &mut Output) {
    let evidence = |line: u32| shown(lines, line);
    let mut stages: Vec<String> = Vec::new();
    let mut arguments: Vec<String> = Vec::new();
    let mut last_stage = 0;
    for (number, step) in build.steps.iter().enumerate() {
        let instruction = &step.instruction;
        if instruction.keyword == Keyword::Arg && stages.is_empty() {
            arguments.extend(instruction.pairs().into_iter().map(|(name, _)| name));
        }
        if instruction.keyword != Keyword::From {
            continue;
        }
        last_stage = number;
        let words = instruction.words();
        let base = words.first().cloned().unwrap_or_default();
        let known = stages.iter().any(|stage| stage.eq_ignore_ascii_case(&base)) || base == "scratch";
        if let [_, word, name, ..] = &words[..]
            && word.eq_ignore_ascii_case("as")
        {
            stages.push(name.clone());
        } else {
            stages.push(String::new());
        }
        if known || base.contains('$') || base.contains('@') || base.is_empty() {
            continue;
        }
        let name = base.rsplit('/').next().unwrap_or_default();
        if name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
            && let Some((line, _)) = span(instruction)
        {
            let message = format!("the base '{base}' has no fixed version: a rebuild may bring another");
            let fact = out.detect(configuration::LATEST, message);
            fact.rule = "base".to_owned();
            (fact.line, fact.end_line) = (line, line);
            fact.evidence = evidence(line);
        }
    }
    let stage = build.steps.get(last_stage..).unwrap_or_default();
    let from = stage.first().and_then(|step| span(&step.instruction)).map_or(1, |(line, _)| line);
    // A stage on another one has that one's user, which the file shows in another place.
    let on_own_stage = stage.first().is_some_and(|step| {
        let base = step.instruction.words().first().cloned().unwrap_or_default();
        stages.iter().any(|name| !name.is_empty() && name.eq_ignore_ascii_case(&base))
    });
    match stage.iter().rev().find(|step| step.instruction.keyword == Keyword::User) {
        Some(step) => {
            let user = step.instruction.text();
            let name = user.split(':').next().unwrap_or_default().trim();
            if (name == "root" || name.parse::<u64>() == Ok(0))
                && let Some((line, _)) = span(&step.instruction)
            {
                let fact = out.detect(configuration::ROOT, format!("the last USER is '{name}'"));
                (fact.line, fact.end_line) = (line, line);
                fact.evidence = evidence(line);
            }
        }
        None if !on_own_stage => {
            let fact = out
                .detect(configuration::ROOT, "no USER is named in the last stage, so the base image decides");
            fact.confidence = Confidence::Medium.word().to_owned();
            (fact.line, fact.end_line) = (from, from);
        }
        None => {}
    }
    if !stage.iter().any(|step| step.instruction.keyword == Keyword::Healthcheck) && !on_own_stage {
        let fact = out.detect(configuration::HEALTH, "the last stage has no HEALTHCHECK");
        fact.confidence = Confidence::Medium.word().to_owned();
        (fact.line, fact.end_line) = (from, from);
    }
    for step in stage.iter().filter(|step| step.instruction.keyword == Keyword::Expose) {
        let is_ssh = |word: &String| word.split('/').next() == Some("22");
        if step.instruction.words().iter().any(is_ssh)
            && let Some((line, _)) = span(&step.instruction)
        {
            let fact = out.detect(configuration::PORT, "port 22, of SSH, is exposed");
            fact.rule = "ssh".to_owned();
            (fact.line, fact.end_line) = (line, line);
            fact.evidence = evidence(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_analysis::Fact;

    use super::*;

    fn check(text: &str) -> (Vec<String>, Vec<String>) {
        let mut out = Output::default();
        let bytes = text.as_bytes();
        let file = File::new(b"Dockerfile", 0o644, &bytes);
        if let Err(error) = Dockerfiles.analyze(&file, &mut out) {
            out.problem(error.to_string());
        }
        let mut found: Vec<(u32, String)> = out
            .facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Detection(fact) => Some((fact.line, format!("{} {}", fact.class, fact.line))),
                _ => None,
            })
            .collect();
        found.sort();
        let problems = out.problems.into_iter().map(|problem| problem.message).collect();
        (found.into_iter().map(|(_, text)| text).collect(), problems)
    }

    #[test]
    fn a_file_with_faults_has_them_on_their_lines() {
        let text = "\
# syntax=docker/dockerfile:1
ARG TAG=1
FROM golang:1.22 AS build
RUN go build \\
    # why
    ./...
FROM debian
ADD https://example.org/a.tgz /a/
RUN apt-get update
RUN set -eux; \\
    curl -fsSL https://example.org/install.sh \\
      | sh
RUN <<EOF
chmod 777 /srv
EOF
COPY --from=build /x /x
EXPOSE 22/tcp
USER root
CMD [\"/x\"]
";
        let (found, problems) = check(text);
        assert_eq!(problems, Vec::<String>::new());
        let has = |what: &str| assert!(found.iter().any(|found| found == what), "{what} in {found:?}");
        for what in [
            "CFG-LATEST 7",
            "CFG-ADD 8",
            "CFG-UPDATE 9",
            "CFG-CHMOD 14",
            "CFG-PORT 17",
            "CFG-ROOT 18",
            "CFG-HEALTH 7",
        ] {
            has(what);
        }
        assert!(found.iter().any(|found| found.starts_with("CFG-PIPESH 1")), "{found:?}");
    }

    #[test]
    fn a_good_file_has_none() {
        let text = "\
FROM golang:1.22@sha256:1111111111111111111111111111111111111111111111111111111111111111 AS build
RUN --mount=type=cache,target=/var/cache/go go build -o /x ./...
FROM scratch
COPY --from=build /x /x
USER 1000
HEALTHCHECK CMD [\"/x\", \"check\"]
ENTRYPOINT [\"/x\"]
";
        assert_eq!(check(text), (vec![], vec![]));
    }

    #[test]
    fn broken_syntax_is_said_and_the_rest_is_looked_at() {
        let (found, problems) = check("FROM debian:12\nRUM x\nUSER 0\nRUN <<EOF\nchmod 777 /\n");
        assert!(found.contains(&"CFG-ROOT 3".to_owned()), "{found:?}");
        assert_eq!(
            problems,
            ["line 4: the here-document 'EOF' does not end", "line 2: 'RUM' is no instruction"]
                .iter()
                .rev()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>()
        );
        assert_eq!(check("RUN x\n").1, ["the build file has no FROM"]);
        let text = "# escape=`\nFROM a:1`\n AS b\nRUN <<-\"E\" cat\n\tx\n\tE\nSHELL [\"a\"]\n";
        for end in 0..=text.len() {
            let _ = check(&text[..end]);
        }
    }

    #[test]
    fn names_of_build_files() {
        for name in ["Dockerfile", "a/Containerfile", "x/Dockerfile.prod", "web.dockerfile", "dockerfile-dev"]
        {
            assert!(is_named_so(name.as_bytes()), "{name}");
        }
        for name in ["Dockerfile.dockerignore", "mydockerfile", "Dockerfiles/x", "dockerfile_lint.go"] {
            assert!(!is_named_so(name.as_bytes()), "{name}");
        }
    }
}
