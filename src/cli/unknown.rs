//! What is said of options and commands that fluxform has not: what it has instead. Nothing is guessed that only looks alike.

#[cfg(test)]
mod tests;
mod words;
mod wrong;

use std::borrow::Cow;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _};

use super::shell::PlanFormat;
use crate::address::few;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::kind::Kind;
use crate::problem::Problem;
use crate::redact::{HIDDEN, without_secrets_in_argument};
use crate::render::Comment;
use words::{COMMANDS, OPTIONS, SHARED, SYNONYMS};

/// The answer to a command line that Terraform would understand and fluxform would not, or would misread: `-out=x` is not
/// `-o ut=x`. None for any other one.
pub(super) fn answer(arguments: &[OsString]) -> Option<Problem> {
    let words = words(arguments);
    if let Some(word) = words.first()
        && let Some(help) = command_instead(word)
    {
        return Some(usage(format!("unknown command `{word}`"), help));
    }
    let asked: Vec<(usize, &str)> =
        words.iter().filter_map(|word| split(word)).filter(|(_, name)| is_known(name)).collect();
    if asked.is_empty() {
        return None;
    }
    let all = all();
    let here = Here::of(&all, &words);
    asked.into_iter().find_map(|(dashes, name)| {
        // What fluxform has under the same name is written with two dashes.
        (dashes == 1 || !here.has(name))
            .then(|| usage(format!("unknown option `{}{name}`", &"--"[..dashes]), here.instead_of(name)))
    })
}

/// How the command line asks for what stops it to be written, whatever else is wrong with it, and for what comment.
pub(super) fn form(arguments: &[OsString]) -> (PlanFormat, Comment) {
    let words = words(arguments);
    let all = all();
    let here = Here::of(&all, &words);
    let next = words.windows(2).filter(|two| two[0] == "--format").map(|two| two[1]);
    let joined = words.iter().filter_map(|word| word.strip_prefix("--format="));
    let format = match next.chain(joined).last().filter(|form| here.writes(form)) {
        Some("json") => PlanFormat::Json,
        Some("markdown") => PlanFormat::Markdown,
        _ if here.name == "fluxform output" && !words.iter().any(|word| word.starts_with("--field")) => {
            PlanFormat::Json
        }
        _ => PlanFormat::Human,
    };
    let of = match here.command.get_name() {
        "apply" => Comment::Apply,
        "destroy" => Comment::Destroy,
        "drift" => Comment::Drift,
        "validate" => Comment::Validate,
        _ if words.contains(&"--destroy") => Comment::PlanDestroy,
        _ => Comment::Plan,
    };
    (format, of)
}

/// Options after which, without a space or `=`, a token or a password may stand.
const OPTIONS_OF_SECRETS: [&str; 3] = ["--token", "--password", "-t"];

/// What is said of what the parser refuses; none where it prints help or the version.
pub(super) fn explain(error: &clap::Error, arguments: &[OsString]) -> Option<Problem> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let all = all();
    let here = Here::of(&all, &words(arguments));
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = context(ContextKind::InvalidSubcommand)?;
            let help = here.command_like(word);
            Some(usage(format!("unknown command `{}`", shown(word)), help))
        }
        ErrorKind::UnknownArgument => {
            let word = context(ContextKind::InvalidArg)?;
            let Some((_, name)) = split(word) else {
                return Some(usage(format!("unexpected argument `{}`", shown(word)), wrong::usage(here.command)));
            };
            Some(usage(format!("unknown option `{}`", shown(word)), here.option_like(name)))
        }
        _ => wrong::said(error, here.command),
    }
}

/// A word of the command line, without a secret that was written together with an option or a name: `--tokenX`, `TOKEN=X`.
fn shown(word: &str) -> Cow<'_, str> {
    match OPTIONS_OF_SECRETS.iter().find(|option| word.starts_with(**option) && is_secret_after(&word[option.len()..]))
    {
        Some(option) => format!("{option}{HIDDEN}").into(),
        None => without_secrets_in_argument(word),
    }
}

/// Whether what follows the name of an option in the same word is more than the rest of another name.
fn is_secret_after(rest: &str) -> bool {
    !rest.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

/// All commands, with the options that they share.
fn all() -> Command {
    let mut all = super::Arguments::command();
    all.build();
    all
}

/// The words of a command line before any `--`.
fn words(arguments: &[OsString]) -> Vec<&str> {
    arguments.iter().map_while(|word| word.to_str()).take_while(|word| *word != "--").collect()
}

fn is_known(name: &str) -> bool {
    SHARED.contains(&name)
        || OPTIONS.iter().any(|(option, _)| *option == name)
        || SYNONYMS.iter().any(|(option, _)| *option == name)
}

/// What to do instead of a command that fluxform lacks.
fn command_instead(word: &str) -> Option<String> {
    if let Some((_, help)) = COMMANDS.iter().find(|(command, _)| *command == word) {
        return Some((*help).to_owned());
    }
    let kind = Kind::from_name(word.strip_suffix('s').unwrap_or(word))?;
    Some(format!("declare it in a manifest, as `[{kind}.KEY]`; `fluxform show` lists what the project owns"))
}

/// The command that a flag was given to.
struct Here<'a> {
    all: &'a Command,
    /// The command itself; all of fluxform where none is named.
    command: &'a Command,
    name: String,
}

impl<'a> Here<'a> {
    fn of(all: &'a Command, words: &[&str]) -> Self {
        let (mut command, mut name) = (all, "fluxform".to_owned());
        // `help` is about the command that follows.
        for word in words.iter().filter(|word| !word.starts_with('-') && **word != "help") {
            let Some(next) = command.find_subcommand(word) else { break };
            command = next;
            name = format!("{name} {word}");
        }
        Self { all, command, name }
    }

