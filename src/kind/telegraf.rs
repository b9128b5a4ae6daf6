//! Telegraf configurations.

use std::ops::Range;

use serde_json::{Value as Json, json};
use toml::de::{DeTable, DeValue};
use toml_parser::lexer::TokenKind;

use super::Kind;
use super::draft::{Draft, Fault};
use super::expression::{SHOWN, is_root};
use super::live::{self, Desired, Edit, Object};
use super::spec::{Key, Spec};
use super::wire::{self, Body, Wire};
use crate::api::{ApiError, Writer};
use crate::diagnostic::Code;
use crate::field::{Field, Omitted, Role, TextFile, Type};
use crate::flux::ast::Span;
use crate::flux::refs::{Access, Elsewhere, Reference, Target};
use crate::redact::{Language, certain_literals};
use crate::value::{Fields, Value};

const CONFIG: TextFile = TextFile { what: "Telegraf configuration", ending: "conf", named: false, uses: false };
/// No expression of the manifests is longer.
const LONGEST: usize = 200;
const METADATA: &str = "metadata";
const BUCKETS: &str = "buckets";

pub(super) static SPEC: Spec = Spec {
    doc: "A Telegraf configuration, which agents fetch by its ID.",
    ty: "telegrafs",
    key: Key::LoneName,
    fields: &[
        Field::name("name", Role::Name, "The name."),
        Field::org(),
        Field::text("description", Omitted::Theirs, "Free text."),
        Field::text(
            "config",
            Omitted::Required,
            "The configuration: text, or `{ file = \"NAME.conf\" }`. Nothing in it is expanded: `${...}` is Telegraf's.",
        )
        .of_type(Type::TextFile(CONFIG)),
        Field::labels("All labels of the configuration."),
        Field::id("The ID of an external configuration, where several have its name."),
    ],
    check,
    runs_elsewhere: true,
    delete_rank: 20,
    ..Spec::PLAIN
};

/// The server keeps any text, and shows it to whoever may read Telegraf configurations (influxd 2.9.1, measured). No agent starts
/// with one that is no TOML once Telegraf has put its variables in.
fn check(draft: &mut Draft<'_>, faults: &mut Vec<Fault>) {
    let Some(config) = draft.script else { return };
    if let Some(fault) = unreadable(config) {
        faults.push(fault);
    }
    faults.extend(expressions(config));
    let reaches = reaches(&draft.fields).collect();
    draft.reaches = reaches;
    faults.extend(certain_literals(config, Language::Config).into_iter().map(|span| {
        let message = "whoever may read Telegraf configurations can read this secret";
        let fault = Fault::new(Code::TelegrafSecret, "config", message, "a secret in plain text").script(span);
        fault.warning().help(SECRET_HELP)
    }));
}

/// What to do about a secret in a configuration.
pub(crate) const SECRET_HELP: &str = "write `$INFLUX_TOKEN`, or another variable that is set where Telegraf runs";

/// The buckets that its outputs name, as if a script wrote into them. Telegraf finds the org by its name.
fn reaches(fields: &Fields) -> impl Iterator<Item = Reference> {
    let at = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let named = outputs(fields).into_iter().filter(|output| output.bucket.is_some());
    named.map(move |Output { bucket, org, place, hosts }| Reference {
        span: Span::new(at(place.start), at(place.end)),
        access: Access::Writes,
        target: Target::Bucket,
        name: bucket,
        elsewhere: org.map(|org| Elsewhere::Org(Some(org))),
        hosts,
    })
}

/// Expressions of the manifests: nothing replaces them, and Telegraf has no variables with a dot in their names.
fn expressions(config: &str) -> impl Iterator<Item = Fault> {
    let comments: Vec<Range<usize>> = toml_parser::Source::new(config)
        .lex()
        .filter(|token| token.kind() == TokenKind::Comment)
        .map(|token| token.span().start()..token.span().end())
        .collect();
    let one = move |(at, _): (usize, &str)| {
        let rest = &config[at + "${".len()..];
        let expression = &rest[..rest.bytes().take(LONGEST).position(|byte| byte == b'}')?];
        let (root, key) = expression.trim().split_once('.')?;
        let is_one = is_root(root) && key.chars().all(|c| c.is_alphanumeric() || "._-[]\"".contains(c));
        let before = comments.partition_point(|comment| comment.start <= at);
        let is_comment = before > 0 && at < comments[before - 1].end;
        (is_one && !is_comment).then(|| {
            let message = format!(
                "`${{{expression}}}` cannot be used in a Telegraf configuration: nothing of the manifest is put into it"
            );
            let fault = Fault::new(Code::TelegrafExpression, "config", message, "not replaced")
                .script(at..at + expression.len() + "${}".len());
            let name: String =
                key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
            fault.help(match root {
                "bucket" => "write the name of the bucket itself".to_owned(),
                _ => format!("write the value itself, or `${{{name}}}`, and set that variable where Telegraf runs"),
            })
        })
    };
    config.match_indices("${").filter_map(one).take(SHOWN)
}

