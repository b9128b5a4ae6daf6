//! Scripts put together and taken apart: the one undoes the other.

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
fn a_record_of_parameters_is_taken_out_as_it_was_put_in() {
    let record = Literal::Record(vec![("n".to_owned(), Literal::Record(Vec::new()))]);
    for source in [
        "x = 1",
        "// c\nx = params.n\n",
        "import \"a\" // why\n\nx = 1",
        "package p\nimport \"a\"\nimport \"b\"\nx = 1",
    ] {
        let with = with_params(source, "params", &record).expect("a script");
        let (rest, taken) = without_params(&with, "params").expect("a record");
        assert_eq!((rest.as_str(), &with[taken]), (source, "option params = {n: {}}\n"));
    }
    for source in ["x = 1", "params = {n: 1}", "option params = f()", "option params = {}\nparams = {}"] {
        assert_eq!(without_params(source, "params"), None, "{source}");
    }
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
