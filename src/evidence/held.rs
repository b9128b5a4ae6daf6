//! Whether what lies in sinks still works, and what sources give is what the server has: looked at only where whoever plans asks for it.

use secrecy::ExposeSecret as _;
use serde::Serialize;

use crate::address::Address;
use crate::api::{Class, Client};
use crate::diff::{Action, Change};
use crate::field::Role;
use crate::ledger::{Entry, Ledger};
use crate::manifest::{Manifest, Resource};
use crate::redact::without_secrets_in_command;
use crate::secret::{Look, Secret, Sink, fingerprint};
use crate::value::Value;

/// What lies in a sink, or how what a source gives compares with what the server has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// The secret that was delivered, which works.
    Works,
    /// The secret that was delivered. It does not work, and is declared not to.
    Inactive,
    /// The secret that was delivered, which does not work.
    DoesNotWork,
    /// The secret of what a rotation has replaced; it works until the overlap ends.
    PredecessorWorks,
    /// The secret of what a rotation has replaced, which does not work any more.
    Predecessor,
    /// The secret of another token of the project.
    OtherToken(Address),
    /// A token that the project has not delivered, which works.
    UnknownWorks,
    /// A token that the project has not delivered, which does not work.
    Unknown,
    /// Something that is no token. It is not sent to the server.
    NoToken,
    /// Nothing, or there is no such file.
    Nothing,
    /// Whatever a program has made of it, which is not started.
    Program,
    /// What cannot be read, and why.
    Unreadable(String),
    /// A secret of which the server does not say whether it works, or is what it has.
    Unanswered,
    /// What the server has.
    Same,
    /// Another secret than the server has.
    Another,
    /// What could not be compared with what the server has, and why.
    NotCompared(String),
}

impl Held {
    /// Whether nobody can tell whether it is as it should be.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unreadable(_) | Self::Unanswered)
    }
}

/// Where a secret was looked for, as plans show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A sink.
    Sink(String),
    /// A source of a secret.
    Source {
        /// Where it stands, such as `http.token`.
        at: String,
        /// What it is.
        source: String,
        /// The field whose change sets the secret again.
        again: &'static str,
    },
}

/// A sink or a source, and what was found there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// Of what it is.
    pub address: Address,
    /// Which one it is.
    pub place: Place,
    /// What was found.
    pub held: Held,
    /// Whether that is as it should be, as far as anybody can tell.
    pub is_fine: bool,
}

/// Looks into the sinks of all that `changes` leave as it is, and asks the server whether what lies there works. Only what was
/// delivered, or has the form of a token, is sent to it.
pub async fn held(
    client: &Client,
    manifest: &Manifest,
    ledger: &Ledger,
    changes: &[Change],
    look: Look,
) -> Vec<Probed> {
    let mut all = Vec::new();
    for change in changes.iter().filter(|change| matches!(change.action, Action::None | Action::Update)) {
        let Some(resource) = manifest.resources.get(&change.address) else { continue };
        let was = change.moved_from.as_ref().unwrap_or(&change.address);
        let token = Token { address: &change.address, was, resource, entry: ledger.entries.get(was), ledger };
        let sinks = change.address.kind.get(Role::Delivery, &resource.fields);
        let Some(Value::Sinks(sinks)) = sinks.filter(|_| !resource.external) else { continue };
        for sink in sinks.iter().filter(|sink| **sink != Sink::Discard) {
            let held = match read(sink, manifest, look).await {
                Ok(Some(secret)) => token.judge(client, &secret).await,
                Ok(None) if sink.is_read() => Held::Nothing,
                Ok(None) => Held::Program,
                Err(words) => Held::Unreadable(words),
            };
            let is_fine = token.is_fine(&held);
            let place = Place::Sink(without_secrets_in_command(&sink.to_string()).into_owned());
            all.push(Probed { address: change.address.clone(), place, held, is_fine });
        }
    }
    all
}

async fn read(sink: &Sink, manifest: &Manifest, look: Look) -> Result<Option<Secret>, String> {
    let sink = sink.within(&manifest.root).map_err(|error| error.to_string())?;
    sink.read(look).await.map_err(|error| error.unread())
}

/// What is known of a token.
struct Token<'a> {
    address: &'a Address,
    /// The address that the ledger has it under.
    was: &'a Address,
    resource: &'a Resource,
    entry: Option<&'a Entry>,
    ledger: &'a Ledger,
}

impl Token<'_> {
    async fn judge(&self, client: &Client, secret: &Secret) -> Held {
        let print = fingerprint(secret);
        let is_own = self.entry.is_some_and(|entry| entry.secret.as_ref() == Some(&print));
        let is_worn = |entry: &Entry| entry.worn.values().any(|worn| *worn == print);
        let is_before = self.entry.is_some_and(is_worn);
        let others = self.ledger.entries.iter().filter(|(address, _)| *address != self.was);
        let other = others.into_iter().find(|(_, entry)| entry.secret.as_ref() == Some(&print) || is_worn(entry));
        if let (false, false, Some((address, _))) = (is_own, is_before, other) {
            return Held::OtherToken(address.clone());
        }
        if !is_own && !is_before && !has_form_of_token(secret) {
            return Held::NoToken;
        }
        let works = match client.me_with(secret).await {
            Ok(_) => true,
            Err(error) if error.class == Class::BadToken => false,
            Err(_) => return Held::Unanswered,
        };
        match (is_own, is_before, works) {
            (true, _, true) => Held::Works,
            (true, _, false) if self.address.kind.is_inactive(&self.resource.fields) => Held::Inactive,
            (true, _, false) => Held::DoesNotWork,
            (_, true, true) => Held::PredecessorWorks,
            (_, true, false) => Held::Predecessor,
            (_, _, true) => Held::UnknownWorks,
            (_, _, false) => Held::Unknown,
        }
    }

    /// Whether nothing is to be done. Of an adopted token nobody knows the secret: one that works may be it.
    fn is_fine(&self, held: &Held) -> bool {
        match held {
            Held::Works | Held::Inactive | Held::Program => true,
            Held::UnknownWorks => self.entry.is_none_or(Entry::is_theirs),
            _ => false,
        }
    }
}

/// Whether `secret` is written as InfluxDB 2.x writes its tokens: 64 bytes in base64.
fn has_form_of_token(secret: &Secret) -> bool {
    let word = secret.expose_secret().strip_suffix("==");
    let is_of_word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/".contains(&byte);
    word.is_some_and(|word| word.len() == 86 && word.bytes().all(is_of_word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_written_as_a_token_is_sent() {
        let word = "Az0-_+/".repeat(13);
        let is = |text: String| has_form_of_token(&text.into());
        assert!(is(format!("{}==", &word[..86])));
        for text in
            [word[..86].to_owned(), format!("{}==", &word[..85]), format!("{} ==", &word[..85]), "==".to_owned()]
        {
            assert!(!is(text.clone()), "{text}");
        }
    }
}
