//! `import`, `adopt` and `forget`: the ledger changes, and nothing else.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Home;
use crate::cli::fluxform::{Ended, Fluxform};
use crate::support::{both, hourly};

/// A project called `p`.
fn declare(tables: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "p", tables);
    dir
}

fn write(dir: &Path, name: &str, tables: &str) {
    std::fs::write(dir.join("main.toml"), format!("[project]\nname = \"{name}\"\n\n{tables}")).unwrap();
}

fn on(home: &Home, arguments: &[&str], dir: &Path) -> Fluxform {
    home.fluxform(arguments).arg(dir)
}

/// Runs a command that is approved beforehand.
fn run(home: &Home, arguments: &[&str], dir: &Path) -> Ended {
    on(home, arguments, dir).args(&["--auto-approve", "--lock-timeout=0s"]).run()
}

/// Addresses that the project owns, each with its origin.
fn owned(home: &Home, dir: &Path) -> Vec<String> {
    let shown = on(home, &["show", "--format=json"], dir).run().with(0).json();
    let one = |one: &Value| format!("{} {}", one["address"].as_str().unwrap(), one["origin"].as_str().unwrap());
    shown["resources"].as_array().unwrap().iter().map(one).collect()
}

#[track_caller]
fn has(text: &str, part: &str) {
    assert!(text.contains(part), "no {part:?} in:\n{text}");
}

const TWO: &str = r#"
[task.first]
name = "hourly"
every = "1h"
flux = 'from(bucket: "_monitoring") |> range(start: -1h)'

[task.second]
name = "hourly"
every = "2h"
flux = 'from(bucket: "_monitoring") |> range(start: -1h)'
"#;

both!(one_of_two_tasks_is_taken_over_by_its_id, virgin, async |server| {
    let home = Home::on(server).await;
    let (first, second) = (
        home.make("tasks", json!({"flux": hourly("hourly")})).await,
        home.make("tasks", json!({"flux": hourly("hourly")})).await,
    );
    let before = home.everything().await;
    let dir = declare(TWO);
    let last = || on(&home, &["status", "--format=json"], dir.path()).run().with(0).json()["last_apply"].clone();
    assert_eq!(last(), json!(null));
    on(&home, &["plan"], dir.path()).run().with(1);
    let unasked = on(&home, &["import", "task.first", &first], dir.path()).run().with(64);
    has(&unasked.err, "--auto-approve");
    let said = run(&home, &["import", "task.first", &first], dir.path()).with(0);
    assert_eq!((&last()["command"], last()["by"].is_string()), (&json!("import"), true));
    insta::assert_snapshot!("imported", said.out.replace(&first, "0123456789abcdef"));
    // What is declared otherwise is said, and is no drift.
    let said = run(&home, &["import", "task.second", &second], dir.path()).with(0);
    insta::assert_snapshot!("imported-and-different", said.out.replace(&second, "0123456789abcdef"));
    run(&home, &["forget", "task.second"], dir.path()).with(0);
    assert_eq!(last()["command"], "forget");
    let said = run(&home, &["import", "task.second", &second, "--format=json"], dir.path()).with(0);
    assert_eq!(said.json()["recorded"][0]["differs"], json!(["every"]));
    assert_eq!(owned(&home, dir.path()), ["task.first adopted", "task.second adopted"]);
    assert_eq!(home.everything().await, before);
    on(&home, &["drift"], dir.path()).run().with(0);
    let plan = on(&home, &["plan", "--format=json"], dir.path()).run().with(0).json();
    assert_eq!((&plan["plan"]["summary"]["change"], &plan["plan"]["summary"]["adopt"]), (&json!(1), &json!(0)));
    assert_eq!(plan["plan"]["changes"][1]["fields"][0]["cause"], "manifest");
    // Again there is nothing to record, and no lock is taken.
    let said = run(&home, &["import", "task.first", &first], dir.path()).with(0);
    has(&said.out, "is already the object");
    run(&home, &["import", "task.first", &first, "--format=json"], dir.path()).with(0);
    on(&home, &["apply", "--auto-approve"], dir.path()).run().with(0);
    on(&home, &["plan", "--detailed-exitcode"], dir.path()).run().with(0);
});

