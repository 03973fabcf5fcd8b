//! Objects of a Git repository: loose ones, and packs (gitformat-pack, versions 2 and 3, with SHA-1 names).
//!
//! A pack is read without its index, from beginning to end, so that nothing has to be believed but the pack itself. What a delta
//! is based on mostly went by not long before and is kept, within a limit; the rest is made again from its place.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, Read};
use std::ops::Range;
use std::rc::Rc;

use flate2::bufread::ZlibDecoder;
use sha1::Digest as _;

/// The name of an object: the SHA-1 of its kind, length and content.
pub type ObjectId = [u8; 20];

/// The kinds of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A commit with its message.
    Commit,
    /// A directory.
    Tree,
    /// A file's content.
    Blob,
    /// A tag with its message.
    Tag,
}

impl ObjectKind {
    /// The word for it in an object's head.
    pub const fn word(self) -> &'static str {
        match self {
            ObjectKind::Commit => "commit",
            ObjectKind::Tree => "tree",
            ObjectKind::Blob => "blob",
            ObjectKind::Tag => "tag",
        }
    }

    fn of_word(word: &[u8]) -> Option<ObjectKind> {
        let all = [ObjectKind::Commit, ObjectKind::Tree, ObjectKind::Blob, ObjectKind::Tag];
        all.into_iter().find(|kind| kind.word().as_bytes() == word)
    }

    fn id_of(self, content: &[u8]) -> ObjectId {
        let mut hasher = sha1::Sha1::new();
        hasher.update(format!("{} {}\0", self.word(), content.len()));
        hasher.update(content);
        hasher.finalize().into()
    }
}

/// Inflates at most `limit` bytes from the beginning of `bytes`; gives them and how many bytes they took.
fn inflate(bytes: &[u8], limit: usize) -> Option<(Vec<u8>, usize)> {
    let mut decoder = ZlibDecoder::new(bytes);
    let mut out = Vec::new();
    decoder.by_ref().take(limit as u64 + 1).read_to_end(&mut out).ok()?;
    if out.len() > limit {
        return None;
    }
    Some((out, usize::try_from(decoder.total_in()).ok()?))
}

/// True when a file may be a loose object: `xx/` and 38 more digits, compressed with zlib.
pub fn is_loose(path: &[u8], head: &[u8]) -> bool {
    let mut parts = path.rsplit(|&byte| byte == b'/');
    let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_hex = |part: &[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    folder.len() == 2
        && name.len() == 38
        && is_hex(folder)
        && is_hex(name)
        // RFC 1950: deflate, and a check over both bytes.
        && matches!(head, [0x78, flags, ..] if (0x7800 | u16::from(*flags)) % 31 == 0)
}

/// Reads a loose object of at most `limit` bytes. `None` when it is none, is larger, or is damaged.
pub fn loose(bytes: &[u8], limit: usize) -> Option<(ObjectKind, Vec<u8>)> {
    // The head has a word and a number.
    let (mut content, _) = inflate(bytes, limit.saturating_add(32))?;
    let end = content.iter().take(32).position(|&byte| byte == 0)?;
    let (word, len) = content.get(..end).and_then(|head| {
        let space = head.iter().position(|&byte| byte == b' ')?;
        Some((head.get(..space)?, std::str::from_utf8(head.get(space + 1..)?).ok()?))
    })?;
    let (kind, len) = (ObjectKind::of_word(word)?, len.parse::<usize>().ok()?);
    content.drain(..=end);
    (content.len() == len && len <= limit).then_some((kind, content))
}

/// True for the beginning of a pack.
pub fn is_pack(head: &[u8]) -> bool {
    head.starts_with(b"PACK\0\0\0\x02") || head.starts_with(b"PACK\0\0\0\x03")
}

/// The entries of a tree: the name and the object of each. What is damaged ends them.
pub fn tree(content: &[u8]) -> impl Iterator<Item = (&[u8], ObjectId)> {
    let mut rest = content;
    std::iter::from_fn(move || {
        // `mode name NUL id`
        let space = rest.iter().take(8).position(|&byte| byte == b' ')?;
        let named = rest.get(space + 1..)?;
        let end = memchr::memchr(0, named)?;
        let id = *named.get(end + 1..)?.first_chunk::<20>()?;
        rest = named.get(end + 21..)?;
        Some((named.get(..end)?, id))
    })
}

/// What may be taken to read a pack.
#[derive(Debug, Clone, Copy)]
pub struct PackLimits {
    /// The most objects.
    pub objects: usize,
    /// The most bytes of one object.
    pub object: usize,
    /// The most bytes of all that is inflated and put together.
    pub work: u64,
    /// The most bytes of objects that are kept for what may be based on them.
    pub kept: usize,
}

/// An object of a pack.
#[derive(Debug, Clone)]
pub struct Object {
    /// Its name.
    pub id: ObjectId,
    /// Its kind.
    pub kind: ObjectKind,
    /// Its content.
    pub content: Rc<[u8]>,
    /// What of the content is new compared with the object that it is based on; all of it for one that is based on none. What is
    /// copied from there is not in it.
    pub new: Vec<Range<usize>>,
}

/// Why a pack was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// It is damaged, or no pack.
    #[error("the pack is damaged")]
    Damaged,
    /// A limit was reached.
    #[error("the pack is larger than what is read of one")]
    Limit,
}

