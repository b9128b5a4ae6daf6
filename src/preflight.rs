//! Which of the rights that the runs of a project take the run's own token has. Only asks: it writes nothing, and needs no right of
//! its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

use crate::address::{Address, few};
use crate::api::sight::{self, Lack};
use crate::api::{ApiError, Class, Client, Me, Permission};
use crate::field::{Role, Type};
use crate::kind::{Kind, Level, NaturalKey, ReadScope};
use crate::ledger::{self, Entry, Ledger, Trust};
use crate::manifest::Manifest;
use crate::required::{Needs, Required, Right, required, required_by_left};
use crate::snapshot::Server;
use crate::value::Ref;

/// What is found of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    /// For `plan` and `drift`.
    pub plan: Job,
    /// For `apply` and `destroy`.
    pub apply: Job,
}

/// What is found of a token that is to do one job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// How many rights the job takes.
    pub takes: usize,
    /// Which of them the token lacks, and what they are for where the project alone does not say it.
    pub lacking: BTreeMap<Asked, Option<String>>,
    /// Of which of them it is not known whether the token has them, and why.
    pub unknown: BTreeMap<Asked, String>,
}

/// One right that is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// A permission of the token, in InfluxDB's words: `read:orgs/ORG/labels`. `${ADDRESS}` stands for an ID that is not known.
    Permission(String),
    /// The role `owner` of the token's user in an org, given by its ID or `${ADDRESS}`, with which tasks, checks and rules run.
    Owner(String),
}

/// What the server says of a name: the ID, or why it is not known.
type Named = Result<String, String>;

/// Rights that the manifests do not tell, and what they are for.
type Reasons = BTreeMap<Permission, String>;

/// The same of each job.
#[derive(Default)]
struct Left {
    plan: Reasons,
    apply: Reasons,
}

/// What a right is on this server: a permission, or its words and why it cannot be asked for.
type Found = Result<Permission, (String, String)>;

#[derive(Deserialize)]
struct Rows {
    #[serde(alias = "orgs", alias = "users")]
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    name: String,
}

/// Looks which of the rights that runs of `manifest` take the client's token has. `home` is the ID of the home org; without one yet, the
/// rights in it are asked for on the whole server. None where the token sees no org in which that could be asked.
///
/// # Errors
/// The server's.
pub async fn preflight(
    client: &Client,
    server: &Server,
    home: Option<&str>,
    manifest: &Manifest,
) -> Result<Option<Preflight>, ApiError> {
    let me = server.me(client).await?;
    let asked_in = match home {
        Some(home) => home.to_owned(),
        None => match any_org(client).await? {
            Some(org) => org,
            None => return Ok(None),
        },
    };
    let names = names(client, manifest).await?;
    let is_home = |named: &Named| home.is_some() && named.as_deref().ok() == home;
    let called = names.iter().find(|(_, named)| is_home(named)).and_then(|(address, _)| name(manifest, address));
    let home_name = server.home_name.clone().or(called);
    let required = required(manifest, home_name.as_deref());
    let look = Look { home, me: &me, names: &names };
    let [mut plan, mut apply] = [&required.plan, &required.apply].map(|needs| look.all(needs));
    let ledger = match home {
        Some(home) => owned(client, server, home, manifest).await?,
        None => Ledger::default(),
    };
    let mut left = look.left(&ledger, manifest);
    left.apply.extend(theirs(client, &ledger, manifest, &me).await?);
    add(&mut plan, &mut left.plan);
    add(&mut apply, &mut left.apply);
    let asked = plan.iter().chain(&apply).filter_map(|found| found.as_ref().ok()).cloned();
    let token_id = server.token_id.as_deref();
    let lacks = sight::lacks(client, &server.version, &asked_in, &me, asked.collect(), token_id).await?;
    let mut found = Preflight { plan: job(plan, &lacks, &left.plan), apply: job(apply, &lacks, &left.apply) };
    look.owned(client, &required, &mut found.apply).await?;
    Ok(Some(found))
}

/// What the project owns. What is wrong with a ledger, the run that reads it says.
async fn owned(client: &Client, server: &Server, home: &str, manifest: &Manifest) -> Result<Ledger, ApiError> {
    let rows = ledger::rows(client, home).await?;
    let trust = Trust::of(server.ledger_key.as_ref());
    Ok(ledger::decode(&rows, &manifest.project, home, &trust).map(|(ledger, _)| ledger).unwrap_or_default())
}

