//! Libraries: definitions that several scripts share, and a script put together with those that it uses.
//!
//! A library stands before the script's own text, below the imports, each behind a comment with its name: whoever reads the script on the
//! server sees where a line comes from, and so does a line diff.

mod mistakes;
mod need;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

pub use mistakes::mistakes;
pub(super) use need::unneeded;

use super::ast::{Import, OptionTarget, Script, Span, StatementKind};
use super::compose::line_after;
use super::names;
use super::scanner::scan_leniently;
use super::statement::{cut, goes_on};
use super::token::{Token, TokenKind};

/// The comment above a library's definitions, and behind each import that a library needs; its name follows.
pub const USE: &str = "// fluxform: use ";
/// The comment below the last library.
pub const END: &str = "// fluxform: end of use";

/// A file of a script that is put together.
#[derive(Clone, Copy, Debug)]
pub struct Part<'s> {
    /// What the comments in the script call it.
    pub name: &'s str,
    /// What it says.
    pub script: &'s Script,
}

/// A script with its libraries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Composition {
    /// The whole text.
    pub text: String,
    /// What of it comes from which file, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a script that is put together, as it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its first byte in the script.
    pub at: usize,
    /// The file: 0 is the script's own, the libraries follow.
    pub part: usize,
    /// Its bytes in that file.
    pub span: Range<usize>,
}

/// Two files that cannot be one script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// What is wrong, in one line.
    pub message: String,
    /// Where, in which file, and what to write there. The main place comes first.
    pub places: Vec<(usize, Range<usize>, String)>,
    /// What to do about it.
    pub help: String,
}

/// The names that a script defines at its top level, with their places.
fn definitions(script: &Script) -> impl Iterator<Item = (&str, Span)> {
    script.body().iter().filter_map(|statement| match statement.kind {
        StatementKind::Assignment { name, .. }
        | StatementKind::Builtin { name, .. }
        | StatementKind::Option { target: OptionTarget::Name(name), .. } => Some((script.text(name), name)),
        _ => None,
    })
}

/// Whether a library defines anything.
pub fn defines(script: &Script) -> bool {
    definitions(script).next().is_some()
}

/// Puts a script together with its libraries: first all imports, each once, then the definitions of the libraries in their order, then the
/// script's own text. `own` is a script that the server would accept; `libraries` have no [`mistakes()`].
///
/// # Errors
/// Names that two of the files have, and a script that would go on with the last definition.
pub fn compose(own: Part<'_>, libraries: &[Part<'_>]) -> Result<Composition, Vec<Clash>> {
    let parts: Vec<Part<'_>> = [own].iter().chain(libraries).copied().collect();
    let mut clashes = Vec::new();
    let imports = imports(&parts, &mut clashes);
    clashes.extend(clashing(&parts));
    let source = own.script.source();
    let (tokens, _) = scan_leniently(source);
    let head = line_after(source, &tokens, head_end(own.script));
    clashes.extend(going_on(&tokens, head));
    clashes.extend(parts.iter().enumerate().filter_map(|(at, part)| marked(at, part.script.source())));
    if !clashes.is_empty() {
        return Err(clashes);
    }
    let mut all = Composition::default();
    all.push(0, source, 0..head);
    all.end_line();
    for (part, import) in imports {
        let Part { name, script } = parts[part];
        all.push(part, script.source(), import.span.range());
        all.line(&format!(" {USE}{name}"));
    }
    for (at, Part { name, script }) in libraries.iter().enumerate() {
        all.line(&format!("{USE}{name}"));
        for span in body(script) {
            all.push(at + 1, script.source(), span);
        }
        all.end_line();
    }
    all.line(END);
    all.push(0, source, head..source.len());
    Ok(all)
}

/// Where a text has what looks like a mark of ours.
pub fn mark(source: &str) -> Option<Range<usize>> {
    let (at, mark) = [USE, END].iter().find_map(|mark| Some((source.find(mark)?, mark)))?;
    Some(at..at + mark.trim_end().len())
}

/// What looks like a mark of ours in a file: a plan would take what follows for another library's.
fn marked(part: usize, source: &str) -> Option<Clash> {
    let at = mark(source)?;
    Some(Clash {
        message: "this text marks what comes from libraries in a script that is put together".to_owned(),
        places: vec![(part, at, "not one of fluxform's".to_owned())],
        help: "remove it, or write it in another way".to_owned(),
    })
}

