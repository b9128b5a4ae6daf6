//! The normal form of a script: two that the server would run alike have the same.

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest, Sha256};

use super::error::FluxError;
use super::group::{Binding, Group, binding};
use super::literal::push_text;
use super::scanner::scan;
use super::token::{Token, TokenKind};
use super::value::value;

/// One token of a normal form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalToken<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// What it says: a string's decoded text, a duration without leading zeros, else its spelling.
    pub value: Cow<'a, str>,
}

impl<'a> NormalToken<'a> {
    /// What `token` of `source` says.
    pub(crate) fn read(token: &Token, source: &'a str) -> Result<Self, FluxError> {
        Ok(Self { kind: token.kind, value: value(token, source)? })
    }

    /// What the tokens of a script say, comments left out.
    pub(crate) fn read_all<'t>(
        tokens: impl IntoIterator<Item = &'t Token>,
        source: &'a str,
    ) -> Result<Vec<Self>, FluxError> {
        let tokens = tokens.into_iter().filter(|token| token.kind != TokenKind::Comment);
        tokens.map(|token| Self::read(token, source)).collect()
    }
}

/// A script without what the server's formatter changes and what does not matter: white space, comments, trailing commas,
/// parentheses that group nothing, and the spelling of strings, regular expressions, durations and times.
///
/// Two scripts with equal normal forms are the same program. A server that re-formats a script (PATCH of a task's name
/// or schedule) keeps its normal form but for its own faults, which change the program (influxd 2.9.1, measured): it
/// drops attributes (`@edition(...)`), the escape in `"${a} \${b}"` and the parentheses of `-(a + b)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NormalForm<'a> {
    tokens: Vec<NormalToken<'a>>,
}

impl<'a> NormalForm<'a> {
    /// The normal form of a script.
    ///
    /// # Errors
    /// Those of [`scan`], and escapes that the server refuses.
    pub fn of(source: &'a str) -> Result<Self, FluxError> {
        Ok(Self::new(NormalToken::read_all(&scan(source)?, source)?))
    }

    /// The normal form of a script with these tokens, which are all but comments.
    pub(crate) fn new(tokens: Vec<NormalToken<'a>>) -> Self {
        let kinds: Vec<TokenKind> = tokens.iter().map(|token| token.kind).collect();
        let groups = groups(&kinds);
        let mut writer = Writer { out: Vec::with_capacity(tokens.len()), frames: Vec::new() };
        for (at, token) in tokens.into_iter().enumerate() {
            writer.write(&kinds, at, groups[at], token);
        }
        Self { tokens: writer.out.into_iter().flatten().collect() }
    }

    /// The tokens in order.
    pub fn tokens(&self) -> &[NormalToken<'a>] {
        &self.tokens
    }

    /// SHA-256 of the normal form in hexadecimal digits: equal exactly if the forms are.
    pub fn digest(&self) -> String {
        Sha256::digest(self.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The tokens on one line with spaces between, strings spelt in one way.
impl fmt::Display for NormalForm<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, token) in self.tokens.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            let (open, close) = match token.kind {
                TokenKind::String => ("\"", "\""),
                // In quotes of its own: what ends it must be seen.
                TokenKind::StringText => ("'\"", "\"'"),
                TokenKind::Regex => ("/\"", "\"/"),
                _ => {
                    f.write_str(&token.value)?;
                    continue;
                }
            };
            let mut text = String::with_capacity(token.value.len() + 4);
            text.push_str(open);
            push_text(&mut text, &token.value);
            text.push_str(close);
            f.write_str(&text)?;
        }
        Ok(())
    }
}

/// What is open.
enum Frame {
    /// Parentheses around an expression.
    Group(Opened),
    /// Call, parameters, list, record, block, interpolation.
    Other,
}

/// Parentheses around an expression, up to where it was read.
struct Opened {
    /// Where the output has the opening one.
    start: usize,
    group: Group,
    /// Whether it is the first thing in other such parentheses.
    leads: bool,
    /// Whether anything is in it yet.
    filled: bool,
}

struct Writer<'a> {
    /// None: a token that turned out to say nothing.
    out: Vec<Option<NormalToken<'a>>>,
    frames: Vec<Frame>,
}

impl<'a> Writer<'a> {
    /// Writes the token at `at`; `groups` tells whether it is a parenthesis that groups.
    fn write(&mut self, kinds: &[TokenKind], at: usize, groups: bool, token: NormalToken<'a>) {
        let kind = token.kind;
        let before = at.checked_sub(1).map(|at| kinds[at]);
        let infix = before.is_some_and(TokenKind::ends_operand);
        if let Some(tightness) = binding(kind, infix) {
            self.loosen(tightness);
        }
        let mut leads = false;
        if let Some(Frame::Group(around)) = self.frames.last_mut()
            && !around.filled
        {
            (leads, around.filled) = (true, true);
            around.group.record = kind == TokenKind::LBrace;
        }
        if kind.closes()
            && let Some(last @ Some(NormalToken { kind: TokenKind::Comma, .. })) = self.out.last_mut()
        {
            *last = None;
        }
        self.out.push(Some(token));
        if kind.opens() {
            let frame = if groups {
                let before_infix = at >= 2
                    && kinds[at - 2].ends_operand()
                    && !matches!(before, Some(TokenKind::Not | TokenKind::Exists));
                let group = Group {
                    before: before.map(|kind| (kind, before_infix)),
                    body: before == Some(TokenKind::Arrow),
                    loosest: Binding::Operand,
                    record: false,
                };
                Frame::Group(Opened { start: self.out.len() - 1, group, leads, filled: false })
            } else {
                Frame::Other
            };
            self.frames.push(frame);
        } else if kind.closes()
            && let Some(Frame::Group(Opened { start, group, leads, .. })) = self.frames.pop()
            && group.is_redundant(kinds.get(at + 1).copied())
        {
            self.out[start] = None;
            self.out.pop();
            self.loosen(group.loosest);
            if let (true, Some(Frame::Group(around))) = (leads, self.frames.last_mut()) {
                around.group.record = group.record;
            }
        }
    }

