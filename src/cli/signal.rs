//! What ends a run early: Ctrl-C and SIGTERM, of which the first asks to stop and the second stops, and `--timeout`, which
//! asks as the first signal does.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::problem::{Problem, Problems};
use crate::secret;

/// From now on: becomes the exit code of the first signal, or `Unavailable` at `until`. A further signal ends the process at
/// once.
pub(super) fn listen(until: Option<Instant>) -> watch::Receiver<Option<Exit>> {
    let (stop, stopped) = watch::channel(None);
    // Without handlers a signal ends the process, as it does any other.
    let signals = Signals::new().ok();
    if signals.is_some() || until.is_some() {
        tokio::spawn(tell(signals, until, stop));
    }
    stopped
}

/// `work` of a command that only reads, unless it is not done at `until`.
pub(super) async fn in_time<T>(
    until: Option<Instant>,
    work: impl Future<Output = Result<T, Problems>>,
) -> Result<T, Problems> {
    match until {
        None => work.await,
        Some(until) => timeout_at(until, work).await.unwrap_or_else(|_| Err(stopped(TIMEOUT).into())),
    }
}

/// How a run ends whose time is up.
pub(super) const TIMEOUT: Exit = Exit::Unavailable;

/// Waits for the first signal, or the end of the run's time; for ever if there is neither.
pub(super) async fn wait(mut stop: watch::Receiver<Option<Exit>>) -> Exit {
    match stop.wait_for(Option::is_some).await.map(|exit| *exit) {
        Ok(Some(exit)) => exit,
        _ => std::future::pending().await,
    }
}

/// `work`, or the end of the run at the first signal, or when its time is up.
pub(super) async fn unless_stopped<T>(
    stop: &watch::Receiver<Option<Exit>>,
    work: impl Future<Output = Result<T, Problems>>,
) -> Result<T, Problems> {
    tokio::select! {
        done = work => done,
        exit = wait(stop.clone()) => Err(stopped(exit).into()),
    }
}

/// Goes on unless the run is to stop: for work that does not wait for anything.
pub(super) fn go_on(stop: &watch::Receiver<Option<Exit>>) -> Result<(), Problem> {
    stop.borrow().map_or(Ok(()), |exit| Err(stopped(exit)))
}

/// Why a run ends early that has changed nothing.
pub(super) fn stopped(exit: Exit) -> Problem {
    let diagnostic = if exit == TIMEOUT {
        Diagnostic::error(Code::CliTimeout, "the run has reached its --timeout: nothing was changed")
            .help("increase --timeout, or find out why the server takes so long")
    } else {
        Diagnostic::error(Code::CliInterrupted, "stopped by a signal: nothing was changed")
    };
    Problem { exit, diagnostic }
}

/// What may be left behind where a second signal stops a run that writes.
const STOPPED_AT_ONCE: &str = "\nStopped at once: the lock of this run stays until it expires, and what was under way may be half \
                               done; the next apply finishes it.";

/// Whether the run has begun to write.
static LEAVES: AtomicBool = AtomicBool::new(false);

/// From now on, a run that is stopped at once leaves something behind.
pub(super) fn begin_to_write() {
    LEAVES.store(true, Ordering::Relaxed);
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Exit {
        tokio::select! {
            _ = self.interrupt.recv() => Exit::Interrupted,
            _ = self.terminate.recv() => Exit::Terminated,
        }
    }
}

/// Tells of what asks the run to stop, and ends the process at the signal after that.
async fn tell(mut signals: Option<Signals>, until: Option<Instant>, stop: watch::Sender<Option<Exit>>) {
    let time_is_up = async {
        match until {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    };
    let signal = async {
        match &mut signals {
            Some(signals) => signals.next().await,
            None => std::future::pending().await,
        }
    };
    let first = tokio::select! {
        exit = signal => exit,
        () = time_is_up => TIMEOUT,
    };
    // Nobody listens any more when the run is over.
    let _ = stop.send(Some(first));
    if let Some(signals) = &mut signals {
        let second = signals.next().await;
        secret::kill_commands();
        if LEAVES.load(Ordering::Relaxed) {
            // Nothing else can be done about an error stream that is gone.
            let _ = writeln!(io::stderr(), "{STOPPED_AT_ONCE}");
        }
        std::process::exit(second.code().into());
    }
}
