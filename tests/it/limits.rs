//! What a stranger's project can multiply ends somewhere, with the limit's name, and without much output.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fluxform::diagnostic::Diagnostic;
use fluxform::limits::{self, Limit};
use fluxform::manifest::{Inputs, load};

use crate::cli::fluxform::Fluxform;

/// A project of one manifest in `dir`.
fn write(dir: &Path, text: &str) {
    fs::write(dir.join("main.toml"), format!("[project]\nname = \"p\"\n{text}")).unwrap();
}

/// What is said of a project of one manifest.
fn said(text: &str) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), text);
    load(dir.path(), &Inputs::default()).map(|loaded| loaded.warnings)
}

/// Asserts that a project is refused because of `limit`, which is named once.
#[track_caller]
fn refused(text: &str, limit: &Limit) {
    let name = format!("limit `{}`", limit.name);
    let problems = said(text).expect_err("a project beyond a limit");
    let named = problems.iter().filter(|problem| problem.message.contains(&name)).count();
    let messages: Vec<_> = problems.iter().map(|problem| &problem.message).collect();
    assert_eq!(named, 1, "{name} in {messages:#?}");
}

/// Asserts that a project is as large as `limit` allows, and good.
#[track_caller]
fn allowed(text: &str) {
    let problems = said(text).expect("a good project");
    assert!(problems.is_empty(), "{problems:?}");
}

/// A line for each number.
fn lines(numbers: impl IntoIterator<Item = usize>, line: impl Fn(usize) -> String) -> String {
    numbers.into_iter().map(|n| line(n) + "\n").collect()
}

/// A list of so many strings, each another one.
fn keys(count: usize) -> String {
    let keys: Vec<String> = (0..count).map(|n| format!("\"k{n}\"")).collect();
    format!("[{}]", keys.join(","))
}

/// Chains of `links`, whose last link is read first, or last: that must not matter.
fn chains(links: usize, of: impl Fn(usize, Option<usize>) -> String) -> [String; 2] {
    let last = links - 1;
    [lines(0..links, |n| of(n, (n < last).then_some(n + 1))), lines(0..links, |n| of(n, n.checked_sub(1)))]
}

#[test]
fn variables_are_made_of_each_other_so_often() {
    let variable = |n: usize, next: Option<usize>| {
        let default = next.map_or("x".to_owned(), |next| format!("${{var.v{next:04}}}"));
        format!("v{n:04} = {{ default = \"{default}\" }}")
    };
    let most = limits::VARIABLE_DEPTH.size();
    for chain in chains(most, variable) {
        allowed(&format!("[bucket.a]\n[var]\n{chain}"));
    }
    for links in [most + 1, 3_000] {
        for chain in chains(links, variable) {
            refused(&format!("[bucket.a]\n[var]\n{chain}"), &limits::VARIABLE_DEPTH);
        }
    }
}

#[test]
fn instances_are_taken_from_each_other_so_often() {
    let bucket = |n: usize, next: Option<usize>| {
        let of = next.map_or("[\"x\"]".to_owned(), |next| format!("\"bucket.b{next:05}\""));
        format!("[bucket.b{n:05}]\nfor_each = {of}")
    };
    let most = limits::FOR_EACH_DEPTH.size();
    for chain in chains(most, bucket) {
        allowed(&chain);
    }
    for links in [most + 1, 20_000] {
        for chain in chains(links, bucket) {
            refused(&chain, &limits::FOR_EACH_DEPTH);
        }
    }
}

#[test]
fn fields_are_made_of_each_other_so_often() {
    let bucket = |n: usize, next: Option<usize>| {
        let text = next.map_or("x".to_owned(), |next| format!("${{bucket.b{next:05}.description}}"));
        format!("[bucket.b{n:05}]\ndescription = \"{text}\"")
    };
    let most = limits::FIELD_DEPTH.size();
    for chain in chains(most + 1, bucket) {
        allowed(&chain);
    }
    for links in [most + 2, 3_000] {
        for chain in chains(links, bucket) {
            refused(&chain, &limits::FIELD_DEPTH);
        }
    }
}

/// A task whose params have this value.
fn with_params(value: &str) -> String {
    format!("[task.t]\nevery = \"1h\"\nflux = \"x = 1\"\nparams = {{ a = {value} }}\n")
}

