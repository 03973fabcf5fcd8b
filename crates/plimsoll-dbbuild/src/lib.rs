//! Builds the advisory index from feeds on disk: reads, parses, joins, compiles, installs. No network, no clock: the
//! same feeds and the same options give the same bytes.

mod assemble;
mod import;
mod inputs;
mod merge;
mod ranges;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Cursor, Seek, Write};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};

use plimsoll_advisory::Advisory;
use plimsoll_advisory::sources::{self, RefusalReason, Sink};
use plimsoll_db::{Extras, InstallError, Installation, Record, WriteError, WriteOptions};
use plimsoll_types::{Lifecycle, Timestamp};
use sha2::{Digest as _, Sha256};

pub use import::{ImportError, import};
pub use inputs::Limits;
pub use report::{BuildReport, DropReason, Dropped, FormReport, SourceReport};

use assemble::Assembler;
use inputs::{FeedFile, Unread};
use report::Drops;

/// How to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildOptions {
    /// The time that the index states as its own.
    pub built_at: Timestamp,
    /// How many threads parse.
    pub threads: NonZeroUsize,
    /// How much is read at most.
    pub limits: Limits,
}

impl BuildOptions {
    /// Two threads and the default limits.
    pub fn new(built_at: Timestamp) -> BuildOptions {
        BuildOptions { built_at, threads: NonZeroUsize::MIN.saturating_add(1), limits: Limits::default() }
    }
}

