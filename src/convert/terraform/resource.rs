//! What each type of resource becomes: the object as the server shows it.

use serde_json::{Value as Json, json};

use super::orgs::{self, Orgs};
use super::{Instance, text};
use crate::convert::made::Made;
use crate::convert::node::{Inner, Node};
use crate::convert::reader::Reader;
use crate::flux::AuthorScript;
use crate::kind::{Kind, Object, Standing};
use crate::secret::Source;
use crate::value::{Ref, Value};

/// The types of resources, by what follows the provider's prefix.
const WORDS: [(&str, Kind); 11] = [
    (orgs::WORD, Kind::Org),
    ("user", Kind::User),
    ("label", Kind::Label),
    ("bucket", Kind::Bucket),
    ("variable", Kind::Variable),
    ("dbrp_mapping", Kind::Dbrp),
    ("scraper", Kind::Scraper),
    ("secret", Kind::Secret),
    ("task", Kind::Task),
    ("authorization", Kind::Token),
    ("legacy_authorization", Kind::V1Token),
];

/// Puts down the object of an instance that Terraform manages.
pub(super) fn read(instance: &Instance<'_>, orgs: &Orgs, reader: &mut Reader<'_>) {
    let Instance { word, address, is_data, attributes } = instance;
    if *is_data {
        return;
    }
    let at = attributes.get("id").or_else(|| attributes.get("name")).map_or_else(|| attributes.head(), Node::head);
    let Some((_, kind)) = WORDS.iter().find(|(known, _)| known == word) else {
        return reader.refuse(at, format!("fluxform has no kind for {address}"), "left out");
    };
    let text = |key: &str| attributes.text(key);
    match kind {
        Kind::Secret => return secret(instance, reader),
        Kind::Task => task_labels(attributes, reader),
        Kind::Token => hidden(
            instance,
            "token",
            "InfluxDB keeps it: whoever has it goes on with it, and a token that takes its place \
             needs `deliver`",
            reader,
        ),
        Kind::User | Kind::V1Token => hidden(
            instance,
            "password",
            "InfluxDB keeps it: to set it from here on, write `password = { env = \"NAME\" }`",
            reader,
        ),
        _ => {}
    }
    if *kind == Kind::Bucket && reader.refuse_beyond(retention(attributes)) {
        return;
    }
    let mut row = json!({"id": text("id"), "name": text("name"), "description": text("description")});
    if let Some(org) = Some(text("org_id")).filter(|org| !org.is_empty() && *kind != Kind::User) {
        row["orgID"] = org.into();
    }
    let more = match kind {
        Kind::Org => json!({}),
        Kind::Label => json!({"properties": attributes.get("properties").map(Node::json).unwrap_or_else(|| json!({}))}),
        Kind::User => json!({"status": status(attributes)}),
        Kind::Bucket => bucket(attributes),
        Kind::Variable => variable(attributes),
        Kind::Dbrp => json!({
            "database": text("database"),
            "retention_policy": text("retention_policy"),
            "bucketID": text("bucket_id"),
            "default": attributes.flag("default_policy"),
        }),
        Kind::Scraper => json!({
            "type": "prometheus",
            "url": text("url"),
            "bucketID": text("bucket_id"),
            "allowInsecure": attributes.flag("allow_insecure"),
        }),
        Kind::Task => task(attributes),
        _ => json!({
            "token": if *kind == Kind::V1Token { text("name") } else { String::new() },
            "userID": text("user_id"),
            "status": status(attributes),
            "permissions": permissions(instance, reader),
        }),
    };
    for (key, value) in more.as_object().into_iter().flatten() {
        row[key] = value.clone();
    }
    if !kind.is_id(&kind_id(*kind, &text("org_id"), &text("id"))) {
        return reader.refuse(at, format!("{address} has no ID of an object of InfluxDB"), "left out");
    }
    if *kind == Kind::Org && orgs.home() == Some(text("id").as_str()) {
        reader.note(
            at.clone(),
            format!("{address} becomes the home org, which is external: the ledger is in it"),
            "not managed",
        );
    }
    let Some(made) = reader.make(*kind, at.clone(), &row, None) else { return };
    if *kind == Kind::User {
        roles(instance, made);
        let role = text("org_role");
        if !role.is_empty() && orgs.is_known(&text("org_id")) {
            let message = format!("{address} has one role in one org, because the provider knows of no others");
            reader.note(at, message, "a plan shows what other roles the user would lose");
        }
    }
    reader.look_for_secrets(&[attributes]);
}

/// The ID of an object in the form of its kind.
fn kind_id(kind: Kind, org: &str, own: &str) -> String {
    if kind == Kind::Dbrp && !own.contains('/') { format!("{org}/{own}") } else { own.to_owned() }
}

fn status(attributes: &Node) -> String {
    Some(attributes.text("status")).filter(|status| !status.is_empty()).unwrap_or_else(|| "active".to_owned())
}

/// The retention is one number with one provider, and a block with the others.
fn retention(attributes: &Node) -> Option<&Node> {
    let rule = || attributes.list("retention_rules").first()?.get("every_seconds");
    attributes.get("retention_period").or_else(rule)
}

fn bucket(attributes: &Node) -> Json {
    let rules = attributes.list("retention_rules").first();
    let every = retention(attributes).and_then(Node::as_whole).unwrap_or_default();
    let mut rule = json!({"type": "expire", "everySeconds": every});
    if let Some(shard) = rules.and_then(|rule| rule.whole("shard_group_duration_seconds")).filter(|shard| *shard > 0) {
        rule["shardGroupDurationSeconds"] = shard.into();
    }
    let ty = Some(attributes.text("type")).filter(|ty| !ty.is_empty()).unwrap_or_else(|| "user".to_owned());
    json!({"type": ty, "retentionRules": [rule]})
}

