//! How a comparison is written.

pub mod json;
pub mod table;
