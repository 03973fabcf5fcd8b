//! Opening SQLite databases that others made: read-only, and with as little as possible of what SQLite can do.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use plimsoll_advisory::sources::text::date;
use plimsoll_types::Timestamp;

/// What every SQLite file begins with.
pub(crate) const MAGIC: &[u8] = b"SQLite format 3\0";

/// The longest text or blob.
const MAX_VALUE: i32 = 16 << 20;
/// The longest statement; the schema's own are statements too.
const MAX_STATEMENT: i32 = 64 << 10;

/// Opens a database. Nothing is written beside it, not even a lock: it must not change while it is read.
pub(crate) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(*byte))
            }
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, MAX_STATEMENT)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    // A schema may bring views and triggers; what is asked for here are tables.
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -32768;
         PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;",
    )?;
    Ok(connection)
}

/// The names of the tables: real ones, with rows of their own.
pub(crate) fn tables(connection: &Connection) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' LIMIT 1000",
    )?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    names.collect()
}

/// The text of a column; empty when it is null or no text.
pub(crate) fn text<'a>(row: &'a Row<'_>, column: usize) -> &'a str {
    match row.get_ref(column) {
        Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).unwrap_or_default(),
        _ => "",
    }
}

/// The time in a column: text in one of the forms that Go's drivers write (`2023-06-08 19:15:09.53+00:00`), or seconds.
pub(crate) fn time(row: &Row<'_>, column: usize) -> Option<Timestamp> {
    match row.get_ref(column) {
        Ok(ValueRef::Integer(seconds)) => {
            Some(Timestamp::from_seconds(seconds)).filter(|time| time.seconds() > 0)
        }
        Ok(ValueRef::Text(_)) => time_of(text(row, column)),
        _ => None,
    }
}

/// The time that a text states.
pub(crate) fn time_of(text: &str) -> Option<Timestamp> {
    // `2023-06-08 19:15:09 +0000 UTC` is how Go prints a time.
    let text = text.trim().trim_end_matches(" +0000 UTC");
    date(Some(&text.replacen(' ', "T", 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (text, expected) in [
            ("2023-06-08 19:15:09.53+00:00", Some("2023-06-08T19:15:09Z")),
            ("2023-06-08T19:15:09Z", Some("2023-06-08T19:15:09Z")),
            ("2023-06-08 21:15:09+02:00", Some("2023-06-08T19:15:09Z")),
            ("2023-06-08 19:15:09 +0000 UTC", Some("2023-06-08T19:15:09Z")),
            ("2023-06-08", Some("2023-06-08T00:00:00Z")),
            ("0001-01-01 00:00:00+00:00", None),
            ("", None),
        ] {
            assert_eq!(time_of(text).map(|time| time.to_string()).as_deref(), expected, "{text}");
        }
    }
}
