//! What is kept of what cells show.

use super::*;

const TYPES: [&str; 14] = [
    "xy",
    "line-plus-single-stat",
    "band",
    "single-stat",
    "gauge",
    "table",
    "markdown",
    "heatmap",
    "scatter",
    "histogram",
    "mosaic",
    "geo",
    "check",
    "log-viewer",
];

/// What is kept of one view, and that it is kept as it was shown.
async fn kept(scene: &Scene, properties: Value) -> Value {
    let cells = json!([{"w": 1, "h": 1, "properties": {"properties": properties}}]);
    let made = made(scene, json!({"cells": cells})).await;
    let kept = made["cells"][0].get("properties").cloned().unwrap_or_default();
    if !kept.is_null() {
        assert_eq!(whole(scene, &made).await["cells"][0]["properties"], kept);
    }
    kept
}

both!(of_each_type_all_fields_are_shown, async |scene| {
    let mut all = Vec::new();
    for ty in TYPES {
        let kept = kept(&scene, json!({"shape": "chronograf-v2", "type": ty, "nosuch": 1})).await;
        all.push(kept);
    }
    insta::assert_snapshot!("least", serde_json::to_string_pretty(&all).unwrap());
});

both!(what_is_sent_is_kept_field_by_field, async |scene| {
    let color = json!({"id": "0", "type": "min", "hex": "#fff", "name": "n", "value": 1.5, "x": 1});
    let query = json!({
        "text": "q", "editMode": "builder", "name": "A", "x": 1,
        "builderConfig": {
            "buckets": ["b"], "tags": [{"key": "k", "values": ["v"], "aggregateFunctionType": "filter"}],
            "functions": [{"name": "mean"}], "aggregateWindow": {"period": "auto", "fillValues": true},
        },
    });
    let axis = json!({"bounds": ["0", ""], "label": "l", "prefix": "p", "suffix": "s", "base": "10", "scale": "log"});
    let field = json!({"internalName": "i", "displayName": "d", "visible": true});
    let mut sent = json!({
        "shape": "chronograf-v2", "queries": [query, {}], "axes": {"x": axis, "other": {}}, "geom": "step", "colors": [color],
        "staticLegend": {"colorizeRows": true, "heightRatio": 0.5, "show": true, "opacity": 1, "orientationThreshold": 5, "valueAxis": "y", "widthRatio": 0},
        "prefix": "p", "tickPrefix": "tp", "suffix": "s", "tickSuffix": "ts", "decimalPlaces": {"isEnforced": true, "digits": 3},
        "note": "n", "showNoteWhenEmpty": true, "xColumn": "x", "yColumn": "y", "shadeBelow": true, "position": "stacked",
        "generateXAxisTicks": ["totalTicks"], "xTotalTicks": 5, "xTickStart": 1.5, "xTickStep": 2, "yTotalTicks": 1,
        "timeFormat": "HH", "hoverDimension": "xy", "legendColorizeRows": true, "legendHide": true, "legendOpacity": 0.5,
        "legendOrientationThreshold": 100_000_000, "upperColumn": "u", "mainColumn": "m", "lowerColumn": "l",
    });
    let more = json!({
        "xDomain": [0, 1.5], "yDomain": [], "xAxisLabel": "xl", "yAxisLabel": "yl", "xPrefix": "xp", "ySuffix": "ys",
        "binSize": 7, "binCount": 30, "fillColumns": [], "symbolColumns": ["s"], "yLabelColumns": null, "ySeriesColumns": ["ys"],
        "yLabelColumnSeparator": ",",
        "tableOptions": {"verticalTimeAxis": true, "sortBy": field, "wrapping": "wrap", "fixFirstColumn": true},
        "fieldOptions": [field, {}], "center": {"lat": 1, "lon": -0.5}, "zoom": 3, "mapStyle": "m", "allowPanAndZoom": true,
        "layers": [{"type": "heatmap", "colors": [color], "radius": 2, "intensityDimension": axis, "speed": 1}],
        "checkID": ABSENT, "columns": [{"name": "c", "position": 1, "settings": [{"type": "t", "value": "v"}]}],
        "colorMapping": {"a": "b"},
    });
    sent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut all = Vec::new();
    for ty in TYPES {
        sent["type"] = json!(ty);
        let plain = ["heatmap", "scatter", "mosaic", "check"].contains(&ty);
        sent["colors"] = if plain { json!(["#fff", "#000"]) } else { json!([color]) };
        all.push(kept(&scene, sent.clone()).await);
    }
    insta::assert_snapshot!("most", serde_json::to_string_pretty(&all).unwrap());
});

both!(a_view_that_cannot_be_read_is_none_and_nobody_is_told, async |scene| {
    for properties in [
        json!({"type": "markdown"}),
        json!({"shape": "foo"}),
        json!({"shape": "chronograf-v2", "type": "xy", "queries": 5}),
        json!({"shape": "chronograf-v2", "type": "xy", "colors": ["#fff"]}),
        json!({"shape": "chronograf-v2", "type": "heatmap", "colors": [{}]}),
        json!({"shape": "chronograf-v2", "type": "histogram", "binCount": 1.5}),
    ] {
        assert_eq!(kept(&scene, properties.clone()).await, Value::Null, "{properties}");
    }
    for properties in [nothing(), json!({"shape": "chronograf-v2", "type": "simple-table"})] {
        assert_eq!(kept(&scene, properties).await, nothing());
    }
});
