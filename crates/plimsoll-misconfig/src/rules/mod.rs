//! The rules: one file for each class of faults. Those over the steps of a build work on the history of an image and on build files
//! alike; those over images look at the configuration, the merged files and what analyzers stated.

mod add;
mod chmod;
pub(crate) mod fetch;
mod packages;
mod pipefail;
pub(crate) mod pipesh;
mod sudo;
mod unpinned;
mod unverified;
mod update;

#[cfg(test)]
mod tests;

use plimsoll_types::{Class, Confidence, Severity};

use crate::build::Build;

/// A fault of a step of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its class.
    pub class: &'static Class,
    /// The rule inside the class.
    pub rule: &'static str,
    /// How bad it is here.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What was seen, in one sentence without a final stop.
    pub message: String,
    /// The number of the step, from 0.
    pub step: usize,
    /// The line inside the step's script, from 0.
    pub line: u32,
    /// What shows it, secrets masked.
    pub evidence: String,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

impl Fault {
    /// A fault of step `step` with the class' severity and full confidence.
    pub fn new(class: &'static Class, rule: &'static str, step: usize, message: impl Into<String>) -> Fault {
        Fault {
            class,
            rule,
            severity: class.severity,
            confidence: Confidence::High,
            message: message.into(),
            step,
            line: 0,
            evidence: String::new(),
            notes: Vec::new(),
        }
    }

    fn at(self, line: u32, evidence: impl Into<String>) -> Fault {
        Fault { line, evidence: evidence.into(), ..self }
    }

    fn severity(self, severity: Severity) -> Fault {
        Fault { severity, ..self }
    }

    fn confidence(self, confidence: Confidence) -> Fault {
        Fault { confidence, ..self }
    }

    fn note(mut self, note: impl Into<String>) -> Fault {
        self.notes.push(note.into());
        self
    }
}

/// A rule over the steps of a build.
pub struct BuildRule {
    /// The name, that of its file.
    pub id: &'static str,
    /// Looks at a build.
    pub check: fn(&Build, &mut Vec<Fault>),
}

/// The rules over the steps of a build.
pub const BUILD_RULES: &[BuildRule] = &[
    BuildRule { id: "add", check: add::check },
    BuildRule { id: "chmod", check: chmod::check },
    BuildRule { id: "pipefail", check: pipefail::check },
    BuildRule { id: "pipesh", check: pipesh::check },
    BuildRule { id: "sudo", check: sudo::check },
    BuildRule { id: "unpinned", check: unpinned::check },
    BuildRule { id: "unverified", check: unverified::check },
    BuildRule { id: "update", check: update::check },
];

/// The most faults of one build: one that has more of them is not read any better.
const MAX_FAULTS: usize = 1_000;

/// What is wrong with the steps of a build.
pub fn check_build(build: &Build) -> Vec<Fault> {
    let mut faults = Vec::new();
    for rule in BUILD_RULES {
        (rule.check)(build, &mut faults);
    }
    faults.truncate(MAX_FAULTS);
    faults
}
