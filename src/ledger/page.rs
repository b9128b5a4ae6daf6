//! One label of the ledger as properties: what stands in it, and the checksum over it.
//!
//! A PATCH of properties merges and `""` takes one away (influxd 2.9.1, measured), so each entry is a property of its
//! own: a grouped write is one PATCH with the changed entries and the new checksum, which the server does at once.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::labels::Row;
use super::seal::{Of, Stamp, Trust};
use super::{Entry, Intent, LedgerError};
use crate::address::Address;

/// The newest format that is understood: what is signed has it, so that versions that know of no signatures refuse it
/// instead of dropping them.
pub(super) const FORMAT: u32 = 2;
/// The format of what is not signed.
const UNSIGNED: u32 = 1;
/// The property that marks the labels of the ledger; the head is found by it.
pub(super) const MARK: &str = "fluxform";
/// The mark of the head.
pub(super) const HEAD: &str = "ledger";
/// The mark of a page.
pub(super) const PAGE: &str = "ledger-page";
/// The property with the project's name.
pub(super) const PROJECT: &str = "project";
/// The property with a page's number.
pub(super) const NUMBER: &str = "page";
const ENTRY: &str = "entry ";
const INTENT: &str = "intent ";
const CHECKSUM: &str = "checksum";
/// The property with the random word of a signed ledger.
const LEDGER: &str = "ledger";
/// The property with the number of the write of a signed label.
const WRITE: &str = "write";
const SIGNATURE: &str = "signature";
/// What a person may change in the InfluxDB user interface without harm.
const FREE: [&str; 2] = ["color", "description"];

/// Which label of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The one that lists the pages.
    Head,
    /// The page with this number.
    Page(u32),
}

impl Part {
    /// The label's name.
    pub(super) fn name(self, project: &str) -> String {
        match self {
            Self::Head => format!("fluxform/{project}"),
            Self::Page(number) => format!("fluxform/{project}/{number}"),
        }
    }

    /// The properties that say which label it is.
    fn identity(self, of: &Of<'_>) -> BTreeMap<String, String> {
        let mark = if self == Self::Head { HEAD } else { PAGE };
        let format = if of.seal.is_some() { FORMAT } else { UNSIGNED };
        let mut properties: BTreeMap<_, _> =
            [(MARK, mark), ("format", &format.to_string()), ("org", of.org), (PROJECT, of.project)]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into();
        if let Self::Page(number) = self {
            properties.insert(NUMBER.to_owned(), number.to_string());
        }
        if let Some(seal) = &of.seal {
            properties.insert(LEDGER.to_owned(), seal.ledger.to_owned());
            properties.insert(WRITE.to_owned(), seal.write.to_string());
        }
        properties
    }

    /// All properties of the label with this content.
    pub(super) fn seal(self, of: &Of<'_>, content: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut properties = self.identity(of);
        properties.extend(content.iter().map(|(key, value)| (key.clone(), value.clone())));
        if let Some(seal) = &of.seal {
            properties.insert(SIGNATURE.to_owned(), seal.key.sign(&signed(&properties)));
        }
        properties.insert(CHECKSUM.to_owned(), checksum(&properties));
        let says = "What fluxform knows of the objects it made: do not change or delete";
        properties.insert("description".to_owned(), says.to_owned());
        properties.insert("color".to_owned(), "#DC4E58".to_owned());
        properties
    }

    /// The properties of the label with this content that change with each write.
    pub(super) fn changing(self, of: &Of<'_>, content: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut properties = self.seal(of, content);
        properties.retain(|key, _| [CHECKSUM, SIGNATURE, WRITE].contains(&key.as_str()));
        properties
    }

