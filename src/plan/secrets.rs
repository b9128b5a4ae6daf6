//! Where the secrets of tokens that go were delivered: fluxform does not fetch them back.

use super::guard::Written;
use crate::address::few;
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change};
use crate::field::Role;
use crate::ledger::{Entry, Ledger};
use crate::manifest::Resource;
use crate::redact::without_secrets_in_command;
use crate::secret::Sink;
use crate::value::Value;

/// Tells of the secrets that stop working with `changes` and stay where they were delivered: those of tokens that are deleted,
/// and of tokens that deliver elsewhere from now on.
pub(super) fn stay(changes: &[Change], ledger: &Ledger, written: Written<'_>) -> Option<Diagnostic> {
    let mut stay: Vec<String> = Vec::new();
    for change in changes {
        let Some(deliver) = change.address.kind.with(Role::Delivery) else { continue };
        let elsewhere = change.field(Role::Delivery);
        let goes = change.action == Action::Delete || change.action == Action::Replace && elsewhere.is_some();
        let was = change.moved_from.as_ref().unwrap_or(&change.address);
        let Some(entry) = ledger.entries.get(was).filter(|entry| goes && entry.secret.is_some()) else { continue };
        let wanted = elsewhere.filter(|_| change.action == Action::Replace).map(|field| &field.wanted);
        let kept = if let Some(Value::Sinks(sinks)) = wanted { sinks.as_slice() } else { &[] };
        match entry.fields.get(deliver.name).map(|fingerprint| fingerprint.strip_prefix('=')) {
            None | Some(Some("[discard]")) => {}
            Some(Some(sinks)) => {
                let inner = sinks.strip_prefix('[').and_then(|sinks| sinks.strip_suffix(']')).unwrap_or(sinks);
                let left = others(inner, kept);
                stay.extend((!left.is_empty()).then(|| format!("{was} in {}", without_secrets_in_command(&left))));
            }
            // Too long for the ledger to hold: the manifest still has what was applied, or nobody does.
            Some(None) => {
                let declared = written.resources.get(&change.address).and_then(|of| of.fields.get(deliver.name));
                let same = declared.filter(|now| entry.fields.get(deliver.name) == Some(&now.fingerprint()));
                let sinks = match same {
                    Some(Value::Sinks(sinks)) => others(&few(sinks.iter()), kept),
                    _ => String::new(),
                };
                let place =
                    if sinks.is_empty() { sinks } else { format!(" in {}", without_secrets_in_command(&sinks)) };
                stay.push(format!("{was}{place}"));
            }
        }
    }
    let message = match stay.as_slice() {
        [] => return None,
        [one] => format!("the secret of {one} stops working and stays where it was delivered"),
        all => format!("these secrets stop working and stay where they were delivered: {}", few(all)),
    };
    let help = "fluxform does not remove delivered secrets: delete them yourself once nothing reads them";
    Some(Diagnostic::warning(Code::PlanSecretStays, message).help(help))
}

/// Tells of the tokens that go with `changes`, at once or later, and that fluxform has not made: their secrets may be anywhere.
pub(super) fn held_by_others(changes: &[Change], ledger: &Ledger) -> impl Iterator<Item = Diagnostic> {
    let gone =
        changes.iter().filter(|change| change.address.kind.with(Role::Delivery).is_some() && change.action.removes());
    let (later, now): (Vec<&Change>, Vec<_>) =
        gone.filter(|change| is_theirs(change, ledger)).partition(|change| change.stays());
    let when = [(now, "stops working"), (later, "stops working when its overlap ends")];
    when.into_iter().filter_map(|(changes, stops)| {
        let addresses: Vec<_> = changes.iter().map(|change| &change.address).collect();
        let (whose, has) = match addresses.as_slice() {
            [] => return None,
            [one] => (one.to_string(), "has its secret, which was not made by fluxform"),
            all => (few(all), "has their secrets, which were not made by fluxform"),
        };
        let message = format!("{whose} {stops} for everybody who {has}");
        let help = "nobody knows where it is used: find out first, and give the new secret to whoever needs it";
        Some(Diagnostic::warning(Code::PlanSecretStays, message).help(help))
    })
}

