//! A resource as its kind judges it, and what is wrong with it.

use std::ops::Range;

use crate::diagnostic::{Code, Severity};
use crate::flux::Literal;
use crate::flux::refs::{Reference, Steps};
use crate::value::Fields;

/// What a kind's check has found in the fields of one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable name, such as `bucket::retention`.
    pub code: Code,
    /// Whether it is wrong, or only to be known.
    pub severity: Severity,
    /// The field that it is about.
    pub field: &'static str,
    /// One sentence without a full stop.
    pub message: String,
    /// What the place shows.
    pub label: String,
    /// Another field that has to do with it.
    pub other: Option<&'static str>,
    /// The keys that lead to what it is about within the value of the field.
    pub within: Vec<String>,
    /// Whether it is about the last of these keys, and not about what that has.
    pub is_key: bool,
    /// The bytes of its text of another language that have to do with it.
    pub script: Option<Range<usize>>,
    /// The path of a value within the field that it is about, such as `cell[0].at`; its text of another language is that one then.
    pub inner: Option<String>,
    /// Further bytes of that text that have to do with it, and what is shown there.
    pub also: Vec<(Range<usize>, String)>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Fault {
    /// A fault of `field`.
    pub fn new(code: Code, field: &'static str, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            field,
            message: message.into(),
            label: label.into(),
            other: None,
            within: Vec::new(),
            is_key: false,
            script: None,
            inner: None,
            also: Vec::new(),
            help: None,
        }
    }

    /// Whether nothing can be done with what it is about, whatever a project says of lints.
    pub fn stops(&self) -> bool {
        self.severity == Severity::Error && self.code.level().is_none()
    }

    /// The same as something to be known, which stops nothing.
    #[must_use]
    pub fn warning(self) -> Self {
        debug_assert!(self.code.warns(), "invariant: the list says that {} warns", self.code);
        Self { severity: Severity::Warning, ..self }
    }

    /// The same with another field that has to do with it.
    #[must_use]
    pub fn other(self, field: &'static str) -> Self {
        Self { other: Some(field), ..self }
    }

    /// The same, about what has the key `key` in the value, or in what the keys before lead to.
    #[must_use]
    pub fn within(mut self, key: &str) -> Self {
        self.within.push(key.to_owned());
        self
    }

    /// The same, about the key itself.
    #[must_use]
    pub fn key(self) -> Self {
        Self { is_key: true, ..self }
    }

    /// The same with the bytes of its text of another language that have to do with it.
    #[must_use]
    pub fn script(self, span: Range<usize>) -> Self {
        Self { script: Some(span), ..self }
    }

    /// The same about the value at `path` within the field.
    #[must_use]
    pub fn inner(self, path: impl Into<String>) -> Self {
        Self { inner: Some(path.into()), ..self }
    }

    /// The same with a hint.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// A resource as it is written, before its kind has looked at it.
pub struct Draft<'d> {
    /// Its fields, with defaults. A field that is written and not here has an error, which has been said.
    pub fields: Fields,
    /// Whether the manifest writes a field.
    pub written: &'d dyn Fn(&str) -> bool,
    /// Its text of another language, as the author wrote it.
    pub script: Option<&'d str>,
    /// Whether that text is put together from several files.
    pub uses: bool,
    /// The values for that script.
    pub params: Option<Literal>,
    /// What that script reaches, as far as its kind has looked.
    pub reaches: Vec<Reference>,
    /// What the texts within tables reach, with the path of each.
    pub reaches_within: Vec<(String, Reference)>,
    /// How many steps scripts of its project may still be followed.
    pub steps: &'d Steps,
}

/// A kind's own rules for one resource: brings the fields to the form that the server gives back, and says what the
/// server would refuse.
pub type Check = fn(&mut Draft<'_>, &mut Vec<Fault>);
