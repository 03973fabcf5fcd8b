//! Masking what is shown of an image beside findings: labels, commands, histories.

use std::ops::Range;

use plimsoll_types::Secret;

use super::{clip, command, in_command, pair};
use crate::Engine;

/// A command line or a step of a history as it may be shown.
pub fn mask_command(text: &str) -> String {
    let engine = Engine::built_in_ref();
    let looked_at = clip(text);
    let mut ranges: Vec<Range<usize>> =
        in_command(engine, looked_at).into_iter().map(|(_, range)| range).collect();
    for (name, value, _) in command::pairs(looked_at) {
        let (Some(name), Some(inner)) = (looked_at.get(name), looked_at.get(value.clone())) else { continue };
        if let Some(told) = pair(engine, name, inner) {
            ranges.push(value.start + told.value.start..value.start + told.value.end);
        }
    }
    masked(text, ranges)
}

/// The value of a variable or label as it may be shown.
pub fn mask_value(name: &str, value: &str) -> String {
    match pair(Engine::built_in_ref(), name, value) {
        Some(told) => masked(value, vec![told.value]),
        None => value.to_owned(),
    }
}

fn masked(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        // A part that is in an earlier one is hidden with it.
        let start = range.start.max(at);
        let (Some(before), Some(value)) = (text.get(at..start), text.get(start..range.end)) else { continue };
        out.push_str(before);
        if !value.is_empty() {
            out.push_str(&Secret::new(value).masked());
        }
        at = range.end.max(at);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_the_rest_stays() {
        let shown = mask_command("RUN |1 DB_PASSWORD=hunter2-prod-77 /bin/sh -c echo hello");
        assert!(!shown.contains("hunter2") && shown.ends_with("echo hello"), "{shown}");
        assert_eq!(mask_command("RUN apt-get update"), "RUN apt-get update");
        assert!(!mask_value("db.password", "hunter2-prod-77").contains("hunter2"));
        assert_eq!(mask_value("org.opencontainers.image.version", "1.2.3"), "1.2.3");
        assert_eq!(masked("abcdef", vec![2..4, 1..3]), "a****************ef");
    }
}
