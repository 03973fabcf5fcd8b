//! The compiled advisory index: one immutable file that is written once and mapped for reading.
//!
//! A package is looked up by ecosystem and normalised name; the answer is a list of fixed-width facts that are read
//! in place. Prose (titles, descriptions, references) lies in compressed blocks that are read only for hits.
//! `format` describes the file.
//!
//! Readers never trust the file: every offset and count is checked, so a damaged file is refused or gives an error.
//! [`Index::open`] checks the header and the key tables; [`Index::verify`] checks every byte and is meant for the
//! moment of installation.
//!
//! Beside it there is an index of jars, which is of its own form: see [`JarIndex`].

mod data;
mod extras;
mod fact;
mod format;
mod header;
mod install;
mod jars;
mod model;
mod pool;
mod prose;
mod read;
mod write;

pub use fact::{Fact, Facts, Qualifiers};
pub use format::FORMAT_VERSION;
pub use install::{InstallError, Installation, install};
pub use jars::{Gav, JAR_INDEX_FORMAT, JarIndex, JarIndexBuilder, JarIndexError};
pub use model::{End, Extras, FactRecord, Interval, Prose, Record};
pub use read::{AdvisoryRef, Index, OpenError, ProseReader, ReadError};
pub use write::{Builder, WriteError, WriteOptions, write};
