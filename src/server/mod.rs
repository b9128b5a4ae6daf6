//! The embedded server: a management API that behaves as influxd 2.9.1 does, traps included.
//!
//! `store` keeps, without HTTP; each kind has one file, and `KINDS` below lists them; `serve` joins all. It shares no types with the
//! client, so that a wrong field name cannot pass on both sides.

mod auth;
mod authenticate;
mod base;
mod check_body;
mod cron;
mod custom_check;
mod dashboard_cells;
mod dashboard_views;
mod flux_duration;
mod go_text;
mod go_url;
mod hidden_task;
mod id;
mod json;
mod kind;
mod links;
mod me;
mod metrics;
mod place;
mod plain;
mod points;
mod problem;
mod relations;
mod reply;
mod request;
mod routes;
mod rule_body;
mod secrets;
mod serve;
mod session;
mod setup;
mod status;
mod store;
mod task_edit;
mod task_option;
mod task_runs;
mod task_schedule;
mod task_update;
mod v1_tokens;

// The kinds: a module here and a line in `KINDS`.
mod authorizations;
mod buckets;
mod checks;
mod dashboards;
mod dbrps;
mod labels;
mod notification_endpoints;
mod notification_rules;
mod orgs;
mod remotes;
mod replications;
mod scrapers;
mod tasks;
mod telegrafs;
mod users;
mod variables;

/// All kinds.
const KINDS: &[Kind] = &[
    Kind::Own(&authorizations::TOKENS),
    Kind::Own(&buckets::BUCKETS),
    Kind::Plain(&checks::CHECKS),
    Kind::Plain(&dashboards::DASHBOARDS),
    Kind::Own(&dbrps::DBRPS),
    Kind::Plain(&labels::LABELS),
    Kind::Plain(&notification_endpoints::ENDPOINTS),
    Kind::Plain(&notification_rules::RULES),
    Kind::Own(&orgs::ORGS),
    Kind::Plain(&remotes::REMOTES),
    Kind::Plain(&replications::REPLICATIONS),
    Kind::Plain(&scrapers::SCRAPERS),
    Kind::Own(&tasks::TASKS),
    Kind::Plain(&telegrafs::TELEGRAFS),
    Kind::Plain(&users::USERS),
    Kind::Plain(&variables::VARIABLES),
    #[cfg(test)]
    Kind::Plain(&plain::tests::THINGS),
];

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::auth::Permission;
use self::kind::Kind;
use self::metrics::Metrics;
use self::session::Sessions;
use self::store::authorization::{self, Authorization, NewAuthorization};
use self::store::open::OpenError;
use self::store::{Store, user};
use crate::confine::ConfineError;

pub use self::place::{DataFile, Location};
pub(crate) use self::store::open::is_guarded;

/// How long an open request may take after [`Server::stop`].
const GRACE: Duration = Duration::from_secs(5);
/// How often a locked store is tried again.
const LOCK_RETRY: Duration = Duration::from_millis(50);

/// How to start a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the data is.
    pub location: Location,
    /// Where to listen; port 0 = any free one.
    pub listen: SocketAddr,
    /// What to set a new store up with; `None` = it waits for `POST /api/v2/setup`.
    pub setup: Option<Setup>,
    /// How long to wait for another process to let go of the file.
    pub lock_wait: Duration,
}

/// Sets a new store up at once, and gives this process an operator token.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The name of the first org.
    pub org: String,
    /// The name of the first user, owner of the org.
    pub user: String,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process has the file, and kept it for all of `lock_wait`.
    #[error("another process uses {}", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be reached.
    #[error(transparent)]
    File(#[from] ConfineError),
    /// The file is not what a server has left.
    #[error("{} {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it: "is empty".
        what: String,
    },
    /// The file cannot be read or written.
    #[error("cannot open {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The store cannot be set up.
    #[error("cannot set up the store: {0}")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A running server; dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    operator_token: Option<SecretString>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What all requests share.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) sessions: Sessions,
    pub(crate) metrics: Metrics,
    /// The token of this process: it is in no list and not in the store.
    pub(crate) operator: Option<Authorization>,
    pub(crate) started: Timestamp,
    pub(crate) clock: Instant,
}

impl Server {
    /// Opens the store and listens. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The file is in use or unreadable, the address is taken, or the store cannot be set up.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let store = open(&options.location, options.lock_wait).await?;
        let (operator, operator_token) = match &options.setup {
            Some(setup) => {
                let secret = authorization::new_secret();
                (Some(operator(&store, setup, &secret)?), Some(secret))
            }
            None => (None, None),
        };
        let listen_error = |source| StartError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let app = Arc::new(App {
            store,
            sessions: Sessions::default(),
            metrics: Metrics::default(),
            operator,
            started: Timestamp::now(),
            clock: Instant::now(),
        });
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            tokio::select! {
                () = serve::serve(listener, app.clone(), stopped) => {}
                never = points::expiry::run(app) => match never {},
            }
        });
        Ok(Self { address, operator_token, stop, task })
    }

    /// Where it listens: `http://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The token of this process, if [`Options::setup`] was given: made at each start, stored nowhere, in no list.
    pub fn operator_token(&self) -> Option<SecretString> {
        self.operator_token.clone()
    }

    /// Lets open requests finish, at most 5 s, then closes the store.
    pub async fn stop(self) {
        let Self { stop, mut task, .. } = self;
        // An error means that the server has already stopped.
        let _ = stop.send(());
        if tokio::time::timeout(GRACE, &mut task).await.is_err() {
            task.abort();
            let _ = task.await;
        }
    }
}

async fn open(location: &Location, lock_wait: Duration) -> Result<Store, StartError> {
    let (place, open): (_, fn(&DataFile) -> _) = match location {
        Location::Memory => {
            return Store::in_memory().map_err(|error| StartError::Store(error.into()));
        }
        Location::File(place) => (place, store::open::open),
        Location::Untouched(place) => (place, store::open::open_untouched),
    };
    let path = place.shown();
    let deadline = Instant::now() + lock_wait;
    loop {
        return match open(place) {
            Ok(store) => Ok(store),
            Err(OpenError::Locked) if Instant::now() < deadline => {
                tokio::time::sleep(LOCK_RETRY).await;
                continue;
            }
            Err(OpenError::Locked) => Err(StartError::Locked { path }),
            Err(OpenError::File(error)) => Err(error.into()),
            Err(OpenError::Damaged(what)) => Err(StartError::Damaged { path, what }),
            Err(OpenError::Io(source)) => Err(StartError::Io { path, source }),
        };
    }
}

/// Sets a new store up and makes the token of this process; it belongs to the user of `setup`, or to the instance's
/// owner if the store was set up by somebody else.
fn operator(store: &Store, setup: &Setup, secret: &SecretString) -> Result<Authorization, StartError> {
    let made = store.change(|change| {
        let user = match user::find_by_name(change, &setup.user) {
            Ok(user) => user.id,
            Err(error) if error.is_missing() => match setup::instance_owner(change)? {
                Some(owner) => owner,
                None => setup::first_user(change, &store.ids, &setup.user)?,
            },
            Err(error) => return Err(error),
        };
        let org = match setup::any_org(change)? {
            Some(org) => org,
            None => store::org::create(change, &setup.org, "", Some(user))?.id,
        };
        let new = NewAuthorization {
            org,
            user,
            status: "active".to_owned(),
            description: "token of this process".to_owned(),
            permissions: Permission::operator(),
        };
        Ok(Authorization::unstored(&store.ids, new, authorization::digest(secret)))
    });
    made.map_err(|error: store::Error| StartError::Store(error.into()))
}
