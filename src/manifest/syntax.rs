//! From text to tables: what stands in the files, each address once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::defaults::Defaults;
use super::node::{Beyond, Entry, Intake, Raw, Table};
use super::source::place;
use super::written::{Declared, Written, table, take_all, take_once};
use super::{broken, defaults, foreign, parts};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Source, nearest};
use crate::kind::Kind;
use crate::limits::{KEY, MISTAKES, VALUES};

/// The variables of all files as they are written, by name.
pub(super) type Variables<'a> = BTreeMap<String, (&'a Arc<Source>, Entry<'a>)>;

/// All that stands in the files of a project.
#[derive(Debug, Default)]
pub(super) struct Document<'a> {
    pub(super) project: Option<Written<'a>>,
    pub(super) server: Option<Written<'a>>,
    pub(super) vars: Variables<'a>,
    /// `[defaults.KIND]`.
    pub(super) defaults: Defaults<'a>,
    pub(super) policy: Option<Written<'a>>,
    /// `[[policy.allow]]`, in any file.
    pub(super) allow: Vec<Written<'a>>,
    pub(super) moved: Vec<Written<'a>>,
    pub(super) imports: Vec<Written<'a>>,
    /// The resources as they are written, before `for_each`.
    pub(super) resources: BTreeMap<Address, Declared<'a>>,
}

/// Words at the top of a manifest besides the kinds.
const WORDS: [&str; 7] = ["project", "server", "var", "policy", "defaults", "moved", "import"];

/// Reads and merges all files; none if one of them is not TOML.
pub(super) fn merge<'a>(sources: &'a [Arc<Source>], problems: &mut Vec<Diagnostic>) -> Option<Document<'a>> {
    let mut document = Document::default();
    let mut sound = true;
    let mut left = Left::of_all();
    for source in sources {
        match parse(source, &mut left, problems) {
            Some(table) => {
                for entry in table.0 {
                    if MISTAKES.exceeded(problems.len()) {
                        break;
                    }
                    document.take(source, entry, problems);
                }
            }
            None => {
                sound = false;
                // What is too much for a project is no less with its other files.
                if problems.last().is_some_and(|problem| problem.code == Code::ManifestLimit) {
                    break;
                }
                // How long a large one takes is not known beforehand, nor how many mistakes it has.
                if source.text.len() > broken::SMALL {
                    break;
                }
                if left.mistakes == 0 {
                    let message = format!("the other manifests were not read: there are more mistakes than {MISTAKES}");
                    problems.push(Diagnostic::error(Code::ManifestLimit, message));
                    break;
                }
            }
        }
    }
    sound.then_some(document)
}

/// How much more the files that are read together may have.
pub(super) struct Left {
    values: usize,
    /// Mistakes in texts that are no TOML.
    mistakes: usize,
}

impl Left {
    /// As much as all of them may.
    pub(super) fn of_all() -> Self {
        Self { values: VALUES.size(), mistakes: MISTAKES.size() }
    }
}

/// The table that a file is; none if it is not TOML, or has more values than are `left`. What it has is taken from them.
pub(super) fn parse<'a>(source: &'a Arc<Source>, left: &mut Left, problems: &mut Vec<Diagnostic>) -> Option<Table<'a>> {
    let mut intake = Intake::of(left.values);
    let table = parts::parse(source, &mut intake, problems);
    left.mistakes = left.mistakes.saturating_sub(intake.faults);
    let table = table?;
    left.values = intake.left;
    problems.extend(intake.beyond.into_iter().map(|beyond| match beyond {
        Beyond::Number(span) => {
            Diagnostic::error(Code::ManifestToml, "this number is too large").at(place(source, span), "beyond 64 bits")
        }
        Beyond::Nested(span) => broken::nested("lists and tables").at(place(source, span), "nested too deep"),
    }));
    match intake.full {
        None => Some(table),
        Some(at) => {
            let diagnostic = Diagnostic::error(
                Code::ManifestLimit,
                format!("with {} there are more values than {VALUES}", source.name),
            );
            problems.push(diagnostic.at(place(source, at), "the first one too many").help(
                "each list and table counts: use `for_each` instead of writing out what is alike, or divide the project",
            ));
            None
        }
    }
}

