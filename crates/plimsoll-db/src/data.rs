//! The bytes of an index: a mapped file or memory.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use memmap2::Mmap;

/// The bytes of an index.
#[derive(Debug)]
pub(crate) enum Data {
    Mapped(Mmap),
    Memory(Vec<u8>),
}

impl Data {
    /// Maps the file at `path` for reading.
    pub(crate) fn map(path: &Path) -> io::Result<Data> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        if metadata.len() == 0 {
            // An empty file cannot be mapped.
            return Ok(Data::Memory(Vec::new()));
        }
        // SAFETY: a mapping is sound as long as nobody changes the file under it. An index is installed by renaming
        // a finished file into place with mode 0444 and is never written again; an update replaces the name and
        // leaves this inode as it is. Every read is bounds-checked and assumes nothing about the content. Someone
        // who may write to the database folder can still truncate the file in place and end the process with
        // SIGBUS; but who may do that may as well replace the database.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file)? };
        Ok(Data::Mapped(map))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Data::Mapped(map) => map,
            Data::Memory(bytes) => bytes,
        }
    }
}

/// A part of the bytes that keeps them alive: what an fst map reads from.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) data: Arc<Data>,
    pub(crate) range: Range<usize>,
}

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        self.data.bytes().get(self.range.clone()).unwrap_or_default()
    }
}
