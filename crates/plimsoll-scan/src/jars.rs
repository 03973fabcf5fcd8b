//! Looks up jars whose coordinates are not certain. This is done when packages are made, not in analysis: facts are cached and
//! must not depend on a database.

use std::borrow::Cow;

use plimsoll_analysis::PackageFact;
use plimsoll_db::JarIndex;
use plimsoll_types::Confidence;

/// What a package is called after all, and how sure that is.
pub(crate) struct Identity<'f> {
    pub(crate) name: Cow<'f, str>,
    pub(crate) version: Cow<'f, str>,
    pub(crate) confidence: Confidence,
}

/// Names the package of a fact. A group comes from the jar's digest, or from artifact and version where only one group has
/// published that; otherwise the fact stands as it is.
pub(crate) fn identify<'f>(fact: &'f PackageFact, jars: Option<&'f JarIndex>) -> Identity<'f> {
    let mut identity = Identity {
        name: Cow::Borrowed(&fact.name),
        version: Cow::Borrowed(&fact.version),
        confidence: if fact.uncertain { Confidence::Medium } else { Confidence::High },
    };
    let Some(jars) = jars.filter(|_| fact.uncertain) else { return identity };
    if let Some(gav) = digest(&fact.sha1).and_then(|sha1| jars.by_sha1(&sha1)) {
        identity.name = Cow::Owned(format!("{}:{}", gav.group, gav.artifact));
        identity.version = Cow::Borrowed(gav.version);
        identity.confidence = Confidence::High;
    } else if !fact.name.contains(':')
        && let Some(group) = jars.group_of(&fact.name, &fact.version)
    {
        identity.name = Cow::Owned(format!("{group}:{}", fact.name));
    }
    identity
}

fn digest(hex: &str) -> Option<[u8; 20]> {
    let mut digest = [0; 20];
    let digits = hex.as_bytes();
    // A sign would be understood as part of a number.
    if digits.len() != 2 * digest.len() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_db::{Gav, JarIndexBuilder};

    #[test]
    fn jars_are_named_by_their_digest_or_their_only_group() {
        let mut builder = JarIndexBuilder::default();
        for (digit, group, artifact, version) in [
            (1, "org.example", "core", "1.5"),
            (2, "org.example", "alone", "1.0"),
            (3, "org.example", "fork", "1.0"),
            (4, "net.example", "fork", "1.0"),
            (5, "net.example", "fork", "2.0"),
        ] {
            assert!(builder.add(&[digit; 20], Gav { group, artifact, version }));
        }
        let mut bytes = Vec::new();
        builder.write(&mut bytes).unwrap();
        let jars = JarIndex::from_bytes(bytes).unwrap();
        let high = Confidence::High;
        let medium = Confidence::Medium;
        for (name, version, sha1, expected, of, confidence) in [
            // The digest knows better than the file's name.
            ("renamed", "9", "01".repeat(20), "org.example:core", "1.5", high),
            ("com.table:renamed", "9", "01".repeat(20), "org.example:core", "1.5", high),
            ("alone", "1.0", "99".repeat(20), "org.example:alone", "1.0", medium),
            ("alone", "1.0", String::new(), "org.example:alone", "1.0", medium),
            ("alone", "1.1", String::new(), "alone", "1.1", medium),
            ("fork", "1.0", String::new(), "fork", "1.0", medium),
            ("fork", "2.0", "+1".repeat(20), "net.example:fork", "2.0", medium),
            ("com.table:alone", "1.0", String::new(), "com.table:alone", "1.0", medium),
            ("é".repeat(20).as_str(), "", "é".repeat(20), "é".repeat(20).as_str(), "", medium),
        ] {
            let (name, version) = (name.to_owned(), version.to_owned());
            let fact = PackageFact { name, version, uncertain: true, sha1, ..PackageFact::default() };
            let found = identify(&fact, Some(&jars));
            assert_eq!((&*found.name, &*found.version, found.confidence), (expected, of, confidence));
            let without = identify(&fact, None);
            assert_eq!((&*without.name, without.confidence), (fact.name.as_str(), medium));
            let certain = PackageFact { uncertain: false, ..fact.clone() };
            let found = identify(&certain, Some(&jars));
            assert_eq!((&*found.name, found.confidence), (fact.name.as_str(), high));
        }
    }
}