#[test]
fn values_nest_so_deep_however_they_are_written() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let most = limits::NESTING.size();
    // Three tables are around the list: the kind, the task and its params.
    allowed(&with_params(&nested(most - 3)));
    for depth in [most - 2, 79, 200, 100_000] {
        refused(&with_params(&nested(depth)), &limits::NESTING);
    }
    let dotted = |depth: usize| vec!["a"; depth].join(".");
    for depth in [79, 100_000] {
        refused(&format!("[task.t]\n{} = 1\n", dotted(depth)), &limits::NESTING);
    }
    let inline = format!("{{ {} = ", dotted(70)).repeat(70) + "1" + &" }".repeat(70);
    refused(&with_params(&inline), &limits::NESTING);
    // Put together from variables, each of which is flat.
    let mut variables = String::from("[var]\nv0 = { default = [1] }\n");
    for n in 1..limits::VARIABLE_DEPTH.size() {
        writeln!(variables, "v{n} = {{ default = [[\"${{var.v{}}}\"]] }}", n - 1).unwrap();
    }
    refused(&format!("{variables}{}", with_params("\"${var.v63}\"")), &limits::NESTING);
}

#[test]
fn values_are_so_many() {
    let ten = |item: &str| [item; 10].join(",");
    let mut variables = format!("[var]\nv0 = {{ default = [{}] }}\n", ten("1"));
    for n in 1..9 {
        writeln!(variables, "v{n} = {{ default = [{}] }}", ten(&format!("\"${{var.v{}}}\"", n - 1))).unwrap();
    }
    refused(&format!("{variables}{}", with_params("\"${var.v8}\"")), &limits::ITEMS);
    // Written once, and had by each of many.
    let many =
        format!("[var]\nkeys = {{ default = {} }}\n[bucket.raw]\n[token.t]\nfor_each = \"${{var.keys}}\"\n", keys(600));
    let argv = vec!["\"x\""; 10_000].join(",");
    let token = format!("read = [\"bucket.raw\"]\ndeliver = {{ command = [{argv}, \"${{each.key}}\"] }}\n");
    refused(&format!("{many}{token}"), &limits::ITEMS);
    // In one instance's value, used again and again.
    let list = vec!["1"; 100_000].join(",");
    let uses: Vec<String> = (0..100).map(|n| format!("p{n} = \"${{each.value.list}}\"")).collect();
    let task = with_params(&format!("{{ {} }}", uses.join(",")));
    refused(&format!("{task}for_each = {{ a = {{ list = [{list}] }} }}\n"), &limits::ITEMS);
    // What only looks like values is none.
    allowed(&format!("[bucket.a]\ndescription = \"{}\"\n", ",".repeat(limits::VALUES.size() + 1)));
}

/// A project with a variable for each of `defaults`, in a file of its own.
fn variables(defaults: impl IntoIterator<Item = String>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "[bucket.a]\n");
    for (n, default) in defaults.into_iter().enumerate() {
        fs::write(dir.path().join(format!("v{n}.toml")), format!("[var.v{n}]\n{default}")).unwrap();
    }
    dir
}

#[test]
fn values_of_all_files_are_so_many() {
    let lists = |last: usize| {
        variables([500_000, 500_000, 500_000, last].map(|count| format!("default = [{}]\n", "1,".repeat(count))))
    };
    // Besides the items: in each file `var`, the variable and its list; `project`, its name, `bucket` and `bucket.a`.
    let most = limits::VALUES.size() - 1_500_000 - 4 * 3 - 4;
    load(lists(most).path(), &Inputs::default()).expect("as many values as there may be");
    let problems = load(lists(most + 1).path(), &Inputs::default()).expect_err("too many values");
    let messages: Vec<_> = problems.iter().map(|problem| &problem.message).collect();
    assert!(messages.len() == 1 && messages[0].contains("limit `values`"), "{messages:?}");
    assert!(messages[0].contains("v3.toml"), "{messages:?}");
}

