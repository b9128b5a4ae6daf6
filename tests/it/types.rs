//! New and changed scripts are compiled by the server before anything is done with them.

use fluxform::diff::Goal;
use fluxform::manifest::{Inputs, load};
use fluxform::plan::{Plan, without_told};

use crate::support::{Project, Scene, both};

/// A project whose server is asked to compile.
fn project(scene: &Scene) -> Project {
    let mut project = Project::new(scene);
    project.server.compiles = true;
    // What is known to be wrong is to get to the server all the same.
    project.write("policy.toml", "[policy.lint]\n\"flux::name\" = \"warn\"\n");
    project
}

/// What the plan refuses: code, message, the place's text and position.
fn refused(plan: &Plan) -> Vec<String> {
    let diagnostics = plan.refusals.iter().map(|problem| &problem.diagnostic);
    let line = diagnostics.map(|diagnostic| {
        let (place, _) = &diagnostic.places[0];
        let ((line, column), name) = (place.position(), &place.source.name);
        let text = &place.source.text[place.span.clone()];
        let name = name.rsplit('/').next().unwrap();
        format!("{name}:{line}:{column} {text:?}: {}: {}", diagnostic.code, diagnostic.message)
    });
    line.collect()
}

both!(mistakes_in_types_are_told_where_their_author_has_them, async |scene| {
    let project = project(&scene);
    project.write(
        "tasks/a.flux",
        "import \"strings\"\n\nlimit = 1\n\noption task = {\n    name: \"a\",\n    every: 1h,\n}\n\n\
         x = strings.toUpper(v: limit)\ny = {a: task.every}.b\n",
    );
    project.declare(
        r##"
[task.a]
flux = { file = "tasks/a.flux" }

[task.b]
every = "1h"
flux = "x = 1\ny = \"\u00e4\" + 1 // \"\n"

[task.c]
every = "1h"
params = { window = { duration = "1h" } }
flux = '''
y = params.window + 1
'''

[variable.v]
query = '''
from(bucket: v.bucket)
    |> range(start: v.timeRangeStart)
    |> limit(m: 1)
'''
"##,
    );
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(
        refused(&planned.plan),
        [
            "main.toml:23:8 \"limit(m: 1)\": flux::type: variable.v does not compile: missing required argument n",
            "main.toml:23:17 \"1\": flux::type: variable.v does not compile: found unexpected argument m (Expected one of `n` or `offset`)",
            "a.flux:10:24 \"limit\": flux::type: task.a does not compile: expected string but found int (argument v)",
            "a.flux:11:5 \"{a: task.every}\": flux::type: task.a does not compile: record is missing label b",
            "main.toml:10:33 \"1\": flux::type: task.b does not compile: expected string but found int",
            "main.toml:16:5 \"params.window + 1\": flux::type: task.c does not compile: duration is not Addable",
            "main.toml:16:21 \"1\": flux::type: task.c does not compile: expected duration but found int",
        ]
    );
    assert!(planned.plan.warnings.iter().all(|warning| warning.code.to_string() != "flux::unchecked"));
});

both!(a_mistake_in_a_library_is_told_once_at_its_place, async |scene| {
    let project = project(&scene);
    project.write("lib/one.flux", "import \"strings\"\n\nbound = 1\none = () => strings.toUpper(v: bound)\n");
    project.write("lib/two.flux", "// Two.\ntwo = () => one() + 1\n");
    project.write("tasks/a.flux", "import \"math\"\n\nx = two()\ny = math.round(x: \"a\")\n");
    project.write("tasks/b.flux", "x = two()\n");
    project.declare(
        r##"
[task.a]
every = "1h"
flux = { file = "tasks/a.flux", use = ["lib/one.flux", "lib/two.flux"] }

[task.b]
for_each = ["x", "y"]
every = "1h"
flux = { file = "tasks/b.flux", use = ["lib/one.flux", "lib/two.flux"] }

[variable.v]
query = { file = "tasks/b.flux", use = ["lib/one.flux", "lib/two.flux"] }
"##,
    );
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert_eq!(
        refused(&planned.plan),
        [
            "one.flux:4:32 \"bound\": flux::type: variable.v (and 3 more) does not compile: expected string but found int (argument v)",
            "two.flux:2:21 \"1\": flux::type: variable.v (and 3 more) does not compile: expected string but found int",
            "a.flux:4:19 \"\\\"a\\\"\": flux::type: task.a does not compile: expected float but found string (argument x)",
        ]
    );
});

both!(queries_of_cells_are_compiled_each_for_itself, async |scene| {
    let project = project(&scene);
    let cells = r##"
[dashboard.d]

[[dashboard.d.cell]]
at = [0, 0]
size = [4, 4]
xy = {}
flux = 'from(bucket: v.bucket) |> range(start: v.timeRangeStart)'

[[dashboard.d.cell]]
at = [4, 0]
size = [4, 4]
table = {}
queries = [{ flux = "buckets()" }, { flux = 'import "nosuch/package" x = 1' }]
"##;
    project.declare(cells);
    let planned = project.plan(Goal::Declared).await.unwrap();
    let expected = "main.toml:17:46 \"import \\\"nosuch/package\\\"\": flux::type: dashboard.d does not compile: invalid import path nosuch/package";
    assert_eq!(refused(&planned.plan), [expected]);
    // What is there already and stays is not compiled again.
    let mut project = project;
    project.server.compiles = false;
    project.apply().await;
    project.server.compiles = true;
    project.declare(&cells.replace("v.timeRangeStart", "v.timeRangeStart, stop: 1h"));
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(planned.plan.writes() && planned.plan.refusals.is_empty(), "{:?}", refused(&planned.plan));
});

