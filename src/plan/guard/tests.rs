//! The guards on made-up plans.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, date};

use super::*;
use crate::api::sight::Lack;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::diff::{Action, Cause, FieldChange, Reason};
use crate::evidence::{Data, Stake};
use crate::exit::Exit;
use crate::kind::{Kind, Object, Standing};
use crate::ledger::{Entry, Origin};
use crate::manifest::{Allow, BlastRadius, Lifecycle, Placed, What};
use crate::snapshot::{Sight, View};
use crate::value::Fields;

/// 2026-11-25T12:00:00Z
const NOON: u64 = 1_795_608_000_000;

/// A plan and all that the guards look at.
struct Scene {
    plan: Plan,
    snapshot: Snapshot,
    ledger: Ledger,
    dependents: BTreeMap<Address, Vec<Target>>,
    strangers: BTreeMap<String, Stranger>,
    consent: Consent,
    policy: Policy,
    resources: BTreeMap<Address, Resource>,
    imports: BTreeMap<Address, Import>,
    all_goes: bool,
}

fn place() -> Place {
    let source = Source::new("a.toml", "a.toml", "");
    Place { source: Arc::new(source), span: 0..0 }
}

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

fn target(id: &str) -> Target {
    Target { id: id.into(), org: None, name: id.into() }
}

fn entry(id: &str) -> Entry {
    Entry {
        id: id.into(),
        org: None,
        name: id.into(),
        created: None,
        origin: Origin::Created,
        fields: BTreeMap::new(),
        lifecycle: Lifecycle::default(),
        needs: BTreeSet::new(),
        secret: None,
        lacks: BTreeSet::new(),
        predecessors: BTreeSet::new(),
        succeeded: BTreeMap::new(),
        overlaps: BTreeMap::new(),
        worn: BTreeMap::new(),
    }
}

fn inactive() -> FieldChange {
    let wanted = Value::Text("inactive".into());
    FieldChange { field: "status", live: None, wanted, last: None, cause: Cause::Yours }
}

impl Scene {
    fn new() -> Self {
        Self {
            plan: Plan::default(),
            snapshot: Snapshot { at: NOON, me: "me".into(), ..Snapshot::default() },
            ledger: Ledger::default(),
            dependents: BTreeMap::new(),
            strangers: BTreeMap::new(),
            consent: Consent::default(),
            policy: Policy::default(),
            resources: BTreeMap::new(),
            imports: BTreeMap::new(),
            all_goes: false,
        }
    }

    /// A change of an object whose ID is that of its address, and which the ledger has.
    fn change(mut self, name: &str, action: Action, edit: impl FnOnce(&mut Change)) -> Self {
        let address = address(name);
        let mut change = Change::blank(&address, action, Reason::NotDeclared);
        change.object = Some(target(name));
        edit(&mut change);
        let entry = Entry { lifecycle: change.lifecycle.clone(), ..entry(name) };
        self.plan.changes.push(change);
        self.ledger.entries.insert(address, entry);
        self
    }

    /// No apply has recorded any protection.
    fn unrecorded(mut self) -> Self {
        self.ledger.entries.values_mut().for_each(|entry| entry.lifecycle = Lifecycle::default());
        self
    }

    /// `gone` of `owned` buckets are deleted.
    fn buckets(mut self, owned: usize, gone: usize) -> Self {
        for n in 0..owned {
            let action = if n < gone { Action::Delete } else { Action::None };
            self = self.change(&format!("bucket.b{n:02}"), action, |_| {});
        }
        self
    }

    fn allow(mut self, what: What, address: &str, until: Date) -> Self {
        let address = address.parse().expect("a pattern");
        self.policy.allow.push(Allow { what, address, until, reason: "because".into(), place: place() });
        self
    }

    fn protect(mut self, pattern: &str) -> Self {
        let value = pattern.parse().expect("a pattern");
        self.policy.protected.push(Placed { value, place: place() });
        self
    }

