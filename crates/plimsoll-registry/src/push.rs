//! The writing half of the OCI distribution specification v1.1 ("Push"): blobs in one piece, and manifests.

use plimsoll_archive::sha256;
use plimsoll_http::Scheme;
use plimsoll_types::Digest;

use crate::place::{Call, Verb};
use crate::registry::digest_of;
use crate::{Reference, Registry, RegistryError};

impl Registry {
    /// Whether the reference's repository has a blob. Mirrors are not asked.
    ///
    /// # Errors
    ///
    /// When the registry gives another answer than yes or no.
    pub fn blob_exists(&self, reference: &Reference, digest: &Digest) -> Result<bool, RegistryError> {
        let place = self.own_place(reference);
        match place.request(Verb::Head, &format!("blobs/{digest}"), &[], &format!("blob {digest}")) {
            Ok(_) => Ok(true),
            Err(RegistryError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Stores a blob in the reference's repository, in two steps: a place to send it to is asked for, then it is sent.
    ///
    /// # Errors
    ///
    /// When the registry does not take it.
    pub fn push_blob(
        &self,
        reference: &Reference,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<(), RegistryError> {
        let place = self.own_place(reference);
        let what = format!("blob {digest}");
        let begin = place.url("blobs/uploads/")?;
        let begun =
            place.exchange(&Call { verb: Verb::Post, url: &begin, headers: &[], body: &[] }, &what)?;
        let protocol = |reason: String| RegistryError::Protocol { url: begun.url().clone(), reason };
        let location = begun
            .header("Location")
            .ok_or_else(|| protocol("it does not say where a blob is to be sent to".to_owned()))?;
        let target = begun.url().join(location)?;
        if begin.scheme() == Scheme::Https && target.scheme() == Scheme::Http {
            return Err(protocol(format!("the blob is to be sent to {target}, which is not encrypted")));
        }
        let target = target.with_query(&[("digest", &digest.to_string())]);
        let headers = [("Content-Type", "application/octet-stream")];
        let done =
            place.exchange(&Call { verb: Verb::Put, url: &target, headers: &headers, body: bytes }, &what)?;
        expect_digest(&done, &what, digest)
    }

    /// Stores a manifest under the reference's tag or digest, and gives its digest. All that it names must be in the
    /// repository already.
    ///
    /// # Errors
    ///
    /// When the registry does not take it, or the reference has another digest.
    pub fn push_manifest(
        &self,
        reference: &Reference,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<Digest, RegistryError> {
        let place = self.own_place(reference);
        let what = format!("the manifest of {reference}");
        let url = place.url(&format!("manifests/{}", reference.manifest_id()))?;
        let digest = match reference.digest() {
            Some(expected) => {
                let actual = digest_of(expected.algorithm(), bytes);
                if actual != *expected {
                    let expected = expected.clone();
                    return Err(RegistryError::DigestMismatch { what, url, expected, actual });
                }
                actual
            }
            None => sha256(bytes),
        };
        let headers = [("Content-Type", media_type)];
        let done =
            place.exchange(&Call { verb: Verb::Put, url: &url, headers: &headers, body: bytes }, &what)?;
        expect_digest(&done, &what, &digest)?;
        Ok(digest)
    }
}

/// Holds the digest that a registry says of what it has stored against the right one.
fn expect_digest(
    response: &plimsoll_http::Response,
    what: &str,
    expected: &Digest,
) -> Result<(), RegistryError> {
    let said: Option<Digest> =
        response.header("Docker-Content-Digest").and_then(|digest| digest.parse().ok());
    match said {
        Some(actual) if actual.algorithm() == expected.algorithm() && actual != *expected => {
            Err(RegistryError::DigestMismatch {
                what: what.to_owned(),
                url: response.url().clone(),
                expected: expected.clone(),
                actual,
            })
        }
        _ => Ok(()),
    }
}
