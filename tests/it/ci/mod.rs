//! `examples/ci`: two users with a token each, and the workflows that use them.

mod access;
mod forge;
mod github;
mod gitlab;
mod moving_to_ci;
mod page;
mod preflight;
mod required;
mod runner;
pub(crate) mod yaml;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cli::fluxform::Fluxform;
use crate::examples;
use crate::moving::Home;
use crate::support::{Server, id};

/// Where the examples of this page are.
fn example(name: &str) -> PathBuf {
    examples::examples().join("ci").join(name)
}

/// A server on which an operator has applied `examples/ci/access`, and a checkout of `examples/ci/iot`.
struct Site {
    home: Home,
    dir: TempDir,
    /// The plan user's token.
    plan: Who,
    /// The apply user's token.
    apply: Who,
}

/// A token of the CI.
#[derive(Clone)]
struct Who {
    user: String,
    secret: String,
    permissions: Vec<Value>,
}

impl Site {
    async fn on(server: Server) -> Self {
        Self::edited(server, |_, text| text).await
    }

    /// The same after `edit` was made in the manifests of the directories `access` and `iot`.
    async fn edited(server: Server, edit: impl Fn(&str, String) -> String) -> Self {
        let home = Home::named(server, "acme", "somebodys").await;
        let dir = tempfile::tempdir().unwrap();
        for name in ["access", "iot"] {
            examples::copy(&example(name), &dir.path().join(name));
            let manifest = dir.path().join(name).join("fluxform.toml");
            let text = edit(name, fs::read_to_string(&manifest).unwrap());
            fs::write(&manifest, text).unwrap();
        }
        let bin = dir.path().join("bin");
        fs::create_dir(&bin).unwrap();
        symlink(env!("CARGO_BIN_EXE_fluxform"), bin.join("fluxform")).unwrap();
        program(&bin, "vault", "cat >../vault.secret; echo \"$@\" >../vault.arguments");
        home.fluxform(&["apply", "--auto-approve"]).arg(dir.path().join("access")).run().with(0);
        let all = home.http.get(&format!("authorizations?orgID={}", home.org)).await.expect(200);
        let who = |name: &str| {
            let description = format!("CI: {name}");
            let rows = all["authorizations"].as_array().unwrap();
            let row = rows.iter().find(|row| row["description"].as_str().unwrap().starts_with(&description)).unwrap();
            Who {
                user: row["userID"].as_str().unwrap().to_owned(),
                secret: fs::read_to_string(dir.path().join(format!("access/secrets/{name}.token"))).unwrap(),
                permissions: row["permissions"].as_array().unwrap().clone(),
            }
        };
        let (plan, apply) = (who("plan"), who("apply"));
        Self { home, dir, plan, apply }
    }

    /// A run in the checkout, of the project `iot`.
    fn run(&self, token: &str, words: &[&str]) -> Fluxform {
        let mut run = self.home.fluxform_with(token, words).var("PATH", &self.path()).arg("iot");
        run.command.current_dir(self.dir.path());
        run
    }

    /// Where programs are found: fluxform, and what stands for others, before the rest.
    fn path(&self) -> String {
        let theirs = std::env::var("PATH").unwrap();
        format!("{}:{theirs}", self.dir.path().join("bin").display())
    }

    /// A token as `who` has, but for some permissions.
    async fn narrower(&self, who: &Who, keeps: impl Fn(&Value) -> bool) -> (String, String) {
        let permissions: Vec<&Value> = who.permissions.iter().filter(|permission| keeps(permission)).collect();
        let body = json!({"orgID": self.home.org, "userID": who.user, "permissions": permissions});
        let made = self.home.http.post("authorizations", body).await.expect(201);
        (id(&made), made["token"].as_str().unwrap().to_owned())
    }

    /// Everything on the server, the record of the project too.
    async fn everything(&self) -> Value {
        let labels = self.home.http.get(&format!("labels?orgID={}", self.home.org)).await.expect(200);
        json!([self.home.everything().await, labels])
    }
}

/// Writes a script for `sh` as a program.
fn program(dir: &Path, name: &str, script: &str) {
    let path = dir.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A permission in words, such as `read labels`.
fn word(permission: &Value) -> String {
    let resource = &permission["resource"];
    let one = if resource["id"].is_string() { " (one)" } else { "" };
    format!("{} {}{one}", permission["action"].as_str().unwrap(), resource["type"].as_str().unwrap())
}
