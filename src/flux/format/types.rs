//! Types.

use super::Formatter;
use super::doc::{Doc, Id};
use crate::flux::ast::{Constraint, Key, ParameterKind, TypeExpression, TypeId, TypeKind};

impl<'a> Formatter<'a> {
    pub(super) fn type_expression(&mut self, expression: &'a TypeExpression) -> Id {
        let ty = self.ty(expression.ty);
        if expression.constraints.is_empty() {
            return ty;
        }
        let mut parts = vec![self.line(), self.text("where"), self.line()];
        for (at, constraint) in expression.constraints.iter().enumerate() {
            if at > 0 {
                parts.push(self.text(","));
                parts.push(self.line());
            }
            parts.push(self.constraint(constraint));
        }
        // In the group of the statement, which comments in it break.
        parts.insert(0, ty);
        self.sequence(parts)
    }

    fn constraint(&mut self, constraint: &'a Constraint) -> Id {
        let mut parts = vec![self.token(constraint.variable), self.text(": ")];
        for (at, kind) in constraint.kinds.iter().enumerate() {
            if at > 0 {
                parts.push(self.text(" + "));
            }
            parts.push(self.token(*kind));
        }
        self.sequence(parts)
    }

    fn ty(&mut self, id: TypeId) -> Id {
        let script = self.script;
        let ty = script.ty(id);
        match &ty.kind {
            // The server loses its comments.
            TypeKind::Dynamic if !self.careful => self.text("dynamic"),
            TypeKind::Hole | TypeKind::Named | TypeKind::Variable | TypeKind::Dynamic => self.token(ty.span),
            TypeKind::Array(element) => self.element("[", *element),
            TypeKind::Stream(element) => self.element("stream[", *element),
            TypeKind::Vector(element) => self.element("vector[", *element),
            TypeKind::Dict { key, value } => {
                let parts = vec![self.text("["), self.ty(*key), self.text(":"), self.ty(*value), self.text("]")];
                self.sequence(parts)
            }
            TypeKind::Record { with, properties } => {
                let mut items = Vec::new();
                for property in properties {
                    let key = match property.key {
                        // The server has lost it, but not its comments.
                        Key::Quoted(span) if !self.careful => self.comments(span.start),
                        key => self.token(key.span()),
                    };
                    let parts = vec![key, self.text(": "), self.ty(property.ty)];
                    items.push(self.sequence(parts));
                }
                let with = with.map(|with| self.token(with));
                self.braces(with, &items)
            }
            TypeKind::Function { parameters, result } => {
                let mut items = Vec::new();
                for parameter in parameters {
                    let sign = match parameter.kind {
                        ParameterKind::Required => "",
                        ParameterKind::Optional => "?",
                        ParameterKind::Pipe => "<-",
                    };
                    let name = parameter.name.map(|name| self.token(name));
                    let mut parts = vec![self.text(sign)];
                    parts.extend(name);
                    parts.extend([self.text(": "), self.ty(parameter.ty)]);
                    items.push(self.sequence(parts));
                }
                let rim = self.rim(items.len());
                let list = self.items(&items);
                let body = self.sequence(vec![rim, list]);
                let body = self.nest(body);
                let parts = vec![self.text("("), body, self.rim(items.len()), self.text(") => "), self.ty(*result)];
                let all = self.sequence(parts);
                self.group(all)
            }
        }
    }

    fn element(&mut self, open: &'static str, element: TypeId) -> Id {
        let parts = vec![self.text(open), self.ty(element), self.text("]")];
        self.sequence(parts)
    }

    fn braces(&mut self, with: Option<Id>, items: &[Id]) -> Id {
        let mut body = Vec::new();
        match with {
            Some(with) => {
                body.extend([self.rim(items.len()), with, self.line(), self.text("with"), self.line()]);
            }
            None => body.push(self.rim(items.len())),
        }
        body.push(self.items(items));
        let body = self.sequence(body);
        let body = self.nest(body);
        let parts = vec![self.text("{"), body, self.rim(items.len()), self.text("}")];
        let all = self.sequence(parts);
        self.docs.push(Doc::Group(all))
    }
}
