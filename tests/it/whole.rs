//! One project with every kind and every field (`tests/cases/valid/whole`): what is made of it is whole, goes again without a trace,
//! and its export is the same project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fluxform::diff::Goal;
use fluxform::field::{Field, Role, Type};
use fluxform::kind::{Kind, Level, Object, ReadScope, Standing};
use serde_json::{Value, json};

use crate::examples::copy;
use crate::moving::{Home, files, masked};
use crate::reliability::killed;
use crate::support::{Backend, Project, Scene, both, card, id, lines, run_each, unique};

/// The secret that everything has which needs one.
const SECRET: &str = "long-enough";

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/valid/whole")
}

/// A copy of the project, with the file that its secrets come from.
fn copied() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&project(), dir.path());
    std::fs::remove_file(dir.path().join("expected.txt")).unwrap();
    std::fs::write(dir.path().join("password"), SECRET).unwrap();
    dir
}

/// Adds the paths of `fields` in manifests to `paths`: `[]` is any item of a list, `*` any key of a table.
fn paths(before: &[&'static str], fields: &'static [Field], found: &mut Vec<Vec<&'static str>>) {
    for field in fields.iter().filter(|field| field.role != Role::Id) {
        let at = [before, &[field.name]].concat();
        match field.ty {
            Type::Block(fields) => paths(&at, fields, found),
            Type::List(Type::Block(fields)) => paths(&[&at[..], &["[]"]].concat(), fields, found),
            Type::Keyed(_, Type::Block(fields)) => paths(&[&at[..], &["*"]].concat(), fields, found),
            _ => {}
        }
        found.push(at);
    }
}

/// Whether `value` says what is at `path`.
fn says(value: &toml::Value, path: &[&str]) -> bool {
    match path {
        [] => true,
        ["[]", rest @ ..] => value.as_array().is_some_and(|items| items.iter().any(|item| says(item, rest))),
        ["*", rest @ ..] => value.as_table().is_some_and(|table| table.values().any(|item| says(item, rest))),
        [key, rest @ ..] => value.get(key).is_some_and(|value| says(value, rest)),
    }
}

/// What the project declares, by kind.
fn declared() -> BTreeMap<String, Vec<toml::Value>> {
    let mut all: BTreeMap<String, Vec<toml::Value>> = BTreeMap::new();
    for (path, text) in files(&project()).iter().filter(|(path, _)| path.ends_with(".toml")) {
        let file: toml::Table = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        for (kind, resources) in file.into_iter().filter(|(kind, _)| kind != "project") {
            let resources = resources.as_table().unwrap().values().cloned();
            all.entry(kind).or_default().extend(resources);
        }
    }
    all
}

#[test]
fn the_project_says_each_field_of_each_kind() {
    let declared = declared();
    let mut missing = Vec::new();
    for kind in Kind::ALL {
        let mut fields = Vec::new();
        paths(&[], kind.spec().fields, &mut fields);
        let of_kind = declared.get(kind.name()).map_or(&[][..], Vec::as_slice);
        let is_said = |path: &Vec<&str>| of_kind.iter().any(|resource| says(resource, path));
        missing.extend(fields.iter().filter(|path| !is_said(path)).map(|path| format!("{kind}.{}", path.join("."))));
    }
    assert_eq!(missing, Vec::<String>::new(), "tests/cases/valid/whole does not say these");
}

/// Everything that the server has in all of its orgs, also what no project would show, such as ledgers.
async fn everything(home: &Home) -> BTreeMap<String, Value> {
    let orgs = home.http.get("orgs?limit=100").await.expect(200);
    let mut all = BTreeMap::new();
    for org in orgs["orgs"].as_array().unwrap() {
        let org = id(org);
        let roles = ["members", "owners"].map(|list| format!("orgs/{org}/{list}"));
        for list in card::lists(&org).chain(roles) {
            let reply = home.http.get(&list).await.expect(200);
            all.insert(list, reply);
        }
    }
    all
}

/// The rows of the reply to a list.
fn rows(reply: &Value) -> impl Iterator<Item = &Value> {
    reply.as_object().unwrap().values().filter_map(Value::as_array).flatten()
}

/// The paths of the tasks behind checks and rules, which no list has.
fn hidden_tasks(everything: &BTreeMap<String, Value>) -> Vec<String> {
    let tasks = everything.values().flat_map(rows).filter_map(|row| row["taskID"].as_str());
    tasks.map(|task| format!("tasks/{task}")).collect()
}

both!(what_is_applied_goes_without_a_trace, virgin, async |server| {
    let home = Home::on(server).await;
    let before = everything(&home).await;
    let dir = copied();
    let fluxform = |arguments: &[&str]| home.fluxform(arguments).arg(dir.path()).run();
    fluxform(&["apply", "--auto-approve"]).with(0);
    let again = fluxform(&["plan", "--detailed-exitcode"]).with(0);
    assert!(again.out.starts_with("No changes."), "{}", again.out);
    fluxform(&["drift"]).with(0);
    let hidden = hidden_tasks(&everything(&home).await);
    let with_tasks: usize = ["check", "notification_rule"].iter().map(|kind| declared()[*kind].len()).sum();
    assert_eq!(hidden.len(), with_tasks);
    fluxform(&["destroy", "--auto-approve"]).with(0);
    let after = everything(&home).await;
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    for (list, rows) in after {
        assert_eq!(rows, before[&list], "{list}");
    }
    for task in hidden {
        assert_eq!(home.http.get(&task).await.status, 404, "{task}");
    }
});

/// Exports all orgs of a server to `dir`: the files, and how many resources are not external.
fn export(home: &Home, dir: &Path) -> (BTreeMap<String, String>, u64) {
    let said = home.export(dir, &["--all-orgs", "--project=whole", "--format=json"]).with(0).json();
    let resources = said["resources"].as_array().unwrap();
    let declared = resources.iter().filter(|resource| resource["external"] == false).count();
    (files(dir), declared as u64)
}

/// The environment variables that the sources of secrets in `files` name.
fn variables(files: &BTreeMap<String, String>) -> Vec<&str> {
    let named = files.values().flat_map(|text| text.split("{ env = \"").skip(1));
    named.map(|rest| rest.split('"').next().unwrap()).collect()
}

/// What another server may have otherwise.
const OF_ONE_SERVER: [&str; 12] = [
    "id",
    "links",
    "createdAt",
    "updatedAt",
    "latestCompleted",
    "latestScheduled",
    "lastRunStatus",
    "lastRunError",
    "currentQueueSizeBytes",
    "remainingBytesToBeSynced",
    "latestResponseCode",
    "latestErrorMessage",
];

/// `value` without what another server may have otherwise, and sorted.
fn alike(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(alike).collect();
            items.sort_by_key(Value::to_string);
            items.into()
        }
        Value::Object(all) => {
            let all = all.iter().filter(|(key, _)| !OF_ONE_SERVER.contains(&key.as_str()));
            all.map(|(key, value)| (key.clone(), alike(value))).collect()
        }
        // An export gives each script a last line that ends.
        Value::String(text) => text.trim_end().into(),
        value => value.clone(),
    }
}

