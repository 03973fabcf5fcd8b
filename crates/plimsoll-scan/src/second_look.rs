//! Second looks: files that a link or a companion makes interesting are read by going back to their layers, as many in
//! one pass as memory allows, and what the analyzers say of them is cached beside the layer's facts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Read;
use std::sync::atomic::Ordering;

use plimsoll_analysis::{
    ByteSlice, FactProblem, FileFacts, LAYER_FORMAT, LayerError, MAX_BUFFERED_FILE, Node, open_tree_file,
};
use plimsoll_archive::tar::{self, TarError};
use plimsoll_archive::{Compression, Decoder, MAGIC_LEN, Window, inflated_limit};
use plimsoll_image::Layer;
use plimsoll_types::{Digest, Problem, ProblemCode};
use xxhash_rust::xxh3::xxh3_64;

use crate::layers::{expect, label, layer_error};
use crate::merge::{Layers, Look, layer_number};
use crate::{ScanError, Scanner, timed_out};

/// The most bytes that one pass over the layers keeps, unless a single look needs more.
const BATCH: u64 = 64 << 20;

/// A file of a layer.
type Place = (usize, Vec<u8>);

/// The contents that were read, or why one could not be.
type Contents = HashMap<Place, Result<Vec<u8>, String>>;

impl Scanner<'_> {
    /// Goes back to the layers for the files in `looks`.
    pub(crate) fn take_looks(
        &self,
        layers: &Layers<'_>,
        looks: Vec<Look>,
        problems: &mut Vec<Problem>,
    ) -> Result<Vec<(Look, Vec<FileFacts>)>, ScanError> {
        let mut taken = Vec::new();
        let mut left = Vec::new();
        for look in looks {
            let about = self.about(layers, &look);
            if let Some(files) = self.cached_look(layers, &look, &about) {
                taken.push((look, files));
            } else if let Err(fault) = self.can_look(layers, &look) {
                let files = vec![without_facts(&look, fault)];
                taken.push((look, files));
            } else {
                left.push((look, about));
            }
        }
        left.sort();
        let mut rest = &left[..];
        while !rest.is_empty() {
            let mut bytes = 0;
            let mut wanted: BTreeMap<Place, Node> = BTreeMap::new();
            let mut count = 0;
            for (look, _) in rest {
                let new: Vec<(Place, Node)> = places(layers, look)
                    .into_iter()
                    .filter(|(place, _)| !wanted.contains_key(place))
                    .collect();
                bytes += new.iter().map(|(_, node)| node.size).sum::<u64>();
                if count > 0 && bytes > BATCH {
                    break;
                }
                wanted.extend(new);
                count += 1;
            }
            let (batch, later) = rest.split_at(count);
            let contents = match self.read(layers, &wanted) {
                _ if self.stop.load(Ordering::Relaxed) => None,
                contents => Some(contents?),
            };
            let Some(contents) = contents else {
                let missed: BTreeSet<usize> = rest.iter().map(|(look, _)| look.layer).collect();
                problems.extend(missed.into_iter().map(|layer| timed_out(layer_number(layers, layer))));
                break;
            };
            rest = later;
            for (look, about) in batch {
                let files = self.show(layers, look, about, &contents);
                taken.push((look.clone(), files));
            }
        }
        Ok(taken)
    }

    /// Everything that a look's result depends on.
    fn about(&self, layers: &Layers<'_>, look: &Look) -> String {
        let analyzers = self.driver.analyzers().iter().enumerate();
        let who: Vec<String> = analyzers
            .filter(|(bit, _)| look.selection & (1 << bit) != 0)
            .map(|(_, analyzer)| format!("{}@{}/{}", analyzer.id(), analyzer.version(), analyzer.settings()))
            .collect();
        let beside: Vec<String> = look
            .companions
            .iter()
            .map(|(ending, layer, path)| format!("{ending} {:?} {}", diff_id(layers, *layer), path.as_bstr()))
            .collect();
        format!(
            "{} as {} by {} with {}",
            look.path.as_bstr(),
            look.seen_as.as_bstr(),
            who.join(" "),
            beside.join(" ")
        )
    }

    fn cached_look(&self, layers: &Layers<'_>, look: &Look, about: &str) -> Option<Vec<FileFacts>> {
        let bytes = self.cache.as_ref()?.get(diff_id(layers, look.layer)?, &key(about))?;
        // The key is short, so the entry says again what it is about.
        let (said, files) = postcard::from_bytes::<(String, Vec<FileFacts>)>(&bytes).ok()?;
        (said == about).then_some(files)
    }

    /// Whether the file can be read at all.
    fn can_look(&self, layers: &Layers<'_>, look: &Look) -> Result<(), FactProblem> {
        let fault =
            |code: ProblemCode, message: String| Err(FactProblem { code: code.code().to_owned(), message });
        let Some(node) = layers.facts[look.layer].index.get(&look.path) else { return Ok(()) };
        let selected =
            self.driver.analyzers().iter().enumerate().filter(|(bit, _)| look.selection & (1 << bit) != 0);
        let limit = selected
            .map(|(_, analyzer)| analyzer.interest().max_size)
            .max()
            .unwrap_or(0)
            .min(MAX_BUFFERED_FILE);
        if node.sparse {
            fault(ProblemCode::UnreadableFile, "a sparse file is not read".to_owned())
        } else if node.size > limit {
            let message = format!("{} bytes are more than the limit of {limit}", node.size);
            fault(ProblemCode::FileTooLarge, message)
        } else {
            Ok(())
        }
    }

    /// Shows a file to its analyzers.
    fn show(&self, layers: &Layers<'_>, look: &Look, about: &str, contents: &Contents) -> Vec<FileFacts> {
        let content = |layer: usize, path: &[u8]| match contents.get(&(layer, path.to_vec())) {
            Some(Ok(bytes)) => Ok(bytes),
            Some(Err(message)) => Err(message.clone()),
            None => Err("the file is not where the layer's index has it".to_owned()),
        };
        let unreadable = |message| {
            without_facts(look, FactProblem { code: ProblemCode::UnreadableFile.code().to_owned(), message })
        };
        let bytes = match content(look.layer, &look.path) {
            Ok(bytes) => bytes,
            Err(message) => return vec![unreadable(message)],
        };
        let mut files = Vec::new();
        let mut companions = Vec::new();
        for (ending, layer, path) in &look.companions {
            match content(*layer, path) {
                Ok(bytes) => companions.push((*ending, bytes.clone())),
                Err(message) => files.push(unreadable(format!("{}: {message}", path.as_bstr()))),
            }
        }
        let mode = layers.facts[look.layer].index.get(&look.path).map_or(0o644, |node| u32::from(node.mode));
        self.driver.analyze(&look.seen_as, mode, bytes, &companions, look.selection, &mut files);
        if let (Some(cache), Some(diff_id)) = (&self.cache, diff_id(layers, look.layer))
            && companions.len() == look.companions.len()
            && let Ok(entry) = postcard::to_stdvec(&(about, &files))
        {
            self.note_cache_failure(cache.put(diff_id, &key(about), &entry));
        }
        files
    }

    /// Reads files of layers, each layer at most once.
    fn read(&self, layers: &Layers<'_>, wanted: &BTreeMap<Place, Node>) -> Result<Contents, ScanError> {
        let mut contents = Contents::new();
        if let Some(root) = layers.root {
            for (place, node) in wanted.iter().take_while(|_| !self.stop.load(Ordering::Relaxed)) {
                let read = || {
                    let mut out = Vec::new();
                    // It may have grown since.
                    open_tree_file(root, &place.1)?.take(node.size).read_to_end(&mut out)?;
                    Ok(out)
                };
                let content =
                    read().map_err(|error: std::io::Error| format!("cannot read the file: {error}"));
                contents.insert(place.clone(), content);
            }
            return Ok(contents);
        }
        let Some(image) = layers.image else { return Ok(contents) };
        let mut by_layer: BTreeMap<usize, Vec<(&Place, &Node)>> = BTreeMap::new();
        for (place, node) in wanted {
            by_layer.entry(place.0).or_default().push((place, node));
        }
        match &image.sweep {
            Some(sweep) => {
                let numbers: Vec<usize> = by_layer.keys().copied().collect();
                let mut failure = None;
                sweep
                    .sweep(&numbers, &mut |number, stream| {
                        let files = by_layer.get(&number).map_or(&[][..], |files| files);
                        self.pass(&image.layers[number], stream, files, &mut contents).map_err(|error| {
                            failure = Some(error);
                            std::io::Error::other("a layer cannot be read")
                        })
                    })
                    .or_else(|error| failure.map_or(Err(ScanError::Image(error)), Err))?;
            }
            None => {
                for (number, files) in &by_layer {
                    self.read_blob(&image.layers[*number], files, &mut contents)?;
                }
            }
        }
        Ok(contents)
    }

    fn read_blob(
        &self,
        layer: &Layer,
        files: &[(&Place, &Node)],
        contents: &mut Contents,
    ) -> Result<(), ScanError> {
        let failed = |source| ScanError::Open { layer: label(layer).clone(), source };
        let Some(blob) = &layer.blob else {
            return Err(failed(std::io::Error::other("the source has no blob for it")));
        };
        // Where the cache may have spared the layer's reading, nothing has verified its bytes yet.
        let verified = self.cache.is_none() || layer.digest.is_none();
        if let Some(random) = blob.random_access().filter(|_| verified) {
            let mut head = [0; MAGIC_LEN];
            let n = random.read_at(&mut head, 0).map_err(failed)?;
            if Compression::detect(&head[..n]) == Compression::None {
                for (place, node) in files {
                    let window = Window::new(random, node.offset, node.size);
                    let bytes = plimsoll_archive::read_vec(&window, node.size).map_err(failed)?;
                    contents.insert((*place).clone(), Ok(bytes));
                }
                return Ok(());
            }
        }
        self.pass(layer, &mut *blob.open().map_err(failed)?, files, contents)
    }

    /// Reads a layer from beginning to end, keeps `files` and holds the whole against its diff ID: what is cached under
    /// a digest must come from bytes that have it.
    fn pass(
        &self,
        layer: &Layer,
        stream: &mut dyn Read,
        files: &[(&Place, &Node)],
        contents: &mut Contents,
    ) -> Result<(), ScanError> {
        let failed = |source: TarError| layer_error(layer, source.into());
        let decoder =
            Decoder::new(stream).map_err(|source| ScanError::Open { layer: label(layer).clone(), source })?;
        let mut limit = self.options.layer_limit;
        if decoder.compression() != Compression::None {
            limit = limit.min(inflated_limit(layer.size));
        }
        let mut reader = tar::Reader::new(decoder, Some(layer.diff_id.algorithm()), limit);
        let by_offset: HashMap<u64, Vec<&(&Place, &Node)>> =
            files.iter().fold(HashMap::new(), |mut map, file| {
                map.entry(file.1.offset).or_default().push(file);
                map
            });
        while let Some(entry) = reader.next_entry().map_err(failed)? {
            if self.stop.load(Ordering::Relaxed) {
                return Err(layer_error(layer, LayerError::Stopped));
            }
            let Some(files) = by_offset.get(&entry.offset) else { continue };
            let files: Vec<_> =
                files.iter().filter(|(_, node)| node.size == entry.stored && !entry.sparse).collect();
            if files.is_empty() {
                continue;
            }
            let bytes = reader.read_data().map_err(failed)?;
            for (place, _) in files {
                contents.insert((*place).clone(), Ok(bytes.clone()));
            }
        }
        if let (Some(actual), ..) = reader.finish().map_err(failed)? {
            expect(layer, &layer.diff_id, &actual)?;
        }
        Ok(())
    }
}

/// The files that a look needs.
fn places(layers: &Layers<'_>, look: &Look) -> Vec<(Place, Node)> {
    let companions = look.companions.iter().map(|(_, layer, path)| (*layer, path));
    std::iter::once((look.layer, &look.path))
        .chain(companions)
        .filter_map(|(layer, path)| {
            let node = layers.facts[layer].index.get(path).copied()?;
            (!node.sparse && node.size <= MAX_BUFFERED_FILE).then(|| ((layer, path.clone()), node))
        })
        .collect()
}

fn diff_id<'a>(layers: &Layers<'a>, layer: usize) -> Option<&'a Digest> {
    layers.image.map(|image| &image.layers[layer].diff_id)
}

fn key(about: &str) -> String {
    format!("link-{LAYER_FORMAT}-{:016x}", xxh3_64(about.as_bytes()))
}

fn without_facts(look: &Look, fault: FactProblem) -> FileFacts {
    FileFacts {
        path: look.seen_as.as_bstr().to_owned(),
        analyzer: String::new(),
        facts: Vec::new(),
        problems: vec![fault],
    }
}
