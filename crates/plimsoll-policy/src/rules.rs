//! Rules in CEL, the Common Expression Language: one expression over a finding, an image and the time.
//!
//! The interpreter is guarded: expressions are short, nest little and loop over short lists, it runs on a thread with a
//! stack of its own, and should it panic all the same, the rule is what is wrong.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::{Context, Program, Value};
use plimsoll_types::{Detection, Finding, Package, TargetReport, Timestamp};
use serde::{Deserialize, Serialize};

use crate::risk::is_root;

/// The longest expression, in bytes.
const MAX_EXPRESSION: usize = 2_048;
/// How deep an expression may nest.
const MAX_DEPTH: u16 = 32;
/// How many loops (`all`, `exists`, `map`, `filter`) may lie in each other.
const MAX_LOOPS: usize = 2;
/// The most items of a list that a rule sees.
const MAX_ITEMS: usize = 64;
/// The stack on which expressions are read and evaluated.
const STACK: usize = 64 << 20;

/// What a rule does with the findings for which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The image violates the policy.
    #[default]
    Deny,
    /// It is told, and that is all.
    Warn,
    /// The finding is held back.
    Ignore,
}

impl Action {
    /// The word, such as `deny`.
    pub const fn word(self) -> &'static str {
        match self {
            Action::Deny => "deny",
            Action::Warn => "warn",
            Action::Ignore => "ignore",
        }
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// Vulnerabilities in packages: the expression sees `finding`.
    #[default]
    Vulnerabilities,
    /// Secrets, configuration, malware, tampering: the expression sees `detection`.
    Detections,
}

/// A rule of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name, which is unique in the policy.
    pub name: String,
    /// The expression.
    pub expression: String,
    /// What it is about.
    pub on: Subject,
    /// What becomes of the findings for which it is true.
    pub action: Action,
    /// Why; may be empty.
    pub reason: String,
    /// The exit code; the run's own where none is given.
    pub exit_code: Option<u8>,
    /// Where it is written: file and line.
    pub origin: String,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// It is longer than any that people write.
    #[error("the expression has more than {MAX_EXPRESSION} bytes")]
    TooLong,
    /// It loops in loops in loops.
    #[error("more than {MAX_LOOPS} loops lie in each other")]
    Loops,
    /// It is not in the language.
    #[error("{0}")]
    Syntax(String),
    /// It cannot be evaluated.
    #[error("{0}")]
    Evaluation(String),
    /// It gives something else than true or false.
    #[error("it gives {0} instead of true or false")]
    Type(String),
    /// The interpreter failed.
    #[error("the interpreter failed on it")]
    Panic,
}

impl Rule {
    /// Reads the expression and tries it on a finding, so that a misspelt name is told before a scan.
    ///
    /// # Errors
    ///
    /// When it cannot be used.
    pub fn check(&self) -> Result<(), RuleError> {
        isolated(|| {
            let program = compile(&self.expression)?;
            let variables = Variables::sample(self.on).map_err(RuleError::Evaluation)?;
            variables.holds(&program).map(|_| ())
        })
    }
}

/// Runs `work` on a thread with enough stack, and turns a panic into an error.
fn isolated<T: Send>(work: impl FnOnce() -> Result<T, RuleError> + Send) -> Result<T, RuleError> {
    std::thread::scope(|scope| {
        let guarded = || catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(RuleError::Panic));
        match std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, guarded) {
            Ok(thread) => thread.join().unwrap_or(Err(RuleError::Panic)),
            Err(_) => Err(RuleError::Evaluation("no thread can be started for it".to_owned())),
        }
    })
}

fn compile(expression: &str) -> Result<Program, RuleError> {
    if expression.len() > MAX_EXPRESSION {
        return Err(RuleError::TooLong);
    }
    // The interpreter's parser takes any length of such chains as nesting; nobody writes so many.
    let program = Program::compile(expression).map_err(|errors| {
        let text = errors.to_string();
        // The place in the expression comes first: line and column.
        let first = text.lines().next().unwrap_or_default();
        RuleError::Syntax(first.trim_start_matches("ERROR: <input>:").chars().take(200).collect())
    })?;
    check_shape(program.expression(), 0, 0)?;
    Ok(program)
}

