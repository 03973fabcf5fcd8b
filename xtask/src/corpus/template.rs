//! Templates of files and what they become. docs/secrets-corpus.md says how they are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::makers;
use super::random::Random;

const OPEN: char = '⟦';
const CLOSE: char = '⟧';
/// Put inside what a scanner would take for a secret in the template itself, and dropped here.
const BREAK: char = '§';

/// What is to be done with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// It must be found.
    Secret,
    /// It must not.
    LookAlike,
    /// It may be found: the name of a key, or a key that its passphrase or age makes useless.
    Optional,
}

/// A value with a role, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub(crate) role: Role,
    /// Places with the same number hold the same secret; finding one of them is enough.
    pub(crate) secret: usize,
    pub(crate) maker: String,
    pub(crate) value: String,
    /// The member of the archive that it is in.
    pub(crate) member: Option<String>,
    /// Where it stands in a file that has lines.
    pub(crate) span: Option<Span>,
}

/// First and last line and column, all from 1; columns count characters, and the last column belongs to the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) line: u32,
    pub(crate) end_line: u32,
    pub(crate) column: u32,
    pub(crate) end_column: u32,
}

/// How a file is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Utf16,
    Binary,
}

/// A file of a template.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) path: String,
    /// The archive it is packed into.
    pub(crate) archive: Option<String>,
    /// In how many of the roots it lies, each time with other values.
    pub(crate) copies: usize,
    form: Form,
    /// The role of the file as a whole.
    whole: Option<Role>,
    body: String,
}

/// A kind of file.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    /// The template's name without its ending, such as `npmrc`.
    pub(crate) kind: String,
    pub(crate) sections: Vec<Section>,
}

/// A file with its values.
#[derive(Debug, Clone)]
pub(crate) struct Rendered {
    pub(crate) bytes: Vec<u8>,
    pub(crate) labels: Vec<Label>,
}

/// The templates below `folder`, in the order of their kinds.
pub(crate) fn read_all(folder: &Path) -> anyhow::Result<Vec<Template>> {
    let mut templates = Vec::new();
    for path in files(folder)? {
        let kind = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let sections = parse(&text).with_context(|| format!("{} is damaged", path.display()))?;
        templates.push(Template { kind, sections });
    }
    templates.sort_by(|a, b| a.kind.cmp(&b.kind));
    ensure!(
        templates.windows(2).all(|pair| pair.first().map(|a| &a.kind) != pair.last().map(|b| &b.kind)),
        "two templates have one name"
    );
    Ok(templates)
}

