//! InfluxDB's templates, as `influx apply` takes and `influx export` writes them: what each object in one becomes on a server
//! (influxd 2.9.1, measured).

mod alerting;
mod axes;
mod chart;
mod dashboard;
mod name;
mod plain;
mod shape;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::bad;
use super::made::Converted;
use super::node::{Inner, Node};
use super::reader::Reader;
use super::secret;
use crate::diagnostic::{Diagnostic, Place, Source, nearest};
use crate::kind::Kind;
use name::Named;

/// What all templates have at their head.
const VERSIONS: [&str; 2] = ["influxdata.com/v2alpha1", "influxdata.com/v2alpha2"];

/// A kind of template, and what it makes; none where the server takes it and makes nothing.
const KINDS: [(&str, Option<Kind>); 13] = [
    ("Label", Some(Kind::Label)),
    ("Bucket", Some(Kind::Bucket)),
    ("Variable", Some(Kind::Variable)),
    ("Telegraf", Some(Kind::Telegraf)),
    ("Task", Some(Kind::Task)),
    ("CheckThreshold", Some(Kind::Check)),
    ("CheckDeadman", Some(Kind::Check)),
    ("Dashboard", Some(Kind::Dashboard)),
    ("NotificationEndpointHTTP", Some(Kind::NotificationEndpoint)),
    ("NotificationEndpointPagerDuty", Some(Kind::NotificationEndpoint)),
    ("NotificationEndpointSlack", Some(Kind::NotificationEndpoint)),
    ("NotificationRule", Some(Kind::NotificationRule)),
    // What `influx export` writes of custom checks and of Telegram, and no server takes.
    ("Check", None),
];
/// The same of endpoints.
const UNTAKEN: [&str; 2] = ["Check", "NotificationEndpoint"];

/// What may come from outside in a `spec`, and what is looked at apart.
const TAKEN: [&str; 4] = ["name", "selected", "associations", "endpointName"];

/// The org that everything is in, and the first ID that is given out.
const ORG: &str = "0000000000000001";
const FIRST: u64 = 0x100;

/// What an object says that has no `spec`.
static NOTHING: Node = Node { span: 0..0, inner: Inner::Null, weight: 1 };

/// An object of a template.
struct Part<'n> {
    /// Its kind in templates.
    word: &'static str,
    kind: Kind,
    /// The whole of it.
    object: &'n Node,
    spec: &'n Node,
    id: String,
    named: Named,
    /// Where it is declared.
    at: Range<usize>,
}

/// What the parts know of each other.
struct Others {
    /// The ID of each object, and its kind in templates, by what it becomes and its handle.
    ids: BTreeMap<(Kind, String), (String, &'static str)>,
    /// How many handles were compared with one that there is none of: with thousands, that takes longer than all else.
    compared: Cell<usize>,
}

/// How many handles are compared to find those that are near.
const COMPARED: usize = 100_000;

impl Others {
    fn get(&self, kind: Kind, handle: &str) -> Option<&(String, &'static str)> {
        self.ids.get(&(kind, handle.to_owned()))
    }

