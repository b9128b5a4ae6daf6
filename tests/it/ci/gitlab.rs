//! `examples/ci/gitlab`: the jobs run as GitLab would run them.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::forge::{BOT, Forge, TOKEN};
use super::{Site, example, yaml};
use crate::clients::{NODE_PATH, given};
use crate::examples;
use crate::support::both;

fn pipeline() -> Value {
    yaml::read(&example("gitlab/.gitlab-ci.yml"))
}

/// Runs a job in the site's directory, with the environment that its pipeline gives it: exit code, and what it printed.
fn job(site: &Site, forge: &Forge, name: &str) -> (i32, String) {
    let pipeline = pipeline();
    let of = [
        ("PATH", site.path()),
        ("INFLUX_HOST", site.home.server.url().to_owned()),
        ("FLUXFORM_PLAN_TOKEN", site.plan.secret.clone()),
        ("FLUXFORM_APPLY_TOKEN", site.apply.secret.clone()),
        ("GITLAB_NOTE_TOKEN", TOKEN.to_owned()),
        ("CI_API_V4_URL", forge.url.clone()),
        ("CI_MERGE_REQUEST_PROJECT_ID", "7".to_owned()),
        ("CI_MERGE_REQUEST_IID", "3".to_owned()),
    ];
    let script: Vec<&str> =
        pipeline[name]["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let mut bash = Command::new("bash");
    bash.args(["-e", "-o", "pipefail", "-c", &script.join("\n")]).current_dir(site.dir.path()).env_clear();
    bash.envs(of.iter().map(|(name, value)| (name, value)));
    for variables in [&pipeline["variables"], &pipeline[name]["variables"]] {
        for (key, value) in variables.as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            let named = value.strip_prefix('$').map(|name| &of.iter().find(|(of, _)| *of == name).unwrap().1);
            bash.env(key, named.map_or(value, String::as_str));
        }
    }
    let output = bash.output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (output.status.code().unwrap(), said)
}

both!(from_a_merge_request_to_an_apply, virgin, async |server| {
    if given(NODE_PATH).is_none() {
        return;
    }
    let site = Site::on(server).await;
    let forge = Forge::start().await;
    examples::copy(&example("gitlab/fluxform"), &site.dir.path().join(".gitlab/fluxform"));
    let run = |name: &str, code: i32| {
        let (ended, said) = job(&site, &forge, name);
        assert_eq!(ended, code, "{name}: {said}");
        said
    };
    forge.says("mallory", "<!-- fluxform plan -->\nNo changes.");
    run("validate", 0);
    run("plan", 0);
    run("plan", 0);
    let notes = forge.comments();
    assert!(notes.len() == 2 && notes[1].0 == BOT && notes[1].1.contains("5 to add"), "{notes:?}");
    assert!(run("review", 0).contains("Plan: 5 to add"));
    assert!(run("apply", 0).contains("Resources: 5 added"));
    run("plan", 0);
    assert!(forge.comments()[1].1.contains("**No changes.**"));
    run("drift", 0);

    // A refusal is red, after the note.
    let manifest = site.dir.path().join("iot/fluxform.toml");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text + "\n[bucket.somebodys]\n").unwrap();
    run("plan", 8);
    assert!(forge.comments()[1].1.contains("**Plan refused**"), "{:?}", forge.comments());
});

#[test]
fn the_pipeline_gives_nothing_away() {
    let pipeline = pipeline();
    let jobs = ["validate", "plan", "review", "apply", "drift"];
    for job in jobs {
        let texts = yaml::texts(&pipeline[job]);
        let holds = |what: &str| texts.iter().any(|text| text.contains(what));
        assert_eq!(holds("FLUXFORM_APPLY_TOKEN"), job == "apply", "{job}");
        assert_eq!(holds("FLUXFORM_PLAN_TOKEN"), ["plan", "review", "drift"].contains(&job), "{job}");
        assert!(!holds("_TITLE") && !holds("_REF_NAME") && !holds("_BRANCH_NAME"), "{job}");
    }
    assert_eq!(pipeline["apply"]["environment"], "influxdb");
    assert_eq!(pipeline["apply"]["resource_group"], "influxdb");
    assert_eq!(pipeline["apply"]["interruptible"], false);
    assert_eq!(pipeline["apply"]["rules"][0]["when"], "manual");
    let from_here = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID";
    assert!(pipeline["plan"]["rules"][0]["if"].as_str().unwrap().ends_with(from_here));
}
