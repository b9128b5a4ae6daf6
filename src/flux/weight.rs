//! How much work the types of a script can be for a compiler.
//!
//! A compiler of Flux has no bounds of its own. Measured on influxd 2.9.1: types that use what is before them twice keep it busy
//! without an end; records with the same fields in another order take the cube of their number; a class such as `\w` in a regular
//! expression takes as long as a whole script.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{
    Body, Expression, ExpressionId, ExpressionKind, Infix, Key, OptionTarget, Part, Prefix, Property, Record, Script,
    Span, StatementKind,
};

/// How many fields, to the third power, are as much work as one node of a type.
const FIELDS: u64 = 16;
/// Fields that a record of the standard library has besides those that a script names.
const KNOWN_FIELDS: u64 = 8;
/// How many nodes of a type a name of the standard library is as much work as.
const PACKAGE: u64 = 1_000;
/// How many nodes of a type are as much work as one character of a regular expression.
const CHARACTER: u64 = 2_000;

/// An upper bound for the work that the types of a sound script are: of each expression how many nodes its type has, with what
/// each name stands for in its place and what each call makes of its arguments, and the work of comparing its records. None where it
/// is hard to tell: functions come in as arguments and are called, or make more of what a function of the script gives them.
pub(super) fn weight(script: &Script) -> Option<u64> {
    if has_package_as_value(script) {
        return None;
    }
    let mut weights = Weights::new(script);
    let mut work: u64 = 0;
    for (index, expression) in script.expressions().iter().enumerate() {
        let cost = weights.of(expression)?;
        work = work.saturating_add(cost.nodes).saturating_add(weights.comparing(expression, &cost));
        work = named(expression).fold(work, |work, name| work.saturating_add(weights.instance(name)));
        if let ExpressionKind::Regex = expression.kind {
            work = work.saturating_add(regex(script.text(expression.span)).saturating_mul(CHARACTER));
        }
        weights.bind(index, &cost);
        weights.expressions.push(cost);
    }
    Some(work)
}

/// Whether a name stands for a whole package: each use of it is the work of a whole script (influxd 2.9.1, measured).
fn has_package_as_value(script: &Script) -> bool {
    let packages: BTreeSet<&str> = script.imports().iter().map(|import| script.bound(import)).collect();
    let objects: BTreeSet<ExpressionId> = script
        .expressions()
        .iter()
        .filter_map(|expression| match expression.kind {
            ExpressionKind::Member { object, .. } => Some(object),
            _ => None,
        })
        .collect();
    let is_package = |span: Span| packages.contains(script.text(span));
    let is_object = |index| objects.contains(&ExpressionId::new(index));
    let mut expressions = script.expressions().iter().enumerate();
    expressions.any(|(index, expression)| !is_object(index) && named(expression).any(is_package))
}

/// The names in `expression` itself, as values: its own, and those in a record that have no value of their own.
fn named(expression: &Expression) -> impl Iterator<Item = Span> {
    let (own, record) = match &expression.kind {
        ExpressionKind::Identifier => (Some(expression.span), None),
        ExpressionKind::Record(record) | ExpressionKind::Call { arguments: Some(record), .. } => {
            (record.with, Some(record))
        }
        _ => (None, None),
    };
    let short = record.into_iter().flat_map(|record| &record.properties).filter(|property| property.value.is_none());
    own.into_iter().chain(short.map(|property| property.key.span()))
}

/// How many characters a regular expression has with all that it repeats a certain number of times written out, at most.
fn regex(text: &str) -> u64 {
    let counts = text.split('{').skip(1).filter_map(|part| part.split('}').next());
    let most = |count: &str| count.split(',').filter_map(|end| end.trim().parse().ok()).max();
    counts.filter_map(most).fold(text.len() as u64, |size, count: u64| size.saturating_mul(count.max(1)))
}

/// What is known of the type of an expression.
#[derive(Clone, Debug, Default)]
struct Cost<'a> {
    /// How many nodes it has at most, where each parameter of a function around it is one.
    nodes: u64,
    /// The fields of its largest record at most, without those of such a parameter.
    fields: u64,
    /// How often it has a parameter, or one field of it, by the names of both; what is no field has no name.
    copies: BTreeMap<(&'a str, &'a str), u64>,
    /// How often what is made by a function, which it is or has, has what that is given; 0 where there is no function.
    growth: u64,
}

