//! A task's script and its schedule: what is written in the manifest and in the script's own `option task`, as one.

use crate::flux::{AuthorScript, Schedule, Spanned, TaskHead, TaskOption};
use crate::kind::spec::{Draft, Fault};
use crate::value::{Script, Value};

/// Merges manifest and script, and composes the whole script for the server.
pub(super) fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let Some(source) = draft.flux else { return };
    let params_as = draft.fields.text("params_as").filter(|_| (draft.written)("params")).map(str::to_owned);
    let author = match AuthorScript::read(source, params_as.as_deref()) {
        Ok(author) => author,
        Err(error) => {
            faults.push(Fault::new("task::flux", "flux", error.message, "here").script(error.span));
            return;
        }
    };
    let before = faults.len();
    if let Some(task) = &author.task {
        merge(draft, task, faults);
    }
    if faults.len() == before {
        rules(draft, author.task.as_ref(), faults);
    }
    let broken = faults.len() > before
        || (draft.written)("params") && draft.params.is_none()
        || ["name", "every", "cron", "offset"].iter().any(|field| draft.fields.get(field).is_none());
    if broken {
        return;
    }
    if let Err(message) = compose(draft, &author, params_as.as_deref()) {
        faults.push(Fault::new("task::flux", "flux", message, "cannot be written"));
    }
}

/// Takes over what only the script says; what both say must agree.
fn merge(draft: &mut Draft<'_>, task: &TaskOption, faults: &mut Vec<Fault>) {
    let said: [(&'static str, Option<&Spanned<String>>); 4] = [
        ("name", task.name.as_ref()),
        ("every", task.every.as_ref()),
        ("cron", task.cron.as_ref()),
        ("offset", task.offset.as_ref()),
    ];
    for (field, said) in said {
        let Some(said) = said else { continue };
        let value = match field {
            "every" | "offset" => match Value::signed_duration(&said.value) {
                Ok(duration) => duration,
                Err(_) => {
                    let message = format!("`{field}: {}` in the script is not a duration that we know", said.value);
                    faults.push(Fault::new("task::schedule", "flux", message, "here").script(said.span.clone()));
                    continue;
                }
            },
            _ => Value::Text(said.value.clone()),
        };
        if !(draft.written)(field) {
            draft.fields.set(field, value);
        } else if let Some(written) = draft.fields.get(field)
            && *written != value
        {
            let message = format!("the manifest says `{field}` is `{written}`, and the script says `{value}`");
            let fault = Fault::new("task::disagrees", field, message, "the manifest says this");
            faults.push(fault.script(said.span.clone()).help("say it in one place"));
        }
    }
}

/// What the server refuses (influxd 2.9.1, measured).
fn rules(draft: &mut Draft<'_>, task: Option<&TaskOption>, faults: &mut Vec<Fault>) {
    let said = |field: &str| {
        let task = task?;
        let said = match field {
            "name" => &task.name,
            "every" => &task.every,
            "cron" => &task.cron,
            _ => &task.offset,
        };
        said.as_ref().map(|said| said.span.clone())
    };
    let mut fault = |code: &'static str, field: &'static str, message: String, label: &str| {
        // A field that only the script has is shown there.
        let (field, span) = if (draft.written)(field) { (field, None) } else { ("flux", said(field)) };
        let fault = Fault::new(code, field, message, label);
        faults.push(match span {
            Some(span) => fault.script(span),
            None => fault,
        });
    };
    if draft.fields.text("name").is_some_and(str::is_empty) {
        fault("task::name", "name", "a task's name cannot be empty".to_owned(), "empty");
    }
    if let Some(Value::Duration(every)) = draft.fields.get("every") {
        if every.months == 0 && every.nanos < 1_000_000_000 {
            fault(
                "task::schedule",
                "every",
                format!("a task runs at most once a second, and this is {every}"),
                "too often",
            );
        } else if !every.nanos.is_multiple_of(1_000_000_000) {
            fault("task::schedule", "every", "`every` is in whole seconds".to_owned(), "has a fraction of a second");
        }
    }
    if let Some(Value::Duration(offset) | Value::Before(offset)) = draft.fields.get("offset") {
        if offset.months > 0 {
            fault("task::schedule", "offset", "`offset` cannot have months".to_owned(), "`mo` or `y`");
        } else if !offset.nanos.is_multiple_of(1_000_000_000) {
            fault("task::schedule", "offset", "`offset` is in whole seconds".to_owned(), "has a fraction of a second");
        } else if offset.nanos == 0 {
            // The server does not keep an offset of zero.
            draft.fields.set("offset", Value::Unset);
        }
    }
    let set = |field: &str| (draft.written)(field) || said(field).is_some();
    match (set("every"), set("cron")) {
        (true, true) => {
            let (field, other) = if (draft.written)("cron") { ("cron", "every") } else { ("every", "cron") };
            let fault = Fault::new("task::schedule", field, "a task has `every` or `cron`, not both", "one of them");
            let fault = match said(other).filter(|_| !(draft.written)(other)) {
                Some(span) => fault.script(span),
                None => fault.other(other),
            };
            faults.push(if (draft.written)(field) { fault } else { Fault { field: "flux", ..fault } });
        }
        (false, false) => {
            let fault = Fault::new("task::schedule", "flux", "a task needs `every` or `cron`", "says neither");
            faults.push(fault.help("write for example `every = \"1h\"`"));
        }
        _ => {}
    }
}

/// Sets `flux` to what is sent and compared.
fn compose(draft: &mut Draft<'_>, author: &AuthorScript<'_>, params_as: Option<&str>) -> Result<(), String> {
    let fields = &draft.fields;
    let schedule = match (fields.get("every"), fields.text("cron")) {
        (Some(Value::Duration(every)), _) => Schedule::Every(every.to_string()),
        (_, Some(cron)) => Schedule::Cron(cron.to_owned()),
        _ => return Err("a task needs `every` or `cron`".to_owned()),
    };
    let offset = match fields.get("offset") {
        Some(offset @ (Value::Duration(_) | Value::Before(_))) => Some(offset.to_string()),
        _ => None,
    };
    let extra = author.task.iter().flat_map(|task| &task.extra);
    let head = TaskHead {
        name: fields.text("name").unwrap_or_default().to_owned(),
        schedule,
        offset,
        extra: extra.map(|(key, value)| (key.clone(), value.value.clone())).collect(),
    };
    let params = params_as.zip(draft.params.as_ref());
    let source = author.compose(&head, params).map_err(|error| error.to_string())?;
    draft.fields.set("flux", Value::Script(Script::of_task(source)));
    Ok(())
}
