//! The lock: each step, and a model of many contenders that freeze at any moment.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::{Instant, sleep_until};

use super::super::fake::{Dice, Fake, Fault, error};
use super::super::labels::Row;
use super::super::machine::Process;
use super::super::{Journal, JournalError, LastApply, State, read_lock};
use super::*;

const TIMEOUT: Duration = Duration::from_secs(25);
const SECOND: Duration = Duration::from_secs(1);

/// A machine whose clock is the test's, from an own beginning.
#[derive(Debug)]
struct Host {
    start: Instant,
    offset: Duration,
    dice: Dice,
    process: Option<Process>,
    gone: Mutex<Vec<Process>>,
}

impl Host {
    fn new(dice: &Dice) -> Self {
        let offset = dice.below(SECOND * 1000);
        Self { start: Instant::now(), offset, dice: dice.clone(), process: None, gone: Mutex::default() }
    }
}

impl Machine for Host {
    fn boottime(&self) -> Duration {
        self.offset + self.start.elapsed()
    }

    fn random(&self) -> u64 {
        self.dice.next()
    }

    fn process(&self) -> Option<Process> {
        self.process.clone()
    }

    fn is_gone(&self, process: &Process) -> bool {
        self.gone.lock().unwrap().contains(process)
    }
}

/// One process as the server sees it: it freezes, its requests take time and get lost.
#[derive(Clone, Debug)]
struct Shaky {
    server: Fake,
    dice: Dice,
    thaw: Arc<Mutex<Instant>>,
    date: Arc<AtomicU64>,
}

impl Shaky {
    fn new(server: &Fake, dice: &Dice) -> Self {
        let (thaw, date) = (Arc::new(Mutex::new(Instant::now())), Arc::default());
        Self { server: server.clone(), dice: dice.clone(), thaw, date }
    }

    /// A moment in which this process may freeze, and waits while it is frozen.
    async fn moment(&self) {
        if self.dice.next().is_multiple_of(12) {
            let freeze = self.dice.below(SECOND * 150);
            let mut thaw = self.thaw.lock().unwrap();
            *thaw = (*thaw).max(Instant::now() + freeze);
        }
        loop {
            let thaw = *self.thaw.lock().unwrap();
            if thaw <= Instant::now() {
                return;
            }
            sleep_until(thaw).await;
        }
    }

    /// The way of a request, or of a reply: sometimes very long.
    async fn travel(&self) {
        let most = if self.dice.next().is_multiple_of(8) { SECOND * 60 } else { SECOND };
        sleep(self.dice.below(most)).await;
    }

    async fn request<T>(&self, work: impl FnOnce() -> Result<T, ApiError>) -> Result<T, ApiError> {
        self.moment().await;
        if self.dice.next().is_multiple_of(25) {
            return Err(error(Class::Unavailable, true));
        }
        self.travel().await;
        let done = work();
        let date = self.server.date();
        self.travel().await;
        self.moment().await;
        if self.dice.next().is_multiple_of(25) {
            return Err(error(Class::Unavailable, true));
        }
        self.date.fetch_max(date, Ordering::Relaxed);
        done
    }
}

impl Labels for Shaky {
    async fn named(&self, _: &str, name: &str) -> Result<Vec<Row>, ApiError> {
        self.request(|| Ok(self.server.find(name))).await
    }

    async fn exists(&self, id: &str) -> Result<bool, ApiError> {
        self.request(|| Ok(self.server.world(|world| world.rows.iter().any(|row| row.id == id)))).await
    }

    async fn create(&self, _: &str, name: &str, properties: &BTreeMap<String, String>) -> Result<String, ApiError> {
        self.request(|| self.server.post(name, properties)).await
    }

    async fn patch(&self, id: &str, properties: &BTreeMap<String, String>) -> Result<(), ApiError> {
        self.request(|| self.server.merge(id, properties)).await
    }

    async fn delete(&self, id: &str) -> Result<(), ApiError> {
        self.request(|| self.server.remove(id)).await
    }

    fn server_time(&self) -> Option<u64> {
        Some(self.date.load(Ordering::Relaxed))
    }

