//! Archives inside layers: gzip, Zstandard, zip and tar, each in the other, and Git's objects, within limits on depth, size and ratio.

use std::io::{self, Read};

use plimsoll_archive::path::{file_name, normalize};
use plimsoll_archive::tar::{self, Kind};
use plimsoll_archive::zip::{self, Archive, Buffer};
use plimsoll_archive::{Compression, Decoder, ReadAt};

use super::findings::Findings;
use super::{git, skip};

/// How deep archives may lie in each other.
const MAX_DEPTH: u8 = 3;

/// The most bytes that an archive may become, with all that lies in it.
const MAX_TOTAL: u64 = 512 << 20;

/// How many times larger than the file that may be, where the file is large.
const MAX_RATIO: u64 = 100;

/// What any file may become, whatever its size.
const FREE: u64 = 16 << 20;

/// The most bytes of one member.
const MAX_MEMBER: u64 = 32 << 20;

/// The most members that are looked at.
const MAX_MEMBERS: usize = 50_000;

/// Compiled Java is opened where there is little of it: an application's own, not a library's.
const MAX_CLASSES: u64 = 256 << 10;

/// So are native libraries.
const MAX_NATIVE: u64 = 1 << 20;

/// What may still be unpacked of a file.
pub(super) struct Budget {
    bytes: u64,
    members: usize,
    depth: u8,
    /// True once something was left out.
    spent: bool,
}

impl Budget {
    pub(super) fn new(size: u64) -> Budget {
        Budget {
            bytes: size.saturating_mul(MAX_RATIO).clamp(FREE, MAX_TOTAL),
            members: MAX_MEMBERS,
            depth: 0,
            spent: false,
        }
    }

    /// Lets `run` spend on something of `size` bytes what a file of that size could, and no more.
    pub(super) fn share(&mut self, size: usize, run: impl FnOnce(&mut Budget)) {
        let before = self.bytes;
        let share = before.min(Budget::new(size as u64).bytes);
        self.bytes = share;
        run(self);
        self.bytes = before.saturating_sub(share.saturating_sub(self.bytes));
    }

    /// Takes so many bytes of it; false when there are not as many.
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes as u64);
        self.bytes = left.unwrap_or(0);
        left.is_some()
    }
}

/// What is called for each member.
pub(super) type Each<'e, 'f> = dyn FnMut(&[u8], &[u8], &mut Budget, &mut Findings<'f>) + 'e;

/// The kinds of archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Container {
    /// gzip or Zstandard around one file, which may be a tar archive.
    Compressed,
    Zip,
    Tar,
    /// Many objects of a Git repository.
    GitPack,
    /// One.
    GitObject,
}

/// True for names of zip archives, which end with what must be read first.
pub(super) fn is_zip_name(path: &[u8]) -> bool {
    const ENDINGS: &[&str] = &[
        "jar", "war", "ear", "zip", "whl", "egg", "nupkg", "aar", "apk", "par", "sar", "rar", "hpi", "jpi",
        "kar",
    ];
    let name = file_name(path);
    memchr::memrchr(b'.', name)
        .and_then(|dot| name.get(dot + 1..))
        .is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known.as_bytes())))
}

impl Container {
    pub(super) fn detect(path: &[u8], head: &[u8]) -> Option<Container> {
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"#!") && is_zip_name(path) {
            return Some(Container::Zip);
        }
        match Compression::detect(head) {
            Compression::Gzip if head.get(2) == Some(&8) => return Some(Container::Compressed),
            Compression::Zstd => return Some(Container::Compressed),
            _ => {}
        }
        if plimsoll_archive::git::is_pack(head) {
            return Some(Container::GitPack);
        }
        if plimsoll_archive::git::is_loose(path, head) {
            return Some(Container::GitObject);
        }
        matches!(head.get(257..262), Some(b"ustar")).then_some(Container::Tar)
    }

    /// Calls `each` for the members that could hold a secret.
    pub(super) fn open<'f>(
        self,
        path: &[u8],
        content: &dyn ReadAt,
        budget: &mut Budget,
        findings: &mut Findings<'f>,
        each: &mut Each<'_, 'f>,
    ) {
        if budget.depth >= MAX_DEPTH {
            findings.capped("archives lie deeper in each other than is looked at");
            return;
        }
        budget.depth += 1;
        match self {
            Container::Compressed => compressed(path, content, budget, findings, each),
            Container::Zip => zip(content, budget, findings, each),
            Container::Tar => {
                let mut source = Cursor { content, at: 0 };
                members(&mut source, budget, findings, each);
            }
            Container::GitPack | Container::GitObject => {
                // Whoever calls holds all of it: only zip archives are read in place.
                let whole = content.as_slice().unwrap_or_default();
                if self == Container::GitPack {
                    git::pack(whole, budget, findings, each);
                } else {
                    git::loose(path, whole, budget, findings, each);
                }
            }
        }
        budget.depth -= 1;
        if budget.spent {
            findings.capped("this archive holds more than is unpacked to look for secrets");
        }
    }
}

/// Reads from the beginning what can be read anywhere.
struct Cursor<'a> {
    content: &'a dyn ReadAt,
    at: u64,
}

impl Read for Cursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.content.read_at(buffer, self.at)?;
        self.at = self.at.saturating_add(n as u64);
        Ok(n)
    }
}

