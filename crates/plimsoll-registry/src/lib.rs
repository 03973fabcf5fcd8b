//! Images and artifacts in registries by the OCI distribution specification v1.1, with the ways of signing in that
//! Docker's and Podman's tools have established.
//!
//! Nothing is stored: an image's manifest and configuration are fetched and their digests verified, its layers come as
//! streams from the socket. Of the writing half there is what publishing an artifact takes: blobs and manifests.

mod artifact;
mod attached;
mod auth;
mod blob;
mod credentials;
mod error;
mod place;
mod push;
mod reference;
mod registry;

pub use artifact::{Artifact, ArtifactLayer};
pub use blob::RegistryBlob;
pub use credentials::{AuthFile, Login, Secret};
pub use error::RegistryError;
pub use reference::{Reference, ReferenceError};
pub use registry::{Registry, RegistryConfig};
