//! What the task of a check runs, as far as its row says it.

use serde::Deserialize;

use crate::alerting::{Check, CheckRule, Threshold, of_check};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    r#type: String,
    #[serde(default)]
    every: String,
    offset: Option<String>,
    query: Query,
    #[serde(default)]
    status_message_template: String,
    tags: Option<Vec<Tag>>,
    thresholds: Option<Vec<OfRow>>,
    #[serde(default)]
    time_since: String,
    stale_time: Option<String>,
    #[serde(default)]
    level: String,
}

#[derive(Deserialize)]
struct Query {
    text: String,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: String,
}

/// A threshold of a row, which leaves out a 0.
#[derive(Deserialize)]
struct OfRow {
    r#type: String,
    level: String,
    #[serde(default)]
    value: f64,
    #[serde(default)]
    min: f64,
    #[serde(default)]
    max: f64,
    #[serde(default)]
    within: bool,
}

/// The script that the server makes of the check with this ID and this row; none where that is not known.
pub(super) fn script(id: &str, row: &str) -> Option<String> {
    let row: Row = serde_json::from_str(row).ok()?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let threshold = |of: OfRow| {
        let ty = ["greater", "lesser", "range"].into_iter().find(|ty| *ty == of.r#type)?;
        let OfRow { level, value, min, max, within, .. } = of;
        Some(Threshold { ty, level, value, min, max, within, all: false })
    };
    let rule = match row.r#type.as_str() {
        "custom" => CheckRule::Custom,
        "deadman" => {
            let (since, stale) = (row.time_since, given(row.stale_time));
            CheckRule::Deadman { since, stale, level: row.level, zero: false }
        }
        "threshold" => {
            let all = row.thresholds.unwrap_or_default();
            CheckRule::Threshold(Some(all.into_iter().map(threshold).collect::<Option<_>>()?))
        }
        _ => return None,
    };
    let check = Check {
        name: row.name,
        every: row.every,
        offset: given(row.offset),
        query: row.query.text,
        message: row.status_message_template,
        tags: row.tags.map(|tags| tags.into_iter().map(|Tag { key, value }| (key, value)).collect()),
        rule,
    };
    of_check(&check, id).ok()
}
