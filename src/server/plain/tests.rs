//! A kind that has everything, asked over HTTP.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::list::{By, Filter, ListLinks, Paged};
use super::*;
use crate::server::auth::ResourceType;
use crate::server::reply::Style;
use crate::server::store::column::{Cell, Changes, Column, Holds, ID, LINKS, ORG, Shown as When, text};
use crate::server::store::object::Unique;
use crate::server::store::{bucket, if_there};
use crate::server::{Location, Options, Server, Setup};

pub(in crate::server) static THINGS: Plain = Plain {
    handlers: Handlers {
        get: |kind, call| match call.query.get("as") {
            Some("text") => Ok(Reply::raw(StatusCode::OK, "text/plain", "a thing")),
            _ => kind.get(call),
        },
        ..Handlers::BY_TABLE
    },
    list: List {
        links: ListLinks::Pages,
        paged: Paged::AcrossOrgs,
        filters: &[
            Filter { parameter: "orgID", by: By::Org },
            Filter { parameter: "org", by: By::OrgName },
            Filter { parameter: "id", by: By::Id },
            Filter { parameter: "state", by: By::Column("state", str::to_lowercase) },
        ],
        ..List::new("rows")
    },
    links: &[("bucket", "/api/v2/buckets/{bucketID}"), ("self", "/api/v2/things/{id}")],
    create: Body::untold("test.Thing"),
    patch: Some(Body::new("test.Thing")),
    put: Some(Body::new("test.Thing")),
    missing: "thing not found",
    clash: |thing, _, _| Problem::conflict(format!("there is a thing {}", thing.text("name"))),
    read_to_change: true,
    check: |sent, _| match sent.text("state") {
        Some("lost") => Err(Problem::invalid("a thing cannot be lost")),
        Some("sleeping") => {
            sent.set("state", Some("off".into()));
            Ok(())
        }
        _ => Ok(()),
    },
    ..Plain::new(
        Api { style: Style::Compact, labels: true, members: true, ..Api::new("things", ResourceType::Scrapers) },
        &CLASS,
    )
};

static CLASS: Class = Class {
    name: "things",
    columns: &[
        ID,
        ORG,
        text("name").trimmed(),
        text("state").or("on").changed(Changes::IfNotEmpty),
        text("note").changed(Changes::Always).shown(When::UnlessEmpty),
        text("password").shown(When::Never),
        Column::new("quiet", Holds::Flag),
        Column::new("size", Holds::Integer).shown(When::UnlessEmpty),
        Column::new(
            "shape",
            Holds::Json(|sent| sent.is_array().then(|| sent.clone()).ok_or(Problem::invalid("no shape"))),
        ),
        Column::new("bucketID", Holds::Reference)
            .shown(When::If(|view, thing| Ok(bucket_name(view, thing)?.is_some()))),
        Column::new("bucket", Holds::Derived(bucket_name)),
        Column::new("makerID", Holds::Maker).fixed(),
        Column::new("createdAt", Holds::Created).fixed(),
        Column::new("updatedAt", Holds::Updated).fixed(),
        Column::new("labels", Holds::Labels).fixed(),
        LINKS,
    ],
    unique: Some(Unique { column: "name", per_org: true, fold: |name| name.to_lowercase().into_bytes() }),
    goes_with: Some("orgID"),
};

fn bucket_name(view: &View, thing: &Object) -> Result<Option<Cell>, Error> {
    let Some(id) = thing.reference("bucketID") else { return Ok(None) };
    Ok(if_there(bucket::find(view, id))?.map(|bucket| Cell::Text(bucket.name)))
}

struct Client {
    server: Server,
    token: String,
    org: String,
}

impl Client {
    async fn start() -> Self {
        let setup = Some(Setup { org: "acme".to_owned(), user: "ann".to_owned() });
        let listen = ([127, 0, 0, 1], 0).into();
        let options = Options { location: Location::Memory, listen, setup, lock_wait: Duration::ZERO };
        let server = Server::start(options).await.expect("started");
        let token = server.operator_token().expect("a token").expose_secret().to_owned();
        let mut client = Self { server, token, org: String::new() };
        client.org = id(&client.ask("GET", "orgs", Value::Null).await.1["orgs"][0]);
        client
    }

