//! A plan.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::super::reason::{time, unexamined};
use super::super::shared::Shared;
use super::super::value::{command_beside, last_text, text_beside};
use super::problem::{self, DiagnosticForm};
use crate::address::Address;
use crate::diff::{self, Action, Cause, FieldChange, Rotated, Setting, Target};
use crate::evidence::{self, Data};
use crate::kind::Kept;
use crate::ledger::Origin;
use crate::plan::{self, Allowed, Plan};
use crate::redact::without_secrets;
use crate::value::{Value, called};

#[derive(Serialize)]
pub(super) struct Form<'a> {
    project: &'a str,
    plan_digest: String,
    summary: Summary,
    changes: Vec<Change<'a>>,
    /// Those that change several scripts alike.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    libraries: Vec<Library<'a>>,
    at_stake: Vec<Stake<'a>>,
    allowed: &'a [Allowed],
    flags: Vec<Flagged<'a>>,
    refusals: Vec<problem::Form<'a>>,
    warnings: Vec<DiagnosticForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    probed: Vec<Probed<'a>>,
}

/// A sink or a source that was looked at.
#[derive(Serialize)]
struct Probed<'a> {
    address: &'a Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    sink: Option<&'a str>,
    /// Where a source stands, and what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    /// A word, or one with what it is about.
    holds: &'a evidence::Held,
    fine: bool,
}

impl<'a> Probed<'a> {
    fn new(probed: &'a evidence::Probed) -> Self {
        let evidence::Probed { address, place, held, is_fine } = probed;
        let (sink, field, source) = match place {
            evidence::Place::Sink(sink) => (Some(sink.as_str()), None, None),
            evidence::Place::Source { at, source, .. } => (None, Some(at.as_str()), Some(source.as_str())),
        };
        Self { address, sink, field, source, holds: held, fine: *is_fine }
    }
}

/// A library, whose change is that of several scripts.
#[derive(Serialize)]
struct Library<'a> {
    file: String,
    addresses: Vec<&'a Address>,
}

/// A flag that let something pass, as it is written on the command line.
#[derive(Serialize)]
struct Flagged<'a> {
    flag: String,
    addresses: &'a BTreeSet<Address>,
}

impl<'a> Flagged<'a> {
    fn new(flagged: &'a plan::Flagged) -> Self {
        Self { flag: flagged.flag.to_string(), addresses: &flagged.addresses }
    }
}

#[derive(Serialize)]
struct Summary {
    add: usize,
    change: usize,
    replace: usize,
    destroy: usize,
    adopt: usize,
    release: usize,
    protect: usize,
    unprotect: usize,
    record: usize,
    forget: usize,
    r#move: usize,
    unchanged: usize,
}

#[derive(Serialize)]
pub(super) struct Change<'a> {
    address: &'a Address,
    kind: &'static str,
    action: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    replace_fields: Vec<&'static str>,
    drifted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Object<'a>>,
    fields: Vec<Field<'a>>,
    adopts: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    imported: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_from: Option<&'a Address>,
    released: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lifecycle_changes: Vec<Json>,
    unverified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    kept: &'a [Kept],
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    predecessors: &'a BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    overlapping: &'a BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    until: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotated: Option<&'a Rotated>,
}

#[derive(Serialize)]
struct Object<'a> {
    /// None of the home org of a server that is only made by the apply of a saved plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
}

#[derive(Serialize)]
struct Field<'a> {
    field: &'static str,
    before: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Cow<'a, str>>,
    after: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_applied: Option<Cow<'a, str>>,
    cause: &'static str,
}

#[derive(Serialize)]
pub(super) struct Stake<'a> {
    address: &'a Address,
    data: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_unknown: Option<&'a str>,
    along: Vec<Along<'a>>,
    unseen: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_looked_at: Option<&'static [&'static str]>,
}

/// An object that goes along with another.
#[derive(Serialize)]
struct Along<'a> {
    kind: &'static str,
    #[serde(flatten)]
    object: Object<'a>,
}

impl<'a> Form<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        let counts = plan.counts();
        Self {
            project: &plan.project,
            plan_digest: plan.digest(),
            summary: Summary {
                add: counts.add,
                change: counts.change,
                replace: counts.replace,
                destroy: counts.destroy,
                adopt: counts.adopt,
                release: counts.release,
                protect: counts.protect,
                unprotect: counts.unprotect,
                record: counts.record,
                forget: counts.forget,
                r#move: counts.moved,
                unchanged: counts.unchanged,
            },
            changes: plan.changes.iter().map(Change::new).collect(),
            libraries: libraries(plan),
            at_stake: plan.at_stake.iter().map(|(address, data)| Stake::new(address, data)).collect(),
            allowed: &plan.allowed,
            flags: plan.flags.iter().map(Flagged::new).collect(),
            refusals: plan.refusals.iter().map(problem::Form::new).collect(),
            warnings: plan.warnings.iter().map(DiagnosticForm::new).collect(),
            probed: plan.probed.iter().map(Probed::new).collect(),
        }
    }
}

fn libraries(plan: &Plan) -> Vec<Library<'_>> {
    let changes: Vec<_> = plan.changes.iter().filter(|change| !change.drifted()).collect();
    let shared = Shared::of(&changes).libraries.into_iter();
    shared.map(|library| Library { file: library.name, addresses: library.addresses }).collect()
}

