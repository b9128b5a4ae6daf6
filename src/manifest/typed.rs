//! From a written value to the value of a field, by the field's type.

use std::collections::{BTreeMap, BTreeSet};

use super::context::DecodeContext;
use super::node::{Entry, Node, Raw, Span, Table};
use super::reference::Resolved;
use super::text::{item_text, text};
use super::{foreign, scalar, scope, sink, text_file};
use crate::address::Address;
use crate::diagnostic::{Code, nearest};
use crate::field::{Field, Omitted, Type};
use crate::kind::Kind;
use crate::value::{Ref, Script, Value};

/// Reads the value of `field`, with the value of each `${...}` in it; none where it has an error, which has been said.
pub(super) fn read<'a>(context: &mut DecodeContext<'_, 'a>, field: &'static Field, node: &Node<'a>) -> Option<Value> {
    value(context, field.name, field.ty, node, true)
}

/// Reads a value of type `ty` for what is called `name`. What an expression gave is not expanded once more.
fn value<'a>(
    context: &mut DecodeContext<'_, 'a>,
    name: &str,
    ty: Type,
    node: &Node<'a>,
    expand: bool,
) -> Option<Value> {
    match (ty, &node.value) {
        (Type::Verbatim, _) => return text(context, name, node).map(|text| Value::Text(text.to_owned())),
        (Type::Any, _) => return scalar::any(context, name, node),
        (Type::Flux | Type::TextFile(_), _) => return script(context, name, ty, node),
        (Type::Block(fields), Raw::Table(table)) => return block(context, name, fields, table, node.span, expand),
        (Type::Keyed(keys, of), Raw::Table(table)) => return keyed(context, name, (keys, *of), table, expand),
        (Type::List(of @ (Type::Block(_) | Type::Keyed(..))), Raw::Array(items)) => {
            return list(context, name, *of, items, expand);
        }
        _ => {}
    }
    if expand {
        let Some(node) = context.expand(node) else {
            if ty == Type::Sinks {
                sink::keys(context, node);
            }
            return None;
        };
        return value(context, name, ty, &node, false);
    }
    match ty {
        // Whether a cron expression is a schedule is a rule of the kind: a script may have it too.
        Type::Text | Type::Cron => text(context, name, node).map(|text| Value::Text(text.to_owned())),
        Type::Choice(words) => scalar::choice(context, name, words, node),
        Type::Integer => match node.value {
            Raw::Integer(number) => Some(Value::Integer(number)),
            _ => context.wrong_type(name, "a whole number", node),
        },
        Type::Number => scalar::number(context, name, node),
        Type::Bool => match node.value {
            Raw::Boolean(yes) => Some(Value::Bool(yes)),
            _ => context.wrong_type(name, "true or false", node),
        },
        Type::List(of) => match &node.value {
            Raw::Array(items) => list(context, name, *of, items, false),
            _ => context.no_list(name, "a list", node),
        },
        Type::Block(fields) => {
            let sample = fields.first().map(|field| format!("write `{{ {} = ... }}`", field.name));
            context.wrong_type_with(name, "a table", node, sample)
        }
        Type::Keyed(..) => context.wrong_type(name, "a table", node),
        Type::Duration { months } => scalar::duration(context, name, months, node).map(Value::Duration),
        Type::SignedDuration => scalar::signed_duration(context, name, node),
        Type::Retention => scalar::retention(context, name, node),
        Type::Ref(kind) => reference(context, name, kind, node),
        Type::Refs(kind) => references(context, name, &[kind], node),
        Type::RefsOf(kinds) => references_of(context, name, kinds, node),
        Type::Map => scalar::map(context, name, node),
        Type::Identifier => scalar::identifier(context, name, node),
        Type::Scopes => scope::read(context, name, node),
        Type::Source => sink::source(context, name, node).map(Value::Source),
        Type::Credential => sink::credential(context, name, node),
        Type::Sinks => sink::sinks(context, name, node).map(Value::Sinks),
        Type::Id => scalar::id(context, name, node),
        Type::Verbatim | Type::Any | Type::TextFile(_) | Type::Flux | Type::Params => None,
    }
}

