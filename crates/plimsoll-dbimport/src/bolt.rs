//! A reader of bbolt files (file format version 2; `internal/common` of go.etcd.io/bbolt).
//!
//! A file is an array of pages; two of them describe the rest, the others are the branches and leaves of B+ trees of sorted keys. A value is bytes or a
//! bucket: a tree of its own, small ones inside the leaf. Pages are read one by one where they lie, so that no more is held than the way from the root
//! to the current leaf, however large the file is. Mapping it would be as fast, but a file that shrinks would then end the process.
//!
//! Nothing in a file is believed: a page must lie below the high-water mark, every slice inside its page, every key after the one before it. Keys in
//! order also rule out that a walk meets a leaf twice; what may repeat is a bucket that several entries name, and for that a walk has a budget of pages.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use plimsoll_archive::ReadAt;

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
const PAGE_HEADER: usize = 16;
/// What follows the header of a meta page.
const META: usize = 64;
/// The part of it that the checksum covers.
const META_SUMMED: usize = 56;
const ELEMENT: usize = 16;
const BRANCH: u16 = 0x01;
const LEAF: u16 = 0x02;
/// The flag of a leaf's element whose value is a bucket.
const IS_BUCKET: u32 = 0x01;
/// What a bucket's value begins with: the page of its root, and a sequence number.
const BUCKET_HEADER: usize = 16;

const MIN_PAGE_SIZE: u64 = 1 << 10;
const MAX_PAGE_SIZE: u64 = 1 << 16;
/// The most bytes of one page with its overflow. The largest values of advisory databases have some hundred kilobytes.
const MAX_RUN: u64 = 64 << 20;
/// How deep branches and buckets may lie in one another.
const MAX_DEPTH: usize = 64;
/// How often each page of the file may be read on average.
const READS_PER_PAGE: u64 = 8;

/// Why a bbolt file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BoltError {
    /// The storage below failed.
    #[error("cannot read the database file")]
    Io(#[from] io::Error),
    /// Neither of the two pages that describe a file is sound.
    #[error("not a bbolt database, or both of its meta pages are damaged")]
    NotBolt,
    /// The file contradicts itself.
    #[error("page {page} of the database is damaged: {what}")]
    Damaged {
        /// The page's number.
        page: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file wants more work than any sound file of its size.
    #[error("the database names its pages too often to be sound")]
    Budget,
}

fn damaged(page: u64, what: &'static str) -> BoltError {
    BoltError::Damaged { page, what }
}

/// An open bbolt file.
#[derive(Debug)]
pub struct Bolt<R> {
    reader: R,
    page_size: u64,
    root: u64,
    high_water: u64,
    /// How many more pages may be read in walks.
    budget: AtomicU64,
}

/// What a key leads to.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a, R> {
    /// Bytes.
    Value(&'a [u8]),
    /// More keys.
    Bucket(Bucket<'a, R>),
}

/// A sorted set of keys.
#[derive(Debug)]
pub struct Bucket<'a, R> {
    bolt: &'a Bolt<R>,
    place: Place<'a>,
    depth: usize,
}

impl<R> Clone for Bucket<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Bucket<'_, R> {}

#[derive(Debug, Clone, Copy)]
enum Place<'a> {
    /// In a tree of pages.
    Root(u64),
    /// On a page inside a leaf of the bucket above: the number of that leaf's page, and the bytes.
    Inline(u64, &'a [u8]),
}

/// What is called for each key.
pub type Visit<'v, R, B> = dyn FnMut(&[u8], Entry<'_, R>) -> ControlFlow<B> + 'v;

