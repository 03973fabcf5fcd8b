//! Manifests as input of queries: single files, and those below a folder.

use std::path::{Path, PathBuf};

use anyhow::Context;
use plimsoll_query::Tables;
use plimsoll_query::manifests::{self, MAX_SIZE, is_name};

use crate::exit::message;

/// How deep folders are followed.
const MAX_DEPTH: usize = 32;
/// The most files that are read of a folder.
const MAX_FILES: usize = 20_000;

/// Adds the containers that are described in the file `path`, or in the files below the folder `path`.
///
/// # Errors
///
/// When the file cannot be read or holds no manifest. In a folder, a file that cannot be understood is a warning.
pub(super) fn read(path: &Path, tables: &mut Tables) -> anyhow::Result<()> {
    let named = path.display().to_string();
    if !path.is_dir() {
        let bytes = super::read(path, MAX_SIZE)?;
        let found = manifests::read(&named, &bytes, tables);
        let found = found.map_err(anyhow::Error::msg).with_context(|| format!("cannot read {named}"))?;
        anyhow::ensure!(
            found > 0,
            "{named} describes no containers: it is no Compose file and holds no workload of Kubernetes"
        );
        return Ok(());
    }
    let mut files = Vec::new();
    below(path, 0, &mut files)?;
    files.sort();
    let mut found = 0usize;
    for file in files {
        let name = file.display().to_string();
        let read = super::read(&file, MAX_SIZE)
            .and_then(|bytes| manifests::read(&name, &bytes, tables).map_err(anyhow::Error::msg));
        match read {
            Ok(containers) => found = found.saturating_add(containers),
            Err(error) => message("warning", &format!("{name} is left out: {error:#}")),
        }
    }
    if found == 0 {
        message("warning", &format!("no manifest below {named} describes a container"));
    }
    Ok(())
}

/// Collects the files below a folder that may be manifests. Links are not followed.
fn below(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let listing = || format!("cannot list {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(listing)? {
        let entry = entry.with_context(listing)?;
        let kind = entry.file_type().with_context(listing)?;
        if kind.is_dir() && depth < MAX_DEPTH {
            below(&entry.path(), depth + 1, files)?;
        } else if kind.is_file() && is_name(entry.file_name().as_encoded_bytes()) {
            anyhow::ensure!(
                files.len() < MAX_FILES,
                "more than {MAX_FILES} files below {}",
                folder.display()
            );
            files.push(entry.path());
        }
    }
    Ok(())
}
