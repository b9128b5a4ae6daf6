//! What the addresses in a resource mean: one resource, or all instances of a table; each is an edge.

use super::context::DecodeContext;
use super::node::Span;
use super::source::place;
use super::template::{Index, index};
use super::written::Declared;
use crate::address::{Address, few, read_key, unquoted};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::kind::{Key, Kind};

impl DecodeContext<'_, '_> {
    /// Reads an address, as it is written in a reference field; `wanted` is the kind that the field takes.
    pub(super) fn parse(&mut self, text: &str, wanted: Option<Kind>, span: Span) -> Option<(Address, Index)> {
        let Some((word, rest)) = text.split_once('.') else {
            return self.no_address(text, wanted, span);
        };
        let Some(kind) = Kind::from_name(word) else {
            if !word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return self.no_address(text, wanted, span);
            }
            let message = format!("unknown kind `{word}`");
            return match nearest(word, Kind::ALL.iter().map(|kind| kind.name())) {
                Some(near) => {
                    let help = format!("did you mean `{near}`?");
                    self.fail_with(Code::ManifestUnknownKind, span, message, "unknown kind", help)
                }
                None => self.fail(Code::ManifestUnknownKind, span, message, "unknown kind"),
            };
        };
        let read = read_key(rest).and_then(|(key, rest)| Some((key, index(rest)?)));
        match read {
            Some((key, (index, ""))) => Some((Address::new(kind, key), index)),
            _ => self.no_address(text, wanted, span),
        }
    }

    fn no_address<T>(&mut self, text: &str, wanted: Option<Kind>, span: Span) -> Option<T> {
        let message = format!("invalid address `{text}`");
        if let Some(address) = unquoted(text) {
            let help = format!("write `{address}`: a key with more than letters, digits, `_` and `-` stands in quotes");
            return self.fail_with(Code::ManifestAddress, span, message, "not an address", help);
        }
        let called = self.called(text, wanted);
        let help = match (called.as_slice(), wanted) {
            ([], Some(kind)) => {
                let table = Address::new(kind, text);
                format!("an address names a table: declare `[{table}]`{}, and write `{table}`", or_external(kind))
            }
            ([], None) => "write `KIND.KEY`, or with `for_each` `KIND.KEY[INSTANCE]`, `[*]` or `[each]`".to_owned(),
            (called, _) => format!("write {}", called.join(" or ")),
        };
        self.fail_with(Code::ManifestAddress, span, message, "not an address", help)
    }

    /// The addresses of what has the key `key`.
    fn called(&self, key: &str, wanted: Option<Kind>) -> Vec<String> {
        let kinds = Kind::ALL.iter().filter(|kind| wanted.is_none_or(|wanted| wanted == **kind));
        let declared = kinds.filter_map(|kind| {
            let table = Address::new(*kind, key);
            let written = self.project.document.resources.get(&table)?;
            Some(format!("`{table}{}`", if written.each { "[*]" } else { "" }))
        });
        declared.collect()
    }

    /// The resources that an address means; each becomes an edge.
    pub(super) fn resolve(&mut self, table: Address, index: Index, span: Span) -> Option<Resolved> {
        let project = self.project;
        if !self.budget().refers(1, table.key.len(), || self.place(span)) {
            return None;
        }
        let Some(written) = project.document.resources.get(&table) else {
            let message = format!("{table} is not declared");
            let declare = format!("declare it: `[{table}]`{}", or_external(table.kind));
            return self.unknown(&table.to_string(), span, message, Some(declare), |context| {
                let same = context.project.document.resources.keys().filter(|known| known.kind == table.kind);
                same.map(Address::to_string).collect()
            });
        };
        if project.known.disabled.contains(&table) {
            return self.resolve_disabled(table, written, &index, span);
        }
        let Some(each) = project.known.instances.get(&table) else {
            if index == Index::All && written.switch.is_some() {
                self.needs.push((table.clone(), self.source, span));
                return Some(Resolved::All(table.clone(), vec![table]));
            }
            if index != Index::None {
                self.say(
                    Diagnostic::error(Code::ManifestIndex, format!("{table} has no `for_each`"))
                        .at(self.place(span), "with an index")
                        .at(written.place(), "a single resource")
                        .help(format!("write `{table}`")),
                );
                return None;
            }
            self.needs.push((table.clone(), self.source, span));
            return Some(Resolved::One(table));
        };
        // Where its `for_each` is broken, that has been said.
        let instances = &each.as_ref()?.instances;
        let key = match index {
            Index::None => {
                self.say(
                    Diagnostic::error(Code::ManifestIndex, format!("{table} has `for_each`: name one instance"))
                        .at(self.place(span), "without an index")
                        .at(written.place(), "several resources")
                        .help(format!("write `{table}[*]` for all of them, or `{table}[KEY]` for one")),
                );
                return None;
            }
            Index::All => {
                let text = instances.keys().map(|key| table.key.len() + key.len()).sum();
                if !self.budget().refers(instances.len(), text, || self.place(span)) {
                    return None;
                }
                let all: Vec<Address> = instances.keys().map(|key| table.at(key.clone())).collect();
                self.needs.extend(all.iter().map(|address| (address.clone(), self.source, span)));
                return Some(Resolved::All(table, all));
            }
            Index::Each => match self.instance() {
                Some((key, _)) => key.clone(),
                None => {
                    let message = format!("{} has no `for_each`", self.address);
                    return self.fail(Code::ManifestIndex, span, message, "only allowed with `for_each`");
                }
            },
            Index::Key(key) => key,
        };
        if !instances.contains_key(&key) {
            let message = format!("{table} has no instance `{key}`");
            let has = (!instances.is_empty())
                .then(|| format!("it has {}", few(instances.keys().map(|key| format!("`{key}`")))));
            return self.unknown(&key, span, message, has, |_| instances.keys().cloned().collect());
        }
        let address = table.at(key);
        self.needs.push((address.clone(), self.source, span));
        Some(Resolved::One(address))
    }

    /// All instances of what is disabled are none; anything else there is not.
    fn resolve_disabled(
        &mut self,
        table: Address,
        written: &Declared<'_>,
        index: &Index,
        span: Span,
    ) -> Option<Resolved> {
        if *index == Index::All {
            return Some(Resolved::All(table, Vec::new()));
        }
        let at = written.switch.unwrap_or(written.head);
        self.say(
            Diagnostic::error(Code::ManifestDisabled, format!("{table} is disabled"))
                .at(self.place(span), "used here")
                .at(place(written.source, at), "is false")
                .help(format!("disable this too; or, in a list, use `{table}[*]`, which is then empty")),
        );
        None
    }

    /// Says that there is no `word`; `otherwise` is what to do about it where nothing is like it.
    fn unknown<T>(
        &mut self,
        word: &str,
        span: Span,
        message: String,
        otherwise: Option<String>,
        known: impl FnOnce(&Self) -> Vec<String>,
    ) -> Option<T> {
        let near = self.budget().nearest(word, || known(self));
        match near.map(|near| format!("did you mean `{near}`?")).or(otherwise) {
            Some(help) => self.fail_with(Code::ManifestUnknownResource, span, message, "not declared", help),
            None => self.fail(Code::ManifestUnknownResource, span, message, "not declared"),
        }
    }
}

