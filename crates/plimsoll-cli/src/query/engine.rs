//! A live engine, asked by the Docker Engine API over its Unix socket: what it says of itself, of its containers and its images.
//! Podman answers the same calls. Nothing is changed, nothing is started.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use plimsoll_http::{UnixClient, UnixError};
use plimsoll_query::Tables;
use plimsoll_query::inspect::{self, Origin};
use serde::Deserialize;

use crate::exit::usage;

/// How long the engine may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long it may take for all of them.
const TIME: Duration = Duration::from_secs(120);

/// The most bytes of an answer.
const MAX_ANSWER: usize = 64 << 20;

/// The most containers, and the most images, that are asked about.
const MOST: usize = 10_000;

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "Id")]
    id: String,
}

/// Fills the tables from the engine behind a socket.
pub(super) fn read(socket: &str, tables: &mut Tables) -> anyhow::Result<()> {
    let path = match socket.split_once("://") {
        Some(("unix", path)) => path,
        None => socket,
        Some(_) => {
            return Err(usage(format!("--engine {socket}: expected unix:// and the path of a socket")));
        }
    };
    if path.is_empty() {
        return Err(usage("--engine names no socket"));
    }
    let client = UnixClient::new(Path::new(path), TIMEOUT, MAX_ANSWER);
    let start = Instant::now();
    let mut add = |bytes: &[u8], what: &str| {
        inspect::read(bytes, Origin::Engine, tables)
            .with_context(|| format!("what the engine says of {what}"))
    };
    add(&client.get("/info")?, "itself")?;
    for (list, of) in [("/containers/json?all=1", "containers"), ("/images/json", "images")] {
        let entries: Vec<Entry> = serde_json::from_slice(&client.get(list)?)
            .with_context(|| format!("the engine's list of {of} cannot be read"))?;
        anyhow::ensure!(entries.len() <= MOST, "the engine has more than {MOST} {of}");
        for entry in entries {
            anyhow::ensure!(start.elapsed() < TIME, "the engine took longer than {TIME:?}");
            // The id goes into a path.
            let sound = |byte: u8| byte.is_ascii_alphanumeric() || byte == b':';
            anyhow::ensure!(
                !entry.id.is_empty() && entry.id.bytes().all(sound),
                "the engine's list of {of} has an id that is none"
            );
            match client.get(&format!("/{of}/{}/json", entry.id)) {
                Ok(bytes) => add(&bytes, &entry.id)?,
                // Gone since it was listed.
                Err(UnixError::Status { status: 404, .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
