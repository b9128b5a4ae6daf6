//! Plans and reports for tests: everything that can stand in one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::Address;
use crate::apply::Outcome;
use crate::coverage::{Count, Coverage, Unmanaged};
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::diff::{Action, Cause, Change, FieldChange, Reason, Target};
use crate::evidence::{Along, Data, Stake};
use crate::exit::Exit;
use crate::kind::Kind;
use crate::ledger::Origin;
use crate::manifest::What;
use crate::plan::{self, Allowed, Flag, Flagged, Plan};
use crate::problem::Problem;
use crate::report::{Recorded, Report};
use crate::secret::{Sink, Source as SecretSource};
use crate::snapshot::Sight;
use crate::value::{Ref, Scope, Script, Set, Value};

pub(crate) fn change(kind: Kind, key: &str, action: Action, reason: Reason) -> Change {
    Change::blank(&Address::new(kind, key), action, reason)
}

pub(crate) fn object(id: u64, name: &str) -> Option<Target> {
    Some(Target { id: format!("{id:016x}"), org: Some("00000000000000aa".into()), name: name.into() })
}

pub(crate) fn field(
    field: &'static str,
    live: Option<Value>,
    wanted: Value,
    last: Option<&str>,
    cause: Cause,
) -> FieldChange {
    FieldChange { field, live, wanted, last: last.map(str::to_owned), cause }
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn duration(text: &str) -> Value {
    Value::Duration(text.parse().expect("a duration"))
}

pub(crate) fn script(text: &str) -> Value {
    Value::Script(Script::of_task(text.to_owned()))
}

pub(crate) fn new(field: &'static str, wanted: Value) -> FieldChange {
    FieldChange { field, live: None, wanted, last: None, cause: Cause::Yours }
}

fn bucket(key: &str) -> Ref {
    Ref::To(Address::new(Kind::Bucket, key))
}

const OLD: &str = "from(bucket: \"iot_data\")\n  |> range(start: -1h)\n  |> filter(fn: (r) => r._measurement == \"m\")\n  |> mean()\n  |> yield()\n  |> set(key: \"a\", value: \"b\")\n  |> set(key: \"c\", value: \"d\")\n  |> to(bucket: \"hourly\")";

/// A plan with a change of every sort.
pub(crate) fn plan() -> Plan {
    let mut drifted = change(Kind::Bucket, "raw", Action::Update, Reason::Differs);
    drifted.object = object(1, "iot_data");
    drifted.origin = Some(Origin::Created);
    drifted.fields = vec![
        field("description", Some(text("by hand")), text("Raw"), Some("Raw"), Cause::Drift),
        field("retention", Some(duration("14d")), duration("60d"), Some("30d"), Cause::Both),
        field("shard_group_duration", Some(duration("1d")), duration("12h"), Some("1d"), Cause::Yours),
    ];
    let mut gone = change(Kind::Task, "gone", Action::Create, Reason::Gone);
    gone.fields = vec![new("every", duration("1h")), new("flux", script("a\nb")), new("name", text("gone"))];
    let mut moved = change(Kind::Task, "hourly", Action::Update, Reason::Differs);
    moved.object = object(2, "hourly");
    moved.moved_from = Some(Address::new(Kind::Task, "old"));
    moved.fields = vec![
        field("flux", Some(script(OLD)), script(&OLD.replace("mean", "median")), None, Cause::Yours),
        field(
            "labels",
            Some(Value::Refs(Set::from([Ref::Id(Kind::Label, "00000000000000bb".into())]))),
            Value::Refs(Set::from([Ref::To(Address::new(Kind::Label, "prod"))])),
            None,
            Cause::New,
        ),
        field("offset", Some(duration("5m")), Value::Unset, Some("5m"), Cause::Yours),
    ];
    let mut created = change(Kind::Bucket, "summary", Action::Create, Reason::New);
    created.unverified = true;
    created.fields =
        vec![new("name", text("say \"hi\"")), new("org", Value::Ref(Ref::Home)), new("retention", Value::Infinite)];
    let mut user = change(Kind::User, "ci", Action::Update, Reason::Differs);
    user.object = object(3, "ci");
    user.adopts = true;
    user.released = BTreeSet::from(["member_of".to_owned()]);
    user.fields = vec![
        field("password", None, Value::Source(SecretSource::Env { name: "CI_PASSWORD".into() }), None, Cause::New),
        field("password_version", None, Value::Integer(2), Some("1"), Cause::Yours),
    ];
    let mut token =
        change(Kind::Token, "ingest", Action::Replace, Reason::CannotChange(BTreeSet::from(["deliver", "write"])));
    token.object = object(4, "Ingest");
    token.fields = vec![
        field(
            "deliver",
            None,
            Value::Sinks(vec![Sink::File { path: "secrets/ingest.token".into() }]),
            Some("[discard]"),
            Cause::Yours,
        ),
        field(
            "write",
            Some(Value::Scopes(Set::from([Scope::Object(bucket("raw")), Scope::Object(bucket("old"))]))),
            Value::Scopes(Set::from([
                Scope::Object(bucket("raw")),
                Scope::Org { ty: "buckets".into(), org: Box::new(Ref::Home) },
            ])),
            None,
            Cause::Yours,
        ),
    ];
    let mut deleted = change(Kind::Bucket, "tmp", Action::Delete, Reason::NotDeclared);
    deleted.object = object(5, "tmp");
    let mut empty = change(Kind::Bucket, "void", Action::Delete, Reason::Disabled);
    empty.object = object(6, "void");
    let mut lab = change(Kind::Org, "lab", Action::Delete, Reason::NotDeclared);
    lab.object = object(11, "lab");
    let mut leaver = change(Kind::User, "leaver", Action::Delete, Reason::NotDeclared);
    leaver.object = object(12, "leaver");
    let mut label = change(Kind::Label, "prod", Action::Update, Reason::Differs);
    label.object = object(7, "prod");
    label.fields = vec![field(
        "properties",
        Some(Value::Map(BTreeMap::from([("color".into(), "#fff".into()), ("by".into(), "hand".into())]))),
        Value::Map(BTreeMap::from([("color".into(), "#000".into())])),
        None,
        Cause::Drift,
    )];
    let mut adopted = change(Kind::Label, "dev", Action::None, Reason::InSync);
    (adopted.adopts, adopted.imported, adopted.object) = (true, true, object(8, "dev"));
    let mut forgotten = change(Kind::Org, "acme", Action::Forget, Reason::HomeOrg);
    forgotten.object = object(9, "acme");
    let mut released = change(Kind::Bucket, "a", Action::None, Reason::InSync);
    released.released = BTreeSet::from(["description".to_owned(), "labels".to_owned()]);
    let mut renamed = change(Kind::Bucket, "b", Action::None, Reason::InSync);
    renamed.moved_from = Some(Address::new(Kind::Bucket, "line").at("press 1"));
    let mut resumed = change(Kind::Bucket, "c", Action::None, Reason::Resumed);
    resumed.object = object(10, "c");
    let same = change(Kind::Bucket, "same", Action::None, Reason::InSync);
    Plan {
        project: "iot".into(),
        home: Some("00000000000000aa".into()),
        changes: vec![
            drifted, label, created, user, moved, gone, token, deleted, empty, lab, leaver, adopted, forgotten,
            released, renamed, resumed, same,
        ],
        after: BTreeMap::new(),
        dependents: BTreeMap::new(),
        at_stake: BTreeMap::from([
            (Address::new(Kind::Bucket, "raw"), Stake::points(Data::Unknown("the token may not query it".into()))),
            (
                Address::new(Kind::Bucket, "tmp"),
                Stake::points(Data::Some {
                    count: Some(1_234_567),
                    first: Some("2026-01-01T00:00:00Z".into()),
                    last: Some("2026-11-01T00:00:00Z".into()),
                }),
            ),
            (Address::new(Kind::Bucket, "void"), Stake::default()),
            (
                Address::new(Kind::Org, "lab"),
                Stake {
                    data: Data::None,
                    along: vec![
                        along(Kind::Bucket, 13, "scratch \"a\""),
                        along(Kind::Task, 14, "nightly"),
                        along(Kind::Task, 15, "hourly"),
                    ],
                    unseen: BTreeSet::from([Kind::Label, Kind::Token]),
                },
            ),
            (
                Address::new(Kind::User, "leaver"),
                Stake { along: vec![along(Kind::Token, 16, "grafana")], ..Stake::default() },
            ),
        ]),
        allowed: vec![
            Allowed {
                what: What::BlastRadius,
                addresses: BTreeSet::from([Address::new(Kind::Bucket, "raw")]),
                until: None,
                reason: "blast_radius = { percent = 100, from = 10 }".into(),
            },
            Allowed {
                what: What::DataLoss,
                addresses: BTreeSet::from([Address::new(Kind::Bucket, "raw"), Address::new(Kind::Bucket, "void")]),
                until: Some(jiff::civil::date(2026, 12, 31)),
                reason: "old test data, see OPS-17".into(),
            },
        ],
        flags: vec![
            Flagged { flag: Flag::Adopt, addresses: BTreeSet::from([Address::new(Kind::Bucket, "adopted")]) },
            Flagged {
                flag: Flag::AllowDataLoss("bucket.*".into()),
                addresses: BTreeSet::from([Address::new(Kind::Bucket, "tmp")]),
            },
        ],
        refusals: vec![problem(Exit::Refused, "bucket.tmp would lose data")],
        leftovers: Vec::new(),
        probed: Vec::new(),
        warnings: vec![Diagnostic::warning(Code::PlanLeftover, "something to know")],
    }
}

fn along(kind: Kind, id: u64, name: &str) -> Along {
    Along { kind, object: object(id, name).expect("there is one") }
}

/// A plan with nothing to do.
pub(crate) fn origin() -> plan::Origin {
    plan::Origin {
        server: "https://influx.example.com/".to_owned(),
        org: "acme".to_owned(),
        org_id: Some("0000000000000001".to_owned()),
    }
}

pub(crate) fn nothing() -> Plan {
    let change = change(Kind::Bucket, "same", Action::None, Reason::InSync);
    Plan { project: "iot".into(), changes: vec![change], ..Plan::default() }
}

/// A problem with a place and a hint.
pub(crate) fn problem(exit: Exit, message: &str) -> Problem {
    let source = Arc::new(Source::new("iot.toml", "iot.toml", "[bucket.tmp]\nä = 1\n"));
    let place = Place { source, span: 15..16 };
    Problem { exit, diagnostic: Diagnostic::error(Code::GuardDataLoss, message).at(place, "here").help("say so") }
}

/// A report in which everything went well.
pub(crate) fn complete() -> Report {
    let done = |id: &str| Outcome::Done { id: id.to_owned() };
    let address = |key: &str| Address::new(Kind::Bucket, key);
    let outcomes = BTreeMap::from([
        (address("added"), (Action::Create, done("0000000000000001"))),
        (address("changed"), (Action::Update, done("0000000000000002"))),
        (address("forgotten"), (Action::Forget, done(""))),
        (address("adopted"), (Action::None, done("0000000000000005"))),
        (address("moved"), (Action::None, done("0000000000000006"))),
        (address("protected"), (Action::None, done("0000000000000007"))),
        (Address::new(Kind::Token, "replaced"), (Action::Replace, done("0000000000000003"))),
    ]);
    let recorded = BTreeMap::from([
        (address("adopted"), Recorded { adopts: true, ..Recorded::default() }),
        (address("moved"), Recorded { moved_from: Some(address("old")), ..Recorded::default() }),
    ]);
    Report { plan_digest: Some(plan().digest()), outcomes, recorded, ..Report::default() }
}

/// A report of which something is left.
pub(crate) fn partial() -> Report {
    let mut report = complete();
    let address = |key: &str| Address::new(Kind::Task, key);
    let failed =
        Outcome::Failed(problem(Exit::NotAuthorized, "POST /api/v2/tasks: failed to create task: unauthorized"));
    let mut undelivered = problem(Exit::Secret, "`push` failed (exit status: 1)");
    undelivered.diagnostic =
        undelivered.diagnostic.output(vec!["login first".to_owned(), "\u{1b}[31mdenied".to_owned()]);
    report.outcomes.insert(Address::new(Kind::Token, "push"), (Action::Create, Outcome::Failed(undelivered)));
    report.outcomes.insert(address("failed"), (Action::Create, failed));
    let skipped = Outcome::Skipped { because: address("failed") };
    report.outcomes.insert(address("skipped"), (Action::Create, skipped));
    report.outcomes.insert(address("left"), (Action::Delete, Outcome::NotStarted));
    report.stopped.push(problem(Exit::Interrupted, "stopped by Ctrl-C"));
    report.warnings.push(Diagnostic::warning(Code::ApplyUnfinished, "something to know"));
    report
}

/// A server of which projects manage a part.
pub(crate) fn coverage() -> Coverage {
    let count = |sight, ours, theirs, external, unmanaged| Count { sight, ours, theirs, external, unmanaged };
    let one = |kind, name: &str, org: Option<&str>| Unmanaged {
        kind,
        name: name.to_owned(),
        id: "0123456789abcdef".to_owned(),
        org: org.map(str::to_owned),
    };
    Coverage {
        kinds: [
            (Kind::User, count(Sight::Blind, 0, 0, 0, 0)),
            (Kind::Bucket, count(Sight::Complete, 5, 2, 1, 1)),
            (Kind::Token, count(Sight::Partial, 1, 0, 0, 1)),
        ]
        .into(),
        unmanaged: vec![
            one(Kind::Bucket, "My bucket (old)", Some("00000000000000a1")),
            one(Kind::Token, "x\u{1b}[31m", None),
        ],
    }
}
