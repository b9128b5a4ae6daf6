//! The server's clock, as the `Date` of its replies shows it.

use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How far a `Date` may be from where the first one and the time since have it: clocks are set right now and then.
const SLACK: Duration = Duration::from_secs(600);

/// Replies that disagree about the time: the server's clock jumps, or several servers answer. In milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The time as it should have been.
    pub expected: u64,
    /// The time that a reply had.
    pub heard: u64,
}

impl fmt::Display for Jump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time =
            |ms: u64| i64::try_from(ms / 1000).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        match (time(self.heard), time(self.expected)) {
            (Some(heard), Some(expected)) => write!(f, "one says {heard}, but it should be {expected}"),
            _ => f.write_str("one has an invalid time"),
        }
    }
}

/// The clock. What it shows never goes back, since replies overtake each other; a `Date` that is far off is no time.
#[derive(Debug, Default)]
pub(super) struct Clock(Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    /// The first `Date`, and our time when it came.
    first: Option<(u64, Duration)>,
    highest: u64,
    jump: Option<Jump>,
}

impl Clock {
    /// A reply had this `Date`, in milliseconds since 1970.
    pub(super) fn hear(&self, date: u64) {
        // A clock that also runs while the machine sleeps.
        let time = clock_gettime(ClockId::Boottime);
        let now = Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0));
        self.hear_at(date, now);
    }

    fn hear_at(&self, date: u64, now: Duration) {
        let mut heard = self.heard();
        let (first, since) = *heard.first.get_or_insert((date, now));
        let elapsed = u64::try_from(now.saturating_sub(since).as_millis()).unwrap_or(u64::MAX);
        let expected = first.saturating_add(elapsed);
        if u128::from(date.abs_diff(expected)) > SLACK.as_millis() {
            heard.jump.get_or_insert(Jump { expected, heard: date });
        } else {
            heard.highest = heard.highest.max(date);
        }
    }

    /// The highest `Date` so far that can be right, in milliseconds since 1970 (whole seconds); none before the first.
    pub(super) fn time(&self) -> Option<u64> {
        Some(self.heard().highest).filter(|date| *date > 0)
    }

    /// Where replies disagreed, if they did.
    pub(super) fn jump(&self) -> Option<Jump> {
        self.heard().jump
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().expect("invariant: nobody panics while holding the clock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YEAR_2026: u64 = 1_795_468_823_000;
    const YEAR_9999: u64 = 253_402_300_799_000;

    fn heard(dates: &[(u64, u64)]) -> (Option<u64>, Option<Jump>) {
        let clock = Clock::default();
        for (date, seconds) in dates {
            clock.hear_at(*date, Duration::from_secs(*seconds));
        }
        (clock.time(), clock.jump())
    }

    #[test]
    fn it_goes_on_and_never_back() {
        assert_eq!(heard(&[]), (None, None));
        assert_eq!(heard(&[(YEAR_2026 + 3000, 10), (YEAR_2026 + 2000, 11)]), (Some(YEAR_2026 + 3000), None));
        assert_eq!(heard(&[(YEAR_2026, 10), (YEAR_2026 + 7_200_000, 7210)]), (Some(YEAR_2026 + 7_200_000), None));
        assert_eq!(heard(&[(YEAR_9999, 10), (YEAR_9999 + 1000, 11)]), (Some(YEAR_9999 + 1000), None));
    }

    #[test]
    fn a_jump_is_no_time() {
        let jump = |expected, heard| Some(Jump { expected, heard });
        assert_eq!(heard(&[(YEAR_2026, 1), (YEAR_9999, 2)]), (Some(YEAR_2026), jump(YEAR_2026 + 1000, YEAR_9999)));
        let back = YEAR_2026 - 3_600_000;
        assert_eq!(heard(&[(YEAR_2026, 1), (back, 1), (0, 1)]), (Some(YEAR_2026), jump(YEAR_2026, back)));
        assert_eq!(heard(&[(u64::MAX, 1), (0, 2)]), (Some(u64::MAX), jump(u64::MAX, 0)));
    }
}
