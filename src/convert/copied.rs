//! Texts of a source that look like secrets and are copied all the same: no field in which they stand can be a source of secrets.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::made::Made;
use super::node::Node;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::field::{Field, Type};
use crate::flux::Quoted;
use crate::kind::{Kind, SECRET_HELP};
use crate::lint;
use crate::redact::{Language, certain_literals, is_no_secret, is_secret, secrets_in, without_secrets};
use crate::value::{Script, Value, called};

/// A text of an object, and where in it something looks like a secret.
struct Text<'o> {
    field: &'static str,
    /// The key that it stands under in the value of the field; empty where it is the value.
    key: &'o str,
    text: &'o str,
    secrets: Vec<Range<usize>>,
}

/// Where an object has secrets for which it is left out, and what to do about it.
type InScripts = (Vec<Place>, &'static str);

/// What is said of the texts of `made` that look like secrets, and where its scripts have some. They stand in the first of `from`
/// that has them.
pub(super) fn find(made: &Made, from: &[&Node], source: &Arc<Source>) -> (Vec<Diagnostic>, InScripts) {
    let (mut texts, mut scripts, mut help) = (Vec::new(), Vec::new(), "");
    let is_called = made.kind == Kind::Variable && is_secret(&made.object.name);
    for field in made.kind.spec().fields {
        let Some(value) = made.object.fields.get(field.name) else { continue };
        let known = scripts.len();
        collect_scripts(value, field, &mut scripts);
        if scripts.len() > known {
            help = match field.ty {
                Type::Verbatim => HELP,
                _ if made.kind == Kind::Telegraf => SECRET_HELP,
                _ => lint::secret::HELP,
            };
        } else {
            let is_called = is_called && matches!(value, Value::List(_) | Value::Map(_));
            collect(value, (field.name, ""), is_called, &mut texts);
        }
    }
    if texts.is_empty() && scripts.is_empty() {
        return Default::default();
    }
    let mut leaves: Vec<Leaves<'_>> = from.iter().map(|node| Leaves::of(node)).collect();
    let mut places = |text: &Text<'_>| {
        let leaf = leaves.iter_mut().find_map(|leaves| leaves.take(text));
        let leaf = leaf.or_else(|| leaves.iter().find_map(|leaves| leaves.with(text)));
        let spots = leaf.map_or_else(|| vec![made.place.span.clone()], |leaf| spots(leaf, text, source));
        spots.into_iter().map(|span| Place { source: Arc::clone(source), span }).collect::<Vec<_>>()
    };
    let mut told = Vec::new();
    for text in &texts {
        told.extend(places(text).into_iter().map(|place| warning(made, text).at(place, LABEL).help(HELP)));
    }
    (told, (scripts.iter().flat_map(places).collect(), help))
}

const LABEL: &str = "whoever may read the project can read it";

fn warning(made: &Made, Text { field, key, .. }: &Text<'_>) -> Diagnostic {
    let dot = if key.is_empty() { "" } else { "." };
    let name = without_secrets(&made.object.name);
    let message = format!("`{field}{dot}{key}` of the {} `{name}` looks like a secret, and is copied", made.kind);
    Diagnostic::warning(Code::ConvertCopied, message)
}

const HELP: &str = "if it is one, take it out of the source, replace it where it is used, and convert again";

/// Finds the scripts in `value` that have secrets, and the texts that become a part of one.
fn collect_scripts<'o>(value: &'o Value, field: &Field, found: &mut Vec<Text<'o>>) {
    let of = |text: &'o str, secrets: Vec<Range<usize>>| Text { field: field.name, key: "", text, secrets };
    let script = |script: &'o Script| {
        let language = if script.is_flux() { Language::Flux } else { Language::Config };
        let text = script.source().unwrap_or_default();
        of(text, certain_literals(text, language))
    };
    let mut all: Vec<Text<'o>> = value.scripts().into_iter().map(script).collect();
    if let Value::Text(text) = value
        && field.ty == Type::Verbatim
    {
        let quoted = Quoted::new(text);
        let secrets = certain_literals(quoted.as_str(), Language::Flux).into_iter();
        all.push(of(text, secrets.map(|secret| quoted.written(secret.start)..quoted.written(secret.end)).collect()));
    }
    found.extend(all.into_iter().filter(|text| !text.secrets.is_empty()));
}

