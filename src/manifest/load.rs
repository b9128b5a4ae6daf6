//! From a path to a manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::budget::Budget;
use super::context::{Known, Project};
use super::each::Instances;
use super::grouped::Grouped;
use super::lint::Folded;
use super::syntax::Document;
use super::variables::Values;
use super::{
    Inputs, Manifest, Resource, Terms, asked, check, decode, defaults, each, enabled, head, hidden_value, import, orgs,
    policy, reach, rights, source, syntax, template, variables,
};
use crate::address::Address;
use crate::diagnostic::{Code, Diagnostic, Place, Severity, hide_secrets};
use crate::graph::Graph;
use crate::limits::{MISTAKES, PROBLEMS, RESOURCES};
use crate::redact::HIDDEN;

/// A project that was read.
#[derive(Debug)]
pub struct Loaded {
    /// What it declares.
    pub manifest: Manifest,
    /// Which of its resources needs which.
    pub graph: Graph,
    /// What is to be said and stops nothing.
    pub warnings: Vec<Diagnostic>,
}

/// Reads the project at `path`, which is a directory or one file, with what `inputs` gives to it. A project without any
/// resource is no error here: whether it may be empty depends on what it owns.
///
/// # Errors
/// All mistakes in the manifests, in order of file and place; warnings come with them.
pub fn load(path: &Path, inputs: &Inputs) -> Result<Loaded, Vec<Diagnostic>> {
    let (root, sources) = source::read(path)?;
    let mut problems = Vec::new();
    let Some(mut document) = syntax::merge(&sources, &mut problems) else {
        // What else is wrong may follow from this.
        return Err(sorted(problems));
    };
    let values = variables::resolve(&mut document, inputs, &mut problems);
    let sorted = |problems| with_origins(sorted(problems), &values);
    let budget = &values.budget;
    let name = head::project(&document, (path, &sources), &values, &mut problems);
    let server = head::server(&document, &values, &mut problems);
    defaults::check(&document.defaults, &mut problems);
    let policy = policy::read(&document, &values, &mut problems);
    let mut moved = head::moved(&document, &values, &mut problems);
    let mut imports = import::read(&document, &values, &mut problems);
    let disabled = enabled::disabled(&document, &values, &mut problems);
    let instances = each::instances(&document, &values, &disabled, &mut problems);
    count(&document, &instances, &disabled, budget);
    if budget.is_enough(&problems) {
        problems.extend(budget.said());
        return Err(sorted(problems));
    }
    let known = Known {
        values: &values,
        instances: &instances,
        disabled: &disabled,
        imports: &imports,
        root: &root,
        lints: &policy.lints,
    };
    let (resources, unread, terms) = read(&Project::new(&document, known, decode::resource), &mut problems);
    problems.extend(budget.said());
    if budget.is_exceeded() {
        return Err(sorted(problems));
    }
    let tables: check::Tables = match moved.is_empty() {
        true => check::Tables::new(),
        false => document.resources.iter().map(|(table, written)| (table.clone(), written.each)).collect(),
    };
    drop(document);
    let mut resources: BTreeMap<Address, Resource> = resources.into_iter().collect();
    policy::count(&policy, &resources, budget);
    if budget.is_exceeded() {
        problems.extend(budget.said());
        return Err(sorted(problems));
    }
    policy::protect(&policy, &mut resources);

    let home = orgs::known_home(&server, inputs);
    reach::at_home(&mut resources, home);
    let named = check::names(&resources, home, &mut problems);
    check::alike(&resources, &mut problems);
    let reaches = reach::reaches(&resources, home, &named);
    let between = reach::loops(&reaches).into_iter().chain(reach::other_orgs(&resources, home));
    problems.extend(between.filter_map(|found| policy.lints.judge(found)));
    problems.extend(hidden_value::hidden_values(&resources, home, &named));
    let rights = rights::found((&resources, &unread), home, &named, &policy.lints, &mut problems);
    // What is made from here on can take its room.
    drop(named);
    reach::add(&mut resources, &reaches);
    rights::add(&mut resources, rights, budget);
    let graph = Graph::build(resources.iter().map(|(address, resource)| (address, &resource.needs)));
    if let Err(cycles) = &graph
        && let Some(document) = syntax::merge(&sources, &mut Vec::new())
    {
        let project = Project::new(&document, known, decode::resource);
        let edges = |address: &Address| -> BTreeMap<Address, Place> {
            let Some(declared) = document.resources.get(&address.table()) else { return BTreeMap::new() };
            let (_, context) = decode::resource(project.context(address.clone(), declared));
            let written =
                context.needs.into_iter().rev().map(|(need, source, span)| (need, source::place(source, span)));
            let reached = reaches.get(address).into_iter().flatten();
            reached.map(|reach| (reach.to.clone(), reach.place.clone())).chain(written).collect()
        };
        problems.extend(cycles.iter().map(|cycle| check::cycle(cycle, &resources, &edges)));
    }
    check::sinks(&resources, &sources, &mut problems);
    orgs::check(&resources, home, &mut problems);
    check::moved(&resources, (&tables, &disabled), &mut moved, budget, &mut problems);
    imports.retain(|to, _| !disabled.contains(&to.table()));
    import::check(&resources, &imports, budget, &mut problems);
    problems.extend(budget.said());

    let broken = problems.iter().any(|problem| problem.severity == Severity::Error);
    match (name, graph) {
        (Some(project), Ok(graph)) if !broken => {
            let manifest = Manifest {
                project,
                root,
                server,
                policy,
                resources,
                reaches,
                disabled,
                tables: terms,
                moved,
                imports,
                rotating: None,
                variables: values.digests(),
                sensitive: values.sensitive(),
                sources: sources.clone(),
            };
            Ok(Loaded { manifest, graph, warnings: sorted(problems) })
        }
        _ => Err(sorted(problems)),
    }
}

