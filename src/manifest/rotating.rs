//! Whose secrets a run is asked to rotate.

use std::collections::BTreeSet;

use super::{Manifest, Resource};
use crate::address::{Address, few, matches};
use crate::diagnostic::{Code, Diagnostic};
use crate::kind::Kind;

/// What a run is asked to rotate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotating {
    /// The resources.
    pub addresses: BTreeSet<Address>,
    /// Whether their predecessors go at once.
    pub at_once: bool,
    /// Whether that is because their secrets are not in all of their sinks any more. Else nothing else is done.
    pub lost: bool,
    /// Whether only those are meant whose age asks for it.
    pub due: bool,
}

impl Manifest {
    /// Whether the run does nothing but rotate.
    pub fn only_rotates(&self) -> bool {
        self.rotating.as_ref().is_some_and(|rotating| !rotating.lost)
    }

    /// Asks for other secrets of these resources, whose secrets are not in all of their sinks any more.
    pub fn redeliver(&mut self, addresses: BTreeSet<Address>) {
        self.rotating = Some(Rotating { addresses, at_once: false, lost: true, due: false });
    }

    /// Asks for another secret of each resource whose address is `pattern`, in which `*` stands for anything; if `due`, of each whose age
    /// asks for it.
    ///
    /// # Errors
    /// Why none of them can have one.
    pub fn rotate(&mut self, pattern: &str, at_once: bool, due: bool) -> Result<(), Diagnostic> {
        let meant: Vec<_> =
            self.resources.iter().filter(|(address, _)| matches(pattern, &address.to_string())).collect();
        let fails = |message: String, help: String| Err(Diagnostic::error(Code::CliUsage, message).help(help));
        let Some((first, _)) = meant.first() else {
            let table = |address: &&Address| address.instance.is_some() && address.table().to_string() == pattern;
            let instances: Vec<_> = self.resources.keys().filter(table).collect();
            return fails(
                format!("the manifests declare nothing named {pattern}"),
                match instances.as_slice() {
                    [] => "`fluxform show` lists what the project owns".to_owned(),
                    all => format!("there is {}; write '{pattern}[*]' for all instances", few(all)),
                },
            );
        };
        let can = |(address, resource): &&(&Address, &Resource)| address.kind.delivers() && !resource.external;
        let addresses: BTreeSet<Address> = meant.iter().filter(can).map(|(address, _)| (*address).clone()).collect();
        if addresses.is_empty() {
            return fails(format!("{first} cannot be rotated: {}", why(first.kind)), how(first.kind));
        }
        self.rotating = Some(Rotating { addresses, at_once, lost: false, due });
        Ok(())
    }
}

/// Why no resource of `kind` is rotated; of a kind that could be, this one is external.
fn why(kind: Kind) -> String {
    if kind.delivers() {
        return "it is external, and its secret was not made here".to_owned();
    }
    match secret(kind) {
        Some((field, _)) => format!("fluxform does not make its `{field}`, but takes it from where the manifest says"),
        None => format!("a {kind} has no secret"),
    }
}

fn how(kind: Kind) -> String {
    if kind.delivers() {
        return "rotate it in the project that created it".to_owned();
    }
    match secret(kind) {
        Some((field, again)) => format!(
            "put a new value where `{field}` comes from, increase `{again}`, and apply: what uses the old one fails from then on"
        ),
        None => {
            let kinds: Vec<_> = Kind::ALL.iter().filter(|kind| kind.delivers()).map(|kind| kind.name()).collect();
            format!("resources of these kinds can be rotated: {}", kinds.join(", "))
        }
    }
}

/// The first secret that is written to a `kind`, and the field whose change sets it again.
fn secret(kind: Kind) -> Option<(&'static str, &'static str)> {
    kind.spec().fields.iter().find_map(|field| Some((field.name, field.secret?.again)))
}
