//! CFG-UNPINNED: packages in whatever version there is. One finding for a build, since one step or twenty ask for the same remedy.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_types::Severity;
use plimsoll_types::classes::configuration::UNPINNED;

use super::Fault;
use super::packages::{Manager, Task, task, unpinned};
use crate::build::{Build, Keyword};
use crate::evidence;

/// The most packages of one manager that are named.
const MAX_NAMED: usize = 12;

pub(super) fn check(build: &Build, faults: &mut Vec<Fault>) {
    let mut found: BTreeMap<Manager, BTreeSet<&str>> = BTreeMap::new();
    let mut first = None;
    for (number, step) in build.of(Keyword::Run) {
        // What the base image installed is fixed with it.
        if step.instruction.inherited {
            continue;
        }
        for command in &step.script.commands {
            let Some((manager, Task::Install(packages))) = task(command) else { continue };
            let packages = unpinned(manager, command, &packages);
            if !packages.is_empty() {
                first.get_or_insert((number, command.line));
                found.entry(manager).or_default().extend(packages);
            }
        }
    }
    let Some((step, line)) = first else { return };
    let count: usize = found.values().map(BTreeSet::len).sum();
    let names = found.iter().map(|(manager, packages)| {
        let mut names: Vec<&str> = packages.iter().copied().take(MAX_NAMED).collect();
        if packages.len() > MAX_NAMED {
            names.push("…");
        }
        format!("{}: {}", manager.word(), evidence::text(&names.join(" ")))
    });
    let names: Vec<String> = names.collect();
    let message = match count {
        1 => "1 package is installed in whatever version there is".to_owned(),
        _ => format!("{count} packages are installed in whatever version there is"),
    };
    let severity =
        if found.keys().all(|manager| manager.is_os()) { Severity::Negligible } else { Severity::Low };
    faults.push(Fault::new(UNPINNED, "", step, message).at(line, names.join("; ")).severity(severity));
}
