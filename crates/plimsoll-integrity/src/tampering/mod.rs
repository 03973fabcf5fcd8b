//! Content that is not what it should be.

pub(crate) mod packages;
