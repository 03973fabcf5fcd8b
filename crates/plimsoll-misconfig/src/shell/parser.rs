//! From the text of a shell script to its commands.

use super::word::{Cursor, Word, expansions};
use super::wrappers::{Input, interpreter_input, is_shell, peel};
use super::{
    Command, Feed, MAX_COMMANDS, MAX_SCRIPT_DEPTH, MAX_SUBSTITUTION_DEPTH, MAX_WORDS, Redirect, Script,
};

/// Where a script stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    scripts: u32,
    substitutions: u32,
    line: u32,
    feeds: Option<(usize, Feed)>,
    inside: Option<usize>,
}

/// Operators of redirection, the longest first.
const REDIRECTS: &[&str] = &["&>>", "<<<", "<<-", ">>", "<<", "&>", ">&", "<&", "<>", ">|", ">", "<"];

/// Words that begin or join compound commands; what follows them is a command.
const KEYWORDS: &[&str] = &["if", "then", "elif", "else", "while", "until", "do", "!", "{", "time", "coproc"];
/// Words that end compound commands.
const ENDS: &[&str] = &["fi", "done", "esac", "}"];

/// A script that is being read.
#[derive(Default)]
pub(super) struct Sink {
    pub(super) script: Script,
    /// How many pipelines there are.
    pipelines: u32,
}

impl Sink {
    fn pipeline(&mut self) -> u32 {
        self.pipelines = self.pipelines.saturating_add(1);
        self.pipelines
    }
}

/// Reads `text` into `sink`.
pub(super) fn parse(sink: &mut Sink, text: &str, context: Context) {
    let pipeline = sink.pipeline();
    let parser = Parser {
        sink,
        cursor: Cursor::new(text, context.line),
        context,
        current: Pending::default(),
        waiting: Vec::new(),
        groups: Vec::new(),
        cases: 0,
        in_pattern: false,
        pipeline,
    };
    parser.run();
}

/// Adds the command that `words` are.
pub(super) fn command(sink: &mut Sink, words: Vec<String>) {
    let words = words.into_iter().map(|text| Word { text, quoted: true, ..Word::default() }).collect();
    let parser = Parser {
        sink,
        cursor: Cursor::new("", 0),
        context: Context::default(),
        current: Pending { begun: true, words, ..Pending::default() },
        waiting: Vec::new(),
        groups: Vec::new(),
        cases: 0,
        in_pattern: false,
        pipeline: 0,
    };
    parser.run();
}

#[derive(Default)]
struct Pending {
    begun: bool,
    line: u32,
    words: Vec<Word>,
    redirects: Vec<(Redirect, Word)>,
    heredocs: Vec<Heredoc>,
    here_string: String,
}

struct Heredoc {
    command: usize,
    end: String,
    tabs: bool,
    /// True when nothing in it is expanded.
    is_quoted: bool,
}

struct Parser<'a, 'b> {
    sink: &'b mut Sink,
    cursor: Cursor<'a>,
    context: Context,
    current: Pending,
    waiting: Vec<Heredoc>,
    /// How many `case` are open.
    cases: u32,
    /// True where the pattern of a `case` is to come.
    in_pattern: bool,
    /// Where each open group begins in the list of commands, and the pipeline that it is part of.
    groups: Vec<(usize, u32)>,
    pipeline: u32,
}

