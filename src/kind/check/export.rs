//! A check that exists as a manifest says it.

use super::{rules, source};
use crate::kind::export::as_declared;
use crate::kind::hidden_task;
use crate::kind::{ExportError, Object};
use crate::value::{Fields, Value};

/// The fields, where a manifest with them makes the check that is there; of a custom one its script says the schedule.
pub(super) fn export(object: &Object) -> Result<Fields, ExportError> {
    let mut told = object.fields.clone();
    if told.get("custom") == Some(&Value::Bool(true)) {
        ["every", "offset"].into_iter().for_each(|field| drop(told.remove(field)));
    }
    if let Some(what @ Value::Note(_)) = told.get("when") {
        return Err(ExportError::Unsayable(format!("a manifest cannot express what it looks for: {what}")));
    }
    let Some(script) = source(&told).filter(|_| hidden_task::is_followed(&told)) else {
        return Err(ExportError::Unsayable("its task does not run what the check says".to_owned()));
    };
    let declared = as_declared(&told, Some(script), rules::check)?;
    let differs = object.fields.iter().find(|(field, value)| {
        let is = declared.get(field).unwrap_or(&Value::Unset);
        is != *value
    });
    match differs {
        Some((field, _)) => Err(ExportError::Unsayable(format!("a manifest cannot express its `{field}`"))),
        None => Ok(told),
    }
}
