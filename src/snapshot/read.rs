//! Reads the server, once: one list per kind and page, and one request for each owned object that a list lacks.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use futures::stream::{self, StreamExt, TryStreamExt};
use tokio::join;

use super::elsewhere::{self, Lists, Own, ids};
use super::{OwnToken, Sight, Snapshot, View};
use crate::address::Address;
use crate::api::sight::{self, Proof};
use crate::api::{ApiError, Client, Me};
use crate::field::Role;
use crate::kind::{Kind, Level, NaturalKey, Object, Presence, ReadScope, Standing};
use crate::ledger::{Key, LABELS, Ledger};
use crate::manifest::{Import, Manifest};
use crate::value::Value;

/// Requests for single objects that are under way at once.
const AT_ONCE: usize = 8;

/// What is known of the server before its objects are read.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// Its version.
    pub version: String,
    /// The home org's ID; none when it does not exist.
    pub home: Option<String>,
    /// The home org's name, where that is what it was found by.
    pub home_name: Option<String>,
    /// The ID of the run's own token, where the user gave it.
    pub token_id: Option<String>,
    /// The user of the run's token, where that has been asked already.
    pub me: Option<Me>,
    /// The key that the ledger is signed with; none where it is not to be.
    pub ledger_key: Option<Key>,
    /// Whether it compiles scripts for us without running them.
    pub compiles: bool,
}

impl Server {
    /// The user of the run's token.
    pub(crate) async fn me(&self, client: &Client) -> Result<Me, ApiError> {
        match &self.me {
            Some(me) => Ok(me.clone()),
            None => client.me().await,
        }
    }
}

/// Reads what `manifest` and `ledger` name.
///
/// # Errors
/// The server's. A list that may not be read is no error but a matter of sight.
pub async fn read(
    client: &Client,
    server: &Server,
    manifest: &Manifest,
    ledger: &Ledger,
) -> Result<Snapshot, ApiError> {
    let kinds = kinds(manifest, ledger);
    let asks = Asks::Project(manifest, ledger);
    let ((me, mut proven), mut found) = if server.home.is_some() {
        // Side by side: what the token may see decides how the lists are taken, not whether they are read.
        let (sight, found) = join!(sight(client, server, &kinds), found(client, server, &kinds, asks));
        (sight?, found?)
    } else {
        let found = found(client, server, &kinds, asks).await?;
        (sight_from_elsewhere(client, server, &kinds, &found.lists).await?, found)
    };
    home_org(server, ledger, &mut found.lists);
    // The ledger is in the home org alone.
    let ledger_lack = proven.lacks.get(LABELS).cloned();
    let labels_lack = match &server.home {
        Some(home) => {
            let own = Own { version: &server.version, home, token_id: server.token_id.as_deref(), me: &me };
            elsewhere::prove(client, own, (manifest, ledger), &found.lists, &mut proven).await?
        }
        None => None,
    };
    let mut snapshot = Snapshot { ledger_lack, labels_lack, ..snapshot(client, server, me, &proven, found) };
    missing(client, &mut snapshot, manifest, ledger).await?;
    where_they_were(&snapshot, ledger)?;
    of_another_kind(client, &mut snapshot, manifest).await?;
    Ok(snapshot)
}

/// Adds the home org to the list of orgs where the token may not read it: it exists, and what else there is to it is not known.
/// One that the project owns is asked for by its ID, since what it is like counts then.
fn home_org(server: &Server, ledger: &Ledger, lists: &mut Lists) {
    let (Some(home), Some(name)) = (&server.home, &server.home_name) else { return };
    let owned = ledger.entries.iter().any(|(address, entry)| address.kind == Kind::HOME && entry.id == *home);
    let Some(orgs) = lists.get_mut(&Kind::HOME).filter(|_| !owned) else { return };
    let fields = Kind::HOME.with(Role::Name).map(|field| (field.name, Value::Text(name.clone())));
    orgs.entry(home.clone()).or_insert_with(|| Object {
        id: home.clone(),
        org: None,
        name: name.clone(),
        created: None,
        fields: fields.into_iter().collect(),
        standing: Standing::Ordinary,
        user: None,
    });
}

/// What is read where no manifest says it.
#[derive(Clone, Debug)]
pub struct Extent {
    /// The kinds; labels are read in any case, since ledgers are kept in them.
    pub kinds: BTreeSet<Kind>,
    /// Those of them of which all fields are read, also those that their list lacks.
    pub whole: BTreeSet<Kind>,
    /// The orgs to look in, besides the home org.
    pub orgs: Orgs,
}

