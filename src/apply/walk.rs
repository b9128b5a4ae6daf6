//! Walks the changes of a plan: what is ready starts, a failure skips only what waits for it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;

use futures::stream::{FuturesUnordered, StreamExt};

use super::{Event, Outcome};
use crate::address::Address;
use crate::diff::{Action, Change};
use crate::problem::Problem;

/// The order of a walk.
pub(super) struct Walk<'a> {
    changes: Vec<&'a Change>,
    /// How many changes each one still waits for.
    waits: Vec<usize>,
    /// Who waits for each one.
    waiting: Vec<Vec<usize>>,
    ready: BTreeSet<usize>,
    /// What kept a change from being done.
    blocked: HashMap<usize, Address>,
}

/// Whether `change` must be the only one of its sort under way: influxd killed while it makes or deletes an org or a
/// bucket may refuse to start again (protocol, section 8), and requests for mappings of databases at once undo each other.
fn alone(change: &Change) -> bool {
    let spec = change.address.kind.spec();
    match change.action {
        Action::Create | Action::Replace | Action::Delete => spec.serial || spec.races,
        Action::Update => spec.races,
        Action::None | Action::Forget => false,
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(changes: Vec<&'a Change>, after: &BTreeMap<Address, Vec<Address>>) -> Self {
        let index: HashMap<&Address, usize> =
            changes.iter().enumerate().map(|(n, change)| (&change.address, n)).collect();
        let mut waits = vec![0; changes.len()];
        let mut waiting = vec![Vec::new(); changes.len()];
        for (n, change) in changes.iter().enumerate() {
            for first in after.get(&change.address).into_iter().flatten().filter_map(|address| index.get(address)) {
                waits[n] += 1;
                waiting[*first].push(n);
            }
        }
        let ready = (0..changes.len()).filter(|n| waits[*n] == 0).collect();
        Self { changes, waits, waiting, ready, blocked: HashMap::new() }
    }

    /// Does all changes with `act`, at most `at_once` at a time, and tells `tell`. `stopped` is asked before each start:
    /// once it gives a problem, nothing more is started.
    pub(super) async fn run<F: Future<Output = Result<String, Problem>>>(
        mut self,
        at_once: usize,
        act: impl Fn(&'a Change) -> F,
        stopped: impl Fn() -> Option<Problem>,
        tell: &mut dyn FnMut(Event),
    ) {
        let mut running = FuturesUnordered::new();
        let mut lane_taken = false;
        let mut stop: Option<Problem> = None;
        loop {
            while running.len() < at_once.max(1) {
                if stop.is_none()
                    && !self.ready.is_empty()
                    && let Some(problem) = stopped()
                {
                    tell(Event::Stopping(problem.clone()));
                    stop = Some(problem);
                }
                if stop.is_some() {
                    break;
                }
                let free = |n: &&usize| !(lane_taken && alone(self.changes[**n]));
                let Some(n) = self.ready.iter().find(free).copied() else { break };
                self.ready.remove(&n);
                let change = self.changes[n];
                if let Some(because) = self.blocked.get(&n) {
                    let outcome = Outcome::Skipped { because: because.clone() };
                    self.end(n, outcome, tell);
                    continue;
                }
                lane_taken |= alone(change);
                tell(Event::Started { address: change.address.clone(), action: change.action });
                let act = act(change);
                running.push(async move { (n, act.await) });
            }
            let Some((n, result)) = running.next().await else { break };
            lane_taken &= !alone(self.changes[n]);
            let outcome = match result {
                Ok(id) => Outcome::Done { id },
                Err(problem) => Outcome::Failed(problem),
            };
            self.end(n, outcome, tell);
        }
        for change in (0..self.changes.len()).filter(|n| self.waits[*n] > 0 || self.ready.contains(n)) {
            let change = self.changes[change];
            let (address, action) = (change.address.clone(), change.action);
            tell(Event::Ended { address, action, outcome: Outcome::NotStarted });
        }
    }

    fn end(&mut self, n: usize, outcome: Outcome, tell: &mut dyn FnMut(Event)) {
        let change = self.changes[n];
        let because = match &outcome {
            Outcome::Done { .. } => None,
            Outcome::Skipped { because } => Some(because.clone()),
            Outcome::Failed(_) | Outcome::NotStarted => Some(change.address.clone()),
        };
        for next in std::mem::take(&mut self.waiting[n]) {
            if let Some(because) = &because {
                self.blocked.entry(next).or_insert_with(|| because.clone());
            }
            self.waits[next] -= 1;
            if self.waits[next] == 0 {
                self.ready.insert(next);
            }
        }
        tell(Event::Ended { address: change.address.clone(), action: change.action, outcome });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{Code, Diagnostic};
    use crate::exit::Exit;
    use crate::kind::Kind;

    fn change(kind: Kind, key: &str) -> Change {
        Change::blank(&Address::new(kind, key), Action::Create, crate::diff::Reason::New)
    }

    fn failure() -> Problem {
        Problem { exit: Exit::Error, diagnostic: Diagnostic::error(Code::ServerRefused, "it fails") }
    }

    /// Walks `changes`; those whose key is in `failing` fail. Gives what happened, in order.
    fn walk(
        changes: &[Change],
        after: &BTreeMap<Address, Vec<Address>>,
        at_once: usize,
        failing: &[&str],
    ) -> Vec<String> {
        let log = RefCell::new(Vec::new());
        let act = |change: &Change| {
            let fails = failing.contains(&&*change.address.key);
            async move {
                tokio::task::yield_now().await;
                if fails { Err(failure()) } else { Ok(String::new()) }
            }
        };
        let mut tell = |event: Event| {
            log.borrow_mut().push(match event {
                Event::Started { address, .. } => format!("start {address}"),
                Event::Ended { address, outcome: Outcome::Done { .. }, .. } => format!("done {address}"),
                Event::Ended { address, outcome: Outcome::Failed(_), .. } => format!("failed {address}"),
                Event::Ended { address, outcome: Outcome::Skipped { because }, .. } => {
                    format!("skipped {address}: {because}")
                }
                Event::Ended { address, outcome: Outcome::NotStarted, .. } => format!("left {address}"),
                other => format!("{other:?}"),
            });
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(Walk::new(changes.iter().collect(), after).run(at_once, act, || None, &mut tell));
        log.into_inner()
    }

    #[test]
    fn a_failure_skips_only_what_depends_on_it() {
        let changes = [
            change(Kind::Label, "a"),
            change(Kind::Label, "b"),
            change(Kind::Task, "on_a"),
            change(Kind::Task, "on_b"),
            change(Kind::Token, "on_on_a"),
        ];
        let after = BTreeMap::from([
            (changes[2].address.clone(), vec![changes[0].address.clone()]),
            (changes[3].address.clone(), vec![changes[1].address.clone()]),
            (changes[4].address.clone(), vec![changes[2].address.clone()]),
        ]);
        insta::assert_debug_snapshot!(walk(&changes, &after, 1, &["a"]), @r#"
        [
            "start label.a",
            "failed label.a",
            "start label.b",
            "done label.b",
            "skipped task.on_a: label.a",
            "start task.on_b",
            "done task.on_b",
            "skipped token.on_on_a: label.a",
        ]
        "#);
    }

    #[test]
    fn orgs_and_buckets_are_made_and_mappings_changed_one_at_a_time() {
        let update = |key| Change { action: Action::Update, ..change(Kind::Dbrp, key) };
        let changes = [
            change(Kind::Org, "o"),
            change(Kind::Bucket, "a"),
            change(Kind::Bucket, "b"),
            change(Kind::Dbrp, "a"),
            update("b"),
            update("c"),
            change(Kind::Label, "l"),
        ];
        let log = walk(&changes, &BTreeMap::new(), 8, &[]);
        let mut alone = 0;
        for line in &log {
            let serial = ["org.", "bucket.", "dbrp."].iter().any(|kind| line.contains(kind));
            match line.split_once(' ') {
                Some(("start", _)) if serial => alone += 1,
                Some(("done", _)) if serial => alone -= 1,
                _ => {}
            }
            assert!(alone <= 1, "{log:?}");
        }
        assert_eq!(log.len(), 14);
    }

    proptest! {
        #[test]
        fn each_change_ends_once_and_after_what_it_waits_for(
            edges in proptest::collection::vec((0usize..12, 0usize..12), 0..30),
            at_once in 1usize..9,
            failing in proptest::collection::btree_set(0usize..12, 0..4),
        ) {
            let changes: Vec<Change> = (0..12).map(|n| change(if n % 3 == 0 { Kind::Bucket } else { Kind::Label }, &format!("k{n}"))).collect();
            let mut after: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
            for (a, b) in edges.iter().filter(|(a, b)| a < b) {
                let list = after.entry(changes[*b].address.clone()).or_default();
                if !list.contains(&changes[*a].address) {
                    list.push(changes[*a].address.clone());
                }
            }
            let names: Vec<String> = failing.iter().map(|n| format!("k{n}")).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let log = walk(&changes, &after, at_once, &names);
            for change in &changes {
                let end = log.iter().position(|line| !line.starts_with("start") && line.split([' ', ':']).nth(1) == Some(&change.address.to_string()));
                let start = log.iter().position(|line| *line == format!("start {}", change.address));
                prop_assert!(end.is_some());
                for first in after.get(&change.address).into_iter().flatten() {
                    let first_done = log.iter().position(|line| *line == format!("done {first}"));
                    if let Some(start) = start {
                        prop_assert!(first_done.is_some_and(|done| done < start));
                    }
                }
            }
        }
    }
}
