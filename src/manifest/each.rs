//! `for_each`: which instances a resource has.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::node::{Node, Raw, Span};
use super::source::place;
use super::syntax::Document;
use super::variables::Values;
use super::written::Declared;
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic};
use crate::limits::{FOR_EACH_DEPTH, KEY};

/// One instance of a resource with `for_each`.
#[derive(Debug)]
pub(super) struct Instance {
    /// `${each.value}`
    pub(super) value: Node<'static>,
}

/// The instances of a resource with `for_each`.
#[derive(Clone, Debug)]
pub(super) struct Each {
    /// By key.
    pub(super) instances: Rc<BTreeMap<String, Instance>>,
    /// The resource that they are taken from.
    pub(super) from: Option<Address>,
    /// How many resources with `for_each` these come from, in a row, this one with them.
    depth: usize,
}

/// Each resource with `for_each`; none where it has an error, which has been said.
pub(super) type Instances = BTreeMap<Address, Option<Each>>;

/// Finds the instances of all resources with `for_each`.
pub(super) fn instances(
    document: &Document<'_>,
    values: &Values,
    disabled: &BTreeSet<Address>,
    problems: &mut Vec<Diagnostic>,
) -> Instances {
    let mut finder = Finder { document, values, disabled, found: Instances::new(), path: Vec::new(), problems };
    for (address, written) in &document.resources {
        if finder.values.budget.is_enough(finder.problems) {
            break;
        }
        if written.each {
            finder.find(address);
        }
    }
    finder.found
}

struct Finder<'d, 'a> {
    document: &'d Document<'a>,
    values: &'d Values,
    disabled: &'d BTreeSet<Address>,
    found: Instances,
    path: Vec<Address>,
    problems: &'d mut Vec<Diagnostic>,
}

impl<'d, 'a> Finder<'d, 'a> {
    fn find(&mut self, address: &Address) -> Option<Each> {
        if let Some(found) = self.found.get(address) {
            return found.clone();
        }
        let written = self.document.resources.get(address)?;
        let table = written.table();
        let node = table.get("for_each")?;
        let found = if self.path.contains(address) {
            self.cycle(address);
            None
        } else {
            self.path.push(address.clone());
            let found = self.read(written, node);
            self.path.pop();
            match found {
                Some(each) if self.disabled.contains(address) => Some(Each { instances: Rc::default(), ..each }),
                found => found,
            }
        };
        self.found.entry(address.clone()).or_insert(found).clone()
    }

    fn fail<T>(&mut self, written: &Declared<'_>, span: Span, message: impl Into<String>, label: &str) -> Option<T> {
        self.problems.push(Diagnostic::error(Code::ManifestForEach, message).at(place(written.source, span), label));
        None
    }

    fn read(&mut self, written: &Declared<'a>, node: &Node<'a>) -> Option<Each> {
        let values = self.values;
        let only = (Code::ManifestForEach, "only variables can be used in `for_each`");
        let node = values.expand(node, written.source, only, self.problems)?;
        let span = node.span;
        let instances = match node.value {
            Raw::Text(text) => return self.chain(written, span, &text),
            Raw::Array(items) => items
                .into_iter()
                .map(|item| {
                    let at = item.span;
                    let key = match &item.value {
                        Raw::Text(_) | Raw::Integer(_) => item.value.inline().map(std::borrow::Cow::into_owned),
                        _ => None,
                    };
                    match key {
                        Some(key) => Some((at, key, Instance { value: item.into_owned() })),
                        None => {
                            let message = "the items of a `for_each` list must be strings";
                            self.fail(written, at, message, item.value.what())
                        }
                    }
                })
                .collect::<Vec<_>>()
                .into_iter()
                .collect::<Option<Vec<_>>>()
                .and_then(|items| self.unique(written, items))?,
            Raw::Table(table) => {
                let items = table.0.into_iter();
                let items = items.map(|e| (e.at, e.key.into_owned(), Instance { value: e.node.into_owned() }));
                self.unique(written, items.collect())?
            }
            other => {
                let message = "`for_each` must be a list, a table, or the address of a resource with `for_each`";
                return self.fail(written, span, message, other.what());
            }
        };
        Some(Each { instances: Rc::new(instances), from: None, depth: 1 })
    }

