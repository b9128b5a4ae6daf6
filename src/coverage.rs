//! How much of a server projects manage, and what none does.

use std::collections::{BTreeMap, BTreeSet};

use crate::kind::Kind;
use crate::snapshot::{Sight, Snapshot};

/// How much of a server projects manage.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// What there is of each kind.
    pub kinds: BTreeMap<Kind, Count>,
    /// What no project owns, by kind, name and ID.
    pub unmanaged: Vec<Unmanaged>,
}

/// What there is of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How much of it the token sees.
    pub sight: Sight,
    /// Objects that this project owns, or takes over.
    pub ours: usize,
    /// Objects that other projects own.
    pub theirs: usize,
    /// Objects that this project knows and leaves alone.
    pub external: usize,
    /// Objects that nobody owns.
    pub unmanaged: usize,
}

/// An object that no project owns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmanaged {
    /// What it is.
    pub kind: Kind,
    /// Its name (a token's description).
    pub name: String,
    /// Its ID.
    pub id: String,
    /// The ID of its org; none for orgs and users.
    pub org: Option<String>,
}

/// Whose each object is. An object is named by its kind and its ID.
#[derive(Clone, Debug, Default)]
pub struct Owned {
    /// What this project owns, or takes over.
    pub ours: BTreeSet<(Kind, String)>,
    /// What other projects own.
    pub theirs: BTreeSet<(Kind, String)>,
    /// What this project knows and leaves alone.
    pub external: BTreeSet<(Kind, String)>,
}

/// Looks through all of `snapshot`; what is one of InfluxDB's own does not count.
pub fn coverage(snapshot: &Snapshot, owned: &Owned) -> Coverage {
    let mut coverage = Coverage::default();
    for (kind, view) in &snapshot.kinds {
        let mut count = Count { sight: view.sight, ours: 0, theirs: 0, external: 0, unmanaged: 0 };
        for object in view.objects.values().filter(|object| !object.never_managed()) {
            let id = (*kind, object.id.clone());
            if owned.ours.contains(&id) {
                count.ours += 1;
            } else if owned.theirs.contains(&id) {
                count.theirs += 1;
            } else if owned.external.contains(&id) {
                count.external += 1;
            } else {
                count.unmanaged += 1;
                let (id, name, org) = (object.id.clone(), object.name.clone(), object.org.clone());
                coverage.unmanaged.push(Unmanaged { kind: *kind, name, id, org });
            }
        }
        coverage.kinds.insert(*kind, count);
    }
    coverage.unmanaged.sort();
    coverage
}

impl Coverage {
    /// How many objects some project owns.
    pub fn managed(&self) -> usize {
        self.kinds.values().map(|count| count.ours + count.theirs).sum()
    }

    /// How many objects are known and left alone.
    pub fn external(&self) -> usize {
        self.kinds.values().map(|count| count.external).sum()
    }

    /// The part that projects manage of what is not external, in whole percent: 100 only if nothing is unmanaged.
    pub fn percent(&self) -> usize {
        let (managed, all) = (self.managed(), self.managed() + self.unmanaged.len());
        (managed * 100).checked_div(all).unwrap_or(100)
    }

    /// The kinds of which there may be more than is counted.
    pub fn hidden(&self) -> impl Iterator<Item = (Kind, Sight)> {
        let hidden = self.kinds.iter().filter(|(_, count)| count.sight != Sight::Complete);
        hidden.map(|(kind, count)| (*kind, count.sight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Object, Standing};
    use crate::snapshot::View;
    use crate::value::Fields;

    fn snapshot(kind: Kind, names: &[&str]) -> Snapshot {
        let object = |name: &&str| Object {
            id: format!("id of {name}"),
            org: None,
            name: (*name).to_owned(),
            created: None,
            fields: Fields::default(),
            standing: if name.starts_with('_') { Standing::System } else { Standing::Ordinary },
            user: None,
        };
        let objects = names.iter().map(object).map(|object| (object.id.clone(), object)).collect();
        let view = View { sight: Sight::Partial, objects, missing: BTreeMap::new() };
        Snapshot { kinds: [(kind, view)].into(), ..Snapshot::default() }
    }

    #[test]
    fn what_nobody_owns_is_listed_and_counted() {
        let id = |name: &str| (Kind::Bucket, format!("id of {name}"));
        let owned = Owned {
            ours: [id("a"), id("gone")].into(),
            theirs: [id("b")].into(),
            external: [id("c"), (Kind::Task, "id of d".into())].into(),
        };
        let coverage = coverage(&snapshot(Kind::Bucket, &["a", "b", "c", "z", "d", "_tasks"]), &owned);
        let count = Count { sight: Sight::Partial, ours: 1, theirs: 1, external: 1, unmanaged: 2 };
        assert_eq!(coverage.kinds[&Kind::Bucket], count);
        let names: Vec<_> = coverage.unmanaged.iter().map(|object| object.name.as_str()).collect();
        assert_eq!((names, coverage.percent()), (vec!["d", "z"], 50));
        assert_eq!(coverage.hidden().collect::<Vec<_>>(), [(Kind::Bucket, Sight::Partial)]);
    }

    #[test]
    fn a_hundred_percent_is_all_of_it() {
        let of = |managed, unmanaged| {
            let count = Count { sight: Sight::Complete, ours: managed, theirs: 0, external: 0, unmanaged };
            let one = Unmanaged { kind: Kind::Task, name: String::new(), id: String::new(), org: None };
            Coverage { kinds: [(Kind::Task, count)].into(), unmanaged: vec![one; unmanaged] }.percent()
        };
        assert_eq!([of(0, 0), of(5, 0), of(999, 1), of(1, 2), of(0, 3)], [100, 100, 99, 33, 0]);
    }
}
