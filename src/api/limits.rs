//! What a server may cost a run: the bounds of what is read of it, and of how long it is waited for.

use std::time::Duration;

/// The longest reply that is read, in bytes, unpacked.
pub(super) const LONGEST_REPLY: usize = 64 << 20;
/// The longest reply of an error that is read, in bytes, unpacked: the rest of it says nothing more.
pub(super) const LONGEST_ERROR: usize = 64 << 10;
/// The longest list of what is wrong with a script that is read, in bytes, unpacked: types are written out in it.
pub(super) const LONGEST_LIST: usize = 4 << 20;
/// How long a server may take to compile a script that is no work (some milliseconds, measured).
pub(super) const COMPILES: Duration = Duration::from_secs(5);
/// How long a server may take to ask another one.
pub(super) const TRIES_OUT: Duration = Duration::from_secs(10);
/// The longest wait that a server may ask for with `Retry-After`, summed over all tries of one request.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// The requests of a run that are under way at once, and so its connections: some questions are asked of each org that there is.
pub(super) const AT_ONCE: usize = 32;

/// What a list may cost that comes in pages, or has as many requests as a server likes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// How many rows it may have.
    pub(super) rows: usize,
    /// How many bytes its pages may have together, unpacked.
    pub(super) bytes: usize,
    /// How long it may take.
    pub(super) time: Duration,
}

/// How many rows a list may have: twenty times what fluxform is measured with.
pub(crate) const MOST_ROWS: usize = 200_000;

/// The bounds of every list.
pub(super) const LIST: Bounds = Bounds { rows: MOST_ROWS, bytes: 4 * LONGEST_REPLY, time: Duration::from_secs(600) };

impl Bounds {
    /// Why a list with so many rows and bytes is not read on; none if it is within the bounds.
    pub(super) fn exceeded(&self, rows: usize, bytes: usize) -> Option<String> {
        if rows > self.rows {
            return Some(format!("the list does not end: it has more than {} rows", self.rows));
        }
        let mib = self.bytes >> 20;
        (bytes > self.bytes).then(|| format!("the list does not end: it has more than {mib} MiB"))
    }

    /// What is said of a list that takes too long.
    pub(super) fn too_slow(&self) -> String {
        format!("the list does not end: reading it took more than {} s", self.time.as_secs())
    }
}
