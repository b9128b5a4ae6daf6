//! What belongs together lives in one org: labels and what they are attached to, a token and the types it may reach all of,
//! a task and its buckets.

use std::collections::BTreeMap;

use super::grouped::Grouped;
use super::{Inputs, Manifest, Resource, Server};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::field::Role;
use crate::kind::{Kind, Level, NaturalKey};
use crate::snowflake::is_id;
use crate::value::{Ref, Value};

type Resources = BTreeMap<Address, Resource>;

/// The org that `resource` lives in, as far as the manifest tells: the home org by its name is the home org.
pub(super) fn org_of<'r>(
    kind: Kind,
    resource: &'r Resource,
    resources: &'r Resources,
    home: Option<&str>,
) -> Option<&'r Ref> {
    Some(plain(kind.org_in(&resource.fields)?, resources, home))
}

/// The home org, where `org` is known to be that.
fn plain<'r>(org: &'r Ref, resources: &Resources, home: Option<&str>) -> &'r Ref {
    let key = |name: &str| NaturalKey::<()>::unique(Kind::HOME, None, name);
    let found = org.address().and_then(|address| Some((address.kind, resources.get(address)?)));
    let named = found.and_then(|(kind, org)| kind.name_in(&org.fields));
    if named.is_some() && named.and_then(|name| key(&name)) == home.and_then(key) { &Ref::Home } else { org }
}

/// Whether two orgs are known to be different. The home org may be any, where its name is not known.
fn differ(one: &Ref, other: &Ref, home: Option<&str>) -> bool {
    one != other && (home.is_some() || ![one, other].contains(&&Ref::Home))
}

/// The name of the home org, as far as `[server]` says it.
pub(super) fn home(server: &Server) -> Option<&str> {
    server.org.as_ref().map(|org| org.value.as_str()).filter(|org| !is_id(org))
}

/// The same, as far as it is known before a server is asked.
pub(super) fn known_home<'s>(server: &'s Server, inputs: &'s Inputs) -> Option<&'s str> {
    match inputs.org.as_deref() {
        Some(org) => Some(org).filter(|org| !is_id(org)),
        None if server.org.is_some() => home(server),
        None => inputs.default_org.as_deref().filter(|org| !is_id(org)),
    }
}

impl Manifest {
    /// The org that a resource lives in, as far as the manifest tells: the org with the name `home` is the home org.
    pub fn org_of(&self, address: &Address, home: Option<&str>) -> Option<&Ref> {
        org_of(address.kind, self.resources.get(address)?, &self.resources, home)
    }

    /// An org, which is the home org where it has the name `home`.
    pub fn plain_org<'r>(&self, org: &'r Ref, home: Option<&str>) -> &'r Ref {
        plain(org, &self.resources, home)
    }

    /// What belongs together and is in different orgs, now that the name of the home org is known; nothing where the
    /// manifest says that name, because that was looked at when it was loaded.
    pub fn in_different_orgs(&self, home_org: &str) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if home(&self.server) != Some(home_org) && !is_id(home_org) {
            check(&self.resources, Some(home_org), &mut problems);
        }
        problems
    }
}

/// What a resource refers to and is of another org.
pub(super) fn check(resources: &Resources, home: Option<&str>, problems: &mut Vec<Diagnostic>) {
    let mut said = Grouped::default();
    for (address, resource) in resources {
        let Some(org) = org_of(address.kind, resource, resources, home) else { continue };
        let mut strange = |other: &Address, field: &str, help: &str| {
            let Some(found) = resources.get(other) else { return };
            // An org is named itself, anything else lives in one.
            let (theirs, place) = match other.kind.spec().level {
                Level::Server => (None, &found.place),
                Level::Org => (org_of(other.kind, found, resources, home), found.place_of_role(other.kind, Role::Org)),
            };
            let own = Ref::To(other.clone());
            let theirs = theirs.unwrap_or_else(|| plain(&own, resources, home));
            if differ(org, theirs, home) {
                let mut found = different(address, resource.place_of(field), other, place, help);
                if [org, theirs].contains(&&Ref::Home) {
                    found.message.push_str(&named(home));
                }
                said.add(address, found);
            }
        };
        for (field, value) in resource.fields.iter() {
            if matches!(value, Value::Scopes(_)) {
                continue;
            }
            let none = if matches!(value, Value::Refs(_)) { format!(", or `{field} = []`") } else { String::new() };
            let others = value.refs().into_iter().filter_map(Ref::address);
            for other in others.filter(|other| other.kind.spec().level == Level::Org) {
                strange(other, field, &format!("write `{field}` of the same org{none}"));
            }
        }
        for other in &resource.beside {
            strange(
                other,
                "params",
                "a script finds buckets by name in its own org: give the resource the `org` of the bucket",
            );
        }
        for (field, theirs, ty) in resource.org_wide_scopes() {
            if differ(org, plain(theirs, resources, home), home) {
                let mut found = scope_of_another_org(address, resource, field, theirs, ty);
                if *org == Ref::Home {
                    found.message.push_str(&named(home));
                }
                said.add(address, found);
            }
        }
    }
    problems.extend(said.finish());
}

/// What the home org is called, for the end of a message.
fn named(home: Option<&str>) -> String {
    home.map_or(String::new(), |home| format!(" (the home org is `{home}`)"))
}

/// Says that the scope `org/ty` in `field` is of another org than `resource`: a server gives a token rights on all of a type
/// only in the token's own org (400 "is not for org id"; influxd 2.9.1, measured).
pub(crate) fn scope_of_another_org(
    address: &Address,
    resource: &Resource,
    field: &str,
    org: &Ref,
    ty: &str,
) -> Diagnostic {
    let message =
        format!("`{org}/{ty}`: {address} is in another org, and can have rights on all {ty} of its own org only");
    let diagnostic = Diagnostic::error(Code::ManifestScopeOrg, message)
        .at(resource.place_of(field).clone(), format!("of {org}"))
        .help(format!(
            "name single {ty}, or write `org = \"{org}\"`; for both orgs make two tokens, or write `instance/{ty}`, which is all orgs"
        ));
    match address.kind.with(Role::Org).and_then(|org| resource.places.get(org.name)) {
        Some(place) => diagnostic.at(place.clone(), "this org"),
        None => diagnostic,
    }
}

fn different(address: &Address, at: &Place, other: &Address, place: &Place, help: &str) -> Diagnostic {
    let message = match other.kind.spec().level {
        Level::Server => format!("{address} is not in {other}"),
        Level::Org => format!("{address} and {other} are in different orgs"),
    };
    Diagnostic::error(Code::ManifestOrg, message)
        .at(at.clone(), format!("{address} takes {other}"))
        .at(place.clone(), "in another org")
        .help(help)
}
