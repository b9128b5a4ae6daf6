//! Manifests in folders: what is read from good ones, and what is said about bad ones.
//!
//! `UPDATE_EXPECTED=1` writes the expected files anew: look at the difference before it is committed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fluxform::manifest::{Inputs, Loaded, Manifest, Resource, load};
use fluxform::render::Look;
use fluxform::render::diagnostic::text;
use fluxform::value::Value;

const LOOK: Look = Look { width: Some(100), ..Look::PLAIN };

#[test]
fn each_good_project_gives_its_manifest() {
    run("valid", |dir| match load(dir, &inputs(dir)) {
        Ok(Loaded { manifest, warnings, .. }) => dump(&manifest) + &text(&warnings, LOOK),
        Err(errors) => panic!("{}:\n{}", dir.display(), text(&errors, LOOK)),
    });
}

#[test]
fn each_bad_project_says_what_is_wrong_and_where() {
    run("invalid", |dir| match load(dir, &inputs(dir)) {
        Ok(Loaded { manifest, .. }) => panic!("{} is good:\n{}", dir.display(), dump(&manifest)),
        // Places are paths from where the user stands: here that is this package.
        Err(errors) => {
            let said = text(&errors, LOOK);
            assert!(!said.contains("hunter"), "a password is shown:\n{said}");
            said.replace(&format!("[{}/", dir.display()), "[")
        }
    });
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(32))]
    #[test]
    fn which_file_a_table_stands_in_does_not_matter(files in proptest::collection::vec(0usize..4, 20)) {
        let project = Path::new("tests/cases/valid/design");
        let whole = std::fs::read_to_string(project.join("main.toml")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("flux")).unwrap();
        std::fs::copy(project.join("flux/hourly.flux"), dir.path().join("flux/hourly.flux")).unwrap();
        let mut texts = vec![String::new(); 4];
        for (table, file) in whole.split("\n[").zip(&files) {
            texts[*file] += &format!("\n[{}\n", table.trim_start_matches('['));
        }
        for (n, text) in texts.iter().enumerate() {
            std::fs::write(dir.path().join(format!("{n}.toml")), text).unwrap();
        }
        let read = |dir: &Path| dump(&load(dir, &Inputs::default()).expect("a good project").manifest);
        proptest::prop_assert_eq!(read(dir.path()), read(project));
    }
}

/// Compares what `read` gives for each folder in `tests/cases/GROUP` with its `expected.txt`.
fn run(group: &str, read: impl Fn(&Path) -> String) {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut dirs: Vec<PathBuf> =
        std::fs::read_dir(Path::new("tests/cases").join(group)).unwrap().map(|entry| entry.unwrap().path()).collect();
    dirs.sort();
    assert!(dirs.len() > 5, "the folders of {group} are gone");
    let mut wrong = String::new();
    for dir in dirs {
        let given = read(&dir);
        let file = dir.join("expected.txt");
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if update {
            std::fs::write(&file, given).unwrap();
        } else if given != expected {
            let difference = similar::TextDiff::from_lines(&expected, &given).unified_diff().to_string();
            writeln!(wrong, "{}\n{difference}", file.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "set UPDATE_EXPECTED=1 if this is right:\n{wrong}");
}

/// What `inputs.txt` gives to a project: lines like `--var a=b`, `--var-file FILE` and `FLUXFORM_VAR_a=b`.
fn inputs(dir: &Path) -> Inputs {
    let mut inputs = Inputs::default();
    for line in std::fs::read_to_string(dir.join("inputs.txt")).unwrap_or_default().lines() {
        if let Some(file) = line.strip_prefix("--var-file ") {
            inputs.var_files.push(dir.join(file));
        } else if let Some((name, value)) = line.strip_prefix("--var ").and_then(|given| given.split_once('=')) {
            inputs.vars.push((name.into(), value.into()));
        } else {
            let (name, value) = line.strip_prefix(Inputs::ENV_PREFIX).unwrap().split_once('=').unwrap();
            inputs.env.insert(name.into(), value.into());
        }
    }
    inputs
}

/// All that a manifest says, but for places.
fn dump(manifest: &Manifest) -> String {
    let mut text = format!("project {}\n", manifest.project);
    let server = &manifest.server;
    let words = [("url", &server.url), ("org", &server.org), ("token_id", &server.token_id)];
    for (word, value) in words {
        if let Some(value) = value {
            writeln!(text, "server {word} = {}", value.value).unwrap();
        }
    }
    for (word, value) in
        [("ca_file", &server.ca_file), ("client_cert", &server.client_cert), ("client_key", &server.client_key)]
    {
        if let Some(value) = value {
            writeln!(text, "server {word} = {}", value.value.display()).unwrap();
        }
    }
    if let Some(timeout) = &server.timeout {
        writeln!(text, "server timeout = {:?}", timeout.value).unwrap();
    }
    for moved in &manifest.moved {
        writeln!(text, "moved {} to {}", moved.from, moved.to).unwrap();
    }
    for table in &manifest.disabled {
        writeln!(text, "disabled {table}").unwrap();
    }
    for (address, import) in &manifest.imports {
        writeln!(text, "import {} to {address}", import.id).unwrap();
    }
    for (address, resource) in &manifest.resources {
        writeln!(text, "\n{address}").unwrap();
        dump_resource(&mut text, resource);
    }
    text
}

fn dump_resource(text: &mut String, resource: &Resource) {
    if resource.external {
        text.push_str("  external\n");
    }
    if resource.lifecycle != Default::default() {
        writeln!(text, "  {:?}", resource.lifecycle).unwrap();
    }
    for (field, value) in resource.fields.iter() {
        match value {
            Value::Script(script) => {
                writeln!(text, "  {field}:").unwrap();
                for line in script.source().unwrap_or("nothing to send").lines() {
                    writeln!(text, "    | {line}").unwrap();
                }
            }
            Value::Source(source) => writeln!(text, "  {field} = {source:?}").unwrap(),
            value => writeln!(text, "  {field} = {value}").unwrap(),
        }
    }
    if !resource.needs.is_empty() {
        let needs: Vec<_> = resource.needs.iter().map(ToString::to_string).collect();
        writeln!(text, "  needs {}", needs.join(", ")).unwrap();
    }
}
