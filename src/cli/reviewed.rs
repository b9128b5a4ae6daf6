//! A plan that was saved, reviewed, and is to be applied if it is still the plan.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::project::Project;
use super::session::Session;
use crate::diagnostic::Diagnostic;
use crate::exit::{Exit, Problem};
use crate::plan::{self, Difference, Plan, Saved};

/// A plan that was saved, and its file.
#[derive(Debug)]
pub(super) struct Reviewed {
    path: PathBuf,
    saved: Saved,
}

fn stale(code: &'static str, message: String, help: &str) -> Problem {
    Problem { exit: Exit::Stale, diagnostic: Diagnostic::error(code, message).help(help) }
}

impl Reviewed {
    /// The plan in the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, Problem> {
        Ok(Self { path: path.to_owned(), saved: plan::read(path)? })
    }

    /// That the file does not agree to what these refusals ask for, where flags would.
    pub(super) fn no_consent(&self, refusals: &[Problem]) -> Option<Problem> {
        let flag = |code: &str| match code {
            "guard::adoption" => Some("--adopt"),
            "guard::data-loss" => Some("--allow-data-loss"),
            "guard::empty" => Some("--allow-empty"),
            _ => None,
        };
        let flags: BTreeSet<_> = refusals.iter().filter_map(|problem| flag(problem.diagnostic.code)).collect();
        if flags.is_empty() {
            return None;
        }
        let flags = Vec::from_iter(flags).join(" and ");
        let message = format!("{} cannot give consent, because anybody may have written it", self.path.display());
        let help = format!("if it is intended, use {flags} with this command too");
        Some(Problem { exit: Exit::Refused, diagnostic: Diagnostic::error("plan::no-consent", message).help(help) })
    }

    /// Whether it is a plan of this project.
    pub(super) fn of_project(&self, project: &Project) -> Result<(), Problem> {
        let (planned, declared) = (&self.saved.plan.project, &project.manifest.project);
        if planned == declared {
            return Ok(());
        }
        let path = self.path.display();
        let message = format!("{path} is a plan of the project `{planned}`, but this project is `{declared}`");
        Err(stale("plan::other-project", message, "add the directory of that project after the plan file"))
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
        Err(stale("plan::other-server", message, "plan again on the server that you want to change"))
    }

    /// In what `now` is another plan.
    pub(super) fn difference(&self, now: &Plan) -> Vec<Difference> {
        plan::difference(&self.saved.plan, now)
    }
}

/// Says that the plan is not the one that was reviewed.
pub(super) fn changed() -> Problem {
    stale(
        "apply::stale",
        "the plan is no longer the one that was reviewed: the server or the manifests have changed".to_owned(),
        "nothing was written; save a new plan with `fluxform plan --out FILE`, and review it",
    )
}
