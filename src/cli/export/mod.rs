//! `fluxform export`: from a server to a project that declares what is there.

pub(super) mod check;
pub(super) mod summary;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::connection::{self, Connection, Purpose, Target};
use super::plan::FileWait;
use super::session::{Session, SessionOptions};
use super::shell::{Format, Shell};
use super::signal::{go_on, unless_stopped};
use super::{Ended, project, signal, vacant, written};
use crate::api::sight::Lack;
use crate::confine::Root;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::exit::Exit;
use crate::export::{self, ObjectId, Refused, Sources};
use crate::field::Type;
use crate::kind::{Kind, Level, NaturalKey, Object};
use crate::ledger::{self, Ledger};
use crate::manifest;
use crate::problem::{Problem, Problems};
use crate::snapshot::{self, Extent, Orgs, Sight, Snapshot};

/// Write the objects of a server as manifests
///
/// Writes a project whose plan adopts the existing objects and changes nothing: IDs become addresses, names become keys,
/// scripts become files. Tokens are exported without their secrets, and users without passwords, because nobody can read
/// them. Only reads from the server, and only writes to a new or empty directory. If the token does not provably see
/// everything, says what may be missing and exits with 4.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The directory to write to; it must be new or empty
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// The name of the project [default: the name of the directory]
    #[arg(long, value_name = "NAME", value_parser = project_name)]
    project: Option<String>,
    /// Export only objects of this kind; may be given several times
    #[arg(long = "kind", value_name = "KIND", help_heading = "Selection", value_parser = kind)]
    kinds: Vec<Kind>,
    /// Export only objects with the label of this name; may be given several times
    #[arg(long = "label", value_name = "NAME", help_heading = "Selection")]
    labels: Vec<String>,
    /// Export all orgs that the token sees, not only the home org
    #[arg(long, help_heading = "Selection")]
    all_orgs: bool,
    /// Output format of the report
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) connection: connection::Flags,
    #[command(flatten)]
    wait: FileWait,
}

pub(super) fn project_name(text: &str) -> Result<String, String> {
    if manifest::is_project_name(text) {
        Ok(text.to_owned())
    } else {
        Err("a project name has at most 41 characters, a-z, 0-9 and `-`, and cannot begin with `-`".to_owned())
    }
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::from_name(text).ok_or_else(|| {
        let kinds = Kind::ALL.iter().map(|kind| kind.name());
        match nearest(text, kinds.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("available kinds: {}", kinds.collect::<Vec<_>>().join(", ")),
        }
    })
}

pub(super) async fn run(shell: &Shell, arguments: &Arguments) -> Ended {
    written::allowed("a project", &arguments.out)?;
    written::through_no_link(Code::ExportWrite, "a project", &arguments.out)?;
    let out = vacant::vacant(&arguments.out)?;
    let connection =
        connection::resolve(&arguments.connection, &manifest::Server::default(), &shell.around, Purpose::Read)?;
    shell.show(&connection.warnings);
    there(&connection)?;
    let root = Root::open(Path::new(".")).map_err(|error| Problem::new(Code::ExportDirectory, error.to_string()))?;
    let options =
        SessionOptions { root: &root, purpose: Purpose::Read, wait: arguments.wait.lock_timeout, makes_home: false };
    let stop = signal::listen(shell.until);
    let open = async { Session::open(shell, &connection, options).await.map_err(Problems::from) };
    let session = unless_stopped(&stop, open).await?;
    let read = async { read(&session, arguments, &connection, &arguments.out).await.map_err(Problems::from) };
    let read = unless_stopped(&stop, read).await;
    session.close().await;
    let (request, read) = read?;
    shell.show(&read.warnings);
    let export = out.fill(|| go_on(&stop), |write| check::checked(&request, &read, write))?;
    let exit = if read.hidden(&request).next().is_some() { Exit::NotAuthorized } else { Exit::Ok };
    shell.data(&summary::report(shell, &arguments.out, &request, &read, &export, exit, arguments.format))?;
    Ok(exit)
}

/// An embedded server that does not exist has nothing to export.
fn there(connection: &Connection) -> Result<(), Problem> {
    let missing = match &connection.target.value {
        Target::Server(_) => return Ok(()),
        Target::Embedded(Some(path)) if path.exists() => return Ok(()),
        Target::Embedded(Some(path)) => format!("there is no embedded server at {}", path.display()),
        Target::Embedded(None) => "an embedded server in memory has nothing to export".to_owned(),
    };
    let diagnostic = Diagnostic::error(Code::ExportNothing, missing).help("name the server with --host");
    Err(diagnostic.into())
}

/// What was read of the server.
#[derive(Default)]
pub(super) struct Read {
    pub(super) snapshot: Snapshot,
    pub(super) ledger: Ledger,
    /// The project that owns an object, for what other projects' ledgers have.
    pub(super) foreign: BTreeMap<ObjectId, String>,
    pub(super) warnings: Vec<Diagnostic>,
}

impl Read {
    /// What an export is made of, without what is `refused`.
    pub(super) const fn sources<'s>(
        &'s self,
        refused: &'s BTreeMap<ObjectId, Refused>,
        names: &'s BTreeMap<ObjectId, String>,
    ) -> Sources<'s> {
        Sources { snapshot: &self.snapshot, ledger: &self.ledger, foreign: &self.foreign, refused, names }
    }
}

/// A kind of which there may be more than was seen.
struct Hidden<'a> {
    kind: Kind,
    sight: Sight,
    /// Why it is not proven that all was seen.
    lack: Option<&'a Lack>,
}

