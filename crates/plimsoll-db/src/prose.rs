//! Prose: titles, descriptions and references, in compressed blocks.

use std::io::Write;

use plimsoll_types::Reference;

use crate::model::Prose;
use crate::write::{Output, WriteError};

/// A block of prose is closed when it has reached this many bytes: a hit unpacks one block.
const BLOCK_TARGET: usize = 4 << 10;
/// Prose of less than this many bytes in all is stored as it is: setting up a compressor costs more than it saves.
const COMPRESS_FROM: usize = 512 << 10;
/// Good ratio at a speed that does not dominate a build.
const LEVEL: i32 = 3;
/// Descriptions are cut at this many bytes; real ones stay far below.
const MAX_DESCRIPTION: usize = 1 << 20;
/// References beyond this many bytes are left out.
const MAX_REFERENCES: usize = 1 << 20;

/// Collects prose into blocks and puts them out as they fill.
pub(crate) struct ProseWriter {
    /// Blocks that wait for the decision whether to compress at all; `None` once it was taken.
    waiting: Option<Vec<Vec<u8>>>,
    compressor: Option<zstd::bulk::Compressor<'static>>,
    seen: usize,
    /// The section of blocks.
    pub(crate) blocks: Vec<u8>,
    count: u32,
    stored: u64,
    block: Vec<u8>,
}

impl ProseWriter {
    pub(crate) fn new() -> ProseWriter {
        ProseWriter {
            waiting: Some(Vec::new()),
            compressor: None,
            seen: 0,
            blocks: Vec::new(),
            count: 0,
            stored: 0,
            block: Vec::new(),
        }
    }

    /// Adds an entry; returns its block and its offset there. `u32::MAX` stands for no prose.
    pub(crate) fn add<W: Write>(
        &mut self,
        prose: &Prose,
        out: &mut Output<W>,
    ) -> Result<(u32, u32), WriteError> {
        if prose.title.is_empty() && prose.description.is_empty() && prose.references.is_empty() {
            return Ok((u32::MAX, 0));
        }
        if self.block.len() >= BLOCK_TARGET {
            self.close(out)?;
        }
        let at = (self.count, self.block.len() as u32);
        put_text(&mut self.block, cut(&prose.title, MAX_DESCRIPTION));
        put_text(&mut self.block, cut(&prose.description, MAX_DESCRIPTION));
        let count_at = self.block.len();
        self.block.extend_from_slice(&[0; 4]);
        let mut count = 0u32;
        for reference in &prose.references {
            if self.block.len() - count_at + reference.url.len() + reference.kind.len() > MAX_REFERENCES {
                break;
            }
            put_text(&mut self.block, &reference.kind);
            put_text(&mut self.block, &reference.url);
            count += 1;
        }
        self.block[count_at..count_at + 4].copy_from_slice(&count.to_le_bytes());
        Ok(at)
    }

    fn close<W: Write>(&mut self, out: &mut Output<W>) -> Result<(), WriteError> {
        let block = std::mem::take(&mut self.block);
        self.count = self
            .count
            .checked_add(1)
            .filter(|count| *count < u32::MAX)
            .ok_or(WriteError::TooMany("blocks of text"))?;
        self.seen = self.seen.saturating_add(block.len());
        match &mut self.waiting {
            Some(waiting) => {
                waiting.push(block);
                if self.seen >= COMPRESS_FROM {
                    self.compressor = Some(zstd::bulk::Compressor::new(LEVEL)?);
                    self.flush(out)?;
                }
                Ok(())
            }
            None => self.put(&block, out),
        }
    }

    /// Puts out what waits for the decision.
    fn flush<W: Write>(&mut self, out: &mut Output<W>) -> Result<(), WriteError> {
        for block in self.waiting.take().into_iter().flatten() {
            self.put(&block, out)?;
        }
        Ok(())
    }

    fn put<W: Write>(&mut self, block: &[u8], out: &mut Output<W>) -> Result<(), WriteError> {
        let compressed = match &mut self.compressor {
            Some(compressor) => Some(compressor.compress(block)?),
            None => None,
        };
        let stored = compressed.as_deref().filter(|bytes| bytes.len() < block.len()).unwrap_or(block);
        self.blocks.extend_from_slice(&self.stored.to_le_bytes());
        for len in [stored.len(), block.len()] {
            self.blocks.extend_from_slice(&(len as u32).to_le_bytes());
        }
        self.stored += stored.len() as u64;
        out.put(stored)
    }

    /// Puts out the rest; returns the section of blocks.
    pub(crate) fn finish<W: Write>(mut self, out: &mut Output<W>) -> Result<Vec<u8>, WriteError> {
        if !self.block.is_empty() {
            self.close(out)?;
        }
        self.flush(out)?;
        Ok(self.blocks)
    }
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&(text.len() as u32).to_le_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The longest beginning of `text` that has at most `limit` bytes.
fn cut(text: &str, limit: usize) -> &str {
    text.get(..text.floor_char_boundary(limit)).unwrap_or_default()
}

/// Reads the entry that `bytes` begin with; `None` when it is damaged.
pub(crate) fn parse(mut bytes: &[u8]) -> Option<Prose> {
    let bytes = &mut bytes;
    let title = take_text(bytes)?;
    let description = take_text(bytes)?;
    let count = take_u32(bytes)?;
    let mut references = Vec::new();
    for _ in 0..count {
        references.push(Reference { kind: take_text(bytes)?, url: take_text(bytes)? });
    }
    Some(Prose { title, description, references })
}

fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (word, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*word))
}

fn take_text(bytes: &mut &[u8]) -> Option<String> {
    let len = take_u32(bytes)? as usize;
    let (text, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(std::str::from_utf8(text).ok()?.to_owned())
}
