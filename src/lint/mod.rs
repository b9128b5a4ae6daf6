//! Lints: what influxd takes in a script, and what is seldom meant. Each is a code with a level in the list of codes, a function here
//! that looks for it, and a page with a bad and a good script in `docs/lints`, which is made of its page and `tests/lints`.
//!
//! They look at what the script was seen to call when it was followed, or at its tree, each in one pass and without recursion. None
//! says the text of a string.

mod allowed;
mod columns;
mod deprecated;
mod filter;
mod joined;
mod missing;
mod output;
mod range;
mod refused;
pub mod secret;
mod stream;
mod tables;
mod tree;

use std::collections::BTreeSet;

pub use allowed::{Allowed, allowed_by, unknown_lint};

use crate::diagnostic::Code;
use crate::duration::Duration;
use crate::flux::Mistake;
use crate::flux::ast::{Script, Span};
use crate::flux::refs::{Call, Followed};
use columns::Columns;
use stream::Stream;
use tables::Tables;

/// What runs a script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    /// A dashboard, which gives it the times that it shows.
    Dashboard,
    /// A task, or what is not known.
    #[default]
    Other,
}

/// How a script is run, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// The time from one run to the next.
    pub every: Option<Duration>,
    /// Whether a task runs later than it is due; none of what is no task.
    pub offset: Option<bool>,
    /// Whether the server formats it at times.
    pub is_formatted: bool,
    /// Whether the server puts other times in the place of those in it.
    pub is_retimed: bool,
    /// What runs it.
    pub reader: Reader,
}

impl Setting {
    /// A query of a dashboard.
    pub fn of_dashboard() -> Self {
        Self { reader: Reader::Dashboard, ..Self::default() }
    }
}

/// What a lint has found.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which lint.
    pub code: Code,
    /// What it says, and where.
    pub mistake: Mistake,
}

/// No script has more findings that anybody wants to read.
const MOST: usize = 100;

/// What the lints look at, and what they have found.
struct Look<'a> {
    script: &'a Script,
    calls: &'a [Call<'a>],
    /// What comes out of each call.
    streams: Vec<Stream>,
    tables: Vec<Tables>,
    columns: Columns<'a>,
    setting: Setting,
    found: Vec<Finding>,
    /// What was said already: a function is looked at for each time that it is called.
    said: BTreeSet<(Code, Span)>,
}

impl Look<'_> {
    /// Whether what is found now is not said any more.
    fn is_full(&self) -> bool {
        self.found.len() >= MOST
    }

    /// Adds what `code` finds at `span`.
    fn find(&mut self, code: Code, span: Span, message: impl Into<String>, label: &str, help: impl Into<String>) {
        if !self.is_full() && self.said.insert((code, span)) {
            let (message, label, help) = (message.into(), label.to_owned(), Some(help.into()));
            self.found.push(Finding { code, mistake: Mistake { span, message, label, also: None, help } });
        }
    }

    /// Shows another place with what was found last.
    fn also(&mut self, span: Span, label: &str) {
        if let Some(last) = self.found.last_mut() {
            last.mistake.also = Some((span, label.to_owned()));
        }
    }
}

/// All lints.
const LINTS: &[fn(&mut Look<'_>)] = &[
    allowed::unknown,
    range::missing,
    range::too_wide,
    range::shorter_than_window,
    range::without_offset,
    filter::too_late,
    filter::of_no_measurement,
    filter::of_many_groups,
    output::read_again,
    output::read_of_an_org,
    missing::columns,
    refused::calls,
    tree::expressions,
    joined::lines,
    deprecated::functions,
    secret::literals,
];

/// What the lints find in a sound script that is run as `setting` says, in order.
pub fn findings(script: &Script, followed: &Followed<'_>, setting: Setting) -> Vec<Finding> {
    let calls = &*followed.calls;
    let mut columns = Columns::of(script);
    let streams = stream::of(calls, &mut columns);
    let tables = tables::of(calls, &mut columns);
    let mut look = Look { script, calls, streams, tables, columns, setting, found: Vec::new(), said: BTreeSet::new() };
    LINTS.iter().for_each(|lint| lint(&mut look));
    look.found.sort_by_key(|finding| finding.mistake.span);
    look.found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::parser::parse;
    use crate::flux::refs::follow;

    #[test]
    fn what_is_long_takes_no_stack_and_is_not_said_without_end() {
        let late = "x = from(bucket: \"b\") |> range(start: -1h)".to_owned()
            + &" |> group() |> filter(fn: (r) => r.a == 1)".repeat(9_000);
        let sums = format!("x = {}1", "-(1 + 2) + ".repeat(50_000));
        let comments: String = (0..50_000).map(|n| format!("// fluxform: allow flux::x{n}\nx{n} = 1\n")).collect();
        for script in [late, sums, comments] {
            let parsed = parse(&script);
            assert!(parsed.is_sound());
            let setting = Setting { is_formatted: true, ..Setting::default() };
            assert_eq!(findings(&parsed.script, &follow(&parsed.script, &[]), setting).len(), MOST);
        }
    }
}
