//! Each field of the field tables that is compared with the server, changed by hand in turn: the plan names exactly it.

use fluxform::diff::{Cause, Goal};
use fluxform::field::Compared;
use fluxform::kind::Kind;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Project, Scene, both, lines, unique};

/// How a field is changed by hand.
enum ByHand {
    /// A request that changes it.
    Change(Method, String, Value),
    /// The server cannot change it: this attempt changes nothing.
    Fixed(Value),
}

use ByHand::{Change, Fixed};

const TASK: &str = "
[label.a]

[task.x]
description = \"ours\"
SCHEDULE
offset = \"5m\"
flux = 'from(bucket: \"_monitoring\") |> range(start: -1h)'
labels = [\"label.a\"]
";

/// A query with one field.
const WATCHED: &str = "from(bucket: \"_monitoring\") |> range(start: -1h) |> filter(fn: (r) => r._field == \"u\")";

/// A resource `x` of `kind` that names each field; `run` is for names that are unique on a server.
fn declared(kind: Kind, field: &str, run: &str) -> String {
    match kind {
        Kind::Org => format!("[org.x]\nname = \"x-{run}\"\ndescription = \"ours\"\n"),
        Kind::Bucket => "[label.a]\n\n[bucket.x]\ndescription = \"ours\"\nretention = \"30d\"\n\
                         shard_group_duration = \"1d\"\nlabels = [\"label.a\"]\n"
            .to_owned(),
        Kind::Label => "[label.x]\nproperties = { color = \"#ff0000\" }\n".to_owned(),
        Kind::Scraper => {
            "[bucket.b]\n\n[bucket.c]\n\n[scraper.x]\nurl = \"http://a.example.com/metrics\"\nbucket = \"bucket.b\"\n"
                .to_owned()
        }
        Kind::Variable => {
            let source = match field {
                "map" => "map = { a = \"1\" }",
                "query" => "query = 'from(bucket: \"_monitoring\")'",
                _ => "values = [\"1\", \"2\"]",
            };
            format!(
                "[label.a]\n\n[variable.x]\n{source}\nselected = [\"1\"]\ndescription = \"ours\"\nlabels = [\"label.a\"]\n"
            )
        }
        Kind::Telegraf => {
            "[label.a]\n\n[telegraf.x]\ndescription = \"ours\"\nconfig = \"a = 1\"\nlabels = [\"label.a\"]\n".to_owned()
        }
        Kind::Dbrp => "[bucket.b]\n\n[dbrp.x]\ndatabase = \"db\"\nretention_policy = \"one\"\nbucket = \"bucket.b\"\ndefault = true\n\n\
                       [dbrp.y]\ndatabase = \"db\"\nretention_policy = \"two\"\nbucket = \"bucket.b\"\n"
            .to_owned(),
        Kind::Secret => "[secret.x]\nvalue = { file = \"value\" }\n".to_owned(),
        Kind::Task => TASK.replace("SCHEDULE", if field == "cron" { "cron = \"0 * * * *\"" } else { "every = \"1h\"" }),
        Kind::Check => {
            let (rule, flux) = match field {
                "deadman" => ("deadman = { level = \"crit\", after = \"90s\", forget = \"10m\" }", "from(bucket: \"_monitoring\") |> range(start: -1h)"),
                _ => ("when = { crit = { above = 90 } }", WATCHED),
            };
            format!(
                "[label.a]\n\n[check.x]\ndescription = \"ours\"\nevery = \"1m\"\noffset = \"10s\"\n{rule}\nflux = '{flux}'\n\
                 message = \"${{ r._level }}\"\ntags = {{ team = \"ops\" }}\nlabels = [\"label.a\"]\n"
            )
        }
        Kind::NotificationEndpoint => {
            let sort = match field {
                "http" => "http = { url = \"http://a\", token = { secret = \"o\" } }",
                "pagerduty" => "pagerduty = { routing_key = { secret = \"o\" } }",
                "telegram" => "telegram = { token = { secret = \"o\" }, channel = \"-1\" }",
                _ => "slack = { url = \"http://a\", token = { secret = \"o\" } }",
            };
            format!(
                "[label.a]\n\n[secret.o]\nvalue = {{ file = \"value\" }}\n\n\
                 [notification_endpoint.x]\ndescription = \"ours\"\n{sort}\nlabels = [\"label.a\"]\n"
            )
        }
        Kind::NotificationRule => {
            let sort = match field {
                "pagerduty" => "pagerduty = { routing_key = { file = \"value\" } }",
                "telegram" => "telegram = { token = { file = \"value\" }, channel = \"-1\" }",
                _ => "slack = { url = \"http://a\" }",
            };
            let (name, _) = sort.split_once(' ').unwrap();
            let say = if name == "slack" { "channel = \"#a\", " } else { "" };
            format!(
                "[label.a]\n\n[notification_endpoint.e]\n{sort}\n\n[notification_endpoint.f]\n{sort}\n\n[notification_rule.x]\ndescription = \"ours\"\n\
                 endpoint = \"notification_endpoint.e\"\nevery = \"1m\"\noffset = \"10s\"\non = [\"crit\"]\n\
                 tags = {{ team = \"ops\" }}\n{name} = {{ {say}message = \"m\" }}\nlabels = [\"label.a\"]\n"
            )
        }
        Kind::Dashboard => "[label.a]\n\n[dashboard.x]\ndescription = \"ours\"\nlabels = [\"label.a\"]\n\n\
                            [[dashboard.x.cell]]\nname = \"c\"\nat = [0, 0]\nsize = [4, 4]\nxy = {}\nflux = 'buckets()'\n"
            .to_owned(),
        Kind::User => format!(
            "[org.m]\nname = \"m-{run}\"\n\n[org.o]\nname = \"o-{run}\"\n\n\
             [user.x]\nname = \"x-{run}\"\nmember_of = [\"org.m\"]\nowner_of = [\"org.o\"]\n"
        ),
        Kind::V1Token => format!(
            "[bucket.b]\n\n[user.u]\nname = \"u-{run}\"\n\n[v1_token.x]\nusername = \"x-{run}\"\ndescription = \"ours\"\n\
             user = \"user.u\"\nread = [\"bucket.b\"]\nwrite = [\"bucket.b\"]\npassword = {{ file = \"value\" }}\n"
        ),
        Kind::Token => format!(
            "[bucket.b]\n\n[user.u]\nname = \"u-{run}\"\n\n[token.x]\ndescription = \"ours\"\nuser = \"user.u\"\n\
             read = [\"bucket.b\"]\nwrite = [\"bucket.b\"]\ndeliver = \"discard\"\n"
        ),
    }
}

/// Another valid value for each field; a new field of a table has to be added here.
fn by_hand(scene: &Scene, kind: Kind, field: &str, id: impl Fn(&str) -> String) -> ByHand {
    let at = |body: Value| Change(Method::PATCH, path(kind, &id("x")), body);
    let rule = |every: u64, shard: u64| json!({"retentionRules": [{"type": "expire", "everySeconds": every, "shardGroupDurationSeconds": shard}]});
    let another_org = || Fixed(json!({"orgID": crate::support::ABSENT}));
    let scraper = |other: Value| {
        let mut all = json!({"name": "x", "type": "prometheus", "url": "http://a.example.com/metrics"});
        all.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        all
    };
    // There is no PATCH, and a PUT empties what it leaves out.
    let telegraf = |other: Value| {
        let mut all = json!({"name": "x", "description": "ours", "config": "a = 1", "metadata": {"buckets": []}});
        all.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        Change(Method::PUT, format!("telegrafs/{}", id("x")), all)
    };
    // A PATCH leaves the task as it was, and a PUT resets what it leaves out.
    let check = |other: Value| {
        let mut all = json!({
            "orgID": scene.org, "name": "x", "description": "ours", "status": "active", "every": "1m", "offset": "10s",
            "type": "threshold", "thresholds": [{"type": "greater", "level": "CRIT", "value": 90}], "query": {"text": WATCHED},
            "statusMessageTemplate": "${ r._level }", "tags": [{"key": "team", "value": "ops"}],
        });
        all.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        Change(Method::PUT, format!("checks/{}", id("x")), all)
    };
    // The same; and it drops the secret.
    let endpoint = |other: Value| {
        let mut all = json!({
            "orgID": scene.org, "name": "x", "description": "ours", "status": "active", "type": field, "method": "POST",
            "authMethod": "bearer", "token": "secret: o", "routingKey": "secret: o", "channel": "-1",
            "url": "http://a",
        });
        all.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        Change(Method::PUT, format!("notificationEndpoints/{}", id("x")), all)
    };
    // The same.
    let told = |other: Value| {
        let sort = if ["pagerduty", "telegram"].contains(&field) { field } else { "slack" };
        let mut all = json!({
            "orgID": scene.org, "name": "x", "description": "ours", "status": "active", "type": sort, "endpointID": id("e"),
            "every": "1m", "offset": "10s", "statusRules": [{"currentLevel": "CRIT"}], "channel": "#a",
            "tagRules": [{"key": "team", "value": "ops", "operator": "equal"}], "messageTemplate": "m",
        });
        all.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
        Change(Method::PUT, format!("notificationRules/{}", id("x")), all)
    };
    let dbrp = |key: &str, body: Value| Change(Method::PATCH, path(kind, &id(key)), body);
    const DAY: u64 = 86_400;
    match (kind, field) {
        (
            Kind::Org | Kind::User | Kind::Bucket | Kind::Label | Kind::Variable | Kind::Task | Kind::Dashboard,
            "name",
        ) => at(json!({"name": unique("by-hand")})),
        (Kind::Org | Kind::Bucket | Kind::Variable | Kind::Dashboard | Kind::Token | Kind::V1Token, "description") => {
            at(json!({"description": "by hand"}))
        }
        (Kind::Bucket | Kind::Label | Kind::Variable | Kind::Telegraf | Kind::Task | Kind::Check, "org") => {
            another_org()
        }
        (Kind::Dashboard | Kind::Token | Kind::V1Token, "org") => another_org(),
        (Kind::Dashboard, "cell") => {
            at(json!({"name": "x", "cells": [{"w": 4, "h": 4, "name": "c", "properties": {"properties": {
                "shape": "chronograf-v2", "type": "xy", "geom": "bar", "queries": [{"text": "buckets()"}],
            }}}]}))
        }
        (Kind::Check, "name") => check(json!({"name": unique("by-hand")})),
        (Kind::Check, "description") => at(json!({"description": "by hand"})),
        (Kind::Check, "every") => check(json!({"every": "2m"})),
        (Kind::Check, "offset") => check(json!({"offset": null})),
        (Kind::Check, "flux") => check(json!({"query": {"text": WATCHED.replace("\"u\"", "\"v\"")}})),
        (Kind::Check, "when") => {
            check(json!({"thresholds": [{"type": "range", "level": "CRIT", "max": 90, "within": true}]}))
        }
        (Kind::Check, "deadman") => check(json!({
            "type": "deadman", "query": {"text": "from(bucket: \"_monitoring\") |> range(start: -1h)"},
            "level": "warn", "timeSince": "90s", "staleTime": "10m",
        })),
        // It goes with what the check looks for.
        (Kind::Check, "custom") => Fixed(json!({"type": "custom"})),
        (Kind::Check, "message") => check(json!({"statusMessageTemplate": ""})),
        (Kind::Check, "tags") => check(json!({"tags": null})),
        (Kind::NotificationEndpoint, "name") => at(json!({"name": unique("by-hand")})),
        (Kind::NotificationEndpoint, "description") => at(json!({"description": "by hand"})),
        (Kind::NotificationEndpoint, "org") => endpoint(json!({"type": "slack", "orgID": crate::support::ABSENT})),
        (Kind::NotificationEndpoint, "http") => endpoint(json!({"token": "another"})),
        (Kind::NotificationEndpoint, "pagerduty") => endpoint(json!({"clientURL": "http://a.example.com"})),
        (Kind::NotificationEndpoint, "slack") => endpoint(json!({"token": ""})),
        (Kind::NotificationEndpoint, "telegram") => endpoint(json!({"channel": "-2"})),
        (Kind::NotificationRule, "name") => at(json!({"name": unique("by-hand")})),
        (Kind::NotificationRule, "description") => at(json!({"description": "by hand"})),
        (Kind::NotificationRule, "org") => another_org(),
        (Kind::NotificationRule, "endpoint") => told(json!({"endpointID": id("f")})),
        (Kind::NotificationRule, "every") => told(json!({"every": "2m"})),
        (Kind::NotificationRule, "offset") => told(json!({"offset": null})),
        (Kind::NotificationRule, "on") => {
            told(json!({"statusRules": [{"currentLevel": "CRIT", "previousLevel": "OK"}]}))
        }
        (Kind::NotificationRule, "tags") => told(json!({"tagRules": []})),
        (Kind::NotificationRule, "pagerduty" | "slack" | "telegram") => told(json!({"messageTemplate": "other"})),
        // The server moves it anywhere.
        // There is nothing to move: it is another key of another org.
        (Kind::Secret, "key" | "org") => another_org(),
        // Taken, and ignored.
        (Kind::Dbrp, "database" | "org" | "bucket") => {
            Fixed(json!({"database": "e", "orgID": crate::support::ABSENT, "bucketID": crate::support::ABSENT}))
        }
        (Kind::Dbrp, "retention_policy") => dbrp("x", json!({"retention_policy": "by-hand"})),
        (Kind::Dbrp, "default") => dbrp("y", json!({"default": true})),
        (Kind::Scraper, "org") => at(scraper(json!({"orgID": crate::support::ABSENT}))),
        (Kind::Bucket, "retention") => at(rule(14 * DAY, DAY)),
        (Kind::Bucket, "shard_group_duration") => at(rule(30 * DAY, 2 * DAY)),
        (
            Kind::Bucket
            | Kind::Variable
            | Kind::Telegraf
            | Kind::Task
            | Kind::Check
            | Kind::Dashboard
            | Kind::NotificationEndpoint
            | Kind::NotificationRule,
            "labels",
        ) => Change(Method::DELETE, format!("{}/{}/labels/{}", kind.spec().ty, id("x"), id("a")), Value::Null),
        (Kind::Label, "properties") => at(json!({"properties": {"color": "#000000"}})),
        // A PATCH empties what it leaves out.
        (Kind::Scraper, "name") => at(scraper(json!({"name": unique("by-hand")}))),
        (Kind::Scraper, "url") => at(scraper(json!({"url": "http://c.example.com/metrics"}))),
        (Kind::Scraper, "type") => at(scraper(json!({"type": ""}))),
        (Kind::Scraper, "bucket") => at(scraper(json!({"bucketID": id("c")}))),
        (Kind::Scraper, "allow_insecure") => at(scraper(json!({"allowInsecure": true}))),
        (Kind::Variable, "values") => at(json!({"arguments": {"type": "constant", "values": ["2", "1"]}})),
        (Kind::Variable, "map") => at(json!({"arguments": {"type": "map", "values": {"a": "2"}}})),
        (Kind::Variable, "query") => {
            at(json!({"arguments": {"type": "query", "values": {"language": "flux", "query": "from(bucket: \"c\")"}}}))
        }
        (Kind::Variable, "selected") => at(json!({"selected": ["2"]})),
        (Kind::Telegraf, "name") => telegraf(json!({"name": unique("by-hand")})),
        (Kind::Telegraf, "description") => telegraf(json!({"description": "by hand"})),
        (Kind::Telegraf, "config") => telegraf(json!({"config": "a = 2"})),
        (Kind::Task, "description") => at(json!({"description": "by hand", "status": "active"})),
        (Kind::Task, "every") => at(json!({"every": "2h"})),
        (Kind::Task, "cron") => at(json!({"cron": "30 * * * *"})),
        (Kind::Task, "offset") => at(json!({"offset": "7m"})),
        (Kind::Task, "flux") => at(
            json!({"flux": "option task = {name: \"x\", every: 1h, offset: 5m}\nfrom(bucket: \"c\") |> range(start: -1h)"}),
        ),
        (
            Kind::User
            | Kind::Task
            | Kind::Check
            | Kind::NotificationEndpoint
            | Kind::NotificationRule
            | Kind::Token
            | Kind::V1Token,
            "status",
        ) => at(json!({"status": "inactive"})),
        (Kind::User, "member_of") => {
            Change(Method::DELETE, format!("orgs/{}/members/{}", id("m"), id("x")), Value::Null)
        }
        (Kind::User, "owner_of") => Change(Method::DELETE, format!("orgs/{}/owners/{}", id("o"), id("x")), Value::Null),
        (Kind::V1Token, "username") => Fixed(json!({"token": unique("by-hand")})),
        (Kind::Token | Kind::V1Token, "user") => Fixed(json!({"userID": scene.user})),
        (Kind::Token | Kind::V1Token, "read" | "write") => Fixed(json!({"permissions": [scene.may("read", "labels")]})),
        _ => panic!("{kind} has a field {field}, and nobody has said how it is changed by hand"),
    }
}

/// The path of an object.
fn path(kind: Kind, id: &str) -> String {
    match id.split_once('/') {
        Some((org, own)) if kind == Kind::Dbrp => format!("dbrps/{own}?orgID={org}"),
        _ if kind == Kind::V1Token => format!("/private/legacy/authorizations/{id}"),
        _ => format!("{}/{id}", kind.spec().ty),
    }
}

/// Changes each field of `kind` by hand.
async fn each_field(scene: &Scene, kind: Kind) {
    let project = Project::new(scene);
    let run = unique("run");
    project.write("value", "of a secret");
    let fields = kind.spec().fields.iter().filter(|field| field.compared == Compared::Live);
    for field in fields {
        project.declare(&declared(kind, field.name, &run));
        project.apply().await;
        let before = project.plan(Goal::Declared).await.unwrap();
        assert!(!before.plan.writes(), "{}", lines(&before.plan));
        let id = |key: &str| {
            let entry = before.ledger.entries.iter().find(|(address, _)| address.key == key);
            entry.unwrap_or_else(|| panic!("nothing is called {key}")).1.id.clone()
        };
        let json = scene.http.clone().with_header("content-type", "application/json");
        match by_hand(scene, kind, field.name, id) {
            Change(method, path, body) => {
                let body = (!body.is_null()).then(|| body.to_string().into_bytes());
                let reply = json.send(method, &path, body).await;
                assert!(reply.status < 300, "{}: {}", reply.request, reply.text);
            }
            Fixed(body) => {
                // Refused, or taken and ignored.
                json.patch(&path(kind, &id("x")), body).await;
                let after = project.plan(Goal::Declared).await.unwrap();
                assert!(!after.plan.writes(), "{kind}.{}: {}", field.name, lines(&after.plan));
                continue;
            }
        }
        let drifted = project.plan(Goal::Declared).await.unwrap();
        let said = lines(&drifted.plan);
        let changes: Vec<_> = drifted.plan.changes.iter().filter(|change| change.writes()).collect();
        let [change] = changes[..] else { panic!("{kind}.{}: not one change\n{said}", field.name) };
        let [differs] = &change.fields[..] else { panic!("{kind}.{}: not one field\n{said}", field.name) };
        assert_eq!((differs.field, differs.cause), (field.name, Cause::Drift), "{said}");
        assert!(change.drifted() && drifted.plan.refusals.is_empty(), "{said}");
        let old = differs.wanted.fingerprint().strip_prefix('=').map(str::to_owned);
        assert_eq!(differs.last, old, "the value that was last applied\n{said}");
        assert_ne!(differs.live.as_ref(), Some(&differs.wanted), "{said}");
        project.apply().await;
        let repaired = project.plan(Goal::Declared).await.unwrap();
        assert!(!repaired.plan.writes(), "{kind}.{}: {}", field.name, lines(&repaired.plan));
    }
    project.destroy().await;
}

both!(each_field_of_an_org, async |scene| {
    each_field(&scene, Kind::Org).await;
});
both!(each_field_of_a_user, async |scene| {
    each_field(&scene, Kind::User).await;
});
both!(each_field_of_a_bucket, async |scene| {
    each_field(&scene, Kind::Bucket).await;
});
both!(each_field_of_a_label, async |scene| {
    each_field(&scene, Kind::Label).await;
});
both!(each_field_of_a_scraper, async |scene| {
    each_field(&scene, Kind::Scraper).await;
});
both!(each_field_of_a_variable, async |scene| {
    each_field(&scene, Kind::Variable).await;
});
both!(each_field_of_a_telegraf_configuration, async |scene| {
    each_field(&scene, Kind::Telegraf).await;
});
both!(each_field_of_a_mapping_of_a_database, async |scene| {
    each_field(&scene, Kind::Dbrp).await;
});
both!(each_field_of_a_secret, async |scene| {
    each_field(&scene, Kind::Secret).await;
});
both!(each_field_of_a_task, async |scene| {
    each_field(&scene, Kind::Task).await;
});
both!(each_field_of_a_check, async |scene| {
    each_field(&scene, Kind::Check).await;
});
both!(each_field_of_a_notification_endpoint, async |scene| {
    each_field(&scene, Kind::NotificationEndpoint).await;
});
both!(each_field_of_a_notification_rule, async |scene| {
    each_field(&scene, Kind::NotificationRule).await;
});
both!(each_field_of_a_dashboard, async |scene| {
    each_field(&scene, Kind::Dashboard).await;
});
both!(each_field_of_a_token, async |scene| {
    each_field(&scene, Kind::Token).await;
});

both!(each_field_of_a_token_of_influxdb_1, async |scene| {
    each_field(&scene, Kind::V1Token).await;
});

#[test]
fn each_kind_is_tried() {
    let own = include_str!("drift.rs");
    let tried = |kind: &&Kind| !own.contains(&format!("each_field(&scene, Kind::{kind:?})"));
    assert_eq!(Kind::ALL.iter().find(tried), None, "a kind whose fields nobody changes by hand");
}

both!(what_was_absent_is_shown_as_everywhere, async |scene| {
    let place = crate::terminal::Place::new(&scene, "[task.t]\nevery = \"1h\"\nflux = 'x = 1'\n");
    place.apply().run().with(0);
    let tasks = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    let task = format!("tasks/{}", crate::support::id(&tasks["tasks"][0]));
    let flux = "option task = {name: \"t\", cron: \"0 * * * *\"}\nx = 1";
    scene.http.patch(&task, json!({"flux": flux})).await.expect(200);
    let drift = place.on("drift").run().with(2).out;
    let lines: Vec<_> = drift.lines().filter(|line| line.contains(": was ")).map(str::trim).collect();
    assert_eq!(lines, ["every: was \"1h\", is (none)", "cron: was (none), is \"0 * * * *\""], "{drift}");
});
