//! `fluxform forget`.

use std::collections::BTreeMap;

use super::record::{Decided, Recording, Words, record};
use super::shell::Shell;
use super::show::chosen as chosen_of;
use super::{Ended, applies, project};
use crate::address::{Address, few};
use crate::diagnostic::{Code, Diagnostic};
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

/// What the next apply would do to what is forgotten and still declared.
fn still_declared(chosen: &BTreeMap<&Address, Option<&Entry>>, manifest: &Manifest) -> Vec<Diagnostic> {
    let declared =
        chosen.iter().filter_map(|(address, entry)| Some((address, entry, manifest.resources.get(*address)?)));
    declared
        .filter(|(.., resource)| !resource.external)
        .map(|(address, entry, resource)| {
            let again = match address.kind.spec().key {
                _ if manifest.imports.contains_key(*address) => "its [[import]] takes it over again in the next apply",
                Key::Name(_) | Key::LoneName if manifest.policy.adopt => "the next apply takes it over again",
                Key::Name(_) | Key::LoneName => "the next plan is refused, unless --adopt takes it over again",
                Key::None => "the next apply creates another one",
            };
            let made = entry.is_some_and(|entry| entry.origin == Origin::Created);
            let help = if made {
                "remove its table, or add `external = true`; otherwise it counts as adopted, and is not deleted"
            } else {
                "remove its table, or add `external = true`"
            };
            let message = format!("{address} is still declared: {again}");
            Diagnostic::warning(Code::ForgetDeclared, message).at(resource.place.clone(), "declared here").help(help)
        })
        .collect()
}
