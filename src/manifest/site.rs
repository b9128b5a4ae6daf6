//! One resource while it is read: where it stands, and what its strings and references mean.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::each::{Each, Instance, Instances};
use super::expand::{ExpandError, expand};
use super::node::{Node, Raw, Span, Table};
use super::source::place;
use super::syntax::{Declared, Document};
use super::template::{Expression, Index, index};
use super::variables::Values;
use super::{Import, decode, defaults};
use crate::address::{Address, read_key};
use crate::diagnostic::{Diagnostic, Place, Source, nearest};
use crate::field::{Field, Omitted, Shape};
use crate::kind::Kind;

/// The value of a field that another resource asks for.
#[derive(Clone, Debug)]
enum Attribute {
    Value(Node<'static>),
    /// The field is not written, and has no default.
    Unset,
    /// It has an error, which is said where it is written.
    Broken,
}

/// What is known before any resource is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'p> {
    pub(super) values: &'p Values,
    pub(super) instances: &'p Instances,
    /// The tables without instances, because they say `enabled = false`.
    pub(super) disabled: &'p BTreeSet<Address>,
    pub(super) imports: &'p BTreeMap<Address, Import>,
    pub(super) dir: &'p Path,
}

/// What all resources of a project share while they are read.
#[derive(Debug)]
pub(super) struct Project<'p, 'a> {
    pub(super) document: &'p Document<'a>,
    pub(super) known: Known<'p>,
    /// Values that other resources have asked for.
    attributes: RefCell<HashMap<(Address, &'static str), Attribute>>,
    /// Flux files that were read.
    pub(super) scripts: RefCell<HashMap<PathBuf, Arc<Source>>>,
    /// How many more times the nearest name is looked for: it takes long in a large project.
    guesses: Cell<u32>,
}

/// How many values may hang on each other.
const DEPTH: usize = 64;

impl<'p, 'a> Project<'p, 'a> {
    pub(super) fn new(document: &'p Document<'a>, known: Known<'p>) -> Self {
        let (attributes, scripts) = (RefCell::default(), RefCell::default());
        Self { document, known, attributes, scripts, guesses: Cell::new(20) }
    }

    /// The table of the resource `address`.
    fn declared(&self, address: &Address) -> Option<&'p Declared<'a>> {
        let resources = &self.document.resources;
        if address.instance.is_none() { resources.get(address) } else { resources.get(&address.table()) }
    }

    /// What `field` of the resource `address` says, where that is plain text: nothing has to be looked up for it.
    fn plain(&self, address: &Address, field: &str) -> Option<String> {
        let table = self.declared(address)?.table();
        let text = table.get(field)?.text()?;
        (!text.contains("${")).then(|| text.to_owned())
    }

