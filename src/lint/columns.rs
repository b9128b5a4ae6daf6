//! The columns that the functions read and set that `filter` and `map` are given.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::flux::ast::{Body, ExpressionId, ExpressionKind, Function, Key, Property, Record, Script};
use crate::flux::refs::{Call, Value};

/// Names of columns; none where they are not known.
type Known<'a> = Option<Rc<BTreeSet<&'a str>>>;

/// The columns of functions that were looked at, by the place of their arrow: a function may be given to very many calls.
pub(super) struct Columns<'a> {
    script: &'a Script,
    read: HashMap<u32, Known<'a>>,
    set: HashMap<u32, Known<'a>>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(script: &'a Script) -> Self {
        Self { script, read: HashMap::new(), set: HashMap::new() }
    }

    /// The columns that the function of a `filter` looks at, if it does nothing else with a row.
    pub(super) fn read_by(&mut self, call: &Call<'a>) -> Known<'a> {
        let function = function(call)?;
        let known = self.read.get(&function.arrow).cloned();
        known.unwrap_or_else(|| {
            let read = read(self.script, function).map(Rc::new);
            self.read.insert(function.arrow, read.clone());
            read
        })
    }

    /// The columns that the function of a `map` sets, if it leaves all others: `(r) => ({r with a: 1})`.
    pub(super) fn set_by(&mut self, call: &Call<'a>) -> Known<'a> {
        let function = function(call)?;
        let known = self.set.get(&function.arrow).cloned();
        known.unwrap_or_else(|| {
            let set = set(self.script, function).map(Rc::new);
            self.set.insert(function.arrow, set.clone());
            set
        })
    }
}

/// The function of the script that a call is given as `fn`.
fn function<'a>(call: &Call<'a>) -> Option<&'a Function> {
    match call.given.get("fn")?.0 {
        Value::Written(function, _) => Some(function),
        _ => None,
    }
}

/// The name of its only parameter, and its body, if it has no block.
fn row<'a>(script: &'a Script, function: &Function) -> Option<(&'a str, ExpressionId)> {
    let (Body::Expression(body), [Property { key: Key::Name(name), .. }]) = (&function.body, &*function.parameters)
    else {
        return None;
    };
    Some((script.text(*name), *body))
}

fn read<'a>(script: &'a Script, function: &Function) -> Option<BTreeSet<&'a str>> {
    let (row, body) = row(script, function)?;
    let mut columns = BTreeSet::new();
    let mut left = vec![body];
    while let Some(id) = left.pop() {
        let expression = script.expression(id);
        match &expression.kind {
            ExpressionKind::Binary { left: one, right: other, .. } => left.extend([*one, *other]),
            ExpressionKind::Paren(inner) | ExpressionKind::Unary { argument: inner, .. } => left.push(*inner),
            ExpressionKind::Member { object, property, .. } => {
                let of = script.expression(*object);
                if of.kind == ExpressionKind::Identifier && script.text(of.span) == row {
                    columns.insert(script.key(*property));
                } else {
                    left.push(*object);
                }
            }
            // All of the row may go somewhere.
            ExpressionKind::Identifier if script.text(expression.span) == row => return None,
            ExpressionKind::Identifier
            | ExpressionKind::Integer
            | ExpressionKind::Float
            | ExpressionKind::String
            | ExpressionKind::Duration
            | ExpressionKind::Time
            | ExpressionKind::Regex => {}
            _ => return None,
        }
    }
    Some(columns)
}

fn set<'a>(script: &'a Script, function: &Function) -> Option<BTreeSet<&'a str>> {
    let (row, mut body) = row(script, function)?;
    while let ExpressionKind::Paren(inner) = script.expression(body).kind {
        body = inner;
    }
    let ExpressionKind::Record(record) = &script.expression(body).kind else { return None };
    let Record { with, properties, .. } = &**record;
    let leaves_others = with.is_some_and(|with| script.text(with) == row);
    leaves_others.then(|| properties.iter().map(|property| script.key(property.key)).collect())
}
