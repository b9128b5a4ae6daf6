//! The rules of the source tree: how long a file is, who may import whom, what a kind must have.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fluxform::kind::Kind;

/// No file is longer, in lines.
const LONGEST: usize = 600;
/// Modules that are defined through each other: together they are one stage.
const VOCABULARY: [&str; 4] = ["address", "field", "kind", "value"];
/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "helpers", "common", "misc", "manager"];

/// A source file, its path seen from the package's root.
struct File {
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `dir` whose name ends with `ending`, in order. Nothing that a run has left.
fn files(dir: &str, ending: &str) -> Vec<File> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = vec![root().join(dir)];
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && !["target", "node_modules", ".fluxform", "secrets"].contains(&name) {
                left.push(path);
            } else if name.ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push(File { path: path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned(), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!found.is_empty(), "no {ending} in {dir}");
    found
}

/// All Rust files.
fn rust() -> Vec<File> {
    let dirs = ["src", "tests", "benches"].into_iter().filter(|dir| root().join(dir).is_dir());
    dirs.flat_map(|dir| files(dir, ".rs")).collect()
}

/// The Rust files of the program, without their tests and without comments.
fn program() -> Vec<File> {
    let all = files("src", ".rs");
    let tests: Vec<String> = all.iter().flat_map(test_files).collect();
    let code = |file: File| {
        // rustfmt ends a module with a brace of its own line.
        let (before, tests) = file.text.split_once("#[cfg(test)]\nmod tests {").unwrap_or((&file.text, "\n}\n"));
        let text = format!("{before}{}", tests.split_once("\n}\n").unwrap().1);
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        File { text: lines.collect::<Vec<_>>().join("\n"), path: file.path }
    };
    let below = |path: &str, test: &String| {
        path == test || path.strip_prefix(test.trim_end_matches(".rs")).is_some_and(|rest| rest.starts_with('/'))
    };
    let is_test = |file: &File| tests.iter().any(|test| below(&file.path, test));
    all.into_iter().filter(|file| !is_test(file)).map(code).collect()
}

/// The files that a module has for its tests only, but those below them.
fn test_files(file: &File) -> Vec<String> {
    let dir = file.path.strip_suffix("/mod.rs").or_else(|| file.path.strip_suffix(".rs")).unwrap();
    let modules = file.text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
        let declared = rest.lines().next()?;
        declared.split_once("mod ")?.1.strip_suffix(';')
    });
    modules.map(|module| format!("{dir}/{module}.rs")).collect()
}

/// The module right below the crate's root that a file belongs to.
fn module(path: &str) -> &str {
    let path = path.strip_prefix("src/").unwrap();
    path.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The modules right below the crate's root that a file names.
fn imports(file: &File) -> Vec<&str> {
    assert!(!file.text.contains("crate::{"), "{}: import module by module", file.path);
    let after = file.text.split("crate::").skip(1);
    after.filter_map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()).collect()
}

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    let long = |file: File| {
        let lines = file.text.lines().count();
        (lines > LONGEST).then(|| format!("{} has {lines} lines: split it by concept", file.path))
    };
    none(&rust().into_iter().filter_map(long).collect::<Vec<_>>());
}

#[test]
fn each_file_says_what_it_is_for() {
    let silent = |file: File| (!file.text.starts_with("//! ")).then_some(file.path);
    none(&rust().into_iter().filter_map(silent).collect::<Vec<_>>());
}

#[test]
fn no_name_is_empty_of_meaning() {
    let empty = |file: &File| file.path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part));
    none(&rust().into_iter().filter(empty).map(|file| file.path).collect::<Vec<_>>());
}

#[test]
fn no_stage_imports_a_later_one() {
    let order = stages();
    let at = |module: &str| order.iter().position(|known| known == module);
    let mut wrong = Vec::new();
    for file in program() {
        let own = module(&file.path);
        if ["lib", "main"].contains(&own) {
            continue;
        }
        let own_at = at(own).unwrap_or_else(|| panic!("src/lib.rs lacks {own}"));
        for other in imports(&file) {
            let of_vocabulary = VOCABULARY.contains(&own) && VOCABULARY.contains(&other);
            match at(other) {
                None => wrong.push(format!("{}: crate::{other} is no module of src/lib.rs", file.path)),
                Some(later) if later > own_at && !of_vocabulary => {
                    wrong.push(format!("{} imports {other}, which comes later", file.path));
                }
                Some(_) => {}
            }
        }
    }
    none(&wrong);
}

