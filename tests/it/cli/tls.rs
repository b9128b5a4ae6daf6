//! TLS, client certificates, and proxies that make tunnels.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::super::support::{FAR_HOST, Scene, Tls, Tunnel, both};
use super::fluxform::{Fluxform, on, project};

fn has(text: &str, part: &str) {
    assert!(text.contains(part), "{part}\n{text}");
}

/// A project that trusts `tls`, and shows a certificate where it `shows`: by files that are in it.
fn trusting(scene: &Scene, tls: &Tls, shows: bool) -> TempDir {
    let mut server = format!("org = \"{}\"\nca_file = \"tls/ca.pem\"\n", scene.org_name);
    if shows {
        server += "client_cert = \"tls/client.pem\"\nclient_key = \"tls/client.key\"\n";
    }
    let dir = project(&format!("[project]\nname = \"p\"\n[server]\n{server}[bucket.raw]\n"));
    fs::create_dir(dir.path().join("tls")).unwrap();
    for name in ["ca.pem", "client.pem", "client.key"] {
        fs::copy(tls.path(name), dir.path().join("tls").join(name)).unwrap();
    }
    dir
}

fn by(scene: &Scene, url: &str, command: &str, dir: &(impl AsRef<Path> + ?Sized)) -> Fluxform {
    on(command, dir.as_ref()).var("INFLUX_HOST", url).var("INFLUX_TOKEN", scene.server.token())
}

both!(a_project_is_applied_over_tls_with_a_client_certificate, async |scene| {
    let tls = Tls::before(scene.server.url(), true).await;
    let run =
        |command, shows| by(&scene, &tls.url(), command, &trusting(&scene, &tls, shows)).arg("--auto-approve").run();
    let bare = run("apply", false).with(5);
    assert!(bare.err.contains("CertificateRequired"), "{}", bare.err);
    run("apply", true).with(0);
    run("destroy", true).with(0);
});

both!(the_wrong_scheme_is_told, async |scene| {
    let tls = Tls::before(scene.server.url(), false).await;
    let dir = trusting(&scene, &tls, false);
    for (url, words) in [
        (tls.url().replace("https://", "http://"), "use https:// instead of http://"),
        (scene.server.url().replace("http://", "https://"), "use http:// instead of https://"),
    ] {
        for command in ["plan", "status", "apply"] {
            let run = by(&scene, &url, command, &dir);
            let run = if command == "apply" { run.arg("--auto-approve") } else { run };
            has(&run.run().with(5).words(), words);
        }
    }
});

both!(https_goes_through_a_tunnel_and_the_proxy_sees_no_token, async |scene| {
    let tls = Tls::before(scene.server.url(), false).await;
    let dir = trusting(&scene, &tls, false);
    let far = format!("https://{FAR_HOST}");
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let proxy = Tunnel::to(&tls).await;
        let through = |command| by(&scene, &far, command, &dir).var(variable, &proxy.url());
        through("apply").arg("--auto-approve").run().with(0);
        let ended = through("plan").arg("--detailed-exitcode").run().with(0);
        assert!(!ended.all().contains("geheim"), "the proxy's password is shown");
        let heads = proxy.heads();
        assert!(!heads.is_empty(), "{variable}");
        for head in &heads {
            assert!(head.starts_with(&format!("CONNECT {FAR_HOST}:443 HTTP/1.1\r\n")), "{head}");
            let head = head.to_lowercase();
            assert!(head.contains("proxy-authorization: basic bwu6z2vozwlt\r\n"), "{head}");
            assert!(!head.contains(&scene.server.token().to_lowercase()), "the proxy got the token");
        }
        // Without the proxy there is no such host.
        through("plan").var("NO_PROXY", FAR_HOST).run().with(5);
        // This machine is reached without a proxy.
        by(&scene, &tls.url(), "plan", &dir).var(variable, &proxy.url()).run().with(0);
        by(&scene, scene.server.url(), "plan", &dir).var(variable, &proxy.url()).run().with(0);
        assert_eq!(proxy.heads().len(), heads.len(), "neither came by the proxy");
    }
});

both!(a_proxy_that_refuses_is_5_and_its_password_is_not_shown, async |scene| {
    let tls = Tls::before(scene.server.url(), false).await;
    let dir = trusting(&scene, &tls, false);
    for status in ["407 Proxy Authentication Required", "403 Forbidden"] {
        let proxy = Tunnel::refusing(status).await;
        let far = format!("https://{FAR_HOST}");
        let ended = by(&scene, &far, "plan", &dir).var("HTTPS_PROXY", &proxy.url()).run().with(5);
        assert!(ended.err.contains("proxy") && !ended.err.contains("geheim"), "{}", ended.err);
    }
});

