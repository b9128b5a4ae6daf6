//! The object that an `[[import]]` names.

use super::find::{Finder, Found};
use super::unfound::Foreign;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::{Kind, Level, Object, Standing};
use crate::ledger::Entry;
use crate::manifest::Import;
use crate::problem::Problem;
use crate::snapshot::View;

impl<'a> Finder<'a> {
    /// Whether what the ledger has under `address` is what the import names: then it is done.
    pub(super) fn imported_already(&self, address: &Address, import: &Import, entry: &Entry) -> Result<(), Problem> {
        if entry.id == import.id {
            return Ok(());
        }
        let message = format!("{address} cannot be the object {}: this project owns {} there", import.id, entry.id);
        let help = format!(
            "{}if it is intended, forget the other object first: `fluxform forget {address}`",
            if import.place.is_some() { "remove the [[import]]; " } else { "" }
        );
        Err(problem(import, Code::ImportAnotherObject, message, &help))
    }

    /// The object that an import to `address` names, which nobody owns yet.
    pub(super) fn find_imported(
        &self,
        address: &Address,
        import: &Import,
        org: Option<&str>,
        view: &'a View,
    ) -> Result<Found<'a>, Problem> {
        let (kind, id) = (address.kind, &import.id);
        let object = match view.look(id) {
            Ok(Some(object)) => object,
            Ok(None) => return Err(self.absent(address, import)),
            Err(words) => {
                let message = format!("cannot read the {kind} {id}, which {address} imports: {words}");
                let help = "use a token that may read it";
                return Err(problem(import, Code::ImportUnreadable, message, help));
            }
        };
        if let Some(owner) = self.owner(kind, id) {
            let message = format!("the {kind} {id} is already {owner}, and cannot be {address} too");
            let or = if import.place.is_some() { ", or remove the [[import]]" } else { "" };
            let help = format!("write a `[[moved]]` from {owner} to {address} instead{or}");
            return Err(problem(import, Code::ImportOwned, message, &help));
        }
        if let Some(project) = self.foreign.get(&(kind, id.clone())) {
            let foreign = Foreign { object, project, is_first: !self.ledger.found };
            return Err(foreign.of(address, import.place.as_ref()));
        }
        let refer = "to refer to it, add `external = true`: it is looked up, never changed";
        if let Some(runs) = object.runs() {
            let message = format!("the {kind} {id} runs {runs}, and is never managed by itself");
            let help = "declare that, and import its own ID: the task comes, changes and goes with it";
            return Err(problem(import, Code::ImportSystem, message, help));
        }
        let refused = match object.standing {
            Standing::Ordinary => None,
            Standing::System => Some(("is one of InfluxDB's own, and is never managed", Some(refer))),
            Standing::Record => Some(("is the ledger or the lock of a project, and is never managed", None)),
        };
        if let Some((whose, refer)) = refused {
            let remove = import.place.as_ref().map(|_| "remove the [[import]]");
            let help = Vec::from_iter(remove.into_iter().chain(refer)).join("; ");
            let message = format!("the {kind} {:?} ({id}) {whose}", object.name);
            return Err(problem(import, Code::ImportSystem, message, &help));
        }
        if kind.spec().level == Level::Org && object.org.as_deref() != org {
            return Err(self.elsewhere(address, import, object, org));
        }
        Ok(Found::Imported(object))
    }

    /// The address that this project's ledger has the object under.
    fn owner(&self, kind: Kind, id: &str) -> Option<&Address> {
        self.entries
            .iter()
            .find(|(address, (_, entry))| address.kind == kind && entry.id == id)
            .map(|(address, _)| address)
    }

    fn absent(&self, address: &Address, import: &Import) -> Problem {
        let (kind, id) = (address.kind, &import.id);
        match self.snapshot.of_another_kind.get(id) {
            Some(other) => {
                let message = format!("{id} is the ID of another kind of object, {other}: {address} cannot import it");
                let help =
                    format!("declare it as `[{other}.{}]`, or write the ID of an object of kind {kind}", address.key);
                problem(import, Code::ImportAnotherKind, message, &help)
            }
            None => {
                let message = format!("the server has no {kind} {id}, which {address} imports");
                let help = match import.place {
                    Some(_) => "write the ID of an existing object; without the [[import]], a new one is created",
                    None => {
                        "give the ID of an existing object: `fluxform plan --unmanaged` lists those that no project owns"
                    }
                };
                problem(import, Code::ImportAbsent, message, help)
            }
        }
    }

    fn elsewhere(&self, address: &Address, import: &Import, object: &Object, org: Option<&str>) -> Problem {
        let called = |id: &str| {
            let orgs = Kind::ALL.iter().filter(|kind| kind.spec().level == Level::Server);
            let org = orgs.filter_map(|kind| self.snapshot.object(*kind, id)).next();
            org.map_or(id.to_owned(), |org| format!("{:?} ({id})", org.name))
        };
        let theirs = object.org.as_deref().map_or("no org".to_owned(), |org| format!("the org {}", called(org)));
        let ours = org.map_or("an org that does not exist yet".to_owned(), |org| format!("the org {}", called(org)));
        let (kind, id) = (address.kind, &import.id);
        let message = format!("the {kind} {id} is in {theirs}, and {address} is declared in {ours}");
        let help = "set `org` to the object's org: objects cannot move between orgs";
        problem(import, Code::ImportAnotherOrg, message, help)
    }
}

fn problem(import: &Import, code: Code, message: String, help: &str) -> Problem {
    let help = Some(help).filter(|help| !help.is_empty());
    Diagnostic::error(code, message).at_known(import.place.as_ref(), "imported here").help_known(help).into()
}
