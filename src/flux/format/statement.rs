//! Files and statements.

use super::Formatter;
use super::doc::Id;
use super::hang::Hang;
use super::print::print;
use crate::flux::ast::{Attribute, Block, Import, OptionTarget, Package, Span, Statement, StatementKind};

impl<'a> Formatter<'a> {
    /// The whole script.
    pub(super) fn file(&mut self) -> String {
        let script = self.script;
        let mut parts = Vec::new();
        if let Some(package) = script.package() {
            parts.push(self.package(package));
        }
        let imports = script.imports();
        if !imports.is_empty() {
            if !parts.is_empty() {
                parts.extend([self.hard(), self.hard(), self.hard()]);
            }
            for (at, import) in imports.iter().enumerate() {
                if at > 0 {
                    parts.push(self.hard());
                }
                parts.push(self.import(import));
            }
        }
        if !script.body().is_empty() {
            if !parts.is_empty() {
                parts.extend([self.hard(), self.hard()]);
                if imports.is_empty() {
                    parts.push(self.hard());
                }
            }
            parts.push(self.statements(script.body()));
        }
        parts.push(self.comments(script.end()));
        parts.push(self.hard());
        let root = self.sequence(parts);
        print(&self.docs, root, self.careful)
    }

    fn package(&mut self, package: &'a Package) -> Id {
        let mut parts = vec![self.attributes(&package.attributes), self.comments(package.span.start)];
        parts.extend([self.text("package "), self.token(package.name)]);
        self.sequence(parts)
    }

    fn import(&mut self, import: &'a Import) -> Id {
        let mut parts = vec![self.attributes(&import.attributes), self.comments(import.span.start)];
        parts.push(self.text("import "));
        if let Some(alias) = import.alias {
            parts.extend([self.token(alias), self.text(" ")]);
        }
        parts.push(self.token(import.path));
        self.sequence(parts)
    }

    /// Attributes as they are written, each on a line of its own; influxd has lost them. What stands in their parentheses may
    /// be anything, because nobody reads it.
    fn attributes(&mut self, attributes: &'a [Attribute]) -> Id {
        let mut parts = Vec::new();
        let kept = if self.careful { attributes } else { &[] };
        for attribute in kept {
            self.comments
                .retain(|comment| comment.before <= attribute.span.start || comment.before >= attribute.span.end);
            parts.extend([self.token(attribute.span), self.hard()]);
        }
        self.sequence(parts)
    }

    /// Statements, each on a line of its own.
    fn statements(&mut self, body: &'a [Statement]) -> Id {
        let mut parts = Vec::new();
        for (at, statement) in body.iter().enumerate() {
            let first = statement.attributes.first().filter(|_| self.careful);
            let start = first.map_or(statement.span.start, |attribute| attribute.span.start);
            if let Some(before) = at.checked_sub(1).map(|before| &body[before]) {
                parts.push(self.hard());
                if self.apart(before, statement, start) {
                    parts.push(self.hard());
                }
            }
            parts.push(self.attributes(&statement.attributes));
            let inner = self.statement(statement);
            parts.push(self.group(inner));
        }
        self.sequence(parts)
    }

    /// Whether an empty line stands between two statements.
    fn apart(&self, before: &Statement, after: &Statement, start: u32) -> bool {
        let kind = |statement: &Statement| std::mem::discriminant(&statement.kind);
        let line = |at: u32| self.lines.position(at).line;
        kind(before) != kind(after) || line(start) > line(before.span.end) + 1 || self.has_comments(start)
    }

    fn statement(&mut self, statement: &'a Statement) -> Id {
        match &statement.kind {
            StatementKind::Expression(value) => self.expression(*value),
            StatementKind::Assignment { name, equals, value } => {
                // Its comments do not count for how it is laid out, unlike those of an option.
                let comments = self.comments(name.start);
                let text = self.script.text(*name);
                let head = vec![self.text(text), self.comments_below(*equals, ""), self.text(" =")];
                let head = self.sequence(head);
                let value = self.value(*value);
                let assignment = self.assignment(head, value);
                self.sequence(vec![comments, assignment])
            }
            StatementKind::Option { target, equals, value } => {
                let (comments, word) = (self.comments(statement.span.start), self.text("option "));
                let head = self.option_target(*target, *equals);
                let value = self.value(*value);
                let assignment = self.assignment(head, value);
                self.sequence(vec![comments, word, assignment])
            }
            StatementKind::Return(value) => {
                let (comments, word) = (self.comments(statement.span.start), self.text("return"));
                let head = self.sequence(vec![comments, word]);
                let value = self.value(*value);
                self.assignment(head, value)
            }
            StatementKind::Builtin { name, colon, ty } => {
                let (comments, word) = (self.comments(statement.span.start), self.text("builtin"));
                let (gap, name) = (self.line(), self.token(*name));
                let name = self.sequence(vec![gap, name]);
                let name = self.nest(name);
                let name = self.sequence(vec![word, name]);
                let name = self.group(name);
                let colon = vec![self.comments_below(*colon, " "), self.text(": ")];
                let colon = self.sequence(colon);
                let ty = self.type_expression(ty);
                let ty = self.nest(ty);
                let all = self.sequence(vec![name, colon, ty]);
                let all = self.group(all);
                self.sequence(vec![comments, all])
            }
            StatementKind::TestCase(case) => {
                let mut head = vec![self.text("testcase"), self.line(), self.token(case.name)];
                if let Some(extends) = case.extends {
                    head.extend([self.line(), self.text("extends"), self.line(), self.token(extends)]);
                }
                head.push(self.line());
                let (comments, head) = (self.comments(statement.span.start), self.sequence(head));
                let head = self.group(head);
                let open = vec![self.comments(case.block.span.start), self.text("{")];
                let open = self.sequence(open);
                let (body, closing) = self.block(&case.block);
                let body = self.nest(body);
                self.sequence(vec![comments, head, open, body, closing])
            }
            // A script with errors is not formatted.
            StatementKind::Bad => self.nil(),
        }
    }

    /// `a =`
    fn assigned(&mut self, target: Span, equals: u32) -> Id {
        let parts = vec![self.token(target), self.comments_below(equals, ""), self.text(" =")];
        self.sequence(parts)
    }

    fn option_target(&mut self, target: OptionTarget, equals: u32) -> Id {
        match target {
            OptionTarget::Name(name) => self.assigned(name, equals),
            OptionTarget::Member { object, dot, property, .. } => {
                let parts = vec![
                    self.token(object),
                    self.comments_below(dot, ""),
                    self.text("."),
                    self.assigned(property, equals),
                ];
                self.sequence(parts)
            }
        }
    }

    fn assignment(&mut self, head: Id, value: Hang) -> Id {
        let gap = self.line();
        let value = self.behind(head, Some(gap), value);
        self.hang(value)
    }

    /// What stands in a block, and its end.
    pub(super) fn block(&mut self, block: &'a Block) -> (Id, Id) {
        let mut body = vec![self.hard()];
        body.push(self.statements(&block.body));
        body.push(self.comments(block.span.end - 1));
        let body = self.sequence(body);
        let (rim, close) = (self.hard(), self.text("}"));
        (body, self.sequence(vec![rim, close]))
    }
}
