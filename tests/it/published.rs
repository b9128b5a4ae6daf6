//! What is published is true: the README's commands give the output that it shows, its tables are the program's, and the
//! reference says what the field tables say.
//!
//! `UPDATE_EXPECTED=1` writes the generated parts anew: look at the difference before it is committed.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fluxform::exit::Exit;
use fluxform::kind::{Kind, UNMANAGED};
use fluxform::limits;

use crate::cli::fluxform::Fluxform;
use crate::examples;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Compares a file with what it should be, or writes it.
#[track_caller]
pub(crate) fn holds(path: &str, expected: &str) {
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), expected).unwrap();
        return;
    }
    let found = read(path);
    let difference = similar::TextDiff::from_lines(found.as_str(), expected);
    assert!(found == expected, "{path}: UPDATE_EXPECTED=1 writes it\n{}", difference.unified_diff());
}

/// IDs are other ones each time.
fn without_ids(text: &str) -> String {
    let mut parts = text.split("(id ");
    let mut all = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let _ = write!(all, "(id 0123456789abcdef{}", &part[16..]);
    }
    all
}

/// The digest of a plan that names objects by their IDs is another one each time.
fn without_digests(text: &str) -> String {
    let digits = "0123456789abcdef".repeat(4);
    let line = |line: &str| match line.strip_prefix("Plan digest: ") {
        Some(digest) => format!("Plan digest: {}\n", &digits[..digest.len()]),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// Runs the lines of a console block that begin with `$ `; what they print on standard output follows each.
fn console(block: &str, at: &Path) -> String {
    let mut shown = String::new();
    for line in block.lines().filter(|line| line.starts_with("$ ")) {
        let command = line.strip_prefix("$ ").unwrap();
        let arguments = command.strip_prefix("fluxform ").or_else(|| command.strip_prefix("cargo run --release -- "));
        let arguments: Vec<&str> = arguments.unwrap_or_else(|| panic!("{line}")).split_whitespace().collect();
        let mut program = Fluxform::new(&arguments);
        program.command.current_dir(at);
        let out = without_ids(&program.run().with(0).out);
        let out = if arguments[0] == "destroy" { without_digests(&out) } else { out };
        let _ = write!(shown, "{line}\n{out}");
    }
    shown
}

#[test]
fn the_readmes_commands_give_what_it_shows() {
    let dir = tempfile::tempdir().unwrap();
    examples::copy(&examples::examples(), &dir.path().join("examples"));
    let readme = read("README.md");
    let mut expected = String::new();
    for (n, part) in readme.split("```").enumerate() {
        let part = match part.split_once('\n') {
            Some(("toml", manifest)) if n % 2 == 1 => {
                let name = manifest.lines().next().unwrap().strip_prefix("# ").unwrap();
                let path = dir.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, manifest).unwrap();
                part.to_owned()
            }
            Some(("console", block)) if n % 2 == 1 => format!("console\n{}", console(block, dir.path())),
            _ => part.to_owned(),
        };
        expected.push_str(if n == 0 { "" } else { "```" });
        expected.push_str(&part);
    }
    holds("README.md", &expected);
}

#[test]
fn the_readmes_exit_codes_are_the_programs() {
    let readme = read("README.md");
    let (_, section) = readme.split_once("## Exit codes\n").unwrap();
    let rows = section.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| "));
    let table: Vec<_> = Exit::PRECEDENCE
        .iter()
        .map(|exit| format!("| {} | `{}` | {} |", exit.code(), exit.reason(), exit.meaning()))
        .collect();
    assert_eq!(rows.skip(1).collect::<Vec<_>>(), table);
}

#[test]
fn the_readme_has_every_command() {
    let readme = read("README.md");
    let help = Fluxform::new(&["--help"]).run().with(0).out;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.split("\n\n").next().unwrap().lines().filter_map(|line| line.split_whitespace().next());
    for command in commands.filter(|command| *command != "help") {
        assert!(readme.contains(&format!("\n| `{command}` |")), "the README lacks {command}");
    }
}

/// The one list of kinds in prose, beside that in the changelog, has each kind, and what is said not to be managed is none.
#[test]
fn the_readme_has_every_kind() {
    let readme = read("README.md");
    let (_, list) = readme.split_once("fluxform manages ").unwrap();
    let (managed, others) = list.split("\n- ").next().unwrap().split_once("It does not manage ").unwrap();
    for kind in Kind::ALL {
        assert!(managed.to_lowercase().contains(kind.name()), "README.md: {kind}");
    }
    for other in UNMANAGED {
        assert!(others.contains(other), "README.md: {other}");
    }
}

#[test]
fn links_lead_somewhere() {
    for page in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/manifest.md",
        "docs/limits.md",
        "docs/design.md",
        "docs/moving-in.md",
        "docs/from-templates.md",
        "docs/from-terraform.md",
        "docs/from-influx-cli.md",
        "docs/ci.md",
    ] {
        let dir = Path::new(page).parent().unwrap();
        for link in read(page).split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let path = link.split('#').next().unwrap();
            let there = path.is_empty()
                || path.starts_with("https://")
                || Path::new(env!("CARGO_MANIFEST_DIR")).join(dir).join(path).exists();
            assert!(there, "{page} links to {link}");
        }
    }
}

const BEGIN: &str = "<!-- From here on written by a test from the field tables. -->\n";

#[test]
fn the_reference_is_what_the_field_tables_say() {
    let page = read("docs/manifest.md");
    let (written, _) = page.split_once(BEGIN).unwrap();
    holds("docs/manifest.md", &format!("{written}{BEGIN}{}", fluxform::schema::reference()));
}

#[test]
fn the_page_of_limits_has_all_of_them() {
    const BEGIN: &str = "<!-- From here on written by a test from src/limits.rs. -->\n";
    let page = read("docs/limits.md");
    let (written, _) = page.split_once(BEGIN).unwrap();
    let mut table = String::from("\n| limit | maximum | applies to |\n|---|---|---|\n");
    for limit in limits::ALL {
        let _ = writeln!(table, "| `{}` | {} | {} |", limit.name, limit.amount(), limit.of);
    }
    holds("docs/limits.md", &format!("{written}{BEGIN}{table}"));
}

#[test]
fn the_references_manifests_are_valid() {
    let page = read("docs/manifest.md");
    let blocks: Vec<&str> =
        page.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("toml\n")).collect();
    assert!(blocks.len() > 3);
    for block in blocks {
        let dir = tempfile::tempdir().unwrap();
        let head = if block.contains("[project]") { "" } else { "[project]\nname = \"p\"\n" };
        fs::write(dir.path().join("fluxform.toml"), format!("{head}{block}")).unwrap();
        Fluxform::new(&["validate"]).var("FLUXFORM_VAR_env", "dev").arg(dir.path()).run().with(0);
    }
}
