//! Build files (Dockerfile reference, syntax 1.x) as targets: the rules over the steps of a build, and what only the file shows.

use plimsoll_analysis::{AnalyzeError, Analyzer, BStr, ByteSlice, File, Interest, Output, Targets};
use plimsoll_types::Scanner;

use super::stages;
use crate::build::{Build, Form, Instruction, Keyword, Origin, json_words};
use crate::rules::check_build;

/// Looks at build files.
pub(crate) struct Dockerfiles;

/// The largest build file in bytes.
const MAX_SIZE: u64 = 1 << 20;
/// The most here-documents of an instruction.
const MAX_HEREDOCS: usize = 16;
/// The most instructions of a file.
const MAX_INSTRUCTIONS: usize = 5_000;

impl Analyzer for Dockerfiles {
    fn id(&self) -> &'static str {
        "misconfig/dockerfile"
    }

    fn version(&self) -> u32 {
        2
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
        // Editors of Windows begin a file with a mark that builders leave out.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (instructions, faults) = instructions(text);
        let is_broken = !faults.is_empty();
        faults.into_iter().for_each(|fault| out.problem(fault));
        let has_stages = instructions.iter().any(|instruction| instruction.keyword == Keyword::From);
        if !has_stages && !instructions.is_empty() {
            out.problem("the build file has no FROM");
        }
        // A file of another kind under the same name; the steps of a mere part of a build file can be judged.
        if instructions.is_empty() || !has_stages && is_broken {
            return Ok(());
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
        if has_stages {
            stages::check(&build, &lines, out);
        }
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

pub(super) fn span(instruction: &Instruction) -> Option<(u32, u32)> {
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
        let (documents, is_script) = heredocs(&whole);
        for (end, strip) in documents {
            let mut closed = false;
            for (number, body) in lines.by_ref() {
                last = number;
                // What files are to hold is no part of the words that name them.
                if is_script {
                    whole.push('\n');
                    whole.push_str(body);
                }
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
            (_, Keyword::Run | Keyword::Onbuild) if instruction.shell.is_empty() => {
                instruction.shell.clone_from(&shell)
            }
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

/// The here-documents that an instruction opens: the line that ends each, and whether tabs before it are left out. True where they are
/// a part of a script and not files.
///
/// As BuildKit's parser has it: a word that is nothing but the operator and a name, no blank between them and outside of quotes.
fn heredocs(text: &str) -> (Vec<(String, bool)>, bool) {
    let joined = text.replace("\\\n", "");
    let mut words = raw_words(&joined).into_iter().peekable();
    let mut keyword = words.next().and_then(Keyword::of);
    if keyword == Some(Keyword::Onbuild) {
        keyword = words.next().and_then(Keyword::of);
    }
    let is_script = keyword == Some(Keyword::Run);
    let is_list = words.peek().is_some_and(|word| word.starts_with('['))
        && json_words(joined.get(joined.find('[').unwrap_or(0)..).unwrap_or_default()).is_some();
    if is_list || !matches!(keyword, Some(Keyword::Run | Keyword::Copy | Keyword::Add)) {
        return (Vec::new(), is_script);
    }
    let document = |word: &str| {
        let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
        let (rest, strip) = rest.strip_prefix('-').map_or((rest, false), |rest| (rest, true));
        let name: String = rest.chars().filter(|c| !matches!(c, '"' | '\'' | '\\')).collect();
        (!rest.contains('<') && !name.is_empty()).then_some((name, strip))
    };
    (words.filter_map(document).take(MAX_HEREDOCS).collect(), is_script)
}

/// The words of a line, with quotes and escapes as they are written.
fn raw_words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut begin, mut quote, mut is_escaped) = (None, None, false);
    for (at, character) in text.char_indices() {
        if quote.is_none() && !is_escaped && character.is_whitespace() {
            words.extend(begin.take().and_then(|begin: usize| text.get(begin..at)));
            continue;
        }
        begin.get_or_insert(at);
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match (character, quote) {
            ('\\', None | Some('"')) => is_escaped = true,
            (_, Some(open)) if character == open => quote = None,
            ('"' | '\'', None) => quote = Some(character),
            _ => {}
        }
    }
    words.extend(begin.and_then(|begin| text.get(begin..)));
    words
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
        assert_eq!(
            check("RUN chmod 777 /x\n"),
            (vec!["CFG-CHMOD 1".to_owned()], vec!["the build file has no FROM".to_owned()])
        );
        assert_eq!(check("<x>\nRUN chmod 777 /x\n").0, Vec::<String>::new());
        let text = "# escape=`\nFROM a:1`\n AS b\nRUN <<-\"E\" cat\n\tx\n\tE\nSHELL [\"a\"]\n";
        for end in 0..=text.len() {
            let _ = check(&text[..end]);
        }
    }

    /// What is found in a file whose first line is line 1, without what says that something is missing.
    #[track_caller]
    fn says(text: &str, expected: &[&str]) {
        let (found, problems) = check(text);
        let absent = ["CFG-HEALTH 1", "CFG-ROOT 1", "CFG-UNPINNED 2"];
        let found: Vec<&str> = found.iter().map(String::as_str).filter(|one| !absent.contains(one)).collect();
        assert_eq!((found, problems), (expected.to_vec(), vec![]), "{text}");
    }

    #[test]
    fn bases_with_variables() {
        for (text, expected) in [
            ("ARG TAG=latest\nFROM debian:${TAG}", &["CFG-LATEST 2"][..]),
            ("ARG NAME=debian\nFROM $NAME", &["CFG-LATEST 2"]),
            ("ARG A=debian\nARG B=${A}:latest\nFROM ${B}", &["CFG-LATEST 3"]),
            ("FROM debian:${TAG:-latest}", &["CFG-LATEST 1"]),
            ("ARG TAG\nFROM debian:${TAG:-12}", &[]),
            ("FROM example.org/${OS}-${ARCH}:latest", &["CFG-LATEST 1"]),
            ("FROM example.org:5000/a", &["CFG-LATEST 1"]),
            ("FROM example.org:5000/a:1", &[]),
            ("ARG NAME=debian:12\nFROM ${NAME}", &[]),
            ("ARG TAG\nFROM debian:${TAG}", &[]),
            ("FROM debian-${ARCH}", &[]),
            ("FROM debian:12 AS a\nARG NAME=a\nFROM ${NAME}", &[]),
            ("ARG NAME=A\nFROM debian:12 AS a\nUSER 1\nFROM ${NAME}", &["CFG-HEALTH 4"]),
            ("FROM scratch\nCOPY --from=nginx /a /a", &["CFG-LATEST 2"]),
            ("FROM scratch\nCOPY --from=nginx:1 /a /a\nCOPY --from=0 /b /b", &[]),
            ("FROM scratch\nRUN --mount=type=bind,from=example.org/a:latest,target=/b c", &["CFG-LATEST 2"]),
        ] {
            let expected: Vec<&str> = expected.to_vec();
            let found = check(text).0;
            let found: Vec<&str> = found
                .iter()
                .map(String::as_str)
                .filter(|one| one.starts_with("CFG-LATEST") || expected.contains(one))
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_stage_runs_as_those_below_it_say() {
        let roots = |text: &str| -> Vec<String> {
            let found = check(text).0;
            found
                .into_iter()
                .filter(|one| one.starts_with("CFG-ROOT") || one.starts_with("CFG-HEALTH"))
                .collect()
        };
        for (text, expected) in [
            ("FROM a:1 AS b\nUSER root\nFROM b\nRUN c", &["CFG-ROOT 2", "CFG-HEALTH 3"][..]),
            ("FROM a:1 AS b\nFROM b\nRUN c", &["CFG-HEALTH 2", "CFG-ROOT 2"]),
            ("FROM a:1 AS b\nUSER 1\nHEALTHCHECK CMD d\nFROM b\nRUN c", &[]),
            ("FROM a:1 AS b\nUSER 1\nFROM B\nHEALTHCHECK NONE", &["CFG-HEALTH 4"]),
            ("FROM a:1\nHEALTHCHECK CMD d\nUSER \"root\"", &["CFG-ROOT 3"]),
            ("FROM a:1\nHEALTHCHECK CMD d\nARG U=root\nUSER $U:$U", &["CFG-ROOT 4"]),
            ("ARG U=0\nFROM a:1\nHEALTHCHECK CMD d\nARG U\nUSER $U", &["CFG-ROOT 5"]),
            ("FROM a:1 AS b\nENV U=0\nHEALTHCHECK CMD d\nFROM b\nARG U=5\nUSER ${U}", &["CFG-ROOT 6"]),
            ("FROM a:1 AS b\nARG U=0\nHEALTHCHECK CMD d\nFROM b\nUSER ${U}", &[]),
            ("FROM a:1\nHEALTHCHECK CMD d\nUSER containeradministrator", &["CFG-ROOT 3"]),
            ("FROM a:1\nHEALTHCHECK CMD d\nUSER 1\nONBUILD USER root", &[]),
        ] {
            assert_eq!(roots(text), expected, "{text}");
        }
    }

    #[test]
    fn what_an_image_offers() {
        says("FROM a:1\nEXPOSE 20-25/tcp", &["CFG-PORT 2", "CFG-PORT 2", "CFG-PORT 2"]);
        says("FROM a:1\nARG P=2375\nEXPOSE $P 8080", &["CFG-PORT 3"]);
        says(
            "FROM a:1\nVOLUME [\"/etc\", \"/data\"]\nVOLUME /var/run/docker.sock",
            &["CFG-VOLUME 2", "CFG-VOLUME 3"],
        );
        says("FROM a:1\nENV GIT_SSL_NO_VERIFY=1 A=b", &["CFG-TLSENV 2"]);
        says("FROM a:1\nARG NODE_TLS_REJECT_UNAUTHORIZED=0", &["CFG-UNVERIFIED 2"]);
        says("FROM a:1\nENV NODE_TLS_REJECT_UNAUTHORIZED=1", &[]);
        let (found, _) = check("FROM a:1 AS b\nENV PYTHONHTTPSVERIFY 0\nFROM c:1\nCOPY --from=b d d");
        assert!(found.contains(&"CFG-UNVERIFIED 2".to_owned()), "{found:?}");
    }

    #[test]
    fn here_documents_are_those_of_the_builder() {
        for (text, expected) in [
            ("FROM a:1\nRUN echo \"a <<EOF b\"\nUSER root", &["CFG-ROOT 3"][..]),
            ("FROM a:1\nRUN echo $((1<<EOF))\nUSER root", &["CFG-ROOT 3"]),
            ("FROM a:1\nRUN cat<<<EOF\nUSER root", &["CFG-ROOT 3"]),
            ("FROM a:1\nRUN cat <<\"E F\" > b\nUSER 1\nE F\nUSER root", &["CFG-ROOT 5"]),
            ("FROM a:1\nRUN cat <<E.F \\\n > b\nUSER 1\nE.F\nUSER root", &["CFG-ROOT 6"]),
            ("FROM a:1\nRUN 3<<EOF cat\nUSER 1\nEOF\nUSER root", &["CFG-ROOT 5"]),
            ("FROM a:1\nONBUILD RUN <<EOF\nchmod 777 /b\nEOF\nUSER root", &["CFG-CHMOD 3", "CFG-ROOT 5"]),
            ("FROM a:1\nCOPY <<EOF <<F /b/\nc\nEOF\nd\nF\nUSER root", &["CFG-ROOT 7"]),
            ("FROM a:1\nADD <<EOF /b.tar\nc\nEOF\nUSER root", &["CFG-ADD 2", "CFG-ROOT 5"]),
            (
                "FROM a:1\nRUN <<EOF\n#!/usr/bin/env -S python3 -u\nchmod 777 /b\nEOF\nUSER root",
                &["CFG-ROOT 6"],
            ),
            (
                "FROM a:1\nRUN <<EOF\n#!/bin/bash -e\nchmod 777 /b\nEOF\nUSER root",
                &["CFG-CHMOD 4", "CFG-ROOT 6"],
            ),
        ] {
            says(text, expected);
        }
    }

    #[test]
    fn lines_are_those_of_the_commands() {
        for (text, expected) in [
            ("\u{feff}FROM a:1\nUSER root", &["CFG-ROOT 2"][..]),
            ("FROM a:1\nRUN \\\n  chmod 777 /b", &["CFG-CHMOD 3"]),
            ("FROM a:1\nRUN\\\n  chmod 777 /b", &["CFG-CHMOD 3"]),
            (
                "FROM a:1\nRUN --mount=type=cache,target=/c \\\n  --network=none \\\n  # why\n  chmod 777 /b",
                &["CFG-CHMOD 5"],
            ),
            ("FROM a:1\nONBUILD RUN \\\n  d && \\\n  chmod 777 /b", &["CFG-CHMOD 4"]),
            ("FROM a:1\nONBUILD \\\n  RUN chmod 777 /b", &["CFG-CHMOD 3"]),
            ("FROM a:1\nONBUILD ADD c d", &["CFG-ADD 2"]),
            ("FROM a:1\r\nRUN d \\\r\n  && chmod 777 /b\r\n", &["CFG-CHMOD 3"]),
        ] {
            says(text, expected);
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
