//! The register of structured credential files: one file a kind in this folder. What such a file holds is read by its own
//! grammar, so a password need not look like one to be found.

use crate::Found;

/// A kind of file that holds credentials.
pub struct FileKind {
    /// The id, such as `npmrc`.
    pub id: &'static str,
    /// What it is, for people: `npm configuration`.
    pub title: &'static str,
    /// True for the paths of such files, from the image's root without a leading slash. Called for every file: it must be quick,
    /// and compare the end of the path first.
    pub is: fn(path: &[u8]) -> bool,
    /// The largest such file in bytes; larger ones are left to the other rules.
    pub max_size: u64,
    /// Reads the file and says what secrets it holds. Bytes are hostile: it never panics, and what it cannot read it passes over.
    pub find: fn(path: &[u8], bytes: &[u8], out: &mut Vec<Found>),
}

/// All kinds.
pub const KINDS: &[FileKind] = &[];