    /// The status, and the body or else the header `Allow`.
    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let url = self.server.url();
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.expect("connected");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let head = format!(
            "{method} /api/v2/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Token {}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            self.token,
            body.len(),
        );
        stream.write_all((head + &body).as_bytes()).await.expect("sent");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.expect("a reply");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
        let status = head[9..12].parse().expect("a status");
        (status, serde_json::from_str(body).unwrap_or_else(|_| body.into()))
    }

    async fn made(&self, name: &str) -> Value {
        let (status, made) = self.ask("POST", "things", json!({"orgID": self.org, "name": name})).await;
        assert_eq!(status, 201, "{made}");
        made
    }
}

fn id(object: &Value) -> String {
    object["id"].as_str().expect("an ID").to_owned()
}

fn names(list: &Value) -> Vec<&str> {
    list["rows"].as_array().expect("rows").iter().map(|row| row["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn columns_are_read_kept_and_shown_as_the_table_says() {
    let client = Client::start().await;
    let bucket = id(&client.ask("GET", "buckets?name=_tasks", Value::Null).await.1["buckets"][0]);
    let made = client.made(" a ").await;
    let path = format!("things/{}", id(&made));
    let shown = |thing: &Value| {
        let mut thing = thing.clone();
        let columns = thing.as_object_mut().expect("an object");
        assert_eq!(columns["links"]["self"], format!("/api/v2/{path}"));
        for varying in ["id", "orgID", "makerID", "createdAt", "updatedAt", "links"] {
            assert!(columns.shift_remove(varying).is_some(), "{varying}");
        }
        thing.to_string()
    };
    assert_eq!(shown(&made), r#"{"name":"a","state":"on","quiet":false,"shape":null,"labels":[]}"#);
    let order: Vec<_> = made.as_object().expect("an object").keys().collect();
    assert_eq!(order[..3], ["id", "orgID", "name"]);
    let sent = json!({"note": "n", "password": "p", "quiet": true, "size": 3, "shape": [{"z": 1, "a": 2}], "bucketID": bucket, "orgID": "x"});
    let (_, changed) = client.ask("PATCH", &path, sent).await;
    let all = format!(
        r#"{{"name":"a","state":"on","note":"n","quiet":true,"size":3,"shape":[{{"z":1,"a":2}}],"bucketID":"{bucket}","bucket":"_tasks","labels":[]}}"#
    );
    assert_eq!(shown(&changed), all);
    assert_eq!(changed["links"]["bucket"], format!("/api/v2/buckets/{bucket}"));
    assert_eq!(changed["createdAt"], made["createdAt"]);
    assert_eq!(changed["makerID"], client.ask("GET", "me", Value::Null).await.1["id"]);
    assert_ne!(changed["updatedAt"], made["updatedAt"]);
    // What is not sent stays, but for the one that is always replaced; a PUT leaves nothing.
    let (_, changed) = client.ask("PATCH", &path, json!({"state": "", "bucketID": null})).await;
    assert_eq!(shown(&changed), all.replace(r#""note":"n","#, ""));
    assert_eq!(client.ask("GET", &path, Value::Null).await.1, changed);
    assert_eq!(client.ask("GET", &format!("{path}?as=text"), Value::Null).await, (200, "a thing".into()));
    let (_, changed) = client.ask("PATCH", &path, json!({"state": "sleeping"})).await;
    assert_eq!(changed["state"], "off");
    let (_, changed) = client.ask("PUT", &path, json!({"name": "b", "bucketID": "000000000000000a"})).await;
    assert_eq!(shown(&changed), r#"{"name":"b","state":"on","quiet":false,"shape":null,"labels":[]}"#);
    assert!(changed["links"].get("bucket").is_none(), "nothing is linked that is not there: {changed}");
}

#[tokio::test]
async fn what_is_wrong_is_refused_as_the_table_says() {
    let client = Client::start().await;
    let path = format!("things/{}", id(&client.made("a").await));
    client.made("B").await;
    let message = async |method, path: &str, body| {
        let (status, reply) = client.ask(method, path, body).await;
        format!("{status} {}", reply["message"].as_str().unwrap_or_else(|| panic!("{reply}")))
    };
    let org = &client.org;
    for (method, path, body, expected) in [
        ("POST", "things", json!({"orgID": org, "name": "A"}), "422 there is a thing A"),
        ("PATCH", &path, json!({"name": "b"}), "422 there is a thing b"),
        ("POST", "things", json!({"name": "c"}), "400 invalid org id for permission: invalid ID"),
        ("POST", "things", json!({"size": "x"}), "500 An internal error has occurred - check server logs"),
        ("POST", "things", json!({"orgID": "x"}), "400 id must have a length of 16 bytes"),
        (
            "PATCH",
            &path,
            json!({"size": "x"}),
            "500 json: cannot unmarshal string into Go struct field Thing.size of type int64",
        ),
        ("PATCH", &path, json!({"shape": 1}), "400 no shape"),
        ("PUT", &path, json!({"state": "lost"}), "400 a thing cannot be lost"),
        ("GET", "things/000000000000000a", Value::Null, "404 thing not found"),
        ("DELETE", "things/000000000000000a", Value::Null, "404 thing not found"),
        ("GET", "things/x/y", Value::Null, "404 path not found"),
        ("POST", &path, Value::Null, "405 allow: DELETE, GET, OPTIONS, PATCH, PUT"),
        ("GET", "things?org=none", Value::Null, "404 organization name \"none\" not found"),
    ] {
        assert_eq!(message(method, path, body).await, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn lists_are_filtered_paged_and_thinned_out() {
    let mut client = Client::start().await;
    let (_, other) = client.ask("POST", "orgs", json!({"name": "other"})).await;
    for name in ["a", "b", "c"] {
        client.made(name).await;
    }
    let (_, foreign) = client.ask("POST", "things", json!({"orgID": other["id"], "name": "a", "state": "Off"})).await;
    let list = async |client: &Client, query: &str| client.ask("GET", &format!("things{query}"), Value::Null).await.1;
    let (org, foreign) = (client.org.clone(), id(&foreign));
    for (query, expected) in [
        ("", &["a", "b", "c", "a"][..]),
        ("?limit=2&offset=1", &["b", "c"]),
        (&format!("?limit=2&orgID={org}"), &["a", "b", "c"]),
        ("?org=other", &["a"]),
        ("?state=OFF", &["a"]),
        (&format!("?id={foreign}"), &["a"]),
        (&format!("?id={org}"), &[]),
    ] {
        assert_eq!(names(&list(&client, query).await), expected, "{query}");
    }
    let links = list(&client, "?limit=2&org=other&descending=true").await["links"].to_string();
    assert_eq!(links, r#"{"self":"/api/v2/things?descending=true&limit=2&offset=0&org=other"}"#);
    let resource = json!({"type": "scrapers", "orgID": org});
    let body = json!({"orgID": org, "permissions": [{"action": "write", "resource": resource}]});
    client.token = client.ask("POST", "authorizations", body).await.1["token"].as_str().expect("a token").to_owned();
    assert_eq!(names(&list(&client, "").await), [""; 0]);
    let path = format!("things/{}", id(&client.made("d").await));
    for method in ["GET", "PATCH", "DELETE"] {
        let (status, reply) = client.ask(method, &path, json!({})).await;
        assert_eq!(
            (status, reply["message"].as_str()),
            (401, Some(&*format!("read:orgs/{org}/scrapers/{} is unauthorized", &path[7..])))
        );
    }
}

#[tokio::test]
async fn objects_go_with_their_org_and_relations_with_the_object() {
    let client = Client::start().await;
    let (_, other) = client.ask("POST", "orgs", json!({"name": "other"})).await;
    let (_, label) = client.ask("POST", "labels", json!({"orgID": client.org, "name": "l"})).await;
    let (_, user) = client.ask("POST", "users", json!({"name": "bob"})).await;
    let kept = client.made("a").await;
    client.ask("POST", "things", json!({"orgID": other["id"], "name": "a"})).await;
    let path = format!("things/{}", id(&kept));
    assert_eq!(client.ask("POST", &format!("{path}/labels"), json!({"labelID": label["label"]["id"]})).await.0, 201);
    assert_eq!(client.ask("POST", &format!("{path}/owners"), json!({"id": user["id"]})).await.0, 201);
    assert_eq!(client.ask("GET", &path, Value::Null).await.1["labels"][0]["name"], "l");
    assert_eq!(client.ask("DELETE", &format!("orgs/{}", id(&other)), Value::Null).await.0, 204);
    assert_eq!(client.ask("GET", "things", Value::Null).await.1["rows"].as_array().expect("rows").len(), 1);
    let owners = async || client.ask("GET", &format!("{path}/owners"), Value::Null).await.1["users"].clone();
    assert_eq!(owners().await[0]["name"], "bob");
    assert_eq!(client.ask("DELETE", &path, Value::Null).await.0, 204);
    assert_eq!(owners().await, json!([]));
    client.made("A").await;
}
