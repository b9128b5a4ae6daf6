//! Calls, of functions of the script and of those of the standard library.

use super::Call;
use super::eval::{DEEPEST, Given, Run};
use super::value::{ScopeId, Value};
use crate::flux::ast::{Body, ExpressionId, ExpressionKind, Function, Record, Span};

/// How many calls of the standard library are kept.
const CALLS: usize = 20_000;

impl<'a> Run<'a> {
    pub(super) fn call(
        &mut self,
        span: Span,
        callee: ExpressionId,
        arguments: Option<&'a Record>,
        piped: Option<&Value<'a>>,
        scope: ScopeId,
    ) -> Value<'a> {
        let function = self.value(callee, scope);
        let given = arguments.map_or_else(Given::default, |arguments| self.given(arguments, scope));
        match function {
            Value::Written(function, around) => self.call_written(function, around, &given, piped),
            Value::Library(package, name) => {
                self.reach(span, &package, name, &given);
                let known = match (&*package, name, given.get("v")) {
                    ("universe", "string", Some((value, _))) => value.spelled(),
                    _ => None,
                };
                let before = self.lost.len();
                self.lose_all(&given, piped, span);
                let inputs = self.lost.split_off(before);
                let callee = self.script.expression(callee).span;
                let call = Call { package, name, span, callee, given, inputs, ends: false, is_idle: self.is_idle };
                known.map_or_else(|| self.result(call), Value::Text)
            }
            _ => {
                self.lose_all(&given, piped, span);
                Value::Unknown
            }
        }
    }

    /// What a call of the standard library gives.
    fn result(&mut self, call: Call<'a>) -> Value<'a> {
        if self.calls.len() >= CALLS {
            return Value::Unknown;
        }
        self.calls.push(call);
        Value::Result(self.calls.len() - 1)
    }

    /// Looks at an expression whose value goes where nobody follows it.
    pub(super) fn lost(&mut self, id: ExpressionId, scope: ScopeId) -> Value<'a> {
        let value = self.value(id, scope);
        self.lose(&value, self.script.expression(id).span)
    }

    pub(super) fn call_written(
        &mut self,
        function: &'a Function,
        around: ScopeId,
        given: &Given<'a>,
        piped: Option<&Value<'a>>,
    ) -> Value<'a> {
        if self.depth >= DEEPEST {
            self.incomplete = true;
            return Value::Unknown;
        }
        self.called.insert(function.arrow);
        let scope = self.scopes.open(Some(around));
        for parameter in &function.parameters {
            let name = self.script.key(parameter.key);
            let is_receiver =
                |id: &ExpressionId| matches!(self.script.expression(*id).kind, ExpressionKind::PipeReceive);
            let value = match (given.get(name), parameter.value) {
                (Some((value, _)), _) => value.clone(),
                (None, Some(default)) if is_receiver(&default) => piped.cloned().unwrap_or(Value::Unknown),
                (None, Some(default)) => self.value(default, around),
                (None, None) => Value::Unknown,
            };
            self.scopes.bind(scope, name, value);
        }
        self.depth += 1;
        let value = match &function.body {
            Body::Expression(value) => self.value(*value, scope),
            Body::Block(block) => self.statements(&block.body, scope, false),
        };
        self.depth -= 1;
        value
    }
}
