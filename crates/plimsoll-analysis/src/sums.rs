//! Digests of the files of a layer in the algorithms that package databases use: MD5 (dpkg, old RPM), SHA-1 (apk) and SHA-256
//! (RPM). They are made while the layer passes by, so that files can be compared with what their packages brought.
//!
//! Which database a layer's files belong to is often not known before its end. All three digests are made of what comes
//! first, up to [`SMALL`] bytes, so that a small layer (such as one that changes a single file) has them all. Beyond
//! that only those are made that the paths seen so far call for, and all while they call for none.

use plimsoll_archive::path::file_name;
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

use crate::index::Node;

/// A digest algorithm of package databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SumKind {
    /// MD5.
    Md5,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl SumKind {
    /// Bytes of a digest.
    pub const fn size(self) -> usize {
        match self {
            SumKind::Md5 => 16,
            SumKind::Sha1 => 20,
            SumKind::Sha256 => 32,
        }
    }

    /// The name, such as `SHA-256`.
    pub const fn name(self) -> &'static str {
        match self {
            SumKind::Md5 => "MD5",
            SumKind::Sha1 => "SHA-1",
            SumKind::Sha256 => "SHA-256",
        }
    }

    /// The digest of `bytes`.
    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            SumKind::Md5 => md5::Md5::digest(bytes).to_vec(),
            SumKind::Sha1 => sha1::Sha1::digest(bytes).to_vec(),
            SumKind::Sha256 => sha2::Sha256::digest(bytes).to_vec(),
        }
    }
}

/// The digests of a layer's regular files, by the ids of their nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    md5: Vec<(u32, [u8; 16])>,
    sha1: Vec<(u32, [u8; 20])>,
    sha256: Vec<(u32, [u8; 32])>,
}

impl Sums {
    /// True when no digest was made.
    pub fn is_empty(&self) -> bool {
        self.md5.is_empty() && self.sha1.is_empty() && self.sha256.is_empty()
    }

    /// The digest of a node of the layer, where it was made.
    pub fn get(&self, node: &Node, kind: SumKind) -> Option<&[u8]> {
        self.by_id(node.id(), kind)
    }

    pub(crate) fn by_id(&self, id: u32, kind: SumKind) -> Option<&[u8]> {
        fn find<const N: usize>(list: &[(u32, [u8; N])], id: u32) -> Option<&[u8]> {
            let at = list.binary_search_by_key(&id, |(id, _)| *id).ok()?;
            list.get(at).map(|(_, digest)| &digest[..])
        }
        match kind {
            SumKind::Md5 => find(&self.md5, id),
            SumKind::Sha1 => find(&self.sha1, id),
            SumKind::Sha256 => find(&self.sha256, id),
        }
    }

    /// Whether two files of the layer differ, as far as digests say.
    pub(crate) fn differ(&self, a: u32, b: u32) -> Option<bool> {
        [SumKind::Md5, SumKind::Sha1, SumKind::Sha256]
            .into_iter()
            .find_map(|kind| Some(self.by_id(a, kind)? != self.by_id(b, kind)?))
    }

    /// Gives back what the vectors grew beyond need, and makes sure of their order.
    pub(crate) fn finish(&mut self) {
        fn tidy<const N: usize>(list: &mut Vec<(u32, [u8; N])>) {
            list.sort_unstable_by_key(|(id, _)| *id);
            list.shrink_to_fit();
        }
        tidy(&mut self.md5);
        tidy(&mut self.sha1);
        tidy(&mut self.sha256);
    }
}

/// How many bytes of a layer get all digests.
const SMALL: u64 = 16 << 20;

const MD5: u8 = 1;
const SHA1: u8 = 2;
const SHA256: u8 = 4;

/// Makes the digests of a layer's files.
#[derive(Default)]
pub(crate) struct Summer {
    sums: Sums,
    bytes: u64,
    /// The algorithms that the paths so far call for.
    wanted: u8,
}

impl Summer {
    /// Learns from a path which databases the layer's files belong to.
    pub(crate) fn path(&mut self, path: &[u8]) {
        self.wanted |= manager(path);
    }

    /// Begins a file of `size` bytes.
    pub(crate) fn begin(&mut self, size: u64) -> FileSum {
        let all = self.bytes < SMALL || self.wanted == 0;
        self.bytes = self.bytes.saturating_add(size);
        let kinds = if all { MD5 | SHA1 | SHA256 } else { self.wanted };
        FileSum {
            md5: (kinds & MD5 != 0).then(md5::Md5::new),
            sha1: (kinds & SHA1 != 0).then(sha1::Sha1::new),
            sha256: (kinds & SHA256 != 0).then(sha2::Sha256::new),
        }
    }

