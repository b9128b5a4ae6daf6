//! When a request is sent again, and how long that waits.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable, Sleeper};
use tokio::time::Instant;

use super::ApiError;
use super::limits::LONGEST_WAIT;

/// How often a request is sent at most.
const TRIES: usize = 5;
/// The same while the server has never answered: there may be none.
const FIRST_TRIES: usize = 3;
/// How long all tries of one request may take, waits included, unless the server itself says when to come back.
const BUDGET: Duration = Duration::from_secs(60);

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
    /// How long the server asks it to wait, where that is longer than it does.
    pub asked: Option<Duration>,
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
    /// The same for waits that the server asks for: a request has waited for as long as any does.
    worn: AtomicBool,
    /// When the run must end: nothing waits beyond it.
    until: Option<Instant>,
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
    pub(super) fn new(sleep: Sleep, on_wait: OnWait, until: Option<Instant>) -> Self {
        let flag = || AtomicBool::new(false);
        let (answered, given_up, worn, told) = (flag(), flag(), flag(), AtomicUsize::new(0));
        Self { sleep, on_wait, answered, given_up, worn, until, told }
    }

    /// The same for another client.
    #[cfg(test)]
    pub(super) fn anew(&self, sleep: Sleep) -> Self {
        Self::new(sleep, self.on_wait.clone(), self.until)
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
            self.worn.store(false, Relaxed);
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
        let mut spent = Spent { started: Instant::now(), tries: 0, waited: Duration::ZERO };
        attempt
            .retry(waits)
            .sleep(Nap(Arc::clone(&self.sleep)))
            .when(|failure: &Failure| failure.again)
            .adjust(|failure, wait| self.wait(failure, wait, &mut spent))
            .await
            .map_err(|failure| failure.error)
    }

    /// How long to wait after another try, which is told; none if there is no further one.
    fn wait(&self, failure: &Failure, back_off: Option<Duration>, spent: &mut Spent) -> Option<Duration> {
        spent.tries += 1;
        let of = if self.has_answered() { TRIES } else { FIRST_TRIES };
        let asked = failure.after;
        let given_up = if asked.is_some() { &self.worn } else { &self.given_up };
        if given_up.load(Relaxed) {
            return None;
        }
        let wait = spent.wait_for(back_off.filter(|_| spent.tries < of), asked);
        let Some(wait) = wait.filter(|wait| self.until.is_none_or(|until| Instant::now() + *wait < until)) else {
            given_up.store(true, Relaxed);
            return None;
        };
        if asked.is_some() {
            spent.waited += wait;
        }
        let next = spent.tries + 1;
        if let Some(tell) = &self.on_wait.0
            && self.told.fetch_max(next, Relaxed) < next
        {
            let asked = asked.filter(|asked| *asked > wait);
            tell(&Waiting { error: failure.error.clone(), wait, asked, next, of });
        }
        Some(wait)
    }
}

/// What one request has cost.
struct Spent {
    started: Instant,
    tries: usize,
    /// How long it has waited as the server asked.
    waited: Duration,
}

impl Spent {
    /// How long to wait before the next try: what the server asks for, else the back-off; none when that is too long.
    fn wait_for(&self, back_off: Option<Duration>, asked: Option<Duration>) -> Option<Duration> {
        let back_off = back_off?;
        match asked {
            Some(asked) => {
                let left = LONGEST_WAIT.saturating_sub(self.waited);
                (!left.is_zero()).then(|| asked.min(left))
            }
            None => (self.started.elapsed() + back_off <= BUDGET).then_some(back_off),
        }
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

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_with_the_budget_unless_the_server_asks_for_it() {
        let started = Instant::now();
        tokio::time::advance(59 * SECOND).await;
        let spent = |waited| Spent { started, tries: 1, waited: waited * SECOND };
        assert_eq!(spent(0).wait_for(Some(SECOND), None), Some(SECOND));
        tokio::time::advance(SECOND).await;
        assert_eq!(spent(0).wait_for(Some(SECOND), None), None);
        assert_eq!(spent(0).wait_for(Some(SECOND), Some(90 * SECOND)), Some(90 * SECOND));
        assert_eq!(spent(0).wait_for(Some(SECOND), Some(3600 * SECOND)), Some(120 * SECOND));
        assert_eq!(spent(90).wait_for(Some(SECOND), Some(90 * SECOND)), Some(30 * SECOND), "in all");
        assert_eq!(spent(120).wait_for(Some(SECOND), Some(SECOND)), None);
        assert_eq!(spent(0).wait_for(None, Some(SECOND)), None, "the tries are used up");
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
