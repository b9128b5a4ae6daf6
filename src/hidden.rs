//! Characters that nobody sees where they stand.

/// Whether a URL has what no URL has: clients leave it out or read it in ways of their own.
pub(crate) fn blurs_url(url: &str) -> bool {
    url.contains(|c: char| c.is_whitespace() || is_hidden(c))
}

/// Whether `c` has no shape of its own, or moves other characters: control characters, bidirectional marks and
/// overrides, zero-width characters, fillers, tags, line separators, blanks that look like a space and are none.
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{1680}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}
