//! Which functions of the standard library reach out of a script, and by which argument (Flux 0.200.0, each name confirmed on the
//! server).

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Access, Target};

/// How one function reaches out.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) access: Access,
    pub(super) target: Target,
    /// The argument that names the target, or the name itself.
    pub(super) by: By,
}

/// Where the name of what a function reaches stands.
#[derive(Debug)]
pub(super) enum By {
    /// In this argument.
    Argument(&'static str),
    /// It is always this.
    Fixed(&'static str),
}

/// Packages, their functions, and how all of these reach out.
type Row = (&'static [&'static str], &'static [&'static str], &'static [Reach]);

const fn by(access: Access, target: Target, argument: &'static str) -> Reach {
    Reach { access, target, by: By::Argument(argument) }
}

const READS: &[Reach] = &[by(Access::Reads, Target::Bucket, "bucket"), by(Access::Reads, Target::BucketId, "bucketID")];
const WRITES: &[Reach] =
    &[by(Access::Writes, Target::Bucket, "bucket"), by(Access::Writes, Target::BucketId, "bucketID")];
const READS_BY_NAME: &[Reach] = &[by(Access::Reads, Target::Bucket, "bucket")];
/// Functions of the schema that give lists of names.
pub(crate) const NAME_LISTS: &[&str] = &[
    "fieldKeys",
    "measurementFieldKeys",
    "measurements",
    "measurementTagKeys",
    "measurementTagValues",
    "tagKeys",
    "tagValues",
];
const MONITORING: By = By::Fixed("_monitoring");
const HOST: &[Reach] = &[by(Access::Calls, Target::Url, "host")];
const fn fixed(url: &'static str) -> Reach {
    Reach { access: Access::Calls, target: Target::Url, by: By::Fixed(url) }
}
/// The functions name a project or a channel of it.
const GOOGLE: Reach = fixed("https://bigtable.googleapis.com");
const DISCORD: Reach = fixed("https://discordapp.com/api/webhooks/");
const CALLS: &[Reach] = &[by(Access::Calls, Target::Url, "url")];

const ROWS: &[Row] = &[
    (&["influxdata/influxdb"], &["from", "cardinality"], READS),
    (&["influxdata/influxdb", "experimental"], &["to", "wideTo"], WRITES),
    (&["influxdata/influxdb/schema", "influxdata/influxdb/v1"], NAME_LISTS, READS_BY_NAME),
    (&["experimental/query"], &["fromRange", "inBucket"], READS_BY_NAME),
    (&["experimental/iox"], &["from", "sql"], READS_BY_NAME),
    (&["contrib/jsternberg/influxdb"], &["from"], READS_BY_NAME),
    (&["contrib/jsternberg/influxdb"], &["select"], &[by(Access::Reads, Target::Bucket, "from")]),
    (
        &["influxdata/influxdb/monitor"],
        &["from", "logs"],
        &[Reach { access: Access::Reads, target: Target::Bucket, by: MONITORING }],
    ),
    (
        &["influxdata/influxdb/monitor", "contrib/bonitoo-io/tickscript"],
        &["check", "notify", "alert", "deadman"],
        &[Reach { access: Access::Writes, target: Target::Bucket, by: MONITORING }],
    ),
    (&["influxdata/influxdb/secrets"], &["get"], &[by(Access::Reads, Target::Secret, "key")]),
    (&["http"], &["post", "endpoint"], CALLS),
    (&["http/requests", "experimental/http/requests"], &["do", "get", "post"], CALLS),
    (&["experimental/http"], &["get"], CALLS),
    (&["experimental/influxdb"], &["api"], HOST),
    (&["experimental/usage"], &["from", "limits"], HOST),
    (&["experimental/csv", "socket"], &["from"], CALLS),
    (&["experimental/prometheus"], &["scrape"], CALLS),
    (&["sql"], &["from", "to"], &[by(Access::Calls, Target::Url, "dataSourceName")]),
    (&["experimental/mqtt"], &["to", "publish"], &[by(Access::Calls, Target::Url, "broker")]),
    (&["kafka"], &["to"], &[by(Access::Calls, Target::Url, "brokers")]),
    (&["experimental/bigtable"], &["from"], &[GOOGLE]),
    (&["contrib/chobbs/discord"], &["send", "endpoint"], &[DISCORD]),
    (&["slack", "pushbullet"], &["message", "endpoint", "pushData", "pushNote"], CALLS),
    (&["pagerduty"], &["endpoint"], CALLS),
    (&["pagerduty"], &["sendEvent"], &[by(Access::Calls, Target::Url, "pagerdutyURL")]),
    (
        &[
            "contrib/bonitoo-io/alerta",
            "contrib/bonitoo-io/servicenow",
            "contrib/bonitoo-io/victorops",
            "contrib/bonitoo-io/zenoss",
            "contrib/rhajek/bigpanda",
            "contrib/sranka/opsgenie",
            "contrib/sranka/sensu",
            "contrib/sranka/teams",
            "contrib/sranka/telegram",
            "contrib/sranka/webexteams",
        ],
        &["alert", "endpoint", "event", "message", "sendAlert"],
        CALLS,
    ),
    (&["contrib/qxip/clickhouse"], &["query"], CALLS),
    (&["contrib/qxip/logql"], &["query_range"], CALLS),
];

/// How the functions of `package` reach out.
pub(super) fn of_package(package: &str) -> impl Iterator<Item = &'static [Reach]> {
    ROWS.iter().filter(move |(packages, ..)| packages.contains(&package)).map(|(.., reaches)| *reaches)
}

static BY_NAME: LazyLock<HashMap<(&str, &str), &[Reach]>> = LazyLock::new(|| {
    let of_row = |(packages, names, reaches): &'static Row| {
        packages.iter().flat_map(|package| names.iter().map(|name| ((*package, *name), *reaches)))
    };
    ROWS.iter().flat_map(of_row).collect()
});

/// How the function `name` of `package` reaches out.
pub(super) fn reaches(package: &str, name: &str) -> &'static [Reach] {
    BY_NAME.get(&(package, name)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::names::parameters;
    use super::*;

    #[test]
    fn each_row_is_of_the_standard_library() {
        for (packages, names, reaches) in ROWS {
            for package in *packages {
                let known: Vec<_> = names.iter().filter_map(|name| Some((name, parameters(package, name)?))).collect();
                assert!(!known.is_empty(), "{package} has none of {names:?}");
                for (name, parameters) in known {
                    for Reach { by, .. } in *reaches {
                        let By::Argument(argument) = by else { continue };
                        let takes = parameters.contains(argument);
                        assert!(takes || *argument == "bucketID" || *argument == "url", "{package}.{name}: {argument}");
                    }
                }
            }
            for name in *names {
                assert!(packages.iter().any(|package| parameters(package, name).is_some()), "{packages:?} lack {name}");
            }
        }
    }
}
