//! What tokens may do because of what they are for: what scripts read and write.

use std::collections::{BTreeMap, BTreeSet};

use super::budget::Budget;
use super::check::Claimed;
use super::orgs::org_of;
use super::reach::{find, org_name, said};
use super::{Lints, Resource};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Place, Severity};
use crate::field::{Field, Role};
use crate::flux::ast::Span;
use crate::flux::refs::{Access, Elsewhere, Reference, Target};
use crate::kind::{GRANTED, Kind, NaturalKey, Output, grant, has_none, outputs};
use crate::value::{Fields, Ref, Scope, Value};

type Resources = BTreeMap<Address, Resource>;

/// What a token may read and write besides what its manifest grants.
#[derive(Default)]
pub(super) struct Rights {
    reads: BTreeSet<Scope>,
    writes: BTreeSet<Scope>,
}

impl Rights {
    fn add(&mut self, access: Access, scope: Scope) {
        match access {
            Access::Writes => self.writes.insert(scope),
            Access::Reads | Access::Calls => self.reads.insert(scope),
        };
    }
}

/// What looks for the rights of one token.
struct Search<'r> {
    resources: &'r Resources,
    /// What is not known whole, because of mistakes that have been said.
    unread: &'r BTreeSet<Address>,
    home: Option<&'r str>,
    named: &'r Claimed<'r>,
    token: &'r Address,
    /// Where the token says what it is for.
    place: &'r Place,
    /// What the token grants in words.
    written: [bool; 2],
    rights: Rights,
    problems: Vec<Diagnostic>,
    /// Whether some of it rests on what is not known whole.
    partly: bool,
}

