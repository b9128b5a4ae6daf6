//! Scripts that the command line names, and what is wrong with them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::WalkBuilder;

use super::uses::Uses;
use crate::cli::shell::Shell;
use crate::cli::standard_input;
use crate::confine;
use crate::diagnostic::{Code, Diagnostic, Level, Place, Source, hide_secrets};
use crate::flux::ast::Span;
use crate::flux::names;
use crate::flux::parser::{Parsed, parse};
use crate::flux::refs::follow;
use crate::flux::{LiveScript, Mistake};
use crate::limits;
use crate::lint::{self, Allowed, Finding, Setting};
use crate::manifest::library::Composed;
use crate::problem::{Problem, Problems};

/// Names that a script on its own may use without setting them: `option task`, the parameters of a task in a project, and the
/// record with the variables of a dashboard.
const GIVEN: [&str; 3] = ["task", "params", "v"];

/// Which scripts.
#[derive(Debug, clap::Args)]
pub(super) struct Files {
    /// The scripts; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// A script that was read.
pub(super) struct Script {
    pub(super) source: Arc<Source>,
    /// With its libraries.
    pub(super) parsed: Parsed,
    /// Its text with these, if it uses any.
    composed: Option<Arc<Composed>>,
    /// Whether the file begins with a byte-order mark, which is left out.
    pub(super) marked: bool,
}

impl Files {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.files.len()
    }

    /// The same with all scripts in the directories among them, also further down, but for those in hidden ones.
    pub(super) fn walked(&self) -> Result<Self, Problems> {
        let (mut files, mut problems) = (Vec::new(), Vec::new());
        let mut wrong = |message| problems.push(Problem::new(Code::FluxUnreadable, message));
        for path in &self.files {
            // A link is no directory: it is not followed.
            if !path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                files.push(path.clone());
                continue;
            }
            let known = files.len();
            let walk = WalkBuilder::new(path).standard_filters(false).hidden(true).sort_by_file_name(Ord::cmp).build();
            for entry in walk {
                match entry {
                    Ok(entry) if entry.file_type().is_some_and(|ty| ty.is_file()) && is_script(entry.path()) => {
                        files.push(entry.path().strip_prefix(".").unwrap_or(entry.path()).to_owned());
                    }
                    Ok(_) => {}
                    Err(error) => wrong(format!("cannot list all of {}: {error}", path.display())),
                }
            }
            if files.len() == known {
                wrong(format!("no scripts in {}: their names end in `.flux`", path.display()));
            }
        }
        Problems::none(problems)?;
        Ok(Self { files })
    }

    /// Reads one after the other and gives each to `each`; says what is wrong with those that cannot be read, and with those
    /// that `each` finds wrong. `marks` gets what is said of byte-order marks.
    pub(super) fn each(
        &self,
        shell: &Shell,
        uses: &Uses,
        marks: &mut Vec<Diagnostic>,
        mut each: impl FnMut(&Script) -> Result<(), Problems>,
    ) -> Result<(), Problems> {
        let mut marked = |script: &Script| {
            shell.show(script.mark().as_slice());
            marks.extend(script.mark());
        };
        let libraries = uses.read(&mut marked)?;
        let mut problems: Vec<Problem> = Vec::new();
        let mut input_read = false;
        for path in &self.files {
            let is_input = path == Path::new("-");
            if is_input && std::mem::replace(&mut input_read, true) {
                let message = "standard input is used twice";
                problems.push(Problem::new(Code::CliUsage, message));
                continue;
            }
            let script = match if is_input { input() } else { file(path) } {
                Ok(script) => script,
                Err(diagnostic) => {
                    problems.push(diagnostic.into());
                    continue;
                }
            };
            marked(&script);
            let read = uses.put_into(script, &libraries).and_then(|script| each(&script));
            problems.extend(read.err().into_iter().flatten());
        }
        Problems::none(once(problems))
    }
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("flux"))
}

/// The problems, of those that are said at one place in the same words the first: several scripts may have one library.
fn once(mut problems: Vec<Problem>) -> Vec<Problem> {
    let mut said = HashSet::new();
    problems.retain(|Problem { diagnostic, .. }| {
        let place = diagnostic.places.first().map(|(place, _)| (place.source.name.clone(), place.span.clone()));
        place.is_none() || said.insert((place, diagnostic.code, diagnostic.message.clone()))
    });
    problems
}

impl Script {
    /// The same with its libraries.
    pub(super) fn composed(self, composed: Arc<Composed>) -> Self {
        Self { parsed: parse(&composed.text), composed: Some(composed), ..self }
    }

