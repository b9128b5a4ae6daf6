//! What the tests stand on: servers, requests, and one body run on both servers.

mod both;
pub(crate) mod card;
mod embedded;
mod forger;
mod http;
mod lines;
mod project;
mod proxy;
mod real;
mod relay;
mod running;
mod scene;
mod schema;
mod server;
mod stand;
mod trace;
mod tunnel;

pub(crate) use both::{both, real, run, run_each};
pub(crate) use card::{Card, Words};
pub(crate) use forger::{Forger, Said};
pub(crate) use http::{Http, Reply};
pub(crate) use lines::{lines, refused};
pub(crate) use project::Project;
pub(crate) use proxy::{Fate, Proxy};
pub(crate) use relay::{DEADLINE, Relay};
pub(crate) use running::{Running, Terminal, once_there, until_gone};
pub(crate) use scene::{ABSENT, Scene, Secret, base64, column, hourly, id, names, unique};
pub(crate) use schema::keeps_schema;
pub(crate) use server::{Backend, ROOT, ROOT_PASSWORD, Server, Start, run_alone};
pub(crate) use trace::{Traced, trace};
pub(crate) use tunnel::{FAR_HOST, Tls, Tunnel};
