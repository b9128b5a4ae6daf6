//! Declare, plan and apply everything that lives in an InfluxDB 2.x server.
//!
//! The modules stand in the order in which data flows through them: none imports a later stage.

pub mod address;
pub mod confine;
pub mod diagnostic;
pub mod duration;
pub mod exit;
pub mod field;
pub mod flux;
pub mod secret;
pub mod snowflake;
pub mod value;

pub mod api;
pub mod kind;

pub mod graph;
pub mod manifest;

pub mod ledger;
pub mod snapshot;

pub mod diff;
pub mod evidence;
pub mod plan;

pub mod apply;
pub mod report;

pub mod render;

pub mod server;

pub mod cli;