/// Why an index cannot be built. What was at the output path is untouched.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A file or folder cannot be read.
    #[error("cannot read the feed '{}'", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// An archive is damaged or over the limit.
    #[error("cannot read the archive '{}'", path.display())]
    Archive {
        /// The archive.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// More than the limits allow.
    #[error("'{}' goes over the limit on {what}", path.display())]
    Limit {
        /// The input that was being read.
        path: PathBuf,
        /// What there is too much of.
        what: &'static str,
    },
    /// Nothing that can be matched was found.
    #[error("the feeds hold no advisory")]
    Empty,
    /// The index cannot be compiled.
    #[error("cannot compile the advisory database")]
    Write(#[from] WriteError),
    /// The index cannot be put in its place.
    #[error("cannot install the advisory database")]
    Install(#[from] InstallError),
}

/// Builds an index from feeds and puts it at `output`, replacing what is there in one step. `inputs` are files,
/// folders, tar archives (also compressed with gzip or zstd), zip archives, and single files compressed with gzip or
/// zstd; folders may hold archives.
///
/// # Errors
///
/// When an input cannot be read to its end, a limit is passed, no advisory is found, or the output cannot be written.
/// Records that cannot be read are no error: they are counted in the report.
pub fn build(inputs: &[PathBuf], output: &Path, options: &BuildOptions) -> Result<BuildReport, BuildError> {
    let (read, mut report) = read(inputs, options)?;
    let installation = Installation::create(output)?;
    let write = WriteOptions { built: Some(options.built_at), digest: true };
    let installation = compile_counted(read, installation, &write, options.threads, &mut report)?;
    if report.advisories == 0 {
        return Err(BuildError::Empty);
    }
    installation.finish()?;
    report.bytes = std::fs::metadata(output).map(|metadata| metadata.len()).unwrap_or_default();
    Ok(report)
}

/// Compiles advisories to the bytes of an index, without a digest: for a set that lives in memory only.
///
/// # Errors
///
/// When a count is beyond the format's limits.
pub fn compile(advisories: Vec<Advisory>, built: Option<Timestamp>) -> Result<Vec<u8>, WriteError> {
    let options = WriteOptions { built, digest: false };
    let mut sink = Sink::new();
    advisories.into_iter().for_each(|advisory| sink.keep(advisory));
    let read = Read { sink, digests: BTreeMap::new() };
    let out = Cursor::new(Vec::new());
    Ok(compile_counted(read, out, &options, NonZeroUsize::MIN, &mut BuildReport::default())?.into_inner())
}

/// What was read from all files.
struct Read {
    sink: Sink,
    /// The digests of the files that each source's records came from.
    digests: BTreeMap<String, BTreeSet<[u8; 32]>>,
}

/// What became of one file, with its place in the input.
struct Parsed {
    place: u64,
    form: Option<&'static str>,
    sink: Sink,
    digest: [u8; 32],
}

/// Files travel to the parsers in batches of about this many bytes.
const BATCH: usize = 512 << 10;

type Batch = Vec<(u64, FeedFile)>;

/// Reads and parses all inputs.
fn read(inputs: &[PathBuf], options: &BuildOptions) -> Result<(Read, BuildReport), BuildError> {
    let (sender, receiver) = sync_channel::<Batch>(4);
    let receiver = Mutex::new(receiver);
    let receiver = &receiver;
    let mut parsed = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..options.threads.get()).map(|_| scope.spawn(move || parse_batches(receiver))).collect();
        let mut place = 0;
        let mut batch: Batch = Vec::new();
        let mut size = 0;
        let outcome = inputs::read_all(inputs, &options.limits, &mut |file| {
            size += file.path.len() + file.content.as_ref().map_or(0, Vec::len);
            batch.push((place, file));
            place += 1;
            if size >= BATCH {
                size = 0;
                // Nobody listens only when every worker has died, which joining them reports.
                let _ = sender.send(std::mem::take(&mut batch));
            }
            Ok(())
        });
        let _ = sender.send(batch);
        drop(sender);
        let mut parsed = Vec::new();
        for worker in workers {
            match worker.join() {
                Ok(part) => parsed.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        outcome.map(|()| parsed)
    })?;
    parsed.sort_unstable_by_key(|parsed| parsed.place);

    let mut report = BuildReport::default();
    let mut forms: BTreeMap<&str, FormReport> = BTreeMap::new();
    let mut all = Sink::new();
    let mut digests: BTreeMap<String, BTreeSet<[u8; 32]>> = BTreeMap::new();
    for Parsed { form, sink, digest, .. } in parsed {
        let mut last = "";
        for advisory in &sink.advisories {
            if advisory.source != last {
                last = &advisory.source;
                digests.entry(last.to_owned()).or_default().insert(digest);
            }
        }
        let Some(id) = form else {
            report.unrecognised += 1;
            all.append(sink);
            continue;
        };
        let form =
            forms.entry(id).or_insert_with(|| FormReport { id: id.to_owned(), ..FormReport::default() });
        form.files += 1;
        form.kept = form.kept.saturating_add(sink.kept());
        for (reason, count) in sink.refused_by_reason() {
            let sum = form.refused.entry(*reason).or_default();
            *sum = sum.saturating_add(*count);
        }
        all.append(sink);
    }
    report.forms = forms.into_values().collect();
    report.refusals = all.refusals().to_vec();
    Ok((Read { sink: all, digests }, report))
}

fn parse_batches(receiver: &Mutex<Receiver<Batch>>) -> Vec<Parsed> {
    let mut out = Vec::new();
    // A thread's files come in the order of the input, so that what all of them list first is listed by one of them.
    let mut room = Sink::MAX_LISTED;
    loop {
        let batch = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return out };
        for (place, file) in batch {
            let (form, mut sink) = parse_file(&file);
            sink.list_at_most(room);
            room -= sink.refusals().len();
            let digest = file.content.as_ref().map_or([0; 32], |bytes| Sha256::digest(bytes).into());
            out.push(Parsed { place, form, sink, digest });
        }
    }
}

