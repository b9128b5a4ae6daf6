//! Where the run's token goes, and where not.

use std::os::unix::fs::PermissionsExt as _;

use super::super::support::{Relay, both};
use super::{Place, RESOURCES};

both!(it_is_in_no_command_line, async |scene| {
    let place = Place::new(&scene, RESOURCES);
    let relay = Relay::to(scene.server.url()).hold_after(1);
    let run = place.apply_by(relay.url()).start();
    relay.until_writes(2).await;
    let words = std::fs::read(format!("/proc/{}/cmdline", run.id())).unwrap();
    let words = String::from_utf8(words).unwrap();
    assert!(words.contains("--auto-approve") && !words.contains(scene.server.token()), "{words}");
    relay.release();
    let (status, out, err) = run.wait();
    assert_eq!(status.code(), Some(0), "{out}{err}");
    assert!(!out.contains(scene.server.token()) && !err.contains(scene.server.token()));
});

both!(a_sinks_command_gets_the_secret_on_standard_input_alone, async |scene| {
    let manifest = r#"
[bucket.b]
retention = "1d"
[token.k]
write = ["bucket.b"]
deliver = { command = ["./deliver.sh", "an argument"] }
"#;
    let place = Place::new(&scene, manifest);
    let script = place.path().join("deliver.sh");
    let text = "#!/bin/sh\ncd \"${0%/*}\"\ncat /proc/$$/cmdline >seen\nenv >>seen\ncat >secret\n";
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    place.apply().run().with(0);
    let read = |name: &str| std::fs::read_to_string(place.path().join(name)).unwrap();
    let secret = read("secret");
    let write = format!("write?orgID={}&bucket=b", scene.org);
    scene.http.with_token(secret.trim()).post_text(&write, "").await.expect(204);
    assert!(read("seen").contains("an argument") && !read("seen").contains(secret.trim()));
});

both!(requests_go_through_the_proxy_unless_no_proxy_says_otherwise, async |scene| {
    let place = Place::new(&scene, "[bucket.raw]\nretention = \"1d\"\n");
    let proxy = Relay::to(scene.server.url());
    let host = "http://influx.test:8086";
    let by_proxy = |command| place.by(host, command).arg("--insecure-http").var("HTTP_PROXY", proxy.url());
    by_proxy("apply").arg("--auto-approve").run().with(0);
    by_proxy("plan").arg("--detailed-exitcode").run().with(0);
    let requests = proxy.requests();
    let through = |request: &String| request.contains(host);
    assert!(requests.len() > 10 && requests.iter().all(through), "{requests:#?}");

    by_proxy("plan").var("NO_PROXY", "influx.test").run().with(5);
    place.on("plan").var("HTTP_PROXY", proxy.url()).run().with(0);
    assert_eq!(proxy.requests().len(), requests.len(), "neither came by the proxy");
});
