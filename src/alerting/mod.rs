//! The scripts that InfluxDB makes of checks and notification rules, and runs as hidden tasks.

mod check;
mod edits;
mod rule;
mod strings;

pub use check::{Check, CheckRule, Threshold, of_check};
pub use edits::identified;
pub use rule::{Endpoint, Rule, Tag, of_rule};
