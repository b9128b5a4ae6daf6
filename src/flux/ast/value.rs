//! What literals say.

use std::borrow::Cow;

use super::super::number::duration_parts;
use super::super::value::{canonical_time, decode_regex, decode_text};
use super::{Import, Key, Script, Span};

impl Script {
    /// What a string in quotes says. Empty where there is none, or where it has escapes that are none.
    pub fn unquoted(&self, span: Span) -> Cow<'_, str> {
        let text = self.text(span);
        let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        inner.and_then(|inner| decode_text(inner, &span.range()).ok()).unwrap_or_default()
    }

    /// The name that a key is. One in quotes has no escapes that anybody writes.
    pub fn key(&self, key: Key) -> &str {
        match key {
            Key::Name(name) => self.text(name),
            Key::Quoted(name) => self.text(name).trim_matches('"'),
        }
    }

    /// The name that an import binds, as far as its path has no escapes.
    pub fn bound(&self, import: &Import) -> &str {
        let last = || self.text(import.path).trim_matches('"').rsplit('/').next().unwrap_or_default();
        import.alias.map_or_else(last, |alias| self.text(alias))
    }

    /// What a text between interpolations says.
    pub fn unescaped(&self, span: Span) -> Cow<'_, str> {
        decode_text(self.text(span), &span.range()).unwrap_or_default()
    }

    /// The pattern of a regular expression.
    pub fn pattern(&self, span: Span) -> Cow<'_, str> {
        let text = self.text(span);
        let inner = text.strip_prefix('/').and_then(|text| text.strip_suffix('/'));
        inner.and_then(|inner| decode_regex(inner, &span.range()).ok()).unwrap_or_default()
    }

    /// A point in time as RFC 3339, as influxd writes it.
    pub fn time(&self, span: Span) -> String {
        canonical_time(self.text(span))
    }

    /// A number with a point.
    pub fn float(&self, span: Span) -> f64 {
        // Digits with one point in or around them.
        self.text(span).parse().unwrap_or(f64::INFINITY)
    }

    /// Magnitudes and units of a duration.
    pub fn duration(&self, span: Span) -> impl Iterator<Item = (i64, &str)> {
        let parts = duration_parts(self.text(span));
        parts.map(|(magnitude, unit)| (magnitude.parse().unwrap_or(0), if unit == "\u{b5}s" { "us" } else { unit }))
    }
}
