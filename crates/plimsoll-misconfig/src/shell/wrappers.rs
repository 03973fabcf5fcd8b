//! Programs that run other programs, and what interpreters run.

use super::Command;

/// A program that runs the program among its arguments.
struct Wrapper {
    name: &'static str,
    /// Options of one letter whose value is the next word.
    values: &'static str,
    /// Long options whose value is the next word.
    long_values: &'static [&'static str],
    /// How many arguments stand before the program.
    operands: usize,
    /// True when `NAME=value` may stand before the program.
    assignments: bool,
}

const fn wrapper(name: &'static str, values: &'static str, operands: usize) -> Wrapper {
    Wrapper { name, values, long_values: &[], operands, assignments: false }
}

/// From their manual pages (sudo 1.9, coreutils 9, util-linux 2.39, findutils 4.9, busybox 1.36).
const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        name: "sudo",
        values: "ugCDRhprtTU",
        long_values: &["--user", "--group", "--host", "--prompt", "--chdir", "--chroot", "--role", "--type"],
        operands: 0,
        assignments: true,
    },
    wrapper("doas", "uC", 0),
    Wrapper {
        name: "env",
        values: "uC",
        long_values: &["--unset", "--chdir"],
        operands: 0,
        assignments: true,
    },
    wrapper("exec", "a", 0),
    wrapper("command", "", 0),
    wrapper("builtin", "", 0),
    wrapper("nohup", "", 0),
    wrapper("time", "fo", 0),
    wrapper("nice", "n", 0),
    wrapper("ionice", "cn", 0),
    wrapper("timeout", "ks", 1),
    wrapper("stdbuf", "ioe", 0),
    wrapper("eatmydata", "", 0),
    wrapper("fakeroot", "", 0),
    wrapper("xargs", "nIPLdasE", 0),
    wrapper("gosu", "", 1),
    wrapper("su-exec", "", 1),
    wrapper("s6-setuidgid", "", 1),
    wrapper("setpriv", "", 0),
    wrapper("chroot", "", 1),
    wrapper("busybox", "", 0),
    wrapper("toybox", "", 0),
    wrapper("dumb-init", "", 0),
    wrapper("tini", "", 0),
    wrapper("linux32", "", 0),
    wrapper("linux64", "", 0),
];

/// The most wrappers around one program.
const MAX_WRAPPERS: usize = 8;

/// The part of a path after the last slash.
pub fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Moves what runs the program from the words of `command` to its wrappers.
pub(super) fn peel(command: &mut Command) {
    while command.wrappers.len() < MAX_WRAPPERS {
        let Some(wrapper) = WRAPPERS.iter().find(|wrapper| wrapper.name == command.program()) else { return };
        // Asks where a program is, and runs none.
        if wrapper.name == "command" && command.arguments().iter().any(|word| word == "-v" || word == "-V") {
            return;
        }
        let Some(program) = program_at(wrapper, &command.words) else { return };
        let rest = command.words.split_off(program);
        let front = std::mem::replace(&mut command.words, rest);
        command.wrappers.push(wrapper.name.to_owned());
        if wrapper.assignments {
            let pairs = front.iter().filter_map(|word| word.split_once('='));
            let pairs = pairs.filter(|(name, _)| !name.is_empty() && !name.starts_with('-'));
            command.assignments.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
    }
}

/// Where the program begins that `wrapper`, the first of `words`, runs.
fn program_at(wrapper: &Wrapper, words: &[String]) -> Option<usize> {
    let mut operands = wrapper.operands;
    let mut at = 1;
    loop {
        let word = words.get(at)?.as_str();
        if word == "--" {
            at += 1 + operands;
            return words.get(at).map(|_| at);
        }
        if wrapper.long_values.contains(&word) {
            at += 2;
        } else if word.starts_with("--") {
            at += 1;
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            // The value of the last letter is the next word; that of another is the rest of this one.
            let value = letters.find(|letter| wrapper.values.contains(letter));
            at += if value.is_some_and(|place| place + 1 == letters.len()) { 2 } else { 1 };
        } else if wrapper.assignments && word.find('=').is_some_and(|place| place > 0) {
            at += 1;
        } else if operands > 0 {
            operands -= 1;
            at += 1;
        } else {
            return Some(at);
        }
    }
}

/// What an interpreter runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The argument with this number, from 0, as code.
    Code(usize),
    /// The file that the argument with this number names.
    File(usize),
    /// What it reads from its standard input.
    Standard,
    /// Something else: a module, nothing.
    Other,
}

/// True for the names of shells.
pub fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "mksh" | "fish" | "rbash")
}

/// What the interpreter `program` runs when it is called with `arguments`; [`Input::Other`] for what is no interpreter.
pub fn interpreter_input(program: &str, arguments: &[String]) -> Input {
    // Letters that make the next operand code, letters with a value, long options with code.
    let (code, values, long): (&str, &str, &[&str]) = match program {
        _ if is_shell(program) => ("c", "oO", &["--command"]),
        "perl" => ("eE", "", &[]),
        "ruby" => ("e", "r", &[]),
        "node" | "nodejs" | "bun" => ("ep", "r", &["--eval", "--print"]),
        "php" => ("r", "dcz", &["--run"]),
        "lua" | "Rscript" => ("e", "l", &[]),
        _ if is_python(program) => ("c", "WX", &[]),
        _ => return Input::Other,
    };
    let shell = is_shell(program);
    let (mut is_code, mut is_standard) = (false, false);
    let mut at = 0;
    while let Some(word) = arguments.get(at).map(String::as_str) {
        let file = at;
        at += 1;
        match word {
            "--" if program == "php" => return if is_code { Input::Other } else { Input::Standard },
            "--" => continue,
            "-" | "/dev/stdin" | "/proc/self/fd/0" | "/dev/fd/0" if !is_code => return Input::Standard,
            _ if long.contains(&word) => is_code = true,
            "--rcfile" | "--init-file" if shell => at += 1,
            _ if word.starts_with("--") => continue,
            "-m" if is_python(program) => return Input::Other,
            _ if word.len() > 1 && (word.starts_with('-') || shell && word.starts_with('+')) => {
                let letters = word.get(1..).unwrap_or_default();
                let has = |wanted: &str| letters.chars().any(|letter| wanted.contains(letter));
                is_code |= word.starts_with('-') && has(code);
                is_standard |= shell && has("s");
                let last = letters.chars().next_back().is_some_and(|letter| values.contains(letter));
                at += usize::from(last);
            }
            _ if is_code => return Input::Code(file),
            _ if is_standard => return Input::Standard,
            _ => return Input::File(file),
        }
    }
    if is_code { Input::Other } else { Input::Standard }
}

/// True for `python`, `python3`, `python3.12`, `pypy3`.
fn is_python(program: &str) -> bool {
    ["python", "pypy"].iter().any(|name| {
        program
            .strip_prefix(name)
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
    })
}