both!(a_package_that_there_is_not_is_an_error, async |scene| {
    let project = project(&scene);
    project.declare("[task.a]\nevery = \"1h\"\nflux = '''\nimport \"date\"\nimport \"nosuch/package\"\nx = 1\n'''\n");
    let planned = project.plan(Goal::Declared).await.unwrap();
    let expected = "main.toml:8:1 \"import \\\"nosuch/package\\\"\": flux::type: task.a does not compile: invalid import path nosuch/package";
    assert_eq!(refused(&planned.plan), [expected]);
});

both!(what_is_on_the_server_already_and_stays_is_not_compiled, async |scene| {
    let mut project = project(&scene);
    project.server.compiles = false;
    project.declare("[task.a]\nevery = \"1h\"\nflux = '''\nimport \"nosuch/package\"\nx = 1\n'''\n");
    project.apply().await;
    project.server.compiles = true;
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(planned.plan.refusals.is_empty() && planned.plan.is_empty());
});

both!(sound_scripts_of_all_sorts_pass, async |scene| {
    let project = project(&scene);
    scene.bucket("raw").await;
    project.declare(
        r##"
[task.a]
every = "1h"
params = { source = "raw", window = { duration = "1h" } }
flux = '''
package main
import "strings"
from(bucket: params.source) |> range(start: -params.window) |> filter(fn: (r) => strings.hasPrefix(v: r._measurement, prefix: "a"))
'''

[variable.hosts]
query = '''
import "influxdata/influxdb/schema"
schema.tagValues(bucket: v.bucket, tag: "host", start: v.timeRangeStart)
'''
"##,
    );
    project.apply().await;
});

both!(what_could_keep_the_server_busy_is_not_sent_and_said, async |scene| {
    let project = project(&scene);
    project.declare(
        "[task.a]\nevery = \"1h\"\nflux = '''\ntwice = (f) => f(x: f(x: 1))\ny = twice(f: (x) => [x, x])\n'''\n",
    );
    let planned = project.plan(Goal::Declared).await.unwrap();
    let warnings: Vec<_> = planned.plan.warnings.iter().map(|warning| warning.message.as_str()).collect();
    let expected = "the server did not check the script of task.a for type errors: what its functions do with \
                    functions that come in as arguments may be any amount of work";
    assert_eq!(warnings, [expected]);
    assert!(planned.plan.refusals.is_empty());
});

both!(a_name_that_is_not_there_is_said_once, async |scene| {
    let project = project(&scene);
    project.declare(
        "[task.a]\nevery = \"1h\"\nflux = '''\nform(bucket: \"raw\") |> rnge(start: -1h)\nx = 1 + \"a\"\n'''\n\
         [task.b]\nevery = \"1h\"\nflux = '''\n// fluxform: allow flux::name\nform(bucket: \"raw\")\n'''\n",
    );
    let mut plan = project.plan(Goal::Declared).await.unwrap().plan;
    let warnings = load(project.path(), &Inputs::default()).unwrap().warnings;
    without_told(&mut plan.refusals, &warnings);
    let said: Vec<_> = plan.refusals.iter().map(|problem| problem.diagnostic.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "task.a does not compile: undefined identifier form",
            "task.a does not compile: expected int but found string",
            "task.b does not compile: undefined identifier form",
        ]
    );
    let line = |problem: &fluxform::problem::Problem| problem.diagnostic.places[0].0.position().0;
    assert_eq!(plan.refusals.iter().map(line).collect::<Vec<_>>()[..2], [7, 8]);
});

both!(what_the_server_puts_into_a_script_is_no_mistake, async |scene| {
    let project = project(&scene);
    scene.bucket("hosts").await;
    let script = |count: &str| {
        format!(
            r##"[check.own]
custom = true
flux = """
import "influxdata/influxdb/monitor"

option task = {{name: "own", every: 1m, offset: 0s}}

check = {{_check_name: "own", _type: "custom", tags: {{}}}} x = limit(n: {count})
from(bucket: "hosts")
    |> range(start: -1m)
    |> monitor.check(data: check, messageFn: (r) => "hot", crit: (r) => r.x > 1)
"""
"##
        )
    };
    project.declare(&script("\\\"1\\\""));
    let planned = project.plan(Goal::Declared).await.unwrap();
    let expected = r#"main.toml:11:70 "\\\"1\\\"": flux::type: check.own does not compile: expected int but found string (argument n)"#;
    assert_eq!(refused(&planned.plan).last().map(String::as_str), Some(expected));
    project.declare(&script("1").replace(" x = limit(n: 1)", ""));
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
});
