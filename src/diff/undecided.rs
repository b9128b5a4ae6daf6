//! Addresses of which it is not known what stands behind them, and what refers to them: compared, it would differ where it
//! does not.

use std::collections::BTreeMap;

use crate::address::{Address, few};
use crate::graph::Graph;
use crate::problem::Problem;

/// What is not compared.
#[derive(Default)]
pub(super) struct Undecided {
    /// Each such address with the number of the problem that it comes from.
    because: BTreeMap<Address, usize>,
    /// By that number: the addresses that only refer to what has the problem.
    waiting: BTreeMap<usize, Vec<Address>>,
}

impl Undecided {
    /// It is not known what stands behind `address`: the problem with the number `problem` says why.
    pub(super) fn failed(&mut self, address: &Address, problem: usize) {
        self.because.insert(address.clone(), problem);
    }

    /// Whether `address` refers, directly or through others, to what is not known. Must be asked dependencies first.
    pub(super) fn waits(&mut self, address: &Address, graph: &Graph) -> bool {
        let because = graph.needs(address).into_iter().find_map(|needed| self.because.get(needed).copied());
        if let Some(problem) = because {
            self.because.insert(address.clone(), problem);
            self.waiting.entry(problem).or_default().push(address.clone());
        }
        because.is_some()
    }

    /// Adds to each problem what has not been compared because of it.
    pub(super) fn tell(self, problems: &mut [Problem]) {
        for (problem, addresses) in self.waiting {
            let help = &mut problems[problem].diagnostic.help;
            let said = help.take().map(|help| format!("{help}; ")).unwrap_or_default();
            let (whom, refer) = if addresses.len() == 1 { ("it refers", "is") } else { ("they refer", "are") };
            *help = Some(format!("{said}until then {} {refer} not compared, because {whom} to it", few(addresses)));
        }
    }
}
