//! What other projects own.

use super::*;

#[test]
fn an_unowned_object_with_the_key_is_adopted_unless_another_project_has_it() {
    let mut scene = Scene::new().declares("label.prod", &[("name", text("Prod"))]).has(Kind::Label, "l1", "PROD", &[]);
    insta::assert_snapshot!(scene.says(), @"label.prod: Update, Differs, adopts; name PROD -> Prod (New)");
    scene.foreign.insert((Kind::Label, "l1".into()), "other".into());
    insta::assert_snapshot!(scene.says(), @r#"Refused: label.prod would take over "PROD" (ID l1), which the project `other` owns"#);
}

#[test]
fn what_another_project_owns_too_is_refused_unless_this_one_lets_it_go() {
    let owned = || {
        let mut scene = Scene::new().has(Kind::Label, "l1", "prod", &[]).owns("label.prod", "l1", &[]);
        scene.foreign.insert((Kind::Label, "l1".into()), "other".into());
        scene
    };
    let refused =
        "Refused: label.prod is \"prod\" (ID l1), which the project `other` owns as well: each may change or delete it";
    for scene in [owned().declares("label.prod", &[]), owned()] {
        assert!(scene.says().contains(refused), "{}", scene.says());
    }
    let mut moved = owned().declares("label.new", &[("name", text("prod"))]);
    assert!(moved.says().contains("label.new is \"prod\""), "{}", moved.says());
    moved.foreign.clear();
    assert!(!moved.says().contains("Refused"), "{}", moved.says());
}
