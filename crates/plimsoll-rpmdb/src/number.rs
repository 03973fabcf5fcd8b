//! Fixed-width numbers read out of a byte slice, in either byte order, never past its end.

use std::collections::HashSet;

/// The byte order of a database file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endian {
    Little,
    Big,
}

impl Endian {
    /// The 16-bit number at `offset`; `None` past the end.
    pub(crate) fn u16(self, bytes: &[u8], offset: usize) -> Option<u16> {
        let raw = *bytes.get(offset..)?.first_chunk()?;
        Some(match self {
            Endian::Little => u16::from_le_bytes(raw),
            Endian::Big => u16::from_be_bytes(raw),
        })
    }

    /// The 32-bit number at `offset`; `None` past the end.
    pub(crate) fn u32(self, bytes: &[u8], offset: usize) -> Option<u32> {
        let raw = *bytes.get(offset..)?.first_chunk()?;
        Some(match self {
            Endian::Little => u32::from_le_bytes(raw),
            Endian::Big => u32::from_be_bytes(raw),
        })
    }
}

/// A 32-bit number as an index or a length. Every supported target has at least 32-bit addresses; on any other
/// the saturated value is past the end of every slice.
pub(crate) fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Which pages of a file were read. A page belongs to one tree or one chain only, so a second visit means a loop
/// or a shared page; refusing it keeps the whole reading linear in the file's size.
#[derive(Debug, Default)]
pub(crate) struct PagesSeen(HashSet<u32>);

impl PagesSeen {
    /// Marks a page; false when it was marked before. The caller marks only pages that exist.
    pub(crate) fn first_visit(&mut self, page: u32) -> bool {
        self.0.insert(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_both_orders_and_past_the_end() {
        let bytes = [1, 2, 3, 4, 5];
        assert_eq!(Endian::Little.u16(&bytes, 1), Some(0x0302));
        assert_eq!(Endian::Big.u16(&bytes, 1), Some(0x0203));
        assert_eq!(Endian::Little.u32(&bytes, 1), Some(0x0504_0302));
        assert_eq!(Endian::Big.u32(&bytes, 1), Some(0x0203_0405));
        assert_eq!(Endian::Big.u32(&bytes, 2), None);
        assert_eq!(Endian::Big.u16(&bytes, usize::MAX), None);
    }
}
