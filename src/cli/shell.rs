//! What surrounds a command: environment, terminal, and the two streams.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::Ended;
use super::connection::{InfluxCliFile, Surroundings, influx_cli_path};
use super::pipeline::Traces;
use crate::address::{Address, AddressError, Pattern, unquoted};
use crate::api::OnWait;
use crate::diagnostic::{Code, Diagnostic, Group};
use crate::duration::DurationError;
use crate::exit::Exit;
use crate::plan::Plan;
use crate::problem::{Problem, Problems};
use crate::render::{self, Comment, Document, Fitted, Look, Output, Page};
use crate::shell_words::shell_quoted;

/// Where CI systems say which commit they run.
const COMMIT: [&str; 3] = ["FLUXFORM_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"];

/// How the data on standard output is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Human,
    /// For programs: one JSON document, described in schemas/
    Json,
}

/// How a plan or a report on standard output is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum PlanFormat {
    /// For people
    #[default]
    Human,
    /// For programs: one JSON document, described in schemas/
    Json,
    /// For a comment on a pull request: at most 65,536 characters, with a hidden first line to find the comment by
    Markdown,
}

impl PlanFormat {
    /// Why `--compact` is not for this format; none where it is.
    pub(super) fn not_compact(self) -> Option<Problem> {
        let help = match self {
            Self::Human => return None,
            Self::Json => "remove it: JSON always has everything",
            Self::Markdown => {
                "remove it: a comment has one entry for all instances of a `for_each` that change in the same way anyway"
            }
        };
        Some(Problem::new(Code::CliFormat, "--compact is only for the human format").help(help))
    }
}

/// How much people see of each resource.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Brevity {
    /// Show one line per resource, and one for all instances of a `for_each` that change in the same way (human format
    /// only)
    #[arg(long)]
    pub(super) compact: bool,
}

impl From<Format> for PlanFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Human => Self::Human,
            Format::Json => Self::Json,
        }
    }
}

/// What surrounds a command.
#[derive(Debug)]
pub(super) struct Shell {
    pub(super) output: Output,
    pub(super) around: Surroundings,
    /// When the run must end, where it was told.
    pub(super) until: Option<Instant>,
    /// The command's name.
    pub(super) command: String,
    /// What `--org` says.
    pub(super) org: Option<String>,
    /// The only directory that the command line names as a project, or the one that it runs in.
    pub(super) dir: Option<PathBuf>,
    /// What the manifests that were read last warn of.
    warned: Mutex<Vec<Diagnostic>>,
}

impl Shell {
    /// What surrounds a process with these environment variables.
    pub(super) fn new(vars: BTreeMap<String, String>) -> Self {
        let mut around = Surroundings {
            vars,
            terminal: std::io::stdin().is_terminal() && std::io::stderr().is_terminal(),
            influx_cli: None,
        };
        around.influx_cli = influx_cli_path(&around.vars).and_then(InfluxCliFile::read);
        Self {
            output: Output::of_process(),
            around,
            until: None,
            command: String::new(),
            org: None,
            dir: None,
            warned: Mutex::default(),
        }
    }

    /// What the CI that runs this says of the run: the commit, and the run's own page.
    pub(super) fn traces(&self) -> Traces {
        let var = |name| self.around.var(name).map(str::to_owned);
        let url = var("FLUXFORM_RUN_URL").or_else(|| var("CI_JOB_URL")).or_else(|| {
            let (server, repository, run) =
                (var("GITHUB_SERVER_URL")?, var("GITHUB_REPOSITORY")?, var("GITHUB_RUN_ID")?);
            Some(format!("{server}/{repository}/actions/runs/{run}"))
        });
        Traces { commit: COMMIT.into_iter().find_map(var), run: url }
    }

    /// A page for standard output.
    pub(super) fn data_page(&self) -> Page {
        Page::new(self.output.out)
    }

    /// A page for standard error.
    pub(super) fn talk_page(&self) -> Page {
        Page::new(self.output.err)
    }

