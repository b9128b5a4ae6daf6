//! Where a text of another language stands in a manifest, or in a file of its own.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Place, Source};

/// Where a text of another language stands.
#[derive(Clone, Debug)]
pub struct TextPlace(At);

#[derive(Clone, Debug)]
enum At {
    One(One),
    Composed(Arc<Composed>),
}

/// A text in one place.
#[derive(Clone, Debug)]
struct One {
    source: Arc<Source>,
    /// Without quotes.
    span: Range<usize>,
    /// Whether it is written with the escapes of a TOML string.
    escaped: bool,
}

/// A text that is put together from several files.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) text: String,
    /// The first byte of each piece in the text, and where that stands; in order, and there is one.
    pub(super) pieces: Box<[(usize, Place)]>,
}

impl Composed {
    /// The place of the bytes `span` of the text, as far as they are of one file.
    pub(crate) fn place(&self, span: &Range<usize>) -> Option<Place> {
        if span.start > self.text.len() {
            return None;
        }
        let at = self.pieces.partition_point(|(at, _)| *at <= span.start).saturating_sub(1);
        let (at, place) = &self.pieces[at];
        let within = |byte: usize| (place.span.start + byte.saturating_sub(*at)).min(place.span.end);
        Some(Place { source: Arc::clone(&place.source), span: within(span.start)..within(span.end.max(span.start)) })
    }
}

impl TextPlace {
    /// A file of its own.
    pub(super) fn of_file(source: Arc<Source>) -> Self {
        Self(At::One(One { span: 0..source.text.len(), source, escaped: false }))
    }

    /// A text that is put together.
    pub(super) fn composed(composed: Arc<Composed>) -> Self {
        Self(At::Composed(composed))
    }

    /// Whether it is put together from several files.
    pub(super) fn is_composed(&self) -> bool {
        matches!(self.0, At::Composed(_))
    }

    /// The bytes `span` of a manifest, which are a TOML string whose value is `text`.
    pub(super) fn of_string(source: Arc<Source>, span: Range<usize>, text: &str) -> Self {
        let raw = source.text.get(span.clone()).unwrap_or_default();
        let quotes =
            ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes)).unwrap_or_default();
        let inner = raw[quotes.len()..].strip_suffix(quotes).unwrap_or_default();
        // A line end right after three quotes is no part of the text.
        let line_end = ["\r\n", "\n"].into_iter().find(|end| quotes.len() == 3 && inner.starts_with(end));
        let inner = line_end.map_or(inner, |end| &inner[end.len()..]);
        let end = span.end - quotes.len();
        let escaped = inner != text;
        Self(At::One(One { span: end - inner.len()..end, source, escaped }))
    }

    /// The text; `whole` is the string in the manifest with its quotes, where it is one. None where that is no string.
    pub fn text(&self, whole: &Place) -> Option<Cow<'_, str>> {
        match &self.0 {
            At::One(one) => one.text(whole),
            At::Composed(composed) => Some(Cow::Borrowed(&composed.text)),
        }
    }

    /// The place of the bytes `span` of the text; none where it has no such bytes.
    pub fn place(&self, span: &Range<usize>) -> Option<Place> {
        match &self.0 {
            At::One(one) => one.place(span),
            At::Composed(composed) => composed.place(span),
        }
    }
}

impl One {
    fn text(&self, whole: &Place) -> Option<Cow<'_, str>> {
        if !self.escaped {
            return self.source.text.get(self.span.clone()).map(Cow::Borrowed);
        }
        let value = whole.source.text.get(whole.span.clone())?;
        let mut table: toml::Table = toml::from_str(&format!("text = {value}")).ok()?;
        match table.remove("text") {
            Some(toml::Value::String(text)) => Some(Cow::Owned(text)),
            _ => None,
        }
    }

    fn place(&self, span: &Range<usize>) -> Option<Place> {
        let raw = self.source.text.get(self.span.clone())?;
        let at = |at| if self.escaped { written_at(raw, at) } else { (at <= raw.len()).then_some(at) };
        let (mut from, to) = (at(span.start)?, at(span.end.max(span.start))?);
        if self.escaped {
            // A line that goes on in the next one has nothing of the text at its end.
            while let Some(rest) = raw[from..to].strip_prefix('\\').filter(|rest| rest.starts_with(char::is_whitespace))
            {
                from = to - rest.trim_start().len();
            }
        }
        Some(Place { source: Arc::clone(&self.source), span: self.span.start + from..self.span.start + to })
    }
}

/// A text as its author wrote it.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) text: String,
    /// Where it stands.
    pub(super) at: TextPlace,
    /// The value in the manifest.
    pub(super) whole: Place,
}

