//! What stands for a secret where something is written down to be compared later: the mask, and a print of what it covers.

use std::borrow::Cow;
use std::ops::Range;

use super::beside::secrets;
use super::literals::HIDDEN;

const OPEN: &str = "⟦";
const CLOSE: &str = "⟧";

/// `shown`, which people see in the place of `plain`, with the print that `digest` makes of each secret.
pub(crate) fn sealed(shown: &str, plain: &str, digest: impl Fn(&str) -> String) -> String {
    let mut pieces = shown.split(HIDDEN);
    let mut written = pieces.next().unwrap_or_default().to_owned();
    for (secret, piece) in secrets(plain, shown).into_iter().zip(pieces) {
        written.push_str(&[HIDDEN, OPEN, &digest(secret), CLOSE, piece].concat());
    }
    written
}

/// Whether `text` has been written down so.
pub(crate) fn is_sealed(text: &str) -> bool {
    !prints(text).is_empty()
}

/// `text` as people see it.
pub(crate) fn without_prints(text: &str) -> Cow<'_, str> {
    let mut prints = prints(text);
    if prints.is_empty() {
        return text.into();
    }
    let mut text = text.to_owned();
    while let Some(print) = prints.pop() {
        text.replace_range(print, "");
    }
    text.into()
}

/// Where the prints are.
fn prints(text: &str) -> Vec<Range<usize>> {
    let begins = text.match_indices(OPEN).filter(|(at, _)| text[..*at].ends_with(HIDDEN));
    let print = |(at, _): (usize, &str)| {
        let digest = at + OPEN.len();
        let digits = text[digest..].find(|c: char| !c.is_ascii_hexdigit())?;
        let end = digest + digits;
        (digits > 0 && text[end..].starts_with(CLOSE)).then(|| at..end + CLOSE.len())
    };
    begins.filter_map(print).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_is_written_and_seen_by_nobody() {
        let written = sealed("a=*** b=***", "a=A b=B", |secret| if secret == "A" { "0af1" } else { "b2" }.to_owned());
        assert_eq!(written, "a=***⟦0af1⟧ b=***⟦b2⟧");
        assert!(is_sealed(&written));
        assert_eq!(without_prints(&written), "a=*** b=***");
        for other in ["a⟦0af1⟧", "***⟦⟧", "***⟦x⟧", "***⟦0af1", "***"] {
            assert!(!is_sealed(other), "{other}");
            assert_eq!(without_prints(other), other);
        }
    }
}