/// Holds the nesting of an expression and of its loops against the limits.
fn check_shape(expression: &IdedExpr, depth: u16, loops: usize) -> Result<(), RuleError> {
    // Chains such as `a || b || c` nest to one side, one level an operator.
    if depth > MAX_DEPTH * 16 {
        return Err(RuleError::Syntax("it nests too deep".to_owned()));
    }
    let below = |inner: &IdedExpr, loops| check_shape(inner, depth + 1, loops);
    match &expression.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => Ok(()),
        Expr::Call(call) => {
            call.target.iter().try_for_each(|target| below(target, loops))?;
            call.args.iter().try_for_each(|argument| below(argument, loops))
        }
        Expr::Comprehension(comprehension) => {
            if loops >= MAX_LOOPS {
                return Err(RuleError::Loops);
            }
            below(&comprehension.iter_range, loops)?;
            [
                &comprehension.accu_init,
                &comprehension.loop_cond,
                &comprehension.loop_step,
                &comprehension.result,
            ]
            .into_iter()
            .try_for_each(|inner| below(inner, loops + 1))
        }
        Expr::List(list) => list.elements.iter().try_for_each(|element| below(element, loops)),
        Expr::Select(select) => below(&select.operand, loops),
        Expr::Map(map) => entries(&map.entries, &below, loops),
        Expr::Struct(value) => entries(&value.entries, &below, loops),
    }
}

fn entries(
    entries: &[cel::common::ast::IdedEntryExpr],
    below: &dyn Fn(&IdedExpr, usize) -> Result<(), RuleError>,
    loops: usize,
) -> Result<(), RuleError> {
    entries.iter().try_for_each(|entry| match &entry.expr {
        EntryExpr::StructField(field) => below(&field.value, loops),
        EntryExpr::MapEntry(entry) => {
            below(&entry.key, loops)?;
            below(&entry.value, loops)
        }
    })
}

/// Which rules hold for which findings.
pub(crate) struct Held {
    /// Per finding, the numbers of the rules that hold, in the order of the rules.
    pub(crate) by_finding: Vec<Vec<usize>>,
    /// Rules that could not be evaluated, with the finding's number and the first error of each.
    pub(crate) faults: Vec<(usize, usize, RuleError)>,
}

/// Evaluates rules on all vulnerabilities of a target.
pub(crate) fn evaluate(rules: &[&Rule], target: &TargetReport, now: Timestamp) -> Result<Held, RuleError> {
    run(rules, target, now, target.findings.len(), |place| {
        let finding = target.findings.get(place)?;
        let package = target.packages.get(finding.package)?;
        Some(("finding", value(&FindingVariables::of(finding, package, now))))
    })
}

/// Evaluates rules on all detections of a target.
pub(crate) fn evaluate_detections(
    rules: &[&Rule],
    target: &TargetReport,
    now: Timestamp,
) -> Result<Held, RuleError> {
    run(rules, target, now, target.detections.len(), |place| {
        Some(("detection", value(&DetectionVariables::of(target.detections.get(place)?))))
    })
}

/// Evaluates rules on each of `count` things; `subject` gives the name and the value under which rules see one.
fn run(
    rules: &[&Rule],
    target: &TargetReport,
    now: Timestamp,
    count: usize,
    subject: impl Fn(usize) -> Option<(&'static str, Result<Value, String>)> + Sync,
) -> Result<Held, RuleError> {
    isolated(|| {
        let mut held = Held { by_finding: vec![Vec::new(); count], faults: Vec::new() };
        let image = value(&ImageVariables::of(target, now)).map_err(RuleError::Evaluation)?;
        let programs: Vec<Program> =
            rules.iter().map(|rule| compile(&rule.expression)).collect::<Result<_, _>>()?;
        for place in 0..count {
            let Some((name, subject)) = subject(place) else { continue };
            let variables = Variables {
                name,
                subject: subject.map_err(RuleError::Evaluation)?,
                image: image.clone(),
                now: now.to_string(),
            };
            for (number, program) in programs.iter().enumerate() {
                if held.faults.iter().any(|(rule, ..)| *rule == number) {
                    continue;
                }
                match catch_unwind(AssertUnwindSafe(|| variables.holds(program)))
                    .unwrap_or(Err(RuleError::Panic))
                {
                    Ok(true) => {
                        held.by_finding.get_mut(place).into_iter().for_each(|rules| rules.push(number))
                    }
                    Ok(false) => {}
                    Err(error) => held.faults.push((number, place, error)),
                }
            }
        }
        Ok(held)
    })
}

/// What an expression sees.
struct Variables {
    /// `finding` or `detection`.
    name: &'static str,
    subject: Value,
    image: Value,
    now: String,
}

impl Variables {
    /// Of a finding that has everything.
    fn sample(on: Subject) -> Result<Variables, String> {
        let (name, subject) = match on {
            Subject::Vulnerabilities => ("finding", value(&FindingVariables::default())?),
            Subject::Detections => ("detection", value(&DetectionVariables::default())?),
        };
        Ok(Variables {
            name,
            subject,
            image: value(&ImageVariables::default())?,
            now: Timestamp::default().to_string(),
        })
    }

    fn holds(&self, program: &Program) -> Result<bool, RuleError> {
        let mut context = Context::default();
        context.add_variable_from_value(self.name, self.subject.clone());
        context.add_variable_from_value("image", self.image.clone());
        context.add_variable_from_value("now", self.now.clone());
        match program.execute(&context) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(RuleError::Type(other.type_of().to_string())),
            Err(error) => Err(RuleError::Evaluation(error.to_string().chars().take(200).collect())),
        }
    }
}

