//! The index in chunks: what is published as an OCI artifact, so that an update moves only what has changed.
//!
//! The records, ordered by source and id, are cut where the hash of a record's key says so. A record that changes changes
//! its own chunk, and one that comes or goes moves no boundary but its own. What the index holds beside records has chunks
//! of its own kind. A chunk is named by the digest of its bytes, is never changed, and the same records give the same
//! chunks.
//!
//! The artifact is an image manifest (image-spec v1.1, "Guidelines for Artifact Usage") with a layer for each chunk and a
//! configuration that says when it was built. In a folder it is an OCI image layout.

mod cut;
mod error;
mod form;
mod layout;
mod manifest;
mod pull;
mod push;
mod store;

pub use error::ChunkError;
pub use layout::{Layout, is_layout};
pub use manifest::{ARTIFACT_TYPE, Description};
pub use pull::{Origin, PullReport, pull};
pub use push::{PushReport, RegistrySink, Sink, push};
pub use store::ChunkStore;

pub(crate) use form::wire_hash;
pub(crate) use pull::pull_plan;