/// Adds to the rights of a job those that it takes for what the manifests do not say; those that it takes anyway need no reason.
fn add(job: &mut Vec<Found>, more: &mut Reasons) {
    let is_included = |right: &Permission| job.iter().any(|found| found.as_ref().is_ok_and(|has| has.includes(right)));
    more.retain(|right, _| !is_included(right));
    job.extend(more.keys().cloned().map(Ok));
}

/// The ID of an org that the token sees.
async fn any_org(client: &Client) -> Result<Option<String>, ApiError> {
    let Rows { rows } = client.get("/api/v2/orgs", &[("limit", "1")]).await?;
    Ok(rows.into_iter().next().map(|row| row.id))
}

/// What an org or a user is called.
fn name(manifest: &Manifest, address: &Address) -> Option<String> {
    Some(address.kind.name_in(&manifest.resources.get(address)?.fields)?.into_owned())
}

/// The IDs of the external orgs and users that `manifest` declares.
async fn names(client: &Client, manifest: &Manifest) -> Result<BTreeMap<Address, Named>, ApiError> {
    let mut names = BTreeMap::new();
    for (address, resource) in &manifest.resources {
        if address.kind.spec().level != Level::Server || !resource.external {
            continue;
        }
        let Some(name) = name(manifest, address) else { continue };
        names.insert(address.clone(), named(client, address.kind, &name).await?);
    }
    Ok(names)
}

/// The ID of the org or user `name`. Any token is told whether there is one: the list of those with a name is empty where it is hidden, and
/// is not there where there is none (influxd 2.9.1, measured).
async fn named(client: &Client, kind: Kind, name: &str) -> Result<Named, ApiError> {
    let ty = kind.spec().ty;
    let by = if kind == Kind::HOME { "org" } else { "name" };
    let key = |name: &str| NaturalKey::<()>::of(kind, None, name);
    match client.get::<Rows>(&format!("/api/v2/{ty}"), &[(by, name)]).await {
        Ok(Rows { rows }) => {
            let found = rows.into_iter().find(|row| key(&row.name) == key(name));
            let hidden = || format!("this token may not read the {kind} {name:?}, so its ID is unknown");
            Ok(found.map(|row| row.id).ok_or_else(hidden))
        }
        Err(error) if error.class == Class::NotFound => Ok(Err(format!("the server has no {kind} {name:?}"))),
        Err(error) => Err(error),
    }
}

/// The rights to the users of the tokens that the project owns, where the manifests do not tell that they take them: it takes them to
/// change or delete what belongs to another user, and what is no longer declared.
async fn theirs(client: &Client, ledger: &Ledger, manifest: &Manifest, me: &Me) -> Result<Reasons, ApiError> {
    let mut theirs: BTreeMap<Permission, Vec<&Address>> = BTreeMap::new();
    for kind in Kind::ALL.iter().filter(|kind| kind.spec().acts_as_user) {
        let Some(Type::Ref(user_kind)) = kind.with(Role::Actor).map(|field| field.ty) else { continue };
        let entries = || ledger.entries.iter().filter(|(address, _)| address.kind == *kind);
        let orgs: BTreeSet<&str> = entries().filter_map(|(_, entry)| entry.org.as_deref()).collect();
        for object in kind.list(client, &orgs.into_iter().collect::<Vec<_>>(), ReadScope::NOTHING).await? {
            let is_of = |entry: &Entry| entry.id == object.id || entry.predecessors.contains(&object.id);
            let Some((address, _)) = entries().find(|(_, entry)| is_of(entry)) else { continue };
            let is_told = |user: &str| user == me.id && manifest.resources.contains_key(address);
            if let Some(user) = object.user.as_deref().filter(|user| !is_told(user)) {
                let write = Permission::new("write", user_kind.spec().ty, None, Some(user));
                theirs.entry(write).or_default().push(address);
            }
        }
    }
    let words = |addresses: Vec<&Address>| {
        let verb = if addresses.len() == 1 { "belongs" } else { "belong" };
        format!("{} {verb} to this user", few(addresses))
    };
    Ok(theirs.into_iter().map(|(write, addresses)| (write, words(addresses))).collect())
}

/// What tells which permission a right is.
struct Look<'a> {
    /// The ID of the home org, if there is one.
    home: Option<&'a str>,
    me: &'a Me,
    names: &'a BTreeMap<Address, Named>,
}