both!(an_import_that_cannot_be_writes_nothing, virgin, async |server| {
    let home = Home::on(server).await;
    let raw = home.make("buckets", json!({"name": "raw"})).await;
    let task = home.make("tasks", json!({"flux": hourly("hourly")})).await;
    let other = home.http.post("orgs", json!({"name": "other"})).await.expect(201)["id"].as_str().unwrap().to_owned();
    let elsewhere = home.http.post("buckets", json!({"orgID": other, "name": "elsewhere"})).await.expect(201);
    let elsewhere = elsewhere["id"].as_str().unwrap().to_owned();
    let theirs = tempfile::tempdir().unwrap();
    write(theirs.path(), "theirs", "[bucket.shared]\n");
    on(&home, &["apply", "--auto-approve"], theirs.path()).run().with(0);
    let shared =
        home.http.get("buckets?name=shared").await.expect(200)["buckets"][0]["id"].as_str().unwrap().to_owned();
    let system =
        home.http.get("buckets?name=_tasks").await.expect(200)["buckets"][0]["id"].as_str().unwrap().to_owned();
    let dir = declare(
        "[bucket.raw]\n[bucket.free]\n[bucket.other]\nexternal = true\nname = \"first-bucket\"\n[bucket.line]\nfor_each = [\"a\"]\n",
    );
    run(&home, &["import", "bucket.raw", &raw], dir.path()).with(0);
    let labels = async || home.http.get(&format!("labels?orgID={}", home.org)).await.text;
    let before = (home.everything().await, labels().await);
    for (address, id, code, words) in [
        ("bucket.free", "0123456789abcdef", 1, "the server has no bucket 0123456789abcdef"),
        ("bucket.free", task.as_str(), 1, "is the ID of another kind of object, task"),
        ("bucket.free", elsewhere.as_str(), 1, "objects cannot move between orgs"),
        ("bucket.free", raw.as_str(), 1, "is already bucket.raw"),
        ("bucket.free", shared.as_str(), 8, "which the project `theirs` owns"),
        ("bucket.free", system.as_str(), 65, "is one of InfluxDB's own"),
        ("bucket.raw", task.as_str(), 1, "this project owns"),
        ("bucket.free", "raw", 64, "invalid ID"),
        ("bucket.fre", raw.as_str(), 64, "did you mean `bucket.free`?"),
        ("bucket.other", raw.as_str(), 64, "is external"),
        ("bucket.line", raw.as_str(), 64, "name one instance"),
        ("bukket.x", raw.as_str(), 64, "unknown kind"),
    ] {
        let said = run(&home, &["import", address, id], dir.path());
        assert_eq!(said.code, code, "{address} {id}: {}", said.all());
        has(&said.err, words);
    }
    // What is wrong elsewhere does not matter, but a lock does.
    let lock = json!({"expires": "9000000000", "nonce": "x", "holder": "new@host pid 1"});
    home.make("labels", json!({"name": "fluxform/p/lock", "properties": lock})).await;
    let made = home.make("buckets", json!({"name": "My bucket (old)"})).await;
    let said = run(&home, &["import", "bucket.free", &made], dir.path()).with(7);
    has(&said.err, "new@host");
    let locked = home.http.get(&format!("labels?orgID={}", home.org)).await.expect(200);
    let lock = locked["labels"].as_array().unwrap().iter().find(|row| row["name"] == "fluxform/p/lock").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    home.http.delete(&format!("labels/{lock}")).await.expect(204);
    home.http.delete(&format!("buckets/{made}")).await.expect(204);
    assert_eq!((home.everything().await, labels().await), before);
});

both!(all_that_is_declared_is_adopted_at_once, virgin, async |server| {
    let home = Home::on(server).await;
    let raw = home.make("buckets", json!({"name": "raw", "description": "by hand"})).await;
    let token = home.token("in use", json!([home.may_one("read", "buckets", &raw)])).await;
    home.make("labels", json!({"name": "Prod"})).await;
    home.make("tasks", json!({"flux": hourly("hourly")})).await;
    let before = home.everything().await;
    let dir = declare(&format!(
        "[bucket.raw]\nretention = \"30d\"\ndescription = \"ours\"\n[label.prod]\n[bucket.missing]\n[user.root]\n\
         [task.hourly]\nevery = \"1h\"\nflux = 'from(bucket: \"_monitoring\") |> range(start: -1h)'\n\
         [token.used]\ndescription = \"in use\"\nread = [\"bucket.raw\"]\n[[import]]\nto = \"token.used\"\nid = \"{}\"\n",
        token.id
    ));
    on(&home, &["adopt"], dir.path()).run().with(64);
    let said = run(&home, &["adopt"], dir.path()).with(0);
    let status = on(&home, &["status", "--format=json"], dir.path()).run().with(0).json();
    assert_eq!(status["last_apply"]["command"], "adopt");
    let mask = |text: &str| {
        let mut text = text.to_owned();
        for part in said.out.split("(id ").skip(1) {
            text = text.replace(&part[..16], "0123456789abcdef");
        }
        text
    };
    insta::assert_snapshot!("adopted", mask(&said.out));
    assert_eq!(home.everything().await, before);
    assert_eq!(owned(&home, dir.path()).len(), 5);
    let said = run(&home, &["adopt", "--format=json"], dir.path()).with(0);
    assert_eq!(said.json()["recorded"], json!([]));
    has(&run(&home, &["adopt"], dir.path()).with(0).out, "Nothing to adopt");
    // Two that could be meant, and what somebody else owns, are not decided here.
    home.make("tasks", json!({"flux": hourly("twice")})).await;
    home.make("tasks", json!({"flux": hourly("twice")})).await;
    let two = declare("[task.twice]\nevery = \"1h\"\nflux = 'x = 1'\n[bucket.first-bucket]\n");
    has(&run(&home, &["adopt"], two.path()).with(1).err, "matches 2 objects");
    write(two.path(), "q", "[bucket.raw]\n");
    has(&run(&home, &["adopt"], two.path()).with(8).err, "which the project `p` owns");
});