impl<'a> Cost<'a> {
    fn leaf() -> Self {
        Self { nodes: 1, ..Self::default() }
    }

    /// As the body of a function with `parameters`.
    fn within(mut self, parameters: &BTreeSet<&str>) -> Self {
        // Different fields of a parameter are different parts of it.
        let mut of: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for ((parameter, field), count) in
            self.copies.iter().filter(|((parameter, _), _)| parameters.contains(parameter))
        {
            let (whole, most) = of.entry(parameter).or_default();
            if field.is_empty() {
                *whole = whole.saturating_add(*count);
            } else {
                *most = (*most).max(*count);
            }
        }
        let growth = of.into_values().map(|(whole, most)| whole.saturating_add(most)).max();
        self.growth = self.growth.max(growth.unwrap_or(0));
        self.copies.retain(|(parameter, _), _| !parameters.contains(parameter));
        self
    }

    /// This and `other` in one type.
    fn and(mut self, other: &Self) -> Self {
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.fields = self.fields.max(other.fields);
        self.growth = self.growth.max(other.growth);
        for (of, count) in &other.copies {
            let sum = self.copies.entry(*of).or_default();
            *sum = sum.saturating_add(*count);
        }
        self
    }

    /// What is made of it by something that has it `growth` times.
    fn times(mut self, growth: u64) -> Self {
        self.nodes = self.nodes.saturating_mul(growth.max(1));
        self.copies.values_mut().for_each(|count| *count = count.saturating_mul(growth.max(1)));
        self
    }

    /// The type of what tells something of it: a text, a truth value.
    fn basic(self) -> Self {
        Self { fields: self.fields, ..Self::leaf() }
    }
}

struct Weights<'a> {
    script: &'a Script,
    /// Those of the expressions so far: each stands after those that it consists of, and a name after what it stands for.
    expressions: Vec<Cost<'a>>,
    /// What is bound to these names so far, wherever they hold.
    names: BTreeMap<&'a str, Cost<'a>>,
    /// The names that are bound to an expression.
    bound: BTreeMap<usize, Vec<&'a str>>,
    parameters: BTreeSet<&'a str>,
    /// What may be, or have, a function that came in as an argument: parameters, and what is set in a function to something that
    /// is no function.
    opaque: BTreeSet<&'a str>,
    /// How many fields the script asks records for.
    asked: u64,
    /// How many parameters the function with the most of them has.
    most_parameters: u64,
    /// How many all functions have.
    all_parameters: u64,
}

impl<'a> Weights<'a> {
    fn new(script: &'a Script) -> Self {
        let mut weights = Self {
            script,
            expressions: Vec::with_capacity(script.expressions().len()),
            names: BTreeMap::new(),
            bound: BTreeMap::new(),
            parameters: BTreeSet::new(),
            opaque: BTreeSet::new(),
            asked: 0,
            most_parameters: 0,
            all_parameters: 0,
        };
        let mut blocks = vec![(script.body(), true)];
        let mut asked = BTreeSet::new();
        for expression in script.expressions() {
            match &expression.kind {
                ExpressionKind::Member { property, .. } => {
                    asked.insert(weights.key(*property));
                }
                ExpressionKind::Function(function) => {
                    if let Body::Block(block) = &function.body {
                        blocks.push((&block.body, false));
                    }
                    weights.most_parameters = weights.most_parameters.max(function.parameters.len() as u64);
                    weights.all_parameters += function.parameters.len() as u64;
                    for parameter in &function.parameters {
                        let name = weights.key(parameter.key);
                        weights.parameters.insert(name);
                        weights.opaque.insert(name);
                        if let Some(value) = parameter.value {
                            weights.bound.entry(value.index()).or_default().push(name);
                        }
                    }
                }
                _ => {}
            }
        }
        weights.asked = asked.len() as u64;
        let statements = |(block, outside): (&'a [_], bool)| block.iter().map(move |statement| (statement, outside));
        for (statement, outside) in blocks.into_iter().flat_map(statements) {
            if let StatementKind::Assignment { name, value, .. }
            | StatementKind::Option { target: OptionTarget::Name(name), value, .. } = &statement.kind
            {
                let name = script.text(*name);
                weights.bound.entry(value.index()).or_default().push(name);
                if !outside && !matches!(script.expression(*value).kind, ExpressionKind::Function(_)) {
                    weights.opaque.insert(name);
                }
            }
        }
        weights
    }

    fn key(&self, key: Key) -> &'a str {
        self.script.text(key.span()).trim_matches('"')
    }

