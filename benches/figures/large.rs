//! How fluxform does with large projects, and how soon it speaks at all; on the server inside it too.

use std::time::{Duration, Instant};

use super::host::{Host, Hosts};
use super::measure::{Limit, Times, megabytes, seconds};
use super::program::Program;
use super::project::{Deliver, Project};
use super::{Result, SIZE};

/// Tables of the project that is validated, in the same proportions.
const TABLES: usize = 100_000;
/// How much larger the second project is whose plan is compared with that of the first.
const TIMES: usize = 10;

/// `validate` of a large project.
pub(crate) fn validate(program: &Program, rounds: usize, limits: &mut Limit) -> Result<()> {
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

/// How the time of `plan` grows with the project, and how much memory the large one takes.
pub(crate) async fn growth(program: &Program, hosts: &Hosts, rounds: usize, limits: &mut Limit) -> Result<()> {
    for host in hosts.each() {
        let mut sides = Vec::new();
        let mut peaks = Vec::new();
        for size in [SIZE, SIZE.times(TIMES)] {
            let server = Host::start(host, "growth").await?;
            let project = Project::write(size, Deliver::Discard, 1)?;
            let mut apply = program.on("apply", &project, server.url(), server.token(), "growth");
            peaks.push(program.peak(&mut apply)?);
            sides.push((server, project, Times::default()));
        }
        for _ in 0..rounds {
            for (server, project, times) in &mut sides {
                let began = Instant::now();
                program.plan(project, server.url(), server.token(), "growth")?;
                times.add(began);
            }
        }
        println!("\nplan with no change on {}", host.name());
        let medians: Vec<Duration> = sides.iter().map(|(.., times)| times.median()).collect();
        for ((_, project, _), median) in sides.iter().zip(&medians) {
            println!("  {:>6} resources               {}", project.size().all(), seconds(*median));
        }
        let ratio = medians[1].as_secs_f64() / medians[0].as_secs_f64();
        limits.below(&format!("time, {TIMES} times the resources"), ratio, 11.0, "x");
        let (server, project, _) = &sides[1];
        let mut plan = program.on("plan", project, server.url(), server.token(), "growth");
        let large = project.size().all();
        limits.below(&format!("memory of plan, {large} resources"), megabytes(program.peak(&mut plan)?), 150.0, " MB");
        limits.below(&format!("memory of apply, {large} resources"), megabytes(peaks[1]), 150.0, " MB");
        for (server, ..) in sides {
            server.stop().await;
        }
    }
    Ok(())
}

/// How long after its start `plan` says what it would make on an empty server.
pub(crate) async fn first(program: &Program, hosts: &Hosts, rounds: usize, limits: &mut Limit) -> Result<()> {
    let project = Project::write(SIZE, Deliver::Discard, 1)?;
    println!("\nfirst byte of plan's output, {} resources to add, on an empty server", SIZE.all());
    for host in hosts.each() {
        let server = Host::start(host, "plan").await?;
        let mut times = Times::default();
        for _ in 0..rounds {
            let began = Instant::now();
            let mut plan = program.plan_on(&project, server.url(), server.token(), "plan");
            times.push(program.first_byte(&mut plan, began)?);
        }
        limits.below(host.name(), times.median().as_secs_f64() * 1000.0, 200.0, " ms");
        server.stop().await;
    }
    let mut times = Times::default();
    for _ in 0..rounds {
        let began = Instant::now();
        times.push(program.first_byte(&mut program.plan_on(&project, "embedded:", "", "plan"), began)?);
    }
    limits.below("the server inside, in the same process", times.median().as_secs_f64() * 1000.0, 200.0, " ms");
    Ok(())
}
