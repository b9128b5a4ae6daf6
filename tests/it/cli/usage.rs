//! Wrong command lines and wrong manifests.

use super::fluxform::{Fluxform, on, project};

#[test]
fn a_wrong_command_line_is_64() {
    for arguments in [
        &[][..],
        &["plann"],
        &["plan", "--nonsense"],
        &["status", ".", "extra"],
        &["plan", "--format", "xml"],
        &["plan", "--lock-timeout", "soon"],
        &["plan", "--var", "x"],
        &["apply", "--parallelism", "0"],
        &["graph", "--format", "svg"],
        &["show", ".", "bukket.x"],
        &["setup"],
    ] {
        let ended = Fluxform::new(arguments).run().with(64);
        assert_eq!(ended.out, "", "{arguments:?}");
    }
}

#[test]
fn without_a_terminal_approval_must_come_beforehand() {
    // Nothing listens there, and nothing is asked.
    let dir = project("[project]\nname = \"p\"\n[server]\nurl = \"http://127.0.0.1:1\"\norg = \"o\"\n");
    for command in ["apply", "destroy"] {
        let ended = on(command, dir.path()).run().with(64);
        assert!(ended.err.contains("--auto-approve"), "{}", ended.err);
    }
}

#[test]
fn a_wrong_manifest_is_65_with_its_place() {
    let dir = project("[project]\nname = \"p\"\n[bucket.raw]\nretenton = \"30d\"\n");
    for command in ["validate", "plan", "drift", "graph", "show", "status"] {
        let ended = on(command, dir.path()).run().with(65);
        assert!(ended.err.contains("fluxform.toml:4") && ended.err.contains("retention"), "{command}: {}", ended.err);
        assert_eq!(ended.out, "");
    }
    for command in ["apply", "destroy"] {
        on(command, dir.path()).arg("--auto-approve").run().with(65);
    }
}

#[test]
fn a_place_is_a_path_from_where_the_user_stands() {
    let dir =
        project("[project]\nname = \"p\"\n[task.t]\nevery = \"1h\"\nflux = { file = \"t.flux\" }\n[bucket.b]\nx = 1\n");
    std::fs::write(dir.path().join("t.flux"), "x = 'y\n").unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    for format in ["human", "json", "markdown"] {
        let said = on("validate", dir.path()).args(&["--format", format]).run().with(65).all();
        let places = match format {
            "json" => [format!("{:?}", file("fluxform.toml")), format!("{:?}", file("t.flux"))],
            _ => [file("fluxform.toml:7:1"), file("t.flux:1:5")],
        };
        for place in places {
            assert!(said.contains(&place), "{place} in {said}");
        }
    }
}

#[test]
fn machines_get_a_document_when_a_command_fails() {
    let dir = project("[project]\nname = \"p\"\n[bucket.raw]\nretenton = \"30d\"\n");
    for command in ["validate", "plan", "drift", "show", "status"] {
        let json = on(command, dir.path()).arg("--format=json").run().with(65).json();
        assert_eq!((&json["exit_code"], &json["exit_reason"]), (&65.into(), &"manifest".into()), "{command}");
        assert_eq!(json["problems"][0]["diagnostic"]["places"][0]["line"], 4, "{command}");
    }
}

#[test]
fn what_cannot_be_seen_in_a_manifest_does_not_reach_the_terminal() {
    let dir = project("[project]\nname = \"p\"\n[bucket.raw]\nname = \"a\u{202e}b\"\n\"x\\u001b[31m\" = 1\n");
    let ended = on("validate", dir.path()).run().with(65);
    assert!(!ended.err.contains(['\u{1b}', '\u{202e}']), "{:?}", ended.err);
}

#[test]
fn a_project_that_is_not_there_is_said() {
    let ended = on("validate", std::path::Path::new("nowhere")).run();
    assert!(ended.code == 65 && ended.err.contains("nowhere"), "{} {}", ended.code, ended.err);
}

#[test]
fn a_plan_is_never_saved_under_half_a_word() {
    let dir = project("[project]\nname = \"p\"\n[bucket.raw]\n");
    let ended = on("plan", dir.path()).arg("-out=x").run().with(64);
    assert!(ended.err.contains("--out FILE"), "{}", ended.err);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["fluxform.toml"]);
}
