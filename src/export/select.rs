//! What is declared, what is external, and what is left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::scope::{Target, target};
use super::{Disposition, Note, ObjectId, Refused, Request, Sources};
use crate::field::{Omitted, Role, Type};
use crate::kind::{ExportError, Key, Kind, Level, NaturalKey, Object, Standing};
use crate::snapshot::Sight;
use crate::value::{Fields, Ref, Scope, Value};

/// What becomes of the objects.
#[derive(Debug, Default)]
pub(super) struct Selection<'a> {
    pub(super) declared: BTreeMap<ObjectId, Declared<'a>>,
    /// External ones, with whether anything that is declared refers to them.
    pub(super) external: BTreeMap<ObjectId, External<'a>>,
    pub(super) notes: Vec<Note>,
    pub(super) other_orgs: usize,
    pub(super) other_users: usize,
}

/// An object that the manifests declare.
#[derive(Debug)]
pub(super) struct Declared<'a> {
    pub(super) object: &'a Object,
    /// The fields to be written; references are those of the object.
    pub(super) fields: Fields,
    /// Whether only an `[[import]]` finds it.
    pub(super) import: bool,
}

/// An object that is looked up and never changed.
#[derive(Debug)]
pub(super) struct External<'a> {
    pub(super) object: &'a Object,
    /// Whether something that is declared refers to it.
    pub(super) needed: bool,
}

/// Decides about every object.
pub(super) fn select<'a>(request: &Request, sources: Sources<'a>) -> Selection<'a> {
    let (labels, named) = (labels(request, sources), named(request, sources));
    let mut selector = Selector { request, sources, labels, named, selection: Selection::default() };
    for kind in &request.kinds {
        if let Some(view) = sources.snapshot.kinds.get(kind) {
            view.objects.values().for_each(|object| selector.take(*kind, object));
        }
    }
    selector.close();
    selector.selection
}

struct Selector<'a, 'w> {
    request: &'w Request,
    sources: Sources<'a>,
    /// The IDs of the labels that are asked for.
    labels: BTreeSet<&'a str>,
    /// How many objects that may be managed have each name.
    named: HashMap<NaturalKey<&'a str>, usize>,
    selection: Selection<'a>,
}

/// How many of the objects that may be managed have each name, of the kinds that are exported.
fn named<'a>(request: &Request, sources: Sources<'a>) -> HashMap<NaturalKey<&'a str>, usize> {
    let views = request.kinds.iter().filter_map(|kind| Some((*kind, sources.snapshot.kinds.get(kind)?)));
    let objects = views.flat_map(|(kind, view)| view.objects.values().map(move |object| (kind, object)));
    let mut named = HashMap::new();
    for (kind, object) in objects.filter(|(_, object)| !object.never_managed()) {
        if let Some(key) = NaturalKey::of(kind, object.org.as_deref(), &object.name) {
            *named.entry(key).or_default() += 1;
        }
    }
    named
}

/// The labels that the wish names, as the server keeps their names apart.
fn labels<'a>(request: &Request, sources: Sources<'a>) -> BTreeSet<&'a str> {
    let kinds = Kind::ALL.iter().filter_map(|kind| match kind.with(Role::Labels)?.ty {
        Type::Refs(kind) => Some(kind),
        _ => None,
    });
    let Some(kind) = kinds.into_iter().next() else { return BTreeSet::new() };
    let key = |name: &str| NaturalKey::<()>::of(kind, None, name);
    let wanted: BTreeSet<_> = request.labels.iter().map(|name| key(name)).collect();
    let views = sources.snapshot.kinds.get(&kind).into_iter().flat_map(|view| view.objects.values());
    let asked = views.filter(|label| !label.never_managed() && wanted.contains(&key(&label.name)));
    asked.map(|label| label.id.as_str()).collect()
}

