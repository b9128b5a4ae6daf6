//! `tests/kinds/KIND.toml`: what is to be known of a kind by the tests that are the same for all kinds.
//!
//! In requests these words stand for values: `{org}`, `{me}`, `{run}` (a word of this run's own, for names that are unique on a
//! server), `{absent}` (an ID that nothing has), `{new}` (a name that nothing has), `{KEY}` (the ID behind a key of the manifest;
//! `{KEY.own}` without the org in it), and for a bystander `{KIND}`, the ID of one of another kind.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluxform::field::Role;
use fluxform::kind::{Kind, Level};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{ABSENT, Reply, Scene, id, unique};

/// What changes by itself.
const VOLATILE: [&str; 4] =
    ["currentQueueSizeBytes", "remainingBytesToBeSynced", "latestResponseCode", "latestErrorMessage"];

/// What stands for what.
pub(crate) type Words = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Card {
    #[serde(skip)]
    kind: Option<Kind>,
    /// A project in which `x` is of the kind, and says each field that a server tells.
    manifest: String,
    /// What stands otherwise in the manifest for the sake of a field that excludes others: each text with what replaces it.
    #[serde(default)]
    replace: BTreeMap<String, Vec<String>>,
    /// The path of the list, where it is not that of the kind's type.
    list: Option<String>,
    /// The path of one object, where it is not that of the kind's type.
    path: Option<String>,
    /// The method of what changes an object.
    #[serde(default = "patch")]
    method: String,
    /// What each request must say that changes an object.
    #[serde(default = "empty")]
    whole: String,
    /// How each field is changed by hand.
    by_hand: BTreeMap<String, ByHand>,
    /// What makes an object that is nobody's.
    bystander: Call,
}

fn patch() -> String {
    "PATCH".to_owned()
}

fn post() -> String {
    "POST".to_owned()
}

fn empty() -> String {
    "{}".to_owned()
}

/// How a field is changed by hand: what the kind's request says of it, or another request.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum ByHand {
    Says(String),
    /// The server cannot change it: it refuses this, or takes and ignores it.
    Fixed {
        fixed: String,
    },
    Another {
        method: Option<String>,
        path: Option<String>,
        body: Option<String>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    #[serde(default = "post")]
    method: String,
    path: String,
    body: String,
}

/// A request.
pub(crate) struct Request {
    method: String,
    path: String,
    body: Option<String>,
    /// Whether it changes nothing.
    pub(crate) is_fixed: bool,
}

impl Request {
    pub(crate) async fn send(&self, scene: &Scene) -> Reply {
        let json = scene.http.clone().with_header("content-type", "application/json");
        let method: Method = self.method.parse().unwrap();
        json.send(method, &self.path, self.body.clone().map(String::into_bytes)).await
    }
}

/// `text` with the values of `words`.
pub(crate) fn filled(text: &str, words: &Words) -> String {
    words.iter().fold(text.to_owned(), |text, (word, value)| text.replace(&format!("{{{word}}}"), value))
}

/// The words that hold in `scene`; `run` is a word of this run's own.
pub(crate) fn words(scene: &Scene, run: &str) -> Words {
    let words = [("org", scene.org.as_str()), ("me", scene.user.as_str()), ("run", run), ("absent", ABSENT)];
    words.map(|(word, value)| (word.to_owned(), value.to_owned())).into()
}

