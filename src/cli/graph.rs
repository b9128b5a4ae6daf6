//! `fluxform graph`.

use std::collections::BTreeMap;

use super::shell::Shell;
use super::{Ended, project};
use crate::exit::Exit;
use crate::render::{self, Edges};

/// Draw the dependencies between resources
///
/// Prints the dependency graph of the project. An arrow points from a resource to
/// what it depends on, and says whether its script reads or writes that. Needs no
/// server.
///
///   fluxform graph demo | dot -Tsvg > graph.svg
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Arguments {
    #[command(flatten)]
    project: project::Choice,
    /// The language of the output
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A language for graphs.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Format {
    /// Graphviz
    #[default]
    Dot,
    /// Mermaid, which Git hosts render in Markdown
    Mermaid,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let project = arguments.project.load(shell)?;
    let mut edges: Edges =
        project.manifest.resources.keys().map(|address| (address.clone(), BTreeMap::new())).collect();
    for (from, to) in project.graph.edges() {
        edges.entry(from.clone()).or_default().entry(to.clone()).or_default();
    }
    for (from, reaches) in &project.manifest.reaches {
        for reach in reaches {
            edges.entry(from.clone()).or_default().entry(reach.to.clone()).or_default().insert(reach.access);
        }
    }
    shell.data(&match arguments.format {
        Format::Dot => render::dot(&edges),
        Format::Mermaid => render::mermaid(&edges),
    })?;
    Ok(Exit::Ok)
}