    /// From here on the names of the expression `index` stand for this too.
    fn bind(&mut self, index: usize, cost: &Cost<'a>) {
        for name in self.bound.get(&index).into_iter().flatten() {
            let sum = self.names.entry(name).or_default();
            *sum = std::mem::take(sum).and(cost);
        }
    }

    /// The work of comparing what an expression has with what it is to be: fields come in any order.
    fn comparing(&self, expression: &Expression, cost: &Cost<'a>) -> u64 {
        let (fields, times) = match &expression.kind {
            ExpressionKind::Call { .. } => (cost.fields.max(self.most_parameters), 1),
            ExpressionKind::Array(items) => (cost.fields, items.len()),
            ExpressionKind::Dict(items) => (cost.fields, items.len()),
            ExpressionKind::Conditional { .. }
            | ExpressionKind::Function(_)
            | ExpressionKind::Index { .. }
            | ExpressionKind::Member { .. }
            | ExpressionKind::Pipe { .. }
            | ExpressionKind::Record(_)
            | ExpressionKind::Unary { .. }
            | ExpressionKind::Binary { .. } => (cost.fields, 1),
            _ => return 0,
        };
        let fields = fields.saturating_add(self.asked).saturating_add(KNOWN_FIELDS);
        (fields.saturating_pow(3) / FIELDS).saturating_mul(times as u64)
    }

    /// The work of a name: the type of a function is made anew for it, with all its parameters.
    fn instance(&self, span: Span) -> u64 {
        let is_own = self.names.contains_key(self.script.text(span));
        if is_own { self.all_parameters.saturating_pow(2) / 2 } else { PACKAGE }
    }

