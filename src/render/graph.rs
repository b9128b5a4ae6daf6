//! The dependency graph for Graphviz and Mermaid.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::sanitize;
use crate::address::Address;
use crate::flux::refs::Access;

/// Each resource with what it needs, and what its script does with that.
pub type Edges = BTreeMap<Address, BTreeMap<Address, BTreeSet<Access>>>;

/// The graph in Graphviz' DOT language; an arrow goes from a resource to what it needs.
pub fn dot(edges: &Edges) -> String {
    let mut out = String::from("digraph fluxform {\n  rankdir = \"LR\";\n  node [shape = box];\n");
    for address in edges.keys() {
        line(&mut out, format_args!("  {};", dot_name(address)));
    }
    for (from, needs) in edges {
        for (to, access) in needs {
            let label = match words(access) {
                words if words.is_empty() => words,
                words => format!(" [label = \"{words}\"]"),
            };
            line(&mut out, format_args!("  {} -> {}{label};", dot_name(from), dot_name(to)));
        }
    }
    out.push_str("}\n");
    out
}

/// The graph as a Mermaid flow chart; an arrow goes from a resource to what it needs.
pub fn mermaid(edges: &Edges) -> String {
    let names: BTreeSet<&Address> =
        edges.iter().flat_map(|(from, needs)| std::iter::once(from).chain(needs.keys())).collect();
    let number = |address: &Address| names.iter().position(|each| *each == address).unwrap_or_default();
    let numbers: BTreeMap<&Address, usize> = names.iter().map(|address| (*address, number(address))).collect();
    let mut out = String::from("flowchart LR\n");
    for (address, number) in &numbers {
        line(&mut out, format_args!("  n{number}[\"{}\"]", mermaid_label(address)));
    }
    for (from, needs) in edges {
        for (to, access) in needs {
            let label = match words(access) {
                words if words.is_empty() => words,
                words => format!("|{words}|"),
            };
            line(&mut out, format_args!("  n{} -->{label} n{}", numbers[from], numbers[to]));
        }
    }
    out
}

/// What is done with what is needed, in words.
fn words(access: &BTreeSet<Access>) -> String {
    access.iter().map(|access| access.word()).collect::<Vec<_>>().join(" and ")
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
    out.push('\n');
}

fn dot_name(address: &Address) -> String {
    let clean = address.to_string();
    let clean = sanitize::line(&clean);
    format!("\"{}\"", clean.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Mermaid reads `#` and a number or name with `;` as a character, and HTML in labels.
fn mermaid_label(address: &Address) -> String {
    let clean = address.to_string();
    let mut out = String::new();
    for c in sanitize::line(&clean).chars() {
        match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '_' | '-' | ' ' | '/' | ':' => out.push(c),
            c if !c.is_ascii() => out.push(c),
            c => {
                let _ = write!(out, "#{};", c as u32);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    fn edges() -> Edges {
        let bucket = Address::new(Kind::Bucket, "line").at("a\"]; x[\"<b>\u{1b}");
        let task = Address::new(Kind::Task, "hourly");
        let other = Address::new(Kind::Bucket, "other");
        let needs = [
            (bucket.clone(), BTreeSet::from([Access::Writes, Access::Reads])),
            (other, BTreeSet::from([Access::Reads])),
            (Address::new(Kind::Label, "red"), BTreeSet::new()),
        ];
        BTreeMap::from([(bucket, BTreeMap::new()), (task, BTreeMap::from(needs))])
    }

    #[test]
    fn names_cannot_break_out_of_a_dot_graph() {
        insta::assert_snapshot!(dot(&edges()));
    }

    #[test]
    fn names_cannot_break_out_of_a_mermaid_chart() {
        insta::assert_snapshot!(mermaid(&edges()));
    }
}
