//! The figures that fluxform is held to, measured on this machine: `cargo bench --bench figures`.
//!
//! Each ratio compares two things that were done in turn in this run; times are medians. `cargo bench --bench figures --
//! PART...` measures only some parts (`plan`, `apply`, `destroy`, `memory`, `validate`, `growth`, `first`, `export`, `mixed`, `flux`),
//! `--rounds N` takes another number of rounds than 10, and `--program PATH` another build than the one that cargo has just made.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod bare;
mod flux;
mod host;
mod influxd;
mod large;
mod measure;
mod program;
mod project;
mod real;

use std::process::ExitCode;

use host::Hosts;
use influxd::Influxd;
use measure::Limit;
use program::Program;
use project::Size;

/// What goes wrong in a benchmark ends it.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The size that the figures are about.
const SIZE: Size = Size { buckets: 500, tasks: 300, tokens: 200 };

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // Cargo says that it is a benchmark; `cargo test` runs this too, and does not.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("figures: run it with `cargo bench --bench figures`");
        return ExitCode::SUCCESS;
    }
    arguments.retain(|argument| argument != "--bench");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let done = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(run(arguments)));
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            println!("\nA figure misses its limit.");
            ExitCode::FAILURE
        }
        Err(error) => {
            println!("figures: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures what is asked for; gives whether all figures keep their limits.
async fn run(mut arguments: Vec<String>) -> Result<bool> {
    let mut rounds = 10;
    if let Some(at) = arguments.iter().position(|argument| argument == "--rounds") {
        rounds = arguments.get(at + 1).ok_or("--rounds needs a number")?.parse()?;
        arguments.drain(at..=at + 1);
    }
    let mut program = Program::built();
    if let Some(at) = arguments.iter().position(|argument| argument == "--program") {
        program = Program::at(arguments.get(at + 1).ok_or("--program needs a path")?);
        arguments.drain(at..=at + 1);
    }
    const PARTS: [&str; 10] =
        ["plan", "apply", "destroy", "memory", "validate", "growth", "first", "export", "mixed", "flux"];
    if let Some(unknown) = arguments.iter().find(|part| !PARTS.contains(&part.as_str())) {
        return Err(format!("no part is called `{unknown}`: {}", PARTS.join(", ")).into());
    }
    let asked = |part: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == part);
    let mut limits = Limit::default();
    println!("fluxform {}, medians of {rounds} rounds, both sides in turn", env!("CARGO_PKG_VERSION"));
    let influxd = Influxd::program();
    match &influxd {
        Ok(influxd) => {
            if asked("plan") {
                real::plan(&program, influxd, rounds, &mut limits).await?;
            }
            if asked("apply") {
                real::apply(&program, influxd, rounds, &mut limits).await?;
            }
            if asked("destroy") {
                real::destroy(&program, influxd, rounds, &mut limits).await?;
            }
            if asked("memory") {
                real::memory(&program, influxd, &mut limits).await?;
            }
            if asked("export") {
                real::export(&program, influxd, rounds, &mut limits).await?;
            }
            if asked("mixed") {
                real::mixed(&program, influxd, rounds, &mut limits).await?;
            }
        }
        Err(missing) => {
            let parts = ["plan", "apply", "destroy", "memory", "export", "mixed", "growth", "first"]
                .into_iter()
                .filter(|part| asked(part));
            let parts: Vec<_> = parts.collect();
            if !parts.is_empty() {
                println!("\nNOT MEASURED on the real server: {}: {missing}", parts.join(", "));
                limits.missed = true;
            }
        }
    }
    let hosts = Hosts { influxd: influxd.ok() };
    if asked("validate") {
        large::validate(&program, rounds, &mut limits)?;
    }
    if asked("growth") {
        large::growth(&program, &hosts, rounds, &mut limits).await?;
    }
    if asked("first") {
        large::first(&program, &hosts, rounds, &mut limits).await?;
    }
    if asked("flux") {
        flux::parsing(rounds, &mut limits)?;
        flux::analysis(rounds, &mut limits)?;
    }
    Ok(!limits.missed)
}