both!(what_is_forgotten_stays_and_is_not_touched_again, virgin, async |server| {
    let home = Home::on(server).await;
    let dir = declare(
        "[bucket.raw]\nlifecycle = { prevent_destroy = true }\n[bucket.line]\nfor_each = [\"a\", \"b c\"]\n[label.prod]\n\
         [token.t]\nread = [\"bucket.raw\"]\ndeliver = \"discard\"\n",
    );
    on(&home, &["apply", "--auto-approve"], dir.path()).run().with(0);
    let before = home.everything().await;
    on(&home, &["forget", "bucket.raw"], dir.path()).run().with(64);
    for (pattern, words) in [("bucket.rae", "did you mean bucket.raw?"), ("task.*", "`fluxform show` lists")] {
        has(&run(&home, &["forget", pattern], dir.path()).with(1).err, words);
    }
    let said = run(&home, &["forget", "bucket.raw"], dir.path()).with(0);
    has(&said.err, "bucket.raw is still declared: the next plan is refused, unless --adopt takes it over again");
    has(&said.out, "lets go of \"raw\"");
    let said = run(&home, &["forget", "bucket.line[\"b c\"]", "--format=json"], dir.path()).with(0);
    assert_eq!(said.json()["recorded"][0]["action"], "forget");
    has(&run(&home, &["forget", "token.*"], dir.path()).with(0).err, "the next apply creates another one");
    assert_eq!(owned(&home, dir.path()), ["label.prod created", "bucket.line[a] created"]);
    write(dir.path(), "p", "[label.prod]\n");
    run(&home, &["forget", "bucket.*"], dir.path()).with(0);
    on(&home, &["plan", "--detailed-exitcode"], dir.path()).run().with(0);
    assert_eq!(home.everything().await, before);
    has(&on(&home, &["destroy", "--auto-approve"], dir.path()).run().with(0).out, "1 destroyed");
    let buckets = home.http.get(&format!("buckets?limit=100&orgID={}", home.org)).await.expect(200);
    assert!(buckets.to_string().contains("line_b c"));
});

both!(what_becomes_of_many_forgotten_is_said_once, virgin, async |server| {
    let home = Home::on(server).await;
    let dir = declare(
        "[bucket.line]\nfor_each = [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\"]\n[label.prod]\n[label.dev]\n\
         [task.one]\nevery = \"1h\"\nflux = 'x = 1'\n[task.two]\nevery = \"1h\"\nflux = 'x = 2'\n",
    );
    on(&home, &["apply", "--auto-approve"], dir.path()).run().with(0);
    let said = run(&home, &["forget", "*"], dir.path()).with(0);
    let (_, warned) = said.err.split_once('\n').unwrap();
    insta::assert_snapshot!("forgotten", warned.replace(dir.path().to_str().unwrap(), "DIR"));
});

both!(names_are_said_without_secrets, virgin, async |server| {
    let home = Home::on(server).await;
    home.make("labels", json!({"name": "password=S3KRIT7"})).await;
    let dir = declare("[bucket.raw]\nname = \"token=S3KRIT7\"\n");
    let mut all = vec![on(&home, &["apply", "--auto-approve"], dir.path()).run().with(0)];
    for arguments in
        [&["plan", "--unmanaged"][..], &["plan", "--unmanaged", "--format=json"], &["show"], &["show", "--format=json"]]
    {
        all.push(on(&home, arguments, dir.path()).run().with(0));
    }
    all.push(run(&home, &["forget", "bucket.raw"], dir.path()).with(0));
    for said in all {
        let text = format!("{}{}", said.out, said.err);
        assert!(!text.contains("S3KRIT7"), "{text}");
        has(&said.out, "***");
    }
});
