//! A task's script taken apart, and put together with what fluxform adds.

use std::ops::Range;

use super::error::FluxError;
use super::literal::{Literal, LiteralError, is_identifier};
use super::normal::NormalForm;
use super::option_task::{TaskHead, TaskOption, read, render};
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
        check_start(&kept, head_end)?;
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
        Ok(self.with(&ours))
    }

    /// The script with whole lines of ours.
    fn with(&self, ours: &str) -> String {
        let (before, after) = self.text.split_at(self.insert_at);
        let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
        format!("{before}{gap}{ours}{after}")
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
    if !is_identifier(name) || name == "task" {
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

/// Our lines end in a record: a first statement that would go on with it is refused.
fn check_start(kept: &[Token], head_end: usize) -> Result<(), FluxError> {
    let after_head = |token: &&Token| token.kind != TokenKind::Comment && token.span.start >= head_end;
    match kept.iter().find(after_head) {
        Some(first)
            if matches!(first.kind, TokenKind::LParen | TokenKind::LBrack | TokenKind::Regex | TokenKind::Add)
                || matches!(first.kind, TokenKind::Sub | TokenKind::Dot) =>
        {
            let message = "a task's script cannot start like this: give the value a name (`rows = ...`)";
            Err(FluxError::new(message, first.span.clone()))
        }
        _ => Ok(()),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::Schedule;

    fn head() -> TaskHead {
        let schedule = Schedule::Every("1h".to_owned());
        TaskHead { name: "t".to_owned(), schedule, offset: None, extra: Vec::new() }
    }

    fn composed(source: &str) -> String {
        let params = Literal::Record(vec![("n".to_owned(), Literal::Integer(1))]);
        let script = AuthorScript::read(source, Some("params")).expect("a script");
        script.compose(&head(), Some(("params", &params))).expect("a composed script")
    }

    #[test]
    fn ours_goes_after_package_and_imports() {
        insta::assert_snapshot!(composed("// head\npackage main\n\nimport \"strings\" // why\n\nx = 1\n"), @r#"
        // head
        package main

        import "strings" // why
        option task = {name: "t", every: 1h}
        option params = {n: 1}

        x = 1
        "#);
        insta::assert_snapshot!(composed("import \"strings\" x = 1"), @r#"
        import "strings"
        option task = {name: "t", every: 1h}
        option params = {n: 1}
         x = 1
        "#);
        assert!(composed("// c\nx = 1").starts_with("option task"));
    }

    #[test]
    fn the_authors_option_goes_and_its_line_with_it() {
        let source = "import \"a\"\n\noption task = { // mine\n  name: \"own\",\n  every: 2h,\n}\n\nx = 1\n";
        let script = AuthorScript::read(source, None).expect("a script");
        assert_eq!(script.text, "import \"a\"\n\n\nx = 1\n");
        assert_eq!(script.task.and_then(|task| task.name).map(|name| name.value).as_deref(), Some("own"));
    }

    #[test]
    fn composing_and_taking_apart_are_inverse() {
        for source in [
            "x = 1",
            "",
            "import \"a\"\r\nx = 1\r\n",
            "option task = {every: 1h}\nimport \"a\"\nx = 1",
            "x=1 option task={cron:\"* * * * *\"} y=2",
        ] {
            let script = AuthorScript::read(source, Some("params")).expect("a script");
            let live = LiveScript::read(&composed(source), Some("params")).expect("a live script");
            assert_eq!(live.body, script.body, "{source}");
            assert_eq!(live.text, script.text, "{source}");
            assert_eq!(live.params.expect("params").to_string(), "{ n : 1 }");
            assert_eq!(live.task.and_then(|task| task.name).map(|name| name.value).as_deref(), Some("t"));
        }
    }

    #[test]
    fn a_folded_script_stays_as_it_is() {
        for source in [
            "",
            "x = 1",
            "option task = {name: \"own\", every: 2h}\n\n// what it does\nx = 1\n",
            "import \"a\" x = 1 option task = {every: 2h, concurrency: 2}",
            "// head\r\npackage main\r\nimport \"a\" // why\r\n\r\n\r\noption task = {every: 2h, retry: 3}\r\nx = 1",
        ] {
            let script = AuthorScript::read(source, None).expect("a script");
            let folded = script.folded().expect("folded");
            let again = AuthorScript::read(&folded, None).expect("a folded script");
            assert_eq!(again.body, script.body, "{source}");
            let extra = |script: &AuthorScript| script.task.as_ref().map_or(0, |task| task.extra.len());
            assert_eq!(extra(&again), extra(&script), "{source}");
            let live = AuthorScript::read(&again.compose(&head_with(&again), None).expect("composed"), None);
            assert_eq!(live.expect("a live script").folded().expect("folded"), folded, "{source}");
        }
        let script = AuthorScript::read("option task = {name: \"t\", every: 1h, retry: 3}\n\n\nx = 1", None);
        insta::assert_snapshot!(script.expect("a script").folded().expect("folded"), @r"
        option task = {retry: 3}

        x = 1
        ");
    }

    /// Our head, with what else the script's own says.
    fn head_with(script: &AuthorScript) -> TaskHead {
        let extra = script.task.iter().flat_map(|task| &task.extra);
        TaskHead { extra: extra.map(|(key, value)| (key.clone(), value.value.clone())).collect(), ..head() }
    }

    #[test]
    fn a_name_that_is_taken_is_refused_where_it_is_taken() {
        for (source, span) in [
            ("x = 1\nparams = {}", 6..12),
            ("option params = {}", 0..13),
            ("import params \"math\"", 7..13),
            ("import \"x/params\"", 7..17),
        ] {
            let error = AuthorScript::read(source, Some("params")).expect_err("the name is taken");
            assert_eq!(error.span, span, "{source}");
            AuthorScript::read(source, Some("v")).expect("another name is free");
        }
        AuthorScript::read("f = (params) => { params = 1 return params }\nx = r.params", Some("params"))
            .expect("inner names do not count");
    }

    #[test]
    fn a_start_that_would_go_on_with_our_record_is_refused() {
        for source in ["[1] |> f()", "import \"a\"\n(x) |> f()", "-1"] {
            AuthorScript::read(source, None).expect_err(source);
        }
    }

    #[test]
    fn what_somebody_adds_on_the_server_stays_in_the_body() {
        let live = "option task = {name: \"t\", every: 1h}\noption params = {n: 1}\nparams = 2\nx = 1";
        let live = LiveScript::read(live, Some("params")).expect("a live script");
        assert_eq!(live.body.to_string(), "params = 2 x = 1");
    }
}
