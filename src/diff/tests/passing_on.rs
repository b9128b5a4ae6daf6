//! Whose an object is that is made anew, and what an earlier run has left of it.

use super::*;

const TOKEN: &str = "00000000000000c1";

/// A token of another user that is to be made anew.
fn theirs() -> Scene {
    let mut scene = Scene::new()
        .declares("token.t", &[("description", text("t")), ("secret_version", Value::Integer(2))])
        .has(Kind::Token, TOKEN, "t", &[("description", text("t"))])
        .owns("token.t", TOKEN, &[("description", text("t")), ("secret_version", Value::Integer(1))]);
    scene.view(Kind::Token).objects.get_mut(TOKEN).expect("there").user = Some("ann".into());
    scene
}

#[test]
fn what_is_made_anew_gets_the_user_of_the_run_if_nothing_is_said() {
    insta::assert_snapshot!(theirs().says(), @r#"token.t: Replace, CannotChange({"secret_version"}); user user-id:ann -> user-id:me (Run); secret_version ? -> 2 (Yours)"#);
    let mut reads = theirs();
    reads.snapshot.own_token.only_reads = true;
    assert!(!reads.says().contains("user"), "somebody else applies: {}", reads.says());
    let mut own = theirs();
    own.snapshot.me = "ann".into();
    assert!(!own.says().contains("user"), "{}", own.says());
    let said =
        theirs().with("token.t", |token| token.fields.set("user", Value::Ref(Ref::Id(Kind::User, "ann".into()))));
    assert!(!said.says().contains("Run"), "{}", said.says());
}

#[test]
fn what_an_earlier_run_has_replaced_goes_with_the_change() {
    let left = || theirs().entry("token.t", |entry| entry.predecessors = ["00000000000000c0".to_owned()].into());
    let predecessors = |scene: &Scene, goal: Goal| scene.compare(goal).changes[0].predecessors.len();
    assert_eq!((predecessors(&left(), Goal::Declared), predecessors(&left(), Goal::Destroyed)), (1, 1));
}
