//! What is written, and what is not.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::file::script_file;
use super::sample::{HOME, ME, Sample, all, one, refs, scopes, shown, text};
use super::{Disposition, Refused};
use crate::address::Address;
use crate::kind::{Kind, MADE};
use crate::ledger::{Entry, Origin};
use crate::manifest::Lifecycle;
use crate::snapshot::Sight;
use crate::value::{Ref, Scope, Value};

#[test]
fn a_server_as_manifests() {
    let mut sample = Sample::new();
    let prod = sample.make(
        Kind::Label,
        "Prod",
        &[("properties", Value::Map([("color".into(), "#ff0000".into())].into_iter().collect()))],
    );
    let raw = sample.make(
        Kind::Bucket,
        "raw",
        &[
            ("description", text("Points as they come in")),
            ("retention", Value::Duration("720h".parse().expect("a duration"))),
            ("shard_group_duration", Value::Duration("1d".parse().expect("a duration"))),
            ("labels", refs(Kind::Label, &[&prod])),
        ],
    );
    let old = sample.bucket("My bucket (old)");
    let task = sample.task("hourly", "x = 1");
    sample.make(Kind::User, "alice", &[("status", text("inactive")), ("member_of", refs(Kind::Org, &[HOME]))]);
    sample.token("Ingest service", &[], &[one("buckets", &raw, Some(HOME))]);
    sample.token(
        "Wide",
        &[
            all("dashboards", HOME),
            one("orgs", HOME, None),
            one("users", ME, None),
            one("tasks", &task, Some(HOME)),
            one("buckets", &old, Some(HOME)),
            one("buckets", "00000000000000ff", Some(HOME)),
        ],
        &[],
    );
    sample.token("root's Token", &[], &[Scope::Instance { ty: "authorizations".into() }]);
    sample.token("Old", &[all("flows", HOME)], &[]);
    insta::assert_snapshot!(shown(&sample.export()));
}

#[test]
fn twice_as_many_objects_take_twice_as_many_steps() {
    let steps = |count: usize| {
        let mut sample = Sample::new();
        for n in 0..count {
            sample.task(&format!("task {n}"), "x = 1");
        }
        let before = MADE.get();
        sample.export();
        MADE.get() - before
    };
    assert!(steps(200) <= 2 * steps(100), "{} and {}", steps(100), steps(200));
}

#[test]
fn a_script_that_can_never_run_is_let_be() {
    let head = |script: &str| {
        let mut sample = Sample::new();
        sample.task("hourly", script);
        let export = sample.export();
        let tasks = export.resources.iter().filter(|(address, _)| address.kind == Kind::Task);
        assert_eq!(tasks.filter(|(_, task)| !task.external).count(), 1, "{:?}", export.notes);
        export.files["fluxform.toml"].clone()
    };
    assert!(!head("x = task.every").contains("policy"));
    assert!(head("form(bucket: \"a\")").ends_with("[policy.lint]\n\"flux::name\" = \"warn\"\n"));
}

/// The key of each bucket of these names, where they are all that there is.
fn keys_of(names: &[&str]) -> Vec<String> {
    let mut sample = Sample::new();
    let ids: Vec<String> = names.iter().map(|name| sample.bucket(name)).collect();
    let keys: BTreeMap<String, String> = sample
        .export()
        .resources
        .into_iter()
        .map(|(address, resource)| (resource.id, address.key.to_string()))
        .collect();
    ids.iter().map(|id| keys[id].clone()).collect()
}

#[test]
fn a_name_in_any_script_is_in_its_key() {
    for (name, key) in [
        ("Größe über Straße", "grosse_uber_strasse"),
        ("Температура (цех №2)", "temperatura_tsekh_no2"),
        ("北京 温度", "bei_jing_wen_du"),
        ("サーバー", "saba"),
        ("μετρήσεις", "metreseis"),
        ("o\u{308}l", "ol"),
        ("Bob’s — bucket…", "bobs_bucket"),
        ("🚀🔥", "rocket_fire"),
        ("ﬁ½", "fi1_2"),
        ("北京市朝阳区建国门外大街一号国际贸易中心大厦三期", "bei_jing_shi_zhao_yang_qu_jian_guo_men_wai_da_ji"),
    ] {
        assert_eq!(keys_of(&[name]), [key], "{name}");
    }
    // Where nothing is left there is a digest, as before.
    assert!(keys_of(&["\u{e000}"])[0].starts_with("bucket_"));
    // Names that become the same are told apart, and whoever is called so keeps it, whatever else there is.
    let alike = ["Köln", "koln", "KÖLN", "Кёльн"];
    let keys = keys_of(&alike);
    assert_eq!(keys[1], "koln");
    let told: BTreeSet<&String> = keys.iter().collect();
    assert_eq!(told.len(), alike.len(), "{keys:?}");
    assert_eq!(keys_of(&alike[..3]), keys[..3]);
}

