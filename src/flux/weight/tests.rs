//! That what people write is light, and what keeps a compiler busy is not.

use super::*;
use crate::flux::parser::parse;

fn of(source: &str) -> Option<u64> {
    let parsed = parse(source);
    assert!(parsed.is_sound(), "{source}");
    weight(&parsed.script)
}

/// Lines of which each but the first is made of its number and the one before.
fn lines(first: &str, count: usize, next: impl Fn(usize, usize) -> String) -> String {
    std::iter::once(first.to_owned()).chain((1..=count).map(|n| next(n, n - 1))).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_long_plain_script_weighs_little() {
    let pipes = format!("from(bucket: \"b\"){}", " |> limit(n: 1)".repeat(170));
    let maps = format!("x = from(bucket: \"b\"){}", " |> map(fn: (r) => ({r with a: r.b + 1}))".repeat(10));
    let variables = lines("x0 = 1", 300, |n, last| format!("x{n} = x{last} + 1"));
    let own = "f = (tables=<-, n) => tables |> filter(fn: (r) => r._value > n) |> map(fn: (r) => ({r with v: n}))\n\
               from(bucket: \"b\") |> range(start: -1h) |> f(n: 1) |> f(n: 2) |> yield()";
    for script in
        [&pipes, &maps, own, "import \"strings\"\nx = strings.toUpper(v: strings.trim(v: \"a\", cutset: \"b\"))"]
    {
        assert!(of(script).is_some_and(|weight| weight < 1_000_000), "{:?}: {script}", of(script));
    }
    assert!(of(&variables).is_some_and(|weight| weight < 1_000_000), "{:?}", of(&variables));
}

#[test]
fn what_grows_without_bounds_weighs_more_than_anything() {
    let composed = lines("f0 = (x) => ({a: x, b: x})", 6, |n, last| format!("f{n} = (x) => f{last}(x: f{last}(x: x))"));
    let records = lines("r0 = {a: 1}", 40, |n, last| format!("r{n} = {{a: r{last}, b: r{last}}}"));
    let with = lines("r0 = {a: 1}", 40, |n, last| format!("r{n} = {{r{last} with f{n}: r{last}}}"));
    let piped =
        lines("f0 = (x=<-) => ({a: x, b: x})", 6, |n, last| format!("f{n} = (x=<-) => x |> f{last}() |> f{last}()"));
    let members =
        lines("f0 = {f: (x) => [x, x]}", 6, |n, last| format!("f{n} = {{f: (x) => f{last}.f(x: f{last}.f(x: x))}}"));
    let local = format!("main = () => {{\n{records}\n  return r40\n}}");
    let defaults = lines("f0 = (x=1) => [x]", 40, |n, last| format!("f{n} = (x=f{last}, y=f{last}) => [x, y]"));
    for script in [composed, records, with, piped, members, local, defaults] {
        assert!(of(&script).is_none_or(|weight| weight > 1 << 30), "{script}: {:?}", of(&script));
    }
}

#[test]
fn functions_that_come_in_as_arguments_are_not_weighed_where_they_are_called() {
    for script in [
        "f = (g) => g(x: g(x: 1))",
        "f = (x, g=<-) => x |> g()",
        "f = (o) => o.g(x: 1)",
        "f = (g) => {\n  h = g\n  return h(x: h(x: 1))\n}",
        "f = (g) => {\n  o = {h: g}\n  return o.h(x: 1)\n}",
        "f = (g) => [g][0](x: 1)",
        "f = (g) => (if true then g else g)(x: 1)",
        "import \"dict\"\nf = (g) => dict.get(dict: [:], key: 1, default: g)(x: 1)",
        "i = (g) => g\nf = (g) => i(g: g)(x: 1)",
    ] {
        assert_eq!(of(script), None, "{script}");
    }
    assert!(of("f = (g) => {\n  h = (x) => [x, g]\n  return h(x: h(x: 1))\n}").is_some());
    assert!(of("from(bucket: \"b\") |> range(start: -1h) |> map(fn: (r) => ({r with a: float(v: r.b)}))").is_some());
}

#[test]
fn what_keeps_a_compiler_busy_weighs_too_much() {
    let fields = |numbers: &mut dyn Iterator<Item = usize>| {
        let fields: Vec<_> = numbers.map(|n| format!("a{n}: 1")).collect();
        format!("{{{}}}", fields.join(", "))
    };
    let (there, back) = (fields(&mut (0..350)), fields(&mut (0..350).rev()));
    let turned = format!("a = {there}\nb = {back}\nc = [{}]", vec!["a, b"; 60].join(", "));
    let asked: Vec<_> = (0..1_000).map(|n| format!("r.a{n}")).collect();
    let asked = format!("f = (r) => [{}]", asked.join(", "));
    let with = lines("x0 = {a: 1}", 800, |n, last| format!("x{n} = {{x{last} with a: 1}}"));
    let parameters: Vec<_> = (0..400).map(|n| format!("a{n}=1")).collect();
    let parameters = format!("f = ({}) => 1\n{}", parameters.join(", "), "f(a1: 2)\n".repeat(900));
    let deep = lines("x0 = 1", 100, |n, last| format!("x{n} = {}x{last}{}", "[".repeat(70), "]".repeat(70)));
    let mapped = lines("x0 = array.from(rows: [{q: 1}])", 30, |n, last| {
        format!("x{n} = x{last} |> map(fn: (r) => ({{a: r, b: r}}))")
    });
    let parts = lines("x0 = array.from(rows: [{q: 1}])", 30, |n, last| {
        format!("x{n} = x{last} |> map(fn: (r) => ({{a: {{p: r.a, q: r.a}}}}))")
    });
    let over = format!("z = [1]{}", " |> array.map(fn: (x) => ({a: x, b: x}))".repeat(40));
    let named = format!("f = (x) => ({{a: x, b: x}})\nz = [1]{}", " |> array.map(fn: f)".repeat(40));
    let kept = format!("o = {{f: (x) => ({{a: x, b: x}})}}\nz = [1]{}", " |> array.map(fn: o.f)".repeat(40));
    let wrong = lines("r0 = {a: 1}", 40, |n, last| format!("r{n} = {{a: r{last} + r{last}, b: -r{last}}}"));
    let many: Vec<_> = (0..300).map(|n| format!("a{n}")).collect();
    let named_often = lines(&format!("g0 = ({}) => 1", many.join(", ")), 600, |n, _| format!("g{n} = g0"));
    let short_often = format!("g0 = ({}) => 1\nx = [{}]", many.join(", "), vec!["{g0}"; 600].join(", "));
    let package = format!("import \"math\"\n{}", lines("a0 = 1", 100, |n, _| format!("a{n} = math")));
    let package_in_record = "import \"math\"\nr = {math}".to_owned();
    let through = lines("f0 = (t=<-) => t |> map(fn: (r) => ({r with a: r}))", 40, |n, last| {
        format!("f{n} = (t=<-) => t |> f{last}() |> f{last}()")
    });
    let classes = format!("a = /{}/", r"\w".repeat(2_000));
    let counted = lines("a0 = 1", 40, |n, _| format!(r"a{n} = /\w{{{{200}}}}/").replace("{{", "{").replace("}}", "}"));
    for script in [
        turned,
        asked,
        with,
        parameters,
        deep,
        mapped,
        parts,
        over,
        named,
        kept,
        wrong,
        named_often,
        short_often,
        package,
        package_in_record,
        through,
        classes,
        counted,
    ] {
        let weight = of(&script);
        assert!(weight.is_none_or(|weight| weight > 2_000_000), "{weight:?}: {script}");
    }
}

#[test]
fn functions_that_make_more_of_what_they_get_are_not_weighed_in_other_functions() {
    let call = "f = (t=<-, fn) => t |> map(fn: fn)\nz = from(bucket: \"b\") |> f(fn: (r) => ({a: r, b: r}))";
    assert_eq!(of(call), None);
    assert!(of(&call.replace("{a: r, b: r}", "{r with b: 1}")).is_some());
}

/// What people write is weighed, and sent.
#[test]
fn the_scripts_of_the_examples_are_light() {
    let mut scripts = Vec::new();
    let mut dirs = vec![std::path::PathBuf::from("examples")];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|ending| ending == "flux") {
                scripts.push(path);
            }
        }
    }
    assert!(scripts.len() > 3, "{scripts:?}");
    for path in scripts {
        let weight = of(&std::fs::read_to_string(&path).expect("a script"));
        assert!(weight.is_some_and(|weight| weight < 1_000_000), "{}: {weight:?}", path.display());
    }
}
