//! The records that a script assigns to a name.

use super::ast::{Body, ExpressionId, ExpressionKind, OptionTarget, Record, Script, Statement, StatementKind};

/// The records that are assigned to `name`, as a variable or an option: those of the top level come first, then those within
/// functions.
pub fn records<'a>(script: &'a Script, name: &str) -> Vec<&'a Record> {
    let assigned = |statement: &'a Statement| match &statement.kind {
        StatementKind::Assignment { name: own, value, .. }
        | StatementKind::Option { target: OptionTarget::Name(own), value, .. }
            if script.text(*own) == name =>
        {
            Some(*value)
        }
        _ => None,
    };
    let blocks = script.expressions().iter().filter_map(|expression| match &expression.kind {
        ExpressionKind::Function(function) => match &function.body {
            Body::Block(block) => Some(block),
            Body::Expression(_) => None,
        },
        _ => None,
    });
    let statements = script.body().iter().chain(blocks.flat_map(|block| &block.body));
    let record = |value: ExpressionId| match &script.expression(value).kind {
        ExpressionKind::Record(record) => Some(&**record),
        _ => None,
    };
    statements.filter_map(assigned).filter_map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::parser::parse;

    #[test]
    fn records_are_found_where_they_are_assigned() {
        let source =
            "a = {n: 2}\nf = () => { a = {n: 3} return a }\noption a = {n: 1}\nb = f(a: {n: 4})\na = f({n: 5})\na = 1";
        let script = parse(source).script;
        let found: Vec<_> = records(&script, "a").into_iter().map(|record| script.text(record.span)).collect();
        assert_eq!(found, ["{n: 2}", "{n: 1}", "{n: 3}"]);
    }
}