/// gzip and Zstandard: one file, whose name is the archive's without its ending.
fn compressed<'f>(
    path: &[u8],
    content: &dyn ReadAt,
    budget: &mut Budget,
    findings: &mut Findings<'f>,
    each: &mut Each<'_, 'f>,
) {
    let Ok(mut decoder) = Decoder::new(Cursor { content, at: 0 }) else { return };
    // A tar archive inside is read as it comes, so that it need not be held.
    let mut head = Vec::with_capacity(512);
    if decoder.by_ref().take(512).read_to_end(&mut head).is_err() {
        return;
    }
    let name = file_name(path);
    let name = match memchr::memrchr(b'.', name) {
        Some(dot) if dot > 0 => name.get(..dot).unwrap_or(name),
        _ => name,
    };
    if Container::detect(name, &head) == Some(Container::Tar) {
        let limit = budget.bytes.min(MAX_TOTAL);
        let mut stream = io::Cursor::new(head).chain(decoder).take(limit);
        members(&mut stream, budget, findings, each);
        return;
    }
    let limit = budget.bytes.min(MAX_MEMBER);
    let mut bytes = head;
    // A stream that is cut or damaged gives what came before.
    let _ = decoder.by_ref().take(limit.saturating_sub(bytes.len() as u64) + 1).read_to_end(&mut bytes);
    if bytes.len() as u64 > limit {
        budget.spent = true;
        bytes.truncate(usize::try_from(limit).unwrap_or(0));
    }
    budget.bytes = budget.bytes.saturating_sub(bytes.len() as u64);
    // A man page is no member of `page.1.gz`: the name says what it is, the place stays the file's.
    let step = findings.inside.len();
    let folder = path.get(..path.len().saturating_sub(file_name(path).len())).unwrap_or_default();
    each(&[folder, name].concat(), &bytes, budget, findings);
    findings.inside.truncate(step);
}

fn zip<'f>(content: &dyn ReadAt, budget: &mut Budget, findings: &mut Findings<'f>, each: &mut Each<'_, 'f>) {
    let mut buffer = Buffer::new();
    // What is no archive after all, or is damaged, is the business of the analyzers that name packages.
    let Ok(archive) = Archive::open(content, &mut buffer) else { return };
    let mut list = Vec::new();
    let (mut classes, mut native) = (0u64, 0u64);
    {
        let mut entries = archive.entries(&mut buffer);
        while let Ok(Some(entry)) = entries.next() {
            if list.len() >= MAX_MEMBERS {
                budget.spent = true;
                break;
            }
            let name = entry.name;
            if name.ends_with(b"/") || skip::by_path(name) || is_signature(name) {
                continue;
            }
            let size = entry.member.compressed_size();
            if name.ends_with(b".class") {
                classes = classes.saturating_add(size);
            } else if is_native(name) {
                native = native.saturating_add(size);
            }
            list.push((name.to_vec(), entry.member));
        }
    }
    for (name, member) in list {
        if name.ends_with(b".class") && classes > MAX_CLASSES || is_native(&name) && native > MAX_NATIVE {
            continue;
        }
        if budget.members == 0 || budget.bytes == 0 {
            budget.spent = true;
            return;
        }
        budget.members -= 1;
        let limit = budget.bytes.min(MAX_MEMBER);
        let mut own = zip::Budget::new(limit);
        match archive.read(&member, limit, &mut own) {
            Ok(bytes) => {
                budget.bytes = budget.bytes.saturating_sub(bytes.len() as u64);
                offer(&name, &name, &bytes, budget, findings, each);
            }
            Err(error) if error.is_limit() => {
                budget.spent = true;
                budget.bytes = budget.bytes.saturating_sub(member.compressed_size());
            }
            // Encrypted, damaged, or compressed in another way.
            Err(_) => budget.bytes = budget.bytes.saturating_sub(member.compressed_size()),
        }
    }
}

/// Libraries of machine code, as jars, wheels and packages of .NET carry them for each platform.
fn is_native(name: &[u8]) -> bool {
    let name = file_name(name);
    let endings: [&[u8]; 5] = [b".so", b".dll", b".dylib", b".jnilib", b".pyd"];
    endings.iter().any(|ending| name.ends_with(ending)) || memchr::memmem::find(name, b".so.").is_some()
}

/// Files that sign a jar.
fn is_signature(name: &[u8]) -> bool {
    name.starts_with(b"META-INF/")
        && [&b".SF"[..], b".RSA", b".DSA", b".EC"].iter().any(|ending| name.ends_with(ending))
}

fn members<'f>(
    stream: &mut dyn Read,
    budget: &mut Budget,
    findings: &mut Findings<'f>,
    each: &mut Each<'_, 'f>,
) {
    let mut reader = tar::Reader::new(stream, None, budget.bytes);
    let mut path = Vec::new();
    // An archive that is cut or damaged gives what came before.
    while let Ok(Some(entry)) = reader.next_entry() {
        budget.bytes = budget.bytes.saturating_sub(512);
        if budget.members == 0 || budget.bytes == 0 {
            budget.spent = true;
            return;
        }
        budget.members -= 1;
        if entry.kind != Kind::File || entry.sparse || normalize(reader.path(), &mut path).is_err() {
            continue;
        }
        budget.bytes = budget.bytes.saturating_sub(entry.stored);
        if skip::by_path(&path) {
            continue;
        }
        if entry.stored > MAX_MEMBER {
            budget.spent = true;
            continue;
        }
        let Ok(bytes) = reader.read_data() else { return };
        offer(&path, &path, &bytes, budget, findings, each);
    }
}

/// Hands a member over under its `name`, which reports show as `label`.
pub(super) fn offer<'f>(
    label: &[u8],
    name: &[u8],
    bytes: &[u8],
    budget: &mut Budget,
    findings: &mut Findings<'f>,
    each: &mut Each<'_, 'f>,
) {
    let step = findings.inside.len();
    findings.inside.push_str("!/");
    findings.inside.extend(String::from_utf8_lossy(label).chars().filter(|c| !c.is_control()).take(1024));
    each(name, bytes, budget, findings);
    findings.inside.truncate(step);
}
