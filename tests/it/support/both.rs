//! One body, two tests: `name::embedded` and `name::real`.

use std::collections::BTreeSet;
use std::future::Future;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::scene::Scene;
use super::server::{Backend, Server, Start, runtime};

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
            #[cfg_attr(not(real_influxd), ignore = "needs a real influxd: CONTRIBUTING.md says how to get one")]
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
            #[cfg_attr(not(real_influxd), ignore = "needs a real influxd: CONTRIBUTING.md says how to get one")]
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
            #[cfg_attr(not(real_influxd), ignore = "needs a real influxd: CONTRIBUTING.md says how to get one")]
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

/// Runs a body on one server, unless the embedded server is known to fail it.
pub(crate) fn run<G, F, R>(backend: Backend, module: &str, body: F)
where
    G: Given,
    F: FnOnce(G) -> R,
    R: Future<Output = ()>,
{
    let name = module.split_once("::").map_or(module, |(_, name)| name);
    let known = backend == Backend::Embedded && differences().iter().any(|known| known == name);
    if !known {
        runtime().block_on(async { body(G::on(backend).await).await });
    }
}

/// Runs a body for each of `names`, several at once, and says for which of them it fails.
pub(crate) fn run_each<N: AsRef<str> + Sync>(
    backend: Backend,
    module: &str,
    names: &[N],
    body: impl AsyncFn(&Scene, &str) + Sync,
) {
    assert!(!names.is_empty(), "nothing has such a name");
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = name.as_ref();
                    let module = format!("{module}::{name}");
                    let one = async |scene: Scene| body(&scene, name).await;
                    if catch_unwind(AssertUnwindSafe(|| run(backend, &module, one))).is_err() {
                        failed.lock().unwrap().insert(name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "of {} these fail: {failed:?}", names.len());
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