/// What is wrong with a configuration that is no TOML. What stands for a variable may be anything: where there is one, this
/// is a guess.
fn unreadable(config: &str) -> Option<Fault> {
    DeTable::parse(config).err()?;
    let filled = filled(config);
    let error = DeTable::parse(&filled).err()?;
    let span = error.span().unwrap_or_default();
    let reason = error.message().lines().next().unwrap_or_default().to_owned();
    if filled == config {
        let message = "a Telegraf configuration must be TOML";
        return Some(Fault::new(Code::TelegrafToml, "config", message, reason).script(span));
    }
    let message = "this Telegraf configuration may not be TOML once its variables are replaced";
    let fault = Fault::new(Code::TelegrafToml, "config", message, reason).script(span);
    Some(fault.warning())
}

/// `config` with a number of as many bytes in the place of each variable, and nothing where a line has nothing else.
fn filled(config: &str) -> String {
    config.split_inclusive('\n').map(filled_line).collect()
}

fn filled_line(line: &str) -> String {
    let (mut filled, mut rest) = (String::with_capacity(line.len()), line);
    let mut found = false;
    while let Some(at) = rest.find('$') {
        let (before, variable) = rest.split_at(at);
        filled.push_str(before);
        let length = variable_length(variable);
        if length == 0 {
            filled.push('$');
            rest = &variable[1..];
        } else {
            found = true;
            filled.push_str(&"1".repeat(length));
            rest = &variable[length..];
        }
    }
    filled.push_str(rest);
    let is_alone = found && filled.chars().all(|c| c == '1' || c.is_whitespace());
    if is_alone { filled.replace('1', " ") } else { filled }
}

/// How many bytes the variable has that `text` begins with: `$NAME` or `${NAME...}`; 0 if it begins with none.
fn variable_length(text: &str) -> usize {
    let name = |text: &str| text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    if let Some(rest) = text.strip_prefix("${") {
        let (name, end) = (name(rest), rest.find(['}', '$', '\n']));
        return end.filter(|end| name > 0 && rest[*end..].starts_with('}')).map_or(0, |end| end + "${}".len());
    }
    match text.strip_prefix('$').map_or(0, name) {
        0 => 0,
        length => length + "$".len(),
    }
}

fn config(fields: &Fields) -> Option<&str> {
    match fields.get("config") {
        Some(Value::Script(config)) => config.source(),
        _ => None,
    }
}

/// The buckets that a configuration writes into, as the server finds them where it is not told. It refuses what it cannot
/// read for that (500; influxd 2.9.1, measured), so it is told.
fn buckets(fields: &Fields) -> Json {
    named(fields).unwrap_or_default().into_iter().filter(|bucket| !bucket.is_empty()).collect()
}

/// The buckets that its outputs name, as they are written; none of what is no TOML before variables are put in.
fn named(fields: &Fields) -> Option<Vec<String>> {
    let read = config(fields)?.parse::<toml::Table>().ok()?;
    let outputs = read.get("outputs").and_then(|outputs| outputs.get("influxdb_v2")?.as_array());
    let buckets = outputs.into_iter().flatten().filter_map(|output| output.get("bucket")?.as_str());
    Some(buckets.map(str::to_owned).collect())
}