impl Parser<'_, '_> {
    fn run(mut self) {
        loop {
            self.cursor.blanks();
            let Some(byte) = self.cursor.peek(0) else { break };
            if self.sink.script.commands.len() >= MAX_COMMANDS {
                self.sink.script.truncated = true;
                return;
            }
            if self.in_pattern {
                self.pattern();
                continue;
            }
            let next = self.cursor.peek(1);
            match (byte, next) {
                (b'#', _) => {
                    self.cursor.rest_of_line();
                    self.end(true);
                    self.heredocs();
                }
                (b'\n', _) => {
                    self.cursor.skip(1);
                    self.end(true);
                    self.heredocs();
                }
                (b';', _) => {
                    self.cursor.skip(1);
                    self.end(true);
                    if matches!(next, Some(b';' | b'&')) {
                        self.cursor.skip(if self.cursor.starts_with(";&") { 2 } else { 1 });
                        self.in_pattern = self.cases > 0;
                    }
                }
                (b'|', Some(b'|')) | (b'&', Some(b'&')) => {
                    self.cursor.skip(2);
                    self.end(true);
                }
                (b'|', _) => {
                    self.cursor.skip(if next == Some(b'&') { 2 } else { 1 });
                    self.end(false);
                }
                (b'(', _) => {
                    self.cursor.skip(1);
                    let last = self.current.words.last().filter(|last| !last.quoted);
                    let is_loop =
                        self.current.words.len() == 1 && last.is_some_and(|last| last.text == "for");
                    let is_list = last.is_some_and(|last| last.text.ends_with('='));
                    if next == Some(b'(') && (self.current.words.is_empty() || is_loop) || is_list {
                        self.cursor.parenthesis();
                        continue;
                    }
                    // After a word it is the definition of a function.
                    if self.current.words.is_empty() {
                        self.open();
                    } else {
                        self.current = Pending::default();
                    }
                }
                (b')', _) => {
                    self.cursor.skip(1);
                    self.close();
                }
                _ if REDIRECTS.iter().any(|operator| self.cursor.starts_with(operator))
                    && !(matches!(byte, b'<' | b'>') && next == Some(b'(')) =>
                {
                    self.redirect();
                }
                (b'&', _) => {
                    self.cursor.skip(1);
                    self.end(true);
                }
                _ => self.word(),
            }
        }
        self.end(true);
        // Here-documents that never began.
        self.waiting.clear();
    }

    fn begin(&mut self) {
        if !self.current.begun {
            self.current.begun = true;
            self.current.line = self.cursor.line;
        }
    }

    fn open(&mut self) {
        self.groups.push((self.sink.script.commands.len(), self.pipeline));
    }

    /// The rest of `[[ … ]]`, in which operators of lists and redirections mean something else.
    fn condition(&mut self, first: Word) {
        self.current.words.push(first);
        loop {
            self.cursor.blanks();
            if self.cursor.peek(0).is_none() {
                return;
            }
            let before = self.cursor.at;
            let word = self.cursor.word();
            if self.cursor.at == before {
                self.cursor.skip(1);
                continue;
            }
            let is_end = word.text == "]]" && !word.quoted;
            if self.current.words.len() < MAX_WORDS {
                self.current.words.push(word);
            }
            if is_end {
                return;
            }
        }
    }

    /// Passes over the pattern of a `case`, up to and with its parenthesis.
    fn pattern(&mut self) {
        let mut is_first = true;
        loop {
            self.cursor.blanks();
            match self.cursor.peek(0) {
                None => break,
                Some(b'\n') => {
                    self.cursor.skip(1);
                    self.heredocs();
                }
                Some(b'#') if is_first => {
                    self.cursor.rest_of_line();
                    self.heredocs();
                }
                Some(b')') => {
                    self.cursor.skip(1);
                    break;
                }
                Some(_) => {
                    let before = self.cursor.at;
                    let word = self.cursor.word();
                    if is_first && word.text == "esac" && !word.quoted {
                        self.cases = self.cases.saturating_sub(1);
                        break;
                    }
                    if self.cursor.at == before {
                        self.cursor.skip(1);
                    } else {
                        is_first = false;
                    }
                }
            }
        }
        self.in_pattern = false;
    }

    /// A group ends. When it is piped into something, or something into it, that goes for all that it ran.
    fn close(&mut self) {
        self.end(true);
        let Some((first, pipeline)) = self.groups.pop() else { return };
        self.cursor.blanks();
        let piped = self.cursor.peek(0) == Some(b'|') && self.cursor.peek(1) != Some(b'|');
        let before = self.sink.script.commands.get(..first).unwrap_or_default();
        let is_empty = before.len() == self.sink.script.commands.len();
        let fed = !is_empty && before.iter().rev().any(|command| command.pipeline == pipeline);
        if piped || fed {
            for command in self.sink.script.commands.iter_mut().skip(first) {
                if command.feeds == self.context.feeds && command.inside == self.context.inside {
                    command.pipeline = pipeline;
                }
            }
        }
        if piped {
            self.pipeline = pipeline;
            self.cursor.skip(1);
        }
    }