/// Orgs besides the home org.
#[derive(Clone, Debug)]
pub enum Orgs {
    /// These (IDs).
    These(BTreeSet<String>),
    /// All that the token sees.
    Every,
}

/// Reads everything of some kinds.
///
/// # Errors
/// The server's. A list that may not be read is no error but a matter of sight.
pub async fn survey(client: &Client, server: &Server, extent: &Extent) -> Result<Snapshot, ApiError> {
    let mut kinds = extent.kinds.clone();
    kinds.extend(Kind::from_type(LABELS));
    let asks = Asks::Survey(extent);
    let (sight_at_home, found) = join!(sight(client, server, &kinds), found(client, server, &kinds, asks));
    let ((me, mut proven), found) = (sight_at_home?, found?);
    for org in asks.orgs(server, &found.lists) {
        if server.home.as_ref() != Some(&org) {
            let elsewhere = Server { home: Some(org), ..server.clone() };
            let (_, there) = sight(client, &elsewhere, &kinds).await?;
            for (ty, lack) in there.lacks {
                proven.lacks.entry(ty).or_insert(lack);
            }
            proven.sees.iter_mut().for_each(|(ty, sees)| *sees &= there.sees.get(ty).copied().unwrap_or(false));
        }
    }
    Ok(snapshot(client, server, me, &proven, found))
}

fn snapshot(client: &Client, server: &Server, me: Me, proven: &Proof, found: Found) -> Snapshot {
    let Found { lists, owners } = found;
    Snapshot {
        version: server.version.clone(),
        home: server.home.clone(),
        me: me.id,
        own_token: OwnToken {
            id: server.token_id.clone(),
            fingerprint: client.token_fingerprint(),
            only_reads: proven.only_reads,
        },
        at: client.server_time().unwrap_or_default(),
        lacks: proven.lacks.clone(),
        ledger_lack: proven.lacks.get(LABELS).cloned(),
        labels_lack: None,
        owners,
        kinds: lists.into_iter().map(|(kind, objects)| (kind, view(kind, objects, &proven.sees))).collect(),
        of_another_kind: BTreeMap::new(),
    }
}

/// What is found without regard to sight.
struct Found {
    lists: Lists,
    /// The users that own an org, of the orgs where that counts.
    owners: BTreeMap<String, BTreeSet<String>>,
}

/// Why the server is read.
#[derive(Clone, Copy)]
enum Asks<'a> {
    /// For what a project declares and owns.
    Project(&'a Manifest, &'a Ledger),
    /// For all there is.
    Survey(&'a Extent),
}

impl Asks<'_> {
    /// The orgs to look in, once it is known which there are.
    fn orgs(self, server: &Server, lists: &Lists) -> BTreeSet<String> {
        match self {
            Self::Project(manifest, ledger) => orgs(server, lists, manifest, ledger),
            Self::Survey(extent) => {
                let mut orgs: BTreeSet<String> = server.home.iter().cloned().collect();
                match &extent.orgs {
                    Orgs::These(these) => orgs.extend(these.iter().cloned()),
                    Orgs::Every => orgs.extend(lists.get(&Kind::HOME).into_iter().flat_map(BTreeMap::keys).cloned()),
                }
                orgs
            }
        }
    }

    async fn list(self, client: &Client, kind: Kind, orgs: &[&str]) -> Result<Vec<Object>, ApiError> {
        let (manifest, ledger) = match self {
            Self::Project(manifest, ledger) => (manifest, ledger),
            Self::Survey(extent) => {
                let whole = extent.whole.contains(&kind);
                return kind.list(client, orgs, ReadScope { field: &|_| whole, object: &|_, _| true }).await;
            }
        };
        let declared = || manifest.resources.iter().filter(|(address, _)| address.kind == kind);
        let owned = ledger.entries.iter().map(|(address, entry)| (address, &entry.id));
        let imported = manifest.imports.iter().map(|(address, import)| (address, &import.id));
        let by_id = owned.chain(imported).filter(|(address, _)| address.kind == kind);
        let key = |name: &str| NaturalKey::<()>::of(kind, None, name);
        let (ids, names): (BTreeSet<&str>, BTreeSet<_>) = (
            by_id.map(|(_, id)| id.as_str()).collect(),
            declared().filter_map(|(_, resource)| key(&kind.name_in(&resource.fields)?)).collect(),
        );
        let asked = ReadScope {
            field: &|field| declared().any(|(_, resource)| resource.fields.get(field).is_some()),
            object: &|id, name| ids.contains(id) || key(name).is_some_and(|key| names.contains(&key)),
        };
        kind.list(client, orgs, asked).await
    }
}

