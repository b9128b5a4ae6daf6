//! `fluxform explain`: what a code means.

use serde::Serialize;

use super::Ended;
use super::shell::{Format, Shell};
use crate::diagnostic::{Code, Group, Level, nearest};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{self, Page, Role};

/// Explain the code of an error or a warning
///
/// Says what the code means, what most often causes it, and how to mend it. Of a group, such as `bucket`, of an exit code,
/// such as 65, or of all codes without an argument, lists the codes with their titles. Needs no project and no server.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A code, such as bucket::retention, a group of codes, such as bucket, or an exit code, such as 65 [default: list all
    /// codes]
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Serialize)]
struct Form {
    #[serde(flatten)]
    head: render::Head,
    codes: Vec<One>,
    /// The exit code that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit: Option<Status>,
    problems: [(); 0],
}

#[derive(Serialize)]
struct One {
    code: Code,
    group: &'static str,
    title: &'static str,
    /// How a run ends that it stops, where that is always the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_reason: Option<&'static str>,
    /// Whether runs also warn with it, and go on.
    warns: bool,
    /// What becomes of it where `[policy.lint]` says nothing; of lints only.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    explanation: &'static str,
}

#[derive(Serialize)]
struct Status {
    exit_code: u8,
    exit_reason: &'static str,
    meaning: &'static str,
}

/// What is asked for.
#[derive(Clone, Copy)]
enum Asked {
    Code(Code),
    Group(Group),
    Exit(Exit),
    All,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let asked = asked(arguments.code.as_deref())?;
    let codes = asked.codes();
    shell.data(&match (arguments.format, asked) {
        (Format::Json, _) => {
            let codes = codes.into_iter().map(One::new).collect();
            render::json(&Form { head: render::Head::new(Exit::Ok), codes, exit: asked.exit(), problems: [] })
        }
        (Format::Human, Asked::Code(code)) => page(shell.data_page(), code),
        (Format::Human, Asked::Exit(exit)) => status(shell.data_page(), exit, &codes),
        (Format::Human, _) => list(shell.data_page(), &codes),
    })?;
    Ok(Exit::Ok)
}

impl Asked {
    /// The codes to say something of.
    fn codes(self) -> Vec<Code> {
        let those = |keep: &dyn Fn(Code) -> bool| Code::ALL.iter().copied().filter(|code| keep(*code)).collect();
        match self {
            Self::Code(code) => vec![code],
            Self::Group(group) => those(&|code| code.group() == group),
            Self::Exit(exit) => those(&|code| code.exit() == Some(exit)),
            Self::All => Code::ALL.to_vec(),
        }
    }

    /// The exit code to say something of.
    fn exit(self) -> Option<Status> {
        let Self::Exit(exit) = self else { return None };
        Some(Status { exit_code: exit.code(), exit_reason: exit.reason(), meaning: exit.meaning() })
    }
}

/// What `text` asks for: a code, a group, also as the beginning of its codes, or the number or the word of an exit code.
fn asked(text: Option<&str>) -> Result<Asked, Problem> {
    let Some(text) = text else { return Ok(Asked::All) };
    let group = text.strip_suffix('*').unwrap_or(text);
    let group = group.strip_suffix("::").unwrap_or(group);
    let by_group = || Group::ALL.iter().find(|one| one.text() == group).map(|group| Asked::Group(*group));
    let by_exit = || {
        let mut exits = Exit::PRECEDENCE.into_iter();
        exits.find(|exit| exit.code().to_string() == text || exit.reason() == text).map(Asked::Exit)
    };
    let asked = Code::from_text(text).map(Asked::Code).or_else(by_group).or_else(by_exit);
    asked.ok_or_else(|| Problem::new(Code::ExplainUnknown, format!("there is no code `{text}`")).help(meant(text)))
}

/// What may be meant by a text that is nothing to explain.
fn meant(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let exits: Vec<String> = Exit::PRECEDENCE.iter().map(|exit| exit.code().to_string()).collect();
        return format!("the exit codes are {}", exits.join(", "));
    }
    let codes = || Code::ALL.iter().map(|code| code.text());
    let begun: Vec<String> =
        codes().filter(|code| text.contains("::") && code.starts_with(text)).map(|code| format!("`{code}`")).collect();
    let near = || nearest(text, codes().chain(Group::ALL.iter().map(|group| group.text())));
    let named = || codes().find(|code| code.split_once("::").is_some_and(|(_, name)| name == text));
    let in_group = || {
        let (group, _) = text.split_once("::")?;
        let group = Group::ALL.iter().find(|one| one.text() == group)?;
        Some(format!("`fluxform explain {}` lists the codes of this group", group.text()))
    };
    let one = || near().or_else(named).map(|near| format!("did you mean `{near}`?"));
    match begun.as_slice() {
        [] => one().or_else(in_group).unwrap_or_else(|| "`fluxform explain` lists all codes".to_owned()),
        begun => format!("did you mean {}?", begun.join(" or ")),
    }
}