/// A text of another language within a table. Flux is a query there, which a server keeps as it is written.
fn script<'a>(context: &mut DecodeContext<'_, 'a>, name: &str, ty: Type, node: &Node<'a>) -> Option<Value> {
    let written = text_file::read(context, name, ty.text_file()?, node)?;
    let text = written.text.clone();
    context.texts.push((name.to_owned(), written));
    Some(Value::Script(if ty == Type::Flux { Script::query(text) } else { Script::verbatim(text) }))
}

/// A table with `fields`, which is called `name`.
fn block<'a>(
    context: &mut DecodeContext<'_, 'a>,
    name: &str,
    fields: &'static [Field],
    table: &Table<'a>,
    span: Span,
    expand: bool,
) -> Option<Value> {
    let mut read = BTreeMap::new();
    let mut sound = true;
    for entry in table.0.iter().filter(|entry| fields.iter().all(|field| field.name != entry.key)) {
        unknown(context, name, entry, fields.iter().map(|field| field.name));
        sound = false;
    }
    for field in fields {
        let path = format!("{name}.{}", field.name);
        let found = match (table.get(field.name), field.omitted) {
            (Some(node), _) => {
                context.inner.push((path.clone(), context.place(node.span)));
                value(context, &path, field.ty, node, expand)
            }
            (None, Omitted::Default(word)) => Some(Value::Text(word.to_owned())),
            (None, Omitted::False) => Some(Value::Bool(false)),
            (None, Omitted::Required) => {
                let message = format!("missing `{}` in `{name}`", field.name);
                context.fail_with(Code::ManifestMissing, span, message, format!("no `{}`", field.name), field.doc)
            }
            (None, _) => continue,
        };
        match found {
            Some(found) => drop(read.insert(field.name.to_owned(), found)),
            None => sound = false,
        }
    }
    sound.then_some(Value::Table(read))
}

/// A table whose values are of one type, under keys that are among `keys`, or any.
fn keyed<'a>(
    context: &mut DecodeContext<'_, 'a>,
    name: &str,
    (keys, of): (&'static [&'static str], Type),
    table: &Table<'a>,
    expand: bool,
) -> Option<Value> {
    let read = table.0.iter().map(|entry| {
        if !keys.is_empty() && !keys.contains(&entry.key.as_ref()) {
            unknown(context, name, entry, keys.iter().copied());
            return None;
        }
        let found = value(context, &format!("{name}.{}", entry.key), of, &entry.node, expand)?;
        Some((entry.key.clone().into_owned(), found))
    });
    // All of them, so that each mistake is said.
    let read: Vec<_> = read.collect();
    read.into_iter().collect::<Option<_>>().map(Value::Table)
}

/// Says that `name` has no such key.
fn unknown(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    entry: &Entry<'_>,
    known: impl Iterator<Item = &'static str> + Clone,
) {
    let message = format!("unknown field `{}` in `{name}`", entry.key);
    let help = match (foreign::inner(name, &entry.key), nearest(&entry.key, known.clone())) {
        (Some(answer), _) => answer.to_owned(),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => format!("available fields: {}", known.collect::<Vec<_>>().join(", ")),
    };
    context.fail_with::<()>(Code::ManifestUnknownKey, entry.at, message, "unknown", help);
}

/// The one resource that a text means, which must be of `kind`.
pub(super) fn address(context: &mut DecodeContext<'_, '_>, name: &str, kind: Kind, node: &Node<'_>) -> Option<Address> {
    let text = text(context, name, node)?;
    addresses(context, name, &[kind], text, node.span)?.one(context, node.span)
}

