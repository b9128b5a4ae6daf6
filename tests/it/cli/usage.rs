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
fn what_is_not_there_is_said_before_approval_is_asked_for() {
    for command in ["apply", "destroy"] {
        let ended = Fluxform::new(&[command, "reviewd.plan"]).run().with(65);
        assert!(ended.err.contains("reviewd.plan") && !ended.err.contains("--auto-approve"), "{}", ended.err);
    }
}

#[test]
fn a_plan_is_never_saved_under_half_a_word() {
    let dir = project("[project]\nname = \"p\"\n[bucket.raw]\n");
    let ended = on("plan", dir.path()).arg("-out=x").run().with(64);
    assert!(ended.err.contains("--out FILE"), "{}", ended.err);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["fluxform.toml"]);
}

/// What is written would be read as a manifest or a script by the next run.
#[test]
fn nothing_is_written_under_the_name_of_a_manifest_or_a_script() {
    let dir = project("[project]\nname = \"p\"\n[server]\nurl = \"embedded:\"\n[bucket.raw]\n");
    let setup = ["setup", "--host=http://127.0.0.1:1", "--username=u", "--org=o", "--bucket=b", "--token-file-out"];
    for (words, name) in [
        (&["plan", ".", "--out"][..], "day.toml"),
        (&["plan", ".", "-o"], "day.vars.TOML"),
        (&["plan", ".", "--format=json", "-o"], "day.flux"),
        (&["export", "--host=http://127.0.0.1:1", "--out"], "new.toml"),
        (&setup, "operator.toml"),
        (&["init"], "new.toml"),
        (&["server", "--data"], "dev.toml"),
        (&["plan", ".", "--host"], "embedded:dev.toml"),
    ] {
        let mut run = Fluxform::new(words).arg(name).var("FLUXFORM_SETUP_PASSWORD", "long-enough");
        run.command.current_dir(dir.path());
        let ended = run.run().with(64);
        assert!(ended.err.contains("the name of a "), "{words:?}: {}", ended.err);
        let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["fluxform.toml"], "{words:?}");
    }
    let dir = project("[project]\nname = \"p\"\n[server]\nurl = \"embedded:dev.toml\"\n[bucket.raw]\n");
    let ended = on("plan", dir.path()).run().with(65);
    assert!(ended.err.contains("has the name of a manifest"), "{}", ended.err);
}

/// Who cannot be asked is told which command shows what would happen.
#[test]
fn without_a_terminal_the_preview_is_named() {
    let main = "[project]\nname = \"p\"\n[server]\nurl = \"embedded:\"\n[var]\nstage = {}\n[bucket.raw]\n";
    let dir = project(main);
    for (words, preview) in [
        (&["apply"][..], "fluxform plan"),
        (&["apply", "--adopt", "--allow-data-loss=bucket.*"], "fluxform plan --adopt --allow-data-loss 'bucket.*'"),
        (&["destroy"], "fluxform plan --destroy"),
        (&["adopt"], "fluxform plan --adopt"),
        (&["import", "bucket.raw", "0123456789abcdef"], "write it as an `[[import]]`, and run `fluxform plan"),
        (&["forget", "bucket.raw"], "fluxform show bucket.raw"),
        (&["lock", "release"], "fluxform lock show"),
        (&["ledger", "sign"], "fluxform show"),
    ] {
        let run = Fluxform::new(words).arg(dir.path()).args(&["--var", "stage=a b", "--org=o"]);
        let ended = run.var("COLUMNS", "1000").run().with(64);
        let command = format!("{preview} {} --var 'stage=a b' --org o`", dir.path().display());
        let said = ended.words();
        assert!(said.contains("--auto-approve") && said.contains(&command), "{words:?}: {said}");
    }
}