/// What costs the TOML parser a hundred times the memory of the text, or what is kept of it, is refused before it is spent.
#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded() {
    let dotted = |count: usize| lines(0..count, |n| format!("default.x{n}{} = 1", ".k".repeat(57)));
    for (name, dir, said) in [
        ("dotted keys", variables([dotted(30_000)]), "limit `section`"),
        ("dotted keys in many files", variables((0..15).map(|_| dotted(5_000))), "limit `values`"),
        ("heads", variables([lines(0..30_000, |n| format!("[x{n}{}]", ".k".repeat(58)))]), "limit `section`"),
        ("small tables", variables([format!("default = [{}]", "{a=1},".repeat(900_000))]), "limit `section`"),
        ("empty lines", variables(["\n".repeat(16_000_000)]), "limit `section`"),
        ("a long key", variables([format!("{}a = 1", "a.".repeat(8_000_000))]), "limit `section`"),
        ("brackets", variables([format!("a = {}", "]".repeat(16_000_000))]), "limit `section`"),
        ("as much as may be", variables((0..6).map(|_| dotted(5_500))), "is valid"),
    ] {
        let ended = Fluxform::new(&["validate"]).arg(dir.path()).within(600).run();
        let all = ended.all().replace("\n", " ");
        assert!(all.contains(said), "{name}: {} {}", ended.code, all.chars().take(2_000).collect::<String>());
        assert_eq!(ended.code, if said == "is valid" { 0 } else { 65 }, "{name}");
    }
}

#[test]
fn text_is_so_long() {
    let keys = keys(400);
    let many = |rest: &str| format!("for_each = {keys}\n{rest}\n");
    let long = "d".repeat(900_000);
    refused(&format!("[bucket.b]\n{}", many(&format!("description = \"{long}\""))), &limits::TEXT);
    let script = format!("every = \"1h\"\nflux = 'x = \"{long}\"'");
    refused(&format!("[task.t]\n{}", many(&script)), &limits::TEXT);
    refused(&format!("[task.t]\nevery = \"1h\"\nflux = 'x = \"{long}{long}\"'\n"), &limits::TEXT_FILE);
    let twice =
        format!("[var]\nlong = {{ default = \"{long}\" }}\n[bucket.b]\ndescription = \"${{var.long}}${{var.long}}\"\n");
    refused(&twice, &limits::STRING);
    let string = |more: usize| {
        let rest = "e".repeat(limits::STRING.size() - long.len() + more);
        format!("[var]\nlong = {{ default = \"{long}\" }}\n[bucket.b]\ndescription = \"${{var.long}}{rest}\"\n")
    };
    allowed(&string(0));
    refused(&string(1), &limits::STRING);
    let script = |more: usize| {
        let head = "x = 1\n//";
        let text = format!("{head}{}", "c".repeat(limits::TEXT_FILE.size() - head.len() + more));
        format!("[task.t]\nevery = \"1h\"\nflux = '''{text}'''\n")
    };
    allowed(&script(0));
    refused(&script(1), &limits::TEXT_FILE);
    let key = "k".repeat(limits::KEY.size());
    allowed(&format!("[bucket.\"{key}\"]\nfor_each = [\"{key}\"]\n"));
    refused(&format!("[bucket.\"{key}k\"]\n"), &limits::KEY);
    refused(&format!("[bucket.b]\nfor_each = [\"{key}k\"]\n"), &limits::KEY);
}

/// What a project says of its files, each with so many bytes of comment.
fn of_files(files: impl IntoIterator<Item = (String, usize)>, manifest: &str) -> Result<(), Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), manifest);
    for (name, bytes) in files {
        let comment = if name.ends_with(".flux") { "x = 1\n//" } else { "#" };
        fs::write(dir.path().join(name), format!("{comment}{}", "c".repeat(bytes - comment.len()))).unwrap();
    }
    match load(dir.path(), &Inputs::default()) {
        Ok(_) => Ok(()),
        Err(problems) => Err(problems.into_iter().map(|problem| problem.message).collect()),
    }
}

/// Asserts that files are refused because of `limit`, which is named once.
#[track_caller]
fn files_refused(said: Result<(), Vec<String>>, limit: &Limit) {
    let messages = said.expect_err("files beyond a limit");
    let name = format!("limit `{}`", limit.name);
    assert!(messages.len() == 1 && messages[0].contains(&name), "{name} in {messages:#?}");
}

#[test]
fn where_a_file_lies_is_no_hint_for_one_that_is_too_large() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "[task.t]\nevery = \"1h\"\nflux = { file = \"f.flux\" }\n");
    let said = || load(dir.path(), &Inputs::default()).map(drop).unwrap_err().remove(0);
    assert!(said().message.starts_with("no such file") && said().help.unwrap().contains("relative to the project"));
    // Nothing but holes.
    fs::File::create(dir.path().join("f.flux")).unwrap().set_len(200_000_000).unwrap();
    assert!(said().message.contains(limits::TEXT_FILE.name) && said().help.is_none(), "{:?}", said());
}

