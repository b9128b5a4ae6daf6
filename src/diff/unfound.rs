//! What is said where an object is not found, or not for certain.

use super::Target;
use crate::address::Address;
use crate::api::sight::Lack;
use crate::diagnostic::{Code, Diagnostic, Place as Declared};
use crate::field::Role;
use crate::kind::{Key, Object};
use crate::ledger::Entry;
use crate::manifest::Resource;
use crate::problem::Problem;

/// An object that another project owns.
pub(super) struct Foreign<'a> {
    pub(super) object: &'a Object,
    /// Whose it is.
    pub(super) project: &'a str,
    /// Whether this project owns nothing yet: it may be that one, with another name.
    pub(super) is_first: bool,
}

impl Foreign<'_> {
    /// That `address` would take it over.
    pub(super) fn of(&self, address: &Address, place: Option<&Declared>) -> Problem {
        let Self { object, project, is_first } = self;
        let kind = address.kind;
        let renamed = if *is_first {
            format!(
                "if this is the project `{project}` with another name, see `Rename a project` in docs/moving-in.md; "
            )
        } else {
            String::new()
        };
        let message = format!(
            "{address} would take over {:?} (ID {}), which the project `{project}` owns",
            object.name, object.id
        );
        let name = kind.naming().next().or_else(|| kind.with(Role::Title)).map_or("name", |field| field.name);
        let help = format!(
            "{renamed}if another {kind} is meant, give this one another `{name}`; to use that one, declare it with `external = true`; to \
             move it here, see `Split a project` in docs/moving-in.md"
        );
        Diagnostic::error(Code::PlanForeignOwner, message).at_known(place, "declared here").help(help).into()
    }
}

/// That the project and the one called `other` own the object `target` of `address` both, as two that have run at the same moment do.
pub fn two_owners(address: &Address, target: &Target, other: &str, place: Option<&Declared>) -> Problem {
    let message = format!(
        "{address} is {:?} (ID {}), which the project `{other}` owns as well: each may change or delete it",
        target.name, target.id
    );
    let help = format!(
        "let one of them go: `fluxform forget {address}` in this project, or in `{other}` with its address there; what is to use it all \
         the same declares it with `external = true`"
    );
    Diagnostic::error(Code::PlanTwoOwners, message).at_known(place, "declared here").help(help).into()
}

/// An owned object of which it is not known whether it is there: `words` and `lack` say why, `instead` what is not done
/// therefore.
pub(super) fn unreadable(address: &Address, entry: &Entry, words: &str, lack: Option<&Lack>, instead: &str) -> Problem {
    // Of a task that may not be read the server only says so (influxd 2.9.1, measured).
    let lack = lack.filter(|_| !words.contains("read:")).map(|lack| format!(" ({lack})")).unwrap_or_default();
    Problem::from(
        Diagnostic::error(
            Code::SightUnreadable,
            format!("cannot read {address} (ID {}), which this project owns: {words}{lack}", entry.id),
        )
        .help(format!("use a token that may read it; {instead}")),
    )
}

/// An object whose labels are declared and may be hidden: `lack` says why.
pub(super) fn hides_labels(address: &Address, id: &str, lack: &Lack) -> Problem {
    Problem::from(
        Diagnostic::error(
            Code::SightUnreadable,
            format!("cannot tell which labels {address} (ID {id}) has: InfluxDB shows only those that a token may read ({lack})"),
        )
        .help("use a token that may read all labels, or leave the field out of the manifest"),
    )
}

pub(super) fn two_candidates<'a>(
    address: &Address,
    resource: Option<&Resource>,
    ids: impl Iterator<Item = &'a str>,
) -> Problem {
    let ids: Vec<&str> = ids.collect();
    Problem::from(Diagnostic::error(
            Code::PlanTwoCandidates,
            format!("{address} matches {} objects: {}", ids.len(), ids.join(", ")),
        )
        .at_known(resource.map(|resource| &resource.place), "declared here")
        .help(match resource {
            _ if address.kind.spec().races => format!("delete all but one of them: InfluxDB keeps one {} of each name only, and takes no change of several", address.kind),
            Some(resource) if resource.external => format!("write the ID of the one that is meant: `id = \"{}\"`", ids.first().copied().unwrap_or_default()),
            _ => format!(
            "name the one that is meant in an `[[import]]` with `to = \"{address}\"` and its `id`; or rename or delete the others, or \
             give the resource another name"
            ),
        }))
}

