//! The labels of an org, which the ledger and the lock are made of.

use std::collections::BTreeMap;
use std::future::Future;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::api::{ApiError, Class, Client, Writer};
use crate::kind::Object;
use crate::value::Value;

const PATH: &str = "/api/v2/labels";

/// One label, as `GET /api/v2/labels` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// Its ID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its properties; the server leaves them out when there are none.
    #[serde(default)]
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

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct List {
    labels: Vec<Row>,
}

/// All labels of the org with the ID `org`, in one request (the list is not paged: influxd 2.9.1, measured).
pub async fn rows(client: &Client, org: &str) -> Result<Vec<Row>, ApiError> {
    Ok(client.get::<List>(PATH, &[("orgID", org)]).await?.labels)
}

impl Labels for Writer {
    async fn named(&self, org: &str, name: &str) -> Result<Vec<Row>, ApiError> {
        Ok(self.get::<List>(PATH, &[("orgID", org), ("name", name)]).await?.labels)
    }

    async fn create(&self, org: &str, name: &str, properties: &BTreeMap<String, String>) -> Result<String, ApiError> {
        Ok(self.post::<_, One<Id>>(PATH, &New { org, name, properties }).await?.label.id)
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
}

/// Deletes a label; one that is gone already is deleted.
pub(super) async fn remove<L: Labels>(labels: &L, id: &str) -> Result<(), ApiError> {
    match labels.delete(id).await {
        Err(error) if error.class != Class::NotFound => Err(error),
        _ => Ok(()),
    }
}
