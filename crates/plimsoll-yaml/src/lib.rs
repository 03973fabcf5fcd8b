//! Reading YAML into types, with limits on nesting, nodes and aliases: a small file cannot ask for much work or memory, whoever wrote
//! it. How large a file may be at all is the caller's matter.

use serde::de::DeserializeOwned;
/// A value with the place where it stands.
pub use serde_saphyr::Spanned;

/// The nesting that any form needs that is read here, several times over.
const MAX_DEPTH: usize = 48;

/// The most characters of a message.
const MAX_MESSAGE: usize = 300;

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}{place}", if place.is_empty() { "" } else { " at " })]
pub struct YamlError {
    /// What is wrong, in one line.
    pub message: String,
    /// Where: `line 3, column 5`. Empty where that is not known.
    pub place: String,
    /// The line, from 1; 1 where that is not known.
    pub line: u64,
}

/// Reads the only document of `text`.
///
/// # Errors
///
/// When it is no YAML, is not what `T` takes, or exceeds a limit.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    let nodes = text.len().saturating_add(16);
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: MAX_DEPTH,
            max_documents: 1,
            // A node takes a byte at least; what is more comes from aliases, which get their own, small allowance.
            max_nodes: nodes,
            max_events: nodes.saturating_mul(4),
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_merge_keys: 100,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 8,
        },
        // `5042e56392177725` is a hash to who wrote it; only texts and small numbers are read here.
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let text = error.to_string();
        // Further lines show the place in the file, which the first one names.
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let (message, place) = match first.split_once(" at line ") {
            Some((message, place)) => (message, format!("line {place}")),
            None => (first, String::new()),
        };
        YamlError { message: message.chars().take(MAX_MESSAGE).collect(), place, line }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Map = BTreeMap<String, Vec<u32>>;

    #[test]
    fn faults_are_told_in_one_line_with_their_place() {
        assert_eq!(parse::<Map>("a: [1, 2]").unwrap()["a"], [1, 2]);
        let error = parse::<Map>("a: [1]\nb: [x]\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.place.starts_with("line 2, column "), "{error:?}");
        assert!(!error.message.contains('\n') && !error.message.contains("line 2"), "{error:?}");
        assert_eq!(error.to_string(), format!("{} at {}", error.message, error.place));
        assert!(parse::<Map>("a: [1]\n---\nb: [2]\n").is_err(), "one document");
    }

    #[test]
    fn bombs_are_refused() {
        let mut bomb = "a: &a [1,1,1,1,1,1,1,1,1]\n".to_owned();
        for (name, of) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"])
        {
            bomb += &format!("{name}: &{name} [*{of},*{of},*{of},*{of},*{of},*{of},*{of},*{of},*{of}]\n");
        }
        let start = std::time::Instant::now();
        assert!(parse::<BTreeMap<String, serde::de::IgnoredAny>>(&bomb).is_err());
        assert!(parse::<serde::de::IgnoredAny>(&"[".repeat(100_000)).is_err());
        assert!(start.elapsed() < std::time::Duration::from_secs(10));
    }

    #[test]
    fn numbers_too_large_for_a_number_stay_texts() {
        let map: BTreeMap<String, String> = parse("hash: 5042e56392177725").unwrap();
        assert_eq!(map["hash"], "5042e56392177725");
    }
}
