//! Names and IDs for other tools.

use serde_json::json;

use crate::cli::fluxform::Fluxform;
use crate::support::{Scene, both, id, keeps_schema};
use crate::terminal::Place;

const RESOURCES: &str = r#"
[org.home]
name = "${var.org}"
external = true

[bucket.raw]
name = "iot data"

[bucket.line]
for_each = ["press 1", "oven"]

[task.hourly]
every = "1h"
flux = 'from(bucket: "iot data") |> range(start: -1h)'

[token.ingest]
description = "Ingest"
write = ["bucket.raw"]
deliver = { file = "secrets/ingest.token" }
"#;

fn place(scene: &Scene) -> Place<'_> {
    Place::new(scene, &format!("{RESOURCES}\n[var]\norg = {{ default = \"{}\" }}\n", scene.org_name))
}

both!(what_the_project_has_is_there_by_address, async |scene| {
    let place = place(&scene);
    let before = place.on("output").run().with(0).json();
    assert_eq!(before["resources"]["org.home"]["id"], scene.org);
    let missing = ["bucket.line[oven]", "bucket.line[\"press 1\"]", "bucket.raw", "task.hourly", "token.ingest"];
    assert_eq!(before["missing"], json!(missing));
    place.on("output").arg("bucket.raw").run().with(1);

    place.apply().run().with(0);
    let after = place.on("output").run().with(0).json();
    let buckets = scene.http.get(&format!("buckets?orgID={}&name=iot%20data", scene.org)).await.expect(200);
    let bucket = id(&buckets["buckets"][0]);
    let raw = json!({
        "kind": "bucket", "key": "raw", "id": bucket, "name": "iot data", "org": scene.org, "external": false
    });
    assert_eq!(after["resources"]["bucket.raw"], raw);
    assert_eq!((&after["org"], &after["project"], &after["missing"]), (&json!(scene.org), &json!("p"), &json!([])));
    let press = &after["resources"]["bucket.line[\"press 1\"]"];
    assert_eq!((&press["key"], &press["instance"]), (&json!("line"), &json!("press 1")));
    assert_eq!(after["resources"]["token.ingest"]["name"], "Ingest");
    assert_eq!(after["resources"].as_object().unwrap().len(), 6);
    let secret = std::fs::read_to_string(place.path().join("secrets/ingest.token")).unwrap();
    assert!(!after.to_string().contains(secret.trim()));

    let field = |field: &str| place.on("output").arg("bucket.raw").arg("--field").arg(field).run().with(0).out;
    assert_eq!(
        (field("id"), field("name"), field("org")),
        (format!("{bucket}\n"), "iot data\n".into(), format!("{}\n", scene.org))
    );
    let one = place.on("output").arg("bucket.raw").run().with(0).json();
    assert_eq!(one["resources"], json!({"bucket.raw": raw}));

    // As it is on the server now.
    scene.http.patch(&format!("buckets/{bucket}"), json!({"name": "renamed"})).await.expect(200);
    assert_eq!(field("name"), "renamed\n");
    scene.http.delete(&format!("buckets/{bucket}")).await.expect(204);
    assert_eq!(place.on("output").run().with(0).json()["missing"], json!(["bucket.raw"]));
});

