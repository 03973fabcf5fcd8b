//! Reading YAML (1.2) with limits on nesting, nodes and aliases, so that a small file cannot ask for much work.

use serde::de::DeserializeOwned;

use crate::PolicyError;

/// The largest file that is read.
pub(crate) const MAX_SIZE: usize = 4 << 20;
/// The nesting that any form needs, several times over.
const MAX_DEPTH: usize = 32;

/// The text of a file that is not too large.
pub(crate) fn text<'a>(origin: &str, bytes: &'a [u8]) -> Result<&'a str, PolicyError> {
    if bytes.len() > MAX_SIZE {
        return Err(PolicyError::TooLarge { origin: origin.to_owned(), size: bytes.len(), limit: MAX_SIZE });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| PolicyError::Encoding { origin: origin.to_owned() })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Parses one YAML document; `None` for a file in which nothing is said.
pub(crate) fn parse<T: DeserializeOwned>(origin: &str, bytes: &[u8]) -> Result<Option<T>, PolicyError> {
    let text = text(origin, bytes)?;
    let says_nothing = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    };
    if text.lines().all(says_nothing) {
        return Ok(None);
    }
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
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map(Some).map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let message = error.to_string();
        let message = message.lines().next().unwrap_or_default();
        // The line is told already.
        let message = message.split(" at line ").next().unwrap_or(message);
        PolicyError::at(
            origin,
            line,
            message.trim_start_matches("error: ").chars().take(300).collect::<String>(),
        )
    })
}
