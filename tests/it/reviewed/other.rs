//! A plan of something else: another project, server or org.

use super::super::support::{Backend, Scene, both};
use super::{Review, has};

both!(a_plan_of_another_project_is_refused, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\n");
    review.plan().run().with(0);
    review.declare_as("shop", "[bucket.raw]\n");
    let refused = review.refused(6).await;
    has(&refused.err, "is a plan of the project `iot`");
    has(&refused.err, "this project is `shop`");
});

both!(a_plan_of_another_org_is_refused, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\n");
    review.plan().run().with(0);
    let elsewhere = scene.beside().await;
    let refused = review.apply().arg("--org").arg(&elsewhere.org_name).run().with(6);
    has(&refused.err, "is a plan for");
    has(&refused.err, &scene.org);
    has(&refused.err, &elsewhere.org);
    assert!(review.buckets().await.is_empty());
});

both!(a_plan_of_another_server_is_refused, async |scene| {
    let review = Review::new(&scene, "[bucket.raw]\n");
    review.plan().run().with(0);
    let other = Scene::on(Backend::Embedded).await;
    let refused = if scene.server.backend() == Backend::Real {
        let run = review.apply().var("INFLUX_HOST", other.server.url()).var("INFLUX_TOKEN", other.server.token());
        run.arg("--org").arg(&other.org_name).run().with(6)
    } else {
        review.apply().arg("--host=embedded:").run().with(6)
    };
    has(&refused.err, "is a plan for");
});

// The org is made by the apply: the plan knows its name only.
both!(a_plan_that_makes_its_home_org_is_applied, async |scene| {
    let name = crate::support::unique("made");
    let review = Review::new(&scene, &format!("[org.home]\nname = \"{name}\"\n[bucket.raw]\n"));
    let at = |run: crate::cli::fluxform::Fluxform| run.arg("--org").arg(&name);
    at(review.plan()).run().with(0);
    at(review.apply()).run().with(0);
    at(review.run("plan", &review.project())).arg("--detailed-exitcode").run().with(0);
    // It exists now, and all is done: that is not the plan any more.
    at(review.apply()).run().with(6);
    at(review.run("destroy", &review.project())).arg("--auto-approve").run().with(0);
});
