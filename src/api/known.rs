//! The IDs that a run has met. What a request makes has a new one: a reply that names an object that was there before, or
//! one that the server cannot just have made, is not about what was asked for.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;

use super::{ApiError, Class};
use crate::snowflake::{created_ms, is_id, shown};

/// How much older than the run's own lock an ID may seem that is new: the server's clock is set right now and then.
const SLACK_MS: u64 = 300_000;

/// A row that tells what a request has made.
pub(crate) trait Identified {
    /// Whether IDs of the kind hold the time when they were given out.
    const TIMED: bool;

    /// The new object's ID.
    fn id(&self) -> &str;
}

/// The IDs that a run has met: by collection, as each service of influxd hands out IDs of its own, and two of them may hand out one
/// ID in the same millisecond (2.9.1, seen with a token and a user), and by number.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<String, HashSet<u64>>>);

impl Known {
    /// There is an object with this ID in the collection at `path`. Whether that is new.
    pub(super) fn add(&self, path: &str, id: &str) -> bool {
        let number = is_id(id).then(|| u64::from_str_radix(id, 16).ok()).flatten();
        self.within(path, |known| number.is_none_or(|number| known.insert(number)))
    }

    /// There are objects with these IDs in the collection at `path`.
    pub(super) fn extend(&self, path: &str, ids: impl IntoIterator<Item = u64>) {
        self.within(path, |known| known.extend(ids));
    }

    fn within<T>(&self, path: &str, change: impl FnOnce(&mut HashSet<u64>) -> T) -> T {
        let mut known = self.0.lock().expect("invariant: nobody panics while holding the IDs");
        if !known.contains_key(path) {
            known.insert(path.to_owned(), HashSet::new());
        }
        change(known.get_mut(path).expect("invariant: put there above"))
    }

    /// Takes in the ID of what `path` has just made; `since` is an ID that was given out before the request was sent.
    pub(super) fn admit<T: Identified>(&self, path: &str, row: &T, since: Option<&str>) -> Result<(), ApiError> {
        let id = row.id();
        let shown = shown(id);
        let refused = |why: &str| ApiError {
            class: Class::NotOurs,
            maybe_done: true,
            ..ApiError::unexpected("POST", path, format!("the reply names `{shown}` as the new object's ID, {why}"))
        };
        if !is_id(id) {
            return Err(refused("which is no ID"));
        }
        let earliest = since.and_then(created_ms).filter(|_| T::TIMED);
        if earliest.is_some_and(|since| created_ms(id).is_some_and(|made| made.saturating_add(SLACK_MS) < since)) {
            return Err(refused("which was given out long before"));
        }
        if self.add(path, id) { Ok(()) } else { Err(refused("which is the ID of another object")) }
    }
}
