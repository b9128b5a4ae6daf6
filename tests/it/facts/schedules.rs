//! When tasks run: which intervals, cron expressions and offsets the servers take, with their words, and that `validate`
//! knows before.
//!
//! `schedules.tsv` was measured on influxd 2.9.1: the option, its value as JSON, the status of the answer to a new task, what
//! `validate` says of it (`taken`, `warned` or `refused`), and the server's message as JSON.

use std::fmt::Write as _;
use std::path::Path;

use fluxform::diagnostic::Diagnostic;
use fluxform::manifest::{Inputs, Loaded, load};
use serde_json::{Value, json};

use crate::support::{Reply, Scene, both, hourly, id};

/// One line of the table.
struct Row {
    option: &'static str,
    value: String,
    status: u16,
    client: &'static str,
    message: String,
}

fn rows() -> Vec<Row> {
    let text = |json: &str| serde_json::from_str(json).unwrap();
    let rows: Vec<Row> = include_str!("schedules.tsv")
        .lines()
        .map(|line| {
            let [option, value, status, client, message] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            Row { option, value: text(value), status: status.parse().unwrap(), client, message: text(message) }
        })
        .collect();
    assert!(rows.len() > 500, "the table is gone");
    rows
}

/// The script of a task with one option as it is.
fn script(option: &str, value: &str) -> String {
    let options = match option {
        "cron" => format!("cron: \"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
        "every" => format!("every: {value}"),
        _ => format!("every: 1h, {option}: {value}"),
    };
    format!("option task = {{name: \"t\", {options}}}\nx = 1")
}

async fn post(scene: &Scene, flux: &str) -> Reply {
    scene.http.post("tasks", json!({"orgID": scene.org, "flux": flux})).await
}

both!(each_schedule_is_taken_or_refused_with_these_words, async |scene| {
    let mut wrong = String::new();
    for Row { option, value, status, message, .. } in rows() {
        let reply = post(&scene, &script(option, &value)).await;
        if reply.status == 201 {
            // Some would run every second, for as long as the server lives.
            scene.http.delete(&format!("tasks/{}", id(&reply.json))).await.expect(204);
        }
        let said = if reply.status == 201 { "" } else { reply.json["message"].as_str().unwrap_or_default() };
        if (reply.status, said) != (status, message.as_str()) {
            writeln!(wrong, "{option} {value:?}: {} {said:?}", reply.status).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let list = scene.http.get(&format!("tasks?orgID={}&limit=500", scene.org)).await.expect(200);
    assert_eq!(list["tasks"], json!([]), "what was answered with an error is not there");
});

#[test]
fn validate_refuses_what_the_server_would() {
    let dir = tempfile::tempdir().unwrap();
    let mut wrong = String::new();
    for Row { option, value, status, client, .. } in rows() {
        let said = validated(dir.path(), option, &value);
        if said != client {
            writeln!(wrong, "{option} {value:?}: {said}").unwrap();
        }
        // Offsets are sent in hours and less, whatever they are written in.
        let units_of_ours = ["d", "w", "y", "mo"].iter().any(|unit| value.contains(unit));
        let sent_otherwise = option == "offset" && (units_of_ours || value == "-1h30m");
        assert!(status == 201 || client == "refused" || sent_otherwise, "{option} {value}");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is said of a task with one option, before any server is asked.
fn validated(dir: &Path, option: &str, value: &str) -> &'static str {
    let value = toml::Value::String(value.to_owned());
    let every = if option == "offset" { "every = \"1h\"\n" } else { "" };
    let manifest = format!("[project]\nname = \"demo\"\n[task.t]\nflux = \"x = 1\"\n{every}{option} = {value}\n");
    std::fs::write(dir.join("main.toml"), manifest).unwrap();
    match load(dir, &Inputs::default()) {
        Ok(Loaded { warnings, .. }) if warnings.is_empty() => "taken",
        Ok(_) => "warned",
        Err(_) => "refused",
    }
}

/// A schedule that never comes, and what the server says when it looks for its next time.
const NEVER: (&str, &str) = ("0 0 30 2 *", "could not fulfil schedule due to year");

both!(a_change_to_a_schedule_that_never_comes_is_an_error_and_is_kept, async |scene| {
    let path = format!("tasks/{}", id(&post(&scene, &hourly("t")).await.expect(201)));
    let (never, why) = NEVER;
    let flux = script("cron", never);
    let refused = |reply: Reply| reply.refused(500, "internal error", &format!("failed to update task: {why}"));
    refused(scene.http.patch(&path, json!({"flux": flux})).await);
    let task = scene.http.get(&path).await.expect(200);
    assert_eq!((&task["cron"], &task["flux"], task.get("every")), (&json!(never), &json!(flux), None));
    // So is any other change of it, as long as it is active.
    refused(scene.http.patch(&path, json!({"description": "d", "status": "active"})).await);
    assert_eq!(scene.http.get(&path).await.expect(200)["description"], "d");
    let paused = scene.http.patch(&path, json!({"status": "inactive"})).await.expect(200);
    assert_eq!(paused["cron"], json!(never));
    scene.http.patch(&path, json!({"flux": script("cron", "@every 500ms")})).await.expect(200);
    let reply = scene.http.patch(&path, json!({"status": "active"})).await;
    reply.refused(500, "internal error", "failed to update task: next time must be later than from time");
    assert_eq!(scene.http.get(&path).await.expect(200)["status"], "active");
    scene.http.patch(&path, json!({"every": "2h"})).await.expect(200);
    scene.http.delete(&path).await.expect(204);
});

both!(a_new_task_that_never_runs_is_an_error_and_is_not_there, async |scene| {
    let (never, why) = NEVER;
    for status in ["active", "inactive"] {
        let body = json!({"orgID": scene.org, "flux": script("cron", never), "status": status});
        let reply = scene.http.post("tasks", body).await;
        reply.refused(500, "internal error", &format!("failed to create task: {why}"));
    }
    let list = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    assert_eq!(list["tasks"], Value::Array(Vec::new()));
});

#[test]
fn a_schedule_that_comes_too_often_is_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let manifest = "[project]\nname = \"demo\"\n[task.t]\nflux = \"x = 1\"\ncron = \"*/30 * * * *\"\n";
    std::fs::write(dir.path().join("main.toml"), manifest).unwrap();
    let Loaded { warnings, .. } = load(dir.path(), &Inputs::default()).expect("a good project");
    let said =
        |Diagnostic { message, help, .. }: &Diagnostic| format!("{message}; {}", help.clone().unwrap_or_default());
    insta::assert_snapshot!(warnings.iter().map(said).collect::<String>(), @"InfluxDB reads `*/30` as the minutes 0, 30 and 59; write `0,30`");
}
