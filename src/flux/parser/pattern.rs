//! Regular expressions: a script's are read twice, by Rust's `regex` when it is parsed and by Go's `regexp` when its tree is
//! handed over, and both must take them (influxd 2.9.1, measured).

use regex_syntax::ast::parse::Parser as PatternParser;
use regex_syntax::ast::{
    self, Ast, ClassSetItem, ClassUnicodeKind, Flag, FlagsItemKind, GroupKind, LiteralKind, RepetitionKind,
    RepetitionRange, Visitor,
};

/// Classes of characters that both know, in small letters without spaces, `_` and `-`.
#[rustfmt::skip]
const CLASSES: [&str; 198] = [
    "adlam", "ahom", "any", "arabic", "armenian", "ascii", "assigned", "avestan", "balinese", "bamum", "batak",
    "bengali", "bhaiksuki", "bopomofo", "brahmi", "braille", "buginese", "buhid", "c", "carian", "casedletter",
    "cc", "cf", "chakma", "cham", "cherokee", "chorasmian", "closepunctuation", "cn", "cntrl", "co",
    "combiningmark", "common", "connectorpunctuation", "control", "coptic", "cuneiform", "currencysymbol",
    "cypriot", "cyrillic", "dashpunctuation", "decimalnumber", "deseret", "devanagari", "digit", "dogra",
    "duployan", "elbasan", "elymaic", "enclosingmark", "ethiopic", "finalpunctuation", "format", "georgian",
    "glagolitic", "gothic", "grantha", "greek", "gujarati", "gurmukhi", "han", "hangul", "hanunoo", "hatran",
    "hebrew", "hiragana", "inherited", "initialpunctuation", "javanese", "kaithi", "kannada", "katakana", "kawi",
    "kharoshthi", "khmer", "khojki", "khudawadi", "l", "lao", "latin", "lc", "lepcha", "letter", "letternumber",
    "limbu", "lineseparator", "lisu", "ll", "lm", "lo", "lowercaseletter", "lt", "lu", "lycian", "lydian", "m",
    "mahajani", "makasar", "malayalam", "mandaic", "manichaean", "marchen", "mark", "mathsymbol", "mc", "me",
    "medefaidrin", "miao", "mn", "modi", "modifierletter", "modifiersymbol", "mongolian", "mro", "multani",
    "myanmar", "n", "nabataean", "nandinagari", "nd", "newa", "nko", "nl", "no", "nonspacingmark", "number",
    "nushu", "ogham", "openpunctuation", "oriya", "osage", "osmanya", "other", "otherletter", "othernumber",
    "otherpunctuation", "othersymbol", "p", "palmyrene", "paragraphseparator", "pc", "pd", "pe", "pf", "phoenician",
    "pi", "po", "privateuse", "ps", "punct", "punctuation", "rejang", "runic", "s", "samaritan", "saurashtra", "sc",
    "separator", "sharada", "shavian", "siddham", "sinhala", "sk", "sm", "so", "sogdian", "soyombo",
    "spaceseparator", "spacingmark", "sundanese", "symbol", "syriac", "tagalog", "tagbanwa", "takri", "tamil",
    "tangsa", "tangut", "telugu", "thaana", "thai", "tibetan", "tifinagh", "tirhuta", "titlecaseletter", "toto",
    "ugaritic", "unassigned", "uppercaseletter", "vai", "vithkuqi", "wancho", "yezidi", "yi", "z", "zl", "zp", "zs",
];

/// The most that a part may be repeated, everything around it counted (Go).
const MOST: u32 = 1000;

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PatternError {
    /// It ends in the middle of an escape.
    Unterminated,
    /// `\\x` without two hexadecimal digits: what the server says.
    Hex(&'static str),
    /// Its escaped bytes are no UTF-8.
    Utf8 { at: usize, length: Option<usize> },
    /// What Rust's parser says, the column where, and of what pattern.
    Rust { message: String, column: usize, pattern: String },
    /// What Go's parser says.
    Go(String),
}

/// What is wrong with what stands between the slashes.
pub(super) fn pattern_error(source: &str) -> Option<PatternError> {
    // Most patterns are words.
    if source
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'^' | b'$' | b' ' | b'|'))
    {
        return None;
    }
    check(source).err()
}

fn check(source: &str) -> Result<(), PatternError> {
    let pattern = decode(source)?;
    let tree = PatternParser::new().parse(&pattern).map_err(|error| PatternError::Rust {
        message: error.kind().to_string(),
        column: error.span().start.column - 1,
        pattern: pattern.clone(),
    })?;
    ast::visit(&tree, Go { pattern: &pattern, repeated: Vec::new() })
}

