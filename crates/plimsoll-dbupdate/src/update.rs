//! An update from beginning to end: the lock, the sources in turn, the new index in its place, the state.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use plimsoll_db::{Index, OpenError};
use plimsoll_http::{Client, Url};
use plimsoll_registry::{Artifact, Reference, Registry};
use plimsoll_types::Timestamp;

use crate::chunks::{self, ARTIFACT_TYPE, ChunkStore, Description, Layout, PullReport};
use crate::download::{Download, Part, Progress, digest_of, remove_others};
use crate::error::{FetchError, UpdateError, reading, writing};
use crate::freshness::InPlace;
use crate::lock;
use crate::metadata::Metadata;
use crate::source::Source;
use crate::state::State;
use crate::unpack::{self, Form, Unpacked};
use crate::web;

/// The folder of partial downloads, beside the index.
const PARTIAL: &str = "partial";

/// The folder of chunks, beside the index.
const CHUNKS: &str = "chunks-v1";

/// What the names of temporary folders begin with.
const WORK: &str = ".update-";

/// A temporary folder or partial download that is older than this belongs to nobody any more.
const STALE: Duration = Duration::from_secs(7 * 86_400);

/// By how much the clock of whoever made a database may be ahead.
const TOLERANCE: i64 = 3_600;

/// How much is taken at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a download.
    pub download: u64,
    /// Bytes of a database once it is unpacked.
    pub unpacked: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { download: 2 << 30, unpacked: 16 << 30 }
    }
}

/// A database of another scanner that is to become an index.
#[derive(Debug)]
pub struct Conversion<'a> {
    /// What form it has.
    pub form: Form,
    /// The database.
    pub database: &'a Path,
    /// What describes it, where there is such a file.
    pub metadata: Option<&'a Path>,
    /// Where the index is to go: a file that is not there yet.
    pub out: &'a Path,
}

/// What makes an index of another scanner's database.
pub type Convert<'a> = &'a mut dyn FnMut(&Conversion<'_>) -> Result<(), Box<dyn Error + Send + Sync>>;

/// What is asked of an update.
pub struct Request<'a> {
    /// Where the index is.
    pub index: &'a Path,
    /// The sources, asked in turn until one gives an index.
    pub sources: &'a [Source],
    /// The way to registries.
    pub registry: &'a Registry,
    /// The way to web servers.
    pub client: &'a Client,
    /// The current time.
    pub now: Timestamp,
    /// How long another process that is updating is waited for.
    pub patience: Duration,
    /// Fetch it even when the source has nothing newer.
    pub force: bool,
    /// Whether later updates may replace what this one puts in place without being asked.
    pub automatic: bool,
    /// How much is taken at most.
    pub limits: Limits,
    /// Told as downloads go on.
    pub progress: Progress<'a>,
}

/// What came over the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moved {
    /// Bytes.
    pub bytes: u64,
    /// Chunks, and how many the database has, with their bytes; `None` when it does not come in chunks over the line.
    pub chunks: Option<PullReport>,
}

/// How an update ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A new index is in place.
    Updated {
        /// Where it came from, and when.
        state: State,
        /// What came over the line.
        moved: Moved,
    },
    /// No source has a newer one.
    Unchanged {
        /// What is known of the index in place.
        state: State,
    },
    /// Another process has updated the index in the meantime.
    ByAnother {
        /// What is known of the index in place.
        state: State,
    },
}

/// The index in place; `None` when there is none, or none that can be used.
pub fn in_place(index: &Path) -> Option<InPlace> {
    let info = Index::open(index).ok()?.info().ok()?;
    Some(InPlace { digest: info.digest, built: info.built })
}

