//! Where strings end, also in strings in strings, where each quote has backslashes before it.

use std::ops::Range;

/// A string that stands in a text, in whichever language.
pub(super) struct Quoted {
    /// What is between the quotes.
    pub(super) within: Range<usize>,
    /// Where it ends, with its quote.
    pub(super) end: usize,
}

/// The quote that a string begins with.
#[derive(Clone, Copy)]
pub(super) struct Quote {
    /// Where it stands, without the backslashes before it.
    pub(super) at: usize,
    mark: u8,
    /// How many strings it stands in.
    depth: u32,
}

pub(super) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

impl Quote {
    /// The quote at `at`.
    pub(super) fn at(text: &str, at: usize) -> Option<Self> {
        let mark = *text.as_bytes().get(at).filter(|byte| is_quote(**byte))?;
        let depth = if mark == b'"' { (backslashes(text, at) + 1).ilog2() } else { 0 };
        Some(Self { at, mark, depth })
    }

    /// The quote that `text` has at `at`, after its backslashes if there are some.
    pub(super) fn begins(text: &str, at: usize) -> Option<Self> {
        let quote = at + text[at..].len() - text[at..].trim_start_matches('\\').len();
        Self::at(text, quote)
    }

    /// The string that begins here. One that is not closed ends with its line, or with the text.
    pub(super) fn string(self, text: &str) -> Quoted {
        let mark = &text[self.at - self.backslashes(text)..=self.at];
        let two = mark.repeat(2);
        if text[self.at + 1..].starts_with(&two) {
            let three = mark.repeat(3);
            let start = self.at + 1 + two.len();
            let ends = text[start..].match_indices(&three).map(|(at, _)| start + at);
            let mut ends =
                ends.filter(|at| self.mark != b'"' || self.depth > 0 || backslashes(text, *at).is_multiple_of(2));
            let end = ends.next();
            return Quoted {
                within: start..end.unwrap_or(text.len()),
                end: end.map_or(text.len(), |end| end + three.len()),
            };
        }
        let start = self.at + 1;
        let end = self.end(text, start);
        let closed = text[end..].bytes().find(|byte| *byte != b'\\') == Some(self.mark);
        let end_of_mark =
            if closed { end + text[end..].find(char::from(self.mark)).unwrap_or_default() + 1 } else { end };
        Quoted { within: start..end, end: end_of_mark }
    }

    /// Where what begins at `from` in this string ends: at the quote that closes it, without its backslashes, or with the line.
    pub(super) fn end(self, text: &str, from: usize) -> usize {
        let rest = text[from..].bytes().enumerate().map(|(at, byte)| (from + at, byte));
        for (at, byte) in rest {
            if byte == b'\n' {
                return at;
            }
            if byte != self.mark {
                continue;
            }
            let before = if self.mark == b'"' { backslashes(&text[from..], at - from) } else { 0 };
            if (0..=self.depth).any(|depth| before % (2 << depth) == (1 << depth) - 1) {
                // A string in a string writes its quotes with backslashes.
                return at - before.min((1 << self.depth) - 1);
            }
        }
        text.len()
    }

    fn backslashes(self, text: &str) -> usize {
        backslashes(text, self.at).min((1 << self.depth) - 1)
    }
}

/// How many backslashes stand before `at`: more than a few are as good as any number.
fn backslashes(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().rev().take(31).take_while(|byte| **byte == b'\\').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_its_own_quote() {
        for (text, within) in [
            (r#""a" b"#, "a"),
            (r#""a\"b" c"#, r#"a\"b"#),
            (r#""a\\" c"#, r"a\\"),
            (r"'a\' b", r"a\"),
            ("\"a\nb", "a"),
            ("\"\"\"a\nb\"\"\" c", "a\nb"),
            ("\"\"\"a\\\"\"\"b\"\"\" c", "a\\\"\"\"b"),
            ("'''a", "a"),
            ("\"\" \"b\"", ""),
            (r#"\"a\" b"#, "a"),
            (r#"\"a\\\"b\" c"#, r#"a\\\"b"#),
            (r#"\"a" b"#, "a"),
            (r#"\"\"\"a\"\"\" b"#, "a"),
            (r#"\\\"a\\\" b"#, "a"),
        ] {
            let quote = Quote::begins(text, 0).expect("a quote");
            let string = quote.string(text);
            assert_eq!(&text[string.within.clone()], within, "{text}");
            assert!(text[string.within.end..string.end].bytes().all(|b| b == b'\\' || is_quote(b)), "{text}");
        }
    }
}
