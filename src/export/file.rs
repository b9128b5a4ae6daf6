//! Which file a resource stands in, and the files as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::key::Names;
use super::select::Selection;
use super::table::{self, string};
use super::{Export, Request, Resource, Sources};
use crate::address::{Address, is_plain_key};
use crate::flux::names::errors as wrong_names;
use crate::flux::parser::parse;
use crate::kind::{Key, Kind};
use crate::snapshot::Sight;
use crate::value::{Fields, Script, Value, digest};

/// The file with `[project]`: without it the others are no project.
pub const HEAD: &str = "fluxform.toml";
/// The file with what is true of one server only: IDs, and where it is.
pub const HERE: &str = "server.toml";

/// What lets scripts be that the server has and can never run.
const TOLERANT: &str = "
# The server has scripts with names that are not there, which fail each time they run. Mend them, and remove this: new ones
# are errors then.
[policy.lint]
\"flux::name\" = \"warn\"
";

/// One resource as text.
struct Piece {
    address: Address,
    text: String,
    resource: Resource,
}

/// Puts everything into files: one for each kind, in order of address, and one for what is true of this server only.
pub(super) fn files(request: &Request, sources: Sources<'_>, selection: Selection<'_>, names: &Names) -> Export {
    let mut export = Export {
        notes: selection.notes,
        other_orgs: selection.other_orgs,
        other_users: selection.other_users,
        ..Export::default()
    };
    let mut pieces = Vec::new();
    let mut taken = BTreeSet::new();
    for (id, declared) in &selection.declared {
        let address = &names[id];
        let script = address.kind.spec().fields.iter().find_map(|field| match declared.fields.get(field.name)? {
            Value::Script(script) => Some((script, field.ty.text_file()?.ending)),
            _ => None,
        });
        let script = script.and_then(|(script, ending)| Some((in_file(script)?, ending)));
        let path = script.as_ref().map_or_else(String::new, |(_, ending)| script_file(address, ending, &mut taken));
        let has_script = script.is_some();
        export.files.extend(script.map(|(script, _)| (path.clone(), script)));
        pieces.push(Piece {
            address: address.clone(),
            text: table::declared(
                address,
                declared.object,
                &declared.fields,
                has_script.then_some(&path),
                sources,
                names,
            ),
            resource: Resource {
                id: id.1.clone(),
                external: false,
                imported: declared.import,
                file: kind_file(id.0),
                script: has_script.then_some(path),
            },
        });
    }
    for (id, external) in &selection.external {
        // What only its ID finds is not on another server; neither is what nothing refers to asked for there.
        let here = !external.needed || id.0.spec().key == Key::None;
        pieces.push(Piece {
            address: names[id].clone(),
            text: table::external(&names[id], external.object, sources, names),
            resource: Resource {
                id: id.1.clone(),
                external: true,
                imported: false,
                file: if here { HERE.to_owned() } else { kind_file(id.0) },
                script: None,
            },
        });
    }
    pieces.sort_by(|a, b| a.address.cmp(&b.address));
    let never_runs = selection.declared.iter().any(|((kind, _), declared)| has_wrong_names(*kind, &declared.fields));
    export.files.insert(HEAD.to_owned(), head(request, sources) + if never_runs { TOLERANT } else { "" });
    export.files.insert(HERE.to_owned(), here(request));
    for piece in pieces {
        let kind = piece.address.kind;
        let file = piece.resource.file.clone();
        let text = export.files.entry(file.clone()).or_insert_with(|| about(kind, sources));
        append(text, &piece.text, &piece.address, file, &mut export.places);
        export.resources.insert(piece.address, piece.resource);
    }
    let text = export.files.entry(HERE.to_owned()).or_default();
    for (block, address) in moves(sources, names).into_iter().chain(imports(&export.resources)) {
        append(text, &block, &address, HERE.to_owned(), &mut export.places);
    }
    export
}

/// Whether a script of an object uses names that are not there.
fn has_wrong_names(kind: Kind, fields: &Fields) -> bool {
    let spec = kind.spec();
    // The manifest sets `option task`, which is not in the script then.
    let given: Vec<&str> = spec.given.iter().copied().chain(spec.runs_as_creator.then_some("task")).collect();
    let scripts = fields.iter().flat_map(|(_, value)| value.scripts()).filter(|script| script.is_flux());
    let mut parsed = scripts.filter_map(Script::source).map(parse);
    parsed.any(|parsed| parsed.is_sound() && !wrong_names(&parsed.script, &given).is_empty())
}

/// Puts a block at the end of a file.
fn append(
    text: &mut String,
    block: &str,
    address: &Address,
    file: String,
    places: &mut Vec<(String, Range<usize>, Address)>,
) {
    if !text.is_empty() {
        text.push('\n');
    }
    places.push((file, text.len()..text.len() + block.len(), address.clone()));
    text.push_str(block);
}

fn kind_file(kind: Kind) -> String {
    format!("{kind}s.toml")
}

