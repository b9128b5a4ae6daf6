//! Why a ledger cannot be used, and what to do about it.

use crate::address::Address;
use crate::api::ApiError;
use crate::diagnostic::{Code, Diagnostic};

/// Why a ledger cannot be used. All are exit code 1, except what the server answered (by its class) and
/// [`LedgerError::Hidden`] (4: the token is blind).
#[derive(Clone, Debug, thiserror::Error)]
pub enum LedgerError {
    /// A request failed.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// A label was written by a later version of fluxform.
    #[error(
        "the ledger's label `{label}` (ID {id}) has format {format}, but this version of fluxform supports formats up to {known}"
    )]
    Newer {
        /// The label's name.
        label: String,
        /// The label's ID.
        id: String,
        /// The format it says it has.
        format: u32,
        /// The newest format that is understood.
        known: u32,
    },
    /// A label was copied from another org or server.
    #[error("the ledger's label `{label}` (ID {id}) belongs to the org with ID {org}, but the home org has ID {home}")]
    OtherOrg {
        /// The label's name.
        label: String,
        /// The label's ID.
        id: String,
        /// The org that it was written for.
        org: String,
        /// The home org of this run.
        home: String,
    },
    /// A label's content does not match its checksum.
    #[error("the ledger's label `{label}` (ID {id}) was edited: its content does not match its checksum")]
    Edited {
        /// The label's name.
        label: String,
        /// The label's ID.
        id: String,
    },
    /// A label is not signed, and only what is signed counts, or other labels of the ledger are.
    #[error("the ledger's label `{label}` (ID {id}) is not signed")]
    Unsigned {
        /// The label's name.
        label: String,
        /// The label's ID.
        id: String,
    },
    /// A label's signature is not of this key.
    #[error("the ledger's label `{label}` (ID {id}) is not signed with the key of this run")]
    Forged {
        /// The label's name.
        label: String,
        /// The label's ID.
        id: String,
    },
    /// A signed page is not the one that its head lists.
    #[error(
        "the ledger's label `{label}` (ID {id}) was restored to an earlier state, or belongs to another ledger: it is from write {write}, but the head lists {listed}"
    )]
    RolledBack {
        /// The label's name.
        label: String,
        /// The label's ID.
        id: String,
        /// The number of its last write, as it says.
        write: u64,
        /// The same, as the head says.
        listed: u64,
    },
    /// The ledger is signed, and there is no key to write it with.
    #[error("the ledger `{label}` is signed, but this run has no key to sign it with")]
    NoKey {
        /// The name of the ledger's head.
        label: String,
    },
    /// A label has another name than it was given.
    #[error("the ledger's label with ID {id} was renamed to `{name}`")]
    Renamed {
        /// The name it was given.
        label: String,
        /// The label's ID.
        id: String,
        /// The name it has.
        name: String,
    },
    /// A page that the head lists is not there.
    #[error("the ledger's page `{label}` (ID {id}) was deleted")]
    PageMissing {
        /// The name it had.
        label: String,
        /// The ID it had.
        id: String,
    },
    /// Two labels say that they are the same part of the ledger.
    #[error("two labels are the ledger's label `{label}`: ID {} and ID {}", ids.0, ids.1)]
    Twice {
        /// The name of that part.
        label: String,
        /// The IDs of both; the first is the one that counts, where one does.
        ids: (String, String),
    },
    /// There are pages and no head.
    #[error("the ledger's head `{label}` was deleted, but its page `{page}` still exists")]
    HeadMissing {
        /// The name it had.
        label: String,
        /// The name of a page.
        page: String,
    },
    /// A label has the name of the ledger's head and is none.
    #[error("the label `{label}` (ID {id}) has the name of the project's ledger, but is not a ledger")]
    Foreign {
        /// The label's name.
        label: String,
        /// The label's ID.
        id: String,
    },
    /// One address stands in two pages.
    #[error("`{address}` is in the ledger twice: in pages {} and {}", pages.0, pages.1)]
    EntryTwice {
        /// The name of one of the pages.
        label: String,
        /// The address.
        address: Address,
        /// The numbers of the pages.
        pages: (u32, u32),
    },
    /// A part of a label with a right checksum makes no sense.
    #[error("the ledger's label `{label}` (ID {id}) has an unreadable property `{property}`: {why}")]
    Unreadable {
        /// The label's name.
        label: String,
        /// The label's ID.
        id: String,
        /// The property.
        property: String,
        /// What is wrong with it.
        why: String,
    },
    /// A label of the ledger exists although no list shows it.
    #[error("the label `{label}` already exists, but the token cannot read it as the project's ledger")]
    Hidden {
        /// The label's name.
        label: String,
    },
}

