//! What is said of an option or an argument that fluxform has, and that is not given as it must be.

use std::error::Error as _;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::problem::Problem;
use crate::redact::without_secrets_in_command;

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
            let shown = without_secrets_in_command(value);
            let message = format!("invalid value `{shown}` for `{}`", without_brackets(argument));
            (message, instead(error, value).unwrap_or_else(|| usage(command)))
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
