//! What is asked, in which order, and what the answers prove.

use serde_json::{Value, json};

use super::super::fault::{Fault, Reply};
use super::*;

const ORG: &str = "00000000000000a1";
const ME: &str = "00000000000000b2";

fn lacks(what: &str) -> Reply {
    Reply::error(403, "forbidden", &format!("permission {what} is not allowed: {what} is unauthorized"))
}

fn row(id: &str, reads: &[&str], more: &[Value]) -> Value {
    let mut permissions = more.to_vec();
    permissions.extend(reads.iter().map(|ty| json!({"action": "read", "resource": {"type": ty, "orgID": ORG}})));
    permissions.push(json!({"action": "read", "resource": {"type": "authorizations", "orgID": ORG}}));
    permissions.push(json!({"action": "read", "resource": {"type": "users", "id": ME}}));
    json!({"id": id, "orgID": ORG, "status": "active", "token": "", "permissions": permissions})
}

fn rows(rows: &[Value]) -> Reply {
    Reply::json(200, &json!({"authorizations": rows}))
}

async fn proven(fault: &Fault, version: &str, types: &[&str], id: Option<&str>) -> Result<Vec<String>, ApiError> {
    let me = Me { id: ME.to_owned(), name: None };
    let Proof { sees, .. } = sight(&fault.client(), version, ORG, &me, types, id).await?;
    assert_eq!(sees.len(), types.len());
    Ok(sees.into_iter().filter(|(_, proven)| *proven).map(|(ty, _)| ty).collect())
}

fn hidden() -> Reply {
    Reply::error(401, "unauthorized", "unauthorized")
}

const NONE: &[String] = &[];
const OLD: &str = "2.5.0";

#[tokio::test]
async fn the_oracle_is_asked_until_all_that_is_left_is_held() {
    let fault =
        Fault::start([lacks(&format!("read:orgs/{ORG}/tasks")), lacks("read:users"), lacks("write:instance")]).await;
    let types = ["tasks", "labels", "users", "authorizations", "buckets"];
    assert_eq!(proven(&fault, "2.9.1", &types, None).await.expect("an answer"), ["buckets", "labels"]);
    let asked: Value = serde_json::from_str(&fault.seen()[2].body).expect("JSON");
    let here = |ty: &str| json!({"action": "read", "resource": {"type": ty, "orgID": ORG}});
    let instance = json!({"action": "write", "resource": {"type": "instance"}});
    let permissions = json!([here("authorizations"), here("buckets"), here("labels"), instance]);
    assert_eq!(asked, json!({"orgID": ORG, "status": "inactive", "permissions": permissions}));
}

#[tokio::test]
async fn a_token_made_by_asking_is_an_error_with_its_id() {
    let fault = Fault::start([Reply::json(201, &json!({"id": "00000000000000c3"}))]).await;
    let error = proven(&fault, "2.9.1", &["labels"], None).await.expect_err("made");
    assert_eq!((error.class, error.status), (Class::Unexpected, Some(201)));
    assert!(error.message.contains("00000000000000c3"), "{error}");
}

#[tokio::test]
async fn an_old_server_is_not_asked() {
    for version in [OLD, "2.0.9", "", "nightly"] {
        let fault = Fault::start([rows(&[row("1", &["labels"], &[])])]).await;
        assert_eq!(proven(&fault, version, &["labels", "tasks"], None).await.expect("sight"), ["labels"]);
        assert_eq!(fault.lines(), [format!("GET /api/v2/authorizations?userID={ME}")]);
    }
    assert!(has_oracle("2.5.1") && has_oracle("2.10.0-rc1") && has_oracle("3.0.0"));
}

