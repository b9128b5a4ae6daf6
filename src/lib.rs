//! Declare, plan and apply everything that lives in an InfluxDB 2.x server.
//!
//! The modules stand in the order in which data flows through them: none imports a later stage.

pub mod address;
pub mod diagnostic;
pub mod duration;
pub mod field;
pub mod kind;
pub mod secret;
pub mod snowflake;
pub mod value;

pub mod manifest;

pub mod api;
pub mod ledger;
pub mod snapshot;
