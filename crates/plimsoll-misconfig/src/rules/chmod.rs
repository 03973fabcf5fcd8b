//! CFG-CHMOD: the build makes files writable for everyone.

use plimsoll_types::classes::configuration::CHMOD;

use super::Fault;
use crate::build::{Build, Keyword};
use crate::evidence;
use crate::shell::Command;

pub(super) fn check(build: &Build, faults: &mut Vec<Fault>) {
    for (number, step) in build.steps.iter().enumerate() {
        for command in &step.script.commands {
            if let Some(mode) = opens(command) {
                let message = format!("chmod {mode} gives everyone the right to write");
                faults.push(
                    Fault::new(CHMOD, "", number, message).at(command.line, evidence::command(command)),
                );
            }
        }
        let keyword = step.instruction.keyword;
        if let Some(mode) = step.instruction.flag("chmod").filter(|mode| writes_for_all(mode))
            && matches!(keyword, Keyword::Copy | Keyword::Add)
        {
            let message = format!("{} --chmod={mode} gives everyone the right to write", keyword.word());
            let evidence = evidence::text(&step.instruction.text());
            faults.push(Fault::new(CHMOD, "copy", number, message).at(0, evidence));
        }
    }
}

/// The mode by which a command lets everyone write, outside the directories that are meant for all.
fn opens(command: &Command) -> Option<&str> {
    if command.program() != "chmod" {
        return None;
    }
    let mode = command.operands().next().filter(|mode| writes_for_all(mode))?;
    let mut files = command.operands().skip(1).peekable();
    let for_all =
        |path: &str| matches!(path.trim_end_matches('/'), "/tmp" | "/var/tmp" | "/dev/shm" | "/dev/null");
    let only_for_all = files.peek().is_some() && files.all(for_all);
    (!only_for_all).then_some(mode)
}

/// True when a mode gives others the right to write and does not set the sticky bit (POSIX.1-2024, chmod).
fn writes_for_all(mode: &str) -> bool {
    if mode.bytes().all(|byte| matches!(byte, b'0'..=b'7')) {
        let Ok(bits) = u32::from_str_radix(mode, 8) else { return false };
        return mode.len() <= 5 && bits & 0o002 != 0 && bits & 0o1000 == 0;
    }
    let clauses = mode.split(',');
    let opens = clauses.clone().any(|clause| {
        let Some(at) = clause.find(['+', '=']) else { return false };
        let (who, what) = (clause.get(..at).unwrap_or_default(), clause.get(at..).unwrap_or_default());
        // Without a `who`, the mask of the process keeps others from writing.
        (who.contains('o') || who.contains('a')) && what.contains('w')
    });
    opens && !clauses.into_iter().any(|clause| clause.contains("+t") || clause.ends_with("wxt"))
}