#[tokio::test]
async fn a_token_that_can_write_nothing_is_known_by_its_row() {
    let me = Me { id: ME.to_owned(), name: None };
    let writes = json!({"action": "write", "resource": {"type": "labels", "orgID": ORG}});
    let both = [row("1", &["labels"], &[]), row("2", &["labels"], &[writes])];
    let only_reads = async |replies: Vec<Reply>, version: &'static str, id: Option<&'static str>| {
        let fault = Fault::start(replies).await;
        sight(&fault.client(), version, ORG, &me, &["labels"], id).await.expect("sight").only_reads
    };
    assert!(only_reads(vec![rows(&both[..1])], OLD, None).await);
    for id in [None, Some("1"), Some("2")] {
        assert!(!only_reads(vec![rows(&both)], OLD, id).await, "it may be the other");
    }
    assert!(!only_reads(vec![rows(&[])], OLD, None).await, "nothing is known of it");
    assert!(!only_reads(vec![lacks("write:instance")], "2.9.1", Some("1")).await, "it may make tokens");
}

#[tokio::test]
async fn own_row_by_secret_by_what_is_seen_or_all_that_could_be() {
    let all = [row("1", &["labels", "tasks"], &[]), row("2", &["labels", "buckets"], &[])];
    let types = ["labels", "tasks", "buckets"];
    let nothing = || Reply::json(200, &json!({"links": {}, "rows": []}));
    let one = |made: &str| Reply::json(200, &json!({"links": {}, "rows": [{"id": "7", "type": made}]}));
    for (replies, id, wanted) in [
        (vec![rows(&all), nothing(), nothing()], None, vec!["labels"]),
        (vec![rows(&all), nothing(), nothing()], Some("1"), vec!["labels"]),
        (vec![rows(&all), nothing(), nothing()], Some("2"), vec!["labels"]),
        (vec![rows(&all), hidden(), Reply::text(404, "", "404 page not found")], Some("1"), vec!["labels"]),
        (vec![rows(&all), nothing(), nothing()], Some("3"), vec![]),
        (vec![rows(&all), one("user")], None, vec!["buckets", "labels"]),
        (vec![rows(&all), one("user")], Some("1"), vec![]),
        (vec![rows(&all), one("system"), one("")], None, vec!["labels", "tasks"]),
    ] {
        let fault = Fault::start(replies).await;
        assert_eq!(proven(&fault, OLD, &types, id).await.expect("sight"), wanted);
    }
    let mut plain = all.clone();
    plain[1]["token"] = json!("t0ken");
    let fault = Fault::start([rows(&plain)]).await;
    assert_eq!(proven(&fault, OLD, &types, None).await.expect("sight"), ["buckets", "labels"]);
    // Of two orgs, since both rows are seen: what sees but one org is another token.
    let mut elsewhere = row("3", &["labels"], &[json!({"action": "read", "resource": {"type": "authorizations"}})]);
    elsewhere["orgID"] = json!("00000000000000d4");
    let fault = Fault::start([rows(&[all[0].clone(), elsewhere])]).await;
    assert_eq!(proven(&fault, OLD, &types, None).await.expect("sight"), ["labels"]);
    assert_eq!(fault.lines().len(), 1);
}

#[tokio::test]
async fn an_id_is_that_of_a_row_that_says_what_is_seen() {
    let absent = || Reply::error(404, "not found", "not found");
    let everywhere = |ty: &str| json!({"action": "read", "resource": {"type": ty}});
    let grants = json!({"action": "write", "resource": {"type": "authorizations", "orgID": ORG}});
    let wide = |more: Value| rows(&[row("1", &[], &[]), row("2", &["tasks"], &[more])]);
    let silent = Reply::error(401, "unauthorized", &format!("write:orgs/{ORG}/authorizations is unauthorized"));
    for (replies, wanted) in [
        (vec![wide(everywhere("orgs")), hidden()], false),
        (vec![wide(everywhere("users")), hidden()], false),
        (vec![wide(everywhere("users")), absent()], true),
    ] {
        let fault = Fault::start(replies).await;
        assert_eq!(!proven(&fault, OLD, &["tasks"], Some("2")).await.expect("sight").is_empty(), wanted);
    }
    let fault = Fault::start([silent, wide(grants)]).await;
    assert_eq!(proven(&fault, "2.9.1", &["tasks"], Some("2")).await.expect("sight"), NONE, "it may make tokens");
}

