//! What has a copy of another object in it, and is changed with that one.

use std::collections::BTreeSet;

use super::{Action, Cause, Change, FieldChange, Reason};
use crate::address::Address;
use crate::field::{Field, Role, Type};
use crate::manifest::Manifest;
use crate::value::{Ref, Value};

/// Adds to `changes`, which are those of what `manifest` declares, what follows from others among them: dependencies come first.
pub(super) fn follow(changes: &mut [Change], manifest: &Manifest) {
    let mut changed: BTreeSet<Address> = BTreeSet::new();
    for change in changes {
        let kind = change.address.kind;
        let copied = kind.with(Role::Copied).and_then(|field| {
            let wanted = manifest.resources.get(&change.address)?.fields.get(field.name)?;
            match wanted {
                Value::Ref(Ref::To(of)) if changed.contains(of) => Some((field, wanted)),
                _ => None,
            }
        });
        let stays = matches!(change.action, Action::None | Action::Update) && change.object.is_some();
        if let Some((field, wanted)) = copied.filter(|_| stays)
            && change.fields.iter().all(|known| known.field != field.name)
            && !change.lifecycle.ignore.contains(field.name)
        {
            let live = Some(Value::Text("(as it was)".to_owned()));
            let at = |field: &str| kind.spec().fields.iter().position(|known| known.name == field);
            change.fields.push(FieldChange {
                field: field.name,
                live,
                wanted: wanted.clone(),
                last: None,
                cause: Cause::Yours,
            });
            change.fields.sort_by_key(|change| at(change.field));
            if change.action == Action::None {
                (change.action, change.reason) = (Action::Update, Reason::Differs);
            }
        }
        let counts = |field: &Field| field.role == Role::Name || matches!(field.ty, Type::Block(_));
        let is_copied = change.fields.iter().filter_map(|of| kind.field(of.field)).any(counts);
        if change.action == Action::Update && is_copied {
            changed.insert(change.address.clone());
        }
    }
}
