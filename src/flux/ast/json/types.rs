//! Types as JSON.

use std::io::{self, Write};

use super::Writer;
use crate::flux::ast::{Key, ParameterKind, Span, TypeExpression, TypeId, TypeKind};

impl<W: Write> Writer<'_, W> {
    pub(super) fn type_expression(&mut self, expression: &TypeExpression) -> io::Result<()> {
        self.open("TypeExpression", expression.span)?;
        let one_name =
            matches!(self.script.ty(expression.ty).kind, TypeKind::Named | TypeKind::Variable | TypeKind::Dynamic);
        if one_name && expression.constraints.is_empty() {
            self.comments("comments", expression.span.start)?;
        }
        self.raw(",\"monotype\":")?;
        self.ty(expression.ty)?;
        self.raw(",\"constraints\":")?;
        self.list(&expression.constraints, |writer, constraint| {
            writer.open("TypeConstraint", constraint.span)?;
            writer.raw(",\"tvar\":")?;
            writer.identifier(constraint.variable)?;
            writer.raw(",\"kinds\":")?;
            writer.list(&constraint.kinds, |writer, kind| writer.identifier(*kind))?;
            writer.raw("}")
        })?;
        self.raw("}")
    }

    fn ty(&mut self, id: TypeId) -> io::Result<()> {
        let script = self.script;
        let ty = script.ty(id);
        match &ty.kind {
            TypeKind::Hole => return self.raw("null"),
            TypeKind::Named => self.named("NamedType", ty.span)?,
            TypeKind::Variable => self.named("TvarType", ty.span)?,
            TypeKind::Dynamic => {
                self.open("DynamicType", ty.span)?;
                self.comments("comments", ty.span.start)?;
            }
            TypeKind::Array(element) => self.element("ArrayType", ty.span, *element)?,
            TypeKind::Stream(element) => self.element("StreamType", ty.span, *element)?,
            TypeKind::Vector(element) => self.element("VectorType", ty.span, *element)?,
            TypeKind::Dict { key, value } => {
                self.open("DictType", ty.span)?;
                self.raw(",\"key\":")?;
                self.ty(*key)?;
                self.raw(",\"val\":")?;
                self.ty(*value)?;
            }
            TypeKind::Record { with, properties } => {
                self.open("RecordType", ty.span)?;
                self.raw(",\"properties\":")?;
                self.list(properties, |writer, property| {
                    writer.open("PropertyType", property.span)?;
                    writer.raw(",\"name\":")?;
                    match property.key {
                        Key::Name(name) => writer.identifier(name)?,
                        // The server forgets names in quotes.
                        Key::Quoted(span) => {
                            writer.open("Identifier", span)?;
                            writer.comments("comments", span.start)?;
                            writer.raw(",\"name\":\"\"}")?;
                        }
                    }
                    writer.raw(",\"monotype\":")?;
                    writer.ty(property.ty)?;
                    writer.raw("}")
                })?;
                if let Some(with) = with {
                    self.raw(",\"tvar\":")?;
                    self.identifier(*with)?;
                }
            }
            TypeKind::Function { parameters, result } => {
                self.open("FunctionType", ty.span)?;
                self.raw(",\"parameters\":")?;
                self.list(parameters, |writer, parameter| {
                    let name = match parameter.kind {
                        ParameterKind::Required => "Required",
                        ParameterKind::Optional => "Optional",
                        ParameterKind::Pipe => "Pipe",
                    };
                    writer.open(name, parameter.span)?;
                    if let Some(name) = parameter.name {
                        writer.raw(",\"name\":")?;
                        writer.identifier(name)?;
                    }
                    writer.raw(",\"monotype\":")?;
                    writer.ty(parameter.ty)?;
                    writer.raw("}")
                })?;
                self.raw(",\"monotype\":")?;
                self.ty(*result)?;
            }
        }
        self.raw("}")
    }

    fn named(&mut self, name: &str, span: Span) -> io::Result<()> {
        self.open(name, span)?;
        self.comments("comments", span.start)?;
        self.raw(",\"name\":")?;
        self.identifier(span)
    }

    fn element(&mut self, name: &str, span: Span, element: TypeId) -> io::Result<()> {
        self.open(name, span)?;
        self.raw(",\"element\":")?;
        self.ty(element)
    }
}
