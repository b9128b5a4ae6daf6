//! One project in several checkouts: what differs between them is no part of it.

use serde_json::json;

use crate::moving::{Home, files};
use crate::support::{Project, both};

const TABLES: &str = r#"
[bucket.raw]
description = """
First line,
second line.
"""

[bucket.written]
description = "a\r\nb"

[label.l]
properties = { text = '''one
two''' }

[task.inline]
every = "1h"
description = '''
of
two lines'''
flux = '''
x = "a
b"
'''

[task.file]
every = "1h"
flux = { file = "flux/x.flux" }
params = { text = """a
b""" }

[task.library]
every = "1h"
flux = { file = "flux/y.flux", use = ["lib/shared.flux"] }

[variable.v]
query = { file = "flux/y.flux", use = ["lib/shared.flux"] }

[telegraf.t]
config = { file = "telegraf.conf" }

[dashboard.d]
file = "hall.json"
"#;
const FLUX: &str = "// of two lines\ntext = \"c\nd\"\n\nresult = params.text + text\n";
/// The other files that the manifest names.
const FILES: [(&str, &str); 4] = [
    (
        "flux/y.flux",
        "// of two lines\nfrom(bucket: \"raw\")\n  |> range(start: -1h)\n  |> set(key: \"k\", value: shared)\n",
    ),
    ("lib/shared.flux", "// A library\n// of two lines.\nshared = \"a\nb\"\n"),
    ("telegraf.conf", "# of two lines\n[[inputs.exec]]\n  commands = [\"true\"]\n  note = \"\"\"\na\nb\"\"\"\n"),
    ("hall.json", include_str!("../cases/valid/dashboards/json/hall.json")),
];

both!(line_ends_and_marks_of_a_checkout_make_no_difference, async |scene| {
    let project = Project::new(&scene);
    let write = |change: &dyn Fn(&str) -> String| {
        project.write("main.toml", &change(&format!("[project]\nname = \"p\"\n{TABLES}")));
        project.write("flux/x.flux", &change(FLUX));
        for (name, text) in FILES {
            project.write(name, &change(text));
        }
    };
    write(&str::to_owned);
    project.apply().await;
    let tasks = async || {
        let tasks = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
        let mut flux: Vec<_> = tasks["tasks"].as_array().unwrap().iter().map(|task| task["flux"].to_string()).collect();
        flux.sort();
        flux
    };
    let before = tasks().await;
    let empty = async || {
        let planned = project.plan(fluxform::diff::Goal::Declared).await.unwrap();
        assert!(!planned.plan.writes(), "{}", crate::support::lines(&planned.plan));
    };
    empty().await;
    write(&|text| text.replace('\n', "\r\n"));
    empty().await;
    write(&|text| format!("\u{feff}{}", text.replace('\n', "\r\n")));
    empty().await;
    // Applied from there it is the same too.
    project.destroy().await;
    project.apply().await;
    assert_eq!(tasks().await, before);
    write(&str::to_owned);
    empty().await;
    // What is written as `\r` stays.
    let buckets = scene.http.get(&format!("buckets?orgID={}&limit=100", scene.org)).await.expect(200);
    let written = |name: &str| {
        let buckets = buckets["buckets"].as_array().unwrap();
        buckets.iter().find(|bucket| bucket["name"] == name).unwrap()["description"].clone()
    };
    assert_eq!((written("raw"), written("written")), (json!("First line,\nsecond line.\n"), json!("a\r\nb")));
});

both!(what_only_line_ends_tell_apart_is_exported_as_it_is, virgin, async |server| {
    let home = Home::on(server).await;
    let task = |name: &str, body: &str| json!({"flux": format!("option task = {{name: {name:?}, every: 1h}}\r\n\r\n{body}\r\n")});
    home.make("tasks", task("between", "x = 1\r\n\r\ny = \"${x}\"")).await;
    home.make("tasks", task("inside", "x = \"a\r\nb\"\r\ny = \"${x} \\\\ ''' \\\"\"")).await;
    home.make("buckets", json!({"name": "raw", "description": "a\r\nb"})).await;
    let before = home.everything().await;
    let dir = tempfile::tempdir().unwrap();
    home.export(dir.path(), &["--project=ends"]).with(0);
    let files = files(dir.path());
    assert_eq!(files["flux/between.flux"], "x = 1\n\ny = \"${x}\"\n");
    assert!(files["tasks.toml"].contains(r#"flux = "x = \"a\r\nb\""#), "{}", files["tasks.toml"]);
    home.fluxform(&["adopt", "--auto-approve"]).arg(dir.path()).run().with(0);
    home.fluxform(&["plan", "--detailed-exitcode"]).arg(dir.path()).run().with(0);
    assert_eq!(home.everything().await, before);
});
