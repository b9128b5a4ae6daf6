//! How fast scripts are read, and looked into.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fluxform::flux::names;
use fluxform::flux::parser::parse;
use fluxform::flux::refs::follow;
use fluxform::lint::{self, Setting};

use super::Result;
use super::measure::{Limit, Times, megabytes, seconds};

/// The size of the script.
const SIZE: usize = 50_000_000;
/// 50 MB/s on one core.
const MOST_PER_MEGABYTE: f64 = 20.0;
/// The tasks whose scripts are looked into, and the seconds that this may take.
const TASKS: usize = 10_000;
const MOST_OF_ALL: f64 = 1.0;

/// Reads one large script; its statements are those of the examples, over and over.
pub(crate) fn parsing(rounds: usize, limits: &mut Limit) -> Result<()> {
    let mut all = Vec::new();
    scripts(&examples(), &mut all)?;
    let lines = all.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with("import"));
    let statements: String = lines.flat_map(|line| [line, "\n"]).collect();
    let script = statements.repeat(SIZE / statements.len());
    if !parse(&statements).is_sound() {
        return Err("the examples' scripts are not sound together".into());
    }
    let mut times = Times::default();
    for _ in 0..rounds {
        let before = processor_time();
        drop(parse(&script));
        times.push(processor_time() - before);
    }
    let size = megabytes(script.len() as u64);
    println!("\nreading a script of {size:.0} MB: {} of processor time", seconds(times.median()).trim());
    limits.below("per MB", times.median().as_secs_f64() * 1000.0 / size, MOST_PER_MEGABYTE, " ms");
    Ok(())
}

/// Looks into the scripts of as many tasks, which are those of the examples in turn: names, what they reach, and lints.
pub(crate) fn analysis(rounds: usize, limits: &mut Limit) -> Result<()> {
    let mut all = Vec::new();
    scripts(&examples(), &mut all)?;
    let tasks: Vec<String> = (0..TASKS).map(|n| format!("{}\n// task {n}\n", all[n % all.len()])).collect();
    let mut times = Times::default();
    for _ in 0..rounds {
        let before = processor_time();
        for task in &tasks {
            let script = parse(task).script;
            let followed = follow(&script, &[]);
            black_box(names::errors(&script, &["task", "params"]));
            black_box(lint::findings(&script, &followed, Setting::default()));
        }
        times.push(processor_time() - before);
    }
    let size = megabytes(tasks.iter().map(|task| task.len() as u64).sum());
    println!("\nlooking into the scripts of {TASKS} tasks, {size:.1} MB");
    limits.below("processor time", times.median().as_secs_f64(), MOST_OF_ALL, " s");
    Ok(())
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// All scripts below a directory.
fn scripts(dir: &Path, all: &mut Vec<String>) -> Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(dir)?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for path in entries.iter().map(std::fs::DirEntry::path) {
        if path.is_dir() {
            scripts(&path, all)?;
        } else if path.extension().is_some_and(|extension| extension == "flux") {
            all.push(std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// What this process has had of a processor, whatever else the machine does.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    #[expect(clippy::cast_sign_loss, reason = "no process has had less than nothing")]
    let time = Duration::new(time.tv_sec as u64, time.tv_nsec as u32);
    time
}