both!(a_server_behind_tls_is_set_up, virgin, async |server| {
    let tls = Tls::before(server.url(), true).await;
    let dir = tempfile::tempdir().unwrap();
    let setup = |token: &str| {
        Fluxform::new(&["setup", "--host", &tls.url(), "--username", "root", "--org", "acme", "--bucket", "first"])
            .arg("--token-file-out")
            .arg(dir.path().join(token))
            .var("FLUXFORM_SETUP_PASSWORD", "long-enough")
    };
    let certificate = |run: Fluxform| {
        run.arg("--client-cert").arg(tls.path("client.pem")).arg("--client-key").arg(tls.path("client.key"))
    };
    let untrusted = certificate(setup("a")).run().with(5);
    assert!(untrusted.err.contains("certificate"), "{}", untrusted.err);
    setup("b").arg("--ca-file").arg(tls.path("ca.pem")).run().with(5);
    setup("c").arg("--client-key").arg(tls.path("client.key")).run().with(64);
    let missing = certificate(setup("d")).arg("--ca-file").arg(dir.path().join("absent.pem")).run().with(64);
    assert!(missing.err.contains("absent.pem"), "{}", missing.err);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "no token was written");
    assert_eq!(server.anonymous().get("setup").await.expect(200)["allowed"], true);

    certificate(setup("token")).arg("--ca-file").arg(tls.path("ca.pem")).run().with(0);
    let token = fs::read_to_string(dir.path().join("token")).unwrap();
    let orgs = server.anonymous().with_token(&token).get("orgs").await.expect(200);
    assert_eq!(orgs["orgs"][0]["name"], "acme");
    let again = certificate(setup("e")).var("INFLUX_SKIP_VERIFY", "true").run().with(1);
    assert!(again.err.contains("INFLUX_SKIP_VERIFY is set") && again.err.contains("already set up"), "{}", again.err);
});

both!(a_server_behind_tls_is_exported, async |scene| {
    let tls = Tls::before(scene.server.url(), true).await;
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let export = || {
        let url = tls.url();
        let run = Fluxform::new(&["export", "--kind=bucket", "--host", &url, "--org", &scene.org_name, "--out"]);
        run.arg(&out).arg("--ca-file").arg(tls.path("ca.pem")).var("INFLUX_TOKEN", scene.server.token())
    };
    export().run().with(5);
    assert!(!out.exists());
    let run = export().arg("--client-cert").arg(tls.path("client.pem")).arg("--client-key").arg(tls.path("client.key"));
    run.run().with(0);
    let head = fs::read_to_string(out.join("server.toml")).unwrap();
    assert!(head.contains("# Needs the certificates in --ca-file, --client-cert, --client-key"), "{head}");
    let status = || by(&scene, &tls.url(), "status", &out);
    status().run().with(5);
    let status = status().var("FLUXFORM_CA_FILE", tls.path("ca.pem").to_str().unwrap());
    let status = status.var("FLUXFORM_CLIENT_CERT", tls.path("client.pem").to_str().unwrap());
    status.var("FLUXFORM_CLIENT_KEY", tls.path("client.key").to_str().unwrap()).run().with(0);
});

#[test]
fn a_manifest_names_no_certificate_outside_of_the_project() {
    let secret = "geheim";
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), secret).unwrap();
    let dir = project("");
    let at = |name: &str| dir.path().join(name);
    fs::write(at("ca.pem"), secret).unwrap();
    fs::write(at("large.pem"), vec![b'x'; (1 << 20) + 1]).unwrap();
    fs::create_dir(at("dir")).unwrap();
    std::os::unix::fs::symlink(outside.path(), at("link")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret"), at("link.pem")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
    assert!(pipe.success());
    let server = |word: &str, path: &str| {
        let pair = match word {
            "ca_file" => String::new(),
            "client_key" => "client_cert = \"ca.pem\"\n".to_owned(),
            _ => "client_key = \"ca.pem\"\n".to_owned(),
        };
        let text = format!("[project]\nname = \"p\"\n[server]\norg = \"o\"\n{word} = {path:?}\n{pair}[bucket.raw]\n");
        fs::write(at("main.toml"), text).unwrap();
    };
    let there = outside.path().join("secret");
    let gone = outside.path().join("gone");
    for word in ["ca_file", "client_cert", "client_key"] {
        // Whether it is there makes no difference.
        for path in [there.to_str().unwrap(), gone.to_str().unwrap(), "/dev/zero", "/proc/self/environ", "../x"] {
            server(word, path);
            for command in ["validate", "plan"] {
                let ended = on(command, dir.path()).run().with(65);
                has(&ended.err, &format!("`{path}` is not in the project directory"));
                has(&ended.err, "FLUXFORM_CA_FILE");
            }
        }
        for (path, words) in [
            ("link/secret", "link is a symbolic link"),
            ("link/gone", "link is a symbolic link"),
            ("link.pem", "link.pem is a symbolic link"),
            ("pipe", "pipe is a pipe"),
            ("dir", "dir is a directory"),
            ("absent", "no such file: absent"),
            ("large.pem", "large.pem is larger than"),
        ] {
            server(word, path);
            let plan = on("plan", dir.path()).args(&["--host", "https://127.0.0.1:1"]).var("INFLUX_TOKEN", "t");
            has(&plan.run().with(65).err, words);
        }
    }
    server("ca_file", "ca.pem");
    let ended = on("plan", dir.path()).args(&["--host", "https://127.0.0.1:1"]).var("INFLUX_TOKEN", "t").run().with(64);
    has(&ended.err, "ca.pem contains no certificate in PEM format");
    assert!(!ended.all().contains(secret), "{}", ended.all());
}