/// Finds the texts in `value` that look like secrets; all of them where it `is_called` like one.
fn collect<'o>(value: &'o Value, of: (&'static str, &'o str), is_called: bool, found: &mut Vec<Text<'o>>) {
    let (field, key) = of;
    let mut add = |key: &'o str, text: &'o str, secrets: Vec<Range<usize>>| {
        if !secrets.is_empty() {
            found.push(Text { field, key, text, secrets });
        }
    };
    let secrets = |key: &str, text: &str| match is_called || is_secret(key) {
        true if text.trim().is_empty() || is_no_secret(text) => Vec::new(),
        true => std::iter::once(0..text.len()).collect(),
        false => secrets_in(text),
    };
    match value {
        Value::Text(text) => add(key, text, secrets(key, text)),
        Value::Map(map) => map.iter().for_each(|(key, text)| add(key, text, secrets(key, text))),
        Value::List(items) => items.iter().for_each(|item| collect(item, of, is_called, found)),
        Value::Table(table) => {
            table.iter().for_each(|(key, value)| collect(value, (field, called(key)), is_called, found));
        }
        // A script with a secret is left out.
        _ => {}
    }
}

/// The texts of a node, each with its key.
struct Leaves<'n> {
    all: Vec<(&'n str, &'n Node, String)>,
    /// Which of them were not taken yet, by what they say.
    free: HashMap<String, Vec<usize>>,
}

impl<'n> Leaves<'n> {
    fn of(node: &'n Node) -> Self {
        let mut leaves = Self { all: Vec::new(), free: HashMap::new() };
        leaves.collect("", node);
        for (n, (_, _, text)) in leaves.all.iter().enumerate().rev() {
            leaves.free.entry(text.trim().to_owned()).or_default().push(n);
        }
        leaves
    }

    fn collect(&mut self, key: &'n str, node: &'n Node) {
        self.all.extend(node.as_text().map(|text| (key, node, text)));
        node.entries().iter().for_each(|entry| self.collect(&entry.key, &entry.value));
        node.items().iter().for_each(|item| self.collect(key, item));
    }

    /// The next one that says just `text`, if possible under its key.
    fn take(&mut self, text: &Text<'_>) -> Option<&'n Node> {
        let free = self.free.get_mut(text.text.trim())?;
        let same = free.iter().rposition(|n| self.all[*n].0 == text.key);
        let n = if free.len() == 1 { free[0] } else { free.remove(same.unwrap_or(free.len() - 1)) };
        Some(self.all[n].1)
    }

    /// The first one that has the first secret of `text`.
    fn with(&self, text: &Text<'_>) -> Option<&'n Node> {
        let secret = text.text.get(text.secrets.first()?.clone())?.trim();
        self.all.iter().find_map(|(_, node, said)| said.contains(secret).then_some(*node))
    }
}

/// Where the secrets of `text` stand in what the source has of `leaf`; all of that where it is written in another way.
fn spots(leaf: &Node, Text { text, secrets, .. }: &Text<'_>, source: &Source) -> Vec<Range<usize>> {
    let raw = source.text.get(leaf.span.clone()).unwrap_or_default();
    let moved = |by: usize, of: &Range<usize>| leaf.span.start + by + of.start..leaf.span.start + by + of.end;
    if let Some(at) = raw.find(text) {
        return secrets.iter().map(|secret| moved(at, secret)).collect();
    }
    let whole = || vec![leaf.span.clone()];
    // In a block, each line stands behind its indent.
    let mut lines = raw.split_inclusive('\n').scan(0, |end, line| {
        let at = *end;
        *end += line.len();
        Some((at, line))
    });
    let mut found = Vec::new();
    let mut last: Option<(usize, usize)> = None;
    for secret in secrets {
        let start = text[..secret.start].rfind('\n').map_or(0, |end| end + 1);
        let line = text[start..].split('\n').next().unwrap_or_default();
        if secret.end > start + line.len() {
            return whole();
        }
        let at = match last {
            Some((of, at)) if of == start => at,
            _ => {
                let Some((at, raw)) = lines.find(|(_, raw)| raw.trim() == line.trim()) else { return whole() };
                at + (raw.len() - raw.trim_start().len())
            }
        };
        last = Some((start, at));
        let indent = start + (line.len() - line.trim_start().len());
        found.push(moved(at, &(secret.start.saturating_sub(indent)..secret.end.saturating_sub(indent))));
    }
    found
}
