//! Variables of dashboards.

use serde_json::{Value as Json, json};

use super::Kind;
use super::draft::{Draft, Fault};
use super::export::ExportError;
use super::live::{self, Desired, Edit, Object};
use super::natural_key::Names;
use super::one_of::{self, OneOf};
use super::params::{self, Params};
use super::script;
use super::shown;
use super::spec::{Key, Spec};
use super::wire::{self, Body, Row, Wire};
use crate::api::{ApiError, Writer};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role, Type};
use crate::flux::is_name;
use crate::flux::parser::parse;
use crate::lint::Setting;
use crate::value::{Fields, Script, Value};

pub(super) static SPEC: Spec = Spec {
    doc: "A variable that dashboards use as `v.NAME`. It takes its values from exactly one of `values`, `map` and `query`.",
    ty: "variables",
    key: Key::Name(Names::Lowered),
    fields: &[
        Field::name(
            "name",
            Role::Name,
            "The name, unique in the org; case does not count. A letter or `_` first, and no keyword of Flux.",
        ),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::text("values", Omitted::Unset, "The values, in their order.").of_type(Type::List(&Type::Text)).by_hand(),
        Field::text("map", Omitted::Unset, "The values by the names that people see.").of_type(Type::Map).by_hand(),
        Field::text(
            "query",
            Omitted::Unset,
            "The script whose `_value` column has the values: text, or `{ file = \"...\" }`.",
        )
        .of_type(Type::Flux),
        Field::params("Values for the query, in one record."),
        Field::text("selected", Omitted::Theirs, "The values that are selected at first.")
            .of_type(Type::List(&Type::Text)),
        Field::labels("All labels of the variable."),
    ],
    one_of: Some(ONE_OF),
    check,
    given: &[shown::RECORD],
    export,
    delete_rank: 20,
    movable: true,
    ..Spec::PLAIN
};

/// Names that the server refuses when a variable is made (influxd 2.9.1, measured).
const PROTECTED: [&str; 11] =
    ["and", "builtin", "empty", "import", "in", "not", "option", "or", "package", "return", "test"];
/// Where its values come from.
const SOURCES: [&str; 3] = ["values", "map", "query"];
const ONE_OF: OneOf = OneOf {
    fields: &SOURCES,
    words: Some(one_of::Words {
        code: Code::VariableSource,
        what: "a variable",
        none: Some(("has no values", "write for example `values = [\"a\", \"b\"]`")),
        several: "its values come from one source",
        help: None,
    }),
};

fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    if let Some(name) = draft.fields.text("name")
        && let Some((message, label)) = wrong_name(name)
    {
        faults.push(Fault::new(Code::VariableName, "name", format!("{message}: `{name}`"), label));
    } else if let Some(name) = draft.fields.text("name").filter(|name| !is_name(name)) {
        let message = format!("no script can say `v.{name}`");
        let fault = Fault::new(Code::VariableName, "name", message, "not a name in Flux").warning();
        faults.push(fault.help(format!("write `v[{name:?}]` in scripts, or use letters, digits and `_` only")));
    }
    faults.extend(unselectable(&draft.fields));
    ONE_OF.said(draft, faults);
    if let Some(source) = draft.script {
        let parsed = parse(source);
        // The server takes any text, and dashboards show an error. They give the script the other variables.
        let record = draft.params.take();
        let params = Params::of(draft, record.as_ref(), "query", "variable", SPEC.given);
        faults.extend(script::forms("query", &parsed, |mistake| params.help(source, mistake)));
        faults.extend(params::secrets(record.as_ref()));
        let mut sent = source.to_owned();
        if parsed.is_sound() {
            let followed = params.look(&parsed.script, Setting::of_dashboard(), draft.steps, faults);
            draft.reaches = shown::reaches(&parsed.script, followed);
            sent = params.before(&parsed.script, faults);
        }
        draft.fields.set("query", Value::Script(Script::of_task(sent)));
    }
}

/// A variable may have got a name that no new one can have, and a query in another language than Flux.
fn export(object: &Object) -> Result<Fields, ExportError> {
    if let Some((message, _)) = wrong_name(&object.name) {
        return Err(ExportError::Unsayable(message.to_owned()));
    }
    match object.fields.get("query") {
        Some(Value::Text(_)) => Err(ExportError::Unsayable("its query is not in Flux".to_owned())),
        _ => Ok(object.fields.clone()),
    }
}

/// What is wrong with a name, and the label for its place.
fn wrong_name(name: &str) -> Option<(&'static str, &'static str)> {
    if name.is_empty() {
        Some(("a variable's name cannot be empty", "empty"))
    } else if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        Some(("a variable's name begins with a letter or `_`", "begins otherwise"))
    } else if name.trim() != name {
        // A create keeps white space at the end and a change drops it (influxd 2.9.1, measured).
        Some(("a variable's name cannot end with white space", "white space at its end"))
    } else if PROTECTED.contains(&name) {
        Some(("a variable cannot be called like a keyword", "a keyword of Flux"))
    } else {
        None
    }
}