    /// Writes data.
    pub(super) fn data(&self, text: &str) -> Result<(), Problems> {
        self.output
            .data(text)
            .map_err(|error| Problem::new(Code::CliOutput, format!("cannot write the output: {error}")).into())
    }

    /// Writes a plan or a report; `human` is how people read it.
    pub(super) fn document(
        &self,
        format: PlanFormat,
        of: Comment,
        document: &Document<'_>,
        human: impl FnOnce(Look) -> String,
    ) -> Result<(), Problems> {
        self.data(&match format {
            PlanFormat::Human => human(self.output.out),
            PlanFormat::Json => render::document(document),
            PlanFormat::Markdown => {
                let Fitted { text, is_whole } = render::comment(of, document);
                if !is_whole {
                    self.say_whole(&human(self.output.err));
                }
                text
            }
        })
    }

    /// What people read, where it is people who read: of a comment, what it may have no room for.
    pub(super) fn human(&self, format: PlanFormat, text: impl FnOnce(Look) -> String) -> String {
        match format {
            PlanFormat::Human => text(self.output.out),
            PlanFormat::Markdown => text(self.output.err),
            PlanFormat::Json => String::new(),
        }
    }

    /// Says on standard error what a comment has no room for.
    pub(super) fn say_whole(&self, human: &str) {
        if !human.is_empty() {
            self.say("The comment does not hold everything. This is all of it:");
            self.output.talk(human);
        }
    }

    /// Says a sentence on standard error.
    pub(super) fn say(&self, text: impl std::fmt::Display) {
        let mut page = self.talk_page();
        page.say(text).fold(2);
        self.output.talk(&page.finish());
    }

    /// Puts a command on standard error, in one line, to be copied.
    pub(super) fn say_command(&self, command: &str) {
        let mut page = self.talk_page();
        page.say("  ").say(command).end();
        self.output.talk(&page.finish());
    }

    /// Says on standard error when a server does not answer and is waited for.
    pub(super) fn on_wait(&self) -> OnWait {
        let output = self.output.clone();
        OnWait::new(move |waiting| output.talk(&render::waiting(waiting, output.err)))
    }

    /// Shows diagnostics on standard error.
    pub(super) fn show(&self, diagnostics: &[Diagnostic]) {
        self.output.show(diagnostics);
    }

    /// Shows what the manifests of a project warn of, and keeps it for the document of a run that comes to no plan.
    pub(super) fn warn(&self, warnings: &[Diagnostic]) {
        self.show(warnings);
        self.keep(warnings);
    }

    /// Keeps warnings that were shown for the document of a run that ends otherwise.
    pub(super) fn keep(&self, warnings: &[Diagnostic]) {
        *self.warned.lock().unwrap_or_else(PoisonError::into_inner) = warnings.to_vec();
    }