#[test]
fn each_script_has_a_file_of_its_own_whatever_has_its_name() {
    let mut taken = BTreeSet::new();
    let mut file = |kind, key: &str, ending| script_file(&Address::new(kind, key), ending, &mut taken);
    assert_eq!(file(Kind::Task, "cpu", "flux"), "flux/cpu.flux");
    assert_eq!(file(Kind::Check, "cpu", "flux"), "flux/cpu_check.flux");
    assert_eq!(file(Kind::Check, "cpu_check", "flux"), "flux/cpu_check_check.flux");
    // Keys of the ledger may differ in case alone.
    assert_eq!(file(Kind::Task, "CPU", "flux"), "flux/CPU_task.flux");
    assert_eq!(file(Kind::Task, "Cpu", "flux"), "flux/Cpu_task_2.flux");
    assert_eq!(file(Kind::Telegraf, "cpu", "conf"), "telegraf/cpu.conf");
    assert_eq!(file(Kind::Telegraf, "Cpu", "conf"), "telegraf/Cpu_telegraf.conf");
}

#[test]
fn tasks_of_one_name_are_told_apart_by_what_they_do() {
    let mut sample = Sample::new();
    let first = sample.task("hourly", "x = 1");
    let second = sample.task("hourly", "x = 2");
    let twin = sample.task("hourly", "x = 2");
    let keys = |sample: &Sample| -> BTreeMap<String, String> {
        let export = sample.export();
        export.resources.into_iter().filter(|(_, r)| r.imported).map(|(a, r)| (r.id, a.to_string())).collect()
    };
    let before = keys(&sample);
    assert_eq!(before.len(), 3);
    assert_eq!(before[&twin], format!("{}_2", before[&second]));
    // Another one more, or less, changes no key.
    sample.task("hourly", "x = 3");
    assert!(before.iter().all(|(id, key)| keys(&sample)[id] == *key));
    sample.snapshot.kinds.get_mut(&Kind::Task).expect("tasks").objects.remove(&first);
    assert_eq!(keys(&sample)[&second], before[&second]);
    // One that is alone needs no [[import]].
    let mut alone = Sample::new();
    alone.task("hourly", "x = 1");
    assert!(keys(&alone).is_empty());
}

