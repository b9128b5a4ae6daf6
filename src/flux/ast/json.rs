//! The tree as influxd gives it: the reply of `POST /api/v2/query/ast` (influxd 2.9.1, measured).
//!
//! What that reply lacks is lacking here too: attributes, string keys of record types, and comments in some places.

mod expression;
mod statement;
mod types;

use std::io::{self, Write};

use super::lines::Lines;
use super::{Script, Span};

impl Script {
    /// Writes the tree as influxd's JSON, in one line. Of a script with errors it is what influxd gives if it accepts the
    /// script all the same, but for mistakes in types.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        Writer { script: self, lines: Lines::of(&self.source), out }.package()
    }
}

struct Writer<'a, W> {
    script: &'a Script,
    lines: Lines,
    out: &'a mut W,
}

impl<W: Write> Writer<'_, W> {
    fn raw(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())
    }

    /// A JSON string, in ASCII: nothing hidden reaches a terminal.
    fn string(&mut self, text: &str) -> io::Result<()> {
        self.raw("\"")?;
        let mut plain = 0;
        for (at, c) in text.char_indices() {
            if matches!(c, ' '..='~') && c != '"' && c != '\\' {
                continue;
            }
            self.raw(&text[plain..at])?;
            plain = at + c.len_utf8();
            match c {
                '"' => self.raw("\\\"")?,
                '\\' => self.raw("\\\\")?,
                '\n' => self.raw("\\n")?,
                '\r' => self.raw("\\r")?,
                '\t' => self.raw("\\t")?,
                _ => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        write!(self.out, "\\u{unit:04x}")?;
                    }
                }
            }
        }
        self.raw(&text[plain..])?;
        self.raw("\"")
    }

    /// The begin of a node: its type and where it is.
    fn open(&mut self, name: &str, span: Span) -> io::Result<()> {
        write!(self.out, "{{\"type\":\"{name}\"")?;
        self.location(span)
    }

    fn location(&mut self, span: Span) -> io::Result<()> {
        let (start, end) = (self.lines.position(span.start), self.lines.position(span.end));
        write!(
            self.out,
            ",\"location\":{{\"start\":{{\"line\":{},\"column\":{}}},\"end\":{{\"line\":{},\"column\":{}}},\"source\":",
            start.line, start.column, end.line, end.column
        )?;
        self.string(self.script.text(span))?;
        self.raw("}")
    }

    /// The field with the comments before the token at `at`, if there are any.
    fn comments(&mut self, field: &str, at: u32) -> io::Result<()> {
        let script = self.script;
        let comments = script.comments_before(at);
        if comments.is_empty() {
            return Ok(());
        }
        write!(self.out, ",\"{field}\":")?;
        self.list(comments, |writer, comment| {
            writer.raw("{\"text\":")?;
            writer.string(script.text(comment.span))?;
            writer.raw("}")
        })
    }

    /// The same for an optional token.
    fn comments_at(&mut self, field: &str, at: Option<u32>) -> io::Result<()> {
        at.map_or(Ok(()), |at| self.comments(field, at))
    }

    /// The same for a closing bracket, which ends at `end`.
    fn comments_at_end(&mut self, field: &str, end: u32) -> io::Result<()> {
        self.comments(field, end.saturating_sub(1))
    }

    fn list<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T) -> io::Result<()>) -> io::Result<()> {
        self.raw("[")?;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.raw(",")?;
            }
            each(self, item)?;
        }
        self.raw("]")
    }

    fn identifier(&mut self, span: Span) -> io::Result<()> {
        self.open("Identifier", span)?;
        self.comments("comments", span.start)?;
        self.raw(",\"name\":")?;
        self.string(self.script.text(span))?;
        self.raw("}")
    }

    fn string_literal(&mut self, span: Span) -> io::Result<()> {
        self.open("StringLiteral", span)?;
        self.comments("comments", span.start)?;
        self.raw(",\"value\":")?;
        self.string(&self.script.unquoted(span))?;
        self.raw("}")
    }
}
