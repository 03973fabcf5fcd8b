//! Compiles a database of another scanner into an index, piece by piece: a database of millions of facts is never held as
//! advisories.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{channel, sync_channel};

use plimsoll_db::{Extras, Record, WriteError, WriteOptions};
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

/// How many advisories travel from the reader to the index at a time.
const BATCH: usize = 256;

/// What became of an advisory that was read.
struct Part {
    source: String,
    withdrawn: bool,
    record: Option<Record>,
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
    let read = std::thread::scope(|scope| {
        // One thread reads and makes records, one puts them into the index: both are about the same work.
        let (sender, receiver) = sync_channel::<Vec<Part>>(4);
        // What is done with goes back: memory given back by another thread than the one that took it makes the two wait for
        // each other, and the builder has more to do.
        let (spent, back) = channel::<Vec<Part>>();
        let assembler = &mut assembler;
        let builder = scope.spawn(move || -> Result<(), WriteError> {
            for batch in receiver {
                for Part { source, withdrawn, record } in &batch {
                    assembler.read(source, *withdrawn);
                    if !withdrawn {
                        assembler.record(source, record.as_ref())?;
                    }
                }
                // Should nobody take it back, it ends here.
                let _ = spent.send(batch);
            }
            Ok(())
        });
        let mut batch: Vec<Part> = Vec::with_capacity(BATCH);
        // An error of the index ends the other thread, and then nobody listens.
        let gone = |_| Stop("the index cannot be written".into());
        let mut take = |item: Item| {
            match item {
                Item::Advisory(advisory) => {
                    let (source, withdrawn) = (advisory.source.clone(), advisory.withdrawn.is_some());
                    let record = if withdrawn { None } else { merge::record(advisory, &mut drops) };
                    batch.push(Part { source, withdrawn, record });
                    if batch.len() == BATCH {
                        let mut next = back.try_iter().last().unwrap_or_default();
                        next.clear();
                        let full = std::mem::replace(&mut batch, next);
                        sender.send(full).map_err(gone)?;
                    }
                }
                Item::Epss(score) => extras.epss.push((score.cve, score.epss)),
                Item::Lifecycle(lifecycle) => extras.lifecycles.push(lifecycle),
                Item::Repository(found) => extras.repositories.push((found.repository, found.cpes)),
            }
            Ok(())
        };
        let read = match kind {
            Kind::TrivyDb => plimsoll_dbimport::trivy_db(database, &mut take),
            Kind::GrypeDb => plimsoll_dbimport::grype_db(database, &mut take),
            // It names jars, not vulnerabilities.
            Kind::JavaDb => return Err(ImportError::Unknown { path: database.to_owned() }),
        };
        // Nobody listens only when the other thread has failed, which joining it reports.
        let _ = sender.send(batch);
        drop(sender);
        match builder.join() {
            Ok(built) => built?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(read?)
    });
    let counts = read?;
    // What the database says of a release comes before what is built in.
    extras.lifecycles.extend(plimsoll_advisory::lifecycles());
    let mut report = BuildReport::default();
    let mut file = assembler.finish(extras, drops, &mut report)?;
    file.flush().map_err(unwritable)?;
    report.bytes = std::fs::metadata(output).map(|metadata| metadata.len()).unwrap_or_default();
    Ok((report, counts))
}
