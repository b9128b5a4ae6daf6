//! Permissions as the server writes them.

use std::fmt;

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

impl Permission {
    pub(crate) fn new(action: &str, ty: &str, org: Option<&str>, id: Option<&str>) -> Self {
        let (ty, org, id) = (ty.to_owned(), org.map(str::to_owned), id.map(str::to_owned));
        Self { action: action.to_owned(), resource: Resource { ty, id, org } }
    }

    /// Whether whoever has it has `other` too: an ID in a permission narrows it, whatever else stands there.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        let (has, asked) = (&self.resource, &other.resource);
        let wide = has.id.is_none() && (has.org.is_none() || has.org == asked.org);
        let this = has.id.is_some() && has.id == asked.id;
        self.action == other.action && has.ty == asked.ty && (wide || this)
    }
}

impl fmt::Display for Permission {
    /// As the server writes it in its refusals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Resource { ty, id, org } = &self.resource;
        write!(f, "{}:", self.action)?;
        if let Some(org) = org {
            write!(f, "orgs/{org}/")?;
        }
        f.write_str(ty)?;
        id.as_ref().map_or(Ok(()), |id| write!(f, "/{id}"))
    }
}
