//! Reads the package database of rpm from bytes in memory, in the three forms rpm has written since 1999: Berkeley DB
//! (`Packages`), NDB (`Packages.db`) and SQLite (`rpmdb.sqlite`). Formats: the SQLite database file format
//! (sqlite.org/fileformat2.html), rpm's `rpmpkg` NDB format, the Berkeley DB hash access method (versions 8 to 10), and
//! the header structure of the RPM package format.
//!
//! The bytes are hostile: every length is checked, every page is read once, and sizes and counts have limits. What
//! cannot be read is named in [`Database::problems`], beside all the packages that can.

mod bdb;
mod header;
mod ndb;
mod number;
mod package;
mod sqlite;

pub use header::MAX_HEADER_BYTES;
pub use package::{DigestAlgorithm, RpmFile, RpmPackage, SourcePackage};

use header::Header;
use std::fmt;
use std::ops::ControlFlow;

/// Most packages read from one database.
pub const MAX_PACKAGES: usize = 1_000_000;

/// Most files of all packages of one database.
pub const MAX_FILES: usize = 8_000_000;

/// Most bytes of full file paths of all packages of one database.
pub const MAX_PATH_BYTES: u64 = 1 << 30;

/// Most problems named one by one.
pub const MAX_PROBLEMS: usize = 1_000;

/// The form of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `rpmdb.sqlite`, of rpm 4.16 and later.
    Sqlite,
    /// `Packages.db`, of SUSE distributions.
    Ndb,
    /// `Packages`, of rpm before 4.16.
    BerkeleyDb,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Sqlite => "SQLite",
            Format::Ndb => "NDB",
            Format::BerkeleyDb => "Berkeley DB",
        })
    }
}

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// The form it was read from.
    pub format: Format,
    /// The installed packages, by their number in the database.
    pub packages: Vec<RpmPackage>,
    /// The public keys that rpm keeps as pseudo-packages (`gpg-pubkey`), by their number in the database.
    pub public_keys: Vec<RpmPackage>,
    /// What could not be read, in the order of the file. The list of packages may be incomplete if there are any.
    pub problems: Vec<Problem>,
}

/// A part of a database that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which part: `package 12`, `page 7`, ...
    pub entry: String,
    /// Why.
    pub reason: String,
}

/// Why a database could not be read at all.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RpmDbError {
    /// The bytes are none of the three forms.
    #[error("not an rpm database: neither SQLite, NDB nor a Berkeley DB hash")]
    UnknownFormat,
    /// A version or an option of the form that rpm does not use.
    #[error("unsupported {format} database: {reason}")]
    Unsupported {
        /// The form.
        format: Format,
        /// What is not supported.
        reason: String,
    },
    /// What describes the whole file is wrong, so nothing of it can be found.
    #[error("malformed {format} database: {reason}")]
    Malformed {
        /// The form.
        format: Format,
        /// What is wrong.
        reason: String,
    },
}

/// The form of a database, by its first bytes.
pub fn detect(bytes: &[u8]) -> Option<Format> {
    if sqlite::detect(bytes) {
        Some(Format::Sqlite)
    } else if ndb::detect(bytes) {
        Some(Format::Ndb)
    } else if bdb::detect(bytes) {
        Some(Format::BerkeleyDb)
    } else {
        None
    }
}

/// Where systems keep their database, from the root without a leading slash, in each of its forms.
pub const PATHS: &[&str] = &[
    "usr/lib/sysimage/rpm/Packages",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/share/rpm/Packages",
    "usr/share/rpm/Packages.db",
    "usr/share/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages",
    "var/lib/rpm/Packages.db",
    "var/lib/rpm/rpmdb.sqlite",
];

/// The ending of the file beside `rpmdb.sqlite` that holds what is not yet in it.
pub const WRITE_AHEAD_LOG: &str = "-wal";

