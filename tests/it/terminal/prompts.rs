//! What is asked at a terminal, and what comes of each answer.

use serde_json::json;

use super::super::support::{Relay, Terminal, both, column, id, unique};
use super::{Place, on, project};

const ASKS: &str = "Only `yes` will be accepted: ";
const MANIFEST: &str =
    "[project]\nname = \"p\"\n[server]\nurl = \"embedded:dev.db\"\norg = \"acme\"\n[bucket.raw]\nretention = \"1d\"\n";

fn answered(mut terminal: Terminal, answer: &str) -> (Option<i32>, String) {
    terminal.until_shows(ASKS);
    terminal.types(answer);
    terminal.wait()
}

#[test]
fn only_yes_applies() {
    let dir = project(MANIFEST);
    for answer in ["no", "y", "YES", ""] {
        let (code, shown) = answered(on("apply", dir.path()).at_terminal(), answer);
        assert_eq!(code, Some(9), "{answer:?}: {shown}");
        on("plan", dir.path()).arg("--detailed-exitcode").run().with(2);
    }
    let (code, shown) = answered(on("apply", dir.path()).at_terminal(), "yes");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("Apply complete!"), "{shown}");
    on("plan", dir.path()).arg("--detailed-exitcode").run().with(0);
    let (code, shown) = answered(on("destroy", dir.path()).at_terminal(), "no");
    assert_eq!(code, Some(9), "{shown}");
    let (code, shown) = answered(on("destroy", dir.path()).at_terminal(), "yes");
    assert_eq!(code, Some(0), "{shown}");
    on("plan", dir.path()).arg("--detailed-exitcode").run().with(2);
}

#[test]
fn the_report_does_not_repeat_what_the_progress_said() {
    let dir = project(MANIFEST);
    let (code, shown) = answered(on("apply", dir.path()).at_terminal(), "yes");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("created") && !shown.contains("Applied:"), "{shown}");
    // Where the progress is not to be seen, the report has it all.
    let (destroyed, said) = (on("destroy", dir.path()).arg("--auto-approve").run().with(0), "Applied:\n  - bucket.raw");
    assert!(destroyed.out.contains(said), "{}", destroyed.out);
}

#[test]
fn the_end_of_input_and_an_interrupt_are_no_consent() {
    let dir = project(MANIFEST);
    let mut terminal = on("apply", dir.path()).at_terminal();
    terminal.until_shows(ASKS);
    terminal.interrupts();
    let (code, shown) = terminal.wait();
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains("nothing was changed"), "{shown}");
    let (code, shown) = answered(on("apply", dir.path()).at_terminal(), "\u{4}");
    assert_eq!(code, Some(9), "{shown}");
    on("plan", dir.path()).arg("--detailed-exitcode").run().with(2);
}

#[test]
fn colours_are_for_terminals_unless_no_color_says_so() {
    let dir = project(MANIFEST);
    let (_, shown) = answered(on("apply", dir.path()).at_terminal(), "no");
    assert!(shown.contains("\u{1b}[32m"), "{shown:?}");
    let (_, shown) = answered(on("apply", dir.path()).var("NO_COLOR", "1").at_terminal(), "no");
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    let run = on("plan", dir.path()).var("TERM", "xterm-256color").run().with(0);
    assert!(!run.all().contains('\u{1b}'), "{:?}", run.all());
}

both!(without_a_terminal_and_without_consent_only_what_has_nothing_to_do_ends_well, async |scene| {
    let place = Place::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    let relay = Relay::to(scene.server.url());
    for command in ["destroy", "apply"] {
        let run = place.by(relay.url(), command).run().with(64);
        assert!(run.err.contains("--auto-approve") && run.out.is_empty(), "{}", run.all());
        let requests = relay.requests();
        assert_eq!(requests.is_empty(), command == "destroy");
        // What shows how much a token sees makes nothing.
        let reads = |request: &String| request.starts_with("GET ") || request == "POST /api/v2/authorizations";
        assert!(requests.iter().all(reads), "{requests:#?}");
    }
    place.apply().run().with(0);
    assert_eq!(place.on("apply").run().with(0).out, "No changes. The server matches the manifests.\n");
    place.on("destroy").run().with(64);
});

both!(data_is_given_up_by_typing_the_address, async |scene| {
    let place = Place::new(&scene, "[bucket.raw]\nretention = \"infinite\"\n[bucket.other]\nretention = \"1d\"\n");
    place.apply().run().with(0);
    scene.http.post_text(&format!("write?orgID={}&bucket=raw", scene.org), "m v=1").await.expect(204);
    place.declare("[bucket.other]\nretention = \"1d\"\n");
    place.apply().run().with(8);
    for answer in ["yes", "raw"] {
        let mut terminal = place.on("apply").at_terminal();
        terminal.until_shows("type its address: ");
        terminal.types(answer);
        let (code, shown) = terminal.wait();
        assert_eq!(code, Some(9), "{shown}");
        assert!(shown.contains("bucket.raw would lose data"), "{shown}");
        assert!(!shown.contains("refused"), "what is asked about is not refused: {shown}");
    }
    let mut terminal = place.on("apply").at_terminal();
    terminal.until_shows("type its address: ");
    terminal.types("bucket.raw");
    let (code, shown) = answered(terminal, "yes");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("1 destroyed"), "{shown}");
});

