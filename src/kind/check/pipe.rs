//! The query of a check as a pipe, step by step.

use crate::flux::ast::{Body, Expression, ExpressionId, ExpressionKind, Record, Script, Span, StatementKind};

/// A call in a pipe.
pub(super) struct Step<'a> {
    pub(super) script: &'a Script,
    /// The name of the function, if it is one of the prelude.
    pub(super) name: Option<&'a str>,
    arguments: Option<&'a Record>,
    pub(super) span: Span,
}

impl<'a> Step<'a> {
    fn of(script: &'a Script, call: &'a Expression) -> Self {
        let ExpressionKind::Call { callee, arguments, .. } = &call.kind else {
            return Self { script, name: None, arguments: None, span: call.span };
        };
        let callee = script.expression(*callee);
        let name = match &callee.kind {
            ExpressionKind::Identifier => Some(script.text(callee.span)),
            // That of any package does the same.
            ExpressionKind::Member { property, .. } => {
                Some(script.key(*property)).filter(|name| *name == "fieldsAsCols")
            }
            _ => None,
        };
        Self { script, name, arguments: arguments.as_deref(), span: call.span }
    }

    pub(super) fn argument(&self, name: &str) -> Option<ExpressionId> {
        self.arguments?.properties.iter().find(|property| self.script.key(property.key) == name)?.value
    }

    pub(super) fn text(&self, id: ExpressionId) -> Option<String> {
        let value = self.script.expression(id);
        matches!(value.kind, ExpressionKind::String).then(|| self.script.unquoted(value.span).into_owned())
    }

    /// The texts of a list, if all can be seen.
    pub(super) fn texts(&self, argument: &str) -> Option<Vec<String>> {
        match &self.script.expression(self.argument(argument)?).kind {
            ExpressionKind::Array(items) => items.iter().map(|item| self.text(*item)).collect(),
            _ => None,
        }
    }

    /// The record that a function in an argument makes of each row.
    pub(super) fn mapped(&self) -> Option<&'a Record> {
        let ExpressionKind::Function(function) = &self.script.expression(self.argument("fn")?).kind else {
            return None;
        };
        let Body::Expression(mut body) = function.body else { return None };
        while let ExpressionKind::Paren(inner) = self.script.expression(body).kind {
            body = inner;
        }
        match &self.script.expression(body).kind {
            ExpressionKind::Record(record) => Some(record),
            _ => None,
        }
    }
}

/// The steps of the pipe that the query is, the first of which no pipe leads to.
pub(super) fn steps(script: &Script) -> Option<Vec<Step<'_>>> {
    let [statement] = script.body() else { return None };
    let StatementKind::Expression(mut id) = statement.kind else { return None };
    let mut steps = Vec::new();
    while let ExpressionKind::Pipe { argument, call, .. } = script.expression(id).kind {
        steps.push(Step::of(script, script.expression(call)));
        id = argument;
    }
    steps.push(Step::of(script, script.expression(id)));
    steps.reverse();
    Some(steps)
}