/// An address in the place of the project's directory, or the other way round.
#[test]
fn an_address_in_the_wrong_place_is_told_its_place() {
    for (words, help) in [
        (&["show", "bucket.keep", "bucket.raw"][..], "`fluxform show DIR ADDRESS`, with one address"),
        (&["output", "bucket.keep", "bucket.raw"], "`fluxform output DIR ADDRESS`, with one address"),
        (&["forget", "bucket.raw", "bucket.keep", "--auto-approve"], "`fluxform forget ADDRESS DIR`"),
        (&["plan", "bucket.keep"], "`fluxform plan` takes no address"),
        (&["destroy", "bucket.keep", "--auto-approve"], "`fluxform destroy` takes no address"),
    ] {
        let ended = Fluxform::new(words).var("COLUMNS", "1000").run().with(65);
        assert!(ended.err.contains(help), "{words:?}: {}", ended.err);
    }
    for (address, help) in [
        ("bucket_raw", "did you mean `bucket.raw`?"),
        ("bucket.a b", "write 'bucket.\"a b\"', with the quotes within"),
        ("bucket.a.b", "write 'bucket.\"a.b\"', with the quotes within"),
        ("bukket.a", "did you mean `bucket.a`?"),
    ] {
        for words in [&["import", address, "0123456789abcdef"][..], &["forget", address], &["show", ".", address]] {
            let ended = Fluxform::new(words).run().with(64);
            assert!(ended.err.contains(help) && !ended.err.contains("invalid address"), "{words:?}: {}", ended.err);
        }
    }
}

/// What is no option and no command is said in our words, and clap's own guesses are not.
#[test]
fn what_fluxform_has_not_is_answered_with_what_it_has() {
    for (words, help) in [
        (&["plan", "--jsn"][..], "write `--format json`"),
        (&["apply", "--dry-run"], "`fluxform plan` shows what an apply would do"),
        (&["plan", "--token", "x"], "set INFLUX_TOKEN"),
        (&["delete"], "remove its table from the manifests and apply"),
        (&["rotate"], "`fluxform rotate [OPTIONS] <ADDRESS> [DIR]`"),
        (&["status", ".", "extra"], "`fluxform status [OPTIONS] [DIR]`"),
        (&["frobnicate"], "`fluxform --help` lists the commands"),
    ] {
        let ended = Fluxform::new(words).run().with(64);
        assert!(ended.words().contains(help) && !ended.err.contains("similar"), "{words:?}: {}", ended.err);
    }
    for path in [".", "./iot", "envs/dev"] {
        let ended = Fluxform::new(&["forget", path, "--auto-approve"]).run().with(64);
        assert!(ended.words().contains("this is a path; write the address of a resource"), "{}", ended.err);
    }
}

#[test]
fn a_duration_of_the_command_line_is_wrong_once() {
    let ended = Fluxform::new(&["plan", "--lock-timeout=soon"]).run().with(64);
    let said = "invalid value `soon` for `--lock-timeout DURATION` help: write it like ";
    assert!(ended.words().contains(said), "{}", ended.err);
}

