//! Declare, plan and apply everything that lives in an InfluxDB 2.x server.

pub mod server;
