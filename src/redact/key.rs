//! The names that values are given to, in a text in whichever language.

use super::names::is_secret;

/// No key is longer.
pub(super) const KEY: usize = 120;

/// What stands before an operator.
pub(super) struct Key<'t> {
    pub(super) name: &'t str,
    pub(super) is_quoted: bool,
    /// Whether its first letter may be the end of a line in a string: `\n`.
    is_escaped: bool,
    /// Whether it is what its string or its line begins with.
    pub(super) begins: bool,
    /// Whether it is a parameter in a URL, of which more is known.
    pub(super) is_parameter: bool,
}

impl<'t> Key<'t> {
    /// What stands before the operator at `at` in the line that begins at `line`.
    pub(super) fn before(text: &'t str, line: usize, at: usize) -> Option<Self> {
        let from = (line.max(at.saturating_sub(KEY))..=at).find(|at| text.is_char_boundary(*at))?;
        let before = text[from..at].trim_end_matches([' ', '\t', '+']);
        let key = before.trim_end_matches(['"', '\'', '`', '\\']);
        let is_quoted = key.len() < before.len();
        let start = match is_quoted {
            true => key.rfind(['"', '\'', '`']).map(|at| at + 1),
            false => key.char_indices().rev().find(|(_, c)| !is_of_name(*c)).map(|(at, c)| at + c.len_utf8()),
        };
        let start = start.unwrap_or(0);
        let start = if is_quoted { start } else { two_words(key, start) };
        let lead = &text[from..from + start];
        Some(Self {
            name: &key[start..],
            is_quoted,
            is_escaped: key[..start].ends_with('\\') && key[start..].starts_with(['n', 'r', 't']),
            begins: !is_quoted && (from == line && lead.trim().is_empty() || lead.ends_with(['"', '\'', '`'])),
            is_parameter: !is_quoted && lead.ends_with(['?', '&']),
        })
    }

    pub(super) fn is_secret(&self) -> bool {
        is_secret(self.name) || self.is_escaped && is_secret(&self.name[1..])
    }
}

pub(super) fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '%')
}

/// Where a key of two words begins whose last one begins at `start`: `Access Key=`.
fn two_words(key: &str, start: usize) -> usize {
    let before =
        key[..start].strip_suffix(' ').filter(|_| matches!(&*key[start..].to_ascii_lowercase(), "key" | "string"));
    let Some(before) = before else { return start };
    before.char_indices().rev().find(|(_, c)| !is_of_name(*c)).map_or(0, |(at, c)| at + c.len_utf8())
}
