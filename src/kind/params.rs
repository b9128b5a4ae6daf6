//! What a script asks of the manifest: the values in `params`.

use std::ops::Range;

use super::draft::{Draft, Fault};
use super::expression::{Mentioned, SHOWN, Words};
use super::hidden_place::Given;
use super::script;
use crate::address::few;
use crate::diagnostic::{Code, nearest};
use crate::flux::ast::Script;
use crate::flux::params::{Missing, Use, inlined, uses};
use crate::flux::refs::{Followed, Steps};
use crate::flux::{FluxError, Literal, Mistake, with_params};
use crate::lint::{Setting, secret};
use crate::redact::{Language, certain_literals};

/// The field, and what scripts call the record where nothing else is said.
pub(super) const PARAMS: &str = "params";

/// The record of values that the scripts of a resource may read.
#[derive(Clone, Copy)]
pub(super) struct Params<'p> {
    /// What they call it.
    pub(super) name: &'p str,
    /// What it has, where that is known.
    pub(super) record: Option<&'p Literal>,
    /// Whether the manifest gives one.
    pub(super) is_written: bool,
    /// The field that has the script.
    pub(super) field: &'static str,
    /// The word for what has the script.
    pub(super) owner: &'static str,
    /// What else the script is given.
    pub(super) given: &'static [&'static str],
}

