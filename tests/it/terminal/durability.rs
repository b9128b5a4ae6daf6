//! `kill -9` of the embedded server: what it acknowledged is there.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fluxform::flux::evidence;
use rand::RngExt as _;
use serde_json::{Value, json};

use super::super::cli::fluxform::Fluxform;
use super::super::support::{DEADLINE, Http, Running, hourly, id, run_alone};

/// How often the server is killed.
const KILLS: usize = 4;
/// What each connection writes.
const KINDS: [&str; 5] = ["points", "buckets", "tasks", "authorizations", "labels"];

/// What the server has acknowledged.
#[derive(Default)]
struct Acknowledged {
    points: AtomicUsize,
    objects: Mutex<BTreeSet<(&'static str, String)>>,
    secrets: Mutex<Vec<String>>,
}

fn serve(data: &Path) -> (Running, String) {
    let server = Fluxform::new(&["server", "--listen", "127.0.0.1:0", "--data"]).arg(data).start();
    let url = server.first_line();
    (server, url)
}

#[test]
fn no_acknowledged_write_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("dev.db");
    run_alone(async {
        let (mut server, mut url) = serve(&data);
        let setup = json!({"username": "root", "password": "long-enough", "org": "o", "bucket": "raw"});
        let setup = Http::new(&url).post("setup", setup).await.expect(201);
        let (org, token) = (id(&setup["org"]), setup["auth"]["token"].as_str().unwrap().to_owned());
        let acknowledged = Arc::new(Acknowledged::default());
        for round in 0..KILLS {
            let http = Http::new(&url).with_token(&token);
            let stop = Arc::new(AtomicBool::new(false));
            let writers = KINDS.map(|kind| {
                let (http, org, acknowledged) = (http.clone(), org.clone(), acknowledged.clone());
                let stop = stop.clone();
                tokio::spawn(async move {
                    for number in 0.. {
                        let name = format!("{kind}-{round}-{number}");
                        if stop.load(Ordering::Relaxed)
                            || write(&http, &org, kind, &name, &acknowledged).await.is_none()
                        {
                            return;
                        }
                    }
                })
            });
            let enough = acknowledged.count() + rand::rng().random_range(10..80);
            let waited = tokio::time::timeout(DEADLINE, async {
                while acknowledged.count() < enough {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            });
            waited.await.unwrap();
            server.kill();
            stop.store(true, Ordering::Relaxed);
            for writer in writers {
                writer.await.unwrap();
            }
            (server, url) = serve(&data);
            acknowledged.are_there(&Http::new(&url).with_token(&token), &org).await;
        }
    });
}

/// One write; none if the server did not acknowledge it.
async fn write(http: &Http, org: &str, kind: &'static str, name: &str, acknowledged: &Acknowledged) -> Option<()> {
    let body = match kind {
        "points" => {
            let time = acknowledged.points.load(Ordering::SeqCst) + 1;
            let line = format!("m v=1 {time}");
            let reply = http.try_post(&format!("write?orgID={org}&bucket=raw"), line).await?;
            reply.expect(204);
            acknowledged.points.fetch_add(1, Ordering::SeqCst);
            return Some(());
        }
        "tasks" => json!({"orgID": org, "flux": hourly(name)}),
        "authorizations" => {
            let permissions = [json!({"action": "read", "resource": {"type": "buckets", "orgID": org}})];
            json!({"orgID": org, "description": name, "permissions": permissions})
        }
        _ => json!({"orgID": org, "name": name}),
    };
    let reply = http.try_post(kind, body.to_string()).await?.expect(201);
    let made = if kind == "labels" { &reply["label"] } else { &reply };
    acknowledged.objects.lock().unwrap().insert((kind, id(made)));
    acknowledged.secrets.lock().unwrap().extend(reply["token"].as_str().map(str::to_owned));
    Some(())
}

impl Acknowledged {
    fn count(&self) -> usize {
        self.points.load(Ordering::SeqCst) + self.objects.lock().unwrap().len()
    }

    async fn are_there(&self, http: &Http, org: &str) {
        let objects = self.objects.lock().unwrap().clone();
        for (kind, id) in &objects {
            let got: Value = http.get(&format!("{kind}/{id}")).await.expect(200);
            assert!(got.is_object(), "{kind} {id}: {got}");
        }
        let secrets = self.secrets.lock().unwrap().clone();
        for secret in secrets {
            http.with_token(&secret).get(&format!("buckets?orgID={org}")).await.expect(200);
        }
        let flux = http.clone().with_header("content-type", "application/vnd.flux");
        let reply = flux.post_text(&format!("query?orgID={org}"), &evidence::extent("raw", None).unwrap()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let points = usize::try_from(evidence::read_reply(&reply.text).unwrap().values.unwrap_or_default()).unwrap();
        // The last one may have been kept though its acknowledgment was not heard: it is written again.
        let heard = self.points.load(Ordering::SeqCst);
        assert!(points == heard || points == heard + 1, "{points} of {heard} points");
    }
}
