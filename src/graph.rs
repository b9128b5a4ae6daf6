//! Which resource needs which: the order of everything.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::address::Address;

/// Resources and what they need. The same resources in any order make the same graph.
#[derive(Clone, Debug)]
pub struct Graph {
    /// An edge goes from what is needed to what needs it. Nodes are in order of address.
    graph: DiGraph<Address, ()>,
    order: Vec<NodeIndex>,
}

/// Resources that need each other: each needs the next, and the last needs the first.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these resources depend on each other: {}", .0.iter().map(Address::to_string).collect::<Vec<_>>().join(" -> "))]
pub struct Cycle(pub Vec<Address>);

impl Graph {
    /// The graph of `resources` and what each of them needs. Needs that are no resources of the graph are left out.
    ///
    /// # Errors
    /// One cycle for each group of resources that need each other.
    pub fn build<'a, N: IntoIterator<Item = &'a Address>>(
        resources: impl IntoIterator<Item = (&'a Address, N)>,
    ) -> Result<Self, Vec<Cycle>> {
        let mut resources: Vec<(&Address, N)> = resources.into_iter().collect();
        resources.sort_by_key(|(address, _)| *address);
        let mut graph = DiGraph::with_capacity(resources.len(), resources.len());
        let nodes: HashMap<&Address, NodeIndex> =
            resources.iter().map(|(address, _)| (*address, graph.add_node((*address).clone()))).collect();
        for (n, (_, needs)) in resources.into_iter().enumerate() {
            for need in needs.into_iter().filter_map(|need| nodes.get(need)) {
                graph.add_edge(*need, NodeIndex::new(n), ());
            }
        }
        let order = order(&graph);
        if order.len() == graph.node_count() { Ok(Self { graph, order }) } else { Err(cycles(&graph)) }
    }

    /// All resources, each after all that it needs; among those that could come next, the smallest address does.
    pub fn order(&self) -> impl DoubleEndedIterator<Item = &Address> {
        self.order.iter().map(|node| &self.graph[*node])
    }

    /// What `address` itself needs, sorted.
    pub fn needs(&self, address: &Address) -> Vec<&Address> {
        self.beside(address, Direction::Incoming)
    }

    /// What needs `address` itself, sorted.
    pub fn needed_by(&self, address: &Address) -> Vec<&Address> {
        self.beside(address, Direction::Outgoing)
    }

    /// All pairs of a resource and one that it needs, sorted.
    pub fn edges(&self) -> impl Iterator<Item = (&Address, &Address)> {
        self.graph.node_weights().flat_map(|address| self.needs(address).into_iter().map(move |need| (address, need)))
    }

    fn beside(&self, address: &Address, direction: Direction) -> Vec<&Address> {
        let Some(node) = find(&self.graph, address) else { return Vec::new() };
        let mut beside: Vec<_> = self.graph.neighbors_directed(node, direction).map(|node| &self.graph[node]).collect();
        beside.sort();
        beside
    }
}

/// The node of `address`: nodes are in order of address.
fn find(graph: &DiGraph<Address, ()>, address: &Address) -> Option<NodeIndex> {
    let found = graph.raw_nodes().binary_search_by(|node| node.weight.cmp(address));
    found.ok().map(NodeIndex::new)
}

/// The order of all nodes that are in no cycle and behind none.
fn order(graph: &DiGraph<Address, ()>) -> Vec<NodeIndex> {
    let mut missing: Vec<usize> =
        graph.node_indices().map(|node| graph.neighbors_directed(node, Direction::Incoming).count()).collect();
    // Node indices are in order of address, so that the smallest index is the smallest address.
    let mut ready: BinaryHeap<std::cmp::Reverse<NodeIndex>> =
        graph.node_indices().filter(|node| missing[node.index()] == 0).map(std::cmp::Reverse).collect();
    let mut order = Vec::with_capacity(graph.node_count());
    while let Some(std::cmp::Reverse(node)) = ready.pop() {
        order.push(node);
        for next in graph.neighbors_directed(node, Direction::Outgoing) {
            missing[next.index()] -= 1;
            if missing[next.index()] == 0 {
                ready.push(std::cmp::Reverse(next));
            }
        }
    }
    order
}

/// One cycle, a shortest one through its smallest address, for each group of nodes that need each other.
fn cycles(graph: &DiGraph<Address, ()>) -> Vec<Cycle> {
    // Not Tarjan's: that one recurses as deep as the graph is.
    let mut cycles: Vec<Cycle> = petgraph::algo::kosaraju_scc(graph)
        .into_iter()
        .filter_map(|group| {
            let group: BTreeSet<NodeIndex> = group.into_iter().collect();
            let start = *group.first()?;
            shortest_cycle(graph, start, &group)
        })
        .map(|path| Cycle(path.into_iter().map(|node| graph[node].clone()).collect()))
        .collect();
    cycles.sort_by(|a, b| a.0.cmp(&b.0));
    cycles
}

/// The shortest way from `start` back to it, along needs, within `group`.
fn shortest_cycle(
    graph: &DiGraph<Address, ()>,
    start: NodeIndex,
    group: &BTreeSet<NodeIndex>,
) -> Option<Vec<NodeIndex>> {
    let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let mut needs: Vec<_> =
            graph.neighbors_directed(node, Direction::Incoming).filter(|need| group.contains(need)).collect();
        needs.sort();
        for need in needs {
            if need == start {
                let mut path = vec![node];
                while let Some(before) = path.last().and_then(|last| came_from.get(last)) {
                    path.push(*before);
                }
                path.reverse();
                return Some(path);
            }
            if need != node && !came_from.contains_key(&need) {
                came_from.insert(need, node);
                queue.push_back(need);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use proptest::prelude::*;

    fn address(n: usize) -> Address {
        Address::new(Kind::Bucket, format!("b{n:02}"))
    }

    fn needs(edges: &[(usize, usize)], nodes: usize) -> BTreeMap<Address, BTreeSet<Address>> {
        let mut all: BTreeMap<_, BTreeSet<_>> = (0..nodes).map(|n| (address(n), BTreeSet::new())).collect();
        for (from, to) in edges {
            all.entry(address(*from)).or_default().insert(address(*to));
        }
        all
    }

    proptest! {
        #[test]
        fn what_is_needed_comes_first(edges in proptest::collection::vec((1usize..30, 0usize..30), 0..80)) {
            let edges: Vec<_> = edges.into_iter().map(|(a, b)| (a, b % a)).collect();
            let all = needs(&edges, 30);
            let graph = Graph::build(&all).expect("edges go to smaller numbers only");
            let order: Vec<_> = graph.order().cloned().collect();
            prop_assert_eq!(order.len(), 30);
            let at = |wanted: &Address| order.iter().position(|address| address == wanted);
            for (address, needs) in &all {
                for need in needs {
                    prop_assert!(at(need) < at(address));
                }
            }
        }

        #[test]
        fn a_cycle_is_a_path_of_needs(edges in proptest::collection::vec((0usize..8, 0usize..8), 0..20)) {
            let all = needs(&edges, 8);
            match Graph::build(&all) {
                Ok(graph) => prop_assert_eq!(graph.order().count(), 8),
                Err(cycles) => {
                    prop_assert!(!cycles.is_empty());
                    for Cycle(path) in cycles {
                        for (at, step) in path.iter().enumerate() {
                            prop_assert!(all[step].contains(&path[(at + 1) % path.len()]));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn ties_go_by_address_and_neighbours_are_sorted() {
        let all = needs(&[(3, 1), (3, 0), (4, 3), (2, 3)], 5);
        let graph = Graph::build(&all).expect("no cycle");
        let show = |list: Vec<&Address>| list.into_iter().map(|a| a.key.to_string()).collect::<Vec<_>>();
        assert_eq!(show(graph.order().collect()), ["b00", "b01", "b03", "b02", "b04"]);
        assert_eq!(show(graph.needs(&address(3))), ["b00", "b01"]);
        assert_eq!(show(graph.needed_by(&address(3))), ["b02", "b04"]);
        assert_eq!(graph.edges().count(), 4);
    }

    #[test]
    fn a_circle_may_be_long() {
        const NODES: usize = 200_000;
        let address = |n: usize| Address::new(Kind::Bucket, format!("b{n:06}"));
        let all: BTreeMap<_, BTreeSet<_>> =
            (0..NODES).map(|n| (address(n), BTreeSet::from([address((n + 1) % NODES)]))).collect();
        let cycles = Graph::build(&all).expect_err("one circle");
        assert_eq!(cycles.len(), 1);
        assert_eq!((cycles[0].0.len(), &cycles[0].0[0]), (NODES, &address(0)));
    }

    #[test]
    fn a_cycle_starts_at_its_smallest_address() {
        let all = needs(&[(2, 1), (1, 3), (3, 2), (0, 1), (4, 4)], 5);
        let cycles = Graph::build(&all).expect_err("two cycles");
        assert_eq!(cycles, [Cycle(vec![address(1), address(3), address(2)]), Cycle(vec![address(4)])]);
    }
}
