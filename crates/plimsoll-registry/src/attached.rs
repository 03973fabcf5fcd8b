//! What is attached to a manifest: the referrers of the OCI distribution specification v1.1 ("Listing Referrers", with
//! the tag that stands in where a registry has no such list), and what lies under cosign's tags `.att`, `.sig` and `.sbom`.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_image::{ImageError, MAX_ATTACHED, attachment_tag, media};
use plimsoll_types::Digest;
use serde::Deserialize;

use crate::artifact::Artifact;
use crate::place::{Place, Verb};
use crate::registry::{MAX_DOCUMENT, fetch};
use crate::{Reference, Registry, RegistryError};

/// The artifact types under which cosign's tags are asked for.
const COSIGN_ATTESTATION: &str = "application/vnd.dsse.envelope.v1+json";
const COSIGN_SIGNATURE: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
const COSIGN_SBOM: &str = "application/vnd.dev.cosign.artifact.sbom.v1+json";

/// The most entries of a list of referrers.
const MAX_LISTED: usize = 10_000;
/// The most pages of a list of referrers.
const MAX_PAGES: usize = 16;

#[derive(Deserialize)]
struct RawIndex {
    manifests: Option<Vec<RawReferrer>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawReferrer {
    digest: String,
    artifact_type: Option<String>,
}

impl Registry {
    /// The artifacts attached to the manifest or index `digest` in the repository of `reference`, in the registry's
    /// order, and what lies under cosign's tags. `wanted` says by the artifact type, which may be empty, which of them are fetched.
    ///
    /// # Errors
    ///
    /// When the registry fails, or gives something that is no list or no artifact. That nothing is attached is none.
    pub fn attached(
        &self,
        reference: &Reference,
        digest: &Digest,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Artifact>, RegistryError> {
        self.at_each_place(reference, |place| at_place(place, digest, wanted))
    }
}

fn at_place(
    place: &Arc<Place>,
    digest: &Digest,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<Vec<Artifact>, RegistryError> {
    let tag = attachment_tag(digest);
    let listed = match referrers(place, digest)? {
        Some(listed) => listed,
        None => by_tag(place, &tag)?,
    };
    let mut artifacts = Vec::new();
    let mut seen = BTreeSet::new();
    for referrer in listed {
        if !wanted(referrer.artifact_type.as_deref().unwrap_or_default()) {
            continue;
        }
        let what = format!("what is attached to {digest}");
        let referrer: Digest = referrer
            .digest
            .parse()
            .map_err(|error| ImageError::Document { what: what.clone(), reason: format!("{error}") })?;
        if !seen.insert(referrer.clone()) {
            continue;
        }
        if artifacts.len() >= MAX_ATTACHED {
            let reason = format!("more than {MAX_ATTACHED} artifacts are attached");
            return Err(ImageError::Document { what, reason }.into());
        }
        let accept = media::OCI_MANIFEST;
        let fetched = fetch(place, &referrer.to_string(), Some(&referrer), &what, accept)?;
        artifacts.push(Artifact::parse(&fetched.bytes, fetched.digest, place, &what)?);
    }
    // Cosign's own way from before there were referrers, which registries still hold.
    for (ending, artifact_type, word) in [
        ("att", COSIGN_ATTESTATION, "attestations"),
        ("sig", COSIGN_SIGNATURE, "signatures"),
        ("sbom", COSIGN_SBOM, "bills of materials"),
    ] {
        if !wanted(artifact_type) {
            continue;
        }
        let what = format!("the {word} of {digest}");
        if let Some(fetched) =
            missing(fetch(place, &format!("{tag}.{ending}"), None, &what, media::OCI_MANIFEST))?
            && seen.insert(fetched.digest.clone())
        {
            artifacts.push(Artifact::parse(&fetched.bytes, fetched.digest, place, &what)?);
        }
    }
    Ok(artifacts)
}

/// The list that the registry keeps; `None` when it keeps none.
fn referrers(place: &Arc<Place>, digest: &Digest) -> Result<Option<Vec<RawReferrer>>, RegistryError> {
    let what = format!("the referrers of {digest}");
    let mut path = format!("referrers/{digest}");
    let mut listed = Vec::new();
    for _ in 0..MAX_PAGES {
        let response = match place.request(Verb::Get, &path, &[("Accept", media::OCI_INDEX)], &what) {
            Ok(response) => response,
            // Registries that do not know the request have several words for that.
            Err(RegistryError::NotFound { .. } | RegistryError::Status { status: 400..500, .. })
                if listed.is_empty() =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let is_index = response.header("Content-Type").is_some_and(|kind| kind.starts_with(media::OCI_INDEX));
        let next = response.header("Link").and_then(next_page);
        let bytes = response.bytes(MAX_DOCUMENT)?;
        if !is_index && listed.is_empty() {
            // A page for people, or whatever else stands at addresses that the registry does not know.
            return Ok(None);
        }
        listed.extend(index(&bytes, &what)?);
        match next {
            Some(next) if listed.len() < MAX_LISTED => path = format!("referrers/{digest}?{next}"),
            _ => return Ok(Some(listed)),
        }
    }
    Ok(Some(listed))
}

/// The query of the next page, from a `Link` header (RFC 8288). Its address is not followed: it is the same list.
fn next_page(link: &str) -> Option<String> {
    let (target, parameters) = link.split_once('>')?;
    if !parameters.contains("next") {
        return None;
    }
    let (_, query) = target.split_once('?')?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%=&:+".contains(&byte);
    (!query.is_empty() && query.bytes().all(plain)).then(|| query.to_owned())
}

/// The list under the tag that clients keep where a registry does not.
fn by_tag(place: &Arc<Place>, tag: &str) -> Result<Vec<RawReferrer>, RegistryError> {
    let what = format!("the referrers under {tag}");
    match missing(fetch(place, tag, None, &what, media::OCI_INDEX))? {
        Some(fetched) => index(&fetched.bytes, &what),
        None => Ok(Vec::new()),
    }
}

fn index(bytes: &[u8], what: &str) -> Result<Vec<RawReferrer>, RegistryError> {
    let raw: RawIndex = serde_json::from_slice(bytes)
        .map_err(|error| ImageError::Document { what: what.to_owned(), reason: error.to_string() })?;
    let listed = raw.manifests.unwrap_or_default();
    if listed.len() > MAX_LISTED {
        let reason = format!("more than {MAX_LISTED} entries");
        return Err(ImageError::Document { what: what.to_owned(), reason }.into());
    }
    Ok(listed)
}

/// What is there, or nothing.
fn missing<T>(outcome: Result<T, RegistryError>) -> Result<Option<T>, RegistryError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(RegistryError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
