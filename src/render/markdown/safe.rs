//! Text in Markdown that stays text: whatever a server or a manifest says stands in code, behind a fence that it cannot
//! close. In code nothing is a link, a mention, a command, or HTML.

use std::borrow::Cow;
use std::fmt::{Display, Write as _};

use super::super::sanitize::line;
use super::super::value;

/// The longest run of backticks in `text`.
fn backticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// `text` as a piece of code within a line.
pub(super) fn code(text: impl Display) -> String {
    let text = text.to_string();
    let text = line(&text);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(backticks(&text) + 1);
    // One space at each end is dropped by the reader; it keeps the text's own backticks and spaces apart from the fence.
    let apart = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let space = if apart && !text.trim_matches(' ').is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// `text` without what is in its middle, if it is longer than `most` characters.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    let count = if text.len() > most { text.chars().count() } else { 0 };
    if count <= most {
        return Cow::Borrowed(text);
    }
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    let (head, tail) = (most - most / 4, most / 4);
    let left = value::count(count - most, "more character");
    format!("{} ... ({left}) ... {}", &text[..at(head)], &text[at(count - tail)..]).into()
}

/// Lines as a block of code; none of them begins a line of its own.
pub(super) fn block<T: AsRef<str>>(language: &str, lines: impl IntoIterator<Item = T>) -> String {
    let lines: Vec<String> = lines.into_iter().map(|text| line(text.as_ref()).into_owned()).collect();
    let longest = lines.iter().map(|line| backticks(line)).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    let mut out = format!("{fence}{language}\n");
    for line in lines {
        out.push_str(&line);
        out.push('\n');
    }
    out.push_str(&fence);
    out.push('\n');
    out
}

/// Anything below a line that opens it.
pub(super) fn folded(summary: impl Display, inner: &str) -> String {
    format!("<details>\n<summary><code>{}</code></summary>\n\n{inner}\n</details>\n", html(&summary.to_string()))
}

/// `text` in HTML: all that could mean something, there or to who reads mentions and references, is a number.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in line(text).chars() {
        match c {
            c if c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-' | '+' | '~' | '/' | '=' | '(' | ')') => {
                out.push(c);
            }
            c => write!(out, "&#{};", u32::from(c)).expect("invariant: writing to a string cannot fail"),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_fenced_by_more_than_it_holds() {
        assert_eq!(code("raw"), "`raw`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code(" a"), "`  a `");
        assert_eq!(code("  "), "`  `");
        assert_eq!(code(""), "(empty)");
        assert_eq!(code("a\nb\u{202e}"), r"`a\nb\u{202e}`");
        assert_eq!(block("diff", ["+ ```", "+ a"]), "````diff\n+ ```\n+ a\n````\n");
    }

    #[test]
    fn what_is_cut_shows_both_ends_and_how_much_is_missing() {
        assert_eq!(cut("abcdefgh", 8), "abcdefgh");
        assert_eq!(cut("éééééééé", 8), "éééééééé");
        assert_eq!(cut("é23456789", 8), "é23456 ... (1 more character) ... 89");
        assert_eq!(cut(&"x".repeat(2008), 8), "xxxxxx ... (2000 more characters) ... xx");
    }

    #[test]
    fn a_summary_is_no_html() {
        let folded = folded("+ bucket.\"<b>@all`\"", "inner\n");
        assert_eq!(
            folded,
            "<details>\n<summary><code>+ bucket.&#34;&#60;b&#62;&#64;all&#96;&#34;</code></summary>\n\ninner\n\n</details>\n"
        );
    }
}