impl<'a> Document<'a> {
    fn take(&mut self, source: &'a Arc<Source>, entry: Entry<'a>, problems: &mut Vec<Diagnostic>) {
        match entry.key.as_ref() {
            "project" => take_once(&mut self.project, source, entry, problems),
            "server" => take_once(&mut self.server, source, entry, problems),
            "var" => {
                let Some(written) = table(source, entry, problems) else { return };
                for variable in written.table.0 {
                    if MISTAKES.exceeded(problems.len()) {
                        return;
                    }
                    if let Some((first, earlier)) = self.vars.get(variable.key.as_ref()) {
                        let name = &variable.key;
                        problems.push(
                            Diagnostic::error(Code::ManifestDuplicate, format!("duplicate variable `{name}`"))
                                .at(place(source, variable.at), "again here")
                                .at(place(first, earlier.at), "first here"),
                        );
                    } else {
                        self.vars.insert(variable.key.clone().into_owned(), (source, variable));
                    }
                }
            }
            "defaults" => defaults::take(&mut self.defaults, source, entry, problems),
            "policy" => self.take_policy(source, entry, problems),
            "moved" => take_all(&mut self.moved, source, entry, problems),
            "import" => take_all(&mut self.imports, source, entry, problems),
            word => match Kind::from_name(word) {
                Some(kind) => self.take_kind(kind, source, entry, problems),
                None => problems.push(unknown_word(source, &entry)),
            },
        }
    }

    /// `[policy]` stands once, its `[[policy.allow]]` in any file.
    fn take_policy(&mut self, source: &'a Arc<Source>, mut entry: Entry<'a>, problems: &mut Vec<Diagnostic>) {
        if let Raw::Table(Table(entries)) = &mut entry.node.value
            && let Some(at) = entries.iter().position(|entry| entry.key == "allow")
        {
            let allow = Entry { key: "policy.allow".into(), ..entries.remove(at) };
            take_all(&mut self.allow, source, allow, problems);
            if entries.is_empty() {
                return;
            }
        }
        take_once(&mut self.policy, source, entry, problems);
    }

    fn take_kind(&mut self, kind: Kind, source: &'a Arc<Source>, entry: Entry<'a>, problems: &mut Vec<Diagnostic>) {
        let at = entry.at;
        let Some(written) = table(source, entry, problems) else { return };
        let mut loose = Vec::new();
        for entry in written.table.0 {
            if !matches!(entry.node.value, Raw::Table(_)) {
                loose.push(entry);
                continue;
            }
            if MISTAKES.exceeded(problems.len()) {
                return;
            }
            let key = entry.key.clone().into_owned();
            let wrong = match key.len() {
                0 => Some((format!("missing key for {kind}"), "empty".to_owned())),
                length if KEY.exceeded(length) => {
                    Some((format!("the key has at most {KEY}"), format!("has {length} bytes")))
                }
                _ => None,
            };
            if let Some((message, label)) = wrong {
                problems.push(Diagnostic::error(Code::ManifestKey, message).at(place(source, entry.at), label));
                continue;
            }
            let address = Address::new(kind, key);
            let Some(written) = table(source, entry, problems) else { continue };
            match self.resources.entry(address) {
                std::collections::btree_map::Entry::Vacant(slot) => {
                    slot.insert(Declared::new(written));
                }
                std::collections::btree_map::Entry::Occupied(first) => problems.push(
                    Diagnostic::error(Code::ManifestDuplicate, format!("duplicate resource {}", first.key()))
                        .at(written.place(), "again here")
                        .at(first.get().place(), "first here"),
                ),
            }
        }
        if let Some(first) = loose.first() {
            let message = format!("`[{kind}]` has no key");
            problems.push(
                Diagnostic::error(Code::ManifestKey, message)
                    .at(place(source, first.at), "without a key")
                    .at(place(source, at), "here")
                    .help(format!("write `[{kind}.KEY]`, with a key of your choice")),
            );
        }
    }
}

fn unknown_word(source: &Arc<Source>, entry: &Entry<'_>) -> Diagnostic {
    let word: &Cow<'_, str> = &entry.key;
    let kinds = Kind::ALL.iter().map(|kind| kind.name());
    let diagnostic = Diagnostic::error(Code::ManifestUnknownKind, format!("unknown kind or section `{word}`"))
        .at(place(source, entry.at), "unknown");
    if let Some(answer) = foreign::section(word) {
        return diagnostic.help(answer);
    }
    match nearest(word, kinds.clone().chain(WORDS)) {
        _ if foreign::is_not_yet(word) => {
            let kinds: Vec<_> = kinds.collect();
            diagnostic.help(format!("fluxform does not manage this kind yet; available kinds: {}", kinds.join(", ")))
        }
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => {
            let kinds: Vec<_> = kinds.collect();
            diagnostic.help(format!("available kinds: {}", kinds.join(", ")))
        }
    }
}
