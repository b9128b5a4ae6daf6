//! What is measured on the real server only: against the bare requests that it takes.

use std::path::Path;
use std::time::Instant;

use super::bare::Bare;
use super::influxd::Influxd;
use super::measure::{Limit, Times, megabytes, seconds};
use super::program::Program;
use super::project::{self, Deliver, Project, Size};
use super::{Result, SIZE};

/// The objects of the server that is exported.
const EXPORTED: Size = SIZE.times(2);

/// `plan` with no change against the bare lists.
pub(crate) async fn plan(program: &Program, influxd: &Path, rounds: usize, limits: &mut Limit) -> Result<()> {
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
    println!("\nplan with no change, {} resources on influxd", SIZE.all());
    println!("  the {lists} bare lists          {}", seconds(floor.median()));
    println!("  fluxform plan, {sent} requests  {}", seconds(ours.median()));
    limits.below("plan / bare lists", ours.median().as_secs_f64() / floor.median().as_secs_f64(), 3.0, "x");
    Ok(())
}

/// `apply` of everything against the bare requests; each round on a server of its own, so that none is fuller.
pub(crate) async fn apply(program: &Program, influxd: &Path, rounds: usize, limits: &mut Limit) -> Result<()> {
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

/// `destroy` of everything against the bare deletes; each round on a server of its own, as for `apply`.
pub(crate) async fn destroy(program: &Program, influxd: &Path, rounds: usize, limits: &mut Limit) -> Result<()> {
    let (mut floor, mut ours) = (Times::default(), Times::default());
    for round in 0..rounds {
        let server = Influxd::start(influxd).await?;
        let bare = Bare::new(server.url(), server.token())?;
        let project = Project::write(SIZE, Deliver::Discard, 1)?;
        let org = bare.make_org("bare").await?;
        bare.create(&org, SIZE).await?;
        bare.make_org("destroy").await?;
        program.apply(&project, server.url(), server.token(), "destroy")?;
        let made = bare.made(&org).await?;
        if made.len() != SIZE.all() {
            return Err(format!("{} objects were made, not {}", made.len(), SIZE.all()).into());
        }
        for turn in 0..2 {
            if (round + turn) % 2 == 0 {
                let bare = Bare::new(server.url(), server.token())?;
                let began = Instant::now();
                bare.delete(&made).await?;
                floor.add(began);
            } else {
                let mut destroy = program.on("destroy", &project, server.url(), server.token(), "destroy");
                let began = Instant::now();
                program.run(&mut destroy)?;
                ours.add(began);
            }
        }
    }
    println!("\ndestroy of {} resources on influxd", SIZE.all());
    println!("  {} bare deletes, one connection    {}", SIZE.all(), seconds(floor.median()));
    println!("  fluxform destroy                   {}", seconds(ours.median()));
    limits.below("destroy / bare deletes", ours.median().as_secs_f64() / floor.median().as_secs_f64(), 2.5, "x");
    Ok(())
}

/// The highest resident memory of `apply` and `plan`.
pub(crate) async fn memory(program: &Program, influxd: &Path, limits: &mut Limit) -> Result<()> {
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

/// `export` of a server that has been filled.
pub(crate) async fn export(program: &Program, influxd: &Path, rounds: usize, limits: &mut Limit) -> Result<()> {
    let server = Influxd::start(influxd).await?;
    let bare = Bare::new(server.url(), server.token())?;
    let org = bare.make_org("export").await?;
    bare.create(&org, EXPORTED).await?;
    let (mut ours, mut floor) = (Times::default(), Times::default());
    let (mut lists, mut sent) = (0, 0);
    for _ in 0..rounds {
        let began = Instant::now();
        lists = Bare::new(server.url(), server.token())?.lists(&org, EXPORTED).await?;
        floor.add(began);
        let dir = tempfile::Builder::new().prefix("fluxform-figures-").tempdir()?;
        let before = server.requests(&bare).await?;
        let began = Instant::now();
        program.run(&mut program.export(&dir.path().join("exported"), server.url(), server.token(), "export"))?;
        ours.add(began);
        // The one that asked before is counted by now.
        sent = server.requests(&bare).await? - before - 1;
    }
    println!("\nexport of {} objects on influxd", EXPORTED.all());
    println!("  the {lists} bare lists of what was made  {}", seconds(floor.median()));
    println!("  fluxform export, {sent} requests    {}", seconds(ours.median()));
    limits.below("export", ours.median().as_secs_f64(), 3.0, " s");
    Ok(())
}

/// `plan` with no change, and `export`, of objects of every kind that a server has many of.
pub(crate) async fn mixed(program: &Program, influxd: &Path, rounds: usize, limits: &mut Limit) -> Result<()> {
    let server = Influxd::start(influxd).await?;
    let bare = Bare::new(server.url(), server.token())?;
    let org = bare.make_org("mixed").await?;
    let project = Project::write_mixed()?;
    program.apply(&project, server.url(), server.token(), "mixed")?;
    let (mut plan, mut export, mut floor) = (Times::default(), Times::default(), Times::default());
    let mut lists = 0;
    let before = server.requests(&bare).await?;
    program.plan(&project, server.url(), server.token(), "mixed")?;
    // The one that asked before is counted by now.
    let sent = server.requests(&bare).await? - before - 1;
    for _ in 0..rounds {
        let began = Instant::now();
        lists = Bare::new(server.url(), server.token())?.lists_of_all(&org).await?;
        floor.add(began);
        let began = Instant::now();
        program.plan(&project, server.url(), server.token(), "mixed")?;
        plan.add(began);
        let dir = tempfile::Builder::new().prefix("fluxform-figures-").tempdir()?;
        let began = Instant::now();
        program.run(&mut program.export(&dir.path().join("exported"), server.url(), server.token(), "mixed"))?;
        export.add(began);
    }
    println!("\n{} objects of thirteen kinds on influxd", project::mixed());
    println!("  the {lists} bare lists and dashboards  {}", seconds(floor.median()));
    println!("  fluxform plan, {sent} requests  {}", seconds(plan.median()));
    limits.below("plan / bare lists", plan.median().as_secs_f64() / floor.median().as_secs_f64(), 1.5, "x");
    limits.below("export", export.median().as_secs_f64(), 5.0, " s");
    Ok(())
}
