//! Takes a downloaded file apart: archives and compression are peeled off as streams until there is a database in a
//! known form.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use plimsoll_archive::{Decoder, inflated_limit, path, tar};

use crate::error::{FetchError, reading, writing};

/// The largest metadata file that is read.
const MAX_METADATA: u64 = 1 << 20;

/// How many compressions and archives may lie in one another.
const MAX_DEPTH: usize = 3;

/// The file of trivy-java-db.
const JAVA_DATABASE: &str = "trivy-java.db";

/// How many bytes tell a form.
const HEAD: usize = 512;

/// The forms of databases that are converted, not installed as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// trivy-db, schema 2: a bbolt file.
    TrivyDb,
    /// Grype's database, version 6: an SQLite file.
    GrypeDb,
}

impl Form {
    /// The form's name, as the state notes it.
    pub const fn name(self) -> &'static str {
        match self {
            Form::TrivyDb => "trivy-db",
            Form::GrypeDb => "grype-db",
        }
    }
}

/// What a file turned out to be.
#[derive(Debug)]
pub(crate) enum Unpacked {
    /// One of our own indexes.
    Index(PathBuf),
    /// A database to be converted, with the metadata beside it.
    Foreign { form: Form, database: PathBuf, metadata: Option<PathBuf> },
}

/// What the first bytes of a file say.
enum Head {
    Index,
    Foreign(Form),
    Tar,
    Compressed,
    Unknown,
}

fn head_of(head: &[u8]) -> Head {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    if at(0, b"PLIMSOL\0") {
        Head::Index
    } else if at(0, b"SQLite format 3\0") {
        Head::Foreign(Form::GrypeDb)
    } else if at(16, &0xED0C_DAED_u32.to_le_bytes()) {
        // bbolt, `internal/common/meta.go`: the magic number behind the header of page 0.
        Head::Foreign(Form::TrivyDb)
    } else if at(257, b"ustar") {
        Head::Tar
    } else if plimsoll_archive::Compression::detect(head) != plimsoll_archive::Compression::None {
        Head::Compressed
    } else {
        Head::Unknown
    }
}

/// Finds the database in `file`, a file or a folder, unpacking into `work` what is packed. No more than `limit` bytes
/// come of it.
pub(crate) fn unpack(file: &Path, work: &Path, limit: u64) -> Result<Unpacked, FetchError> {
    let metadata = fs::metadata(file).map_err(reading(file))?;
    if metadata.is_dir() {
        return in_folder(file);
    }
    let limit = limit.min(inflated_limit(metadata.len()));
    let mut file = file.to_owned();
    for depth in 0..MAX_DEPTH {
        let head = read_head(&file)?;
        match head_of(&head) {
            Head::Index => return Ok(Unpacked::Index(file)),
            Head::Foreign(form) => {
                let metadata = beside(&file);
                return Ok(Unpacked::Foreign { form, database: file, metadata });
            }
            Head::Tar => {
                let source = File::open(&file).map_err(reading(&file))?;
                return from_tar(source, work, limit);
            }
            Head::Compressed => match inflate(&file, work, depth, limit)? {
                Inflated::Done(unpacked) => return Ok(unpacked),
                Inflated::File(next) => file = next,
            },
            Head::Unknown => {
                let reason =
                    "it is neither a trivy.db, nor a vulnerability.db, nor an index, nor an archive of one";
                return Err(FetchError::Form(reason.to_owned()));
            }
        }
    }
    Err(FetchError::Form(format!("it is packed more than {MAX_DEPTH} times")))
}

fn read_head(file: &Path) -> Result<Vec<u8>, FetchError> {
    let mut head = Vec::new();
    let source = File::open(file).map_err(reading(file))?;
    source.take(HEAD as u64).read_to_end(&mut head).map_err(reading(file))?;
    Ok(head)
}

/// The metadata beside a trivy.db.
fn beside(database: &Path) -> Option<PathBuf> {
    let path = database.with_file_name("metadata.json");
    path.is_file().then_some(path)
}

fn in_folder(folder: &Path) -> Result<Unpacked, FetchError> {
    let database = folder.join("trivy.db");
    if database.is_file() {
        let metadata = beside(&database);
        return Ok(Unpacked::Foreign { form: Form::TrivyDb, database, metadata });
    }
    let database = folder.join("vulnerability.db");
    if database.is_file() {
        return Ok(Unpacked::Foreign { form: Form::GrypeDb, database, metadata: None });
    }
    Err(FetchError::Form("the folder holds neither trivy.db nor vulnerability.db nor chunks".to_owned()))
}

