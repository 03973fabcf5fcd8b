//! The RPM header as it lies in a package database: `il`, `dl` (32 bits each, big-endian), `il` index entries of
//! 16 bytes (tag, type, offset, count) and a data store of `dl` bytes. It is the "header structure" of the RPM
//! package format (LSB Core, Package File Format) without the magic in front of it.
//!
//! The first entry may be a region tag (61 to 63): what follows up to the region's end is what was signed. Entries
//! after the region ("dribbles") were added at installation and replace entries of the same tag in the region, and
//! a region never holds a tag twice: the last entry of a tag is the one that counts, with or without a region.

use crate::number::{Endian, index};
use memchr::{memchr, memchr_iter};

/// Longest header read, in bytes. The largest real ones (kernel sources, documentation) have a few MiB.
pub const MAX_HEADER_BYTES: usize = 64 << 20;

/// Most bytes reserved for a header before its bytes are there: a length that the file only claims costs no more.
pub(crate) const MAX_RESERVED_BYTES: usize = 1 << 20;

/// Most index entries of one header; rpm has the same limit.
const MAX_INDEX_ENTRIES: u32 = 0xffff;

/// Longest single text (name, licence, ...) of a header, in bytes.
const MAX_TEXT_BYTES: usize = 64 << 10;

const ENTRY_BYTES: usize = 16;

const TYPE_CHAR: u32 = 1;
const TYPE_INT8: u32 = 2;
const TYPE_INT16: u32 = 3;
const TYPE_INT32: u32 = 4;
const TYPE_INT64: u32 = 5;
const TYPE_STRING: u32 = 6;
const TYPE_STRING_ARRAY: u32 = 8;
const TYPE_I18N_STRING: u32 = 9;

/// Why a header, or one tag of it, cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum HeaderError {
    #[error("the header is cut short: {have} bytes of {need}")]
    Short { need: u64, have: usize },
    #[error("the header has {0} bytes, more than {MAX_HEADER_BYTES}")]
    TooLarge(u64),
    #[error("the header has {0} index entries, more than {MAX_INDEX_ENTRIES}")]
    TooManyEntries(u32),
    #[error("header tag {tag} has type {kind}, not {wanted}")]
    Type { tag: u32, kind: u32, wanted: &'static str },
    #[error("header tag {0} reaches past the end of the header")]
    Range(u32),
    #[error("header tag {0} is longer than {MAX_TEXT_BYTES} bytes")]
    TextTooLong(u32),
    #[error("the header has no {0}")]
    Missing(&'static str),
}

/// A header whose index and store lie within the blob; the tags are checked when asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Header<'a> {
    index: &'a [u8],
    store: &'a [u8],
}

#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    kind: u32,
    count: usize,
    /// From the entry's offset to the end of the store.
    data: &'a [u8],
}

/// Texts of a string array, each with its final NUL.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Texts<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) count: usize,
}

/// Numbers of one array, big-endian.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbers<'a> {
    bytes: &'a [u8],
    width: usize,
}

impl<'a> Numbers<'a> {
    pub(crate) fn len(self) -> usize {
        self.bytes.len() / self.width
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = u64> + 'a {
        self.bytes
            .chunks_exact(self.width)
            .map(|number| number.iter().fold(0u64, |value, byte| (value << 8) | u64::from(*byte)))
    }
}

impl<'a> Header<'a> {
    /// Checks the sizes of a header. Bytes after its end are ignored.
    pub(crate) fn parse(blob: &'a [u8]) -> Result<Self, HeaderError> {
        let short = |need| HeaderError::Short { need, have: blob.len() };
        let (Some(entries), Some(store_bytes)) = (Endian::Big.u32(blob, 0), Endian::Big.u32(blob, 4)) else {
            return Err(short(8));
        };
        if entries > MAX_INDEX_ENTRIES {
            return Err(HeaderError::TooManyEntries(entries));
        }
        let index_end = 8 + index(entries) * ENTRY_BYTES;
        let need = index_end as u64 + u64::from(store_bytes);
        if need > MAX_HEADER_BYTES as u64 {
            return Err(HeaderError::TooLarge(need));
        }
        let index_bytes = blob.get(8..index_end).ok_or_else(|| short(need))?;
        let store = blob.get(index_end..index_end + index(store_bytes)).ok_or_else(|| short(need))?;
        Ok(Self { index: index_bytes, store })
    }

    /// How many bytes of data the header holds.
    pub(crate) fn store_bytes(&self) -> usize {
        self.store.len()
    }