impl<'a> Change<'a> {
    pub(super) fn new(change: &'a diff::Change) -> Self {
        Self {
            address: &change.address,
            kind: change.address.kind.name(),
            action: action(change.action),
            reason: change.reason.word(),
            replace_fields: change.reason.fields().collect(),
            drifted: change.drifted(),
            object: change.object.as_ref().map(Object::new),
            fields: change.fields.iter().map(Field::new).collect(),
            adopts: change.adopts,
            imported: change.imported,
            moved_from: change.moved_from.as_ref(),
            released: change.released.iter().map(String::as_str).collect(),
            lifecycle_changes: change.lifecycle_changes.iter().map(setting).collect(),
            unverified: change.unverified,
            origin: change.origin.map(Origin::word),
            kept: &change.kept,
            predecessors: &change.predecessors,
            overlapping: &change.overlapping,
            until: change.until.iter().map(|(id, until)| (id.as_str(), time(*until))).collect(),
            rotated: change.rotated.as_ref(),
        }
    }
}

/// A setting of the lifecycle, as the ledger has it and as it will have it.
fn setting(setting: &Setting) -> Json {
    match setting {
        Setting::PreventDestroy(now) => json!({"setting": "prevent_destroy", "before": !now, "after": now}),
        Setting::Protected(now) => json!({"setting": "protected", "before": !now, "after": now}),
        Setting::Owned(now) => json!({"setting": "owned", "before": !now, "after": now}),
        Setting::Ignore(was, now) => json!({"setting": "ignore", "before": was, "after": now}),
    }
}

impl<'a> Field<'a> {
    fn new(change: &'a FieldChange) -> Self {
        let note = if let Some(Value::Note(words)) = &change.live { Some(without_secrets(words)) } else { None };
        let live = change.live.as_ref().filter(|_| note.is_none());
        Self {
            field: change.field,
            before: live.map(|live| value((change.field, ""), live, None)),
            note,
            after: value((change.field, ""), &change.wanted, change.live.as_ref()),
            last_applied: change.last.as_deref().map(|last| last_text(change, last)),
            cause: match change.cause {
                Cause::Yours => "manifest",
                Cause::Drift => "drift",
                Cause::Both => "both",
                Cause::New => "new",
                Cause::Unfinished => "unfinished",
                Cause::Run => "run",
            },
        }
    }
}

impl<'a> Stake<'a> {
    pub(super) fn new(address: &'a Address, stake: &'a evidence::Stake) -> Self {
        let along =
            stake.along.iter().map(|along| Along { kind: along.kind.name(), object: Object::new(&along.object) });
        let none = Self {
            address,
            data: "none",
            count: None,
            first: None,
            last: None,
            why_unknown: None,
            along: along.collect(),
            unseen: stake.unseen.iter().map(|kind| kind.name()).collect(),
            not_looked_at: unexamined(address.kind),
        };
        match &stake.data {
            Data::None => none,
            Data::Some { count, first, last } => {
                Self { data: "some", count: *count, first: first.as_deref(), last: last.as_deref(), ..none }
            }
            Data::Unknown(why) => Self { data: "unknown", why_unknown: Some(why), ..none },
        }
    }
}

impl<'a> Object<'a> {
    fn new(target: &'a Target) -> Self {
        let known = |id: &'a str| Some(id).filter(|id| *id != plan::HOME);
        Self { id: known(&target.id), name: without_secrets(&target.name), org: target.org.as_deref().and_then(known) }
    }
}

/// The word for an action.
pub(super) const fn action(action: Action) -> &'static str {
    match action {
        Action::None => "none",
        Action::Create => "create",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "delete",
        Action::Forget => "forget",
    }
}

/// The value in a field under a key, null where absence is said. A secret's source is named, never its value. Where it takes the place of
/// `other`, it tells where only a secret differs.
fn value((field, key): (&str, &str), value: &Value, other: Option<&Value>) -> Json {
    match value {
        Value::Unset => Json::Null,
        Value::Integer(number) => json!(number),
        Value::Number(number) => json!(number),
        Value::Bool(yes) => json!(yes),
        Value::List(items) => {
            let others = if let Some(Value::List(others)) = other { others.as_slice() } else { &[] };
            items.iter().enumerate().map(|(at, item)| self::value((field, ""), item, others.get(at))).collect()
        }
        Value::Table(table) => {
            let other = |key: &str| if let Some(Value::Table(others)) = other { others.get(key) } else { None };
            table
                .iter()
                .map(|(key, value)| (key.clone(), self::value((field, called(key)), value, other(key))))
                .collect()
        }
        Value::Refs(set) => set.iter().map(|of| json!(of.to_string())).collect(),
        Value::Map(map) => {
            let other = |key: &str| if let Some(Value::Map(others)) = other { others.get(key) } else { None };
            let shown =
                |key: &String, text: &str| json!(text_beside((field, key), text, other(key).map(String::as_str)));
            map.iter().map(|(key, text)| (key.clone(), shown(key, text))).collect()
        }
        Value::Scopes(scopes) => scopes.iter().map(|scope| json!(scope.to_string())).collect(),
        Value::Sinks(sinks) => {
            let others: &[_] = if let Some(Value::Sinks(others)) = other { others } else { &[] };
            let others = others.iter().map(|other| Some(other.to_string())).chain(std::iter::repeat(None));
            let shown = sinks.iter().zip(others);
            shown.map(|(sink, other)| json!(command_beside(&sink.to_string(), other.as_deref()))).collect()
        }
        Value::Text(text) => {
            let other = if let Some(Value::Text(other)) = other { Some(other.as_str()) } else { None };
            json!(text_beside((field, key), text, other))
        }
        Value::Duration(_) | Value::Before(_) | Value::Infinite | Value::Ref(_) | Value::Script(_) => {
            json!(value.to_string())
        }
        Value::Source(_) => {
            let other = other.filter(|other| matches!(other, Value::Source(_))).map(ToString::to_string);
            json!(command_beside(&value.to_string(), other.as_deref()))
        }
        Value::Note(words) => json!(without_secrets(words)),
    }
}
