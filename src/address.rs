//! How people and plans name a resource: `kind.key`, or `kind.key[instance]`.

mod pattern;

pub use pattern::{Matcher, Pattern, PatternError, matches};

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::diagnostic::nearest;
use crate::kind::Kind;

/// The name of one resource of a project. Ordered by kind, key and instance, which is the order of every listing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// What it is.
    pub kind: Kind,
    /// Its key in the manifest.
    pub key: Arc<str>,
    /// Its instance key, when the resource has `for_each`.
    pub instance: Option<Arc<str>>,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not of the form `kind.key` or `kind.key[instance]`.
    #[error("invalid address `{0}`: {hint}", hint = form(.0))]
    Form(String),
    /// The part before the dot names no kind.
    #[error("unknown kind `{kind}` in `{text}`")]
    UnknownKind {
        /// The word that was written.
        kind: String,
        /// The whole text.
        text: String,
    },
}

impl Address {
    /// The address of a resource without `for_each`.
    pub fn new(kind: Kind, key: impl Into<Arc<str>>) -> Self {
        Self { kind, key: key.into(), instance: None }
    }

    /// The same resource's instance `instance`.
    #[must_use]
    pub fn at(&self, instance: impl Into<Arc<str>>) -> Self {
        Self { kind: self.kind, key: self.key.clone(), instance: Some(instance.into()) }
    }

    /// The address without its instance: the table that was written.
    #[must_use]
    pub fn table(&self) -> Self {
        Self { kind: self.kind, key: self.key.clone(), instance: None }
    }
}

impl AddressError {
    /// What is wrong, without what to write instead.
    pub fn short(&self) -> String {
        match self {
            Self::Form(text) => format!("invalid address `{text}`"),
            Self::UnknownKind { .. } => self.to_string(),
        }
    }

    /// What to write instead.
    pub fn hint(&self) -> String {
        match self {
            Self::Form(text) => form(text),
            Self::UnknownKind { kind, text } => {
                let names = || Kind::ALL.iter().map(|kind| kind.name());
                match nearest(kind, names()) {
                    Some(near) => format!("did you mean `{near}{}`?", &text[kind.len()..]),
                    None => format!("`{kind}` is no kind; available kinds: {}", names().collect::<Vec<_>>().join(", ")),
                }
            }
        }
    }
}

/// What to write instead of `text`, which has not the form of an address.
fn form(text: &str) -> String {
    if let Some(address) = unquoted(text) {
        return format!("write `{address}`: a key with more than letters, digits, `_` and `-` stands in quotes");
    }
    let kind = Kind::ALL.iter().find_map(|kind| Some((kind, text.strip_prefix(kind.name())?)));
    match kind.map(|(kind, rest)| (kind, rest.trim_start_matches(['_', '-', '/', ':', ' ']))) {
        Some((kind, rest)) if text.len() > kind.name().len() + rest.len() && is_plain_key(rest) => {
            format!("did you mean `{}.{rest}`?", kind.name())
        }
        _ => "write `KIND.KEY` or `KIND.KEY[INSTANCE]`".to_owned(),
    }
}

/// The address that is meant by a text in which keys lack their quotes.
pub fn unquoted(text: &str) -> Option<Address> {
    let (kind, rest) = text.split_once('.')?;
    let kind = Kind::from_name(kind)?;
    let (key, instance) = match rest.strip_suffix(']').and_then(|rest| rest.split_once('[')) {
        Some((key, instance)) => (key, Some(instance)),
        None => (rest, None),
    };
    let sound = |key: &str| !key.is_empty() && !key.contains(['"', '[', ']']);
    let bare = |key: &str| key.trim_matches('"').to_owned();
    let (key, instance) = (bare(key), instance.map(bare));
    let all = sound(&key) && instance.as_deref().is_none_or(sound);
    (all && text.parse::<Address>().is_err()).then_some(Address {
        kind,
        key: key.into(),
        instance: instance.map(Arc::from),
    })
}

/// Of a list for people, so many are named.
const FEW: usize = 5;

/// The first of `items`, and how many more there are: `a, b, c, d, e and 7 more`.
pub fn few<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match items.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        // One more is named as well: its name is hardly longer than the words for it.
        [head @ .., last] if head.len() <= FEW => format!("{} and {last}", head.join(", ")),
        all => format!("{} and {} more", all[..FEW].join(", "), all.len() - FEW),
    }
}

