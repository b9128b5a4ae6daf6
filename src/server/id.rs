//! Identifiers as influxd 2.9.1 makes them: 16 hex digits.
//!
//! Orgs and buckets get random ones; all others are snowflakes that hold their creation time.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use jiff::Timestamp;
use rand::RngExt;
use serde::de::Visitor;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970 at which the snowflake clock of influxd starts.
const EPOCH_MS: u64 = 1_491_696_000_000;

/// The identifier of an object; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u64);

/// Why a text is no [`Id`]; the wording is influxd's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdError {
    /// Not 16 bytes long.
    #[error("id must have a length of 16 bytes")]
    Length,
    /// Not hexadecimal, or zero.
    #[error("invalid ID")]
    Invalid,
}

impl Id {
    /// The identifier with this number; `None` for zero, which influxd treats as absent.
    pub(crate) fn new(number: u64) -> Option<Self> {
        (number != 0).then_some(Self(number))
    }

    /// The number behind the hex digits.
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    /// Big-endian bytes: sort as the hex digits do.
    pub(crate) fn key(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// A random identifier, for an org or a bucket.
    ///
    /// influxd avoids the bytes of space, comma and backslash, because they need escapes in line protocol.
    pub(crate) fn random() -> Self {
        loop {
            let mut bytes: [u8; 8] = rand::rng().random();
            for byte in &mut bytes {
                if matches!(byte, b' ' | b',' | b'\\') {
                    *byte += 1;
                }
            }
            if let Some(id) = Self::new(u64::from_be_bytes(bytes)) {
                return id;
            }
        }
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != 16 {
            return Err(IdError::Length);
        }
        if !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(IdError::Invalid);
        }
        let number = u64::from_str_radix(text, 16).map_err(|_| IdError::Invalid)?;
        Self::new(number).ok_or(IdError::Invalid)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ID")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Id, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Digits)
    }
}

/// Makes snowflakes: `(id >> 22) + 1491696000000` is the creation time in ms; 10 bits of machine, 12 of sequence.
#[derive(Debug)]
pub(crate) struct Snowflakes {
    machine: u64,
    last: Mutex<u64>,
}

impl Snowflakes {
    /// A generator with a random machine number.
    pub(crate) fn new() -> Self {
        Self { machine: rand::rng().random_range(0..1023), last: Mutex::new(0) }
    }

    /// The next identifier; larger than all before it from this generator.
    pub(crate) fn next(&self) -> Id {
        let now = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0).saturating_sub(EPOCH_MS);
        let mut last = self.last.lock().expect("invariant: the generator never panics while it holds the lock");
        // `last` is time << 12 | sequence: one more than the last when the clock stands still or goes back.
        let tick = (now << 12).max(*last + 1);
        *last = tick;
        Id(((tick >> 12) << 22) | (self.machine << 12) | (tick & 0xfff))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snowflakes_hold_their_time_and_grow() {
        let source = Snowflakes::new();
        let before = Timestamp::now().as_millisecond();
        let ids: Vec<Id> = (0..5000).map(|_| source.next()).collect();
        let after = Timestamp::now().as_millisecond();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        let ms = i64::try_from((ids[0].number() >> 22) + EPOCH_MS).unwrap();
        assert!((before..=after).contains(&ms));
    }

    #[test]
    fn malformed_texts_are_named_as_influxd_names_them() {
        assert_eq!("x".parse::<Id>(), Err(IdError::Length));
        assert_eq!("zzzzzzzzzzzzzzzz".parse::<Id>(), Err(IdError::Invalid));
        assert_eq!("0000000000000000".parse::<Id>(), Err(IdError::Invalid));
        assert_eq!("00000000000000AF".parse::<Id>().map(|id| id.to_string()), Ok("00000000000000af".to_owned()));
    }
}
