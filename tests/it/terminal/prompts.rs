//! What is asked at a terminal, and what comes of each answer.

use super::super::support::{Relay, Terminal, both};
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

both!(without_a_terminal_and_without_consent_nothing_is_even_asked_of_the_server, async |scene| {
    let place = Place::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    let relay = Relay::to(scene.server.url());
    for command in ["apply", "destroy"] {
        let run = place.by(relay.url(), command).run().with(64);
        assert!(run.err.contains("--auto-approve"), "{}", run.err);
    }
    assert_eq!(relay.requests(), [""; 0]);
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