/// Reads a database. `wal` is the content of the `rpmdb.sqlite-wal` file beside it, if there is one; what was committed
/// to it and is not yet in `bytes` counts. It is ignored for the other forms.
///
/// # Errors
///
/// When the form is unknown or what describes the whole file is broken. A broken entry or page is not an error but one
/// of [`Database::problems`], and the rest is read.
pub fn read(bytes: &[u8], wal: Option<&[u8]>) -> Result<Database, RpmDbError> {
    let format = detect(bytes).ok_or(RpmDbError::UnknownFormat)?;
    let mut collector = Collector::default();
    match format {
        Format::Sqlite => sqlite::read(bytes, wal.unwrap_or_default(), &mut collector)?,
        Format::Ndb => ndb::read(bytes, &mut collector)?,
        Format::BerkeleyDb => bdb::read(bytes, &mut collector)?,
    }
    Ok(collector.finish(format))
}

/// Takes header blobs and problems from the readers of the three forms, and keeps the limits.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    packages: Vec<RpmPackage>,
    public_keys: Vec<RpmPackage>,
    problems: Vec<Problem>,
    unnamed_problems: usize,
    files: usize,
    path_bytes: u64,
}

impl Collector {
    /// Adds the package of a header blob; breaks when a limit is reached.
    pub(crate) fn header(&mut self, instance: i64, blob: &[u8]) -> ControlFlow<()> {
        let package =
            Header::parse(blob).and_then(|header| Ok((RpmPackage::from_header(instance, &header)?, header)));
        let (mut package, header) = match package {
            Ok(parsed) => parsed,
            Err(error) => {
                self.problem(format_args!("package {instance}"), error);
                return ControlFlow::Continue(());
            }
        };
        if let Err(error) = package.read_files(&header) {
            self.problem(
                format_args!("package {instance}"),
                format_args!("the file list of {} is left out: {error}", package.name),
            );
        }
        self.files = self.files.saturating_add(package.file_count());
        self.path_bytes = self.path_bytes.saturating_add(package.path_bytes());
        if self.packages.len() + self.public_keys.len() >= MAX_PACKAGES
            || self.files > MAX_FILES
            || self.path_bytes > MAX_PATH_BYTES
        {
            self.problem(
                format_args!("package {instance}"),
                format_args!(
                    "reading stopped: more than {MAX_PACKAGES} packages, {MAX_FILES} files \
                     or {MAX_PATH_BYTES} bytes of paths"
                ),
            );
            return ControlFlow::Break(());
        }
        if package.is_public_key() {
            self.public_keys.push(package);
        } else {
            self.packages.push(package);
        }
        ControlFlow::Continue(())
    }

    pub(crate) fn problem(&mut self, entry: impl fmt::Display, reason: impl fmt::Display) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem { entry: entry.to_string(), reason: reason.to_string() });
        } else {
            self.unnamed_problems += 1;
        }
    }

    fn finish(mut self, format: Format) -> Database {
        if self.unnamed_problems > 0 {
            self.problems.push(Problem {
                entry: "database".to_owned(),
                reason: format!("{} further problems are not named", self.unnamed_problems),
            });
        }
        // A hash has no order of its own; a stable sort keeps two entries of one number in the file's order.
        self.packages.sort_by_key(|package| package.instance);
        self.public_keys.sort_by_key(|package| package.instance);
        Database { format, packages: self.packages, public_keys: self.public_keys, problems: self.problems }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_past_the_limit_are_counted() {
        let mut collector = Collector::default();
        for page in 0..MAX_PROBLEMS + 2 {
            collector.problem(format_args!("page {page}"), "broken");
        }
        let database = collector.finish(Format::Ndb);
        assert_eq!(database.problems.len(), MAX_PROBLEMS + 1);
        assert_eq!(database.problems[MAX_PROBLEMS].reason, "2 further problems are not named");
    }

    #[test]
    fn other_bytes_are_unknown() {
        for bytes in [&b""[..], b"SQLite format 2\0", b"RpmX", &[0; 512]] {
            assert_eq!(read(bytes, None).unwrap_err(), RpmDbError::UnknownFormat);
        }
    }
}
