//! From an image's layers to their facts: from the cache where they are known, else by reading each layer once.

use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use plimsoll_analysis::{Evidence, LAYER_FORMAT, LayerError, LayerFacts, LayerIndex, Selection};
use plimsoll_archive::tar::TarError;
use plimsoll_archive::{Compression, Decoder, Hasher, HashingReader, MAGIC_LEN, ReadAt};
use plimsoll_image::{Image, Layer};
use plimsoll_types::{Digest, Problem, TargetKind};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::{Progress, ScanError, Scanner, timed_out};

/// How much is read at a time when a layer is only hashed.
const INPUT: usize = 256 * 1024;

/// The key of the entry that says which diff ID a blob was seen to have.
const LINK: &str = "diff-id";
/// What the keys of entries with facts begin with.
const PACK: &str = "facts-";

/// What the cache holds of a layer: the facts that some analyzers stated. Written from borrowed facts, read into owned
/// ones; the serial form is the same.
#[derive(Serialize, Deserialize)]
struct Pack<Facts> {
    format: u32,
    /// Id, version and settings of each analyzer.
    analyzers: Vec<(String, u32, u64)>,
    facts: Facts,
}

impl Scanner<'_> {
    /// The facts of each layer of `image`, and what could not be had in time.
    pub(crate) fn layer_facts(&self, image: &Image) -> Result<(Vec<LayerFacts>, Vec<Problem>), ScanError> {
        let count = image.layers.len();
        let slots: Vec<Mutex<Option<Result<LayerFacts, ScanError>>>> =
            (0..count).map(|_| Mutex::new(None)).collect();
        let put = |number: usize, result| {
            *slots[number].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        };
        // A layer that occurs twice is read once. Big ones first, so that no thread is left alone with one at the end.
        let mut order: Vec<usize> = (0..count)
            .filter(|&n| !image.layers[..n].iter().any(|earlier| same(earlier, &image.layers[n])))
            .collect();
        order.sort_by_key(|&n| std::cmp::Reverse(image.layers[n].size));
        if let Some(sweep) = &image.sweep {
            let mut failure = None;
            sweep
                .sweep(&order, &mut |number, stream| {
                    let layer = &image.layers[number];
                    match self.one_layer(number, layer, Source::Stream(stream)) {
                        Ok(facts) => put(number, Ok(facts)),
                        Err(error) => {
                            failure = Some(error);
                            return Err(io::Error::other("a layer cannot be read"));
                        }
                    }
                    Ok(())
                })
                .or_else(|error| failure.map_or(Err(ScanError::Image(error)), Err))
                .or_else(|error| match error {
                    ScanError::Layer { source: LayerError::Stopped, .. } => Ok(()),
                    error => Err(error),
                })?;
        } else {
            let next = AtomicUsize::new(0);
            let work = || {
                while let Some(&number) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = self.one_layer(number, &image.layers[number], Source::Blob);
                    let failed = result.is_err();
                    put(number, result);
                    if failed {
                        // The others finish what they are at; nothing new is begun.
                        next.store(order.len(), Ordering::Relaxed);
                    }
                }
            };
            std::thread::scope(|scope| {
                for _ in 1..self.options.threads.min(order.len()).max(1) {
                    scope.spawn(work);
                }
                work();
            });
        }
        let mut facts: Vec<LayerFacts> = Vec::with_capacity(count);
        let mut problems = Vec::new();
        let mut results: Vec<_> =
            slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect();
        // A real failure counts before a stop, and the lowest layer's before another's: the same input, the same word.
        let failed = results.iter().position(|result| matches!(result, Some(Err(error)) if !stopped(error)));
        if let Some(Err(error)) = failed.and_then(|number| results[number].take()) {
            return Err(error);
        }
        for (number, result) in results.into_iter().enumerate() {
            let twin = image.layers[..number].iter().position(|earlier| same(earlier, &image.layers[number]));
            facts.push(match (result, twin.and_then(|twin| facts.get(twin))) {
                (Some(Ok(found)), _) => found,
                (None, Some(twin)) => twin.clone(),
                _ => {
                    problems.push(timed_out(u32::try_from(number).ok()));
                    LayerFacts::default()
                }
            });
        }
        Ok((facts, problems))
    }

    fn one_layer(&self, number: usize, layer: &Layer, source: Source<'_>) -> Result<LayerFacts, ScanError> {
        self.progress.layer_begins(number, &label(layer).to_string(), layer.size);
        let (known, missing) = self.cached(&layer.diff_id);
        if missing == 0 && self.is_verified(layer) {
            self.progress.layer_ends(number, true);
            return Ok(known);
        }
        let facts = self.read_layer(number, layer, source, known, missing)?;
        self.progress.layer_ends(number, missing == 0);
        Ok(facts)
    }

    /// True when the layer's blob was seen before to hold what the image says, so that it need not be read.
    fn is_verified(&self, layer: &Layer) -> bool {
        let (Some(cache), Some(digest)) = (&self.cache, &layer.digest) else { return false };
        cache.get(digest, LINK).is_some_and(|diff_id| diff_id == layer.diff_id.to_string().as_bytes())
    }

    /// What the cache knows of a layer, and the analyzers whose word is missing.
    fn cached(&self, diff_id: &Digest) -> (LayerFacts, Selection) {
        let mut missing = self.selection(TargetKind::Image);
        let mut facts = LayerFacts::default();
        let Some(cache) = &self.cache else { return (facts, missing) };
        for bytes in cache.entries(diff_id, PACK) {
            // What this version cannot read is a miss.
            let Ok(pack) = postcard::from_bytes::<Pack<LayerFacts>>(&bytes) else { continue };
            if pack.format != LAYER_FORMAT {
                continue;
            }
            let mut gained = 0;
            for (i, analyzer) in self.driver.analyzers().iter().enumerate() {
                let current = pack.analyzers.iter().any(|(id, version, settings)| {
                    id == analyzer.id() && *version == analyzer.version() && *settings == analyzer.settings()
                });
                if current && missing & (1 << i) != 0 {
                    gained |= 1 << i;
                }
            }
            if gained != 0 {
                missing &= !gained;
                let mut new = pack.facts;
                if self.driver.summing() & gained == 0 {
                    new.evidence = Evidence::default();
                }
                new.files.retain(|file| self.bit(&file.analyzer) & gained != 0);
                combine(&mut facts, new);
            }
        }
        (facts, missing)
    }

    fn bit(&self, id: &str) -> Selection {
        self.driver.analyzers().iter().position(|analyzer| analyzer.id() == id).map_or(0, |i| 1 << i)
    }

    /// Reads a layer: verifies it, and lets the analyzers in `missing` look at it.
    fn read_layer(
        &self,
        number: usize,
        layer: &Layer,
        source: Source<'_>,
        known: LayerFacts,
        missing: Selection,
    ) -> Result<LayerFacts, ScanError> {
        let open_error = |source| ScanError::Open { layer: label(layer).clone(), source };
        let raw: Box<dyn Read + '_> = match source {
            Source::Stream(stream) => Box::new(stream),
            Source::Blob => match &layer.blob {
                Some(blob) => blob.open().map_err(open_error)?,
                None => return Err(open_error(io::Error::other("the source has no blob for it"))),
            },
        };
        let mut raw = Counting { inner: raw, number, progress: self.progress };
        let mut head = Vec::with_capacity(MAGIC_LEN);
        raw.by_ref().take(MAGIC_LEN as u64).read_to_end(&mut head).map_err(open_error)?;
        // Where the blob is the tar stream, one digest serves both promises.
        let plain = Compression::detect(&head) == Compression::None
            && layer.digest.as_ref().is_none_or(|digest| digest.algorithm() == layer.diff_id.algorithm());
        let raw = io::Cursor::new(head).chain(raw);
        let found = if plain {
            let random = layer.blob.as_ref().and_then(|blob| blob.random_access());
            let (found, actual) = match self.look(layer, raw, random, missing, plain) {
                Ok(looked) => looked,
                Err(LayerError::Stopped) => return Err(layer_error(layer, LayerError::Stopped)),
                Err(error) => {
                    // Bytes other than promised show as damage first; the digest says which of the two it is.
                    if let Some(Ok(stream)) = layer.blob.as_ref().map(|blob| blob.open()) {
                        let mut whole = HashingReader::new(stream, layer.diff_id.algorithm());
                        if io::copy(&mut whole, &mut io::sink()).is_ok() {
                            expect(layer, &layer.diff_id, &whole.finish().0)?;
                        }
                    }
                    return Err(layer_error(layer, error));
                }
            };
            for expected in layer.digest.iter().chain([&layer.diff_id]) {
                expect(layer, expected, &actual)?;
            }
            found
        } else {
            let algorithm = layer.digest.as_ref().unwrap_or(&layer.diff_id).algorithm();
            let mut decoder = Decoder::new(HashingReader::new(raw, algorithm)).map_err(open_error)?;
            let result = self.look(layer, &mut decoder, None, missing, plain);
            if let Err(LayerError::Stopped) = result {
                return Err(layer_error(layer, LayerError::Stopped));
            }
            // Bytes other than promised show as damage first, so the blob's digest is looked at before the error is
            // believed. What follows the compressed stream counts for the digest too.
            if let Some(expected) = &layer.digest {
                let mut rest = decoder.into_inner();
                match io::copy(&mut rest, &mut io::sink()) {
                    Ok(_) => expect(layer, expected, &rest.finish().0)?,
                    Err(error) if result.is_ok() => return Err(open_error(error)),
                    Err(_) => {}
                }
            }
            let (found, actual) = result.map_err(|error| layer_error(layer, error))?;
            expect(layer, &layer.diff_id, &actual)?;
            found
        };
        let Some(mut facts) = found else {
            self.store(layer, &known, 0);
            return Ok(known);
        };
        self.store(layer, &facts, missing);
        combine(
            &mut facts,
            LayerFacts { files: known.files, evidence: known.evidence, ..LayerFacts::default() },
        );
        Ok(facts)
    }

    /// Reads an uncompressed layer to its end for its digest and, when analyzers are missing, for their facts.
    fn look<R: Read>(
        &self,
        layer: &Layer,
        mut stream: R,
        random: Option<&dyn ReadAt>,
        missing: Selection,
        plain: bool,
    ) -> Result<(Option<LayerFacts>, Digest), LayerError> {
        let algorithm = layer.diff_id.algorithm();
        if missing != 0 {
            let mut limits = self.limits();
            if !plain {
                limits.layer_bytes = limits.layer_bytes.min(plimsoll_archive::inflated_limit(layer.size));
            }
            let (facts, digest, _, _) = self.driver.layer(stream, random, algorithm, missing, &limits)?;
            return Ok((Some(facts), digest));
        }
        let mut hasher = Hasher::new(algorithm);
        let mut buffer = vec![0; INPUT];
        let mut offset = 0;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(LayerError::Stopped);
            }
            match stream.read(&mut buffer) {
                Ok(0) => return Ok((None, hasher.finish())),
                Ok(n) => {
                    hasher.update(&buffer[..n]);
                    offset += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(LayerError::Tar(TarError::Read { offset, source })),
            }
        }
    }

    fn store(&self, layer: &Layer, facts: &LayerFacts, analyzers: Selection) {
        let Some(cache) = &self.cache else { return };
        if let Some(digest) = &layer.digest {
            self.note_cache_failure(cache.put(digest, LINK, layer.diff_id.to_string().as_bytes()));
        }
        if analyzers == 0 {
            return;
        }
        let selected = self.driver.analyzers().iter().enumerate().filter(|(i, _)| analyzers & (1 << i) != 0);
        let pack = Pack {
            format: LAYER_FORMAT,
            analyzers: selected
                .map(|(_, analyzer)| (analyzer.id().to_owned(), analyzer.version(), analyzer.settings()))
                .collect(),
            facts,
        };
        let names: String = pack
            .analyzers
            .iter()
            .map(|(id, version, settings)| format!("{id}@{version}/{settings} "))
            .collect();
        let key = format!("{PACK}{LAYER_FORMAT}-{:016x}", xxh3_64(names.as_bytes()));
        // Piece by piece: the facts of a layer of many files take as much again when they are written out.
        let put = cache.put_with(&layer.diff_id, &key, |out| {
            let mut out = KeepsError { inner: out, error: None };
            let result = postcard::to_io(&pack, &mut out).map(drop);
            result.map_err(|error| out.error.unwrap_or_else(|| io::Error::other(error)))
        });
        self.note_cache_failure(put);
    }
}

