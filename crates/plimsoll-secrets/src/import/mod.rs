//! Users' rules: Plimsoll's own form, `trivy-secret.yaml` and `gitleaks.toml`.

mod gitleaks;
mod go_regex;
mod literals;
mod trivy;

use std::sync::Arc;

use plimsoll_analysis::{Analyzer, ImageRules};

use crate::engine::Engine;
use crate::rule::{self, Pattern, Rule, RuleError};

/// Which rules are used.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// Files of rules: their names, which tell the format, and their texts.
    pub files: Vec<(String, String)>,
    /// Ids of rules that are not used.
    pub disabled: Vec<String>,
    /// True when only the rules of `files` are used.
    pub without_built_in: bool,
}

/// What a file of users' rules says.
#[derive(Default)]
pub(crate) struct Imported {
    pub(crate) rules: Vec<Rule>,
    pub(crate) disabled: Vec<String>,
    /// The only rules of Plimsoll's own that stay; `None` for all.
    pub(crate) enabled: Option<Vec<String>>,
    /// Exceptions for every rule, Plimsoll's own included.
    pub(crate) allow: Vec<Arc<Allow>>,
    /// Paths that are not looked at.
    pub(crate) ignored_paths: Vec<Pattern>,
}

/// When a match is left out.
#[derive(Default)]
pub struct Allow {
    pub(crate) paths: Vec<Pattern>,
    pub(crate) values: Vec<Pattern>,
    pub(crate) lines: Vec<Pattern>,
    /// In lower case.
    pub(crate) stop_words: Vec<Vec<u8>>,
    /// Matches that lie inside a match of one of these are left out.
    pub(crate) blocks: Vec<Pattern>,
    /// True when each list that is there must match, not one of them.
    pub(crate) all: bool,
    /// The only rules that it is for; empty for all.
    pub(crate) rules: Vec<String>,
}

impl Allow {
    /// True when a match is to be left out. `around` is text around the value, which begins at `at` in it.
    pub(crate) fn leaves_out(
        &self,
        path: &[u8],
        secret: &[u8],
        line: &[u8],
        around: &[u8],
        at: usize,
    ) -> bool {
        let stop = || {
            let lower = secret.to_ascii_lowercase();
            self.stop_words.iter().any(|word| memchr::memmem::find(&lower, word).is_some())
        };
        let block = || {
            self.blocks.iter().filter_map(Pattern::get).any(|regex| {
                regex.find_iter(around).any(|found| found.start() <= at && at + secret.len() <= found.end())
            })
        };
        let mut lists = [
            (!self.paths.is_empty()).then(|| self.paths.iter().any(|pattern| pattern.is_match(path))),
            (!self.values.is_empty()).then(|| self.values.iter().any(|pattern| pattern.is_match(secret))),
            (!self.lines.is_empty()).then(|| self.lines.iter().any(|pattern| pattern.is_match(line))),
            (!self.stop_words.is_empty()).then(stop),
            (!self.blocks.is_empty()).then(block),
        ]
        .into_iter()
        .flatten()
        .peekable();
        lists.peek().is_some()
            && if self.all { lists.all(|matches| matches) } else { lists.any(|matches| matches) }
    }

    pub(crate) fn compile(&self) -> Result<(), String> {
        let lists = [&self.paths, &self.values, &self.lines, &self.blocks];
        lists.into_iter().flatten().try_for_each(Pattern::check)
    }
}

