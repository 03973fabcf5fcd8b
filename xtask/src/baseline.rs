//! The least that a scan must do, as processes of their own: what `cargo xtask bench` holds Plimsoll against.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Context;
use plimsoll_archive::{Decoder, Hasher, HashingReader};
use plimsoll_db::Index;
use plimsoll_image::sources::{self, Request};
use plimsoll_image::{Image, Layer, PlatformChoice};
use serde_json::Value;

use crate::measure::median;

/// How much is read at a time.
const BUFFER: usize = 256 * 1024;

/// Opens the one image at `path`.
pub(crate) fn open(path: &Path) -> anyhow::Result<Image> {
    let source = sources::recognise(path).with_context(|| format!("{} is no image", path.display()))?;
    let request = Request { path, selector: "", platform: &PlatformChoice::Default, machine: "amd64" };
    let mut images = (source.open)(&request)?;
    anyhow::ensure!(images.len() == 1, "{} holds {} images", path.display(), images.len());
    images.pop().context("there is no image")
}

/// Opens a layer's bytes as they are stored.
pub(crate) fn open_layer(layer: &Layer) -> anyhow::Result<Box<dyn Read + Send + '_>> {
    let blob = layer.blob.as_ref().with_context(|| format!("{} can only be streamed", layer.diff_id))?;
    Ok(blob.open()?)
}

/// Hashes each layer's blob, inflates it and hashes what comes out, one layer after the other.
pub(crate) fn inflate(path: &Path) -> anyhow::Result<()> {
    for layer in &open(path)?.layers {
        let algorithm = layer.digest.as_ref().unwrap_or(&layer.diff_id).algorithm();
        let mut blob = HashingReader::new(open_layer(layer)?, algorithm);
        let mut decoder = Decoder::new(&mut blob)?;
        let diff_id = hash_stream(&mut decoder, Hasher::new(layer.diff_id.algorithm()))?;
        drop(decoder);
        // What follows the compressed stream belongs to the blob too.
        io::copy(&mut blob, &mut io::sink())?;
        let (digest, _) = blob.finish();
        anyhow::ensure!(diff_id.finish() == layer.diff_id, "the layer {} is damaged", layer.diff_id);
        anyhow::ensure!(
            layer.digest.as_ref().is_none_or(|expected| *expected == digest),
            "{digest} is damaged"
        );
    }
    Ok(())
}

/// Hashes each layer's blob as it is stored, on as many threads as there are processors, as a scan does.
pub(crate) fn hash(path: &Path) -> anyhow::Result<()> {
    let image = open(path)?;
    let mut order: Vec<&Layer> = image.layers.iter().collect();
    order.sort_by_key(|layer| std::cmp::Reverse(layer.size));
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    let work = || {
        while let Some(layer) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let one = || -> anyhow::Result<()> {
                let expected = layer.digest.as_ref().unwrap_or(&layer.diff_id);
                let hasher = hash_stream(&mut open_layer(layer)?, Hasher::new(expected.algorithm()))?;
                anyhow::ensure!(hasher.finish() == *expected, "the layer {expected} is damaged");
                Ok(())
            };
            if let (Err(error), Ok(mut failure)) = (one(), failure.lock()) {
                *failure = Some(error);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 1..threads.min(order.len()) {
            scope.spawn(work);
        }
        work();
    });
    failure.into_inner().ok().flatten().map_or(Ok(()), Err)
}

fn hash_stream(stream: &mut dyn Read, mut hasher: Hasher) -> anyhow::Result<Hasher> {
    let mut buffer = vec![0; BUFFER];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(hasher),
            Ok(n) => hasher.update(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Opens an index and looks up each package of a report under each ecosystem that could be its own, reading every
/// fact. Prints what it took as JSON, in seconds: `open`, `lookup` (median) and `slow` (of 100, the slowest but one).
pub(crate) fn lookup(index: &Path, report: &Path) -> anyhow::Result<()> {
    let start = Instant::now();
    let opened = Index::open(index)?;
    let open = start.elapsed().as_secs_f64();
    let names = names(&opened, report)?;
    let mut times = Vec::with_capacity(names.len());
    let mut facts = 0_u64;
    for (ecosystem, name) in &names {
        let start = Instant::now();
        for fact in opened.lookup(ecosystem, name)? {
            std::hint::black_box(fact?);
            facts += 1;
        }
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let slow = times.get(times.len() * 98 / 100).copied();
    let result = serde_json::json!({
        "open": open,
        "lookup": median(times.iter().copied()),
        "slow": slow,
        "lookups": names.len(),
        "facts": facts,
    });
    writeln!(io::stdout(), "{result}")?;
    Ok(())
}

fn names(index: &Index, report: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let bytes = std::fs::read(report).with_context(|| format!("cannot read {}", report.display()))?;
    let report: Value = serde_json::from_slice(&bytes)?;
    let ecosystems: Vec<(&str, &str)> = index
        .ecosystems()?
        .into_iter()
        .filter_map(|name| Some((plimsoll_catalog::ecosystem_for_advisories(name)?.id, name)))
        .collect();
    let mut names = Vec::new();
    let targets = report["targets"].as_array().map_or(&[][..], Vec::as_slice);
    for package in targets.iter().flat_map(|target| target["packages"].as_array()).flatten() {
        let Some(spec) = package["ecosystem"].as_str().and_then(plimsoll_catalog::ecosystem) else {
            continue;
        };
        let source = package["source"]["name"].as_str();
        let Some(name) = source.or(package["name"].as_str()) else { continue };
        let name = (spec.normalize_name)(name);
        let own = ecosystems.iter().filter(|(id, _)| *id == spec.id);
        names.extend(own.map(|(_, ecosystem)| ((*ecosystem).to_owned(), name.clone())));
    }
    anyhow::ensure!(!names.is_empty(), "the report holds no package that the database could know");
    Ok(names)
}
