//! What InfluxDB keeps of a view: under any other key it drops what is there without a word (influxd 2.9.1, measured).

use serde_json::Value as Json;

use super::places::Step;
use super::view::{MARKDOWN, VIEWS, View};
use crate::diagnostic::nearest;
use crate::limits::PROBLEMS;

const AXIS: &[&str] = &["bounds", "label", "prefix", "suffix", "base", "scale"];

/// The keys of what stands under a key, as a table or as a list of these.
const WITHIN: &[(&[&str], &[&str])] = &[
    (&["queries"], &["text", "editMode", "name", "builderConfig"]),
    (&["builderConfig"], &["buckets", "tags", "functions", "aggregateWindow"]),
    (&["tags"], &["key", "values", "aggregateFunctionType"]),
    (&["functions"], &["name"]),
    (&["aggregateWindow"], &["period", "fillValues"]),
    (&["radiusDimension", "colorDimension", "intensityDimension"], AXIS),
    (&["colors"], &["id", "type", "hex", "name", "value"]),
    (
        &["staticLegend"],
        &["colorizeRows", "heightRatio", "show", "opacity", "orientationThreshold", "valueAxis", "widthRatio"],
    ),
    (&["tableOptions"], &["verticalTimeAxis", "sortBy", "wrapping", "fixFirstColumn"]),
    (&["sortBy", "fieldOptions"], &["internalName", "displayName", "visible"]),
    (&["decimalPlaces"], &["isEnforced", "digits"]),
    (&["center"], &["lat", "lon"]),
    (
        &["layers"],
        &[
            "type",
            "radiusField",
            "colorField",
            "intensityField",
            "colors",
            "radius",
            "blur",
            "radiusDimension",
            "colorDimension",
            "intensityDimension",
            "interpolateColors",
            "trackWidth",
            "speed",
            "randomColors",
            "isClustered",
        ],
    ),
    (&["columns"], &["name", "position", "settings"]),
    (&["settings"], &["type", "value", "name"]),
];
/// The axes of a view, each under a name of its own.
const AXES: &str = "axes";

/// A key that is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dropped {
    /// Where it stands within the properties, itself the last.
    pub(super) path: Vec<Step>,
    pub(super) message: String,
    pub(super) help: String,
}

/// The keys of a view as a whole.
pub(super) fn keys(view: &View) -> Vec<&'static str> {
    ["shape", "type", "queries"].into_iter().chain(view.keys()).collect()
}

/// What is dropped of the properties of a view of the type `ty`, which has these keys; `other` are not looked at.
pub(super) fn dropped(ty: &str, keys: &[&'static str], properties: &Json, other: &[&str]) -> Vec<Dropped> {
    let mut look = Look { ty, other, path: Vec::new(), found: Vec::new() };
    look.table(properties, keys);
    look.found
}

struct Look<'l> {
    ty: &'l str,
    other: &'l [&'l str],
    path: Vec<Step>,
    found: Vec<Dropped>,
}

impl Look<'_> {
    fn table(&mut self, json: &Json, known: &[&'static str]) {
        match json {
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.within(Step::At(at), |look| look.table(item, known));
                }
            }
            Json::Object(all) => {
                for (key, value) in all.iter().filter(|(key, _)| !self.other.contains(&key.as_str())) {
                    self.within(Step::from(key.as_str()), |look| look.entry(key, value, known));
                }
            }
            _ => {}
        }
    }

    fn within(&mut self, step: Step, look: impl FnOnce(&mut Self)) {
        self.path.push(step);
        look(self);
        self.path.pop();
    }

    fn entry(&mut self, key: &str, value: &Json, known: &[&'static str]) {
        if !known.contains(&key) {
            if !PROBLEMS.exceeded(self.found.len()) {
                let found = self.unknown(key, known);
                self.found.push(found);
            }
        } else if key == AXES {
            for (axis, value) in value.as_object().into_iter().flatten() {
                self.within(Step::from(axis.as_str()), |look| look.table(value, AXIS));
            }
        } else if let Some((_, known)) = WITHIN.iter().find(|(keys, _)| keys.contains(&key)) {
            self.table(value, known);
        }
    }

    fn unknown(&self, key: &str, known: &[&'static str]) -> Dropped {
        let holder = match self.path.split_last() {
            Some((_, holder)) if !holder.is_empty() => format!("in `{}` ", said(holder)),
            _ => String::new(),
        };
        let help = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("InfluxDB keeps {}", known.join(", ")),
        };
        let message = format!("InfluxDB keeps no `{key}` {holder}of a view of the type `{}`", self.ty);
        Dropped { path: self.path.clone(), message, help }
    }
}

/// A path as it is written: `queries[0].text`.
fn said(path: &[Step]) -> String {
    let mut said = String::new();
    for step in path {
        match step {
            Step::At(at) => said.push_str(&format!("[{at}]")),
            Step::Key(key) if said.is_empty() => said.push_str(key),
            Step::Key(key) => said.push_str(&format!(".{key}")),
        }
    }
    said
}

/// The view that is nearest to `ty`, which is none.
pub(super) fn nearest_type(ty: &str) -> String {
    let all = || VIEWS.iter().map(|view| view.ty).chain([MARKDOWN]);
    match nearest(ty, all()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("available types: {}", all().collect::<Vec<_>>().join(", ")),
    }
}
