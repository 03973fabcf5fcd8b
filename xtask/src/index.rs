//! The figures of the advisory index: a synthetic one of the size that today's sources have together, and the work that
//! matching and sharing one is.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::Context;
use plimsoll_db::{
    Builder, End, Extras, FactRecord, Index, Installation, Interval, Prose, Record, WriteOptions,
};
use plimsoll_types::{CvssVector, Epss, Package, PackageUrl, Reference, Severity, Status, Timestamp};
use serde_json::{Value, json};

use crate::measure::median;

/// Facts of the synthetic index: what a trivy-db of 2026 is estimated to hold.
const FACTS: u32 = 6_000_000;
/// Keys (releases times packages) that they lie under.
const KEYS: u32 = 970_000;
/// Vulnerabilities.
const VULNERABILITIES: u32 = 350_000;

/// Releases of distributions and language ecosystems, the largest first.
const ECOSYSTEMS: &[(&str, &str)] = &[
    ("openSUSE:Tumbleweed", "suse"),
    ("Debian:11", "debian"),
    ("Debian:12", "debian"),
    ("Debian:13", "debian"),
    ("Ubuntu:18.04:LTS", "ubuntu"),
    ("Ubuntu:20.04:LTS", "ubuntu"),
    ("Ubuntu:22.04:LTS", "ubuntu"),
    ("Ubuntu:24.04:LTS", "ubuntu"),
    ("Red Hat:enterprise_linux:7", "redhat"),
    ("Red Hat:enterprise_linux:8", "redhat"),
    ("Red Hat:enterprise_linux:9", "redhat"),
    ("SUSE:Linux Enterprise Server 15 SP5", "suse"),
    ("SUSE:Linux Enterprise Server 15 SP6", "suse"),
    ("openSUSE:Leap 15.6", "suse"),
    ("Oracle Linux:8", "oracle"),
    ("Oracle Linux:9", "oracle"),
    ("Amazon Linux:2", "amazon"),
    ("Amazon Linux:2023", "amazon"),
    ("AlmaLinux:8", "alma"),
    ("Rocky Linux:9", "rocky"),
    ("Alpine:v3.20", "alpine"),
    ("Photon OS:5.0", "photon"),
    ("Wolfi", "wolfi"),
    ("npm", "ghsa"),
    ("PyPI", "ghsa"),
    ("Maven", "ghsa"),
    ("Packagist", "ghsa"),
    ("Go", "ghsa"),
];

/// Numbers that look random and are the same every time (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32;
        ((u64::from(high) * u64::from(limit)) >> 32) as u32
    }

    /// Small numbers far more often than large ones, as packages have vulnerabilities.
    fn skewed(&mut self, limit: u32) -> u32 {
        let first = self.below(limit);
        let second = self.below(first.saturating_add(1));
        self.below(second.saturating_add(1))
    }
}

fn key(number: u32) -> (&'static str, &'static str, String) {
    let (ecosystem, source) = ECOSYSTEMS[number as usize % ECOSYSTEMS.len()];
    (
        ecosystem,
        source,
        format!(
            "lib-{:05}-{}",
            number / ECOSYSTEMS.len() as u32,
            ["common", "dev", "tools", "core"][number as usize % 4]
        ),
    )
}

fn cve(number: u32) -> String {
    format!("CVE-{}-{:04}", 2005 + number % 20, 1000 + number / 20)
}

