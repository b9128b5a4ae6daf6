//! A run under the eyes of the kernel: which processes it starts, and which files are opened while it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Seek as _};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::errno::Errno;
use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

/// What a run has left, and what it did on the way.
pub(crate) struct Traced {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    /// Each program that was started, and each copy of the process.
    pub(crate) started: Vec<String>,
    /// Each watched file that was opened.
    pub(crate) opened: BTreeSet<PathBuf>,
}

/// Runs a command; the files `watched` must be there.
#[expect(clippy::zombie_processes, reason = "the tracer waits for it")]
pub(crate) fn trace(command: &Command, watched: &[PathBuf]) -> Traced {
    let streams = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
    let mut stopped = stopped(command);
    stopped.stdout(streams[0].try_clone().unwrap()).stderr(streams[1].try_clone().unwrap());
    let watch = Watch::on(watched);
    let child = stopped.spawn().unwrap();
    let mut tracer = Tracer::take(&child);
    let code = tracer.follow();
    let [out, err] = streams.map(|mut stream| {
        let mut text = String::new();
        stream.rewind().unwrap();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    Traced { code, out, err, started: tracer.started, opened: watch.opened() }
}

/// The same command behind a shell that stops itself first, so that nothing of it is missed.
fn stopped(command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "kill -STOP $$; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().unwrap()).stdin(Stdio::null()).process_group(0);
    shell
}

/// Follows one process and its threads; whatever else comes of it is noted and let go.
struct Tracer {
    leader: Pid,
    started: Vec<String>,
}

impl Tracer {
    /// Takes a process that is about to stop itself.
    fn take(child: &Child) -> Self {
        let leader = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let first = waitpid(leader, Some(WaitPidFlag::WUNTRACED)).unwrap();
        assert_eq!(first, WaitStatus::Stopped(leader, Signal::SIGSTOP));
        let options = Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_EXITKILL;
        ptrace::seize(leader, options).unwrap();
        nix::sys::signal::kill(leader, Signal::SIGCONT).unwrap();
        Self { leader, started: Vec::new() }
    }

    /// Until the process has ended: its exit code, if it ended with one.
    fn follow(&mut self) -> Option<i32> {
        let mut ended = None;
        // All of the group: a process that leaves it has been let go before.
        let group = Pid::from_raw(-self.leader.as_raw());
        loop {
            match waitpid(group, Some(WaitPidFlag::__WALL)) {
                Err(Errno::ECHILD) => return ended,
                Err(error) => panic!("{error}"),
                Ok(WaitStatus::Exited(pid, code)) if pid == self.leader => ended = Some(code),
                Ok(WaitStatus::PtraceEvent(pid, _, event)) => self.event(pid, event),
                Ok(WaitStatus::Stopped(pid, signal)) => go_on(pid, Some(signal)),
                Ok(_) => {}
            }
        }
    }

    fn event(&mut self, pid: Pid, event: libc::c_int) {
        if !self.is_thread(pid) {
            self.started.push(format!("a process, {pid}"));
            // It may be gone already.
            let _ = ptrace::detach(pid, None);
            return;
        }
        if event == libc::PTRACE_EVENT_EXEC {
            let program = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
            self.started.push(program.display().to_string());
        }
        go_on(pid, None);
    }

    fn is_thread(&self, pid: Pid) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let group = status.lines().find_map(|line| line.strip_prefix("Tgid:")).map(str::trim);
        group == Some(self.leader.to_string().as_str())
    }
}

/// A thread that is gone needs no leave to go on.
fn go_on(pid: Pid, signal: Option<Signal>) {
    match ptrace::cont(pid, signal) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Files that are watched.
struct Watch {
    queue: OwnedFd,
    files: BTreeMap<i32, PathBuf>,
}

impl Watch {
    fn on(files: &[PathBuf]) -> Self {
        let queue = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        let watch = |path: &PathBuf| {
            let flags = WatchFlags::OPEN | WatchFlags::ACCESS | WatchFlags::MODIFY | WatchFlags::CREATE;
            (inotify::add_watch(&queue, Path::new(path), flags).unwrap(), path.clone())
        };
        let files = files.iter().map(watch).collect();
        Self { queue, files }
    }

    fn opened(&self) -> BTreeSet<PathBuf> {
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.queue, &mut room);
        let mut opened = BTreeSet::new();
        while let Ok(event) = events.next() {
            opened.insert(self.files[&event.wd()].clone());
        }
        opened
    }
}
