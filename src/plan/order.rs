//! Which change comes before which.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;
use petgraph::visit::Dfs;

use super::guard::Written;
use crate::address::{Address, few};
use crate::diagnostic::{Code, Diagnostic};
use crate::diff::{Action, Change};
use crate::field::Type;
use crate::graph::Graph;
use crate::kind::{Kind, NaturalKey};
use crate::ledger::Ledger;
use crate::problem::Problem;

/// The changes in the order in which they are started, and for each the changes that it waits for.
pub(super) struct Ordered {
    pub(super) changes: Vec<Change>,
    pub(super) after: BTreeMap<Address, Vec<Address>>,
    /// What waits for itself, by circle.
    pub(super) stuck: Vec<Vec<Address>>,
}

/// Who waits for whom, by index; an edge goes from what comes first.
struct Waits<'a> {
    changes: &'a [Change],
    index: HashMap<&'a Address, usize>,
    edges: DiGraphMap<usize, ()>,
}

impl<'a> Waits<'a> {
    fn new(changes: &'a [Change]) -> Self {
        let index = changes.iter().enumerate().map(|(n, change)| (&change.address, n)).collect();
        let mut edges = DiGraphMap::new();
        for n in 0..changes.len() {
            edges.add_node(n);
        }
        Self { changes, index, edges }
    }

    fn action(&self, n: usize) -> Action {
        self.changes[n].action
    }

    /// What is made or changed waits for what it refers to.
    fn makes_after_needs(&mut self, graph: &Graph) {
        for n in 0..self.changes.len() {
            if matches!(self.action(n), Action::Delete | Action::Forget) {
                continue;
            }
            for need in graph.needs(&self.changes[n].address) {
                if let Some(&first) = self.index.get(need) {
                    self.edges.add_edge(first, n, ());
                }
            }
        }
    }

    /// What goes waits for everything that referred to it when last applied.
    fn deletes_after_users(&mut self, graph: &Graph, ledger: &Ledger) {
        if !self.changes.iter().any(|change| change.action.removes()) {
            return;
        }
        for (user, entry) in &ledger.entries {
            let Some(&user_at) = self.index.get(user) else { continue };
            for need in &entry.needs {
                let Some(&gone) = self.index.get(need) else { continue };
                let goes = self.action(gone).removes();
                let still_needed = self.action(user_at) != Action::Delete && graph.needs(user).contains(&need);
                if goes && !still_needed && self.action(user_at) != Action::Forget {
                    self.add_unless_circular(user_at, gone);
                }
            }
        }
    }

    /// What an interrupted run made and did not record goes before all that it may refer to: nobody knows what it does.
    fn unrecorded_deletes_first(&mut self, ledger: &Ledger) {
        let deletes = |n: &usize| self.changes[*n].action == Action::Delete;
        let all: Vec<usize> = (0..self.changes.len()).filter(deletes).collect();
        for first in all.iter().copied().filter(|n| !ledger.entries.contains_key(&self.changes[*n].address)) {
            let fields = self.changes[first].address.kind.spec().fields;
            let kinds: BTreeSet<Kind> = fields
                .iter()
                .filter_map(|field| if let Type::Ref(kind) = field.ty { Some(kind) } else { None })
                .collect();
            for then in all.iter().copied().filter(|n| kinds.contains(&self.changes[*n].address.kind)) {
                self.add_unless_circular(first, then);
            }
        }
    }

    fn add_unless_circular(&mut self, first: usize, then: usize) {
        let mut dfs = Dfs::new(&self.edges, then);
        let both_deletes = self.action(first) == Action::Delete && self.action(then) == Action::Delete;
        let circular = !both_deletes && std::iter::from_fn(|| dfs.next(&self.edges)).any(|n| n == first);
        if !circular && first != then {
            self.edges.add_edge(first, then, ());
        }
    }

    /// What takes a name waits for what frees it, where the server keeps names unique.
    fn takers_after_givers(&mut self) {
        let mut givers: BTreeMap<NaturalKey, Vec<usize>> = BTreeMap::new();
        for (n, change) in self.changes.iter().enumerate() {
            let renames = matches!(change.action, Action::Update | Action::Replace) && change.new_name().is_some();
            if let Some(object) = &change.object
                && (change.action.removes() || renames)
                && let Some(key) = NaturalKey::unique(change.address.kind, object.org.clone(), &object.name)
            {
                givers.entry(key).or_default().push(n);
            }
        }
        if givers.is_empty() {
            return;
        }
        for (n, change) in self.changes.iter().enumerate() {
            let Some(name) = change.new_name().filter(|_| change.action != Action::Delete) else { continue };
            let Some(key) = NaturalKey::unique(change.address.kind, change.org.clone(), &name) else { continue };
            for giver in givers.get(&key).into_iter().flatten().filter(|giver| **giver != n) {
                self.edges.add_edge(*giver, n, ());
            }
        }
    }
}

