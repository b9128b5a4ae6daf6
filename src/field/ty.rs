//! How a field is written in a manifest.

use super::{Field, Omitted};
use crate::kind::Kind;
use crate::value::Value;

/// How a field is written in a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Any string.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Bool,
    /// A list, whose order counts.
    List(&'static Type),
    /// A Flux duration, with months where `months` says so.
    Duration {
        /// Whether `mo` and `y` are allowed.
        months: bool,
    },
    /// A Flux duration, or one with a `-`.
    SignedDuration,
    /// A Flux duration of whole seconds without months, or `infinite`.
    Retention,
    /// A cron expression.
    Cron,
    /// The address of one resource of this kind.
    Ref(Kind),
    /// A list of addresses of this kind, each once.
    Refs(Kind),
    /// A list of addresses of these kinds, each once, or a table of their keys by kind.
    RefsOf(&'static [Kind]),
    /// A number.
    Number,
    /// Any string, in which nothing is expanded: what reads it has a `${` of its own.
    Verbatim,
    /// A table with these fields. What is omitted in it is absent, or what the field says; what is the server's is not compared.
    Block(&'static [Field]),
    /// Anything, in which nothing is expanded: tables, lists, strings, numbers and truth values.
    Any,
    /// A table of values of one type. Its keys are among these, or any where there are none here.
    Keyed(&'static [&'static str], &'static Type),
    /// A table of strings.
    Map,
    /// Flux: a string, or `{ file = "..." }`.
    Flux,
    /// Text of another program, which is taken as it is: a string, or `{ file = "..." }`.
    TextFile(TextFile),
    /// Values for a Flux script, see design: `{ duration = "1h" }` and so on.
    Params,
    /// The Flux name of the record that holds `params`.
    Identifier,
    /// What a token may do: addresses and wide scopes.
    Scopes,
    /// `{ env = "X" }`, `{ file = "..." }` or `{ command = [...] }`.
    Source,
    /// The same, or `{ secret = "KEY" }`: a secret of the org, which the server looks up.
    Credential,
    /// One sink or a list of them, or `"discard"`.
    Sinks,
    /// The ID of an external object.
    Id,
}

/// Text that may stand in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// What it is, such as "Flux script".
    pub what: &'static str,
    /// How the names of such files end, without the dot.
    pub ending: &'static str,
    /// Whether the manifest has the name of the file, and never the text.
    pub named: bool,
    /// Whether such a file may use others with definitions.
    pub uses: bool,
}

impl Type {
    /// Whether no expression takes over such a value: it is none that stands in a manifest as it is.
    pub const fn is_no_expression(self) -> bool {
        matches!(
            self,
            Self::Flux
                | Self::Params
                | Self::Source
                | Self::Credential
                | Self::Sinks
                | Self::Verbatim
                | Self::Any
                | Self::TextFile(_)
                | Self::Block(_)
                | Self::Keyed(..)
                | Self::List(Self::Block(_))
        )
    }

    /// Whether such a value says what a script does, or has scripts in it.
    pub fn has_script(self) -> bool {
        match self {
            Self::Flux | Self::TextFile(_) | Self::Params => true,
            Self::Block(fields) => fields.iter().any(|field| field.ty.has_script()),
            Self::List(item) | Self::Keyed(_, item) => item.has_script(),
            _ => false,
        }
    }

    /// Whether a string is such a value.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Verbatim | Self::Choice(_) | Self::Cron | Self::Identifier | Self::Id)
    }

    /// `live` without all that is the server's where nobody says it.
    #[must_use]
    pub fn without_theirs(self, live: Value) -> Value {
        match (self, live) {
            (Self::Block(fields), Value::Table(live)) => {
                let said =
                    live.into_iter().filter_map(|(key, live)| match fields.iter().find(|field| field.name == key) {
                        Some(field) if field.omitted == Omitted::Theirs => None,
                        Some(field) => Some((key, field.ty.without_theirs(live))),
                        None => Some((key, live)),
                    });
                Value::Table(said.collect())
            }
            (Self::List(of), Value::List(live)) => {
                Value::List(live.into_iter().map(|item| of.without_theirs(item)).collect())
            }
            (Self::List(of) | Self::Keyed(_, of), Value::Table(live)) => {
                Value::Table(live.into_iter().map(|(key, live)| (key, of.without_theirs(live))).collect())
            }
            (_, live) => live,
        }
    }

    /// What `live` is to be compared with `wanted` for: without what is the server's where `wanted` does not say it.
    #[must_use]
    pub fn compared_with(self, wanted: &Value, live: Value) -> Value {
        match (self, wanted, live) {
            (Self::Block(fields), Value::Table(wanted), Value::Table(live)) => {
                let compared = live.into_iter().filter_map(|(key, live)| {
                    let field = fields.iter().find(|field| field.name == key);
                    match (field, wanted.get(&key)) {
                        (Some(field), None) if field.omitted == Omitted::Theirs => None,
                        (Some(field), Some(wanted)) => Some((key, field.ty.compared_with(wanted, live))),
                        _ => Some((key, live)),
                    }
                });
                Value::Table(compared.collect())
            }
            (Self::List(of), Value::List(wanted), Value::List(live)) => {
                let compared = live.into_iter().enumerate().map(|(at, live)| match wanted.get(at) {
                    Some(wanted) => of.compared_with(wanted, live),
                    None => live,
                });
                Value::List(compared.collect())
            }
            // A list that is kept by the keys of its items.
            (Self::List(of) | Self::Keyed(_, of), Value::Table(wanted), Value::Table(live)) => {
                let compared = live.into_iter().map(|(key, live)| match wanted.get(&key) {
                    Some(wanted) => (key, of.compared_with(wanted, live)),
                    None => (key, live),
                });
                Value::Table(compared.collect())
            }
            (_, _, live) => live,
        }
    }

    /// The text that it is, where that may stand in a file of its own.
    pub const fn text_file(self) -> Option<TextFile> {
        match self {
            Self::Flux => Some(TextFile { what: "Flux script", ending: "flux", named: false, uses: true }),
            Self::TextFile(text) => Some(text),
            _ => None,
        }
    }
}
