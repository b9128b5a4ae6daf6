//! Points: line protocol in, evidence out.
//!
//! Nothing here knows HTTP or users: the routes check permissions, this module reads, keeps and counts.

mod batch;
mod fields;
mod go_text;
pub mod line_protocol;
pub mod query;
mod script;
mod shards;
pub mod store;
