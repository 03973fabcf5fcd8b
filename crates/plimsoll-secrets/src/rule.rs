//! A rule: what a secret of one kind looks like, and which word must stand near it.
//!
//! A regular expression never sees a whole file. It runs where one of the rule's keywords was found, on a window around it.

use std::sync::Arc;

use plimsoll_types::{Class, Confidence, Scanner, Severity, class};
use serde::Deserialize;

use crate::checks::{self, Check};
use crate::import::Allow;
pub use crate::pattern::Pattern;

/// The fewest bytes of a keyword.
const MIN_KEYWORD: usize = 3;

/// The most bytes of a keyword.
pub(crate) const MAX_KEYWORD: usize = 64;

/// The window before a keyword, where the rule does not say.
const BEFORE: usize = 32;

/// The window after a keyword, where the rule does not say.
const AFTER: usize = 512;

/// The most bytes that a rule may look back from a keyword.
pub const MAX_BEFORE: usize = 4 << 10;

/// The most bytes that a rule may look ahead from a keyword.
pub const MAX_AFTER: usize = 64 << 10;

/// Words that stand on every page: a rule that is looked for at each of them would cost more than all others together.
const TOO_COMMON: &[&str] = &[
    "the", "and", "for", "http", "https", "name", "type", "this", "that", "with", "from", "true", "false",
    "data", "value", "string", "import", "return", "http:", "https:", "://", "---", "===", "key", "api",
    "www", "com",
];

/// True for a text that rules may be looked for by.
pub(crate) fn is_usable_keyword(text: &[u8]) -> bool {
    (MIN_KEYWORD..=MAX_KEYWORD).contains(&text.len())
        && text.is_ascii()
        && !TOO_COMMON.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}

/// Why a rule was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}{reason}", if rule.is_empty() { String::new() } else { format!("rule '{rule}': ") })]
pub struct RuleError {
    /// The file.
    pub file: String,
    /// The rule's id; empty when the file as a whole is meant.
    pub rule: String,
    /// The reason, in lower case without a final stop.
    pub reason: String,
}

/// A rule.
pub struct Rule {
    /// The id, such as `github-pat`.
    pub id: String,
    /// The class of what it finds.
    pub class: &'static Class,
    /// What it finds, such as `GitHub personal access token`.
    pub title: String,
    /// How bad that is; the class' own where `None`.
    pub severity: Option<Severity>,
    /// How sure it is.
    pub confidence: Confidence,
    /// Texts of which every match contains one.
    pub keywords: Vec<Vec<u8>>,
    /// True when keywords must be found letter by letter.
    pub case_sensitive: bool,
    /// The expression; `None` for a rule that names files.
    pub pattern: Option<Pattern>,
    /// Which group of the expression is the secret, where the rule says so by number.
    pub group: Option<usize>,
    /// True when it is looked for in binary files too.
    pub binary: bool,
    /// True when a separator must follow the keyword.
    pub context: bool,
    /// The check that the secret must pass.
    pub check: Option<Check>,
    /// The least entropy of the secret, in bits per character.
    pub entropy: Option<f32>,
    /// The window before the keyword.
    pub before: usize,
    /// The window after the keyword.
    pub after: usize,
    /// Secrets that match one of these are left out.
    pub allow: Vec<Pattern>,
    /// Only paths that match.
    pub paths: Option<Pattern>,
    /// Users' exceptions.
    pub exceptions: Vec<Arc<Allow>>,
    /// Texts that it finds something in.
    pub examples: Vec<String>,
    /// Texts that it finds nothing in.
    pub negatives: Vec<String>,
    /// The file that it came from.
    pub origin: String,
    /// True for a rule of a user's: it is not second-guessed.
    pub users: bool,
}

impl Rule {
    /// True when the rule judges a value by the name before it and by how random it looks, not by a form of its own.
    pub fn is_generic(&self) -> bool {
        matches!(self.class.code, "SEC-GENERIC" | "SEC-PASSWORD")
    }

    /// A rule with nothing but an id.
    pub(crate) fn new(id: String, class: &'static Class, title: String, origin: &str) -> Rule {
        Rule {
            id,
            class,
            title,
            severity: None,
            confidence: Confidence::High,
            keywords: Vec::new(),
            case_sensitive: false,
            pattern: None,
            group: None,
            binary: false,
            context: false,
            check: None,
            entropy: None,
            before: BEFORE,
            after: AFTER,
            allow: Vec::new(),
            paths: None,
            exceptions: Vec::new(),
            examples: Vec::new(),
            negatives: Vec::new(),
            origin: origin.to_owned(),
            users: false,
        }
    }

