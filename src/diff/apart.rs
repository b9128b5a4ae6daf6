//! Sets that share no member: what one gets, the server takes from another, whether a manifest says so or not.

use super::canonical::Names;
use super::{Change, FieldChange};
use crate::field::Field;
use crate::kind::Object;
use crate::manifest::Resource;
use crate::value::Value;

/// What fields that are not written lose to those in which `change` differs.
pub(super) fn losses(change: &Change, resource: &Resource, object: &Object, names: &Names<'_>) -> Vec<FieldChange> {
    let loss = |field: &Field| {
        let Value::Refs(has) = names.value(object.fields.get(field.name)?, object.org.as_deref()).into_owned() else {
            return None;
        };
        let mut left: Vec<_> = has.iter().cloned().collect();
        let mut cause = None;
        for other in change.fields.iter().filter(|other| field.apart_from.contains(&other.field)) {
            if let Value::Refs(gets) = &other.wanted
                && gets.iter().any(|member| left.contains(member))
            {
                left.retain(|member| !gets.contains(member));
                cause = Some(other.cause);
            }
        }
        let (live, wanted) = (Some(Value::Refs(has)), Value::Refs(left.into_iter().collect()));
        Some(FieldChange { field: field.name, live, wanted, last: None, cause: cause? })
    };
    let may_lose = |field: &&Field| !field.apart_from.is_empty() && resource.fields.get(field.name).is_none();
    change.address.kind.spec().fields.iter().filter(may_lose).filter_map(loss).collect()
}
