//! Log-ins as browsers and password managers export them: comma-separated values (RFC 4180) with a heading, one of whose columns is the
//! password and another the site or the user.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "csv-logins", title: "exported log-ins", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    path.ends_with(b".csv") || path.ends_with(b".CSV")
}

/// Columns of passwords: of Chrome, Firefox, Safari, Bitwarden, LastPass, KeePass, 1Password.
const PASSWORDS: &[&str] = &["password", "passwd", "passphrase", "login_password"];

/// Columns that say what for.
const SITES: &[&str] =
    &["url", "login_uri", "web site", "website", "hostname", "host", "title", "name", "account"];

/// Columns that say whose.
const USERS: &[&str] = &["username", "user", "user name", "login_username", "login name", "login", "email"];

/// The most columns and rows that are looked at.
const MAX_COLUMNS: usize = 64;
const MAX_ROWS: usize = 5_000;

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let text = Text::whole(bytes);
    let (heading, mut at) = row(text, 0);
    // The better name first: a site's address says more than its title.
    let column = |names: &[&str]| names.iter().find_map(|name| heading.iter().position(|cell| cell.is(name)));
    let Some(password) = column(PASSWORDS) else { return };
    let (site, user) = (column(SITES), column(USERS));
    // A table with passwords and nothing that they are for is something else.
    if user.is_none() && site.is_none() {
        return;
    }
    let mut sink = Sink::new(path, out);
    for _ in 0..MAX_ROWS {
        if at >= text.len() {
            break;
        }
        let (cells, next) = row(text, at);
        at = next;
        let Some(value) = cells.get(password).filter(|value| values::plausible(value.bytes())) else {
            continue;
        };
        let cell = |column: Option<usize>| column.and_then(|column| cells.get(column)).copied();
        let message = format!("the password{}{} in a table", of_user(cell(user)), for_host(cell(site)));
        sink.secret(CREDFILE, "csv-password", *value, message);
    }
}

/// The cells of the row at `start`, and where the next begins.
fn row(text: Text<'_>, start: usize) -> (Vec<Text<'_>>, usize) {
    let bytes = text.bytes();
    let mut cells = Vec::new();
    let mut at = start;
    loop {
        let quoted = bytes.get(at) == Some(&b'"');
        let from = if quoted { at + 1 } else { at };
        let mut end = from;
        if quoted {
            // Two quotes are one.
            while let Some(quote) = memchr::memchr(b'"', bytes.get(end..).unwrap_or_default()) {
                end += quote;
                if bytes.get(end + 1) != Some(&b'"') {
                    break;
                }
                end += 2;
            }
            if bytes.get(end) != Some(&b'"') {
                end = bytes.len();
            }
        }
        let rest = bytes.get(end..).unwrap_or_default();
        let stop = memchr::memchr2(b',', b'\n', rest).map_or(bytes.len(), |stop| end + stop);
        if cells.len() < MAX_COLUMNS {
            cells.push(text.part(from, if quoted { end } else { stop }).trim());
        }
        if bytes.get(stop) != Some(&b',') {
            return (cells, stop.saturating_add(1));
        }
        at = stop + 1;
    }
}
