//! What shows in the expressions of a script alone.

use super::Look;
use crate::diagnostic::Code;
use crate::flux::ast::{Expression, ExpressionId, ExpressionKind, Infix, Part, Prefix, Span};

/// The server reads so many pipes in a row in a tenth of a second; the time grows with the third power, and with more than 175 it
/// never runs the script (influxd 2.9.1, measured).
const PIPES: u32 = 100;

/// One loop for all lints that look at expressions.
pub(super) fn expressions(look: &mut Look<'_>) {
    let script = look.script;
    // How many pipes there are in each expression in a row.
    let mut pipes: Vec<u32> = vec![0; script.expressions().len()];
    for (at, expression) in script.expressions().iter().enumerate() {
        match &expression.kind {
            ExpressionKind::Pipe { argument, operator, .. } => {
                pipes[at] = pipes[argument.index()] + 1;
                if pipes[at] == PIPES + 1 {
                    let message = format!("more than {PIPES} pipes in a row");
                    let help = "InfluxDB takes long to read such a script, and never runs one with more than 175; divide it with \
                                variables and functions";
                    look.find(
                        Code::FluxLongPipe,
                        Span::new(*operator, *operator + 2),
                        message,
                        "the first too many",
                        help,
                    );
                }
            }
            ExpressionKind::Binary { operator: Infix::Matches | Infix::NotMatches, at, right, .. } => {
                equality(look, *at, script.expression(*right));
            }
            _ => {}
        }
        if look.setting.is_formatted {
            reformatted(look, expression);
        }
    }
}

/// A regular expression that matches one text: the index knows which series have it, and need not try them all.
fn equality(look: &mut Look<'_>, operator: u32, right: &Expression) {
    if right.kind != ExpressionKind::Regex {
        return;
    }
    let pattern = look.script.pattern(right.span);
    if pattern.strip_prefix('^').and_then(|pattern| pattern.strip_suffix('$')).is_some_and(is_plain) {
        let written = if look.script.text(Span::new(operator, operator + 2)) == "=~" { "==" } else { "!=" };
        let message = "this regular expression matches a single text";
        let help = format!("write `{written}` and the text in quotes: InfluxDB finds that in its index");
        look.find(
            Code::FluxRegexEquality,
            Span::new(operator, right.span.end),
            message,
            "compares with one text",
            help,
        );
    }
}

/// Whether a pattern stands for itself.
fn is_plain(pattern: &str) -> bool {
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let is_itself = match letter {
            '\\' => letters.next().is_some_and(|escaped| escaped.is_ascii_punctuation()),
            letter => letter.is_alphanumeric() || " _-:/,;#%&=<>@!~\"'`".contains(letter),
        };
        if !is_itself {
            return false;
        }
    }
    !pattern.is_empty()
}

/// What influxd's formatter writes in another way than it is meant (2.9.1, measured; see docs/flux.md).
fn reformatted(look: &mut Look<'_>, expression: &Expression) {
    let script = look.script;
    let text = |span: Span| script.text(span);
    let (span, becomes) = match &expression.kind {
        ExpressionKind::Unary { operator: Prefix::Minus, argument } if is_sum(look, *argument) => {
            (expression.span, "loses its parentheses")
        }
        ExpressionKind::Binary { left, .. } if is_function(look, *left) => (expression.span, "loses its parentheses"),
        ExpressionKind::String if ends_line_blank(text(expression.span)) => {
            (expression.span, "loses white space at the end of a line")
        }
        ExpressionKind::Interpolation(parts) => {
            let texts = parts.iter().filter_map(|part| if let Part::Text(span) = part { Some(*span) } else { None });
            let broken = texts.into_iter().find_map(|span| match text(span) {
                part if part.contains("\\${") => Some((span, "loses its backslash: what follows is put in")),
                part if ends_line_blank(part) => Some((span, "loses white space at the end of a line")),
                _ => None,
            });
            let Some(broken) = broken else { return };
            broken
        }
        _ => return,
    };
    let message = "InfluxDB's formatter changes what this means";
    let help = "it formats the script of a check each time, and that of a task when its name or schedule is changed in its pages; \
                write it in another way";
    look.find(Code::FluxReformatted, span, message, becomes, help);
}

/// Whether an expression is a sum or a difference in parentheses.
fn is_sum(look: &Look<'_>, id: ExpressionId) -> bool {
    let inner = within(look, id);
    inner.is_some_and(|inner| {
        matches!(inner.kind, ExpressionKind::Binary { operator: Infix::Add | Infix::Subtract, .. })
    })
}

/// Whether an expression is a function in parentheses.
fn is_function(look: &Look<'_>, id: ExpressionId) -> bool {
    within(look, id).is_some_and(|inner| matches!(inner.kind, ExpressionKind::Function(_)))
}

/// What stands in the parentheses that an expression is.
fn within<'a>(look: &Look<'a>, id: ExpressionId) -> Option<&'a Expression> {
    let mut expression = look.script.expression(id);
    let mut is_within = false;
    while let ExpressionKind::Paren(inner) = expression.kind {
        expression = look.script.expression(inner);
        is_within = true;
    }
    is_within.then_some(expression)
}

/// Whether a line of a string ends with white space.
fn ends_line_blank(text: &str) -> bool {
    text.contains(" \n") || text.contains("\t\n")
}
