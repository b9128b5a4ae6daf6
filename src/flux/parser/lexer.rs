//! From text to tokens, one at a time: what a `/`, a `"` or a `}` begins depends on what the parser expects.

use super::super::ast::{Comment, Span};
use super::super::number::number;
use super::super::token::TokenKind;
use super::letters::{is_letter, starts_name};

/// One token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

pub(super) struct Lexer<'s> {
    source: &'s str,
    at: usize,
    /// How many tokens were taken, some of them again.
    #[cfg(debug_assertions)]
    taken: usize,
    /// All comments so far.
    pub(super) comments: Vec<Comment>,
}

/// What ends a piece of a string's text.
enum Stop {
    Quote,
    Interpolation,
    BadEscape,
    End,
}

impl<'s> Lexer<'s> {
    /// `source` has less than 4 GiB and no NUL.
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            source,
            at: 0,
            #[cfg(debug_assertions)]
            taken: 0,
            comments: Vec::new(),
        }
    }

    /// Starts at a place, where a token starts.
    pub(super) fn skip_to(&mut self, at: u32) {
        self.at = at as usize;
    }

    /// Leaves out the rest.
    pub(super) fn skip_to_end(&mut self) {
        self.at = self.source.len();
    }

    pub(super) fn text(&self, span: Span) -> &'s str {
        &self.source[span.range()]
    }

    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    /// The next `length` bytes are the token.
    fn take(&mut self, kind: TokenKind, length: usize) -> Token {
        #[cfg(debug_assertions)]
        {
            self.taken += 1;
            assert!(self.taken <= 16 * self.source.len() + 64, "invariant: no text is read over and over");
        }
        let start = self.at;
        self.at += length;
        Token { kind, span: Span::new(offset(start), offset(self.at)) }
    }

    /// The next token where an operator, a name, or the begin of an expression may stand.
    pub(super) fn next(&mut self) -> Token {
        self.skip();
        let bytes = &self.source.as_bytes()[self.at..];
        let Some(&first) = bytes.first() else {
            return self.take(TokenKind::End, 0);
        };
        let second = bytes.get(1).copied().unwrap_or(0);
        let (kind, length) = match first {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let length = name_length(self.rest());
                (TokenKind::keyword(&self.rest()[..length]).unwrap_or(TokenKind::Ident), length)
            }
            b'0'..=b'9' => number(self.rest()),
            b'.' if second.is_ascii_digit() => number(self.rest()),
            b'"' => self.string(),
            b'@' if self.rest()[1..].starts_with(starts_name) => {
                (TokenKind::Attribute, 1 + name_length(&self.rest()[1..]))
            }
            // A half token at the very end is ignored (influxd 2.9.1, measured).
            b'|' | b'!' | b'@' if bytes.len() == 1 => {
                self.at += 1;
                return self.take(TokenKind::End, 0);
            }
            _ if first.is_ascii() => operator(first, second),
            _ => {
                let c = self.rest().chars().next().expect("invariant: there is a byte");
                if is_letter(c) {
                    (TokenKind::Ident, name_length(self.rest()))
                } else {
                    (TokenKind::Illegal, c.len_utf8())
                }
            }
        };
        self.take(kind, length)
    }

    /// White space and comments.
    fn skip(&mut self) {
        let bytes = self.source.as_bytes();
        let first = self.comments.len();
        loop {
            while bytes.get(self.at).is_some_and(|byte| is_white(*byte)) {
                self.at += 1;
            }
            if !bytes[self.at..].starts_with(b"//") {
                break;
            }
            let length = self.rest().find('\n').map_or(self.rest().len(), |at| at + 1);
            let span = Span::new(offset(self.at), offset(self.at + length));
            self.comments.push(Comment { span, before: 0 });
            self.at += length;
        }
        for comment in &mut self.comments[first..] {
            comment.before = offset(self.at);
        }
    }

    /// The regular expression at `start`, where a `/` was read as the operator; what was read after it is read again.
    ///
    /// A slash after a backslash ends the expression only if no later slash does, even if that backslash is itself
    /// escaped (influxd 2.9.1, measured).
    pub(super) fn regex(&mut self, start: u32) -> Option<Token> {
        let body = &self.source[start as usize + 1..];
        let mut last = None;
        for (at, _) in body.match_indices('/') {
            last = Some(at);
            if !body[..at].ends_with('\\') {
                break;
            }
        }
        let length = last? + 2;
        self.at = start as usize;
        Some(self.take(TokenKind::Regex, length))
    }

    /// A whole string, or the quote that opens one with interpolations or mistakes.
    fn string(&self) -> (TokenKind, usize) {
        match text_length(&self.source[self.at + 1..]) {
            (length, Stop::Quote) => (TokenKind::String, length + 2),
            _ => (TokenKind::StringStart, 1),
        }
    }

    /// The next token within a string.
    pub(super) fn next_in_string(&mut self) -> Token {
        let (length, stop) = text_length(self.rest());
        if length > 0 {
            return self.take(TokenKind::StringText, length);
        }
        match stop {
            Stop::Quote => self.take(TokenKind::StringEnd, 1),
            Stop::Interpolation => self.take(TokenKind::InterpolationStart, 2),
            Stop::BadEscape => self.take(TokenKind::Illegal, 1),
            Stop::End => self.take(TokenKind::End, 0),
        }
    }
}

