//! Characters that nobody sees where they stand.

/// Whether a URL has what no URL has: clients leave it out or read it in ways of their own.
pub(crate) fn blurs_url(url: &str) -> bool {
    url.contains(|c: char| c.is_whitespace() || is_hidden(c))
}

/// Whether `c` has no shape of its own, or moves other characters: control characters, bidirectional marks and
/// overrides, zero-width characters, fillers, tags, line separators.
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
