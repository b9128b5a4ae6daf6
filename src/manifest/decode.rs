//! From a table to a resource, by its kind's field table.

use std::collections::{BTreeSet, HashMap};

use super::context::DecodeContext;
use super::node::{Entry, Node, Raw, Span, Table};
use super::text_place::Written;
use super::written::META;
use super::{Lifecycle, Places, Reached, Resource, Terms, defaults, foreign, params, text_file, typed};
use crate::diagnostic::{Code, Diagnostic, Place, nearest};
use crate::field::{Field, Omitted, Role, TextFile, Type};
use crate::flux::refs::Target;
use crate::kind::{Draft, Fault, Key, Kind};
use crate::limits::MISTAKES;
use crate::lint::Allowed;
use crate::value::{Fields, Ref, Script, Set, Value};

/// Reads the resource of `site`: what it could read, and the site with what it said.
pub(super) fn resource<'p, 'a>(mut context: DecodeContext<'p, 'a>) -> (Resource, DecodeContext<'p, 'a>) {
    let kind = context.address.kind;
    let written = context.written;
    let table = written.table();
    let external = context.flag("external", table.get("external"));
    let lifecycle = lifecycle(&mut context, &table);
    all_known(&mut context, &table);
    let mut fields = Fields::with_capacity(kind.spec().fields.len());
    let mut places = Vec::with_capacity(table.0.len());
    let mut script = None;
    let mut values = None;
    for field in kind.spec().fields {
        let node = match table.get(field.name) {
            None if !external => defaults::of(&context.project.document.defaults, kind, field, &table),
            node => node.map(|node| (node, written.source)),
        };
        let node = node.map(|(node, source)| {
            context.source = source;
            node
        });
        match node {
            Some(node) if external && !identifies(kind, field) => {
                let message = format!("`{}` is not allowed in an external {kind}, which is never changed", field.name);
                let help = "an external resource has only the fields that identify it";
                context.fail_with::<()>(Code::ManifestExternal, node.span, message, "not allowed here", help);
            }
            Some(node) if !external && field.ty == Type::Id => {
                let message = format!("`{}` is allowed only in an external {kind}", field.name);
                let help = "add `external = true`, or remove the ID";
                context.fail_with::<()>(Code::ManifestExternal, node.span, message, "not allowed here", help);
            }
            Some(node) if field.ty == Type::Params => {
                places.push((field.name, context.place(node.span)));
                values = context.expand(node).and_then(|node| params::params(&mut context, &node));
                context.unread |= values.is_none();
            }
            Some(node) if let Some(of) = field.ty.text_file() => {
                places.push((field.name, context.place(node.span)));
                script = text_file::read(&mut context, field.name, of, node);
                context.unread |= script.is_none();
                if let (Some(script), Type::TextFile(TextFile { named: false, .. })) = (&script, field.ty) {
                    fields.set(field.name, Value::Script(Script::verbatim(script.text.clone())));
                }
            }
            Some(node) => {
                places.push((field.name, context.place(node.span)));
                match typed::read(&mut context, field, node) {
                    Some(value) => fields.set(field.name, value),
                    None => context.unread = true,
                }
            }
            None if external && !identifies(kind, field) => {}
            None => omitted(&mut context, field, external, &mut fields),
        }
        context.source = written.source;
    }
    if let Some(source) = context.chained() {
        let at = table.get("for_each").map_or(written.head, |node| node.span);
        context.needs.push((source, written.source, at));
    }
    let places = Places::new(places);
    let (mut reaches, mut reaches_within) = (Vec::new(), Vec::new());
    let mut faults = Vec::new();
    for (field, name) in kind.naming().filter_map(|field| Some((field.name, fields.text(field.name)?))) {
        if let Some(why) = (kind.spec().forbidden)(name) {
            let message = format!("invalid name `{name}` for {kind}: {why}");
            let fault = Fault::new(Code::ManifestForbiddenName, field, message, "not allowed");
            faults.push(fault.help("choose another name"));
        }
    }
    if !external {
        let written = &|field: &str| places.get(field).is_some();
        let uses = script.as_ref().is_some_and(|script| script.at.is_composed());
        let script = script.as_ref().map(|script| script.text.as_str());
        let mut draft = Draft {
            fields,
            written,
            script,
            uses,
            params: values,
            reaches: Vec::new(),
            reaches_within: Vec::new(),
            steps: &context.budget().steps,
        };
        (kind.spec().check)(&mut draft, &mut faults);
        (fields, reaches, reaches_within) = (draft.fields, draft.reaches, draft.reaches_within);
    }
    fields.shrink();
    context.budget().keeps(&fields, &context.address, &written.place());
    let needs = context.needs.iter().map(|(address, ..)| address.clone()).collect();
    let beside = std::mem::take(&mut context.beside).into_iter().collect();
    let texts = Texts::new(script, std::mem::take(&mut context.texts), std::mem::take(&mut context.inner));
    let own = reaches.into_iter().map(|reference| (texts.own.as_ref(), reference));
    let inner = reaches_within.into_iter().map(|(path, reference)| (texts.within(&path), reference));
    let reaches = own.chain(inner).filter_map(|(text, reference)| {
        let place = text?.place(&reference.span.range());
        (reference.target != Target::Url).then_some(Reached { place, reference })
    });
    let reaches = std::mem::take(&mut context.reaches).into_iter().chain(reaches).collect();
    let all = texts.own.iter().chain(texts.inner.iter().map(|(_, text)| text));
    let at = all.map(|text| (text.whole.clone(), text.at.clone())).collect();
    let place = written.place();
    let resource = Resource { fields, external, lifecycle, needs, beside, reaches, place, places, texts: at };
    let lints = context.project.known.lints;
    let allowed = Allowed::of(texts.own.as_ref().map_or("", |script| &script.text));
    let is_allowed = |fault: &Fault| {
        let Some(span) = &fault.script else { return false };
        match fault.inner.as_deref().and_then(|path| texts.within(path)) {
            Some(text) => Allowed::of(&text.text).has(fault.code, span.start),
            None => allowed.has(fault.code, span.start),
        }
    };
    let said: Vec<_> = faults
        .into_iter()
        .filter(|fault| !is_allowed(fault))
        .filter_map(|fault| {
            let places = [&resource.place, texts.place_of(&resource, &fault)];
            Some(Fault { severity: lints.severity(fault.code, fault.severity, places)?, ..fault })
        })
        .map(|fault| {
            let within = within(&table, &fault).map(|span| context.place(span));
            diagnostic(&resource, kind, &texts, within, fault)
        })
        .collect();
    said.into_iter().for_each(|diagnostic| context.say(diagnostic));
    (resource, context)
}

