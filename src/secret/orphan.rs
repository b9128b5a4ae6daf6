//! A command does not outlive the run that has started it, however that run ends.

use tokio::process::Command;

/// Has the kernel kill the process of `command` as soon as the run is gone (Linux: `PR_SET_PDEATHSIG`), also where nothing of the
/// run is left that could. What that process has started goes on.
#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
pub(super) fn dies_with_run(command: &mut Command) {
    use rustix::io::Errno;
    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

    let run = getpid();
    let in_child = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The run may have gone before that.
        if getppid() == Some(run) { Ok(()) } else { Err(Errno::SRCH.into()) }
    };
    // SAFETY: between fork and exec there are two system calls; nothing is allocated and no lock is taken.
    unsafe { command.pre_exec(in_child) };
}

/// Nothing: this system has no such thing.
#[cfg(not(target_os = "linux"))]
pub(super) fn dies_with_run(_: &mut Command) {}
