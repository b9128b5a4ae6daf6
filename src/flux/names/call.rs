//! Arguments against the parameters of what is called.

use std::fmt;

use super::Check;
use super::scope::Known;
use crate::flux::Mistake;
use crate::flux::ast::{ExpressionId, ExpressionKind, Function, Record, Script, Span};
use crate::nearest::nearest;

/// A parameter, wherever its function is written.
struct Parameter<'a> {
    name: &'a str,
    required: bool,
    piped: bool,
}

impl<'a> Check<'a> {
    pub(super) fn arguments(
        &mut self,
        id: ExpressionId,
        callee: ExpressionId,
        arguments: Option<&'a Record>,
        piped: bool,
    ) {
        let parameters: Vec<Parameter<'_>> = match self.known(callee) {
            Some(Known::Library(parameters)) => parameters
                .iter()
                .map(|parameter| Parameter {
                    name: parameter.name,
                    required: parameter.required,
                    piped: parameter.piped,
                })
                .collect(),
            Some(Known::Written(function)) => written(self.script, function),
            Some(Known::Value | Known::Package(_)) | None => return,
        };
        let given = arguments.map_or(&[][..], |record| &record.properties);
        let given: Vec<(Span, &str)> =
            given.iter().map(|argument| (argument.key.span(), self.script.key(argument.key))).collect();
        let called = self.script.expression(callee).span;
        let function = self.called(callee);
        if piped && !parameters.iter().any(|parameter| parameter.piped) {
            self.error(called, format!("nothing can be piped into {function}"), "has no parameter for it", None);
            return;
        }
        let is_given = |parameter: &Parameter<'_>| {
            piped && parameter.piped || given.iter().any(|(_, name)| *name == parameter.name)
        };
        let mut is_wrong = false;
        for (span, name) in &given {
            if parameters.iter().any(|parameter| parameter.name == *name) {
                continue;
            }
            is_wrong = true;
            let free = parameters.iter().filter(|parameter| !is_given(parameter)).map(|parameter| parameter.name);
            let help = match nearest(name, free.clone()) {
                Some(near) => Some(format!("did you mean `{near}`?")),
                None => takes(&free.collect::<Vec<_>>()),
            };
            let message = format!("unknown argument `{name}` of {function}");
            self.errors.push(Mistake { span: *span, message, label: "not a parameter".to_owned(), also: None, help });
        }
        if is_wrong {
            // One of them may be meant.
            return;
        }
        for parameter in parameters.iter().filter(|parameter| parameter.required && !is_given(parameter)) {
            let call = Span::new(called.start, self.script.expression(id).span.end);
            let name = parameter.name;
            self.error(call, format!("missing argument `{name}` of {function}"), "called here", None);
            if let Some(error) = self.errors.last_mut().filter(|_| parameter.piped) {
                error.help = Some(format!("pipe it in, or pass it as `{name}`"));
            }
        }
    }

    fn called(&self, callee: ExpressionId) -> Called<'a> {
        let expression = self.script.expression(self.bare(callee));
        match expression.kind {
            ExpressionKind::Function(_) => Called(None),
            _ => Called(Some(self.script.text(expression.span))),
        }
    }
}

/// A function as a message names it; none is one without a name.
#[derive(Clone, Copy)]
struct Called<'a>(Option<&'a str>);

impl fmt::Display for Called<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "`{name}`"),
            None => f.write_str("this function"),
        }
    }
}

fn written<'a>(script: &'a Script, function: &'a Function) -> Vec<Parameter<'a>> {
    let parameters = function.parameters.iter().map(|parameter| {
        let piped =
            parameter.value.is_some_and(|value| matches!(script.expression(value).kind, ExpressionKind::PipeReceive));
        Parameter { name: script.key(parameter.key), required: piped || parameter.value.is_none(), piped }
    });
    parameters.collect()
}

fn takes(names: &[&str]) -> Option<String> {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match names.split_last()? {
        (last, []) => Some(format!("it takes {last}")),
        (last, first) => Some(format!("it takes {} and {last}", first.join(", "))),
    }
}
