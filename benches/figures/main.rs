//! The figures that fluxform is held to, measured on this machine: `cargo bench --bench figures`.
//!
//! Each ratio compares two things that were done in turn in this run; times are medians. `cargo bench --bench figures --
//! PART...` measures only some parts (`plan`, `apply`, `memory`, `export`, `validate`, `growth`), `--rounds N` takes another number
//! of rounds than 10, and `--program PATH` another build than the one that cargo has just made.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod bare;
mod influxd;
mod measure;
mod program;
mod project;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use fluxform::server::{Location, Options, Server, Setup};
use secrecy::ExposeSecret;

use bare::Bare;
use influxd::Influxd;
use measure::{Limit, Times, megabytes, seconds};
use program::Program;
use project::{Deliver, Project, Size};

/// What goes wrong in a benchmark ends it.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The size that the figures are about.
const SIZE: Size = Size { buckets: 500, tasks: 300, tokens: 200 };
/// Tables of the project that is validated, in the same proportions.
const TABLES: usize = 100_000;
/// How much larger the second project is whose plan is compared with that of the first.
const TIMES: usize = 10;

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
    const PARTS: [&str; 6] = ["plan", "apply", "memory", "export", "validate", "growth"];
    if let Some(unknown) = arguments.iter().find(|part| !PARTS.contains(&part.as_str())) {
        return Err(format!("no part is called `{unknown}`: {}", PARTS.join(", ")).into());
    }
    let asked = |part: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == part);
    let mut limits = Limit::default();
    println!("fluxform {}, medians of {rounds} rounds, both sides in turn\n", env!("CARGO_PKG_VERSION"));
    match Influxd::program() {
        Ok(influxd) => {
            if asked("plan") {
                plan(&program, &influxd, rounds, &mut limits).await?;
            }
            if asked("apply") {
                apply(&program, &influxd, rounds, &mut limits).await?;
            }
            if asked("memory") {
                memory(&program, &influxd, &mut limits).await?;
            }
            if asked("export") {
                export(&program, &influxd, rounds, &mut limits).await?;
            }
        }
        Err(missing) if ["plan", "apply", "memory", "export"].into_iter().any(asked) => {
            println!("NOT MEASURED: plan, apply, their memory and export on the real server: {missing}\n");
            limits.missed = true;
        }
        Err(_) => {}
    }
    if asked("validate") {
        validate(&program, rounds, &mut limits)?;
    }
    if asked("growth") {
        growth(&program, rounds).await?;
    }
    Ok(!limits.missed)
}

/// `plan` with no change against the bare lists.
async fn plan(program: &Program, influxd: &std::path::Path, rounds: usize, limits: &mut Limit) -> Result<()> {
    let server = Influxd::start(influxd).await?;
    let project = Project::write(SIZE, Deliver::Discard, 1)?;
    let bare = Bare::new(server.url(), server.token())?;
    let org = bare.make_org("plan").await?;
    program.apply(&project, server.url(), server.token(), "plan")?;
    let (mut ours, mut floor) = (Times::default(), Times::default());
    let mut lists = 0;
    let before = server.requests(&bare).await?;
    program.plan(&project, server.url(), server.token(), "plan")?;
    // The one that asked before is counted by now.
    let sent = server.requests(&bare).await? - before - 1;
    for _ in 0..rounds {
        // A connection of its own each time, made inside the measured time, as the program makes one.
        let began = Instant::now();
        lists = Bare::new(server.url(), server.token())?.lists(&org, SIZE).await?;
        floor.add(began);
        let began = Instant::now();
        program.plan(&project, server.url(), server.token(), "plan")?;
        ours.add(began);
    }
    println!("plan with no change, {} resources on influxd", SIZE.all());
    println!("  the {lists} bare lists          {}", seconds(floor.median()));
    println!("  fluxform plan, {sent} requests  {}", seconds(ours.median()));
    limits.below("plan / bare lists", ours.median().as_secs_f64() / floor.median().as_secs_f64(), 3.0, "x");
    Ok(())
}

/// `export` of a server with twice as many objects, which nobody owns.
async fn export(program: &Program, influxd: &std::path::Path, rounds: usize, limits: &mut Limit) -> Result<()> {
    let server = Influxd::start(influxd).await?;
    let size = SIZE.times(2);
    let bare = Bare::new(server.url(), server.token())?;
    let org = bare.make_org("export").await?;
    bare.create(&org, size).await?;
    let (mut ours, mut floor) = (Times::default(), Times::default());
    let mut lists = 0;
    let before = server.requests(&bare).await?;
    program.export(server.url(), server.token(), "export")?;
    // The one that asked before is counted by now.
    let sent = server.requests(&bare).await? - before - 1;
    for _ in 0..rounds {
        let began = Instant::now();
        lists = Bare::new(server.url(), server.token())?.lists(&org, size).await?;
        floor.add(began);
        let began = Instant::now();
        program.export(server.url(), server.token(), "export")?;
        ours.add(began);
    }
    println!("\nexport of {} objects on influxd", size.all());
    println!("  the {lists} bare lists            {}", seconds(floor.median()));
    println!("  fluxform export, {sent} requests  {}", seconds(ours.median()));
    limits.below("time", ours.median().as_secs_f64(), 3.0, " s");
    Ok(())
}

