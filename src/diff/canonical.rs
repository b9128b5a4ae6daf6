//! One spelling for each reference: what is live is named by address where an address stands for it.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::address::Address;
use crate::kind::Object;
use crate::snapshot::Snapshot;
use crate::value::{Ref, Scope, Value};

/// The names of the objects that stay.
pub(super) struct Names<'a> {
    snapshot: &'a Snapshot,
    by_id: HashMap<&'a str, Address>,
}

impl<'a> Names<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, by_id: HashMap::new() }
    }

    /// From now on `object` is called `address`. Not said of objects that are about to be made anew: what holds their
    /// ID has to follow.
    pub(super) fn learn(&mut self, object: &'a Object, address: &Address) {
        self.by_id.insert(&object.id, address.clone());
    }

    fn reference(&self, of: &Ref) -> Ref {
        let home = self.snapshot.home.as_deref();
        match of {
            Ref::To(_) => of.clone(),
            Ref::Home => match home.and_then(|id| self.by_id.get(id)) {
                Some(address) => Ref::To(address.clone()),
                None => Ref::Home,
            },
            Ref::Id(_, id) => match self.by_id.get(id.as_str()) {
                Some(address) => Ref::To(address.clone()),
                None if home == Some(id) => Ref::Home,
                None => of.clone(),
            },
        }
    }

    /// A permission of one object says its type, its ID, and the object's own org or none: an ID alone is enough.
    fn scope(&self, scope: &Scope, org: Option<&str>) -> Scope {
        let Scope::Bare { ty, id, org: stated } = scope else {
            return scope.map_refs(&|of| self.reference(of));
        };
        let stated_id = match stated.as_deref() {
            Some(Ref::Id(_, id)) => Some(id.as_str()),
            _ => None,
        };
        match self.snapshot.permitted(ty, id, stated_id, org) {
            Some(kind) => Scope::Object(self.reference(&Ref::Id(kind, id.clone()))),
            None => scope.map_refs(&|of| self.reference(of)),
        }
    }

    /// `value` in the one spelling; `org` is the ID of the org of the object that has it.
    pub(super) fn value<'v>(&self, value: &'v Value, org: Option<&str>) -> Cow<'v, Value> {
        match value {
            Value::Scopes(scopes) => {
                Cow::Owned(Value::Scopes(scopes.iter().map(|scope| self.scope(scope, org)).collect()))
            }
            Value::Ref(_) | Value::Refs(_) | Value::List(_) | Value::Table(_) => {
                Cow::Owned(value.map_refs(&|of| self.reference(of)))
            }
            plain => Cow::Borrowed(plain),
        }
    }
}
