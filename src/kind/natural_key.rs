//! What the server itself keeps unique: how an object is found that no ledger knows. The one place where names are folded.

use super::{Key, Kind, Level};

/// How the server tells names of a kind apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Byte by byte.
    AsWritten,
    /// Without the white space around them.
    Trimmed,
    /// Without the white space around them, and without regard to case.
    Folded,
    /// Without regard to case.
    Lowered,
}

#[cfg(test)]
thread_local! {
    /// How many keys were made.
    pub static MADE: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A name in its place: two objects of a kind with one key cannot exist together, where the kind's names are unique.
/// `O` names an org: by its ID, or by what a manifest calls it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NaturalKey<O = String> {
    kind: Kind,
    org: Option<O>,
    name: Vec<u8>,
}

impl<O> NaturalKey<O> {
    /// The key of the object of `kind` that is called `name` in `org`, which does not count for kinds whose names are unique on
    /// the server as a whole. None for kinds that have no names at all.
    pub fn of(kind: Kind, org: Option<O>, name: &str) -> Option<Self> {
        let name = match kind.spec().key {
            Key::Name(Names::Folded) => folded(name.trim()),
            Key::Name(Names::Lowered) => lowered(name).into_bytes(),
            Key::Name(Names::Trimmed) => name.trim().into(),
            Key::Name(Names::AsWritten) | Key::LoneName => name.into(),
            Key::None => return None,
        };
        #[cfg(test)]
        MADE.set(MADE.get() + 1);
        let has_place = kind.spec().level == Level::Org && !kind.spec().unique_everywhere;
        Some(Self { kind, org: org.filter(|_| has_place), name })
    }

    /// The same; none also for kinds whose names several objects may have.
    pub fn unique(kind: Kind, org: Option<O>, name: &str) -> Option<Self> {
        Self::of(kind, org, name).filter(|_| matches!(kind.spec().key, Key::Name(_)))
    }
}

/// A label's name as influxd looks it up (2.9.1, measured): in lower case, letter by letter (a final `Σ` is `σ`), in as
/// many bytes as the name has as it is written. Where lower case is shorter, NULs follow, so that the Kelvin sign is no
/// `k`; where it is longer, the end is lost.
fn folded(name: &str) -> Vec<u8> {
    let mut key = lowered(name).into_bytes();
    key.resize(name.len(), 0);
    key
}

/// In lower case, letter by letter.
fn lowered(name: &str) -> String {
    name.chars().map(|letter| letter.to_lowercase().next().unwrap_or(letter)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(kind: Kind, one: &str, other: &str) -> bool {
        NaturalKey::of(kind, Some("o"), one) == NaturalKey::of(kind, Some("o"), other)
    }

    #[test]
    fn names_are_told_apart_as_the_server_does() {
        let spaces = [" Europe", "Europe ", "\tEurope\n", "\u{a0}Europe", "\u{2003}Europe"];
        assert!(spaces.iter().all(|name| same(Kind::Org, "Europe", name) && same(Kind::Label, "europe", name)));
        assert!(spaces.iter().all(|name| !same(Kind::Bucket, "Europe", name) && !same(Kind::User, "Europe", name)));
        for name in ["Europe\u{200b}", "\u{feff}Europe", "Europe\0"] {
            assert!(Kind::ALL.iter().all(|kind| *kind == Kind::Token || !same(*kind, "Europe", name)), "{name:?}");
        }
        assert!(!same(Kind::Org, "Europe", "europe") && !same(Kind::Bucket, "Europe", "europe"));
        for (one, other) in [("ΟΔΟΣ", "οδοσ"), ("ǅ", "ǆ"), ("Ǆ", "ǆ"), ("\u{10400}", "\u{10428}"), ("İX", "İx")]
        {
            assert!(same(Kind::Label, one, other), "{one} {other}");
        }
        for (one, other) in [("ΟΔΟΣ", "οδος"), ("\u{212a}", "k"), ("ẞ", "ß"), ("İx", "ix"), ("e\u{301}", "é")]
        {
            assert!(!same(Kind::Label, one, other), "{one} {other}");
        }
        assert!(same(Kind::Label, "\u{23a}", "\u{23a}") && !same(Kind::Label, "\u{23a}", "\u{2c65}"));
    }

    #[test]
    fn a_place_counts_where_there_is_one() {
        let key = |kind, org, name| NaturalKey::of(kind, Some(org), name);
        assert_ne!(key(Kind::Bucket, "a", "b"), key(Kind::Bucket, "c", "b"));
        assert_eq!(key(Kind::User, "a", "b"), key(Kind::User, "c", "b"));
        assert_eq!(key(Kind::V1Token, "a", "b"), key(Kind::V1Token, "c", "b"));
        assert_ne!(key(Kind::User, "a", "b"), key(Kind::Org, "a", "b"));
        assert_eq!(key(Kind::Token, "a", "b"), None);
        assert!(key(Kind::Task, "a", "b").is_some());
        assert_eq!(NaturalKey::unique(Kind::Task, Some("a"), "b"), None);
    }
}
