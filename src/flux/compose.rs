//! A task's script taken apart, and put together with what fluxform adds.

use std::borrow::Cow;
use std::ops::Range;

use super::error::FluxError;
use super::literal::{Literal, LiteralError, is_identifier};
use super::normal::{NormalForm, NormalToken};
use super::option_task::{TaskHead, TaskOption, read, render};
use super::scanner::scan;
use super::statement::{Statements, cut, goes_on};
use super::token::{Token, TokenKind};
use super::value::value;

/// A task's script as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorScript<'a> {
    /// What its own `option task` says.
    pub task: Option<TaskOption>,
    /// The script without its own `option task`.
    pub text: Cow<'a, str>,
    /// Where our lines go: after the package clause and the imports.
    insert_at: usize,
}

impl<'a> AuthorScript<'a> {
    /// Reads a script. `params_as` is the name under which parameters will be injected, if any are.
    ///
    /// # Errors
    /// A script that cannot be scanned, a malformed `option task`, a script that binds `params_as` itself.
    pub fn read(source: &'a str, params_as: Option<&str>) -> Result<Self, FluxError> {
        let tokens = scan(source)?;
        let statements = Statements::new(&tokens, source);
        let task = read(&statements)?;
        if let Some(name) = params_as {
            check_unbound(&statements, name)?;
        }
        let head_end = statements.head_end();
        let removed = task.as_ref().map(|task| task.span.clone());
        let kept = || outside(&tokens, removed.as_slice());
        check_start(kept(), head_end, "a task's script")?;
        // What the server cannot read is said at its place.
        kept().filter(|token| token.kind != TokenKind::Comment).try_for_each(|token| value(token, source).map(drop))?;
        let (text, insert_at) = match &removed {
            None => (source.into(), line_after(source, &tokens, head_end)),
            Some(span) => {
                let cut = cut(source, span);
                let text = join(&source[..cut.start], &source[cut.end..]);
                // A statement before the imports is refused by the server; the offset must hold all the same.
                let removed = if cut.end <= head_end { source.len() - text.len() } else { 0 };
                let tokens = scan(&text)?;
                let insert_at = line_after(&text, &tokens, head_end - removed);
                (text.into(), insert_at)
            }
        };
        Ok(Self { task, text, insert_at })
    }

    /// The script for the server: ours is one line for `option task` and, with `params`, one for the record.
    ///
    /// # Errors
    /// A value that Flux has no literal for.
    pub fn compose(&self, head: &TaskHead, params: Option<(&str, &Literal)>) -> Result<String, LiteralError> {
        let mut ours = head.render()?;
        ours.push('\n');
        if let Some((name, record)) = params {
            ours.push_str(&option(name, record)?);
        }
        Ok(with(&self.text, self.insert_at, &ours))
    }

    /// The script as it stands in the file of a task whose name and schedule are said elsewhere: without them, but with
    /// what else its own `option task` says. Composing it and folding the result gives the same text again.
    ///
    /// # Errors
    /// A key of `option task` that Flux has no literal for.
    pub fn folded(&self) -> Result<String, LiteralError> {
        let (before, after) = self.text.split_at(self.insert_at);
        let mut text = before.to_owned();
        if !before.is_empty() && !before.ends_with('\n') {
            text.push('\n');
        }
        if let Some(extra) = self.task.as_ref().map(|task| &task.extra).filter(|extra| !extra.is_empty()) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&render(extra.iter().map(|(key, value)| (key.as_str(), value.value.as_str())))?);
            text.push('\n');
        }
        let body = after.trim_start_matches(['\n', '\r']);
        if !text.is_empty() && !body.is_empty() {
            text.push('\n');
        }
        text.push_str(body);
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(text)
    }
}

/// A script with the parameters `record`, which it reads as `name`: one line for them, after its imports.
///
/// # Errors
/// A script that cannot be scanned, that binds the name itself, or that begins with what would go on with our line; a value that
/// Flux has no literal for.
pub fn with_params(source: &str, name: &str, record: &Literal) -> Result<String, FluxError> {
    let tokens = scan(source)?;
    let statements = Statements::new(&tokens, source);
    check_unbound(&statements, name)?;
    let head_end = statements.head_end();
    check_start(tokens.iter(), head_end, "a script with `params`")?;
    let ours = option(name, record).map_err(|error| FluxError::new(error.to_string(), 0..0))?;
    Ok(with(source, line_after(source, &tokens, head_end), &ours))
}

/// A script without the record that [`with_params`] has put before it, and the bytes that this took; none where it has no such record.
pub fn without_params(source: &str, name: &str) -> Option<(String, Range<usize>)> {
    let tokens = scan(source).ok()?;
    let statements = Statements::new(&tokens, source);
    let bindings = statements.bindings(name);
    let [binding] = bindings.as_slice() else { return None };
    let (_, close) = statements.record(binding.name).filter(|_| binding.first != binding.name)?;
    let taken = cut(source, &(statements.tokens[binding.first].span.start..statements.tokens[close].span.end));
    let mut rest = source.to_owned();
    rest.replace_range(taken.clone(), "");
    Some((rest, taken))
}