/// Writes the synthetic index and prints what that took as JSON.
pub(crate) fn synthetic(output: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let options = WriteOptions { built: Some(Timestamp::from_seconds(1_790_000_000)), digest: true };
    let mut builder = Builder::new(Installation::create(output)?, options)?;
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for number in 0..FACTS {
        let vulnerability = numbers.skewed(VULNERABILITIES);
        let (ecosystem, source, package) = key(if number < KEYS { number } else { numbers.skewed(KEYS) });
        let fixed = numbers.below(10) < 7;
        let version =
            || format!("{}.{}.{}-{}", 1 + vulnerability % 9, vulnerability % 31, number % 23, 1 + number % 7);
        let end = if fixed { End::Fixed(version()) } else { End::Open };
        let record = Record {
            id: cve(vulnerability),
            source: source.to_owned(),
            facts: vec![FactRecord {
                ecosystem: ecosystem.to_owned(),
                package,
                status: if fixed { Status::Fixed } else { Status::Affected },
                intervals: vec![Interval { introduced: String::new(), end }],
                ..FactRecord::default()
            }],
            ..Record::default()
        };
        builder.record(&record)?;
    }
    for number in 0..VULNERABILITIES {
        let id = cve(number);
        builder.record(&Record {
            source: "nvd".to_owned(),
            severities: vec![("nvd".to_owned(), Severity::High)],
            cvss: vec![CvssVector {
                source: "nvd".to_owned(),
                vector: format!(
                    "CVSS:3.1/AV:N/AC:L/PR:{}/UI:N/S:U/C:H/I:L/A:N",
                    ["N", "L", "H"][number as usize % 3]
                ),
            }],
            cwes: vec![format!("CWE-{}", 20 + number % 400)],
            published: Some(Timestamp::from_seconds(1_500_000_000 + i64::from(number) * 700)),
            prose: prose(number, &mut numbers),
            id,
            ..Record::default()
        })?;
    }
    let epss = (0..VULNERABILITIES)
        .map(|number| (cve(number), Epss { score: number % 100_000, percentile: 50_000 }));
    let (facts, advisories) = (builder.facts(), builder.advisories());
    let extras = Extras { epss: epss.collect(), ..Extras::default() };
    builder.finish(extras)?.finish()?;
    let result = json!({
        "seconds": start.elapsed().as_secs_f64(), "facts": facts, "advisories": advisories,
        "bytes": fs::metadata(output)?.len(),
    });
    writeln!(std::io::stdout(), "{result}")?;
    Ok(())
}

/// Prose as long as descriptions are (400 bytes on average), from words in an order that compresses as English does.
fn prose(number: u32, numbers: &mut Numbers) -> Prose {
    const WORDS: &[&str] = &[
        "a",
        "vulnerability",
        "was",
        "found",
        "in",
        "the",
        "allows",
        "remote",
        "attackers",
        "to",
        "execute",
        "arbitrary",
        "code",
        "via",
        "crafted",
        "request",
        "buffer",
        "overflow",
        "component",
        "function",
        "of",
        "before",
        "version",
        "could",
        "lead",
        "denial",
        "service",
        "information",
        "disclosure",
        "improper",
        "validation",
        "input",
        "when",
        "handling",
        "which",
        "may",
        "result",
        "memory",
        "corruption",
        "user",
        "privileges",
        "file",
        "parser",
        "server",
    ];
    let mut description = format!("In module m{number}, ");
    let length = 120 + numbers.below(560) as usize;
    while description.len() < length {
        description.push_str(WORDS[numbers.below(WORDS.len() as u32) as usize]);
        description.push(' ');
    }
    let references = (0..2 + number % 4)
        .map(|i| Reference { kind: "web".to_owned(), url: format!("https://example.org/{number}/{i}") })
        .collect();
    Prose { title: format!("m{number}: improper handling"), description, references }
}