/// The arguments are JSON in a text, in which the provider's own examples have the query beside the language.
fn variable(attributes: &Node) -> Json {
    let mut arguments: Json = serde_json::from_str(&attributes.text("arguments")).unwrap_or_default();
    if arguments["type"] == "query" && arguments.get("values").is_none() {
        arguments["values"] = json!({"query": arguments["query"], "language": arguments["language"]});
    }
    json!({ "arguments": arguments })
}

/// What the provider reads of the schedule may be missing: the script has it.
fn task(attributes: &Node) -> Json {
    let flux = attributes.text("flux");
    let own = AuthorScript::read(&flux, None).ok().and_then(|author| author.task);
    let said = |key: &str| {
        let own = own.as_ref().and_then(|task| match key {
            "name" => task.name.as_ref(),
            "every" => task.every.as_ref(),
            "cron" => task.cron.as_ref(),
            _ => task.offset.as_ref(),
        });
        own.map(|own| own.value.clone())
            .or_else(|| Some(attributes.text(key)))
            .filter(|text| !text.is_empty())
            .map_or(Json::Null, Json::from)
    };
    let labels = attributes
        .list("labels")
        .iter()
        .map(|label| json!({"id": label.text("id"), "name": label.text("name"), "orgID": label.text("org_id")}));
    json!({
        "status": status(attributes),
        "name": said("name"),
        "every": said("every"),
        "cron": said("cron"),
        "offset": said("offset"),
        "labels": labels.collect::<Vec<_>>(),
        "flux": flux,
    })
}

/// Puts down the labels that a task has and Terraform does not manage.
fn task_labels(attributes: &Node, reader: &mut Reader<'_>) {
    for label in attributes.list("labels") {
        let id = label.text("id");
        if reader.made.iter().any(|made| made.kind == Kind::Label && made.object.id == id) {
            continue;
        }
        let row = json!({"id": id, "name": label.text("name"), "orgID": label.text("org_id")});
        if let Some(made) = reader.make(Kind::Label, label.head(), &row, None) {
            made.external = true;
        }
    }
}

/// The permissions of a token. One that names neither an object nor an org holds on the whole server, which the providers do not say.
fn permissions(instance: &Instance<'_>, reader: &mut Reader<'_>) -> Vec<Json> {
    let mut all = Vec::new();
    for permission in instance.attributes.list("permissions") {
        let Some(resource) = permission.get("resource") else { continue };
        let resources =
            if matches!(resource.inner, Inner::List(_)) { resource.items() } else { std::slice::from_ref(resource) };
        for resource in resources {
            let mut of = json!({"type": resource.text("type")});
            for (key, to) in [("id", "id"), ("org_id", "orgID")] {
                let text = resource.text(key);
                if !text.is_empty() {
                    of[to] = text.into();
                }
            }
            if of.get("id").is_none() && of.get("orgID").is_none() {
                let message = format!(
                    "{} may {} all {} of the whole server: its permission names neither an object nor an org",
                    instance.address,
                    permission.text("action"),
                    resource.text("type")
                );
                reader.note(resource.head(), message, "is this what was meant?");
            }
            all.push(json!({"action": permission.text("action"), "resource": of}));
        }
    }
    all
}

/// Says that a secret of an instance is not copied.
fn hidden(instance: &Instance<'_>, key: &str, help: &str, reader: &mut Reader<'_>) {
    let said = instance.attributes.get(key).filter(|said| text(said).is_some_and(|text| !text.is_empty()));
    if let Some(said) = said {
        reader.hide(
            said.head(),
            format!("`{key}` of {} is not copied", instance.address),
            "a secret in plain text",
            help,
        );
    }
}

/// The roles of a user in one org.
fn roles(instance: &Instance<'_>, made: &mut Made) {
    let org = instance.attributes.text("org_id");
    let field = match instance.attributes.text("org_role").as_str() {
        "owner" => "owner_of",
        "member" => "member_of",
        _ => return,
    };
    made.object.fields.set(field, Value::Refs([Ref::Id(Kind::Org, org)].into()));
}

/// A secret of an org: its value comes from the environment.
fn secret(instance: &Instance<'_>, reader: &mut Reader<'_>) {
    let (key, org) = (instance.attributes.text("key"), instance.attributes.text("org_id"));
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let name: String = key.chars().map(plain).collect();
    let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("SECRET_{name}") } else { name };
    let told = reader.told.len();
    hidden(
        instance,
        "value",
        "the manifest has `{ env = \"NAME\" }` in its place: set that variable where you apply",
        reader,
    );
    let unnamed = if reader.told.len() > told { vec![("value", told)] } else { Vec::new() };
    let at = instance.attributes.get("key").map_or_else(|| instance.attributes.head(), Node::head);
    let fields = [
        ("key", Value::Text(key.clone())),
        ("org", Value::Ref(Ref::Id(Kind::HOME, org.clone()))),
        ("value", Value::Source(Source::Env { name })),
    ];
    let object = Object {
        id: format!("{org}/{key}"),
        org: Some(org),
        name: key,
        created: None,
        fields: fields.into_iter().collect(),
        standing: Standing::Ordinary,
        user: None,
    };
    let place = reader.place(at);
    reader.made.push(Made { unnamed, ..Made::new(Kind::Secret, object, place) });
}
