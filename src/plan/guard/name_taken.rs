//! A new name is one that nothing else has.

use std::collections::BTreeMap;

use super::{Written, refuse};
use crate::address::Address;
use crate::diagnostic::Code;
use crate::diff::{Action, Change};
use crate::kind::{Holder, NaturalKey};
use crate::ledger::{Entry, Ledger};
use crate::problem::Problem;
use crate::snapshot::Snapshot;

const OTHER_ORG: &str =
    "InfluxDB keeps these names unique on the whole server: choose another name, or delete the other one first";
const UNSEEN: &str = "InfluxDB keeps these names unique on the whole server, also those of what was left of a deleted user or org: \
                      choose another name, or let somebody delete the other one who may see it";

/// The server would refuse it, after a part of the plan was done. What these same changes rename or take away counts as gone.
pub(super) fn refusal(
    change: &Change,
    changes: &[Change],
    snapshot: &Snapshot,
    written: Written<'_>,
) -> Option<Problem> {
    let (kind, own) = (change.address.kind, change.object.as_ref());
    let new_name = change_of_name(change);
    // Of two of one name, the server takes changes of neither.
    let own_name = || Some(own.filter(|_| kind.spec().races && change.action == Action::Update)?.name.clone());
    let renames = new_name.is_some();
    let name = new_name.or_else(own_name)?;
    let wanted = NaturalKey::unique(kind, change.org.as_deref(), &name)?;
    let goes = |id: &str| {
        let same = |other: &&Change| other.address.kind == kind && other.object.as_ref().is_some_and(|of| of.id == id);
        let frees = |other: &Change| other.action == Action::Delete || change_of_name(other).is_some();
        changes.iter().find(same).is_some_and(frees)
    };
    let taken = snapshot.kinds.get(&kind)?.objects.values().find(|object| {
        let same = NaturalKey::unique(kind, object.org.as_deref(), &object.name).as_ref() == Some(&wanted);
        same && own.is_none_or(|own| own.id != object.id) && !goes(&object.id)
    })?;
    let (does, help) = match renames {
        true => (format!("named {name:?}"), "choose another name, or rename or delete the other one first"),
        false => ("changed".to_owned(), "delete the other one first: InfluxDB takes no change of two of one name"),
    };
    let has = if renames { "that name".to_owned() } else { format!("its name, {name:?}, too") };
    let message = format!("{} cannot be {does}: another {kind} has {has} (ID {})", change.address, taken.id);
    Some(at_its_name(refuse(Code::GuardNameTaken, message, help), change, written))
}

/// The same where the server hides what has the name, which this project has made.
pub(super) fn by_hidden(
    change: &Change,
    (snapshot, ledger): (&Snapshot, &Ledger),
    written: Written<'_>,
) -> Option<Problem> {
    let (address, kind) = (&change.address, change.address.kind);
    let (needed, name) = (kind.spec().hidden_without?, change.new_name()?);
    let wanted = NaturalKey::unique(kind, change.org.as_deref(), &name)?;
    let has_it = |entry: &Entry| {
        let same = NaturalKey::unique(kind, entry.org.as_deref(), &entry.name).as_ref() == Some(&wanted);
        same && snapshot.hides(kind, &entry.id)
    };
    let (_, hidden) = ledger.entries.iter().find(|(of, entry)| of.kind == kind && has_it(entry))?;
    let message = format!(
        "{address} cannot be named {name:?}: a {kind} has that name whose {needed} was deleted on the server (ID {})",
        hidden.id
    );
    let help = format!(
        "InfluxDB hides such a {kind} and keeps its name, and no request changes or deletes it: give {address} another name"
    );
    Some(at_its_name(refuse(Code::GuardNameTaken, message, &help), change, written))
}

/// The same where no list of the orgs of the project shows what has the name.
pub(super) fn by_others(change: &Change, taken: &BTreeMap<Address, Holder>, written: Written<'_>) -> Option<Problem> {
    let (address, kind) = (&change.address, change.address.kind);
    let (name, holder) = (change.new_name()?, taken.get(address)?);
    let (has, help) = match holder {
        Holder::Nobody => return None,
        Holder::Seen(object) => {
            let org = object.org.as_deref().unwrap_or("none");
            (format!("another {kind} has that name (ID {}, in the org with the ID {org})", object.id), OTHER_ORG)
        }
        Holder::Unseen => (format!("a {kind} that this token does not see has that name"), UNSEEN),
    };
    let message = format!("{address} cannot be named {name:?}: {has}");
    Some(at_its_name(refuse(Code::GuardNameTaken, message, help), change, written))
}

fn at_its_name(mut problem: Problem, change: &Change, written: Written<'_>) -> Problem {
    let place = written.resources.get(&change.address).map(|resource| resource.place_of_name(change.address.kind));
    problem.diagnostic = problem.diagnostic.at_known(place, "taken");
    problem
}

/// What a change renames its object to, or names it where it might collide with what is in another org.
fn change_of_name(change: &Change) -> Option<String> {
    let names = match change.action {
        Action::Update | Action::Replace => true,
        Action::Create => change.address.kind.spec().unique_everywhere,
        _ => false,
    };
    change.new_name().filter(|_| names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Reason, Target};
    use crate::kind::{Kind, Object, Standing};
    use crate::snapshot::{Sight, View};
    use crate::value::Fields;

    /// What is said against an update of the first of the objects of `kind` that the server has, all with one name.
    fn said(kind: Kind, objects: usize) -> Option<String> {
        let object = |n: usize| {
            let (id, name, fields) = (format!("{n:016x}"), "db/rp".to_owned(), Fields::default());
            let standing = Standing::Ordinary;
            (id.clone(), Object { id, org: None, name, created: None, fields, standing, user: None })
        };
        let objects = (1..=objects).map(object).collect();
        let view = View { sight: Sight::Complete, objects, missing: [].into() };
        let snapshot = Snapshot { kinds: [(kind, view)].into(), ..Snapshot::default() };
        let own = Target { id: format!("{:016x}", 1), org: None, name: "db/rp".into() };
        let address = format!("{kind}.x").parse().expect("an address");
        let change = Change { object: Some(own), ..Change::blank(&address, Action::Update, Reason::Differs) };
        let written = Written { resources: &[].into(), imports: &[].into() };
        refusal(&change, std::slice::from_ref(&change), &snapshot, written).map(|problem| problem.diagnostic.message)
    }

    #[test]
    fn what_has_a_twin_is_not_changed_where_the_server_takes_no_change_of_it() {
        assert_eq!(said(Kind::Dbrp, 1), None);
        let twin = said(Kind::Dbrp, 2);
        let words = "dbrp.x cannot be changed: another dbrp has its name, \"db/rp\", too (ID 0000000000000002)";
        assert_eq!(twin.as_deref(), Some(words));
        assert_eq!(said(Kind::Bucket, 2), None);
    }
}
