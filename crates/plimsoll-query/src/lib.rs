//! Queries in SQL over what was inspected, and benchmarks whose checks are such queries.
//!
//! [`Tables`] is filled from reports, from `docker inspect` output and from manifests; a [`Database`] answers
//! queries over it in PostgreSQL's dialect, read-only and within [`Limits`]; a [`Benchmark`] is audited against it. The engine
//! (DataFusion) and the runtime that it wants stay inside this crate: `docs/decisions/sql-engine.md` says why it was chosen.

mod answer;
pub mod audit;
pub mod benchmark;
mod engine;
mod functions;
mod guard;
pub mod inspect;
pub mod manifests;
pub mod render;
mod reports;
mod severity;
pub mod tables;

pub use answer::{Answer, AnswerColumn};
pub use audit::{Audit, Outcome, State};
pub use benchmark::{Benchmark, BenchmarkError, Check, Decision};
pub use engine::{Database, Limits, QueryError};
pub use tables::{TABLES, Tables};
