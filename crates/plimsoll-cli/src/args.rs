//! The command line: one register of flags, from which help, man page, completions, environment variables and the
//! keys of the configuration file follow.

mod db;
mod policy;
mod query;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Arg, ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use plimsoll_image::PlatformChoice;
use plimsoll_types::{Scanner, Severity};

use crate::config;
use crate::exit::{self, Exit};

pub(crate) use db::{Db, Form, Network, Push, Update, Which};
pub(crate) use policy::{PolicyArgs, PolicyCommand, PolicyTest, SortBy};
pub(crate) use query::{AnswerForm, Cis, Query, QueryLimits, Sources};

/// Says how much a container image may safely carry.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Scan images, archives, layouts and directories for packages and their vulnerabilities
    #[command(aliases = ["image", "i", "rootfs", "filesystem", "fs"])]
    Scan(Box<Scan>),
    /// Fetch, build, publish and look at the advisory database
    Db {
        #[command(subcommand)]
        command: Db,
    },
    /// Compare reports of one image by Plimsoll, Trivy, Grype and Clair, and say why they differ
    Compare(crate::compare::Compare),
    /// Try policies
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
    },
    /// Ask what was inspected, in SQL
    Query(Query),
    /// Hold a benchmark, such as the CIS Docker Benchmark, against images and containers
    Cis(Cis),
    /// Read pairs `A B` of versions from standard input and print `<`, `=` or `>` for each
    CompareVersions(CompareVersions),
    /// List what Plimsoll knows
    List {
        /// What to list
        what: What,
    },
    /// Prepare rules of your own
    Rules {
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// Explain a code that reports use, or why a saved report has a vulnerability
    Explain(Explain),
    /// Print the completion script for a shell
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(hide = true)]
    Man,
}

#[derive(Debug, Args)]
pub(crate) struct Scan {
    /// What to scan: an archive, an OCI layout, a directory, or a registry reference. The kind is detected, or forced by
    /// a prefix: archive:FILE, oci:DIR[:TAG|@DIGEST], registry:REFERENCE, dir:PATH, rootfs:PATH
    #[arg(required_unless_present_any = ["input", "download_db_only"], value_name = "TARGET")]
    pub(crate) targets: Vec<String>,

    /// Scan this image archive (the same as archive:FILE)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) input: Option<PathBuf>,

    /// The format of the report on standard output, or of the file that --output names
    #[arg(short, long, value_name = "FORMAT", help_heading = "Report")]
    pub(crate) format: Option<String>,

    /// Where the report goes: FORMAT=FILE (repeatable), FILE, or FORMAT for standard output
    #[arg(short, long, value_name = "FORMAT=FILE", help_heading = "Report")]
    pub(crate) output: Vec<String>,

    /// Show only these severities (critical, high, medium, low, negligible, unknown)
    #[arg(short, long, value_name = "LIST", value_delimiter = ',', value_parser = severity, help_heading = "Report")]
    pub(crate) severity: Vec<Severity>,

    /// Whose word on the severity counts, first come first: source ids such as nvd, ghsa, debian, or auto
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Report")]
    pub(crate) vuln_severity_source: Vec<String>,

    /// Leave out what no version fixes
    #[arg(long, alias = "only-fixed", help_heading = "Report")]
    pub(crate) ignore_unfixed: bool,

    /// List all packages, not only vulnerable ones, in the table
    #[arg(long, help_heading = "Report")]
    pub(crate) list_all_pkgs: bool,

    /// Colour the table
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Report")]
    pub(crate) color: Color,

    /// Exit with this code when the report has findings (or, with --fail-on, findings as bad as that)
    #[arg(long, value_name = "N", help_heading = "Policy")]
    pub(crate) exit_code: Option<u8>,

    /// Exit with 1 (or --exit-code) when the report has findings of this severity or worse
    #[arg(long, value_name = "SEVERITY", value_parser = severity, help_heading = "Policy")]
    pub(crate) fail_on: Option<Severity>,

    /// Exit with 3 when something could not be analysed
    #[arg(long, help_heading = "Policy")]
    pub(crate) require_complete: bool,

    #[command(flatten)]
    pub(crate) judgement: PolicyArgs,