    fn has(&self, name: &str) -> bool {
        option(self.command, name).is_some()
    }

    fn writes(&self, form: &str) -> bool {
        let formats = self.command.get_arguments().filter(|argument| argument.get_long() == Some("format"));
        formats.flat_map(|format| format.get_possible_values()).any(|value| value.get_name() == form)
    }

    /// What to write here instead of an option of which nobody knows anything.
    fn option_like(&self, name: &str) -> String {
        let own = self.command.get_arguments().filter_map(|argument| argument.get_long());
        let others = OPTIONS.iter().chain(SYNONYMS).map(|(option, _)| *option).chain(SHARED.iter().copied());
        match nearest(name, own) {
            Some(near) => format!("did you mean `--{near}`?"),
            None => match nearest(name, others) {
                Some(near) => self.instead_of(near),
                None => self.elsewhere(name),
            },
        }
    }

    /// What to write here instead of a command of which nobody knows anything.
    fn command_like(&self, word: &str) -> String {
        let own: Vec<&str> = self.command.get_subcommands().map(Command::get_name).collect();
        if let Some(near) = nearest(word, own.iter().copied()) {
            return format!("did you mean `{} {near}`?", self.name);
        }
        let of_others = COMMANDS.iter().map(|(command, _)| *command);
        match nearest(word, of_others).and_then(command_instead) {
            Some(help) if self.name == "fluxform" => help,
            _ => format!("`{} --help` lists the commands", self.name),
        }
    }

    /// What to write here instead of the option `name`.
    fn instead_of(&self, name: &str) -> String {
        let here = &self.name;
        if let Some((_, ours)) = SYNONYMS.iter().find(|(other, _)| *other == name) {
            return match option(self.command, ours) {
                Some(ours) => format!("write `{ours}`"),
                None => self.elsewhere(ours),
            };
        }
        let asks = self.has("auto-approve");
        match name {
            "force" if asks => {
                "write `--auto-approve` to skip the question; guards need a consent of their own, see --help".to_owned()
            }
            "auto-approve" | "approve" | "assume-yes" | "confirm" | "y" | "yes" if asks => {
                "write `--auto-approve` to skip the question".to_owned()
            }
            "input" | "no-input" | "non-interactive" if asks => {
                "nothing is asked where there is no terminal; write `--auto-approve` to skip the question at one"
                    .to_owned()
            }
            "auto-approve" | "approve" | "assume-yes" | "confirm" | "force" | "input" | "no-input"
            | "non-interactive" | "y" | "yes" => format!("leave it out: `{here}` asks nothing"),
            "detailed-exitcode" | "exit-code" if here == "fluxform drift" => {
                "leave it out: `fluxform drift` exits with 2 if anything has drifted".to_owned()
            }
            "exit-code" if self.has("detailed-exitcode") => "write `--detailed-exitcode`".to_owned(),
            "exit-code" => self.elsewhere("detailed-exitcode"),
            "markdown" if self.writes("markdown") => "write `--format markdown`".to_owned(),
            "markdown" => format!("`{here}` writes no Markdown"),
            "lock" if asks => {
                "the lock cannot be turned off; `--lock-timeout DURATION` says how long to wait for it".to_owned()
            }
            "lock" => format!("leave it out: `{here}` takes no lock"),
            "json" if self.writes("json") => "write `--format json`".to_owned(),
            "json" if here == "fluxform output" => "leave it out: `fluxform output` always prints JSON".to_owned(),
            "json" => format!("`{here}` has no output for programs"),
            "destroy" if !self.has(name) => {
                "run `fluxform destroy`; `fluxform plan --destroy` shows what it would do".to_owned()
            }
            "version" => "write `fluxform --version`".to_owned(),
            _ => match (OPTIONS.iter().find(|(option, _)| *option == name), option(self.command, name)) {
                (Some((_, help)), _) => (*help).to_owned(),
                (None, Some(ours)) => format!("write `{ours}`"),
                (None, None) => self.elsewhere(name),
            },
        }
    }

    /// Which commands have the flag `name`, which this one has not.
    fn elsewhere(&self, name: &str) -> String {
        let have = self.all.get_subcommands().filter_map(|command| {
            let ours = option(command, name)?;
            Some(format!("`fluxform {} {ours}`", command.get_name()))
        });
        let have: Vec<_> = have.collect();
        match have.len() {
            0 => format!("`{} --help` lists its options", self.name),
            1..=3 => format!("that is for {}", few(have)),
            _ => format!("that is for other commands; `{} --help` lists the options of this one", self.name),
        }
    }
}

/// How `command` writes its option `name`, if it has that.
fn option(command: &Command, name: &str) -> Option<String> {
    let argument = command.get_arguments().find(|argument| argument.get_long() == Some(name))?;
    let value = argument.get_value_names().filter(|_| argument.get_action().takes_values());
    Some(match value {
        Some([value, ..]) => format!("--{name} {value}"),
        _ => format!("--{name}"),
    })
}

/// The number of dashes of an option, and its name without a value.
fn split(word: &str) -> Option<(usize, &str)> {
    let name = word.trim_start_matches('-');
    let dashes = word.len() - name.len();
    let name = name.split_once('=').map_or(name, |(name, _)| name);
    matches!(dashes, 1 | 2).then_some((dashes, name))
}

fn usage(message: String, help: String) -> Problem {
    Problem::from(Diagnostic::error(Code::CliUnknown, message).help(help))
}
