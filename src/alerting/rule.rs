//! The script of the task behind a notification rule, laid out as influxd does (2.9.1, measured). It has the address, the name and
//! the keys of the endpoint as they are when it is made.

use std::fmt::Write as _;

use super::strings::Strings;

/// A rule, as far as its task has to do with it.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The type of its endpoint: `http`, `slack`, `pagerduty` or `telegram`.
    pub ty: String,
    /// Its name.
    pub name: String,
    /// How often it runs.
    pub every: String,
    /// How long after that.
    pub offset: Option<String>,
    /// What is sent.
    pub message: String,
    /// The channel of Slack.
    pub channel: String,
    /// How Telegram reads the message.
    pub parse_mode: String,
    /// Whether Telegram shows no previews.
    pub no_preview: bool,
    /// The level that a status must have, and the one that it must have had.
    pub statuses: Vec<(String, Option<String>)>,
    /// The tags that it must have.
    pub tags: Vec<Tag>,
}

/// A tag that a status must have.
#[derive(Clone, Debug)]
pub struct Tag {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// How it is compared; all operators run alike.
    pub operator: String,
}

/// An endpoint.
pub trait Endpoint {
    /// Its ID.
    fn id(&self) -> String;
    /// What stands under `key` in its JSON; empty where nothing does.
    fn text(&self, key: &str) -> &str;
}

/// The script of the rule with this ID that sends to `endpoint`; none where that is of another type.
pub fn of_rule(rule: &Rule, id: &str, endpoint: &impl Endpoint) -> Option<String> {
    if endpoint.text("type") != rule.ty {
        return None;
    }
    let mut strings = Strings::default();
    let mut text =
        imports(endpoint).iter().fold(String::new(), |text, package| text + &format!("import \"{package}\"\n"));
    let offset = rule.offset.as_ref().map_or_else(String::new, |offset| format!(", offset: {offset}"));
    let name = strings.put(&rule.name);
    let mut say = |line: std::fmt::Arguments<'_>| text.write_fmt(line).expect("a String takes all");
    say(format_args!("\noption task = {{name: {name}, every: {}{offset}}}\n", rule.every));
    say(format_args!("{}", target(rule, endpoint, &mut strings)));
    say(format_args!("notification = {{_notification_rule_id: {},", strings.put(id)));
    say(format_args!("_notification_rule_name: {},", strings.put(&rule.name)));
    say(format_args!("_notification_endpoint_id: {},", strings.put(&endpoint.id())));
    say(format_args!("_notification_endpoint_name: {},}}\n", strings.put(endpoint.text("name"))));
    let tags: Vec<_> = rule
        .tags
        .iter()
        .map(|tag| {
            let key = strings.put(&tag.key);
            format!("r[{key}] == {}", strings.put(&tag.value))
        })
        .collect();
    let only = if tags.is_empty() { String::new() } else { format!(", fn: (r) => {}", tags.join(" and ")) };
    say(format_args!("statuses = monitor[\"from\"](start: -{}{only})\n", longer(&rule.every)));
    let mut streams = Vec::new();
    for (now, before) in &rule.statuses {
        let now = now.to_lowercase();
        let (stream, found) = match before.as_ref().map(|before| before.to_lowercase()) {
            Some(before) => (
                format!("{before}_to_{now}"),
                format!("monitor[\"stateChanges\"](fromLevel: \"{before}\", toLevel: \"{now}\")"),
            ),
            None if now == "any" => (now, "filter(fn: (r) => true)".to_owned()),
            None => (now.clone(), format!("filter(fn: (r) => r[\"_level\"] == \"{now}\")")),
        };
        say(format_args!("{stream} = statuses |> {found}\n"));
        streams.push(stream);
    }
    let all = match streams.as_slice() {
        [one] => one.clone(),
        all => format!("union(tables: [{}]) |> sort(columns: [\"_time\"])", all.join(", ")),
    };
    let since = format!("experimental[\"subDuration\"](from: now(), d: {})", rule.every);
    say(format_args!("all_statuses = {all} |> filter(fn: (r) => r[\"_time\"] >= {since})\n"));
    let message = message(rule, endpoint, &mut strings);
    say(format_args!("all_statuses |> monitor[\"notify\"](data: notification, endpoint: {message})\n"));
    Some(strings.laid_out(&text))
}

fn imports(endpoint: &impl Endpoint) -> &'static [&'static str] {
    match (endpoint.text("type"), endpoint.text("authMethod")) {
        ("http", "none") => &["influxdata/influxdb/monitor", "http", "json", "experimental"],
        ("http", _) => &["influxdata/influxdb/monitor", "http", "json", "experimental", "influxdata/influxdb/secrets"],
        ("slack", _) => &["influxdata/influxdb/monitor", "slack", "influxdata/influxdb/secrets", "experimental"],
        ("telegram", _) => {
            &["influxdata/influxdb/monitor", "contrib/sranka/telegram", "influxdata/influxdb/secrets", "experimental"]
        }
        _ => &["influxdata/influxdb/monitor", "pagerduty", "influxdata/influxdb/secrets", "experimental"],
    }
}

