//! What no project owns, and how much of a server projects cover.

use serde_json::{Value, json};

use super::Home;
use crate::support::both;

/// The unmanaged objects of a plan, and its percentage.
fn unmanaged(home: &Home, dir: &std::path::Path) -> (Vec<String>, u64) {
    let plan = home.fluxform(&["plan", "--unmanaged", "--adopt", "--format=json"]).arg(dir).run().with(0).json();
    let coverage = &plan["coverage"];
    let one = |one: &Value| format!("{} {}", one["kind"].as_str().unwrap(), one["name"].as_str().unwrap());
    (coverage["unmanaged"].as_array().unwrap().iter().map(one).collect(), coverage["percent"].as_u64().unwrap())
}

both!(what_no_project_owns_is_listed, virgin, async |server| {
    let home = Home::on(server).await;
    let theirs = tempfile::tempdir().unwrap();
    std::fs::write(theirs.path().join("main.toml"), "[project]\nname = \"theirs\"\n[bucket.theirs]\n").unwrap();
    home.fluxform(&["apply", "--auto-approve"]).arg(theirs.path()).run().with(0);
    home.make("labels", json!({"name": "Prod"})).await;
    let dir = tempfile::tempdir().unwrap();
    let main = dir.path().join("main.toml");
    std::fs::write(&main, "[project]\nname = \"p\"\n[bucket.first-bucket]\n[bucket.new]\n").unwrap();
    // What a plan takes over counts; what it makes is not there yet.
    let rest = ["user root", "label Prod", "token root's Token"];
    assert_eq!(unmanaged(&home, dir.path()), (rest.map(str::to_owned).into(), 40));
    let said = home.fluxform(&["plan", "--unmanaged", "--adopt"]).arg(dir.path()).run().with(0).out;
    assert!(
        said.contains("Coverage: 40 %. 2 of 5 objects managed, 1 of them by other projects; 1 external."),
        "{said}"
    );
    assert!(!home.fluxform(&["plan", "--adopt"]).arg(dir.path()).run().with(0).out.contains("Coverage"));
    // An export knows all of it.
    let out = tempfile::tempdir().unwrap();
    home.export(out.path(), &["--project=whole"]).with(0);
    assert_eq!(unmanaged(&home, out.path()), (vec![], 100));
});

both!(what_is_not_seen_is_said, virgin, async |server| {
    let home = Home::on(server).await;
    let may = json!([home.may("read", "buckets"), home.may("read", "labels"), home.may("read", "authorizations"),
        {"action": "read", "resource": {"type": "users", "id": home.user}}]);
    let narrow = home.token("narrow", may).await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("main.toml"), "[project]\nname = \"p\"\n[bucket.new]\n").unwrap();
    let run = home.fluxform_with(&narrow.token, &["plan", "--unmanaged", "--org", &home.org]).arg(dir.path());
    let said = run.var("FLUXFORM_TOKEN_ID", &narrow.id).run().with(0).out;
    assert!(said.contains("bucket \"first-bucket\""), "{said}");
    for part in
        ["users: the token is not proven to see all", "tasks: the token sees none, and is not proven to see all"]
    {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("buckets: the token"), "{said}");
});
