//! What is wrong with a notification endpoint. Some of it the server takes, and no message ever comes.

use super::{ONE_OF, SORTS, VERSION};
use crate::diagnostic::Code;
use crate::hidden::blurs_url;
use crate::kind::draft::{Draft, Fault};
use crate::kind::flux_text;
use crate::kind::kept::is_of_endpoint;
use crate::kind::message;
use crate::value::Value;

pub(super) fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let wrong = draft.fields.text("name").and_then(|name| flux_text::not_a_name("notification endpoint", name));
    faults.extend(wrong.map(|(message, label)| Fault::new(Code::EndpointName, "name", message, label)));
    ONE_OF.said(draft, faults);
    for (name, _) in SORTS {
        let Some(Value::Table(said)) = draft.fields.get(name) else { continue };
        for (field, value) in said {
            // Rules put these where they read a status.
            if let ("client_url" | "channel", Value::Text(text)) = (field.as_str(), value) {
                let code = if field == "channel" { Code::EndpointSort } else { Code::EndpointUrl };
                faults.extend(message::of_rule(code, (name, field), text, false));
            }
            faults.extend(match (field.as_str(), value) {
                ("url", Value::Text(url)) if url.contains("${") => {
                    let message = format!("`{name}.url` cannot contain `${{`");
                    Some(Fault::new(Code::EndpointUrl, name, message, "begins an expression in Flux").within(field))
                }
                ("url" | "client_url", Value::Text(url)) => address(name, field, url),
                ("channel", Value::Text(channel)) if channel.is_empty() => {
                    Some(Fault::new(Code::EndpointSort, name, "`telegram.channel` is empty", "which chat?"))
                }
                (_, Value::Table(of)) => of.get("secret").and_then(|key| kept(name, field, &key.to_string())),
                _ => None,
            });
        }
        if name == "http" {
            faults.extend(auth(&|field| said.contains_key(field)));
        }
    }
    let has_source =
        SORTS.iter().any(|(name, _)| draft.fields.get(name).is_some_and(|said| !said.sources(name).is_empty()));
    let is_sound = ONE_OF.fields.iter().all(|field| !(draft.written)(field) || draft.fields.get(field).is_some());
    if (draft.written)(VERSION) && is_sound && !has_source {
        let message = format!("`{VERSION}` needs a secret with a source");
        let fault = Fault::new(Code::EndpointSecret, VERSION, message, "there is nothing to set again");
        faults.push(fault.help("a secret of the org has a `value_version` of its own"));
    }
}

/// What is wrong with who the endpoint says that it is.
fn auth(says: &dyn Fn(&str) -> bool) -> Option<Fault> {
    let (message, label) = match (says("token"), says("username"), says("password")) {
        (true, true, _) => ("`http` cannot have both `token` and `username`", "one of them"),
        (true, _, true) => ("`http` cannot have both `token` and `password`", "one of them"),
        (false, true, false) => ("`http.username` needs `password`", "no `password`"),
        (false, false, true) => ("`http.password` needs `username`", "no `username`"),
        _ => return None,
    };
    let fault = Fault::new(Code::EndpointSecret, "http", message, label);
    Some(
        fault
            .help("write `token` for `Authorization: Bearer`, or `username` and `password` for `Authorization: Basic`"),
    )
}

/// A secret of the org that is another endpoint's, or this one's.
fn kept(sort: &'static str, field: &str, key: &str) -> Option<Fault> {
    let message = format!("`{sort}.{field}` cannot be `{key}`: the server keeps it for an endpoint itself");
    let fault = Fault::new(Code::EndpointSecret, sort, message, "belongs to an endpoint");
    is_of_endpoint(key).then(|| fault.help("declare a `secret` of its own, and name its key"))
}

/// The server takes almost anything for a URL.
fn address(sort: &'static str, field: &str, text: &str) -> Option<Fault> {
    let fault = |message: String, label: &str| Some(Fault::new(Code::EndpointUrl, sort, message, label));
    if blurs_url(text) {
        return fault(format!("`{sort}.{field}` has spaces or characters that cannot be seen in it"), "not such a URL");
    }
    match text.parse::<url::Url>() {
        Ok(url) if !matches!(url.scheme(), "http" | "https") || !url.has_host() => {
            fault(format!("`{sort}.{field}` begins with `http://` or `https://`, and has a host"), "not such a URL")
        }
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            let message =
                format!("`{sort}.{field}` cannot have a user or a password: whoever may read endpoints would see them");
            let help = if sort == "http" { "write `username` and `password` beside it" } else { "remove them" };
            fault(message, "has credentials").map(|fault| fault.help(help))
        }
        Ok(_) => None,
        Err(error) => {
            let known = if text.contains("://") { None } else { Some("write `http://` or `https://` before it") };
            let fault = fault(format!("invalid URL in `{sort}.{field}`: {error}"), "not a URL")?;
            Some(match known {
                Some(help) => fault.help(help),
                None => fault,
            })
        }
    }
}
