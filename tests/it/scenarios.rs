//! `tests/scenarios/NAME/`: a list of desired states, each applied to the end on both servers. `FLUXFORM_SCENARIO=PART` plays only those
//! with this in their names.
//!
//! - `N/` is the project in its N-th state.
//! - `N.by-hand.json` lists requests that somebody makes before it: `method`, `path`, `body` (JSON) or `text`, `status`, and
//!   `save`, a word for the ID in the reply.
//! - `N.consent.toml` is what the user agrees to: `adopt`, `data_loss`.
//! - `N.plan.txt` is the plan that must come out; `FLUXFORM_BLESS=1` writes it.
//! - `left.txt` names what is left after everything is destroyed, beside what was there before.
//!
//! Placeholders: `{org}`, `{org_name}`, `{me}`, `{run}` (a word of this run's own, for names that are unique on a server),
//! `{bucket.raw}` (the ID behind an address; `{dbrp.raw.own}` without the org in it), saved words, `{ago:10d}` (nanoseconds since 1970).

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fluxform::diff::Goal;
use fluxform::field::Role;
use fluxform::kind::{Kind, Level};
use fluxform::plan::Consent;
use fluxform::value::Value as Field;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Backend, Project, Scene, id, lines, refused, run, unique};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    method: String,
    path: String,
    body: Option<Value>,
    text: Option<String>,
    status: u16,
    save: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Agreed {
    adopt: bool,
    data_loss: Vec<String>,
}

/// One scenario under way.
struct Play<'a> {
    scene: &'a Scene,
    folder: PathBuf,
    words: BTreeMap<String, String>,
    project: Project,
}

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// Plays the scenario `name`.
async fn play(scene: &Scene, name: &str) {
    let folder = scenarios().join(name);
    let words = [("org", &scene.org), ("org_name", &scene.org_name), ("me", &scene.user), ("run", &unique("run"))];
    let words = words.into_iter().map(|(word, value)| (word.to_owned(), value.clone())).collect();
    let mut play = Play { scene, folder, words, project: Project::new(scene) };
    let bystanders = play.bystanders().await;
    let before = play.names().await;
    let mut state = 1;
    while play.folder.join(state.to_string()).is_dir() {
        play.reach(state).await;
        state += 1;
    }
    assert!(state > 1, "{} has no states", play.folder.display());
    play.project.consent = Consent { data_loss: vec!["*".to_owned()], ..Consent::default() };
    play.project.destroy().await;
    let after = play.names().await;
    let left: BTreeSet<_> = after.difference(&before).map(|line| play.mask(line)).collect();
    let expected = std::fs::read_to_string(play.folder.join("left.txt")).unwrap_or_default();
    assert_eq!(left, expected.lines().map(str::to_owned).collect(), "left after everything is destroyed");
    assert_eq!(before.difference(&after).next(), None, "gone with the project");
    for (path, was) in bystanders {
        assert_eq!(scene.http.get(&path).await.text, was, "{path} is not the project's");
    }
}

