//! A database as a plain file on a web server: entity tags (RFC 9110, sections 8.8.3 and 13) and ranges.

use std::fs;
use std::path::Path;

use plimsoll_http::{Client, Response, Url};

use crate::download::{Download, Downloaded, Part, Progress, name_of, remove_others};
use crate::error::{FetchError, writing};

/// The longest entity tag that is kept.
const MAX_TAG: usize = 1024;

/// What a web server gave.
pub(crate) enum Fetched {
    /// What is at hand is still the newest.
    Unchanged,
    /// A file, with its entity tag, which is empty where there is none.
    File { downloaded: Downloaded, etag: String },
}

/// Downloads the file at `url` to `<folder>/<name>.part`, `name` being made of the URL. `known` is the entity tag of what is
/// at hand.
pub(crate) fn fetch(
    client: &Client,
    url: &Url,
    known: Option<&str>,
    folder: &Path,
    limit: u64,
    progress: Progress<'_>,
) -> Result<(std::path::PathBuf, Fetched), FetchError> {
    let name = name_of(&url.to_string());
    remove_others(folder, &name);
    let (path, tag_path) = (folder.join(format!("{name}.part")), folder.join(format!("{name}.etag")));
    let mut etag = String::new();
    let mut unchanged = false;
    let mut open = |position: u64| -> Result<Part<'static>, FetchError> {
        // Without a tag nothing says that the rest belongs to the beginning.
        let begun =
            fs::read_to_string(&tag_path).ok().filter(|tag| !tag.is_empty() && !tag.starts_with("W/"));
        let mut request = client.get(url.clone());
        match (&begun, known) {
            (Some(tag), _) if position > 0 => {
                request = request.header("Range", &format!("bytes={position}-")).header("If-Range", tag);
            }
            (_, Some(tag)) if !tag.is_empty() => request = request.header("If-None-Match", tag),
            _ => {}
        }
        let response = request.send()?;
        if response.status() == 304 && position == 0 {
            unchanged = true;
            return Ok(Part { start: 0, total: Some(0), reader: Box::new(std::io::empty()) });
        }
        // The server's file has become shorter than what is here: from the beginning.
        if response.status() == 416 {
            let _ = fs::remove_file(&tag_path);
            let response = client.get(url.clone()).send()?.success()?;
            return begin(response, &tag_path, &mut etag);
        }
        begin(response.success()?, &tag_path, &mut etag)
    };
    // What is left of an earlier download without its tag cannot be gone on with.
    if !tag_path.exists() {
        let _ = fs::remove_file(&path);
    }
    let download = Download { path: &path, size: None, digest: None, limit, progress };
    let downloaded = download.run(&mut open)?;
    if unchanged {
        return Ok((path, Fetched::Unchanged));
    }
    Ok((path, Fetched::File { downloaded, etag }))
}

fn begin(response: Response, tag_path: &Path, etag: &mut String) -> Result<Part<'static>, FetchError> {
    let tag = response.header("ETag").filter(|tag| tag.len() <= MAX_TAG).unwrap_or_default().to_owned();
    if let Some(folder) = tag_path.parent() {
        fs::create_dir_all(folder).map_err(writing(folder))?;
    }
    fs::write(tag_path, &tag).map_err(writing(tag_path))?;
    *etag = tag;
    let (start, total) = match response.status() {
        206 => response
            .header("Content-Range")
            .and_then(content_range)
            .ok_or_else(|| FetchError::Form("the server sends a part without saying which".to_owned()))?,
        _ => (0, response.length()),
    };
    Ok(Part { start, total, reader: Box::new(response.into_body()) })
}

/// The first byte and the whole length of `bytes 10-99/100`.
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}
