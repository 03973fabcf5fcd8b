//! `plimsoll db push`.

use anyhow::Context;
use plimsoll_dbupdate::{Layout, RegistrySink};
use plimsoll_http::ClientConfig;
use plimsoll_registry::Reference;
use plimsoll_types::Timestamp;

use super::update::{share, size};
use crate::args::Push;
use crate::exit::{Exit, usage};
use crate::output;
use crate::registry::Access;

/// The prefix of a folder.
const FOLDER: &str = "oci:";

/// Publishes a database in chunks.
pub(super) fn push(arguments: &Push) -> anyhow::Result<Exit> {
    let (index, info) = super::open_which(&arguments.which)?;
    let next_update = arguments.valid_for.map(|time| {
        let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Timestamp::from_seconds(super::now().seconds().saturating_add(seconds))
    });
    let failed = || format!("{} was not published", info.name);
    let report = if let Some(folder) = arguments.target.strip_prefix(FOLDER) {
        if folder.is_empty() {
            return Err(usage("the target 'oci:' names no folder"));
        }
        plimsoll_dbupdate::push(&index, next_update, &mut Layout::new(folder.as_ref()))
            .with_context(failed)?
    } else {
        let reference: Reference = arguments.target.parse().map_err(|error| usage(format!("{error}")))?;
        let access = Access::new(arguments.network.clone())?;
        let registry = access.registry_with(access.client(ClientConfig::default())?)?;
        let mut sink = RegistrySink { registry: &registry, reference: &reference };
        plimsoll_dbupdate::push(&index, next_update, &mut sink).with_context(failed)?
    };
    let text = format!(
        "published {} as {}\nsent      {}, {} of {} chunks, {} % of {}\n",
        arguments.target,
        report.digest,
        size(report.moved_bytes),
        report.moved_chunks,
        report.chunks,
        share(report.moved_bytes, report.bytes),
        size(report.bytes)
    );
    output::standard(text.as_bytes())?;
    Ok(Exit::Success)
}
