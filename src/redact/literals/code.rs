//! Whatever a text is, its code stays.

use proptest::prelude::*;
use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind as Toml};

use super::*;
use crate::flux::{TokenKind, scan};

/// What texts are made of whose code must not change.
const PIECES: [&str; 56] = [
    "\"",
    "\\\"",
    "\\\\",
    "\\",
    "'",
    "`",
    "password",
    "token",
    "=",
    ": ",
    " ",
    "\n",
    "${",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    ",",
    "//",
    "# ",
    "abc1",
    "x",
    "Bearer ",
    "S3KRIT12",
    "http://",
    "u:p1",
    "@",
    "h/",
    "?",
    "&",
    "-p ",
    "--token ",
    "<password>",
    "</password>",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "|> ",
    "from",
    "\"\"\"",
    "'''",
    "$",
    "/",
    "==",
    "+",
    "basicAuth(p:",
    ";",
    "authorization",
    "\\n",
    "mysql -p",
    "\t",
    "columns: ",
    "hooks.slack.com",
    "/services/",
    "ä",
];

fn text() -> impl Strategy<Value = String> {
    let piece = (0..PIECES.len()).prop_map(|at| PIECES[at]);
    proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
}

/// Each token, and its text where that runs.
fn flux_code(text: &str) -> Option<Vec<(TokenKind, &str)>> {
    use TokenKind as K;
    let tokens = scan(text).ok()?.into_iter().map(|token| match token.kind {
        kind @ (K::String | K::StringText | K::Comment | K::Regex) => (kind, ""),
        kind => (kind, token.text(text)),
    });
    Some(tokens.collect())
}

fn toml_code(text: &str) -> Vec<(Toml, &str)> {
    use Toml as K;
    let token = |token: Token| match token.kind() {
        kind @ (K::BasicString | K::LiteralString | K::MlBasicString | K::MlLiteralString | K::Comment | K::Atom) => {
            (kind, "")
        }
        kind => (kind, &text[token.span().start()..token.span().end()]),
    };
    Source::new(text).lex().map(token).collect()
}

/// A host may look like a token of a service, or like what is given to one.
fn host() -> impl Strategy<Value = String> {
    let label = proptest::sample::select(vec![
        "evil",
        "secret",
        "sk_live_abcdef0123456789",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "xoxb-123456789012-abcdef",
        "AKIA0123456789ABCDEF",
        "glpat-abcdefghij0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcdefghij",
    ]);
    let name = (proptest::collection::vec(label, 1..3), proptest::sample::select(vec!["", ":80"]))
        .prop_map(|(labels, port)| format!("{}.example{port}", labels.join(".")));
    prop_oneof![4 => name, 1 => Just("[::1]:80".to_owned())]
}

type Show = fn(&str) -> String;

/// What is around a URL in each language, and how it is shown.
const AROUND: [(Show, &str); 14] = [
    (flux, "to(bucket: \"b\", host: \"§\")"),
    (flux, "token = \"§\""),
    (flux, "x = \"token: §\" // §"),
    (manifest, "url = \"§\" # §"),
    (manifest, "description = \"token=§\""),
    (config, "urls = [\"§\", \"§\"]"),
    (config, "token = \"§\""),
    (config, "commands = [\"curl --token § -u § -p §\"]"),
    (config, "x = [\"curl\", \"--token\", \"§\"]"),
    (command, "command [\"x\", \"--url=§\", \"--token=§\"]"),
    (command, "command [\"curl\", \"--token\", \"§\", \"§\"]"),
    (words, "see § x"),
    (words, "token: §"),
    (words, "{\"token\": \"§\", \"x\":\"§\"}"),
];

fn flux(text: &str) -> String {
    without_literals(text, Language::Flux).into_owned()
}

fn manifest(text: &str) -> String {
    without_literals(text, Language::Manifest).into_owned()
}

fn config(text: &str) -> String {
    without_literals(text, Language::Config).into_owned()
}

fn command(text: &str) -> String {
    without_secrets_in_command(text).into_owned()
}

fn words(text: &str) -> String {
    without_secrets(text).into_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// Whoever reads it sees where a request goes.
    #[test]
    fn a_mask_hides_no_host_and_no_path(
        scheme in proptest::sample::select(vec!["http", "https", "postgres", "token"]),
        user in proptest::sample::select(vec![
            "", "token@", "token:x@", "u:pass1@", "a:token:b@", "password=x@", "a;token=b@", "x-token:y:z@", "%74oken:x@",
        ]),
        host in host(),
        path in proptest::sample::select(vec!["", "/", "/a/b", "/token:x", "/token=x", "/a:b@c", "/x,password=y"]),
        query in proptest::sample::select(vec!["", "?token=abc1", "?a=1&password=b#x", "#token=c", "?x@y"]),
        around in proptest::sample::select(AROUND.to_vec()),
    ) {
        let text = around.1.replace('§', &format!("{scheme}://{user}{host}{path}{query}"));
        let shown = around.0(&text);
        let place = format!("{host}{path}");
        prop_assert_eq!(text.matches(&place).count(), shown.matches(&place).count(), "{} as {}", text, shown);
    }


    /// Whoever reads it reads the same code, in as many lines.
    #[test]
    fn a_mask_changes_no_code(text in text()) {
        let shown = without_literals(&text, Language::Flux);
        if let Some(code) = flux_code(&text) {
            prop_assert_eq!(Some(code), flux_code(&shown), "{:?} as {:?}", text, shown);
        }
        prop_assert_eq!(text.lines().count(), shown.lines().count());
        for language in [Language::Config, Language::Manifest] {
            let shown = without_literals(&text, language);
            prop_assert_eq!(toml_code(&text), toml_code(&shown), "{:?} as {:?}", text, shown);
        }
    }
}