/// What the parser of the command line refuses is said as everything else is, also to programs.
#[test]
fn a_wrong_command_line_has_a_code_and_a_document() {
    for (words, code, message, help) in [
        (&["export", "--kind", "telegrafs"][..], "cli::usage", "`telegrafs` for `--kind KIND`", "mean `telegraf`?"),
        (&["plan", "--timeout", "5x"], "cli::usage", "`5x` for `--timeout DURATION`", "write it like `1h`"),
        (&["plan", "--var", "x"], "cli::usage", "invalid value `x` for `--var NAME=VALUE`", "write NAME=VALUE"),
        (
            &["apply", "--parallelism", "0"],
            "cli::usage",
            "invalid value `0` for `--parallelism N`",
            "0 is not in 1..=256",
        ),
        (&["export"], "cli::usage", "required arguments were not provided: `--out DIR`", "`fluxform export"),
        (&["plan", "--destroy", "--unmanaged"], "cli::usage", "`--destroy` cannot be used with", "`fluxform plan"),
        (&["status", "a", "b"], "cli::unknown", "unexpected argument `b`", "`fluxform status"),
        (&["plan", "--frobnicate"], "cli::unknown", "unknown option `--frobnicate`", "--help"),
        (&["plan", "--dry-run"], "cli::unknown", "unknown option `--dry-run`", "fluxform plan"),
        (&["lock", "show", "--host="], "cli::usage", "`--host URL`", "`fluxform lock show"),
        (&["apply", "--allow-data-loss"], "cli::usage", "`--allow-data-loss PATTERN` needs a value", "'bucket.*'"),
        (
            &["apply", "--allow-data-loss", "bukket.*"],
            "cli::usage",
            "`bukket.*` for `--allow-data-loss PATTERN`",
            "did you mean `bucket`?",
        ),
        (&["plan", "--destroy", "--out", "p.plan"], "cli::usage", "cannot be saved", "run `fluxform destroy`"),
        (&["show", "x", "bucket.a.id"], "cli::usage", "`bucket.a.id` for", "`fluxform output DIR bucket.a --field id`"),
    ] {
        let human = Fluxform::new(words).run().with(64);
        assert!(human.out.is_empty() && human.err.starts_with(code), "{words:?}: {}", human.err);
        let ended = Fluxform::new(words).args(&["--format", "json"]).run().with(64);
        let said = &ended.json()["problems"][0]["diagnostic"];
        assert_eq!(said["code"], code, "{words:?}");
        let text = |key: &str| said[key].as_str().unwrap().to_owned();
        assert!(text("message").contains(message) && text("help").contains(help), "{words:?}: {said}");
    }
    let human = Fluxform::new(&["plan", "--format", "xml"]).run().with(64);
    assert!(human.words().contains("help: write one of human, json, markdown"), "{}", human.err);
    let shells = Fluxform::new(&["completions"]).run().with(64);
    assert!(shells.words().contains("SHELL is one of bash, elvish, fish"), "{}", shells.err);
    let comment = Fluxform::new(&["drift", "--timeout=5x", "--format=markdown"]).run().with(64).out;
    assert!(comment.starts_with("<!-- fluxform drift -->\n"), "{comment}");
    Fluxform::new(&["plan", "--format=json", "--help"]).run().with(0);
    assert!(Fluxform::new(&["lock"]).run().with(64).err.contains("Usage: fluxform lock"));
}

/// What the manifests warn of is in the document whatever stops the run before it has a plan.
#[test]
fn warnings_of_the_manifests_outlive_a_run_without_a_plan() {
    let task = "[task.t]\nevery = \"1h\"\nflux = \"from(bucket: nowhere) |> range(start: -1h)\"\n";
    let server = "[server]\nurl = \"http://127.0.0.1:1\"\norg = \"o\"\n";
    let lints = "[policy.lint]\n\"flux::name\" = \"warn\"\n";
    let dir = project(&format!("[project]\nname = \"p\"\n{server}{lints}{task}"));
    let other = project(&format!("[project]\nname = \"q\"\n{server}[bucket.raw]\n"));
    let run = |words: &[&str]| {
        Fluxform::new(words).arg(dir.path()).var("INFLUX_HOST", "http://127.0.0.1:1").var("INFLUX_TOKEN", "t")
    };
    for words in [&["plan"][..], &["drift"], &["apply", "--auto-approve"], &["show"], &["status"], &["output"]] {
        let format: &[&str] = if words == ["output"] { &[] } else { &["--format=json"] };
        let json = run(words).args(format).run().with(5).json();
        assert_eq!(json["warnings"][0]["code"], "flux::name", "{words:?}: {json}");
    }
    let markdown = run(&["plan", "--format=markdown"]).run().with(5).out;
    assert!(markdown.contains("nowhere"), "{markdown}");
    let several = run(&["plan", "--format=json"]).arg(other.path()).run().with(5).json();
    let count = |n: usize| several["projects"][n]["warnings"].as_array().map_or(0, Vec::len);
    assert_eq!((count(0), count(1)), (1, 0));
}

#[test]
fn a_directory_that_is_not_there_may_be_a_command() {
    let dir = tempfile::tempdir().unwrap();
    for (words, help) in [
        (
            &["plan", "flux"][..],
            "`fluxform plan` takes a project: a directory of manifests, or one manifest; `fluxform flux` is a command of its own",
        ),
        (&["validate", "my iot"], "or one manifest; `fluxform init 'my iot'` creates one"),
    ] {
        let mut run = Fluxform::new(words).var("COLUMNS", "1000");
        run.command.current_dir(dir.path());
        let ended = run.run().with(65);
        let said = ended.words();
        assert!(said.contains("no such file or directory") && said.contains(help), "{said}");
    }
}
