//! Finding a section in an executable: ELF (System V ABI, gABI 4.1), PE (Microsoft PE/COFF) and Mach-O headers.
//!
//! Every shared library of an image comes through here, so a file without the section must cost a few small reads
//! only. Headers that make no sense are "no such section": damaged executables are no analyzer's business here.

use std::io;

use memchr::memmem;
use plimsoll_archive::ReadAt;

/// First bytes of the executables that are read: ELF, PE with the usual DOS header, Mach-O of either width.
pub(super) const MAGICS: &[&[u8]] = &[
    b"\x7fELF",
    b"MZ\x90\x00",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xfe\xed\xfa\xcf",
    b"\xfe\xed\xfa\xce",
];

/// The most sections or load commands that are looked at.
const MAX_HEADERS: u64 = 65_536;

/// The largest entry of a table of headers that is taken; all known ones have 64 bytes or less.
const MAX_ENTRY: u64 = 256;

/// The largest table of section names that is read.
const MAX_NAMES: u64 = 4 << 20;

/// A part of the file, with the address at which it is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// How many bytes of it are in the file.
    pub(super) size: u64,
    /// Where it begins in memory; for PE with the image's base added.
    pub(super) address: u64,
}

/// The name of a section in each format.
#[derive(Debug, Clone, Copy)]
pub(super) struct SectionName {
    pub(super) elf: &'static str,
    /// Empty where the format has no such section.
    pub(super) pe: &'static str,
    pub(super) mach_o: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Elf,
    Pe,
    MachO,
}

/// An executable whose first header has been read.
pub(super) struct ObjectFile<'a> {
    content: &'a dyn ReadAt,
    format: Format,
    wide: bool,
    big_endian: bool,
    /// ELF: the file header. PE: the COFF and optional headers and the section table. Mach-O: the load commands.
    headers: Vec<u8>,
}

