//! A place for one test: a server and an organization of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::http::{Http, Reply};
use super::server::{Backend, Server};

/// A server that other tests use too, and an organization that only this test knows.
pub(crate) struct Scene {
    pub(crate) server: Arc<Server>,
    /// Requests as the operator, who owns the organization.
    pub(crate) http: Http,
    /// ID of the organization.
    pub(crate) org: String,
    pub(crate) org_name: String,
    /// ID of the operator's user.
    pub(crate) user: String,
}

/// A token that a test made.
pub(crate) struct Secret {
    pub(crate) id: String,
    /// The secret itself.
    pub(crate) token: String,
    /// Requests with it.
    pub(crate) http: Http,
}

/// A user that a test made.
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) password: String,
}

/// An ID that no object has.
pub(crate) const ABSENT: &str = "0123456789abcdef";

impl Scene {
    pub(crate) async fn on(backend: Backend) -> Self {
        Self::of(Server::shared(backend).await).await
    }

    /// Another organization on the same server.
    pub(crate) async fn beside(&self) -> Self {
        Self::of(self.server.clone()).await
    }

    async fn of(server: Arc<Server>) -> Self {
        let http = server.operator();
        let org_name = unique("org");
        let org = http.post("orgs", json!({"name": org_name})).await;
        let org = id(&org.expect(201));
        let user = id(&http.get("me").await.expect(200));
        Self { server, http, org, org_name, user }
    }

    /// Makes a bucket without rules; its ID.
    pub(crate) async fn bucket(&self, name: &str) -> String {
        let body = json!({"orgID": self.org, "name": name});
        id(&self.http.post("buckets", body).await.expect(201))
    }

    /// Makes a task that runs every hour; its ID.
    pub(crate) async fn task(&self, name: &str) -> String {
        let body = json!({"orgID": self.org, "flux": hourly(name)});
        id(&self.http.post("tasks", body).await.expect(201))
    }

    /// Makes a label; its ID.
    pub(crate) async fn label(&self, name: &str) -> String {
        let body = json!({"orgID": self.org, "name": name});
        let reply = self.http.post("labels", body).await.expect(201);
        id(&reply["label"])
    }

    /// Makes a user whose name begins as given; its ID.
    pub(crate) async fn user(&self, name: &str) -> String {
        let body = json!({"name": unique(name)});
        id(&self.http.post("users", body).await.expect(201))
    }

    /// Makes a token of the operator's user with these permissions.
    pub(crate) async fn token(&self, permissions: Value) -> Secret {
        self.token_with(json!({"permissions": permissions})).await
    }

    /// Makes a token; `fields` are added to the body, and win.
    pub(crate) async fn token_with(&self, fields: Value) -> Secret {
        let mut body = json!({"orgID": self.org});
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let reply = self.http.post("authorizations", body).await.expect(201);
        let token = reply["token"].as_str().unwrap().to_owned();
        Secret { id: id(&reply), http: self.http.with_token(&token), token }
    }

    /// Makes a user who can sign in.
    pub(crate) async fn user_with_password(&self, name: &str) -> Person {
        let person = Person { id: String::new(), name: unique(name), password: "long-enough".to_owned() };
        let user = self.http.post("users", json!({"name": person.name})).await;
        let id = id(&user.expect(201));
        let path = format!("users/{id}/password");
        let body = json!({"password": person.password});
        self.http.post(&path, body).await.expect(204);
        Person { id, ..person }
    }

    /// Requests with the session of a user.
    pub(crate) async fn session(&self, name: &str, password: &str) -> Http {
        let signed_in = self.sign_in(name, password).await;
        assert_eq!(signed_in.status, 204, "{}", signed_in.text);
        let cookie = signed_in.header("set-cookie").split(';').next().unwrap();
        self.server.anonymous().with_header("cookie", cookie)
    }

    /// `POST /api/v2/signin` with basic authentication.
    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> Reply {
        let basic = format!("Basic {}", base64(&format!("{name}:{password}")));
        let http = self.server.anonymous().with_header("authorization", &basic);
        http.post_text("signin", "").await
    }

    /// A permission on all objects of a type in the organization.
    pub(crate) fn may(&self, action: &str, kind: &str) -> Value {
        json!({"action": action, "resource": {"type": kind, "orgID": self.org}})
    }

    /// A permission on one object in the organization.
    pub(crate) fn may_one(&self, action: &str, kind: &str, id: &str) -> Value {
        json!({"action": action, "resource": {"type": kind, "orgID": self.org, "id": id}})
    }

    /// A permission on the organization itself.
    pub(crate) fn may_org(&self, action: &str) -> Value {
        json!({"action": action, "resource": {"type": "orgs", "id": self.org}})
    }
}

/// A name that nobody else uses.
pub(crate) fn unique(prefix: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{prefix}-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// `id` of an object.
#[track_caller]
pub(crate) fn id(object: &Value) -> String {
    match object["id"].as_str() {
        Some(id) => id.to_owned(),
        None => panic!("no id in {object}"),
    }
}

/// `name` of each object of a list, in its order.
#[track_caller]
pub(crate) fn names(list: &Value) -> Vec<&str> {
    column(list, "name")
}

/// One field of each object of a list, in its order.
#[track_caller]
pub(crate) fn column<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let Some(rows) = list.as_array() else {
        panic!("no list: {list}");
    };
    rows.iter().map(|row| row[field].as_str().unwrap_or_default()).collect()
}

/// A script that runs every hour and reads nothing.
pub(crate) fn hourly(name: &str) -> String {
    format!("option task = {{name: \"{name}\", every: 1h}}\n\nfrom(bucket: \"_monitoring\") |> range(start: -1h)\n")
}

/// Base64 of a text, with padding.
pub(crate) fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let mut bits = [0_u8; 4];
        bits[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(bits);
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) & 63;
            out.push(if digit <= chunk.len() { char::from(DIGITS[index as usize]) } else { '=' });
        }
    }
    out
}
