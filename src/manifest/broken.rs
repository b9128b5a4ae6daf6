//! What is said of a text that is not TOML.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use toml::de::DeTable;

use super::foreign;
use crate::diagnostic::{Code, Diagnostic, Place, Source};
use crate::limits::{NESTING, PROBLEMS};

/// A text of more bytes is only said to be broken where it breaks first: what follows may be as much again.
pub(super) const SMALL: usize = 1 << 20;

/// The table that `section` of a file is.
///
/// # Errors
/// If it is no TOML, which is said: the number of mistakes in it, or of a large text at least one.
pub(super) fn read<'a>(
    source: &'a Arc<Source>,
    section: Range<usize>,
    problems: &mut Vec<Diagnostic>,
) -> Result<DeTable<'a>, usize> {
    let text = &source.text[section.clone()];
    // Once, whether it is sound or not: reading it again for its errors would take as long again.
    let parsed = if text.len() <= SMALL {
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() { Ok(table) } else { Err(errors) }
    } else {
        DeTable::parse(text).map_err(|error| vec![error])
    };
    let errors = match parsed {
        Ok(table) => return Ok(table.into_inner()),
        Err(errors) => errors,
    };
    let placed =
        |error: &toml::de::Error| error.span().map(|span| section.start + span.start..section.start + span.end);
    let mut faults: Vec<_> =
        errors.iter().map(|error| Fault { span: placed(error), message: error.message() }).collect();
    // The parser's parts report one after the other, and what is first in the file is most likely the slip.
    faults.sort_by_key(|fault| fault.span.as_ref().map(|span| span.start));
    if !blocks(source, &faults, problems) {
        say(source, &faults, problems);
    }
    Err(faults.len())
}

/// What is no TOML, in a file.
struct Fault<'e> {
    span: Option<Range<usize>>,
    message: &'e str,
}

/// Whether the text is that of another language: then this is said once, and not of each of its lines.
fn blocks(source: &Arc<Source>, faults: &[Fault<'_>], problems: &mut Vec<Diagnostic>) -> bool {
    for at in faults.iter().filter_map(|fault| fault.span.as_ref()).map(|span| span.start).take(PROBLEMS.size()) {
        let start = source.lines()[source.line_of(at)];
        let line = source.text[start..].lines().next().unwrap_or_default();
        if let Some(help) = foreign::block(line) {
            let place = Place { source: Arc::clone(source), span: start..start + line.len() };
            let diagnostic = Diagnostic::error(Code::ManifestToml, format!("{} is HCL, not TOML", source.name));
            problems.push(diagnostic.at(place, "an HCL block").help(help));
            return true;
        }
    }
    false
}

fn say(source: &Arc<Source>, faults: &[Fault<'_>], problems: &mut Vec<Diagnostic>) {
    let at = |span: Range<usize>| Place { source: Arc::clone(source), span };
    let mut second_header = None;
    // A file may say a thousand things twice: it is searched once.
    let mut headers = None;
    let (first, rest) = meaningful(faults);
    for (n, fault) in first.iter().take(PROBLEMS.size()).enumerate() {
        // The parser's own limit, beyond ours; of a key with many dots it does not say the place.
        if fault.message.contains("recurs") {
            let diagnostic = nested(format!("in {} lists and tables", source.name));
            problems.push(match fault.span.clone() {
                Some(span) => diagnostic.at(at(span), "nested too deep"),
                None => diagnostic,
            });
            continue;
        }
        let Some(span) = fault.span.clone() else {
            problems.push(Diagnostic::error(Code::ManifestToml, format!("{}: {}", source.name, fault.message)));
            continue;
        };
        if fault.message != "duplicate key" {
            let (message, escape) = match escape(fault, &source.text, &span) {
                Some((message, help)) => (message, Some(help)),
                None => (fault.message.to_owned(), None),
            };
            let diagnostic = Diagnostic::error(Code::ManifestToml, message);
            let diagnostic = diagnostic.at(at(span.clone()), "invalid TOML from here");
            let more = (n + 1 == first.len() && rest > 0).then(|| follows(rest));
            let key = spaced_key(fault, &source.text, span.start);
            let help: Vec<String> = escape.map(str::to_owned).or(key).into_iter().chain(more).collect();
            problems.push(diagnostic.help_known((!help.is_empty()).then(|| help.join("; "))));
            continue;
        }
        // The keys of a second table are taken for second keys of the first.
        if second_header.is_some_and(|header: usize| !source.text[header..span.start].contains("\n[")) {
            continue;
        }
        let headers = headers.get_or_insert_with(|| first_headers(&source.text));
        let first = earlier_header(headers, &source.text, span.start);
        let word = match &first {
            Some(first) => source.text[first.clone()].to_owned(),
            None => source.text[span.clone()].to_owned(),
        };
        let diagnostic = Diagnostic::error(Code::ManifestDuplicate, format!("duplicate key `{word}`"))
            .at(at(span.clone()), "again here");
        problems.push(match first {
            Some(first) => {
                second_header = Some(span.start);
                diagnostic.at(at(first), "first here")
            }
            None => diagnostic,
        });
    }
}

/// The errors up to the first that leaves the parser without its bearings, and how many there are after it.
fn meaningful<'f, 'e>(faults: &'f [Fault<'e>]) -> (&'f [Fault<'e>], usize) {
    let loses = |fault: &Fault<'_>| fault.message != "duplicate key" && fault.span.is_some();
    let end = faults.iter().position(loses).map_or(faults.len(), |at| at + 1);
    (&faults[..end], faults.len() - end)
}

