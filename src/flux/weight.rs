//! How much work the types of a script can be for a compiler.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Body, ExpressionId, ExpressionKind, Key, OptionTarget, Part, Record, Script, Span, StatementKind};

/// An upper bound for the size of all types in a script that is sound: how many nodes it would have if each use of a name were
/// replaced by what the name stands for, and each call of a function of its own by what that makes of its arguments. The time of a
/// compiler grows with it; it doubles with each name that uses the one before twice, and may be beyond all bounds. None where
/// functions come in as arguments and are called, which makes it hard to tell.
pub(super) fn weight(script: &Script) -> Option<u64> {
    let mut weights = Weights::new(script);
    for index in 0..script.expressions().len() {
        let weight = weights.of(ExpressionId::new(index))?;
        weights.expressions.push(weight);
        weights.bind(index, weight);
    }
    Some(weights.expressions.iter().copied().max().unwrap_or(0).saturating_add(script.expressions().len() as u64))
}

struct Weights<'a> {
    script: &'a Script,
    /// Those of the expressions so far: each stands after those that it consists of, and a name after what it stands for.
    expressions: Vec<u64>,
    /// What is bound to these names so far, wherever they hold.
    names: BTreeMap<&'a str, u64>,
    /// The names that are bound to an expression.
    bound: BTreeMap<usize, Vec<&'a str>>,
    /// What may be, or have, a function that came in as an argument: parameters, and what is set in a function to something that
    /// is no function.
    opaque: BTreeSet<&'a str>,
}

