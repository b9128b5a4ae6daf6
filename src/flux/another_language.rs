//! Queries of InfluxQL and SQL where Flux should be.

use std::ops::Range;

use super::ast::Span;
use super::mistake::Mistake;
use super::scanner::scan_leniently;
use super::token::TokenKind;

/// Words that begin a query, with those of which one follows; none of `SELECT`, which has a `FROM` somewhere.
const BEGINNINGS: &[(&[&str], &[&str])] = &[
    (&["SELECT"], &[]),
    (&["INSERT"], &["INTO"]),
    (&["DELETE"], &["FROM", "WHERE"]),
    (&["EXPLAIN"], &["ANALYZE", "SELECT"]),
    (&["ALTER", "CREATE", "DROP", "SHOW"], OBJECTS),
];
const OBJECTS: &[&str] = &[
    "CARDINALITY",
    "COLUMNS",
    "CONTINUOUS",
    "DATABASE",
    "DATABASES",
    "DIAGNOSTICS",
    "FIELD",
    "GRANTS",
    "MEASUREMENT",
    "MEASUREMENTS",
    "QUERIES",
    "RETENTION",
    "SERIES",
    "SHARD",
    "SHARDS",
    "STATS",
    "SUBSCRIPTION",
    "SUBSCRIPTIONS",
    "TABLE",
    "TABLES",
    "TAG",
    "USER",
    "USERS",
];
/// Words that begin further lines of it.
const CLAUSES: &[&str] =
    &["AND", "FILL", "FROM", "GROUP", "HAVING", "INTO", "LIMIT", "OFFSET", "ON", "OR", "ORDER", "WHERE", "WITH"];

const HELP: &str =
    "a script is Flux: `from(bucket: \"...\") |> range(start: -1h) |> filter(fn: (r) => r._measurement == \"...\")`";

/// The mistakes, with one for each query instead of all that are in it.
pub(super) fn instead_of(source: &str, mistakes: Vec<Mistake>) -> Vec<Mistake> {
    if mistakes.is_empty() {
        return mistakes;
    }
    let queries = queries(source);
    let mut said: Vec<&Range<usize>> = Vec::new();
    let mut kept = Vec::new();
    for mistake in mistakes {
        match queries.iter().find(|query| query.contains(&mistake.span.range().start)) {
            None => kept.push(mistake),
            Some(query) if said.contains(&query) => {}
            Some(query) => {
                said.push(query);
                kept.push(of(source, query));
            }
        }
    }
    kept
}

fn of(source: &str, query: &Range<usize>) -> Mistake {
    let line = source[query.clone()].lines().next().unwrap_or_default().trim_end();
    let start = query.start as u32;
    Mistake {
        span: Span::new(start, start + line.len() as u32),
        message: "this is InfluxQL or SQL, not Flux".to_owned(),
        label: String::new(),
        also: None,
        help: Some(HELP.to_owned()),
    }
}

/// Where lines are that look like queries, each up to where it seems to end.
fn queries(source: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut goes_on = false;
    let mut start = 0;
    for line in source.split_inclusive('\n') {
        let text = line.trim_start();
        let first = start + line.len() - text.len();
        start += line.len();
        let is_more =
            goes_on && !text.is_empty() && (text.len() < line.len() || is_one_of(CLAUSES, words(text).next()));
        match found.last_mut().filter(|_| is_more) {
            Some(query) => query.end = start,
            None => {
                goes_on = begins(text);
                found.extend(goes_on.then_some(first..start));
            }
        }
    }
    if found.is_empty() {
        return found;
    }
    // In a string it is meant.
    let (tokens, _) = scan_leniently(source);
    let strings: Vec<_> =
        tokens.iter().filter(|token| matches!(token.kind, TokenKind::String | TokenKind::StringText)).collect();
    found.retain(|query| {
        let text = &source[query.clone()];
        let at = strings.partition_point(|string| string.span.end <= query.start);
        let is_text = strings.get(at).is_some_and(|string| string.span.contains(&query.start));
        let has_from = words(text).any(|word| word.eq_ignore_ascii_case("FROM"));
        !is_text && (has_from || !is_one_of(&["SELECT"], words(text).next()))
    });
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c != '_' && !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn is_one_of(all: &[&str], word: Option<&str>) -> bool {
    word.is_some_and(|word| all.iter().any(|one| one.eq_ignore_ascii_case(word)))
}

/// Whether a query begins with this line.
fn begins(line: &str) -> bool {
    let first = words(line).next();
    let Some((_, seconds)) = BEGINNINGS.iter().find(|(firsts, _)| is_one_of(firsts, first)) else { return false };
    let Some(rest) = first.and_then(|first| line.strip_prefix(first)) else { return false };
    let is_name = rest.trim_start().starts_with(['=', '(', '.', '[', ':', '|']);
    !is_name && (seconds.is_empty() || is_one_of(seconds, words(rest).next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_found_where_they_begin_and_end() {
        for (source, wanted) in [
            ("SELECT * FROM cpu", vec!["SELECT * FROM cpu"]),
            (
                "x = 1\nselect mean(a)\n  from cpu\nWHERE b = 'c'\ny = 2\n",
                vec!["select mean(a)\n  from cpu\nWHERE b = 'c'\n"],
            ),
            ("SHOW TAG KEYS\nDROP MEASUREMENT \"a\"", vec!["SHOW TAG KEYS\n", "DROP MEASUREMENT \"a\""]),
            ("SELECT 1", vec![]),
            ("select = 1\nfrom(bucket: select)", vec![]),
            ("show(x: 1)\ndrop(columns: [\"from\"])\nx |> drop(columns: [])", vec![]),
            ("create x", vec![]),
            ("x = \"\nSELECT * FROM cpu\n${y}\nSHOW SERIES\n\"", vec![]),
            ("", vec![]),
        ] {
            let found: Vec<_> = queries(source).into_iter().map(|query| &source[query]).collect();
            assert_eq!(found, wanted, "{source}");
        }
    }
}
