//! `fluxform explain`: what a code means.

use serde::Serialize;

use super::Ended;
use super::shell::{Format, Shell};
use crate::diagnostic::{Code, Group, nearest};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{self, Page, Role};

/// Explain the code of an error or a warning
///
/// Says what the code means, what most often causes it, and how to mend it. Of a group, such as `bucket`, or of all codes
/// without an argument, lists the codes with their titles. Needs no project and no server.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A code, such as bucket::retention, or a group of codes, such as bucket [default: list all codes]
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
    explanation: &'static str,
}

/// What is asked for.
enum Asked {
    Code(Code),
    Group(Group),
    All,
}

pub(super) fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let asked = asked(arguments.code.as_deref())?;
    let codes: Vec<Code> = match asked {
        Asked::Code(code) => vec![code],
        Asked::Group(group) => Code::ALL.iter().copied().filter(|code| code.group() == group).collect(),
        Asked::All => Code::ALL.to_vec(),
    };
    shell.data(&match (arguments.format, asked) {
        (Format::Json, _) => {
            let codes = codes.into_iter().map(One::new).collect();
            render::json(&Form { head: render::Head::new(Exit::Ok), codes, problems: [] })
        }
        (Format::Human, Asked::Code(code)) => page(shell.data_page(), code),
        (Format::Human, _) => list(shell.data_page(), &codes),
    })?;
    Ok(Exit::Ok)
}

fn asked(text: Option<&str>) -> Result<Asked, Problem> {
    let Some(text) = text else { return Ok(Asked::All) };
    if let Some(code) = Code::from_text(text) {
        return Ok(Asked::Code(code));
    }
    if let Some(group) = Group::ALL.iter().find(|group| group.text() == text) {
        return Ok(Asked::Group(*group));
    }
    let texts = Code::ALL.iter().map(|code| code.text()).chain(Group::ALL.iter().map(|group| group.text()));
    let named = || {
        Code::ALL
            .iter()
            .map(|code| code.text())
            .find(|code| code.split_once("::").is_some_and(|(_, name)| name == text))
    };
    let help = match nearest(text, texts).or_else(named) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`fluxform explain` lists all codes".to_owned(),
    };
    Err(Problem::new(Code::ExplainUnknown, format!("there is no code `{text}`")).help(help))
}

impl One {
    fn new(code: Code) -> Self {
        Self {
            code,
            group: code.group().text(),
            title: code.title(),
            exit_code: code.exit().map(Exit::code),
            exit_reason: code.exit().map(Exit::reason),
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
    if let Some(exit) = code.exit() {
        page.gap()
            .say(format_args!("An error with this code ends the run with {} ({}).", exit.code(), exit.reason()))
            .end();
    }
    page.finish()
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
                    let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
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
