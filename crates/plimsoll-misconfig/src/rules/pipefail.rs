//! CFG-PIPEFAIL: a download at the beginning of a pipe may fail without the step failing.

use plimsoll_types::classes::configuration::PIPEFAIL;

use super::Fault;
use super::fetch::fetch;
use super::pipesh::runs;
use crate::build::{Build, Keyword};
use crate::evidence;

pub(super) fn check(build: &Build, faults: &mut Vec<Fault>) {
    for (number, step) in build.of(Keyword::Run) {
        let script = &step.script;
        if step.instruction.shell.iter().any(|word| word == "pipefail") {
            continue;
        }
        // What is run unchecked is told as that.
        let run: Vec<u32> = runs(script)
            .iter()
            .filter_map(|run| script.commands.get(run.command).map(|command| command.pipeline))
            .collect();
        let found = script.commands.iter().enumerate().find(|(at, command)| {
            command.feeds.is_none()
                && !run.contains(&command.pipeline)
                && fetch(command).is_some_and(|fetch| fetch.file.is_none())
                && script.commands.iter().skip(at + 1).any(|next| next.pipeline == command.pipeline)
                && !script.has_pipefail(*at)
        });
        if let Some((_, command)) = found {
            let message =
                format!("the step goes on when {} fails at the beginning of a pipe", command.program());
            faults
                .push(Fault::new(PIPEFAIL, "", number, message).at(command.line, evidence::command(command)));
        }
    }
}
