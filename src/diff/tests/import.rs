//! What an `[[import]]` finds.

use super::*;
use crate::manifest::Import;
use crate::problem::Problem;

const BUCKET: &str = "00000000000000b1";
const TOKEN: &str = "00000000000000c1";

impl Scene {
    fn imports(mut self, to: &str, id: &str) -> Self {
        self.manifest.imports.insert(address(to), Import { id: id.into(), place: Some(place()) });
        self
    }

    fn missing(mut self, kind: Kind, id: &str, presence: Presence) -> Self {
        self.view(kind).missing.insert(id.into(), presence);
        self
    }
}

#[test]
fn what_is_imported_is_adopted_whatever_its_name() {
    let scene = Scene::new()
        .declares("bucket.raw", &[])
        .has(Kind::Bucket, BUCKET, "My bucket (old)", &[])
        .imports("bucket.raw", BUCKET);
    insta::assert_snapshot!(scene.says(), @r#"bucket.raw: Update, Differs, adopts; name My bucket (old) -> raw (New)"#);
    assert!(scene.compare(Goal::Declared).changes[0].imported);
    assert_eq!(scene.compare(Goal::Destroyed).changes, []);
}

#[test]
fn a_token_without_deliver_is_adopted_as_it_is() {
    let scene = Scene::new()
        .declares("token.t", &[("description", text("new"))])
        .has(Kind::Token, TOKEN, "old", &[("description", text("old"))])
        .imports("token.t", TOKEN);
    insta::assert_snapshot!(scene.says(), @"token.t: Update, Differs, adopts; description old -> new (New)");
    let scene = scene.owns("token.t", TOKEN, &[("description", text("old"))]).entry("token.t", |entry| {
        (entry.origin, entry.secret) = (Origin::Adopted, None);
    });
    insta::assert_snapshot!(scene.says(), @"token.t: Update, Differs; description old -> new (Yours)");
}

#[test]
fn what_is_imported_is_nobody_elses() {
    let scene = Scene::new()
        .declares("bucket.old", &[])
        .declares("bucket.raw", &[])
        .has(Kind::Bucket, BUCKET, "raw", &[])
        .imports("bucket.old", BUCKET);
    insta::assert_snapshot!(scene.says(), @r"
    bucket.old: Update, Differs, adopts; name raw -> old (New)
    bucket.raw: Create, New; name ? -> raw (New)
    ");
    let scene = Scene::new()
        .declares("bucket.new", &[("name", text("raw"))])
        .has(Kind::Bucket, BUCKET, "other", &[])
        .has(Kind::Bucket, "00000000000000b2", "raw", &[])
        .owns("bucket.raw", "00000000000000b2", &[("name", text("raw"))])
        .imports("bucket.new", BUCKET);
    insta::assert_snapshot!(scene.says(), @r"
    bucket.new: Update, Differs, adopts; name other -> raw (New)
    bucket.raw: Delete, NotDeclared
    ");
}

/// Imports that cannot be.
fn wrong() -> [Scene; 8] {
    let raw = || Scene::new().declares("bucket.raw", &[]).imports("bucket.raw", BUCKET);
    let there = || raw().has(Kind::Bucket, BUCKET, "raw", &[]);
    let absent = raw().missing(Kind::Bucket, BUCKET, Presence::Absent);
    let mut another_kind = absent.clone();
    another_kind.snapshot.of_another_kind.insert(BUCKET.into(), Kind::Label);
    let mut elsewhere = there();
    elsewhere.view(Kind::Bucket).objects.get_mut(BUCKET).expect("there").org = Some("00000000000000bb".into());
    let mut system = there();
    system.view(Kind::Bucket).objects.get_mut(BUCKET).expect("there").standing = Standing::System;
    let mut foreign = there();
    foreign.foreign.insert((Kind::Bucket, BUCKET.into()), "theirs".into());
    [
        absent,
        another_kind,
        raw().missing(Kind::Bucket, BUCKET, Presence::Unreadable("read:buckets is unauthorized".into())),
        elsewhere,
        system,
        foreign,
        there().owns("bucket.raw", "00000000000000b2", &[]),
        there().declares("bucket.other", &[]).owns("bucket.other", BUCKET, &[]),
    ]
}

/// What is refused in a scene, and how many places are named.
fn refused(scene: &Scene) -> (usize, String) {
    let problems = scene.compare(Goal::Declared).problems;
    let [Problem { exit, diagnostic }] = &problems[..] else { panic!("{problems:?}") };
    let (message, help) = (&diagnostic.message, diagnostic.help.clone().unwrap_or_default());
    (diagnostic.places.len(), format!("{exit:?} {}: {message}\n  {help}\n", diagnostic.code))
}

#[test]
fn what_the_command_line_cannot_import_speaks_of_no_table() {
    let said = |mut scene: Scene| {
        scene.manifest.imports.values_mut().for_each(|import| import.place = None);
        let (_, said) = refused(&scene);
        assert!(!said.contains("[[import]]"), "{said}");
        said
    };
    let said: String = wrong().map(said).concat();
    assert!(said.contains("give the ID of an existing object: `fluxform plan --unmanaged` lists those"), "{said}");
}

#[test]
fn what_cannot_be_imported_is_refused() {
    let problem = |scene: Scene| {
        let (places, said) = refused(&scene);
        assert_eq!(places, 1, "{said}");
        said
    };
    insta::assert_snapshot!(wrong().map(problem).into_iter().collect::<String>(), @"
    Error import::absent: the server has no bucket 00000000000000b1, which bucket.raw imports
      write the ID of an existing object; without the [[import]], a new one is created
    Error import::another-kind: 00000000000000b1 is the ID of another kind of object, label: bucket.raw cannot import it
      declare it as `[label.raw]`, or write the ID of an object of kind bucket
    NotAuthorized import::unreadable: cannot read the bucket 00000000000000b1, which bucket.raw imports: read:buckets is unauthorized
      use a token that may read it
    Error import::another-org: the bucket 00000000000000b1 is in the org 00000000000000bb, and bucket.raw is declared in the org 00000000000000aa
      set `org` to the object's org: objects cannot move between orgs
    Manifest import::system: the bucket \"raw\" (00000000000000b1) is one of InfluxDB's own, and is never managed
      remove the [[import]]; to refer to it, add `external = true`: it is looked up, never changed
    Refused plan::foreign-owner: bucket.raw would take over \"raw\" (ID 00000000000000b1), which the project `theirs` owns
      if this is the project `theirs` with another name, see `Rename a project` in docs/moving-in.md; if another bucket is meant, give this one another `name`; to use that one, declare it with `external = true`; to move it here, see `Split a project` in docs/moving-in.md
    Error import::another-object: bucket.raw cannot be the object 00000000000000b1: this project owns 00000000000000b2 there
      remove the [[import]]; if it is intended, forget the other object first: `fluxform forget bucket.raw`
    Error import::owned: the bucket 00000000000000b1 is already bucket.other, and cannot be bucket.raw too
      write a `[[moved]]` from bucket.other to bucket.raw instead, or remove the [[import]]
    ");
}