#[test]
fn files_are_so_many_and_so_large() {
    let many = |count: usize| of_files((1..count).map(|n| (format!("f{n}.toml"), 2)), "[bucket.b]\n");
    assert_eq!(many(limits::PROJECT_FILES.size()), Ok(()));
    files_refused(many(limits::PROJECT_FILES.size() + 1), &limits::PROJECT_FILES);

    let one = |bytes: usize| of_files([("a.toml".to_owned(), bytes)], "[bucket.b]\n");
    assert_eq!(one(limits::MANIFEST_FILE.size()), Ok(()));
    files_refused(one(limits::MANIFEST_FILE.size() + 1), &limits::MANIFEST_FILE);

    let manifest = "[bucket.b]\n";
    // What `write` puts before it is part of the first one.
    let first = manifest.len() + "[project]\nname = \"p\"\n".len();
    let each = (limits::PROJECT_TEXT.size() - first) / 8;
    let rest = limits::PROJECT_TEXT.size() - first - 7 * each;
    let all = |more: usize| {
        let sizes = std::iter::repeat_n(each, 7).chain([rest + more]);
        of_files(sizes.enumerate().map(|(n, bytes)| (format!("f{n}.toml"), bytes)), manifest)
    };
    assert_eq!(all(0), Ok(()));
    files_refused(all(1), &limits::PROJECT_TEXT);

    let tasks =
        |count: usize| lines(0..count, |n| format!("[task.t{n}]\nevery = \"1h\"\nflux = {{ file = \"f{n}.flux\" }}"));
    let script = |bytes: usize| of_files([("f0.flux".to_owned(), bytes)], &tasks(1));
    assert_eq!(script(limits::TEXT_FILE.size()), Ok(()));
    files_refused(script(limits::TEXT_FILE.size() + 1), &limits::TEXT_FILE);

    let full = limits::TEXT_FILES.size() / limits::TEXT_FILE.size();
    let scripts = |more: usize| {
        let sizes = std::iter::repeat_n(limits::TEXT_FILE.size(), full).chain((more > 0).then_some(more));
        let files = sizes.enumerate().map(|(n, bytes)| (format!("f{n}.flux"), bytes));
        of_files(files, &tasks(full + usize::from(more > 0)))
    };
    assert_eq!(scripts(0), Ok(()));
    files_refused(scripts(8), &limits::TEXT_FILES);
}

#[test]
fn a_script_uses_so_many_libraries_and_is_so_large_with_them() {
    let said = |libraries: usize, bytes: usize| {
        let dir = tempfile::tempdir().unwrap();
        let names: Vec<String> = (0..libraries).map(|n| format!("\"l{n}.flux\"")).collect();
        let names = names.join(", ");
        write(dir.path(), &format!("[task.t]\nevery = \"1h\"\nflux = {{ file = \"t.flux\", use = [{names}] }}\n"));
        fs::write(dir.path().join("t.flux"), "x = 1\n").unwrap();
        for n in 0..libraries {
            let head = format!("l{n} = 1\n//");
            let rest = bytes.saturating_sub(head.len());
            fs::write(dir.path().join(format!("l{n}.flux")), head + &"c".repeat(rest)).unwrap();
        }
        let loaded = load(dir.path(), &Inputs::default());
        loaded.map(drop).map_err(|problems| problems.into_iter().map(|problem| problem.message).collect())
    };
    assert_eq!(said(limits::LIBRARIES.size(), 0), Ok(()));
    files_refused(said(limits::LIBRARIES.size() + 1, 0), &limits::LIBRARIES);
    assert_eq!(said(2, limits::TEXT_FILE.size() / 2 - 100), Ok(()));
    files_refused(said(2, limits::TEXT_FILE.size() / 2), &limits::TEXT_FILE);
}

