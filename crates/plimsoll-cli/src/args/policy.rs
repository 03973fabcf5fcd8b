//! The flags that say what is allowed, and the `policy` commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use plimsoll_policy::Hundredths;
use plimsoll_types::Status;

/// What an image must keep to, and which findings are held back.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// Files of waivers, instead of .trivyignore, .trivyignore.yaml, .grype.yaml and .plimsoll.yaml in the working
    /// directory
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub(crate) ignorefile: Vec<PathBuf>,

    /// VEX: a document (OpenVEX, CSAF, CycloneDX), a folder of them or of a VEX repository, `repo` for the installed
    /// repositories, or `oci` for what is attached to the image in its registry (repeatable)
    #[arg(long, value_name = "SOURCE", help_heading = "Policy")]
    pub(crate) vex: Vec<String>,

    /// The policy file [default: the key `policy` of .plimsoll.yaml or plimsoll.yaml]
    #[arg(long, value_name = "FILE", help_heading = "Policy")]
    pub(crate) policy: Option<PathBuf>,

    /// Exit with 1 (or --exit-code) when a finding has a higher risk
    #[arg(long, value_name = "RISK", value_parser = hundredths, help_heading = "Policy")]
    pub(crate) max_risk: Option<Hundredths>,

    /// Exit with 1 (or --exit-code) when a finding is known to be exploited (CISA KEV)
    #[arg(long, help_heading = "Policy")]
    pub(crate) fail_on_kev: bool,

    /// Exit with this code when the distribution's release is past its end of life
    #[arg(long, value_name = "N", help_heading = "Policy")]
    pub(crate) exit_on_eol: Option<u8>,

    /// Leave out what has one of these statuses (affected, fixed, will_not_fix, fix_deferred, under_investigation,
    /// end_of_life, not_affected)
    #[arg(long, alias = "ignore-states", value_name = "LIST", value_delimiter = ',', value_parser = status, help_heading = "Report")]
    pub(crate) ignore_status: Vec<Status>,

    /// Show the findings that were held back, and by what
    #[arg(long, help_heading = "Report")]
    pub(crate) show_suppressed: bool,

    /// What decides the order of findings
    #[arg(
        long,
        alias = "sort-by",
        value_name = "ORDER",
        value_enum,
        default_value = "risk",
        help_heading = "Report"
    )]
    pub(crate) sort: SortBy,
}

/// What decides the order of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SortBy {
    /// The risk
    Risk,
    /// The severity
    Severity,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Try a policy on a saved JSON report; ends as a scan would
    Test(PolicyTest),
}

#[derive(Debug, Args)]
pub(crate) struct PolicyTest {
    /// A report in Plimsoll's JSON
    pub(crate) report: PathBuf,

    /// The policy file
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,

    /// Files of waivers
    #[arg(long, value_name = "FILE")]
    pub(crate) ignorefile: Vec<PathBuf>,

    /// The exit code of checks that have none of their own
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) exit_code: u8,
}

fn hundredths(text: &str) -> Result<Hundredths, String> {
    let number: f64 = text.trim().parse().map_err(|_| "expected a number such as 7.5".to_owned())?;
    Hundredths::from_f64(number).ok_or_else(|| "expected a number from 0 to 1000".to_owned())
}

fn status(text: &str) -> Result<Status, String> {
    plimsoll_policy::policy::status(text).map_err(|_| {
        let words: Vec<_> = Status::ALL.iter().map(|status| status.word()).collect();
        format!("expected one of {}", words.join(", "))
    })
}