/// Otherwise a wrong name of a field would pass on both sides.
#[test]
fn the_embedded_server_shares_nothing_with_the_client() {
    let mut wrong = Vec::new();
    for file in program() {
        let own = module(&file.path);
        for other in imports(&file) {
            let inside = (own == "server") != (other == "server");
            // How a file is opened is no part of what is spoken. How a script is read is judged by the real server.
            if inside && own != "cli" && !["alerting", "confine", "flux"].contains(&other) {
                wrong.push(format!("{} imports {other}", file.path));
            }
        }
    }
    none(&wrong);
}

#[test]
fn only_render_and_cli_print() {
    let prints = |file: &File| {
        ["print!(", "println!(", "stdout()", "stderr()"].iter().any(|word| file.text.contains(word))
            && !["render", "cli"].contains(&module(&file.path))
    };
    none(&program().into_iter().filter(prints).map(|file| file.path).collect::<Vec<_>>());
}

/// Otherwise a plan, which runs on what strangers propose, could start a process or read a secret: see `secret::Access`.
#[test]
fn only_what_writes_starts_a_process_or_gets_to_a_secret() {
    let allowed = [
        ("tokio::process", &["src/secret/orphan.rs", "src/secret/process.rs"][..]),
        ("std::process::Command", &[]),
        ("Look::asked_for", &["src/cli/plan.rs"]),
        ("Access::granted", &["src/api/writer.rs"]),
        (".secrets()", &["src/apply/lost.rs", "src/apply/prepare.rs", "src/apply/step.rs"]),
        ("Writer::new(", &["src/cli/apply.rs", "src/cli/pipeline.rs", "src/cli/pipeline/lease.rs", "src/cli/setup.rs"]),
        ("Writer::gated(", &["src/cli/pipeline/lease.rs"]),
    ];
    for (word, files) in allowed {
        // `BufWriter::new(` is another word.
        let is_whole = |text: &str, at| {
            word.starts_with('.') || !text[..at].ends_with(|before: char| before.is_ascii_alphanumeric())
        };
        let has = |file: &File| file.text.match_indices(word).any(|(at, _)| is_whole(&file.text, at));
        let found: Vec<String> = program().into_iter().filter(has).map(|file| file.path).collect();
        assert_eq!(found, files, "{word}");
    }
}

/// What is so of one kind only stands in that kind's file.
#[test]
fn the_pipeline_names_no_kind() {
    let mut wrong = Vec::new();
    for file in program() {
        if !["diff", "plan", "apply", "evidence", "snapshot", "graph"].contains(&module(&file.path)) {
            continue;
        }
        for kind in Kind::ALL {
            if file.text.contains(&format!("Kind::{kind:?}")) {
                wrong.push(format!("{} names {kind:?}", file.path));
            }
        }
    }
    none(&wrong);
}

/// What a field is to the pipeline, its role says.
#[test]
fn the_pipeline_names_no_field() {
    let stages = ["manifest", "diff", "plan", "apply", "evidence", "snapshot", "graph", "ledger", "export"];
    let lookups = [
        "fields.get(\"",
        "place_of(\"",
        "places.get(\"",
        "fields.set(\"",
        "fields.text(\"",
        "field == \"",
        "kind.field(\"",
    ];
    let mut wrong = Vec::new();
    // The ledger is kept in the properties of labels.
    let files = program().into_iter().filter(|file| file.path != "src/ledger/labels.rs");
    for file in files.filter(|file| stages.contains(&module(&file.path))) {
        let found = lookups.iter().filter(|lookup| file.text.contains(**lookup));
        wrong.extend(found.map(|lookup| format!("{}: {lookup}", file.path)));
    }
    none(&wrong);
}

/// Modules in which files name each other as they like.
const ROUND: [&str; 3] = ["redact", "render", "server"];
/// Files elsewhere that name each other all the same: each line is one concept in several files.
const TOGETHER: [&[&str]; 9] = [
    &["api/client", "api/writer"],
    &["apply/create", "apply/step"],
    &["cli/applies", "cli/project"],
    &["confine/chosen", "confine/root"],
    &["kind/kept", "kind/secret"],
    &["kind/label", "kind/wire"],
    &["ledger/holder", "ledger/lock"],
    &["ledger/labels", "ledger/listed", "ledger/page"],
    &["secret/process", "secret/told"],
];

