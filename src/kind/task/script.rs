//! A task's script and its schedule: what is written in the manifest and in the script's own `option task`, as one.

use super::{cron, reach};
use crate::diagnostic::{Code, nearest};
use crate::flux::parser::parse;
use crate::flux::{AuthorScript, Schedule, TaskHead, TaskOption};
use crate::kind::draft::{Draft, Fault};
use crate::kind::params::{self, PARAMS, Params};
use crate::kind::schedule::{self, Words};
use crate::kind::script;
use crate::value::{Script, Value};

const WORDS: Words = Words { kind: "task", schedule: Code::TaskSchedule, disagrees: Code::TaskDisagrees };

/// Merges manifest and script, and composes the whole script for the server. Of a script that cannot be read, what the manifest
/// says of the schedule is still looked at.
pub(super) fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let Some(source) = draft.script else { return rules(draft, None, faults) };
    let params_as = draft.fields.text("params_as").filter(|_| (draft.written)(PARAMS)).map(str::to_owned);
    let parsed = parse(source);
    let params = draft.params.take();
    let asked = {
        let name = params_as.as_deref().unwrap_or(PARAMS);
        let params = Params { name, ..Params::of(draft, params.as_ref(), "flux", "task", &[]) };
        faults.extend(script::forms("flux", &parsed, |error| params.help(source, error)));
        params.check(&parsed.script)
    };
    draft.params = params;
    faults.extend(params::secrets(draft.params.as_ref()));
    if !parsed.is_accepted() {
        return rules(draft, None, faults);
    }
    let author = match AuthorScript::read(source, params_as.as_deref()) {
        Ok(author) => author,
        Err(error) => {
            faults.push(Fault::new(Code::TaskFlux, "flux", error.message, "here").script(error.span));
            return rules(draft, None, faults);
        }
    };
    if parsed.is_sound() {
        // `option task` and the parameters will stand before the author's own text.
        let given: Vec<&str> = ["task"].into_iter().chain(params_as.as_deref()).collect();
        faults.extend(script::names("flux", &parsed.script, &given, &asked));
    }
    faults.extend(asked);
    let errors = |faults: &[Fault]| faults.iter().filter(|fault| fault.stops()).count();
    let before = errors(faults);
    if let Some(task) = &author.task {
        schedule::merge(draft, task, &WORDS, faults);
    }
    if parsed.is_sound() {
        reach::look(draft, &parsed.script, params_as.as_deref(), faults);
    }
    rules(draft, author.task.as_ref(), faults);
    faults.extend(unscheduled(draft, author.task.as_ref()));
    let broken = errors(faults) > before
        || (draft.written)(PARAMS) && draft.params.is_none()
        || ["name", "every", "cron", "offset"].iter().any(|field| draft.fields.get(field).is_none());
    if broken {
        return;
    }
    if let Err(message) = compose(draft, &author, params_as.as_deref()) {
        faults.push(Fault::new(Code::TaskFlux, "flux", message, "cannot be composed"));
    }
}

/// What the server refuses (influxd 2.9.1, measured).
fn rules(draft: &mut Draft<'_>, task: Option<&TaskOption>, faults: &mut Vec<Fault>) {
    let said = |field: &str| schedule::said(task, field);
    let written = draft.written;
    let place = |fault: Fault| schedule::place(fault, written, task);
    if draft.fields.text("name").is_some_and(str::is_empty) {
        faults.push(place(Fault::new(Code::TaskName, "name", "a task's name cannot be empty", "empty")));
    }
    faults.extend(schedule::faults(&mut draft.fields, &WORDS).into_iter().map(place));
    if let Some(cron) = draft.fields.text("cron") {
        let fault = match cron::check(cron) {
            Err(error) => {
                Some(Fault { help: error.help, ..Fault::new(Code::TaskCron, "cron", error.message, "not a schedule") })
            }
            Ok(()) => cron::surprise(cron).map(|error| {
                let fault = Fault::new(Code::TaskCron, "cron", error.message, "more often than it says").warning();
                Fault { help: error.help, ..fault }
            }),
        };
        faults.extend(fault.map(place));
    }
    let set = |field: &str| (draft.written)(field) || said(field).is_some();
    if set("every") && set("cron") {
        let (field, other) = if (draft.written)("cron") { ("cron", "every") } else { ("every", "cron") };
        let fault = Fault::new(Code::TaskSchedule, field, "a task has `every` or `cron`, not both", "one of them");
        let fault = match said(other).filter(|_| !(draft.written)(other)) {
            Some(span) => fault.script(span),
            None => fault.other(other),
        };
        faults.push(if (draft.written)(field) { fault } else { Fault { field: "flux", ..fault } });
    }
}

/// That a task has no schedule, neither in the manifest nor in its script.
fn unscheduled(draft: &Draft<'_>, task: Option<&TaskOption>) -> Option<Fault> {
    let is_scheduled = (draft.written)("every")
        || (draft.written)("cron")
        || task.is_some_and(|task| task.every.is_some() || task.cron.is_some());
    let fault = || Fault::new(Code::TaskSchedule, "flux", "a task needs `every` or `cron`", "has neither");
    let extra = || task.into_iter().flat_map(|task| &task.extra).map(|(key, _)| key.as_str());
    let slip = || extra().find_map(|key| Some((key, nearest(key, ["every", "cron"])?)));
    (!is_scheduled).then(|| match slip() {
        Some((key, meant)) => fault().help(format!("`option task` has `{key}`; did you mean `{meant}`?")),
        None => fault().help("write for example `every = \"1h\"`"),
    })
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