impl One {
    fn new(code: Code) -> Self {
        Self {
            code,
            group: code.group().text(),
            title: code.title(),
            exit_code: code.exit().map(Exit::code),
            exit_reason: code.exit().map(Exit::reason),
            warns: code.warns(),
            level: code.level().map(Level::word),
            explanation: code.page(),
        }
    }
}

/// The page of one code.
fn page(mut page: Page, code: Code) -> String {
    page.put(Role::Strong, code).say(format_args!(": {}", code.title())).fold(2).gap();
    for line in code.page().lines() {
        page.say(line).end();
    }
    if let Some(ends) = ends(code) {
        page.gap().say(ends).fold(0);
    }
    if let Some(set) = code.set_by() {
        page.gap().say(set).fold(0);
    }
    page.finish()
}

/// How a run ends that says this code, where that is always the same.
fn ends(code: Code) -> Option<String> {
    let error = code
        .exit()
        .map(|exit| format!("An error with this code ends the run with {} ({}).", exit.code(), exit.reason()));
    match (error, code.warns()) {
        (Some(error), true) => Some(format!("{error} As a warning, it does not end the run.")),
        (None, true) => Some("This is a warning: it does not end the run.".to_owned()),
        (error, false) => error,
    }
}

/// What an exit code means, and the codes of the errors that end a run with it.
fn status(mut page: Page, exit: Exit, codes: &[Code]) -> String {
    page.put(Role::Strong, exit.code()).say(format_args!(" ({}): {}", exit.reason(), exit.meaning())).fold(2);
    if codes.is_empty() {
        return page.finish();
    }
    let what =
        "These errors always end a run with it. Errors that do not always end a run in the same way are not listed.";
    page.gap().say(what).fold(0);
    list(page, codes)
}

/// The titles of codes, by group.
fn list(mut page: Page, codes: &[Code]) -> String {
    let width = codes.iter().map(|code| code.text().len()).max().unwrap_or_default();
    for codes in codes.chunk_by(|a, b| a.group() == b.group()) {
        page.heading(codes[0].group().title());
        for code in codes {
            page.say(format_args!("  {code:width$}  {}", code.title())).fold(width + 4);
        }
    }
    page.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each command that a page names, and each option that stands after one or alone in prose.
    #[test]
    fn pages_name_commands_and_options_that_exist() {
        let all = super::super::command();
        let flags: Vec<&str> = all
            .get_subcommands()
            .flat_map(|command| {
                command.get_arguments().chain(command.get_subcommands().flat_map(|sub| sub.get_arguments()))
            })
            .filter_map(|argument| argument.get_long())
            .chain(["version", "help"])
            .collect();
        let mut seen = 0;
        for code in Code::ALL {
            let ours = code.page().lines().filter(|line| {
                !["curl ", "influx ", "telegraf ", "openssl ", "iconv "].iter().any(|other| line.contains(other))
            });
            for line in ours {
                for (_, rest) in line.match_indices("fluxform ").map(|(at, word)| line.split_at(at + word.len())) {
                    let is_end = |c: char| !c.is_ascii_alphabetic() && c != '-';
                    let word = rest.split(is_end).next().filter(|word| !word.starts_with('-')).unwrap_or_default();
                    let is_prose = !line.contains(&format!("`fluxform {word}")) && !line.starts_with("    fluxform");
                    assert!(
                        is_prose || word == "COMMAND" || word.is_empty() || all.find_subcommand(word).is_some(),
                        "{code}: {line}"
                    );
                    seen += usize::from(!is_prose);
                }
                for word in
                    line.split([' ', '`', ',', '.', ':', ';', '(', ')']).filter_map(|word| word.strip_prefix("--"))
                {
                    assert!(flags.contains(&word), "{code}: --{word}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 80, "{seen}");
    }
}
