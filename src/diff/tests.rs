//! The rows of the drift table, one test each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::{Cause, Change, Comparison, Goal, compare};
use crate::address::Address;
use crate::diagnostic::{Place, Source};
use crate::duration::Duration;
use crate::graph::Graph;
use crate::kind::{Kind, Object, Presence, Standing};
use crate::ledger::{Entry, Intent, Ledger, Origin};
use crate::manifest::{Lifecycle, Manifest, Moved, Resource, Server, Terms};
use crate::snapshot::{Sight, Snapshot, View};
use crate::value::{Fields, Ref, Scope, Value};

mod foreign;
mod import;
mod passing_on;
mod rotation;
mod undecided;

const HOME: &str = "00000000000000aa";

/// A project, a ledger and a server, made up.
#[derive(Clone)]
struct Scene {
    manifest: Manifest,
    snapshot: Snapshot,
    ledger: Ledger,
    foreign: BTreeMap<(Kind, String), String>,
}

fn place() -> Place {
    let source = Source::new("a.toml", "a.toml", "");
    Place { source: Arc::new(source), span: 0..0 }
}

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn days(days: u64) -> Value {
    Value::Duration(Duration::from_secs(days * 86_400))
}

fn scopes(of: impl IntoIterator<Item = Scope>) -> Value {
    Value::Scopes(of.into_iter().collect())
}

impl Scene {
    fn new() -> Self {
        let manifest = Manifest {
            project: "p".into(),
            root: crate::confine::Root::open(std::path::Path::new(".")).expect("a directory"),
            server: Server::default(),
            resources: BTreeMap::new(),
            policy: crate::manifest::Policy::default(),
            disabled: BTreeSet::new(),
            tables: BTreeMap::new(),
            moved: Vec::new(),
            imports: BTreeMap::new(),
            rotating: None,
            variables: BTreeMap::new(),
            sensitive: BTreeMap::new(),
            sources: Vec::new(),
            reaches: BTreeMap::new(),
        };
        let view = || View { sight: Sight::Complete, objects: BTreeMap::new(), missing: BTreeMap::new() };
        let snapshot = Snapshot {
            home: Some(HOME.into()),
            me: "me".into(),
            kinds: Kind::ALL.iter().map(|kind| (*kind, view())).collect(),
            owners: [(HOME.to_owned(), BTreeSet::from(["me".to_owned()]))].into(),
            ..Snapshot::default()
        };
        Self { manifest, snapshot, ledger: Ledger::default(), foreign: BTreeMap::new() }
    }

