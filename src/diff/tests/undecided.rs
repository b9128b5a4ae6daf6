//! What refers to something that is not known.

use super::*;

#[test]
fn what_refers_to_an_object_of_another_project_is_not_compared() {
    let scope = |of: Ref| scopes([Scope::Object(of)]);
    let raw = Value::Refs([Ref::To(address("label.l"))].into());
    let mut scene = Scene::new()
        .declares("label.l", &[])
        .declares("bucket.raw", &[("labels", raw)])
        .declares("bucket.other", &[])
        .declares("token.t", &[("description", text("t")), ("write", scope(Ref::To(address("bucket.raw"))))])
        .has(Kind::Label, "l1", "l", &[])
        .has(Kind::Bucket, "b1", "raw", &[("labels", Value::Refs([Ref::Id(Kind::Label, "l1".into())].into()))])
        .has(Kind::Token, "t1", "t", &[("write", scope(Ref::Id(Kind::Bucket, "b1".into())))])
        .owns("bucket.raw", "b1", &[])
        .owns("token.t", "t1", &[("write", scope(Ref::To(address("bucket.raw"))))]);
    scene.foreign.insert((Kind::Label, "l1".into()), "other".into());
    let comparison = scene.compare(Goal::Declared);
    insta::assert_snapshot!(shown(&comparison), @r#"
    bucket.other: Create, New; name ? -> other (New)
    Refused: label.l would take over "l" (ID l1), which the project `other` owns
    "#);
    insta::assert_snapshot!(comparison.problems[0].diagnostic.help.as_deref().unwrap(), @"if this is the project `other` with another name, see `Rename a project` in docs/moving-in.md; if another label is meant, give this one another `name`; to use that one, declare it with `external = true`; to move it here, see `Split a project` in docs/moving-in.md; until then bucket.raw and token.t are not compared, because they refer to it");
}

/// A mapping of a database, declared and, with these IDs, there.
fn mappings(ids: &[&str]) -> Scene {
    let fields = [("database", text("db")), ("retention_policy", text("rp"))];
    let scene = Scene::new().declares("dbrp.m", &fields);
    ids.iter().fold(scene, |scene, id| scene.has(Kind::Dbrp, id, "db/rp", &fields))
}

#[test]
fn of_two_of_one_name_that_the_server_has_nothing_is_chosen() {
    insta::assert_snapshot!(mappings(&["o/1"]).says(), @"dbrp.m: None, InSync, adopts");
    let comparison = mappings(&["o/1", "o/2"]).compare(Goal::Declared);
    insta::assert_snapshot!(shown(&comparison), @"Error: dbrp.m matches 2 objects: o/1, o/2");
    insta::assert_snapshot!(
        comparison.problems[0].diagnostic.help.as_deref().unwrap(),
        @"delete all but one of them: InfluxDB keeps one dbrp of each name only, and takes no change of several"
    );
}

#[test]
fn what_may_be_hidden_is_not_created_where_the_server_may_take_a_second_one() {
    let mut scene = mappings(&[]);
    insta::assert_snapshot!(scene.says(), @"dbrp.m: Create, New; database ? -> db (New); retention_policy ? -> rp (New)");
    scene.view(Kind::Dbrp).sight = Sight::Partial;
    let comparison = scene.compare(Goal::Declared);
    insta::assert_snapshot!(shown(&comparison), @"NotAuthorized: cannot tell whether dbrp.m exists: this token may not see all dbrp");
    let mut gone = scene.owns("dbrp.m", "o/1", &[]);
    gone.view(Kind::Dbrp).missing.insert("o/1".into(), Presence::Absent);
    insta::assert_snapshot!(gone.says(), @"NotAuthorized: cannot tell whether dbrp.m exists: this token may not see all dbrp");
}
