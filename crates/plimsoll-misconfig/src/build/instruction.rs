//! An instruction: a keyword, flags and arguments (Dockerfile reference, "Format" and each instruction's own section).

use crate::shell::Script;

/// What an instruction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keyword {
    /// `ADD`
    Add,
    /// `ARG`
    Arg,
    /// `CMD`
    Cmd,
    /// `COPY`
    Copy,
    /// `ENTRYPOINT`
    Entrypoint,
    /// `ENV`
    Env,
    /// `EXPOSE`
    Expose,
    /// `FROM`
    From,
    /// `HEALTHCHECK`
    Healthcheck,
    /// `LABEL`
    Label,
    /// `MAINTAINER`
    Maintainer,
    /// `ONBUILD`
    Onbuild,
    /// `RUN`
    Run,
    /// `SHELL`
    Shell,
    /// `STOPSIGNAL`
    Stopsignal,
    /// `USER`
    User,
    /// `VOLUME`
    Volume,
    /// `WORKDIR`
    Workdir,
    /// What is none of these: words of another builder.
    Other,
}

/// The keywords with their instructions.
const KEYWORDS: &[(&str, Keyword)] = &[
    ("ADD", Keyword::Add),
    ("ARG", Keyword::Arg),
    ("CMD", Keyword::Cmd),
    ("COPY", Keyword::Copy),
    ("ENTRYPOINT", Keyword::Entrypoint),
    ("ENV", Keyword::Env),
    ("EXPOSE", Keyword::Expose),
    ("FROM", Keyword::From),
    ("HEALTHCHECK", Keyword::Healthcheck),
    ("LABEL", Keyword::Label),
    ("MAINTAINER", Keyword::Maintainer),
    ("ONBUILD", Keyword::Onbuild),
    ("RUN", Keyword::Run),
    ("SHELL", Keyword::Shell),
    ("STOPSIGNAL", Keyword::Stopsignal),
    ("USER", Keyword::User),
    ("VOLUME", Keyword::Volume),
    ("WORKDIR", Keyword::Workdir),
];

impl Keyword {
    /// The keyword that `word` is, in any case of letters.
    pub fn of(word: &str) -> Option<Keyword> {
        KEYWORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, keyword)| *keyword)
    }

    /// The keyword as it is written; empty for [`Keyword::Other`].
    pub fn word(self) -> &'static str {
        KEYWORDS.iter().find(|(_, keyword)| *keyword == self).map_or("", |(name, _)| name)
    }
}

/// Where an instruction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the history of an image.
    History {
        /// The number of the step, from 0.
        step: usize,
        /// The layer that it made, from 0.
        layer: Option<usize>,
    },
    /// In a build file.
    File {
        /// Its first line, from 1.
        line: u32,
        /// Its last line, from 1.
        end_line: u32,
    },
}

/// An option of an instruction: `--from=build`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// The name without its hyphens.
    pub name: String,
    /// The value; empty when it has none.
    pub value: String,
}

/// How the arguments are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// As text, which a shell runs where the instruction runs something.
    Text(String),
    /// As a JSON list of words.
    Words(Vec<String>),
}

/// An instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    /// What it is.
    pub keyword: Keyword,
    /// Its options.
    pub flags: Vec<Flag>,
    /// Its arguments.
    pub form: Form,
    /// The shell that runs it, where that is known and not the default: `/bin/bash`, `-o`, `pipefail`, `-c`.
    pub shell: Vec<String>,
    /// Where it stands.
    pub origin: Origin,
    /// True when it seems to be a step of the base image.
    pub inherited: bool,
    /// True when it stands behind `ONBUILD`: not this build runs it, but that of an image on this one.
    pub trigger: bool,
}

impl Instruction {
    /// Reads an instruction from its text: keyword, flags and arguments, without comments; joined lines may stand in it as they were
    /// written. Text that begins with no keyword is [`Keyword::Other`].
    pub fn parse(text: &str, origin: Origin) -> Instruction {
        let text = text.trim();
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        // `RUN\` and the rest on the next line.
        let end = text.find("\\\n").map_or(end, |joined| joined.min(end));
        let (word, rest) = text.split_at(end);
        match Keyword::of(word) {
            Some(keyword) => Instruction::with_keyword(keyword, rest, origin),
            None => Instruction {
                keyword: Keyword::Other,
                flags: Vec::new(),
                form: Form::Text(text.to_owned()),
                shell: Vec::new(),
                origin,
                inherited: false,
                trigger: false,
            },
        }
    }

    /// Reads what stands behind the keyword.
    pub(super) fn with_keyword(keyword: Keyword, text: &str, origin: Origin) -> Instruction {
        let (flags, rest) = flags(keyword, text);
        // What joins lines before the arguments is left out of them, but not out of the count.
        let before = text.trim_end().len().saturating_sub(rest.len());
        let lines = text.bytes().take(before).filter(|byte| *byte == b'\n').count();
        let form = match keyword {
            Keyword::Add
            | Keyword::Cmd
            | Keyword::Copy
            | Keyword::Entrypoint
            | Keyword::Run
            | Keyword::Shell
            | Keyword::Volume => json_words(rest),
            _ => None,
        };
        let form = form.unwrap_or_else(|| Form::Text(rest.to_owned()));
        let instruction =
            Instruction { keyword, flags, form, shell: Vec::new(), origin, inherited: false, trigger: false };
        instruction.below(lines)
    }

    /// The instruction with its script `lines` lines further down, so that the lines of its commands are right.
    fn below(mut self, lines: usize) -> Instruction {
        let has_script = matches!(
            self.keyword,
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck | Keyword::Onbuild
        );
        if let Form::Text(text) = &mut self.form
            && has_script
        {
            text.insert_str(0, &"\n".repeat(lines));
        }
        self
    }

