//! The command line: one file a command.

pub mod connection;
pub mod pipeline;
