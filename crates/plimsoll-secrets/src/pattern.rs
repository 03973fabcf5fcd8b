//! Expressions of rules: compiled when first needed, within a limit, and with what is known of their matches beforehand.

mod prefix;

use std::sync::OnceLock;

use regex_automata::meta;
use regex_automata::util::syntax;
use regex_syntax::hir::{self, Hir, HirKind};

/// The memory that a compiled expression may take; what needs more repeats something large.
const REGEX_SIZE: usize = 4 << 20;

/// An expression that is compiled when it is first needed: a scan meets few of the rules.
pub struct Pattern {
    text: String,
    regex: OnceLock<Option<meta::Regex>>,
    hints: OnceLock<Hints>,
}

/// What spares an expression a look at a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hints {
    /// True when no match goes over a line's end.
    pub(crate) one_line: bool,
    /// A byte that every match has, and that is rarer than letters.
    pub(crate) byte: Option<u8>,
    /// The most bytes of a match, where they are bounded.
    pub(crate) longest: Option<usize>,
    /// True when every match begins with a keyword, so that only keywords' places need be tried.
    pub(crate) begins: bool,
}

impl Pattern {
    /// An expression in the syntax of the `regex` crate, over bytes.
    pub fn new(text: impl Into<String>) -> Pattern {
        Pattern { text: text.into(), regex: OnceLock::new(), hints: OnceLock::new() }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The compiled expression; `None` when it is none, which the tests rule out for ours and loading for users'.
    pub(crate) fn get(&self) -> Option<&meta::Regex> {
        self.regex.get_or_init(|| build(&self.text).ok()).as_ref()
    }

    /// What is known of its matches before it runs, as the expression of a rule with these keywords.
    pub(crate) fn hints(&self, keywords: &[Vec<u8>]) -> Hints {
        *self.hints.get_or_init(|| {
            let Ok(hir) = self.hir() else { return Hints::default() };
            Hints {
                one_line: !may_hold_line_end(&hir),
                byte: required_byte(&hir),
                longest: hir.properties().maximum_len(),
                begins: prefix::all_begin(&hir, keywords),
            }
        })
    }

    /// True when it is found in `text`.
    pub(crate) fn is_match(&self, text: &[u8]) -> bool {
        self.get().is_some_and(|regex| regex.is_match(text))
    }

    /// Says why it is not valid, when it is not.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.compile().map(|_| ())
    }

    pub(crate) fn compile(&self) -> Result<&meta::Regex, String> {
        match self.get() {
            Some(regex) => Ok(regex),
            None => Err(build(&self.text).err().unwrap_or_else(|| "the expression is not valid".to_owned())),
        }
    }

    /// The expression's structure.
    pub(crate) fn hir(&self) -> Result<Hir, String> {
        regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .nest_limit(100)
            .build()
            .parse(&self.text)
            .map_err(|error| first_line(&error.to_string()))
    }

    /// An expression that any text matches would call everything a secret.
    pub(crate) fn refuse_everything(&self) -> Result<(), String> {
        let hir = self.hir()?;
        match hir.properties().minimum_len() {
            None => return Err("the expression matches nothing".to_owned()),
            Some(0) => return Err("the expression matches the empty text, so everything".to_owned()),
            Some(len @ 1..4) => {
                return Err(format!("the expression matches texts of {len} bytes; a secret has 4 at least"));
            }
            Some(_) => {}
        }
        let regex = self.compile()?;
        let ordinary: [&[u8]; 3] =
            [b"The quick brown fox", b"{\"a\": [1, 2], \"b\": {}}", b"#!/bin/sh\nset -e\nexec \"$@\"\n"];
        if ordinary.iter().all(|text| regex.is_match(text)) {
            return Err("the expression matches any text".to_owned());
        }
        Ok(())
    }
}

/// True when a match may hold a line's end.
fn may_hold_line_end(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.contains(&b'\n'),
        HirKind::Class(hir::Class::Bytes(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&b'\n'))
        }
        HirKind::Class(hir::Class::Unicode(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&'\n'))
        }
        HirKind::Repetition(repetition) => may_hold_line_end(&repetition.sub),
        HirKind::Capture(capture) => may_hold_line_end(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(may_hold_line_end),
    }
}

/// Signs that tell something where they stand: others are in every line.
const TELLING: &[u8] = b"@$~{|%";

/// A telling sign that every match holds.
fn required_byte(hir: &Hir) -> Option<u8> {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.iter().copied().find(|byte| TELLING.contains(byte)),
        HirKind::Capture(capture) => required_byte(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required_byte(&repetition.sub),
        HirKind::Concat(parts) => parts.iter().find_map(required_byte),
        _ => None,
    }
}

fn build(text: &str) -> Result<meta::Regex, String> {
    meta::Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false).nest_limit(100))
        .configure(
            meta::Config::new()
                .utf8_empty(false)
                .nfa_size_limit(Some(REGEX_SIZE))
                .onepass_size_limit(Some(256 << 10))
                .hybrid_cache_capacity(1 << 20),
        )
        .build(text)
        .map_err(|error| match error.size_limit() {
            Some(limit) => {
                format!("the expression needs more than {limit} bytes once compiled; repeat less in it")
            }
            None => {
                error.syntax_error().map_or_else(|| error.to_string(), |error| first_line(&error.to_string()))
            }
        })
}

/// The message of a syntax error comes with a drawing; the last line is the reason.
fn first_line(text: &str) -> String {
    let line = text.lines().rev().find(|line| line.starts_with("error: ")).or_else(|| text.lines().last());
    format!("the expression is not valid: {}", line.unwrap_or_default().trim_start_matches("error: "))
}
