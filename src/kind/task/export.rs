//! A task that exists as a manifest says it: name and schedule out of the script, where that leaves the same task.

use super::script::check;
use super::{HEAD, whole};
use crate::flux::AuthorScript;
use crate::flux::refs::Steps;
use crate::kind::draft::Fault;
use crate::kind::{Draft, ExportError, Object};
use crate::value::{Fields, Script, Value};

/// The fields with the folded script; with the whole one, and what stands in it left unsaid, where folding changes the task.
pub(super) fn export(object: &Object) -> Result<Fields, ExportError> {
    let source = whole(&object.fields).unwrap_or_default();
    let unsayable = |why: String| ExportError::Unsayable(why);
    let author = AuthorScript::read(source, None).map_err(|error| unsayable(error.message))?;
    if let Ok(folded) = author.folded() {
        let told = with_script(&object.fields, folded);
        if checked(&told, object).is_ok() {
            return Ok(told);
        }
    }
    let mut told = with_script(&object.fields, source.to_owned());
    for field in HEAD {
        told.remove(field);
    }
    checked(&told, object).map(|()| told).map_err(unsayable)
}

/// The comments within `option task`: a manifest has what that says, and the script without it.
pub(super) fn lost(object: &Object) -> Option<(&'static str, &'static str)> {
    const COMMENT: &str = "//";
    let source = whole(&object.fields).filter(|source| source.contains(COMMENT))?;
    let kept = export(object).ok()?;
    let count = |text: &str| text.matches(COMMENT).count();
    (count(whole(&kept).unwrap_or_default()) < count(source))
        .then_some(("comments in `option task`", "the next change of the task writes that anew, without them"))
}

fn with_script(fields: &Fields, source: String) -> Fields {
    let mut fields = fields.clone();
    fields.set("flux", Value::Script(Script::of_task(source)));
    fields
}

/// Whether a manifest with the fields `told` makes the task that is there; else what is wrong.
fn checked(told: &Fields, object: &Object) -> Result<(), String> {
    let written = |field: &str| told.get(field).is_some_and(|value| *value != Value::Unset);
    for field in ["every", "offset"] {
        if let Some(Value::Text(length)) = told.get(field) {
            return Err(format!("a manifest cannot express its `{field}`, {length}"));
        }
    }
    let mut fields = told.clone();
    for field in HEAD.into_iter().filter(|field| !written(field)) {
        // What is not written is taken from the script, or is not there.
        fields.set(field, Value::Unset);
    }
    let mut draft = Draft {
        fields,
        written: &written,
        script: whole(told),
        uses: false,
        params: None,
        reaches: Vec::new(),
        reaches_within: Vec::new(),
        steps: &Steps::default(),
    };
    let mut faults = Vec::new();
    check(&mut draft, &mut faults);
    if let Some(fault) = faults.into_iter().find(Fault::stops) {
        return Err(fault.message);
    }
    for field in HEAD.into_iter().chain(["flux"]) {
        if draft.fields.get(field) != object.fields.get(field) {
            return Err(format!("a manifest cannot express its `{field}`"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::{Kind, Standing};

    fn task(name: &str, every: &str, offset: Option<&str>, source: &str) -> Object {
        let duration = |text: &str| Value::signed_duration(text).unwrap_or_else(|_| Value::Text(text.into()));
        let fields = [
            ("name", Value::Text(name.into())),
            ("every", duration(every)),
            ("cron", Value::Unset),
            ("offset", offset.map_or(Value::Unset, duration)),
            ("status", Value::Text("active".into())),
            ("flux", Value::Script(Script::of_task(source.into()))),
        ];
        Object {
            id: "0000000000000001".into(),
            org: None,
            name: name.into(),
            created: None,
            fields: fields.into_iter().collect(),
            standing: Standing::Ordinary,
            user: None,
        }
    }

    fn told(object: &Object) -> Result<Vec<(&'static str, String)>, ExportError> {
        let told = Kind::Task.export(object)?;
        let text = |value: &Value| match value {
            Value::Script(script) => script.source().expect("a source").to_owned(),
            other => other.to_string(),
        };
        Ok(told.iter().map(|(field, value)| (field, text(value))).collect())
    }

    #[test]
    fn name_and_schedule_come_out_of_the_script() {
        let source = "import \"a\"\n\noption task = {name: \"t\", every: 60m, offset: 5m, concurrency: 2}\n\nx = 1";
        insta::assert_debug_snapshot!(told(&task("t", "1h", Some("5m"), source)).expect("told"), @r#"
        [
            (
                "every",
                "1h",
            ),
            (
                "flux",
                "import \"a\"\n\noption task = {concurrency: 2}\n\nx = 1\n",
            ),
            (
                "name",
                "t",
            ),
            (
                "offset",
                "5m",
            ),
        ]
        "#);
    }

    #[test]
    fn comments_within_the_option_are_lost() {
        let option =
            |comment: &str| format!("// a\noption task = {{name: \"t\", every: 1h{comment}}}\n// b\nx = \"http://a\"");
        assert_eq!(lost(&task("t", "1h", None, &option(""))), None);
        let (what, why) = lost(&task("t", "1h", None, &option(",\n // why so often\n"))).expect("a comment");
        assert_eq!((what, why.contains("without them")), ("comments in `option task`", true));
    }

    #[test]
    fn an_offset_before_the_time_is_told() {
        let source = "option task = {name: \"t\", every: 1h, offset: -90m}\nx = 1";
        let told = told(&task("t", "1h", Some("-1h30m"), source)).expect("told");
        assert!(told.contains(&("offset", "-1h30m".to_owned())), "{told:?}");
    }

    #[test]
    fn what_no_manifest_can_say_is_told() {
        let strange = task("t", "1h", Some("soon"), "option task = {name: \"t\", every: 1h, offset: 5m}\nx = 1");
        let often = task("t", "1500ms", None, "option task = {name: \"t\", every: 1500ms}\nx = 1");
        let unread = task("t", "1h", None, "option task = {name: \"t\", every: 1h}\nx = \"");
        for (object, why) in [(strange, "offset"), (often, "whole seconds"), (unread, "string")] {
            let Err(ExportError::Unsayable(said)) = told(&object) else { panic!("told: {why}") };
            assert!(said.contains(why), "{said}");
        }
    }
}