impl<R: ReadAt> Bolt<R> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// When it is no bbolt file of version 2 or cannot be read.
    pub fn open(reader: R) -> Result<Bolt<R>, BoltError> {
        let len = reader.len();
        let meta = |at: u64| -> Result<Option<Meta>, BoltError> {
            let mut bytes = [0; PAGE_HEADER + META];
            if reader.read_at(&mut bytes, at)? < bytes.len() {
                return Ok(None);
            }
            Ok(Meta::read(&bytes[PAGE_HEADER..]))
        };
        let first = meta(0)?;
        let second = match &first {
            Some(first) => meta(first.page_size)?,
            None => {
                // The second one begins where the first page ends, and how long that is only a sound meta says.
                let mut found = None;
                let mut size = MIN_PAGE_SIZE;
                while found.is_none() && size <= MAX_PAGE_SIZE {
                    found = meta(size)?.filter(|meta| meta.page_size == size);
                    size = size.saturating_mul(2);
                }
                found
            }
        };
        let newest =
            first.into_iter().chain(second).reduce(|a, b| if b.transaction > a.transaction { b } else { a });
        let Some(Meta { page_size, root, high_water, .. }) = newest else { return Err(BoltError::NotBolt) };
        // A mark beyond the end of the file would only make the budget larger than the file deserves.
        let pages = high_water.min(len.div_ceil(page_size));
        let budget = AtomicU64::new(pages.saturating_add(64).saturating_mul(READS_PER_PAGE));
        Ok(Bolt { reader, page_size, root, high_water, budget })
    }

    /// The bucket of the top-level buckets.
    pub fn root(&self) -> Bucket<'_, R> {
        Bucket { bolt: self, place: Place::Root(self.root), depth: 0 }
    }

    /// Reads a page with its overflow.
    fn page(&self, id: u64) -> Result<Vec<u8>, BoltError> {
        if id < 2 || id >= self.high_water {
            return Err(damaged(id, "its number is beyond the end"));
        }
        let start =
            id.checked_mul(self.page_size).ok_or_else(|| damaged(id, "its number is beyond the end"))?;
        let mut bytes = vec![0; self.page_size as usize];
        if self.reader.read_at(&mut bytes, start)? < bytes.len() {
            return Err(damaged(id, "the file ends before it"));
        }
        if u64_at(&bytes, 0) != Some(id) {
            return Err(damaged(id, "it says to be another"));
        }
        let overflow = u64::from(u32_at(&bytes, 12).unwrap_or_default());
        if overflow > 0 {
            let run = overflow.saturating_add(1).saturating_mul(self.page_size);
            if id.saturating_add(overflow) >= self.high_water || run > MAX_RUN {
                return Err(damaged(id, "its overflow is too long"));
            }
            let rest = start.saturating_add(self.page_size);
            if start.saturating_add(run) > self.reader.len() {
                return Err(damaged(id, "the file ends before its overflow"));
            }
            bytes.resize(run as usize, 0);
            let (_, tail) = bytes.split_at_mut(self.page_size as usize);
            if self.reader.read_at(tail, rest)? < tail.len() {
                return Err(damaged(id, "the file ends before its overflow"));
            }
        }
        Ok(bytes)
    }

    fn spend(&self) -> Result<(), BoltError> {
        let spent =
            self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        spent.map(|_| ()).map_err(|_| BoltError::Budget)
    }
}

impl<'a, R: ReadAt> Bucket<'a, R> {
    /// Calls `visit` for each key in order, until it breaks.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is damaged. What was visited before stands.
    pub fn walk<B>(&self, visit: &mut Visit<'_, R, B>) -> Result<ControlFlow<B>, BoltError> {
        self.walk_from(&[], visit)
    }

    /// Calls `visit` for each key from `start` on, in order, until it breaks.
    ///
    /// # Errors
    ///
    /// As [`Bucket::walk`].
    pub fn walk_from<B>(
        &self,
        start: &[u8],
        visit: &mut Visit<'_, R, B>,
    ) -> Result<ControlFlow<B>, BoltError> {
        let mut walk = Walk { bolt: self.bolt, start, last: Vec::new(), any: false, visit };
        match self.place {
            Place::Root(page) => walk.page(page, self.depth, true),
            Place::Inline(page, bytes) => {
                if u16_at(bytes, 8) != Some(LEAF) {
                    return Err(damaged(page, "a bucket inside it is no leaf"));
                }
                walk.leaf(page, bytes, self.depth)
            }
        }
    }

    /// What `key` leads to, if it is there, made into something that outlives the page.
    ///
    /// # Errors
    ///
    /// As [`Bucket::walk`].
    pub fn get<T>(
        &self,
        key: &[u8],
        mut make: impl FnMut(Entry<'_, R>) -> T,
    ) -> Result<Option<T>, BoltError> {
        let found =
            self.walk_from(key, &mut |found, entry| ControlFlow::Break((found == key).then(|| make(entry))))?;
        Ok(match found {
            ControlFlow::Break(found) => found,
            ControlFlow::Continue(()) => None,
        })
    }
}

/// One walk through one bucket.
struct Walk<'a, 'v, R, B> {
    bolt: &'a Bolt<R>,
    /// Keys before this one are not visited.
    start: &'v [u8],
    /// The key visited last, when there was one.
    last: Vec<u8>,
    any: bool,
    visit: &'v mut Visit<'v, R, B>,
}

impl<R: ReadAt, B> Walk<'_, '_, R, B> {
    fn page(&mut self, id: u64, depth: usize, is_root: bool) -> Result<ControlFlow<B>, BoltError> {
        if depth >= MAX_DEPTH {
            return Err(damaged(id, "it lies too deep"));
        }
        self.bolt.spend()?;
        let bytes = self.bolt.page(id)?;
        match u16_at(&bytes, 8) {
            Some(LEAF) => {
                if !is_root && count(&bytes) == 0 {
                    return Err(damaged(id, "it is an empty leaf"));
                }
                self.leaf(id, &bytes, depth)
            }
            Some(BRANCH) => self.branch(id, &bytes, depth),
            _ => Err(damaged(id, "it is neither branch nor leaf")),
        }
    }