    /// What the manifests that were read last warn of.
    pub(super) fn warned(&self) -> Vec<Diagnostic> {
        self.warned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows what a plan warns of, and what refuses it.
    pub(super) fn show_objections(&self, plan: &Plan) {
        self.show(&plan.warnings);
        self.show_problems(&plan.refusals);
    }

    /// Shows what stopped something.
    pub(super) fn show_problems(&self, problems: &[Problem]) {
        for Problem { exit, diagnostic } in problems {
            let listed = diagnostic.code.exit().unwrap_or(*exit);
            debug_assert_eq!(*exit, listed, "invariant: {} ends a run as the list says", diagnostic.code);
        }
        self.show(&problems.iter().map(|problem| problem.diagnostic.clone()).collect::<Vec<_>>());
    }

    /// Shows what stopped a command, and gives the exit code that counts. For machines and in a comment it is a document on
    /// standard output too.
    pub(super) fn end(&self, format: PlanFormat, of: Comment, ended: Ended) -> Exit {
        let problems = match ended {
            Ok(exit) => return exit,
            Err(problems) => problems,
        };
        let exit = problems.exit();
        if format != PlanFormat::Human {
            let dir = self.dir.as_ref().map(|dir| match dir.canonicalize() {
                Ok(whole) if dir == Path::new(".") => whole.file_name().unwrap_or_default().display().to_string(),
                _ => dir.display().to_string(),
            });
            let warnings = self.warned();
            let document =
                Document { dir: dir.as_deref(), problems: &problems, warnings: &warnings, ..Document::new(exit) };
            // The exit code says it as well.
            let _ = self.document(format, of, &document, |_| String::new());
        }
        self.show_problems(&problems);
        if format == PlanFormat::Human && self.around.terminal {
            self.say_more(&problems);
        }
        exit
    }

    /// Says where more is to be read about the first problem. About what the person has just typed there is no more to say.
    fn say_more(&self, problems: &Problems) {
        let mut codes = problems.iter().map(|problem| problem.diagnostic.code);
        if let Some(code) = codes.find(|code| !matches!(code.group(), Group::Cli | Group::Explain)) {
            self.say(format_args!("For more about this error, run `fluxform explain {code}`."));
        }
    }
}

/// Reads an address from the command line.
pub(super) fn address(text: &str) -> Result<Address, String> {
    text.parse::<Address>().map_err(|error| match unquoted(text) {
        _ if let Some(help) = with_field(text) => help,
        // The quotes are part of it, and a shell takes its own away.
        Some(meant) => format!("write {}, with the quotes within", shell_quoted([meant.to_string().as_str()])),
        None => match error {
            _ if is_path(text) => "this is a path; write the address of a resource, such as bucket.raw".to_owned(),
            AddressError::Form(_) => error.hint(),
            AddressError::UnknownKind { .. } => format!("{}: {}", error.short(), error.hint()),
        },
    })
}

/// What to write where `text` is an address with a field behind it, as other tools write it.
fn with_field(text: &str) -> Option<String> {
    let (before, field) = text.rsplit_once('.')?;
    let address: Address = before.parse().ok()?;
    let word = shell_quoted([before]);
    match field {
        "id" | "name" | "org" => {
            Some(format!("the address is {word}; `fluxform output DIR {word} --field {field}` prints its {field}"))
        }
        "secret" | "token" | "value" | "password" => {
            Some(format!("the address is {word}; a secret is never printed: a token's is where `deliver` puts it"))
        }
        _ => {
            address.kind.field(field)?;
            Some(format!("the address is {word}; `fluxform show DIR {word}` shows what was last applied"))
        }
    }
}

/// Whether a text can only be a path.
fn is_path(text: &str) -> bool {
    text.contains('/') || text.starts_with('.') || Path::new(text).symlink_metadata().is_ok()
}

/// Reads an address from the command line, or a pattern of addresses, in which `*` stands for anything.
pub(super) fn addresses(text: &str) -> Result<String, String> {
    match text.contains('*') {
        true => text.parse::<Pattern>().map(|pattern| pattern.as_str().to_owned()).map_err(|error| error.to_string()),
        false => address(text).map(|address| address.to_string()),
    }
}

/// Reads a length of time of whole seconds from the command line.
pub(super) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = |error: DurationError| error.help().map_or_else(|| error.to_string(), str::to_owned);
    let duration: crate::duration::Duration = text.parse().map_err(wrong)?;
    duration.whole_secs().map(std::time::Duration::from_secs).ok_or_else(|| "whole seconds, without months".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_field_behind_it_is_answered_with_what_works() {
        let help = |text: &str| address(text).expect_err(text);
        assert_eq!(
            help("bucket.hours.id"),
            "the address is bucket.hours; `fluxform output DIR bucket.hours --field id` prints its id"
        );
        assert!(
            help("bucket.line[a].name").contains("'bucket.line[a]' --field name"),
            "{}",
            help("bucket.line[a].name")
        );
        assert!(help("token.ingest.secret").contains("never printed"));
        assert!(help("bucket.raw.retention").contains("`fluxform show DIR bucket.raw`"));
        assert_eq!(help("bucket.my.key"), "write 'bucket.\"my.key\"', with the quotes within");
    }
}
