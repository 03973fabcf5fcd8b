//! `trivy-secret.yaml`, as Trivy reads it.

use std::sync::Arc;

use plimsoll_types::{Severity, classes::secrets::TOKEN};
use serde::Deserialize;

use super::go_regex::translate;
use super::{Allow, Imported, finish, keywords};
use crate::rule::{Pattern, Rule, RuleError};

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct RawFile {
    rules: Vec<RawRule>,
    allow_rules: Vec<RawAllow>,
    enable_builtin_rules: Vec<String>,
    disable_rules: Vec<String>,
    /// Exceptions of Trivy's own, which it names; here they are part of the rules.
    #[serde(rename = "disable-allow-rules")]
    _disable_allow_rules: Vec<String>,
    exclude_block: RawBlock,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawRule {
    id: String,
    #[serde(default)]
    title: String,
    severity: Option<String>,
    regex: String,
    #[serde(default)]
    keywords: Vec<String>,
    path: Option<String>,
    secret_group_name: Option<String>,
    #[serde(default)]
    allow_rules: Vec<RawAllow>,
    #[serde(default)]
    exclude_block: RawBlock,
}

#[derive(Deserialize)]
struct RawAllow {
    regex: Option<String>,
    path: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawBlock {
    regexes: Vec<String>,
}

pub(super) fn read(file: &str, text: &str) -> Result<Imported, RuleError> {
    let fail =
        |rule: &str, reason: String| RuleError { file: file.to_owned(), rule: rule.to_owned(), reason };
    let raw: RawFile = plimsoll_yaml::parse(text).map_err(|error| fail("", error.to_string()))?;
    let mut imported = Imported { disabled: raw.disable_rules, ..Imported::default() };
    if !raw.enable_builtin_rules.is_empty() {
        imported.enabled = Some(raw.enable_builtin_rules);
    }
    for allow in raw.allow_rules {
        let allow = exception(allow).map_err(|reason| fail("", reason))?;
        imported.allow.push(Arc::new(allow));
    }
    if let Some(block) = blocks(raw.exclude_block).map_err(|reason| fail("", reason))? {
        imported.allow.push(Arc::new(block));
    }
    for raw in raw.rules {
        let id = raw.id.clone();
        let title = if raw.title.is_empty() { id.clone() } else { raw.title };
        let mut rule = Rule::new(id.clone(), TOKEN, title.chars().take(200).collect(), file);
        rule.users = true;
        let severity = raw.severity.as_deref().unwrap_or("high");
        rule.severity = Some(severity.parse::<Severity>().map_err(|error| fail(&id, error.to_string()))?);
        // The group that the rule names is the one that is called `secret` here.
        let regex = match &raw.secret_group_name {
            Some(name) => raw.regex.replace(&format!("(?P<{name}>"), "(?P<secret>"),
            None => raw.regex,
        };
        if raw.secret_group_name.is_some() && !regex.contains("(?P<secret>") {
            return Err(fail(
                &id,
                "the expression has no group of the name that secret-group-name gives".to_owned(),
            ));
        }
        if raw.secret_group_name.is_none() {
            rule.group = Some(0);
        }
        rule.pattern = Some(Pattern::new(translate(&regex)));
        rule.paths = raw.path.map(|path| Pattern::new(translate(&path)));
        let lists = raw.allow_rules.into_iter().map(exception).collect::<Result<Vec<_>, _>>();
        rule.exceptions = lists.map_err(|reason| fail(&id, reason))?.into_iter().map(Arc::new).collect();
        rule.exceptions.extend(blocks(raw.exclude_block).map_err(|reason| fail(&id, reason))?.map(Arc::new));
        keywords(&mut rule, &raw.keywords).map_err(|reason| fail(&id, reason))?;
        finish(&rule, file)?;
        imported.rules.push(rule);
    }
    Ok(imported)
}

fn exception(raw: RawAllow) -> Result<Allow, String> {
    let patterns =
        |text: Option<String>| text.iter().map(|text| Pattern::new(translate(text))).collect::<Vec<_>>();
    let allow = Allow { paths: patterns(raw.path), values: patterns(raw.regex), ..Allow::default() };
    allow.compile()?;
    Ok(allow)
}

fn blocks(raw: RawBlock) -> Result<Option<Allow>, String> {
    if raw.regexes.is_empty() {
        return Ok(None);
    }
    let blocks = raw.regexes.iter().map(|text| Pattern::new(translate(text))).collect();
    let allow = Allow { blocks, ..Allow::default() };
    allow.compile()?;
    Ok(Some(allow))
}