impl Play<'_> {
    /// Objects of each kind that are not the project's; the path and the body of each.
    async fn bystanders(&self) -> Vec<(String, String)> {
        let (scene, run) = (self.scene, &self.words["run"]);
        let bucket = scene.bucket("bystander").await;
        let label = scene.label("bystander").await;
        scene.http.post(&format!("buckets/{bucket}/labels"), json!({"labelID": label})).await.expect(201);
        // No run of it may fall into the test, which would show.
        let flux = "option task = {name: \"bystander\", cron: \"0 0 29 2 *\"}\nx = 1\n";
        let task = json!({"orgID": scene.org, "status": "inactive", "flux": flux});
        let task = id(&scene.http.post("tasks", task).await.expect(201));
        let telegraf =
            json!({"orgID": scene.org, "name": "bystander", "config": "a = 1", "metadata": {"buckets": ["x"]}});
        let telegraf = id(&scene.http.post("telegrafs", telegraf).await.expect(201));
        let user = id(&scene.http.post("users", json!({"name": format!("bystander-{run}")})).await.expect(201));
        let token = scene.token(json!([scene.may_one("read", "buckets", &bucket)])).await;
        let v1 = json!({"orgID": scene.org, "token": format!("bystander-{run}"), "permissions": [scene.may("read", "buckets")]});
        let v1 = id(&scene.http.post("/private/legacy/authorizations", v1).await.expect(201));
        let org = id(&scene.http.post("orgs", json!({"name": format!("bystander-{run}")})).await.expect(201));
        let paths = [
            format!("buckets/{bucket}"),
            format!("buckets/{bucket}/labels"),
            format!("labels/{label}"),
            format!("tasks/{task}"),
            format!("users/{user}"),
            format!("telegrafs/{telegraf}"),
            format!("authorizations/{}", token.id),
            format!("/private/legacy/authorizations/{v1}"),
            format!("orgs/{org}"),
            format!("orgs/{org}/owners"),
        ];
        let mut bodies = Vec::new();
        for path in paths {
            let reply = scene.http.get(&path).await;
            assert_eq!(reply.status, 200, "{path}");
            bodies.push((path, reply.text));
        }
        bodies
    }

    /// Type and name of everything in the home org, and of what on the server has this run's word in its name.
    async fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let rows = |reply: &Value| -> Vec<Value> {
            let mut lists = reply.as_object().unwrap().values().filter_map(Value::as_array);
            let rows = lists.next().expect("a list").clone();
            assert!(lists.next().is_none(), "two lists: {reply}");
            rows
        };
        for kind in Kind::ALL {
            let (ty, spec) = (kind.spec().ty, kind.spec());
            let title = kind.with(Role::Name).or(kind.with(Role::Title)).unwrap().key().unwrap();
            let rest = kind.with(Role::Subname).map_or("", |part| part.name);
            // The row of a secret is its key.
            let line = |row: &Value| {
                let name = row.as_str().or(row[title].as_str()).unwrap();
                format!("{ty} {name}{}", row[rest].as_str().map(|rest| format!("/{rest}")).unwrap_or_default())
            };
            if spec.level == Level::Org {
                let path = match kind {
                    Kind::Secret => format!("orgs/{}/secrets", self.scene.org),
                    Kind::Dbrp => format!("dbrps?orgID={}", self.scene.org),
                    Kind::V1Token => format!("/private/legacy/authorizations?orgID={}", self.scene.org),
                    _ => format!("{ty}?orgID={}&limit=100", self.scene.org),
                };
                let reply = self.scene.http.get(&path).await.expect(200);
                // Those that follow from the names of buckets are nobody's.
                names.extend(rows(&reply).iter().filter(|row| row["virtual"] != true).map(line));
                continue;
            }
            let rows = self.whole(ty, rows).await;
            names.extend(rows.iter().map(line).filter(|line| line.contains(&self.words["run"])));
        }
        names
    }

    /// All rows of a list of the whole server, on which other tests work too: each page begins with the last row of the one before,
    /// or the list is walked anew.
    async fn whole(&self, ty: &str, rows: impl Fn(&Value) -> Vec<Value>) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        loop {
            let offset = all.len().saturating_sub(1);
            let page = rows(&self.scene.http.get(&format!("{ty}?limit=100&offset={offset}")).await.expect(200));
            match all.pop() {
                Some(last) if page.first().map(|row| &row["id"]) != Some(&last["id"]) => all.clear(),
                _ => {
                    let is_last = page.len() < 100;
                    all.extend(page);
                    if is_last {
                        return all;
                    }
                }
            }
        }
    }

    /// Puts the values in for the placeholders.
    fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, value) in &self.words {
            text = text.replace(&format!("{{{word}}}"), value);
        }
        while let Some((head, rest)) = text.split_once("{ago:") {
            let (ago, tail) = rest.split_once('}').unwrap();
            let ago: fluxform::duration::Duration = ago.parse().unwrap();
            let at = jiff::Timestamp::now().as_nanosecond() - i128::from(ago.nanos);
            text = format!("{head}{at}{tail}");
        }
        text
    }

    /// Takes out what differs from run to run.
    fn mask(&self, text: &str) -> String {
        let text = text.replace(&self.words["run"], "{run}").replace(&self.scene.org_name, "{org_name}");
        let mut masked = String::new();
        for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            let is_id = bare.len() == 16 && bare.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            masked += &if is_id { word.replace(bare, "<id>") } else { word.to_owned() };
        }
        masked
    }

    fn file(&self, state: usize, rest: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(format!("{state}.{rest}"))).ok()
    }

    async fn reach(&mut self, state: usize) {
        if let Some(calls) = self.file(state, "by-hand.json") {
            for call in serde_json::from_str::<Vec<Call>>(&calls).unwrap() {
                self.by_hand(call).await;
            }
        }
        let agreed: Agreed =
            self.file(state, "consent.toml").map(|text| toml::from_str(&text).unwrap()).unwrap_or_default();
        self.project.consent = Consent { adopt: agreed.adopt, data_loss: agreed.data_loss, ..Consent::default() };
        self.lay_out(state);
        let planned = self.project.plan(Goal::Declared).await;
        let (text, go_on) = match &planned {
            Ok(planned) => (lines(&planned.plan), planned.plan.refusals.is_empty() && planned.plan.writes()),
            Err(problem) => (refused(problem), false),
        };
        let text = self.mask(&text);
        let path = self.folder.join(format!("{state}.plan.txt"));
        if std::env::var_os("FLUXFORM_BLESS").is_some_and(|value| value == "1") {
            std::fs::write(&path, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, expected, "the plan of state {state} ({})", path.display());
        if !go_on {
            return;
        }
        self.project.apply().await;
        let planned = self.project.plan(Goal::Declared).await.unwrap();
        let again = lines(&planned.plan);
        assert!(again.is_empty() && !planned.plan.writes(), "the plan after state {state} is not empty:\n{again}");
        assert!(planned.ledger.intents.is_empty(), "intents are left: {:?}", planned.ledger.intents);
        let ids = planned.ledger.entries.iter().map(|(address, entry)| (address.to_string(), entry.id.clone()));
        // Of an ID that begins with the org, the server's part by itself too.
        let own = |(address, id): &(String, String)| Some((format!("{address}.own"), id.split_once('/')?.1.to_owned()));
        let ids: Vec<_> = ids.collect();
        self.words.extend(ids.iter().filter_map(own));
        self.words.extend(ids);
        self.try_secrets().await;
    }

    /// Each active token's sink holds a secret that works.
    async fn try_secrets(&self) {
        let (manifest, _) = self.project.load();
        for (address, resource) in manifest.resources {
            let Some(Field::Sinks(sinks)) = resource.fields.get("deliver") else { continue };
            if address.kind != Kind::Token || resource.external || resource.fields.text("status") == Some("inactive") {
                continue;
            }
            for sink in sinks {
                let fluxform::secret::Sink::File { path } = sink else { continue };
                let secret = std::fs::read_to_string(self.project.path().join(path)).unwrap();
                let reply = self.scene.http.with_token(&secret).get("me").await;
                let works = reply.status == 200 || reply.message().starts_with("read:users/");
                assert!(works, "{address}: {}", reply.text);
            }
        }
    }

    async fn by_hand(&mut self, call: Call) {
        let path = self.fill(&call.path);
        let body = call.body.map(|body| body.to_string()).or(call.text).map(|text| self.fill(&text).into_bytes());
        let method: Method = call.method.parse().unwrap();
        let reply =
            self.scene.http.clone().with_header("content-type", "application/json").send(method, &path, body).await;
        let reply = reply.expect(call.status);
        if let Some(word) = call.save {
            let object = reply.get("label").unwrap_or(&reply);
            self.words.insert(word, id(object));
        }
    }

    /// Makes the project's directory what the state's folder says. Secrets that were delivered stay.
    fn lay_out(&self, state: usize) {
        for old in std::fs::read_dir(self.project.path()).unwrap() {
            let path = old.unwrap().path();
            if path.is_file() {
                std::fs::remove_file(path).unwrap();
            }
        }
        for file in std::fs::read_dir(self.folder.join(state.to_string())).unwrap() {
            let file = file.unwrap();
            let text = self.fill(&std::fs::read_to_string(file.path()).unwrap());
            self.project.write(file.file_name().to_str().unwrap(), &text);
        }
    }
}

/// The folders whose names have the text of `FLUXFORM_SCENARIO` in them; all where it is not set.
fn wanted() -> Vec<String> {
    let part = std::env::var("FLUXFORM_SCENARIO").unwrap_or_default();
    let folders =
        std::fs::read_dir(scenarios()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = folders.filter(|name| name.contains(&part)).collect();
    names.sort();
    assert!(!names.is_empty(), "no scenario has {part:?} in its name");
    names
}

/// Plays all of them on one server, several at once, and names those that fail.
fn play_all(backend: Backend) {
    let names = wanted();
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let module = format!("{}::{name}", module_path!());
                    let body = async |scene: Scene| play(&scene, name).await;
                    if catch_unwind(AssertUnwindSafe(|| run(backend, &module, body))).is_err() {
                        failed.lock().unwrap().insert(name.clone());
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "of {} scenarios these fail: {failed:?}", names.len());
}

#[test]
fn embedded() {
    play_all(Backend::Embedded);
}

#[test]
#[cfg_attr(not(real_influxd), ignore = "needs a real influxd: CONTRIBUTING.md says how to get one")]
fn real() {
    play_all(Backend::Real);
}
