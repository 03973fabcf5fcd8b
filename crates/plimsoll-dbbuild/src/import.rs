//! Compiles a database of another scanner into an index, piece by piece: a database of millions of facts is never held as
//! advisories.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use plimsoll_db::{Extras, WriteError, WriteOptions};
use plimsoll_dbimport::{Counts, ImportError as ReadError, Item, Kind, Stop};
use plimsoll_types::Timestamp;

use crate::assemble::Assembler;
use crate::merge;
use crate::report::{BuildReport, Drops};

/// Why a database cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is of no kind that is known.
    #[error("'{}' is no database of another scanner that is known", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The index cannot be compiled or written.
    #[error("cannot compile the advisory database")]
    Write(#[from] WriteError),
    /// The file of the index cannot be made.
    #[error("cannot write '{}'", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Compiles the database at `database` and writes the index to `output`, a new file. `built` is the time that the index
/// states as its own.
///
/// # Errors
///
/// When the database is of no known kind, cannot be read to its end, or the index cannot be written. Records that cannot be
/// read are no error: they are counted.
pub fn import(
    database: &Path,
    output: &Path,
    built: Option<Timestamp>,
) -> Result<(BuildReport, Counts), ImportError> {
    let kind = plimsoll_dbimport::recognise(database);
    let kind = kind.ok_or_else(|| ImportError::Unknown { path: database.to_owned() })?;
    let unwritable = |source| ImportError::Output { path: output.to_owned(), source };
    let file = BufWriter::with_capacity(1 << 20, File::create(output).map_err(unwritable)?);
    let mut assembler = Assembler::new(file, WriteOptions { built, digest: true })?;
    let (mut drops, mut extras) = (Drops::default(), Extras::default());
    // An error of the index passes through the reader, which knows nothing of it.
    let mut failed: Option<WriteError> = None;
    let mut take = |item: Item| {
        match item {
            Item::Advisory(advisory) => {
                if assembler.admits(&advisory) {
                    let source = advisory.source.clone();
                    let record = merge::record(advisory, &mut drops);
                    if let Err(error) = assembler.record(&source, record) {
                        failed = Some(error);
                        return Err(Stop("the index cannot be written".into()));
                    }
                }
            }
            Item::Epss(score) => extras.epss.push((score.cve, score.epss)),
            Item::Lifecycle(lifecycle) => extras.lifecycles.push(lifecycle),
            Item::Repository(found) => extras.repositories.push((found.repository, found.cpes)),
        }
        Ok(())
    };
    let outcome = match kind {
        Kind::TrivyDb => plimsoll_dbimport::trivy_db(database, &mut take),
        Kind::GrypeDb => plimsoll_dbimport::grype_db(database, &mut take),
        // It names jars, not vulnerabilities.
        Kind::JavaDb => return Err(ImportError::Unknown { path: database.to_owned() }),
    };
    if let Some(error) = failed {
        return Err(error.into());
    }
    let counts = outcome?;
    let mut report = BuildReport::default();
    let mut file = assembler.finish(extras, drops, &mut report)?;
    file.flush().map_err(unwritable)?;
    report.bytes = std::fs::metadata(output).map(|metadata| metadata.len()).unwrap_or_default();
    Ok((report, counts))
}
