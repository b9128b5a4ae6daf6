//! A chart of a template: what InfluxDB makes of it is a view, under other keys.

use serde_json::{Value as Json, json};

use super::{axes, plain};
use crate::convert::node::Node;
use crate::convert::reader::Reader;

/// What a type of chart becomes.
struct Sort {
    /// Its word in templates, in lower case.
    word: &'static str,
    /// The server's type of view.
    ty: &'static str,
    /// The axes that it needs.
    axes: &'static [&'static str],
    has: &'static [Has],
}

/// What a type of chart has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Has {
    /// Axes under their names.
    Axes,
    /// Domains, labels and units of these axes, each under a key of its own.
    Domains(&'static [&'static str]),
    Geom,
    Position,
    Colors,
    /// Colors that are only strings.
    Hexes,
    Decimals,
    Legend,
    Ticks(&'static [&'static str]),
    /// Texts under the same key, or under another one.
    Texts(&'static [(&'static str, &'static str)]),
    Flags(&'static [(&'static str, &'static str)]),
    Lists(&'static [&'static str]),
    /// What InfluxDB has no use for.
    Lost(&'static [&'static str]),
    Wholes(&'static [&'static str]),
    Table,
    Geo,
}

const UNITS: Has = Has::Texts(&[("prefix", "prefix"), ("suffix", "suffix")]);
const TICK_UNITS: Has = Has::Texts(&[("tickPrefix", "tickPrefix"), ("tickSuffix", "tickSuffix")]);
const COLUMNS: Has = Has::Texts(&[("xCol", "xColumn"), ("yCol", "yColumn")]);
const X_COLUMN: Has = Has::Texts(&[("xCol", "xColumn")]);
const HOVER: Has = Has::Texts(&[("hoverDimension", "hoverDimension")]);
const TIME: Has = Has::Texts(&[("timeFormat", "timeFormat")]);
const SHADE: Has = Has::Flags(&[("shade", "shadeBelow")]);
const BOTH: &[&str] = &["x", "y"];

const SORTS: [Sort; 12] = [
    Sort {
        word: "xy",
        ty: "xy",
        axes: BOTH,
        has: &[
            Has::Axes,
            Has::Geom,
            Has::Position,
            Has::Colors,
            Has::Legend,
            Has::Ticks(BOTH),
            COLUMNS,
            HOVER,
            TIME,
            SHADE,
        ],
    },
    Sort {
        word: "single_stat_plus_line",
        ty: "line-plus-single-stat",
        axes: BOTH,
        has: &[
            Has::Axes,
            Has::Position,
            Has::Colors,
            Has::Legend,
            Has::Ticks(BOTH),
            COLUMNS,
            HOVER,
            SHADE,
            UNITS,
            Has::Decimals,
            Has::Lost(&["timeFormat"]),
        ],
    },
    Sort {
        word: "band",
        ty: "band",
        axes: &[],
        has: &[
            Has::Axes,
            Has::Geom,
            Has::Colors,
            Has::Legend,
            Has::Ticks(BOTH),
            COLUMNS,
            HOVER,
            TIME,
            Has::Texts(&[("upperColumn", "upperColumn"), ("mainColumn", "mainColumn"), ("lowerColumn", "lowerColumn")]),
        ],
    },
    Sort { word: "single_stat", ty: "single-stat", axes: &[], has: &[Has::Colors, UNITS, TICK_UNITS, Has::Decimals] },
    Sort { word: "gauge", ty: "gauge", axes: &[], has: &[Has::Colors, UNITS, TICK_UNITS, Has::Decimals] },
    Sort { word: "table", ty: "table", axes: &[], has: &[Has::Colors, Has::Table, TIME, Has::Decimals] },
    Sort {
        word: "heatmap",
        ty: "heatmap",
        axes: BOTH,
        has: &[Has::Domains(BOTH), Has::Hexes, Has::Legend, Has::Ticks(BOTH), COLUMNS, TIME, Has::Wholes(&["binSize"])],
    },
    Sort {
        word: "scatter",
        ty: "scatter",
        axes: BOTH,
        has: &[
            Has::Domains(BOTH),
            Has::Hexes,
            Has::Legend,
            Has::Ticks(BOTH),
            COLUMNS,
            TIME,
            Has::Lost(&["fillColumns", "symbolColumns"]),
        ],
    },
    Sort {
        word: "mosaic",
        ty: "mosaic",
        axes: &[],
        has: &[
            Has::Domains(BOTH),
            Has::Hexes,
            Has::Legend,
            Has::Ticks(&["x"]),
            X_COLUMN,
            HOVER,
            TIME,
            Has::Lists(&["yLabelColumns", "ySeriesColumns"]),
            Has::Lost(&["fillColumns"]),
            Has::Texts(&[("yLabelColumnSeparator", "yLabelColumnSeparator")]),
        ],
    },
    Sort {
        word: "histogram",
        ty: "histogram",
        axes: &["x"],
        has: &[
            Has::Domains(&["x"]),
            Has::Position,
            Has::Colors,
            Has::Legend,
            X_COLUMN,
            Has::Lists(&["fillColumns"]),
            Has::Wholes(&["binCount"]),
        ],
    },
    Sort { word: "geo", ty: "geo", axes: &[], has: &[Has::Colors, Has::Geo] },
    Sort { word: "markdown", ty: "markdown", axes: &[], has: &[] },
];

