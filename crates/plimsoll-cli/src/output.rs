//! Where reports go: standard output and files. A file appears whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use plimsoll_report::Format;

use crate::exit::usage;

/// One report to be written.
pub(crate) struct Output {
    pub(crate) format: &'static Format,
    /// `None` for standard output.
    pub(crate) file: Option<PathBuf>,
}

/// Reads `--format` and `--output`: `FORMAT=FILE`, `FORMAT`, or `FILE` in the format that `--format` names.
pub(crate) fn outputs(format: Option<&str>, outputs: &[String]) -> anyhow::Result<Vec<Output>> {
    let named = |id: &str| {
        plimsoll_report::format(id).ok_or_else(|| {
            let ids: Vec<_> = plimsoll_report::FORMATS.iter().map(|format| format.id).collect();
            usage(format!("there is no report format '{id}'; there is {}", ids.join(", ")))
        })
    };
    let mut found: Vec<Output> = Vec::new();
    for output in outputs {
        found.push(match output.split_once('=') {
            Some((id, file)) if plimsoll_report::format(id).is_some() || !Path::new(output).exists() => {
                if file.is_empty() {
                    return Err(usage(format!("--output {output} names no file")));
                }
                Output { format: named(id)?, file: Some(file.into()) }
            }
            None if plimsoll_report::format(output).is_some() => {
                Output { format: named(output)?, file: None }
            }
            _ => Output { format: named(format.unwrap_or("table"))?, file: Some(output.into()) },
        });
    }
    if found.is_empty() {
        found.push(Output { format: named(format.unwrap_or("table"))?, file: None });
    }
    for (i, output) in found.iter().enumerate() {
        if found[..i].iter().any(|earlier| earlier.file == output.file) {
            let place =
                output.file.as_ref().map_or("standard output".into(), |file| file.display().to_string());
            return Err(usage(format!("two reports go to {place}")));
        }
    }
    Ok(found)
}

/// Writes to standard output.
pub(crate) fn standard(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context("cannot write to standard output")
}

/// Writes a file: beside it first, then in its place. What is no regular file (`/dev/null`, a pipe) is written to as
/// it is.
pub(crate) fn file(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> io::Result<()> {
        if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return File::options().write(true).open(path)?.write_all(bytes);
        }
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Made and written by hand: the errors would name the temporary file otherwise, which nobody knows.
        let create = |path: &Path| File::options().write(true).create_new(true).mode(0o666).open(path);
        let mut file = tempfile::Builder::new().prefix(".plimsoll-").make_in(folder, create)?;
        file.as_file_mut().write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
