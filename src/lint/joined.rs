//! Lines that look like statements of their own, and go on with the one above: line ends mean nothing in Flux.

use std::cell::LazyCell;

use super::Look;
use crate::diagnostic::Code;
use crate::flux::ast::{Body, ExpressionId, ExpressionKind, Infix, Lines, Script, Span, Statement, StatementKind};

/// A statement that has begun.
struct Begun {
    /// Where it ends.
    end: u32,
    /// How many bytes stand before it in its line.
    column: u32,
    /// Where its value begins, and what functions that it is give.
    values: Vec<u32>,
    is_option: bool,
}

/// A call, an index, a member or a difference that begins a line no further in than its statement does; behind an `option`, a pipe
/// too.
pub(super) fn lines(look: &mut Look<'_>) {
    let script = look.script;
    let source = script.source();
    let lines = LazyCell::new(|| Lines::of(source));
    let column = |at: u32| lines.position(at).column - 1;
    let options = script.body().iter().filter(|one| matches!(one.kind, StatementKind::Option { .. }));
    let deepest_option = options.map(|one| column(one.span.start)).max();
    // Nearly no script has one: all others are done here.
    let mut operators: Vec<(u32, bool, u32, u32)> = Vec::new();
    for expression in script.expressions() {
        let Some((at, is_pipe)) = operator(&expression.kind) else { continue };
        if !is_first(source, at) {
            continue;
        }
        let column = column(at);
        if !is_pipe || deepest_option.is_some_and(|option| column <= option) {
            operators.push((at, is_pipe, column, expression.span.start));
        }
    }
    if operators.is_empty() {
        return;
    }
    operators.sort_unstable();
    let mut begun = statements(script).into_iter().peekable();
    let mut open: Vec<Begun> = Vec::new();
    for (at, is_pipe, in_line, start) in operators {
        while let Some(statement) = begun.next_if(|statement| statement.span.start <= at) {
            let (value, is_option) = match statement.kind {
                StatementKind::Option { value, .. } => (value, true),
                StatementKind::Expression(value)
                | StatementKind::Assignment { value, .. }
                | StatementKind::Return(value) => (value, false),
                StatementKind::Builtin { .. } | StatementKind::TestCase(_) | StatementKind::Bad => continue,
            };
            let column = column(statement.span.start);
            open.push(Begun { end: statement.span.end, column, values: values(script, value), is_option });
        }
        while open.pop_if(|statement| statement.end <= at).is_some() {}
        // What stands in brackets begins behind them, and is meant.
        let joins = |statement: &&Begun| {
            statement.values.contains(&start) && in_line <= statement.column && (!is_pipe || statement.is_option)
        };
        if open.last().filter(joins).is_none() {
            continue;
        }
        let help = "line ends mean nothing in Flux: indent it if it belongs to the statement above; if not, give its value a name \
                    (`x = ...`)";
        let message = "this line goes on with the statement above it";
        let width = if is_pipe { 2 } else { 1 };
        look.find(Code::FluxJoinedLines, Span::new(at, at + width), message, "not a new statement", help);
    }
}

/// Where the operator of an expression is that could begin a statement too, and whether it is a pipe.
fn operator(kind: &ExpressionKind) -> Option<(u32, bool)> {
    match kind {
        ExpressionKind::Call { paren: at, .. }
        | ExpressionKind::Index { bracket: at, .. }
        | ExpressionKind::Member { operator: at, .. }
        | ExpressionKind::Binary { operator: Infix::Subtract, at, .. } => Some((*at, false)),
        ExpressionKind::Pipe { operator, .. } => Some((*operator, true)),
        _ => None,
    }
}

/// Where a value begins, and what it gives if it is a function.
fn values(script: &Script, mut value: ExpressionId) -> Vec<u32> {
    let mut starts = vec![script.expression(value).span.start];
    while let ExpressionKind::Function(function) = &script.expression(value).kind
        && let Body::Expression(body) = function.body
    {
        value = body;
        starts.push(script.expression(value).span.start);
    }
    starts
}

/// All statements, in the order in which they begin.
fn statements(script: &Script) -> Vec<&Statement> {
    let blocks = script.expressions().iter().filter_map(|expression| match &expression.kind {
        ExpressionKind::Function(function) => match &function.body {
            Body::Block(block) => Some(&block.body),
            Body::Expression(_) => None,
        },
        _ => None,
    });
    let mut all: Vec<&Statement> = script.body().iter().chain(blocks.flat_map(|body| body.iter())).collect();
    all.sort_unstable_by_key(|statement| statement.span.start);
    all
}

/// Whether only white space stands before `at` in its line. Looks no further back: a line may be very long.
fn is_first(source: &str, at: u32) -> bool {
    let before = source[..at as usize].trim_end_matches([' ', '\t', '\r']);
    before.is_empty() || before.ends_with('\n')
}
