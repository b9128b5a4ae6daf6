//! `preflight` names what a token lacks, as InfluxDB does, and writes nothing.

use std::fs;

use serde_json::{Value, json};

use super::{Site, Who};
use crate::cli::fluxform::{Ended, project};
use crate::moving::Home;
use crate::support::both;

impl Site {
    /// What is found of a token whose ID is known, or not.
    fn preflight(&self, token: &str, id: Option<&str>, job: &str) -> Ended {
        let run = self.run(token, &["preflight", "--format=json", "--for", job]);
        match id {
            Some(id) => run.var("FLUXFORM_TOKEN_ID", id).run(),
            None => run.run(),
        }
    }
}

/// A permission in InfluxDB's words.
fn words(permission: &Value) -> String {
    let resource = &permission["resource"];
    let part = |name: &str| resource[name].as_str();
    let org = part("orgID").filter(|_| part("id").is_none()).map_or(String::new(), |org| format!("orgs/{org}/"));
    let id = part("id").map_or(String::new(), |id| format!("/{id}"));
    format!("{}:{org}{}{id}", permission["action"].as_str().unwrap(), part("type").unwrap())
}

/// The permissions in a list of rights.
fn named(rights: &Value) -> Vec<String> {
    let all = rights.as_array().unwrap().iter().filter_map(|right| right["permission"].as_str());
    all.map(str::to_owned).collect()
}

both!(a_right_that_is_taken_away_is_the_one_that_is_named, virgin, async |server| {
    let site = Site::on(server).await;
    let before = site.everything().await;
    for (job, who) in [("plan", &site.plan), ("apply", &site.apply)] {
        site.preflight(&who.secret, None, job).with(0);
        for gone in &who.permissions {
            let (id, token) = site.narrower(who, |permission| permission != gone).await;
            let found = site.preflight(&token, Some(&id), job).with(4).json();
            site.home.http.delete(&format!("authorizations/{id}")).await.expect(204);
            assert_eq!(named(&found[job]["lacking"]), [words(gone)], "{found:#}");
            assert_eq!(found["problems"][0]["diagnostic"]["code"], "sight::rights");
        }
    }
    assert_eq!(site.everything().await, before, "it writes nothing");

    let found = site.preflight(&site.plan.secret, None, "plan").with(0).json();
    let writes = site.apply.permissions.iter().filter(|permission| permission["action"] == "write").map(words);
    let own = |text: String| text.replace(&site.apply.user, &site.plan.user);
    let mut writes: Vec<String> = writes.map(own).collect();
    writes.sort();
    assert_eq!(named(&found["apply"]["lacking"]), writes);
    assert_eq!(found["apply"]["lacking"][writes.len()], json!({"owner_of": site.home.org}));
    let operator = site.preflight(site.home.server.token(), None, "apply").with(0).json();
    assert_eq!((&operator["plan"]["ready"], &operator["apply"]["ready"]), (&json!(true), &json!(true)));

    let shown = site.run(&site.plan.secret, &["preflight"]).run().with(4).all();
    let shown = shown.replace(&site.home.org, "ORG").replace(&site.plan.user, "USER");
    let (_, shown) = shown.split_once("The token").unwrap();
    insta::assert_snapshot!("preflight", format!("The token{shown}").replace(site.home.server.url(), "URL"));
});

both!(what_cannot_be_told_is_never_said_to_be_there, virgin, async |server| {
    let site = Site::on(server).await;
    let Who { user, .. } = &site.plan;
    let without = |ty: &'static str| move |permission: &Value| permission["resource"]["type"] != ty;
    // Which of its user's two tokens it is, nobody says.
    let (id, token) = site.narrower(&site.plan, without("tasks")).await;
    let found = site.preflight(&token, None, "plan").with(4).json();
    let tasks = format!("read:orgs/{}/tasks", site.home.org);
    assert_eq!(
        (named(&found["plan"]["lacking"]), named(&found["plan"]["unknown"])),
        (vec![], vec![tasks]),
        "{found:#}"
    );
    site.home.http.delete(&format!("authorizations/{id}")).await.expect(204);
    // A token that does not see itself.
    let (_, token) = site.narrower(&site.plan, without("authorizations")).await;
    let found = site.preflight(&token, None, "plan").with(4).json();
    assert!(named(&found["plan"]["unknown"]).contains(&format!("read:orgs/{}/labels", site.home.org)), "{found:#}");
    // The user no longer owns the org.
    let owner = format!("orgs/{}/owners/{}", site.home.org, site.apply.user);
    site.home.http.delete(&owner).await.expect(204);
    let found = site.preflight(&site.apply.secret, None, "apply").with(4).json();
    assert_eq!(found["apply"]["lacking"], json!([{"owner_of": site.home.org}]), "{found:#}");
    // A user that is gone can do nothing.
    site.home.http.delete(&format!("users/{user}")).await.expect(204);
    site.run(&site.plan.secret, &["preflight", "--for", "plan"]).run().with(4);
});

