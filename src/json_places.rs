//! Where in a text of JSON what stands.

use std::collections::BTreeSet;
use std::ops::Range;

/// One step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    At(usize),
}

impl Step {
    /// The key, where it is one.
    pub(crate) fn key(&self) -> Option<&str> {
        if let Self::Key(key) = self { Some(key) } else { None }
    }
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

/// A value in a text.
#[derive(Debug)]
pub(crate) struct Node {
    span: Range<usize>,
    inner: Inner,
}

#[derive(Debug)]
pub(crate) enum Inner {
    Plain,
    List(Vec<Node>),
    /// Each key, where that stands, and its value.
    Table(Vec<(String, Range<usize>, Node)>),
}

impl Node {
    /// The value that `text` is, which is JSON.
    pub(crate) fn of(text: &str) -> Self {
        Reader { text, at: 0 }.value()
    }

    /// Where the value at the end of `path` stands, or as far as there is one.
    pub(crate) fn value(&self, path: &[Step]) -> Range<usize> {
        let inner = path.split_first().and_then(|(step, rest)| Some((self.step(step)?.1, rest)));
        inner.map_or_else(|| self.span.clone(), |(node, rest)| node.value(rest))
    }

    /// Where the value at the end of `path` begins, or as far as there is one.
    pub(crate) fn begin(&self, path: &[Step]) -> Range<usize> {
        let start = self.value(path).start;
        start..start + 1
    }

    /// Where the key at the end of `path` stands, or as far as there is one.
    pub(crate) fn key(&self, path: &[Step]) -> Range<usize> {
        match path {
            [] => self.span.clone(),
            [last] => self.step(last).map_or_else(|| self.span.clone(), |(key, _)| key.clone()),
            [first, rest @ ..] => self.step(first).map_or_else(|| self.span.clone(), |(_, node)| node.key(rest)),
        }
    }

    /// Where it stands.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// What is in it.
    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }

    fn step(&self, step: &Step) -> Option<(&Range<usize>, &Self)> {
        match (&self.inner, step) {
            (Inner::List(items), Step::At(at)) => items.get(*at).map(|item| (&item.span, item)),
            (Inner::Table(entries), Step::Key(key)) => {
                entries.iter().find(|(of, ..)| of == key).map(|(_, span, node)| (span, node))
            }
            _ => None,
        }
    }

    /// The keys that stand twice in one table, at the second place.
    pub(crate) fn repeated(&self) -> Vec<(&str, Range<usize>)> {
        match &self.inner {
            Inner::Plain => Vec::new(),
            Inner::List(items) => items.iter().flat_map(Self::repeated).collect(),
            Inner::Table(entries) => {
                let mut seen = BTreeSet::new();
                let is_again = entries.iter().filter(|(key, ..)| !seen.insert(key.as_str()));
                let mut all: Vec<_> = is_again.map(|(key, span, _)| (key.as_str(), span.clone())).collect();
                all.extend(entries.iter().flat_map(|(.., node)| node.repeated()));
                all
            }
        }
    }
}

/// Reads what is known to be JSON.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    /// Goes on to the next character that counts.
    fn next(&mut self) -> Option<u8> {
        self.at = self.text.len() - self.rest().trim_start().len();
        self.rest().bytes().next()
    }

    fn value(&mut self) -> Node {
        let first = self.next();
        let start = self.at;
        let inner = match first {
            Some(b'{') => Inner::Table(self.items(Self::entry)),
            Some(b'[') => Inner::List(self.items(Self::value)),
            Some(b'"') => {
                self.string();
                Inner::Plain
            }
            _ => {
                let end = |c: char| matches!(c, ',' | ']' | '}') || c.is_whitespace();
                self.at += self.rest().find(end).unwrap_or(self.rest().len());
                Inner::Plain
            }
        };
        Node { span: start..self.at, inner }
    }

    /// What stands between two brackets.
    fn items<T>(&mut self, item: fn(&mut Self) -> T) -> Vec<T> {
        let mut items = Vec::new();
        self.at += 1;
        while let Some(next) = self.next() {
            match next {
                b'}' | b']' => {
                    self.at += 1;
                    break;
                }
                b',' => self.at += 1,
                _ => items.push(item(self)),
            }
        }
        items
    }

    fn entry(&mut self) -> (String, Range<usize>, Node) {
        let key = self.string();
        let text = serde_json::from_str(&self.text[key.clone()]).unwrap_or_default();
        if self.next() == Some(b':') {
            self.at += 1;
        }
        (text, key, self.value())
    }

    /// A string with its quotes.
    fn string(&mut self) -> Range<usize> {
        let start = self.at;
        self.at += 1;
        let mut is_escaped = false;
        let end = self.rest().bytes().position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        });
        self.at += end.map_or(self.rest().len(), |end| end + 1);
        start..self.at
    }
}

