//! Which series a deletion is about: `_measurement="m" AND host="a"`. What influxd 2.9.1 takes and refuses was measured.

use super::fields::unescape;

/// Why a predicate is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Found while the body is read.
    Body(String),
    /// Found by a second reader, after the first one had nothing to say.
    Second(String),
    /// It asks for what the server does not do.
    NotDone(&'static str),
}

/// All of these must hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Predicate(Vec<Rule>);

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    key: String,
    equal: bool,
    value: String,
}

impl Predicate {
    /// Reads a predicate; an empty one holds of every series.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut reader = Reader { text, at: 0, rules: Vec::new() };
        if !text.is_empty() {
            reader.all(false)?;
        }
        let rules = reader.rules;
        if rules.iter().any(|rule| rule.key == "_field" && rule.equal) {
            return Err(Refusal::NotDone("delete by field is not supported"));
        }
        // influxd deletes some of the other measurements, and which ones nobody can foresee.
        if rules.iter().any(|rule| rule.key == "_measurement" && !rule.equal) {
            return Err(Refusal::NotDone("the embedded server deletes nothing by `_measurement !=`"));
        }
        Ok(Self(rules))
    }

    /// Whether it holds of a series: measurement and tags, escaped, and the field behind a NUL.
    pub(super) fn holds(&self, series: &[u8]) -> bool {
        let series = series.split(|byte| *byte == 0).next().unwrap_or_default();
        let mut parts = split(series, b',').into_iter();
        let measurement = unescape(parts.next().unwrap_or_default(), b", ");
        let tags: Vec<(Vec<u8>, Vec<u8>)> = parts
            .filter_map(|tag| match split(tag, b'=')[..] {
                [key, value] => Some((unescape(key, b",= "), unescape(value, b",= "))),
                _ => None,
            })
            .collect();
        self.0.iter().all(|rule| {
            if rule.key == "_measurement" {
                return measurement == rule.value.as_bytes();
            }
            // A series without the tag is neither equal nor unequal.
            tags.iter().any(|(key, value)| key == rule.key.as_bytes() && (value == rule.value.as_bytes()) == rule.equal)
        })
    }
}

