//! Servers with names and settings that nobody would give, and many do: each export's plan is to adopt, and nothing else.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{Home, files};
use crate::support::both;

/// What to make on a server; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
struct World {
    labels: Vec<Label>,
    buckets: Vec<Bucket>,
    tasks: Vec<Task>,
    users: Vec<User>,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug)]
struct Label {
    name: String,
    text: Option<String>,
}

#[derive(Clone, Debug)]
struct Bucket {
    name: String,
    kept: usize,
    description: Option<String>,
    label: usize,
}

#[derive(Clone, Debug)]
struct Task {
    name: String,
    schedule: usize,
    script: usize,
    status: &'static str,
    description: Option<String>,
    label: usize,
}

#[derive(Clone, Debug)]
struct User {
    name: String,
    role: usize,
}

#[derive(Clone, Debug)]
struct Token {
    description: String,
    status: &'static str,
    may: Vec<Permission>,
}

#[derive(Clone, Debug)]
struct Permission {
    action: &'static str,
    what: usize,
    which: usize,
}

const DAY: u64 = 86_400;
/// Retention and shard-group duration, in seconds; 0 is infinite, and the server's own.
const KEPT: [(u64, u64); 7] =
    [(0, 0), (0, DAY), (3600, 0), (30 * DAY, 0), (30 * DAY, DAY), (90_061, 3600), (400 * DAY, 7 * DAY)];
const SCHEDULES: [&str; 6] = [
    "every: 1h",
    "every: 90m, offset: 1m30s",
    "every: 1mo",
    "cron: \"0 3 * * *\"",
    "cron: \"@daily\", offset: 5m",
    "every: 24h, concurrency: 2, retry: 1",
];
const SCRIPTS: [(&str, &str); 6] = [
    ("", "x = 1"),
    ("", "// what it does\nfrom(bucket: \"b\")\n    |> range(start: -1h)\n\n"),
    ("import \"math\"\nimport s \"strings\" // why\n", "\n\n\nx = math.pi\r\ny = s.title(v: \"a${x}\")\n"),
    ("package main\n\n", "option params = {bucket: \"b\", window: 1h}\nx = params"),
    ("", ""),
    ("", "data = [1, 2, 3,]\nf = (r) => ({r with x: \"'''\\\"\\\"\\\"\"})\n"),
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-c]{1,2}",
        2 => "[A-Ca-c]{1,2}",
        2 => "[a-c ./:()-]{1,5}",
        1 => "\\PC{1,10}",
        1 => prop_oneof![
            Just("../../etc/passwd".to_owned()), Just("..".to_owned()), Just("x\u{1b}[31m\u{202e}y".to_owned()),
            Just("${var.x}".to_owned()), Just("a]b[c".to_owned()), Just("'''".to_owned()), Just(" a ".to_owned()),
            Just("a\nb".to_owned()), Just("back\\slash".to_owned()), Just("x".repeat(1_000)),
        ],
    ]
}

fn text() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), name().prop_map(Some), "(\\PC|\n|\t|\"){1,30}".prop_map(Some)]
}

fn world() -> impl Strategy<Value = World> {
    use proptest::collection::vec;
    let status = || prop_oneof![Just("active"), Just("inactive")];
    let label = (name(), text()).prop_map(|(name, text)| Label { name, text });
    let bucket = (name(), 0..KEPT.len(), text(), any::<usize>());
    let bucket = bucket.prop_map(|(name, kept, description, label)| Bucket { name, kept, description, label });
    let task = (name(), 0..SCHEDULES.len(), 0..SCRIPTS.len(), status(), text(), any::<usize>());
    let task = task.prop_map(|(name, schedule, script, status, description, label)| Task {
        name,
        schedule,
        script,
        status,
        description,
        label,
    });
    let user = (name(), 0..4_usize).prop_map(|(name, role)| User { name, role });
    let permission = (prop_oneof![Just("read"), Just("write")], 0..9_usize, any::<usize>());
    let permission = permission.prop_map(|(action, what, which)| Permission { action, what, which });
    let token = (name(), status(), vec(permission, 1..4));
    let token = token.prop_map(|(description, status, may)| Token { description, status, may });
    (vec(label, 0..6), vec(bucket, 1..10), vec(task, 1..12), vec(user, 0..4), vec(token, 4..14))
        .prop_map(|(labels, buckets, tasks, users, tokens)| World { labels, buckets, tasks, users, tokens })
}

/// The ID in a reply; none if the server does not take such an object.
fn made(reply: &crate::support::Reply) -> Option<String> {
    let object = reply.json.get("label").unwrap_or(&reply.json);
    (reply.status == 201).then(|| object["id"].as_str().unwrap().to_owned())
}

