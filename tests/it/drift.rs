//! Each field of the field tables that is compared with the server, changed by hand in turn: the plan names exactly it. What is to
//! be known of each kind for that, `tests/kinds` says; `FLUXFORM_KIND=PART` tries only kinds with this in their names.

use fluxform::api::Writer;
use fluxform::diff::{Cause, Goal};
use fluxform::field::Compared;
use fluxform::kind::{Kind, Presence, ReadScope};
use serde_json::json;

use crate::support::{Backend, Card, Project, Scene, Words, both, card, lines, run_each, unique};

/// The projects' objects by their keys.
async fn ids(project: &Project) -> Words {
    let planned = project.plan(Goal::Declared).await.unwrap();
    assert!(!planned.plan.writes(), "{}", lines(&planned.plan));
    let entries = planned.ledger.entries.into_iter();
    let ids = entries.map(|(address, entry)| (address.key.to_string(), entry.id));
    // Of an ID that begins with the org, the server's part by itself too.
    let own = |(key, id): &(String, String)| Some((format!("{key}.own"), id.split_once('/')?.1.to_owned()));
    let ids: Words = ids.collect();
    let own: Words = ids.clone().into_iter().filter_map(|id| own(&id)).collect();
    ids.into_iter().chain(own).collect()
}

/// What a list shows of an object, and what a request for it alone does, are the same.
async fn is_shown_alike(scene: &Scene, project: &Project, kind: Kind, id: &str) {
    let all = ReadScope { field: &|_| true, object: &|_, _| true };
    let listed = kind.list(&project.client, &[&scene.org], all).await.unwrap();
    let listed = listed.into_iter().find(|object| object.id == id).unwrap();
    match kind.find(&project.client, id).await.unwrap() {
        Presence::Found(found) => {
            assert_eq!((&found.name, &found.org, &found.created), (&listed.name, &listed.org, &listed.created));
            for (field, value) in found.fields.iter() {
                assert_eq!(Some(value), listed.fields.get(field), "{kind}.{field}");
            }
        }
        other => panic!("{kind}: {other:?}"),
    }
}

/// Changes each field of `kind` by hand, and lets the project repair it.
async fn each_field(scene: &Scene, kind: Kind) {
    let (project, card) = (Project::new(scene), Card::of(kind));
    let run = unique("run");
    let mut words = card::words(scene, &run);
    let before = card::rows(scene, &run).await;
    project.write("value", "of a secret");
    let fields = kind.spec().fields.iter().filter(|field| field.compared == Compared::Live);
    let fields: Vec<_> = fields.map(|field| field.name).collect();
    assert_eq!(card.fields().find(|field| !fields.contains(field)), None, "no such field is compared: {kind}");
    for field in fields {
        project.declare(&card.manifest(field, &words));
        project.apply().await;
        words.extend(ids(&project).await);
        is_shown_alike(scene, &project, kind, &words["x"]).await;
        let request = card.by_hand(field, &words);
        let reply = request.send(scene).await;
        let drifted = project.plan(Goal::Declared).await.unwrap();
        let said = lines(&drifted.plan);
        if request.is_fixed {
            assert!(!drifted.plan.writes(), "{kind}.{field}: {said}");
            continue;
        }
        assert!(reply.status < 300, "{}: {}", reply.request, reply.text);
        let changes: Vec<_> = drifted.plan.changes.iter().filter(|change| change.writes()).collect();
        let [change] = changes[..] else { panic!("{kind}.{field}: not one change\n{said}") };
        // A secret may have to be set along.
        let is_told = |name: &str| kind.field(name).is_some_and(|field| !field.write_only());
        let told: Vec<_> = change.fields.iter().filter(|field| is_told(field.field)).collect();
        let [differs] = told[..] else { panic!("{kind}.{field}: not one field\n{said}") };
        assert_eq!((differs.field, differs.cause), (field, Cause::Drift), "{said}");
        assert!(change.drifted() && drifted.plan.refusals.is_empty(), "{said}");
        let old = differs.wanted.fingerprint().strip_prefix('=').map(str::to_owned);
        assert_eq!(differs.last, old, "the value that was last applied\n{said}");
        assert_ne!(differs.live.as_ref(), Some(&differs.wanted), "{said}");
        project.apply().await;
        let repaired = project.plan(Goal::Declared).await.unwrap();
        assert!(!repaired.plan.writes(), "{kind}.{field}: {}", lines(&repaired.plan));
    }
    words.extend(ids(&project).await);
    project.destroy().await;
    assert_eq!(card::rows(scene, &run).await, before, "what is there once everything is destroyed");
    assert_eq!(kind.find(&project.client, &words["x"]).await.unwrap(), Presence::Absent);
    kind.delete(&Writer::new(project.client.clone()), &words["x"]).await.expect("what is gone already is deleted");
}

fn try_each(backend: Backend) {
    let part = std::env::var("FLUXFORM_KIND").unwrap_or_default();
    let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).filter(|kind| kind.contains(&part)).collect();
    run_each(backend, concat!(module_path!(), "::each_field_of_each_kind"), &kinds, async |scene, kind| {
        each_field(scene, Kind::from_name(kind).unwrap()).await;
    });
}

mod each_field_of_each_kind {
    use super::{Backend, try_each};

    #[test]
    fn embedded() {
        try_each(Backend::Embedded);
    }

    #[test]
    #[cfg_attr(not(real_influxd), ignore = "needs a real influxd: CONTRIBUTING.md says how to get one")]
    fn real() {
        try_each(Backend::Real);
    }
}

both!(what_was_absent_is_shown_as_everywhere, async |scene| {
    let place = crate::terminal::Place::new(&scene, "[task.t]\nevery = \"1h\"\nflux = 'x = 1'\n");
    place.apply().run().with(0);
    let tasks = scene.http.get(&format!("tasks?orgID={}", scene.org)).await.expect(200);
    let task = format!("tasks/{}", crate::support::id(&tasks["tasks"][0]));
    let flux = "option task = {name: \"t\", cron: \"0 * * * *\"}\nx = 1";
    scene.http.patch(&task, json!({"flux": flux})).await.expect(200);
    let drift = place.on("drift").run().with(2).out;
    let lines: Vec<_> = drift.lines().filter(|line| line.contains(": was ")).map(str::trim).collect();
    assert_eq!(lines, ["every: was \"1h\", is (none)", "cron: was (none), is \"0 * * * *\""], "{drift}");
});
