//! Permissions as the server writes them.

use serde::{Deserialize, Serialize};

/// One permission. The `name` and `org` of a reply say nothing: the server does not keep them (influxd 2.9.1, measured).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) struct Permission {
    /// `read` or `write`.
    pub(crate) action: String,
    pub(crate) resource: Resource,
}

/// What a permission is about. An ID wins over the org beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub(crate) struct Resource {
    /// InfluxDB's name of the type, such as `buckets`.
    #[serde(rename = "type")]
    pub(crate) ty: String,
    /// None means every object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    /// None means every org.
    #[serde(rename = "orgID", skip_serializing_if = "Option::is_none")]
    pub(crate) org: Option<String>,
}
