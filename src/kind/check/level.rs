//! The levels of a check: which values have them, and how long nothing may come.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::field::{Field, Omitted, Type};
use crate::value::{Number, Value};

/// The words for levels.
pub(super) const LEVELS: [&str; 4] = ["ok", "info", "warn", "crit"];

/// Which values have a level: exactly one of these.
pub(super) const THRESHOLD: &[Field] = &[
    Field::text("above", Omitted::Unset, "Values above this number.").of_type(Type::Number),
    Field::text("below", Omitted::Unset, "Values below this number.").of_type(Type::Number),
    Field::text("inside", Omitted::Unset, "Values between two numbers: `[min, max]`.")
        .of_type(Type::List(&Type::Number)),
    Field::text("outside", Omitted::Unset, "Values that are not between two numbers: `[min, max]`.")
        .of_type(Type::List(&Type::Number)),
];

/// What a threshold says that no manifest can.
pub(super) const ALL: &str = "allValues";

/// What has sent nothing for a while.
pub(super) const DEADMAN: &[Field] = &[
    Field::text("level", Omitted::Required, "Its level.").of_type(Type::Choice(&LEVELS)),
    Field::text("after", Omitted::Required, "How long it has sent nothing.").of_type(Type::Duration { months: true }),
    Field::text(
        "forget",
        Omitted::Required,
        "How far back it is looked for: what has sent nothing for that long is forgotten.",
    )
    .of_type(Type::Duration { months: true }),
];

/// A threshold as the server says it. It leaves out a `min` and a `max` of 0 (influxd 2.9.1, measured).
#[derive(serde::Deserialize)]
pub(super) struct Threshold {
    #[serde(rename = "type")]
    ty: String,
    level: String,
    #[serde(default)]
    value: f64,
    #[serde(default)]
    min: f64,
    #[serde(default)]
    max: f64,
    #[serde(default)]
    within: bool,
    #[serde(default, rename = "allValues")]
    all: bool,
}

impl Threshold {
    /// Whether it says more than a manifest can.
    pub(super) fn is_of_all(&self) -> bool {
        self.all
    }

    fn value(&self) -> Value {
        let number = |number| Number::new(number).map_or(Value::Unset, Value::Number);
        let (field, value) = match self.ty.as_str() {
            "greater" => ("above", number(self.value)),
            "lesser" => ("below", number(self.value)),
            _ if self.within => ("inside", Value::List(vec![number(self.min), number(self.max)])),
            _ => ("outside", Value::List(vec![number(self.min), number(self.max)])),
        };
        Value::Table(BTreeMap::from([(field.to_owned(), value)]))
    }
}

/// The levels of a check with these thresholds.
pub(super) fn when(thresholds: Vec<Threshold>) -> Value {
    let mut levels = BTreeMap::new();
    for threshold in thresholds {
        let level = threshold.level.to_lowercase();
        // They are none that a manifest can say, and no run of them succeeds.
        if levels.contains_key(&level) {
            return Value::Note(format!("two thresholds for {level}"));
        }
        levels.insert(level, threshold.value());
    }
    Value::Table(levels)
}

/// The thresholds of `levels`.
pub(super) fn thresholds(levels: &BTreeMap<String, Value>) -> Json {
    let threshold = |(level, of): (&String, &Value)| {
        let Value::Table(of) = of else { return None };
        let number = |value: &Value| if let Value::Number(number) = value { Some(number.get()) } else { None };
        let (field, value) = of.iter().next()?;
        let level = level.to_uppercase();
        Some(match (field.as_str(), value) {
            ("above", value) => json!({"type": "greater", "level": level, "value": number(value)?}),
            ("below", value) => json!({"type": "lesser", "level": level, "value": number(value)?}),
            (field, Value::List(ends)) => {
                let (min, max) = (number(ends.first()?)?, number(ends.last()?)?);
                json!({"type": "range", "level": level, "min": min, "max": max, "within": field == "inside"})
            }
            _ => return None,
        })
    };
    levels.iter().filter_map(threshold).collect()
}

/// Keeps in the thresholds `new` what those of the same levels in `old` say that no manifest can.
pub(super) fn keep_all(old: &Json, new: &mut Json) {
    for threshold in new.as_array_mut().into_iter().flatten() {
        let same = old.as_array().into_iter().flatten().find(|old| old["level"] == threshold["level"]);
        if same.is_some_and(|same| same[ALL] == true) {
            threshold[ALL] = true.into();
        }
    }
}

/// The level of what has sent nothing for the first of these times, and is forgotten after the second.
pub(super) fn deadman(level: &str, (after, forget): (Value, Value)) -> Value {
    let level = Value::Text(level.to_lowercase());
    Value::Table(
        [("level", level), ("after", after), ("forget", forget)].map(|(key, value)| (key.to_owned(), value)).into(),
    )
}

/// What the server calls the parts of `deadman`.
pub(super) fn silence(deadman: &BTreeMap<String, Value>) -> [(&'static str, Json); 3] {
    let text = |key: &str| deadman.get(key).map(Value::to_string).unwrap_or_default();
    [
        ("level", text("level").to_uppercase().into()),
        ("timeSince", text("after").into()),
        ("staleTime", text("forget").into()),
    ]
}