/// Says how much else is wrong with the file.
fn follows(more: usize) -> String {
    let errors = if more == 1 { "error" } else { "errors" };
    format!("{more} more {errors} in this file may only follow from it")
}

/// What is wrong with an escape, and what to write where its backslash is meant as such, as in a path or in a regular
/// expression of Flux.
fn escape(fault: &Fault<'_>, text: &str, span: &Range<usize>) -> Option<(String, &'static str)> {
    if !["escape", "unicode"].iter().any(|word| fault.message.contains(word)) {
        return None;
    }
    // The parser reports what it misses: right after the backslash, or among the digits of a code.
    let before = text.get(..span.start)?;
    let coded = |text: &str| {
        let head = text.trim_end_matches(|digit: char| digit.is_ascii_hexdigit());
        ["\\u", "\\U", "\\x"].iter().any(|code| head.ends_with(code)).then(|| head.len() - 2)
    };
    let at = match before.strip_suffix('\\') {
        Some(before) => before.len(),
        None if text.get(span.clone())?.starts_with('\\') => span.start,
        None => coded(before)?,
    };
    let message = match text[at + 1..].chars().next() {
        Some('x') => "`\\x` needs 2 hexadecimal digits".to_owned(),
        Some('u') => "`\\u` needs 4 hexadecimal digits, those of a character".to_owned(),
        Some('U') => "`\\U` needs 8 hexadecimal digits, those of a character".to_owned(),
        Some('"') | None => "a backslash right before the closing quote".to_owned(),
        Some(other) if other.is_whitespace() => "a backslash before a blank".to_owned(),
        Some(other) => format!("unknown escape `\\{other}`"),
    };
    let in_lines = before.matches("\"\"\"").count() % 2 == 1;
    let help = if in_lines {
        "a backslash between `\"\"\"` begins an escape: write `\\\\`, or put the text between `'''`, where a backslash is itself"
    } else {
        "a backslash between `\"` begins an escape: write `\\\\`, or put the text between `'`, where a backslash is itself"
    };
    Some((message, help))
}

/// How to write the key with a space in the header of a table, if that is what is wrong: `[bucket.a b]`.
fn spaced_key(fault: &Fault<'_>, text: &str, at: usize) -> Option<String> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let header = header(text[start..].lines().next()?).filter(|_| fault.message.starts_with("unclosed table"))?;
    let (kind, key) = header.strip_prefix('[')?.strip_suffix(']')?.split_once('.')?;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-');
    (key.contains(' ') && key.chars().all(is_plain))
        .then(|| format!("put a key with a space in quotes: `[{kind}.\"{key}\"]`"))
}

/// Says that `what` nests too deep.
pub(super) fn nested(what: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::error(Code::ManifestLimit, format!("{what} nest deeper than {NESTING}"))
}

/// What a line is, if it is the header of a table.
fn header(line: &str) -> Option<&str> {
    let line = line.trim();
    line.starts_with('[').then(|| line.split('#').next().unwrap_or(line).trim_end())
}

/// Where each table header stands for the first time.
fn first_headers(text: &str) -> HashMap<&str, Range<usize>> {
    let mut first = HashMap::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if let Some(header) = header(line) {
            let from = offset + line.len() - line.trim_start().len();
            first.entry(header).or_insert(from..from + header.len());
        }
        offset += line.len();
    }
    first
}

/// Where the table header in the line of byte `at` stands for the first time, if that is an earlier line.
fn earlier_header(headers: &HashMap<&str, Range<usize>>, text: &str, at: usize) -> Option<Range<usize>> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let wanted = header(text[start..].lines().next()?)?;
    headers.get(wanted).filter(|first| first.start < start).cloned()
}
