//! The ledger and the lock on a server: written, read back, damaged by hand, contended for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fluxform::address::Address;
use fluxform::api::{Client, Connect, Writer};
use fluxform::kind::Kind;
use fluxform::ledger::{
    Claim, Entry, Holder, Intent, Journal, JournalError, LastApply, Lease, Ledger, LedgerError, LockError, Lost,
    Origin, Permit, State, ThisMachine, Timing, Trust, Update, acquire, owners, read, read_lock, remove_all, rows,
};
use fluxform::manifest::Lifecycle;
use serde_json::{Value, json};

use crate::cli::fluxform::Fluxform;
use crate::support::{Scene, both};

fn client(scene: &Scene, token: &str) -> Client {
    Connect::new(scene.server.url().parse().unwrap(), Some(token.into())).client().unwrap()
}

fn writer(scene: &Scene) -> Writer {
    Writer::new(client(scene, scene.server.token()))
}

fn address(number: usize) -> Address {
    Address::new(Kind::Bucket, "line \"ä\"").at(format!("{number:03}"))
}

fn entry(number: usize) -> Entry {
    Entry {
        id: format!("{number:016x}"),
        org: Some("home".into()),
        name: format!("line {number} ü\u{7}"),
        created: Some("2026-11-23T21:00:00.123456789Z".into()),
        origin: Origin::Created,
        fields: (0..8).map(|n| (format!("field_{n}"), "=some value".to_owned())).collect(),
        lifecycle: Lifecycle::default(),
        needs: [Address::new(Kind::Org, "acme")].into(),
        secret: None,
        lacks: [].into(),
        predecessors: [].into(),
        succeeded: BTreeMap::new(),
        overlaps: BTreeMap::new(),
        worn: BTreeMap::new(),
    }
}

fn put(number: usize) -> Update {
    Update::Put(address(number), Box::new(entry(number)))
}

fn intents(count: usize) -> BTreeMap<Address, Intent> {
    let intent = |n| Intent { org: None, name: format!("line {n}"), digest: "d".into(), at: 7, ..Intent::default() };
    (0..count).map(|n| (address(n), intent(n))).collect()
}

fn allowed() -> Permit {
    Arc::new(|| Box::pin(async { Ok(()) }))
}

async fn begin(scene: &Scene, count: usize) -> Journal {
    let (_, state) = read(&writer(scene), "iot", &scene.org, &Trust::Any).await.unwrap();
    Journal::begin(writer(scene), state, intents(count), allowed()).await.unwrap()
}

async fn ledger(scene: &Scene) -> Result<Ledger, LedgerError> {
    Ok(read(&writer(scene), "iot", &scene.org, &Trust::Any).await?.0)
}

/// Writes a ledger with 80 entries.
async fn written(scene: &Scene) -> State {
    let journal = begin(scene, 80).await;
    (0..80).for_each(|n| journal.record(put(n)));
    journal.finish(None).await.unwrap()
}

/// ID and properties of a label, read by hand.
async fn label(scene: &Scene, name: &str) -> (String, Value) {
    let all = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    let label = all["labels"].as_array().unwrap().iter().find(|label| label["name"] == name).unwrap();
    (label["id"].as_str().unwrap().to_owned(), label["properties"].clone())
}

async fn patch(scene: &Scene, name: &str, body: Value) {
    let (id, _) = label(scene, name).await;
    scene.http.patch(&format!("labels/{id}"), body).await.expect(200);
}

both!(a_ledger_reads_back_as_it_was_written, async |scene| {
    let journal = begin(&scene, 200).await;
    assert_eq!(ledger(&scene).await.unwrap().intents, intents(200));
    (0..99).for_each(|n| journal.record(put(n)));
    journal.record_and_wait(put(99)).await.unwrap();
    journal.record(Update::Remove(address(7)));
    journal.record(Update::ClearIntent(address(150)));
    let last = LastApply { at: "2026-11-23T21:00:00Z".into(), commit: Some("abc".into()), ..LastApply::default() };
    journal.finish(Some(last.clone())).await.unwrap();

    let want = Ledger {
        found: true,
        last_apply: Some(last),
        entries: (0..100).filter(|n| *n != 7).map(|n| (address(n), entry(n))).collect(),
        intents: intents(200).into_iter().skip(100).filter(|(of, _)| *of != address(150)).collect(),
    };
    let client = client(&scene, scene.server.token());
    let (read_back, state) = read(&client, "iot", &scene.org, &Trust::Any).await.unwrap();
    assert_eq!(read_back, want);
    assert_eq!(client.requests(), 1);
    let all = rows(&client, &scene.org).await.unwrap();
    assert!(all.len() > 3, "a head and several pages");
    assert_eq!(owners(&all, "other").objects.len(), 99);

    remove_all(&writer(&scene), state, &allowed()).await.unwrap();
    assert_eq!(rows(&client, &scene.org).await.unwrap(), []);
    assert_eq!(ledger(&scene).await.unwrap(), Ledger::default());
});

