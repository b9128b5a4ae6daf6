//! `/api/v2/dbrps`: what was made, and what follows from the names of buckets. Rights are those on the bucket (influxd 2.9.1,
//! measured).

use http::StatusCode;
use serde::Serialize;

use super::auth::{Action, Caller, Permission, ResourceType};
use super::id::Id;
use super::json::{BodyError, Fields};
use super::kind::{Api, Own};
use super::problem::{Code, Problem};
use super::reply::Reply;
use super::request::{Call, flag, parse_id};
use super::store::bucket::{self, Bucket};
use super::store::dbrp::{self, Mapping};
use super::store::page::Page;
use super::store::{View, if_there, org};
use super::{buckets, go_text};

pub(super) static DBRPS: Own = Own {
    api: Api::new("dbrps", ResourceType::Dbrp),
    handlers: [list, create, get, update, delete],
    place: |_, _| Err(missing().into()),
    allow: |_| None,
};

/// The longest name of a database: what the real server's database takes, less the ID of the org.
const LONGEST_DATABASE: usize = 32_700;

/// One or several mappings on the wire.
#[derive(Serialize)]
struct Content<T> {
    content: T,
}

fn missing() -> Problem {
    Problem::not_found("unable to find DBRP")
}

fn broken(error: BodyError) -> Problem {
    error.invalid("invalid json structure")
}

fn named_id(what: &str, text: &str) -> Result<Id, Problem> {
    parse_id(text).map_err(|problem| problem.within(&format!("invalid {what} ID {}", go_text::quote(text))))
}

/// The org with this ID or else this name.
fn org(view: &View, id: Option<&str>, name: Option<&str>) -> Result<Id, Problem> {
    let (None, Some(name)) = (id, name) else {
        let id = id.ok_or_else(|| Problem::invalid("either 'org' or 'orgID' must be provided"))?;
        return named_id("org", id);
    };
    let found = if_there(org::find_by_name(view, name))?;
    let missing = || Problem::not_found(format!("invalid org {}: organization not found", go_text::quote(name)));
    found.map(|org| org.id).ok_or_else(missing)
}

fn org_asked(call: &Call, view: &View) -> Result<Id, Problem> {
    org(view, call.query.get("orgID"), call.query.get("org"))
}

fn right(mapping: &Mapping, action: Action) -> Permission {
    Permission::at(action, ResourceType::Buckets, mapping.bucket, mapping.org)
}

fn require(call: &Call, mapping: &Mapping, actions: &[Action]) -> Result<(), Problem> {
    actions.iter().try_for_each(|action| call.caller()?.require(&right(mapping, *action)))
}

fn check(what: &str, name: &str) -> Result<(), Problem> {
    // The first letter keeps marks that go with the letter before from being escaped.
    let is_printed = !format!("a{name}").escape_debug().to_string().contains("\\u{");
    if name.is_empty()
        || [".", ".."].contains(&name)
        || name.contains(['/', '\\', '\n', '\r', '\t', '\0'])
        || !is_printed
    {
        let rule = "must contain at least one character and only be letters, numbers, '_', '-', and '.'";
        return Err(Problem::invalid(format!("DBRP provided is invalid: {what} {rule}")));
    }
    Ok(())
}

/// The mappings that follow from the names of buckets, beside those that were `made`.
fn virtual_ones(caller: &Caller, view: &View, org: Id, made: &[Mapping]) -> Result<Vec<Mapping>, Problem> {
    let buckets = bucket::list_of_org(view, org, &Page::default())?;
    let mut mappings: Vec<Mapping> = buckets
        .iter()
        .filter(|bucket| caller.holds(&buckets::read_permission(bucket)))
        .map(Mapping::of_bucket)
        .collect();
    let same = |one: &Mapping, other: &Mapping| {
        one.retention_policy == other.retention_policy && one.is_default == other.is_default
    };
    mappings.retain(|one| !made.iter().any(|other| one.database == other.database && same(one, other)));
    for one in &mut mappings {
        one.is_default &= !made.iter().any(|other| one.database == other.database && other.is_default);
    }
    Ok(mappings)
}

fn list(call: &Call) -> Result<Reply, Problem> {
    let view = call.store().view()?;
    let org = org_asked(call, &view)?;
    let id_of = |parameter, what| call.query.get(parameter).map(|text| named_id(what, text)).transpose();
    let (id, bucket) = (id_of("id", "DBRP")?, id_of("bucketID", "bucket")?);
    let unread = || Problem::invalid("invalid default parameter");
    let default = call.query.get("default").map(|text| flag(text).ok_or_else(unread)).transpose()?;
    let (database, policy) = (call.query.get("db"), call.query.get("rp"));
    let asked = |mapping: &Mapping| {
        id.is_none_or(|id| id == mapping.id)
            && bucket.is_none_or(|bucket| bucket == mapping.bucket)
            && default.is_none_or(|default| default == mapping.is_default)
            && database.is_none_or(|name| name == mapping.database)
            && policy.is_none_or(|name| name == mapping.retention_policy)
    };
    let content = seen(call.caller()?, &view, org, asked)?;
    Reply::indented(StatusCode::OK, &Content { content })
}

