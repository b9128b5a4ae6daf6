//! The token is in nothing that is said or shown.

use serde_json::json;

use super::super::fault::{Fault, Reply};
use super::super::{Client, Connect, Writer};
use super::PATH;

const TOKEN: &str = "qDLpF3-x_7Zk0vYx8Aa1Bb2Cc3Dd4Ee5Ff6Gg7==";

/// A client with a token as long as they are.
fn with_token(fault: &Fault) -> Client {
    fault.connect(&Connect::new(fault.url(""), Some(TOKEN.into())))
}

#[tokio::test]
async fn the_token_is_taken_out_of_whatever_comes_back() {
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("user:{TOKEN}"));
    let percent = TOKEN.replace('=', "%3D");
    let page = format!("<html>bad gateway: Authorization: Token {TOKEN} {basic} {percent}</html>");
    let location = format!("Location: https://login.example/?t={percent}&x=1\r\n");
    let replies = [
        Reply::error(400, "invalid", &format!("no such header: Token {TOKEN}")),
        Reply::error(401, "unauthorized", &format!("unauthorized access: {TOKEN}")),
        Reply::json(400, &json!({"code": TOKEN})),
        Reply::text(404, "", &page),
        Reply::text(400, "", &format!("{}{TOKEN}", "x".repeat(170))),
        Reply::text(302, &location, ""),
        Reply::json(200, &json!([TOKEN])),
        Reply::text(200, "", TOKEN),
        Reply::json(200, &json!({"id": TOKEN, "name": format!("a {TOKEN} b")})),
    ];
    let count = replies.len();
    let fault = Fault::start(replies).await;
    let api = with_token(&fault);
    let mut said = Vec::new();
    for _ in 0..count {
        said.push(match api.get::<std::collections::BTreeMap<String, String>>(PATH, &[]).await {
            Ok(object) => format!("{object:?}"),
            Err(error) => format!("{:?}: {}", error.class, error.message),
        });
    }
    let host = fault.url("").to_string();
    insta::assert_snapshot!(said.join("\n").replace(host.trim_end_matches('/'), "HOST"));
    for part in [TOKEN, &TOKEN[..20], &basic[8..28]] {
        assert!(said.iter().all(|said| !said.contains(part)), "{part} in {said:#?}");
    }
}

#[tokio::test]
async fn a_token_that_is_tried_is_taken_out_too() {
    let fault = Fault::start([Reply::error(400, "invalid", &format!("what is {TOKEN}?"))]).await;
    let error = fault.client().me_with(&TOKEN.into()).await.expect_err("refused");
    assert_eq!(error.message, "what is [the token of this run]?");
}

#[tokio::test]
async fn a_secret_that_the_run_knows_is_taken_out_too() {
    const SECRET: &str = "S3KRIT\"001Q";
    let body = json!({"pager": SECRET}).to_string();
    let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &body);
    let fault = Fault::start([
        Reply::error(422, "invalid", &format!("bad {body}")),
        Reply::error(422, "invalid", &format!("bad {basic}")),
        Reply::text(400, "", &format!("<p>{SECRET}</p>")),
    ])
    .await;
    let writer = Writer::new(with_token(&fault));
    writer.conceal(&SECRET.into());
    for _ in 0..3 {
        let error = writer.patch::<_, serde_json::Value>(PATH, &json!({"pager": SECRET})).await.expect_err("refused");
        assert!(error.message.contains("[the secret]"), "{error}");
        assert!(!error.message.contains("KRIT") && !error.message.contains(&basic[16..24]), "{error}");
    }
}

#[tokio::test]
async fn where_its_own_token_stood_a_client_knows_it() {
    let fault = Fault::start([Reply::json(200, &json!([TOKEN, "another"]))]).await;
    let api = with_token(&fault);
    let tokens: Vec<String> = api.get("/api/v2/authorizations", &[]).await.expect("a list");
    let own: Vec<bool> = tokens.into_iter().map(|token| api.has_token(&token.into())).collect();
    assert_eq!(own, [true, false]);
    assert!(api.has_token(&TOKEN.into()));
}

#[test]
fn a_client_does_not_show_its_token() {
    let api =
        Connect::new("http://localhost".parse().expect("a URL"), Some("t0ken".into())).client().expect("a client");
    assert_eq!(
        format!("{api:?} {:?}", Writer::new(api.clone())),
        "Client(http://localhost/) Writer(http://localhost/)"
    );
}