    fn loosen(&mut self, tightness: Binding) {
        if let Some(Frame::Group(around)) = self.frames.last_mut() {
            around.group.loosest = around.group.loosest.min(tightness);
        }
    }
}

/// Which tokens are parentheses that group: they neither call nor hold parameters, and are closed.
fn groups(kinds: &[TokenKind]) -> Vec<bool> {
    let mut groups = vec![false; kinds.len()];
    let mut open = Vec::new();
    for (at, kind) in kinds.iter().enumerate() {
        if kind.opens() {
            open.push(at);
        } else if kind.closes()
            && let Some(start) = open.pop()
        {
            let before = start.checked_sub(1).map(|before| kinds[before]);
            let calls = before.is_some_and(|kind| kind.ends_operand() || kind == TokenKind::Attribute);
            let parameters = kinds.get(at + 1) == Some(&TokenKind::Arrow);
            groups[start] = kinds[start] == TokenKind::LParen && !calls && !parameters;
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(source: &str) -> String {
        NormalForm::of(source).expect("a normal form").to_string()
    }

    #[test]
    fn spelling_does_not_matter() {
        for (one, other) in [
            ("x = [1, 2,] // c", "x=[\n1,2\n]"),
            ("x = \"a\\x41\"", "x = \"aA\""),
            ("x = \"a${(b)}\\x41\"", "x = \"a${b}A\""),
            ("x = /a\\/\\x41/", "x = /a\\/A/"),
            ("x = 01h1\u{b5}s", "x = 1h1us"),
            ("x = 2026-01-02", "x = 2026-01-02T00:00:00.000+00:00"),
            ("x = 2026-01-02T03:04:05.1200Z", "x = 2026-01-02T03:04:05.12Z"),
            ("f = (r) => (r.a == 1 and (r.b == 2))", "f = (r) => r.a == 1 and r.b == 2"),
            ("x = (a |> f()) |> g()", "x = a |> f() |> g()"),
            ("x = 1 - (-1)", "x = 1 - -1"),
            ("x = ((a))[(0)]", "x = a[0]"),
            ("x = if (a) then (b) else (c)", "x = if a then b else c"),
            ("f = (x=(1)) => ((({a: x})))", "f = (x=1) => ({a: x})"),
        ] {
            assert_eq!(form(one), form(other), "{one} | {other}");
        }
    }

    #[test]
    fn meaning_does_matter() {
        for (one, other) in [
            ("x = (a + b) * c", "x = a + b * c"),
            ("x = a - (b - c)", "x = a - b - c"),
            ("x = -(a + b)", "x = -a + b"),
            ("x = (not a) == b", "x = not a == b"),
            ("x = (a + b).c", "x = a + b.c"),
            ("f = () => ({a: 1})", "f = () => {a: 1}"),
            ("x = (a * b) |> f()", "x = a * b |> f()"),
            ("x = (if a then b else c) + 1", "x = if a then b else c + 1"),
            ("x = ((r) => r)(r: 1)", "x = (r) => r(r: 1)"),
            ("x = \"\\${a}\"", "x = \"${a}\""),
            ("x = \"b${c}\\${a}\"", "x = \"b${c}${a}\""),
            ("x = 60m", "x = 1h"),
            ("x = r[\"a\"]", "x = r.a"),
            ("@a x = 1", "x = 1"),
            ("x = \"a b\"", "x = \"a  b\""),
            ("x = \"a\" b", "x = \"a\\\" b\""),
        ] {
            assert_ne!(form(one), form(other), "{one} | {other}");
        }
    }

    /// Thousands of parentheses take no time that grows with their square.
    #[test]
    fn how_deep_parentheses_stand_does_not_matter() {
        let deep = |inner: &str| format!("f = () => {}{inner}{}", "(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(form(&deep("a")), "f = ( ) => a");
        assert_eq!(form(&deep("{a: 1}")), "f = ( ) => ( { a : 1 } )");
    }

    #[test]
    fn a_digest_is_that_of_the_form() {
        let digest = |source: &str| NormalForm::of(source).expect("a normal form").digest();
        assert_eq!(digest("x = (1)"), digest("x=1 // c"));
        assert_ne!(digest("x = 1"), digest("x = 2"));
        assert_eq!(digest("").len(), 64);
    }
}
