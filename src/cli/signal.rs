//! Ctrl-C and SIGTERM: the first asks to stop, the second stops.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::diagnostic::Diagnostic;
use crate::exit::{Exit, Problem};
use crate::secret;

/// From now on: becomes the exit code of the first signal. A second one ends the process at once.
pub(super) fn listen() -> watch::Receiver<Option<Exit>> {
    let (stop, stopped) = watch::channel(None);
    // Without handlers a signal ends the process, as it does any other.
    if let Ok(signals) = Signals::new() {
        tokio::spawn(signals.tell(stop));
    }
    stopped
}

/// Waits for the first signal; for ever if signals cannot be listened to.
pub(super) async fn wait(mut stop: watch::Receiver<Option<Exit>>) -> Exit {
    match stop.wait_for(Option::is_some).await.map(|exit| *exit) {
        Ok(Some(exit)) => exit,
        _ => std::future::pending().await,
    }
}

/// `work`, or the end of the run at the first signal.
pub(super) async fn unless_stopped<T>(
    stop: &watch::Receiver<Option<Exit>>,
    work: impl Future<Output = Result<T, Vec<Problem>>>,
) -> Result<T, Vec<Problem>> {
    tokio::select! {
        done = work => done,
        exit = wait(stop.clone()) => Err(vec![stopped(exit)]),
    }
}

/// Goes on unless a signal has come: for work that does not wait for anything.
pub(super) fn go_on(stop: &watch::Receiver<Option<Exit>>) -> Result<(), Problem> {
    stop.borrow().map_or(Ok(()), |exit| Err(stopped(exit)))
}

fn stopped(exit: Exit) -> Problem {
    let diagnostic = Diagnostic::error("cli::interrupted", "stopped by a signal: nothing was changed");
    Problem { exit, diagnostic }
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

    async fn tell(mut self, stop: watch::Sender<Option<Exit>>) {
        let first = self.next().await;
        // Nobody listens any more when the run is over.
        let _ = stop.send(Some(first));
        let second = self.next().await;
        secret::kill_commands();
        std::process::exit(second.code().into());
    }
}
