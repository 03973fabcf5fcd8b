//! `gitleaks.toml`, as gitleaks 8 reads it.

use std::sync::Arc;

use plimsoll_types::{Severity, classes::secrets::TOKEN};
use serde::Deserialize;

use super::go_regex::translate;
use super::{Allow, Imported, finish, keywords};
use crate::rule::{Pattern, Rule, RuleError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawFile {
    #[serde(default)]
    extend: RawExtend,
    #[serde(default)]
    rules: Vec<RawRule>,
    allowlist: Option<RawAllow>,
    #[serde(default)]
    allowlists: Vec<RawAllow>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct RawExtend {
    #[serde(default)]
    use_default: bool,
    #[serde(default)]
    disabled_rules: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRule {
    id: String,
    #[serde(default)]
    description: String,
    regex: Option<String>,
    path: Option<String>,
    secret_group: Option<usize>,
    entropy: Option<f32>,
    #[serde(default)]
    keywords: Vec<String>,
    allowlist: Option<RawAllow>,
    #[serde(default)]
    allowlists: Vec<RawAllow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawAllow {
    condition: Option<String>,
    #[serde(default)]
    paths: Vec<String>,
    regex_target: Option<String>,
    #[serde(default)]
    regexes: Vec<String>,
    #[serde(default)]
    stopwords: Vec<String>,
    #[serde(default)]
    target_rules: Vec<String>,
}

pub(super) fn read(file: &str, text: &str) -> Result<Imported, RuleError> {
    let fail =
        |rule: &str, reason: String| RuleError { file: file.to_owned(), rule: rule.to_owned(), reason };
    let raw: RawFile =
        toml::from_str(text).map_err(|error| fail("", error.to_string().trim().replace('\n', " ")))?;
    let mut imported = Imported { disabled: raw.extend.disabled_rules, ..Imported::default() };
    if !raw.extend.use_default && !raw.rules.is_empty() {
        // As gitleaks has it: a file that does not extend the default is all there is.
        imported.enabled = Some(Vec::new());
    }
    for allow in raw.allowlist.into_iter().chain(raw.allowlists) {
        let allow = exception(allow).map_err(|reason| fail("", reason))?;
        imported.allow.push(Arc::new(allow));
    }
    for raw in raw.rules {
        // A rule that only adds exceptions to one of the default's.
        let id = raw.id.clone();
        let lists = raw.allowlist.into_iter().chain(raw.allowlists);
        let exceptions: Vec<Allow> =
            lists.map(exception).collect::<Result<_, _>>().map_err(|reason| fail(&id, reason))?;
        if raw.regex.is_none() && raw.path.is_none() {
            let for_it =
                exceptions.into_iter().map(|allow| Arc::new(Allow { rules: vec![id.clone()], ..allow }));
            imported.allow.extend(for_it);
            continue;
        }
        let title = if raw.description.is_empty() { id.clone() } else { raw.description };
        let mut rule = Rule::new(id.clone(), TOKEN, title.chars().take(200).collect(), file);
        rule.users = true;
        rule.severity = Some(Severity::High);
        rule.entropy = raw.entropy.filter(|bits| *bits > 0.0);
        rule.group = raw.secret_group.filter(|group| *group > 0);
        rule.pattern = raw.regex.map(|regex| Pattern::new(translate(&regex)));
        rule.paths = raw.path.map(|path| Pattern::new(translate(&path)));
        rule.exceptions = exceptions.into_iter().map(Arc::new).collect();
        keywords(&mut rule, &raw.keywords).map_err(|reason| fail(&id, reason))?;
        finish(&rule, file)?;
        imported.rules.push(rule);
    }
    Ok(imported)
}

fn exception(raw: RawAllow) -> Result<Allow, String> {
    let patterns =
        |texts: Vec<String>| texts.iter().map(|text| Pattern::new(translate(text))).collect::<Vec<_>>();
    let regexes = patterns(raw.regexes);
    let (values, lines) = match raw.regex_target.as_deref() {
        None | Some("" | "secret") => (regexes, Vec::new()),
        // The whole match is part of the line; what is looked for in it is found there as well.
        Some("line" | "match") => (Vec::new(), regexes),
        Some(other) => return Err(format!("'{other}' is no regexTarget")),
    };
    let all = match raw.condition.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("" | "OR" | "||") => false,
        Some("AND" | "&&") => true,
        Some(other) => return Err(format!("'{other}' is no condition")),
    };
    let allow = Allow {
        paths: patterns(raw.paths),
        values,
        lines,
        stop_words: raw.stopwords.iter().map(|word| word.to_ascii_lowercase().into_bytes()).collect(),
        blocks: Vec::new(),
        all,
        rules: raw.target_rules,
    };
    allow.compile()?;
    Ok(allow)
}
