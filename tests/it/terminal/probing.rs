//! Plans that are asked to look whether secrets are as they should be.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use reqwest::Method;
use serde_json::json;

use super::super::support::{Fate, Proxy, both, column, unique};
use super::Place;

/// The words of a text, wherever its lines break.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

both!(a_plan_that_probes_says_what_lies_in_each_sink, async |scene| {
    let outside = tempfile::tempdir().unwrap();
    let out = outside.path().join("t.token");
    let tables = format!(
        "[bucket.raw]\n[token.t]\nwrite = [\"bucket.raw\"]\nrotate = {{ overlap = \"1d\" }}\n\
         deliver = [{{ file = \"t.token\" }}, {{ env_file = \"t.env\", key = \"T\" }}, {{ file = \"{}\" }},\n\
         {{ command = [\"/bin/sh\", \"-c\", \"cat > kept\"] }}]\n\
         [token.u]\nread = [\"bucket.raw\"]\ndeliver = {{ file = \"u.token\" }}\n",
        out.display()
    );
    let place = Place::new(&scene, &tables);
    place.apply().run().with(0);
    let file = place.path().join("t.token");
    let read = |path: &std::path::Path| std::fs::read_to_string(path).unwrap();
    let (first, other) = (read(&file), read(&place.path().join("u.token")));
    let probe = |code: i32| {
        let run = place.on("plan").args(&["--probe", "--detailed-exitcode"]).run().with(code);
        for secret in [&first, &other, &read(&place.path().join("kept"))] {
            assert!(!run.all().contains(secret.as_str()), "a secret is shown");
        }
        (words(&run.out), run.words())
    };
    let (said, warned) = probe(0);
    let out_works = format!("token.t: file {} works", out.display());
    for line in ["file t.token works", "env_file t.env T works", "is a program, which is not started to look"] {
        assert!(said.contains(&format!("token.t: {line}")) || said.contains(line), "{line}: {said}");
    }
    assert!(said.contains(&out_works) && said.contains("token.u: file u.token works"), "{said}");
    assert!(!warned.contains("plan::secret-missing"), "{warned}");

    let stranger = scene.token(json!([scene.may("read", "buckets")])).await;
    for (held, says) in [
        (other.as_str(), "file t.token has the secret of token.u"),
        (stranger.token.as_str(), "file t.token has a token that the project did not deliver, which works"),
        ("something-else", "file t.token has something that is no token"),
        ("", "file t.token is not there, or empty"),
    ] {
        std::fs::write(&file, held).unwrap();
        let (said, warned) = probe(2);
        assert!(said.contains(says), "{says}: {said}");
        assert!(
            warned.contains("or does not work: file t.token of token.t") && warned.contains("apply --redeliver"),
            "{warned}"
        );
    }
    std::fs::remove_file(&file).unwrap();
    assert!(probe(2).0.contains("file t.token is not there, or empty"));
    let json = place.on("plan").args(&["--probe", "--format", "json"]).run().with(0).json();
    assert_eq!(json["plan"]["probed"][0]["holds"], "nothing");

    // What was lost is made anew; the file of before has what works until the overlap ends.
    place.apply().arg("--redeliver").run().with(0);
    assert!(probe(0).0.contains("token.t: file t.token works"));
    let new = read(&file);
    std::fs::write(&file, &first).unwrap();
    assert!(probe(2).0.contains("which works until the overlap ends"));
    std::fs::write(&file, &new).unwrap();

    // The server does not let it in any more: somebody has switched it off, and an apply switches it on.
    let list = place.list("authorizations", "authorizations").await;
    let newest = column(&list, "id").into_iter().max().unwrap().to_owned();
    scene.http.patch(&format!("authorizations/{newest}"), json!({"status": "inactive"})).await.expect(200);
    assert!(probe(2).0.contains("file t.token is as delivered, and does not work"));
    place.apply().run().with(0);
    probe(0);
});

