//! The file format of the advisory index, version 2. All integers are little-endian.
//!
//! ```text
//! header, 80 bytes:
//!   magic "PLIMSOL\0" | format version u32 | section count u32 | file length u64 | built at i64 (seconds, i64::MIN = unknown)
//!   | SHA-256 of everything behind the section table (zeros = not computed) | XXH3-64 of header (this field zero) and section table
//!   | reserved u64
//! section table, 32 bytes each, ordered by id:
//!   id u32 | reserved u32 | offset u64 | length u64 | XXH3-64 u64
//! sections, each at a multiple of 8, in the table's order:
//!   1 prose         blocks; an entry is title, description, count u32, then kind and address of each reference;
//!                   a text is its length u32 and UTF-8
//!   2 prose blocks  16 bytes: offset in `prose` u64 | stored length u32 | length u32 (equal = stored as is, else zstd)
//!   3 strings       UTF-8
//!   4 string ends   u32 each: where string n ends in `strings`; string 0 is empty
//!   5 keys          fst map  "<ecosystem>\x1f<normalised name>" -> facts slice (start << 24 | count)
//!   6 identifiers   fst map  id, alias or covered id            -> slice of `lists` that holds advisory numbers
//!   7 facts         16 bytes: advisory u32 | extent u32 | qualifier u32 | status u8 | severity u8 (0 = none)
//!                   | fix available u16 (days since 1970-01-01, 0 = unknown)
//!   8 extents       16 bytes: intervals start u32 | versions start u32 | intervals count u32 | versions count u32;
//!                   extent 0 is empty: every version
//!   9 intervals     12 bytes: introduced (string; 0 = from the beginning) u32 | end (string) u32 | end kind u32
//!  10 lists         u32 each: string numbers or advisory numbers
//!  11 qualifiers    24 bytes: start in `lists` u32 | counts of architectures, systems, CPEs and symbols u32 each, which
//!                   follow each other there | modularity (string) u32; number 0 = none
//!  12 advisories   12 bytes: id (string) u32 | detail u32 (0 = none) | source (its place in `sources`) u16
//!                   | flags u16 (1 = known exploited, 2 = public exploit)
//!  13 ecosystems    u32 each: strings, sorted by their bytes
//!  14 sources       56 bytes: id (string) u32 | reserved u32 | advisories u64 | newest date i64 (i64::MIN = unknown)
//!                   | SHA-256 of what it was read from (zeros = unknown), sorted by id
//!  15 epss          16 bytes: CVE (year << 48 | number) u64 | score u32 | percentile u32, sorted by CVE
//!  16 life cycles   32 bytes: ecosystem (string) u32 | reserved u32 | released i64 | ends i64 | extended ends i64,
//!                   sorted by the ecosystem's bytes
//!  17 repositories  12 bytes: repository (string) u32 | CPEs start in `lists` u32 | count u32, sorted by the name's bytes
//!  18 details      40 bytes: lists start u32 | counts u16 of aliases, covers, CWEs, CVSS pairs, severity pairs
//!                   | reserved u16 | published i64 | modified i64 (i64::MIN = unknown) | prose block u32
//!                   (u32::MAX = none) | offset in the block u32; detail 0 is of an advisory without any
//! ```
//!
//! Prose comes first so that a writer can put it out while it still reads advisories.
//!
//! A reader refuses another format version; whatever changes the meaning of a byte, or the order of versions in a
//! grammar (the intervals are sorted by it), takes a new one.

use plimsoll_types::{Severity, Status, Timestamp};

/// The version of the file format that this crate writes and reads.
pub const FORMAT_VERSION: u32 = 2;

pub(crate) const MAGIC: [u8; 8] = *b"PLIMSOL\0";
pub(crate) const HEADER_LEN: usize = 80;
pub(crate) const CHECKSUM_AT: usize = 64;
pub(crate) const TABLE_ENTRY_LEN: usize = 32;
pub(crate) const SECTION_COUNT: usize = 18;
pub(crate) const CONTENT_AT: usize = HEADER_LEN + SECTION_COUNT * TABLE_ENTRY_LEN;
pub(crate) const SEPARATOR: u8 = 0x1f;

