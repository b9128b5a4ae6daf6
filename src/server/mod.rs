//! The embedded server.

pub mod points;
