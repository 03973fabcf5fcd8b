//! trivy-java-db (schema 1, SQLite: `artifacts`, `indices`; github.com/aquasecurity/trivy-java-db, `pkg/db`) becomes an index of jars.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use plimsoll_db::JarIndexBuilder;

use crate::{ImportError, sqlite};

/// What became of the rows of a trivy-java-db.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JavaCounts {
    /// How many files are in it.
    pub read: u64,
    /// How many of them are jars that can be kept.
    pub kept: u64,
}

/// Makes an index of a trivy-java-db file (`trivy-java.db`) and writes it to `out`, which should be buffered. What is held
/// meanwhile are 28 bytes for each jar, and each string once; 5 million jars take 290 MB and make an index of 141 MB.
///
/// # Errors
///
/// When the file is no such database or is damaged, or `out` fails.
pub fn java_index(path: &Path, out: &mut dyn Write) -> Result<JavaCounts, ImportError> {
    let failed =
        |source: rusqlite::Error| ImportError::Sqlite { path: path.to_owned(), source: Box::new(source) };
    std::fs::File::open(path).map_err(|source| ImportError::Open { path: path.to_owned(), source })?;
    let connection = sqlite::open(path).map_err(failed)?;
    let tables = sqlite::tables(&connection).map_err(failed)?;
    if !tables.contains("artifacts") || !tables.contains("indices") {
        let message = "it has no tables of artifacts".to_owned();
        return Err(ImportError::Schema { path: path.to_owned(), message });
    }
    let count =
        connection.query_row("SELECT max(rowid) FROM indices", [], |row| row.get::<_, Option<i64>>(0));
    let count = count.map_err(failed)?.and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    let mut counts = JavaCounts::default();
    let mut builder = JarIndexBuilder::with_capacity(count);
    let mut artifacts = HashMap::new();
    let mut statement =
        connection.prepare("SELECT id, group_id, artifact_id FROM artifacts").map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if let Ok(id) = row.get::<_, i64>(0)
            && let Some(number) = builder.artifact(sqlite::text(row, 1), sqlite::text(row, 2))
        {
            artifacts.insert(id, number);
        }
    }
    let mut statement = connection
        .prepare("SELECT sha1, artifact_id, version FROM indices WHERE archive_type = 'jar'")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        counts.read += 1;
        let sha1 = row.get_ref(0).ok().and_then(|value| value.as_blob().ok()).unwrap_or_default();
        let artifact = row.get::<_, i64>(1).ok().and_then(|id| artifacts.get(&id));
        let kept = artifact.is_some_and(|artifact| builder.jar(sha1, *artifact, sqlite::text(row, 2)));
        counts.kept += u64::from(kept);
    }
    builder.write(out).map_err(|source| ImportError::Write { path: path.to_owned(), source })?;
    Ok(counts)
}
