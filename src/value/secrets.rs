//! Secrets within values: where they come from, which no server tells.

use super::Value;
use crate::secret::Source;

impl Value {
    /// Where the secrets in it come from, which is the value of `field`, each with where that stands.
    pub fn sources(&self, field: &str) -> Vec<(String, &Source)> {
        match self {
            Self::Source(source) => vec![(field.to_owned(), source)],
            Self::Table(table) => {
                table.iter().flat_map(|(key, value)| value.sources(&format!("{field}.{key}"))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether no server can tell it from `other`: none has where a secret comes from.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Source(_), Self::Source(_)) => true,
            (Self::Table(one), Self::Table(other)) => {
                one.keys().eq(other.keys()) && one.values().zip(other.values()).all(|(one, other)| one.is_like(other))
            }
            _ => self == other,
        }
    }

    /// The same with the sources of secrets that `other` says, where it has secrets itself: none differs from another.
    #[must_use]
    pub fn with_sources_of(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Source(_), Self::Source(_)) => other.clone(),
            (Self::Table(table), Self::Table(others)) => {
                let with = |(key, value): (String, Self)| match others.get(&key) {
                    Some(other) => (key, value.with_sources_of(other)),
                    None => (key, value),
                };
                Self::Table(table.into_iter().map(with).collect())
            }
            (value, _) => value,
        }
    }

    /// The same where it takes the place of `other`: what people read of its scripts tells where a secret is another one.
    #[must_use]
    pub fn beside(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Script(script), Self::Script(other)) => Self::Script(script.beside(other)),
            (Self::Table(table), Self::Table(others)) => {
                let beside = |(key, value): (String, Self)| match others.get(&key) {
                    Some(other) => (key, value.beside(other)),
                    None => (key, value),
                };
                Self::Table(table.into_iter().map(beside).collect())
            }
            (Self::List(items), Self::List(others)) => {
                let others = others.iter().map(Some).chain(std::iter::repeat(None));
                let beside = |(item, other): (Self, Option<&Self>)| match other {
                    Some(other) => item.beside(other),
                    None => item,
                };
                Self::List(items.into_iter().zip(others).map(beside).collect())
            }
            (value, _) => value,
        }
    }
}