/// Splits at each separator that no backslash escapes.
fn split(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        match text[at] {
            b'\\' => at += 1,
            byte if byte == separator => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(&text[start.min(text.len())..]);
    parts
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A bare word, one in double quotes, or a number: what may be a value.
    Word {
        text: String,
        number: bool,
        quoted: bool,
    },
    /// What looks like a string and is none that may be used.
    String(String),
    Sign(&'static str),
    End,
    Other,
}

impl Token {
    fn is_word(&self, keyword: &str) -> bool {
        matches!(self, Self::Word { text, quoted: false, .. } if text.eq_ignore_ascii_case(keyword))
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    rules: Vec<Rule>,
}

const SIGNS: [&str; 11] = ["=~", "!=", "!~", "<=", ">=", "=", "<", ">", "(", ")", "-"];

impl Reader<'_> {
    /// Rules with `AND` between them, up to the end or the parenthesis that closes them.
    fn all(&mut self, inside: bool) -> Result<(), Refusal> {
        loop {
            let (token, at) = self.next();
            match token {
                Token::Sign("(") => self.all(true)?,
                Token::End => return Err(second("EOF", self.text.len() + 2)),
                ref word if word.is_word("and") => return Err(second("AND", at + 1)),
                Token::Word { number: true, .. } => return Err(body(format!("bad tag key, at position {at}"))),
                Token::Word { text, .. } => self.rule(text)?,
                _ => return Err(body(format!("bad logical expression, at position {at}"))),
            }
            let (token, at) = self.next();
            match token {
                ref word if word.is_word("and") => {}
                ref word if word.is_word("or") => {
                    return Err(body(format!("the logical operator OR is not supported yet at position {at}")));
                }
                Token::Sign(")") if inside => return Ok(()),
                Token::Sign(")") => return Err(body("extra ) seen".to_owned())),
                Token::End if inside => return Err(body("extra ( seen".to_owned())),
                Token::End => return Ok(()),
                Token::Word { .. } => return Err(body("the logical operator '\\x00' is invalid".to_owned())),
                _ => return Err(body(format!("bad logical expression, at position {at}"))),
            }
        }
    }

    fn rule(&mut self, key: String) -> Result<(), Refusal> {
        let equal = match self.next() {
            (Token::Sign("="), _) => true,
            (Token::Sign("!="), _) => false,
            (Token::Sign(sign @ ("=~" | "!~")), at) => {
                return Err(body(format!("operator: \"{sign}\" at position: {at} is not supported yet")));
            }
            (Token::Sign(sign), at) => return Err(body(format!("invalid operator \"{sign}\" at position: {at}"))),
            (Token::End, at) => return Err(body(format!("invalid operator \"EOF\" at position: {}", at + 1))),
            (_, at) => return Err(body(format!("invalid operator at position: {at}"))),
        };
        let mut value = String::new();
        loop {
            match self.next() {
                (Token::Sign("-"), _) => "-".clone_into(&mut value),
                (Token::Word { text, .. }, _) => {
                    self.rules.push(Rule { key, equal, value: value + &text });
                    return Ok(());
                }
                (Token::String(text), at) => {
                    return Err(body(format!("bad tag value: \"{text}\", at position {}", at.saturating_sub(1))));
                }
                (_, at) => return Err(body(format!("bad tag value: \"\", at position {at}"))),
            }
        }
    }

    /// The next token, and where it begins.
    fn next(&mut self) -> (Token, usize) {
        self.at = self.text.len() - self.text[self.at..].trim_start().len();
        let (at, rest) = (self.at, &self.text[self.at..]);
        let Some(first) = rest.chars().next() else {
            return (Token::End, at);
        };
        if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            self.at += sign.len();
            return (Token::Sign(sign), at);
        }
        if matches!(first, '"' | '\'') {
            return (self.quoted(first), at);
        }
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(rest.len());
        if length == 0 {
            self.at += first.len_utf8();
            return (Token::Other, at);
        }
        self.at += length;
        (Token::Word { text: rest[..length].to_owned(), number: first.is_ascii_digit(), quoted: false }, at)
    }

    /// What stands between quotes; only double ones, that are closed, make a word.
    fn quoted(&mut self, quote: char) -> Token {
        let mut text = String::new();
        let rest = &self.text[self.at + 1..];
        let mut letters = rest.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '\\' => match letters.next().map(|(_, escaped)| escaped) {
                    Some('n') => text.push('\n'),
                    Some(escaped @ ('\\' | '"' | '\'')) => text.push(escaped),
                    other => {
                        self.at = self.text.len();
                        return Token::String(format!("\\{}", other.unwrap_or_default()));
                    }
                },
                _ if letter == quote => {
                    self.at += 1 + at + 1;
                    let word = quote == '"';
                    return if word { Token::Word { text, number: false, quoted: true } } else { Token::String(text) };
                }
                _ => text.push(letter),
            }
        }
        self.at = self.text.len();
        Token::String(text)
    }
}

fn body(words: String) -> Refusal {
    Refusal::Body(words)
}

fn second(found: &str, at: usize) -> Refusal {
    Refusal::Second(format!("found {found}, expected identifier, string, number, bool at line 1, char {at}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_compared_without_their_escapes() {
        let holds = |predicate: &str, series: &[u8]| Predicate::parse(predicate).unwrap().holds(series);
        let series = b"m\\ a\\,b,a\\=b=x\\,y,h=c:\\\\d\0v";
        assert!(holds("_measurement=\"m a,b\" and \"a=b\"=\"x,y\"", series));
        assert!(!holds("_measurement=\"m\"", series));
        assert!(!holds("v!=\"x\"", series), "a field is no tag");
        assert!(holds("", series));
    }

    #[test]
    fn whatever_stands_in_a_predicate_is_read_or_refused() {
        for text in ["é", "é=1", "a=é", "\"é\"=\"é\"", "a=\"\\", "((((", "a=-", "a=--1", "\u{0}", "a = \"b\u{0}\""]
        {
            let _ = Predicate::parse(text);
        }
    }
}
