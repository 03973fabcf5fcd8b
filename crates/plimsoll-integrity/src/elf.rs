//! What an ELF file's headers say of how it was hardened (System V ABI; the GNU extensions of the Linux Standard Base and of
//! binutils). Sections and symbols are looked at where they are there; headers that lie give nothing.

use std::io::{self, Read, Seek, SeekFrom};

use object::read::elf::{Dyn, FileHeader, ProgramHeader, Sym};
use object::{Endianness, ReadCache, ReadRef, elf};
use plimsoll_archive::ReadAt;

/// The most symbols that are looked at.
const MAX_SYMBOLS: usize = 1 << 20;
/// The most bytes of an interpreter's path, a run path or a comment that are read.
const MAX_TEXT: usize = 4096;

/// How far relocations are made read-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Relro {
    #[default]
    None,
    Partial,
    Full,
}

/// What is known of a program or library.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Facts {
    /// It can be started: it has an interpreter, or an entry point and is no shared object.
    pub(crate) program: bool,
    /// It is loaded at any address.
    pub(crate) pie: bool,
    /// It needs no other library.
    pub(crate) is_static: bool,
    pub(crate) relro: Relro,
    /// The stack is asked to be executable.
    pub(crate) exec_stack: bool,
    /// A segment is writable and executable.
    pub(crate) writable_code: bool,
    /// Code is changed when it is loaded.
    pub(crate) text_relocations: bool,
    /// It imports the function that a stack protector calls.
    pub(crate) canary: bool,
    /// Calls that can be checked for overflows, and those that are.
    pub(crate) fortifiable: bool,
    pub(crate) fortified: bool,
    /// Symbols were there to tell canary and fortification from.
    pub(crate) symbols: bool,
    /// The C library is glibc, by its interpreter.
    pub(crate) glibc: bool,
    /// `go`, `rust`, or empty for anything else.
    pub(crate) language: &'static str,
    /// `DT_RPATH` and `DT_RUNPATH`, as they are.
    pub(crate) run_paths: Vec<String>,
}

/// Lends a file's bytes to the parser.
struct Lent<'a> {
    content: &'a dyn ReadAt,
    at: u64,
}

