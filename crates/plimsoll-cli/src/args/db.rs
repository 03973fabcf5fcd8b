//! The command line of `plimsoll db`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

/// Where a database is.
#[derive(Debug, Clone, Args)]
pub(crate) struct Which {
    /// The database [default: the installed one]
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<String>,
    /// The cache folder
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

/// How to reach registries and web servers.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Network {
    /// Open no network connection
    #[arg(long, help_heading = "Registry")]
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
    #[arg(short, long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// The form of what a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Table,
    /// For programs
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Db {
    /// Fetch the newest database, in as far as there is a newer one
    Update(Update),
    /// Install a database from disk: a trivy.db, trivy-java.db or their archive, an index, or a folder of chunks
    Import {
        /// The file or folder
        #[arg(value_name = "PATH")]
        path: PathBuf,
        /// The cache folder
        #[arg(long, value_name = "DIR")]
        cache_dir: Option<PathBuf>,
        /// Print nothing but errors
        #[arg(short, long)]
        quiet: bool,
    },
    /// Compile advisory feeds from disk into the database
    Build {
        /// Folders, archives (tar, zip) and files of feeds
        #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
        from: Vec<PathBuf>,
        /// Where the database goes [default: the installed one]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// The cache folder
        #[arg(long, value_name = "DIR")]
        cache_dir: Option<PathBuf>,
        /// Print the counts only
        #[arg(short, long)]
        quiet: bool,
    },
    /// Publish the database in chunks, so that others fetch only what has changed
    Push(Push),
    /// Say what the database holds, where it came from and how old it is
    Status {
        #[command(flatten)]
        which: Which,
        /// The form of the answer
        #[arg(short, long, value_name = "FORMAT", default_value = "table")]
        format: Form,
    },
    /// Check every byte of the database
    Verify {
        #[command(flatten)]
        which: Which,
    },
    /// Print the advisories on a package, or those with an identifier
    Search {
        /// A package's name, or an identifier such as CVE-2022-37434
        #[arg(value_name = "PACKAGE|ID")]
        query: String,
        /// Only this ecosystem or release, such as PyPI, Debian or Debian:12
        #[arg(short, long, value_name = "NAME")]
        ecosystem: Option<String>,
        #[command(flatten)]
        which: Which,
        /// The form of the answer
        #[arg(short, long, value_name = "FORMAT", default_value = "table")]
        format: Form,
    },
    /// Say which advisories came, went and changed from one database to another
    Diff {
        /// The first database
        #[arg(value_name = "BEFORE")]
        before: PathBuf,
        /// The second database
        #[arg(value_name = "AFTER")]
        after: PathBuf,
        /// The form of the answer
        #[arg(short, long, value_name = "FORMAT", default_value = "table")]
        format: Form,
    },
    /// Print all advisories, each as a line of JSON
    Export {
        #[command(flatten)]
        which: Which,
        /// Where they go instead of to standard output
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// `plimsoll db update`.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Where the database comes from, asked in turn: repositories in registries, https://… and file:…
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) db_repository: Vec<String>,
    /// Fetch it even when there is nothing newer
    #[arg(long)]
    pub(crate) force: bool,
    /// The cache folder
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Show no progress
    #[arg(long)]
    pub(crate) no_progress: bool,
    #[command(flatten)]
    pub(crate) network: Network,
}

/// `plimsoll db push`.
#[derive(Debug, Args)]
pub(crate) struct Push {
    /// Where it goes: a repository with a tag, or oci:DIR
    #[arg(value_name = "TARGET")]
    pub(crate) target: String,
    #[command(flatten)]
    pub(crate) which: Which,
    /// After what time the next one will come, such as 6h; readers do not ask earlier
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) valid_for: Option<Duration>,
    #[command(flatten)]
    pub(crate) network: Network,
}

impl Db {
    /// The configuration file that was asked for.
    pub(crate) fn config(&self) -> Option<&std::path::Path> {
        match self {
            Db::Update(Update { network, .. }) | Db::Push(Push { network, .. }) => network.config.as_deref(),
            _ => None,
        }
    }
}

/// The flags of `scan` whose environment variables and keys of the configuration file hold for the `db` commands too.
pub(crate) const SHARED: &[&str] = &[
    "cache-dir",
    "cacert",
    "config",
    "db-repository",
    "insecure",
    "offline",
    "password",
    "registry-token",
    "username",
];
