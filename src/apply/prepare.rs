//! What an apply needs of this machine, looked at before anything is written: secrets to read, sinks to write.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::diff::{Action, Change};
use crate::exit::{Exit, Problem};
use crate::manifest::{Manifest, Resource};
use crate::plan::Plan;
use crate::secret::{Access, Secret};
use crate::value::Value;

/// The passwords that a plan sets.
pub type Passwords = BTreeMap<Address, Secret>;

/// Reads each password that the plan sets, and tries whether each sink that it delivers to could be written.
///
/// # Errors
/// All that cannot be read or written, each with its place.
pub async fn prepare(plan: &Plan, manifest: &Manifest, access: Access) -> Result<Passwords, Vec<Problem>> {
    let mut passwords = Passwords::new();
    let mut problems = Vec::new();
    for change in &plan.changes {
        let makes = matches!(change.action, Action::Create | Action::Replace);
        let Some(resource) = manifest.resources.get(&change.address) else {
            continue;
        };
        match resource.fields.get("password") {
            Some(Value::Source(source)) if makes || sets_password(change) => {
                match source.within(manifest.root.path()).resolve(access).await {
                    Ok(secret) => {
                        passwords.insert(change.address.clone(), secret);
                    }
                    Err(error) => problems.push(problem(change, resource, "password", &error.to_string())),
                }
            }
            _ => {}
        }
        match resource.fields.get("deliver") {
            Some(Value::Sinks(sinks)) if makes && change.address.kind.spec().delivers => {
                for sink in sinks {
                    if let Err(error) = sink.within(manifest.root.path()).probe(access).await {
                        problems.push(problem(change, resource, "deliver", &error.to_string()));
                    }
                }
            }
            _ => {}
        }
    }
    if problems.is_empty() { Ok(passwords) } else { Err(problems) }
}

/// Whether an update sets the password anew.
fn sets_password(change: &Change) -> bool {
    change.action == Action::Update && change.fields.iter().any(|field| field.field == "password_version")
}

fn problem(change: &Change, resource: &Resource, field: &'static str, words: &str) -> Problem {
    let (code, label) = match field {
        "password" => ("secret::source", "gives no secret"),
        _ => ("secret::sink", "cannot take a secret"),
    };
    let diagnostic = Diagnostic::error(code, format!("{}: {words}", change.address))
        .at(resource.place_of(field).clone(), label)
        .help("nothing was written to the server");
    Problem { exit: Exit::Secret, diagnostic }
}
