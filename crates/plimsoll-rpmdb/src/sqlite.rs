//! The SQLite form of the database: a read-only reader of one rowid table, `Packages(hnum INTEGER PRIMARY KEY, blob
//! BLOB)`, of the SQLite 3 database file format (sqlite.org/fileformat2.html).

mod wal;

use crate::header::{MAX_HEADER_BYTES, MAX_RESERVED_BYTES};
use crate::number::{Endian, PagesSeen, index};
use crate::{Collector, Format, RpmDbError};
use std::borrow::Cow;
use wal::Wal;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const TABLE: &str = "Packages";

const FILE_HEADER_BYTES: usize = 100;
const FILE_PAGE_SIZE: usize = 16;
const FILE_RESERVED: usize = 20;
const FILE_ENCODING: usize = 56;

const INTERIOR_TABLE_PAGE: u8 = 0x05;
const LEAF_TABLE_PAGE: u8 = 0x0d;

pub(crate) fn detect(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

pub(crate) fn read(bytes: &[u8], wal: &[u8], out: &mut Collector) -> Result<(), RpmDbError> {
    let mut pager = Pager::open(bytes, wal, out)?;
    let root = find_table(&mut pager, out)?;
    let mut rows = Rows::of(root);
    while let Some(cell) = rows.next(&mut pager, out) {
        let name = format_args!("package {}", cell.row);
        let payload = match pager.payload(&cell) {
            Ok(payload) => payload,
            Err(reason) => {
                out.problem(name, reason);
                continue;
            }
        };
        match Columns::new(&payload).nth(1) {
            Some(Column::Bytes(blob)) => {
                if out.header(cell.row, blob).is_break() {
                    break;
                }
            }
            _ => out.problem(name, "its row has no header blob"),
        }
    }
    Ok(())
}

/// The root page of the table, from the schema table, which starts at page 1.
fn find_table(pager: &mut Pager<'_>, out: &mut Collector) -> Result<u32, RpmDbError> {
    let encoding = pager.encoding()?;
    let mut rows = Rows::of(1);
    while let Some(cell) = rows.next(pager, out) {
        let payload = match pager.payload(&cell) {
            Ok(payload) => payload,
            Err(reason) => {
                out.problem(format_args!("schema entry {}", cell.row), reason);
                continue;
            }
        };
        // type, name, tbl_name, rootpage, sql
        let mut columns = Columns::new(&payload);
        if let (Some(Column::Bytes(kind)), Some(Column::Bytes(name)), Some(Column::Integer(root))) =
            (columns.next(), columns.next(), columns.nth(1))
            && encoding.is(kind, "table")
            && encoding.is(name, TABLE)
            && let Ok(root) = u32::try_from(root)
        {
            return Ok(root);
        }
    }
    Err(malformed(format!("there is no table {TABLE}")))
}

fn malformed(reason: String) -> RpmDbError {
    RpmDbError::Malformed { format: Format::Sqlite, reason }
}

/// How the file stores text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16(Endian),
}

impl Encoding {
    /// Whether a stored text is `wanted`, which is ASCII, in any case.
    fn is(self, stored: &[u8], wanted: &str) -> bool {
        match self {
            Encoding::Utf8 => stored.eq_ignore_ascii_case(wanted.as_bytes()),
            Encoding::Utf16(endian) => {
                stored.len() == wanted.len() * 2
                    && wanted.bytes().enumerate().all(|(place, byte)| {
                        endian
                            .u16(stored, place * 2)
                            .and_then(|unit| u8::try_from(unit).ok())
                            .is_some_and(|unit| unit.eq_ignore_ascii_case(&byte))
                    })
            }
        }
    }
}

/// The pages of the file, those in the write-ahead log before those in the file itself.
struct Pager<'a> {
    bytes: &'a [u8],
    wal: Wal<'a>,
    page_bytes: usize,
    /// Bytes of a page that SQLite uses; the rest is reserved for extensions.
    usable: usize,
    /// Pages are numbered from 1 to this.
    pages: u32,
    seen: PagesSeen,
}

