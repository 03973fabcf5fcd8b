//! The write-ahead log of SQLite (section 4 of the SQLite database file format): pages that were committed and are not
//! yet in the database file.

use crate::number::{Endian, index};
use std::collections::HashMap;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The lowest bit says in which byte order the checksums add up.
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;

/// The committed pages of a log.
#[derive(Debug, Default)]
pub(super) struct Wal<'a> {
    latest: HashMap<u32, &'a [u8]>,
    /// How many pages the database has after the last commit.
    pages: Option<u32>,
    bytes: usize,
}

impl<'a> Wal<'a> {
    /// Reads a log up to its last commit. As for SQLite, the log ends at the first frame that is of an older log or
    /// whose checksum does not match; a log whose own header does not match is an empty one.
    pub(super) fn read(bytes: &'a [u8], page_bytes: usize) -> Result<Self, String> {
        let mut wal = Self { bytes: bytes.len(), ..Self::default() };
        let Some((header, mut frames)) = bytes.split_at_checked(HEADER_BYTES) else { return Ok(wal) };
        let field = |offset| Endian::Big.u32(header, offset).unwrap_or(0);
        let endian = match field(0) {
            0 => return Ok(wal),
            MAGIC => Endian::Little,
            magic if magic == MAGIC | 1 => Endian::Big,
            magic => return Err(format!("it starts with {magic:#010x}, which is not a write-ahead log")),
        };
        let mut sum = Checksum { endian, state: (0, 0) };
        sum.add(header.get(..24).unwrap_or_default());
        if sum.state != (field(24), field(28)) {
            return Ok(wal);
        }
        if field(4) != VERSION {
            return Err(format!("version {} is not supported", field(4)));
        }
        if index(field(8)) != page_bytes {
            return Err(format!("its pages have {} bytes, those of the database {page_bytes}", field(8)));
        }
        let salt = header.get(16..24);

        let mut uncommitted = Vec::new();
        while let Some((frame, rest)) = frames.split_at_checked(FRAME_HEADER_BYTES + page_bytes) {
            frames = rest;
            let Some((frame, page)) = frame.split_at_checked(FRAME_HEADER_BYTES) else { break };
            let field = |offset| Endian::Big.u32(frame, offset).unwrap_or(0);
            let (number, pages_after) = (field(0), field(4));
            if number == 0 || frame.get(8..16) != salt {
                break;
            }
            sum.add(frame.get(..8).unwrap_or_default());
            sum.add(page);
            if sum.state != (field(16), field(20)) {
                break;
            }
            uncommitted.push((number, page));
            if pages_after != 0 {
                wal.latest.extend(uncommitted.drain(..));
                wal.pages = Some(pages_after);
            }
        }
        Ok(wal)
    }

    /// The latest committed content of a page, if the log has it.
    pub(super) fn page(&self, number: u32) -> Option<&'a [u8]> {
        self.latest.get(&number).copied()
    }

    /// How many pages the database has after the last commit; `None` when the log holds none.
    pub(super) fn pages(&self) -> Option<u32> {
        self.pages
    }

    /// Size of the log.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The running checksum over the header and all frames.
struct Checksum {
    endian: Endian,
    state: (u32, u32),
}

impl Checksum {
    /// Adds bytes, of which there is a multiple of 8.
    fn add(&mut self, bytes: &[u8]) {
        let (mut first, mut second) = self.state;
        for pair in bytes.chunks_exact(8) {
            let word = |offset| self.endian.u32(pair, offset).unwrap_or(0);
            first = first.wrapping_add(word(0)).wrapping_add(second);
            second = second.wrapping_add(word(4)).wrapping_add(first);
        }
        self.state = (first, second);
    }
}
