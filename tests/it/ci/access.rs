//! The two tokens may do their part, and without any of their permissions they may not.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

use super::{Site, Who, word};
use crate::cli::fluxform::Fluxform;
use crate::support::{Backend, DEADLINE, both, id};

both!(each_token_does_its_part, virgin, async |server| {
    let site = Site::on(server).await;
    let (plan, apply) = (site.plan.secret.as_str(), site.apply.secret.as_str());
    let before = site.everything().await;
    let planned = site.run(plan, &["plan", "--detailed-exitcode"]).run().with(2);
    assert!(planned.out.contains("Plan: 5 to add"), "{}", planned.out);
    site.run(plan, &["apply", "--auto-approve"]).run().with(4);
    assert_eq!(site.everything().await, before, "the plan's token writes nothing");

    let applied = site.run(apply, &["apply", "--auto-approve"]).run().with(0);
    assert!(applied.out.contains("Resources: 5 added"), "{}", applied.out);
    task_works(&site).await;
    let again = site.run(plan, &["plan", "--detailed-exitcode"]).run().with(0);
    assert!(again.out.starts_with("No changes."), "{}", again.out);
    site.run(plan, &["drift"]).run().with(0);

    is_what_is_printed(&site);
    // What the operator set up is as it is declared.
    let access = site.dir.path().join("access");
    site.home.fluxform(&["plan", "--detailed-exitcode"]).arg(access).run().with(0);
});

/// `required-permissions` says of the project exactly what its two tokens may do.
#[track_caller]
fn is_what_is_printed(site: &Site) {
    let mut run = Fluxform::new(&["required-permissions", "iot", "--org", "acme", "--format", "json"]);
    run.command.current_dir(site.dir.path());
    let printed = run.run().with(0).json();
    for (name, who) in [("plan", &site.plan), ("apply", &site.apply)] {
        let text = printed[name].to_string();
        let text = text.replace("${org.acme}", &site.home.org).replace(&format!("${{user.iot-{name}}}"), &who.user);
        let body: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&body["orgID"], &body["userID"]), (&json!(site.home.org), &json!(who.user)));
        // A reply has names too.
        let plain = |permission: &Value| {
            let resource = &permission["resource"];
            // An org is in none, whatever stands beside its ID.
            let org = resource["orgID"].as_str().filter(|_| resource["id"].is_null());
            format!("{} {} {} {org:?}", permission["action"], resource["type"], resource["id"])
        };
        let all = |list: &[Value]| list.iter().map(plain).collect::<BTreeSet<_>>();
        assert_eq!(all(body["permissions"].as_array().unwrap()), all(&who.permissions), "{name}");
    }
}

/// The project's task runs as the apply's user, and, where a server runs tasks, with success.
async fn task_works(site: &Site) {
    let http = &site.home.http;
    let tasks = http.get(&format!("tasks?orgID={}", site.home.org)).await.expect(200);
    let task = &tasks["tasks"][0];
    assert_eq!(task["ownerID"], site.apply.user);
    if site.home.server.backend() == Backend::Embedded {
        return;
    }
    let run = format!("tasks/{}/runs", id(task));
    let started = http.post(&run, json!({})).await.expect(201);
    let run = format!("{run}/{}", id(&started));
    let deadline = Instant::now() + DEADLINE;
    loop {
        let reply = http.get(&run).await;
        match (reply.status, reply.json["status"].as_str()) {
            (200, Some("success")) => return,
            // One that has just ended is nowhere for a moment (influxd 2.9.1, measured).
            (404, _) | (200, Some("scheduled" | "started")) => assert!(Instant::now() < deadline, "{}", reply.text),
            _ => panic!("{}", reply.text),
        }
    }
}

/// How a run ends without each permission in turn. What was written nevertheless is taken back.
async fn without_each(site: &Site, who: &Who, words: &[&str]) -> Vec<(String, i32)> {
    without_each_of(site, who, words, |_| true).await
}