/// `apply` of everything against the bare requests; each round on a server of its own, so that none is fuller.
async fn apply(program: &Program, influxd: &std::path::Path, rounds: usize, limits: &mut Limit) -> Result<()> {
    let mut floor = Times::default();
    let mut ours = [(Deliver::Discard, Times::default()), (Deliver::File, Times::default())];
    for round in 0..rounds {
        let server = Influxd::start(influxd).await?;
        let bare = Bare::new(server.url(), server.token())?;
        // Whoever comes first finds the emptiest server: each side does in its turn.
        for turn in 0..3 {
            match (round + turn) % 3 {
                0 => {
                    let org = bare.make_org("bare").await?;
                    let bare = Bare::new(server.url(), server.token())?;
                    let began = Instant::now();
                    bare.create(&org, SIZE).await?;
                    floor.add(began);
                }
                side => {
                    let (deliver, times) = &mut ours[side - 1];
                    let project = Project::write(SIZE, *deliver, 1)?;
                    let org = format!("{deliver:?}");
                    bare.make_org(&org).await?;
                    let began = Instant::now();
                    program.apply(&project, server.url(), server.token(), &org)?;
                    times.add(began);
                }
            }
        }
    }
    println!("\napply of {} resources on influxd", SIZE.all());
    println!("  {} bare requests, one connection  {}", SIZE.all() + SIZE.tokens, seconds(floor.median()));
    for (deliver, times) in ours {
        println!("  fluxform apply, {deliver:<22} {}", seconds(times.median()));
        let ratio = times.median().as_secs_f64() / floor.median().as_secs_f64();
        limits.below(&format!("apply ({deliver}) / bare requests"), ratio, 1.5, "x");
    }
    Ok(())
}

/// The highest resident memory of `apply` and `plan`.
async fn memory(program: &Program, influxd: &std::path::Path, limits: &mut Limit) -> Result<()> {
    let server = Influxd::start(influxd).await?;
    let bare = Bare::new(server.url(), server.token())?;
    let project = Project::write(SIZE, Deliver::File, 1)?;
    bare.make_org("memory").await?;
    println!("\npeak resident memory, {} resources on influxd", SIZE.all());
    for command in ["apply", "plan"] {
        let peak = program.peak(&mut program.on(command, &project, server.url(), server.token(), "memory"))?;
        limits.below(command, megabytes(peak), 60.0, " MB");
    }
    Ok(())
}

/// `validate` of a large project.
fn validate(program: &Program, rounds: usize, limits: &mut Limit) -> Result<()> {
    let project = Project::write(SIZE.times(TABLES / SIZE.all()), Deliver::File, 10)?;
    let mut times = Times::default();
    for _ in 0..rounds {
        let began = Instant::now();
        program.run(&mut program.validate(&project))?;
        times.add(began);
    }
    println!("\nvalidate of {TABLES} written tables, {:.1} MB", megabytes(project.bytes()?));
    limits.below("time", times.median().as_secs_f64(), 2.0, " s");
    limits.below("peak resident memory", megabytes(program.peak(&mut program.validate(&project))?), 250.0, " MB");
    Ok(())
}

/// How the time of `plan` grows with the project, on the embedded server.
async fn growth(program: &Program, rounds: usize) -> Result<()> {
    let listen = ([127, 0, 0, 1], 0).into();
    let mut sides = Vec::new();
    for size in [SIZE, SIZE.times(TIMES)] {
        let setup = Some(Setup { org: "growth".into(), user: "bench".into() });
        let options = Options { location: Location::Memory, listen, setup, lock_wait: Duration::ZERO };
        let server = Server::start(options).await?;
        let token = server.operator_token().ok_or("the embedded server gave no token")?;
        let project = Project::write(size, Deliver::Discard, 1)?;
        let (url, token) = (server.url(), token.expose_secret().to_owned());
        program.apply(&project, &url, &token, "growth")?;
        sides.push((server, project, url, token, Times::default()));
    }
    for _ in 0..rounds {
        for (_, project, url, token, times) in &mut sides {
            let began = Instant::now();
            program.plan(project, url, token, "growth")?;
            times.add(began);
        }
    }
    println!("\nplan with no change on the embedded server");
    let medians: Vec<Duration> = sides.iter().map(|(.., times)| times.median()).collect();
    for (side, median) in sides.iter().zip(&medians) {
        println!("  {:>6} resources  {}", side.1.size().all(), seconds(*median));
    }
    println!(
        "  {TIMES} times the resources take {:.1} times as long",
        medians[1].as_secs_f64() / medians[0].as_secs_f64()
    );
    for (server, ..) in sides {
        server.stop().await;
    }
    Ok(())
}
