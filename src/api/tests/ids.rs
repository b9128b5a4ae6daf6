//! What a server calls an ID.

use serde_json::json;

use super::super::fault::{Fault, Reply};
use super::super::{Class, Identified, Writer};
use super::ok;

struct Row(String);

impl<'de> serde::Deserialize<'de> for Row {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self)
    }
}

impl Identified for Row {
    const TIMED: bool = true;

    fn id(&self) -> &str {
        &self.0
    }
}

#[tokio::test]
async fn what_is_made_has_an_id_that_nothing_had() {
    let (lock, before, long_before) = ("0ea6f5a3c0000000", "0ea6f5a300000000", "0ea6000000000000");
    for (id, words) in [
        ("", "not an ID"),
        ("../orgs/0ea6f5a3c0000001", "`../orgs/0ea6f5a3c0000001` as the new object's ID, which is not an ID"),
        ("0ea6f5a3c0000001f", "not an ID"),
        ("0EA6F5A3C0000001", "not an ID"),
        ("0000000000000000", "not an ID"),
        (lock, "the ID of another object"),
        (long_before, "assigned long before"),
    ] {
        let fault = Fault::start([Reply::json(201, &json!(id))]).await;
        let api = fault.client();
        api.saw("/api/v2/tasks", lock);
        let writer = Writer::new(api).since(lock);
        let error = writer.create::<_, Row>("/api/v2/tasks", &json!({})).await.map(|row| row.0).expect_err(id);
        assert_eq!((error.class, error.maybe_done), (Class::NotOurs, true));
        assert!(error.message.contains(words) && error.message.contains(id), "{error}");
    }
    let fault = Fault::start([Reply::json(201, &json!(before)), Reply::json(201, &json!(before))]).await;
    let api = fault.client();
    // The services of influxd know nothing of each other's IDs.
    api.saw("/api/v2/buckets", before);
    let writer = Writer::new(api).since(lock);
    let create = async || writer.create::<_, Row>("/api/v2/tasks", &json!({})).await;
    assert_eq!(create().await.expect("new, by a clock that was set right").0, before);
    create().await.map(|row| row.0).expect_err("made already");
}

#[tokio::test]
async fn an_id_cannot_lead_elsewhere() {
    let fault = Fault::start([ok()]).await;
    for path in [
        "/api/v2/labels/../orgs/1",
        "/api/v2/labels/./1",
        "/api/v2/labels/%2e%2e/1",
        "/api/v2/labels/1?x",
        "/api/v2/dbrps/0000000000000001?orgID=x",
        "/api/v2/dbrps/0000000000000001?orgID=0000000000000002&org=x",
        "/api/v2/dbrps/0000000000000001?org=0000000000000002",
        "/api/v2/a#b",
        "/api/v2/labels/",
        "/api/v2/labels/0000000000000000",
        "/api/v2/labels/00000000000000001",
        "/api/v2/labels/members",
        "/api/v2/orgs/0000000000000001/members/../../labels/0000000000000002",
        "/api/v2/orgs/0000000000000001/",
        "/private/legacy/authorizations/../../api",
        "/private/legacy/authorizations/0000000000000001?token=x",
        "/private/other/0000000000000001",
        "//other.example/api",
        "",
    ] {
        let error = Writer::new(fault.client()).delete(path).await.expect_err(path);
        assert_eq!(error.class, Class::Refused, "{path}");
    }
    assert!(fault.seen().is_empty());
}

#[tokio::test]
async fn the_org_of_an_object_is_asked_with() {
    let fault = Fault::start([ok()]).await;
    let path = "/api/v2/dbrps/0000000000000001?orgID=0000000000000002";
    fault.client().get::<serde_json::Value>(path, &[("x", "y")]).await.expect("a reply");
    assert_eq!(fault.lines(), [format!("GET {path}&x=y")]);
}
