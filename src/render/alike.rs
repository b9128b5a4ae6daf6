//! Two texts beside each other: what differs in characters that look the same, or that nobody sees, is written out.

use super::sanitize::line;
use unicode_security::confusable_detection::skeleton;

/// Both texts as they are shown; where they would look the same, what makes the difference is written as an escape. Both
/// are safe for a terminal then.
pub(super) fn apart(a: &str, b: &str) -> (String, String) {
    if a == b || !are_alike(a, b) {
        return (line(a).into_owned(), line(b).into_owned());
    }
    let out = (written_out(a, false), written_out(b, false));
    // An escape sequence against the characters that it is written with.
    if out.0 == out.1 { (written_out(a, true), written_out(b, true)) } else { out }
}

/// Whether a reader takes both for the same.
pub(super) fn are_alike(a: &str, b: &str) -> bool {
    let (a, b) = (line(a), line(b));
    let (a, b) = (a.trim_end(), b.trim_end());
    a == b || !(a.is_ascii() && b.is_ascii()) && skeleton(a).eq(skeleton(b))
}

/// `text` in visible ASCII characters alone, of which spaces at its end are none.
pub(super) fn written_out(text: &str, backslashes: bool) -> String {
    let end = text.trim_end_matches(' ').len();
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '\\' if backslashes => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' if at >= end => out.push_str("\\u{20}"),
            ' '..='~' => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn shown(a: &str, b: &str, wanted: (&str, &str)) {
        assert_eq!(apart(a, b), (wanted.0.to_owned(), wanted.1.to_owned()));
    }

    #[test]
    fn what_looks_the_same_is_written_out() {
        // A no-break space, a Cyrillic letter, a combining mark, a zero-width space, spaces at the end, a tab.
        shown("a\u{a0}b", "a b", (r"a\u{a0}b", "a b"));
        shown("r\u{430}w", "raw", (r"r\u{430}w", "raw"));
        shown("\u{e9}", "e\u{301}", (r"\u{e9}", r"e\u{301}"));
        shown("a\u{200b}b", "ab", (r"a\u{200b}b", "ab"));
        shown("mean()  ", "mean()", (r"mean()\u{20}\u{20}", "mean()"));
        shown("a\r", "a", (r"a\r", "a"));
        shown("\ta", "    a", (r"\ta", "    a"));
        shown("a\tb", r"a\tb", (r"a\tb", r"a\\tb"));
        shown("a\u{3000}b", "a b", (r"a\u{3000}b", "a b"));
    }

    #[test]
    fn what_looks_different_stays_readable() {
        shown("süß", "sauer", ("süß", "sauer"));
        shown("Straße 1", "Straße 2", ("Straße 1", "Straße 2"));
        shown("é", "é", ("é", "é"));
    }

    proptest! {
        #[test]
        fn two_texts_are_never_shown_alike(a in "[ab\\\\nrtu{} \u{a0}\u{e9}e\u{301}\u{430}\t\r\n\u{200b}\u{1b}]{0,6}", b in "[ab\\\\nrtu{} \u{a0}\u{e9}e\u{301}\u{430}\t\r\n\u{200b}\u{1b}]{0,6}") {
            let (left, right) = apart(&a, &b);
            prop_assert_eq!(left.trim_end() == right.trim_end(), a == b, "{:?} {:?}", left, right);
            prop_assert!(!left.contains(crate::hidden::is_hidden));
        }
    }
}
