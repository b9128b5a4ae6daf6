//! One resource while it is read: where it stands, and what is wrong with it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::budget::Budget;
use super::each::{Each, Instance, Instances};
use super::library::Libraries;
use super::lint::Lints;
use super::node::{Node, Span};
use super::source::place;
use super::syntax::Document;
use super::text_place::Written;
use super::variables::Values;
use super::written::Declared;
use super::{Import, Reached, Resource};
use crate::address::Address;
use crate::confine::Root;
use crate::diagnostic::{Code, Diagnostic, Place, Severity, Source};
use crate::limits::MISTAKES;

/// What is known before any resource is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'p> {
    pub(super) values: &'p Values,
    pub(super) instances: &'p Instances,
    /// The tables without instances, because they say `enabled = false`.
    pub(super) disabled: &'p BTreeSet<Address>,
    pub(super) imports: &'p BTreeMap<Address, Import>,
    pub(super) root: &'p Root,
    pub(super) lints: &'p Lints,
}

/// The value of a field that another resource asks for.
#[derive(Clone, Debug)]
pub(super) enum Attribute {
    Value(Node<'static>),
    /// The field is not written, and has no default.
    Unset,
    /// It has an error, which is said where it is written.
    Broken,
}

/// Values of fields, each with how many stand behind it in a row, and with it.
type Attributes = HashMap<(Address, &'static str), (Attribute, usize)>;

/// Reads the resource of a context: what it could read, and the context with what it said.
pub(super) type ReadResource = for<'p, 'a> fn(DecodeContext<'p, 'a>) -> (Resource, DecodeContext<'p, 'a>);

/// What all resources of a project share while they are read.
#[derive(Debug)]
pub(super) struct Project<'p, 'a> {
    pub(super) document: &'p Document<'a>,
    pub(super) known: Known<'p>,
    /// How a whole resource is read: some values are known only then.
    pub(super) resource: ReadResource,
    /// Values that other resources have asked for.
    pub(super) attributes: RefCell<Attributes>,
    /// Files that were read for fields: scripts and the like.
    pub(super) texts: RefCell<HashMap<PathBuf, Arc<Source>>>,
    /// How long they are together, in bytes.
    pub(super) texts_length: Cell<usize>,
    /// Those that are used as libraries, and scripts with them.
    pub(super) libraries: Libraries,
}

impl<'p, 'a> Project<'p, 'a> {
    pub(super) fn new(document: &'p Document<'a>, known: Known<'p>, resource: ReadResource) -> Self {
        let (attributes, texts) = (RefCell::default(), RefCell::default());
        let (texts_length, libraries) = (Cell::default(), Libraries::default());
        Self { document, known, resource, attributes, texts, texts_length, libraries }
    }

    /// The table of the resource `address`.
    pub(super) fn declared(&self, address: &Address) -> Option<&'p Declared<'a>> {
        let resources = &self.document.resources;
        if address.instance.is_none() { resources.get(address) } else { resources.get(&address.table()) }
    }

    /// What `field` of the resource `address` says, where that is plain text: nothing has to be looked up for it.
    pub(super) fn plain(&self, address: &Address, field: &str) -> Option<String> {
        let table = self.declared(address)?.table();
        let text = table.get(field)?.text()?;
        (!text.contains("${")).then(|| text.to_owned())
    }

    /// Where the resource `address` is read.
    pub(super) fn context(&'p self, address: Address, written: &'p Declared<'a>) -> DecodeContext<'p, 'a> {
        DecodeContext {
            project: self,
            address,
            written,
            source: written.source,
            needs: Vec::new(),
            beside: Vec::new(),
            reaches: Vec::new(),
            problems: Vec::new(),
            unread: false,
            path: Vec::new(),
            deepest: 0,
            inner: Vec::new(),
            texts: Vec::new(),
        }
    }
}

/// One resource while it is read.
#[derive(Debug)]
pub(super) struct DecodeContext<'p, 'a> {
    pub(super) project: &'p Project<'p, 'a>,
    pub(super) address: Address,
    pub(super) written: &'p Declared<'a>,
    /// The file that is being read: another one where a default holds.
    pub(super) source: &'a Arc<Source>,
    /// What it refers to, and where.
    pub(super) needs: Vec<(Address, &'a Arc<Source>, Span)>,
    /// What it refers to by name, which must be in the same org.
    pub(super) beside: Vec<Address>,
    /// The secrets that its fields name by their keys.
    pub(super) reaches: Vec<Reached>,
    pub(super) problems: Vec<Diagnostic>,
    /// Whether a value of it could not be read: what rests on that is not judged.
    pub(super) unread: bool,
    /// The values that are being looked up, outermost first.
    pub(super) path: Vec<(Address, &'static str)>,
    /// How many values stand in a row behind one that was looked up here, at most.
    pub(super) deepest: usize,
    /// Where values within tables are written, such as `cell[0].at`.
    pub(super) inner: Vec<(String, Place)>,
    /// The texts of another language within tables.
    pub(super) texts: Vec<(String, Written)>,
}

impl<'p, 'a> DecodeContext<'p, 'a> {
    pub(super) fn place(&self, span: Span) -> Place {
        place(self.source, span)
    }

    /// What reading the project may still cost.
    pub(super) fn budget(&self) -> &'p Budget {
        &self.project.known.values.budget
    }

    /// Says something that is wrong. Of very many mistakes in one resource the first are said.
    pub(super) fn say(&mut self, diagnostic: Diagnostic) {
        self.unread |= diagnostic.severity == Severity::Error;
        if !MISTAKES.exceeded(self.problems.len()) {
            self.problems.push(diagnostic);
        }
    }

    /// Says what is wrong at `span`.
    pub(super) fn fail<T>(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Option<T> {
        self.say(Diagnostic::error(code, message).at(self.place(span), label));
        None
    }

    /// Says what is wrong at `span`, and what to do about it.
    pub(super) fn fail_with<T>(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.say(Diagnostic::error(code, message).at(self.place(span), label).help(help));
        None
    }

    /// Says that `node` has the wrong type.
    pub(super) fn wrong_type<T>(&mut self, word: &str, wanted: &str, node: &Node<'_>) -> Option<T> {
        self.wrong_type_with(word, wanted, node, None)
    }

    /// The same with what to write instead, where that is known.
    pub(super) fn wrong_type_with<T>(
        &mut self,
        word: &str,
        wanted: &str,
        node: &Node<'_>,
        help: Option<String>,
    ) -> Option<T> {
        self.say(super::written::wrong_type(word, wanted, &node.value, self.place(node.span)).help_known(help));
        None
    }

    /// Says that `node` is not the list that it must be.
    pub(super) fn no_list<T>(&mut self, word: &str, wanted: &str, node: &Node<'_>) -> Option<T> {
        self.say(super::written::no_list(word, wanted, &node.value, self.place(node.span)));
        None
    }

    /// Its own instance, if it has `for_each`: key and value.
    pub(super) fn instance(&self) -> Option<(&'p String, &'p Instance)> {
        let key = self.address.instance.as_ref()?;
        self.project.known.instances.get(&self.address.table())?.as_ref()?.instances.get_key_value(&**key)
    }

    /// The instances' origin, when `for_each` names another resource.
    pub(super) fn chained(&self) -> Option<Address> {
        let each: &Each = self.project.known.instances.get(&self.address.table())?.as_ref()?;
        Some(each.from.as_ref()?.at(self.address.instance.clone()?))
    }

    /// The same, for what is written in the file `source`.
    pub(super) fn from(&mut self, source: &'a Arc<Source>) -> &mut Self {
        self.source = source;
        self
    }

    /// Its name where none is written.
    pub(super) fn default_name(&self) -> String {
        match &self.address.instance {
            Some(instance) => format!("{}_{instance}", self.address.key),
            None => self.address.key.to_string(),
        }
    }
}