fn addresses(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    kinds: &[Kind],
    text: &str,
    span: Span,
) -> Option<Resolved> {
    let only = if let [kind] = kinds { Some(*kind) } else { None };
    let (table, index) = context.parse(text, only, span)?;
    if !kinds.contains(&table.kind) {
        let kinds = kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or ");
        let message = format!("`{name}` expects a resource of kind {kinds}, found {table}");
        return context.fail(Code::ManifestKind, span, message, format!("expected {kinds}"));
    }
    context.resolve(table, index, span)
}

fn reference(context: &mut DecodeContext<'_, '_>, name: &str, kind: Kind, node: &Node<'_>) -> Option<Value> {
    address(context, name, kind, node).map(|address| Value::Ref(Ref::To(address)))
}

fn references(context: &mut DecodeContext<'_, '_>, name: &str, kinds: &[Kind], node: &Node<'_>) -> Option<Value> {
    let Raw::Array(items) = &node.value else {
        return context.no_list(name, "a list of addresses", node);
    };
    // All of them, so that each mistake is said.
    let texts: Vec<_> =
        items.iter().map(|item| Some((item_text(context, name, "addresses", item)?, item.span))).collect();
    all_of(context, name, kinds, texts)
}

/// The same, or a table of keys by kind: `{ task = ["a", "b"] }` is `["task.a", "task.b"]`.
fn references_of(context: &mut DecodeContext<'_, '_>, name: &str, kinds: &[Kind], node: &Node<'_>) -> Option<Value> {
    let Raw::Table(table) = &node.value else { return references(context, name, kinds, node) };
    let mut texts = Vec::new();
    for entry in &table.0 {
        let key = entry.key.as_ref();
        if kinds.iter().all(|kind| kind.name() != key) {
            unknown(context, name, entry, kinds.iter().map(|kind| kind.name()));
            texts.push(None);
            continue;
        }
        let items =
            if let Raw::Array(items) = &entry.node.value { &**items } else { std::slice::from_ref(&entry.node) };
        texts.extend(items.iter().map(|item| {
            let own = item_text(context, &format!("{name}.{key}"), "keys", item)?;
            Some((format!("{key}.{own}"), item.span))
        }));
    }
    all_of(context, name, kinds, texts)
}

/// All that `texts` mean, with their places; none if one of them is none.
fn all_of(
    context: &mut DecodeContext<'_, '_>,
    name: &str,
    kinds: &[Kind],
    texts: Vec<Option<(impl AsRef<str>, Span)>>,
) -> Option<Value> {
    let mut set = BTreeSet::new();
    let mut sound = true;
    for text in texts {
        let resolved =
            text.and_then(|(text, span)| Some((addresses(context, name, kinds, text.as_ref(), span)?, span)));
        let Some((resolved, span)) = resolved else {
            sound = false;
            continue;
        };
        for address in resolved.all() {
            if !set.insert(Ref::To(address.clone())) {
                let message = format!("duplicate {address} in `{name}`");
                context.fail::<()>(Code::ManifestTwice, span, message, "again here");
                sound = false;
            }
        }
    }
    sound.then(|| Value::Refs(set.into_iter().collect()))
}

fn list<'a>(
    context: &mut DecodeContext<'_, 'a>,
    name: &str,
    of: Type,
    items: &[Node<'a>],
    expand: bool,
) -> Option<Value> {
    // All of them, so that each mistake is said.
    let read: Vec<_> = items
        .iter()
        .enumerate()
        .map(|(at, item)| match of {
            Type::Text => item_text(context, name, "strings", item).map(|text| Value::Text(text.to_owned())),
            Type::Block(_) | Type::Keyed(..) => {
                let path = format!("{name}[{at}]");
                context.inner.push((path.clone(), context.place(item.span)));
                value(context, &path, of, item, expand)
            }
            Type::Any => scalar::any(context, name, item),
            of => value(context, name, of, item, expand),
        })
        .collect();
    read.into_iter().collect::<Option<_>>().map(Value::List)
}
