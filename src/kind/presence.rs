//! Whether something is there.

use super::live::Object;
use crate::api::{ApiError, Class};

/// What asking for one object by its ID has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    Found(Box<Object>),
    /// It is certainly not there.
    Absent,
    /// It is there, and no request reaches it: what it needs to be shown was deleted ([`Spec::hidden_without`]).
    ///
    /// [`Spec::hidden_without`]: super::Spec::hidden_without
    Hidden,
    /// It is there, and the token may not read it; with the server's words.
    Unreadable(String),
    /// The server does not say whether it is there; with its words (orgs and users, protocol section 1).
    Unknown(String),
}

impl Presence {
    /// What a GET by ID has shown, for kinds that the server looks up before it asks for permission.
    pub(super) fn of(reply: Result<Object, ApiError>) -> Result<Self, ApiError> {
        match reply {
            Ok(object) => Ok(Self::Found(Box::new(object))),
            Err(error) if error.class == Class::NotFound => Ok(Self::Absent),
            Err(error) if error.class == Class::Denied => Ok(Self::Unreadable(error.message)),
            Err(error) => Err(error),
        }
    }

    /// The same for orgs and users, where permission is asked for first: a refusal says nothing.
    pub(super) fn of_guarded(reply: Result<Object, ApiError>) -> Result<Self, ApiError> {
        Ok(match Self::of(reply)? {
            Self::Unreadable(words) => Self::Unknown(words),
            other => other,
        })
    }
}

/// Who has a name that is unique on the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// This object.
    Seen(Box<Object>),
    /// An object that the token does not see.
    Unseen,
}
