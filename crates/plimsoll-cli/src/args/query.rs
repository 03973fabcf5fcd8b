//! The flags of `plimsoll query` and `plimsoll cis`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

/// What fills the tables.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    /// An image or another target to scan, as for plimsoll scan, whose flags are set in the environment and in
    /// plimsoll.yaml (repeatable)
    #[arg(long, value_name = "TARGET", help_heading = "Input")]
    pub(crate) image: Vec<String>,

    /// A saved report in Plimsoll's JSON (repeatable); - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(crate) report: Vec<PathBuf>,

    /// Output of docker inspect (containers, images) or of docker info as JSON (repeatable); - for standard input
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(crate) inspect: Vec<PathBuf>,

    /// A Compose file, a file of Kubernetes objects, or a folder of them (repeatable)
    #[arg(long, value_name = "PATH", help_heading = "Input")]
    pub(crate) manifest: Vec<PathBuf>,

    /// The socket of a running engine, such as unix:///var/run/docker.sock; it is only read from
    #[arg(long, value_name = "SOCKET", help_heading = "Input")]
    pub(crate) engine: Option<String>,
}

/// What a query may use.
#[derive(Debug, Args)]
pub(crate) struct QueryLimits {
    /// How long a query may run, such as 10s
    #[arg(
        long,
        value_name = "TIME",
        value_parser = humantime::parse_duration,
        default_value = "10s",
        help_heading = "Limits"
    )]
    pub(crate) timeout: Duration,

    /// How many rows a query may give
    #[arg(long, value_name = "N", default_value_t = 10_000, help_heading = "Limits")]
    pub(crate) max_rows: usize,

    /// How much memory a query may hold, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, help_heading = "Limits")]
    pub(crate) max_memory: usize,
}

/// `plimsoll query`.
#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The query, in PostgreSQL's SQL; SHOW TABLES and SHOW COLUMNS FROM … say what there is (docs/query.md)
    #[arg(value_name = "SQL")]
    pub(crate) sql: String,

    #[command(flatten)]
    pub(crate) sources: Sources,

    /// The form of the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: AnswerForm,

    #[command(flatten)]
    pub(crate) limits: QueryLimits,
}

/// The forms of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerForm {
    /// For people
    Table,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
}

/// `plimsoll cis`.
#[derive(Debug, Args)]
pub(crate) struct Cis {
    /// The benchmark, YAML or JSON (docs/cis.md) [default: sections 4 and 5 of the CIS Docker Benchmark]
    #[arg(long, value_name = "FILE")]
    pub(crate) benchmark: Option<PathBuf>,

    /// Only these checks, by their ids
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) check: Vec<String>,

    /// Only checks up to this level
    #[arg(long, value_name = "N")]
    pub(crate) level: Option<u8>,

    #[command(flatten)]
    pub(crate) sources: Sources,

    /// The form of the result
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: super::Form,

    /// Exit with this code when a check fails, and with 3 when one could not be answered
    #[arg(long, value_name = "N")]
    pub(crate) exit_code: Option<u8>,

    /// Print the benchmark and check nothing
    #[arg(long)]
    pub(crate) print_benchmark: bool,

    #[command(flatten)]
    pub(crate) limits: QueryLimits,
}