/// Updates the index: asks the sources in turn and puts what the first of them gives in its place.
///
/// # Errors
///
/// When no source gives an index, or none can be put in place. What was there stays, and the state says when and why the
/// update failed.
pub fn update(request: &Request<'_>, convert: Convert<'_>) -> Result<Outcome, UpdateError> {
    if request.sources.is_empty() {
        return Err(UpdateError::NoSource);
    }
    let folder = match request.index.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let unusable = |source| UpdateError::Folder { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(unusable)?;
    // A state that cannot be understood says nothing.
    let before = State::load(request.index).unwrap_or_default().unwrap_or_default();
    let lock = lock::acquire(&folder.join("update.lock"), request.patience).map_err(unusable)?;
    let Some(_lock) = lock else { return Err(UpdateError::Busy) };
    let state = State::load(request.index).unwrap_or_default().unwrap_or_default();
    let contact = |state: &State| (state.checked_at, state.downloaded_at);
    if contact(&state) != contact(&before) {
        return Ok(Outcome::ByAnother { state });
    }
    sweep(folder);
    let mut run = Run { request, folder, in_place: in_place(request.index), state, convert };
    let mut failures = Vec::new();
    let mut older = false;
    for source in request.sources {
        match run.ask(source) {
            Ok(Answer::Older) => older = true,
            Ok(Answer::Unchanged) => return run.unchanged(),
            Ok(Answer::Index(made)) => match run.install(source, *made) {
                Ok(outcome) => return Ok(outcome),
                Err(error) => failures.push((source.to_string(), error)),
            },
            Err(error) => failures.push((source.to_string(), error)),
        }
        if failures.last().is_some_and(|(_, error)| error.is_final()) {
            break;
        }
    }
    if older {
        return run.unchanged();
    }
    let error = UpdateError::Failed(failures);
    let failed = State { failed_at: Some(request.now), failure: error.to_string(), ..run.state };
    // Should not even that be possible, the error itself is what matters.
    let _ = failed.save(request.index);
    Err(error)
}

/// Removes what runs that were cut off have left behind.
fn sweep(folder: &Path) {
    let stale = |path: &Path| {
        let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        modified.is_some_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age > STALE))
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        // Whoever holds the lock is the only one who has such a folder.
        if name.to_str().is_some_and(|name| name.starts_with(WORK)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    for entry in fs::read_dir(folder.join(PARTIAL)).into_iter().flatten().flatten() {
        if stale(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// What a source answers.
enum Answer {
    /// What is in place is what it has.
    Unchanged,
    /// What it has is older than what is in place.
    Older,
    /// An index.
    Index(Box<Made>),
}

/// An index that was made of what a source gave.
struct Made {
    /// Where it lies until it is put in place; goes with the folder.
    path: PathBuf,
    _work: tempfile::TempDir,
    digest: String,
    index_digest: String,
    etag: String,
    form: &'static str,
    updated_at: Option<Timestamp>,
    next_update: Option<Timestamp>,
    moved: Moved,
    /// A partial download that is not needed any more once the index is in place.
    partial: Option<PathBuf>,
}

/// What is known of a downloaded file.
struct File {
    path: PathBuf,
    digest: String,
    etag: String,
    moved: Moved,
    partial: bool,
}

struct Run<'a> {
    request: &'a Request<'a>,
    folder: &'a Path,
    in_place: Option<InPlace>,
    state: State,
    convert: Convert<'a>,
}

impl Run<'_> {
    /// The state, when it speaks of the index in place and that need not be replaced.
    fn known(&self) -> Option<&State> {
        let found = self.in_place.as_ref()?;
        Some(&self.state).filter(|state| !self.request.force && state.is_about(&found.digest))
    }

    fn ask(&mut self, source: &Source) -> Result<Answer, FetchError> {
        match source {
            Source::Registry(reference) => self.ask_registry(reference),
            Source::Web(url) => self.ask_web(url),
            Source::Disk(path) => self.ask_disk(path),
        }
    }

    fn ask_registry(&mut self, reference: &Reference) -> Result<Answer, FetchError> {
        let registry = self.request.registry;
        let known = self.known().map(|state| state.digest.clone()).filter(|digest| !digest.is_empty());
        if let Some(known) = known
            && registry.resolve(reference)?.to_string() == known
        {
            return Ok(Answer::Unchanged);
        }
        let artifact = registry.artifact(reference)?;
        if artifact.artifact_type == ARTIFACT_TYPE {
            return self.ask_chunks(&artifact);
        }
        let [layer] = artifact.layers.as_slice() else {
            let (layers, kind) = (artifact.layers.len(), &artifact.artifact_type);
            return Err(FetchError::Form(format!("an artifact of the type '{kind}' with {layers} layers")));
        };
        let name = layer.digest.hex();
        let folder = self.folder.join(PARTIAL);
        remove_others(&folder, name);
        let path = folder.join(format!("{name}.part"));
        let download = Download {
            path: &path,
            size: (layer.size > 0).then_some(layer.size),
            digest: Some(&layer.digest),
            limit: self.request.limits.download,
            progress: self.request.progress,
        };
        let downloaded = download.run(&mut |position| {
            let reader = Box::new(layer.open_from(position)?);
            Ok(Part { start: position, total: None, reader })
        })?;
        let moved = Moved { bytes: downloaded.moved, chunks: None };
        let (digest, etag) = (artifact.digest.to_string(), String::new());
        self.make(File { path, digest, etag, moved, partial: true })
    }

    fn ask_web(&mut self, url: &Url) -> Result<Answer, FetchError> {
        let known =
            self.known().filter(|state| state.origin == url.to_string()).map(|state| state.etag.clone());
        let folder = self.folder.join(PARTIAL);
        let limit = self.request.limits.download;
        let fetched =
            web::fetch(self.request.client, url, known.as_deref(), &folder, limit, self.request.progress)?;
        let (path, downloaded, etag) = match fetched {
            (path, web::Fetched::Unchanged) => {
                let _ = fs::remove_file(path);
                return Ok(Answer::Unchanged);
            }
            (path, web::Fetched::File { downloaded, etag }) => (path, downloaded, etag),
        };
        let moved = Moved { bytes: downloaded.moved, chunks: None };
        self.make(File { path, digest: downloaded.digest.to_string(), etag, moved, partial: true })
    }

    fn ask_disk(&mut self, path: &Path) -> Result<Answer, FetchError> {
        let metadata = fs::metadata(path).map_err(reading(path))?;
        if metadata.is_dir() && chunks::is_layout(path) {
            return self.ask_layout(&Layout::new(path));
        }
        let digest = if metadata.is_dir() { String::new() } else { digest_of(path)?.to_string() };
        if self.known().is_some_and(|state| !digest.is_empty() && state.digest == digest) {
            return Ok(Answer::Unchanged);
        }
        let (etag, moved) = (String::new(), Moved::default());
        self.make(File { path: path.to_owned(), digest, etag, moved, partial: false })
    }

    fn store(&self) -> ChunkStore {
        ChunkStore::new(&self.folder.join(CHUNKS))
    }

    fn ask_chunks(&mut self, artifact: &Artifact) -> Result<Answer, FetchError> {
        let work = self.work()?;
        let path = work.path().join("index");
        let (description, report) = chunks::pull(artifact, &self.store(), &path, self.request.progress)?;
        let moved = Moved { bytes: report.moved_bytes, chunks: Some(report) };
        self.made_of_chunks(work, path, artifact.digest.to_string(), description, moved)
    }

    fn ask_layout(&mut self, layout: &Layout) -> Result<Answer, FetchError> {
        let (digest, plan) = layout.plan()?;
        let digest = digest.to_string();
        if self.known().is_some_and(|state| state.digest == digest) {
            return Ok(Answer::Unchanged);
        }
        let work = self.work()?;
        let path = work.path().join("index");
        let progress = self.request.progress;
        chunks::pull_plan(&plan, layout, &self.store(), &path, progress)?;
        self.made_of_chunks(work, path, digest, plan.description, Moved::default())
    }

    fn made_of_chunks(
        &self,
        work: tempfile::TempDir,
        path: PathBuf,
        digest: String,
        description: Description,
        moved: Moved,
    ) -> Result<Answer, FetchError> {
        let made = Made {
            path,
            _work: work,
            digest,
            index_digest: String::new(),
            etag: String::new(),
            form: "chunks",
            updated_at: description.built,
            next_update: description.next_update,
            moved,
            partial: None,
        };
        self.checked(made)
    }

    fn work(&self) -> Result<tempfile::TempDir, FetchError> {
        tempfile::Builder::new().prefix(WORK).tempdir_in(self.folder).map_err(writing(self.folder))
    }

    /// Makes an index of a file.
    fn make(&mut self, file: File) -> Result<Answer, FetchError> {
        let work = self.work()?;
        let unpacked = match unpack::unpack(&file.path, work.path(), self.request.limits.unpacked) {
            Ok(unpacked) => unpacked,
            Err(error) => {
                // A web server's file has no digest that could have told: the next update fetches it anew.
                if file.partial && !matches!(error, FetchError::Write { .. }) {
                    let _ = fs::remove_file(&file.path);
                }
                return Err(error);
            }
        };
        let path = work.path().join("index");
        let mut metadata = Metadata::default();
        let form = match unpacked {
            Unpacked::Index(found) if found.starts_with(work.path()) => {
                fs::rename(&found, &path).map_err(writing(&path))?;
                "index"
            }
            Unpacked::Index(found) => {
                copy(&found, &path)?;
                "index"
            }
            Unpacked::Foreign { form, database, metadata: described } => {
                if let (Form::TrivyDb, Some(described)) = (form, &described) {
                    let bytes = fs::read(described).map_err(reading(described))?;
                    metadata = Metadata::parse(&bytes).map_err(FetchError::Form)?;
                }
                // Known before the work is done that it would be for nothing.
                if self.is_older(metadata.updated_at) {
                    return Ok(Answer::Older);
                }
                let conversion =
                    Conversion { form, database: &database, metadata: described.as_deref(), out: &path };
                (self.convert)(&conversion).map_err(FetchError::Convert)?;
                form.name()
            }
        };
        let made = Made {
            path,
            _work: work,
            digest: file.digest,
            index_digest: String::new(),
            etag: file.etag,
            form,
            updated_at: metadata.updated_at,
            next_update: metadata.next_update,
            moved: file.moved,
            partial: file.partial.then_some(file.path),
        };
        self.checked(made)
    }

    /// Verifies every byte of an index before anybody uses it.
    fn checked(&self, made: Made) -> Result<Answer, FetchError> {
        let index = Index::open(&made.path).map_err(|error| match error {
            OpenError::Io { source, .. } => FetchError::Read { path: made.path.clone(), source },
            other => FetchError::Open(other),
        })?;
        index.verify()?;
        if index.advisory_count() == 0 {
            return Err(FetchError::Empty);
        }
        let info = index.info()?;
        let made = Made { index_digest: info.digest, updated_at: made.updated_at.or(info.built), ..made };
        if self.is_older(made.updated_at) {
            return Ok(Answer::Older);
        }
        Ok(Answer::Index(Box::new(made)))
    }

    /// Whether a database is older than the one in place, so that it must not take its place: a mirror may have been left
    /// behind, or may want to make somebody believe that a vulnerability is not known.
    fn is_older(&self, updated_at: Option<Timestamp>) -> bool {
        let Some(state) = self.known().filter(|state| state.automatic && self.request.automatic) else {
            return false;
        };
        // One from the future must not keep all others away.
        let ours = state
            .updated_at
            .filter(|ours| ours.seconds() <= self.request.now.seconds().saturating_add(TOLERANCE));
        ours.zip(updated_at).is_some_and(|(ours, theirs)| theirs < ours)
    }

    /// Puts an index in place. The state names it before and after, so that whenever this is cut off it is known what the
    /// index in place is.
    fn install(&mut self, source: &Source, made: Made) -> Result<Outcome, FetchError> {
        let index = self.request.index;
        let saving = |error: crate::StateError| FetchError::Write {
            path: State::path_for(index),
            source: io::Error::other(error),
        };
        if self.state.index_digest.is_empty() {
            self.state.automatic = self.request.automatic;
        }
        let about = self.in_place.as_ref().is_some_and(|found| self.state.is_about(&found.digest));
        if about || self.in_place.is_none() {
            let incoming = State { incoming: made.index_digest.clone(), ..self.state.clone() };
            incoming.save(index).map_err(saving)?;
        }
        put_in_place(&made.path, index).map_err(writing(index))?;
        let now = Some(self.request.now);
        let state = State {
            origin: source.to_string(),
            form: made.form.to_owned(),
            digest: made.digest,
            etag: made.etag,
            updated_at: made.updated_at,
            next_update: made.next_update,
            downloaded_at: now,
            checked_at: now,
            failed_at: None,
            failure: String::new(),
            index_digest: made.index_digest,
            incoming: String::new(),
            automatic: self.request.automatic,
        };
        state.save(index).map_err(saving)?;
        if let Some(partial) = &made.partial {
            let _ = fs::remove_file(partial.with_extension("etag"));
            let _ = fs::remove_file(partial);
        }
        Ok(Outcome::Updated { state, moved: made.moved })
    }

    /// Notes that what is in place is the newest that can be had.
    fn unchanged(&self) -> Result<Outcome, UpdateError> {
        let state = State {
            checked_at: Some(self.request.now),
            failed_at: None,
            failure: String::new(),
            ..self.state.clone()
        };
        state.save(self.request.index)?;
        Ok(Outcome::Unchanged { state })
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), FetchError> {
    let mut source = fs::File::open(from).map_err(reading(from))?;
    let mut target = fs::File::create(to).map_err(writing(to))?;
    io::copy(&mut source, &mut target).map_err(writing(to))?;
    Ok(())
}

/// Makes a finished index durable and read-only and renames it to where readers look for it.
fn put_in_place(from: &Path, to: &Path) -> io::Result<()> {
    let file = fs::File::open(from)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o444))?;
    }
    file.sync_all()?;
    fs::rename(from, to)?;
    // The rename itself must survive a power cut. Some file systems cannot sync a folder: not an error.
    if let Some(Ok(folder)) = to.parent().map(fs::File::open) {
        let _ = folder.sync_all();
    }
    Ok(())
}
