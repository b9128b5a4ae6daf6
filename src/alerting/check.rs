//! The script of the task behind a check, laid out as influxd does (2.9.1, measured): the query with the check's own times, and what
//! gives rows a level.

use std::fmt::Write as _;

use super::edits::{Edits, read};
use super::strings::{Strings, quoted};
use crate::flux::ast::{ExpressionKind, Infix, Script};

/// A check, as far as its task has to do with it.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// How often it runs.
    pub every: String,
    /// How long after that.
    pub offset: Option<String>,
    /// The text of the query.
    pub query: String,
    /// The message of a status.
    pub message: String,
    /// The tags of a status, with their values.
    pub tags: Option<Vec<(String, String)>>,
    /// What it looks for.
    pub rule: CheckRule,
}

/// What a check looks for.
#[derive(Clone, Debug)]
pub enum CheckRule {
    /// Values beyond thresholds.
    Threshold(Option<Vec<Threshold>>),
    /// That nothing comes any more.
    Deadman {
        /// For how long.
        since: String,
        /// After how long it is forgotten.
        stale: Option<String>,
        /// The level of the status.
        level: String,
        /// Whether a zero counts as nothing; the script does not say it.
        zero: bool,
    },
    /// What its query says.
    Custom,
}

/// A threshold.
#[derive(Clone, Debug)]
pub struct Threshold {
    /// `greater`, `lesser` or `range`.
    pub ty: &'static str,
    /// The level of what is beyond it.
    pub level: String,
    /// What a value is compared with, of one that is no range.
    pub value: f64,
    /// The lower end of a range.
    pub min: f64,
    /// Its upper end.
    pub max: f64,
    /// Whether values within the range count, and not those outside.
    pub within: bool,
    /// Whether all values of a time count; the script does not say it.
    pub all: bool,
}

/// The script of a check with this ID.
///
/// # Errors
/// The query is no Flux, or has not just one field, in influxd's words.
pub fn of_check(check: &Check, id: &str) -> Result<String, String> {
    let (times, packages, kind): (&str, &[&str], _) = match &check.rule {
        CheckRule::Custom => return Ok(check.query.clone()),
        CheckRule::Threshold(_) => {
            (&check.every, &["influxdata/influxdb/monitor", "influxdata/influxdb/v1"], "threshold")
        }
        CheckRule::Deadman { stale, .. } => (
            stale.as_deref().unwrap_or_default(),
            &["influxdata/influxdb/monitor", "experimental", "influxdata/influxdb/v1"],
            "deadman",
        ),
    };
    let parsed = read(&check.query)?;
    let field = match &check.rule {
        CheckRule::Threshold(_) => only_field(&parsed.script)?,
        _ => String::new(),
    };
    let mut strings = Strings::default();
    let mut text = Edits::of(&parsed.script).query(times, kind == "deadman", packages);
    let offset = check.offset.as_ref().map_or_else(String::new, |offset| format!(", offset: {offset}"));
    let name = strings.put(&check.name);
    let mut say = |line: std::fmt::Arguments<'_>| text.write_fmt(line).expect("a String takes all");
    say(format_args!("\n\noption task = {{name: {name}, every: {}{offset}}}\n", check.every));
    let (id, name) = (strings.put(id), strings.put(&check.name));
    let tags: Vec<_> =
        check.tags.iter().flatten().map(|(key, value)| format!("{key}: {}", strings.put(value))).collect();
    let tags = tags.join(", ");
    say(format_args!("check = {{_check_id: {id}, _check_name: {name}, _type: \"{kind}\", tags: {{{tags}}}}}\n"));
    let mut levels = String::new();
    match &check.rule {
        CheckRule::Threshold(thresholds) => {
            for threshold in thresholds.iter().flatten() {
                let level = threshold.level.to_lowercase();
                say(format_args!("{level} = (r) => {}\n", condition(threshold, &field)));
                let _ = write!(levels, ", {level}: {level}");
            }
        }
        CheckRule::Deadman { level, .. } => {
            let level = level.to_lowercase();
            say(format_args!("{level} = (r) => r[\"dead\"]\n"));
            let _ = write!(levels, ", {level}: {level}");
        }
        CheckRule::Custom => {}
    }
    let message = strings.put(&check.message);
    say(format_args!("messageFn = (r) => {message}\ndata |> v1[\"fieldsAsCols\"]()"));
    if let CheckRule::Deadman { since, .. } = &check.rule {
        say(format_args!(" |> monitor[\"deadman\"](t: experimental[\"subDuration\"](from: now(), d: {since}))"));
    }
    say(format_args!(" |> monitor[\"check\"](data: check, messageFn: messageFn{levels})\n"));
    Ok(strings.laid_out(&text))
}

/// The one field that the query compares, in influxd's words if it is not one.
fn only_field(script: &Script) -> Result<String, String> {
    let field = |kind: &ExpressionKind| match kind {
        ExpressionKind::Binary { operator, left, right, .. } if *operator != Infix::Missing => {
            let ExpressionKind::Member { property, .. } = script.expression(*left).kind else { return None };
            let right = script.expression(*right);
            (script.key(property) == "_field" && right.kind == ExpressionKind::String)
                .then(|| script.unquoted(right.span).into_owned())
        }
        _ => None,
    };
    let mut fields: Vec<String> =
        script.expressions().iter().filter_map(|expression| field(&expression.kind)).collect();
    match (fields.len(), fields.pop()) {
        (1, Some(field)) => Ok(field),
        (_, last) => {
            fields.extend(last);
            Err(format!("expected a single field but got: [{}]", fields.join(" ")))
        }
    }
}

/// What a row of a level is like.
fn condition(threshold: &Threshold, field: &str) -> String {
    let value = format!("r[{}]", quoted(field));
    let Threshold { value: number, min, max, within, .. } = threshold;
    match (threshold.ty, within) {
        ("greater", _) => format!("{value} > {}", float(*number)),
        ("lesser", _) => format!("{value} < {}", float(*number)),
        (_, true) => format!("{value} < {} and {value} > {}", float(*max), float(*min)),
        (_, false) => format!("{value} < {} or {value} > {}", float(*min), float(*max)),
    }
}

fn float(number: f64) -> String {
    let digits = number.to_string();
    if digits.contains('.') { digits } else { digits + ".0" }
}
