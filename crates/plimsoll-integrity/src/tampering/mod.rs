//! Content that is not what it should be.

pub(crate) mod entries;
pub(crate) mod history;
pub(crate) mod packages;
pub(crate) mod residue;
pub(crate) mod unowned;