    /// What `ONBUILD` keeps for the build of another image; any other instruction as it is.
    pub(super) fn unwrap_trigger(self) -> Instruction {
        let (Keyword::Onbuild, Form::Text(text)) = (self.keyword, &self.form) else { return self };
        let lines = text.bytes().take_while(|byte| byte.is_ascii_whitespace()).filter(|byte| *byte == b'\n');
        let inner = Instruction::parse(text, self.origin).below(lines.count());
        match inner.keyword {
            Keyword::Other | Keyword::Onbuild | Keyword::From => self,
            _ => Instruction { shell: self.shell, inherited: self.inherited, trigger: true, ..inner },
        }
    }

    /// The value of the option `name`.
    pub fn flag(&self, name: &str) -> Option<&str> {
        self.flags.iter().find(|flag| flag.name == name).map(|flag| flag.value.as_str())
    }

    /// The arguments as words, quotes removed.
    pub fn words(&self) -> Vec<String> {
        match &self.form {
            Form::Words(words) => words.clone(),
            Form::Text(text) => split_words(text),
        }
    }

    /// The arguments as they are written; words of the exec form joined by spaces.
    pub fn text(&self) -> String {
        match &self.form {
            Form::Words(words) => words.join(" "),
            Form::Text(text) => text.clone(),
        }
    }

    /// The names and values that `ENV`, `LABEL` or `ARG` set: `A=b C="d e"`, or in the old form `A b`.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let words = self.words();
        match words.first() {
            Some(first) if !first.contains('=') && self.keyword != Keyword::Arg => {
                vec![(first.clone(), words.get(1..).unwrap_or_default().join(" "))]
            }
            _ => words
                .iter()
                .map(|word| word.split_once('=').unwrap_or((word, "")))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        }
    }

    /// True when its shell is one of Windows, whose language is another.
    pub fn is_windows(&self) -> bool {
        self.shell.first().is_some_and(|shell| {
            let name = shell.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
            matches!(name.as_str(), "cmd" | "cmd.exe" | "powershell" | "powershell.exe" | "pwsh" | "pwsh.exe")
        })
    }

    /// The commands that it runs.
    pub fn script(&self) -> Script {
        match (self.keyword, &self.form) {
            _ if self.is_windows() => Script::default(),
            (Keyword::Run | Keyword::Cmd | Keyword::Entrypoint, Form::Text(text)) => Script::parse(text),
            (Keyword::Run | Keyword::Cmd | Keyword::Entrypoint, Form::Words(words)) => {
                Script::from_words(words)
            }
            (Keyword::Healthcheck, Form::Text(text)) => {
                let command = text.trim_start();
                let lines = text.len() - command.len();
                match command.strip_prefix("CMD").filter(|rest| rest.starts_with([' ', '\t', '['])) {
                    Some(command) => match json_words(command.trim()) {
                        Some(Form::Words(words)) => Script::from_words(&words),
                        _ => Script::parse(&format!("{}{command}", "\n".repeat(lines))),
                    },
                    None => Script::default(),
                }
            }
            _ => Script::default(),
        }
    }
}

/// The flags at the beginning of `text`, and what follows them.
fn flags(keyword: Keyword, text: &str) -> (Vec<Flag>, &str) {
    let mut flags = Vec::new();
    let mut rest = skip_blanks(text);
    let has_flags = matches!(
        keyword,
        Keyword::Add | Keyword::Copy | Keyword::From | Keyword::Healthcheck | Keyword::Run | Keyword::Onbuild
    );
    while let Some(option) = rest.strip_prefix("--").filter(|_| has_flags && flags.len() < 100) {
        let end = option.find(char::is_whitespace).unwrap_or(option.len());
        let word = option.get(..end).unwrap_or_default();
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        flags.push(Flag { name: name.to_ascii_lowercase(), value: value.trim_matches('"').to_owned() });
        rest = skip_blanks(option.get(end..).unwrap_or_default());
    }
    (flags, rest.trim_end())
}

/// The text behind blanks and joined lines.
fn skip_blanks(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(joined) =
        rest.strip_prefix("\\\n").or_else(|| rest.strip_prefix("\\\r\n")).or_else(|| rest.strip_prefix("`\n"))
    {
        rest = joined.trim_start();
    }
    rest
}

/// A JSON list of words; `None` for anything else, which is then text.
pub(crate) fn json_words(text: &str) -> Option<Form> {
    let text = text.trim();
    if !text.starts_with('[') || !text.ends_with(']') {
        return None;
    }
    let joined;
    let text = if text.contains('\n') {
        joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
        &joined
    } else {
        text
    };
    serde_json::from_str::<Vec<String>>(text).ok().map(Form::Words)
}

/// Words as instructions without a shell have them: split at blanks, quotes removed.
fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut begun, mut quote) = (false, None);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => match characters.next() {
                Some('\n') => {}
                Some('\r') if characters.peek() == Some(&'\n') => {
                    characters.next();
                }
                Some(next) => {
                    begun = true;
                    word.push(next);
                }
                None => {}
            },
            (_, Some(open)) if character == open => quote = None,
            (_, Some(_)) => word.push(character),
            ('"' | '\'', None) => {
                begun = true;
                quote = Some(character);
            }
            (blank, None) if blank.is_whitespace() => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
                if words.len() >= crate::shell::MAX_WORDS {
                    return words;
                }
            }
            _ => {
                begun = true;
                word.push(character);
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}