    /// Where the resource `address` is read.
    pub(super) fn site(&'p self, address: Address, written: &'p Declared<'a>) -> Site<'p, 'a> {
        Site {
            project: self,
            address,
            written,
            source: written.source,
            needs: Vec::new(),
            beside: Vec::new(),
            problems: Vec::new(),
            path: Vec::new(),
        }
    }
}

/// One resource while it is read.
#[derive(Debug)]
pub(super) struct Site<'p, 'a> {
    pub(super) project: &'p Project<'p, 'a>,
    pub(super) address: Address,
    pub(super) written: &'p Declared<'a>,
    /// The file that is being read: another one where a default holds.
    pub(super) source: &'a Arc<Source>,
    /// What it refers to, and where.
    pub(super) needs: Vec<(Address, &'a Arc<Source>, Span)>,
    /// What it refers to by name, which must be in the same org.
    pub(super) beside: Vec<Address>,
    pub(super) problems: Vec<Diagnostic>,
    /// The values that are being looked up, outermost first.
    path: Vec<(Address, &'static str)>,
}

impl<'p, 'a> Site<'p, 'a> {
    pub(super) fn place(&self, span: Span) -> Place {
        place(self.source, span)
    }

    /// Says what is wrong at `span`.
    pub(super) fn fail<T>(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Option<T> {
        self.problems.push(Diagnostic::error(code, message).at(self.place(span), label));
        None
    }

    /// Says what is wrong at `span`, and what to do about it.
    pub(super) fn fail_with<T>(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.problems.push(Diagnostic::error(code, message).at(self.place(span), label).help(help));
        None
    }

    /// Says that `node` has the wrong type.
    pub(super) fn wrong_type<T>(&mut self, word: &str, wanted: &str, node: &Node<'_>) -> Option<T> {
        self.problems.push(super::syntax::wrong_type(word, wanted, &node.value, self.place(node.span)));
        None
    }

    /// Its own instance, if it has `for_each`: key and value.
    fn instance(&self) -> Option<(&'p String, &'p Instance)> {
        let key = self.address.instance.as_ref()?;
        self.project.known.instances.get(&self.address.table())?.as_ref()?.instances.get_key_value(key)
    }

    /// The instances' origin, when `for_each` names another resource.
    pub(super) fn chained(&self) -> Option<Address> {
        let each: &Each = self.project.known.instances.get(&self.address.table())?.as_ref()?;
        Some(each.from.as_ref()?.at(self.address.instance.clone()?))
    }

    /// `node` with the value of each `${...}` in it.
    pub(super) fn expand<'n>(&mut self, node: &'n Node<'a>) -> Option<Cow<'n, Node<'a>>> {
        let expanded = expand(node, &mut |expression, span| self.value(expression, span).ok_or(()));
        match expanded {
            Ok(node) => Some(node),
            Err(ExpandError::Said) => None,
            Err(error) => {
                self.problems.extend(error.diagnostic(self.source));
                None
            }
        }
    }

    fn value(&mut self, expression: &Expression, span: Span) -> Option<Node<'static>> {
        match expression {
            Expression::Var(name) => match self.project.known.values.get(name) {
                Some(value) => value.clone(),
                None => {
                    let message = format!("there is no variable `{name}`");
                    let near = nearest(name, self.project.known.values.keys().map(String::as_str));
                    let help = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("declare it: `[var]` with `{name} = {{}}`"),
                    };
                    self.fail_with("manifest::unknown-variable", span, message, "not declared", help)
                }
            },
            Expression::EachKey | Expression::EachValue(_) => {
                let Some((key, instance)) = self.instance() else {
                    let message = format!("{} has no `for_each`", self.address);
                    return self.fail("manifest::expression", span, message, "`each` has no meaning here");
                };
                match expression {
                    Expression::EachValue(names) => self.field_of(&instance.value, names, span),
                    _ => Some(Node { span, value: Raw::Text(key.clone().into()) }),
                }
            }
            Expression::Attribute { table, index, attr } => self.attribute(table, index, attr, span),
        }
    }

