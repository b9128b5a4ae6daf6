//! `fluxform required-permissions`.

use std::fmt::Write as _;

use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::connection::home_org;
use super::shell::{Format, Shell};
use super::{Ended, project};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::kind::Kind;
use crate::manifest::Manifest;
use crate::problem::Problem;
use crate::render;
use crate::required::{Needs, Required, Right, required};
use crate::snowflake::is_id;
use crate::value::Ref;

/// Print what the tokens of a project's runs must be allowed to do, and no more
///
/// Prints a project that an operator applies: a user and a token that plan, and a user and a token that apply, with the
/// smallest sets of permissions. With `--format json`, the bodies of the requests that create the two tokens; `${...}` in
/// them stands for an ID. Needs no server.
///
///   fluxform required-permissions iot > access/fluxform.toml
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    /// The name or ID of the home org [default: [server].org, INFLUX_ORG]
    #[arg(long, value_name = "ORG", value_parser = NonEmptyStringValueParser::new())]
    org: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Serialize)]
struct Form {
    #[serde(flatten)]
    head: render::Head,
    plan: Json,
    apply: Json,
    problems: [(); 0],
}

/// What is printed, and the names in it.
struct Access<'p> {
    manifest: &'p Manifest,
    /// The home org's name or ID.
    home: String,
    required: Required,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    let manifest = &project.manifest;
    let Some(home) = home_org(arguments.org.as_deref(), &manifest.server, &shell.around) else {
        let diagnostic = Diagnostic::error(Code::ConnectionNoOrg, "it is not known which org the project is for");
        return Err(Problem { exit: Exit::Usage, diagnostic: diagnostic.help("add `--org ORG`") }.into());
    };
    let required = required(manifest, Some(&*home.value).filter(|org| !is_id(org))).map_err(|managed| Problem {
        exit: Exit::Usage,
        diagnostic: Diagnostic::error(
            Code::CliUsage,
            format!("the project manages {managed}, which only an operator may do"),
        )
        .help("apply it with an operator's token, or put orgs and users into a project of their own"),
    })?;
    let access = Access { manifest, home: home.value, required };
    shell.data(&match arguments.format {
        Format::Human => access.project(),
        Format::Json => render::json(&Form {
            head: render::Head::new(Exit::Ok),
            plan: access.body("plan", &access.required.plan),
            apply: access.body("apply", &access.required.apply),
            problems: [],
        }),
    })?;
    Ok(Exit::Ok)
}

/// A text as a manifest has it, in which `${` begins an expression.
fn quoted(text: &str) -> String {
    toml::Value::String(text.replace("${", "$${")).to_string()
}

impl Access<'_> {
    /// What an org is called: by its name, which no other has, or `home` where that of the home org is not known.
    fn org(&self, org: &Ref) -> Address {
        let key = match self.name(org) {
            Some(name) => name,
            None if self.orgs().into_iter().any(|org| self.name(org).is_some_and(|name| name == "home")) => {
                self.home.clone()
            }
            None => "home".to_owned(),
        };
        Address::new(Kind::HOME, key)
    }

    /// The name of an org; none where it is the home org of which only the ID is known.
    fn name(&self, org: &Ref) -> Option<String> {
        match org.address() {
            Some(address) => {
                let name = Kind::HOME.name_in(&self.manifest.resources.get(address)?.fields)?;
                Some(name.into_owned())
            }
            None => Some(self.home.trim()).filter(|home| !is_id(home)).map(str::to_owned),
        }
    }

    fn user(&self, run: &str) -> Address {
        Address::new(Kind::User, format!("{}-{run}", self.manifest.project))
    }

    /// All orgs that permissions or roles name.
    fn orgs(&self) -> Vec<&Ref> {
        let Required { plan, apply, owned } = &self.required;
        let rights = [&plan.read, &plan.write, &apply.read, &apply.write].into_iter().flatten();
        let mut orgs: Vec<_> = rights.filter_map(Right::org).chain(owned).collect();
        orgs.sort_unstable();
        orgs.dedup();
        orgs
    }

    fn project(&self) -> String {
        let Self { manifest, home, required } = self;
        let mut text = format!(
            "# What runs of the project {project} need, and no more. An operator applies this; docs/ci.md explains each scope.\n\n\
             [project]\nname = {name}\n\n[server]\norg = {home}\n",
            project = manifest.project,
            name = quoted(&format!("{}-access", manifest.project)),
            home = quoted(home),
        );
        for org in self.orgs() {
            let _ = write!(text, "\n[{}]\nexternal = true\n", self.org(org));
            let _ = match self.name(org) {
                Some(name) if org.address().is_some() => writeln!(text, "name = {}", quoted(&name)),
                Some(_) => Ok(()),
                None => writeln!(text, "id = {}", quoted(home)),
            };
        }
        for (run, needs) in [("plan", &required.plan), ("apply", &required.apply)] {
            let user = self.user(run);
            let _ = write!(text, "\n[{user}]\n");
            if run == "apply" && !required.owned.is_empty() {
                let owned: Vec<_> = required.owned.iter().map(|org| quoted(&self.org(org).to_string())).collect();
                let _ = writeln!(
                    text,
                    "# InfluxDB runs tasks with the role of the user that created them.\nowner_of = [{}]",
                    owned.join(", ")
                );
            }
            let _ =
                write!(text, "\n[{}]\nuser = {}\n", Address::new(Kind::Token, &user.key), quoted(&user.to_string()));
            for (field, rights) in [("read", &needs.read), ("write", &needs.write)] {
                let scopes: Vec<_> = rights.iter().map(|right| self.scope(right, &user)).collect();
                if !scopes.is_empty() {
                    let lines: String = scopes.iter().map(|scope| format!("    {},\n", quoted(scope))).collect();
                    let _ = write!(text, "{field} = [\n{lines}]\n");
                }
            }
            let _ = writeln!(text, "deliver = {{ file = \"secrets/{run}.token\" }}");
        }
        text
    }

    /// A right as a scope of a token of `user`.
    fn scope(&self, right: &Right, user: &Address) -> String {
        match right {
            Right::Org(org) => self.org(org).to_string(),
            Right::Type(org, ty) => format!("{}/{ty}", self.org(org)),
            Right::Everywhere(ty) => format!("instance/{ty}"),
            Right::OwnUser => user.to_string(),
        }
    }

    /// The body of the request that creates a token.
    fn body(&self, run: &str, needs: &Needs) -> Json {
        let user = format!("${{{}}}", self.user(run));
        let actions = [("read", &needs.read), ("write", &needs.write)];
        let permission = |action: &str, right: &Right| {
            let resource = match right {
                Right::Org(org) => json!({ "type": "orgs", "id": self.id(org) }),
                Right::Type(org, ty) => json!({ "type": ty, "orgID": self.id(org) }),
                Right::Everywhere(ty) => json!({ "type": ty }),
                Right::OwnUser => json!({ "type": "users", "id": user }),
            };
            json!({ "action": action, "resource": resource })
        };
        let permissions: Vec<_> =
            actions.iter().flat_map(|(action, rights)| rights.iter().map(|right| permission(action, right))).collect();
        let description = self.user(run).key;
        json!({ "orgID": self.id(&Ref::Home), "userID": user, "description": description, "permissions": permissions })
    }

    /// An org's ID, or what stands for it.
    fn id(&self, org: &Ref) -> String {
        if *org == Ref::Home && is_id(&self.home) { self.home.clone() } else { format!("${{{}}}", self.org(org)) }
    }
}
