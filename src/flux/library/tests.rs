//! What composes, what clashes, and what no library may have.

use proptest::prelude::*;

use super::super::ast::Script;
use super::super::parser::parse;
use super::super::{AuthorScript, Mistake, NormalForm};
use super::*;

fn script(source: &str) -> Script {
    let parsed = parse(source);
    assert!(parsed.is_sound(), "{source}");
    parsed.script
}

/// `own` with `libraries`, which are called `a.flux`, `b.flux` and so on.
fn composed(own: &str, libraries: &[&str]) -> Result<Composition, Vec<Clash>> {
    let scripts: Vec<Script> = libraries.iter().map(|source| script(source)).collect();
    let parts: Vec<Part<'_>> =
        scripts.iter().zip(["a.flux", "b.flux", "c.flux"]).map(|(script, name)| Part { name, script }).collect();
    compose(Part { name: "own.flux", script: &script(own) }, &parts)
}

fn text(own: &str, libraries: &[&str]) -> String {
    composed(own, libraries).expect("one script").text
}

const OWN: &str = "\
// Hourly means.
import \"strings\" // for names

// The pipe.
normalize(rows: from(bucket: \"raw\"))
";
const LIBRARY: &str = "\
// What all scripts share.
package shared

import \"strings\"
import \"math\"

// Rounds.
normalize = (rows) => rows |> map(fn: (r) => ({r with _value: math.round(x: r._value)})) // c
";

#[test]
fn imports_come_first_then_the_libraries_then_the_script() {
    insta::assert_snapshot!(text(OWN, &[LIBRARY, "import \"date\"\nb = 1"]), @r#"
    // Hourly means.
    import "strings" // for names
    import "math" // fluxform: use a.flux
    import "date" // fluxform: use b.flux
    // fluxform: use a.flux
    // What all scripts share.


    // Rounds.
    normalize = (rows) => rows |> map(fn: (r) => ({r with _value: math.round(x: r._value)})) // c
    // fluxform: use b.flux
    b = 1
    // fluxform: end of use

    // The pipe.
    normalize(rows: from(bucket: "raw"))
    "#);
    assert_eq!(
        text("package p\nx = a", &["a = 1\n\n"]),
        "package p\n// fluxform: use a.flux\na = 1\n// fluxform: end of use\nx = a"
    );
    assert_eq!(
        text("import \"math\" x = 1", &["import \"math\" a = 1 // c"]),
        "import \"math\"\n// fluxform: use a.flux\na = 1 // c\n// fluxform: end of use\n x = 1"
    );
}

#[test]
fn each_byte_is_found_again_in_its_file() {
    let Composition { text, pieces } = composed(OWN, &[LIBRARY]).expect("one script");
    for (at, piece) in pieces.iter().enumerate() {
        let source = [OWN, LIBRARY][piece.part];
        assert_eq!(text[piece.at..][..piece.span.len()], source[piece.span.clone()]);
        let next = pieces.get(at + 1).map_or(text.len(), |next| next.at);
        assert!(piece.at + piece.span.len() <= next);
    }
    let own: usize = pieces.iter().filter(|piece| piece.part == 0).map(|piece| piece.span.len()).sum();
    assert_eq!(own, OWN.len());
}

#[test]
fn a_task_s_head_stands_before_the_libraries() {
    let text = text(OWN, &[LIBRARY]);
    let author = AuthorScript::read(&text, Some("params")).expect("a script");
    let head = super::super::TaskHead {
        name: "t".into(),
        schedule: super::super::Schedule::Every("1h".into()),
        offset: None,
        extra: Vec::new(),
    };
    let whole = author.compose(&head, None).expect("a script");
    let (option, library) = (whole.find("option task"), whole.find("normalize = "));
    assert!(whole.find("import \"math\"") < option && option < library, "{whole}");
    assert!(parse(&whole).is_sound());
}

fn said(own: &str, libraries: &[&str]) -> Vec<String> {
    let sources: Vec<&str> = [own].into_iter().chain(libraries.iter().copied()).collect();
    let place =
        |(part, span, label): (usize, Range<usize>, String)| format!("{part}:{} ({label})", &sources[part][span]);
    let clashes = composed(own, libraries).err().unwrap_or_default();
    clashes
        .into_iter()
        .map(|Clash { message, places, .. }| {
            format!("{message}: {}", places.into_iter().map(place).collect::<Vec<_>>().join(", "))
        })
        .collect()
}

#[test]
fn what_clashes_is_said_with_both_places() {
    let mut all = String::new();
    for (own, libraries) in [
        ("a = 1", &["a = 2"][..]),
        ("x = a", &["a = 1", "b = 1\na = 2"]),
        ("import \"math\"\nx = 1", &["math = 1"]),
        ("math = 1", &["import \"math\"\na = math.pi"]),
        ("m = 1", &["import m \"math\"\na = m.pi"]),
        ("import \"math\"\nx = 1", &["import m \"math\"\na = 1"]),
        ("import m \"math\"\nx = 1", &["import m \"strings\"\na = 1"]),
        ("x = 1", &["import \"math\"\na = 1", "import m \"math\"\nb = 1"]),
        ("option a = 1", &["a = 2"]),
        ("(1)", &["a = 2"]),
        ("-1", &["a = 2"]),
        ("/x/", &["a = 2"]),
        ("// fluxform: use b.flux\nx = 1", &["a = 1"]),
        ("x = 1", &["a = 1\n// fluxform: end of use", "b = \"// fluxform: use a.flux\""]),
        // The name of a package is not always the end of its path.
        ("import \"influxdata/influxdb/v1\"\nx = 1", &["v1 = 1"]),
    ] {
        all += &format!("{own:?} {libraries:?}\n");
        said(own, libraries).into_iter().for_each(|said| all += &format!("    {said}\n"));
    }
    insta::assert_snapshot!(all);
    for (own, libraries) in [
        ("f = (a) => a\nx = f(a: 1)", &["a = 1"][..]),
        ("f = () => {a = 2 return a}\nx = f()", &["a = 1"]),
        ("import \"math\"\nx = a", &["import \"math\"\na = math.pi", "import \"math\"\nb = (a) => math.pi"]),
        ("import m \"math\"\nx = a", &["import m \"math\"\na = m.pi"]),
    ] {
        assert_eq!(said(own, libraries), [""; 0], "{own}");
    }
}

#[test]
fn what_no_library_may_have_is_said_at_its_place() {
    let mut all = String::new();
    for source in [
        "x = 1\nfrom(bucket: \"a\") |> range(start: -1h) |> yield()",
        "option task = {name: \"a\", every: 1h}",
        "option params = {a: 1}\nparams = 1",
        "v = 1\ntask = 2",
        "x = from(bucket: \"a\") |> yield(name: \"x\")\ny = x |> to(bucket: \"b\")",
        "x = 1\ny = 2\nx = 3",
        "range = (tables=<-) => tables\nfrom = 1\ntrue = 2",
        "builtin x : int",
        "testcase x { y = 1 }",
        "@edition(\"2022.1\") package p\nx = 1",
        "@a import \"math\"\nx = 1",
    ] {
        all += &format!("{source:?}\n");
        for Mistake { span, message, label, help, .. } in mistakes(&script(source)) {
            all += &format!("    {message} [{}] ({label}): {}\n", &source[span.range()], help.unwrap_or_default());
        }
    }
    insta::assert_snapshot!(all);
    for source in [
        LIBRARY,
        "",
        "send = (tables=<-) => tables |> to(bucket: \"b\")\nshow = () => {x = 1 return from(bucket: \"a\") |> yield()}",
        "data = from(bucket: \"a\") |> range(start: -1h)",
        "x = {to: (a) => a}.to(a: 1)",
    ] {
        assert_eq!(mistakes(&script(source)), [], "{source}");
    }
}

/// A piece of a file: a definition of a name that only it has, and comments and blanks around it.
fn definition(file: &'static str) -> impl Strategy<Value = String> {
    let value = prop::sample::select(vec![
        "1",
        "\"a\"",
        "(x) => x",
        "{a: 1}",
        "[1, 2]",
        "from(bucket: \"b\") |> range(start: -1h)",
    ]);
    ("[a-d]{1,3}", value, "(\n|// c\n|  ){0,2}")
        .prop_map(move |(name, value, after)| format!("{file}{name} = {value}\n{after}"))
}

fn file(name: &'static str) -> impl Strategy<Value = (Vec<&'static str>, String)> {
    let imports = prop::sample::subsequence(vec!["math", "strings", "date", "influxdata/influxdb/secrets"], 0..4);
    let body = prop::collection::vec(definition(name), 1..4).prop_map(|mut definitions| {
        definitions.sort();
        definitions.dedup_by(|one, other| one.split(' ').next() == other.split(' ').next());
        definitions.concat()
    });
    (imports, body)
}

proptest! {
    #[test]
    fn a_script_with_libraries_is_the_one_put_together_by_hand(
        own in file("own_"), libraries in prop::collection::vec(file("l_"), 1..3), head in "(|// h\n|package p\n)",
    ) {
        let whole = |(imports, body): &(Vec<&str>, String), head: &str| {
            let imports: String = imports.iter().map(|path| format!("import \"{path}\"\n")).collect();
            format!("{head}{imports}\n{body}")
        };
        let (first, second) = (libraries.first().cloned(), libraries.get(1).cloned());
        // Each library has names of its own.
        let second = second.map(|(imports, body)| (imports, body.replace("l_", "m_")));
        let libraries: Vec<_> = first.into_iter().chain(second).collect();
        let sources: Vec<String> = libraries.iter().map(|library| whole(library, "package l\n")).collect();
        let texts: Vec<&str> = sources.iter().map(String::as_str).collect();
        let made = text(&whole(&own, &head), &texts);

        let mut imports: Vec<&str> = Vec::new();
        for path in own.0.iter().chain(libraries.iter().flat_map(|(imports, _)| imports)) {
            if !imports.contains(path) {
                imports.push(path);
            }
        }
        let body: String = libraries.iter().chain([&own]).map(|(_, body)| format!("{body}\n")).collect();
        let by_hand = whole(&(imports, body), &head);
        prop_assert!(parse(&made).is_sound(), "{}", made);
        let form = |text: &str| NormalForm::of(text).expect("a script").to_string();
        prop_assert_eq!(form(&made), form(&by_hand));
    }
}

#[test]
fn functions_that_the_script_does_not_need_are_known() {
    let library = "a = () => 1\nb = () => a()\nc = (x) => b() + x\nd = (x) => ({e: c})\nf = (tables=<-) => tables |> to(bucket: d().e)\n";
    for (rest, wanted) in [
        ("x = 1", "a b c d f"),
        ("x = b", "c d f"),
        ("x = c(x: 1)", "d f"),
        ("x = {c}", "d f"),
        ("x = {d with g: 1}", "f"),
        ("from(bucket: \"x\") |> f()", ""),
        ("g = (f) => f", ""),
    ] {
        let made = [USE, "l.flux\n", library, END, "\n", rest].concat();
        let made = script(&made);
        let unneeded = unneeded(&made);
        let named = definitions(&made).filter(|(_, span)| unneeded.contains(&span.start)).map(|(name, _)| name);
        assert_eq!(named.collect::<Vec<_>>().join(" "), wanted, "{rest}");
    }
    assert!(unneeded(&script("a = () => 1\nx = 2")).is_empty(), "a script without libraries");
    // It is run, whatever stands around it.
    let acts = [USE, "l.flux\nk = () => secrets.get(key: \"k\")\na = f(x: k())\n", END].concat();
    assert!(unneeded(&script(&acts)).is_empty());
}
