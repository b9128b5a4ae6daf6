//! What a pull request can put into a checkout leads nowhere: no byte of what is outside is shown.

use std::os::unix::fs::symlink;
use std::path::Path;

use tempfile::TempDir;

use super::{files, has};
use crate::cli::fluxform::{Ended, Fluxform};

const SECRET: &str = "hunter2";
const HEAD: &str = "[project]\nname = \"p\"\n[server]\norg = \"o\"\n";
const COMMANDS: [&str; 11] = [
    "validate",
    "plan",
    "apply",
    "drift",
    "destroy",
    "show",
    "status",
    "graph",
    "output",
    "preflight",
    "required-permissions",
];

/// A checkout with the project `iot` in it, and secrets beside it.
fn checkout() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |path: &str| dir.path().join(path);
    std::fs::create_dir_all(at("checkout/iot/flux")).unwrap();
    std::fs::create_dir_all(at("outside/secrets")).unwrap();
    for (path, text) in [
        ("checkout/iot/main.toml", HEAD.to_owned()),
        ("outside/main.toml", format!("token = \"{SECRET}\"\n")),
        ("outside/good.toml", format!("{HEAD}[bucket.{SECRET}]\n")),
        ("outside/secrets/x.flux", format!("{SECRET} = ")),
        ("outside/x.toml", format!("{SECRET} = ")),
    ] {
        std::fs::write(at(path), text).unwrap();
    }
    dir
}

/// `fluxform` with these words in the checkout; nothing that is secret may be shown.
fn run(dir: &TempDir, words: &[&str]) -> Ended {
    let mut run = Fluxform::new(words).var("INFLUX_TOKEN", SECRET).var("INFLUX_HOST", "http://127.0.0.1:9");
    run.command.current_dir(dir.path().join("checkout"));
    let ended = run.run();
    let shown = ended.all();
    assert!(!shown.contains(SECRET) && !shown.contains("INFLUX_TOKEN="), "{words:?}: {shown}");
    ended
}

/// Each command refuses the project because of `link`, in every format.
fn refused(dir: &TempDir, project: &str, link: &str) {
    for command in COMMANDS {
        let formats: &[&str] = match command {
            "validate" | "plan" | "apply" => &["--format=human", "--format=json", "--format=markdown"],
            "graph" => &["--format=dot"],
            "output" => &["bucket.b"],
            _ => &["--format=json"],
        };
        for format in formats {
            let approve: &[&str] = if matches!(command, "apply" | "destroy") { &["--auto-approve"] } else { &[] };
            let ended = run(dir, &[&[command, project, format], approve].concat()).with(65);
            has(&ended.err, &format!("{link} is a symbolic link, which is not followed"));
        }
    }
}

#[test]
fn a_project_that_is_a_link_is_refused_by_every_command() {
    for to in [
        "/proc/self/environ",
        "/proc/self",
        "../outside",
        "../outside/good.toml",
        "../outside/x.toml",
        "nowhere",
        "/dev/zero",
    ] {
        let dir = checkout();
        let at = |path: &str| dir.path().join("checkout").join(path);
        symlink(to, at("linked")).unwrap();
        refused(&dir, "linked", "linked");
        refused(&dir, "./iot/../linked", "linked");
        // From a directory of the checkout, and by a path from the root.
        std::fs::create_dir(at(".git")).unwrap();
        let absolute = at("linked");
        let absolute = absolute.to_str().unwrap();
        refused(&dir, absolute, absolute);
    }
}

#[test]
fn a_link_on_the_way_to_a_project_is_refused() {
    let dir = checkout();
    symlink("../outside", dir.path().join("checkout/up")).unwrap();
    refused(&dir, "up/good.toml", "up");
    refused(&dir, "up/secrets", "up");
    // Nothing has to be looked up for this.
    run(&dir, &["validate", "up/../iot"]).with(0);
}

#[test]
fn above_the_working_directory_links_are_the_persons_own() {
    let dir = checkout();
    let linked = dir.path().join("mine");
    symlink("checkout", &linked).unwrap();
    let mut run = Fluxform::new(&["validate", "iot"]);
    run.command.current_dir(&linked);
    run.run().with(0);
    let mut run = Fluxform::new(&["validate", "../mine/../checkout/iot"]);
    run.command.current_dir(&linked);
    run.run().with(0);
    Fluxform::new(&["validate"]).arg(linked.join("iot")).run().with(0);
}