    fn declares(mut self, name: &str, fields: &[(&'static str, Value)]) -> Self {
        let address = address(name);
        let mut all: Fields = fields.iter().cloned().collect();
        if address.kind.field("name").is_some() && all.get("name").is_none() {
            all.set("name", text(&address.key));
        }
        let needs = all.iter().flat_map(|(_, value)| value.refs()).filter_map(Ref::address).cloned().collect();
        let resource = Resource {
            fields: all,
            external: false,
            lifecycle: Lifecycle::default(),
            needs,
            beside: crate::value::Set::default(),
            reaches: Box::default(),
            place: place(),
            places: crate::manifest::Places::default(),
            texts: Box::default(),
        };
        self.manifest.resources.insert(address, resource);
        self
    }

    fn with(mut self, name: &str, edit: impl FnOnce(&mut Resource)) -> Self {
        edit(self.manifest.resources.get_mut(&address(name)).expect("declared"));
        self
    }

    fn has(mut self, kind: Kind, id: &str, name: &str, fields: &[(&'static str, Value)]) -> Self {
        let mut all: Fields = fields.iter().cloned().collect();
        if kind.field("name").is_some() {
            all.set("name", text(name));
        }
        let org = (kind != Kind::Org && kind != Kind::User).then(|| HOME.to_owned());
        let object = Object {
            id: id.into(),
            org,
            name: name.into(),
            created: None,
            fields: all,
            standing: Standing::Ordinary,
            user: Some("me".into()),
        };
        self.view(kind).objects.insert(id.into(), object);
        self
    }

    fn view(&mut self, kind: Kind) -> &mut View {
        self.snapshot.kinds.get_mut(&kind).expect("all kinds")
    }

    fn owns(mut self, name: &str, id: &str, fields: &[(&str, Value)]) -> Self {
        let address = address(name);
        let entry = Entry {
            id: id.into(),
            org: Some(HOME.into()),
            name: address.key.to_string(),
            created: None,
            origin: Origin::Created,
            fields: fields.iter().map(|(field, value)| ((*field).to_owned(), value.fingerprint())).collect(),
            lifecycle: Lifecycle::default(),
            needs: BTreeSet::new(),
            secret: Some("0123456789ab".into()),
            lacks: BTreeSet::new(),
            predecessors: BTreeSet::new(),
            succeeded: BTreeMap::new(),
            overlaps: BTreeMap::new(),
            worn: BTreeMap::new(),
        };
        self.ledger.entries.insert(address, entry);
        self
    }

    fn entry(mut self, name: &str, edit: impl FnOnce(&mut Entry)) -> Self {
        edit(self.ledger.entries.get_mut(&address(name)).expect("owned"));
        self
    }

    fn compare(&self, goal: Goal) -> Comparison {
        let resources = self.manifest.resources.iter().map(|(address, resource)| (address, &resource.needs));
        let graph = Graph::build(resources).expect("no cycle");
        compare(&self.manifest, &graph, &self.snapshot, &self.ledger, &self.foreign, goal)
    }

    /// What is found, a line each.
    fn says(&self) -> String {
        shown(&self.compare(Goal::Declared))
    }
}

fn shown(comparison: &Comparison) -> String {
    let mut out = String::new();
    for change in &comparison.changes {
        let Change { address, action, reason, .. } = change;
        let _ = write!(out, "{address}: {action:?}, {reason:?}");
        if change.adopts {
            out.push_str(", adopts");
        }
        if change.settles {
            out.push_str(", settles");
        }
        if change.unverified {
            out.push_str(", unverified");
        }
        if let Some(from) = &change.moved_from {
            let _ = write!(out, ", moved from {from}");
        }
        if !change.released.is_empty() {
            let _ = write!(out, ", releases {:?}", change.released);
        }
        for field in &change.fields {
            let live = field.live.as_ref().map_or("?".to_owned(), ToString::to_string);
            let _ = write!(out, "; {} {live} -> {} ({:?})", field.field, field.wanted, field.cause);
        }
        out.push('\n');
    }
    for problem in &comparison.problems {
        let _ = writeln!(out, "{:?}: {}", problem.exit, problem.diagnostic.message);
    }
    out
}

#[test]
fn declared_and_absent_is_created() {
    let scene = Scene::new().declares("bucket.raw", &[("retention", days(30))]);
    insta::assert_snapshot!(scene.says(), @"bucket.raw: Create, New; name ? -> raw (New); retention ? -> 30d (New)");
}

#[test]
fn who_moved_is_told_from_the_last_applied_value() {
    for (last, live, cause) in
        [(14, 14, Some(Cause::Yours)), (30, 14, Some(Cause::Drift)), (7, 14, Some(Cause::Both)), (30, 30, None)]
    {
        let scene = Scene::new()
            .declares("bucket.raw", &[("retention", days(30))])
            .has(Kind::Bucket, "b1", "raw", &[("retention", days(live))])
            .owns("bucket.raw", "b1", &[("name", text("raw")), ("retention", days(last))]);
        let changes = scene.compare(Goal::Declared).changes;
        assert_eq!(changes[0].fields.first().map(|field| field.cause), cause, "last {last}, live {live}");
        assert!(!changes[0].settles);
    }
}

#[test]
fn a_field_that_is_named_for_the_first_time_is_newly_managed() {
    let scene = Scene::new()
        .declares("bucket.raw", &[("description", text("new"))])
        .has(Kind::Bucket, "b1", "raw", &[("description", text("old")), ("retention", days(3))])
        .owns("bucket.raw", "b1", &[("name", text("raw"))]);
    insta::assert_snapshot!(scene.says(), @"bucket.raw: Update, Differs; description old -> new (New)");
}

#[test]
fn a_ledger_that_lags_behind_settles_and_that_is_no_write() {
    let scene = Scene::new()
        .declares("bucket.raw", &[("retention", days(30))])
        .has(Kind::Bucket, "b1", "raw", &[("retention", days(30))])
        .owns("bucket.raw", "b1", &[("name", text("raw")), ("retention", days(14))]);
    let changes = scene.compare(Goal::Declared).changes;
    assert!(changes[0].settles && !changes[0].writes());
}

#[test]
fn a_field_that_is_no_longer_named_is_released() {
    let scene = Scene::new()
        .declares("bucket.raw", &[])
        .has(Kind::Bucket, "b1", "raw", &[("retention", days(30))])
        .owns("bucket.raw", "b1", &[("name", text("raw")), ("retention", days(14))]);
    insta::assert_snapshot!(scene.says(), @r#"bucket.raw: None, InSync, releases {"retention"}"#);
}

#[test]
fn what_a_set_gets_is_lost_to_the_one_that_may_not_share_it_though_that_is_not_written() {
    let orgs = |ids: &[&str]| Value::Refs(ids.iter().map(|id| Ref::Id(Kind::Org, (*id).to_owned())).collect());
    let scene = Scene::new()
        .declares("user.u", &[("member_of", orgs(&["o1"]))])
        .has(Kind::User, "u1", "u", &[("member_of", orgs(&["o3"])), ("owner_of", orgs(&["o1", "o2"]))])
        .owns("user.u", "u1", &[("name", text("u")), ("owner_of", orgs(&["o1", "o2"]))]);
    insta::assert_snapshot!(
        scene.says(),
        @"user.u: Update, Differs; member_of [org-id:o3] -> [org-id:o1] (New); owner_of [org-id:o1, org-id:o2] -> [org-id:o2] (New)"
    );
    let apart = scene.declares("user.u", &[("member_of", orgs(&["o4"]))]);
    insta::assert_snapshot!(
        apart.says(),
        @r#"user.u: Update, Differs, releases {"owner_of"}; member_of [org-id:o3] -> [org-id:o4] (New)"#
    );
}

#[test]
fn an_ignored_field_is_left_alone() {
    let scene = Scene::new()
        .declares("task.t", &[("status", text("active"))])
        .with("task.t", |task| task.lifecycle.ignore.extend(["status".to_owned()]))
        .has(Kind::Task, "t1", "t", &[("status", text("inactive"))])
        .owns("task.t", "t1", &[("name", text("t"))]);
    insta::assert_snapshot!(scene.says(), @"task.t: None, InSync");
}

#[test]
fn an_owned_object_that_is_gone_is_made_again_and_what_held_its_id_follows() {
    let to_bucket = || scopes([Scope::Object(Ref::To(address("bucket.raw")))]);
    let bare =
        Scope::Bare { ty: "buckets".into(), id: "b1".into(), org: Some(Box::new(Ref::Id(Kind::Org, HOME.into()))) };
    let mut scene = Scene::new()
        .declares("bucket.raw", &[])
        .declares("token.ingest", &[("write", to_bucket())])
        .has(Kind::Token, "t1", "ingest", &[("write", scopes([bare]))])
        .owns("bucket.raw", "b1", &[("name", text("raw"))])
        .owns("token.ingest", "t1", &[("write", to_bucket())]);
    scene.view(Kind::Bucket).missing.insert("b1".into(), Presence::Absent);
    insta::assert_snapshot!(scene.says(), @r#"
    bucket.raw: Create, Gone; name ? -> raw (New)
    token.ingest: Replace, CannotChange({"write"}); write [bucket-id:b1] -> [bucket.raw] (Drift)
    "#);
    let scene = scene.has(Kind::Bucket, "b1", "raw", &[]);
    insta::assert_snapshot!(scene.says(), @r"
    bucket.raw: None, InSync
    token.ingest: None, InSync
    ");
}

#[test]
fn a_permission_of_one_object_names_its_org_or_none() {
    let wanted = scopes([Scope::Object(Ref::To(address("bucket.raw")))]);
    let bare = |org: Option<&str>| {
        let org = org.map(|org| Box::new(Ref::Id(Kind::Org, org.into())));
        Scope::Bare { ty: "buckets".into(), id: "b1".into(), org }
    };
    let mut scene = Scene::new().declares("bucket.raw", &[]).has(Kind::Bucket, "b1", "raw", &[]);
    scene = scene.owns("bucket.raw", "b1", &[("name", text("raw"))]);
    for (key, org) in [("its-own", Some(HOME)), ("none", None), ("other", Some("other"))] {
        let token = format!("token.{key}");
        scene = scene
            .declares(&token, &[("write", wanted.clone())])
            .has(Kind::Token, key, key, &[("write", scopes([bare(org)]))])
            .owns(&token, key, &[("write", wanted.clone())]);
    }
    insta::assert_snapshot!(scene.says(), @r#"
    bucket.raw: None, InSync
    token.its-own: None, InSync
    token.none: None, InSync
    token.other: Replace, CannotChange({"write"}); write [buckets-id:b1 of org-id:other] -> [bucket.raw] (Drift)
    "#);
}

#[test]
fn rights_on_all_of_a_type_are_in_the_token_s_own_org() {
    let all = |org: Ref| scopes([Scope::Org { ty: "tasks".into(), org: Box::new(org) }]);
    let eu = || Ref::To(address("org.eu"));
    let scene = || Scene::new().declares("org.eu", &[]);
    let at_home = |scene: Scene| scene.declares("token.t", &[("read", all(eu()))]);
    let in_eu = |scene: Scene, scope| scene.declares("token.t", &[("org", Value::Ref(eu())), ("read", all(scope))]);
    let says = |scene: Scene| scene.says().lines().last().map(str::to_owned).expect("a line");
    let there = |scene: Scene| scene.has(Kind::Org, "o2", "eu", &[]);
    let is_home = |scene: Scene| scene.has(Kind::Org, HOME, "eu", &[]);
    let wrong =
        "Manifest: `org.eu/tasks`: token.t is in another org, and can have rights on all tasks of its own org only";
    assert_eq!(says(at_home(scene())), wrong, "an org that is not there yet is not the home org");
    assert_eq!(says(there(at_home(scene()))), wrong);
    assert!(says(is_home(at_home(scene()))).starts_with("token.t: Create"));
    assert!(says(in_eu(scene(), eu())).starts_with("token.t: Create"));
    assert!(says(there(in_eu(scene(), eu()))).starts_with("token.t: Create"));
    assert!(says(there(in_eu(scene(), Ref::Home))).starts_with("Manifest: "));
}

#[test]
fn two_tasks_of_one_name_are_no_candidate() {
    let scene = Scene::new().declares("task.t", &[]).has(Kind::Task, "t1", "t", &[]).has(Kind::Task, "t2", "t", &[]);
    insta::assert_snapshot!(scene.says(), @"Error: task.t matches 2 objects: t1, t2");
}

#[test]
fn a_rename_keeps_the_object_and_a_new_address_with_the_same_name_is_a_move() {
    let scene = Scene::new()
        .declares("bucket.raw", &[("name", text("new name"))])
        .has(Kind::Bucket, "b1", "raw", &[])
        .owns("bucket.raw", "b1", &[("name", text("raw"))]);
    insta::assert_snapshot!(scene.says(), @"bucket.raw: Update, Differs; name raw -> new name (Yours)");
    let scene = Scene::new()
        .declares("bucket.other", &[("name", text("raw"))])
        .has(Kind::Bucket, "b1", "raw", &[])
        .owns("bucket.raw", "b1", &[("name", text("raw"))]);
    insta::assert_snapshot!(scene.says(), @"bucket.other: None, InSync, moved from bucket.raw");
}

#[test]
fn a_moved_block_moves_one_address_or_all_instances() {
    let moved = |from: &str, to: &str| Moved { from: address(from), to: address(to), place: place() };
    let mut scene = Scene::new().declares("token.b", &[]).has(Kind::Token, "t1", "b", &[]).owns("token.a", "t1", &[]);
    scene.manifest.moved.push(moved("token.a", "token.b"));
    insta::assert_snapshot!(scene.says(), @"token.b: None, InSync, moved from token.a");
    let mut scene = Scene::new()
        .declares("bucket.row[x]", &[("name", text("line_x"))])
        .has(Kind::Bucket, "b1", "line_x", &[])
        .owns("bucket.line[x]", "b1", &[("name", text("line_x"))]);
    scene.manifest.moved.push(moved("bucket.line", "bucket.row"));
    insta::assert_snapshot!(scene.says(), @"bucket.row[x]: None, InSync, moved from bucket.line[x]");
}

#[test]
fn what_is_not_declared_any_more_goes_if_we_made_it() {
    let mut scene = Scene::new()
        .has(Kind::Bucket, "b1", "ours", &[])
        .has(Kind::Bucket, "b2", "theirs", &[])
        .has(Kind::Bucket, "b4", "renamed since", &[])
        .owns("bucket.ours", "b1", &[])
        .owns("bucket.theirs", "b2", &[])
        .owns("bucket.gone", "b3", &[])
        .owns("bucket.renamed", "b4", &[])
        .owns("bucket.hidden", "b5", &[])
        .entry("bucket.theirs", |entry| entry.origin = Origin::Adopted);
    scene.view(Kind::Bucket).missing.insert("b3".into(), Presence::Absent);
    scene.view(Kind::Bucket).missing.insert("b5".into(), Presence::Unreadable("read:buckets is missing".into()));
    insta::assert_snapshot!(scene.says(), @r#"
    bucket.gone: Forget, AlreadyGone
    bucket.ours: Delete, NotDeclared
    bucket.theirs: Forget, NotOurs
    NotAuthorized: cannot read bucket.hidden (ID b5), which this project owns: read:buckets is missing
    Refused: bucket.renamed (ID b4) is now named "renamed since", and was "renamed" when last applied: it may be another object
    "#);
}

#[test]
fn destroy_takes_all_but_what_was_adopted_and_the_home_org() {
    let scene = Scene::new()
        .declares("bucket.ours", &[])
        .has(Kind::Bucket, "b1", "ours", &[])
        .declares("bucket.theirs", &[])
        .has(Kind::Bucket, "b2", "theirs", &[])
        .has(Kind::Org, HOME, "home", &[])
        .owns("bucket.ours", "b1", &[])
        .owns("bucket.theirs", "b2", &[])
        .owns("org.home", HOME, &[])
        .entry("bucket.theirs", |entry| entry.origin = Origin::Adopted);
    insta::assert_snapshot!(shown(&scene.compare(Goal::Destroyed)), @r"
    org.home: Forget, HomeOrg
    bucket.ours: Delete, Destroy
    bucket.theirs: Forget, Kept
    ");
}

#[test]
fn what_goes_is_what_the_manifests_say_though_no_apply_has_recorded_it() {
    let mut scene = Scene::new().has(Kind::Org, HOME, "home", &[]);
    for (n, name) in ["external", "kept", "owned", "left", "line"].into_iter().enumerate() {
        let (address, id) = (format!("bucket.{name}"), format!("b{n}"));
        scene = scene.declares(&address, &[]).has(Kind::Bucket, &id, name, &[]).owns(&address, &id, &[]);
    }
    let mut scene = scene
        .with("bucket.external", |bucket| bucket.external = true)
        .with("bucket.kept", |bucket| bucket.lifecycle.prevent_destroy = true)
        .with("bucket.owned", |bucket| bucket.lifecycle.owned = true)
        .entry("bucket.owned", |entry| entry.origin = Origin::Adopted)
        .entry("bucket.left", |entry| (entry.origin, entry.lifecycle.owned) = (Origin::Adopted, true));
    let goes = |scene: &Scene, goal| {
        let changes = scene.compare(goal).changes.into_iter();
        let protected = |change: &Change| if change.lifecycle.prevent_destroy { " (prevent_destroy)" } else { "" };
        changes
            .map(|change| format!("{}: {:?}, {:?}{}", change.address, change.action, change.reason, protected(&change)))
            .collect::<Vec<_>>()
            .join("\n")
    };
    insta::assert_snapshot!(goes(&scene, Goal::Destroyed), @r"
    bucket.external: Forget, External
    bucket.kept: Delete, Destroy (prevent_destroy)
    bucket.left: Forget, Kept
    bucket.line: Delete, Destroy
    bucket.owned: Delete, Destroy
    ");
    // A table whose instances are gone says it too.
    let terms = |external, prevent_destroy| Terms {
        external,
        lifecycle: Lifecycle { prevent_destroy, ..Lifecycle::default() },
    };
    scene.manifest.resources.clear();
    scene.manifest.disabled = ["bucket.kept", "bucket.external"].map(address).into();
    scene.manifest.tables =
        [(address("bucket.kept"), terms(false, true)), (address("bucket.external"), terms(true, false))].into();
    insta::assert_snapshot!(goes(&scene, Goal::Declared), @r"
    bucket.external: Forget, External
    bucket.kept: Delete, Disabled (prevent_destroy)
    bucket.left: Delete, NotDeclared
    bucket.line: Delete, NotDeclared
    bucket.owned: Forget, NotOurs
    ");
}

#[test]
fn an_external_object_must_be_there() {
    let external =
        |scene: Scene| scene.declares("bucket.theirs", &[]).with("bucket.theirs", |bucket| bucket.external = true);
    insta::assert_snapshot!(external(Scene::new()).says(), @r#"Error: bucket.theirs is external, but the server has no bucket named "theirs""#);
    let mut unseen = external(Scene::new());
    for sight in [Sight::Blind, Sight::Partial] {
        unseen.view(Kind::Bucket).sight = sight;
        assert_eq!(
            unseen.says(),
            "NotAuthorized: cannot tell whether the server has a bucket named \"theirs\" (bucket.theirs): this token may not \
             see all buckets\n"
        );
    }
    let scene = external(Scene::new()).has(Kind::Bucket, "b1", "theirs", &[]);
    assert_eq!(scene.compare(Goal::Declared).external[&address("bucket.theirs")].id, "b1");
}

#[test]
fn a_blind_token_creates_only_what_the_server_keeps_unique() {
    let mut scene = Scene::new().declares("bucket.b", &[]).declares("task.t", &[]).declares("token.k", &[]);
    scene.view(Kind::Bucket).sight = Sight::Blind;
    scene.view(Kind::Task).sight = Sight::Partial;
    // Its name is nothing that another token could have taken.
    scene.view(Kind::Token).sight = Sight::Blind;
    insta::assert_snapshot!(scene.says(), @r"
    bucket.b: Create, New, unverified; name ? -> b (New)
    token.k: Create, New
    NotAuthorized: cannot tell whether task.t exists: this token may not see all tasks
    ");
}

#[test]
fn a_task_whose_owner_does_not_own_the_org_is_made_anew() {
    let mut scene = Scene::new().declares("task.t", &[]).has(Kind::Task, "t1", "t", &[]).owns(
        "task.t",
        "t1",
        &[("name", text("t"))],
    );
    scene.snapshot.owners.insert(HOME.into(), BTreeSet::from(["somebody".into()]));
    insta::assert_snapshot!(scene.says(), @"task.t: Replace, CreatorGone");
}

#[test]
fn a_token_whose_secret_was_never_delivered_is_made_anew() {
    let scene = Scene::new()
        .declares("token.t", &[])
        .has(Kind::Token, "t1", "t", &[])
        .owns("token.t", "t1", &[])
        .entry("token.t", |entry| entry.secret = None);
    insta::assert_snapshot!(scene.says(), @"token.t: Replace, Undelivered");
}

/// No server tells a password, but a plan says that one is set.
#[test]
fn a_password_that_is_set_is_shown() {
    let source = || Value::Source(crate::secret::Source::Env { name: "PASSWORD".into() });
    let version = |number| ("password_version", Value::Integer(number));
    let new = Scene::new().declares("user.ann", &[("password", source())]);
    insta::assert_snapshot!(new.says(), @"user.ann: Create, New; name ? -> ann (New); password ? -> (secret from env PASSWORD) (New)");
    let user = |last: &[(&str, Value)]| {
        Scene::new().declares("user.ann", &[("password", source()), version(2)]).has(Kind::User, "u1", "ann", &[]).owns(
            "user.ann",
            "u1",
            &[&[("name", text("ann"))], last].concat(),
        )
    };
    insta::assert_snapshot!(
        user(&[version(1)]).says(),
        @"user.ann: Update, Differs; password ? -> (secret from env PASSWORD) (Yours); password_version ? -> 2 (Yours)"
    );
    insta::assert_snapshot!(
        user(&[]).says(),
        @"user.ann: Update, Differs; password ? -> (secret from env PASSWORD) (New); password_version ? -> 2 (New)"
    );
    insta::assert_snapshot!(user(&[version(2)]).says(), @"user.ann: None, InSync");
    let ignored = user(&[version(1)]).with("user.ann", |user| {
        user.lifecycle.ignore.insert("password_version".into());
    });
    insta::assert_snapshot!(ignored.says(), @"user.ann: None, InSync");
}

#[test]
fn the_home_org_is_the_same_under_its_address() {
    let scene = Scene::new()
        .declares("org.acme", &[])
        .declares("bucket.a", &[("org", Value::Ref(Ref::Home))])
        .declares("bucket.b", &[("org", Value::Ref(Ref::To(address("org.acme"))))])
        .has(Kind::Org, HOME, "acme", &[])
        .has(Kind::Bucket, "b1", "a", &[("org", Value::Ref(Ref::Id(Kind::Org, HOME.into())))])
        .has(Kind::Bucket, "b2", "b", &[("org", Value::Ref(Ref::Id(Kind::Org, HOME.into())))])
        .owns("org.acme", HOME, &[("name", text("acme"))])
        .owns("bucket.a", "b1", &[("name", text("a")), ("org", Value::Ref(Ref::Home))])
        .owns("bucket.b", "b2", &[("name", text("b")), ("org", Value::Ref(Ref::To(address("org.acme"))))]);
    insta::assert_snapshot!(scene.says(), @r"
    org.acme: None, InSync
    bucket.a: None, InSync
    bucket.b: None, InSync
    ");
}

#[test]
fn what_an_interrupted_run_made_is_found_and_kept_or_deleted() {
    let intent =
        Intent { org: Some(HOME.into()), name: "raw".into(), digest: String::new(), at: 0, ..Intent::default() };
    let mut scene = Scene::new().declares("bucket.raw", &[]).has(Kind::Bucket, "b1", "raw", &[]);
    scene.ledger.intents.insert(address("bucket.raw"), intent);
    insta::assert_snapshot!(scene.says(), @"bucket.raw: None, Resumed");
    scene.manifest.resources.clear();
    insta::assert_snapshot!(scene.says(), @"bucket.raw: Delete, NotDeclared");
    insta::assert_snapshot!(shown(&scene.compare(Goal::Destroyed)), @"bucket.raw: Delete, Destroy");
}
