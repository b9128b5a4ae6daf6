//! What the `${...}` in a resource mean: variables, its own instance, and fields of other resources.

use std::borrow::Cow;
use std::sync::Arc;

use super::context::{Attribute, DecodeContext};
use super::defaults;
use super::expand::expand;
use super::node::{Node, Raw, Span, Table};
use super::template::{Expression, Index};
use crate::address::{Address, few};
use crate::diagnostic::{Code, Diagnostic, Source, nearest};
use crate::field::{Field, Omitted, Role, Type};
use crate::limits::FIELD_DEPTH;

impl<'p, 'a> DecodeContext<'p, 'a> {
    /// `node` with the value of each `${...}` in it.
    pub(super) fn expand<'n>(&mut self, node: &'n Node<'a>) -> Option<Cow<'n, Node<'a>>> {
        let expanded = expand(node, &mut |expression, span| self.value(expression, span).ok_or(()));
        match expanded {
            Ok(node) => Some(node),
            Err(error) => {
                self.unread = true;
                self.problems.extend(error.diagnostic(self.source));
                None
            }
        }
    }

    /// Whether `node`, which is called `word`, says `true`.
    pub(super) fn flag(&mut self, word: &str, node: Option<&Node<'a>>) -> bool {
        let Some(node) = node else { return false };
        match self.expand(node).map(Cow::into_owned) {
            Some(Node { value: Raw::Boolean(yes), .. }) => yes,
            Some(node) => {
                self.wrong_type::<()>(word, "`true` or `false`", &node);
                false
            }
            None => false,
        }
    }

    /// The value of `field`: what is written, else the default of the kind; and the file that it is in.
    fn node_of<'t>(&mut self, table: &'t Table<'a>, field: &Field) -> Option<(&'t Node<'a>, &'a Arc<Source>)>
    where
        'p: 't,
    {
        if let Some(node) = table.get(field.name) {
            return Some((node, self.written.source));
        }
        let document = self.project.document;
        let default = defaults::of(&document.defaults, self.address.kind, field, table)?;
        let external = self.flag("external", table.get("external"));
        (!external).then_some(default)
    }

    fn value(&mut self, expression: &Expression, span: Span) -> Option<Node<'static>> {
        match expression {
            Expression::Var(name) => match self.project.known.values.copy(name, self.source, span) {
                Some(value) => value.ok(),
                None => {
                    self.say(self.project.known.values.unknown(name, self.place(span)));
                    None
                }
            },
            Expression::EachKey | Expression::EachValue(_) => {
                let Some((key, instance)) = self.instance() else {
                    let message = format!("{} has no `for_each`", self.address);
                    return self.fail(Code::ManifestExpression, span, message, "only allowed with `for_each`");
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
                return self.fail(Code::ManifestExpression, span, message, "in this value");
            };
            let Some(next) = table.get(name) else {
                let known = few(table.0.iter().map(|entry| format!("`{}`", entry.key)));
                let message = format!("`each.value` has no `{name}` for the key `{}`", self.instance()?.0);
                let help = if known.is_empty() { "it is empty".to_owned() } else { format!("it has {known}") };
                return self.fail_with(Code::ManifestExpression, span, message, "in this value", help);
            };
            value = next;
        }
        self.copy(value, "`${each.value}`", span)
    }

    /// A copy of `value`, which messages call `name`, unless that is too much.
    fn copy(&self, value: &Node<'static>, name: &str, span: Span) -> Option<Node<'static>> {
        self.budget().copies(value, || (name.to_owned(), self.place(span))).then(|| value.clone())
    }

    fn attribute(&mut self, table: &Address, index: &Index, attr: &str, span: Span) -> Option<Node<'static>> {
        let kind = table.kind;
        let Some(field) = kind.field(attr).filter(|field| field.ty != Type::Id) else {
            let message = format!("unknown field `{attr}` in {kind}");
            let near = nearest(attr, kind.spec().fields.iter().map(|field| field.name));
            let help = near.map_or_else(
                || "only fields that a manifest declares can be used: IDs are not known before apply".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            return self.fail_with(Code::ManifestExpression, span, message, "unknown", help);
        };
        if field.ty.is_no_expression() {
            let message = format!("`{attr}` cannot be used in an expression");
            return self.fail(Code::ManifestExpression, span, message, "not a plain value");
        }
        let address = self.resolve(table.clone(), index.clone(), span)?.one(self, span)?;
        self.value_of(&address, field.name, span)
    }

    /// The name of the resource `address`, which is an edge already.
    pub(super) fn name_of(&mut self, address: &Address, span: Span) -> Option<String> {
        match self.value_of(address, address.kind.with(Role::Name)?.name, span)?.value {
            Raw::Text(name) => Some(name.into_owned()),
            _ => None,
        }
    }

    fn value_of(&mut self, address: &Address, field: &'static str, span: Span) -> Option<Node<'static>> {
        if let Some(text) = self.project.plain(address, field) {
            self.deepest = self.deepest.max(1);
            return Some(Node { span: Span::default(), value: Raw::Text(text.into()) });
        }
        let step = (address.clone(), field);
        if self.path.contains(&step) {
            // The circle is said when the graph is made.
            return None;
        }
        let too_deep = |context: &Self| {
            let what = "the chain of fields that this value is made of is longer than".to_owned();
            context.budget().exceed(&FIELD_DEPTH, || (what, Some(context.place(span))));
        };
        if FIELD_DEPTH.exceeded(self.path.len() + 1) {
            too_deep(self);
            return None;
        }
        if !self.project.attributes.borrow().contains_key(&step) {
            let found = self.ask(&step);
            self.project.attributes.borrow_mut().insert(step.clone(), found);
        }
        let attributes = self.project.attributes.borrow();
        let (attribute, depth) = attributes.get(&step).expect("invariant: it was asked for just now");
        // Whatever the order in which they are read: the depth is the project's, not that of the search.
        self.deepest = self.deepest.max(*depth);
        if FIELD_DEPTH.exceeded(*depth) {
            too_deep(self);
            return None;
        }
        match attribute {
            Attribute::Value(node) => self.copy(node, &format!("`{field}` of {address}"), span),
            Attribute::Broken => None,
            Attribute::Unset => {
                let message = format!("{address} does not set `{field}`");
                let head = self.project.declared(address)?.place();
                let diagnostic = Diagnostic::error(Code::ManifestExpression, message).at(self.place(span), "used here");
                self.say(diagnostic.at(head, "declared here"));
                None
            }
        }
    }

    /// What the field `step.1` of the resource `step.0` is, and how many values stand behind it in a row, and with it.
    fn ask(&self, step: &(Address, &'static str)) -> (Attribute, usize) {
        let (address, name) = step;
        let (Some(written), Some(field)) = (self.project.declared(address), address.kind.field(name)) else {
            return (Attribute::Broken, 1);
        };
        let mut context = self.project.context(address.clone(), written);
        context.path = self.path.clone();
        context.path.push(step.clone());
        let attribute = Self::read(&mut context, field);
        (attribute, context.deepest + 1)
    }

    /// What `field` of the resource of `site` is.
    fn read(context: &mut DecodeContext<'p, 'a>, field: &'static Field) -> Attribute {
        let (written, kind) = (context.written, context.address.kind);
        let table = written.table();
        let node = match (context.node_of(&table, field), field.omitted) {
            (Some((node, source)), _) => match context.from(source).expand(node) {
                Some(node) => return Attribute::Value(node.into_owned().into_owned()),
                None => return Attribute::Broken,
            },
            (None, Omitted::Default(word)) => word.to_owned(),
            // A script may give the name.
            (None, Omitted::Key) if kind.spec().fields.iter().any(|field| field.ty == Type::Flux) => {
                let mut own = context.project.context(context.address.clone(), written);
                own.path = context.path.clone();
                let (resource, own) = (own.project.resource)(own);
                context.deepest = context.deepest.max(own.deepest);
                match resource.fields.text(field.name) {
                    Some(name) => name.to_owned(),
                    None => return Attribute::Broken,
                }
            }
            (None, Omitted::Key) => context.default_name(),
            (None, _) => return Attribute::Unset,
        };
        Attribute::Value(Node { span: Span::default(), value: Raw::Text(node.into()) })
    }
}