    fn field_of(&mut self, value: &Node<'static>, names: &[String], span: Span) -> Option<Node<'static>> {
        let mut value = value;
        for name in names {
            let Raw::Table(table) = &value.value else {
                let message = format!("`each.value` has no `{name}`: it is {}", value.value.what());
                return self.fail("manifest::expression", span, message, "in this value");
            };
            let Some(next) = table.get(name) else {
                let known: Vec<_> = table.0.iter().map(|entry| format!("`{}`", entry.key)).collect();
                let message = format!("`each.value` has no `{name}` for the key `{}`", self.instance()?.0);
                let help = format!("it has {}", known.join(", "));
                return self.fail_with("manifest::expression", span, message, "in this value", help);
            };
            value = next;
        }
        Some(value.clone())
    }

    fn attribute(&mut self, table: &Address, index: &Index, attr: &str, span: Span) -> Option<Node<'static>> {
        let kind = table.kind;
        let Some(field) = kind.field(attr).filter(|field| field.shape != Shape::Id) else {
            let message = format!("`{attr}` is no field of a {kind} that is known before planning");
            let near = nearest(attr, kind.spec().fields.iter().map(|field| field.name));
            let help = near.map_or_else(
                || "only what a manifest declares is known".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            return self.fail_with("manifest::expression", span, message, "not known", help);
        };
        if matches!(field.shape, Shape::Flux | Shape::Params | Shape::Source | Shape::Sinks) {
            let message = format!("`{attr}` of a {kind} cannot be used elsewhere");
            return self.fail("manifest::expression", span, message, "not a plain value");
        }
        let address = self.resolve(table.clone(), index.clone(), span)?.one(self, span)?;
        self.value_of(&address, field.name, span)
    }

    /// The name of the resource `address`, which is an edge already.
    pub(super) fn name_of(&mut self, address: &Address, span: Span) -> Option<String> {
        match self.value_of(address, "name", span)?.value {
            Raw::Text(name) => Some(name.into_owned()),
            _ => None,
        }
    }

    fn value_of(&mut self, address: &Address, field: &'static str, span: Span) -> Option<Node<'static>> {
        if let Some(text) = self.project.plain(address, field) {
            return Some(Node { span: Span::default(), value: Raw::Text(text.into()) });
        }
        let step = (address.clone(), field);
        if self.path.contains(&step) {
            // The circle is said when the graph is made.
            return None;
        }
        if self.path.len() >= DEPTH {
            let message = format!("more than {DEPTH} values hang on each other here");
            return self.fail("manifest::expression", span, message, "too deep");
        }
        let known = self.project.attributes.borrow().get(&step).cloned();
        let attribute = match known {
            Some(attribute) => attribute,
            None => {
                let attribute = self.ask(&step);
                self.project.attributes.borrow_mut().insert(step, attribute.clone());
                attribute
            }
        };
        match attribute {
            Attribute::Value(node) => Some(node),
            Attribute::Broken => None,
            Attribute::Unset => {
                let message = format!("{address} does not say its `{field}`");
                let head = self.project.declared(address)?.place();
                self.problems.push(
                    Diagnostic::error("manifest::expression", message)
                        .at(self.place(span), "is asked for here")
                        .at(head, "is declared here"),
                );
                None
            }
        }
    }

    /// What the field `step.1` of the resource `step.0` is.
    fn ask(&self, step: &(Address, &'static str)) -> Attribute {
        let (address, name) = step;
        let (Some(written), Some(field)) = (self.project.declared(address), address.kind.field(name)) else {
            return Attribute::Broken;
        };
        let mut site = self.project.site(address.clone(), written);
        site.path = self.path.clone();
        site.path.push(step.clone());
        let table = written.table();
        let node = match (site.node_of(&table, field), field.omitted) {
            (Some((node, source)), _) => match site.from(source).expand(node) {
                Some(node) => return Attribute::Value(node.into_owned().into_owned()),
                None => return Attribute::Broken,
            },
            (None, Omitted::Default(word)) => word.to_owned(),
            // A script may give the name.
            (None, Omitted::Key) if address.kind.spec().fields.iter().any(|field| field.shape == Shape::Flux) => {
                match decode::resource(site).0.fields.text(name) {
                    Some(name) => name.to_owned(),
                    None => return Attribute::Broken,
                }
            }
            (None, Omitted::Key) => site.default_name(),
            (None, _) => return Attribute::Unset,
        };
        Attribute::Value(Node { span: Span::default(), value: Raw::Text(node.into()) })
    }

    /// The value of `field`: what is written, else the default of the kind; and the file that it is in.
    pub(super) fn node_of<'t>(&mut self, table: &'t Table<'a>, field: &Field) -> Option<(&'t Node<'a>, &'a Arc<Source>)>
    where
        'p: 't,
    {
        if let Some(node) = table.get(field.name) {
            return Some((node, self.written.source));
        }
        let document = self.project.document;
        let default = defaults::of(document, self.address.kind, field, table)?;
        let external = decode::flag(self, "external", table.get("external"));
        (!external).then_some(default)
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
            None => self.address.key.clone(),
        }
    }

    /// Reads an address, as it is written in a reference field.
    pub(super) fn parse(&mut self, text: &str, span: Span) -> Option<(Address, Index)> {
        let Some((word, rest)) = text.split_once('.') else {
            return self.no_address(text, span);
        };
        let Some(kind) = Kind::from_name(word) else {
            if !word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                return self.no_address(text, span);
            }
            let message = format!("`{word}` is not a kind");
            return match nearest(word, Kind::ALL.iter().map(|kind| kind.name())) {
                Some(near) => {
                    let help = format!("did you mean `{near}`?");
                    self.fail_with("manifest::unknown-kind", span, message, "unknown kind", help)
                }
                None => self.fail("manifest::unknown-kind", span, message, "unknown kind"),
            };
        };
        let read = read_key(rest).and_then(|(key, rest)| Some((key, index(rest)?)));
        match read {
            Some((key, (index, ""))) => Some((Address::new(kind, key), index)),
            _ => self.no_address(text, span),
        }
    }

