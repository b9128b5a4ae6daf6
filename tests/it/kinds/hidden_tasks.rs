//! The tasks behind checks and rules: what is asked of them while nobody has touched them.

use fluxform::diff::Goal;

use crate::support::{Project, Relay, both};

/// Each sort of check, rule and endpoint, with what their scripts can have.
const ALL_SORTS: &str = r##"
[secret.k]
value = { file = "value" }

[bucket.raw]

[check.cpu]
name = "a \"b\" c"
every = "1m"
offset = "10s"
flux = 'from(bucket: "raw") |> range(start: -5m, stop: now()) |> filter(fn: (r) => r._field == "usage") |> aggregateWindow(every: 5m, fn: mean) |> yield()'
when = { crit = { above = 90.5 }, warn = { inside = [70, 90] }, info = { outside = [-0.5, 60] }, ok = { below = 1 } }
message = "${ r._check_name }: ${ r._level }"
tags = { team = "o\"ps", site = "x" }

[check.quiet]
every = "1h"
flux = 'import "strings" from(bucket: "raw") |> range(start: -1h) |> filter(fn: (r) => r._field == "usage")'
deadman = { level = "crit", after = "90s", forget = "10m" }

[check.own]
every = "5m"
flux = '''
import "influxdata/influxdb/monitor"
option task = {name: "own", every: 5m, offset: 0s}
check = {_check_name: "own", _type: "custom", tags: {}}
data = from(bucket: "raw") |> range(start: -5m) |> filter(fn: (r) => r._field == "usage")
data |> monitor.check(data: check, messageFn: (r) => "m", crit: (r) => true)
'''
custom = true

[notification_endpoint.plain]
http = { url = "http://127.0.0.1:1/?a=\"b\"" }

[notification_endpoint.basic]
http = { url = "http://127.0.0.1:1", username = { secret = "k" }, password = { secret = "k" } }

[notification_endpoint.bearer]
http = { url = "http://127.0.0.1:1", token = { secret = "k" } }

[notification_endpoint.slack]
slack = { url = "http://127.0.0.1:1" }

[notification_endpoint.slack_token]
slack = { url = "http://127.0.0.1:1", token = { secret = "k" } }

[notification_endpoint.duty]
pagerduty = { routing_key = { secret = "k" }, client_url = "http://127.0.0.1:1" }

[notification_endpoint.telegram]
telegram = { token = { secret = "k" }, channel = "-1" }

[notification_rule.plain]
endpoint = "notification_endpoint.plain"
every = "1m30s"
offset = "5s"
on = ["crit", "crit -> ok", "any -> warn", "any"]
tags = { team = "o\"ps", site = "x" }

[notification_rule.basic]
endpoint = "notification_endpoint.basic"
every = "61s"
on = ["warn"]

[notification_rule.bearer]
endpoint = "notification_endpoint.bearer"
every = "1d"
on = ["crit"]

[notification_rule.slack]
endpoint = "notification_endpoint.slack"
every = "5m"
on = ["crit"]
slack = { message = "${ r._message } \"x\"", channel = "#a" }

[notification_rule.slack_token]
endpoint = "notification_endpoint.slack_token"
every = "5m"
on = ["crit"]
slack = { message = "${ r._message }" }

[notification_rule.duty]
endpoint = "notification_endpoint.duty"
every = "5m"
on = ["crit"]
pagerduty = { message = "${ r._message }" }

[notification_rule.telegram]
endpoint = "notification_endpoint.telegram"
every = "5m"
on = ["crit"]
telegram = { message = "${ r._message }", parse_mode = "HTML", no_preview = true }
"##;

// The request takes the server longer than all others of the object together.
both!(the_server_is_asked_for_no_script_that_is_known_without, async |scene| {
    let relay = Relay::to(scene.server.url());
    let project = Project::new(&scene);
    project.write("value", "s3cret");
    project.declare(ALL_SORTS);
    project.apply().await;
    let project = project.through(relay.url(), scene.server.token());
    assert!(!project.plan(Goal::Declared).await.unwrap().plan.writes());
    let requests = relay.requests();
    let of = |part: &str| requests.iter().filter(|request| request.contains(part)).count();
    assert_eq!((of("GET /api/v2/tasks/"), of("/query")), (10, 0), "{requests:#?}");
});
