//! `fluxform ledger`: signing what a run without a key has written.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::connection;
use super::pipeline;
use super::plan::{Wait, writing};
use super::project::Project;
use super::record::{lock, signed_json, under};
use super::session::Session;
use super::shell::{Format, Shell};
use super::signal::unless_stopped;
use super::{Ended, applies, approve, project};
use crate::address::Address;
use crate::api::ApiError;
use crate::diagnostic::{Code, Diagnostic};
use crate::exit::Exit;
use crate::kind::Presence;
use crate::ledger::{Entry, Key, Lease, Ledger, Row, State, Trust, decode};
use crate::problem::Problems;
use crate::redact::without_secrets;
use crate::render::{Page, Role, count};

/// Objects that are asked for at once.
const AT_ONCE: usize = 8;

/// Sign the ledger, the record of what the project owns
///
/// The ledger is stored in labels, so anyone who may write labels can change it. With a key in FLUXFORM_LEDGER_KEY, or in
/// the file that FLUXFORM_LEDGER_KEY_FILE names, every run that writes signs the ledger, and no run acts on what is not
/// signed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Sign(Sign),
}

/// Show what the project owns according to the ledger, and sign it
///
/// Use this for a ledger that was written without a key, with another key, or by somebody else. Lists each object with what
/// the server says about it, asks for approval, and signs all of it. Look for objects that the project never created: once
/// signed, they belong to the project.
#[derive(Debug, clap::Args)]
struct Sign {
    #[command(flatten)]
    project: project::Choice,
    /// Skip the approval prompt: you know that the ledger is right
    #[arg(long)]
    auto_approve: bool,
    /// Output format
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    connection: connection::Flags,
    #[command(flatten)]
    wait: Wait,
}

impl Arguments {
    pub(super) fn connection(&self) -> &connection::Flags {
        let What::Sign(sign) = &self.what;
        &sign.connection
    }

    pub(super) const fn format(&self) -> Format {
        let What::Sign(sign) = &self.what;
        sign.format
    }
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    let What::Sign(arguments) = &arguments.what;
    let show = applies::like(&["show"], &arguments.project, &arguments.connection);
    let preview = format!("{show}, without FLUXFORM_LEDGER_KEY, lists what the ledger says");
    approve::possible(shell, arguments.auto_approve, &preview)?;
    let project = arguments.project.load(shell)?;
    let (session, stop) = writing(shell, &project, &arguments.connection, arguments.wait.lock_timeout).await?;
    let run = Run { shell, arguments, project: &project, session: &session, stop };
    let signed = run.sign().await;
    session.close().await;
    let Signed { words, ledger, said } = signed?;
    shell.data(&match arguments.format {
        Format::Human => format!("{words}\n"),
        Format::Json => signed_json(&project.manifest.project, &ledger, &said),
    })?;
    Ok(Exit::Ok)
}

/// What came of signing.
struct Signed {
    /// The same for people.
    words: String,
    /// What was signed.
    ledger: Ledger,
    /// What the server said of each object.
    said: BTreeMap<Address, String>,
}

impl Signed {
    fn nothing(words: String) -> Self {
        Self { words, ledger: Ledger::default(), said: BTreeMap::new() }
    }
}

struct Run<'a> {
    shell: &'a Shell,
    arguments: &'a Sign,
    project: &'a Project,
    session: &'a Session,
    stop: tokio::sync::watch::Receiver<Option<Exit>>,
}

impl Run<'_> {
    /// Shows, asks, and signs; what came of it.
    async fn sign(&self) -> Result<Signed, Problems> {
        let Some(key) = &self.session.ledger_key else {
            let diagnostic = Diagnostic::error(Code::LedgerKey, "there is no key to sign with")
                .help("set FLUXFORM_LEDGER_KEY, or FLUXFORM_LEDGER_KEY_FILE; `openssl rand -hex 32` creates a key");
            return Err(diagnostic.into());
        };
        let name = &self.project.manifest.project;
        let all = unless_stopped(&self.stop, self.labels()).await?;
        match decode(&all, name, self.session.org(), &Trust::Signed(key.clone())) {
            Ok((ledger, _)) if !ledger.found => {
                let words = format!("{name} has no ledger yet: the first apply signs what it writes.");
                return Ok(Signed::nothing(words));
            }
            Ok(_) => return Ok(Signed::nothing(format!("The ledger of {name} is already signed with this key."))),
            Err(why) => {
                // What is wrong with the ledger is the reason to sign it, and no failure of this run.
                let Diagnostic { code, message, .. } = why.diagnostic();
                self.shell.show(&[Diagnostic::warning(code, message)]);
            }
        }
        let (ledger, shown) = self.whatever(&all, key)?;
        let said = unless_stopped(&self.stop, self.said(&ledger)).await?;
        if self.arguments.format == Format::Human {
            self.shell.data(&listed(self.shell.data_page(), &ledger, &said))?;
        }
        if !self.arguments.auto_approve {
            let question = format!("Is this what {name} owns? It will be signed.");
            unless_stopped(&self.stop, approve::yes(self.shell, &question)).await?;
        }
        self.locked(key, &shown).await?;
        let words = format!("Signed: {}. From now on only a run with this key writes the ledger.", owned(&ledger));
        Ok(Signed { words, ledger, said })
    }

    async fn labels(&self) -> Result<Vec<Row>, Problems> {
        self.session.labels(&self.project.manifest).await.map_err(Problems::from)
    }

    /// The ledger, whoever has written it.
    fn whatever(&self, rows: &[Row], key: &Key) -> Result<(Ledger, State), Problems> {
        let trust = Trust::Shown(key.clone());
        decode(rows, &self.project.manifest.project, self.session.org(), &trust).map_err(Problems::from)
    }

    /// What the server says of each object.
    async fn said(&self, ledger: &Ledger) -> Result<BTreeMap<Address, String>, Problems> {
        let ask = async |(address, entry): (&Address, &Entry)| {
            let presence = address.kind.find(&self.session.client, &entry.id).await?;
            Ok::<_, ApiError>((address.clone(), said(entry, &presence)))
        };
        let said = stream::iter(&ledger.entries).map(ask).buffer_unordered(AT_ONCE).try_collect().await;
        said.map_err(Problems::from)
    }

    /// Signs under the lock, if the ledger is still what was shown.
    async fn locked(&self, key: &Key, shown: &State) -> Result<(), Problems> {
        let lock = lock(self.shell, self.session, self.project, self.arguments.wait.lock_timeout, &self.stop);
        let sign = async |lease: &Lease| {
            let (_, now) = self.whatever(&self.labels().await?, key)?;
            if now != *shown {
                let diagnostic = Diagnostic::error(Code::LedgerStale, "the ledger has changed since it was shown")
                    .help("nothing was written; run it again");
                return Err(diagnostic.into());
            }
            pipeline::sign(&self.session.client, lease, now).await.map_err(Problems::from)
        };
        under(lock, self.shell, sign).await
    }
}

