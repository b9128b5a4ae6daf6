//! What stops a run: what to say, and how the process ends.

use std::ops::Deref;

use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;

/// Something that stops a run.
#[derive(Clone, Debug)]
pub struct Problem {
    /// How the process ends.
    pub exit: Exit,
    /// What to say.
    pub diagnostic: Diagnostic,
}

impl Problem {
    /// An error without a place or a hint yet, which ends a run as its code does.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Diagnostic::error(code, message).into()
    }

    /// The same with a hint, instead of any that it has.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { diagnostic: self.diagnostic.help(help), ..self }
    }
}

/// It ends a run as its code does; as a failure without a code of its own, where that says nothing.
impl From<Diagnostic> for Problem {
    fn from(diagnostic: Diagnostic) -> Self {
        Self { exit: diagnostic.code.exit().unwrap_or(Exit::Error), diagnostic }
    }
}

/// Everything that stops a run: at least one problem.
#[derive(Clone, Debug)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Whether a run may go on after which these were found.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub fn none(problems: impl IntoIterator<Item = impl Into<Problem>>) -> Result<(), Self> {
        let problems: Vec<Problem> = problems.into_iter().map(Into::into).collect();
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// All of what failed for at least one reason.
    ///
    /// # Panics
    /// Where no reason is given, which is a bug.
    pub fn all(problems: impl IntoIterator<Item = impl Into<Problem>>) -> Self {
        Self::none(problems).expect_err("invariant: what fails has a reason")
    }

    /// The exit code that counts.
    pub fn exit(&self) -> Exit {
        worst(&self.0)
    }

    /// One more of them.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }
}

/// The exit code that counts where `problems` were found; all is well where none were.
pub fn worst(problems: &[Problem]) -> Exit {
    problems.iter().map(|problem| problem.exit).fold(Exit::Ok, Exit::or)
}

/// A single one, and whatever ends a run as one.
impl<P: Into<Problem>> From<P> for Problems {
    fn from(problem: P) -> Self {
        Self(vec![problem.into()])
    }
}

impl From<Problems> for Vec<Problem> {
    fn from(problems: Problems) -> Self {
        problems.0
    }
}

impl Deref for Problems {
    type Target = [Problem];

    fn deref(&self) -> &[Problem] {
        &self.0
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_says_how_a_run_ends_and_the_worst_counts() {
        let two = [Problem::new(Code::SecretSink, "a"), Problem::new(Code::LockHeld, "b")];
        assert_eq!(two.each_ref().map(|problem| problem.exit), [Exit::Secret, Exit::Locked]);
        assert_eq!(Problems::none(two).unwrap_err().exit(), Exit::Locked);
        assert!(Problems::none(Vec::<Problem>::new()).is_ok());
        assert_eq!(Problem::new(Code::ServerDenied, "its class says more").exit, Exit::Error);
        assert_eq!(Problems::from(Diagnostic::error(Code::GuardSystem, "c")).exit(), Exit::Refused);
    }
}
