//! The floor: the same requests from a client that does nothing else, one after another on one keep-alive connection.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::Result;
use super::project::{SCRIPT, Size, bucket_name, mixed, of_mixed, task_name, token_name};

/// A bare client; its first request makes the connection that all later ones use.
pub(crate) struct Bare {
    http: Client,
    url: String,
}

impl Bare {
    pub(crate) fn new(url: &str, token: &str) -> Result<Self> {
        // Fails if there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Token {token}"))?);
        let builder = Client::builder().no_proxy().no_gzip().tls_certs_only([]).pool_max_idle_per_host(1);
        Ok(Self { http: builder.default_headers(headers).build()?, url: url.to_owned() })
    }

    /// Sends a request, reads the whole reply, and checks its status.
    async fn send(&self, method: Method, path: &str, body: Option<&Value>, status: u16) -> Result<Vec<u8>> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let reply = request.send().await?;
        let (got, bytes) = (reply.status().as_u16(), reply.bytes().await?);
        if got != status {
            return Err(format!("{method} {path}: {got}: {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(bytes.to_vec())
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>> {
        self.send(Method::GET, path, None, 200).await
    }

    /// `GET path` as text.
    pub(crate) async fn text(&self, path: &str) -> Result<String> {
        Ok(String::from_utf8(self.get(path).await?)?)
    }

    /// `POST path`; the ID of what was made.
    async fn post(&self, path: &str, body: Value) -> Result<String> {
        let made: Value = serde_json::from_slice(&self.send(Method::POST, path, Some(&body), 201).await?)?;
        made["id"].as_str().map(str::to_owned).ok_or_else(|| format!("POST {path}: no ID").into())
    }

    /// Makes an org; its ID.
    pub(crate) async fn make_org(&self, name: &str) -> Result<String> {
        self.post("/api/v2/orgs", json!({ "name": name })).await
    }

    /// `POST /api/v2/setup` with `token`.
    pub(crate) async fn set_up(&self, token: &str) -> Result<()> {
        let body = json!({
            "username": "root", "password": "root-password", "org": "first", "bucket": "first", "token": token,
        });
        self.send(Method::POST, "/api/v2/setup", Some(&body), 201).await.map(drop)
    }

    /// Reads every page of the lists of buckets, tasks and tokens of `org`, which has at least what `size` says; how many
    /// requests it took. Rows are counted, and looked at only as far as the next page needs it.
    pub(crate) async fn lists(&self, org: &str, size: Size) -> Result<usize> {
        let mut requests = 0;
        let buckets = self.by_offset("buckets", org, &mut requests).await?;
        let tasks = self.after("tasks", org, &mut requests).await?;
        let tokens = self.whole("authorizations", org, &mut requests).await?.len();
        if buckets < size.buckets || tasks < size.tasks || tokens < size.tokens {
            return Err(format!("the lists have only {buckets} buckets, {tasks} tasks, {tokens} tokens").into());
        }
        Ok(requests)
    }

    /// The same of every kind of the mixed project, and what each dashboard's cells show, which no list says.
    pub(crate) async fn lists_of_all(&self, org: &str) -> Result<usize> {
        let mut requests = 0;
        let mut rows = 0;
        for list in ["buckets", "checks", "notificationEndpoints", "notificationRules"] {
            rows += self.by_offset(list, org, &mut requests).await?;
        }
        rows += self.after("tasks", org, &mut requests).await?;
        for list in ["authorizations", "labels", "variables", "telegrafs", "scrapers", "dbrps"] {
            rows += self.whole(list, org, &mut requests).await?.len();
        }
        self.get(&format!("/api/v2/orgs/{org}/secrets")).await?;
        let dashboards = self.whole("dashboards", org, &mut requests).await?;
        for id in &dashboards {
            self.get(&format!("/api/v2/dashboards/{id}?include=properties")).await?;
        }
        rows += dashboards.len();
        if rows + of_mixed("secret") < mixed() {
            return Err(format!("the lists have only {rows} rows").into());
        }
        Ok(requests + 1 + dashboards.len())
    }

    async fn by_offset(&self, list: &str, org: &str, requests: &mut usize) -> Result<usize> {
        let mut all = 0;
        for offset in (0..).step_by(100) {
            let rows = ids(&self.get(&format!("/api/v2/{list}?orgID={org}&limit=100&offset={offset}")).await?);
            *requests += 1;
            all += rows.len();
            if rows.is_empty() {
                break;
            }
        }
        Ok(all)
    }

    async fn after(&self, list: &str, org: &str, requests: &mut usize) -> Result<usize> {
        let mut all = 0;
        let mut after = String::new();
        loop {
            let rows = ids(&self.get(&format!("/api/v2/{list}?orgID={org}&limit=500{after}")).await?);
            *requests += 1;
            all += rows.len();
            let Some(last) = rows.last() else { return Ok(all) };
            after = format!("&after={last}");
        }
    }

    async fn whole(&self, list: &str, org: &str, requests: &mut usize) -> Result<Vec<String>> {
        *requests += 1;
        Ok(ids(&self.get(&format!("/api/v2/{list}?orgID={org}")).await?))
    }

    /// The paths of everything that `create` has made in `org`.
    pub(crate) async fn made(&self, org: &str) -> Result<Vec<String>> {
        let mut paths = Vec::new();
        let mut after = String::new();
        loop {
            let rows = ids(&self.get(&format!("/api/v2/tasks?orgID={org}&limit=500{after}")).await?);
            let Some(last) = rows.last() else { break };
            after = format!("&after={last}");
            paths.extend(rows.iter().map(|id| format!("/api/v2/tasks/{id}")));
        }
        let tokens = ids(&self.get(&format!("/api/v2/authorizations?orgID={org}")).await?);
        paths.extend(tokens.iter().map(|id| format!("/api/v2/authorizations/{id}")));
        for n in (0..).step_by(100) {
            let rows: Value =
                serde_json::from_slice(&self.get(&format!("/api/v2/buckets?orgID={org}&limit=100&offset={n}")).await?)?;
            let rows = rows["buckets"].as_array().ok_or("no list of buckets")?;
            if rows.is_empty() {
                break;
            }
            let users = rows.iter().filter(|row| row["type"] == "user").filter_map(|row| row["id"].as_str());
            paths.extend(users.map(|id| format!("/api/v2/buckets/{id}")));
        }
        Ok(paths)
    }

    /// Deletes what is at each of the paths.
    pub(crate) async fn delete(&self, paths: &[String]) -> Result<()> {
        for path in paths {
            self.send(Method::DELETE, path, None, 204).await?;
        }
        Ok(())
    }

    /// Makes everything that a project of `size` declares.
    pub(crate) async fn create(&self, org: &str, size: Size) -> Result<()> {
        let mut buckets = Vec::new();
        for n in 0..size.buckets {
            let rules = json!([{ "type": "expire", "everySeconds": 30 * 86_400 }]);
            let body = json!({ "orgID": org, "name": bucket_name(n), "retentionRules": rules });
            buckets.push(self.post("/api/v2/buckets", body).await?);
        }
        for n in 0..size.tasks {
            let (source, target) = (bucket_name(n % size.buckets), bucket_name((n + 1) % size.buckets));
            let head = format!("option task = {{name: {:?}, every: 1h, offset: 5m}}", task_name(n));
            let params = format!("option params = {{source: {source:?}, target: {target:?}, window: 1h}}");
            let body = json!({ "orgID": org, "status": "active", "flux": format!("{head}\n{params}\n{SCRIPT}") });
            self.post("/api/v2/tasks", body).await?;
        }
        for n in 0..size.tokens {
            let permission = |action: &str, n: usize| {
                let id = &buckets[n % buckets.len()];
                json!({ "action": action, "resource": { "type": "buckets", "id": id, "orgID": org } })
            };
            let permissions = json!([permission("read", n), permission("write", n + 1)]);
            let body = json!({
                "orgID": org, "status": "inactive", "description": token_name(n), "permissions": permissions,
            });
            let id = self.post("/api/v2/authorizations", body).await?;
            let body = json!({ "status": "active", "description": token_name(n) });
            self.send(Method::PATCH, &format!("/api/v2/authorizations/{id}"), Some(&body), 200).await?;
        }
        Ok(())
    }
}

/// The IDs of a list's own rows: those at the depth of the rows, not those of what the rows hold.
fn ids(page: &[u8]) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Row {
        id: String,
    }
    #[derive(serde::Deserialize)]
    struct Page {
        #[serde(
            alias = "buckets",
            alias = "tasks",
            alias = "authorizations",
            alias = "checks",
            alias = "notificationEndpoints",
            alias = "notificationRules",
            alias = "labels",
            alias = "variables",
            alias = "configurations",
            alias = "dashboards",
            alias = "content"
        )]
        rows: Vec<Row>,
    }
    serde_json::from_slice::<Page>(page)
        .map(|page| page.rows.into_iter().map(|row| row.id).collect())
        .unwrap_or_default()
}