/// The texts of other languages in a resource, and where values within its tables are written: a dashboard may have 100,000 of these.
struct Texts {
    own: Option<Written>,
    inner: Vec<(String, Written)>,
    /// Which of `inner` stands at a path.
    at: HashMap<String, usize>,
    places: HashMap<String, Place>,
}

impl Texts {
    fn new(own: Option<Written>, inner: Vec<(String, Written)>, places: Vec<(String, Place)>) -> Self {
        // Of what is said twice, the first counts.
        let at = inner.iter().enumerate().rev().map(|(n, (path, _))| (path.clone(), n)).collect();
        Self { own, inner, at, places: places.into_iter().rev().collect() }
    }

    fn within(&self, path: &str) -> Option<&Written> {
        self.at.get(path).map(|n| &self.inner[*n].1)
    }

    /// Where what a fault is about is written, or the nearest that it is a part of.
    fn place_of<'p>(&'p self, resource: &'p Resource, fault: &Fault) -> &'p Place {
        let inner = fault.inner.as_deref().and_then(|path| self.place(path));
        inner.unwrap_or_else(|| resource.place_of(fault.field))
    }

    /// Where a value is written, or the nearest that it is a part of.
    fn place(&self, path: &str) -> Option<&Place> {
        let mut path = path;
        loop {
            if let Some(place) = self.places.get(path) {
                return Some(place);
            }
            path = path.rsplit_once('.')?.0;
        }
    }
}

/// Whether an object is found by `field`.
fn identifies(kind: Kind, field: &Field) -> bool {
    match field.role {
        Role::Org => true,
        Role::Name | Role::Subname => !matches!(kind.spec().key, Key::None),
        _ => field.ty == Type::Id,
    }
}

