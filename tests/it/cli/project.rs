//! A project from its first plan to its end, on the server inside the program.

use serde_json::Value;

use super::fluxform::{Ended, Fluxform, on, project};

const MANIFEST: &str = r#"
[project]
name = "shop"
[server]
url = "embedded:data/dev.db"
org = "acme"
[bucket.raw]
retention = "${var.retention}"
[bucket.summary]
retention = "infinite"
[var]
retention = { default = "30d" }
"#;

fn summary(ended: &Ended, of: &str) -> Value {
    ended.json()[of]["summary"].clone()
}

#[test]
fn a_project_is_planned_applied_repeated_and_destroyed() {
    let dir = project(MANIFEST);
    let plan = on("plan", dir.path()).run().with(0);
    assert!(plan.out.contains("\nPlan: 2 to add, 0 to change, 0 to destroy.\n"), "{}", plan.out);
    assert!(!dir.path().join("data").exists(), "a plan writes no file");
    on("plan", dir.path()).arg("--detailed-exitcode").run().with(2);

    let applied = on("apply", dir.path()).arg("--auto-approve").run().with(0);
    assert!(applied.out.contains("\nApply complete! Resources: 2 added, 0 changed, 0 destroyed.\n"), "{}", applied.out);

    let again = on("apply", dir.path()).arg("--auto-approve").run().with(0);
    assert_eq!(again.out, "No changes. The server matches the manifests.\n");
    on("plan", dir.path()).arg("--detailed-exitcode").run().with(0);
    assert_eq!(on("drift", dir.path()).run().with(0).out, "No drift. The server is as it was last applied.\n");

    let more = on("plan", dir.path()).arg("--format=json").arg("--var=retention=60d").run().with(0);
    assert_eq!(summary(&more, "plan")["change"], 1);
    let change = &more.json()["plan"]["changes"][0];
    assert_eq!((&change["fields"][0]["before"], &change["fields"][0]["after"]), (&"30d".into(), &"60d".into()));

    let shown = on("show", dir.path()).arg("bucket.raw").run().with(0);
    assert!(shown.out.contains("origin  created") && shown.out.contains("retention = 30d"), "{}", shown.out);
    on("show", dir.path()).arg("bucket.rav").run().with(1);
    let status = on("status", dir.path()).arg("--format=json").var("GITHUB_SHA", "0").run().with(0).json();
    assert_eq!((&status["owned"]["bucket"], &status["lock"]), (&2.into(), &Value::Null));

    assert_eq!(status["last_apply"]["command"], "apply");
    let forget = Fluxform::new(&["forget", "bucket.summary"]).arg(dir.path());
    forget.arg("--auto-approve").var("USER", "ann\u{1b}").run().with(0);
    let status = on("status", dir.path()).run().with(0);
    assert!(status.out.contains("last forget   2") && status.out.contains("  by          ann?@"), "{}", status.out);
    on("apply", dir.path()).arg("--auto-approve").arg("--adopt").run().with(0);

    let gone = on("destroy", dir.path()).arg("--auto-approve").arg("--format=json").run().with(0);
    assert_eq!(summary(&gone, "report")["destroyed"], 1);
    let status = on("status", dir.path()).run().with(0);
    assert!(
        status.out.contains("never applied, or destroyed since") && status.out.contains("owns          nothing"),
        "{}",
        status.out
    );
}

#[test]
fn what_lints_find_is_said_only_where_scripts_are_sent() {
    let manifest = "[project]\nname = \"shop\"\n[server]\nurl = \"embedded:dev.db\"\norg = \"acme\"\n\
                    [bucket.raw]\nretention = \"1d\"\n[variable.v]\nquery = 'from(bucket: \"raw\") |> last()'\n";
    let dir = project(manifest);
    const LINT: &str = "flux::no-range";
    assert!(on("plan", dir.path()).run().with(0).err.contains(LINT));
    assert!(on("apply", dir.path()).arg("--auto-approve").run().with(0).err.contains(LINT));
    let forget = Fluxform::new(&["forget", "bucket.raw"]).arg(dir.path()).arg("--auto-approve").run().with(0);
    let destroy = on("destroy", dir.path()).arg("--auto-approve").run().with(0);
    assert!(!forget.err.contains(LINT) && !destroy.err.contains(LINT), "{}{}", forget.err, destroy.err);
}