/// How the server's word fits to the ledger's.
fn said(entry: &Entry, presence: &Presence) -> String {
    match presence {
        Presence::Absent => "not on the server".to_owned(),
        Presence::Hidden => "hidden by the server".to_owned(),
        Presence::Unreadable(words) | Presence::Unknown(words) => format!("this token cannot read it: {words}"),
        Presence::Found(object) if object.created != entry.created => {
            let made = |time: &Option<String>| time.clone().unwrap_or_else(|| "at an unknown time".to_owned());
            format!(
                "NOT THE SAME: created {} on the server, but {} in the ledger",
                made(&object.created),
                made(&entry.created)
            )
        }
        Presence::Found(object) if object.name != entry.name => {
            format!("on the server {:?}", without_secrets(&object.name))
        }
        Presence::Found(_) => "on the server".to_owned(),
    }
}

/// The whole ledger.
fn listed(mut page: Page, ledger: &Ledger, said: &BTreeMap<Address, String>) -> String {
    page.heading("According to the ledger, the project owns:");
    for (address, entry) in &ledger.entries {
        page.say("  ").put(Role::Strong, address).say(format_args!(
            ": {} {:?} ",
            entry.origin.word(),
            without_secrets(&entry.name)
        ));
        page.put(Role::Quiet, format_args!("(id {})", entry.id));
        page.say(format_args!(", {}", said.get(address).map_or("", String::as_str))).end();
        for id in &entry.predecessors {
            page.say("    and still has to delete its predecessor ").put(Role::Quiet, format_args!("(id {id})")).end();
        }
    }
    for (address, intent) in &ledger.intents {
        page.say("  ")
            .put(Role::Strong, address)
            .say(format_args!(": about to be created as {:?}", without_secrets(&intent.name)))
            .end();
    }
    page.finish()
}

fn owned(ledger: &Ledger) -> String {
    count(ledger.entries.len(), "object")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Kind, Object, Standing};
    use crate::ledger::Intent;
    use crate::render::Look;

    #[test]
    fn what_is_signed_is_shown_with_what_the_server_says() {
        let entry = |id: &str, created: Option<&str>| Entry {
            created: created.map(str::to_owned),
            ..Entry::blank(id.repeat(16), format!("name {id}\u{1b}"))
        };
        let found = |name: &str, created: Option<&str>| {
            Presence::Found(Box::new(Object {
                id: "1".repeat(16),
                org: None,
                name: name.to_owned(),
                created: created.map(str::to_owned),
                fields: crate::value::Fields::default(),
                standing: Standing::Ordinary,
                user: None,
            }))
        };
        let mut entries = BTreeMap::new();
        let mut said_of = BTreeMap::new();
        let time = Some("2026-11-23T10:00:00Z");
        for (id, created, presence) in [
            ("1", time, found("name 1\u{1b}", time)),
            ("2", time, found("operator's token", Some("2025-01-01T00:00:00Z"))),
            ("3", None, found("another name", None)),
            ("4", time, Presence::Absent),
            ("5", time, Presence::Unknown("read:orgs/1 is unauthorized".into())),
        ] {
            let address = Address::new(Kind::Token, id);
            said_of.insert(address.clone(), said(&entry(id, created), &presence));
            entries.insert(address, entry(id, created));
        }
        entries.get_mut(&Address::new(Kind::Token, "1")).expect("it is there").predecessors = ["6".repeat(16)].into();
        let intent = Intent { name: "new".into(), ..Intent::default() };
        let intents = [(Address::new(Kind::Bucket, "b"), intent)].into();
        let ledger = Ledger { found: true, entries, intents, ..Ledger::default() };
        insta::assert_snapshot!(listed(Page::new(Look::PLAIN), &ledger, &said_of));
    }
}
