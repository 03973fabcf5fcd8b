//! The index by which jars without coordinates of their own are named. It is never fetched unasked, and a scan does without.

use std::path::{Path, PathBuf};

use anyhow::Context;
use plimsoll_db::{Installation, JAR_INDEX_FORMAT, JarIndex, JarIndexError};
use plimsoll_dbimport::Kind;
use plimsoll_dbupdate::{FetchError, Limits};

use crate::args::Scan;
use crate::exit::{self, Exit, usage};
use crate::output;

/// Where the index of jars is installed.
fn installed(cache_dir: Option<&Path>) -> Option<PathBuf> {
    Some(super::folder(cache_dir)?.join(format!("jars-v{JAR_INDEX_FORMAT}.index")))
}

/// The installed index of jars, in as far as there is one: where it is, and the index or what is wrong with it.
pub(super) fn open(cache_dir: Option<&Path>) -> Option<(PathBuf, Result<JarIndex, JarIndexError>)> {
    let path = installed(cache_dir).filter(|path| path.exists())?;
    let index = JarIndex::open(&path);
    Some((path, index))
}

/// The index of jars for a scan. One that is damaged is told of, and the scan goes on without.
pub(crate) fn for_scan(scan: &Scan) -> Option<JarIndex> {
    let (path, index) = open(scan.cache_dir.as_deref())?;
    if let (Err(error), false) = (&index, scan.quiet) {
        let error = format!("'{}' is not used, and jars are named without it: {error}", path.display());
        exit::message("warning", &error);
    }
    index.ok()
}

/// Installs the index of a trivy-java-db, if `path` is or holds one: else there is nothing to say.
pub(super) fn import(path: &Path, cache_dir: Option<&Path>, quiet: bool) -> anyhow::Result<Option<Exit>> {
    let place = installed(cache_dir)
        .ok_or_else(|| usage("there is no place for the database: neither --cache-dir nor HOME is set"))?;
    let failed = "the index of jars was not imported";
    let folder = place.parent().unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder '{}'", folder.display()))?;
    // Beside its place, where there is room for databases, not among the temporary files.
    let work = tempfile::Builder::new().prefix(".jars-").tempdir_in(folder);
    let work = work.with_context(|| format!("cannot write to '{}'", folder.display()))?;
    let database = match plimsoll_dbupdate::java_database(path, work.path(), Limits::default().unpacked) {
        Ok(Some(database)) => database,
        Err(error @ (FetchError::Write { .. } | FetchError::TooLarge { .. })) => {
            return Err(anyhow::Error::new(error).context(failed));
        }
        // What cannot be read at all is told by those who import everything else.
        Ok(None) | Err(_) => return Ok(None),
    };
    if plimsoll_dbimport::recognise(&database) != Some(Kind::JavaDb) {
        return Ok(None);
    }
    let mut installation = Installation::create(&place).context(failed)?;
    let counts = plimsoll_dbimport::java_index(&database, &mut installation).context(failed)?;
    if counts.kept == 0 {
        return Err(anyhow::anyhow!("there are no jars in '{}'", path.display()).context(failed));
    }
    installation.finish().context(failed)?;
    if !quiet {
        let text = format!("imported    {} jars\ninto        {}\n", counts.kept, place.display());
        output::standard(text.as_bytes())?;
    }
    Ok(Some(Exit::Success))
}
