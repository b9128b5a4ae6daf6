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

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use fluxform::diff::Goal;
use fluxform::kind::Kind;
use fluxform::plan::Consent;
use fluxform::value::Value as Field;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Backend, Project, Scene, Words, card, id, lines, refused, run_each, unique};

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
    words: Words,
    project: Project,
}

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

/// Plays the scenario `name`.
async fn play(scene: &Scene, name: &str) {
    let folder = scenarios().join(name);
    let mut words = card::words(scene, &unique("run"));
    words.insert("org_name".to_owned(), scene.org_name.clone());
    let mut play = Play { scene, folder, words, project: Project::new(scene) };
    let bystanders = play.bystanders().await;
    let before = play.rows().await;
    let mut state = 1;
    while play.folder.join(state.to_string()).is_dir() {
        play.reach(state).await;
        state += 1;
    }
    assert!(state > 1, "{} has no states", play.folder.display());
    play.project.consent = Consent { data_loss: vec!["*".to_owned()], ..Consent::default() };
    play.project.destroy().await;
    let after = play.rows().await;
    let names = |rows: &BTreeSet<(String, String)>| rows.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>();
    let left: BTreeSet<_> = names(&after).difference(&names(&before)).map(|line| play.mask(line)).collect();
    let expected = std::fs::read_to_string(play.folder.join("left.txt")).unwrap_or_default();
    assert_eq!(left, expected.lines().map(str::to_owned).collect(), "left after everything is destroyed");
    assert_eq!(before.difference(&after).next(), None, "gone with the project, or changed");
    for (path, was) in bystanders {
        assert_eq!(scene.http.get(&path).await.text, was, "{path} is not the project's");
    }
}

impl Play<'_> {
    /// Objects of each kind that are not the project's, a label on one of them, and the owners of an org; the paths of what no list
    /// shows of them, each with its body.
    async fn bystanders(&self) -> Vec<(String, String)> {
        let by_kind = card::bystanders(self.scene, &self.words["run"]).await;
        let labels = format!("buckets/{}/labels", by_kind["bucket"]);
        self.scene.http.post(&labels, json!({"labelID": by_kind["label"]})).await.expect(201);
        let mut bodies = Vec::new();
        for path in [labels, format!("orgs/{}/owners", by_kind["org"])] {
            let reply = self.scene.http.get(&path).await;
            assert_eq!(reply.status, 200, "{path}");
            bodies.push((path, reply.text));
        }
        bodies
    }

    /// What there is that has to do with this run.
    async fn rows(&self) -> BTreeSet<(String, String)> {
        card::rows(self.scene, &self.words["run"]).await
    }

    /// Puts the values in for the placeholders.
    fn fill(&self, text: &str) -> String {
        let mut text = card::filled(text, &self.words);
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

/// Plays all of them on one server.
fn play_all(backend: Backend) {
    run_each(backend, module_path!(), &wanted(), async |scene, name| play(scene, name).await);
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
