//! A notification rule that exists as a manifest says it.

use super::rules;
use crate::kind::export::as_declared;
use crate::kind::hidden_task;
use crate::kind::{ExportError, Object};
use crate::value::{Fields, Value};

/// The fields, where a manifest with them makes the rule that is there.
pub(super) fn export(object: &Object) -> Result<Fields, ExportError> {
    if !hidden_task::is_followed(&object.fields) {
        return Err(ExportError::Unsayable("its task does not run what the rule says".to_owned()));
    }
    let declared = as_declared(&object.fields, None, rules::check)?;
    let differs = |(field, value): &(&'static str, &Value)| declared.get(field).unwrap_or(&Value::Unset) != *value;
    match object.fields.iter().find(differs) {
        Some((field, _)) => Err(ExportError::Unsayable(format!("a manifest cannot express its `{field}`"))),
        None => Ok(declared),
    }
}
