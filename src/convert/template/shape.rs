//! What the fields of a template hold. InfluxDB drops a value of another type without a word; here that is said with its place.

use super::{Part, name};
use crate::convert::node::{Inner, Node};
use crate::convert::reader::Reader;

/// What a field holds.
#[derive(Clone, Copy)]
enum Shape {
    Text,
    Number,
    Flag,
    /// A text, or an `envRef` that stands for one.
    Name,
    /// A text, or a `secretRef` that names a secret of the org.
    Secret,
    /// A number, which may be written as a text.
    End,
    List(&'static Self),
    Table(Fields),
    /// Texts under any keys.
    Map,
    /// Anything under any keys.
    Free,
    /// What a variable of its type has.
    Values,
}

/// The fields of a table, by what they hold.
type Fields = &'static [(Shape, &'static [&'static str])];

/// What is said of each object.
const ALL: Fields = &[
    (Shape::Name, &["name"]),
    (Shape::Text, &["description"]),
    (Shape::List(&Shape::Table(&[(Shape::Text, &["kind"]), (Shape::Name, &["name"])])), &["associations"]),
];
/// What is said of each object of a kind.
const KINDS: [(&[&str], Fields); 9] = [
    (&["Label"], &[(Shape::Text, &["color"])]),
    // Of its first one the length is looked at where it is read.
    (&["Bucket"], &[(Shape::List(&Shape::Table(&[(Shape::Text, &["type"])])), &["retentionRules"])]),
    (
        &["Variable"],
        &[
            (Shape::Text, &["type", "query", "language"]),
            (Shape::Values, &["values"]),
            (Shape::List(&Shape::Name), &["selected"]),
        ],
    ),
    (&["Telegraf"], &[(Shape::Text, &["config"])]),
    (&["Task"], &[(Shape::Text, &["every", "cron", "offset", "status", "query"])]),
    (
        &["CheckThreshold", "CheckDeadman"],
        &[
            (
                Shape::Text,
                &["every", "offset", "status", "query", "statusMessageTemplate", "level", "timeSince", "staleTime"],
            ),
            (Shape::Flag, &["reportZero"]),
            (Shape::List(&Shape::Table(TAG)), &["tags"]),
            (Shape::List(&Shape::Table(THRESHOLD)), &["thresholds"]),
        ],
    ),
    (
        &["NotificationEndpointHTTP", "NotificationEndpointPagerDuty", "NotificationEndpointSlack"],
        &[
            (Shape::Text, &["status", "url", "type", "method"]),
            (Shape::Secret, &["token", "username", "password", "routingKey"]),
        ],
    ),
    (
        &["NotificationRule"],
        &[
            (Shape::Name, &["endpointName"]),
            (Shape::Text, &["every", "offset", "status", "messageTemplate", "channel"]),
            (Shape::List(&Shape::Table(&[(Shape::Text, &["currentLevel", "previousLevel"])])), &["statusRules"]),
            (Shape::List(&Shape::Table(TAG)), &["tagRules"]),
        ],
    ),
    (&["Dashboard"], &[(Shape::List(&Shape::Table(CHART)), &["charts"])]),
];

const TAG: Fields = &[(Shape::Text, &["key", "value", "operator"])];
const THRESHOLD: Fields =
    &[(Shape::Text, &["type", "level"]), (Shape::Number, &["value", "min", "max"]), (Shape::Flag, &["allValues"])];
const CHART: Fields = &[
    (
        Shape::Text,
        &[
            "kind",
            "name",
            "note",
            "geom",
            "position",
            "xCol",
            "yCol",
            "upperColumn",
            "mainColumn",
            "lowerColumn",
            "hoverDimension",
            "timeFormat",
            "prefix",
            "suffix",
            "tickPrefix",
            "tickSuffix",
            "yLabelColumnSeparator",
            "mapStyle",
        ],
    ),
    (
        Shape::Flag,
        &["noteOnEmpty", "shade", "legendColorizeRows", "legendHide", "allowPanAndZoom", "detectCoordinateFields"],
    ),
    (
        Shape::Number,
        &[
            "xPos",
            "yPos",
            "width",
            "height",
            "decimalPlaces",
            "binSize",
            "binCount",
            "legendOpacity",
            "legendOrientationThreshold",
            "xTotalTicks",
            "yTotalTicks",
            "xTickStart",
            "yTickStart",
            "xTickStep",
            "yTickStep",
            "zoom",
            "lat",
            "lon",
        ],
    ),
    (
        Shape::List(&Shape::Text),
        &[
            "generateXAxisTicks",
            "generateYAxisTicks",
            "yLabelColumns",
            "ySeriesColumns",
            "fillColumns",
            "symbolColumns",
        ],
    ),
    (Shape::List(&Shape::Table(AXIS)), &["axes"]),
    (Shape::List(&Shape::Table(COLOR)), &["colors"]),
    (Shape::List(&Shape::Table(&[(Shape::Text, &["query"])])), &["queries"]),
    (
        Shape::Table(&[(Shape::Text, &["sortBy", "wrapping"]), (Shape::Flag, &["verticalTimeAxis", "fixFirstColumn"])]),
        &["tableOptions"],
    ),
    (
        Shape::List(&Shape::Table(&[(Shape::Text, &["fieldName", "displayName"]), (Shape::Flag, &["visible"])])),
        &["fieldOptions"],
    ),
    (Shape::List(&Shape::Table(LAYER)), &["geoLayers"]),
    (Shape::Free, &["staticLegend"]),
];
const AXIS: Fields =
    &[(Shape::Text, &["name", "label", "prefix", "suffix", "base", "scale"]), (Shape::List(&Shape::End), &["domain"])];
const COLOR: Fields = &[(Shape::Text, &["id", "name", "type", "hex"]), (Shape::Number, &["value"])];
const LAYER: Fields = &[
    (Shape::Text, &["layerType", "radiusField", "colorField", "intensityField"]),
    (Shape::Number, &["radius", "blur", "trackWidth", "speed"]),
    (Shape::Flag, &["interpolateColors", "randomColors", "isClustered"]),
    (Shape::Table(AXIS), &["radiusDimension", "colorDimension", "intensityDimension"]),
    (Shape::List(&Shape::Table(COLOR)), &["viewColors"]),
];

/// Says which values of an object are of another type than its fields.
pub(super) fn check(part: &Part<'_>, reader: &mut Reader<'_>) {
    let spec = part.spec;
    if !matches!(spec.inner, Inner::Null | Inner::Table(_)) {
        return wrong(spec, "spec", part, "a table", reader);
    }
    let of = KINDS.iter().find(|(words, _)| words.contains(&part.word)).map_or(&[][..], |(_, fields)| fields);
    table(spec, ALL, part, reader);
    table(spec, of, part, reader);
}

fn table(node: &Node, fields: Fields, part: &Part<'_>, reader: &mut Reader<'_>) {
    let keys = fields.iter().flat_map(|(shape, keys)| keys.iter().map(move |key| (key, shape)));
    for (key, shape) in keys {
        if let Some(said) = node.get(key) {
            value(said, key, *shape, part, reader);
        }
    }
}

fn value(said: &Node, key: &str, shape: Shape, part: &Part<'_>, reader: &mut Reader<'_>) {
    let is_text = said.as_text().is_some();
    let (fits, wanted) = match shape {
        Shape::Text => (is_text, "a text"),
        Shape::Number => (matches!(said.inner, Inner::Number(_)), "a number"),
        Shape::End => (said.as_text().is_some_and(|text| text.parse::<f64>().is_ok()), "a number"),
        Shape::Flag => (matches!(said.inner, Inner::Bool(_)), "`true` or `false`"),
        Shape::Name => (is_name(said), "a text, or an `envRef` with texts as `key` and `default`"),
        Shape::Secret => (is_text || is_reference(said), "a text, or a `secretRef` with a text as `key`"),
        Shape::List(of) => {
            said.items().iter().filter(|item| !is_nothing(item)).for_each(|item| value(item, key, *of, part, reader));
            (matches!(said.inner, Inner::List(_)), "a list")
        }
        Shape::Table(fields) => {
            table(said, fields, part, reader);
            (matches!(said.inner, Inner::Table(_)), "a table")
        }
        Shape::Map => {
            said.entries().iter().filter(|entry| !is_nothing(&entry.value)).for_each(|entry| {
                value(&entry.value, &entry.key, Shape::Text, part, reader);
            });
            (matches!(said.inner, Inner::Table(_)), "a table")
        }
        Shape::Free => (matches!(said.inner, Inner::Table(_)), "a table"),
        Shape::Values => match part.spec.text("type").as_str() {
            "constant" => return value(said, key, Shape::List(&Shape::Text), part, reader),
            "map" => return value(said, key, Shape::Map, part, reader),
            _ => return,
        },
    };
    // What asks for a value from outside is said apart.
    if !fits && (name::reference(said).is_none() || matches!(shape, Shape::Name)) {
        wrong(said, key, part, wanted, reader);
    }
}

fn is_nothing(node: &Node) -> bool {
    matches!(node.inner, Inner::Null)
}

fn is_name(node: &Node) -> bool {
    let default = node.get("envRef").and_then(|reference| reference.get("default"));
    name::value(node).is_some() && default.is_none_or(|default| default.as_text().is_some())
}

fn is_reference(node: &Node) -> bool {
    node.get("secretRef").and_then(|reference| reference.get("key")).is_some_and(|key| key.as_text().is_some())
}

fn wrong(said: &Node, key: &str, part: &Part<'_>, wanted: &str, reader: &mut Reader<'_>) {
    let is = match said.inner {
        Inner::Null => "nothing",
        Inner::Bool(_) => "`true` or `false`",
        Inner::Number(_) => "a number",
        Inner::Text(_) => "a text",
        Inner::List(_) => "a list",
        Inner::Table(_) => "a table",
    };
    let message = format!("`{key}` of a {} must be {wanted}", part.word);
    reader.refuse(said.head(), message, &format!("{is}, which is left out"));
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use serde_json::{Value as Json, json};

    use crate::convert::{read, source, yaml};

    /// Templates in which each kind has all that it may have.
    const WHOLE: [&str; 3] = [
        include_str!("../../../tests/it/convert/plain.yml"),
        include_str!("../../../tests/it/convert/alerting.yml"),
        include_str!("../../../tests/it/convert/dashboards.yml"),
    ];
    /// What is looked at where it is read.
    const ELSEWHERE: [&str; 3] = ["everySeconds", "secretRef", "envRef"];

    /// What is said of `object`.
    fn told(object: &Json) -> Vec<String> {
        let source = Arc::new(source("t.json".to_owned(), Path::new("t.json"), object.to_string()));
        read(&source).expect("a template").told.into_iter().map(|told| told.message).collect()
    }

    /// The places of all values in `json` that stand under a key, and their keys.
    fn places(json: &Json, at: &str, found: &mut Vec<(String, String)>) {
        for (key, value) in json.as_object().into_iter().flatten() {
            let at = format!("{at}/{key}");
            places(value, &at, found);
            found.push((at, key.clone()));
        }
        for (n, item) in json.as_array().into_iter().flatten().enumerate() {
            places(item, &format!("{at}/{n}"), found);
        }
    }

    #[test]
    fn each_value_of_another_type_is_said() {
        let mut silent = Vec::new();
        for text in WHOLE {
            for object in
                yaml::read(&Arc::new(source("t.yml".to_owned(), Path::new("t.yml"), text.to_owned()))).expect("YAML")
            {
                let object = object.json();
                let mut found = Vec::new();
                places(&object["spec"], "/spec", &mut found);
                for (at, key) in found.into_iter().filter(|(at, _)| !ELSEWHERE.iter().any(|word| at.contains(word))) {
                    // Neither a text, a number, a list, nor a table of what it has.
                    let other = if object.pointer(&at).is_some_and(Json::is_object) {
                        json!(true)
                    } else {
                        json!({"x": ["y"]})
                    };
                    let mut object = object.clone();
                    *object.pointer_mut(&at).expect("a place") = other;
                    let said = told(&object);
                    if !said.iter().any(|said| said.starts_with(&format!("`{key}` of a "))) {
                        silent.push(format!("{at} of {}: {said:?}", object["kind"]));
                    }
                }
            }
        }
        silent.retain(|silent| !silent.contains("/staticLegend/"));
        assert!(silent.is_empty(), "{}", silent.join("\n"));
    }
}
