//! `use` beside a `file`: the libraries of a script.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use super::check::plain;
use super::context::DecodeContext;
use super::library::Library;
use super::node::{Node, Raw};
use super::text::item_text;
use super::text_place::{TextPlace, Written};
use super::{named_file, sink};
use crate::diagnostic::{Code, Place, Source};
use crate::field::TextFile;
use crate::limits::{LIBRARIES, TEXT, TEXT_FILE};

/// Reads the libraries that `list` names, and puts the script in the file `own` together with them; none where something is wrong, which is
/// said then. `whole` is the place of the field.
pub(super) fn read(
    context: &mut DecodeContext<'_, '_>,
    of: TextFile,
    own: Option<(Arc<Source>, PathBuf)>,
    list: &Node<'_>,
    whole: Place,
) -> Option<Written> {
    let libraries = libraries(context, of, own.as_ref(), list);
    let ((source, path), libraries) = (own?, libraries?);
    if libraries.is_empty() {
        return Some(Written::of_file(source, whole));
    }
    let all = &context.project.libraries;
    let together = all.together((plain(&path).into_owned(), &source), &libraries);
    if TEXT.exceeded(all.length()) {
        let what = || ("with this script and its libraries the project has more text than".to_owned(), Some(whole));
        context.budget().exceed(&TEXT, what);
        return None;
    }
    match together {
        Ok(composed) if TEXT_FILE.exceeded(composed.text.len()) => {
            let message = format!("with its libraries a {} has at most {TEXT_FILE}", of.what);
            let label = format!("has {} bytes", composed.text.len());
            context.fail(Code::ManifestLimit, list.span, message, label)
        }
        Ok(composed) => Some(Written { text: composed.text.clone(), at: TextPlace::composed(composed), whole }),
        Err(said) => {
            said.iter().for_each(|diagnostic| context.say(diagnostic.clone()));
            None
        }
    }
}

/// The libraries in their order; none if one of them is none.
fn libraries(
    context: &mut DecodeContext<'_, '_>,
    of: TextFile,
    own: Option<&(Arc<Source>, PathBuf)>,
    list: &Node<'_>,
) -> Option<Vec<Rc<Library>>> {
    let Raw::Array(items) = &list.value else {
        return context.no_list("use", "a list of files", list);
    };
    if LIBRARIES.exceeded(items.len()) {
        let message = format!("a {} uses at most {LIBRARIES}", of.what);
        return context.fail(Code::ManifestLimit, list.span, message, format!("has {}", items.len()));
    }
    let mut all: Vec<Rc<Library>> = Vec::new();
    let mut sound = true;
    for item in items {
        let library = library(context, of, item);
        let Some(library) = library else {
            sound = false;
            continue;
        };
        let is_known = all.iter().any(|known| Arc::ptr_eq(&known.source, &library.source));
        let (message, label) = if own.is_some_and(|(own, _)| Arc::ptr_eq(own, &library.source)) {
            (format!("{} cannot use itself", library.name), "the script itself")
        } else if is_known {
            (format!("duplicate {} in `use`", library.name), "again here")
        } else {
            all.push(library);
            continue;
        };
        context.fail::<()>(Code::FluxLibrary, item.span, message, label);
        sound = false;
    }
    sound.then_some(all)
}

/// The library that `item` names, without mistakes.
fn library(context: &mut DecodeContext<'_, '_>, of: TextFile, item: &Node<'_>) -> Option<Rc<Library>> {
    item_text(context, "use", "files", item)?;
    let path = sink::path(context, "use", item)?;
    let source = named_file::read(context, of, &path, item.span)?;
    let library = context.project.libraries.library(&plain(&path), &source);
    if library.name.chars().any(char::is_control) {
        // It stands in a comment.
        return context.fail(Code::ManifestPath, item.span, "invalid path in `use`", "has a control character");
    }
    if library.mistakes.is_empty() && !library.defines() {
        let message = format!("{} defines nothing", source.name);
        let help = "a library has definitions: `NAME = ...`";
        return context.fail_with(Code::FluxLibrary, item.span, message, "names this file", help);
    }
    library.mistakes.iter().for_each(|mistake| context.say(mistake.clone()));
    library.mistakes.is_empty().then_some(library)
}