/// Each file can be understood with those that it names, and nothing that names it.
#[test]
fn no_files_name_each_other_in_a_circle() {
    let program = program();
    let mut found = Vec::new();
    for module in stages().iter().filter(|module| !ROUND.contains(&module.as_str())) {
        let dir = format!("src/{module}/");
        let files: Vec<(&str, &str)> = program
            .iter()
            .filter_map(|file| Some((file.path.strip_prefix(&dir)?.strip_suffix(".rs")?, file.text.as_str())))
            .filter(|(name, _)| *name != "mod" && !name.contains('/'))
            .collect();
        let mut graph = petgraph::graph::DiGraph::new();
        let nodes: Vec<_> = files.iter().map(|(name, _)| graph.add_node(*name)).collect();
        for (from, (own, text)) in files.iter().enumerate() {
            let named: BTreeSet<&str> = siblings(text).collect();
            for (to, (other, _)) in files.iter().enumerate() {
                if own != other && named.contains(other) {
                    graph.add_edge(nodes[from], nodes[to], ());
                }
            }
        }
        let circles = petgraph::algo::tarjan_scc(&graph).into_iter().filter(|circle| circle.len() > 1);
        found.extend(circles.map(|circle| {
            let mut names: Vec<_> = circle.into_iter().map(|node| format!("{module}/{}", graph[node])).collect();
            names.sort();
            names
        }));
    }
    found.sort();
    assert_eq!(found, TOGETHER);
}

/// The modules right below the crate's root, as data flows through them.
fn stages() -> Vec<String> {
    let map = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let names = map.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(str::to_owned).collect()
}

/// Each module with those that it imports, which come before it: `cargo test --test it picture -- --nocapture` shows it.
#[test]
#[expect(clippy::print_stdout, reason = "the test runner shows it where that is asked for")]
fn the_picture_of_imports() {
    let order = stages();
    let program = program();
    let mut arrows = 0;
    for module in &order {
        let own = program.iter().filter(|file| self::module(&file.path) == module);
        let named: BTreeSet<&str> = own.flat_map(imports).filter(|other| other != module).collect();
        let listed: Vec<&str> = order.iter().map(String::as_str).filter(|other| named.contains(other)).collect();
        arrows += listed.len();
        println!("{module:>12} <- {}", listed.join(" "));
    }
    println!("{arrows} arrows between {} modules", order.len());
    assert!(arrows > order.len(), "modules import each other");
}

/// All words of the paths that begin with `super::` in `text`.
fn siblings(text: &str) -> impl Iterator<Item = &str> {
    text.split("super::").skip(1).flat_map(|rest| {
        let end = if rest.starts_with('{') {
            rest.find('}')
        } else {
            rest.find(|c: char| !(c.is_alphanumeric() || "_:".contains(c)))
        };
        rest[..end.unwrap_or(rest.len())].split(|c: char| !(c.is_alphanumeric() || c == '_'))
    })
}

#[test]
fn each_kind_has_its_file_its_section_an_example_a_scenario_and_a_card() {
    let reference = fs::read_to_string(root().join("docs/manifest.md")).unwrap();
    let examples = files("examples", ".toml");
    let scenarios = files("tests/scenarios", ".toml");
    let mut wrong = Vec::new();
    for kind in Kind::ALL {
        let own = [format!("src/kind/{kind}.rs"), format!("src/kind/{kind}/mod.rs")];
        if !own.iter().any(|path| root().join(path).is_file()) {
            wrong.push(format!("{kind} has no file in src/kind"));
        }
        if !reference.lines().any(|line| line == format!("### `{kind}`")) {
            wrong.push(format!("{kind} has no section in docs/manifest.md"));
        }
        if !root().join(format!("tests/kinds/{kind}.toml")).is_file() {
            wrong.push(format!("{kind} has no file in tests/kinds"));
        }
        if !examples.iter().any(|file| declares(file, *kind)) {
            wrong.push(format!("{kind} is in no example"));
        }
        if !scenarios.iter().any(|file| declares(file, *kind)) {
            wrong.push(format!("{kind} is in no scenario"));
        }
    }
    none(&wrong);
}

/// Whether a manifest has a table of this kind.
fn declares(file: &File, kind: Kind) -> bool {
    file.text.lines().any(|line| line.starts_with(&format!("[{kind}.")))
}
