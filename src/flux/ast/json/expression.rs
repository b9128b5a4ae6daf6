//! Expressions as JSON.

use std::io::{self, Write};

use super::Writer;
use crate::flux::ast::{Body, ExpressionId, ExpressionKind, Key, Part, Property, Record, Span};

impl<W: Write> Writer<'_, W> {
    /// An expression. What may be a chain of any length on its left side is no recursion.
    pub(super) fn expression(&mut self, id: ExpressionId) -> io::Result<()> {
        let mut chain = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next {
            chain.push(id);
            next = self.begin(id)?;
        }
        // What begins with another expression ends behind it; what is in it stands between.
        for id in chain.into_iter().rev() {
            self.end(id)?;
        }
        Ok(())
    }

    /// Writes an expression up to the expression that it begins with, which is given.
    fn begin(&mut self, id: ExpressionId) -> io::Result<Option<ExpressionId>> {
        let script = self.script;
        let expression = script.expression(id);
        let span = expression.span;
        let first = match &expression.kind {
            ExpressionKind::Member { object, .. } => {
                self.open("MemberExpression", span)?;
                self.raw(",\"object\":")?;
                *object
            }
            ExpressionKind::Index { array, .. } => {
                self.open("IndexExpression", span)?;
                self.raw(",\"array\":")?;
                *array
            }
            ExpressionKind::Call { callee, .. } => {
                self.open("CallExpression", span)?;
                self.raw(",\"callee\":")?;
                *callee
            }
            ExpressionKind::Pipe { argument, operator, .. } => {
                self.open("PipeExpression", span)?;
                self.comments("comments", *operator)?;
                self.raw(",\"argument\":")?;
                *argument
            }
            ExpressionKind::Binary { operator, at, left, .. } => {
                self.open(if operator.is_logical() { "LogicalExpression" } else { "BinaryExpression" }, span)?;
                self.comments("comments", *at)?;
                write!(self.out, ",\"operator\":\"{}\",\"left\":", operator.text())?;
                *left
            }
            ExpressionKind::Unary { operator, argument } => {
                self.open("UnaryExpression", span)?;
                self.comments("comments", span.start)?;
                write!(self.out, ",\"operator\":\"{}\",\"argument\":", operator.text())?;
                *argument
            }
            _ => {
                self.whole(id)?;
                return Ok(None);
            }
        };
        Ok(Some(first))
    }

    /// Writes what comes after the expression that an expression begins with.
    fn end(&mut self, id: ExpressionId) -> io::Result<()> {
        let script = self.script;
        let expression = script.expression(id);
        let end = expression.span.end;
        match &expression.kind {
            ExpressionKind::Member { operator, property, .. } => {
                self.comments("lbrack", *operator)?;
                self.raw(",\"property\":")?;
                self.key(*property)?;
                if matches!(property, Key::Quoted(_)) {
                    self.comments_at_end("rbrack", end)?;
                }
            }
            ExpressionKind::Index { bracket, index, .. } => {
                self.comments("lbrack", *bracket)?;
                self.raw(",\"index\":")?;
                self.expression(*index)?;
                self.comments_at_end("rbrack", end)?;
            }
            ExpressionKind::Call { paren, arguments, .. } => {
                self.comments("lparen", *paren)?;
                if let Some(arguments) = arguments {
                    self.raw(",\"arguments\":[")?;
                    self.open("ObjectExpression", arguments.span)?;
                    self.properties(arguments)?;
                    self.raw("}]")?;
                }
                self.comments_at_end("rparen", end)?;
            }
            ExpressionKind::Pipe { call, .. } => {
                self.raw(",\"call\":")?;
                self.expression(*call)?;
            }
            ExpressionKind::Binary { right, .. } => {
                self.raw(",\"right\":")?;
                self.expression(*right)?;
            }
            ExpressionKind::Unary { .. } => {}
            // Written whole.
            _ => return Ok(()),
        }
        self.raw("}")
    }

    /// An expression that begins with no other.
    fn whole(&mut self, id: ExpressionId) -> io::Result<()> {
        let script = self.script;
        let expression = script.expression(id);
        let span = expression.span;
        match &expression.kind {
            ExpressionKind::Identifier => return self.identifier(span),
            ExpressionKind::String => return self.string_literal(span),
            ExpressionKind::Integer => {
                self.literal("IntegerLiteral", span)?;
                self.string(script.text(span))?;
            }
            ExpressionKind::Float => {
                self.literal("FloatLiteral", span)?;
                let value = script.float(span);
                self.raw(&go_float(value))?;
            }
            ExpressionKind::Time => {
                self.literal("DateTimeLiteral", span)?;
                self.string(&script.time(span))?;
            }
            ExpressionKind::Regex => {
                self.literal("RegexpLiteral", span)?;
                self.string(&script.pattern(span))?;
            }
            ExpressionKind::PipeReceive => {
                self.open("PipeLiteral", span)?;
                self.comments("comments", span.start)?;
            }
            ExpressionKind::Duration => {
                self.open("DurationLiteral", span)?;
                self.comments("comments", span.start)?;
                self.raw(",\"values\":")?;
                let values: Vec<_> = script.duration(span).collect();
                self.list(&values, |writer, (magnitude, unit)| {
                    write!(writer.out, "{{\"magnitude\":{magnitude},\"unit\":\"{unit}\"}}")
                })?;
            }
            ExpressionKind::Interpolation(parts) => {
                self.open("StringExpression", span)?;
                self.raw(",\"parts\":")?;
                self.list(parts, Self::part)?;
            }
            ExpressionKind::Array(elements) => {
                self.open("ArrayExpression", span)?;
                self.comments("lbrack", span.start)?;
                self.raw(",\"elements\":")?;
                self.list(elements, |writer, element| writer.expression(*element))?;
                self.comments_at_end("rbrack", span.end)?;
            }
            ExpressionKind::Dict(items) => {
                self.open("DictExpression", span)?;
                self.comments("lbrack", span.start)?;
                self.raw(",\"elements\":")?;
                self.list(items, |writer, item| {
                    writer.raw("{\"type\":\"DictItem\",\"key\":")?;
                    writer.expression(item.key)?;
                    writer.raw(",\"val\":")?;
                    writer.expression(item.value)?;
                    writer.raw("}")
                })?;
                self.comments_at_end("rbrack", span.end)?;
            }
            ExpressionKind::Record(record) => {
                self.open("ObjectExpression", span)?;
                self.comments("lbrace", span.start)?;
                self.properties(record)?;
                self.comments_at_end("rbrace", span.end)?;
            }
            ExpressionKind::Conditional { test, then, consequent, otherwise, alternate } => {
                self.open("ConditionalExpression", span)?;
                self.comments("tk_if", span.start)?;
                self.raw(",\"test\":")?;
                self.expression(*test)?;
                self.comments("tk_then", *then)?;
                self.raw(",\"consequent\":")?;
                self.expression(*consequent)?;
                self.comments("tk_else", *otherwise)?;
                self.raw(",\"alternate\":")?;
                self.expression(*alternate)?;
            }
            ExpressionKind::Paren(inner) => {
                self.open("ParenExpression", span)?;
                self.comments("lparen", span.start)?;
                self.raw(",\"expression\":")?;
                self.expression(*inner)?;
                self.comments_at_end("rparen", span.end)?;
            }
            ExpressionKind::Function(function) => {
                self.open("FunctionExpression", span)?;
                self.comments("lparen", span.start)?;
                self.raw(",\"params\":")?;
                self.list(&function.parameters, Self::property)?;
                self.comments("rparen", function.paren)?;
                self.comments("arrow", function.arrow)?;
                self.raw(",\"body\":")?;
                match &function.body {
                    Body::Expression(body) => self.expression(*body)?,
                    Body::Block(block) => self.block(block)?,
                }
            }
            // A label has no form; the server refuses a script that has one.
            _ => return self.raw("null"),
        }
        self.raw("}")
    }

    fn literal(&mut self, name: &str, span: Span) -> io::Result<()> {
        self.open(name, span)?;
        self.comments("comments", span.start)?;
        self.raw(",\"value\":")
    }

    fn part(&mut self, part: &Part) -> io::Result<()> {
        match part {
            Part::Text(span) => {
                self.open("TextPart", *span)?;
                self.raw(",\"value\":")?;
                self.string(&self.script.unescaped(*span))?;
            }
            Part::Value { span, expression } => {
                self.open("InterpolatedPart", *span)?;
                self.raw(",\"expression\":")?;
                self.expression(*expression)?;
            }
        }
        self.raw("}")
    }

    fn key(&mut self, key: Key) -> io::Result<()> {
        match key {
            Key::Name(span) => self.identifier(span),
            Key::Quoted(span) => self.string_literal(span),
        }
    }

    /// What a record or the arguments of a call have in common.
    fn properties(&mut self, record: &Record) -> io::Result<()> {
        if let Some(with) = record.with {
            self.raw(",\"with\":")?;
            self.identifier(with)?;
        }
        self.raw(",\"properties\":")?;
        self.list(&record.properties, Self::property)
    }

    fn property(&mut self, property: &Property) -> io::Result<()> {
        self.open("Property", property.span)?;
        self.raw(",\"key\":")?;
        self.key(property.key)?;
        self.comments_at("separator", property.separator)?;
        self.raw(",\"value\":")?;
        match property.value {
            Some(value) => self.expression(value)?,
            None => self.raw("null")?,
        }
        self.comments_at("comma", property.comma)?;
        self.raw("}")
    }
}

/// A number as Go writes it: with an exponent below 1e-6 and from 1e21 on.
fn go_float(value: f64) -> String {
    if value == 0.0 || (1e-6..1e21).contains(&value) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    match exponent.strip_prefix('-') {
        Some(digits) => format!("{mantissa}e-{digits:0>2}"),
        None => format!("{mantissa}e+{exponent:0>2}"),
    }
}
