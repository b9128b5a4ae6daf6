//! When a request is sent again, and how long that waits.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable, Sleeper};
use tokio::time::Instant;

use super::ApiError;

/// How often a request is sent at most.
const TRIES: usize = 5;
/// The same while the server has never answered: there may be none.
const FIRST_TRIES: usize = 3;
/// How long all tries of one request may take, waits included, unless the server itself says when to come back.
const BUDGET: Duration = Duration::from_secs(60);
/// The longest wait that a server may ask for.
const LONGEST: Duration = Duration::from_secs(120);

/// Waits; exchanged in tests.
pub(super) type Sleep = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Waits on tokio's clock.
pub(super) fn sleep() -> Sleep {
    Arc::new(|time| Box::pin(tokio::time::sleep(time)))
}

/// A request is sent again after a while.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// What came of the last try.
    pub error: ApiError,
    /// How long it waits.
    pub wait: Duration,
    /// Which try comes next.
    pub next: usize,
    /// How many tries there are.
    pub of: usize,
}

/// Who is told of waits. Of many requests that wait for one server at the same time, one is told of.
#[derive(Clone, Default)]
pub struct OnWait(Option<Arc<Tell>>);

type Tell = dyn Fn(&Waiting) + Send + Sync;

impl OnWait {
    /// Tells `tell`.
    pub fn new(tell: impl Fn(&Waiting) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }
}

impl fmt::Debug for OnWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OnWait({})", if self.0.is_some() { "somebody" } else { "nobody" })
    }
}

/// How patient a client is with its server: what all its requests know together.
pub(super) struct Patience {
    sleep: Sleep,
    on_wait: OnWait,
    /// Whether the server has ever answered.
    answered: AtomicBool,
    /// Whether a request has used up all its tries, and no other was answered since: nothing waits any longer.
    given_up: AtomicBool,
    /// The highest try that was told of since the server has last answered.
    told: AtomicUsize,
}

/// One try that failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// Why.
    pub(super) error: ApiError,
    /// Whether another try may succeed.
    pub(super) again: bool,
    /// When the server wants the next one.
    pub(super) after: Option<Duration>,
}

impl Failure {
    /// One that another try does not help.
    pub(super) fn last(error: ApiError) -> Self {
        Self { error, again: false, after: None }
    }
}

/// A type of its own: a closure in `retried` would not be `'static` there, and no request could be sent from a spawned task.
struct Nap(Sleep);

impl Sleeper for Nap {
    type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn sleep(&self, time: Duration) -> Self::Sleep {
        (self.0)(time)
    }
}

impl Patience {
    pub(super) fn new(sleep: Sleep, on_wait: OnWait) -> Self {
        let (answered, given_up, told) = (AtomicBool::new(false), AtomicBool::new(false), AtomicUsize::new(0));
        Self { sleep, on_wait, answered, given_up, told }
    }

    /// The same for another client.
    #[cfg(test)]
    pub(super) fn anew(&self, sleep: Sleep) -> Self {
        Self::new(sleep, self.on_wait.clone())
    }

    /// Whether the server has ever answered.
    pub(super) fn has_answered(&self) -> bool {
        self.answered.load(Relaxed)
    }

    /// The server has answered; `serves` tells whether it did what a server is for.
    pub(super) fn answer(&self, serves: bool) {
        self.answered.store(true, Relaxed);
        if serves {
            self.given_up.store(false, Relaxed);
            self.told.store(0, Relaxed);
        }
    }

    /// Tries until it succeeds, cannot succeed, or has taken too long.
    pub(super) async fn retried<T, F>(&self, attempt: impl FnMut() -> F) -> Result<T, ApiError>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let waits = ExponentialBuilder::new()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(10))
            .with_factor(3.0)
            .with_jitter()
            .with_max_times(TRIES);
        let started = Instant::now();
        let done = AtomicUsize::new(0);
        attempt
            .retry(waits)
            .sleep(Nap(Arc::clone(&self.sleep)))
            .when(|failure: &Failure| failure.again)
            .adjust(|failure, wait| self.wait(failure, wait, done.fetch_add(1, Relaxed) + 1, started.elapsed()))
            .await
            .map_err(|failure| failure.error)
    }

    /// How long to wait after `done` tries, which is told; none if there is no further one.
    fn wait(&self, failure: &Failure, back_off: Option<Duration>, done: usize, elapsed: Duration) -> Option<Duration> {
        let of = if self.has_answered() { TRIES } else { FIRST_TRIES };
        let asked = failure.after.is_some();
        if !asked && self.given_up.load(Relaxed) {
            return None;
        }
        let Some(wait) = wait_for(back_off.filter(|_| done < of), failure.after, elapsed) else {
            self.given_up.fetch_or(!asked, Relaxed);
            return None;
        };
        let next = done + 1;
        if let Some(tell) = &self.on_wait.0
            && self.told.fetch_max(next, Relaxed) < next
        {
            tell(&Waiting { error: failure.error.clone(), wait, next, of });
        }
        Some(wait)
    }
}
/// How long to wait before the next try: what the server asks for, else the back-off; none when that is too long.
fn wait_for(back_off: Option<Duration>, asked: Option<Duration>, elapsed: Duration) -> Option<Duration> {
    let back_off = back_off?;
    match asked {
        Some(asked) => Some(asked.min(LONGEST)),
        None => (elapsed + back_off <= BUDGET).then_some(back_off),
    }
}

/// The wait that a `Retry-After` header asks for: seconds, or a date as seen at `now` (milliseconds since 1970).
pub(super) fn retry_after(text: &str, now: Option<u64>) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(Duration::from_millis(date(text)?.saturating_sub(now?)))
}

/// An HTTP date in milliseconds since 1970.
pub(super) fn date(text: &str) -> Option<u64> {
    let time = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    u64::try_from(time.timestamp().as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_wait_ends_with_the_budget_unless_the_server_asks_for_it() {
        assert_eq!(wait_for(Some(SECOND), None, 59 * SECOND), Some(SECOND));
        assert_eq!(wait_for(Some(SECOND), None, 60 * SECOND), None);
        assert_eq!(wait_for(Some(SECOND), Some(90 * SECOND), 70 * SECOND), Some(90 * SECOND));
        assert_eq!(wait_for(Some(SECOND), Some(3600 * SECOND), SECOND), Some(120 * SECOND));
        assert_eq!(wait_for(None, Some(SECOND), SECOND), None, "the tries are used up");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = date("Mon, 23 Nov 2026 21:20:23 GMT");
        assert_eq!(now, Some(1_795_468_823_000));
        assert_eq!(retry_after("7", now), Some(7 * SECOND));
        assert_eq!(retry_after("Mon, 23 Nov 2026 21:20:30 GMT", now), Some(7 * SECOND));
        assert_eq!(retry_after("Mon, 23 Nov 2026 21:20:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", now), None);
    }
}
