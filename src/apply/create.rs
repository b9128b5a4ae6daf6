//! Makes an object: the request that makes it, what that could not set, and the ledger's account of both. What a crash
//! leaves is an open intent; what a failure leaves is an entry that says what the object lacks.

use std::collections::BTreeSet;

use super::step::Executor;
use crate::api::{ApiError, Class};
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Change, Reason};
use crate::exit::Exit;
use crate::kind::{Desired, Kind, Made, Object, ReadScope};
use crate::ledger::{Intent, Resolution, Update, resolve};
use crate::problem::Problem;

/// How often a request whose reply was lost is sent again, after looking.
pub(super) const TRIES: usize = 3;

/// An object that was made.
pub(super) struct Come {
    pub(super) made: Made,
    /// What the server said nevertheless: it counts, whatever succeeds later.
    pub(super) error: Option<Problem>,
}

impl Executor<'_> {
    /// Sends the create; where the reply is lost, looks before it sends again. A server that refuses closes the intent:
    /// what is found under the name later is somebody else's.
    pub(super) async fn make(
        &self,
        change: &Change,
        desired: &Desired<'_>,
        intent: Option<&Intent>,
    ) -> Result<Come, Problem> {
        let kind = change.address.kind;
        let mut lost = false;
        for attempt in 1.. {
            let error = match kind.create(self.writer, desired).await {
                Ok(made) => return Ok(Come { made, error: None }),
                Err(error) => error,
            };
            if error.class == Class::NotOurs {
                // Nothing is known of what was made, and what the reply shows is touched by nothing.
                return Err(create_problem(change, error));
            }
            lost |= error.maybe_done;
            if !lost {
                self.journal.record(Update::ClearIntent(change.address.clone()));
            }
            // A name that is taken may be taken by what an earlier try of this run has made.
            let in_doubt = error.maybe_done || lost && error.class == Class::Conflict;
            let (true, Some(intent)) = (in_doubt, intent.filter(|intent| intent.marker.is_some() || !intent.blind))
            else {
                return Err(create_problem(change, error));
            };
            match self.look(change, desired.org, intent).await? {
                Some(object) if kind.delivers() => kind.delete(self.writer, &object.id).await?,
                Some(object) => {
                    let rest = kind.rest(desired).map_err(|error| create_problem(change, error))?;
                    let answered = error.status == Some(500);
                    let error = answered.then(|| made_nevertheless(change, &object, error));
                    return Ok(Come { made: Made { object, secret: None, rest }, error });
                }
                None => {}
            }
            if attempt == TRIES || !error.maybe_done {
                return Err(create_problem(change, error));
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// Gives a new object what the create could not set, field by field; the fields that it still lacks, and why. Each
    /// step does the same when it is done again.
    pub(super) async fn finish(
        &self,
        kind: Kind,
        made: &Made,
        desired: &Desired<'_>,
    ) -> Result<(), (BTreeSet<String>, ApiError)> {
        for (at, field) in made.rest.iter().enumerate() {
            for attempt in 1.. {
                match kind.update(self.writer, &made.object, desired, &[field]).await {
                    Ok(()) => break,
                    Err(error) if error.maybe_done && attempt < TRIES => {}
                    Err(error) => {
                        return Err((made.rest[at..].iter().map(|field| (*field).to_owned()).collect(), error));
                    }
                }
            }
        }
        Ok(())
    }

    /// The object that a create with a lost reply has made, if it has.
    async fn look(&self, change: &Change, org: &str, intent: &Intent) -> Result<Option<Object>, Problem> {
        let kind = change.address.kind;
        let mut objects = kind.list(self.writer, &[org], ReadScope::NOTHING).await?;
        let mut owned: BTreeSet<(Kind, String)> = self.foreign.keys().cloned().collect();
        owned.extend(self.ledger.entries.iter().map(|(address, entry)| (address.kind, entry.id.clone())));
        {
            let made = self.objects.lock().expect("no one panics while it holds the IDs");
            owned.extend(made.iter().map(|(address, (id, _))| (address.kind, id.clone())));
        }
        match resolve(kind, intent, objects.iter(), &owned, &self.snapshot.me, &|object| {
            object.fields.script_fingerprint()
        }) {
            Resolution::NotMade => Ok(None),
            Resolution::Made(id) => {
                let at = objects.iter().position(|object| object.id == id);
                Ok(at.map(|at| objects.swap_remove(at)))
            }
            Resolution::Ambiguous(ids) => Err(Problem::from(
                Diagnostic::error(
                    Code::ApplyAmbiguous,
                    format!(
                        "the reply to creating {} was lost, and any of these objects could be it: {}",
                        change.address,
                        ids.join(", ")
                    ),
                )
                .help("delete all but one of them and apply again"),
            )),
        }
    }
}

/// The server answered with an error, and the object is there.
fn made_nevertheless(change: &Change, object: &Object, error: ApiError) -> Problem {
    let mut problem = create_problem(change, error);
    problem.diagnostic.message = format!(
        "{}; the server created the object nevertheless (ID {}), and it is recorded",
        problem.diagnostic.message, object.id
    );
    problem
}

/// A further step failed after the object was made.
pub(super) fn unfinished(change: &Change, lacks: &BTreeSet<String>, error: ApiError) -> Problem {
    let mut problem = Problem::from(error);
    let fields: Vec<_> = lacks.iter().map(|field| format!("`{field}`")).collect();
    problem.diagnostic.message =
        format!("{} was created, but lacks {}: {}", change.address, fields.join(", "), problem.diagnostic.message);
    let then = "the next apply completes it";
    problem.diagnostic.help = Some(problem.diagnostic.help.map_or(then.to_owned(), |help| format!("{help}; {then}")));
    problem
}

fn create_problem(change: &Change, error: ApiError) -> Problem {
    let taken = error.class == Class::Conflict && change.unverified;
    let mut problem = Problem::from(error);
    if taken {
        problem.exit = Exit::NotAuthorized;
        problem.diagnostic.help = Some(format!(
            "an object that this token may not see has this name: use a token that may read {}",
            change.address.kind.spec().ty
        ));
    } else if change.reason == Reason::Gone {
        problem
            .diagnostic
            .help
            .get_or_insert_with(|| "it was deleted by hand and could not be created again".to_owned());
    }
    problem
}
