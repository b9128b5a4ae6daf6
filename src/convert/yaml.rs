//! YAML with places: the documents of a text, with aliases and merges in their place.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::node::{Entry, Inner, Node, weight};
use super::{bad, too_many};
use crate::diagnostic::{Diagnostic, Source};
use crate::limits::{NESTING, SOURCE_VALUES};

/// The documents in the text of `source`, without those that are empty.
///
/// # Errors
/// The first mistake; more values than [`SOURCE_VALUES`], with those that aliases stand for.
pub(super) fn read(source: &Arc<Source>) -> Result<Vec<Node>, Diagnostic> {
    let mut builder = Builder {
        source,
        offsets: (!source.text.is_ascii()).then(|| source.text.char_indices().map(|(at, _)| at).collect()),
        open: Vec::new(),
        anchors: HashMap::new(),
        values: 0,
        documents: Vec::new(),
    };
    let mut parser = Parser::new_from_str(&source.text);
    while let Some(event) = parser.next_event() {
        match event {
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => {
                let at = builder.byte(error.marker().index()).min(source.text.trim_end().len().saturating_sub(1));
                let at = source.text.floor_char_boundary(at);
                let length = source.text[at..].chars().next().map_or(0, char::len_utf8);
                return Err(bad(source, at..at + length, "this is no YAML", error.info()));
            }
        }
    }
    Ok(builder.documents)
}

/// A list or a table that is not at its end yet.
struct Open {
    start: usize,
    anchor: usize,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    /// The entries, their keys, and the key of the next one.
    Table(Vec<Entry>, HashSet<String>, Option<(String, Range<usize>)>),
}

struct Builder<'s> {
    source: &'s Arc<Source>,
    /// Where each character begins, where not each is a byte.
    offsets: Option<Vec<usize>>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    values: usize,
    documents: Vec<Node>,
}

impl Builder<'_> {
    fn byte(&self, character: usize) -> usize {
        let length = self.source.text.len();
        match &self.offsets {
            Some(offsets) => offsets.get(character).copied().unwrap_or(length),
            None => character.min(length),
        }
    }

    fn span(&self, span: Span) -> Range<usize> {
        self.byte(span.start.index())..self.byte(span.end.index())
    }

    fn count(&mut self, more: usize, at: Range<usize>) -> Result<(), Diagnostic> {
        self.values = self.values.saturating_add(more);
        if SOURCE_VALUES.exceeded(self.values) { Err(too_many(self.source, at)) } else { Ok(()) }
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        let at = self.span(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1 + weight(&text), at.clone())?;
                if tag.as_deref().is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "binary") {
                    return Err(bad(self.source, at, "`!!binary` is not read", "write the text itself"));
                }
                let is_plain = style == ScalarStyle::Plain && tag.as_deref().is_none_or(|tag| !is_of_text(tag));
                let inner = if is_plain { plain(&text) } else { Inner::Text(text.into_owned()) };
                self.put(Node::of(at, inner), anchor)?;
            }
            Event::SequenceStart(anchor, _) => self.begin(at, anchor, Inside::List(Vec::new()))?,
            Event::MappingStart(anchor, _) => {
                self.begin(at, anchor, Inside::Table(Vec::new(), HashSet::new(), None))?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(Open { start, anchor, inside }) = self.open.pop() {
                    let inner = match inside {
                        Inside::List(items) => Inner::List(items),
                        Inside::Table(entries, keys, _) => Inner::Table(merged(entries, keys)),
                    };
                    self.put(Node::of(start..at.end.max(start), inner), anchor)?;
                }
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err(bad(self.source, at, "an alias stands within what it stands for", "has no end"));
                };
                let (more, node) = (node.weight, node.clone());
                self.count(more, at)?;
                self.put(node, 0)?;
            }
            // As InfluxDB reads it, an anchor holds in the documents that follow too.
            Event::DocumentEnd | Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
        Ok(())
    }

    fn begin(&mut self, at: Range<usize>, anchor: usize, inside: Inside) -> Result<(), Diagnostic> {
        self.count(1, at.clone())?;
        if NESTING.exceeded(self.open.len() + 1) {
            let message = format!("lists and tables lie deeper inside each other than {NESTING}");
            return Err(bad(self.source, at, message, "one more"));
        }
        self.open.push(Open { start: at.start, anchor, inside });
        Ok(())
    }

    /// Puts a value into what is open.
    fn put(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.inside) {
            None if matches!(node.inner, Inner::Null) => {}
            None => self.documents.push(node),
            Some(Inside::List(items)) => items.push(node),
            Some(Inside::Table(entries, keys, key)) => match key.take() {
                Some((key, at)) => entries.push(Entry { key, at, value: node }),
                None => {
                    let text = match &node.inner {
                        Inner::Bool(yes) => Some(yes.to_string()),
                        Inner::Null => Some(String::new()),
                        _ => node.as_text(),
                    };
                    let Some(text) = text else {
                        return Err(bad(self.source, node.head(), "a key must be a word", "a list or a table"));
                    };
                    if text != MERGE && !keys.insert(text.clone()) {
                        let message = format!("the key `{text}` stands twice in one table");
                        return Err(bad(self.source, node.span, message, "again"));
                    }
                    *key = Some((text, node.span));
                }
            },
        }
        Ok(())
    }
}