both!(only_what_is_written_as_a_token_is_sent_to_the_server, async |scene| {
    let place =
        Place::new(&scene, "[bucket.raw]\n[token.t]\nwrite = [\"bucket.raw\"]\ndeliver = { file = \"t.token\" }\n");
    place.apply().run().with(0);
    let file = place.path().join("t.token");
    let delivered = std::fs::read_to_string(&file).unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = asked.clone();
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        counts.fetch_add(usize::from(seen.path.ends_with("/me")), Relaxed);
        Fate::Pass
    })
    .await;
    let plan = async |flag: &[&str]| {
        asked.store(0, Relaxed);
        let run = place.by(proxy.url(), "plan").args(flag).start();
        let (status, ..) = tokio::task::spawn_blocking(move || run.wait()).await.unwrap();
        assert!(status.success());
        asked.load(Relaxed)
    };
    let without = plan(&[]).await;
    let stranger = scene.token(json!([scene.may("read", "buckets")])).await.token;
    for (held, sent) in [(delivered, 1), (stranger, 1), ("a-password-of-something-else".to_owned(), 0)] {
        std::fs::write(&file, &held).unwrap();
        assert_eq!(plan(&["--probe"]).await, without + sent);
    }
});

both!(what_nobody_can_tell_is_not_said_to_be_wrong, async |scene| {
    let tables = "[bucket.raw]\n[secret.a]\nvalue = { file = \"a\" }\n[token.t]\nwrite = [\"bucket.raw\"]\n\
                  deliver = [{ file = \"t.token\" }, { file = \"large\" }, { file = \"pipe\" }]\n";
    let place = Place::new(&scene, tables);
    std::fs::write(place.path().join("a"), "a-secret").unwrap();
    place.apply().run().with(0);
    std::fs::File::create(place.path().join("large")).unwrap().set_len(1 << 32).unwrap();
    let pipe = place.path().join("pipe");
    std::fs::remove_file(&pipe).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // The run asks first for itself.
    let mut asked = 0;
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        asked += usize::from(seen.path.ends_with("/me"));
        match seen.path {
            "/api/v2/query" => Fate::Belie(200, "<html>a page"),
            path if path.ends_with("/me") && asked > 1 => Fate::Refuse(302, ""),
            _ => Fate::Pass,
        }
    })
    .await;
    let run = place.by(proxy.url(), "plan").args(&["--probe", "--detailed-exitcode"]).start();
    let (status, out, err) = tokio::task::spawn_blocking(move || run.wait()).await.unwrap();
    let (out, err) = (words(&out), words(&err));
    assert_eq!(status.code(), Some(0), "{out}{err}");
    for line in [
        "token.t: file t.token cannot be judged: the server did not say",
        "token.t: file large cannot be read: it is larger than 1 MiB (limit `secrets-file`)",
        "token.t: file pipe cannot be read: it is a pipe or socket",
        "secret.a: `value` (file a) cannot be judged: the server did not say",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let unknown = "plan::secret-unknown ⚠ nobody knows whether these secrets are as they should be: file t.token of token.t, \
                   file large of token.t, file pipe of token.t and `value` of secret.a (file a)";
    assert!(err.replace("│ ", "").contains(unknown), "{err}");
    assert!(!err.contains("plan::secret-missing") && !err.contains("plan::secret-differs"), "{err}");
});

