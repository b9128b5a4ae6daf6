//! What the script of a custom check must say (influxd 2.9.1, measured).

use super::problem::Problem;
use super::task_option::{self, Value as Said};
use crate::alerting::Check;
use crate::flux::ast::{Expression, ExpressionKind};
use crate::flux::parser::parse;
use crate::flux::records;

/// Whether the script of a custom check says what it must.
///
/// # Errors
/// What it lacks.
pub(super) fn says_itself(check: &Check) -> Result<(), Problem> {
    let wrong = |words: &str| Err(Problem::invalid(words));
    let parsed = parse(&check.query);
    let script = &parsed.script;
    let records = records(script, "check");
    let Some(record) = records.first().filter(|_| parsed.refusal().is_none()) else {
        return wrong("Custom flux must have an object called 'check'");
    };
    let says = |key: &str, wanted: &str| {
        record.properties.iter().any(|property| {
            let value = property.value.map(|value| script.expression(value));
            let is_wanted =
                |value: &Expression| value.kind == ExpressionKind::String && script.unquoted(value.span) == wanted;
            script.key(property.key) == key && value.is_some_and(is_wanted)
        })
    };
    if !says("_check_name", &check.name) {
        return wrong("_check_name parameter on check object must match check name");
    }
    if !says("_type", "custom") {
        return wrong("_type parameter on check object must be set to 'custom'");
    }
    let Ok(option) = task_option::locate(script) else { return wrong("Custom flux missing task option statement") };
    let find = |name: &str| option.properties.iter().find(|property| property.name == name);
    for name in ["name", "every", "offset"] {
        match find(name) {
            None => {
                return wrong(&format!("Custom flux missing {name} parameter from task option statement"));
            }
            Some(property) if name == "name" && property.value != Said::Text(check.name.clone()) => {
                return wrong("Name parameter from task option statement must match check name");
            }
            Some(_) => {}
        }
    }
    Ok(())
}
