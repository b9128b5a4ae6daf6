//! The integration tests: one binary, see `CONTRIBUTING.md`.
