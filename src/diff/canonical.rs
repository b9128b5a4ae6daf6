//! One spelling for each reference: what is live is named by address where an address stands for it.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::address::Address;
use crate::kind::{Kind, Level, Object};
use crate::snapshot::Snapshot;
use crate::value::{Ref, Scope, Value};

/// The names of the objects that stay.
pub(super) struct Names<'a> {
    snapshot: &'a Snapshot,
    /// Objects of two kinds that are made in one millisecond can have one ID (influxd 2.9.1, measured).
    by_id: HashMap<(Kind, &'a str), Address>,
    /// The IDs of objects that share their type of permission with another kind.
    ids: HashMap<Address, &'a str>,
    /// What the home org is called.
    home: Option<Address>,
}

impl<'a> Names<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, by_id: HashMap::new(), ids: HashMap::new(), home: None }
    }

    /// From now on `object` is called `address`. Not said of objects that are about to be made anew: what holds their
    /// ID has to follow.
    pub(super) fn learn(&mut self, object: &'a Object, address: &Address) {
        if address.kind.spec().level == Level::Server && self.snapshot.home.as_ref() == Some(&object.id) {
            self.home = Some(address.clone());
        }
        if Kind::of_type(address.kind.spec().ty).nth(1).is_some() {
            self.ids.insert(address.clone(), &object.id);
        }
        self.by_id.insert((address.kind, &object.id), address.clone());
    }

    fn reference(&self, of: &Ref) -> Ref {
        let home = self.snapshot.home.as_deref();
        match of {
            Ref::To(_) => of.clone(),
            Ref::Home => match &self.home {
                Some(address) => Ref::To(address.clone()),
                None => Ref::Home,
            },
            Ref::Id(kind, id) => match self.by_id.get(&(*kind, id.as_str())) {
                Some(address) => Ref::To(address.clone()),
                None if home == Some(id) => Ref::Home,
                None => of.clone(),
            },
        }
    }

    /// A permission of one object says its type, its ID, and the object's own org or none: an ID alone is enough. Where objects of two
    /// kinds have both, it is for either.
    fn scope(&self, scope: &Scope, org: Option<&str>) -> Scope {
        let Scope::Bare { ty, id, org: stated } = scope else {
            return match scope {
                Scope::Object(Ref::To(address)) => Scope::Object(self.either(address)),
                scope => scope.map_refs(&|of| self.reference(of)),
            };
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

    /// What a permission for the object `address` is for as well, if that comes first.
    fn either(&self, address: &Address) -> Ref {
        let first = self.ids.get(address).and_then(|id| {
            let kind = Kind::of_type(address.kind.spec().ty).find(|kind| self.snapshot.object(*kind, id).is_some())?;
            Some(self.reference(&Ref::Id(kind, (*id).to_owned())))
        });
        first.unwrap_or_else(|| Ref::To(address.clone()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Standing;
    use crate::snapshot::{Sight, View};
    use crate::value::Fields;

    fn object() -> Object {
        Object {
            id: "1".into(),
            org: None,
            name: "n".into(),
            created: None,
            fields: Fields::default(),
            standing: Standing::Ordinary,
            user: None,
        }
    }

    #[test]
    fn objects_of_two_kinds_that_have_one_id_are_told_apart() {
        let address = |text: &str| text.parse::<Address>().expect("an address");
        let (snapshot, one, other) = (Snapshot::default(), object(), object());
        let (label, endpoint) = (address("label.l"), address("notification_endpoint.e"));
        let mut names = Names::new(&snapshot);
        names.learn(&one, &label);
        names.learn(&other, &endpoint);
        for address in [label, endpoint] {
            assert_eq!(names.reference(&Ref::Id(address.kind, "1".to_owned())), Ref::To(address));
        }
    }

    #[test]
    fn a_permission_is_for_either_of_two_objects_that_have_one_id_and_one_type() {
        let mut snapshot = Snapshot::default();
        for kind in [Kind::Token, Kind::V1Token] {
            let objects = [("1".to_owned(), object())].into();
            snapshot.kinds.insert(kind, View { sight: Sight::Complete, objects, missing: Default::default() });
        }
        let address = |text: &str| text.parse::<Address>().expect("an address");
        let (token, old) = (address("token.t"), address("v1_token.o"));
        let (one, other) = (object(), object());
        let mut names = Names::new(&snapshot);
        names.learn(&one, &token);
        names.learn(&other, &old);
        let live = Scope::Bare { ty: "authorizations".into(), id: "1".into(), org: None };
        for declared in [token, old] {
            let declared = Scope::Object(Ref::To(declared));
            assert_eq!(names.scope(&declared, None), names.scope(&live, None));
        }
    }
}