#[test]
fn files_that_a_command_reads_are_so_large() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "[bucket.b]\n");
    let project = dir.path().to_str().unwrap();
    let path = dir.path().join("x");
    let plan = ["plan", "--host", "https://127.0.0.1:1", "--org", "o", project];
    let with = |flag: &'static str| [plan.as_slice(), &[flag]].concat();
    for (arguments, limit) in [
        (vec!["apply"], &limits::PLAN_FILE),
        (vec!["show"], &limits::PLAN_FILE),
        (vec!["flux", "check"], &limits::SCRIPT),
        (with("--var-file"), &limits::MANIFEST_FILE),
        (with("--ca-file"), &limits::CERTIFICATE_FILE),
        (with("--token-file"), &limits::SECRET_FILE),
    ] {
        // Nothing but holes, which take no room on the disk.
        fs::File::create(&path).unwrap().set_len(limit.most + 1).unwrap();
        let ended = Fluxform::new(&arguments).arg(&path).run();
        let said = ended.all().replace(['\n', '│'], " ");
        let words: Vec<_> = said.split_whitespace().collect();
        assert!(words.join(" ").contains(&format!("is larger than {limit}")), "{arguments:?}: {said:.500}");
    }
}

#[test]
fn problems_are_so_many() {
    let unknown = |count: usize| {
        let problems = said(&format!("[bucket.b]\n{}", lines(0..count, |n| format!("x{n} = 1")))).unwrap_err();
        problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>()
    };
    let most = limits::PROBLEMS.size();
    let all = unknown(most);
    assert!(all.len() == most && all.iter().all(|said| said.starts_with("unknown")), "{all:?}");
    let first = unknown(most + 1);
    assert_eq!(first.len(), most);
    assert_eq!(first.last().unwrap(), "and 2 more like these");
    let mistakes = |count: usize| unknown(count).iter().any(|said| said.contains("limit `mistakes`"));
    assert!(!mistakes(limits::MISTAKES.size()));
    assert!(mistakes(limits::MISTAKES.size() + 1));
}

#[test]
fn references_and_resources_are_so_many() {
    let variable = |count: usize| format!("[var]\nkeys = {{ default = {} }}\n", keys(count));
    let square = "[bucket.line]\nfor_each = \"${var.keys}\"\n[token.t]\nfor_each = \"${var.keys}\"\nwrite = [\"bucket.line[*]\"]\ndeliver = \"discard\"\n";
    refused(&format!("{}{square}", variable(1_100)), &limits::REFERENCES);
    let labels =
        "[label.l]\nfor_each = \"${var.keys}\"\n[bucket.b]\nfor_each = \"${var.keys}\"\nlabels = [\"label.l[*]\"]\n";
    refused(&format!("{}{labels}", variable(1_100)), &limits::REFERENCES);
    let buckets = lines(0..200, |n| format!("[bucket.b{n}]\nfor_each = \"${{var.keys}}\""));
    allowed(&format!("{}{buckets}", variable(limits::RESOURCES.size() / 200)));
    refused(&format!("{}{buckets}[bucket.more]\n", variable(limits::RESOURCES.size() / 200)), &limits::RESOURCES);
}

#[test]
fn patterns_are_so_many() {
    let protected = |count: usize, star: &str| {
        let patterns: Vec<String> = (0..count).map(|n| format!("\"bucket.b{n}{star}\"")).collect();
        format!("[bucket.b0]\n[policy]\nprotected = [{}]\n", patterns.join(","))
    };
    let most = limits::PATTERNS.size();
    allowed(&protected(most, "*"));
    allowed(&protected(20_000, ""));
    refused(&protected(most + 1, "*"), &limits::PATTERNS);
    let allow = "[[policy.allow]]\nwhat = \"adopt\"\naddress = \"bucket.b0\"\nuntil = 2027-01-01\nreason = \"x\"\n";
    refused(&format!("[bucket.b0]\n{}", allow.repeat(most + 1)), &limits::PATTERNS);
    let long = |count: usize| {
        let keys: Vec<String> = (0..count).map(|n| format!("\"{n:0>480}\"")).collect();
        let patterns: Vec<String> = (0..most).map(|n| format!("\"*0{n}*\"")).collect();
        let (keys, patterns) = (keys.join(","), patterns.join(","));
        format!("[bucket.b]\nfor_each = [{keys}]\n[policy]\nprotected = [{patterns}]\n")
    };
    allowed(&long(2_000));
    refused(&long(2_300), &limits::MATCHING);
    allowed(
        "[bucket.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\n[policy]\nprotected = [\"*a*a*a*a*a*a*a*a*a*a*b\"]\n",
    );
}

