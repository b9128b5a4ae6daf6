//! What a request says of a check, and what is kept of it (influxd 2.9.1, measured).

use serde_json::{Value, json};

use super::custom_check::says_itself;
use super::flux_duration::Duration;
use super::id::Id;
use super::json::{BodyError, Fields, go_number};
use super::problem::{Code, Problem};
use super::store::column::Cell;
use super::store::object::Object;
use crate::alerting::{Check, CheckRule, Threshold, identified};

/// What was sent.
pub(super) struct Sent {
    pub(super) check: Check,
    pub(super) org: Option<Id>,
    pub(super) description: String,
    pub(super) status: String,
    cron: String,
    /// The query as it is shown, but for the text.
    query: Value,
    /// Whether an interval was sent; an empty one is none.
    has_every: bool,
}

const TYPES: [&str; 3] = ["threshold", "deadman", "custom"];

/// Reads a body.
///
/// # Errors
/// Influxd's words for what is wrong with its form.
pub(super) fn read(body: &[u8]) -> Result<Sent, Problem> {
    let untyped = || Problem::invalid("unable to detect the check type from json");
    let ty = Fields::parse(body, "").and_then(|fields| fields.text("type")).map_err(|_| untyped())?.unwrap_or_default();
    if !TYPES.contains(&ty.as_str()) {
        return Err(Problem::invalid(format!("invalid check type {ty}")));
    }
    let (go, base) = match ty.as_str() {
        "threshold" => ("check.thresholdDecode", "Base."),
        "deadman" => ("check.deadmanDecode", "Base."),
        _ => ("check.Custom", ""),
    };
    let own = Fields::parse(body, go).map_err(BodyError::bare)?;
    let fields = own.clone().within(base);
    let text = |name: &str| Ok::<_, Problem>(fields.text(name).map_err(BodyError::bare)?.unwrap_or_default());
    let query = fields.object("query", "influxdb.DashboardQuery").map_err(BodyError::bare)?;
    let query_text = |name: &str| match &query {
        Some(query) => Ok::<_, Problem>(query.text(name).map_err(BodyError::bare)?.unwrap_or_default()),
        None => Ok(String::new()),
    };
    // Of the interval any JSON is read; what is no text is empty.
    let every = fields.any("every").map(|every| every.as_str().unwrap_or_default().to_owned());
    let offset = fields.any("offset").map(|offset| offset.as_str().unwrap_or_default().to_owned());
    for duration in [&every, &offset].into_iter().flatten() {
        positive(duration)?;
    }
    let tags = match fields.any("tags") {
        None => None,
        Some(_) => {
            let tags = fields.objects("tags", "influxdb.Tag").map_err(BodyError::bare)?;
            let tag = |tag: &Fields| {
                let text = |name| Ok::<_, Problem>(tag.text(name).map_err(BodyError::bare)?.unwrap_or_default());
                Ok::<_, Problem>((text("key")?, text("value")?))
            };
            Some(tags.iter().map(tag).collect::<Result<Vec<_>, _>>()?)
        }
    };
    let rule = match ty.as_str() {
        "threshold" => {
            let thresholds = own.objects("thresholds", "check.thresholdConfigDecode").map_err(BodyError::bare)?;
            let thresholds = thresholds.iter().map(threshold).collect::<Result<Vec<_>, _>>()?;
            CheckRule::Threshold(Some(thresholds).filter(|thresholds| !thresholds.is_empty()))
        }
        "deadman" => {
            let stale = own.text("staleTime").map_err(BodyError::bare)?;
            let since = own.text("timeSince").map_err(BodyError::bare)?.unwrap_or_default();
            stale.iter().chain([&since]).try_for_each(|duration| positive(duration))?;
            let zero = own.boolean("reportZero").map_err(BodyError::bare)?.unwrap_or(false);
            CheckRule::Deadman { since, stale, level: level(&text("level")?), zero }
        }
        _ => CheckRule::Custom,
    };
    let builder = query.as_ref().and_then(|query| query.any("builderConfig")).cloned();
    let empty =
        json!({"buckets": [], "tags": [], "functions": [], "aggregateWindow": {"period": "", "fillValues": false}});
    let check = Check {
        name: text("name")?,
        every: every.clone().unwrap_or_default(),
        offset,
        query: query_text("text")?,
        message: text("statusMessageTemplate")?,
        tags,
        rule,
    };
    Ok(Sent {
        org: fields.id("orgID").map_err(BodyError::bare)?,
        description: text("description")?,
        status: text("status")?,
        cron: text("cron")?,
        query: json!({
            "text": "", "editMode": query_text("editMode")?, "name": query_text("name")?,
            "builderConfig": filled(empty, builder),
        }),
        has_every: every.is_some(),
        check,
    })
}

