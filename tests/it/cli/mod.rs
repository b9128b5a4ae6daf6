//! The program as a user runs it.

mod completions;
mod connection;
mod explain;
mod flux;
pub(crate) mod fluxform;
mod help;
mod look;
mod project;
mod sensitive;
mod server;
mod setup;
mod tls;
mod usage;
