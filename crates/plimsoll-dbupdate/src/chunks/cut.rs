//! Where the records are cut into chunks: by the hash of a record's key, so that a boundary depends on the record that it
//! stands before and on nothing else.

use plimsoll_db::Record;
use xxhash_rust::xxh3::Xxh3;

use super::ChunkError;
use super::form::{self, Kind};

/// About how many chunks a large database has: this many up to twice as many.
const CHUNKS: u64 = 96;

/// A chunk has about two to the power of this many records at least: a request costs as much as many records do.
const MIN_BITS: u32 = 8;

/// A chunk is closed when it has this many bytes before it is packed, whatever the hash says.
const MAX_RAW: usize = 24 << 20;

/// A finished chunk.
pub(crate) struct Cut {
    /// Packed.
    pub bytes: Vec<u8>,
    /// The key of its first record.
    pub first: String,
    /// The key of its last record.
    pub last: String,
}

/// Cuts a stream of records.
pub(crate) struct Cutter {
    mask: u64,
    raw: Vec<u8>,
    first: Option<String>,
    last: String,
}

impl Cutter {
    /// A cutter for so many records. Only each doubling makes a difference, and then every second boundary stays.
    pub(crate) fn new(records: u64) -> Cutter {
        let bits = (records / CHUNKS).checked_ilog2().unwrap_or(0).max(MIN_BITS);
        Cutter { mask: (1 << bits) - 1, raw: Vec::new(), first: None, last: String::new() }
    }

    /// Takes a record in; gives the chunk that ends before it, if one does.
    pub(crate) fn add(&mut self, record: Record) -> Result<Option<Cut>, ChunkError> {
        // The key as annotations show it.
        let key = format!("{}/{}", record.source, record.id);
        let boundary = hash(&record) & self.mask == 0 || self.raw.len() >= MAX_RAW;
        let done = if boundary { self.finish()? } else { None };
        if self.raw.is_empty() {
            self.raw = form::begin(Kind::Records);
        }
        self.raw = form::put_record(std::mem::take(&mut self.raw), record)?;
        self.first.get_or_insert_with(|| key.clone());
        self.last = key;
        Ok(done)
    }

    /// The last chunk.
    pub(crate) fn finish(&mut self) -> Result<Option<Cut>, ChunkError> {
        let Some(first) = self.first.take() else { return Ok(None) };
        let raw = std::mem::take(&mut self.raw);
        Ok(Some(Cut { bytes: form::seal(&raw)?, first, last: std::mem::take(&mut self.last) }))
    }
}

fn hash(record: &Record) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(record.source.as_bytes());
    hasher.update(b"\0");
    hasher.update(record.id.as_bytes());
    hasher.digest()
}
