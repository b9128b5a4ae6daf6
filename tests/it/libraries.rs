//! Libraries: definitions that several scripts share.

use fluxform::diff::Goal;
use fluxform::exit::Exit;
use fluxform::manifest::{Inputs, load};
use fluxform::plan::Plan;
use fluxform::render::{self, Comment, Document, Look};
use serde_json::Value;

use crate::support::{Project, both};

const LIBRARY: &str = "\
import \"strings\"

// One row for each host.
hosts = (bucket) =>
    from(bucket: bucket)
        |> range(start: -1h)
        |> map(fn: (r) => ({r with host: strings.toLower(v: r.host)}))
        |> group(columns: [\"host\"])
        |> last()
";

/// A project whose tasks share a library.
fn write(project: &Project) {
    project.write("lib/hosts.flux", LIBRARY);
    for key in ["a", "b", "own"] {
        project.write(
            &format!("{key}.flux"),
            &format!("hosts(bucket: \"_monitoring\") |> set(key: \"by\", value: {key:?})\n"),
        );
    }
    let task = |key: &str| {
        format!("[task.{key}]\nevery = \"1h\"\nflux = {{ file = \"{key}.flux\", use = [\"lib/hosts.flux\"] }}\n")
    };
    let each = "[task.each]\nfor_each = [\"x\", \"y\"]\nevery = \"1h\"\nflux = { file = \"a.flux\", use = [\"lib/hosts.flux\"] }\n";
    let cell = |name: &str, column: u8| {
        let query = "flux = { file = \"a.flux\", use = [\"lib/hosts.flux\"] }";
        format!("[[dashboard.d.cell]]\nname = \"{name}\"\nat = [{column}, 0]\nsize = [4, 4]\nxy = {{}}\n{query}\n")
    };
    let dashboard = format!("[dashboard.d]\n{}{}", cell("one", 0), cell("two", 4));
    project.declare(&(["a", "b", "own"].map(task).concat() + each + &dashboard));
}

/// A text without what differs from run to run.
fn masked(text: &str) -> String {
    let is_id = |word: &str| word.len() == 16 && word.chars().all(|c| c.is_ascii_hexdigit());
    let lines = text.lines().filter(|line| !line.contains("Plan digest"));
    let masked = lines.map(|line| {
        let words = line.split_inclusive(|c: char| !c.is_alphanumeric());
        let mask = |word: &str| {
            let id = word.trim_end_matches(|c: char| !c.is_alphanumeric());
            if is_id(id) { word.replace(id, "ID") } else { word.to_owned() }
        };
        words.map(mask).collect::<String>() + "\n"
    });
    masked.collect()
}

fn json(plan: &Plan) -> Value {
    let document = Document { plan: Some(plan), ..Document::new(Exit::Ok) };
    serde_json::from_str(&render::document(&document)).unwrap()
}

both!(one_change_of_a_library_is_one_in_the_plan, async |scene| {
    let project = Project::new(&scene);
    write(&project);
    let plan = project.plan(Goal::Declared).await.unwrap().plan;
    insta::assert_snapshot!("library_new", masked(&render::plan(&plan, Look::PLAIN)));
    project.apply().await;
    project.write("lib/hosts.flux", &LIBRARY.replace("-1h", "-2h").replace("\n\n", "\nimport \"date\"\n\n"));
    project.write("own.flux", "hosts(bucket: \"_monitoring\") |> limit(n: 1)\n");
    let plan = project.plan(Goal::Declared).await.unwrap().plan;
    insta::assert_snapshot!("library_changed", masked(&render::plan(&plan, Look::PLAIN)));
    let compact = Look { compact: true, ..Look::PLAIN };
    insta::assert_snapshot!("library_changed_compact", masked(&render::plan(&plan, compact)));
    let document = Document { plan: Some(&plan), ..Document::new(Exit::Ok) };
    insta::assert_snapshot!("library_changed_markdown", masked(&render::comment(Comment::Plan, &document).text));
    let json = json(&plan);
    let addresses = ["task.a", "task.b", "task.each[x]", "task.each[y]", "task.own", "dashboard.d"];
    assert_eq!(json["plan"]["libraries"], serde_json::json!([{"file": "lib/hosts.flux", "addresses": addresses}]));
    // Nothing is lost there.
    assert_eq!(json["plan"]["changes"].as_array().unwrap().len(), 6);
    project.apply().await;
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
});

both!(a_script_that_is_left_to_others_stays_whatever_its_library_says, async |scene| {
    let project = Project::new(&scene);
    project.write("lib/hosts.flux", LIBRARY);
    project.write("a.flux", "hosts(bucket: \"_monitoring\")\n");
    let task = "[task.a]\nevery = \"1h\"\nflux = { file = \"a.flux\", use = [\"lib/hosts.flux\"] }\n";
    project.declare(task);
    project.apply().await;
    project.declare(&(task.to_owned() + "lifecycle = { ignore = [\"flux\"] }\n"));
    project.apply().await;
    project.write("lib/hosts.flux", &LIBRARY.replace("-1h", "-2h"));
    let plan = project.plan(Goal::Declared).await.unwrap().plan;
    assert!(!plan.writes(), "{}", render::plan(&plan, Look::PLAIN));
});

#[test]
fn a_library_cannot_end_the_comment_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let manifest =
        "[project]\nname = \"p\"\n[task.a]\nevery = \"1h\"\nflux = { file = \"a.flux\", use = [\"l\\nx = 1.flux\"] }\n";
    for (name, text) in [("main.toml", manifest), ("a.flux", "a = 1\n"), ("l\nx = 1.flux", "l = 1\n")] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let problems = load(dir.path(), &Inputs::default()).unwrap_err();
    let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["invalid path in `use`"]);
}
