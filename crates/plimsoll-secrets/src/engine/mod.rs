//! The engine: all rules, ready to run over any number of files.

mod prefilter;
pub(crate) mod rarity;
mod session;

use std::collections::HashSet;
use std::hash::Hasher;
use std::sync::{Arc, LazyLock};

use xxhash_rust::xxh3::Xxh3;

use crate::Found;
use crate::filters::Place;
use crate::rule::{self, Rule, RuleError};
use crate::text::{self, Encoding};
use prefilter::Prefilter;

pub(crate) use session::{Hit, Mode, Session};

/// The rules that come with Plimsoll: the file's name and its text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// All rules, and what finds their keywords.
pub struct Engine {
    rules: Vec<Rule>,
    /// For text: every keyword.
    text: Prefilter,
    /// For binary files: keywords of rules that say so.
    binary: Prefilter,
    fingerprint: u64,
    /// Paths that users' rule files leave out altogether.
    pub(crate) ignored_paths: Vec<rule::Pattern>,
}

static BUILT_IN: LazyLock<Arc<Engine>> = LazyLock::new(|| {
    let mut rules = Vec::new();
    for (file, text) in FILES {
        // The tests hold every file valid; what could go wrong here is nothing that a user could mend.
        rules.extend(rule::parse(file, text).unwrap_or_default());
    }
    let valid = Engine::new(rules, Vec::new());
    Arc::new(valid.unwrap_or_else(|_| Engine::empty()))
});

impl Engine {
    /// The engine with the rules that come with Plimsoll.
    pub fn built_in() -> Arc<Engine> {
        Arc::clone(&BUILT_IN)
    }

    /// The same, lent.
    pub fn built_in_ref() -> &'static Engine {
        &BUILT_IN
    }

    /// The rules that come with Plimsoll, to be changed by users' files.
    ///
    /// # Errors
    ///
    /// When a file is not valid, which the tests rule out.
    pub fn built_in_rules() -> Result<Vec<Rule>, RuleError> {
        let mut rules = Vec::new();
        for (file, text) in FILES {
            rules.extend(rule::parse(file, text)?);
        }
        Ok(rules)
    }

    /// An engine without rules.
    fn empty() -> Engine {
        let none = || Prefilter::new(std::iter::empty());
        Engine { rules: Vec::new(), text: none(), binary: none(), fingerprint: 0, ignored_paths: Vec::new() }
    }

    /// An engine for `rules`.
    ///
    /// # Errors
    ///
    /// When two rules have one id, or there are more rules or keywords than it takes.
    pub fn new(rules: Vec<Rule>, ignored_paths: Vec<rule::Pattern>) -> Result<Engine, RuleError> {
        let mut ids = HashSet::new();
        if let Some(twice) = rules.iter().find(|rule| !ids.insert(rule.id.as_str())) {
            return Err(RuleError {
                file: twice.origin.clone(),
                rule: twice.id.clone(),
                reason: "another rule has the same id".to_owned(),
            });
        }
        let too_many = |what: &str| RuleError {
            file: rules.last().map(|rule| rule.origin.clone()).unwrap_or_default(),
            rule: String::new(),
            reason: format!("there are more {what} than the engine takes"),
        };
        if rules.len() > usize::from(u16::MAX) {
            return Err(too_many("rules"));
        }
        let keywords = |binary: bool| {
            let chosen = (0u16..)
                .zip(&rules)
                .filter(move |(_, rule)| rule.pattern.is_some() && (rule.binary || !binary));
            chosen.flat_map(|(number, rule)| {
                rule.keywords.iter().map(move |keyword| (&keyword[..], rule.case_sensitive, number))
            })
        };
        let text = Prefilter::new(keywords(false));
        let binary = Prefilter::new(keywords(true));
        if !text.fits() || !binary.fits() {
            return Err(too_many("keywords"));
        }
        let fingerprint = fingerprint(&rules, &ignored_paths);
        Ok(Engine { rules, text, binary, fingerprint, ignored_paths })
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// A number that differs when the rules differ.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The secrets in a text or a binary file as it stands, without looking into archives.
    pub fn find(&self, path: &[u8], bytes: &[u8]) -> Vec<Found> {
        let place = Place::new(path);
        let mode = match text::encoding(bytes.get(..text::HEAD).unwrap_or(bytes)) {
            Encoding::Binary => Mode::Binary,
            _ => Mode::Text,
        };
        let (hits, _) = Session::new(self, place, mode).whole(bytes);
        hits.into_iter()
            .filter_map(|hit| {
                let rule = self.rule(hit.rule)?;
                let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
                Some(Found {
                    class: rule.class.code,
                    rule: rule.id.clone(),
                    value: at(hit.start)..at(hit.end),
                    severity: hit.verdict.severity,
                    confidence: hit.verdict.confidence,
                    message: rule.title.clone(),
                    notes: hit.verdict.notes,
                })
            })
            .collect()
    }

    pub(crate) fn rule(&self, number: u16) -> Option<&Rule> {
        self.rules.get(usize::from(number))
    }
}

fn fingerprint(rules: &[Rule], ignored: &[rule::Pattern]) -> u64 {
    let mut hash = Xxh3::new();
    let mut word = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for rule in rules {
        word(rule.id.as_bytes());
        word(rule.class.code.as_bytes());
        word(rule.title.as_bytes());
        word(rule.severity.map_or("", |severity| severity.word()).as_bytes());
        word(rule.confidence.word().as_bytes());
        for keyword in &rule.keywords {
            word(keyword);
        }
        word(rule.pattern.as_ref().map_or("", |pattern| pattern.as_str()).as_bytes());
        word(rule.check.as_ref().map_or("", |check| check.name).as_bytes());
        word(format!("{:?}", (rule.entropy, rule.before, rule.after, rule.group)).as_bytes());
        word(&[rule.binary.into(), rule.context.into(), rule.case_sensitive.into(), rule.users.into()]);
        word(b"allow");
        rule.allow.iter().for_each(|pattern| word(pattern.as_str().as_bytes()));
        for allow in &rule.exceptions {
            for list in [&allow.paths, &allow.values, &allow.lines, &allow.blocks] {
                word(b"list");
                list.iter().for_each(|pattern| word(pattern.as_str().as_bytes()));
            }
            allow.stop_words.iter().for_each(|stop| word(stop));
            word(&[allow.all.into()]);
        }
        word(rule.paths.as_ref().map_or("", |pattern| pattern.as_str()).as_bytes());
    }
    for pattern in ignored {
        word(pattern.as_str().as_bytes());
    }
    hash.finish()
}