/// The mappings of an org that the caller may see, of those that are `asked` for; the virtual ones are last.
fn seen(caller: &Caller, view: &View, org: Id, asked: impl Fn(&Mapping) -> bool) -> Result<Vec<Mapping>, Problem> {
    let mut content = dbrp::list(view, org)?;
    content.retain(&asked);
    content.extend(virtual_ones(caller, view, org, &content)?.into_iter().filter(&asked));
    content.retain(|mapping| caller.holds(&right(mapping, Action::Read)));
    Ok(content)
}

/// The bucket that clients of InfluxDB 1.x mean by a database and a retention policy, or by the default one of that; who may
/// write a bucket sees it for that.
pub(super) fn written(
    caller: &Caller,
    view: &View,
    org: Id,
    (database, policy): (&str, Option<&str>),
) -> Result<Id, Problem> {
    let asked = |mapping: &Mapping| {
        mapping.database == database && policy.map_or(mapping.is_default, |policy| policy == mapping.retention_policy)
    };
    let sees = |permission: Permission| match permission.resource.kind {
        ResourceType::Buckets => Permission { action: Action::Read, ..permission },
        _ => permission,
    };
    let permissions = caller.permissions.clone().map(|all| all.into_iter().map(sees).collect());
    let found = seen(&Caller { permissions, ..caller.clone() }, view, org, asked)?;
    found.first().map(|mapping| mapping.bucket).ok_or_else(|| Problem::not_found("no dbrp mapping found"))
}

fn create(call: &Call) -> Result<Reply, Problem> {
    let fields = Fields::parse(&call.body, "dbrp.createDBRPRequest").map_err(broken)?;
    let text = |name| Ok::<_, Problem>(fields.text(name).map_err(broken)?.unwrap_or_default());
    let given = |name| Ok::<_, Problem>(Some(text(name)?).filter(|text| !text.is_empty()));
    let (database, retention_policy) = (text("database")?, text("retention_policy")?);
    let is_default = fields.boolean("default").map_err(broken)?.unwrap_or(false);
    let view = call.store().view()?;
    let org = org(&view, given("orgID")?.as_deref(), given("org")?.as_deref())?;
    let bucket = named_id("bucket", &text("bucketID")?)?;
    let id = call.store().ids.next();
    let mapping = Mapping { id, database, retention_policy, is_default, is_virtual: false, org, bucket };
    require(call, &mapping, &[Action::Write, Action::Read])?;
    check("database", &mapping.database)?;
    check("retentionPolicy", &mapping.retention_policy)?;
    if mapping.database.len() > LONGEST_DATABASE {
        return Err(Problem::new(Code::TooLarge, "key too large"));
    }
    bucket::find(&view, bucket)?;
    let made = call.store().change(|change| {
        dbrp::put(change, &mapping)?;
        dbrp::find(change, org, id)
    })?;
    Reply::indented(StatusCode::CREATED, &made)
}

/// The mapping of the path. One that follows from the name of a bucket is not there for who may not read that.
fn found(call: &Call) -> Result<Mapping, Problem> {
    let id = call.id("id")?;
    let view = call.store().view()?;
    let org = org_asked(call, &view)?;
    if let Some(mapping) = dbrp::find(&view, org, id)? {
        return Ok(mapping);
    }
    let caller = call.caller()?;
    let is_seen = |bucket: &Bucket| bucket.org == org && caller.holds(&buckets::read_permission(bucket));
    let bucket = if_there(bucket::find(&view, id))?.filter(is_seen);
    bucket.map(|bucket| Mapping::of_bucket(&bucket)).ok_or_else(missing)
}

fn get(call: &Call) -> Result<Reply, Problem> {
    let content = found(call)?;
    require(call, &content, &[Action::Read])?;
    Reply::indented(StatusCode::OK, &Content { content })
}

/// Bucket and database are not read. The reply has what was sent, whether it holds or not.
fn update(call: &Call) -> Result<Reply, Problem> {
    let mut content = found(call)?;
    require(call, &content, &[Action::Read, Action::Write])?;
    let fields = Fields::parse(&call.body, "").map_err(broken)?;
    if let Some(policy) = fields.text("retention_policy").map_err(broken)? {
        content.retention_policy = policy;
    }
    if let Some(is_default) = fields.boolean("default").map_err(broken)? {
        content.is_default = is_default;
    }
    check("retentionPolicy", &content.retention_policy)?;
    if !content.is_virtual {
        call.store().change(|change| match dbrp::find(change, content.org, content.id)? {
            Some(_) => Ok(dbrp::put(change, &content)?),
            None => Err(missing()),
        })?;
    }
    Reply::indented(StatusCode::OK, &Content { content })
}

fn delete(call: &Call) -> Result<Reply, Problem> {
    let mapping = found(call)?;
    require(call, &mapping, &[Action::Write])?;
    if !mapping.is_virtual {
        call.store().change(|change| dbrp::remove(change, &mapping))?;
    }
    Ok(Reply::no_content())
}
