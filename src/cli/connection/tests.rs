//! Each rule of the connection, in tables.

use std::sync::Arc;

use secrecy::ExposeSecret;

use super::*;
use crate::diagnostic::{Code, Place, Source};
use crate::limits;
use crate::manifest::{Placed, Server};

const CONFIGS: &str = r#"
[default]
  url = "http://localhost:9"
  token = "cli-token"
  org = "cli-org"
  active = true
[other]
  url = "https://other.example"
  token = "other-token"
  org = "other-org"
"#;

/// A run: what is set, and what comes of it.
#[derive(Default)]
struct Run {
    flags: Flags,
    server: Server,
    around: Surroundings,
    write: bool,
}

fn run() -> Run {
    Run::default()
}

fn placed(text: &str) -> Option<Placed<String>> {
    let source = Arc::new(Source::new("p.toml", "p.toml", text));
    Some(Placed { value: text.to_owned(), place: Place { source, span: 0..text.len() } })
}

impl Run {
    fn host(mut self, host: &str) -> Self {
        self.flags.host = Some(host.into());
        self
    }
    fn org(mut self, org: &str) -> Self {
        self.flags.org = Some(org.into());
        self
    }
    fn token_file(mut self, path: &str) -> Self {
        self.flags.token_file = Some(path.into());
        self
    }
    fn insecure(mut self) -> Self {
        self.flags.insecure_http = true;
        self
    }
    fn server(mut self, url: &str, org: &str) -> Self {
        self.server.url = placed(url).filter(|_| !url.is_empty());
        self.server.org = placed(org).filter(|_| !org.is_empty());
        self
    }
    fn var(mut self, name: &str, value: &str) -> Self {
        self.around.vars.insert(name.into(), value.into());
        self
    }
    fn terminal(mut self) -> Self {
        self.around.terminal = true;
        self
    }
    fn influx_cli(mut self) -> Self {
        self.around.influx_cli = Some(InfluxCliFile { path: "configs".into(), text: Some(CONFIGS.into()) });
        self
    }
    fn write(mut self) -> Self {
        self.write = true;
        self
    }
    fn resolve(&self) -> Result<Connection, Problem> {
        let purpose = if self.write { Purpose::Write } else { Purpose::Read };
        resolve(&self.flags, &self.server, &self.around, purpose)
    }
    /// `host (from) org (from) token (from)`, or `exit code`.
    fn says(&self) -> String {
        match self.resolve() {
            Err(problem) => format!("{} {}", problem.exit.code(), problem.diagnostic.code),
            Ok(Connection { target, org, token, .. }) => {
                let token = token.map_or("no token".to_owned(), |token| match token.value {
                    Token::Value(secret) => format!("{} ({})", secret.expose_secret(), token.from),
                    Token::File(path) => format!("file {} ({})", path.display(), token.from),
                });
                format!("{} ({}) {} ({}) {token}", target.value, target.from, org.value, org.from)
            }
        }
    }
}

const URL: &str = "https://influx.example";

#[test]
fn flags_come_before_the_manifest_and_the_manifest_before_the_environment() {
    let env = || run().var("INFLUX_HOST", URL).var("INFLUX_TOKEN", "t").var("INFLUX_ORG", "env-org");
    let table = [
        (env(), "https://influx.example (INFLUX_HOST) env-org (INFLUX_ORG) t (INFLUX_TOKEN)"),
        (env().server("", "acme"), "https://influx.example (INFLUX_HOST) acme ([server]) t (INFLUX_TOKEN)"),
        (env().server(URL, "acme"), "https://influx.example ([server]) acme ([server]) t (INFLUX_TOKEN)"),
        (
            env().server(URL, "acme").host("https://b.example").org("o").token_file("f"),
            "https://b.example (--host) o (--org) file f (--token-file)",
        ),
        (
            run().var("INFLUX_HOST", URL).var("INFLUX_ORG", "o").var("INFLUX_TOKEN_FILE", "f"),
            "https://influx.example (INFLUX_HOST) o (INFLUX_ORG) file f (INFLUX_TOKEN_FILE)",
        ),
        (
            env().var("INFLUX_TOKEN_FILE", "f"),
            "https://influx.example (INFLUX_HOST) env-org (INFLUX_ORG) t (INFLUX_TOKEN)",
        ),
    ];
    for (run, says) in table {
        assert_eq!(run.says(), says);
    }
}