#[test]
fn variables_are_read_from_no_link_of_a_checkout() {
    let dir = checkout();
    let at = |path: &str| dir.path().join("checkout").join(path);
    symlink("../outside/x.toml", at("prod.vars.toml")).unwrap();
    symlink("../outside", at("vars")).unwrap();
    for (file, link) in [("prod.vars.toml", "prod.vars.toml"), ("vars/x.toml", "vars")] {
        let ended = run(&dir, &["validate", "iot", "--var-file", file]).with(65);
        has(&ended.err, &format!("{link} is a symbolic link, which is not followed"));
    }
    // What is named outside is the person's own choice, also a link.
    symlink("x.vars.toml", dir.path().join("outside/linked.vars.toml")).unwrap();
    std::fs::write(dir.path().join("outside/x.vars.toml"), "x = 1\n").unwrap();
    std::fs::write(at("iot/main.toml"), format!("{HEAD}[var]\nx = {{}}\n")).unwrap();
    let file = dir.path().join("outside/linked.vars.toml");
    run(&dir, &["validate", "iot", "--var-file", file.to_str().unwrap()]).with(0);
    let mut piped = Fluxform::new(&["validate", "iot", "--var-file", "/dev/stdin"]);
    piped.command.current_dir(dir.path().join("checkout"));
    piped.command.stdin(std::fs::File::open(&file).unwrap());
    piped.run().with(0);
}

#[test]
fn nothing_is_written_through_a_link_of_a_checkout() {
    let dir = checkout();
    let at = |path: &str| dir.path().join("checkout").join(path);
    symlink("../outside", at("linked")).unwrap();
    std::fs::create_dir(dir.path().join("outside/empty")).unwrap();
    symlink("../outside/empty", at("empty")).unwrap();
    std::fs::write(at("template.yml"), "apiVersion: influxdata.com/v2alpha1\nkind: Label\nmetadata: { name: l }\n")
        .unwrap();
    let before = files(&dir.path().join("outside"));
    let setup = ["setup", "--username=u", "--org=o", "--bucket=b", "--token-file-out"];
    let convert = ["convert", "template.yml", "--out"];
    for words in [&["init"][..], &["export", "--org=o", "--out"], &convert, &setup, &["plan", "iot", "--out"]] {
        for (path, link) in [("linked/new", "linked"), ("linked/a/new", "linked"), ("empty", "empty")] {
            let mut run =
                Fluxform::new(words).arg(path).var("INFLUX_TOKEN", SECRET).var("FLUXFORM_SETUP_PASSWORD", SECRET);
            run.command.current_dir(at("")).env("INFLUX_HOST", "http://127.0.0.1:9");
            let ended = run.run();
            assert!([1, 10, 64].contains(&ended.code), "{words:?} {path}: {}", ended.all());
            let said = format!("{link} is a symbolic link, which is not followed");
            assert!(ended.words().contains(&said) || ended.words().contains("not a regular file"), "{}", ended.all());
            assert_eq!(files(&dir.path().join("outside")), before, "{words:?} {path}");
        }
    }
    // Nor through one in the directory itself.
    for link in ["flux", ".gitignore"] {
        let new = format!("new-{}", link.trim_start_matches('.'));
        std::fs::create_dir(at(&new)).unwrap();
        symlink("../../outside", at(&new).join(link)).unwrap();
        let mut run = Fluxform::new(&["init", &new]);
        run.command.current_dir(at(""));
        let words = run.run().with(1).words();
        has(&words, "is a symbolic link, which is not followed");
        assert_eq!(files(&dir.path().join("outside")), before, "{link}");
    }
    // Whoever names a place from the root has a way there of their own.
    symlink("outside", dir.path().join("mine")).unwrap();
    Fluxform::new(&["init"]).arg(dir.path().join("mine/project")).run().with(0);
}

