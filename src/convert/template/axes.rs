//! The axes of a chart.

use serde_json::{Value as Json, json};

use crate::convert::node::Node;

/// The axis called `name`.
fn axis<'n>(chart: &'n Node, name: &str) -> Option<&'n Node> {
    chart.list("axes").iter().find(|axis| axis.text("name") == name)
}

/// Which of the axes `names` a chart does not have.
pub(super) fn missing(chart: &Node, names: &[&'static str]) -> Option<&'static str> {
    names.iter().copied().find(|name| axis(chart, name).is_none())
}

/// All axes, by name. InfluxDB leaves the bounds of a template out.
pub(super) fn map(chart: &Node) -> Json {
    let one = |axis: &Node| {
        let text = |key: &str| Json::from(axis.text(key));
        let of = json!({
            "bounds": [],
            "label": text("label"),
            "prefix": text("prefix"),
            "suffix": text("suffix"),
            "base": text("base"),
            "scale": text("scale"),
        });
        (axis.text("name"), of)
    };
    chart.list("axes").iter().map(one).collect()
}

/// The same under keys such as `xDomain` and `xAxisLabel`.
pub(super) fn flat(chart: &Node, name: &str, to: &mut Json) {
    let Some(axis) = axis(chart, name) else { return };
    for (key, field) in [("AxisLabel", "label"), ("Prefix", "prefix"), ("Suffix", "suffix")] {
        to[format!("{name}{key}")] = axis.text(field).into();
    }
    to[format!("{name}Domain")] = domain(axis).into();
}

/// The ends of a domain, which may be written as texts.
fn domain(axis: &Node) -> Vec<Json> {
    let ends = axis.list("domain").iter().filter_map(Node::as_text);
    ends.filter_map(|end| Some(json!(end.parse::<f64>().ok()?))).collect()
}
