//! `fluxform show`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::plan::{FileWait, reading};
use super::shell::{Brevity, PlanFormat, Shell};
use super::{Ended, connection, project};
use crate::address::{Address, few, matches};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::exit::Exit;
use crate::ledger::Entry;
use crate::plan::{self, Saved};
use crate::problem::Problem;
use crate::redact::without_secrets;
use crate::render::{self, Comment, Document, Page, Role};
use crate::shell_words::shell_quoted;

/// Show what the project owns on the server, or a saved plan
///
/// Reads the ledger and shows which objects the project created or adopted, and which values it last applied. For a plan
/// saved by `fluxform plan --out FILE`, prints the plan as `fluxform plan` did, without a server.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The project: a directory of manifests, or one manifest; or a saved plan
    #[arg(value_name = "DIR|PLAN", default_value = ".")]
    what: PathBuf,
    #[command(flatten)]
    variables: project::Variables,
    /// Show only this resource, such as bucket.raw; `*` stands for anything, as in 'bucket.*'
    #[arg(value_name = "ADDRESS", value_parser = super::shell::addresses)]
    address: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: PlanFormat,
    #[command(flatten)]
    brevity: Brevity,
    #[command(flatten)]
    pub(super) connection: connection::Flags,
    #[command(flatten)]
    wait: FileWait,
}

#[derive(Serialize)]
struct Form<'a> {
    #[serde(flatten)]
    head: render::Head,
    project: &'a str,
    resources: Vec<One<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    address: &'a Address,
    id: &'a str,
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<&'a str>,
    origin: &'static str,
    last_applied: BTreeMap<&'a str, String>,
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    if plan::meant(&arguments.what) {
        return saved(shell, arguments);
    }
    if arguments.format == PlanFormat::Markdown {
        let diagnostic = Diagnostic::error(Code::CliFormat, "--format markdown is only for saved plans");
        return Err(diagnostic.into());
    }
    let choice = project::Choice { dir: arguments.what.clone(), variables: arguments.variables.clone() };
    let project = choice.load(shell)?;
    let session = reading(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let name = &project.manifest.project;
    let read = session.ledger(&project.manifest).await;
    session.close().await;
    let entries = read?.0.entries;
    let wanted: Vec<_> = match &arguments.address {
        None => entries.iter().collect(),
        Some(pattern) => {
            let chosen = chosen(&entries.iter().collect(), pattern);
            chosen.map_err(|near| unknown(pattern, near))?.into_iter().collect()
        }
    };
    shell.data(&match arguments.format {
        PlanFormat::Human | PlanFormat::Markdown if arguments.brevity.compact && !wanted.is_empty() => {
            render::brief(wanted.iter().map(|(address, entry)| (*address, entry.origin.word())), shell.output.out)
        }
        PlanFormat::Human | PlanFormat::Markdown => human(shell.data_page(), name, &wanted),
        PlanFormat::Json => render::json(&Form {
            head: render::Head::new(Exit::Ok),
            project: name,
            resources: wanted.iter().map(|(address, entry)| One::new(address, entry)).collect(),
        }),
    })?;
    Ok(Exit::Ok)
}

/// Prints a saved plan.
fn saved(shell: &Shell, arguments: &Arguments) -> Ended {
    if arguments.address.is_some() {
        let diagnostic =
            Diagnostic::error(Code::CliAddress, "a saved plan is always shown as a whole, without an address");
        return Err(diagnostic.into());
    }
    let Saved { plan, origin, .. } = plan::read(&arguments.what)?;
    let document = Document { origin: Some(&origin), plan: Some(&plan), ..Document::new(Exit::Ok) };
    if arguments.format == PlanFormat::Human {
        shell.say(format!("A plan for {}, org {}:", origin.server, origin.org));
    }
    shell.document(arguments.format, Comment::Plan, &document, |look| {
        render::plan(&plan, look.compact(arguments.brevity.compact))
    })?;
    shell.show_objections(&plan);
    Ok(Exit::Ok)
}

fn unknown(pattern: &str, near: String) -> Problem {
    let mut problem = Problem::new(Code::ShowUnknown, format!("the project does not own {pattern}"));
    problem.diagnostic.help = Some(near);
    problem
}

