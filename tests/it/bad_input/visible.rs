//! What others wrote reaches no terminal as it is: names, descriptions, scripts and the server's own words.

use std::path::Path;

use serde_json::json;

use super::{operator, project};
use crate::cli::fluxform::{Ended, on};
use crate::support::{both, unique};

/// Colour, a title, C1 controls, a bidirectional override and isolate, a bell, line ends.
const EVIL: &str = "x\u{1b}[31m\u{1b}]0;t\u{7}\u{9b}2J\u{202e}y\u{2066}\u{200b}\r\nEVIL";

/// Fails if anything in the output could move the cursor, hide, or begin a line of its own.
#[track_caller]
fn visible(ended: &Ended) {
    for text in [&ended.out, &ended.err] {
        let hidden = |c: &char| {
            c.is_control() && *c != '\n'
                || matches!(*c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        };
        let found: Vec<char> = text.chars().filter(hidden).collect();
        assert!(found.is_empty(), "{found:?} in {text:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("EVIL")), "a line break got through: {text}");
    }
}

const READING: [&[&str]; 9] = [
    &["plan"],
    &["plan", "--format=json"],
    &["drift"],
    &["drift", "--format=json"],
    &["show"],
    &["show", "--format=json"],
    &["status"],
    &["graph"],
    &["graph", "--format=mermaid"],
];

fn read_all(scene: &crate::support::Scene, dir: &Path) -> String {
    let mut all = String::new();
    for arguments in READING {
        let mut run = operator(scene, arguments[0], dir);
        for argument in &arguments[1..] {
            run = run.arg(argument);
        }
        let ended = run.run();
        // What was never applied cannot have drifted.
        assert!(matches!(ended.code, 0 | 2) || arguments[0] == "drift", "{arguments:?}: {}", ended.all());
        visible(&ended);
        all += &ended.all();
    }
    all
}

/// `EVIL` as a TOML string, which JSON's escapes are.
fn evil() -> String {
    "x\\u001b[31m\\u001b]0;t\\u0007\\u009b2J\\u202ey\\u2066\\u200b\\r\\nEVIL".to_owned()
}

both!(what_a_manifest_says_is_shown_safely, async |scene| {
    let evil = evil();
    let user = unique("u");
    let dir = project(
        &scene,
        &format!(
            "[label.l]\nname = \"{evil}\"\nproperties = {{ \"{evil}\" = \"{evil}\" }}\n\
             [bucket.b]\nname = \"{evil}\"\ndescription = \"{evil}\"\nlabels = [\"label.l\"]\n\
             [bucket.each]\nfor_each = [\"{evil}\"]\n\
             [task.t]\nname = \"{evil}\"\nevery = \"1h\"\nflux = \"// {evil} = 1\\nx = 1\"\n\
             [token.k]\ndescription = \"{evil}\"\nread = [\"bucket.each[*]\"]\ndeliver = \"discard\"\n\
             [user.u]\nname = \"{user}{evil}\"\n"
        )
        .replace("// x", "// "),
    );
    read_all(&scene, dir.path());
    visible(&operator(&scene, "apply", dir.path()).run().with(0));
    read_all(&scene, dir.path());
    visible(&operator(&scene, "destroy", dir.path()).run().with(0));
});

both!(what_somebody_wrote_on_the_server_is_shown_safely, async |scene| {
    let dir = project(
        &scene,
        "[label.l]\nproperties = { color = \"red\" }\n[bucket.b]\ndescription = \"d\"\n\
         [task.t]\nevery = \"1h\"\ndescription = \"d\"\nflux = \"x = 1\"\n\
         [token.k]\ndescription = \"k\"\nread = [\"bucket.b\"]\ndeliver = \"discard\"\n",
    );
    operator(&scene, "apply", dir.path()).run().with(0);
    let find = async |list: &str, field: &str| {
        let all = scene.http.get(&format!("{list}?orgID={}", scene.org)).await.expect(200);
        let rows = all.as_object().unwrap().values().find_map(|value| value.as_array()).unwrap().clone();
        let ours =
            |row: &&serde_json::Value| row[field].as_str().is_some_and(|name| ["l", "b", "t", "k"].contains(&name));
        let row = rows.iter().find(ours).unwrap_or_else(|| panic!("{rows:?}"));
        format!("{list}/{}", row["id"].as_str().unwrap())
    };
    let label = find("labels", "name").await;
    scene.http.patch(&label, json!({"name": EVIL, "properties": {"color": EVIL, EVIL: EVIL}})).await.expect(200);
    scene.http.patch(&find("buckets", "name").await, json!({"name": EVIL, "description": EVIL})).await.expect(200);
    let script = format!("option task = {{name: \"t\", every: 1h}}\n\nx = \"{EVIL}\"\n");
    scene.http.patch(&find("tasks", "name").await, json!({"flux": script, "description": EVIL})).await.expect(200);
    scene.http.patch(&find("authorizations", "description").await, json!({"description": EVIL})).await.expect(200);
    let all = read_all(&scene, dir.path());
    for resource in ["label.l", "bucket.b", "task.t", "token.k"] {
        assert!(all.contains(resource), "{all}");
    }
    assert!(all.contains("EVIL"), "the old values are shown:\n{all}");
    visible(&operator(&scene, "apply", dir.path()).run().with(0));
});

both!(names_that_errors_quote_are_shown_safely, async |scene| {
    // Neighbours of what is declared, one for each message that names some.
    for name in [format!("{EVIL}1"), format!("{EVIL}2")] {
        scene.bucket(&name).await;
    }
    let evil = evil();
    let dir = project(&scene, &format!("[bucket.b]\nexternal = true\nname = \"{evil}3\"\n"));
    for command in ["plan", "apply"] {
        visible(&operator(&scene, command, dir.path()).run().with(1));
    }
    let dir = project(&scene, "[task.t]\nname = \"n\"\nevery = \"1h\"\nflux = \"x = \\\"\\u202e\\\" +\"\n");
    visible(&operator(&scene, "apply", dir.path()).run().with(65));
    let dir = project(&scene, "[bucket.b]\n");
    let run = on("plan", dir.path()).var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
    visible(&run.arg("--org").arg(EVIL).run().with(64));
    visible(&on("plan", dir.path()).arg("--var").arg(format!("{EVIL}={EVIL}")).run().with(65));
});