impl<'a> Selector<'a, '_> {
    fn take(&mut self, kind: Kind, object: &'a Object) {
        let id = (kind, object.id.clone());
        if object.never_managed() || !self.is_here(kind, object) || !self.has_label(kind, object) {
            return;
        }
        if let Some(project) = self.sources.foreign.get(&id) {
            return self.note(kind, object, Disposition::LeftOut, format!("the project `{project}` owns it"));
        }
        if self.is_the_runs_own(object) {
            self.selection.external.insert(id, External { object, needed: false });
            return;
        }
        let told = match self.sources.refused.get(&id) {
            Some(Refused { why, also_external: true }) => {
                return self.note(kind, object, Disposition::LeftOut, why.clone());
            }
            Some(Refused { why, .. }) => Err(ExportError::Unsayable(why.clone())),
            None => kind.export(object).and_then(|fields| self.sayable(kind, object, fields)),
        };
        match told {
            Ok(fields) => {
                let import = match kind.spec().key {
                    _ if self.request.imports => true,
                    Key::Name(_) => false,
                    Key::LoneName => !self.is_alone(kind, object),
                    Key::None => true,
                };
                for (key, why) in kind.unsaid(object) {
                    self.note(kind, object, Disposition::Without(key), why.to_owned());
                }
                for (field, scope) in self.stale(object, &fields) {
                    let why = format!("it may {field} {scope}, which is not on the server any more");
                    self.note(kind, object, Disposition::Stale(field), why);
                }
                self.selection.declared.insert(id, Declared { object, fields, import });
            }
            Err(ExportError::Unfinished(why)) => self.note(kind, object, Disposition::LeftOut, why),
            Err(ExportError::Unsayable(why)) if self.is_found(kind, object) => {
                self.note(kind, object, Disposition::External, why);
                self.selection.external.insert(id, External { object, needed: false });
            }
            Err(ExportError::Unsayable(why)) => self.note(kind, object, Disposition::LeftOut, why),
        }
    }

    fn note(&mut self, kind: Kind, object: &Object, disposition: Disposition, why: String) {
        self.selection.notes.push(Note { kind, id: object.id.clone(), name: object.name.clone(), disposition, why });
    }

    fn home(&self) -> Option<&'a str> {
        self.sources.snapshot.home.as_deref()
    }

    /// Whether an object belongs to what is exported by where it is.
    fn is_here(&mut self, kind: Kind, object: &Object) -> bool {
        if self.request.every_org {
            return true;
        }
        if kind == Kind::HOME {
            let other = self.home() != Some(object.id.as_str());
            self.selection.other_orgs += usize::from(other);
            return !other;
        }
        match kind.spec().level {
            Level::Org => object.org.as_deref() == self.home(),
            // One that has a part in other orgs only is theirs.
            Level::Server => {
                let orgs: Vec<&str> = kind
                    .spec()
                    .fields
                    .iter()
                    .filter(|field| field.ty == Type::Refs(Kind::HOME))
                    .filter_map(|field| object.fields.get(field.name))
                    .flat_map(Value::refs)
                    .filter_map(Ref::bare_id)
                    .collect();
                let here = orgs.is_empty() || orgs.iter().any(|org| Some(*org) == self.home());
                self.selection.other_users += usize::from(!here);
                here
            }
        }
    }

    fn has_label(&self, kind: Kind, object: &Object) -> bool {
        if self.request.labels.is_empty() {
            return true;
        }
        let attached = kind.get(Role::Labels, &object.fields).map(Value::refs).unwrap_or_default();
        self.labels.contains(object.id.as_str())
            || attached.into_iter().filter_map(Ref::bare_id).any(|label| self.labels.contains(label))
    }

    /// What the run itself stands on: whoever takes it over can lock himself out.
    fn is_the_runs_own(&self, object: &Object) -> bool {
        let id = object.id.as_str();
        self.home() == Some(id) || self.sources.snapshot.me == id || self.request.token_id.as_deref() == Some(id)
    }

    /// Whether no other object in the same place has its name.
    fn is_alone(&self, kind: Kind, object: &'a Object) -> bool {
        let key = NaturalKey::of(kind, object.org.as_deref(), &object.name);
        let count = key.and_then(|key| self.named.get(&key)).copied().unwrap_or_default();
        count <= usize::from(!object.never_managed())
    }

    /// Whether an external resource finds the object: also one of the server's own.
    fn is_found(&self, kind: Kind, object: &'a Object) -> bool {
        object.standing != Standing::Record
            && match kind.spec().key {
                Key::Name(_) => true,
                Key::LoneName => self.is_alone(kind, object),
                Key::None => kind.spec().fields.iter().any(|field| field.ty == Type::Id),
            }
    }

    /// The fields without what the home org and the run's own user are when nothing is said, and without references to
    /// what is not seen.
    fn sayable(&mut self, kind: Kind, object: &Object, mut fields: Fields) -> Result<Fields, ExportError> {
        for field in kind.spec().fields {
            let value = fields.get(field.name);
            if let (Type::Ref(of), Omitted::Required) = (field.ty, field.omitted)
                && !value.is_some_and(|value| !value.refs().is_empty() && self.sees(of, value))
            {
                let why = format!("its {of} does not exist any more, or this token does not see it");
                return Err(ExportError::Unsayable(why));
            }
            let Some(value) = value else { continue };
            if let (Type::Ref(of), Omitted::Required, true) =
                (field.ty, field.omitted, self.is_elsewhere(value, object))
            {
                return Err(ExportError::Unsayable(format!("its {of} is in another org")));
            }
            match (field.ty, value) {
                (Type::Ref(Kind::HOME), Value::Ref(org)) if org.bare_id() == self.home() => {
                    fields.remove(field.name);
                }
                (Type::Ref(_), Value::Ref(of)) if of.bare_id() == Some(self.sources.snapshot.me.as_str()) => {
                    fields.remove(field.name);
                }
                (Type::Ref(of), _) | (Type::Refs(of), _) if !self.sees(of, value) => {
                    let why = format!("it refers to {of} objects that this token does not see");
                    self.note(kind, object, Disposition::Without(field.name), why);
                    fields.remove(field.name);
                }
                (Type::Ref(of), _) | (Type::Refs(of), _) if self.is_elsewhere(value, object) => {
                    let why = format!("it refers to {of} objects of another org");
                    self.note(kind, object, Disposition::Without(field.name), why);
                    fields.remove(field.name);
                }
                (Type::Scopes, Value::Scopes(scopes)) => {
                    let org = object.org.as_deref();
                    if let Some(scope) = scopes.iter().find(|scope| self.means(scope, org) == Target::Unsayable) {
                        return Err(ExportError::Unsayable(format!(
                            "it may {} {scope}, which no scope can express",
                            field.name
                        )));
                    }
                }
                _ => {}
            }
        }
        Ok(fields)
    }

    fn sees(&self, kind: Kind, value: &Value) -> bool {
        value.refs().into_iter().all(|of| of.bare_id().is_some_and(|id| self.found(kind, id).is_some()))
    }

    /// Whether `value` refers to what is in another org than `object`: InfluxDB takes that in places, and no manifest can say it.
    fn is_elsewhere(&self, value: &Value, object: &Object) -> bool {
        let is_elsewhere = |of: &Ref| match of {
            Ref::Id(kind, id) if kind.spec().level == Level::Org => {
                self.found(*kind, id).is_some_and(|found| found.org != object.org)
            }
            _ => false,
        };
        value.refs().into_iter().any(is_elsewhere)
    }

    /// The object, if it is seen and can be external.
    fn found(&self, kind: Kind, id: &str) -> Option<&'a Object> {
        let refused = self.sources.refused.get(&(kind, id.to_owned()));
        let is_refused = refused.is_some_and(|refused| refused.also_external);
        self.sources.snapshot.object(kind, id).filter(|object| !is_refused && self.is_found(kind, object))
    }

    fn means(&self, scope: &Scope, holder: Option<&str>) -> Target {
        target(scope, self.sources.snapshot, holder, &|kind, id| self.found(kind, id).is_some())
    }

    /// The permissions that name an object of their holder's org that is not there any more, each with its field.
    fn stale(&self, object: &Object, fields: &Fields) -> Vec<(&'static str, Scope)> {
        let holder = object.org.as_deref();
        let is_stale = |scope: &&Scope| {
            let is_own = matches!(scope, Scope::Bare { org: Some(org), .. } if org.bare_id() == holder);
            let Target::Bare((kind, id)) = self.means(scope, holder) else { return false };
            let is_gone = self.sources.snapshot.object(kind, &id).is_none();
            is_own && is_gone && self.sources.sight(kind) == Sight::Complete
        };
        let scopes = fields.iter().filter_map(|(field, value)| match value {
            Value::Scopes(scopes) => Some((field, scopes)),
            _ => None,
        });
        let stale =
            scopes.flat_map(|(field, scopes)| scopes.iter().filter(is_stale).map(move |scope| (field, scope.clone())));
        stale.collect()
    }

    /// Makes external what is referred to and not declared.
    fn close(&mut self) {
        let mut needed: Vec<ObjectId> = Vec::new();
        for declared in self.selection.declared.values() {
            let holder = declared.object.org.as_deref();
            for (_, value) in declared.fields.iter() {
                if let Value::Scopes(scopes) = value {
                    let objects = scopes.iter().filter_map(|scope| self.means(scope, holder).object().cloned());
                    needed.extend(objects);
                } else {
                    needed.extend(value.refs().into_iter().filter_map(|of| match of {
                        Ref::Id(kind, id) => Some((*kind, id.clone())),
                        Ref::To(_) | Ref::Home => None,
                    }));
                }
            }
        }
        while let Some(id) = needed.pop() {
            if self.selection.declared.contains_key(&id) {
                continue;
            }
            let Some(object) = self.found(id.0, &id.1) else { continue };
            let org = object.org.clone().filter(|org| Some(org.as_str()) != self.home());
            let external = self.selection.external.entry(id).or_insert(External { object, needed: false });
            if !external.needed {
                external.needed = true;
                needed.extend(org.map(|org| (Kind::HOME, org)));
            }
        }
        // Where it lives has to be said of what nothing refers to as well.
        let elsewhere: BTreeSet<String> =
            self.selection.external.values().filter_map(|external| external.object.org.clone()).collect();
        for org in elsewhere {
            let id = (Kind::HOME, org);
            if self.home() != Some(id.1.as_str())
                && !self.selection.declared.contains_key(&id)
                && let Some(object) = self.found(id.0, &id.1)
            {
                self.selection.external.entry(id).or_insert(External { object, needed: false });
            }
        }
    }
}
