//! What is odd about the entries of a layer's archive, beyond what they unpack to.

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

/// The kinds of oddities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OddityKind {
    /// A path with `..` in it, which leaves the root or not.
    ParentPath,
    /// An entry that was left out: its path leaves the root, holds a NUL or is too long.
    Unsafe,
    /// A symbolic link whose target climbs above the root.
    EscapingLink,
    /// A character or block device.
    Device,
    /// Two entries with one path and different content: which one counts depends on the reader.
    Duplicate,
    /// A name with control characters, or with characters that change the direction of text or do not show.
    DeceptiveName,
    /// Data after the archive's end.
    TrailingData,
}

/// Something odd about an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Oddity {
    /// What.
    pub kind: OddityKind,
    /// The path as the archive spells it, shortened where it is long; empty for the layer itself.
    pub path: BString,
    /// More to say: the link's target, the device's numbers.
    pub detail: BString,
}

/// The most oddities of one kind that are kept of a layer.
const MAX_OF_A_KIND: usize = 100;
/// The most bytes that are kept of a path or a detail.
const MAX_TEXT: usize = 512;

/// Collects the oddities of a layer.
#[derive(Default)]
pub(crate) struct Oddities(Vec<Oddity>);

impl Oddities {
    pub(crate) fn note(&mut self, kind: OddityKind, path: &[u8], detail: &[u8]) {
        if self.0.iter().filter(|known| known.kind == kind).count() < MAX_OF_A_KIND {
            let short = |text: &[u8]| BString::from(text.get(..MAX_TEXT).unwrap_or(text));
            self.0.push(Oddity { kind, path: short(path), detail: short(detail) });
        }
    }

    /// Notes what is odd about the names of an entry.
    pub(crate) fn names(&mut self, path: &[u8], link: Option<&[u8]>) {
        if has_parent(path) {
            self.note(OddityKind::ParentPath, path, b"");
        }
        if is_deceptive(path) {
            self.note(OddityKind::DeceptiveName, path, b"");
        }
        if let Some(link) = link.filter(|link| climbs_out(path, link)) {
            self.note(OddityKind::EscapingLink, path, link);
        }
    }

    pub(crate) fn finish(mut self) -> Vec<Oddity> {
        self.0.sort_by(|a, b| (a.kind, &a.path, &a.detail).cmp(&(b.kind, &b.path, &b.detail)));
        self.0
    }
}

fn has_parent(path: &[u8]) -> bool {
    memchr::memmem::find(path, b"..").is_some() && path.split(|&byte| byte == b'/').any(|part| part == b"..")
}

/// True when a relative symbolic link climbs above the root by its words alone.
fn climbs_out(path: &[u8], link: &[u8]) -> bool {
    if !link.starts_with(b"..") {
        return false;
    }
    let parts = |text: &[u8]| -> i64 {
        text.split(|&byte| byte == b'/').filter(|part| !matches!(*part, b"" | b".")).count() as i64
    };
    let mut depth = parts(path) - 1;
    for part in link.split(|&byte| byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

/// True when a name holds characters that a reader cannot see or that show it in another order than it is.
fn is_deceptive(path: &[u8]) -> bool {
    // Nearly all names are plain ASCII.
    if path.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return false;
    }
    path.chars().any(|c| {
        matches!(
            c,
            '\u{0}'..='\u{1f}'
                | '\u{7f}'..='\u{9f}'
                | '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{e0000}'..='\u{e007f}'
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged() {
        let kinds = |path: &str, link: Option<&str>| {
            let mut oddities = Oddities::default();
            oddities.names(path.as_bytes(), link.map(str::as_bytes));
            oddities.finish().into_iter().map(|oddity| oddity.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds("./usr/share/zürich", Some("../lib")), []);
        assert_eq!(kinds("usr/bin/x", Some("../../bin/busybox")), []);
        assert_eq!(kinds("usr/bin/x", Some("/bin/busybox")), []);
        assert_eq!(kinds("usr/bin/x", Some("../../../etc/shadow")), [OddityKind::EscapingLink]);
        assert_eq!(kinds("a/../b", None), [OddityKind::ParentPath]);
        assert_eq!(kinds("a/..b", None), []);
        for name in ["bin/ls\u{202e}gpj.sh", "bin/\u{200b}ls", "bin/ls\n", "bin/l\u{1b}[2Ks"] {
            assert_eq!(kinds(name, None), [OddityKind::DeceptiveName], "{name:?}");
        }
    }
}
