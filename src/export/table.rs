//! One resource as a table in TOML.

use super::key::Names;
use super::scope::{Target, target};
use super::{ObjectId, Sources};
use crate::address::{Address, is_plain_key};
use crate::field::{Field, Omitted, Role, Type};
use crate::hidden::is_hidden;
use crate::kind::{Key, Kind, Level, Object};
use crate::secret::Source;
use crate::value::{Fields, Ref, Value};

/// A line that grows longer becomes several.
const WIDTH: usize = 110;

/// A resource that is declared. A script stands in the file `script`, or, if there is none, in the manifest.
pub(super) fn declared(
    address: &Address,
    object: &Object,
    fields: &Fields,
    script: Option<&String>,
    sources: Sources<'_>,
    names: &Names,
) -> String {
    let mut text = head(address);
    let mut tables = String::new();
    for field in address.kind.spec().fields {
        let Some(value) = fields.get(field.name) else {
            if field.omitted == Omitted::Required && field.ty == Type::Sinks {
                let file = if is_plain_key(&address.key) { &address.key } else { "secret" };
                text.push_str(&format!("# {} = {{ file = \"secrets/{file}.{}\" }}\n", field.name, address.kind));
            }
            continue;
        };
        let id = (address.kind, object.id.clone());
        if let Some(name) = sources.names.get(&id).filter(|_| matches!(field.role, Role::Name | Role::Title)) {
            text.push_str(&format!("{} = {}\n", field.name, basic(name)));
            continue;
        }
        if field.omitted == Omitted::Key && *value == Value::Text(address.key.to_string()) {
            continue;
        }
        match value {
            Value::Map(map) => {
                let pairs: Vec<_> =
                    map.iter().map(|(key, value)| format!("{} = {}", bare(key), string(value))).collect();
                let line = format!("{} = {{ {} }}\n", field.name, pairs.join(", "));
                if line.len() <= WIDTH {
                    text.push_str(&line);
                } else {
                    tables.push_str(&format!("\n[{address}.{}]\n{}\n", field.name, pairs.join("\n")));
                }
            }
            Value::List(items)
                if !items.is_empty()
                    && let Type::List(Type::Block(of)) = field.ty =>
            {
                rows(&format!("{address}.{}", field.name), of, items, &mut tables);
            }
            value => {
                if let Some(written) = written((field.name, field.ty), value, object, script, sources, names) {
                    text.push_str(&format!("{} = {written}\n", field.name));
                }
            }
        }
    }
    text + &tables
}

/// A list of tables, each under a head of its own.
fn rows(path: &str, of: &[Field], items: &[Value], text: &mut String) {
    for item in items {
        let Value::Table(said) = item else { continue };
        text.push_str(&format!("\n[[{path}]]\n"));
        let said: Vec<_> = of.iter().filter_map(|field| Some((field, said.get(field.name)?))).collect();
        let is_rows = |field: &Field| matches!(field.ty, Type::List(Type::Block(_)));
        for (field, value) in said.iter().filter(|(field, _)| !is_rows(field)) {
            text.push_str(&format!("{} = {}\n", field.name, inline(field.ty, value)));
        }
        for (field, value) in said {
            if let (Type::List(Type::Block(of)), Value::List(items)) = (field.ty, value) {
                rows(&format!("{path}.{}", field.name), of, items, text);
            }
        }
    }
}

/// A value in a table, on one line but for texts of several.
fn inline(ty: Type, value: &Value) -> String {
    let table =
        |pairs: Vec<String>| if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) };
    match (ty, value) {
        (Type::Block(fields), Value::Table(said)) => {
            let said = fields.iter().filter_map(|field| Some((field, said.get(field.name)?)));
            table(said.map(|(field, value)| format!("{} = {}", field.name, inline(field.ty, value))).collect())
        }
        (_, Value::Table(said)) => {
            table(said.iter().map(|(key, value)| format!("{} = {}", bare(key), inline(ty, value))).collect())
        }
        (Type::List(of), Value::List(items)) => {
            format!("[{}]", items.iter().map(|item| inline(*of, item)).collect::<Vec<_>>().join(", "))
        }
        (_, Value::List(items)) => {
            format!("[{}]", items.iter().map(|item| inline(ty, item)).collect::<Vec<_>>().join(", "))
        }
        (_, Value::Script(script)) => verbatim(script.source().unwrap_or_default()),
        // Nothing is expanded in it.
        (Type::Any | Type::Verbatim, Value::Text(text)) => basic(text),
        (_, Value::Text(text)) => string(text),
        (_, value) => value.to_string(),
    }
}

/// A text that is read as it stands, over several lines where it has them.
fn verbatim(text: &str) -> String {
    let is_plain = text.contains('\n') && !text.contains("'''") && !text.ends_with('\'');
    if is_plain && !text.chars().any(|c| is_hidden(c) && c != '\n') { format!("'''\n{text}'''") } else { basic(text) }
}

