//! What a cell can show: for each type of view the options that a manifest has words for, where the server's JSON has them, and
//! what holds when nothing is said. What there is no word for is in `properties`.

use serde_json::{Value as Json, json};

use super::color::{self, Palette};
use super::{json, kept};
use crate::value::Value;

/// A type of view.
pub(super) struct View {
    /// Its word in manifests.
    pub(super) word: &'static str,
    /// The server's name.
    pub(super) ty: &'static str,
    options: &'static [&'static [Opt]],
    pub(super) palette: Option<&'static Palette>,
    /// The keys of the server's JSON that no option is about; it keeps no others (influxd 2.9.1, measured).
    also: &'static [&'static [&'static str]],
}

/// One option.
pub(super) struct Opt {
    /// Its place in the view's table, such as `y.label`.
    at: &'static str,
    /// Its place in the server's JSON.
    key: &'static str,
    absent: Absent,
}

/// What holds for an option that is not written.
#[derive(Clone, Copy)]
enum Absent {
    /// What is empty of its type.
    Empty,
    Text(&'static str),
    /// This text, which an empty one means too.
    Usual(&'static str),
    Whole(i64),
    Yes,
}

const fn opt(at: &'static str, key: &'static str, absent: Absent) -> Opt {
    Opt { at, key, absent }
}

use Absent::{Empty, Text, Usual, Whole, Yes};

const NOTE_OPTIONS: &[Opt] = &[opt("note", "note", Empty), opt("note_on_empty", "showNoteWhenEmpty", Empty)];
const AXIS_OPTIONS: &[Opt] = &[
    opt("x.label", "axes.x.label", Empty),
    opt("x.prefix", "axes.x.prefix", Empty),
    opt("x.suffix", "axes.x.suffix", Empty),
    opt("x.bounds", "axes.x.bounds", Empty),
    opt("x.base", "axes.x.base", Text("10")),
    opt("x.scale", "axes.x.scale", Usual("linear")),
    opt("y.label", "axes.y.label", Empty),
    opt("y.prefix", "axes.y.prefix", Empty),
    opt("y.suffix", "axes.y.suffix", Empty),
    opt("y.bounds", "axes.y.bounds", Empty),
    opt("y.base", "axes.y.base", Text("10")),
    opt("y.scale", "axes.y.scale", Usual("linear")),
];
const DOMAIN_OPTIONS: &[Opt] = &[
    opt("x.label", "xAxisLabel", Empty),
    opt("x.prefix", "xPrefix", Empty),
    opt("x.suffix", "xSuffix", Empty),
    opt("x.domain", "xDomain", Empty),
    opt("y.label", "yAxisLabel", Empty),
    opt("y.prefix", "yPrefix", Empty),
    opt("y.suffix", "ySuffix", Empty),
    opt("y.domain", "yDomain", Empty),
    opt("time_format", "timeFormat", Empty),
];
const GEOM_OPTIONS: &[Opt] = &[opt("geom", "geom", Usual("line"))];
const HOVER_OPTIONS: &[Opt] = &[opt("hover", "hoverDimension", Empty)];
const X_OPTIONS: &[Opt] = &[opt("x_column", "xColumn", Usual("_time"))];
const Y_OPTIONS: &[Opt] = &[opt("y_column", "yColumn", Usual("_value"))];
const LINE_OPTIONS: &[Opt] = &[
    opt("shade", "shadeBelow", Empty),
    opt("position", "position", Usual("overlaid")),
    opt("time_format", "timeFormat", Empty),
];
const UNIT_OPTIONS: &[Opt] = &[opt("prefix", "prefix", Empty), opt("suffix", "suffix", Empty)];
const TICK_OPTIONS: &[Opt] = &[opt("tick_prefix", "tickPrefix", Empty), opt("tick_suffix", "tickSuffix", Empty)];
const DECIMAL_OPTIONS: &[Opt] =
    &[opt("decimals", "decimalPlaces.digits", Whole(2)), opt("rounded", "decimalPlaces.isEnforced", Yes)];

const LEGEND_KEYS: &[&str] = &["legendColorizeRows", "legendHide", "legendOpacity", "legendOrientationThreshold"];
const X_TICK_KEYS: &[&str] = &["generateXAxisTicks", "xTotalTicks", "xTickStart", "xTickStep"];
const Y_TICK_KEYS: &[&str] = &["generateYAxisTicks", "yTotalTicks", "yTickStart", "yTickStep"];

/// All types of views, but that of text alone and that of nothing.
pub(super) static VIEWS: &[View] = &[
    View {
        word: "xy",
        ty: "xy",
        options: &[GEOM_OPTIONS, AXIS_OPTIONS, X_OPTIONS, Y_OPTIONS, LINE_OPTIONS, HOVER_OPTIONS, NOTE_OPTIONS],
        palette: Some(&color::SCALE),
        also: &[&["axes", "staticLegend"], LEGEND_KEYS, X_TICK_KEYS, Y_TICK_KEYS],
    },
    View {
        word: "line_single_stat",
        ty: "line-plus-single-stat",
        options: &[
            AXIS_OPTIONS,
            X_OPTIONS,
            Y_OPTIONS,
            LINE_OPTIONS,
            HOVER_OPTIONS,
            UNIT_OPTIONS,
            DECIMAL_OPTIONS,
            NOTE_OPTIONS,
        ],
        palette: Some(&color::SCALE),
        also: &[&["axes", "staticLegend", "decimalPlaces"], LEGEND_KEYS, X_TICK_KEYS, Y_TICK_KEYS],
    },
    View {
        word: "band",
        ty: "band",
        options: &[
            GEOM_OPTIONS,
            AXIS_OPTIONS,
            X_OPTIONS,
            Y_OPTIONS,
            HOVER_OPTIONS,
            NOTE_OPTIONS,
            &[
                opt("time_format", "timeFormat", Empty),
                opt("upper_column", "upperColumn", Empty),
                opt("main_column", "mainColumn", Empty),
                opt("lower_column", "lowerColumn", Empty),
            ],
        ],
        palette: Some(&color::SCALE),
        also: &[&["axes", "staticLegend"], LEGEND_KEYS, X_TICK_KEYS, Y_TICK_KEYS],
    },
    View {
        word: "single_stat",
        ty: "single-stat",
        options: &[UNIT_OPTIONS, TICK_OPTIONS, DECIMAL_OPTIONS, NOTE_OPTIONS],
        palette: Some(&color::TEXT),
        also: &[&["decimalPlaces"]],
    },
    View {
        word: "gauge",
        ty: "gauge",
        options: &[UNIT_OPTIONS, TICK_OPTIONS, DECIMAL_OPTIONS, NOTE_OPTIONS],
        palette: Some(&color::RANGE),
        also: &[&["decimalPlaces"]],
    },
    View {
        word: "table",
        ty: "table",
        options: &[
            NOTE_OPTIONS,
            &[
                opt("time_format", "timeFormat", Usual("YYYY-MM-DD HH:mm:ss")),
                opt("decimals", "decimalPlaces.digits", Whole(2)),
                opt("rounded", "decimalPlaces.isEnforced", Empty),
                opt("vertical_time", "tableOptions.verticalTimeAxis", Yes),
                opt("sort_by", "tableOptions.sortBy.internalName", Empty),
                opt("wrapping", "tableOptions.wrapping", Usual("truncate")),
                opt("fix_first_column", "tableOptions.fixFirstColumn", Empty),
            ],
        ],
        palette: Some(&color::WHITE),
        also: &[&["tableOptions", "fieldOptions", "decimalPlaces"]],
    },
    View {
        word: "heatmap",
        ty: "heatmap",
        options: &[DOMAIN_OPTIONS, X_OPTIONS, Y_OPTIONS, NOTE_OPTIONS, &[opt("bin_size", "binSize", Whole(10))]],
        palette: Some(&color::HEAT),
        also: &[LEGEND_KEYS, X_TICK_KEYS, Y_TICK_KEYS],
    },
    View {
        word: "scatter",
        ty: "scatter",
        options: &[
            DOMAIN_OPTIONS,
            X_OPTIONS,
            Y_OPTIONS,
            NOTE_OPTIONS,
            &[opt("fill", "fillColumns", Empty), opt("symbols", "symbolColumns", Empty)],
        ],
        palette: Some(&color::PLAIN),
        also: &[LEGEND_KEYS, X_TICK_KEYS, Y_TICK_KEYS],
    },
    View {
        word: "mosaic",
        ty: "mosaic",
        options: &[
            DOMAIN_OPTIONS,
            X_OPTIONS,
            HOVER_OPTIONS,
            NOTE_OPTIONS,
            &[
                opt("fill", "fillColumns", Empty),
                opt("series", "ySeriesColumns", Empty),
                opt("y_labels", "yLabelColumns", Empty),
                opt("y_separator", "yLabelColumnSeparator", Empty),
            ],
        ],
        palette: Some(&color::PLAIN),
        also: &[LEGEND_KEYS, X_TICK_KEYS],
    },
    View {
        word: "histogram",
        ty: "histogram",
        options: &[
            NOTE_OPTIONS,
            &[
                opt("x_column", "xColumn", Usual("_value")),
                opt("x.label", "xAxisLabel", Empty),
                opt("x.domain", "xDomain", Empty),
                opt("fill", "fillColumns", Empty),
                opt("position", "position", Usual("overlaid")),
                opt("bins", "binCount", Whole(30)),
            ],
        ],
        palette: Some(&color::SCALE),
        also: &[LEGEND_KEYS],
    },
    View {
        word: "geo",
        ty: "geo",
        options: &[NOTE_OPTIONS],
        palette: None,
        also: &[&["center", "zoom", "mapStyle", "allowPanAndZoom", "detectCoordinateFields", "colors", "layers"]],
    },
    View { word: "check", ty: "check", options: &[], palette: None, also: &[&["checkID", "colors"], LEGEND_KEYS] },
    View { word: "log_viewer", ty: "log-viewer", options: &[], palette: None, also: &[&["columns"]] },
];

/// The server's name of a view of text alone.
pub(super) const MARKDOWN: &str = "markdown";

impl Absent {
    /// Whether `json` says what holds when nothing is said. No list is the same as an empty one.
    fn is(self, json: Option<&Json>) -> bool {
        let Some(json) = json else { return true };
        match self {
            Empty => json::is_empty(json) || json.as_array().is_some_and(|items| items.iter().all(|item| item == "")),
            Text(text) => json == text,
            Usual(text) => json == text || json == "",
            Whole(number) => json.as_i64() == Some(number),
            Yes => *json == Json::Bool(true),
        }
    }

    fn json(self) -> Option<Json> {
        match self {
            Empty => None,
            Text(text) | Usual(text) => Some(text.into()),
            Whole(number) => Some(number.into()),
            Yes => Some(true.into()),
        }
    }
}

impl View {
    pub(super) fn options(&self) -> impl Iterator<Item = &'static Opt> {
        self.options.iter().flat_map(|options| options.iter())
    }

    /// The keys of the server's JSON, without those of its options within a table.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'static str> {
        let options = self.options().map(|option| option.key).filter(|key| !key.contains('.'));
        options.chain(self.palette.map(|_| "colors")).chain(self.also.iter().flat_map(|keys| keys.iter().copied()))
    }