impl Card {
    pub(crate) fn of(kind: Kind) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/kinds/{kind}.toml"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let card: Self = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { kind: Some(kind), ..card }
    }

    fn kind(&self) -> Kind {
        self.kind.expect("a card is that of a kind")
    }

    /// The path of the list of all objects of an org.
    fn list(&self, words: &Words) -> String {
        let ty = self.kind().spec().ty;
        filled(self.list.as_deref().unwrap_or(&format!("{ty}?orgID={{org}}&limit=100")), words)
    }

    /// The project for the sake of `field`.
    pub(crate) fn manifest(&self, field: &str, words: &Words) -> String {
        let mut text = self.manifest.clone();
        for pair in self.replace.get(field).map_or(&[][..], Vec::as_slice).chunks(2) {
            assert!(text.contains(&pair[0]), "the manifest of {} lacks {}", self.kind(), pair[0]);
            text = text.replace(&pair[0], &pair[1]);
        }
        filled(&text, words)
    }

    /// The request that changes `field` by hand.
    pub(crate) fn by_hand(&self, field: &str, words: &Words) -> Request {
        let kind = self.kind();
        let how = self.by_hand.get(field);
        let how =
            how.unwrap_or_else(|| panic!("tests/kinds/{kind}.toml does not say how `{field}` is changed by hand"));
        let mut words = words.clone();
        words.insert("new".to_owned(), unique("by-hand"));
        let filled = |text: &str| filled(text, &words);
        let one = || self.path.clone().unwrap_or_else(|| format!("{}/{{x}}", kind.spec().ty));
        let (method, path, body) = match how {
            ByHand::Says(body) => {
                let json = |text: &str| -> Map<String, Value> {
                    serde_json::from_str(&filled(text)).unwrap_or_else(|error| panic!("{kind}.{field}: {error}"))
                };
                let mut whole = json(&self.whole);
                whole.extend(json(body));
                (self.method.clone(), one(), Some(Value::Object(whole).to_string()))
            }
            ByHand::Fixed { fixed } => (patch(), one(), Some(filled(fixed))),
            ByHand::Another { method, path, body } => {
                let method = method.clone().unwrap_or_else(|| self.method.clone());
                (method, path.clone().unwrap_or_else(one), body.as_deref().map(filled))
            }
        };
        Request { method, path: filled(&path), body, is_fixed: matches!(how, ByHand::Fixed { .. }) }
    }

    /// The fields that are said to be changed by hand.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        self.by_hand.keys().map(String::as_str)
    }
}

/// Makes an object of each kind that is no project's; their IDs by their kinds.
pub(crate) async fn bystanders(scene: &Scene, run: &str) -> Words {
    let mut words = words(scene, run);
    for kind in Kind::ALL {
        let Call { method, path, body } = Card::of(*kind).bystander;
        let (path, body) = (filled(&path, &words), Some(filled(&body, &words)));
        let reply = Request { method, path, body, is_fixed: false }.send(scene).await;
        assert!(reply.status < 300, "{}: {}", reply.request, reply.text);
        let made = reply.json.get("label").unwrap_or(&reply.json);
        if made["id"].is_string() {
            words.insert(kind.name().to_owned(), id(made));
        }
    }
    words
}

/// Everything in the home org, and what on the server has this run's word in its name: its type and name, and what the server shows
/// of it.
pub(crate) async fn rows(scene: &Scene, run: &str) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for kind in Kind::ALL {
        let ty = kind.spec().ty;
        let title = kind.with(Role::Name).or(kind.with(Role::Title)).unwrap().key().unwrap();
        let rest = kind.with(Role::Subname).map_or("", |part| part.name);
        let line = |row: &Value| {
            // The row of a secret is its key.
            let name = row.as_str().or(row[title].as_str()).unwrap();
            let name = format!("{ty} {name}{}", row[rest].as_str().map(|rest| format!("/{rest}")).unwrap_or_default());
            let mut shown = row.clone();
            if let Some(row) = shown.as_object_mut() {
                VOLATILE.iter().for_each(|key| drop(row.remove(*key)));
            }
            (name, shown.to_string())
        };
        if kind.spec().level == Level::Org {
            let reply = scene.http.get(&Card::of(*kind).list(&words(scene, run))).await.expect(200);
            // Those that follow from the names of buckets are nobody's.
            all.extend(listed(&reply).iter().filter(|row| row["virtual"] != true).map(line));
        } else {
            all.extend(whole(scene, ty).await.iter().map(line).filter(|(name, _)| name.contains(run)));
        }
    }
    all
}

/// The paths of the lists that have everything which is in the org `org`, and what is in none.
pub(crate) fn lists(org: &str) -> impl Iterator<Item = String> {
    let words = Words::from([("org".to_owned(), org.to_owned())]);
    Kind::ALL.iter().map(move |kind| match kind.spec().level {
        Level::Org => Card::of(*kind).list(&words),
        Level::Server => format!("{}?limit=100", kind.spec().ty),
    })
}

/// The rows in the reply to a list; `null` where there is none.
fn listed(reply: &Value) -> Vec<Value> {
    let mut lists = reply.as_object().unwrap().values().filter_map(Value::as_array);
    let rows = lists.next().cloned().unwrap_or_default();
    assert!(lists.next().is_none(), "two lists: {reply}");
    rows
}

/// All rows of a list of the whole server, on which other tests work too: each page begins with the last row of the one before, or
/// the list is walked anew.
async fn whole(scene: &Scene, ty: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let offset = all.len().saturating_sub(1);
        let page = listed(&scene.http.get(&format!("{ty}?limit=100&offset={offset}")).await.expect(200));
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
