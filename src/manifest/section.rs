//! A table outside of resources while it is read.

use jiff::civil::Date;

use super::Placed;
use super::foreign;
use super::node::{Node, Raw};
use super::source::place;
use super::variables::Values;
use super::written::{Written, no_list, wrong_type};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::kind::{Identity, Kind};
use crate::snowflake::is_id;

/// A table outside of resources while it is read.
pub(super) struct Section<'s, 'a> {
    pub(super) written: &'s Written<'a>,
    values: &'s Values,
    pub(super) problems: &'s mut Vec<Diagnostic>,
}

impl<'s, 'a> Section<'s, 'a> {
    pub(super) fn new(
        written: &'s Written<'a>,
        name: &str,
        words: &[&str],
        values: &'s Values,
        problems: &'s mut Vec<Diagnostic>,
    ) -> Self {
        for entry in &written.table.0 {
            if values.budget.is_enough(problems) {
                break;
            }
            if !words.contains(&entry.key.as_ref()) {
                let message = format!("unknown key `{}` in `{name}`", entry.key);
                let near = || nearest(&entry.key, words.iter().copied());
                let help = match foreign::in_section(name, &entry.key) {
                    Some(answer) => answer.to_owned(),
                    None => match near() {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("available keys: {}", words.join(", ")),
                    },
                };
                let diagnostic = Diagnostic::error(Code::ManifestUnknownKey, message);
                problems.push(diagnostic.at(place(written.source, entry.at), "unknown").help(help));
            }
        }
        Self::known(written, values, problems)
    }

    /// The same where its keys have been looked at.
    pub(super) fn known(written: &'s Written<'a>, values: &'s Values, problems: &'s mut Vec<Diagnostic>) -> Self {
        Self { written, values, problems }
    }

    pub(super) fn fail<T>(&mut self, node: &Node<'_>, message: impl Into<String>, label: &str) -> Option<T> {
        let diagnostic = Diagnostic::error(Code::ManifestValue, message);
        self.problems.push(diagnostic.at(place(self.written.source, node.span), label));
        None
    }

