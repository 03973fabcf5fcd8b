//! Reads advisory databases that already exist, so that they need not be built again from their sources: trivy-db (schema 2, a bbolt file) and Grype's
//! (model 6, SQLite). From trivy-java-db it makes an index of jars.
//!
//! Everything is handed out as it is read, one small piece at a time. A database of five million facts is imported in the memory of one page; whoever
//! takes the pieces decides what to keep. Several pieces may have the same source and identifier: they are parts of one advisory.

mod bolt;
mod constraint;
mod counts;
mod grype;
mod identify;
mod java;
mod sqlite;
mod trivy;

use std::fs::File;
use std::path::{Path, PathBuf};

use plimsoll_advisory::{Advisory, EpssScore, RepositoryCpes};
use plimsoll_archive::ReadAt as _;
use plimsoll_types::Lifecycle;

pub use bolt::{Bolt, BoltError, Bucket, Entry, Visit};
pub use counts::{Counts, PartCount};
pub use grype::{GRYPE_MODEL, grype_db};
pub use java::{JavaCounts, java_index};
pub use trivy::{DETAILS_SOURCE, Metadata, TRIVY_SCHEMA, trivy_db, trivy_db_from};

/// A piece of a database.
// It is taken apart at once and never kept in numbers: a box would be an allocation for each of millions.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An advisory or a part of one: what it says of one package, or its text without a package.
    Advisory(Advisory),
    /// How likely a vulnerability is to be exploited.
    Epss(EpssScore),
    /// How long a release is supported.
    Lifecycle(Lifecycle),
    /// The products to which a Red Hat repository or an image build belongs.
    Repository(RepositoryCpes),
}

/// Takes the pieces of a database.
pub type Take<'a> = dyn FnMut(Item) -> Result<(), Stop> + 'a;

/// Why the one who takes the pieces wants no more of them.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Stop(#[from] pub Box<dyn std::error::Error + Send + Sync>);

/// Why a database cannot be imported. The pieces that were handed out before are what it held up to there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be opened.
    #[error("cannot open the database '{}'", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is no bbolt database or a damaged one.
    #[error("cannot read the database '{}'", path.display())]
    Bolt {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: BoltError,
    },
    /// The file is no SQLite database or a damaged one.
    #[error("cannot read the database '{}'", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file is a sound database of another kind.
    #[error("'{}' is no advisory database: {message}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// What is missing.
        message: String,
    },
    /// What is made of the file cannot be written.
    #[error("cannot write what is made of the database '{}'", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The one who takes the pieces wants no more.
    #[error("the import was stopped")]
    Stopped(#[source] Stop),
}

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// trivy-db: bbolt.
    TrivyDb,
    /// Grype's: SQLite with handles and blobs.
    GrypeDb,
    /// trivy-java-db: SQLite with artifacts and their files' digests.
    JavaDb,
}

/// The kind of database that a file is, by its content; `None` when it is none or cannot be read.
pub fn recognise(path: &Path) -> Option<Kind> {
    let file = File::open(path).ok()?;
    if bolt::recognises(&file) {
        return Some(Kind::TrivyDb);
    }
    let mut head = [0; sqlite::MAGIC.len()];
    if file.read_at(&mut head, 0).ok()? < head.len() || head != sqlite::MAGIC {
        return None;
    }
    let tables = sqlite::tables(&sqlite::open(path).ok()?).ok()?;
    let has = |name: &str| tables.contains(name);
    match () {
        () if has("vulnerability_handles") && has("blobs") => Some(Kind::GrypeDb),
        () if has("artifacts") && has("indices") => Some(Kind::JavaDb),
        () => None,
    }
}
