//! Walking lists that come in pages.
//!
//! The server filters by permission after it has cut the page: a short page, or one without `links.next`, is not the end.
//! Only an empty page is (influxd 2.9.1, measured).

use serde::de::DeserializeOwned;

use super::{ApiError, Client};

/// All rows of a list that is walked by `offset`, 100 at a time. `rows` takes them out of a page, `id` is a row's ID.
pub(crate) async fn by_offset<P: DeserializeOwned, T>(
    api: &Client,
    path: &str,
    query: &[(&str, &str)],
    rows: impl Fn(P) -> Vec<T>,
    id: impl Fn(&T) -> &str,
) -> Result<Vec<T>, ApiError> {
    const LIMIT: usize = 100;
    let mut all: Vec<T> = Vec::new();
    for offset in (0..).step_by(LIMIT) {
        let (limit, offset) = (LIMIT.to_string(), offset.to_string());
        let page = rows(api.get(path, &[query, &[("limit", &limit), ("offset", &offset)]].concat()).await?);
        if page.is_empty() {
            break;
        }
        extend(&mut all, page, path, &id)?;
    }
    Ok(all)
}

/// All rows of a list that is walked by the ID of the last row, 500 at a time.
pub(crate) async fn after<P: DeserializeOwned, T>(
    api: &Client,
    path: &str,
    query: &[(&str, &str)],
    rows: impl Fn(P) -> Vec<T>,
    id: impl Fn(&T) -> &str,
) -> Result<Vec<T>, ApiError> {
    let mut all: Vec<T> = Vec::new();
    loop {
        let last = all.last().map(|row| id(row).to_owned());
        let mut asked = [query, &[("limit", "500")]].concat();
        asked.extend(last.as_deref().map(|last| ("after", last)));
        let page = rows(api.get(path, &asked).await?);
        if page.is_empty() {
            return Ok(all);
        }
        extend(&mut all, page, path, &id)?;
    }
}

/// Adds a page, unless it ends as the last one did: then the server does not page at all, and the walk has no end.
fn extend<T>(all: &mut Vec<T>, page: Vec<T>, path: &str, id: impl Fn(&T) -> &str) -> Result<(), ApiError> {
    if let (Some(last), Some(new)) = (all.last(), page.last())
        && id(last) == id(new)
    {
        return Err(ApiError::unexpected("GET", path, "the list repeats its last page instead of ending"));
    }
    all.extend(page);
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Class;
    use super::super::fault::{Fault, Reply};
    use super::*;

    fn page(ids: std::ops::Range<u32>) -> Reply {
        Reply::json(200, &json!(ids.map(|id| id.to_string()).collect::<Vec<_>>()))
    }

    async fn walk(api: &Client) -> Result<Vec<String>, ApiError> {
        by_offset(api, "/api/v2/x", &[("orgID", "o")], |page: Vec<String>| page, |row| row).await
    }

    #[tokio::test]
    async fn a_short_page_is_not_the_end() {
        let fault = Fault::start([page(0..98), page(100..154), page(0..0)]).await;
        assert_eq!(walk(&fault.client()).await.expect("all").len(), 98 + 54);
        let asked = |n| format!("GET /api/v2/x?orgID=o&limit=100&offset={n}");
        assert_eq!(fault.lines(), [asked(0), asked(100), asked(200)]);
    }

    #[tokio::test]
    async fn a_server_that_does_not_page_is_an_error() {
        let fault = Fault::start([page(0..3), page(0..3)]).await;
        assert_eq!(walk(&fault.client()).await.expect_err("no end").class, Class::Unexpected);
    }

    #[tokio::test]
    async fn tasks_go_on_after_the_last() {
        let fault = Fault::start([page(0..500), page(500..502), page(0..0)]).await;
        let all = after(&fault.client(), "/api/v2/tasks", &[], |page: Vec<String>| page, |row| row).await;
        assert_eq!(all.expect("all").len(), 502);
        assert_eq!(fault.lines()[2], "GET /api/v2/tasks?limit=500&after=501");
    }
}
