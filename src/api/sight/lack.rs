//! Why it is not proven that a token sees everything: what it lacks, as far as the server has shown it.

use std::fmt;

/// Why it is not proven that a token sees all objects of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It is shown that the token lacks this permission, in the server's words: `read:orgs/ORG/labels`.
    Permission(String),
    /// The token may not look up its own rights; the permission that it lacks for that.
    OwnRights(String),
    /// So many tokens of the user could be this one, and not all of them have the permission that is given here.
    Several(usize, String),
    /// The ID that was given as the token's own is that of no token, or of one with other rights.
    WrongId(String),
}

impl Lack {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Permission(_) => "use a token with this permission".to_owned(),
            Self::OwnRights(_) => {
                "use a token that may also read the tokens of its org (`read:authorizations`) and its own user \
                                   (`read:users`)"
                    .to_owned()
            }
            Self::Several(..) => {
                "give the token of this run a user of its own, or one that may look up what it may (`write:authorizations`)"
                    .to_owned()
            }
            Self::WrongId(_) => {
                "set it to the ID of the run's own token, as `influx auth list` shows it, or leave it out".to_owned()
            }
        }
    }
}

/// As a clause about the token.
impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(lacking) => write!(f, "this token lacks `{lacking}`"),
            Self::OwnRights(lacking) => {
                write!(f, "the rights of this token cannot be looked up, because it lacks `{lacking}`")
            }
            Self::Several(number, lacking) => {
                write!(f, "this token may be any of {number} of its user, not all of which have `{lacking}`")
            }
            Self::WrongId(id) => {
                write!(
                    f,
                    "`{id}`, which is given as the ID of this token (FLUXFORM_TOKEN_ID, or `token_id`), is not its own"
                )
            }
        }
    }
}