/// A script as a file has it, whose line ends are those of the checkout; none where that would be another program: a string over
/// several lines can hold `\r\n`.
fn in_file(script: &Script) -> Option<String> {
    let source = script.source()?;
    let text = source.strip_prefix('\u{feff}').unwrap_or(source).replace("\r\n", "\n");
    (text == source || script.with_source(text.clone()) == *script).then_some(text)
}

/// The file of a script, which is none of `taken`, whatever the case: several kinds have scripts, and some file systems know no case. A
/// key that the ledger has may be any text.
pub(super) fn script_file(address: &Address, ending: &str, taken: &mut BTreeSet<String>) -> String {
    let Address { kind, key, .. } = address;
    let dir = if ending == "flux" { "flux" } else { kind.name() };
    let stem = if is_plain_key(key) { key.to_string() } else { format!("{kind}_{}", digest(key)) };
    let stems = (0..).map(|n| match n {
        0 => stem.clone(),
        1 => format!("{stem}_{kind}"),
        n => format!("{stem}_{kind}_{n}"),
    });
    let mut files = stems.map(|stem| format!("{dir}/{stem}.{ending}"));
    files.find(|file| taken.insert(file.to_lowercase())).expect("invariant: fewer files than numbers")
}

fn head(request: &Request, sources: Sources<'_>) -> String {
    let mut text = String::new();
    let mut only = Vec::new();
    if Kind::ALL.iter().any(|kind| !request.kinds.contains(kind)) {
        let kinds: Vec<_> = request.kinds.iter().map(|kind| format!("{kind}s")).collect();
        only.push(format!("only {}", kinds.join(", ")));
    }
    if !request.labels.is_empty() {
        let labels: Vec<_> = request.labels.iter().map(|label| format!("{label:?}")).collect();
        only.push(format!("only what has the label {}", labels.join(" or ")));
    }
    let hidden = request.kinds.iter().filter(|kind| sources.sight(**kind) != Sight::Complete);
    let hidden: Vec<_> = hidden.map(|kind| format!("{kind}s")).collect();
    if !hidden.is_empty() {
        only.push(format!("the token is not proven to see all {}", hidden.join(", ")));
    }
    for line in only {
        text.push_str(&format!("# This export is not the whole server: {line}.\n"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text + &format!("[project]\nname = {}\n", string(&request.project))
}

/// What stands at the top of a kind's file.
fn about(kind: Kind, sources: Sources<'_>) -> String {
    let mut text = String::new();
    if sources.sight(kind) != Sight::Complete {
        text.push_str(&format!(
            "# These may not be all {kind}s: the token that they were exported with is not proven to see all.\n"
        ));
    }
    if kind.delivers() {
        text.push_str(
            "# A secret exists only once, when its token is created: these tokens are adopted without their secrets. To create\n\
             # them on another server, or to change `read` or `write`, set `deliver`, which says where the secret goes.\n",
        );
    }
    let password = kind.spec().fields.iter().find(|field| field.secret.is_some_and(|rule| rule.needed));
    if let Some(password) = password {
        text.push_str(&format!(
            "# InfluxDB shows no `{0}`: each {kind} is adopted with the one that it has. To create them on another server, set\n\
             # `{0}`, which says where it comes from: `{0} = {{ env = \"NAME\" }}`.\n",
            password.name
        ));
    }
    text
}

fn here(request: &Request) -> String {
    let mut text = String::from(
        "# What applies only to this server: its address, and the IDs of objects without a unique name.\n\
         # To set up another server with the same manifests, leave this file out.\n\n[server]\n",
    );
    if let Some(url) = &request.url {
        text.push_str(&format!("url = {}\n", string(url)));
    }
    if !request.org.is_empty() {
        text.push_str(&format!("org = {}\n", string(&request.org)));
    }
    if !request.certificates.is_empty() {
        text.push_str(&format!(
            "# Needs the certificates in {}, which are outside the project.\n",
            request.certificates.join(", ")
        ));
    }
    text
}

/// `[[moved]]` for what the ledger has under the address of an instance, with the resource that each is about.
fn moves(sources: Sources<'_>, names: &Names) -> Vec<(String, Address)> {
    let entries = sources.ledger.entries.iter();
    let moved = entries.filter_map(|(was, entry)| Some((was, names.get(&(was.kind, entry.id.clone()))?)));
    moved
        .filter(|(was, is)| was != is)
        .map(|(was, is)| {
            let (from, to) = (string(&was.to_string()), string(&is.to_string()));
            (format!("[[moved]]\nfrom = {from}\nto = {to}\n"), is.clone())
        })
        .collect()
}

/// `[[import]]` for what nothing but its ID finds, with the resource that each is about.
fn imports(resources: &BTreeMap<Address, Resource>) -> Vec<(String, Address)> {
    let imported = resources.iter().filter(|(_, resource)| resource.imported);
    imported
        .map(|(address, resource)| {
            let (to, id) = (string(&address.to_string()), string(&resource.id));
            (format!("[[import]]\nto = {to}\nid = {id}\n"), address.clone())
        })
        .collect()
}
