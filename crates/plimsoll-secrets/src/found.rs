//! A secret as it was found: where its value stands, so that whoever shows the text can mask it.

use std::ops::Range;

use plimsoll_types::{Confidence, Severity};

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The code of its class, such as `SEC-CREDFILE`.
    pub class: &'static str,
    /// The rule, such as `npmrc-auth-token`.
    pub rule: String,
    /// Where the value stands in the bytes that were looked at; empty when the file as a whole is the secret.
    pub value: Range<usize>,
    /// How bad it is; the class' own where `None`.
    pub severity: Option<Severity>,
    /// How sure it is.
    pub confidence: Confidence,
    /// What it is, in one sentence without a final stop and without the value: `an npm token for registry.example`.
    pub message: String,
    /// Why it is less or more than usual, a sentence each.
    pub notes: Vec<String>,
}
