//! CI takes over a project that a person has applied: what that has made still belongs to the person.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::Site;
use crate::cli::fluxform::Ended;
use crate::support::{Fate, Proxy, both, id};

const V1_TOKEN: &str =
    "\n[v1_token.old]\nread = [\"bucket.raw\"]\npassword = { command = [\"echo\", \"long-enough\"] }\n";
const APPLY: &[&str] = &["apply", "--auto-approve"];
const PLAN: &[&str] = &["plan", "--detailed-exitcode"];

impl Site {
    /// Changes the manifest of the project.
    fn rewrite(&self, from: &str, to: &str) {
        let path = self.dir.path().join("iot/fluxform.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        fs::write(path, text.replace(from, to)).unwrap();
    }

    fn by_operator(&self, words: &[&str]) -> Ended {
        self.run(self.home.server.token(), words).run()
    }

    async fn tokens(&self, path: &str) -> Vec<Value> {
        let rows = self.home.http.get(&format!("{path}?orgID={}", self.home.org)).await.expect(200);
        rows["authorizations"].as_array().unwrap().clone()
    }
}

both!(what_belongs_to_another_user_is_refused_before_anything_is_written, virgin, async |server| {
    let edit = |name: &str, text: String| if name == "iot" { text + V1_TOKEN } else { text };
    let site = Site::edited(server, edit).await;
    site.by_operator(APPLY).with(0);
    let (plan, apply) = (site.plan.secret.as_str(), site.apply.secret.as_str());
    let who = format!("belong to another user, \"root\" (ID {})", site.home.user);

    // Made anew, changed in place, and deleted.
    site.rewrite("description = \"Gateways\"", "description = \"Gateways\"\nsecret_version = 1");
    site.rewrite("[v1_token.old]", "[v1_token.old]\ndescription = \"new\"");
    let before = site.everything().await;
    let planned = site.run(plan, PLAN).run().with(2);
    assert!(planned.words().contains(&who) && planned.words().contains("fluxform.toml:"), "{}", planned.err);
    assert!(planned.words().contains("the token that applies must have"), "{}", planned.err);
    assert!(!planned.out.contains("user ="), "who applies is not known: {}", planned.out);
    let checked = site.run(apply, &["preflight", "--format=json"]).run().with(4).json();
    let lacking = json!([{
        "permission": format!("write:users/{}", site.home.user),
        "why": "token.gateways and v1_token.old belong to this user",
    }]);
    assert_eq!(checked["apply"]["lacking"], lacking);
    for words in [PLAN, APPLY, &["destroy", "--auto-approve"]] {
        let refused = site.run(apply, words).run().with(4);
        assert!(
            refused.words().contains(&who) && refused.words().contains("this token may neither change nor delete them"),
            "{}",
            refused.err
        );
        assert!(refused.err.contains("sight::another-user"), "{}", refused.err);
    }
    assert_eq!(site.everything().await, before);
    let foreseen = site.run(apply, &["plan", "--format=json"]).run().with(4).json();
    let fields =
        &foreseen["plan"]["changes"].as_array().unwrap().iter().find(|one| one["address"] == "token.gateways").unwrap()
            ["fields"];
    let user = fields.as_array().unwrap().iter().find(|one| one["field"] == "user").unwrap();
    assert_eq!(user["cause"], "run");
    assert!(user["before"].to_string().contains(&site.home.user), "{user}");
    assert!(user["after"].to_string().contains(&site.apply.user), "{user}");
    let same = |planned: &Ended| planned.json()["plan"]["plan_digest"].clone();
    assert_eq!(same(&site.run(plan, &["plan", "--format=json"]).run()), json!(foreseen["plan"]["plan_digest"]));

    // Whoever may write that user may go on.
    let writes = json!({"action": "write", "resource": {"type": "users", "id": site.home.user}});
    let permissions: Vec<Value> = site.apply.permissions.iter().cloned().chain([writes]).collect();
    let body = json!({"orgID": site.home.org, "userID": site.apply.user, "permissions": permissions});
    let wider = site.home.http.post("authorizations", body).await.expect(201);
    let applied = site.run(wider["token"].as_str().unwrap(), APPLY).run().with(0);
    assert!(applied.out.contains("the user of this run's token"), "{}", applied.out);
    assert!(!applied.err.contains("another-user"), "{}", applied.err);
    let gateways =
        site.tokens("authorizations").await.into_iter().find(|row| row["description"] == "Gateways").unwrap();
    assert_eq!(gateways["userID"], json!(site.apply.user));
    // From now on CI needs no more than its own.
    site.rewrite("secret_version = 1", "secret_version = 2");
    site.run(apply, APPLY).run().with(0);
    site.run(plan, PLAN).run().with(0);
});

both!(what_a_run_could_not_delete_is_foreseen_and_counted, virgin, async |server| {
    let site = Site::on(server).await;
    site.by_operator(APPLY).with(0);
    site.rewrite("description = \"Gateways\"", "description = \"Gateways\"\nsecret_version = 1");
    let proxy = Proxy::start(site.home.server.url(), |seen| {
        let deletes = *seen.method == Method::DELETE && seen.path.contains("/authorizations/");
        if deletes { Fate::Refuse(401, r#"{"code":"unauthorized","message":"no"}"#) } else { Fate::Pass }
    })
    .await;
    let old = site
        .tokens("authorizations")
        .await
        .into_iter()
        .find(|row| row["description"] == "Gateways")
        .map(|row| id(&row))
        .unwrap();
    let run = site.run(site.home.server.token(), APPLY).var("INFLUX_HOST", proxy.url()).start();
    let (status, out, _) = tokio::task::spawn_blocking(move || run.wait()).await.unwrap();
    assert!(!status.success());
    let said = out.split_whitespace().collect::<Vec<_>>().join(" ");
    let left =
        format!("the new token.gateways works and its secret is delivered, but the old one (ID {old}) still works too");
    assert!(said.contains(&left) && said.contains("Run `fluxform apply --auto-approve iot` again"), "{said}");

    let planned = site.by_operator(PLAN).with(2).out;
    assert!(planned.contains(&format!("# what it replaced is deleted: token (id {old})")), "{planned}");
    assert!(planned.contains("Plan: 0 to add, 1 to change, 1 to destroy."), "{planned}");
    let json = site.by_operator(&["plan", "--format=json"]).with(0).json();
    assert_eq!(json["plan"]["summary"]["destroy"], 1);
    let refused = site.run(&site.apply.secret, APPLY).run().with(4);
    assert!(
        refused.words().contains(&format!("what was replaced by token.gateways (ID {old}) belongs to another user")),
        "{}",
        refused.err
    );
    let applied = site.by_operator(APPLY).with(0).out;
    assert!(applied.contains("Resources: 0 added, 1 changed, 1 destroyed."), "{applied}");
    site.by_operator(PLAN).with(0);
});

both!(tokens_are_handed_over_as_the_page_says, virgin, async |server| {
    let site = Site::on(server).await;
    site.by_operator(APPLY).with(0);
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md")).unwrap();
    let (_, recipe) = page.split_once("```text\n[user.ci-apply]").unwrap();
    let (recipe, _) = recipe.split_once("```").unwrap();
    let (external, user) = recipe.split_once("[token.gateways]").unwrap();
    site.rewrite("[token.gateways]", &format!("[user.ci-apply]{external}[token.gateways]{user}"));
    site.by_operator(APPLY).with(0);
    site.rewrite("description = \"Gateways\"", "description = \"Gateways\"\nsecret_version = 1");
    site.run(&site.apply.secret, &["preflight"]).run().with(0);
    site.run(&site.apply.secret, APPLY).run().with(0);
    site.run(&site.plan.secret, PLAN).run().with(0);
});