#[test]
fn what_is_missing_is_said() {
    let table = [
        (run(), "64 connection::no-host"),
        (run().var("INFLUX_HOST", ""), "64 connection::no-host"),
        (run().host(URL).var("INFLUX_TOKEN", "t"), "64 connection::no-org"),
        (run().host(URL).org("o"), "https://influx.example (--host) o (--org) no token"),
        (run().host(URL).org("o").var("INFLUX_TOKEN", ""), "https://influx.example (--host) o (--org) no token"),
    ];
    for (run, says) in table {
        assert_eq!(run.says(), says);
    }
}

#[test]
fn two_servers_are_an_error_unless_a_flag_says_which() {
    let both =
        |theirs: &str| run().server("https://a.example", "o").var("INFLUX_HOST", theirs).var("INFLUX_TOKEN", "t");
    assert_eq!(both("https://b.example").says(), "64 connection::two-hosts");
    assert_eq!(both("https://a.example/influx").says(), "64 connection::two-hosts");
    assert_eq!(both("embedded:x").says(), "64 connection::two-hosts");
    // Else a pull request could have its plan made of a server that it brings along.
    let brought = run().server("embedded:x", "o").var("INFLUX_HOST", "https://b.example");
    assert_eq!(brought.says(), "64 connection::two-hosts");
    assert_eq!(brought.host("embedded:x").says(), "embedded:x (--host) o ([server]) no token");
    for same in ["https://a.example", "https://A.example:443/"] {
        assert_eq!(both(same).says(), "https://a.example ([server]) o ([server]) t (INFLUX_TOKEN)", "{same}");
    }
    let flag = both("https://b.example").host("https://c.example");
    assert_eq!(flag.says(), "https://c.example (--host) o ([server]) t (INFLUX_TOKEN)");
}

#[test]
fn a_token_goes_to_the_manifests_server_only_where_a_person_can_be_asked() {
    let unconfirmed = |run: Run| run.resolve().expect("a connection").unconfirmed;
    for (token, said) in [("INFLUX_TOKEN", "t"), ("INFLUX_TOKEN_FILE", "file t"), ("--token-file", "file t")] {
        let manifest = || {
            let run = run().server(URL, "o");
            if token == "--token-file" { run.token_file("t") } else { run.var(token, "t") }
        };
        assert_eq!(manifest().says(), "4 connection::token-withheld", "{token}");
        assert_eq!(manifest().terminal().var("CI", "true").says(), "4 connection::token-withheld", "{token}");
        assert!(manifest().terminal().says().ends_with(&format!(" {said} ({token})")), "{token}");
        assert!(unconfirmed(manifest().terminal()), "{token}");
        for named in [manifest().var("INFLUX_HOST", URL), manifest().host(URL)] {
            assert!(named.says().ends_with(&format!(" {said} ({token})")), "{token}");
            assert!(!unconfirmed(named.terminal()), "{token}");
        }
    }
    let problem = run().server(URL, "o").var("INFLUX_TOKEN", "hunter2").resolve().expect_err("withheld");
    assert!(!format!("{problem:?}").contains("hunter2"));
    // What the influx CLI keeps beside that URL is meant for it.
    assert!(!unconfirmed(run().server("http://localhost:9", "o").influx_cli().terminal()));
}

#[test]
fn the_embedded_server_takes_its_org_from_where_others_do_and_no_token() {
    let env = || run().var("INFLUX_TOKEN", "t").var("INFLUX_ORG", "env-org").influx_cli();
    let table = [
        (run().server("embedded:dev.db", ""), "embedded:dev.db ([server]) default (default) no token"),
        (env().server("embedded:dev.db", ""), "embedded:dev.db ([server]) env-org (INFLUX_ORG) no token"),
        (env().server("embedded:", "acme"), "embedded: ([server]) acme ([server]) no token"),
        (env().host("embedded:").org("o"), "embedded: (--host) o (--org) no token"),
    ];
    for (run, says) in table {
        assert_eq!(run.says(), says);
    }
    let flag = run().host("embedded:").token_file("f").resolve().expect("a connection");
    assert!(flag.token.is_none() && flag.warnings.len() == 1);
}

