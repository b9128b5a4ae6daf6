//! What a manifest says of an object that exists.

use super::draft::{Check, Draft, Fault};
use super::{Kind, Object, flux_text};
use crate::field::{Field, Omitted, Type};
use crate::flux::refs::Steps;
use crate::value::{Fields, Script, Value};

/// A field that no table has: the keys of the server's JSON that an object has, and that no manifest can say.
const UNSAID: &str = "(unsaid)";

/// What is said of a field that no manifest can say for a secret in it.
pub const IN_PLAIN_TEXT: &str = "has a secret in plain text";

/// Why a manifest cannot say an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportError {
    /// It is about to become another one, or to go.
    Unfinished(String),
    /// It has what no manifest can say.
    Unsayable(String),
}

/// A kind's own part of [`Kind::export`].
pub type Export = fn(&Object) -> Result<Fields, ExportError>;

/// What of an object is lost where a manifest declares it, and what comes of that.
pub type Lost = fn(&Object) -> Option<(&'static str, &'static str)>;

/// All fields are said as they are.
pub(super) fn as_it_is(object: &Object) -> Result<Fields, ExportError> {
    Ok(object.fields.clone())
}

/// What `check`, the rules of a kind, makes of fields with these values in a manifest, or why it takes them for a mistake.
pub(super) fn as_declared(told: &Fields, script: Option<&str>, check: Check) -> Result<Fields, ExportError> {
    let (fields, mistake) = checked(told, script, check);
    match mistake {
        Some(fault) => Err(ExportError::Unsayable(fault.message)),
        None => Ok(fields),
    }
}

/// Why `check` takes fields with these values in a manifest for a mistake, if it does.
pub(super) fn mistake(told: &Fields, script: Option<&str>, check: Check) -> Option<Fault> {
    checked(told, script, check).1
}

/// The name of an environment variable for the secret in `field` of the object `name`, of a kind that is called `kind` there.
pub(super) fn variable(kind: &str, name: &str, field: &str) -> String {
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_name = words.first().is_some_and(|word| !word.starts_with(|c: char| c.is_ascii_digit()));
    let begin = if is_name { None } else { Some(kind) };
    let all: Vec<&str> = begin.into_iter().chain(words).chain([field]).collect();
    all.join("_").to_ascii_uppercase()
}

fn checked(told: &Fields, script: Option<&str>, check: Check) -> (Fields, Option<Fault>) {
    let written = |field: &str| told.get(field).is_some_and(|value| *value != Value::Unset);
    let mut draft = Draft {
        fields: told.clone(),
        written: &written,
        script,
        uses: false,
        params: None,
        reaches: Vec::new(),
        reaches_within: Vec::new(),
        steps: &Steps::default(),
    };
    let mut faults = Vec::new();
    check(&mut draft, &mut faults);
    (draft.fields, faults.into_iter().find(Fault::stops))
}

impl Kind {
    /// The fields of `object` as a manifest has to say them: without what holds when nothing is said. The source of a
    /// script is what its file holds.
    ///
    /// # Errors
    /// Why a manifest cannot say it.
    pub fn export(self, object: &Object) -> Result<Fields, ExportError> {
        let mut told = (self.spec().export)(object)?;
        told.remove(UNSAID);
        if let Some((field, _)) = object.fields.iter().find(|(field, value)| has_secret(self.field(field), value)) {
            return Err(ExportError::Unsayable(format!("its `{field}` {IN_PLAIN_TEXT}")));
        }
        let unsayable = |field: &&Field| match told.get(field.name) {
            Some(Value::Text(_)) => !field.ty.is_text(),
            value => matches!(value, Some(Value::Note(_))),
        };
        if let Some(field) = self.spec().fields.iter().find(unsayable) {
            return Err(ExportError::Unsayable(format!("a manifest cannot express its `{}`", field.name)));
        }
        for field in self.spec().fields {
            // All parts that there are belong to the project, also where there are none.
            let has_parts = self.spec().items.as_ref().is_some_and(|items| items.field == field.name);
            if !has_parts && told.get(field.name).is_some_and(|value| holds_unsaid(field, value)) {
                told.remove(field.name);
            }
        }
        Ok(told)
    }
}

impl Object {
    /// Notes which of `keys` the object has, where no manifest can say them.
    pub(super) fn note_unsaid<'k>(&mut self, keys: impl Iterator<Item = (&'k str, bool)>) {
        let has: Vec<_> = keys.filter(|(_, has)| *has).map(|(key, _)| Value::Text(key.to_owned())).collect();
        if !has.is_empty() {
            self.fields.set(UNSAID, Value::List(has));
        }
    }
}

impl Kind {
    /// What `object` has and no manifest can say: the keys of the server's JSON, each with what comes of that.
    pub fn unsaid(self, object: &Object) -> impl Iterator<Item = (&'static str, &'static str)> {
        let has = |key: &str| match object.fields.get(UNSAID) {
            Some(Value::List(keys)) => keys.iter().any(|has| has.to_string() == key),
            _ => false,
        };
        self.spec().unsaid.iter().copied().filter(move |(key, _)| has(key)).chain((self.spec().lost)(object))
    }
}

/// Whether somebody has put a secret into a script, a configuration or a text that becomes a part of a script. It does not go into a
/// file, which many may read.
fn has_secret(field: Option<&Field>, value: &Value) -> bool {
    match value {
        Value::Text(text) => field.is_some_and(|field| field.ty == Type::Verbatim) && flux_text::has_secret(text),
        value => value.scripts().into_iter().any(Script::has_secret),
    }
}

/// Whether an object has `value` when a manifest does not say `field`, and nobody has changed it.
fn holds_unsaid(field: &Field, value: &Value) -> bool {
    match field.omitted {
        Omitted::Default(word) => *value == Value::Text(word.to_owned()),
        Omitted::False => *value == Value::Bool(false),
        Omitted::Key | Omitted::HomeOrg | Omitted::Required => false,
        // An empty list is not the same as none.
        Omitted::Unset => *value == Value::Unset,
        Omitted::Theirs | Omitted::Empty => match value {
            Value::Unset => true,
            Value::Text(text) => text.is_empty(),
            Value::Refs(set) => set.is_empty(),
            Value::Scopes(set) => set.is_empty(),
            Value::Map(map) => map.is_empty(),
            Value::List(items) => items.is_empty(),
            Value::Bool(yes) => !yes,
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::variable;

    #[test]
    fn a_variable_of_the_environment_is_called_like_its_object() {
        for (name, wanted) in [
            ("Chat #ops", "CHAT_OPS_TOKEN"),
            ("__a--b__", "A_B_TOKEN"),
            ("2nd", "ENDPOINT_2ND_TOKEN"),
            ("#", "ENDPOINT_TOKEN"),
            ("Größe", "GR_E_TOKEN"),
        ] {
            assert_eq!(variable("ENDPOINT", name, "token"), wanted, "{name}");
        }
    }
}
