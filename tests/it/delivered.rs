//! Secrets after they were delivered: another one on demand, files that are gone, and what stays of tokens that go.

use crate::support::both;
use crate::terminal::Place;

const TOKENS: &str = r#"
[bucket.b]
[token.k]
write = ["bucket.b"]
deliver = [{ file = "k.token" }, { env_file = "app.env", key = "K" }]
"#;

/// The same with another line in the token's table.
fn with(line: &str) -> String {
    format!("{TOKENS}{line}\n")
}

both!(another_secret_version_is_another_secret, async |scene| {
    let place = Place::new(&scene, TOKENS);
    place.apply().run().with(0);
    let secret = || std::fs::read_to_string(place.path().join("k.token")).unwrap();
    let first = secret();
    let write = format!("write?orgID={}&bucket=b", scene.org);
    let status = async |secret: &str| scene.http.with_token(secret.trim()).post_text(&write, "").await.status;

    let mut last = first.clone();
    for version in [1, 2] {
        place.declare(&with(&format!("secret_version = {version}")));
        let plan = place.on("plan").arg("--detailed-exitcode").run().with(2);
        assert!(plan.out.contains("-/+ token.k"), "{}", plan.out);
        place.apply().run().with(0);
        let now = secret();
        assert_ne!(now, last);
        assert_eq!((status(&now).await, status(&last).await), (204, 401));
        place.on("plan").arg("--detailed-exitcode").run().with(0);
        last = now;
    }
    // Without the field there is nothing to do.
    place.declare(TOKENS);
    place.apply().run().with(0);
    assert_eq!(secret(), last);
});

both!(a_plan_tells_of_files_that_are_gone_and_of_secrets_that_stay, async |scene| {
    let place = Place::new(&scene, TOKENS);
    place.apply().run().with(0);
    let says = |run: &crate::cli::fluxform::Ended, what: &str| {
        run.err.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ").contains(what)
    };
    let plan = place.on("plan").run().with(0);
    assert!(!plan.err.contains("plan::secret"), "{}", plan.err);

    std::fs::remove_file(place.path().join("k.token")).unwrap();
    let plan = place.on("plan").arg("--detailed-exitcode").run().with(0);
    assert!(says(&plan, "files with delivered secrets are missing: k.token of token.k"), "{}", plan.err);
    let pipeline = place.on("plan").var("CI", "true").run().with(0);
    assert!(!pipeline.err.contains("plan::secret"), "{}", pipeline.err);

    place.declare("[bucket.b]\n");
    let plan = place.on("plan").run().with(0);
    let stays =
        "the secret of token.k in file k.token, env_file app.env K stops working and stays where it was delivered";
    assert!(says(&plan, stays), "{}", plan.err);
    assert!(!says(&plan, "are missing"), "{}", plan.err);
    // A schedule would say it each hour.
    let drift = place.on("drift").run().with(0);
    assert!(!drift.err.contains("plan::secret"), "{}", drift.err);
});

both!(the_first_apply_tells_what_git_does_not_ignore, async |scene| {
    let place = Place::new(&scene, TOKENS);
    std::fs::create_dir(place.path().join(".git")).unwrap();
    std::fs::write(place.path().join(".gitignore"), "*.token\n").unwrap();
    assert!(!place.on("plan").run().with(0).err.contains("git::"));
    let said = place.apply().run().with(0).words();
    assert!(said.contains("Git does not ignore what should never be committed: `/app.env`"), "{said}");
    place.declare(&with("description = \"other\""));
    let again = place.apply().run().with(0);
    assert!(!again.err.contains("git::"), "{}", again.err);
});