impl Read {
    /// The kinds of which there may be more than was seen.
    fn hidden(&self, request: &export::Request) -> impl Iterator<Item = Hidden<'_>> {
        let sight = |kind: &Kind| self.snapshot.kinds.get(kind).map_or(Sight::Blind, |view| view.sight);
        let hidden =
            |kind: &Kind| Hidden { kind: *kind, sight: sight(kind), lack: self.snapshot.lacks.get(kind.spec().ty) };
        let all: Vec<_> = request.kinds.iter().map(hidden).collect();
        all.into_iter().filter(|hidden| hidden.sight != Sight::Complete)
    }
}

async fn read(
    session: &Session,
    arguments: &Arguments,
    connection: &Connection,
    out: &Path,
) -> Result<(export::Request, Read), Problem> {
    let mut kinds: BTreeSet<Kind> = arguments.kinds.iter().copied().collect();
    if kinds.is_empty() {
        kinds.extend(Kind::ALL);
    }
    let mut request = export::Request {
        project: arguments.project.clone().unwrap_or_else(|| project::name_of(out)),
        labels: arguments.labels.iter().cloned().collect(),
        every_org: arguments.all_orgs,
        url: url(connection),
        certificates: connection.certificates.flags(),
        org: connection.org.value.clone(),
        token_id: session.token_id().map(str::to_owned),
        imports: false,
        kinds,
    };
    let orgs = if request.every_org { Orgs::Every } else { Orgs::These(BTreeSet::new()) };
    let extent = Extent { kinds: with_referred(&request.kinds), whole: request.kinds.clone(), orgs };
    let server = snapshot::Server {
        version: session.version.clone(),
        home: session.home.clone(),
        home_name: None,
        token_id: request.token_id.clone(),
        me: Some(session.me.clone()),
        ledger_key: None,
        compiles: false,
    };
    let snapshot = snapshot::survey(&session.client, &server, &extent).await?;
    // Its name says more than the ID that it may have been asked for by.
    let home = session.home.as_deref().and_then(|home| snapshot.object(Kind::HOME, home));
    request.org = home.map_or(request.org, |home| home.name.clone());
    let labels = snapshot.kinds.get(&Kind::Label).map(|view| &view.objects);
    let labels = || labels.into_iter().flat_map(BTreeMap::values);
    known_labels(&request, labels().filter(|label| !label.never_managed()).map(|label| label.name.as_str()))?;
    let home = session.home.as_deref();
    let (at_home, elsewhere): (Vec<_>, Vec<_>) = labels().partition(|label| label.org.as_deref() == home);
    let rows = |labels: Vec<&Object>| labels.into_iter().map(ledger::Row::from_object).collect::<Vec<_>>();
    let (at_home, elsewhere) = (rows(at_home), rows(elsewhere));
    let (mut ledger, _) = ledger::decode(&at_home, &request.project, home.unwrap_or_default(), &session.trust())?;
    // An export tells what it has seen: what is gone, or of another kind, is for the next plan.
    ledger.entries.retain(|address, entry| snapshot.object(address.kind, &entry.id).is_some());
    let mut owners = ledger::owners(&at_home, &request.project);
    // In another org a project of the same name is another project.
    let others = ledger::owners(&elsewhere, "");
    owners.extend(others);
    if !request.every_org && request.kinds.iter().any(|kind| kind.spec().level == Level::Server) {
        owners.extend(ledger::owners_elsewhere(&session.client, home).await?);
    }
    let warnings = owners.unreadable.iter().map(|label| {
        let message = format!("the ledger label `{label}` of another project cannot be read");
        Diagnostic::warning(Code::LedgerUnreadable, message)
            .help("it is unknown what that project owns: check what this export declares")
    });
    let warnings = warnings.collect();
    Ok((request, Read { snapshot, ledger, foreign: owners.objects, warnings }))
}

/// These kinds, and those that their objects can refer to.
fn with_referred(kinds: &BTreeSet<Kind>) -> BTreeSet<Kind> {
    let mut all = kinds.clone();
    for field in kinds.iter().flat_map(|kind| kind.spec().fields) {
        match field.ty {
            Type::Ref(kind) | Type::Refs(kind) => all.extend([kind]),
            Type::Scopes => all.extend(Kind::ALL),
            _ => {}
        }
    }
    all
}

/// Where the server is, as `[server].url` says it from any directory.
fn url(connection: &Connection) -> Option<String> {
    match &connection.target.value {
        Target::Server(url) => Some(url.as_str().trim_end_matches('/').to_owned()),
        // A manifest names a file of its own directory alone, and this one lies elsewhere.
        Target::Embedded(_) => None,
    }
}

fn known_labels<'a>(request: &export::Request, names: impl Iterator<Item = &'a str>) -> Result<(), Problem> {
    let names: Vec<&str> = names.collect();
    let key = |name: &str| NaturalKey::<()>::of(Kind::Label, None, name);
    let keys: BTreeSet<_> = names.iter().map(|name| key(name)).collect();
    let known = |name: &String| keys.contains(&key(name));
    let Some(unknown) = request.labels.iter().find(|name| !known(name)) else { return Ok(()) };
    let problem = Problem::new(Code::ExportLabel, format!("this token sees no label {unknown:?}"));
    Err(match nearest(unknown, names.iter().copied()) {
        Some(near) => {
            Problem { diagnostic: problem.diagnostic.help(format!("there is one named {near:?}")), ..problem }
        }
        None => problem,
    })
}