/// A place in a script, which has less than 4 GiB.
fn offset(at: usize) -> u32 {
    // The parser refuses what is longer.
    at as u32
}

/// The length of the text at the start of `text`, and what ends it. `$` takes the character after it along, whatever that
/// is, even a backslash (influxd 2.9.1, measured): `"$${x}"` is text, `"$\""` ends after the backslash.
fn text_length(text: &str) -> (usize, Stop) {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        // Most strings have nothing else that needs a closer look.
        match bytes[at..].iter().position(|byte| matches!(byte, b'"' | b'$' | b'\\')) {
            None => return (bytes.len(), Stop::End),
            Some(plain) => at += plain,
        }
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => return (at, Stop::Quote),
            (b'$', Some(b'{')) => return (at, Stop::Interpolation),
            (b'$', Some(b'"') | None) => at += 1,
            (b'$', Some(_)) => at += 2,
            _ => match escape_length(&bytes[at..]) {
                Some(length) => at += length,
                None => return (at, Stop::BadEscape),
            },
        }
    }
}

/// The length of the escape at the start of `bytes`, which starts with a backslash.
fn escape_length(bytes: &[u8]) -> Option<usize> {
    match bytes.get(1)? {
        b'n' | b'r' | b't' | b'\\' | b'"' => Some(2),
        b'$' if bytes.get(2) == Some(&b'{') => Some(3),
        b'x' if bytes.len() >= 4 && bytes[2..4].iter().all(u8::is_ascii_hexdigit) => Some(4),
        _ => None,
    }
}

/// The length of the name at the start of `text`, which starts with a letter.
fn name_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        while bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            at += 1;
        }
        match bytes.get(at) {
            Some(byte) if !byte.is_ascii() => match text[at..].chars().next() {
                Some(c) if is_letter(c) => at += c.len_utf8(),
                _ => return at,
            },
            _ => return at,
        }
    }
}

/// What stands between tokens.
const fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c')
}

/// The operator that starts with `first`, and its length.
const fn operator(first: u8, second: u8) -> (TokenKind, usize) {
    use TokenKind as K;
    match (first, second) {
        (b'=', b'=') => (K::Eq, 2),
        (b'=', b'~') => (K::RegexEq, 2),
        (b'=', b'>') => (K::Arrow, 2),
        (b'!', b'=') => (K::Neq, 2),
        (b'!', b'~') => (K::RegexNeq, 2),
        (b'<', b'=') => (K::Lte, 2),
        (b'<', b'-') => (K::PipeReceive, 2),
        (b'>', b'=') => (K::Gte, 2),
        (b'|', b'>') => (K::PipeForward, 2),
        (b'+', _) => (K::Add, 1),
        (b'-', _) => (K::Sub, 1),
        (b'*', _) => (K::Mul, 1),
        (b'/', _) => (K::Div, 1),
        (b'%', _) => (K::Mod, 1),
        (b'^', _) => (K::Pow, 1),
        (b'=', _) => (K::Assign, 1),
        (b'<', _) => (K::Lt, 1),
        (b'>', _) => (K::Gt, 1),
        (b'(', _) => (K::LParen, 1),
        (b')', _) => (K::RParen, 1),
        (b'[', _) => (K::LBrack, 1),
        (b']', _) => (K::RBrack, 1),
        (b'{', _) => (K::LBrace, 1),
        (b'}', _) => (K::RBrace, 1),
        (b':', _) => (K::Colon, 1),
        (b',', _) => (K::Comma, 1),
        (b'.', _) => (K::Dot, 1),
        (b'?', _) => (K::Question, 1),
        _ => (K::Illegal, 1),
    }
}
