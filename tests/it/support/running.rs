//! The program while it runs: at a terminal, or heard line by line.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use rexpect::process::WaitStatus;
use rexpect::session::PtySession;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::relay::DEADLINE;

/// A stream of the program, read to its end by a thread.
struct Stream {
    text: Arc<(Mutex<String>, Condvar)>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn of(mut source: impl Read + Send + 'static) -> Self {
        let text = Arc::<(Mutex<String>, Condvar)>::default();
        let heard = text.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = source.read(&mut buffer) {
                *heard.0.lock().unwrap() += &String::from_utf8_lossy(&buffer[..length]);
                heard.1.notify_all();
            }
        });
        Self { text, reader }
    }

    #[track_caller]
    fn until(&self, needle: &str) {
        let (text, heard) = &*self.text;
        let missing = |text: &mut String| !text.contains(needle);
        let (text, waited) = heard.wait_timeout_while(text.lock().unwrap(), DEADLINE, missing).unwrap();
        assert!(!waited.timed_out(), "{needle:?} does not come:\n{text}");
    }

    fn whole(self) -> String {
        self.reader.join().unwrap();
        self.text.0.lock().unwrap().clone()
    }
}

/// A run without a terminal. It is killed if the test forgets it.
pub(crate) struct Running {
    child: Child,
    streams: Option<(Stream, Stream)>,
    _home: TempDir,
}

impl Running {
    pub(crate) fn start(mut command: Command, home: TempDir) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let streams = (Stream::of(child.stdout.take().unwrap()), Stream::of(child.stderr.take().unwrap()));
        Self { child, streams: Some(streams), _home: home }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until standard error has said this.
    #[track_caller]
    pub(crate) fn until_says(&self, needle: &str) {
        self.streams.as_ref().unwrap().1.until(needle);
    }

    /// Waits for the first line of standard output.
    #[track_caller]
    pub(crate) fn first_line(&self) -> String {
        let out = &self.streams.as_ref().unwrap().0;
        out.until("\n");
        out.text.0.lock().unwrap().lines().next().unwrap().to_owned()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// `kill -9`, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end: how it ended, and both streams.
    #[track_caller]
    pub(crate) fn wait(mut self) -> (ExitStatus, String, String) {
        let deadline = Instant::now() + DEADLINE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let (out, err) = self.streams.take().unwrap();
        (self.child.wait().unwrap(), out.whole(), err.whole())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a file holds, as soon as there is one.
pub(crate) async fn once_there(path: &Path) -> String {
    until("there is no such file", || std::fs::read_to_string(path).ok()).await
}

/// Waits until a process is gone, or waits for its parent to notice that.
pub(crate) async fn until_gone(pid: &str) {
    let stat = format!("/proc/{pid}/stat");
    let is_gone = || match std::fs::read_to_string(&stat) {
        Ok(stat) => stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')).then_some(()),
        Err(_) => Some(()),
    };
    until("the process lives", is_gone).await;
}

async fn until<T>(otherwise: &str, mut comes: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(come) = comes() {
            return come;
        }
        assert!(Instant::now() < deadline, "{otherwise}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

/// A run at a terminal of its own, which does not echo.
pub(crate) struct Terminal {
    session: PtySession,
    /// All that was shown so far, escape sequences included.
    shown: String,
    _home: TempDir,
}

impl Terminal {
    pub(crate) fn start(command: Command, home: TempDir) -> Self {
        let deadline = u64::try_from(DEADLINE.as_millis()).unwrap();
        let session = rexpect::session::spawn_command(command, Some(deadline)).unwrap();
        Self { session, shown: String::new(), _home: home }
    }

    /// Waits until this is shown.
    #[track_caller]
    pub(crate) fn until_shows(&mut self, needle: &str) {
        match self.session.exp_string(needle) {
            Ok(before) => self.shown = format!("{}{before}{needle}", self.shown),
            Err(error) => panic!("{needle:?} is not shown after {:?}: {error}", self.shown),
        }
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        self.session.send_line(line).unwrap();
    }

    /// Ctrl-C.
    pub(crate) fn interrupts(&mut self) {
        self.session.send_control('c').unwrap();
    }

    /// Waits for its end: the exit code, if it ended with one, and all that was shown.
    pub(crate) fn wait(mut self) -> (Option<i32>, String) {
        self.shown += &self.session.exp_eof().unwrap();
        let status = self.session.process().wait().unwrap();
        (if let WaitStatus::Exited(_, code) = status { Some(code) } else { None }, self.shown)
    }
}