/// What an entry says of its object.
#[derive(Clone, Copy)]
enum Base {
    None(ObjectKind),
    /// The object that begins at a place of the pack.
    Place(usize),
    /// The object with a name.
    Named(ObjectId),
}

/// The head of an entry.
#[derive(Clone, Copy)]
struct Entry {
    base: Base,
    /// Where the compressed content begins.
    start: usize,
    /// How long the content (or the delta) is.
    len: usize,
}

/// An object that others may be based on.
type Made = (ObjectKind, Rc<[u8]>);

/// Objects that were put together and may be needed again, by their places.
#[derive(Default)]
struct Kept {
    objects: HashMap<usize, Made>,
    order: VecDeque<usize>,
    bytes: usize,
}

impl Kept {
    fn add(&mut self, at: usize, kind: ObjectKind, content: &Rc<[u8]>, limit: usize) {
        if content.len() > limit / 4 || self.objects.insert(at, (kind, Rc::clone(content))).is_some() {
            return;
        }
        self.order.push_back(at);
        self.bytes += content.len();
        while self.bytes > limit
            && let Some(oldest) = self.order.pop_front()
        {
            let gone = self.objects.remove(&oldest);
            self.bytes -= gone.map_or(0, |(_, content)| content.len());
        }
    }
}

/// Reads a pack from beginning to end.
pub struct Pack<'a> {
    bytes: &'a [u8],
    at: usize,
    left: u32,
    limits: PackLimits,
    kept: Kept,
    places: HashMap<ObjectId, usize>,
    /// Objects whose base was not seen yet, and how many of them were tried since one was found.
    waiting: VecDeque<usize>,
    tried: usize,
    skipped: usize,
    /// The kind that alone is wanted, and the places of such objects.
    only: Option<(ObjectKind, HashSet<usize>)>,
}

/// The longest chain of objects that are based on each other; Git itself writes 50, and 4,095 at the most.
const MAX_CHAIN: usize = 4096;

impl<'a> Pack<'a> {
    /// A pack that lies in `bytes`.
    ///
    /// # Errors
    ///
    /// When it is no pack, or has more objects than are read.
    pub fn new(bytes: &'a [u8], limits: PackLimits) -> Result<Pack<'a>, PackError> {
        let count = bytes.get(8..).and_then(|rest| rest.first_chunk());
        let left = u32::from_be_bytes(*count.filter(|_| is_pack(bytes)).ok_or(PackError::Damaged)?);
        if left as usize > limits.objects {
            return Err(PackError::Limit);
        }
        Ok(Pack {
            bytes,
            at: 12,
            left,
            limits,
            kept: Kept::default(),
            places: HashMap::new(),
            waiting: VecDeque::new(),
            tried: 0,
            skipped: 0,
            only: None,
        })
    }

    /// Gives objects of one kind only, and makes no others. What is passed by counts as skipped where its kind shows at the end only.
    #[must_use]
    pub fn only(self, kind: ObjectKind) -> Pack<'a> {
        Pack { only: Some((kind, HashSet::new())), ..self }
    }

