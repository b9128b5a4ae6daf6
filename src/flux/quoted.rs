//! Texts that a server puts between quotes into a script of its own: `${...}` in them becomes code.

use std::ops::Range;

use super::scanner::scan_leniently;
use super::token::TokenKind;

/// A text as a string of Flux.
pub(crate) struct Quoted(String);

impl Quoted {
    pub(crate) fn new(text: &str) -> Self {
        Self(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
    }

    /// The string, with its quotes.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Where in the text the byte is that is at `at` of the string.
    pub(crate) fn written(&self, at: usize) -> usize {
        at - 1 - self.0[1..at].matches(['\\', '"']).count() / 2
    }

    /// What of the text is no code. Where that cannot be read, nothing after it is known to be text.
    pub(crate) fn texts(&self) -> Vec<Range<usize>> {
        let (tokens, _) = scan_leniently(&self.0);
        let mut depth = 0;
        let mut texts = Vec::new();
        for token in tokens {
            match token.kind {
                TokenKind::InterpolationStart => depth += 1,
                TokenKind::InterpolationEnd => depth -= 1,
                TokenKind::StringText if depth == 0 => texts.push(token.span),
                TokenKind::String if depth == 0 => texts.push(token.span.start + 1..token.span.end - 1),
                _ => {}
            }
        }
        texts.into_iter().map(|text| self.written(text.start)..self.written(text.end)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_code_is_found_where_it_is_written() {
        for (text, wanted) in [
            ("a \"b\" \\ c", &["a \"b\" \\ c"][..]),
            ("ü \"${ r.x } \\ b ${ {a: 1}.a }", &["ü \"", " \\ b "]),
            ("a ${ r.x =~ /}/ } b", &["a ", " b"]),
            ("a ${ r[\"x\"] } b", &["a "]),
            ("a ${ r.x", &["a "]),
            ("", &[""]),
        ] {
            let texts: Vec<_> = Quoted::new(text).texts().into_iter().map(|part| &text[part]).collect();
            assert_eq!(texts, wanted, "{text}");
        }
    }
}
