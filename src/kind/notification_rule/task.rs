//! What the task of a notification rule runs, as far as its row and that of its endpoint say it.

use std::collections::HashMap;

use futures::future::try_join_all;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::alerting::{self, Rule, of_rule};
use crate::api::{ApiError, Class, Client, by_offset};
use crate::kind::Kind;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    name: String,
    r#type: String,
    #[serde(rename = "endpointID")]
    endpoint: String,
    every: String,
    offset: Option<String>,
    status_rules: Vec<Status>,
    tag_rules: Option<Vec<Tag>>,
    #[serde(default)]
    message_template: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    parse_mode: String,
    #[serde(default)]
    disable_web_page_preview: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    current_level: String,
    previous_level: Option<String>,
}

#[derive(Deserialize)]
struct Tag {
    key: String,
    value: String,
    operator: String,
}

/// The rows of endpoints, by ID.
#[derive(Default)]
pub(super) struct Endpoints(HashMap<String, Endpoint>);

#[derive(Deserialize)]
struct Endpoint {
    id: String,
    #[serde(flatten)]
    keys: Map<String, Json>,
}

impl alerting::Endpoint for Endpoint {
    fn id(&self) -> String {
        self.id.clone()
    }

    fn text(&self, key: &str) -> &str {
        self.keys.get(key).and_then(Json::as_str).unwrap_or_default()
    }
}

impl Endpoints {
    /// Those of `orgs`; none where the token may read none.
    pub(super) async fn read(api: &Client, orgs: &[&str]) -> Result<Self, ApiError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Page {
            notification_endpoints: Vec<Endpoint>,
        }
        let path = Kind::NotificationEndpoint.path();
        let lists = orgs.iter().map(async |org| {
            let rows = |page: Page| page.notification_endpoints;
            match by_offset(api, path, &[("orgID", org)], rows, |row: &Endpoint| row.id.as_str()).await {
                Err(error) if matches!(error.class, Class::Denied | Class::NotFound) => Ok(Vec::new()),
                rows => rows,
            }
        });
        let rows = try_join_all(lists).await?.into_iter().flatten();
        Ok(Self(rows.map(|row| (row.id.clone(), row)).collect()))
    }

    /// The script that the server makes of the rule with this ID and this row; none where that is not known.
    pub(super) fn script(&self, id: &str, row: &str) -> Option<String> {
        let row: Row = serde_json::from_str(row).ok()?;
        let tag = |Tag { key, value, operator }| alerting::Tag { key, value, operator };
        let rule = Rule {
            ty: row.r#type,
            name: row.name,
            every: row.every,
            offset: row.offset.filter(|offset| !offset.is_empty()),
            message: row.message_template,
            channel: row.channel,
            parse_mode: row.parse_mode,
            no_preview: row.disable_web_page_preview,
            statuses: row.status_rules.into_iter().map(|of| (of.current_level, of.previous_level)).collect(),
            tags: row.tag_rules.unwrap_or_default().into_iter().map(tag).collect(),
        };
        of_rule(&rule, id, self.0.get(&row.endpoint)?)
    }
}
