//! The message of a check.

use super::rules::Sort;
use crate::diagnostic::Code;
use crate::flux::parser::parse;
use crate::kind::draft::{Draft, Fault};
use crate::kind::message::Message;
use crate::value::Value;

/// What the message's function in the script of a check can name, besides what the query imports.
const GIVEN: [&str; 11] = ["r", "check", "data", "task", "monitor", "v1", "experimental", "ok", "info", "warn", "crit"];

/// What is wrong with the message. An empty one is none.
pub(super) fn check(draft: &mut Draft<'_>, sort: Option<Sort>) -> Vec<Fault> {
    let Some(message) = draft.fields.text("message") else { return Vec::new() };
    if message.is_empty() {
        draft.fields.set("message", Value::Unset);
        return Vec::new();
    }
    let query = draft.script.map(parse).map(|parsed| parsed.script);
    let imported = query.iter().flat_map(|query| query.imports().iter().map(|import| query.bound(import)));
    let is_given = |name: &&str| sort == Some(Sort::Deadman) || *name != "experimental";
    let given: Vec<&str> = GIVEN.into_iter().filter(is_given).chain(imported).collect();
    let place = Message {
        code: Code::CheckMessage,
        field: "message",
        key: None,
        what: "the message",
        given: &given,
        tagged: "the check",
        alone: None,
        verbatim: true,
    };
    place.faults(message)
}
