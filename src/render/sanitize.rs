//! Text from servers and manifests, made safe for a terminal: what cannot be seen is written out.

use std::borrow::Cow;

use crate::hidden::is_hidden;

/// `text` in one line: each hidden character as `\n`, `\r`, `\t` or `\u{1b}`.
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => clean.push_str("\\n"),
            '\r' => clean.push_str("\\r"),
            '\t' => clean.push_str("\\t"),
            c if is_hidden(c) => clean.extend(c.escape_unicode()),
            c => clean.push(c),
        }
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(line("a\u{1b}[31mb\u{9b}c"), r"a\u{1b}[31mb\u{9b}c");
        assert_eq!(line("x\u{202e}y\u{200b}\u{feff}\r\n\t"), r"x\u{202e}y\u{200b}\u{feff}\r\n\t");
        assert_eq!(line("a\u{a0}b\u{2003}\u{2800}\u{3000}"), r"a\u{a0}b\u{2003}\u{2800}\u{3000}");
        assert!(matches!(line("süß ☃ 雪"), Cow::Borrowed("süß ☃ 雪")));
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left(text: String, hidden in proptest::collection::vec(prop_oneof![
            Just('\u{1b}'), Just('\u{9b}'), Just('\u{202e}'), Just('\u{2066}'), Just('\u{200d}'), Just('\r'), Just('\u{7}')
        ], 0..4)) {
            let text = text + &String::from_iter(hidden);
            prop_assert!(!line(&text).contains(is_hidden));
            prop_assert!(!line(&text).contains(char::is_control));
        }
    }
}
