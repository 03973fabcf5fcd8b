//! Makes an index of jars.

use std::collections::HashMap;
use std::io::{self, Write};

use xxhash_rust::xxh3::Xxh3Default;

use super::{Gav, JAR_INDEX_FORMAT, MAGIC, PREFIX};

/// Collects jars for an index.
#[derive(Debug, Default)]
pub struct JarIndexBuilder {
    strings: HashMap<String, u32>,
    /// Group and artifact, as numbers of strings in the order met.
    artifacts: HashMap<(u32, u32), u32>,
    /// Digest, artifact and version, in the order met.
    jars: Vec<([u8; PREFIX], u32, u32)>,
}

/// The most of anything in an index: numbers have 32 bits, and text is found by them.
const MAX_COUNT: usize = 1 << 28;
const MAX_STRING: usize = 1_024;
/// The most jars for which memory is taken on a database's word: more than Maven Central has.
const MAX_RESERVED: usize = 1 << 24;

fn usable(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_STRING && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

impl JarIndexBuilder {
    /// An empty builder with room for so many jars.
    pub fn with_capacity(jars: usize) -> JarIndexBuilder {
        JarIndexBuilder { jars: Vec::with_capacity(jars.min(MAX_RESERVED)), ..JarIndexBuilder::default() }
    }

    /// Adds a jar; false when it is none that can be kept.
    pub fn add(&mut self, sha1: &[u8], gav: Gav<'_>) -> bool {
        // What is not kept must leave no trace.
        sha1.len() == 20
            && usable(gav.version)
            && self
                .artifact(gav.group, gav.artifact)
                .is_some_and(|artifact| self.jar(sha1, artifact, gav.version))
    }

    /// The number of an artifact, to add its jars with; `None` when it is none that can be kept.
    pub fn artifact(&mut self, group: &str, artifact: &str) -> Option<u32> {
        if !usable(group) || !usable(artifact) || self.artifacts.len() >= MAX_COUNT {
            return None;
        }
        let key = (self.number(group), self.number(artifact));
        let next = self.artifacts.len() as u32;
        Some(*self.artifacts.entry(key).or_insert(next))
    }

    /// Adds a jar of an artifact that [`JarIndexBuilder::artifact`] has numbered; false when it is none that can be kept.
    pub fn jar(&mut self, sha1: &[u8], artifact: u32, version: &str) -> bool {
        let Some(digest) = sha1.first_chunk::<PREFIX>().filter(|_| sha1.len() == 20) else { return false };
        if !usable(version) || self.jars.len() >= MAX_COUNT || artifact as usize >= self.artifacts.len() {
            return false;
        }
        let version = self.number(version);
        self.jars.push((*digest, artifact, version));
        true
    }

    fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.strings.get(text) {
            return *number;
        }
        let number = self.strings.len() as u32;
        self.strings.insert(text.to_owned(), number);
        number
    }

    /// Writes the index. The same jars give the same bytes, in whatever order they came; of jars with the same digest one is
    /// kept.
    ///
    /// # Errors
    ///
    /// When `out` fails, or there is more text than an index can address.
    pub fn write(self, out: &mut dyn Write) -> io::Result<()> {
        let JarIndexBuilder { strings, artifacts, mut jars } = self;
        let too_much = || io::Error::new(io::ErrorKind::InvalidInput, "more text than an index can hold");
        // Numbers in the order met become numbers in the order of the strings.
        let mut strings: Vec<(String, u32)> = strings.into_iter().collect();
        strings.sort_unstable();
        let mut order = vec![0u32; strings.len()];
        let mut text = String::new();
        let mut places = Vec::with_capacity(strings.len().saturating_add(1));
        for (number, (string, met)) in strings.iter().enumerate() {
            if let Some(slot) = order.get_mut(*met as usize) {
                *slot = number as u32;
            }
            places.push(u32::try_from(text.len()).map_err(|_| too_much())?);
            text.push_str(string);
        }
        places.push(u32::try_from(text.len()).map_err(|_| too_much())?);
        drop(strings);
        let sorted_number = |met: u32| order.get(met as usize).copied().unwrap_or_default();
        let mut sorted: Vec<(u32, u32, u32)> = artifacts
            .into_iter()
            .map(|((group, artifact), met)| (sorted_number(artifact), sorted_number(group), met))
            .collect();
        sorted.sort_unstable();
        let mut artifact_order = vec![0u32; sorted.len()];
        for (number, (_, _, met)) in sorted.iter().enumerate() {
            if let Some(slot) = artifact_order.get_mut(*met as usize) {
                *slot = number as u32;
            }
        }
        for (_, artifact, version) in &mut jars {
            *artifact = artifact_order.get(*artifact as usize).copied().unwrap_or_default();
            *version = sorted_number(*version);
        }
        jars.sort_unstable();
        jars.dedup_by_key(|(digest, _, _)| *digest);

        let mut out = Summed { out, sum: Xxh3Default::new() };
        out.put(MAGIC)?;
        for count in [JAR_INDEX_FORMAT, jars.len() as u32, sorted.len() as u32, order.len() as u32] {
            out.put(&count.to_le_bytes())?;
        }
        out.put(&(text.len() as u64).to_le_bytes())?;
        for (digest, artifact, version) in &jars {
            out.put(digest)?;
            out.put(&artifact.to_le_bytes())?;
            out.put(&version.to_le_bytes())?;
        }
        let mut versions: Vec<(u32, u32)> =
            jars.iter().map(|(_, artifact, version)| (*artifact, *version)).collect();
        drop(jars);
        versions.sort_unstable();
        let mut at = 0usize;
        for number in 0..=sorted.len() as u32 {
            while versions.get(at).is_some_and(|(artifact, _)| *artifact < number) {
                at += 1;
            }
            out.put(&(at as u32).to_le_bytes())?;
        }
        for (_, version) in &versions {
            out.put(&version.to_le_bytes())?;
        }
        for (artifact, group, _) in &sorted {
            out.put(&artifact.to_le_bytes())?;
            out.put(&group.to_le_bytes())?;
        }
        for place in places {
            out.put(&place.to_le_bytes())?;
        }
        out.put(text.as_bytes())?;
        let sum = out.sum.digest();
        out.out.write_all(&sum.to_le_bytes())
    }
}

/// Passes bytes on and sums them up.
struct Summed<'a> {
    out: &'a mut dyn Write,
    sum: Xxh3Default,
}

impl Summed<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }
}
