//! What influxd keeps of a cell's view: of each type the fields of its Go struct, in their order, and all else is dropped (influxd
//! 2.9.1, measured).

use serde_json::{Map, Value, json};

use self::Part::{Flag, List, Map as MapOf, Number, Numbers, One, Text, TextIfAny, Texts, Whole};
use super::json::{BodyError, Fields, go_number};

/// A Go struct.
struct Form {
    /// Its name in error messages.
    go: &'static str,
    empty: Empty,
    fields: &'static [Group],
}

/// Fields with their names, in order.
type Group = &'static [(&'static str, Part)];

/// What is shown of a field that is empty.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    /// The zero of its type.
    Zero,
    /// The same, but for lists, which are empty ones.
    Lists,
    LeftOut,
}

/// What a field is.
#[derive(Clone, Copy)]
enum Part {
    Text,
    /// A text that is left out where it is empty.
    TextIfAny,
    Flag,
    /// A whole number, with the name that Go has for its type.
    Whole(&'static str),
    Number,
    Texts,
    /// Numbers that are left out where there are none.
    Numbers,
    One(&'static Form),
    List(&'static Form),
    Map(&'static Form),
}

/// What a view without anything is shown as.
pub(super) fn empty() -> Value {
    json!({ "shape": "empty" })
}

/// What is kept of the view whose properties are in `holder`, under that name; nothing if influxd does not know its type.
///
/// # Errors
/// Go's words for what cannot be read.
pub(super) fn within(holder: &Fields) -> Result<Option<Value>, BodyError> {
    match holder.all().get("properties") {
        None => Ok(Some(empty())),
        Some(properties) => kept(properties),
    }
}

fn kept(properties: &Value) -> Result<Option<Value>, BodyError> {
    let any =
        Fields::of(properties, "struct { Shape string \"json:\\\"shape\\\"\"; Type string \"json:\\\"type\\\"\" }")?;
    let text = |name| Ok::<_, BodyError>(any.text(name)?.unwrap_or_default());
    let (shape, ty) = (text("shape")?, text("type")?);
    match shape.as_str() {
        "chronograf-v2" => {}
        "empty" => return Ok(Some(empty())),
        _ => return Err(BodyError::internal(format!("unknown shape {shape}"))),
    }
    let Some((_, form)) = TYPES.iter().find(|(name, _)| *name == ty) else { return Ok(None) };
    let mut all = Map::from_iter([("shape".to_owned(), json!(shape))]);
    all.extend(form.read(&Fields::of(properties, form.go)?)?);
    Ok(Some(Value::Object(all)))
}

impl Form {
    fn read(&self, sent: &Fields) -> Result<Map<String, Value>, BodyError> {
        let mut all = Map::new();
        for (name, part) in self.fields.iter().copied().flatten() {
            let value = part.read(sent, name)?;
            let is_empty = is_empty(&value);
            let value = match part {
                TextIfAny | Numbers if is_empty => continue,
                _ if is_empty && self.empty == Empty::LeftOut => continue,
                _ if value.is_null() && self.empty == Empty::Lists => json!([]),
                _ => value,
            };
            all.insert((*name).to_owned(), value);
        }
        Ok(all)
    }
}

/// Whether Go takes it for empty.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(_) => false,
    }
}

impl Part {
    fn read(self, sent: &Fields, name: &str) -> Result<Value, BodyError> {
        let object = |form: &Form, fields: &Fields| form.read(fields).map(Value::Object);
        let there = sent.any(name).is_some();
        Ok(match self {
            Text | TextIfAny => json!(sent.text(name)?.unwrap_or_default()),
            Flag => json!(sent.boolean(name)?.unwrap_or_default()),
            Whole(go) => json!(sent.whole(name, go)?.unwrap_or_default()),
            Number => go_number(sent.float(name)?.unwrap_or_default()),
            Texts | Numbers | List(_) | MapOf(_) if !there => Value::Null,
            Texts => json!(sent.list(name)?),
            Numbers => sent.floats(name)?.into_iter().map(go_number).collect(),
            One(form) => match sent.object(name, form.go)? {
                Some(fields) => object(form, &fields)?,
                None => object(form, &Fields::none(form.go))?,
            },
            List(form) => {
                let items = sent.objects(name, form.go)?;
                Value::Array(items.iter().map(|fields| object(form, fields)).collect::<Result<_, _>>()?)
            }
            MapOf(form) => {
                let mut entries = sent.map(name, form.go)?;
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                let entry = |(key, fields): (String, Fields)| Ok::<_, BodyError>((key, object(form, &fields)?));
                Value::Object(entries.into_iter().map(entry).collect::<Result<_, _>>()?)
            }
        })
    }
}

static TYPES: &[(&str, &Form)] = &[
    ("xy", &XY),
    ("line-plus-single-stat", &LINE_PLUS_SINGLE_STAT),
    ("band", &BAND),
    ("single-stat", &SINGLE_STAT),
    ("gauge", &GAUGE),
    ("table", &TABLE),
    ("heatmap", &HEATMAP),
    ("scatter", &SCATTER),
    ("mosaic", &MOSAIC),
    ("histogram", &HISTOGRAM),
    ("geo", &GEO),
    ("check", &CHECK),
    ("log-viewer", &LOG),
    ("markdown", &MARKDOWN),
];

const fn form(go: &'static str, fields: &'static [Group]) -> Form {
    Form { go, empty: Empty::Zero, fields }
}

/// Fields that several types have in this order.
const GRAPH: Group =
    &[("queries", List(&QUERY)), ("axes", MapOf(&AXIS)), ("type", Text), ("staticLegend", One(&STATIC_LEGEND))];
const HEAD: Group = &[("type", Text), ("queries", List(&QUERY))];
const X: Group = &[
    ("xColumn", Text),
    ("generateXAxisTicks", Texts),
    ("xTotalTicks", Whole("int")),
    ("xTickStart", Number),
    ("xTickStep", Number),
];
const Y: Group = &[
    ("yColumn", Text),
    ("generateYAxisTicks", Texts),
    ("yTotalTicks", Whole("int")),
    ("yTickStart", Number),
    ("yTickStep", Number),
];
const LINES: Group = &[("shadeBelow", Flag), ("position", Text), ("timeFormat", Text), ("hoverDimension", Text)];
const LEGEND: Group = &[
    ("legendColorizeRows", Flag),
    ("legendHide", Flag),
    ("legendOpacity", Number),
    ("legendOrientationThreshold", Whole("int")),
];
const NOTE: Group = &[("note", Text), ("showNoteWhenEmpty", Flag)];
const UNITS: Group = &[
    ("prefix", Text),
    ("tickPrefix", Text),
    ("suffix", Text),
    ("tickSuffix", Text),
    ("colors", List(&COLOR)),
    ("decimalPlaces", One(&DECIMAL_PLACES)),
];
const DOMAINS: Group = &[
    ("xDomain", Numbers),
    ("yDomain", Numbers),
    ("xAxisLabel", Text),
    ("yAxisLabel", Text),
    ("xPrefix", Text),
    ("xSuffix", Text),
    ("yPrefix", Text),
    ("ySuffix", Text),
];

static XY: Form =
    form("influxdb.XYViewProperties", &[GRAPH, &[("geom", Text), ("colors", List(&COLOR))], NOTE, X, Y, LINES, LEGEND]);
static LINE_PLUS_SINGLE_STAT: Form = form(
    "influxdb.LinePlusSingleStatProperties",
    &[
        GRAPH,
        &[("colors", List(&COLOR)), ("prefix", Text), ("suffix", Text), ("decimalPlaces", One(&DECIMAL_PLACES))],
        NOTE,
        X,
        Y,
        LINES,
        LEGEND,
    ],
);
static BAND: Form = form(
    "influxdb.BandViewProperties",
    &[
        GRAPH,
        &[("geom", Text), ("colors", List(&COLOR))],
        NOTE,
        &[("timeFormat", Text), ("hoverDimension", Text)],
        X,
        Y,
        &[("upperColumn", Text), ("mainColumn", Text), ("lowerColumn", Text)],
        LEGEND,
    ],
);
static SINGLE_STAT: Form = form("influxdb.SingleStatViewProperties", &[HEAD, UNITS, NOTE]);
static GAUGE: Form = form("influxdb.GaugeViewProperties", &[HEAD, UNITS, NOTE]);
static TABLE: Form = form(
    "influxdb.TableViewProperties",
    &[
        HEAD,
        &[
            ("colors", List(&COLOR)),
            ("tableOptions", One(&TABLE_OPTIONS)),
            ("fieldOptions", List(&RENAMABLE_FIELD)),
            ("timeFormat", Text),
            ("decimalPlaces", One(&DECIMAL_PLACES)),
        ],
        NOTE,
    ],
);
static HEATMAP: Form = form(
    "influxdb.HeatmapViewProperties",
    &[HEAD, &[("colors", Texts), ("binSize", Whole("int32"))], X, Y, DOMAINS, NOTE, &[("timeFormat", Text)], LEGEND],
);
static SCATTER: Form = form(
    "influxdb.ScatterViewProperties",
    &[
        HEAD,
        &[("colors", Texts), ("fillColumns", Texts), ("symbolColumns", Texts)],
        X,
        Y,
        DOMAINS,
        NOTE,
        &[("timeFormat", Text)],
        LEGEND,
    ],
);
static MOSAIC: Form = form(
    "influxdb.MosaicViewProperties",
    &[
        HEAD,
        &[("colors", Texts), ("fillColumns", Texts)],
        X,
        &[("yLabelColumnSeparator", Text), ("yLabelColumns", Texts), ("ySeriesColumns", Texts)],
        DOMAINS,
        NOTE,
        &[("timeFormat", Text), ("hoverDimension", Text)],
        LEGEND,
    ],
);
static HISTOGRAM: Form = form(
    "influxdb.HistogramViewProperties",
    &[
        HEAD,
        &[
            ("colors", List(&COLOR)),
            ("xColumn", Text),
            ("fillColumns", Texts),
            ("xDomain", Numbers),
            ("xAxisLabel", Text),
            ("position", Text),
            ("binCount", Whole("int")),
        ],
        NOTE,
        LEGEND,
    ],
);
static GEO: Form = form(
    "influxdb.GeoViewProperties",
    &[
        HEAD,
        &[
            ("center", One(&DATUM)),
            ("zoom", Number),
            ("mapStyle", Text),
            ("allowPanAndZoom", Flag),
            ("detectCoordinateFields", Flag),
            ("colors", List(&COLOR)),
            ("layers", List(&GEO_LAYER)),
        ],
        NOTE,
    ],
);
static CHECK: Form = form(
    "influxdb.CheckViewProperties",
    &[&[("type", Text), ("checkID", Text), ("queries", List(&QUERY)), ("colors", Texts)], LEGEND],
);
static LOG: Form = form("influxdb.LogViewProperties", &[&[("type", Text), ("columns", List(&LOG_VIEWER_COLUMN))]]);
static MARKDOWN: Form = form("influxdb.MarkdownViewProperties", &[&[("type", Text), ("note", Text)]]);
static QUERY: Form = form(
    "influxdb.DashboardQuery",
    &[&[("text", Text), ("editMode", Text), ("name", Text), ("builderConfig", One(&BUILDER_CONFIG))]],
);
static BUILDER_CONFIG: Form = Form {
    empty: Empty::Lists,
    ..form(
        "influxdb.BuilderConfig",
        &[&[
            ("buckets", Texts),
            ("tags", List(&BUILDER_TAG)),
            ("functions", List(&BUILDER_FUNCTION)),
            ("aggregateWindow", One(&AGGREGATE_WINDOW)),
        ]],
    )
};
static AXIS: Form = form(
    "influxdb.Axis",
    &[&[("bounds", Texts), ("label", Text), ("prefix", Text), ("suffix", Text), ("base", Text), ("scale", Text)]],
);
static COLOR: Form =
    form("influxdb.ViewColor", &[&[("id", Text), ("type", Text), ("hex", Text), ("name", Text), ("value", Number)]]);
static STATIC_LEGEND: Form = Form {
    empty: Empty::LeftOut,
    ..form(
        "influxdb.StaticLegend",
        &[&[
            ("colorizeRows", Flag),
            ("heightRatio", Number),
            ("show", Flag),
            ("opacity", Number),
            ("orientationThreshold", Whole("int")),
            ("valueAxis", Text),
            ("widthRatio", Number),
        ]],
    )
};
static TABLE_OPTIONS: Form = form(
    "influxdb.TableOptions",
    &[&[("verticalTimeAxis", Flag), ("sortBy", One(&RENAMABLE_FIELD)), ("wrapping", Text), ("fixFirstColumn", Flag)]],
);
static RENAMABLE_FIELD: Form =
    form("influxdb.RenamableField", &[&[("internalName", Text), ("displayName", Text), ("visible", Flag)]]);
static DECIMAL_PLACES: Form = form("influxdb.DecimalPlaces", &[&[("isEnforced", Flag), ("digits", Whole("int32"))]]);
static DATUM: Form = form("influxdb.Datum", &[&[("lat", Number), ("lon", Number)]]);
static GEO_LAYER: Form = form(
    "influxdb.GeoLayer",
    &[&[
        ("type", Text),
        ("radiusField", Text),
        ("colorField", Text),
        ("intensityField", Text),
        ("colors", List(&COLOR)),
        ("radius", Whole("int32")),
        ("blur", Whole("int32")),
        ("radiusDimension", One(&AXIS)),
        ("colorDimension", One(&AXIS)),
        ("intensityDimension", One(&AXIS)),
        ("interpolateColors", Flag),
        ("trackWidth", Whole("int32")),
        ("speed", Whole("int32")),
        ("randomColors", Flag),
        ("isClustered", Flag),
    ]],
);
static LOG_VIEWER_COLUMN: Form = form(
    "influxdb.LogViewerColumn",
    &[&[("name", Text), ("position", Whole("int32")), ("settings", List(&LOG_COLUMN_SETTING))]],
);
static LOG_COLUMN_SETTING: Form =
    form("influxdb.LogColumnSetting", &[&[("type", Text), ("value", Text), ("name", TextIfAny)]]);
static BUILDER_TAG: Form =
    form("influxdb.BuilderTag", &[&[("key", Text), ("values", Texts), ("aggregateFunctionType", Text)]]);
static BUILDER_FUNCTION: Form = form("influxdb.BuilderFunction", &[&[("name", Text)]]);
static AGGREGATE_WINDOW: Form = form("influxdb.AggregateWindow", &[&[("period", Text), ("fillValues", Flag)]]);