/// What a chart shows, as the server keeps it; none where it is none that a server takes, which is said.
pub(super) fn properties(chart: &Node, reader: &mut Reader<'_>) -> Option<Json> {
    let word = chart.text("kind").to_lowercase();
    let Some(sort) = SORTS.iter().find(|sort| sort.word == word) else {
        let at = chart.get("kind").map_or_else(|| chart.head(), Node::head);
        reader.refuse(at, format!("templates have no chart of the kind `{}`", chart.text("kind")), "left out");
        return None;
    };
    if let Some((at, why)) = fault(chart, sort) {
        reader.refuse(at.head(), format!("the chart `{}` cannot be converted: {why}", chart.text("name")), "left out");
        return None;
    }
    let mut view = json!({
        "shape": "chronograf-v2",
        "type": sort.ty,
        "note": chart.text("note"),
    });
    if sort.ty != "markdown" {
        view["showNoteWhenEmpty"] = chart.flag("noteOnEmpty").into();
        view["queries"] = queries(chart, reader);
    }
    for has in sort.has {
        put(*has, chart, &mut view);
        if let Has::Lost(keys) = has {
            lost(keys, chart, reader);
        }
    }
    Some(view)
}

/// Why the server refuses a chart, and where.
fn fault<'n>(chart: &'n Node, sort: &Sort) -> Option<(&'n Node, String)> {
    let at = |key: &str| chart.get(key).unwrap_or(chart);
    if let Some(axis) = axes::missing(chart, sort.axes) {
        return Some((at("axes"), format!("it needs an axis `{axis}`")));
    }
    if sort.has.contains(&Has::Geom) && sort.ty == "xy" && chart.text("geom").is_empty() {
        return Some((chart, "it needs `geom`".to_owned()));
    }
    if sort.has.contains(&Has::Position) && !["overlaid", "stacked"].contains(&chart.text("position").as_str()) {
        return Some((at("position"), "its `position` must be `overlaid` or `stacked`".to_owned()));
    }
    let colors = chart.list("colors");
    if let Some(color) = colors.iter().find(|color| color.text("hex").is_empty()) {
        return Some((color, "a color needs `hex`".to_owned()));
    }
    let has = |ty: &str| colors.iter().any(|color| color.text("type") == ty);
    (sort.ty == "gauge" && !(has("min") && has("max")))
        .then(|| (at("colors"), "a gauge needs colors of the types `min` and `max`".to_owned()))
}

fn queries(chart: &Node, reader: &mut Reader<'_>) -> Json {
    let queries = chart.list("queries").iter().filter(|query| !query.text("query").trim().is_empty());
    let one = |query: &Node| {
        plain::without_params(query, reader);
        json!({"text": query.text("query").trim(), "editMode": "advanced", "name": ""})
    };
    queries.map(one).collect()
}

/// Says which of `keys` InfluxDB leaves out of what it makes of a chart.
fn lost(keys: &[&str], chart: &Node, reader: &mut Reader<'_>) {
    for (key, said) in keys.iter().filter_map(|key| Some((key, chart.get(key)?))) {
        let message = format!("InfluxDB ignores `{key}` of a chart of the kind {}", chart.text("kind"));
        reader.note(said.head(), message, "left out");
    }
}