impl<'a> Pager<'a> {
    fn open(bytes: &'a [u8], wal: &'a [u8], out: &mut Collector) -> Result<Self, RpmDbError> {
        if bytes.len() < FILE_HEADER_BYTES {
            return Err(malformed(format!("the header of {FILE_HEADER_BYTES} bytes is cut short")));
        }
        let page_bytes = match Endian::Big.u16(bytes, FILE_PAGE_SIZE) {
            Some(1) => 65536,
            Some(size) if size >= 512 && size.is_power_of_two() => usize::from(size),
            size => return Err(malformed(format!("a page size of {}", size.unwrap_or(0)))),
        };
        let wal = Wal::read(wal, page_bytes).unwrap_or_else(|reason| {
            out.problem("write-ahead log", reason);
            Wal::default()
        });
        // The size in the file header may be stale, the size of the file is not.
        let in_file = u32::try_from(bytes.len() / page_bytes).unwrap_or(u32::MAX);
        let pages = wal.pages().unwrap_or(in_file);
        let mut pager =
            Self { bytes, wal, page_bytes, usable: page_bytes, pages, seen: PagesSeen::default() };

        let first = pager.page(1).map_err(|_| malformed("the first page is cut short".to_owned()))?;
        let reserved = first.get(FILE_RESERVED).copied().unwrap_or(0);
        pager.usable = page_bytes - usize::from(reserved);
        if pager.usable < 480 {
            return Err(malformed(format!("{reserved} reserved bytes in pages of {page_bytes}")));
        }
        Ok(pager)
    }

    fn encoding(&self) -> Result<Encoding, RpmDbError> {
        let first = self.page(1).map_err(|reason| malformed(reason.to_owned()))?;
        match Endian::Big.u32(first, FILE_ENCODING) {
            // 0 is a database without any table.
            Some(0 | 1) => Ok(Encoding::Utf8),
            Some(2) => Ok(Encoding::Utf16(Endian::Little)),
            Some(3) => Ok(Encoding::Utf16(Endian::Big)),
            other => Err(malformed(format!("text encoding {}", other.unwrap_or(0)))),
        }
    }

    fn page(&self, number: u32) -> Result<&'a [u8], &'static str> {
        const PAST_THE_END: &str = "the page is past the end of the file";
        if number > self.pages {
            return Err(PAST_THE_END);
        }
        if let Some(page) = self.wal.page(number) {
            return Ok(page);
        }
        number
            .checked_sub(1)
            .and_then(|before| index(before).checked_mul(self.page_bytes))
            .and_then(|start| self.bytes.get(start..)?.get(..self.page_bytes))
            .ok_or(PAST_THE_END)
    }

    /// A page of a tree or a chain. Each page belongs to one place.
    fn new_page(&mut self, number: u32) -> Result<&'a [u8], &'static str> {
        let page = self.page(number)?;
        if self.seen.first_visit(number) { Ok(page) } else { Err("the page is used twice or part of a loop") }
    }

    /// The whole row, with what lies on overflow pages.
    fn payload(&mut self, cell: &Cell<'a>) -> Result<Cow<'a, [u8]>, String> {
        if cell.length == cell.local.len() {
            return Ok(Cow::Borrowed(cell.local));
        }
        // Some bytes more than a header, for the start of the row.
        if cell.length > MAX_HEADER_BYTES + 64 || cell.length > self.bytes.len() + self.wal.bytes() {
            return Err(format!(
                "a row of {} bytes is larger than the file or {MAX_HEADER_BYTES} bytes",
                cell.length
            ));
        }
        let mut payload = Vec::with_capacity(cell.length.min(MAX_RESERVED_BYTES));
        payload.extend_from_slice(cell.local);
        let mut number = cell.overflow;
        while payload.len() < cell.length {
            let page = self.new_page(number).map_err(|reason| format!("page {number}: {reason}"))?;
            number = Endian::Big.u32(page, 0).unwrap_or(0);
            let data = page.get(4..self.usable).unwrap_or_default();
            payload.extend_from_slice(data.get(..cell.length - payload.len()).unwrap_or(data));
        }
        Ok(Cow::Owned(payload))
    }
}

/// One row, not yet read.
struct Cell<'a> {
    row: i64,
    /// Length of the whole row.
    length: usize,
    /// Its start, on the leaf page.
    local: &'a [u8],
    /// Page of the rest, if there is one.
    overflow: u32,
}

