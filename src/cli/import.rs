//! `fluxform import`.

use super::plan::{RunOptions, make};
use super::record::{Decided, Recording, Words, record};
use super::shell::Shell;
use super::{Ended, applies, project};
use crate::address::Address;
use crate::apply::adopted;
use crate::diff::Goal;
use crate::exit::Exit;
use crate::kind::Identity;
use crate::plan::Consent;
use crate::problem::{Problem, Problems};

/// Take over one object by its ID
///
/// Records the object with this ID as the resource with this address, whatever the object is called. An `[[import]]` in the
/// manifests does the same. Nothing changes on the server: differences from the manifests are shown, and changed by the
/// next apply.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The resource, such as bucket.raw; the manifests must declare it
    #[arg(value_name = "ADDRESS", value_parser = super::shell::address)]
    address: Address,
    /// The ID of the object: 16 digits, 0-9 and a-f; of a secret its key
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    project: project::Choice,
    #[command(flatten)]
    pub(super) flags: Recording,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let Arguments { address, id, project, flags } = arguments;
    let plan = applies::like(&["plan"], project, &flags.connection);
    let mut project = project.load(shell)?;
    // The server itself calls it by the second part, in the org that is meant unless another is named.
    let id = &match address.kind.spec().identity {
        Identity::OrgAndId | Identity::OrgAndName if !id.contains('/') => {
            format!("{}/{id}", flags.home_org(shell, &project).await?)
        }
        _ => id.clone(),
    };
    let usage = |diagnostic| Problem { exit: Exit::Usage, diagnostic };
    project.manifest.import(address, id).map_err(|diagnostics| Problems::all(diagnostics.into_iter().map(usage)))?;
    let words = Words {
        command: "import",
        question: "Take this object over?",
        preview: format!("write it as an `[[import]]`, and run {plan}"),
        nothing: format!("{address} is already the object {id}: nothing to record."),
        values: true,
    };
    record(shell, &project, flags, &words, async |session| {
        let consent = Consent { adopt: true, ..Consent::default() };
        let options = RunOptions::of(Goal::Declared, consent);
        let planned = make(session, &project, &options).await?;
        let change = planned.plan.changes.iter().find(|change| change.address == *address);
        let this = change.filter(|change| change.object.as_ref().is_some_and(|object| object.id == *id));
        let Some(change) = this else {
            return Err(about(planned.plan.refusals, address, id));
        };
        let update = adopted(change, &project.manifest, &planned.snapshot);
        let changes = update.iter().map(|_| change.clone()).collect();
        Ok(Decided { updates: update.into_iter().collect(), changes, state: planned.state })
    })
    .await
}

/// What keeps this object from being taken over: of all that is wrong, what is said of it.
fn about(problems: Vec<Problem>, address: &Address, id: &str) -> Problems {
    let address = address.to_string();
    let (about, rest): (Vec<_>, Vec<_>) = problems.into_iter().partition(|problem| {
        let message = &problem.diagnostic.message;
        message.contains(&address) || message.contains(id)
    });
    Problems::all(if about.is_empty() { rest } else { about })
}
