//! The HTTP API of an InfluxDB 2.x server: a client that only reads, and one that writes.

mod about;
mod client;
mod clock;
mod connect;
mod error;
#[cfg(test)]
pub(crate) mod fault;
mod known;
mod limits;
mod network;
mod page;
mod permission;
mod probe;
mod problem;
mod request;
mod retry;
pub mod sight;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;
mod trial;
mod writer;

pub use about::{Health, Me};
pub use client::Client;
pub use clock::Jump;
pub use connect::{Connect, ConnectError, Pem, is_plain_http_to_elsewhere, with_scheme};
pub use error::{ApiError, Class};
pub(crate) use known::Identified;
pub(crate) use limits::{LONGEST_WAIT, MOST_ROWS};
pub(crate) use page::{after, by_offset, repeating, whole};
pub(crate) use permission::{Permission, Resource};
pub use retry::{OnWait, Waiting};
pub(crate) use trial::Trial;
pub use writer::{Gate, Writer};
