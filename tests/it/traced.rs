//! What plans starts no process and resolves no secret: a pull request of a stranger may be planned. The kernel is asked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::cli::fluxform::{Fluxform, on};
use crate::support::{Scene, Traced, both, trace, unique};

/// The commands that only plan, or show.
const PLANNING: [&str; 16] = [
    "plan",
    "validate",
    "drift",
    "graph",
    "required-permissions",
    "preflight",
    "show",
    "output",
    "status",
    "export",
    "convert",
    "explain",
    "schema",
    "completions",
    "flux",
    "lock",
];
/// The commands that write, or serve.
const WRITING: [&str; 10] =
    ["apply", "destroy", "import", "adopt", "forget", "init", "rotate", "setup", "server", "ledger"];

/// A project with secrets of every sort: two places for them to come from, and three for them to go to.
struct Trap<'a> {
    scene: &'a Scene,
    dir: TempDir,
    user: String,
}

impl<'a> Trap<'a> {
    fn new(scene: &'a Scene) -> Self {
        let trap = Self { scene, dir: tempfile::tempdir().unwrap(), user: unique("trap") };
        trap.file("password", 0o600, "long-enough");
        trap.file("secrets/old", 0o600, "what-was-there-before");
        trap.file("secrets/env", 0o600, "OTHER=1\n");
        trap.file("print", 0o700, "#!/bin/sh\necho long-enough\n");
        trap.file("deliver", 0o700, "#!/bin/sh\ncat >/dev/null\n");
        trap.file("script.flux", 0o600, "x = 1\n");
        let template = "apiVersion: influxdata.com/v2alpha1\nkind: Bucket\nmetadata: { name: b }\n";
        trap.file("template.yml", 0o600, template);
        // What manages users is for an operator.
        let token = "[token.t]\nwrite = [\"bucket.b\"]\ndeliver = { file = \"../secrets/old\" }";
        let secret = "[secret.s]\nvalue = { file = \"../password\" }";
        let small = format!("[project]\nname = \"small\"\n[server]\norg = \"o\"\n[bucket.b]\n{token}\n{secret}\n");
        trap.file("small/main.toml", 0o600, &small);
        trap.declare(1);
        trap
    }

    fn file(&self, name: &str, mode: u32, text: &str) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The project; another `version` sets the passwords again, and makes the tokens anew.
    fn declare(&self, version: u32) {
        let Self { scene: Scene { org_name, .. }, user, .. } = self;
        let text = format!(
            r#"[project]
name = "trap"
[server]
org = "{org_name}"
[bucket.b]
for_each = ["1", "2"]
[user.file]
name = "{user}-file"
password = {{ file = "password" }}
password_version = {version}
[user.command]
name = "{user}-command"
password = {{ command = ["./print"] }}
password_version = {version}
[token.file]
write = ["bucket.b[{version}]"]
deliver = [{{ file = "secrets/old" }}, {{ env_file = "secrets/env", key = "TOKEN" }}]
[token.command]
write = ["bucket.b[{version}]"]
deliver = {{ command = ["./deliver"] }}
"#
        );
        fs::write(self.dir.path().join("main.toml"), text).unwrap();
    }

    fn traps(&self) -> Vec<PathBuf> {
        ["password", "print", "deliver", "secrets", "secrets/old", "secrets/env"]
            .map(|n| self.dir.path().join(n))
            .into()
    }

    fn run(&self, run: Fluxform) -> Traced {
        let server = &self.scene.server;
        trace(&run.var("INFLUX_HOST", server.url()).var("INFLUX_TOKEN", server.token()).command, &self.traps())
    }

    /// Each command that plans, and the planned file.
    #[track_caller]
    fn stays_shut(&self) {
        let saved = self.dir.path().join("saved.plan");
        for command in PLANNING {
            let run = match command {
                "plan" => on(command, self.dir.path()).arg("--out").arg(&saved),
                "export" => {
                    let run = Fluxform::new(&[command, "--org", &self.scene.org_name, "--out"]);
                    run.arg(self.dir.path().join(unique("export")))
                }
                "convert" => {
                    let run = Fluxform::new(&[command]).arg(self.dir.path().join("template.yml")).arg("--out");
                    run.arg(self.dir.path().join(unique("convert")))
                }
                "lock" => Fluxform::new(&[command, "show"]).arg(self.dir.path()),
                "required-permissions" => on(command, &self.dir.path().join("small/main.toml")),
                "explain" | "schema" => Fluxform::new(&[command]),
                "completions" => Fluxform::new(&[command, "bash"]),
                "flux" => Fluxform::new(&[command, "check"]).arg(self.dir.path().join("script.flux")),
                _ => on(command, self.dir.path()),
            };
            self.shut(command, run);
        }
        self.shut("show PLAN", on("show", &saved));
    }

    #[track_caller]
    fn shut(&self, command: &str, run: Fluxform) {
        let Traced { code, out, err, started, opened } = self.run(run);
        // What was never applied cannot have drifted.
        assert!(
            matches!(code, Some(0 | 2)) || command == "drift" && code == Some(1),
            "{command}: {code:?}\n{out}{err}"
        );
        assert_eq!(started, [env!("CARGO_BIN_EXE_fluxform")], "{command} starts a process");
        assert!(opened.is_empty(), "{command} opens {opened:?}");
    }
}

both!(what_plans_starts_no_process_and_opens_no_secret, async |scene| {
    let trap = Trap::new(&scene);
    trap.stays_shut();

    // The trap works: an apply of the same project springs all of it.
    let apply = on("apply", trap.dir.path()).arg("--auto-approve");
    let Traced { code, out, err, started, opened } = trap.run(apply);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(started.len() > 2, "{started:?}");
    let traps = trap.traps();
    assert!(
        ["password", "print", "deliver"].iter().all(|name| opened.contains(&trap.dir.path().join(name))),
        "{opened:?}"
    );
    assert!(opened.len() > traps.len() / 2, "{opened:?}");

    // Who asks for it has a plan look into sinks and sources, and start no program.
    let Traced { code, out, err, started, opened } = trap.run(on("plan", trap.dir.path()).arg("--probe"));
    assert!(code == Some(0) && out.contains("file secrets/old works"), "{out}{err}");
    assert_eq!(started, [env!("CARGO_BIN_EXE_fluxform")]);
    let files = ["password", "secrets", "secrets/old", "secrets/env"].map(|name| trap.dir.path().join(name));
    assert!(opened.iter().all(|path| files.contains(path)) && opened.len() == files.len(), "{opened:?}");

    // Passwords are to be set again, and tokens to be made anew; somebody has deleted a bucket.
    trap.declare(2);
    let list = scene.http.get(&format!("buckets?orgID={}&name=b_1", scene.org)).await.expect(200);
    scene.http.delete(&format!("buckets/{}", crate::support::id(&list["buckets"][0]))).await.expect(204);
    trap.stays_shut();
    let destroy = on("destroy", trap.dir.path()).arg("--auto-approve");
    assert_eq!(trap.run(destroy).code, Some(0));
});

#[test]
fn no_command_is_forgotten() {
    let help = Fluxform::new(&["--help"]).run().with(0).out;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.split("\n\n").next().unwrap().lines().filter_map(|line| line.split_whitespace().next());
    let known = |command: &&str| PLANNING.contains(command) || WRITING.contains(command) || *command == "help";
    let unknown: Vec<&str> = commands.filter(|command| !known(command)).collect();
    assert!(unknown.is_empty(), "do these plan, or write? {unknown:?}");
}
