//! From text to tokens.

use std::ops::Range;

use super::error::FluxError;
use super::number::number;
use super::token::{Token, TokenKind};

/// All tokens of a script, comments included, white space left out.
///
/// Every token spans the bytes it was read from; between two tokens there is only white space. A syntax error that only
/// a parser can see is no error here.
///
/// # Errors
/// A character that starts no token, a NUL anywhere, an unterminated string, interpolation or regular expression, an unknown escape.
pub fn scan(source: &str) -> Result<Vec<Token>, FluxError> {
    if let Some(at) = source.find('\0') {
        return Err(FluxError::new("a NUL character: the server ignores all that follows it", at..at + 1));
    }
    let mut scanner = Scanner::new(source);
    scanner.run()?;
    Ok(scanner.tokens)
}

/// The tokens of a script as far as it can be read, and where that ends.
pub(crate) fn scan_leniently(source: &str) -> (Vec<Token>, usize) {
    let readable = &source[..source.find('\0').unwrap_or(source.len())];
    let mut scanner = Scanner::new(readable);
    match scanner.run() {
        Ok(()) => (scanner.tokens, readable.len()),
        Err(_) => {
            let end = scanner.tokens.last().map_or(0, |token| token.span.end);
            (scanner.tokens, end)
        }
    }
}

/// A brace that is open.
enum Open {
    Brace,
    Interpolation { start: usize },
}

struct Scanner<'a> {
    source: &'a str,
    at: usize,
    tokens: Vec<Token>,
    open: Vec<Open>,
    /// Whether an operand comes next: then `/` starts a regular expression.
    operand: bool,
}

impl<'a> Scanner<'a> {
    fn new(source: &'a str) -> Self {
        // Most tokens are longer than this: one allocation is enough.
        let tokens = Vec::with_capacity(source.len() / 4);
        Self { source, at: 0, tokens, open: Vec::new(), operand: true }
    }

    fn run(&mut self) -> Result<(), FluxError> {
        while let Some(next) = self.rest().chars().next() {
            match next {
                c if is_white(c) => {
                    let rest = self.rest();
                    self.at += rest.bytes().position(|byte| !is_white(byte.into())).unwrap_or(rest.len());
                }
                '"' => self.string()?,
                '0'..='9' => self.number(),
                '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number(),
                '/' if self.rest().starts_with("//") => {
                    let length = self.rest().find('\n').unwrap_or(self.rest().len());
                    self.push(TokenKind::Comment, length);
                }
                '/' if self.operand => self.regex()?,
                '@' if self.rest()[1..].starts_with(starts_name) => {
                    let length = 1 + name_length(&self.rest()[1..]);
                    self.push(TokenKind::Attribute, length);
                }
                '{' => {
                    self.open.push(Open::Brace);
                    self.push(TokenKind::LBrace, 1);
                }
                '}' => self.closing_brace()?,
                c if starts_name(c) => {
                    let length = name_length(self.rest());
                    let word = &self.rest()[..length];
                    self.push(TokenKind::keyword(word).unwrap_or(TokenKind::Ident), length);
                }
                c => match operator(self.rest()) {
                    Some((kind, length)) => self.push(kind, length),
                    None => {
                        let span = self.at..self.at + c.len_utf8();
                        return Err(FluxError::new(format!("unexpected character {c:?}"), span));
                    }
                },
            }
        }
        match self.open.iter().rev().find_map(|open| match open {
            Open::Interpolation { start } => Some(*start),
            Open::Brace => None,
        }) {
            Some(start) => Err(FluxError::new("unterminated `${` in a string", start..start + 2)),
            None => Ok(()),
        }
    }

    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn push(&mut self, kind: TokenKind, length: usize) {
        let span = self.at..self.at + length;
        self.at = span.end;
        if kind != TokenKind::Comment {
            self.operand = !kind.ends_operand();
        }
        self.tokens.push(Token { kind, span });
    }

    fn number(&mut self) {
        let (kind, length) = number(self.rest());
        self.push(kind, length);
    }

    fn closing_brace(&mut self) -> Result<(), FluxError> {
        match self.open.pop() {
            Some(Open::Interpolation { .. }) => {
                self.push(TokenKind::InterpolationEnd, 1);
                self.string_rest()
            }
            Some(Open::Brace) | None => {
                self.push(TokenKind::RBrace, 1);
                Ok(())
            }
        }
    }

    fn string(&mut self) -> Result<(), FluxError> {
        let start = self.at;
        let (length, stop) = self.string_text(start + 1, start)?;
        match stop {
            TextStop::Quote => self.push(TokenKind::String, length + 2),
            TextStop::Interpolation => {
                self.push(TokenKind::StringStart, 1);
                self.string_rest()?;
            }
        }
        Ok(())
    }