    /// Whether it came from standard input.
    pub(super) fn is_input(&self) -> bool {
        self.source.path == Path::new("-")
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), Problems> {
        self.wrong(Code::FluxSyntax, self.parsed.errors())
    }

    /// Which names in it stand for nothing, and which arguments are wrong; nothing of a script with other mistakes. The names
    /// that a project or influxd's pages give are there.
    pub(super) fn check_names(&self) -> Result<(), Problems> {
        if !self.parsed.is_sound() {
            return Ok(());
        }
        let allowed = Allowed::of(self.text());
        let script = &self.parsed.script;
        let mistakes = names::errors(script, &GIVEN).into_iter().chain(names::unknown_options(script));
        let mistakes = mistakes.filter(|mistake| !allowed.has(Code::FluxName, mistake.span.range().start));
        self.wrong(Code::FluxName, mistakes.collect())
    }

    /// What lints find in it, but for what its comments allow; nothing in a script with mistakes. What a project makes of it is
    /// not known.
    pub(super) fn lints(&self) -> Vec<Diagnostic> {
        if !self.parsed.is_sound() {
            return Vec::new();
        }
        let (script, allowed) = (&self.parsed.script, Allowed::of(self.text()));
        let task = LiveScript::read(self.text(), None).ok().and_then(|script| script.task);
        let every = task.as_ref().and_then(|task| task.every.as_ref()?.value.parse().ok());
        let setting = Setting {
            every,
            offset: task.as_ref().map(|task| task.offset.is_some()),
            is_formatted: true,
            ..Setting::default()
        };
        let mut found = lint::findings(script, &follow(script, &[]), setting);
        found.retain(|Finding { code, mistake }| {
            !allowed.has(*code, mistake.span.range().start) && code.level() != Some(Level::Allow)
        });
        let said = |Finding { code, mistake }| self.said(Diagnostic::warning(code, ""), mistake);
        let mut found: Vec<_> = found.into_iter().map(said).collect();
        hide_secrets(&mut found, &[]);
        found
    }

    /// The diagnostics of `mistakes`, each at its places.
    fn wrong(&self, code: Code, mistakes: Vec<Mistake>) -> Result<(), Problems> {
        let said = |mistake| self.said(Diagnostic::error(code, ""), mistake);
        Problems::none(mistakes.into_iter().map(said))
    }

    /// The text that was read, with its libraries.
    fn text(&self) -> &str {
        self.composed.as_ref().map_or(&self.source.text, |composed| &composed.text)
    }

    /// Where `span` of that is.
    pub(super) fn place(&self, span: Span) -> Place {
        let composed = self.composed.as_ref().and_then(|composed| composed.place(&span.range()));
        composed.unwrap_or_else(|| Place { source: Arc::clone(&self.source), span: span.range() })
    }

    /// What `mistake` says of it, as bad as `diagnostic`.
    fn said(&self, diagnostic: Diagnostic, mistake: Mistake) -> Diagnostic {
        let Mistake { span, message, label, also, help } = mistake;
        let mut diagnostic = Diagnostic { message, ..diagnostic }.at(self.place(span), label);
        if let Some((span, label)) = also {
            diagnostic = diagnostic.at(self.place(span), label);
        }
        diagnostic.help_known(help)
    }

    /// What is said of a byte-order mark, if it begins with one.
    fn mark(&self) -> Option<Diagnostic> {
        let message = || format!("{} begins with a byte-order mark", self.source.name);
        let said = |message| {
            Diagnostic::warning(Code::FluxBom, message).help("fluxform ignores it, but influxd refuses such a script")
        };
        self.marked.then(message).map(said)
    }
}

fn input() -> Result<Script, Diagnostic> {
    let bytes = standard_input::read(&limits::SCRIPT);
    let bytes = bytes.map_err(|message| Diagnostic::error(Code::FluxUnreadable, message))?;
    script(Path::new("-"), "<stdin>".to_owned(), bytes)
}

pub(super) fn file(path: &Path) -> Result<Script, Diagnostic> {
    let bytes = confine::read(path, &limits::SCRIPT)
        .map_err(|error| Diagnostic::error(Code::FluxUnreadable, error.to_string()).help_known(error.help()))?;
    script(path, path.display().to_string(), bytes)
}

fn script(path: &Path, name: String, bytes: Vec<u8>) -> Result<Script, Diagnostic> {
    let text = Source::utf8(Code::FluxNotUtf8, path, &name, bytes)?;
    let (text, marked) = match text.strip_prefix('\u{feff}') {
        Some(rest) => (rest.to_owned(), true),
        None => (text, false),
    };
    let parsed = parse(&text);
    Ok(Script { source: Arc::new(Source::new(name, path, text)), parsed, composed: None, marked })
}
