//! The ignore rules of `.grype.yaml` (Grype documentation, "Filter results: ignore rules"): all fields of a rule must
//! hold. `include-aliases` is always on here: where Grype has a finding for a CVE and one for a GHSA, Plimsoll has one.

use plimsoll_advisory::vex::VexStatus;
use plimsoll_types::{Finding, MatchedBy, Package, Status};
use plimsoll_yaml::Spanned;
use regex::RegexBuilder;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Criterion, Waiver, line_of, parse_yaml, place};
use crate::PolicyError;

/// How much memory a compiled pattern may take.
const MAX_PATTERN: usize = 1 << 20;

#[derive(Deserialize)]
struct File {
    ignore: Option<Vec<Spanned<Rule>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    vulnerability: String,
    #[serde(default, rename = "include-aliases")]
    _include_aliases: Option<IgnoredAny>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    fix_state: String,
    #[serde(default)]
    package: RulePackage,
    #[serde(default)]
    vex_status: String,
    #[serde(default)]
    vex_justification: String,
    #[serde(default)]
    match_type: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct RulePackage {
    name: String,
    version: String,
    language: String,
    r#type: String,
    location: String,
    upstream_name: String,
}

pub(super) fn read(origin: &str, bytes: &[u8]) -> Result<Vec<Waiver>, PolicyError> {
    let Some(file) = parse_yaml::<File>(origin, bytes)? else { return Ok(Vec::new()) };
    file.ignore.into_iter().flatten().map(|rule| waiver(origin, rule)).collect()
}

fn waiver(origin: &str, rule: Spanned<Rule>) -> Result<Waiver, PolicyError> {
    let line = line_of(&rule);
    let rule = rule.value;
    let package = rule.package;
    let mut criteria = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut add = |text: &str, criterion: Criterion| {
        words.push(text.to_owned());
        criteria.push(criterion);
    };
    let said = |text: &str| !text.is_empty();
    if said(&rule.vulnerability) {
        add(&rule.vulnerability, Criterion::Id(vec![rule.vulnerability.clone()]));
    }
    if said(&rule.namespace) {
        add(&rule.namespace, Criterion::Namespace(rule.namespace.clone()));
    }
    if said(&rule.fix_state) {
        let statuses = match rule.fix_state.as_str() {
            "fixed" => vec![Status::Fixed],
            "not-fixed" => vec![Status::Affected, Status::FixDeferred, Status::EndOfLife],
            "wont-fix" => vec![Status::WillNotFix],
            "unknown" => vec![Status::UnderInvestigation],
            other => return Err(unknown(origin, line, "fix-state", other)),
        };
        add(&rule.fix_state, Criterion::Status(statuses));
    }
    if said(&package.name) {
        let pattern = RegexBuilder::new(&format!("^(?:{})$", package.name)).size_limit(MAX_PATTERN).build();
        let pattern = pattern.map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            PolicyError::at(origin, line, format!("the package name is no regular expression: {reason}"))
        })?;
        add(&package.name, Criterion::NamePattern(pattern));
    }
    if said(&package.version) {
        add(&package.version, Criterion::Version(package.version.clone()));
    }
    if said(&package.language) {
        add(&package.language, Criterion::Ecosystem(of_language(&package.language)));
    }
    if said(&package.r#type) {
        add(&package.r#type, Criterion::Ecosystem(of_type(&package.r#type)));
    }
    if said(&package.location) {
        add(&package.location, Criterion::Path(vec![package.location.clone()]));
    }
    if said(&package.upstream_name) {
        add(&package.upstream_name, Criterion::Upstream(package.upstream_name.clone()));
    }
    if said(&rule.match_type) {
        let criterion = match rule.match_type.as_str() {
            "exact-direct-match" => Criterion::MatchedBy(MatchedBy::Name),
            "exact-indirect-match" => Criterion::MatchedBy(MatchedBy::SourceName),
            "cpe-match" => Criterion::MatchedBy(MatchedBy::Cpe),
            other => return Err(unknown(origin, line, "match-type", other)),
        };
        add(&rule.match_type, criterion);
    }
    if said(&rule.vex_status) {
        let status = VexStatus::ALL.into_iter().find(|status| status.word() == rule.vex_status);
        let status = status.ok_or_else(|| unknown(origin, line, "vex-status", &rule.vex_status))?;
        add(&rule.vex_status, Criterion::VexStatus(status));
    }
    if said(&rule.vex_justification) {
        add(&rule.vex_justification, Criterion::VexJustification(rule.vex_justification.clone()));
    }
    // Grype has it that a rule without a criterion holds for nothing.
    if criteria.is_empty() {
        criteria.push(Criterion::Never);
    }
    let title = if words.is_empty() { "an empty rule".to_owned() } else { words.join(" ") };
    Ok(Waiver { criteria, reason: rule.reason, expires: None, origin: place(origin, line), title })
}