/// Keeps what went wrong: postcard only says that something did.
struct KeepsError<W> {
    inner: W,
    error: Option<io::Error>,
}

impl<W: Write> Write for KeepsError<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes).map_err(|error| {
            let kind = error.kind();
            // An interrupted write is tried again.
            if kind != io::ErrorKind::Interrupted {
                self.error = Some(error);
            }
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn same(a: &Layer, b: &Layer) -> bool {
    a.diff_id == b.diff_id && a.digest == b.digest
}

pub(crate) fn label(layer: &Layer) -> &Digest {
    layer.digest.as_ref().unwrap_or(&layer.diff_id)
}

pub(crate) fn expect(layer: &Layer, expected: &Digest, actual: &Digest) -> Result<(), ScanError> {
    if expected == actual {
        return Ok(());
    }
    Err(ScanError::DigestMismatch {
        layer: label(layer).clone(),
        expected: expected.clone(),
        actual: actual.clone(),
    })
}

pub(crate) fn layer_error(layer: &Layer, source: LayerError) -> ScanError {
    ScanError::Layer { layer: label(layer).clone(), source }
}

fn stopped(error: &ScanError) -> bool {
    matches!(error, ScanError::Layer { source: LayerError::Stopped, .. })
}

/// Adds what `new` knows. The index is the same whoever looked.
fn combine(facts: &mut LayerFacts, new: LayerFacts) {
    // A layer may have no path of its own and still delete some.
    if facts.index == LayerIndex::default() {
        facts.index = new.index;
    }
    // So is what the driver sees by itself, where it looked.
    if facts.capabilities.is_empty() {
        facts.capabilities = new.capabilities;
    }
    if facts.evidence == Evidence::default() {
        facts.evidence = new.evidence;
    }
    // Some faults are met only when somebody wants the file, so each look may know others.
    for problem in new.problems {
        if !facts.problems.contains(&problem) {
            facts.problems.push(problem);
        }
    }
    if !new.files.is_empty() {
        facts.files.extend(new.files);
        facts.files.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.analyzer.cmp(&b.analyzer)));
    }
}

/// Where a layer's bytes come from.
enum Source<'a> {
    /// The layer's own blob.
    Blob,
    /// The source is being read through; this is the layer's turn.
    Stream(&'a mut dyn Read),
}

/// Tells the progress display how many bytes went by.
struct Counting<'a> {
    inner: Box<dyn Read + 'a>,
    number: usize,
    progress: &'a dyn Progress,
}

impl Read for Counting<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.progress.layer_bytes(self.number, n as u64);
        Ok(n)
    }
}
