//! Queries and audits as their users meet them.
//!
//! What PostgreSQL answers is noted beside the tests that hold the engine against it. Fixtures of engines are minimal objects of
//! the Docker Engine API (v1.49: ContainerInspect, ImageInspect, SystemInfo), written by hand after its documentation.

// The shared functions of a test binary are test code too, but clippy does not see that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod benchmark;
mod documents;
mod inspect;
mod manifests;
mod place;
mod queries;
mod refusals;
mod section4;
mod section5;
mod severities;
