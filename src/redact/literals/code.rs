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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

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
