//! From the history of an image to the instructions that made it (image-spec v1.1, "OCI Image Configuration", `history`).
//!
//! What a step says is the builder's choice. The forms that are read are those of the classic builder and of buildah
//! (`/bin/sh -c #(nop) …`, `|1 A=b /bin/sh -c …`), of BuildKit (`RUN /bin/sh -c … # buildkit`) and of kaniko (the instruction itself).

use plimsoll_image::{Config, HistoryStep};

use super::instruction::{Form, Instruction, Keyword, Origin};

/// The most steps of a history that are looked at.
const MAX_STEPS: usize = 2_000;

/// The instructions that the history of a configuration tells of.
pub fn from_config(config: &Config) -> Vec<Instruction> {
    from_history(&config.history)
}

/// The instructions that a history tells of. Steps that say nothing are left out.
pub fn from_history(history: &[HistoryStep]) -> Vec<Instruction> {
    let base = base_steps(history);
    let mut shell: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (step, text) in history.iter().take(MAX_STEPS).enumerate() {
        if text.created_by.trim().is_empty() {
            continue;
        }
        let mut instruction = read(&text.created_by, Origin::History { step, layer: text.layer });
        instruction.inherited = step < base;
        if let (Keyword::Shell, Form::Words(words)) = (instruction.keyword, &instruction.form) {
            shell.clone_from(words);
        }
        if matches!(instruction.keyword, Keyword::Run | Keyword::Onbuild) && instruction.shell.is_empty() {
            instruction.shell.clone_from(&shell);
        }
        found.push(instruction);
    }
    found
}

/// Reads what one step says.
fn read(text: &str, origin: Origin) -> Instruction {
    let text = text.trim();
    let text = text.strip_suffix("# buildkit").map_or(text, str::trim_end);
    // `RUN |1 A=b /bin/sh -c …` of BuildKit, `|1 A=b /bin/sh -c …` of the others.
    let (is_run, rest) = match text.strip_prefix("RUN ") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let arguments = rest.strip_prefix('|').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let (command, has_arguments) = match arguments {
        Some(arguments) => (behind_arguments(arguments), true),
        None => (Some(rest), false),
    };
    if let Some((shell, script)) = command.and_then(split_shell) {
        if let Some(instruction) = script.trim_start().strip_prefix("#(nop)") {
            return classic(instruction.trim(), origin);
        }
        let mut instruction = Instruction::with_keyword(Keyword::Run, script, origin);
        instruction.shell = shell;
        return instruction;
    }
    if is_run || has_arguments {
        return Instruction::with_keyword(Keyword::Run, command.unwrap_or(rest), origin);
    }
    let instruction = Instruction::parse(text, origin);
    // The words of other builders may begin like an instruction, but those are written in capital letters.
    let capital =
        text.split_whitespace().next().is_some_and(|word| word.bytes().all(|b| b.is_ascii_uppercase()));
    if capital { instruction } else { Instruction { keyword: Keyword::Other, ..instruction } }
}

/// What the classic builder wrote: `ADD file:… in /`, `COPY multi:… in /app/`.
fn classic(text: &str, origin: Origin) -> Instruction {
    let mut instruction = Instruction::parse(text, origin);
    if matches!(instruction.keyword, Keyword::Add | Keyword::Copy) {
        let words = instruction.words();
        if let [first, middle, target @ ..] = &words[..]
            && middle == "in"
            && first.contains(':')
            && !target.is_empty()
        {
            instruction.form = Form::Words(vec![first.clone(), target.join(" ")]);
        }
    }
    // Health checks are written as `HEALTHCHECK &{["CMD-SHELL" "…"] …}`: the configuration says it better.
    instruction
}

/// The command behind the values of build arguments. How many there are is said, but values may hold blanks, so the shell is looked for.
fn behind_arguments(text: &str) -> Option<&str> {
    let (_, text) = text.split_once(' ')?;
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find(" -")) {
        let end = from + at;
        let begin = text.get(..end)?.rfind(' ').map_or(0, |blank| blank + 1);
        let candidate = text.get(begin..)?;
        if split_shell(candidate).is_some() {
            return Some(candidate);
        }
        from = end + 2;
    }
    None
}

/// The shell at the beginning of a command, with its options up to `-c`, and the script behind it.
fn split_shell(text: &str) -> Option<(Vec<String>, &str)> {
    let mut words = Vec::new();
    let mut rest = text;
    for _ in 0..8 {
        let (word, behind) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        let first = words.is_empty();
        if first {
            let name = word.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
            let known = crate::shell::is_shell(&name)
                || matches!(name.as_str(), "cmd" | "cmd.exe" | "powershell" | "powershell.exe" | "pwsh");
            if !known {
                return None;
            }
        }
        words.push(word.to_owned());
        rest = behind;
        let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        let is_code = letters.is_some_and(|letters| letters.ends_with('c') && letters.len() < 8)
            || ["/c", "-command"].iter().any(|option| word.eq_ignore_ascii_case(option));
        if !first && is_code {
            return Some((words, rest));
        }
    }
    None
}

/// How many steps at the beginning seem to be the base image's.
///
/// An image's own steps end with its CMD or ENTRYPOINT, so a CMD with layers above it is the base's last word: the same guess that others
/// make, and a guess it remains.
fn base_steps(history: &[HistoryStep]) -> usize {
    let is_start = |step: &HistoryStep| {
        step.empty_layer && {
            let keyword = read(&step.created_by, Origin::History { step: 0, layer: None }).keyword;
            keyword == Keyword::Cmd
        }
    };
    let steps = history.get(..history.len().min(MAX_STEPS)).unwrap_or_default();
    let Some(last_layer) = steps.iter().rposition(|step| !step.empty_layer) else { return 0 };
    let by_start = steps.get(..last_layer).unwrap_or_default().iter().rposition(is_start);
    by_start.map_or(0, |at| at + 1)
}
