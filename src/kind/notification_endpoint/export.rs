//! A notification endpoint that exists as a manifest says it.

use super::{SORTS, rules};
use crate::kind::export::{as_declared, variable};
use crate::kind::{ExportError, Object};
use crate::secret::Source;
use crate::value::{Fields, Value, masked};

/// The fields. Nobody can read a secret that the server keeps for the endpoint: where it is made anew, it is read from the
/// environment.
pub(super) fn export(object: &Object) -> Result<Fields, ExportError> {
    let mut fields = as_declared(&object.fields, None, rules::check)?;
    for (sort, _) in SORTS {
        let Some(Value::Table(said)) = fields.get(sort) else { continue };
        let mut said = said.clone();
        for (field, value) in &mut said {
            match value {
                Value::Text(text) if masked(sort, field, text) != *text => {
                    let message = format!(
                        "its `{sort}.{field}` has a secret in plain text; to manage it, write `{field} = \"${{var.NAME}}\"`, and give the \
                         variable a value from outside"
                    );
                    return Err(ExportError::Unsayable(message));
                }
                Value::Source(source) => *source = Source::Env { name: variable("ENDPOINT", &object.name, field) },
                _ => {}
            }
        }
        fields.set(sort, Value::Table(said));
    }
    Ok(fields)
}
