//! What is said of an option or an argument that fluxform has, and that is not given as it must be.

use std::error::Error as _;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::problem::Problem;
use crate::redact::without_secrets_in_argument;

/// What is wrong with the arguments of `command`; none where help or the version is printed, which is no mistake or says
/// enough.
pub(super) fn said(error: &clap::Error, command: &Command) -> Option<Problem> {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return None;
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let value = context(ContextKind::InvalidValue).filter(|value| !value.is_empty());
    let (message, help) = match (error.kind(), context(ContextKind::InvalidArg), value) {
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(argument), Some(value)) => {
            let shown = without_secrets_in_argument(value);
            let message = format!("invalid value `{shown}` for `{}`", without_brackets(argument));
            (message, instead(error, value).unwrap_or_else(|| usage(command)))
        }
        (ErrorKind::InvalidValue, Some(argument), None) => {
            let message = format!("`{}` needs a value", without_brackets(argument));
            let meaning = meaning(command, argument).map_or(String::new(), |meaning| format!("{meaning}; "));
            (message, format!("{meaning}{}", usage(command)))
        }
        (ErrorKind::MissingRequiredArgument, ..) => {
            let choice = choice(error, command).map_or(String::new(), |choice| format!("; {choice}"));
            (prose(error), format!("{}{choice}", usage(command)))
        }
        _ => (prose(error), usage(command)),
    };
    Some(Diagnostic::error(Code::CliUsage, message).help(help).into())
}

/// What to write instead of `value`.
fn instead(error: &clap::Error, value: &str) -> Option<String> {
    if let Some(why) = error.source() {
        return Some(why.to_string());
    }
    let Some(ContextValue::Strings(allowed)) = error.get(ContextKind::ValidValue) else { return None };
    let near = nearest(value, allowed.iter().map(String::as_str));
    Some(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write one of {}", allowed.join(", ")),
    })
}

/// What the option `argument` of `command` is for.
fn meaning(command: &Command, argument: &str) -> Option<String> {
    let long = argument.trim_start_matches('-').split([' ', '=']).next()?;
    let option = command.get_arguments().find(|option| option.get_long() == Some(long))?;
    let values = option.get_possible_values();
    let values: Vec<_> = values.iter().map(|value| value.get_name()).collect();
    let one_of = if values.is_empty() { String::new() } else { format!("; write one of {}", values.join(", ")) };
    Some(format!("{}{one_of}", option.get_help()?))
}

/// The values of the first missing argument, where it has but these.
fn choice(error: &clap::Error, command: &Command) -> Option<String> {
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else { return None };
    let name = missing.first()?.trim_matches(['<', '>']);
    let is_it = |argument: &&clap::Arg| argument.get_value_names().is_some_and(|names| names.iter().any(|n| n == name));
    let values = command.get_arguments().find(is_it)?.get_possible_values();
    let values: Vec<_> = values.iter().map(|value| value.get_name()).collect();
    (!values.is_empty()).then(|| format!("{name} is one of {}", values.join(", ")))
}

/// How the command is written.
pub(super) fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    format!("the command is `{}`", usage.trim_start_matches("Usage: "))
}

/// The parser's own words, in one line.
fn prose(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let mut lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first).replace('\'', "`");
    let rest: Vec<String> = lines.map(|line| format!("`{}`", without_brackets(line))).collect();
    without_brackets(format!("{first} {}", rest.join(", ")).trim_end())
}

/// An option as the help of fluxform has it in prose: `--format FORMAT`.
fn without_brackets(option: &str) -> String {
    option.replace(['<', '>'], "")
}
