//! Cases that scanners get wrong, on the real feeds: `fixtures/hard-cases.tsv` says of each what is right, why it is
//! hard and how it was checked by hand. The facts are asserted where the feeds are at hand.

use plimsoll_catalog::distro_spec;
use plimsoll_db::Index;
use plimsoll_match::{Context, Matched, Options, match_packages};
use plimsoll_types::{Distro, Finding, Package, ProblemCode, SourcePackage, Status, SuppressedBy};

use super::{acceptance, distro, package};

const TABLE: &str = include_str!("../fixtures/hard-cases.tsv");

/// A row of the table.
struct Case<'a> {
    number: &'a str,
    target: &'a str,
    package: Package,
    advisory: &'a str,
    expected: &'a str,
}

impl Case<'_> {
    /// The distribution, for a target such as `debian:11`; other targets are ecosystems.
    fn distro(&self) -> Option<Distro> {
        self.target.split_once(':').map(|(id, release)| match release.parse::<f64>() {
            Ok(_) => distro(id, release),
            // Alpine's releases have three numbers; a word is a release without one.
            Err(_) if release.contains('.') => distro(id, release),
            Err(_) => Distro { codename: release.into(), ..distro(id, release) },
        })
    }
}

fn cases() -> Vec<Case<'static>> {
    TABLE.lines().filter(|line| !line.starts_with('#')).map(case).collect()
}

fn case(line: &'static str) -> Case<'static> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [number, target, name, version, source, extra, advisory, expected, why, how] = cells[..] else {
        panic!("{line}");
    };
    assert!(why.len() > 5 && how.len() > 5, "{line}");
    let ecosystem = match target.split(':').next().unwrap() {
        "alpine" | "wolfi" => "apk",
        "debian" => "deb",
        "almalinux" | "mariner" | "azurelinux" => "rpm",
        own => own,
    };
    let mut package = package(ecosystem, name, version);
    package.purl.kind = package.ecosystem.id.into();
    if !source.is_empty() {
        // A source package of the same version is named alone.
        let (name, of_source) = source.split_once(' ').unwrap_or((source, version));
        package.source = Some(SourcePackage { name: name.into(), version: of_source.into() });
    }
    match extra.split_once('=') {
        Some(("arch", value)) => package.arch = value.into(),
        Some(("module", value)) => package.modularity = value.into(),
        Some(("vendor", value)) => package.vendor = value.into(),
        Some(("cpe", value)) => package.cpes = vec![value.into()],
        Some(_) => panic!("{line}"),
        None => assert_eq!(extra, ""),
    }
    Case { number, target, package, advisory, expected }
}

/// What was found of an advisory, in the words of the table.
fn outcome(matched: &Matched, advisory: &str) -> String {
    let is_it = |finding: &&Finding| {
        let vulnerability = &finding.vulnerability;
        vulnerability.id == advisory || vulnerability.aliases.iter().any(|alias| alias == advisory)
    };
    let mut words: Vec<String> = matched
        .findings
        .iter()
        .filter(is_it)
        .map(|finding| {
            let exploited = if finding.vulnerability.known_exploited { "; exploited" } else { "" };
            if finding.fixed_versions.is_empty() {
                assert_ne!(finding.status, Status::Fixed);
                format!("affected{exploited}")
            } else {
                assert_eq!(finding.status, Status::Fixed);
                format!("fixed in {}{exploited}", finding.fixed_versions.join(", "))
            }
        })
        .collect();
    for held in matched.suppressed.iter().filter(|held| is_it(&&held.finding)) {
        words.push(match held.by {
            SuppressedBy::ThirdParty => "suppressed: third-party".into(),
            SuppressedBy::NotApplicable => "suppressed: not-applicable".into(),
            SuppressedBy::AdvisoryNotAffected => "suppressed: advisory-not-affected".into(),
            other => format!("suppressed: {other:?}"),
        });
    }
    for problem in &matched.problems {
        words.push(match problem.code {
            ProblemCode::NoAdvisories => "no advisories".into(),
            ProblemCode::UnorderableVersion => "unorderable".into(),
            code => format!("{code:?}"),
        });
    }
    // One vulnerability in one package is one finding: two would show here as two.
    if words.is_empty() { "none".into() } else { words.join(" and ") }
}

fn run(index: &Index, case: &Case<'_>) -> String {
    let distro = case.distro();
    let context = Context {
        distro: distro.as_ref().map(|distro| (distro, distro_spec(distro).unwrap())),
        os: "linux",
        architecture: "amd64",
        container: true,
    };
    let packages = std::slice::from_ref(&case.package);
    outcome(&match_packages(index, &context, &Options::default(), packages).unwrap(), case.advisory)
}

#[test]
fn the_table_is_in_order() {
    let cases = cases();
    assert!(cases.len() >= 40, "{}", cases.len());
    for (place, case) in cases.iter().enumerate() {
        assert_eq!(case.number, (place + 1).to_string());
        let expected = case.expected.split("; ").next().unwrap();
        assert!(
            ["none", "affected", "no advisories", "unorderable"].contains(&expected)
                || expected.starts_with("fixed in ")
                || expected.starts_with("suppressed: "),
            "case {}: {expected}",
            case.number
        );
    }
}

#[test]
fn hard_cases_on_real_feeds() {
    let Some(index) = acceptance::real_index() else { return };
    let wrong: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let found = run(index, case);
            let Package { name, version, .. } = &case.package;
            let Case { number, target, advisory, expected, .. } = case;
            (found != *expected).then(|| {
                format!("case {number}: {target} {name} {version} {advisory}: {found}, not {expected}")
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