    fn name(&self, span: Span) -> Cost<'a> {
        let name = self.script.text(span);
        let mut cost = self.names.get(name).cloned().unwrap_or_default();
        if self.parameters.contains(name) {
            *cost.copies.entry((name, "")).or_default() += 1;
        }
        cost.nodes = cost.nodes.max(1);
        cost
    }

    fn at(&self, id: ExpressionId) -> Cost<'a> {
        // What is not there yet would stand before what it consists of.
        let unknown = Cost { nodes: u64::MAX, ..Cost::default() };
        self.expressions.get(id.index()).cloned().unwrap_or(unknown)
    }

    fn sum(&self, of: impl IntoIterator<Item = ExpressionId>) -> Cost<'a> {
        of.into_iter().fold(Cost::leaf(), |sum, id| sum.and(&self.at(id)))
    }

    fn property(&self, property: &Property) -> Cost<'a> {
        property.value.map_or_else(|| self.name(property.key.span()), |value| self.at(value))
    }

    fn record(&self, record: &Record) -> Cost<'a> {
        let with = record.with.map(|with| self.name(with)).unwrap_or_default();
        let own = with.fields.saturating_add(record.properties.len() as u64);
        let mut cost =
            record.properties.iter().fold(Cost::leaf().and(&with), |sum, property| sum.and(&self.property(property)));
        cost.fields = cost.fields.max(own);
        cost
    }

    fn of(&self, expression: &Expression) -> Option<Cost<'a>> {
        Some(match &expression.kind {
            ExpressionKind::Identifier => self.name(expression.span),
            ExpressionKind::Interpolation(parts) => {
                let values = parts.iter().filter_map(|part| match part {
                    Part::Value { expression, .. } => Some(*expression),
                    Part::Text(_) => None,
                });
                self.sum(values).basic()
            }
            ExpressionKind::Array(items) => self.sum(items.iter().copied()),
            ExpressionKind::Dict(items) => self.sum(items.iter().flat_map(|item| [item.key, item.value])),
            ExpressionKind::Record(record) => self.record(record),
            ExpressionKind::Member { object, property, .. } => self.member(*object, *property),
            ExpressionKind::Unary { argument, operator: Prefix::Not | Prefix::Exists } => self.sum([*argument]).basic(),
            ExpressionKind::Unary { argument, .. } => self.sum([*argument]),
            ExpressionKind::Paren(inner) => self.sum([*inner]),
            ExpressionKind::Index { array, index, .. } => self.sum([*array, *index]),
            // What is wrong is what both sides are all the same.
            ExpressionKind::Binary {
                operator: Infix::Power | Infix::Multiply | Infix::Divide, left, right, ..
            }
            | ExpressionKind::Binary { operator: Infix::Modulo | Infix::Add | Infix::Subtract, left, right, .. } => {
                self.sum([*left, *right])
            }
            ExpressionKind::Binary { left, right, .. } => self.sum([*left, *right]).basic(),
            ExpressionKind::Conditional { test, consequent, alternate, .. } => {
                self.sum([*test, *consequent, *alternate])
            }
            ExpressionKind::Call { callee, arguments, .. } => self.call(*callee, arguments.as_deref())?,
            ExpressionKind::Pipe { argument, call, .. } => {
                let growth = match &self.script.expression(*call).kind {
                    ExpressionKind::Call { callee, arguments, .. } => self.growth(*callee, arguments.as_deref())?,
                    _ => 1,
                };
                let (argument, call) = (self.at(*argument), self.at(*call));
                let fields = argument.fields.saturating_add(call.fields);
                Cost { fields, ..call.and(&argument.times(growth)) }
            }
            ExpressionKind::Function(function) => {
                let mut cost = match &function.body {
                    Body::Expression(body) => self.sum([*body]),
                    Body::Block(block) => self.sum(block.body.iter().filter_map(|statement| match &statement.kind {
                        StatementKind::Expression(value)
                        | StatementKind::Return(value)
                        | StatementKind::Assignment { value, .. }
                        | StatementKind::Option { value, .. } => Some(*value),
                        StatementKind::Builtin { .. } | StatementKind::TestCase(_) | StatementKind::Bad => None,
                    })),
                };
                cost.nodes = cost.nodes.saturating_add(function.parameters.len() as u64);
                let defaults = function.parameters.iter().filter_map(|parameter| parameter.value);
                let parameters = function.parameters.iter().map(|parameter| self.key(parameter.key)).collect();
                defaults.fold(cost, |sum, value| sum.and(&self.at(value))).within(&parameters)
            }
            ExpressionKind::Hole
            | ExpressionKind::Integer
            | ExpressionKind::Float
            | ExpressionKind::String
            | ExpressionKind::Duration
            | ExpressionKind::Time
            | ExpressionKind::Regex
            | ExpressionKind::PipeReceive
            | ExpressionKind::Label => Cost::leaf(),
        })
    }

    /// A field of a parameter is a part of it, and another one than any other field.
    fn member(&self, object: ExpressionId, property: Key) -> Cost<'a> {
        let of = self.script.expression(object);
        let name = self.script.text(of.span);
        let is_parameter = of.kind == ExpressionKind::Identifier && self.parameters.contains(name);
        if !is_parameter || self.names.contains_key(name) {
            return self.sum([object]);
        }
        Cost { copies: [((name, self.key(property)), 1)].into(), ..Cost::leaf() }
    }

    fn call(&self, callee: ExpressionId, arguments: Option<&Record>) -> Option<Cost<'a>> {
        let growth = self.growth(callee, arguments)?;
        let Some(arguments) = arguments else { return Some(self.sum([callee])) };
        let given = self.record(arguments);
        let called = self.sum([callee]);
        let fields = arguments
            .properties
            .iter()
            .fold(called.fields, |sum, property| sum.saturating_add(self.property(property).fields));
        Some(Cost { fields, ..called.and(&given.times(growth)) })
    }

    /// How many times the result of a call may have what is given to it. A function of the standard library has it as often as the
    /// functions that it is given have theirs. None for what may have come in as an argument, and for a function of the script that
    /// is given one which has what it gets more than once.
    fn growth(&self, callee: ExpressionId, arguments: Option<&Record>) -> Option<u64> {
        let given = || arguments.iter().flat_map(|record| &record.properties).map(|one| self.property(one).growth);
        let mut root = callee;
        let is_own = loop {
            let expression = self.script.expression(root);
            root = match &expression.kind {
                ExpressionKind::Paren(inner) | ExpressionKind::Member { object: inner, .. } => *inner,
                ExpressionKind::Function(_) => break true,
                ExpressionKind::Identifier => {
                    let name = self.script.text(expression.span);
                    if self.opaque.contains(name) {
                        return None;
                    }
                    break self.names.contains_key(name);
                }
                _ => return None,
            };
        };
        match is_own {
            true if given().any(|growth| growth > 1) => None,
            true => Some(self.at(callee).growth.max(1)),
            false => Some(given().fold(1, |product: u64, growth| product.saturating_mul(growth.max(1)))),
        }
    }
}

#[cfg(test)]
mod tests;