/// The resources, in order of address, which of them are not known whole, and what tables say.
type Read = (Vec<(Address, Resource)>, BTreeSet<Address>, BTreeMap<Address, Terms>);

/// Reads all resources, in order of address, which of them are not known whole, and what tables say that may have fewer instances
/// than before. The table of what no other resource asks for goes as soon as it is read.
fn read(project: &Project<'_, '_>, problems: &mut Vec<Diagnostic>) -> Read {
    let keep = asked::tables(project);
    let budget = &project.known.values.budget;
    let count = |table| instances_of(table, project.known.instances, project.known.disabled);
    let mut said = Grouped::default();
    let mut lints = Folded::default();
    let mut unread = BTreeSet::new();
    let mut tables = BTreeMap::new();
    let mut resources = Vec::with_capacity(project.document.resources.keys().map(count).sum());
    for (table, declared) in &project.document.resources {
        if MISTAKES.exceeded(said.len()) {
            break;
        }
        if declared.each || count(table) == 0 {
            let (terms, wrong) = decode::terms(project.context(table.clone(), declared));
            if terms != Terms::default() {
                tables.insert(table.clone(), terms);
            }
            // Its instances say the same.
            wrong.into_iter().filter(|_| count(table) == 0).for_each(|wrong| said.add(table, wrong));
        }
        let mut one = |address: Address| {
            if budget.is_exceeded() {
                return;
            }
            let (resource, context) = decode::resource(project.context(address.clone(), declared));
            if context.unread {
                unread.insert(address.clone());
            }
            let wrong = context.problems.into_iter().filter_map(|wrong| lints.take(wrong));
            wrong.for_each(|wrong| said.add(&address, wrong));
            resources.push((address, resource));
        };
        match project.known.instances.get(table) {
            None if project.known.disabled.contains(table) => {}
            None => one(table.clone()),
            Some(None) => {}
            Some(Some(each)) => each.instances.keys().for_each(|key| one(table.at(key.clone()))),
        }
        if keep.as_ref().is_some_and(|keep| !keep.contains(table)) {
            declared.forget();
        }
    }
    problems.extend(said.finish().chain(lints.finish()));
    budget.is_enough(problems);
    (resources, unread, tables)
}

/// How many resources a table is.
fn instances_of(table: &Address, instances: &Instances, disabled: &BTreeSet<Address>) -> usize {
    match instances.get(table) {
        None if disabled.contains(table) => 0,
        None => 1,
        Some(each) => each.as_ref().map_or(0, |each| each.instances.len()),
    }
}

/// Counts the resources, before any of them is read.
fn count(document: &Document<'_>, instances: &Instances, disabled: &BTreeSet<Address>, budget: &Budget) {
    let mut all = 0;
    for (table, declared) in &document.resources {
        all += instances_of(table, instances, disabled);
        if RESOURCES.exceeded(all) {
            let words = format!("with {table} the project has more resources than");
            return budget.exceed(&RESOURCES, || (words, Some(declared.place())));
        }
    }
}

/// Each with where the value of a variable comes from that stands at its place: the manifest alone does not show that. The value
/// of one that is called like a secret is not said.
fn with_origins(problems: Vec<Diagnostic>, values: &Values) -> Vec<Diagnostic> {
    let told = |mut problem: Diagnostic| {
        let Some((Place { source, span }, _)) = problem.places.first() else { return problem };
        let (source, span) = (Arc::clone(source), span.clone());
        let text = source.text.get(span).unwrap_or_default();
        for secret in template::variables(text).filter_map(|name| values.secret(name)) {
            problem.hide_value(&secret, HIDDEN);
        }
        let origins = template::variables(text).filter_map(|name| {
            values.origin(name).map(|origin| format!("the value of `${{var.{name}}}` comes from `{origin}`"))
        });
        let all: Vec<_> = origins.chain(problem.help.take()).collect();
        problem.help_known((!all.is_empty()).then(|| all.join("; ")))
    };
    problems.into_iter().map(told).collect()
}

/// In order of file and place; what has no place comes first. What is said twice is said once, and of very much the first is.
fn sorted(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    hide_secrets(&mut problems, &[]);
    let key = |problem: &Diagnostic| {
        let place = problem.places.first();
        let place = place.map(|(place, _)| (place.source.name.clone(), place.span.start, place.span.end));
        (place, problem.code, problem.message.clone())
    };
    problems.sort_by_cached_key(key);
    problems.dedup_by(|a, b| key(a) == key(b));
    if PROBLEMS.exceeded(problems.len()) {
        // Errors first: a warning must not hide what stops the run.
        problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
        let more = problems.split_off(PROBLEMS.size() - 1);
        let severity = more.iter().map(|problem| problem.severity).max().unwrap_or(Severity::Warning);
        let message = format!("and {} more like these", more.len());
        let help = format!("at most {PROBLEMS} are shown at once");
        problems.push(Diagnostic { severity, ..Diagnostic::error(Code::ManifestMore, message).help(help) });
    }
    problems
}
