//! What differs between two indexes: which advisories came, went and changed.

use std::collections::BTreeMap;

use plimsoll_db::Index;

use crate::chunks::{ChunkError, wire_hash};

/// What differs between two indexes, by source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DatabaseDiff {
    /// Sources that differ, sorted by their ids.
    pub sources: BTreeMap<String, SourceDiff>,
    /// How many advisories are the same in both.
    pub unchanged: u64,
}

/// What differs in one source: the ids of advisories, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceDiff {
    /// Only in the second index.
    pub added: Vec<String>,
    /// Only in the first index.
    pub removed: Vec<String>,
    /// In both, but with another content.
    pub changed: Vec<String>,
}

/// Compares two indexes. Takes memory in proportion to the number of advisories.
///
/// # Errors
///
/// When one of them is damaged.
pub fn diff(before: &Index, after: &Index) -> Result<DatabaseDiff, ChunkError> {
    let mut old: Vec<((String, String), u128)> = Vec::new();
    before.records(|record| -> Result<(), ChunkError> {
        let key = (record.source.clone(), record.id.clone());
        old.push((key, wire_hash(record)?));
        Ok(())
    })?;
    let mut found = DatabaseDiff::default();
    let mut old = old.into_iter().peekable();
    after.records(|record| -> Result<(), ChunkError> {
        let key = (record.source.clone(), record.id.clone());
        while let Some(((source, id), _)) = old.next_if(|(known, _)| *known < key) {
            found.sources.entry(source).or_default().removed.push(id);
        }
        let known = old.next_if(|(known, _)| *known == key);
        let (source, id) = key;
        match known {
            None => found.sources.entry(source).or_default().added.push(id),
            Some((_, hash)) if hash != wire_hash(record)? => {
                found.sources.entry(source).or_default().changed.push(id);
            }
            Some(_) => found.unchanged += 1,
        }
        Ok(())
    })?;
    for ((source, id), _) in old {
        found.sources.entry(source).or_default().removed.push(id);
    }
    Ok(found)
}
