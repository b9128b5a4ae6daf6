//! The colors of views: strings where all else follows from where they stand.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::json;
use crate::value::Value;

/// The colors that a type of view has.
pub(super) struct Palette {
    /// What the server calls the color at a place among so many; none where a color is a string on the server too.
    ty: Option<fn(usize, usize) -> &'static str>,
    /// The ID of the first one; the others are counted.
    first: &'static str,
    /// The colors where none are said, and the value that each begins at.
    default: &'static [(&'static str, i64)],
}

const LINES: &[(&str, i64)] = &[("#31C0F6", 0), ("#A500A5", 0), ("#FF7E27", 0)];

pub(super) static SCALE: Palette = Palette { ty: Some(|_, _| "scale"), first: "0", default: LINES };
pub(super) static TEXT: Palette = Palette { ty: Some(|_, _| "text"), first: "base", default: &[("#00C9FF", 0)] };
pub(super) static WHITE: Palette = Palette { ty: Some(|_, _| "text"), first: "base", default: &[("#FFFFFF", 0)] };
pub(super) static RANGE: Palette = Palette {
    ty: Some(|at, count| match at {
        0 => "min",
        _ if at + 1 == count => "max",
        _ => "threshold",
    }),
    first: "0",
    default: &[("#00C9FF", 0), ("#9394FF", 100)],
};
pub(super) static PLAIN: Palette = Palette { ty: None, first: "0", default: LINES };
pub(super) static HEAT: Palette = Palette {
    ty: None,
    first: "0",
    default: &[
        ("#000004", 0),
        ("#110a30", 0),
        ("#320a5e", 0),
        ("#57106e", 0),
        ("#781c6d", 0),
        ("#9a2865", 0),
        ("#bc3754", 0),
        ("#d84c3e", 0),
        ("#ed6925", 0),
        ("#f98e09", 0),
        ("#fbb61a", 0),
        ("#f4df53", 0),
    ],
};

/// The keys of a color that is a table, and those of the server's.
pub(super) const KEYS: [(&str, &str); 5] =
    [("hex", "hex"), ("from", "value"), ("type", "type"), ("name", "name"), ("id", "id")];

impl Palette {
    /// Whether a color is a string and nothing else.
    pub(super) fn is_plain(&self) -> bool {
        self.ty.is_none()
    }

    /// The colors that the server has, unless they are those that hold when nothing is said.
    pub(super) fn read(&self, colors: Option<&Json>) -> Option<Value> {
        let colors = colors?.as_array()?;
        let colors = self.values(colors);
        let Json::Array(default) = self.write(None) else { return Some(colors) };
        (colors != self.values(&default)).then_some(colors)
    }

    fn values(&self, colors: &[Json]) -> Value {
        Value::List(colors.iter().enumerate().map(|(at, color)| self.value(color, at, colors.len())).collect())
    }

    /// One color: a string where all else is as [`Self::json`] makes it.
    fn value(&self, color: &Json, at: usize, count: usize) -> Value {
        if let Json::String(hex) = color {
            return Value::Text(hex.clone());
        }
        let hex = color["hex"].as_str().unwrap_or_default();
        let plain = self.json(&Value::Text(hex.to_owned()), at, count);
        let said = KEYS.iter().filter(|(_, key)| color[key] != plain[key] && !same_number(&color[key], &plain[key]));
        let mut table: BTreeMap<String, Value> =
            said.filter_map(|(word, key)| Some(((*word).to_owned(), json::value(&color[key])?))).collect();
        if table.is_empty() {
            return Value::Text(hex.to_owned());
        }
        table.insert("hex".to_owned(), Value::Text(hex.to_owned()));
        Value::Table(table)
    }

    /// The colors as they are sent.
    pub(super) fn write(&self, colors: Option<&Value>) -> Json {
        match colors {
            Some(Value::List(colors)) => {
                colors.iter().enumerate().map(|(at, color)| self.json(color, at, colors.len())).collect()
            }
            _ => {
                let count = self.default.len();
                let color = |(at, (hex, from)): (usize, &(&str, i64))| {
                    let mut color = self.json(&Value::Text((*hex).to_owned()), at, count);
                    if *from != 0 {
                        color["value"] = json!(from);
                    }
                    color
                };
                self.default.iter().enumerate().map(color).collect()
            }
        }
    }

    fn json(&self, color: &Value, at: usize, count: usize) -> Json {
        let text = |text: &Value| if let Value::Text(text) = text { text.clone() } else { String::new() };
        let Some(ty) = self.ty else { return json!(text(color)) };
        let id = if at == 0 { self.first.to_owned() } else { at.to_string() };
        let hex = if let Value::Table(_) = color { String::new() } else { text(color) };
        let mut json = json!({ "id": id, "type": ty(at, count), "hex": hex, "name": "", "value": 0 });
        if let Value::Table(table) = color {
            for (word, key) in KEYS {
                if let Some(said) = table.get(word) {
                    json[key] = json::json(said);
                }
            }
        }
        json
    }
}

fn same_number(a: &Json, b: &Json) -> bool {
    a.is_number() && a.as_f64() == b.as_f64()
}