both!(a_plan_that_probes_compares_what_sources_give_with_what_the_server_has, async |scene| {
    let outside = tempfile::tempdir().unwrap();
    let key = outside.path().join("routing-key");
    let (name, secrets) = (unique("v1"), format!("orgs/{}/secrets", scene.org));
    let tables = format!(
        "[var]\nhook = {{ sensitive = true }}\n[bucket.raw]\n[secret.a]\nvalue = {{ env = \"A_SECRET\" }}\n\
         [secret.printed]\nvalue = {{ command = [\"/bin/cat\", \"kept\"] }}\n\
         [v1_token.t]\nusername = \"{name}\"\nread = [\"bucket.raw\"]\npassword = {{ file = \"password\" }}\n\
         [notification_endpoint.h]\nhttp = {{ url = \"http://127.0.0.1/x\", token = {{ var = \"hook\" }} }}\n\
         [notification_endpoint.p]\npagerduty = {{ routing_key = {{ file = \"{}\" }} }}\n\
         [remote.r]\nurl = \"http://127.0.0.1:1\"\nremote_org = \"{}\"\ntoken = {{ env = \"A_SECRET\" }}\n",
        key.display(),
        scene.org
    );
    let place = Place::new(&scene, &tables);
    let password = place.path().join("password");
    std::fs::write(&password, "first-password").unwrap();
    std::fs::write(&key, "first-routing-key").unwrap();
    std::fs::write(place.path().join("kept"), "printed-secret").unwrap();
    let with = |command: &str, a: &str| place.on(command).var("A_SECRET", a).var("FLUXFORM_VAR_hook", "first-hook");
    with("apply", "first-secret").arg("--auto-approve").run().with(0);
    let probe = |a: &str, code: i32| {
        let run = with("plan", a).args(&["--probe", "--detailed-exitcode"]).run().with(code);
        for secret in ["first-", "second-", "printed-secret"] {
            assert!(!run.all().contains(secret), "a secret is shown: {}", run.all());
        }
        (words(&run.out), run.words())
    };
    let (said, warned) = probe("first-secret", 0);
    for line in [
        "secret.a: `value` (env A_SECRET) is what the server has",
        "secret.printed: `value` (command [\"/bin/cat\", \"kept\"]) is a program, which is not started to look",
        "v1_token.t: `password` (file password) is what the server has",
        "notification_endpoint.h: `http.token` (var hook) is what the server has",
        &format!("`pagerduty.routing_key` (file {}) is what the server has", key.display()),
        "remote.r: `token` (env A_SECRET) cannot be compared: InfluxDB has no request that tells",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(!warned.contains("plan::secret-differs"), "{warned}");

    // Another one behind the source, and other ones on the server.
    std::fs::write(&password, "second-password").unwrap();
    let (said, warned) = probe("second-secret", 2);
    assert!(said.contains("v1_token.t: `password` (file password) is not what the server has"), "{said}");
    assert!(said.contains("secret.a: `value` (env A_SECRET) is not what the server has"), "{said}");
    assert!(warned.contains("where the source is right, increase `password_version` or `value_version`"), "{warned}");
    std::fs::write(&password, "first-password").unwrap();
    probe("first-secret", 0);
    scene.http.patch(&secrets, json!({"a": "second-secret"})).await.expect(204);
    assert!(probe("first-secret", 2).0.contains("secret.a: `value` (env A_SECRET) is not what the server has"));
    probe("second-secret", 0);

    // What is not there, or may not be read, is not known.
    let json = place.on("plan").args(&["--probe", "--format", "json"]).run().with(0).json();
    let of_a = json["plan"]["probed"].as_array().unwrap().iter().find(|one| one["address"] == "secret.a").unwrap();
    let unset = "the environment variable `A_SECRET` is not set";
    let wanted = json!({
        "address": "secret.a", "field": "value", "source": "env A_SECRET", "holds": {"not_compared": unset}, "fine": true
    });
    assert_eq!(*of_a, wanted);
});

both!(a_password_is_sent_only_to_where_nobody_writes, async |scene| {
    let tables = format!(
        "[bucket.raw]\n[v1_token.t]\nusername = \"{}\"\nread = [\"bucket.raw\"]\npassword = {{ file = \"p\" }}\n",
        unique("v1")
    );
    let place = Place::new(&scene, &tables);
    std::fs::write(place.path().join("p"), "long-enough").unwrap();
    place.apply().run().with(0);
    let written = Arc::new(AtomicUsize::new(0));
    let counts = written.clone();
    let proxy = Proxy::start(scene.server.url(), move |seen| {
        counts.fetch_add(usize::from(seen.method == Method::POST && seen.path.starts_with("/write")), Relaxed);
        Fate::Pass
    })
    .await;
    for (flag, times) in [(&[][..], 0), (&["--probe"], 1)] {
        written.store(0, Relaxed);
        let run = place.by(proxy.url(), "plan").args(flag).start();
        let (status, ..) = tokio::task::spawn_blocking(move || run.wait()).await.unwrap();
        assert!(status.success());
        assert_eq!(written.load(Relaxed), times, "{flag:?}");
    }
});
