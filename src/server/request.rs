//! One request as the handlers see it: the caller, path, query and body.

use std::sync::Arc;

use axum::body::Bytes;
use http::HeaderMap;

use super::App;
use super::auth::Caller;
use super::id::Id;
use super::problem::Problem;
use super::store::Store;
use super::store::page::Page;

/// One request.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    /// Who asks; absent only on routes that need no token.
    pub(crate) caller: Option<Caller>,
    /// The path without a trailing slash.
    pub(crate) path: String,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// Who asks.
    pub(crate) fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(|| Problem::unauthorized("unauthorized access"))
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store {
        &self.app.store
    }

    /// The text of a path parameter.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The ID in a path parameter.
    pub(crate) fn id(&self, name: &str) -> Result<Id, Problem> {
        parse_id(self.param(name))
    }
}

/// Reads an ID, with influxd's words.
pub(crate) fn parse_id(text: &str) -> Result<Id, Problem> {
    text.parse().map_err(|error: super::id::IdError| Problem::invalid(error.to_string()))
}

/// Reads a truth value, as Go does.
pub(crate) fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// The query string, decoded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the query string.
    pub(crate) fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The first value of a key, if it is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// All values of a key.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The ID under a key.
    pub(crate) fn id(&self, name: &str) -> Result<Option<Id>, Problem> {
        self.get(name).map(parse_id).transpose()
    }
}

/// What part of a list a request asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paging {
    pub(crate) page: Page,
    sort_by: Option<String>,
}

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

impl Paging {
    /// Reads `limit` (20; 1 to 100), `offset`, `after`, `sortBy` and `descending`.
    pub(crate) fn parse(query: &Query) -> Result<Self, Problem> {
        let offset = match query.get("offset") {
            // A negative offset skips nothing.
            Some(text) => text.parse::<i64>().map_err(|_| Problem::invalid("offset is invalid"))?.max(0),
            None => 0,
        };
        let after = query.id("after").map_err(|problem| problem.within("decoding after"))?;
        let limit = match query.get("limit") {
            Some(text) => {
                let limit = text.parse::<i64>().map_err(|_| Problem::invalid("limit is invalid"))?;
                usize::try_from(limit)
                    .ok()
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                    .ok_or_else(|| Problem::invalid(format!("limit must be between 1 and {MAX_LIMIT}")))?
            }
            None => DEFAULT_LIMIT,
        };
        let descending = match query.get("descending") {
            None => false,
            Some(text) => flag(text).ok_or_else(|| Problem::invalid("descending is invalid"))?,
        };
        let sort_by = query.get("sortBy").map(str::to_owned);
        let page = Page { limit, offset: usize::try_from(offset).unwrap_or(0), after, descending };
        Ok(Self { page, sort_by })
    }

    /// `prev`, `self` and `next`; `shown` rows are in the reply, after those were left out that the caller may not see.
    pub(crate) fn links(&self, base: &str, filter: &[(&str, Option<String>)], shown: usize) -> PageLinks {
        let Page { limit, offset, after, descending } = self.page;
        let at = |offset: usize| {
            let mut pairs: Vec<(&str, String)> =
                filter.iter().filter_map(|(key, value)| Some((*key, value.clone()?))).collect();
            pairs.push(("descending", descending.to_string()));
            pairs.push(("offset", offset.to_string()));
            pairs.push(("limit", limit.to_string()));
            pairs.extend(after.map(|after| ("after", after.to_string())));
            pairs.extend(self.sort_by.clone().map(|sort_by| ("sortBy", sort_by)));
            link(base, pairs)
        };
        PageLinks {
            prev: (offset > 0).then(|| at(offset.saturating_sub(limit))),
            this: at(offset),
            next: (shown >= limit).then(|| at(offset + limit)),
        }
    }
}

/// The neighbours of a page.
#[derive(Debug, serde::Serialize)]
pub(crate) struct PageLinks {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prev: Option<String>,
    #[serde(rename = "self")]
    pub(crate) this: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// A path with its query, keys sorted.
pub(crate) fn link(base: &str, mut pairs: Vec<(&str, String)>) -> String {
    pairs.retain(|(_, value)| !value.is_empty());
    // Those of one key stay in the order in which they were sent.
    pairs.sort_by_key(|(key, _)| *key);
    if pairs.is_empty() {
        return base.to_owned();
    }
    let mut encoded = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in &pairs {
        encoded.append_pair(key, value);
    }
    // Go leaves `~` alone and escapes `*`; the URL standard does the opposite.
    format!("{base}?{}", encoded.finish().replace("%7E", "~").replace('*', "%2A"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_checked_as_influxd_does() {
        let message =
            |text: &str| Paging::parse(&Query::parse(text)).map(|paging| paging.page.limit).map_err(|p| p.message);
        assert_eq!(message(""), Ok(20));
        assert_eq!(message("limit=100"), Ok(100));
        assert_eq!(message("limit=101"), Err("limit must be between 1 and 100".to_owned()));
        assert_eq!(message("limit=x"), Err("limit is invalid".to_owned()));
        assert_eq!(message("after=x"), Err("decoding after: id must have a length of 16 bytes".to_owned()));
    }

    #[test]
    fn a_page_that_was_thinned_out_has_no_next() {
        let paging = Paging::parse(&Query::parse("limit=2&offset=1")).unwrap();
        let links = paging.links("/api/v2/buckets", &[("org", Some("a b".to_owned()))], 1);
        assert_eq!(links.next, None);
        assert_eq!(links.prev.as_deref(), Some("/api/v2/buckets?descending=false&limit=2&offset=0&org=a+b"));
        assert!(paging.links("/api/v2/buckets", &[], 2).next.is_some());
    }
}
