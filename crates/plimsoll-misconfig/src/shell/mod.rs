//! Shell scripts as the steps of a build have them: split into commands, words and redirections, so that rules look at what is run
//! and not at text. Follows POSIX.1-2024, "Shell Command Language", sections 2.2 to 2.10, and bash where scripts use it (process
//! substitution, here-strings, `|&`). Nothing is expanded: variables stay as they are written.

mod parser;
mod word;
mod wrappers;

#[cfg(test)]
mod tests;

pub use wrappers::{Input, base_name, interpreter_input, is_shell};

/// The most bytes of a script that are looked at.
pub const MAX_SCRIPT: usize = 256 << 10;
/// The most commands of a script.
pub const MAX_COMMANDS: usize = 2_000;
/// The most words of a command.
pub const MAX_WORDS: usize = 5_000;
/// How deep scripts inside scripts (`sh -c '…'`) are looked into.
pub const MAX_SCRIPT_DEPTH: u32 = 3;
/// How deep substitutions inside substitutions are looked into.
pub const MAX_SUBSTITUTION_DEPTH: u32 = 8;

/// A script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Its commands in the order in which they are written, those of substitutions and of scripts inside after the command that they
    /// belong to.
    pub commands: Vec<Command>,
    /// True when something was left out because it went beyond a limit.
    pub truncated: bool,
}

/// A command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Command {
    /// What stands before the program: `A=b`.
    pub assignments: Vec<(String, String)>,
    /// The program and its arguments, quotes removed. What runs another program stands in `wrappers` instead.
    pub words: Vec<String>,
    /// Programs that run this one: `sudo`, `env`, `xargs`.
    pub wrappers: Vec<String>,
    /// Where its input and output go.
    pub redirects: Vec<Redirect>,
    /// The text of its here-documents and here-strings.
    pub heredoc: String,
    /// The line, from 0, on which it begins.
    pub line: u32,
    /// The number of its pipeline. Commands with the same number are joined by pipes.
    pub pipeline: u32,
    /// The command that its output becomes part of, and how.
    pub feeds: Option<(usize, Feed)>,
    /// The command whose argument or input it stands in, for a script inside a script.
    pub inside: Option<usize>,
}

/// How the output of a command becomes part of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// As a whole word: `sh -c "$(…)"`.
    Word,
    /// As a part of a word, or of an assignment.
    Part,
    /// As a file: `sh <(…)`.
    File,
}

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The operator, such as `>` or `>>`.
    pub operator: &'static str,
    /// The file, or the number after `>&`.
    pub target: String,
}

impl Script {
    /// Reads a script.
    pub fn parse(text: &str) -> Script {
        let mut sink = parser::Sink::default();
        let end = (0..=text.len().min(MAX_SCRIPT)).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        sink.script.truncated = end < text.len();
        parser::parse(&mut sink, text.get(..end).unwrap_or_default(), parser::Context::default());
        sink.script
    }

    /// The script that a list of words is, as the exec form of an instruction gives it.
    pub fn from_words(words: &[String]) -> Script {
        let mut sink = parser::Sink::default();
        parser::command(&mut sink, words.iter().take(MAX_WORDS).cloned().collect());
        sink.script
    }

    /// True when the failure of a part of the pipe of command `number` ends the script.
    pub fn has_pipefail(&self, number: usize) -> bool {
        self.commands.iter().take(number.saturating_add(1)).any(|command| {
            let shell = command.program() == "set" || is_shell(command.program());
            shell && command.arguments().iter().any(|word| word == "pipefail")
        })
    }

    /// The commands before `number` in its pipeline.
    pub fn before_in_pipe(&self, number: usize) -> impl Iterator<Item = &Command> {
        let commands = self.commands.get(..number).unwrap_or_default();
        let pipeline = self.commands.get(number).map(|command| command.pipeline);
        commands.iter().filter(move |command| Some(command.pipeline) == pipeline)
    }

    /// The commands whose output becomes part of command `number`.
    pub fn fed_to(&self, number: usize) -> impl Iterator<Item = (&Command, Feed)> {
        self.commands.iter().filter_map(move |command| match command.feeds {
            Some((target, feed)) if target == number => Some((command, feed)),
            _ => None,
        })
    }
}

impl Command {
    /// The name of the program, without its directory; empty when there is none.
    pub fn program(&self) -> &str {
        self.words.first().map_or("", |word| base_name(word))
    }

    /// The arguments of the program.
    pub fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// True when one of the arguments is `word`.
    pub fn has(&self, word: &str) -> bool {
        self.arguments().iter().any(|argument| argument == word)
    }

    /// The arguments that are no options.
    pub fn operands(&self) -> impl Iterator<Item = &str> {
        self.arguments().iter().map(String::as_str).filter(|word| !word.starts_with('-'))
    }

    /// The value of the long option `name`: `--name value` or `--name=value`.
    pub fn option(&self, name: &str) -> Option<&str> {
        let arguments = self.arguments();
        arguments.iter().enumerate().find_map(|(at, word)| {
            let rest = word.strip_prefix(name)?;
            match rest.strip_prefix('=') {
                Some(value) => Some(value),
                None if rest.is_empty() => arguments.get(at + 1).map(String::as_str),
                None => None,
            }
        })
    }
}