/// Whether `key` can stand in an address without quotes.
pub fn is_plain_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn write_key(f: &mut fmt::Formatter<'_>, key: &str) -> fmt::Result {
    if is_plain_key(key) {
        return f.write_str(key);
    }
    f.write_str("\"")?;
    for c in key.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\u{:04X}", c as u32)?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.", self.kind.name())?;
        write_key(f, &self.key)?;
        if let Some(instance) = &self.instance {
            f.write_str("[")?;
            write_key(f, instance)?;
            f.write_str("]")?;
        }
        Ok(())
    }
}

/// Reads one key, quoted or plain, from the head of `text`; gives it and what is left.
pub(crate) fn read_key(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end =
            text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_' || b == b'-')).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut key = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((key, &quoted[at + 1..])),
            '\\' => match chars.next()?.1 {
                'u' => {
                    let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                    key.push(char::from_u32(u32::from_str_radix(&hex, 16).ok()?)?);
                }
                c @ ('"' | '\\') => key.push(c),
                _ => return None,
            },
            c => key.push(c),
        }
    }
    None
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || AddressError::Form(text.to_owned());
        let (kind, rest) = text.split_once('.').ok_or_else(form)?;
        let kind = Kind::from_name(kind)
            .ok_or_else(|| AddressError::UnknownKind { kind: kind.to_owned(), text: text.to_owned() })?;
        let (key, rest) = read_key(rest).ok_or_else(form)?;
        if rest.is_empty() {
            return Ok(Self { kind, key: key.into(), instance: None });
        }
        let inner = rest.strip_prefix('[').ok_or_else(form)?;
        let (instance, rest) = read_key(inner).ok_or_else(form)?;
        if rest != "]" {
            return Err(form());
        }
        Ok(Self { kind, key: key.into(), instance: Some(instance.into()) })
    }
}

impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shown_reads_back(key in "\\PC{1,12}|[a-z\"\\\\\u{7}\n]{1,6}", instance in proptest::option::of("\\PC{0,8}")) {
            let address = Address { kind: Kind::Bucket, key: key.into(), instance: instance.map(Arc::from) };
            prop_assert_eq!(address.to_string().parse::<Address>(), Ok(address));
        }
    }

    #[test]
    fn of_many_the_first_are_named() {
        assert_eq!(few([1, 2, 3]), "1, 2 and 3");
        assert_eq!(few(1..=6), "1, 2, 3, 4, 5 and 6");
        assert_eq!(few(1..=680), "1, 2, 3, 4, 5 and 675 more");
    }

    #[test]
    fn plain_and_quoted_instances_are_the_same() {
        assert_eq!("bucket.line[press]".parse::<Address>(), r#"bucket.line["press"]"#.parse());
        assert_eq!(Address::new(Kind::Bucket, "line").at("a b").to_string(), r#"bucket.line["a b"]"#);
    }

    #[test]
    fn what_is_no_address_says_why() {
        for text in ["bucket", "bucket.", "bucket.a[", "bucket.a[]", "bucket.a[b]c", "bucket.a b"] {
            assert_eq!(text.parse::<Address>(), Err(AddressError::Form(text.into())), "{text}");
        }
        for (text, hint) in [
            ("bucket_raw", "did you mean `bucket.raw`?"),
            ("bucket", "write `KIND.KEY` or `KIND.KEY[INSTANCE]`"),
            ("bucketraw", "write `KIND.KEY` or `KIND.KEY[INSTANCE]`"),
            ("bukket.a", "did you mean `bucket.a`?"),
        ] {
            assert_eq!(text.parse::<Address>().expect_err(text).hint(), hint, "{text}");
        }
        for (text, meant) in [
            ("bucket.a b", r#"bucket."a b""#),
            ("bucket.a.b", r#"bucket."a.b""#),
            ("bucket.line[a b]", r#"bucket.line["a b"]"#),
            ("bucket.a.b[press]", r#"bucket."a.b"[press]"#),
        ] {
            assert_eq!(unquoted(text).map(|address| address.to_string()).as_deref(), Some(meant));
            let hint = text.parse::<Address>().expect_err(text).hint();
            assert!(hint.starts_with(&format!("write `{meant}`: ")), "{hint}");
        }
        assert!(matches!("bukket.a".parse::<Address>(), Err(AddressError::UnknownKind { .. })));
    }
}