impl Read for Lent<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.content.read_at(buf, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Lent<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let base = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.content.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = base.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Reads the headers; `None` for what is no ELF program or library.
pub(crate) fn read(content: &dyn ReadAt) -> Option<Facts> {
    let mut ident = [0; 16];
    let n = content.read_at(&mut ident, 0).ok()?;
    if n < 16 || !ident.starts_with(b"\x7fELF") {
        return None;
    }
    let class = *ident.get(4)?;
    match content.as_slice() {
        Some(bytes) => of_class(class, bytes),
        None => {
            let cache = ReadCache::new(Lent { content, at: 0 });
            of_class(class, &cache)
        }
    }
}

fn of_class<'a, R: ReadRef<'a>>(class: u8, data: R) -> Option<Facts> {
    match class {
        1 => facts::<elf::FileHeader32<Endianness>, R>(data),
        2 => facts::<elf::FileHeader64<Endianness>, R>(data),
        _ => None,
    }
}

/// Functions of which a checked form exists; those that every C program is likely to call.
const FORTIFIABLE: &[&[u8]] = &[
    b"memcpy",
    b"memmove",
    b"memset",
    b"strcpy",
    b"strncpy",
    b"strcat",
    b"strncat",
    b"sprintf",
    b"snprintf",
    b"vsprintf",
    b"vsnprintf",
    b"gets",
    b"fgets",
    b"read",
    b"recv",
    b"getcwd",
    b"realpath",
    b"readlink",
];

fn facts<'a, Elf, R>(data: R) -> Option<Facts>
where
    Elf: FileHeader<Endian = Endianness>,
    R: ReadRef<'a>,
{
    let header = Elf::parse(data).ok()?;
    let endian = header.endian().ok()?;
    let kind = header.e_type(endian);
    if kind != elf::ET_EXEC && kind != elf::ET_DYN {
        return None;
    }
    let mut facts = Facts::default();
    let mut interpreter = false;
    let mut dynamic = None;
    for segment in header.program_headers(endian, data).ok()? {
        let flags = segment.p_flags(endian).0;
        match segment.p_type(endian) {
            elf::PT_INTERP => {
                interpreter = true;
                if let Ok(Some(path)) = segment.interpreter(endian, data) {
                    facts.glibc = path.len() <= MAX_TEXT && contains(path, b"ld-linux");
                }
            }
            elf::PT_GNU_STACK => facts.exec_stack = flags & elf::PF_X.0 != 0,
            elf::PT_GNU_RELRO => facts.relro = Relro::Partial,
            elf::PT_LOAD => {
                facts.writable_code |= flags & elf::PF_W.0 != 0 && flags & elf::PF_X.0 != 0;
            }
            elf::PT_DYNAMIC => dynamic = segment.dynamic(endian, data).ok().flatten(),
            _ => {}
        }
    }
    let (mut flags_1, mut flags, mut bind_now, mut needed) = (0u64, 0u64, false, false);
    let mut names: Vec<u64> = Vec::new();
    for entry in dynamic.into_iter().flatten() {
        let value: u64 = entry.d_val(endian).into();
        match entry.d_tag(endian) {
            elf::DT_NULL => break,
            elf::DT_FLAGS => flags = value,
            elf::DT_FLAGS_1 => flags_1 = value,
            elf::DT_BIND_NOW => bind_now = true,
            elf::DT_TEXTREL => facts.text_relocations = true,
            elf::DT_NEEDED => needed = true,
            elf::DT_RPATH | elf::DT_RUNPATH if names.len() < 8 => names.push(value),
            _ => {}
        }
    }
    facts.text_relocations |= flags & elf::DF_TEXTREL.0 != 0;
    bind_now |= flags & elf::DF_BIND_NOW.0 != 0 || flags_1 & elf::DF_1_NOW.0 != 0;
    if facts.relro == Relro::Partial && bind_now {
        facts.relro = Relro::Full;
    }
    let pie_flag = flags_1 & elf::DF_1_PIE.0 != 0;
    facts.pie = kind == elf::ET_DYN;
    facts.program = kind == elf::ET_EXEC || interpreter || pie_flag;
    facts.is_static = !needed && !interpreter;
    // Sections are for linkers; a program without them runs all the same.
    let Ok(sections) = header.sections(endian, data) else { return Some(facts) };
    let has = |name: &[u8]| sections.section_by_name(endian, name);
    if has(b".go.buildinfo").is_some() || has(b".note.go.buildid").is_some() {
        facts.language = "go";
    } else if let Some((_, section)) = has(b".comment")
        && let Ok(comment) = object::read::elf::SectionHeader::data(section, endian, data)
        && contains(comment.get(..MAX_TEXT.min(comment.len())).unwrap_or_default(), b"rustc")
    {
        facts.language = "rust";
    }
    let Ok(symbols) = sections.symbols(endian, data, elf::SHT_DYNSYM) else { return Some(facts) };
    let strings = symbols.strings();
    for offset in names {
        let Some(text) = u32::try_from(offset).ok().and_then(|offset| strings.get(offset).ok()) else {
            continue;
        };
        facts.run_paths.push(
            String::from_utf8_lossy(text.get(..MAX_TEXT.min(text.len())).unwrap_or_default()).into_owned(),
        );
    }
    facts.symbols = !symbols.is_empty();
    for symbol in symbols.iter().take(MAX_SYMBOLS) {
        if !symbol.is_undefined(endian) {
            continue;
        }
        let Ok(name) = symbol.name(endian, strings) else { continue };
        if name == b"__stack_chk_fail" || name == b"__stack_chk_guard" || name == b"__intel_security_cookie" {
            facts.canary = true;
        } else if name.starts_with(b"__") && name.ends_with(b"_chk") {
            // `__stack_chk_fail` does not end so, and is no checked call.
            facts.fortified = true;
            facts.fortifiable = true;
        } else if FORTIFIABLE.contains(&name) {
            facts.fortifiable = true;
        }
    }
    Some(facts)
}

fn contains(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This very test program, of which `readelf` says what is expected here on any Linux: Rust's defaults.
    #[test]
    fn a_real_program_and_every_beginning_of_it() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let facts = read(&&bytes[..]).unwrap();
        assert!(facts.program && facts.pie && !facts.exec_stack && !facts.writable_code, "{facts:?}");
        assert_eq!((facts.relro, facts.language), (Relro::Full, "rust"), "{facts:?}");
        assert!(facts.symbols && !facts.is_static && facts.run_paths.is_empty(), "{facts:?}");
        for end in (0..4096).chain((4096..bytes.len()).step_by(bytes.len() / 256 + 1)) {
            let _ = read(&&bytes[..end]);
        }
        // The same read at places instead of as a whole.
        struct Apart<'a>(&'a [u8]);
        impl ReadAt for Apart<'_> {
            fn len(&self) -> u64 {
                self.0.len() as u64
            }
            fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
                ReadAt::read_at(self.0, buf, offset)
            }
        }
        assert_eq!(read(&Apart(&bytes)), Some(facts));
    }

    #[test]
    fn headers_that_lie_do_no_harm() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let mut head = bytes[..4096].to_vec();
        for at in 0..64 {
            for value in [0, 1, 0x7f, 0xff] {
                let old = std::mem::replace(&mut head[at], value);
                let _ = read(&&head[..]);
                head[at] = old;
            }
        }
    }
}
