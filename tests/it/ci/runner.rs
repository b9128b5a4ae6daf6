//! As much of a runner of GitHub Actions as the workflows need: jobs run in fresh checkouts, steps in bash, and artifacts go
//! from one job to another.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::examples;

/// Runs jobs of one repository.
pub(super) struct Runner {
    /// What a checkout gives.
    pub(super) repository: PathBuf,
    /// Environment variables of each step.
    pub(super) env: BTreeMap<String, String>,
    /// What expressions name.
    pub(super) context: BTreeMap<String, String>,
    /// Artifacts, and the files that steps write to.
    store: TempDir,
}

/// What came of a job.
pub(super) struct Ran {
    /// The exit code of the step that failed, or 0; none if its condition does not hold.
    pub(super) code: Option<i32>,
    /// What it wrote into the summary of the run.
    pub(super) summary: String,
    /// What its steps printed, and from which run artifacts came.
    pub(super) said: String,
    /// Where it ran.
    pub(super) checkout: TempDir,
}

impl Runner {
    pub(super) fn new(repository: PathBuf) -> Self {
        let store = tempfile::tempdir().unwrap();
        fs::create_dir(store.path().join("artifacts")).unwrap();
        Self { repository, env: BTreeMap::new(), context: BTreeMap::new(), store }
    }

    /// The names of all artifacts.
    pub(super) fn artifacts(&self) -> Vec<String> {
        let entries = fs::read_dir(self.store.path().join("artifacts")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// Runs a job of a workflow.
    pub(super) fn job(&self, workflow: &Value, name: &str) -> Ran {
        let job = &workflow["jobs"][name];
        let checkout = tempfile::tempdir().unwrap();
        let files = ["output", "summary"].map(|name| self.store.path().join(name));
        files.iter().for_each(|file| fs::write(file, "").unwrap());
        let mut context = self.context.clone();
        let mut ran = Ran { code: None, summary: String::new(), said: String::new(), checkout };
        if !holds(job, &context) {
            return ran;
        }
        ran.code = Some(0);
        for step in job["steps"].as_array().unwrap() {
            if !holds(step, &context) {
                continue;
            }
            let code = match step["run"].as_str() {
                Some(script) => {
                    let mut bash = Command::new("bash");
                    bash.args(["-e", "-c", script]).env_clear().current_dir(ran.checkout.path()).envs(&self.env);
                    bash.env("GITHUB_OUTPUT", &files[0]).env("GITHUB_STEP_SUMMARY", &files[1]);
                    for scope in [workflow, job, step] {
                        for (name, value) in scope["env"].as_object().into_iter().flatten() {
                            bash.env(name, filled(value.as_str().unwrap(), &context));
                        }
                    }
                    let output = bash.output().unwrap();
                    ran.said += &format!("{}{}", text(&output.stdout), text(&output.stderr));
                    output.status.code().unwrap()
                }
                None => {
                    if let Some(run) = step["with"]["run-id"].as_str() {
                        ran.said += &format!("an artifact of the run {}\n", filled(run, &context));
                    }
                    self.action(step, ran.checkout.path(), &context)
                }
            };
            if let Some(id) = step["id"].as_str() {
                for line in fs::read_to_string(&files[0]).unwrap().lines() {
                    let (key, value) = line.split_once('=').unwrap();
                    context.insert(format!("steps.{id}.outputs.{key}"), value.to_owned());
                }
            }
            if code != 0 {
                ran.code = Some(code);
                break;
            }
        }
        ran.summary = fs::read_to_string(&files[1]).unwrap();
        ran
    }

    /// What an action that others wrote does.
    fn action(&self, step: &Value, checkout: &Path, context: &BTreeMap<String, String>) -> i32 {
        let with = |key: &str| filled(step["with"][key].as_str().unwrap(), context);
        let (action, _) = step["uses"].as_str().unwrap().split_once('@').unwrap();
        let kept = || self.store.path().join("artifacts").join(with("name"));
        match action {
            "actions/checkout" => {
                assert_eq!(step["with"]["persist-credentials"], false);
                examples::copy(&self.repository, checkout);
            }
            "actions/upload-artifact" => {
                if !checkout.join(with("path")).is_file() {
                    return 1;
                }
                fs::create_dir_all(kept()).unwrap();
                fs::copy(checkout.join(with("path")), kept().join(with("path"))).unwrap();
            }
            "actions/download-artifact" => {
                if !kept().is_dir() {
                    return 1;
                }
                examples::copy(&kept(), checkout);
            }
            other => panic!("{other}"),
        }
        0
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The value of an expression: that of a name, or a text in quotes. A name that this runner does not know is a mistake, but
/// for the output of a step that did not run.
fn lookup(name: &str, context: &BTreeMap<String, String>) -> String {
    if let Some(text) = name.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return text.to_owned();
    }
    let found = context.get(name).cloned();
    found.or_else(|| name.starts_with("steps.").then(String::new)).unwrap_or_else(|| panic!("`{name}` is not known"))
}

/// A text with the values of its expressions.
fn filled(text: &str, context: &BTreeMap<String, String>) -> String {
    let mut parts = text.split("${{");
    let mut all = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap();
        all += &lookup(name.trim(), context);
        all += rest;
    }
    all
}

/// Whether the condition of a job or a step holds, if it has one: some `A == B`, of which one must be true.
fn holds(of: &Value, context: &BTreeMap<String, String>) -> bool {
    let Some(condition) = of["if"].as_str() else { return true };
    condition.split(" || ").any(|one| {
        let (a, b) = one.split_once(" == ").unwrap();
        lookup(a, context) == lookup(b, context)
    })
}
