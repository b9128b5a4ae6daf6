//! What the lock needs of the machine that it runs on: a clock that counts sleep, chance, and processes.

use std::fmt::Debug;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use rustix::time::{ClockId, clock_gettime};

use crate::hidden::is_hidden;

/// One process of one machine, so that it is never mistaken for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The machine's boot: another after each start.
    pub boot: String,
    /// The PID namespace (and the time namespace, in which start times are counted).
    pub namespace: String,
    /// The process ID.
    pub pid: u32,
    /// When it started, in clock ticks since the boot.
    pub started: u64,
}

/// What the lock needs of the machine. A trait so that tests need neither wait nor die.
pub trait Machine: Debug + Send + Sync + 'static {
    /// The time since some fixed moment on a clock that also runs while the machine sleeps.
    fn boottime(&self) -> Duration;

    /// A number that nobody can foresee.
    fn random(&self) -> u64;

    /// This process; none where the machine does not say enough of it.
    fn process(&self) -> Option<Process>;

    /// Whether `process` has certainly ended. False where that cannot be known, as for other machines' processes.
    fn is_gone(&self, process: &Process) -> bool;
}

/// The machine that we run on.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThisMachine;

impl Machine for ThisMachine {
    fn boottime(&self) -> Duration {
        let time = clock_gettime(ClockId::Boottime);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    }

    fn random(&self) -> u64 {
        rand::random()
    }

    fn process(&self) -> Option<Process> {
        let (boot, namespace) = place()?;
        let pid = std::process::id();
        let (_, started) = stat(pid)?;
        Some(Process { boot, namespace, pid, started })
    }

    fn is_gone(&self, process: &Process) -> bool {
        if place().as_ref() != Some(&(process.boot.clone(), process.namespace.clone())) {
            return false;
        }
        let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else {
            return false;
        };
        // `/proc` may hide the processes of other users: only the system call says that there is none.
        if test_kill_process(pid) == Err(Errno::SRCH) {
            return true;
        }
        stat(process.pid).is_some_and(|(state, started)| started != process.started || matches!(state, 'Z' | 'X'))
    }
}

/// The most characters of each half of [`who`].
const NAME: usize = 64;

/// Who runs this process, for people: `user@host`. Nothing else of the machine is in it.
pub fn who() -> String {
    let var = |name: &str| std::env::var(name).ok().filter(|name| !name.is_empty());
    let uid = || format!("uid-{}", rustix::process::getuid().as_raw());
    let user = var("USER").or_else(|| var("LOGNAME")).unwrap_or_else(uid);
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    let plain = |name: &str| name.chars().take(NAME).collect::<String>().replace(is_hidden, "?");
    format!("{}@{}", plain(&user), plain(&host))
}

/// The boot and the namespaces of this process.
fn place() -> Option<(String, String)> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = |name: &str| {
        let link = std::fs::read_link(format!("/proc/self/ns/{name}")).ok()?;
        Some(link.to_str()?.to_owned())
    };
    let time = namespace("time").unwrap_or_default();
    Some((boot.trim().to_owned(), format!("{} {time}", namespace("pid")?).trim().to_owned()))
}

/// State and start time of a process: fields 3 and 22 of `/proc/PID/stat`.
fn stat(pid: u32) -> Option<(char, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 2 is the program's name in parentheses, which may hold anything.
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    let state = rest.next()?.chars().next()?;
    Some((state, rest.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_gone_when_it_has_ended_and_not_before() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let (boot, namespace) = place().unwrap();
        let (_, started) = stat(child.id()).unwrap();
        let process = Process { boot, namespace, pid: child.id(), started };
        assert!(!ThisMachine.is_gone(&process));
        assert!(!ThisMachine.is_gone(&Process { namespace: "pid:[1]".into(), pid: u32::MAX >> 1, ..process.clone() }));
        assert!(ThisMachine.is_gone(&Process { started: started + 1, ..process.clone() }), "the number was given anew");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(ThisMachine.is_gone(&process));
    }

    #[test]
    fn we_are_not_gone() {
        let us = ThisMachine.process().unwrap();
        assert!(!ThisMachine.is_gone(&us));
    }
}