/// The rights of the tokens among `resources` that say what they are for. Of what rests on `unread`, which is not known whole, nothing
/// is said.
pub(super) fn found(
    (resources, unread): (&Resources, &BTreeSet<Address>),
    home: Option<&str>,
    named: &Claimed<'_>,
    lints: &Lints,
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<Address, Rights> {
    let mut all = BTreeMap::new();
    for (token, resource) in resources {
        let Some(field) = token.kind.with(Role::For) else { continue };
        let Some(Value::Refs(users)) = resource.fields.get(field.name) else { continue };
        let written = GRANTED.map(|field| resource.places.get(field).is_some());
        let place = resource.place_of(field.name);
        let (rights, said) = (Rights::default(), Vec::new());
        let partly = false;
        let mut search =
            Search { resources, unread, home, named, token, place, written, rights, problems: said, partly };
        users.iter().filter_map(Ref::address).for_each(|user| search.look_at(user));
        let Search { rights, problems: said, partly, .. } = search;
        let is_empty = !partly && rights.reads.is_empty() && rights.writes.is_empty() && has_none(&resource.fields);
        if is_empty && said.is_empty() {
            problems.push(nothing(token, field, place));
        } else if is_empty && said.iter().all(|one| one.severity == Severity::Warning) {
            problems.extend(said.into_iter().map(|one| nothing_known(token, one)));
        } else {
            problems.extend(said.into_iter().filter_map(|one| lints.judge(one)));
        }
        all.insert(token.clone(), rights);
    }
    all
}

/// Adds `rights` to what tokens may do, and to what they need.
pub(super) fn add(resources: &mut Resources, rights: BTreeMap<Address, Rights>, budget: &Budget) {
    for (token, Rights { reads, writes }) in rights {
        let Some(resource) = resources.get_mut(&token) else { continue };
        let granted = reads.iter().chain(&writes).flat_map(Scope::refs).filter_map(Ref::address).cloned();
        resource.needs = resource.needs.iter().cloned().chain(granted).collect();
        let mut more = Fields::default();
        for (action, scopes) in GRANTED.into_iter().zip([reads, writes]) {
            grant(&mut more, action, scopes.iter().cloned());
            grant(&mut resource.fields, action, scopes);
        }
        if !budget.keeps(&more, &token, &resource.place) {
            return;
        }
    }
}

fn nothing(token: &Address, field: &Field, place: &Place) -> Diagnostic {
    let message = format!("{token} needs at least one permission, and what it is for reads and writes nothing");
    let diagnostic = Diagnostic::error(Code::TokenScopes, message).at(place.clone(), "reads and writes nothing");
    diagnostic.help(format!("write for example `read = [\"bucket.KEY\"]`, or another resource in `{}`", field.name))
}

/// The field that says what a resource reads and writes, where its live value is left alone.
fn ignored_script(kind: Kind, resource: &Resource) -> Option<&str> {
    let says = |name: &&String| kind.field(name).is_some_and(|field| field.ty.has_script());
    resource.lifecycle.ignore.iter().find(says).map(String::as_str)
}

/// The error that a token has no permission, of which `warning` says why.
fn nothing_known(token: &Address, warning: Diagnostic) -> Diagnostic {
    let message = format!("{token} needs at least one permission, and nothing is known: {}", warning.message);
    Diagnostic { code: Code::TokenScopes, severity: Severity::Error, message, ..warning }
}

impl<'r> Search<'r> {
    fn look_at(&mut self, user: &'r Address) {
        let Some(resource) = self.resources.get(user) else { return };
        if self.unread.contains(user) {
            self.partly = true;
            return;
        }
        let of_others = match ignored_script(user.kind, resource) {
            _ if resource.external => Some("which is external".to_owned()),
            field => field.map(|field| format!("whose `{field}` is left to others (`lifecycle.ignore`)")),
        };
        if let Some(why) = of_others {
            let message = format!("{} is for {user}, {why}: what it reads and writes is not known", self.token);
            return self.fail(message, None, "write the permissions in `read` and `write`".to_owned());
        }
        if user.kind == Kind::Telegraf {
            self.rights.add(Access::Reads, Scope::Object(Ref::To(user.clone())));
        }
        let Some(own) = org_of(user.kind, resource, self.resources, self.home) else { return };
        let text = resource.texts.first();
        let whole = text.map_or(&resource.place, |(whole, _)| whole);
        let outputs = if user.kind == Kind::Telegraf { outputs(&resource.fields) } else { Vec::new() };
        for Output { bucket, org, place, .. } in outputs {
            // What goes into another org, here or on another server, is none of the project's buckets, whatever its name is.
            if org.is_some_and(|org| org_name(own, self.resources, self.home).is_some_and(|own| own != org)) {
                continue;
            }
            let (span, access, target) = (Span::empty(0), Access::Writes, Target::Bucket);
            let at = text.and_then(|(_, text)| text.place(&place)).filter(|_| !place.is_empty());
            let reference = Reference { span, access, target, name: bucket, elsewhere: None, hosts: Vec::new() };
            self.add(user, own, &reference, at.as_ref().unwrap_or(whole));
        }
        let said: Vec<_> = said(user, resource).collect();
        for reached in &resource.reaches {
            let reference = &reached.reference;
            let is_said = said.iter().any(|reach| reach.access == reference.access);
            // The outputs of agents have been looked at.
            if user.kind != Kind::Telegraf && (reference.name.is_some() || !is_said) {
                self.add(user, own, reference, &reached.place);
            }
        }
        for reach in said {
            self.touch(user, reach.access, &reach.to);
        }
    }

    /// Adds the right to what `user` does with a bucket that it calls by its name. Agents only send points there, but `to` also looks for
    /// it, as somebody who may read it (influxd 2.9.1, measured).
    fn touch(&mut self, user: &Address, access: Access, bucket: &Address) {
        let bucket = Scope::Object(Ref::To(bucket.clone()));
        if user.kind != Kind::Telegraf {
            self.rights.add(Access::Reads, bucket.clone());
        }
        self.rights.add(access, bucket);
    }

    /// Adds the right to what `user` reaches, whose org is `own`.
    fn add(&mut self, user: &Address, own: &Ref, reference: &Reference, place: &Place) {
        if reference.elsewhere == Some(Elsewhere::Server) {
            return;
        }
        let Reference { access, target, name, .. } = reference;
        let verb = if *access == Access::Writes { "writes" } else { "reads" };
        match (target, name) {
            (Target::Url | Target::Variable, _) => {}
            // No permission is for one secret.
            (Target::Secret, _) => {
                let (ty, org) = (Kind::Secret.spec().ty.to_owned(), Box::new(own.clone()));
                self.rights.add(Access::Reads, Scope::Org { ty, org });
            }
            (Target::BucketId, Some(id)) if Kind::Bucket.is_id(id) => {
                self.rights.add(*access, Scope::Object(Ref::Id(Kind::Bucket, id.clone())));
            }
            (Target::Bucket, Some(bucket)) => match find(reference, own, self.home, self.named) {
                Some(found) => self.touch(user, *access, found),
                // It may be one of those whose names are not known.
                None if self.unread.iter().any(|unread| unread.kind == Kind::Bucket) => self.partly = true,
                None => {
                    let (why, mut help) = self.not_found(reference.elsewhere.as_ref());
                    if user.kind == Kind::Telegraf {
                        help.push_str("; an output with the `organization` of another org gives no right");
                    }
                    self.fail(format!("{user} {verb} the bucket `{bucket}`{why}"), Some((place, verb)), help);
                }
            },
            (Target::Bucket | Target::BucketId, _) => self.unknown(user, *access, verb, place),
        }
    }

    /// Why a bucket that a script names is none of the project's, for the end of a message, and what to do.
    fn not_found(&self, elsewhere: Option<&Elsewhere>) -> (String, String) {
        match elsewhere {
            Some(Elsewhere::Org(None)) => (
                " of an org that only a run can tell".to_owned(),
                "write the permissions in `read` and `write`".to_owned(),
            ),
            Some(Elsewhere::Org(Some(org))) if self.is_unknown(org) => match self.home {
                None => (
                    format!(" of the org `{org}`, and it is not known whether that is the home org"),
                    format!("write `org = {org:?}` in `[server]` if it is, or declare it as `[org.KEY]`, with `external = true`"),
                ),
                Some(home) => (
                    format!(" of the org `{org}`, which the project does not declare (the home org is `{home}`)"),
                    "declare the org as `[org.KEY]`, with `external = true` if it is not the project's, and the bucket in it".to_owned(),
                ),
            },
            _ => (
                ", which the project does not declare".to_owned(),
                "declare it as `[bucket.KEY]`, with `external = true` if it is not the project's".to_owned(),
            ),
        }
    }

    /// Whether an org with this name is neither the home org nor one that the project declares.
    fn is_unknown(&self, org: &str) -> bool {
        let declared = NaturalKey::unique(Kind::HOME, None, org).is_some_and(|key| self.named.contains_key(&key));
        self.home != Some(org) && !declared
    }

    /// Says that only a run can tell which bucket `user` means, if the token does not say it.
    fn unknown(&mut self, user: &Address, access: Access, verb: &str, place: &Place) {
        let (field, is_written) =
            if access == Access::Writes { ("write", self.written[1]) } else { ("read", self.written[0]) };
        if !is_written {
            let message =
                format!("{} lacks what {user} {verb}, since only a run can tell which bucket that is", self.token);
            let diagnostic = Diagnostic::warning(Code::FluxUnknownBucket, message)
                .at(self.place.clone(), "not all of it is known")
                .at(place.clone(), format!("{verb} this"))
                .help(format!("write what is meant: `{field} = [\"bucket.KEY\"]`"));
            self.problems.push(diagnostic);
        }
    }

    fn fail(&mut self, message: String, also: Option<(&Place, &str)>, help: String) {
        let diagnostic = Diagnostic::error(Code::TokenScopes, message).at(self.place.clone(), "not known");
        let diagnostic = also.into_iter().fold(diagnostic, |one, (place, verb)| one.at(place.clone(), verb));
        self.problems.push(diagnostic.help(help));
    }
}
