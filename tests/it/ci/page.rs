//! docs/ci.md as it is written: its commands run, and print what it shows.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use super::{Site, program};
use crate::moving;
use crate::support::{Backend, both};

/// Runs a script in the site's directory, as the operator.
fn bash(site: &Site, script: &str) -> Output {
    let mut bash = Command::new("bash");
    bash.args(["-e", "-o", "pipefail", "-c", script]).current_dir(site.dir.path()).env_clear();
    bash.env("PATH", site.path()).env("INFLUX_HOST", site.home.server.url());
    bash.env("INFLUX_TOKEN_FILE", site.dir.path().join("operator.token"));
    bash.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs the lines of a console block that begin with `$ `; what they print on standard output follows each. `# exit N` at
/// the end of a line is how the command ends.
fn console(block: &str, site: &Site) -> String {
    let mut shown = String::new();
    for line in block.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let code = line.split_once("# exit ").map_or(0, |(_, code)| code.parse().unwrap());
        let output = bash(site, line);
        assert_eq!(output.status.code(), Some(code), "{line}: {}", text(&output.stderr));
        shown += &format!("$ {line}\n{}", moving::masked(&text(&output.stdout), site.home.server.url()));
    }
    shown
}

both!(the_page_does_what_it_says, virgin, async |server| {
    let site = Site::on(server).await;
    fs::write(site.dir.path().join("operator.token"), site.home.server.token()).unwrap();
    let bin = site.dir.path().join("bin");
    program(&bin, "gh", "test \"$1 $2\" = 'secret set' || exit 1; cat >\"$3\"");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md");
    let page = fs::read_to_string(&path).unwrap();
    let mut expected = String::new();
    for (n, part) in page.split("```").enumerate() {
        expected += if n == 0 { "" } else { "```" };
        expected += &match part.split_once('\n') {
            Some(("sh", script)) if n % 2 == 1 => {
                let output = bash(&site, script);
                assert!(output.status.success(), "{script}{}{}", text(&output.stdout), text(&output.stderr));
                part.to_owned()
            }
            Some(("console", block)) if n % 2 == 1 => format!("console\n{}", console(block, &site)),
            Some(("toml", table)) if n % 2 == 1 => {
                fs::write(site.dir.path().join("iot/allow.toml"), table).unwrap();
                part.to_owned()
            }
            _ => part.to_owned(),
        };
    }

    // The new token works, and when the old one's table goes, so does the old one, and nothing else.
    let set = |name: &str| fs::read_to_string(site.dir.path().join(name)).unwrap();
    assert_eq!(set("FLUXFORM_APPLY_TOKEN"), site.apply.secret);
    let successor = set("FLUXFORM_PLAN_TOKEN");
    assert_ne!(successor, site.plan.secret);
    let manifest = site.dir.path().join("access/fluxform.toml");
    let all = fs::read_to_string(&manifest).unwrap();
    let (before, old) = all.split_once("[token.ci-plan]").unwrap();
    let (_, after) = old.split_once("plan.token\" }\n").unwrap();
    fs::write(&manifest, format!("{before}{after}")).unwrap();
    let output = bash(&site, "fluxform apply access --auto-approve");
    assert!(text(&output.stdout).contains("0 added, 0 changed, 1 destroyed"), "{}", text(&output.stdout));
    site.run(&successor, &["plan", "--detailed-exitcode"]).run().with(2);
    site.run(&site.plan.secret, &["plan"]).run().with(4);

    if std::env::var_os("UPDATE_EXPECTED").is_some() && site.home.server.backend() == Backend::Embedded {
        fs::write(path, expected).unwrap();
        return;
    }
    let difference = similar::TextDiff::from_lines(page.as_str(), &expected);
    assert!(page == expected, "docs/ci.md: UPDATE_EXPECTED=1 writes it\n{}", difference.unified_diff());
});