/// The buckets that a configuration writes into, each by its name if that stands there. Telegraf takes a table and a list of
/// tables, a text and a list with one; which bucket a tag or a database of InfluxDB 1.x means, only a run can tell.
pub(crate) fn outputs(fields: &Fields) -> Vec<Output> {
    let unknown = |place: Range<usize>| Output { bucket: None, org: None, place, hosts: Vec::new() };
    let Some(read) = config(fields).and_then(|config| DeTable::parse(config).ok()) else { return vec![unknown(0..0)] };
    let outputs = read.get_ref().get("outputs");
    let plugins = |name: &str| outputs.and_then(|outputs| outputs.get_ref().get(name)).map(each).unwrap_or_default();
    let v2 = plugins("influxdb_v2");
    let named = v2.iter().flat_map(|output| {
        let said = |key: &str| output.get_ref().get(key).map(each).unwrap_or_default();
        let org = output.get_ref().get("organization").and_then(plain);
        let hosts: Vec<_> = said("urls").into_iter().filter_map(plain).collect();
        let output = move |bucket: &Item<'_>| Output {
            bucket: plain(bucket),
            org: org.clone(),
            place: bucket.span(),
            hosts: hosts.clone(),
        };
        said("bucket").into_iter().map(output).collect::<Vec<_>>()
    });
    let tags = v2.iter().filter_map(|output| output.get_ref().get("bucket_tag"));
    let tagged = tags.filter(|tag| tag.get_ref().as_str() != Some("")).map(|tag| unknown(tag.span()));
    named.chain(tagged).chain(plugins("influxdb").into_iter().map(|output| unknown(output.span()))).collect()
}

/// What a configuration writes into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// The bucket's name; none where that does not stand there.
    pub(crate) bucket: Option<String>,
    /// The name of its org, if that stands there.
    pub(crate) org: Option<String>,
    /// The URLs of the servers that it is sent to, as far as they stand there.
    pub(crate) hosts: Vec<String>,
    /// Where in the configuration it is said; empty where the whole of it says so.
    pub(crate) place: Range<usize>,
}

type Item<'i> = toml::Spanned<DeValue<'i>>;

