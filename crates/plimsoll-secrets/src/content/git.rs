//! Git repositories inside layers: what once was committed is still in the image, whatever the files beside it say now.
//!
//! Loose objects are looked at as they are. In a pack the trees give blobs their names, and of a blob that is based on another one only
//! what is new is looked at, with the lines around it: the rest was seen there.

use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::ops::Range;

use plimsoll_archive::git::{self, Object, ObjectId, ObjectKind, Pack, PackError, PackLimits};

use super::archives::{Budget, Each, offer};
use super::findings::Findings;
use super::skip;
use crate::files::KINDS;

/// The most bytes of an object.
const MAX_OBJECT: usize = 8 << 20;

const LIMITS: PackLimits = PackLimits { objects: 400_000, object: MAX_OBJECT, work: 2 << 30, kept: 32 << 20 };

/// The most names that are remembered of trees.
const MAX_NAMES: usize = 200_000;

/// The most folders that a name lies in.
const MAX_FOLDERS: usize = 64;

/// How many lines around what is new are looked at, too: halves of a pair of keys stand that near to each other.
const AROUND: usize = 5;

/// The most bytes to the beginning and the end of what those lines are.
const FAR: usize = 4096;

/// A loose object, as the file that it is.
pub(super) fn loose<'f>(
    path: &[u8],
    bytes: &[u8],
    budget: &mut Budget,
    findings: &mut Findings<'f>,
    each: &mut Each<'_, 'f>,
) {
    match git::loose(bytes, MAX_OBJECT) {
        Some((ObjectKind::Tree, _)) => {}
        Some((_, content)) if budget.take(content.len()) => each(path, &content, budget, findings),
        _ => findings.capped("this Git object is too large or damaged, and is not looked at"),
    }
}

/// The objects of a pack.
pub(super) fn pack<'f>(
    bytes: &[u8],
    budget: &mut Budget,
    findings: &mut Findings<'f>,
    each: &mut Each<'_, 'f>,
) {
    let mut names = Names::default();
    let mut seen = HashSet::new();
    let mut read = || -> Result<(), PackError> {
        // Trees lie anywhere between the blobs that they name.
        let mut trees = Pack::new(bytes, LIMITS)?.only(ObjectKind::Tree);
        // What goes wrong goes wrong again below.
        while let Ok(Some(tree)) = trees.next_object() {
            names.add(&tree);
        }
        let mut pack = Pack::new(bytes, LIMITS)?;
        while let Some(object) = pack.next_object()? {
            if object.kind == ObjectKind::Tree {
                continue;
            }
            let name = match object.kind {
                ObjectKind::Blob => names.of(&object.id),
                kind => kind.word().as_bytes().to_vec(),
            };
            if skip::by_path(&name) {
                continue;
            }
            let before = findings.len();
            let label = label(&name, &object.id);
            let by_grammar = KINDS.iter().any(|kind| (kind.is)(&name));
            let windows = (!by_grammar).then(|| windows(&object)).flatten();
            let text = windows.as_ref().map_or(&*object.content, |windows| &windows.text);
            if !budget.take(text.len()) {
                return Err(PackError::Limit);
            }
            // One archive among thousands of objects must not leave nothing for the others.
            budget.share(text.len(), |share| offer(&label, &name, text, share, findings, each));
            if let Some(windows) = windows {
                findings.move_lines(before, |line| windows.line(line));
            }
            // Each version of a file has what the others have.
            findings.keep_new(before, |finding| {
                let file = if finding.value == 0 { name.clone() } else { Vec::new() };
                seen.insert((finding.class, finding.value, file))
            });
        }
        match pack.skipped() {
            0 => Ok(()),
            _ => Err(PackError::Damaged),
        }
    };
    match read() {
        Ok(()) => {}
        Err(PackError::Limit) => {
            findings.capped("this Git pack holds more than is unpacked to look for secrets");
        }
        Err(PackError::Damaged) => {
            findings.capped("some of this Git pack is too large or damaged, and is not looked at");
        }
    }
}

/// What an object is called in reports: its name, and enough of its id for `git show`.
fn label(name: &[u8], id: &ObjectId) -> Vec<u8> {
    let mut label = String::from_utf8_lossy(name).into_owned();
    label.push('@');
    for byte in id.iter().take(6) {
        let _ = write!(label, "{byte:02x}");
    }
    label.into_bytes()
}

/// The names that trees give to objects, each with the tree.
#[derive(Default)]
struct Names(HashMap<ObjectId, (Box<[u8]>, ObjectId)>);

impl Names {
    fn add(&mut self, tree: &Object) {
        for (name, id) in git::tree(&tree.content) {
            if self.0.len() >= MAX_NAMES {
                return;
            }
            self.0.entry(id).or_insert_with(|| (name.into(), tree.id));
        }
    }

    /// The path of an object in the repository, as far as trees were seen.
    fn of(&self, id: &ObjectId) -> Vec<u8> {
        let mut parts: Vec<&[u8]> = Vec::new();
        let mut at = id;
        while let Some((name, tree)) = self.0.get(at).filter(|_| parts.len() < MAX_FOLDERS) {
            parts.push(name);
            at = tree;
        }
        parts.reverse();
        parts.join(&b'/')
    }
}

/// Parts of an object's lines.
struct Windows {
    text: Vec<u8>,
    /// For each window the number of its first line in the text and in the object, from 1.
    lines: Vec<(u32, u32)>,
}

impl Windows {
    /// The line of the object that a line of the text is.
    fn line(&self, line: u32) -> u32 {
        let at = self.lines.partition_point(|(here, _)| *here <= line);
        let window = at.checked_sub(1).and_then(|at| self.lines.get(at));
        window.map_or(line, |(here, there)| line - here + there)
    }
}

/// The lines of an object that are new, and those around them. `None` when that is all of it.
fn windows(object: &Object) -> Option<Windows> {
    let content = &object.content;
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for new in &object.new {
        let wide = widened(content, new);
        match ranges.last_mut() {
            Some(last) if last.end >= wide.start => last.end = last.end.max(wide.end),
            _ => ranges.push(wide),
        }
    }
    if matches!(&ranges[..], [all] if *all == (0..content.len())) {
        return None;
    }
    let mut windows = Windows { text: Vec::new(), lines: Vec::new() };
    let (mut at, mut here, mut there) = (0, 1u32, 1u32);
    let count = |bytes: &[u8]| u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX);
    for range in ranges {
        let (between, piece) = (content.get(at..range.start)?, content.get(range.clone())?);
        there = there.saturating_add(count(between));
        windows.lines.push((here, there));
        windows.text.extend_from_slice(piece);
        // What does not stand together is not read together.
        windows.text.extend_from_slice(b"\n\n");
        here = here.saturating_add(count(piece)).saturating_add(2);
        there = there.saturating_add(count(piece));
        at = range.end;
    }
    Some(windows)
}

/// A range with the lines around it.
fn widened(content: &[u8], range: &Range<usize>) -> Range<usize> {
    let (before, after) = content.split_at(range.start.min(content.len()));
    let after = after.get(range.len()..).unwrap_or_default();
    let start = memchr::memrchr_iter(b'\n', before)
        .take_while(|at| before.len() - at <= FAR)
        .nth(AROUND)
        .map_or_else(|| before.len().saturating_sub(FAR), |at| at + 1);
    let end = memchr::memchr_iter(b'\n', after).take_while(|at| *at < FAR).nth(AROUND);
    let end = range.end.saturating_add(end.unwrap_or_else(|| after.len().min(FAR)));
    start..end.min(content.len())
}