    /// Ends the file with this id.
    pub(crate) fn end(&mut self, id: u32, file: FileSum) {
        self.sums.md5.extend(file.md5.map(|hasher| (id, hasher.finalize().into())));
        self.sums.sha1.extend(file.sha1.map(|hasher| (id, hasher.finalize().into())));
        self.sums.sha256.extend(file.sha256.map(|hasher| (id, hasher.finalize().into())));
    }

    /// All digests that were made.
    pub(crate) fn finish(mut self) -> Sums {
        self.sums.finish();
        self.sums
    }
}

/// The digests of one file in the making.
pub(crate) struct FileSum {
    md5: Option<md5::Md5>,
    sha1: Option<sha1::Sha1>,
    sha256: Option<sha2::Sha256>,
}

impl FileSum {
    /// Takes the next bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        // In runs that stay in the first-level cache, for the second and third digest to find them there.
        for run in bytes.chunks(16 << 10) {
            if let Some(hasher) = &mut self.md5 {
                hasher.update(run);
            }
            if let Some(hasher) = &mut self.sha1 {
                hasher.update(run);
            }
            if let Some(hasher) = &mut self.sha256 {
                hasher.update(run);
            }
        }
    }
}

/// The algorithms of the database that a path speaks for; 0 for a path that says nothing.
fn manager(path: &[u8]) -> u8 {
    let begins = |heads: &[&str]| heads.iter().any(|head| path.starts_with(head.as_bytes()));
    match path.first() {
        Some(b'e' | b'v' | b'u' | b'l') => {}
        _ => return 0,
    }
    if begins(&["var/lib/dpkg/", "etc/debian_version", "etc/dpkg/", "etc/apt/"]) {
        MD5
    } else if begins(&["lib/apk/", "etc/apk/", "usr/lib/apk/", "etc/alpine-release"]) {
        SHA1
    } else if begins(&[
        "var/lib/rpm/",
        "usr/lib/sysimage/rpm/",
        "usr/share/rpm/",
        "usr/lib/.build-id/",
        "etc/yum.repos.d/",
        "etc/redhat-release",
    ]) {
        SHA256
    } else {
        // Debian's own name for the directories of an architecture.
        let rest = path.strip_prefix(b"usr/").unwrap_or(path);
        let triplet = rest.strip_prefix(b"lib/").map(|rest| match memchr::memchr(b'/', rest) {
            Some(at) => &rest[..at],
            None => file_name(rest),
        });
        match triplet {
            Some(name) if memchr::memmem::find(name, b"-linux-gnu").is_some() => MD5,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Values from `printf abc | md5sum`, `sha1sum` and `sha256sum`.
    #[test]
    fn matches_coreutils() {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut summer = Summer::default();
        for id in [7, 9] {
            let mut file = summer.begin(3);
            file.update(b"a");
            file.update(b"bc");
            summer.end(id, file);
        }
        let sums = summer.finish();
        let get = |kind| hex(sums.by_id(9, kind).unwrap());
        assert_eq!(get(SumKind::Md5), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(get(SumKind::Sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(get(SumKind::Sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        for kind in [SumKind::Md5, SumKind::Sha1, SumKind::Sha256] {
            assert_eq!(sums.by_id(7, kind).unwrap(), kind.of(b"abc"));
            assert_eq!(sums.by_id(8, kind), None);
            assert_eq!(kind.of(b"").len(), kind.size());
        }
        assert_eq!(sums.differ(7, 9), Some(false));
        assert_eq!(sums.differ(7, 8), None);
    }

    #[test]
    fn a_large_layer_gets_what_its_paths_call_for() {
        let kinds = |paths: &[&str]| {
            let mut summer = Summer::default();
            paths.iter().for_each(|path| summer.path(path.as_bytes()));
            let first = summer.begin(SMALL);
            assert!(first.md5.is_some() && first.sha1.is_some() && first.sha256.is_some());
            let later = summer.begin(1);
            [later.md5.is_some(), later.sha1.is_some(), later.sha256.is_some()]
        };
        assert_eq!(kinds(&["usr/bin/ls", "usr/lib64/ld-linux-x86-64.so.2"]), [true, true, true]);
        assert_eq!(kinds(&["usr/lib/x86_64-linux-gnu/libc.so.6"]), [true, false, false]);
        assert_eq!(kinds(&["lib/arm-linux-gnueabihf"]), [true, false, false]);
        assert_eq!(kinds(&["etc/alpine-release"]), [false, true, false]);
        assert_eq!(kinds(&["usr/lib/.build-id/ab/cd"]), [false, false, true]);
        assert_eq!(kinds(&["etc/debian_version", "var/lib/rpm/rpmdb.sqlite"]), [true, false, true]);
    }
}