/// The items of a list, or the one thing that stands in its place.
fn each<'a, 'i>(value: &'a Item<'i>) -> Vec<&'a Item<'i>> {
    value.get_ref().as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// A name, if it stands there.
fn plain(name: &Item<'_>) -> Option<String> {
    name.get_ref().as_str().filter(|name| !name.contains(['$', '@'])).map(str::to_owned)
}

/// Telegraf configurations on a server.
pub(super) struct Live;

impl live::Live for Live {
    // The list is not paged (influxd 2.9.1, measured).
    const WIRE: Wire = Wire::new(Kind::Telegraf, "/api/v2/telegrafs", "configurations");

    fn write(edit: &Edit<'_>, body: &mut Body) -> Result<(), ApiError> {
        if edit.live.is_none() {
            body.insert(METADATA.to_owned(), json!({ BUCKETS: buckets(edit.desired.fields) }));
        }
        Ok(())
    }

    /// There is no PATCH, and a PUT empties what it leaves out (influxd 2.9.1, measured).
    async fn update(
        api: &Writer,
        live: &Object,
        desired: &Desired<'_>,
        changed: &[&'static str],
    ) -> Result<(), ApiError> {
        let told = |all: &mut Body| {
            if changed.contains(&"config") {
                let metadata = all.entry(METADATA).or_insert(Json::Null);
                if !metadata.is_object() {
                    *metadata = json!({});
                }
                metadata[BUCKETS] = buckets(desired.fields);
            }
        };
        wire::put::<Self>(api, live, desired, changed, told).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;

    #[test]
    fn a_configuration_is_toml_whatever_its_variables_are() {
        for config in [
            "",
            "[agent]\ninterval = \"${INTERVAL}\"\n",
            "[agent]\ninterval = ${INTERVAL}\n",
            "[agent]\ninterval = $INTERVAL\n",
            "${AGENT}\n[[inputs.cpu]]\n  ${CPU}\n  $MORE\n",
            "[[inputs.${PLUGIN}]]\nurls = [\"a\", ${URLS}]\n",
            "[[inputs.tail]]\nfiles = ${FILES:-[\"/var/log/a\"]}\n",
            "[[processors.regex]]\npattern = '^a$'\n",
            "# it's ${ anything\n",
        ] {
            assert_eq!(unreadable(config), None, "{config}");
        }
    }

    /// Nothing here may take the square of the length.
    #[test]
    fn a_line_of_very_many_variables_is_filled() {
        for piece in ["${", "$a", "$", "${a}"] {
            let line = piece.repeat((1 << 20) / piece.len());
            assert_eq!(filled(&line).len(), line.len(), "{piece}");
        }
    }

    #[test]
    fn an_expression_of_the_manifests_is_none_of_telegrafs_variables() {
        let said = |config: &str| {
            let fault = |fault: Fault| (config[fault.script.expect("a place")].to_owned(), fault.help.expect("a hint"));
            expressions(config).map(fault).collect::<Vec<_>>()
        };
        let write =
            |name: &str| format!("write the value itself, or `${{{name}}}`, and set that variable where Telegraf runs");
        for (config, wrong, help) in [
            ("bucket = \"${var.env}_raw\"", "${var.env}", write("ENV")),
            ("interval = ${each.value.every}", "${each.value.every}", write("VALUE_EVERY")),
            ("bucket = '${bucket.raw.name}'", "${bucket.raw.name}", "write the name of the bucket itself".to_owned()),
        ] {
            assert_eq!(said(config), [(wrong.to_owned(), help)]);
        }
        for config in [
            "a = \"${VAR}\" # ${var.env}",
            "a = \"${var}\"",
            "a = \"${HOST:-var.env}\"",
            "a = \"${other.env}\"",
            "a = '${1}.${2}'",
            "a = \"${var.env\"",
        ] {
            assert_eq!(said(config), [], "{config}");
        }
        assert_eq!(said(&"${var.".repeat(200_000)), []);
        assert_eq!(said(&"# ${var.x}\n".repeat(100_000)), []);
        assert_eq!(said(&"${var.x}\n".repeat(100_000)).len(), SHOWN);
    }

    #[test]
    fn what_is_no_toml_is_told_at_its_place() {
        let judged = |config: &str| {
            let fault = unreadable(config).expect("a fault");
            (fault.severity, fault.script.map(|span| config[span].to_owned()))
        };
        for config in ["[[[", "a = 1\na = 2\n", "a = \"b", "[outputs.a]\n[outputs.a]\n", "a = $\n"] {
            assert_eq!(judged(config).0, Severity::Error, "{config}");
        }
        assert_eq!(judged("ok = 1\nb = nothing\nc = 2\n"), (Severity::Error, Some("nothing".to_owned())));
        assert_eq!(judged("a = ${A}\nb = nothing\n"), (Severity::Warning, Some("nothing".to_owned())));
        assert_eq!(judged("interval = ${INTERVAL}s\n").0, Severity::Warning);
    }

    #[test]
    fn outputs_are_followed_as_far_as_their_buckets_stand_there() {
        for (config, wanted) in [
            ("[outputs.influxdb_v2]\nbucket = \"a\"", &[Some("a")][..]),
            ("[[outputs.influxdb_v2]]\nbucket = [\"a\", \"b\"]", &[Some("a"), Some("b")]),
            ("[[outputs.influxdb_v2]]\nbucket = 1", &[None]),
            ("[[outputs.influxdb_v2]]\nbucket = \"a\"\nbucket_tag = \"to\"", &[Some("a"), None]),
            ("[[outputs.influxdb_v2]]\nbucket = \"a\"\nbucket_tag = \"\"", &[Some("a")]),
            ("[[outputs.influxdb_v2]]\nbucket = \"@{store:b}\"", &[None]),
            ("[[outputs.influxdb]]\ndatabase = \"a\"", &[None]),
            ("[outputs.influxdb]", &[None]),
            ("a = $B", &[None]),
            ("outputs = 1", &[]),
            ("[[outputs.file]]\nfiles = [\"stdout\"]", &[]),
        ] {
            let script = crate::value::Script::verbatim(config.to_owned());
            let found = outputs(&[("config", Value::Script(script))].into_iter().collect());
            assert_eq!(found.iter().map(|output| output.bucket.as_deref()).collect::<Vec<_>>(), wanted, "{config}");
        }
    }

    #[test]
    fn buckets_are_those_that_are_written_into() {
        let found = |config: &str| {
            let script = crate::value::Script::verbatim(config.to_owned());
            buckets(&[("config", Value::Script(script))].into_iter().collect())
        };
        let two = "[[outputs.influxdb_v2]]\nbucket = \"a\"\n[[outputs.influxdb_v2]]\n[[outputs.influxdb_v2]]\nbucket = \"${B}\"\n";
        assert_eq!(found(two), json!(["a", "${B}"]));
        for config in
            ["", "[[[", "outputs = 1", "[outputs.influxdb_v2]\nbucket = \"a\"", "[[outputs.influxdb_v2]]\nbucket = 1"]
        {
            assert_eq!(found(config), json!([]), "{config}");
        }
    }
}
