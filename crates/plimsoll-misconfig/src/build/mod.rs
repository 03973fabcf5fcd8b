//! The steps of a build, wherever they are written: in the history of an image or in a build file. Rules look at these and need not
//! know which of the two it was.
//!
//! Follows the Dockerfile reference (syntax 1.x) for what instructions are.

mod history;
mod instruction;

#[cfg(test)]
mod tests;

pub use history::{from_config, from_history};
pub(crate) use instruction::json_words;
pub use instruction::{Flag, Form, Instruction, Keyword, Origin};

use crate::shell::Script;

/// The most commands of a build that are looked at.
const MAX_COMMANDS: usize = 10_000;

/// A step and the commands that it runs.
#[derive(Debug, Clone)]
pub struct Step {
    /// The instruction.
    pub instruction: Instruction,
    /// What it runs; empty for an instruction that runs nothing.
    pub script: Script,
}

/// The steps of a build, in their order.
#[derive(Debug, Clone, Default)]
pub struct Build {
    /// The steps.
    pub steps: Vec<Step>,
}

impl Build {
    /// The build that `instructions` are.
    pub fn new(instructions: Vec<Instruction>) -> Build {
        // Rules look at pairs of commands, so that their number is what a hostile build can make expensive.
        let mut left = MAX_COMMANDS;
        let steps = instructions.into_iter().map(Instruction::unwrap_trigger).map(|instruction| {
            let script =
                if left > 0 { instruction.script() } else { Script { truncated: true, ..Script::default() } };
            left = left.saturating_sub(script.commands.len());
            Step { script, instruction }
        });
        Build { steps: steps.collect() }
    }

    /// The steps with this keyword, each with its number.
    pub fn of(&self, keyword: Keyword) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate().filter(move |(_, step)| step.instruction.keyword == keyword)
    }
}