    /// What to look for: vuln, secret, misconfig, malware, integrity, license, or all
    #[arg(
        long,
        alias = "security-checks",
        value_name = "LIST",
        value_delimiter = ',',
        value_parser = scanners,
        default_value = "all",
        help_heading = "Scan"
    )]
    pub(crate) scanners: Vec<Scanners>,

    /// Rules for secrets beside the built-in ones: Plimsoll's TOML, trivy-secret.yaml or gitleaks.toml
    #[arg(long, value_name = "FILE", help_heading = "Scan")]
    pub(crate) secret_config: Vec<PathBuf>,

    /// Rules and lists of digests for malware beside the built-in ones: YARA files, compiled ones, ClamAV .hdb and .hsb, folders of them
    #[arg(long, value_name = "PATH", help_heading = "Scan")]
    pub(crate) malware_rules: Vec<PathBuf>,

    /// A public key in PEM form, such as cosign.pub, that signatures and attestations of images must hold against
    #[arg(long, value_name = "FILE", help_heading = "Scan")]
    pub(crate) verify_key: Vec<PathBuf>,

    /// Leave out what lies in these directories (glob patterns)
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', help_heading = "Scan")]
    pub(crate) skip_dirs: Vec<String>,

    /// Leave out these files (glob patterns)
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', help_heading = "Scan")]
    pub(crate) skip_files: Vec<String>,

    /// The platform to scan: os/arch[/variant], or `all` for each
    #[arg(long, value_name = "PLATFORM", value_parser = platform, default_value = "", hide_default_value = true, help_heading = "Scan")]
    pub(crate) platform: PlatformChoice,

    /// Stop after this time with what was found until then, such as 90s or 5m0s
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, help_heading = "Scan")]
    pub(crate) timeout: Option<Duration>,

    /// Layers analysed at the same time [default: the number of processors]
    #[arg(long, value_name = "N", help_heading = "Scan")]
    pub(crate) parallel: Option<usize>,

    /// The advisory database to use instead of the installed one; `builtin` for the starter set
    #[arg(long, value_name = "FILE", help_heading = "Database")]
    pub(crate) db: Option<String>,

    /// Where the advisory database comes from, asked in turn: repositories in registries, https://… and file:…
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = "Database")]
    pub(crate) db_repository: Vec<String>,

    /// Use the advisory database at hand and ask for no newer one
    #[arg(long, alias = "skip-update", help_heading = "Database")]
    pub(crate) skip_db_update: bool,

    /// Update the advisory database and scan nothing (the same as db update)
    #[arg(long, help_heading = "Database")]
    pub(crate) download_db_only: bool,

    /// The age from which the advisory database is spoken of as old
    #[arg(
        long,
        value_name = "TIME",
        value_parser = humantime::parse_duration,
        default_value = "7d",
        help_heading = "Database"
    )]
    pub(crate) db_max_age: Duration,

    /// Exit with 4 when the advisory database is older than --db-max-age, or its age is not known
    #[arg(long, help_heading = "Database")]
    pub(crate) require_fresh_db: bool,

    /// The cache folder
    #[arg(long, value_name = "DIR", help_heading = "Cache")]
    pub(crate) cache_dir: Option<PathBuf>,

    /// Use no cache
    #[arg(long, help_heading = "Cache")]
    pub(crate) no_cache: bool,

    /// The size in MiB to which the cache is cut back, what was unused for longest first
    #[arg(long, value_name = "MIB", default_value_t = 4096, help_heading = "Cache")]
    pub(crate) cache_size: u64,

    /// Open no network connection
    #[arg(long, alias = "offline-scan", help_heading = "Registry")]
    pub(crate) offline: bool,

    /// User name for the registry
    #[arg(long, value_name = "NAME", help_heading = "Registry")]
    pub(crate) username: Option<String>,

    /// Password for the registry (better: --password-stdin)
    #[arg(
        long,
        value_name = "PASSWORD",
        hide_env_values = true,
        requires = "username",
        help_heading = "Registry"
    )]
    pub(crate) password: Option<String>,

    /// Read the registry's password from standard input
    #[arg(long, requires = "username", conflicts_with = "password", help_heading = "Registry")]
    pub(crate) password_stdin: bool,

    /// Bearer token for the registry
    #[arg(
        long,
        value_name = "TOKEN",
        hide_env_values = true,
        conflicts_with = "username",
        help_heading = "Registry"
    )]
    pub(crate) registry_token: Option<String>,

    /// Do not verify the registry's certificate, and allow plain HTTP
    #[arg(long, help_heading = "Registry")]
    pub(crate) insecure: bool,

    /// A file with certificates (PEM) to trust beside the system's
    #[arg(long, value_name = "FILE", help_heading = "Registry")]
    pub(crate) cacert: Option<PathBuf>,

    /// The configuration file [default: plimsoll.yaml, when there is one]
    #[arg(short, long, value_name = "FILE", help_heading = "General")]
    pub(crate) config: Option<PathBuf>,

    /// Print nothing but the report and errors
    #[arg(short, long, help_heading = "General")]
    pub(crate) quiet: bool,

    /// Show no progress
    #[arg(long, help_heading = "General")]
    pub(crate) no_progress: bool,
}

