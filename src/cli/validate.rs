//! `fluxform validate`.

use clap::builder::NonEmptyStringValueParser;

use super::connection::home_org;
use super::several::{Choices, Outcome, for_each_project};
use super::shell::{PlanFormat, Shell};
use super::{Ended, project};
use crate::problem::Problems;
use crate::render::{self, Comment, Page, Valid};

/// Check the manifests without a server
///
/// Reads the manifests, expands variables and `for_each`, and reports every mistake with its place. Starts no process,
/// reads no secret, and needs no server.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    projects: Choices,
    /// The name of the home org, where references across orgs depend on it [default: [server].org, INFLUX_ORG]
    #[arg(long, value_name = "ORG", value_parser = NonEmptyStringValueParser::new())]
    org: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: PlanFormat,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let each = async |choice: &project::Choice| {
        let project = choice.load(shell)?;
        if let Some(org) = home_org(arguments.org.as_deref(), &project.manifest.server, &shell.around) {
            Problems::none(project.manifest.in_different_orgs(&org.value))?;
        }
        let (name, count) = (project.manifest.project.clone(), project.manifest.resources.len());
        let human = shell.human(arguments.format, |look| {
            let mut page = Page::new(look);
            page.say(format_args!("The project `{name}` is valid: {}.", render::count(count, "resource"))).end();
            page.finish()
        });
        let valid = Valid { project: name, resources: count, warnings: project.warnings };
        // Freeing a large project takes a while, and nobody waits for it.
        std::thread::spawn(move || drop(project.manifest));
        Ok(Outcome { human, valid: Some(valid), ..Outcome::default() })
    };
    for_each_project(shell, (arguments.format, Comment::Validate), &arguments.projects, each).await
}