/// The pattern: `\/` is a slash, `\xNN` a byte, all else stays.
fn decode(source: &str) -> Result<String, PatternError> {
    let mut bytes = Vec::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let escape = &rest[at + 1..];
        let mut chars = escape.chars();
        let length = match chars.next() {
            None => return Err(PatternError::Unterminated),
            Some('/') => {
                bytes.push(b'/');
                1
            }
            Some('x') => {
                let digits: String = chars.take(2).collect();
                if digits.chars().count() < 2 {
                    return Err(PatternError::Hex("\\x followed by 1 char, must be 2"));
                }
                bytes.push(u8::from_str_radix(&digits, 16).map_err(|_| PatternError::Hex("invalid byte value"))?);
                3
            }
            Some(other) => {
                bytes.push(b'\\');
                bytes.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes());
                other.len_utf8()
            }
        };
        rest = &escape[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_err(|error| {
        let error = error.utf8_error();
        PatternError::Utf8 { at: error.valid_up_to(), length: error.error_len() }
    })
}

/// What Go does not take of what Rust takes.
struct Go<'p> {
    pattern: &'p str,
    /// For each repetition around: how often the most repeated part in it is repeated.
    repeated: Vec<u32>,
}

impl Go<'_> {
    fn text(&self, span: &ast::Span) -> &str {
        &self.pattern[span.start.offset..span.end.offset]
    }

    fn escape(&self, literal: &ast::Literal) -> Result<(), PatternError> {
        match literal.kind {
            LiteralKind::HexFixed(_) | LiteralKind::HexBrace(_) => {
                let text: String = self.text(&literal.span).chars().take(2).collect();
                Err(PatternError::Go(format!("invalid escape sequence: `{text}`")))
            }
            _ => Ok(()),
        }
    }

    fn unicode(&self, class: &ast::ClassUnicode) -> Result<(), PatternError> {
        let name = match &class.kind {
            ClassUnicodeKind::OneLetter(letter) => letter.to_string(),
            ClassUnicodeKind::Named(name) => name.clone(),
            ClassUnicodeKind::NamedValue { .. } => {
                let text = self.text(&class.span);
                return Err(PatternError::Go(format!("invalid character class range: `{text}`")));
            }
        };
        let plain: String = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
        if CLASSES.binary_search(&plain.to_ascii_lowercase().as_str()).is_ok() {
            return Ok(());
        }
        Err(PatternError::Rust {
            message: "Unicode property not found".to_owned(),
            column: class.span.start.column - 1,
            pattern: self.pattern.to_owned(),
        })
    }

    /// The ranges of a class in brackets, which Go knows no operators in.
    fn bracketed(&self, span: &ast::Span) -> Result<(), PatternError> {
        let text = self.text(span);
        let mut rest = text[1..].strip_prefix('^').unwrap_or(&text[1..]);
        let mut first = true;
        while first || !rest.starts_with(']') {
            first = false;
            if rest.is_empty() {
                return Ok(());
            }
            if let Some(named) = rest.strip_prefix("[:")
                && let Some(end) = named.find(":]")
            {
                let name = named[..end].strip_prefix('^').unwrap_or(&named[..end]);
                if !POSIX.contains(&name) {
                    let text = &rest[..end + 4];
                    return Err(PatternError::Go(format!("invalid character class range: `{text}`")));
                }
                rest = &named[end + 2..];
                continue;
            }
            let before = rest;
            let Some(low) = class_char(&mut rest) else { continue };
            if let Some(after) = rest.strip_prefix('-')
                && !after.starts_with(']')
            {
                rest = after;
                let high = class_char(&mut rest);
                if high.is_none_or(|high| high < low) {
                    let text = &before[..before.len() - rest.len()];
                    return Err(PatternError::Go(format!("invalid character class range: `{text}`")));
                }
            }
        }
        Ok(())
    }
}

const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

/// Takes one character, escaped or not; None: it was a class such as `\d`.
fn class_char(rest: &mut &str) -> Option<char> {
    let mut chars = rest.chars();
    let first = chars.next()?;
    let char = if first == '\\' {
        match chars.next()? {
            'd' | 'D' | 's' | 'S' | 'w' | 'W' => None,
            'p' | 'P' => {
                if chars.next() == Some('{') {
                    chars.by_ref().find(|c| *c == '}');
                }
                None
            }
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'a' => Some('\x07'),
            'f' => Some('\x0c'),
            'v' => Some('\x0b'),
            other => Some(other),
        }
    } else {
        Some(first)
    };
    *rest = chars.as_str();
    char
}

