//! The header and the section table of an index.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use crate::format::{self, SECTION_COUNT, Section, u32_at, u64_at};

/// Why a header cannot be read.
pub(crate) enum HeaderError {
    NotAnIndex,
    Version(u32),
    Damaged(&'static str),
}

/// Reads the header and the section table; returns where each section lies.
pub(crate) fn read_header(bytes: &[u8]) -> Result<[Range<usize>; SECTION_COUNT], HeaderError> {
    if !bytes.starts_with(&format::MAGIC) {
        return Err(HeaderError::NotAnIndex);
    }
    let cut_off = HeaderError::Damaged("its header is cut off");
    let Some(version) = u32_at(bytes, 8) else { return Err(cut_off) };
    if version != format::FORMAT_VERSION {
        return Err(HeaderError::Version(version));
    }
    let table_end = format::CONTENT_AT;
    let Some(header) = bytes.get(..table_end) else { return Err(cut_off) };
    let mut unsigned = header.to_vec();
    if let Some(field) = unsigned.get_mut(format::CHECKSUM_AT..format::CHECKSUM_AT + 8) {
        field.fill(0);
    }
    if u64_at(header, format::CHECKSUM_AT) != Some(xxh3_64(&unsigned)) {
        return Err(HeaderError::Damaged("its header does not match its checksum"));
    }
    if u32_at(header, 12) != Some(SECTION_COUNT as u32) {
        return Err(HeaderError::Damaged("its header has another number of sections"));
    }
    if u64_at(header, 16) != Some(bytes.len() as u64) {
        return Err(HeaderError::Damaged("it is not as long as its header says"));
    }
    let mut ranges = [const { 0..0 }; SECTION_COUNT];
    let mut expected = table_end;
    for (section, range) in Section::ALL.into_iter().zip(&mut ranges) {
        *range = section_range(header, section)
            .filter(|range| range.start == expected && range.end <= bytes.len())
            .filter(|range| range.len().is_multiple_of(section.record_len()))
            .ok_or(HeaderError::Damaged("its section table is not valid"))?;
        expected = range.end.next_multiple_of(8);
    }
    if expected == bytes.len() {
        Ok(ranges)
    } else {
        Err(HeaderError::Damaged("it has bytes behind its sections"))
    }
}

fn table_entry(header: &[u8], section: Section) -> Option<&[u8]> {
    let at = format::HEADER_LEN + section as usize * format::TABLE_ENTRY_LEN;
    header.get(at..at + format::TABLE_ENTRY_LEN)
}

fn section_range(header: &[u8], section: Section) -> Option<Range<usize>> {
    let entry = table_entry(header, section)?;
    if u32_at(entry, 0)? != section.id() {
        return None;
    }
    let start = usize::try_from(u64_at(entry, 8)?).ok()?;
    let len = usize::try_from(u64_at(entry, 16)?).ok()?;
    Some(start..start.checked_add(len)?)
}

pub(crate) fn stored_checksum(header: &[u8], section: Section) -> Option<u64> {
    u64_at(table_entry(header, section)?, 24)
}
