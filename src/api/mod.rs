//! The HTTP API of an InfluxDB 2.x server: a client that only reads, and one that writes.

mod error;

pub use error::{ApiError, Class};
mod client;
pub use client::{Client, Writer};
