//! The compiled advisory index: one immutable file that is written once and mapped for reading.
//!
//! A package is looked up by ecosystem and normalised name; the answer is a list of fixed-width facts that are read
//! in place. Prose (titles, descriptions, references) lies in compressed blocks that are read only for hits.
//! `format` describes the file.
//!
//! Readers never trust the file: every offset and count is checked, so a damaged file is refused or gives an error.
//! [`Index::open`] checks the header and the key tables; [`Index::verify`] checks every byte and is meant for the
//! moment of installation.

mod data;
mod format;
mod install;
mod model;
mod read;
mod write;

pub use format::FORMAT_VERSION;
pub use install::{InstallError, install};
pub use model::{End, FactRecord, Interval, Prose, Record};
pub use read::{AdvisoryRef, Fact, Facts, Index, OpenError, ProseReader, ReadError};
pub use write::{WriteError, WriteOptions, write};
