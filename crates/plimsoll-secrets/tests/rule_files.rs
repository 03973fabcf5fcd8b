//! Holds the rule files to their own examples: every rule parses, finds each of its examples within its window, and none of
//! its negatives; its keywords stand in what it finds. The checks of checksums and structures are the engine's to test.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Rule {
    id: String,
    class: String,
    title: String,
    severity: Option<String>,
    confidence: Option<String>,
    keywords: Vec<String>,
    #[serde(default)]
    case_sensitive: bool,
    pattern: String,
    #[serde(default)]
    binary: bool,
    #[serde(default)]
    context: bool,
    check: Option<String>,
    entropy: Option<f64>,
    before: Option<usize>,
    after: Option<usize>,
    #[serde(default)]
    allow: Vec<String>,
    paths: Option<String>,
    examples: Vec<String>,
    negatives: Vec<String>,
}

const CLASSES: &[&str] = &[
    "SEC-TOKEN",
    "SEC-CLOUD",
    "SEC-PRIVKEY",
    "SEC-DBURL",
    "SEC-PASSWORD",
    "SEC-GENERIC",
    "SEC-HASH",
    "SEC-CREDFILE",
];

const CHECKS: &[&str] = &[
    "github-crc32",
    "npm-crc32",
    "gitlab-routable",
    "pypi-macaroon",
    "jwt",
    "google-service-account",
    "pem-key",
    "aws-key-id",
    "basic-auth",
];

/// The window around a keyword where a rule says nothing else.
const BEFORE: usize = 32;
const AFTER: usize = 512;

/// A separator stands this near behind the keyword of a context rule.
const SEPARATOR: usize = 40;

fn rules() -> Vec<(String, Rule)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut rules = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        rules.extend(file.rule.into_iter().map(|rule| (name.clone(), rule)));
    }
    rules
}

fn compiled(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).unicode(false).build().unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// Shannon's bits for each byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_usize; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let all = bytes.len() as f64;
    counts.iter().filter(|&&count| count > 0).map(|&count| count as f64 / all).map(|p| -p * p.log2()).sum()
}

/// A rule with its expressions.
struct Ready<'a> {
    rule: &'a Rule,
    regex: Regex,
    allow: Vec<Regex>,
}

impl Ready<'_> {
    /// Where the rule's keywords stand in a text.
    fn keywords(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for keyword in &self.rule.keywords {
            for (at, window) in text.windows(keyword.len()).enumerate() {
                let same = match self.rule.case_sensitive {
                    true => window == keyword.as_bytes(),
                    false => window.eq_ignore_ascii_case(keyword.as_bytes()),
                };
                if same {
                    found.push((at, at + keyword.len()));
                }
            }
        }
        found
    }

    /// The secrets that the rule finds in a text, apart from its `check`.
    fn find<'t>(&self, text: &'t [u8]) -> Vec<&'t [u8]> {
        let mut found = Vec::new();
        for (start, end) in self.keywords(text) {
            let near = &text[end..text.len().min(end + SEPARATOR)];
            if self.rule.context && !near.iter().any(|byte| b"=:>,|".contains(byte)) {
                continue;
            }
            let from = start.saturating_sub(self.rule.before.unwrap_or(BEFORE));
            let to = text.len().min(end + self.rule.after.unwrap_or(AFTER));
            for captures in self.regex.captures_iter(&text[from..to]) {
                let secret = captures.name("secret").or_else(|| captures.get(1));
                let secret = secret.unwrap_or_else(|| panic!("{}: a match without its secret", self.rule.id));
                let secret = secret.as_bytes();
                let random = self.rule.entropy.is_none_or(|least| entropy(secret) >= least);
                if random && !self.allow.iter().any(|allow| allow.is_match(secret)) {
                    found.push(secret);
                }
            }
        }
        found
    }
}

#[test]
fn rules_hold_what_their_examples_say() {
    let rules = rules();
    let mut faults = Vec::new();
    for (file, rule) in &rules {
        let ready = Ready {
            rule,
            regex: compiled(&rule.pattern),
            allow: rule.allow.iter().map(|allow| compiled(allow)).collect(),
        };
        let mut fault = |text: String| faults.push(format!("{file}: {}: {text}", rule.id));
        if let Some(paths) = &rule.paths {
            compiled(paths);
        }
        if ready.regex.is_match(b"") {
            fault("matches the empty text".to_owned());
        }
        let mut groups = ready.regex.capture_names().flatten();
        if ready.regex.captures_len() < 2 || groups.any(|group| group != "secret") {
            fault("has no group for the secret, or a group of another name".to_owned());
        }
        if rule.pattern.len() > 2_048 {
            fault(format!("has a pattern of {} bytes", rule.pattern.len()));
        }
        if rule.examples.is_empty() || rule.negatives.is_empty() {
            fault("lacks examples or negatives".to_owned());
        }
        for example in &rule.examples {
            if !example.contains('§') {
                fault(format!("shows another scanner a secret: {example}"));
            }
            let text = example.replace('§', "");
            if ready.keywords(text.as_bytes()).is_empty() {
                fault(format!("has no keyword in {text}"));
            }
            if ready.find(text.as_bytes()).is_empty() {
                fault(format!("does not find {text}"));
            }
        }
        for negative in &rule.negatives {
            let text = negative.replace('§', "");
            if let Some(secret) = ready.find(text.as_bytes()).first() {
                fault(format!("finds {} in {text}", String::from_utf8_lossy(secret)));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(rules.len() >= 160, "only {} rules", rules.len());
}

#[test]
fn rules_are_well_formed() {
    let rules = rules();
    let mut ids = BTreeSet::new();
    let mut faults = Vec::new();
    for (file, rule) in &rules {
        let mut fault = |text: &str| faults.push(format!("{file}: {}: {text}", rule.id));
        if !ids.insert(&rule.id) {
            fault("is there twice");
        }
        let kebab = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if rule.id.is_empty() || !rule.id.bytes().all(kebab) {
            fault("has an id that is not in kebab case");
        }
        if rule.title.is_empty() || rule.title.ends_with('.') {
            fault("has no title, or one that ends with a stop");
        }
        if !CLASSES.contains(&rule.class.as_str()) {
            fault("has an unknown class");
        }
        let severities = ["critical", "high", "medium", "low", "negligible", "info"];
        if rule.severity.as_deref().is_some_and(|severity| !severities.contains(&severity)) {
            fault("has an unknown severity");
        }
        if rule.confidence.as_deref().is_some_and(|level| !["high", "medium", "low"].contains(&level)) {
            fault("has an unknown confidence");
        }
        if rule.check.as_deref().is_some_and(|check| !CHECKS.contains(&check)) {
            fault("has an unknown check");
        }
        if rule.keywords.is_empty() || rule.keywords.iter().any(|keyword| keyword.len() < 3) {
            fault("has no keyword, or one of fewer than three bytes");
        }
        if rule.keywords.iter().any(|keyword| keyword.len() < 4) && !rule.case_sensitive {
            fault("has a short keyword in any case");
        }
        if rule.binary && (!rule.case_sensitive || rule.context) {
            fault("looks into binaries without a strong prefix");
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// How many rules each class has; `cargo test -- --nocapture` shows it.
#[test]
fn every_class_has_rules() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (_, rule) in rules() {
        *counts.entry(rule.class).or_default() += 1;
    }
    println!("{counts:?}");
    for class in CLASSES {
        assert!(counts.contains_key(*class), "{class} has no rule");
    }
}