    /// Refuses empty and repeated keys.
    fn unique(
        &mut self,
        written: &Declared<'_>,
        items: Vec<(Span, String, Instance)>,
    ) -> Option<BTreeMap<String, Instance>> {
        let mut first: BTreeMap<String, Span> = BTreeMap::new();
        let mut instances = BTreeMap::new();
        for (at, key, instance) in items {
            if key.is_empty() {
                return self.fail(written, at, "a key of `for_each` cannot be empty", "empty");
            }
            if KEY.exceeded(key.len()) {
                let label = format!("has {} bytes", key.len());
                return self.fail(written, at, format!("a key of `for_each` has at most {KEY}"), &label);
            }
            if let Some(first) = first.insert(key.clone(), at) {
                self.problems.push(
                    Diagnostic::error(Code::ManifestForEach, format!("duplicate key `{key}` in `for_each`"))
                        .at(place(written.source, at), "again here")
                        .at(place(written.source, first), "first here"),
                );
                return None;
            }
            instances.insert(key, instance);
        }
        Some(instances)
    }

    /// The instances of another resource.
    fn chain(&mut self, written: &Declared<'_>, span: Span, text: &str) -> Option<Each> {
        let source: Address = match text.parse() {
            Ok(Address { instance: None, kind, key }) => Address { kind, key, instance: None },
            _ => {
                let message = format!("`{text}` is not the address of a resource with `for_each`");
                return self.fail(written, span, message, "write `KIND.KEY`, or a list");
            }
        };
        let Some(from) = self.document.resources.get(&source) else {
            let known = || {
                let resources = self.document.resources.iter();
                let same = resources.filter(|(address, written)| address.kind == source.kind && written.each);
                same.map(|(address, _)| address.to_string())
            };
            let near = self.values.budget.nearest(text, known);
            let near = near.map(|near| format!("did you mean `{near}`?"));
            let diagnostic = Diagnostic::error(Code::ManifestUnknownResource, format!("{source} is not declared"))
                .at(place(written.source, span), "not declared");
            self.problems.push(match near {
                Some(near) => diagnostic.help(near),
                None => diagnostic,
            });
            return None;
        };
        if !from.each {
            self.problems.push(
                Diagnostic::error(Code::ManifestForEach, format!("{source} has no `for_each`"))
                    .at(place(written.source, span), "takes its keys")
                    .at(from.place(), "a single resource"),
            );
            return None;
        }
        let too_deep = || {
            let words = "the chain of `for_each` that this is part of is longer than".to_owned();
            (words, Some(place(written.source, span)))
        };
        let depth = match self.path.len() {
            deep if FOR_EACH_DEPTH.exceeded(deep) => deep,
            // Whatever the order in which they are read: the depth is the project's, not that of the search.
            _ => self.find(&source)?.depth + 1,
        };
        if FOR_EACH_DEPTH.exceeded(depth) {
            self.values.budget.exceed(&FOR_EACH_DEPTH, too_deep);
            return None;
        }
        let instances = self.find(&source)?.instances;
        Some(Each { instances, from: Some(source), depth })
    }

    fn cycle(&mut self, address: &Address) {
        let start = self.path.iter().position(|step| step == address).unwrap_or(0);
        let steps = &self.path[start..];
        let names: Vec<_> = steps.iter().chain([address]).map(Address::to_string).collect();
        let mut diagnostic =
            Diagnostic::error(Code::ManifestCycle, format!("cycle in `for_each`: {}", names.join(" -> ")));
        for step in steps {
            if let Some(written) = self.document.resources.get(step)
                && let Some(node) = written.table().get("for_each")
            {
                diagnostic = diagnostic.at(place(written.source, node.span), step.to_string());
            }
        }
        self.problems.push(diagnostic);
    }
}