pub(crate) const FACT_LEN: usize = 16;
pub(crate) const EXTENT_LEN: usize = 16;
pub(crate) const INTERVAL_LEN: usize = 12;
pub(crate) const QUALIFIER_LEN: usize = 24;
pub(crate) const ADVISORY_LEN: usize = 12;
pub(crate) const DETAIL_LEN: usize = 40;
pub(crate) const BLOCK_LEN: usize = 16;
pub(crate) const SOURCE_LEN: usize = 56;
pub(crate) const EPSS_LEN: usize = 16;
pub(crate) const LIFECYCLE_LEN: usize = 32;
pub(crate) const REPOSITORY_LEN: usize = 12;

/// No block of prose is longer than this when unpacked.
pub(crate) const MAX_BLOCK: usize = 16 << 20;

/// The sections, in the file's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Prose,
    ProseBlocks,
    Strings,
    StringEnds,
    Keys,
    Identifiers,
    Facts,
    Extents,
    Intervals,
    Lists,
    Qualifiers,
    Advisories,
    Ecosystems,
    Sources,
    Epss,
    Lifecycles,
    Repositories,
    Details,
}

impl Section {
    pub(crate) const ALL: [Section; SECTION_COUNT] = [
        Section::Prose,
        Section::ProseBlocks,
        Section::Strings,
        Section::StringEnds,
        Section::Keys,
        Section::Identifiers,
        Section::Facts,
        Section::Extents,
        Section::Intervals,
        Section::Lists,
        Section::Qualifiers,
        Section::Advisories,
        Section::Ecosystems,
        Section::Sources,
        Section::Epss,
        Section::Lifecycles,
        Section::Repositories,
        Section::Details,
    ];

    /// The id in the section table.
    pub(crate) const fn id(self) -> u32 {
        self as u32 + 1
    }

    /// The length of its records, 1 where it has none.
    pub(crate) const fn record_len(self) -> usize {
        match self {
            Section::Facts => FACT_LEN,
            Section::Extents => EXTENT_LEN,
            Section::Intervals => INTERVAL_LEN,
            Section::Lists | Section::StringEnds | Section::Ecosystems => 4,
            Section::Qualifiers => QUALIFIER_LEN,
            Section::Advisories => ADVISORY_LEN,
            Section::ProseBlocks => BLOCK_LEN,
            Section::Sources => SOURCE_LEN,
            Section::Epss => EPSS_LEN,
            Section::Lifecycles => LIFECYCLE_LEN,
            Section::Repositories => REPOSITORY_LEN,
            Section::Details => DETAIL_LEN,
            Section::Keys | Section::Identifiers | Section::Strings | Section::Prose => 1,
        }
    }
}

pub(crate) const END_OPEN: u32 = 0;
pub(crate) const END_FIXED: u32 = 1;
pub(crate) const END_LAST_AFFECTED: u32 = 2;
pub(crate) const END_LIMIT: u32 = 3;

pub(crate) const FLAG_KNOWN_EXPLOITED: u16 = 1;
pub(crate) const FLAG_PUBLIC_EXPLOIT: u16 = 2;

pub(crate) const fn status_code(status: Status) -> u8 {
    match status {
        Status::Affected => 1,
        Status::Fixed => 2,
        Status::WillNotFix => 3,
        Status::FixDeferred => 4,
        Status::UnderInvestigation => 5,
        Status::EndOfLife => 6,
        Status::NotAffected => 7,
    }
}

pub(crate) const fn status_of(code: u8) -> Option<Status> {
    Some(match code {
        1 => Status::Affected,
        2 => Status::Fixed,
        3 => Status::WillNotFix,
        4 => Status::FixDeferred,
        5 => Status::UnderInvestigation,
        6 => Status::EndOfLife,
        7 => Status::NotAffected,
        _ => return None,
    })
}