    /// What stands in a label beyond its identity, when it is whole, ours, signed if it must be, and has its right name; and
    /// when it was written, if it says so.
    pub(super) fn open(self, row: &Row, of: &Of<'_>, trust: &Trust) -> Result<Opened, LedgerError> {
        let (label, id) = (self.name(of.project), row.id.clone());
        let format = row.get("format").and_then(|format| format.parse().ok()).unwrap_or(UNSIGNED);
        if format > FORMAT {
            return Err(LedgerError::Newer { label, id, format, known: FORMAT });
        }
        // What a person looks at may be whatever it is: it is written anew.
        if !matches!(trust, Trust::Shown(_)) && row.get(CHECKSUM) != Some(&checksum(&row.properties)) {
            return Err(LedgerError::Edited { label, id });
        }
        if let Some(other) = row.get("org").filter(|other| *other != of.org) {
            return Err(LedgerError::OtherOrg { label, id, org: other.to_owned(), home: of.org.to_owned() });
        }
        let stamp = (format == FORMAT).then(|| {
            let write = row.get(WRITE).and_then(|write| write.parse().ok()).unwrap_or_default();
            Stamp { ledger: row.get(LEDGER).unwrap_or_default().to_owned(), write }
        });
        let mut identity = self.identity(&Of { seal: None, ..*of });
        if stamp.is_some() {
            identity.insert("format".to_owned(), FORMAT.to_string());
        }
        if identity.iter().any(|(key, value)| row.get(key) != Some(value)) {
            return Err(LedgerError::Edited { label, id });
        }
        if row.name != label {
            return Err(LedgerError::Renamed { label, id, name: row.name.clone() });
        }
        if let Trust::Signed(key) = trust {
            match row.get(SIGNATURE).filter(|_| stamp.is_some()) {
                None => return Err(LedgerError::Unsigned { label, id }),
                Some(code) if !key.signed(&signed(&row.properties), code) => {
                    return Err(LedgerError::Forged { label, id });
                }
                Some(_) => {}
            }
        }
        let of_signature = |key: &str| stamp.is_some() && [LEDGER, WRITE, SIGNATURE].contains(&key);
        let ours =
            |key: &str| !identity.contains_key(key) && key != CHECKSUM && !FREE.contains(&key) && !of_signature(key);
        let content = row.properties.iter().filter(|(key, _)| ours(key));
        Ok(Opened { content: content.map(|(key, value)| (key.clone(), value.clone())).collect(), stamp })
    }
}

/// What stands in a label.
pub(super) struct Opened {
    /// Its properties beyond those that say which label it is.
    pub(super) content: BTreeMap<String, String>,
    /// When it was written, if it is signed.
    pub(super) stamp: Option<Stamp>,
}

/// The properties that are signed, or summed up, as bytes: all but these, and those that a person may change.
fn bytes(properties: &BTreeMap<String, String>, but: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, value) in properties {
        if !but.contains(&key.as_str()) && !FREE.contains(&key.as_str()) && !value.is_empty() {
            for text in [key, value] {
                bytes.extend((text.len() as u64).to_le_bytes());
                bytes.extend(text.as_bytes());
            }
        }
    }
    bytes
}

/// What a signature is of.
fn signed(properties: &BTreeMap<String, String>) -> Vec<u8> {
    bytes(properties, &[CHECKSUM, SIGNATURE])
}

/// The checksum over all properties but itself and those that a person may change.
pub(super) fn checksum(properties: &BTreeMap<String, String>) -> String {
    Sha256::digest(bytes(properties, &[CHECKSUM]))[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One property of a page.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    /// An owned object.
    Entry(Address, Box<Entry>),
    /// What a run was about to create.
    Intent(Address, Intent),
}

/// The key of an address's entry.
pub(super) fn entry_key(address: &Address) -> String {
    format!("{ENTRY}{address}")
}

/// The key of an address's intent.
pub(super) fn intent_key(address: &Address) -> String {
    format!("{INTENT}{address}")
}

/// The key of the entry that takes the place of the intent with this key; none for what is no intent.
pub(super) fn entry_of_intent(key: &str) -> Option<String> {
    key.strip_prefix(INTENT).map(|address| format!("{ENTRY}{address}"))
}

/// Whether a key is that of an intent.
pub(super) fn is_intent(key: &str) -> bool {
    key.starts_with(INTENT)
}

/// Whether a property is an entry.
pub(super) fn is_entry(key: &str) -> bool {
    key.starts_with(ENTRY)
}

/// A value as one property's text.
pub(super) fn text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("invariant: the ledger's types are JSON")
}

/// Reads one property of a page.
pub(super) fn item(key: &str, value: &str) -> Result<Item, String> {
    fn json<T: DeserializeOwned>(value: &str) -> Result<T, String> {
        serde_json::from_str(value).map_err(|error| error.to_string())
    }
    let address = |text: &str| text.parse::<Address>().map_err(|error| error.to_string());
    if let Some(rest) = key.strip_prefix(ENTRY) {
        Ok(Item::Entry(address(rest)?, json(value)?))
    } else if let Some(rest) = key.strip_prefix(INTENT) {
        Ok(Item::Intent(address(rest)?, json(value)?))
    } else {
        Err("no such part of a page".to_owned())
    }
}
