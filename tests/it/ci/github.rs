//! `examples/ci/github`: the workflows run as GitHub would run them, and give nothing away.

use std::fs;

use serde_json::{Value, json};

use super::forge::{BOT, Forge, TOKEN};
use super::runner::{Ran, Runner};
use super::{Site, example, program, yaml};
use crate::clients::{NODE_PATH, given};
use crate::examples;
use crate::support::both;

const WORKFLOWS: [&str; 3] = ["plan", "apply", "drift"];
/// The last commit of the pull request, and the one that its merge makes.
const HEAD: &str = "1111111111111111111111111111111111111111";
const MERGE: &str = "2222222222222222222222222222222222222222";

fn workflow(name: &str) -> Value {
    yaml::read(&example("github/workflows").join(format!("{name}.yml")))
}

/// A repository on GitHub with the example's project and workflows, and a server.
struct Repository {
    site: Site,
    forge: Forge,
    runner: Runner,
}

impl Repository {
    async fn on(server: crate::support::Server) -> Self {
        let site = Site::on(server).await;
        let forge = Forge::start().await;
        let repository = site.dir.path().join("repository");
        examples::copy(&example("iot"), &repository.join("iot"));
        examples::copy(&example("github"), &repository.join(".github"));
        program(
            &site.dir.path().join("bin"),
            "cargo",
            "test \"$*\" = 'install --locked --git https://git.example.com/fluxform --tag v0.1.0 fluxform'",
        );
        let mut runner = Runner::new(repository);
        let path = site.path();
        let url = site.home.server.url();
        let env = [("PATH", path.as_str()), ("GITHUB_API_URL", &forge.url), ("GITHUB_REPOSITORY", "acme/iot")];
        runner.env = env.into_iter().chain([("GITHUB_SHA", MERGE)]).map(|(k, v)| (k.into(), v.into())).collect();
        let context = [
            ("github.repository", "acme/iot"),
            ("github.event_name", "pull_request"),
            ("github.ref", "refs/heads/main"),
            ("github.token", TOKEN),
            ("github.event.pull_request.number", "3"),
            ("github.event.pull_request.head.sha", HEAD),
            ("github.event.pull_request.head.repo.full_name", "acme/iot"),
            ("vars.INFLUX_HOST", url),
            ("vars.VAULT_ADDR", "http://vault"),
            ("secrets.VAULT_TOKEN", "vault-token"),
            ("secrets.FLUXFORM_PLAN_TOKEN", &site.plan.secret),
            ("secrets.FLUXFORM_APPLY_TOKEN", &site.apply.secret),
        ];
        runner.context = context.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let pulls = json!([
            {"merged_at": null, "merge_commit_sha": MERGE, "head": {"sha": "an open one"}},
            {"merged_at": "2026-11-25T12:00:00Z", "merge_commit_sha": MERGE, "head": {"sha": HEAD}},
        ]);
        forge.answers(&format!("/repos/acme/iot/commits/{MERGE}/pulls"), pulls);
        let run = |id: u32, of: u32, at: &str| {
            json!({"expired": false, "created_at": at, "workflow_run":
                {"id": id, "head_sha": HEAD, "repository_id": 5, "head_repository_id": of}})
        };
        let all = [
            run(70, 5, "2026-11-25T10:00:00Z"),
            run(71, 5, "2026-11-25T11:00:00Z"),
            run(72, 6, "2026-11-25T11:30:00Z"),
            run(73, 5, "2026-11-25T11:40:00Z"),
            run(74, 5, "2026-11-25T11:50:00Z"),
            run(75, 5, "2026-11-25T11:55:00Z"),
        ];
        // All have an artifact of that name; the first two are of the workflow.
        let plan = ".github/workflows/plan.yml";
        for (id, path, event, conclusion) in [
            (70, plan, "pull_request", "success"),
            (71, plan, "pull_request", "success"),
            (73, ".github/workflows/other.yml", "pull_request", "success"),
            (74, plan, "workflow_dispatch", "success"),
            (75, plan, "pull_request", "failure"),
        ] {
            let run =
                json!({"path": format!("{path}@main"), "event": event, "head_sha": HEAD, "conclusion": conclusion});
            forge.answers(&format!("/repos/acme/iot/actions/runs/{id}"), run);
        }
        forge.answers("/repos/acme/iot/actions/artifacts", json!({"artifacts": all}));
        Self { site, forge, runner }
    }

    fn job(&self, of: &str, name: &str) -> Ran {
        self.runner.job(&workflow(of), name)
    }

    #[track_caller]
    fn ends(&self, of: &str, name: &str, code: i32) -> Ran {
        let ran = self.job(of, name);
        assert_eq!(ran.code, Some(code), "{of} {name}: {}\n{}", ran.said, ran.summary);
        ran
    }