/// Other commands than those that are about scripts say how much there is, and their documents have all of it.
#[test]
fn what_lints_find_is_counted_where_nobody_asks_for_it() {
    let query = |name: &str| format!("[variable.{name}]\nquery = 'from(bucket: \"raw\") |> last()'\n");
    let one =
        format!("[project]\nname = \"shop\"\n[server]\nurl = \"embedded:dev.db\"\norg = \"acme\"\n{}", query("v"));
    const LINT: &str = "flux::no-range";
    for (manifest, told) in [
        (one.clone(), "1 lint warning; `fluxform validate DIR` shows it"),
        (one + &query("w"), "2 lint warnings; `fluxform validate DIR` shows them"),
    ] {
        let dir = project(&manifest);
        let told = told.replace("DIR", &dir.path().display().to_string());
        for command in ["status", "drift", "graph", "required-permissions"] {
            let said = on(command, dir.path()).run();
            assert!(said.words().contains(&told) && !said.err.contains(LINT), "{command}: {}", said.all());
        }
        let validate = on("validate", dir.path()).run().with(0);
        assert!(validate.err.contains(LINT) && !validate.err.contains("lint warning"), "{}", validate.err);
        assert!(on("drift", dir.path()).arg("--format=json").run().out.contains(LINT));
    }
}

#[test]
fn an_empty_project_is_a_slip_unless_it_is_meant() {
    let empty = "[project]\nname = \"shop\"\n[server]\nurl = \"embedded:dev.db\"\norg = \"acme\"\n";
    let dir = project(empty);
    assert!(on("plan", dir.path()).run().with(65).err.contains("declares no resource"));
    let manifest = dir.path().join("fluxform.toml");
    std::fs::write(&manifest, format!("{empty}[bucket.raw]\nretention = \"1d\"\n")).unwrap();
    on("apply", dir.path()).arg("--auto-approve").run().with(0);
    std::fs::write(&manifest, empty).unwrap();
    let refused = on("apply", dir.path()).arg("--auto-approve").run().with(8);
    assert!(refused.err.contains("fluxform destroy"), "{}", refused.err);
    assert!(refused.words().contains("everything that it owns would be deleted"), "{}", refused.err);
    // What was adopted only leaves the ledger.
    Fluxform::new(&["forget", "bucket.raw"]).arg(dir.path()).arg("--auto-approve").run().with(0);
    std::fs::write(&manifest, format!("{empty}[bucket.raw]\nretention = \"1d\"\n")).unwrap();
    let adopted = on("apply", dir.path()).arg("--auto-approve").arg("--adopt").run().with(0);
    assert!(
        adopted.out.contains("    bucket.raw: adopted\n") && adopted.out.contains("0 destroyed, 1 adopted."),
        "{}",
        adopted.out
    );
    std::fs::write(&manifest, empty).unwrap();
    let refused = on("apply", dir.path()).arg("--auto-approve").run().with(8);
    assert!(refused.words().contains("would be forgotten, and its objects would stay"), "{}", refused.err);
    let meant = on("apply", dir.path()).arg("--auto-approve").arg("--allow-empty").run().with(0);
    assert!(meant.out.contains("x bucket.raw: forgotten") && meant.out.contains("1 forgotten"), "{}", meant.out);
}

#[test]
fn a_declared_home_org_is_made_first_and_is_the_projects_own() {
    let manifest = "[project]\nname = \"shop\"\n[server]\nurl = \"embedded:dev.db\"\norg = \"acme\"\n";
    let dir = project(&format!("{manifest}[bucket.raw]\nretention = \"1d\"\n"));
    on("apply", dir.path()).arg("--auto-approve").run().with(0);
    let other = manifest.replace("acme", "new").replace("shop", "other");
    let other = format!("{other}[org.home]\nname = \"new\"\n[bucket.raw]\nretention = \"1d\"\n");
    std::fs::write(dir.path().join("fluxform.toml"), other).unwrap();
    let plan = on("plan", dir.path()).run().with(0);
    assert!(plan.out.contains("Plan: 2 to add"), "{}", plan.out);
    on("apply", dir.path()).arg("--auto-approve").run().with(0);
    on("plan", dir.path()).arg("--detailed-exitcode").run().with(0);
    let shown = on("show", dir.path()).arg("org.home").run().with(0);
    assert!(shown.out.contains("origin  created"), "{}", shown.out);
}