#[test]
fn the_influx_cli_speaks_last_and_only_for_its_own_server() {
    let cli = "http://localhost:9 (the influx CLI's connection `default`) cli-org (the influx CLI's connection `default`) cli-token (the influx CLI's connection `default`)";
    let table = [
        (run().influx_cli(), cli),
        (run().influx_cli().write(), "64 connection::no-host"),
        (run().influx_cli().write().terminal(), cli),
        // Its token goes nowhere else, and no other token goes to it.
        (run().influx_cli().host(URL).org("o"), "https://influx.example (--host) o (--org) no token"),
        (run().influx_cli().host(URL).var("INFLUX_TOKEN", "t"), "64 connection::no-org"),
        (run().influx_cli().var("INFLUX_TOKEN", "t"), cli),
        (
            run().influx_cli().host("http://localhost:9"),
            "http://localhost:9 (--host) cli-org (the influx CLI's connection `default`) cli-token (the influx CLI's connection `default`)",
        ),
        (run().influx_cli().var("INFLUX_ACTIVE_CONFIG", "othr"), "64 connection::influx-cli"),
        (run().var("INFLUX_ACTIVE_CONFIG", "other"), "64 connection::influx-cli"),
        (
            run().influx_cli().var("INFLUX_ACTIVE_CONFIG", "other").org("o"),
            "https://other.example (the influx CLI's connection `other`) o (--org) other-token (the influx CLI's connection `other`)",
        ),
    ];
    for (run, says) in table {
        assert_eq!(run.says(), says);
    }
}

#[test]
fn a_connection_that_a_run_may_not_use_is_named_with_the_reason() {
    let said = |run: Run| {
        let diagnostic = run.write().resolve().expect_err("nothing is set").diagnostic;
        format!("{}: {}\n  {}", diagnostic.code, diagnostic.message, diagnostic.help.unwrap_or_default())
    };
    let mut broken = run();
    broken.around.influx_cli = Some(InfluxCliFile { path: "configs".into(), text: Some("[default".into()) });
    let runs = [
        run(),
        run().influx_cli(),
        run().influx_cli().var("INFLUX_ACTIVE_CONFIG", "other"),
        run().influx_cli().host("http://localhost:9"),
        run().influx_cli().host(URL),
        run().influx_cli().var("INFLUX_ACTIVE_CONFIG", "othr"),
        broken,
    ];
    insta::assert_snapshot!(runs.map(said).join("\n"), @r"
    connection::no-host: no server is set
      set `url` in [server], or INFLUX_HOST, or use --host
    connection::no-host: no server is set: a command that writes uses the influx CLI's active connection `default` (configs) only at a terminal
      set INFLUX_HOST=http://localhost:9, INFLUX_ORG=cli-org and INFLUX_TOKEN, or use --host, --org and --token-file
    connection::no-host: no server is set: a command that writes uses the influx CLI's active connection `other` (configs) only at a terminal
      set INFLUX_HOST=https://other.example, INFLUX_ORG=other-org and INFLUX_TOKEN, or use --host, --org and --token-file
    connection::no-org: no org is set: a command that writes uses the influx CLI's active connection `default` (configs) only at a terminal
      set INFLUX_HOST=http://localhost:9, INFLUX_ORG=cli-org and INFLUX_TOKEN, or use --host, --org and --token-file
    connection::no-org: no org is set
      set `org` in [server], or INFLUX_ORG, or use --org
    connection::no-host: no server is set: a command that writes uses the influx CLI's connections (configs) only at a terminal
      set INFLUX_HOST, INFLUX_ORG and INFLUX_TOKEN, or use --host, --org and --token-file
    connection::no-host: no server is set: a command that writes uses the influx CLI's connections (configs) only at a terminal
      set INFLUX_HOST, INFLUX_ORG and INFLUX_TOKEN, or use --host, --org and --token-file
    ");
    let unused = |run: Run| run.write().resolve().expect("a connection").unused.is_some();
    assert!(unused(run().influx_cli().host("http://localhost:9").org("o")));
    assert!(!unused(run().influx_cli().host(URL).org("o")), "it is no connection to that server");
    assert!(!unused(run().influx_cli().host("http://localhost:9").org("o").terminal()));
}

#[test]
fn a_broken_file_of_the_influx_cli_is_not_quoted() {
    let mut broken = run();
    broken.around.influx_cli =
        Some(InfluxCliFile { path: "configs".into(), text: Some("[default]\ntoken = hunter2\n".into()) });
    let problem = broken.resolve().expect_err("not TOML");
    assert_eq!(problem.diagnostic.code, Code::ConnectionInfluxCli);
    assert!(!format!("{broken:?} {problem:?}", broken = broken.around).contains("hunter2"));
    assert_eq!(broken.host("embedded:").says(), "embedded: (--host) default (default) no token");
}

#[test]
fn a_file_of_the_influx_cli_is_so_large() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("configs");
    let mut large = run();
    for (more, code) in [(0, None), (1, Some(Code::ConnectionInfluxCli))] {
        let filler = "#".repeat(limits::CONNECTIONS_FILE.size() - CONFIGS.len() + more);
        std::fs::write(&path, format!("{CONFIGS}{filler}")).expect("a file");
        large.around.influx_cli = InfluxCliFile::read(path.clone());
        let problem = large.resolve().err().map(|problem| problem.diagnostic).filter(|said| Some(said.code) == code);
        assert_eq!(problem.as_ref().map(|said| said.code), code);
        assert!(problem.is_none_or(|said| said.message.ends_with("is larger than 1 MiB (limit `connections-file`)")));
    }
}