/// Reads the lists of `kinds`: first what lives on the server as a whole, which tells the orgs to look in.
async fn found(client: &Client, server: &Server, kinds: &BTreeSet<Kind>, asks: Asks<'_>) -> Result<Found, ApiError> {
    let (first, second): (Vec<Kind>, Vec<Kind>) = kinds.iter().partition(|kind| kind.spec().level == Level::Server);
    let mut lists = read_lists(client, &first, &[], asks).await?;
    let orgs = asks.orgs(server, &lists);
    let orgs: Vec<&str> = orgs.iter().map(String::as_str).collect();
    let owned: &[&str] = if kinds.iter().any(|kind| kind.spec().runs_as_creator) { &orgs } else { &[] };
    let owners = try_join_all(
        owned.iter().map(|org| async move { sight::owners(client, org).await.map(|owners| (*org, owners)) }),
    );
    let (second, owners) = join!(read_lists(client, &second, &orgs, asks), owners);
    lists.extend(second?);
    let owners = owners?.into_iter().filter_map(|(org, owners)| Some((org.to_owned(), owners?))).collect();
    Ok(Found { lists, owners })
}

/// The kinds that are named anywhere, also in scripts.
fn kinds(manifest: &Manifest, ledger: &Ledger) -> BTreeSet<Kind> {
    let mut kinds: BTreeSet<Kind> = manifest.resources.keys().map(|address| address.kind).collect();
    let reached = manifest.resources.values().flat_map(|resource| &resource.reaches);
    kinds.extend(
        reached.filter_map(|reached| reached.reference.name.as_ref().and(Kind::reached_as(reached.reference.target))),
    );
    kinds.extend(ledger.entries.keys().chain(ledger.intents.keys()).map(|address| address.kind));
    kinds
}

/// Whose token it is, and what is proven of it: labels are asked about too, since the ledger lives in them.
async fn sight(client: &Client, server: &Server, kinds: &BTreeSet<Kind>) -> Result<(Me, Proof), ApiError> {
    let me = server.me(client).await?;
    let Some(home) = &server.home else { return Ok((me, Proof::default())) };
    let types: BTreeSet<&str> = kinds.iter().map(|kind| kind.spec().ty).chain([LABELS]).collect();
    let types: Vec<&str> = types.into_iter().collect();
    let proven = sight::sight(client, &server.version, home, &me, &types, server.token_id.as_deref()).await?;
    Ok((me, proven))
}

/// The same while there is no home org: what lives on the server as a whole is asked about in any other org.
async fn sight_from_elsewhere(
    client: &Client,
    server: &Server,
    kinds: &BTreeSet<Kind>,
    lists: &Lists,
) -> Result<(Me, Proof), ApiError> {
    let of_server = kinds.iter().filter(|kind| kind.spec().level == Level::Server).copied().collect();
    let orgs = lists.get(&Kind::HOME).into_iter().flat_map(BTreeMap::keys);
    let elsewhere = Server { home: orgs.min().cloned(), ..server.clone() };
    let (me, mut proven) = sight(client, &elsewhere, &of_server).await?;
    // Labels were asked about too, and in an org that is not meant.
    proven.sees.remove(LABELS);
    proven.lacks.remove(LABELS);
    Ok((me, proven))
}

/// Reads the lists of `kinds`, side by side.
async fn read_lists(client: &Client, kinds: &[Kind], orgs: &[&str], asks: Asks<'_>) -> Result<Lists, ApiError> {
    let reads =
        kinds.iter().map(|kind| async move { asks.list(client, *kind, orgs).await.map(|objects| (*kind, objects)) });
    let by_id = |objects: Vec<Object>| objects.into_iter().map(|object| (object.id.clone(), object)).collect();
    Ok(try_join_all(reads).await?.into_iter().map(|(kind, objects)| (kind, by_id(objects))).collect())
}