    fn redirect(&mut self) {
        self.begin();
        let Some(operator) = REDIRECTS.iter().copied().find(|operator| self.cursor.starts_with(operator))
        else {
            return self.cursor.skip(1);
        };
        // A number right before the operator is a file descriptor.
        if self.current.words.last().is_some_and(|word| {
            !word.quoted && word.text.len() <= 2 && word.text.bytes().all(|byte| byte.is_ascii_digit())
        }) && !self.after_blank()
        {
            self.current.words.pop();
        }
        self.cursor.skip(operator.len());
        self.cursor.blanks();
        let word = self.cursor.word();
        match operator {
            "<<" | "<<-" => self.current.heredocs.push(Heredoc {
                command: 0,
                end: word.text,
                is_quoted: word.quoted,
                tabs: operator == "<<-",
            }),
            "<<<" => {
                self.current.here_string.push_str(&word.text);
                self.current.redirects.push((Redirect { operator, target: String::new() }, word));
            }
            _ if self.current.redirects.len() < MAX_WORDS => {
                self.current.redirects.push((Redirect { operator, target: word.text.clone() }, word));
            }
            _ => self.sink.script.truncated = true,
        }
    }

    /// True when a blank stands before the place.
    fn after_blank(&self) -> bool {
        self.cursor.before().is_none_or(|byte| byte.is_ascii_whitespace())
    }

    fn word(&mut self) {
        self.begin();
        let before = self.cursor.at;
        let word = self.cursor.word();
        if self.cursor.at == before {
            // Nothing that begins a word: an operator that means nothing here.
            return self.cursor.skip(1);
        }
        if self.current.words.is_empty() && !word.quoted {
            if word.text == "[[" {
                return self.condition(word);
            }
            if word.text == "function" {
                // Its name is no command.
                self.cursor.blanks();
                self.cursor.word();
                return;
            }
            if KEYWORDS.contains(&word.text.as_str()) {
                if word.text == "{" {
                    self.open();
                }
                return;
            }
            if ENDS.contains(&word.text.as_str()) {
                match word.text.as_str() {
                    "}" => self.close(),
                    "esac" => self.cases = self.cases.saturating_sub(1),
                    _ => {}
                }
                return;
            }
        }
        let is_case = self.current.words.len() == 2
            && self.current.words.first().is_some_and(|first| first.text == "case" && !first.quoted)
            && word.text == "in"
            && !word.quoted;
        if is_case {
            self.end(true);
            self.cases = self.cases.saturating_add(1);
            self.in_pattern = true;
        } else if self.current.words.len() < MAX_WORDS {
            self.current.words.push(word);
        } else {
            self.sink.script.truncated = true;
        }
    }

    /// The command that was being read ends; with it its pipeline, where `pipeline` says so.
    fn end(&mut self, pipeline: bool) {
        let pending = std::mem::take(&mut self.current);
        if pending.begun
            && (!pending.words.is_empty() || !pending.redirects.is_empty() || !pending.heredocs.is_empty())
        {
            self.add(pending);
        }
        if pipeline {
            self.pipeline = self.sink.pipeline();
        }
    }

    fn add(&mut self, pending: Pending) {
        let number = self.sink.script.commands.len();
        let mut command = Command {
            line: pending.line,
            pipeline: self.pipeline,
            feeds: self.context.feeds,
            inside: self.context.inside,
            heredoc: pending.here_string,
            ..Command::default()
        };
        let mut inner = Vec::new();
        for word in pending.words {
            let assignment = command.words.is_empty().then(|| split_assignment(&word.text)).flatten();
            let is_assignment = assignment.is_some();
            for substitution in word.substitutions {
                let whole = substitution.begin == 0 && substitution.text.len() + 3 == word.text.len();
                let feed = match (substitution.file, whole && !is_assignment) {
                    (true, _) => Feed::File,
                    (false, true) => Feed::Word,
                    (false, false) => Feed::Part,
                };
                inner.push((substitution.text, substitution.line, feed));
            }
            match assignment {
                Some(pair) => command.assignments.push(pair),
                None => command.words.push(word.text),
            }
        }
        for (redirect, word) in pending.redirects {
            for substitution in word.substitutions {
                let feed =
                    if substitution.file || redirect.operator == "<<<" { Feed::File } else { Feed::Part };
                inner.push((substitution.text, substitution.line, feed));
            }
            command.redirects.push(redirect);
        }
        peel(&mut command);
        let script = inner_script(&command);
        let here = (!command.heredoc.is_empty()).then(|| command.heredoc.clone());
        let runs_input = runs_input(&command);
        let line = command.line;
        self.waiting.extend(pending.heredocs.into_iter().map(|here| Heredoc { command: number, ..here }));
        self.sink.script.commands.push(command);
        for (text, line, feed) in inner {
            self.nested(&text, line, Some((number, feed)), self.context.inside, false);
        }
        if let Some(text) = script {
            self.nested(&text, line, None, Some(number), true);
        }
        if let Some(text) = here.filter(|_| runs_input) {
            self.nested(&text, line, None, Some(number), true);
        }
    }

