//! What uses something that a plan deletes or changes, and is nobody's once the plan is applied: it stays, and finds nothing any more, or
//! has a copy of what was.

use std::collections::{BTreeMap, BTreeSet};

use super::{Along, gone};
use crate::address::Address;
use crate::api::{ApiError, Class, Client};
use crate::diff::{Action, Change, Reason, Target};
use crate::kind::{Kind, Level, Object, ReadScope, Standing, Use};
use crate::ledger::Ledger;
use crate::snapshot::Snapshot;

/// What uses what a plan takes away.
#[derive(Debug, Default)]
pub struct Used {
    /// The objects, by the change that takes it away.
    pub by: BTreeMap<Address, Vec<Along>>,
    /// The kinds of which nobody could look, and why: what is only told of stops no plan.
    pub unread: BTreeMap<Kind, String>,
}

/// The objects that use what `changes` delete, make anew or rename, or have a copy of what they change, by change, as far as the token
/// sees: those that neither the project owns nor the plan touches, and those that it lets go of.
pub async fn used(client: &Client, changes: &[Change], snapshot: &Snapshot, ledger: &Ledger) -> Used {
    let gone = gone(changes);
    let stays = |org: &&str| !gone.contains(&(Kind::HOME, *org));
    let mut users: BTreeMap<Kind, Users<'_>> = BTreeMap::new();
    let mut removed: BTreeMap<Use, &Change> = BTreeMap::new();
    let comes = |of: &Change, name: &str| {
        let others = changes.iter().filter(|change| change.address.kind == of.address.kind && change.org == of.org);
        others.filter_map(Change::new_name).any(|new| new == name)
    };
    for change in changes {
        let (kind, Some(Target { id, org: Some(org), name })) = (change.address.kind, &change.object) else { continue };
        let is_renamed = change.action == Action::Update && kind.is_named_in_scripts() && change.new_name().is_some();
        let is_copied = change.changes_copies();
        if !change.action.removes() && !is_renamed && !is_copied {
            continue;
        }
        let Some(org) = Some(org.as_str()).filter(stays).filter(|_| kind.spec().level == Level::Org) else { continue };
        let copiers = kind.copiers().filter(|_| is_copied);
        for user in kind.users().filter(|_| change.action.removes() || is_renamed).chain(copiers) {
            let by_name = user.names_in_scripts(kind);
            if !is_renamed || by_name {
                let asked = users.entry(user).or_default();
                asked.orgs.insert(org);
                asked.by_name |= by_name;
            }
        }
        if change.action.removes() || kind.copiers().next().is_some() {
            removed.insert(Use::Id(kind, id.clone()), change);
        }
        // What takes its place has its name.
        if change.action == Action::Delete || is_renamed && !comes(change, name) {
            removed.insert(Use::Name(kind, name.clone()), change);
        }
    }
    let owned = ledger.entries.iter().map(|(address, entry)| (address.kind, entry.id.as_str()));
    let objects = |of: &dyn Fn(&Change) -> bool| -> BTreeSet<(Kind, &str)> {
        let changes = changes.iter().filter(|change| of(change));
        changes.filter_map(|change| Some((change.address.kind, change.object.as_ref()?.id.as_str()))).collect()
    };
    let let_go = objects(&|change| matches!(change.reason, Reason::NotOurs | Reason::External));
    let known: BTreeSet<(Kind, &str)> =
        owned.chain(objects(&|_| true)).filter(|object| !let_go.contains(object)).collect();
    let mut found = Used::default();
    for (kind, asked) in users {
        let is_known = |id: &str| known.contains(&(kind, id));
        let objects = match asked.list(client, kind, snapshot, &is_known).await {
            Ok(objects) => objects,
            Err(error) => {
                found.unread.insert(kind, error.to_string());
                continue;
            }
        };
        for object in objects {
            if object.standing == Standing::System || is_known(&object.id) {
                continue;
            }
            let uses: BTreeSet<Use> = kind.uses(&object).into_iter().collect();
            let changes = uses.iter().filter_map(|of| removed.get(of));
            let here = changes.filter(|change| change.object.as_ref().is_some_and(|gone| gone.org == object.org));
            let addresses: BTreeSet<&Address> = here.map(|change| &change.address).collect();
            for address in addresses {
                let Object { id, org, name, .. } = object.clone();
                let along = Along { kind, object: Target { id, org, name } };
                found.by.entry(address.clone()).or_default().push(along);
            }
        }
    }
    found
}

/// Which objects of a kind are looked at.
#[derive(Default)]
struct Users<'a> {
    /// Where they are.
    orgs: BTreeSet<&'a str>,
    /// Whether what their scripts name counts.
    by_name: bool,
}

impl Users<'_> {
    /// The objects, read if they have not been, those that are not `known` with all that counts; none where the token may read none.
    async fn list(
        &self,
        client: &Client,
        kind: Kind,
        snapshot: &Snapshot,
        known: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Vec<Object>, ApiError> {
        let parts = kind.scripts_in_parts().filter(|_| self.by_name);
        if let Some(view) = snapshot.kinds.get(&kind).filter(|_| parts.is_none()) {
            return Ok(view.objects.values().cloned().collect());
        }
        let orgs: Vec<&str> = self.orgs.iter().copied().collect();
        let scope = ReadScope { field: &|field| parts == Some(field), object: &|id, _| !known(id) };
        match kind.list(client, &orgs, scope).await {
            Err(error) if matches!(error.class, Class::Denied | Class::NotFound) => Ok(Vec::new()),
            objects => objects,
        }
    }
}
