//! The NDB form of the database: rpm's `rpmpkg` format (`lib/backend/ndb` of rpm), version 0.
//!
//! Everything is little-endian. The file starts with a header of 32 bytes; it and the slots of 16 bytes after it fill a
//! number of pages of 4096 bytes. A slot points to a blob: head (16 bytes), rpm header, zeros, tail (12 bytes), all of
//! it a multiple of 16 bytes ("blocks").

use crate::number::{Endian, index};
use crate::{Collector, Format, RpmDbError};

const MAGIC: &[u8; 4] = b"RpmP";
const SLOT_MAGIC: &[u8; 4] = b"Slot";
const HEAD_MAGIC: &[u8; 4] = b"BlbS";
const TAIL_MAGIC: &[u8; 4] = b"BlbE";

const HEADER_BYTES: usize = 32;
const PAGE_BYTES: usize = 4096;
const SLOT_BYTES: usize = 16;
const BLOCK_BYTES: usize = 16;
const HEAD_BYTES: usize = 16;
const TAIL_BYTES: usize = 12;

pub(crate) fn detect(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    package: u32,
    first_block: u32,
    blocks: u32,
}

pub(crate) fn read(bytes: &[u8], out: &mut Collector) -> Result<(), RpmDbError> {
    let field = |offset| {
        Endian::Little.u32(bytes, offset).ok_or_else(|| RpmDbError::Malformed {
            format: Format::Ndb,
            reason: format!("the header of {HEADER_BYTES} bytes is cut short"),
        })
    };
    let version = field(4)?;
    if version != 0 {
        return Err(RpmDbError::Unsupported { format: Format::Ndb, reason: format!("version {version}") });
    }
    let slot_pages = field(12)?;
    field(HEADER_BYTES - 4)?;

    let mut slots = read_slots(bytes, slot_pages, out);
    // In the order of the file, so that a blob that overlaps the one before it is seen: overlapping blobs would let a
    // small file take very long.
    slots.sort_by_key(|slot| (slot.first_block, slot.package));
    let mut free_from = u64::from(slot_pages) * (PAGE_BYTES / BLOCK_BYTES) as u64;
    for slot in slots {
        let name = format_args!("package {}", slot.package);
        if u64::from(slot.first_block) < free_from {
            out.problem(name, "its blob overlaps another one or the slots");
            continue;
        }
        match read_blob(bytes, slot) {
            Ok(blob) => {
                free_from = u64::from(slot.first_block) + u64::from(slot.blocks);
                if !blob.checksum_matches {
                    // rpm does not look at the checksum when it reads, so to rpm the package is installed.
                    out.problem(name, "the checksum of its blob does not match; it is read all the same");
                }
                if out.header(i64::from(slot.package), blob.header).is_break() {
                    return Ok(());
                }
            }
            Err(reason) => out.problem(name, reason),
        }
    }
    Ok(())
}

fn read_slots(bytes: &[u8], slot_pages: u32, out: &mut Collector) -> Vec<Slot> {
    let end = index(slot_pages).saturating_mul(PAGE_BYTES);
    if slot_pages == 0 {
        out.problem("slots", "there are no slot pages");
    } else if end > bytes.len() {
        out.problem("slots", format_args!("{slot_pages} slot pages do not fit in {} bytes", bytes.len()));
    }
    let area = bytes.get(HEADER_BYTES..end.min(bytes.len())).unwrap_or_default();
    let mut slots = Vec::new();
    for (number, slot) in area.chunks_exact(SLOT_BYTES).enumerate() {
        if !slot.starts_with(SLOT_MAGIC) {
            out.problem(format_args!("slot {number}"), "it does not start with the magic of a slot");
            continue;
        }
        let field = |offset| Endian::Little.u32(slot, offset).unwrap_or(0);
        let slot = Slot { package: field(4), first_block: field(8), blocks: field(12) };
        if slot.first_block == 0 {
            continue;
        }
        if slot.package == 0 || slot.blocks == 0 {
            out.problem(format_args!("slot {number}"), "it has a place but no package number or no length");
            continue;
        }
        slots.push(slot);
    }
    slots
}

struct Blob<'a> {
    header: &'a [u8],
    checksum_matches: bool,
}

fn read_blob(bytes: &[u8], slot: Slot) -> Result<Blob<'_>, &'static str> {
    let start = index(slot.first_block).saturating_mul(BLOCK_BYTES);
    let end = start.saturating_add(index(slot.blocks).saturating_mul(BLOCK_BYTES));
    let blob = bytes.get(start..end).ok_or("its blob reaches past the end of the file")?;
    let field = |offset| Endian::Little.u32(blob, offset);

    if !blob.starts_with(HEAD_MAGIC) {
        return Err("its blob does not start with the magic of a blob");
    }
    if field(4) != Some(slot.package) {
        return Err("its blob belongs to another package");
    }
    let length = index(field(12).unwrap_or(0));
    let needed = length.saturating_add(HEAD_BYTES + TAIL_BYTES);
    if needed.div_ceil(BLOCK_BYTES) != index(slot.blocks) {
        return Err("its blob has another length than its slot says");
    }
    let (checked, tail) =
        blob.split_at_checked(blob.len() - TAIL_BYTES).ok_or("its blob is too short for a tail")?;
    if !tail.ends_with(TAIL_MAGIC) || Endian::Little.u32(tail, 4).map(index) != Some(length) {
        return Err("the tail of its blob is broken");
    }
    let header = blob.get(HEAD_BYTES..HEAD_BYTES + length).ok_or("its blob is cut short")?;
    Ok(Blob { header, checksum_matches: Endian::Little.u32(tail, 0) == Some(adler32(checked)) })
}

/// The Adler-32 checksum of RFC 1950.
fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65521;
    // As many bytes as can be added up before the sums no longer fit in 32 bits.
    const CHUNK: usize = 5552;
    let (mut low, mut high) = (1u32, 0u32);
    for chunk in bytes.chunks(CHUNK) {
        for byte in chunk {
            low += u32::from(*byte);
            high += low;
        }
        low %= MODULUS;
        high %= MODULUS;
    }
    (high << 16) | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adler32_of_known_bytes() {
        // zlib.adler32 of Python.
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(&[0xff; 20_000]), 0x9f51_d664);
    }

    #[test]
    fn another_version_is_unsupported() {
        let mut bytes = vec![0; PAGE_BYTES];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4] = 1;
        assert!(matches!(
            read(&bytes, &mut Collector::default()),
            Err(RpmDbError::Unsupported { format: Format::Ndb, .. })
        ));
    }
}