    /// The event of what runs from here on.
    fn event(&mut self, name: &str) {
        self.runner.context.insert("github.event_name".into(), name.into());
    }

    /// Somebody starts the apply by hand: it plans anew.
    #[track_caller]
    fn applies_anew(&mut self) {
        self.event("workflow_dispatch");
        self.ends("apply", "review", 0);
        self.ends("apply", "apply", 0);
    }

    /// Changes the project's manifest.
    fn edit(&self, change: impl Fn(String) -> String) {
        let path = self.runner.repository.join("iot/fluxform.toml");
        fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
    }

    /// What the workflow has written on the pull request.
    #[track_caller]
    fn comment(&self) -> String {
        let ours: Vec<_> = self.forge.comments().into_iter().filter(|(author, _)| author == BOT).collect();
        assert_eq!(ours.len(), 1, "{ours:?}");
        ours[0].1.clone()
    }
}

both!(from_a_pull_request_to_an_apply, virgin, async |server| {
    if given(NODE_PATH).is_none() {
        return;
    }
    let mut repository = Repository::on(server).await;
    // Others write comments too, one of them with our first line.
    repository.forge.says("mallory", "<!-- fluxform plan -->\nNo changes.");
    repository.forge.says("alice", "What does it do?");
    repository.ends("plan", "validate", 0);
    repository.ends("plan", "plan", 0);
    let comment = repository.comment();
    assert!(comment.starts_with("<!-- fluxform plan -->\n") && comment.contains("5 to add"), "{comment}");
    assert_eq!(repository.runner.artifacts(), [format!("fluxform-plan-{HEAD}")]);

    // Another push.
    repository.edit(|text| text.replace("30d", "60d"));
    let planned = repository.ends("plan", "plan", 0);
    assert_eq!(planned.summary, repository.comment());
    assert!(repository.comment().contains("60d"), "{}", repository.comment());
    assert_eq!(repository.forge.comments().len(), 3);
    assert_eq!(repository.forge.comments()[0].1, "<!-- fluxform plan -->\nNo changes.");

    repository.event("push");
    let reviewed = repository.ends("apply", "review", 0);
    assert!(reviewed.said.contains("an artifact of the run 71"), "the newest that is no fork's: {}", reviewed.said);
    let applied = repository.ends("apply", "apply", 0);
    assert!(applied.summary.contains("**Apply complete.** Resources: 5 added"), "{}", applied.summary);
    let secret = fs::read_to_string(applied.checkout.path().join("vault.secret")).unwrap();
    assert!(!secret.is_empty() && !applied.summary.contains(&secret) && !applied.said.contains(&secret));

    repository.ends("drift", "drift", 0);
    repository.event("pull_request");
    repository.ends("plan", "plan", 0);
    assert!(repository.comment().contains("**No changes.**"), "{}", repository.comment());
});

both!(what_is_refused_is_red_and_says_why, virgin, async |server| {
    if given(NODE_PATH).is_none() {
        return;
    }
    let mut repository = Repository::on(server).await;
    repository.applies_anew();
    let point = "hall,line=4 temperature=21.5";
    let site = &repository.site;
    let written = site.home.http.post_text("write?org=acme&bucket=hourly", point).await;
    assert_eq!(written.status, 204, "{}", written.text);

    // Data would be lost: the pull request is red, and nothing is kept that could be applied.
    repository.event("pull_request");
    repository.edit(|text| text.replace("retention = \"infinite\"", "retention = \"1h\"\nlabels = []"));
    let old = "hall,line=4 temperature=21.5 1700000000000000000";
    assert_eq!(repository.site.home.http.post_text("write?org=acme&bucket=hourly", old).await.status, 204);
    repository.ends("plan", "plan", 8);
    assert!(repository.comment().contains("**Plan refused**"), "{}", repository.comment());
    assert!(!repository.runner.artifacts().contains(&format!("fluxform-plan-{HEAD}")));

    // Allowed, and reviewed with the change.
    let allow = "\n[[policy.allow]]\nwhat = \"data_loss\"\naddress = \"bucket.hourly\"\nuntil = 9999-12-31\nreason = \"OPS-17\"\n";
    repository.edit(|text| text + allow);
    repository.ends("plan", "plan", 0);
    assert!(repository.comment().contains("`OPS-17`"), "{}", repository.comment());

    // Somebody else was faster: nothing is written.
    let buckets = repository.site.home.http.get("buckets?name=raw&org=acme").await.expect(200);
    let raw = buckets["buckets"][0]["id"].as_str().unwrap();
    let longer = json!({"retentionRules": [{"type": "expire", "everySeconds": 7_776_000}]});
    repository.site.home.http.patch(&format!("buckets/{raw}"), longer).await.expect(200);
    repository.event("push");
    repository.ends("apply", "review", 0);
    let before = repository.site.everything().await;
    let stale = repository.ends("apply", "apply", 6);
    assert!(stale.summary.contains("Not the plan that was reviewed"), "{}", stale.summary);
    assert_eq!(repository.site.everything().await, before);
    let drift = repository.ends("drift", "drift", 2);
    assert!(drift.summary.contains("**Drift** in 1 resource."), "{}", drift.summary);

    // Planned anew, by hand.
    repository.applies_anew();
    repository.ends("drift", "drift", 0);
});

