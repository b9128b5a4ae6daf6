//! What a script reaches: buckets that it reads and writes, secrets, and addresses in the network. The script is run in thought, with
//! the values that are known: constants, options, records, and what a function of its own is called with.

mod call;
mod eval;
mod reach;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::cell::Cell;

use super::Literal;
use super::ast::{Script, Span};
use crate::limits::PROJECT_STEPS;
pub use eval::Given;
pub(crate) use eval::is_address;
pub(crate) use table::NAME_LISTS;
pub use value::{CallId, Text, Value};

/// What is done with a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// It is read.
    Reads,
    /// Points are written into it.
    Writes,
    /// A request goes there.
    Calls,
}

impl Access {
    /// What the script does, as a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Writes => "writes",
            Self::Calls => "calls",
        }
    }
}

/// What kind of thing a script reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A bucket, by its name.
    Bucket,
    /// A bucket, by its ID.
    BucketId,
    /// A secret of the org, by its key.
    Secret,
    /// An address in the network.
    Url,
    /// A variable of dashboards, by its name, which the script reads as `v.NAME`. It is called where it may be a part of what else
    /// the script reaches.
    Variable,
}

/// Something that a script reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// Where it is named, or the call where nothing names it.
    pub span: Span,
    /// What is done with it.
    pub access: Access,
    /// What it is.
    pub target: Target,
    /// Its name; none where it is not known before the script runs.
    pub name: Option<String>,
    /// Where it is, unless it is in the org that the script runs in; nothing of an address in the network.
    pub elsewhere: Option<Elsewhere>,
    /// The servers (URLs) that it is on, where something says so that runs beside them; otherwise that of the script.
    pub hosts: Vec<String>,
}

/// Where a target is that a script looks for outside of its own org.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Elsewhere {
    /// In an org of the same server, by its name; none where the name is not known before the script runs.
    Org(Option<String>),
    /// On another server.
    Server,
}

/// What a sound script reaches, by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References {
    /// What it reaches, each once for each place and name.
    pub all: Vec<Reference>,
    /// Whether the script was too large to be followed to its end: there may be more.
    pub incomplete: bool,
}

/// A call of a function of the standard library.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The package of the function.
    pub package: Text<'a>,
    /// Its name in there.
    pub name: &'a str,
    /// The call, without what is piped into it.
    pub span: Span,
    /// What is called.
    pub callee: Span,
    /// Its arguments.
    pub given: Given<'a>,
    /// The calls whose results come in, as arguments or by a pipe. They stand before it.
    pub inputs: Vec<CallId>,
    /// Whether the script gives its result as one of its own.
    pub ends: bool,
    /// Whether it stands in a function that nothing calls.
    pub is_idle: bool,
}

/// A sound script that was followed.
#[derive(Clone, Debug)]
pub struct Followed<'a> {
    /// What it reaches.
    pub references: References,
    /// What it calls of the standard library, once for each time that it is called, in this order. Of very many the first.
    pub calls: Vec<Call<'a>>,
}

impl Followed<'_> {
    /// Whether `reference` is where a function goes that is not told where to, unless an option of its package says otherwise.
    pub fn is_untold(&self, reference: &Reference) -> bool {
        let reaches = |call: &Call<'_>| !table::reaches(&call.package, call.name).is_empty();
        reference.name.is_none() && self.calls.iter().any(|call| call.span == reference.span && reaches(call))
    }
}

/// How many steps more there may be of all scripts of a project that are followed, besides two for each of their expressions.
#[derive(Debug)]
pub struct Steps(Cell<usize>);

impl Default for Steps {
    fn default() -> Self {
        Self(Cell::new(PROJECT_STEPS.size()))
    }
}

impl Steps {
    /// Whether there are none left.
    pub fn are_over(&self) -> bool {
        self.0.get() == 0
    }
}

/// Follows `script`, which has no mistakes, if the names `given` to it stand for these values.
pub fn follow<'a>(script: &'a Script, given: &[(&'a str, &'a Literal)]) -> Followed<'a> {
    follow_within(script, given, &Steps::default())
}

/// The same with no more than so many steps.
pub fn follow_within<'a>(script: &'a Script, given: &[(&'a str, &'a Literal)], steps: &Steps) -> Followed<'a> {
    eval::run(script, given, steps)
}

/// What `script`, which has no mistakes, reaches, if the names `given` to it stand for these values.
pub fn references(script: &Script, given: &[(&str, &Literal)]) -> References {
    follow(script, given).references
}
