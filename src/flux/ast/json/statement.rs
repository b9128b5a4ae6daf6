//! Files and statements as JSON.

use std::io::{self, Write};

use super::Writer;
use crate::flux::ast::{Block, Import, OptionTarget, Package, Span, Statement, StatementKind};

impl<W: Write> Writer<'_, W> {
    pub(super) fn package(&mut self) -> io::Result<()> {
        let script = self.script;
        self.raw("{\"ast\":{\"type\":\"Package\",\"package\":")?;
        self.string(script.package().map_or("main", |package| script.text(package.name)))?;
        self.raw(",\"files\":[{\"type\":\"File\"")?;
        if let Some(span) = self.code() {
            self.location(span)?;
        }
        self.raw(",\"metadata\":\"parser-type=rust\",\"package\":")?;
        match script.package() {
            Some(package) => self.package_clause(package)?,
            None => self.raw("null")?,
        }
        self.raw(",\"imports\":")?;
        match script.imports() {
            [] => self.raw("null")?,
            imports => self.list(imports, Self::import)?,
        }
        self.raw(",\"body\":")?;
        self.list(script.body(), Self::statement)?;
        self.comments("eof", script.end())?;
        self.raw("}]}}")
    }

    /// From the first to the last thing in the file.
    fn code(&self) -> Option<Span> {
        let script = self.script;
        let package = script.package().map(|package| (package.span, &package.attributes));
        let imports = script.imports().iter().map(|import| (import.span, &import.attributes));
        let statements = script.body().iter().map(|statement| (statement.span, &statement.attributes));
        let mut all = package.into_iter().chain(imports).chain(statements);
        let (first, attributes) = all.next()?;
        let last = all.last().map_or(first, |(last, _)| last);
        // What has been lost counts all the same.
        Some(attributes.first().map_or(first, |attribute| attribute.span).to(last))
    }

    fn package_clause(&mut self, package: &Package) -> io::Result<()> {
        self.open("PackageClause", package.span)?;
        self.comments("comments", package.span.start)?;
        self.raw(",\"name\":")?;
        self.identifier(package.name)?;
        self.raw("}")
    }

    fn import(&mut self, import: &Import) -> io::Result<()> {
        self.open("ImportDeclaration", import.span)?;
        self.comments("comments", import.span.start)?;
        self.raw(",\"as\":")?;
        match import.alias {
            Some(alias) => self.identifier(alias)?,
            None => self.raw("null")?,
        }
        self.raw(",\"path\":")?;
        self.string_literal(import.path)?;
        self.raw("}")
    }

    fn statement(&mut self, statement: &Statement) -> io::Result<()> {
        let span = statement.span;
        match &statement.kind {
            StatementKind::Expression(value) => {
                self.open("ExpressionStatement", span)?;
                self.raw(",\"expression\":")?;
                self.expression(*value)?;
            }
            StatementKind::Assignment { name, equals, value } => {
                self.open("VariableAssignment", span)?;
                self.comments("comments", *equals)?;
                self.raw(",\"id\":")?;
                self.identifier(*name)?;
                self.raw(",\"init\":")?;
                self.expression(*value)?;
            }
            StatementKind::Option { target, equals, value } => {
                self.open("OptionStatement", span)?;
                self.comments("comments", span.start)?;
                self.raw(",\"assignment\":")?;
                let assignment = target.span().to(span);
                match *target {
                    OptionTarget::Name(name) => {
                        self.open("VariableAssignment", assignment)?;
                        self.comments("comments", *equals)?;
                        self.raw(",\"id\":")?;
                        self.identifier(name)?;
                    }
                    OptionTarget::Member { span, object, dot, property } => {
                        self.open("MemberAssignment", assignment)?;
                        self.comments("comments", *equals)?;
                        self.raw(",\"member\":")?;
                        self.open("MemberExpression", span)?;
                        self.raw(",\"object\":")?;
                        self.identifier(object)?;
                        self.comments("lbrack", dot)?;
                        self.raw(",\"property\":")?;
                        self.identifier(property)?;
                        self.raw("}")?;
                    }
                }
                self.raw(",\"init\":")?;
                self.expression(*value)?;
                self.raw("}")?;
            }
            StatementKind::Return(value) => {
                self.open("ReturnStatement", span)?;
                self.comments("comments", span.start)?;
                self.raw(",\"argument\":")?;
                self.expression(*value)?;
            }
            StatementKind::Builtin { name, colon, ty } => {
                self.open("BuiltinStatement", span)?;
                self.comments("comments", span.start)?;
                self.comments("colon", *colon)?;
                self.raw(",\"id\":")?;
                self.identifier(*name)?;
                self.raw(",\"ty\":")?;
                self.type_expression(ty)?;
            }
            StatementKind::TestCase(case) => {
                self.open("TestCaseStatement", span)?;
                self.comments("comments", span.start)?;
                self.raw(",\"id\":")?;
                self.identifier(case.name)?;
                if let Some(extends) = case.extends {
                    self.raw(",\"extends\":")?;
                    self.string_literal(extends)?;
                }
                self.raw(",\"block\":")?;
                self.block(&case.block)?;
            }
            StatementKind::Bad => return self.raw("null"),
        }
        self.raw("}")
    }

    pub(super) fn block(&mut self, block: &Block) -> io::Result<()> {
        self.open("Block", block.span)?;
        self.comments("lbrace", block.span.start)?;
        self.raw(",\"body\":")?;
        self.list(&block.body, Self::statement)?;
        self.comments_at_end("rbrace", block.span.end)?;
        self.raw("}")
    }
}