/// The first selected value that the variable does not have.
fn unselectable(fields: &Fields) -> Option<Fault> {
    let Some(Value::List(selected)) = fields.get("selected") else { return None };
    let has = |text: &str| match (fields.get("values"), fields.get("map")) {
        (Some(Value::List(values)), _) => values.iter().any(|value| matches!(value, Value::Text(of) if of == text)),
        (_, Some(Value::Map(map))) => map.contains_key(text),
        // What a query gives is known only when it runs.
        _ => true,
    };
    let texts = selected.iter().filter_map(|value| if let Value::Text(text) = value { Some(text) } else { None });
    let missing = texts.into_iter().find(|text| !has(text))?;
    let (message, from) = match fields.get("map") {
        Some(Value::Map(_)) => (format!("`map` has no key `{missing}`"), "map"),
        _ => (format!("`values` has no `{missing}`"), "values"),
    };
    let fault = Fault::new(Code::VariableSelected, "selected", message, "not one of its values");
    Some(fault.other(from).warning())
}

/// What the server calls the arguments of a variable whose values come from `fields`.
fn arguments(fields: &Fields) -> Option<Json> {
    match (fields.get("values"), fields.get("map"), fields.get("query")) {
        (Some(Value::List(items)), ..) => {
            let texts = items.iter().map(ToString::to_string);
            Some(json!({"type": "constant", "values": texts.collect::<Vec<_>>()}))
        }
        (_, Some(Value::Map(map)), _) => Some(json!({"type": "map", "values": map})),
        (.., Some(Value::Script(script))) => {
            Some(json!({"type": "query", "values": {"language": "flux", "query": script.source()?}}))
        }
        _ => None,
    }
}

/// Variables on a server.
pub(super) struct Live;

impl live::Live for Live {
    // With an org the list is not paged, whatever `limit` says (influxd 2.9.1, measured).
    const WIRE: Wire = Wire { also: &["arguments"], ..Wire::new(Kind::Variable, "/api/v2/variables", "variables") };

    fn read(row: &Row, object: &mut Object) -> Result<(), String> {
        #[derive(serde::Deserialize)]
        #[serde(tag = "type", content = "values", rename_all = "lowercase")]
        enum Arguments {
            Constant(Vec<String>),
            Map(std::collections::BTreeMap<String, String>),
            Query { query: String, language: String },
        }
        let (field, value) = match row.get("arguments")? {
            Some(Arguments::Constant(texts)) => ("values", Value::List(texts.into_iter().map(Value::Text).collect())),
            Some(Arguments::Map(map)) => ("map", Value::Map(map)),
            Some(Arguments::Query { query, language }) if language == "flux" => {
                ("query", Value::Script(Script::of_task(query)))
            }
            // Not one that a manifest can say: it differs from whatever is declared.
            Some(Arguments::Query { query, language }) => ("query", Value::Text(format!("{language}: {query}"))),
            None => return Err("`arguments` is missing".to_owned()),
        };
        object.fields.set(field, value);
        Ok(())
    }

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        let Edit { desired, live, changed } = *edit;
        if SOURCES.into_iter().any(changed) {
            // What nobody looks at stays as it is.
            let arguments = arguments(desired.fields).or_else(|| arguments(&live?.fields));
            body.extend(arguments.map(|arguments| ("arguments".to_owned(), arguments)));
        }
        Ok(())
    }

    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError> {
        let clears = |field: &&str| *field == "description" && desired.text(field) == Some("");
        if changed.iter().any(clears) {
            clear_description(api, &Self::WIRE.at(&live.id)).await?;
        }
        let rest: Vec<_> = changed.iter().copied().filter(|field| !clears(field)).collect();
        wire::update::<Self>(api, live, desired, &rest).await
    }
}

/// A PATCH keeps the description where an empty one is sent; only a PUT of everything drops it, and that takes the times
/// from what is sent (influxd 2.9.1, measured).
async fn clear_description(api: &Writer, path: &str) -> Result<(), ApiError> {
    let mut all: Body = api.get(path, &[]).await?;
    all.insert("description".to_owned(), "".into());
    api.put::<_, Body>(path, &all).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_the_server_takes_and_keeps() {
        for name in ["a", "_", "Region 2", "if", "AND", "naïve", "a\u{a0}b"] {
            assert_eq!(wrong_name(name), None, "{name}");
        }
        for name in ["", " a", "a ", "1a", "ä", "-", "and", "builtin", "a\n"] {
            assert!(wrong_name(name).is_some(), "{name:?}");
        }
    }
}
