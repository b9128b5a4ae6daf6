//! What is wrong in a source is said at its place, and the rest is converted.

use super::Converted;
use crate::cli::fluxform::Fluxform;
use crate::moving::files;

/// The head of an object of a template.
fn object(kind: &str, name: &str, spec: &str) -> String {
    format!("---\napiVersion: influxdata.com/v2alpha1\nkind: {kind}\nmetadata: {{ name: {name} }}\nspec: {spec}\n")
}

const GOOD: &str = "---\napiVersion: influxdata.com/v2alpha1\nkind: Bucket\nmetadata: { name: good }\n";

/// The lines of a template in which only one object is good, and what is said of the others.
fn says(bad: &str, wanted: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    let converted = Converted::of("t.yml", &format!("{bad}{GOOD}"));
    let said = converted.ended.words();
    for wanted in wanted {
        if !said.contains(wanted) || converted.ended.code != 3 {
            wrong.push(format!("{bad}\nlacks {wanted:?}:\n{}", converted.ended.all()));
        }
    }
    if wrong.is_empty() {
        let files = files(&converted.project());
        assert_eq!(files["buckets.toml"], "[bucket.good]\nretention = \"infinite\"\n", "{bad}");
        Fluxform::new(&["validate"]).arg(converted.project()).run().with(0);
    }
    wrong
}

