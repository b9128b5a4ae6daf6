//! What InfluxDB keeps of a view: under any other key it drops what is there without a word, and all of the view where a value is
//! not of its type (influxd 2.9.1, measured).

use serde_json::Value as Json;

use super::view::{MARKDOWN, VIEWS, View};
use crate::diagnostic::nearest;
use crate::json_places::Step;
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

/// What a value has to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Text,
    Flag,
    Whole,
    Number,
    Texts,
    Numbers,
    Table,
    Tables,
}

/// The keys whose values are no texts, wherever they stand but in what [`sort`] says.
const SORTS: &[(Sort, &[&str])] = &[
    (
        Sort::Flag,
        &[
            "showNoteWhenEmpty",
            "shadeBelow",
            "legendColorizeRows",
            "legendHide",
            "allowPanAndZoom",
            "detectCoordinateFields",
            "fillValues",
            "colorizeRows",
            "show",
            "verticalTimeAxis",
            "fixFirstColumn",
            "visible",
            "isEnforced",
            "interpolateColors",
            "randomColors",
            "isClustered",
        ],
    ),
    (
        Sort::Whole,
        &[
            "xTotalTicks",
            "yTotalTicks",
            "legendOrientationThreshold",
            "binSize",
            "binCount",
            "orientationThreshold",
            "digits",
            "radius",
            "blur",
            "trackWidth",
            "speed",
        ],
    ),
    (
        Sort::Number,
        &[
            "xTickStart",
            "xTickStep",
            "yTickStart",
            "yTickStep",
            "legendOpacity",
            "zoom",
            "heightRatio",
            "widthRatio",
            "opacity",
            "value",
            "lat",
            "lon",
        ],
    ),
    (
        Sort::Texts,
        &[
            "generateXAxisTicks",
            "generateYAxisTicks",
            "fillColumns",
            "symbolColumns",
            "yLabelColumns",
            "ySeriesColumns",
            "bounds",
            "buckets",
            "values",
        ],
    ),
    (Sort::Numbers, &["xDomain", "yDomain"]),
    (
        Sort::Table,
        &[
            AXES,
            "staticLegend",
            "tableOptions",
            "decimalPlaces",
            "center",
            "sortBy",
            "builderConfig",
            "aggregateWindow",
            "radiusDimension",
            "colorDimension",
            "intensityDimension",
        ],
    ),
    (Sort::Tables, &["queries", "colors", "fieldOptions", "layers", "columns", "settings", "tags", "functions"]),
];
/// The types of views whose colors are texts.
const PLAIN: &[&str] = &["heatmap", "scatter", "mosaic", "check"];

/// What the value under `key` has to be, in a view of the type `ty`, or in what stands under `holder` there.
fn sort(ty: &str, holder: Option<&str>, key: &str) -> Sort {
    match (holder, key) {
        (None, "colors") if PLAIN.contains(&ty) => Sort::Texts,
        (Some("settings"), "value") => Sort::Text,
        (Some("columns"), "position") => Sort::Whole,
        _ => SORTS.iter().find(|(_, keys)| keys.contains(&key)).map_or(Sort::Text, |(sort, _)| *sort),
    }
}

/// Whether a list of texts or tables stands under `key` of a view of the type `ty`.
pub(super) fn is_list(ty: &str, key: &str) -> bool {
    matches!(sort(ty, None, key), Sort::Texts | Sort::Tables)
}

impl Sort {
    fn has(self, json: &Json) -> bool {
        let all =
            |is: fn(&Json) -> bool| json.as_array().is_some_and(|all| all.iter().all(|one| one.is_null() || is(one)));
        json.is_null()
            || match self {
                Self::Text => json.is_string(),
                Self::Flag => json.is_boolean(),
                Self::Whole => json.is_i64(),
                Self::Number => json.is_number(),
                Self::Texts => all(Json::is_string),
                Self::Numbers => all(Json::is_number),
                Self::Table => json.is_object(),
                Self::Tables => all(Json::is_object),
            }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Flag => "`true` or `false`",
            Self::Whole => "a whole number",
            Self::Number => "a number",
            Self::Texts => "a list of texts",
            Self::Numbers => "a list of numbers",
            Self::Table => "a table",
            Self::Tables => "a list of tables",
        }
    }
}

/// What is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dropped {
    /// Where it stands within the properties, its key the last.
    pub(super) path: Vec<Step>,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: Option<String>,
}

/// The keys of a view as a whole.
pub(super) fn keys(view: &View) -> Vec<&'static str> {
    ["shape", "type", "queries"].into_iter().chain(view.keys()).collect()
}

/// What is dropped of the properties of a view of the type `ty`, which has these keys; nothing is said of `other` ones.
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
                for (key, value) in all {
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
        let holder = self.path.iter().rev().skip(1).find_map(Step::key);
        if !known.contains(&key) {
            if !self.other.contains(&key) {
                self.say(self.unknown(key, known));
            }
        } else if self.is_of(sort(self.ty, holder, key), value) && key == AXES {
            for (axis, value) in value.as_object().into_iter().flatten() {
                self.within(Step::from(axis.as_str()), |look| {
                    if look.is_of(Sort::Table, value) {
                        look.table(value, AXIS);
                    }
                });
            }
        } else if let Some((_, known)) = WITHIN.iter().find(|(keys, _)| keys.contains(&key)) {
            self.table(value, known);
        }
    }

    /// Whether a value is what it has to be; says so if it is not.
    fn is_of(&mut self, wanted: Sort, value: &Json) -> bool {
        let is = wanted.has(value);
        if !is {
            let message =
                format!("`{}` of a view of the type `{}` must be {}", said(&self.path), self.ty, wanted.what());
            let label = "InfluxDB would keep nothing of this view";
            self.say(Dropped { path: self.path.clone(), message, label, help: None });
        }
        is
    }

    fn say(&mut self, dropped: Dropped) {
        if !PROBLEMS.exceeded(self.found.len()) {
            self.found.push(dropped);
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
        Dropped { path: self.path.clone(), message, label: "not kept", help: Some(help) }
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
