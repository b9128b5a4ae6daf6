//! Walking lists that come in pages.
//!
//! The server filters by permission after it has cut the page: a short page, or one without `links.next`, is not the end.
//! Only an empty page is (influxd 2.9.1, measured).

use std::collections::HashSet;

use serde::de::DeserializeOwned;

use super::{ApiError, Client};

/// Rows of a page of a list that is walked by `offset`: the most that the server gives.
const LIMIT: usize = 100;
/// How often such a list is walked at most until nothing goes in between.
const WALKS: usize = 5;

/// All rows of a list that is walked by `offset`. `rows` takes them out of a page, `id` is a row's ID.
///
/// Each page begins with the last row of the one before it. Where that row is not there, rows have gone in the meantime
/// and others may have slipped past between the two pages: the list is walked anew.
pub(crate) async fn by_offset<P: DeserializeOwned, T>(
    api: &Client,
    path: &str,
    query: &[(&str, &str)],
    rows: impl Fn(P) -> Vec<T>,
    id: impl Fn(&T) -> &str,
) -> Result<Vec<T>, ApiError> {
    for _ in 0..WALKS {
        if let Some(all) = walk(api, path, query, &rows, &id).await? {
            return Ok(all);
        }
    }
    Err(ApiError::unexpected("GET", path, "the list does not come to an end, or changes faster than it can be read"))
}

/// One walk by `offset`; none if rows have gone, or pages were repeated, while it went on.
async fn walk<P: DeserializeOwned, T>(
    api: &Client,
    path: &str,
    query: &[(&str, &str)],
    rows: &impl Fn(P) -> Vec<T>,
    id: &impl Fn(&T) -> &str,
) -> Result<Option<Vec<T>>, ApiError> {
    let mut all: Vec<T> = Vec::new();
    let mut seen: HashSet<String> = HashSet::new();
    // Of a full page only: in a short one rows are hidden, and the next page may begin with one of them.
    let mut last: Option<String> = None;
    for offset in (0..).step_by(LIMIT - 1) {
        let (limit, offset) = (LIMIT.to_string(), offset.to_string());
        let page = rows(api.get(path, &[query, &[("limit", &limit), ("offset", &offset)]].concat()).await?);
        if last.as_ref().is_some_and(|last| page.iter().all(|row| id(row) != last)) {
            return Ok(None);
        }
        if page.is_empty() {
            break;
        }
        let only_the_last = last.is_some() && page.len() == 1;
        last = page.last().filter(|_| page.len() == LIMIT).map(|row| id(row).to_owned());
        let before = all.len();
        all.extend(page.into_iter().filter(|row| seen.insert(id(row).to_owned())));
        if all.len() == before && !only_the_last {
            return Ok(None);
        }
    }
    Ok(Some(all))
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

    async fn walk_all(fault: &Fault) -> Result<Vec<String>, ApiError> {
        by_offset(&fault.client(), "/api/v2/x", &[("orgID", "o")], |page: Vec<String>| page, |row| row).await
    }

    fn asked(offsets: &[usize]) -> Vec<String> {
        offsets.iter().map(|offset| format!("GET /api/v2/x?orgID=o&limit=100&offset={offset}")).collect()
    }

    #[tokio::test]
    async fn a_short_page_is_not_the_end() {
        let fault = Fault::start([page(0..98), page(99..154), page(0..0)]).await;
        assert_eq!(walk_all(&fault).await.expect("all").len(), 98 + 55);
        assert_eq!(fault.lines(), asked(&[0, 99, 198]));
    }

    #[tokio::test]
    async fn pages_overlap_by_a_row() {
        let fault = Fault::start([page(0..100), page(99..199), page(198..199), page(0..0)]).await;
        assert_eq!(walk_all(&fault).await.expect("all").len(), 199);
        assert_eq!(fault.lines(), asked(&[0, 99, 198, 297]));
    }

    #[tokio::test]
    async fn a_list_that_shrinks_between_two_pages_is_walked_anew() {
        // Row 100 has come to where row 99 was.
        let fault = Fault::start([page(0..100), page(100..150), page(1..101), page(100..150), page(0..0)]).await;
        let all = walk_all(&fault).await.expect("all");
        assert_eq!((all.len(), all.contains(&"100".to_owned())), (149, true));
        assert_eq!(fault.lines(), asked(&[0, 99, 0, 99, 198]));
    }

    #[tokio::test]
    async fn a_row_that_comes_twice_counts_once() {
        // A new row before them has moved all others on.
        let fault = Fault::start([page(0..100), page(98..150), page(0..0)]).await;
        assert_eq!(walk_all(&fault).await.expect("all").len(), 150);
    }

    #[tokio::test]
    async fn a_server_that_does_not_page_is_an_error() {
        let fault = Fault::start(std::iter::repeat_n(page(0..3), 2 * WALKS)).await;
        assert_eq!(walk_all(&fault).await.expect_err("no end").class, Class::Unexpected);
        assert_eq!(fault.lines().len(), 2 * WALKS);
    }

    #[tokio::test]
    async fn tasks_go_on_after_the_last() {
        let fault = Fault::start([page(0..500), page(500..502), page(0..0)]).await;
        let all = after(&fault.client(), "/api/v2/tasks", &[], |page: Vec<String>| page, |row| row).await;
        assert_eq!(all.expect("all").len(), 502);
        assert_eq!(fault.lines()[2], "GET /api/v2/tasks?limit=500&after=501");
    }
}
