//! What a script reads of the record of its parameters.

use std::collections::HashMap;
use std::ops::Range;

use super::ast::{
    Block, Body, Expression, ExpressionId, ExpressionKind, Key, OptionTarget, Property, Record, Script, Span,
    Statement, StatementKind,
};
use super::error::FluxError;
use super::literal::Literal;

/// A use of the record: `params`, `params.a`, `params.a["b"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The keys behind the record's name, each with where it stands; none where the record is used as a whole.
    pub path: Vec<(String, Range<usize>)>,
    /// Where it stands.
    pub span: Range<usize>,
}

/// Something of the record that is not in it.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing<'l> {
    /// How many keys of the path lead to the record that lacks the next one.
    pub depth: usize,
    /// The keys that this record has.
    pub known: Vec<&'l str>,
}

impl Use {
    /// What the use reads of `record`; none if it is not there.
    pub fn value<'l>(&self, record: &'l Literal) -> Option<&'l Literal> {
        self.path.iter().try_fold(record, |at, (key, _)| match at {
            Literal::Record(fields) => fields.iter().find_map(|(known, value)| (known == key).then_some(value)),
            _ => None,
        })
    }

    /// What the use asks for and `record` does not have; none if all is there. Of what is no record nothing is said.
    pub fn missing<'l>(&self, record: &'l Literal) -> Option<Missing<'l>> {
        let mut at = record;
        for (depth, (key, _)) in self.path.iter().enumerate() {
            let Literal::Record(fields) = at else { return None };
            match fields.iter().find(|(known, _)| known == key) {
                Some((_, value)) => at = value,
                None => {
                    return Some(Missing { depth, known: fields.iter().map(|(known, _)| known.as_str()).collect() });
                }
            }
        }
        None
    }
}

/// All uses of the record called `name` in a script, in the order of the text: not of what a function or a block calls so
/// itself. None at all if the script binds the name at its top level: then it is another record.
pub fn uses(script: &Script, name: &str) -> Vec<Use> {
    let own = |span: Span| script.text(span) == name;
    if script.imports().iter().any(|import| imported(script, import.alias, import.path) == name)
        || script.body().iter().any(|statement| binds(statement, &own))
    {
        return Vec::new();
    }
    let hidden = hidden(script, &own);
    let is_hidden = |at: u32| {
        let before = hidden.partition_point(|span| span.start <= at);
        before > 0 && at < hidden[before - 1].end
    };
    let mut paths: HashMap<ExpressionId, Vec<(String, Range<usize>)>> = HashMap::new();
    let mut whole = Vec::new();
    // What an expression consists of comes before it.
    for (index, expression) in script.expressions().iter().enumerate() {
        let id = ExpressionId::new(index);
        match &expression.kind {
            ExpressionKind::Identifier if own(expression.span) && !is_hidden(expression.span.start) => {
                paths.insert(id, Vec::new());
            }
            ExpressionKind::Paren(inner) => {
                if let Some(path) = paths.remove(inner) {
                    paths.insert(id, path);
                }
            }
            ExpressionKind::Member { object, property, .. } => {
                if let Some(mut path) = paths.remove(object) {
                    let key = match property {
                        Key::Name(span) => script.text(*span).to_owned(),
                        Key::Quoted(span) => script.unquoted(*span).into_owned(),
                    };
                    path.push((key, property.span().range()));
                    paths.insert(id, path);
                }
            }
            ExpressionKind::Record(record) => whole.extend(named(record, &own)),
            ExpressionKind::Call { arguments: Some(record), .. } => whole.extend(named(record, &own)),
            _ => {}
        }
    }
    let mut uses: Vec<Use> = paths
        .into_iter()
        .map(|(id, path)| Use { path, span: script.expression(id).span.range() })
        .chain(
            whole
                .into_iter()
                .filter(|span| !is_hidden(span.start))
                .map(|span| Use { path: Vec::new(), span: span.range() }),
        )
        .collect();
    uses.sort_by_key(|one| one.span.start);
    uses
}