#[tokio::test]
async fn rows_that_cannot_be_ours_do_not_count() {
    let wide = json!({"action": "write", "resource": {"type": "authorizations", "orgID": ORG}});
    let mut off = row("2", &[], &[]);
    off["status"] = json!("inactive");
    let mut blind = row("3", &[], &[]);
    blind["permissions"] = json!([]);
    let all = [row("1", &["labels", "tasks"], &[]), off, blind, row("4", &["labels"], &[wide])];
    let silent = Reply::error(401, "unauthorized", &format!("write:orgs/{ORG}/authorizations is unauthorized"));
    let fault = Fault::start([silent, rows(&all)]).await;
    assert_eq!(proven(&fault, "2.9.1", &["labels", "tasks"], None).await.expect("sight"), ["labels", "tasks"]);
    let fault = Fault::start([rows(&all), hidden()]).await;
    assert_eq!(proven(&fault, OLD, &["labels", "tasks"], None).await.expect("sight"), ["labels"]);
}

#[tokio::test]
async fn one_object_or_another_org_proves_nothing() {
    let one = json!({"action": "read", "resource": {"type": "labels", "id": "1", "orgID": ORG}});
    let other = json!({"action": "read", "resource": {"type": "tasks", "orgID": "00000000000000d4"}});
    let everywhere = json!({"action": "read", "resource": {"type": "buckets"}});
    let fault = Fault::start([rows(&[row("1", &[], &[one, other, everywhere])])]).await;
    assert_eq!(proven(&fault, OLD, &["labels", "tasks", "buckets"], None).await.expect("sight"), ["buckets"]);
}

#[tokio::test]
async fn what_is_absent_and_not_hidden_proves_orgs_and_users() {
    let absent = Reply::error(404, "not found", "organization not found");
    let hidden = Reply::error(401, "unauthorized", "read:users/1 is unauthorized");
    let fault = Fault::start([rows(&[]), absent, hidden]).await;
    assert_eq!(proven(&fault, OLD, &["orgs", "users", "labels"], None).await.expect("sight"), ["orgs"]);
    let fault = Fault::start([rows(&[]), Reply::text(404, "", "404 page not found")]).await;
    assert_eq!(proven(&fault, OLD, &["orgs"], None).await.expect_err("no InfluxDB").class, Class::Unexpected);
}

#[tokio::test]
async fn rights_to_write_are_proven_too_and_not_by_what_is_seen() {
    let write = |ty, org| Permission::new("write", ty, org, None);
    let (tokens, labels, users) = (write(AUTHORIZATIONS, Some(ORG)), write("labels", Some(ORG)), write("users", None));
    let me = Me { id: ME.to_owned(), name: None };
    let look = async |replies: Vec<Reply>| {
        let fault = Fault::start(replies).await;
        let asked = BTreeSet::from([tokens.clone(), labels.clone(), users.clone()]);
        super::lacks(&fault.client(), "2.9.1", ORG, &me, asked, None).await.expect("an answer")
    };
    let lack = |of: &Permission| Some(Lack::Permission(of.to_string()));
    let found = look(vec![lacks("write:users"), lacks("write:instance")]).await;
    assert_eq!((&found[&tokens], &found[&labels], &found[&users]), (&None, &None, &lack(&users)));
    // Where the oracle is silent, it names what is lacking.
    let silent = || Reply::error(401, "unauthorized", &format!("{tokens} is unauthorized"));
    let found = look(vec![silent(), rows(&[])]).await;
    let hidden = Some(Lack::OwnRights(format!("read:users/{ME}")));
    assert_eq!((&found[&tokens], &found[&labels], &found[&users]), (&lack(&tokens), &hidden, &hidden));
    let own = row("1", &[], &[json!({"action": "write", "resource": {"type": "labels", "orgID": ORG}})]);
    let found = look(vec![silent(), rows(&[own])]).await;
    assert_eq!((&found[&tokens], &found[&labels], &found[&users]), (&lack(&tokens), &None, &lack(&users)));
}