/// Opens an index, looks up packages of the synthetic one at random, and matches 10,000 packages. Prints seconds as JSON.
pub(crate) fn measure(path: &Path) -> anyhow::Result<()> {
    let mut opens = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        std::hint::black_box(Index::open(path)?);
        opens.push(start.elapsed().as_secs_f64());
    }
    let index = Index::open(path)?;
    let mut numbers = Numbers(77);
    let keys: Vec<_> = (0..100_000).map(|_| key(numbers.below(KEYS))).collect();
    let mut times = Vec::with_capacity(keys.len());
    let mut facts = 0_u64;
    for round in 0..2 {
        for (ecosystem, _, name) in &keys {
            let start = Instant::now();
            for fact in index.lookup(ecosystem, name)? {
                std::hint::black_box(fact?);
                facts += 1;
            }
            if round == 1 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let packages: Vec<Package> = (0..10_000).map(|number| package(numbers.below(KEYS), number)).collect();
    let mut matching = Vec::new();
    let mut findings = 0;
    for _ in 0..5 {
        let start = Instant::now();
        let matched = plimsoll_match::match_packages(
            &index,
            &plimsoll_match::Context::default(),
            &plimsoll_match::Options {
                threads: std::thread::available_parallelism().map_or(1, usize::from),
                ..Default::default()
            },
            &packages,
        )?;
        matching.push(start.elapsed().as_secs_f64());
        findings = matched.findings.len();
    }
    let result = json!({
        "open": median(opens.iter().copied()), "lookup": median(times.iter().copied()), "facts": facts,
        "match": median(matching.iter().copied()), "findings": findings,
    });
    writeln!(std::io::stdout(), "{result}")?;
    Ok(())
}

/// A package of a language ecosystem, one of ten of which has a vulnerability, as in a large image.
fn package(number: u32, place: u32) -> Package {
    const SPECS: &[&str] = &["npm", "pypi", "maven", "golang"];
    let id = SPECS[place as usize % SPECS.len()];
    let spec =
        plimsoll_catalog::ecosystem(id).unwrap_or_else(|| plimsoll_catalog::ecosystems::ECOSYSTEMS[0].spec);
    let ecosystem = spec.advisory_names.first().copied().unwrap_or_default();
    let at = ECOSYSTEMS.iter().position(|(name, _)| *name == ecosystem).unwrap_or(0) as u32;
    let known = number - number % ECOSYSTEMS.len() as u32 + at;
    let name = if place.is_multiple_of(10) { key(known).2 } else { format!("unknown-{number}") };
    Package {
        ecosystem: spec,
        name,
        version: "0.0.1".to_owned(),
        arch: String::new(),
        source: None,
        licenses: Vec::new(),
        vendor: String::new(),
        modularity: String::new(),
        locations: Vec::new(),
        purl: PackageUrl::default(),
        contains: Vec::new(),
        found_by: String::new(),
        cpes: Vec::new(),
        exposure: Vec::new(),
        confidence: plimsoll_types::Confidence::High,
    }
}

/// Looks up packages, then waits for its standard input to end: so that many at once can be looked at.
pub(crate) fn hold(path: &Path) -> anyhow::Result<()> {
    let index = Index::open(path)?;
    let mut numbers = Numbers(99);
    for _ in 0..20_000 {
        let (ecosystem, _, name) = key(numbers.below(KEYS));
        index.lookup(ecosystem, &name)?.for_each(|fact| drop(std::hint::black_box(fact)));
    }
    let mut out = std::io::stdout();
    writeln!(out, "{}", private_bytes()?)?;
    out.flush()?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    Ok(())
}

/// Memory that this process shares with nobody, in bytes.
fn private_bytes() -> anyhow::Result<u64> {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").context("cannot read the memory's account")?;
    let field = |name: &str| {
        rollup
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.trim_end_matches("kB").trim().parse::<u64>().ok())
            .sum::<u64>()
            * 1024
    };
    Ok(field("Private_Dirty:"))
}

/// Starts `count` processes that hold the same index open; returns how much memory of its own each has on average.
pub(crate) fn shared_by(program: &Path, index: &Path, count: usize) -> anyhow::Result<f64> {
    let mut children: Vec<Child> = Vec::new();
    let mut sum = 0.0;
    for _ in 0..count {
        let child = Command::new(program)
            .arg("hold-index")
            .arg(index)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start a process that holds the index")?;
        children.push(child);
    }
    for child in &mut children {
        let mut line = String::new();
        if let Some(out) = child.stdout.as_mut() {
            std::io::BufRead::read_line(&mut std::io::BufReader::new(out), &mut line)?;
        }
        sum += line.trim().parse::<f64>().context("a process that holds the index failed")?;
    }
    for mut child in children {
        drop(child.stdin.take());
        child.wait()?;
    }
    Ok(sum / count as f64)
}

/// A figure of a result.
pub(crate) fn figure(result: &Value, key: &str) -> anyhow::Result<f64> {
    result[key].as_f64().with_context(|| format!("no figure '{key}'"))
}