impl<'a> ObjectFile<'a> {
    /// Reads the first header. `None` when the file is no executable of a known format.
    pub(super) fn open(content: &'a dyn ReadAt) -> io::Result<Option<ObjectFile<'a>>> {
        let mut head = [0; 64];
        let n = content.read_at(&mut head, 0)?;
        let head = head.get(..n).unwrap_or_default();
        let object = |format, wide, big_endian, headers| {
            Some(ObjectFile { content, format, wide, big_endian, headers })
        };
        Ok(match head {
            [0x7f, b'E', b'L', b'F', class @ (1 | 2), data @ (1 | 2), ..] => {
                object(Format::Elf, *class == 2, *data == 2, head.to_vec())
            }
            [b'M', b'Z', ..] => {
                let Some(start) = u32_at(head, 0x3c, false) else { return Ok(None) };
                let mut fixed = [0; 24];
                if content.read_at(&mut fixed, u64::from(start))? < 24 || !fixed.starts_with(b"PE\0\0") {
                    return Ok(None);
                }
                let sections = u64::from(u16_at(&fixed, 6, false).unwrap_or(0));
                let optional = u64::from(u16_at(&fixed, 20, false).unwrap_or(0));
                let headers = read(content, u64::from(start), 24 + optional + sections * 40)?;
                let wide = u16_at(&headers, 24, false) == Some(0x20b);
                object(Format::Pe, wide, false, headers)
            }
            [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xfe, 0xed, 0xfa, 0xcf | 0xce, ..] => {
                let big_endian = head.first() == Some(&0xfe);
                let wide = head.first() == Some(&0xcf) || head.get(3) == Some(&0xcf);
                let size = u64::from(u32_at(head, 20, big_endian).unwrap_or(0));
                let headers = read(content, if wide { 32 } else { 28 }, size.min(1 << 20))?;
                object(Format::MachO, wide, big_endian, headers)
            }
            _ => None,
        })
    }

    /// The section of this name, if there is one with bytes in the file.
    pub(super) fn section(&self, name: SectionName) -> io::Result<Option<Region>> {
        Ok(match self.format {
            Format::Elf => self.elf_section(name.elf.as_bytes())?,
            Format::Pe if name.pe.is_empty() => None,
            Format::Pe => {
                self.pe_sections().find(|(header, _)| name_is(header, name.pe)).map(|(_, region)| region)
            }
            Format::MachO => {
                let mut found = None;
                self.mach_o(|header, region, is_section| {
                    if is_section && found.is_none() && name_is(header, name.mach_o) {
                        found = Some(region);
                    }
                });
                found
            }
        })
    }

    /// The first writable data, for files that do not name their sections.
    pub(super) fn writable_data(&self) -> io::Result<Option<Region>> {
        const WRITE: u32 = 2;
        const EXECUTE: u32 = 1;
        Ok(match self.format {
            Format::Elf => self
                .elf_segments()?
                .into_iter()
                .find(|(flags, _)| flags & (WRITE | EXECUTE) == WRITE)
                .map(|(_, region)| region),
            Format::Pe => self
                .pe_sections()
                .find(|(header, region)| {
                    // Initialised data that can be read and written, whatever its alignment.
                    let flags = u32_at(header, 36, false).unwrap_or(0);
                    region.size != 0 && flags & !0x00f0_0000 == 0xc000_0040
                })
                .map(|(_, region)| region),
            Format::MachO => {
                let mut found = None;
                self.mach_o(|header, region, is_section| {
                    let at = if self.wide { 60 } else { 44 };
                    let protection = u32_at(header, at, self.big_endian);
                    if !is_section && found.is_none() && region.size != 0 && protection == Some(3) {
                        found = Some(region);
                    }
                });
                found
            }
        })
    }

    /// True for an ELF file that has a table of sections, so that a section that is not in it does not exist.
    pub(super) fn names_its_sections(&self) -> bool {
        self.format == Format::Elf && self.elf_table().is_some()
    }

    /// Where the `size` bytes at an address in memory lie in the file.
    pub(super) fn at_address(&self, address: u64, size: u64) -> io::Result<Option<u64>> {
        let place = |region: Region| {
            let into = address.checked_sub(region.address)?;
            (into.checked_add(size)? <= region.size).then(|| region.offset.checked_add(into)).flatten()
        };
        Ok(match self.format {
            Format::Elf => self.elf_segments()?.into_iter().find_map(|(_, region)| place(region)),
            Format::Pe => self.pe_sections().find_map(|(_, region)| place(region)),
            Format::MachO => {
                let mut found = None;
                self.mach_o(|_, region, is_section| {
                    if !is_section && found.is_none() {
                        found = place(region);
                    }
                });
                found
            }
        })
    }

    /// The table of section headers: its offset, the size and the number of its entries, and which entry is the
    /// names. The last two may have to be looked up in entry 0.
    fn elf_table(&self) -> Option<(u64, u64, u64, u64)> {
        let half = |at| u16_at(&self.headers, at, self.big_endian).map(u64::from);
        let (offset, rest) = if self.wide {
            (u64_at(&self.headers, 40, self.big_endian)?, 58)
        } else {
            (u64::from(u32_at(&self.headers, 32, self.big_endian)?), 46)
        };
        let (entry, count, names) = (half(rest)?, half(rest + 2)?, half(rest + 4)?);
        let least = if self.wide { 64 } else { 40 };
        (offset != 0 && (least..=MAX_ENTRY).contains(&entry) && offset < self.content.len())
            .then_some((offset, entry, count, names))
    }

    fn elf_section(&self, name: &[u8]) -> io::Result<Option<Region>> {
        let Some((table, entry, mut count, mut names)) = self.elf_table() else { return Ok(None) };
        if count == 0 || names == 0xffff {
            let first = read(self.content, table, entry)?;
            let Some((_, region, link)) = self.elf_header(&first) else { return Ok(None) };
            count = if count == 0 { region.size } else { count };
            names = if names == 0xffff { u64::from(link) } else { names };
        }
        if count > MAX_HEADERS || names >= count {
            return Ok(None);
        }
        let header = read(self.content, table.saturating_add(names * entry), entry)?;
        let Some((_, strings, _)) = self.elf_header(&header) else { return Ok(None) };
        if strings.size > MAX_NAMES {
            return Ok(None);
        }
        let strings = read(self.content, strings.offset, strings.size)?;
        // Almost no file has the section: its name is looked for before the table is read.
        if memmem::find(&strings, name).is_none() {
            return Ok(None);
        }
        let headers = read(self.content, table, count * entry)?;
        let step = usize::try_from(entry).unwrap_or(usize::MAX);
        for header in headers.chunks_exact(step) {
            const NO_BITS: u32 = 8;
            let Some((at, region, _)) = self.elf_header(header) else { continue };
            let found = usize::try_from(at).ok().and_then(|at| strings.get(at..)).unwrap_or_default();
            let ends = found.get(name.len()) == Some(&0);
            if found.starts_with(name) && ends && u32_at(header, 4, self.big_endian) != Some(NO_BITS) {
                return Ok(Some(region));
            }
        }
        Ok(None)
    }

    /// A section header: the offset of its name, where it lies, and its link.
    fn elf_header(&self, header: &[u8]) -> Option<(u32, Region, u32)> {
        let big = self.big_endian;
        let name = u32_at(header, 0, big)?;
        if self.wide {
            let region = Region {
                address: u64_at(header, 16, big)?,
                offset: u64_at(header, 24, big)?,
                size: u64_at(header, 32, big)?,
            };
            Some((name, region, u32_at(header, 40, big)?))
        } else {
            let word = |at| u32_at(header, at, big).map(u64::from);
            let region = Region { address: word(12)?, offset: word(16)?, size: word(20)? };
            Some((name, region, u32_at(header, 24, big)?))
        }
    }

    /// The loaded segments with their flags.
    fn elf_segments(&self) -> io::Result<Vec<(u32, Region)>> {
        const LOAD: u32 = 1;
        let big = self.big_endian;
        let half = |at| u16_at(&self.headers, at, big).map_or(0, u64::from);
        let (offset, entry, count) = if self.wide {
            (u64_at(&self.headers, 32, big).unwrap_or(0), half(54), half(56))
        } else {
            (u32_at(&self.headers, 28, big).map_or(0, u64::from), half(42), half(44))
        };
        let least = if self.wide { 56 } else { 32 };
        if !(least..=MAX_ENTRY).contains(&entry) {
            return Ok(Vec::new());
        }
        let headers = read(self.content, offset, entry * count)?;
        let segment = |header: &[u8]| {
            let word = |at| u32_at(header, at, big).map(u64::from);
            if u32_at(header, 0, big)? != LOAD {
                return None;
            }
            Some(if self.wide {
                let region = Region {
                    offset: u64_at(header, 8, big)?,
                    address: u64_at(header, 16, big)?,
                    size: u64_at(header, 32, big)?,
                };
                (u32_at(header, 4, big)?, region)
            } else {
                let region = Region { offset: word(4)?, address: word(8)?, size: word(16)? };
                (u32_at(header, 24, big)?, region)
            })
        };
        let step = usize::try_from(entry).unwrap_or(usize::MAX);
        Ok(headers.chunks_exact(step).filter_map(segment).collect())
    }

    /// The sections of a PE file with their headers.
    fn pe_sections(&self) -> impl Iterator<Item = (&[u8], Region)> {
        let optional = usize::from(u16_at(&self.headers, 20, false).unwrap_or(0));
        let base = if self.wide {
            u64_at(&self.headers, 24 + 24, false).unwrap_or(0)
        } else {
            u32_at(&self.headers, 24 + 28, false).map_or(0, u64::from)
        };
        let table = self.headers.get(24 + optional..).unwrap_or_default();
        table.chunks_exact(40).map(move |header| {
            let word = |at| u32_at(header, at, false).map_or(0, u64::from);
            // The size in memory leaves out the padding that fills up the last block in the file.
            let size = match word(8) {
                0 => word(16),
                in_memory => in_memory.min(word(16)),
            };
            (header, Region { offset: word(20), size, address: base.saturating_add(word(12)) })
        })
    }

    /// Shows each segment, then its sections, of a Mach-O file: the header, the place, and whether it is a section.
    fn mach_o(&self, mut show: impl FnMut(&[u8], Region, bool)) {
        let big = self.big_endian;
        let (segment_command, segment_size, section_size) =
            if self.wide { (0x19, 72, 80) } else { (1, 56, 68) };
        let long = |header: &[u8], at: usize| {
            if self.wide { u64_at(header, at, big) } else { u32_at(header, at, big).map(u64::from) }
        };
        let mut rest = &self.headers[..];
        for _ in 0..MAX_HEADERS {
            let (Some(command), Some(size)) = (u32_at(rest, 0, big), u32_at(rest, 4, big)) else { return };
            let Some(body) =
                usize::try_from(size).ok().filter(|size| *size >= 8).and_then(|size| rest.get(..size))
            else {
                return;
            };
            rest = rest.get(body.len()..).unwrap_or_default();
            if command != segment_command {
                continue;
            }
            let width = if self.wide { 8 } else { 4 };
            // A segment: command, size, name, then address, size in memory, offset, size in the file.
            let place = |header: &[u8], address: usize, offset: usize, size: usize| {
                Some(Region {
                    address: long(header, address)?,
                    offset: long(header, offset)?,
                    size: long(header, size)?,
                })
            };
            if let Some(region) = place(body, 24, 24 + 2 * width, 24 + 3 * width) {
                show(body, region, false);
            }
            let sections = body.get(segment_size..).unwrap_or_default();
            for section in sections.chunks_exact(section_size) {
                // A section: its name, its segment's name, then address, size, and a 32-bit offset.
                let offset = u32_at(section, 32 + 2 * width, big).map(u64::from);
                if let (Some(address), Some(size), Some(offset)) =
                    (long(section, 32), long(section, 32 + width), offset)
                {
                    show(section, Region { address, offset, size }, true);
                }
            }
        }
    }

    /// Reads `size` bytes at `offset`: fewer when the file ends before, none when more than `limit` are asked for.
    pub(super) fn read(&self, offset: u64, size: u64, limit: u64) -> io::Result<Vec<u8>> {
        if size > limit { Ok(Vec::new()) } else { read(self.content, offset, size) }
    }

    /// The file's size in bytes.
    pub(super) fn len(&self) -> u64 {
        self.content.len()
    }
}

/// Reads `size` bytes at `offset`, fewer when the file ends before. The file's own size bounds what is allocated.
fn read(content: &dyn ReadAt, offset: u64, size: u64) -> io::Result<Vec<u8>> {
    let size = size.min(content.len().saturating_sub(offset));
    let mut out = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    let n = content.read_at(&mut out, offset)?;
    out.truncate(n);
    Ok(out)
}

/// Section names of PE and Mach-O are padded with zeros at a header's beginning: to 8 bytes, to 16 bytes.
fn name_is(header: &[u8], name: &str) -> bool {
    header.starts_with(name.as_bytes())
        && (name.len() == 8 || header.get(name.len()) == Some(&0) || name.len() == 16)
}

pub(super) fn u16_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u16> {
    let bytes: [u8; 2] = bytes.get(at..)?.first_chunk().copied()?;
    Some(if big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
}

pub(super) fn u32_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u32> {
    let bytes: [u8; 4] = bytes.get(at..)?.first_chunk().copied()?;
    Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}

pub(super) fn u64_at(bytes: &[u8], at: usize, big_endian: bool) -> Option<u64> {
    let bytes: [u8; 8] = bytes.get(at..)?.first_chunk().copied()?;
    Some(if big_endian { u64::from_be_bytes(bytes) } else { u64::from_le_bytes(bytes) })
}
