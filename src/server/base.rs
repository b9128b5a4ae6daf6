//! What requests say of checks, notification endpoints and rules alike (influxd 2.9.1, measured).

use serde_json::Value;

use super::id::Id;
use super::json::{BodyError, Fields};
use super::problem::Problem;
use super::store::object::Object;
use super::store::{Change, Error, label};

/// What a column of JSON holds that a handler makes.
pub(super) fn as_it_is(value: &Value) -> Result<Value, Problem> {
    Ok(value.clone())
}

/// The labels that a body asks for.
///
/// # Errors
/// They are not IDs.
pub(super) fn labels(body: &[u8]) -> Result<Vec<Id>, Problem> {
    let labels = Fields::parse(body, "http.decodeLabels").and_then(|fields| fields.list("labels"));
    Ok(labels.map_err(BodyError::bare)?.iter().filter_map(|id| id.parse().ok()).collect())
}

/// Attaches `labels` to a new object. Those that there are not are passed over.
pub(super) fn attach(change: &Change, id: Id, labels: &[Id]) -> Result<(), Error> {
    labels.iter().filter(|label| label::find(change, **label).is_ok()).try_for_each(|of| label::attach(change, id, *of))
}

/// All that a PATCH changes.
pub(super) struct Update {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) status: Option<String>,
}

impl Update {
    /// Reads the body of a PATCH of what influxd calls `what`, as the Go struct `go`.
    ///
    /// # Errors
    /// Influxd's words for what is wrong.
    pub(super) fn read(body: &[u8], go: &'static str, what: &str) -> Result<Self, Problem> {
        let fields = Fields::parse(body, go).map_err(BodyError::bare)?;
        let text = |name: &str| {
            let text = fields.text(name).map_err(BodyError::bare)?;
            let words = format!("{what} {}{} can't be empty", name[..1].to_uppercase(), &name[1..]);
            if text.as_deref() == Some("") { Err(Problem::invalid(words)) } else { Ok(text) }
        };
        let (name, description) = (text("name")?, text("description")?);
        let status = fields.text_as("status", "influxdb.Status").map_err(BodyError::bare)?;
        match status.as_deref() {
            None | Some("active" | "inactive") => Ok(Self { name, description, status }),
            Some(_) => Err(Problem::invalid("invalid status: must be active or inactive")),
        }
    }

    /// Puts name and description into an object.
    pub(super) fn put_into(&self, object: &mut Object) {
        for (column, text) in [("name", &self.name), ("description", &self.description)] {
            if let Some(text) = text {
                *object.value_mut(column) = text.as_str().into();
            }
        }
    }
}
