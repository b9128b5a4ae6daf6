//! The labels of an org, which the ledger and the lock are made of.

use std::collections::BTreeMap;
use std::future::Future;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::listed::List;
use crate::api::{ApiError, Class, Client, Identified, Jump, Writer};
use crate::kind::Object;
use crate::value::Value;

const PATH: &str = "/api/v2/labels";

/// One label that projects know themselves by, as `GET /api/v2/labels` lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its ID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its properties; the server leaves them out when there are none.
    pub properties: BTreeMap<String, String>,
}

impl Row {
    /// The same from an object of kind `label`, so that the snapshot's one list of labels serves the ledger too.
    pub fn from_object(object: &Object) -> Self {
        let properties = match object.fields.get("properties") {
            Some(Value::Map(map)) => map.clone(),
            _ => BTreeMap::new(),
        };
        Self { id: object.id.clone(), name: object.name.clone(), properties }
    }

    /// The value of a property.
    pub(super) fn get(&self, property: &str) -> Option<&str> {
        self.properties.get(property).map(String::as_str)
    }
}

/// What ledger and lock need of a server. A trait so that both can be tested against a server in memory.
pub trait Labels: Clone + Send + Sync + 'static {
    /// The labels of the org called `name`, which is matched whole and without regard to case.
    fn named(&self, org: &str, name: &str) -> impl Future<Output = Result<Vec<Row>, ApiError>> + Send;

    /// Whether there is a label with this ID.
    fn exists(&self, id: &str) -> impl Future<Output = Result<bool, ApiError>> + Send;

    /// Makes a label and gives its ID; a taken name is an error of class `Conflict`.
    fn create(
        &self,
        org: &str,
        name: &str,
        properties: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<String, ApiError>> + Send;

    /// Sets these properties and leaves the others; `""` takes a property away.
    fn patch(
        &self,
        id: &str,
        properties: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// Deletes a label; one that is gone is an error of class `NotFound`.
    fn delete(&self, id: &str) -> impl Future<Output = Result<(), ApiError>> + Send;

    /// The highest `Date` of all replies so far, in milliseconds since 1970.
    fn server_time(&self) -> Option<u64>;

    /// Where replies disagreed about the time, if they did.
    fn clock_jump(&self) -> Option<Jump>;
}

#[derive(Serialize)]
struct New<'a> {
    #[serde(rename = "orgID")]
    org: &'a str,
    name: &'a str,
    properties: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Properties<'a> {
    properties: &'a BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct One<T> {
    label: T,
}

/// A new label, as the server echoes it.
#[derive(Deserialize)]
struct Echo {
    id: String,
    #[serde(rename = "orgID")]
    org: String,
    name: String,
    #[serde(default)]
    properties: BTreeMap<String, String>,
}

impl Identified for One<Echo> {
    const TIMED: bool = true;

    fn id(&self) -> &str {
        &self.label.id
    }
}

/// The labels of the org with the ID `org` that ledgers and locks are made of, or that have a name of one, in one request
/// (the list is not paged: influxd 2.9.1, measured).
///
/// # Errors
/// The server's, and class `Unexpected` for a list that cannot be one of this org.
pub async fn rows(client: &Client, org: &str) -> Result<Vec<Row>, ApiError> {
    read(client, org, &[("orgID", org)]).await
}

/// The same labels of all orgs that the token sees them in, with the ID of its org each, in one request. Labels outlive their
/// org, so that some may be of one that is gone (influxd 2.9.1, measured).
///
/// # Errors
/// The server's, and class `Unexpected` for what cannot be a list of labels.
pub(super) async fn rows_of_all_orgs(client: &Client) -> Result<Vec<(String, Row)>, ApiError> {
    let list = client.get::<List>(PATH, &[]).await?.of_any_org();
    list.map_err(|wrong| ApiError::unexpected("GET", PATH, wrong))
}

async fn read(client: &Client, org: &str, query: &[(&str, &str)]) -> Result<Vec<Row>, ApiError> {
    let list = client.get::<List>(PATH, query).await?.of(org);
    let (rows, ids) = list.map_err(|wrong| ApiError::unexpected("GET", PATH, wrong))?;
    client.saw_all(PATH, ids);
    Ok(rows)
}

impl Labels for Writer {
    async fn named(&self, org: &str, name: &str) -> Result<Vec<Row>, ApiError> {
        let mut rows = read(self, org, &[("orgID", org), ("name", name)]).await?;
        // Nothing of a label with another name counts, should the server not have understood.
        rows.retain(|row| row.name.eq_ignore_ascii_case(name));
        Ok(rows)
    }

    async fn exists(&self, id: &str) -> Result<bool, ApiError> {
        match self.get::<One<IgnoredAny>>(&format!("{PATH}/{id}"), &[]).await {
            Ok(_) => Ok(true),
            Err(error) if error.class == Class::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, org: &str, name: &str, properties: &BTreeMap<String, String>) -> Result<String, ApiError> {
        let One { label } = Self::create::<_, One<Echo>>(self, PATH, &New { org, name, properties }).await?;
        if label.org != org || label.name != name || label.properties != *properties {
            let message = format!(
                "the reply shows the label with the ID {}, which is not the label that was requested",
                label.id
            );
            let error = ApiError::unexpected("POST", PATH, message);
            return Err(ApiError { class: Class::NotOurs, maybe_done: true, ..error });
        }
        Ok(label.id)
    }

    async fn patch(&self, id: &str, properties: &BTreeMap<String, String>) -> Result<(), ApiError> {
        Self::patch::<_, One<IgnoredAny>>(self, &format!("{PATH}/{id}"), &Properties { properties }).await.map(drop)
    }

    async fn delete(&self, id: &str) -> Result<(), ApiError> {
        Self::delete(self, &format!("{PATH}/{id}")).await
    }

    fn server_time(&self) -> Option<u64> {
        Client::server_time(self)
    }

    fn clock_jump(&self) -> Option<Jump> {
        Client::clock_jump(self)
    }
}

/// Deletes a label; one that is gone already is deleted.
pub(super) async fn remove<L: Labels>(labels: &L, id: &str) -> Result<(), ApiError> {
    match labels.delete(id).await {
        Err(error) if error.class != Class::NotFound => Err(error),
        _ => Ok(()),
    }
}
