//! Declare, plan and apply everything that lives in an InfluxDB 2.x server.
//!
//! The modules stand in the order in which data flows through them: none imports a later one. Only those of the
//! vocabulary, from `address` to `value`, are defined through each other.

pub mod duration;
pub mod exit;
pub mod limits;
pub mod nearest;

pub mod flux;
pub mod redact;

pub mod alerting;

pub mod confine;
pub mod diagnostic;
pub mod hidden;
pub mod json_places;
pub mod lint;
pub mod problem;
pub mod sandbox;
pub mod secret;
pub mod shell_words;
pub mod snowflake;

pub mod api;

pub mod address;
pub mod field;
pub mod kind;
pub mod value;

pub mod graph;
pub mod manifest;
pub mod required;
pub mod schema;

pub mod ledger;
pub mod snapshot;

pub mod preflight;

pub mod coverage;
pub mod export;

pub mod convert;

pub mod diff;
pub mod evidence;
pub mod plan;

pub mod apply;
pub mod report;

pub mod render;

pub mod server;

pub mod cli;
