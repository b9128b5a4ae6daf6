//! When a request is sent again, and how long that waits.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable, Sleeper};
use tokio::time::Instant;

use super::ApiError;

/// How often a request is sent again at most.
const RETRIES: usize = 4;
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

/// Tries until it succeeds, cannot succeed, or has taken too long.
pub(super) async fn retried<T, F>(sleep: &Sleep, attempt: impl FnMut() -> F) -> Result<T, ApiError>
where
    F: Future<Output = Result<T, Failure>>,
{
    let waits = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(10))
        .with_factor(3.0)
        .with_jitter()
        .with_max_times(RETRIES);
    let started = Instant::now();
    attempt
        .retry(waits)
        .sleep(Nap(Arc::clone(sleep)))
        .when(|failure: &Failure| failure.again)
        .adjust(|failure, wait| wait_for(wait, failure.after, started.elapsed()))
        .await
        .map_err(|failure| failure.error)
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
