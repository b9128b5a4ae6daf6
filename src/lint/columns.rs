//! The columns that the functions read and set that `filter` and `map` are given.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::flux::ast::{Body, ExpressionId, ExpressionKind, Function, Key, Property, Record, Script};
use crate::flux::refs::{Call, Value};

/// Names of columns; none where they are not known.
type Known<'a> = Option<Rc<BTreeSet<&'a str>>>;

/// The row that the function of a `map` makes of another one.
pub(super) struct Row<'a> {
    /// Whether it has what the other one has, as `{r with a: 1}`.
    pub(super) has_others: bool,
    /// The columns that are set in it.
    pub(super) set: BTreeSet<&'a str>,
}

/// The columns of functions that were looked at, by the place of their arrow: a function may be given to very many calls.
pub(super) struct Columns<'a> {
    script: &'a Script,
    read: HashMap<u32, Known<'a>>,
    made: HashMap<u32, Option<Rc<Row<'a>>>>,
}

impl<'a> Columns<'a> {
    pub(super) fn of(script: &'a Script) -> Self {
        Self { script, read: HashMap::new(), made: HashMap::new() }
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

    /// The row that the function of a `map` makes, if it does nothing else.
    pub(super) fn made_by(&mut self, call: &Call<'a>) -> Option<Rc<Row<'a>>> {
        let function = function(call)?;
        let known = self.made.get(&function.arrow).cloned();
        known.unwrap_or_else(|| {
            let made = made(self.script, function).map(Rc::new);
            self.made.insert(function.arrow, made.clone());
            made
        })
    }

    /// The same of one that leaves all other columns: `(r) => ({r with a: 1})`.
    pub(super) fn set_by(&mut self, call: &Call<'a>) -> Option<Rc<Row<'a>>> {
        self.made_by(call).filter(|row| row.has_others)
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

fn made<'a>(script: &'a Script, function: &Function) -> Option<Row<'a>> {
    let (row, mut body) = row(script, function)?;
    while let ExpressionKind::Paren(inner) = script.expression(body).kind {
        body = inner;
    }
    let ExpressionKind::Record(record) = &script.expression(body).kind else { return None };
    let Record { with, properties, .. } = &**record;
    if with.is_some_and(|with| script.text(with) != row) {
        return None;
    }
    let set = properties.iter().map(|property| script.key(property.key)).collect();
    Some(Row { has_others: with.is_some(), set })
}