/// The key whose tables are merged into the one that it stands in.
const MERGE: &str = "<<";

/// The entries, which have these `keys`, with those of the tables that are merged into them, which give way to their own.
fn merged(entries: Vec<Entry>, mut keys: HashSet<String>) -> Vec<Entry> {
    let (merges, mut own): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| entry.key == MERGE);
    for merge in merges {
        let tables = match merge.value.inner {
            Inner::List(tables) => tables,
            _ => vec![merge.value],
        };
        for entry in tables.iter().flat_map(Node::entries) {
            if keys.insert(entry.key.clone()) {
                own.push(entry.clone());
            }
        }
    }
    own
}

/// Whether a value with this tag is a text, whatever it looks like.
fn is_of_text(tag: &Tag) -> bool {
    !tag.is_yaml_core_schema() || tag.suffix == "str"
}

/// What a word without quotes is.
fn plain(text: &str) -> Inner {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Inner::Null,
        "true" | "True" | "TRUE" => Inner::Bool(true),
        "false" | "False" | "FALSE" => Inner::Bool(false),
        _ => number(text).map_or_else(|| Inner::Text(text.to_owned()), Inner::Number),
    }
}

fn number(text: &str) -> Option<serde_json::Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let radix =
        |prefix: &str, radix| digits.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok());
    if let Some(whole) = radix("0x", 16).or_else(|| radix("0o", 8)).or_else(|| radix("0b", 2)) {
        return Some((if negative { -whole } else { whole }).into());
    }
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || b"._eE+-".contains(&byte)) {
        return None;
    }
    let plain = format!("{}{}", if negative { "-" } else { "" }, digits.replace('_', ""));
    match plain.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) => serde_json::Number::from_f64(plain.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(text: &str) -> Result<Vec<String>, String> {
        let source = Arc::new(Source::new("t.yml", "t.yml", text));
        let told = |error: Diagnostic| {
            let place = error.places.first().map(|(place, _)| place.position()).unwrap_or_default();
            format!("{}:{}: {}", place.0, place.1, error.message)
        };
        read(&source).map(|all| all.iter().map(|node| node.json().to_string()).collect()).map_err(told)
    }

    #[test]
    fn documents_are_read_as_influxd_reads_them() {
        let text = "---\na: {b: [1, 2.5, 1e+08, 0x1F, \"5\", !!str 6, yes, ~]}\n---\n# nothing\n---\nä: |\n  x\n  y\n";
        assert_eq!(
            documents(text).expect("YAML"),
            [r#"{"a":{"b":[1,2.5,100000000.0,31,"5","6","yes",null]}}"#, r#"{"ä":"x\ny\n"}"#]
        );
        let text = "base: &base {a: 1, b: 2}\nmore:\n  <<: *base\n  b: 3\nagain: *base\n";
        assert_eq!(
            documents(text).expect("YAML"),
            [r#"{"base":{"a":1,"b":2},"more":{"b":3,"a":1},"again":{"a":1,"b":2}}"#]
        );
    }

    #[test]
    fn what_is_no_yaml_is_told_at_its_place() {
        for (text, wanted) in [
            ("a: 1\na: 2\n", "2:1: the key `a` stands twice in one table"),
            ("ä: [1, 2\nb: 3\n", "2:2: this is no YAML"),
            ("a: &a [*a]\n", "1:8: an alias stands within what it stands for"),
            ("[1, 2]: 3\n", "1:2: a key must be a word"),
        ] {
            assert_eq!(documents(text).expect_err(text), wanted);
        }
        let deep = format!("{}1", "- ".repeat(100));
        assert!(documents(&deep).expect_err("too deep").contains("(limit `nesting`)"));
    }

    #[test]
    fn no_bomb_goes_off() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..20 {
            bomb.push_str(&format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", ")));
        }
        assert!(documents(&bomb).expect_err("a bomb").contains("(limit `source-values`)"));
        let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1_000].join(", "));
        assert!(documents(&long).expect_err("a bomb of text").contains("(limit `source-values`)"));
    }
}
