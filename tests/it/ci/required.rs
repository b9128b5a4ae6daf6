//! What `required-permissions` prints is a project that an operator can apply, and its tokens are enough.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fluxform::kind::Kind;
use fluxform::manifest::{Inputs, Loaded, load};
use serde_json::json;

use super::example;
use crate::cli::fluxform::{Fluxform, project};
use crate::moving::Home;
use crate::support::both;

#[test]
fn what_is_printed_is_a_project_that_grants_what_the_example_does() {
    let dir = tempfile::tempdir().unwrap();
    let printed = Fluxform::new(&["required-permissions"]).arg(example("iot")).run().with(0);
    fs::write(dir.path().join("main.toml"), printed.out).unwrap();
    let granted = |path: &Path| -> Vec<String> {
        let loaded = load(path, &Inputs::default()).unwrap();
        assert_eq!(loaded.warnings.len(), 0);
        let tokens = loaded.manifest.resources.iter().filter(|(address, _)| address.kind == Kind::Token);
        let fields =
            tokens.flat_map(|(_, token)| ["user", "read", "write"].map(|field| token.fields.get(field).cloned()));
        let roles = loaded.manifest.resources.values().filter_map(|one| one.fields.get("owner_of").cloned());
        let all: Vec<_> = fields.chain(roles.map(Some)).collect();
        all.iter().flatten().map(|value| value.to_string().replace("iot-", "ci-")).collect()
    };
    assert_eq!(granted(dir.path()), granted(&example("access")));
}

/// What is printed for the project at `dir`, which must be a good one; nothing where only an operator may apply that.
#[track_caller]
fn printed(dir: &Path, org: &str) -> Option<String> {
    let mut run = Fluxform::new(&["required-permissions", "--org", org]);
    for line in fs::read_to_string(dir.join("inputs.txt")).unwrap_or_default().lines() {
        match line.strip_prefix("--var-file ") {
            Some(file) => run.command.args(["--var-file".into(), dir.join(file)]),
            None if line.starts_with("--var ") => {
                run.command.args(line.split_once(' ').map(|(_, given)| ["--var", given]).unwrap())
            }
            None => run.command.envs(line.split_once('=')),
        };
    }
    let ended = run.arg(dir).run();
    if ended.code == 65 && ended.err.contains("token::operator") {
        return None;
    }
    let printed = ended.with(0).out;
    let own = tempfile::tempdir().unwrap();
    fs::write(own.path().join("main.toml"), &printed).unwrap();
    let loaded = load(own.path(), &Inputs::default());
    let loaded = loaded.unwrap_or_else(|errors| panic!("{} of {org}:\n{printed}\n{errors:#?}", dir.display()));
    assert_eq!(loaded.warnings.len(), 0, "{printed}");
    Some(printed)
}

both!(what_is_printed_for_any_project_is_a_good_one, virgin, async |server| {
    let home = Home::named(server, "acme", "somebodys").await;
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut dirs = vec![example("iot")];
    for parent in ["tests/cases/valid", "examples"] {
        let all = fs::read_dir(package.join(parent)).unwrap().map(|entry| entry.unwrap().path());
        dirs.extend(
            all.filter(|dir| dir.is_dir() && load(dir, &Inputs::default()).is_ok() || dir.join("inputs.txt").exists()),
        );
    }
    let mut there = BTreeSet::from(["acme".to_owned()]);
    let mut count = 0;
    for dir in dirs {
        let Some(printed) = printed(&dir, "acme") else { continue };
        let own = project(&printed);
        let Loaded { manifest, .. } = load(own.path(), &Inputs::default()).unwrap();
        for (address, resource) in manifest.resources.iter().filter(|(_, resource)| resource.external) {
            let name = resource.fields.text("name").unwrap().to_owned();
            let list = if address.kind == Kind::User { "users" } else { "orgs" };
            if there.insert(name.clone()) {
                home.http.post(list, json!({ "name": name })).await.expect(201);
            }
        }
        home.fluxform(&["plan", "--detailed-exitcode"]).arg(own.path()).run().with(2);
        count += 1;
    }
    assert!(count > 15, "{count}");
});

const OVER_TWO_ORGS: &str = r#"
[project]
name = "two"

[org.other]
external = true

[user.gateways]
external = true

[bucket.own]

[label.theirs]
org = "org.other"

[bucket.theirs]
org = "org.other"
labels = ["label.theirs"]

[task.theirs]
org = "org.other"
every = "1h"
flux = 'from(bucket: "theirs") |> range(start: -1h)'

