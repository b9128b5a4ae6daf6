//! Patterns of addresses: `bucket.raw`, `org.*`, `*`.

use std::fmt;
use std::str::FromStr;

use super::Address;
use crate::diagnostic::nearest;
use crate::kind::Kind;
use crate::limits::KEY;

/// Addresses, of which `*` stands for any number of characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern(String);

/// Why a text is no pattern of addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It can match no address.
    #[error("`{0}` matches no address: write `KIND.KEY`, with `*` for any characters")]
    Form(String),
    /// The part before the dot names no kind.
    #[error("unknown kind `{kind}` in `{text}`{}", .near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownKind {
        /// The word that was written.
        kind: String,
        /// The whole text.
        text: String,
        /// The kind that is most like it.
        near: Option<&'static str>,
    },
}

impl Pattern {
    /// Whether `address` is one of those that are meant.
    pub fn matches(&self, address: &Address) -> bool {
        matches(&self.0, &address.to_string())
    }

    /// Whether it may match several addresses.
    pub fn is_wild(&self) -> bool {
        self.0.contains('*')
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any number of characters. The time grows with the length of
/// both together: each piece between two `*` is looked for once, behind the first place of the one before it.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(last) = pieces.next_back() else {
        return pattern == text;
    };
    let middle = text.strip_prefix(first).and_then(|rest| rest.strip_suffix(last));
    let Some(mut rest) = middle else {
        return false;
    };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.split_once('.').map(|(word, _)| word);
        match word {
            Some(word) if !word.contains('*') && Kind::from_name(word).is_none() => Err(PatternError::UnknownKind {
                kind: word.to_owned(),
                text: text.to_owned(),
                near: nearest(word, Kind::ALL.iter().map(|kind| kind.name())).and_then(Kind::from_name).map(Kind::name),
            }),
            // Nothing could match it: no address is as long.
            _ if KEY.exceeded(text.len() / 4) => Err(PatternError::Form(text.chars().take(40).chain(['…']).collect())),
            _ if text.contains('*') => Ok(Self(text.to_owned())),
            // An address is compared as it is shown.
            _ => match text.parse::<Address>() {
                Ok(address) => Ok(Self(address.to_string())),
                Err(_) => Err(PatternError::Form(text.to_owned())),
            },
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_pattern_matches_whole_addresses() {
        let raw = Address::new(Kind::Bucket, "raw");
        for (pattern, yes) in [
            ("bucket.*", true),
            ("*", true),
            ("bucket.raw", true),
            ("bucket.r*w", true),
            ("bucket.\"raw\"", true),
            ("bucket.raw*", true),
            ("bucket.ra*aw", false),
            ("*raw", true),
            ("**", true),
            ("b*.*a*", true),
            ("b*.*a*a*", false),
            ("bucket.raw*raw", false),
            ("org.*", false),
        ] {
            assert_eq!(pattern.parse::<Pattern>().expect(pattern).matches(&raw), yes, "{pattern}");
        }
        let press = Address::new(Kind::Bucket, "line").at("press 1");
        assert!("bucket.line[*]".parse::<Pattern>().expect("a pattern").matches(&press));
    }

    proptest! {
        #[test]
        fn a_pattern_matches_as_one_that_tries_all_ways(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
            fn all_ways(pattern: &str, text: &str) -> bool {
                let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
                let Some(text) = text.strip_prefix(head) else { return false };
                (0..=text.len()).any(|at| all_ways(rest, &text[at..]))
            }
            prop_assert_eq!(matches(&pattern, &text), all_ways(&pattern, &text));
        }
    }

    #[test]
    fn many_stars_are_tried_once_each() {
        let text = "a".repeat(1 << 20);
        assert!(!matches(&format!("{}b", "*a".repeat(1 << 10)), &text));
        assert!(matches(&"*a".repeat(1 << 10), &text));
    }

    #[test]
    fn what_matches_nothing_is_no_pattern() {
        for (text, words) in [
            ("raw", "`raw` matches no address: write `KIND.KEY`, with `*` for any characters"),
            ("", "`` matches no address: write `KIND.KEY`, with `*` for any characters"),
            ("buckt.*", "unknown kind `buckt` in `buckt.*`; did you mean `bucket`?"),
            ("dashboards.x", "unknown kind `dashboards` in `dashboards.x`"),
        ] {
            assert_eq!(text.parse::<Pattern>().map(|_| ()).map_err(|error| error.to_string()), Err(words.to_owned()));
        }
    }
}