impl World {
    /// Makes it all, as far as the server takes it.
    async fn make(&self, home: &Home) {
        let http = &home.http;
        let mut labels = Vec::new();
        // A label without a name is taken by the server, cannot be managed, and so is not made on another server.
        for Label { name, text } in self.labels.iter().filter(|label| !label.name.trim().is_empty()) {
            let properties = text.as_ref().map_or(json!({}), |text| json!({"description": text, "a \"b\"": "c"}));
            let body = json!({"orgID": home.org, "name": name, "properties": properties});
            labels.extend(made(&http.post("labels", body).await));
        }
        let label = |n: usize| labels.get(n % labels.len().max(1));
        let mut buckets = Vec::new();
        for bucket in &self.buckets {
            let (every, shard) = KEPT[bucket.kept];
            let mut rule = json!({"type": "expire", "everySeconds": every});
            if shard > 0 {
                rule["shardGroupDurationSeconds"] = json!(shard);
            }
            let (name, description) = (&bucket.name, &bucket.description);
            let body = json!({"orgID": home.org, "name": name, "description": description, "retentionRules": [rule]});
            buckets.extend(labelled(home, "buckets", body, label(bucket.label)).await);
        }
        let mut tasks = Vec::new();
        for task in &self.tasks {
            let literal = task.name.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "\\${");
            let ((head, body), schedule) = (SCRIPTS[task.script], SCHEDULES[task.schedule]);
            let flux = format!("{head}option task = {{name: \"{literal}\", {schedule}}}\n\n{body}");
            let (status, description) = (task.status, &task.description);
            let body = json!({"orgID": home.org, "flux": flux, "status": status, "description": description});
            tasks.extend(labelled(home, "tasks", body, label(task.label)).await);
        }
        let mut users = vec![home.user.clone()];
        for User { name, role } in &self.users {
            let status = if *role == 3 { "inactive" } else { "active" };
            let Some(id) = made(&http.post("users", json!({"name": name, "status": status})).await) else { continue };
            if let Some(role) = ["members", "owners"].get(*role) {
                http.post(&format!("orgs/{}/{role}", home.org), json!({"id": id})).await.expect(201);
            }
            users.push(id);
        }
        for Token { description, status, may } in &self.tokens {
            let may: Vec<Value> = may.iter().map(|may| may.resource(home, &users, &buckets, &tasks)).collect();
            let body = json!({"orgID": home.org, "description": description, "status": status, "permissions": may});
            http.post("authorizations", body).await.expect(201);
        }
    }
}

/// Makes an object with a label, if the server takes it; its ID.
async fn labelled(home: &Home, list: &str, body: Value, label: Option<&String>) -> Option<String> {
    let id = made(&home.http.post(list, body).await)?;
    if let Some(label) = label {
        home.http.post(&format!("{list}/{id}/labels"), json!({"labelID": label})).await.expect(201);
    }
    Some(id)
}

impl Permission {
    fn resource(&self, home: &Home, users: &[String], buckets: &[String], tasks: &[String]) -> Value {
        const GONE: &str = "0123456789abcdef";
        let Self { action, what, which } = self;
        let pick = |of: &[String]| of.get(which % of.len().max(1)).map_or(GONE, String::as_str).to_owned();
        match what {
            0 => home.may(action, "buckets"),
            1 => home.may(action, "telegrafs"),
            2 => json!({"action": action, "resource": {"type": "labels"}}),
            3 => json!({"action": action, "resource": {"type": "orgs", "id": home.org}}),
            4 => json!({"action": action, "resource": {"type": "users", "id": pick(users)}}),
            5 => home.may_one(action, "tasks", &pick(tasks)),
            6 => home.may_one(action, "buckets", GONE),
            7 => home.may_one(action, "checks", GONE),
            _ => home.may_one(action, "buckets", &pick(buckets)),
        }
    }
}

both!(whatever_a_server_has_the_plan_of_its_export_is_to_adopt, virgin, async |server| {
    let home = Home::on(server).await;
    let mut runner = TestRunner::deterministic();
    // One after another on the same server: names meet those of the worlds before.
    for _ in 0..3 {
        let world = world().new_tree(&mut runner).unwrap().current();
        world.make(&home).await;
        let before = home.everything().await;
        let dir = tempfile::tempdir().unwrap();
        let said = home.export(dir.path(), &["--project=generated", "--format=json"]).with(0).json();
        let resources = said["resources"].as_array().unwrap();
        let declared = resources.iter().filter(|one| one["external"] == false).count() as u64;
        let (adopted, rest) = home.plan(dir.path());
        assert_eq!((adopted, rest.as_str()), (declared, ""), "{world:#?}\n{:#?}", files(dir.path()));
        assert_eq!(home.everything().await, before);
    }
    let dir = tempfile::tempdir().unwrap();
    let before = home.everything().await;
    home.export(dir.path(), &["--project=generated"]).with(0);
    home.fluxform(&["apply", "--adopt", "--auto-approve"]).arg(dir.path()).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(dir.path()).run().with(0);
    home.fluxform(&["drift"]).arg(dir.path()).run().with(0);
    assert_eq!(home.everything().await, before);

    // Another server that is set up with it has the same, to the byte.
    let first = files(dir.path());
    let other = Home::another(home.server.backend()).await;
    std::fs::remove_file(dir.path().join("server.toml")).unwrap();
    let tokens = first["tokens.toml"].replace("\n# deliver", "\ndeliver");
    std::fs::write(dir.path().join("tokens.toml"), tokens).unwrap();
    other.fluxform(&["apply", "--adopt", "--auto-approve"]).arg(dir.path()).run().with(0);
    let again = tempfile::tempdir().unwrap();
    other.export(again.path(), &["--project=generated"]).with(0);
    let mut second = files(again.path());
    second.insert("server.toml".into(), first["server.toml"].clone());
    for (path, text) in &first {
        assert_eq!(second.get(path), Some(text), "{path}");
    }
    assert_eq!(second.len(), first.len());
});
