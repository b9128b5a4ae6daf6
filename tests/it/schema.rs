//! `schemas/manifest.schema.json`: what an editor knows of a manifest. It is what `fluxform
//! schema` writes, and every manifest that is published or used in a test is held against it.
//!
//! `UPDATE_EXPECTED=1` writes it anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fluxform::schema::manifest as schema;
use serde_json::Value as Json;

use crate::clients::{NODE_PATH, given};
use crate::published::holds;

pub(crate) const PATH: &str = "schemas/manifest.schema.json";

#[test]
fn the_published_schema_is_what_the_field_tables_say() {
    let text = fluxform::schema::manifest_text();
    for newer in ["$defs", "\"const\"", "\"if\"", "\"then\""] {
        assert!(!text.contains(newer), "Taplo does not read {newer}");
    }
    holds(PATH, &text);
}

/// All manifests in `dir` and below, with what is no manifest of its own (values for variables) left out.
pub(crate) fn manifests(dir: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(dir)];
    while let Some(dir) = left.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                left.push(path);
            } else if name.ends_with(".toml")
                && !name.starts_with('.')
                && !name.ends_with(".vars.toml")
                && !name.ends_with(".fleet.toml")
                && !name.ends_with(".consent.toml")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no manifests in {dir}");
    found
}

