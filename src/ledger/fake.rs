//! A server in memory that has nothing but labels, and chance that can be repeated.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::labels::{Labels, Row};
use crate::api::{ApiError, Class, Jump};

/// What happens to a request that changes something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// It is done and its reply is lost.
    LostReply,
    /// It never arrives.
    LostRequest,
    /// It takes so long.
    Slow(Duration),
    /// It is denied.
    Denied,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) rows: Vec<Row>,
    made: u64,
    /// Method and name of each change that was done.
    pub(super) log: Vec<String>,
    /// What happens to the next requests that change something.
    pub(super) faults: VecDeque<Option<Fault>>,
    /// Where its clock is said to have jumped.
    pub(super) jump: Option<Jump>,
    /// All labels as they were after each change, if they are to be kept.
    pub(super) history: Option<Vec<Vec<Row>>>,
}

impl World {
    /// A change was done.
    fn changed(&mut self, what: String) {
        self.log.push(what);
        let rows = &self.rows;
        if let Some(history) = &mut self.history {
            history.push(rows.clone());
        }
    }
}

/// The server.
#[derive(Clone, Debug)]
pub(super) struct Fake {
    world: Arc<Mutex<World>>,
    start: Instant,
}

/// An error of a request.
pub(super) fn error(class: Class, maybe_done: bool) -> ApiError {
    let path = "/api/v2/labels".to_owned();
    ApiError { class, method: "POST", path, status: None, message: format!("{class:?}"), maybe_done }
}

impl Fake {
    pub(super) fn new() -> Self {
        let world =
            World { rows: Vec::new(), made: 0, log: Vec::new(), faults: VecDeque::new(), jump: None, history: None };
        Self { world: Arc::new(Mutex::new(world)), start: Instant::now() }
    }

    pub(super) fn world<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        with(&mut self.world.lock().unwrap())
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.world(|world| world.rows.clone())
    }

    /// What was changed since the last time.
    pub(super) fn log(&self) -> Vec<String> {
        self.world(|world| std::mem::take(&mut world.log))
    }

    /// The `Date` of a reply sent now.
    pub(super) fn date(&self) -> u64 {
        1_700_000_000_000 + self.start.elapsed().as_secs() * 1000
    }

    pub(super) fn post(&self, name: &str, properties: &BTreeMap<String, String>) -> Result<String, ApiError> {
        self.world(|world| {
            if world.rows.iter().any(|row| row.name.eq_ignore_ascii_case(name)) {
                return Err(error(Class::Conflict, false));
            }
            world.made += 1;
            let id = format!("{:016x}", world.made);
            world.rows.push(Row { id: id.clone(), name: name.to_owned(), properties: properties.clone() });
            world.changed(format!("POST {name}"));
            Ok(id)
        })
    }

    pub(super) fn merge(&self, id: &str, properties: &BTreeMap<String, String>) -> Result<(), ApiError> {
        self.world(|world| {
            let row = world.rows.iter_mut().find(|row| row.id == id).ok_or_else(|| error(Class::NotFound, false))?;
            row.properties.extend(properties.clone());
            row.properties.retain(|_, value| !value.is_empty());
            let name = row.name.clone();
            world.changed(format!("PATCH {name}"));
            Ok(())
        })
    }

    pub(super) fn remove(&self, id: &str) -> Result<(), ApiError> {
        self.world(|world| {
            let at = world.rows.iter().position(|row| row.id == id).ok_or_else(|| error(Class::NotFound, false))?;
            let row = world.rows.remove(at);
            world.changed(format!("DELETE {}", row.name));
            Ok(())
        })
    }

    pub(super) fn find(&self, name: &str) -> Vec<Row> {
        self.world(|world| world.rows.iter().filter(|row| row.name.eq_ignore_ascii_case(name)).cloned().collect())
    }

    /// Does a change as the next fault has it.
    async fn with_fault<T>(&self, change: impl FnOnce() -> Result<T, ApiError>) -> Result<T, ApiError> {
        tokio::task::yield_now().await;
        match self.world(|world| world.faults.pop_front()).flatten() {
            None => change(),
            Some(Fault::LostReply) => change().and(Err(error(Class::Unavailable, true))),
            Some(Fault::LostRequest) => Err(error(Class::Unavailable, true)),
            Some(Fault::Denied) => Err(error(Class::Denied, false)),
            Some(Fault::Slow(time)) => {
                tokio::time::sleep(time).await;
                change()
            }
        }
    }
}

impl Labels for Fake {
    async fn named(&self, _: &str, name: &str) -> Result<Vec<Row>, ApiError> {
        tokio::task::yield_now().await;
        Ok(self.find(name))
    }

    async fn exists(&self, id: &str) -> Result<bool, ApiError> {
        tokio::task::yield_now().await;
        Ok(self.world(|world| world.rows.iter().any(|row| row.id == id)))
    }

    async fn create(&self, _: &str, name: &str, properties: &BTreeMap<String, String>) -> Result<String, ApiError> {
        self.with_fault(|| self.post(name, properties)).await
    }

    async fn patch(&self, id: &str, properties: &BTreeMap<String, String>) -> Result<(), ApiError> {
        self.with_fault(|| self.merge(id, properties)).await
    }

    async fn delete(&self, id: &str) -> Result<(), ApiError> {
        self.with_fault(|| self.remove(id)).await
    }

    fn server_time(&self) -> Option<u64> {
        Some(self.date())
    }

    fn clock_jump(&self) -> Option<Jump> {
        self.world(|world| world.jump)
    }
}

/// Chance that can be repeated (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(Arc<Mutex<u64>>);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(seed)))
    }

    pub(super) fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mix = *state;
        mix = (mix ^ (mix >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mix = (mix ^ (mix >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mix ^ (mix >> 31)
    }

    /// A length of time below `most`.
    pub(super) fn below(&self, most: Duration) -> Duration {
        Duration::from_micros(self.next() % u64::try_from(most.as_micros()).unwrap().max(1))
    }
}