    fn nearest(&self, kind: Kind, handle: &str) -> Option<String> {
        let of_kind = self.ids.range((kind, String::new())..).take_while(|((of, _), _)| *of == kind);
        let left = COMPARED.saturating_sub(self.compared.get());
        let known: Vec<&str> = of_kind.take(left).map(|((_, known), _)| known.as_str()).collect();
        self.compared.set(self.compared.get() + known.len());
        nearest(handle, known).map(str::to_owned)
    }
}

/// Reads the objects in `documents`.
///
/// # Errors
/// That these are no templates.
pub(super) fn read(source: &Arc<Source>, documents: &[Node]) -> Result<Converted, Diagnostic> {
    let objects: Vec<&Node> = documents.iter().flat_map(each).collect();
    let is_one = |object: &&&Node| object.get("apiVersion").is_some() || object.get("kind").is_some();
    if !objects.iter().any(|object| is_one(&object)) {
        let at = objects.first().map_or(0..0, |object| object.head());
        let error = bad(source, at, "this is no InfluxDB template", "no object with `apiVersion` and `kind`");
        return Err(error.help(
            "give a template as `influx export` writes it, in YAML or JSON; of Jsonnet, what `jsonnet FILE` prints",
        ));
    }
    let also = |key: &str| secret::ENDPOINTS.contains(&key);
    let secrets = documents.iter().flat_map(|document| secret::places(document, &also));
    let source = &Arc::new(source.hiding(secrets));
    let mut reader = Reader::new(source);
    let mut parts = Vec::new();
    let mut others = Others { ids: BTreeMap::new(), compared: Cell::new(0) };
    let mut places: BTreeMap<(&str, String), Place> = BTreeMap::new();
    for object in objects {
        let Some(part) = part(object, FIRST + parts.len() as u64, &mut reader) else { continue };
        let known = places.entry((part.word, part.named.handle.clone()));
        let place = reader.place(part.at.clone());
        match known {
            std::collections::btree_map::Entry::Occupied(first) => {
                let message = format!("two objects of the kind {} are called `{}`", part.word, part.named.handle);
                let told = Diagnostic::error(crate::diagnostic::Code::ConvertObject, message).at(place, "left out");
                reader.told.push(told.at(first.get().clone(), "the first one"));
                continue;
            }
            std::collections::btree_map::Entry::Vacant(free) => drop(free.insert(place)),
        }
        others.ids.insert((part.kind, part.named.handle.clone()), (part.id.clone(), part.word));
        parts.push(part);
    }
    for part in &parts {
        shape::check(part, &mut reader);
        name::misplaced(part.spec, &TAKEN, &mut reader);
        reader.unnamed.clear();
        let labels = labels(part, &others, &mut reader);
        let Some(Json::Object(mut row)) = row(part, &others, &mut reader) else { continue };
        for (key, value) in
            [("id", json!(part.id)), ("orgID", json!(ORG)), ("name", json!(part.named.name)), ("labels", labels)]
        {
            row.entry(key).or_insert(value);
        }
        if reader.make(part.kind, part.at.clone(), &row.into(), part.named.variable.clone()).is_some() {
            reader.look_for_secrets(&[part.spec, part.object]);
        }
    }
    let Reader { told, made, variables, .. } = reader;
    Ok(Converted { made, variables, told, home: ORG.to_owned(), org: None, hidden: Vec::new(), are_there: false })
}

/// The objects in a document: itself, or those that it lists.
fn each(document: &Node) -> Vec<&Node> {
    match &document.inner {
        Inner::List(items) => items.iter().flat_map(each).collect(),
        _ => vec![document],
    }
}

/// The head of an object; none where it cannot be converted, which is said.
fn part<'n>(object: &'n Node, id: u64, reader: &mut Reader<'_>) -> Option<Part<'n>> {
    let at = object.head();
    if !matches!(object.inner, Inner::Table(_)) {
        reader.refuse(at, "an object of a template must be a table", "not converted");
        return None;
    }
    let version = object.text("apiVersion");
    if !VERSIONS.contains(&version.as_str()) {
        let at = object.get("apiVersion").map_or(at, Node::head);
        let message = format!("no template has this `apiVersion`: `{version}`");
        reader.refuse(at, message, "neither `influxdata.com/v2alpha1` nor `influxdata.com/v2alpha2`");
        return None;
    }
    let word = object.text("kind");
    let place = object.get("kind").map_or(at, Node::head);
    let known = KINDS.iter().find_map(|(known, kind)| Some((*known, (*kind)?)).filter(|(known, _)| *known == word));
    let Some((word, kind)) = known else {
        let message = if UNTAKEN.contains(&word.as_str()) {
            format!(
                "`{word}` is what `influx export` writes where templates have no kind for it, and no InfluxDB makes anything of it"
            )
        } else {
            let near = nearest(&word, KINDS.iter().map(|(known, _)| *known));
            let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("templates have no kind `{word}`{near}")
        };
        reader.refuse(place, message, "left out");
        return None;
    };
    let named = name::of(object, word, reader)?;
    let spec = object.get("spec").unwrap_or(&NOTHING);
    Some(Part { word, kind, object, spec, id: format!("{id:016x}"), at: named.at.clone(), named })
}

/// The labels of an object, as rows.
fn labels(part: &Part<'_>, others: &Others, reader: &mut Reader<'_>) -> Json {
    let mut rows = Vec::new();
    for association in part.spec.list("associations") {
        let (kind, name) = (association.text("kind"), association.get("name"));
        let Some(handle) = name.and_then(name::value).filter(|_| kind == "Label") else {
            if kind != "Label" {
                let message = format!("InfluxDB associates objects with labels, and with no {kind}");
                reader.note(association.head(), message, "left out");
            } else {
                reader.note(association.head(), "an association without the name of a label", "left out");
            }
            continue;
        };
        let at = name.map_or_else(|| association.head(), Node::head);
        if part.kind == Kind::Label {
            reader.note(
                at,
                format!("a label has no labels: `{}` is left without `{handle}`", part.named.name),
                "left out",
            );
            continue;
        }
        match others.get(Kind::Label, &handle) {
            Some((id, _)) => rows.push(json!({"id": id, "orgID": ORG, "name": handle})),
            None => {
                let near = others.nearest(Kind::Label, &handle);
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                let message = format!("this template has no Label `{handle}`{near}");
                reader.refuse(at, message, "the association is left out");
            }
        }
    }
    rows.into()
}

/// What the server would show of an object, apart from what all have; none where it cannot be converted, which is said.
fn row(part: &Part<'_>, others: &Others, reader: &mut Reader<'_>) -> Option<Json> {
    match part.kind {
        Kind::Label => Some(plain::label(part)),
        Kind::Bucket => plain::bucket(part, reader),
        Kind::Variable => plain::variable(part, reader),
        Kind::Telegraf => Some(plain::telegraf(part)),
        Kind::Task => plain::task(part, reader),
        Kind::Check => alerting::check(part, reader),
        Kind::NotificationEndpoint => alerting::endpoint(part, reader),
        Kind::NotificationRule => alerting::rule(part, others, reader),
        Kind::Dashboard => Some(dashboard::row(part, reader)),
        _ => None,
    }
}
