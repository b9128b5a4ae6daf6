//! What the journal writes, when, and what it does when it cannot.

use super::super::fake::{Fake, Fault};
use super::super::{Entry, Trust, decode};
use super::*;
use crate::kind::Kind;
use futures::future::join_all;
use std::sync::atomic::{AtomicBool, Ordering};

fn address(number: usize) -> Address {
    Address::new(Kind::Token, format!("t{number:03}"))
}

fn put(number: usize) -> Update {
    let entry = Entry::blank(format!("{number:016x}"), format!("token {number}"));
    Update::Put(address(number), Box::new(entry))
}

fn intents(count: usize) -> BTreeMap<Address, Intent> {
    let intent = |n| Intent { org: None, name: format!("{n}"), digest: "d".into(), at: 0, ..Intent::default() };
    (0..count).map(|n| (address(n), intent(n))).collect()
}

fn allowed() -> Permit {
    Arc::new(|| Box::pin(async { Ok(()) }))
}

fn last() -> Option<LastApply> {
    Some(LastApply { at: "2026-11-23T21:00:00Z".into(), commit: Some("abc".into()), ..LastApply::default() })
}

async fn begin(server: &Fake, count: usize) -> Journal {
    let (_, state) = decode(&server.rows(), "iot", "home", &Trust::Any).unwrap();
    Journal::begin(server.clone(), state, intents(count), allowed()).await.unwrap()
}

fn ledger(server: &Fake) -> super::super::Ledger {
    decode(&server.rows(), "iot", "home", &Trust::Any).unwrap().0
}