    fn entry(&self, wanted: u32) -> Result<Option<Entry<'a>>, HeaderError> {
        for entry in self.index.chunks_exact(ENTRY_BYTES).rev() {
            if Endian::Big.u32(entry, 0) != Some(wanted) {
                continue;
            }
            let field = |offset| Endian::Big.u32(entry, offset).unwrap_or(0);
            let data = self.store.get(index(field(8))..).ok_or(HeaderError::Range(wanted))?;
            return Ok(Some(Entry { kind: field(4), count: index(field(12)), data }));
        }
        Ok(None)
    }

    /// The text of a tag: the first one of an array or of the translations (that is the untranslated one).
    /// An empty text is the same as none.
    pub(crate) fn text(&self, tag: u32) -> Result<Option<&'a [u8]>, HeaderError> {
        let Some(entry) = self.entry(tag)? else { return Ok(None) };
        if !matches!(entry.kind, TYPE_STRING | TYPE_STRING_ARRAY | TYPE_I18N_STRING) {
            return Err(HeaderError::Type { tag, kind: entry.kind, wanted: "a text" });
        }
        if entry.count == 0 {
            return Ok(None);
        }
        let end = memchr(0, entry.data).ok_or(HeaderError::Range(tag))?;
        if end > MAX_TEXT_BYTES {
            return Err(HeaderError::TextTooLong(tag));
        }
        Ok(entry.data.get(..end).filter(|text| !text.is_empty()))
    }

    /// All texts of a tag.
    pub(crate) fn texts(&self, tag: u32) -> Result<Option<Texts<'a>>, HeaderError> {
        let Some(entry) = self.entry(tag)? else { return Ok(None) };
        if !matches!(entry.kind, TYPE_STRING | TYPE_STRING_ARRAY | TYPE_I18N_STRING) {
            return Err(HeaderError::Type { tag, kind: entry.kind, wanted: "an array of texts" });
        }
        let Some(last) = entry.count.checked_sub(1) else { return Ok(None) };
        let end = memchr_iter(0, entry.data).nth(last).ok_or(HeaderError::Range(tag))?;
        let bytes = entry.data.get(..=end).ok_or(HeaderError::Range(tag))?;
        Ok(Some(Texts { bytes, count: entry.count }))
    }

    /// All numbers of a tag, whatever their width.
    pub(crate) fn numbers(&self, tag: u32) -> Result<Option<Numbers<'a>>, HeaderError> {
        let Some(entry) = self.entry(tag)? else { return Ok(None) };
        let width = match entry.kind {
            TYPE_CHAR | TYPE_INT8 => 1,
            TYPE_INT16 => 2,
            TYPE_INT32 => 4,
            TYPE_INT64 => 8,
            kind => return Err(HeaderError::Type { tag, kind, wanted: "a number" }),
        };
        let bytes = entry
            .count
            .checked_mul(width)
            .and_then(|length| entry.data.get(..length))
            .ok_or(HeaderError::Range(tag))?;
        Ok(Some(Numbers { bytes, width }))
    }

    /// The first number of a tag.
    pub(crate) fn number(&self, tag: u32) -> Result<Option<u64>, HeaderError> {
        Ok(self.numbers(tag)?.and_then(|numbers| numbers.iter().next()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of (tag, type, count, data), laid out as rpm does (without alignment, which nothing here needs).
    pub(crate) fn header(entries: &[(u32, u32, u32, &[u8])]) -> Vec<u8> {
        let mut index_bytes = Vec::new();
        let mut store = Vec::new();
        for (tag, kind, count, data) in entries {
            for field in [*tag, *kind, store.len() as u32, *count] {
                index_bytes.extend_from_slice(&field.to_be_bytes());
            }
            store.extend_from_slice(data);
        }
        let mut blob = (entries.len() as u32).to_be_bytes().to_vec();
        blob.extend_from_slice(&(store.len() as u32).to_be_bytes());
        blob.extend_from_slice(&index_bytes);
        blob.extend_from_slice(&store);
        blob
    }

    #[test]
    fn the_last_entry_of_a_tag_counts() {
        let blob = header(&[(1000, 6, 1, b"in-region\0"), (1001, 6, 1, b"1\0"), (1000, 6, 1, b"dribble\0")]);
        let header = Header::parse(&blob).unwrap();
        assert_eq!(header.text(1000).unwrap(), Some(&b"dribble"[..]));
        assert_eq!(header.text(1001).unwrap(), Some(&b"1"[..]));
        assert_eq!(header.text(1002).unwrap(), None);
    }

    #[test]
    fn arrays_end_where_their_count_says() {
        let blob = header(&[(1117, 8, 2, b"a\0bc\0"), (1116, 4, 2, &[0, 0, 0, 7, 0, 0, 1, 0])]);
        let header = Header::parse(&blob).unwrap();
        let texts = header.texts(1117).unwrap().unwrap();
        assert_eq!((texts.bytes, texts.count), (&b"a\0bc\0"[..], 2));
        assert_eq!(header.numbers(1116).unwrap().unwrap().iter().collect::<Vec<_>>(), [7, 256]);
    }

    #[test]
    fn lies_about_sizes_are_refused() {
        assert_eq!(Header::parse(&[0; 7]).unwrap_err(), HeaderError::Short { need: 8, have: 7 });
        assert_eq!(
            Header::parse(&[0, 1, 0, 0, 0, 0, 0, 0]).unwrap_err(),
            HeaderError::TooManyEntries(0x10000)
        );
        assert_eq!(
            Header::parse(&[0, 0, 0, 0, 0xff, 0, 0, 0]).unwrap_err(),
            HeaderError::TooLarge(0xff00_0008)
        );
        assert_eq!(
            Header::parse(&[0, 0, 0, 1, 0, 0, 0, 1]).unwrap_err(),
            HeaderError::Short { need: 25, have: 8 }
        );
        let blob =
            header(&[(1117, 8, 3, b"a\0bc\0"), (1116, 4, 2, &[0; 7]), (1000, 7, 1, b"x"), (5, 6, 1, b"xx")]);
        let header = Header::parse(&blob).unwrap();
        // A third text is found in the bytes of the next tag; a number past the end is not.
        assert!(header.texts(1117).is_ok());
        assert_eq!(header.text(5).unwrap_err(), HeaderError::Range(5));
        assert!(matches!(header.text(1000), Err(HeaderError::Type { tag: 1000, kind: 7, .. })));
    }

    #[test]
    fn an_array_past_the_end_is_refused() {
        let blob = header(&[(1116, 4, 0x4000_0001, &[0; 8]), (1117, 8, u32::MAX, b"a\0")]);
        let header = Header::parse(&blob).unwrap();
        assert_eq!(header.numbers(1116).unwrap_err(), HeaderError::Range(1116));
        assert_eq!(header.texts(1117).unwrap_err(), HeaderError::Range(1117));
    }
}