    /// How many objects were passed by because they are too large, damaged, or based on something that is not in the pack.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// The next object; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the rest cannot be read.
    pub fn next_object(&mut self) -> Result<Option<Object>, PackError> {
        while self.left > 0 {
            self.left -= 1;
            let at = self.at;
            let entry = self.entry(at).ok_or(PackError::Damaged)?;
            let wanted = self.is_wanted(&entry);
            let (content, end) = self.content(&entry, wanted)?;
            self.at = end;
            if !wanted {
                continue;
            }
            let Some(content) = content else {
                self.skipped += 1;
                continue;
            };
            if let Base::Named(base) = entry.base
                && !self.places.contains_key(&base)
            {
                self.waiting.push_back(at);
                continue;
            }
            match self.object(at, &entry, content)? {
                Some(object) => return Ok(Some(object)),
                None => self.skipped += 1,
            }
        }
        // What is based on something that came later. Who went round once without a find never finds.
        while self.tried < self.waiting.len()
            && let Some(at) = self.waiting.pop_front()
        {
            let Some(entry) = self.entry(at) else { continue };
            if let Base::Named(base) = entry.base
                && !self.places.contains_key(&base)
            {
                self.waiting.push_back(at);
                self.tried += 1;
                continue;
            }
            self.tried = 0;
            if let (Some(content), _) = self.content(&entry, true)?
                && let Some(object) = self.object(at, &entry, content)?
            {
                return Ok(Some(object));
            }
            self.skipped += 1;
        }
        self.skipped += self.waiting.len();
        self.waiting.clear();
        Ok(None)
    }

    /// The head of the entry at a place.
    fn entry(&self, at: usize) -> Option<Entry> {
        let mut bytes = self.bytes.get(at..)?.iter().copied();
        let first = bytes.next()?;
        let (mut byte, mut len, mut shift, mut taken) = (first, u64::from(first & 15), 4, 1);
        while byte & 0x80 != 0 {
            byte = bytes.next()?;
            taken += 1;
            if shift > 57 {
                return None;
            }
            len |= u64::from(byte & 0x7f) << shift;
            shift += 7;
        }
        let base = match first >> 4 & 7 {
            1 => Base::None(ObjectKind::Commit),
            2 => Base::None(ObjectKind::Tree),
            3 => Base::None(ObjectKind::Blob),
            4 => Base::None(ObjectKind::Tag),
            6 => {
                byte = bytes.next()?;
                taken += 1;
                let mut back = u64::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = bytes.next()?;
                    taken += 1;
                    back = back.checked_add(1)?.checked_mul(128)? | u64::from(byte & 0x7f);
                }
                // An object is never based on itself.
                Base::Place(at.checked_sub(usize::try_from(back).ok()?).filter(|&base| base < at)?)
            }
            7 => {
                let id = *self.bytes.get(at + taken..)?.first_chunk::<20>()?;
                taken += 20;
                Base::Named(id)
            }
            _ => return None,
        };
        Some(Entry { base, start: at + taken, len: usize::try_from(len).ok()? })
    }

    fn is_wanted(&self, entry: &Entry) -> bool {
        match (&self.only, entry.base) {
            (None, _) => true,
            (Some((wanted, _)), Base::None(kind)) => *wanted == kind,
            // Of what is based on something that comes later the kind is not known yet.
            (Some(_), Base::Named(id)) if !self.places.contains_key(&id) => true,
            (Some((_, places)), base) => self.place_of(base).is_some_and(|place| places.contains(&place)),
        }
    }

    /// The inflated content of an entry (`None` when it is not wanted, is too large, or not as long as it says), and where the next
    /// one begins.
    fn content(&mut self, entry: &Entry, wanted: bool) -> Result<(Option<Vec<u8>>, usize), PackError> {
        let mut decoder = ZlibDecoder::new(self.bytes.get(entry.start..).unwrap_or_default());
        let fits = wanted && entry.len <= self.limits.object;
        let mut content = Vec::new();
        if fits {
            let took = decoder.by_ref().take(entry.len as u64 + 1).read_to_end(&mut content);
            took.map_err(|_| PackError::Damaged)?;
        }
        // To know where the next one begins, the stream must be gone through to its end.
        let rest = self.limits.work.saturating_sub(content.len() as u64);
        let passed = io::copy(&mut decoder.by_ref().take(rest), &mut io::sink());
        let passed = passed.map_err(|_| PackError::Damaged)?;
        self.spend((content.len() as u64).saturating_add(passed))?;
        let end = usize::try_from(decoder.total_in()).map_err(|_| PackError::Damaged)?;
        let is_whole = fits && content.len() == entry.len && passed == 0;
        Ok((is_whole.then_some(content), entry.start.saturating_add(end)))
    }

    fn spend(&mut self, bytes: u64) -> Result<(), PackError> {
        self.limits.work =
            self.limits.work.checked_sub(bytes).filter(|&left| left > 0).ok_or(PackError::Limit)?;
        Ok(())
    }

    /// Makes the object of an entry from its content or delta. `None` when it cannot be made.
    fn object(&mut self, at: usize, entry: &Entry, content: Vec<u8>) -> Result<Option<Object>, PackError> {
        let (kind, content, new) = match entry.base {
            Base::None(kind) => {
                let all = 0..content.len();
                (kind, Rc::from(content), vec![all])
            }
            Base::Place(_) | Base::Named(_) => {
                let base = match self.place_of(entry.base) {
                    Some(place) => self.made(place)?,
                    None => None,
                };
                let Some((kind, base)) = base else { return Ok(None) };
                let Some(target) = apply(&base, &content, self.limits.object) else { return Ok(None) };
                self.spend(target.content.len() as u64)?;
                (kind, Rc::from(target.content), target.new)
            }
        };
        self.kept.add(at, kind, &content, self.limits.kept);
        let id = kind.id_of(&content);
        self.places.insert(id, at);
        if let Some((_, places)) = &mut self.only {
            places.insert(at);
        }
        Ok(Some(Object { id, kind, content, new }))
    }

    fn place_of(&self, base: Base) -> Option<usize> {
        match base {
            Base::None(_) => None,
            Base::Place(place) => Some(place),
            Base::Named(id) => self.places.get(&id).copied(),
        }
    }

    /// The object at a place that went by before, made again if it was not kept.
    fn made(&mut self, place: usize) -> Result<Option<Made>, PackError> {
        let mut chain = Vec::new();
        let (mut at, mut held) = (place, 0usize);
        // Down to something that is there.
        let (kind, mut content) = loop {
            if let Some((kind, content)) = self.kept.objects.get(&at) {
                break (*kind, Rc::clone(content));
            }
            let Some(entry) = self.entry(at) else { return Ok(None) };
            let (Some(content), _) = self.content(&entry, true)? else { return Ok(None) };
            if let Base::None(kind) = entry.base {
                let content = Rc::from(content);
                self.kept.add(at, kind, &content, self.limits.kept);
                break (kind, content);
            }
            held = held.saturating_add(content.len());
            chain.push((at, content));
            if chain.len() >= MAX_CHAIN || held > self.limits.kept {
                return Ok(None);
            }
            let Some(next) = self.place_of(entry.base) else { return Ok(None) };
            at = next;
        };
        // And up again.
        while let Some((at, delta)) = chain.pop() {
            let Some(target) = apply(&content, &delta, self.limits.object) else { return Ok(None) };
            self.spend(target.content.len() as u64)?;
            content = Rc::from(target.content);
            self.kept.add(at, kind, &content, self.limits.kept);
        }
        Ok(Some((kind, content)))
    }
}