#[test]
fn a_new_project_from_init_is_valid_and_is_not_written_twice() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("demo");
    on("init", &dir).run().with(0);
    on("validate", &dir).run().with(0);
    on("graph", &dir).run().with(0);
    let again = on("init", &dir).run().with(1);
    assert!(again.err.contains("already exist\n"), "{}", again.err);
    // What is said to be next can be pasted as it stands.
    let spaced = dir.with_file_name("my demo");
    std::fs::create_dir(&spaced).unwrap();
    std::fs::write(spaced.join(".gitignore"), "/secrets/\n").unwrap();
    let other = on("init", &dir.with_file_name("other")).var("INFLUX_HOST", "http://127.0.0.1:1").run().with(0).err;
    assert!(other.contains("\n  env -u INFLUX_HOST fluxform plan "), "{other}");
    let said = on("init", &spaced).run().with(0).err;
    let quoted = format!("'{}'", spaced.display());
    assert!(said.ends_with(&format!("Next:\n  fluxform plan {quoted}\n  fluxform apply {quoted}\n")), "{said}");
    assert!(said.contains(".gitignore exists") && said.contains("\n  /.fluxform/\n  *.token\n  .env\n"), "{said}");
    assert!(!said.contains(&format!("wrote {}", spaced.join(".gitignore").display())), "{said}");
    assert_eq!(std::fs::read_to_string(spaced.join(".gitignore")).unwrap(), "/secrets/\n");
}

#[test]
fn what_another_org_has_is_refused_once_the_home_org_is_known() {
    let dir = project(
        "[project]\nname = \"shop\"\n[server]\nurl = \"embedded:\"\n[org.eu]\n\
         [token.t]\nread = [\"org.eu/buckets\"]\ndeliver = \"discard\"\n",
    );
    on("validate", dir.path()).run().with(0);
    for command in ["validate", "plan"] {
        for run in [on(command, dir.path()).arg("--org=acme"), on(command, dir.path()).var("INFLUX_ORG", "acme")] {
            let refused = run.run().with(65);
            assert!(refused.words().contains("token.t is in another org"), "{}", refused.err);
            assert!(refused.words().contains("(the home org is `acme`)"), "{}", refused.err);
        }
    }
    on("validate", dir.path()).arg("--org=eu").run().with(0);
    on("plan", dir.path()).arg("--org=eu").arg("--adopt").run().with(0);
}

#[test]
fn a_graph_shows_which_way_data_goes() {
    let dir = project(
        "[project]\nname = \"shop\"\n[bucket.raw]\n[bucket.hourly]\n[label.red]\n[task.hourly]\nevery = \"1h\"\nlabels = [\"label.red\"]\n\
         flux = 'from(bucket: \"raw\") |> range(start: -1h) |> to(bucket: params.to)'\n\
         params = { to = { bucket = \"bucket.hourly\" } }\n",
    );
    insta::assert_snapshot!("graph", on("graph", dir.path()).run().with(0).out);
    insta::assert_snapshot!("graph_mermaid", on("graph", dir.path()).arg("--format=mermaid").run().with(0).out);
}

#[test]
fn there_is_no_drift_where_nothing_was_applied() {
    let dir = project(MANIFEST);
    let never = |ended: Ended| {
        assert!(ended.err.contains("ledger::absent") && ended.words().contains("never applied to the org acme"));
    };
    never(on("drift", dir.path()).run().with(1));
    on("apply", dir.path()).arg("--auto-approve").run().with(0);
    on("drift", dir.path()).run().with(0);
    on("destroy", dir.path()).arg("--auto-approve").run().with(0);
    never(on("drift", dir.path()).run().with(1));
}
