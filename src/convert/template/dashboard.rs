//! Dashboards of a template: each chart becomes a cell, which shows what the chart does.

use serde_json::{Value as Json, json};

use super::{Part, chart};
use crate::convert::reader::Reader;

/// The dashboard, in which what is wrong with one chart leaves the others.
pub(super) fn row(part: &Part<'_>, reader: &mut Reader<'_>) -> Json {
    let charts = part.spec.list("charts").iter();
    let cells: Vec<Json> = charts
        .filter_map(|chart| {
            let place = |key: &str| chart.whole(key).unwrap_or_default();
            Some(json!({
                "x": place("xPos"),
                "y": place("yPos"),
                "w": place("width"),
                "h": place("height"),
                "name": chart.text("name").trim(),
                "properties": chart::properties(chart, reader)?,
            }))
        })
        .collect();
    json!({"description": part.spec.text("description"), "cells": cells})
}
