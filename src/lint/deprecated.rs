//! Functions that have a successor (Flux 0.200.0).

use super::Look;
use crate::diagnostic::Code;

const SCHEMA: &str = "influxdata/influxdb/schema";
const REQUESTS: &str = "http/requests";
const ARRAY: &str = "array";
const BITWISE: &str = "bitwise";

/// The package of some functions, these, and the package of those that are to be used in their place, which have the same names.
const MOVED: &[(&str, &[&str], &str)] = &[
    (
        "influxdata/influxdb/v1",
        &[
            "fieldKeys",
            "fieldsAsCols",
            "measurementFieldKeys",
            "measurementTagKeys",
            "measurementTagValues",
            "measurements",
            "tagKeys",
            "tagValues",
        ],
        SCHEMA,
    ),
    ("experimental/array", &["concat", "filter", "from", "map"], ARRAY),
    (
        "experimental/bitwise",
        &[
            "sand", "sclear", "slshift", "snot", "sor", "srshift", "sxor", "uand", "uclear", "ulshift", "unot", "uor",
            "urshift", "uxor",
        ],
        BITWISE,
    ),
    ("experimental/http/requests", &["do", "get", "peek", "post"], REQUESTS),
];

/// Functions whose successor is another one: package, name, and what to write.
const REPLACED: &[(&str, &str, &str)] = &[
    ("experimental", "addDuration", "use `date.add` of the package \"date\""),
    ("experimental", "subDuration", "use `date.sub` of the package \"date\""),
    ("experimental", "join", "use `join.inner` of the package \"join\""),
    ("experimental", "to", "use `wideTo`, which needs no import"),
    ("experimental/csv", "from", "use `requests.get` of the package \"http/requests\", and `csv.from`"),
    ("experimental/http", "get", "use `requests.get` of the package \"http/requests\""),
];

/// What to write in the place of a function that has a successor. `join` of the prelude is none of them: its successors take other
/// arguments and need other tables, and it is in every second script that joins.
fn successor(package: &str, name: &str) -> Option<String> {
    let moved = MOVED.iter().find(|(old, names, _)| *old == package && names.contains(&name));
    let moved = moved.map(|(.., new)| format!("import \"{new}\", whose `{name}` is the same"));
    let replaced = || REPLACED.iter().find(|(old, own, _)| (*old, *own) == (package, name));
    moved.or_else(|| replaced().map(|(.., help)| (*help).to_owned()))
}

pub(super) fn functions(look: &mut Look<'_>) {
    for call in look.calls {
        if let Some(help) = successor(&call.package, call.name) {
            let message = format!("`{}` of the package \"{}\" is deprecated", call.name, &*call.package);
            look.find(Code::FluxDeprecated, call.callee, message, "has a successor", help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flux::names::parameters;

    #[test]
    fn what_is_deprecated_and_what_takes_its_place_is_in_the_library() {
        for (old, names, new) in MOVED {
            for name in *names {
                let (old, new) = (parameters(old, name), parameters(new, name));
                assert!(old.is_some() && new.is_some(), "{name}: {old:?} {new:?}");
            }
        }
        for (package, name, help) in REPLACED {
            assert!(parameters(package, name).is_some(), "{package}.{name}: {help}");
        }
        for (package, name) in [("date", "add"), ("date", "sub"), ("join", "inner"), ("http/requests", "get")] {
            assert!(parameters(package, name).is_some(), "{package}.{name}");
        }
    }
}