fn put(has: Has, chart: &Node, view: &mut Json) {
    match has {
        Has::Axes => view["axes"] = axes::map(chart),
        Has::Domains(of) => of.iter().for_each(|axis| axes::flat(chart, axis, view)),
        Has::Geom => view["geom"] = chart.text("geom").into(),
        Has::Position => view["position"] = chart.text("position").into(),
        // Where there are none, the view has those that hold where nothing is said.
        Has::Colors if chart.list("colors").is_empty() => {}
        Has::Colors => view["colors"] = colors(chart.list("colors")),
        Has::Hexes => view["colors"] = chart.list("colors").iter().map(|color| color.text("hex")).collect(),
        Has::Decimals => {
            let digits = chart.whole("decimalPlaces");
            view["decimalPlaces"] = json!({"isEnforced": digits.is_some(), "digits": digits.unwrap_or_default()});
        }
        Has::Legend => {
            for key in ["legendColorizeRows", "legendHide"] {
                view[key] = chart.flag(key).into();
            }
            view["legendOpacity"] = json!(chart.number("legendOpacity").unwrap_or_default());
            view["legendOrientationThreshold"] = chart.whole("legendOrientationThreshold").unwrap_or_default().into();
            if let Some(legend) = chart.get("staticLegend") {
                view["staticLegend"] = legend.json();
            }
        }
        Has::Ticks(axes) => {
            for axis in axes {
                let upper = axis.to_uppercase();
                let generated = format!("generate{upper}AxisTicks");
                view[&generated] = chart.texts(&generated).into();
                view[format!("{axis}TotalTicks")] =
                    chart.whole(&format!("{axis}TotalTicks")).unwrap_or_default().into();
                for key in ["TickStart", "TickStep"] {
                    let key = format!("{axis}{key}");
                    view[&key] = json!(chart.number(&key).unwrap_or_default());
                }
            }
        }
        Has::Texts(keys) => keys.iter().for_each(|(key, to)| view[*to] = chart.text(key).into()),
        Has::Flags(keys) => keys.iter().for_each(|(key, to)| view[*to] = chart.flag(key).into()),
        Has::Lists(keys) => keys.iter().for_each(|key| view[*key] = chart.texts(key).into()),
        Has::Wholes(keys) => keys.iter().for_each(|key| view[*key] = chart.whole(key).unwrap_or_default().into()),
        Has::Lost(_) => {}
        Has::Table => table(chart, view),
        Has::Geo => geo(chart, view),
    }
}

fn colors(of: &[Node]) -> Json {
    let one = |color: &Node| {
        json!({
            "id": color.text("id"),
            "type": color.text("type"),
            "hex": color.text("hex"),
            "name": color.text("name"),
            "value": color.number("value").unwrap_or_default(),
        })
    };
    of.iter().map(one).collect()
}

fn table(chart: &Node, view: &mut Json) {
    let flag = |key: &str| chart.get("tableOptions").is_some_and(|options| options.flag(key));
    let text = |key: &str| chart.get("tableOptions").map(|options| options.text(key)).unwrap_or_default();
    view["tableOptions"] = json!({
        "verticalTimeAxis": flag("verticalTimeAxis"),
        "sortBy": {"internalName": text("sortBy"), "displayName": "", "visible": false},
        "wrapping": text("wrapping"),
        "fixFirstColumn": flag("fixFirstColumn"),
    });
    let field = |option: &Node| {
        json!({
            "internalName": option.text("fieldName"),
            "displayName": option.text("displayName"),
            "visible": option.flag("visible"),
        })
    };
    view["fieldOptions"] = chart.list("fieldOptions").iter().map(field).collect();
}

/// The keys of a layer of a map that are the same in a view, by what they hold.
const LAYER_WHOLES: [&str; 4] = ["radius", "blur", "trackWidth", "speed"];
const LAYER_FLAGS: [&str; 3] = ["interpolateColors", "randomColors", "isClustered"];
const LAYER_TEXTS: [&str; 3] = ["radiusField", "colorField", "intensityField"];
const LAYER_AXES: [&str; 3] = ["radiusDimension", "colorDimension", "intensityDimension"];

fn geo(chart: &Node, view: &mut Json) {
    let number = |key: &str| json!(chart.number(key).unwrap_or_default());
    view["center"] = json!({"lat": number("lat"), "lon": number("lon")});
    view["zoom"] = number("zoom");
    view["mapStyle"] = chart.text("mapStyle").into();
    for key in ["allowPanAndZoom", "detectCoordinateFields"] {
        view[key] = chart.flag(key).into();
    }
    let layer = |layer: &Node| {
        let mut of = json!({"type": layer.text("layerType"), "colors": colors(layer.list("viewColors"))});
        LAYER_TEXTS.iter().for_each(|key| of[*key] = layer.text(key).into());
        LAYER_WHOLES.iter().for_each(|key| of[*key] = layer.whole(key).unwrap_or_default().into());
        LAYER_FLAGS.iter().for_each(|key| of[*key] = layer.flag(key).into());
        for key in LAYER_AXES {
            if let Some(axis) = layer.get(key) {
                of[key] = axis.json();
            }
        }
        of
    };
    view["layers"] = chart.list("geoLayers").iter().map(layer).collect();
}
