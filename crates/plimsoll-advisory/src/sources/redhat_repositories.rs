//! Red Hat's `repository-to-cpe.json`: the products to which each repository (content set) belongs.
//! Red Hat Security Data Guidelines, "CPE": `{"data": {"<repository>": {"cpes": ["cpe:/…"], …}, …}}`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{RefusalReason, Sink, SourceError, SourceSpec, text};
use crate::RepositoryCpes;
use crate::json::{self, or_default};

/// Red Hat's map from repositories to products.
pub(super) const SPEC: SourceSpec = SourceSpec {
    id: "redhat-repositories",
    title: "Red Hat repositories",
    description: "Red Hat's map from repositories (content sets) to the CPEs of products.",
    recognises,
    parse,
};

/// The most CPEs of one repository.
const MAX_CPES: usize = 1_000;

#[derive(Deserialize)]
struct Map {
    data: BTreeMap<String, Entry>,
}

#[derive(Default, Deserialize)]
struct Entry {
    #[serde(default, deserialize_with = "or_default")]
    cpes: Vec<String>,
}

fn recognises(path: &str, head: &[u8]) -> bool {
    let has = |needle: &str| head.windows(needle.len()).any(|window| window == needle.as_bytes());
    super::has_extension(path, &["json"])
        && has("\"data\"")
        && (path.rsplit('/').next() == Some("repository-to-cpe.json")
            || (has("\"cpes\"") && has("\"cpe:/") && has("-rpms\"")))
}

fn parse(path: &str, bytes: &[u8], out: &mut Sink) -> Result<(), SourceError> {
    let map: Map = json::parse(path, bytes)?;
    for (repository, entry) in map.data {
        if !text::is_name(&repository) {
            out.refuse(path, &repository, RefusalReason::Malformed, "the repository's name is not a name");
            continue;
        }
        if entry.cpes.len() > MAX_CPES {
            out.refuse(path, &repository, RefusalReason::TooLarge, &format!("{} CPEs", entry.cpes.len()));
            continue;
        }
        if let Some(cpe) = entry.cpes.iter().find(|cpe| !cpe.starts_with("cpe:/") || !text::is_name(cpe)) {
            out.refuse(path, &repository, RefusalReason::Malformed, &format!("'{cpe}' is no CPE"));
            continue;
        }
        if entry.cpes.is_empty() {
            out.refuse(path, &repository, RefusalReason::NothingAffected, "no product");
            continue;
        }
        let cpes = text::unique(entry.cpes);
        out.keep_repository(RepositoryCpes { repository, cpes });
    }
    Ok(())
}
