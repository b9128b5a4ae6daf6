//! The message of a check, which becomes a string of the task's script: `${...}` in it is Flux.

use crate::diagnostic::Code;
use crate::flux::parser::parse;
use crate::kind::spec::{Draft, Fault};
use crate::value::Value;

/// What is wrong with the message. An empty one is none.
pub(super) fn check(draft: &mut Draft<'_>) -> Option<Fault> {
    let message = draft.fields.text("message")?;
    if message.is_empty() {
        draft.fields.set("message", Value::Unset);
        return None;
    }
    let error = wrong(message)?;
    let fault = Fault::new(Code::CheckMessage, "message", error, "not a message");
    Some(fault.help("an expression is Flux, such as `${ r._level }`"))
}

/// What is wrong with a text that the server puts between quotes.
fn wrong(message: &str) -> Option<String> {
    let script = format!("\"{}\"", message.replace('\\', "\\\\").replace('"', "\\\""));
    let error = parse(&script).errors().into_iter().next()?;
    Some(format!("the message is no string of Flux: {}", error.message))
}