#[test]
fn a_long_circle_is_said_in_a_few_words() {
    const LINKS: usize = 20_000;
    let circle = lines(0..LINKS, |n| format!("[bucket.b{n}]\ndescription = \"${{bucket.b{}.name}}\"", (n + 1) % LINKS));
    let problems = said(&circle).expect_err("a circle");
    let [problem] = problems.as_slice() else { panic!("{} problems", problems.len()) };
    assert!(problem.message.ends_with("-> 19988 more -> bucket.b0"), "{}", problem.message);
    assert!(problem.places.len() < 20);
}

/// What `validate` writes in each format about a project of one manifest.
fn outputs(text: &str) -> [String; 3] {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), text);
    ["human", "json", "markdown"].map(|format| {
        let ended = Fluxform::new(&["validate", "--format", format]).arg(dir.path()).run().with(65);
        if format == "human" { ended.err } else { ended.out }
    })
}

#[test]
fn of_very_many_mistakes_the_first_are_shown_in_every_format() {
    let table = |n: usize| format!("[bucket.b{n:05}]\nretentoin = \"x\"");
    for (name, text) in [
        ("tables", lines(0..50_000, table)),
        ("keys", format!("[bucket.b]\n{}", lines(0..12_000, |n| format!("x{n} = 1")))),
        ("words", lines(0..12_000, |n| format!("x{n} = 1"))),
        ("sections", lines(0..12_000, |n| format!("[x{n}]"))),
        ("items", format!("[bucket.b]\nlabels = [{}]\n", "1,".repeat(12_000))),
        ("numbers", format!("[bucket.b]\nlabels = [{}]\n", "9999999999999999999999,".repeat(12_000))),
        ("headers", "[bucket.b]\n".repeat(12_000)),
        ("moves", lines(0..12_000, |n| format!("[[moved]]\nfrom = \"bucket.x{n}\"\nto = \"bucket.y{n}\""))),
        ("variables", lines(0..12_000, |n| format!("[bucket.b{n}]\ndescription = \"${{var.x{n}}}\""))),
        ("one long line", format!("[bucket.b]\nretentoin = \"{}\"\n", "x".repeat(5_000_000))),
        ("one long word", format!("[{}]\n", "k".repeat(5_000_000))),
        ("one long value", format!("[bucket.b]\nretention = \"{}h\"\n", "9".repeat(5_000_000))),
        ("one long list", format!("[bucket.b]\nlabels = {{ a = [\n{}] }}\n", "1,\n".repeat(500_000))),
    ] {
        let [human, json, markdown] = outputs(&text);
        for (format, text) in [("human", &human), ("json", &json), ("markdown", &markdown)] {
            assert!(!text.is_empty() && text.len() < 200_000, "{name} as {format}: {} bytes", text.len());
        }
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let problems = json["problems"].as_array().unwrap();
        assert!(problems.len() <= limits::PROBLEMS.size(), "{name}: {}", problems.len());
        if !name.starts_with("one long") && name != "headers" {
            let last = problems.last().unwrap()["diagnostic"]["message"].as_str().unwrap();
            assert!(last.starts_with("and ") && last.ends_with(" more like these"), "{name}: {last}");
            assert!(human.contains(last), "{name}: {last}");
        }
    }
}

#[test]
fn scripts_of_all_instances_together_are_followed_so_far() {
    let twice = |n: usize| format!("f{n} = (x) => f{}(x: f{}(x: x))\n", n - 1, n - 1);
    let said_of = |instances: usize, depth: usize| -> Vec<String> {
        let tower: String = (1..=depth).map(twice).collect();
        // Each instance has its own values.
        let table =
            format!("[task.t]\nfor_each = {}\nevery = \"1h\"\nparams = {{ b = \"${{each.key}}\" }}", keys(instances));
        let script = format!("f0 = (x) => x\n{tower}from(bucket: f{depth}(x: params.b))");
        let said = said(&format!("{table}\nflux = '''\n{script}\n'''\n")).unwrap();
        said.into_iter().map(|one| one.message).filter(|message| message.contains("more than is known")).collect()
    };
    let alone = "the script is too large to be followed to its end: it may reach more than is known";
    assert_eq!((said_of(1, 40), said_of(1, 10)), (vec![alone.to_owned()], Vec::new()));
    let together = said_of(5_000, 10);
    let words = format!("the scripts of the project together have more steps than {}", limits::PROJECT_STEPS);
    assert!(together.len() == 1 && together[0].starts_with(&words), "{together:?}");
}
