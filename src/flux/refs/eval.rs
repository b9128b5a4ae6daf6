//! Runs a script in thought. Values that only a run could tell are unknown; a function that nobody calls is called with these.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use super::value::{CallId, ScopeId, Scopes, Text, Value};
use super::{Call, Followed, Reference, References, Steps};
use crate::duration::Duration;
use crate::flux::Literal;
use crate::flux::ast::{
    Expression, ExpressionId, ExpressionKind, Function, Infix, OptionTarget, Part, Prefix, Record, Script, Span,
    Statement, StatementKind,
};
use crate::flux::{library, names};
use crate::limits::SCRIPT_STEPS;

/// How deep expressions and calls may be nested in each other.
pub(super) const DEEPEST: usize = 128;
/// How many bytes a text that is put together may have.
const LONGEST: usize = 64 << 10;

/// The arguments of a call, each with the place of its value.
#[derive(Clone, Debug, Default)]
pub struct Given<'a>(Vec<(&'a str, Value<'a>, Span)>);

impl<'a> Given<'a> {
    /// The value of an argument, and its place: of several the last.
    pub fn get(&self, name: &str) -> Option<(&Value<'a>, Span)> {
        self.0.iter().rev().find(|(given, ..)| *given == name).map(|(_, value, span)| (value, *span))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &(&'a str, Value<'a>, Span)> {
        self.0.iter()
    }
}

pub(super) struct Run<'a> {
    pub(super) script: &'a Script,
    /// How many steps there may still be: expressions and values that are looked at.
    left: usize,
    pub(super) depth: usize,
    pub(super) incomplete: bool,
    pub(super) found: BTreeSet<Reference>,
    /// Addresses that no call says, by the package that knows where it goes.
    pub(super) untold: BTreeSet<(String, Reference)>,
    /// The addresses that the script gives to packages, with their places; none where only a run can tell.
    addresses: BTreeMap<String, (Span, Option<String>)>,
    pub(super) calls: Vec<Call<'a>>,
    /// Results of calls that went into what is looked at, or where nobody follows them.
    pub(super) lost: Vec<CallId>,
    /// Functions by the place of their arrow that were called.
    pub(super) called: BTreeSet<u32>,
    /// Functions that went where nobody follows them, and those that were met.
    pub(super) given_away: Vec<(&'a Function, ScopeId)>,
    met: Vec<(&'a Function, ScopeId)>,
    /// Whether what is looked at is a function that nothing calls.
    pub(super) is_idle: bool,
    /// Functions of libraries that the script does not use, by their first bytes.
    unneeded: HashSet<u32>,
    pub(super) scopes: Scopes<'a>,
}

pub(super) fn run<'a>(script: &'a Script, given: &[(&'a str, &'a Literal)], steps: &Steps) -> Followed<'a> {
    // Expressions of a function are looked at again for each call, values for each place that they go to.
    let again = SCRIPT_STEPS.size().min(steps.0.get());
    let mut run = Run {
        script,
        // Each is looked at, and its value where it goes.
        left: 2 * script.expressions().len() + again,
        depth: 0,
        incomplete: false,
        found: BTreeSet::new(),
        untold: BTreeSet::new(),
        addresses: BTreeMap::new(),
        calls: Vec::new(),
        lost: Vec::new(),
        called: BTreeSet::new(),
        given_away: Vec::new(),
        met: Vec::new(),
        is_idle: false,
        unneeded: library::unneeded(script),
        scopes: Scopes::default(),
    };
    let file = run.scopes.open(None);
    for (name, value) in given {
        let value = run.given_value(value);
        run.scopes.bind(file, name, value);
    }
    for import in script.imports() {
        let path = Value::Package(script.unquoted(import.path).into());
        run.scopes.bind(file, script.bound(import), path);
    }
    run.statements(script.body(), file, true);
    run.call_others();
    run.tell();
    steps.0.set(steps.0.get() - again.saturating_sub(run.left));
    let references = References { all: run.found.into_iter().collect(), incomplete: run.incomplete };
    Followed { references, calls: run.calls }
}