pub(crate) const fn severity_code(severity: Severity) -> u8 {
    match severity {
        Severity::Unknown => 1,
        Severity::Negligible => 2,
        Severity::Low => 3,
        Severity::Medium => 4,
        Severity::High => 5,
        Severity::Critical => 6,
    }
}

pub(crate) const fn severity_of(code: u8) -> Option<Severity> {
    Some(match code {
        1 => Severity::Unknown,
        2 => Severity::Negligible,
        3 => Severity::Low,
        4 => Severity::Medium,
        5 => Severity::High,
        6 => Severity::Critical,
        _ => return None,
    })
}

pub(crate) fn time_code(time: Option<Timestamp>) -> i64 {
    time.map_or(i64::MIN, Timestamp::seconds)
}

pub(crate) fn time_of(code: i64) -> Option<Timestamp> {
    (code != i64::MIN).then(|| Timestamp::from_seconds(code))
}

const DAY: i64 = 86_400;

/// The day of a time, as facts store it; 0 when there is none or it is out of reach.
pub(crate) fn day_code(time: Option<Timestamp>) -> u16 {
    time.and_then(|time| u16::try_from(time.seconds().div_euclid(DAY)).ok()).unwrap_or(0)
}

pub(crate) fn day_of(code: u16) -> Option<Timestamp> {
    (code != 0).then(|| Timestamp::from_seconds(i64::from(code) * DAY))
}

/// The key of a CVE identifier in the EPSS table; `None` for what is none.
pub(crate) fn cve_code(id: &str) -> Option<u64> {
    let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(year) || !digits(number) || number.len() < 4 {
        return None;
    }
    let (year, number): (u16, u64) = (year.parse().ok()?, number.parse().ok()?);
    // Leading zeros beyond four digits would make two identifiers one.
    let canonical =
        number < 1 << 48 && (number.checked_ilog10().unwrap_or(0) as usize + 1).max(4) == number_len(id);
    canonical.then_some(u64::from(year) << 48 | number)
}

fn number_len(id: &str) -> usize {
    id.rsplit('-').next().map_or(0, str::len)
}

/// The identifier of a key of the EPSS table.
pub(crate) fn cve_of(code: u64) -> String {
    format!("CVE-{}-{:04}", code >> 48, code & 0xffff_ffff_ffff)
}

/// The slice of a table that an fst value names: where it starts and how many entries it has.
pub(crate) const fn unpack_slice(value: u64) -> (u64, u64) {
    (value >> 24, value & 0xff_ffff)
}

/// The fst value that names a slice; `None` when it does not fit.
pub(crate) fn pack_slice(start: usize, count: usize) -> Option<u64> {
    let (start, count) = (u64::try_from(start).ok()?, u64::try_from(count).ok()?);
    (start < 1 << 40 && count < 1 << 24).then_some(start << 24 | count)
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(crate) fn i64_at(bytes: &[u8], at: usize) -> Option<i64> {
    Some(i64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_round_trip() {
        for status in Status::ALL {
            assert_eq!(status_of(status_code(status)), Some(status));
        }
        for severity in Severity::ALL {
            assert_eq!(severity_of(severity_code(severity)), Some(severity));
        }
        assert_eq!(status_of(0), None);
        assert_eq!(severity_of(0), None);
        assert_eq!(unpack_slice(pack_slice(77, 3).unwrap()), (77, 3));
        assert_eq!(pack_slice(0, 1 << 24), None);
        for cve in ["CVE-1999-0001", "CVE-2021-44228", "CVE-2019-1000001"] {
            assert_eq!(cve_of(cve_code(cve).unwrap()), cve);
        }
        for other in ["CVE-2021-1", "CVE-2021-00001", "CVE-2021-x", "GHSA-1-2", "CVE-2021-", "CVE-99999-1234"]
        {
            assert_eq!(cve_code(other), None, "{other}");
        }
        for (section, id) in Section::ALL.into_iter().zip(1..) {
            assert_eq!(section.id(), id);
        }
    }
}
