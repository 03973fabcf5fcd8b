//! Identifiers that depend on content alone: document UUIDs (RFC 9562, version 8) and unique names inside a document.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufWriter, Write};

use plimsoll_types::{Report, TargetReport};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::RenderError;
use crate::formats::json;

struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The UUID of one rendering (`purpose`, such as a format's id) of a report.
///
/// The report's native JSON is what is hashed, since it holds everything that is in a report. Version 8 is RFC 9562's
/// place for identifiers made in another way than its own; version 5 would ask for SHA-1.
pub(crate) fn document_uuid(report: &Report, purls: &Purls, purpose: &str) -> Result<Uuid, RenderError> {
    let mut hash = BufWriter::with_capacity(1 << 16, Hashing(Sha256::new_with_prefix(purpose)));
    serde_json::to_writer(&mut hash, &json::Document::new(report, purls, true)?)?;
    let Hashing(hash) = hash.into_inner().map_err(io::IntoInnerError::into_error)?;
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(byte, from)| *byte = from);
    Ok(Uuid::new_v8(bytes))
}

/// The package URLs of all packages as text, written once since they are needed several times.
pub(crate) struct Purls(Vec<Vec<String>>);

impl Purls {
    /// Writes those of a report.
    pub(crate) fn new(report: &Report) -> Purls {
        let of_target =
            |target: &TargetReport| target.packages.iter().map(|package| package.purl.to_string()).collect();
        Purls(report.targets.iter().map(of_target).collect())
    }

    /// Each target with the package URLs of its packages, by their index in it.
    pub(crate) fn with<'a>(
        &'a self,
        report: &'a Report,
    ) -> impl Iterator<Item = (&'a TargetReport, &'a [String])> {
        report.targets.iter().zip(self.0.iter().map(Vec::as_slice))
    }
}

/// The first 16 bytes of the SHA-256 over `parts`, in lower-case hexadecimal digits. A part's length is hashed
/// with it, so that moving a character from one part to the next changes the result.
pub(crate) fn fingerprint(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    let mut hex = String::with_capacity(32);
    for byte in hash.finalize().iter().take(16) {
        for nibble in [byte >> 4, byte & 15] {
            hex.extend(char::from_digit(u32::from(nibble), 16));
        }
    }
    hex
}

/// Hands out names that are unique in a document: the name asked for, else that name with a number behind it.
#[derive(Debug, Default)]
pub(crate) struct UniqueNames {
    taken: HashSet<String>,
    /// The last number tried for a name, so that a thousand equal names do not cost a million tries.
    last: HashMap<String, usize>,
}

impl UniqueNames {
    /// A name that was not handed out before; `separator` stands between the name and its number.
    pub(crate) fn claim(&mut self, name: &str, separator: &str) -> String {
        if self.taken.insert(name.to_owned()) {
            return name.to_owned();
        }
        let last = self.last.entry(name.to_owned()).or_insert(1);
        loop {
            *last += 1;
            let candidate = format!("{name}{separator}{last}");
            if self.taken.insert(candidate.clone()) {
                return candidate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_even_when_they_look_like_numbered_ones() {
        let mut names = UniqueNames::default();
        let given: Vec<_> = ["a", "a-3", "a", "a", "a-3"].map(|name| names.claim(name, "-")).into();
        assert_eq!(given, ["a", "a-3", "a-2", "a-4", "a-3-2"]);
    }

    #[test]
    fn fingerprints_keep_parts_apart() {
        assert_ne!(fingerprint(&["ab", "c"]), fingerprint(&["a", "bc"]));
        assert_eq!(fingerprint(&["ab", "c"]).len(), 32);
    }
}