/// What the schema says against a manifest.
fn against(schema: &jsonschema::Validator, text: &str) -> Vec<String> {
    let json: Json = serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    schema.iter_errors(&dates(json)).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// Taplo takes dates for strings; `toml` gives a table of its own for each.
fn dates(json: Json) -> Json {
    match json {
        Json::Object(map) if map.contains_key("$__toml_private_datetime") => map["$__toml_private_datetime"].clone(),
        Json::Object(map) => Json::Object(map.into_iter().map(|(key, value)| (key, dates(value))).collect()),
        Json::Array(items) => items.into_iter().map(dates).collect(),
        other => other,
    }
}

/// The manifest of a scenario with an ID where it has a placeholder for one.
fn with_ids(text: &str) -> String {
    let mut parts = text.split("id = \"{");
    let mut filled = parts.next().unwrap().to_owned();
    for part in parts {
        filled += "id = \"0123456789abcdef";
        filled += part.split_once('}').unwrap().1;
    }
    filled
}

#[test]
fn every_good_manifest_is_good_for_the_schema() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let mut wrong = String::new();
    for path in ["examples", "tests/cases/valid", "tests/scenarios", "src/cli/init"].into_iter().flat_map(manifests) {
        for error in against(&schema, &with_ids(&std::fs::read_to_string(&path).unwrap())) {
            writeln!(wrong, "{}: {error}", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Manifests that the schema is against.
const SLIPS: &[&str] = &[
    "[project]\n",
    "[project]\nname = 1\n",
    "[serwer]\nurl = \"x\"\n",
    "[server]\nurl = 1\n",
    "[server]\ntimeout = \"soon\"\n",
    "[var]\nx = 1\n",
    "[var]\nx = { defualt = 1 }\n",
    "[bucket.raw]\nretenton = \"1d\"\n",
    "[bucket.raw]\nretention = 30\n",
    "[bucket.raw]\nretention = \"for ever\"\n",
    "[bucket.raw]\nlabels = \"label.l\"\n",
    "[bucket.raw]\nlabels = [\"bucket.l\"]\n",
    "[bucket.raw]\nenabled = \"no\"\n",
    "[bucket.raw]\nlifecycle = { prevent_destory = true }\n",
    "[bucket.raw]\nlifecycle = { ignore = [\"retenton\"] }\n",
    "[bucket]\nraw = 1\n",
    "[task.t]\nstatus = \"paused\"\n",
    "[task.t]\nevery = \"1h\"\ncron = \"@daily\"\n",
    "[task.t]\nflux = { path = \"x.flux\" }\n",
    "[token.t]\ndeliver = \"stdout\"\n",
    "[token.t]\ndeliver = { env_file = \"x\" }\n",
    "[token.t]\nid = \"x\"\n",
    "[user.u]\npassword = \"secret\"\n",
    "[user.u]\npassword_version = \"1\"\n",
    "[defaults.bukket]\nretention = \"1d\"\n",
    "[defaults.bucket]\nretenton = \"1d\"\n",
    "[defaults.token]\nid = \"0123456789abcdef\"\n",
    "[policy]\nprotect = []\n",
    "[policy]\nblast_radius = 30\n",
    "[[policy.allow]]\nwhat = \"everything\"\naddress = \"*\"\nuntil = 2027-01-01\nreason = \"x\"\n",
    "[[policy.allow]]\nwhat = \"data_loss\"\naddress = \"*\"\nuntil = 2027-01-01\n",
    "[[import]]\nto = \"bucket.raw\"\n",
    "[[import]]\nto = \"bucket.raw\"\nid = \"raw\"\n",
    "[[import]]\nto = \"dbrp.raw\"\nid = \"0123456789abcdef/\"\n",
    "[[moved]]\nfrom = \"bucket.raw\"\n",
    "[moved]\nfrom = \"bucket.raw\"\nto = \"bucket.x\"\n",
];

#[test]
fn slips_are_bad_for_the_schema() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    for slip in SLIPS {
        assert_ne!(against(&schema, slip), [""; 0], "{slip}");
    }
}

/// Runs `taplo lint`, none where there is no Taplo; which files it is against.
fn lint(arguments: &[&str], files: &[PathBuf]) -> Option<Vec<PathBuf>> {
    let mut node = std::process::Command::new("node");
    node.arg(Path::new(&given(NODE_PATH)?).join("@taplo/cli/dist/cli.js")).args(["lint", "--no-auto-config"]);
    let output = node.args(arguments).args(files).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    // A line for each file that it is against ends the list of what is wrong with it.
    let against = |file: &&PathBuf| {
        let named = |line: &str| line.contains("ERROR") && line.contains(file.to_str().unwrap());
        said.lines().any(named)
    };
    let against: Vec<_> = files.iter().filter(against).cloned().collect();
    assert_eq!(output.status.success(), against.is_empty(), "{said}");
    Some(against)
}

/// What an export wrote, and what is compared with that: it names no schema.
const EXPORTED: &str = "examples/moving-in";

fn exported() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(EXPORTED)
}

/// The schema at work in the tool that editors use. The examples name it themselves.
#[test]
fn taplo_reads_the_schema_as_we_do() {
    let none: Vec<PathBuf> = Vec::new();
    let url = format!("file://{}", Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH).display());
    let Some(against) = lint(&[], &manifests("examples")) else { return };
    assert_eq!(against, none, "examples");
    let good: Vec<_> = ["tests/cases/valid", EXPORTED].into_iter().flat_map(manifests).collect();
    assert_eq!(lint(&["--schema", &url], &good), Some(none));
    let dir = tempfile::tempdir().unwrap();
    let write = |(n, slip): (usize, &&str)| {
        let path = dir.path().join(format!("{n}.toml"));
        std::fs::write(&path, slip).unwrap();
        path
    };
    let slips: Vec<_> = SLIPS.iter().enumerate().map(write).collect();
    assert_eq!(lint(&["--schema", &url], &slips), Some(slips.clone()));
    // An example with a slip: it is its own first line that finds the schema.
    let example = dir.path().join("examples/x/fluxform.toml");
    std::fs::create_dir_all(example.parent().unwrap()).unwrap();
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/fluxform.toml"));
    std::fs::write(&example, text.unwrap() + "\n[buckt.x]\n").unwrap();
    std::fs::create_dir(dir.path().join("schemas")).unwrap();
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH), dir.path().join(PATH)).unwrap();
    assert_eq!(lint(&[], std::slice::from_ref(&example)), Some(vec![example]));
}

#[test]
fn every_manifest_of_the_examples_names_the_schema() {
    for path in manifests("examples").iter().filter(|path| !path.starts_with(exported())) {
        let text = std::fs::read_to_string(path).unwrap();
        let named = text.lines().next().and_then(|line| line.strip_prefix("#:schema "));
        let named = named.and_then(|named| path.parent().unwrap().join(named).canonicalize().ok());
        let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join(PATH).canonicalize().unwrap();
        assert_eq!(named, Some(schema), "{}", path.display());
    }
    let new =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/init/fluxform.toml")).unwrap();
    assert!(new.starts_with("#:schema ./manifest.schema.json\n"));
}
