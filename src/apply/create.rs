//! Makes an object: the request that makes it, what that could not set, and the ledger's account of both. What a crash
//! leaves is an open intent; what a failure leaves is an entry that says what the object lacks.

use std::collections::BTreeSet;

use super::step::Executor;
use super::unsent;
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
    /// what is found under the name later is somebody else's. A name that is taken is looked at too where an earlier run was
    /// about to make the object: its request may have arrived late.
    pub(super) async fn make(
        &self,
        change: &Change,
        desired: &Desired<'_>,
        intent: Option<&Intent>,
    ) -> Result<Come, Problem> {
        let kind = change.address.kind;
        let earlier = self.ledger.intents.get(&change.address);
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
            let is_taken = error.class == Class::Conflict;
            let earlier = earlier.filter(|_| is_taken);
            let refused = || Update::ClearIntent(change.address.clone());
            if !lost {
                self.journal.record(if is_taken { unsent(self.ledger, &change.address) } else { refused() });
            }
            let in_doubt = error.maybe_done || is_taken && (lost || earlier.is_some());
            let seen = |note: &&Intent| note.marker.is_some() || !note.blind;
            let notes: Vec<&Intent> = intent.into_iter().chain(earlier).filter(seen).collect();
            if !in_doubt || notes.is_empty() {
                return Err(create_problem(change, error));
            }
            match self.look(change, desired.org, &notes).await? {
                Some((object, _)) if kind.delivers() => kind.delete(self.writer, &object.id).await?,
                Some((object, note)) if earlier.zip(intent).is_some_and(|(one, other)| !one.is_like(other)) => {
                    self.journal.record(Update::Intent(change.address.clone(), note.clone()));
                    return Err(came_late(change, &object, error));
                }
                Some((object, _)) => {
                    let rest = kind.rest(desired).map_err(|error| create_problem(change, error))?;
                    // What an earlier run was given as secrets may be others.
                    let again = secrets(kind, desired).filter(|field| earlier.is_some() && !rest.contains(field));
                    let again: BTreeSet<_> = again.collect();
                    let rest = rest.into_iter().chain(again).collect();
                    let answered = error.status == Some(500) && !is_taken;
                    let error = answered.then(|| made_nevertheless(change, &object, error));
                    return Ok(Come { made: Made { object, secret: None, rest }, error });
                }
                None if !lost => self.journal.record(refused()),
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

    /// The object that a create has made according to one of `notes`, if it has, and that note.
    async fn look<'n>(
        &self,
        change: &Change,
        org: &str,
        notes: &[&'n Intent],
    ) -> Result<Option<(Object, &'n Intent)>, Problem> {
        let kind = change.address.kind;
        let mut objects = kind.list(self.writer, &[org], ReadScope::NOTHING).await?;
        let mut owned: BTreeSet<(Kind, String)> = self.foreign.keys().cloned().collect();
        owned.extend(self.ledger.entries.iter().map(|(address, entry)| (address.kind, entry.id.clone())));
        {
            let made = self.objects.lock().expect("no one panics while it holds the IDs");
            owned.extend(made.iter().map(|(address, (id, _))| (address.kind, id.clone())));
        }
        for note in notes {
            match resolve(kind, note, objects.iter(), &owned, &self.snapshot.me, &|object| {
                object.fields.script_fingerprint()
            }) {
                Resolution::NotMade => {}
                Resolution::Made(id) => {
                    let at = objects.iter().position(|object| object.id == id);
                    return Ok(at.map(|at| (objects.swap_remove(at), *note)));
                }
                Resolution::Ambiguous(ids) => {
                    let message = format!(
                        "the reply to creating {} was lost, and any of these objects could be it: {}",
                        change.address,
                        ids.join(", ")
                    );
                    let help = "delete all but one of them and apply again";
                    return Err(Problem::from(Diagnostic::error(Code::ApplyAmbiguous, message).help(help)));
                }
            }
        }
        Ok(None)
    }
}

/// The fields with secrets that the object is to have.
fn secrets(kind: Kind, desired: &Desired<'_>) -> impl Iterator<Item = &'static str> {
    let fields = desired.secrets.keys().filter_map(move |at| kind.field(at.split('.').next()?));
    fields.map(|field| field.name)
}

/// The name is taken by what a request of an earlier run has made, which was about to make something else.
fn came_late(change: &Change, object: &Object, error: ApiError) -> Problem {
    let mut problem = create_problem(change, error);
    problem.diagnostic.message = format!(
        "{}; an earlier run has created the object (ID {}) after all, not as it is declared now",
        problem.diagnostic.message, object.id
    );
    problem.diagnostic.help = Some("the next apply goes on with that object".to_owned());
    problem
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
