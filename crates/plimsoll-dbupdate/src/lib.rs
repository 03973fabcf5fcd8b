//! Fetching, keeping and publishing the advisory database.
//!
//! An update asks one source after another (a repository in a registry, a file on a web server, a file on disk), takes the
//! download up where an earlier one broke off, makes an index of it, verifies every byte and puts it in place in one step.
//! Whatever goes wrong on the way, the index that was in place stays. Readers take no lock: they see the old index or the
//! new one.
//!
//! Nothing here reads a clock or the environment. Databases of other scanners are converted by the caller's function.

mod chunks;
mod diff;
mod download;
mod error;
mod freshness;
mod json;
mod lock;
mod metadata;
mod source;
mod state;
mod unpack;
mod update;
mod web;

pub use chunks::{
    ARTIFACT_TYPE, ChunkError, ChunkStore, Description, Layout, Origin, PullReport, PushReport, RegistrySink,
    Sink, is_layout, pull, push,
};
pub use diff::{DatabaseDiff, SourceDiff, diff};
pub use download::Progress;
pub use error::{FetchError, UpdateError};
pub use freshness::{Decision, Doubt, Freshness, InPlace, Rules, decide};
pub use json::record_json;
pub use metadata::Metadata;
pub use source::{DEFAULT_SOURCES, Source, SourceError};
pub use state::{State, StateError};
pub use unpack::{Form, java_database};
pub use update::{Conversion, Convert, Limits, Moved, Outcome, Request, in_place, update};