/// `plimsoll rules`.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesCommand {
    /// Compile YARA rules into one file for --malware-rules, which then needs no sources
    Compile {
        /// Files and folders of rules (.yar, .yara)
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// The file to write; its name must end with .yarc to be recognised
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The code, such as CFG-ROOT, DL3002 or PRB-0001, or a vulnerability's identifier, such as CVE-2021-44228
    pub(crate) code: String,
    /// The report, in Plimsoll's JSON, whose findings are explained
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Only the findings in this package
    #[arg(long, value_name = "NAME", requires = "report")]
    pub(crate) package: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompareVersions {
    /// An ecosystem (pypi, deb), a distribution (debian) or a version grammar (dpkg)
    pub(crate) ecosystem: String,
}

/// The registers that can be listed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum What {
    /// Package ecosystems
    Ecosystems,
    /// Linux distributions
    Distros,
    /// Analyzers with their versions
    Analyzers,
    /// Report formats
    Formats,
    /// Kinds of target
    Targets,
    /// Advisory sources
    Sources,
    /// Version grammars
    Grammars,
    /// Problem codes
    Problems,
    /// Classes of findings with their codes
    Rules,
    /// Scanners, each of which --scanners switches on and off
    Scanners,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

fn severity(text: &str) -> Result<Severity, String> {
    text.trim().parse().map_err(|_| {
        let words: Vec<_> = Severity::ALL.iter().map(|severity| severity.word()).collect();
        format!("expected one of {}", words.join(", "))
    })
}

/// A word of `--scanners`: one scanner, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scanners {
    One(Scanner),
    All,
}

impl Scanners {
    /// The scanners that a list of words means.
    pub(crate) fn of(words: &[Scanners]) -> BTreeSet<Scanner> {
        let each = |word: &Scanners| match word {
            Scanners::One(scanner) => vec![*scanner],
            Scanners::All => Scanner::ALL.to_vec(),
        };
        words.iter().flat_map(each).collect()
    }
}

fn scanners(text: &str) -> Result<Scanners, String> {
    let word = text.trim().to_ascii_lowercase();
    // Other words that people write for the same.
    let word = match word.as_str() {
        "all" => return Ok(Scanners::All),
        "vulnerability" | "vulnerabilities" => "vuln",
        "secrets" => "secret",
        "config" | "misconfiguration" => "misconfig",
        "licenses" | "licence" => "license",
        other => other,
    };
    let known = Scanner::ALL.into_iter().find(|scanner| scanner.word() == word);
    known.map(Scanners::One).ok_or_else(|| {
        let words: Vec<_> = Scanner::ALL.iter().map(|scanner| scanner.word()).collect();
        format!("expected one of {}, all", words.join(", "))
    })
}

fn platform(text: &str) -> Result<PlatformChoice, String> {
    if text.is_empty() {
        return Ok(PlatformChoice::Default);
    }
    PlatformChoice::parse(text).map_err(|_| "expected os/arch, os/arch/variant or all".to_owned())
}