impl Composition {
    fn push(&mut self, part: usize, source: &str, span: Range<usize>) {
        if !span.is_empty() {
            self.pieces.push(Piece { at: self.text.len(), part, span: span.clone() });
            self.text.push_str(&source[span]);
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    fn end_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }
}

/// Where the package clause and the imports of a script end.
fn head_end(script: &Script) -> usize {
    let last = script.imports().last().map(|import| import.span);
    last.or(script.package().map(|package| package.span)).map_or(0, |span| span.range().end)
}

/// The bytes of a library without its package clause and imports, and without white space around them.
fn body(script: &Script) -> Vec<Range<usize>> {
    let source = script.source();
    let heads = script.package().map(|package| package.span).into_iter();
    let mut spans = Vec::new();
    let mut from = 0;
    for head in heads.chain(script.imports().iter().map(|import| import.span)) {
        let cut = cut(source, &head.range());
        spans.push(from..cut.start.max(from));
        from = cut.end;
    }
    spans.push(from..source.len());
    let is_blank = |span: &Range<usize>| source[span.clone()].trim().is_empty();
    let first = spans.iter().position(|span| !is_blank(span)).unwrap_or(spans.len());
    let last = spans.iter().rposition(|span| !is_blank(span)).map_or(first, |last| last + 1);
    let mut spans = spans[first..last].to_vec();
    if let Some(span) = spans.first_mut() {
        span.start = span.end - source[span.clone()].trim_start().len();
    }
    if let Some(span) = spans.last_mut() {
        span.end = span.start + source[span.clone()].trim_end().len();
    }
    spans
}

/// The imports that the script's own text lacks, each once, with the library that has it. What clashes is said.
fn imports<'s>(parts: &[Part<'s>], clashes: &mut Vec<Clash>) -> Vec<(usize, &'s Import)> {
    let mut paths: HashMap<String, (usize, &Import, &str)> = HashMap::new();
    let mut bound: HashMap<&str, (usize, &Import, String)> = HashMap::new();
    let mut lacking = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        for import in part.script.imports() {
            let path = part.script.unquoted(import.path).into_owned();
            let name = names::bound(part.script, import);
            let (same_path, same_name) = (paths.get(&path), bound.get(name));
            let other = |at_first: &usize| *at_first != at;
            if let Some((first, before, called)) =
                same_path.filter(|(first, _, called)| other(first) && *called != name)
            {
                let message = format!("the package \"{path}\" is imported as `{name}` and as `{called}`");
                let places = vec![(at, import, format!("as `{name}`")), (*first, *before, format!("as `{called}`"))];
                clashes.push(imported(message, places, "import it under one name in all of these files"));
            } else if let Some((first, before, of)) = same_name.filter(|(first, _, of)| other(first) && *of != path) {
                let message = format!("`{name}` is the package \"{path}\" here, and \"{of}\" elsewhere");
                let places = vec![(at, import, "imported here".to_owned()), (*first, *before, "and here".to_owned())];
                clashes.push(imported(message, places, "import one of them under another name: `import NAME \"...\"`"));
            } else if same_path.is_none() && at > 0 {
                lacking.push((at, import));
            }
            paths.entry(path.clone()).or_insert((at, import, name));
            bound.entry(name).or_insert((at, import, path));
        }
    }
    lacking
}

fn imported(message: String, places: Vec<(usize, &Import, String)>, help: &str) -> Clash {
    let places = places.into_iter().map(|(at, import, label)| (at, import.span.range(), label)).collect();
    Clash { message, places, help: help.to_owned() }
}

/// The names that two files have, the later one first.
fn clashing(parts: &[Part<'_>]) -> Vec<Clash> {
    let mut first: HashMap<&str, (usize, Span, &str)> = HashMap::new();
    let imports = parts.iter().enumerate().flat_map(|(at, part)| {
        part.script.imports().iter().map(move |import| (names::bound(part.script, import), at, import.span))
    });
    for (name, at, span) in imports {
        first.entry(name).or_insert((at, span, "imported "));
    }
    let mut clashes = Vec::new();
    // The libraries come before the script's own text.
    for at in (1..parts.len()).chain([0]) {
        let mut own = HashSet::new();
        for (name, span) in definitions(parts[at].script).filter(|(name, _)| own.insert(*name)) {
            match first.get(name) {
                Some((other, before, how)) if *other != at => {
                    let of = |at: usize| parts[at].name;
                    let message = format!("`{name}` is defined in {} and {how}in {}", of(at), of(*other));
                    let places = vec![
                        (at, span.range(), "defined here".to_owned()),
                        (*other, before.range(), format!("and {how}here")),
                    ];
                    let help = "rename one of them: a script and its libraries share their names";
                    clashes.push(Clash { message, places, help: help.to_owned() });
                }
                _ => {
                    first.insert(name, (at, span, ""));
                }
            }
        }
    }
    clashes
}

/// That the script's own text, which begins at byte `head`, would go on with the last definition of a library.
fn going_on(tokens: &[Token], head: usize) -> Option<Clash> {
    let first = tokens.iter().find(|token| token.kind != TokenKind::Comment && token.span.start >= head)?;
    (goes_on(first.kind) || first.kind == TokenKind::Regex).then(|| Clash {
        message: "a script that uses libraries cannot start like this".to_owned(),
        places: vec![(0, first.span.clone(), "goes on with what stands before it".to_owned())],
        help: "give the value a name (`rows = ...`)".to_owned(),
    })
}

#[cfg(test)]
mod tests;
