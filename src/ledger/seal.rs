//! The signature of a ledger: with a key, only what was written with it counts.
//!
//! Each label has a message authentication code (HMAC-SHA-256) over all that it says: whose ledger it is, of which org, which
//! part of it, and what stands in it. A random word tells one ledger from a later one of the same name, and a number one
//! write from the next. The head, which is written after the pages, lists the number of each. So a page that is put back to
//! what it was does not fit to its head. A run that dies between the pages and the head leaves pages with the numbers right
//! after the head's: the newest there are, and all right.
//!
//! What is accepted is what was once there as a whole. Whoever may write labels can put *all* of them back to that: nothing
//! on the server tells it.

use std::fmt;
use std::sync::Arc;

use ring::hmac;
use secrecy::ExposeSecret;

use crate::secret::Secret;

/// A key that is shorter can be guessed, in bytes.
const SHORTEST: usize = 32;
/// What the code is of, so that it is none of anything else that the key may be used for.
const DOMAIN: &[u8] = b"fluxform ledger\0";

/// The key that a project's ledger is signed with. Never shown.
#[derive(Clone)]
pub struct Key(Arc<hmac::Key>);

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ledger key must have at least {SHORTEST} bytes, but this one has {0}")]
pub struct ShortKey(usize);

impl Key {
    /// The key with this text; white space around it does not count.
    ///
    /// # Errors
    /// If it is too short.
    pub fn new(text: &Secret) -> Result<Self, ShortKey> {
        let text = text.expose_secret().trim();
        if text.len() < SHORTEST {
            return Err(ShortKey(text.len()));
        }
        Ok(Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()))))
    }

    /// The code of `said`, in hexadecimal digits.
    pub(super) fn sign(&self, said: &[u8]) -> String {
        let code = hmac::sign(&self.0, &[DOMAIN, said].concat());
        code.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether `code` is that of `said`.
    pub(super) fn signed(&self, said: &[u8], code: &str) -> bool {
        let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        let bytes: Option<Vec<u8>> = code.as_bytes().chunks(2).map(digits).collect();
        bytes.is_some_and(|bytes| hmac::verify(&self.0, &[DOMAIN, said].concat(), &bytes).is_ok())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(...)")
    }
}

impl PartialEq for Key {
    /// Whether it is the same one: keys are not compared.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Key {}

/// What is made of signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// There is no key: signatures are not looked at, and what is signed is not written.
    #[default]
    Any,
    /// Only what this key has signed counts.
    Signed(Key),
    /// Whatever is there counts, since a person looks at it; it will be signed with this key.
    Shown(Key),
}

impl Trust {
    /// Only what `key` has signed, where there is a key.
    pub fn of(key: Option<&Key>) -> Self {
        key.map_or(Self::Any, |key| Self::Signed(key.clone()))
    }

    /// The key that is written with.
    pub(super) fn key(&self) -> Option<&Key> {
        match self {
            Self::Any => None,
            Self::Signed(key) | Self::Shown(key) => Some(key),
        }
    }
}

/// When a signed label was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The random word of the ledger.
    pub(super) ledger: String,
    /// The number of the write.
    pub(super) write: u64,
}

/// What a label is signed with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seal<'a> {
    pub(super) key: &'a Key,
    pub(super) ledger: &'a str,
    pub(super) write: u64,
}

/// Whose ledger a label is of, and what it is signed with, if it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Of<'a> {
    pub(super) project: &'a str,
    /// The ID of the home org.
    pub(super) org: &'a str,
    pub(super) seal: Option<Seal<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_long_and_never_shown() {
        let long = "0123456789abcdef0123456789abcdef";
        assert_eq!(Key::new(&long[1..].into()).expect_err("short"), ShortKey(31));
        assert_eq!(Key::new(&format!("{} \n", &long[2..]).into()).expect_err("short"), ShortKey(30));
        let key = Key::new(&format!("{long}\n").into()).expect("a key");
        assert_eq!(format!("{key:?}"), "Key(...)");
        // RFC 2104 by another implementation: printf 'fluxform ledger\0x' | openssl dgst -sha256 -hmac KEY
        assert_eq!(key.sign(b"x"), "5b85eaa4e7cc423374bdede239b54188e70dc9e1c9e067c3387f2aeb4539c673");
    }

    #[test]
    fn only_its_own_code_is_right() {
        let key = |text: &str| Key::new(&text.repeat(32).into()).expect("a key");
        let code = key("a").sign(b"x");
        assert!(key("a").signed(b"x", &code) && !key("b").signed(b"x", &code) && !key("a").signed(b"y", &code));
        for wrong in ["", "0", "zz", &code[2..], &format!("{code}00"), &format!("{}é", &code[2..])] {
            assert!(!key("a").signed(b"x", wrong), "{wrong}");
        }
    }
}
