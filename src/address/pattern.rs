//! Patterns of addresses: `bucket.raw`, `org.*`, `*`.

use std::fmt;
use std::str::FromStr;

use memchr::memmem::{self, Finder};

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
    /// Whether it may match several addresses.
    pub fn is_wild(&self) -> bool {
        self.0.contains('*')
    }

    /// It, made ready for many addresses.
    pub fn matcher(&self) -> Matcher<'_> {
        Matcher::new(&self.0)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A pattern that is ready to be compared with many texts. The time for one grows with the length of both together: each
/// piece between two `*` is looked for once, behind the first place of the one before it.
#[derive(Debug)]
pub struct Matcher<'a> {
    /// What comes before the first `*`.
    first: &'a str,
    /// What comes between two.
    middle: Vec<Piece<'a>>,
    /// What comes after the last one; none if there is no `*`.
    last: Option<&'a str>,
}

#[derive(Debug)]
enum Piece<'a> {
    /// What is found as fast without being made ready, which takes more memory than the piece itself.
    Short(&'a str),
    Long(Box<Finder<'a>>),
}

impl<'a> Piece<'a> {
    fn new(text: &'a str) -> Self {
        const SHORT: usize = 8;
        if text.len() < SHORT { Self::Short(text) } else { Self::Long(Box::new(Finder::new(text))) }
    }

    /// What comes after its first place in `text`.
    fn behind<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        let (at, length) = match self {
            Self::Short(piece) => (memmem::find(text, piece.as_bytes())?, piece.len()),
            Self::Long(finder) => (finder.find(text)?, finder.needle().len()),
        };
        text.get(at + length..)
    }
}

impl<'a> Matcher<'a> {
    /// Of a pattern in which `*` stands for any number of characters.
    pub fn new(pattern: &'a str) -> Self {
        let mut pieces = pattern.split('*');
        let first = pieces.next().unwrap_or_default();
        let last = pieces.next_back();
        let middle = pieces.filter(|piece| !piece.is_empty()).map(Piece::new).collect();
        Self { first, middle, last }
    }

    /// Whether `text` is one of those that are meant.
    pub fn matches(&self, text: &str) -> bool {
        let Some(last) = self.last else {
            return text == self.first;
        };
        let middle = text.strip_prefix(self.first).and_then(|rest| rest.strip_suffix(last));
        // Where the bytes of a character are found, it begins.
        let rest = middle.map(str::as_bytes);
        rest.and_then(|rest| self.middle.iter().try_fold(rest, |rest, piece| piece.behind(rest))).is_some()
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any number of characters.
pub fn matches(pattern: &str, text: &str) -> bool {
    Matcher::new(pattern).matches(text)
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
            assert_eq!(
                pattern.parse::<Pattern>().expect(pattern).matcher().matches(&raw.to_string()),
                yes,
                "{pattern}"
            );
        }
        let press = Address::new(Kind::Bucket, "line").at("press 1");
        assert!("bucket.line[*]".parse::<Pattern>().expect("a pattern").matcher().matches(&press.to_string()));
    }

    proptest! {
        #[test]
        fn a_pattern_matches_as_one_that_tries_all_ways(
            (pattern, text) in prop_oneof![
                ("[abä*]{0,8}", "[abä]{0,10}"),
                // Pieces that are made ready.
                ("((a{7,10}|ä{4,5}|b)?\\*?){0,4}", "(a{6,20}|ä{4,9}|b){0,3}"),
            ]
        ) {
            fn all_ways(pattern: &str, text: &str) -> bool {
                let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
                let Some(text) = text.strip_prefix(head) else { return false };
                text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| all_ways(rest, &text[at..]))
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
            ("queries.x", "unknown kind `queries` in `queries.x`"),
        ] {
            assert_eq!(text.parse::<Pattern>().map(|_| ()).map_err(|error| error.to_string()), Err(words.to_owned()));
        }
    }
}
