//! Mappings of databases to buckets, through their kind.

use fluxform::diff::Goal;

use super::*;
use crate::support::{Project, id, lines, refused};
use crate::terminal::Place;

fn mapping(scene: &Scene, bucket: &str, policy: &str) -> Fields {
    let fields = [
        ("database", text("db")),
        ("retention_policy", text(policy)),
        ("org", in_org(scene)),
        ("bucket", Value::Ref(Ref::Id(Kind::Bucket, bucket.to_owned()))),
        ("default", Value::Bool(true)),
    ];
    fields.into_iter().collect()
}

both!(a_mapping, async |scene| {
    let bucket = scene.bucket("b").await;
    create(&scene, Kind::Dbrp, &mapping(&scene, &bucket, "other")).await;
    let changes = vec![("retention_policy", text("year"))];
    live_through(&scene, Kind::Dbrp, mapping(&scene, &bucket, "long"), changes).await;
});

both!(what_follows_from_the_name_of_a_bucket_is_no_object, async |scene| {
    let bucket = scene.bucket("db/rp").await;
    let id = format!("{}/{bucket}", scene.org);
    assert_eq!(Kind::Dbrp.find(&client(&scene), &id).await.unwrap(), Presence::Absent);
    assert_eq!(Kind::Dbrp.list(&client(&scene), &[&scene.org], ALL).await.unwrap(), []);
    let made = create(&scene, Kind::Dbrp, &mapping(&scene, &bucket, "rp")).await;
    let listed = Kind::Dbrp.list(&client(&scene), &[&scene.org], ALL).await.unwrap();
    assert_eq!(listed.iter().map(|object| &object.id).collect::<Vec<_>>(), [&made.object.id]);
});

const TWO: &str = "[bucket.b]\n\n[dbrp.one]\ndatabase = \"db\"\nretention_policy = \"one\"\nbucket = \"bucket.b\"\n\n\
                   [dbrp.two]\ndatabase = \"db\"\nretention_policy = \"two\"\nbucket = \"bucket.b\"\n";

both!(who_gets_the_default_of_what_is_deleted_is_said, async |scene| {
    let place = Place::new(&scene, &TWO.replace("\"one\"\n", "\"one\"\ndefault = true\n"));
    place.apply().run().with(0);
    let plan = |manifest: &str| {
        place.declare(manifest);
        place.on("plan").run().with(0)
    };
    let (bucket, two) =
        TWO.split_once("[dbrp.one]").map(|(head, rest)| (head, rest.split_once("[dbrp.two]").unwrap().1)).unwrap();
    let left = format!("{bucket}[dbrp.two]{two}");
    let words = "when dbrp.one is deleted, InfluxDB gives its `default = true` to the dbrp \"db/two\"";
    let said = plan(&left);
    assert!(said.all().contains(words), "{}", said.all());
    for (manifest, why) in [
        (format!("{left}default = true\n"), "another one is declared to have it"),
        (TWO.replace("database = \"db\"\nretention_policy = \"two\"", "database = \"x\""), "it stays"),
        (bucket.to_owned(), "there is nobody left"),
        (left.replace("\"db\"", "\"x\""), "the other one goes too"),
    ] {
        let said = plan(&manifest);
        assert!(!said.all().contains("gives its"), "{why}: {}", said.all());
    }
});

both!(a_token_for_one_bucket_cannot_tell_whether_there_is_a_mapping, async |scene| {
    let project = Project::new(&scene);
    project.declare(TWO);
    project.apply().await;
    let buckets = scene.http.get(&format!("buckets?orgID={}&name=b", scene.org)).await.expect(200);
    let bucket = id(&buckets["buckets"][0]);
    let rights = ["read", "write"];
    let narrow = rights.map(|action| scene.may_one(action, "buckets", &bucket)).into_iter();
    let all: Vec<_> = narrow.chain(rights.map(|action| scene.may(action, "labels"))).collect();
    let token = scene.token(json!(all)).await;
    let project = project.through(scene.server.url(), &token.token);
    // What it owns is asked for by its ID.
    project.declare(&TWO.replace("\"one\"", "\"year\""));
    project.apply().await;
    project.declare(
        &format!("{TWO}\n[dbrp.new]\ndatabase = \"new\"\nbucket = \"bucket.b\"\n").replace("\"one\"", "\"year\""),
    );
    let problem = project.plan(Goal::Declared).await;
    let said = match &problem {
        Ok(planned) => lines(&planned.plan),
        Err(problem) => refused(problem),
    };
    assert!(said.contains("cannot tell whether dbrp.new exists"), "{said}");
});

both!(the_first_mapping_of_a_database_that_a_bucket_stands_for_is_told_to_take_its_default, async |scene| {
    scene.bucket("first").await;
    let place = Place::new(&scene, "");
    let plan = |tables: &str| {
        place.declare(&format!("[bucket.other]\n\n{tables}"));
        place.on("plan").run().with(0).all()
    };
    let archive = "[dbrp.x]\ndatabase = \"first\"\nretention_policy = \"archive\"\nbucket = \"bucket.other\"\n";
    let words = "dbrp.x becomes the dbrp of `first` that has `default = true`, in the place of the bucket";
    assert!(plan(archive).contains(words), "{}", plan(archive));
    let own = "[bucket.first]\nexternal = true\n\n[dbrp.own]\ndatabase = \"first\"\nbucket = \"bucket.first\"\ndefault = true\n\n";
    for (tables, why) in [
        (format!("{archive}default = true\n"), "it is declared"),
        (format!("{own}{archive}"), "another one is declared to have it"),
        (archive.replace("\"first\"", "\"second\""), "no bucket stands for it"),
    ] {
        assert!(!plan(&tables).contains("in the place of"), "{why}: {}", plan(&tables));
    }
});