fn unknown(origin: &str, line: u64, key: &str, word: &str) -> PolicyError {
    let word: String = word.chars().take(40).collect();
    PolicyError::at(origin, line, format!("'{word}' is no {key}"))
}

/// The package-url types of Syft's package types, which Grype's rules name.
fn of_type(word: &str) -> Vec<String> {
    let known: &[&str] = match word {
        "python" => &["pypi"],
        "java-archive" | "jenkins-plugin" | "graalvm-native-image" => &["maven"],
        "go-module" => &["golang"],
        "rust-crate" => &["cargo"],
        "php-composer" | "php-pecl" => &["composer"],
        "dotnet" => &["nuget"],
        "dart-pub" => &["pub"],
        "pod" => &["cocoapods"],
        "R-package" => &["cran"],
        "erlang-otp" => &["otp"],
        "binary" => &["generic"],
        other => return vec![other.to_owned()],
    };
    known.iter().map(|kind| (*kind).to_owned()).collect()
}

/// The package-url types of a language, as Syft names languages.
fn of_language(word: &str) -> Vec<String> {
    let known: &[&str] = match word {
        "python" => &["pypi"],
        "javascript" => &["npm"],
        "java" => &["maven"],
        "ruby" => &["gem"],
        "go" => &["golang"],
        "rust" => &["cargo"],
        "php" => &["composer"],
        "dotnet" => &["nuget"],
        "dart" => &["pub"],
        "elixir" | "erlang" => &["hex", "otp"],
        "c++" => &["conan"],
        "swift" => &["swift", "cocoapods"],
        "haskell" => &["hackage"],
        "R" => &["cran"],
        other => return vec![other.to_owned()],
    };
    known.iter().map(|kind| (*kind).to_owned()).collect()
}

/// Whether a reason of the finding is of a namespace of Grype's database: `<source>:distro:<id>:<release>`,
/// `<source>:language:<language>`, `nvd:cpe`.
pub(super) fn in_namespace(namespace: &str, finding: &Finding, package: &Package) -> bool {
    let parts: Vec<&str> = namespace.split(':').collect();
    match parts.as_slice() {
        ["nvd", "cpe"] => finding.reasons.iter().any(|reason| reason.matched_by == MatchedBy::Cpe),
        [_, "distro", id, rest @ ..] => {
            let release = rest.join(":");
            finding.reasons.iter().any(|reason| {
                let (name, version) = reason.ecosystem.split_once(':').unwrap_or((&reason.ecosystem, ""));
                let version = version.strip_prefix('v').unwrap_or(version);
                let plain = |text: &str| -> String {
                    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
                };
                // Debian is `debian` in both; Red Hat is `redhat` there and `Red Hat` here.
                plain(name) == plain(id) && (release.is_empty() || release == version)
            })
        }
        [_, "language", language] => {
            of_language(language).iter().any(|kind| kind == package.ecosystem.purl_type)
                && !finding.reasons.iter().all(|reason| reason.matched_by == MatchedBy::Cpe)
        }
        _ => false,
    }
}
