//! What was acknowledged is there after the server has been ended and started again.

use serde_json::{Value, json};

use crate::support::{Server, Start, both, id, names};

both!(data_and_tokens_outlive_the_server, virgin, async |server| {
    let backend = server.backend();
    server.kill().await;
    let directory = tempfile::tempdir().unwrap();
    let start = Start { directory: Some(directory.path().to_owned()), ..Start::default() };
    let mut server = Server::virgin(backend, &start).await;
    let org = id(&server.set_up().await["org"]);
    let operator = server.operator();
    let label = json!({"orgID": org, "name": "l", "properties": {"a": "1"}});
    operator.post("labels", label).await.expect(201);
    operator.post("users", json!({"name": "u"})).await.expect(201);
    let token = server.token().to_owned();
    let before = everything(&server, &org).await;
    server.kill().await;

    let server = Server::virgin(backend, &start).await.with_token(&token);
    assert_eq!(everything(&server, &org).await, before);
    let users = server.operator().get("users").await.expect(200);
    assert_eq!(names(&users["users"]), ["root", "u"]);
    server.kill().await;
});

async fn everything(server: &Server, org: &str) -> Vec<Value> {
    let mut lists = Vec::new();
    for path in ["buckets", "labels", "users", "authorizations", "orgs", "setup"] {
        let path = format!("{path}?orgID={org}");
        lists.push(server.operator().get(&path).await.expect(200));
    }
    lists
}
