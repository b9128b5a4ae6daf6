//! How lists that come in pages are walked.

use serde_json::json;

use super::super::Class;
use super::super::fault::{Fault, Reply};
use super::*;

fn page(ids: std::ops::Range<u32>) -> Reply {
    Reply::json(200, &json!(ids.map(|id| id.to_string()).collect::<Vec<_>>()))
}

/// A page of rows whose IDs are some.
fn ids(ids: std::ops::Range<u32>) -> Reply {
    Reply::json(200, &json!(ids.map(|id| format!("{id:016x}")).collect::<Vec<_>>()))
}

async fn walk_all(fault: &Fault) -> Result<Vec<String>, ApiError> {
    by_offset(&fault.client(), "/api/v2/x", &[("orgID", "o")], |page: Vec<String>| page, |row| row).await
}

fn line(offset: usize) -> String {
    format!("GET /api/v2/x?orgID=o&limit=100&offset={offset}")
}

/// A server with these pages, each at its offset; several at one offset come one after another.
async fn pages(pages: &[(usize, std::ops::Range<u32>)]) -> Fault {
    Fault::start_for(pages.iter().map(|(offset, rows)| (line(*offset), page(rows.clone())))).await
}

/// At which offsets it was asked: side by side, so in any order.
fn asked(fault: &Fault) -> Vec<usize> {
    let number = |line: &String| line.rsplit('=').next().and_then(|offset| offset.parse().ok());
    let mut offsets: Vec<usize> = fault.lines().iter().filter_map(number).collect();
    offsets.sort_unstable();
    offsets
}

#[tokio::test]
async fn a_short_page_is_not_the_end() {
    let fault = pages(&[(0, 0..98), (99, 99..154), (198, 0..0)]).await;
    assert_eq!(walk_all(&fault).await.expect("all").len(), 98 + 55);
    assert_eq!(asked(&fault), [0, 99, 198]);
}

#[tokio::test]
async fn pages_overlap_by_a_row() {
    let fault = pages(&[(0, 0..100), (99, 99..199), (198, 198..199), (297, 0..0)]).await;
    assert_eq!(walk_all(&fault).await.expect("all").len(), 199);
    assert_eq!(asked(&fault), [0, 99, 198, 297]);
}

#[tokio::test]
async fn rows_come_in_order_and_no_page_too_many_is_read() {
    let full: Vec<_> = (0..6).map(|n| (n * 99, n as u32 * 99..n as u32 * 99 + 100)).collect();
    let fault = pages(&[full, vec![(594, 594..600), (693, 0..0)]].concat()).await;
    assert_eq!(walk_all(&fault).await.expect("all"), (0..600).map(|row| row.to_string()).collect::<Vec<_>>());
    assert_eq!(asked(&fault), (0..8).map(|n| n * 99).collect::<Vec<_>>());
}

#[tokio::test]
async fn two_pages_are_under_way_at_once() {
    // The first page is answered only when the second has been asked for.
    let fault = Fault::start_for([
        (line(0), Reply::After(line(99), Box::new(page(0..100)))),
        (line(99), page(99..101)),
        (line(198), page(0..0)),
    ])
    .await;
    assert_eq!(walk_all(&fault).await.expect("all").len(), 101);
}

#[tokio::test]
async fn a_list_that_shrinks_between_two_pages_is_walked_anew() {
    // Row 100 has come to where row 99 was.
    let fault = pages(&[(0, 0..100), (99, 100..150), (0, 1..101), (99, 100..150), (198, 0..0), (198, 0..0)]).await;
    let all = walk_all(&fault).await.expect("all");
    assert_eq!((all.len(), all.contains(&"100".to_owned())), (149, true));
}

#[tokio::test]
async fn pages_that_are_read_in_another_order_lose_nothing() {
    // The first row was deleted after the second page was read, and before the first was.
    let fault = pages(&[(0, 1..101), (99, 99..150), (198, 0..0)]).await;
    assert_eq!(walk_all(&fault).await.expect("all"), (1..150).map(|row| row.to_string()).collect::<Vec<_>>());
    // A row came after the second page was read: the last of the first is not in the second.
    let again = [(0, 0..100), (99, 99..150), (198, 0..0)];
    let late = [(0, 0..100), (99, 100..150), (198, 0..0)];
    assert_eq!(walk_all(&pages(&[late, again].concat()).await).await.expect("all").len(), 150);
}

#[tokio::test]
async fn a_row_that_comes_twice_counts_once() {
    // A new row before them has moved all others on.
    let fault = pages(&[(0, 0..100), (99, 98..150), (198, 0..0)]).await;
    assert_eq!(walk_all(&fault).await.expect("all").len(), 150);
}

#[tokio::test]
async fn a_server_that_does_not_page_is_an_error() {
    let all: Vec<_> = (0..WALKS).flat_map(|_| [(0, 0..3), (99, 0..3), (198, 0..3)]).collect();
    let error = walk_all(&pages(&all).await).await.expect_err("no end");
    assert_eq!(error.class, Class::Unexpected);
    assert!(error.hint().is_some_and(|hint| hint.starts_with("try again when nothing makes or deletes")));
}

