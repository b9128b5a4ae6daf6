//! Names that stand for nothing, and arguments that a function does not take: influxd stores a task with them, and the task
//! fails each time it runs. Scopes and words are those of the real server's check of a query (influxd 2.9.1, measured).
//!
//! What a value is, is followed only from name to name: `f = from` is `from`, but what a record or a call gives may be
//! anything.

mod call;
mod scope;
mod stdlib;
mod task;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::another_language;
use super::ast::{Block, Body, ExpressionId, ExpressionKind, Function, Import, Key, OptionTarget, Part, Record};
use super::ast::{Property, Script, Span, Statement, StatementKind};
use super::mistake::{MOST, Mistake};
use crate::nearest::nearest;
use scope::{Known, Scope};
pub use task::unknown_options;

/// The wrong names of a sound script, in order; the first 100. `given` are the names that are bound before it begins, such
/// as `task`, because a project writes that option.
pub fn errors<'a>(script: &'a Script, given: &[&'a str]) -> Vec<Mistake> {
    let mut check = Check { script, scope: Scope::default(), steps: Vec::new(), errors: Vec::new() };
    for name in given {
        // As if it were an import: what the script says itself takes its place.
        check.scope.bind(name, Known::Value, None);
    }
    check.file();
    check.errors.sort_by_key(|error| error.span.start);
    another_language::instead_of(script.source(), check.errors)
}

/// The imports of packages that the standard library does not have, with their paths.
pub fn unknown_imports(script: &Script) -> impl Iterator<Item = (&Import, Cow<'_, str>)> {
    let imports = script.imports().iter().map(|import| (import, script.unquoted(import.path)));
    imports.filter(|(_, path)| stdlib::package(path).is_none())
}

/// The name that an import binds: a package of the standard library may have another one than its path.
pub(super) fn bound<'s>(script: &'s Script, import: &Import) -> &'s str {
    match (import.alias, stdlib::package(&script.unquoted(import.path))) {
        (None, Some(package)) => package.name(),
        _ => script.bound(import),
    }
}

/// The package of the standard library that a name is of which nothing has bound and no import is needed for.
pub(super) fn prelude_package(name: &str) -> Option<&'static str> {
    stdlib::prelude_path(name)
}

/// Whether a name means something in each script before anything sets it.
pub(super) fn is_prelude(name: &str) -> bool {
    ["true", "false"].contains(&name) || prelude_package(name).is_some()
}

/// The parameters of a function of the standard library.
pub(crate) fn parameters(package: &str, name: &str) -> Option<Vec<&'static str>> {
    match stdlib::package(package)?.member(name)? {
        stdlib::Member::Function(parameters) => Some(parameters.iter().map(|parameter| parameter.name).collect()),
        stdlib::Member::Value => None,
    }
}

/// What is still to be looked at.
enum Step<'a> {
    Statement(&'a Statement),
    Expression(ExpressionId),
    /// A call; the flag says whether something is piped into it.
    Call(ExpressionId, bool),
    /// The parameters of a function, at the begin of its scope.
    Open(&'a Function),
    Close,
    /// A variable or option, after its value.
    Bind(Span, ExpressionId),
}

struct Check<'a> {
    script: &'a Script,
    scope: Scope<'a>,
    /// The next last. A stack of its own: pipes and operators may be chained without end.
    steps: Vec<Step<'a>>,
    errors: Vec<Mistake>,
}

