//! Libraries of a project: each is read once, and so is each script with those that it uses.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

pub(crate) use super::text_place::Composed;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::flux::Mistake;
use crate::flux::ast::{Script, Span};
use crate::flux::library::{self, Clash, Composition, Part, Piece};
use crate::flux::parser::parse;

/// A file that is used as a library.
#[derive(Debug)]
pub(crate) struct Library {
    /// Its path in the project.
    pub(crate) name: String,
    pub(crate) source: Arc<Source>,
    script: Script,
    /// What is wrong with it.
    pub(crate) mistakes: Vec<Diagnostic>,
}

/// A script with its libraries, or why that is none.
pub(crate) type Together = Result<Arc<Composed>, Rc<[Diagnostic]>>;

/// The libraries of a project, and its scripts with them, by their paths: that of the script comes first.
#[derive(Debug, Default)]
pub(super) struct Libraries {
    all: RefCell<HashMap<PathBuf, Rc<Library>>>,
    together: RefCell<HashMap<Vec<PathBuf>, Together>>,
    /// How long all of these are, in bytes.
    length: Cell<usize>,
}

impl Libraries {
    /// The library at `path`, whose text is `source`.
    pub(super) fn library(&self, path: &Path, source: &Arc<Source>) -> Rc<Library> {
        let mut all = self.all.borrow_mut();
        let read = || Rc::new(Library::new(path.display().to_string(), source));
        Rc::clone(all.entry(path.to_owned()).or_insert_with(read))
    }

    /// The script of the file `own` with `libraries`, which have no mistakes.
    pub(super) fn together(&self, own: (PathBuf, &Arc<Source>), libraries: &[Rc<Library>]) -> Together {
        let (path, source) = own;
        let paths = [path.clone()].into_iter().chain(libraries.iter().map(|library| PathBuf::from(&library.name)));
        let mut all = self.together.borrow_mut();
        let made = || {
            let made = compose(&path.display().to_string(), source, libraries);
            self.length.set(self.length.get() + made.as_ref().map_or(0, |composed| composed.text.len()));
            made
        };
        all.entry(paths.collect()).or_insert_with(made).clone()
    }

    /// How long all scripts with libraries are, in bytes.
    pub(super) fn length(&self) -> usize {
        self.length.get()
    }
}

impl Library {
    /// The library that the file called `name` is, whose text is `source`.
    pub(crate) fn new(name: String, source: &Arc<Source>) -> Self {
        let parsed = parse(&source.text);
        let mut mistakes: Vec<_> =
            parsed.errors().into_iter().map(|mistake| said(Code::FluxSyntax, source, mistake)).collect();
        if parsed.is_sound() {
            let found = library::mistakes(&parsed.script).into_iter();
            mistakes.extend(found.map(|mistake| said(Code::FluxLibrary, source, mistake)));
        }
        Self { name, source: Arc::clone(source), script: parsed.script, mistakes }
    }

    /// Whether it defines anything.
    pub(super) fn defines(&self) -> bool {
        library::defines(&self.script)
    }
}

fn place(source: &Arc<Source>, span: Span) -> Place {
    Place { source: Arc::clone(source), span: span.range() }
}

fn said(code: Code, source: &Arc<Source>, mistake: Mistake) -> Diagnostic {
    let Mistake { span, message, label, also, help } = mistake;
    let mut said = Diagnostic::error(code, message).at(place(source, span), label);
    if let Some((span, label)) = also {
        said = said.at(place(source, span), label);
    }
    said.help_known(help)
}

/// The script `source` of the file called `name`, with `libraries`, which have no mistakes.
pub(crate) fn compose(name: &str, source: &Arc<Source>, libraries: &[Rc<Library>]) -> Together {
    let parsed = parse(&source.text);
    if !parsed.is_accepted() {
        // What is wrong with it is found by whoever reads it alone.
        let pieces = [(0, Place { source: Arc::clone(source), span: 0..source.text.len() })];
        return Ok(Arc::new(Composed { text: source.text.clone(), pieces: pieces.into() }));
    }
    let parts: Vec<Part<'_>> =
        libraries.iter().map(|library| Part { name: &library.name, script: &library.script }).collect();
    let sources: Vec<&Arc<Source>> =
        [source].into_iter().chain(libraries.iter().map(|library| &library.source)).collect();
    let clash = |Clash { message, places, help }: Clash| {
        let said = Diagnostic::error(Code::FluxLibrary, message).help(help);
        places
            .into_iter()
            .fold(said, |said, (part, span, label)| said.at(Place { source: Arc::clone(sources[part]), span }, label))
    };
    let Composition { text, pieces } = library::compose(Part { name, script: &parsed.script }, &parts)
        .map_err(|clashes| clashes.into_iter().map(clash).collect::<Rc<[_]>>())?;
    let piece = |Piece { at, part, span }| (at, Place { source: Arc::clone(sources[part]), span });
    Ok(Arc::new(Composed { text, pieces: pieces.into_iter().map(piece).collect() }))
}