/// The same for some of its permissions.
async fn without_each_of(site: &Site, who: &Who, words: &[&str], of: impl Fn(&Value) -> bool) -> Vec<(String, i32)> {
    let mut all = Vec::new();
    for gone in who.permissions.iter().filter(|permission| of(permission)) {
        let before = site.everything().await;
        let (id, token) = site.narrower(who, |permission| permission != gone).await;
        let ended = site.run(&token, words).run();
        site.home.http.delete(&format!("authorizations/{id}")).await.expect(204);
        if site.everything().await != before {
            assert!([0, 3].contains(&ended.code), "{}: {}", word(gone), ended.all());
            site.run(&site.apply.secret, &["destroy", "--auto-approve"]).run().with(0);
        }
        all.push((word(gone), ended.code));
    }
    all
}

/// The rows of the page's tables begin with what was measured, and there is one for each permission.
#[track_caller]
fn the_page_says(table: &str, rows: &[String]) {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md")).unwrap();
    let (_, table) = page.split_once(table).unwrap();
    let mut said: Vec<&str> = table.trim_start().lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    for row in rows {
        let before = said.len();
        said.retain(|line| !line.starts_with(row));
        assert_eq!(said.len() + 1, before, "docs/ci.md lacks {row}");
    }
    assert!(said.is_empty(), "nothing shows {said:?}");
}

both!(a_plan_needs_each_permission, virgin, async |server| {
    let site = Site::on(server).await;
    let words = ["plan", "--detailed-exitcode"];
    let first = without_each(&site, &site.plan, &words).await;
    site.run(&site.apply.secret, &["apply", "--auto-approve"]).run().with(0);
    let later = without_each(&site, &site.plan, &words).await;
    let rows = first.iter().zip(&later).map(|((word, first), (_, later))| format!("| {word} | {first} | {later} |"));
    the_page_says("The plan's token:\n", &rows.collect::<Vec<_>>());
});

both!(an_apply_needs_each_permission, virgin, async |server| {
    let site = Site::on(server).await;
    let codes = without_each(&site, &site.apply, &["apply", "--auto-approve"]).await;
    let rows = codes.iter().map(|(word, code)| format!("| {word} | {code} |"));
    the_page_says("The apply's token:\n", &rows.collect::<Vec<_>>());
});

both!(other_kinds_need_more, virgin, async |server| {
    let site = Site::edited(server, |name, text| match name {
        "access" => {
            // As the page has them, pasted.
            let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md")).unwrap();
            let (_, scopes) = page.split_once("```text\n    \"org.acme/").unwrap();
            let (scopes, _) = scopes.split_once("```").unwrap();
            text.replace("\"org.acme/labels\",", &format!("\"org.acme/labels\",\n    \"org.acme/{scopes}"))
        }
        _ => {
            let more = "[variable.hall]\nvalues = [\"press\"]\n\n[telegraf.hosts]\nconfig = \"a = 1\"\n\n\
                        [scraper.shop]\nurl = \"http://shop.example.com/metrics\"\nbucket = \"bucket.raw\"\n\n\
                        [dbrp.old]\ndatabase = \"old\"\nbucket = \"bucket.raw\"\n\n\
                        [v1_token.old]\nread = [\"bucket.raw\"]\npassword = { command = [\"echo\", \"long-enough\"] }\n\n\
                        [remote.hq]\nurl = \"https://hq.example.com\"\nremote_org = \"0123456789abcdef\"\n\
                        token = { command = [\"echo\", \"x\"] }\n\n\
                        [replication.raw]\nremote = \"remote.hq\"\nbucket = \"bucket.raw\"\nremote_bucket = \"plant\"\n\n\
                        [secret.pager]\nvalue = { command = [\"echo\", \"x\"] }\n\n\
                        [check.silent]\nevery = \"1m\"\nflux = 'from(bucket: \"raw\") |> range(start: -1m)'\n\
                        deadman = { level = \"crit\", after = \"90s\", forget = \"10m\" }\n\n\
                        [notification_endpoint.chat]\n\
                        telegram = { token = { secret = \"pager\" }, channel = \"-1\" }\n\n\
                        [notification_rule.chat]\nendpoint = \"notification_endpoint.chat\"\nevery = \"1m\"\non = [\"crit\"]\n\
                        telegram = { message = \"x\" }\n\n\
                        [dashboard.hall]\ncell = [{ at = [0, 0], size = [1, 1], markdown = \"x\" }]\n";
            format!("{text}\n{more}")
        }
    })
    .await;
    // Those that the page's own project needs are in its other tables.
    const FIRST: [&str; 6] = ["authorizations", "buckets", "labels", "orgs", "tasks", "users"];
    let added = |permission: &Value| !FIRST.contains(&permission["resource"]["type"].as_str().unwrap());
    is_what_is_printed(&site);
    let rows = each_way(&site, added).await;
    the_page_says("Other kinds need more:\n", &rows);
});

