//! Tells the tests whether there is a real influxd, and which shells, so that those that need one are reported as ignored where there
//! is none.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(real_influxd)");
    println!("cargo::rerun-if-changed=build.rs");
    let variables = ["FLUXFORM_INFLUXD", "FLUXFORM_REQUIRE_INFLUXD"];
    for variable in variables {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    // Where `.ci/run` leaves it. Cargo would run this each time if it were to watch a file that is not there.
    let built = Path::new("target/influxd/influxd");
    if built.is_file() {
        println!("cargo::rerun-if-changed={}", built.display());
    }
    let named = variables.iter().any(|variable| env::var_os(variable).is_some_and(|value| !value.is_empty()));
    if named || built.is_file() {
        println!("cargo::rustc-cfg=real_influxd");
    }
    println!("cargo::rustc-check-cfg=cfg(zsh, fish)");
    for shell in ["zsh", "fish"] {
        // Not along PATH: with each other one everything would be built again.
        let places = ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map(|dir| Path::new(dir).join(shell));
        if let Some(place) = places.iter().find(|place| place.is_file()) {
            println!("cargo::rerun-if-changed={}", place.display());
            println!("cargo::rustc-cfg={shell}");
        }
    }
}
