//! Environment files of applications and of Compose: <https://docs.docker.com/compose/how-tos/environment-variables/env-file-syntax/>.
//! Names are judged, for most of such a file is no secret. Laravel's `APP_KEY` is `base64:…`.

use super::prelude::*;

pub(super) const KIND: FileKind =
    FileKind { id: "dotenv", title: "environment file", is, max_size: SMALL, find };

fn is(path: &[u8]) -> bool {
    let name = path::name(path);
    name == b".env"
        || name.starts_with(b".env.")
        || name.starts_with(b".env-")
        || (name.len() > 4 && name.ends_with(b".env"))
        || name == b".envrc"
        || name == b".flaskenv"
        || path::ends(path, "etc/environment")
        || (path::below(path, "etc/default") && !name.contains(&b'.'))
}

fn find(path: &[u8], bytes: &[u8], out: &mut Vec<Found>) {
    let mut sink = Sink::new(path, out);
    for line in Text::whole(bytes).lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line).trim();
        if line.bytes().starts_with(b"#") {
            continue;
        }
        let Some((name, value)) = line.split_once(b'=') else { continue };
        let name = name.trim();
        if name.is_empty() || !name.bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(b)) {
            continue;
        }
        sink.pair(CREDFILE, "dotenv", name, assigned(value.trim()));
    }
}

/// The value of a shell-like assignment: without quotes, without a comment behind it.
pub(super) fn assigned(value: Text<'_>) -> Text<'_> {
    if let Some(&quote @ (b'"' | b'\'')) = value.bytes().first() {
        let inner = value.from(1);
        return inner.part(0, ini::closing(inner, quote).unwrap_or(inner.len()));
    }
    value.find(" #").map_or(value, |at| value.part(0, at)).trim()
}