/// The engine for a configuration.
///
/// # Errors
///
/// When a file or a rule is not valid: the error names the file, the rule and the reason.
pub fn engine(config: &Config) -> Result<Arc<Engine>, RuleError> {
    if config.files.is_empty() && config.disabled.is_empty() && !config.without_built_in {
        return Ok(Engine::built_in());
    }
    let mut built_in = if config.without_built_in { Vec::new() } else { Engine::built_in_rules()? };
    let mut own: Vec<Rule> = Vec::new();
    let mut disabled = config.disabled.clone();
    let mut allow = Vec::new();
    let mut ignored_paths = Vec::new();
    for (name, text) in &config.files {
        let imported = read(name, text)?;
        if let Some(enabled) = imported.enabled {
            built_in.retain(|rule| enabled.contains(&rule.id));
        }
        disabled.extend(imported.disabled);
        allow.extend(imported.allow);
        ignored_paths.extend(imported.ignored_paths);
        own.extend(imported.rules);
    }
    // A user's rule takes the place of ours with the same id.
    built_in.retain(|rule| own.iter().all(|own| own.id != rule.id));
    let mut rules = built_in;
    rules.extend(own);
    rules.retain(|rule| !disabled.contains(&rule.id));
    for rule in &mut rules {
        let for_it = allow.iter().filter(|allow| allow.rules.is_empty() || allow.rules.contains(&rule.id));
        rule.exceptions.extend(for_it.cloned());
    }
    Engine::new(rules, ignored_paths).map(Arc::new)
}

/// The analyzer for a configuration.
///
/// # Errors
///
/// As for [`engine`].
pub fn analyzer(config: &Config) -> Result<Arc<dyn Analyzer>, RuleError> {
    Ok(Arc::new(crate::content::Content::new(Some(engine(config)?))))
}

/// The rules over whole images for a configuration.
///
/// # Errors
///
/// As for [`engine`].
pub fn image_rules(config: &Config) -> Result<Vec<Box<dyn ImageRules>>, RuleError> {
    Ok(vec![Box::new(crate::image::SecretsInImage::new(Some(engine(config)?)))])
}

/// The largest file of rules.
const MAX_FILE: usize = 4 << 20;

fn read(name: &str, text: &str) -> Result<Imported, RuleError> {
    let fail =
        |reason: &str| RuleError { file: name.to_owned(), rule: String::new(), reason: reason.to_owned() };
    if text.len() > MAX_FILE {
        return Err(fail("the file is larger than 4 MiB"));
    }
    let lower = name.to_ascii_lowercase();
    if lower.ends_with(".yaml") || lower.ends_with(".yml") {
        return trivy::read(name, text);
    }
    if !lower.ends_with(".toml") {
        return Err(fail("the name ends neither with .toml nor with .yaml"));
    }
    let line = |start: &str| text.lines().any(|line| line.trim_start().starts_with(start));
    if line("[[rules]]") || line("[extend]") || line("[allowlist]") || line("[[allowlists]]") {
        return gitleaks::read(name, text);
    }
    let mut rules = rule::parse(name, text)?;
    for rule in &mut rules {
        rule.users = true;
        finish(rule, name)?;
    }
    Ok(Imported { rules, ..Imported::default() })
}

/// Checks a user's rule in full, since nobody else did.
fn finish(rule: &Rule, file: &str) -> Result<(), RuleError> {
    let fail = |reason: String| RuleError { file: file.to_owned(), rule: rule.id.clone(), reason };
    rule.compile().map_err(fail)?;
    rule.validate().map_err(fail)
}

/// Finds keywords for a rule that came without usable ones, and how far its matches reach.
fn keywords(rule: &mut Rule, given: &[String]) -> Result<(), String> {
    let Some(pattern) = &rule.pattern else { return Ok(()) };
    let hir = pattern.hir()?;
    let found = literals::required(&hir);
    let usable: Vec<Vec<u8>> = given
        .iter()
        .map(|word| word.to_ascii_lowercase().into_bytes())
        .filter(|word| rule::is_usable_keyword(word))
        .collect();
    rule.keywords = match found {
        Some(found) => found,
        // A word that the expression does not hold must stand near the match all the same.
        None if !usable.is_empty() && usable.len() == given.len() => usable,
        None => {
            return Err(
                "there is no text of 3 bytes or more that every match contains, and no usable keyword; \
                        an expression alone would have to be held against every byte"
                    .to_owned(),
            );
        }
    };
    let longest = hir.properties().maximum_len().unwrap_or(2 << 10);
    rule.before = longest.clamp(64, rule::MAX_BEFORE);
    rule.after = longest.clamp(512, rule::MAX_AFTER);
    Ok(())
}
