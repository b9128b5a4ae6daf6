//! What comes into a script from outside, and what it reaches by the functions of the standard library.

use std::rc::Rc;

use super::eval::{Given, Run};
use super::table::{By, Reach, of_package, reaches};
use super::value::{Text, Value};
use super::{Access, Elsewhere, Reference, Target};
use crate::duration::Duration;
use crate::flux::Literal;
use crate::flux::ast::Span;

impl<'a> Run<'a> {
    /// The value that `literal` is, which is as deep as a manifest lets it be.
    pub(super) fn given_value(&mut self, literal: &'a Literal) -> Value<'a> {
        match literal {
            Literal::String(text) => Value::Text(Text::Written(text)),
            Literal::Boolean(yes) => Value::Bool(*yes),
            Literal::Array(items) => {
                let items: Rc<[_]> = items.iter().map(|item| self.given_value(item)).collect();
                self.depth_with(items.iter()).map_or(Value::Unknown, |depth| Value::Array(items, depth))
            }
            Literal::Record(fields) => {
                let fields = fields.iter().map(|(name, value)| (name.as_str(), self.given_value(value))).collect();
                self.record_of(fields)
            }
            Literal::Integer(number) => usize::try_from(*number).map_or(Value::Unknown, Value::Integer),
            Literal::Duration(text) => text.parse::<Duration>().map_or(Value::Unknown, Value::Duration),
            Literal::Float(_) | Literal::DateTime(_) | Literal::Regex(_) => Value::Unknown,
        }
    }

    /// Notes what a function reaches that goes where nobody follows it: it may be called with anything there.
    pub(super) fn lose(&mut self, value: &Value<'a>, span: Span) -> Value<'a> {
        // One value may stand in others very many times.
        if !self.step() {
            return Value::Unknown;
        }
        match value {
            Value::Library(package, name) => self.lose_reach(package, reaches(package, name).first(), span),
            Value::Package(path) => of_package(path).for_each(|reaches| self.lose_reach(path, reaches.first(), span)),
            Value::Array(items, _) => items.iter().for_each(|item| drop(self.lose(item, span))),
            Value::Record(fields, _) => fields.values().for_each(|field| drop(self.lose(field, span))),
            Value::Result(call) => self.lost.push(*call),
            Value::Written(function, scope) => self.given_away.push((function, *scope)),
            Value::Unknown
            | Value::Text(_)
            | Value::Integer(_)
            | Value::Duration(_)
            | Value::Before(_)
            | Value::Bool(_) => {}
        }
        Value::Unknown
    }

    /// The same for all that a function is called with which is not one of the script's own.
    pub(super) fn lose_all(&mut self, given: &Given<'a>, piped: Option<&Value<'a>>, call: Span) {
        given.iter().for_each(|(_, value, span)| drop(self.lose(value, *span)));
        piped.into_iter().for_each(|value| drop(self.lose(value, call)));
    }

    fn lose_reach(&mut self, package: &str, reach: Option<&Reach>, span: Span) {
        let Some(Reach { access, target, by }) = reach else { return };
        let name = if let By::Fixed(name) = by { Some((*name).to_owned()) } else { None };
        let found = Reference { span, access: *access, target: *target, name, elsewhere: None, hosts: Vec::new() };
        match by {
            By::Fixed(_) => self.untell(package, found),
            By::Argument(_) => _ = self.found.insert(found),
        }
    }

    /// Notes what is reached where no argument says it: an option of the package may.
    fn untell(&mut self, package: &str, found: Reference) {
        match found.target {
            Target::Url => self.untold.insert((package.to_owned(), found)),
            Target::Bucket | Target::BucketId | Target::Secret | Target::Variable => self.found.insert(found),
        };
    }

    /// Notes what a call of `name` of `package` reaches.
    pub(super) fn reach(&mut self, call: Span, package: &str, name: &str, given: &Given<'a>) {
        let all = reaches(package, name);
        let text = |argument: &str| given.get(argument).map(|(value, _)| value.text().map(str::to_owned));
        let elsewhere = |target| match target {
            Target::Url => None,
            _ if given.get("host").is_some() => Some(Elsewhere::Server),
            // An org by its ID is one by a name that is not known.
            _ => text("org").or_else(|| given.get("orgID").map(|_| None)).map(Elsewhere::Org),
        };
        let mut found = Vec::new();
        for Reach { access, target, by } in all {
            let By::Argument(argument) = by else { continue };
            let Some((value, span)) = given.get(argument) else { continue };
            let name = value.text().map(str::to_owned);
            found.push(Reference {
                span,
                access: *access,
                target: *target,
                name,
                elsewhere: elsewhere(*target),
                hosts: Vec::new(),
            });
        }
        // Arguments may come in ways that nobody sees. Without a host, the own server is meant.
        let untold = all.first().filter(|reach| found.is_empty() && !matches!(reach.by, By::Argument("host")));
        if let Some(&Reach { access, target, ref by }) = untold {
            let name = if let By::Fixed(name) = by { Some((*name).to_owned()) } else { None };
            self.untell(
                package,
                Reference { span: call, access, target, name, elsewhere: elsewhere(target), hosts: Vec::new() },
            );
        }
        if let (Some((host, span)), false) = (given.get("host"), all.is_empty()) {
            let name = host.text().map(str::to_owned);
            let (access, target) = (Access::Calls, Target::Url);
            found.push(Reference { span, access, target, name, elsewhere: None, hosts: Vec::new() });
        }
        self.found.extend(found);
    }
}