    fn branch(&mut self, id: u64, bytes: &[u8], depth: usize) -> Result<ControlFlow<B>, BoltError> {
        let count = count(bytes);
        let child = |number: usize| {
            let at = PAGE_HEADER + number * ELEMENT;
            let (pos, size) = (u32_at(bytes, at)?, u32_at(bytes, at + 4)?);
            Some((slice(bytes, at, pos, size)?, u64_at(bytes, at + 8)?))
        };
        let child = |number: usize| child(number).ok_or_else(|| damaged(id, "an element lies outside"));
        if count == 0 {
            return Err(damaged(id, "it is an empty branch"));
        }
        // The first key of a branch stands for everything before the second one as well.
        let mut first = 0;
        if !self.start.is_empty() && !self.any {
            let (mut low, mut high) = (1, count);
            while low < high {
                let middle = low + (high - low) / 2;
                if child(middle)?.0 <= self.start { low = middle + 1 } else { high = middle }
            }
            first = low - 1;
        }
        for number in first..count {
            let (_, page) = child(number)?;
            if let ControlFlow::Break(value) = self.page(page, depth + 1, false)? {
                return Ok(ControlFlow::Break(value));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Visits the elements of a leaf, which may lie inside another one's page.
    fn leaf(&mut self, id: u64, bytes: &[u8], depth: usize) -> Result<ControlFlow<B>, BoltError> {
        for number in 0..count(bytes) {
            let at = PAGE_HEADER + number * ELEMENT;
            let element = || {
                let flags = u32_at(bytes, at)?;
                let (pos, key_size, size) =
                    (u32_at(bytes, at + 4)?, u32_at(bytes, at + 8)?, u32_at(bytes, at + 12)?);
                let key = slice(bytes, at, pos, key_size)?;
                Some((flags, key, slice(bytes, at, pos.checked_add(key_size)?, size)?))
            };
            let Some((flags, key, value)) = element() else {
                return Err(damaged(id, "an element lies outside"));
            };
            if self.any && key <= self.last.as_slice() {
                return Err(damaged(id, "its keys are not in order"));
            }
            self.any = true;
            self.last.clear();
            self.last.extend_from_slice(key);
            if key < self.start {
                continue;
            }
            let entry = if flags & IS_BUCKET == 0 {
                Entry::Value(value)
            } else {
                let (Some(root), Some(inline)) = (u64_at(value, 0), value.get(BUCKET_HEADER..)) else {
                    return Err(damaged(id, "a bucket is too short"));
                };
                let place = if root == 0 { Place::Inline(id, inline) } else { Place::Root(root) };
                if depth + 1 >= MAX_DEPTH {
                    return Err(damaged(id, "buckets lie too deep in one another"));
                }
                Entry::Bucket(Bucket { bolt: self.bolt, place, depth: depth + 1 })
            };
            if let ControlFlow::Break(value) = (self.visit)(key, entry) {
                return Ok(ControlFlow::Break(value));
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

/// What a meta page says.
struct Meta {
    page_size: u64,
    root: u64,
    high_water: u64,
    transaction: u64,
}

impl Meta {
    fn read(bytes: &[u8]) -> Option<Meta> {
        let summed = bytes.get(..META_SUMMED)?;
        let page_size = u64::from(u32_at(bytes, 8)?);
        let sound = u32_at(bytes, 0)? == MAGIC
            && u32_at(bytes, 4)? == VERSION
            && u64_at(bytes, META_SUMMED)? == fnv1a(summed)
            && page_size.is_power_of_two()
            && (MIN_PAGE_SIZE..=MAX_PAGE_SIZE).contains(&page_size);
        Some(Meta {
            page_size,
            root: u64_at(bytes, 16)?,
            high_water: u64_at(bytes, 40)?,
            transaction: u64_at(bytes, 48)?,
        })
        .filter(|_| sound)
    }
}

/// FNV-1a, 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// The number of elements on a page.
fn count(page: &[u8]) -> usize {
    u16_at(page, 10).unwrap_or_default().into()
}

/// The bytes at `position` counted from the element at `element`.
fn slice(page: &[u8], element: usize, position: u32, size: u32) -> Option<&[u8]> {
    let start = element.checked_add(position as usize)?;
    page.get(start..start.checked_add(size as usize)?)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Whether bytes are those of a bbolt file, one of whose meta pages is sound.
pub(crate) fn recognises(reader: &dyn ReadAt) -> bool {
    let mut bytes = [0; PAGE_HEADER + META];
    let mut at = 0;
    // The first page may be damaged; the second one lies at the page size.
    while at <= MAX_PAGE_SIZE {
        let full = reader.read_at(&mut bytes, at).is_ok_and(|n| n == bytes.len());
        if full && Meta::read(&bytes[PAGE_HEADER..]).is_some() {
            return true;
        }
        at = if at == 0 { MIN_PAGE_SIZE } else { at.saturating_mul(2) };
    }
    false
}