/// The template files: all below `folder` but the keys.
pub(crate) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let list =
        |path: &Path| std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()));
    for topic in list(folder)? {
        let topic = topic?.path();
        if topic.is_dir() && !topic.ends_with("keys") {
            for file in list(&topic)? {
                found.push(file?.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The files of a template.
pub(super) fn parse(text: &str) -> anyhow::Result<Vec<Section>> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.split_inclusive('\n') {
        let head = line.trim_end().strip_prefix("⟦file: ").and_then(|rest| rest.strip_suffix(CLOSE));
        if let Some(head) = head {
            sections.push(section(head)?);
        } else {
            let section = sections.last_mut().context("it does not begin with a file")?;
            section.body.extend(line.chars().filter(|c| *c != BREAK));
        }
    }
    for section in &mut sections {
        // The empty line before the next file belongs to neither.
        while section.body.ends_with("\n\n") {
            section.body.pop();
        }
    }
    ensure!(!sections.is_empty(), "it has no file");
    Ok(sections)
}

/// `PATH | copies=2 | as=utf16 | in=srv/backup.zip | whole=s`.
fn section(head: &str) -> anyhow::Result<Section> {
    let head: String = head.chars().filter(|c| *c != BREAK).collect();
    let mut words = head.split(" | ");
    let path = words.next().unwrap_or_default().trim().to_owned();
    ensure!(
        !path.is_empty() && !path.starts_with('/') && !path.contains(".."),
        "'{path}' is no path inside a root"
    );
    let mut section =
        Section { path, archive: None, copies: 1, form: Form::Text, whole: None, body: String::new() };
    for word in words {
        match word.trim().split_once('=') {
            Some(("copies", number)) => section.copies = number.parse()?,
            Some(("as", "utf16")) => section.form = Form::Utf16,
            Some(("as", "base64")) => section.form = Form::Binary,
            Some(("in", archive)) => section.archive = Some(archive.to_owned()),
            Some(("whole", word)) => section.whole = Some(role(word).context("the role is unknown")?),
            _ => bail!("'{word}' is not known"),
        }
    }
    Ok(section)
}

fn role(word: &str) -> Option<Role> {
    match word {
        "s" => Some(Role::Secret),
        "n" => Some(Role::LookAlike),
        "o" => Some(Role::Optional),
        _ => None,
    }
}

/// Values of one file: those with a name are made once.
struct Values {
    random: Random,
    named: BTreeMap<String, (usize, String)>,
    count: usize,
}

impl Values {
    /// A value, and the number of the secret that it is.
    fn make(&mut self, maker: &str) -> anyhow::Result<(usize, String)> {
        let literal = maker.strip_prefix('=');
        let (maker, name) = match literal {
            Some(_) => (maker, None),
            None => maker.split_once('#').map_or((maker, None), |(maker, name)| (maker, Some(name))),
        };
        if let Some(known) = name.and_then(|name| self.named.get(name)) {
            return Ok(known.clone());
        }
        let value = match literal {
            Some(text) => text.to_owned(),
            None => {
                makers::make(maker, &mut self.random).with_context(|| format!("nothing makes '{maker}'"))?
            }
        };
        self.count += 1;
        let made = (self.count, value);
        if let Some(name) = name {
            self.named.insert(name.to_owned(), made.clone());
        }
        Ok(made)
    }
}

impl Section {
    /// The file with values of its own for each copy. The same kind, path and copy give the same bytes.
    pub(crate) fn render(&self, kind: &str, copy: usize) -> anyhow::Result<Rendered> {
        let seed = format!("{kind}\n{}\n{}", self.archive.as_deref().unwrap_or_default(), self.path);
        let mut values = Values { random: Random::for_copy(&seed, copy), named: BTreeMap::new(), count: 0 };
        let mut rendered = match self.form {
            Form::Binary => binary(&self.body, &mut values)?,
            Form::Text => text(&self.body, &mut values)?,
            Form::Utf16 => {
                let mut rendered = text(&self.body, &mut values)?;
                let text = String::from_utf8(rendered.bytes)?.replace('\n', "\r\n");
                rendered.bytes =
                    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
                rendered
            }
        };
        if let Some(role) = self.whole {
            ensure!(rendered.labels.is_empty(), "a file that is a value as a whole holds others");
            let value = String::new();
            rendered.labels.push(Label {
                role,
                secret: 1,
                maker: "whole".to_owned(),
                value,
                member: None,
                span: None,
            });
        }
        if self.archive.is_some() {
            for label in &mut rendered.labels {
                label.member = Some(self.path.clone());
            }
        }
        Ok(rendered)
    }
}

fn text(body: &str, values: &mut Values) -> anyhow::Result<Rendered> {
    let mut out = String::with_capacity(body.len() * 2);
    let mut labels = Vec::new();
    let (mut line, mut column) = (1, 1);
    let mut rest = body;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (inside, after) = after.split_once(CLOSE).context("a mark has no end")?;
        rest = after;
        push(&mut out, before, &mut line, &mut column);
        let (word, maker) = inside.split_once(':').with_context(|| format!("'{inside}' is no mark"))?;
        let (secret, value) = values.make(maker)?;
        // Where a value of several lines begins a line, its other lines are as far to the right.
        let indent =
            out.rsplit('\n').next().filter(|start| start.chars().all(|c| c == ' ')).unwrap_or_default();
        let value = if indent.is_empty() { value } else { value.replace('\n', &format!("\n{indent}")) };
        let start = (line, column);
        push(&mut out, &value, &mut line, &mut column);
        if word == "v" {
            continue;
        }
        let role = role(word).with_context(|| format!("'{inside}' has no known role"))?;
        ensure!(!value.is_empty(), "'{inside}' is empty");
        let span = Span { line: start.0, end_line: line, column: start.1, end_column: column - 1 };
        labels.push(Label { role, secret, maker: maker.to_owned(), value, member: None, span: Some(span) });
    }
    ensure!(!rest.contains(CLOSE), "a mark has no beginning");
    push(&mut out, rest, &mut line, &mut column);
    Ok(Rendered { bytes: out.into_bytes(), labels })
}

/// Appends text and keeps count of lines and columns.
fn push(out: &mut String, text: &str, line: &mut u32, column: &mut u32) {
    for c in text.chars() {
        if c == '\n' {
            *line += 1;
            *column = 1;
        } else {
            *column += 1;
        }
    }
    out.push_str(text);
}

/// A binary file in base64. In the binary, `@@s:github-pat@@....` is a mark that is as long as its value, so that lengths
/// in the file stay right.
fn binary(body: &str, values: &mut Values) -> anyhow::Result<Rendered> {
    let digits: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let mut bytes = STANDARD.decode(digits).context("its base64 is damaged")?;
    let mut labels = Vec::new();
    while let Some(start) = bytes.windows(2).position(|pair| pair == b"@@") {
        let after = bytes.get(start + 2..).unwrap_or_default();
        let length =
            after.windows(2).position(|pair| pair == b"@@").context("a mark in binary has no end")?;
        let mark = String::from_utf8_lossy(after.get(..length).unwrap_or_default()).into_owned();
        let (word, maker) = mark.split_once(':').with_context(|| format!("'{mark}' is no mark"))?;
        let role = role(word).with_context(|| format!("'{mark}' has no known role"))?;
        let (secret, value) = values.make(maker)?;
        let place = bytes.get_mut(start..start + value.len()).context("a mark is shorter than its value")?;
        ensure!(
            place.iter().skip(length + 4).all(|&byte| byte == b'.') && place.len() >= length + 4,
            "the mark '{mark}' is not as long as its value"
        );
        place.copy_from_slice(value.as_bytes());
        labels.push(Label { role, secret, maker: maker.to_owned(), value, member: None, span: None });
    }
    Ok(Rendered { bytes, labels })
}