fn parse_file(file: &FeedFile) -> (Option<&'static str>, Sink) {
    let refused = |reason, detail: &str| {
        let mut sink = Sink::new();
        sink.refuse(&file.path, "", reason, detail);
        sink
    };
    match &file.content {
        Err(Unread::TooLarge(size)) => {
            (None, refused(RefusalReason::TooLarge, &format!("at least {size} bytes")))
        }
        Err(Unread::Archive) => {
            (None, refused(RefusalReason::Malformed, "an archive inside an archive is not opened"))
        }
        Ok(bytes) => {
            // One file that makes a parser panic must not end the build of all others.
            let parsed = catch_unwind(AssertUnwindSafe(|| {
                let mut sink = Sink::new();
                let form = sources::read(&file.path, bytes, &mut sink);
                (form.map(|form| form.id), sink)
            }));
            parsed.unwrap_or_else(|_| (None, refused(RefusalReason::Malformed, "the parser failed on it")))
        }
    }
}

/// Joins and compiles, and counts into `report`.
fn compile_counted<W: Write + Seek>(
    read: Read,
    out: W,
    options: &WriteOptions,
    threads: NonZeroUsize,
    report: &mut BuildReport,
) -> Result<W, WriteError> {
    let Read { sink, digests } = read;
    let mut assembler = Assembler::new(out, *options)?;
    let mut kept = Vec::with_capacity(sink.advisories.len());
    for advisory in sink.advisories {
        let withdrawn = advisory.withdrawn.is_some();
        assembler.read(&advisory.source, withdrawn);
        if !withdrawn {
            kept.push(advisory);
        }
    }
    let (records, drops) = records(merge::join(kept), threads);
    for (source, record) in records {
        assembler.record(&source, record.as_ref())?;
    }
    // A feed's word comes before the built-in one. Of those that contradict each other one is taken whatever the order of
    // the files: the first of the life cycles, the last of the scores.
    let mut lifecycles = sink.lifecycles;
    lifecycles.sort_by(|a, b| {
        let key = |one: &Lifecycle| (one.released, one.ends, one.extended_ends);
        a.ecosystem.cmp(&b.ecosystem).then_with(|| key(a).cmp(&key(b)))
    });
    lifecycles.extend(plimsoll_advisory::lifecycles());
    let mut epss = sink.epss;
    epss.sort_by(|a, b| (&a.cve, a.date, a.epss).cmp(&(&b.cve, b.date, b.epss)));
    let extras = Extras {
        epss: epss.into_iter().map(|score| (score.cve, score.epss)).collect(),
        lifecycles,
        repositories: sink.repositories.into_iter().map(|found| (found.repository, found.cpes)).collect(),
        source_digests: digests
            .into_iter()
            .map(|(source, files)| {
                let mut all = Sha256::new();
                files.iter().for_each(|file| all.update(file));
                (source, hex(&all.finalize()))
            })
            .collect(),
    };
    assembler.finish(extras, drops, report)
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Makes records of advisories on several threads, in order.
fn records(mut advisories: Vec<Advisory>, threads: NonZeroUsize) -> (Vec<(String, Option<Record>)>, Drops) {
    let work = |part: Vec<Advisory>| {
        let mut drops = Drops::default();
        let records: Vec<_> = part
            .into_iter()
            .map(|advisory| (advisory.source.clone(), merge::record(advisory, &mut drops)))
            .collect();
        (records, drops)
    };
    let part = advisories.len().div_ceil(threads.get());
    if threads.get() == 1 || part == 0 {
        return work(advisories);
    }
    let mut parts = Vec::with_capacity(threads.get());
    while advisories.len() > part {
        let rest = advisories.split_off(part);
        parts.push(std::mem::replace(&mut advisories, rest));
    }
    parts.push(advisories);
    std::thread::scope(|scope| {
        let workers: Vec<_> = parts.into_iter().map(|part| scope.spawn(move || work(part))).collect();
        let mut records = Vec::new();
        let mut drops = Drops::default();
        for worker in workers {
            match worker.join() {
                Ok((part, dropped)) => {
                    records.extend(part);
                    drops.append(dropped);
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        (records, drops)
    })
}
