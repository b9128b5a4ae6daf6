//! What would be lost with an object: points, and objects that nothing in the plan speaks of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Data;
use crate::address::few;
use crate::diff::Target;
use crate::kind::Kind;
use crate::redact::without_secrets;

/// What a change would lose besides the object itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stake {
    /// The points.
    pub data: Data,
    /// Objects that are deleted along with it or work no more without it, and that the same plan does not delete.
    pub along: Vec<Along>,
    /// Kinds of which there may be more such objects than the token sees.
    pub unseen: BTreeSet<Kind>,
}

/// An object that goes along with another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Along {
    /// Its kind.
    pub kind: Kind,
    /// The object.
    pub object: Target,
}

impl Stake {
    /// Only points.
    pub fn points(data: Data) -> Self {
        Self { data, ..Self::default() }
    }

    /// Whether it is shown that nothing would be lost.
    pub fn is_nothing(&self) -> bool {
        self.data == Data::None && self.along.is_empty() && self.unseen.is_empty()
    }

    /// Whether no more is at stake than was agreed to.
    pub fn within(&self, agreed: Option<&Self>) -> bool {
        self.clone().beyond(agreed).is_nothing()
    }

    /// What is at stake and was not agreed to.
    #[must_use]
    pub fn beyond(mut self, agreed: Option<&Self>) -> Self {
        if self.data.within(agreed.map(|agreed| &agreed.data)) {
            self.data = Data::None;
        }
        if let Some(agreed) = agreed {
            let known: BTreeSet<_> = agreed.along.iter().map(Along::key).collect();
            self.along.retain(|along| !known.contains(&along.key()));
            self.unseen.retain(|kind| !agreed.unseen.contains(kind));
        }
        self
    }

    /// The objects that go along by kind, the first of each named: ``task `a`, tokens `b`, `c` and 3 more``; nothing if
    /// there are none.
    pub fn objects(&self) -> String {
        let mut kinds: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
        for Along { kind, object } in &self.along {
            kinds.entry(*kind).or_default().push(format!("{:?}", without_secrets(&object.name)));
        }
        let words = kinds.into_iter().map(|(kind, names)| match names.len() {
            1 => format!("the {kind} {}", names[0]),
            many => format!("{many} {kind}s ({})", few(names)),
        });
        few(words)
    }

    /// The kinds of which there may be more objects: `buckets and tasks`; nothing if all are seen.
    pub fn hidden(&self) -> String {
        few(self.unseen.iter().map(|kind| format!("{kind}s")))
    }
}

impl Along {
    fn key(&self) -> (Kind, &str) {
        (self.kind, &self.object.id)
    }
}

/// As what the object would do: `would lose data: 12 values`.
impl fmt::Display for Stake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = (self.data != Data::None).then(|| format!("would lose data: {}", self.data));
        let along = (!self.along.is_empty())
            .then(|| format!("would take with it, besides what this plan deletes: {}", self.objects()));
        let unseen = (!self.unseen.is_empty())
            .then(|| format!("may take with it more {} than the token can see", self.hidden()));
        let parts: Vec<String> = [points, along, unseen].into_iter().flatten().collect();
        match parts.as_slice() {
            [] => f.write_str("would lose nothing"),
            parts => f.write_str(&parts.join("; it ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along(kind: Kind, id: &str) -> Along {
        Along { kind, object: Target { id: id.to_owned(), org: None, name: format!("the \"{id}\"") } }
    }

    fn stake(along: &[Along], unseen: &[Kind]) -> Stake {
        Stake { data: Data::None, along: along.to_vec(), unseen: unseen.iter().copied().collect() }
    }

    #[test]
    fn no_more_objects_may_go_along_than_was_agreed_to() {
        let (a, b) = (along(Kind::Task, "a"), along(Kind::Task, "b"));
        let both = stake(&[a, b.clone()], &[]);
        assert!(stake(std::slice::from_ref(&b), &[]).within(Some(&both)), "fewer");
        assert!(!both.within(Some(&stake(&[b], &[]))), "one more");
        assert!(!both.within(None), "nothing was said");
        assert!(!stake(&[along(Kind::Token, "a")], &[]).within(Some(&both)), "of another kind");
        assert!(!stake(&[], &[Kind::Task]).within(Some(&both)), "not seen any more");
        assert!(Stake::default().within(None));
    }

    #[test]
    fn what_goes_along_is_counted_by_kind_and_the_first_are_named() {
        let many = (0..9).map(|n| along(Kind::Token, &n.to_string()));
        let all: Vec<Along> = many.chain([along(Kind::Task, "x")]).collect();
        let stake = stake(&all, &[Kind::Bucket, Kind::Task]);
        insta::assert_snapshot!(stake.to_string());
    }
}
