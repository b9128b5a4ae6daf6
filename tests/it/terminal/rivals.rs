//! Two projects that are at one object at the same moment: each has a lock of its own.

use std::sync::{Arc, Mutex};

use reqwest::Method;

use super::super::support::{Fate, Proxy, Scene, both, column};
use super::Place;
use crate::cli::fluxform::Fluxform;

/// The project `name`, which declares `resources`.
fn project<'a>(scene: &'a Scene, name: &str, resources: &str) -> Place<'a> {
    let place = Place::new(scene, resources);
    let file = place.path().join("fluxform.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("name = \"p\"", &format!("name = \"{name}\""));
    std::fs::write(place.path().join("key"), format!("of {name}")).unwrap();
    std::fs::write(file, text).unwrap();
    place
}

/// Applies `a`, whose first request that `is_it` waits until `b` was applied; the codes and words of both.
async fn meet(
    scene: &Scene,
    a: &Place<'_>,
    b: &Place<'_>,
    is_it: fn(&Method, &str, &[u8]) -> bool,
) -> [(i32, String); 2] {
    let second: Arc<Mutex<Option<Fluxform>>> = Arc::new(Mutex::new(Some(b.apply())));
    let ended = Arc::new(Mutex::new(None));
    let said = ended.clone();
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        if is_it(seen.method, seen.path, seen.body)
            && let Some(run) = second.lock().unwrap().take()
        {
            let (status, out, err) = std::thread::spawn(move || run.start().wait()).join().unwrap();
            *said.lock().unwrap() = Some((status.code().unwrap(), out + &err));
        }
        Fate::Pass
    })
    .await;
    let run = a.apply_by(proxy.url()).start();
    let (status, out, err) = tokio::task::spawn_blocking(move || run.wait()).await.unwrap();
    let second = ended.lock().unwrap().take().expect("the other one has run");
    [(status.code().unwrap(), words(&(out + &err))), (second.0, words(&second.1))]
}

fn words(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

both!(of_two_that_would_create_one_secret_one_does, async |scene| {
    let secret = "[secret.k]\nkey = \"shared\"\nvalue = { file = \"key\" }\n";
    let (a, b) = (project(&scene, "rival-a", secret), project(&scene, "rival-b", secret));
    let sets = |method: &Method, path: &str, _: &[u8]| *method == Method::PATCH && path.contains("/secrets");
    let [(of_a, _), (of_b, said)] = meet(&scene, &a, &b, sets).await;
    assert_eq!((of_a, of_b), (0, 8), "{said}");
    let wanted = "secret.k is \"shared\", which the project `rival-a` is about to create";
    assert!(said.contains(wanted) && said.contains("nothing was written"), "{said}");
    a.on("plan").arg("--detailed-exitcode").run().with(0);
    let refused = words(&b.on("plan").run().with(8).all());
    assert!(refused.contains("which the project `rival-a` owns"), "{refused}");
    // It has no note that would make it take the secret for its own.
    b.on("destroy").arg("--auto-approve").run().with(0);
    a.on("plan").arg("--detailed-exitcode").run().with(0);
});

both!(of_two_that_take_over_one_object_neither_deletes_it, async |scene| {
    let bucket = scene.bucket("shared").await;
    let tables = format!(
        "[bucket.raw]\nname = \"shared\"\nlifecycle = {{ owned = true }}\n[[import]]\nto = \"bucket.raw\"\nid = \"{bucket}\"\n"
    );
    let (a, b) = (project(&scene, "rival-a", &tables), project(&scene, "rival-b", &tables));
    // What it owns is written now.
    let records = |_: &Method, path: &str, body: &[u8]| {
        path.contains("/labels") && String::from_utf8_lossy(body).contains("entry bucket.raw")
    };
    let [(of_a, said), (of_b, _)] = meet(&scene, &a, &b, records).await;
    assert_eq!((of_a, of_b), (3, 0), "{said}");
    let both = |other: &str| {
        format!(
            "bucket.raw is \"shared\" (ID {bucket}), which the project `{other}` owns as well: each may change or delete it"
        )
    };
    assert!(said.contains(&both("rival-b")), "{said}");
    for (place, other) in [(&a, "rival-b"), (&b, "rival-a")] {
        for command in ["plan", "apply", "destroy"] {
            let run = place.on(command);
            let run = if command == "plan" { run } else { run.arg("--auto-approve") };
            let said = words(&run.run().with(8).all());
            assert!(said.contains(&both(other)), "{command}: {said}");
        }
    }
    scene.http.get(&format!("buckets/{bucket}")).await.expect(200);
    // One of them lets it go.
    let forget = Fluxform::new(&["forget", "bucket.raw"]).arg(a.path()).arg("--auto-approve");
    forget.var("INFLUX_HOST", scene.server.url()).var("INFLUX_TOKEN", scene.server.token()).run().with(0);
    b.on("plan").arg("--detailed-exitcode").run().with(0);
    let said = words(&a.on("plan").run().with(8).all());
    assert!(said.contains("would take over \"shared\""), "{said}");
    let labels = scene.http.get(&format!("labels?orgID={}", scene.org)).await.expect(200);
    assert!(!column(&labels["labels"], "name").iter().any(|name| name.ends_with("/lock")), "a lock is left");
});