/// What a delta makes of its base.
struct Target {
    content: Vec<u8>,
    new: Vec<Range<usize>>,
}

/// Applies a delta (gitformat-pack, "Deltified representation"): lengths of base and target, then pieces of the base and of the
/// delta itself.
fn apply(base: &[u8], delta: &[u8], limit: usize) -> Option<Target> {
    let mut rest = delta;
    let length = |rest: &mut &[u8]| {
        let (mut len, mut shift) = (0u64, 0);
        loop {
            let (&byte, after) = rest.split_first()?;
            *rest = after;
            len |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return usize::try_from(len).ok();
            }
            if shift > 56 {
                return None;
            }
        }
    };
    let (from, to) = (length(&mut rest)?, length(&mut rest)?);
    if from != base.len() || to > limit {
        return None;
    }
    let mut target = Target { content: Vec::with_capacity(to), new: Vec::new() };
    while let Some((&op, after)) = rest.split_first() {
        rest = after;
        let start = target.content.len();
        if op & 0x80 != 0 {
            let mut number = |bits: u8, count: u8| {
                (0..count).try_fold(0usize, |number, i| {
                    if op >> (bits + i) & 1 == 0 {
                        return Some(number);
                    }
                    let (&byte, after) = rest.split_first()?;
                    rest = after;
                    Some(number | usize::from(byte) << (8 * u32::from(i)))
                })
            };
            let (offset, len) = (number(0, 4)?, number(4, 3)?);
            let len = if len == 0 { 0x10000 } else { len };
            target.content.extend_from_slice(base.get(offset..offset.checked_add(len)?)?);
        } else {
            // 0 is reserved.
            let (piece, after) = rest.split_at_checked(usize::from(op)).filter(|_| op != 0)?;
            rest = after;
            target.content.extend_from_slice(piece);
            match target.new.last_mut() {
                Some(last) if last.end == start => last.end = target.content.len(),
                _ => target.new.push(start..target.content.len()),
            }
        }
        if target.content.len() > to {
            return None;
        }
    }
    (target.content.len() == to).then_some(target)
}
