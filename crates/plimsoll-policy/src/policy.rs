//! The policy: what an image must keep to, as `--policy FILE` or the key `policy` of `.plimsoll.yaml` says it.
//! `docs/policy.md` describes every key.

use std::collections::BTreeSet;
use std::fmt;

use plimsoll_types::{Severity, Status};
use plimsoll_yaml::Spanned;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny};

use crate::risk::Hundredths;
use crate::rules::{Action, Rule, Subject};
use crate::yaml::parse as parse_yaml;
use crate::{PolicyError, RiskModel};

/// The most rules of a policy.
const MAX_RULES: usize = 256;

/// What a check asks for, and the exit code when it is not so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Check<T> {
    /// The threshold.
    pub limit: T,
    /// The exit code; the run's own where none is given.
    pub exit_code: Option<u8>,
}

impl<T> Check<T> {
    /// A check with the run's own exit code.
    pub fn new(limit: T) -> Check<T> {
        Check { limit, exit_code: None }
    }
}

/// What an image must keep to.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Shown findings of this severity or worse violate it.
    pub severity: Option<Check<Severity>>,
    /// Any shown finding violates it, as the exit code alone means in other scanners.
    pub any_finding: Option<Check<()>>,
    /// Leave out what no version fixes.
    pub ignore_unfixed: bool,
    /// Leave out what has one of these statuses.
    pub ignore_statuses: BTreeSet<Status>,
    /// Shown findings with a higher risk violate it.
    pub max_risk: Option<Check<Hundredths>>,
    /// An image with a higher risk violates it.
    pub max_image_risk: Option<Check<Hundredths>>,
    /// An older image violates it; in days.
    pub max_image_age: Option<Check<u32>>,
    /// An image on a release past its end of life violates it. True counts from the end of paid support.
    pub end_of_life: Option<Check<bool>>,
    /// Shown findings that are known to be exploited violate it.
    pub known_exploited: Option<Check<()>>,
    /// Shown findings whose fix has been there for longer violate it; in days.
    pub fix_available_for_days: Option<Check<u32>>,
    /// A scan that is not complete violates it.
    pub require_complete: Option<Check<()>>,
    /// The exit code for waivers that have expired and whose finding is there.
    pub expired_waivers: Option<u8>,
    /// Rules in the order in which they are tried.
    pub rules: Vec<Rule>,
    /// The constants of the risk.
    pub risk: RiskModel,
}

/// A file that may hold a policy under the key `policy`, beside what is read elsewhere.
#[derive(Deserialize)]
struct Wrapped {
    #[serde(default)]
    policy: Option<File>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
struct File {
    severity: Option<Spanned<Setting<String>>>,
    ignore_unfixed: bool,
    ignore_status: Vec<Word<Status>>,
    max_risk: Option<Setting<Hundredths>>,
    max_image_risk: Option<Setting<Hundredths>>,
    max_image_age: Option<Setting<Days>>,
    end_of_life: Option<Setting<EndOfLife>>,
    known_exploited: Option<Setting<On>>,
    fix_available_for_days: Option<Setting<u32>>,
    require_complete: Option<Setting<On>>,
    expired_waivers: Option<Expired>,
    risk: Option<Spanned<RiskModel>>,
    rules: Vec<Spanned<RuleEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Expired {
    exit_code: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RuleEntry {
    name: String,
    expression: Spanned<String>,
    #[serde(default)]
    action: Action,
    #[serde(default)]
    on: Subject,
    #[serde(default)]
    reason: String,
    exit_code: Option<u8>,
}

/// A value, or a mapping with the value as `limit` and an `exitCode`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a value, or a mapping with limit and exitCode")]
enum Setting<T> {
    Full(Full<T>),
    Short(T),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Full<T> {
    limit: T,
    exit_code: Option<u8>,
}

impl<T> Setting<T> {
    fn check<U>(self, value: impl FnOnce(T) -> Option<U>) -> Option<Check<U>> {
        let (limit, exit_code) = match self {
            Setting::Full(full) => (full.limit, full.exit_code),
            Setting::Short(limit) => (limit, None),
        };
        value(limit).map(|limit| Check { limit, exit_code })
    }
}

/// A switch.
#[derive(Deserialize)]
struct On(bool);

impl On {
    fn set(self) -> Option<()> {
        self.0.then_some(())
    }
}

/// `true` for the end of security support for everyone, `extended` for the end of paid or long-term support.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected true, false or extended")]
enum EndOfLife {
    Switch(bool),
    Word(ExtendedWord),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum ExtendedWord {
    Extended,
}

/// A word of a register.
struct Word<T>(T);

impl<'de> Deserialize<'de> for Word<Status> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        status(&text).map(Word).map_err(D::Error::custom)
    }
}

/// A word that is no status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusError(String);

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a status", self.0)
    }
}

impl std::error::Error for StatusError {}

/// The status that a word means; `unknown`, as Trivy has it, is the one that says nothing of a fix.
///
/// # Errors
///
/// When it means none.
pub fn status(word: &str) -> Result<Status, StatusError> {
    let word = word.trim().to_ascii_lowercase().replace('-', "_");
    match word.as_str() {
        "unknown" => Ok(Status::Affected),
        _ => Status::ALL
            .into_iter()
            .find(|status| status.word() == word)
            .ok_or_else(|| StatusError(word.chars().take(40).collect())),
    }
}

/// A number of days, or a text such as `90d`, `12w` or `1y`.
struct Days(u32);

impl<'de> Deserialize<'de> for Days {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected a number of days such as 90 or 90d")]
        enum Raw {
            Number(u32),
            Text(String),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Number(days) => Ok(Days(days)),
            Raw::Text(text) => {
                days(&text).map(Days).ok_or_else(|| D::Error::custom("expected days such as 90d, 12w or 1y"))
            }
        }
    }
}