both!(a_page_that_somebody_deleted_is_refused, async |scene| {
    written(&scene).await;
    let (id, _) = label(&scene, "fluxform/iot/1").await;
    scene.http.delete(&format!("labels/{id}")).await.expect(204);
    assert!(matches!(ledger(&scene).await, Err(LedgerError::PageMissing { .. })));
});

both!(a_renamed_page_is_refused_until_it_has_its_name_again, async |scene| {
    written(&scene).await;
    patch(&scene, "fluxform/iot/1", json!({"name": "notes"})).await;
    assert!(matches!(ledger(&scene).await, Err(LedgerError::Renamed { .. })));
    patch(&scene, "notes", json!({"name": "fluxform/iot/1"})).await;
    assert_eq!(ledger(&scene).await.unwrap().entries.len(), 80);
});

both!(an_edited_page_is_refused_and_a_new_color_is_not, async |scene| {
    written(&scene).await;
    patch(&scene, "fluxform/iot/1", json!({"properties": {"color": "#000000", "description": ""}})).await;
    assert_eq!(ledger(&scene).await.unwrap().entries.len(), 80);
    patch(&scene, "fluxform/iot/1", json!({"properties": {format!("entry {}", address(3)): ""}})).await;
    assert!(matches!(ledger(&scene).await, Err(LedgerError::Edited { .. })));
});

both!(a_newer_format_is_refused, async |scene| {
    written(&scene).await;
    patch(&scene, "fluxform/iot", json!({"properties": {"format": "3"}})).await;
    assert!(matches!(ledger(&scene).await, Err(LedgerError::Newer { format: 3, .. })));
});

both!(a_ledger_copied_from_another_org_is_refused, async |scene| {
    written(&scene).await;
    let elsewhere = scene.beside().await;
    for name in ["fluxform/iot", "fluxform/iot/1", "fluxform/iot/2"] {
        let (_, properties) = label(&scene, name).await;
        let body = json!({"orgID": elsewhere.org, "name": name, "properties": properties});
        elsewhere.http.post("labels", body).await.expect(201);
    }
    assert!(matches!(ledger(&elsewhere).await, Err(LedgerError::OtherOrg { .. })));
});

both!(a_token_that_sees_no_labels_starts_no_second_ledger, async |scene| {
    written(&scene).await;
    let blind = scene.token(json!([scene.may("write", "labels")])).await;
    let writer = Writer::new(client(&scene, &blind.token));
    let (seen, state) = read(&writer, "iot", &scene.org, &Trust::Any).await.unwrap();
    assert!(!seen.found);
    let begun = Journal::begin(writer, state, intents(1), allowed()).await;
    assert!(matches!(begun, Err(JournalError::Ledger(LedgerError::Hidden { .. }))));
    assert_eq!(ledger(&scene).await.unwrap().entries.len(), 80);
});

fn claim(scene: &Scene, wait: u64) -> Claim {
    let timing = Timing { poll: Duration::from_millis(20), ..Timing::default() };
    let run = Some("https://ci/7".to_owned());
    Claim { project: "iot".into(), org: scene.org.clone(), run, wait: Duration::from_secs(wait), timing }
}

async fn take(scene: &Scene, claim: &Claim) -> Result<(Lease, Vec<String>), LockError> {
    let mut waited = Vec::new();
    let mut waiting = |holder: &Holder| waited.push(holder.to_string());
    let lease = acquire(&writer(scene), Arc::new(ThisMachine), claim, &mut waiting).await?;
    Ok((lease, waited))
}

