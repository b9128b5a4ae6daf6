//! Times, medians, and the limits that figures are held to.

use std::time::{Duration, Instant};

/// The times of one side.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Adds the time since `began`.
    pub(crate) fn add(&mut self, began: Instant) {
        self.push(began.elapsed());
    }

    /// Adds a time.
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The middle one; of an even number the mean of the two in the middle.
    pub(crate) fn median(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        match sorted.len() {
            0 => Duration::ZERO,
            n if n % 2 == 1 => sorted[n / 2],
            n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2,
        }
    }
}

/// Whether figures keep their limits.
#[derive(Debug, Default)]
pub(crate) struct Limit {
    pub(crate) missed: bool,
}

impl Limit {
    /// Prints a figure that is to be at most `limit`.
    pub(crate) fn below(&mut self, what: &str, figure: f64, limit: f64, unit: &str) {
        let kept = figure <= limit;
        self.missed |= !kept;
        let verdict = if kept { "ok" } else { "MISSED" };
        println!("  {what:<38} {figure:>7.2}{unit} of {limit}{unit}  {verdict}");
    }
}

/// A time for people.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:>8.1} ms", time.as_secs_f64() * 1000.0)
}

/// Bytes as MB of 1,000,000 bytes.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let bytes = bytes as f64;
    bytes / 1_000_000.0
}
