//! Reading YAML with limits on nesting, nodes and aliases, so that a small file cannot ask for much work.

use serde::de::DeserializeOwned;

use super::SourceError;

/// The nesting that any advisory form needs, several times over.
const MAX_DEPTH: usize = 48;

/// The largest document, in bytes: many times the largest that there is. A byte of it can ask for some forty in memory.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// Parses one YAML document.
pub(super) fn parse<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, SourceError> {
    if text.len() > MAX_BYTES {
        return Err(SourceError::TooLarge { path: path.to_owned(), size: text.len(), limit: MAX_BYTES });
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
        // `5042e56392177725` is a hash to who wrote it; only texts and small numbers are read here.
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| SourceError::Yaml {
        path: path.to_owned(),
        message: super::text::one_line(&error.to_string()).chars().take(300).collect(),
    })
}
