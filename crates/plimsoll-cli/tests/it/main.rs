//! The command line as its users meet it: findings held against published advisories, what every command prints, and
//! what becomes of bad input.
//!
//! Expected output lies in `tests/snapshots`; run with `PLIMSOLL_UPDATE_SNAPSHOTS=1` to write it anew, then read the
//! change. Tests that want more data than the repository holds look for it where `PLIMSOLL_TEST_DATA` (feeds and root
//! file systems) and `PLIMSOLL_TEST_IMAGES` (built images) say, and pass with a note where there is none.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod advisories;
mod attachments;
mod bad_images;
mod bad_layers;
mod commands;
mod compare;
mod database;
mod explain;
mod findings;
mod hard_cases;
mod jars;
mod judgement;
mod outputs;
mod place;
mod policy;
mod queries;
mod registries;
mod samples;
mod settings;
mod targets;
mod updates;