/// The line that sets the option `name` to `record`.
fn option(name: &str, record: &Literal) -> Result<String, LiteralError> {
    let mut line = format!("option {name} = ");
    record.push(&mut line)?;
    line.push('\n');
    Ok(line)
}

/// `text` with whole lines of ours at byte `at`.
fn with(text: &str, at: usize, ours: &str) -> String {
    let (before, after) = text.split_at(at);
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{gap}{ours}{after}")
}

/// A task's script as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveScript<'a> {
    /// What its `option task` says.
    pub task: Option<TaskOption>,
    /// The normal form of the injected record, braces included: compare with that of [`Literal::encode`].
    pub params: Option<NormalForm<'a>>,
    /// The normal form of the rest: compare with that of [`AuthorScript::text`].
    pub body: NormalForm<'a>,
    source: &'a str,
    /// What is not the rest: `option task` and the injected record.
    removed: Vec<Range<usize>>,
}

impl<'a> LiveScript<'a> {
    /// Takes a script apart. Only `option NAME = {...}` with NAME = `params_as` counts as injected; what else binds that
    /// name stays in the body and makes a difference.
    ///
    /// # Errors
    /// A script that cannot be scanned, a malformed `option task`.
    pub fn read(source: &'a str, params_as: Option<&str>) -> Result<Self, FluxError> {
        let tokens = scan(source)?;
        let statements = Statements::new(&tokens, source);
        let task = read(&statements)?;
        let mut removed: Vec<Range<usize>> = task.iter().map(|task| task.span.clone()).collect();
        let mut params = None;
        for binding in params_as.iter().flat_map(|name| statements.bindings(name)) {
            if binding.first == binding.name || params.is_some() {
                continue;
            }
            if let Some((open, close)) = statements.record(binding.name) {
                let span = statements.tokens[open].span.start..statements.tokens[close].span.end;
                params = Some(NormalForm::of(&source[span.clone()])?);
                removed.push(statements.tokens[binding.first].span.start..span.end);
            }
        }
        let body = NormalForm::new(NormalToken::read_all(outside(&tokens, &removed), source)?);
        removed.sort_by_key(|range| range.start);
        Ok(Self { task, params, body, source, removed })
    }

    /// The rest as it stands, for a line diff that people read.
    pub fn text(&self) -> String {
        let mut text = self.source.to_owned();
        for range in self.removed.iter().rev() {
            let cut = cut(&text, range);
            text.replace_range(cut, "");
        }
        text
    }
}

/// The tokens that stand in none of `removed`.
fn outside<'t>(tokens: &'t [Token], removed: &[Range<usize>]) -> impl Iterator<Item = &'t Token> {
    tokens.iter().filter(move |token| !removed.iter().any(|range| range.contains(&token.span.start)))
}

/// Two parts of a script as one, in which the last token of the first part and the first of the second stay two.
fn join(before: &str, after: &str) -> String {
    let blank = |c: char| c.is_whitespace();
    let apart = before.is_empty() || before.ends_with(blank) || after.is_empty() || after.starts_with(blank);
    [before, if apart { "" } else { " " }, after].concat()
}

fn check_unbound(statements: &Statements<'_>, name: &str) -> Result<(), FluxError> {
    if !is_identifier(name) || name == "task" {
        return Err(FluxError::new(format!("invalid name for the parameters: {name:?}"), 0..0));
    }
    let message = format!("the script already binds `{name}`, which is the name of its parameters");
    if let Some(binding) = statements.bindings(name).first() {
        let span = statements.tokens[binding.first].span.start..statements.tokens[binding.name].span.end;
        return Err(FluxError::new(message, span));
    }
    for (alias, path) in statements.imports() {
        let imported = match alias {
            Some(alias) => statements.text(alias),
            None => statements.text(path).trim_matches('"').rsplit('/').next().unwrap_or_default(),
        };
        if imported == name {
            return Err(FluxError::new(message, statements.tokens[alias.unwrap_or(path)].span.clone()));
        }
    }
    Ok(())
}

/// Our lines end in a record: a first statement that would go on with it is refused.
fn check_start<'t>(mut kept: impl Iterator<Item = &'t Token>, head_end: usize, what: &str) -> Result<(), FluxError> {
    let after_head = |token: &&Token| token.kind != TokenKind::Comment && token.span.start >= head_end;
    match kept.find(after_head) {
        // Behind a record a regular expression would be a division.
        Some(first) if goes_on(first.kind) || first.kind == TokenKind::Regex => {
            let message = format!("{what} cannot start like this: give the value a name (`rows = ...`)");
            Err(FluxError::new(message, first.span.clone()))
        }
        _ => Ok(()),
    }
}

/// The start of the line after byte `end`, if only blanks and a comment follow on its line; else `end`.
pub(super) fn line_after(source: &str, tokens: &[Token], end: usize) -> usize {
    if end == 0 {
        return 0;
    }
    let next = tokens.iter().find(|token| token.span.start >= end);
    let from = match next {
        Some(token) if token.kind == TokenKind::Comment && !source[end..token.span.start].contains('\n') => {
            token.span.end
        }
        _ => end,
    };
    let rest = source[from..].trim_start_matches([' ', '\t', '\r']);
    let blanks = source.len() - rest.len();
    if rest.starts_with('\n') { blanks + 1 } else { from }
}

#[cfg(test)]
mod tests;
