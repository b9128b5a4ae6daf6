//! After a change that failed: what the server has now, so that what took effect all the same is not taken for somebody
//! else's doing later.

use super::step::Executor;
use crate::address::Address;
use crate::api::ApiError;
use crate::diff::{Change, FieldChange};
use crate::kind::{Desired, Object, ReadScope};
use crate::ledger::Entry;
use crate::problem::Problem;
use crate::value::{Ref, Value};

impl Executor<'_> {
    /// What became of an update that failed with `error`: `entry` is what the ledger has of the object, and gets what the
    /// server has now. None if nothing took effect, or that cannot be seen.
    pub(super) async fn after_failure(
        &self,
        change: &Change,
        desired: &Desired<'_>,
        entry: &Entry,
        error: ApiError,
    ) -> (Problem, Option<Entry>) {
        let kind = change.address.kind;
        let mut problem = Problem::from(error);
        // Through the list: it tells what one object's reply may lack, such as roles.
        let fields = |field: &str| change.fields.iter().any(|changed| changed.field == field);
        let object = |id: &str, _: &str| id == entry.id;
        let org = entry.org.as_deref();
        let orgs: &[&str] = org.as_slice();
        let listed = kind.list(self.writer, orgs, ReadScope { field: &fields, object: &object }).await;
        let Some(now) = listed.ok().and_then(|all| all.into_iter().find(|object| object.id == entry.id)) else {
            return (problem, None);
        };
        let mut recorded = entry.clone();
        let mut effective = Vec::new();
        for field in &change.fields {
            let Some(value) = self.effect(field, desired, &now) else { continue };
            recorded.fields.insert(field.field.to_owned(), value.fingerprint());
            // What the server keeps of its former secrets may still be there.
            if kind.field(field.field).is_some_and(|field| field.secret.is_none()) {
                recorded.lacks.remove(field.field);
            }
            effective.push(format!("`{}`", field.field));
        }
        if effective.is_empty() {
            return (problem, None);
        }
        recorded.name.clone_from(&now.name);
        let message = &mut problem.diagnostic.message;
        *message = format!("{message}; the server changed {} nevertheless, and that is recorded", effective.join(", "));
        (problem, Some(recorded))
    }

    /// The value that a field has now, as the ledger spells it; none if it is as it was.
    fn effect(&self, field: &FieldChange, desired: &Desired<'_>, now: &Object) -> Option<Value> {
        let live = now.fields.get(field.field)?;
        let wanted = desired.fields.get(field.field)?;
        let id = |of: &Ref| match (of, desired.ids.id(of)) {
            (Ref::To(Address { kind, .. }), Some(id)) => Ref::Id(*kind, id.to_owned()),
            (Ref::Home, Some(id)) => Ref::Id(crate::kind::Kind::HOME, id.to_owned()),
            _ => of.clone(),
        };
        let by_id = |value: &Value| value.map_refs(&id);
        if by_id(live) == by_id(wanted) {
            return Some(wanted.clone());
        }
        let before = field.live.as_ref().map(by_id);
        (before.as_ref() != Some(&by_id(live))).then(|| live.clone())
    }
}
