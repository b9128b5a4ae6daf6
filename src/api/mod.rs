//! The HTTP API of an InfluxDB 2.x server: a client that only reads, and one that writes.

mod about;
mod client;
mod connect;
mod error;
#[cfg(test)]
pub(crate) mod fault;
mod page;
mod permission;
mod problem;
mod retry;
pub mod sight;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;

pub use about::{Health, Me};
pub use client::{Client, Gate, Writer};
pub use connect::{Connect, ConnectError, is_plain_http_to_elsewhere};
pub use error::{ApiError, Class};
pub(crate) use page::{after, by_offset};
pub(crate) use permission::{Permission, Resource};
pub use retry::{OnWait, Waiting};
