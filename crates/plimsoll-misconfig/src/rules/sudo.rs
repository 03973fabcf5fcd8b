//! CFG-SUDO in steps of a build; what is installed and who may use it is a rule over the image.

use plimsoll_types::classes::configuration::SUDO;

use super::Fault;
use crate::build::{Build, Keyword};
use crate::evidence;

pub(super) fn check(build: &Build, faults: &mut Vec<Fault>) {
    for (number, step) in build.of(Keyword::Run) {
        let is_sudo = |name: &str| matches!(name, "sudo" | "doas");
        let found = step.script.commands.iter().find(|command| {
            command.wrappers.iter().any(|wrapper| is_sudo(wrapper))
                || is_sudo(command.program()) && !command.arguments().is_empty()
        });
        if let Some(command) = found {
            let message = "a step of the build runs a program with sudo";
            faults
                .push(Fault::new(SUDO, "used", number, message).at(command.line, evidence::command(command)));
        }
    }
}
