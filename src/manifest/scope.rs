//! What a token may read or write: addresses, types of an org, types of the whole server, single objects by ID.

use super::context::DecodeContext;
use super::node::{Node, Raw, Span};
use super::reference::or_external;
use super::template::{Index, index};
use super::text::item_text;
use crate::address::{Address, read_key};
use crate::diagnostic::{Code, nearest};
use crate::kind::{Kind, Level};
use crate::snowflake::{self, is_id};
use crate::value::{Ref, Scope, Value};

/// The types that a permission can name (influxd 2.9.1, `GET /api/v2/resources`, measured). Without its last, `instance`:
/// the server grants that to nobody.
const TYPES: [&str; 22] = [
    "authorizations",
    "buckets",
    "dashboards",
    "orgs",
    "sources",
    "tasks",
    "telegrafs",
    "users",
    "variables",
    "scrapers",
    "secrets",
    "labels",
    "views",
    "documents",
    "notificationRules",
    "notificationEndpoints",
    "checks",
    "dbrp",
    "notebooks",
    "annotations",
    "remotes",
    "replications",
];

/// Whether a scope can name the type `ty`.
pub fn is_permission_type(ty: &str) -> bool {
    TYPES.contains(&ty)
}

/// Whether a scope can name all of the type `ty` in one org. A server accepts that for orgs and users too, and grants nothing
/// (influxd 2.9.1, measured).
pub fn is_type_in_orgs(ty: &str) -> bool {
    is_permission_type(ty) && Kind::from_type(ty).is_none_or(|kind| kind.spec().level == Level::Org)
}

/// Reads a list of scopes.
pub(super) fn read(context: &mut DecodeContext<'_, '_>, name: &str, node: &Node<'_>) -> Option<Value> {
    let Raw::Array(items) = &node.value else {
        return context.no_list(name, "a list of scopes", node);
    };
    let mut scopes = Vec::with_capacity(items.len());
    let mut sound = true;
    for item in items {
        let read = item_text(context, name, "scopes", item).and_then(|text| scope(context, text, item.span));
        sound &= read.is_some();
        scopes.extend(read.into_iter().flatten());
    }
    sound.then(|| Value::Scopes(scopes.into_iter().collect()))
}

fn scope(context: &mut DecodeContext<'_, '_>, text: &str, span: Span) -> Option<Vec<Scope>> {
    if let Some(help) = instead(context, text) {
        return context.fail_with(Code::ManifestScope, span, format!("invalid scope `{text}`"), "not a scope", help);
    }
    if let Some(ty) = text.strip_prefix("instance/") {
        return Some(vec![Scope::Instance { ty: known(context, ty, span)? }]);
    }
    if let Some((word, id)) = text.split_once("-id:") {
        return by_id(context, word, id, span).map(|scope| vec![scope]);
    }
    if let Some((table, index, ty)) = of_org(text) {
        let org = context.resolve(table, index, span)?.one(context, span)?;
        let known = known(context, ty, span)?;
        if !is_type_in_orgs(ty) {
            let message = format!("`{text}` grants nothing: {ty} do not belong to an org");
            let one = Kind::from_type(ty).map_or(String::new(), |kind| format!("`{kind}.KEY` for one of them, or "));
            let help = format!("write {one}`instance/{ty}` for all");
            return context.fail_with(Code::ManifestScope, span, message, "no such permission", help);
        }
        return Some(vec![Scope::Org { ty: known, org: Box::new(Ref::To(org)) }]);
    }
    if let Some((_, ty)) = text.split_once('/')
        && !text.contains('"')
    {
        let ty = if is_permission_type(ty) { ty } else { "TYPE" };
        let help = format!("write `org.KEY/{ty}` for one org, or `instance/{ty}` for all orgs");
        return context.fail_with(Code::ManifestScope, span, format!("invalid scope `{text}`"), "not a scope", help);
    }
    let (table, index) = context.parse(text, None, span)?;
    if !table.kind.can_be_permitted() {
        return not_one_of(context, table.kind, text, span);
    }
    let all = context.resolve(table, index, span)?.all();
    Some(all.into_iter().map(|address| Scope::Object(Ref::To(address))).collect())
}

/// A scope on one object of a kind of which permissions name none.
fn not_one_of<T>(context: &mut DecodeContext<'_, '_>, kind: Kind, text: &str, span: Span) -> Option<T> {
    let ty = kind.spec().ty;
    let (only, help) = match kind.spec().permitted_by {
        Some(other) => {
            (String::new(), format!("write its {other} instead: the rights on that are those on the {kind}"))
        }
        None => (format!(", only for all {ty}"), all_of(context, ty)),
    };
    let message = format!("`{text}` grants nothing: no permission is for one {kind}{only}");
    context.fail_with(Code::ManifestScope, span, message, "no such permission", help)
}

