//! Keys of `option task` that InfluxDB ignores.

use std::collections::HashSet;

use crate::flux::ast::{ExpressionKind, OptionTarget, Property, Record, Script, StatementKind};
use crate::flux::mistake::Mistake;
use crate::nearest::nearest;

const TASK: &str = "task";
/// What InfluxDB reads (2.9.1, measured).
const KEYS: [&str; 6] = ["name", "every", "cron", "offset", "concurrency", "retry"];

/// The keys of `option task` that mean nothing to InfluxDB, in a sound script that does not use them either (`task.window`).
pub fn unknown_options(script: &Script) -> Vec<Mistake> {
    let unknown: Vec<&Property> = options(script).filter(|one| !KEYS.contains(&script.key(one.key))).collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    let Some(used) = used(script) else { return Vec::new() };
    let unused = unknown.into_iter().filter(|property| !used.contains(script.key(property.key)));
    let said = unused.map(|property| {
        let key = script.key(property.key);
        let help = nearest(key, KEYS).map_or_else(
            || format!("the options of a task are `{}`; others are for `task.{key}` in the script", KEYS.join("`, `")),
            |near| format!("did you mean `{near}`?"),
        );
        Mistake {
            span: property.key.span(),
            message: format!("a task has no option `{key}`"),
            label: "InfluxDB ignores it".to_owned(),
            also: None,
            help: Some(help),
        }
    });
    said.collect()
}

fn options(script: &Script) -> impl Iterator<Item = &Property> {
    let records = script.body().iter().filter_map(|statement| match &statement.kind {
        StatementKind::Option { target: OptionTarget::Name(name), value, .. } if script.text(*name) == TASK => {
            match &script.expression(*value).kind {
                ExpressionKind::Record(record) => Some(record),
                _ => None,
            }
        }
        _ => None,
    });
    records.flat_map(|record| &record.properties)
}

/// The keys that the script asks `task` for; none where it does something else with that.
fn used(script: &Script) -> Option<HashSet<&str>> {
    let is_task = |kind: &ExpressionKind, text: &str| matches!(kind, ExpressionKind::Identifier) && text == TASK;
    let mut used = HashSet::new();
    let (mut named, mut asked) = (0, 0);
    for one in script.expressions() {
        match &one.kind {
            ExpressionKind::Member { object, property, .. } => {
                let object = script.expression(*object);
                if is_task(&object.kind, script.text(object.span)) {
                    asked += 1;
                    used.insert(script.key(*property));
                }
            }
            // `{task with a: 1}` or `f(task)`
            ExpressionKind::Record(record) if takes(script, record) => return None,
            ExpressionKind::Call { arguments: Some(record), .. } if takes(script, record) => return None,
            kind => named += usize::from(is_task(kind, script.text(one.span))),
        }
    }
    (named == asked).then_some(used)
}

/// Whether a record takes up `task` as it is.
fn takes(script: &Script, record: &Record) -> bool {
    record.with.is_some_and(|with| script.text(with) == TASK)
        || record.properties.iter().any(|one| one.value.is_none() && script.key(one.key) == TASK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::parser::parse;

    #[test]
    fn options_of_a_task_that_do_nothing_are_found() {
        let said = |source: &str| {
            let script = parse(source).script;
            let said = |one: Mistake| format!("{}: {}", script.text(one.span), one.help.unwrap_or_default());
            unknown_options(&script).into_iter().map(said).collect::<Vec<_>>()
        };
        assert_eq!(said("option task = {evry: 1h}"), ["evry: did you mean `every`?"]);
        assert_eq!(
            said("option task = {name: \"a\", every: 1h, \"offst\": 5m}\nx = task.every"),
            ["\"offst\": did you mean `offset`?"]
        );
        assert!(said("option task = {every: 1h, window: 5m}")[0].starts_with("window: the options of a task are"));
        for source in [
            "option task = {name: \"a\", every: 1h, offset: 5m, concurrency: 1, retry: 2}\noption other = {evry: 1h}",
            "option task = {every: 1h, window: 5m}\nx = task.window",
            "option task = {every: 1h, window: 5m}\nx = task[\"window\"]",
            "option task = {every: 1h, window: 5m}\nx = {task with a: 1}",
            "option task = {every: 1h, window: 5m}\nf(task)",
            "option task = {every: 1h, window: 5m}\nx = task",
            "task = {evry: 1h}",
        ] {
            assert_eq!(said(source), [""; 0], "{source}");
        }
    }
}
