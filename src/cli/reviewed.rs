//! A plan that was saved, reviewed, and is to be applied if it is still the plan.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::applies::argument;
use super::pipeline::Planned;
use super::project::Project;
use super::session::Session;
use crate::address::few;
use crate::diagnostic::{Code, Diagnostic, Group};
use crate::diff::Action;
use crate::manifest::Manifest;
use crate::plan::{self, Difference, Plan, Saved};
use crate::problem::{Problem, Problems};

/// A plan that was saved, and its file.
#[derive(Debug)]
pub(super) struct Reviewed {
    path: PathBuf,
    saved: Saved,
}

/// As much of a message as is surely in a file.
fn first(message: &str) -> &str {
    let end = message.char_indices().nth(200).map_or(message.len(), |(at, _)| at);
    &message[..end]
}

fn stale(code: Code, message: String, help: &str) -> Problem {
    Problem::new(code, message).help(help)
}

impl Reviewed {
    /// The plan in the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, Problem> {
        Ok(Self { path: path.to_owned(), saved: plan::read(path)? })
    }

    /// That the file does not agree to what these refusals ask for, where flags would.
    pub(super) fn no_consent(&self, refusals: &[Problem]) -> Option<Problem> {
        let flag = |code: Code| match code {
            Code::GuardAdoption => Some("--adopt"),
            Code::GuardDataLoss => Some("--allow-data-loss"),
            Code::GuardEmpty => Some("--allow-empty"),
            _ => None,
        };
        let flags: BTreeSet<_> = refusals.iter().filter_map(|problem| flag(problem.diagnostic.code)).collect();
        if flags.is_empty() {
            return None;
        }
        let flags = Vec::from_iter(flags).join(" and ");
        let message = format!("{} cannot give consent, because anybody may have written it", self.path.display());
        let help = format!("if it is intended, use {flags} with this command too");
        Some(Problem::from(Diagnostic::error(Code::PlanNoConsent, message).help(help)))
    }

    /// Whether it is a plan of this project.
    pub(super) fn of_project(&self, project: &Project) -> Result<(), Problem> {
        let (planned, declared) = (&self.saved.plan.project, &project.manifest.project);
        if planned == declared {
            return Ok(());
        }
        let path = self.path.display();
        let message = format!("{path} is a plan of the project `{planned}`, but this project is `{declared}`");
        Err(stale(Code::PlanOtherProject, message, "add the directory of that project after the plan file"))
    }

    /// Whether it was made on the server and for the org of this session.
    pub(super) fn made_on(&self, session: &Session) -> Result<(), Problem> {
        let (then, now) = (&self.saved.origin, session.origin());
        let same_org = match (&then.org_id, &session.home) {
            (Some(then), Some(now)) => then == now,
            (Some(_), None) => false,
            // The apply makes the org, or the whole server.
            (None, _) => then.org == now.org,
        };
        if then.server == now.server && same_org {
            return Ok(());
        }
        let shown = |origin: &plan::Origin| match &origin.org_id {
            Some(id) => format!("{}, org {} (ID {id})", origin.server, origin.org),
            None => format!("{}, org {}", origin.server, origin.org),
        };
        let message =
            format!("{} is a plan for {}, but this run uses {}", self.path.display(), shown(then), shown(&now));
        Err(stale(Code::PlanOtherServer, message, "plan again on the server that you want to change"))
    }

    /// The plan.
    pub(super) const fn plan(&self) -> &Plan {
        &self.saved.plan
    }

    /// In what `now` is another plan.
    pub(super) fn difference(&self, now: &Plan) -> Vec<Difference> {
        plan::difference(&self.saved.plan, now)
    }

    /// What the file does not say of the plan that is made anew now, and whoever reviewed it has not read: a warning of the manifests, or
    /// what `[policy]` lets pass.
    pub(super) fn unsaid(&self, now: &Plan, warnings: &[Diagnostic]) -> Option<Problem> {
        let Plan { warnings: said, allowed, .. } = &self.saved.plan;
        let path = self.path.display();
        let help = "nothing was written; somebody may have edited the file: make a new plan with `fluxform plan --out FILE`, and review \
                    that";
        if let Some(now) = now.allowed.iter().find(|now| !allowed.contains(now)) {
            let addresses = few(now.addresses.iter().map(ToString::to_string));
            let message = format!("{path} does not say that [policy] allows {} of {addresses}", now.what);
            return Some(stale(Code::ApplyStale, message, help));
        }
        // What a file says has its place behind it, and may be cut there.
        let is_like = |said: &Diagnostic, now: &Diagnostic| {
            said.code == now.code && said.message.starts_with(first(&now.message))
        };
        let count = |list: &[Diagnostic], of: &Diagnostic| list.iter().filter(|one| is_like(one, of)).count();
        let mut lasting = warnings.iter().filter(|warning| warning.code.group() != Group::Policy);
        let unsaid = lasting.find(|warning| count(said, warning) < count(warnings, warning))?;
        let message = format!("{path} does not have the warning {}: {}", unsaid.code, unsaid.message);
        Some(stale(Code::ApplyStale, message, help))
    }

    /// What to do where there is no project in `dir`, which nobody may have named.
    pub(super) fn without_project(&self, problems: Problems, dir: &Path) -> Problems {
        let absent = |problem: &Problem| problem.diagnostic.code == Code::ManifestNoFile;
        if !problems.iter().any(absent) {
            return problems;
        }
        let (path, project) = (self.path.display(), &self.saved.plan.project);
        let message = format!("{path} is a plan of the project `{project}`, and {} has no manifest", dir.display());
        let help = format!(
            "give the directory of `{project}` after the plan file: `fluxform apply {} DIR`",
            argument(&self.path)
        );
        Problem::new(Code::PlanNoProject, message).help(help).into()
    }

    /// Why the plan is not the one that was reviewed, as far as that can be told.
    pub(super) fn stale(&self, now: &Planned, manifest: &Manifest) -> Problem {
        let path = self.path.display();
        let again = "make a new plan with `fluxform plan --out FILE`, and review that";
        let last = now.ledger.last_apply.as_ref();
        if let Some(last) = last.filter(|last| last.plan_digest.as_deref() == Some(&self.saved.plan.digest())) {
            let by = last.by.as_ref().map_or(String::new(), |by| format!(" by {by}"));
            let run = last.run.as_ref().map_or(String::new(), |run| format!(", in {run}"));
            let part = if last.undone > 0 { " in part" } else { "" };
            let message = format!("{path} was already applied{part}, at {}{by}{run}", last.at);
            return match now.plan.writes() {
                false => stale(Code::ApplyApplied, message, "nothing is left to do, and nothing was written"),
                true => {
                    stale(Code::ApplyApplied, message, &format!("nothing was written; for what is to do now, {again}"))
                }
            };
        }
        let differ = self.variables_that_differ(manifest);
        if !differ.is_empty() {
            let names: Vec<_> = differ.iter().map(|name| format!("`{name}`")).collect();
            let message = format!("the plan is not the one that was reviewed: other values of {}", names.join(", "));
            let help = "nothing was written; give the --var, --var-file and FLUXFORM_VAR_... that the plan was made with, or \
                        make a new plan";
            return stale(Code::ApplyStale, message, help);
        }
        if !now.plan.writes() && now.plan.refusals.is_empty() && self.is_declared(manifest) {
            let message = format!("all that is in {path} is done already: it was applied, or somebody did the same");
            return stale(Code::ApplyApplied, message, "nothing is left to do, and nothing was written");
        }
        let differences = self.difference(&now.plan);
        if !differences.is_empty() && differences.iter().all(Difference::is_growth) {
            let grown = few(differences.iter().map(|difference| difference.address.to_string()));
            let message = format!("more would be lost than was reviewed: something still writes into {grown}");
            let help = "nothing was written; stop that first, in an apply of its own (remove the scraper, the task or the tokens that \
                        write), then plan the deletion again";
            return stale(Code::ApplyStale, message, help);
        }
        stale(
            Code::ApplyStale,
            "the plan is not the one that was reviewed: the server, the manifests or the flags of the command line are not what \
             they were"
                .to_owned(),
            &format!("nothing was written; {again}"),
        )
    }

    /// Whether the manifests still declare what the plan was made for.
    fn is_declared(&self, manifest: &Manifest) -> bool {
        let mut changes = self.saved.plan.changes.iter().filter(|change| change.writes());
        changes.all(|change| match (manifest.resources.get(&change.address), change.action) {
            (resource, Action::Delete | Action::Forget) => resource.is_none(),
            (None, _) => false,
            (Some(resource), _) => {
                // The file has no secrets.
                let declared = |field: &str| resource.fields.get(field).cloned().map(|value| value.sealed(field));
                change.fields.iter().all(|field| declared(field.field).as_ref() == Some(&field.wanted))
            }
        })
    }

    /// The variables that had another value when the plan was made, or none, or have none now.
    fn variables_that_differ(&self, manifest: &Manifest) -> BTreeSet<String> {
        let (then, now) = (&self.saved.variables, &manifest.variables);
        then.keys().chain(now.keys()).filter(|name| then.get(*name) != now.get(*name)).cloned().collect()
    }
}
