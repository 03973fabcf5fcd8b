//! `plimsoll cis`: a benchmark held against reports, inspect output and a live engine.

use plimsoll_query::benchmark::{MAX_BYTES, SHIPPED};
use plimsoll_query::{Audit, Benchmark, State};

use crate::args::{Cis, Form};
use crate::exit::{Exit, message, usage};
use crate::{output, query};

/// Holds the benchmark against what was named.
pub(crate) fn run(arguments: &Cis) -> anyhow::Result<Exit> {
    let (name, bytes) = match &arguments.benchmark {
        Some(path) => (path.display().to_string(), query::read(path, MAX_BYTES)?),
        None => ("the benchmark that ships".to_owned(), SHIPPED.as_bytes().to_vec()),
    };
    let mut benchmark = Benchmark::read(&bytes).map_err(|error| {
        let hint = error.hint().map_or_else(String::new, |hint| format!("; {hint}"));
        usage(format!("{name}: {error}{hint}"))
    })?;
    if arguments.print_benchmark {
        output::standard(&bytes)?;
        return Ok(Exit::Success);
    }
    for wanted in &arguments.check {
        if !benchmark.checks.iter().any(|check| check.id.eq_ignore_ascii_case(wanted)) {
            return Err(usage(format!("{name} has no check '{wanted}'")));
        }
    }
    benchmark.checks.retain(|check| {
        let named = arguments.check.is_empty()
            || arguments.check.iter().any(|wanted| check.id.eq_ignore_ascii_case(wanted));
        named && arguments.level.is_none_or(|most| check.level.is_none_or(|level| level <= most))
    });
    let database = query::database(&arguments.sources, &arguments.limits)?;
    let audit = Audit::run(&benchmark, &database);
    let text = match arguments.format {
        Form::Table => audit.table(),
        Form::Json => audit.json(),
    };
    output::standard(text.as_bytes())?;
    Ok(match arguments.exit_code {
        Some(code) if audit.count(State::Fail) > 0 => Exit::Violation(code),
        Some(_) if audit.count(State::Error) > 0 => {
            message("error", "some checks could not be answered");
            Exit::Incomplete
        }
        _ => Exit::Success,
    })
}
