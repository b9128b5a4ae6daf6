//! `fluxform forget`.

use std::collections::BTreeMap;

use super::record::{Decided, Recording, Words, record};
use super::shell::Shell;
use super::show::chosen as chosen_of;
use super::{Ended, applies, project};
use crate::address::{Address, few};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::diff::{Action, Change, Reason, Target};
use crate::kind::Key;
use crate::ledger::{Entry, Ledger, Origin, Update};
use crate::manifest::Manifest;
use crate::problem::Problem;

/// Remove resources from the ledger; their objects stay on the server
///
/// The objects stay as they are, and the project no longer changes or deletes them, even if `prevent_destroy` is set.
/// Remove their tables from the manifests too, or declare them `external`: what is still declared, the next plan refuses without
/// --adopt, or creates again where nothing has a unique name.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The resource, such as bucket.raw; `*` matches any characters, as in 'bucket.*'
    #[arg(value_name = "ADDRESS", value_parser = super::shell::addresses)]
    address: String,
    #[command(flatten)]
    project: project::Choice,
    #[command(flatten)]
    pub(super) flags: Recording,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    let show = applies::like(&["show", &arguments.address], &arguments.project, &arguments.flags.connection);
    let words = Words {
        command: "forget",
        question: "Forget these?",
        preview: format!("{show} lists what would be forgotten"),
        nothing: "Nothing to forget.".to_owned(),
        values: false,
    };
    let warned = std::cell::Cell::new(false);
    record(shell, &project, &arguments.flags, &words, async |session| {
        let (ledger, state) = session.ledger(&project.manifest).await?;
        let chosen = chosen(&arguments.address, &ledger)?;
        leaves_nothing(&chosen)?;
        if !warned.replace(true) {
            shell.show(&still_declared(&chosen, &project.manifest));
        }
        let updates = chosen
            .keys()
            .flat_map(|address| [Update::Remove((*address).clone()), Update::ClearIntent((*address).clone())]);
        let changes = chosen.iter().map(|(address, entry)| change(address, *entry)).collect();
        Ok(Decided { updates: updates.collect(), changes, state })
    })
    .await
}

/// The addresses that are meant, with what the ledger has of them: nothing for what a run was about to make.
fn chosen<'a>(pattern: &str, ledger: &'a Ledger) -> Result<BTreeMap<&'a Address, Option<&'a Entry>>, Problem> {
    let entries = ledger.entries.iter().map(|(address, entry)| (address, Some(entry)));
    let mut all: BTreeMap<&Address, Option<&Entry>> = ledger.intents.keys().map(|address| (address, None)).collect();
    all.extend(entries);
    chosen_of(&all, pattern).map_err(|near| {
        let mut problem = Problem::new(Code::ForgetUnknown, format!("the project owns nothing named {pattern}"));
        problem.diagnostic.help = Some(near);
        problem
    })
}

/// What something has replaced is only known here: nobody would ever delete it.
fn leaves_nothing(chosen: &BTreeMap<&Address, Option<&Entry>>) -> Result<(), Problem> {
    let left: Vec<(&Address, &Entry)> = chosen
        .iter()
        .filter_map(|(address, entry)| Some((*address, entry.filter(|entry| !entry.predecessors.is_empty())?)))
        .collect();
    let Some((address, entry)) = left.first() else { return Ok(()) };
    let ids = few(&entry.predecessors);
    let more = if left.len() > 1 {
        format!(" (and so has {})", few(left[1..].iter().map(|(address, _)| address)))
    } else {
        String::new()
    };
    let message = format!("{address} has replaced what still works (ID {ids}){more}, and nobody would delete that");
    let help = format!(
        "apply once more after its overlap has ended, and then forget {address}; or delete it at once: set `overlap = \"0s\"` and apply"
    );
    let mut problem = Problem::new(Code::ForgetPredecessors, message);
    problem.diagnostic.help = Some(help);
    Err(problem)
}

fn change(address: &Address, entry: Option<&Entry>) -> Change {
    let target = |entry: &Entry| Target { id: entry.id.clone(), org: entry.org.clone(), name: entry.name.clone() };
    Change {
        object: entry.map(target),
        origin: entry.map(|entry| entry.origin),
        ..Change::blank(address, Action::Forget, Reason::NotDeclared)
    }
}

/// What the next apply would do to what is forgotten and still declared: once for all that it does the same to.
fn still_declared(chosen: &BTreeMap<&Address, Option<&Entry>>, manifest: &Manifest) -> Vec<Diagnostic> {
    let mut groups: BTreeMap<(Again, bool), Vec<(&Address, &Place)>> = BTreeMap::new();
    for (address, entry) in chosen {
        let Some(resource) = manifest.resources.get(*address).filter(|resource| !resource.external) else { continue };
        let made = entry.is_some_and(|entry| entry.origin == Origin::Created);
        groups.entry((again(address, manifest), made)).or_default().push((address, &resource.place));
    }
    groups.into_iter().map(|((again, made), members)| warning(again, made, &members)).collect()
}

/// How what is forgotten comes back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Again {
    Imported,
    Adopted,
    Refused,
    Created,
}

fn again(address: &Address, manifest: &Manifest) -> Again {
    match address.kind.spec().key {
        _ if manifest.imports.contains_key(address) => Again::Imported,
        Key::Name(_) | Key::LoneName if manifest.policy.adopt => Again::Adopted,
        Key::Name(_) | Key::LoneName => Again::Refused,
        Key::None => Again::Created,
    }
}

fn warning(again: Again, made: bool, members: &[(&Address, &Place)]) -> Diagnostic {
    let one = members.len() == 1;
    let again = match (again, one) {
        (Again::Imported, true) => "its [[import]] takes it over again in the next apply",
        (Again::Imported, false) => "their [[import]] tables take them over again in the next apply",
        (Again::Adopted, true) => "the next apply takes it over again",
        (Again::Adopted, false) => "the next apply takes them over again",
        (Again::Refused, true) => "the next plan is refused, unless --adopt takes it over again",
        (Again::Refused, false) => "the next plan is refused, unless --adopt takes them over again",
        (Again::Created, true) => "the next apply creates another one",
        (Again::Created, false) => "the next apply creates others",
    };
    let help = match (made, one) {
        (true, true) => {
            "remove its table, or add `external = true`; otherwise it counts as adopted, and is not deleted"
        }
        (true, false) => {
            "remove their tables, or add `external = true`; otherwise they count as adopted, and are not deleted"
        }
        (false, true) => "remove its table, or add `external = true`",
        (false, false) => "remove their tables, or add `external = true`",
    };
    let (are, label) = if one { ("is", "declared here") } else { ("are", "the first is declared here") };
    let named = few(members.iter().map(|(address, _)| address));
    let message = format!("{named} {are} still declared: {again}");
    let (_, place) = members[0];
    Diagnostic::warning(Code::ForgetDeclared, message).at(place.clone(), label).help(help)
}