/// Orders `changes`; ties are broken by address.
pub(super) fn order(changes: Vec<Change>, graph: &Graph, ledger: &Ledger) -> Ordered {
    let mut waits = Waits::new(&changes);
    waits.makes_after_needs(graph);
    waits.takers_after_givers();
    waits.deletes_after_users(graph, ledger);
    waits.unrecorded_deletes_first(ledger);
    let edges = waits.edges;
    // Deletes in the server's safe order of kinds come out right among themselves by this rank.
    let rank = |n: usize| match changes[n].action {
        Action::Delete => (1, changes[n].address.kind.spec().delete_rank),
        _ => (0, 0),
    };
    let mut missing: Vec<usize> =
        (0..changes.len()).map(|n| edges.neighbors_directed(n, petgraph::Incoming).count()).collect();
    let mut ready: BTreeSet<_> =
        (0..changes.len()).filter(|n| missing[*n] == 0).map(|n| (rank(n), &changes[n].address, n)).collect();
    let mut sequence = Vec::with_capacity(changes.len());
    while let Some((_, _, n)) = ready.pop_first() {
        sequence.push(n);
        for next in edges.neighbors_directed(n, petgraph::Outgoing) {
            missing[next] -= 1;
            if missing[next] == 0 {
                ready.insert((rank(next), &changes[next].address, next));
            }
        }
    }
    let stuck = if sequence.len() < changes.len() { circles(&changes, &edges) } else { Vec::new() };
    let mut after = BTreeMap::new();
    for &n in &sequence {
        let before: BTreeSet<&Address> = edges
            .neighbors_directed(n, petgraph::Incoming)
            .filter(|first| changes[*first].action != Action::None)
            .map(|first| &changes[first].address)
            .collect();
        if !before.is_empty() && changes[n].action != Action::None {
            after.insert(changes[n].address.clone(), before.into_iter().cloned().collect());
        }
    }
    let mut slots: Vec<Option<Change>> = changes.into_iter().map(Some).collect();
    let changes = sequence.into_iter().filter_map(|n| slots[n].take()).collect();
    Ordered { changes, after, stuck }
}

/// Those of `changes` that wait for each other, by circle.
fn circles(changes: &[Change], edges: &DiGraphMap<usize, ()>) -> Vec<Vec<Address>> {
    let circles = tarjan_scc(edges).into_iter().filter(|circle| circle.len() > 1);
    let circles: BTreeSet<BTreeSet<usize>> = circles.map(|circle| circle.into_iter().collect()).collect();
    circles.into_iter().map(|circle| circle.into_iter().map(|n| changes[n].address.clone()).collect()).collect()
}