/// What to write beside the table of what is there already; nothing for kinds that no name finds.
pub(super) fn or_external(kind: Kind) -> &'static str {
    match kind.spec().key {
        Key::Name { .. } => ", with `external = true` if it exists outside this project",
        Key::LoneName | Key::None => "",
    }
}

/// What an address in a manifest means.
#[derive(Debug)]
pub(super) enum Resolved {
    /// One resource.
    One(Address),
    /// `[*]`: all instances of a table.
    All(Address, Vec<Address>),
}

impl Resolved {
    /// The one resource, where only one will do.
    pub(super) fn one(self, context: &mut DecodeContext<'_, '_>, span: Span) -> Option<Address> {
        match self {
            Self::One(address) => Some(address),
            Self::All(table, _) => {
                let message = format!("expected one resource, found `{table}[*]`");
                let help = match (context.project.known.instances.contains_key(&table), context.instance()) {
                    (false, _) => format!("write `{table}`"),
                    (true, None) => format!("write `{table}[KEY]` for one of them"),
                    (true, Some(_)) => {
                        format!("write `{table}[each]` for the one with the same key, or `{table}[KEY]`")
                    }
                };
                context.fail_with(Code::ManifestIndex, span, message, "several resources", help)
            }
        }
    }

    /// All of them.
    pub(super) fn all(self) -> Vec<Address> {
        match self {
            Self::One(address) => vec![address],
            Self::All(_, all) => all,
        }
    }
}