both!(what_is_left_of_a_plan_is_planned_anew, virgin, async |server| {
    if given(NODE_PATH).is_none() {
        return;
    }
    let mut repository = Repository::on(server).await;
    let bin = repository.site.dir.path().join("bin");
    repository.ends("plan", "plan", 0);
    repository.event("push");
    repository.ends("apply", "review", 0);
    let vault = fs::read_to_string(bin.join("vault")).unwrap();
    program(&bin, "vault", "exit 1");
    let partly = repository.ends("apply", "apply", 3);
    assert!(partly.summary.contains("4 added"), "{}", partly.summary);
    fs::write(bin.join("vault"), vault).unwrap();
    let stale = repository.ends("apply", "apply", 6);
    assert!(stale.summary.contains("Not the plan that was reviewed"), "{}", stale.summary);
    repository.applies_anew();
    repository.ends("drift", "drift", 0);
});

both!(without_a_reviewed_plan_nothing_is_applied, virgin, async |server| {
    if given(NODE_PATH).is_none() {
        return;
    }
    let mut repository = Repository::on(server).await;
    repository.event("push");
    let gone = repository.job("apply", "review");
    assert_eq!(gone.code, Some(1), "the artifact is not there: {}", gone.said);
    repository.forge.answers("/repos/acme/iot/actions/artifacts", json!({"artifacts": []}));
    let refused = repository.ends("apply", "review", 1);
    assert!(refused.said.contains("was refused, came from a fork, or is too old"), "{}", refused.said);
    repository.forge.answers(&format!("/repos/acme/iot/commits/{MERGE}/pulls"), json!([]));
    let direct = repository.ends("apply", "review", 1);
    assert!(direct.said.contains("is not the merge of a pull request"), "{}", direct.said);
    assert_eq!(repository.runner.artifacts(), Vec::<String>::new());

    // A fork gets no job with a token; what it proposes is validated.
    repository.event("pull_request");
    repository.runner.context.retain(|name, _| name.starts_with("github."));
    let from = "github.event.pull_request.head.repo.full_name".to_owned();
    repository.runner.context.insert(from, "mallory/iot".into());
    repository.ends("plan", "validate", 0);
    assert_eq!(repository.job("plan", "plan").code, None);
    repository.edit(|text| text + "[bukket.x]\n");
    repository.ends("plan", "validate", 65);
});

/// Each step of each job, with its job and the names of workflow and job.
fn steps(workflow: &Value) -> Vec<(&str, &Value, &Value)> {
    let jobs = workflow["jobs"].as_object().unwrap().iter();
    jobs.flat_map(|(name, job)| job["steps"].as_array().unwrap().iter().map(move |step| (name.as_str(), job, step)))
        .collect()
}

#[test]
fn the_workflows_give_nothing_away() {
    let mut rights = String::new();
    for name in WORKFLOWS {
        let workflow = workflow(name);
        let on: Vec<&String> = workflow["on"].as_object().unwrap().keys().collect();
        rights += &format!("{name} on {on:?}\n");
        assert_eq!(workflow["permissions"], json!({}), "{name}: what no job asks for is not given");
        for (job, declared) in workflow["jobs"].as_object().unwrap() {
            rights += &format!("  {job}: {}", declared["permissions"]);
            let secrets: Vec<&str> =
                yaml::texts(declared).into_iter().filter(|text| text.contains("secrets.")).collect();
            rights += &format!(" {} {secrets:?}\n", declared["environment"]);
            assert!(declared["timeout-minutes"].is_number(), "{name} {job}");
        }
        for (job, _, step) in steps(&workflow) {
            if let Some(action) = step["uses"].as_str() {
                let (_, version) = action.split_once("@v").unwrap();
                let numbers: Vec<_> = version.split('.').map(str::parse::<u32>).collect();
                assert!(numbers.len() == 3 && numbers.iter().all(Result::is_ok), "{name} {job}: {action}");
            }
            // What people choose, such as a title or the name of a branch, would be read as a command.
            assert!(step["run"].as_str().is_none_or(|run| !run.contains("${{")), "{name} {job}: {step}");
        }
    }
    insta::assert_snapshot!("github-rights", rights);
    let apply = workflow("apply");
    assert_eq!(apply["concurrency"], json!({"group": "fluxform-apply", "cancel-in-progress": false}));
    let own = "github.event.pull_request.head.repo.full_name == github.repository";
    assert_eq!(workflow("plan")["jobs"]["plan"]["if"], own);
}