fn days(text: &str) -> Option<u32> {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let each = match unit.trim() {
        "" | "d" => 1,
        "w" => 7,
        "y" => 365,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(each)
}

impl Policy {
    /// Reads a policy file: the policy itself, or one under the key `policy`.
    ///
    /// # Errors
    ///
    /// When it is none, a rule is wrong, or a constant cannot be used.
    pub fn read(origin: &str, bytes: &[u8]) -> Result<Policy, PolicyError> {
        #[derive(Deserialize)]
        struct Probe {
            policy: Option<IgnoredAny>,
        }
        // A file that is no mapping is told by the second reading, which says what it should be.
        if let Ok(Some(Probe { policy: Some(_) })) = parse_yaml::<Probe>(origin, bytes) {
            return Ok(Policy::read_wrapped(origin, bytes)?.unwrap_or_default());
        }
        let file: File = parse_yaml(origin, bytes)?.unwrap_or_default();
        Policy::new(origin, file)
    }

    /// The policy under the key `policy` of a file that holds other things too; `None` when it has no such key.
    ///
    /// # Errors
    ///
    /// As for [`Policy::read`].
    pub fn read_wrapped(origin: &str, bytes: &[u8]) -> Result<Option<Policy>, PolicyError> {
        let file: Option<Wrapped> = parse_yaml(origin, bytes)?;
        file.and_then(|file| file.policy).map(|file| Policy::new(origin, file)).transpose()
    }

    fn new(origin: &str, file: File) -> Result<Policy, PolicyError> {
        let risk = match file.risk {
            None => RiskModel::default(),
            Some(risk) => {
                let line = risk.referenced.line();
                risk.value.check().map_err(|error| PolicyError::at(origin, line, error.to_string()))?;
                risk.value
            }
        };
        // Parsed here, where the reason for a refusal is not lost.
        let severity = match file.severity {
            None => None,
            Some(setting) => {
                let line = setting.referenced.line();
                match setting.value.check(Some) {
                    None => None,
                    Some(Check { limit, exit_code }) => {
                        let parsed: Result<Severity, _> = limit.parse();
                        let limit =
                            parsed.map_err(|error| PolicyError::at(origin, line, error.to_string()))?;
                        Some(Check { limit, exit_code })
                    }
                }
            }
        };
        if let Some(entry) = file.rules.get(MAX_RULES) {
            let message = format!("more than {MAX_RULES} rules");
            return Err(PolicyError::at(origin, entry.referenced.line(), message));
        }
        let mut rules: Vec<Rule> = Vec::with_capacity(file.rules.len());
        for entry in file.rules {
            let (line, entry) = (entry.referenced.line(), entry.value);
            if rules.iter().any(|rule| rule.name == entry.name) {
                return Err(PolicyError::at(origin, line, format!("there are two rules '{}'", entry.name)));
            }
            let rule = Rule {
                origin: format!("{origin}:{line}"),
                name: entry.name,
                action: entry.action,
                on: entry.on,
                reason: entry.reason.trim().to_owned(),
                exit_code: entry.exit_code,
                expression: entry.expression.value,
            };
            let line = entry.expression.referenced.line();
            rule.check()
                .map_err(|error| PolicyError::at(origin, line, format!("rule '{}': {error}", rule.name)))?;
            rules.push(rule);
        }
        Ok(Policy {
            severity,
            any_finding: None,
            ignore_unfixed: file.ignore_unfixed,
            ignore_statuses: file.ignore_status.into_iter().map(|word| word.0).collect(),
            max_risk: file.max_risk.and_then(|setting| setting.check(Some)),
            max_image_risk: file.max_image_risk.and_then(|setting| setting.check(Some)),
            max_image_age: file.max_image_age.and_then(|setting| setting.check(|days| Some(days.0))),
            end_of_life: file.end_of_life.and_then(|setting| {
                setting.check(|word| match word {
                    EndOfLife::Switch(on) => on.then_some(false),
                    EndOfLife::Word(ExtendedWord::Extended) => Some(true),
                })
            }),
            known_exploited: file.known_exploited.and_then(|setting| setting.check(On::set)),
            fix_available_for_days: file.fix_available_for_days.and_then(|setting| setting.check(Some)),
            require_complete: file.require_complete.and_then(|setting| setting.check(On::set)),
            expired_waivers: file.expired_waivers.map(|expired| expired.exit_code),
            rules,
            risk,
        })
    }
}
