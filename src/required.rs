//! What the tokens of a project's runs need, and no more (influxd 2.9.1, measured: docs/ci.md has what each permission is for).

use std::collections::BTreeSet;

use crate::address::Address;
use crate::kind::{Kind, Level};
use crate::manifest::{Manifest, Resource};
use crate::value::{Ref, Scope, Value};

/// What a token may do something with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// An org itself.
    Org(Ref),
    /// Everything of a type in an org, by InfluxDB's name of the type.
    Type(Ref, String),
    /// Everything of a type on the server.
    Everywhere(String),
    /// The user that the token belongs to.
    OwnUser,
}

impl Right {
    /// The org that it is about, if it is about one.
    pub fn org(&self) -> Option<&Ref> {
        match self {
            Self::Org(org) | Self::Type(org, _) => Some(org),
            Self::Everywhere(_) | Self::OwnUser => None,
        }
    }
}

/// What one token needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// What it must be able to read.
    pub read: BTreeSet<Right>,
    /// What it must be able to write.
    pub write: BTreeSet<Right>,
}

/// What the tokens of runs need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Required {
    /// That of `plan` and `drift`.
    pub plan: Needs,
    /// That of `apply` and `destroy`.
    pub apply: Needs,
    /// The orgs that the user of `apply` must own: what it creates there runs with that role.
    pub owned: BTreeSet<Ref>,
}

/// A project, and the name of its home org, if that is known.
type Project<'m> = (&'m Manifest, Option<&'m str>);

/// What the runs of a project need. `home` is the name of the home org, if it is known.
///
/// # Errors
/// An org or a user that the project manages: only an operator may do that.
pub fn required<'m>(manifest: &'m Manifest, home: Option<&str>) -> Result<Required, &'m Address> {
    let mut required = Required::default();
    required.read(Right::Org(Ref::Home));
    // The row of the token itself proves what it sees.
    required.read(Right::Type(Ref::Home, "authorizations".to_owned()));
    required.read(Right::OwnUser);
    // The ledger and the lock.
    required.both("labels", &Ref::Home);
    for (address, resource) in &manifest.resources {
        if address.kind.spec().level == Level::Server {
            if !resource.external {
                return Err(address);
            }
            required.read(match address.kind {
                Kind::HOME => Right::Org(manifest.plain_org(&Ref::To(address.clone()), home).clone()),
                kind => Right::Everywhere(kind.spec().ty.to_owned()),
            });
            continue;
        }
        let Some(org) = manifest.org_of(address, home) else { continue };
        required.kind(address.kind, resource, org);
        if !resource.external {
            required.grants((manifest, home), address, resource, org);
        }
    }
    for needs in [&mut required.plan, &mut required.apply] {
        needs.read = least(&needs.read);
        needs.write = least(&needs.write);
    }
    Ok(required)
}

/// Without what others in it include.
fn least(rights: &BTreeSet<Right>) -> BTreeSet<Right> {
    let has = |ty: &str| rights.contains(&Right::Everywhere(ty.to_owned()));
    let is_included = |right: &Right| match right {
        Right::Type(_, ty) => has(ty),
        Right::OwnUser => has("users"),
        Right::Org(_) => has("orgs"),
        Right::Everywhere(_) => false,
    };
    rights.iter().filter(|right| !is_included(right)).cloned().collect()
}

impl Required {
    fn read(&mut self, right: Right) {
        self.plan.read.insert(right.clone());
        self.apply.read.insert(right);
    }

    fn write(&mut self, ty: &str, org: &Ref) {
        self.apply.write.insert(Right::Type(org.clone(), ty.to_owned()));
    }

    fn both(&mut self, ty: &str, org: &Ref) {
        self.read(Right::Type(org.clone(), ty.to_owned()));
        self.write(ty, org);
    }

    /// What a resource of `kind` in `org` takes.
    fn kind(&mut self, kind: Kind, resource: &Resource, org: &Ref) {
        let spec = kind.spec();
        // The permissions on a mapping of databases are those on its bucket.
        let ty = if kind == Kind::Dbrp { "buckets" } else { spec.ty };
        self.read(Right::Type(org.clone(), ty.to_owned()));
        if spec.acts_as_user {
            // A token is shown only to those who may also read its user.
            self.read(Right::Everywhere("users".to_owned()));
        }
        if resource.external {
            return;
        }
        self.write(ty, org);
        match kind {
            Kind::Scraper => self.write("buckets", org),
            // Whether their tasks still run what they say.
            Kind::Check | Kind::NotificationRule => self.read(Right::Type(org.clone(), "tasks".to_owned())),
            _ if spec.acts_as_user => drop(self.apply.write.insert(Right::OwnUser)),
            _ => {}
        }
        if spec.runs_as_creator {
            self.owned.insert(org.clone());
        }
    }

    /// What a token grants, which takes the same rights.
    fn grants(&mut self, project: Project<'_>, address: &Address, resource: &Resource, own: &Ref) {
        for (field, rights) in [("read", &mut self.apply.read), ("write", &mut self.apply.write)] {
            let Some(Value::Scopes(scopes)) = resource.fields.get(field).filter(|_| address.kind.spec().acts_as_user)
            else {
                continue;
            };
            rights.extend(scopes.iter().map(|scope| grant(project, scope, own)));
        }
    }
}

/// What it takes to grant `scope` to a token of the org `own`.
fn grant((manifest, home): Project<'_>, scope: &Scope, own: &Ref) -> Right {
    let of = |ty: &str, org: &Ref| Right::Type(manifest.plain_org(org, home).clone(), ty.to_owned());
    match scope {
        Scope::Instance { ty } => Right::Everywhere(ty.clone()),
        Scope::Org { ty, org } => of(ty, org),
        Scope::Bare { ty, org, .. } => of(ty, org.as_deref().unwrap_or(own)),
        Scope::Object(of_one) => {
            let kind = match of_one {
                Ref::To(address) => address.kind,
                Ref::Id(kind, _) => *kind,
                Ref::Home => Kind::HOME,
            };
            match kind {
                Kind::HOME => Right::Org(manifest.plain_org(of_one, home).clone()),
                kind if kind.spec().level == Level::Server => Right::Everywhere(kind.spec().ty.to_owned()),
                kind => {
                    let theirs = of_one.address().and_then(|address| manifest.org_of(address, home)).unwrap_or(own);
                    of(kind.spec().ty, theirs)
                }
            }
        }
    }
}
