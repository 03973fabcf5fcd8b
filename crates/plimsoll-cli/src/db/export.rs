//! `plimsoll db export`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use plimsoll_db::{Index, ReadError};
use plimsoll_dbupdate::record_json;

use crate::args::Which;
use crate::exit::Exit;

/// What may go wrong while records are written.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] io::Error),
}

/// Prints all advisories, each as a line of JSON.
pub(super) fn export(which: &Which, output: Option<&Path>) -> anyhow::Result<Exit> {
    let (index, _) = super::open_which(which)?;
    match output {
        None => {
            let out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
            write(&index, out).context("cannot write to standard output")?;
        }
        Some(path) => {
            let failed = || format!("cannot write {}", path.display());
            let file = File::create(path).with_context(failed)?;
            write(&index, BufWriter::with_capacity(1 << 20, file)).with_context(failed)?;
        }
    }
    Ok(Exit::Success)
}

fn write(index: &Index, mut out: impl Write) -> Result<(), ExportError> {
    index.records(|record| -> Result<(), ExportError> {
        serde_json::to_writer(&mut out, &record_json(&record)).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
        Ok(())
    })?;
    Ok(out.flush()?)
}
