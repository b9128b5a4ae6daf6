//! The part of the reference page that the field tables give: a section for each kind.

use std::fmt::Write as _;

use crate::field::{Change, Compared, Field, Omitted, Type};
use crate::kind::{Key, Kind, Level, Names, Spec};

/// A section in Markdown for each kind, in the order of the kinds.
pub fn reference() -> String {
    Kind::ALL.iter().map(|kind| section(*kind)).collect()
}

fn section(kind: Kind) -> String {
    let Spec { doc, ty, permitted_by, key, level, fields, .. } = kind.spec();
    let level = match level {
        Level::Server => "Belongs to the server as a whole",
        Level::Org => "Belongs to an org",
    };
    let key = match key {
        Key::Name(Names::AsWritten) if kind.naming().count() > 1 => "by its name, which has two parts",
        Key::Name(Names::AsWritten) => "by its name",
        Key::Name(Names::Trimmed) => "by its name, ignoring the white space around it",
        Key::Name(Names::Folded | Names::Lowered) => "by its name, ignoring case",
        Key::LoneName => "by its name, if no other has the same name",
        Key::None => "only by its ID",
    };
    let mut text = format!("\n### `{kind}`\n\n{doc}\n\n");
    let rights = permitted_by
        .map_or(String::new(), |other| format!(", which counts for nothing: the rights are those on the {other}"));
    let _ = writeln!(text, "{level}; found {key}. Type in scopes: `{ty}`{rights}.\n");
    text.push_str("| field | written as | when omitted | when it differs | |\n|---|---|---|---|---|\n");
    for field in *fields {
        row(&mut text, field.name, field, difference(field));
    }
    text
}

/// The row of `field`, whose path is `path`, and those of the fields in it.
fn row(text: &mut String, path: &str, field: &Field, difference: &str) {
    let (written, omitted, doc) = (written_as(field.ty), omitted(field), field.doc);
    let _ = writeln!(text, "| `{path}` | {written} | {omitted} | {difference} | {doc} |");
    let (mut path, mut ty) = (path.to_owned(), field.ty);
    loop {
        match ty {
            Type::List(of) => (path, ty) = (format!("{path}[]"), *of),
            Type::Keyed(_, of) => (path, ty) = (format!("{path}.KEY"), *of),
            Type::Block(fields) => {
                return fields.iter().for_each(|field| row(text, &format!("{path}.{}", field.name), field, ""));
            }
            _ => return,
        }
    }
}

fn written_as(of: Type) -> String {
    match of {
        Type::Text => "string".to_owned(),
        Type::Choice(words) => words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(" or "),
        Type::Integer => "whole number".to_owned(),
        Type::Bool => "`true` or `false`".to_owned(),
        Type::Number => "number".to_owned(),
        Type::Verbatim => "string, in which `${` is no expression".to_owned(),
        Type::Any => "anything".to_owned(),
        Type::Block(_) => "table".to_owned(),
        Type::Keyed([], of) => format!("table, by key: {}", written_as(*of)),
        Type::Keyed(keys, of) => format!("table, by {}: {}", keys.join(", "), written_as(*of)),
        Type::List(Type::Any) => "list".to_owned(),
        Type::List(of) => format!("list of {}s", written_as(*of)),
        Type::Duration { months: true } => "duration".to_owned(),
        Type::Duration { months: false } => "duration without months".to_owned(),
        Type::SignedDuration => "duration, optionally with a `-`".to_owned(),
        Type::Retention => "duration without months, or `\"infinite\"`".to_owned(),
        Type::Cron => "cron expression".to_owned(),
        Type::Ref(kind) => format!("address of one {kind}"),
        Type::Refs(kind) => format!("list of addresses of {kind}s"),
        Type::RefsOf(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(|kind| format!("{kind}s")).collect();
            format!("list of addresses of {}, or table of their keys by kind", kinds.join(", "))
        }
        Type::Map => "table of strings".to_owned(),
        Type::Flux => "Flux, or `{ file }`".to_owned(),
        Type::TextFile(of) if of.named => format!("name of a file `NAME.{}`", of.ending),
        Type::TextFile(_) => "text, or `{ file }`".to_owned(),
        Type::Params => "table of [params](#params)".to_owned(),
        Type::Identifier => "name in Flux".to_owned(),
        Type::Scopes => "list of [scopes](#scopes)".to_owned(),
        Type::Source => "[source of a secret](#secrets)".to_owned(),
        Type::Credential => "`{ secret = \"KEY\" }`, or [source of a secret](#secrets)".to_owned(),
        Type::Sinks => "[sink](#secrets), list of sinks".to_owned(),
        Type::Id => "ID".to_owned(),
    }
}

fn omitted(field: &Field) -> String {
    match field.omitted {
        Omitted::Theirs => "the server's".to_owned(),
        Omitted::Default(word) => format!("`\"{word}\"`"),
        Omitted::False => "`false`".to_owned(),
        Omitted::Unset => "none".to_owned(),
        Omitted::Empty => "`[]`".to_owned(),
        Omitted::Key => "the key".to_owned(),
        Omitted::HomeOrg => "the home org".to_owned(),
        Omitted::Required => "an error".to_owned(),
    }
}

fn difference(field: &Field) -> &'static str {
    match (field.compared, field.change) {
        (Compared::Never, _) => "not compared",
        (Compared::Live, Change::InPlace) => "changed in place",
        (Compared::Live, Change::Replace) => "replaced",
        (Compared::Ledger, Change::InPlace) => "changed in place, if it differs from the last apply",
        (Compared::Ledger, Change::Replace) => "replaced, if it differs from the last apply",
    }
}
