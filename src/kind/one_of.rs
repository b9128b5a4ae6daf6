//! Fields of which a resource says one: what it is, such as a check of values or of silence.

use super::draft::{Draft, Fault};
use crate::diagnostic::Code;
use crate::value::Value;

/// Fields of which one at most is said. A default of one gives way to another, and whoever leaves one to others leaves them all.
#[derive(Debug)]
pub struct OneOf {
    /// The fields.
    pub fields: &'static [&'static str],
    /// What is told where a resource says several or none; none where the kind has more to say of it.
    pub(super) words: Option<Words>,
}

/// What is told where a resource does not say one of several fields.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) code: Code,
    /// The resource, such as `a check`.
    pub(super) what: &'static str,
    /// What its place shows where it says none, and what to write for example; none where it may say none.
    pub(super) none: Option<(&'static str, &'static str)>,
    /// What the place of a second one shows.
    pub(super) several: &'static str,
    /// What to do about a second one.
    pub(super) help: Option<&'static str>,
}

impl OneOf {
    /// The one that a resource says. What is `false` says nothing.
    pub(super) fn said(&self, draft: &Draft<'_>, faults: &mut Vec<Fault>) -> Option<&'static str> {
        let is_false = |field: &str| draft.fields.get(field) == Some(&Value::Bool(false));
        let mut written: Vec<&'static str> =
            self.fields.iter().copied().filter(|field| (draft.written)(field)).collect();
        if written.len() > 1 {
            written.retain(|field| !is_false(field));
        }
        let words = self.words.as_ref();
        match *written.as_slice() {
            [field] if !is_false(field) => return Some(field),
            [first, second, ..] => faults.extend(words.map(|words| {
                let message = format!("{} cannot have both `{first}` and `{second}`", words.what);
                let fault = Fault::new(words.code, second, message, words.several).other(first);
                match words.help {
                    Some(help) => fault.help(help),
                    None => fault,
                }
            })),
            [..] => faults.extend(words.and_then(|words| {
                let (label, help) = words.none?;
                let message = format!("{} needs one of {}", words.what, self.listed());
                let at = written.first().copied().unwrap_or("name");
                Some(Fault::new(words.code, at, message, label).help(help))
            })),
        }
        None
    }

    /// The fields in prose.
    fn listed(&self) -> String {
        let names: Vec<String> = self.fields.iter().map(|field| format!("`{field}`")).collect();
        match names.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
            _ => names.concat(),
        }
    }
}
