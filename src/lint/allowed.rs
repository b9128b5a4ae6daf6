//! Comments that allow what a lint finds: `fluxform: allow CODE, CODE WHY`, behind the mark of a comment.

use super::Look;
use crate::diagnostic::{Code, nearest};
use crate::flux::ast::{Lines, Script, Span};
use crate::flux::parser::parse;

/// How such a comment begins, behind its mark.
const MARK: &str = "fluxform: allow ";
/// The mark of a comment in Flux.
const COMMENT: &str = "//";

/// What a comment says that it allows, without its mark: the codes of lints, and words that are none.
pub fn allowed_by(comment: &str) -> Vec<Result<Code, &str>> {
    let Some(mut rest) = comment.trim().strip_prefix(MARK) else { return Vec::new() };
    let mut codes = Vec::new();
    loop {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if !word.is_empty() {
            codes.push(Code::from_text(word).filter(|code| code.level().is_some()).ok_or(word));
        }
        // What stands behind the last code is why.
        let Some(more) = behind.trim_start().strip_prefix(',') else { return codes };
        rest = more;
    }
}

/// What the comments of a script allow, and where.
#[derive(Debug, Default)]
pub struct Allowed(Vec<(Code, Span)>);

impl Allowed {
    /// What the comments in `text` allow.
    pub fn of(text: &str) -> Self {
        // Hardly any script has one.
        if text.contains(MARK) { Self::read(&parse(text).script) } else { Self::default() }
    }

    fn read(script: &Script) -> Self {
        let lines = Lines::of(script.source());
        let line = |at: u32| {
            let start = at - (lines.position(at).column - 1);
            let length = script.source()[start as usize..].find('\n').unwrap_or(script.source().len());
            Span::new(start, start.saturating_add(u32::try_from(length).unwrap_or(u32::MAX)))
        };
        let mut all = Vec::new();
        for comment in script.comments() {
            let before = line(comment.span.start).start as usize..comment.span.range().start;
            let place = if script.source()[before].trim().is_empty() {
                // It has its line for itself, and speaks of what comes next: a whole statement, or a line of one.
                let statement = script.body().binary_search_by_key(&comment.before, |one| one.span.start).ok();
                statement.map_or_else(|| line(comment.before), |at| script.body()[at].span)
            } else {
                line(comment.span.start)
            };
            let codes = allowed_by(script.text(comment.span).trim_start_matches(COMMENT));
            all.extend(codes.into_iter().flatten().map(|code| (code, place)));
        }
        Self(all)
    }

    /// Whether what `code` finds at byte `at` of the script is allowed.
    pub fn has(&self, code: Code, at: usize) -> bool {
        self.0.iter().any(|(allowed, place)| *allowed == code && place.range().contains(&at))
    }
}

/// Comments that allow what is no lint.
pub(super) fn unknown(look: &mut Look<'_>) {
    let script = look.script;
    for comment in script.comments() {
        if look.is_full() {
            return;
        }
        for word in
            allowed_by(script.text(comment.span).trim_start_matches(COMMENT)).into_iter().filter_map(Result::err)
        {
            let (message, help) = unknown_lint(word);
            look.find(Code::FluxUnknownLint, comment.span, message, "allows nothing", help);
        }
    }
}

/// What is said of a word that is no lint, and what may be meant.
pub fn unknown_lint(word: &str) -> (String, String) {
    let lints = || Code::ALL.iter().filter(|code| code.level().is_some()).map(|code| code.text());
    if Code::from_text(word).is_some() {
        let message = format!("`{word}` is no lint: how bad it is cannot be changed");
        return (message, format!("the lints are {}", lints().collect::<Vec<_>>().join(", ")));
    }
    let help = match nearest(word, lints()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the lints are {}", lints().collect::<Vec<_>>().join(", ")),
    };
    (format!("there is no lint `{word}`"), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_allows_what_stands_beside_or_below_it() {
        let script = "\
a = from(bucket: \"a\") // fluxform: allow flux::no-range
b = from(bucket: \"b\")
// fluxform: allow flux::no-range, flux::wide-range only today, I promise
// and more
c = from(bucket: \"c\")
    |> limit(n: 1)
    // fluxform: allow flux::wide-window
    |> window(every: 1d)
    |> limit(n: 2) // fluxform: allow flux::loops
d = \"// fluxform: allow flux::no-range\"
";
        let allowed = Allowed::of(script);
        let at = |code, text| allowed.has(code, script.find(text).expect("there"));
        assert!(at(Code::FluxNoRange, "from(bucket: \"a\")") && !at(Code::FluxNoRange, "from(bucket: \"b\")"));
        assert!(at(Code::FluxNoRange, "from(bucket: \"c\")") && at(Code::FluxWideRange, "limit(n: 2)"));
        assert!(at(Code::FluxWideWindow, "window(") && !at(Code::FluxWideWindow, "limit(n: 2)"));
        assert!(!at(Code::FluxNoRange, "d = ") && !at(Code::FluxDeprecated, "from(bucket: \"a\")"));
    }

    #[test]
    fn codes_end_where_no_comma_follows() {
        let read = |comment| allowed_by(comment);
        assert_eq!(read(" fluxform: allow flux::name,flux::loop"), [Ok(Code::FluxName), Ok(Code::FluxLoop)]);
        assert_eq!(read("fluxform: allow flux::name because of x, y"), [Ok(Code::FluxName)]);
        assert_eq!(read("fluxform: allow flux::nam, flux::syntax"), [Err("flux::nam"), Err("flux::syntax")]);
        assert_eq!(read("fluxform: allow"), []);
        assert_eq!(read("fluxform: allow ,"), []);
        assert_eq!(read("see fluxform: allow flux::name"), []);
    }
}