impl<'a> Check<'a> {
    fn file(&mut self) {
        for import in self.script.imports() {
            self.import(import);
        }
        self.statements(self.script.body());
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Statement(statement) => self.statement(statement),
                Step::Expression(id) => self.expression(id),
                Step::Call(id, piped) => self.call(id, piped),
                Step::Open(function) => {
                    self.scope.open();
                    for parameter in &function.parameters {
                        self.bind_key(parameter);
                    }
                }
                Step::Close => self.scope.close(),
                Step::Bind(name, value) => self.bind(name, value),
            }
            if self.errors.len() >= MOST {
                return;
            }
        }
    }

    fn import(&mut self, import: &Import) {
        let path = self.script.unquoted(import.path);
        let package = stdlib::package(&path);
        if package.is_none() {
            let near = nearest(&path, stdlib::packages().map(|package| package.path));
            self.error(import.path, format!("unknown package \"{path}\""), "not in the standard library", near);
        }
        let known = package.map_or(Known::Value, Known::Package);
        self.scope.bind(bound(self.script, import), known, None);
    }

    /// The statements will be looked at in their order, before all that waits.
    fn statements(&mut self, statements: &'a [Statement]) {
        self.steps.extend(statements.iter().rev().map(Step::Statement));
    }

    fn statement(&mut self, statement: &'a Statement) {
        match &statement.kind {
            StatementKind::Expression(value) | StatementKind::Return(value) => {
                self.steps.push(Step::Expression(*value));
            }
            StatementKind::Assignment { name, value, .. }
            | StatementKind::Option { target: OptionTarget::Name(name), value, .. } => {
                self.steps.push(Step::Bind(*name, *value));
                self.steps.push(Step::Expression(*value));
            }
            StatementKind::Option { target: OptionTarget::Member { object, property, .. }, value, .. } => {
                self.name(*object);
                if let Some(Known::Package(package)) = self.scope.find(self.script.text(*object)) {
                    self.member(package, *property, self.script.text(*property));
                }
                self.steps.push(Step::Expression(*value));
            }
            StatementKind::Builtin { name, .. } => {
                self.scope.bind(self.script.text(*name), Known::Value, None);
            }
            // The server runs no test cases.
            StatementKind::TestCase(_) | StatementKind::Bad => {}
        }
    }

    fn bind(&mut self, name: Span, value: ExpressionId) {
        let text = self.script.text(name);
        let known = self.known(value).unwrap_or(Known::Value);
        let Some(before) = self.scope.bind(text, known, Some(name)) else { return };
        self.error(name, format!("`{text}` is set twice"), "the second time", None);
        if let Some(error) = self.errors.last_mut() {
            error.also = Some((before, "the first time".to_owned()));
            error.help = Some("variables cannot be changed; use another name".to_owned());
        }
    }

    /// A parameter, which the block of the function cannot set.
    fn bind_key(&mut self, parameter: &Property) {
        if let Key::Name(name) = parameter.key {
            self.scope.bind(self.script.text(name), Known::Value, Some(name));
        }
    }

    fn expression(&mut self, id: ExpressionId) {
        match &self.script.expression(id).kind {
            ExpressionKind::Identifier => self.name(self.script.expression(id).span),
            ExpressionKind::Interpolation(parts) => {
                for part in parts.iter().rev() {
                    if let Part::Value { expression, .. } = part {
                        self.steps.push(Step::Expression(*expression));
                    }
                }
            }
            ExpressionKind::Array(items) => self.steps.extend(items.iter().rev().map(|id| Step::Expression(*id))),
            ExpressionKind::Dict(items) => {
                for item in items {
                    self.steps.extend([Step::Expression(item.key), Step::Expression(item.value)]);
                }
            }
            ExpressionKind::Record(record) => self.record(record),
            ExpressionKind::Member { object, property, .. } => {
                if let Some(Known::Package(package)) = self.known(*object) {
                    match property {
                        Key::Name(name) => self.member(package, *name, self.script.text(*name)),
                        Key::Quoted(name) => self.member(package, *name, &self.script.unquoted(*name)),
                    }
                }
                self.steps.push(Step::Expression(*object));
            }
            ExpressionKind::Index { array, index, .. } => {
                self.steps.extend([Step::Expression(*index), Step::Expression(*array)]);
            }
            ExpressionKind::Call { .. } => self.call(id, false),
            ExpressionKind::Pipe { argument, call, .. } => {
                self.steps.extend([Step::Call(*call, true), Step::Expression(*argument)]);
            }
            ExpressionKind::Binary { left, right, .. } => {
                self.steps.extend([Step::Expression(*right), Step::Expression(*left)]);
            }
            ExpressionKind::Conditional { test, consequent, alternate, .. } => {
                self.steps.extend([*alternate, *consequent, *test].map(Step::Expression));
            }
            ExpressionKind::Unary { argument: inner, .. } | ExpressionKind::Paren(inner) => {
                self.steps.push(Step::Expression(*inner));
            }
            ExpressionKind::Function(function) => self.function(function),
            ExpressionKind::Hole
            | ExpressionKind::Integer
            | ExpressionKind::Float
            | ExpressionKind::String
            | ExpressionKind::Duration
            | ExpressionKind::Time
            | ExpressionKind::Regex
            | ExpressionKind::PipeReceive
            | ExpressionKind::Label => {}
        }
    }

    fn record(&mut self, record: &'a Record) {
        if let Some(with) = record.with {
            self.name(with);
        }
        for property in record.properties.iter().rev() {
            match (property.value, property.key) {
                (Some(value), _) => self.steps.push(Step::Expression(value)),
                // `{a}` is `{a: a}`.
                (None, Key::Name(name)) => self.name(name),
                (None, Key::Quoted(_)) => {}
            }
        }
    }

    fn function(&mut self, function: &'a Function) {
        self.steps.push(Step::Close);
        match &function.body {
            Body::Expression(body) => self.steps.push(Step::Expression(*body)),
            Body::Block(Block { body, .. }) => self.block(body),
        }
        self.steps.push(Step::Open(function));
        // What a parameter is if it is not given belongs to what is around the function.
        self.steps.extend(function.parameters.iter().filter_map(|parameter| parameter.value).map(Step::Expression));
    }

    /// The statements of a function. The server leaves out those that cannot stand there.
    fn block(&mut self, body: &'a [Statement]) {
        let mut is_last = true;
        for statement in body.iter().rev() {
            let word = match statement.kind {
                StatementKind::Option { .. } => "option",
                StatementKind::Builtin { .. } => "builtin",
                StatementKind::TestCase(_) => "testcase",
                StatementKind::Return(_) if !is_last => "return",
                _ => {
                    is_last = false;
                    self.steps.push(Step::Statement(statement));
                    continue;
                }
            };
            let message = format!("`{word}` cannot stand here in a function");
            let help = match word {
                "return" => "a function returns by its last statement",
                _ => "move it to the top level of the script",
            };
            let span = Span { end: statement.span.start + word.len() as u32, ..statement.span };
            let label = "each run fails here".to_owned();
            self.errors.push(Mistake { span, message, label, also: None, help: Some(help.to_owned()) });
        }
    }

    fn call(&mut self, id: ExpressionId, piped: bool) {
        let ExpressionKind::Call { callee, arguments, .. } = &self.script.expression(id).kind else {
            return self.expression(id);
        };
        self.arguments(id, *callee, arguments.as_deref(), piped);
        if let Some(arguments) = arguments {
            self.record(arguments);
        }
        self.steps.push(Step::Expression(*callee));
    }

    /// What an expression stands for, if that can be seen.
    fn known(&self, id: ExpressionId) -> Option<Known<'a>> {
        let expression = self.script.expression(self.bare(id));
        match &expression.kind {
            ExpressionKind::Identifier => self.scope.find(self.script.text(expression.span)),
            ExpressionKind::Function(function) => Some(Known::Written(function)),
            ExpressionKind::Member { object, property: Key::Name(name), .. } => {
                let object = self.script.expression(self.bare(*object));
                let package = match object.kind {
                    ExpressionKind::Identifier => self.scope.find(self.script.text(object.span)),
                    _ => None,
                };
                let Some(Known::Package(package)) = package else { return None };
                package.member(self.script.text(*name)).map(Known::from)
            }
            _ => None,
        }
    }

    /// The expression in the parentheses.
    fn bare(&self, id: ExpressionId) -> ExpressionId {
        let mut id = id;
        while let ExpressionKind::Paren(inner) = self.script.expression(id).kind {
            id = inner;
        }
        id
    }

    fn name(&mut self, span: Span) {
        let name = self.script.text(span);
        if self.scope.find(name).is_some() {
            return;
        }
        let set = self.script.body().iter().find_map(|statement| match statement.kind {
            StatementKind::Assignment { name: set, .. }
            | StatementKind::Option { target: OptionTarget::Name(set), .. }
                if statement.span.end >= span.end && self.script.text(set) == name =>
            {
                Some(set)
            }
            _ => None,
        });
        let near = nearest(name, self.scope.names()).map(str::to_owned);
        self.error(span, format!("unknown name `{name}`"), "nothing has this name here", near.as_deref());
        let Some(error) = self.errors.last_mut() else { return };
        if let Some(set) = set {
            let (label, help) = if set.start > span.end {
                ("set only here", "a name must be set before it is used, also in a function")
            } else {
                ("set to this", "a value cannot use itself, and a function cannot call itself")
            };
            error.also = Some((set, label.to_owned()));
            error.help = Some(help.to_owned());
        } else if let Some(package) = stdlib::packages_called(name).min_by_key(|package| package.path.len()) {
            error.help = Some(format!("add `import \"{}\"` at the top of the script", package.path));
        }
    }

    fn member(&mut self, package: &'static stdlib::Package, span: Span, name: &str) {
        if package.member(name).is_none() {
            let near = nearest(name, package.names());
            let message = format!("unknown name `{name}` in package \"{}\"", package.path);
            self.error(span, message, "not in this package", near);
        }
    }

    fn error(&mut self, span: Span, message: String, label: &'static str, near: Option<&str>) {
        let help = near.map(|near| format!("did you mean `{near}`?"));
        self.errors.push(Mistake { span, message, label: label.to_owned(), also: None, help });
    }
}