    /// The plan with what the guards say.
    fn asked(self) -> Plan {
        let Self { mut plan, snapshot, ledger, dependents, strangers, consent, policy, resources, imports, all_goes } =
            self;
        let (snapshot, ledger, dependents) = (&snapshot, &ledger, &dependents);
        let written = Written { resources: &resources, imports: &imports };
        ask(
            &mut plan,
            Grounds {
                snapshot,
                ledger,
                dependents,
                taken: &BTreeMap::new(),
                strangers: &strangers,
                consent: &consent,
                policy: &policy,
                written,
                all_goes,
            },
        );
        plan
    }

    /// The same where the last change is declared.
    fn declared(mut self) -> Self {
        let address = self.plan.changes.last().expect("a change").address.clone();
        let resource = Resource {
            fields: Fields::default(),
            external: false,
            lifecycle: Lifecycle::default(),
            needs: crate::value::Set::default(),
            beside: crate::value::Set::default(),
            reaches: Box::default(),
            place: place(),
            places: crate::manifest::Places::default(),
            texts: Box::default(),
        };
        self.resources.insert(address, resource);
        self
    }

    /// The same where its table sets `prevent_destroy`.
    fn keeps(mut self) -> Self {
        self.resources.values_mut().for_each(|resource| resource.lifecycle.prevent_destroy = true);
        self
    }

    /// The same where an `[[import]]`, or the command line, names the object of the last change.
    fn imports(mut self, place: Option<Place>) -> Self {
        let change = self.plan.changes.last_mut().expect("a change");
        change.imported = true;
        self.imports.insert(change.address.clone(), Import { id: "0".repeat(16), place });
        self
    }

    /// What is refused, with what to do about it, and whether a place is named.
    fn helps(self) -> String {
        let said = |problem: &Problem| {
            let Diagnostic { message, help, places, .. } = &problem.diagnostic;
            let place = places.first().map_or("", |(_, label)| label);
            format!("{message}\n  at: {place}\n  help: {}", help.as_deref().unwrap_or_default())
        };
        self.asked().refusals.iter().map(said).collect::<Vec<_>>().join("\n")
    }

