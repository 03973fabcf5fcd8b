//! Machine code in programs: it holds no texts, and is a third of what images hold in programs.

use std::ops::Range;

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64, PF_R, PF_W, PF_X, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};

/// The parts of an ELF file that hold machine code alone, by its first bytes, in order (System V ABI, program headers).
///
/// Linkers that keep code apart put the read-only data behind it into a segment of its own. Where there is none, the data may lie
/// among the code, and nothing is left out.
pub(super) fn of(head: &[u8]) -> Vec<Range<u64>> {
    if !head.starts_with(b"\x7fELF") {
        return Vec::new();
    }
    match head.get(4).map(|class| elf::FileClass(*class)) {
        Some(elf::ELFCLASS32) => of_class::<FileHeader32<Endianness>>(head),
        Some(elf::ELFCLASS64) => of_class::<FileHeader64<Endianness>>(head),
        _ => Vec::new(),
    }
}

fn of_class<Elf: FileHeader<Endian = Endianness>>(head: &[u8]) -> Vec<Range<u64>> {
    let Ok(header) = Elf::parse(head) else { return Vec::new() };
    let Ok(endian) = header.endian() else { return Vec::new() };
    let Ok(segments) = header.program_headers(endian, head) else { return Vec::new() };
    let loaded = || segments.iter().filter(|segment| segment.p_type(endian) == PT_LOAD);
    let allows = |segment: &Elf::ProgramHeader| segment.p_flags(endian).0 & (PF_R | PF_W | PF_X).0;
    let data: Vec<u64> = loaded()
        .filter(|segment| allows(segment) == PF_R.0)
        .map(|segment| segment.p_offset(endian).into())
        .collect();
    let mut code: Vec<Range<u64>> = loaded()
        .filter(|segment| allows(segment) == (PF_R | PF_X).0)
        .filter_map(|segment| {
            let start: u64 = segment.p_offset(endian).into();
            let end = start.checked_add(segment.p_filesz(endian).into())?;
            data.iter().any(|data| *data >= end).then_some(start..end)
        })
        .collect();
    // Segments of a file that lies about itself may overlap; what is looked at goes from one to the next.
    code.sort_by_key(|part| (part.start, part.end));
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 64-bit file of little endian with segments of these flags, offsets and sizes.
    fn program(segments: &[(u32, u64, u64)]) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(16, 0);
        bytes.extend([3u16, 62].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend(1u32.to_le_bytes());
        bytes.extend([0u64, 64, 0].iter().flat_map(|n| n.to_le_bytes()));
        bytes.extend(0u32.to_le_bytes());
        bytes.extend([64u16, 56, segments.len() as u16, 64, 0, 0].iter().flat_map(|n| n.to_le_bytes()));
        for (flags, offset, size) in segments {
            bytes.extend([1u32, *flags].iter().flat_map(|n| n.to_le_bytes()));
            bytes.extend([*offset, 0, 0, *size, *size, 4096].iter().flat_map(|n| n.to_le_bytes()));
        }
        bytes
    }

    #[test]
    fn code_is_told_from_data() {
        let code = |segments: &[_]| -> Vec<(u64, u64)> {
            of(&program(segments)).into_iter().map(|part| (part.start, part.end)).collect()
        };
        // As binutils and Go lay it out.
        assert_eq!(code(&[(4, 0, 900), (5, 4096, 500), (4, 8192, 50), (6, 9000, 9)]), [(4096, 4596)]);
        assert_eq!(code(&[(5, 0, 8192), (4, 8192, 50)]), [(0, 8192)]);
        // Data among the code, data before it, code that is written to.
        assert!(of(&program(&[(5, 0, 8192), (6, 8192, 50)])).is_empty());
        assert!(of(&program(&[(4, 0, 4096), (5, 4096, 500), (6, 9000, 9)])).is_empty());
        assert!(of(&program(&[(7, 0, 8192), (4, 8192, 50)])).is_empty());
    }

    #[test]
    fn headers_that_lie_or_end_give_nothing() {
        assert!(of(&program(&[(5, u64::MAX - 5, 50), (4, u64::MAX, 0)])).is_empty());
        let whole = program(&[(5, 0, 8192), (4, 8192, 50)]);
        for end in 0..whole.len() {
            assert!(of(&whole[..end]).is_empty(), "{end} bytes");
        }
    }
}