/// What to write instead of what is written as a scope elsewhere, or looks as if it were one: a bare type or kind, a pattern,
/// a type with a name, a permission of the API.
fn instead(context: &DecodeContext<'_, '_>, text: &str) -> Option<String> {
    let wish = text.strip_prefix("read:").or_else(|| text.strip_prefix("write:")).unwrap_or(text);
    if ["*", "all", "all-access", "operator"].contains(&wish) {
        let help = "there is no scope for everything: name each type, as `org.KEY/TYPE` or `instance/TYPE`";
        return Some(help.to_owned());
    }
    let named = |word: &str| {
        Kind::from_name(word).map(|kind| kind.spec().ty).or_else(|| TYPES.into_iter().find(|ty| *ty == word))
    };
    // All of a type: `buckets`, `bucket.*`, `bucket[*]`, `buckets/*`.
    let bare = [".*", "[*]", "/*", ":*", "/", "."].iter().find_map(|end| wish.strip_suffix(end)).unwrap_or(wish);
    if let Some(ty) = named(bare) {
        return Some(all_of(context, ty));
    }
    let (word, name) = wish
        .split_once(['/', ':'])
        .or_else(|| wish.split_once('.').filter(|(word, _)| Kind::from_name(word).is_none()))?;
    if word == "orgs" || word == "org" {
        // `orgs/ID/buckets` and `orgs/ID/buckets/ID`, as `influx auth list` has it.
        let (org, ty) = name.split_once('/').unwrap_or((name, ""));
        let (ty, id) = ty.split_once('/').unwrap_or((ty, ""));
        return match (named(ty), Kind::from_type(named(ty).unwrap_or_default())) {
            (Some(_), Some(kind)) if is_id(id) => Some(format!("write `{}-id:{id}`", kind.name())),
            (Some(ty), _) => Some(all_of(context, ty)),
            (None, _) if is_id(org) => Some(format!("write `org-id:{org}`")),
            (None, _) => one_of(context, Kind::Org, org),
        };
    }
    let kind = Kind::from_name(word).or(Kind::from_type(named(word)?)).filter(|kind| kind.can_be_permitted());
    match kind {
        Some(kind) if is_id(name) => Some(format!("write `{}-id:{name}`", kind.name())),
        Some(kind) => one_of(context, kind, name),
        None => Some(all_of(context, named(word)?)),
    }
}

/// How to write one object of `kind` that may be called `name`.
fn one_of(context: &DecodeContext<'_, '_>, kind: Kind, name: &str) -> Option<String> {
    let table = Address::new(kind, name);
    let resources = &context.project.document.resources;
    Some(match resources.get(&table) {
        Some(written) if written.each => {
            format!("write `{table}[*]` for all of its instances, or `{table}[KEY]` for one")
        }
        Some(_) => format!("write `{table}`"),
        None => {
            let external = or_external(kind);
            format!("write `{kind}.KEY`, the address of a table: declare `[{kind}.KEY]`{external}")
        }
    })
}

/// How to write all of a type, or one of them.
fn all_of(context: &DecodeContext<'_, '_>, ty: &str) -> String {
    let orgs = context.project.document.resources.range(Address::new(Kind::Org, "")..).map(|(address, _)| address);
    let orgs: Vec<_> = orgs.take_while(|address| address.kind == Kind::Org).take(2).collect();
    let org = match orgs.as_slice() {
        [one] => one.to_string(),
        _ => "org.KEY".to_owned(),
    };
    let declared = if orgs.is_empty() { ", where `[org.KEY]` declares the org" } else { "" };
    let one = Kind::from_type(ty).filter(|kind| kind.can_be_permitted());
    let one = one.map_or(String::new(), |kind| format!("`{kind}.KEY` for one of them, "));
    let in_org =
        if is_type_in_orgs(ty) { format!("`{org}/{ty}` for all in one org{declared}, ") } else { String::new() };
    format!("write {one}{in_org}or `instance/{ty}` for all on the server")
}

/// Takes `org.KEY/TYPE` apart.
fn of_org(text: &str) -> Option<(Address, Index, &str)> {
    let (key, rest) = read_key(text.strip_prefix("org.")?)?;
    let (index, rest) = index(rest)?;
    Some((Address::new(Kind::Org, key), index, rest.strip_prefix('/')?))
}

fn by_id(context: &mut DecodeContext<'_, '_>, word: &str, id: &str, span: Span) -> Option<Scope> {
    let Some(kind) = Kind::from_name(word) else {
        let message = format!("unknown kind `{word}`");
        let kinds = Kind::ALL.iter().map(|kind| kind.name());
        let help = match nearest(word, kinds.clone()) {
            Some(near) => format!("did you mean `{near}-id:{id}`?"),
            None => format!("available kinds: {}", kinds.collect::<Vec<_>>().join(", ")),
        };
        return context.fail_with(Code::ManifestUnknownKind, span, message, "unknown kind", help);
    };
    if !kind.can_be_permitted() {
        return not_one_of(context, kind, &format!("{word}-id:{id}"), span);
    }
    if !is_id(id) {
        let label = snowflake::fault(id);
        return context.fail(Code::ManifestId, span, format!("invalid ID `{id}`"), label);
    }
    Some(Scope::Object(Ref::Id(kind, id.to_owned())))
}

fn known(context: &mut DecodeContext<'_, '_>, ty: &str, span: Span) -> Option<String> {
    if is_permission_type(ty) {
        return Some(ty.to_owned());
    }
    let message = format!("unknown type `{ty}` in a scope");
    let help = match nearest(ty, TYPES) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("available types: {}", TYPES.join(", ")),
    };
    context.fail_with(Code::ManifestUnknownType, span, message, "unknown type", help)
}
