//! One body, two tests: `name::embedded` and `name::real`.

use std::future::Future;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use super::real::program;
use super::scene::Scene;
use super::server::{Backend, Server, Start, runtime};

/// Set to `1` where a missing real server is a failure.
const REQUIRED: &str = "FLUXFORM_REQUIRE_INFLUXD";
/// How to get the real server.
const HOW: &str = "`.ci/run` builds it and runs all tests; FLUXFORM_INFLUXD=PATH names one that you have";

/// `both!(name, async |scene| { ... })`: one body that runs on both servers, each time in an organization of its
/// own. `both!(name, virgin, async |server| { ... })` gets a server of its own that nobody has set up.
macro_rules! both {
    ($name:ident, async |$scene:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "a short body may need none of them")]
            use super::*;

            async fn body($scene: $crate::support::Scene) $body

            #[test]
            fn embedded() {
                $crate::support::run($crate::support::Backend::Embedded, module_path!(), body);
            }

            #[test]
            fn real() {
                $crate::support::run($crate::support::Backend::Real, module_path!(), body);
            }
        }
    };
    ($name:ident, virgin, async |$server:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "a short body may need none of them")]
            use super::*;

            #[allow(unused_mut, reason = "not every body sets the server up")]
            async fn body(mut $server: $crate::support::Server) $body

            #[test]
            fn embedded() {
                $crate::support::run($crate::support::Backend::Embedded, module_path!(), body);
            }

            #[test]
            fn real() {
                $crate::support::run($crate::support::Backend::Real, module_path!(), body);
            }
        }
    };
}

/// As `both!`, for what only the real server can show.
macro_rules! real {
    ($name:ident, async |$scene:ident| $body:block) => {
        mod $name {
            #[allow(unused_imports, reason = "a short body may need none of them")]
            use super::*;

            async fn body($scene: $crate::support::Scene) $body

            #[test]
            fn real() {
                $crate::support::run($crate::support::Backend::Real, module_path!(), body);
            }
        }
    };
}

pub(crate) use {both, real};

/// What a body is given.
pub(crate) trait Given: Sized {
    fn on(backend: Backend) -> impl Future<Output = Self> + Send;
}

impl Given for Scene {
    async fn on(backend: Backend) -> Self {
        Self::on(backend).await
    }
}

impl Given for Server {
    async fn on(backend: Backend) -> Self {
        Self::virgin(backend, &Start::default()).await
    }
}

/// Runs a body on one server, unless this run leaves that out.
pub(crate) fn run<G, F, R>(backend: Backend, module: &str, body: F)
where
    G: Given,
    F: FnOnce(G) -> R,
    R: Future<Output = ()>,
{
    let name = module.split_once("::").map_or(module, |(_, name)| name);
    let leave_out = match backend {
        Backend::Embedded => differences().iter().any(|known| known == name),
        Backend::Real => !real_server(),
    };
    if !leave_out {
        runtime().block_on(async { body(G::on(backend).await).await });
    }
}

/// Whether the real server is there; it must be where it is required.
pub(crate) fn real_server() -> bool {
    let there = program().is_some();
    let required = std::env::var_os(REQUIRED).is_some_and(|value| value == "1");
    assert!(there || !required, "{REQUIRED}=1, but there is no real influxd: {HOW}");
    there
}

/// Names of the tests that the embedded server is known to fail: `tests/it/differences.toml`.
fn differences() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/differences.toml");
    let file: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let Some(differences) = file.get("difference") else {
        return Vec::new();
    };
    let name = |difference: &toml::Value| {
        let reason = difference["reason"].as_str().unwrap();
        let name = difference["name"].as_str().unwrap();
        assert!(!reason.is_empty(), "{name} has no reason");
        name.to_owned()
    };
    differences.as_array().unwrap().iter().map(name).collect()
}

/// Names of all tests of this program, as its own list gives them.
fn tests() -> Vec<String> {
    let list = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    String::from_utf8(list.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_difference_names_a_test_of_both_servers() {
    let tests = tests();
    for name in differences() {
        let embedded = format!("{name}::embedded");
        assert!(tests.contains(&embedded), "differences.toml: no test {embedded}");
    }
}

/// Not a test of the project: it says what this run leaves out, past the capture of test output.
#[test]
fn left_out_tests_are_named() {
    let mut said = String::new();
    if !real_server() {
        let real: Vec<_> = tests().into_iter().filter(|name| name.ends_with("::real")).collect();
        said += &format!(
            "\n{} tests on the real InfluxDB server are LEFT OUT of this run (they are counted as passed): {HOW}.\n",
            real.len()
        );
        for name in &real {
            said += &format!("  left out: {name}\n");
        }
    }
    // Standard error itself: what `eprint!` writes is kept from a run that passes.
    std::io::stderr().write_all(said.as_bytes()).unwrap();
}
