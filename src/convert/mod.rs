//! From a file of another tool to the objects that it stands for: what InfluxDB templates and Terraform's states declare, as a
//! server would have it. [`export`](crate::export) makes manifests of these.

mod json;
mod made;
mod node;
mod reader;
mod secret;
mod template;
mod terraform;
mod yaml;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::limits::SOURCE_VALUES;

pub use made::{Converted, Made, Variable};

/// The text of a source that was read at `path`, and that messages call `name`; what is not shown of it is found by how it is
/// written.
pub fn source(name: String, path: &Path, text: String) -> Source {
    let is_json = text.trim_start().starts_with(['{', '[']);
    Source::new(name, path.with_extension(if is_json { "json" } else { "yml" }), text)
}

/// Reads what `source` declares.
///
/// # Errors
/// Why nothing of it can be read.
pub fn read(source: &Arc<Source>) -> Result<Converted, Diagnostic> {
    if let Some((message, help)) = is_of_another_form(&source.name) {
        return Err(bad(source, 0..0, message, "in another language").help(help));
    }
    let first = source.text.trim_start().bytes().next();
    let documents = match first {
        Some(b'{' | b'[') => match json::read(source) {
            Ok(node) => vec![node],
            Err(error) if is_named_json(&source.name) => return Err(error),
            // YAML in braces.
            Err(error) => yaml::read(source).map_err(|_| error)?,
        },
        _ => yaml::read(source)?,
    };
    match documents.as_slice() {
        [state] if terraform::is_one(state) => terraform::read(source, state),
        documents => template::read(source, documents),
    }
}

fn is_named_json(name: &str) -> bool {
    [".json", ".tfstate"].iter().any(|ending| name.ends_with(ending))
}

/// What is said of a source whose name tells that it is in a language that is not read, and what to do.
fn is_of_another_form(name: &str) -> Option<(&'static str, &'static str)> {
    let ending = Path::new(name).extension()?.to_str()?;
    match ending {
        "tf" | "tofu" | "hcl" => Some((
            "this is a configuration of Terraform, and no state",
            "only the state says which objects there are: convert what `terraform state pull` prints",
        )),
        "jsonnet" | "libsonnet" => Some((
            "this is a program in Jsonnet, and no template yet",
            "convert what `jsonnet FILE` prints: `jsonnet FILE | fluxform convert - --out DIR`",
        )),
        _ => None,
    }
}

/// Says that the source cannot be read.
fn bad(source: &Arc<Source>, at: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    let place = Place { source: Arc::clone(source), span: at };
    Diagnostic::error(Code::ConvertSource, message).at(place, label)
}

/// Says that the source has more values than anybody writes.
fn too_many(source: &Arc<Source>, at: Range<usize>) -> Diagnostic {
    let message = format!("the source has more values than {SOURCE_VALUES}, with those that aliases stand for");
    bad(source, at, message, "more from here")
}