    /// Checks what holds for every rule, wherever it came from.
    pub(crate) fn validate(&self) -> Result<(), String> {
        if self.id.is_empty() || self.id.len() > 100 || self.id.chars().any(char::is_control) {
            return Err("the id is empty or not a word".to_owned());
        }
        if self.pattern.is_none() && self.paths.is_none() {
            return Err("it has neither an expression nor a path".to_owned());
        }
        if self.pattern.is_some() && self.keywords.is_empty() {
            return Err("it needs a keyword: a text that every match contains".to_owned());
        }
        for keyword in &self.keywords {
            let shown = String::from_utf8_lossy(keyword);
            if keyword.len() < MIN_KEYWORD || keyword.len() > MAX_KEYWORD {
                return Err(format!("the keyword '{shown}' has not {MIN_KEYWORD} to {MAX_KEYWORD} bytes"));
            }
            if TOO_COMMON.iter().any(|word| keyword.eq_ignore_ascii_case(word.as_bytes())) {
                return Err(format!("the keyword '{shown}' stands on every page; name a rarer one"));
            }
            if !self.case_sensitive && !keyword.is_ascii() {
                return Err(format!("the keyword '{shown}' is not ASCII, so it needs case-sensitive = true"));
            }
        }
        if self.binary && !self.case_sensitive {
            return Err("what is looked for in binary files needs case-sensitive = true".to_owned());
        }
        if self.before > MAX_BEFORE || self.after > MAX_AFTER {
            return Err(format!("the window is larger than {MAX_BEFORE} bytes before and {MAX_AFTER} after"));
        }
        if self.entropy.is_some_and(|bits| !(0.0..=8.0).contains(&bits)) {
            return Err("the entropy is not between 0 and 8".to_owned());
        }
        Ok(())
    }

    /// Compiles all expressions, for those that are not known to be right.
    pub(crate) fn compile(&self) -> Result<(), String> {
        if let Some(pattern) = &self.pattern {
            pattern.refuse_everything()?;
            let regex = pattern.compile()?;
            if self.group.is_some_and(|group| group >= regex.captures_len()) {
                return Err("the expression has no group of that number".to_owned());
            }
        }
        for pattern in self.allow.iter().chain(&self.paths) {
            pattern.compile()?;
        }
        Ok(())
    }
}

/// A file of rules.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    rule: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRule {
    id: String,
    class: String,
    title: String,
    severity: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    case_sensitive: bool,
    pattern: Option<String>,
    #[serde(default)]
    binary: bool,
    #[serde(default)]
    context: bool,
    check: Option<String>,
    entropy: Option<f32>,
    before: Option<usize>,
    after: Option<usize>,
    #[serde(default)]
    allow: Vec<String>,
    paths: Option<String>,
    confidence: Option<String>,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    negatives: Vec<String>,
}

/// The mark inside examples that keeps other scanners from taking them for real.
const MARK: char = '§';

/// Reads a file of rules.
///
/// # Errors
///
/// When the file or one of its rules is not valid.
pub fn parse(file: &str, text: &str) -> Result<Vec<Rule>, RuleError> {
    let fail =
        |rule: &str, reason: String| RuleError { file: file.to_owned(), rule: rule.to_owned(), reason };
    let raw: RawFile =
        toml::from_str(text).map_err(|error| fail("", error.to_string().trim().replace('\n', " ")))?;
    let mut rules = Vec::with_capacity(raw.rule.len());
    for raw in raw.rule {
        let id = raw.id.clone();
        let rule = rule(raw, file).map_err(|reason| fail(&id, reason))?;
        rule.validate().map_err(|reason| fail(&id, reason))?;
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(raw: RawRule, file: &str) -> Result<Rule, String> {
    let class = class(&raw.class)
        .filter(|class| class.scanner == Scanner::Secret)
        .ok_or_else(|| format!("'{}' is no class of secrets", raw.class))?;
    let severity =
        raw.severity.map(|word| word.parse::<Severity>().map_err(|error| error.to_string())).transpose()?;
    let confidence = match raw.confidence {
        Some(word) => Confidence::ALL
            .into_iter()
            .find(|confidence| confidence.word() == word)
            .ok_or_else(|| format!("'{word}' is no confidence"))?,
        None => Confidence::High,
    };
    let check = raw
        .check
        .map(|name| checks::by_name(&name).ok_or_else(|| format!("there is no check '{name}'")))
        .transpose()?;
    let unmark = |texts: Vec<String>| texts.into_iter().map(|text| text.replace(MARK, "")).collect();
    Ok(Rule {
        severity,
        confidence,
        keywords: raw.keywords.into_iter().map(String::into_bytes).collect(),
        case_sensitive: raw.case_sensitive,
        pattern: raw.pattern.map(Pattern::new),
        binary: raw.binary,
        context: raw.context,
        check,
        entropy: raw.entropy,
        before: raw.before.unwrap_or(BEFORE),
        after: raw.after.unwrap_or(AFTER),
        allow: raw.allow.into_iter().map(Pattern::new).collect(),
        paths: raw.paths.map(Pattern::new),
        examples: unmark(raw.examples),
        negatives: unmark(raw.negatives),
        ..Rule::new(raw.id, class, raw.title, file)
    })
}
