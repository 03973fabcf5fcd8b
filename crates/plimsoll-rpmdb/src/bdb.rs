//! The Berkeley DB form of the database: a hash (access method versions 8 to 10), in the byte order of the machine that
//! wrote it. Layouts: `src/dbinc/db_page.h` of Berkeley DB.
//!
//! Page 0 is the hash's metadata. A bucket is a chain of hash pages; a page holds items of a key and a value in turn,
//! from its end downwards. The key is the package's number (0 is the counter of numbers), the value its header, either
//! in place or on a chain of overflow pages.

use crate::header::{MAX_HEADER_BYTES, MAX_RESERVED_BYTES};
use crate::number::{Endian, PagesSeen, index};
use crate::{Collector, Format, RpmDbError};
use std::borrow::Cow;
use std::ops::ControlFlow;

const HASH_MAGIC: u32 = 0x0006_1561;

const META_BYTES: usize = 512;
const META_MAGIC: usize = 12;
const META_VERSION: usize = 16;
const META_PAGE_SIZE: usize = 20;
const META_ENCRYPTION: usize = 24;
const META_FLAGS: usize = 26;
const META_MAX_BUCKET: usize = 72;
const META_SPARES: usize = 96;

/// `DBMETA_CHKSUM`: pages have a checksum, which moves their items.
const FLAG_CHECKSUM: u8 = 1;

const PAGE_NUMBER: usize = 8;
const PAGE_NEXT: usize = 16;
const PAGE_ENTRIES: usize = 20;
/// On an overflow page: how many bytes it holds.
const PAGE_OVERFLOW_BYTES: usize = 22;
const PAGE_TYPE: usize = 25;
const PAGE_HEADER_BYTES: usize = 26;

const TYPE_HASH_UNSORTED: u8 = 2;
const TYPE_OVERFLOW: u8 = 7;
const TYPE_HASH: u8 = 13;

const ITEM_IN_PLACE: u8 = 1;
const ITEM_OFF_PAGE: u8 = 3;

pub(crate) fn detect(bytes: &[u8]) -> bool {
    endian(bytes).is_some()
}

fn endian(bytes: &[u8]) -> Option<Endian> {
    [Endian::Little, Endian::Big].into_iter().find(|endian| endian.u32(bytes, META_MAGIC) == Some(HASH_MAGIC))
}

struct File<'a> {
    bytes: &'a [u8],
    endian: Endian,
    page_bytes: usize,
    pages: u32,
    seen: PagesSeen,
}

