//! Scripts as influxd writes them: the layout of its own formatter, which it uses when a task's schedule or name changes
//! (influxd 2.9.1, measured byte for byte).
//!
//! That formatter changes what some scripts mean. [`format()`] does not: it keeps the parentheses, escapes, blanks, attributes
//! and comments that influxd loses. [`format_as_influxd`] loses them too, for the embedded server.

mod bracket;
mod comment;
mod doc;
mod expression;
mod hang;
mod link;
mod list;
mod operator;
mod print;
mod statement;
mod types;

use super::ast::{Comment, Lines, Script, Span};
use super::parser::parse;
use doc::{Doc, Docs, Id};

/// How often a text is formatted at most until it stays as it is.
const ROUNDS: usize = 8;

/// The script in influxd's layout. It must have no errors.
///
/// Parentheses that go may leave room for what is around them, so that influxd itself would lay it out differently when it
/// formats it again. This is what it is at the end of that: formatting it changes nothing.
pub fn format(script: &Script) -> String {
    let mut text = format_once(script);
    if text.trim().is_empty() {
        return String::new();
    }
    for _ in 0..ROUNDS {
        let parsed = parse(&text);
        let next = format_once(&parsed.script);
        if next == text || !parsed.is_sound() {
            break;
        }
        text = next;
    }
    text
}

fn format_once(script: &Script) -> String {
    let mut first = Formatter::new(script, true);
    let text = first.file();
    if !first.rescue() {
        return text;
    }
    Formatter { comments: first.comments, ..Formatter::new(script, true) }.file()
}

/// The script as influxd 2.9.1 writes it, which may mean something else.
pub fn format_as_influxd(script: &Script) -> String {
    Formatter::new(script, false).file()
}

struct Formatter<'a> {
    script: &'a Script,
    lines: Lines,
    docs: Docs<'a>,
    comments: Vec<Comment>,
    /// The tokens that show the comments before them.
    anchors: Vec<u32>,
    /// Whether to keep the meaning where influxd does not.
    careful: bool,
}

impl<'a> Formatter<'a> {
    fn new(script: &'a Script, careful: bool) -> Self {
        Self {
            script,
            lines: Lines::of(script.source()),
            docs: Docs::default(),
            comments: script.comments().to_vec(),
            anchors: Vec::new(),
            careful,
        }
    }

    fn text(&mut self, text: &'a str) -> Id {
        self.docs.push(Doc::Text(text.into()))
    }

    /// A name or another token as it is written, with the comments before it.
    fn token(&mut self, span: Span) -> Id {
        let comments = self.comments(span.start);
        let text = self.script.text(span);
        let text = self.text(text);
        self.sequence(vec![comments, text])
    }

    fn owned(&mut self, text: String) -> Id {
        self.docs.push(Doc::Text(text.into()))
    }

    fn nil(&mut self) -> Id {
        self.sequence(Vec::new())
    }

    /// A space or the end of the line.
    fn line(&mut self) -> Id {
        self.docs.push(Doc::Line(" "))
    }

    /// Nothing or the end of the line.
    fn edge(&mut self) -> Id {
        self.docs.push(Doc::Line(""))
    }

    fn hard(&mut self) -> Id {
        self.docs.push(Doc::Hard)
    }

    fn sequence(&mut self, parts: Vec<Id>) -> Id {
        self.docs.push(Doc::Sequence(parts))
    }

    fn nest(&mut self, inner: Id) -> Id {
        self.docs.push(Doc::Nest(inner))
    }

    fn group(&mut self, inner: Id) -> Id {
        self.docs.push(Doc::Group(inner))
    }
}