#[test]
fn what_another_project_owns_is_left_out_and_external_where_it_is_needed() {
    let mut sample = Sample::new();
    let (theirs, other) = (sample.bucket("theirs"), sample.bucket("other"));
    for id in [&theirs, &other] {
        sample.foreign.insert((Kind::Bucket, id.clone()), "team-b".into());
    }
    sample.token("reads theirs", &[one("buckets", &theirs, Some(HOME))], &[]);
    let export = sample.export();
    insta::assert_snapshot!(export.files["buckets.toml"], @r"
    [bucket.theirs]
    external = true
    ");
    let left_out = |id: &str| export.notes.iter().any(|note| note.id == id && note.disposition == Disposition::LeftOut);
    assert!(left_out(&theirs) && left_out(&other));
}

#[test]
fn what_the_project_owns_keeps_its_address() {
    let mut sample = Sample::new();
    let (raw, line) = (sample.bucket("iot_data"), sample.bucket("line_press"));
    let entry = |id: &str, name: &str| Entry {
        id: id.into(),
        org: Some(HOME.into()),
        name: name.into(),
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
    };
    sample.ledger.entries.insert(Address::new(Kind::Bucket, "Raw data/.."), entry(&raw, "iot_data"));
    sample.ledger.entries.insert(Address::new(Kind::Bucket, "line").at("press"), entry(&line, "line_press"));
    insta::assert_snapshot!(sample.export().files["buckets.toml"], @r#"
    [bucket."Raw data/.."]
    name = "iot_data"
    retention = "infinite"

    [bucket.line_press]
    retention = "infinite"
    "#);
}

#[test]
fn only_some_kinds_and_labels() {
    let mut sample = Sample::new();
    let label = sample.make(Kind::Label, "Prod", &[]);
    let other = sample.make(Kind::Label, "other", &[]);
    let both = [("retention", Value::Infinite), ("labels", refs(Kind::Label, &[&label, &other]))];
    let raw = sample.make(Kind::Bucket, "raw", &both);
    sample.bucket("plain");
    sample.token("t", &[one("buckets", &raw, Some(HOME))], &[]);
    sample.request.labels = ["prod".to_owned()].into();
    let export = sample.export();
    let names = |export: &super::Export| -> Vec<String> {
        let external = |external: bool| if external { " external" } else { "" };
        export.resources.iter().map(|(address, r)| format!("{address}{}", external(r.external))).collect()
    };
    assert_eq!(names(&export), ["label.other external", "label.prod", "bucket.raw"]);
    sample.request.labels.clear();
    sample.request.kinds = [Kind::Token].into();
    let export = sample.export();
    assert_eq!(names(&export), ["bucket.raw external", "token.t"]);
    insta::assert_snapshot!(export.files["fluxform.toml"], @r#"
    # This export is not the whole server: only tokens.

    [project]
    name = "p"
    "#);
}

#[test]
fn every_org_in_one_project() {
    let mut sample = Sample::new();
    const EU: &str = "00000000000000a2";
    sample.put(Kind::Org, EU, None, "EU", &[]);
    sample.make(Kind::User, "bob", &[("owner_of", refs(Kind::Org, &[EU]))]);
    sample.put(Kind::Bucket, "00000000000000e1", Some(EU), "raw", &[("retention", Value::Infinite)]);
    sample.bucket("raw");
    let export = sample.export();
    assert_eq!((export.other_orgs, export.other_users), (1, 1));
    let written: Vec<_> = export.resources.keys().map(ToString::to_string).collect();
    assert_eq!(written, ["org.acme", "user.root", "bucket.raw"], "bob has to do with the other org only");
    sample.request.every_org = true;
    insta::assert_snapshot!(shown(&sample.export()));
}

#[test]
fn what_is_of_another_org_is_referred_to_by_nothing() {
    let mut sample = Sample::new();
    const EU: &str = "00000000000000a2";
    sample.put(Kind::Org, EU, None, "EU", &[]);
    let bucket = "00000000000000e1";
    sample.put(Kind::Bucket, bucket, Some(EU), "theirs", &[("retention", Value::Infinite)]);
    sample.put(Kind::Label, "00000000000000e2", Some(EU), "theirs", &[]);
    sample.make(
        Kind::Bucket,
        "raw",
        &[("retention", Value::Infinite), ("labels", refs(Kind::Label, &["00000000000000e2"]))],
    );
    let bucket = Value::Ref(Ref::Id(Kind::Bucket, bucket.into()));
    for policy in ["autogen", "a year"] {
        let fields = [("database", text("db")), ("retention_policy", text(policy)), ("bucket", bucket.clone())];
        sample.make(Kind::Dbrp, &format!("db/{policy}"), &fields);
    }
    sample.request.every_org = true;
    let export = sample.export();
    insta::assert_snapshot!(shown(&export));
}

#[test]
fn roles_elsewhere_make_that_org_external() {
    let mut sample = Sample::new();
    sample.put(Kind::Org, "00000000000000a2", None, "eu", &[]);
    sample.make(Kind::User, "bob", &[("owner_of", refs(Kind::Org, &[HOME, "00000000000000a2"]))]);
    let export = sample.export();
    insta::assert_snapshot!(export.files["users.toml"], @r#"
    [user.bob]
    owner_of = ["org.acme", "org.eu"]
    "#);
    insta::assert_snapshot!(export.files["orgs.toml"], @r"
    [org.acme]
    external = true

    [org.eu]
    external = true
    ");
}

#[test]
fn what_is_not_seen_is_said() {
    let mut sample = Sample::new();
    let hidden = [("retention", Value::Infinite), ("labels", refs(Kind::Label, &["00000000000000ff"]))];
    sample.make(Kind::Bucket, "raw", &hidden);
    let user = ("user", Value::Ref(Ref::Id(Kind::User, "00000000000000fe".into())));
    sample.make(Kind::Token, "of a stranger", &[user, ("read", scopes(&[all("labels", HOME)]))]);
    sample.snapshot.kinds.get_mut(&Kind::User).expect("users").sight = Sight::Partial;
    sample.snapshot.kinds.get_mut(&Kind::Label).expect("labels").sight = Sight::Blind;
    insta::assert_snapshot!(shown(&sample.export()));
}

/// Plans show the keys that an export makes.
#[test]
fn no_key_has_a_secret_of_a_name() {
    let mut sample = Sample::new();
    sample.bucket("password=hunter2secretvalue");
    let export = sample.export();
    let keys: Vec<_> = export.resources.keys().map(|address| &*address.key).collect();
    assert!(keys.contains(&"password") && !keys.iter().any(|key| key.contains("hunter2")), "{keys:?}");
}

#[test]
fn what_cannot_be_managed_is_external_or_left_out() {
    let mut sample = Sample::new();
    let (odd, odder, fine) = (sample.bucket(""), sample.bucket("odder"), sample.bucket("fine"));
    let why = |also_external| Refused { why: "it is odd".into(), also_external };
    sample.refused.insert((Kind::Bucket, odd.clone()), why(false));
    sample.refused.insert((Kind::Bucket, odder), why(true));
    sample.make(Kind::Token, "half made [fluxform:k3y]", &[("read", scopes(&[all("labels", HOME)]))]);
    let export = sample.export();
    let fates: Vec<_> = export.notes.iter().map(|note| (note.name.as_str(), note.disposition)).collect();
    assert_eq!(
        fates,
        [
            ("", Disposition::External),
            ("odder", Disposition::LeftOut),
            ("half made [fluxform:k3y]", Disposition::LeftOut)
        ]
    );
    let ids: Vec<_> = export.resources.values().map(|resource| resource.id.as_str()).collect();
    assert_eq!(ids, [HOME, ME, &odd, &fine]);
}

/// Names as nobody would give them, and as many do.
fn names() -> impl Strategy<Value = Vec<String>> {
    let name = prop_oneof![
        "[a-cA-C]{1,2}",
        "[a-b_ ./-]{0,4}",
        "\\PC{0,12}",
        "(\\.\\./){1,3}|\u{1b}\\[31m|\"\"\"|'''|\\$\\{x\\}|\\$\\$\\{|a\r\nb|\u{0}",
        Just("x".repeat(1_000)),
    ];
    proptest::collection::btree_set(name, 1..12).prop_map(|names| names.into_iter().collect())
}

proptest! {
    #[test]
    fn keys_are_safe_and_unique_and_names_read_back(names in names(), labels in names()) {
        let mut sample = Sample::new();
        for name in &names {
            sample.bucket(name);
            sample.task(name, "x = 1");
        }
        for name in &labels {
            let properties = [(name.clone(), name.clone())].into_iter().collect();
            sample.make(Kind::Label, name, &[("properties", Value::Map(properties))]);
        }
        let export = sample.export();
        let mut seen = BTreeSet::new();
        for (address, resource) in &export.resources {
            prop_assert!(crate::address::is_plain_key(&address.key), "{address}");
            prop_assert!(seen.insert(address.to_string().to_lowercase()), "{address}");
            prop_assert!(resource.script.as_ref().is_none_or(|path| export.files.contains_key(path)));
        }
        for path in export.files.keys() {
            prop_assert!(path.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c)), "{path}");
            prop_assert!(!path.contains("..") && !path.starts_with('/'), "{path}");
        }
        let read: toml::Table = export.files["buckets.toml"].parse().expect("TOML");
        let read = read["bucket"].as_table().expect("a table").iter();
        let read: BTreeSet<String> = read
            .map(|(key, table)| table.get("name").map_or(key.as_str(), |name| name.as_str().expect("text")).replace("$${", "${"))
            .collect();
        prop_assert_eq!(read, names.into_iter().collect::<BTreeSet<_>>());
        export.files["labels.toml"].parse::<toml::Table>().expect("TOML");
    }

    #[test]
    fn others_that_come_change_no_key(names in names(), more in names()) {
        let mut sample = Sample::new();
        let ids: Vec<String> = names.iter().map(|name| sample.bucket(name)).collect();
        let keys = |sample: &Sample| -> BTreeMap<String, String> {
            sample.export().resources.into_iter().map(|(address, resource)| (resource.id, address.key.to_string())).collect()
        };
        let before = keys(&sample);
        let bases = |key: &str| key.rsplit_once('_').map_or(key.to_owned(), |(base, _)| base.to_owned());
        for name in more.iter().filter(|name| !names.contains(name)) {
            sample.bucket(name);
        }
        let after = keys(&sample);
        for id in ids {
            // A key changes only where another object asks for the same one.
            let (was, is) = (&before[&id], &after[&id]);
            prop_assert!(was == is || bases(is) == *was || is.starts_with("bucket_"), "{was} became {is}");
        }
    }
}
