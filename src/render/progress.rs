//! What happens during an apply, on standard error: a bar at a terminal, else a line for each finished change.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::task::JoinHandle;

use super::human::role;
use super::output::Output;
use super::page::Page;
use super::style::{Look, Role};
use super::value::count;
use crate::address::Address;
use crate::apply::{Event, Outcome};
use crate::diff::Action;

/// How long nothing is said before it is said that the run is still at work.
const SILENCE: Duration = Duration::from_secs(15);

/// Tells events as they happen.
#[derive(Debug)]
pub struct Progress {
    output: Output,
    /// At a terminal only.
    bar: Option<ProgressBar>,
    state: Arc<Mutex<State>>,
    heartbeat: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    running: BTreeMap<Address, (Action, Instant)>,
    said: Instant,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().expect("invariant: nobody panics while holding the progress")
}

impl Progress {
    /// Begins to tell. Must be called inside a tokio runtime.
    pub fn start(output: Output) -> Self {
        // Hidden until it is known that there is something to do.
        let bar = output.err_terminal.then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}");
            let style = style.expect("invariant: the template is sound");
            bar.set_style(if output.err.ascii { style.progress_chars("=> ") } else { style });
            bar
        });
        let state = Arc::new(Mutex::new(State { running: BTreeMap::new(), said: Instant::now() }));
        let heartbeat = bar.is_none().then(|| tokio::spawn(beat(output.clone(), state.clone())));
        output.draw(bar.clone());
        Self { output, bar, state, heartbeat }
    }

    /// Tells one event.
    pub fn tell(&mut self, event: &Event) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        match event {
            Event::Started { address, action } => {
                state.running.insert(address.clone(), (*action, now));
            }
            Event::Ended { address, .. } => {
                state.running.remove(address);
            }
            _ => {}
        }
        if let Some(bar) = &self.bar {
            match event {
                Event::Begin { total: 0 } => {}
                Event::Begin { total } => {
                    bar.set_length(u64::try_from(*total).unwrap_or(u64::MAX));
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(Duration::from_millis(200));
                }
                Event::Ended { .. } => bar.inc(1),
                Event::End => bar.finish_and_clear(),
                _ => {}
            }
            bar.set_message(working(&state.running));
        }
        if let Some(line) = line(event, self.output.err) {
            state.said = now;
            self.output.talk(&line);
        }
    }

    /// Stops telling.
    pub fn end(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.output.draw(None);
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.abort();
        }
    }
}

async fn beat(output: Output, state: Arc<Mutex<State>>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let mut state = lock(&state);
        if now.duration_since(state.said) >= SILENCE
            && let Some(line) = still(&state.running, now, output.err)
        {
            state.said = now;
            output.talk(&line);
        }
    }
}

/// The names of what is under way, safe for a terminal.
fn working(running: &BTreeMap<Address, (Action, Instant)>) -> String {
    let names: Vec<_> =
        running.keys().take(3).map(|address| super::sanitize::line(&address.to_string()).into_owned()).collect();
    match running.len().checked_sub(names.len()) {
        Some(0) | None => names.join(", "),
        Some(more) => format!("{} and {more} more", names.join(", ")),
    }
}

/// What has taken longest, when nothing has been said for a while.
fn still(running: &BTreeMap<Address, (Action, Instant)>, now: Instant, look: Look) -> Option<String> {
    let (address, (action, since)) = running.iter().min_by_key(|(_, (_, since))| *since)?;
    let mut page = Page::new(look);
    let seconds = now.duration_since(*since).as_secs();
    page.put(Role::Quiet, format_args!("still {} {address} ({seconds} s)", doing(*action))).end();
    Some(page.finish())
}

const fn doing(action: Action) -> &'static str {
    match action {
        Action::None | Action::Forget => "recording",
        Action::Create => "creating",
        Action::Update => "changing",
        Action::Replace => "replacing",
        Action::Delete => "deleting",
    }
}

const fn done(action: Action) -> &'static str {
    match action {
        Action::None => "recorded",
        Action::Create => "created",
        Action::Update => "changed",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
        Action::Forget => "forgotten",
    }
}

/// The line that an event deserves.
fn line(event: &Event, look: Look) -> Option<String> {
    let mut page = Page::new(look);
    match event {
        Event::Begin { total: 0 } | Event::Replanned(_) | Event::Started { .. } | Event::Warning(_) | Event::End => {
            return None;
        }
        Event::Begin { total } => page.say(format_args!("{} to make.", count(*total, "change"))),
        Event::Waiting { holder } => page.say(format_args!("Waiting for the lock, held by {holder}.")),
        Event::Swept(leftover) => page.put(Role::Quiet, format_args!("deleted {leftover} of an interrupted run")),
        Event::Stopping(problem) => page.put(Role::Error, "stopping: ").say(&problem.diagnostic.message),
        Event::Ended { address, action, outcome } => match outcome {
            Outcome::Done { id } => {
                page.put(role(*action), done(*action)).say(format_args!(" {address}"));
                if id.is_empty() { &mut page } else { page.put(Role::Quiet, format_args!(" (id {id})")) }
            }
            Outcome::Failed(problem) => {
                page.put(Role::Error, "failed").say(format_args!(" {address}: {}", problem.diagnostic.message))
            }
            Outcome::Skipped { because } => {
                page.put(Role::Quiet, format_args!("skipped {address}: {because} was not done"))
            }
            Outcome::NotStarted => page.put(Role::Quiet, format_args!("not started {address}")),
        },
    };
    page.fold(2);
    Some(page.finish())
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::exit::Exit;
    use crate::kind::Kind;
    use crate::plan::Leftover;

    #[test]
    fn each_event_has_its_line() {
        let address = || Address::new(Kind::Bucket, "raw\u{1b}");
        let ended = |action, outcome| Event::Ended { address: address(), action, outcome };
        let events = [
            Event::Begin { total: 2 },
            Event::Waiting { holder: "ci@host\u{9b}".into() },
            Event::Swept(Leftover::Object { kind: Kind::Token, id: "0000000000000001".into(), of: None }),
            Event::Started { address: address(), action: Action::Create },
            ended(Action::Create, Outcome::Done { id: "1".into() }),
            ended(Action::Delete, Outcome::Failed(sample::problem(Exit::Error, "no\nway"))),
            ended(Action::Update, Outcome::Skipped { because: address() }),
            ended(Action::Update, Outcome::NotStarted),
            Event::Stopping(sample::problem(Exit::Interrupted, "stopped by a signal")),
            Event::End,
        ];
        let text: String = events.iter().filter_map(|event| line(event, Look::PLAIN)).collect();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn the_longest_is_named() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let name = |key: &str| Address::new(Kind::Task, key);
        let running = BTreeMap::from([
            (name("a"), (Action::Create, after(20))),
            (name("b"), (Action::Replace, after(10))),
            (name("c"), (Action::Create, after(30))),
            (name("d"), (Action::Create, after(30))),
        ]);
        assert_eq!(still(&running, after(40), Look::PLAIN).as_deref(), Some("still replacing task.b (30 s)\n"));
        assert_eq!(still(&BTreeMap::new(), now, Look::PLAIN), None);
        assert_eq!(working(&running), "task.a, task.b, task.c and 1 more");
    }
}