both!(what_the_token_may_not_even_see_is_named_by_its_address, virgin, async |server| {
    let home = Home::named(server, "acme", "somebodys").await;
    home.http.post("orgs", json!({"name": "other"})).await.expect(201);
    home.http.post("users", json!({"name": "gateways"})).await.expect(201);
    let manifest = "[project]\nname = \"p\"\n[org.other]\nexternal = true\n[user.gateways]\nexternal = true\n\
                    [bucket.b]\norg = \"org.other\"\n[token.t]\nuser = \"user.gateways\"\nwrite = [\"org.other\"]\n\
                    deliver = \"discard\"\n";
    let dir = project(manifest);
    let narrow = home.token("narrow", json!([home.may("read", "labels"), home.may("read", "buckets")])).await;
    let run = |more: &[&str]| {
        home.fluxform_with(&narrow.token, &["preflight", "--format=json"]).args(more).arg(dir.path()).run()
    };
    let found = run(&[]).with(4).json();
    assert!(named(&found["apply"]["lacking"]).contains(&"read:orgs".to_owned()), "{found:#}");
    let unknown = named(&found["apply"]["unknown"]);
    for unnamed in ["write:orgs/${org.other}", "write:users/${user.gateways}"] {
        assert!(unknown.contains(&unnamed.to_owned()), "{found:#}");
    }
    fs::write(
        dir.path().join("fluxform.toml"),
        manifest.replace("[user.gateways]", "[user.gateways]\nname = \"nobody\""),
    )
    .unwrap();
    let found = home.fluxform(&["preflight", "--format=json"]).arg(dir.path()).run().with(4).json();
    let absent = json!({"permission": "write:users/${user.gateways}", "why": "the server has no user \"nobody\""});
    assert_eq!(found["apply"]["unknown"], json!([absent]), "{found:#}");
});

both!(a_right_in_an_org_that_is_not_there_yet_is_one_on_the_whole_server, virgin, async |server| {
    let home = Home::named(server, "acme", "somebodys").await;
    let dir = project("[project]\nname = \"p\"\n[org.new]\n[bucket.b]\n");
    let run = |token: &str| {
        let run = home.fluxform_with(token, &["preflight", "--format=json", "--org=new"]);
        run.arg(dir.path()).run()
    };
    let operator = run(home.server.token()).with(0).json();
    assert_eq!((&operator["plan"]["ready"], &operator["apply"]["ready"]), (&json!(true), &json!(true)));
    let blind = home.token("blind", json!([home.may("read", "buckets")])).await;
    let told = run(&blind.token).with(4).json();
    assert_eq!((&told["plan"], &told["problems"][0]["diagnostic"]["code"]), (&Value::Null, &json!("sight::rights")));
    let this_org = json!({"action": "read", "resource": {"type": "orgs", "id": home.org}});
    let all = json!([home.may("read", "buckets"), home.may("write", "buckets"), this_org]);
    let narrow = home.token("narrow", all).await;
    let found = run(&narrow.token).with(4).json();
    let apply = &found["apply"];
    let lacking: Vec<String> = named(&apply["lacking"]).into_iter().chain(named(&apply["unknown"])).collect();
    for right in ["read:buckets", "write:buckets", "write:orgs"] {
        assert!(lacking.contains(&right.to_owned()), "{right}: {found:#}");
    }
    let shown = home.fluxform(&["preflight", "--org=new"]).arg(dir.path()).run().with(0).out;
    assert!(shown.contains("The home org does not exist yet"), "{shown}");
});

both!(what_is_owned_and_no_longer_declared_counts, virgin, async |server| {
    let home = Home::named(server, "acme", "somebodys").await;
    let manifest = "[project]\nname = \"p\"\n[bucket.raw]\n";
    let token = "[token.x]\nread = [\"bucket.raw\"]\ndeliver = \"discard\"\n";
    let dir = project(&format!("{manifest}{token}[telegraf.t]\nconfig = \"[[inputs.cpu]]\"\n"));
    home.fluxform(&["apply", "--auto-approve"]).arg(dir.path()).run().with(0);
    let lacking = |job: &str| {
        // What it takes to look up the rights of the token itself.
        let own_user = json!({"action": "read", "resource": {"type": "users", "id": home.user}});
        let narrow = json!([
            home.may("read", "labels"),
            home.may("read", "buckets"),
            home.may("read", "authorizations"),
            own_user
        ]);
        let (home, dir) = (&home, dir.path());
        let job = job.to_owned();
        async move {
            let narrow = home.token("narrow", narrow).await;
            let found =
                home.fluxform_with(&narrow.token, &["preflight", "--format=json"]).arg(dir).run().with(4).json();
            let all =
                found[&job]["lacking"].as_array().unwrap().iter().chain(found[&job]["unknown"].as_array().unwrap());
            all.map(|right| (right["permission"].as_str().unwrap_or("").to_owned(), right["why"].clone()))
                .collect::<std::collections::BTreeMap<_, _>>()
        }
    };
    let org = &home.org;
    let telegrafs = |action: &str| format!("{action}:orgs/{org}/telegrafs");
    assert!(lacking("apply").await.contains_key(&telegrafs("write")), "declared");
    fs::write(dir.path().join("fluxform.toml"), manifest).unwrap();
    let why = |of: &str| json!(format!("{of} is no longer declared"));
    let found = lacking("plan").await;
    assert_eq!(found[&telegrafs("read")], why("telegraf.t"), "{found:#?}");
    assert_eq!(found["read:users"], why("token.x"), "{found:#?}");
    let found = lacking("apply").await;
    assert_eq!(found[&telegrafs("write")], why("telegraf.t"), "{found:#?}");
    assert_eq!(found[&format!("write:orgs/{org}/authorizations")], why("token.x"), "{found:#?}");
    assert!(found.keys().any(|right| right.starts_with("write:users/")), "whose token it is: {found:#?}");
    home.fluxform(&["apply", "--auto-approve"]).arg(dir.path()).run().with(0);
    assert!(!lacking("plan").await.contains_key(&telegrafs("read")), "gone");
});