/// That there may be an object for `address` that the token does not see, and making one could make it a second time.
pub(super) fn blind(address: &Address, resource: &Resource, lack: Option<&Lack>) -> Problem {
    let (kind, ty) = (address.kind, address.kind.spec().ty);
    let unsure = match kind.spec().key {
        Key::Name(_) => format!("InfluxDB may take a second {kind} of one name"),
        Key::LoneName | Key::None => format!("names of {ty} are not unique"),
    };
    let help = format!("{unsure}, so creating it blindly could duplicate it; {}", cure(ty, lack));
    Diagnostic::error(Code::SightBlind, format!("cannot tell whether {address} exists: {}", why(ty, lack)))
        .at_known(Some(&resource.place), "declared here")
        .help(help)
        .into()
}

/// That the token does not see an external object, and might not if it were there. `near` is the name of one that it sees.
pub(super) fn hidden(
    address: &Address,
    resource: &Resource,
    which: &str,
    near: Option<&str>,
    lack: Option<&Lack>,
) -> Problem {
    let ty = address.kind.spec().ty;
    let near = near.map_or_else(String::new, |near| format!("there is one named {near:?}; "));
    let message =
        format!("cannot tell whether the server has a {} {which} ({address}): {}", address.kind, why(ty, lack));
    Diagnostic::error(Code::SightBlind, message)
        .at_known(Some(&resource.place), "declared here")
        .help(format!("{near}an external object must be seen by the plan; {}", cure(ty, lack)))
        .into()
}

/// Why not all objects of a type are seen.
fn why(ty: &str, lack: Option<&Lack>) -> String {
    lack.map_or_else(|| format!("this token may not see all {ty}"), ToString::to_string)
}

fn cure(ty: &str, lack: Option<&Lack>) -> String {
    lack.map_or_else(|| format!("use a token with `read:{ty}`"), Lack::help)
}

/// That the server has no such external object.
pub(super) fn absent(address: &Address, resource: &Resource, which: &str, near: Option<&str>) -> Problem {
    let help = match near {
        Some(near) => format!("there is one named {near:?}"),
        None => "an external object must exist before the plan".to_owned(),
    };
    let message = format!("{address} is external, but the server has no {} {which}", address.kind);
    Diagnostic::error(Code::PlanExternalAbsent, message)
        .at_known(Some(&resource.place), "declared here")
        .help(help)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Kind, Standing};
    use crate::value::Fields;

    #[test]
    fn who_is_to_give_something_another_name_is_told_where_that_stands() {
        let object = Object {
            id: "1".into(),
            org: None,
            name: "n".into(),
            created: None,
            fields: Fields::default(),
            standing: Standing::Ordinary,
            user: None,
        };
        let foreign = Foreign { object: &object, project: "theirs", is_first: false };
        let fields = [
            (Kind::Bucket, "name"),
            (Kind::Secret, "key"),
            (Kind::V1Token, "username"),
            (Kind::Dbrp, "database"),
            (Kind::Token, "description"),
        ];
        for (kind, field) in fields {
            let help = foreign.of(&Address::new(kind, "x"), None).diagnostic.help.unwrap_or_default();
            assert!(help.contains(&format!("give this one another `{field}`; ")), "{help}");
        }
    }

    #[test]
    fn of_two_candidates_the_help_says_how_to_name_one() {
        let address: Address = "task.t".parse().expect("an address");
        let Diagnostic { message, help, .. } = two_candidates(&address, None, ["a1", "b2"].into_iter()).diagnostic;
        assert_eq!(message, "task.t matches 2 objects: a1, b2");
        let help = help.expect("a hint");
        assert!(help.starts_with("name the one that is meant in an `[[import]]` with `to = \"task.t\"`"), "{help}");
    }
}