#[test]
fn what_cannot_be_converted_is_said_at_its_place_and_the_rest_is() {
    let flux = "from(bucket: \\\"b\\\") |> range(start: -1m) |> filter(fn: (r) => r._field == \\\"x\\\")";
    let check = |more: &str| {
        object("CheckThreshold", "c", &format!("{{ every: 1m, query: \"{flux}\", statusMessageTemplate: x, {more} }}"))
    };
    let mut wrong = Vec::new();
    for (bad, wanted) in [
        (object("Bukket", "b", "{}"), &["templates have no kind `Bukket`; did you mean `Bucket`?", "t.yml:3:7"][..]),
        (object("Check", "b", "{}"), &["no InfluxDB makes anything of it", "t.yml:3:7"]),
        (
            "---\napiVersion: influxdata.com/v2alpha1\nkind: Bucket\nspec: { name: x }\n".to_owned(),
            &["a Bucket needs `metadata.name`", "t.yml:3:7"],
        ),
        (
            "---\napiVersion: influxdata.com/v1\nkind: Bucket\nmetadata: { name: x }\n".to_owned(),
            &["no template has this `apiVersion`", "t.yml:2:13"],
        ),
        ("---\n- 5\n".to_owned(), &["an object of a template must be a table", "t.yml:2:3"]),
        (
            object("Label", "a", "{}") + &object("Label", "a", "{}") + &object("Label", "b", "{ name: A }"),
            &["two objects of the kind Label are called `a`", "two labels are called `A`"],
        ),
        (
            object("Label", "a", "{ associations: [{ kind: Label, name: b }] }")
                + &object("Label", "b", "{ associations: [{ kind: Label, name: a }, { kind: Bucket, name: good }] }")
                + &object("Bucket", "c", "{ retentionRules: [{ everySeconds: -1 }] }"),
            &["a label has no labels: `a` is left without `b`", "with no Bucket", "a retention cannot be negative"],
        ),
        (
            object("Label", "plant", "{}")
                + &object("Variable", "v", "{ type: map, associations: [{ kind: Label, name: plan }] }"),
            &["this template has no Label `plan`; did you mean `plant`?", "t.yml:10:56"],
        ),
        (
            object("Bukket", "x", "{}")
                + &object(
                    "Task",
                    "t",
                    "{ every: 1h, query: x = 1, description: { envRef: { key: d } }, params: [{ key: a }] }",
                ),
            &["InfluxDB takes no `envRef` for `description`", "values of `params` are not put into the script"],
        ),
        (
            object("Bucket", "c", "{ retentionRules: [{ type: expire, everySeconds: \"3600\" }] }"),
            &["`everySeconds` must be a whole number"],
        ),
        (
            object("NotificationEndpointHTTP", "e", "{ type: bearer, method: POST, url: \"http://x\" }")
                + &object(
                    "NotificationEndpointHTTP",
                    "f",
                    "{ type: basic, method: POST, url: \"http://x\", username: u }",
                ),
            &["of the `type` bearer without `token`", "of the `type` basic without `password`"],
        ),
        (
            object(
                "NotificationEndpointSlack",
                "e",
                "{ url: \"https://hooks.example.com\", token: [S3KR1TS3KR1T], status: [x] }",
            ) + &object("Label", "l", "{ color: { a: b }, name: [x] }"),
            &[
                "`token` of a NotificationEndpointSlack must be a text, or a `secretRef` with a text as `key` ╭─[t.yml:5:26]",
                "`status` of a NotificationEndpointSlack must be a text",
                "`color` of a Label must be a text ╭─[t.yml:10:18]",
                "`name` of a Label must be a text, or an `envRef` with texts as `key` and `default`",
            ],
        ),
        (
            check("thresholds: [{ type: greater, level: crit, value: \"90\" }]")
                + &object("Task", "t", "{ every: 1h, query: x = 1, status: true }")
                + &object("Dashboard", "d", "[]"),
            &[
                "`value` of a CheckThreshold must be a number",
                "`status` of a Task must be a text",
                "`spec` of a Dashboard must be a table ╭─[t.yml:15:7]",
            ],
        ),
        (object("Variable", "v", "{ type: list }"), &["a variable is `constant`, `map` or `query`, not `list`"]),
        (
            object("Variable", "and", "{ type: constant, values: [a] }"),
            &["the variable `and` cannot be converted", "t.yml:4:19"],
        ),
        (object("Task", "t", "{ query: x = 1 }"), &["a task has either `every` or `cron`"]),
        (object("Task", "t", "{ every: 1h, query: \"x = (\" }"), &["the task `t` cannot be converted"]),
        (
            object("Task", "t", "{ every: 1h, query: \"option task = {name: \\\"x\\\", every: 1m} x = 1\" }"),
            &["has an `option task` of its own"],
        ),
        (check("thresholds: []"), &["a CheckThreshold needs `thresholds`"]),
        (check("thresholds: [{ type: equal, level: crit, value: 1 }]"), &["a threshold is `greater`, `lesser`"]),
        (
            check("thresholds: [{ type: greater, level: bad, value: 1 }]"),
            &["is none of `ok`, `info`, `warn` and `crit`"],
        ),
        (
            check("thresholds: [{ type: inside_range, level: crit, min: 5, max: 1 }]"),
            &["the check `c` cannot be converted", "begins at 5 and ends at 1"],
        ),
        (
            check("thresholds: [{ type: greater, level: crit, value: 1 }, { type: lesser, level: crit, value: 0 }]"),
            &["the check `c` cannot be converted"],
        ),
        (
            object(
                "CheckDeadman",
                "c",
                "{ every: 1m, query: x, statusMessageTemplate: x, level: crit, timeSince: 1m }",
            ),
            &["`staleTime` of this CheckDeadman must be a duration"],
        ),
        (
            object(
                "NotificationRule",
                "r",
                "{ endpointName: nobody, every: 1m, statusRules: [{ currentLevel: crit }] }",
            ),
            &["this template has no endpoint `nobody`"],
        ),
        (
            object("NotificationEndpointHTTP", "e", "{ type: none, method: POST, url: \"ftp://x\" }")
                + &object(
                    "NotificationRule",
                    "r",
                    "{ endpointName: e, every: 1m, statusRules: [{ currentLevel: crit }] }",
                ),
            &[
                "the notification_endpoint `e` cannot be converted",
                "the notification_rule `r` cannot be converted: its endpoint is not in the source, or was left out",
            ],
        ),
        (
            object("NotificationEndpointHTTP", "e", "{ type: none, method: POST, url: \"http://x\" }")
                + &object(
                    "NotificationRule",
                    "r",
                    "{ endpointName: e, every: 1m, statusRules: [{ currentLevel: crit }], tagRules: [{ key: a, value: b, operator: notequal }] }",
                ),
            &["the notification_rule `r` cannot be converted"],
        ),
        (
            object(
                "Dashboard",
                "d",
                "{ charts: [{ kind: Markdown, width: 3, height: 3 }, { kind: Markdown, xPos: 2, width: 3, height: 3 }] }",
            ),
            &["the dashboard `d` cannot be converted", "overlap", "t.yml:4:19"],
        ),
        (
            object("Dashboard", "d", "{ charts: [{ kind: Markdown, xPos: 10, width: 5, height: 3 }] }")
                + &object("Variable", "v", "{ name: \"x \", type: constant, values: [a] }")
                + &object("Telegraf", "t", "{ config: \"[[[\" }"),
            &[
                "the dashboard `d` cannot be converted",
                "this cell ends in column 15",
                "a variable's name cannot end with white space ╭─[t.yml:10:15]",
                "the telegraf `t` cannot be converted: a Telegraf configuration must be TOML",
            ],
        ),
        (
            check(
                "thresholds: [{ type: greater, level: crit, value: 1 }], tags: [{ key: a, value: b }, { key: a, value: c }]",
            ),
            &["the check `c` cannot be converted: a manifest cannot express its `tags`"],
        ),
        (
            check("thresholds: [{ type: greater, level: crit, value: 1 }]")
                .replace("Template: x", "Template: \"a ${ b\""),
            &["the check `c` cannot be converted: the message is no string of Flux"],
        ),
        (
            object("Dashboard", "d", "{ charts: [{ kind: Pie, width: 3, height: 3 }] }"),
            &["templates have no chart of the kind `Pie`", "t.yml:5:26"],
        ),
    ] {
        wrong.extend(says(&bad, wanted));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A chart that cannot be shown leaves the rest of its dashboard.
#[test]
fn a_bad_chart_leaves_the_others() {
    let charts = "{ charts: [{ kind: Xy, name: x, width: 3, height: 3 }, { kind: Markdown, xPos: 3, width: 3, height: 3, note: n }] }";
    let converted = Converted::of("t.yml", &object("Dashboard", "d", charts));
    assert!(converted.ended.words().contains("the chart `x` cannot be converted: it needs an axis `x`"));
    converted.ended.with(3);
    let dashboards = &files(&converted.dir.path().join("made"))["dashboards.toml"];
    assert_eq!(dashboards.matches("[[dashboard.d.cell]]").count(), 1, "{dashboards}");
}

#[test]
fn what_cannot_be_read_makes_nothing() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for n in 1..20 {
        bomb += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "));
    }
    let mut wrong = Vec::new();
    for (name, text, wanted) in [
        ("t.yml", "a: [1, 2\nb: 3\n", "this is no YAML"),
        ("t.yml", "a: 1\na: 2\n", "the key `a` stands twice in one table"),
        ("t.yml", "", "this is no InfluxDB template"),
        ("t.yml", "just words", "this is no InfluxDB template"),
        ("t.yml", &bomb, "(limit `source-values`)"),
        ("t.json", "{\"a\": 1,}", "this is no JSON"),
        ("t.json", "{\"a\": 1, \"a\": 2}", "the key `a` stands twice in one object"),
        ("main.tf", "resource \"influxdb_bucket\" \"x\" {}", "this is a configuration of Terraform, and no state"),
        ("t.jsonnet", "{ a:: 1 }", "this is a program in Jsonnet, and no template yet"),
        ("s.tfstate", "{\"version\": 3, \"lineage\": \"x\", \"modules\": []}", "this is a state of version 3"),
        ("s.tfstate", "{\"version\": 3, \"serial\": 1, \"modules\": []}", "what its `terraform state pull` prints"),
        ("s.tfstate", "{\"version\": 5, \"lineage\": \"x\", \"resources\": []}", "this is no state of version 4"),
    ] {
        let converted = Converted::of(name, text);
        let is_said = converted.ended.words().contains(wanted) && converted.ended.code == 65;
        if !is_said || converted.project().exists() {
            wrong.push(format!("{wanted}: {}", converted.ended.all()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Converted::of("\u{fffd}.yml", GOOD).ended.with(0);
    let absent = Fluxform::new(&["convert", "absent.yml", "--out", "made"]).run().with(65);
    assert!(absent.err.contains("absent.yml"), "{}", absent.err);
    Fluxform::new(&["convert", "--out", "made"]).run().with(64);
    let url = "https://u:hunter2hunter2@example.com/t.yml";
    let address = Fluxform::new(&["convert", url, "--out", "made"]).run().with(65);
    let said = address.words();
    assert!(said.contains("is an address, and no file help: download it first") && !said.contains("hunter2"), "{said}");
}

/// Nothing is written over, and a source may come from standard input.
#[test]
fn a_project_is_written_to_an_empty_directory_only() {
    let converted = Converted::of("t.yml", GOOD);
    let mut again = Fluxform::new(&["convert", "t.yml", "--out", "made"]);
    again.command.current_dir(converted.dir.path());
    let said = again.run().with(1);
    assert!(said.err.contains("made is not empty"), "{}", said.err);
    let mut piped = Fluxform::new(&["convert", "-", "--out", "piped", "--format=json"]);
    piped.command.current_dir(converted.dir.path());
    piped.command.stdin(std::fs::File::open(converted.dir.path().join("t.yml")).unwrap());
    let report = piped.run().with(0).json();
    assert_eq!(report["resources"][0]["address"], "bucket.good");
    let made = |name: &str| files(&converted.dir.path().join(name));
    assert_eq!(made("piped")["buckets.toml"], made("made")["buckets.toml"]);
}

/// The places of `envRef` that InfluxDB takes, an anchor of an earlier document, and durations that are none.
#[test]
fn what_influxdb_takes_is_taken() {
    let text = object("Label", "plant", "{ description: &words by line }")
        + &object(
            "Bucket",
            "raw",
            "{ description: *words, associations: [{ kind: Label, name: { envRef: { key: l, default: plant } } }] }",
        )
        + &object("Task", "a", "{ every: 1h, offset: 0s, query: x = 1 }")
        + &object("Task", "b", "{ every: 1h, offset: -5m, query: x = 1 }")
        + &object("NotificationEndpointHTTP", "room", "{ type: none, method: POST, url: \"http://x\" }")
        + &object(
            "NotificationRule",
            "r",
            "{ endpointName: { envRef: { key: e, default: room } }, every: 1m, messageTemplate: m, statusRules: [{ currentLevel: CRIT }] }",
        );
    let converted = Converted::of("t.yml", &text);
    let said = converted.ended.words();
    assert_eq!(converted.ended.code, 0, "{said}");
    assert!(said.contains("no negative `offset`"), "{said}");
    let files = files(&converted.project());
    assert!(files["buckets.toml"].contains("labels = [\"label.plant\"]"), "{}", files["buckets.toml"]);
    assert!(files["buckets.toml"].contains("description = \"by line\""), "{}", files["buckets.toml"]);
    assert!(!files["tasks.toml"].contains("offset"), "{}", files["tasks.toml"]);
    assert!(files["notification_rules.toml"].contains("notification_endpoint.room"), "{files:#?}");
}

/// `influx export` names what a server keeps for an endpoint itself like a secret of the org.
#[test]
fn the_token_that_a_server_keeps_for_an_endpoint_comes_from_the_environment() {
    let spec =
        "{ type: bearer, method: POST, url: \"http://x\", token: { secretRef: { key: 11b7906446325000-token } } }";
    let converted = Converted::of("t.yml", &object("NotificationEndpointHTTP", "room", spec));
    let said = converted.ended.words();
    assert_eq!(converted.ended.code, 0, "{said}");
    assert!(said.contains("`token` of `room` is not copied"), "{said}");
    let endpoints = &files(&converted.project())["notification_endpoints.toml"];
    assert!(endpoints.contains("{ env = \"ROOM_TOKEN\" }"), "{endpoints}");
}

/// Who names the directory may name it by a link.
#[test]
fn nothing_is_written_through_a_link_on_a_relative_path() {
    let converted = Converted::of("t.yml", GOOD);
    let dir = converted.dir.path();
    std::fs::create_dir(dir.join("real")).unwrap();
    std::os::unix::fs::symlink("real", dir.join("link")).unwrap();
    for out in ["link/inner", "link"] {
        let mut run = Fluxform::new(&["convert", "t.yml", "--out", out]);
        run.command.current_dir(dir);
        let said = run.run().with(1);
        assert!(said.words().contains("link is a symbolic link, which is not followed"), "{}", said.all());
        assert_eq!(std::fs::read_dir(dir.join("real")).unwrap().count(), 0, "{out}");
    }
}

/// No secret of a template is copied, nor shown in what is said of it.
#[test]
fn no_secret_of_a_template_is_copied() {
    let secrets = [
        "b0tt0kenb0tt0ken",
        "hunter2hunter2",
        "us3rn4meus3rn4me",
        "r0utingr0utingr0",
        "T000B000w3bh00k",
        "r00mr00mr00m",
    ];
    let text = [
        object(
            "NotificationEndpointHTTP",
            "a",
            &format!("{{ type: bearer, method: POST, url: \"http://x\", token: {} }}", secrets[0]),
        ),
        object(
            "NotificationEndpointHTTP",
            "b",
            &format!(
                "{{ type: basic, method: POST, url: \"http://x\", username: {}, password: {} }}",
                secrets[2], secrets[1]
            ),
        ),
        object("NotificationEndpointPagerDuty", "c", &format!("{{ url: \"http://x\", routingKey: {} }}", secrets[3])),
        object(
            "NotificationEndpointSlack",
            "d",
            &format!("{{ url: \"https://hooks.slack.com/services/{}\" }}", secrets[4]),
        ),
        // As `influx export` writes it.
        object("NotificationEndpointSlack", "e", &format!("\n  url: https://chat.example.com/{}", secrets[5])),
        object(
            "NotificationEndpointHTTP",
            "f",
            &format!("\n  type: none\n  method: POST\n  url: https://x.example.com/{}?a=b", secrets[5]),
        ),
    ]
    .concat();
    let converted = Converted::of("t.yml", &text);
    let project = files(&converted.project());
    let all: String = project.values().cloned().collect::<String>() + &converted.ended.all();
    for secret in secrets {
        assert!(!all.contains(secret), "{secret}:\n{all}");
    }
    assert_eq!(converted.ended.code, 0, "{all}");
    let endpoints = &project["notification_endpoints.toml"];
    for reference in [
        "{ env = \"A_TOKEN\" }",
        "{ env = \"B_PASSWORD\" }",
        "{ env = \"B_USERNAME\" }",
        "{ env = \"C_ROUTING_KEY\" }",
        "${var.d_url}",
    ] {
        assert!(endpoints.contains(reference), "{reference}: {endpoints}");
    }
    let validate = || Fluxform::new(&["validate"]).arg(converted.project());
    validate().run().with(65);
    validate()
        .args(&[
            "--var",
            "d_url=https://hooks.slack.com/services/x",
            "--var",
            "e_url=http://x/e",
            "--var",
            "f_url=http://x/f",
        ])
        .run()
        .with(0);
}

/// Of names that come from outside the project has variables, with their defaults.
#[test]
fn names_from_outside_are_variables() {
    let name = |reference: &str| {
        format!(
            "---\napiVersion: influxdata.com/v2alpha1\nkind: Bucket\nmetadata: {{ name: {{ envRef: {reference} }} }}\n"
        )
    };
    let text =
        name("{ key: raw, default: plant_raw }") + &name("old-token") + &name("{ key: raw2, default: \"${x}\" }");
    let converted = Converted::of("t.yml", &text);
    assert_eq!(converted.ended.code, 0, "{}", converted.ended.all());
    let project = files(&converted.project());
    insta::assert_snapshot!(format!("{}{}", project["fluxform.toml"], project["buckets.toml"]));
    let plan = Fluxform::new(&["validate", "--var=raw=other"]).arg(converted.project()).run();
    plan.with(0);
}

/// Between the zeros of UTF-16 nobody finds a secret, and a text that is not UTF-8 cannot be read for its keys.
#[test]
fn a_source_that_is_not_utf_8_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let state = "{\"version\": 4, \"serial\": 1, \"lineage\": \"x\", \"resources\": [],\n\"outputs\": {\"db\": {\"value\":\n\"S3CRET0UT\"}}}";
    let wide = |of: fn(u16) -> [u8; 2], mark: &str| format!("{mark}{state}").encode_utf16().flat_map(of).collect();
    let broken = [state.replace("S3CRET0UT", "S3CRET0UTx").as_bytes(), b"\xff"].concat();
    let sources: [Vec<u8>; 6] = [
        wide(u16::to_le_bytes, "\u{feff}"),
        wide(u16::to_be_bytes, "\u{feff}"),
        wide(u16::to_le_bytes, ""),
        wide(u16::to_be_bytes, ""),
        broken,
        [b"\xe4\n", state.as_bytes()].concat(),
    ];
    for (n, bytes) in sources.into_iter().enumerate() {
        std::fs::write(dir.path().join("s"), bytes).unwrap();
        let mut run = Fluxform::new(&["convert", "s", "--out", "o"]);
        run.command.current_dir(dir.path());
        let said = run.run();
        assert_eq!(said.code, 65, "{n}: {}", said.all());
        let words: String = said.all().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        assert!(words.contains("isnotUTF8") && !words.contains("S3CRET0UT"), "{n}: {}", said.all());
        assert_eq!(n < 4, said.words().contains("it is UTF-16"), "{n}: {}", said.all());
    }
}

/// Neither a panic nor another retention than is written.
#[test]
fn what_lasts_longer_than_can_be_counted_is_left_out() {
    for seconds in ["9223372037", "100000000000", "18446744073709551615", "99999999999999999999", "1e300"] {
        let long =
            object("Bucket", "long", &format!("{{ retentionRules: [{{ type: expire, everySeconds: {seconds} }}] }}"));
        let converted = Converted::of("t.yml", &(long + &object("Bucket", "short", "{}")));
        assert_eq!(converted.ended.code, 3, "{}", converted.ended.all());
        let project: String = files(&converted.project()).values().cloned().collect();
        assert!(project.contains("short") && !project.contains("long"), "{seconds}:\n{project}");
        let said = converted.ended.words();
        assert!(said.contains(seconds) && !said.contains("9223372036854775807"), "{}", converted.ended.all());
    }
}
