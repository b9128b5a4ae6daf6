//! A change as it is written down: for a plan file, and for the digest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::diff::{Action, Cause, Change, FieldChange, Reason, Rotated, Setting, Target};
use crate::evidence::{Along, Data, Stake};
use crate::kind::{Kept, Kind};
use crate::ledger::Origin;
use crate::manifest::Lifecycle;
use crate::redact::{self, is_sealed, without_secrets_in_command};
use crate::value::{Value, digest, sealed_text};

/// One change.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeForm {
    address: Address,
    action: Action,
    reason: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    replace_fields: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<Target>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    org: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FieldForm>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    adopts: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    imported: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved_from: Option<Address>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    released: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    settles: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unverified: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    lifecycle: Lifecycle,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lifecycle_changes: Vec<Setting>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kept: Vec<Kept>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    predecessors: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    overlapping: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    until: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rotated: Option<Rotated>,
}

/// One field of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldForm {
    field: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    live: Option<Value>,
    wanted: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    cause: Cause,
}

fn is_default(lifecycle: &Lifecycle) -> bool {
    *lifecycle == Lifecycle::default()
}

impl From<&Change> for ChangeForm {
    fn from(change: &Change) -> Self {
        // Each field is named, so that a new one cannot be forgotten.
        let Change {
            address,
            action,
            reason,
            object,
            org,
            fields,
            adopts,
            imported,
            moved_from,
            released,
            settles,
            unverified,
            lifecycle,
            lifecycle_changes,
            origin,
            kept,
            predecessors,
            overlapping,
            until,
            rotated,
        } = change.clone();
        Self {
            address,
            action,
            reason: reason.word().to_owned(),
            replace_fields: reason.fields().map(str::to_owned).collect(),
            object,
            org,
            fields: fields.into_iter().map(FieldForm::from).collect(),
            adopts,
            imported,
            moved_from,
            released,
            settles,
            unverified,
            lifecycle,
            lifecycle_changes,
            origin,
            kept,
            predecessors,
            overlapping,
            until,
            rotated,
        }
    }
}

/// `change` as it is written down: without its secrets, each of which makes another text.
pub(super) fn sealed(mut change: Change) -> Change {
    if let Some(object) = &mut change.object {
        object.name = sealed_text("", "", &object.name);
    }
    change.fields = change.fields.into_iter().map(sealed_field).collect();
    change
}

fn sealed_field(change: FieldChange) -> FieldChange {
    let FieldChange { field, live, wanted, last, cause } = change;
    // What went to sinks was written down as their commands.
    let last = last.map(|last| match &wanted {
        Value::Sinks(_) => {
            let shown = without_secrets_in_command(&last);
            if is_sealed(&last) || shown == last { last } else { redact::sealed(&shown, &last, digest) }
        }
        _ => sealed_text(field, "", &last),
    });
    FieldChange { live: live.map(|live| live.sealed(field)), wanted: wanted.sealed(field), field, last, cause }
}

impl From<FieldChange> for FieldForm {
    fn from(change: FieldChange) -> Self {
        let FieldChange { field, live, wanted, last, cause } = change;
        Self { field: field.to_owned(), live, wanted, last, cause }
    }
}

/// The field of `kind` that is called `name`.
fn known(kind: Kind, name: &str) -> Result<&'static str, String> {
    kind.field(name).map(|field| field.name).ok_or_else(|| format!("unknown field `{name}` in {kind}"))
}

impl ChangeForm {
    /// The change.
    ///
    /// # Errors
    /// A word that stands for nothing.
    pub(super) fn read(self) -> Result<Change, String> {
        let kind = self.address.kind;
        let cannot = self.replace_fields.iter().map(|name| known(kind, name)).collect::<Result<_, _>>()?;
        let reason =
            Reason::from_word(&self.reason, cannot).ok_or_else(|| format!("unknown reason `{}`", self.reason))?;
        let field = |form: FieldForm| {
            let FieldForm { field, live, wanted, last, cause } = form;
            Ok::<_, String>(FieldChange { field: known(kind, &field)?, live, wanted, last, cause })
        };
        Ok(Change {
            action: self.action,
            reason,
            object: self.object,
            org: self.org,
            fields: self.fields.into_iter().map(field).collect::<Result<_, _>>()?,
            adopts: self.adopts,
            imported: self.imported,
            moved_from: self.moved_from,
            released: self.released,
            settles: self.settles,
            unverified: self.unverified,
            lifecycle: self.lifecycle,
            lifecycle_changes: self.lifecycle_changes,
            origin: self.origin,
            kept: self.kept,
            predecessors: self.predecessors,
            overlapping: self.overlapping,
            until: self.until,
            rotated: self.rotated,
            address: self.address,
        })
    }
}

/// What is at stake for one address.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StakeForm {
    address: Address,
    data: Data,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    along: Vec<Along>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    unseen: BTreeSet<Kind>,
}

impl From<(&Address, &Stake)> for StakeForm {
    fn from((address, stake): (&Address, &Stake)) -> Self {
        let Stake { data, along, unseen } = stake.clone();
        Self { address: address.clone(), data, along, unseen }
    }
}

impl StakeForm {
    pub(super) fn read(self) -> (Address, Stake) {
        let Self { address, data, along, unseen } = self;
        (address, Stake { data, along, unseen })
    }
}

/// One warning. Where a manifest has it is kept as words: the file is read without the manifests.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WarningForm {
    code: Code,
    message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

impl From<&Diagnostic> for WarningForm {
    fn from(warning: &Diagnostic) -> Self {
        let mut message = warning.message.clone();
        for (place, _) in &warning.places {
            let (line, column) = place.position();
            message.push_str(&format!(" ({}:{line}:{column})", place.source.name));
        }
        Self { code: warning.code, message, help: warning.help.clone() }
    }
}

impl WarningForm {
    pub(super) fn read(self) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, help: self.help, ..Diagnostic::error(self.code, self.message) }
    }
}
