//! Walking lists that come in pages.
//!
//! The server filters by permission after it has cut the page: a short page, or one without `links.next`, is not the end.
//! Only an empty page is (influxd 2.9.1, measured).

use std::collections::HashSet;

use futures::stream::{FuturesOrdered, StreamExt};
use serde::de::DeserializeOwned;

use super::error::UNSTEADY;
use super::limits::{Bounds, LIST};
use super::{ApiError, Client};
use crate::snowflake::{is_id, shown};

/// Rows of a page of a list that is walked by `offset`: the most that the server gives.
const LIMIT: usize = 100;
/// Rows of a page of a list that is walked by the ID of a row: the most that the server gives.
const AFTER_LIMIT: usize = 500;
/// How often a list is walked at most until nothing goes in between.
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
    let list = List { api, path, query, bounds: LIST };
    list.anew(async || walk(&list, &rows, &id).await).await
}

/// A list that is being read.
struct List<'a> {
    api: &'a Client,
    path: &'a str,
    query: &'a [(&'a str, &'a str)],
    bounds: Bounds,
}

impl List<'_> {
    fn endless(&self, message: String) -> ApiError {
        ApiError::unexpected("GET", self.path, message)
    }

    /// What `read` gives, unless it takes too long.
    async fn in_time<T>(&self, read: impl AsyncFnOnce() -> Result<T, ApiError>) -> Result<T, ApiError> {
        match tokio::time::timeout(self.bounds.time, read()).await {
            Ok(read) => read,
            Err(_) => Err(self.endless(self.bounds.too_slow())),
        }
    }

    /// What `walk` gives as soon as nothing goes while it goes on.
    async fn anew<T>(&self, walk: impl AsyncFn() -> Result<Option<T>, ApiError>) -> Result<T, ApiError> {
        self.in_time(async || {
            for _ in 0..WALKS {
                if let Some(all) = walk().await? {
                    return Ok(all);
                }
            }
            Err(self.endless(format!("the list {UNSTEADY}")))
        })
        .await
    }

    /// One page with what `asked` says of it, and its bytes.
    async fn page<P: DeserializeOwned>(&self, asked: &[(&str, &str)]) -> Result<(P, usize), ApiError> {
        self.api.get_sized(self.path, &[self.query, asked].concat()).await
    }

    /// Whether so many rows and bytes are too many.
    fn within(&self, rows: usize, bytes: usize) -> Result<(), ApiError> {
        self.bounds.exceeded(rows, bytes).map_or(Ok(()), |message| Err(self.endless(message)))
    }
}

/// One walk by `offset`; none if rows have gone, or pages were repeated, while it went on.
///
/// Pages are read side by side and looked at in order. Whichever of two pages was read first: where a row has slipped past
/// between them, the second lacks the last row of the first.
async fn walk<P: DeserializeOwned, T>(
    list: &List<'_>,
    rows: &impl Fn(P) -> Vec<T>,
    id: &impl Fn(&T) -> &str,
) -> Result<Option<Vec<T>>, ApiError> {
    let read = |offset: usize| async move {
        let (limit, offset) = (LIMIT.to_string(), offset.to_string());
        let (page, bytes) = list.page(&[("limit", &limit), ("offset", &offset)]).await?;
        Ok::<_, ApiError>((rows(page), bytes))
    };
    let mut all: Vec<T> = Vec::new();
    let mut bytes = 0;
    let mut seen: HashSet<String> = HashSet::new();
    // Of a full page only: in a short one rows are hidden, and the next page may begin with one of them.
    let mut last: Option<String> = None;
    let mut full = 0;
    let mut offsets = (0..).step_by(LIMIT - 1);
    let mut pages: FuturesOrdered<_> = offsets.by_ref().take(ahead(full)).map(read).collect();
    while let Some(page) = pages.next().await {
        let (page, size) = page?;
        bytes += size;
        if last.as_ref().is_some_and(|last| page.iter().all(|row| id(row) != last)) {
            return Ok(None);
        }
        if page.is_empty() {
            break;
        }
        let only_the_last = last.is_some() && page.len() == 1;
        last = page.last().filter(|_| page.len() == LIMIT).map(|row| id(row).to_owned());
        full += usize::from(last.is_some());
        let wanted = if last.is_some() { ahead(full) } else { 1 };
        pages.extend(offsets.by_ref().take(wanted.saturating_sub(pages.len())).map(read));
        let before = all.len();
        all.extend(page.into_iter().filter(|row| seen.insert(id(row).to_owned())));
        list.within(all.len(), bytes)?;
        if all.len() == before && !only_the_last {
            return Ok(None);
        }
    }
    Ok(Some(all))
}