#[test]
fn plain_http_stays_on_this_machine() {
    let to = |host: &str| run().host(host).org("o").var("INFLUX_TOKEN", "t");
    for near in ["http://localhost:8086", "http://127.0.0.1", "http://[::1]:8086", "https://influx.example"] {
        assert!(to(near).resolve().is_ok(), "{near}");
    }
    for far in ["http://influx.example", "http://10.0.0.1:8086"] {
        assert_eq!(to(far).says(), "64 connection::plain-http", "{far}");
        assert!(to(far).insecure().resolve().is_ok(), "{far}");
    }
    assert_eq!(run().server("http://influx.example", "o").says(), "64 connection::plain-http");
}

#[test]
fn what_is_no_server_is_an_error_of_who_said_it() {
    let table = [
        (run().host("influx.example"), "64 connection::url"),
        (run().host("ftp://influx.example"), "64 connection::url"),
        (run().host("https://u:hunter2@influx.example"), "64 connection::url"),
        (run().var("INFLUX_HOST", "https://influx.example/?a=b"), "64 connection::url"),
        (run().server("localhost:8086", "o"), "65 connection::url"),
    ];
    for (run, says) in table {
        assert_eq!(run.says(), says);
        assert!(!format!("{:?}", run.resolve()).contains("hunter2"));
    }
}

#[test]
fn skipping_the_check_of_certificates_warns() {
    let skip = |value: &str| run().host(URL).org("o").var("INFLUX_TOKEN", "t").var("INFLUX_SKIP_VERIFY", value);
    let on = skip("true").resolve().expect("a connection");
    assert!(on.skip_verify && on.warnings.iter().any(|warning| warning.code == Code::ConnectionSkipVerify));
    let off = skip("false").resolve().expect("a connection");
    assert!(!off.skip_verify && off.warnings.is_empty());
    assert_eq!(skip("maybe").says(), "64 connection::skip-verify");
}

#[test]
fn the_influx_clis_file_is_where_the_influx_cli_looks() {
    let vars = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    assert_eq!(influx_cli_path(&vars(&[("HOME", "/h")])), Some("/h/.influxdbv2/configs".into()));
    assert_eq!(influx_cli_path(&vars(&[("HOME", "/h"), ("INFLUX_CONFIGS_PATH", "/c")])), Some("/c".into()));
    assert_eq!(influx_cli_path(&vars(&[])), None);
}