/// All rows of all orgs by their lists, as another server would show them.
fn contents(everything: &BTreeMap<String, Value>) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (list, reply) in everything {
        let shown = rows(reply).filter(|row| row["name"].as_str().is_none_or(|name| !name.starts_with("fluxform/")));
        let shown = shown.map(|row| masked(&alike(row).to_string(), "no URL"));
        all.entry(masked(list, "no URL")).or_default().extend(shown);
    }
    all.values_mut().for_each(|rows| rows.sort());
    all
}

/// Gives an org a secret by hand: nobody can read those of another server.
async fn set_secret(home: &Home, org: &str, key: &str) {
    home.http.patch(&format!("orgs/{org}/secrets"), json!({key: SECRET})).await.expect(204);
}

both!(its_export_is_adopted_and_makes_the_same_elsewhere, virgin, async |server| {
    let home = Home::on(server).await;
    let dir = copied();
    home.fluxform(&["apply", "--auto-approve"]).arg(dir.path()).run().with(0);
    home.fluxform(&["forget", "*", "--auto-approve"]).arg(dir.path()).run().with(0);
    let before = home.everything().await;
    let out = tempfile::tempdir().unwrap();
    let (first, adopted) = export(&home, out.path());
    assert_eq!(home.plan(out.path()), (adopted, String::new()));
    home.fluxform(&["apply", "--adopt", "--auto-approve"]).arg(out.path()).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(out.path()).run().with(0);
    home.fluxform(&["drift"]).arg(out.path()).run().with(0);
    assert_eq!(home.everything().await, before);

    let other = Home::another(home.server.backend()).await;
    set_secret(&other, &other.org, "pager-token").await;
    // The operator and the operator's token are others there.
    std::fs::remove_file(out.path().join("server.toml")).unwrap();
    std::fs::write(out.path().join("tokens.toml"), first["tokens.toml"].replace("# deliver", "deliver")).unwrap();
    // One after the other: a token and a v1 token that are made at once may get one ID.
    let apply = other.fluxform(&["apply", "--adopt", "--auto-approve", "--parallelism=1"]).arg(out.path());
    variables(&first).into_iter().fold(apply, |apply, name| apply.var(name, SECRET)).run().with(0);
    other.fluxform(&["plan", "--detailed-exitcode"]).arg(out.path()).run().with(0);
    let orgs = other.http.get("orgs?org=plant-whole").await.expect(200);
    set_secret(&other, &id(&orgs["orgs"][0]), "there").await;
    let (theirs, ours) = (contents(&everything(&other).await), contents(&everything(&home).await));
    assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
    for (list, rows) in ours {
        assert_eq!(theirs[&list], rows, "{list}");
    }
    let again = tempfile::tempdir().unwrap();
    let (mut second, _) = export(&other, again.path());
    // What is true of one server only: where it is, and IDs.
    let here = |files: &mut BTreeMap<String, String>, home: &Home| {
        masked(&files.remove("server.toml").unwrap(), home.server.url())
    };
    let mut first = first;
    assert_eq!(here(&mut second, &other), here(&mut first, &home));
    assert_eq!(second, first);
});

