//! Detections: findings that are not about a package's known vulnerabilities but about what an image holds or says. Secrets,
//! configuration, malware and tampering all come as detections, and so will what is seen at run time.

use std::fmt;

use crate::{Class, Confidence, Severity};

/// What a detection is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PlaceKind {
    /// A file; `name` is its path.
    #[default]
    File,
    /// A member of the image's configuration; `name` is the member, such as `User` or `Volumes`.
    Config,
    /// An environment variable of the configuration; `name` is the variable.
    Env,
    /// A label or annotation; `name` is its key.
    Label,
    /// A step of the history; `name` is its number, from 1.
    History,
    /// A package; `name` is its name.
    Package,
    /// The image as a whole; `name` is empty.
    Image,
}

impl PlaceKind {
    /// All of them.
    pub const ALL: [PlaceKind; 7] = [
        PlaceKind::File,
        PlaceKind::Config,
        PlaceKind::Env,
        PlaceKind::Label,
        PlaceKind::History,
        PlaceKind::Package,
        PlaceKind::Image,
    ];

    /// The word, such as `file`.
    pub const fn word(self) -> &'static str {
        match self {
            PlaceKind::File => "file",
            PlaceKind::Config => "config",
            PlaceKind::Env => "env",
            PlaceKind::Label => "label",
            PlaceKind::History => "history",
            PlaceKind::Package => "package",
            PlaceKind::Image => "image",
        }
    }
}

/// Where something was detected.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// What it is about.
    pub kind: PlaceKind,
    /// Its name; see [`PlaceKind`]. A path is relative to the image's root, nested archives are joined with `!/`.
    pub name: String,
    /// The layer, counted from the base, from 0; `None` for a directory target and for what has no layer.
    pub layer: Option<u32>,
    /// The layer that deletes or replaces the file, so that it is in the image but not in the container.
    pub hidden_by: Option<u32>,
    /// The first line, from 1.
    pub line: Option<u32>,
    /// The last line, from 1.
    pub end_line: Option<u32>,
    /// The column of the first character, from 1.
    pub column: Option<u32>,
    /// The object inside a manifest: `Deployment default/web, container app`; a service in a Compose file; empty elsewhere.
    pub resource: String,
}

impl fmt::Display for Place {
    /// `etc/passwd:3`, `env DB_PASSWORD`, `history step 4`, `image`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PlaceKind::File => f.write_str(&self.name)?,
            PlaceKind::Image => f.write_str("image")?,
            PlaceKind::History => write!(f, "history step {}", self.name)?,
            kind => write!(f, "{} {}", kind.word(), self.name)?,
        }
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// A finding made by a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// Its class.
    pub class: &'static Class,
    /// The rule inside the class, such as `github-pat`; empty when the class is the rule.
    pub rule: String,
    /// How bad it is here.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What was seen, in one sentence without a final stop: `the user 'app' has the number 0`. Never a secret.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The line or value that shows it, secrets masked; empty when there is nothing to show.
    pub evidence: String,
    /// Why severity or confidence differ from the class', and what else is worth knowing, a sentence each.
    pub notes: Vec<String>,
    /// What to do here, where that is more than the class says; empty otherwise.
    pub remedy: String,
    /// The package it is about: an index into the target's packages.
    pub package: Option<usize>,
}

impl Detection {
    /// A detection with the class' severity, full confidence, and nothing else to say.
    pub fn new(class: &'static Class, place: Place, message: impl Into<String>) -> Detection {
        Detection {
            class,
            rule: String::new(),
            severity: class.severity,
            confidence: Confidence::High,
            message: message.into(),
            place,
            evidence: String::new(),
            notes: Vec::new(),
            remedy: String::new(),
            package: None,
        }
    }

    /// What to do: the detection's own word, else the class'.
    pub fn remedy(&self) -> &str {
        if self.remedy.is_empty() { self.class.remedy } else { &self.remedy }
    }

    /// The class' code, and the rule where there is one: `SEC-TOKEN/github-pat`.
    pub fn id(&self) -> String {
        if self.rule.is_empty() {
            self.class.code.to_owned()
        } else {
            format!("{}/{}", self.class.code, self.rule)
        }
    }
}

/// A detection that is not shown among the others, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressedDetection {
    /// The detection.
    pub detection: Detection,
    /// What held it back.
    pub by: crate::SuppressedBy,
    /// Where that is stated: a file, a rule.
    pub origin: String,
    /// The reason given.
    pub reason: String,
    /// When it ends, where it does.
    pub expires: Option<crate::Timestamp>,
}

/// A secret value. What prints it, prints a mask.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }

    /// The value itself, for checks. It must not reach any output.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The value as it may be shown: at most its first four characters, when it is long enough that they give little away, then
    /// stars. The number of stars does not tell the length.
    pub fn masked(&self) -> String {
        let shown = if self.0.chars().count() >= 16 { 4 } else { 0 };
        let head: String = self.0.chars().take(shown).filter(|c| !c.is_control()).collect();
        format!("{head}********")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.masked())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("ghp_0123456789abcdefghijklmnopqrstuvwxyz");
        assert_eq!(secret.to_string(), "ghp_********");
        assert_eq!(format!("{secret:?}"), "Secret(ghp_********)");
        assert_eq!(Secret::new("hunter2").to_string(), "********");
    }
}