/// The variables with the endpoint.
fn target(rule: &Rule, endpoint: &impl Endpoint, strings: &mut Strings) -> String {
    let mut secret = |column: &str| {
        let key = endpoint.text(column).strip_prefix("secret: ").unwrap_or_default().to_owned();
        format!("secrets[\"get\"](key: {})", strings.put(&key))
    };
    match (endpoint.text("type"), endpoint.text("authMethod")) {
        ("http", auth) => {
            let auth = match auth {
                "bearer" => format!(", \"Authorization\": \"Bearer \" + {}", secret("token")),
                "basic" => {
                    let user = secret("username");
                    format!(", \"Authorization\": http[\"basicAuth\"](u: {user}, p: {})", secret("password"))
                }
                _ => String::new(),
            };
            let url = strings.put(endpoint.text("url"));
            format!(
                "headers = {{\"Content-Type\": \"application/json\"{auth}}}\nendpoint = http[\"endpoint\"](url: {url})\n"
            )
        }
        ("slack", _) => {
            let has_token = !endpoint.text("token").is_empty();
            let (first, token) = match has_token {
                true => (format!("slack_secret = {}\n", secret("token")), "token: slack_secret, "),
                false => (String::new(), ""),
            };
            format!("{first}slack_endpoint = slack[\"endpoint\"]({token}url: {})\n", strings.put(endpoint.text("url")))
        }
        ("telegram", _) => {
            let secret = secret("token");
            let mode = match rule.parse_mode.as_str() {
                "" => String::new(),
                mode => format!("parseMode: {}, ", strings.put(mode)),
            };
            format!(
                "telegram_secret = {secret}\ntelegram_endpoint = telegram[\"endpoint\"](token: telegram_secret, \
                 {mode}disableWebPagePreview: {})\n",
                rule.no_preview
            )
        }
        _ => format!("pagerduty_secret = {}\npagerduty_endpoint = pagerduty[\"endpoint\"]()\n", secret("routingKey")),
    }
}

/// What is sent for a row.
fn message(rule: &Rule, endpoint: &impl Endpoint, strings: &mut Strings) -> String {
    let by_level = |crit: &str, warn: &str, other: &str| {
        format!("if r[\"_level\"] == \"crit\" then {crit} else if r[\"_level\"] == \"warn\" then {warn} else {other}")
    };
    match endpoint.text("type") {
        "http" => "endpoint(mapFn: (r) => { body = {r with _version: 1} return {headers: headers, data: \
                   json[\"encode\"](v: body)} })"
            .to_owned(),
        "slack" => {
            let (channel, text) = (strings.put(&rule.channel), strings.put(&rule.message));
            let color = by_level("\"danger\"", "\"warning\"", "\"good\"");
            format!("slack_endpoint(mapFn: (r) => ({{channel: {channel}, text: {text}, color: {color}}}))")
        }
        "telegram" => {
            let (channel, text) = (strings.put(endpoint.text("channel")), strings.put(&rule.message));
            let silent = by_level("true", "true", "false");
            format!("telegram_endpoint(mapFn: (r) => ({{channel: {channel}, text: {text}, silent: {silent}}}))")
        }
        _ => format!(
            "pagerduty_endpoint(mapFn: (r) => ({{routingKey: pagerduty_secret, client: \"influxdata\", clientURL: {}, \
             class: r._check_name, group: r[\"_source_measurement\"], severity: pagerduty[\"severityFromLevel\"](level: \
             r[\"_level\"]), eventAction: pagerduty[\"actionFromLevel\"](level: r[\"_level\"]), source: \
             notification[\"_notification_rule_name\"], summary: r[\"_message\"], timestamp: time(v: \
             r[\"_source_timestamp\"])}}))",
            strings.put(endpoint.text("clientURL"))
        ),
    }
}

/// A longer time than `every`, so that no status is left out: one more of the first unit, or twice as many seconds and less.
fn longer(every: &str) -> String {
    let digits = every.find(|c: char| !c.is_ascii_digit()).unwrap_or(every.len());
    let (number, rest) = every.split_at(digits);
    let number: u64 = number.parse().unwrap_or_default();
    let unit = rest.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
    let more = if matches!(unit, "y" | "mo" | "w" | "d" | "h" | "m") { number + 1 } else { 2 * number };
    format!("{more}{rest}")
}

#[cfg(test)]
mod tests {
    use super::longer;

    #[test]
    fn a_rule_looks_back_further_than_to_its_last_run() {
        for (every, wanted) in [
            ("10s", "20s"),
            ("61s", "122s"),
            ("1h30m", "2h30m"),
            ("1m30s", "2m30s"),
            ("2h10s", "3h10s"),
            ("1000ms", "2000ms"),
            ("1mo1d", "2mo1d"),
            ("1y", "2y"),
            ("5m", "6m"),
            ("1w", "2w"),
        ] {
            assert_eq!(longer(every), wanted);
        }
    }
}
