//! A server in a few lines, for tests.

use std::collections::{BTreeMap, BTreeSet};

use super::{Export, ObjectId, Refused, Request, Sources, export};
use crate::kind::{Kind, Object, Standing};
use crate::ledger::Ledger;
use crate::snapshot::{Sight, Snapshot, View};
use crate::value::{Fields, Ref, Scope, Script, Value};

pub(super) const HOME: &str = "00000000000000a1";
pub(super) const ME: &str = "00000000000000b1";

/// A server that a test fills.
pub(super) struct Sample {
    pub(super) snapshot: Snapshot,
    pub(super) ledger: Ledger,
    pub(super) foreign: BTreeMap<ObjectId, String>,
    pub(super) refused: BTreeMap<ObjectId, Refused>,
    pub(super) request: Request,
    next: u64,
}

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(super) fn refs(kind: Kind, ids: &[&str]) -> Value {
    Value::Refs(ids.iter().map(|id| Ref::Id(kind, (*id).to_owned())).collect())
}

fn org_ref(org: &str) -> Box<Ref> {
    Box::new(Ref::Id(Kind::Org, org.to_owned()))
}

pub(super) fn one(ty: &str, id: &str, org: Option<&str>) -> Scope {
    Scope::Bare { ty: ty.to_owned(), id: id.to_owned(), org: org.map(org_ref) }
}

pub(super) fn all(ty: &str, org: &str) -> Scope {
    Scope::Org { ty: ty.to_owned(), org: org_ref(org) }
}

pub(super) fn scopes(scopes: &[Scope]) -> Value {
    Value::Scopes(scopes.iter().cloned().collect())
}

impl Sample {
    /// An org `acme` and the run's user `root`, who owns it; everything is seen.
    pub(super) fn new() -> Self {
        let view = || View { sight: Sight::Complete, objects: BTreeMap::new(), missing: BTreeMap::new() };
        let kinds = Kind::ALL.iter().map(|kind| (*kind, view())).collect();
        let snapshot = Snapshot { home: Some(HOME.to_owned()), me: ME.to_owned(), kinds, ..Snapshot::default() };
        let request = Request {
            project: "p".to_owned(),
            kinds: Kind::ALL.iter().copied().collect(),
            labels: BTreeSet::new(),
            every_org: false,
            url: Some("http://localhost:8086".to_owned()),
            certificates: Vec::new(),
            org: "acme".to_owned(),
            token_id: None,
            imports: false,
        };
        let (ledger, foreign, refused) = (Ledger::default(), BTreeMap::new(), BTreeMap::new());
        let mut sample = Self { snapshot, ledger, foreign, refused, request, next: 1 };
        sample.put(Kind::Org, HOME, None, "acme", &[]);
        sample.put(Kind::User, ME, None, "root", &[("owner_of", refs(Kind::Org, &[HOME]))]);
        sample
    }

    /// An object with a given ID.
    pub(super) fn put(&mut self, kind: Kind, id: &str, org: Option<&str>, name: &str, more: &[(&'static str, Value)]) {
        let mut fields = Fields::default();
        let name_field = if kind.field("name").is_some() { "name" } else { "description" };
        fields.set(name_field, text(name));
        if let Some(org) = org {
            fields.set("org", Value::Ref(Ref::Id(Kind::Org, org.to_owned())));
        }
        for (field, value) in more {
            fields.set(field, value.clone());
        }
        let user = match fields.get("user") {
            Some(Value::Ref(user)) => user.bare_id().map(str::to_owned),
            _ => None,
        };
        let object = Object {
            id: id.to_owned(),
            org: org.map(str::to_owned),
            name: name.to_owned(),
            created: None,
            fields,
            standing: Standing::Ordinary,
            user,
        };
        self.snapshot.kinds.get_mut(&kind).expect("a view").objects.insert(id.to_owned(), object);
    }

    /// A new object of the home org, or of the server; its ID.
    pub(super) fn make(&mut self, kind: Kind, name: &str, more: &[(&'static str, Value)]) -> String {
        let id = format!("{:016x}", self.next);
        self.next += 1;
        let org = (kind.spec().level == crate::kind::Level::Org).then_some(HOME);
        self.put(kind, &id, org, name, more);
        id
    }

    pub(super) fn bucket(&mut self, name: &str) -> String {
        self.make(Kind::Bucket, name, &[("retention", Value::Infinite)])
    }

    pub(super) fn task(&mut self, name: &str, body: &str) -> String {
        let flux = format!("option task = {{name: {name:?}, every: 1h}}\n\n{body}\n");
        let fields = [
            ("status", text("active")),
            ("every", Value::Duration("1h".parse().expect("a duration"))),
            ("cron", Value::Unset),
            ("offset", Value::Unset),
            ("flux", Value::Script(Script::of_task(flux))),
        ];
        self.make(Kind::Task, name, &fields)
    }

    /// A token of the run's user.
    pub(super) fn token(&mut self, description: &str, read: &[Scope], write: &[Scope]) -> String {
        let fields = [
            ("status", text("active")),
            ("user", Value::Ref(Ref::Id(Kind::User, ME.to_owned()))),
            ("read", scopes(read)),
            ("write", scopes(write)),
        ];
        self.make(Kind::Token, description, &fields)
    }

    pub(super) fn export(&self) -> Export {
        let Self { snapshot, ledger, foreign, refused, request, .. } = self;
        export(request, Sources { snapshot, ledger, foreign, refused, names: &BTreeMap::new() })
    }
}

/// All files, one after another.
pub(super) fn shown(export: &Export) -> String {
    let mut all = String::new();
    for (path, text) in &export.files {
        all.push_str(&format!("=== {path}\n{text}"));
    }
    for note in &export.notes {
        all.push_str(&format!("--- {} {:?} {:?}: {}\n", note.kind, note.name, note.disposition, note.why));
    }
    all
}