/// A resource that is looked up.
pub(super) fn external(address: &Address, object: &Object, sources: Sources<'_>, names: &Names) -> String {
    let mut text = head(address);
    text.push_str("external = true\n");
    if address.kind.spec().key == Key::None {
        let field = address.kind.with(Role::Id).expect("invariant: what only an ID finds has a field for it");
        text.push_str(&format!("{} = {}\n", field.name, string(&object.id)));
    } else {
        for field in address.kind.naming() {
            let named = object.fields.text(field.name);
            let said = match field.omitted {
                Omitted::Key => Some(&*address.key),
                Omitted::Default(word) => Some(word),
                _ => None,
            };
            if let Some(name) = named.filter(|_| named != said) {
                text.push_str(&format!("{} = {}\n", field.name, string(name)));
            }
        }
    }
    let elsewhere = object.org.as_ref().filter(|org| sources.snapshot.home.as_ref() != Some(*org));
    if address.kind.spec().level == Level::Org
        && let Some(org) = elsewhere.and_then(|org| names.get(&(Kind::HOME, org.clone())))
    {
        text.push_str(&format!("org = {}\n", string(&org.to_string())));
    }
    text
}

fn head(address: &Address) -> String {
    format!("[{address}]\n")
}

/// A value as it is written; none for what has no form in a manifest.
fn written(
    (field, ty): (&str, Type),
    value: &Value,
    object: &Object,
    script: Option<&String>,
    sources: Sources<'_>,
    names: &Names,
) -> Option<String> {
    let list = |texts: Vec<String>| list(field, texts);
    let address = |id: &ObjectId| names.get(id).map(ToString::to_string);
    let reference = |of: &Ref| match of {
        Ref::Id(kind, id) => address(&(*kind, id.clone())),
        Ref::To(_) | Ref::Home => None,
    };
    Some(match value {
        // Nothing is expanded in it.
        Value::Text(verbatim) if ty == Type::Verbatim => basic(verbatim),
        Value::Text(text) => string(text),
        Value::Integer(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::List(items) => {
            let items: Option<Vec<String>> = items
                .iter()
                .map(|item| written((field, within(ty, "")), item, object, script, sources, names))
                .collect();
            lines(field, &items?)
        }
        Value::Number(number) => number.to_string(),
        Value::Table(table) => {
            let fields: Option<Vec<String>> = table
                .iter()
                .map(|(key, value)| {
                    let value = written((field, within(ty, key)), value, object, script, sources, names)?;
                    Some(format!("{} = {value}", bare(key)))
                })
                .collect();
            let fields = fields?;
            if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
        }
        Value::Duration(_) | Value::Before(_) => string(&value.to_string()),
        Value::Infinite => string("infinite"),
        Value::Ref(of) => string(&reference(of)?),
        Value::Refs(set) => list(set.iter().filter_map(reference).collect()),
        Value::Script(text) => match script {
            Some(file) => format!("{{ file = {} }}", string(file)),
            // Nothing is expanded in it.
            None => basic(text.source()?),
        },
        Value::Scopes(scopes) => list(
            scopes
                .iter()
                .filter_map(|scope| {
                    let found = |kind: Kind, id: &str| names.contains_key(&(kind, id.to_owned()));
                    match target(scope, sources.snapshot, object.org.as_deref(), &found) {
                        Target::Object(id) => address(&id),
                        Target::Bare((kind, id)) => Some(format!("{kind}-id:{id}")),
                        Target::Org { ty, org } => Some(format!("{}/{ty}", address(&org)?)),
                        Target::Instance(ty) => Some(format!("instance/{ty}")),
                        Target::Unsayable => None,
                    }
                })
                .collect(),
        ),
        Value::Source(Source::Env { name }) => format!("{{ env = {} }}", string(name)),
        Value::Unset | Value::Map(_) | Value::Source(_) | Value::Sinks(_) | Value::Note(_) => return None,
    })
}

/// The type of what stands under `key` in a table, or in a list, of the type `ty`.
fn within(ty: Type, key: &str) -> Type {
    match ty {
        Type::Block(fields) => fields.iter().find(|field| field.name == key).map_or(Type::Text, |field| field.ty),
        Type::List(of) | Type::Keyed(_, of) => *of,
        _ => Type::Text,
    }
}

/// Texts whose order does not count.
fn list(field: &str, mut items: Vec<String>) -> String {
    items.sort();
    lines(field, &items.iter().map(|item| string(item)).collect::<Vec<_>>())
}

/// Items as they are written, in one line or with a line for each.
fn lines(field: &str, items: &[String]) -> String {
    let line = items.join(", ");
    if field.len() + line.len() + 5 <= WIDTH {
        return format!("[{line}]");
    }
    let lines: String = items.iter().map(|item| format!("    {item},\n")).collect();
    format!("[\n{lines}]")
}

/// A string in TOML, whose `${` is no expression. What nobody would see is written as an escape.
pub(super) fn string(text: &str) -> String {
    let text = text.replace("${", "$${");
    if text.chars().any(|c| is_hidden(c) && c != '\n') { basic(&text) } else { toml::Value::String(text).to_string() }
}

/// A string in TOML, in which `${` is no expression, as it is written in a project.
pub fn quoted(text: &str) -> String {
    string(text)
}

/// A key in TOML.
fn bare(key: &str) -> String {
    if is_plain_key(key) { key.to_owned() } else { basic(key) }
}

/// A string in quotes, on one line.
fn basic(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_hidden(c) => out.push_str(&format!("\\U{:08X}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}
