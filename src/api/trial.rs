//! What a server is asked to try without doing it: the request has no other form.

use serde::Serialize;

use super::client::Client;
use super::error::{ApiError, Class};
use super::limits::TRIES_OUT;
use super::request::{Request, Verb};

/// The collection whose requests the server tries out: with any other one, `?validate=true` would change nothing of what they do.
const REPLICATIONS: &str = "/api/v2/replications";
const VALIDATE: &[(&str, &str)] = &[("validate", "true")];

/// A request that would make or change a replication, which the server only tries out: it writes nothing to the other server, and keeps
/// nothing itself (influxd 2.9.1, measured).
pub(crate) struct Trial {
    verb: Verb,
    path: String,
    body: serde_json::Value,
}

impl Trial {
    /// That of a new replication.
    pub(crate) fn create<B: Serialize>(body: &B) -> Self {
        Self { verb: Verb::Ask, path: REPLICATIONS.to_owned(), body: json(body) }
    }

    /// That of a change of the replication with the ID `id`.
    pub(crate) fn change<B: Serialize>(id: &str, body: &B) -> Self {
        Self { verb: Verb::AskPatch, path: format!("{REPLICATIONS}/{id}"), body: json(body) }
    }
}

fn json<B: Serialize>(body: &B) -> serde_json::Value {
    serde_json::to_value(body).expect("invariant: what we send has string keys and no failing parts")
}

impl Client {
    /// Has the server try something out, once: it waits for another server.
    ///
    /// # Errors
    /// Why it would fail, as class `Refused`; the server's. One that does what it was to try is of class `Unexpected`.
    pub(crate) async fn try_out(&self, trial: &Trial) -> Result<(), ApiError> {
        let request = Request {
            query: VALIDATE,
            timeout: Some(TRIES_OUT),
            ..Request::json(trial.verb, &trial.path, &trial.body)
        };
        let reply = self.once(&request, self.url(&request)?).await.map_err(|failure| failure.error)?;
        if reply.is_empty() {
            return Ok(());
        }
        let message = "the server was to try this out, and has done it".to_owned();
        Err(request.error(Class::Unexpected, None, message))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::fault::{Fault, Reply};

    #[tokio::test]
    async fn each_request_says_that_nothing_is_to_be_done() {
        let fault =
            Fault::start([Reply::text(204, "", ""), Reply::text(204, "", ""), Reply::text(201, "", "{}")]).await;
        let client = fault.client();
        let change = Trial::change("0123456789abcdef", &json!({"remoteID": "x"}));
        let create = Trial::create(&json!({"name": "r"}));
        assert!(client.try_out(&create).await.is_ok() && client.try_out(&change).await.is_ok());
        let done = client.try_out(&create).await.expect_err("it was done");
        assert_eq!(done.class, Class::Unexpected);
        let create = "POST /api/v2/replications?validate=true";
        assert_eq!(fault.lines(), [create, "PATCH /api/v2/replications/0123456789abcdef?validate=true", create]);
    }
}
