//! The two tokens may do their part, and without any of their permissions they may not.

use super::{Site, Who, word};
use crate::support::both;

both!(each_token_does_its_part, virgin, async |server| {
    let site = Site::on(server).await;
    let (plan, apply) = (site.plan.secret.as_str(), site.apply.secret.as_str());
    let before = site.everything().await;
    let planned = site.run(plan, &["plan", "--detailed-exitcode"]).run().with(2);
    assert!(planned.out.contains("Plan: 5 to add"), "{}", planned.out);
    site.run(plan, &["apply", "--auto-approve"]).run().with(4);
    assert_eq!(site.everything().await, before, "the plan's token writes nothing");

    let applied = site.run(apply, &["apply", "--auto-approve"]).run().with(0);
    assert!(applied.out.contains("Resources: 5 added"), "{}", applied.out);
    let tasks = site.home.http.get(&format!("tasks?orgID={}", site.home.org)).await.expect(200);
    assert_eq!(tasks["tasks"][0]["ownerID"], site.apply.user);
    let again = site.run(plan, &["plan", "--detailed-exitcode"]).run().with(0);
    assert!(again.out.starts_with("No changes."), "{}", again.out);
    site.run(plan, &["drift"]).run().with(0);

    // What the operator set up is as it is declared.
    let access = site.dir.path().join("access");
    site.home.fluxform(&["plan", "--detailed-exitcode"]).arg(access).run().with(0);
});

/// How a run ends without each permission in turn, a line each. What was written nevertheless is taken back.
async fn without_each(site: &Site, who: &Who, words: &[&str]) -> String {
    let mut lines = String::new();
    for gone in &who.permissions {
        let before = site.everything().await;
        let (id, token) = site.narrower(who, |permission| permission != gone).await;
        let ended = site.run(&token, words).run();
        site.home.http.delete(&format!("authorizations/{id}")).await.expect(204);
        let nothing = site.everything().await == before;
        if !nothing {
            site.run(&site.apply.secret, &["destroy", "--auto-approve"]).run().with(0);
        }
        let mut codes: Vec<String> =
            ended.all().split_whitespace().filter(|word| word.contains("::")).map(str::to_owned).collect();
        codes.sort_unstable();
        codes.dedup();
        let written = if nothing { "" } else { ", something was written" };
        lines += &format!("{}: {}{written} {}\n", word(gone), ended.code, codes.join(" "));
    }
    lines
}

both!(a_plan_needs_each_permission, virgin, async |server| {
    let site = Site::on(server).await;
    let words = ["plan", "--detailed-exitcode"];
    let first = without_each(&site, &site.plan, &words).await;
    site.run(&site.apply.secret, &["apply", "--auto-approve"]).run().with(0);
    let later = without_each(&site, &site.plan, &words).await;
    insta::assert_snapshot!("plan", format!("{first}\n{later}"));
});

both!(an_apply_needs_each_permission, virgin, async |server| {
    let site = Site::on(server).await;
    insta::assert_snapshot!("apply", without_each(&site, &site.apply, &["apply", "--auto-approve"]).await);
});