fn value(variables: &impl Serialize) -> Result<Value, String> {
    cel::to_value(variables).map_err(|error| error.to_string())
}

/// `finding`. Every member is always there, so that a rule need not ask.
#[derive(Default, Serialize)]
struct FindingVariables<'a> {
    id: &'a str,
    aliases: Vec<&'a str>,
    title: &'a str,
    severity: &'static str,
    /// 0 for unknown to 5 for critical.
    severity_rank: u32,
    status: &'static str,
    fixed: bool,
    fixed_versions: Vec<&'a str>,
    /// -1 when nobody says.
    fix_available_days: i64,
    risk: f64,
    cvss: f64,
    /// 0 when unknown.
    epss: f64,
    epss_known: bool,
    kev: bool,
    public_exploit: bool,
    confidence: &'static str,
    cwes: Vec<&'a str>,
    /// RFC 3339; empty when unknown.
    published: String,
    /// -1 when unknown.
    published_days: i64,
    sources: Vec<&'a str>,
    package: PackageVariables<'a>,
}

#[derive(Default, Serialize)]
struct PackageVariables<'a> {
    name: &'a str,
    version: &'a str,
    ecosystem: &'a str,
    source: &'a str,
    purl: String,
    path: &'a str,
    paths: Vec<&'a str>,
    exposure: Vec<&'static str>,
    licenses: Vec<&'a str>,
    vendor: &'a str,
    /// -1 for a directory.
    layer: i64,
}

impl<'a> FindingVariables<'a> {
    fn of(finding: &'a Finding, package: &'a Package, now: Timestamp) -> FindingVariables<'a> {
        let vulnerability = &finding.vulnerability;
        let mut sources: Vec<&str> = finding.reasons.iter().map(|reason| reason.source.as_str()).collect();
        sources.sort_unstable();
        sources.dedup();
        FindingVariables {
            id: &vulnerability.id,
            aliases: texts(&vulnerability.aliases),
            title: &vulnerability.title,
            severity: vulnerability.severity.word(),
            severity_rank: vulnerability.severity as u32,
            status: finding.status.word(),
            fixed: !finding.fixed_versions.is_empty(),
            fixed_versions: texts(&finding.fixed_versions),
            fix_available_days: finding.fix_available.map_or(-1, |since| age_days(since, now)),
            risk: finding.risk.as_ref().map_or(0.0, |risk| f64::from(risk.score) / 100.0),
            cvss: vulnerability.score_tenths.map_or(0.0, |tenths| f64::from(tenths) / 10.0),
            epss: vulnerability.epss.map_or(0.0, |epss| f64::from(epss.score) / 100_000.0),
            epss_known: vulnerability.epss.is_some(),
            kev: vulnerability.known_exploited,
            public_exploit: vulnerability.public_exploit,
            confidence: finding.confidence.word(),
            cwes: texts(&vulnerability.cwes),
            published: vulnerability.published.map_or_else(String::new, |time| time.to_string()),
            published_days: vulnerability.published.map_or(-1, |time| age_days(time, now)),
            sources: sources.into_iter().take(MAX_ITEMS).collect(),
            package: PackageVariables {
                name: &package.name,
                version: &package.version,
                ecosystem: package.ecosystem.id,
                source: package.source.as_ref().map_or("", |source| &source.name),
                purl: package.purl.to_string(),
                path: package.locations.first().map_or("", |location| &location.path),
                paths: package
                    .locations
                    .iter()
                    .take(MAX_ITEMS)
                    .map(|location| location.path.as_str())
                    .collect(),
                exposure: package.exposure.iter().map(|exposure| exposure.word()).collect(),
                licenses: texts(&package.licenses),
                vendor: &package.vendor,
                layer: package.locations.first().and_then(|location| location.layer).map_or(-1, i64::from),
            },
        }
    }
}