impl Written {
    /// A text that is the string at a place of a manifest.
    pub(super) fn of_string(whole: &Place, text: &str) -> Self {
        let at = TextPlace::of_string(Arc::clone(&whole.source), whole.span.clone(), text);
        Self { text: text.to_owned(), at, whole: whole.clone() }
    }

    /// A text that is the file `source`, which the value `whole` names.
    pub(super) fn of_file(source: Arc<Source>, whole: Place) -> Self {
        Self { text: source.text.clone(), at: TextPlace::of_file(source), whole }
    }

    /// The place of `span` in the text.
    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        self.at.place(span).unwrap_or_else(|| self.whole.clone())
    }
}

/// Where in `raw`, what stands between the quotes of a TOML string, byte `at` of the string's text is written.
fn written_at(raw: &str, at: usize) -> Option<usize> {
    let (mut read, mut rest) = (0, raw);
    while read < at {
        let mut chars = rest.chars();
        let first = chars.next()?;
        let (long, length) = match (first, chars.next()) {
            ('\\', Some('b' | 't' | 'n' | 'f' | 'r' | 'e' | '"' | '\\')) => (2, 1),
            ('\\', Some(escape @ ('x' | 'u' | 'U'))) => {
                let digits = [('x', 2), ('u', 4), ('U', 8)].into_iter().find(|(one, _)| *one == escape)?.1;
                let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
                (2 + digits, char::from_u32(code)?.len_utf8())
            }
            ('\\', None) => return None,
            // The line goes on where the next text is.
            ('\\', Some(_)) => {
                let text = rest[1..].trim_start();
                (rest.len() - text.len(), 0)
            }
            (one, _) => (one.len_utf8(), one.len_utf8()),
        };
        rest = &rest[long..];
        read += length;
    }
    (read == at).then(|| raw.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where `raw`, a string in a manifest, has its text.
    fn place(raw: &str) -> (String, Place, TextPlace) {
        let manifest = format!("x = 1\nflux = {raw}\n");
        let mut table: toml::Table = toml::from_str(&manifest).expect("TOML");
        let Some(toml::Value::String(text)) = table.remove("flux") else { panic!("no string: {raw}") };
        let start = manifest.find(raw).expect("the string");
        let whole =
            Place { source: Arc::new(Source::new("a.toml", "a.toml", manifest)), span: start..start + raw.len() };
        let at = TextPlace::of_string(Arc::clone(&whole.source), whole.span.clone(), &text);
        (text, whole, at)
    }

    #[test]
    fn a_text_is_found_again_where_it_is_written() {
        for raw in [
            r#"'''\nb'''"#,
            "'''\na\\nb\n'''",
            "'''\r\na\\nb\r\nc'''",
            "\"\"\"\na\\u0041b\r\n\\\n   c\"\"\"",
            r#""a\tb""#,
            "'a b'",
            r#""""#,
        ] {
            let (text, whole, at) = place(raw);
            assert_eq!(at.text(&whole).as_deref(), Some(text.as_str()), "{raw}");
            assert_eq!(at.place(&(0..text.len() + 1)).map(|place| place.span), None, "{raw}");
            for (start, letter) in text.char_indices().filter(|(_, letter)| letter.is_ascii_lowercase()) {
                let span = at.place(&(start..start + 1)).expect("a place").span;
                assert_eq!(whole.source.text[span].chars().next(), Some(letter), "{raw}");
            }
        }
    }

    #[test]
    fn a_place_in_a_string_with_escapes_is_where_it_is_written() {
        let raw = "\"a\\\\d \\\"ü\\u00fc\\U0001F600\\x41\\\n   end\"";
        let raw = raw.replace("\\x41", "A").replace('"', "\"\"\"").replace("\\\"\"\"", "\\\"");
        let (text, whole, at) = place(&raw);
        assert_eq!(text, "a\\d \"üü😀Aend");
        let written = |part: &str| {
            let start = text.find(part).expect("a part");
            let span = at.place(&(start..start + part.len())).expect("a place").span;
            whole.source.text[span].to_owned()
        };
        let parts = [("a", "a"), ("\\", "\\\\"), ("\"", "\\\""), ("ü", "ü"), ("😀", "\\U0001F600"), ("end", "end")];
        for (part, expected) in parts {
            assert_eq!(written(part), expected);
        }
    }

    #[test]
    fn what_is_no_letter_s_beginning_is_no_place() {
        assert_eq!(written_at("\\x41", 1), Some(4));
        for (raw, at) in [("ü", 1), ("ü", 3), ("a\\", 2), ("\\u00fc", 1), ("\\x4", 1)] {
            assert_eq!(written_at(raw, at), None, "{raw}");
        }
    }
}