/// How to do without the ledger that has the label `label`.
fn afresh(label: &str) -> String {
    let project = label.split('/').nth(1).unwrap_or_default();
    format!(
        "or start a new ledger: delete the labels `fluxform/{project}` and `fluxform/{project}/...`, and run `fluxform apply \
         --adopt`, which adopts objects with unique names; tokens are created again, and the old ones, which `fluxform plan \
         --unmanaged` lists, stay active until you delete them"
    )
}

impl LedgerError {
    /// What to do about it; none for failed requests, whose cure depends on their class.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Api(_) => return None,
            Self::Newer { .. } => {
                "use the version of fluxform that last applied the project, or a later one".to_owned()
            }
            Self::OtherOrg { label, .. } => {
                format!(
                    "check the host and org of this run; if they are right, `{label}` is a copy: delete it and its pages"
                )
            }
            Self::Edited { label, .. } => format!(
                "restore the label's properties from a backup; or set FLUXFORM_LEDGER_KEY and run `fluxform ledger sign`, which \
                 shows what the ledger says and, if you agree, writes and signs it anew; {}",
                afresh(label)
            ),
            Self::Unreadable { label, .. } | Self::EntryTwice { label, .. } => {
                format!("restore the label's properties from a backup; {}", afresh(label))
            }
            Self::Unsigned { .. } => {
                "run `fluxform ledger sign`, which shows what the project owns according to the ledger, and signs it \
                                      if you agree; until then, anyone who may write labels may have changed it"
                    .to_owned()
            }
            Self::Forged { .. } | Self::RolledBack { .. } => {
                "check that FLUXFORM_LEDGER_KEY is the key of the last apply; if it is, somebody else has changed the \
                 label: restore it from a backup, or run `fluxform ledger sign` to review and sign it"
                    .to_owned()
            }
            Self::NoKey { .. } => "set FLUXFORM_LEDGER_KEY, or FLUXFORM_LEDGER_KEY_FILE".to_owned(),
            Self::Renamed { label, id, .. } => format!("rename the label with ID {id} back to `{label}`"),
            Self::PageMissing { label, .. } | Self::HeadMissing { label, .. } => {
                format!("restore the server's metadata from a backup; {}", afresh(label))
            }
            Self::Twice { ids, .. } => {
                format!("one of them is a copy: delete the one that was created later ({})", ids.1)
            }
            Self::Foreign { label, .. } => format!(
                "if it is not from fluxform, rename it; if its properties were removed, restore them, \
                 or delete it and all labels `{label}/...` and run `fluxform apply --adopt`"
            ),
            Self::Hidden { .. } => "give the token `read:labels` for the whole org; if it has that, another run is \
                                    creating the ledger right now: run it again"
                .to_owned(),
        })
    }

    /// The same for the user.
    pub fn diagnostic(&self) -> Diagnostic {
        let code = match self {
            Self::Api(_) => Code::LedgerRequest,
            Self::Newer { .. } => Code::LedgerNewerFormat,
            Self::OtherOrg { .. } => Code::LedgerOtherOrg,
            Self::Edited { .. } => Code::LedgerEdited,
            Self::Unsigned { .. } => Code::LedgerUnsigned,
            Self::Forged { .. } => Code::LedgerForged,
            Self::RolledBack { .. } => Code::LedgerRolledBack,
            Self::NoKey { .. } => Code::LedgerNoKey,
            Self::Renamed { .. } => Code::LedgerRenamed,
            Self::PageMissing { .. } => Code::LedgerPageMissing,
            Self::Twice { .. } => Code::LedgerTwice,
            Self::HeadMissing { .. } => Code::LedgerHeadMissing,
            Self::Foreign { .. } => Code::LedgerForeignLabel,
            Self::EntryTwice { .. } => Code::LedgerEntryTwice,
            Self::Unreadable { .. } => Code::LedgerUnreadable,
            Self::Hidden { .. } => Code::LedgerHidden,
        };
        let diagnostic = Diagnostic::error(code, self.to_string());
        diagnostic.help_known(self.help())
    }
}
