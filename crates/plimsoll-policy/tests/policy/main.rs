//! Tests of the judgement: risk by the examples of `docs/risk.md`, each file form of waivers, VEX, and policies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod detections;
mod policies;
mod risk;
mod samples;
mod vex;
mod waivers;