    /// The value of `word`, with its variables.
    fn value(&mut self, word: &str) -> Option<Node<'a>> {
        let node = self.written.table.get(word)?;
        let only = (Code::ManifestValue, "only variables can be used here");
        self.values.expand(node, self.written.source, only, self.problems)
    }

    /// Says that `node` is not of the type that `word` must have.
    pub(super) fn wrong_type<T>(&mut self, word: &str, wanted: &str, node: &Node<'_>) -> Option<T> {
        self.problems.push(wrong_type(word, wanted, &node.value, place(self.written.source, node.span)));
        None
    }

    /// The string of `word`, with its variables.
    pub(super) fn text(&mut self, word: &str) -> Option<(Node<'a>, String)> {
        let node = self.value(word)?;
        match &node.value {
            Raw::Text(text) if !text.is_empty() => {
                let text = text.clone().into_owned();
                Some((node, text))
            }
            Raw::Text(_) => self.fail(&node, format!("`{word}` cannot be empty"), "empty"),
            other => {
                let help = other.inline().map(|value| format!("put it in quotes: `\"{value}\"`"));
                let diagnostic = wrong_type(word, "a string", other, place(self.written.source, node.span));
                self.problems.push(diagnostic.help_known(help));
                None
            }
        }
    }

    /// The boolean of `word`.
    pub(super) fn flag(&mut self, word: &str) -> Option<bool> {
        let node = self.value(word)?;
        match node.value {
            Raw::Boolean(yes) => Some(yes),
            _ => self.wrong_type(word, "`true` or `false`", &node),
        }
    }

    /// The whole number of `word`, which must be in `range`.
    pub(super) fn number(&mut self, word: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let node = self.value(word)?;
        match node.value {
            Raw::Integer(number) if range.contains(&number) => Some(number),
            Raw::Integer(number) => {
                let label = format!("from {} to {}", range.start(), range.end());
                self.fail(&node, format!("`{word}` cannot be {number}"), &label)
            }
            _ => self.wrong_type(word, "a whole number", &node),
        }
    }

    /// The strings of `word`, each with its place.
    pub(super) fn texts(&mut self, word: &str) -> Vec<Node<'a>> {
        let Some(node) = self.value(word) else { return Vec::new() };
        let Raw::Array(items) = node.value else {
            let at = place(self.written.source, node.span);
            self.problems.push(no_list(word, "a list of strings", &node.value, at));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items {
            match item.value {
                Raw::Text(_) => texts.push(item),
                _ => drop(self.wrong_type::<()>(word, "a list of strings", &item)),
            }
            if self.values.budget.is_enough(self.problems) {
                break;
            }
        }
        texts
    }

    /// The day of `word`: a date of TOML, or a string that is one.
    pub(super) fn date(&mut self, word: &str) -> Option<Date> {
        let node = self.value(word)?;
        let text = match &node.value {
            Raw::Datetime(at) if at.time.is_none() => at.to_string(),
            Raw::Text(text) => text.clone().into_owned(),
            _ => return self.wrong_type(word, "a date, such as `2027-06-30`", &node),
        };
        match text.parse() {
            Ok(date) => Some(date),
            Err(_) => self.fail(&node, format!("invalid date `{text}`"), "write a date, such as `2027-06-30`"),
        }
    }

    /// The value of `word`, which must be the word of one of `all`.
    pub(super) fn one_of<T: Copy>(&mut self, word: &str, all: &[T], word_of: fn(T) -> &'static str) -> Option<T> {
        let (node, text) = self.text(word)?;
        all.iter().copied().find(|one| word_of(*one) == text).or_else(|| {
            let words: Vec<&str> = all.iter().copied().map(word_of).collect();
            let label = match nearest(&text, words.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("available values: {}", words.join(", ")),
            };
            self.fail(&node, format!("unknown value `{text}` for `{word}`"), &label)
        })
    }

    pub(super) fn placed<T>(
        &mut self,
        word: &str,
        read: impl FnOnce(&mut Self, &Node<'a>, String) -> Option<T>,
    ) -> Option<Placed<T>> {
        let (node, text) = self.text(word)?;
        let value = read(self, &node, text)?;
        Some(Placed { value, place: place(self.written.source, node.span) })
    }
}

impl Section<'_, '_> {
    /// Says of each of `words` that is not written that `name` needs it.
    pub(super) fn needs(&mut self, name: &str, words: &[&str], help: &str) {
        for word in words {
            if self.written.table.get(word).is_none() {
                let diagnostic = Diagnostic::error(Code::ManifestMissing, format!("missing `{word}` in `{name}`"));
                self.problems.push(diagnostic.at(self.written.place(), "here").help(help));
            }
        }
    }

    /// The address that `word` must be.
    pub(super) fn address(&mut self, word: &str) -> Option<Placed<Address>> {
        self.placed(word, |section, node, text| match text.parse::<Address>() {
            Ok(address) => Some(address),
            Err(error) => {
                let at = place(section.written.source, node.span);
                let diagnostic = Diagnostic::error(Code::ManifestValue, error.short()).at(at, "not an address");
                section.problems.push(diagnostic.help(error.hint()));
                None
            }
        })
    }

    /// The ID that `word` must be, of an object of `kind` where one is given.
    pub(super) fn id(&mut self, word: &str, kind: Option<Kind>) -> Option<Placed<String>> {
        self.placed(word, |section, node, text| {
            if kind.map_or_else(|| is_id(&text), |kind| kind.is_id(&text)) {
                return Some(text);
            }
            let form = kind.map_or(Identity::Id, |kind| kind.spec().identity).form(&text);
            section.fail(node, format!("invalid ID `{text}`"), form)
        })
    }
}