/// What `validate` says of a task with this file as its script.
fn script(dir: &TempDir, file: &str) -> Ended {
    let task = format!("{HEAD}[task.t]\nevery = \"1h\"\nflux = {{ file = \"{file}\" }}\n");
    std::fs::write(dir.path().join("checkout/iot/main.toml"), task).unwrap();
    let ended = run(dir, &["validate", "iot"]).with(65);
    has(&ended.err, "main.toml:7:17");
    ended
}

#[test]
fn a_script_is_a_flux_file_of_the_project_that_everybody_sees() {
    let dir = checkout();
    let at = |path: &str| dir.path().join("checkout/iot").join(path);
    symlink("../../outside/secrets", at("flux/link")).unwrap();
    symlink("../../../outside/secrets/x.flux", at("flux/x.flux")).unwrap();
    for (file, link) in [("flux/link/x.flux", "flux/link"), ("flux/x.flux", "flux/x.flux")] {
        has(&script(&dir, file).err, &format!("{link} is a symbolic link, which is not followed"));
    }
    for file in ["../../outside/secrets/x.flux", "../../outside/nothing.flux", "/proc/self/environ.flux"] {
        has(&script(&dir, file).err, &format!("{file} is outside the project directory"));
    }
    for file in ["secrets/ingest.token", "main.toml", "flux", "x", "x.flux.bak", "x.FLUX"] {
        write(&at(file));
        has(&script(&dir, file).err, &format!("{file} is not a Flux script: its name does not end in `.flux`"));
    }
    for file in [".env", ".x.flux", ".git/config", ".git/x.flux", "flux/.hidden/x.flux", "./.flux", ".flux"] {
        write(&at(file));
        has(&script(&dir, file).err, &format!("{file} is hidden"));
    }
}

/// Writes a secret there, unless something else is there.
fn write(path: &Path) {
    if !path.exists() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{SECRET} = ")).unwrap();
    }
}

#[test]
fn no_file_of_git_is_a_manifest() {
    let dir = checkout();
    let at = |path: &str| dir.path().join("checkout/iot").join(path);
    std::fs::create_dir(at(".git")).unwrap();
    std::fs::write(at(".git/config"), format!("url = \"https://x:{SECRET}@h\"\n")).unwrap();
    symlink(".git/config", at("a.toml")).unwrap();
    let mut run = Fluxform::new(&["plan", "."]);
    run.command.current_dir(at("."));
    let ended = run.run().with(65);
    has(&ended.err, "a.toml is a symbolic link");
    assert!(!ended.all().contains(SECRET));
}

#[test]
fn no_secret_is_kept_where_manifests_and_scripts_are_read() {
    let dir = checkout();
    let at = |path: &str| dir.path().join("checkout/iot").join(path);
    let token = |deliver: &str| format!("[token.t]\nread = [\"bucket.raw\"]\ndeliver = {deliver}\n[bucket.raw]\n");
    for (tables, words) in [
        (token("{ file = \"main.toml\" }"), "main.toml, which has the name of a manifest"),
        (token("{ env_file = \"x/prod.TOML\", key = \"T\" }"), "x/prod.TOML, which has the name of a manifest"),
        (token("{ file = \"d/\" }"), "d/, which is a directory"),
        (token("[{ file = \"ok\" }, { file = \"/x/y.flux\" }]"), "/x/y.flux, which has the name of a Flux script"),
        (token("{ env_file = \"app.conf\", key = \"T\" }"), "app.conf, which has the name of a Telegraf configuration"),
        ("[secret.k]\nvalue = { file = \"gcp.json\" }\n".to_owned(), "gcp.json, which has the name of a dashboard"),
        ("[user.u]\npassword = { file = \"pw.flux\" }\n".to_owned(), "pw.flux, which has the name of a Flux script"),
    ] {
        std::fs::write(at("main.toml"), format!("{HEAD}{tables}")).unwrap();
        let ended = run(&dir, &["validate", "iot"]).with(65);
        has(&ended.err, words);
        has(&ended.err, "cannot keep a secret in");
    }
    std::fs::write(at("project.cfg"), format!("{HEAD}{}", token("{ file = \"./project.cfg\" }"))).unwrap();
    has(&run(&dir, &["validate", "iot/project.cfg"]).with(65).err, "would overwrite the manifest iot/project.cfg");
}
