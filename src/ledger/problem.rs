//! How an error of the ledger or the lock ends the process.

use super::{JournalError, LedgerError, LockError, Lost};
use crate::diagnostic::Code;
use crate::problem::Problem;

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Api(error) => error.into(),
            other => other.diagnostic().into(),
        }
    }
}

impl From<Lost> for Problem {
    fn from(lost: Lost) -> Self {
        Self::new(Code::LockLost, lost.to_string())
            .help("nothing more was written; run `fluxform apply` again, which finds out what was done")
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Lost(lost) => lost.into(),
            JournalError::Ledger(error) => error.into(),
        }
    }
}

impl From<LockError> for Problem {
    fn from(error: LockError) -> Self {
        let words = error.to_string();
        match error {
            LockError::Api(error) => error.into(),
            LockError::Held(_) | LockError::Hidden => Self::new(Code::LockHeld, words)
                    .help(
                        "wait for the other run, or increase --lock-timeout: a lock that nobody renews is taken over after \
                         65 seconds at most; `fluxform lock show` shows its holder, and `fluxform lock release` releases it",
                    ),
            LockError::Clock(_) => Self::new(Code::LockClock, words)
                    .help("correct the server's clock; behind a load balancer, correct the clocks of all servers and proxies"),
            LockError::NoDate => Self::new(Code::LockNoDate, words),
        }
    }
}
