//! The run's own token comes back, and goes nowhere.

use std::path::Path;

use serde_json::json;

use super::{directly, flat, has, past, project, words};
use crate::cli::fluxform::Fluxform;
use crate::support::{Forger, Said, Scene, both};

const TABLES: &str = "[bucket.raw]\n[label.prod]\n";
const MARK: &str = "[the token of this run]";

/// The token as it is, and as it is often written.
fn forms(token: &str) -> Vec<String> {
    let url: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("user:{token}"));
    let html = token.bytes().map(|byte| format!("&#{byte};")).collect();
    vec![token.to_owned(), url, basic, html]
}

/// Nothing that was written or said has the token.
#[track_caller]
fn is_clean(text: &str, token: &str) {
    // What base64 makes of what stands around does not count.
    let core = &forms(token)[2][8..40];
    for part in [&token[..20], core] {
        assert!(!text.contains(part) && !flat(text).replace(' ', "").contains(part), "{part:?} in:\n{text}");
    }
}

/// All files below a directory.
fn written(dir: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        text += &if path.is_dir() {
            written(&path)
        } else {
            String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into()
        };
    }
    text
}

/// What the server has in the labels of the org.
async fn labels(scene: &Scene) -> String {
    scene.http.get(&format!("labels?orgID={}", scene.org)).await.text
}

/// How a form of the token comes back.
const WAYS: [fn(&mut Said, &str); 4] = [
    |said, form| {
        said.become_text(400, &json!({"code": "invalid", "message": format!("Token {form}?")}).to_string());
    },
    |said, form| said.become_text(404, &format!("<html>Authorization: Token {form}</html>")),
    |said, form| {
        said.become_text(302, "");
        said.header("location", &format!("https://login.example/?token={form}"));
    },
    |said, form| said.become_text(200, &json!({"buckets": form}).to_string()),
];

both!(an_echo_in_an_error_or_a_redirect_is_not_shown, async |scene| {
    let token = scene.server.token().to_owned();
    let dir = project(&scene, TABLES);
    for way in WAYS {
        for form in forms(&token) {
            let forger = Forger::before(scene.server.url(), move |said| {
                if said.is("GET /api/v2/buckets") {
                    way(said, &form);
                }
            });
            for format in ["human", "json", "markdown"] {
                let ended = past(&forger, &scene, "plan", dir.path()).args(&["--format", format]).run();
                assert!([1, 5].contains(&ended.code), "{}", ended.all());
                is_clean(&ended.all(), &token);
                has(&ended.err, MARK);
            }
        }
    }
});

both!(an_object_that_is_called_like_the_token_is_shown_and_recorded_without_it, async |scene| {
    let token = scene.server.token().to_owned();
    let bucket = json!({"orgID": scene.org, "name": "raw", "description": format!("by {token}")});
    scene.http.post("buckets", bucket).await.expect(201);
    let label = json!({"orgID": scene.org, "name": "prod", "properties": {"by": token, "color": "#fff"}});
    scene.http.post("labels", label).await.expect(201);
    let tables = "[bucket.raw]\ndescription = \"ours\"\n[label.prod]\nproperties = { color = \"#000\" }\n";
    let dir = project(&scene, tables);
    for format in ["human", "json", "markdown"] {
        let shown = directly(&scene, "plan", dir.path()).args(&["--adopt", "--format", format]).run().with(0);
        assert!(shown.out.contains(MARK) || format == "markdown", "{}", shown.out);
        is_clean(&shown.all(), &token);
    }
    directly(&scene, "plan", dir.path()).args(&["--adopt", "--out"]).arg(dir.path().join("p.plan")).run().with(0);
    let exported = tempfile::tempdir().unwrap();
    let export =
        Fluxform::new(&["export", "--kind=bucket", "--kind=label", "--project=x", "--org", &scene.org, "--out"]);
    let export = export.arg(exported.path().join("x")).var("INFLUX_HOST", scene.server.url());
    is_clean(&export.var("INFLUX_TOKEN", &token).run().with(0).all(), &token);
    is_clean(&(written(dir.path()) + &written(exported.path())), &token);
    let adopt = words(scene.server.url(), &scene, &["adopt", "--auto-approve"], dir.path());
    is_clean(&adopt.run().with(0).all(), &token);
    let ledger = labels(&scene).await;
    assert_eq!(ledger.matches(&token[..20]).count(), 1, "only in the label that had it: {ledger}");
});