    fn nested(
        &mut self,
        text: &str,
        line: u32,
        feeds: Option<(usize, Feed)>,
        inside: Option<usize>,
        script: bool,
    ) {
        let mut context = Context { line, feeds, inside, ..self.context };
        let (depth, most) = if script {
            (&mut context.scripts, MAX_SCRIPT_DEPTH)
        } else {
            (&mut context.substitutions, MAX_SUBSTITUTION_DEPTH)
        };
        *depth += 1;
        if *depth > most {
            self.sink.script.truncated = true;
            return;
        }
        parse(self.sink, text, context);
    }

    /// Reads the here-documents of the line that ended.
    fn heredocs(&mut self) {
        for here in std::mem::take(&mut self.waiting) {
            let line = self.cursor.line;
            let mut body = String::new();
            while self.cursor.peek(0).is_some() {
                let text = self.cursor.rest_of_line();
                let text = text.strip_suffix('\r').unwrap_or(text);
                let text = if here.tabs { text.trim_start_matches('\t') } else { text };
                if text == here.end {
                    break;
                }
                body.push_str(text);
                body.push('\n');
            }
            let Some(command) = self.sink.script.commands.get_mut(here.command) else { continue };
            command.heredoc.push_str(&body);
            // The builder runs a body that names its interpreter as a file of its own.
            let is_foreign = command.words.is_empty() && names_other_language(&body);
            if runs_input(command) && !is_foreign {
                self.nested(&body, line, None, Some(here.command), true);
            } else if !here.is_quoted {
                for found in expansions(&body, line, 0) {
                    let feeds = Some((here.command, Feed::Part));
                    self.nested(&found.text, found.line, feeds, self.context.inside, false);
                }
            }
        }
    }
}

/// True when what the command reads is a script: of a shell, or of the builder where there is no command.
fn runs_input(command: &Command) -> bool {
    command.words.is_empty()
        || is_shell(command.program())
            && interpreter_input(command.program(), command.arguments()) == Input::Standard
}

/// True when the text begins with a line that names an interpreter other than a shell: `#!/usr/bin/env python3`.
fn names_other_language(text: &str) -> bool {
    let Some(line) = text.strip_prefix("#!").and_then(|rest| rest.lines().next()) else { return false };
    let mut words = line.split_whitespace().filter(|word| !word.starts_with('-'));
    let program = words.next().map(super::base_name).unwrap_or_default();
    let program = if program == "env" { words.next().unwrap_or_default() } else { program };
    !is_shell(program)
}

/// `NAME=value` as its two parts.
fn split_assignment(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let mut bytes = name.bytes();
    let first = bytes.next()?;
    let fine = (first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    fine.then(|| (name.to_owned(), value.to_owned()))
}

/// The script among the arguments of a command: of `sh -c`, `su -c`, `eval`.
fn inner_script(command: &Command) -> Option<String> {
    let arguments = command.arguments();
    let text = match command.program() {
        program if is_shell(program) => match interpreter_input(program, arguments) {
            Input::Code(at) => arguments.get(at)?.clone(),
            _ => return None,
        },
        "su" | "runuser" | "sg" => {
            let at = arguments.iter().position(|word| word == "-c" || word == "--command")?;
            arguments.get(at + 1)?.clone()
        }
        "eval" => arguments.join(" "),
        _ => return None,
    };
    // What is nothing but a substitution was read with the word.
    (!text.starts_with("$(") || !text.ends_with(')')).then_some(text)
}