/// Walks the leaves of a table's tree from left to right.
struct Rows<'a> {
    /// Pages still to read, the next one last.
    todo: Vec<u32>,
    leaf: Option<Leaf<'a>>,
}

struct Leaf<'a> {
    number: u32,
    page: &'a [u8],
    /// Places of the cells still to read, two bytes each.
    pointers: &'a [u8],
    /// Bytes of the page that its cells have not taken yet.
    left: usize,
}

impl<'a> Rows<'a> {
    fn of(root: u32) -> Self {
        Self { todo: vec![root], leaf: None }
    }

    /// The next row that can be found; what cannot is named in `out`.
    fn next(&mut self, pager: &mut Pager<'a>, out: &mut Collector) -> Option<Cell<'a>> {
        loop {
            if let Some(leaf) = &mut self.leaf {
                match leaf.next(pager.usable) {
                    Some(Ok(cell)) => return Some(cell),
                    Some(Err(reason)) => out.problem(format_args!("page {}", leaf.number), reason),
                    None => self.leaf = None,
                }
                continue;
            }
            let number = self.todo.pop()?;
            if let Err(reason) = self.open(pager, number) {
                out.problem(format_args!("page {number}"), reason);
            }
        }
    }

    fn open(&mut self, pager: &mut Pager<'a>, number: u32) -> Result<(), &'static str> {
        let page = pager.new_page(number)?;
        let page = page.get(..pager.usable).unwrap_or(page);
        let start = if number == 1 { FILE_HEADER_BYTES } else { 0 };
        let cells = usize::from(Endian::Big.u16(page, start + 3).unwrap_or(0));
        let pointers = |header_bytes| {
            page.get(start + header_bytes..)
                .and_then(|rest| rest.get(..cells * 2))
                .ok_or("the page has more cells than fit in it")
        };
        match page.get(start) {
            Some(&LEAF_TABLE_PAGE) => {
                self.leaf = Some(Leaf { number, page, pointers: pointers(8)?, left: page.len() });
                Ok(())
            }
            Some(&INTERIOR_TABLE_PAGE) => {
                self.todo.push(Endian::Big.u32(page, start + 8).unwrap_or(0));
                for pointer in pointers(12)?.chunks_exact(2).rev() {
                    let place = usize::from(Endian::Big.u16(pointer, 0).unwrap_or(0));
                    // A child of 0 is named as a problem when its turn comes.
                    self.todo.push(Endian::Big.u32(page, place).unwrap_or(0));
                }
                Ok(())
            }
            _ => Err("the page is not part of a table"),
        }
    }
}

impl<'a> Leaf<'a> {
    fn next(&mut self, usable: usize) -> Option<Result<Cell<'a>, &'static str>> {
        let place = usize::from(Endian::Big.u16(self.pointers, 0)?);
        self.pointers = self.pointers.get(2..).unwrap_or_default();
        let Some((cell, taken)) = self.page.get(place..).and_then(|bytes| read_cell(bytes, usable)) else {
            return Some(Err("a cell of the page reaches past its end"));
        };
        // Cells that overlap would let a small file hold very many large rows.
        let Some(left) = self.left.checked_sub(taken) else {
            self.pointers = &[];
            return Some(Err("the cells of the page overlap"));
        };
        self.left = left;
        Some(Ok(cell))
    }
}

/// Reads a table leaf cell (section 1.6 of the file format) and says how many bytes it takes.
fn read_cell(bytes: &[u8], usable: usize) -> Option<(Cell<'_>, usize)> {
    let (length, rest) = varint(bytes)?;
    let (row, rest) = varint(rest)?;
    let length = usize::try_from(length).ok()?;
    let row = row.cast_signed();

    let most = usable - 35;
    let local = if length <= most {
        length
    } else {
        let least = (usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (usable - 4);
        if fitting <= most { fitting } else { least }
    };
    let (local, rest) = rest.split_at_checked(local)?;
    let overflow = if local.len() == length { 0 } else { Endian::Big.u32(rest, 0)? };
    Some((Cell { row, length, local, overflow }, bytes.len() - rest.len()))
}

/// A number of 1 to 9 bytes: 7 bits each, the ninth byte all 8.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0u64;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        if place == 8 {
            number = (number << 8) | u64::from(*byte);
        } else {
            number = (number << 7) | u64::from(*byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
        }
        return Some((number, bytes.get(place + 1..)?));
    }
    None
}

/// A value of a row.
#[derive(Debug, PartialEq, Eq)]
enum Column<'a> {
    /// A whole number of any width.
    Integer(i64),
    /// A blob or a text.
    Bytes(&'a [u8]),
    /// NULL or a floating-point number.
    Other,
}

/// The values of a row in the record format (section 2.1 of the file format).
struct Columns<'a> {
    types: &'a [u8],
    values: &'a [u8],
}

