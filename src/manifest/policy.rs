//! `[policy]`: what the guards let pass, and what they protect.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::budget::Budget;
use super::lint::{self, Lints};
use super::node::{Node, Raw};
use super::section::Section;
use super::source::place;
use super::syntax::Document;
use super::variables::Values;
use super::written::Written;
use super::{Placed, Resource};
use crate::address::{Address, Matcher, Pattern};
use crate::diagnostic::{Diagnostic, Place};
use crate::limits::{MATCHING, PATTERNS};

/// `[policy]`.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Whether what exists already and has the declared name may be taken over.
    pub adopt: bool,
    /// What is neither deleted nor replaced.
    pub protected: Vec<Placed<Pattern>>,
    /// How much of a kind may go at once.
    pub blast_radius: BlastRadius,
    /// `[[policy.allow]]`.
    pub allow: Vec<Allow>,
    /// `[policy.lint]`.
    pub lints: Lints,
}

/// How much of what the project owns of a kind may be deleted, replaced or deactivated at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlastRadius {
    /// The largest part that is no matter, in percent.
    pub percent: u8,
    /// The smallest number of objects of a kind that is looked at.
    pub from: usize,
}

impl Default for BlastRadius {
    fn default() -> Self {
        Self { percent: 30, from: 10 }
    }
}

/// One `[[policy.allow]]`: a consent that is reviewed with the change.
#[derive(Clone, Debug)]
pub struct Allow {
    /// What may happen.
    pub what: What,
    /// To whom.
    pub address: Pattern,
    /// The last day on which it holds (UTC).
    pub until: Date,
    /// Why, for those who read the plan.
    pub reason: String,
    /// Where it is written.
    pub place: Place,
}

/// What can be allowed beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// Taking over an object that exists already.
    Adopt,
    /// Losing data.
    DataLoss,
    /// Being one of many that go at once.
    BlastRadius,
    /// Taking a role from a user that tasks run as.
    TaskOwner,
}

impl What {
    const ALL: [Self; 4] = [Self::Adopt, Self::DataLoss, Self::BlastRadius, Self::TaskOwner];

    /// Its word in manifests.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::DataLoss => "data_loss",
            Self::BlastRadius => "blast_radius",
            Self::TaskOwner => "task_owner",
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Policy {
    /// Whether each of many addresses is protected: only patterns with a `*` are tried one after the other.
    pub fn protector(&self) -> impl Fn(&Address) -> bool {
        let patterns = || self.protected.iter().map(|pattern| &pattern.value);
        let plain: BTreeSet<&str> = patterns().filter(|pattern| !pattern.is_wild()).map(Pattern::as_str).collect();
        let wild: Vec<Matcher<'_>> = patterns().filter(|pattern| pattern.is_wild()).map(Pattern::matcher).collect();
        move |address| {
            let text = address.to_string();
            plain.contains(text.as_str()) || wild.iter().any(|pattern| pattern.matches(&text))
        }
    }

    /// Where each pattern is written that is tried on each address.
    fn tried(&self) -> impl Iterator<Item = &Place> {
        let wild = self.protected.iter().filter(|pattern| pattern.value.is_wild()).map(|pattern| &pattern.place);
        wild.chain(self.allow.iter().map(|allow| &allow.place))
    }
}

/// Reads `[policy]` and all `[[policy.allow]]`.
pub(super) fn read(document: &Document<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> Policy {
    let mut policy = Policy::default();
    if let Some(written) = &document.policy {
        let words = ["adopt", "protected", "blast_radius", "allow", "lint"];
        let mut section = Section::new(written, "[policy]", &words, values, problems);
        policy.adopt = section.flag("adopt").unwrap_or_default();
        policy.protected = section.texts("protected").iter().filter_map(|node| pattern(&mut section, node)).collect();
        if let Some(node) = written.table.get("blast_radius") {
            policy.blast_radius = blast_radius(written, node, values, problems);
        }
        if let Some(node) = written.table.get("lint") {
            policy.lints = lint::read(written, node, values, problems);
        }
    }
    for written in &document.allow {
        if values.budget.is_enough(problems) {
            break;
        }
        policy.allow.extend(allow(written, values, problems));
    }
    if let Some(place) = policy.tried().nth(PATTERNS.size()) {
        values.budget.exceed(&PATTERNS, || ("`[policy]` has more patterns than".to_owned(), Some(place.clone())));
    }
    policy
}

fn pattern(section: &mut Section<'_, '_>, node: &Node<'_>) -> Option<Placed<Pattern>> {
    match node.text().unwrap_or_default().parse::<Pattern>() {
        Ok(value) => Some(Placed { value, place: place(section.written.source, node.span) }),
        Err(error) => section.fail(node, error.to_string(), "matches nothing"),
    }
}

fn blast_radius(policy: &Written<'_>, node: &Node<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> BlastRadius {
    let default = BlastRadius::default();
    let Raw::Table(table) = &node.value else {
        let at = place(policy.source, node.span);
        let wanted = "a table such as `{ percent = 30, from = 10 }`";
        problems.push(super::written::wrong_type("blast_radius", wanted, &node.value, at));
        return default;
    };
    let written = Written { source: policy.source, head: node.span, table: table.clone() };
    let mut section = Section::new(&written, "blast_radius", &["percent", "from"], values, problems);
    let percent = section.number("percent", 0..=100).and_then(|number| u8::try_from(number).ok());
    let from = section.number("from", 0..=1_000_000).and_then(|number| usize::try_from(number).ok());
    BlastRadius { percent: percent.unwrap_or(default.percent), from: from.unwrap_or(default.from) }
}

fn allow(written: &Written<'_>, values: &Values, problems: &mut Vec<Diagnostic>) -> Option<Allow> {
    const WORDS: [&str; 4] = ["what", "address", "until", "reason"];
    let mut section = Section::new(written, "[[policy.allow]]", &WORDS, values, problems);
    section.needs("[[policy.allow]]", &WORDS, "`what`, `address`, `until` and `reason` are all required");
    let what = section.one_of("what", &What::ALL, What::word);
    let address = section.placed("address", |section, node, _| pattern(section, node).map(|pattern| pattern.value));
    let until = section.date("until");
    let reason = section.placed("reason", |_, _, text| Some(text));
    Some(Allow { what: what?, address: address?.value, until: until?, reason: reason?.value, place: written.place() })
}

/// Counts the text that the patterns are tried on.
pub(super) fn count(policy: &Policy, resources: &BTreeMap<Address, Resource>, budget: &Budget) {
    let Some(place) = policy.tried().next() else { return };
    let text: usize = resources.keys().map(|address| address.to_string().len()).sum();
    if MATCHING.exceeded(policy.tried().count().saturating_mul(text)) {
        budget.exceed(&MATCHING, || {
            let words = "the patterns of `[policy]` would be compared with more text of addresses than";
            (words.to_owned(), Some(place.clone()))
        });
    }
}

/// Marks what is protected: the record keeps it, so that it holds when the policy is gone.
pub(super) fn protect(policy: &Policy, resources: &mut BTreeMap<Address, Resource>) {
    if policy.protected.is_empty() {
        return;
    }
    let protected = policy.protector();
    for (address, resource) in resources.iter_mut().filter(|(_, resource)| !resource.external) {
        resource.lifecycle.protected = protected(address);
    }
}