/// Whether the option of a package that is called so says where its functions go.
pub(crate) fn is_address(option: &str) -> bool {
    option.to_ascii_lowercase().ends_with("url")
}

impl<'a> Run<'a> {
    /// Calls the functions that were not called: first those that something else may call, then those that nothing does.
    fn call_others(&mut self) {
        // Those that come meanwhile are at the end of the list.
        let mut next = 0;
        while let Some(function) = self.given_away.get(next).copied() {
            next += 1;
            self.call_uncalled(function);
        }
        self.is_idle = true;
        next = 0;
        while let Some(function) = self.met.get(next).copied() {
            next += 1;
            self.call_uncalled(function);
        }
    }

    fn call_uncalled(&mut self, (function, scope): (&'a Function, ScopeId)) {
        if !self.called.contains(&function.arrow) {
            let value = self.call_written(function, scope, &Given::default(), None);
            self.lose(&value, Span { start: function.arrow, end: function.arrow + 2 });
        }
    }

    /// Whether there may be one more step.
    pub(super) fn step(&mut self) -> bool {
        let left = self.left.checked_sub(1);
        self.incomplete |= left.is_none();
        self.left = left.unwrap_or(0);
        left.is_some()
    }

    /// A text, if it is not too long to be a name.
    fn put_together(&mut self, text: String) -> Value<'a> {
        if text.len() > LONGEST {
            self.incomplete = true;
            return Value::Unknown;
        }
        Value::Text(text.into())
    }

