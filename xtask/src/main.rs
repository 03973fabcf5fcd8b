//! Chores of this repository: `cargo xtask demo` for a first look, `cargo xtask bench` for the figures of
//! docs/performance.md, `cargo xtask secrets-corpus` for those of docs/secrets-corpus.md.

mod baseline;
mod bench;
mod compare;
mod corpus;
mod demo;
mod generate;
mod index;
mod measure;
mod saved;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of this repository", arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build Plimsoll, make a small image with old packages, and scan it offline
    Demo,
    /// Make the small image of `demo`: DIR/image.tar (docker save) and DIR/layout (OCI)
    DemoImage {
        /// Where it goes; made when it is not there
        dir: PathBuf,
    },
    /// Measure, and print the table of docs/performance.md
    Bench(Bench),
    /// Compare the packages found in images with Syft's, and fail on a difference that is not explained
    CompareSyft(compare::Options),
    /// Write a corpus of labelled secrets and look-alikes, scan it, and print recall and precision
    SecretsCorpus(corpus::Options),
    /// Make an archive of any size of an image, as `bench` does
    #[command(hide = true)]
    LargeImage {
        /// The image whose layers are repeated
        model: PathBuf,
        /// The archive
        output: PathBuf,
        /// Its size in megabytes
        megabytes: u64,
        /// What there is more of
        #[arg(long, value_enum, default_value_t = generate::More::Files)]
        more: generate::More,
    },
    /// Hash and inflate an image's layers and do nothing else
    #[command(hide = true)]
    Inflate {
        /// An OCI layout or an archive
        image: PathBuf,
    },
    /// Hash an image's layers as they are stored and do nothing else
    #[command(hide = true)]
    Hash {
        /// An OCI layout or an archive
        image: PathBuf,
    },
    /// Open an advisory database and look up the packages of a report
    #[command(hide = true)]
    Lookup {
        /// The database
        index: PathBuf,
        /// A report in Plimsoll's JSON
        report: PathBuf,
    },
    /// Write an advisory index of 6 million facts
    #[command(hide = true)]
    SyntheticIndex {
        /// The database
        output: PathBuf,
    },
    /// Open the synthetic index, look packages up, match
    #[command(hide = true)]
    MeasureIndex {
        /// The database
        index: PathBuf,
    },
    /// Hold the synthetic index open until standard input ends
    #[command(hide = true)]
    HoldIndex {
        /// The database
        index: PathBuf,
    },
}

#[derive(Args)]
struct Bench {
    /// Folder of images as shared/tools/make-images builds them
    #[arg(long, env = "PLIMSOLL_IMAGES", value_name = "DIR")]
    images: Option<PathBuf>,
    /// Folder with data/advisories [default: ../shared beside the checkout]
    #[arg(long, value_name = "DIR")]
    shared: Option<PathBuf>,
    /// An upstream trivy-db file (trivy.db) of about five million facts to import
    #[arg(long, value_name = "FILE")]
    trivy_db: Option<PathBuf>,
    /// How often each figure is taken; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Take each figure once, and leave out other scanners and the image of 5 GB
    #[arg(long)]
    quick: bool,
    /// Measure these rows only: the groups whose name contains the text, such as `layout` or `large`
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// The checkout's root.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Builds a binary of the workspace and gives its path.
fn build(package: &str, binary: &str, profile: &str) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = std::process::Command::new(cargo)
        .current_dir(root())
        .args(["build", "--package", package, "--bin", binary, "--profile", profile])
        .arg("--message-format=json-render-diagnostics")
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    anyhow::ensure!(output.status.success(), "{package} cannot be built");
    let lines = output.stdout.split(|&byte| byte == b'\n');
    lines
        .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == binary)
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .with_context(|| format!("cargo did not say where {binary} is"))
}

fn run() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Demo => demo::run(),
        Command::DemoImage { dir } => demo::image(&dir).map(|()| ExitCode::SUCCESS),
        Command::Bench(options) => bench::run(&options),
        Command::CompareSyft(options) => compare::run(&options),
        Command::SecretsCorpus(options) => corpus::run(&options),
        Command::LargeImage { model, output, megabytes, more } => {
            generate::image(&model, &output, megabytes.saturating_mul(1_000_000), more)
                .map(|_| ExitCode::SUCCESS)
        }
        Command::Inflate { image } => baseline::inflate(&image).map(|()| ExitCode::SUCCESS),
        Command::Hash { image } => baseline::hash(&image).map(|()| ExitCode::SUCCESS),
        Command::SyntheticIndex { output } => index::synthetic(&output).map(|()| ExitCode::SUCCESS),
        Command::MeasureIndex { index } => index::measure(&index).map(|()| ExitCode::SUCCESS),
        Command::HoldIndex { index } => index::hold(&index).map(|()| ExitCode::SUCCESS),
        Command::Lookup { index, report } => baseline::lookup(&index, &report).map(|()| ExitCode::SUCCESS),
    }
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        note(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}

/// Tells people; nothing reads it.
#[allow(clippy::print_stderr)]
fn note(text: &str) {
    eprintln!("{text}");
}
