use std::ops::Range;

use super::error::FluxError;
use super::literal::{Literal, LiteralError, is_identifier};
use super::normal::NormalForm;
use super::option_task::{TaskHead, TaskOption, read};
use super::scanner::scan;
use super::statement::{Statements, cut};
use super::token::{Token, TokenKind};

/// A task's script as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorScript {
    /// What its own `option task` says.
    pub task: Option<TaskOption>,
    /// The script without its own `option task`.
    pub text: String,
    /// The normal form of `text`.
    pub body: NormalForm,
    /// Where in `text` our lines go: after the package clause and the imports.
    insert_at: usize,
}

impl AuthorScript {
    /// Reads a script. `params_as` is the name under which parameters will be injected, if any are.
    ///
    /// # Errors
    /// A script that cannot be scanned, a malformed `option task`, a script that binds `params_as` itself.
    pub fn read(source: &str, params_as: Option<&str>) -> Result<Self, FluxError> {
        let tokens = scan(source)?;
        let statements = Statements::new(&tokens, source);
        let task = read(&statements)?;
        if let Some(name) = params_as {
            check_unbound(&statements, name)?;
        }
        let head_end = statements.head_end();
        let removed: Vec<Range<usize>> = task.iter().map(|task| task.span.clone()).collect();
        let kept = outside(&tokens, &removed);
        let body = NormalForm::of_tokens(&kept, source)?;
        let (text, insert_at) = match &task {
            None => (source.to_owned(), line_after(source, &tokens, head_end)),
            Some(task) => {
                let cut = cut(source, &task.span);
                let text = format!("{}{}", &source[..cut.start], &source[cut.end..]);
                // A statement before the imports is refused by the server; the offset must hold all the same.
                let removed = if cut.end <= head_end { cut.len() } else { 0 };
                let tokens = scan(&text)?;
                let insert_at = line_after(&text, &tokens, head_end - removed);
                (text, insert_at)
            }
        };
        Ok(Self { task, text, body, insert_at })
    }

    /// The script for the server: ours is one line for `option task` and, with `params`, one for the record.
    ///
    /// # Errors
    /// A value that Flux has no literal for.
    pub fn compose(&self, head: &TaskHead, params: Option<(&str, &Literal)>) -> Result<String, LiteralError> {
        let mut ours = head.render()?;
        ours.push('\n');
        if let Some((name, record)) = params {
            ours.push_str(&format!("option {name} = {}\n", record.encode()?));
        }
        let (before, after) = self.text.split_at(self.insert_at);
        let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
        Ok(format!("{before}{gap}{ours}{after}"))
    }
}

/// A task's script as the server has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveScript {
    /// What its `option task` says.
    pub task: Option<TaskOption>,
    /// The normal form of the injected record, braces included: compare with that of [`Literal::encode`].
    pub params: Option<NormalForm>,
    /// The normal form of the rest: compare with [`AuthorScript::body`].
    pub body: NormalForm,
    /// The rest as it stands, for a line diff that people read.
    pub text: String,
}

impl LiveScript {
    /// Takes a script apart. Only `option NAME = {...}` with NAME = `params_as` counts as injected; what else binds that
    /// name stays in the body and makes a difference.
    ///
    /// # Errors
    /// A script that cannot be scanned, a malformed `option task`.
    pub fn read(source: &str, params_as: Option<&str>) -> Result<Self, FluxError> {
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
        let body = NormalForm::of_tokens(&outside(&tokens, &removed), source)?;
        removed.sort_by_key(|range| range.start);
        let mut text = source.to_owned();
        for range in removed.iter().rev() {
            let cut = cut(&text, range);
            text.replace_range(cut, "");
        }
        Ok(Self { task, params, body, text })
    }
}

/// The tokens that stand in none of `removed`.
fn outside(tokens: &[Token], removed: &[Range<usize>]) -> Vec<Token> {
    let is_out = |token: &&Token| !removed.iter().any(|range| range.contains(&token.span.start));
    tokens.iter().filter(is_out).cloned().collect()
}

fn check_unbound(statements: &Statements<'_>, name: &str) -> Result<(), FluxError> {
    if !is_identifier(name) {
        return Err(FluxError::new(format!("{name:?} cannot be the name of the parameters"), 0..0));
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

/// The start of the line after byte `end`, if only blanks and a comment follow on its line; else `end`.
fn line_after(source: &str, tokens: &[Token], end: usize) -> usize {
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
