//! How much of a server projects manage.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::coverage::{Count, Coverage, Unmanaged};
use crate::redact::without_secrets;
use crate::snapshot::Sight;

#[derive(Serialize)]
pub(super) struct Form<'a> {
    percent: usize,
    kinds: BTreeMap<&'static str, Kind>,
    unmanaged: Vec<One<'a>>,
}

#[derive(Serialize)]
struct Kind {
    sight: &'static str,
    ours: usize,
    theirs: usize,
    external: usize,
    unmanaged: usize,
}

#[derive(Serialize)]
struct One<'a> {
    kind: &'static str,
    name: Cow<'a, str>,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
}

impl<'a> Form<'a> {
    pub(super) fn new(coverage: &'a Coverage) -> Self {
        let kinds = coverage.kinds.iter().map(|(kind, count)| (kind.name(), Kind::new(count)));
        Self {
            percent: coverage.percent(),
            kinds: kinds.collect(),
            unmanaged: coverage.unmanaged.iter().map(One::new).collect(),
        }
    }
}

impl Kind {
    const fn new(count: &Count) -> Self {
        let Count { sight, ours, theirs, external, unmanaged } = *count;
        Self { sight: self::sight(sight), ours, theirs, external, unmanaged }
    }
}

impl<'a> One<'a> {
    fn new(object: &'a Unmanaged) -> Self {
        Self {
            kind: object.kind.name(),
            name: without_secrets(&object.name),
            id: &object.id,
            org: object.org.as_deref(),
        }
    }
}

/// The word for how much the token sees.
pub const fn sight(sight: Sight) -> &'static str {
    match sight {
        Sight::Complete => "complete",
        Sight::Partial => "partial",
        Sight::Blind => "blind",
    }
}