#[tokio::test(start_paused = true)]
async fn the_first_run_makes_head_then_pages_then_lists_them() {
    let server = Fake::new();
    let journal = begin(&server, 100).await;
    assert_eq!(server.log(), ["POST fluxform/iot", "POST fluxform/iot/1", "POST fluxform/iot/2", "PATCH fluxform/iot"]);
    assert_eq!(ledger(&server).intents, intents(100));
    journal.finish(last()).await.unwrap();
    assert_eq!(server.log(), ["PATCH fluxform/iot"]);
    assert_eq!(ledger(&server).last_apply, last());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_creates_nothing_writes_no_intents() {
    let server = Fake::new();
    begin(&server, 3).await.finish(None).await.unwrap();
    server.log();
    begin(&server, 0).await.finish(None).await.unwrap();
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_write_starts_with_ten_updates_or_50_ms_after_the_first_or_when_idle() {
    let server = Fake::new();
    let journal = begin(&server, 30).await;
    server.log();
    let settle = |ms| tokio::time::sleep(Duration::from_millis(ms));
    (0..10).for_each(|n| journal.record(put(n)));
    settle(1).await;
    assert_eq!(server.log(), ["PATCH fluxform/iot/1"], "ten");
    journal.record(put(10));
    settle(30).await;
    journal.record(put(11));
    settle(15).await;
    assert_eq!(server.log(), [""; 0], "too early");
    settle(10).await;
    assert_eq!(server.log(), ["PATCH fluxform/iot/1"], "50 ms after the first");
    journal.record(put(12));
    journal.idle();
    settle(1).await;
    assert_eq!(server.log(), ["PATCH fluxform/iot/1"], "idle");
    assert_eq!(ledger(&server).entries.len(), 13);
}

#[tokio::test(start_paused = true)]
async fn what_comes_in_during_a_write_goes_in_the_next() {
    let server = Fake::new();
    let journal = begin(&server, 30).await;
    server.log();
    server.world(|world| world.faults.push_back(Some(Fault::Slow(Duration::from_secs(1)))));
    let (first, rest) = tokio::join!(journal.record_and_wait(put(0)), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(ledger(&server).entries.is_empty());
        join_all((1..30).map(|n| journal.record_and_wait(put(n)))).await
    });
    first.unwrap();
    rest.into_iter().for_each(|written| written.unwrap());
    assert_eq!(server.log(), ["PATCH fluxform/iot/1"; 2]);
    assert_eq!(ledger(&server).entries.len(), 30);
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_answered_when_the_server_has_it() {
    let server = Fake::new();
    let journal = begin(&server, 3).await;
    journal.record_and_wait(put(1)).await.unwrap();
    let ledger = ledger(&server);
    assert!(ledger.entries.contains_key(&address(1)) && !ledger.intents.contains_key(&address(1)));
}

#[tokio::test(start_paused = true)]
async fn a_failed_write_stops_all_that_follow() {
    let server = Fake::new();
    let journal = begin(&server, 3).await;
    server.world(|world| world.faults.push_back(Some(Fault::Denied)));
    assert!(journal.failed().is_none());
    assert!(journal.record_and_wait(put(1)).await.is_err());
    assert!(journal.failed().is_some());
    assert!(journal.record_and_wait(put(2)).await.is_err());
    assert!(journal.finish(last()).await.is_err());
    let ledger = ledger(&server);
    assert!(ledger.entries.is_empty() && ledger.last_apply.is_none());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_after_the_lease_is_lost() {
    let server = Fake::new();
    let held = Arc::new(AtomicBool::new(true));
    let permit: Permit = {
        let held = held.clone();
        Arc::new(move || {
            let held = held.load(Ordering::Relaxed);
            Box::pin(async move { if held { Ok(()) } else { Err(Lost::Expired) } })
        })
    };
    let journal = Journal::begin(server.clone(), State::new("iot", "home"), intents(3), permit).await.unwrap();
    server.log();
    held.store(false, Ordering::Relaxed);
    assert!(matches!(journal.record_and_wait(put(1)).await, Err(JournalError::Lost(Lost::Expired))));
    assert!(journal.finish(last()).await.is_err());
    assert_eq!(server.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_label_whose_reply_or_request_was_lost_is_made_once() {
    for fault in [Fault::LostReply, Fault::LostRequest] {
        for nth in 0..2 {
            let server = Fake::new();
            server.world(|world| world.faults = (0..nth).map(|_| None).chain([Some(fault)]).collect());
            begin(&server, 3).await.finish(None).await.unwrap();
            assert_eq!(ledger(&server).intents, intents(3), "{fault:?} {nth}");
            assert_eq!(server.rows().len(), 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_the_token_does_not_see_is_no_first_run() {
    let server = Fake::new();
    begin(&server, 3).await.finish(None).await.unwrap();
    let blind = Journal::begin(server.clone(), State::new("iot", "home"), intents(1), allowed()).await;
    assert!(matches!(blind, Err(JournalError::Ledger(LedgerError::Hidden { .. }))));
    assert_eq!(ledger(&server).intents, intents(3));
}

/// A crash after any number of requests leaves a ledger that the next run can read, and goes on from.
#[tokio::test(start_paused = true)]
async fn a_crash_between_any_two_requests_leaves_a_readable_ledger() {
    for survive in 0..8 {
        let server = Fake::new();
        server.world(|world| world.faults = (0..survive).map(|_| None).chain([Some(Fault::Denied)]).collect());
        if let Ok(journal) = Journal::begin(server.clone(), State::new("iot", "home"), intents(100), allowed()).await
            && journal.record_and_wait(put(1)).await.is_ok()
            && let Ok(state) = journal.finish(last()).await
        {
            let _ = remove_all(&server, state, &allowed()).await;
        }
        server.world(|world| world.faults.clear());
        let journal = begin(&server, 100).await;
        journal.record_and_wait(put(2)).await.unwrap();
        let state = journal.finish(None).await.unwrap();
        assert!(ledger(&server).entries.contains_key(&address(2)), "{survive}");
        remove_all(&server, state, &allowed()).await.unwrap();
        assert_eq!(server.rows(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_any_two_deletes_can_be_finished() {
    for survive in 0..5 {
        let server = Fake::new();
        let state = begin(&server, 100).await.finish(last()).await.unwrap();
        server.world(|world| world.faults = (0..survive).map(|_| None).chain([Some(Fault::Denied)]).collect());
        let done = remove_all(&server, state, &allowed()).await;
        assert_eq!(done.is_ok(), survive == 4);
        server.world(|world| world.faults.clear());
        let (_, state) = decode(&server.rows(), "iot", "home", &Trust::Any).unwrap();
        remove_all(&server, state, &allowed()).await.unwrap();
        assert_eq!(server.rows(), [], "{survive}");
    }
}
