//! What has a copy of another object in it, and is changed with that one.

use std::collections::BTreeMap;

use super::{Action, Cause, Change, FieldChange, Reason};
use crate::address::Address;
use crate::field::{Role, Type};
use crate::manifest::Manifest;
use crate::value::{Ref, Value};

/// Adds to `changes`, which are those of what `manifest` declares, what follows from others among them: dependencies come first.
pub(super) fn follow(changes: &mut [Change], manifest: &Manifest) {
    // What changes, and whether somebody has changed it on the server.
    let mut changed: BTreeMap<Address, bool> = BTreeMap::new();
    for change in changes {
        let kind = change.address.kind;
        let copied = kind.with(Role::Copied).and_then(|field| {
            let wanted = manifest.resources.get(&change.address)?.fields.get(field.name)?;
            match wanted {
                Value::Ref(Ref::To(of)) => Some((field, wanted, *changed.get(of)?)),
                _ => None,
            }
        });
        let stays = matches!(change.action, Action::None | Action::Update) && change.object.is_some();
        if let Some((field, wanted, is_drift)) = copied.filter(|_| stays)
            && !change.lifecycle.ignore.contains(field.name)
        {
            // It has not changed itself where the other one has under it.
            let follows = |known: &FieldChange| is_drift && matches!(known.live, Some(Value::Note(_)));
            change.fields.retain(|known| known.field != field.name || !follows(known));
            if change.fields.iter().all(|known| known.field != field.name) {
                let at = |field: &str| kind.spec().fields.iter().position(|known| known.name == field);
                change.fields.push(FieldChange {
                    field: field.name,
                    live: Some(Value::Note("its task has it as it was".to_owned())),
                    wanted: wanted.clone(),
                    last: None,
                    cause: Cause::Yours,
                });
                change.fields.sort_by_key(|change| at(change.field));
            }
            if change.action == Action::None {
                (change.action, change.reason) = (Action::Update, Reason::Differs);
            }
        }
        if change.changes_copies() {
            let is_drift = change.copied().any(|field| matches!(field.cause, Cause::Drift | Cause::Both));
            changed.insert(change.address.clone(), is_drift);
        }
    }
}

impl Change {
    /// Whether it changes something of an object in place that others may have a copy of.
    pub fn changes_copies(&self) -> bool {
        self.action == Action::Update && self.copied().next().is_some()
    }

    fn copied(&self) -> impl Iterator<Item = &FieldChange> {
        let counts = |of: &&FieldChange| {
            let field = self.address.kind.field(of.field);
            field.is_some_and(|field| field.role == Role::Name || matches!(field.ty, Type::Block(_)))
        };
        self.fields.iter().filter(counts)
    }
}