fn omitted(context: &mut DecodeContext<'_, '_>, field: &'static Field, external: bool, fields: &mut Fields) {
    let value = match field.omitted {
        Omitted::Theirs if external && field.ty == Type::Id && context.address.kind.spec().key == Key::None => {
            let kind = context.address.kind;
            let message = format!("missing field `{}` in the external {}", field.name, context.address);
            let help = format!("a {kind} is found by its ID only: add `{} = \"0123456789abcdef\"`", field.name);
            return missing(context, field.name, message, help);
        }
        Omitted::Theirs => return,
        Omitted::Default(word) => Value::Text(word.to_owned()),
        Omitted::False => Value::Bool(false),
        Omitted::Unset => Value::Unset,
        Omitted::Empty if field.ty == Type::Scopes => Value::Scopes(Set::default()),
        Omitted::Empty => Value::Refs(Set::default()),
        Omitted::Key => Value::Text(context.default_name()),
        Omitted::HomeOrg => Value::Ref(Ref::Home),
        // The secret of a token that exists already is where it is.
        Omitted::Required
            if field.ty == Type::Sinks && context.project.known.imports.contains_key(&context.address) =>
        {
            return;
        }
        Omitted::Required => {
            let message = format!("missing field `{}` in {}", field.name, context.address);
            let help = match field.ty {
                Type::Sinks => format!("{} For one that exists already, write an `[[import]]` instead.", field.doc),
                _ => field.doc.to_owned(),
            };
            return missing(context, field.name, message, help);
        }
    };
    fields.set(field.name, value);
}

fn missing(context: &mut DecodeContext<'_, '_>, field: &str, message: String, help: String) {
    let label = format!("no `{field}`");
    let head = context.written.head;
    context.fail_with::<()>(Code::ManifestMissing, head, message, label, help);
}

/// What a table says of instances that it may not have, and what is wrong with that and with its keys. Nothing else of it is read.
pub(super) fn terms(mut context: DecodeContext<'_, '_>) -> (Terms, Vec<Diagnostic>) {
    let table = context.written.table();
    let external = context.flag("external", table.get("external"));
    let lifecycle = lifecycle(&mut context, &table);
    all_known(&mut context, &table);
    (Terms { external, lifecycle }, context.problems)
}

/// Looks at the keys of a resource; of very many unknown ones at the first.
fn all_known(context: &mut DecodeContext<'_, '_>, table: &Table<'_>) {
    let kind = context.address.kind;
    for entry in &table.0 {
        if MISTAKES.exceeded(context.problems.len()) {
            break;
        }
        known(context, kind, entry);
    }
}

fn known(context: &mut DecodeContext<'_, '_>, kind: Kind, entry: &Entry<'_>) {
    let word = entry.key.as_ref();
    if kind.field(word).is_some() || META.contains(&word) {
        return;
    }
    let fields = kind.spec().fields.iter().map(|field| field.name);
    let message = format!("unknown field `{word}` in {kind}");
    let help = match (foreign::key(kind, word), nearest(word, fields.clone().chain(META))) {
        (Some(answer), _) => answer.to_owned(),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => format!("available fields: {}", fields.chain(META).collect::<Vec<_>>().join(", ")),
    };
    context.fail_with::<()>(Code::ManifestUnknownKey, entry.at, message, "unknown", help);
}

fn lifecycle<'a>(context: &mut DecodeContext<'_, 'a>, resource: &Table<'a>) -> Lifecycle {
    let mut lifecycle = Lifecycle::default();
    let Some(node) = resource.get("lifecycle") else { return lifecycle };
    let Raw::Table(table) = &node.value else {
        context.wrong_type::<()>("lifecycle", "a table", node);
        return lifecycle;
    };
    let kind = context.address.kind;
    for entry in &table.0 {
        match entry.key.as_ref() {
            "prevent_destroy" => lifecycle.prevent_destroy = context.flag("prevent_destroy", Some(&entry.node)),
            "owned" => lifecycle.owned = context.flag("owned", Some(&entry.node)),
            "ignore" => lifecycle.ignore = ignored(context, kind, &entry.node),
            word => {
                let message = format!("unknown key `{word}` in `lifecycle`");
                let help = foreign::lifecycle(word).unwrap_or("available keys: prevent_destroy, ignore, owned");
                context.fail_with::<()>(Code::ManifestUnknownKey, entry.at, message, "unknown", help);
            }
        }
    }
    if resource.get("external").is_some_and(|node| node.value == Raw::Boolean(true)) {
        let message = "`lifecycle` is not allowed in an external resource, which is never changed";
        context.fail::<()>(Code::ManifestExternal, node.span, message, "not allowed here");
    }
    lifecycle
}