    fn no_address<T>(&mut self, text: &str, span: Span) -> Option<T> {
        let message = format!("`{text}` is not an address");
        let help = "write `KIND.KEY`, or with `for_each` `KIND.KEY[INSTANCE]`, `[*]` or `[each]`";
        self.fail_with("manifest::address", span, message, "not an address", help)
    }

    /// The resources that an address means; each becomes an edge.
    pub(super) fn resolve(&mut self, table: Address, index: Index, span: Span) -> Option<Resolved> {
        let project = self.project;
        let Some(written) = project.document.resources.get(&table) else {
            let message = format!("there is no {table}");
            return self.unknown(&table.to_string(), span, message, |site| {
                let same = site.project.document.resources.keys().filter(|known| known.kind == table.kind);
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
                self.problems.push(
                    Diagnostic::error("manifest::index", format!("{table} has no `for_each`"))
                        .at(self.place(span), "has an index")
                        .at(written.place(), "is one resource")
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
                self.problems.push(
                    Diagnostic::error("manifest::index", format!("{table} has `for_each`: which instance is meant?"))
                        .at(self.place(span), "has no index")
                        .at(written.place(), "is several resources")
                        .help(format!("write `{table}[*]` for all of them, or `{table}[KEY]` for one")),
                );
                return None;
            }
            Index::All => {
                let all: Vec<Address> = instances.keys().map(|key| table.at(key.clone())).collect();
                self.needs.extend(all.iter().map(|address| (address.clone(), self.source, span)));
                return Some(Resolved::All(table, all));
            }
            Index::Each => match self.instance() {
                Some((key, _)) => key.clone(),
                None => {
                    let message = format!("{} has no `for_each`", self.address);
                    return self.fail("manifest::index", span, message, "`[each]` has no meaning here");
                }
            },
            Index::Key(key) => key,
        };
        if !instances.contains_key(&key) {
            let message = format!("{table} has no instance `{key}`");
            return self.unknown(&key, span, message, |_| instances.keys().cloned().collect());
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
        self.problems.push(
            Diagnostic::error("manifest::disabled", format!("{table} is not enabled"))
                .at(self.place(span), "is asked for here")
                .at(place(written.source, at), "is false")
                .help(format!("disable this too; or, in a list, write `{table}[*]`, which is then none")),
        );
        None
    }

    fn unknown<T>(
        &mut self,
        word: &str,
        span: Span,
        message: String,
        known: impl FnOnce(&Self) -> Vec<String>,
    ) -> Option<T> {
        let left = self.project.guesses.get();
        let known = if left > 0 { known(self) } else { Vec::new() };
        self.project.guesses.set(left.saturating_sub(1));
        match nearest(word, known.iter().map(String::as_str)) {
            Some(near) => {
                let help = format!("did you mean `{near}`?");
                self.fail_with("manifest::unknown-resource", span, message, "not declared", help)
            }
            None => self.fail("manifest::unknown-resource", span, message, "not declared"),
        }
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
    pub(super) fn one(self, site: &mut Site<'_, '_>, span: Span) -> Option<Address> {
        match self {
            Self::One(address) => Some(address),
            Self::All(table, _) => {
                let message = format!("`{table}[*]` is several resources, and one is wanted");
                site.fail("manifest::index", span, message, "several resources")
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