/// The command with what is derived: each flag of `scan` can be set by the environment (`PLIMSOLL_` and the flag's
/// name in capitals) and by the configuration file, under its own name. What the `db` commands share with it can, too.
fn command(defaults: &config::Defaults) -> clap::Command {
    let shared = |arg: Arg| match arg.get_long() {
        Some(long) if db::SHARED.contains(&long) => settable(arg, defaults),
        _ => arg,
    };
    Arguments::command()
        .mut_subcommand("scan", |scan| scan.mut_args(|arg| settable(arg, defaults)))
        .mut_subcommand("db", |db| {
            let names: Vec<String> =
                db.get_subcommands().map(|command| command.get_name().to_owned()).collect();
            names.into_iter().fold(db, |db, name| db.mut_subcommand(name, |command| command.mut_args(shared)))
        })
}

/// Lets the environment and the configuration file set a flag.
fn settable(arg: Arg, defaults: &config::Defaults) -> Arg {
    let Some(long) = arg.get_long().map(str::to_owned) else { return arg };
    let arg = match defaults.get(&long) {
        Some(values) => arg.default_values(values.iter().cloned()),
        None => arg,
    };
    if matches!(long.as_str(), "input" | "help" | "version") {
        return arg;
    }
    // In the environment and in files people write 1 and yes, too.
    let arg = if matches!(arg.get_action(), ArgAction::SetTrue) {
        arg.value_parser(BoolishValueParser::new())
    } else {
        arg
    };
    let variable = format!("PLIMSOLL_{}", long.to_uppercase().replace('-', "_"));
    // Set to nothing is not set: build systems pass on variables like that.
    if std::env::var_os(&variable).is_some_and(|value| value.is_empty()) { arg } else { arg.env(variable) }
}

/// Takes the command line apart, in two stages: the first finds the configuration file, the second uses what it says
/// for what the command line and the environment leave open.
pub(crate) fn parse() -> Result<Arguments, Exit> {
    let first = matches(command(&config::Defaults::default()))?;
    let file = match &first.command {
        Command::Scan(scan) => scan.config.as_deref(),
        Command::Db { command } => command.config(),
        _ => return Ok(first),
    };
    match config::defaults(file, &flags_of_scan()) {
        Ok(defaults) if defaults.is_empty() => Ok(first),
        // The first stage went well, so what is wrong now is a value of the file.
        Ok(defaults) => matches(command(&defaults)).inspect_err(|_| {
            exit::message("hint", "the value is from the configuration file");
        }),
        Err(error) => Err(exit::report(&error)),
    }
}

/// The names of the flags of `scan`, which the configuration file can set.
fn flags_of_scan() -> Vec<String> {
    Scan::augment_args(clap::Command::new("scan"))
        .get_arguments()
        .filter_map(|arg| arg.get_long().map(str::to_owned))
        .collect()
}

/// The arguments of `plimsoll scan TARGET…` without flags: those come from the environment and the configuration file.
pub(crate) fn scan_of(targets: &[String]) -> anyhow::Result<Scan> {
    let words = ["plimsoll", "scan", "--"].into_iter().chain(targets.iter().map(String::as_str));
    let found = command(&config::defaults(None, &flags_of_scan())?)
        .try_get_matches_from(words)
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .map_err(|error| crate::exit::usage(error.to_string()))?;
    match found.command {
        Command::Scan(scan) => Ok(*scan),
        _ => Err(crate::exit::usage("the words are not those of a scan".to_owned())),
    }
}

fn matches(command: clap::Command) -> Result<Arguments, Exit> {
    let found = command.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    found.map_err(|error| {
        let _ = error.print();
        if error.use_stderr() { Exit::Usage } else { Exit::Success }
    })
}

pub(crate) fn completion(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(&config::Defaults::default()), "plimsoll", &mut script);
    crate::output::standard(&script)?;
    Ok(Exit::Success)
}

pub(crate) fn man() -> anyhow::Result<Exit> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command(&config::Defaults::default())).render(&mut page)?;
    crate::output::standard(&page)?;
    Ok(Exit::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_register_of_flags_is_sound() {
        command(&config::Defaults::default()).debug_assert();
    }

    #[test]
    fn every_flag_of_scan_has_an_environment_variable() {
        let command = command(&config::Defaults::default());
        let scan = command.find_subcommand("scan").unwrap();
        let without: Vec<_> = scan
            .get_arguments()
            .filter(|arg| arg.get_long().is_some() && arg.get_env().is_none())
            .map(|arg| arg.get_id().to_string())
            .collect();
        assert_eq!(without, ["input"]);
    }
}