/// `detection`. Every member is always there.
#[derive(Default, Serialize)]
struct DetectionVariables<'a> {
    /// The class' code, such as `SEC-TOKEN`.
    class: &'a str,
    rule: &'a str,
    /// `secret`, `misconfig`, `malware`, `integrity`, `license`.
    scanner: &'static str,
    aliases: Vec<&'a str>,
    severity: &'static str,
    /// 0 for unknown to 5 for critical.
    severity_rank: u32,
    confidence: &'static str,
    message: &'a str,
    cwes: Vec<String>,
    /// `file`, `env`, `history`, …
    kind: &'static str,
    /// The path, the variable, the key.
    path: &'a str,
    resource: &'a str,
    /// -1 when there is none.
    layer: i64,
    line: i64,
    /// True when the file is gone from the merged file system.
    hidden: bool,
}

impl<'a> DetectionVariables<'a> {
    fn of(detection: &'a Detection) -> DetectionVariables<'a> {
        let (class, place) = (detection.class, &detection.place);
        DetectionVariables {
            class: class.code,
            rule: &detection.rule,
            scanner: class.scanner.word(),
            aliases: class.aliases.to_vec(),
            severity: detection.severity.word(),
            severity_rank: detection.severity as u32,
            confidence: detection.confidence.word(),
            message: &detection.message,
            cwes: class.cwes.iter().map(|number| format!("CWE-{number}")).collect(),
            kind: place.kind.word(),
            path: &place.name,
            resource: &place.resource,
            layer: place.layer.map_or(-1, i64::from),
            line: place.line.map_or(-1, i64::from),
            hidden: place.hidden_by.is_some(),
        }
    }
}

/// `image`.
#[derive(Default, Serialize)]
struct ImageVariables<'a> {
    name: &'a str,
    tags: Vec<&'a str>,
    /// -1 when unknown.
    age_days: i64,
    user: &'a str,
    root: bool,
    ports: Vec<&'a str>,
    platform: String,
    labels: std::collections::BTreeMap<&'a str, &'a str>,
    /// Past the end of security support for everyone.
    eol: bool,
    distro: DistroVariables<'a>,
    risk: f64,
    complete: bool,
    packages: u64,
}

#[derive(Default, Serialize)]
struct DistroVariables<'a> {
    id: &'a str,
    version: &'a str,
    name: &'a str,
}

impl<'a> ImageVariables<'a> {
    fn of(target: &'a TargetReport, now: Timestamp) -> ImageVariables<'a> {
        let image = target.image.as_ref();
        let distro = target.distro.as_ref();
        ImageVariables {
            name: &target.name,
            tags: image.map_or_else(Vec::new, |image| texts(&image.tags)),
            age_days: image.and_then(|image| image_age(image.created, now)).unwrap_or(-1),
            user: image.map_or("", |image| &image.user),
            root: image.is_some_and(|image| is_root(&image.user)),
            ports: image.map_or_else(Vec::new, |image| texts(&image.exposed_ports)),
            platform: image.map_or_else(String::new, |image| image.platform.to_string()),
            labels: image
                .into_iter()
                .flat_map(|image| &image.labels)
                .take(MAX_ITEMS)
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .collect(),
            eol: target.lifecycle.as_ref().and_then(|lifecycle| lifecycle.ends).is_some_and(|end| end <= now),
            distro: DistroVariables {
                id: distro.map_or("", |distro| &distro.id),
                version: distro.map_or("", |distro| &distro.version),
                name: distro.map_or("", |distro| &distro.name),
            },
            risk: target.risk.map_or(0.0, |risk| f64::from(risk) / 100.0),
            complete: target.complete(),
            packages: target.packages.len() as u64,
        }
    }
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().take(MAX_ITEMS).map(String::as_str).collect()
}

/// Whole days from `then` to `now`, 0 for what is yet to come.
pub(crate) fn age_days(then: Timestamp, now: Timestamp) -> i64 {
    now.seconds().saturating_sub(then.seconds()).max(0) / 86_400
}

/// The age of an image in days. Reproducible builds say the epoch, which is no age.
pub(crate) fn image_age(created: Option<Timestamp>, now: Timestamp) -> Option<i64> {
    created.filter(|created| created.seconds() > 0).map(|created| age_days(created, now))
}