fn ignored(context: &mut DecodeContext<'_, '_>, kind: Kind, node: &Node<'_>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Raw::Array(items) = &node.value else {
        context.no_list::<()>("ignore", "a list of fields", node);
        return names;
    };
    for item in items {
        match item.text() {
            None => context.wrong_type::<()>("ignore", "a list of fields", item),
            Some(name) if kind.field(name).is_some() => {
                names.insert(name.to_owned());
                // Those that may stand in its place are left to others with it.
                names.extend(kind.spec().others(name).map(str::to_owned));
                None
            }
            Some(name) => {
                let message = format!("unknown field `{name}` in {kind}");
                let fields = kind.spec().fields.iter().map(|field| field.name);
                let help = match nearest(name, fields.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("available fields: {}", fields.collect::<Vec<_>>().join(", ")),
                };
                context.fail_with(Code::ManifestUnknownKey, item.span, message, "unknown", help)
            }
        };
    }
    names
}

/// Where in the value of its field a fault is, if the table writes that there.
fn within(table: &Table<'_>, fault: &Fault) -> Option<Span> {
    let mut span = None;
    let mut node = table.get(fault.field)?;
    for key in &fault.within {
        let Raw::Table(inner) = &node.value else { return None };
        let entry = inner.0.iter().find(|entry| entry.key == key.as_str())?;
        span = Some(if fault.is_key { entry.at } else { entry.node.span });
        node = &entry.node;
    }
    span
}

/// The text that a fault is about, if it is one into which nothing is put.
fn verbatim<'r>(resource: &'r Resource, kind: Kind, fault: &Fault) -> Option<&'r str> {
    let (mut ty, mut value) = (kind.field(fault.field)?.ty, resource.fields.get(fault.field)?);
    for key in &fault.within {
        let (Type::Block(fields), Value::Table(of)) = (ty, value) else { return None };
        (ty, value) = (fields.iter().find(|field| field.name == key)?.ty, of.get(key)?);
    }
    match value {
        Value::Text(text) if ty == Type::Verbatim => Some(text),
        _ => None,
    }
}

/// What a kind's own check has found, with places.
fn diagnostic(resource: &Resource, kind: Kind, texts: &Texts, within: Option<Place>, fault: Fault) -> Diagnostic {
    let inner = fault.inner.as_deref();
    let ty = kind.field(fault.field).map(|field| field.ty);
    let place = if fault.within.is_empty() { resource.places.get(fault.field) } else { within.as_ref() };
    let own = place.zip(verbatim(resource, kind, &fault)).map(|(place, text)| Written::of_string(place, text));
    let is_script = own.is_some() || inner.is_some() || ty.is_some_and(|ty| ty.text_file().is_some());
    let script = own.as_ref().or(inner.map_or(texts.own.as_ref(), |path| texts.within(path)));
    let whole = within.unwrap_or_else(|| texts.place_of(resource, &fault).clone());
    let in_script = fault.script.as_ref().zip(script).map(|(span, script)| script.place(span));
    let mut diagnostic = Diagnostic { severity: fault.severity, ..Diagnostic::error(fault.code, fault.message) };
    diagnostic = match in_script {
        Some(place) if is_script => diagnostic.at(place, fault.label),
        Some(place) => diagnostic.at(resource.place_of(fault.field).clone(), fault.label).at(place, "in the script"),
        None => diagnostic.at(whole, fault.label),
    };
    for ((span, label), script) in fault.also.into_iter().zip(std::iter::repeat(script)) {
        diagnostic = diagnostic.at_known(script.map(|script| script.place(&span)).as_ref(), label);
    }
    if let Some(other) = fault.other
        && let Some(place) = resource.places.get(other)
    {
        diagnostic = diagnostic.at(place.clone(), format!("`{other}` is here"));
    }
    match fault.help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}