/// `all` with what `sent` says of it.
fn filled(mut all: Value, sent: Option<Value>) -> Value {
    if let (Some(all), Some(Value::Object(sent))) = (all.as_object_mut(), sent) {
        for (key, value) in sent {
            if let Some(of) = all.get_mut(&key).filter(|_| !value.is_null()) {
                *of = if of.is_object() { filled(of.take(), Some(value)) } else { value };
            }
        }
    }
    all
}

/// Nothing with a sign is a length of time here.
pub(super) fn positive(duration: &str) -> Result<(), Problem> {
    let wrong = || Problem::invalid(format!("invalid duration {duration}"));
    if duration.starts_with('-') { Err(wrong()) } else { Duration::parse(duration).map(drop).map_err(|_| wrong()) }
}

/// A level as it is kept: what is none is unknown.
pub(super) fn level(text: &str) -> String {
    let level = text.to_uppercase();
    if ["OK", "INFO", "WARN", "CRIT", "ANY"].contains(&level.as_str()) { level } else { "UNKNOWN".to_owned() }
}

fn threshold(sent: &Fields) -> Result<Threshold, Problem> {
    let text = |name: &str| Ok::<_, Problem>(sent.text(name).map_err(BodyError::bare)?.unwrap_or_default());
    let number = |name: &str| Ok::<_, Problem>(sent.float(name).map_err(BodyError::bare)?.unwrap_or(0.0));
    let flag = |name: &str| Ok::<_, Problem>(sent.boolean(name).map_err(BodyError::bare)?.unwrap_or(false));
    let (ty, kept) = (text("type")?, level(&text("level")?));
    let ty = ["greater", "lesser", "range"].into_iter().find(|known| *known == ty).ok_or(ty);
    let (value, min, max) = (number("value")?, number("min")?, number("max")?);
    let (within, all) = (flag("within")?, flag("allValues")?);
    let ty = ty.map_err(|ty| Problem::invalid(format!("invalid threshold type {ty}")))?;
    Ok(Threshold { ty, level: kept, value, min, max, within, all })
}

impl Threshold {
    /// A `min` and a `max` of 0 are left out.
    fn shown(&self) -> Value {
        let mut shown = json!({"allValues": self.all, "level": self.level});
        if self.ty == "range" {
            for (key, number) in [("min", self.min), ("max", self.max)].into_iter().filter(|(_, number)| *number != 0.0)
            {
                shown[key] = go_number(number);
            }
            shown["within"] = self.within.into();
        } else {
            shown["value"] = go_number(self.value);
        }
        shown["type"] = self.ty.into();
        shown
    }

    fn kept(kept: &Value) -> Option<Self> {
        let number = |key: &str| kept[key].as_f64().unwrap_or(0.0);
        Some(Self {
            ty: ["greater", "lesser", "range"].into_iter().find(|ty| kept["type"] == *ty)?,
            level: kept["level"].as_str()?.to_owned(),
            value: number("value"),
            min: number("min"),
            max: number("max"),
            within: kept["within"] == true,
            all: kept["allValues"] == true,
        })
    }
}

/// Whether it is a status.
///
/// # Errors
/// It is none.
pub(super) fn status(status: &str) -> Result<(), Problem> {
    match status {
        "active" | "inactive" => Ok(()),
        _ => Err(Problem::invalid("invalid status: must be active or inactive")),
    }
}

/// Whether a check, as it is kept, may be called so: the script of a custom one says its name.
///
/// # Errors
/// It may not.
pub(super) fn named(check: &Object, name: &str) -> Result<(), Problem> {
    let mut check = kept(check);
    check.name = name.to_owned();
    if matches!(check.rule, CheckRule::Custom) { says_itself(&check) } else { Ok(()) }
}

impl Sent {
    /// The same for the check with this ID, which the script of a custom one gets.
    pub(super) fn with_id(mut self, id: Id) -> Self {
        if matches!(self.check.rule, CheckRule::Custom) {
            self.check.query = identified(&self.check.query, &id.to_string()).unwrap_or(self.check.query);
        }
        self
    }

    /// # Errors
    /// There is no such status.
    pub(super) fn status(&self) -> Result<(), Problem> {
        status(&self.status)
    }

