//! What a code means, for who reads it for the first time: a page of each.

use super::code::{Code, Group};
use super::level::Level;

/// The heading and the page of each code of a group, in the order of the file. A heading is a line that begins with `# `; an
/// example is indented.
fn pages(group: Group) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = group.pages().strip_prefix("# ").expect("invariant: a file of pages begins with a heading");
    all.split("\n# ")
        .map(|page| page.split_once('\n').expect("invariant: a page has text"))
        .map(|(heading, text)| (heading, text.trim()))
}

impl Code {
    /// Its page, as plain text: what it means, its most frequent cause, and how to mend it.
    pub fn page(self) -> &'static str {
        let page = pages(self.group()).find(|(heading, _)| *heading == self.text());
        page.expect("invariant: each code has a page").1
    }

    /// How a project says what becomes of it; none of what is no lint.
    pub fn set_by(self) -> Option<String> {
        let default = match self.level()? {
            Level::Allow => "nothing is said of it",
            Level::Warn => "it is a warning",
            Level::Deny => "it is an error",
        };
        Some(format!(
            "Unless a project says otherwise, {default}: `\"{self}\" = \"LEVEL\"` in its [policy.lint] makes it \"allow\", \"warn\" or \
             \"deny\". `// fluxform: allow {self}` at the end of a line of the script, or above it, allows it there."
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns of the narrowest terminal that people have.
    const WIDTH: usize = 88;

    #[test]
    fn each_code_has_exactly_one_page_and_no_page_is_without_a_code() {
        let headings: Vec<&str> =
            Group::ALL.iter().flat_map(|group| pages(*group)).map(|(heading, _)| heading).collect();
        let codes: Vec<&str> = Code::ALL.iter().map(|code| code.text()).collect();
        assert_eq!(headings, codes, "in the order of the list");
    }

    #[test]
    fn pages_are_short_and_fit_a_screen() {
        for code in Code::ALL {
            let page = code.page();
            let lines: Vec<&str> = page.lines().collect();
            assert!((1..=15).contains(&lines.len()), "{code} has {} lines", lines.len());
            for line in lines {
                assert!(line.chars().count() <= WIDTH && line.trim_end() == line && line.is_ascii(), "{code}: {line}");
            }
            assert!(page.starts_with(|c: char| c.is_ascii_uppercase() || c == '`' || c == '-' || c == '$'), "{code}");
            assert!(!page.contains(code.title()), "{code}: the title stands above the page");
        }
    }
}
