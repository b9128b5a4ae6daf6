//! `[defaults.KIND]`: what the resources of a kind have that do not write it themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::node::{Entry, Node, Table};
use super::source::place;
use super::written::META;
use super::written::{Written, table};
use crate::diagnostic::{Code, Diagnostic, Source, nearest};
use crate::field::{Field, Type};
use crate::kind::Kind;

/// `[defaults.KIND]` of all files.
pub(super) type Defaults<'a> = BTreeMap<Kind, Written<'a>>;

/// Takes the tables in `defaults` of one file.
pub(super) fn take<'a>(
    defaults: &mut Defaults<'a>,
    source: &'a Arc<Source>,
    entry: Entry<'a>,
    problems: &mut Vec<Diagnostic>,
) {
    let Some(written) = table(source, entry, problems) else { return };
    for entry in written.table.0 {
        let Some(kind) = Kind::from_name(&entry.key) else {
            let kinds = || Kind::ALL.iter().map(|kind| kind.name());
            let help = match nearest(&entry.key, kinds()) {
                Some(near) => format!("did you mean `[defaults.{near}]`?"),
                None => format!("available kinds: {}", kinds().collect::<Vec<_>>().join(", ")),
            };
            let diagnostic = Diagnostic::error(Code::ManifestUnknownKind, format!("unknown kind `{}`", entry.key));
            problems.push(diagnostic.at(place(source, entry.at), "unknown").help(help));
            continue;
        };
        let Some(written) = table(source, entry, problems) else { continue };
        match defaults.entry(kind) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(written);
            }
            std::collections::btree_map::Entry::Occupied(first) => problems.push(
                Diagnostic::error(Code::ManifestDuplicate, format!("duplicate `[defaults.{kind}]`"))
                    .at(written.place(), "again here")
                    .at(first.get().place(), "first here"),
            ),
        }
    }
}

/// Defaults of what is no field, or can be written for one resource only.
pub(super) fn check(defaults: &Defaults<'_>, problems: &mut Vec<Diagnostic>) {
    for (kind, written) in defaults {
        for entry in &written.table.0 {
            let word = entry.key.as_ref();
            let fields = || kind.spec().fields.iter().filter(|field| may_default(field)).map(|field| field.name);
            let (code, message, help) = if fields().any(|field| field == word) {
                continue;
            } else if META.contains(&word) || kind.field(word).is_some() {
                let message = format!("`{word}` cannot have a default");
                (Code::ManifestDefaults, message, format!("set it in each {kind}"))
            } else {
                let help = match nearest(word, fields()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("available fields: {}", fields().collect::<Vec<_>>().join(", ")),
                };
                (Code::ManifestUnknownKey, format!("unknown field `{word}` in {kind}"), help)
            };
            problems.push(
                Diagnostic::error(code, message).at(place(written.source, entry.at), "not allowed here").help(help),
            );
        }
    }
}

/// Whether all resources of a kind could have one value of `field`: an ID is that of one external object.
fn may_default(field: &Field) -> bool {
    field.ty != Type::Id
}

/// The default of `field` for a resource of `kind` whose table is `resource`, and the file that it is in. The resource must
/// not be external.
pub(super) fn of<'d, 'a>(
    defaults: &'d Defaults<'a>,
    kind: Kind,
    field: &Field,
    resource: &Table<'a>,
) -> Option<(&'d Node<'a>, &'a Arc<Source>)> {
    let written = defaults.get(&kind)?;
    if !may_default(field) || kind.spec().others(field.name).any(|other| resource.get(other).is_some()) {
        return None;
    }
    Some((written.table.get(field.name)?, written.source))
}