/// Those of `all` that an address or a pattern means.
///
/// # Errors
/// If there is none: what may have been meant.
pub(super) fn chosen<'a, T: Copy>(
    all: &BTreeMap<&'a Address, T>,
    pattern: &str,
) -> Result<BTreeMap<&'a Address, T>, String> {
    let is_meant = |address: &Address| matches(pattern, &address.to_string());
    let chosen: BTreeMap<_, _> =
        all.iter().filter(|(address, _)| is_meant(address)).map(|(address, of)| (*address, *of)).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let names: Vec<String> = all.keys().map(ToString::to_string).collect();
    Err(meant(pattern, &names).unwrap_or_else(|| "`fluxform show` lists what it owns".to_owned()))
}

/// What may be meant by an address that none of `names` is: all of its instances, or something that is spelled like it.
pub(super) fn meant(address: &str, names: &[String]) -> Option<String> {
    let is_instance = |name: &&String| name.strip_prefix(address).is_some_and(|rest| rest.starts_with('['));
    let instances: Vec<_> = names.iter().filter(is_instance).collect();
    if instances.is_empty() {
        return nearest(address, names.iter().map(String::as_str)).map(|near| format!("did you mean {near}?"));
    }
    let all = shell_quoted([format!("{address}[*]").as_str()]);
    Some(format!("there is {}; write {all} for all instances", few(instances)))
}

/// A fingerprint for people: the plain text where the ledger has it, without secrets.
fn applied(fingerprint: &str) -> String {
    match (fingerprint.strip_prefix('='), fingerprint.strip_prefix('#')) {
        (Some(text), _) => without_secrets(text).into_owned(),
        (None, Some(digest)) => format!("(digest {digest})"),
        (None, None) => fingerprint.to_owned(),
    }
}

fn human(mut page: Page, project: &str, wanted: &[(&Address, &Entry)]) -> String {
    if wanted.is_empty() {
        page.say(format_args!("The project `{project}` owns nothing on this server.")).end();
    }
    for (address, entry) in wanted {
        page.put(Role::Strong, address).end();
        let mut line = |name: &str, value: &str| {
            page.say("  ").put(Role::Quiet, format_args!("{name:<8}")).say(value).end();
        };
        line("id", &entry.id);
        line("name", &without_secrets(&entry.name));
        if let Some(org) = &entry.org {
            line("org id", org);
        }
        line("origin", entry.origin.word());
        if !entry.fields.is_empty() {
            page.say("  ").put(Role::Quiet, "last applied").end();
        }
        for (field, fingerprint) in &entry.fields {
            page.say(format_args!("    {field} = {}", applied(fingerprint))).end();
        }
    }
    page.finish()
}

impl<'a> One<'a> {
    fn new(address: &'a Address, entry: &'a Entry) -> Self {
        Self {
            address,
            id: &entry.id,
            name: without_secrets(&entry.name),
            org: entry.org.as_deref(),
            created: entry.created.as_deref(),
            origin: entry.origin.word(),
            last_applied: entry.fields.iter().map(|(field, value)| (field.as_str(), applied(value))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::render::Look;

    #[test]
    fn an_address_or_a_pattern_chooses() {
        let addresses = ["bucket.raw", "bucket.line[press]", "task.raw", r#"bucket."a b""#];
        let addresses = addresses.map(|text| text.parse::<Address>().expect("an address"));
        let chosen = |pattern: &str| {
            let all = addresses.iter().map(|address| (address, ())).collect();
            chosen(&all, pattern).map(|chosen| chosen.keys().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        };
        for (pattern, meant) in [
            ("bucket.raw", Ok("bucket.raw")),
            ("*.raw", Ok("bucket.raw task.raw")),
            ("bucket.line[*]", Ok("bucket.line[press]")),
            ("bucket.rwa", Err("did you mean bucket.raw?")),
            ("bucket.line", Err("there is bucket.line[press]; write 'bucket.line[*]' for all instances")),
            ("label.*", Err("`fluxform show` lists what it owns")),
        ] {
            assert_eq!(chosen(pattern), meant.map(str::to_owned).map_err(str::to_owned), "{pattern}");
        }
    }

    #[test]
    fn what_is_owned_is_shown_safely() {
        let entry = Entry {
            org: Some("00000000000000aa".into()),
            origin: crate::ledger::Origin::Adopted,
            fields: BTreeMap::from([("name".into(), "=iot".into()), ("labels".into(), "#0123".into())]),
            ..Entry::blank("0000000000000001", "iot\u{1b}[31m")
        };
        let address = Address::new(Kind::Bucket, "raw");
        insta::assert_snapshot!(human(Page::new(Look::PLAIN), "iot", &[(&address, &entry)]));
        insta::assert_snapshot!(human(Page::new(Look::PLAIN), "iot", &[]));
    }
}