/// Finds trivy-java-db's SQLite file in `path`: itself, in a folder, or in an archive, from which it is unpacked into `work`.
/// No more than `limit` bytes come of it. `None` when there is something else. Whether an SQLite file is one by its content is
/// not looked at here.
///
/// # Errors
///
/// When the file cannot be read or unpacked.
pub fn java_database(path: &Path, work: &Path, limit: u64) -> Result<Option<PathBuf>, FetchError> {
    let metadata = fs::metadata(path).map_err(reading(path))?;
    if metadata.is_dir() {
        return Ok(Some(path.join(JAVA_DATABASE)).filter(|path| path.is_file()));
    }
    let limit = limit.min(inflated_limit(metadata.len()));
    let unpack = |error| FetchError::Unpack(Box::new(error));
    let head = read_head(path)?;
    let file = File::open(path).map_err(reading(path))?;
    let source: Box<dyn Read> = match head_of(&head) {
        Head::Foreign(Form::GrypeDb) => return Ok(Some(path.to_owned())),
        Head::Tar => Box::new(file),
        Head::Compressed => {
            let mut decoder = Decoder::new(file).map_err(|error| FetchError::Unpack(Box::new(error)))?;
            let mut head = Vec::new();
            decoder
                .by_ref()
                .take(HEAD as u64)
                .read_to_end(&mut head)
                .map_err(|error| FetchError::Unpack(Box::new(error)))?;
            if !matches!(head_of(&head), Head::Tar) {
                return Ok(None);
            }
            Box::new(io::Cursor::new(head).chain(decoder))
        }
        Head::Index | Head::Foreign(Form::TrivyDb) | Head::Unknown => return Ok(None),
    };
    let mut reader = tar::Reader::new(source, None, limit);
    let mut found = None;
    // Read to its end, so that what is torn behind the database is not taken for whole.
    while let Some(entry) = reader.next_entry().map_err(unpack)? {
        if entry.kind != tar::Kind::File || entry.sparse {
            continue;
        }
        match path::file_name(reader.path()) {
            name if found.is_none() && name == JAVA_DATABASE.as_bytes() => {
                let path = work.join(JAVA_DATABASE);
                write_to(&mut reader.data(), &path, limit)?;
                found = Some(path);
            }
            // What comes first decides, so that a large archive is not unpacked twice.
            b"trivy.db" | b"vulnerability.db" => return Ok(None),
            _ => {}
        }
    }
    Ok(found)
}

enum Inflated {
    Done(Unpacked),
    File(PathBuf),
}

/// Inflates a compressed file: an archive is unpacked from the stream, anything else becomes a file.
fn inflate(file: &Path, work: &Path, depth: usize, limit: u64) -> Result<Inflated, FetchError> {
    let source = File::open(file).map_err(reading(file))?;
    let mut decoder = Decoder::new(source).map_err(|error| FetchError::Unpack(Box::new(error)))?;
    let mut head = Vec::new();
    decoder
        .by_ref()
        .take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|error| FetchError::Unpack(Box::new(error)))?;
    let is_tar = matches!(head_of(&head), Head::Tar);
    let mut stream = io::Cursor::new(head).chain(decoder);
    if is_tar {
        return from_tar(stream, work, limit).map(Inflated::Done);
    }
    let path = work.join(format!("inflated-{depth}"));
    write_to(&mut stream, &path, limit)?;
    Ok(Inflated::File(path))
}

/// Takes the database and what describes it out of a tar archive.
fn from_tar(source: impl Read, work: &Path, limit: u64) -> Result<Unpacked, FetchError> {
    let unpack = |error: tar::TarError| FetchError::Unpack(Box::new(error));
    let mut reader = tar::Reader::new(source, None, limit);
    let mut found: Option<(Option<Form>, PathBuf)> = None;
    let mut metadata = None;
    while let Some(entry) = reader.next_entry().map_err(unpack)? {
        if entry.kind != tar::Kind::File || entry.sparse {
            continue;
        }
        let name = path::file_name(reader.path()).to_vec();
        let form = match name.as_slice() {
            b"trivy.db" => Some(Form::TrivyDb),
            b"vulnerability.db" => Some(Form::GrypeDb),
            b"metadata.json" if entry.stored <= MAX_METADATA => {
                let bytes = reader.read_data().map_err(unpack)?;
                let path = work.join("metadata.json");
                fs::write(&path, bytes).map_err(writing(&path))?;
                metadata = Some(path);
                continue;
            }
            name if name.ends_with(b".index") => None,
            _ => continue,
        };
        if found.is_some() {
            return Err(FetchError::Form("the archive holds more than one database".to_owned()));
        }
        let path = work.join(form.map_or("database.index", |form| match form {
            Form::TrivyDb => "trivy.db",
            Form::GrypeDb => "vulnerability.db",
        }));
        write_to(&mut reader.data(), &path, limit)?;
        found = Some((form, path));
    }
    match found {
        Some((Some(form), database)) => Ok(Unpacked::Foreign { form, database, metadata }),
        Some((None, path)) => Ok(Unpacked::Index(path)),
        None => Err(FetchError::Form("the archive holds neither trivy.db nor vulnerability.db".to_owned())),
    }
}

/// Writes a stream to a new file.
fn write_to(source: &mut dyn Read, path: &Path, limit: u64) -> Result<(), FetchError> {
    let mut file = File::create(path).map_err(writing(path))?;
    let mut piece = vec![0; 256 << 10];
    let mut len = 0_u64;
    loop {
        let n = match source.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(FetchError::Unpack(Box::new(error))),
        };
        len = len.saturating_add(n as u64);
        if len > limit {
            return Err(FetchError::TooLarge { what: "what is packed in it".to_owned(), limit });
        }
        file.write_all(piece.get(..n).unwrap_or_default()).map_err(writing(path))?;
    }
}