    /// Whether the server keeps what stands under `key`.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.keys().any(|known| known == key)
    }

    /// The options that `json` says, as a table.
    pub(super) fn read(&self, json: &Json) -> Value {
        let mut table = json!({});
        for option in self.options() {
            if let Some(said) = option.said(json) {
                json::set(&mut table, option.at, said.clone());
            }
        }
        let mut table = json::value(&table).unwrap_or(Value::Unset);
        if let (Some(palette), Value::Table(table)) = (self.palette, &mut table)
            && let Some(colors) = palette.read(json.get("colors"))
        {
            table.insert("colors".to_owned(), colors);
        }
        table
    }

    /// Brings the options in `json` to what `table` says.
    pub(super) fn write(&self, table: &Value, json: &mut Json) {
        let wanted = json::json(table);
        for option in self.options() {
            let wanted = json::get(&wanted, option.at).cloned();
            if wanted.as_ref() == option.said(json) && json::get(json, option.key).is_some() {
                continue;
            }
            match wanted.or(option.absent.json()) {
                Some(value) => json::set(json, option.key, value),
                None => json::remove(json, option.key),
            }
        }
        if let (Some(palette), Value::Table(table)) = (self.palette, table) {
            let colors = table.get("colors");
            if json.get("colors").is_none_or(|live| palette.read(Some(live)).as_ref() != colors) {
                json::set(json, "colors", palette.write(colors));
            }
        }
    }

    /// Puts empty lists into a new view where nothing is said, as the UI does, which does not expect that there is none.
    pub(super) fn put_lists(&self, json: &mut Json) {
        let bounds = |axis: &str| (format!("axes.{axis}.bounds"), json!(["", ""]));
        let axes = ["x", "y"].into_iter().filter(|_| self.has_key("axes")).map(bounds);
        let lists = self.keys().filter(|key| kept::is_list(self.ty, key)).map(|key| (key.to_owned(), json!([])));
        for (at, list) in axes.chain(lists) {
            if json::get(json, &at).is_none() {
                json::set(json, &at, list);
            }
        }
    }

    /// What `json` says that no option is about, without what is empty.
    pub(super) fn rest(&self, json: &Json) -> Json {
        let mut rest = json.clone();
        let own = ["shape", "type", "queries"].into_iter().chain(self.palette.map(|_| "colors"));
        own.chain(self.options().map(|option| option.key)).for_each(|key| json::remove(&mut rest, key));
        if let Json::Object(all) = &mut rest {
            all.retain(|key, _| self.has_key(key));
        }
        json::without_empty(rest)
    }
}

impl Opt {
    /// Whether it is all of what stands under `key` of the server's JSON.
    pub(super) fn is_at(&self, key: &str) -> bool {
        self.key == key
    }

    /// What `json` says for it, unless that is what holds when nothing is said.
    fn said<'j>(&self, json: &'j Json) -> Option<&'j Json> {
        json::get(json, self.key).filter(|json| !self.absent.is(Some(json)))
    }
}
