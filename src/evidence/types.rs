//! What the server's compiler finds wrong with scripts that a plan sends to it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use futures::stream::{self, StreamExt};

use crate::address::Address;
use crate::api::{Class, Client};
use crate::diff::{Action, Change};
use crate::flux::{Mistake, Uncompilable};
use crate::limits::{COMPILING, Limit};
use crate::snapshot::Server;
use crate::value::{Script, Value};

/// Scripts that the server compiles at once: it takes some milliseconds for each (measured), and may be busy with other things.
const AT_ONCE: usize = 2;

/// What came of having scripts compiled.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    /// What is wrong with the scripts of a resource: each as it is sent, and its mistakes.
    pub mistakes: BTreeMap<Address, Vec<(String, Vec<Mistake>)>>,
    /// Those that were not looked at; none where all were.
    pub unchecked: Option<Unchecked>,
}

/// Scripts that the server has not looked at.
#[derive(Clone, Debug)]
pub struct Unchecked {
    /// How many.
    pub count: usize,
    /// The first.
    pub first: Address,
    /// Why it was not, as a clause.
    pub why: String,
}

/// Has the server compile each new or changed script among `changes`, without running it; of those with one form, one that is sound
/// is enough. After one that it gives no answer to, no
/// other is sent: it may be busy with that one still.
pub async fn compile(client: &Client, server: &Server, changes: &[Change]) -> Compiled {
    let mut compiled = Compiled::default();
    if !server.compiles {
        return compiled;
    }
    let begun = Instant::now();
    let is_silent = Cell::new(false);
    let sound = RefCell::new(HashSet::new());
    let ask = async |address: &Address, org: &str, script: &str| {
        let script = Uncompilable::of(script, address.kind.spec().put_in)?;
        let form = script.form();
        if sound.borrow().contains(&form) {
            return Ok(Vec::new());
        }
        if is_silent.get() {
            return Err("it gave no answer about a script before".to_owned());
        }
        if begun.elapsed() > Duration::from_secs(COMPILING.most) {
            let Limit { name, most, .. } = COMPILING;
            return Err(format!("the scripts before it took more than {most} seconds (limit `{name}`)"));
        }
        let mistakes = client.compile(org, &script).await.map_err(|error| {
            let is_busy = error.class == Class::Unavailable && error.status != Some(500);
            is_silent.set(is_silent.get() || is_busy);
            error.message
        })?;
        if mistakes.is_empty() {
            sound.borrow_mut().insert(form);
        }
        Ok(mistakes)
    };
    let mut replies = stream::iter(sent(changes, server))
        .map(async |(address, org, script)| (address, script, ask(address, org, script).await))
        .buffered(AT_ONCE);
    while let Some(reply) = replies.next().await {
        match reply {
            (_, _, Ok(mistakes)) if mistakes.is_empty() => {}
            (address, script, Ok(mistakes)) => {
                compiled.mistakes.entry(address.clone()).or_default().push((script.to_owned(), mistakes));
            }
            (address, _, Err(why)) => {
                compiled.unchecked.get_or_insert_with(|| Unchecked { count: 0, first: address.clone(), why }).count +=
                    1;
            }
        }
    }
    compiled
}

/// The scripts that a plan sends to the server, whose they are, and the ID of an org. One that is yet to be made is not needed:
/// scripts compile in any.
fn sent<'a>(changes: &'a [Change], server: &'a Server) -> impl Iterator<Item = (&'a Address, &'a str, &'a str)> {
    let writing = |change: &&Change| !matches!(change.action, Action::None | Action::Delete | Action::Forget);
    changes.iter().filter(writing).flat_map(|change| {
        let org = change.org.as_deref().or(server.home.as_deref());
        let scripts = change.fields.iter().flat_map(|field| {
            let live: Vec<_> = field.live.iter().flat_map(Value::scripts).collect();
            // A query that is there already is not sent anew.
            let is_new = move |script: &&Script| !live.iter().any(|one| one == script);
            field.wanted.scripts().into_iter().filter(is_new)
        });
        scripts.filter_map(move |script| Some((&change.address, org?, script.source().filter(|_| script.is_flux())?)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fault::{Fault, Reply};
    use crate::diff::{Cause, FieldChange, Reason};

    fn change(name: &str, script: &str) -> Change {
        let wanted = Value::Script(Script::of_task(script.to_owned()));
        let flux = FieldChange { field: "flux", live: None, wanted, last: None, cause: Cause::New };
        Change {
            org: Some("0a".to_owned()),
            fields: vec![flux],
            ..Change::blank(&format!("task.{name}").parse().expect("an address"), Action::Create, Reason::New)
        }
    }

    async fn compiled(replies: impl IntoIterator<Item = Reply>, changes: &[Change]) -> (Compiled, Fault) {
        let fault = Fault::start(replies).await;
        let server = Server { compiles: true, ..Server::default() };
        (compile(&fault.client(), &server, changes).await, fault)
    }

    #[tokio::test]
    async fn what_does_not_tell_of_the_script_is_no_answer() {
        let refused = Reply::error(401, "unauthorized", "no queries here");
        let changes = [change("a", "x = 1"), change("b", "y = 1"), change("c", "f = (g) => g(x: 1)")];
        let (compiled, fault) = compiled([Reply::text(200, "", ""), refused], &changes).await;
        let Compiled { mistakes, unchecked } = compiled;
        let Unchecked { count, first, why } = unchecked.expect("all scripts");
        assert!(mistakes.is_empty() && count == 3, "{mistakes:?} {count}");
        assert_eq!(first.to_string(), "task.a");
        assert!(["a script that cannot compile was not refused", "no queries here"].contains(&why.as_str()), "{why}");
        let sent = fault.seen();
        assert!(sent.iter().all(|request| request.body.contains("import \\\"fluxform/no/such/package\\\"")));
    }

    #[tokio::test]
    async fn of_scripts_that_differ_in_the_text_of_a_value_one_is_enough_if_it_is_sound() {
        let changes: Vec<_> = ["a", "b", "c", "d"].map(|name| change(name, &format!("x = \"{name}\""))).into();
        let unknown = "error @1:1-1:34: invalid import path fluxform/no/such/package";
        let sound = || Reply::error(400, "invalid", unknown);
        let (found, fault) = compiled([sound(), sound()], &changes).await;
        assert!(found.mistakes.is_empty() && found.unchecked.is_none(), "{found:?}");
        assert_eq!(fault.seen().len(), AT_ONCE);
        let wrong = || Reply::error(400, "invalid", &format!("{unknown}\n\nerror @2:5-2:8: wrong"));
        let (found, fault) = compiled([wrong(), wrong(), wrong(), wrong()], &changes).await;
        assert_eq!((found.mistakes.len(), fault.seen().len()), (4, 4), "each has its place: {found:?}");
    }

    #[tokio::test]
    async fn a_server_that_gives_no_answer_is_asked_no_more() {
        let changes = ["a", "b", "c", "d", "e"].map(|name| change(name, "x = 1"));
        let (compiled, fault) =
            compiled([Reply::error(503, "unavailable", "busy"), Reply::error(503, "unavailable", "busy")], &changes)
                .await;
        let Unchecked { count, why, .. } = compiled.unchecked.expect("all scripts");
        assert!(count == 5 && why.starts_with("busy"), "{count}: {why}");
        assert!(fault.seen().len() <= AT_ONCE, "each was asked once, and no other");
    }
}
