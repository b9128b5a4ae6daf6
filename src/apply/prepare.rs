//! What an apply needs of this machine, looked at before anything is written: secrets to read, sinks to write.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use crate::address::Address;
use crate::diagnostic::Diagnostic;
use crate::diff::{Action, Change};
use crate::exit::{Exit, Problem};
use crate::field::{Field, SecretRule, Shape};
use crate::manifest::{Manifest, Resource};
use crate::plan::Plan;
use crate::secret::{Access, Secret, Source};
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
        for field in change.address.kind.spec().fields {
            match (resource.fields.get(field.name), field.secret) {
                (Some(Value::Source(source)), Some(rule)) if makes || sets(change, field.name, rule) => {
                    match read(&source.within(manifest.root.path()), rule, access).await {
                        Ok(secret) => {
                            passwords.insert(change.address.clone(), secret);
                        }
                        Err(words) => problems.push(problem(change, resource, field, &words)),
                    }
                }
                (Some(Value::Sinks(sinks)), _) if makes && change.address.kind.spec().delivers => {
                    for sink in sinks {
                        if let Err(error) = sink.within(manifest.root.path()).probe(access).await {
                            problems.push(problem(change, resource, field, &error.to_string()));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    if problems.is_empty() { Ok(passwords) } else { Err(problems) }
}

/// Whether an update sets the secret `field`.
fn sets(change: &Change, field: &str, rule: SecretRule) -> bool {
    change.action == Action::Update && change.fields.iter().any(|one| one.field == field || one.field == rule.again)
}

/// Reads a secret that the server takes: what it would refuse is refused before anything is written.
async fn read(source: &Source, rule: SecretRule, access: Access) -> Result<Secret, String> {
    let secret = source.resolve(access).await.map_err(|error| error.to_string())?;
    let (least, most) = rule.bytes;
    match secret.expose_secret().len() {
        short if short < least => Err(format!("the secret has {short} bytes, and must have at least {least}")),
        long if long > most => Err(format!("the secret has {long} bytes, and must have at most {most}")),
        _ => Ok(secret),
    }
}

fn problem(change: &Change, resource: &Resource, field: &Field, words: &str) -> Problem {
    let (code, label) = match field.shape {
        Shape::Sinks => ("secret::sink", "cannot take a secret"),
        _ => ("secret::source", "gives no secret that the server takes"),
    };
    let diagnostic = Diagnostic::error(code, format!("{}: {words}", change.address))
        .at(resource.place_of(field.name).clone(), label)
        .help("nothing was written to the server");
    Problem { exit: Exit::Secret, diagnostic }
}