/// How the first plan, a later one and the first apply end without each of some permissions, as rows of a table.
async fn each_way(site: &Site, of: impl Fn(&Value) -> bool + Copy) -> Vec<String> {
    let (plans, applies) = (["plan", "--detailed-exitcode"], ["apply", "--auto-approve"]);
    let first = without_each_of(site, &site.plan, &plans, of).await;
    let mut applied = without_each_of(site, &site.apply, &applies, of).await;
    site.run(&site.apply.secret, &applies).run().with(0);
    let later = without_each_of(site, &site.plan, &plans, of).await;
    site.run(&site.plan.secret, &plans).run().with(0);
    site.run(&site.plan.secret, &["drift"]).run().with(0);
    let writes = applied.split_off(first.len());
    let reads = first.iter().zip(&later).zip(&applied);
    let rows = reads.map(|(((word, first), (_, later)), (same, applied))| {
        assert_eq!(word, same);
        format!("| {word} | {first} | {later} | {applied} |")
    });
    rows.chain(writes.iter().map(|(word, applied)| format!("| {word} | | | {applied} |"))).collect()
}

both!(a_v1_token_needs_what_a_token_needs, virgin, async |server| {
    let site = Site::edited(server, |name, text| match name {
        "access" => text,
        _ => {
            let (others, _) = text.split_once("# A runner's files").unwrap();
            let password = "password = { command = [\"echo\", \"long-enough\"] }";
            format!("{others}[v1_token.gateways]\nwrite = [\"bucket.raw\"]\n{password}\n")
        }
    })
    .await;
    let of_tokens =
        |permission: &Value| ["authorizations", "users"].contains(&permission["resource"]["type"].as_str().unwrap());
    is_what_is_printed(&site);
    let rows = each_way(&site, of_tokens).await;
    the_page_says("A `v1_token` needs what a token needs:\n", &rows);
});

both!(a_project_without_tokens_needs_less, virgin, async |server| {
    let edit = |name: &str, text: String| match name {
        "access" => {
            let (plan, apply) = text.split_once("[token.ci-apply]").unwrap();
            let own = |text: &str, user: &str| text.replace("\"instance/users\"", &format!("\"user.{user}\""));
            let text = format!("{}[token.ci-apply]{}", own(plan, "ci-plan"), own(apply, "ci-apply"));
            let (scopes, rest) = text.rsplit_once("    \"org.acme/authorizations\"").unwrap();
            format!("{scopes}{}", rest.split_once("]\n").map(|(_, rest)| format!("]\n{rest}")).unwrap())
        }
        _ => text.split_once("# A runner's files").unwrap().0.to_owned(),
    };
    let site = Site::edited(server, edit).await;
    assert_eq!((site.plan.permissions.len(), site.apply.permissions.len()), (6, 9));
    is_what_is_printed(&site);
    let (plan, apply) = (site.plan.secret.as_str(), site.apply.secret.as_str());
    site.run(plan, &["plan", "--detailed-exitcode"]).run().with(2);
    let codes = without_each(&site, &site.apply, &["apply", "--auto-approve"]).await;
    assert!(codes.iter().all(|(_, code)| [3, 4].contains(code)), "{codes:?}");
    site.run(plan, &["apply", "--auto-approve"]).run().with(4);
    site.run(apply, &["apply", "--auto-approve"]).run().with(0);
    site.run(plan, &["plan", "--detailed-exitcode"]).run().with(0);
});