    fn clock_jump(&self) -> Option<Jump> {
        None
    }
}

fn claim(wait: Duration) -> Claim {
    Claim { project: "iot".into(), org: "home".into(), run: None, wait, timing: Timing::default() }
}

/// What the guarded thing has seen.
#[derive(Debug, Default)]
struct Guarded {
    holder: u64,
    acquired: usize,
    writes: usize,
    violations: usize,
}

async fn contend(labels: Shaky, guarded: Arc<Mutex<Guarded>>, until: Instant, request: Duration) {
    let host: Arc<dyn Machine> = Arc::new(Host::new(&labels.dice));
    while Instant::now() < until {
        let Ok(lease) = acquire(&labels, host.clone(), &claim(SECOND * 300), &mut |_| {}).await else { continue };
        let me = {
            let mut guarded = guarded.lock().unwrap();
            guarded.holder += 1;
            guarded.acquired += 1;
            guarded.holder
        };
        for _ in 0..labels.dice.next() % 12 {
            labels.moment().await;
            sleep(labels.dice.below(SECOND * 8)).await;
            labels.moment().await;
            if lease.check(request).is_err() {
                break;
            }
            // The request is on its way: it lands within its timeout, whether we freeze or not.
            sleep(labels.dice.below(request)).await;
            let mut guarded = guarded.lock().unwrap();
            guarded.writes += 1;
            guarded.violations += usize::from(guarded.holder != me);
        }
        if !labels.dice.next().is_multiple_of(4) {
            let _ = lease.release().await;
        }
        sleep(labels.dice.below(SECOND * 5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_two_holders_write_however_they_freeze() {
    for seed in 0..12_u64 {
        let request = if seed % 2 == 0 { TIMEOUT } else { SECOND * 3 };
        let (server, guarded) = (Fake::new(), Arc::new(Mutex::new(Guarded::default())));
        let until = Instant::now() + SECOND * 3600 * 6;
        let contender =
            |n: u64| contend(Shaky::new(&server, &Dice::new(seed * 100 + n)), guarded.clone(), until, request);
        futures::future::join_all((0..8).map(contender)).await;
        let guarded = guarded.lock().unwrap();
        assert_eq!(guarded.violations, 0, "{guarded:?} with seed {seed}");
        assert!(guarded.acquired > 100 && guarded.writes > 100, "{guarded:?}");
    }
}

async fn take(server: &Fake, host: Host, wait: Duration) -> Result<(Lease, Vec<String>), LockError> {
    let mut waited = Vec::new();
    let mut waiting = |holder: &Holder| waited.push(holder.nonce.clone());
    let lease = acquire(server, Arc::new(host), &claim(wait), &mut waiting).await?;
    Ok((lease, waited))
}

fn host(seed: u64) -> Host {
    Host::new(&Dice::new(seed))
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_until_it_is_released() {
    let server = Fake::new();
    let (lease, waited) = take(&server, host(1), Duration::ZERO).await.unwrap();
    let first = read_lock(&server.rows(), "iot").unwrap();
    sleep(SECOND * 600).await;
    assert_eq!(lease.check(TIMEOUT), Ok(()));
    let renewed = read_lock(&server.rows(), "iot").unwrap();
    assert_eq!((&renewed.id, &renewed.nonce), (&first.id, &first.nonce));
    assert!(renewed.expires.unwrap() >= first.expires.unwrap() + 580);
    lease.release().await.unwrap();
    assert_eq!((server.rows(), waited.len()), (Vec::new(), 0));
}

#[tokio::test(start_paused = true)]
async fn the_second_waits_for_the_first_and_says_so_once() {
    let server = Fake::new();
    let (lease, _) = take(&server, host(1), Duration::ZERO).await.unwrap();
    let nonce = read_lock(&server.rows(), "iot").unwrap().nonce;
    let (second, ()) = tokio::join!(take(&server, host(2), SECOND * 90), async {
        sleep(SECOND * 30).await;
        lease.release().await.unwrap();
    });
    let (second, waited) = second.unwrap();
    assert_eq!(waited, [nonce]);
    second.check(TIMEOUT).unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_is_told_who_holds_it() {
    let server = Fake::new();
    let (_lease, _) = take(&server, host(1), Duration::ZERO).await.unwrap();
    for wait in [Duration::ZERO, SECOND * 90] {
        let error = take(&server, host(2), wait).await.unwrap_err();
        assert!(matches!(&error, LockError::Held(holder) if holder.who.contains("pid")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_nobody_renews_is_taken_over_after_its_end() {
    let server = Fake::new();
    let (lease, _) = take(&server, host(1), Duration::ZERO).await.unwrap();
    drop(lease);
    let start = Instant::now();
    let (second, _) = take(&server, host(2), SECOND * 90).await.unwrap();
    assert!(start.elapsed() > SECOND * 65, "{:?}", start.elapsed());
    second.check(TIMEOUT).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_dead_process_of_this_machine_is_taken_over_at_once() {
    let server = Fake::new();
    let dead = Process { boot: "b".into(), namespace: "n".into(), pid: 7, started: 9 };
    let (lease, _) = take(&server, Host { process: Some(dead.clone()), ..host(1) }, Duration::ZERO).await.unwrap();
    drop(lease);
    take(&server, host(2), Duration::ZERO).await.unwrap_err();
    take(&server, Host { gone: Mutex::new(vec![dead]), ..host(3) }, Duration::ZERO).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_was_deleted_is_lost() {
    let server = Fake::new();
    let (lease, _) = take(&server, host(1), Duration::ZERO).await.unwrap();
    server.remove(&read_lock(&server.rows(), "iot").unwrap().id).unwrap();
    let (_other, _) = take(&server, host(2), Duration::ZERO).await.unwrap();
    sleep(SECOND * 21).await;
    assert_eq!(lease.check(TIMEOUT), Err(Lost::Taken));
    lease.release().await.unwrap();
    assert!(read_lock(&server.rows(), "iot").is_some(), "the other's lock stays");
}

/// Somebody takes the lock away, and another run takes it, long before it would be renewed.
#[tokio::test(start_paused = true)]
async fn a_run_whose_lock_was_released_writes_nothing_more() {
    let server = Fake::new();
    let (lease, _) = take(&server, host(1), Duration::ZERO).await.unwrap();
    let (permit, gate) = (lease.permit(TIMEOUT), lease.gate(TIMEOUT));
    permit().await.unwrap();
    gate().await.unwrap();
    let journal = Journal::begin(server.clone(), State::new("iot", "home"), BTreeMap::new(), permit).await.unwrap();
    server.remove(&read_lock(&server.rows(), "iot").unwrap().id).unwrap();
    let (_other, _) = take(&server, host(2), Duration::ZERO).await.unwrap();
    server.log();
    assert_eq!(gate().await, Ok(()), "the lock was seen a moment ago");
    sleep(SECOND).await;
    assert_eq!(gate().await, Err(Lost::Taken.to_string()));
    let error = journal.finish(Some(LastApply::default())).await.unwrap_err();
    assert!(matches!(error, JournalError::Lost(Lost::Taken)), "{error}");
    assert_eq!(server.log(), [""; 0]);
    lease.release().await.unwrap();
    assert!(read_lock(&server.rows(), "iot").is_some(), "the other's lock stays");
}

/// What is looked at a moment ago is not looked at again, except for the ledger.
#[tokio::test(start_paused = true)]
async fn each_write_to_the_ledger_looks_for_the_lock_right_before() {
    let server = Fake::new();
    let (lease, _) = take(&server, host(1), Duration::ZERO).await.unwrap();
    let permit = lease.permit(TIMEOUT);
    permit().await.unwrap();
    server.remove(&read_lock(&server.rows(), "iot").unwrap().id).unwrap();
    assert_eq!(permit().await, Err(Lost::Taken));
}

#[tokio::test(start_paused = true)]
async fn a_lock_whose_reply_was_lost_is_ours() {
    let server = Fake::new();
    server.world(|world| world.faults.push_back(Some(Fault::LostReply)));
    let (lease, waited) = take(&server, host(1), SECOND * 5).await.unwrap();
    lease.check(TIMEOUT).unwrap();
    assert_eq!(waited, [""; 0]);
    assert_eq!(server.log(), ["POST fluxform/iot/lock"]);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_is_sent_again_in_time() {
    let server = Fake::new();
    let (lease, _) = take(&server, host(1), Duration::ZERO).await.unwrap();
    server.world(|world| world.faults.push_back(Some(Fault::Slow(SECOND * 45))));
    sleep(SECOND * 29).await;
    assert_eq!(lease.check(TIMEOUT), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_lease_ends_when_no_renewal_comes_back_before_its_deadline() {
    let server = Fake::new();
    let (lease, _) = take(&server, host(1), Duration::ZERO).await.unwrap();
    server.world(|world| world.faults = [Some(Fault::Slow(SECOND * 45)); 10].into());
    sleep(SECOND * 70).await;
    assert_eq!(lease.check(TIMEOUT), Err(Lost::Expired));
    assert_eq!(lease.check(Duration::ZERO), Err(Lost::Expired));
}

/// A lock's label that nobody renews, with this for its end.
fn abandoned(server: &Fake, expires: &str) -> String {
    let mut properties = Holder::properties("iot", "somebody@far pid 7", None, "n0nce", None);
    properties.insert(EXPIRES.to_owned(), expires.to_owned());
    server.post("fluxform/iot/lock", &properties).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_lock_whose_end_makes_no_sense_is_taken_over_once_it_was_watched_for_a_lease() {
    let far = (u64::MAX - 3).to_string();
    for end in [&u64::MAX.to_string(), &far, "99999999999", "18446744073709551616", "-1", "soon", ""] {
        let server = Fake::new();
        abandoned(&server, end);
        let error = take(&server, host(2), SECOND * 60).await.unwrap_err();
        assert!(matches!(&error, LockError::Held(holder) if holder.who.contains("far")), "{end}: {error}");
        let start = Instant::now();
        let (lease, _) = take(&server, host(3), SECOND * 90).await.unwrap();
        assert!(start.elapsed() > SECOND * 65, "{end}: {:?}", start.elapsed());
        lease.check(TIMEOUT).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_changes_has_a_holder_whatever_the_servers_clock_shows() {
    let server = Fake::new();
    let id = abandoned(&server, "99999999999");
    let (taken, ()) = tokio::join!(take(&server, host(2), SECOND * 600), async {
        for n in 0..9 {
            sleep(SECOND * 60).await;
            let expires = format!("9999999999{n}");
            server.merge(&id, &[(EXPIRES.to_owned(), expires)].into()).unwrap();
        }
    });
    let error = taken.unwrap_err();
    assert!(matches!(error, LockError::Held(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_label_with_just_the_name_of_a_lock_is_left_alone() {
    let server = Fake::new();
    let properties = [(EXPIRES.to_owned(), "1".to_owned())].into();
    server.post("Fluxform/iot/lock", &properties).unwrap();
    let error = take(&server, host(2), SECOND * 600).await.unwrap_err();
    assert!(matches!(error, LockError::Held(_)), "{error}");
    assert_eq!(server.log(), ["POST Fluxform/iot/lock"]);
}

#[tokio::test(start_paused = true)]
async fn no_lease_is_taken_by_a_clock_that_jumps_and_one_that_is_held_goes_on() {
    let server = Fake::new();
    let (lease, _) = take(&server, host(1), Duration::ZERO).await.unwrap();
    server.world(|world| world.jump = Some(Jump { expected: 1_700_000_000_000, heard: 253_399_708_799_000 }));
    sleep(SECOND * 600).await;
    assert_eq!(lease.check(TIMEOUT), Ok(()));
    let error = take(&server, host(2), Duration::ZERO).await.unwrap_err();
    let words = "one says 9999-12-01T23:59:59Z, but it should be 2023-11-14T22:13:20Z";
    assert!(error.to_string().contains(words), "{error}");
    lease.release().await.unwrap();
    assert_eq!(server.rows(), []);
}
