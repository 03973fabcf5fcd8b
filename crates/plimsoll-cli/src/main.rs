//! `plimsoll`, the command line.

mod args;
mod attachments;
mod cis;
mod compare;
mod compare_versions;
mod config;
mod db;
mod exit;
mod explain;
mod judgement;
mod list;
mod output;
mod progress;
mod query;
mod registry;
mod rules;
mod scan;
mod targets;
mod vex;

use std::process::ExitCode;

use exit::Exit;

fn main() -> ExitCode {
    // An analyzer that panics is reported as a problem of the file; the default hook would print into the report's
    // company. What nobody catches is told below.
    std::panic::set_hook(Box::new(|info| exit::remember_panic(&info.to_string())));
    match std::panic::catch_unwind(run) {
        Ok(exit) => exit.into(),
        Err(_) => exit::bug().into(),
    }
}

fn run() -> Exit {
    let arguments = match args::parse() {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    let result = match arguments.command {
        args::Command::Scan(scan) => scan::run(&scan),
        args::Command::Db { command } => db::run(&command),
        args::Command::Compare(arguments) => compare::run(&arguments),
        args::Command::Policy { command } => judgement::run(&command),
        args::Command::Query(arguments) => query::run(&arguments),
        args::Command::Cis(arguments) => cis::run(&arguments),
        args::Command::CompareVersions(arguments) => compare_versions::run(&arguments),
        args::Command::Rules { command } => rules::run(&command),
        args::Command::List { what } => list::list(what),
        args::Command::Explain(arguments) => explain::run(&arguments),
        args::Command::Completion { shell } => args::completion(shell),
        args::Command::Man => args::man(),
    };
    result.unwrap_or_else(|error| exit::report(&error))
}
