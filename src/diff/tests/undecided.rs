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
    insta::assert_snapshot!(comparison.problems[0].diagnostic.help.as_deref().unwrap(), @"to use it, declare it with `external = true`; to move it here, run `fluxform forget` for it in `other`, which keeps the object, and then remove it from that project's manifests; what refers to it has not been compared: bucket.raw and token.t");
}