/// Says that names go round in a circle: `a` wants the name of `b`, and `b` that of `a`.
pub(super) fn circle(stuck: &[Address], written: Written<'_>) -> Problem {
    let mut diagnostic =
        Diagnostic::error(Code::PlanCircle, format!("these changes depend on each other: {}", few(stuck)));
    for (kind, resource) in stuck.iter().filter_map(|address| Some((address.kind, written.resources.get(address)?))) {
        diagnostic = diagnostic.at(resource.place_of_name(kind).clone(), "another one still has this name");
    }
    diagnostic.help("they swap names: give one of them a third name, apply, and then rename it").into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diff::{Cause, FieldChange, Reason, Target};
    use crate::exit::Exit;
    use crate::ledger::{Entry, Origin};
    use crate::value::Value;

    fn address(text: &str) -> Address {
        text.parse().expect("an address")
    }

    fn change(name: &str, action: Action) -> Change {
        let address = address(name);
        let object = Target { id: name.to_owned(), org: None, name: address.key.to_string() };
        Change { object: Some(object), ..Change::blank(&address, action, Reason::Differs) }
    }

    fn renamed(name: &str, to: &str) -> Change {
        let wanted = Value::Text(to.to_owned());
        let field = FieldChange { field: "name", live: None, wanted, last: None, cause: Cause::Yours };
        Change { fields: vec![field], ..change(name, Action::Update) }
    }

    fn graph(edges: &[(&str, &str)], changes: &[Change]) -> Graph {
        let mut needs: BTreeMap<Address, BTreeSet<Address>> =
            changes.iter().map(|change| (change.address.clone(), BTreeSet::new())).collect();
        for (user, need) in edges {
            needs.entry(address(user)).or_default().insert(address(need));
        }
        Graph::build(&needs).expect("no cycle")
    }

    fn ledger(needs: &[(&str, &str)]) -> Ledger {
        let mut ledger = Ledger::default();
        for (user, need) in needs {
            let entry = ledger.entries.entry(address(user)).or_insert_with(|| Entry {
                id: (*user).to_owned(),
                org: None,
                name: String::new(),
                created: None,
                origin: Origin::Created,
                fields: BTreeMap::new(),
                lifecycle: crate::manifest::Lifecycle::default(),
                needs: BTreeSet::new(),
                secret: None,
                lacks: BTreeSet::new(),
                predecessors: BTreeSet::new(),
                succeeded: BTreeMap::new(),
                overlaps: BTreeMap::new(),
                worn: BTreeMap::new(),
            });
            entry.needs.insert(address(need));
        }
        ledger
    }

    fn sequence(ordered: &Ordered) -> Vec<String> {
        ordered.changes.iter().map(|change| change.address.to_string()).collect()
    }

    #[test]
    fn what_is_made_comes_after_its_needs_and_deletes_run_backwards() {
        let changes = vec![
            change("bucket.new", Action::Create),
            change("token.new", Action::Create),
            change("bucket.old", Action::Delete),
            change("token.old", Action::Delete),
            change("task.old", Action::Delete),
        ];
        let graph = graph(&[("token.new", "bucket.new")], &changes);
        let ordered = order(changes, &graph, &ledger(&[("token.old", "bucket.old"), ("task.old", "bucket.old")]));
        assert_eq!(sequence(&ordered), ["bucket.new", "token.new", "task.old", "token.old", "bucket.old"]);
        assert_eq!(ordered.after[&address("bucket.old")], [address("task.old"), address("token.old")]);
    }

    #[test]
    fn what_lets_go_of_an_object_is_changed_before_the_object_goes() {
        let changes = vec![change("bucket.old", Action::Delete), change("token.t", Action::Replace)];
        let graph = graph(&[], &changes);
        let ordered = order(changes, &graph, &ledger(&[("token.t", "bucket.old")]));
        assert_eq!(sequence(&ordered), ["token.t", "bucket.old"]);
    }

    #[test]
    fn a_name_is_taken_after_it_is_freed_and_a_swap_is_said() {
        let changes = vec![renamed("bucket.a", "b"), renamed("bucket.b", "c"), change("bucket.c", Action::Delete)];
        let empty = graph(&[], &changes);
        let ordered = order(changes, &empty, &Ledger::default());
        assert_eq!(sequence(&ordered), ["bucket.c", "bucket.b", "bucket.a"]);
        // What is made anew under another name frees the one that it had too.
        let anew = |name, to| Change { action: Action::Replace, ..renamed(name, to) };
        let changes = vec![anew("bucket.a", "b"), anew("bucket.b", "c"), change("bucket.d", Action::Replace)];
        let empty = graph(&[], &changes);
        let ordered = order(changes, &empty, &Ledger::default());
        assert_eq!(sequence(&ordered), ["bucket.b", "bucket.a", "bucket.d"]);
        let swap = vec![anew("bucket.a", "b"), anew("bucket.b", "a")];
        let empty = graph(&[], &swap);
        assert_eq!(order(swap, &empty, &Ledger::default()).stuck, [["bucket.a", "bucket.b"].map(address).to_vec()]);
        let swap = vec![renamed("bucket.a", "b"), renamed("bucket.b", "a")];
        let empty = graph(&[], &swap);
        let stuck = order(swap, &empty, &Ledger::default()).stuck;
        assert_eq!(stuck, [["bucket.a", "bucket.b"].map(address).to_vec()]);
        let (resources, imports) = (BTreeMap::new(), BTreeMap::new());
        let problem = circle(&stuck[0], Written { resources: &resources, imports: &imports });
        assert_eq!(problem.exit, Exit::Manifest);
    }

    proptest! {
        #[test]
        fn the_order_keeps_every_need_and_does_not_depend_on_the_input_s(
            edges in proptest::collection::vec((0usize..15, 0usize..15), 0..40),
            actions in proptest::collection::vec(0usize..4, 15),
            turn in 0usize..15,
        ) {
            const ACTIONS: [Action; 4] = [Action::None, Action::Create, Action::Update, Action::Replace];
            let changes: Vec<Change> = (0..15).map(|n| change(&format!("bucket.k{n:02}"), ACTIONS[actions[n]])).collect();
            let names: Vec<(String, String)> = edges.iter().filter(|(a, b)| a > b).map(|(a, b)| (format!("bucket.k{a:02}"), format!("bucket.k{b:02}"))).collect();
            let edges: Vec<(&str, &str)> = names.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let graph = graph(&edges, &changes);
            let ordered = order(changes.clone(), &graph, &ledger(&edges));
            prop_assert!(ordered.stuck.is_empty());
            let at = |name: &str| sequence(&ordered).iter().position(|each| each == name);
            for (user, need) in &edges {
                prop_assert!(at(need) < at(user));
            }
            let mut turned = changes;
            turned.rotate_left(turn);
            prop_assert_eq!(sequence(&order(turned, &graph, &ledger(&edges))), sequence(&ordered));
        }
    }
}