/// How many pages are asked for at once after so many full ones. Two are never too many: a full page has one after it that
/// is not empty, and only an empty one is the end. More are worth it where a list is long.
fn ahead(full: usize) -> usize {
    (2 + full / 8).min(4)
}

/// All rows of a list that is walked by the ID of a row, 500 at a time.
///
/// The server skips the first row from `after` on, even if it is not the row of that ID: where that row has gone, the one behind it is
/// lost (influxd 2.9.1, measured). So the page after a full one begins with the last row of that one; where it does not, the
/// list is walked anew.
pub(crate) async fn after<P: DeserializeOwned, T>(
    api: &Client,
    path: &str,
    query: &[(&str, &str)],
    rows: impl Fn(P) -> Vec<T>,
    id: impl Fn(&T) -> &str,
) -> Result<Vec<T>, ApiError> {
    let list = List { api, path, query, bounds: LIST };
    list.anew(async || walk_after(&list, &rows, &id).await).await
}

/// One walk by the ID of a row; none if rows have gone while it went on.
async fn walk_after<P: DeserializeOwned, T>(
    list: &List<'_>,
    rows: &impl Fn(P) -> Vec<T>,
    id: &impl Fn(&T) -> &str,
) -> Result<Option<Vec<T>>, ApiError> {
    let mut all: Vec<T> = Vec::new();
    let mut bytes = 0;
    let mut seen: HashSet<String> = HashSet::new();
    let mut is_full = false;
    loop {
        let ids: Vec<String> = all.iter().rev().take(2).map(|row| id(row).to_owned()).collect();
        let last = ids.first().filter(|_| is_full);
        let from = if is_full { ids.get(1) } else { ids.first() };
        // It goes into the next request.
        if let Some(none) = from.filter(|from| !is_id(from)) {
            let shown = shown(none);
            return Err(list.endless(format!("the list has a row with the ID `{shown}`, which is not an ID")));
        }
        let limit = AFTER_LIMIT.to_string();
        let mut asked = vec![("limit", limit.as_str())];
        asked.extend(from.map(|from| ("after", from.as_str())));
        let (page, size) = list.page(&asked).await?;
        let page = rows(page);
        bytes += size;
        let overlap = usize::from(last.is_some());
        if last.is_some_and(|last| page.first().is_none_or(|first| id(first) != last)) {
            return Ok(None);
        }
        if page.len() == overlap {
            return Ok(Some(all));
        }
        is_full = page.len() == AFTER_LIMIT;
        let new = page.into_iter().skip(overlap);
        // A row that comes again: the server does not page at all, and the walk has no end.
        for row in new {
            if !seen.insert(id(&row).to_owned()) {
                return Err(
                    list.endless(format!("the list repeats the row with the ID `{}` instead of ending", id(&row)))
                );
            }
            all.push(row);
        }
        list.within(all.len(), bytes)?;
    }
}

/// All rows of a list that is walked by `offset` and whose pages may have rows of earlier ones, to the first empty page.
pub(crate) async fn repeating<P: DeserializeOwned, T>(
    api: &Client,
    path: &str,
    query: &[(&str, &str)],
    rows: impl Fn(P) -> Vec<T>,
) -> Result<Vec<T>, ApiError> {
    let list = List { api, path, query, bounds: LIST };
    list.in_time(async || {
        let mut all = Vec::new();
        let mut bytes = 0;
        for offset in (0..).step_by(LIMIT) {
            let (limit, offset) = (LIMIT.to_string(), offset.to_string());
            let (page, size) = list.page(&[("limit", &limit), ("offset", &offset)]).await?;
            let page = rows(page);
            if page.is_empty() {
                break;
            }
            all.extend(page);
            bytes += size;
            list.within(all.len(), bytes)?;
        }
        Ok(all)
    })
    .await
}

/// All rows of a list that the server gives whole.
pub(crate) async fn whole<P: DeserializeOwned, T>(
    api: &Client,
    path: &str,
    query: &[(&str, &str)],
    rows: impl Fn(P) -> Vec<T>,
) -> Result<Vec<T>, ApiError> {
    let list = List { api, path, query, bounds: LIST };
    let (page, bytes) = list.page(&[]).await?;
    let rows = rows(page);
    list.within(rows.len(), bytes)?;
    Ok(rows)
}

#[cfg(test)]
mod tests;