impl<'p> Params<'p> {
    /// Those of `draft`, whose script is in `field`.
    pub(super) fn of(
        draft: &Draft<'_>,
        record: Option<&'p Literal>,
        field: &'static str,
        owner: &'static str,
        given: &'static [&'static str],
    ) -> Self {
        Self { name: PARAMS, record, is_written: (draft.written)(PARAMS), field, owner, given }
    }

    /// The names that the script is given.
    pub(super) fn names(&self) -> Vec<&'p str> {
        self.given.iter().copied().chain(self.is_written.then_some(self.name)).collect()
    }

    /// The faults of a script that reads them: what is not there, and expressions of the manifests.
    pub(super) fn check(&self, script: &Script) -> Vec<Fault> {
        let mut faults = self.unknown(script);
        faults.extend(self.with_words(|words| words.faults(script)));
        faults
    }

    /// A mistake in `source`, with what to do about it where it is an expression of the manifests.
    pub(super) fn help(&self, source: &str, mistake: Mistake) -> Mistake {
        self.with_words(|words| words.help(source, mistake))
    }

    /// What a sound script of a dashboard or a check reaches, and what is wrong with that, its names and its style.
    pub(super) fn look<'s>(
        &self,
        script: &'s Script,
        setting: Setting,
        steps: &Steps,
        faults: &mut Vec<Fault>,
    ) -> Followed<'s>
    where
        'p: 's,
    {
        let asked = self.check(script);
        faults.extend(script::names(self.field, script, &self.names(), &asked));
        faults.extend(asked);
        let given = self.record.map(|literal| Given { name: self.name, field: PARAMS, literal, is_shown: true });
        let (followed, found) = script::reached(self.field, script, given.as_slice(), setting, steps);
        faults.extend(found);
        followed
    }

    /// The script with the record before it, if it reads it. Where that cannot be, it stays as it is, and that is a fault.
    pub(super) fn before(&self, script: &Script, faults: &mut Vec<Fault>) -> String {
        let source = script.source();
        self.sent(script, faults, |record| with_params(source, self.name, record))
    }

    /// The script with the values in the place of what reads them. Where that cannot be, it stays as it is, and that is a fault.
    pub(super) fn within(&self, script: &Script, faults: &mut Vec<Fault>) -> String {
        self.sent(script, faults, |record| inlined(script, self.name, record))
    }

    /// Where the script reads a parameter that is a string.
    pub(super) fn strings(&self, script: &Script) -> Vec<Range<usize>> {
        let Some(record) = self.record else { return Vec::new() };
        let is_string = |one: &Use| matches!(one.value(record), Some(Literal::String(_)));
        uses(script, self.name).into_iter().filter(is_string).map(|one| one.span).collect()
    }

    fn sent(
        &self,
        script: &Script,
        faults: &mut Vec<Fault>,
        compose: impl FnOnce(&Literal) -> Result<String, FluxError>,
    ) -> String {
        let own = || script.source().to_owned();
        let Some(record) = self.record.filter(|_| script.source().contains(self.name)) else { return own() };
        compose(record).unwrap_or_else(|error| {
            faults.push(Fault::new(Code::FluxParams, self.field, error.message, "here").script(error.span));
            own()
        })
    }

    /// What is said of an expression of the manifests in a script.
    fn with_words<T>(&self, then: impl FnOnce(Words<'_>) -> T) -> T {
        let message = "cannot be used in a script: only its `params` come from the manifest";
        let given: Vec<&str> = self.given.iter().copied().chain([self.name]).collect();
        let advice = |one: &Mentioned<'_>| self.advice(one);
        then(Words { code: Code::FluxExpression, field: self.field, given: &given, message, advice: &advice })
    }

    /// How a script gets the value of an expression of the manifests.
    fn advice(&self, one: &Mentioned<'_>) -> String {
        let Mentioned { text, key } = one;
        let Self { name, owner, .. } = self;
        let value = match one.root() {
            "bucket" => format!("{{ bucket = \"bucket.{key}\" }}"),
            _ => format!("\"${{{text}}}\""),
        };
        format!(
            "set `params = {{ {key} = {value} }}` in the {owner}, and write `{name}.{key}`, or `${{{name}.{key}}}` within a string"
        )
    }

    /// What the script reads of its parameters and the manifest does not give: the server takes such a script, and it
    /// fails at each run (influxd 2.9.1, measured: `record is missing label`, with `exists` too).
    fn unknown(&self, script: &Script) -> Vec<Fault> {
        let Self { name, owner, field, .. } = *self;
        let fault =
            |message: String, label: &str, span| Fault::new(Code::FluxParams, field, message, label).script(span);
        let uses = uses(script, name).into_iter();
        let Some(record) = self.record else {
            // Else what is wrong with them has been said.
            let uses = uses.filter(|_| !self.is_written);
            let unset = |one: Use| {
                let written = one.path.iter().map(|(key, _)| key.as_str());
                let written = std::iter::once(name).chain(written).collect::<Vec<_>>().join(".");
                fault(format!("unknown `{written}`: the {owner} has no `params`"), "not defined", one.span)
                    .help(format!("set `params = {{ NAME = VALUE }}` in the {owner}, or define it in the script"))
            };
            return uses.map(unset).take(SHOWN).collect();
        };
        let unknown = |one: Use| {
            let Missing { depth, known } = one.missing(record)?;
            let (key, span) = &one.path[depth];
            let of = one.path[..depth].iter().map(|(key, _)| format!(".{key}")).collect::<String>();
            let help = match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{name}{of}.{near}`?"),
                None if known.is_empty() => format!("add it to `params{of}`, which is empty"),
                None => {
                    format!("add it to `params{of}`, which has {}", few(known.iter().map(|key| format!("`{key}`"))))
                }
            };
            Some(fault(format!("unknown parameter `{name}{of}.{key}`"), "not in `params`", span.clone()).help(help))
        };
        uses.filter_map(unknown).take(SHOWN).collect()
    }
}

/// The parameters that certainly have a secret: they become a part of the script.
pub(super) fn secrets(params: Option<&Literal>) -> Vec<Fault> {
    let Some(Literal::Record(params)) = params else { return Vec::new() };
    let has_secret = |param: &(String, Literal)| {
        let source = Literal::Record(vec![param.clone()]).encode();
        source.is_ok_and(|source| !certain_literals(&source, Language::Flux).is_empty())
    };
    let fault = |(key, _): &(String, Literal)| {
        let message = format!("`params.{key}` has a secret, which is written into the script");
        Fault::new(Code::FluxSecretLiteral, PARAMS, message, secret::LABEL).within(key).help(secret::HELP).warning()
    };
    params.iter().filter(|param| has_secret(param)).map(fault).take(SHOWN).collect()
}