    /// From inside a string with interpolation to its next `${` or its end.
    fn string_rest(&mut self) -> Result<(), FluxError> {
        let start = self.at;
        let (length, stop) = self.string_text(start, start)?;
        if length > 0 {
            self.push(TokenKind::StringText, length);
        }
        match stop {
            TextStop::Quote => self.push(TokenKind::StringEnd, 1),
            TextStop::Interpolation => {
                self.open.push(Open::Interpolation { start: self.at });
                self.push(TokenKind::InterpolationStart, 2);
            }
        }
        Ok(())
    }

    /// The length of the text from `from` on, and what ends it. `$` takes the character after it along, whatever that
    /// is, even a backslash (influxd 2.9.1, measured): `"$${x}"` is text, `"$\""` ends after the backslash.
    fn string_text(&self, from: usize, blame: usize) -> Result<(usize, TextStop), FluxError> {
        let text = &self.source[from..];
        // Most strings have nothing that needs a closer look.
        let special = text.bytes().position(|byte| matches!(byte, b'"' | b'$' | b'\\'));
        if let Some(at) = special.filter(|at| text.as_bytes()[*at] == b'"') {
            return Ok((at, TextStop::Quote));
        }
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match (c, chars.peek().map(|(_, next)| *next)) {
                ('"', _) => return Ok((at, TextStop::Quote)),
                ('$', Some('{')) => return Ok((at, TextStop::Interpolation)),
                ('$', Some('"')) => {}
                ('$', Some(_)) => {
                    chars.next();
                }
                ('\\', _) => {
                    let length = escape_length(&text[at..]).ok_or_else(|| {
                        let end = at + 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8);
                        let span: Range<usize> = from + at..from + end;
                        FluxError::new(format!("unknown escape {:?}", &text[at..end]), span)
                    })?;
                    while chars.next_if(|(next, _)| *next < at + length).is_some() {}
                }
                _ => {}
            }
        }
        Err(FluxError::new("unterminated string", blame..self.source.len()))
    }

    /// A slash after a backslash ends the expression only if no later slash does, even if that backslash is itself
    /// escaped (influxd 2.9.1, measured).
    fn regex(&mut self) -> Result<(), FluxError> {
        let body = &self.rest()[1..];
        let mut last = None;
        for (at, _) in body.match_indices('/') {
            last = Some(at);
            if !body[..at].ends_with('\\') {
                break;
            }
        }
        match last {
            Some(length) => {
                self.push(TokenKind::Regex, length + 2);
                Ok(())
            }
            None => Err(FluxError::new("unterminated regular expression", self.at..self.source.len())),
        }
    }
}

enum TextStop {
    Quote,
    Interpolation,
}

/// The length of the escape at the start of `text`, which starts with a backslash.
fn escape_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes.get(1)? {
        b'n' | b'r' | b't' | b'\\' | b'"' => Some(2),
        b'$' if bytes.get(2) == Some(&b'{') => Some(3),
        b'x' if bytes.len() >= 4 && bytes[2..4].iter().all(u8::is_ascii_hexdigit) => Some(4),
        _ => None,
    }
}

fn starts_name(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn name_length(text: &str) -> usize {
    let ascii = text.bytes().take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric()).count();
    let rest = &text[ascii..];
    match rest.bytes().next() {
        None => text.len(),
        Some(byte) if byte.is_ascii() => ascii,
        Some(_) => ascii + rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len()),
    }
}

/// What stands between tokens.
fn is_white(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

fn operator(text: &str) -> Option<(TokenKind, usize)> {
    use TokenKind as K;
    let two = match text.as_bytes() {
        [b'=', b'=', ..] => Some(K::Eq),
        [b'=', b'~', ..] => Some(K::RegexEq),
        [b'=', b'>', ..] => Some(K::Arrow),
        [b'!', b'=', ..] => Some(K::Neq),
        [b'!', b'~', ..] => Some(K::RegexNeq),
        [b'<', b'=', ..] => Some(K::Lte),
        [b'<', b'-', ..] => Some(K::PipeReceive),
        [b'>', b'=', ..] => Some(K::Gte),
        [b'|', b'>', ..] => Some(K::PipeForward),
        _ => None,
    };
    if let Some(kind) = two {
        return Some((kind, 2));
    }
    let one = match text.as_bytes().first()? {
        b'+' => K::Add,
        b'-' => K::Sub,
        b'*' => K::Mul,
        b'/' => K::Div,
        b'%' => K::Mod,
        b'^' => K::Pow,
        b'=' => K::Assign,
        b'<' => K::Lt,
        b'>' => K::Gt,
        b'(' => K::LParen,
        b')' => K::RParen,
        b'[' => K::LBrack,
        b']' => K::RBrack,
        b':' => K::Colon,
        b',' => K::Comma,
        b'.' => K::Dot,
        b'?' => K::Question,
        _ => return None,
    };
    Some((one, 1))
}

#[cfg(test)]
mod tests;