/// Whether the object of `change` has a secret that the project has not made, and of which it knows nothing.
fn is_theirs(change: &Change, ledger: &Ledger) -> bool {
    let was = change.moved_from.as_ref().unwrap_or(&change.address);
    change.adopts || ledger.entries.get(was).is_some_and(Entry::is_theirs)
}

/// Tells of the secrets that fluxform has not made and of which the manifests want what it cannot do before another one takes their
/// place: to deliver them, as they are taken over, or to rotate them by age.
pub(super) fn not_made<'a>(
    changes: &'a [Change],
    ledger: &'a Ledger,
    written: Written<'a>,
) -> impl Iterator<Item = Diagnostic> {
    let stays = |change: &&Change| matches!(change.action, Action::None | Action::Update);
    changes.iter().filter(stays).filter(|change| is_theirs(change, ledger)).flat_map(move |change| {
        let resource = written.resources.get(&change.address);
        let told = resource.map(|resource| [in_no_sink(change, resource), never_due(change, resource)]);
        told.into_iter().flatten().flatten()
    })
}

/// What lets a project replace an object that it has adopted.
fn to_own(change: &Change) -> Option<String> {
    let own = || format!("write `lifecycle = {{ owned = true }}` in {}", change.address);
    let steps = [change.imported.then(|| "remove its [[import]]".to_owned()), (!change.lifecycle.owned).then(own)];
    let steps: Vec<_> = steps.into_iter().flatten().collect();
    (!steps.is_empty()).then(|| steps.join(" and "))
}

fn in_no_sink(change: &Change, resource: &Resource) -> Option<Diagnostic> {
    let Change { address, adopts: true, .. } = change else { return None };
    let Some(Value::Sinks(sinks)) = address.kind.get(Role::Delivery, &resource.fields) else { return None };
    let sinks: Vec<_> = sinks.iter().filter(|sink| **sink != Sink::Discard).collect();
    if sinks.is_empty() {
        return None;
    }
    let sinks = few(sinks);
    let sinks = without_secrets_in_command(&sinks);
    let message = format!("{address} is adopted without its secret, which no server shows: {sinks} does not get it");
    let first = to_own(change).map(|steps| format!("{steps}; then ")).unwrap_or_default();
    Some(Diagnostic::warning(Code::PlanSecretNotMade, message).help(format!(
        "if what is there works, there is nothing to do; else {first}`fluxform rotate {address}` creates another one, whose secret is \
         delivered"
    )))
}

fn never_due(change: &Change, resource: &Resource) -> Option<Diagnostic> {
    let address = &change.address;
    let every = address.kind.rotation(&resource.fields)?.every.filter(|_| !change.lifecycle.owned)?;
    let message = format!("{address} is not rotated every {every}: the project adopted it, and may not delete it");
    let steps = to_own(change)?;
    let help = format!("{steps}: it is then rotated at its age, and what was adopted works until the overlap ends");
    Some(Diagnostic::warning(Code::PlanSecretNotMade, message).help(help))
}

/// Tells of what `changes` make that nobody can use, because the secret that it needs has no source.
pub(super) fn lacking<'a>(changes: &'a [Change], written: Written<'a>) -> impl Iterator<Item = Diagnostic> {
    let makes = |change: &&Change| matches!(change.action, Action::Create | Action::Replace);
    changes.iter().filter(makes).flat_map(move |change| {
        let resource = written.resources.get(&change.address);
        let needed =
            change.address.kind.spec().fields.iter().filter(|field| field.secret.is_some_and(|rule| rule.needed));
        needed.filter_map(move |field| {
            let lacks = resource?.fields.get(field.name).is_none();
            let (address, name) = (&change.address, field.name);
            let message = format!("{address} is created without a `{name}`: nobody can use it");
            let diagnostic = Diagnostic::warning(Code::PlanSecretNotSet, message);
            lacks.then(|| {
                diagnostic.help(format!("write where its `{name}` comes from: `{name} = {{ env = \"NAME\" }}`"))
            })
        })
    })
}

