//! What no library may have.

use std::collections::HashMap;

use crate::flux::ast::{ExpressionKind, Script, Span, StatementKind};
use crate::flux::mistake::{MOST, Mistake};
use crate::flux::names;

/// What a project or a dashboard sets: no library may have its name.
const SET: [&str; 3] = ["task", "params", "v"];
/// Functions that do something wherever they are called.
const ACTS: [&str; 2] = ["yield", "to"];

/// What a sound script has that no library may have.
pub fn mistakes(script: &Script) -> Vec<Mistake> {
    let mistake = |span: Span, message: &str, label: &str, help: &str| Mistake {
        span,
        message: message.to_owned(),
        label: label.to_owned(),
        also: None,
        help: Some(help.to_owned()),
    };
    let attributes = script.package().into_iter().flat_map(|package| package.attributes.iter());
    let attributes = attributes.chain(script.imports().iter().flat_map(|import| import.attributes.iter()));
    let mut found: Vec<Mistake> = attributes
        .map(|one| {
            mistake(one.span, "a library has no attributes before `package` and `import`", "not kept", "remove it")
        })
        .collect();
    found.extend(acting(script).map(|(call, name)| {
        let message = format!("`{name}` would be called in each script that uses this library");
        mistake(call, &message, "not in a function", "put it into a function that the scripts call")
    }));
    let mut first: HashMap<&str, Span> = HashMap::new();
    for statement in script.body() {
        let (message, label, help) = match &statement.kind {
            StatementKind::Assignment { name, .. } => {
                found.extend(named(script, *name, &mut first));
                continue;
            }
            StatementKind::Expression(_) => (
                "a library has definitions only",
                "not a definition",
                "give it a name (`NAME = ...`), or move it into the scripts that need it",
            ),
            StatementKind::Option { .. } => {
                ("a library sets no options", "an option", "set it in the scripts that need it")
            }
            _ => ("a library has definitions only", "not a definition", "remove it, or write `NAME = ...`"),
        };
        found.push(mistake(statement.span, message, label, help));
    }
    found.sort_by_key(|one| one.span.start);
    found.truncate(MOST);
    found
}

/// What is wrong with the name of a definition in a library.
fn named<'s>(script: &'s Script, name: Span, first: &mut HashMap<&'s str, Span>) -> Option<Mistake> {
    let text = script.text(name);
    let mistake = |message, label: &str, also, help: &str| {
        Some(Mistake { span: name, message, label: label.to_owned(), also, help: Some(help.to_owned()) })
    };
    if SET.contains(&text) {
        let message = format!("a library cannot define `{text}`, which the project or a dashboard sets");
        return mistake(message, "another name is needed", None, "rename it");
    }
    if names::is_prelude(text) {
        let message = format!("a library cannot define `{text}`, which Flux has by itself");
        return mistake(message, "takes its place in each script", None, "rename it");
    }
    let before = first.insert(text, name)?;
    let also = Some((before, "the first time".to_owned()));
    mistake(format!("`{text}` is set twice"), "the second time", also, "variables cannot be changed; use another name")
}

/// The functions of a script that stand in no other one, in order.
fn outermost_functions(script: &Script) -> Vec<Span> {
    let functions = script.expressions().iter().filter(|one| matches!(one.kind, ExpressionKind::Function(_)));
    let mut spans: Vec<Span> = functions.map(|one| one.span).collect();
    spans.sort_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
    let mut end = 0;
    spans.retain(|span| {
        let is_outermost = span.start >= end;
        end = end.max(span.end);
        is_outermost
    });
    spans
}

/// The calls in definitions, outside of functions, that do something: each with what is called.
fn acting(script: &Script) -> impl Iterator<Item = (Span, &str)> {
    let functions = outermost_functions(script);
    let is_in_a_definition = move |at: u32| {
        let before = functions.partition_point(|span| span.start <= at);
        let is_in_a_function = before > 0 && at < functions[before - 1].end;
        let statement = script.body().partition_point(|statement| statement.span.start <= at).checked_sub(1);
        let kind = statement.map(|statement| &script.body()[statement].kind);
        !is_in_a_function && matches!(kind, Some(StatementKind::Assignment { .. }))
    };
    script.expressions().iter().filter_map(move |one| {
        let ExpressionKind::Call { callee, .. } = one.kind else { return None };
        let callee = script.expression(callee);
        let is_name = matches!(callee.kind, ExpressionKind::Identifier);
        let name = ACTS.into_iter().find(|name| is_name && script.text(callee.span) == *name)?;
        is_in_a_definition(callee.span.start).then_some((callee.span, name))
    })
}
