//! The IDs that a run has met. What a request makes has a new one: a reply that names an object that was there before, or
//! one that the server cannot just have made, is not about what was asked for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

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
pub(super) struct Known {
    ids: Mutex<HashMap<String, HashMap<u64, Met>>>,
    /// Requests that make something, so far.
    requests: AtomicU64,
}

/// How an ID was met first.
#[derive(Clone, Copy, Debug)]
enum Met {
    /// In a row that was read, after so many requests had begun that make something.
    Read(u64),
    /// As the ID of what a request has made.
    Made,
}

/// A request that makes something, from its beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Making(u64);

impl Known {
    /// A request begins that makes something: what is met from now on may be just that.
    pub(super) fn begin(&self) -> Making {
        Making(self.requests.fetch_add(1, Ordering::SeqCst))
    }

    /// There is an object with this ID in the collection at `path`.
    pub(super) fn add(&self, path: &str, id: &str) {
        self.extend(path, number(id));
    }

    /// There are objects with these IDs in the collection at `path`.
    pub(super) fn extend(&self, path: &str, ids: impl IntoIterator<Item = u64>) {
        let read = Met::Read(self.requests.load(Ordering::SeqCst));
        self.within(path, |known| ids.into_iter().for_each(|id| _ = known.entry(id).or_insert(read)));
    }

    fn within<T>(&self, path: &str, change: impl FnOnce(&mut HashMap<u64, Met>) -> T) -> T {
        let mut known = self.ids.lock().expect("invariant: nobody panics while holding the IDs");
        if !known.contains_key(path) {
            known.insert(path.to_owned(), HashMap::new());
        }
        change(known.get_mut(path).expect("invariant: put there above"))
    }

    /// Takes in the ID of what `path` has made by the request `making`; `since` is an ID that was given out before the run began.
    pub(super) fn admit<T: Identified>(
        &self,
        path: &str,
        row: &T,
        making: Making,
        since: Option<&str>,
    ) -> Result<(), ApiError> {
        let id = row.id();
        let shown = shown(id);
        let refused = |why: &str| ApiError {
            class: Class::NotOurs,
            maybe_done: true,
            ..ApiError::unexpected("POST", path, format!("the reply names `{shown}` as the new object's ID, {why}"))
        };
        if !is_id(id) {
            return Err(refused("which is not an ID"));
        }
        let earliest = since.and_then(created_ms).filter(|_| T::TIMED);
        if earliest.is_some_and(|since| created_ms(id).is_some_and(|made| made.saturating_add(SLACK_MS) < since)) {
            return Err(refused("which was assigned long before the request"));
        }
        let is_new = number(id).is_none_or(|id| {
            self.within(path, |known| match known.entry(id) {
                // A list that was asked for meanwhile may have it already.
                Entry::Occupied(mut met) => {
                    let is_new = matches!(met.get(), Met::Read(after) if *after > making.0);
                    met.insert(Met::Made);
                    is_new
                }
                Entry::Vacant(unmet) => {
                    unmet.insert(Met::Made);
                    true
                }
            })
        });
        if is_new { Ok(()) } else { Err(refused("which is the ID of another object")) }
    }
}

fn number(id: &str) -> Option<u64> {
    is_id(id).then(|| u64::from_str_radix(id, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row(&'static str);

    impl Identified for Row {
        const TIMED: bool = true;

        fn id(&self) -> &str {
            self.0
        }
    }

    const A: Row = Row("0000000000000001");

    #[test]
    fn what_was_there_before_a_request_is_not_what_it_makes() {
        let known = Known::default();
        known.add("labels", A.0);
        known.admit("labels", &A, known.begin(), None).expect_err("it was there");
        known.admit("tasks", &A, known.begin(), None).expect("another collection");
    }

    #[test]
    fn what_a_list_shows_meanwhile_may_be_what_it_makes() {
        let known = Known::default();
        let making = known.begin();
        known.add("labels", A.0);
        known.admit("labels", &A, making, None).expect("it came after the request began");
    }

    #[test]
    fn no_two_requests_make_the_same() {
        let known = Known::default();
        let (one, two) = (known.begin(), known.begin());
        known.admit("labels", &A, one, None).expect("the first");
        known.admit("labels", &A, two, None).expect_err("it is the other's");
    }
}
