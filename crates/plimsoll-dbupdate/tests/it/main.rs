//! Updates against a registry and a web server on this machine that break off, refuse and lie as real ones do.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod artifacts;
mod chunks;
mod disk;
mod faults;
mod place;
mod web;
