//! Ledgers written to a server in memory, read back, and damaged.

use super::*;
use crate::address::Address;
use crate::duration::Duration;
use crate::ledger::fake::Fake;
use crate::ledger::page::{intent_key, text};
use crate::ledger::{Entry, Intent, Origin, Update};
use crate::manifest::Lifecycle;
use proptest::prelude::*;
use proptest::sample::Index;

fn address() -> impl Strategy<Value = Address> {
    let key = || prop_oneof![4 => "[a-c]", 1 => "\\PC{1,6}", 1 => "[\"\\\\ \u{7}]{1,3}"];
    (0..Kind::ALL.len(), key(), proptest::option::of(key())).prop_map(|(kind, key, instance)| Address {
        kind: Kind::ALL[kind],
        key: key.into(),
        instance: instance.map(Into::into),
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let fields = proptest::collection::btree_map("[a-z_]{1,8}", "\\PC{0,60}", 0..8);
    let needs =
        (proptest::collection::btree_set(address(), 0..3), proptest::collection::btree_set("[a-z_]{1,8}", 0..3));
    let lifecycle = (any::<bool>(), proptest::collection::btree_set("[a-z]{1,5}", 0..2), any::<bool>());
    let ids = proptest::collection::btree_set("[0-9a-f]{16}", 0..3);
    let texts = ("\\PC{0,30}", proptest::option::of("[0-9a-f]{12}"), proptest::option::of("[0-9TZ:-]{10}"));
    ("[0-9a-f]{16}", texts, any::<bool>(), fields, needs, lifecycle, ids).prop_map(
        |(id, (name, secret, created), adopted, fields, (needs, lacks), lifecycle, predecessors)| Entry {
            org: created.is_some().then(|| id.clone()),
            id,
            name,
            created,
            origin: if adopted { Origin::Adopted } else { Origin::Created },
            fields,
            lifecycle: Lifecycle {
                prevent_destroy: lifecycle.0,
                ignore: lifecycle.1,
                owned: lifecycle.2,
                ..Lifecycle::default()
            },
            needs,
            secret,
            lacks,
            worn: predecessors.iter().take(1).map(|id| (id.clone(), "0123456789ab".to_owned())).collect(),
            overlaps: predecessors.iter().take(1).map(|id| (id.clone(), Duration::from_secs(3_600))).collect(),
            succeeded: predecessors.iter().take(1).map(|id| (id.clone(), 1_763_900_000_000)).collect(),
            predecessors,
        },
    )
}

fn intent() -> impl Strategy<Value = Intent> {
    let fields = proptest::collection::btree_map("[a-z_]{1,8}", "\\PC{0,60}", 0..4);
    ("\\PC{0,20}", "[0-9a-f]{24}", any::<u64>(), proptest::option::of("[a-z]{8}"), fields, any::<bool>()).prop_map(
        |(name, digest, at, marker, fields, blind)| Intent { org: None, name, digest, at, marker, fields, blind },
    )
}

fn update() -> impl Strategy<Value = Update> {
    prop_oneof![
        4 => (address(), entry()).prop_map(|(address, entry)| Update::Put(address, Box::new(entry))),
        2 => address().prop_map(Update::Remove),
        3 => (address(), intent()).prop_map(|(address, intent)| Update::Intent(address, intent)),
        1 => address().prop_map(Update::ClearIntent),
        1 => (address(), address(), entry()).prop_map(|(from, to, entry)| Update::Move(from, to, Box::new(entry))),
    ]
}

/// Sends what a group of updates needs, as the journal does.
fn send(server: &Fake, state: &mut State, updates: &[Update]) {
    for write in state.change(updates) {
        match &write.id {
            Some(id) => server.merge(id, &write.properties).unwrap(),
            None => {
                let id = server.post(&Part::Page(write.number).name("iot"), &write.properties).unwrap();
                state.made(write.number, id);
            }
        }
    }
    match &state.head {
        Some(id) => server.merge(id, &state.head_properties()).unwrap(),
        None => state.head = Some(server.post("fluxform/iot", &state.head_properties()).unwrap()),
    }
    state.settled();
}

fn decode(rows: &[Row], project: &str, home: &str) -> Result<(Ledger, State), LedgerError> {
    super::decode(rows, project, home, &Trust::Any)
}

fn apply(ledger: &mut Ledger, update: &Update) {
    match update.clone() {
        Update::Put(address, entry) => {
            ledger.intents.remove(&address);
            ledger.entries.insert(address, *entry);
        }
        Update::Remove(address) => drop(ledger.entries.remove(&address)),
        Update::Intent(address, intent) => drop(ledger.intents.insert(address, intent)),
        Update::ClearIntent(address) => drop(ledger.intents.remove(&address)),
        Update::Move(from, to, entry) => {
            apply(ledger, &Update::Remove(from.clone()));
            apply(ledger, &Update::ClearIntent(from));
            apply(ledger, &Update::Put(to, entry));
        }
    }
}

fn written(groups: &[Vec<Update>]) -> (Fake, State) {
    let (server, mut state) = (Fake::new(), State::new("iot", "home"));
    for group in groups {
        send(&server, &mut state, group);
    }
    (server, state)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn grouped_updates_read_back_as_the_same_updates_of_a_map(
        groups in proptest::collection::vec(proptest::collection::vec(update(), 0..12), 1..12),
    ) {
        let (server, state) = written(&groups);
        let mut want = Ledger { found: true, ..Ledger::default() };
        groups.iter().flatten().for_each(|update| apply(&mut want, update));
        let (ledger, read) = decode(&server.rows(), "iot", "home").unwrap();
        prop_assert_eq!(ledger, want);
        prop_assert_eq!(read, state);
    }

    #[test]
    fn an_edit_is_refused_unless_a_person_may_make_it(
        updates in proptest::collection::vec(update(), 1..8),
        (row, property, text, way) in (any::<Index>(), any::<Index>(), "\\PC{1,5}", 0..3),
    ) {
        let (server, _) = written(&[updates]);
        let (mut rows, before) = (server.rows(), decode(&server.rows(), "iot", "home").unwrap());
        let properties = &mut rows[row.index(server.rows().len())].properties;
        let key = property.get(&properties.keys().cloned().collect::<Vec<_>>()).clone();
        let old = properties[&key].clone();
        match way {
            0 => drop(properties.remove(&key)),
            1 => drop(properties.insert(key.clone(), text.clone())),
            _ => drop(properties.insert(text.clone(), old.clone())),
        }
        let touched = if way == 2 { &text } else { &key };
        let harmless = ["color", "description"].contains(&touched.as_str()) || (way == 1 && text == old);
        match decode(&rows, "iot", "home") {
            Ok(after) => prop_assert!(harmless && after == before, "{touched}"),
            Err(_) => prop_assert!(!harmless, "{touched}"),
        }
    }
}

fn bucket(number: usize) -> Update {
    let entry = Entry {
        org: Some("home".into()),
        fields: (0..8).map(|n| (format!("field_{n}"), format!("={}", "x".repeat(24)))).collect(),
        predecessors: [format!("{:016x}", number + 1_000_000)].into(),
        ..Entry::blank(format!("{number:016x}"), format!("bucket {number}"))
    };
    Update::Put(Address::new(Kind::Bucket, format!("b{number}")), Box::new(entry))
}

fn planned(number: usize) -> Update {
    let intent =
        Intent { org: None, name: format!("bucket {number}"), digest: "0".repeat(24), at: 0, ..Intent::default() };
    Update::Intent(Address::new(Kind::Bucket, format!("b{number}")), intent)
}

#[test]
fn pages_stay_below_64_kib_and_are_used_again() {
    let all: Vec<_> = (0..500).map(planned).collect();
    let (server, mut state) = written(&[all, (0..500).map(bucket).collect()]);
    let sizes = |server: &Fake| -> Vec<usize> {
        server.rows().iter().map(|row| serde_json::to_string(&row.properties).unwrap().len()).collect()
    };
    let before = sizes(&server);
    assert!(before.len() > 10 && before.iter().all(|size| *size < 64 * 1024), "{before:?}");
    let gone: Vec<_> = (0..400).map(|n| Update::Remove(Address::new(Kind::Bucket, format!("b{n}")))).collect();
    send(&server, &mut state, &gone);
    send(&server, &mut state, &(500..800).map(bucket).collect::<Vec<_>>());
    assert!(sizes(&server).len() <= before.len());
}

#[test]
fn one_update_touches_one_page_with_its_own_key_and_the_checksum() {
    let (server, mut state) = written(&[(0..200).map(planned).collect()]);
    let writes = state.change(&[bucket(150)]);
    let [write] = &writes[..] else { panic!("{writes:?}") };
    let keys: Vec<_> = write.properties.keys().collect();
    assert_eq!(keys, ["checksum", "entry bucket.b150", "intent bucket.b150"]);
    assert_eq!(write.properties["intent bucket.b150"], "");
    assert!(server.rows().len() > 3);
}

#[test]
fn a_move_is_one_request() {
    let (_, mut state) = written(&[(0..200).map(bucket).collect()]);
    let Update::Put(from, entry) = bucket(150) else { panic!("a put") };
    let writes = state.change(&[Update::Move(from, Address::new(Kind::Bucket, "a"), entry)]);
    let [write] = &writes[..] else { panic!("{writes:?}") };
    let keys: Vec<_> = write.properties.keys().collect();
    assert_eq!(keys, ["checksum", "entry bucket.a", "entry bucket.b150"]);
}

/// The labels of a ledger with two pages.
fn labels() -> Vec<Row> {
    let (server, state) = written(&[(0..60).map(bucket).collect()]);
    assert_eq!(state.pages.len(), 2);
    server.rows()
}

fn refusal(rows: &[Row]) -> String {
    let error = decode(rows, "iot", "home").unwrap_err();
    let diagnostic = error.diagnostic();
    format!("{}: {}\nhelp: {}", diagnostic.code, diagnostic.message, diagnostic.help.unwrap())
}

/// Makes the checksum right again.
fn sealed(mut row: Row, part: Part, change: impl FnOnce(&mut BTreeMap<String, String>)) -> Row {
    let of = Of { project: "iot", org: "home", seal: None };
    let mut content = part.open(&row, &of, &Trust::Any).unwrap().content;
    change(&mut content);
    row.properties = part.seal(&of, &content);
    row
}

#[test]
fn each_damage_is_refused_with_its_cure() {
    let [page1, page2, head] = &labels()[..] else { panic!("two pages and a head") };
    let mut seen = Vec::new();
    let mut refused = |what: &str, rows: &[Row]| seen.push(format!("## {what}\n{}", refusal(rows)));
    let with = |row: &Row, change: &dyn Fn(&mut Row)| {
        let mut row = row.clone();
        change(&mut row);
        row
    };
    refused("page deleted", &[page1.clone(), head.clone()]);
    refused("head deleted", &[page1.clone(), page2.clone()]);
    let renamed = with(page2, &|row| row.name = "notes".into());
    refused("page renamed", &[page1.clone(), renamed, head.clone()]);
    let renamed = with(head, &|row| row.name = "notes".into());
    refused("head renamed", &[page1.clone(), page2.clone(), renamed]);
    let edited = with(page2, &|row| drop(row.properties.insert("entry bucket.b1".into(), "{}".into())));
    refused("page edited", &[page1.clone(), edited, head.clone()]);
    let newer = with(page2, &|row| drop(row.properties.insert("format".into(), "3".into())));
    refused("newer format", &[page1.clone(), newer, head.clone()]);
    let copy = with(page2, &|row| (row.id, row.name) = ("00000000000000ff".into(), "copy".into()));
    refused("page copied", &[page1.clone(), page2.clone(), head.clone(), copy]);
    let copy = with(head, &|row| (row.id, row.name) = ("00000000000000ff".into(), "copy".into()));
    refused("head copied", &[page1.clone(), page2.clone(), head.clone(), copy]);
    let bare = with(head, &|row| row.properties.clear());
    refused("head stripped", &[page1.clone(), page2.clone(), bare]);
    let entry = page1.properties.iter().find(|(key, _)| is_entry(key)).unwrap();
    let twice = sealed(page2.clone(), Part::Page(2), |content| {
        content.insert(entry.0.clone(), entry.1.clone());
    });
    refused("entry twice", &[page1.clone(), twice, head.clone()]);
    let nonsense = sealed(page2.clone(), Part::Page(2), |content| {
        content.insert("entry bukket.b1".into(), "{}".into());
    });
    refused("no such kind", &[page1.clone(), nonsense, head.clone()]);
    let moved = decode(&[page1.clone(), page2.clone(), head.clone()], "iot", "elsewhere").unwrap_err();
    seen.push(format!("## another org\n{moved}\nhelp: {}", moved.help().unwrap()));
    insta::assert_snapshot!(seen.join("\n\n"));
}

#[test]
fn no_label_of_ours_is_an_empty_ledger() {
    let other = Row { id: "1".into(), name: "production".into(), properties: BTreeMap::new() };
    let (ledger, state) = decode(&[other], "iot", "home").unwrap();
    assert_eq!((ledger, state), (Ledger::default(), State::new("iot", "home")));
}

#[test]
fn a_page_that_no_head_has_listed_does_not_count() {
    let mut rows = labels();
    let properties = Part::Page(3).seal(&Of { project: "iot", org: "home", seal: None }, &BTreeMap::new());
    rows.push(Row { id: "left".into(), name: "fluxform/iot/3".into(), properties });
    let (_, state) = decode(&rows, "iot", "home").unwrap();
    assert_eq!(state.leftovers, ["left"]);
}

#[test]
fn other_projects_own_what_their_pages_list() {
    let mut rows = labels();
    let other = owners(&rows, "other");
    assert_eq!(other.objects.len(), 120, "60 objects and 60 predecessors");
    assert_eq!(other.objects[&(Kind::Bucket, format!("{:016x}", 7))], "iot");
    assert_eq!(owners(&rows, "iot"), Owners::default());
    for (address, org) in [("secret.k", Some("home")), ("secret.early", None), ("bucket.b", Some("home"))] {
        let address: Address = address.parse().unwrap();
        let intent = Intent { org: org.map(str::to_owned), name: "key".to_owned(), ..Intent::default() };
        rows[1].properties.insert(intent_key(&address), text(&intent));
    }
    let about = owners(&rows, "other").about_to_create;
    assert_eq!(
        about,
        BTreeMap::from([((Kind::Secret, "home/key".to_owned()), "iot".to_owned())]),
        "no other one has an ID yet"
    );
    rows[1].properties.insert("format".into(), "3".into());
    assert_eq!(owners(&rows, "other").unreadable, ["fluxform/iot/2"]);
}

#[test]
fn what_older_versions_wrote_of_the_last_run_is_read() {
    let last: LastApply = serde_json::from_str(r#"{"at":"2026-11-23T10:00:00Z"}"#).expect("the oldest form");
    assert_eq!((last.at.as_str(), last.by, last.command), ("2026-11-23T10:00:00Z", None, None));
}