impl<'a> Weights<'a> {
    fn new(script: &'a Script) -> Self {
        let mut weights = Self {
            script,
            expressions: Vec::with_capacity(script.expressions().len()),
            names: BTreeMap::new(),
            bound: BTreeMap::new(),
            opaque: BTreeSet::new(),
        };
        let mut blocks = vec![(script.body(), true)];
        for expression in script.expressions() {
            let ExpressionKind::Function(function) = &expression.kind else { continue };
            if let Body::Block(block) = &function.body {
                blocks.push((&block.body, false));
            }
            for parameter in &function.parameters {
                let name = weights.key(parameter.key);
                weights.opaque.insert(name);
                if let Some(value) = parameter.value {
                    weights.bound.entry(value.index()).or_default().push(name);
                }
            }
        }
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

    /// From here on the names of the expression `index` stand for so much.
    fn bind(&mut self, index: usize, weight: u64) {
        for name in self.bound.get(&index).into_iter().flatten() {
            let sum = self.names.entry(name).or_default();
            *sum = sum.saturating_add(weight);
        }
    }

    fn name(&self, span: Span) -> u64 {
        self.names.get(self.script.text(span)).copied().unwrap_or(1)
    }

    fn at(&self, id: ExpressionId) -> u64 {
        self.expressions.get(id.index()).copied().unwrap_or(u64::MAX)
    }

    fn sum(&self, of: impl IntoIterator<Item = ExpressionId>) -> u64 {
        of.into_iter().fold(1, |sum, id| sum.saturating_add(self.at(id)))
    }

    fn record(&self, record: &Record) -> u64 {
        let with = record.with.map_or(0, |with| self.name(with));
        record.properties.iter().fold(with.saturating_add(1), |sum, property| {
            sum.saturating_add(property.value.map_or_else(|| self.name(property.key.span()), |value| self.at(value)))
        })
    }

    fn of(&self, id: ExpressionId) -> Option<u64> {
        let expression = self.script.expression(id);
        Some(match &expression.kind {
            ExpressionKind::Identifier => self.name(expression.span),
            ExpressionKind::Interpolation(parts) => self.sum(parts.iter().filter_map(|part| match part {
                Part::Value { expression, .. } => Some(*expression),
                Part::Text(_) => None,
            })),
            ExpressionKind::Array(items) => self.sum(items.iter().copied()),
            ExpressionKind::Dict(items) => self.sum(items.iter().flat_map(|item| [item.key, item.value])),
            ExpressionKind::Record(record) => self.record(record),
            ExpressionKind::Member { object: inner, .. }
            | ExpressionKind::Unary { argument: inner, .. }
            | ExpressionKind::Paren(inner) => self.sum([*inner]),
            ExpressionKind::Index { array, index, .. } => self.sum([*array, *index]),
            ExpressionKind::Binary { left, right, .. } => self.sum([*left, *right]),
            ExpressionKind::Conditional { test, consequent, alternate, .. } => {
                self.sum([*test, *consequent, *alternate])
            }
            ExpressionKind::Call { callee, arguments, .. } => {
                let arguments = arguments.as_ref().map_or(1, |arguments| self.record(arguments));
                self.factor(*callee)?.saturating_mul(arguments).saturating_add(1)
            }
            ExpressionKind::Pipe { argument, call, .. } => {
                let factor = match self.script.expression(*call).kind {
                    ExpressionKind::Call { callee, .. } => self.factor(callee)?,
                    _ => 1,
                };
                self.at(*call).saturating_add(factor.saturating_mul(self.at(*argument)))
            }
            ExpressionKind::Function(function) => {
                let body = match &function.body {
                    Body::Expression(body) => self.sum([*body]),
                    Body::Block(block) => self.sum(block.body.iter().filter_map(|statement| match &statement.kind {
                        StatementKind::Expression(value)
                        | StatementKind::Return(value)
                        | StatementKind::Assignment { value, .. }
                        | StatementKind::Option { value, .. } => Some(*value),
                        StatementKind::Builtin { .. } | StatementKind::TestCase(_) | StatementKind::Bad => None,
                    })),
                };
                function
                    .parameters
                    .iter()
                    .fold(body, |sum, parameter| sum.saturating_add(parameter.value.map_or(1, |value| self.at(value))))
            }
            ExpressionKind::Hole
            | ExpressionKind::Integer
            | ExpressionKind::Float
            | ExpressionKind::String
            | ExpressionKind::Duration
            | ExpressionKind::Time
            | ExpressionKind::Regex
            | ExpressionKind::PipeReceive
            | ExpressionKind::Label => 1,
        })
    }

    /// How many times what is called may have what it is given; one for functions of the standard library. None for what may have
    /// come in as an argument.
    fn factor(&self, callee: ExpressionId) -> Option<u64> {
        let mut root = callee;
        loop {
            let expression = self.script.expression(root);
            root = match &expression.kind {
                ExpressionKind::Paren(inner) | ExpressionKind::Member { object: inner, .. } => *inner,
                ExpressionKind::Function(_) => return Some(self.at(callee)),
                ExpressionKind::Identifier => {
                    let name = self.script.text(expression.span);
                    let own = self.names.contains_key(name);
                    return (!self.opaque.contains(name)).then(|| if own { self.at(callee) } else { 1 });
                }
                _ => return None,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::parser::parse;

    fn of(source: &str) -> Option<u64> {
        let parsed = parse(source);
        assert!(parsed.is_sound(), "{source}");
        weight(&parsed.script)
    }

    /// Lines of which each but the first is made of its number and the one before.
    fn lines(first: &str, count: usize, next: impl Fn(usize, usize) -> String) -> String {
        std::iter::once(first.to_owned()).chain((1..=count).map(|n| next(n, n - 1))).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_long_plain_script_weighs_little() {
        let pipes = format!("from(bucket: \"b\"){}", " |> limit(n: 1)".repeat(170));
        let maps = format!("x = from(bucket: \"b\"){}", " |> map(fn: (r) => ({r with a: r.b + 1}))".repeat(100));
        let variables = lines("x0 = 1", 500, |n, last| format!("x{n} = x{last} + 1"));
        let own = "f = (tables=<-, n) => tables |> filter(fn: (r) => r._value > n) |> map(fn: (r) => ({r with v: n}))\n\
                   from(bucket: \"b\") |> range(start: -1h) |> f(n: 1) |> f(n: 2) |> yield()";
        for script in
            [&pipes, &maps, own, "import \"strings\"\nx = strings.toUpper(v: strings.trim(v: \"a\", cutset: \"b\"))"]
        {
            assert!(of(script).is_some_and(|weight| weight < 5_000), "{script}: {:?}", of(script));
        }
        assert!(of(&variables).is_some_and(|weight| weight < 5_000), "{:?}", of(&variables));
    }

    #[test]
    fn what_grows_without_bounds_weighs_more_than_anything() {
        let composed =
            lines("f0 = (x) => ({a: x, b: x})", 6, |n, last| format!("f{n} = (x) => f{last}(x: f{last}(x: x))"));
        let records = lines("r0 = {a: 1}", 40, |n, last| format!("r{n} = {{a: r{last}, b: r{last}}}"));
        let with = lines("r0 = {a: 1}", 40, |n, last| format!("r{n} = {{r{last} with f{n}: r{last}}}"));
        let piped = lines("f0 = (x=<-) => ({a: x, b: x})", 6, |n, last| {
            format!("f{n} = (x=<-) => x |> f{last}() |> f{last}()")
        });
        let members = lines("f0 = {f: (x) => [x, x]}", 6, |n, last| {
            format!("f{n} = {{f: (x) => f{last}.f(x: f{last}.f(x: x))}}")
        });
        let local = format!("main = () => {{\n{records}\n  return r40\n}}");
        let defaults = lines("f0 = (x=1) => [x]", 40, |n, last| format!("f{n} = (x=f{last}, y=f{last}) => [x, y]"));
        for script in [composed, records, with, piped, members, local, defaults] {
            assert!(of(&script).is_none_or(|weight| weight > 1 << 30), "{script}: {:?}", of(&script));
        }
    }

    #[test]
    fn functions_that_come_in_as_arguments_are_not_weighed_where_they_are_called() {
        for script in [
            "f = (g) => g(x: g(x: 1))",
            "f = (x, g=<-) => x |> g()",
            "f = (o) => o.g(x: 1)",
            "f = (g) => {\n  h = g\n  return h(x: h(x: 1))\n}",
            "f = (g) => {\n  o = {h: g}\n  return o.h(x: 1)\n}",
            "f = (g) => [g][0](x: 1)",
            "f = (g) => (if true then g else g)(x: 1)",
            "import \"dict\"\nf = (g) => dict.get(dict: [:], key: 1, default: g)(x: 1)",
            "i = (g) => g\nf = (g) => i(g: g)(x: 1)",
        ] {
            assert_eq!(of(script), None, "{script}");
        }
        assert!(of("f = (g) => {\n  h = (x) => [x, g]\n  return h(x: h(x: 1))\n}").is_some());
        assert!(
            of("from(bucket: \"b\") |> range(start: -1h) |> map(fn: (r) => ({r with a: float(v: r.b)}))").is_some()
        );
    }
}
