//! What an apply needs of this machine, looked at before anything is written: secrets to read, sinks to write.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use crate::address::Address;
use crate::api::Writer;
use crate::confine::Root;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change};
use crate::field::{Field, SecretRule, Type};
use crate::kind::Secrets;
use crate::manifest::{Manifest, Resource};
use crate::plan::Plan;
use crate::problem::{Problem, Problems};
use crate::secret::{Access, Resolved, SecretError, Sink, SinkError, Source};
use crate::value::Value;

/// The secrets that a plan sets.
pub type PlanSecrets = BTreeMap<Address, Secrets>;

/// What an apply needs of this machine.
#[derive(Debug, Default)]
pub struct Prepared {
    /// The secrets that the plan sets.
    pub secrets: PlanSecrets,
    /// What is to be said of secrets and of where they go.
    pub warnings: Vec<Diagnostic>,
}

/// Reads each secret that the plan sets, and tries whether each sink that it delivers to could be written.
///
/// # Errors
/// All that cannot be read or written, each with its place.
pub async fn prepare(plan: &Plan, manifest: &Manifest, writer: &Writer) -> Result<Prepared, Problems> {
    let access = writer.secrets();
    let mut prepared = Prepared::default();
    let mut problems = Vec::new();
    for change in &plan.changes {
        let makes = matches!(change.action, Action::Create | Action::Replace);
        let Some(resource) = manifest.resources.get(&change.address) else {
            continue;
        };
        for field in change.address.kind.spec().fields {
            let (Some(value), rule) = (resource.fields.get(field.name), field.secret) else { continue };
            for (at, source) in value.sources(field.name) {
                let sets = |rule: &SecretRule| change.action == Action::Update && change.sets_secret(field, *rule, &at);
                let Some(rule) = rule.filter(|rule| makes || sets(rule)) else { continue };
                match read(source, rule, manifest, access).await {
                    Ok(Resolved { secret, notice }) => {
                        writer.conceal(&secret);
                        prepared.secrets.entry(change.address.clone()).or_default().insert(at, secret);
                        prepared.warnings.extend(notice.map(|words| warning(change, resource, field, &words)));
                    }
                    Err(Unread { words, said, hint }) => {
                        let problem = problem(change, resource, field, &words, writer.without_token(&said));
                        let diagnostic = problem.diagnostic.help_known(hint);
                        problems.push(Problem { diagnostic, ..problem });
                    }
                }
            }
            let Value::Sinks(sinks) = value else { continue };
            for sink in sinks.iter().filter(|_| makes && change.address.kind.delivers()) {
                match probe(sink, &manifest.root, access).await {
                    Ok(notice) => {
                        prepared.warnings.extend(notice.map(|words| warning(change, resource, field, &words)));
                    }
                    Err(error) => problems.push(problem(change, resource, field, &error.to_string(), Vec::new())),
                }
            }
        }
    }
    // It is true of all of them, and said once.
    if let Some(last) = problems.last_mut() {
        let help = last.diagnostic.help.take().into_iter().chain(["nothing was written to the server".to_owned()]);
        last.diagnostic.help = Some(help.collect::<Vec<_>>().join("; "));
    }
    Problems::none(problems).map(|()| prepared)
}

async fn probe(sink: &Sink, root: &Root, access: Access) -> Result<Option<String>, SinkError> {
    sink.within(root)?.probe(access).await
}

/// Why a secret could not be read.
struct Unread {
    words: String,
    /// What a command has written.
    said: Vec<String>,
    hint: Option<&'static str>,
}

/// Reads a secret that the server takes: what it would refuse is refused before anything is written.
async fn read(source: &Source, rule: SecretRule, manifest: &Manifest, access: Access) -> Result<Resolved, Unread> {
    let unread =
        |error: SecretError| Unread { words: error.to_string(), said: error.said().to_vec(), hint: error.hint() };
    let read = source.resolve(&manifest.root, &manifest.sensitive, access).await.map_err(unread)?;
    let (least, most) = rule.bytes;
    let words = match read.secret.expose_secret().len() {
        short if short < least => format!("the secret has {short} bytes, but must have at least {least}"),
        long if long > most => format!("the secret has {long} bytes, but must have at most {most}"),
        _ => return Ok(read),
    };
    Err(Unread { words, said: Vec::new(), hint: None })
}

fn warning(change: &Change, resource: &Resource, field: &Field, words: &str) -> Diagnostic {
    let code = if field.ty == Type::Sinks { Code::SecretSink } else { Code::SecretSource };
    Diagnostic::warning(code, format!("{}: {words}", change.address)).at(resource.place_of(field.name).clone(), "here")
}

fn problem(change: &Change, resource: &Resource, field: &Field, words: &str, said: Vec<String>) -> Problem {
    let (code, label) = match field.ty {
        Type::Sinks => (Code::SecretSink, "cannot receive a secret"),
        _ => (Code::SecretSource, "provides no secret that the server accepts"),
    };
    let diagnostic = Diagnostic::error(code, format!("{}: {words}", change.address))
        .at(resource.place_of(field.name).clone(), label)
        .output(said);
    diagnostic.into()
}