    pub(super) fn record_of(&mut self, fields: BTreeMap<&'a str, Value<'a>>) -> Value<'a> {
        self.depth_with(fields.values()).map_or(Value::Unknown, |depth| Value::Record(Rc::new(fields), depth))
    }

    /// How deep values are nested in one with these in it, if that is not too deep.
    pub(super) fn depth_with<'v>(&mut self, values: impl Iterator<Item = &'v Value<'a>>) -> Option<usize>
    where
        'a: 'v,
    {
        let depth = values.map(Value::depth).max().map_or(1, |depth| depth + 1);
        self.incomplete |= depth > DEEPEST;
        (depth <= DEEPEST).then_some(depth)
    }

    /// The value that the statements return, if they do. What an expression at the `top` gives is a result of the script.
    pub(super) fn statements(&mut self, statements: &'a [Statement], scope: ScopeId, top: bool) -> Value<'a> {
        for statement in statements {
            if top && self.unneeded.contains(&statement.span.start) {
                continue;
            }
            match &statement.kind {
                StatementKind::Expression(value) => {
                    if let (Value::Result(call), true) = (self.value(*value, scope), top) {
                        self.calls[call].ends = true;
                    }
                }
                StatementKind::Return(value) => return self.value(*value, scope),
                StatementKind::Assignment { name, value, .. }
                | StatementKind::Option { target: OptionTarget::Name(name), value, .. } => {
                    let value = self.value(*value, scope);
                    self.scopes.bind(scope, self.script.text(*name), value);
                }
                StatementKind::Option { target: OptionTarget::Member { object, property, .. }, value, .. } => {
                    self.set(*object, *property, *value, scope);
                }
                StatementKind::Builtin { .. } | StatementKind::TestCase(_) | StatementKind::Bad => {}
            }
        }
        Value::Unknown
    }

    pub(super) fn value(&mut self, id: ExpressionId, scope: ScopeId) -> Value<'a> {
        if self.depth >= DEEPEST {
            self.incomplete = true;
            return Value::Unknown;
        }
        if !self.step() {
            return Value::Unknown;
        }
        self.depth += 1;
        let value = self.expression(self.script.expression(id), scope);
        self.depth -= 1;
        value
    }

    fn expression(&mut self, expression: &'a Expression, scope: ScopeId) -> Value<'a> {
        let script = self.script;
        match &expression.kind {
            ExpressionKind::Identifier => self.name(script.text(expression.span), scope),
            ExpressionKind::String => Value::Text(script.unquoted(expression.span).into()),
            ExpressionKind::Integer => script.text(expression.span).parse().map_or(Value::Unknown, Value::Integer),
            ExpressionKind::Duration => {
                script.text(expression.span).parse::<Duration>().map_or(Value::Unknown, Value::Duration)
            }
            ExpressionKind::Paren(inner) => self.value(*inner, scope),
            ExpressionKind::Interpolation(parts) => self.interpolation(parts, scope),
            ExpressionKind::Array(items) => {
                let items: Rc<[_]> = items.iter().map(|item| self.value(*item, scope)).collect();
                self.depth_with(items.iter()).map_or(Value::Unknown, |depth| Value::Array(items, depth))
            }
            ExpressionKind::Dict(items) => {
                for item in items {
                    self.value(item.key, scope);
                    self.lost(item.value, scope);
                }
                Value::Unknown
            }
            ExpressionKind::Record(record) => self.record(record, scope),
            ExpressionKind::Member { object, property, .. } => {
                let object = self.value(*object, scope);
                self.member(&object, self.script.key(*property))
            }
            ExpressionKind::Index { array, index, .. } => {
                let array = self.value(*array, scope);
                match (&array, self.value(*index, scope)) {
                    (Value::Array(items, _), Value::Integer(at)) => items.get(at).cloned().unwrap_or(Value::Unknown),
                    (Value::Record(fields, _), Value::Text(key)) => {
                        fields.get(&*key).cloned().unwrap_or(Value::Unknown)
                    }
                    _ => self.lose(&array, expression.span),
                }
            }
            ExpressionKind::Call { callee, arguments, .. } => {
                self.call(expression.span, *callee, arguments.as_deref(), None, scope)
            }
            ExpressionKind::Pipe { argument, call, .. } => self.pipes(*argument, *call, scope),
            ExpressionKind::Unary { operator, argument } => match (operator, self.value(*argument, scope)) {
                (Prefix::Minus, Value::Duration(duration)) => Value::Before(duration),
                _ => Value::Unknown,
            },
            ExpressionKind::Binary { .. } => self.operators(expression, scope),
            ExpressionKind::Conditional { test, consequent, alternate, .. } => match self.value(*test, scope) {
                Value::Bool(true) => self.value(*consequent, scope),
                Value::Bool(false) => self.value(*alternate, scope),
                _ => {
                    self.lost(*consequent, scope);
                    self.lost(*alternate, scope)
                }
            },
            ExpressionKind::Function(function) => {
                self.met.push((function, scope));
                Value::Written(function, scope)
            }
            ExpressionKind::Hole
            | ExpressionKind::Float
            | ExpressionKind::Time
            | ExpressionKind::Regex
            | ExpressionKind::PipeReceive
            | ExpressionKind::Label => Value::Unknown,
        }
    }

    /// Sets an option of a package.
    fn set(&mut self, package: Span, option: Span, value: ExpressionId, scope: ScopeId) {
        let to = self.value(value, scope);
        let span = self.script.expression(value).span;
        let (package, option) = (self.script.text(package), self.script.text(option));
        if let (Some(Value::Package(path)), true) = (self.scopes.find(scope, package), is_address(option)) {
            self.addresses.insert(path.to_string(), (span, to.text().map(str::to_owned)));
        }
        self.lose(&to, span);
    }

    /// Says of calls that do not say where they go what the options of their packages do.
    fn tell(&mut self) {
        for (package, mut reference) in std::mem::take(&mut self.untold) {
            if let Some((span, name)) = self.addresses.get(&package) {
                (reference.span, reference.name) = (*span, name.clone());
            }
            self.found.insert(reference);
        }
    }

    fn name(&self, name: &'a str, scope: ScopeId) -> Value<'a> {
        match (self.scopes.find(scope, name), name) {
            (Some(value), _) => value.clone(),
            (None, "true") => Value::Bool(true),
            (None, "false") => Value::Bool(false),
            (None, _) => {
                names::prelude_package(name).map_or(Value::Unknown, |path| Value::Library(Text::Written(path), name))
            }
        }
    }

    fn member(&self, object: &Value<'a>, name: &'a str) -> Value<'a> {
        match object {
            Value::Package(path) => Value::Library(path.clone(), name),
            Value::Record(fields, _) => fields.get(name).cloned().unwrap_or(Value::Unknown),
            _ => Value::Unknown,
        }
    }

    fn interpolation(&mut self, parts: &'a [Part], scope: ScopeId) -> Value<'a> {
        let mut text = Some(String::new());
        for part in parts {
            let known = match part {
                Part::Text(span) => Some(self.script.unescaped(*span).into_owned()),
                Part::Value { expression, .. } => self.value(*expression, scope).text().map(str::to_owned),
            };
            text = text.zip(known).map(|(text, more)| text + &more);
        }
        text.map_or(Value::Unknown, |text| self.put_together(text))
    }

    fn record(&mut self, record: &'a Record, scope: ScopeId) -> Value<'a> {
        let base = record.with.map(|with| (self.name(self.script.text(with), scope), with));
        let given = self.given(record, scope);
        let mut fields = match base {
            Some((Value::Record(fields, _), _)) => (*fields).clone(),
            // What such a base has is not found, and so not known.
            Some((other, with)) => {
                self.lose(&other, with);
                BTreeMap::new()
            }
            None => BTreeMap::new(),
        };
        fields.extend(given.0.into_iter().map(|(name, value, _)| (name, value)));
        self.record_of(fields)
    }

    pub(super) fn given(&mut self, record: &'a Record, scope: ScopeId) -> Given<'a> {
        let mut given = Given(Vec::with_capacity(record.properties.len()));
        for property in &record.properties {
            let name = self.script.key(property.key);
            let (value, span) = match property.value {
                Some(value) => (self.value(value, scope), self.script.expression(value).span),
                None => (self.name(name, scope), property.span),
            };
            given.0.push((name, value, span));
        }
        given
    }

    /// Pipes may be chained without end: not by recursion.
    fn pipes(&mut self, argument: ExpressionId, call: ExpressionId, scope: ScopeId) -> Value<'a> {
        let mut calls = vec![call];
        let mut first = argument;
        while let ExpressionKind::Pipe { argument, call, .. } = self.script.expression(first).kind {
            calls.push(call);
            first = argument;
        }
        let mut piped = self.value(first, scope);
        for call in calls.into_iter().rev() {
            let expression = self.script.expression(call);
            piped = match &expression.kind {
                ExpressionKind::Call { callee, arguments, .. } => {
                    self.call(expression.span, *callee, arguments.as_deref(), Some(&piped), scope)
                }
                _ => self.value(call, scope),
            };
        }
        piped
    }

    /// The same for operators.
    fn operators(&mut self, last: &'a Expression, scope: ScopeId) -> Value<'a> {
        let mut right_sides = Vec::new();
        let mut leftmost = last;
        let first = loop {
            let ExpressionKind::Binary { operator, left, right, .. } = leftmost.kind else {
                unreachable!("invariant: the loop ends at what is no operator")
            };
            right_sides.push((operator, right));
            leftmost = self.script.expression(left);
            if !matches!(leftmost.kind, ExpressionKind::Binary { .. }) {
                break left;
            }
        };
        let mut value = self.value(first, scope);
        for (operator, right) in right_sides.into_iter().rev() {
            let right = self.value(right, scope);
            value = match (operator, value.text(), right.text()) {
                (Infix::Add, Some(left), Some(right)) => self.put_together(format!("{left}{right}")),
                (Infix::Equal, Some(left), Some(right)) => Value::Bool(left == right),
                (Infix::NotEqual, Some(left), Some(right)) => Value::Bool(left != right),
                _ => Value::Unknown,
            };
        }
        value
    }
}