[token.theirs]
org = "org.other"
read = ["bucket.theirs", "org.other/labels"]
deliver = "discard"

[token.of_gateways]
user = "user.gateways"
write = ["bucket.own"]
deliver = "discard"
"#;

both!(what_is_printed_over_two_orgs_is_enough, virgin, async |server| {
    let home = Home::named(server, "acme", "somebodys").await;
    home.http.post("orgs", json!({"name": "other"})).await.expect(201);
    home.http.post("users", json!({"name": "gateways"})).await.expect(201);
    let dir = project(OVER_TWO_ORGS);
    let access = project(&printed(dir.path(), "acme").unwrap());
    home.fluxform(&["apply", "--auto-approve"]).arg(access.path()).run().with(0);
    let run = |name: &str, words: &[&str]| {
        let token = fs::read_to_string(access.path().join(format!("secrets/{name}.token"))).unwrap();
        home.fluxform_with(token.trim(), words).arg(dir.path()).run()
    };
    run("plan", &["preflight", "--for", "plan"]).with(0);
    run("plan", &["preflight"]).with(4);
    run("apply", &["preflight"]).with(0);
    run("plan", &["plan", "--detailed-exitcode"]).with(2);
    run("plan", &["apply", "--auto-approve"]).with(4);
    run("apply", &["apply", "--auto-approve"]).with(0);
    run("plan", &["plan", "--detailed-exitcode"]).with(0);
    run("apply", &["destroy", "--auto-approve"]).with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(access.path()).run().with(0);
});

#[test]
fn the_home_org_is_printed_once_whatever_the_project_calls_it() {
    let dir = tempfile::tempdir().unwrap();
    let orgs = |org: &str, tables: &str| -> Vec<String> {
        let bucket = "[bucket.own]\n[bucket.b]\norg = 'org.home'\n";
        let bucket = if tables.contains("[org.home]") { bucket } else { "[bucket.own]\n" };
        fs::write(dir.path().join("main.toml"), format!("[project]\nname = \"p\"\n{tables}\n{bucket}")).unwrap();
        let printed = printed(dir.path(), org).unwrap();
        let tables =
            printed.split("\n[").filter(|table| table.starts_with("org.")).map(|table| table.trim().replace('\n', " "));
        tables.collect()
    };
    let home = "[org.home]\nexternal = true\nname = \"acme\"\n";
    assert_eq!(orgs("acme", home), ["org.acme] external = true"]);
    assert_eq!(orgs("x${y} ${org.acme.id}", ""), ["org.\"x${y} ${org.acme.id}\"] external = true"]);
}

#[test]
fn what_is_printed_has_a_name_that_a_project_can_have() {
    let dir = project(&format!("[project]\nname = \"{}\"\n[bucket.b]\n", "p".repeat(41)));
    printed(dir.path(), "acme").unwrap();
}

#[test]
fn what_only_an_operator_may_do_is_no_matter_of_permissions() {
    let dir = tempfile::tempdir().unwrap();
    let said = |tables: &str, org: &[&str]| {
        fs::write(dir.path().join("main.toml"), format!("[project]\nname = \"p\"\n{tables}\n")).unwrap();
        Fluxform::new(&[&["required-permissions"], org].concat()).arg(dir.path()).run()
    };
    assert!(said("[bucket.b]", &[]).with(64).err.contains("it is not known which org the project is for"));
    let managed = said("[bucket.b]\n[user.u]", &["--org", "acme"]).with(65).err;
    assert!(managed.contains("the project manages user.u: only an operator may do that"), "{managed}");
    assert!(managed.contains("main.toml:4:1"), "{managed}");
    // An org by its ID, which manifests cannot say; another one, and a token that may do more than the project needs.
    let id = &["--org", "0123456789abcdef"];
    let more = "[org.\"two words\"]\nexternal = true\n[bucket.b]\norg = 'org.\"two words\"'\n[token.t]\n\
                write = [\"instance/views\", \"bucket.b\"]\ndeliver = \"discard\"";
    insta::assert_snapshot!(said(more, &["--org", "acme"]).with(0).out);
    for (tables, format) in [(more, "json"), (more, "human"), ("[bucket.b]", "human")] {
        let ended = said(tables, &[&id[..], &["--format", format]].concat()).with(64);
        assert!(ended.all().contains("connection::no-org") && ended.all().contains("--org NAME"), "{}", ended.all());
    }
    assert!(said("[bucket.b]", &[&id[..], &["--format", "json"]].concat()).with(0).out.contains(id[1]));
}