/// The project with names of its own run, reached through `url`.
fn of_run(scene: &Scene, run: &str, url: &str) -> Project {
    let whole = Project::new(scene).through(url, scene.server.token());
    for (name, text) in files(&project()) {
        let text = text.replace("name = \"whole\"", "name = \"p\"").replace("-whole\"", &format!("-{run}\""));
        whole.write(&name, &text);
    }
    whole.write("password", SECRET);
    whole
}

/// How many objects of each kind there are that the project has made in a run.
async fn counts(scene: &Scene, run: &str) -> BTreeMap<&'static str, usize> {
    let client = Project::new(scene).client;
    let plant = scene.http.get(&format!("orgs?org=plant-{run}")).await;
    let plant = plant.json["orgs"][0]["id"].as_str().map(str::to_owned);
    let orgs: Vec<&str> = [Some(scene.org.as_str()), plant.as_deref()].into_iter().flatten().collect();
    let mut counts = BTreeMap::new();
    for kind in Kind::ALL {
        let objects = kind.list(&client, &orgs, ReadScope::NOTHING).await.unwrap();
        let is_ours = |object: &&Object| {
            (kind.spec().level == Level::Org || object.name.ends_with(run)) && object.standing != Standing::System
        };
        let objects = objects.iter().filter(is_ours).filter(|object| !object.name.starts_with("fluxform/"));
        counts.insert(kind.name(), objects.count());
    }
    counts
}

/// Dies after mutation number `at` of an apply, and applies again; whether there were so many.
async fn dies(scene: &Scene, at: usize) -> bool {
    let run = unique("run");
    let (project, reached) = killed(scene, at, |url| of_run(scene, &run, url)).await;
    let planned = project.plan(Goal::Declared).await.unwrap();
    let refused: Vec<_> = planned.plan.refusals.iter().map(|problem| &problem.diagnostic.message).collect();
    assert!(refused.is_empty(), "death after mutation {at}: {refused:?}\n{}", lines(&planned.plan));
    if planned.plan.writes() {
        project.apply().await;
    }
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "death after mutation {at}\n{}", lines(&planned.plan));
    let declared = declared();
    let wanted = Kind::ALL.iter().map(|kind| (kind.name(), declared[kind.name()].len())).collect();
    assert_eq!(counts(scene, &run).await, wanted, "death after mutation {at}");
    project.destroy().await;
    assert!(counts(scene, &run).await.values().all(|count| *count == 0), "death after mutation {at}");
    reached
}

/// Has runs die after each mutation, or each so many.
fn die_each(backend: Backend, step: usize) {
    let module = concat!(module_path!(), "::a_run_may_die_at_any_time");
    run_each(backend, module, &["0", "1", "2", "3"], async |scene, first| {
        let mut at = first.parse::<usize>().unwrap() * step;
        while dies(scene, at).await {
            at += 4 * step;
        }
        assert!(at > 60, "only {at} mutations");
    });
}

mod a_run_may_die_at_any_time {
    use super::{Backend, die_each};

    #[test]
    fn embedded() {
        die_each(Backend::Embedded, 1);
    }

    #[test]
    #[cfg_attr(not(real_influxd), ignore = "needs a real influxd: CONTRIBUTING.md says how to get one")]
    fn real() {
        die_each(Backend::Real, 10);
    }
}