    /// What is refused, warned of and allowed, a line each.
    fn says(self) -> String {
        let plan = self.asked();
        let refused = plan
            .refusals
            .iter()
            .map(|problem| format!("{:?} {}: {}", problem.exit, problem.diagnostic.code, problem.diagnostic.message));
        let warned = plan.warnings.iter().map(|warning| format!("{}: {}", warning.code, warning.message));
        let allowed = plan.allowed.iter().map(|allowed| {
            let names: Vec<_> = allowed.addresses.iter().map(ToString::to_string).collect();
            let until = allowed.until.map(|until| format!(" until {until}")).unwrap_or_default();
            format!("allowed: {} of {}{until}: {}", allowed.what, names.join(" "), allowed.reason)
        });
        refused.chain(warned).chain(allowed).collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn much_of_a_kind_does_not_go_at_once() {
    assert_eq!(Scene::new().buckets(9, 9).says(), "", "below ten nobody counts");
    assert_eq!(Scene::new().buckets(10, 3).says(), "", "30 % are no matter");
    insta::assert_snapshot!(
        Scene::new().buckets(10, 4).says(),
        @"Refused guard::blast-radius: 4 of 10 buckets would be deleted, replaced, renamed or deactivated: more than 30 %"
    );
    let help = |scene: Scene| scene.asked().refusals[0].diagnostic.help.clone().expect("a hint");
    assert!(!help(Scene::new().buckets(10, 4)).contains("[[moved]]"));
    let mut other_keys = Scene::new().buckets(10, 4);
    for n in 0..4 {
        let new = Change::blank(&address(&format!("bucket.new{n}")), Action::Create, Reason::New);
        other_keys.plan.changes.push(new);
    }
    assert!(help(other_keys).ends_with("; where only a key has changed, keep the object with a [[moved]]"));
    let mut meant = Scene::new().buckets(10, 10);
    meant.all_goes = true;
    assert_eq!(meant.says(), "");
}

#[test]
fn what_is_replaced_or_deactivated_counts_and_other_kinds_do_not() {
    let mut scene = Scene::new().buckets(8, 0);
    for n in 0..3 {
        scene = scene.change(&format!("task.t{n}"), Action::Delete, |_| {});
    }
    for (n, action) in [Action::Replace, Action::Update, Action::Forget, Action::Create].into_iter().enumerate() {
        scene = scene.change(&format!("token.t{n}"), action, |change| change.fields = vec![inactive()]);
    }
    assert_eq!(Scene { policy: Policy::default(), ..scene }.says(), "", "there are only 8, 3 and 4");
    let mut scene = Scene::new();
    for n in 0..10 {
        let action = if n < 2 { Action::Replace } else { Action::Update };
        scene = scene.change(&format!("token.t{n}"), action, |change| {
            change.fields = if n < 4 { vec![inactive()] } else { Vec::new() };
        });
    }
    insta::assert_snapshot!(
        scene.says(),
        @"Refused guard::blast-radius: 4 of 10 tokens would be deleted, replaced, renamed or deactivated: more than 30 %"
    );
}

#[test]
fn many_new_names_at_once_are_more_often_another_environment() {
    let renamed = |cause: Cause| {
        let mut scene = Scene::new();
        for n in 0..10 {
            scene = scene.change(&format!("bucket.b{n}"), Action::Update, |change| {
                let wanted = Value::Text("prod".into());
                let name = FieldChange { field: "name", live: None, wanted, last: None, cause };
                change.fields = if n < 4 { vec![name] } else { Vec::new() };
            });
        }
        scene.says()
    };
    assert!(renamed(Cause::Yours).contains("4 of 10 buckets would be deleted, replaced, renamed or deactivated"));
    assert_eq!(renamed(Cause::Drift), "", "they get their names back");
}

#[test]
fn the_policy_says_how_much_may_go_and_which_do_not_count() {
    let limited = |percent, from, scene: Scene| {
        let policy = Policy { blast_radius: BlastRadius { percent, from }, ..scene.policy };
        Scene { policy, ..scene }.says()
    };
    let few = "allowed: blast_radius of bucket.b00 bucket.b01 bucket.b02 bucket.b03";
    assert_eq!(
        limited(40, 10, Scene::new().buckets(10, 4)),
        format!("{few}: blast_radius = {{ percent = 40, from = 10 }}")
    );
    assert_eq!(
        limited(30, 11, Scene::new().buckets(10, 4)),
        format!("{few}: blast_radius = {{ percent = 30, from = 11 }}")
    );
    assert_eq!(limited(100, 1000, Scene::new().buckets(10, 3)), "", "the default lets that pass");
    assert!(limited(0, 1, Scene::new().buckets(2, 1)).contains("1 of 2 buckets"));
    let allowed = Scene::new().buckets(10, 4).allow(What::BlastRadius, "bucket.b00", date(2026, 11, 25));
    insta::assert_snapshot!(allowed.says(), @"allowed: blast_radius of bucket.b00 until 2026-11-25: because");
    let not_needed = Scene::new().buckets(10, 3).allow(What::BlastRadius, "bucket.*", date(2026, 11, 25));
    assert_eq!(not_needed.says(), "");
}

#[test]
fn consent_ends() {
    let scene = || {
        let mut scene = Scene::new().change("bucket.raw", Action::Delete, |_| {});
        scene.plan.at_stake.insert(address("bucket.raw"), Stake::points(Data::Unknown("no right to look".into())));
        scene
    };
    insta::assert_snapshot!(
        scene().allow(What::DataLoss, "bucket.*", date(2026, 11, 24)).says(),
        @r"
    Refused guard::data-loss: bucket.raw would lose data: it may contain points (no right to look)
    policy::expired: the consent to data_loss of bucket.* expired on 2026-11-24
    "
    );
    let today = || scene().allow(What::DataLoss, "bucket.*", date(2026, 11, 25));
    insta::assert_snapshot!(today().says(), @"allowed: data_loss of bucket.raw until 2026-11-25: because");
    assert!(scene().allow(What::Adopt, "bucket.*", date(2026, 11, 25)).says().contains("guard::data-loss"));
    assert!(scene().allow(What::DataLoss, "org.*", date(2026, 11, 25)).says().contains("guard::data-loss"));
    let mut timeless = today();
    timeless.snapshot.at = 0;
    assert!(timeless.says().contains("guard::data-loss"), "without a time nothing counts that ends");
    let mut said = today();
    said.consent.data_loss = vec!["bucket.raw".into()];
    assert_eq!(said.says(), today().says(), "a flag counts only where the policy does not say so");
}

#[test]
fn a_consent_that_matches_nothing_is_named_where_it_is_missed() {
    let until = date(2027, 1, 1);
    let loses = || {
        let mut scene = Scene::new().change("bucket.raw", Action::Delete, |_| {});
        scene.plan.at_stake.insert(address("bucket.raw"), Stake::points(Data::Unknown("no right to look".into())));
        scene
    };
    let many = |scene: Scene| scene.change("bucket.line[a]", Action::None, |_| {});
    let said = |scene: Scene| {
        let said = scene.says();
        said.lines().filter(|line| line.starts_with("policy::")).map(str::to_owned).collect::<Vec<_>>()
    };
    let nothing = |pattern: &str| {
        format!("policy::allows-nothing: the consent to data_loss of {pattern} matches nothing in the project")
    };
    assert_eq!(said(many(loses()).allow(What::DataLoss, "bucket.rwa", until)), [nothing("bucket.rwa")]);
    assert_eq!(said(many(loses()).allow(What::DataLoss, "bucket.line", until)), [nothing("bucket.line")]);
    // What it allowed was done last week.
    let done = || many(Scene::new()).change("bucket.raw", Action::None, |_| {});
    assert_eq!(said(done().allow(What::DataLoss, "bucket.old", until)), Vec::<String>::new());
    // It matches, and is not needed; or it is about something else.
    assert_eq!(said(many(loses()).allow(What::DataLoss, "bucket.line[*]", until)), Vec::<String>::new());
    assert_eq!(said(many(loses()).allow(What::Adopt, "bucket.rwa", until)), Vec::<String>::new());
}

#[test]
fn adoption_is_agreed_to_by_the_policy_too() {
    let scene = || Scene::new().change("bucket.raw", Action::None, |change| change.adopts = true);
    assert!(scene().says().starts_with("Refused guard::adoption"));
    let mut policy = scene();
    policy.policy.adopt = true;
    assert_eq!(policy.says(), "allowed: adopt of bucket.raw: adopt = true");
    let allowed = scene().allow(What::Adopt, "bucket.raw", date(2027, 1, 1));
    insta::assert_snapshot!(allowed.says(), @"allowed: adopt of bucket.raw until 2027-01-01: because");
    let imported =
        Scene::new().change("bucket.raw", Action::None, |change| (change.adopts, change.imported) = (true, true));
    assert_eq!(imported.says(), "");
}

#[test]
fn many_refusals_to_lose_data_are_one() {
    let losing = |count: usize| {
        let mut scene = Scene::new();
        for n in 0..count {
            scene = scene.change(&format!("bucket.b{n:02}"), Action::Delete, |_| {});
            let stake = Stake::points(Data::Unknown("no right to look".into()));
            scene.plan.at_stake.insert(address(&format!("bucket.b{n:02}")), stake);
        }
        scene
    };
    let refused = |scene: Scene| {
        let plan = scene.asked();
        plan.refusals.into_iter().filter(|problem| problem.diagnostic.code == Code::GuardDataLoss).collect::<Vec<_>>()
    };
    assert_eq!(refused(losing(6)).len(), 6);
    let many = refused(losing(300));
    let messages: Vec<_> = many.iter().map(|problem| problem.diagnostic.message.as_str()).collect();
    let first = "bucket.b00, bucket.b01, bucket.b02, bucket.b03, bucket.b04 and 295 more";
    assert_eq!(messages, [format!("data, or other objects along with them, would be lost of 300 resources: {first}")]);
    assert!(many[0].diagnostic.help.as_ref().is_some_and(|help| help.contains("--allow-data-loss PATTERN")));
    assert_eq!(many[0].exit, Exit::Refused);
}

#[test]
fn what_is_protected_is_neither_deleted_nor_replaced() {
    for action in [Action::Delete, Action::Replace] {
        let scene = Scene::new().change("bucket.raw", action, |change| change.lifecycle.protected = true);
        let says = scene.protect("bucket.raw").says();
        assert!(says.starts_with("Refused guard::protected") && says.ends_with("but [policy] protects it"), "{says}");
    }
    let scene = Scene::new().change("bucket.raw", Action::Update, |change| change.lifecycle.protected = true);
    assert_eq!(scene.protect("bucket.*").says(), "");
    insta::assert_snapshot!(
        Scene::new().protect("bucket.rwa").says(),
        @"policy::protects-nothing: `bucket.rwa` protects nothing: the project has no such resource"
    );
}

#[test]
fn the_run_keeps_its_own_user_and_token() {
    let user = |action| {
        let own = |change: &mut Change| change.object = Some(target("me"));
        Scene::new().change("user.me", action, own).says()
    };
    assert!(user(Action::Delete).contains("guard::own-user"));
    assert_eq!(user(Action::Forget), "");
    let token = |action, fields: Vec<FieldChange>| {
        let mut by_id = Scene::new().change("token.ci", action, |change| change.fields = fields.clone());
        by_id.snapshot.own_token.id = Some("token.ci".into());
        let mut by_fingerprint = Scene::new().change("token.ci", action, |change| change.fields = fields);
        by_fingerprint.snapshot.own_token.fingerprint = Some("0123456789ab".into());
        by_fingerprint.ledger.entries.get_mut(&address("token.ci")).expect("owned").secret =
            Some("0123456789ab".into());
        let says = by_id.says();
        assert_eq!(says, by_fingerprint.says());
        says
    };
    for (action, fields) in
        [(Action::Delete, Vec::new()), (Action::Replace, Vec::new()), (Action::Update, vec![inactive()])]
    {
        assert!(token(action, fields).contains("guard::own-token"), "{action:?}");
    }
    assert_eq!(token(Action::Update, Vec::new()), "");
    let other = Scene::new().change("token.ci", Action::Delete, |_| {});
    assert_eq!(other.says(), "", "nothing is known of either");
}

#[test]
fn a_flag_that_allows_nothing_is_told() {
    let says = |pattern: &str| {
        let mut scene = Scene::new().change("bucket.raw", Action::None, |_| {});
        scene.consent.data_loss = vec![pattern.to_owned()];
        scene.says()
    };
    assert_eq!(says("bucket.*"), "");
    assert_eq!(
        says("bucket.rwa"),
        "policy::allows-nothing: `--allow-data-loss bucket.rwa` matches nothing in the project"
    );
}

#[test]
fn what_belongs_to_the_server_stays() {
    let mut scene = Scene::new().change("bucket.tasks", Action::Delete, |_| {});
    let object = Object {
        id: "bucket.tasks".into(),
        org: None,
        name: "_tasks".into(),
        created: None,
        fields: Fields::default(),
        standing: Standing::System,
        user: None,
    };
    let objects = BTreeMap::from([(object.id.clone(), object)]);
    scene.snapshot.kinds.insert(Kind::Bucket, View { sight: Sight::Complete, objects, missing: BTreeMap::new() });
    assert!(scene.says().starts_with("Refused guard::system: bucket.tasks is \"bucket.tasks\""));
}

#[test]
fn what_runs_as_a_user_goes_on() {
    let scene = |tasks: usize| {
        let mut scene = Scene::new().change("user.ops", Action::Delete, |_| {});
        let targets = (0..tasks).map(|n| target(&format!("t{n}"))).collect();
        scene.dependents.insert(address("user.ops"), targets);
        scene
    };
    insta::assert_snapshot!(
        scene(1).says(),
        @r#"Refused guard::task-owner: user.ops would no longer own the org, and a task, check or rule runs as it and would stop: "t0" (ID t0)"#
    );
    assert!(scene(7).says().ends_with("7 tasks, checks and rules run as it and would stop: \"t0\" (ID t0), \"t1\" (ID t1), \"t2\" (ID t2), \"t3\" (ID t3), \"t4\" (ID t4) and 2 more"));
    let allowed = scene(1).allow(What::TaskOwner, "user.ops", date(2026, 12, 1));
    insta::assert_snapshot!(allowed.says(), @"allowed: task_owner of user.ops until 2026-12-01: because");
}

#[test]
fn a_protection_says_how_to_lift_it_and_where_it_stands() {
    let lone = |edit: fn(&mut Change)| Scene::new().change("bucket.raw", Action::Delete, edit);
    let prevented: fn(&mut Change) = |change| change.lifecycle.prevent_destroy = true;
    let protected: fn(&mut Change) = |change| change.lifecycle.protected = true;
    insta::assert_snapshot!(
        [
            lone(prevented).declared().keeps().helps(),
            lone(prevented).declared().helps(),
            lone(prevented).helps(),
            lone(prevented).unrecorded().helps(),
            lone(|change| (change.lifecycle.prevent_destroy, change.reason) = (true, Reason::Disabled)).helps(),
            lone(protected).declared().protect("bucket.*").helps(),
            lone(protected).declared().helps(),
            lone(protected).helps(),
        ]
        .join("\n")
    );
}

#[test]
fn an_import_that_would_be_contradicted_says_where_it_stands() {
    let of = |name: &str, action, place| Scene::new().change(name, action, |_| {}).imports(place).helps();
    insta::assert_snapshot!(
        [
            of("token.t", Action::Create, Some(place())),
            of("token.t", Action::Replace, Some(place())),
            of("task.t", Action::Replace, Some(place())),
            of("token.t", Action::Replace, None),
            of("token.t", Action::Create, None),
        ]
        .join("\n")
    );
}

#[test]
fn of_many_that_would_be_taken_over_the_first_are_named() {
    let adopts = |change: &mut Change| change.adopts = true;
    let scene = (0..28).fold(Scene::new(), |scene, n| scene.change(&format!("bucket.b{n:02}"), Action::None, adopts));
    insta::assert_snapshot!(scene.says());
}

#[test]
fn what_belongs_to_another_user_is_refused_only_where_the_token_is_shown_to_lack_the_right() {
    let scene = |lack: Option<Lack>, only_reads: bool| {
        let mut scene = Scene::new().change("token.t", Action::Update, |change| {
            change.predecessors = ["old".to_owned()].into();
        });
        let object = |id: &str| Object {
            id: id.into(),
            org: None,
            name: id.into(),
            created: None,
            fields: Fields::default(),
            standing: Standing::Ordinary,
            user: Some("1".into()),
        };
        let objects = ["token.t", "old"].map(|id| (id.to_owned(), object(id))).into();
        let view = View { sight: Sight::Complete, objects, missing: BTreeMap::new() };
        scene.snapshot.kinds.insert(Kind::Token, view);
        scene.snapshot.own_token.only_reads = only_reads;
        scene.strangers.insert("1".into(), Stranger { name: Some("ann".into()), lack });
        scene
    };
    let said = |scene: Scene| {
        let Plan { refusals, warnings, .. } = scene.declared().asked();
        let refusals = refusals.iter().map(|one| format!("error: {}", one.diagnostic.message));
        refusals.chain(warnings.iter().map(|one| format!("warning: {}", one.message))).collect::<Vec<_>>().join("\n")
    };
    let lacks = || Some(Lack::Permission("write:users/1".into()));
    insta::assert_snapshot!(said(scene(lacks(), false)), @r#"error: what was replaced by token.t (ID old) belongs to another user, "ann" (ID 1): this token may neither change nor delete it, because it lacks `write:users/1`"#);
    insta::assert_snapshot!(said(scene(lacks(), true)), @r#"warning: what was replaced by token.t (ID old) belongs to another user, "ann" (ID 1): to change or delete it, the token that applies must have `write:users/1`"#);
    insta::assert_snapshot!(said(scene(Some(Lack::WrongId("2".into())), false)), @r#"warning: what was replaced by token.t (ID old) belongs to another user, "ann" (ID 1): to change or delete it takes `write:users/1`, and `2`, which is given as the ID of this token (FLUXFORM_TOKEN_ID, or `token_id`), is not its own"#);
    assert_eq!(said(scene(None, false)), "", "it may");
    let mut updated = scene(lacks(), false);
    updated.plan.changes[0].fields.push(inactive());
    assert!(said(updated).contains("token.t (ID token.t) and what was replaced by token.t (ID old) belong to"));
    let mut own = scene(lacks(), false);
    own.snapshot.me = "1".into();
    assert_eq!(said(own), "");
}