impl<'a> Columns<'a> {
    fn new(row: &'a [u8]) -> Self {
        let split = || {
            let (header_bytes, rest) = varint(row)?;
            let types = usize::try_from(header_bytes).ok()?.checked_sub(row.len() - rest.len())?;
            rest.split_at_checked(types)
        };
        let (types, values) = split().unwrap_or_default();
        Self { types, values }
    }
}

impl<'a> Iterator for Columns<'a> {
    type Item = Column<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, types) = varint(self.types)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let (value, values) = self.values.split_at_checked(length)?;
        self.types = types;
        self.values = values;
        Some(match kind {
            1..=6 => {
                let negative = value.first().is_some_and(|byte| byte & 0x80 != 0);
                let start = if negative { -1i64 } else { 0 };
                Column::Integer(value.iter().fold(start, |number, byte| (number << 8) | i64::from(*byte)))
            }
            8 => Column::Integer(0),
            9 => Column::Integer(1),
            0 | 7 => Column::Other,
            _ => Column::Bytes(value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints() {
        assert_eq!(varint(&[0x7f, 9]), Some((0x7f, &[9][..])));
        assert_eq!(varint(&[0x81, 0x00]), Some((0x80, &[][..])));
        assert_eq!(varint(&[0xff; 10]), Some((u64::MAX, &[0xff][..])));
        assert_eq!(varint(&[0x80; 8]), None);
        assert_eq!(varint(&[]), None);
    }

    #[test]
    fn columns_of_a_record() {
        // NULL, -2 in one byte, 1 without a byte, a text of 2 bytes, a blob of 1 byte, 0x010203 in three bytes.
        let row = [7, 0, 1, 9, 17, 14, 3, 0xfe, b'a', b'b', 7, 1, 2, 3];
        assert_eq!(
            Columns::new(&row).collect::<Vec<_>>(),
            [
                Column::Other,
                Column::Integer(-2),
                Column::Integer(1),
                Column::Bytes(b"ab"),
                Column::Bytes(&[7]),
                Column::Integer(0x01_0203),
            ]
        );
        for end in 0..row.len() {
            assert!(Columns::new(&row[..end]).count() < 6);
        }
    }

    #[test]
    fn names_in_all_encodings() {
        assert!(Encoding::Utf8.is(b"PACKAGES", "Packages"));
        assert!(!Encoding::Utf8.is(b"Package", "Packages"));
        assert!(Encoding::Utf16(Endian::Little).is(b"t\0a\0b\0l\0e\0", "table"));
        assert!(Encoding::Utf16(Endian::Big).is(b"\0t\0a\0b\0l\0e", "table"));
        assert!(!Encoding::Utf16(Endian::Big).is(b"t\0a\0b\0l\0e\0", "table"));
    }
}
