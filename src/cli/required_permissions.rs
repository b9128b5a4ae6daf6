//! `fluxform required-permissions`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::builder::NonEmptyStringValueParser;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::connection::{Given, home_org};
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
/// Prints a project that an operator applies: a user and a token that plan, and a
/// user and a token that apply, with the smallest sets of permissions. With
/// `--format json`, the bodies of the requests that create the two tokens; `${...}`
/// in them stands for an ID. Needs no server.
///
///   fluxform required-permissions iot > access/fluxform.toml
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    /// The name of the home org; with `--format json`, its ID will do for a project within that org [default: [server].org,
    /// INFLUX_ORG]
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
    let required = required(manifest, Some(&*home.value).filter(|org| !is_id(org)));
    if let Some(managed) = &required.managed {
        return Err(for_an_operator(manifest, managed).into());
    }
    let declares_orgs = manifest.resources.keys().any(|address| address.kind == Kind::HOME);
    if is_id(&home.value) && (arguments.format == Format::Human || declares_orgs) {
        return Err(no_name(&home).into());
    }
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

/// Says that no set of permissions is enough for what the project manages.
fn for_an_operator(manifest: &Manifest, managed: &Address) -> Diagnostic {
    let message = format!("the project manages {managed}: only an operator may do that, whatever else a token may do");
    Diagnostic::error(Code::TokenOperator, message)
        .at(manifest.resources[managed].place.clone(), "only for an operator")
        .help("apply the project with an operator's token, or put orgs and users into a project of their own")
}

/// Says that it takes the name of the home org to write manifests, and to tell it from other orgs.
fn no_name(home: &Given<String>) -> Problem {
    let message =
        format!("the home org is given by its ID, {} (from {}), and its name is needed", home.value, home.from);
    let diagnostic = Diagnostic::error(Code::ConnectionNoOrg, message);
    Problem { exit: Exit::Usage, diagnostic: diagnostic.help("add `--org NAME`, with the name of this org") }
}

/// So much of a project's name leaves room for what is added to it.
const ROOM: usize = 34;

/// A text as a manifest has it, in which `${` begins an expression.
fn quoted(text: &str) -> String {
    toml::Value::String(text.replace("${", "$${")).to_string()
}

impl Access<'_> {
    /// The address of an org or a user of others: its name, which no other has.
    fn named(&self, address: &Address) -> Address {
        let resource = self.manifest.resources.get(address);
        let name = resource.and_then(|resource| address.kind.name_in(&resource.fields));
        Address::new(address.kind, name.unwrap_or_default())
    }

    fn org(&self, org: &Ref) -> Address {
        org.address().map_or_else(|| Address::new(Kind::HOME, self.home.trim()), |address| self.named(address))
    }

    fn user(&self, run: &str) -> Address {
        Address::new(Kind::User, format!("{}-{run}", self.manifest.project))
    }

    fn rights(&self) -> impl Iterator<Item = &Right> {
        let Required { plan, apply, .. } = &self.required;
        [&plan.read, &plan.write, &apply.read, &apply.write].into_iter().flatten()
    }

    /// All orgs that permissions or roles name.
    fn orgs(&self) -> BTreeSet<&Ref> {
        self.rights().filter_map(Right::org).chain(&self.required.owned).collect()
    }

    /// What is not the printed project's own: orgs, and the users of tokens.
    fn external(&self) -> BTreeSet<Address> {
        let own = ["plan", "apply"].map(|run| self.user(run));
        let users = self.rights().filter_map(Right::user).map(|user| self.named(user));
        let orgs = self.orgs().into_iter().map(|org| self.org(org));
        orgs.chain(users.filter(|user| !own.contains(user))).collect()
    }

    fn project(&self) -> String {
        let Self { manifest, home, required } = self;
        let mut text = format!(
            "# What runs of the project {project} need, and no more. An operator applies this; docs/ci.md explains each scope.\n\n\
             [project]\nname = {name}\n\n[server]\norg = {home}\n",
            project = manifest.project,
            name = quoted(&format!("{:.ROOM$}-access", manifest.project)),
            home = quoted(home),
        );
        for external in self.external() {
            let _ = write!(text, "\n[{external}]\nexternal = true\n");
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
                write!(text, "\n[{}]\nuser = {}\n", Address::new(Kind::Token, &*user.key), quoted(&user.to_string()));
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
            Right::User(of) => of.address().map_or_else(|| user.clone(), |of| self.named(of)).to_string(),
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
                Right::User(_) => {
                    json!({ "type": "users", "id": format!("${{{}}}", self.scope(right, &self.user(run))) })
                }
                Right::OwnUser => json!({ "type": "users", "id": user }),
            };
            json!({ "action": action, "resource": resource })
        };
        let permissions: Vec<_> =
            actions.iter().flat_map(|(action, rights)| rights.iter().map(|right| permission(action, right))).collect();
        let description = self.user(run).key.to_string();
        json!({ "orgID": self.id(&Ref::Home), "userID": user, "description": description, "permissions": permissions })
    }

    /// An org's ID, or what stands for it.
    fn id(&self, org: &Ref) -> String {
        if *org == Ref::Home && is_id(&self.home) { self.home.clone() } else { format!("${{{}}}", self.org(org)) }
    }
}