both!(a_pattern_means_several_and_the_order_does_not_matter, async |scene| {
    let place = place(&scene);
    place.apply().run().with(0);
    let keys =
        |document: &serde_json::Value| document["resources"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let lines = ["bucket.line[\"press 1\"]", "bucket.line[oven]"];
    let run = |words: &[&str]| {
        let run = Fluxform::new(words).var("INFLUX_HOST", scene.server.url()).var("COLUMNS", "1000");
        run.var("INFLUX_TOKEN", scene.server.token())
    };
    let dir = place.path().to_str().unwrap();
    for words in [["output", dir, "bucket.line[*]"], ["output", "bucket.line[*]", dir]] {
        assert_eq!(keys(&run(&words).run().with(0).json()), lines);
    }
    let several = run(&["output", dir, "bucket.*", "--field=id"]).run().with(64);
    let named =
        "--field prints one resource, but bucket.* means bucket.line[oven], bucket.line[\"press 1\"] and bucket.raw";
    assert!(several.out.is_empty() && several.words().contains(named), "{}", several.all());
    let one = run(&["output", "task.*", "--field=name", dir]).run().with(0).out;
    assert_eq!(one, "hourly\n");
    let whole = run(&["output", dir, "bucket.line"]).run().with(1).json();
    let help = "there is bucket.line[oven] and bucket.line[\"press 1\"]; write 'bucket.line[*]' for all instances";
    assert_eq!(whole["problems"][0]["diagnostic"]["help"], help);
    run(&["output", dir, "user.*"]).run().with(1);

    // The other commands that take an address and a project.
    let shown = run(&["show", "bucket.raw", dir]).run().with(0);
    assert_eq!(shown.out, run(&["show", dir, "bucket.raw"]).run().with(0).out);
    let mut here = run(&["show", "bucket.raw"]);
    here.command.current_dir(place.path());
    assert_eq!(here.run().with(0).out, shown.out);
    let id = run(&["output", dir, "bucket.raw", "--field=id"]).run().with(0).out;
    run(&["forget", dir, "bucket.raw", "--auto-approve"]).run().with(0);
    run(&["import", dir, "--auto-approve", id.trim(), "bucket.raw"]).run().with(0);
    assert_eq!(run(&["output", dir, "bucket.raw", "--field=id"]).run().with(0).out, id);
    let plan = place.path().join("saved.plan");
    place.declare("[bucket.raw]\nname = \"iot data\"\n[bucket.more]\n");
    run(&["plan", dir, "--allow-data-loss=*", "--out", plan.to_str().unwrap()]).run().with(0);
    run(&["apply", dir, plan.to_str().unwrap(), "--allow-data-loss=*"]).run().with(0);
    run(&["plan", dir, "--detailed-exitcode"]).run().with(0);
});

both!(what_is_asked_for_and_is_not_there_is_said, async |scene| {
    let place = place(&scene);
    let ended = place.on("output").arg("bucket.rav").run().with(1);
    assert_eq!(ended.json()["problems"][0]["diagnostic"]["help"], "did you mean bucket.raw?");
    let ended = place.on("output").arg("bucket.raw").arg("--field=id").run().with(1);
    assert!(ended.out.is_empty() && ended.err.contains("apply the project first"), "{}", ended.all());
    place.on("output").arg("--field=id").run().with(64);

    // Moved, and not applied yet: the object is the same.
    let bucket = |key: &str| format!("[bucket.{key}]\nname = \"data\"\n");
    place.declare(&bucket("old"));
    place.apply().run().with(0);
    let old = place.on("output").arg("bucket.old").arg("--field=id").run().with(0).out;
    place.declare(&format!("{}[[moved]]\nfrom = \"bucket.old\"\nto = \"bucket.new\"\n", bucket("new")));
    assert_eq!(place.on("output").arg("bucket.new").arg("--field=id").run().with(0).out, old);
});

both!(what_has_no_id_of_its_own_keeps_the_schemas, async |scene| {
    let place = Place::new(
        &scene,
        "[bucket.raw]\n[dbrp.d]\ndatabase = \"d\"\nbucket = \"bucket.raw\"\n[secret.k]\nvalue = { env = \"VALUE\" }\n",
    );
    place.apply().var("VALUE", "none of yours").run().with(0);
    keeps_schema("output", &place.on("output").run().with(0).json());
    keeps_schema("show", &place.on("show").arg("--format=json").run().with(0).json());
    let export = Fluxform::new(&["export", "--format=json", "--org", &scene.org_name]);
    let export = export.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
    keeps_schema("export", &export.args(&["--out", "export"]).run().with(0).json());
    for address in ["secret.k", "dbrp.d"] {
        let forget = place.on("forget").args(&[address, "--auto-approve", "--format=json"]);
        keeps_schema("record", &forget.run().with(0).json());
    }
    // As the server itself calls them, in the home org.
    let mapping = scene.http.get(&format!("dbrps?orgID={}", scene.org)).await.expect(200);
    let mapping = mapping["content"].as_array().unwrap().iter().find(|row| row["database"] == "d").map(id).unwrap();
    for (address, own) in [("dbrp.d", mapping.as_str()), ("secret.k", "k")] {
        let import =
            Fluxform::new(&["import", address, own]).arg(place.path()).args(&["--auto-approve", "--format=json"]);
        let import = import.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token());
        let recorded = import.var("VALUE", "none of yours").run().with(0).json();
        assert_eq!(recorded["recorded"][0]["id"], format!("{}/{own}", scene.org));
        place.on("forget").args(&[address, "--auto-approve"]).run().with(0);
    }
    let adopt = place.on("adopt").args(&["--auto-approve", "--format=json"]).var("VALUE", "none of yours");
    keeps_schema("record", &adopt.run().with(0).json());
});