/// Tells of the secrets that `changes` take over as they are, though a source is declared: nobody can compare them.
pub(super) fn not_set<'a>(changes: &'a [Change], written: Written<'a>) -> impl Iterator<Item = Diagnostic> {
    changes.iter().filter(|change| change.adopts).flat_map(move |change| {
        let resource = written.resources.get(&change.address);
        let fields = change.address.kind.spec().fields.iter();
        fields.flat_map(move |field| {
            let declared = resource.and_then(|resource| resource.fields.get(field.name));
            let sources = declared.map(|declared| declared.sources(field.name)).unwrap_or_default();
            sources.into_iter().filter_map(move |(name, source)| {
                let rule = field.secret.filter(|rule| !change.sets_secret(field, *rule, &name))?;
                let (address, again, source) = (&change.address, rule.again, source.to_string());
                let source = without_secrets_in_command(&source);
                let message =
                    format!("{address} is adopted as it is: it keeps the `{name}` that it has, and {source} is not read");
                let diagnostic = Diagnostic::warning(Code::PlanSecretNotSet, message);
                Some(diagnostic.help(format!(
                    "if what it has is right, there is nothing to do; to set it from {source}, write `{again} = 1` in {address}"
                )))
            })
        })
    })
}

/// The sinks in a list of the ledger that are not among `kept`, which get the new secret in its place.
fn others(sinks: &str, kept: &[Sink]) -> String {
    let mut left = format!(", {sinks}, ");
    for sink in kept {
        left = left.replacen(&format!(", {sink}, "), ", ", 1);
    }
    left.trim_matches([',', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::address::Address;
    use crate::diff::{Cause, FieldChange, Reason};
    use crate::ledger::{Entry, Origin};

    const DELIVER: &str = "deliver";

    fn address(key: &str) -> Address {
        format!("token.{key}").parse().expect("an address")
    }

    fn said(changes: &[Change], delivered: &[(&str, &str)]) -> Option<String> {
        let entry = |fingerprint: &str| Entry {
            secret: Some("0123456789ab".to_owned()),
            fields: BTreeMap::from([(DELIVER.to_owned(), fingerprint.to_owned())]),
            ..Entry::blank("1", "t")
        };
        let entries = delivered.iter().map(|(key, fingerprint)| (address(key), entry(fingerprint))).collect();
        let none = BTreeMap::new();
        let written = Written { resources: &none, imports: &BTreeMap::new() };
        stay(changes, &Ledger { entries, ..Ledger::default() }, written).map(|diagnostic| diagnostic.message)
    }

    #[test]
    fn who_has_the_secret_of_an_adopted_token_is_thought_of() {
        let said = |origin: Origin, secret: Option<&str>, action: Action| {
            let entry = Entry { origin, secret: secret.map(str::to_owned), ..Entry::blank("1", "t") };
            let ledger = Ledger { entries: BTreeMap::from([(address("a"), entry)]), ..Ledger::default() };
            let change = [Change::blank(&address("a"), action, Reason::Differs)];
            held_by_others(&change, &ledger).map(|said| said.message).next()
        };
        assert_eq!(
            said(Origin::Adopted, None, Action::Replace).as_deref(),
            Some("token.a stops working for everybody who has its secret, which was not made by fluxform")
        );
        assert_eq!(said(Origin::Adopted, None, Action::Update), None);
        assert_eq!(said(Origin::Adopted, Some("0123456789ab"), Action::Replace), None, "it was replaced before");
        assert_eq!(said(Origin::Created, None, Action::Replace), None);
        let object = Some(crate::diff::Target { id: "1".into(), org: None, name: "t".into() });
        let stays = Change {
            object,
            adopts: true,
            overlapping: ["1".to_owned()].into(),
            ..Change::blank(&address("a"), Action::Replace, Reason::Differs)
        };
        let said = held_by_others(&[stays], &Ledger::default()).map(|said| said.message).next();
        assert!(said.as_ref().is_some_and(|said| said.starts_with("token.a stops working when its overlap ends for")));
    }

    fn deleted(key: &str) -> Change {
        Change::blank(&address(key), Action::Delete, Reason::NotDeclared)
    }

    #[test]
    fn an_adopted_secret_whose_source_is_not_used_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let text = "[project]\nname = \"p\"\n[secret.a]\nvalue = { env = \"A\" }\n\
                    [user.u]\npassword = { env = \"U\" }\n[user.other]\n";
        std::fs::write(dir.path().join("main.toml"), text).expect("written");
        let crate::manifest::Loaded { manifest, .. } =
            crate::manifest::load(dir.path(), &crate::manifest::Inputs::default()).expect("a manifest");
        let written = Written { resources: &manifest.resources, imports: &manifest.imports };
        let adopted = |address: &str| {
            let address = address.parse().expect("an address");
            Change { adopts: true, ..Change::blank(&address, Action::None, Reason::InSync) }
        };
        let versioned = Change {
            fields: vec![FieldChange {
                field: "value_version",
                live: None,
                wanted: Value::Text("1".to_owned()),
                last: None,
                cause: Cause::New,
            }],
            ..adopted("secret.a")
        };
        let owned = Change { adopts: false, ..adopted("secret.a") };
        let changes = [adopted("secret.a"), adopted("user.u"), adopted("user.other"), versioned, owned];
        let said: Vec<_> = not_set(&changes, written).map(|said| (said.message, said.help)).collect();
        let of = |address: &str, field: &str, source: &str| {
            let message =
                format!("{address} is adopted as it is: it keeps the `{field}` that it has, and {source} is not read");
            let help = format!(
                "if what it has is right, there is nothing to do; to set it from {source}, write `{field}_version = 1` in {address}"
            );
            (message, Some(help))
        };
        assert_eq!(said, [of("secret.a", "value", "env A"), of("user.u", "password", "env U")]);
    }

    #[test]
    fn secrets_of_tokens_that_go_or_move_are_named() {
        assert_eq!(
            said(&[deleted("a")], &[("a", "=[file secrets/a]")]).as_deref(),
            Some("the secret of token.a in file secrets/a stops working and stays where it was delivered")
        );
        assert_eq!(said(&[deleted("a")], &[("a", "=[discard]")]), None);
        assert_eq!(said(&[deleted("a")], &[]), None);
        let replaced = |field| Change {
            fields: vec![FieldChange { field, live: None, wanted: Value::Integer(1), last: None, cause: Cause::Yours }],
            ..Change::blank(&address("a"), Action::Replace, Reason::Differs)
        };
        assert_eq!(said(&[replaced("write")], &[("a", "=[file x]")]), None);
        assert_eq!(
            said(&[replaced(DELIVER), deleted("b")], &[("a", "=[env_file .env A]"), ("b", "#0123")]).as_deref(),
            Some(
                "these secrets stop working and stay where they were delivered: token.a in env_file .env A and token.b"
            )
        );
    }

    #[test]
    fn a_sink_that_gets_the_new_secret_is_not_named() {
        let file = |path: &str| Sink::File { path: path.into() };
        let to = |sinks: Vec<Sink>| {
            let (wanted, cause) = (Value::Sinks(sinks.into_iter().collect()), Cause::Yours);
            let fields = vec![FieldChange { field: DELIVER, live: None, wanted, last: None, cause }];
            Change { fields, ..Change::blank(&address("a"), Action::Replace, Reason::Differs) }
        };
        let command = r#"command ["sh", "-c", "cat"]"#;
        let old = format!("=[file a, file ab, {command}]");
        let says = |sinks: Vec<Sink>| said(&[to(sinks)], &[("a", old.as_str())]);
        assert_eq!(
            says(vec![file("a"), file("b")]),
            Some(format!("the secret of token.a in file ab, {command} stops working and stays where it was delivered"))
        );
        assert_eq!(said(&[to(vec![file("b"), file("a")])], &[("a", "=[file a]")]), None);
    }

    #[test]
    fn of_many_the_first_are_named() {
        let keys: Vec<String> = (0..300).map(|n| format!("t{n}")).collect();
        let changes: Vec<Change> = keys.iter().map(|key| deleted(key)).collect();
        let delivered: Vec<_> = keys.iter().map(|key| (key.as_str(), "=[file x]")).collect();
        let said = said(&changes, &delivered).expect("a warning");
        assert!(said.ends_with("token.t4 in file x and 295 more"), "{said}");
    }
}