both!(a_plan_says_that_another_run_is_changing_the_project, async |scene| {
    let (lease, _) = take(&scene, &claim(&scene, 0)).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.toml"), "[project]\nname = \"iot\"\n\n[label.l]\n").unwrap();
    let plan = Fluxform::new(&["plan"])
        .var("INFLUX_HOST", scene.server.url())
        .var("INFLUX_TOKEN", scene.server.token())
        .var("INFLUX_ORG", &scene.org_name)
        .arg(dir.path())
        .run()
        .with(0);
    assert!(plan.err.contains("another run is changing this project right now"), "{}", plan.err);
    lease.release().await.unwrap();
});

both!(the_second_waits_until_the_first_is_done, async |scene| {
    let (first, _) = take(&scene, &claim(&scene, 0)).await.unwrap();
    assert!(matches!(take(&scene, &claim(&scene, 0)).await, Err(LockError::Held(_))));
    first.check(Duration::from_secs(25)).unwrap();
    let (told, held) = tokio::sync::oneshot::channel();
    let (writer, claim) = (writer(&scene), claim(&scene, 60));
    let mut told = Some(told);
    let mut waiting = |holder: &Holder| {
        told.take().unwrap().send(holder.to_string()).unwrap();
    };
    let (second, holder) = tokio::join!(acquire(&writer, Arc::new(ThisMachine), &claim, &mut waiting), async {
        let holder = held.await.unwrap();
        first.release().await.unwrap();
        holder
    });
    assert!(holder.contains(&format!("pid {} (https://ci/7)", std::process::id())), "{holder}");
    second.unwrap().release().await.unwrap();
    assert_eq!(rows(&writer, &scene.org).await.unwrap(), []);
});

/// A lock that somebody left behind, written by hand.
async fn left_behind(scene: &Scene, properties: Value) -> String {
    let body = json!({"orgID": scene.org, "name": "fluxform/iot/lock", "properties": properties});
    scene.http.post("labels", body).await.expect(201)["label"]["id"].as_str().unwrap().to_owned()
}

both!(an_expired_lock_is_taken_over_and_one_that_runs_is_not, async |scene| {
    let id = left_behind(
        &scene,
        json!({"fluxform": "lock", "expires": "1700000000", "nonce": "x", "holder": "old@host pid 1"}),
    )
    .await;
    let (lease, waited) = take(&scene, &claim(&scene, 0)).await.unwrap();
    assert_eq!(waited, [""; 0]);
    let held = read_lock(&rows(&writer(&scene), &scene.org).await.unwrap(), "iot").unwrap();
    assert_ne!(held.id, id);
    lease.release().await.unwrap();
    left_behind(&scene, json!({"fluxform": "lock", "expires": "9000000000", "nonce": "x", "holder": "new@host pid 1"}))
        .await;
    let held = take(&scene, &claim(&scene, 0)).await.unwrap_err();
    assert_eq!(held.to_string(), "the project is locked by new@host pid 1");
});

both!(a_lock_whose_process_has_died_is_taken_over_at_once, async |scene| {
    let (lease, _) = take(&scene, &claim(&scene, 0)).await.unwrap();
    let (id, mut properties) = label(&scene, "fluxform/iot/lock").await;
    drop(lease);
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    properties["pid"] = json!(child.id().to_string());
    scene.http.patch(&format!("labels/{id}"), json!({"properties": properties})).await.expect(200);
    take(&scene, &claim(&scene, 0)).await.unwrap();
});

both!(a_lock_that_somebody_deleted_is_lost, async |scene| {
    let claim = claim(&scene, 0);
    let claim = Claim { timing: Timing { renew: Duration::from_millis(10), ..claim.timing }, ..claim };
    let (lease, _) = take(&scene, &claim).await.unwrap();
    let (id, _) = label(&scene, "fluxform/iot/lock").await;
    lease.check(Duration::from_secs(25)).unwrap();
    scene.http.delete(&format!("labels/{id}")).await.expect(204);
    while lease.check(Duration::from_secs(25)).is_ok() {
        scene.http.get("me").await.expect(200);
    }
    assert_eq!(lease.check(Duration::from_secs(25)), Err(Lost::Taken));
});

both!(a_run_whose_lock_was_deleted_notices_before_it_writes_to_the_ledger, async |scene| {
    let (lease, _) = take(&scene, &claim(&scene, 0)).await.unwrap();
    let permit = lease.permit(Duration::from_secs(25));
    permit().await.unwrap();
    let (id, _) = label(&scene, "fluxform/iot/lock").await;
    scene.http.delete(&format!("labels/{id}")).await.expect(204);
    assert_eq!(permit().await, Err(Lost::Taken));
});
