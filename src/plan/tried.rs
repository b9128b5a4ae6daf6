//! What the server has tried and would not work.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::Resource;

/// A warning for each of what was `tried`.
pub fn would_fail(tried: &BTreeMap<Address, String>, resources: &BTreeMap<Address, Resource>) -> Vec<Diagnostic> {
    let said = tried.iter().filter_map(|(address, why)| {
        let message = format!("{address} {why}");
        let place = resources.get(address)?.place.clone();
        let told = Diagnostic::warning(Code::PlanWouldFail, message).at(place, "tried by InfluxDB");
        Some(told.help("InfluxDB has tried this and kept nothing; `apply` does it all the same"))
    });
    said.collect()
}