/// Where byte `at` of the text is written that the string at `place` of a text of JSON has.
pub(crate) fn written(text: &str, place: &Range<usize>, at: usize) -> usize {
    let inner = text.get(place.start + 1..place.end - 1).unwrap_or_default();
    let (mut read, mut rest) = (0, inner);
    while read < at {
        let code = rest.strip_prefix("\\u").and_then(|rest| u32::from_str_radix(rest.get(..4)?, 16).ok());
        let (long, length) = match (code, rest.chars().next()) {
            (Some(0xd800..=0xdfff), _) => (12, 4),
            (Some(code), _) => (6, char::from_u32(code).map_or(1, char::len_utf8)),
            (None, Some('\\')) => (2, 1),
            (None, Some(one)) => (one.len_utf8(), one.len_utf8()),
            (None, None) => break,
        };
        rest = rest.get(long..).unwrap_or_default();
        read += length;
    }
    place.start + 1 + inner.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::*;

    fn json() -> impl Strategy<Value = Json> {
        let text = "[a-c\"\\\\\n\u{e9}\u{1f600} {}\\[\\]:,]{0,6}";
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i32>().prop_map(Json::from),
            text.prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                proptest::collection::btree_map(text, inner, 0..4).prop_map(|all| all.into_iter().collect()),
            ]
        })
    }

    /// Whether each value within `json`, the one at `path` of `text`, is found where it is written.
    fn is_found(text: &str, node: &Node, path: &mut Vec<Step>, json: &Json) -> bool {
        let span = node.value(path);
        let steps: Vec<(Step, &Json)> = match json {
            Json::Array(items) => items.iter().enumerate().map(|(at, item)| (Step::At(at), item)).collect(),
            Json::Object(all) => all.iter().map(|(key, value)| (Step::from(key.as_str()), value)).collect(),
            _ => Vec::new(),
        };
        serde_json::from_str::<Json>(&text[span]).is_ok_and(|found| found == *json)
            && steps.into_iter().all(|(step, inner)| {
                path.push(step.clone());
                let key = serde_json::from_str::<String>(&text[node.key(path)]);
                let is_key = !matches!(&step, Step::Key(wanted) if key.ok().as_ref() != Some(wanted));
                let found = is_key && is_found(text, node, path, inner);
                path.pop();
                found
            })
    }

    proptest! {
        #[test]
        fn all_is_found_where_it_is_written(json in json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) };
            let text = text.expect("JSON");
            let node = Node::of(&text);
            prop_assert!(is_found(&text, &node, &mut Vec::new(), &json), "{}", text);
            prop_assert_eq!(node.repeated(), []);
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_found() {
        let text = r#" {"a": [1, {"b": 1, "c": "}", "\u0062": 2}], "a" : {}}"#;
        let node = Node::of(text);
        let found: Vec<(&str, &str)> = node.repeated().into_iter().map(|(key, span)| (key, &text[span])).collect();
        assert_eq!(found, [("a", "\"a\""), ("b", "\"\\u0062\"")]);
    }

    #[test]
    fn a_place_in_a_string_is_where_it_is_written() {
        let text = r#"{"t": "a\"\\\/b\n\u00e9\ud83d\ude00é😀z"}"#;
        let value: Json = serde_json::from_str(text).expect("JSON");
        let said = value["t"].as_str().expect("a text");
        let place = Node::of(text).value(&["t".into()]);
        for (part, expected) in
            [("a", "a"), ("\"", "\\\""), ("/", "\\/"), ("\n", "\\n"), ("é", "\\u00e9"), ("😀", "\\ud83d"), ("z", "z")]
        {
            let at = written(text, &place, said.find(part).expect("a part"));
            assert!(text[at..].starts_with(expected), "{part}: {}", &text[at..]);
        }
        assert_eq!(written(text, &place, said.len()), place.end - 1);
    }
}
