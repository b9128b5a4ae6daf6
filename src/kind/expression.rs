//! Expressions of the manifests, such as `${var.x}`, in a text of Flux: nothing replaces them there, and to Flux they are variables
//! that nobody defines.

use std::collections::BTreeSet;

use super::Kind;
use super::draft::Fault;
use crate::diagnostic::Code;
use crate::flux::Mistake;
use crate::flux::ast::{ExpressionKind, Script};
use crate::flux::params::{Use, uses};

/// Of so many mistakes of one sort the first are shown: each looks for the nearest name.
pub(super) const SHOWN: usize = 50;
/// The roots of expressions that are no kinds.
const ROOTS: [&str; 2] = ["var", "each"];

/// An expression that stands in a text.
pub(super) struct Mentioned<'a> {
    /// As it is written, without `${` and `}`.
    pub(super) text: &'a str,
    /// A name for its value.
    pub(super) key: &'a str,
}

impl<'a> Mentioned<'a> {
    fn new(text: &'a str, first: &'a str, last: &'a str) -> Self {
        Self { text, key: if matches!(root(text), "bucket" | "var") { first } else { last } }
    }

    /// What it begins with: `var`, `each`, or the name of a kind.
    pub(super) fn root(&self) -> &'a str {
        root(self.text)
    }
}

/// Whether an expression of the manifests may begin with `word`.
pub(super) fn is_root(word: &str) -> bool {
    Kind::from_name(word).is_some() || ROOTS.contains(&word)
}

fn root(text: &str) -> &str {
    text.split(['.', '[', ' ']).next().unwrap_or_default().trim_start_matches('(')
}

/// What is said of such expressions in a text.
pub(super) struct Words<'a> {
    pub(super) code: Code,
    pub(super) field: &'static str,
    /// Names that the text gets from elsewhere.
    pub(super) given: &'a [&'a str],
    /// Where it cannot be used, and what can be instead.
    pub(super) message: &'static str,
    pub(super) advice: &'a dyn Fn(&Mentioned<'_>) -> String,
}

impl Words<'_> {
    /// The faults of a script with such expressions.
    pub(super) fn faults(&self, script: &Script) -> Vec<Fault> {
        let identifiers = script.expressions().iter().filter(|one| one.kind == ExpressionKind::Identifier);
        let is_root = |word: &&str| !self.given.contains(word) && is_root(word);
        let mentioned: BTreeSet<&str> = identifiers.map(|one| script.text(one.span)).filter(is_root).collect();
        let uses = mentioned.into_iter().flat_map(|root| uses(script, root));
        uses.filter_map(|one| self.fault(script, &one)).take(SHOWN).collect()
    }

    fn fault(&self, script: &Script, one: &Use) -> Option<Fault> {
        let text = &script.source()[one.span.clone()];
        let mentioned = Mentioned::new(text, one.path.first()?.0.as_str(), one.path.last()?.0.as_str());
        // `task.every` and `check._check_name` are what the server runs scripts with.
        if [Kind::Task, Kind::Check].map(Kind::name).contains(&mentioned.root()) && one.path.len() < 2 {
            return None;
        }
        let fault = Fault::new(self.code, self.field, format!("`{text}` {}", self.message), "not defined in Flux");
        Some(fault.script(one.span.clone()).help((self.advice)(&mentioned)))
    }

    /// A mistake in `source`, with what to do about it where it is such an expression.
    pub(super) fn help(&self, source: &str, mistake: Mistake) -> Mistake {
        let help = self.bare(source.get(mistake.span.range().start..).unwrap_or_default());
        Mistake { help: help.or(mistake.help), ..mistake }
    }

    /// What to do about an expression of the manifests that stands where a script has no string; none for other text.
    fn bare(&self, text: &str) -> Option<String> {
        let (text, _) = text.strip_prefix("${")?.split_once('}')?;
        let mut words = text.split('.');
        let root = words.next()?;
        let mentioned = Mentioned::new(text, words.next()?, text.rsplit('.').next()?);
        is_root(root).then(|| (self.advice)(&mentioned))
    }
}
