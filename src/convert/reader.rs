//! What a reader of a source notes while it reads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;

use super::copied;
use super::made::{Made, Variable};
use super::node::Node;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::kind::Kind;
use crate::redact::is_secret;

/// What was read so far.
pub(super) struct Reader<'s> {
    source: &'s Arc<Source>,
    pub(super) told: Vec<Diagnostic>,
    pub(super) made: Vec<Made>,
    pub(super) variables: BTreeMap<String, Variable>,
    /// The keys of the next object whose secrets come from the environment, each with what is told of it.
    pub(super) unnamed: Vec<(&'static str, usize)>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s Arc<Source>) -> Self {
        Self { source, told: Vec::new(), made: Vec::new(), variables: BTreeMap::new(), unnamed: Vec::new() }
    }

    pub(super) fn place(&self, at: Range<usize>) -> Place {
        Place { source: Arc::clone(self.source), span: at }
    }

    /// Says why something is left out.
    pub(super) fn refuse(&mut self, at: Range<usize>, message: impl Into<String>, label: &str) {
        let place = self.place(at);
        self.told.push(Diagnostic::error(Code::ConvertObject, message).at(place, label));
    }

    /// Says that a retention of so many seconds is longer than can be counted, if it is.
    pub(super) fn refuse_beyond(&mut self, seconds: Option<&Node>) -> bool {
        let Some(said) = seconds.filter(|said| said.is_beyond()) else { return false };
        let written = self.source.text.get(said.span.clone()).unwrap_or_default();
        let message = format!("a retention of `{written}` seconds is longer than InfluxDB can keep anything");
        self.refuse(said.span.clone(), message, "left out");
        true
    }

    /// Says what is otherwise than in the source.
    pub(super) fn note(&mut self, at: Range<usize>, message: impl Into<String>, label: &str) {
        let place = self.place(at);
        self.told.push(Diagnostic::warning(Code::ConvertPart, message).at(place, label));
    }

    /// The same of several places.
    pub(super) fn note_all(&mut self, at: impl Iterator<Item = Range<usize>>, message: impl Into<String>, label: &str) {
        let told = Diagnostic::warning(Code::ConvertPart, message);
        let told = at.fold(told, |told, at| told.at(self.place(at), label));
        self.told.push(told);
    }

    /// Says that a secret is not copied, and what stands in its place.
    pub(super) fn hide(&mut self, at: Range<usize>, message: impl Into<String>, label: &str, help: impl Into<String>) {
        let place = self.place(at);
        let diagnostic = Diagnostic::warning(Code::ConvertSecret, message).at(place, label);
        self.told.push(diagnostic.help(help));
    }

    /// The same of a secret under `key` of the next object, which comes from the environment: the help has [`UNNAMED`] in the place of
    /// the variable.
    pub(super) fn hide_unnamed(
        &mut self,
        key: &'static str,
        at: Range<usize>,
        message: String,
        label: &str,
        help: &str,
    ) {
        self.hide(at, message, label, help);
        self.unnamed.push((key, self.told.len() - 1));
    }

    /// Puts down the object that `json` is, in the form in which the server shows it.
    pub(super) fn make(
        &mut self,
        kind: Kind,
        at: Range<usize>,
        json: &Json,
        named_by: Option<String>,
    ) -> Option<&mut Made> {
        match kind.object(&json.to_string()) {
            Ok(object) => {
                let place = self.place(at);
                let unnamed = std::mem::take(&mut self.unnamed);
                self.made.push(Made { named_by, unnamed, ..Made::new(kind, object, place) });
                self.made.last_mut()
            }
            Err(error) => {
                // What was read there is no text of the source.
                let error = error.split(" at line ").next().unwrap_or_default();
                self.refuse(at, format!("this {kind} cannot be read: {error}"), "left out");
                None
            }
        }
    }

    /// Notes which texts of the object that was put down last look like secrets, and where they stand: in the first of `from` that
    /// has them.
    pub(super) fn look_for_secrets(&mut self, from: &[&Node]) {
        if let Some(made) = self.made.last_mut() {
            (made.copied, made.in_scripts) = copied::find(made, from, self.source);
        }
    }

    /// A variable of the project that is called as like `name` as may be.
    pub(super) fn variable(&mut self, name: &str, variable: Variable) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
        let mut base: String = name.chars().map(plain).collect();
        if !base.starts_with(|c: char| c.is_ascii_alphabetic()) {
            base.insert_str(0, "v_");
        }
        // Such variables take no value from outside.
        if is_secret(&base) {
            base.push_str("_name");
        }
        let mut names = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}_{n}") });
        let is_free = |name: &String| self.variables.get(name).is_none_or(|known| *known == variable);
        let name = names.find(is_free).unwrap_or(base.clone());
        self.variables.insert(name.clone(), variable);
        name
    }
}
