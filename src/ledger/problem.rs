//! How an error of the ledger or the lock ends the process.

use super::{JournalError, LedgerError, LockError, Lost};
use crate::api::{ApiError, Class};
use crate::diagnostic::Code;
use crate::problem::Problem;

/// A refusal to read or write labels names labels only, which the manifests may have none of.
fn of_records(error: ApiError) -> Problem {
    let is_denied = error.class == Class::Denied;
    let problem = Problem::from(error);
    let why =
        "fluxform keeps the ledger and the lock of a project in labels of the home org, so every apply writes labels";
    match problem.diagnostic.help.clone().filter(|_| is_denied) {
        Some(help) => problem.help(format!("{why}; {help}")),
        None => problem,
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Api(error) => of_records(error),
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
            LockError::Api(error) => of_records(error),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::fake::error;

    #[test]
    fn a_token_that_may_write_no_labels_is_told_what_they_are_for() {
        let problems =
            |class| [LedgerError::Api(error(class, false)).into(), LockError::Api(error(class, false)).into()];
        for problem in problems(Class::Denied) {
            let Problem { diagnostic, .. } = problem;
            let help = diagnostic.help.expect("a hint");
            assert!(help.starts_with("fluxform keeps the ledger and the lock of a project in labels"), "{help}");
            assert!(help.contains("; the permissions of a token cannot be changed"), "{help}");
        }
        for Problem { diagnostic, .. } in problems(Class::Unavailable) {
            assert!(!diagnostic.help.expect("a hint").contains("labels"));
        }
    }
}
