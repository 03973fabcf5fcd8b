//! CFG-UPDATE: package lists are updated in a step of their own, or all packages are upgraded.

use plimsoll_types::classes::configuration::UPDATE;

use super::Fault;
use super::packages::{Manager, Task, task};
use crate::build::{Build, Keyword};
use crate::evidence;

pub(super) fn check(build: &Build, faults: &mut Vec<Fault>) {
    for (number, step) in build.of(Keyword::Run) {
        let commands = &step.script.commands;
        let tasks: Vec<Option<(Manager, Task<'_>)>> = commands.iter().map(task).collect();
        let mut alone = None;
        for (at, (found, command)) in tasks.iter().zip(commands).enumerate() {
            match found {
                Some((manager, Task::Update)) => {
                    let used = tasks
                        .iter()
                        .skip(at + 1)
                        .flatten()
                        .any(|(later, task)| later == manager && !matches!(task, Task::Update));
                    // A script of the image's own may install what it needs.
                    let hidden = commands.iter().skip(at + 1).any(|later| {
                        let first = later.words.first().map(String::as_str).unwrap_or_default();
                        first.contains('/') && !first.starts_with("/usr/bin/") && !first.starts_with("/bin/")
                            || first.starts_with('$')
                            || first.ends_with(".sh")
                    });
                    if !used && !hidden && alone.is_none() {
                        alone = Some(command);
                    }
                }
                Some((_, Task::Upgrade { all: true })) => {
                    let message = format!("{} upgrades the whole distribution", command.program());
                    faults.push(
                        Fault::new(UPDATE, "dist-upgrade", number, message)
                            .at(command.line, evidence::command(command)),
                    );
                }
                _ => {}
            }
        }
        if let Some(command) = alone {
            let message =
                format!("{} updates package lists, and nothing in the step uses them", command.program());
            faults.push(
                Fault::new(UPDATE, "alone", number, message).at(command.line, evidence::command(command)),
            );
        }
    }
}
