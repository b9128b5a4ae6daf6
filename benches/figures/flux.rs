//! How fast scripts are read.

use std::path::Path;
use std::time::Duration;

use fluxform::flux::parser::parse;

use super::Result;
use super::measure::{Limit, Times, megabytes, seconds};

/// The size of the script.
const SIZE: usize = 50_000_000;
/// 50 MB/s on one core.
const MOST_PER_MEGABYTE: f64 = 20.0;

/// Reads one large script; its statements are those of the examples, over and over.
pub(crate) fn parsing(rounds: usize, limits: &mut Limit) -> Result<()> {
    let mut statements = String::new();
    scripts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), &mut statements)?;
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

/// All scripts below a directory, without their imports.
fn scripts(dir: &Path, all: &mut String) -> Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(dir)?.collect::<std::io::Result<_>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for path in entries.iter().map(std::fs::DirEntry::path) {
        if path.is_dir() {
            scripts(&path, all)?;
        } else if path.extension().is_some_and(|extension| extension == "flux") {
            let text = std::fs::read_to_string(&path)?;
            all.extend(text.lines().filter(|line| !line.starts_with("import")).flat_map(|line| [line, "\n"]));
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
