//! `tests/scenarios/NAME/`: a list of desired states, each applied to the end on both servers.
//!
//! - `N/` is the project in its N-th state.
//! - `N.by-hand.json` lists requests that somebody makes before it: `method`, `path`, `body` (JSON) or `text`, `status`, and
//!   `save`, a word for the ID in the reply.
//! - `N.consent.toml` is what the user agrees to: `adopt`, `data_loss`.
//! - `N.plan.txt` is the plan that must come out; `FLUXFORM_BLESS=1` writes it.
//! - `left.txt` names what is left after everything is destroyed, beside what was there before.
//!
//! Placeholders: `{org}`, `{org_name}`, `{me}`, `{run}` (a word of this run's own, for names that are unique on a server),
//! `{bucket.raw}` (the ID behind an address), saved words, `{ago:10d}` (nanoseconds since 1970).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fluxform::diff::Goal;
use fluxform::field::Role;
use fluxform::kind::{Kind, Level};
use fluxform::plan::Consent;
use fluxform::value::Value as Field;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Project, Scene, both, id, lines, refused, unique};

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

/// Plays the scenario `name`.
async fn play(scene: &Scene, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name);
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
        let user = id(&scene.http.post("users", json!({"name": format!("bystander-{run}")})).await.expect(201));
        let token = scene.token(json!([scene.may_one("read", "buckets", &bucket)])).await;
        let org = id(&scene.http.post("orgs", json!({"name": format!("bystander-{run}")})).await.expect(201));
        let paths = [
            format!("buckets/{bucket}"),
            format!("buckets/{bucket}/labels"),
            format!("labels/{label}"),
            format!("tasks/{task}"),
            format!("users/{user}"),
            format!("authorizations/{}", token.id),
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
            let title = kind.with(Role::Name).or(kind.with(Role::Title)).unwrap().name;
            let line = |row: &Value| format!("{ty} {}", row[title].as_str().unwrap());
            if spec.level == Level::Org {
                let reply = self.scene.http.get(&format!("{ty}?orgID={}&limit=100", self.scene.org)).await.expect(200);
                names.extend(rows(&reply).iter().map(line));
                continue;
            }
            let mut offset = 0;
            loop {
                let reply = self.scene.http.get(&format!("{ty}?limit=100&offset={offset}")).await.expect(200);
                let rows = rows(&reply);
                if rows.is_empty() {
                    break;
                }
                offset += rows.len();
                names.extend(rows.iter().map(line).filter(|line| line.contains(&self.words["run"])));
            }
        }
        names
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

macro_rules! scenarios {
    ($($name:ident)*) => {
        $(both!($name, async |scene| { play(&scene, stringify!($name)).await; });)*

        #[test]
        fn each_folder_is_played() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
            let there: BTreeSet<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            let played: BTreeSet<_> = [$(stringify!($name)),*].into_iter().map(std::ffi::OsString::from).collect();
            assert_eq!(there, played);
        }
    };
}

scenarios! {
    bucket_adopted
    bucket_adopted_and_forgotten
    bucket_adopted_and_owned
    bucket_adopted_is_not_replaced
    bucket_adopted_then_disabled
    bucket_adoption_needs_consent
    bucket_becomes_external_and_ours_again
    bucket_changed_alike_on_both_sides
    bucket_changed_on_both_sides
    bucket_created_and_deleted
    bucket_deleted_by_hand_and_its_token_follows
    bucket_deleted_by_hand_and_not_declared
    bucket_drifted
    bucket_external
    bucket_external_and_absent
    bucket_field_ignored
    bucket_field_newly_managed
    bucket_field_released
    bucket_fields_updated
    bucket_imported_and_renamed
    bucket_imported_makes_way
    bucket_moved
    bucket_moved_and_renamed
    bucket_moved_by_its_name
    bucket_protected_after_its_block_is_gone
    bucket_renamed
    bucket_renamed_by_hand_is_not_deleted
    bucket_replaced_in_another_org
    bucket_retention_below_its_shard_groups
    bucket_retention_shortened_with_data
    bucket_retention_shortened_without_loss
    bucket_takes_the_name_of_a_deleted_one_in_place
    bucket_takes_the_name_of_a_renamed_one
    bucket_with_data_deleted
    bucket_with_data_replaced
    buckets_do_not_swap_names
    defaults_come_change_and_go
    import_refused
    instances_come_and_go
    instances_moved_with_their_table
    instances_with_values
    label_adopted_whatever_its_case
    label_attached_by_hand
    label_created_updated_and_deleted
    label_deleted_by_hand
    label_deleted_by_hand_and_its_block_too
    label_drifted
    label_imported
    label_renamed
    label_replaced_in_another_org
    label_takes_the_name_of_a_renamed_one
    org_adopted
    org_created_updated_and_deleted
    org_deleted_by_hand
    org_deleted_by_hand_with_everything_in_it
    org_drifted
    org_external
    org_home_is_adopted_and_never_deleted
    org_home_owned_and_never_deleted
    org_imported_with_what_is_in_it
    org_moved
    org_with_data_deleted
    org_with_everything_in_it
    orgs_side_by_side
    policy_adopts
    policy_allows_data_loss
    policy_blast_radius
    policy_protects
    resources_enabled_and_disabled
    scraper_created_updated_and_deleted
    task_adopted_by_its_name
    task_changed_by_hand
    task_created_and_deleted
    task_deleted_by_hand
    task_every_to_cron_and_back
    task_external
    task_fields_updated
    task_follows_the_name_of_its_bucket
    task_imported_of_two
    task_may_be_paused_by_hand
    task_moved
    task_moved_by_its_name
    task_params_changed
    task_paused_by_hand
    task_replaced_in_another_org
    task_script_in_a_file
    task_starts_before_its_time
    task_with_two_candidates
    tasks_swap_names
    telegraf_adopted_and_moved
    telegraf_created_updated_and_deleted
    telegraf_imported_of_two
    token_deleted_by_hand
    token_delivered_elsewhere
    token_drifted
    token_external
    token_fields_updated
    token_imported
    token_moved
    token_of_a_user
    token_of_objects_in_another_org
    token_permissions_changed
    token_replaced_in_another_org
    token_under_another_key_is_another_token
    token_with_wide_scopes
    user_adopted
    user_created_updated_and_deleted
    user_deleted_by_hand_and_its_token_follows
    user_drifted
    user_external
    user_imported
    user_moved
    user_password_set_again
    user_roles
    user_roles_changed_by_hand
    variable_adopted_whatever_its_case
    variable_created_updated_and_deleted
}