    /// What influxd looks at before it keeps a check.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn valid(&self) -> Result<(), Problem> {
        let wrong = |words: &str| Err(Problem::invalid(words));
        let Check { name, every, offset, tags, rule, .. } = &self.check;
        if matches!(rule, CheckRule::Custom) {
            return says_itself(&self.check);
        }
        if name.is_empty() {
            return wrong("Check Name can't be empty");
        }
        if !self.has_every {
            return wrong("Check Every must exist");
        }
        if every.is_empty() {
            return wrong("Check Every can't be empty");
        }
        if let Some(offset) = offset {
            let length = |text: &str| Duration::parse(text).and_then(|duration| duration.nanoseconds());
            if offset.is_empty() {
                return wrong("Check Offset can't be empty");
            }
            if let (Ok(offset), Ok(every)) = (length(offset), length(every))
                && offset >= every
                // An interval that is none is judged with the task.
                && every > 0
            {
                return wrong("Offset should not be equal or greater than the interval");
            }
        }
        if tags.iter().flatten().any(|(key, value)| key.is_empty() || value.is_empty()) {
            return wrong("tag must contain a key and a value");
        }
        match rule {
            CheckRule::Threshold(thresholds)
                if thresholds
                    .iter()
                    .flatten()
                    .any(|threshold| threshold.ty == "range" && threshold.min > threshold.max) =>
            {
                wrong("range threshold min can't be larger than max")
            }
            CheckRule::Deadman { stale: None, .. } => {
                let words = "a panic has occurred: /api/v2/checks: runtime error: invalid memory address or nil pointer dereference";
                Err(Problem::new(Code::Internal, words))
            }
            _ => Ok(()),
        }
    }

    /// Puts what was sent in the place of what an object has.
    pub(super) fn put_into(&self, object: &mut Object) {
        let Check { name, every, offset, query, message, tags, rule } = &self.check;
        let mut shown = self.query.clone();
        shown["text"] = query.as_str().into();
        let json = |value: Value| Cell::Json(Box::new(value));
        let tags = tags
            .as_ref()
            .map(|tags| tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect::<Value>());
        let (ty, thresholds, silence) = match rule {
            CheckRule::Threshold(thresholds) => ("threshold", thresholds.as_ref(), None),
            CheckRule::Deadman { since, stale, level, zero } => ("deadman", None, Some((since, stale, level, *zero))),
            CheckRule::Custom => ("custom", None, None),
        };
        let is_custom = ty == "custom";
        let own = |text: &str| if is_custom { "".into() } else { text.into() };
        let thresholds = thresholds.map(|all| all.iter().map(Threshold::shown).collect::<Value>());
        for (column, cell) in [
            ("name", name.as_str().into()),
            ("description", self.description.as_str().into()),
            ("query", json(shown)),
            ("statusMessageTemplate", own(message)),
            ("cron", own(&self.cron)),
            ("every", own(every)),
            ("offset", own(offset.as_deref().unwrap_or_default())),
            ("tags", tags.map_or(Cell::Nothing, json)),
            ("thresholds", thresholds.map_or(Cell::Nothing, json)),
            ("timeSince", silence.map_or("", |(since, ..)| since).into()),
            ("staleTime", silence.and_then(|(_, stale, ..)| stale.as_deref()).unwrap_or_default().into()),
            ("level", silence.map_or("", |(_, _, level, _)| level).into()),
            ("reportZero", Cell::Flag(silence.is_some_and(|(.., zero)| zero))),
            ("type", ty.into()),
        ] {
            *object.value_mut(column) = cell;
        }
    }
}

/// The check that an object is.
pub(super) fn kept(object: &Object) -> Check {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let json = |column: &str| match object.value(column) {
        Cell::Json(value) => Some(&**value),
        _ => None,
    };
    let text = |column: &str| object.text(column).to_owned();
    let tag = |tag: &Value| Some((tag["key"].as_str()?.to_owned(), tag["value"].as_str()?.to_owned()));
    Check {
        name: text("name"),
        every: text("every"),
        offset: some(object.text("offset")),
        query: json("query").and_then(|query| query["text"].as_str()).unwrap_or_default().to_owned(),
        message: text("statusMessageTemplate"),
        tags: json("tags").and_then(Value::as_array).map(|tags| tags.iter().filter_map(tag).collect()),
        rule: match object.text("type") {
            "custom" => CheckRule::Custom,
            "deadman" => CheckRule::Deadman {
                since: text("timeSince"),
                stale: some(object.text("staleTime")),
                level: text("level"),
                zero: *object.value("reportZero") == Cell::Flag(true),
            },
            _ => CheckRule::Threshold(
                json("thresholds")
                    .and_then(Value::as_array)
                    .map(|all| all.iter().filter_map(Threshold::kept).collect()),
            ),
        },
    }
}
