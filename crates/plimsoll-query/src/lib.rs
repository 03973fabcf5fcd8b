//! Queries in SQL over what was inspected, and benchmarks whose checks are such queries.
