//! Sensitive variables: their values get to the server and nowhere else.

use super::fluxform::{Fluxform, on, project_of};
use crate::support::{both, unique};

const SECRET: &str = "hunter2-is-long-enough";

both!(a_sensitive_variable_gets_to_the_server_and_nowhere_else, async |scene| {
    let name = unique("sensitive");
    let dir = project_of(
        &scene,
        &format!(
            "[var]\ndb_password = {{ sensitive = true }}\n\n[user.u]\nname = \"{name}\"\n\
             password = {{ var = \"db_password\" }}\npassword_version = 1\n"
        ),
    );
    let with = |run: Fluxform| run.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
    let given = |run: Fluxform| with(run).var("FLUXFORM_VAR_db_password", SECRET);
    // Nobody needs it to plan, and what needs it says so before anything is written.
    with(on("plan", dir.path())).run().with(0);
    let unset = with(on("apply", dir.path())).arg("--auto-approve").run();
    assert!(unset.code != 0 && unset.words().contains("set FLUXFORM_VAR_db_password"), "{}", unset.all());

    let saved = dir.path().join("p.plan");
    let mut shown = Vec::new();
    for format in ["human", "json", "markdown"] {
        shown.push(given(on("plan", dir.path())).args(&["--format", format]).run().with(0).all());
    }
    shown.push(given(on("plan", dir.path())).arg("--out").arg(&saved).run().with(0).all());
    shown.push(std::fs::read_to_string(&saved).unwrap_or_default());
    // The plan is the same one without it.
    let apply = Fluxform::new(&["apply"]).arg(&saved).arg(dir.path()).args(&["--format", "json"]);
    shown.push(given(apply).run().with(0).all());
    for command in ["show", "status", "drift", "output", "validate"] {
        shown.push(given(on(command, dir.path())).run().all());
    }
    shown.push(scene.http.get(&format!("labels?orgID={}&limit=100", scene.org)).await.text);
    for text in shown {
        assert!(!text.contains(SECRET), "{text}");
    }
    assert_eq!(scene.sign_in(&name, SECRET).await.status, 204);
    with(on("plan", dir.path())).arg("--detailed-exitcode").run().with(0);
});

// Whatever is wrong in a file of variables, nobody knows better than the manifest which of its values are sensitive.
#[test]
fn no_mistake_in_a_file_of_variables_shows_a_sensitive_one() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
    write(
        "main.toml",
        b"[project]\nname = \"p\"\n[var]\ndb = { sensitive = true }\nret = { default = \"30d\" }\n\
          [user.u]\nname = \"u\"\npassword = { var = \"db\" }\n[bucket.b]\nretention = \"${var.ret}\"\n",
    );
    let utf_16: Vec<u8> = format!("\u{feff}db = \"{SECRET}\"\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let texts = [
        format!("db = \"{SECRET}\"\nrett = \"1d\"\n"),
        format!("bd = \"{SECRET}\"\n"),
        format!("ret = 1\ndb = \"{SECRET}\"\n"),
        format!("ret = \"x\"\ndb = \"{SECRET}\"\n"),
        format!("db = \"{SECRET}\"\ndb = \"{SECRET}\"\n"),
        format!("db = \"{SECRET}\"]\n"),
        format!("db = {SECRET}\n"),
        format!("db = \"{SECRET}\n"),
        format!("db = [\"{SECRET}\"]\n"),
        format!("db = \"\"\"\n{SECRET}\n{SECRET}\"\"\"\nrett = 1\n"),
        format!("[db]\nx = \"{SECRET}\"\n"),
    ];
    let latin_1 = [format!("db = \"{SECRET}").as_bytes(), b"\xe4\"\n"].concat();
    let files = texts.into_iter().map(String::into_bytes).chain([utf_16, latin_1]);
    for (n, bytes) in files.enumerate() {
        write("given.vars.toml", &bytes);
        for format in ["human", "json"] {
            let run = Fluxform::new(&["validate", "--format", format, "--var-file"]);
            let said = run.arg(dir.path().join("given.vars.toml")).arg(dir.path()).run();
            let words: String = said.all().chars().filter(|c| !c.is_whitespace() && *c != '\0').collect();
            assert_eq!(said.code, 65, "{n}: {}", said.all());
            assert!(!words.contains(&SECRET[..8]), "{n}: {}", said.all());
        }
    }
}