impl Look<'_> {
    fn all(&self, needs: &Needs) -> Vec<Found> {
        let all = [("read", &needs.read), ("write", &needs.write)];
        all.into_iter().flat_map(|(action, rights)| rights.iter().map(move |right| self.one(action, right))).collect()
    }

    fn one(&self, action: &str, right: &Right) -> Found {
        Ok(match right {
            Right::Type(_, ty) => Permission::new(action, ty, self.home, None),
            Right::Everywhere(ty) => Permission::new(action, ty, None, None),
            Right::OwnUser => Permission::new(action, "users", None, Some(&self.me.id)),
            Right::Org(of) | Right::User(of) => match of.address() {
                None => Permission::new(action, "orgs", None, self.home),
                Some(address) => {
                    let ty = address.kind.spec().ty;
                    let unnamed = |why| (format!("{action}:{ty}/${{{address}}}"), why);
                    Permission::new(action, ty, None, Some(&self.id(address).map_err(unnamed)?))
                }
            },
        })
    }

    /// What it takes for what is in the ledger and no longer declared.
    fn left(&self, ledger: &Ledger, manifest: &Manifest) -> Left {
        let mut rights: [BTreeMap<Permission, Vec<&Address>>; 2] = Default::default();
        for (address, entry) in &ledger.entries {
            if manifest.resources.contains_key(address) {
                continue;
            }
            let org = match entry.org.as_deref().filter(|org| self.home != Some(org)) {
                None => Ref::Home,
                Some(org) => Ref::Id(Kind::HOME, org.to_owned()),
            };
            let required = required_by_left(address.kind, &org, entry.is_ours());
            for (rights, needs) in rights.iter_mut().zip([&required.plan, &required.apply]) {
                for right in self.all(needs).into_iter().flatten() {
                    rights.entry(right).or_default().push(address);
                }
            }
        }
        let words = |(right, addresses): (Permission, Vec<&Address>)| {
            let verb = if addresses.len() == 1 { "is" } else { "are" };
            (right, format!("{} {verb} no longer declared", few(addresses)))
        };
        let [plan, apply] = rights.map(|rights| rights.into_iter().map(words).collect());
        Left { plan, apply }
    }

    /// The ID of an org or a user.
    fn id(&self, address: &Address) -> Named {
        self.names.get(address).cloned().unwrap_or_else(|| Err(format!("{address} does not exist yet")))
    }

    /// Adds the orgs that the token's user must own.
    async fn owned(&self, client: &Client, required: &Required, job: &mut Job) -> Result<(), ApiError> {
        for org in &required.owned {
            let id = match org.address().map(|address| self.names.get(address)) {
                None => self.home.map(|home| Ok(home.to_owned())),
                Some(named) => named.cloned(),
            };
            // Whoever makes an org owns it.
            let Some(id) = id else { continue };
            job.takes += 1;
            let id = match id {
                Ok(id) => id,
                Err(why) => {
                    job.unknown.insert(Asked::Owner(format!("${{{org}}}")), why);
                    continue;
                }
            };
            match sight::owners(client, &id).await? {
                Some(owners) if owners.contains(&self.me.id) => {}
                Some(_) => _ = job.lacking.insert(Asked::Owner(id), None),
                None => {
                    let why = format!("this token lacks `read:orgs/{id}`");
                    job.unknown.insert(Asked::Owner(id), why);
                }
            }
        }
        Ok(())
    }
}

fn job(found: Vec<Found>, lacks: &BTreeMap<Permission, Option<Lack>>, more: &Reasons) -> Job {
    let mut job = Job { takes: found.len(), ..Job::default() };
    for one in found {
        match one {
            Ok(permission) => match lacks.get(&permission).cloned().flatten() {
                None => {}
                Some(Lack::Permission(lacking)) => {
                    job.lacking.insert(Asked::Permission(lacking), more.get(&permission).cloned());
                }
                Some(lack) => _ = job.unknown.insert(Asked::Permission(permission.to_string()), lack.to_string()),
            },
            Err((permission, why)) => _ = job.unknown.insert(Asked::Permission(permission), why),
        }
    }
    job
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(permission) => f.write_str(permission),
            Self::Owner(org) => write!(f, "the role of an owner of orgs/{org}"),
        }
    }
}

impl Job {
    /// Whether the token is proven to have all that the job takes.
    pub fn is_ready(&self) -> bool {
        self.lacking.is_empty() && self.unknown.is_empty()
    }
}
