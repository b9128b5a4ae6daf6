//! Which org is the home org: by its name or its ID, also for a token that may not read orgs.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::api::{ApiError, Class, Client};
use crate::cli::connection::{Given, Origin as By};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::exit::Exit;
use crate::kind::{Kind, NaturalKey};
use crate::problem::Problem;
use crate::snowflake::is_id;

#[derive(Deserialize)]
struct Orgs {
    orgs: Vec<Org>,
}

#[derive(Deserialize)]
struct Org {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct Buckets {
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    #[serde(rename = "orgID")]
    org: String,
}

/// The ID of the org that is called `org`, or has that ID.
pub(super) async fn home(client: &Client, said: &Given<String>, makes_home: bool) -> Result<Option<String>, Problem> {
    let org = said.value.as_str();
    let key = |name: &str| NaturalKey::<()>::of(Kind::HOME, None, name);
    if is_id(org) {
        match client.get::<Org>(&format!("/api/v2/orgs/{org}"), &[]).await {
            Ok(found) if found.id == *org => return Ok(Some(found.id)),
            Ok(found) => {
                return Err(strange(format!("the server answers with the org `{}` when asked for {org}", found.id)));
            }
            // Whether it exists is not told (influxd 2.9.1, measured); what is asked of it next will tell.
            Err(error) if error.class == Class::Denied => return Ok(Some(org.to_owned())),
            Err(error) if error.class == Class::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    match client.get::<Orgs>("/api/v2/orgs", &[("org", org)]).await {
        Ok(Orgs { orgs }) => {
            let ids: BTreeSet<String> =
                orgs.into_iter().filter(|found| key(&found.name) == key(org)).map(|found| found.id).collect();
            match one_id(ids, org)? {
                Some(id) => Ok(Some(id)),
                None => hidden(client, org).await.map(Some),
            }
        }
        Err(error) if error.class == Class::NotFound && makes_home => Ok(None),
        Err(error) if error.class == Class::NotFound => Err(absent(client, said).await),
        Err(error) => Err(error.into()),
    }
}

/// The ID of the org that is called `org`, of which `ids` are those that the server names.
fn one_id(ids: BTreeSet<String>, org: &str) -> Result<Option<String>, Problem> {
    if let Some(bad) = ids.iter().find(|id| !is_id(id)) {
        return Err(strange(format!("the server answers with the ID `{bad}` for the org `{org}`, which is not an ID")));
    }
    if ids.len() > 1 {
        let all: Vec<_> = ids.into_iter().collect();
        let diagnostic =
            Diagnostic::error(Code::ServerTwoOrgs, format!("there is more than one org `{org}`: {}", all.join(", ")))
                .help("use the ID of the org instead of its name");
        return Err(diagnostic.into());
    }
    Ok(ids.into_iter().next())
}

/// An answer that no InfluxDB gives.
fn strange(message: String) -> Problem {
    ApiError::unexpected("GET", "/api/v2/orgs", message).into()
}

/// The ID of an org that exists and that the token may not read: its buckets name it.
async fn hidden(client: &Client, org: &str) -> Result<String, Problem> {
    let found = client.get::<Buckets>("/api/v2/buckets", &[("org", org), ("limit", "100")]).await;
    if let Ok(Buckets { buckets }) = found
        && let Some(id) = one_id(buckets.into_iter().map(|bucket| bucket.org).collect(), org)?
    {
        return Ok(id);
    }
    Err(Problem::from(
        Diagnostic::error(
            Code::ServerHiddenOrg,
            format!("the token may not read the org `{org}`, so its ID is unknown"),
        )
        .help("use the org's ID instead of its name, or a token with `read:orgs`"),
    ))
}

async fn absent(client: &Client, said: &Given<String>) -> Problem {
    let org = said.value.as_str();
    let diagnostic = Diagnostic::error(Code::ServerNoOrg, format!("org `{org}` not found on this server"));
    let names: Vec<String> = match client.get::<Orgs>("/api/v2/orgs", &[("limit", "100")]).await {
        Ok(Orgs { orgs }) => orgs.into_iter().map(|org| org.name).collect(),
        // The names are only a help.
        Err(_) => Vec::new(),
    };
    let help = match (nearest(org, names.iter().map(String::as_str)), names.as_slice()) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "the token sees no org: check the name, or declare the org as a resource".to_owned(),
        (None, names) => {
            let names: Vec<_> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
            format!("the token sees {}; or declare the org as a resource", names.join(", "))
        }
    };
    // What the command line or the environment gets wrong is a slip of who runs fluxform.
    let exit = if said.from == By::Manifest { Exit::Error } else { Exit::Usage };
    Problem { exit, diagnostic: diagnostic.help(help) }
}