/// What a list of `kind` is worth.
fn view(kind: Kind, objects: BTreeMap<String, Object>, proven: &BTreeMap<String, bool>) -> View {
    let sight = match (proven.get(kind.spec().ty), objects.values().any(|object| !object.never_managed())) {
        (Some(true), _) => Sight::Complete,
        (_, true) => Sight::Partial,
        (_, false) => Sight::Blind,
    };
    View { sight, objects, missing: BTreeMap::new() }
}

/// The IDs of all orgs that the project has something in.
fn orgs(server: &Server, lists: &Lists, manifest: &Manifest, ledger: &Ledger) -> BTreeSet<String> {
    let mut orgs: BTreeSet<String> = server.home.iter().cloned().collect();
    orgs.extend(ledger.entries.values().filter_map(|entry| entry.org.clone()));
    let addresses =
        manifest.resources.iter().filter_map(|(address, resource)| address.kind.org_in(&resource.fields)?.address());
    for address in addresses.collect::<BTreeSet<_>>() {
        orgs.extend(ids(address, lists, manifest, ledger));
    }
    orgs
}

/// Asks by ID for what is owned, or imported or external by ID, and not listed.
async fn missing(
    client: &Client,
    snapshot: &mut Snapshot,
    manifest: &Manifest,
    ledger: &Ledger,
) -> Result<(), ApiError> {
    let owned = ledger.entries.iter().map(|(address, entry)| (address.kind, entry.id.clone()));
    let external = manifest.resources.iter().filter_map(|(address, resource)| {
        match address.kind.get(Role::Id, &resource.fields) {
            Some(Value::Text(id)) => Some((address.kind, id.clone())),
            _ => None,
        }
    });
    let imported = manifest.imports.iter().map(|(address, import)| (address.kind, import.id.clone()));
    let named = owned.chain(external).chain(imported);
    let unlisted: BTreeSet<(Kind, String)> = named.filter(|(kind, id)| snapshot.object(*kind, id).is_none()).collect();
    for (kind, id, presence) in ask(client, unlisted).await? {
        let view = snapshot.kinds.get_mut(&kind).expect("each kind of the ledger and the manifest was listed");
        match presence {
            Presence::Found(object) => {
                view.objects.insert(id, *object);
            }
            other => {
                view.missing.insert(id, other);
            }
        }
    }
    Ok(())
}

/// Few objects can go from one org to another: where any other is shown elsewhere, what is shown is not to be trusted.
fn where_they_were(snapshot: &Snapshot, ledger: &Ledger) -> Result<(), ApiError> {
    for (address, entry) in &ledger.entries {
        let Some(object) = snapshot.object(address.kind, &entry.id) else { continue };
        if object.org != entry.org && !address.kind.spec().movable {
            let shown =
                |org: &Option<String>| org.as_deref().map_or("no org".to_owned(), |org| format!("the org {org}"));
            let (is, was) = (shown(&object.org), shown(&entry.org));
            let message = format!("the server shows {address} ({}) in {is}, but the ledger has it in {was}", entry.id);
            return Err(ApiError::unexpected("GET", address.kind.path(), message));
        }
    }
    Ok(())
}

/// Asks for each of these objects.
async fn ask(client: &Client, ids: BTreeSet<(Kind, String)>) -> Result<Vec<(Kind, String, Presence)>, ApiError> {
    stream::iter(ids)
        .map(|(kind, id)| async move { kind.find(client, &id).await.map(|presence| (kind, id, presence)) })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// What stands behind the IDs of imports that are not of the declared kind, so that the refusal can say it.
async fn of_another_kind(client: &Client, snapshot: &mut Snapshot, manifest: &Manifest) -> Result<(), ApiError> {
    let absent = manifest.imports.iter().filter(|(address, import)| {
        let view = snapshot.kinds.get(&address.kind);
        view.is_some_and(|view| view.missing.get(&import.id) == Some(&Presence::Absent))
    });
    let others = |(address, import): (&Address, &Import)| {
        let kinds = Kind::ALL.iter().filter(|kind| **kind != address.kind && kind.is_id(&import.id));
        kinds.map(|kind| (*kind, import.id.clone())).collect::<Vec<_>>()
    };
    let found = ask(client, absent.flat_map(others).collect()).await?;
    let found = found.into_iter().filter(|(_, _, presence)| matches!(presence, Presence::Found(_)));
    snapshot.of_another_kind = found.map(|(kind, id, _)| (id, kind)).collect();
    Ok(())
}