pub(crate) fn read(bytes: &[u8], out: &mut Collector) -> Result<(), RpmDbError> {
    let malformed = |reason: String| RpmDbError::Malformed { format: Format::BerkeleyDb, reason };
    let unsupported = |reason: String| RpmDbError::Unsupported { format: Format::BerkeleyDb, reason };
    let endian = endian(bytes).ok_or(RpmDbError::UnknownFormat)?;
    let meta = bytes
        .get(..META_BYTES)
        .ok_or_else(|| malformed(format!("the metadata page of {META_BYTES} bytes is cut short")))?;
    let field = |offset| endian.u32(meta, offset).unwrap_or(0);

    let version = field(META_VERSION);
    if !(8..=10).contains(&version) {
        return Err(unsupported(format!("hash version {version}")));
    }
    if meta.get(META_ENCRYPTION).is_some_and(|algorithm| *algorithm != 0) {
        return Err(unsupported("the pages are encrypted".to_owned()));
    }
    if meta.get(META_FLAGS).is_some_and(|flags| *flags & FLAG_CHECKSUM != 0) {
        return Err(unsupported("the pages have checksums".to_owned()));
    }
    let page_bytes = field(META_PAGE_SIZE);
    if !page_bytes.is_power_of_two() || !(512..=65536).contains(&page_bytes) {
        return Err(malformed(format!("a page size of {page_bytes}")));
    }
    let page_bytes = index(page_bytes);
    let pages = u32::try_from(bytes.len() / page_bytes).unwrap_or(u32::MAX);
    let mut file = File { bytes, endian, page_bytes, pages, seen: PagesSeen::default() };

    let mut max_bucket = field(META_MAX_BUCKET);
    if max_bucket >= pages {
        out.problem("page 0", format_args!("{max_bucket} buckets do not fit in {pages} pages"));
        max_bucket = pages;
    }
    for bucket in 0..=max_bucket {
        // The buckets of one doubling of the table lie together; `spares` says how many pages lie before them.
        let doubling = u32::BITS - bucket.leading_zeros();
        let page = field(META_SPARES + 4 * index(doubling)).wrapping_add(bucket);
        if file.read_bucket(page, out).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

impl<'a> File<'a> {
    /// A page that was not read before and knows its own number.
    fn page(&mut self, number: u32) -> Result<&'a [u8], &'static str> {
        if number == 0 || number >= self.pages {
            return Err("the page is past the end of the file");
        }
        if !self.seen.first_visit(number) {
            return Err("the page is part of two chains or of a loop");
        }
        let start = index(number) * self.page_bytes;
        let page =
            self.bytes.get(start..start + self.page_bytes).ok_or("the page is past the end of the file")?;
        if self.endian.u32(page, PAGE_NUMBER) != Some(number) {
            return Err("the page has another number inside");
        }
        Ok(page)
    }

    fn read_bucket(&mut self, first: u32, out: &mut Collector) -> ControlFlow<()> {
        let mut number = first;
        loop {
            let page = match self.page(number) {
                Ok(page) => page,
                Err(reason) => {
                    out.problem(format_args!("page {number}"), reason);
                    return ControlFlow::Continue(());
                }
            };
            if !matches!(page.get(PAGE_TYPE), Some(&(TYPE_HASH | TYPE_HASH_UNSORTED))) {
                out.problem(format_args!("page {number}"), "the page is not a hash page");
                return ControlFlow::Continue(());
            }
            self.read_items(number, page, out)?;
            number = self.endian.u32(page, PAGE_NEXT).unwrap_or(0);
            if number == 0 {
                return ControlFlow::Continue(());
            }
        }
    }

    fn read_items(&mut self, number: u32, page: &'a [u8], out: &mut Collector) -> ControlFlow<()> {
        let entries = usize::from(self.endian.u16(page, PAGE_ENTRIES).unwrap_or(0));
        if entries % 2 != 0 {
            out.problem(format_args!("page {number}"), "the page has a key without a value");
        }
        let items_from = PAGE_HEADER_BYTES + entries * 2;
        // Items lie one below the other, so each ends where the one before it starts.
        let mut end = self.page_bytes;
        let mut item = |entry: usize| {
            let start = usize::from(self.endian.u16(page, PAGE_HEADER_BYTES + entry * 2)?);
            let item = page.get(start..end).filter(|item| start >= items_from && !item.is_empty())?;
            end = start;
            Some(item)
        };
        let mut pairs = Vec::new();
        for pair in 0..entries / 2 {
            let (Some(key), Some(value)) = (item(pair * 2), item(pair * 2 + 1)) else {
                out.problem(format_args!("page {number}"), "the items of the page are out of order");
                break;
            };
            pairs.push((key, value));
        }
        for (key, value) in pairs {
            let package = match key.split_first() {
                Some((&ITEM_IN_PLACE, key)) if key.len() == 4 => self.endian.u32(key, 0).unwrap_or(0),
                _ => {
                    out.problem(format_args!("page {number}"), "a key is not a package number");
                    continue;
                }
            };
            if package == 0 {
                continue;
            }
            match self.value(value) {
                Ok(blob) => out.header(i64::from(package), &blob)?,
                Err(reason) => out.problem(format_args!("package {package}"), reason),
            }
        }
        ControlFlow::Continue(())
    }

    fn value(&mut self, item: &'a [u8]) -> Result<Cow<'a, [u8]>, String> {
        match item.split_first() {
            Some((&ITEM_IN_PLACE, value)) => Ok(Cow::Borrowed(value)),
            Some((&ITEM_OFF_PAGE, place)) if place.len() == 11 => {
                let field = |offset| self.endian.u32(place, offset).unwrap_or(0);
                self.overflow(field(3), index(field(7))).map(Cow::Owned)
            }
            Some((kind, _)) => Err(format!("its header is an item of type {kind}")),
            None => Err("its header is an empty item".to_owned()),
        }
    }

    fn overflow(&mut self, first: u32, length: usize) -> Result<Vec<u8>, String> {
        if length > MAX_HEADER_BYTES || length > self.bytes.len() {
            return Err(format!(
                "a header of {length} bytes is larger than the file or {MAX_HEADER_BYTES} bytes"
            ));
        }
        let mut value = Vec::with_capacity(length.min(MAX_RESERVED_BYTES));
        let mut number = first;
        while value.len() < length {
            let page = self.page(number).map_err(|reason| format!("page {number}: {reason}"))?;
            if page.get(PAGE_TYPE) != Some(&TYPE_OVERFLOW) {
                return Err(format!("page {number}: the page is not an overflow page"));
            }
            let held = usize::from(self.endian.u16(page, PAGE_OVERFLOW_BYTES).unwrap_or(0));
            let part = page
                .get(PAGE_HEADER_BYTES..PAGE_HEADER_BYTES + held)
                .filter(|part| part.len() <= length - value.len())
                .ok_or_else(|| format!("page {number}: the page holds {held} bytes, which is too many"))?;
            value.extend_from_slice(part);
            number = self.endian.u32(page, PAGE_NEXT).unwrap_or(0);
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(change: impl FnOnce(&mut [u8])) -> Vec<u8> {
        let mut bytes = vec![0; META_BYTES];
        bytes[META_MAGIC..META_MAGIC + 4].copy_from_slice(&HASH_MAGIC.to_le_bytes());
        bytes[META_VERSION] = 9;
        bytes[META_PAGE_SIZE + 1] = 2;
        change(&mut bytes);
        bytes
    }

    #[test]
    fn what_rpm_does_not_use_is_unsupported() {
        for change in [(META_VERSION, 7), (META_ENCRYPTION, 1), (META_FLAGS, FLAG_CHECKSUM)] {
            let bytes = meta(|bytes| bytes[change.0] = change.1);
            let result = read(&bytes, &mut Collector::default());
            assert!(matches!(result, Err(RpmDbError::Unsupported { .. })), "{change:?}: {result:?}");
        }
        let bytes = meta(|bytes| bytes[META_PAGE_SIZE] = 1);
        assert!(matches!(read(&bytes, &mut Collector::default()), Err(RpmDbError::Malformed { .. })));
    }

    #[test]
    fn more_buckets_than_pages_end() {
        let bytes = meta(|bytes| bytes[META_MAX_BUCKET..META_MAX_BUCKET + 4].fill(0xff));
        let mut out = Collector::default();
        assert_eq!(read(&bytes, &mut out), Ok(()));
        assert!(!out.finish(Format::BerkeleyDb).problems.is_empty());
    }
}
