//! Why something cannot be had from a registry, or put into it.

use plimsoll_http::{HttpError, Url};
use plimsoll_image::ImageError;
use plimsoll_types::Digest;

use crate::ReferenceError;

/// Why an image cannot be had from a registry. Messages name the URL without what is secret in it.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The reference is none.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// A mirror of the configuration cannot be one.
    #[error("the mirror '{mirror}' of {registry} is not a registry's address")]
    Mirror {
        /// The registry that it is to mirror.
        registry: String,
        /// The mirror, without what may be secret in it.
        mirror: String,
    },
    /// No answer came.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The registry or its token service wants other credentials (401) or gives no access (403).
    #[error("{url} gives no access ({status}{}); credentials: {credentials}", with(detail))]
    Unauthorized {
        /// The registry, as references write it.
        registry: String,
        /// What was asked for.
        url: Url,
        /// The status code.
        status: u16,
        /// What the registry says of it.
        detail: String,
        /// Which credentials were used, and why others were not.
        credentials: String,
        /// True when there were none.
        anonymous: bool,
    },
    /// The registry does not have it.
    #[error("{what} is not in the registry ({url} answers 404{})", with(detail))]
    NotFound {
        /// What is missing.
        what: String,
        /// What was asked for.
        url: Url,
        /// What the registry says of it.
        detail: String,
    },
    /// Too many requests.
    #[error("{url} was asked too often (429{})", with(detail))]
    TooManyRequests {
        /// What was asked for.
        url: Url,
        /// What the registry says of it.
        detail: String,
        /// After how many seconds it may be tried again, where the registry says so.
        retry_after: Option<u64>,
    },
    /// The registry fails, or answers in another way that means no.
    #[error("{url} answers {status}{}", with(detail))]
    Status {
        /// What was asked for.
        url: Url,
        /// The status code; 500 and above is the registry's own failure.
        status: u16,
        /// What the registry says of it.
        detail: String,
    },
    /// An answer that is not what the specification says.
    #[error("{url} does not answer as a registry should: {reason}")]
    Protocol {
        /// What was asked for.
        url: Url,
        /// What is wrong.
        reason: String,
    },
    /// Bytes do not have the digest under which they were asked for.
    #[error("{what} of {url} has the digest {actual}, not {expected}")]
    DigestMismatch {
        /// What was read.
        what: String,
        /// Where from.
        url: Url,
        /// What was promised.
        expected: Digest,
        /// What it is.
        actual: Digest,
    },
    /// A blob is longer or shorter than its descriptor says.
    #[error("{digest} has {actual} bytes in the registry, not {expected} as its descriptor says")]
    Size {
        /// The blob.
        digest: Digest,
        /// What the descriptor says.
        expected: u64,
        /// What comes, at least.
        actual: u64,
    },
    /// A blob broke off too often.
    #[error("{digest} broke off after {position} bytes, {resumed} times over")]
    Broken {
        /// The blob.
        digest: Digest,
        /// How many bytes came.
        position: u64,
        /// How often the transfer was taken up again.
        resumed: u32,
    },
    /// The image's configuration does not fit its manifest.
    #[error("{what} has {layers} layers, but its configuration names {diff_ids}")]
    Layers {
        /// The manifest.
        what: String,
        /// Layers in the manifest.
        layers: usize,
        /// Layers in the configuration.
        diff_ids: usize,
    },
    /// The images of a reference have more to say of themselves than fits.
    #[error("the configurations of {what} have more than {limit} bytes together")]
    TooLarge {
        /// The reference.
        what: String,
        /// How many bytes are taken.
        limit: u64,
    },
    /// Indexes in indexes, without end.
    #[error("{what} lies too deep in indexes")]
    Depth {
        /// The innermost index.
        what: String,
    },
    /// It is there, but not an image, or not for the platform.
    #[error(transparent)]
    Image(#[from] ImageError),
}

/// What to put behind a status.
fn with(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

impl RegistryError {
    /// What the user can do about it, as one line; `None` when the message says it all.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            RegistryError::Unauthorized { registry, anonymous: true, .. } => {
                let command = match registry.as_str() {
                    "docker.io" => "docker login".to_owned(),
                    registry => format!("docker login {registry}"),
                };
                return Some(format!(
                    "give credentials, or sign in with `{command}`; some registries answer so for a repository that \
                     does not exist"
                ));
            }
            RegistryError::Unauthorized { .. } => "check the credentials and what they give access to",
            RegistryError::NotFound { .. } => "check the repository's name and the tag or digest",
            RegistryError::TooManyRequests { retry_after: Some(seconds), .. } => {
                return Some(format!(
                    "try again in {seconds} seconds, or give credentials, which often raises the limit"
                ));
            }
            RegistryError::TooManyRequests { .. } => {
                "try again later, or give credentials, which often raises the limit"
            }
            RegistryError::Status { status: 500.., .. } => "the registry has a fault; try again later",
            RegistryError::DigestMismatch { .. } | RegistryError::Size { .. } => {
                "what the registry serves is damaged or tampered with"
            }
            RegistryError::Http(HttpError::Certificate { .. }) => {
                "give the file of the certificate authority that signed it"
            }
            RegistryError::Http(HttpError::HostNotFound { .. }) => "check the registry's name",
            RegistryError::Http(
                HttpError::PlainHttp { .. } | HttpError::Downgrade { .. } | HttpError::Tls { .. },
            ) => "a registry without encryption must be allowed as insecure",
            _ => return None,
        };
        Some(text.to_owned())
    }

    /// True when asking another registry makes no sense either.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            RegistryError::Http(
                HttpError::Offline { .. } | HttpError::Roots { .. } | HttpError::Setting { .. }
            )
        )
    }
}
