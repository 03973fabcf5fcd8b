//! The register of advisory sources.
