//! From a file of another tool to the objects that it stands for: what InfluxDB templates and Terraform's states declare, as a
//! server would have it. [`export`](crate::export) makes manifests of these.

mod copied;
mod json;
mod made;
mod node;
mod reader;
mod secret;
mod template;
mod terraform;
mod yaml;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::limits::SOURCE_VALUES;

pub use made::{Converted, Made, Variable};

/// The text of a source that was read at `path`, and that messages call `name`; what is not shown of it is found by how it is
/// written.
pub fn source(name: String, path: &Path, text: String) -> Source {
    let is_json = text.trim_start().starts_with(['{', '[']);
    Source::new(name, path.with_extension(if is_json { "json" } else { "yml" }), text)
}

/// Reads what `source` declares.
///
/// # Errors
/// Why nothing of it can be read.
pub fn read(source: &Arc<Source>) -> Result<Converted, Diagnostic> {
    if let Some((message, help)) = is_of_another_form(&source.name) {
        return Err(bad(source, 0..0, message, "in another language").help(help));
    }
    // Of what cannot be read, nobody knows where its secrets are.
    let unread = &Arc::new(source.hiding(secret::unread(&source.text)));
    let first = source.text.trim_start().bytes().next();
    let documents = match first {
        Some(b'{' | b'[') => match json::read(unread) {
            Ok(node) => vec![node],
            Err(error) if is_named_json(&source.name) => return Err(error),
            // YAML in braces.
            Err(error) => yaml::read(unread).map_err(|_| error)?,
        },
        _ => yaml::read(unread)?,
    };
    match documents.as_slice() {
        [state] if terraform::is_one(state) => terraform::read(source, unread, state),
        documents if !secret::is_template(&source.text) => template::read(unread, documents),
        documents => template::read(source, documents),
    }
}

fn is_named_json(name: &str) -> bool {
    [".json", ".tfstate"].iter().any(|ending| name.ends_with(ending))
}

/// What is said of a source whose name tells that it is in a language that is not read, and what to do.
fn is_of_another_form(name: &str) -> Option<(&'static str, &'static str)> {
    let ending = Path::new(name).extension()?.to_str()?;
    match ending {
        "tf" | "tofu" | "hcl" => Some((
            "this is a configuration of Terraform, and no state",
            "only the state says which objects there are: convert what `terraform state pull` prints",
        )),
        "jsonnet" | "libsonnet" => Some((
            "this is a program in Jsonnet, and no template yet",
            "convert what `jsonnet FILE` prints: `jsonnet FILE | fluxform convert - --out DIR`",
        )),
        _ => None,
    }
}

/// Says that the source cannot be read.
fn bad(source: &Arc<Source>, at: Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Diagnostic {
    let place = Place { source: Arc::clone(source), span: at };
    Diagnostic::error(Code::ConvertSource, message).at(place, label)
}

/// Says that the source has more values than anybody writes.
fn too_many(source: &Arc<Source>, at: Range<usize>) -> Diagnostic {
    let message = format!("the source has more values than {SOURCE_VALUES}, with those that aliases stand for");
    bad(source, at, message, "more from here")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    /// What may stand anywhere in a source.
    fn any_json() -> impl Strategy<Value = Json> {
        let words = "(name|key|CRIT|1m|greater|slack|Label|a|\\$\\{x\\}|from\\(bucket: \"a\"\\)|https://x|)";
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            words.prop_map(Json::from),
        ];
        let keys = "(name|every|query|offset|level|type|url|token|charts|kind|axes|colors|hex|values|thresholds|associations|\
                    endpointName|statusRules|selected|envRef|key|default|secretRef|width|geoLayers|retentionRules|config|id|org_id|flux|\
                    permissions|resource|arguments|labels|xPos)";
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                proptest::collection::btree_map(keys, inner, 0..6).prop_map(|all| all.into_iter().collect()),
            ]
        })
    }

    fn taken(json: &Json) {
        let source = Arc::new(source("t.json".to_owned(), Path::new("t.json"), json.to_string()));
        if let Ok(mut converted) = read(&source) {
            converted.settle();
            let _ = (converted.snapshot(), converted.names(), converted.given());
        }
    }

    #[test]
    fn of_thousands_of_names_that_are_not_there_not_all_are_compared_with_all() {
        let object = |kind: &str, name: String| json!({"apiVersion": "influxdata.com/v2alpha1", "kind": kind, "metadata": {"name": name}});
        let mut all: Vec<Json> = (0..500).map(|n| object("Label", format!("label-{n}"))).collect();
        all.extend((0..500).map(|n| {
            let mut bucket = object("Bucket", format!("bucket-{n}"));
            bucket["spec"]["associations"] = json!([{"kind": "Label", "name": format!("lapel-{n}")}]);
            bucket
        }));
        let source = Arc::new(source("t.json".to_owned(), Path::new("t.json"), Json::from(all).to_string()));
        let told = read(&source).expect("a template").told;
        let near = |told: &Diagnostic| told.message.contains("did you mean `label-");
        assert_eq!((told.len(), told.iter().filter(|told| near(told)).count()), (500, 200));
        assert!(near(&told[0]));
    }

    proptest! {
        #[test]
        fn whatever_a_source_says_nothing_panics(
            kind in proptest::sample::select(vec![
                "Label", "Bucket", "Variable", "Telegraf", "Task", "CheckThreshold", "CheckDeadman", "Dashboard", "NotificationRule",
                "NotificationEndpointHTTP", "NotificationEndpointPagerDuty", "NotificationEndpointSlack",
            ]),
            name in any_json(), spec in any_json(), more in any_json(),
        ) {
            let head = |name: &Json| json!({"apiVersion": "influxdata.com/v2alpha1", "kind": kind, "metadata": {"name": name}});
            let mut object = head(&name);
            object["spec"] = spec;
            taken(&json!([object, more, head(&json!("b"))]));
        }

        #[test]
        fn whatever_a_state_says_nothing_panics(
            word in proptest::sample::select(vec![
                "organization", "user", "label", "bucket", "variable", "dbrp_mapping", "scraper", "secret", "task", "authorization",
                "legacy_authorization",
            ]),
            attributes in any_json(), more in any_json(),
        ) {
            let instances = json!([{"attributes": attributes}, {"attributes": {"id": "00000000000000a1", "org_id": "00000000000000a2"}}, more]);
            let resource = json!({"mode": "managed", "type": format!("influxdb_{word}"), "name": "x", "instances": instances});
            taken(&json!({"version": 4, "terraform_version": "1.9", "outputs": more, "resources": [resource, more]}));
        }
    }
}