/// What a list says that is walked within these bounds.
async fn bounded(fault: &Fault, bounds: Bounds) -> String {
    let (api, rows) = (fault.client(), |page: Vec<String>| page);
    let list = List { api: &api, path: "/api/v2/x", query: &[("orgID", "o")], bounds };
    let error = list.in_time(async || walk(&list, &rows, &|row: &String| row).await).await.expect_err("no end");
    assert_eq!(error.class, Class::Unexpected);
    error.message
}

/// A server whose pages are always full of rows that nobody has seen.
async fn endless() -> Fault {
    let full: Vec<_> = (0..20).map(|n| (n * 99, n as u32 * 99..n as u32 * 99 + 100)).collect();
    pages(&full).await
}

#[tokio::test]
async fn a_list_without_end_is_an_error() {
    let few = Bounds { rows: 500, ..LIST };
    let said = bounded(&endless().await, few).await;
    assert_eq!(said, "the list does not end: it has more than 500 rows");
    let small = Bounds { bytes: 4000, ..LIST };
    let said = bounded(&endless().await, small).await;
    assert_eq!(said, "the list does not end: it has more than 0 MiB");
    let slow = Bounds { time: std::time::Duration::ZERO, ..LIST };
    let said = bounded(&Fault::start([Reply::Hang]).await, slow).await;
    assert_eq!(said, "the list does not end: reading it took more than 0 s");
}

#[tokio::test]
async fn every_list_has_bounds() {
    let rows = |page: Vec<String>| page;
    let many = || Reply::json(200, &json!(vec!["1"; super::super::MOST_ROWS + 1]));
    let fault = Fault::start([many(), many(), many(), many()]).await;
    let api = fault.client();
    let said = [
        whole(&api, "/api/v2/x", &[], rows).await.expect_err("too many"),
        repeating(&api, "/api/v2/x", &[], rows).await.expect_err("too many"),
        after(&api, "/api/v2/x", &[], rows, |row| row).await.expect_err("the same"),
    ];
    let ends = ["more than 200000 rows", "more than 200000 rows", "repeats the row with the ID `1` instead of ending"];
    for (error, end) in said.iter().zip(ends) {
        assert!(error.class == Class::Unexpected && error.message.ends_with(end), "{error}");
    }
}

#[tokio::test]
async fn a_row_that_comes_again_ends_a_list_that_goes_on_after_the_last() {
    let fault = Fault::start([ids(1..4), ids(4..7), ids(2..5)]).await;
    let error = after(&fault.client(), "/api/v2/tasks", &[], |page: Vec<String>| page, |row| row).await;
    let repeats = "the list repeats the row with the ID `0000000000000002` instead of ending";
    assert_eq!(error.expect_err("no end").message, repeats);
}

#[tokio::test]
async fn what_is_no_id_leads_to_no_other_page() {
    for none in ["../orgs/x", "1&orgID=2", "0123456789abcdef0"] {
        let fault = Fault::start([Reply::json(200, &json!([none])), page(0..0)]).await;
        let error = after(&fault.client(), "/api/v2/tasks", &[], |page: Vec<String>| page, |row| row).await;
        let message = error.expect_err("no ID").message;
        assert_eq!(message, format!("the list has a row with the ID `{none}`, which is not an ID"));
        assert_eq!(fault.lines(), ["GET /api/v2/tasks?limit=500"]);
    }
}

#[tokio::test]
async fn tasks_go_on_after_the_last() {
    let fault = Fault::start([ids(1..11), page(0..0)]).await;
    let all = after(&fault.client(), "/api/v2/tasks", &[], |page: Vec<String>| page, |row| row).await;
    assert_eq!(all.expect("all").len(), 10);
    assert_eq!(fault.lines()[1], "GET /api/v2/tasks?limit=500&after=000000000000000a");
}

#[tokio::test]
async fn the_page_after_a_full_one_begins_with_its_last_row() {
    let fault = Fault::start([ids(1..501), ids(500..503), page(0..0)]).await;
    let all = after(&fault.client(), "/api/v2/tasks", &[], |page: Vec<String>| page, |row| row).await;
    assert_eq!(all.expect("all").len(), 502);
    let lines = fault.lines();
    assert_eq!(lines[1], "GET /api/v2/tasks?limit=500&after=00000000000001f3");
    assert_eq!(lines[2], "GET /api/v2/tasks?limit=500&after=00000000000001f6");
    let fault = Fault::start([ids(1..501), ids(500..501)]).await;
    let all = after(&fault.client(), "/api/v2/tasks", &[], |page: Vec<String>| page, |row| row).await;
    assert_eq!(all.expect("all").len(), 500);
}

#[tokio::test]
async fn where_the_last_row_of_a_page_has_gone_the_list_is_walked_anew() {
    for gone in [ids(501..503), page(0..0)] {
        let fault = Fault::start([ids(1..501), gone, ids(2..502), ids(501..504), page(0..0)]).await;
        let all = after(&fault.client(), "/api/v2/tasks", &[], |page: Vec<String>| page, |row| row).await.expect("all");
        assert_eq!((all.len(), fault.lines().len()), (502, 5));
    }
}