impl Visitor for Go<'_> {
    type Output = ();
    type Err = PatternError;

    fn finish(self) -> Result<(), PatternError> {
        Ok(())
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), PatternError> {
        match tree {
            Ast::Flags(flags) => self.flags(&flags.flags, &flags.span),
            Ast::Group(group) => match &group.kind {
                GroupKind::NonCapturing(flags) => self.flags(flags, &group.span),
                GroupKind::CaptureName { name, .. } => {
                    if name.name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
                        return Ok(());
                    }
                    let text = &self.pattern[group.span.start.offset..=name.span.end.offset];
                    Err(PatternError::Go(format!("invalid named capture: `{text}`")))
                }
                GroupKind::CaptureIndex(_) => Ok(()),
            },
            Ast::Literal(literal) => self.escape(literal),
            Ast::ClassUnicode(class) => self.unicode(class),
            Ast::ClassBracketed(class) => self.bracketed(&class.span),
            Ast::Repetition(repetition) => {
                if let Ast::Repetition(inner) = &*repetition.ast {
                    let all = format!("{}{}", self.text(&inner.op.span), self.text(&repetition.op.span));
                    return Err(PatternError::Go(format!("invalid nested repetition operator: `{all}`")));
                }
                self.repeated.push(1);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn visit_post(&mut self, tree: &Ast) -> Result<(), PatternError> {
        let Ast::Repetition(repetition) = tree else { return Ok(()) };
        let times = match &repetition.op.kind {
            RepetitionKind::Range(RepetitionRange::Exactly(times) | RepetitionRange::AtLeast(times)) => *times,
            RepetitionKind::Range(RepetitionRange::Bounded(_, times)) => *times,
            _ => 1,
        };
        let all = self.repeated.pop().unwrap_or(1).saturating_mul(times.max(1));
        if all > MOST {
            let operator = self.text(&repetition.op.span);
            return Err(PatternError::Go(format!("invalid repeat count: `{operator}`")));
        }
        if let Some(around) = self.repeated.last_mut() {
            *around = all.max(*around);
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), PatternError> {
        match item {
            ClassSetItem::Literal(literal) => self.escape(literal),
            ClassSetItem::Range(range) => self.escape(&range.start).and_then(|()| self.escape(&range.end)),
            ClassSetItem::Unicode(class) => self.unicode(class),
            _ => Ok(()),
        }
    }
}

impl Go<'_> {
    /// Go knows four flags.
    fn flags(&self, flags: &ast::Flags, span: &ast::Span) -> Result<(), PatternError> {
        let unknown = flags.items.iter().find(|item| {
            !matches!(
                item.kind,
                FlagsItemKind::Negation
                    | FlagsItemKind::Flag(
                        Flag::CaseInsensitive | Flag::MultiLine | Flag::DotMatchesNewLine | Flag::SwapGreed
                    )
            )
        });
        match unknown {
            None => Ok(()),
            Some(item) => {
                let text = &self.pattern[span.start.offset..item.span.end.offset];
                Err(PatternError::Go(format!("invalid or unsupported Perl syntax: `{text}`")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_classes_are_in_order() {
        assert!(CLASSES.is_sorted());
    }

    #[test]
    fn what_either_of_both_refuses_is_refused() {
        for pattern in [
            r"a(b|c)+",
            r"\d\w\s\b\B\A\z",
            r"\p{Greek}",
            r"\P{gr_eek}",
            r"(?P<a_1>b)",
            r"(?i-s:a)",
            r"\/\x41",
            "[]a]",
            "[a&&b]",
            r"[\d-]",
            "[a-c--b]",
            "(a{10}){100}",
            "a+?",
            r"\.\-\_",
            "[[:^alpha:]-z]",
            r"\xc3\xa9",
        ] {
            assert_eq!(pattern_error(pattern), None, "{pattern}");
        }
        for pattern in [
            "(",
            "a**",
            "a+??",
            "[z-a]",
            r"\p{Nope}",
            r"\p{sc=Greek}",
            r"\1",
            "(?=a)",
            "a{2,1}",
            "a{1001}",
            "(a{10}){101}",
            r"\x4",
            r"\x4g",
            r"\xff",
            r"\u0041",
            "(?x)a",
            "(?R)a",
            "[a--b]",
            "[[:foo:]]",
            "(?P<a.b>x)",
            r"a\",
            "a{,3}",
        ] {
            assert!(pattern_error(pattern).is_some(), "{pattern}");
        }
    }
}
