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
        check_start(kept(), head_end)?;
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
            ours.extend(["option ", name, " = "]);
            record.push(&mut ours)?;
            ours.push('\n');
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
fn check_start<'t>(mut kept: impl Iterator<Item = &'t Token>, head_end: usize) -> Result<(), FluxError> {
    let after_head = |token: &&Token| token.kind != TokenKind::Comment && token.span.start >= head_end;
    match kept.find(after_head) {
        // Behind a record a regular expression would be a division.
        Some(first) if goes_on(first.kind) || first.kind == TokenKind::Regex => {
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
    use proptest::prelude::*;

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
            let composed = composed(source);
            let live = LiveScript::read(&composed, Some("params")).expect("a live script");
            assert_eq!(live.body, form(&script.text), "{source}");
            assert_eq!(live.text(), script.text, "{source}");
            assert_eq!(live.params.expect("params").to_string(), "{ n : 1 }");
            assert_eq!(live.task.and_then(|task| task.name).map(|name| name.value).as_deref(), Some("t"));
        }
    }

    proptest! {
        #[test]
        fn a_composed_script_is_the_authors_and_ours(parts in proptest::collection::vec(part(), 0..8)) {
            let source = parts.concat();
            let Ok(script) = AuthorScript::read(&source, Some("params")) else { return Ok(()) };
            let record = Literal::Record(vec![("n".to_owned(), Literal::Regex("a/b".to_owned()))]);
            let made = script.compose(&head(), Some(("params", &record))).expect("a composed script");
            let live = LiveScript::read(&made, Some("params")).expect("a live script");
            prop_assert_eq!(live.body, form(&script.text));
            prop_assert_eq!(live.params.map(|params| params.to_string()), Some("{ n : /\"a/b\"/ }".to_owned()));
            prop_assert_eq!(live.task.map(|task| made[task.span].to_owned()), head().render().ok());
        }
    }

    fn form(source: &str) -> NormalForm<'_> {
        NormalForm::of(source).expect("a normal form")
    }

    fn part() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![
            "import \"a\"",
            "package main",
            "option task = {name: \"own\", every: 2h}",
            "x = 1",
            "y = (a)",
            "h",
            "1",
            "\n",
            " ",
            "// c\n",
            "// c",
            "(",
            ")",
            "{",
            "}",
            "[1, 2,]",
            "\"${",
            "\"s\\x41\"",
            "-",
            "/a/",
            "\r\n",
            "\t",
        ])
    }

    #[test]
    fn what_stood_around_the_authors_option_stays_apart() {
        let script = AuthorScript::read("x = 1option task = {every: 1h}h = 2", None).expect("a script");
        assert_eq!(script.text, "x = 1 h = 2");
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
            assert_eq!(form(&again.text), form(&script.text), "{source}");
            let extra = |script: &AuthorScript| script.task.as_ref().map_or(0, |task| task.extra.len());
            assert_eq!(extra(&again), extra(&script), "{source}");
            let composed = again.compose(&head_with(&again), None).expect("composed");
            let live = AuthorScript::read(&composed, None);
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