both!(what_appears_while_somebody_is_asked_is_shown_and_asked_about, async |scene| {
    let place = Place::new(&scene, "[bucket.raw]\nretention = \"infinite\"\n[bucket.other]\nretention = \"1d\"\n");
    place.apply().run().with(0);
    let points = async |times: std::ops::Range<u32>| {
        let lines: Vec<String> = times.map(|time| format!("m v=1 {time}")).collect();
        scene.http.post_text(&format!("write?orgID={}&bucket=raw", scene.org), &lines.join("\n")).await.expect(204);
    };
    points(1..2).await;
    place.declare("[bucket.other]\nretention = \"1d\"\n");
    let mut terminal = place.on("apply").at_terminal();
    terminal.until_shows("bucket.raw would lose data: 1 value ");
    terminal.until_shows("type its address: ");
    points(2..501).await;
    terminal.types("bucket.raw");
    terminal.until_shows("The server has changed since the plan was shown. This is the new plan:");
    terminal.until_shows("bucket.raw would lose data: 500 values ");
    terminal.until_shows("type its address: ");
    terminal.types("bucket.raw");
    // The last question waits as well.
    terminal.until_shows(ASKS);
    points(501..502).await;
    terminal.types("yes");
    terminal.until_shows("The server has changed since the plan was shown. This is the new plan:");
    terminal.until_shows("bucket.raw would lose data: 501 values ");
    terminal.until_shows("type its address: ");
    terminal.types("no");
    let (code, shown) = terminal.wait();
    assert_eq!(code, Some(9), "{shown}");
    let raw = place.list("buckets", "buckets").await;
    assert!(column(&raw, "name").contains(&"raw"), "it is there still");
    // What a flag agrees to beforehand is agreed to whatever there is.
    let mut terminal = place.on("apply").args(&["--allow-data-loss", "bucket.raw"]).at_terminal();
    terminal.until_shows(ASKS);
    points(502..503).await;
    terminal.types("yes");
    let (code, shown) = terminal.wait();
    assert_eq!(code, Some(0), "{shown}");
});

both!(what_goes_along_with_an_org_is_shown_before_it_goes, async |scene| {
    let name = unique("tpo");
    let place = Place::new(&scene, &format!("[org.tpo]\nname = \"{name}\"\n[bucket.other]\nretention = \"1d\"\n"));
    place.apply().run().with(0);
    let org = id(&scene.http.get(&format!("orgs?org={name}")).await.expect(200)["orgs"][0]);
    let bucket = async |name: &str| {
        scene.http.post("buckets", json!({"orgID": org, "name": name, "retentionRules": []})).await.expect(201);
    };
    bucket("by hand").await;
    place.declare("[bucket.other]\nretention = \"1d\"\n");
    let mut terminal = place.on("apply").at_terminal();
    terminal.until_shows("type its address: ");
    bucket("in between").await;
    terminal.types("org.tpo");
    terminal.until_shows("The server has changed since the plan was shown. This is the new plan:");
    terminal.until_shows("in between");
    terminal.until_shows("type its address: ");
    // What goes meanwhile is no more to lose.
    let buckets = scene.http.get(&format!("buckets?orgID={org}&name=in%20between")).await.expect(200);
    scene.http.delete(&format!("buckets/{}", id(&buckets["buckets"][0]))).await.expect(204);
    terminal.types("org.tpo");
    let (code, shown) = answered(terminal, "yes");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("1 destroyed"), "{shown}");
});

both!(what_exists_is_taken_over_by_saying_yes, async |scene| {
    let id = scene.bucket("raw").await;
    let place = Place::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    let refused = place.apply().run().with(8);
    assert!(refused.err.contains("--adopt"), "{}", refused.err);
    let with_beforehand = place.apply().at_terminal().wait();
    assert_eq!(with_beforehand.0, Some(8), "nobody was asked: {}", with_beforehand.1);
    let (code, shown) = answered(place.on("apply").at_terminal(), "no");
    assert_eq!(code, Some(9), "{shown}");
    assert!(shown.contains("would be taken over: "), "{shown:?}");
    let (code, shown) = answered(place.on("apply").at_terminal(), "yes");
    assert_eq!(code, Some(0), "{shown}");
    let kept = scene.http.get(&format!("buckets/{id}")).await.expect(200);
    assert_eq!(kept["retentionRules"][0]["everySeconds"], 86400);
    let shown = place.on("show").arg("bucket.raw").run().with(0).out;
    assert!(shown.contains("origin  adopted"), "{shown}");
});
