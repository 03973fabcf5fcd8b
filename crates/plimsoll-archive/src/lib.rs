//! Archives and compression under limits: tar streams, zip archives, gzip and zstd, Git's objects, digests.
//!
//! Everything here reads hostile bytes. Every read has a budget, digests are computed over exactly the bytes that
//! were handed out, and no path that leaves its root is ever given to a caller.

mod bytes;
mod compression;
pub mod git;
mod hash;
pub mod path;
pub mod tar;
pub mod zip;

pub use bytes::{ReadAt, Window, read_vec};
pub use compression::{Compression, Decoder, MAGIC_LEN, inflated_limit};
pub use hash::{Hasher, HashingReader, sha256};