/// The script with what it reads of `record`, as `name.KEY`, in the places where it reads that: for a script that must be a single
/// expression. What is not there stays as it is.
///
/// # Errors
/// A use of the record as a whole, or of a record in it; a value that Flux has no literal for.
pub fn inlined(script: &Script, name: &str, record: &Literal) -> Result<String, FluxError> {
    let mut text = script.source().to_owned();
    for one in uses(script, name).iter().rev() {
        let value = match one.value(record) {
            None => continue,
            Some(Literal::Record(_)) => {
                let message = format!("only single values of `{name}` can be read here, as `{name}.NAME`");
                return Err(FluxError::new(message, one.span.clone()));
            }
            Some(value) => value.encode().map_err(|error| FluxError::new(error.to_string(), one.span.clone()))?,
        };
        // What begins with a sign could go on with what is before it.
        let is_apart = text[..one.span.start].trim_end().ends_with([':', '=', '(', '[', ',']);
        let value = if value.starts_with('-') && !is_apart { format!("({value})") } else { value };
        text.replace_range(one.span.clone(), &value);
    }
    Ok(text)
}

/// The name that an import binds.
fn imported(script: &Script, alias: Option<Span>, path: Span) -> String {
    match alias {
        Some(alias) => script.text(alias).to_owned(),
        None => script.unquoted(path).rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

fn binds(statement: &Statement, own: &impl Fn(Span) -> bool) -> bool {
    match &statement.kind {
        StatementKind::Assignment { name, .. }
        | StatementKind::Builtin { name, .. }
        | StatementKind::Option { target: OptionTarget::Name(name), .. } => own(*name),
        _ => false,
    }
}

/// Where another thing than the record has its name, in order: functions with such a parameter, blocks with such a variable.
fn hidden(script: &Script, own: &impl Fn(Span) -> bool) -> Vec<Span> {
    let block = |block: &Block| block.body.iter().any(|statement| binds(statement, own)).then_some(block.span);
    let in_functions = script.expressions().iter().filter_map(|Expression { span, kind }| {
        let ExpressionKind::Function(function) = kind else { return None };
        if function.parameters.iter().any(|parameter| own(parameter.key.span())) {
            return Some(*span);
        }
        if let Body::Block(body) = &function.body { block(body) } else { None }
    });
    let in_tests = script.body().iter().filter_map(|statement| match &statement.kind {
        StatementKind::TestCase(test) => block(&test.block),
        _ => None,
    });
    let mut spans: Vec<Span> = in_functions.chain(in_tests).collect();
    spans.sort();
    // Of spans within each other the outermost: they never overlap otherwise.
    let mut end = 0;
    spans.retain(|span| {
        let outermost = span.start >= end;
        end = end.max(span.end);
        outermost
    });
    spans
}

/// Where a record takes up the parameters by their name alone: `{params}`, `{params with a: b}`.
fn named(record: &Record, own: &impl Fn(Span) -> bool) -> Vec<Span> {
    let short = |property: &Property| match (property.key, property.value) {
        (Key::Name(span), None) => Some(span),
        _ => None,
    };
    let spans = record.properties.iter().filter_map(short).chain(record.with);
    spans.filter(|span| own(*span)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::parser::parse;
    use super::*;

    /// The uses as they are written, each with its path.
    fn found(source: &str) -> Vec<String> {
        let script = parse(source).script;
        let said = |one: &Use| {
            let path: Vec<_> = one.path.iter().map(|(key, span)| format!("{key}@{}", &source[span.clone()])).collect();
            format!("{} {}", &source[one.span.clone()], path.join(" "))
        };
        uses(&script, "params").iter().map(said).collect()
    }

    #[test]
    fn each_use_is_found_with_its_path() {
        for (source, wanted) in [
            ("a = params.x", &["params.x x@x"][..]),
            ("a = params[\"x y\"].z", &["params[\"x y\"].z x y@\"x y\" z@z"]),
            ("a = (params).x", &["(params).x x@x"]),
            ("a = \"b${params.x}c\"", &["params.x x@x"]),
            ("a = exists params.x", &["params.x x@x"]),
            ("a = params.x[0]", &["params.x x@x"]),
            ("a = -params.x + params.y", &["params.x x@x", "params.y y@y"]),
            ("from(bucket: params.x) |> f(fn: (r) => r.a == params.y)", &["params.x x@x", "params.y y@y"]),
            ("a = f(params)", &["params "]),
            ("a = {params with b: 1}", &["params "]),
            ("a = {params}", &["params "]),
            ("a = {params: 1}", &[]),
            ("a = b.params", &[]),
            ("a = b.params.x", &[]),
            ("f = (params) => params.x", &[]),
            (
                "f = (params) => (params) => params.x\ng = (params) => (params => params.z)(params.y) + params.z\nh = params.v",
                &["params.v v@v"],
            ),
            ("f = (params=1) => {return params.x}\ng = params.y", &["params.y y@y"]),
            ("f = () => {params = {x: 1} return params.x}\ng = params.y", &["params.y y@y"]),
            ("params = {x: 1}\na = params.y", &[]),
            ("option params = {x: 1}\na = params.y", &[]),
            ("import params \"strings\"\na = params.y", &[]),
            ("import \"a/params\"\na = params.y", &[]),
            ("testcase t {params = {x: 1} a = params.y}\nb = params.z", &["params.z z@z"]),
            ("a = \"params.x\" // params.y", &[]),
        ] {
            assert_eq!(found(source), wanted, "{source}");
        }
    }

    #[test]
    fn what_is_missing_is_told_with_what_is_there() {
        let text = |text: &str| Literal::String(text.to_owned());
        let inner = Literal::Record(vec![("b".to_owned(), text("x"))]);
        let record = Literal::Record(vec![("a".to_owned(), inner), ("list".to_owned(), Literal::Array(Vec::new()))]);
        let script = parse("x = params.a.b + params.a.c + params.d + params.list.e + params.a.b.f + f(params)").script;
        let missing: BTreeSet<_> = uses(&script, "params")
            .iter()
            .filter_map(|one| one.missing(&record).map(|gone| (one.path[gone.depth].0.clone(), gone.known.join(","))))
            .collect();
        let wanted = [("c", "b"), ("d", "a,list")].map(|(key, known)| (key.to_owned(), known.to_owned()));
        assert_eq!(missing, BTreeSet::from(wanted));
    }

    #[test]
    fn values_are_written_where_they_are_read() {
        let text = |text: &str| Literal::String(text.to_owned());
        let record = Literal::Record(vec![
            ("b".to_owned(), text("it's \"${x}\"")),
            ("n".to_owned(), Literal::Integer(-1)),
            ("d".to_owned(), Literal::Duration("5m".to_owned())),
            ("in".to_owned(), Literal::Record(vec![("r".to_owned(), Literal::Regex("^a/".to_owned()))])),
        ]);
        let inlined = |source: &str| inlined(&parse(source).script, "params", &record);
        for (source, wanted) in [
            ("from(bucket: params.b)", r#"from(bucket: "it's \"\${x}\"")"#),
            ("x = 1-params.n - -params.d", "x = 1-(-1) - -5m"),
            ("f(a: params.n)", "f(a: -1)"),
            (r#"a =~ params.in["r"] and (params).d"#, r"a =~ /^a\// and 5m"),
            ("a = \"${params.d}\" // params.d", "a = \"${5m}\" // params.d"),
            ("f = (params) => params.d + params.gone", "f = (params) => params.d + params.gone"),
            ("params.gone + params.in.gone", "params.gone + params.in.gone"),
        ] {
            assert_eq!(inlined(source).as_deref(), Ok(wanted), "{source}");
            assert!(parse(wanted).is_sound(), "{wanted}");
        }
        for (source, at) in [("f(params: params)", 10..16), ("a = params.in", 4..13)] {
            assert_eq!(inlined(source).map_err(|error| error.span), Err(at), "{source}");
        }
    }
}
